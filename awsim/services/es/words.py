"""The words of the two APIs: what each calls versions, instance types, members and ends of connections of the other.

Of OpenSearch's answers the older API shows the members that its model knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Members that are called otherwise: (here, at OpenSearch).
_MEMBERS = (
    ("ElasticsearchVersion", "EngineVersion"),
    ("ElasticsearchClusterConfig", "ClusterConfig"),
    ("ElasticsearchVersions", "Versions"),
    ("CompatibleElasticsearchVersions", "CompatibleVersions"),
    ("ReservedElasticsearchInstanceOfferingId", "ReservedInstanceOfferingId"),
    ("ReservedElasticsearchInstanceOfferings", "ReservedInstanceOfferings"),
    ("ReservedElasticsearchInstanceId", "ReservedInstanceId"),
    ("ReservedElasticsearchInstances", "ReservedInstances"),
    ("CrossClusterSearchConnectionId", "ConnectionId"),
    ("CrossClusterSearchConnections", "Connections"),
    ("CrossClusterSearchConnection", "Connection"),
)
_TO_THERE = dict(_MEMBERS)
_TO_HERE = {there: here for here, there in _MEMBERS}
_VERSIONS = frozenset(
    ("ElasticsearchVersion", "TargetVersion", "SourceVersion", "TargetVersions", "ElasticsearchVersions")
)
_TYPES = frozenset(("InstanceType", "DedicatedMasterType", "WarmType"))
# The source of a cross-cluster search is the domain that asks.
_ENDS = {"SourceDomainInfo": "LocalDomainInfo", "DestinationDomainInfo": "RemoteDomainInfo"}
# States that only the newer API has.
_INBOUND = {"PROVISIONING": "APPROVED", "ACTIVE": "APPROVED"}
_OUTBOUND = {"APPROVED": "PROVISIONING", "REJECTING": "REJECTED"}
_FILTERS = {
    "cross-cluster-search-connection-id": "connection-id",
    "source-domain-info": "local-domain-info",
    "destination-domain-info": "remote-domain-info",
}


def to_version(version: str) -> str:
    """A version as OpenSearch has it: "7.10" is "Elasticsearch_7.10"."""
    if version[:1].isdigit():
        return f"Elasticsearch_{version}"
    return version.replace("OS_", "OpenSearch_", 1) if version.startswith("OS_") else version


def from_version(version: str) -> str:
    return version.removeprefix("Elasticsearch_")


def to_type(type: str) -> str:
    """An instance type as OpenSearch has it: "m5.large.elasticsearch" is "m5.large.search"."""
    stem = type.removesuffix(".elasticsearch")
    return f"{stem}.search" if stem != type else type


def from_type(type: str) -> str:
    stem = type.removesuffix(".search")
    return f"{stem}.elasticsearch" if stem != type else type


def there(value: Any, name: str = "") -> Any:
    """Parameters in OpenSearch's words."""
    if isinstance(value, Mapping):
        return {_TO_THERE.get(key, key): there(one, key) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [there(one, name) for one in value]
    if name in _VERSIONS:
        return to_version(value)
    return to_type(value) if name in _TYPES else value


def here(value: Any, name: str = "") -> Any:
    """An answer of OpenSearch in the words of the older API."""
    if isinstance(value, Mapping):
        named = ((str(_TO_HERE.get(key, key)), one) for key, one in value.items())
        return {key: here(one, key) for key, one in named}
    if isinstance(value, list | tuple):
        return [here(one, name) for one in value]
    if not isinstance(value, str):
        # The version stands in a structure of its own in a configuration.
        return value
    if name in _VERSIONS or (name == "Options" and value.startswith("Elasticsearch_")):
        return from_version(value)
    return from_type(value) if name in _TYPES else value


def fitted(value: Any, shape: Any) -> Any:
    """An answer with the members alone that a shape of botocore's has."""
    if shape is None:
        return {}
    if shape.type_name == "structure":
        members = shape.members
        return {name: fitted(one, members[name]) for name, one in value.items() if name in members and one is not None}
    if shape.type_name == "list":
        return [fitted(one, shape.member) for one in value]
    if shape.type_name == "map":
        return {name: fitted(one, shape.value) for name, one in value.items()}
    return value


def connection(shown: Mapping[str, Any], *, inbound: bool) -> dict[str, Any]:
    """A connection by its source and destination: the remote and the local domain of one that comes in."""
    ends = {"SourceDomainInfo": "RemoteDomainInfo", "DestinationDomainInfo": "LocalDomainInfo"} if inbound else _ENDS
    found = {name: shown[end]["AWSDomainInformation"] for name, end in ends.items()}
    rest = {name: one for name, one in shown.items() if name not in ("LocalDomainInfo", "RemoteDomainInfo")}
    code = shown["ConnectionStatus"]["StatusCode"]
    status = (_INBOUND if inbound else _OUTBOUND).get(code, code)
    return {**found, **here(rest), "ConnectionStatus": {"StatusCode": status}}


def end(info: Mapping[str, Any]) -> dict[str, Any]:
    return {"AWSDomainInformation": dict(info)}


def filters(given: Any, *, inbound: bool) -> list[dict[str, Any]]:
    """Filters of connections in OpenSearch's words."""
    swapped = {"local-domain-info": "remote-domain-info", "remote-domain-info": "local-domain-info"}
    found = []
    for one in given or ():
        first, dot, member = one.get("Name", "").partition(".")
        name = _FILTERS.get(first, first)
        found.append({**one, "Name": (swapped.get(name, name) if inbound else name) + dot + member})
    return found
