"""Rotation: at once and on schedules, by a function; and replicas in other Regions."""

import json
from datetime import UTC, datetime

import pytest

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


@pytest.mark.rule("secretsmanager-003", "secretsmanager-004")
@pytest.mark.aws(at="2026-01-01T10:30:00Z")
def test_a_secret_is_rotated_every_so_many_days(aws, secrets, make, value, rotator):
    arn = make()
    answer = secrets.rotate_secret(
        SecretId="db", RotationLambdaARN=rotator(), RotationRules={"AutomaticallyAfterDays": 30}
    )
    assert [each["Step"] for each in rotator.steps] == STEPS
    assert {each["SecretId"] for each in rotator.steps} == {arn}
    assert {each["ClientRequestToken"] for each in rotator.steps} == {answer["VersionId"]}
    first = value()
    assert first != "one"
    assert value(VersionStage="AWSPREVIOUS") == "one"
    about = secrets.describe_secret(SecretId="db")
    assert about["RotationEnabled"] is True
    assert about["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert about["LastRotatedDate"] == datetime(2026, 1, 1, 10, 30, tzinfo=UTC)
    assert about["NextRotationDate"] == datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    aws.clock.advance_to(datetime(2026, 1, 30, 23, tzinfo=UTC))
    assert value() == first
    aws.clock.advance(hours=1)
    assert value() != first
    assert value(VersionStage="AWSPREVIOUS") == first
    assert secrets.describe_secret(SecretId="db")["NextRotationDate"] == datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)
    secrets.cancel_rotate_secret(SecretId="db")
    about = secrets.describe_secret(SecretId="db")
    assert about["RotationEnabled"] is False
    assert "NextRotationDate" not in about
    second = value()
    aws.clock.advance(days=60)
    assert value() == second


def test_what_cannot_be_rotated(secrets, make, refused, rotator):
    make()
    assert refused(secrets.rotate_secret, SecretId="db") == (
        "InvalidRequestException",
        "No Lambda rotation function ARN is associated with this secret.",
    )
    function = rotator(permitted=False)
    assert refused(secrets.rotate_secret, SecretId="db", RotationLambdaARN=function) == (
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to "
        "the principal secretsmanager.amazonaws.com.",
    )
    assert "RotationEnabled" not in secrets.describe_secret(SecretId="db")
    for rules in (
        {"ScheduleExpression": "rate(1 hour)"},
        {"ScheduleExpression": "rate(5 minutes)"},
        {"ScheduleExpression": "cron(0 8 ? * * * * *)"},
        {"ScheduleExpression": "rate(1 day)", "AutomaticallyAfterDays": 1},
        {"AutomaticallyAfterDays": 1, "Duration": "25h"},
    ):
        code, _ = refused(secrets.rotate_secret, SecretId="db", RotationLambdaARN=function, RotationRules=rules)
        assert code == "InvalidParameterException"
    assert refused(secrets.cancel_rotate_secret, SecretId="db")[0] == "InvalidRequestException"


@pytest.mark.aws(at="2026-01-01T10:30:00Z")
def test_windows_by_cron(aws, secrets, make, rotator):
    make()
    rules = {"ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "3h"}
    secrets.rotate_secret(SecretId="db", RotationLambdaARN=rotator(), RotationRules=rules, RotateImmediately=False)
    assert [each["Step"] for each in rotator.steps] == ["testSecret"]
    assert list(secrets.describe_secret(SecretId="db")["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
    assert secrets.describe_secret(SecretId="db")["NextRotationDate"] == datetime(2026, 2, 1, 11, tzinfo=UTC)
    aws.clock.advance_to(datetime(2026, 2, 1, 8, tzinfo=UTC))
    assert [each["Step"] for each in rotator.steps[1:]] == STEPS


def test_a_rotation_that_fails_is_tried_again(secrets, make, value, refused, rotator):
    broken = [True]

    def code(event, context):
        import boto3

        client = boto3.client("secretsmanager", region_name="us-east-1")
        given = {"SecretId": event["SecretId"]}
        token = event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            client.put_secret_value(**given, ClientRequestToken=token, SecretString="two", VersionStages=["AWSPENDING"])
        if event["Step"] == "setSecret" and broken:
            raise RuntimeError("the database does not answer")
        if event["Step"] == "finishSecret":
            (current,) = [
                version
                for version, stages in client.describe_secret(**given)["VersionIdsToStages"].items()
                if "AWSCURRENT" in stages
            ]
            client.update_secret_version_stage(
                **given, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )

    make()
    secrets.rotate_secret(SecretId="db", RotationLambdaARN=rotator(code))
    assert value() == "one"
    assert value(VersionStage="AWSPENDING") == "two"
    assert "LastRotatedDate" not in secrets.describe_secret(SecretId="db")
    broken.clear()
    assert refused(secrets.rotate_secret, SecretId="db") == (
        "InvalidRequestException",
        "A previous rotation isn't complete. That rotation will be reattempted.",
    )
    assert value() == "two"
    assert secrets.describe_secret(SecretId="db")["LastRotatedDate"]


def test_events_of_rotation(secrets, make, rotator, client):
    sqs, events = client("sqs"), client("events")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.secretsmanager"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:told"}])

    def told():
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        details = [json.loads(each["Body"])["detail"] for each in found]
        for each in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        assert {each["additionalEventData"]["SecretId"] for each in details} == {arn}
        return [each["eventName"] for each in details]

    arn = make()
    secrets.rotate_secret(SecretId="db", RotationLambdaARN=rotator())
    assert told() == ["RotationStarted", "RotationSucceeded"]
    secrets.rotate_secret(SecretId="db", RotateImmediately=False)
    assert told() == ["TestRotationStarted", "TestRotationSucceeded"]
    client("lambda").delete_function(FunctionName="rotate")
    rotator(lambda event, context: 1 / 0)
    secrets.rotate_secret(SecretId="db")
    assert told() == ["RotationStarted", "RotationFailed"]


@pytest.mark.rule("secretsmanager-007")
def test_replicas_follow(secrets, eu, make, value, refused):
    arn = make(Description="d", Tags=[{"Key": "a", "Value": "1"}])
    answer = secrets.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1"}])
    assert [(each["Region"], each["Status"]) for each in answer["ReplicationStatus"]] == [("eu-west-1", "InProgress")]
    (status,) = secrets.describe_secret(SecretId="db")["ReplicationStatus"]
    assert status["Status"] == "InSync"
    found = eu.get_secret_value(SecretId="db")
    assert found["ARN"] == arn.replace("us-east-1", "eu-west-1")
    assert found["SecretString"] == "one"
    about = eu.describe_secret(SecretId="db")
    assert (about["PrimaryRegion"], about["Description"]) == ("us-east-1", "d")
    assert about["Tags"] == [{"Key": "a", "Value": "1"}]
    secrets.put_secret_value(SecretId="db", SecretString="two")
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "two"
    assert eu.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    assert refused(eu.put_secret_value, SecretId="db", SecretString="three") == (
        "InvalidRequestException",
        "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
    )
    assert refused(eu.delete_secret, SecretId="db")[0] == "InvalidRequestException"
    for region in ("us-east-1", "nowhere", "cn-north-1"):
        again = {"SecretId": "db", "AddReplicaRegions": [{"Region": region}]}
        assert refused(secrets.replicate_secret_to_regions, **again)[0] in (
            "InvalidParameterException",
            "ValidationException",
        )


@pytest.mark.aws(consistency="eventual", at="2026-01-01")
@pytest.mark.rule("secretsmanager-007")
def test_replicas_follow_after_a_while(aws, secrets, eu, make, refused):
    make(AddReplicaRegions=[{"Region": "eu-west-1"}])
    assert refused(eu.get_secret_value, SecretId="db")[0] == "ResourceNotFoundException"
    aws.clock.advance(seconds=5)
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "one"


def test_a_name_that_is_taken_in_the_other_region(secrets, eu, make):
    make()
    eu.create_secret(Name="db", SecretString="other")
    secrets.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1"}])
    (status,) = secrets.describe_secret(SecretId="db")["ReplicationStatus"]
    assert status["Status"] == "Failed"
    assert status["StatusMessage"] == ("Replication failed: Secret name db already exists in region eu-west-1.")
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "other"
    secrets.replicate_secret_to_regions(
        SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1"}], ForceOverwriteReplicaSecret=True
    )
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "one"


@pytest.mark.rule("secretsmanager-008")
def test_a_replica_becomes_a_secret_of_its_own(secrets, eu, make, value, refused):
    make(AddReplicaRegions=[{"Region": "eu-west-1"}, {"Region": "eu-west-2"}])
    assert refused(secrets.delete_secret, SecretId="db") == (
        "InvalidRequestException",
        "You can't delete secret db that still has replica regions [eu-west-1, eu-west-2].",
    )
    eu.stop_replication_to_replica(SecretId="db")
    eu.put_secret_value(SecretId="db", SecretString="mine")
    assert value() == "one"
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "mine"
    regions = [each["Region"] for each in secrets.describe_secret(SecretId="db")["ReplicationStatus"]]
    assert regions == ["eu-west-2"]
    secrets.remove_regions_from_replication(SecretId="db", RemoveReplicaRegions=["eu-west-2"])
    secrets.delete_secret(SecretId="db")
    assert refused(secrets.stop_replication_to_replica, SecretId="db")[0] == "InvalidRequestException"
