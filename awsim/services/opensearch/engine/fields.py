"""Fields: the types that mappings give them, the values that documents hold, and the terms those are found by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.services.opensearch.engine.problems import Problem, bad, not_modelled

Properties = Mapping[str, Mapping[str, Any]]

_WHOLE = {"byte": 7, "short": 15, "integer": 31, "long": 63}
_REAL = frozenset({"float", "double", "half_float", "scaled_float"})
NUMBERS = frozenset(_WHOLE) | _REAL
EXACT = frozenset({"keyword", "boolean", "date", "ip"}) | NUMBERS
TYPES = EXACT | {"text", "object"}
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_TIME = r"T\d{2}(?::\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_DATE = re.compile(rf"\d{{4}}(?:-\d{{2}}(?:-\d{{2}}(?:{_TIME})?)?)?\Z")
# What date detection takes for one: strict_date_optional_time, with a day at least.
_DETECTED = re.compile(r"\d{4}-\d{2}-\d{2}(?:T.*)?\Z|\d{4}/\d{2}/\d{2}(?: \d{2}:\d{2}:\d{2})?\Z")


def tokens(text: str) -> list[str]:
    """The terms that the standard analyzer finds in a text."""
    return [word.lower() for word in _WORD.findall(text)]


def millis(value: Any) -> int | None:
    """A date (`strict_date_optional_time||epoch_millis`) in milliseconds; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    text = str(value)
    if re.fullmatch(r"-?\d{5,}", text):
        return int(text)
    if _DATE.match(text) is None:
        return None
    try:
        whole = text if "-" in text else f"{text}-01-01"
        whole = f"{whole}-01" if whole.count("-") == 1 else whole
        fraction = re.search(r"[.,](\d+)", whole)
        if fraction is not None:
            whole = whole.replace(fraction.group(), f".{fraction.group(1)[:6]:0<6}")
        found = datetime.fromisoformat(whole)
    except ValueError:
        return None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


# --- mappings


def guessed(value: Any) -> dict[str, Any] | None:
    """The mapping that a new field gets by its first value; None where that says nothing."""
    if isinstance(value, list):
        return next((found for found in map(guessed, value) if found is not None), None)
    if isinstance(value, Mapping):
        return {"properties": {}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "long"}
    if isinstance(value, float):
        return {"type": "float"}
    if isinstance(value, str):
        if _DETECTED.match(value) and millis(value) is not None:
            return {"type": "date"}
        return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    return None


def check_properties(properties: Any, path: str = "") -> None:
    """Refuse mappings that are none, or of types that awsim does not have."""
    if not isinstance(properties, Mapping):
        raise Problem(400, "mapper_parsing_exception", "Expected map for property [properties]")
    for name, field in properties.items():
        if not isinstance(field, Mapping):
            raise Problem(400, "mapper_parsing_exception", f"Expected map for property [fields] on field [{name}]")
        kind = field.get("type", "object" if "properties" in field or not field else None)
        if kind is None:
            raise Problem(400, "mapper_parsing_exception", f"No type specified for field [{name}]")
        if kind not in TYPES:
            raise not_modelled(f"OpenSearch: fields of type {kind}")
        check_properties(field.get("properties", {}), f"{path}{name}.")
        check_properties(field.get("fields", {}), f"{path}{name}.")


def merged(old: Properties, new: Properties, path: str = "") -> dict[str, Any]:
    """Mappings after some more; a field keeps its type."""
    result: dict[str, Any] = dict(old)
    for name, field in new.items():
        known = result.get(name)
        if known is None:
            result[name] = dict(field)
            continue
        before, after = known.get("type", "object"), field.get("type", "object")
        if before != after:
            raise bad(f"mapper [{path}{name}] cannot be changed from type [{before}] to [{after}]")
        whole = {**known, **field}
        for part in ("properties", "fields"):
            if part in known or part in field:
                whole[part] = merged(known.get(part, {}), field.get(part, {}), f"{path}{name}.")
        result[name] = whole
    return result


def learned(mapping: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping of an index after a document: with the fields that are new in it."""
    properties = _learned(mapping.get("properties", {}), source, mapping.get("dynamic", True), "")
    return {**mapping, "properties": properties} if properties else dict(mapping)


def _learned(properties: Properties, source: Mapping[str, Any], dynamic: Any, path: str) -> Properties:
    found = dict(properties)
    for name, value in source.items():
        field = found.get(name)
        if field is None:
            if str(dynamic).lower() == "strict":
                raise Problem(
                    400,
                    "strict_dynamic_mapping_exception",
                    f"mapping set to strict, dynamic introduction of [{name}] within [{path[:-1] or '_doc'}] is not "
                    "allowed",
                )
            guess = guessed(value) if str(dynamic).lower() == "true" else None
            if guess is None:
                continue
            field = guess
        if "properties" in field or field.get("type") == "object":
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Mapping):
                    inner = _learned(field.get("properties", {}), each, field.get("dynamic", dynamic), f"{path}{name}.")
                    field = {**field, "properties": inner}
        found[name] = field
    return found


def type_of(properties: Properties, path: str) -> str | None:
    """The type of a field by its whole path; None for one that no mapping has."""
    field: Mapping[str, Any] | None = None
    for name in path.split("."):
        field = properties.get(name)
        if field is None:
            return None
        properties = field.get("properties") or field.get("fields") or {}
    return field.get("type", "object") if field is not None else None


def check(properties: Properties, source: Mapping[str, Any], id: str, path: str = "") -> None:
    """Refuse a document whose values are not of the types that its fields have."""
    for name, value in source.items():
        field = properties.get(name)
        if field is None:
            continue
        kind = field.get("type", "object")
        for each in value if isinstance(value, list) else [value]:
            if each is None:
                continue
            if kind == "object":
                if not isinstance(each, Mapping):
                    told = f"object mapping for [{path}{name}] tried to parse field [{name}] as object, but found a "
                    raise Problem(400, "mapper_parsing_exception", told + "concrete value")
                check(field.get("properties", {}), each, id, f"{path}{name}.")
            elif isinstance(each, Mapping) or _typed(kind, each) is None:
                shown = each if isinstance(each, str) else json.dumps(each)
                raise Problem(
                    400,
                    "mapper_parsing_exception",
                    f"failed to parse field [{path}{name}] of type [{kind}] in document with id '{id}'. Preview of "
                    f"field's value: '{shown}'",
                )


# --- values


def values(source: Any, path: str) -> Iterator[Any]:
    """What a document holds in a field, each of several; those that are null are none."""
    if isinstance(source, list):
        for each in source:
            yield from values(each, path)
    elif not path:
        if source is not None:
            yield source
    elif isinstance(source, Mapping):
        if path in source:
            yield from values(source[path], "")
            return
        name, _, rest = path.partition(".")
        if name in source and rest:
            yield from values(source[name], rest)


def held(properties: Properties, source: Any, path: str) -> Iterator[Any]:
    """As `values`; those of a field's other forms (`title.keyword`) are the field's own."""
    parent, _, last = path.rpartition(".")
    if parent and type_of(properties, parent) not in (None, "object"):
        form = _form(properties, parent, last)
        longest = form.get("ignore_above")
        for value in values(source, parent):
            if longest is None or len(str(value)) <= longest:
                yield value
        return
    yield from values(source, path)


def _form(properties: Properties, path: str, name: str) -> Mapping[str, Any]:
    field: Mapping[str, Any] = {}
    for part in path.split("."):
        field = properties.get(part, {})
        properties = field.get("properties", {})
    found: Mapping[str, Any] = field.get("fields", {}).get(name, {})
    return found


def _typed(kind: str, value: Any) -> Any:
    """A value as its field compares it; None where it is none of that type."""
    if kind in ("text", "keyword", "ip"):
        return value if isinstance(value, str) else json.dumps(value)
    if kind == "boolean":
        known = {True: True, False: False, "true": True, "false": False, "": False}
        return known.get(value) if isinstance(value, bool | str) else None
    if kind == "date":
        return millis(value)
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if kind in _REAL:
        return number if number == number and abs(number) != float("inf") else None
    try:
        whole = int(value) if not isinstance(value, str) or "." not in value else int(number)
    except (ValueError, OverflowError):
        return None
    return whole if -(2 ** _WHOLE[kind]) <= whole < 2 ** _WHOLE[kind] else None


def comparable(kind: str, value: Any) -> Any:
    """As `_typed`, for a value of a query; raises for one that is none of the field's type."""
    found = None if isinstance(value, list | Mapping) else _typed(kind, value)
    if found is None:
        if kind == "date":
            format = "strict_date_optional_time||epoch_millis"
            raise Problem(400, "parse_exception", f"failed to parse date field [{value}] with format [{format}]")
        if kind == "boolean":
            raise bad(f"Can't parse boolean value [{value}], expected [true] or [false]")
        raise Problem(400, "number_format_exception", f'For input string: "{value}"')
    return found


def known(kind: str, found: Iterator[Any]) -> list[Any]:
    """The values of a field as it compares them."""
    typed = (_typed(kind, one) for one in found if not isinstance(one, Mapping))
    return [value for value in typed if value is not None]
