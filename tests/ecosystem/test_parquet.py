"""pandas and pyarrow over s3://, by way of s3fs.

pyarrow's own S3 client is C++ and speaks to the network by itself: it is outside of what a mock inside the process can
answer. pandas asks for it first where `storage_options` are not given; with them it takes s3fs.
"""

import pytest

boto3 = pytest.importorskip("boto3")
pytest.importorskip("s3fs", reason="s3fs is not installed")
pandas = pytest.importorskip("pandas", reason="pandas is not installed")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")


S3FS = {"storage_options": {"anon": False}}


@pytest.fixture
def s3(aws):
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="reports")
    yield s3
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def people():
    return pandas.DataFrame(
        {"name": ["ann", "bob", "cy"] * 1000, "age": range(3000), "city": ["Rome", "Oslo", None] * 1000}
    )


def test_pandas_writes_and_reads_parquet(s3, people):
    people.to_parquet("s3://reports/people.parquet", engine="pyarrow", **S3FS)
    assert s3.head_object(Bucket="reports", Key="people.parquet")["ContentLength"] > 1000
    found = pandas.read_parquet("s3://reports/people.parquet", columns=["age"], filters=[("name", "==", "bob")], **S3FS)
    assert list(found["age"])[:3] == [1, 4, 7]
    pandas.testing.assert_frame_equal(pandas.read_parquet("s3://reports/people.parquet", **S3FS), people)


def test_pandas_and_csv(s3, people):
    people.to_csv("s3://reports/people.csv.gz", index=False)
    found = pandas.read_csv("s3://reports/people.csv.gz")
    assert list(found.columns) == ["name", "age", "city"]
    assert len(found) == 3000
    with pytest.raises(FileNotFoundError):
        pandas.read_csv("s3://reports/none.csv")


def test_a_partitioned_dataset(s3, people):
    people.to_parquet("s3://reports/by-name", engine="pyarrow", partition_cols=["name"], **S3FS)
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="reports")["Contents"]]
    assert sorted(key.split("/")[1] for key in keys) == ["name=ann", "name=bob", "name=cy"]
    found = pandas.read_parquet("s3://reports/by-name", filters=[("name", "==", "cy")], **S3FS)
    assert list(found["age"])[:2] == [2, 5]


def test_pyarrow_reads_only_what_it_needs(aws, s3, people):
    import pyarrow.parquet
    import s3fs

    files = s3fs.S3FileSystem(skip_instance_cache=True)
    people.to_parquet("s3://reports/people.parquet", engine="pyarrow", row_group_size=500, **S3FS)
    with files.open("reports/people.parquet", block_size=4096) as file:
        parquet = pyarrow.parquet.ParquetFile(file)
        assert parquet.num_row_groups == 6
        group = parquet.read_row_group(2, columns=["age"])
    assert group.column("age").to_pylist()[:2] == [1000, 1001]
    assert all(call.parameters.get("Range") for call in aws.calls.of("s3:GetObject"))
