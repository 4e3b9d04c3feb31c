"""smart_open: S3 objects as files."""

import gzip

import pytest

boto3 = pytest.importorskip("boto3")
smart_open = pytest.importorskip("smart_open")
pytest.importorskip("smart_open.s3")


@pytest.fixture
def s3(aws):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports")
    return s3


def test_text_lines(s3):
    with smart_open.open("s3://reports/lines.txt", "w") as file:
        for number in range(100):
            file.write(f"line {number} äöü\n")
    with smart_open.open("s3://reports/lines.txt") as file:
        lines = list(file)
    assert lines[42] == "line 42 äöü\n"
    assert len(lines) == 100


def test_compressed_by_its_name(s3):
    with smart_open.open("s3://reports/lines.gz", "w") as file:
        file.write("hello")
    body = s3.get_object(Bucket="reports", Key="lines.gz")["Body"].read()
    assert gzip.decompress(body) == b"hello"
    with smart_open.open("s3://reports/lines.gz") as file:
        assert file.read() == "hello"


def test_a_multipart_upload(s3, aws):
    data = bytes(range(256)) * 4096 * 12  # 12 MB
    parameters = {"client": s3, "min_part_size": 5 * 1024 * 1024}
    with smart_open.open("s3://reports/big", "wb", transport_params=parameters) as file:
        for start in range(0, len(data), 1_000_000):
            file.write(data[start : start + 1_000_000])
    assert len(aws.calls.of("s3:UploadPart")) == 3
    assert s3.head_object(Bucket="reports", Key="big")["ETag"].endswith('-3"')
    with smart_open.open("s3://reports/big", "rb") as file:
        assert file.read() == data


def test_seeking_reads_ranges(s3, aws):
    s3.put_object(Bucket="reports", Key="numbers", Body=b"0123456789" * 10_000)
    with smart_open.open("s3://reports/numbers", "rb", transport_params={"client": s3}) as file:
        file.seek(50_003)
        assert file.read(4) == b"3456"
        file.seek(-2, 2)
        assert file.read() == b"89"
        assert file.tell() == 100_000
        file.seek(0)
        assert file.readline(5) == b"01234"


def test_an_upload_that_is_given_up_leaves_nothing(s3):
    with pytest.raises(ZeroDivisionError), smart_open.open("s3://reports/big", "wb") as file:
        file.write(bytes(6 * 1024 * 1024))
        raise ZeroDivisionError
    assert s3.list_multipart_uploads(Bucket="reports").get("Uploads") is None
    assert s3.list_objects_v2(Bucket="reports")["KeyCount"] == 0


def test_a_missing_object(s3):
    with pytest.raises(OSError, match="NoSuchKey|not found|does not exist"):
        smart_open.open("s3://reports/none", "rb").read()


def test_many_objects_at_once(s3):
    for number in range(30):
        s3.put_object(Bucket="reports", Key=f"in/{number:02}", Body=str(number).encode())
    found = dict(smart_open.s3.iter_bucket("reports", prefix="in/", workers=4))
    assert found["in/07"] == b"7"
    assert len(found) == 30
