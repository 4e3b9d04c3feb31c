"""Compressed answers: which encoding a client accepts, as DynamoDB reads Accept-Encoding, and the body in it."""

from __future__ import annotations

_KNOWN = ("gzip", "deflate")


def accepted(header: str) -> str | None:
    """gzip, deflate, or None for neither.

    The highest quality wins, then what is named before what "*" stands for, then what comes first. A quality is what
    follows the first "q=" of an entry; one that is no number, or above 1, counts as 1. `identity` counts for nothing.
    """
    named: dict[str, float] = {}
    others = 0.0
    for entry in header.split(","):
        name, _, parameters = entry.partition(";")
        name = name.strip().lower()
        quality = _quality(parameters)
        if name == "*":
            others = max(others, quality)
        elif name in _KNOWN:
            named[name] = max(named.get(name, 0.0), quality)
    for name in _KNOWN:
        # After those that are named: of equal quality the first in this order is taken.
        named.setdefault(name, others)
    best = max(named, key=lambda name: named[name])
    return best if named[best] > 0 else None


def _quality(parameters: str) -> float:
    _, found, rest = parameters.partition("q=")
    if not found:
        return 1.0
    try:
        return min(float(rest.partition(";")[0].strip()), 1.0)
    except ValueError:
        return 1.0


def compressed(body: bytes, encoding: str) -> bytes:
    """A body in gzip or deflate; the same bytes every time."""
    if encoding == "gzip":
        import gzip

        return gzip.compress(body, 6, mtime=0)
    import zlib

    return zlib.compress(body, 6)
