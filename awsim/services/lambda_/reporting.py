"""The log of a run: what Lambda itself writes around what the code wrote, as text or as JSON.

Source: Lambda Developer Guide, "Log and monitor Python Lambda functions"; "Configuring advanced logging controls for
Lambda functions", levels of system logs; Telemetry API, schemas of platform events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any, NamedTuple

from awsim.services.lambda_.function import Settings
from awsim.services.lambda_.output import Line

TIMED_OUT = "Sandbox.Timedout"
# More bytes than the lines have that Lambda writes around those of the code.
_FRAME = 2_048
OVERHEAD = 26  # what CloudWatch Logs counts beside the text of an event
_SOON = 60  # seconds
_EMBEDDED = "_aws"  # the member of the embedded metric format


class Run(NamedTuple):
    """A run that is over, of a version of a function with the settings it had then. `init`: the seconds that its new
    environment took, None in one that was there; `lines`: what the code wrote; `loaded`: how many of them before the
    run itself, as modules were loaded, which began then."""

    function: str
    version: str
    settings: Settings
    request_id: str
    started: float
    seconds: float
    error: Mapping[str, Any] | None
    memory: int
    init: float | None
    lines: Sequence[Line]
    loaded: int = 0
    begun: float | None = None

    @property
    def late(self) -> bool:
        return self.error is not None and self.error["errorType"] == TIMED_OUT

    @property
    def milliseconds(self) -> float:
        return min(self.seconds, self.settings["Timeout"]) * 1000  # type: ignore[no-any-return]

    @property
    def billed(self) -> int:
        return max(ceil(self.milliseconds), 1)

    @property
    def ended(self) -> float:
        return self.started + self.milliseconds / 1000


Log = Callable[[Run], Sequence[Line]]


def log(run: Run) -> list[Line]:
    """The log events of a run."""
    settings = run.settings["LoggingConfig"]
    if settings["LogFormat"] == "JSON":
        return _as_json(run, settings.get("SystemLogLevel", "INFO"))
    return _as_text(run)


def most(run: Run) -> int | None:
    """How many bytes the log of an ordinary run has at most, with what each event counts besides; None for one with
    more to it: an error, time that passed, text that is not in ASCII, or metrics in it."""
    if run.error is not None or not 0 <= run.seconds <= _SOON:
        return None
    if not run.lines:
        return _FRAME
    text = "".join([line.text for line in run.lines])
    return _FRAME + len(text) + OVERHEAD * len(run.lines) if text.isascii() and _EMBEDDED not in text else None


def _as_text(run: Run) -> list[Line]:
    id, limit = run.request_id, run.settings["Timeout"]
    lines: list[Line] = []
    if run.init is not None:
        lines.append(Line(run.started, f"INIT_START Runtime Version: {_runtime(run.settings)}\n"))
    lines += run.lines[: run.loaded]
    lines.append(Line(run.begun or run.started, f"START RequestId: {id} Version: {run.version}\n"))
    lines += run.lines[run.loaded :]
    if run.late:
        text = f"{_instant(run.ended)} {id} Task timed out after {limit:.2f} seconds\n\n"
        lines.append(Line(run.ended, text))
    elif run.error is not None:
        trace = "".join(run.error.get("stackTrace") or ())
        text = f"[ERROR] {run.error['errorType']}: {run.error['errorMessage']}"
        text = f"{text}\nTraceback (most recent call last):\n{trace.rstrip()}" if trace else text
        lines.append(Line(run.ended, f"{text}\n"))
    lines.append(Line(run.ended, f"END RequestId: {id}\n"))
    report = (
        f"REPORT RequestId: {id}\tDuration: {run.milliseconds:.2f} ms\tBilled Duration: {run.billed} ms\t"
        f"Memory Size: {run.settings['MemorySize']} MB\tMax Memory Used: {run.memory} MB\t"
    )
    if run.init is not None:
        report += f"Init Duration: {run.init * 1000:.2f} ms\t"
    lines.append(Line(run.ended, f"{report}\n"))
    return lines


def _as_json(run: Run, level: str) -> list[Line]:
    """As with LogFormat JSON: platform events of the level, and the code's own lines."""
    failed = run.error is not None
    status = "timeout" if run.late else "error" if failed else "success"
    told = {"errorType": run.error["errorType"]} if run.error is not None else {}
    lines: list[Line] = []

    def platform(time: float, type: str, record: dict[str, Any], *, least: str = "INFO") -> None:
        if _SYSTEM.index(least) >= _SYSTEM.index(level):
            event = {"time": _instant(time), "type": f"platform.{type}", "record": record}
            lines.append(Line(time, json.dumps(event, separators=(",", ":")) + "\n"))

    if run.init is not None:
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": _runtime(run.settings)}
        platform(run.started, "initStart", record)
    lines += run.lines[: run.loaded]
    platform(run.begun or run.started, "start", {"requestId": run.request_id, "version": run.version})
    lines += run.lines[run.loaded :]
    if run.error is not None and not run.late:
        moment = f"{datetime.fromtimestamp(run.ended, UTC):%Y-%m-%dT%H:%M:%SZ}"
        lines.append(Line(run.ended, json.dumps({"timestamp": moment, "log_level": "ERROR", **run.error}) + "\n"))
    metrics: dict[str, Any] = {"durationMs": round(run.milliseconds, 3)}
    done = {"requestId": run.request_id, "status": status, **told, "metrics": metrics}
    platform(run.ended, "runtimeDone", done, least="WARN" if failed else "DEBUG")
    metrics = {
        "durationMs": round(run.milliseconds, 3),
        "billedDurationMs": run.billed,
        "memorySizeMB": run.settings["MemorySize"],
        "maxMemoryUsedMB": run.memory,
    }
    if run.init is not None:
        metrics["initDurationMs"] = round(run.init * 1000, 3)
    report = {"requestId": run.request_id, "metrics": metrics, "status": status, **told}
    platform(run.ended, "report", report, least="WARN" if failed else "INFO")
    return lines


_SYSTEM = ("DEBUG", "INFO", "WARN")


def _runtime(settings: Settings) -> str:
    runtime: str = settings.get("Runtime", "")
    return runtime.replace("python", "python:")


def _instant(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
