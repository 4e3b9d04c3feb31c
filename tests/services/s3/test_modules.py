"""The plain modules of S3: names, checksums, ranges, listing, version ids, forms."""

import base64
import random
import subprocess
import sys
import zlib

import pytest

from awsim.errors import AWSError
from awsim.services.s3 import checksums, conditions, listing, names, posts, ranges, versions
from awsim.services.s3.checksums import ALGORITHMS
from awsim.services.s3.keys import Keys


def plain_crc(data, width, polynomial):
    """Bit by bit, as the definition says."""
    ones = crc = (1 << width) - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return crc ^ ones


SAMPLES = [random.Random(7).randbytes(n) for n in (0, 1, 7, 8, 47, 48, 49, 64, 100, 128, 1000, 5000)]


@pytest.mark.parametrize("data", SAMPLES, ids=len)
def test_folded_crcs_are_those_of_the_definition(data):
    assert checksums._CRC32(data) == zlib.crc32(data)
    assert checksums._CRC32C(data) == plain_crc(data, 32, 0x82F63B78)
    assert checksums._CRC64NVME(data) == plain_crc(data, 64, 0x9A6C9329AC4BC9B5)


def test_a_crc_over_many_blocks():
    data = random.Random(1).randbytes(3 * checksums._BLOCK + 5)
    assert checksums._CRC32(data) == zlib.crc32(data)


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        ("CRC32", "lVk/nw=="),
        ("CRC32C", "Fz3epA=="),
        ("CRC64NVME", "1f2xscCCZCU="),
        ("SHA1", "jbXkHAsXUrubtL3dqDQ4w+7WXc0="),
        ("SHA256", "1YQo81vx2VFUl0q5ccWISq8AkSBQQ0WO80S82TmfdIQ="),
    ],
)
def test_checksums_as_aws_recorded_them(algorithm, value):
    assert ALGORITHMS[algorithm].text(b"test-checksum") == value


@pytest.mark.parametrize("name", ["CRC32", "CRC32C", "CRC64NVME"])
def test_a_full_object_checksum_joins_those_of_the_parts(name):
    algorithm = ALGORITHMS[name]
    first, second, third = b"a" * 777, b"b" * 12_345, b"c"
    parts = [(algorithm.text(part), len(part)) for part in (first, second, third)]
    assert algorithm.joined(parts) == algorithm.text(first + second + third)


def test_a_composite_checksum_is_that_of_the_raw_checksums():
    algorithm = ALGORITHMS["SHA256"]
    parts = [algorithm.text(b"a"), algorithm.text(b"b")]
    assert algorithm.of_parts(parts) == algorithm.text(b"".join(base64.b64decode(part) for part in parts))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-49", (0, 50)),
        ("bytes=50-", (50, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=99-500", (99, 100)),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=-", None),
    ],
)
def test_ranges(header, found):
    assert ranges.parse(header, 100) == found


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)])
def test_a_range_behind_the_end(header, size):
    with pytest.raises(AWSError) as caught:
        ranges.parse(header, size)
    assert (caught.value.code, caught.value.status) == ("InvalidRange", 416)
    assert caught.value.fields == {"RangeRequested": header, "ActualObjectSize": str(size)}


@pytest.mark.parametrize(
    ("header", "good"), [("bytes=0-99", True), ("bytes=0-100", False), ("bytes=5-", False), ("bytes=9-2", False)]
)
def test_ranges_of_copies_name_both_ends_within_the_source(header, good):
    if good:
        assert ranges.parse_copy(header, 100) == (0, 100)
    else:
        with pytest.raises(AWSError, match="InvalidArgument"):
            ranges.parse_copy(header, 100)


def test_read_conditions_in_their_order():
    now, modified = 1000, 500
    # An entity tag that matches makes the date of the other condition irrelevant, both ways.
    conditions.check_read("e", modified, now, '"e"', None, None, 400)
    conditions.check_read("e", modified, now, None, '"x"', 600, None)
    for arguments, code in (
        (('"x"', None, None, 600), "PreconditionFailed"),
        ((None, None, None, 400), "PreconditionFailed"),
        ((None, '"e"', 400, None), "304"),
        ((None, "*", None, None), "304"),
        ((None, None, 500, None), "304"),
    ):
        with pytest.raises(AWSError) as caught:
            conditions.check_read("e", modified, now, *arguments)
        assert caught.value.code == code
    # A date to come is not taken seriously.
    conditions.check_read("e", modified, now, None, None, 2000, None)


def flat(*keys):
    return Keys(dict.fromkeys(keys, None))


def listed(keys, prefix, delimiter, after, size, hidden=None):
    return listing.page(listing.runs(keys, prefix, delimiter, after, hidden), size)


def test_pages_group_by_delimiter_and_go_on_behind_their_last_entry():
    keys = flat("a", "b/1", "b/2", "b/c/3", "d", "e/4")
    first = listed(keys, "", "/", "", 2)
    assert first == (["a"], ["b/"], "b/")
    assert listed(keys, "", "/", "b/", 2) == (["d"], ["e/"], None)
    assert listed(keys, "b/", "/", "", 10) == (["b/1", "b/2"], ["b/c/"], None)
    assert listed(keys, "b", "", "b/1", 10) == (["b/2", "b/c/3"], [], None)
    assert listed(keys, "", "/", "b/1", 10) == (["d"], ["e/"], None)
    assert listed(keys, "", "", "", 0) == ([], [], None)


class Counted(str):
    """A key that counts how often it is compared for order."""

    compared = 0

    def __lt__(self, other):
        Counted.compared += 1
        return str.__lt__(self, other)

    __hash__ = str.__hash__


def comparisons(groups, each, size):
    """Comparisons of keys that the first page takes, and one when all pages have paid for a level."""
    keys = flat(*(Counted(f"{group:04d}/{n:05d}") for group in range(groups) for n in range(each)))
    counts = []
    for _ in range(20):
        Counted.compared = 0
        assert len(listed(keys, "", "/", "", size).prefixes) == size
        counts.append(Counted.compared)
    return counts[0], counts[-1]


def test_a_common_prefix_is_jumped_over_or_read_from_a_level():
    first, later = comparisons(groups=20, each=5000, size=10)
    assert first < 10 * 50
    assert later < 50
    # Where groups stand in a level, large ones cost what small ones cost.
    assert later == comparisons(groups=20, each=5, size=10)[1]


def naive(keys, prefix, delimiter, after, hidden):
    """All entries of a listing, by its definition."""
    found = set()
    for key in keys:
        group = listing.common_prefix(key, prefix, delimiter)
        if key.startswith(prefix) and key not in hidden and (group or key) > after:
            found.add((group or key, group))
    return sorted(found)


@pytest.mark.parametrize("delimiter", ["/", "-", "//", ""])
def test_listings_by_jumps_and_by_levels_are_those_by_definition(delimiter):
    choose = random.Random(delimiter)

    def text(longest):
        return "".join(choose.choices("ab/-", k=choose.randrange(longest)))

    keys, hidden = Keys(), Keys()
    for turn in range(1500):
        for _ in range(choose.randrange(4)):
            key = text(7) or "/"
            keys[key] = turn
            if choose.random() < 0.3:
                hidden[key] = None
        if keys and choose.random() < 0.3:
            key = choose.choice(list(keys))
            del keys[key]
            hidden.pop(key, None)
        prefix, after = text(4), text(6)
        expected = naive(keys, prefix, delimiter, after, hidden)
        runs = [(group or key, group) for key, group in listing.runs(keys, prefix, delimiter, after, hidden)]
        assert runs == expected


def test_what_is_undone_leaves_the_levels_too(aws, s3, bucket):
    """Levels are made after the snapshot and stay when it is restored."""
    for key in ("a/1", "a/2", "b/1", "c"):
        s3.put_object(Bucket=bucket, Key=key)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def entries():
        for _ in range(3):
            answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
        found = [*answer.get("CommonPrefixes", ()), *answer.get("Contents", ())]
        return [entry.get("Prefix") or entry["Key"] for entry in found]

    before = aws.snapshot()
    assert entries() == ["a/", "b/", "c"]
    for key in ("b/1", "a/1", "d/e/1", "f"):
        s3.delete_object(Bucket=bucket, Key=key)
        s3.put_object(Bucket=bucket, Key=f"{key}/more")
    s3.delete_object(Bucket=bucket, Key="b/1/more")
    after = aws.snapshot()
    assert entries() == ["a/", "d/", "f/", "c"]
    aws.restore(before)
    assert entries() == ["a/", "b/", "c"]
    s3.delete_object(Bucket=bucket, Key="c")
    assert entries() == ["a/", "b/"]
    aws.restore(after)
    assert entries() == ["a/", "d/", "f/", "c"]


def test_a_delimiter_of_several_characters_at_the_end_of_the_alphabet():
    top = chr(0x10FFFF)
    assert listed(flat(f"a{top}1", f"a{top}2", "b"), "", top, "", 5) == (["b"], [f"a{top}"], None)
    assert names.successor(top) is None


def test_tokens_are_opaque_and_checked():
    assert listing.marker_of(listing.token("a/ü b")) == "a/ü b"
    assert "a/" not in listing.token("a/")
    for text in ("", "abc", "YWJj", listing.token("x")[:-4], "ü"):
        assert listing.marker_of(text) is None


@pytest.mark.parametrize(
    ("text", "encoded"), [("a b", "a+b"), ("a/ü", "a/%C3%BC"), ("a+b=c", "a%2Bb%3Dc"), ("-._*", "-._*")]
)
def test_url_encoding_of_keys(text, encoded):
    assert listing.encoded(text) == encoded


def version(number, id=None):
    return versions.Version(id or f"v{number}", number, 0, "123456789012", b"")


@pytest.mark.parametrize("most", [5, 40])
def test_a_history_is_the_same_with_few_versions_and_with_many(most):
    choose, expected = random.Random(most), [version(0), version(1)]
    history = versions.History(*expected)
    for number in range(2, 400):
        if len(expected) < 3 or choose.random() < (0.9 if len(expected) < most else 0.3):
            expected.append(version(number))
            history.add(expected[-1])
        else:
            gone = choose.choice(expected)
            expected.remove(gone)
            assert history.remove(gone.id) is gone
            assert history.remove(gone.id) is None
        place = choose.randrange(len(expected))
        expected[place] = changed = version(expected[place].sequence, expected[place].id)
        history.add(changed)
        assert history.find(changed.id) is changed
        assert history.find(f"v{number + 1}") is None
        assert history.newest is expected[-1]
        assert len(history) == len(expected)
        assert list(history.newest_first()) == expected[::-1]
        assert list(history.newest_first(changed.sequence)) == expected[:place][::-1]


def test_version_ids_know_their_own():
    id = versions.version_id(bytes(range(21)))
    assert len(id) == 32
    assert versions.is_version_id(id)
    assert versions.is_version_id("null")
    for wrong in ("", "x", id[:-4] + "ABCD", id[:-1], "ü" * 32):
        assert not versions.is_version_id(wrong)


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="Key"\r\n\r\na/${filename}\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="C:\\dir\\b.txt"\r\nContent-Type: text/x\r\n\r\n'
    b"one\r\ntwo\r\n--x--\r\n"
)


def test_a_form_is_taken_apart():
    form = posts.parse("multipart/form-data; boundary=x", FORM)
    assert form.fields == {"key": "a/${filename}"}
    assert form.file == b"one\r\ntwo"
    assert form.filename == "b.txt"


@pytest.mark.parametrize("body", [b"", b"--x", b"--y--", FORM[:60], FORM.replace(b"--x--", b"")])
def test_a_form_that_is_none(body):
    with pytest.raises(AWSError, match="MalformedPOSTRequest"):
        posts.parse("multipart/form-data; boundary=x", body)


FIRST = """
import sys
from awsim import Cloud
cloud = Cloud()
cloud.call("s3", "CreateBucket", Bucket="reports")
cloud.call("s3", "PutObject", Bucket="reports", Key="a", Body=b"b")
cloud.call("s3", "GetObject", Bucket="reports", Key="a")
cloud.call("s3", "ListObjectsV2", Bucket="reports")
cloud.call("s3", "DeleteObject", Bucket="reports", Key="a")
print(*sys.modules)
"""


def test_a_first_test_does_not_wait_for_what_few_calls_need():
    done = subprocess.run([sys.executable, "-c", FIRST], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "awsim.services.s3.objects" in loaded
    rare = (
        "condition_keys", "event_records", "filters", "lifecycle_rules", "multipart", "policies", "posts", "ranges",
        "replication_rules", "rules", "select",
    )  # fmt: skip
    assert not loaded & {"tomllib", "difflib", *(f"awsim.services.s3.{name}" for name in rare)}
