"""Multipart uploads: parts, their order and sizes, and the object that they make.

Source: S3 User Guide, "Uploading and copying objects using multipart upload"; numbers from the limits table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.s3 import conditions
from awsim.services.s3.bodies import Data
from awsim.services.s3.checksums import ALGORITHMS, COMPOSITE, DEFAULT, FULL_OBJECT, MEMBERS, Algorithm, Checksum
from awsim.services.s3.digests import Digests
from awsim.services.s3.encryption import Encryption
from awsim.state import Entity, SortedDict


class Part(NamedTuple):
    """A part of a completed multipart upload."""

    number: int
    size: int
    checksum: str | None


class UploadedPart(NamedTuple):
    """A part as it lies there: `digest` is its raw MD5, `etag` what was answered, `checksum` of `algorithm`."""

    number: int
    data: Data
    digest: bytes
    etag: str
    modified: int
    algorithm: Algorithm | None = None
    checksum: str | None = None


class Upload(Entity):
    """A multipart upload in progress. `attributes` are what the object will carry (see Version), `account` is to own
    it."""

    __slots__ = (
        "account",
        "algorithm",
        "attributes",
        "checksum_type",
        "encryption",
        "id",
        "initiated",
        "key",
        "latest",
        "parts",
        "principal",
        "sequence",
    )

    def __init__(
        self,
        id: str,
        key: str,
        sequence: int,
        initiated: int,
        account: str,
        principal: str,
        attributes: Mapping[str, Any],
        encryption: Encryption,
        algorithm: Algorithm | None,
        checksum_type: str | None,
    ) -> None:
        self.id = id
        self.key = key
        self.sequence = sequence
        self.initiated = initiated
        self.account = account
        self.principal = principal
        self.attributes = attributes
        self.encryption = encryption
        self.algorithm = algorithm
        self.checksum_type = checksum_type
        self.parts = SortedDict()
        self.latest: tuple[Data, bytes] | None = None

    def kept(self, data: Data, known: Digests) -> tuple[Data, bytes]:
        """(data, its raw MD5) of a part to be; one that is equal to the part before is that part's, kept once."""
        last = self.latest
        if last is not None and last[0].__class__ is data.__class__ and last[0] == data:
            return last
        self.latest = data, known.md5(data)
        return self.latest

    def chosen(self, listed: Sequence[Mapping[str, Any]], smallest: float | None) -> list[UploadedPart]:
        """The parts that CompleteMultipartUpload names, checked."""
        parts: list[UploadedPart] = []
        previous = 0
        for entry in listed:
            number = entry.get("PartNumber") or 0
            if number <= previous:
                raise AWSError(
                    "InvalidPartOrder",
                    "The list of parts was not in ascending order. Parts must be ordered by part number.",
                    fields={"UploadId": self.id},
                )
            previous = number
            parts.append(self._named(number, entry))
        if self.checksum_type == COMPOSITE:
            self._check_consecutive(parts)
        for part in parts[:-1]:
            if smallest is not None and len(part.data) < smallest:
                raise AWSError(
                    "EntityTooSmall",
                    "Your proposed upload is smaller than the minimum allowed size",
                    fields={
                        "ProposedSize": str(len(part.data)),
                        "MinSizeAllowed": str(int(smallest)),
                        "PartNumber": str(part.number),
                        "ETag": part.etag,
                    },
                )
        return parts

    def _named(self, number: int, entry: Mapping[str, Any]) -> UploadedPart:
        part = self.parts.get(number)
        etag = conditions.tag(entry.get("ETag") or "")
        good = part is not None and etag == part.etag
        for member, algorithm in MEMBERS.items():
            value = entry.get(member)
            if value is not None and good and (algorithm is not self.algorithm or value != part.checksum):
                good = False
        if not good:
            raise AWSError(
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                "specified entity tag may not match the part's entity tag.",
                fields={"UploadId": self.id, "PartNumber": str(number), "ETag": etag},
            )
        if self.checksum_type == COMPOSITE and self.algorithm is not None and entry.get(self.algorithm.member) is None:
            raise AWSError(
                "InvalidRequest",
                f"The upload was created using a {self.algorithm.name.lower()} checksum. The complete request must "
                f"include the checksum for each part. It was missing for part {number} in the request.",
            )
        return part

    def _check_consecutive(self, parts: Sequence[UploadedPart]) -> None:
        if [part.number for part in parts] != list(range(1, len(parts) + 1)):
            raise AWSError(
                "InvalidRequest",
                "The parts list is not consecutive: an upload with a composite checksum needs consecutive part "
                "numbers that begin with 1.",
            )

    def checksum(self, parts: Sequence[UploadedPart], data: Data) -> Checksum | None:
        """The checksum of the whole; an object under a customer's key has none unless one was asked for."""
        if self.algorithm is None:
            if self.encryption.customer is not None:
                return None
            return Checksum(ALGORITHMS[DEFAULT], ALGORITHMS[DEFAULT].text(data))
        values = [part.checksum or "" for part in parts]
        if self.checksum_type == COMPOSITE:
            return Checksum(self.algorithm, f"{self.algorithm.of_parts(values)}-{len(parts)}", COMPOSITE)
        if self.algorithm.reflected is not None:
            sizes = [len(part.data) for part in parts]
            return Checksum(self.algorithm, self.algorithm.joined(zip(values, sizes, strict=True)), FULL_OBJECT)
        return Checksum(self.algorithm, self.algorithm.text(data), FULL_OBJECT)

    def check_completion(self, checksum_type: str | None) -> None:
        """Refuse a checksum type other than the one the upload was created with."""
        if checksum_type is not None and checksum_type != self.checksum_type:
            raise AWSError(
                "InvalidRequest",
                f"The upload was created using the {self.checksum_type or 'null'} checksum mode. The complete request "
                "must use the same checksum mode.",
            )


def etag_of(parts: Sequence[UploadedPart]) -> str:
    """The entity tag of a multipart object: the MD5 of the parts' MD5s, and their number."""
    digest = hashlib.md5(b"".join(part.digest for part in parts), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(parts)}"


def parts_of(parts: Sequence[UploadedPart]) -> tuple[Part, ...]:
    return tuple(Part(part.number, len(part.data), part.checksum) for part in parts)


def checksum_type_of(algorithm: Algorithm | None, wanted: str | None) -> str | None:
    """The type that an upload's checksum will have; raises when algorithm and type do not go together."""
    if algorithm is None:
        if wanted is not None:
            raise AWSError(
                "InvalidRequest",
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )
        return None
    if wanted is None:
        return COMPOSITE if algorithm.composite else FULL_OBJECT
    if wanted not in (COMPOSITE, FULL_OBJECT):
        raise AWSError("InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
    if not (algorithm.composite if wanted == COMPOSITE else algorithm.full):
        raise AWSError(
            "InvalidRequest",
            f"The {wanted} checksum type cannot be used with the {algorithm.name.lower()} checksum algorithm.",
        )
    return wanted
