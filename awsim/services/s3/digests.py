"""Digests of large bodies, worked out before the Cloud's lock is taken: the parts of an upload come many at a time."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from awsim.services.s3 import checksums
from awsim.services.s3.bodies import Data
from awsim.services.s3.checksums import ALGORITHMS, MEMBERS, Algorithm

if TYPE_CHECKING:
    from awsim.gateway.call import Call

# What is shorter takes no time worth speaking of.
_LARGE = 1 << 18


class Digests:
    """What is known of one body; of any other, it is worked out when asked for."""

    __slots__ = ("_data", "_md5", "_texts")

    def __init__(self, data: Data | None = None, algorithms: tuple[Algorithm, ...] = ()) -> None:
        self._data = data
        if data is not None:
            self._md5 = checksums.md5(data)
            self._texts = {algorithm.name: algorithm.text(data) for algorithm in algorithms}

    def md5(self, data: Data) -> bytes:
        """The raw MD5."""
        return self._md5 if data is self._data else checksums.md5(data)

    def text(self, algorithm: Algorithm, data: Data) -> str:
        """The checksum, in base64."""
        known = self._texts.get(algorithm.name) if data is self._data else None
        return algorithm.text(data) if known is None else known


_NONE = Digests()
_CRC32 = ALGORITHMS["CRC32"]


def ahead(call: Call) -> None:
    """For `Service.ahead`: of the body of a request, with the checksums that it brings."""
    body = call.params.get("Body")
    if body.__class__ is bytes and len(body) >= _LARGE:
        algorithms = tuple(algorithm for member, algorithm in MEMBERS.items() if member in call.params)
        call.ahead = digests = Digests(body, algorithms)
        crc = base64.b64decode(digests.text(_CRC32, body))
        call.blobs = {id(body): int.from_bytes(crc)}


def of(call: Call) -> Digests:
    """What is known in a call."""
    return call.ahead or _NONE
