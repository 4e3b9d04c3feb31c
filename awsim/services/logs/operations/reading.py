"""Reading events: one stream's by GetLogEvents, a group's by FilterLogEvents.

Source: CloudWatch Logs API Reference, GetLogEvents and FilterLogEvents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import Any

from awsim.services.logs import tokens
from awsim.services.logs.group import LogGroup, LogStream, Stored, between, first_id
from awsim.services.logs.operations.writing import WritingOperations
from awsim.services.logs.patterns import Pattern, compiled
from awsim.services.logs.refusals import bad_token, invalid

_TOKEN = re.compile(r"([fb])/(\d{56,80})/s")
# How often a run that varies AWS's decisions has a page end before it is full.
_SHORT_ODDS = 0.05
# Events are listed newest first from this day on: API Reference, FilterLogEvents.
_BACKWARDS_SINCE = 1_704_067_200_000


class ReadingOperations(WritingOperations):
    # --- a stream

    def get_log_events(
        self,
        logStreamName: str,
        logGroupName: str | None = None,
        logGroupIdentifier: str | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        nextToken: str | None = None,
        limit: int | None = None,
        startFromHead: bool | None = None,
        unmask: bool | None = None,
    ) -> dict[str, Any]:
        group = self.either(logGroupName, logGroupIdentifier)
        self.standard(group)
        stream = self.stream(group, logStreamName)
        unmasked = self.check_unmask(group, unmask)
        _check_range(startTime, endTime)
        low = first_id(max(startTime or 0, self.cutoff(group)))
        high = first_id(endTime) if endTime is not None else None
        backwards = not startFromHead
        after = None
        if nextToken is not None:
            way, after = _place(nextToken)
            backwards = way == "b"
            if backwards:
                high = after if high is None else min(high, after)
            else:
                low = max(low, after + 1)
        found = self._page(between(stream.events, low, high, backwards=backwards), limit)
        if backwards:
            found.reverse()
        self.unseal(group, (event for _, event in found))
        first, last = self._ends(stream, found, after, low, high, backwards)
        return {
            "events": [
                {
                    "timestamp": event.timestamp,
                    "message": event.shown(unmasked=unmasked),
                    "ingestionTime": event.ingested,
                }
                for _, event in found
            ],
            "nextForwardToken": f"f/{last:056d}/s",
            "nextBackwardToken": f"b/{first:056d}/s",
        }

    def _ends(
        self, stream: LogStream, found: list[Stored], after: int | None, low: int, high: int | None, backwards: bool
    ) -> tuple[int, int]:
        """What the tokens of a page say: the ids before and after which to go on. Where there is nothing, the same
        token comes back."""
        if found:
            return found[0].id, found[-1].id
        if after is not None:
            return after, after
        # Nothing in the range: backwards from its end, forwards from its beginning.
        newest = stream.events.peekitem(-1)[0] if stream.events else 0
        start = low - 1 if low else 0
        return (newest if high is None else high), (min(start, newest) if backwards else start)

    def _page(self, events: Iterable[Stored], limit: int | None) -> list[Stored]:
        """As many events as a page takes."""
        most, room = self._size(limit)
        found: list[Stored] = []
        for stored in events:
            if len(found) >= most:
                break
            room -= stored.event.size
            if room < 0 and found:
                break
            found.append(stored)
        return found

    def _size(self, limit: int | None) -> tuple[float, float]:
        """How many events and bytes a page takes."""
        most, room = self.limits["page-events"], self.limits["page-bytes"]
        endless = float("inf")
        return min(limit or endless, most or endless), room or endless

    # --- a group

    def filter_log_events(
        self,
        logGroupName: str | None = None,
        logGroupIdentifier: str | None = None,
        logStreamNames: Sequence[str] = (),
        logStreamNamePrefix: str | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        filterPattern: str | None = None,
        nextToken: str | None = None,
        limit: int | None = None,
        startFromHead: bool | None = None,
        interleaved: bool | None = None,
        unmask: bool | None = None,
    ) -> dict[str, Any]:
        group = self.either(logGroupName, logGroupIdentifier)
        self.standard(group)
        if logStreamNames and logStreamNamePrefix is not None:
            raise invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
        _check_range(startTime, endTime)
        pattern = self.pattern(filterPattern or "")
        unmasked = self.check_unmask(group, unmask)
        backwards = startFromHead is False
        low = first_id(max(startTime or 0, self.cutoff(group)))
        high = first_id(endTime + 1) if endTime is not None else None
        if nextToken is not None:
            way, place = _filter_place(nextToken)
            backwards = way == "b"
            low, high = (low, place) if backwards else (max(low, place), high)
        elif backwards and (startTime or 0) < _BACKWARDS_SINCE:
            raise invalid("startFromHead can be false only if startTime is on or after Jan 1, 2024 00:00:00 UTC.")
        events = self._of_streams(group, logStreamNames, logStreamNamePrefix, low, high, backwards)
        found, rest = self._matching(group, events, pattern, limit, backwards)
        self.unseal(group, (event for _, event in found))
        answer: dict[str, Any] = {
            "events": [
                {
                    "logStreamName": event.stream,
                    "timestamp": event.timestamp,
                    "message": event.shown(unmasked=unmasked),
                    "ingestionTime": event.ingested,
                    "eventId": str(id),
                }
                for id, event in found
            ],
            "searchedLogStreams": [],
        }
        if rest is not None:
            answer["nextToken"] = tokens.written("events", f"{'b' if backwards else 'f'}{rest}")
        return answer

    def _of_streams(
        self, group: LogGroup, names: Sequence[str], prefix: str | None, low: int, high: int | None, backwards: bool
    ) -> Iterator[Stored]:
        """Events of some streams of a group, or of all, in order."""
        if names:
            streams = [self.stream(group, name) for name in dict.fromkeys(names)]
        elif prefix is not None:
            streams = []
            for name in group.streams.irange(prefix, None):
                if not name.startswith(prefix):
                    break
                streams.append(group.streams[name])
        else:
            return between(group.events, low, high, backwards=backwards)
        return merge(*(between(stream.events, low, high, backwards=backwards) for stream in streams), reverse=backwards)

    def _matching(
        self, group: LogGroup, events: Iterator[Stored], pattern: Pattern, limit: int | None, backwards: bool
    ) -> tuple[list[Stored], int | None]:
        """A page of events that match, and where the next one begins (an id; backwards: ends), None after the last."""
        most, room = self._size(limit)
        found: list[Stored] = []
        for stored in events:
            if not pattern.matches(stored.event.message):
                continue
            room -= stored.event.size
            full = len(found) >= most or (room < 0 and bool(found))
            if full or (found and self._short(group)):
                return found, stored.id + 1 if backwards else stored.id
            found.append(stored)
        return found, None

    def _short(self, group: LogGroup) -> bool:
        return self.choose(
            "logs.short-page", (False, True), _SHORT_ODDS, f"a page of {group.name} ended before it was full"
        )

    # --- patterns

    def pattern(self, text: str) -> Pattern:
        """A filter pattern; raises InvalidParameterException for one that is none."""
        self.limits.check("pattern-length", len(text))
        found = compiled(text)
        self.limits.check("pattern-regexes", found.regexes)
        return found

    def test_metric_filter(self, filterPattern: str, logEventMessages: Sequence[str]) -> dict[str, Any]:
        pattern = self.pattern(filterPattern)
        matches = []
        for number, message in enumerate(logEventMessages, 1):
            values = pattern.extract(message)
            if values is not None:
                matches.append({"eventNumber": number, "eventMessage": message, "extractedValues": values})
        return {"matches": matches}


def _check_range(start: int | None, end: int | None) -> None:
    if start is not None and end is not None and start > end:
        raise invalid("End time should be greater than start time")


def _place(token: str) -> tuple[str, int]:
    """Direction and id of a token of GetLogEvents."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise bad_token()
    return found[1], int(found[2])


def _filter_place(token: str) -> tuple[str, int]:
    place = tokens.read("events", token)
    if place[:1] not in ("f", "b") or not place[1:].isdecimal():
        raise bad_token()
    return place[0], int(place[1:])
