"""Byte ranges: the Range header of reads and x-amz-copy-source-range.

Source: RFC 9110 section 14 and the S3 API reference. S3 takes one range; a header it cannot read, or one that names
several ranges, is ignored and the whole object served.
"""

from __future__ import annotations

import re

from awsim.errors import AWSError
from awsim.wire.values import whole

_RANGE = r"(?a)bytes=(\d*)-(\d*)"
_COPY_RANGE = r"(?a)bytes=(\d+)-(\d+)"


def parse(header: str, size: int) -> tuple[int, int] | None:
    """(start, end) with `end` exclusive, within an object of `size` bytes; None: no range, serve it whole.

    Raises InvalidRange (416) when the range starts behind the end of the object.
    """
    found = re.fullmatch(_RANGE, header.strip())
    if found is None:
        return None
    first, last = found.groups()
    if first:
        start = whole(first)
        if last and whole(last) < start:
            return None
        if start < size:
            return start, min(whole(last) + 1, size) if last else size
    elif not last:
        return None
    elif whole(last) and size:
        return max(size - whole(last), 0), size
    raise AWSError(
        "InvalidRange",
        "The requested range is not satisfiable",
        status=416,
        fields={"RangeRequested": header, "ActualObjectSize": str(size)},
        headers={"Content-Range": f"bytes */{size}"},
    )


def parse_copy(header: str, size: int) -> tuple[int, int]:
    """(start, end) with `end` exclusive of a part copied from an object of `size` bytes; both ends must be given."""
    found = re.fullmatch(_COPY_RANGE, header)
    if found is None or whole(found[1]) > whole(found[2]):
        raise AWSError(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            fields={"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": header},
        )
    start, end = whole(found[1]), whole(found[2]) + 1
    if end > size:
        raise AWSError(
            "InvalidArgument",
            f"Range specified is not valid for source object of size: {size}",
            fields={"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": header},
        )
    return start, end
