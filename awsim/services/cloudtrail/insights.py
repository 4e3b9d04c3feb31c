"""Insights: bursts of write calls, and of errors, against what was normal; found in the journal when somebody asks.

What is unusual AWS does not say in numbers. Here: a minute with at least `_LEAST` calls, and `_FACTOR` times as many as
the busiest minute of the baseline had. Sources: CloudTrail User Guide, "Working with CloudTrail Insights" and the
record contents for Insights events for trails.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

from awsim.services.cloudtrail.base import Base
from awsim.services.cloudtrail.event import Event
from awsim.services.cloudtrail.history import events
from awsim.services.cloudtrail.identities import iso
from awsim.services.cloudtrail.refusals import combination, invalid, no_insights
from awsim.services.cloudtrail.trail import Trail
from awsim.services.cloudtrail.vocabulary import INSIGHT, MANAGEMENT

CALLS, ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"
_LEAST, _FACTOR = 5, 5
_MINUTE = 60
_NONE = "null"


class _Subject(NamedTuple):
    """What is counted: calls of an API, or its errors of one code."""

    type: str
    source: str
    name: str
    error: str


class InsightEvent:
    """One end of a burst, in the place of an `Event`."""

    category = INSIGHT
    access_key = None
    user_name = None
    resources: Sequence[Any] = ()
    read_only = False

    def __init__(
        self,
        account: str,
        region: str,
        subject: _Subject,
        state: str,
        time: float,
        shared: str,
        context: dict[str, Any],
    ) -> None:
        self.account, self.region, self.state, self.time = account, region, state, time
        self.source, self.name = subject.source, subject.name
        self._subject, self._shared, self._context = subject, shared, context

    @property
    def id(self) -> str:
        return _uuid(f"{self._shared}/{self.state}")

    @cached_property
    def record(self) -> dict[str, Any]:
        details: dict[str, Any] = {
            "state": self.state,
            "eventSource": self.source,
            "eventName": self.name,
            "insightType": self._subject.type,
            "insightContext": self._context,
        }
        if self._subject.error:
            details["errorCode"] = self._subject.error
        return {
            "eventVersion": "1.09",
            "eventTime": iso(self.time),
            "awsRegion": self.region,
            "eventID": self.id,
            "eventType": "AwsCloudTrailInsight",
            "recipientAccountId": self.account,
            "sharedEventID": self._shared,
            "insightDetails": details,
            "eventCategory": INSIGHT,
        }

    @property
    def text(self) -> str:
        return json.dumps(self.record, separators=(",", ":"))

    def looked_up(self) -> dict[str, Any]:
        return {
            "EventId": self.id,
            "EventName": self.name,
            "ReadOnly": "false",
            "EventTime": self.time,
            "EventSource": self.source,
            "Resources": [],
            "CloudTrailEvent": self.text,
        }


class Insights(Base):
    # --- what is watched

    def put_insight_selectors(
        self,
        InsightSelectors: Sequence[Mapping[str, Any]],
        TrailName: str | None = None,
        EventDataStore: str | None = None,
        InsightsDestination: str | None = None,
    ) -> dict[str, Any]:
        if EventDataStore is not None or InsightsDestination is not None:
            self.not_modelled("Insights of event data stores")
        trail = self.trail(_one(TrailName), own=True)
        kinds = [selector.get("InsightType") for selector in InsightSelectors]
        if None in kinds or len(set(kinds)) != len(kinds):
            raise self.error("InvalidInsightSelectorsException", "The Insights selectors are not valid.")
        for selector in InsightSelectors:
            if set(selector.get("EventCategories") or (MANAGEMENT,)) != {MANAGEMENT}:
                self.not_modelled("Insights on data events")
        if InsightSelectors and not trail.insights:
            trail.insights_since = self.clock.time()
        trail.insights = tuple(InsightSelectors)
        return {"TrailARN": trail.arn, "InsightSelectors": list(trail.insights)}

    def get_insight_selectors(self, TrailName: str | None = None, EventDataStore: str | None = None) -> dict[str, Any]:
        if EventDataStore is not None:
            self.not_modelled("Insights of event data stores")
        trail = self.trail(_one(TrailName))
        if not trail.insights:
            raise no_insights(trail.arn)
        return {"TrailARN": trail.arn, "InsightSelectors": list(trail.insights)}

    def list_insights_data(
        self,
        InsightSource: str,
        DataType: str,
        Dimensions: Mapping[str, str] | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        trail = self.trail(InsightSource)
        if not trail.insights:
            raise no_insights(trail.arn)
        now = self.clock.time()
        since = StartTime.timestamp() if StartTime else now - self.limits["event-history"]
        found = self._bursts(trail, self.here, since, EndTime.timestamp() if EndTime else now)
        for name, value in (Dimensions or {}).items():
            attribute = {"EventId": "id", "EventName": "name", "EventSource": "source"}.get(name)
            if attribute is None:
                raise invalid(f"The dimension {name} is not valid.")
            found = [one for one in found if getattr(one, attribute) == value]

        def key(one: InsightEvent) -> str:
            return f"{one.time:012.0f}/{one.id}"

        return self.page("Events", found, InsightEvent.looked_up, key, NextToken, MaxResults)

    def list_insights_metric_data(
        self,
        EventSource: str,
        EventName: str,
        InsightType: str,
        ErrorCode: str | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        Period: int | None = None,
        DataType: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        """How many calls, or errors, there were in each period."""
        now, period = self.clock.time(), Period or _MINUTE
        until = EndTime.timestamp() if EndTime else now
        since = StartTime.timestamp() if StartTime else now - float(self.limits["metric-data"])
        if (ErrorCode is None) is (InsightType == ERRORS):
            raise invalid("An error code is needed for ApiErrorRateInsight, and for nothing else.")
        if since > until:
            raise invalid("The start time must be before the end time.")
        counted: Counter[int] = Counter()
        for event in events(self.cloud, self.account, self.here, since, until):
            if (event.source, event.name) == (EventSource, EventName) and ErrorCode in (None, event.error_code):
                counted[int(event.time // period) * period] += 1
        if DataType == "FillWithZeros":
            most = int(self.limits["metric-values"])
            first = int(since // period) * period
            for start in range(first, min(int(until) + 1, first + most * period), period):
                counted.setdefault(start, 0)

        def key(one: tuple[int, int]) -> str:
            return f"{one[0]:012d}"

        page = self.page("Points", counted.items(), list, key, NextToken, MaxResults)
        points = page.pop("Points")
        shown = {"EventSource": EventSource, "EventName": EventName, "InsightType": InsightType, "ErrorCode": ErrorCode}
        return {
            **shown,
            **page,
            "Timestamps": [float(time) for time, _ in points],
            "Values": [float(value) for _, value in points],
        }

    # --- what is found

    def insight_events(self, region: str, since: float, until: float) -> Iterator[Any]:
        """Both ends of the bursts in a region, newest first."""
        found = {}
        for trail in self.visible(region):
            if trail.insights and trail.logging:
                for one in self._bursts(trail, region, since, until):
                    found[one.id] = one
        yield from sorted(found.values(), key=lambda one: (one.time, one.state == "End"), reverse=True)

    def _bursts(self, trail: Trail, region: str, since: float, until: float) -> list[InsightEvent]:
        kinds = {selector["InsightType"] for selector in trail.insights}
        begun = (trail.insights_since or 0.0) + self.limits.duration("insight-training")
        baseline = float(self.limits["insight-baseline"])
        counted: dict[_Subject, dict[int, list[Event]]] = {}
        for event in events(self.cloud, self.account, region, max(since, begun) - baseline, until):
            if event.category == MANAGEMENT and trail.covers(event):
                for subject in _subjects(event, kinds):
                    counted.setdefault(subject, {}).setdefault(int(event.time // _MINUTE), []).append(event)
        found: list[InsightEvent] = []
        for subject, minutes in counted.items():
            for start, end, average in _unusual(minutes, int(baseline // _MINUTE)):
                if start * _MINUTE >= max(since, begun) - _MINUTE:
                    found += self._ends(subject, minutes, start, end, average, region, until)
        return found

    def _ends(
        self,
        subject: _Subject,
        minutes: Mapping[int, Sequence[Event]],
        start: int,
        end: int,
        average: float,
        region: str,
        until: float,
    ) -> Iterator[InsightEvent]:
        shared = _uuid(f"{self.cloud.seed}/{self.account}/{region}/{subject}/{start}")
        length = int(self.limits["insight-baseline"]) // _MINUTE
        before = [event for minute, some in minutes.items() if minute < start for event in some]
        for state, last in (("Start", start + 1), ("End", end)):
            during = [event for minute in range(start, last) for event in minutes.get(minute, ())]
            context = {
                "statistics": {
                    "baseline": {"average": round(average, 10)},
                    "insight": {"average": round(len(during) / (last - start), 10)},
                    "insightDuration": last - start,
                    "baselineDuration": length,
                },
                "attributions": _attributions(during, last - start, before, length),
            }
            when = float((start if state == "Start" else end) * _MINUTE)
            if when <= until:
                yield InsightEvent(self.account, region, subject, state, when, shared, context)


def _one(name: str | None) -> str:
    if name is None:
        raise combination("Specify a trail or an event data store.")
    return name


def _subjects(event: Event, kinds: set[str]) -> Iterator[_Subject]:
    """Call rates are of write calls only, error rates of all."""
    if CALLS in kinds and not event.read_only:
        yield _Subject(CALLS, event.source, event.name, "")
    if ERRORS in kinds and event.error_code is not None:
        yield _Subject(ERRORS, event.source, event.name, event.error_code)


def _unusual(minutes: Mapping[int, Sequence[Event]], length: int) -> Iterator[tuple[int, int, float]]:
    """Bursts: first minute, the one after the last, and the average of the minutes of the baseline before."""
    bursts: set[int] = set()
    for start in sorted(minutes):
        if start in bursts:
            continue
        before = [
            len(some) for minute, some in minutes.items() if start - length <= minute < start and minute not in bursts
        ]
        floor = max(_LEAST, _FACTOR * max(before, default=0))
        if len(minutes[start]) < floor:
            continue
        end = start + 1
        while len(minutes.get(end, ())) >= floor:
            end += 1
        bursts.update(range(start, end))
        yield start, end, sum(before) / length


def _attributions(during: Sequence[Event], minutes: int, before: Sequence[Event], length: int) -> list[dict[str, Any]]:
    """Who made the calls, with what and with which errors; then and before."""
    readings = {
        "userIdentityArn": lambda event: event.identity.get("arn", _NONE),
        "userAgent": lambda event: event.record["userAgent"],
        "errorCode": lambda event: event.error_code or _NONE,
    }
    return [
        {
            "attribute": name,
            "insight": _averages(during, reading, minutes),
            "baseline": _averages(before, reading, length),
        }
        for name, reading in readings.items()
    ]


def _averages(events: Sequence[Event], reading: Any, minutes: int) -> list[dict[str, Any]]:
    counted = Counter(reading(event) for event in events)
    return [{"value": value, "average": round(count / minutes, 10)} for value, count in counted.most_common(5)]


def _uuid(text: str) -> str:
    found = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{found[:8]}-{found[8:12]}-4{found[13:16]}-a{found[17:20]}-{found[20:]}"
