"""Every operation of every service in the installed botocore, both ways over the wire.

Parameters made from the shapes -> botocore's serialiser -> parsed by awsim -> equal. Results made from the shapes ->
serialised by awsim -> botocore's parser -> equal. Modelled errors likewise. The router finds the operation again.
A fixed sample by default; everything with --wire-all or AWSIM_WIRE_ALL=1. Everything is made from fixed seeds.
"""

from __future__ import annotations

import datetime
import functools
import io
import os
import random
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.eventstream import EventStream
from botocore.handlers import remove_bucket_from_url_paths_from_model
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import JSONSerializer, create_serializer

from awsim.errors import AWSError
from awsim.wire import router
from awsim.wire.codec import new_codec, resolved_protocol
from awsim.wire.http import Request, Response
from awsim.wire.models import Schema

_TWO_EVENTS = "two members of the (deprecated) shapes have the element Event"
# (service, operation) -> why it is left out. Operations that take event streams are left out too: botocore can not send
# those.
NOT_SENT = {
    ("s3", "PutBucketNotification"): _TWO_EVENTS,
}
NOT_ANSWERED = {
    ("s3", "GetBucketLocation"): "the model is wrong and botocore reads the answer by hand; test_wire.py has it",
    ("s3", "GetBucketNotification"): _TWO_EVENTS,
}
NO_ERRORS = {
    ("cloudsearch", "BaseException"): "never sent: the base of the others, its member Code is the code itself",
}
NOT_ROUTED = {
    ("s3", "WriteGetObjectResponse"): "goes by its host, s3-object-lambda, which test_router.py has",
}
# Services that share host, signing name, API version and wire form of an operation with another: AWS tells them apart
# by the resource, or not at all. The router answers the one that gave the host its name.
SHARED = {
    "chime": {"chime-sdk-messaging", "chime-sdk-identity", "chime-sdk-meetings"},
    "docdb": {"rds"},
    "neptune": {"rds"},
    "qconnect": {"wisdom"},
    "sms-voice": {"pinpoint-sms-voice"},
    "greengrassv2": {"greengrass"},
    "lambda-microvms": {"lambda"},
    "signer-data": {"signer"},
}
# Requests that are the same on the wire -> (what the router answers, why).
ROUTED_ELSEWHERE = {
    ("s3", "GetBucketLifecycle"): ("GetBucketLifecycleConfiguration", "deprecated form of the same request"),
    ("s3", "PutBucketLifecycle"): ("PutBucketLifecycleConfiguration", "deprecated form of the same request"),
    ("s3", "GetBucketNotification"): ("GetBucketNotificationConfiguration", "deprecated form of the same request"),
    ("s3", "PutBucketNotification"): ("PutBucketNotificationConfiguration", "deprecated form of the same request"),
    ("s3", "ListDirectoryBuckets"): ("ListBuckets", "only its host, s3express-control, is different"),
}

ALWAYS = [
    "apigateway",
    "apigatewayv2",
    "cloudformation",
    "cloudfront",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "dynamodbstreams",
    "ec2",
    "ecs",
    "elb",
    "elbv2",
    "events",
    "firehose",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "rds",
    "route53",
    "s3",
    "s3control",
    "secretsmanager",
    "ses",
    "sesv2",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
    "transcribe",
]


def services() -> list[str]:
    return Loader().list_available_services("service-2")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "service" in metafunc.fixturenames:
        names = services()
        if not runs_all(metafunc.config):
            names = [name for name in names if name in ALWAYS or random.Random(name).random() < 0.08]
        metafunc.parametrize("service", names)


def runs_all(config: pytest.Config) -> bool:
    return bool(config.getoption("--wire-all", False) or os.environ.get("AWSIM_WIRE_ALL"))


@pytest.fixture
def wire_all(pytestconfig: pytest.Config) -> bool:
    return runs_all(pytestconfig)


@pytest.fixture
def model(service: str, wire_all: bool) -> ServiceModel:
    # All of them kept would take gigabytes.
    return load.__wrapped__(service) if wire_all else load(service)


@functools.cache
def load(service: str) -> ServiceModel:
    """A model that no client has: S3's clients cut `/{Bucket}` off the templates of theirs when they first call, and
    awsim adopts the models of clients. What is sent here is made from the templates as they were."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def operations(model: ServiceModel, wire_all: bool) -> list[OperationModel]:
    names = model.operation_names
    if not wire_all and len(names) > 8:
        names = random.Random(model.service_name).sample(names, 8)
    return [model.operation_model(name) for name in names]


# --- making values ---------------------------------------------------------------------------------------------------

OWN_HEADERS = {"x-amzn-RequestId", "Content-Type", "Content-Length"}
PLAIN = "abcXYZ019-_.~"
TEXT = PLAIN + " /+%&=?#<>\"':;,@!()[]{}|\\^`*äß→😀\n"
HEADER = PLAIN + " /+%&=?#<>':;@!()[]{}|^`*"


HALF = datetime.datetime(2026, 1, 1, microsecond=500_000, tzinfo=datetime.UTC)
# Before 2026 botocore cut the fractions of epoch timestamps off.
SENDS_FRACTIONS = JSONSerializer()._convert_timestamp_to_str(HALF, "unixTimestamp") % 1 == 0.5


class Maker:
    """Values of shapes from a seed. `way` is "request" or "response"."""

    def __init__(self, seed: str, way: str, protocol: str) -> None:
        self.random = random.Random(seed)
        self.way = way
        self.protocol = protocol

    def text(self, alphabet: str, low: int = 1, high: int = 12) -> str:
        inside = "".join(self.random.choice(alphabet) for _ in range(self.random.randint(low, high)))
        return f"a{inside}z"  # ends that no reader trims

    def make(self, shape: Any, depth: int = 0, location: str | None = None) -> Any:
        """None stands for nothing: leave it out."""
        return getattr(self, f"make_{shape.type_name}", self.make_string)(shape, depth, location)

    def make_structure(self, shape: Any, depth: int, location: str | None) -> Any:
        if shape.is_document_type:
            return {"text": self.text(TEXT), "list": [1, 2.5, True, None, {"deep": "er"}]}
        members = list(shape.members.items())
        if shape.is_tagged_union:
            self.random.shuffle(members)
        result = {}
        for name, member in members:
            if depth > 6 or (depth > 3 and member.type_name in ("structure", "list", "map")):
                continue
            if depth and name not in shape.required_members and self.random.random() < 0.25:
                continue
            if member.serialization.get("eventstream"):
                continue
            value = self.make(member, depth + 1, member.serialization.get("location"))
            if value is None:
                continue
            if member.serialization.get("hostLabel"):
                value = "host-label"
            result[name] = value
            if shape.is_tagged_union:
                break
        return result or None

    def make_list(self, shape: Any, depth: int, location: str | None) -> Any:
        items = [self.make(shape.member, depth + 1, location) for _ in range(self.random.randint(1, 3))]
        return [item for item in items if item is not None] or None

    def make_map(self, shape: Any, depth: int, location: str | None) -> Any:
        result = {}
        for _ in range(self.random.randint(1, 3)):
            if location:
                key = self.text("bcdXYZ019")
            else:
                key = self.make(shape.key, depth + 1, "key")
            value = self.make(shape.value, depth + 1, location)
            if value is not None:
                result[key] = value
        return result or None

    def make_string(self, shape: Any, depth: int, location: str | None) -> Any:
        if shape.serialization.get("jsonvalue") and location == "header":
            return {"a": [1, "two", None], "ü": True}
        enum = shape.metadata.get("enum")
        if enum:
            return self.random.choice(enum)
        if location in ("header", "headers"):
            return self.text(HEADER)
        return self.text(TEXT)

    def make_integer(self, shape: Any, depth: int, location: str | None) -> Any:
        if location == "statusCode":
            return 200
        return self.random.randint(int(shape.metadata.get("min", -(2**31))), 2**31 - 1)

    def make_long(self, shape: Any, depth: int, location: str | None) -> Any:
        return self.random.randint(int(shape.metadata.get("min", -(2**53))), 2**53)

    def make_float(self, shape: Any, depth: int, location: str | None) -> Any:
        return self.random.randint(-(2**20), 2**20) / 8

    make_double = make_float

    def make_boolean(self, shape: Any, depth: int, location: str | None) -> Any:
        return self.random.random() < 0.5

    def make_blob(self, shape: Any, depth: int, location: str | None) -> Any:
        return self.random.randbytes(self.random.randint(1, 20))

    def make_timestamp(self, shape: Any, depth: int, location: str | None) -> Any:
        moment = datetime.datetime.fromtimestamp(self.random.randint(0, 2**31), datetime.UTC)
        form = shape.serialization.get("timestampFormat", "").lower()
        # HTTP dates have no fractions; botocore drops those of other headers as well, and those of epoch query strings.
        if form == "rfc822" or location in ("header", "key"):
            return moment
        if self.way == "request" and not SENDS_FRACTIONS:
            return moment
        return moment.replace(microsecond=self.random.randrange(1000) * 1000)

    def events(self, shape: Any) -> list[dict[str, Any]]:
        result = []
        for name, member in shape.members.items():
            if not member.metadata.get("exception"):
                result.append({name: self.make(member, 1) or {}})
        return result


def same(value: Any) -> Any:
    """For comparing: timestamps by value, numbers by value."""
    if isinstance(value, dict):
        return {key: same(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [same(item) for item in value]
    if isinstance(value, datetime.datetime):
        return ("timestamp", round(value.timestamp(), 3))
    return value


# --- requests --------------------------------------------------------------------------------------------------------


def sent(operation: OperationModel, params: dict[str, Any], host: str) -> Request:
    """The request that botocore makes of parameters."""
    model = operation.service_model
    serialiser = create_serializer(resolved_protocol(model), include_validation=False)
    wire = serialiser.serialize_to_request(params, operation)
    prepare_request_dict(wire, endpoint_url=f"https://{host}")
    request = create_request_object(wire)
    scope = f"AKID/20260101/us-west-2/{model.signing_name}/aws4_request"
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    prepared = request.prepare()
    return Request(prepared.method, prepared.url, prepared.headers, prepared.body)


def host_of(model: ServiceModel) -> str:
    row = router.index().services.get(model.service_name)
    prefix = row.stems[0] if row else model.endpoint_prefix
    return f"{prefix}.us-west-2.amazonaws.com"


def parameters(operation: OperationModel) -> dict[str, Any]:
    model = operation.service_model
    if operation.input_shape is None:
        return {}
    maker = Maker(f"{model.service_name}.{operation.name}", "request", resolved_protocol(model))
    params = maker.make(operation.input_shape) or {}
    if model.service_name == "s3":
        # The client's own length; and botocore takes care that a key is not read as a path.
        params.pop("ContentLength", None)
        if "Bucket" in params:
            params["Bucket"] = "a-bucket"
    if model.service_name == "apigatewaymanagementapi":
        params["ConnectionId"] = "L0SM9cOFvHcCIhw="
    return params


def test_requests(service: str, model: ServiceModel, wire_all: bool, wire_counts: dict[str, int]) -> None:
    schema = Schema(model)
    host = host_of(model)
    for operation in operations(model, wire_all):
        if (service, operation.name) in NOT_SENT or operation.has_event_stream_input:
            wire_counts["requests left out"] += 1
            continue
        params = parameters(operation)
        request = sent(operation, params, host)
        actual = new_codec(operation, None, schema).parse(request)
        if service == "s3":
            actual.pop("ContentLength", None)
        for each in (actual, params):
            without_empty_payload(operation.input_shape, each)
        assert same(actual) == same(params), operation.name
        wire_counts["requests"] += 1


def test_a_model_that_a_client_of_s3_has_cut() -> None:
    model = load.__wrapped__("s3")
    operation = model.operation_model("PutObjectTagging")
    params = parameters(operation)
    request = sent(operation, params, "s3.us-west-2.amazonaws.com")
    remove_bucket_from_url_paths_from_model({}, operation, {})
    assert operation.http["requestUri"] == "/{Key+}?tagging"
    assert same(new_codec(operation, None, Schema(model)).parse(request)) == same(params)


# --- results ---------------------------------------------------------------------------------------------------------


def without_empty_payload(shape: Any, value: dict[str, Any]) -> None:
    """Drop a payload structure without members: on the wire it is the same as none."""
    payload = shape.serialization.get("payload") if shape is not None else None
    if payload is not None and value.get(payload) in ({}, None):
        value.pop(payload, None)


class Raw(io.BytesIO):
    """A response body as urllib3 has it."""

    def stream(self) -> Any:
        yield self.read()


def read(operation: OperationModel, response: Response, shape: Any) -> dict[str, Any]:
    """What botocore makes of a response."""
    body: Any = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    if response.status < 300 and (operation.has_event_stream_output or operation.has_streaming_output):
        body = Raw(body)
    answer = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": body,
        "context": {"operation_name": operation.name},
    }
    return create_parser(resolved_protocol(operation.service_model)).parse(answer, shape)


def test_results(service: str, model: ServiceModel, wire_all: bool, wire_counts: dict[str, int]) -> None:
    schema = Schema(model)
    protocol = resolved_protocol(model)
    for operation in operations(model, wire_all):
        if (service, operation.name) in NOT_ANSWERED:
            wire_counts["results left out"] += 1
            continue
        maker = Maker(f"{service}.{operation.name}.result", "response", protocol)
        shape = operation.output_shape
        result = (maker.make(shape) or {}) if shape is not None else {}
        stream = shape.event_stream_name if shape is not None else None
        if stream:
            result[stream] = maker.events(shape.members[stream])
        if operation.http.get("method") == "HEAD":
            result = {
                name: value
                for name, value in result.items()
                if shape.members[name].serialization.get("location") in ("header", "headers", "statusCode")
            }
        response = new_codec(operation, None, schema).serialise(result, "the-request-id")
        actual = read(operation, response, shape)
        metadata = actual.pop("ResponseMetadata", {})
        if not stream and (shape is not None or protocol != "smithy-rpc-v2-cbor"):  # botocore looks for none there
            assert metadata["RequestId"] == "the-request-id", operation.name
        if operation.has_streaming_output:
            payload = shape.serialization["payload"]
            actual[payload] = actual[payload].read()
            if not result.get(payload):
                result[payload] = b""
        if stream:
            assert isinstance(actual[stream], EventStream)
            actual[stream] = list(actual[stream])
        for name in actual:  # a prefix of "" takes in every header
            if shape.members[name].serialization.get("location") == "headers":
                actual[name] = {key: item for key, item in actual[name].items() if key not in OWN_HEADERS}
        for each in (actual, result):
            without_empty_payload(shape, each)
        assert same(actual) == same(result), operation.name
        wire_counts["results"] += 1


# --- errors ----------------------------------------------------------------------------------------------------------


def test_errors(service: str, model: ServiceModel, wire_all: bool, wire_counts: dict[str, int]) -> None:
    schema = Schema(model)
    protocol = resolved_protocol(model)
    operation = next(
        (
            each
            for each in map(model.operation_model, model.operation_names)
            if each.http.get("method") != "HEAD" and not each.has_streaming_output
        ),
        None,
    )
    if operation is None:
        pytest.skip("no operation that answers with a body")
    codec = new_codec(operation, None, schema)
    for shape in model.error_shapes:
        if (service, shape.name) in NO_ERRORS:
            wire_counts["errors left out"] += 1
            continue
        maker = Maker(f"{service}.{shape.name}", "response", protocol)
        fields = maker.make(shape) or {}
        fields = {name: value for name, value in fields.items() if name.lower() != "message"}
        for name in fields:  # its own type in its own header
            if shape.members[name].serialization.get("name", "").lower() == "x-amzn-errortype":
                fields[name] = shape.name
        status = shape.metadata.get("error", {}).get("httpStatusCode")
        if status is not None and status < 301:
            status = 400
        error = AWSError(shape.name, 'It\'s <wrong> & "ü"', fields=fields, status=status)
        response = codec.serialise_error(error, "the-request-id", None)
        actual = read(operation, response, operation.output_shape)
        assert actual["Error"]["Message"] == error.message, shape.name
        known = schema.error_code(shape.name)
        code = shape.name if protocol in ("json", "rest-json", "smithy-rpc-v2-cbor") else known
        if model.is_query_compatible:
            code = known
        assert actual["Error"]["Code"] == code
        assert actual["ResponseMetadata"]["RequestId"] == "the-request-id"
        modelled = read(operation, response, shape)
        modelled.pop("ResponseMetadata", None)
        actual_fields = {name: value for name, value in modelled.items() if name.lower() != "message"}
        for name in fields:
            if shape.members[name].serialization.get("location") == "statusCode":
                actual_fields[name] = fields[name]
        if "Type" not in fields:
            actual_fields.pop("Type", None)
        assert same(actual_fields) == same(fields), shape.name
        wire_counts["errors"] += 1


# --- routes ----------------------------------------------------------------------------------------------------------


def test_routes(service: str, model: ServiceModel, wire_all: bool, wire_counts: dict[str, int]) -> None:
    host = host_of(model)
    for operation in operations(model, wire_all):
        if operation.has_event_stream_input or (service, operation.name) in NOT_ROUTED:
            wire_counts["routes left out"] += 1
            continue
        request = sent(operation, parameters(operation), host)
        found = router.route(request)
        expected = (service, operation.name)
        if found != expected and found[0] in SHARED.get(service, ()) and found[1] == operation.name:
            wire_counts["routes that are ambiguous"] += 1
            continue
        if expected in ROUTED_ELSEWHERE:
            wire_counts["routes that are ambiguous"] += 1
            expected = (service, ROUTED_ELSEWHERE[expected][0])
        assert found == expected
        wire_counts["routes"] += 1
