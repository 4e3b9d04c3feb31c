"""Virtual MFA devices: seeds, and being in step with AWS."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from awsim.auth.totp import STEP, code_at
from awsim.state import Entity, Tags

if TYPE_CHECKING:
    from awsim.services.iam.records import User


class Device(Entity):
    """`shift` is by how many steps the device's clock was off when it was last in step with AWS."""

    def __init__(self, serial: str, path: str, seed: bytes, created: int, tags: Tags) -> None:
        self.serial = serial
        self.path = path
        self.seed = seed  # in base 32
        self.created = created
        self.tags = tags
        self.user: User | None = None
        self.enabled = 0
        self.shift = 0

    def synchronise(self, first: str, second: str, now: float, drift: float) -> bool:
        """Whether two consecutive codes are of this device, whose clock may be `drift` seconds off; sets `shift`."""
        step, most = int(now // STEP), int(drift // STEP)
        for shift in sorted(range(-most, most + 1), key=abs):
            if code_at(self.seed, step + shift) == first and code_at(self.seed, step + shift + 1) == second:
                self.shift = shift + 1
                return True
        return False


def address(name: str, account: str, seed: bytes) -> str:
    """What the picture says to an authenticator."""
    issuer = quote("Amazon Web Services")
    return f"otpauth://totp/{issuer}:{quote(f'{name}@{account}')}?secret={seed.decode()}&issuer={issuer}"


def picture(text: str) -> bytes:
    """A PNG that carries `text` in its description. Its one pixel is white: no camera reads anything off it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 1, 0, 0, 0, 0)
    described = b"Description\0" + text.encode("latin-1")
    pixels = zlib.compress(b"\0\x80")
    body = chunk(b"IHDR", header) + chunk(b"tEXt", described) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
