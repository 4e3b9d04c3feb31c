"""Time to live, tags, continuous backups, limits and endpoints."""

from __future__ import annotations

import pytest

_AT = "2026-01-01"
_EPOCH = 1_767_225_600  # 2026-01-01T00:00:00Z


def _item(key, expiry=None, **more):
    item = {"pk": {"S": key}, **more}
    if expiry is not None:
        item["expires"] = {"N": str(expiry)}
    return item


@pytest.fixture
def keys(client):
    return lambda **more: sorted(item["pk"]["S"] for item in client.scan(TableName="things", **more)["Items"])


def _enable(client, attribute="expires", enabled=True):
    return client.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute}
    )


@pytest.mark.aws(lifecycle="timed", at=_AT)
@pytest.mark.rule("dynamodb-085")
def test_switching_ttl(aws, client, make, refused):
    make()
    aws.clock.advance(minutes=1)
    describe = lambda: client.describe_time_to_live(TableName="things")["TimeToLiveDescription"]  # noqa: E731
    assert describe() == {"TimeToLiveStatus": "DISABLED"}
    answer = _enable(client)
    assert answer["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "expires"}
    assert describe() == {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    with refused("ValidationException", "Time to live has been modified multiple times within a fixed interval"):
        _enable(client, enabled=False)
    aws.clock.advance(hours=1)
    assert describe() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    with refused("ValidationException", "TimeToLive is already enabled"):
        _enable(client)
    with refused(
        "ValidationException", "TimeToLive is active on a different AttributeName: current AttributeName is expires"
    ):
        _enable(client, "another")
    _enable(client, enabled=False)
    aws.clock.advance(hours=1)
    assert describe() == {"TimeToLiveStatus": "DISABLED"}
    with refused("ValidationException", "TimeToLive is already disabled"):
        _enable(client, enabled=False)


@pytest.mark.aws(lifecycle="timed", at=_AT)
@pytest.mark.rule("dynamodb-086", "dynamodb-087", "dynamodb-088")
def test_expiry_takes_two_days(aws, client, make, keys):
    make()
    aws.clock.advance(minutes=1)
    _enable(client)
    aws.clock.advance(hours=2)
    hour = 3600
    client.put_item(TableName="things", Item=_item("soon", _EPOCH + 3 * hour))
    client.put_item(TableName="things", Item=_item("later", _EPOCH + 5 * hour))
    client.put_item(TableName="things", Item=_item("milliseconds", (_EPOCH + 3 * hour) * 1000))
    client.put_item(TableName="things", Item=_item("text", expires={"S": str(_EPOCH)}))
    client.put_item(TableName="things", Item=_item("never"))
    client.put_item(TableName="things", Item=_item("ancient", _EPOCH - 6 * 365 * 24 * hour))
    aws.clock.advance(hours=4)
    lasting = ["ancient", "milliseconds", "never", "text"]
    assert keys() == sorted([*lasting, "soon", "later"]), "expired, and still there"
    alive = keys(FilterExpression="expires > :now", ExpressionAttributeValues={":now": {"N": str(_EPOCH + 6 * hour)}})
    assert alive == ["milliseconds"]
    aws.clock.advance(hours=46)
    assert keys() == sorted([*lasting, "later"])
    aws.clock.advance(hours=2)
    assert keys() == lasting


@pytest.mark.aws(at=_AT)
@pytest.mark.rule("dynamodb-087", "dynamodb-089")
def test_expiry_leaves_indexes_too(aws, client, make, keys):
    make(
        attributes=["g:S"],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    client.put_item(TableName="things", Item=_item("early", _EPOCH + 60, g={"S": "x"}))
    _enable(client)
    client.put_item(TableName="things", Item=_item("late", _EPOCH + 120, g={"S": "x"}))
    client.put_item(TableName="things", Item=_item("moved", _EPOCH + 60, g={"S": "x"}))
    client.put_item(TableName="things", Item=_item("moved", _EPOCH + 600, g={"S": "x"}))
    assert keys(IndexName="by_g") == ["early", "late", "moved"]
    aws.clock.advance(seconds=61)
    assert keys(IndexName="by_g") == keys() == ["late", "moved"]
    aws.clock.advance(seconds=61)
    assert keys(IndexName="by_g") == keys() == ["moved"]
    client.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"}
    )
    aws.clock.advance(hours=1)
    assert keys() == ["moved"]


def test_tags(client, make, refused):
    make(Tags=[{"Key": "team", "Value": "red"}])
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}])
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]}
    assert tags == {"team": "blue", "stage": ""}
    client.untag_resource(ResourceArn=arn, TagKeys=["team", "absent"])
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": ""}]
    many = [{"Key": str(number), "Value": "x"} for number in range(50)]
    with refused("ValidationException", "One or more parameter values were invalid: Too many tags"):
        client.tag_resource(ResourceArn=arn, Tags=many)
    client.tag_resource(ResourceArn=arn, Tags=many[:49])
    assert len(client.list_tags_of_resource(ResourceArn=arn)["Tags"]) == 50
    with refused("ValidationException", "Atleast one Tag needs to be provided as Input."):
        client.tag_resource(ResourceArn=arn, Tags=[])
    with refused("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn}2 not found"):
        client.list_tags_of_resource(ResourceArn=arn + "2")
    with refused("ValidationException"):
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": "aws:mine", "Value": "x"}])


@pytest.mark.newer_botocore
@pytest.mark.aws(at=_AT)
@pytest.mark.rule("dynamodb-092")
def test_continuous_backups(aws, client, make, refused):
    make()
    backups = client.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
    assert backups == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    client.update_continuous_backups(
        TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    aws.clock.advance(days=40)
    backups = client.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert (recovery["PointInTimeRecoveryStatus"], recovery["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    now = aws.clock.now()
    assert (now - recovery["EarliestRestorableDateTime"]).days == 35
    assert (now - recovery["LatestRestorableDateTime"]).total_seconds() == 300
    with refused("TableNotFoundException", "Table not found: nothing"):
        client.describe_continuous_backups(TableName="nothing")


def test_limits_and_endpoints(client):
    limits = client.describe_limits()
    assert limits["TableMaxReadCapacityUnits"] == 40_000
    assert limits["AccountMaxWriteCapacityUnits"] == 80_000
    (endpoint,) = client.describe_endpoints()["Endpoints"]
    assert endpoint == {"Address": "dynamodb.us-east-1.amazonaws.com", "CachePeriodInMinutes": 1440}


@pytest.mark.parametrize("operation", ["list_global_tables"])
def test_what_is_not_modelled_says_so(client, refused, operation):
    with refused("NotImplemented"):
        getattr(client, operation)()
