"""What other services write into log groups: functions, imports, delivery streams, rules."""

import base64
import io
import json
import logging
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.services.logs.conftest import ACCOUNT, GROUP, messages

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
LOG = "/aws/lambda/f"


def zipped(text="x = 1"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", text)
    return packed.getvalue()


@pytest.fixture
def make(aws, client):
    """make(code, LoggingConfig=…) -> the client of Lambda; the function is called f."""

    def make(code=None, text="x = 1", name="f", **more):
        if code is not None:
            aws.functions[name] = code
        functions = client("lambda")
        settings = {"Role": ROLE, "Runtime": "python3.12", "Handler": "app.handler", **more}
        functions.create_function(FunctionName=name, Code={"ZipFile": zipped(text)}, **settings)
        return functions

    return make


@pytest.fixture
def lines(logs):
    """lines() -> the messages in the group of the function."""
    return lambda group=LOG: messages(logs.filter_log_events(logGroupName=group))


@pytest.mark.rule("logs-028")
@pytest.mark.aws(at="2026-01-01")
def test_a_function_has_a_log_of_its_runs(make, logs, lines):
    def code(event, context):
        print("hello")
        print("two\nlines", end="")
        return context.log_stream_name

    functions = make(code)
    answer = functions.invoke(FunctionName="f", LogType="Tail")
    id = answer["ResponseMetadata"]["RequestId"]
    written = lines()
    assert written == [
        f"START RequestId: {id} Version: $LATEST\n",
        "hello\n",
        "two\n",
        "lines\n",
        f"END RequestId: {id}\n",
        f"REPORT RequestId: {id}\tDuration: 0.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\t\n",
    ]
    assert base64.b64decode(answer["LogResult"]).decode() == "".join(written)
    (stream,) = logs.describe_log_streams(logGroupName=LOG)["logStreams"]
    assert stream["logStreamName"] == json.load(answer["Payload"])
    assert stream["logStreamName"].startswith("2026/01/01/[$LATEST]")
    functions.invoke(FunctionName="f")
    assert len(logs.describe_log_streams(logGroupName=LOG)["logStreams"]) == 1  # the same environment


def test_published_versions_have_streams_of_their_own(make, logs):
    functions = make(lambda event, context: None)
    functions.publish_version(FunctionName="f")
    functions.invoke(FunctionName="f", Qualifier="1")
    (stream,) = logs.describe_log_streams(logGroupName=LOG)["logStreams"]
    assert "/[1]" in stream["logStreamName"]


@pytest.mark.aws(at="2026-01-01")
def test_errors_and_records_of_logging(make, lines):
    logger = logging.getLogger("shop")

    def code(event, context):
        logger.warning("low %s", "stock")
        raise ValueError("no")

    id = make(code).invoke(FunctionName="f")["ResponseMetadata"]["RequestId"]
    _, warning, error, *_ = lines()
    assert warning == f"[WARNING]\t2026-01-01T00:00:00.0Z\t{id}\tlow stock\n"
    assert error.startswith("[ERROR] ValueError: no\nTraceback (most recent call last):\n  File ")


def test_what_others_write_meanwhile_is_not_the_functions(aws, make, lines, capsys):
    def code(event, context):
        print("inside")

    print("before")
    make(code).invoke(FunctionName="f")
    print("after")
    assert [line for line in lines() if line in ("before\n", "inside\n", "after\n")] == ["inside\n"]
    assert capsys.readouterr().out == "before\ninside\nafter\n"


def test_runs_side_by_side_have_their_own_lines(make, lines):
    together = threading.Barrier(4, timeout=10)

    def code(event, context):
        print("begin", event)
        together.wait()
        print("end", event)

    functions = make(code)

    def run(number):
        answer = functions.invoke(FunctionName="f", Payload=str(number), LogType="Tail")
        return base64.b64decode(answer["LogResult"]).decode().splitlines()[1:3]

    with ThreadPoolExecutor(4) as pool:
        tails = list(pool.map(run, range(4)))
    assert tails == [[f"begin {number}", f"end {number}"] for number in range(4)]
    assert sum(line.startswith("begin") for line in lines()) == 4


@pytest.mark.rule("lambda-037")
def test_modules_are_loaded_before_the_first_run(make, lines):
    make(text="print('loading')\ndef handler(event, context):\n    print('run')").invoke(FunctionName="f")
    start, loading, begin, run, _, report = lines()
    assert start.startswith("INIT_START Runtime Version: python:3.12")
    assert (loading, run) == ("loading\n", "run\n") and begin.startswith("START RequestId: ")
    assert "Init Duration: " in report


@pytest.mark.aws(at="2026-01-01")
def test_logs_as_json(make, lines):
    def code(event, context):
        logging.getLogger().info("hello", extra={"order": 3})
        logging.getLogger().debug("no")
        return 1

    functions = make(code, LoggingConfig={"LogFormat": "JSON"})
    id = functions.invoke(FunctionName="f")["ResponseMetadata"]["RequestId"]
    start, own, report = map(json.loads, lines())
    assert start == {
        "time": "2026-01-01T00:00:00.000Z",
        "type": "platform.start",
        "record": {"requestId": id, "version": "$LATEST"},
    }
    assert own == {
        "timestamp": "2026-01-01T00:00:00Z",
        "level": "INFO",
        "message": "hello",
        "logger": "root",
        "order": 3,
        "requestId": id,
    }
    assert report["type"] == "platform.report" and report["record"]["status"] == "success"
    assert report["record"]["metrics"]["billedDurationMs"] == 1


def test_levels_of_json_logs(make, lines):
    def code(event, context):
        logging.getLogger().info("no")
        chatty = logging.getLogger("chatty")
        chatty.setLevel("DEBUG")
        chatty.info("no")
        logging.getLogger().error("yes")
        raise KeyError("x")

    levels = {"LogFormat": "JSON", "ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"}
    make(code, LoggingConfig=levels).invoke(FunctionName="f")
    own, error, done, report = map(json.loads, lines())
    assert own["message"] == "yes" and (error["log_level"], error["errorType"]) == ("ERROR", "KeyError")
    assert (done["type"], report["type"]) == ("platform.runtimeDone", "platform.report")
    assert report["record"]["status"] == "error"


@pytest.mark.aws(limits={"logs.batch-size": 500})
def test_a_long_log_is_written_in_parts(make, lines):
    def code(event, context):
        for number in range(100):
            print("line", number)

    make(code).invoke(FunctionName="f")
    assert [line for line in lines() if line.startswith("line")] == [f"line {number}\n" for number in range(100)]


def test_a_group_of_ones_own_choice(make, lines, logs):
    make(lambda event, context: None, LoggingConfig={"LogGroup": "shop"}).invoke(FunctionName="f")
    assert len(lines("shop")) == 3
    assert [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]] == ["shop"]


@pytest.mark.rule("logs-028")
@pytest.mark.aws(authorization=True)
def test_a_role_without_rights_writes_nothing(aws, client, make, logs, lines):
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document)
    functions = make(lambda event, context: 1)
    assert functions.invoke(FunctionName="f")["StatusCode"] == 200
    assert logs.describe_log_groups()["logGroups"] == []
    iam.attach_role_policy(RoleName="app", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    functions.invoke(FunctionName="f")
    assert len(lines()) == 3


@pytest.mark.rule("lambda-102")
def test_a_function_behind_a_stream_of_a_table(aws, client, make, lines):
    table = client("dynamodb")
    made = table.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]

    def code(event, context):
        for record in event["Records"]:
            print(record["eventName"], record["dynamodb"]["NewImage"]["pk"]["S"])

    make(code).create_event_source_mapping(
        FunctionName="f", EventSourceArn=made["LatestStreamArn"], StartingPosition="TRIM_HORIZON"
    )
    table.put_item(TableName="orders", Item={"pk": {"S": "a1"}})
    aws.clock.advance(seconds=10)
    assert "INSERT a1\n" in lines()


# --- others


IMPORT = {
    "S3BucketSource": {"S3Bucket": "lake"},
    "InputFormat": "CSV",
    "TableCreationParameters": {
        "TableName": "imported",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
}


@pytest.fixture
def lake(client):
    client("s3").create_bucket(Bucket="lake")
    client("s3").put_object(Bucket="lake", Key="a.csv", Body=b"pk,name\n1,one\nx,bad\n2,two\n")


@pytest.mark.rule("dynamodb-096")
@pytest.mark.aws(authorization=True)
def test_who_imports_has_to_have_the_right_to_log(aws, client, logs, lake):
    iam = client("iam")
    iam.create_user(UserName="ann")
    allow = {"Effect": "Allow", "Action": ["dynamodb:*", "s3:*"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=text)
    table = client("dynamodb", **aws.credentials(f"arn:aws:iam::{ACCOUNT}:user/ann"))
    made = table.import_table(**IMPORT)["ImportTableDescription"]
    done = table.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
    assert (done["ImportStatus"], done["ErrorCount"]) == ("COMPLETED", 1)
    assert logs.describe_log_groups()["logGroups"] == []


@pytest.mark.rule("dynamodb-096")
def test_errors_of_an_import_are_logged(client, logs, lines, lake):
    table = client("dynamodb")
    made = table.import_table(**IMPORT)["ImportTableDescription"]
    done = table.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
    assert (done["ImportedItemCount"], done["ErrorCount"]) == (2, 1)
    assert done["CloudWatchLogGroupArn"] == f"{GROUP}/aws-dynamodb/imports:*"
    (line,) = map(json.loads, lines("/aws-dynamodb/imports"))
    assert line["itemS3Pointer"] == {"key": "a.csv", "itemIndex": 1} and line["errorMessages"]
    (stream,) = logs.describe_log_streams(logGroupName="/aws-dynamodb/imports")["logStreams"]
    assert stream["logStreamName"] == f"{made['ImportArn'].rpartition('/')[2]}/error"


def test_failed_deliveries_are_logged(aws, client, logs, lines):
    logs.create_log_group(logGroupName="firehose")
    logs.create_log_stream(logGroupName="firehose", logStreamName="S3")
    firehose = client("firehose")
    arn = firehose.create_delivery_stream(
        DeliveryStreamName="clicks",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::none",
            "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "firehose", "LogStreamName": "S3"},
        },
    )["DeliveryStreamARN"]
    firehose.put_record(DeliveryStreamName="clicks", Record={"Data": b"x"})
    aws.clock.advance(minutes=6)
    line = json.loads(lines("firehose")[0])
    assert (line["deliveryStreamARN"], line["destination"]) == (arn, "arn:aws:s3:::none")
    assert line["errorCode"] == "S3.NoSuchBucket"


@pytest.mark.rule("logs-029")
def test_containers_have_streams(client, logs):
    logs.create_log_group(logGroupName="web")
    ecs = client("ecs")
    ecs.create_cluster(clusterName="shop")
    options = {"awslogs-group": "web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}
    container = {"name": "app", "image": "nginx", "logConfiguration": {"logDriver": "awslogs", "options": options}}
    ecs.register_task_definition(
        family="web",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        executionRoleArn=ROLE,
        containerDefinitions=[container],
    )
    subnet = client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    (task,) = ecs.run_task(
        cluster="shop",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )["tasks"]
    (stream,) = logs.describe_log_streams(logGroupName="web")["logStreams"]
    assert stream["logStreamName"] == f"ecs/app/{task['taskArn'].rpartition('/')[2]}"


def rule_to(client, group):
    events = client("events")
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": f"{GROUP}{group}"}])
    return lambda: events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": '{"n": 1}'}])


def test_a_rule_writes_events_into_a_group(client, logs, lines):
    logs.create_log_group(logGroupName="/aws/events/shop")
    send = rule_to(client, "/aws/events/shop")
    id = send()["Entries"][0]["EventId"]
    (line,) = map(json.loads, lines("/aws/events/shop"))
    assert (line["id"], line["detail"]) == (id, {"n": 1})


def test_a_rule_writes_what_a_template_says(client, logs, lines):
    logs.create_log_group(logGroupName="/aws/events/shop")
    send = rule_to(client, "/aws/events/shop")
    template = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"timestamp": "x", "message": "order <n>"}'}
    target = {"Id": "1", "Arn": f"{GROUP}/aws/events/shop", "InputTransformer": template}
    client("events").put_targets(Rule="orders", Targets=[target])
    send()
    assert lines("/aws/events/shop") == ["order 1"]


@pytest.mark.rule("events-017")
@pytest.mark.newer_botocore
@pytest.mark.aws(authorization=True)
def test_a_rule_needs_a_resource_policy_to_write(client, logs, lines):
    logs.create_log_group(logGroupName="/aws/events/shop")
    send = rule_to(client, "/aws/events/shop")
    send()
    assert lines("/aws/events/shop") == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{GROUP}/aws/events/*:*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]})
    logs.create_log_group(logGroupName="/aws/events/other")
    logs.put_resource_policy(resourceArn=f"{GROUP}/aws/events/other", policyDocument=document)
    send()
    assert lines("/aws/events/shop") == []  # it is attached to another group
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_resource_policy(policyName="events", policyDocument=document)
    send()
    assert len(lines("/aws/events/shop")) == 1
