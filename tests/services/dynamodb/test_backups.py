"""Backups, point-in-time recovery, exports to and imports from S3."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

_AT = "2026-01-01"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_INDEX = {
    "IndexName": "by-g",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@pytest.fixture
def put(client):
    def put(key, value=0, **more):
        client.put_item(TableName="things", Item={"pk": {"S": key}, "v": {"N": str(value)}, **more})

    return put


@pytest.fixture
def recoverable(client):
    def recoverable(enabled=True):
        client.update_continuous_backups(
            TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )

    return recoverable


@pytest.fixture
def bucket(aws):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="lake")
    return s3


def _keys(items):
    return sorted(item["pk"]["S"] for item in items)


@pytest.mark.aws(lifecycle="timed", at=_AT)
@pytest.mark.rule("dynamodb-090")
def test_backup_and_restore(aws, client, make, put, contents, refused):
    make(attributes=["g:S"], GlobalSecondaryIndexes=[_INDEX])
    aws.clock.advance(minutes=1)
    put("a", 1, g={"S": "x"})
    backup = client.create_backup(TableName="things", BackupName="first")["BackupDetails"]
    arn = backup["BackupArn"]
    assert arn.startswith("arn:aws:dynamodb:us-east-1:123456789012:table/things/backup/01767225660000-")
    assert (backup["BackupStatus"], backup["BackupType"], backup["BackupName"]) == ("CREATING", "USER", "first")
    with refused("BackupInUseException"):
        client.delete_backup(BackupArn=arn)
    aws.clock.advance(seconds=10)
    put("b")
    client.delete_table(TableName="things")
    aws.clock.advance(minutes=1)
    described = client.describe_backup(BackupArn=arn)["BackupDescription"]
    assert described["BackupDetails"]["BackupStatus"] == "AVAILABLE"
    assert described["SourceTableDetails"]["ItemCount"] == 1
    assert described["SourceTableDetails"]["TableName"] == "things"
    assert described["SourceTableFeatureDetails"]["GlobalSecondaryIndexes"] == [_INDEX]
    made = client.restore_table_from_backup(TargetTableName="again", BackupArn=arn)["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    assert made["RestoreSummary"]["SourceBackupArn"] == arn
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.get_item(TableName="again", Key={"pk": {"S": "a"}})
    with refused("TableAlreadyExistsException", "Table already exists: again"):
        client.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    aws.clock.advance(hours=1)
    table = client.describe_table(TableName="again")["Table"]
    assert (table["TableStatus"], table["ItemCount"]) == ("ACTIVE", 1)
    assert table["RestoreSummary"]["RestoreInProgress"] is False
    assert _keys(contents("again")) == ["a"]
    found = client.query(
        TableName="again",
        IndexName="by-g",
        KeyConditionExpression="g = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert found["Count"] == 1
    assert client.delete_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "DELETED"
    with refused("BackupNotFoundException", f"Backup not found: {arn}"):
        client.restore_table_from_backup(TargetTableName="more", BackupArn=arn)
    with refused("TableNotFoundException", "Table not found: things"):
        client.create_backup(TableName="things", BackupName="second")


@pytest.mark.aws(throttling=True, at=_AT)
@pytest.mark.rule("dynamodb-091", "dynamodb-100")
def test_backups_and_exports_use_no_capacity(aws, client, make, put, recoverable, bucket):
    make(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    recoverable()
    for number in range(100):
        put(str(number), text={"S": "x" * 400})
    for _ in range(3):
        client.create_backup(TableName="things", BackupName="one")
        arn = client.describe_table(TableName="things")["Table"]["TableArn"]
        client.export_table_to_point_in_time(TableArn=arn, S3Bucket="lake")
    for _ in range(300):
        client.get_item(TableName="things", Key={"pk": {"S": "1"}}, ConsistentRead=True)


def test_overrides(client, make, put, refused):
    make(attributes=["g:S"], GlobalSecondaryIndexes=[_INDEX])
    put("a", g={"S": "x"})
    arn = client.create_backup(TableName="things", BackupName="one")["BackupDetails"]["BackupArn"]
    client.restore_table_from_backup(
        TargetTableName="plain",
        BackupArn=arn,
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride={"ReadCapacityUnits": 2, "WriteCapacityUnits": 3},
        GlobalSecondaryIndexOverride=[],
    )
    table = client.describe_table(TableName="plain")["Table"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    assert "GlobalSecondaryIndexes" not in table
    assert [one["AttributeName"] for one in table["AttributeDefinitions"]] == ["pk"]
    with refused("ValidationException"):
        client.restore_table_from_backup(
            TargetTableName="more", BackupArn=arn, GlobalSecondaryIndexOverride=[{**_INDEX, "IndexName": "other"}]
        )


@pytest.mark.aws(at=_AT)
def test_listing_backups(aws, client, make):
    make()
    make(name="others")
    for number, table in enumerate(["things", "others", "things"]):
        client.create_backup(TableName=table, BackupName=f"backup-{number}")
        aws.clock.advance(hours=1)
    names = lambda **more: [one["BackupName"] for one in client.list_backups(**more)["BackupSummaries"]]  # noqa: E731
    assert sorted(names()) == ["backup-0", "backup-1", "backup-2"]
    assert names(TableName="things") == ["backup-0", "backup-2"]
    assert names(TimeRangeLowerBound=_START + timedelta(minutes=30)) == ["backup-1", "backup-2"]
    assert names(TimeRangeUpperBound=_START + timedelta(minutes=30)) == ["backup-0"]
    assert names(BackupType="SYSTEM") == []
    page = client.list_backups(Limit=2)
    rest = client.list_backups(ExclusiveStartBackupArn=page["LastEvaluatedBackupArn"])
    assert len(page["BackupSummaries"]) == 2
    assert len(rest["BackupSummaries"]) == 1


@pytest.mark.aws(at=_AT)
@pytest.mark.rule("dynamodb-093")
def test_restore_to_a_point_in_time(aws, client, make, put, recoverable, contents, refused):
    make()
    put("before")
    with refused("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'things'"):
        client.restore_table_to_point_in_time(
            SourceTableName="things", TargetTableName="again", UseLatestRestorableTime=True
        )
    recoverable()
    aws.clock.advance(hours=1)
    put("early", 1)
    aws.clock.advance(hours=1)
    put("early", 2)
    client.delete_item(TableName="things", Key={"pk": {"S": "before"}})
    aws.clock.advance(hours=1)

    def restored(name, **when):
        client.restore_table_to_point_in_time(SourceTableName="things", TargetTableName=name, **when)
        return {item["pk"]["S"]: item["v"]["N"] for item in contents(name)}

    assert restored("one", RestoreDateTime=_START) == {"before": "0"}
    assert restored("two", RestoreDateTime=_START + timedelta(minutes=61)) == {"before": "0", "early": "1"}
    assert restored("three", UseLatestRestorableTime=True) == {"early": "2"}
    for when in (_START - timedelta(seconds=1), _START + timedelta(hours=2, minutes=56)):
        with refused("InvalidRestoreTimeException"):
            restored("four", RestoreDateTime=when)
    with refused("TableAlreadyExistsException", "Table already exists: one"):
        restored("one", UseLatestRestorableTime=True)
    aws.clock.advance(days=36)
    with refused("InvalidRestoreTimeException"):
        restored("five", RestoreDateTime=_START + timedelta(hours=1))
    assert restored("six", RestoreDateTime=_START + timedelta(days=2)) == {"early": "2"}


@pytest.mark.aws(at=_AT)
@pytest.mark.rule("dynamodb-093")
def test_a_deleted_table_leaves_a_backup(aws, client, make, put, recoverable, contents):
    make()
    recoverable()
    put("a")
    client.delete_table(TableName="things")
    (backup,) = client.list_backups(BackupType="ALL")["BackupSummaries"]
    assert (backup["BackupType"], backup["BackupName"]) == ("SYSTEM", "things$DeletedTableBackup")
    client.restore_table_from_backup(TargetTableName="things", BackupArn=backup["BackupArn"])
    assert _keys(contents()) == ["a"]
    aws.clock.advance(days=35)
    assert client.list_backups(BackupType="ALL")["BackupSummaries"] == []


# --- exports


def _objects(s3, prefix=""):
    listed = s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read() for one in listed}


@pytest.mark.aws(at=_AT, lifecycle="timed")
@pytest.mark.rule("dynamodb-097", "dynamodb-098", "dynamodb-099")
def test_export(aws, client, make, put, recoverable, bucket, refused):
    make()
    aws.clock.advance(minutes=1)
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    with refused("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'things'"):
        client.export_table_to_point_in_time(TableArn=arn, S3Bucket="lake")
    recoverable()
    put("a", 1, raw={"B": b"\x00\x01"}, tags={"SS": ["x"]})
    aws.clock.advance(hours=1)
    put("b")
    export = client.export_table_to_point_in_time(
        TableArn=arn, S3Bucket="lake", S3Prefix="exports", ExportTime=_START + timedelta(minutes=30)
    )["ExportDescription"]
    assert (export["ExportStatus"], export["ExportFormat"]) == ("IN_PROGRESS", "DYNAMODB_JSON")
    aws.clock.advance(minutes=10)
    done = client.describe_export(ExportArn=export["ExportArn"])["ExportDescription"]
    assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", 1)
    folder = f"exports/AWSDynamoDB/{export['ExportArn'].rpartition('/')[2]}/"
    assert done["ExportManifest"] == folder + "manifest-summary.json"
    objects = _objects(bucket, folder)
    assert set(objects) > {folder + name for name in ("_started", "manifest-files.json", "manifest-files.checksum")}
    summary = json.loads(objects[done["ExportManifest"]])
    assert summary["manifestFilesS3Key"] == folder + "manifest-files.json"
    (part,) = [json.loads(line) for line in objects[summary["manifestFilesS3Key"]].splitlines()]
    assert part["itemCount"] == 1
    (line,) = gzip.decompress(objects[part["dataFileS3Key"]]).splitlines()
    assert json.loads(line) == {
        "Item": {"pk": {"S": "a"}, "v": {"N": "1"}, "raw": {"B": "AAE="}, "tags": {"SS": ["x"]}}
    }
    assert [one["ExportArn"] for one in client.list_exports(TableArn=arn)["ExportSummaries"]] == [export["ExportArn"]]
    for when in (_START, _START + timedelta(days=1)):
        with refused("InvalidExportTimeException"):
            client.export_table_to_point_in_time(TableArn=arn, S3Bucket="lake", ExportTime=when)
    with refused("ExportNotFoundException"):
        client.describe_export(ExportArn=export["ExportArn"] + "x")


@pytest.mark.rule("dynamodb-099")
def test_export_as_ion(client, make, put, recoverable, bucket):
    make()
    recoverable()
    put("a", 1, more={"L": [{"NULL": True}, {"BOOL": True}, {"B": b"x"}, {"NS": ["1", "2.5"]}]})
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    client.export_table_to_point_in_time(TableArn=arn, S3Bucket="lake", ExportFormat="ION")
    (data,) = [body for key, body in _objects(bucket).items() if key.endswith(".ion.gz")]
    assert gzip.decompress(data) == (
        b'$ion_1_0 {"Item":{"pk":"a","v":1.,"more":[null,true,{{eA==}},$dynamodb_NS::[1.,2.5]]}}\n'
    )


@pytest.mark.aws(at=_AT)
def test_incremental_export(aws, client, make, put, recoverable, bucket):
    make()
    recoverable()
    put("kept")
    put("gone")
    put("changed", 1)
    aws.clock.advance(hours=1)
    put("changed", 2)
    put("new")
    client.delete_item(TableName="things", Key={"pk": {"S": "gone"}})
    aws.clock.advance(hours=1)
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    client.export_table_to_point_in_time(
        TableArn=arn,
        S3Bucket="lake",
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={
            "ExportFromTime": _START + timedelta(minutes=1),
            "ExportToTime": _START + timedelta(minutes=90),
        },
    )
    (data,) = [body for key, body in _objects(bucket).items() if key.endswith(".gz")]
    lines = {line["Keys"]["pk"]["S"]: line for line in map(json.loads, gzip.decompress(data).splitlines())}
    assert {key: sorted(line) for key, line in lines.items()} == {
        "changed": ["Keys", "Metadata", "NewImage", "OldImage"],
        "new": ["Keys", "Metadata", "NewImage"],
        "gone": ["Keys", "Metadata", "OldImage"],
    }
    assert lines["new"]["Metadata"]["WriteTimestampMicros"] == {"N": "1767229200000000"}


def test_an_export_that_fails(client, make, recoverable):
    make()
    recoverable()
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    export = client.export_table_to_point_in_time(TableArn=arn, S3Bucket="nowhere")["ExportDescription"]
    done = client.describe_export(ExportArn=export["ExportArn"])["ExportDescription"]
    assert (done["ExportStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchBucket")


# --- imports

_TABLE = {
    "TableName": "imported",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.mark.aws(at=_AT, lifecycle="timed")
@pytest.mark.rule("dynamodb-094", "dynamodb-095")
def test_import_of_dynamodb_json(aws, client, bucket, contents, refused):
    lines = [{"Item": {"pk": {"N": str(number)}, "raw": {"B": "AAE="}}} for number in range(3)]
    body = "\n".join(map(json.dumps, lines)).encode()
    bucket.put_object(Bucket="lake", Key="in/one.json.gz", Body=gzip.compress(body))
    made = client.import_table(
        S3BucketSource={"S3Bucket": "lake", "S3KeyPrefix": "in/"},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters=_TABLE,
    )["ImportTableDescription"]
    assert made["ImportStatus"] == "IN_PROGRESS"
    assert client.describe_table(TableName="imported")["Table"]["TableStatus"] == "CREATING"
    aws.clock.advance(minutes=10)
    done = client.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
    assert (done["ImportStatus"], done["ImportedItemCount"], done["ErrorCount"]) == ("COMPLETED", 3, 0)
    assert sorted(item["pk"]["N"] for item in contents("imported")) == ["0", "1", "2"]
    assert contents("imported")[0]["raw"] == {"B": b"\x00\x01"}
    (summary,) = client.list_imports()["ImportSummaryList"]
    assert summary["ImportArn"] == made["ImportArn"]
    with refused("ResourceInUseException", "Table already exists: imported"):
        client.import_table(S3BucketSource={"S3Bucket": "lake"}, InputFormat="CSV", TableCreationParameters=_TABLE)
    with refused("ImportNotFoundException"):
        client.describe_import(ImportArn=made["ImportArn"] + "x")


@pytest.mark.rule("dynamodb-095")
def test_import_of_csv(client, bucket, contents, refused):
    bucket.put_object(Bucket="lake", Key="a.csv", Body=b'pk;name\n1;one\n2;"t;w;o"\nx;bad\n4\n')
    made = client.import_table(
        S3BucketSource={"S3Bucket": "lake"},
        InputFormat="CSV",
        InputFormatOptions={"Csv": {"Delimiter": ";"}},
        TableCreationParameters=_TABLE,
    )["ImportTableDescription"]
    done = client.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
    assert (done["ImportStatus"], done["ProcessedItemCount"]) == ("COMPLETED", 4)
    assert (done["ImportedItemCount"], done["ErrorCount"]) == (2, 2)
    assert done["CloudWatchLogGroupArn"].endswith("log-group:/aws-dynamodb/imports:*")
    found = sorted(contents("imported"), key=lambda item: item["pk"]["N"])
    assert found == [
        {"pk": {"N": "1"}, "name": {"S": "one"}},
        {"pk": {"N": "2"}, "name": {"S": "t;w;o"}},
    ]
    with refused("ValidationException"):
        client.import_table(S3BucketSource={"S3Bucket": "lake"}, InputFormat="XML", TableCreationParameters=_TABLE)


_ION = r"""$ion_1_0
{Item:{pk:1,name:"a\"\u00e9\x41",more:[null.string,true,{{ AAE= }},-2.50,1d3,0x1F],'deep':{"in side":'''long '''
  '''text'''}}} // one
/* two */ {
  "Item": {pk: 2., set: $dynamodb_NS::[1., 2.5], names: $dynamodb_SS::["x", "y"], blobs: $dynamodb_BS::[{{AA==}}],},
}
{Item:{pk:"of the wrong type"}}
{Thing:{}}
{Item:{pk:symbol}} what follows a mistake cannot be told apart {Item:{pk:8}}
"""


@pytest.mark.rule("dynamodb-095")
@pytest.mark.parametrize("compression", ["NONE", "ZSTD"])
def test_import_of_ion(client, bucket, contents, compression):
    body = _ION.encode()
    if compression == "ZSTD":
        body = pytest.importorskip("zstandard").ZstdCompressor().compress(body)
    bucket.put_object(Bucket="lake", Key="a.ion", Body=body)
    made = client.import_table(
        S3BucketSource={"S3Bucket": "lake"},
        InputFormat="ION",
        InputCompressionType=compression,
        TableCreationParameters=_TABLE,
    )["ImportTableDescription"]
    done = client.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
    assert (done["ImportStatus"], done["ErrorCount"]) == ("COMPLETED", 3)
    found = {item["pk"]["N"]: item for item in contents("imported")}
    assert found.keys() == {"1", "2"}
    assert found["1"] == {
        "pk": {"N": "1"},
        "name": {"S": 'a"éA'},
        "more": {"L": [{"NULL": True}, {"BOOL": True}, {"B": b"\x00\x01"}, {"N": "-2.5"}, {"N": "1000"}, {"N": "31"}]},
        "deep": {"M": {"in side": {"S": "long text"}}},
    }
    assert found["2"] == {
        "pk": {"N": "2"},
        "set": {"NS": ["1", "2.5"]},
        "names": {"SS": ["x", "y"]},
        "blobs": {"BS": [b"\x00"]},
    }


def test_what_is_not_compressed_as_said(client, bucket):
    bucket.put_object(Bucket="lake", Key="a.json", Body=b"{}")
    for number, compression in enumerate(("GZIP", "ZSTD")):
        if compression == "ZSTD":
            pytest.importorskip("zstandard")
        made = client.import_table(
            S3BucketSource={"S3Bucket": "lake"},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType=compression,
            TableCreationParameters={**_TABLE, "TableName": f"imported{number}"},
        )["ImportTableDescription"]
        done = client.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
        assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "ItemValidationError")


def test_what_is_exported_as_ion_is_read_again(client, make, put, recoverable, bucket, contents):
    make()
    recoverable()
    put("a", 1, more={"L": [{"NULL": True}, {"B": b"x"}, {"NS": ["1", "2.5"]}]}, text={"S": 'é"\n\\u'})
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    client.export_table_to_point_in_time(TableArn=arn, S3Bucket="lake", ExportFormat="ION")
    (key,) = [key for key in _objects(bucket) if key.endswith(".ion.gz")]
    client.import_table(
        S3BucketSource={"S3Bucket": "lake", "S3KeyPrefix": key},
        InputFormat="ION",
        InputCompressionType="GZIP",
        TableCreationParameters={**_TABLE, "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]},
    )
    assert contents("imported") == contents("things")
