"""One-time passwords of MFA devices (RFC 6238: SHA-1, six digits, steps of 30 seconds)."""

from __future__ import annotations

import hmac
import struct
from base64 import b32decode
from typing import NamedTuple

STEP = 30


class Enrolment(NamedTuple):
    """A device that is enabled: whose it is, its seed in base 32, by how many steps its clock is off, and the last step
    whose code was used to sign in."""

    arn: str
    seed: bytes
    shift: int = 0
    used: int = -1

    def step_of(self, code: str, now: float) -> int | None:
        """The step that a code is of, if it is good now: neither far from now nor used before."""
        step = int(now // STEP)
        for near in (step, step + self.shift, step - 1, step + 1):
            if near > self.used and code_at(self.seed, near) == code:
                return near
        return None


def code_at(seed: bytes, step: int) -> str:
    """The six digits that a device shows in a step of 30 seconds since 1970; `seed` in base 32."""
    digest = hmac.digest(b32decode(seed), struct.pack(">Q", step), "sha1")
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
