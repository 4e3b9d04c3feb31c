"""Parameters and answers as CloudTrail shows them: names in lower camel case, secrets and blobs left out.

Sources: CloudTrail User Guide, "CloudTrail record contents", and the examples in the services' own guides: member names
begin in lower case whatever follows ("sSESpecification", "dBInstanceIdentifier"), times of the query and JSON protocols
are as Java writes them, S3 shows its request as HTTP has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel, Shape

from awsim.services.cloudtrail import vocabulary

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SCALARS = frozenset({"integer", "long", "float", "double", "boolean", "string"})


def java_time(value: Any) -> str:
    """`"May 3, 2015, 11:34:14 PM"`."""
    moment = value if isinstance(value, datetime) else datetime.fromtimestamp(float(value), UTC)
    hour = moment.hour % 12 or 12
    return f"{moment:%b} {moment.day}, {moment.year}, {hour}:{moment:%M:%S} {'PM' if moment.hour >= 12 else 'AM'}"


class Renderer:
    """Renders for one service, with what `vocabulary.toml` says of its members."""

    def __init__(self, service: str) -> None:
        known = vocabulary.entry(service)
        self._hidden = frozenset(known.get("hidden", ()))
        self._omitted = frozenset(known.get("omitted", ()))
        self._emptied = frozenset(known.get("emptied", ()))

    def shown(self, shape: Shape | None, value: Any) -> Any:
        """A value of a shape; structures as dicts, without members that are not shown."""
        if shape is None or value is None:
            return None
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape, value)
        if kind == "list":
            items = (self.shown(shape.member, item) for item in value)
            return [item for item in items if item is not None]
        if kind == "map":
            return {key: self.shown(shape.value, item) for key, item in value.items()}
        if kind == "timestamp":
            return value if isinstance(value, str) else java_time(value)
        return value if kind in _SCALARS else None

    def _structure(self, shape: Any, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value  # a document
        found: dict[str, Any] = {}
        for name, item in value.items():
            member = shape.members.get(name)
            if member is None or item is None or name in self._omitted:
                continue
            if name in self._hidden or (member.metadata.get("sensitive") and name not in self._emptied):
                if member.type_name != "blob":
                    found[_lower(name)] = HIDDEN
                continue
            rendered = {} if name in self._emptied else self.shown(member, item)
            if rendered is not None:
                found[_lower(name)] = rendered
        return found


def request(model: OperationModel, service: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """requestParameters; None where there are none."""
    if service == "s3":
        return _s3_request(model, parameters)
    found = Renderer(service).shown(model.input_shape, parameters) or None
    if found is not None and service == "dynamodb":
        _without_values(found)
    return found


def answer(model: OperationModel, service: str, result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """responseElements; None where nothing is shown."""
    if service == "s3":
        return _s3_answer(model, result)
    return Renderer(service).shown(model.output_shape, result) or None


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


# --- DynamoDB


def _without_values(parameters: dict[str, Any]) -> None:
    """Of items only the names of attributes are shown, of keys the values without their types."""
    if "key" in parameters:
        parameters["key"] = {name: _plain(value) for name, value in parameters["key"].items()}
    if "item" in parameters:
        parameters["item"] = list(parameters["item"])
    for name in ("expressionAttributeValues", "expected", "attributeUpdates", "parameters"):
        parameters.pop(name, None)


def _plain(value: Any) -> Any:
    return next(iter(value.values()), None) if isinstance(value, Mapping) and len(value) == 1 else value


# --- S3


def _s3_request(model: OperationModel, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """As HTTP has them: path, query, headers, and the payload as it is."""
    uri = model.http["requestUri"]
    found: dict[str, Any] = {}
    for flag in uri.partition("?")[2].split("&"):
        if flag:
            name, _, value = flag.partition("=")
            found[name] = value
    members = model.input_shape.members if model.input_shape is not None else {}
    for name, value in parameters.items():
        shape = members.get(name)
        if shape is None or value is None:
            continue
        place = shape.serialization.get("location")
        if place == "uri":
            found["bucketName" if name == "Bucket" else _lower(name)] = value
        elif place in ("querystring", "header"):
            found[shape.serialization["name"]] = _text(value)
        elif place == "headers":
            found.update({f"{shape.serialization['name']}{key}": text for key, text in value.items()})
        elif shape.type_name != "blob":
            found[shape.serialization.get("name", name)] = _plain_document(value)
    return found


def _s3_answer(model: OperationModel, result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The headers of the answer that speak of the object."""
    shape = model.output_shape
    found = {}
    for name, value in (result or {}).items():
        member = shape.members.get(name) if shape is not None else None
        if member is not None and value is not None and member.serialization.get("location") == "header":
            header = member.serialization["name"]
            if header.startswith("x-amz-"):
                found[header] = _text(value)
    return found or None


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return java_time(value) if isinstance(value, datetime) else value if isinstance(value, list) else str(value)


def _plain_document(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain_document(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_document(item) for item in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value if isinstance(value, str | int | float) else None
