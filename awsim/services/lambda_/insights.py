"""Lambda Insights: what the extension in a layer tells of each run, as a log event and as metrics.

Source: CloudWatch User Guide, "Using Lambda Insights" and "Metrics collected by Lambda Insights". What nothing is known
of (CPU, network, /tmp) is 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from awsim.metering import Sample
from awsim.services.lambda_.output import Line
from awsim.services.lambda_.reporting import Run

GROUP = "/aws/lambda-insights"
_LAYER = ":layer:LambdaInsightsExtension:"
_NAMESPACE = "LambdaInsights"
_UNITS = {
    "cpu_total_time": "Milliseconds",
    "init_duration": "Milliseconds",
    "memory_utilization": "Percent",
    "rx_bytes": "Bytes",
    "total_memory": "Megabytes",
    "tx_bytes": "Bytes",
    "used_memory_max": "Megabytes",
}


def is_watched(run: Run) -> bool:
    """Whether the function has the extension."""
    return any(_LAYER in layer["Arn"] for layer in run.settings.get("Layers") or ())


def log(run: Run) -> list[Line]:
    """The performance event of a run."""
    told: dict[str, Any] = {
        **_values(run),
        "event_type": "performance",
        "function_name": run.function,
        "version": run.version,
        "request_id": run.request_id,
        "duration": run.milliseconds,
        "billed_duration": run.billed,
        "cold_start": run.init is not None,
    }
    return [Line(run.ended, json.dumps(told))]


def samples(run: Run) -> Iterator[Sample]:
    """The metrics of a run, by function and by version."""
    name = ("function_name", run.function)
    for dimensions in ((name,), (name, ("version", run.version))):
        for metric, value in _values(run).items():
            yield Sample(_NAMESPACE, metric, dimensions, _UNITS[metric], run.ended, value)


def _values(run: Run) -> dict[str, float]:
    total = run.settings["MemorySize"]
    values = {
        "cpu_total_time": 0.0,
        "memory_utilization": 100 * run.memory / total,
        "rx_bytes": 0.0,
        "total_memory": float(total),
        "tx_bytes": 0.0,
        "used_memory_max": float(run.memory),
    }
    if run.init is not None:
        values["init_duration"] = run.init * 1000
    return values
