"""What code writes while it runs: standard output, standard error, `logging`; collected for the log of its run.

While a function runs, `sys.stdout` and `sys.stderr` of this process are views that hand on what is written, and keep
what was written by the thread or task that runs it. Records of `logging` are kept in the format of Lambda's runtime.

Source: Lambda Developer Guide, "Log and monitor Python Lambda functions", "Configuring advanced logging controls".
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, NamedTuple

# As ApplicationLogLevel has them, and `logging`.
_LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}
# What a record has anyway; all else was given as `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Line(NamedTuple):
    """A log event of a run: when (epoch seconds), and its text."""

    time: float
    text: str


class Output:
    """What one run writes. `level` is the least severe one that JSON logs have; None: the format is Text. `loaded`: how
    many lines there were before the handler was called."""

    def __init__(self, clock: Callable[[], float], request_id: str, level: str | None = None) -> None:
        self.lines: list[Line] = []
        self.request_id = request_id
        self.level = _LEVELS.get(level or "")
        self.loaded = 0
        self.begun: float | None = None
        self._clock = clock
        self._open = ""

    def begin(self) -> None:
        """Modules are loaded: the handler is called now."""
        self.begun = self._clock()
        self._flush(self.begun)
        self.loaded = len(self.lines)

    def write(self, text: str) -> None:
        """Text for standard output: each of its lines is an event."""
        *whole, self._open = (self._open + text).split("\n")
        if whole:
            now = self._clock()
            self.lines.extend(Line(now, f"{line}\n") for line in whole if line)

    def log(self, record: logging.LogRecord) -> None:
        now = self._clock()
        self._flush(now)
        if self.level is None:
            self.lines.append(Line(now, self._as_text(record, now)))
        elif record.levelno >= self.level:
            self.lines.append(Line(now, self._as_json(record, now)))

    def end(self) -> list[Line]:
        """All there is, once the run is over."""
        if self._open:
            self._flush(self._clock())
        return self.lines

    def _flush(self, now: float) -> None:
        if self._open:
            self.lines.append(Line(now, f"{self._open}\n"))
            self._open = ""

    def _as_text(self, record: logging.LogRecord, now: float) -> str:
        moment = datetime.fromtimestamp(now, UTC)
        when = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000}Z"
        told = logging.Formatter("%(message)s").format(record)
        return f"[{record.levelname}]\t{when}\t{self.request_id}\t{told}\n"

    def _as_json(self, record: logging.LogRecord, now: float) -> str:
        told: dict[str, Any] = {
            "timestamp": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, problem, trace = record.exc_info
            told |= {
                "stackTrace": traceback.format_tb(trace),
                "errorType": kind.__name__,
                "errorMessage": str(problem),
                "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
            }
        told |= {name: value for name, value in vars(record).items() if name not in _OWN}
        told["requestId"] = self.request_id
        return json.dumps(told, ensure_ascii=False, default=str) + "\n"


_output: ContextVar[Output | None] = ContextVar("output", default=None)
_lock = threading.Lock()
_users = 0


class _Tee:
    """A stream that a run writes to: it hands on everything."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def write(self, text: str) -> int:
        output = _output.get()
        if output is not None:
            output.write(text)
        if self.real is not None:  # a process may have no standard output
            self.real.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __iter__(self) -> Iterator[str]:
        return iter(self.real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class _Handler(logging.Handler):
    """Keeps the records of runs."""

    def emit(self, record: logging.LogRecord) -> None:
        output = _output.get()
        if output is not None:
            output.log(record)


_handler = _Handler()


class collected:
    """Keep what this thread or task writes within a `with` block."""

    __slots__ = ("_before", "_output", "_token")

    def __init__(self, output: Output) -> None:
        self._output = output

    def __enter__(self) -> None:
        global _users
        with _lock:
            _users += 1
            if _users == 1:
                sys.stdout, sys.stderr = _Tee(sys.stdout), _Tee(sys.stderr)  # type: ignore[assignment]
                logging.root.handlers.append(_handler)
        # With the JSON format, Lambda sets the level of the root logger.
        level, before = self._output.level, logging.root.level
        self._before = before if level is not None and before > level else None
        if self._before is not None and level is not None:
            logging.root.setLevel(level)
        self._token = _output.set(self._output)

    def __exit__(self, *exception: object) -> None:
        global _users
        _output.reset(self._token)
        if self._before is not None and logging.root.level == self._output.level:
            logging.root.setLevel(self._before)
        with _lock:
            _users -= 1
            if _users == 0:
                if _handler in logging.root.handlers:
                    logging.root.handlers.remove(_handler)
                if isinstance(sys.stdout, _Tee):
                    sys.stdout = sys.stdout.real
                if isinstance(sys.stderr, _Tee):
                    sys.stderr = sys.stderr.real
