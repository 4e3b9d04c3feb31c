"""(service, operation) of a bare HTTP request: from its host, its signature's scope and what its protocol says.

Requests that come from botocore do not pass here: they know their operation. `services.json` holds what is needed of
each service's metadata, so that no model is loaded but the one that is asked for; `python -m awsim.wire.router` makes
it anew from the installed botocore.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from awsim.errors import AWSError, AwsimError
from awsim.wire.hosts import METADATA_HOSTS, bucket_of, is_aws_host, is_region, strip_suffix, website_of
from awsim.wire.http import Request, Response, pairs
from awsim.wire.models import Schema, loader, request_uri, schema_of, service_model

__all__ = ["Scope", "UnknownHost", "error_response", "is_aws_host", "region_of", "route", "scope_of"]

_DATA = Path(__file__).with_name("services.json")


class UnknownHost(AwsimError):
    """An AWS host that no service claims."""


class Scope(NamedTuple):
    """What a request's signature says of who signed, where and for which service."""

    access_key: str
    region: str | None
    service: str


def scope_of(request: Request) -> Scope | None:
    """The credential scope in the Authorization header or the query string (presigned); None without one."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        _, found, rest = authorization.partition("Credential=")
        credential = rest.partition(",")[0].strip() if found else ""
    elif "X-Amz-Credential=" in request.query_string or "x-amz-credential=" in request.query_string:
        credential = next((value for name, value in request.query if name.lower() == "x-amz-credential"), "")
    else:
        return None
    parts = credential.split("/")
    if len(parts) >= 5:
        return Scope("/".join(parts[:-4]), parts[-3], parts[-2])
    if len(parts) == 4:  # SigV4A has no region
        return Scope(parts[0], None, parts[2])
    return None


def region_of(request: Request) -> str | None:
    """The region a request is for: from the host's name, else from the credential scope."""
    site = website_of(request.host) if "s3-website" in request.host else None
    if site is not None:
        return site[1]
    labels = (strip_suffix(request.host) or "").split(".")
    for index, label in enumerate(labels):
        if label == "s3" or label.startswith(("s3-", "s3express-")):
            labels = labels[index:]
            break
    for label in reversed(labels):
        if is_region(label):
            return label
        if label.startswith("s3-") and is_region(label[3:]):
            return label[3:]
    scope = scope_of(request)
    return scope.region if scope is not None else None


# --- the index -------------------------------------------------------------------------------------------------------


class Service(NamedTuple):
    """A row of services.json. `stems`: its hosts without region, partition suffix, dualstack and fips."""

    name: str
    stems: list[str]
    signing: str
    target: str | None
    version: str
    protocols: list[str]


# Hosts outside every model: account-based DynamoDB endpoints, hosts that SQS had before 2012, S3's variants.
_MORE_STEMS = {
    "ddb": ["dynamodb"],
    "streams-ddb": ["dynamodbstreams"],
    "queue": ["sqs"],
    "s3-accelerate": ["s3"],
    "s3-accesspoint": ["s3"],
    "s3-outposts": ["s3"],
    "s3-object-lambda": ["s3"],
    "s3-global": ["s3"],
    "s3express-control": ["s3"],
    "s3-external-1": ["s3"],
    "iot": ["iot", "iot-data"],
    "cloudsearch": ["cloudsearch", "cloudsearchdomain"],
}


class Index:
    """Services by host, by signing name and by target prefix."""

    def __init__(self, rows: Iterable[Service]) -> None:
        self.services: dict[str, Service] = {}
        self.stems: dict[str, list[str]] = {}
        self.signing: dict[str, list[str]] = {}
        self.targets: dict[str, list[str]] = {}
        for row in rows:
            self.add(row)
        for stem, names in _MORE_STEMS.items():
            known = self.stems.setdefault(stem, [])
            known += [name for name in names if name not in known]

    def add(self, row: Service) -> None:
        self.services[row.name] = row
        for stem in row.stems:
            self.stems.setdefault(stem, []).append(row.name)
        self.signing.setdefault(row.signing, []).append(row.name)
        if row.target:
            self.targets.setdefault(row.target, []).append(row.name)

    def learn(self) -> bool:
        """Take in services of the installed botocore that services.json does not know; whether there were any."""
        if self.learned:
            return False
        self.learned = True
        new = [name for name in loader().list_available_services("service-2") if name not in self.services]
        for name in new:
            self.add(row_of(name, service_model(name).metadata))
        return bool(new)

    learned = False


_index: Index | None = None


def index() -> Index:
    global _index
    if _index is None:
        import json

        _index = Index(Service(name, *row) for name, row in json.loads(_DATA.read_text()).items())
    return _index


def row_of(name: str, metadata: dict[str, Any], stems: Iterable[str] = ()) -> Service:
    prefix = metadata["endpointPrefix"]
    return Service(
        name,
        list(dict.fromkeys([prefix, *stems])),
        metadata.get("signingName", prefix),
        metadata.get("targetPrefix"),
        metadata.get("apiVersion", ""),
        list(metadata.get("protocols") or [metadata["protocol"]]),
    )


# Labels that say where, not what.
_NO_NAMES = {"dualstack", "fips", "global", "us-gov"}


def stem_of(host: str) -> str | None:
    """A host without partition suffix, region, dualstack and fips: what names the service, and what is before it."""
    rest = strip_suffix(host)
    if rest is None:
        return None
    labels = []
    for label in rest.split("."):
        if label in _NO_NAMES or is_region(label) or (label.startswith("aws-") and label.endswith("-global")):
            continue
        if (label.startswith("s3-") and is_region(label[3:])) or _is_express_zone(label):
            label = "s3"
        if label.endswith("-fips"):
            label = label[:-5]
        elif label.startswith("fips-"):
            label = label[5:]
        labels.append(label)
    return ".".join(labels)


def _is_express_zone(label: str) -> bool:
    return label.startswith("s3express-") and label != "s3express-control"


def _candidates(host: str) -> list[str]:
    """Services whose host it may be; leading labels (accounts, buckets, host prefixes) are dropped until one fits."""
    stem = stem_of(host)
    known = index().stems
    while stem:
        names = known.get(stem)
        if names is not None:
            return names
        _, _, stem = stem.partition(".")
    return []


# --- routing ---------------------------------------------------------------------------------------------------------


def route(request: Request) -> tuple[str, str]:
    """(botocore's service name, operation name) of a request.

    Pseudo operations without a model: ("s3", "PostObject"), ("s3", "OptionsObject"), ("s3", "WebsiteObject"),
    ("execute-api", "Invoke"), ("lambda", "InvokeFunctionUrl"), ("opensearch", "AskDomain"),
    ("sns", "GetSigningCertificate"), ("dynamodb", "HealthCheck"), ("dynamodb", "Preflight").
    Raises AWSError for an operation the service does not have, UnknownHost where no service claims the host.
    """
    host = request.host
    if host in METADATA_HOSTS:
        raise UnknownHost(f"{host} is the instance metadata address; awsim does not serve it")
    if "s3-website" in host and website_of(host) is not None:
        return "s3", "OptionsObject" if request.method == "OPTIONS" else "WebsiteObject"
    stem = stem_of(host) or ""
    if stem.endswith("lambda-url"):
        return "lambda", "InvokeFunctionUrl"
    if stem.endswith(".es") and stem.startswith(("search-", "vpc-")):
        return "opensearch", "AskDomain"
    if stem.endswith("execute-api") and stem.count(".") == 1 and "/@connections/" not in request.path:
        return "execute-api", "Invoke"
    if stem == "sns" and request.method == "GET" and request.path.startswith("/SimpleNotificationService-"):
        return "sns", "GetSigningCertificate"
    if stem == "dynamodb" and request.path == "/" and request.method in ("GET", "OPTIONS"):
        return "dynamodb", "HealthCheck" if request.method == "GET" else "Preflight"
    names = services_of(request)
    if not names:
        raise UnknownHost(f"no AWS service that awsim knows of has the host {host}")
    target = request.headers.get("x-amz-target")
    if target is not None and "/" not in target:
        return _by_target(request, names, target)
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor" or request.path.startswith("/service/"):
        found = _by_rpc_path(request, names)
        if found is not None:
            return found
    known = index().services
    forms = [name for name in names if {"query", "ec2"} & set(known[name].protocols) or name in _QUERY_TOO]
    rest = [name for name in names if {"rest-json", "rest-xml"} & set(known[name].protocols)]
    problem: AWSError | None = None
    for name in rest:
        try:
            return name, _by_path(request, name)
        except AWSError as error:
            problem = problem or error
        except _no_service() as error:
            problem = problem or AWSError("UnknownOperationException", str(error), status=404)
    if forms:
        return _by_action(request, forms)
    if problem is not None and problem.message:
        raise problem
    asked = f"{request.method} {request.path} at {request.host}"
    raise AWSError("UnknownOperationException", f"{asked} is no operation of {' or '.join(names)}.", status=404)


def _no_service() -> type[Exception]:
    from botocore.exceptions import UnknownServiceError

    return UnknownServiceError


# Services that still answer the query protocol their models have lost.
_QUERY_TOO = {"sqs"}


def services_of(request: Request) -> list[str]:
    """The services that a request may be for, by host and credential scope; empty when there are none.

    Where several share a host, the one that gave it its name comes first.
    """
    names = _services_of(request)
    if len(names) > 1:
        known = index().services
        names = sorted(names, key=lambda name: known[name].stems[0] != name)
    return names


def _services_of(request: Request) -> list[str]:
    known = index()
    scope = scope_of(request)
    names = _candidates(request.host)
    if not names and known.learn():
        names = _candidates(request.host)
    if scope is not None:
        signed = known.signing.get(scope.service, [])
        both = [name for name in names if name in signed]
        if both:
            return both
        if not names:
            names = signed
    if not names:
        target = request.headers.get("x-amz-target")
        if target is not None:
            names = known.targets.get(target.rpartition(".")[0], [])
    return names


def _by_target(request: Request, names: list[str], target: str) -> tuple[str, str]:
    prefix, _, operation = target.rpartition(".")
    known = index()
    fitting = [name for name in names if known.services[name].target == prefix] or known.targets.get(prefix, [])
    for name in fitting:
        if operation in _operations(name):
            return name, operation
    raise AWSError("UnknownOperationException", "", status=400)


def _by_rpc_path(request: Request, names: list[str]) -> tuple[str, str] | None:
    parts = request.path.split("/")
    if len(parts) < 5 or parts[-4] != "service" or parts[-2] != "operation":
        return None
    prefix, operation = parts[-3], parts[-1]
    known = index()
    fitting = [name for name in names if known.services[name].target == prefix] or known.targets.get(prefix, names)
    for name in fitting:
        if operation in _operations(name):
            return name, operation
    raise AWSError("UnknownOperationException", "", status=404)


def _by_action(request: Request, names: list[str]) -> tuple[str, str]:
    form = dict(request.query) if request.query_string else {}
    if "Action" not in form:
        try:
            form.update(pairs(request.read().decode()))
        except UnicodeDecodeError:
            raise AWSError("MalformedInput", "Request is not valid UTF-8", status=400) from None
    action = form.get("Action") or form.get("Operation")
    if not action:
        raise AWSError("MissingAction", "The request must contain the parameter Action.", status=400)
    version = form.get("Version")
    known = index().services
    fitting = [name for name in names if known[name].version == version] if version else names
    for name in fitting or names:
        if action in _operations(name):
            return name, action
    message = f"Could not find operation {action} for version {version or 'NO_VERSION_SPECIFIED'}"
    raise AWSError("InvalidAction", message, status=400)


def _operations(name: str) -> Container[str]:
    """The operations of a service; none of one that this botocore has not (the index may be newer)."""
    try:
        return _schema(name).operations
    except _no_service():
        return ()


def _schema(name: str) -> Schema:
    return schema_of(service_model(name))


# --- REST paths ------------------------------------------------------------------------------------------------------


class _Route(NamedTuple):
    """One operation's way in. `segments`: literal text, None for a label; `greedy`: index of the label with a plus."""

    operation: str
    segments: tuple[str | None, ...]
    greedy: int | None
    literals: tuple[tuple[str, str], ...]
    queries: tuple[str, ...]
    headers: tuple[str, ...]
    deprecated: bool
    literal_count: int


def _routes(name: str) -> dict[str, list[_Route]]:
    """A service's routes by HTTP method, the most specific first."""
    schema = _schema(name)
    found = schema.memo.get("routes")
    if found is None:
        found = {}
        for operation, raw in schema.operations.items():
            http = raw.get("http", {})
            path, _, query = request_uri(http).partition("?")
            segments = tuple(None if part[:1] == "{" else part for part in path.strip("/").split("/"))
            greedy = next((i for i, part in enumerate(path.strip("/").split("/")) if part.endswith("+}")), None)
            queries, headers = [], []
            if "input" in raw:
                shape = schema.resolve(raw["input"])
                for member in shape.get("required", ()):
                    reference = shape["members"].get(member, {})
                    wire = reference.get("locationName", member)
                    if reference.get("location") == "querystring":
                        queries.append(wire)
                    elif reference.get("location") == "header":
                        headers.append(wire.lower())
            found.setdefault(http.get("method", "POST"), []).append(
                _Route(
                    operation,
                    segments,
                    greedy,
                    tuple(part.partition("=")[::2] for part in query.split("&") if part),  # type: ignore[misc]
                    tuple(queries),
                    tuple(headers),
                    bool(raw.get("deprecated")),
                    sum(part is not None for part in segments),
                )
            )
        for routes in found.values():
            routes.sort(key=_specificity)
        schema.memo["routes"] = found
    return found


def _specificity(route: _Route) -> tuple[Any, ...]:
    return (
        route.greedy is not None,
        # Of those that begin alike, the one that says more of the end.
        -len(route.segments) if route.greedy is not None else 0,
        -len(route.literals),
        [part is None for part in route.segments],
        -len(route.queries) - len(route.headers),
        route.deprecated,
    )


def _by_path(request: Request, name: str) -> str:
    if name == "s3":
        return _s3_operation(request)
    path = request.path
    if name == "apigatewaymanagementapi":  # behind the stage
        path = path[path.index("/@connections/") :] if "/@connections/" in path else path
    segments = [unquote(part) if "%" in part else part for part in path.strip("/").split("/")]
    operation = _match(request, _routes(name).get(request.method, ()), segments)
    if operation is None:
        raise AWSError("UnknownOperationException", "", status=404)
    return operation


def _match(request: Request, routes: Iterable[_Route], segments: list[str]) -> str | None:
    """The first route that fits with all its required query values and headers, else the first that fits at all."""
    query: dict[str, str] | None = None
    poorer: str | None = None
    for route in routes:
        if not _fits(route, segments):
            continue
        if query is None:
            query = dict(request.query)
        if any(name not in query or (value and query[name] != value) for name, value in route.literals):
            continue
        complete = all(name in query for name in route.queries)
        if complete and all(name in request.headers for name in route.headers):
            return route.operation
        # A required value that is missing is for the service to complain of, unless a neighbour fits better.
        poorer = poorer or route.operation
    return poorer


def _fits(route: _Route, segments: list[str]) -> bool:
    pattern = route.segments
    greedy = route.greedy
    if greedy is None:
        return len(pattern) == len(segments) and all(
            part == segment if part is not None else segment != ""
            for part, segment in zip(pattern, segments, strict=True)
        )
    after = len(pattern) - greedy - 1
    if len(segments) < len(pattern):
        return False
    head = zip(pattern[:greedy], segments[:greedy], strict=True)
    tail = zip(pattern[greedy + 1 :], segments[len(segments) - after :], strict=True) if after else ()
    return all(part is None or part == segment for part, segment in (*head, *tail))


def _s3_operation(request: Request) -> str:
    method = request.method
    host = request.host
    bucket = bucket_of(host)
    path = request.path
    if method == "OPTIONS":
        return "OptionsObject"
    if path == "/WriteGetObjectResponse" and "s3-object-lambda" in host:
        return "WriteGetObjectResponse"
    if bucket is None:
        bucket, _, key = path[1:].partition("/")
    else:
        key = path[1:]
    if not bucket:
        if method == "GET":
            return "ListDirectoryBuckets" if "s3express-control" in host else "ListBuckets"
        raise _not_allowed(method)
    if method == "POST" and not key and not request.query_string:
        return "PostObject"
    # Keys are opaque: one segment, whatever is in them.
    segments = ["bucket", "key"] if key else ["bucket"]
    routes = [
        each
        for each in _routes("s3").get(method, ())
        if len(each.segments) == len(segments) and each.literal_count == 0
    ]
    operation = _match(request, sorted(routes, key=_s3_specificity), segments)
    if operation is None:
        raise _not_allowed(method)
    return operation


def _s3_specificity(route: _Route) -> tuple[Any, ...]:
    return (-len(route.literals), -len(route.queries) - len(route.headers), route.deprecated)


def _not_allowed(method: str) -> AWSError:
    return AWSError(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        status=405,
        fields={"Method": method, "ResourceType": "SERVICE"},
    )


# --- refusals before there is an operation ---------------------------------------------------------------------------


def error_response(request: Request, error: AWSError, request_id: str) -> Response:
    """An error for a request that has no operation, in the protocol its service speaks."""
    from awsim.wire.codec import new_codec

    if "s3-website" in request.host and website_of(request.host) is not None:
        from awsim.wire.website import error_page

        return error_page(error, request_id)
    names = services_of(request) if request.host not in METADATA_HOSTS else []
    for name in names:
        try:
            model = service_model(name)
        except _no_service():
            continue
        protocols = index().services[name].protocols
        if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
            protocol = "smithy-rpc-v2-cbor"
        elif request.headers.get("x-amz-target") is not None and "json" in protocols:
            protocol = "json"
        else:
            protocol = "query" if name in _QUERY_TOO else protocols[-1]
        codec = new_codec(model.operation_model(model.operation_names[0]), protocol)
        codec.http = {}
        return codec.serialise_error(error, request_id, request)
    status = error.status or 400
    body = f"{error.code}: {error.message}\n".encode()
    return Response(status, {"Content-Type": "text/plain", "Content-Length": str(len(body))}, body)


# --- services.json ---------------------------------------------------------------------------------------------------


def _stems(name: str, description: dict[str, Any]) -> list[str]:
    """Stems of the hosts that a service's endpoint rules give, its operations' fixed host prefixes included."""
    from botocore.endpoint_provider import EndpointProvider
    from botocore.exceptions import BotoCoreError

    rules = loader().load_service_model(name, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader().load_data("partitions"))
    parameters = rules["parameters"]
    stems: list[str] = []
    for region in ("us-west-2", "us-east-1", "us-gov-west-1", "cn-north-1", "aws-global"):
        for fips in (False, True):
            for dual in (False, True):
                given: dict[str, Any] = {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
                given = {key: value for key, value in given.items() if key in parameters}
                for key, parameter in parameters.items():
                    if key not in given and parameter.get("required") and "default" not in parameter:
                        given[key] = "x" if parameter["type"].lower() == "string" else False
                try:
                    url = provider.resolve_endpoint(**given).url
                except (BotoCoreError, KeyError, TypeError, ValueError, AttributeError):
                    continue
                stem = stem_of(re.sub(r"^https?://", "", url).partition("/")[0])
                if stem and stem not in stems:
                    stems.append(stem)
    prefixes = {
        operation["endpoint"]["hostPrefix"]
        for operation in description["operations"].values()
        if "hostPrefix" in operation.get("endpoint", {})
    }
    fixed = [prefix for prefix in sorted(prefixes) if "{" not in prefix and not prefix.startswith(".")]
    return stems + [prefix + stem for stem in stems for prefix in fixed]


def generate() -> str:
    """The text of services.json for the installed botocore; services that it no longer has keep their rows."""
    import json

    rows = json.loads(_DATA.read_text()) if _DATA.exists() else {}
    for name in loader().list_available_services("service-2"):
        description = loader().load_service_model(name, "service-2")
        try:
            stems = _stems(name, description)
        except Exception as problem:
            print(f"{name}: no stems from its endpoint rules: {problem!r}")
            stems = []
        rows[name] = list(row_of(name, description["metadata"], stems))[1:]
    lines = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(rows.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    _DATA.write_text(generate())
