"""Inventories and storage class analyses: reports that S3 writes into a bucket on the clock."""

import base64
import csv
import gzip
import hashlib
import io
import json
import re

import pytest

ACCOUNT = "123456789012"
START = pytest.mark.aws(at="2026-01-01T00:00:00Z")  # a Thursday


@pytest.fixture
def target(s3):
    s3.create_bucket(Bucket="lists")
    return "lists"


@pytest.fixture
def list_it(s3, bucket, target):
    def put(name=bucket, id="all", frequency="Daily", versions="Current", fields=(), to=target, **more):
        destination = {"Bucket": f"arn:aws:s3:::{to}", "Format": "CSV", "Prefix": "reports", **more.pop("into", {})}
        configuration = {
            "Id": id,
            "IsEnabled": True,
            "IncludedObjectVersions": versions,
            "Schedule": {"Frequency": frequency},
            "Destination": {"S3BucketDestination": destination},
            **({"OptionalFields": list(fields)} if fields else {}),
            **more,
        }
        s3.put_bucket_inventory_configuration(Bucket=name, Id=id, InventoryConfiguration=configuration)

    return put


@pytest.fixture
def manifests(s3, keys, body, target):
    """manifests() -> the manifests there are, oldest first."""

    def read():
        return [json.loads(body(target, key)) for key in keys(target) if key.endswith("/manifest.json")]

    return read


@pytest.fixture
def rows(body, target):
    """rows(manifest) -> the rows of a report, each as a dict."""

    def read(manifest):
        columns = manifest["fileSchema"].split(", ")
        found = []
        for file in manifest["files"]:
            data = body(target, file["key"])
            assert (len(data), hashlib.md5(data).hexdigest()) == (file["size"], file["MD5checksum"])
            text = gzip.decompress(data).decode()
            assert text.startswith('"') or not text
            found += [dict(zip(columns, row, strict=True)) for row in csv.reader(io.StringIO(text))]
        return found

    return read


# --- inventories


@START
@pytest.mark.rule("s3-163")
def test_a_report_every_day(aws, s3, bucket, target, list_it, keys, body, manifests, rows):
    list_it(fields=["ETag", "Size", "LastModifiedDate", "StorageClass", "EncryptionStatus"])
    answer = s3.put_object(Bucket=bucket, Key="a b/ü.txt", Body=b"content")
    assert keys(target) == []
    aws.clock.advance(days=1)
    where = f"reports/{bucket}/all/"
    link = f"{where}hive/dt=2026-01-02-00-00/symlink.txt"
    assert {key for key in keys(target) if not key.startswith(f"{where}data/")} == {
        f"{where}2026-01-02T00-00Z/manifest.json",
        f"{where}2026-01-02T00-00Z/manifest.checksum",
        link,
    }
    [manifest] = manifests()
    [file] = manifest.pop("files")
    assert re.fullmatch(re.escape(f"{where}data/") + r"[0-9a-f-]{36}\.csv\.gz", file["key"])
    assert manifest == {
        "sourceBucket": bucket,
        "destinationBucket": f"arn:aws:s3:::{target}",
        "version": "2016-11-30",
        "creationTimestamp": "1767312000000",
        "fileFormat": "CSV",
        # In the order of the documentation, not of the configuration.
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, EncryptionStatus",
    }
    text = body(target, f"{where}2026-01-02T00-00Z/manifest.json")
    assert body(target, f"{where}2026-01-02T00-00Z/manifest.checksum").decode() == hashlib.md5(text).hexdigest()
    assert body(target, link).decode() == f"s3://{target}/{file['key']}"
    assert rows(json.loads(text)) == [
        {
            "Bucket": bucket,
            "Key": "a+b/%C3%BC.txt",
            "Size": "7",
            "LastModifiedDate": "2026-01-01T00:00:00.000Z",
            "ETag": answer["ETag"].strip('"'),
            "StorageClass": "STANDARD",
            "EncryptionStatus": "SSE-S3",
        }
    ]
    aws.clock.advance(days=2)
    assert len(manifests()) == 3


@START
@pytest.mark.rule("s3-163")
def test_a_report_every_sunday(aws, list_it, keys, target, manifests):
    list_it(frequency="Weekly")
    aws.clock.advance(days=2)
    assert len(manifests()) == 1
    aws.clock.advance_to("2026-01-03T23:59:59Z")
    assert len(manifests()) == 1
    aws.clock.advance_to("2026-01-04T00:00:00Z")
    assert len(manifests()) == 2
    aws.clock.advance(days=14)
    assert len(manifests()) == 4


@START
def test_all_versions(aws, s3, versioned, list_it, manifests, rows):
    list_it(name=versioned, versions="All", fields=["Size"])
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"22")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    aws.clock.advance(days=1)
    [manifest] = manifests()
    found = rows(manifest)
    assert [tuple(row.values())[1:] for row in found] == [
        ("k", marker, "true", "true", ""),
        ("k", second, "false", "false", "2"),
        ("k", first, "false", "false", "1"),
    ]


@START
def test_current_versions_under_a_prefix(aws, s3, versioned, list_it, manifests, rows):
    list_it(name=versioned, Filter={"Prefix": "in/"})
    for key in ("a", "in/gone", "in/there", "z"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"1")
    s3.delete_object(Bucket=versioned, Key="in/gone")
    aws.clock.advance(days=1)
    [manifest] = manifests()
    assert manifest["fileSchema"] == "Bucket, Key"
    assert rows(manifest) == [{"Bucket": versioned, "Key": "in/there"}]


@START
def test_what_the_columns_tell(aws, s3, locked, list_it, manifests, rows):
    fields = [
        "IsMultipartUploaded", "ReplicationStatus", "ObjectLockRetainUntilDate", "ObjectLockMode",
        "ObjectLockLegalHoldStatus", "IntelligentTieringAccessTier", "BucketKeyStatus", "ChecksumAlgorithm",
        "ObjectAccessControlList", "ObjectOwner",
    ]  # fmt: skip
    list_it(name=locked, fields=fields)
    s3.put_object(
        Bucket=locked,
        Key="k",
        Body=b"1",
        ChecksumAlgorithm="SHA256",
        StorageClass="INTELLIGENT_TIERING",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate="2027-01-01T00:00:00Z",
        ObjectLockLegalHoldStatus="ON",
    )
    aws.clock.advance(days=1)
    [manifest] = manifests()
    [row] = rows(manifest)
    owner = s3.get_bucket_acl(Bucket=locked)["Owner"]["ID"]
    grants = json.loads(base64.b64decode(row.pop("ObjectAccessControlList")))
    assert grants == {
        "version": "2022-11-10",
        "status": "AVAILABLE",
        "grants": [{"canonicalId": owner, "type": "CanonicalUser", "permission": "FULL_CONTROL"}],
    }
    assert row == {
        "Bucket": locked,
        "Key": "k",
        "IsMultipartUploaded": "false",
        "ReplicationStatus": "",
        "ObjectLockRetainUntilDate": "2027-01-01T00:00:00.000Z",
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockLegalHoldStatus": "ON",
        "IntelligentTieringAccessTier": "FREQUENT",
        "BucketKeyStatus": "DISABLED",
        "ChecksumAlgorithm": "SHA256",
        "ObjectOwner": owner,
    }


@START
@pytest.mark.rule("s3-082")
def test_tiers_by_use(aws, s3, bucket, list_it, manifests, rows, body):
    list_it(fields=["IntelligentTieringAccessTier"], frequency="Weekly")
    for key in ("idle", "used"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 131_072, StorageClass="INTELLIGENT_TIERING")
    s3.put_object(Bucket=bucket, Key="plain", Body=b"1")

    def tiers():
        return {row["Key"]: row["IntelligentTieringAccessTier"] for row in rows(manifests()[-1])}

    aws.clock.advance(days=20)
    assert tiers() == {"idle": "FREQUENT", "plain": "", "used": "FREQUENT"}
    aws.clock.advance(days=20)
    body(bucket, "used")
    assert tiers()["idle"] == "INFREQUENT"
    aws.clock.advance(days=60)
    assert tiers() == {"idle": "ARCHIVE_INSTANT_ACCESS", "plain": "", "used": "INFREQUENT"}


@START
def test_configurations_that_report_nothing(aws, s3, eu, bucket, list_it, keys, target):
    list_it(id="off", IsEnabled=False)
    list_it(id="gone")
    s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="gone")
    eu.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    list_it(id="far", to="far")
    list_it(id="nowhere", to="nowhere")
    aws.clock.advance(days=3)
    assert keys(target) == []
    assert "Contents" not in eu.list_objects_v2(Bucket="far")


@START
def test_a_configuration_put_again_keeps_its_rhythm(aws, list_it, manifests):
    list_it()
    aws.clock.advance(hours=12)
    list_it(fields=["Size"])
    aws.clock.advance(hours=12)
    [manifest] = manifests()
    assert manifest["fileSchema"] == "Bucket, Key, Size"


@START
def test_when_objects_expire(aws, s3, bucket, list_it, manifests, rows):
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 10}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    aws.clock.advance(hours=12)
    for key in ("kept", "tmp/gone"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    list_it(fields=["LifecycleExpirationDate"])
    aws.clock.advance(days=1)
    [manifest] = manifests()
    assert [row["LifecycleExpirationDate"] for row in rows(manifest)] == ["", "2026-01-12T00:00:00.000Z"]


def test_fields_that_are_not_modelled(list_it, s3):
    with pytest.raises(s3.exceptions.ClientError, match="the field ObjectLockEventHoldStatus of inventory reports"):
        list_it(fields=["ObjectLockEventHoldStatus"])


def test_formats_that_are_not_modelled(list_it, s3, bucket):
    for form in ("Parquet", "ORC"):
        with pytest.raises(s3.exceptions.ClientError, match=f"inventory reports as {form}"):
            list_it(into={"Format": form})
    assert "InventoryConfigurationList" not in s3.list_bucket_inventory_configurations(Bucket=bucket)


def policy(principal="s3.amazonaws.com", source="arn:aws:s3:::reports"):
    """The policy that AWS documents for the destination of reports."""
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": principal},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::lists/*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": source},
                "StringEquals": {"aws:SourceAccount": ACCOUNT, "s3:x-amz-acl": "bucket-owner-full-control"},
            },
        },
    })  # fmt: skip


@pytest.mark.aws(at="2026-01-01T00:00:00Z", authorization=True)
def test_the_policy_of_the_destination_holds(aws, s3, list_it, keys, target):
    list_it()
    aws.clock.advance(days=1)
    assert keys(target) == []
    s3.put_bucket_policy(Bucket=target, Policy=policy(source="arn:aws:s3:::another"))
    aws.clock.advance(days=1)
    assert keys(target) == []
    s3.put_bucket_policy(Bucket=target, Policy=policy())
    aws.clock.advance(days=1)
    assert len(keys(target)) == 4


# --- storage class analysis


@pytest.fixture
def analyse(s3, bucket, target):
    def put(id="ages", **more):
        destination = {"Bucket": f"arn:aws:s3:::{target}", "Format": "CSV", "Prefix": "ages"}
        export = {"OutputSchemaVersion": "V_1", "Destination": {"S3BucketDestination": destination}}
        configuration = {"Id": id, "StorageClassAnalysis": {"DataExport": export}, **more}
        s3.put_bucket_analytics_configuration(Bucket=bucket, Id=id, AnalyticsConfiguration=configuration)

    return put


@START
@pytest.mark.rule("s3-165")
def test_the_first_analysis(aws, s3, bucket, target, analyse, keys, body):
    s3.put_object(Bucket=bucket, Key="old", Body=b"1" * 1_048_576)
    aws.clock.advance(days=20)
    s3.put_object(Bucket=bucket, Key="new", Body=b"1")
    analyse()
    aws.clock.advance(hours=24)
    assert keys(target) == []
    aws.clock.advance(hours=24)
    [key] = keys(target)
    found = list(csv.DictReader(io.StringIO(body(target, key).decode())))
    assert [
        (row["Date"], row["ConfigId"], row["StorageClass"], row["ObjectAge"], row["ObjectCount"], row["Storage_MB"])
        for row in found
    ] == [
        ("2026-01-22", "ages", "STANDARD", "000-014", "1", "0.0000"),
        ("2026-01-22", "ages", "STANDARD", "015-029", "1", "1.0000"),
    ]
    # Each day is added to the file.
    aws.clock.advance(days=1)
    assert len(list(csv.DictReader(io.StringIO(body(target, key).decode())))) == 4
    s3.delete_bucket_analytics_configuration(Bucket=bucket, Id="ages")
    aws.clock.advance(days=1)
    assert len(list(csv.DictReader(io.StringIO(body(target, key).decode())))) == 4


@START
def test_an_analysis_of_some_objects(aws, s3, bucket, target, analyse, keys, body):
    for key, tags in (("in/1", "team=red"), ("in/2", "team=blue"), ("out", "team=red")):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1", Tagging=tags)
    analyse(Filter={"And": {"Prefix": "in/", "Tags": [{"Key": "team", "Value": "red"}]}})
    aws.clock.advance(days=2)
    [key] = keys(target)
    [row] = csv.DictReader(io.StringIO(body(target, key).decode()))
    assert (row["Filter"], row["ObjectCount"]) == ("in/&team=red", "1")


def test_an_analysis_into_no_bucket(s3, bucket, analyse, refused):
    with refused("InvalidS3DestinationBucket", "Invalid bucket ARN."):
        s3.put_bucket_analytics_configuration(
            Bucket=bucket,
            Id="a",
            AnalyticsConfiguration={
                "Id": "a",
                "StorageClassAnalysis": {
                    "DataExport": {
                        "OutputSchemaVersion": "V_1",
                        "Destination": {"S3BucketDestination": {"Bucket": "lists", "Format": "CSV"}},
                    }
                },
            },
        )
    assert "AnalyticsConfigurationList" not in s3.list_bucket_analytics_configurations(Bucket=bucket)
