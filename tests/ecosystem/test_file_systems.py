"""Libraries that show S3 as a file system: s3fs (what pandas and dask use), cloudpathlib."""

import pytest

boto3 = pytest.importorskip("boto3")


@pytest.fixture
def s3(aws):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports")
    return s3


@pytest.fixture
def files(s3):
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
    s3fs.S3FileSystem.clear_instance_cache()
    yield s3fs.S3FileSystem(skip_instance_cache=True, client_kwargs={"region_name": "us-east-1"})
    s3fs.S3FileSystem.clear_instance_cache()


def test_s3fs_reads_and_writes(files, s3):
    with files.open("reports/2026/a.txt", "w") as file:
        file.write("hello")
    files.pipe({"reports/2026/b.txt": b"b" * 10, "reports/2026/deep/c.txt": b"c"})
    assert files.cat("reports/2026/a.txt") == b"hello"
    assert files.ls("reports/2026") == ["reports/2026/a.txt", "reports/2026/b.txt", "reports/2026/deep"]
    assert sorted(files.find("reports")) == ["reports/2026/a.txt", "reports/2026/b.txt", "reports/2026/deep/c.txt"]
    assert files.glob("reports/*/*.txt") == ["reports/2026/a.txt", "reports/2026/b.txt"]
    assert files.info("reports/2026/b.txt")["size"] == 10
    assert files.du("reports") == 16
    with files.open("reports/2026/a.txt", "rb") as file:
        file.seek(1)
        assert file.read(3) == b"ell"
    files.mv("reports/2026/a.txt", "reports/moved.txt")
    assert not files.exists("reports/2026/a.txt")
    files.rm("reports/2026", recursive=True)
    assert files.ls("reports", refresh=True) == ["reports/moved.txt"]
    with pytest.raises(FileNotFoundError):
        files.open("reports/none.txt")
    with pytest.raises(FileNotFoundError):
        files.ls("no-such-bucket")


def test_s3fs_uploads_in_parts(files, s3, aws, tmp_path):
    data = bytes(range(256)) * 65_536  # 16 MB
    with files.open("reports/big", "wb", block_size=5 * 1024 * 1024) as file:
        for start in range(0, len(data), 1_000_000):
            file.write(data[start : start + 1_000_000])
    assert len(aws.calls.of("s3:UploadPart")) >= 3
    files.get("reports/big", str(tmp_path / "big"))
    assert (tmp_path / "big").read_bytes() == data
    assert s3.list_multipart_uploads(Bucket="reports").get("Uploads") is None


def test_cloudpathlib(s3):
    cloudpathlib = pytest.importorskip("cloudpathlib", reason="cloudpathlib is not installed")
    folder = cloudpathlib.S3Client(boto3_session=boto3.Session()).CloudPath("s3://reports/2026")
    (folder / "a.txt").write_text("hello")
    (folder / "deep" / "b.txt").write_text("b")
    assert (folder / "a.txt").read_text() == "hello"
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "deep"]
    assert [path.name for path in folder.rglob("*.txt")] == ["a.txt", "b.txt"]
    assert (folder / "a.txt").stat().st_size == 5
    (folder / "a.txt").rename(folder / "c.txt")
    assert not (folder / "a.txt").exists()
    folder.rmtree()
    assert not folder.exists()
    assert s3.list_objects_v2(Bucket="reports")["KeyCount"] == 0
