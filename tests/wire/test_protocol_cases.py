"""The Smithy-generated protocol cases of ../shared/aws-protocol-tests, read the way a server reads them."""

from __future__ import annotations

import base64
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import PROTOCOL_PARSERS, create_parser

from awsim.errors import AWSError
from awsim.wire.codec import new_codec
from awsim.wire.http import Request, Response
from awsim.wire.models import Schema

FOLDER = Path(__file__).parents[3] / "shared" / "aws-protocol-tests"
UTC = datetime.UTC

# Case id -> why it does not apply to a server.
_NO_BODY = "the case has no body, only the client's Content-Encoding; test_wire.py has gzip'ed requests"
_FILLS_IN = "the client fills in a token that the caller did not give: a server can not tell"
_EMPTY = "an empty list or map leaves nothing on the wire that a server could read"
EXCLUDED: dict[str, str] = {
    "Ec2EmptyQueryLists": _EMPTY,
    "QueryEmptyQueryMaps": _EMPTY,
    "RestJsonOmitsEmptyListQueryValues": _EMPTY,
    "RestJsonHttpPrefixHeadersAreNotPresent": _EMPTY,
    "HttpPrefixHeadersAreNotPresent": _EMPTY,
    "Ec2ProtocolIdempotencyTokenAutoFill": _FILLS_IN,
    "QueryProtocolIdempotencyTokenAutoFill": _FILLS_IN,
    "RestJsonQueryIdempotencyTokenAutoFill": _FILLS_IN,
    "QueryIdempotencyTokenAutoFill": _FILLS_IN,
    "RestJsonQueryPrecedence": "the caller's map loses to a named parameter on the client, before the wire",
    "RestXmlQueryPrecedence": "the caller's map loses to a named parameter on the client, before the wire",
    "RestJsonHttpPayloadWithUnsetUnion": "botocore's parser fails on the case's own response",
    "RestXmlHttpPayloadWithUnsetUnion": "botocore's parser fails on the case's own response",
}
for _kind in ("ec2Query", "awsJson1_1", "awsJson1_0", "awsQuery", "restJson1", "restXml"):
    for _what in (
        "SDKAppliedContentEncoding",
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding",
        "SDKAppendedGzipAfterProvidedEncoding",
    ):
        EXCLUDED[f"{_what}_{_kind}"] = _NO_BODY


def load(kind: str) -> list[Any]:
    cases = []
    if FOLDER.is_dir():
        for path in sorted((FOLDER / kind).glob("*.json")):
            for suite in json.loads(path.read_text()):
                for case in suite["cases"]:
                    cases.append(pytest.param(path.stem, suite, case, id=f"{path.stem}-{case['id']}"))
    if not cases:
        why = f"{FOLDER} is not here"
        return [pytest.param("", {}, {}, marks=pytest.mark.skip(reason=why), id="absent")]
    return cases


def operation_of(suite: dict[str, Any], case: dict[str, Any]) -> OperationModel:
    given = case["given"]
    metadata = {"endpointPrefix": "test", "serviceId": "Test", **suite["metadata"]}
    description = {"metadata": metadata, "operations": {given["name"]: given}, "shapes": suite["shapes"]}
    return ServiceModel(description, "protocol-tests").operation_model(given["name"])


def typed(shape: Any, value: Any) -> Any:
    """A case's value as Python has it: blobs are bytes, timestamps datetimes, NaN a float."""
    if value is None or shape is None:
        return value
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document_type:
            return value
        return {name: typed(shape.members.get(name), item) for name, item in value.items() if item is not None}
    if kind == "list":
        return [typed(shape.member, item) for item in value]
    if kind == "map":
        return {key: typed(shape.value, item) for key, item in value.items()}
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    if (
        shape.serialization.get("jsonvalue")
        and shape.serialization.get("location") == "header"
        and isinstance(value, str)
    ):
        return json.loads(value)  # botocore's callers give and get the value, not its text
    if kind == "timestamp" and isinstance(value, int | float):
        return datetime.datetime.fromtimestamp(value, UTC)
    if kind in ("float", "double") and isinstance(value, str):
        return float(value)
    return value


def plain(value: Any) -> Any:
    """For comparing: NaN equals itself, datetimes are epoch seconds, streams are read."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value != value:
        return "NaN"
    if isinstance(value, float) and abs(value) == float("inf"):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, datetime.datetime):
        return ("timestamp", value.timestamp())
    if isinstance(value, str):
        return value
    return value


def body_of(name: str, body: str | None) -> bytes:
    if not body:
        return b""
    return base64.b64decode(body) if "cbor" in name else body.encode()


@pytest.mark.parametrize(("name", "suite", "case"), load("input"))
def test_request(name: str, suite: dict[str, Any], case: dict[str, Any], wire_counts: dict[str, int]) -> None:
    if case["id"] in EXCLUDED:
        pytest.skip(EXCLUDED[case["id"]])
    wire_counts["protocol cases"] += 1
    operation = operation_of(suite, case)
    codec = new_codec(operation, suite["metadata"]["protocol"], Schema(operation.service_model))
    wire = case["serialized"]
    host = wire.get("host", "example.amazonaws.com")
    url = f"https://{host}{wire.get('uri', '/')}"
    request = Request(wire.get("method", "POST"), url, wire.get("headers", {}), body_of(name, wire.get("body")))
    params = codec.parse(request)
    expected = typed(operation.input_shape, case["params"])
    drop_bound(operation.input_shape, expected)
    assert plain(params) == plain(expected)


def drop_bound(shape: Any, expected: dict[str, Any]) -> None:
    """Smithy's servers put every query value into a map of them; awsim leaves out those that other members have, since
    its parameters are what a boto3 caller wrote.
    """
    if shape is None:
        return
    where = {name: member.serialization for name, member in shape.members.items()}
    bound = {traits.get("name", name) for name, traits in where.items() if traits.get("location") == "querystring"}
    for name, traits in where.items():
        if traits.get("location") == "querystring" and shape.members[name].type_name == "map" and name in expected:
            expected[name] = {key: item for key, item in expected[name].items() if key not in bound}
            if not expected[name]:
                del expected[name]


def parsed(operation: OperationModel, protocol: str, response: Response, shape: Any) -> dict[str, Any]:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    answer = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": body,
        "context": {"operation_name": operation.name},
    }
    return create_parser(protocol).parse(answer, shape)


@pytest.mark.parametrize(("name", "suite", "case"), load("output"))
def test_response(name: str, suite: dict[str, Any], case: dict[str, Any], wire_counts: dict[str, int]) -> None:
    if case["id"] in EXCLUDED:
        pytest.skip(EXCLUDED[case["id"]])
    wire_counts["protocol cases"] += 1
    operation = operation_of(suite, case)
    protocol = suite["metadata"]["protocol"]
    if protocol not in PROTOCOL_PARSERS:
        pytest.skip(f"this botocore has no parser for {protocol}")
    codec = new_codec(operation, protocol, Schema(operation.service_model))
    wire = case["response"]
    given = Response(wire.get("status_code", 200), wire.get("headers", {}), body_of(name, wire.get("body")))
    if "error" in case or "errorCode" in case:
        shape = operation.service_model.shape_for(operation.error_shapes[0].name)
        members = typed(shape, case.get("error", {}))
        message = next((members[key] for key in members if key.lower() == "message"), case.get("errorMessage", ""))
        fields = {key: value for key, value in members.items() if key.lower() != "message"}
        error = AWSError(shape.name, message, status=wire.get("status_code"), fields=fields)
        response = codec.serialise_error(error, "the-request-id", None)
        assert response.status == given.status
        actual = parsed(operation, protocol, response, operation.output_shape)
        assert actual["Error"].get("Code") == case["errorCode"]
        assert actual["Error"].get("Message", "") == (case.get("errorMessage") or message)
        modelled = parsed(operation, protocol, response, shape)
        for name, value in members.items():
            if name.lower() != "message":
                assert plain(modelled[name]) == plain(value)
        return
    result = typed(operation.output_shape, case["result"])
    response = codec.serialise(result, "the-request-id")
    assert response.status == given.status
    actual = parsed(operation, protocol, response, operation.output_shape)
    actual.pop("ResponseMetadata", None)
    if "prefixHeaders" in actual:  # an empty prefix takes in every header of the response
        own = {"x-amzn-RequestId", "Content-Type", "Content-Length"}
        actual["prefixHeaders"] = {key: item for key, item in actual["prefixHeaders"].items() if key not in own}
    if plain(actual) != plain(result):
        # What botocore makes of the case's own response counts where it is not what the case says.
        expected = parsed(operation, protocol, given, operation.output_shape)
        expected.pop("ResponseMetadata", None)
        assert plain(actual) == plain(expected)
