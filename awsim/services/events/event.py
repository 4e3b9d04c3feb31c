"""Events: their envelope, and what PutEvents says of entries that cannot become one.

Sources: EventBridge User Guide, "Events" and "Calculating PutEvents event entry size"; ../shared/recorded/events.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from awsim.errors import AWSError

Event = dict[str, Any]

REQUIRED = ("Source", "DetailType", "Detail")
# What an event handed to TestEventPattern must have.
ENVELOPE = ("id", "account", "source", "time", "region", "resources", "detail-type")


def envelope(
    id_: str,
    detail_type: str,
    source: str,
    account: str,
    time: str,
    region: str,
    resources: list[str],
    detail: dict[str, Any],
) -> Event:
    """`time` is as `timestamp` writes it."""
    return {
        "version": "0",
        "id": id_,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": time,
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def timestamp(time: float) -> str:
    return _written(int(time // 1))


@lru_cache(maxsize=64)
def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_entry(entry: Mapping[str, Any], by_service: bool) -> dict[str, Any]:
    """The detail of a PutEvents entry; raises the error that the answer carries for it."""
    get = entry.get
    source, text = get("Source"), get("Detail")
    if not (source and text and get("DetailType")):
        name = next(name for name in REQUIRED if not get(name))
        reason = f"{name} is a required argument."
        raise AWSError("InvalidArgument", f"Parameter {name} is not valid. Reason: {reason}")
    if not by_service and source.startswith("aws."):
        raise AWSError("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = _decoded(text)
    except (ValueError, RecursionError):
        detail = None
    if detail.__class__ is not dict:
        raise AWSError("MalformedDetail", "Detail is malformed.")
    return detail  # type: ignore[no-any-return]


def _no_json(word: str) -> Any:
    """NaN and Infinity, which Python would read."""
    raise ValueError(word)


_decoder = json.JSONDecoder(parse_constant=_no_json)


def are_objects(texts: Iterable[str]) -> bool:
    """Whether texts are JSON objects, with no blanks around them."""
    scan = _decoder.scan_once
    try:
        for text in texts:
            value, end = scan(text, 0)
            if value.__class__ is not dict or end != len(text):
                return False
    except (ValueError, RecursionError, StopIteration):
        return False
    return True


def _decoded(text: str) -> Any:
    """As `_decoder.decode`, without its search for blanks around the text, where there are none."""
    try:
        value, end = _decoder.scan_once(text, 0)
    except StopIteration:  # no value begins where one should
        end = -1
    return value if end == len(text) else _decoder.decode(text)


def size(entry: Mapping[str, Any], time_size: int) -> int:
    """Bytes that an entry counts for."""
    get = entry.get
    text = f"{get('Source') or ''}{get('DetailType') or ''}{get('Detail') or ''}"
    resources = get("Resources")
    if resources:
        text += "".join(resources)
    return (len(text) if text.isascii() else len(text.encode())) + (0 if get("Time") is None else time_size)
