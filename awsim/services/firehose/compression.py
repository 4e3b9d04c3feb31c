"""Delivered objects in the formats that Firehose compresses to."""

from __future__ import annotations

import gzip
import io
import zipfile

from awsim.service import not_modelled

#: Format -> what the names of objects end with.
EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz", "ZIP": ".zip"}


def check(format: str) -> None:
    """Refuse formats that awsim cannot write."""
    if format not in EXTENSIONS:
        raise not_modelled(f"firehose: the compression format {format}")


def compress(format: str, data: bytes, name: str) -> bytes:
    """The content of an object; the same for the same data, whenever it is written."""
    if format == "GZIP":
        return gzip.compress(data, mtime=0)
    if format == "ZIP":
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        return whole.getvalue()
    return data
