"""What neither the protocol cases nor the round trips reach: hosts, wrappings, streams, errors, and bad input."""

from __future__ import annotations

import base64
import datetime
import gzip
import io
import json
import random
import urllib.parse
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError
from botocore.session import Session

from awsim.errors import AWSError
from awsim.wire import eventstream, values
from awsim.wire.codec import codec_for, codec_of, new_codec
from awsim.wire.http import Headers, Request, Response
from awsim.wire.models import service_model
from awsim.wire.rpc_v2_cbor import decode

UTC = datetime.UTC


def codec(service: str, operation: str, protocol: str | None = None) -> Any:
    return codec_for(service_model(service).operation_model(operation), protocol)


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session()
    session.set_credentials("AKID", "secret")
    return session


@pytest.fixture
def client(session: Session) -> Any:
    """client(service, answer) -> (client, seen): a botocore client whose requests are parsed into `seen`."""

    def make(service: str, answer: Any = None, **options: Any) -> tuple[Any, list[Any]]:
        made = session.create_client(service, **{"region_name": "us-west-2", **options})
        seen: list[Any] = []

        def respond(request: Any, event_name: str, **_: Any) -> AWSResponse:
            operation = made.meta.service_model.operation_model(event_name.rpartition(".")[2])
            incoming = Request(request.method, request.url, request.headers, request.body)
            found = codec_of(incoming, operation)
            seen.append(found.parse(incoming))
            if isinstance(answer, AWSError):
                response = found.serialise_error(answer, "the-request-id", incoming)
            else:
                response = found.serialise(answer, "the-request-id")
            body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
            return AWSResponse(request.url, response.status, HeadersDict(response.headers), Raw(body))

        made.meta.events.register("before-send", respond)
        return made, seen

    return make


# --- S3 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"region_name": "us-east-1"},
        {"region_name": "cn-north-1"},
        {"config": {"s3": {"addressing_style": "path"}}},
        {"config": {"s3": {"use_accelerate_endpoint": True}}},
        {"config": {"s3": {"use_accelerate_endpoint": True, "use_dualstack_endpoint": True}}},
        {"config": {"use_dualstack_endpoint": True}},
        {"config": {"use_fips_endpoint": True}},
    ],
    ids=str,
)
@pytest.mark.parametrize("key", ["k", "a/b//c", "a b+c%41?#&=ü", "..", "/leading", "trailing/"])
def test_bucket_and_key_however_they_are_addressed(client: Any, options: dict[str, Any], key: str) -> None:
    from botocore.config import Config

    if "config" in options:
        options = {**options, "config": Config(**options["config"])}
    s3, seen = client("s3", {}, **options)
    s3.put_object(Bucket="a-bucket", Key=key, Body=b"data")
    assert (seen[0]["Bucket"], seen[0]["Key"], seen[0]["Body"]) == ("a-bucket", key, b"data")
    s3.list_objects_v2(Bucket="a-bucket", Prefix=key)
    assert (seen[1]["Bucket"], seen[1]["Prefix"]) == ("a-bucket", key)


def test_access_point_is_its_arn(client: Any) -> None:
    s3, seen = client("s3", {})
    arn = "arn:aws:s3:us-west-2:123456789012:accesspoint/my-point"
    s3.put_object(Bucket=arn, Key="k")
    assert seen[0]["Bucket"] == arn


def test_account_of_s3_control(client: Any) -> None:
    control, seen = client("s3control", {})
    control.list_jobs(AccountId="123456789012")
    assert seen[0] == {"AccountId": "123456789012"}
    # Plain HTTP: only the host may say it.
    bare = Request("GET", "https://123456789012.s3-control.us-west-2.amazonaws.com/v20180820/jobs", {})
    assert codec("s3control", "ListJobs").parse(bare)["AccountId"] == "123456789012"


@pytest.mark.parametrize("body", [b"", b"x" * 10, b"x" * 100_000])
def test_aws_chunked_bodies_with_trailing_checksums(client: Any, body: bytes) -> None:
    s3, seen = client("s3", {})
    s3.put_object(Bucket="b", Key="k", Body=io.BytesIO(body), ContentEncoding="br", ChecksumAlgorithm="SHA256")
    assert seen[0].get("Body", b"") == body
    assert seen[0]["ContentEncoding"] == "br"
    assert len(seen[0]["ChecksumSHA256"]) == 44


def chunked(*chunks: bytes, trailers: bytes = b"", signed: bool = False) -> bytes:
    sign = b";chunk-signature=" + b"0" * 64 if signed else b""
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), sign, chunk) for chunk in chunks)
    return framed + b"0" + sign + b"\r\n" + trailers + b"\r\n"


def put(body: bytes, **headers: str) -> dict[str, Any]:
    return codec("s3", "PutObject").parse(
        Request(
            "PUT",
            "https://b.s3.amazonaws.com/k",
            {name.replace("_", "-"): text for name, text in headers.items()},
            body,
        )
    )


def test_signed_chunks() -> None:
    params = put(
        chunked(
            b"abc", b"de\r\n", signed=True, trailers=b"x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:0\r\n"
        ),
        content_encoding="aws-chunked,gzip",
        x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        x_amz_decoded_content_length="7",
    )
    assert params["Body"] == b"abcde\r\n"
    assert params["ContentLength"] == 7
    assert params["ContentEncoding"] == "gzip"
    assert params["ChecksumCRC32"] == "AAAAAA=="


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_chunked_body_that_ends_early(cut: int) -> None:
    with pytest.raises(AWSError, match="IncompleteBody"):
        put(chunked(b"abcdef")[:-cut][:11], content_encoding="aws-chunked", x_amz_decoded_content_length="6")


def test_a_chunked_body_of_another_length() -> None:
    with pytest.raises(AWSError, match="IncompleteBody"):
        put(chunked(b"abcdef"), content_encoding="aws-chunked", x_amz_decoded_content_length="7")


def test_metadata_keeps_the_case_of_its_names(client: Any) -> None:
    s3, seen = client("s3", {"Metadata": {"Some-Name": "x"}, "Body": b"", "ContentLength": 0})
    s3.put_object(Bucket="b", Key="k", Metadata={"MixedCase": "v"})
    assert seen[0]["Metadata"] == {"MixedCase": "v"}
    assert s3.get_object(Bucket="b", Key="k")["Metadata"] == {"Some-Name": "x"}


@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_bucket_location(client: Any, region: str | None) -> None:
    s3, _ = client("s3", {"LocationConstraint": region})
    assert s3.get_bucket_location(Bucket="b")["LocationConstraint"] == region


def test_head_errors_have_no_body(client: Any) -> None:
    s3, _ = client("s3", AWSError("NoSuchKey", "The specified key does not exist.", status=404))
    with pytest.raises(ClientError) as refused:
        s3.head_object(Bucket="b", Key="k")
    assert refused.value.response["Error"] == {"Code": "404", "Message": "Not Found"}
    with pytest.raises(s3.exceptions.NoSuchKey) as refused:
        s3.get_object(Bucket="b", Key="k")
    assert refused.value.response["ResponseMetadata"]["RequestId"] == "the-request-id"
    assert refused.value.response["ResponseMetadata"]["HostId"]


def test_s3_errors_carry_what_no_model_has(client: Any) -> None:
    error = AWSError("NoSuchBucket", "The specified bucket does not exist", status=404, fields={"BucketName": "b<&>"})
    s3, _ = client("s3", error)
    with pytest.raises(s3.exceptions.NoSuchBucket) as refused:
        s3.list_objects_v2(Bucket="b")
    assert refused.value.response["Error"]["BucketName"] == "b<&>"
    assert refused.value.response["Error"]["Message"] == error.message


def test_dates_that_s3_takes_as_they_come() -> None:
    conditional = Request(
        "GET", "https://b.s3.amazonaws.com/k", {"If-Modified-Since": "yesterday", "Range": "bytes=0-1"}
    )
    assert codec("s3", "GetObject").parse(conditional) == {"Bucket": "b", "Key": "k", "Range": "bytes=0-1"}
    assert put(b"x", expires="never")["Expires"] == "never"
    with pytest.raises(AWSError, match="InvalidArgument"):
        put(b"x", x_amz_object_lock_retain_until_date="never")


def test_results_may_set_status_and_headers() -> None:
    result = {"Body": b"ab", "ContentRange": "bytes 0-1/9", "__status__": 206, "__headers__": {"Vary": "Origin"}}
    response = codec("s3", "GetObject").serialise(result, "id")
    assert (response.status, response.body) == (206, b"ab")
    assert response.headers["Vary"] == "Origin"
    assert response.headers["Content-Length"] == "2"


def test_streams_are_not_read_before_they_are_asked_for() -> None:
    read = []

    def parts() -> Iterator[bytes]:
        for part in (b"a", b"b"):
            read.append(part)
            yield part

    response = codec("s3", "GetObject").serialise({"Body": parts(), "ContentLength": 2}, "id")
    assert read == []
    assert b"".join(response.body) == b"ab"
    response = codec("s3", "GetObject").serialise({"Body": io.BytesIO(b"xyz")}, "id")
    assert b"".join(response.body) == b"xyz"


def test_characters_that_xml_has_no_room_for() -> None:
    response = codec("s3", "ListObjectsV2").serialise({"Contents": [{"Key": "a\x01\r\n&<>"}], "Prefix": None}, "id")
    assert b"<Key>a&#x1;&#13;\n&amp;&lt;&gt;</Key>" in response.body
    assert b"Prefix" not in response.body


# --- several protocols -----------------------------------------------------------------------------------------------


def test_sqs_answers_the_query_protocol_too() -> None:
    form = {
        "Action": "SendMessage",
        "MessageBody": "a&b",
        "DelaySeconds": "3",
        "MessageAttribute.1.Name": "n",
        "MessageAttribute.1.Value.DataType": "Binary",
        "MessageAttribute.1.Value.BinaryValue": "AAE=",
    }
    url = "https://sqs.us-west-2.amazonaws.com/123456789012/q"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = Request("POST", url, headers, urllib.parse.urlencode(form))
    found = codec_of(request, service_model("sqs").operation_model("SendMessage"))
    assert found.protocol == "query"
    assert found.parse(request) == {
        "QueueUrl": url,
        "MessageBody": "a&b",
        "DelaySeconds": 3,
        "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}},
    }
    receive = codec("sqs", "ReceiveMessage", "query")
    body = receive.serialise({"Messages": [{"Body": "x", "Attributes": {"SenderId": "me"}}]}, "id").body
    assert b'<ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' in body
    assert b"<Message><Body>x</Body><Attribute><Name>SenderId</Name><Value>me</Value></Attribute></Message>" in body
    refused = receive.serialise_error(AWSError("QueueDoesNotExist", "gone"), "id").body
    assert b"<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in refused


def test_protocol_of_the_request_decides() -> None:
    operation = service_model("cloudwatch").operation_model("ListMetrics")
    if len(operation.service_model.metadata.get("protocols", ())) < 3:
        pytest.skip("this botocore's CloudWatch speaks one protocol")
    url = "https://monitoring.us-west-2.amazonaws.com/"
    cbor = Request("POST", url, {"Smithy-Protocol": "rpc-v2-cbor"}, b"\xa1\x69Namespace\x61n")
    plain = Request("POST", url, {"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"}, b'{"Namespace":"n"}')
    form = Request("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, "Action=ListMetrics&Namespace=n")
    for request, protocol in ((cbor, "smithy-rpc-v2-cbor"), (plain, "json"), (form, "query")):
        found = codec_of(request, operation)
        assert found.protocol == protocol
        assert found.parse(request) == {"Namespace": "n"}


def test_gzipped_requests(client: Any) -> None:
    from botocore.config import Config

    watch, seen = client("cloudwatch", {}, config=Config(request_min_compression_size_bytes=1))
    data = [{"MetricName": "m", "Value": 1.5, "Timestamp": datetime.datetime(2026, 1, 1, tzinfo=UTC)}]
    watch.put_metric_data(Namespace="n", MetricData=data)
    assert seen == [{"Namespace": "n", "MetricData": data}]


def test_host_prefix(client: Any) -> None:
    steps, seen = client("stepfunctions", {"executionArn": "x"})
    steps.start_sync_execution(stateMachineArn="arn", input="{}")
    assert seen == [{"stateMachineArn": "arn", "input": "{}"}]


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"])
def test_query_compatible_errors(client: Any, code: str) -> None:
    sqs, _ = client("sqs", AWSError(code, "gone"))
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as refused:
        sqs.receive_message(QueueUrl="https://q")
    error = refused.value.response["Error"]
    assert (error["Code"], error["QueryErrorCode"], error["Type"], error["Message"]) == (
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "Sender",
        "gone",
    )


@pytest.mark.parametrize(
    ("service", "operation", "code", "type"),
    [
        (
            "dynamodb",
            "GetItem",
            "ResourceNotFoundException",
            "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        ),
        ("dynamodb", "GetItem", "ValidationException", "com.amazon.coral.validate#ValidationException"),
        ("dynamodb", "GetItem", "AccessDeniedException", "com.amazon.coral.service#AccessDeniedException"),
        ("sqs", "SendMessage", "QueueDoesNotExist", "com.amazonaws.sqs#QueueDoesNotExist"),
        ("kms", "Encrypt", "NotFoundException", "NotFoundException"),
    ],
)
def test_json_error_types(service: str, operation: str, code: str, type: str) -> None:
    response = codec(service, operation).serialise_error(AWSError(code, "m"), "id")
    body = json.loads(response.body)
    assert (response.status, body["__type"]) == (400, type)
    assert body.get("message", body.get("Message")) == "m"


def test_statuses_of_errors() -> None:
    def status(service: str, operation: str, *args: Any, **options: Any) -> int:
        return codec(service, operation).serialise_error(AWSError(*args, **options), "id").status

    assert status("lambda", "Invoke", "ResourceNotFoundException") == 404
    assert status("lambda", "Invoke", "ServiceException") == 500
    assert status("lambda", "Invoke", "ServiceException", status=503) == 503
    assert status("iam", "GetUser", "NoSuchEntity") == 404
    assert status("iam", "GetUser", "Whatever") == 400
    assert status("iam", "GetUser", "Whatever", fault="receiver") == 500
    assert status("dynamodb", "GetItem", "InternalServerError") == 500


def test_either_name_of_a_query_error(client: Any) -> None:
    for code in ("NoSuchEntity", "NoSuchEntityException"):
        iam, _ = client("iam", AWSError(code, "gone", headers={"X-More": "yes"}))
        with pytest.raises(iam.exceptions.NoSuchEntityException) as refused:
            iam.get_user(UserName="u")
        assert refused.value.response["Error"] == {"Type": "Sender", "Code": "NoSuchEntity", "Message": "gone"}
        assert refused.value.response["ResponseMetadata"]["HTTPHeaders"]["x-more"] == "yes"


# --- bad input -------------------------------------------------------------------------------------------------------


def json_request(body: bytes) -> Request:
    return Request("POST", "https://x.us-west-2.amazonaws.com/", {"Content-Type": "application/x-amz-json-1.0"}, body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", ""),
        (b"", None),
        (b'{"TableName": 1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"TableName": true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"TableName": {}}', "Start of structure or map found where not expected."),
        (b'{"TableName": []}', "Start of list found where not expected"),
        (b'{"Key": "x"}', "Unexpected field type"),
        (b'{"Key": {"a": {"B": "!"}}}', "Invalid base64"),
        (b'{"Key": {"a": {"B": "AAA"}}}', "Invalid base64"),
        (b'{"Key": {"a": {"L": "x"}}}', "Expected list or null"),
        (b'{"Key": {"a": {"SS": [null]}}}', "Null is not allowed in a list"),
        (b'{"ConsistentRead": "x"}', "STRING_VALUE can not be converted to a Boolean"),
        (b"[]", "Start of list found where not expected"),
        (b"1", "Unexpected field type"),
        (b"\xff\xfe", ""),
        (b'{"TableName": "\\ud800"}', ""),
        (b"NaN", "Unexpected token NaN"),
        (b'{"a":' * 100_000, "Nesting is too deep"),
    ],
)
def test_bad_json(body: bytes, message: str | None) -> None:
    parse = codec("dynamodb", "GetItem").parse
    if message is None:
        assert parse(json_request(body)) == {}
        return
    with pytest.raises(AWSError) as refused:
        parse(json_request(body))
    assert (refused.value.code, refused.value.status, refused.value.message) == ("SerializationException", 400, message)


def test_integers_of_json() -> None:
    parse = codec("sqs", "SendMessage").parse
    assert parse(json_request(b'{"DelaySeconds": 3.0, "No": "such", "MessageBody": null}')) == {"DelaySeconds": 3}
    for value in (b'"3"', b"3.5", b"true", b"[3]"):
        with pytest.raises(AWSError, match="SerializationException"):
            parse(json_request(b'{"DelaySeconds": %s}' % value))


@pytest.mark.parametrize(
    "body", [b"<", b"<Tagging>", b"<Wrong/>", b"\xff", b'<!DOCTYPE x [<!ENTITY a "b">]><Tagging>&a;</Tagging>', b"text"]
)
def test_bad_xml(body: bytes) -> None:
    with pytest.raises(AWSError) as refused:
        codec("s3", "PutBucketTagging").parse(Request("PUT", "https://b.s3.amazonaws.com/?tagging", {}, body))
    assert (refused.value.code, refused.value.status) == ("MalformedXML", 400)


def test_bad_query_values_of_s3() -> None:
    with pytest.raises(AWSError, match="Provided max-keys not an integer") as refused:
        codec("s3", "ListObjectsV2").parse(Request("GET", "https://b.s3.amazonaws.com/?list-type=2&max-keys=x", {}))
    assert refused.value.code == "InvalidArgument"
    assert refused.value.fields == {"ArgumentName": "max-keys", "ArgumentValue": "x"}


@pytest.mark.parametrize(
    ("service", "operation", "form", "code"),
    [
        ("sns", "ListTopics", b"\xff", "MalformedInput"),
        ("sns", "Publish", b"MessageAttributes.entry.x.Name=a", "MalformedInput"),
        ("sns", "Publish", b"MessageAttributes=x", "MalformedInput"),
        ("iam", "ListUsers", b"MaxItems=x", "MalformedInput"),
        ("iam", "ListUsers", b"MaxItems.a=1", "MalformedInput"),
        ("iam", "ListUsers", b"MaxItems=1_0", "MalformedInput"),
        ("ec2", "DescribeInstances", b"MaxResults=x", "InvalidParameterValue"),
        ("ec2", "DescribeInstances", b"Filter.x.Name=a", "InvalidParameterValue"),
        ("ec2", "DescribeInstances", b"Filter.1=a", "InvalidParameterValue"),
    ],
)
def test_bad_forms(service: str, operation: str, form: bytes, code: str) -> None:
    with pytest.raises(AWSError) as refused:
        codec(service, operation).parse(Request("POST", "https://x.amazonaws.com/", {}, form))
    assert (refused.value.code, refused.value.status) == (code, 400)


FUZZED = [
    ("dynamodb", "PutItem", "json", b'{"TableName":"t","Item":{"a":{"S":"x"},"b":{"B":"AAA="},"c":{"L":[{"N":"1"}]}}}'),
    ("sqs", "SendMessage", "json", b'{"QueueUrl":"u","MessageBody":"b","DelaySeconds":3}'),
    (
        "sqs",
        "SendMessage",
        "query",
        b"Action=SendMessage&MessageBody=b&MessageAttribute.1.Name=n&MessageAttribute.1.Value=v",
    ),
    ("ec2", "RunInstances", "ec2", b"MinCount=1&TagSpecification.1.Tag.1.Key=k&NetworkInterface.1.DeviceIndex=1"),
    (
        "s3",
        "CompleteMultipartUpload",
        "rest-xml",
        b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>",
    ),
    (
        "route53",
        "ChangeResourceRecordSets",
        "rest-xml",
        b"<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>CREATE</Action></Change></Changes>"
        b"</ChangeBatch></ChangeResourceRecordSetsRequest>",
    ),
    (
        "lambda",
        "CreateFunction",
        "rest-json",
        b'{"FunctionName":"f","Code":{"ZipFile":"AAA="},"Timeout":3,"Layers":["a"]}',
    ),
    (
        "cloudwatch",
        "PutMetricData",
        "smithy-rpc-v2-cbor",
        b"\xa2\x69Namespace\x61n\x6aMetricData\x81\xa2\x6aMetricName\x61m\x69Timestamp\xc1\xfb\x41\xd8\x00\x00\x00\x00\x00\x00",
    ),
]


@pytest.mark.parametrize(("service", "operation", "protocol", "body"), FUZZED, ids=lambda value: str(value)[:24])
def test_no_body_makes_the_parser_fall_over(service: str, operation: str, protocol: str, body: bytes) -> None:
    """Cut, changed and doubled bytes: parameters or an error of AWS's, never an exception of Python's."""
    chance = random.Random(f"{service}{operation}{protocol}")
    found = new_codec(service_model(service).operation_model(operation), protocol)
    url = "https://b.s3.amazonaws.com/k" if service == "s3" else "https://x.us-west-2.amazonaws.com/1/2/3/4"
    refused = 0
    for _ in range(500):
        changed = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed) or 1)
            what = chance.random()
            if what < 0.3:
                del changed[at : at + chance.randint(1, 8)]
            elif what < 0.6:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            elif what < 0.8:
                changed[at:at] = chance.choice(
                    [b'"', b"{", b"[", b"<", b"&", b"=", b".", b"\xff", b"null", b"-", b"1e999"]
                )
            else:
                changed += changed[at:]
        try:
            assert isinstance(found.parse(Request("POST", url, {}, bytes(changed))), dict)
        except AWSError as error:
            refused += 1
            answer = found.serialise_error(error, "id", None)
            assert 400 <= answer.status < 500
    assert refused


def test_bad_headers_and_paths_do_no_harm() -> None:
    chance = random.Random(1)
    names = [
        "x-amz-meta-a",
        "content-encoding",
        "content-length",
        "expires",
        "x-amz-acl",
        "x-amz-server-side-encryption-aws-kms-key-id",
    ]
    for _ in range(500):
        headers = {name: "".join(chr(chance.randrange(32, 255)) for _ in range(5)) for name in chance.sample(names, 3)}
        path = "".join(chance.choice("/%a1é?&=.") for _ in range(8))
        try:
            codec("s3", "PutObject").parse(Request("PUT", f"https://b.s3.amazonaws.com/{path}", headers, b"x"))
        except AWSError as error:
            assert error.status == 400


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "x", "2019-13-01", "2019-01-01T25:00:00Z", "1e400", "nan", "Mon, 99 Dec 2019 23:48:18 GMT", "Mon"]
)
def test_bad_timestamps(text: str) -> None:
    for read in (values.read_epoch, values.read_iso8601, values.read_rfc822, values.read_any_timestamp):
        with pytest.raises(values.Unreadable):
            read(text)


def test_timestamps() -> None:
    moment = datetime.datetime(2019, 12, 16, 23, 48, 18, 123000, UTC)
    assert values.read_iso8601("2019-12-16T23:48:18.123Z") == moment
    assert values.read_iso8601("2019-12-17T00:48:18.123+01:00") == moment
    assert values.read_epoch(1576540098.123) == moment
    assert values.read_any_timestamp("1576540098.123") == moment
    assert values.read_rfc822("Mon, 16 Dec 2019 23:48:18.123 GMT") == moment
    assert values.read_rfc822("Mon, 16 Dec 2019 23:48:18 +0100") == moment.replace(hour=22, microsecond=0)
    assert values.write_iso8601(moment) == "2019-12-16T23:48:18.123Z"
    assert values.write_rfc822(moment) == "Mon, 16 Dec 2019 23:48:18 GMT"
    assert values.write_epoch(moment) == 1576540098.123
    assert values.write_epoch(moment.replace(microsecond=0)) == 1576540098
    # Naive means UTC, numbers are seconds since 1970.
    assert values.write_iso8601(moment.replace(tzinfo=None)) == values.write_iso8601(1576540098.123)
    assert values.write_iso8601_millis(0) == "1970-01-01T00:00:00.000Z"


def test_headers_in_any_case_from_any_mapping() -> None:
    headers = Headers({"X-Some": b"bytes", b"Other": "text", "None": None})
    assert headers.get("x-some") == headers["X-SOME"] == "bytes"
    assert headers.get("OTHER") == "text"
    assert "none" not in headers
    assert headers.get("missing", "default") == "default"


@pytest.mark.parametrize(
    "body", [b"abc", "abc", bytearray(b"abc"), io.BytesIO(b"abc"), io.StringIO("abc"), [b"a", b"bc"]]
)
def test_bodies_of_any_kind_are_read_once_and_kept(body: Any) -> None:
    request = Request("POST", "http://H:8080?a=1&b", {}, body)
    assert request.read() == request.read() == b"abc"
    assert (request.host, request.path, request.query) == ("h", "/", [("a", "1"), ("b", "")])


# --- CBOR and event streams ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0), ("1864", 100), ("1bffffffffffffffff", 2**64 - 1), ("3903e7", -1000), ("f93c00", 1.0),
        ("fa47c35000", 100000.0), ("fb3ff199999999999a", 1.1), ("f4", False), ("f6", None), ("f7", None),
        ("4401020304", b"\x01\x02\x03\x04"), ("62c3bc", "ü"), ("83010203", [1, 2, 3]), ("a161610a", {"a": 10}),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"), ("7f657374726561646d696e67ff", "streaming"),
        ("9f0102ff", [1, 2]), ("bf6161019f02ffff", None),
        ("c11a514b67b0", datetime.datetime(2013, 3, 21, 20, 4, tzinfo=UTC)),
        ("c249010000000000000000", 2**64),
    ],
)  # fmt: skip
def test_cbor(data: str, value: Any) -> None:
    """RFC 8949, appendix A; the odd one out has a list for a key."""
    if data == "bf6161019f02ffff":
        with pytest.raises(values.Unreadable):
            decode(bytes.fromhex(data))
        return
    assert decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize("data", ["", "18", "ff", "62c3", "6261", "9f01", "a1", "1c", "fc", "0000", "5f01ff", "c1"])
def test_bad_cbor(data: str) -> None:
    with pytest.raises(values.Unreadable):
        decode(bytes.fromhex(data))


def test_deep_cbor() -> None:
    with pytest.raises(values.Unreadable):
        decode(b"\x81" * 100_000)


def test_event_stream_of_select(client: Any) -> None:
    events = [{"Records": {"Payload": b"1,2\n"}}, {"Stats": {"Details": {"BytesScanned": 4}}}, {"End": {}}]
    s3, _ = client("s3", {"Payload": iter(events)})
    answer = s3.select_object_content(
        Bucket="b", Key="k", Expression="x", ExpressionType="SQL", InputSerialization={"CSV": {}},
        OutputSerialization={"CSV": {}},
    )  # fmt: skip
    assert list(answer["Payload"]) == events


def test_event_stream_of_an_rpc_protocol(client: Any) -> None:
    event = {"Records": [], "ContinuationSequenceNumber": "1", "MillisBehindLatest": 0}
    kinesis, seen = client("kinesis", {"EventStream": [{"SubscribeToShardEvent": event}]})
    answer = kinesis.subscribe_to_shard(
        ConsumerARN="arn:aws:kinesis:us-west-2:123456789012:stream/s/consumer/c:1", ShardId="shardId-0",
        StartingPosition={"Type": "LATEST"},
    )  # fmt: skip
    assert seen[0]["StartingPosition"] == {"Type": "LATEST"}
    assert list(answer["EventStream"]) == [{"SubscribeToShardEvent": event}]


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "Unmodelled"])
def test_an_error_in_the_middle_of_an_event_stream(client: Any, code: str) -> None:
    from botocore.exceptions import EventStreamError

    def events() -> Iterator[Any]:
        yield {"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "1", "MillisBehindLatest": 0}}
        raise AWSError(code, "gone")

    kinesis, _ = client("kinesis", {"EventStream": events()})
    arn = "arn:aws:kinesis:us-west-2:123456789012:stream/s/consumer/c:1"
    answer = kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId="shardId-0", StartingPosition={"Type": "LATEST"})
    stream = iter(answer["EventStream"])
    assert "SubscribeToShardEvent" in next(stream)
    with pytest.raises(EventStreamError) as refused:
        next(stream)
    assert refused.value.response["Error"] == {"Code": code, "Message": "gone"}


def test_event_streams_that_clients_send() -> None:
    url = "https://runtime-v2-lex.us-west-2.amazonaws.com/bots/B/botAliases/A/botLocales/en_US/sessions/S/conversation"
    body = b"".join(
        eventstream.encode_message([(":event-type", name, "string"), (":message-type", "event", "string")], payload)
        for name, payload in (
            ("TextInputEvent", b'{"text":"hi","eventId":"1"}'),
            ("Unknown", b"?"),
            ("DisconnectionEvent", b""),
        )
    )
    params = codec("lexv2-runtime", "StartConversation").parse(Request("POST", url, {}, body))
    assert params["sessionId"] == "S"
    assert params["requestEventStream"] == [
        {"TextInputEvent": {"text": "hi", "eventId": "1"}},
        {"DisconnectionEvent": {}},
    ]
    with pytest.raises(AWSError, match="SerializationException"):
        codec("lexv2-runtime", "StartConversation").parse(Request("POST", url, {}, body[:-1]))


def test_messages_of_event_streams() -> None:
    message = eventstream.encode_message(
        [(":event-type", "AudioEvent", "string"), ("n", 7, "integer"), ("t", 1.5, "timestamp"), ("b", True, "boolean")],
        b"xyz",
    )
    ((headers, payload),) = eventstream.decode_messages(message)
    assert payload == b"xyz"
    assert headers == {
        ":event-type": "AudioEvent",
        "n": 7,
        "t": datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, UTC),
        "b": True,
    }
    for broken in (message[:-1], message[:20], message[:9] + b"x" + message[10:], message[:-1] + b"x"):
        with pytest.raises(values.Unreadable):
            list(eventstream.decode_messages(broken))


def test_blobs_and_tokens_are_known() -> None:
    assert codec("s3", "PutObject").has_blobs
    assert codec("dynamodb", "PutItem").has_blobs
    assert not codec("sts", "GetCallerIdentity").has_blobs
    assert codec("ec2", "RunInstances").idempotency_tokens == ("ClientToken",)
    assert codec("sts", "GetCallerIdentity").idempotency_tokens == ()


def test_what_a_service_may_return() -> None:
    """None is nothing, unknown members are dropped, tuples are lists, bytes and text are both blobs."""
    response = codec("dynamodb", "GetItem").serialise({"Item": {"a": {"B": "x", "S": None}}, "No": 1}, "id")
    assert json.loads(response.body) == {"Item": {"a": {"B": "eA=="}}}
    response = codec("sqs", "ListQueues").serialise({"QueueUrls": ("a", "b")}, "id")
    assert json.loads(response.body) == {"QueueUrls": ["a", "b"]}
    assert isinstance(response, Response)


def test_gunzip_refuses_what_is_no_gzip() -> None:
    from awsim.wire.chunked import gunzip

    assert gunzip(gzip.compress(b"x")) == b"x"
    for bad in (b"", b"x", gzip.compress(b"x")[:-3], zlib.compress(b"x")):
        if bad:
            with pytest.raises(values.Unreadable):
                gunzip(bad)


def test_shapes_that_are_exact_are_not_walked():
    """What a service declares exact goes out as it is given; everything around it is still converted."""
    operation = service_model("dynamodb").operation_model("GetItem")
    codec = codec_for(operation, exact=frozenset({"AttributeValue"}))
    assert codec is not codec_for(operation)
    item = {"a": {"B": b"x"}, "b": {"L": [{"S": "é"}]}}
    body = codec.serialise({"Item": item, "ConsumedCapacity": {"CapacityUnits": 1.0, "Table": None}}, "id").body
    assert json.loads(body) == {
        "Item": {"a": {"B": "eA=="}, "b": {"L": [{"S": "é"}]}},
        "ConsumedCapacity": {"CapacityUnits": 1},
    }


@pytest.mark.parametrize("data", [b"", b"x", b"x" * 70_000])
def test_what_botocore_wraps_while_it_is_read_is_taken_unwrapped(data):
    from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

    def wrapper():
        return AwsChunkedWrapper(io.BytesIO(data), Crc32Checksum, "x-amz-checksum-crc32")

    request = Request("PUT", "https://s3.amazonaws.com/b/k", {}, wrapper())
    checksum = base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()
    assert request.unwrapped() == (data, {"x-amz-checksum-crc32": checksum})
    assert request.size() == len(data)
    assert request.read() == wrapper().read()
    assert request.unwrapped() is None
    for other in (b"x", "x", io.BytesIO(b"x"), None):
        assert Request("PUT", "https://s3.amazonaws.com/b/k", {}, other).unwrapped() is None
