"""LookupEvents: the event history, which every account has without asking for it.

Source: CloudTrail User Guide, "Working with CloudTrail event history"; API Reference, LookupEvents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.services.cloudtrail.event import Event
from awsim.services.cloudtrail.history import events
from awsim.services.cloudtrail.insights import Insights
from awsim.services.cloudtrail.refusals import bad_token
from awsim.services.cloudtrail.vocabulary import DATA

# How often a run that varies AWS's decisions has the latest events missing.
_LATE_ODDS = 0.2

_TESTS: Mapping[str, Callable[[Event, str], bool]] = {
    "EventId": lambda event, value: event.id == value,
    "EventName": lambda event, value: event.name == value,
    "ReadOnly": lambda event, value: str(event.read_only).lower() == value,
    "Username": lambda event, value: event.user_name == value,
    "ResourceType": lambda event, value: any(one.type == value for one in event.resources),
    "ResourceName": lambda event, value: any(value in (one.name, one.arn) for one in event.resources),
    "EventSource": lambda event, value: event.source == value,
    "AccessKeyId": lambda event, value: event.access_key == value,
}


class LookUps(Insights):
    def lookup_events(
        self,
        LookupAttributes: Sequence[Mapping[str, str]] = (),
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        EventCategory: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        self.limits.rate("lookup-events", self.here, now=self.clock.time())
        if len(LookupAttributes) > 1:
            raise self.error(
                "InvalidLookupAttributesException", "You can specify only one attribute key-value pair per lookup."
            )
        now = self.clock.time()
        since = max(StartTime.timestamp() if StartTime else 0.0, now - self.limits["event-history"])
        until = min(EndTime.timestamp() if EndTime else now, now)
        if StartTime is not None and EndTime is not None and StartTime > EndTime:
            raise self.error("InvalidTimeRangeException", "The start time must be before the end time.")
        if EventCategory is not None:
            found = self.insight_events(self.here, since, until)
        else:
            found = self._management(since, min(until, now - self._lateness()))
        if LookupAttributes:
            wanted = LookupAttributes[0]
            test, value = _TESTS[wanted["AttributeKey"]], wanted["AttributeValue"]
            found = (event for event in found if test(event, value))
        return self._shown(found, MaxResults or int(self.limits["page-size"]), NextToken)

    def _management(self, since: float, until: float) -> Iterator[Event]:
        """Data events are never in the history."""
        for event in events(self.cloud, self.account, self.here, since, until):
            if event.category != DATA:
                yield event

    def _lateness(self) -> float:
        """Events are in the history some minutes after the call, not at once."""
        what = "did not show the latest events yet"
        late = self.choose("cloudtrail.late-events", (False, True), _LATE_ODDS, what)
        return self.limits.lag("event-history-lag") if late else 0.0

    def _shown(self, found: Iterator[Any], size: int, token: str | None) -> dict[str, Any]:
        """A page; a token is the id of the last event shown, below which the next page begins."""
        if token is not None:
            for event in found:
                if event.id == token:
                    break
            else:
                raise bad_token()
        page: list[Any] = []
        for event in found:
            if len(page) == size:
                return {"Events": [one.looked_up() for one in page], "NextToken": page[-1].id}
            page.append(event)
        return {"Events": [one.looked_up() for one in page]}
