"""Delivered objects in the formats that Firehose compresses to."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from functools import cache

#: Format -> what the names of objects end with.
EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz", "ZIP": ".zip", "Snappy": ".snappy", "HADOOP_SNAPPY": ".hsnappy"}

_FRAME = 65_536  # bytes that a frame or a literal of Snappy holds at the most
_BLOCK = 262_144  # bytes of a block as Hadoop's codec writes it


def compress(format: str, data: bytes, name: str) -> bytes:
    """The content of an object; the same for the same data, whenever it is written."""
    if format == "GZIP":
        return gzip.compress(data, mtime=0)
    if format == "ZIP":
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        return whole.getvalue()
    if format == "Snappy":
        return _framed(data)
    if format == "HADOOP_SNAPPY":
        return _hadoop(data)
    return data


# Snappy's decoders take data that was not made smaller: what counts for a reader is the format, not the saving.


def _framed(data: bytes) -> bytes:
    """Snappy's framing format: a stream identifier, then frames of uncompressed data."""
    out = [b"\xff\x06\x00\x00sNaPpY"]
    for part in _parts(data, _FRAME):
        crc = _crc32c(part)
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFF_FFFF
        out.append(b"\x01" + (len(part) + 4).to_bytes(3, "little") + masked.to_bytes(4, "little") + part)
    return b"".join(out)


def _hadoop(data: bytes) -> bytes:
    """Blocks of Hadoop's SnappyCodec: the length of the data, that of the Snappy block, and the block."""
    out = []
    for part in _parts(data, _BLOCK):
        block = _varint(len(part)) + b"".join(map(_literal, _parts(part, _FRAME)))
        out.append(len(part).to_bytes(4) + len(block).to_bytes(4) + block)
    return b"".join(out)


def _literal(part: bytes) -> bytes:
    """An element of a Snappy block: tag 61, two bytes of length less one, the bytes."""
    return b"\xf4" + (len(part) - 1).to_bytes(2, "little") + part


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _parts(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _crc32c(data: bytes) -> int:
    table, crc = _table(), 0xFFFF_FFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFF_FFFF


@cache
def _table() -> tuple[int, ...]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F6_3B78 if number & 1 else 0)
        table.append(number)
    return tuple(table)
