"""What subscription filters send: JSON, packed with gzip.

Source: CloudWatch Logs User Guide, "Subscription filters": the fields of a message; its texts as AWS sends them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Sent(NamedTuple):
    """An event as it is sent. `fields`: what a pattern of space-delimited fields found in it."""

    id: int
    timestamp: int
    message: str
    fields: Mapping[str, str] | None = None


def data(owner: str, group: str, stream: str, filter: str, events: Iterable[Sent]) -> bytes:
    """A DATA_MESSAGE."""
    shown = []
    for event in events:
        told: dict[str, Any] = {"id": str(event.id), "timestamp": event.timestamp, "message": event.message}
        if event.fields:
            told["extractedFields"] = dict(event.fields)
        shown.append(told)
    return _packed("DATA_MESSAGE", owner, group, stream, [filter], shown)


def control(target: str, now: int) -> bytes:
    """The CONTROL_MESSAGE that shows whether a destination can be reached."""
    text = f"CWL CONTROL MESSAGE: Checking health of destination {target}."
    event = {"id": "", "timestamp": now, "message": text}
    return _packed("CONTROL_MESSAGE", "CloudwatchLogs", "", "", [], [event])


def _packed(kind: str, owner: str, group: str, stream: str, filters: list[str], events: list[dict[str, Any]]) -> bytes:
    document = {
        "messageType": kind,
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": filters,
        "logEvents": events,
    }
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)
