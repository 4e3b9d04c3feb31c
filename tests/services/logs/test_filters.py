"""What follows a group: metric filters, subscription filters, destinations of other accounts."""

import base64
import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from hashlib import sha256

import boto3
import pytest

from tests.services.logs.conftest import ACCOUNT, GROUP, REGION, messages

ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/lines"
ERRORS = {"metricName": "errors", "metricNamespace": "App", "metricValue": "1"}


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="app")


@pytest.fixture
def stream(client):
    """stream() -> the messages in a Kinesis stream, unpacked."""
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="lines", ShardCount=1)

    def read():
        shard = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(StreamName="lines", **shard)["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        return [json.loads(gzip.decompress(record["Data"])) for record in records]

    return read


@pytest.fixture
def subscribe(logs, group):
    def subscribe(name="all", pattern="", target=STREAM, **more):
        if ":lambda:" not in target and ":logs:" not in target:
            more.setdefault("roleArn", ROLE)
        return logs.put_subscription_filter(
            logGroupName="app", filterName=name, filterPattern=pattern, destinationArn=target, **more
        )

    return subscribe


@pytest.fixture
def trusting(client):
    """trusting("logs", "kinesis:*") -> the ARN of a role that CloudWatch Logs may assume."""

    def trusting(name, *actions, service="logs.amazonaws.com"):
        iam = client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if actions:
            allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=text)
        return arn

    return trusting


# --- metric filters


@pytest.fixture
def measured(client, now):
    """measured("errors") -> (number of values, their sum) of the last hour."""

    def measured(name, **dimensions):
        end = now() / 1000 + 60
        found = client("cloudwatch").get_metric_statistics(
            Namespace="App",
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=datetime.fromtimestamp(end - 3600, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            Period=3600,
            Statistics=["SampleCount", "Sum"],
        )["Datapoints"]
        return sum(each["SampleCount"] for each in found), sum(each["Sum"] for each in found)

    return measured


def metric_filter(logs, pattern="ERROR", name="errors", **more):
    logs.put_metric_filter(
        logGroupName="app", filterName=name, filterPattern=pattern, metricTransformations=[{**ERRORS, **more}]
    )


@pytest.mark.rule("logs-012", "logs-013")
@pytest.mark.aws(at="2026-01-01T12:00:00")
def test_matches_are_counted_from_when_the_filter_is_made(aws, logs, put, group, measured):
    put("app", "web", "ERROR before")
    metric_filter(logs)
    put("app", "web", "ERROR one", "fine", "ERROR two")
    put("app", "db", "ERROR three")
    assert measured("errors") == (3, 3)
    found = logs.describe_metric_filters(metricName="errors", metricNamespace="App")["metricFilters"]
    assert [each["filterPattern"] for each in found] == ["ERROR"]
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    logs.delete_metric_filter(logGroupName="app", filterName="errors")
    put("app", "web", "ERROR after")
    assert measured("errors") == (3, 3)


@pytest.mark.aws(at="2026-01-01T12:00:00")
def test_values_and_dimensions_of_events(logs, put, group, measured):
    metric_filter(logs, "{ $.ms = * }", metricValue="$.ms", metricName="latency", dimensions={"path": "$.path"})
    put("app", "web", '{"ms": 20, "path": "/a"}', '{"ms": 22.5, "path": "/a"}', '{"ms": 1, "path": "/b"}', '{"ms": 5}')
    assert measured("latency", path="/a") == (2, 42.5)
    assert measured("latency", path="/b") == (1, 1)


@pytest.mark.aws(at="2026-01-01T12:00:00")
def test_a_default_where_nothing_matches(logs, put, group, measured):
    metric_filter(logs, defaultValue=0)
    put("app", "web", "fine")
    put("app", "web", "fine again")
    assert measured("errors") == (1, 0)


@pytest.mark.rule("logs-014")
@pytest.mark.aws(at="2026-01-01T12:00:00")
def test_an_alarm_on_the_metric(aws, client, logs, put, group):
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    url = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms")
    metric_filter(logs)
    client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="App",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )
    put("app", "web", "ERROR one", "ERROR two")
    aws.clock.advance(minutes=3)
    states = [
        each["StateValue"] for each in client("cloudwatch").describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    ]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    told = [json.loads(json.loads(each["Body"])["Message"])["NewStateValue"] for each in received]
    assert "ALARM" in told or states == ["ALARM"]


def test_metric_filters_that_cannot_be(logs, group, refused):
    def wrong(pattern, **more):
        given = {"logGroupName": "app", "filterName": "f", "filterPattern": pattern}
        return refused(logs.put_metric_filter, **given, metricTransformations=[{**ERRORS, **more}])

    assert wrong("ERROR", dimensions={"a": "$.a"}) == (
        "InvalidParameterException",
        "The specified filter pattern does not support dimensions",
    )
    assert wrong("ERROR", metricValue="$.ms")[0] == "InvalidParameterException"
    assert wrong("{ $.a = 1 }", dimensions={"a": "$.a"}, defaultValue=0)[0] == "InvalidParameterException"
    assert wrong("{ $.a = 1 }", dimensions={str(n): "$.a" for n in range(4)})[0] == "InvalidParameterException"
    assert wrong("a:b")[0] == "InvalidParameterException"
    assert logs.describe_metric_filters()["metricFilters"] == []
    for number in range(100):
        metric_filter(logs, name=f"f{number}")
    assert wrong("x") == ("LimitExceededException", "Resource limit exceeded.")


def test_few_filters_have_regular_expressions(logs, group, refused):
    for number in range(5):
        metric_filter(logs, "%a.b%", name=f"f{number}")
    given = {"logGroupName": "app", "filterName": "f", "filterPattern": "%a%", "metricTransformations": [ERRORS]}
    assert refused(logs.put_metric_filter, **given)[0] == "LimitExceededException"


# --- subscription filters


@pytest.mark.rule("logs-021", "logs-023")
@pytest.mark.aws(at="2026-01-01")
def test_a_kinesis_stream_gets_matching_events(logs, put, subscribe, stream, now, refused):
    missing = STREAM.replace("lines", "none")
    assert refused(subscribe, target=missing) == (
        "InvalidParameterException",
        "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE "
        "state.",
    )
    assert logs.describe_subscription_filters(logGroupName="app")["subscriptionFilters"] == []
    subscribe("errors", "ERROR")
    put("app", "web", "ERROR one", "fine", "ERROR two")
    control, data = stream()
    assert control["messageType"] == "CONTROL_MESSAGE" and control["owner"] == "CloudwatchLogs"
    ids = [each.pop("id") for each in data["logEvents"]]
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "app",
        "logStream": "web",
        "subscriptionFilters": ["errors"],
        "logEvents": [{"timestamp": now(), "message": message} for message in ("ERROR one", "ERROR two")],
    }
    found = logs.filter_log_events(logGroupName="app", filterPattern="ERROR")["events"]
    assert ids == [each["eventId"] for each in found]
    (shown,) = logs.describe_subscription_filters(logGroupName="app")["subscriptionFilters"]
    assert (shown["destinationArn"], shown["roleArn"], shown["distribution"]) == (STREAM, ROLE, "ByLogStream")
    logs.delete_subscription_filter(logGroupName="app", filterName="errors")
    put("app", "web", "ERROR three")
    assert len(stream()) == 2


@pytest.mark.rule("logs-022")
def test_two_filters_are_all_that_a_group_has(logs, subscribe, stream, refused):
    subscribe("one")
    subscribe("two")
    subscribe("two", "changed")
    assert refused(subscribe, name="three") == ("LimitExceededException", "Resource limit exceeded.")
    found = logs.describe_subscription_filters(logGroupName="app")["subscriptionFilters"]
    assert [(each["filterName"], each["filterPattern"]) for each in found] == [("one", ""), ("two", "changed")]


@pytest.mark.rule("logs-024", "firehose-018", "logs-026")
def test_a_delivery_stream_gets_packed_events(aws, client, logs, put, subscribe, refused):
    s3, firehose = client("s3"), client("firehose")
    s3.create_bucket(Bucket="lake")
    to = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake"}
    arn = firehose.create_delivery_stream(DeliveryStreamName="logs", ExtendedS3DestinationConfiguration=to)[
        "DeliveryStreamARN"
    ]
    assert refused(
        logs.put_subscription_filter, logGroupName="app", filterName="f", filterPattern="", destinationArn=arn
    ) == ("InvalidParameterException", "destinationArn for vendor firehose cannot be used without roleArn")
    domain = f"arn:aws:es:{REGION}:{ACCOUNT}:domain/search"
    assert refused(subscribe, target=domain) == (
        "InvalidParameterException",
        "PutSubscriptionFilter operation cannot work with destinationArn for vendor es",
    )
    subscribe(target=arn)
    put("app", "web", "one")
    aws.clock.advance(minutes=6)
    (entry,) = s3.list_objects_v2(Bucket="lake")["Contents"]
    body = s3.get_object(Bucket="lake", Key=entry["Key"])["Body"].read()
    documents, text, decoder = [], gzip.decompress(body).decode(), json.JSONDecoder()
    while text:
        document, end = decoder.raw_decode(text)
        documents, text = [*documents, document], text[end:]
    assert [each["messageType"] for each in documents] == ["CONTROL_MESSAGE", "DATA_MESSAGE"]
    assert documents[1]["logEvents"][0]["message"] == "one"


@pytest.fixture
def function(aws, client):
    """function() -> (ARN, what it was invoked with)."""

    def function(name="forward"):
        seen = []

        def code(event, context):
            seen.append(json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))))

        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", "x = 1")
        aws.functions[name] = code
        arn = client("lambda").create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
        )["FunctionArn"]
        return arn, seen

    return function


@pytest.mark.rule("logs-025", "lambda-105", "logs-026")
def test_a_function_gets_matching_events(put, subscribe, function, refused):
    arn, seen = function()
    subscribe(pattern="[level, code > 400, ...]", target=arn)
    put("app", "web", "ERROR 404 missing", "INFO 200 fine")
    (document,) = seen
    (event,) = document["logEvents"]
    assert (event["message"], event["extractedFields"]) == ("ERROR 404 missing", {"level": "ERROR", "code": "404"})
    assert refused(subscribe, target=arn, roleArn=ROLE) == (
        "InvalidParameterException",
        "destinationArn for vendor lambda cannot be used with roleArn",
    )


@pytest.mark.rule("logs-025")
@pytest.mark.aws(authorization=True)
@pytest.mark.parametrize("principal", ["logs.amazonaws.com", f"logs.{REGION}.amazonaws.com"])
def test_a_function_has_to_let_cloudwatch_logs_in(client, put, subscribe, function, trusting, refused, principal):
    trusting("logs", service="lambda.amazonaws.com")
    arn, seen = function()
    assert refused(subscribe, target=arn) == (
        "InvalidParameterException",
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
        "function.",
    )
    client("lambda").add_permission(
        FunctionName="forward",
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal=principal,
        SourceArn=f"{GROUP}app:*",
    )
    subscribe(target=arn)
    put("app", "web", "one")
    assert [each["logEvents"][0]["message"] for each in seen] == ["one"]


def test_a_function_that_follows_its_own_log_takes_its_time(aws, client, logs, function):
    arn, seen = function("loop")
    client("lambda").invoke(FunctionName="loop", Payload=_packed("first"))
    logs.put_subscription_filter(
        logGroupName="/aws/lambda/loop", filterName="f", filterPattern="START", destinationArn=arn
    )
    client("lambda").invoke(FunctionName="loop", Payload=_packed("second"))
    once = len(seen)
    aws.clock.advance(seconds=60)
    assert 2 < once < len(seen) < 200


def _packed(message):
    document = json.dumps({"logEvents": [{"message": message}]}).encode()
    return json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(document)).decode()}}).encode()


@pytest.mark.aws(at="2026-01-01")
def test_a_destination_that_is_gone_is_left_alone_for_a_while(aws, client, put, subscribe, stream):
    subscribe()
    kinesis = client("kinesis")
    kinesis.delete_stream(StreamName="lines")
    put("app", "web", "lost")
    kinesis.create_stream(StreamName="lines", ShardCount=1)
    put("app", "web", "skipped")
    assert stream() == []
    aws.clock.advance(minutes=11)
    put("app", "web", "sent")
    assert [each["logEvents"][0]["message"] for each in stream()] == ["sent"]


@pytest.mark.aws(at="2026-01-01")
def test_a_destination_that_is_busy_is_tried_again(aws, put, subscribe, stream):
    subscribe()
    aws.faults.add("kinesis:PutRecord", error="ProvisionedThroughputExceededException", times=2)
    put("app", "web", "late")
    assert len(stream()) == 1
    aws.clock.advance(minutes=5)
    assert stream()[-1]["logEvents"][0]["message"] == "late"


@pytest.mark.aws(limits={"lambda.async-payload": 1500})
def test_what_is_too_large_at_once_comes_in_parts(put, subscribe, function):
    arn, seen = function()
    subscribe(target=arn)
    lines = [f"{number} {sha256(str(number).encode()).hexdigest()}" for number in range(40)]
    put("app", "web", *lines)
    assert len(seen) > 1
    assert [event["message"] for document in seen for event in document["logEvents"]] == lines


@pytest.mark.newer_botocore
def test_selection_by_system_fields(put, subscribe, stream, refused):
    assert refused(subscribe, fieldSelectionCriteria="@other = 1")[0] == "InvalidParameterException"
    subscribe("one", fieldSelectionCriteria=f'@aws.account != "{ACCOUNT}" OR @aws.region NOT IN ["{REGION}"]')
    subscribe("two", fieldSelectionCriteria=f'@aws.account IN ["1", "{ACCOUNT}"] AND @source.log = "app"')
    put("app", "web", "x")
    data = [each for each in stream() if each["messageType"] == "DATA_MESSAGE"]
    assert [each["subscriptionFilters"] for each in data] == [["two"]]


# --- other accounts

OTHER = "999999999999"


@pytest.fixture
def other(aws):
    """A client of CloudWatch Logs in another account, with a group of its own."""
    client = boto3.client("logs", region_name=REGION, aws_access_key_id=OTHER, aws_secret_access_key="x")
    client.create_log_group(logGroupName="theirs")
    client.create_log_stream(logGroupName="theirs", logStreamName="web")
    return client


@pytest.mark.rule("logs-027")
def test_a_destination_gathers_logs_of_other_accounts(logs, other, stream, now, refused):
    made = logs.put_destination(destinationName="shared", targetArn=STREAM, roleArn=ROLE)["destination"]
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:shared"
    assert (made["arn"], "accessPolicy" in made) == (arn, False)
    given = {"logGroupName": "theirs", "filterName": "f", "filterPattern": "ERROR", "destinationArn": arn}
    denied = (
        "AccessDeniedException",
        f"User with accountId: {OTHER} is not authorized to perform: logs:PutSubscriptionFilter on resource: {arn}",
    )
    assert refused(other.put_subscription_filter, **given) == denied
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": "logs:PutSubscriptionFilter",
        "Resource": arn,
    }
    policy = lambda: json.dumps({"Version": "2012-10-17", "Statement": [statement]})  # noqa: E731
    logs.put_destination_policy(destinationName="shared", accessPolicy=policy())
    assert refused(other.put_subscription_filter, **given) == denied
    statement["Principal"]["AWS"] = OTHER
    logs.put_destination_policy(destinationName="shared", accessPolicy=policy())
    other.put_subscription_filter(**given)
    events = [{"timestamp": now(), "message": message} for message in ("ERROR one", "fine")]
    other.put_log_events(logGroupName="theirs", logStreamName="web", logEvents=events)
    data = stream()[-1]
    assert (data["owner"], [each["message"] for each in data["logEvents"]]) == (OTHER, ["ERROR one"])


@pytest.mark.rule("logs-027")
def test_a_destination_for_an_organization(client, logs, stream, refused):
    organizations = client("organizations")
    organizations.create_organization()
    id = organizations.describe_organization()["Organization"]["Id"]
    made = organizations.create_account(Email="m@example.com", AccountName="member")["CreateAccountStatus"]
    status = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    logs.put_destination(destinationName="shared", targetArn=STREAM, roleArn=ROLE)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:shared"
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "logs:PutSubscriptionFilter",
        "Resource": arn,
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": [id]}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_destination_policy(destinationName="shared", accessPolicy=text)

    def try_from(account):
        there = boto3.client("logs", region_name=REGION, aws_access_key_id=account, aws_secret_access_key="x")
        there.create_log_group(logGroupName="app")
        given = {"logGroupName": "app", "filterName": "f", "filterPattern": "", "destinationArn": arn}
        return there.put_subscription_filter, given

    call, given = try_from(status["AccountId"])
    call(**given)
    call, given = try_from(OTHER)
    assert refused(call, **given)[0] == "AccessDeniedException"


def test_destinations_that_cannot_be(logs, refused, stream):
    made = {"destinationName": "d", "roleArn": ROLE}
    code, message = refused(logs.put_destination, **made, targetArn=STREAM.replace("lines", "none"))
    assert code == "InvalidParameterException" and message.startswith("Could not deliver test message")
    assert refused(logs.put_destination, **made, targetArn="arn:aws:s3:::b")[0] == "InvalidParameterException"
    assert (
        refused(logs.put_destination_policy, destinationName="d", accessPolicy="{}")[0] == "ResourceNotFoundException"
    )
    logs.put_destination(**made, targetArn=STREAM)
    assert (
        refused(logs.put_destination_policy, destinationName="d", accessPolicy="{}")[0] == "InvalidParameterException"
    )
    logs.delete_destination(destinationName="d")
    assert logs.describe_destinations()["destinations"] == []
    assert refused(logs.delete_destination, destinationName="d")[0] == "ResourceNotFoundException"


def test_resource_policies(logs, group, refused):
    statement = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for number in range(10):
        logs.put_resource_policy(policyName=f"p{number}", policyDocument=text)
    logs.put_resource_policy(policyName="p1", policyDocument=text)
    assert refused(logs.put_resource_policy, policyName="x", policyDocument=text)[0] == "LimitExceededException"
    assert refused(logs.put_resource_policy, policyName="p1", policyDocument="{")[0] == "InvalidParameterException"
    assert len(logs.describe_resource_policies()["resourcePolicies"]) == 10
    logs.delete_resource_policy(policyName="p1")
    assert refused(logs.delete_resource_policy, policyName="p1")[0] == "ResourceNotFoundException"


# --- exports


@pytest.fixture
def export(client, logs, group, now):
    client("s3").create_bucket(Bucket="archive")
    given = {"logGroupName": "app", "fromTime": now() - 86_400_000, "to": now() + 86_400_000, "destination": "archive"}
    return lambda **more: logs.create_export_task(**{**given, **more})["taskId"]


@pytest.fixture
def exported(client):
    """exported() -> {key: text} of what is in the bucket."""

    def exported():
        s3 = client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="archive").get("Contents", [])]
        bodies = {key: s3.get_object(Bucket="archive", Key=key)["Body"].read() for key in keys}
        return {key: (gzip.decompress(body) if key.endswith(".gz") else body).decode() for key, body in bodies.items()}

    return exported


@pytest.mark.rule("logs-018", "logs-019")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_a_group_is_exported(aws, logs, put, export, exported, refused):
    put("app", "web/1", "one", "two")
    put("app", "db", "three")
    id = export(taskName="daily", logStreamNamePrefix="web", destinationPrefix="logs")
    status = lambda: logs.describe_export_tasks(taskId=id)["exportTasks"][0]["status"]["code"]  # noqa: E731
    assert status() == "PENDING"
    assert exported() == {"logs/aws-logs-write-test": "Permission Check Successful"}
    assert refused(export) == ("LimitExceededException", "Resource limit exceeded.")
    aws.clock.advance(seconds=30)
    assert status() == "RUNNING"
    aws.clock.advance(seconds=60)
    assert status() == "COMPLETED"
    lines = "2026-01-01T00:00:00.000Z one\n2026-01-01T00:00:00.000Z two\n"
    assert exported()[f"logs/{id}/web-1/000000.gz"] == lines and len(exported()) == 2
    assert refused(logs.cancel_export_task, taskId=id)[0] == "InvalidOperationException"

    other = export()
    logs.cancel_export_task(taskId=other)
    aws.clock.advance(seconds=300)
    assert logs.describe_export_tasks(statusCode="CANCELLED")["exportTasks"][0]["taskId"] == other
    assert not any(other in key for key in exported())


@pytest.mark.aws(at="2026-01-01")
def test_the_end_of_an_export_is_in_it(logs, put, export, exported, now):
    put("app", "web", "early", ago=1)
    put("app", "web", "last")
    id = export(fromTime=now() - 500, to=now())
    assert exported()[f"exportedlogs/{id}/web/000000.gz"].endswith(" last\n") and len(exported()) == 2


@pytest.mark.rule("logs-018")
def test_exports_that_cannot_be(logs, export, exported, refused, now):
    assert refused(export, destination="none") == (
        "InvalidParameterException",
        "The given bucket does not exist. Please provide a valid bucket.",
    )
    assert refused(export, fromTime=now(), to=now() - 1)[0] == "InvalidParameterException"
    assert refused(export, logGroupName="none")[0] == "ResourceNotFoundException"
    assert logs.describe_export_tasks()["exportTasks"] == [] and exported() == {}


@pytest.mark.rule("logs-018")
@pytest.mark.aws(authorization=True)
def test_the_bucket_has_to_let_cloudwatch_logs_write(client, export, exported, refused):
    failed = "call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform"
    code, message = refused(export)
    assert code == "InvalidParameterException" and message.startswith(f"GetBucketAcl {failed}")
    principal = {"Service": f"logs.{REGION}.amazonaws.com"}
    acl = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::archive"}
    write = {**acl, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::archive/*"}
    put = lambda *statements: client("s3").put_bucket_policy(  # noqa: E731
        Bucket="archive", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )
    put(acl)
    assert refused(export)[1].startswith(f"PutObject {failed}")
    put(acl, write)
    export()
    assert list(exported()) == ["exportedlogs/aws-logs-write-test"]


@pytest.mark.rule("logs-020")
@pytest.mark.aws(consistency="eventual", at="2026-01-01")
def test_late_data_may_be_missing(aws, put, export, exported):
    put("app", "web", "early")
    aws.clock.advance(hours=13)
    put("app", "web", "late")
    id = export()
    assert exported()[f"exportedlogs/{id}/web/000000.gz"].endswith(" early\n")
    aws.clock.advance(hours=13)
    again = export()
    assert exported()[f"exportedlogs/{again}/web/000000.gz"].endswith(" late\n")


def test_what_the_group_has_is_not_touched(logs, put, export):
    put("app", "web", "one")
    export()
    assert messages(logs.filter_log_events(logGroupName="app")) == ["one"]


# --- the embedded metric format


def embedded(now, **more):
    metrics = [{"Name": "latency", "Unit": "Milliseconds"}]
    directive = {"Namespace": "App", "Dimensions": [["service"]], "Metrics": metrics}
    document = {"_aws": {"Timestamp": now, "CloudWatchMetrics": [directive]}, "service": "shop", **more}
    return json.dumps(document)


@pytest.mark.aws(at="2026-01-01T12:00:00")
def test_events_that_are_metrics(put, now, measured):
    nobodys = json.loads(embedded(now(), latency=1000))
    del nobodys["service"]
    put("app", "web", embedded(now(), latency=20), embedded(now(), latency=[1, 2]), embedded(now(), latency="x"))
    put("app", "web", json.dumps(nobodys))
    assert measured("latency", service="shop") == (3, 23)
    assert measured("latency") == (0, 0)


@pytest.mark.aws(at="2026-01-01T12:00:00")
def test_an_account_switches_that_off(logs, put, now, measured):
    logs.put_account_policy(
        policyName="off",
        policyType="METRIC_EXTRACTION_POLICY",
        policyDocument="{}",
        selectionCriteria='LogGroupName IN ["app"]',
    )
    put("app", "web", embedded(now(), latency=20))
    put("other", "web", embedded(now(), latency=3))
    assert measured("latency", service="shop") == (1, 3)
