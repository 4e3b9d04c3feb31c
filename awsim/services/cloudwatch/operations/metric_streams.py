"""Metric streams, which send metrics to Firehose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

from awsim.errors import AWSError
from awsim.services.cloudwatch.metric import Name
from awsim.services.cloudwatch.metric_streams import RUNNING, STOPPED, MetricStream
from awsim.services.cloudwatch.operations.insight_rules import InsightRuleOperations
from awsim.services.cloudwatch.refusals import bad_token, combination, invalid
from awsim.services.cloudwatch.statistics import statistic
from awsim.services.cloudwatch.store import Window
from awsim.state import Collection
from awsim.state.pages import listed
from awsim.state.tags import tag_map

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_FIREHOSE = re.compile(r"arn:[a-z-]+:firehose:[a-z0-9-]+:\d{12}:deliverystream/([A-Za-z0-9_.-]+)\Z")
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+\Z")


class MetricStreamOperations(InsightRuleOperations):
    metric_streams = Collection("metric stream", quota="metric-streams")

    def put_metric_stream(
        self,
        Name: str,
        FirehoseArn: str,
        RoleArn: str,
        OutputFormat: str,
        IncludeFilters: Sequence[Mapping[str, Any]] = (),
        ExcludeFilters: Sequence[Mapping[str, Any]] = (),
        Tags: Sequence[Mapping[str, str]] = (),
        StatisticsConfigurations: Sequence[Mapping[str, Any]] = (),
        IncludeLinkedAccountsMetrics: bool | None = None,
    ) -> dict[str, Any]:
        self._check_stream(Name, FirehoseArn, RoleArn, StatisticsConfigurations)
        if IncludeFilters and ExcludeFilters:
            raise combination("IncludeFilters and ExcludeFilters can not both be specified.")
        if OutputFormat != "json":
            self.not_modelled(f"metric streams in the format {OutputFormat}")
        now = self.clock.time()
        stream = self.metric_streams.get(Name)
        if stream is None:
            stream = MetricStream(Name, self.arn(f"metric-stream/{Name}"), now)
            stream.tags = stream.tags.with_(self, tag_map(Tags), invalid="InvalidParameterValue")
            self.metric_streams.add(stream)
            self.cloud.metering.listen()
        kept = {name: value for name, value in self.request.params.items() if name not in ("Name", "Tags")}
        stream.settings = kept
        stream.updated = now
        return {"Arn": stream.arn}

    def _check_stream(self, name: str, firehose: str, role: str, statistics: Sequence[Mapping[str, Any]]) -> None:
        if not _NAME.match(name):
            raise invalid(f"The value {name} for parameter Name is invalid.")
        if _FIREHOSE.match(firehose) is None:
            raise invalid(f"The value {firehose} for parameter FirehoseArn is invalid.")
        if _ROLE.match(role) is None:
            raise invalid(f"The value {role} for parameter RoleArn is invalid.")
        for one in statistics:
            for extra in one["AdditionalStatistics"]:
                if statistic(extra) is None:
                    raise invalid(f"The value {extra} for parameter AdditionalStatistics is invalid.")

    def get_metric_stream(self, Name: str) -> dict[str, Any]:
        stream = self.metric_streams.get(Name)
        if stream is None:
            raise self.error("ResourceNotFoundException", "", ResourceType="MetricStream", ResourceId=Name)
        return stream.described()

    def list_metric_streams(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        return listed(
            "Entries",
            self.metric_streams,
            MetricStream.listed,
            lambda stream: stream.name,
            NextToken,
            MaxResults or self.limits["metric-streams-page"],
            refusal=bad_token,
        )

    def delete_metric_stream(self, Name: str) -> None:
        stream = self.metric_streams.pop(Name, None)
        if stream is not None:
            self._stop(stream)

    def start_metric_streams(self, Names: Sequence[str]) -> None:
        for stream in self._streams(Names):
            if stream.state != RUNNING:
                stream.state = RUNNING
                self.cloud.metering.listen()

    def stop_metric_streams(self, Names: Sequence[str]) -> None:
        for stream in self._streams(Names):
            self._stop(stream)

    def _stop(self, stream: MetricStream) -> None:
        if stream.state == RUNNING:
            stream.state = STOPPED
            self.cloud.metering.rest()

    def _streams(self, names: Sequence[str]) -> list[MetricStream]:
        return [self.metric_streams.get(name) for name in names if name in self.metric_streams]

    # --- sending

    def touched(self, name: Name, unit: str, time: float) -> None:
        super().touched(name, unit, time)
        for stream in self.metric_streams:
            if stream.state == RUNNING and stream.takes(name):
                minute = floor(time / 60) * 60
                stream.waiting[name, unit, minute] = None
                if stream.job is None:
                    due = max(minute + 60, self.clock.time()) + self.limits.duration("metric-stream")
                    stream.job = self.at_time(due, "_send_stream", name=stream.name)

    def _send_stream(self, name: str) -> None:
        """Send the minutes that have new data; a Firehose stream that does not take them gets them no more."""
        stream = self.metric_streams.get(name)
        if stream is None:
            return
        stream.job = None
        waiting = list(stream.waiting)
        stream.waiting.clear()
        if stream.state != RUNNING:
            return
        text = "".join(self._lines(stream, waiting))
        match = _FIREHOSE.match(stream.settings["FirehoseArn"])
        if text and match is not None:
            try:
                self.call(
                    "firehose",
                    "PutRecord",
                    as_=stream.settings["RoleArn"],
                    source_arn_=stream.arn,
                    DeliveryStreamName=match[1],
                    Record={"Data": text.encode()},
                )
            except AWSError:
                return

    def _lines(self, stream: MetricStream, waiting: Sequence[tuple[Name, str, float]]) -> list[str]:
        now = self.clock.time()
        lines = []
        for name, unit, minute in waiting:
            window = Window(minute, minute + 60, 60, now)
            for summary in self.store.summaries((name,), unit, window, detailed=True).get(unit, {}).values():
                lines.append(stream.line(name, unit, minute, summary, self.account, self.region))
        return lines
