"""The ec2 protocol: query's forms with names of their own, and results without a wrapper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awsim.errors import AWSError
from awsim.wire.codec import finish
from awsim.wire.http import Request, Response
from awsim.wire.query import FormReaders, QueryCodec, Read, in_order, write_fields
from awsim.wire.values import Unreadable, write_iso8601_millis
from awsim.wire.xml import HEADER, Writers, escape, message_element


class EC2FormReaders(FormReaders):
    memo_key = "read ec2"

    def member_names(self, name: str, shape: dict[str, Any]) -> tuple[str, ...]:
        if "queryName" in shape:
            return (shape["queryName"],)
        location = shape.get("locationName")
        if location:
            return (location[0].upper() + location[1:],)
        # The protocol capitalises; botocore does not.
        return name, name[0].upper() + name[1:]

    def list(self, shape: dict[str, Any]) -> Read:
        item = self.value(shape["member"], self.schema.resolve(shape["member"]))

        def read_list(node: Any) -> list[Any]:
            if type(node) is str:
                if node:
                    raise Unreadable("Unexpected list element")
                return []
            return [item(each) for each in in_order(node)]

        return read_list


class EC2Codec(QueryCodec):
    protocol = "ec2"
    readers = EC2FormReaders

    @property
    def xmlns(self) -> str:
        return f' xmlns="http://ec2.amazonaws.com/doc/{self.schema.metadata.get("apiVersion")}/"'

    def unreadable(self, problem: Unreadable) -> AWSError:
        return AWSError("InvalidParameterValue", str(problem), status=400)

    def compile_serialise(self) -> Callable[[dict[str, Any] | None, str], Response]:
        opening = f"{HEADER}<{self.name}Response{self.xmlns}><requestId>"
        ending = f"</{self.name}Response>"
        write: Any = None
        if self.output is not None:
            write = Writers(self.schema, write_iso8601_millis, "ec2").structure(self.output["shape"])

        def serialise(result: dict[str, Any] | None, request_id: str) -> Response:
            parts = [opening, request_id, "</requestId>"]
            if write is not None and result:
                write(parts.append, result)
            parts.append(ending)
            body = "".join(parts).encode()
            headers = {
                "x-amzn-RequestId": request_id,
                "Content-Type": "text/xml;charset=UTF-8",
                "Content-Length": str(len(body)),
            }
            return finish(Response(200, headers, body), result)

        return serialise

    def compile_serialise_error(self) -> Callable[[AWSError, str, Request | None], Response]:
        def serialise_error(error: AWSError, request_id: str, request: Request | None = None) -> Response:
            shape = self.error_of(error)
            parts = [f"{HEADER}<Response><Errors><Error><Code>{escape(shape.code)}</Code>{message_element(error)}"]
            write_fields(self, error, parts.append)
            parts.append(f"</Error></Errors><RequestID>{request_id}</RequestID></Response>")
            body = "".join(parts).encode()
            headers = {
                "x-amzn-RequestId": request_id,
                "Content-Type": "text/xml;charset=UTF-8",
                "Content-Length": str(len(body)),
            }
            headers.update(error.headers)
            return Response(shape.status_of(error), headers, body)

        return serialise_error
