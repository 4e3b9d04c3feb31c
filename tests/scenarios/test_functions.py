"""Functions behind everything that invokes them."""

import base64
import json
from io import BytesIO
from zipfile import ZipFile

import boto3
import pytest

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def client(service):
    return boto3.client(service, region_name=REGION)


@pytest.fixture
def function(aws):
    """function("f", code) -> its ARN; `principals` may invoke it."""

    def function(name, code, *principals):
        aws.functions[name] = code
        packed = BytesIO()
        with ZipFile(packed, "w") as archive:
            archive.writestr("app.py", "")
        functions = client("lambda")
        arn = functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=ROLE,
            Code={"ZipFile": packed.getvalue()},
        )["FunctionArn"]
        for principal in principals:
            functions.add_permission(
                FunctionName=name,
                StatementId=principal.partition(".")[0],
                Action="lambda:InvokeFunction",
                Principal=principal,
            )
        return arn

    return function


@pytest.fixture
def recorded(function):
    """recorded("s3.amazonaws.com") -> (ARN of a function, the events it got)."""

    def recorded(*principals, name="f"):
        events = []
        return function(name, lambda event, context: events.append(event), *principals), events

    return recorded


def notify(bucket, arn):
    configuration = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


@pytest.mark.rule("s3-250", "lambda-035")
def test_an_upload_runs_a_function(recorded):
    arn, events = recorded("s3.amazonaws.com")
    client("s3").create_bucket(Bucket="reports")
    notify("reports", arn)
    assert events == []
    for key in ("a", "b"):
        client("s3").put_object(Bucket="reports", Key=key, Body=b"1")
    assert [event["Records"][0]["s3"]["object"]["key"] for event in events] == ["a", "b"]


@pytest.mark.rule("s3-252", "lambda-100", "lambda-062")
def test_a_function_copies_uploads_and_notes_them_in_a_table(function):
    s3 = client("s3")
    for bucket in ("in-tray", "out-tray"):
        s3.create_bucket(Bucket=bucket)
    client("dynamodb").create_table(
        TableName="uploads",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def code(event, context):
        for record in event["Records"]:
            thing = record["s3"]["object"]
            item = {"key": {"S": thing["key"]}, "size": {"N": str(thing["size"])}}
            client("dynamodb").put_item(TableName="uploads", Item=item)
            source = {"Bucket": record["s3"]["bucket"]["name"], "Key": thing["key"]}
            client("s3").copy_object(Bucket="out-tray", Key=thing["key"], CopySource=source)

    notify("in-tray", function("f", code, "s3.amazonaws.com"))
    s3.put_object(Bucket="in-tray", Key="a.txt", Body=b"hello")
    found = client("dynamodb").get_item(TableName="uploads", Key={"key": {"S": "a.txt"}})["Item"]
    assert found["size"] == {"N": "5"}
    assert s3.get_object(Bucket="out-tray", Key="a.txt")["Body"].read() == b"hello"


@pytest.mark.rule("lambda-057")
def test_a_function_that_writes_where_it_listens_is_stopped(function):
    s3 = client("s3")
    s3.create_bucket(Bucket="reports")
    runs = []

    def code(event, context):
        runs.append(event)
        client("s3").put_object(Bucket="reports", Key=f"copy-{len(runs)}", Body=b"1")

    notify("reports", function("f", code, "s3.amazonaws.com"))
    s3.put_object(Bucket="reports", Key="a", Body=b"1")
    assert len(runs) == 16


@pytest.mark.rule("sns-034", "lambda-101")
def test_a_topic_runs_a_function(recorded):
    arn, events = recorded("sns.amazonaws.com")
    sns = client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello", Subject="s")
    (event,) = events
    assert (event["Records"][0]["EventSource"], event["Records"][0]["Sns"]["Message"]) == ("aws:sns", "hello")


@pytest.mark.rule("events-029", "lambda-104")
def test_a_rule_runs_a_function(recorded):
    arn, got = recorded("events.amazonaws.com")
    events = client("events")
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="orders", Targets=[{"Id": "f", "Arn": arn}])
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"id": 7})}
    events.put_events(Entries=[entry, {**entry, "Source": "other"}])
    (event,) = got
    assert (event["detail-type"], event["detail"], event["source"]) == ("order", {"id": 7}, "shop")


@pytest.mark.rule("lambda-104")
@pytest.mark.aws(authorization=True, at="2026-01-01")
def test_a_rule_runs_no_function_that_does_not_let_it(aws, recorded):
    client("iam").create_role(
        RoleName="app",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
    )
    arn, got = recorded()
    events = client("events")
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="orders", Targets=[{"Id": "f", "Arn": arn}])
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
    events.put_events(Entries=[entry])
    aws.clock.advance(minutes=10)
    assert got == []
    client("lambda").add_permission(
        FunctionName="f", StatementId="e", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    events.put_events(Entries=[entry])
    assert len(got) == 1


@pytest.mark.rule("events-030")
@pytest.mark.aws(at="2026-01-01")
def test_a_tick_runs_a_function(aws, recorded):
    arn, got = recorded("events.amazonaws.com")
    events = client("events")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="hourly", Targets=[{"Id": "f", "Arn": arn}])
    before = len(got)
    aws.clock.advance(hours=1)
    assert len(got) == before + 1
    assert got[-1]["detail-type"] == "Scheduled Event"


@pytest.mark.aws(at="2026-01-01")
def test_a_schedule_runs_a_function(aws, recorded):
    arn, got = recorded()
    client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression="at(2026-01-01T01:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": ROLE, "Input": '{"n": 1}'},
    )
    aws.clock.advance(hours=2)
    assert got == [{"n": 1}]


@pytest.mark.rule("firehose-016")
@pytest.mark.aws(at="2026-01-01")
def test_a_function_transforms_records_of_firehose(aws, function):
    def code(event, context):
        answers = []
        for record in event["records"]:
            text = base64.b64decode(record["data"]).decode()
            results = {"drop": "Dropped", "fail": "ProcessingFailed"}
            answers.append(
                {
                    "recordId": record["recordId"],
                    "result": results.get(text, "Ok"),
                    "data": base64.b64encode(text.upper().encode()).decode(),
                }
            )
        return {"records": answers}

    arn = function("transform", code)
    s3, firehose = client("s3"), client("firehose")
    s3.create_bucket(Bucket="lake")
    firehose.create_delivery_stream(
        DeliveryStreamName="clicks",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::lake",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
            "Prefix": "good/",
            "ErrorOutputPrefix": "bad/!{firehose:error-output-type}/",
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [
                    {"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": arn}]}
                ],
            },
        },
    )
    for text in ("keep", "drop", "fail"):
        firehose.put_record(DeliveryStreamName="clicks", Record={"Data": text.encode()})
    aws.clock.advance(seconds=60)
    found = {one["Key"].split("/")[0]: one["Key"] for one in s3.list_objects_v2(Bucket="lake")["Contents"]}
    assert set(found) == {"good", "bad"}
    assert s3.get_object(Bucket="lake", Key=found["good"])["Body"].read() == b"KEEP"
    assert found["bad"].startswith("bad/processing-failed/")


@pytest.mark.rule("dynamodb-083", "lambda-102")
def test_a_function_passes_the_changes_of_a_table_on(function):
    dynamodb = client("dynamodb")
    make = lambda name, **more: dynamodb.create_table(  # noqa: E731
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )["TableDescription"]
    stream = make("orders", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    make("copies")
    names = []

    def code(event, context):
        for record in event["Records"]:
            names.append((record["eventSource"], record["eventName"]))
            if "NewImage" in record["dynamodb"]:
                client("dynamodb").put_item(TableName="copies", Item=record["dynamodb"]["NewImage"])

    function("f", code)
    client("lambda").create_event_source_mapping(
        FunctionName="f", EventSourceArn=stream["LatestStreamArn"], StartingPosition="TRIM_HORIZON"
    )
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    dynamodb.delete_item(TableName="orders", Key={"pk": {"S": "a"}})
    assert dynamodb.scan(TableName="copies")["Items"] == [{"pk": {"S": "a"}, "n": {"N": "1"}}]
    assert names == [("aws:dynamodb", "INSERT"), ("aws:dynamodb", "REMOVE")]


def test_a_pipe_asks_one_function_and_feeds_another(function, recorded):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="in")["QueueUrl"]
    enrich = function("enrich", lambda event, context: [{"order": one["body"]} for one in event])
    arn, got = recorded(name="target")
    client("pipes").create_pipe(
        Name="p",
        Source=f"arn:aws:sqs:{REGION}:{ACCOUNT}:in",
        Enrichment=enrich,
        Target=arn,
        RoleArn=ROLE,
        SourceParameters={"SqsQueueParameters": {"BatchSize": 10}},
    )
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert got == [[{"order": "a"}]]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.rule("s3control-012")
def test_a_job_invokes_a_function_for_each_object(function):
    s3, control = client("s3"), client("s3control")
    keys = []

    def code(event, context):
        (task,) = event["tasks"]
        keys.append(task["s3Key"])
        result = {"taskId": task["taskId"], "resultCode": "Succeeded", "resultString": "fine"}
        return {"invocationSchemaVersion": "1.0", "treatMissingKeysAs": "PermanentFailure",
                "invocationId": event["invocationId"], "results": [result]}  # fmt: skip

    arn = function("f", code)
    s3.create_bucket(Bucket="reports")
    tag = s3.put_object(Bucket="reports", Key="list.csv", Body=b"reports,a\nreports,b\n")["ETag"]
    job = control.create_job(
        AccountId=ACCOUNT,
        Operation={"LambdaInvoke": {"FunctionArn": arn}},
        Manifest={
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": "arn:aws:s3:::reports/list.csv", "ETag": tag},
        },
        Report={"Enabled": False},
        Priority=1,
        RoleArn=ROLE,
        ConfirmationRequired=False,
        ClientRequestToken="t",
    )["JobId"]
    described = control.describe_job(AccountId=ACCOUNT, JobId=job)["Job"]
    assert (described["Status"], keys) == ("Complete", ["a", "b"])


@pytest.mark.rule("lambda-113")
def test_a_function_calls_another(function, recorded):
    _, got = recorded(name="second")
    invoke = lambda event, context: client("lambda").invoke(  # noqa: E731
        FunctionName="second", InvocationType="Event", Payload=json.dumps(event)
    )["StatusCode"]
    function("first", invoke)
    answer = client("lambda").invoke(FunctionName="first", Payload=b'{"n": 1}')
    assert (json.load(answer["Payload"]), got) == (202, [{"n": 1}])


def test_what_a_pipes_function_writes_into_its_source_is_read_after_it(function):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
    batches, running = [], []

    def code(event, context):
        assert not running
        running.append(True)
        batches.append([base64.b64decode(one["data"]).decode() for one in event])
        if batches == [["1"]]:
            client("kinesis").put_record(StreamName="clicks", Data=b"2", PartitionKey="k")
        running.clear()

    client("pipes").create_pipe(
        Name="p",
        Source=stream,
        Target=function("f", code),
        RoleArn=ROLE,
        SourceParameters={"KinesisStreamParameters": {"StartingPosition": "LATEST"}},
    )
    kinesis.put_record(StreamName="clicks", Data=b"1", PartitionKey="k")
    assert batches == [["1"], ["2"]]
