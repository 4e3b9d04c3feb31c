"""What AWS's services publish by themselves."""

import io
import json
import zipfile
from datetime import timedelta

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:30")
ACCOUNT = "123456789012"


def client(service):
    return boto3.client(service, region_name="us-east-1")


@pytest.fixture
def sums(points):
    """Sums by metric: `sums("AWS/SQS", QueueName="jobs")`."""

    def read(namespace, *names, **dimensions):
        return {name: sum(points("Sum", name, namespace, dimensions)) for name in names}

    return read


@pytest.fixture
def queue(aws):
    return client("sqs").create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "90"})["QueueUrl"]


@pytest.mark.rule("cloudwatch-001", "sqs-097")
def test_the_length_of_a_queue(aws, cloudwatch, queue, points):
    sqs = client("sqs")
    for _ in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody="x" * 10)
    aws.clock.advance(minutes=2)
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=messages[0]["ReceiptHandle"])
    aws.clock.advance(minutes=3)
    of = {"namespace": "AWS/SQS", "dimensions": {"QueueName": "jobs"}}
    assert points("Maximum", "ApproximateNumberOfMessagesVisible", **of) == [3, 3, 1, 1, 2, 2]
    assert points("Maximum", "ApproximateNumberOfMessagesNotVisible", **of) == [0, 0, 1, 1, 0, 0]
    assert points("Maximum", "ApproximateAgeOfOldestMessage", **of)[-1] == 300
    assert points("Average", "NumberOfMessagesSent", **of) == [1.0]
    assert points("SampleCount", "NumberOfMessagesSent", **of) == [3.0]
    names = {metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="AWS/SQS")["Metrics"]}
    assert "ApproximateNumberOfMessagesVisible" in names
    assert "ApproximateNumberOfMessages" not in names


def test_a_queues_counts(aws, queue, sums):
    sqs = client("sqs")
    sqs.receive_message(QueueUrl=queue)
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(number), "MessageBody": "12345"} for number in range(4)])
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    counts = sums(
        "AWS/SQS", "NumberOfMessagesSent", "SentMessageSize", "NumberOfMessagesReceived", "NumberOfEmptyReceives",
        "NumberOfMessagesDeleted", QueueName="jobs",
    )  # fmt: skip
    assert list(counts.values()) == [4, 20, 1, 1, 1]


def test_a_queue_that_is_gone_is_no_longer_measured(aws, queue, points):
    aws.clock.advance(minutes=1)
    client("sqs").delete_queue(QueueUrl=queue)
    aws.clock.advance(minutes=5)
    of = {"namespace": "AWS/SQS", "dimensions": {"QueueName": "jobs"}}
    client("sqs").create_queue(QueueName="other")
    assert len(points("Maximum", "ApproximateNumberOfMessagesVisible", **of)) <= 1


def test_a_fifo_queue(aws, points):
    sqs = client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="jobs.fifo", Attributes=attributes)["QueueUrl"]
    for group in ("a", "a", "b"):
        sqs.send_message(QueueUrl=url, MessageBody="x" if group == "a" else "y", MessageGroupId=group)
    sqs.receive_message(QueueUrl=url)
    of = {"namespace": "AWS/SQS", "dimensions": {"QueueName": "jobs.fifo"}}
    assert points("Sum", "NumberOfDeduplicatedSentMessages", **of) == [1]
    assert points("Maximum", "ApproximateNumberOfGroupsWithInflightMessages", **of) == [1]


@pytest.mark.rule("sns-039")
def test_failed_notifications(aws, queue, sums):
    sns = client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    for name in ("jobs", "none"):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}")
    filtered = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs2")
    sns.set_subscription_attributes(
        SubscriptionArn=filtered["SubscriptionArn"], AttributeName="FilterPolicy", AttributeValue='{"a": ["b"]}'
    )
    sns.publish(TopicArn=topic, Message="hello")
    counts = sums(
        "AWS/SNS", "NumberOfMessagesPublished", "PublishSize", "NumberOfNotificationsDelivered",
        "NumberOfNotificationsFailed", "NumberOfNotificationsFilteredOut",
        "NumberOfNotificationsFilteredOut-NoMessageAttributes", TopicName="news",
    )  # fmt: skip
    assert list(counts.values()) == [1, 5, 1, 1, 1, 1]


@pytest.mark.rule("sns-039")
@pytest.mark.aws(at="2026-01-01T12:00:30", authorization=True)
def test_a_queue_that_does_not_let_the_topic_in(aws, queue, sums):
    sns = client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs")
    sns.publish(TopicArn=topic, Message="hello")
    assert sums("AWS/SNS", "NumberOfNotificationsFailed", TopicName="news") == {"NumberOfNotificationsFailed": 1}


@pytest.fixture
def stream(aws):
    client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    return client("kinesis")


def iterator(kinesis):
    asked = {"StreamName": "clicks", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    return kinesis.get_shard_iterator(**asked)["ShardIterator"]


@pytest.mark.rule("kinesis-047")
def test_what_goes_through_a_stream(stream, sums):
    stream.put_record(StreamName="clicks", Data=b"abc", PartitionKey="k")
    stream.put_records(StreamName="clicks", Records=[{"Data": b"abc", "PartitionKey": "k"}] * 3)
    stream.get_records(ShardIterator=iterator(stream), Limit=2)
    counts = sums(
        "AWS/Kinesis", "IncomingBytes", "IncomingRecords", "GetRecords.Bytes", "GetRecords.Records",
        "PutRecord.Success", "PutRecords.SuccessfulRecords", StreamName="clicks",
    )  # fmt: skip
    assert list(counts.values()) == [16, 4, 8, 2, 1, 3]


@pytest.mark.rule("kinesis-048")
@pytest.mark.aws(at="2026-01-01T12:00:30", throttling=True, limits={"kinesis.shard-records-in": 2})
def test_refusals_of_a_stream(aws, stream, sums):
    answer = aws.call("kinesis", "PutRecords", StreamName="clicks", Records=[{"Data": b"a", "PartitionKey": "k"}] * 5)
    assert answer["FailedRecordCount"] == 3
    with pytest.raises(Exception, match="Rate exceeded"):
        aws.call("kinesis", "PutRecord", StreamName="clicks", Data=b"a", PartitionKey="k")
    place = iterator(stream)
    for _ in range(5):
        aws.call("kinesis", "GetRecords", ShardIterator=place)
    with pytest.raises(Exception, match="Rate exceeded"):
        aws.call("kinesis", "GetRecords", ShardIterator=place)
    counts = sums(
        "AWS/Kinesis", "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded",
        "PutRecords.ThrottledRecords", StreamName="clicks",
    )  # fmt: skip
    assert list(counts.values()) == [4, 1, 3]


@pytest.mark.rule("kinesis-049")
def test_the_age_of_what_was_read_last(aws, stream, points):
    stream.put_record(StreamName="clicks", Data=b"a", PartitionKey="k")
    aws.clock.advance(seconds=7)
    stream.put_record(StreamName="clicks", Data=b"b", PartitionKey="k")
    answer = stream.get_records(ShardIterator=iterator(stream), Limit=1)
    of = {"namespace": "AWS/Kinesis", "dimensions": {"StreamName": "clicks"}}
    (age,) = points("Maximum", "GetRecords.IteratorAgeMilliseconds", **of)
    assert age == answer["MillisBehindLatest"]
    stream.get_records(ShardIterator=answer["NextShardIterator"])
    assert points("Minimum", "GetRecords.IteratorAgeMilliseconds", **of) == [0]


def test_metrics_of_shards_are_to_be_asked_for(cloudwatch, stream, sums):
    stream.put_record(StreamName="clicks", Data=b"a", PartitionKey="k")
    of = {"StreamName": "clicks", "ShardId": "shardId-000000000000"}
    assert sums("AWS/Kinesis", "IncomingRecords", **of) == {"IncomingRecords": 0}
    stream.enable_enhanced_monitoring(StreamName="clicks", ShardLevelMetrics=["IncomingRecords"])
    stream.put_records(StreamName="clicks", Records=[{"Data": b"abc", "PartitionKey": "k"}] * 3)
    assert sums("AWS/Kinesis", "IncomingRecords", "IncomingBytes", **of) == {"IncomingRecords": 3, "IncomingBytes": 0}


@pytest.fixture
def table(aws):
    db = client("dynamodb")
    db.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
    )
    return db


@pytest.mark.rule("dynamodb-105")
def test_the_capacity_of_a_table(aws, table, points):
    table.put_item(TableName="orders", Item={"id": {"S": "1"}, "text": {"S": "x" * 1500}})
    table.get_item(TableName="orders", Key={"id": {"S": "1"}})
    aws.clock.advance(minutes=1)
    table.batch_write_item(
        RequestItems={"orders": [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(4)]}
    )
    table.scan(TableName="orders", ConsistentRead=True)
    aws.clock.advance(minutes=10)
    of = {"namespace": "AWS/DynamoDB", "dimensions": {"TableName": "orders"}}
    assert points("Sum", "ConsumedWriteCapacityUnits", **of) == [2, 5]
    assert points("Sum", "ConsumedReadCapacityUnits", **of) == [0.5, 1]
    # Every five minutes.
    assert points("Maximum", "ProvisionedReadCapacityUnits", **of) == [5, 5, 5]
    assert points("Maximum", "ProvisionedWriteCapacityUnits", **of) == [6, 6, 6]
    table.update_table(TableName="orders", ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 6})
    aws.clock.advance(minutes=5)
    assert points("Maximum", "ProvisionedReadCapacityUnits", **of)[-1] == 7


def test_requests_to_a_table(aws, table, sums):
    with pytest.raises(table.exceptions.ConditionalCheckFailedException):
        table.update_item(
            TableName="orders", Key={"id": {"S": "1"}}, UpdateExpression="SET a = :a",
            ConditionExpression="attribute_exists(id)", ExpressionAttributeValues={":a": {"S": "x"}},
        )  # fmt: skip
    with pytest.raises(table.exceptions.ClientError):
        table.get_item(TableName="orders", Key={"other": {"S": "1"}})
    table.put_item(TableName="orders", Item={"id": {"S": "1"}})
    table.scan(TableName="orders")
    ours = "AWS/DynamoDB"
    assert sums(ours, "ConditionalCheckFailedRequests", TableName="orders") == {"ConditionalCheckFailedRequests": 1}
    assert sums(ours, "UserErrors") == {"UserErrors": 1}
    assert sums(ours, "ReturnedItemCount", TableName="orders", Operation="Scan") == {"ReturnedItemCount": 1}


@pytest.mark.aws(at="2026-01-01T12:00:30", throttling=True)
def test_throttled_requests(aws, table, sums, points):
    item = {"id": {"S": "1"}, "text": {"S": "x" * 300_000}}
    with pytest.raises(Exception, match="Throughput"):
        for _ in range(50):
            aws.call("dynamodb", "PutItem", TableName="orders", Item=item)
    ours = "AWS/DynamoDB"
    assert sums(ours, "ThrottledRequests", TableName="orders", Operation="PutItem") == {"ThrottledRequests": 1}
    assert sums(ours, "WriteThrottleEvents", TableName="orders") == {"WriteThrottleEvents": 1}


def archive():
    with zipfile.ZipFile(data := io.BytesIO(), "w") as file:
        file.writestr("m.py", "def handler(event, context): pass")
    return data.getvalue()


@pytest.fixture
def function(aws):
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=policy)
    code = {"ZipFile": archive()}
    client("lambda").create_function(
        FunctionName="f", Role=role, Runtime="python3.12", Handler="m.handler", Code=code, Publish=True
    )

    def run(event, context):
        import time

        time.sleep(0.25)
        if event == "fail":
            raise ValueError(event)

    aws.functions["f"] = run
    return client("lambda")


@pytest.mark.rule("cloudwatch-016")
def test_invocations(aws, cloudwatch, function, sums, points):
    for event in ("1", '"fail"', "2"):
        function.invoke(FunctionName="f", Payload=event.encode())
    function.invoke(FunctionName="f", Qualifier="1")
    names = ("Invocations", "Errors", "Throttles", "Duration")
    assert list(sums("AWS/Lambda", *names, FunctionName="f").values()) == [4, 1, 0, 1000]
    assert list(sums("AWS/Lambda", *names, FunctionName="f", Resource="f:1").values()) == [1, 0, 0, 250]
    assert list(sums("AWS/Lambda", *names).values()) == [4, 1, 0, 1000]
    assert points("Maximum", "ConcurrentExecutions", "AWS/Lambda", {"FunctionName": "f"}) == [1]
    function.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(Exception, match="Rate Exceeded"):
        aws.call("lambda", "Invoke", FunctionName="f")
    assert sums("AWS/Lambda", "Throttles", "Invocations", FunctionName="f") == {"Throttles": 1, "Invocations": 4}


@pytest.mark.rule("cloudwatch-016")
def test_dead_letters_that_do_not_arrive(aws, function, sums):
    target = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
    client("sqs").create_queue(QueueName="dead")
    function.update_function_configuration(FunctionName="f", DeadLetterConfig={"TargetArn": target})
    client("sqs").delete_queue(QueueUrl=client("sqs").get_queue_url(QueueName="dead")["QueueUrl"])
    function.invoke(FunctionName="f", InvocationType="Event", Payload=b'"fail"')
    aws.clock.advance(minutes=10)
    names = ("AsyncEventsReceived", "AsyncEventsDropped", "DeadLetterErrors", "Errors")
    assert list(sums("AWS/Lambda", *names, FunctionName="f").values()) == [1, 1, 1, 3]


@pytest.mark.rule("cloudwatch-017")
def test_the_age_of_records_that_a_function_reads(aws, stream, function, points):
    stream.put_record(StreamName="clicks", Data=b"a", PartitionKey="k")
    aws.clock.advance(seconds=30)
    function.create_event_source_mapping(
        FunctionName="f", EventSourceArn=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/clicks",
        StartingPosition="TRIM_HORIZON",
    )  # fmt: skip
    aws.clock.advance(minutes=1)
    (age,) = points("Maximum", "IteratorAge", "AWS/Lambda", {"FunctionName": "f"})
    assert 30_000 <= age <= 60_000


def test_nobody_else_sees_them(aws, queue):
    client("sqs").send_message(QueueUrl=queue, MessageBody="x")
    elsewhere = boto3.client("cloudwatch", region_name="eu-west-1")
    assert elsewhere.list_metrics()["Metrics"] == []
    stranger = boto3.client(
        "cloudwatch", region_name="us-east-1", aws_access_key_id="210987654321", aws_secret_access_key="secret"
    )
    assert stranger.list_metrics()["Metrics"] == []
    assert client("cloudwatch").list_metrics()["Metrics"] != []


def test_restore(aws, queue, sums):
    sqs = client("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    then = aws.snapshot()
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert sums("AWS/SQS", "NumberOfMessagesSent", QueueName="jobs") == {"NumberOfMessagesSent": 2}
    aws.restore(then)
    assert sums("AWS/SQS", "NumberOfMessagesSent", QueueName="jobs") == {"NumberOfMessagesSent": 1}
    aws.restore(then)
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert sums("AWS/SQS", "NumberOfMessagesSent", QueueName="jobs") == {"NumberOfMessagesSent": 3}


def test_notes_are_packed_before_they_grow_too_many(aws, queue, sums):
    sqs = aws.service("sqs", None, None)
    for number in range(20_000):
        sqs.queues["jobs"].note(int(aws.clock.time() * 1000), "sent", number)
    assert len(sqs.measured) < 20_000
    assert sums("AWS/SQS", "NumberOfMessagesSent", QueueName="jobs") == {"NumberOfMessagesSent": 20_000}


def test_an_alarm_on_the_length_of_a_queue(aws, alarm, queue, inbox):
    topic, read = inbox
    show = alarm(
        Namespace="AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible", Statistic="Maximum", Threshold=1,
        Dimensions=[{"Name": "QueueName", "Value": "jobs"}], AlarmActions=[topic], EvaluationPeriods=2,
    )  # fmt: skip
    client("sqs").send_message(QueueUrl=queue, MessageBody="x")
    client("sqs").send_message(QueueUrl=queue, MessageBody="x")
    aws.clock.advance(minutes=3)
    assert show()["StateValue"] == "ALARM"
    assert len(read()) == 1
    client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    aws.clock.advance(seconds=60)
    assert show()["StateValue"] == "OK"
    aws.clock.advance(delta=timedelta(minutes=4))  # they come back
    assert show()["StateValue"] == "ALARM"


def test_rules_of_event_buses(aws, queue, sums):
    events = client("events")
    events.create_event_bus(Name="shop")
    for bus in ("default", "shop"):
        events.put_rule(Name="orders", EventBusName=bus, EventPattern='{"source": ["shop"]}')
        targets = [{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"}]
        if bus == "shop":
            targets = [{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"}]
        events.put_targets(Rule="orders", EventBusName=bus, Targets=targets)
        entry = {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": bus}
        events.put_events(Entries=[entry, {**entry, "Source": "other"}])
    names = ("MatchedEvents", "TriggeredRules", "Invocations", "SuccessfulInvocationAttempts", "FailedInvocations")
    assert list(sums("AWS/Events", *names, RuleName="orders").values()) == [1, 1, 1, 1, 0]
    assert list(sums("AWS/Events", *names, EventBusName="shop", RuleName="orders").values()) == [1, 1, 1, 0, 1]


def test_schedules(aws, queue, sums):
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    for name, target in (("good", "jobs"), ("bad", "none")):
        client("scheduler").create_schedule(
            Name=name, ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{target}", "RoleArn": role},
        )  # fmt: skip
    aws.clock.advance(seconds=70)
    names = ("InvocationAttemptCount", "TargetErrorCount", "InvocationDroppedCount")
    assert list(sums("AWS/Scheduler", *names, ScheduleGroup="default").values()) == [4, 2, 2]


def test_delivery_streams(aws, sums):
    client("s3").create_bucket(Bucket="logs")
    client("firehose").create_delivery_stream(
        DeliveryStreamName="logs",
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/app", "BucketARN": "arn:aws:s3:::logs",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
        },
    )  # fmt: skip
    client("firehose").put_record(DeliveryStreamName="logs", Record={"Data": b"12345"})
    client("firehose").put_record_batch(DeliveryStreamName="logs", Records=[{"Data": b"12345"}] * 2)
    aws.clock.advance(minutes=2)
    names = (
        "IncomingRecords", "IncomingBytes", "IncomingPutRequests", "PutRecordBatch.Records", "DeliveryToS3.Records",
        "DeliveryToS3.Bytes", "DeliveryToS3.Success", "DeliveryToS3.DataFreshness",
    )  # fmt: skip
    assert list(sums("AWS/Firehose", *names, DeliveryStreamName="logs").values()) == [3, 15, 2, 2, 3, 15, 1, 60]


def test_pipes(aws, queue, sums):
    client("sqs").create_queue(QueueName="out")
    client("pipes").create_pipe(
        Name="p", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
        Source=f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", Target=f"arn:aws:sqs:us-east-1:{ACCOUNT}:out",
    )  # fmt: skip
    for _ in range(3):
        client("sqs").send_message(QueueUrl=queue, MessageBody="x")
    aws.clock.advance(minutes=1)
    found = sums("AWS/EventBridge/Pipes", "EventCount", "ExecutionFailed", AwsAccountId=ACCOUNT, PipeName="p")
    assert list(found.values()) == [3, 0]


@pytest.fixture
def bucket(aws):
    s3 = client("s3")
    s3.create_bucket(Bucket="reports")
    return s3


def test_what_a_bucket_holds(aws, bucket, points):
    bucket.put_object(Bucket="reports", Key="a", Body=b"x" * 100)
    bucket.put_object(Bucket="reports", Key="b", Body=b"x" * 50)
    bucket.put_object(Bucket="reports", Key="c", Body=b"x" * 7, StorageClass="GLACIER")
    aws.clock.advance(days=2)
    of = {"namespace": "AWS/S3", "period": 86400, "back": timedelta(days=3)}
    standard = {"BucketName": "reports", "StorageType": "StandardStorage"}
    assert points("Average", "BucketSizeBytes", dimensions=standard, **of) == [150, 150, 150]
    cold = {**standard, "StorageType": "GlacierStorage"}
    assert points("Average", "BucketSizeBytes", dimensions=cold, **of) == [7, 7, 7]
    every = {**standard, "StorageType": "AllStorageTypes"}
    assert points("Average", "NumberOfObjects", dimensions=every, **of) == [3, 3, 3]
    bucket.delete_object(Bucket="reports", Key="a")
    assert points("Average", "NumberOfObjects", dimensions=every, **of) == [3, 3, 2]
    elsewhere = boto3.client("cloudwatch", region_name="eu-west-1")
    assert elsewhere.list_metrics(Namespace="AWS/S3")["Metrics"] == []


def test_requests_to_a_bucket_that_is_configured_for_it(bucket, sums, cloudwatch):
    bucket.put_object(Bucket="reports", Key="before", Body=b"x")
    for id_, filter_ in (("all", {}), ("logs", {"Filter": {"Prefix": "logs/"}})):
        bucket.put_bucket_metrics_configuration(Bucket="reports", Id=id_, MetricsConfiguration={"Id": id_, **filter_})
    bucket.put_object(Bucket="reports", Key="logs/1", Body=b"x" * 100)
    bucket.put_object(Bucket="reports", Key="other", Body=b"x" * 10)
    bucket.get_object(Bucket="reports", Key="logs/1")
    with pytest.raises(bucket.exceptions.NoSuchKey):
        bucket.get_object(Bucket="reports", Key="none")
    bucket.list_objects_v2(Bucket="reports")
    names = ("PutRequests", "BytesUploaded", "GetRequests", "BytesDownloaded", "ListRequests", "4xxErrors")
    assert list(sums("AWS/S3", *names, BucketName="reports", FilterId="all").values()) == [2, 110, 2, 100, 1, 1]
    assert list(sums("AWS/S3", *names, BucketName="reports", FilterId="logs").values()) == [1, 100, 1, 100, 0, 0]


@pytest.mark.rule("lambda-118")
def test_lambda_insights(aws, function, points, sums):
    """The extension is in a layer that every account may use."""
    owner = {"aws_access_key_id": "580247275435", "aws_secret_access_key": "secret"}
    publisher = boto3.client("lambda", region_name="us-east-1", **owner)
    layer = publisher.publish_layer_version(LayerName="LambdaInsightsExtension", Content={"ZipFile": archive()})
    publisher.add_layer_version_permission(
        LayerName="LambdaInsightsExtension", VersionNumber=1, StatementId="all", Principal="*",
        Action="lambda:GetLayerVersion",
    )  # fmt: skip
    function.invoke(FunctionName="f")
    assert points("Average", "memory_utilization", "LambdaInsights", {"function_name": "f"}) == []
    function.update_function_configuration(FunctionName="f", Layers=[layer["LayerVersionArn"]])
    function.invoke(FunctionName="f")
    assert len(points("Average", "memory_utilization", "LambdaInsights", {"function_name": "f"})) == 1
    assert sums("LambdaInsights", "total_memory", function_name="f") == {"total_memory": 128}
    del aws.functions["f"]  # the code of the zip has an environment that has to begin
    function.invoke(FunctionName="f")
    assert len(points("Average", "init_duration", "LambdaInsights", {"function_name": "f"})) == 1
    events = client("logs").filter_log_events(logGroupName="/aws/lambda-insights")["events"]
    assert [json.loads(event["message"])["cold_start"] for event in events] == [False, True]
