"""The pages by which S3's website endpoints tell of errors.

Source: recorded answers; S3 User Guide, "Configuring a custom error document".
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from html import escape

from awsim.errors import AWSError
from awsim.wire.http import Response
from awsim.wire.rest_xml import host_id


def error_page(error: AWSError, request_id: str) -> Response:
    """An error as a page; its cause, where that is an error too, is what the site's own page met."""
    status = error.status or 400
    nested = error.__cause__ if isinstance(error.__cause__, AWSError) else None
    answer = page(status, error.code, error.message, error.fields, request_id, nested)
    answer.headers.update(error_headers(error))
    answer.headers.update(error.headers)
    if status == 304:
        answer.body = b""
        for name in ("Content-Type", "Content-Length"):
            answer.headers.pop(name, None)
    return answer


def error_headers(error: AWSError) -> dict[str, str]:
    """The headers that say of an error what its page does not where the site has a page of its own."""
    if error.code == "304":
        return {}
    headers = {"x-amz-error-code": error.code, "x-amz-error-message": error.message}
    for name, value in error.fields.items():
        text = str(value)
        if text.isprintable() and text.isascii():
            headers[f"x-amz-error-detail-{name}"] = text
    return headers


def page(
    status: int,
    code: str,
    message: str,
    fields: Mapping[str, object],
    request_id: str,
    nested: AWSError | None = None,
) -> Response:
    """A page of a status: its code, its message and what else there is to say."""
    title = f"{status} {http.client.responses.get(status, '')}".rstrip()
    lines = [
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<h1>{title}</h1>",
        *_listed({"Code": code, "Message": message, **fields, "RequestId": request_id, "HostId": host_id(request_id)}),
    ]
    if nested is not None:
        lines.append("<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>")
        lines += _listed({"Code": nested.code, "Message": nested.message, **nested.fields})
    lines += ["<hr/>", "</body>", "</html>", ""]
    body = "\n".join(lines).encode()
    headers = {
        "x-amz-request-id": request_id,
        "x-amz-id-2": host_id(request_id),
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(body)),
    }
    return Response(status, headers, body)


def _listed(fields: Mapping[str, object]) -> list[str]:
    return ["<ul>", *(f"<li>{name}: {escape(str(value), quote=False)}</li>" for name, value in fields.items()), "</ul>"]
