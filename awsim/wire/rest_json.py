"""The rest-json protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from awsim.errors import AWSError
from awsim.wire.http import Request, Response
from awsim.wire.json import error_members
from awsim.wire.json_values import dumps, loads, reader, structure_reader, structure_writer, writer
from awsim.wire.rest import RestCodec
from awsim.wire.values import Unreadable


class RestJSONCodec(RestCodec):
    protocol = "rest-json"
    content_type = "application/json"
    empty_body = b"{}"

    def unreadable(self, problem: Unreadable) -> AWSError:
        return AWSError("SerializationException", str(problem), status=400)

    def body_reader(self, members: dict[str, Any]) -> Callable[[bytes], dict[str, Any]]:
        read = structure_reader(self.schema, self.input["shape"], members)  # type: ignore[index]
        return lambda content: read(loads(content))

    def payload_reader(self, reference: dict[str, Any]) -> Callable[[bytes], Any]:
        _, read = reader(self.schema, reference)

        def read_payload(content: bytes) -> Any:
            # Clients send "{}" for a payload that is not given.
            if not content or content == b"{}":
                return None
            return read(loads(content))

        return read_payload

    def body_writer(self, members: dict[str, Any]) -> Callable[[dict[str, Any]], bytes]:
        write = structure_writer(self.schema, self.output["shape"], members)  # type: ignore[index]
        return lambda value: dumps(write(value)) if value else b"{}"

    def payload_writer(self, name: str, reference: dict[str, Any]) -> Callable[[Any], bytes]:
        write = writer(self.schema, reference)
        return dumps if write is None else lambda value: dumps(write(value))

    def events_reader(self, reference: dict[str, Any]) -> Callable[[bytes], Any]:
        from awsim.wire.eventstream import events_reader

        return events_reader(self.schema, reference, "json")

    def events_writer(self, reference: dict[str, Any]) -> Callable[[Any], Iterable[bytes]]:
        from awsim.wire.eventstream import events_writer

        return events_writer(self.schema, reference, "json")

    def compile_serialise_error(self) -> Callable[[AWSError, str, Request | None], Response]:
        head = self.http.get("method") == "HEAD"

        def serialise_error(error: AWSError, request_id: str, request: Request | None = None) -> Response:
            shape = self.error_of(error)
            located, fields = self.split_error(error)
            body = error_members(self, AWSError(error.code, error.message, fields=fields), shape)
            if "Type" in shape.members and "Type" not in body:
                body["Type"] = "User" if shape.fault_of(error) == "Sender" else "Service"
            content = b"" if head else dumps(body)
            headers = {
                **self.request_ids(request_id),
                "Content-Type": "application/json",
                "Content-Length": str(len(content)),
                **located,
            }
            # Some shapes have the error's type as a member, in the header's own spelling.
            if not any(name.lower() == "x-amzn-errortype" for name in located):
                headers["x-amzn-ErrorType"] = shape.name
            headers.update(error.headers)
            return Response(shape.status_of(error), headers, content)

        return serialise_error
