"""What ValidatePolicy finds in Condition blocks and policy variables."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from awsim.auth.actions import actions
from awsim.auth.policy.conditions import is_operator, parse_date, parse_network
from awsim.services.accessanalyzer.findings import Place, Report
from awsim.services.accessanalyzer.located import Member, Node

_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?")
_VARIABLE = re.compile(r"\$\{([^}]*)(\}?)")
_VPC = {"aws:sourcevpc": ("vpc", "INVALID_VPC_FORMAT"), "aws:sourcevpce": ("vpce", "INVALID_VPCE_FORMAT")}
_TAGS = ("aws:principaltag", "aws:requesttag", "aws:resourcetag")
# Not the ranges for documentation, which Python counts as private too.
_PRIVATE: tuple[Any, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
# Source: IAM User Guide, "AWS global condition context keys". The first have several values.
_MULTIPLE = frozenset(
    (
        "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:resourceorgpaths",
        "aws:sourceorgpaths", "aws:tagkeys", "aws:vpceorgpaths",
    )
)  # fmt: skip
_SINGLE = frozenset(
    (
        "aws:assumedroot", "aws:calledviafirst", "aws:calledvialast", "aws:chatbotsourcearn", "aws:currenttime",
        "aws:ec2instancesourceprivateipv4", "aws:ec2instancesourcevpc", "aws:epochtime", "aws:federatedprovider",
        "aws:ismcpserviceaction", "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalaccount",
        "aws:principalarn", "aws:principalisawsservice", "aws:principalorgid", "aws:principalservicename",
        "aws:principaltype", "aws:referer", "aws:requestedregion", "aws:resourceaccount", "aws:resourceorgid",
        "aws:securetransport", "aws:signinsessionarn", "aws:sourceaccount", "aws:sourcearn", "aws:sourceidentity",
        "aws:sourceip", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce",
        "aws:tokenissuetime", "aws:useragent", "aws:userid", "aws:username", "aws:viaawsservice",
        "aws:viaawsmcpservice", "aws:vpceaccount", "aws:vpceorgid", "aws:vpcsourceip",
    )
)  # fmt: skip
_PATH = tuple[str | int, ...]


def keys_of(condition: Node | None) -> list[str]:
    """The lower-case condition keys of a block."""
    if condition is None:
        return []
    return [key.name.lower() for operator in condition.members for key in operator.node.members]


def check(report: Report, path: _PATH, condition: Node, variables: bool, allows: bool) -> None:
    """A whole block; `variables`: the policy's version knows them; `allows`: the statement's effect."""
    if condition.kind != "object":
        report.add("DATA_TYPE_MISMATCH", Place.of(condition, *path), data_type="Object")
        return
    if not condition.members:
        report.add("EMPTY_OBJECT_CONDITION", Place.of(condition, *path))
    for operator in condition.members:
        at = (*path, operator.name)
        found = _OPERATOR.fullmatch(operator.name)
        if found and found[2] == "Null" and found[3]:
            report.add("NULL_WITH_IF_EXISTS", Place.name(operator, *path))
        elif not is_operator(operator.name):
            report.add("INVALID_CONDITION_OPERATOR", Place.name(operator, *path), operator=operator.name)
        if operator.node.kind != "object":
            report.add("DATA_TYPE_MISMATCH", Place.of(operator.node, *at), data_type="Object")
        elif not operator.node.members:
            report.add("EMPTY_OBJECT_CONDITION", Place.of(operator.node, *at))
        _duplicates(report, at, operator.node)
        if found is None or not is_operator(operator.name):
            continue
        qualifier, base, _ = found.groups()
        if base == "Null" and qualifier:
            report.add("NULL_WITH_QUALIFIER", Place.name(operator, *path))
        for key in operator.node.members:
            _key(report, at, key)
            if qualifier == "ForAllValues" and allows and key.name.lower() in _SINGLE:
                report.add("FORALLVALUES_WITH_SINGLE_VALUED_KEY", Place.name(key, *at), key=key.name)
            _values(report, (*at, key.name), base, operator.name, key, variables)


def check_variables(report: Report, place: Place, text: str, variables: bool | None) -> None:
    """Policy variables in a text; `variables` None: of an element that has none, False: of a version without."""
    for found in _VARIABLE.finditer(text):
        inner, closed = found.groups()
        name = inner.partition(",")[0]
        if variables is None:
            report.add("VARIABLE_UNSUPPORTED_IN_ELEMENT", place, variable=found[0])
        elif not variables:
            report.add("VARIABLE_UNSUPPORTED_IN_VERSION", place)
        elif not closed:
            report.add("MISSING_BRACE_IN_VARIABLE", place)
        elif not inner.strip():
            report.add("EMPTY_VARIABLE", place)
        elif " " in name.strip():
            report.add("UNSUPPORTED_SPACE_IN_VARIABLE", place)


def _duplicates(report: Report, path: _PATH, block: Node) -> None:
    seen: dict[str, str] = {}
    for key in block.members:
        if seen.setdefault(key.name.lower(), key.name) != key.name:
            report.add("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", Place.name(key, *path), key=key.name)


def _key(report: Report, path: _PATH, key: Member) -> None:
    name, place = key.name.lower(), Place.name(key, *path)
    prefix, colon, _ = name.partition(":")
    if not colon:
        report.add("INVALID_CONDITION_KEY_FORMAT", place)
    elif name == "aws:arn":
        report.add("DEPRECATED_GLOBAL_CONDITION_KEY", place)
    elif prefix == "aws":
        if name.rstrip("/") in _TAGS:
            report.add("MISSING_TAG_KEY_IN_CONDITION", place, conditionKeyName=key.name.rstrip("/") + "/")
        elif name not in _MULTIPLE | _SINGLE and not name.startswith(tuple(f"{tag}/" for tag in _TAGS)):
            report.add("INVALID_GLOBAL_CONDITION_KEY", place, key=key.name)
    elif actions(prefix) and not _known(prefix, name):
        report.add("INVALID_SERVICE_CONDITION_KEY", place, key=key.name, service=prefix)


def _known(prefix: str, name: str) -> bool:
    for action in actions(prefix).values():
        for key in action.keys:
            known = key.lower()
            stem = re.split(r"\$\{|<", known)[0]
            if name == known or (stem != known and name.startswith(stem)):
                return True
    # Services whose reference lists none leave open which they have.
    return not any(key.lower().startswith(f"{prefix}:") for action in actions(prefix).values() for key in action.keys)


def _values(report: Report, path: _PATH, base: str, operator: str, key: Member, variables: bool) -> None:
    node, name = key.node, key.name.lower()
    if node.kind == "array" and not node.value:
        report.add("EMPTY_ARRAY_CONDITION", Place.of(node, *path), key=key.name)
        return
    if node.kind == "object":
        report.add("DATA_TYPE_MISMATCH", Place.of(node, *path), data_type="String")
        return
    if base in ("Bool", "Null") and len(node.items) > 1:
        report.add("INVALID_CONDITION_MULTIPLE_BOOLEAN", Place.of(node, *path))
    for index, each in enumerate(node.items):
        at = (*path, index) if node.kind == "array" else path
        place = Place.of(each, *at)
        text = str(each.value).lower() if each.kind == "boolean" else str(each.value)
        if "${" in text:
            if base.startswith(("String", "Arn")):
                check_variables(report, place, text, variables)
            else:
                report.add("INVALID_VARIABLE_FOR_OPERATOR", place)
            continue
        _compared(report, place, base, operator, text)
        if name in _VPC and "Like" not in base and base.startswith("String"):
            kind, code = _VPC[name]
            if not re.fullmatch(rf"{kind}-(?:[0-9a-z]{{8}}|[0-9a-z]{{17}})", text):
                report.add(code, place)
    if name == "aws:sourceip" and "IpAddress" in base:
        _private(report, Place.of(node, *path), base, node)


def _compared(report: Report, place: Place, base: str, operator: str, text: str) -> None:
    """A value that its operator cannot compare, or not as meant."""
    if base in ("Bool", "Null"):
        if text.lower() not in ("true", "false"):
            report.add("TYPE_MISMATCH_BOOLEAN", place, operator=operator)
    elif base.startswith("Date"):
        if parse_date(text) is None:
            report.add("TYPE_MISMATCH_DATE", place)
    elif base.startswith("Numeric"):
        try:
            float(text)
        except ValueError:
            report.add("TYPE_MISMATCH_NUMBER", place, operator=operator)
    elif "IpAddress" in base:
        if parse_network(text) is None:
            report.add("TYPE_MISMATCH_IP_RANGE", place, operator=operator)
        elif ipaddress.ip_interface(text).ip != (network := ipaddress.ip_network(text, strict=False)).network_address:
            report.add("IMPROVE_IP_RANGE", place, addr=str(network))
    elif base in ("StringEquals", "StringNotEquals") and set("*?") & set(text):
        report.add("WILDCARD_WITHOUT_LIKE_OPERATOR", place)


def _private(report: Report, place: Place, base: str, node: Node) -> None:
    networks = list(_networks(node))
    private = [any(network.version == of.version and network.subnet_of(of) for of in _PRIVATE) for network in networks]
    if not any(private):
        return
    code = "PRIVATE_NOT_IP_ADDRESS" if base.startswith("Not") else "PRIVATE_IP_ADDRESS"
    report.add(code if all(private) else f"{code}_SUBSET", place)


def _networks(node: Node) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for each in node.items:
        try:
            yield ipaddress.ip_network(str(each.value), strict=False)
        except ValueError:
            continue
