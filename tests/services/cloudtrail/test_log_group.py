"""Trails that write to a log group."""

import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:audit:*"
ROLE = "arn:aws:iam::123456789012:role/to-logs"


@pytest.fixture
def role(client):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return client("iam").create_role(RoleName="to-logs", AssumeRolePolicyDocument=document)["Role"]["Arn"]


@pytest.mark.rule("cloudtrail-010", "logs-033")
def test_events_go_to_a_log_group(aws, client, trails, logging, role):
    logs = client("logs")
    logs.create_log_group(logGroupName="audit")
    logging(CloudWatchLogsLogGroupArn=GROUP, CloudWatchLogsRoleArn=role)
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(minutes=5)
    (stream,) = logs.describe_log_streams(logGroupName="audit")["logStreams"]
    assert stream["logStreamName"] == "123456789012_CloudTrail_us-east-1"
    events = logs.filter_log_events(logGroupName="audit")["events"]
    names = [json.loads(event["message"])["eventName"] for event in events]
    assert "CreateQueue" in names
    assert trails.get_trail_status(Name="all")["LatestCloudWatchLogsDeliveryTime"].minute == 5


@pytest.mark.rule("cloudtrail-010")
def test_groups_and_roles_that_will_not_do(client, trails, bucket, role, refused):
    bucket()
    settings = {"Name": "all", "S3BucketName": "logs"}
    both = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": role}
    assert refused(trails.create_trail, **settings, **both) == (
        "InvalidCloudWatchLogsLogGroupArnException",
        "CloudTrail cannot validate the specified log group ARN.",
    )
    client("logs").create_log_group(logGroupName="audit")
    missing = {**both, "CloudWatchLogsRoleArn": ROLE + "-none"}
    assert refused(trails.create_trail, **settings, **missing)[0] == "InvalidCloudWatchLogsRoleArnException"
    alone = {"CloudWatchLogsLogGroupArn": GROUP}
    assert refused(trails.create_trail, **settings, **alone)[0] == "InvalidCloudWatchLogsRoleArnException"
    other = {**both, "CloudWatchLogsLogGroupArn": "audit"}
    assert refused(trails.create_trail, **settings, **other)[0] == "InvalidCloudWatchLogsLogGroupArnException"
    trails.create_trail(**settings, **both)


@pytest.mark.rule("cloudtrail-010")
@pytest.mark.aws(authorization=True)
def test_a_role_that_may_not_write(client, trails, bucket, role, refused):
    bucket()
    client("logs").create_log_group(logGroupName="audit")
    asked = {"Name": "all", "S3BucketName": "logs", "CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": role}
    assert refused(trails.create_trail, **asked) == (
        "InvalidCloudWatchLogsLogGroupArnException",
        "Access denied. Check the permissions for your role.",
    )
    allow = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    client("iam").put_role_policy(RoleName="to-logs", PolicyName="write", PolicyDocument=document)
    trails.create_trail(**asked)
