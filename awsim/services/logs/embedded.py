"""The embedded metric format: log events that say which of their values are metrics.

Source: CloudWatch User Guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

_MARK = '"_aws"'


def metrics(message: str, most: float | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """(namespace, MetricDatum) of what a message says; nothing where it is not in the format."""
    if _MARK not in message:
        return
    try:
        document = json.loads(message)
        told = document["_aws"]
        moment = datetime.fromtimestamp(told["Timestamp"] / 1000, UTC)
        directives = told["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return
    for directive in directives if isinstance(directives, list) else ():
        if _sound(directive):
            data = list(_data(document, directive, moment))
            yield from ((directive["Namespace"], datum) for datum in (data if most is None else data[: int(most)]))


def _sound(directive: Any) -> bool:
    if not isinstance(directive, dict) or not isinstance(directive.get("Namespace"), str):
        return False
    names = directive.get("Metrics")
    sets = directive.get("Dimensions", [[]])
    return (
        isinstance(names, list)
        and all(isinstance(each, dict) and isinstance(each.get("Name"), str) for each in names)
        and isinstance(sets, list)
        and all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in sets)
    )


def _data(document: Mapping[str, Any], directive: Mapping[str, Any], moment: datetime) -> Iterator[dict[str, Any]]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = [{"Name": name, "Value": str(document[name])} for name in names if name in document]
        if len(dimensions) < len(names):
            continue
        for metric in directive["Metrics"]:
            value = document.get(metric["Name"])
            values: list[Any] = value if isinstance(value, list) else [value]
            if not values or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
                continue
            yield {
                "MetricName": metric["Name"],
                "Dimensions": dimensions,
                "Timestamp": moment,
                "Values": [float(each) for each in values],
                "Unit": metric.get("Unit") or "None",
                "StorageResolution": metric.get("StorageResolution") or 60,
            }
