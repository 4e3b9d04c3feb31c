"""Events of EventBridge for what trails log."""

import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


@pytest.fixture
def told(client):
    """told(pattern, State=…) -> a function that takes what the rule has sent."""

    def told(pattern, **rule):
        events, sqs = client("events"), client("sqs")
        url = sqs.create_queue(QueueName="told")["QueueUrl"]
        events.put_rule(Name="calls", EventPattern=json.dumps(pattern), **rule)
        arn = "arn:aws:sqs:us-east-1:123456789012:told"
        events.put_targets(Rule="calls", Targets=[{"Id": "queue", "Arn": arn}])

        def take():
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return [json.loads(message["Body"]) for message in found]

        return take

    return told


@pytest.mark.rule("cloudtrail-018")
def test_a_call_fires_a_rule_while_a_trail_logs(client, trails, told, logging):
    pattern = {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["DeleteTable"]}}
    take = told(pattern)
    tables = client("dynamodb")
    for name in ("first", "second", "third"):
        tables.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    tables.delete_table(TableName="first")
    assert take() == []
    logging()
    tables.delete_table(TableName="second")
    (event,) = take()
    assert event["source"] == "aws.dynamodb"
    assert event["detail-type"] == "AWS API Call via CloudTrail"
    assert event["region"] == "us-east-1" and event["account"] == "123456789012"
    assert event["detail"]["requestParameters"] == {"tableName": "second"}
    assert event["detail"]["eventSource"] == "dynamodb.amazonaws.com"
    assert event["detail"]["responseElements"]["tableDescription"]["tableName"] == "second"
    trails.stop_logging(Name="all")
    tables.delete_table(TableName="third")
    assert take() == []


@pytest.mark.rule("cloudtrail-018")
def test_data_events_only_where_a_trail_logs_them(client, trails, told, logging, s3):
    take = told({"source": ["aws.s3"], "detail": {"eventName": ["PutObject"]}})
    logging()
    s3.create_bucket(Bucket="watched")
    s3.put_object(Bucket="watched", Key="a", Body=b"x")
    assert take() == []
    objects = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::watched/"]}
    trails.put_event_selectors(TrailName="all", EventSelectors=[{"DataResources": [objects]}])
    s3.put_object(Bucket="watched", Key="a", Body=b"x")
    (event,) = take()
    assert event["detail"]["requestParameters"]["bucketName"] == "watched"


def test_reading_calls_fire_only_rules_that_want_them(client, told, logging):
    pattern = {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["ListQueues", "TagQueue"]}}
    take = told(pattern)
    logging()
    sqs = client("sqs")
    sqs.list_queues()
    assert take() == []
    client("events").put_rule(
        Name="calls", EventPattern=json.dumps(pattern), State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    )
    sqs.list_queues()
    (event,) = take()
    assert event["detail"]["eventName"] == "ListQueues"
    assert event["detail"]["readOnly"] is True


@pytest.mark.parametrize("operation", ["StopLogging", "DeleteTrail"])
def test_the_end_of_a_trail_is_the_last_that_it_tells(client, trails, told, logging, operation):
    take = told({"source": ["aws.cloudtrail"], "detail": {"eventName": ["StopLogging", "DeleteTrail"]}})
    logging()
    call = {"StopLogging": trails.stop_logging, "DeleteTrail": trails.delete_trail}[operation]
    call(Name="all")
    (event,) = take()
    assert event["detail"]["eventName"] == operation
    assert event["detail"]["requestParameters"] == {"name": "all"}
    client("sqs").create_queue(QueueName="jobs")
    assert take() == []


def test_failed_calls_fire_rules_too(client, told, logging):
    take = told({"source": ["aws.sqs"], "detail": {"errorCode": [{"exists": True}], "readOnly": [False]}})
    logging()
    with pytest.raises(Exception, match="does not exist"):
        client("sqs").delete_queue(QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/none")
    (event,) = take()
    assert event["detail"]["eventName"] == "DeleteQueue"
