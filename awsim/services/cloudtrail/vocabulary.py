"""What CloudTrail calls services and operations, and which of them it records how: the rule, and `vocabulary.toml`.

The rule: eventSource is the prefix of the service's actions, eventName is the operation; an operation is a management
event, read-only if its access level is List or Read.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from awsim.auth.actions import action_named, authorizations_for, prefix_of
from awsim.wire.models import service_model

MANAGEMENT, DATA, INSIGHT = "Management", "Data", "Insight"

_READ_LEVELS = frozenset({"List", "Read"})
_READ_NAME = re.compile(r"(BatchGet|Check|Describe|Detect|Download|Get|Head|List|Lookup|Query|Scan|Search|Select|View)")
# The region of a partition whose log the global services write to.
_HOME_REGIONS = {
    "aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1", "aws-iso-e": "eu-isoe-west-1", "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}  # fmt: skip


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))


def entry(service: str) -> dict[str, Any]:
    """What is said of a botocore service; empty where the rule holds."""
    found: dict[str, Any] = _table().get(service, {})
    return found


@cache
def source_of(service: str) -> str:
    """`"sqs.amazonaws.com"`."""
    named: str | None = entry(service).get("source")
    return named or f"{prefix_of(service)}.amazonaws.com"


def name_of(service: str, operation: str) -> str:
    """`"CreateFunction20150331"`."""
    named: str = entry(service).get("names", {}).get(operation, operation)
    return named


@cache
def data_type_of(service: str, operation: str) -> str | None:
    """The type of resource that a data event is about; None for management events."""
    for kind, operations in entry(service).get("data", {}).items():
        if operation in operations:
            return str(kind)
    return None


@cache
def is_recorded(service: str, operation: str) -> bool:
    """Whether it is an operation of AWS's, and not one that CloudTrail is silent about."""
    if not service or operation in entry(service).get("silent", ()):
        return False
    return operation in service_model(service).operation_names or data_type_of(service, operation) is not None


@cache
def is_read_only(service: str, operation: str) -> bool:
    known = entry(service)
    if operation in known.get("read", ()):
        return True
    if operation in known.get("write", ()):
        return False
    try:
        needed = authorizations_for(service, operation, {}, "", "")
    except KeyError:
        needed = []
    action = action_named(needed[0].action) if needed else None
    if action is None or action.name != operation:
        return _READ_NAME.match(operation) is not None
    return action.level in _READ_LEVELS


def is_global(service: str) -> bool:
    return bool(entry(service).get("global"))


def region_of(service: str, region: str | None, partition: str) -> str:
    """awsRegion of an event."""
    home = _HOME_REGIONS.get(partition, "us-east-1")
    return home if is_global(service) else region or home
