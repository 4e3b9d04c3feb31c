"""Bucket policies: what S3 accepts as one, and which it calls public.

Sources: S3 User Guide, "Bucket policies" and "Blocking public access: the meaning of public".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.auth.policy import Policy

_NO_JSON = "Policies must be valid JSON and the first byte must be '{'"
# Condition keys that, with fixed values, keep a policy for everybody from being public.
_NARROWING = frozenset(
    (
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    )
)
# Ranges of addresses that are wider are everybody's, but for the private ones.
_WIDEST = {4: 8, 6: 32}
_ACCESS_POINT = r"arn:aws[a-z-]*:s3:[a-z0-9-]+:\d{12}:accesspoint/.+"
# Operators that hold a key to what is listed. With IfExists, or for all values, a request without the key passes.
_HOLDING = r"(?i:(?:ForAnyValue:)?(?:StringEquals|StringLike|StringEqualsIgnoreCase|ArnEquals|ArnLike))"
# Condition keys about what a request brings or an object has, which only some actions know.
_OF_REQUESTS = (
    "s3:prefix",
    "s3:delimiter",
    "s3:max-keys",
    "s3:versionid",
    "s3:locationconstraint",
    "s3:existingobjecttag",
    "s3:requestobjecttag",
    "s3:object-lock-",
    "s3:if-",
    "s3:x-amz-acl",
    "s3:x-amz-grant-",
    "s3:x-amz-copy-source",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
)
# Condition keys that the reference lists with no action.
_EVERYWHERE = frozenset(("s3:buckettag", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"))
# Actions on buckets; every other action of S3 is one on objects.
_BUCKET_ACTION = (
    r"s3:(?:(?:Get|Put|Delete)?(?:Bucket|.*Configuration$)|List(?!MultipartUploadParts)|CreateBucket|DeleteBucket|"
    r"GetAccountPublicAccessBlock)"
)


def check(text: str, bucket_arn: str) -> Policy:
    """A bucket's policy, read and checked. Raises MalformedPolicy."""
    policy = _read(text)
    for statement in statements(json.loads(text)):
        _check_statement(statement, bucket_arn)
    return policy


def check_of_access_point(text: str, arn: str, prefix: str = "s3") -> Policy:
    """The policy of an access point, read and checked; `prefix` is that of its actions. Raises MalformedPolicy."""
    policy = _read(text)
    for statement in statements(json.loads(text)):
        for resource in _listed(statement.get("Resource", statement.get("NotResource", ()))):
            if not fnmatchcase(arn, resource.partition("/object/")[0].replace("[", "[[]")):
                raise _malformed("Policy has invalid resource", resource)
        for action in _listed(statement.get("Action", [])):
            if action != "*" and not action.lower().startswith(f"{prefix}:"):
                raise _malformed("Policy has invalid action", action)
    return policy


def _read(text: str) -> Policy:
    from awsim.auth.policy import PolicyError, parse

    try:
        policy = parse(text, "resource")
    except PolicyError as error:
        if error.problem == "json":
            raise _malformed(_NO_JSON) from None
        if '"NotPrincipal"' in text and _spares_from_allow(json.loads(text)):
            raise _malformed("Allow with NotPrincipal is not allowed.") from None
        raise _malformed(error.message, error.detail) from None
    return policy


def _malformed(message: str, detail: str = "") -> AWSError:
    return AWSError("MalformedPolicy", message, fields={"Detail": detail} if detail else {})


def unknown_principal(arn: str) -> AWSError:
    return _malformed("Invalid principal in policy", f'"AWS" : "{arn}"')


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _spares_from_allow(document: Mapping[str, Any]) -> bool:
    found = statements(document) if "Statement" in document else []
    return any(isinstance(each, dict) and each.get("Effect") == "Allow" and "NotPrincipal" in each for each in found)


def _check_statement(statement: Mapping[str, Any], bucket_arn: str) -> None:
    if "Resource" not in statement and "NotResource" not in statement:
        raise _malformed("Missing required field Resource", "Resource")
    resources = _listed(statement.get("Resource", statement.get("NotResource")))
    for resource in resources:
        if not _lies_in(resource, bucket_arn):
            raise _malformed("Policy has invalid resource", resource)
    actions = _listed(statement.get("Action", []))
    for action in actions:
        if action != "*" and not action.lower().startswith("s3:"):
            raise _malformed("Policy has invalid action", action)
    on_bucket = any("/" not in resource.partition(":::")[2] for resource in resources)
    on_objects = any("/" in resource or resource.endswith("*") for resource in resources)
    for action in actions:
        if "*" in action or "?" in action:
            continue
        if not (on_bucket if re.match(_BUCKET_ACTION, action) else on_objects):
            raise _malformed("Action does not apply to any resource(s) in statement")
    _check_keys(statement.get("Condition") or {}, actions)


def _check_keys(condition: Mapping[str, Mapping[str, Any]], actions: list[str]) -> None:
    """Refuse condition keys that S3 does not have, or not for the actions that a statement names one by one."""
    used = {key.partition("/")[0].lower(): key for keys in condition.values() for key in keys}
    used = {name: key for name, key in used.items() if name.startswith("s3:")}
    if not used:
        return
    from awsim.auth.actions import action_named

    known = _known_keys()
    for name, key in used.items():
        if name not in known and name not in _EVERYWHERE:
            raise _malformed("Policy has an invalid condition key", key)
    for action in actions:
        found = action_named(action) if "*" not in action and "?" not in action else None
        if found is None:
            continue
        taken = {key.partition("/")[0].lower() for key in found.keys}
        if any(name.startswith(_OF_REQUESTS) and name not in taken for name in used):
            raise _malformed("Conditions do not apply to combination of actions and resources in statement")


@cache
def _known_keys() -> frozenset[str]:
    from awsim.auth.actions import actions

    return frozenset(key.partition("/")[0].lower() for each in actions("s3").values() for key in each.keys)


def _lies_in(resource: str, bucket_arn: str) -> bool:
    """Whether a resource, wildcards and all, can be the bucket or something in it."""
    bucket = resource.partition("/")[0]
    return bucket == bucket_arn or fnmatchcase(bucket_arn, bucket.replace("[", "[[]"))


# --- the meaning of public


def is_public(document: Mapping[str, Any]) -> bool:
    """Whether a policy lets everybody in; a condition on a fixed source or principal keeps it from that."""
    return any(_is_open(statement) for statement in statements(document))


def _is_open(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principals = [item for value in principal.values() for item in _listed(value)]
    else:
        principals = _listed(principal)
    if "*" not in principals:
        return False
    return not any(
        _narrows(operator, key.lower(), _listed(values))
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, values in keys.items()
    )


def _narrows(operator: str, key: str, values: list[str]) -> bool:
    if key == "aws:sourceip":
        return operator.lower() == "ipaddress" and all(_is_narrow(value) for value in values)
    if key not in _NARROWING or not re.fullmatch(_HOLDING, operator):
        return False
    return all(_is_fixed(key, str(value)) for value in values)


def _is_fixed(key: str, value: str) -> bool:
    """Whether a value is one, without wildcards and policy variables."""
    if "${" in value:
        return False
    if key == "s3:dataaccesspointarn" and re.fullmatch(_ACCESS_POINT, value):
        return True
    if key == "aws:userid" and value.startswith("AROA") and value.endswith(":*"):
        return False
    return "*" not in value and "?" not in value


def _is_narrow(value: str) -> bool:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    return network.is_private or network.prefixlen >= _WIDEST[network.version]
