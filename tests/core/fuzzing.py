"""Random calls of every modelled operation, and what is asked of each answer.

`Values` makes parameters from botocore's shapes: from what earlier answers told (names, ids, ARNs, tokens, by the name
of the member that held them), from `SEEDS` where a text has a grammar of its own, from the shape's pattern and bounds,
or broken on purpose. `Fuzz` makes the calls and raises `Wrong` where an answer is neither an error of AWS's nor a
result that fits the model. Everything follows from seeds.
"""

from __future__ import annotations

import datetime
import io
import json
import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel, Shape
from botocore.parsers import create_parser
from population import keep, population

from awsim.cloud import Cloud
from awsim.errors import AWSError
from awsim.gateway.patterns import compile_pattern, matcher
from awsim.gateway.plan import plan_for
from awsim.state.containers import Entity
from awsim.state.undo import MISSING
from awsim.wire.codec import codec_for, resolved_protocol
from awsim.wire.models import service_model

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
_STATEMENT = {"Effect": "Allow", "Action": "*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [_STATEMENT]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)
SHARED = json.dumps({"Version": "2012-10-17", "Statement": [{**_STATEMENT, "Principal": "*"}]})
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]
ITEM = {"pk": {"S": "a"}, "n": {"N": "1"}, "l": {"L": [{"S": "x"}]}, "m": {"M": {"k": {"BOOL": True}}}}

# Texts and structures with a grammar of their own, by the (lower-case) name of a member.
SEEDS: dict[str, list[Any]] = {
    "policydocument": [POLICY, TRUST, SHARED, "{}", "not JSON", "[]", '{"Statement": 1}'],
    "assumerolepolicydocument": [TRUST, TRUST, POLICY, "{"],
    "policy": [SHARED, POLICY, "{", "null"],
    "content": [SHARED, json.dumps({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}}), "{"],
    "rolearn": [ROLE, ROLE, "arn:aws:iam::999999999999:role/x", "arn:aws:s3:::x"],
    "executionrolearn": [ROLE],
    "scheduleexpression": ["rate(1 day)", "cron(0 12 * * ? *)", "at(2030-01-01T00:00:00)", "rate(0 days)", "cron()"],
    "eventpattern": ['{"source": ["shop"]}', '{"detail": {"n": [{"numeric": [">", 1]}]}}', "{}", "[1]", "x"],
    "filterpolicy": ['{"kind": ["a"]}', "{}", "[]"],
    "keyschema": [KEYS, KEYS, [{"AttributeName": "pk", "KeyType": "RANGE"}], []],
    "attributedefinitions": [[{"AttributeName": "pk", "AttributeType": "S"}]],
    "billingmode": ["PAY_PER_REQUEST"],
    "item": [ITEM, {"pk": {"S": "b"}}, {"pk": {"N": "1"}}, {}],
    "key": [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}, {"other": {"S": "a"}}, "k", "a/b", "ä ö", "..", "/"],
    "keyconditionexpression": ["pk = :v", "pk = :v AND sk > :v", "pk", "#n = :v"],
    "filterexpression": ["n > :v", "attribute_exists(n)", "contains(l, :v)", "((n", "size(n) < :v"],
    "conditionexpression": ["attribute_not_exists(pk)", "attribute_exists(pk)", "n = :v", "n ="],
    "updateexpression": ["SET n = :v", "SET n = n + :v", "REMOVE n", "ADD n :v", "DELETE n :v", "SET l[0] = :v", "SET"],
    "projectionexpression": ["n", "pk, l[0]", "m.k", "#n", "a b"],
    "expressionattributevalues": [{":v": {"S": "a"}}, {":v": {"N": "1"}}, {":v": {"SS": ["a"]}}, {":v": {}}, {}],
    "expressionattributenames": [{"#n": "n"}, {}, {"n": "n"}],
    "statement": ['SELECT * FROM "orders"', "INSERT INTO \"t\" VALUE {'pk': 'a'}", "SELECT", "DELETE FROM t"],
    "streamspecification": [{"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}, {"StreamEnabled": False}],
    "deletionprotectionenabled": [False],
    "redrivepolicy": [json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})],
    "messagestructure": ["json"],
    "message": ["hello", '{"default": "x"}', "é" * 10],
    "protocol": ["sqs", "email", "https", "sms", "lambda", "firehose", "carrier-pigeon"],
    "endpoint": ["a@example.com", "https://example.com/x", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "+12065550100", "x"],
    "createbucketconfiguration": [{}, {"LocationConstraint": "eu-west-1"}],
    "detail": ['{"n": 1}', "{}", "1", "x"],
    "source": ["shop", "aws.s3"],
    "stsarn": [ROLE],
    "bucketarn": ["arn:aws:s3:::reports"],
    "email": ["a@example.com", "b@example.com", "x"],
    "servicecode": ["sqs", "s3", "dynamodb", "x"],
    "servicename": ["elasticbeanstalk.amazonaws.com", "autoscaling.amazonaws.com", "x"],
    "awsservicename": ["autoscaling.amazonaws.com"],
    "password": ["Hunter2-hunter2", "x"],
    "newpassword": ["Hunter3-hunter3"],
    "samlassertion": ["PHg+PC94Pg==", "x"],
    "targetid": [ACCOUNT, "999999999999"],
    "accountid": [ACCOUNT, "999999999999"],
    "targettype": ["AWS_ACCOUNT"],
    "expectedbucketowner": [ACCOUNT],
    "contentmd5": [None],
    "servicenamespace": ["dynamodb", "ecs", "x"],
    "resourceid": ["table/orders", "service/a/b", "x"],
    "scalabledimension": ["dynamodb:table:ReadCapacityUnits", "ecs:service:DesiredCount"],
    "partitionkey": ["a"],
    "waittimeseconds": [0],
    "copysource": ["reports/a", "reports", "/reports/a?versionId=x", {"Bucket": "reports", "Key": "a"}, "%"],
    "shardcount": [1, 2, 4],
    "targetshardcount": [1, 2, 3],
}  # fmt: skip

_ARN = re.compile(r"arn$|arns$|^resource(id)?$", re.I)
_WEIRD = [
    "",
    " ",
    "\x00",
    "ä→😀",
    "a" * 5000,
    "../..",
    "-",
    "0",
    "*",
    "%",
    "null",
    '"',
    "a\nb",
    "<&>",
    "²",
    "9" * 5000,
    "1_0",
    "https://[x",
    "\ud7ff",
    "{}",
]
_NUMBERS = [0, -1, 1, 2, 2**31 - 1, -(2**31), 2**53, 10**12]
_MOMENTS = [0, 1, 1_700_000_000, 1_767_225_600, 1_767_229_200, 1_900_000_000, 253_402_300_799, -1, -(10**10)]


# Members that the model requires and that AWS leaves out of its answers where there are none.
LEFT_OUT = {
    (f"{operation}BatchResult", name)
    for operation in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")
    for name in ("Successful", "Failed")
}


# Enumerations that do not hold what AWS answers.
WRONG_ENUMS = {
    "ResourceType",  # of Config: customers have types of their own
    "AttachmentStatus",
    "NetworkInterfaceStatus",
    "NetworkInterfaceType",  # a NAT gateway's is nat_gateway, not natGateway
    "PlatformValues",
    "PermissionsBoundaryAttachmentType",
    "PolicySourceType",
    "AuthenticationStrategy",
    "BrokerStorageType",
    "EngineType",
    "CustomerMasterKeySpec",
    "LastUpdateStatusReasonCode",
    "OpenSearchPartitionInstanceType",  # instance types are newer than botocore's lists of them
    "ESPartitionInstanceType",
    "ESWarmPartitionInstanceType",
}


class Wrong(AssertionError):
    """An answer that no service of AWS's gives."""


@cache
def services() -> tuple[str, ...]:
    """All that awsim models, as botocore names them."""
    root = os.path.dirname(__import__("awsim.services", fromlist=["x"]).__file__)
    names = sorted(name for name in os.listdir(root) if os.path.isfile(os.path.join(root, name, "__init__.py")))
    return tuple({"lambda_": "lambda"}.get(name, name.replace("_", "-")) for name in names)


@cache
def operations(service: str) -> tuple[OperationModel, ...]:
    """The modelled operations of a service."""
    model = service_model(service)
    found = []
    for name in model.operation_names:
        try:
            plan_for(service, name)
        except AWSError:
            continue
        found.append(model.operation_model(name))
    return tuple(found)


# --- values ----------------------------------------------------------------------------------------------------------


class Pool:
    """What answers and accepted parameters told: values of texts by the name of member and of shape."""

    def __init__(self) -> None:
        self.known: dict[str, list[Any]] = defaultdict(list)
        self.arns: dict[str, list[str]] = defaultdict(list)

    def copy(self) -> Pool:
        other = Pool()
        for name, values in self.known.items():
            other.known[name] = list(values)
        for name, arns in self.arns.items():
            other.arns[name] = list(arns)
        return other

    def learn(self, service: str, shape: Shape | None, value: Any, name: str = "") -> None:
        if shape is None or value is None:
            return
        kind = shape.type_name
        if kind == "structure" and isinstance(value, dict):
            for member, item in value.items():
                if member in shape.members:
                    inner = shape.members[member]
                    self.learn(service, inner, item, member)
                    if member in ("Name", "Id", "Arn", "ARN", "name", "id", "arn"):
                        self.learn(service, inner, item, shape.name + member)
        elif kind == "list" and isinstance(value, list | tuple):
            for item in value[:5]:
                self.learn(service, shape.member, item, re.sub("s$", "", name))
        elif kind == "map" and isinstance(value, dict):
            for key, item in list(value.items())[:5]:
                self.learn(service, shape.key, key, name)
                self.learn(service, shape.value, item, key if isinstance(key, str) else name)
        elif kind == "string" and isinstance(value, str) and 0 < len(value) < 4000 and not shape.metadata.get("enum"):
            for key in {name.lower(), shape.name.lower()}:
                kept = self.known[f"{service}.{key}"]
                if value not in kept:
                    kept.append(value)
                    if len(kept) > 12:
                        del kept[0]
            if value.startswith("arn:") and value not in self.arns[service]:
                self.arns[service].append(value)
                if len(self.arns[service]) > 60:
                    del self.arns[service][0]

    def find(self, service: str, name: str, shape: Shape) -> list[Any]:
        found = self.known.get(f"{service}.{name.lower()}")
        if not found and "string" not in shape.name.lower():
            found = self.known.get(f"{service}.{shape.name.lower()}")
        if found:
            return found
        return self.arns.get(service, []) if _ARN.search(name) or _ARN.search(shape.name) else []


class Values:
    """Parameters from shapes. `broken` is how often a value is one that the model or the service has to refuse."""

    def __init__(self, rand: random.Random, pool: Pool, service: str) -> None:
        self.random = rand
        self.pool = pool
        self.service = service
        self.broken = 0.0
        self.optional = 0.3
        self.all = False
        self.required_only = False
        self.mistyped = False

    def parameters(self, operation: OperationModel) -> dict[str, Any]:
        shape = operation.input_shape
        if shape is None:
            return {}
        plan = plan_for(self.service, operation.name)
        made = self.structure(shape, 0)
        if plan.accepts is not None and self.random.random() < 0.95:
            made = {name: value for name, value in made.items() if name in plan.accepts}
        return made

    def make(self, shape: Shape, name: str, depth: int) -> Any:
        rand = self.random
        kind = shape.type_name
        if self.mistyped and rand.random() < 0.1:
            return rand.choice(["text", 1, 1.5, True, [], {}, ["x"], {"x": "y"}, [None], b"\xff"])
        seeds = SEEDS.get(name.lower())
        if seeds is not None and rand.random() < 0.7:
            value = rand.choice(seeds)
            if _is_of(kind, value):
                return value
        if kind in ("structure", "list", "map"):
            return getattr(self, kind)(shape, depth, name) if kind != "structure" else self.structure(shape, depth)
        if kind == "string":
            return self.text(shape, name)
        if kind in ("integer", "long"):
            return int(self.number(shape))
        if kind in ("float", "double"):
            return float(self.number(shape)) if rand.random() < 0.8 else rand.choice([0.5, -0.1, 1e300, 1e-9])
        if kind == "boolean":
            return rand.random() < 0.5
        if kind == "timestamp":
            moment = rand.choice(_MOMENTS if self.broken else _MOMENTS[2:6])
            return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=moment)
        if kind == "blob":
            return rand.choice([b"", b"data", b"\x00\xff", b'{"n": 1}', b"x" * 2000])
        return "x"

    def structure(self, shape: Any, depth: int) -> dict[str, Any]:
        if shape.is_document_type:
            return {"n": 1, "list": [1, None, {"deep": "er"}]}
        rand = self.random
        members = list(shape.members.items())
        if shape.is_tagged_union and members:
            members = [rand.choice(members)]
        result = {}
        for name, member in members:
            if member.serialization.get("eventstream"):
                continue
            required = name in shape.required_members or shape.is_tagged_union
            if required:
                if self.broken and rand.random() < self.broken / 3:
                    continue
            elif (
                self.required_only
                or depth > 5
                or (not self.all and rand.random() > (self.optional if depth == 0 else 0.4))
            ):
                continue
            if depth > 5 and member.type_name in ("structure", "list", "map"):
                continue
            value = self.make(member, name, depth + 1)
            if value is not None:
                result[name] = value
        return result

    def list(self, shape: Any, depth: int, name: str) -> list[Any]:
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
        size = max(low, self.random.choice([1, 1, 1, 2]))
        if self.broken and self.random.random() < self.broken:
            size = self.random.choice([0, (high or 20) + 1 if (high or 20) < 120 else 0])
        item = [self.make(shape.member, re.sub("s$", "", name), depth + 1) for _ in range(min(size, 130))]
        return [each for each in item if each is not None]

    def map(self, shape: Any, depth: int, name: str) -> dict[str, Any]:
        size = self.random.choice([0, 1, 1, 2, 3])
        keys = [self.make(shape.key, f"{name}Key", depth + 1) for _ in range(size)]
        return {str(key): self.make(shape.value, str(key), depth + 1) for key in keys}

    def number(self, shape: Shape) -> float:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if self.broken and self.random.random() < self.broken:
            ends = [
                end for end in (low - 1 if low is not None else None, high + 1 if high is not None else None) if end
            ]
            return self.random.choice(ends + _NUMBERS)
        least = 0 if low is None else low
        most = least + 10 if high is None else high
        return self.random.choice([least, most, self.random.randint(int(least), max(int(least), int(most)))])

    def text(self, shape: Shape, name: str) -> str:
        rand = self.random
        if self.broken and rand.random() < self.broken:
            return rand.choice([*_WEIRD, *map(str, strange_arns(self.pool.arns[self.service], rand))])
        enum = shape.metadata.get("enum")
        if enum:
            return rand.choice(enum)
        known = self.pool.find(self.service, name, shape)
        if known and rand.random() < 0.8:
            return rand.choice(known[-4:] if rand.random() < 0.7 else known)
        if rand.random() < 0.1:
            elsewhere = [arn for arns in self.pool.arns.values() for arn in arns]
            if elsewhere and _ARN.search(name):
                return rand.choice(elsewhere)
        pattern = shape.metadata.get("pattern")
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
        if pattern:
            made = from_pattern(pattern, low, high, rand)
            if made is not None:
                return made
        if _ARN.search(name):
            return rand.choice([ROLE, "arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:s3:::reports", "x"])
        plain = rand.choice(["a", "b", "reports", "orders", "x1"])
        return plain.ljust(low, "x")[: high or None] if low <= 5000 else plain * (low // len(plain) + 1)


def _is_of(kind: str, value: Any) -> bool:
    kinds = {"structure": dict, "map": dict, "list": list, "string": str, "integer": int, "long": int, "boolean": bool}
    return (kind in kinds and isinstance(value, kinds[kind])) or value is None


def strange_arns(arns: list[str], rand: random.Random) -> list[str]:
    """ARNs of what does not exist, of another account, Region or partition, and malformed ones."""
    arn = rand.choice(arns) if arns else "arn:aws:sqs:us-east-1:123456789012:q"
    return [
        arn + "x", arn.replace(ACCOUNT, "999999999999"), arn.replace(REGION, "eu-west-1"), 
        arn.replace(":aws:", ":aws-cn:"),
        arn.replace(ACCOUNT, ""), arn[: len(arn) // 2], arn.rsplit(":", 1)[0], arn.rsplit("/", 1)[0] + "/", "arn:::::",
        "arn:aws", "arn:aws:x:y:z:w", arn.upper(),
    ]  # fmt: skip


@cache
def _parsed(pattern: str) -> Any:
    compiled = compile_pattern(pattern)
    try:
        return None if compiled is None else re._parser.parse(compiled.pattern, compiled.flags)  # type: ignore[attr-defined]
    except re.error:
        return None


def from_pattern(pattern: str, low: int, high: int | None, rand: random.Random) -> str | None:
    """A text that satisfies a pattern and its bounds, if one is found soon."""
    parsed, matches = _parsed(pattern), matcher(pattern)
    if parsed is None or matches is None:
        return None
    for few in (1, 1, 3, 8):
        made = _text_of(parsed, few, rand)
        if len(made) < low and len(made) > 0:
            made = made + made[-1] * (low - len(made))
        if (high is None or len(made) <= high) and len(made) >= low and matches(made):
            return made
    return None


def _text_of(parsed: Any, few: int, rand: random.Random) -> str:
    out = []
    for op, argument in parsed:
        name = str(op)
        if name == "LITERAL":
            out.append(chr(argument))
        elif name == "NOT_LITERAL":
            out.append("a" if argument != ord("a") else "b")
        elif name == "ANY":
            out.append("a")
        elif name == "IN":
            out.append(_one_of(argument, rand))
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = argument
            for _ in range(rand.randint(least, max(least, min(int(most), least + few)))):
                out.append(_text_of(inner, few, rand))
        elif name == "SUBPATTERN":
            out.append(_text_of(argument[-1], few, rand))
        elif name == "BRANCH":
            out.append(_text_of(rand.choice(argument[1]), few, rand))
    return "".join(out)


def _one_of(choices: Any, rand: random.Random) -> str:
    negated = str(choices[0][0]) == "NEGATE"
    if negated:
        pattern = {str(op): argument for op, argument in choices[1:]}
        excluded = {argument for op, argument in choices[1:] if str(op) == "LITERAL"}
        if "CATEGORY" in pattern:
            return "a"
        return next(character for character in "abc019-_/" if ord(character) not in excluded)
    op, argument = rand.choice(choices)
    kind = str(op)
    if kind == "LITERAL":
        return chr(argument)
    if kind == "RANGE":
        low, high = argument
        return chr(rand.randint(low, min(high, max(low, 0x7E))))
    return {"CATEGORY_DIGIT": "7", "CATEGORY_SPACE": " "}.get(str(argument), "a")


# --- what is asked of an answer --------------------------------------------------------------------------------------


def misfits(shape: Shape | None, value: Any, path: str = "") -> list[str]:
    """Where a result is not what the model says."""
    if shape is None:
        return [f"{path}: a result of an operation without one"] if value else []
    kind = shape.type_name
    found: list[str] = []
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return []
        if not isinstance(value, dict):
            return [f"{path}: {type(value).__name__} is no structure"]
        for name in shape.required_members:
            if value.get(name) is None and (shape.name, name) not in LEFT_OUT:
                found.append(f"{path}.{name}: missing")
        for name, item in value.items():
            if name.startswith("__") and not path:
                continue
            if name not in shape.members:
                found.append(f"{path}.{name}: unknown")
            elif item is not None and not shape.members[name].serialization.get("eventstream"):
                found += misfits(shape.members[name], item, f"{path}.{name}")
        return found
    if kind == "list":
        if not isinstance(value, list | tuple):
            return [f"{path}: {type(value).__name__} is no list"]
        for item in value:
            found += [f"{path}[]: null"] if item is None else misfits(shape.member, item, f"{path}[]")
        return found
    if kind == "map":
        if not isinstance(value, dict):
            return [f"{path}: {type(value).__name__} is no map"]
        for key, item in value.items():
            found += misfits(shape.key, key, f"{path}{{key}}")
            found += [f"{path}{{}}: null"] if item is None else misfits(shape.value, item, f"{path}{{}}")
        return found
    fits = {
        "string": str,
        "integer": int,
        "long": int,
        "boolean": bool,
        "float": (int, float),
        "double": (int, float),
        "timestamp": (datetime.datetime, int, float),
    }.get(kind)
    if isinstance(value, dict) and shape.name == "policyDocumentType":  # boto3 shows the documents of policies read
        return []
    if fits is not None and (not isinstance(value, fits) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{path}: {type(value).__name__} {value!r} is no {kind}"]
    enum = shape.metadata.get("enum")
    if enum and value not in enum and shape.name not in WRONG_ENUMS:
        return [f"{path}: {value!r} is none of {enum}"]
    return []


class _Raw(io.BytesIO):
    """A response body as urllib3 has it."""

    def stream(self) -> Any:
        yield self.read()


def read(operation: OperationModel, response: Any, protocol: str) -> dict[str, Any]:
    """What botocore makes of a response."""
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    if response.status < 300 and operation.has_streaming_output:
        body = _Raw(body)
    answer = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": body,
        "context": {"operation_name": operation.name},
    }
    return create_parser(protocol).parse(answer, operation.output_shape)


def plain(value: Any) -> Any:
    """For comparing: without what the wire does not carry (nulls, what is empty); timestamps and blobs by value."""
    if isinstance(value, dict):
        pairs = ((key, plain(item)) for key, item in value.items() if item is not None)
        return {key: item for key, item in pairs if item not in ({}, [], "", b"")}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return int(value.replace(tzinfo=value.tzinfo or datetime.UTC).timestamp())
    if isinstance(value, float):
        return int(value) if abs(value) < 1e15 else value
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("latin-1")
    return value


def round_trip(service: str, operation: OperationModel, result: dict[str, Any]) -> None:
    """The result serialised, and read by botocore: must be the same."""
    shape = operation.output_shape
    if operation.has_event_stream_output or operation.name == "GetBucketLocation":  # tests/wire has the latter
        return
    if operation.has_streaming_output and shape is not None:
        payload = shape.serialization["payload"]
        body = result.get(payload)
        if body is not None and not isinstance(body, bytes | str):
            body = body.read() if hasattr(body, "read") else b"".join(body)
            result = {**result, payload: body}
    codec = codec_for(operation, exact=plan_for(service, operation.name).cls.exact)
    response = codec.serialise(_sent(shape, result), "the-request-id")
    if operation.http.get("method") == "HEAD":
        return
    if b"&#x" in response.body if isinstance(response.body, bytes) else False:
        return
    parsed = read(operation, response, codec.protocol)
    parsed.pop("ResponseMetadata", None)
    if operation.has_streaming_output and shape is not None:
        parsed[payload] = parsed[payload].read()
    for name, member in (shape.members if shape is not None else {}).items():
        if member.serialization.get("location") == "headers" and name in parsed:
            own = result.get(name) or {}
            parsed[name] = {key: item for key, item in parsed[name].items() if key in own}
    ours, theirs = plain(_texts(shape, plain(result))), plain(_texts(shape, plain(parsed)))
    if ours != theirs:
        raise Wrong(f"botocore reads another result: {_difference(ours, theirs)}")


def _sent(shape: Shape | None, value: Any) -> Any:
    """A result as HTTP has it: policy documents as text."""
    if shape is None:
        return value
    if shape.name == "policyDocumentType" and isinstance(value, dict):
        return quote(json.dumps(value))
    if shape.type_name == "structure" and isinstance(value, dict):
        return {name: _sent(shape.members.get(name), item) for name, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list | tuple):
        return [_sent(shape.member, item) for item in value]
    return value


def _texts(shape: Shape | None, value: Any) -> Any:
    """Timestamps that a result has as text or number, by value."""
    if shape is None or value is None:
        return value
    kind = shape.type_name
    if shape.name == "policyDocumentType":
        return json.loads(unquote(value)) if isinstance(value, str) else value
    if kind == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        return {name: _texts(shape.members.get(name), item) for name, item in value.items() if name[:2] != "__"}
    if kind == "list" and isinstance(value, list):
        return [_texts(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _texts(shape.value, item) for key, item in value.items()}
    if kind == "blob" and isinstance(value, str):
        return value.encode("utf-8", "replace").decode("latin-1") if max(value, default="a") > "\xff" else value
    return value


def _difference(ours: Any, theirs: Any, path: str = "") -> str:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**ours, **theirs}:
            if ours.get(key) != theirs.get(key):
                return _difference(ours.get(key), theirs.get(key), f"{path}.{key}")
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (left, right) in enumerate(zip(ours, theirs, strict=True)):
            if left != right:
                return _difference(left, right, f"{path}[{number}]")
    return f"{path}: {ours!r} -> {theirs!r}"[:600]


# What may be made or noted in passing: defaults that stand from the first look on, the moment of an analysis and what
# it came to, counters that only number what comes later.
_IN_PASSING = re.compile(r"(default.*|analyzed|resources|last|made|_turn)\Z")


def changes(cloud: Cloud) -> list[str]:
    """What is other than at the last snapshot, of state that a program can see."""
    first: dict[tuple[int, Any], tuple[Any, Any, Any]] = {}
    for target, key, earlier in cloud.history._log or ():
        first.setdefault((id(target), key if key.__class__ in (str, int, tuple) else repr(key)), (target, key, earlier))
    # Services that came to be, answers kept for tokens, the most that was measured for `limits.usage()`, used-up ids.
    invisible = {id(cloud._services), id(cloud.tokens)}
    for service in cloud._services.values():
        invisible.add(id(service.ids._counters))
        if service.name == "cloudwatch":
            invisible |= set(map(id, _measured(service)))
    for view in cloud.limits._views.values():
        invisible |= {id(view._peaks), id(view._counts)}
    # What nothing that was there before leads to.
    new = set()
    for target, key, earlier in first.values():
        if isinstance(target, Entity) and earlier is MISSING:
            new |= {id(target), id(getattr(target, key, None))}
    found = []
    if any(type(target).__name__ == "Transitions" for target, _, _ in first.values()):
        return []  # messages of a queue whose time had come went back, when somebody looked
    if any(isinstance(key, str) and key.startswith("alias/aws/") for _, key, _ in first.values()):
        return []  # the key that AWS manages for a service is made when it is first asked for
    for target, key, earlier in first.values():
        if id(target) in invisible or id(target) in new or type(key) is object:  # the last: the order of keys
            continue
        if type(target).__name__ == "Measured":
            continue
        if isinstance(target, Entity):
            now = getattr(target, key, MISSING)
        elif isinstance(target, dict):
            now = target.get(key, MISSING)
        elif key is None and hasattr(target, "_items"):
            now = target._items
        else:
            continue
        if now is earlier or now == earlier or (isinstance(key, str) and _IN_PASSING.match(key)):
            continue
        if now is MISSING and _leaving(earlier):
            continue
        found.append(f"{type(target).__name__}.{key!r}: {earlier!r} -> {now!r}"[:300])
    return found


def _measured(service: Any) -> Iterator[Any]:
    """What CloudWatch keeps of what services measure: refusals too, taken in when somebody looks."""
    yield from (service._shown, service.store, service.store._metrics)
    for metric in service.store._metrics.values():
        yield from (metric, metric.series)
        for series in metric.series.values():
            yield series
            for kept in (getattr(series, name, {}) for name in ("minutes", "fine", "steps")):
                yield kept
                for bucket in kept.values():
                    yield from (bucket, getattr(bucket, "values", None))


def _leaving(thing: Any) -> bool:
    """Whether something was being deleted already: it goes when somebody looks."""
    states = [str(getattr(thing, name, "")).upper() for name in ("status", "state", "lifecycle", "deleted")]
    return thing is True or any("DELET" in state for state in states) or getattr(thing, "lifecycle", None) is not None


def sensible(operation: OperationModel, service: str, error: AWSError, params: dict[str, Any]) -> str | None:
    """What is wrong with an error; its message may repeat the parameters."""
    if not isinstance(error.code, str) or not error.code:
        return "an error without a code"
    if not isinstance(error.message, str):
        return f"a message that is {error.message!r}"
    ours = re.search(r"(?<!\[)\bNone\b(?![,\]]| \]\.)|<awsim|object at 0x|Traceback|\{[a-z][a-z_]{2,}\}", error.message)
    if ours is not None and ours[0] not in repr(params):
        return f"a message with Python in it: {error}"
    response = codec_for(operation).serialise_error(error, "the-request-id", None)
    if error.code == "NotImplemented":
        return None if error.status == 501 and len(error.message) > 20 else f"501 that names nothing: {error}"
    if not 300 <= response.status < 500:
        return f"status {response.status} for {error}"
    unspeakable = b"&#x" in response.body  # XML has no room for some characters; AWS sends them all the same
    if operation.http.get("method") != "HEAD" and not unspeakable:
        protocol = resolved_protocol(operation.service_model)
        parsed = read(operation, response, protocol)
        if "Error" not in parsed or not parsed["Error"].get("Code"):
            return f"botocore finds no error in {response.body[:300]!r}"
        if parsed["Error"].get("Message", "").strip() != error.message.strip():
            return f"botocore reads another message: {parsed['Error'].get('Message')!r} for {error.message!r}"
    return None


class Fuzz:
    """Random calls on a Cloud."""

    def __init__(self, cloud: Cloud, seed: object, pool: Pool | None = None) -> None:
        self.cloud = cloud
        self.random = random.Random(repr(seed))
        self.pool = pool or Pool()
        self.count = 0
        # Whether a refused call must leave every bit of state as it was: what expires goes when somebody looks.
        self.strict = True
        self.accepted: dict[str, int] = defaultdict(int)
        self.refused: dict[str, int] = defaultdict(int)
        self.codes: dict[str, int] = defaultdict(int)

    def call(self, service: str, operation: OperationModel, params: dict[str, Any], **options: Any) -> Any:
        """A call and all that is asked of its answer; None where it was refused."""
        self.count += 1
        name = f"{service}:{operation.name}"
        cloud = self.cloud
        mark = cloud.snapshot()
        try:
            result = cloud.call(service, operation.name, params, **options)
        except AWSError as error:
            self.refused[name] += 1
            self.codes[error.code] += 1
            if (wrong := sensible(operation, service, error, params)) is not None:
                raise Wrong(wrong) from error
            if self.strict and (changed := changes(cloud)):
                raise Wrong(f"refused with {error}, and yet changed {changed}") from None
            return None
        del mark
        self.accepted[name] += 1
        found = misfits(operation.output_shape, result)
        if found:
            raise Wrong("; ".join(dict.fromkeys(found)))
        round_trip(service, operation, result)
        self.pool.learn(service, operation.input_shape, params)
        self.pool.learn(service, operation.output_shape, result)
        return result

    def populate(self) -> list[str]:
        """One of each resource; says what could not be made."""
        known: dict[str, Any] = {}
        failed = []
        for service, name, parameters, kept in population(known):
            operation = service_model(service).operation_model(name)
            try:
                answer = self.cloud.call(service, name, parameters)
            except AWSError as error:
                failed.append(f"{service}:{name}: {error}")
                continue
            keep(known, kept, answer)
            self.pool.learn(service, operation.input_shape, parameters)
            self.pool.learn(service, operation.output_shape, answer)
        return failed

    def values(self, service: str) -> Values:
        return Values(self.random, self.pool, service)
