"""Dashboards: what their bodies may be.

Source: CloudWatch API Reference, PutDashboard and "Dashboard body structure and syntax".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from awsim.state import Entity, Tags

_WIDGETS = ("alarm", "custom", "explorer", "log", "metric", "text")
_PLACES = ("x", "y", "width", "height")
_VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")


class Problem(NamedTuple):
    """A message on a body. `grave`: the body is refused."""

    path: str
    message: str
    grave: bool = True

    def shown(self) -> dict[str, str]:
        return {"DataPath": self.path, "Message": self.message}


class Dashboard(Entity):
    """A dashboard. `body` as it was given; times are epoch seconds."""

    __slots__ = ("arn", "body", "modified", "name", "tags")

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.body = ""
        self.modified = 0.0
        self.tags = Tags()

    def listed(self) -> dict[str, Any]:
        return {
            "DashboardName": self.name,
            "DashboardArn": self.arn,
            "LastModified": self.modified,
            "Size": len(self.body.encode()),
        }


def problems(body: str, most_widgets: int | None) -> list[Problem]:
    """What is wrong with a body."""
    try:
        read = json.loads(body)
    except ValueError:
        return [Problem("", "The field DashboardBody must be a valid JSON object")]
    if not isinstance(read, dict):
        return [Problem("", "The field DashboardBody must be a valid JSON object")]
    widgets = read.get("widgets")
    if widgets is None:
        return [Problem("/", "Should have required property 'widgets'")]
    if not isinstance(widgets, list):
        return [Problem("/widgets", "Should be array")]
    if most_widgets is not None and len(widgets) > most_widgets:
        return [Problem("/widgets", f"Should NOT have more than {most_widgets} items")]
    return [problem for number, widget in enumerate(widgets) for problem in _of_widget(f"/widgets/{number}", widget)]


def _of_widget(path: str, widget: Any) -> Iterator[Problem]:
    if not isinstance(widget, Mapping):
        yield Problem(path, "Should be object")
        return
    kind = widget.get("type")
    if kind is None:
        yield Problem(path, "Should have required property 'type'")
    elif kind not in _WIDGETS:
        yield Problem(f"{path}/type", f"Should be equal to one of the allowed values: {', '.join(_WIDGETS)}")
    for name in _PLACES:
        value = widget.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            yield Problem(f"{path}/{name}", "Should be a whole number of at least 0")
    properties = widget.get("properties")
    if properties is None:
        yield Problem(path, "Should have required property 'properties'")
    elif not isinstance(properties, Mapping):
        yield Problem(f"{path}/properties", "Should be object")
    elif kind in _PROPERTIES:
        yield from _PROPERTIES[kind](f"{path}/properties", properties)


def _of_text(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(properties.get("markdown"), str):
        yield Problem(path, "Should have required property 'markdown'")


def _of_metrics(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    metrics, annotations = properties.get("metrics"), properties.get("annotations")
    if metrics is None and not (isinstance(annotations, Mapping) and annotations.get("alarms")):
        yield Problem(path, "Should have required property 'metrics'")
    elif metrics is not None and not isinstance(metrics, list):
        yield Problem(f"{path}/metrics", "Should be array")
    else:
        for number, metric in enumerate(metrics or ()):
            if not isinstance(metric, list) or not metric:
                yield Problem(f"{path}/metrics/{number}", "Should be array of at least 1 item")
            elif not isinstance(metric[0], Mapping) and len(metric) < 2:
                yield Problem(f"{path}/metrics/{number}", "Should NOT have fewer than 2 items")
    view = properties.get("view")
    if view is not None and view not in _VIEWS:
        yield Problem(f"{path}/view", f"Should be equal to one of the allowed values: {', '.join(_VIEWS)}")
    stacked = properties.get("stacked")
    if stacked is not None and not isinstance(stacked, bool):
        yield Problem(f"{path}/stacked", "Should be boolean")
    if "region" not in properties:
        yield Problem(path, "Should have required property 'region'", grave=False)


def _of_log(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("query", "region"):
        if not isinstance(properties.get(name), str):
            yield Problem(path, f"Should have required property '{name}'")


def _of_alarms(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(properties.get("alarms"), list):
        yield Problem(path, "Should have required property 'alarms'")


_PROPERTIES = {"text": _of_text, "metric": _of_metrics, "log": _of_log, "alarm": _of_alarms}
