"""As much of ASN.1's DER as keys and ECDSA signatures need."""

from __future__ import annotations

from collections.abc import Iterator

SEQUENCE, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x30, 0x02, 0x03, 0x04, 0x05, 0x06


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    return element(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def bit_string(content: bytes) -> bytes:
    return element(BIT_STRING, b"\0" + content)


def octet_string(content: bytes) -> bytes:
    return element(OCTET_STRING, content)


def oid(name: str) -> bytes:
    """An object identifier: "1.2.840.113549.1.1.1"."""
    first, second, *rest = map(int, name.split("."))
    content = bytearray((first * 40 + second,))
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        content += bytes(reversed(groups))
    return element(OID, bytes(content))


NOTHING = element(NULL, b"")


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) of elements that stand one after the other; ValueError where it is no DER."""
    at = 0
    while at < len(data):
        tag, content, at = _element(data, at)
        yield tag, content


def only(data: bytes, tag: int) -> bytes:
    """The content of the one element that `data` is; ValueError where it is something else."""
    found, content, end = _element(data, 0)
    if found != tag or end != len(data):
        raise ValueError("not the element expected")
    return content


def integers(data: bytes) -> list[int]:
    """The integers of a sequence of integers."""
    found = []
    for tag, content in elements(only(data, SEQUENCE)):
        if tag != INTEGER or not content:
            raise ValueError("not an integer")
        found.append(int.from_bytes(content, signed=True))
    return found


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    if at + 2 > len(data):
        raise ValueError("cut short")
    tag, size = data[at], data[at + 1]
    at += 2
    if size >= 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[at : at + count])
        at += count
    if at + size > len(data):
        raise ValueError("cut short")
    return tag, data[at : at + size], at + size


def public_info(algorithm: bytes, key: bytes) -> bytes:
    """A SubjectPublicKeyInfo (RFC 5280)."""
    return sequence(algorithm, bit_string(key))


def private_info(algorithm: bytes, key: bytes) -> bytes:
    """A PrivateKeyInfo (PKCS #8)."""
    return sequence(integer(0), algorithm, octet_string(key))


def private_key_of(data: bytes) -> tuple[bytes, bytes]:
    """(content of the algorithm, private key) of a PrivateKeyInfo."""
    parts = list(elements(only(data, SEQUENCE)))
    if [tag for tag, _ in parts[:3]] != [INTEGER, SEQUENCE, OCTET_STRING]:
        raise ValueError("not a private key")
    return parts[1][1], parts[2][1]


def public_key_of(data: bytes) -> tuple[bytes, bytes]:
    """(content of the algorithm, public key) of a SubjectPublicKeyInfo."""
    parts = list(elements(only(data, SEQUENCE)))
    if [tag for tag, _ in parts] != [SEQUENCE, BIT_STRING] or parts[1][1][:1] != b"\0":
        raise ValueError("not a public key")
    return parts[0][1], parts[1][1][1:]
