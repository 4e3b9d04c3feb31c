"""Event selectors: which events a trail or an event data store takes.

Sources: CloudTrail User Guide, "Logging management events", "Logging data events" and "Filtering data events by using
advanced event selectors"; API Reference, EventSelector, AdvancedFieldSelector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from awsim.services.cloudtrail.event import Event
from awsim.services.cloudtrail.refusals import bad_selectors
from awsim.services.cloudtrail.vocabulary import DATA, MANAGEMENT

Selector = Mapping[str, Any]

DEFAULT: Sequence[Selector] = (
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    },
)
# Data resources that basic selectors know -> what their ARNs begin with.
_BASIC = {
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::Lambda::Function": "lambda",
    "AWS::S3::Object": "s3",
}
_EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
_CATEGORIES = frozenset({
    "Management", "Data", "NetworkActivity", "Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog",
})  # fmt: skip
_FIELDS = frozenset({
    "readOnly", "eventSource", "eventName", "eventCategory", "eventType", "errorCode", "resources.type",
    "resources.ARN", "sessionCredentialFromConsole", "userIdentity.arn", "vpcEndpointId",
})  # fmt: skip
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": lambda text, value: text == value,
    "StartsWith": lambda text, value: text.startswith(value),
    "EndsWith": lambda text, value: text.endswith(value),
    "NotEquals": lambda text, value: text == value,
    "NotStartsWith": lambda text, value: text.startswith(value),
    "NotEndsWith": lambda text, value: text.endswith(value),
}
_ONLY_EQUALS = frozenset({"eventCategory", "readOnly", "resources.type", "eventType", "sessionCredentialFromConsole"})


# --- basic


def complete(given: Sequence[Selector]) -> list[dict[str, Any]]:
    """Checked basic selectors with all of their members; raises InvalidEventSelectorsException."""
    found = []
    for selector in given:
        whole = {**DEFAULT[0], **selector}
        for resource in whole["DataResources"]:
            _check_resource(resource.get("Type"), resource.get("Values") or ())
        unknown = [source for source in whole["ExcludeManagementEventSources"] if source not in _EXCLUDABLE]
        if unknown:
            raise bad_selectors(f"The event source {unknown[0]} cannot be excluded.")
        if not whole["IncludeManagementEvents"] and whole["ExcludeManagementEventSources"]:
            raise bad_selectors("Event sources can be excluded only where management events are included.")
        found.append(whole)
    return found


def _check_resource(kind: str | None, values: Iterable[str]) -> None:
    service = _BASIC.get(kind or "")
    if service is None:
        raise bad_selectors(f"The data resource type {kind} is not valid.")
    for value in values:
        parts = value.split(":")
        if parts[0] != "arn" or (len(parts) > 2 and parts[2] != service):
            raise bad_selectors(f"Value {value} for DataResources.Values is invalid.")


def matches(given: Sequence[Selector], event: Event) -> bool:
    return any(_matches(selector, event) for selector in given)


def _matches(selector: Selector, event: Event) -> bool:
    wanted = selector["ReadWriteType"]
    if wanted != "All" and event.read_only is not (wanted == "ReadOnly"):
        return False
    kind = event.data_type
    if kind is None:
        excluded: Sequence[str] = selector["ExcludeManagementEventSources"]
        return bool(selector["IncludeManagementEvents"]) and event.source not in excluded
    for resource in selector["DataResources"]:
        if resource["Type"] == kind:
            arns = [one.arn for one in event.resources]
            for value in resource.get("Values") or ():
                # "arn:aws:s3" is all buckets, "arn:aws:s3:::name/" all objects of one.
                if any(arn == value or arn.startswith(value if value[-1] in "/:" else f"{value}:") for arn in arns):
                    return True
                if kind == "AWS::S3::Object" and any(arn.startswith(value) for arn in arns):
                    return True
    return False


# --- advanced


def check_advanced(given: Sequence[Selector], categories: Iterable[str] = (MANAGEMENT, DATA)) -> int:
    """Refuse selectors that are not whole; how many values they have."""
    count = 0
    for selector in given:
        fields = {field["Field"]: field for field in selector["FieldSelectors"]}
        for name, field in fields.items():
            if name not in _FIELDS and not name.startswith("requestParameters"):
                raise bad_selectors(f"The field {name} is not valid for an advanced event selector.")
            operators = [operator for operator in _OPERATORS if field.get(operator)]
            if not operators:
                raise bad_selectors(f"The field {name} has no operator.")
            if name in _ONLY_EQUALS and operators != ["Equals"]:
                raise bad_selectors(f"The field {name} can be used only with the operator Equals.")
            count += sum(len(field[operator]) for operator in operators)
        _check_category(fields, categories)
    return count


def _check_category(fields: Mapping[str, Selector], categories: Iterable[str]) -> None:
    given: Sequence[str] = (fields.get("eventCategory") or {}).get("Equals") or ()
    if len(given) != 1:
        raise bad_selectors("An advanced event selector needs the field eventCategory with one value.")
    category = given[0]
    if category not in _CATEGORIES or (category in (MANAGEMENT, DATA) and category not in set(categories)):
        raise bad_selectors(f"The event category {category} is not valid.")
    if category == DATA and "resources.type" not in fields:
        raise bad_selectors("An advanced event selector for data events needs the field resources.type.")
    if category == MANAGEMENT and "resources.type" in fields:
        raise bad_selectors("The field resources.type is for data events.")


def matches_advanced(given: Sequence[Selector], event: Event) -> bool:
    return any(all(_holds(field, event) for field in selector["FieldSelectors"]) for selector in given)


def _holds(field: Selector, event: Event) -> bool:
    texts = list(_texts(field["Field"], event))
    for operator, test in _OPERATORS.items():
        values = field.get(operator)
        if not values:
            continue
        met = any(test(text, value) for text in texts for value in values)
        if met is operator.startswith("Not"):
            return False
    return True


def _texts(name: str, event: Event) -> Iterator[str]:
    """The values that a field has in an event."""
    if name == "readOnly":
        yield str(event.read_only).lower()
    elif name == "eventSource":
        yield event.source
    elif name == "eventName":
        yield event.name
    elif name == "eventCategory":
        yield event.category
    elif name == "eventType":
        yield "AwsApiCall"
    elif name == "errorCode":
        yield event.error_code or ""
    elif name == "resources.type":
        yield event.data_type or ""
    elif name == "resources.ARN":
        yield from (one.arn for one in event.resources if event.data_type in (None, one.type) or _same(event, one.type))
    elif name == "userIdentity.arn":
        yield event.identity.get("arn", "")


def _same(event: Event, kind: str) -> bool:
    """Calls on a whole bucket are events of its objects too."""
    return event.data_type == "AWS::S3::Object" and kind == "AWS::S3::Bucket"
