"""What a call costs does not depend on what else a bucket holds: counted in calls of functions, not in seconds."""

import sys

import pytest

from awsim import Cloud

SIZES = (200, 2000)


def steps(call):
    """How many functions, of Python or of C, run in a call of one operation."""
    count = 0

    def tick(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    for _ in range(3):  # what is made on first use is there when it is counted
        call()
    sys.setprofile(tick)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


@pytest.fixture(scope="module")
def cloud():
    """Two buckets with so many keys in ten groups, uploads, and versions of one key."""
    cloud = Cloud()
    for size in SIZES:
        name = f"filled-{size}"
        cloud.call("s3", "CreateBucket", Bucket=name)
        for number in range(size):
            key = f"logs/{number % 10}/{number:05}"
            cloud.call("s3", "PutObject", Bucket=name, Key=key, Body=b"x")
            cloud.call("s3", "CreateMultipartUpload", Bucket=name, Key=f"jobs{key}")
        cloud.call("s3", "PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for _ in range(size):
            cloud.call("s3", "PutObject", Bucket=name, Key="ledger", Body=b"x")
    return cloud


GROUPS = {"Prefix": "logs/", "Delimiter": "/"}


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("PutObject", {"Key": "logs/3/00103", "Body": b"y"}),
        ("PutObject", {"Key": "ledger", "Body": b"y"}),
        ("GetObject", {"Key": "logs/3/00103"}),
        ("HeadObject", {"Key": "ledger"}),
        ("DeleteObject", {"Key": "logs/4/00104"}),
        ("ListObjectsV2", {"MaxKeys": 10}),
        ("ListObjectsV2", {"MaxKeys": 10, "StartAfter": "logs/5/"}),
        ("ListObjectsV2", GROUPS),
        ("ListObjects", {**GROUPS, "Marker": "logs/5/"}),
        ("ListObjectVersions", GROUPS),
        ("ListObjectVersions", {"Prefix": "ledger", "MaxKeys": 10}),
        ("ListMultipartUploads", {"Prefix": "jobslogs/", "Delimiter": "/"}),
        ("ListMultipartUploads", {"MaxUploads": 10}),
    ],
)
def test_calls_take_as_many_steps_in_a_large_bucket(cloud, operation, parameters):
    small, large = (
        steps(lambda size=size: cloud.call("s3", operation, {"Bucket": f"filled-{size}", **parameters}))
        for size in SIZES
    )
    assert large <= small * 1.02 + 3
