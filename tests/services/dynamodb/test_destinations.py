"""Kinesis streaming destinations, contributor insights and resource policies."""

from __future__ import annotations

import json

import boto3
import pytest

from awsim.gateway.plan import service_class

_STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"
_ALLOWED = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "dynamodb:GetItem", "Resource": "*"}
_POLICY = {"Version": "2012-10-17", "Statement": [_ALLOWED]}


def test_a_stream_that_is_not_there(client, make, refused):
    make()
    code = "NotImplemented" if service_class("kinesis") is None else "ResourceNotFoundException"
    with refused(code):
        client.enable_kinesis_streaming_destination(TableName="things", StreamArn=_STREAM)
    described = client.describe_kinesis_streaming_destination(TableName="things")
    assert described["KinesisDataStreamDestinations"] == []
    with refused("ResourceNotFoundException"):
        client.disable_kinesis_streaming_destination(TableName="things", StreamArn=_STREAM)


@pytest.mark.skipif(service_class("kinesis") is None, reason="awsim does not model kinesis yet")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
@pytest.mark.rule("dynamodb-084")
def test_changes_go_to_kinesis(aws, client, make, refused):
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    make()
    aws.clock.advance(minutes=5)
    enabled = client.enable_kinesis_streaming_destination(TableName="things", StreamArn=_STREAM)
    assert enabled["DestinationStatus"] == "ENABLING"
    aws.clock.advance(minutes=1)
    (shown,) = client.describe_kinesis_streaming_destination(TableName="things")["KinesisDataStreamDestinations"]
    assert (shown["StreamArn"], shown["DestinationStatus"]) == (_STREAM, "ACTIVE")
    with refused("ValidationException", starts="Table is not in a valid state to enable Kinesis Streaming Destination"):
        client.enable_kinesis_streaming_destination(TableName="things", StreamArn=_STREAM)
    client.put_item(TableName="things", Item={"pk": {"S": "a"}, "raw": {"B": b"x"}})
    client.put_item(TableName="things", Item={"pk": {"S": "a"}, "raw": {"B": b"x"}})
    client.delete_item(TableName="things", Key={"pk": {"S": "a"}})
    (shard,) = kinesis.list_shards(StreamName="changes")["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName="changes", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    insert, remove = [json.loads(one["Data"]) for one in kinesis.get_records(ShardIterator=iterator)["Records"]]
    assert (insert["eventName"], remove["eventName"]) == ("INSERT", "REMOVE")
    assert insert["dynamodb"]["NewImage"] == {"pk": {"S": "a"}, "raw": {"B": "eA=="}}
    assert (insert["tableName"], insert["eventSource"]) == ("things", "aws:dynamodb")
    disabled = client.disable_kinesis_streaming_destination(TableName="things", StreamArn=_STREAM)
    assert disabled["DestinationStatus"] == "DISABLING"
    client.put_item(TableName="things", Item={"pk": {"S": "later"}})
    assert len(kinesis.get_records(ShardIterator=iterator)["Records"]) == 2
    aws.clock.advance(minutes=1)
    (shown,) = client.describe_kinesis_streaming_destination(TableName="things")["KinesisDataStreamDestinations"]
    assert shown["DestinationStatus"] == "DISABLED"


@pytest.mark.aws(lifecycle="timed")
def test_contributor_insights(aws, client, make, refused):
    make("pk:S", "sk:S")
    aws.clock.advance(minutes=1)
    off = client.describe_contributor_insights(TableName="things")
    assert off["ContributorInsightsStatus"] == "DISABLED"
    made = client.update_contributor_insights(TableName="things", ContributorInsightsAction="ENABLE")
    assert made["ContributorInsightsStatus"] == "ENABLING"
    aws.clock.advance(minutes=1)
    on = client.describe_contributor_insights(TableName="things")
    assert on["ContributorInsightsStatus"] == "ENABLED"
    assert len(on["ContributorInsightsRuleList"]) == 4
    assert all(rule.startswith("DynamoDBContributorInsights-") for rule in on["ContributorInsightsRuleList"])
    (summary,) = client.list_contributor_insights()["ContributorInsightsSummaries"]
    assert summary["TableName"] == "things"
    with refused("ResourceNotFoundException"):
        client.update_contributor_insights(TableName="things", IndexName="none", ContributorInsightsAction="ENABLE")


def test_resource_policies(client, make, refused):
    make()
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    with refused("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}"):
        client.get_resource_policy(ResourceArn=arn)
    text = json.dumps(_POLICY)
    revision = client.put_resource_policy(ResourceArn=arn, Policy=text, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    found = client.get_resource_policy(ResourceArn=arn)
    assert (found["Policy"], found["RevisionId"]) == (text, revision)
    assert client.put_resource_policy(ResourceArn=arn, Policy=text)["RevisionId"] == revision
    with refused("PolicyNotFoundException"):
        client.put_resource_policy(ResourceArn=arn, Policy=text.replace("GetItem", "Query"), ExpectedRevisionId="1")
    with refused("LimitExceededException", "The resource-based policy exceeds the maximum size of 20480 bytes"):
        client.put_resource_policy(ResourceArn=arn, Policy=text + " " * 20_480)
    with refused("ValidationException"):
        client.put_resource_policy(ResourceArn=arn, Policy="{}")
    assert client.delete_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    assert "RevisionId" not in client.delete_resource_policy(ResourceArn=arn)
    with refused("ResourceNotFoundException"):
        client.put_resource_policy(ResourceArn=arn + "2", Policy=text)


def test_another_account_needs_a_policy(client, make, refused):
    make()
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    client.put_item(TableName="things", Item={"pk": {"S": "a"}})
    stranger = boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="111111111111", aws_secret_access_key="x"
    )
    get = {"TableName": arn, "Key": {"pk": {"S": "a"}}}
    with refused("AccessDeniedException"):
        stranger.get_item(**get)
    policy = {"Version": "2012-10-17", "Statement": [{**_ALLOWED, "Resource": arn}]}
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    assert stranger.get_item(**get)["Item"] == {"pk": {"S": "a"}}
    with refused("AccessDeniedException"):
        stranger.put_item(TableName=arn, Item={"pk": {"S": "b"}})
    client.delete_resource_policy(ResourceArn=arn)
    with refused("AccessDeniedException"):
        stranger.get_item(**get)
    with refused("ResourceNotFoundException"):
        stranger.get_item(TableName="things", Key={"pk": {"S": "a"}})
