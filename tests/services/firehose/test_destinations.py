"""Destinations beside S3: HTTP endpoints, Splunk, Redshift's bucket, and those that awsim does not run."""

import base64
import gzip
import json

import boto3
import pytest

ROLE = "arn:aws:iam::123456789012:role/app"
BUCKET = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::reports"}
URL = "https://collector.example.com/v1/logs"
STREAM = "arn:aws:firehose:us-east-1:123456789012:deliverystream/clicks"

pytestmark = pytest.mark.aws(at="2026-01-02T03:04:05")


@pytest.fixture
def to(firehose, s3):
    """to("HttpEndpoint", EndpointConfiguration={…}) makes the stream `clicks`, which delivers at once."""

    def to(name, hints=True, **settings):
        if hints:
            settings = {"BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1}, **settings}
        settings = {"S3Configuration": BUCKET, **settings}
        firehose.create_delivery_stream(DeliveryStreamName="clicks", **{f"{name}DestinationConfiguration": settings})

    return to


@pytest.fixture
def described(firehose):
    def described(name):
        answer = firehose.describe_delivery_stream(DeliveryStreamName="clicks")["DeliveryStreamDescription"]
        (destination,) = answer["Destinations"]
        return destination[f"{name}DestinationDescription"]

    return described


@pytest.fixture
def endpoint(aws):
    """endpoint([500, 200]) answers so, the last for ever; its list gets (headers, body)."""

    def endpoint(statuses=(200,), url=URL):
        asked, left = [], list(statuses)

        def answer(request):
            headers = {name.lower(): value for name, value in dict(request.headers).items()}
            body = request.read()
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            told = json.loads(body)
            asked.append((headers, told))
            status = left.pop(0) if len(left) > 1 else left[0]
            reply = {"requestId": told["requestId"], "timestamp": told["timestamp"]}
            return (status, json.dumps(reply if status == 200 else {**reply, "errorMessage": "no"}))

        aws.endpoints[url] = answer
        return asked

    return endpoint


def data(told):
    return [base64.b64decode(record["data"]) for record in told["records"]]


def failures(delivered, bucket="reports"):
    """{key: [error documents]} of a bucket, with raw data decoded."""
    found = {}
    for key, content in delivered(bucket).items():
        documents = [json.loads(line) for line in content.splitlines()]
        found[key] = [{**one, "rawData": base64.b64decode(one["rawData"])} for one in documents]
    return found


# --- HTTP endpoints


@pytest.mark.rule("firehose-012")
def test_records_are_posted_to_an_endpoint(firehose, to, put, endpoint, described, delivered):
    asked = endpoint()
    to(
        "HttpEndpoint",
        EndpointConfiguration={"Url": URL, "Name": "collector", "AccessKey": "secret"},
        RequestConfiguration={
            "ContentEncoding": "GZIP",
            "CommonAttributes": [{"AttributeName": "stage", "AttributeValue": "test"}],
        },
        BufferingHints={"IntervalInSeconds": 60, "SizeInMBs": 1},
    )
    shown = described("HttpEndpoint")
    assert shown["EndpointConfiguration"] == {"Url": URL, "Name": "collector"}
    assert (shown["S3BackupMode"], shown["RetryOptions"]) == ("FailedDataOnly", {"DurationInSeconds": 300})
    assert shown["S3DestinationDescription"]["BucketARN"] == BUCKET["BucketARN"]
    put(b"one")
    put(b"two" * 200_000)
    assert asked == []
    put(b"two" * 200_000)
    ((headers, told),) = asked
    assert data(told) == [b"one", b"two" * 200_000, b"two" * 200_000]
    assert told["requestId"] == headers["x-amz-firehose-request-id"]
    assert told["timestamp"] == 1_767_323_045_000
    assert headers["x-amz-firehose-protocol-version"] == "1.0"
    assert headers["x-amz-firehose-access-key"] == "secret"
    assert headers["x-amz-firehose-source-arn"] == STREAM
    assert json.loads(headers["x-amz-firehose-common-attributes"]) == {"commonAttributes": {"stage": "test"}}
    assert headers["content-type"] == "application/json"
    assert delivered() == {}


@pytest.mark.rule("firehose-012")
def test_an_endpoint_without_tls_is_refused(firehose, to, refused):
    code, message = refused(to, "HttpEndpoint", EndpointConfiguration={"Url": "http://example.com"})
    assert code == "ValidationException"
    assert "https://.*" in message
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_an_endpoint_that_is_down_is_tried_again_under_the_same_id(aws, to, put, endpoint, delivered):
    asked = endpoint([503, 429, 200])
    to("HttpEndpoint", EndpointConfiguration={"Url": URL})
    put(b"x")
    assert len(asked) == 1
    aws.clock.advance(seconds=4)
    assert len(asked) == 1
    aws.clock.advance(seconds=1)
    assert len(asked) == 2
    aws.clock.advance(seconds=10)
    assert len(asked) == 3
    assert len({told["requestId"] for _, told in asked}) == 1
    aws.clock.advance(hours=1)
    assert len(asked) == 3
    assert delivered() == {}


@pytest.mark.rule("firehose-014")
def test_what_an_endpoint_never_takes_goes_to_the_backup_bucket(aws, to, put, endpoint, delivered):
    asked = endpoint([413])
    to(
        "HttpEndpoint",
        EndpointConfiguration={"Url": URL},
        RetryOptions={"DurationInSeconds": 60},
        S3Configuration={**BUCKET, "ErrorOutputPrefix": "bad/!{firehose:error-output-type}/"},
    )
    put(b"x")
    aws.clock.advance(seconds=59)
    assert len(asked) == 4  # after 5, 10 and 20 seconds
    ((key, (failed,)),) = failures(delivered).items()
    assert key.startswith("bad/http-endpoint-failed/clicks-1-2026-01-02-03-04-05-")
    assert failed["rawData"] == b"x"
    assert (failed["attemptsMade"], failed["errorCode"]) == (4, "HttpEndpoint.DestinationException")
    assert failed["errorMessage"].startswith(
        'The following response was received from the endpoint destination. 413: {"requestId"'
    )
    assert (failed["arrivalTimestamp"], failed["attemptEndingTimestamp"]) == (1_767_323_045_000, 1_767_323_080_000)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (200, "HttpEndpoint.InvalidResponseFromDestination"),
        ((200, '{"requestId": "other", "timestamp": 1}'), "HttpEndpoint.InvalidResponseFromDestination"),
        ((202, "{}"), "HttpEndpoint.DestinationException"),
        (None, "HttpEndpoint.ConnectionFailed"),
    ],
)
def test_answers_that_do_not_follow_the_protocol(aws, to, put, delivered, answer, code):
    if answer is not None:
        aws.endpoints[URL] = lambda request: answer
    to("HttpEndpoint", EndpointConfiguration={"Url": URL}, RetryOptions={"DurationInSeconds": 0})
    put(b"x")
    ((key, (failed,)),) = failures(delivered).items()
    assert key.startswith("http-endpoint-failed/2026/01/02/03/")
    assert (failed["errorCode"], failed["attemptsMade"]) == (code, 1)


@pytest.mark.rule("firehose-014")
def test_all_data_can_lie_in_the_bucket_as_well(to, put, endpoint, delivered):
    endpoint()
    to("HttpEndpoint", EndpointConfiguration={"Url": URL}, S3BackupMode="AllData")
    put(b"x")
    assert list(delivered().values()) == [b"x"]


def test_an_endpoint_is_updated(firehose, to, put, endpoint, described, refused):
    old, new = endpoint(), endpoint(url="https://new.example.com/")
    to("HttpEndpoint", EndpointConfiguration={"Url": URL, "Name": "old"})
    where = {"DeliveryStreamName": "clicks", "DestinationId": "destinationId-000000000001"}
    firehose.update_destination(
        **where,
        CurrentDeliveryStreamVersionId="1",
        HttpEndpointDestinationUpdate={
            "EndpointConfiguration": {"Url": "https://new.example.com/"},
            "S3Update": {"Prefix": "p/"},
        },
    )
    put(b"x")
    assert (len(old), len(new)) == (0, 1)
    shown = described("HttpEndpoint")["S3DestinationDescription"]
    assert (shown["Prefix"], shown["BucketARN"]) == ("p/", BUCKET["BucketARN"])
    to_search = {"RoleARN": ROLE, "IndexName": "i", "DomainARN": "arn:aws:es:us-east-1:123456789012:domain/logs"}
    assert refused(
        firehose.update_destination,
        **where,
        CurrentDeliveryStreamVersionId="2",
        AmazonopensearchserviceDestinationUpdate=to_search,
    ) == (
        "InvalidArgumentException",
        "Switching between Amazon OpenSearch Service and other services is not supported.",
    )
    code, message = refused(
        firehose.update_destination,
        **where,
        CurrentDeliveryStreamVersionId="2",
        ExtendedS3DestinationUpdate={"BucketARN": BUCKET["BucketARN"]},
    )
    assert (code, message) == (
        "InvalidArgumentException",
        "RoleARN must be specified when the destination type is changed.",
    )
    refusal = refused(
        firehose.update_destination,
        **where,
        CurrentDeliveryStreamVersionId="2",
        ExtendedS3DestinationUpdate={**BUCKET, "S3BackupUpdate": {"Prefix": "p"}},
    )
    assert refusal == ("InvalidArgumentException", "RoleARN must be specified.")
    firehose.update_destination(
        **where, CurrentDeliveryStreamVersionId="2", ExtendedS3DestinationUpdate={**BUCKET, "Prefix": "all/"}
    )
    assert described("ExtendedS3")["Prefix"] == "all/"


def test_one_destination_and_no_more(firehose, refused):
    code, message = refused(
        firehose.create_delivery_stream,
        DeliveryStreamName="clicks",
        S3DestinationConfiguration=BUCKET,
        HttpEndpointDestinationConfiguration={"EndpointConfiguration": {"Url": URL}, "S3Configuration": BUCKET},
    )
    assert (code, message) == (
        "InvalidArgumentException",
        "Exactly one destination configuration is supported for a Firehose",
    )


# --- Splunk


@pytest.fixture
def splunk(aws):
    """splunk(acks=[False, True]) -> the requests that Splunk got, as (path, token, body)."""

    def splunk(acks=(True,), status=200):
        asked, left = [], list(acks)

        def answer(request):
            headers = {name.lower(): value for name, value in dict(request.headers).items()}
            path = request.path.removeprefix("/services/collector/")
            asked.append((path, headers["authorization"], request.read()))
            if path == "ack":
                done = left.pop(0) if len(left) > 1 else left[0]
                return json.dumps({"acks": {"7": done}})
            return (status, json.dumps({"text": "Success", "code": 0, "ackId": 7}))

        aws.endpoints["https://splunk.example.com:8088/"] = answer
        return asked

    return splunk


HEC = {"HECEndpoint": "https://splunk.example.com:8088", "HECEndpointType": "Raw", "HECToken": "token"}


@pytest.mark.rule("firehose-011")
def test_splunk_gets_events_and_acknowledges_them(aws, to, put, splunk, described, delivered):
    asked = splunk([False, False, True])
    to("Splunk", **HEC)
    shown = described("Splunk")
    assert {name: shown[name] for name in HEC} == HEC
    assert (shown["HECAcknowledgmentTimeoutInSeconds"], shown["S3BackupMode"]) == (180, "FailedEventsOnly")
    assert shown["RetryOptions"] == {"DurationInSeconds": 3600}
    put(b"event")
    aws.clock.advance(minutes=5)
    assert asked == [("raw", "Splunk token", b"event")] + 3 * [("ack", "Splunk token", b'{"acks": [7]}')]
    assert delivered() == {}


@pytest.mark.rule("firehose-014")
@pytest.mark.parametrize(
    ("answers", "code", "tries"),
    [
        ({"status": 403}, "Splunk.InvalidToken", 1),
        ({"status": 503}, "Splunk.IndexerBusy", 4),
        ({"acks": [False]}, "Splunk.AckTimeout", 4),
    ],
)
def test_what_splunk_does_not_index_goes_to_the_backup_bucket(aws, to, put, splunk, delivered, answers, code, tries):
    splunk(**answers)
    to("Splunk", **HEC, RetryOptions={"DurationInSeconds": 600 if "acks" in answers else 60})
    put(b"event")
    aws.clock.advance(hours=1)
    ((key, (failed,)),) = failures(delivered).items()
    assert key.startswith("splunk-failed/2026/01/02/03/")
    assert (failed["errorCode"], failed["attemptsMade"], failed["rawData"]) == (code, tries, b"event")


# --- what awsim does not run


CLUSTER = {
    "RoleARN": ROLE,
    "ClusterJDBCURL": "jdbc:redshift://c.abc.us-east-1.redshift.amazonaws.com:5439/dev",
    "CopyCommand": {"DataTableName": "t"},
    "Username": "u",
    "Password": "secret",
}


@pytest.mark.rule("firehose-009")
def test_redshift_s_records_wait_in_the_intermediate_bucket(to, put, described, delivered):
    to("Redshift", hints=False, **CLUSTER, S3Configuration={**BUCKET, "BufferingHints": {"IntervalInSeconds": 0}})
    shown = described("Redshift")
    assert "Password" not in shown
    assert (shown["CopyCommand"], shown["RetryOptions"]) == ({"DataTableName": "t"}, {"DurationInSeconds": 3600})
    put(b"1|a\n")
    manifest, records = sorted(delivered().items(), reverse=True)
    assert records[1] == b"1|a\n"
    assert manifest[0] == f"errors/manifests/{records[0]}"
    assert json.loads(manifest[1]) == {"entries": [{"url": f"s3://reports/{records[0]}", "mandatory": True}]}


OTHERS = [
    ("AmazonOpenSearchServerless", "AmazonOpenSearchServerless-failed",
     {"RoleARN": ROLE, "IndexName": "i", "CollectionEndpoint": "https://c.us-east-1.aoss.amazonaws.com"}),
    ("Snowflake", "snowflake-failed",
     {"RoleARN": ROLE, "AccountUrl": "https://acme.snowflakecomputing.com", "User": "u", "PrivateKey": "A" * 256,
      "Database": "d", "Schema": "s", "Table": "t"}),
    ("Iceberg", "iceberg-failed",
     {"RoleARN": ROLE, "CatalogConfiguration": {"CatalogARN": "arn:aws:glue:us-east-1:123456789012:catalog"}}),
]  # fmt: skip


@pytest.mark.rule("firehose-011")
@pytest.mark.parametrize(("name", "failed", "settings"), OTHERS, ids=[name for name, _, _ in OTHERS])
def test_others_are_set_up_and_say_that_they_are_not_run(to, put, described, delivered, name, failed, settings):
    to(name, **settings)
    shown = described(name)
    assert {key: shown[key] for key in settings if key != "PrivateKey"} == {
        key: value for key, value in settings.items() if key != "PrivateKey"
    }
    assert "PrivateKey" not in shown
    put(b"x")
    ((key, (told,)),) = failures(delivered).items()
    assert key.startswith(f"{failed}/2026/01/02/03/")
    assert (told["errorCode"], told["rawData"]) == ("NotImplemented", b"x")
    assert name in told["errorMessage"]


def test_retries_come_back_with_a_snapshot(aws, to, put, endpoint, delivered):
    asked = endpoint([503, 200])
    to("HttpEndpoint", EndpointConfiguration={"Url": URL})
    put(b"x")
    before = aws.snapshot()
    aws.clock.advance(seconds=5)
    assert len(asked) == 2
    aws.restore(before)
    aws.clock.advance(seconds=5)
    assert len(asked) == 3


@pytest.mark.aws(authorization=True)
def test_failures_are_put_by_the_role(aws, to, put, delivered):
    iam = boto3.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    to("HttpEndpoint", EndpointConfiguration={"Url": URL}, RetryOptions={"DurationInSeconds": 0})
    put(b"x")
    assert delivered() == {}
    grant = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/*"}
    iam.put_role_policy(RoleName="app", PolicyName="put", PolicyDocument=json.dumps({"Statement": [grant]}))
    aws.clock.advance(minutes=2)
    assert len(failures(delivered)) == 1
