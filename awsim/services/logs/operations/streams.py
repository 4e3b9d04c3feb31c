"""Log streams: made, described, deleted.

Source: CloudWatch Logs API Reference.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from awsim.services.logs import tokens
from awsim.services.logs.group import LogGroup, LogStream
from awsim.services.logs.operations.groups import GroupOperations
from awsim.services.logs.refusals import bad_token, exists, invalid


class StreamOperations(GroupOperations):
    def create_log_stream(self, logGroupName: str, logStreamName: str) -> None:
        group = self.group(logGroupName)
        if logStreamName in group.streams:
            raise exists("The specified log stream already exists")
        group.add(LogStream(logStreamName, f"{group.arn}:log-stream:{logStreamName}", self.now))

    def delete_log_stream(self, logGroupName: str, logStreamName: str) -> None:
        group = self.group(logGroupName)
        stream = self.stream(group, logStreamName)
        self.check_unprotected(group)
        group.remove(stream)

    def describe_log_streams(
        self,
        logGroupName: str | None = None,
        logGroupIdentifier: str | None = None,
        logStreamNamePrefix: str | None = None,
        orderBy: str | None = None,
        descending: bool | None = None,
        nextToken: str | None = None,
        limit: int | None = None,
    ) -> dict[str, Any]:
        group = self.either(logGroupName, logGroupIdentifier)
        group.expire(self.cutoff(group))
        if orderBy == "LastEventTime":
            if logStreamNamePrefix is not None:
                raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
            return self._by_time(group, nextToken, limit, bool(descending))
        return self.page_of(
            "logStreams",
            group.streams,
            LogStream.described,
            nextToken,
            limit,
            prefix=logStreamNamePrefix or "",
            descending=bool(descending),
        )

    def _by_time(self, group: LogGroup, token: str | None, size: int | None, descending: bool) -> dict[str, Any]:
        size = size or int(self.limits["page-size"])
        start: tuple[int, str] | None = None
        if token is not None:
            time, _, name = tokens.read("by time", token).partition(" ")
            if not time.isdecimal():
                raise bad_token()
            start = (int(time), name)
        low, high = (None, start) if descending else (start, None)
        found = list(islice(group.recent.irange(low, high, (False, False), reverse=descending), size + 1))
        page: dict[str, Any] = {"logStreams": [group.streams[name].described() for _, name in found[:size]]}
        if len(found) > size:
            time, name = found[size - 1]
            page["nextToken"] = tokens.written("by time", f"{time} {name}")
        return page
