"""Certificates and keys as IAM reads them: PEM, and as much of X.509, PKCS #1, PKCS #8 and SSH as it takes.

Signatures are not checked: a chain is one whose certificates name each other as issuers.
"""

from __future__ import annotations

import calendar
import hashlib
import re
import struct
import time
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterator
from typing import NamedTuple

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*?\n(.*?)-----END \1-----", re.DOTALL)
_RSA = bytes.fromhex("2a864886f70d010101")
_SSH_TYPES = ("ssh-rsa",)
# Key sizes that CodeCommit takes (IAM API Reference, UploadSSHPublicKey; CodeCommit User Guide).
_SSH_LEAST, _SSH_MOST = 1024, 16384


class Unreadable(Exception):
    """What is given is not what it should be."""


class Certificate(NamedTuple):
    """What IAM looks at. Names and keys as they are encoded; times in epoch seconds."""

    issuer: bytes
    subject: bytes
    key: bytes
    starts: int
    expires: int


class SSHPublicKey(NamedTuple):
    blob: bytes
    fingerprint: str


def pem_blocks(text: str) -> list[tuple[str, bytes]]:
    """(label, content) of every block of a PEM text."""
    try:
        return [(label, b64decode("".join(body.split()), validate=True)) for label, body in _PEM.findall(text)]
    except Error:
        raise Unreadable from None


def certificates(text: str) -> list[Certificate]:
    """The certificates of a PEM text, in order; raises Unreadable where there is none or a broken one."""
    blocks = pem_blocks(text)
    if not blocks or any(label != "CERTIFICATE" for label, _ in blocks):
        raise Unreadable
    return [_certificate(content) for _, content in blocks]


def public_half(text: str) -> bytes:
    """The public key (as in a certificate) of an RSA or EC private key in PEM; raises Unreadable."""
    for label, content in pem_blocks(text):
        try:
            if label == "PRIVATE KEY":
                _, algorithm, key = _children(_one(content, 0x30))[:3]
                inner = _children(algorithm[1])[0][1]
                return _rsa_public(key[1]) if inner == _RSA else _ec_public(key[1])
            if label == "RSA PRIVATE KEY":
                return _rsa_public(content)
            if label == "EC PRIVATE KEY":
                return _ec_public(content)
        except (IndexError, ValueError, struct.error):
            raise Unreadable from None
    raise Unreadable


def ssh_public_key(text: str) -> SSHPublicKey:
    """An SSH public key, in the form of authorized_keys or in PEM; raises Unreadable."""
    text = text.strip()
    if text.startswith("-----BEGIN PUBLIC KEY-----"):
        ((_, content),) = pem_blocks(text)
        blob = _ssh_blob(content)
    else:
        kind, _, rest = text.partition(" ")
        try:
            blob = b64decode(rest.split()[0], validate=True)
        except (Error, IndexError):
            raise Unreadable from None
        if kind not in _SSH_TYPES or not blob.startswith(struct.pack(">I", len(kind)) + kind.encode()):
            raise Unreadable
    bits = int.from_bytes(_ssh_fields(blob)[-1], "big").bit_length()
    if not _SSH_LEAST <= bits <= _SSH_MOST:
        raise Unreadable
    digest = hashlib.md5(blob).hexdigest()
    return SSHPublicKey(blob, ":".join(digest[i : i + 2] for i in range(0, 32, 2)))


def as_ssh(blob: bytes) -> str:
    return f"ssh-rsa {b64encode(blob).decode()}"


def as_pem(blob: bytes) -> str:
    """An SSH key as PEM of its SubjectPublicKeyInfo."""
    exponent, modulus = _ssh_fields(blob)[1:3]
    key = _tlv(0x30, _tlv(2, modulus) + _tlv(2, exponent))
    info = _tlv(0x30, _tlv(0x30, _tlv(6, _RSA) + _tlv(5, b"")) + _tlv(3, b"\0" + key))
    body = b64encode(info).decode()
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----"


# --- DER


def _certificate(content: bytes) -> Certificate:
    try:
        fields = _children(_children(_one(content, 0x30))[0][1])
        if fields[0][0] == 0xA0:  # the version
            fields = fields[1:]
        _serial, _algorithm, issuer, validity, subject, key = fields[:6]
        starts, expires = (_time(*each) for each in _children(validity[1]))
        return Certificate(issuer[1], subject[1], _tlv(*key), starts, expires)
    except (IndexError, ValueError):
        raise Unreadable from None


def _rsa_public(content: bytes) -> bytes:
    _, modulus, exponent = _children(_one(content, 0x30))[:3]
    key = _tlv(0x30, _tlv(2, modulus[1]) + _tlv(2, exponent[1]))
    return _tlv(0x30, _tlv(0x30, _tlv(6, _RSA) + _tlv(5, b"")) + _tlv(3, b"\0" + key))


def _ec_public(content: bytes) -> bytes:
    """The public point of an ECPrivateKey that has it: what a certificate's key ends with."""
    for tag, value in _children(_one(content, 0x30)):
        if tag == 0xA1:
            return _children(value)[0][1]
    raise Unreadable


def _ssh_blob(info: bytes) -> bytes:
    try:
        algorithm, bits = _children(_one(info, 0x30))[:2]
        if _children(algorithm[1])[0][1] != _RSA:
            raise Unreadable
        modulus, exponent = _children(_one(bits[1][1:], 0x30))[:2]
    except (IndexError, ValueError):
        raise Unreadable from None
    return b"".join(struct.pack(">I", len(each)) + each for each in (b"ssh-rsa", exponent[1], modulus[1]))


def _ssh_fields(blob: bytes) -> list[bytes]:
    fields, at = [], 0
    while at < len(blob):
        if at + 4 > len(blob):
            raise Unreadable
        (length,) = struct.unpack_from(">I", blob, at)
        if at + 4 + length > len(blob):
            raise Unreadable
        fields.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    if len(fields) != 3:
        raise Unreadable
    return fields


def _one(data: bytes, tag: int) -> bytes:
    ((found, value),) = _read(data)
    if found != tag:
        raise ValueError
    return value


def _children(data: bytes) -> list[tuple[int, bytes]]:
    return list(_read(data))


def _read(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError
        yield tag, data[at : at + length]
        at += length


def _tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        return bytes((tag, length)) + value
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + value


def _time(tag: int, value: bytes) -> int:
    """UTCTime (years 1950 to 2049) or GeneralizedTime."""
    text = value.decode("ascii")
    if tag == 0x17:
        text = ("19" if text[:2] >= "50" else "20") + text
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%SZ"))
