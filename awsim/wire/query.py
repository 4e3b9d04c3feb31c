"""The query protocol: urlencoded forms in, XML out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awsim.errors import AWSError
from awsim.wire.codec import Codec, finish
from awsim.wire.http import Request, Response, pairs
from awsim.wire.models import Schema
from awsim.wire.values import READ_TEXT, READ_TIMESTAMP, Unreadable, read_any_timestamp
from awsim.wire.xml import HEADER, Append, Writers, escape, message_element

Read = Callable[[Any], Any]

# Names that SQS's query API has and its JSON model has lost (SQS API reference, query examples): elements of flattened
# lists and keys of flattened maps by shape, and members by name.
_SQS_ELEMENTS = {
    "ActionNameList": "ActionName",
    "AWSAccountIdList": "AWSAccountId",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}
_SQS_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
_SQS_MEMBERS = {
    "Attributes": "Attribute",
    "MessageAttributes": "MessageAttribute",
    "MessageSystemAttributes": "MessageSystemAttribute",
    "Tags": "Tag",
    "tags": "Tag",
}


def query_schema(schema: Schema) -> Schema:
    """The schema as the query protocol names things; the same one unless the service's model has lost the names."""
    if schema.name != "sqs" or schema.metadata.get("protocol") == "query":
        return schema
    found = schema.memo.get("query schema")
    if found is None:
        found = object.__new__(Schema)
        found.__dict__.update(schema.__dict__)
        found.memo = {}
        found.metadata = {"xmlNamespace": _SQS_NAMESPACE, **schema.metadata}
        found.shapes = {name: _query_shape(name, shape) for name, shape in schema.shapes.items()}
        schema.memo["query schema"] = found
    return found


def _query_shape(name: str, shape: dict[str, Any]) -> dict[str, Any]:
    if name in _SQS_ELEMENTS and shape["type"] == "list":
        return {**shape, "flattened": True, "member": {**shape["member"], "locationName": _SQS_ELEMENTS[name]}}
    if shape["type"] == "map":
        key = "Key" if name == "TagMap" else "Name"
        return {
            **shape,
            "flattened": True,
            "key": {**shape["key"], "locationName": key},
            "value": {**shape["value"], "locationName": "Value"},
        }
    if shape["type"] == "structure":
        members = {
            member: {**reference, "locationName": _SQS_MEMBERS[member]} if member in _SQS_MEMBERS else reference
            for member, reference in shape.get("members", {}).items()
        }
        return {**shape, "members": members}
    return shape


class FormReaders:
    """Compiles readers of forms whose names have been split at the dots into nested dictionaries."""

    memo_key = "read query"

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def member_names(self, name: str, shape: dict[str, Any]) -> tuple[str, ...]:
        """What a member may be called. A flattened list goes by its elements' name or by its own."""
        own = shape.get("locationName", name)
        if shape["type"] == "list" and shape.get("flattened"):
            return own, self.schema.resolve(shape["member"]).get("locationName", own)
        return (own,)

    def structure(self, name: str) -> Read:
        memo = self.schema.memo
        key = (self.memo_key, name)
        if key in memo:
            return memo[key]
        find: Any = None

        def compile() -> Any:
            table = {}
            for member, reference in self.schema.shapes[name].get("members", {}).items():
                shape = self.schema.resolve(reference)
                entry = (member, self.value(reference, shape))
                for wire in self.member_names(member, shape):
                    table[wire] = entry
            return table.get

        def read(node: Any) -> dict[str, Any]:
            nonlocal find
            if find is None:
                find = compile()
            if type(node) is str:
                if node:
                    raise Unreadable("Unexpected value for a structure")
                return {}
            result = {}
            for key, item in node.items():
                entry = find(key)
                if entry is not None:
                    member, convert = entry
                    result[member] = convert(item)
            return result

        memo[key] = read
        return read

    def value(self, reference: dict[str, Any], shape: dict[str, Any]) -> Read:
        kind = shape["type"]
        if kind == "structure":
            return self.structure(reference["shape"])
        if kind == "list":
            return self.list(shape)
        if kind == "map":
            return self.map(shape)
        if kind == "timestamp":
            convert = READ_TIMESTAMP.get(shape.get("timestampFormat", "").lower(), read_any_timestamp)
        else:
            convert = READ_TEXT[kind]

        def read_scalar(node: Any) -> Any:
            if type(node) is not str:
                raise Unreadable("Unexpected complex element")
            return convert(node)

        return read_scalar

    def list(self, shape: dict[str, Any]) -> Read:
        item_shape = self.schema.resolve(shape["member"])
        item = self.value(shape["member"], item_shape)
        wrapper = None if shape.get("flattened") else item_shape.get("locationName", "member")

        def read_list(node: Any) -> list[Any]:
            if wrapper is not None and type(node) is dict:
                node = node.get(wrapper, node)
            if type(node) is str:
                if node:
                    raise Unreadable("Unexpected list element")
                return []
            return [item(each) for each in in_order(node)]

        return read_list

    def map(self, shape: dict[str, Any]) -> Read:
        key_shape = self.schema.resolve(shape["key"])
        value_shape = self.schema.resolve(shape["value"])
        key_name = key_shape.get("locationName", "key")
        value_name = value_shape.get("locationName", "value")
        read_key = self.value(shape["key"], key_shape)
        read_value = self.value(shape["value"], value_shape)
        wrapped = not shape.get("flattened")

        def read_map(node: Any) -> dict[Any, Any]:
            if wrapped and type(node) is dict:
                node = node.get("entry", node)
            if type(node) is str:
                if node:
                    raise Unreadable("Unexpected map element")
                return {}
            result = {}
            for each in in_order(node):
                if type(each) is not dict or key_name not in each:
                    raise Unreadable("Unexpected map element")
                result[read_key(each[key_name])] = read_value(each.get(value_name, ""))
            return result

        return read_map


def in_order(node: dict[str, Any]) -> list[Any]:
    """The values of {"2": b, "1": a} by number."""
    if len(node) == 1:
        ((number, item),) = node.items()
        if not number.isdecimal():
            raise Unreadable(f"Key {number[:100]!r} is not an index")
        return [item]
    try:
        return [node[number] for number in sorted(node, key=int)]
    except ValueError:
        raise Unreadable("Key is not an index") from None


def form_of(request: Request) -> dict[str, Any]:
    """The names of a request's form and query string, split at the dots: {"Filter": {"1": {"Name": "x"}}}."""
    tree: dict[str, Any] = {}
    if request.query_string:
        _plant(tree, request.query)
    body = request.read()
    if body:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise Unreadable("Request is not valid UTF-8") from None
        _plant(tree, pairs(text))
    return tree


def _plant(tree: dict[str, Any], items: list[tuple[str, str]]) -> None:
    for name, value in items:
        if "." not in name:
            tree[name] = value
            continue
        *path, last = name.split(".")
        node = tree
        for step in path:
            below = node.get(step)
            if type(below) is not dict:
                below = node[step] = {}
            node = below
        node[last] = value


class QueryCodec(Codec):
    protocol = "query"
    readers: type[FormReaders] = FormReaders
    xmlns_default = ""

    def __init__(self, operation: Any, schema: Schema) -> None:
        super().__init__(operation, query_schema(schema))

    @property
    def xmlns(self) -> str:
        """` xmlns="…"` of the service's answers; "" when the model has none."""
        namespace = self.schema.metadata.get("xmlNamespace")
        if namespace is None:
            version = self.schema.metadata.get("apiVersion")
            namespace = f"http://{self.schema.metadata.get('endpointPrefix')}.amazonaws.com/doc/{version}/"
        return f' xmlns="{namespace}"'

    def unreadable(self, problem: Unreadable) -> AWSError:
        return AWSError("MalformedInput", str(problem), status=400)

    def compile_parse(self) -> Callable[[Request], dict[str, Any]]:
        if self.input is None:
            return lambda request: {}
        read = self.readers(self.schema).structure(self.input["shape"])
        # Queue operations may be sent to the queue's own URL instead of naming it.
        by_path = "QueueUrl" if "QueueUrl" in self.schema.shapes[self.input["shape"]].get("members", {}) else None
        compressed = bool(self.operation._operation_model.get("requestcompression"))

        def parse(request: Request) -> dict[str, Any]:
            if compressed and dict.get(request.headers, "content-encoding") == "gzip":
                from awsim.wire.chunked import gunzip

                request = Request(request.method, request.url, request.headers, gunzip(request.read()))
            try:
                params = read(form_of(request))
            except Unreadable as problem:
                raise self.unreadable(problem) from None
            except RecursionError:
                raise self.unreadable(Unreadable("Nesting is too deep")) from None
            if by_path is not None and by_path not in params and request.path.count("/") >= 2:
                params[by_path] = request.url.partition("?")[0]
            return params

        return parse

    def compile_serialise(self) -> Callable[[dict[str, Any] | None, str], Response]:
        name = self.name
        opening = f"{HEADER}<{name}Response{self.xmlns}>"
        write: Any = None
        wrapper = f"{name}Result"
        if self.output is not None:
            wrapper = self.schema.resolve(self.output).get("resultWrapper") or wrapper
            write = Writers(self.schema).structure(self.output["shape"])
        before = f"{opening}<{wrapper}>"
        metadata = "<ResponseMetadata><RequestId>"
        after = f"</{wrapper}>{metadata}"
        ending = f"</RequestId></ResponseMetadata></{name}Response>"

        def serialise(result: dict[str, Any] | None, request_id: str) -> Response:
            if write is None:
                text = f"{opening}{metadata}{request_id}{ending}"
            else:
                parts = [before]
                if result:
                    write(parts.append, result)
                parts.append(f"{after}{request_id}{ending}")
                text = "".join(parts)
            body = text.encode()
            headers = {
                "x-amzn-RequestId": request_id,
                "Content-Type": "text/xml",
                "Content-Length": str(len(body)),
            }
            return finish(Response(200, headers, body), result)

        return serialise

    def compile_serialise_error(self) -> Callable[[AWSError, str, Request | None], Response]:
        xmlns = self.xmlns

        def serialise_error(error: AWSError, request_id: str, request: Request | None = None) -> Response:
            shape = self.error_of(error)
            parts = [
                f"{HEADER}<ErrorResponse{xmlns}><Error><Type>{shape.fault_of(error)}</Type>"
                f"<Code>{escape(shape.code)}</Code>{message_element(error)}"
            ]
            write_fields(self, error, parts.append)
            parts.append(f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
            body = "".join(parts).encode()
            headers = {
                "x-amzn-RequestId": request_id,
                "Content-Type": "text/xml",
                "Content-Length": str(len(body)),
            }
            headers.update(error.headers)
            return Response(shape.status_of(error), headers, body)

        return serialise_error


def write_fields(codec: Codec, error: AWSError, append: Append) -> None:
    """The further members of an error; those that no model has as plain text elements."""
    if not error.fields:
        return
    shape = codec.error_of(error)
    fields = {name: value for name, value in error.fields.items() if name.lower() not in ("message", "code", "type")}
    if shape.reference is not None:
        Writers(codec.schema).structure(shape.name)(append, fields)
    for name, value in fields.items():
        if name not in shape.members and value is not None:
            append(f"<{name}>{escape(value)}</{name}>")
