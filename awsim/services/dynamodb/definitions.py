"""CreateTable's and UpdateTable's parameters, checked as AWS checks them, into schemas and indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb.capacity import Throughput
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import KeyAttribute, KeySchema
from awsim.services.dynamodb.table import ON_DEMAND

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Wire = Mapping[str, Any]


def attribute_types(definitions: Sequence[Wire]) -> dict[str, str]:
    """AttributeDefinitions as name to type."""
    types: dict[str, str] = {}
    for definition in definitions:
        name = definition["AttributeName"]
        if name in types:
            raise invalid_parameter(f"Duplicate AttributeName found in AttributeDefinitions: {name}")
        types[name] = definition["AttributeType"]
    return types


def table_keys(schema: Sequence[Wire], types: Mapping[str, str]) -> KeySchema:
    """A table's KeySchema."""
    if len(schema) > 2:
        raise invalid(
            f"1 validation error detected: Value '{_shown(schema)}' at 'keySchema' failed to satisfy constraint: "
            "Member must have length less than or equal to 2"
        )
    names = [element["AttributeName"] for element in schema]
    if len(names) > len(types):
        raise invalid("Invalid KeySchema: Some index key attribute have no definition")
    _check_defined(names, types)
    _check_pair(schema)
    return KeySchema([KeyAttribute(name, types[name], not number) for number, name in enumerate(names)])


def local_keys(name: str, schema: Sequence[Wire], types: Mapping[str, str], table: KeySchema) -> KeySchema:
    """A local index's KeySchema."""
    names = [element["AttributeName"] for element in schema]
    _check_defined(names, types)
    _check_pair(schema)
    if len(names) > 2:
        raise invalid_parameter(f"KeySchema of a local secondary index has at most 2 elements: index: {name}")
    if len(names) != 2:
        raise invalid_parameter(f"Index KeySchema does not have a range key for index: {name}")
    if names[0] != table.names[0]:
        raise invalid_parameter(
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
            f"{name}. index hash key: {names[0]}, table hash key: {table.names[0]}"
        )
    return KeySchema([KeyAttribute(part, types[part], not number) for number, part in enumerate(names)])


def global_keys(name: str, schema: Sequence[Wire], types: Mapping[str, str], limits: ServiceLimits) -> KeySchema:
    """A global index's KeySchema: one or more HASH attributes, then perhaps RANGE attributes."""
    names = [element["AttributeName"] for element in schema]
    _check_defined(names, types)
    if len(schema) <= 2 and not (len(schema) == 2 and schema[0]["KeyType"] == schema[1]["KeyType"] == "HASH"):
        _check_pair(schema)
    if len(set(names)) != len(names):
        raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    kinds = [element["KeyType"] for element in schema]
    if kinds[0] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if kinds != sorted(kinds):
        raise invalid("Invalid KeySchema: All HASH key elements must precede all RANGE key elements")
    limits.check("index-key-attributes", kinds.count("HASH"), kind="HASH", index=name)
    limits.check("index-key-attributes", kinds.count("RANGE"), kind="RANGE", index=name)
    return KeySchema([KeyAttribute(part, types[part], kind == "HASH") for part, kind in zip(names, kinds, strict=True)])


def _check_defined(names: Sequence[str], types: Mapping[str, str]) -> None:
    if any(name not in types for name in names):
        raise invalid_parameter(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(types)}]"
        )


def _check_pair(schema: Sequence[Wire]) -> None:
    if len(schema) > 1 and schema[0]["AttributeName"] == schema[1]["AttributeName"]:
        raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    if schema[0]["KeyType"] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(schema) > 1 and schema[1]["KeyType"] != "RANGE":
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")


def check_all_used(types: Mapping[str, str], schemas: Sequence[KeySchema]) -> None:
    """Raise where an attribute is declared that is no key."""
    used = dict.fromkeys(name for schema in schemas for name in schema.names)
    if set(used) == set(types):
        return
    if len(schemas) == 1:
        raise invalid_parameter(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    raise invalid_parameter(
        f"Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(types)}], "
        f"keys used: [{', '.join(used)}]"
    )


def projection_of(projection: Wire) -> tuple[str, tuple[str, ...]]:
    """An index's Projection as (type, NonKeyAttributes)."""
    kind, included = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind is None:
        raise invalid_parameter("Unknown ProjectionType: null")
    if kind == "INCLUDE":
        if included is None:
            raise invalid_parameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
        if len(set(included)) != len(included):
            double = next(name for number, name in enumerate(included) if name in included[:number])
            raise invalid_parameter(f"Duplicate NonKeyAttribute: {double}")
    elif included is not None:
        raise invalid_parameter(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    return kind, tuple(included or ())


def table_throughput(billing: str | None, given: Wire | None, limits: ServiceLimits) -> Throughput:
    """The provisioned throughput of a new table."""
    if billing == ON_DEMAND:
        if given is not None:
            raise invalid_parameter(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if not given or not given.get("ReadCapacityUnits") or not given.get("WriteCapacityUnits"):
        raise invalid_parameter(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return checked_throughput(given, limits)


def index_throughput(name: str, billing: str | None, given: Wire | None, limits: ServiceLimits) -> Throughput:
    """The provisioned throughput of a new global index."""
    if billing == ON_DEMAND:
        if given is not None:
            raise invalid_parameter(
                f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if given is None:
        raise invalid_parameter(f"ProvisionedThroughput must be specified for index: {name}")
    return checked_throughput(given, limits)


def checked_throughput(given: Wire, limits: ServiceLimits) -> Throughput:
    """ProvisionedThroughput within bounds."""
    for member, row in (("ReadCapacityUnits", "table-read-units"), ("WriteCapacityUnits", "table-write-units")):
        limits.check("provisioned-units", given[member], member=member)
        limits.check(row, given[member])
    return Throughput(given["ReadCapacityUnits"], given["WriteCapacityUnits"])


def _shown(schema: Sequence[Wire]) -> str:
    elements = (
        f"KeySchemaElement(attributeName={element['AttributeName']}, keyType={element['KeyType']})"
        for element in schema
    )
    return f"[{', '.join(elements)}]"
