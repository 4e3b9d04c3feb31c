"""Pages of keys: prefix, delimiter, common prefixes, markers; and the opaque continuation tokens.

A page costs O(page · log n), however many keys the bucket holds: what lies below a common prefix is jumped over by
bisecting, never walked through.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from awsim.services.s3.names import successor


class Keys(Protocol):
    """What is needed of the sorted keys: sortedcontainers' `irange`."""

    def irange(self, minimum: Any = None, maximum: Any = None, inclusive: tuple[bool, bool] = ...) -> Iterator[Any]: ...


class Page(NamedTuple):
    """`found` holds the keys, `prefixes` the common prefixes; `last` is the key or prefix after which the next page
    starts, None on the last page."""

    found: list[str]
    prefixes: list[str]
    last: str | None


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """The part of `key` up to the first delimiter behind `prefix`, that included."""
    end = key.find(delimiter, len(prefix)) if delimiter else -1
    return None if end < 0 else key[: end + len(delimiter)]


def runs(
    keys: Keys, prefix: str, delimiter: str, after: str, wanted: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, str | None]]:
    """(key, None) for each key and (first key, common prefix) for each common prefix, in order, behind `after`.

    `wanted` says whether a key counts at all (a key hidden by a delete marker does not in a plain listing).
    """
    start = prefix
    inclusive = True
    if after and after >= prefix:
        start, inclusive = after, False
        if after.startswith(prefix):
            group = common_prefix(after, prefix, delimiter)
            if group is not None:
                above = successor(group)
                if above is None:
                    return
                start, inclusive = above, True
    while True:
        jumped = False
        for key in keys.irange(start, None, (inclusive, True)):
            if not key.startswith(prefix):
                return
            if wanted is not None and not wanted(key):
                continue
            group = common_prefix(key, prefix, delimiter)
            if group is None:
                yield key, None
                continue
            yield key, group
            above = successor(group)
            if above is None:
                return
            start, inclusive, jumped = above, True, True
            break
        if not jumped:
            return


def page(
    keys: Keys, prefix: str, delimiter: str, after: str, size: int, wanted: Callable[[str], bool] | None = None
) -> Page:
    """At most `size` keys and common prefixes together."""
    found: list[str] = []
    prefixes: list[str] = []
    last: str | None = None
    if size <= 0:
        return Page(found, prefixes, None)
    for key, group in runs(keys, prefix, delimiter, after, wanted):
        if len(found) + len(prefixes) == size:
            return Page(found, prefixes, last)
        if group is None:
            found.append(key)
            last = key
        else:
            prefixes.append(group)
            last = group
    return Page(found, prefixes, None)


def token(marker: str) -> str:
    """An opaque continuation token that remembers `marker`."""
    body = marker.encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(binascii.crc32(body).to_bytes(4, "big") + body).decode()


def marker_of(text: str) -> str | None:
    """What `token` remembered; None when the text is no token of ours."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        body = raw[4:].decode("utf-8", "surrogatepass")
    except ValueError:
        return None
    return body if raw[:4] == binascii.crc32(raw[4:]).to_bytes(4, "big") else None


def encoded(text: str) -> str:
    """A key or prefix as EncodingType=url answers it."""
    return quote(text, safe="-._*/", errors="surrogatepass").replace("%20", "+")
