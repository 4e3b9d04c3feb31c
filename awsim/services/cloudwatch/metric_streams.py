"""Metric streams: which metrics they send, and as what.

Source: CloudWatch User Guide, "Metric streams JSON output format".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudwatch.metric import Name
from awsim.services.cloudwatch.statistics import Summary, statistic
from awsim.state import Dict, Entity, Tags

RUNNING, STOPPED = "running", "stopped"
Filters = Sequence[Mapping[str, Any]]


class MetricStream(Entity):
    """A metric stream. `settings`: the parameters of PutMetricStream; `waiting`: what is to be sent, as (metric, unit,
    minute)."""

    __slots__ = ("arn", "created", "job", "name", "settings", "state", "tags", "updated", "waiting")

    def __init__(self, name: str, arn: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.tags = Tags()
        self.state = RUNNING
        self.created = self.updated = now
        self.settings: Mapping[str, Any] = {}
        self.waiting = Dict()
        self.job: int | None = None

    def takes(self, name: Name) -> bool:
        """Whether it sends a metric."""
        include, exclude = self.settings.get("IncludeFilters"), self.settings.get("ExcludeFilters")
        if include:
            return _is_in(name, include)
        return not (exclude and _is_in(name, exclude))

    def described(self) -> dict[str, Any]:
        return {
            **self.settings,
            "Arn": self.arn,
            "Name": self.name,
            "State": self.state,
            "CreationDate": self.created,
            "LastUpdateDate": self.updated,
        }

    def listed(self) -> dict[str, Any]:
        names = ("Arn", "CreationDate", "LastUpdateDate", "Name", "FirehoseArn", "State", "OutputFormat")
        described = self.described()
        return {name: described[name] for name in names}

    def line(self, name: Name, unit: str, minute: float, summary: Summary, account: str, region: str) -> str:
        """A minute of a metric, as JSON on a line of its own."""
        value = {"max": summary.most, "min": summary.least, "sum": summary.total, "count": summary.samples}
        for extra in self._additional(name):
            compute = statistic(extra)
            found = compute(summary) if compute is not None else None
            if found is not None:
                value[extra] = found
        shown = {
            "metric_stream_name": self.name,
            "account_id": account,
            "region": region,
            "namespace": name.namespace,
            "metric_name": name.name,
            "dimensions": dict(name.dimensions),
            "timestamp": int(minute * 1000),
            "value": value,
            "unit": unit,
        }
        return json.dumps(shown, separators=(",", ":")) + "\n"

    def _additional(self, name: Name) -> list[str]:
        """The statistics that it sends of a metric beside the usual four."""
        return [
            extra
            for one in self.settings.get("StatisticsConfigurations") or ()
            if any((each["Namespace"], each["MetricName"]) == name[:2] for each in one["IncludeMetrics"])
            for extra in one["AdditionalStatistics"]
        ]


def _is_in(name: Name, filters: Filters) -> bool:
    return any(
        one.get("Namespace") == name.namespace and (not one.get("MetricNames") or name.name in one["MetricNames"])
        for one in filters
    )
