"""Pages of keys: prefix, delimiter, common prefixes, markers; and the opaque continuation tokens.

A page costs as much as it shows, however many keys the bucket holds: what lies below a common prefix is never walked
through. It is jumped over by bisecting, or read from a level of the keys where these keep one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

from awsim.services.s3.keys import Keys, Level
from awsim.services.s3.names import successor


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
    keys: Keys, prefix: str, delimiter: str, after: str, hidden: Keys | None = None
) -> Iterator[tuple[str, str | None]]:
    """(key, None) for each key and (beginning of it, common prefix) for each common prefix, in order, behind `after`.

    `hidden` are keys that do not count (those under a delete marker do not in a plain listing).
    """
    start, inclusive = prefix, True
    if after and after >= prefix:
        start, inclusive = after, False
        group = common_prefix(after, prefix, delimiter) if after.startswith(prefix) else None
        if group is not None:
            above = successor(group)
            if above is None:
                return iter(())
            start, inclusive = above, True
    level = keys.level(prefix, delimiter)
    if level is None:
        return _jumping(keys, prefix, delimiter, start, inclusive, hidden or ())
    shadow = hidden.made(prefix, delimiter).counts if hidden else {}
    return _reading(level, prefix, start, inclusive, hidden or (), shadow)


def _reading(
    level: Level, prefix: str, start: str, inclusive: bool, hidden: Container[str], shadow: Mapping[str, int]
) -> Iterator[tuple[str, str | None]]:
    counts = level.counts
    for entry in level.entries.irange(start, None, (inclusive, True)):
        if not entry.startswith(prefix):
            return
        count = counts.get(entry)
        if count is None:
            if entry not in hidden:
                yield entry, None
        elif shadow.get(entry) != count:
            yield entry, entry


def _jumping(
    keys: Keys, prefix: str, delimiter: str, start: str, inclusive: bool, hidden: Container[str]
) -> Iterator[tuple[str, str | None]]:
    while True:
        jumped = False
        for key in keys.irange(start, None, (inclusive, True)):
            if not key.startswith(prefix):
                return
            if key in hidden:
                continue
            group = common_prefix(key, prefix, delimiter)
            if group is None:
                yield key, None
                continue
            yield key, group
            above = successor(group)
            if above is None:
                return
            keys.jumped(prefix, delimiter)
            start, inclusive, jumped = above, True, True
            break
        if not jumped:
            return


def page(found: Iterable[tuple[str, str | None]], size: int) -> Page:
    """The first `size` of the keys and common prefixes that `runs` found."""
    keys: list[str] = []
    prefixes: list[str] = []
    last: str | None = None
    if size <= 0:
        return Page(keys, prefixes, None)
    for key, group in found:
        if len(keys) + len(prefixes) == size:
            return Page(keys, prefixes, last)
        if group is None:
            keys.append(key)
            last = key
        else:
            prefixes.append(group)
            last = group
    return Page(keys, prefixes, None)


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
