"""Objects that were put together from parts, without S3."""

import hashlib

import pytest

from awsim.services.s3.bodies import PIECE, Extents, digest, joined
from awsim.services.s3.checksums import ALGORITHMS

A, B, C = b"a" * 70_000, bytes(range(256)) * 400, b"c" * (PIECE + 1)
WHOLE = A + B + C


@pytest.fixture
def extents():
    found = joined([A, B, C])
    assert found.__class__ is Extents
    return found


@pytest.mark.parametrize(
    "start,end",
    [
        (0, 5),
        (69_999, 70_001),
        (70_000, 172_400),
        (172_399, len(WHOLE)),
        (0, len(WHOLE)),
        (5, 5),
        (len(WHOLE) - 1, None),
    ],
)
def test_slices(extents, start, end):
    assert bytes(extents[start:end]) == WHOLE[start:end]
    assert extents.between(start, len(WHOLE) if end is None else end) == WHOLE[start:end]


def test_whole_parts_are_shared(extents):
    assert extents[70_000:172_400] is B
    assert joined([extents, A]).pieces[0] is A
    assert joined([A]) is A
    assert joined([b"a", b"b"]) == b"ab"


def test_all_of_it(extents):
    assert (len(extents), bytes(extents)) == (len(WHOLE), WHOLE)
    pieces = list(extents)
    assert b"".join(pieces) == WHOLE
    assert max(map(len, pieces)) <= PIECE
    assert extents == WHOLE
    assert extents != WHOLE[:-1]


@pytest.mark.parametrize("name", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5"])
def test_checksums_are_those_of_the_bytes(name):
    twice = joined([A, B, A, A])
    assert ALGORITHMS[name].text(twice) == ALGORITHMS[name].text(A + B + A + A)


def test_digests_are_those_of_the_bytes(extents):
    assert digest(extents, hashlib.md5()) == hashlib.md5(WHOLE).digest()
