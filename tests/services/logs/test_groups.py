"""Log groups and streams: names, classes, retention, keys, protection, tags."""

import json

import pytest

from tests.services.logs.conftest import ACCOUNT, GROUP, REGION, messages

DAY = 86_400


@pytest.mark.rule("logs-002")
def test_a_group_is_made_once_described_by_prefix_and_deleted_with_its_streams(logs, put, refused):
    put("app/web", "s1", "a")
    put("app/db", "s1", "b")
    assert refused(logs.create_log_group, logGroupName="app/web") == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    (found,) = logs.describe_log_groups(logGroupNamePrefix="app/w")["logGroups"]
    assert found["arn"] == f"{GROUP}app/web:*" and found["logGroupArn"] == f"{GROUP}app/web"
    assert found["storedBytes"] == 27 and found["logGroupClass"] == "STANDARD"
    logs.delete_log_group(logGroupName="app/web")
    assert [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]] == ["app/db"]
    gone = ("ResourceNotFoundException", "The specified log group does not exist.")
    assert refused(logs.delete_log_group, logGroupName="app/web") == gone
    logs.create_log_group(logGroupName="app/web")
    assert logs.describe_log_streams(logGroupName="app/web")["logStreams"] == []


@pytest.mark.rule("logs-003")
def test_streams_of_a_group(logs, put, refused):
    missing = ("ResourceNotFoundException", "The specified log group does not exist.")
    assert refused(logs.create_log_stream, logGroupName="app", logStreamName="i-1") == missing
    put("app", "i-1", "a")
    logs.create_log_stream(logGroupName="app", logStreamName="i-2")
    assert refused(logs.create_log_stream, logGroupName="app", logStreamName="i-2") == (
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )
    names = lambda **more: [  # noqa: E731
        each["logStreamName"] for each in logs.describe_log_streams(logGroupName="app", **more)["logStreams"]
    ]
    assert names() == ["i-1", "i-2"] and names(descending=True) == ["i-2", "i-1"]
    assert names(logStreamNamePrefix="i-2") == ["i-2"]
    logs.delete_log_stream(logGroupName="app", logStreamName="i-1")
    assert names() == ["i-2"] and logs.filter_log_events(logGroupName="app")["events"] == []
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0
    assert refused(logs.delete_log_stream, logGroupName="app", logStreamName="i-1") == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )


@pytest.mark.aws(at="2026-01-01")
def test_streams_by_their_last_event(logs, put, refused):
    for stream, ago in (("a", 30), ("b", 10), ("c", 20)):
        put("app", stream, "x", ago=ago)
    logs.create_log_stream(logGroupName="app", logStreamName="empty")
    put("app", "a", "later", ago=5)

    def names(**more):
        page = logs.describe_log_streams(logGroupName="app", orderBy="LastEventTime", **more)
        return [each["logStreamName"] for each in page["logStreams"]], page.get("nextToken")

    assert names() == (["empty", "c", "b", "a"], None)
    first, token = names(descending=True, limit=3)
    assert first == ["a", "b", "c"] and names(descending=True, limit=3, nextToken=token) == (["empty"], None)
    code, _ = refused(logs.describe_log_streams, logGroupName="app", orderBy="LastEventTime", logStreamNamePrefix="a")
    assert code == "InvalidParameterException"


@pytest.mark.parametrize("name", ["a b", "a*b", "a:b", "x" * 513])
def test_names_that_no_group_can_have(logs, refused, name):
    assert refused(logs.create_log_group, logGroupName=name)[0] == "InvalidParameterException"
    assert logs.describe_log_groups()["logGroups"] == []


def test_names_of_aws(logs, refused):
    assert refused(logs.create_log_group, logGroupName="aws/mine") == (
        "InvalidParameterException",
        "Log groups starting with AWS/ are reserved for AWS.",
    )
    logs.create_log_group(logGroupName="/aws/mine")


# --- retention


@pytest.mark.rule("logs-004", "logs-005")
@pytest.mark.aws(at="2026-01-01")
def test_events_stay_unless_a_retention_is_set(aws, logs, put, refused):
    put("app", "web", "old")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    aws.clock.advance(seconds=3 * 365 * DAY)
    assert messages(logs.get_log_events(logGroupName="app", logStreamName="web")) == ["old"]

    code, message = refused(logs.put_retention_policy, logGroupName="app", retentionInDays=31)
    assert code == "InvalidParameterException" and "'31' at 'retentionInDays'" in message
    put("app", "web", "new")
    logs.put_retention_policy(logGroupName="app", retentionInDays=30)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 30
    assert messages(logs.get_log_events(logGroupName="app", logStreamName="web")) == ["new"]
    aws.clock.advance(seconds=29 * DAY)
    assert messages(logs.filter_log_events(logGroupName="app")) == ["new"]
    aws.clock.advance(seconds=2 * DAY)
    assert logs.filter_log_events(logGroupName="app")["events"] == []
    assert logs.get_log_events(logGroupName="app", logStreamName="web")["events"] == []
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0

    logs.delete_retention_policy(logGroupName="app")
    put("app", "web", "kept")
    aws.clock.advance(seconds=4000 * DAY)
    assert messages(logs.filter_log_events(logGroupName="app")) == ["kept"]


@pytest.mark.aws(at="2026-01-01")
def test_an_event_expires_to_the_millisecond(aws, logs, put):
    put("app", "web", "first")
    logs.put_retention_policy(logGroupName="app", retentionInDays=1)
    aws.clock.advance(seconds=0.001)
    put("app", "web", "second")
    aws.clock.advance(seconds=DAY)
    put("app", "web", "third")
    assert messages(logs.filter_log_events(logGroupName="app")) == ["second", "third"]
    assert logs.describe_log_streams(logGroupName="app")["logStreams"][0]["firstEventTimestamp"] == 1767225600001


@pytest.mark.aws(at="2026-01-01", consistency="eventual")
def test_deletion_may_take_three_days_longer(aws, logs, put):
    put("app", "web", "old")
    logs.put_retention_policy(logGroupName="app", retentionInDays=1)
    aws.clock.advance(seconds=2 * DAY)
    assert messages(logs.filter_log_events(logGroupName="app")) == ["old"]
    aws.clock.advance(seconds=3 * DAY)
    assert logs.filter_log_events(logGroupName="app")["events"] == []


def test_the_delivery_class_keeps_for_a_day(logs, refused):
    logs.create_log_group(logGroupName="app", logGroupClass="DELIVERY")
    assert logs.describe_log_groups(logGroupClass="DELIVERY")["logGroups"][0]["retentionInDays"] == 1
    code, _ = refused(logs.put_retention_policy, logGroupName="app", retentionInDays=30)
    assert code == "InvalidParameterException"


def test_infrequent_access_has_fewer_features(logs, refused):
    logs.create_log_group(logGroupName="app", logGroupClass="INFREQUENT_ACCESS")
    metric = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    code, _ = refused(
        logs.put_metric_filter, logGroupName="app", filterName="f", filterPattern="", metricTransformations=metric
    )
    assert code == "InvalidOperationException"


# --- protection and tags


@pytest.mark.newer_botocore
def test_what_is_protected_is_not_deleted(logs, put, refused):
    put("app", "web", "a")
    logs.put_log_group_deletion_protection(logGroupIdentifier="app", deletionProtectionEnabled=True)
    for call, more in ((logs.delete_log_group, {}), (logs.delete_log_stream, {"logStreamName": "web"})):
        assert refused(call, logGroupName="app", **more)[0] == "ValidationException"
    assert messages(logs.filter_log_events(logGroupName="app")) == ["a"]
    logs.put_log_group_deletion_protection(logGroupIdentifier=f"{GROUP}app", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="app")


def test_tags_by_both_apis(logs, refused):
    logs.create_log_group(logGroupName="app", tags={"team": "a"})
    logs.tag_resource(resourceArn=f"{GROUP}app", tags={"stage": "test"})
    logs.tag_log_group(logGroupName="app", tags={"cost": "1"})
    assert logs.list_tags_log_group(logGroupName="app")["tags"] == {"team": "a", "stage": "test", "cost": "1"}
    logs.untag_resource(resourceArn=f"{GROUP}app", tagKeys=["team"])
    logs.untag_log_group(logGroupName="app", tags=["cost"])
    assert logs.list_tags_for_resource(resourceArn=f"{GROUP}app")["tags"] == {"stage": "test"}
    assert refused(logs.list_tags_for_resource, resourceArn=f"{GROUP}none")[0] == "ResourceNotFoundException"
    assert refused(logs.tag_resource, resourceArn=f"{GROUP}app", tags={"aws:x": "1"})[0] == "InvalidParameterException"
    many = {str(number): "x" for number in range(50)}
    assert refused(logs.tag_resource, resourceArn=f"{GROUP}app", tags=many)[0] == "TooManyTagsException"


# --- keys


@pytest.fixture
def key(client):
    return client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.mark.rule("logs-006")
def test_a_group_under_a_key(client, logs, put, refused, key):
    missing = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
    assert refused(logs.create_log_group, logGroupName="app", kmsKeyId=missing) == (
        "InvalidParameterException",
        "The specified KMS Key Id could not be found. 'app'",
    )
    assert logs.describe_log_groups()["logGroups"] == []
    logs.create_log_group(logGroupName="app", kmsKeyId=key)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key
    put("app", "web", "secret")
    assert messages(logs.filter_log_events(logGroupName="app")) == ["secret"]

    logs.disassociate_kms_key(logGroupName="app")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    put("app", "open", "clear")
    client("kms").disable_key(KeyId=key)
    # What was sealed needs its key still; what came in later does not.
    assert refused(logs.filter_log_events, logGroupName="app")[0] == "AccessDeniedException"
    assert messages(logs.get_log_events(logGroupName="app", logStreamName="open")) == ["clear"]
    assert refused(logs.associate_kms_key, logGroupName="app", kmsKeyId=key)[0] == "InvalidParameterException"


@pytest.mark.rule("logs-006")
@pytest.mark.aws(authorization=True)
def test_a_key_has_to_let_cloudwatch_logs_in(client, logs, refused, key):
    assert refused(logs.create_log_group, logGroupName="app", kmsKeyId=key) == (
        "AccessDeniedException",
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{GROUP}app'",
    )
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    service = {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"{GROUP}*"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root, service]})
    client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    logs.create_log_group(logGroupName="app")
    logs.associate_kms_key(logGroupName="app", kmsKeyId=key)


@pytest.mark.aws(at="2026-01-01")
def test_a_data_key_is_used_for_five_minutes(aws, logs, put, key):
    logs.create_log_group(logGroupName="app", kmsKeyId=key)
    aws.calls.clear()
    for minutes in (0, 4, 2):
        aws.clock.advance(minutes=minutes)
        put("app", "web", "x")
    asked = [call.operation for outer in aws.calls for call in outer.caused if call.service == "kms"]
    assert asked == ["GenerateDataKey"] * 2
    aws.calls.clear()
    logs.filter_log_events(logGroupName="app")
    assert [call.operation for outer in aws.calls for call in outer.caused] == ["Decrypt"] * 2


@pytest.mark.aws(limits={"logs.log-groups": 1})
def test_groups_are_counted(aws, logs, refused):
    logs.create_log_group(logGroupName="a")
    assert refused(logs.create_log_group, logGroupName="b") == ("LimitExceededException", "Resource limit exceeded.")
    logs.delete_log_group(logGroupName="a")
    (usage,) = [usage for usage in aws.limits.usage() if usage.name == "logs.log-groups"]
    assert usage.used == 0
    logs.create_log_group(logGroupName="b")


def test_pages_of_many_groups(logs):
    for number in range(60):
        logs.create_log_group(logGroupName=f"app{number:02d}")
    page = logs.describe_log_groups()
    assert len(page["logGroups"]) == 50
    rest = logs.describe_log_groups(nextToken=page["nextToken"])
    assert [each["logGroupName"] for each in rest["logGroups"]] == [f"app{number}" for number in range(50, 60)]
    assert len(logs.describe_log_groups(logGroupNamePattern="APP1")["logGroups"]) == 10
