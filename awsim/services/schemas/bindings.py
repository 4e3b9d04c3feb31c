"""Code bindings: a Python package with a class per component of a schema, and a marshaller, zipped.

The layout is that of AWS's own (`from schema.aws.ec2.ec2instancestatechange import AWSEvent, Marshaller`): attributes
are properties with what Python cannot write as "_", `_types` and `_attribute_map` say how they travel.
"""

from __future__ import annotations

import io
import json
import keyword
import re
import zipfile
from collections.abc import Mapping
from typing import Any

LANGUAGES = ("Java8", "Python36", "TypeScript3", "Go1")
PYTHON = "Python36"

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list", "object": "object"}


def python_zip(schema_name: str, content: str) -> bytes:
    """The zip for a schema; the same for the same schema, whenever it is made."""
    components = _components(schema_name, content)
    source, _, title = schema_name.rpartition("@")
    parts = [_identifier(part).lower() for part in (*source.split("."), title) if part]
    package = "/".join(("schema", *parts))
    files: dict[str, str] = {}
    for depth in range(1, len(parts) + 1):
        files["/".join(("schema", *parts[: depth - 1], "__init__.py"))] = ""
    dotted = package.replace("/", ".")
    names = [_identifier(name) for name in components]
    files[f"{package}/__init__.py"] = "".join(
        f"from {dotted}.{name} import {name}  # noqa: F401\n" for name in ("Marshaller", *names)
    )
    files[f"{package}/Marshaller.py"] = _MARSHALLER.format(package=dotted)
    for name, component in components.items():
        files[f"{package}/{_identifier(name)}.py"] = _module(_identifier(name), component)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def _components(schema_name: str, content: str) -> dict[str, Any]:
    document = json.loads(content)
    if "openapi" in document:
        found = dict((document.get("components") or {}).get("schemas") or {})
    else:
        title = document.get("title") or schema_name.rpartition("@")[2]
        root = "AWSEvent" if "x-amazon-events-detail-type" in document else title
        found = {root: document, **(document.get("definitions") or {})}
    return {name: one for name, one in found.items() if isinstance(one, Mapping)}


def _module(name: str, component: Mapping[str, Any]) -> str:
    properties: Mapping[str, Any] = component.get("properties") or {}
    attributes = {_identifier(each): each for each in properties}
    types = {attribute: _type(properties[each]) for attribute, each in attributes.items()}
    arguments = "".join(f", {attribute}=None" for attribute in attributes)
    lines = [f"        self.{attribute} = {attribute}" for attribute in attributes] or ["        pass"]
    return _CLASS.format(
        name=name,
        types=_literal(types),
        attributes=_literal(attributes),
        arguments=arguments,
        assignments="\n".join(lines),
    )


def _literal(mapping: Mapping[str, str]) -> str:
    if not mapping:
        return "{}"
    return "{\n" + "".join(f"        {key!r}: {value!r},\n" for key, value in mapping.items()) + "    }"


def _type(shape: Mapping[str, Any]) -> str:
    if "$ref" in shape:
        return _identifier(shape["$ref"].rpartition("/")[2])
    if shape.get("type") == "array":
        return f"list[{_type(shape.get('items') or {})}]"
    if shape.get("type") == "string" and shape.get("format") == "date-time":
        return "datetime"
    return _TYPES.get(str(shape.get("type")), "object")


def _identifier(name: str) -> str:
    text = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{text}" if not text or text[0].isdigit() or keyword.iskeyword(text) else text


_CLASS = """# coding: utf-8
import pprint


class {name}(object):

    _types = {types}

    _attribute_map = {attributes}

    def __init__(self{arguments}):
{assignments}

    def to_dict(self):
        def plain(value):
            if isinstance(value, list):
                return [plain(item) for item in value]
            if isinstance(value, dict):
                return {{key: plain(item) for key, item in value.items()}}
            return value.to_dict() if hasattr(value, "to_dict") else value

        return {{name: plain(getattr(self, name)) for name in self._types}}

    def to_str(self):
        return pprint.pformat(self.to_dict())

    def __repr__(self):
        return self.to_str()

    def __eq__(self, other):
        return isinstance(other, {name}) and self.__dict__ == other.__dict__

    def __ne__(self, other):
        return not self == other
"""

_MARSHALLER = '''# coding: utf-8
import datetime
import importlib
import re


class Marshaller(object):

    @classmethod
    def marshall(cls, obj):
        """An object as JSON-like data."""
        if obj is None or isinstance(obj, (str, int, float, bool)):
            return obj
        if isinstance(obj, (list, tuple)):
            return [cls.marshall(item) for item in obj]
        if isinstance(obj, (datetime.datetime, datetime.date)):
            return obj.isoformat()
        if isinstance(obj, dict):
            return {{key: cls.marshall(value) for key, value in obj.items()}}
        return {{
            obj._attribute_map[name]: cls.marshall(getattr(obj, name))
            for name in obj._types
            if getattr(obj, name) is not None
        }}

    @classmethod
    def unmarshall(cls, data, typeName):
        """JSON-like data as an object of a class, or of the type of that name."""
        if data is None:
            return None
        if isinstance(typeName, str):
            if typeName.startswith("list["):
                inner = re.match(r"list\\[(.*)\\]", typeName).group(1)
                return [cls.unmarshall(item, inner) for item in data]
            if typeName in cls._native:
                return cls._native[typeName](data)
            typeName = getattr(importlib.import_module("{package}." + typeName), typeName)
        values = {{}}
        for name, type_ in typeName._types.items():
            if typeName._attribute_map[name] in data:
                values[name] = cls.unmarshall(data[typeName._attribute_map[name]], type_)
        return typeName(**values)

    @staticmethod
    def _datetime(text):
        text = re.sub(r"([+-]\\d\\d):(\\d\\d)$", r"\\1\\2", re.sub(r"Z$", "+0000", text))
        text = re.sub(r"\\.(\\d{{1,6}})\\d*", r".\\1", text)
        form = "%Y-%m-%dT%H:%M:%S.%f%z" if "." in text else "%Y-%m-%dT%H:%M:%S%z"
        return datetime.datetime.strptime(text, form)

    @staticmethod
    def _same(value):
        return value


Marshaller._native = {{
    "str": Marshaller._same,
    "int": Marshaller._same,
    "float": Marshaller._same,
    "bool": Marshaller._same,
    "object": Marshaller._same,
    "datetime": Marshaller._datetime,
}}
'''
