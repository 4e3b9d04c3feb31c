"""XML, shared by query, ec2 and rest-xml: writers of results and readers of bodies, compiled from the model.

A writer appends text to a list. A reader takes an element of xml.etree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from awsim.errors import AWSError
from awsim.wire.models import Schema
from awsim.wire.values import (
    READ_TEXT,
    READ_TIMESTAMP,
    WRITE_TIMESTAMP,
    Unreadable,
    read_any_timestamp,
    write_blob,
    write_boolean,
    write_epoch_text,
    write_float_text,
)

Append = Callable[[str], Any]
ToText = Callable[[Any], str]

HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'

_SPECIAL = r"[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: Any) -> str:
    """Text of an element. Characters that XML has no room for become references, as AWS writes them."""
    if type(text) is not str:
        text = str(text)
    if text.isprintable() and "&" not in text and "<" not in text and ">" not in text:
        return text
    return re.sub(_SPECIAL, lambda match: _ENTITIES.get(match[0]) or f"&#x{ord(match[0]):x};", text)


def message_element(error: AWSError) -> str:
    return f"<Message>{escape(error.message)}</Message>" if error.message else ""


def escape_attribute(text: Any) -> str:
    return escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


# --- writing ---------------------------------------------------------------------------------------------------------


class Writers:
    """Compiles writers for one service and one way of naming and of writing timestamps."""

    def __init__(self, schema: Schema, timestamp: ToText = WRITE_TIMESTAMP["iso8601"], kind: str = "xml") -> None:
        self.schema = schema
        self.timestamp = timestamp
        self.memo_key = "write " + kind

    def to_text(self, shape: dict[str, Any]) -> ToText:
        kind = shape["type"]
        if kind == "boolean":
            return write_boolean
        if kind == "timestamp":
            format = shape.get("timestampFormat", "").lower()
            if format == "unixtimestamp":
                return write_epoch_text
            return self.timestamp if format in ("", "iso8601") else WRITE_TIMESTAMP[format]
        if kind == "blob":
            return write_blob
        if kind == "float" or kind == "double":
            return write_float_text
        if kind == "integer" or kind == "long":
            return str
        return escape

    def structure(self, name: str, members: dict[str, Any] | None = None) -> Callable[[Append, Any], None]:
        """Writes what is inside a structure: its members' elements. `members`: only these of them."""
        memo = self.schema.memo
        key = (self.memo_key, name)
        if members is None and key in memo:
            return memo[key]
        find: Any = None

        def compile() -> Any:
            table = {}
            which = self.schema.shapes[name].get("members", {}) if members is None else members
            for member, reference in which.items():
                if not self.schema.resolve(reference).get("xmlAttribute"):
                    table[member] = self.member(member, reference)
            return table.get

        def write(append: Append, value: Any) -> None:
            nonlocal find
            if find is None:
                find = compile()
            for member, item in value.items():
                if item is None:
                    continue
                entry = find(member)
                if entry is None:
                    continue
                opening, closing, convert = entry
                if closing is None:
                    convert(append, item)
                else:
                    append(opening + convert(item) + closing)

        if members is None:
            memo[key] = write
        return write

    def member(self, name: str, reference: dict[str, Any]) -> tuple[str, str | None, Callable[..., Any]]:
        """(opening tag, closing tag, to text) of a scalar; ("", None, writer) of everything else."""
        shape = self.schema.resolve(reference)
        kind = shape["type"]
        tag = shape.get("locationName", name)
        # A list flattened by its own shape goes by its elements' name; one that a member flattens, by the member's.
        if kind == "list" and self.schema.shapes[reference["shape"]].get("flattened") and "locationName" not in shape:
            tag = self.schema.resolve(shape["member"]).get("locationName", tag)
        if kind in ("structure", "list", "map"):
            return "", None, self.element(tag, reference, shape)
        return f"<{tag}{_namespace(shape)}>", f"</{tag.partition(' ')[0]}>", self.to_text(shape)

    def element(self, tag: str, reference: dict[str, Any], shape: dict[str, Any]) -> Callable[[Append, Any], None]:
        """Writes a value with its own element (elements, when flattened)."""
        kind = shape["type"]
        opening, closing = f"<{tag}{_namespace(shape)}>", f"</{tag}>"
        if kind == "structure":
            name = reference["shape"]
            return self.with_tags(tag, _namespace(shape), self.structure(name), name)
        if kind == "list":
            flat = shape.get("flattened")
            item_shape = self.schema.resolve(shape["member"])
            item_tag = tag if flat else item_shape.get("locationName", self.list_item)
            item = self._item(item_tag, shape["member"], item_shape)
            if flat:

                def write_flat(append: Append, value: Any) -> None:
                    for each in value:
                        if each is not None:
                            item(append, each)

                return write_flat

            def write_list(append: Append, value: Any) -> None:
                append(opening)
                for each in value:
                    if each is not None:
                        item(append, each)
                append(closing)

            return write_list
        if kind == "map":
            return self._map(tag, shape)
        to_text = self.to_text(shape)

        def write_scalar(append: Append, value: Any) -> None:
            append(opening + to_text(value) + closing)

        return write_scalar

    list_item = "member"

    def with_tags(self, tag: str, namespace: str, inside: Any, name: str) -> Callable[[Append, Any], None]:
        """Puts the element around the inside of a structure, with those of its members that are attributes."""
        attributes = [
            (member, self.schema.resolve(reference))
            for member, reference in self.schema.shapes[name].get("members", {}).items()
            if self.schema.resolve(reference).get("xmlAttribute")
        ]
        if attributes:
            return self._with_attributes(tag, namespace, inside, attributes)
        opening, closing = f"<{tag}{namespace}>", f"</{tag}>"

        def write(append: Append, value: Any) -> None:
            append(opening)
            inside(append, value)
            append(closing)

        return write

    def _item(self, tag: str, reference: dict[str, Any], shape: dict[str, Any]) -> Callable[[Append, Any], None]:
        return self.element(tag, reference, shape)

    def _map(self, tag: str, shape: dict[str, Any]) -> Callable[[Append, Any], None]:
        key_shape = self.schema.resolve(shape["key"])
        value_shape = self.schema.resolve(shape["value"])
        key = self.element(key_shape.get("locationName", "key"), shape["key"], key_shape)
        value_tag = value_shape.get("locationName", "value")
        value = self.element(value_tag, shape["value"], value_shape)
        flat = shape.get("flattened")
        entry = f"<{tag}{_namespace(shape)}>" if flat else "<entry>"
        end = f"</{tag}>" if flat else "</entry>"
        opening, closing = ("", "") if flat else (f"<{tag}{_namespace(shape)}>", f"</{tag}>")

        def write_map(append: Append, items: Any) -> None:
            append(opening)
            for name, item in items.items():
                if item is not None:
                    append(entry)
                    key(append, name)
                    value(append, item)
                    append(end)
            append(closing)

        return write_map

    def _with_attributes(
        self, tag: str, namespace: str, inside: Any, attributes: list[tuple[str, dict[str, Any]]]
    ) -> Callable[[Append, Any], None]:
        table = [(member, shape.get("locationName", member), self.to_text(shape)) for member, shape in attributes]

        def write(append: Append, value: Any) -> None:
            append(f"<{tag}{namespace}")
            for member, name, to_text in table:
                item = value.get(member)
                if item is not None:
                    append(f' {name}="{escape_attribute(to_text(item))}"')
            append(">")
            inside(append, value)
            append(f"</{tag}>")

        return write


def _namespace(shape: dict[str, Any]) -> str:
    """The xmlns attribute of a shape, with a space before it; "" when it has none."""
    namespace = shape.get("xmlNamespace")
    if not namespace:
        return ""
    if isinstance(namespace, str):
        return f' xmlns="{namespace}"'
    prefix = namespace.get("prefix")
    return f' xmlns{":" + prefix if prefix else ""}="{namespace["uri"]}"'


# --- reading ---------------------------------------------------------------------------------------------------------


def parse_xml(body: bytes) -> ElementTree.Element:
    """The root of a document; raises Unreadable. Document type declarations are refused, as AWS does."""
    if b"<!" in body and (b"<!DOCTYPE" in body or b"<!ENTITY" in body):
        raise Unreadable("Document type declarations are not allowed")
    try:
        return ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError) as problem:
        raise Unreadable(str(problem)) from None


def local_name(tag: str) -> str:
    return tag[tag.rindex("}") + 1 :] if tag[:1] == "{" else tag


Read = Callable[[ElementTree.Element], Any]


class Readers:
    """Compiles readers of XML bodies for one service."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def of_text(self, shape: dict[str, Any]) -> Callable[[str], Any]:
        kind = shape["type"]
        if kind == "timestamp":
            return READ_TIMESTAMP.get(shape.get("timestampFormat", "").lower(), read_any_timestamp)
        convert = READ_TEXT[kind]
        if kind == "string":
            return convert
        return lambda text: convert(text.strip())

    def value(self, reference: dict[str, Any]) -> Read:
        """Reader of an element that holds one value."""
        shape = self.schema.resolve(reference)
        kind = shape["type"]
        if kind == "structure":
            return self.structure(reference["shape"])
        if kind == "list":
            item = self.value(shape["member"])
            return lambda element: [item(child) for child in element]
        if kind == "map":
            entry = self._entry(shape)

            def read_map(element: ElementTree.Element) -> dict[Any, Any]:
                result: dict[Any, Any] = {}
                for child in element:
                    entry(child, result)
                return result

            return read_map
        convert = self.of_text(shape)

        def read_scalar(element: ElementTree.Element) -> Any:
            if len(element):
                raise Unreadable(f"Unexpected element in {local_name(element.tag)}")
            return convert(element.text or "")

        return read_scalar

    def _entry(self, shape: dict[str, Any]) -> Callable[[ElementTree.Element, dict[Any, Any]], None]:
        key_tag = self.schema.resolve(shape["key"]).get("locationName", "key")
        value_tag = self.schema.resolve(shape["value"]).get("locationName", "value")
        key, value = self.value(shape["key"]), self.value(shape["value"])

        def read_entry(element: ElementTree.Element, into: dict[Any, Any]) -> None:
            name = item = None
            for child in element:
                tag = local_name(child.tag)
                if tag == key_tag:
                    name = key(child)
                elif tag == value_tag:
                    item = value(child)
            if name is None:
                raise Unreadable(f"{local_name(element.tag)} has no {key_tag}")
            into[name] = item

        return read_entry

    def structure(self, name: str, members: dict[str, Any] | None = None) -> Read:
        """Reader of a structure by shape name; `members`: only these are in the body."""
        memo = self.schema.memo
        memo_key = ("read xml", name)
        if members is None and memo_key in memo:
            return memo[memo_key]
        find: Any = None
        attributes: dict[str, tuple[str, Any]] = {}

        def compile() -> Any:
            table: dict[str, tuple[str, int, Any]] = {}
            which = self.schema.shapes[name].get("members", {}) if members is None else members
            for member, reference in which.items():
                shape = self.schema.resolve(reference)
                tag = shape.get("locationName", member)
                if shape.get("xmlAttribute"):
                    attributes[tag.rpartition(":")[2]] = (member, self.of_text(shape))
                elif shape["type"] == "list" and shape.get("flattened"):
                    entry = (member, 1, self.value(shape["member"]))
                    table[tag] = table[self.schema.resolve(shape["member"]).get("locationName", tag)] = entry
                elif shape["type"] == "map" and shape.get("flattened"):
                    table[tag] = (member, 2, self._entry(shape))
                else:
                    entry = (member, 0, self.value(reference))
                    table[tag.rpartition(":")[2]] = entry
                    # A name that only the shape has is for documents whose root it is; botocore goes by it always.
                    if "locationName" not in reference and tag != member:
                        table.setdefault(member, entry)
            return table.get

        def read(element: ElementTree.Element) -> dict[str, Any]:
            nonlocal find
            if find is None:
                find = compile()
            result: dict[str, Any] = {}
            if attributes:
                for key, text in element.attrib.items():
                    known = attributes.get(local_name(key))
                    if known is not None:
                        result[known[0]] = known[1](text)
            for child in element:
                tag = child.tag
                entry = find(tag[tag.rindex("}") + 1 :] if tag[:1] == "{" else tag)
                if entry is None:
                    continue
                member, mode, convert = entry
                if mode == 0:
                    result[member] = convert(child)
                elif mode == 1:
                    result.setdefault(member, []).append(convert(child))
                else:
                    convert(child, result.setdefault(member, {}))
            return result

        if members is None:
            memo[memo_key] = read
        return read
