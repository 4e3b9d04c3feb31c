"""Rows of a query, and the fields that Logs Insights discovers in log events.

Source: CloudWatch Logs User Guide, "Supported logs and discovered fields".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from awsim.services.logs.group import Stored
from awsim.services.logs.insights.values import Time

_LAMBDA = re.compile(r"(START|END|REPORT|INIT_START) ")
_REQUEST = re.compile(r"RequestId: ([0-9a-f-]{36})")
_REPORTED = re.compile(r"(Init Duration|Billed Duration|Duration|Memory Size|Max Memory Used): ([\d.]+) (?:ms|MB)")
_NAMES = {
    "Duration": "@duration",
    "Billed Duration": "@billedDuration",
    "Init Duration": "@initDuration",
    "Memory Size": "@memorySize",
    "Max Memory Used": "@maxMemoryUsed",
}
_RECORD = re.compile(r"\[?\w+\]?\t\S+Z\t([0-9a-f-]{36})\t")
_FLOW = re.compile(r"(?:\S+ ){13}\S+\s*")
_FLOW_START = re.compile(r"\d \S+ eni-\w+ ")
_FLOW_FIELDS = (
    "version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets", "bytes",
    "start", "end", "action", "logStatus",
)  # fmt: skip
_DNS = re.compile(r"1\.0 \S+Z Z\w+ \S+ [A-Z]+ [A-Z]+ (?:UDP|TCP) \S+ \S+ \S+\s*")
_DNS_FIELDS = (
    "version", "queryTimestamp", "hostZoneId", "queryName", "queryType", "responseCode", "protocol", "edgeLocation",
    "resolverIp", "ednsClientSubnet",
)  # fmt: skip


class Row:
    """A row: what queries have made of it over what is in its event, if it is still one of an event."""

    __slots__ = ("_discovered", "_limit", "_system", "made", "message", "stored")

    def __init__(
        self,
        stored: Stored | None = None,
        message: str = "",
        system: Mapping[str, Any] | None = None,
        limit: int | None = None,
        made: dict[str, Any] | None = None,
    ) -> None:
        self.stored = stored
        self.message = message
        self.made = made if made is not None else {}
        self._system = system or {}
        self._limit = limit
        self._discovered: Mapping[str, Any] | None = None

    def get(self, name: str) -> Any:
        """The value of a field; None where there is none. A part of a map goes by a dot and its name."""
        if name in self.made:
            return self.made[name]
        if self.stored is not None:
            if name == "@message":
                return self.message
            found = self._system.get(name)
            if found is not None:
                return found
            found = self.discovered().get(name)
            if found is not None:
                return found
        whole, dot, part = name.rpartition(".")
        if not dot:
            return None
        inside = self.get(whole)
        if isinstance(inside, dict):
            return inside.get(part)
        return inside[int(part)] if isinstance(inside, list) and part.isdecimal() and int(part) < len(inside) else None

    def copy(self, **made: Any) -> Row:
        """The same row with more made of it."""
        return Row(self.stored, self.message, self._system, self._limit, {**self.made, **made})

    def discovered(self) -> Mapping[str, Any]:
        if self._discovered is None:
            self._discovered = discover(self.message, self._limit) if self.stored is not None else {}
        return self._discovered


def system(account: str, region: str, group: str, stored: Stored, pointer: str) -> dict[str, Any]:
    """The fields that CloudWatch Logs itself makes, but for the message."""
    event = stored.event
    return {
        "@timestamp": Time(event.timestamp),
        "@ingestionTime": Time(event.ingested),
        "@logStream": event.stream,
        "@log": f"{account}:{group}",
        "@ptr": pointer,
        "@aws.account": account,
        "@aws.region": region,
    }


def discover(message: str, limit: int | None) -> dict[str, Any]:
    """The fields of a message, at most `limit` of a JSON document."""
    if message.lstrip()[:1] == "{":
        return _json(message, limit)
    if _LAMBDA.match(message):
        return _report(message)
    if _FLOW_START.match(message) and _FLOW.fullmatch(message):
        return dict(zip(_FLOW_FIELDS, message.split(), strict=True))
    if _DNS.fullmatch(message):
        return dict(zip(_DNS_FIELDS, message.split(), strict=True))
    record = _RECORD.match(message)
    if record is not None:
        # A line of a function: its request, and the first piece of JSON in it.
        start = message.find("{")
        return {"@requestId": record[1], **(_json(message[start:], limit) if start >= 0 else {})}
    return {}


def _json(text: str, limit: int | None) -> dict[str, Any]:
    try:
        document, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    found: dict[str, Any] = {}
    for name, value in _flat(document, ""):
        if limit is not None and len(found) >= limit:
            break
        found[f"@{name}" if name.startswith("@") else name] = value
    return found


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        path = f"{name}.{key}" if name else str(key)
        if isinstance(inner, dict | list):
            yield from _flat(inner, path)
        elif inner is not None:
            yield path, inner


def _report(message: str) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": message.partition(" ")[0]}
    request = _REQUEST.search(message)
    if request is not None:
        found["@requestId"] = request[1]
    for name, value in _REPORTED.findall(message):
        found[_NAMES[name]] = float(value) * (1_000_000 if "Memory" in name else 1)
    return found
