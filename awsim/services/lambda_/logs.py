"""Logs of runs on their way to CloudWatch Logs: written by the function's role, into a group of the function's own.

Source: Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs": the role needs logs:CreateLogGroup,
logs:CreateLogStream and logs:PutLogEvents; what it may not write is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.services.lambda_ import reporting
from awsim.services.lambda_.executing import Executing
from awsim.services.lambda_.output import Line
from awsim.services.lambda_.reporting import Log, Run

_MISSING = "ResourceNotFoundException"


class Logging(Executing):
    """What runs have written."""

    def write_log(self, who: Caller, group: str, stream: str, log: Log, run: Run) -> None:
        # It is written once the call is over that brought the run about, after what was to be done by then.
        if not (self.cloud.settles_next and self._post(who, group, stream, log, run, scheduled=True)):
            self.later(0, "_write_log", who=who, group=group, stream=stream, log=log, run=run)

    def _post(self, who: Caller, group: str, stream: str, log: Log, run: Run, *, scheduled: bool = False) -> bool:
        """Whether CloudWatch Logs took the log unread: it has a stream for it, and nobody looks at what comes in."""
        size = reporting.most(run)
        if size is None or log is not reporting.log:
            return False
        make = partial(_putting, group, stream, log, run)
        to = (f"{group}:{stream}",)
        return not self.cloud.post("logs", "PutLogEvents", to, make, size, who, self.region, scheduled=scheduled)

    def _write_log(self, who: Caller, group: str, stream: str, log: Log, run: Run) -> None:
        """Scheduled."""
        if self._post(who, group, stream, log, run):
            return
        lines = _ordered(log, run)
        try:
            try:
                self._put_lines(who, group, stream, lines)
            except AWSError as error:
                if error.code != _MISSING:
                    raise
                self._make_stream(who, group, stream)
                self._put_lines(who, group, stream, lines)
        except AWSError:
            return

    def _make_stream(self, who: Caller, group: str, stream: str) -> None:
        where = {"logGroupName": group, "logStreamName": stream}
        try:
            self._logs("CreateLogStream", who, where)
        except AWSError as error:
            if error.code != _MISSING:
                raise
            self._logs("CreateLogGroup", who, {"logGroupName": group})
            self._logs("CreateLogStream", who, where)

    def _put_lines(self, who: Caller, group: str, stream: str, lines: Sequence[Line]) -> None:
        try:
            self._logs("PutLogEvents", who, _parameters(group, stream, lines))
        except AWSError as error:
            if error.code != "InvalidParameterException" or len(lines) < 2:
                raise
            # More than one request takes.
            half = len(lines) // 2
            for part in (lines[:half], lines[half:]):
                self._put_lines(who, group, stream, part)

    def _logs(self, operation: str, who: Caller, parameters: dict[str, Any]) -> None:
        self.call("logs", operation, as_=who, **parameters)


def _ordered(log: Log, run: Run) -> list[Line]:
    return sorted(log(run), key=lambda line: line.time)


def _putting(group: str, stream: str, log: Log, run: Run, resource: str) -> dict[str, Any]:
    return _parameters(group, stream, _ordered(log, run))


def _parameters(group: str, stream: str, lines: Sequence[Line]) -> dict[str, Any]:
    """Of PutLogEvents."""
    events = [{"timestamp": int(line.time * 1000), "message": line.text} for line in lines]
    return {"logGroupName": group, "logStreamName": stream, "logEvents": events}
