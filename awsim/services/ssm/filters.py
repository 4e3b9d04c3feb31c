"""Filters of DescribeParameters and GetParametersByPath. Source: API Reference, ParameterStringFilter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import refusals
from awsim.services.ssm.parameter import Parameter

Filters = Sequence[Mapping[str, Any]]

_USUAL = ("BeginsWith", "Equals")
_PATHS = ("OneLevel", "Recursive")
# Key -> its options, the first of which holds where none is given.
OF_VALUES: Mapping[str, Sequence[str]] = {"Type": _USUAL[::-1], "KeyId": _USUAL[::-1], "Label": ("Equals",)}
OF_METADATA: Mapping[str, Sequence[str]] = {
    "Path": _PATHS,
    "Name": ("Equals", "BeginsWith", "Contains"),
    "Type": _USUAL[::-1],
    "KeyId": _USUAL[::-1],
    "Tier": _USUAL[::-1],
    "DataType": _USUAL[::-1],
    "tag:": _USUAL[::-1],
}


def check(given: Filters, known: Mapping[str, Sequence[str]]) -> None:
    """Refuse keys, options and values that an operation does not have."""
    seen = set()
    for each in given:
        key = each["Key"]
        options = known.get("tag:" if key.startswith("tag:") else key)
        if options is None:
            listed = ", ".join(known)
            raise AWSError(
                "InvalidFilterKey",
                f"The following filter key is not valid: {key}. Valid filter keys include: [{listed}]",
            )
        if key in seen:
            raise refusals.invalid(
                f"The following filter is duplicated in the request: {key}. A request can contain only one occurrence "
                "of a specific filter."
            )
        seen.add(key)
        option, values = each.get("Option") or options[0], each.get("Values") or ()
        if option not in options:
            listed = ", ".join(sorted(options))
            raise AWSError(
                "InvalidFilterOption",
                f"The following filter option is not valid: {option}. Valid options include: [{listed}].",
            )
        if not values and not key.startswith("tag:"):
            raise AWSError(
                "InvalidFilterValue", f"The following filter values are missing : null for filter key {key}."
            )
        if key == "Path" and not all(value.startswith("/") for value in values):
            raise refusals.bad_path()
        if key == "Label" and len(values) != 1:
            raise AWSError("InvalidFilterValue", "The filter Label takes one value.")


def modernised(old: Filters) -> Filters:
    """`Filters` as `ParameterFilters`: names by their beginning, the others as they are."""
    return [{**each, "Option": "BeginsWith" if each["Key"] == "Name" else "Equals"} for each in old]


def match(parameter: Parameter, filters: Filters) -> bool:
    return all(_matches(parameter, each["Key"], each.get("Option"), each.get("Values") or ()) for each in filters)


def _matches(parameter: Parameter, key: str, option: str | None, values: Sequence[str]) -> bool:
    if key == "Label":
        return any(values[0] in version.labels for version in parameter.versions.values())
    if key == "Path":
        return any(_under(parameter.name, value, recursive=option == "Recursive") for value in values)
    found = _value(parameter, key)
    if found is None:
        return False
    if not values:
        return True
    if option == "BeginsWith":
        return found.startswith(tuple(values))
    if option == "Contains":
        return any(value in found for value in values)
    return found in values


def _value(parameter: Parameter, key: str) -> str | None:
    version = parameter.latest
    if key.startswith("tag:"):
        return parameter.tags.get(key[4:])
    found: str | None = {
        "Name": parameter.name,
        "Type": version.type,
        "KeyId": version.key,
        "Tier": version.tier,
        "DataType": version.data_type,
    }[key]
    return found


def _under(name: str, path: str, *, recursive: bool) -> bool:
    start = f"{path.rstrip('/')}/"
    whole = name if name.startswith("/") else f"/{name}"
    return whole.startswith(start) and (recursive or "/" not in whole[len(start) :])
