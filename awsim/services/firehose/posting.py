"""Requests to HTTP endpoints and to Splunk, and what their answers mean.

Sources: Firehose Developer Guide, "HTTP endpoint delivery request and response specifications", "Troubleshooting HTTP
endpoints", "Splunk Data Delivery Errors"; Splunk's documentation of the HTTP Event Collector.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple

from awsim.services.firehose.processing import Record
from awsim.wire.http import Request, Response

_SHOWN = 1_024  # characters of an answer that an error message repeats


class Problem(NamedTuple):
    """Why a delivery failed. `final`: trying again is no use."""

    code: str
    message: str
    final: bool = False


# --- HTTP endpoints


def request(
    settings: dict[str, Any], key: str | None, arn: str, id: str, records: Sequence[Record], now: float
) -> Request:
    """One delivery. `id` stays the same however often it is tried; `key` is the access key, if there is one."""
    asked = settings["RequestConfiguration"]
    body = json.dumps(
        {
            "requestId": id,
            "timestamp": round(now * 1000),
            "records": [{"data": b64encode(record.data).decode()} for record in records],
        },
        separators=(",", ":"),
    ).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": id,
        "X-Amz-Firehose-Source-Arn": arn,
        "User-Agent": "Amazon Kinesis Data Firehose Agent/1.0",
    }
    if asked["CommonAttributes"]:
        common = {one["AttributeName"]: one["AttributeValue"] for one in asked["CommonAttributes"]}
        headers["X-Amz-Firehose-Common-Attributes"] = json.dumps({"commonAttributes": common}, separators=(",", ":"))
    if key:
        headers["X-Amz-Firehose-Access-Key"] = key
    if asked["ContentEncoding"] == "GZIP":
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, mtime=0)
    return Request("POST", settings["EndpointConfiguration"]["Url"], headers, body)


def problem(answer: Response | None, id: str) -> Problem | None:
    """What is wrong with an endpoint's answer to the request `id`; None if it has taken the records."""
    if answer is None:
        return Problem("HttpEndpoint.ConnectionFailed", "Unable to establish a connection to the endpoint destination.")
    text = _body(answer)
    if answer.status != 200:
        message = f"The following response was received from the endpoint destination. {answer.status}: {text[:_SHOWN]}"
        return Problem("HttpEndpoint.DestinationException", message)
    told = _read(text)
    if told.get("requestId") != id or not isinstance(told.get("timestamp"), int):
        return Problem(
            "HttpEndpoint.InvalidResponseFromDestination",
            "The response received from the specified destination is invalid: it must be JSON with the requestId of "
            f"the request and a timestamp. {text[:_SHOWN]}".rstrip(),
        )
    return None


# --- Splunk


def event(settings: dict[str, Any], token: str, channel: str, records: Sequence[Record]) -> Request:
    """Records for Splunk's HTTP Event Collector."""
    where = "raw" if settings["HECEndpointType"] == "Raw" else "event"
    return _collector(settings, token, channel, where, b"".join(record.data for record in records))


def acknowledgment(settings: dict[str, Any], token: str, channel: str, number: int) -> Request:
    """Asks whether what was sent has been indexed."""
    return _collector(settings, token, channel, "ack", json.dumps({"acks": [number]}).encode())


def _collector(settings: dict[str, Any], token: str, channel: str, where: str, body: bytes) -> Request:
    headers = {
        "Authorization": f"Splunk {token}",
        "X-Splunk-Request-Channel": channel,
        "Content-Type": "application/json",
    }
    return Request("POST", f"{settings['HECEndpoint'].rstrip('/')}/services/collector/{where}", headers, body)


def accepted(answer: Response | None) -> int | Problem:
    """The number under which Splunk will acknowledge what was sent, or why it did not take it."""
    if answer is None:
        return Problem("Splunk.ConnectionTimeout", "The connection to Splunk timed out.")
    text = _body(answer)
    if answer.status != 200:
        code = _SPLUNK.get(answer.status, "Splunk.ServerError")
        return Problem(code, f"Splunk answered {answer.status}: {text[:_SHOWN]}", answer.status in (400, 401, 403, 404))
    number = _read(text).get("ackId")
    if not isinstance(number, int):
        message = "Firehose expects acknowledgments: enable indexer acknowledgment of the HEC token."
        return Problem("Splunk.DisabledAck", message, True)
    return number


def acknowledged(answer: Response | None, number: int) -> bool:
    """Whether Splunk says that it has indexed what was sent."""
    return answer is not None and (_read(_body(answer)).get("acks") or {}).get(str(number)) is True


_SPLUNK = {
    400: "Splunk.InvalidDataFormat",
    401: "Splunk.InvalidToken",
    403: "Splunk.InvalidToken",
    404: "Splunk.URLNotFound",
    413: "Splunk.ServerError.ContentTooLarge",
    503: "Splunk.IndexerBusy",
}


def _body(answer: Response) -> str:
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    return body.decode(errors="replace")


def _read(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
