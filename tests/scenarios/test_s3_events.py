"""Stories of buckets that tell others: one upload fans out over a topic, another finds its way over EventBridge."""

import json

import boto3
import pytest

REGION = "us-east-1"
ACCOUNT = "123456789012"
BUCKET = "uploads"

MODES = [
    pytest.param(marks=pytest.mark.aws(at="2026-01-01"), id="instant"),
    pytest.param(marks=pytest.mark.aws(at="2026-01-01", lifecycle="timed"), id="timed"),
    pytest.param(marks=pytest.mark.aws(at="2026-01-01", realistic=True), id="realistic"),
]


def allow(service, action, resource, source):
    """The policy that lets one of AWS's services in on behalf of one resource."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    if source.startswith("arn:aws:s3:"):
        # A bucket's ARN does not say whose it is.
        statement["Condition"]["StringEquals"] = {"aws:SourceAccount": ACCOUNT}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def s3(aws):
    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def queue(aws):
    sqs = boto3.client("sqs", region_name=REGION)

    def make(name, service, source):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        sqs.create_queue(QueueName=name, Attributes={"Policy": allow(service, "sqs:SendMessage", arn, source)})
        return arn

    return make


@pytest.fixture
def take(aws):
    """take("queue") -> the JSON bodies that came to it within ten minutes, each once."""
    sqs = boto3.client("sqs", region_name=REGION)

    def take(name):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = {}
        aws.clock.advance(minutes=5)
        quiet = 0
        # A realistic queue may not show all that it holds at once.
        while quiet < 5:
            batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            quiet = 0 if batch else quiet + 1
            for message in batch:
                found[message["Body"]] = json.loads(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            aws.clock.advance(seconds=5)
        return list(found.values())

    return take


def keys(messages):
    """Keys of the S3 events in messages from a topic, in the order of their sequencers."""
    records = {}
    for message in messages:
        for record in json.loads(message["Message"]).get("Records", ()):
            shown = record["s3"]["object"]
            records[shown["sequencer"]] = (record["eventName"], shown["key"])
    return [records[sequencer] for sequencer in sorted(records)]


@pytest.mark.rule("sns-038", "s3-248")
@pytest.mark.parametrize((), MODES)
def test_an_upload_reaches_two_queues_over_a_topic(aws, s3, queue, take):
    sns = boto3.client("sns", region_name=REGION)
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:uploaded"
    policy = allow("s3.amazonaws.com", "SNS:Publish", topic, f"arn:aws:s3:::{BUCKET}")
    sns.create_topic(Name="uploaded", Attributes={"Policy": policy})
    images = {"Records": {"s3": {"object": {"key": [{"suffix": ".jpg"}]}}}}
    for name, filter_policy in (("audit", None), ("thumbnails", images)):
        attributes = {}
        if filter_policy is not None:
            attributes = {"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps(filter_policy)}
        arn = queue(name, "sns.amazonaws.com", topic)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    aws.clock.advance(minutes=1)
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}]
        },
    )
    for key in ("cat.jpg", "notes.txt", "dog.jpg"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"content")
        aws.clock.advance(seconds=1)
    s3.delete_object(Bucket=BUCKET, Key="cat.jpg")
    assert keys(take("audit")) == [
        ("ObjectCreated:Put", "cat.jpg"),
        ("ObjectCreated:Put", "notes.txt"),
        ("ObjectCreated:Put", "dog.jpg"),
        ("ObjectRemoved:Delete", "cat.jpg"),
    ]
    assert keys(take("thumbnails")) == [
        ("ObjectCreated:Put", "cat.jpg"),
        ("ObjectCreated:Put", "dog.jpg"),
        ("ObjectRemoved:Delete", "cat.jpg"),
    ]


@pytest.mark.rule("sns-038")
@pytest.mark.parametrize((), MODES)
def test_one_bucket_alone_cannot_tell_two_queues(s3, queue):
    entries = [
        {"QueueArn": queue(name, "s3.amazonaws.com", f"arn:aws:s3:::{BUCKET}"), "Events": ["s3:ObjectCreated:*"]}
        for name in ("one", "two")
    ]
    with pytest.raises(s3.exceptions.ClientError) as refused:
        s3.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": entries}
        )
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"
    assert refused.value.response["Error"]["Message"].startswith("Configurations overlap.")


@pytest.mark.rule("s3-251")
@pytest.mark.parametrize((), MODES)
def test_large_uploads_find_their_way_over_eventbridge(aws, s3, queue, take):
    events = boto3.client("events", region_name=REGION)
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": "video/"}]}},
    }
    rule = events.put_rule(Name="videos", EventPattern=json.dumps(pattern))["RuleArn"]
    arn = queue("videos", "events.amazonaws.com", rule)
    events.put_targets(Rule="videos", Targets=[{"Id": "1", "Arn": arn, "InputPath": "$.detail"}])
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    aws.clock.advance(minutes=1)
    s3.put_object(Bucket=BUCKET, Key="text/1", Body=b"1")
    s3.put_object(Bucket=BUCKET, Key="video/1", Body=b"12345")
    s3.delete_object(Bucket=BUCKET, Key="video/1")
    found = {detail["object"]["sequencer"]: detail for detail in take("videos")}
    created, deleted = (found[sequencer] for sequencer in sorted(found))
    assert (created["reason"], created["object"]["key"], created["object"]["size"]) == ("PutObject", "video/1", 5)
    assert (deleted["reason"], deleted["deletion-type"]) == ("DeleteObject", "Delete Marker Created")
