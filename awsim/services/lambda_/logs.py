"""Logs of runs on their way to CloudWatch Logs: written by the function's role, into a group of the function's own.

Source: Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs": the role needs logs:CreateLogGroup,
logs:CreateLogStream and logs:PutLogEvents; what it may not write is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.lambda_.executing import Executing
from awsim.services.lambda_.output import Line

_MISSING = "ResourceNotFoundException"


class Logging(Executing):
    """What runs have written."""

    def write_log(self, who: str, group: str, stream: str, lines: Sequence[Line]) -> None:
        ordered = sorted(lines, key=lambda line: line.time)
        self.later(0, "_write_log", who=who, group=group, stream=stream, lines=tuple(ordered))

    def _write_log(self, who: str, group: str, stream: str, lines: tuple[Line, ...]) -> None:
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

    def _make_stream(self, who: str, group: str, stream: str) -> None:
        where = {"logGroupName": group, "logStreamName": stream}
        try:
            self._logs("CreateLogStream", who, where)
        except AWSError as error:
            if error.code != _MISSING:
                raise
            self._logs("CreateLogGroup", who, {"logGroupName": group})
            self._logs("CreateLogStream", who, where)

    def _put_lines(self, who: str, group: str, stream: str, lines: Sequence[Line]) -> None:
        events = [{"timestamp": int(line.time * 1000), "message": line.text} for line in lines]
        try:
            self._logs("PutLogEvents", who, {"logGroupName": group, "logStreamName": stream, "logEvents": events})
        except AWSError as error:
            if error.code != "InvalidParameterException" or len(lines) < 2:
                raise
            # More than one request takes.
            half = len(lines) // 2
            for part in (lines[:half], lines[half:]):
                self._put_lines(who, group, stream, part)

    def _logs(self, operation: str, who: str, parameters: dict[str, Any]) -> None:
        self.call("logs", operation, as_=who, **parameters)
