"""JSON bodies, shared by the json and rest-json protocols: shapes compiled to closures from the model. CBOR reads by
them too (`form="cbor"`): there blobs and timestamps have types of their own.

A compiled member is (name, type, convert): a value of exactly `type` passes as it is, anything else goes through
`convert`, which for scalars is what refuses it in AWS's words. A structure compiles when its first value is seen.
Readers change the structures and maps that they are given, which nobody else has: most values stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from awsim.wire.models import Schema
from awsim.wire.rows import LONG, Columns, ConvertAll, read_rows
from awsim.wire.values import (
    DATETIME,
    READ_TIMESTAMP,
    WRITE_TIMESTAMP,
    Unreadable,
    kind_of,
    read_blob,
    read_blobs,
    read_epoch,
    write_blob,
    write_float,
)

Convert = Callable[[Any], Any]


# --- text ------------------------------------------------------------------------------------------------------------


def _no_constants(name: str) -> Any:
    raise Unreadable(f"Unexpected token {name}")


_decoder = json.JSONDecoder(parse_constant=_no_constants)
_scan = _decoder.scan_once


def _decode(text: str) -> Any:
    """`JSONDecoder.decode`, which looks for space around the value only where there is some."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)


def loads(body: bytes) -> Any:
    """The value of a JSON text in UTF-8; raises Unreadable."""
    try:
        text = body.decode()
        value = _decode(text)
        # Most texts hold no escape: to look for one character is many times faster.
        if "\\" in text and ("\\ud" in text or "\\uD" in text):
            # Half a surrogate pair is legal in JSON and nowhere else.
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable("Nesting is too deep") from None
    except ValueError:
        raise Unreadable("") from None


def _foreign(value: Any) -> Any:
    """What json does not know and a service may well return."""
    if value.__class__ is bytes:
        return write_blob(value)
    import datetime
    import decimal

    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return write_blob(value)
    if isinstance(value, datetime.datetime):
        return WRITE_TIMESTAMP["unixtimestamp"](value)
    if hasattr(value, "items"):
        return dict(value.items())
    return list(value)


def _encoder() -> Callable[[Any], str]:
    """`JSONEncoder(…).encode`, whose C part json would make anew for each value."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), default=_foreign, check_circular=False
        ).encode
    chunks = make(None, _foreign, json.encoder.encode_basestring, None, ":", ",", False, False, True)
    return lambda value: "".join(chunks(value, 0))


_encode = _encoder()


def dumps(value: Any) -> bytes:
    return _encode(value).encode("utf-8", "replace")


class Written(str):
    """A member of a result that is JSON text already."""

    __slots__ = ()

    def as_json(self) -> str:
        return self


_AS_JSON = (Columns, Written)


def dumps_by_member(value: dict[str, Any]) -> bytes:
    """As `dumps`, of a structure some of whose members may be `Columns` or `Written`."""
    members = [
        f'"{name}":{item.as_json() if item.__class__ in _AS_JSON else _encode(item)}' for name, item in value.items()
    ]
    return ("{" + ",".join(members) + "}").encode("utf-8", "replace")


# --- reading ---------------------------------------------------------------------------------------------------------

_NAMES = {
    "string": "String",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "boolean": "Boolean",
}


def _misfit(value: Any, kind: str) -> Unreadable:
    if type(value) is dict:
        return Unreadable("Start of structure or map found where not expected.")
    if type(value) is list:
        return Unreadable("Start of list found where not expected")
    return Unreadable(f"{kind_of(value)} can not be converted to {'an' if kind[0] in 'AEIOU' else 'a'} {kind}")


def _refuser(kind: str) -> Convert:
    def refuse(value: Any) -> Any:
        raise _misfit(value, kind)

    return refuse


def _whole(kind: str) -> Convert:
    def whole(value: Any) -> int:
        if type(value) is float and value.is_integer():
            return int(value)
        raise _misfit(value, kind)

    return whole


_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _number(kind: str) -> Convert:
    def number(value: Any) -> Any:
        if type(value) is int:
            return value
        if type(value) is str and value in _SPECIAL:
            return _SPECIAL[value]
        raise _misfit(value, kind)

    return number


_SCALARS: dict[str, tuple[type, Convert]] = {
    "string": (str, _refuser("String")),
    "character": (str, _refuser("String")),
    "boolean": (bool, _refuser("Boolean")),
    "integer": (int, _whole("Integer")),
    "long": (int, _whole("Long")),
    "float": (float, _number("Float")),
    "double": (float, _number("Double")),
}


def _same(value: Any) -> Any:
    return value


def reader(schema: Schema, reference: dict[str, Any], form: str = "json") -> tuple[type | None, Convert]:
    """(type that passes as it is or None, conversion of everything else) for a shape reference."""
    own = schema.readers.get(reference["shape"])
    if own is not None and form == "json":
        return None, own(_reader(schema, reference, form)[1])
    return _reader(schema, reference, form)


def _reader(schema: Schema, reference: dict[str, Any], form: str) -> tuple[type | None, Convert]:
    shape = schema.resolve(reference)
    kind = shape["type"]
    scalar = _SCALARS.get(kind)
    if scalar is not None:
        return scalar
    if kind == "structure":
        if shape.get("document"):
            return None, _same
        return None, structure_reader(schema, reference["shape"], form=form)
    if kind == "list":
        read_list = _list_reader(*reader(schema, shape["member"], form), sparse=shape.get("sparse", False))
        member = shape["member"]["shape"]
        rows = schema.shapes[member]["type"] == "structure" and member not in schema.readers
        return None, _rows_reader(schema, shape["member"], form, read_list) if rows else read_list
    if kind == "map":
        return None, _map_reader(*reader(schema, shape["value"], form), sparse=shape.get("sparse", False))
    if kind == "blob":
        return (None, read_blob) if form == "json" else (bytes, _refuser("Blob"))
    if kind == "timestamp":
        if form == "cbor":
            return DATETIME, read_epoch
        return None, READ_TIMESTAMP.get(shape.get("timestampFormat", "").lower(), read_epoch)
    return None, _same


def _list_reader(passes: type | None, convert: Convert, sparse: bool) -> Convert:
    def read_list(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _not_a(value, "list")
        if passes is not None:
            for item in value:
                if type(item) is not passes:
                    break
            else:
                return value
        if None in value:
            if not sparse:
                raise Unreadable("Null is not allowed in a list")
            return [
                item if item is None or type(item) is passes else convert(item)  # keep the holes
                for item in value
            ]
        return [item if type(item) is passes else convert(item) for item in value]

    return read_list


def _rows_reader(schema: Schema, reference: dict[str, Any], form: str, read_list: Convert) -> Convert:
    """Reader of a list of structures: by columns where it is long and they hold nothing but scalars."""
    members: dict[str, tuple[type | None, ConvertAll]] | None = None

    def compile() -> dict[str, tuple[type | None, ConvertAll]]:
        table = {}
        for member, each in schema.resolve(reference).get("members", {}).items():
            resolved = schema.resolve(each)
            if resolved["type"] in _FLAT and resolved.get("locationName", member) == member:
                passes, convert = reader(schema, each, form)
                table[member] = (passes, read_blobs if convert is read_blob else _all(passes, convert))
        return table

    def read_rows_or_list(value: Any) -> Any:
        nonlocal members
        if type(value) is list and len(value) >= LONG:
            if members is None:
                members = compile()
            rows = read_rows(value, members)
            if rows is not None:
                return rows
        return read_list(value)

    return read_rows_or_list


_FLAT = frozenset({*_SCALARS, "blob", "timestamp"})


def _all(passes: type | None, convert: Convert) -> ConvertAll:
    return lambda values: [item if type(item) is passes else convert(item) for item in values]


def _map_reader(passes: type | None, convert: Convert, sparse: bool) -> Convert:
    def read_map(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _not_a(value, "map")
        holes = False
        for key, item in value.items():
            if type(item) is not passes:
                if item is None:
                    holes = True
                else:
                    value[key] = convert(item)
        return value if sparse or not holes else _without_holes(value)

    return read_map


def _without_holes(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item is not None}


def _named(value: dict[str, Any], find: Callable[[str], Any]) -> dict[str, Any]:
    """A structure that has been read, its members under their own names, without those nobody knows or gave."""
    result = {}
    for key, item in value.items():
        entry = find(key)
        if entry is not None and item is not None:
            result[entry[0] or key] = item
    return result


def _not_a(value: Any, kind: str) -> Unreadable:
    if type(value) is dict:
        return Unreadable("Start of structure or map found where not expected.")
    if type(value) is list:
        return Unreadable("Start of list found where not expected")
    return Unreadable("Unexpected field type" if kind != "list" else "Expected list or null")


def structure_reader(schema: Schema, name: str, members: dict[str, Any] | None = None, form: str = "json") -> Convert:
    """Reader of a structure by shape name; `members`, when given, are those of its members that are in the body."""
    memo = schema.memo
    key = ("read " + form, name)
    if members is None and key in memo:
        return memo[key]
    find: Any = None

    def compile() -> Any:
        table = {}
        which = schema.shapes[name].get("members", {}) if members is None else members
        for member, reference in which.items():
            wire = schema.resolve(reference).get("locationName", member)
            table[wire] = (None if wire == member else member, *reader(schema, reference, form))
        return table.get

    def read_structure(value: Any) -> dict[str, Any]:
        nonlocal find
        if type(value) is not dict:
            raise _not_a(value, "structure")
        if find is None:
            find = compile()
        amiss = False
        for key, item in value.items():
            entry = find(key)
            if entry is None or item is None:
                amiss = True
                continue
            member, passes, convert = entry
            if type(item) is not passes:
                value[key] = convert(item)
            if member is not None:
                amiss = True
        return _named(value, find) if amiss else value

    if members is None:
        memo[key] = read_structure
    return read_structure


# --- writing ---------------------------------------------------------------------------------------------------------


def writer(schema: Schema, reference: dict[str, Any]) -> Convert | None:
    """Conversion of a result's value to what JSON takes; None when it needs none."""
    if reference["shape"] in schema.exact:
        return None
    shape = schema.resolve(reference)
    kind = shape["type"]
    if kind == "structure":
        if shape.get("document"):
            return None
        return structure_writer(schema, reference["shape"])
    if kind == "list":
        convert = writer(schema, shape["member"])
        return None if convert is None else _list_writer(convert)
    if kind == "map":
        convert = writer(schema, shape["value"])
        return None if convert is None else _map_writer(convert)
    if kind == "timestamp":
        return WRITE_TIMESTAMP[shape.get("timestampFormat", "unixTimestamp").lower()]
    if kind == "blob":
        return write_blob
    if kind == "float" or kind == "double":
        return write_float
    return None


def _list_writer(convert: Convert) -> Convert:
    def write_list(value: Any) -> list[Any]:
        return [None if item is None else convert(item) for item in value]

    return write_list


def _map_writer(convert: Convert) -> Convert:
    def write_map(value: Any) -> dict[str, Any]:
        return {key: None if item is None else convert(item) for key, item in value.items()}

    return write_map


def structure_writer(schema: Schema, name: str, members: dict[str, Any] | None = None) -> Convert:
    """Writer of a structure by shape name; `members` as for `structure_reader`."""
    memo = schema.memo
    key = ("write json", name)
    if members is None and key in memo:
        return memo[key]
    find: Any = None
    plain: frozenset[str] = frozenset()

    def compile() -> Any:
        table = {}
        which = schema.shapes[name].get("members", {}) if members is None else members
        for member, reference in which.items():
            table[member] = (schema.resolve(reference).get("locationName", member), writer(schema, reference))
        same = frozenset(member for member, (wire, convert) in table.items() if wire == member and convert is None)
        return table.get, same

    def write_structure(value: Any) -> dict[str, Any]:
        nonlocal find, plain
        if find is None:
            find, plain = compile()
        if plain.issuperset(value) and None not in value.values():
            return value  # nothing in it to rename, convert or leave out
        result = {}
        for member, item in value.items():
            if item is not None:
                entry = find(member)
                if entry is not None:
                    wire, convert = entry
                    result[wire] = item if convert is None else convert(item)
        return result

    if members is None:
        memo[key] = write_structure
    return write_structure
