"""Logs Insights: queries that run, their results, and those that are saved.

Source: CloudWatch Logs API Reference, StartQuery and GetQueryResults; User Guide, "Analyzing log data with CloudWatch
Logs Insights".
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awsim.services.logs import tokens
from awsim.services.logs.group import DELIVERY, Event, LogGroup, Stored, between, first_id
from awsim.services.logs.insights import fields
from awsim.services.logs.insights.commands import Query, parsed
from awsim.services.logs.insights.fields import Row
from awsim.services.logs.insights.values import text
from awsim.services.logs.operations.exports import ExportOperations
from awsim.services.logs.refusals import bad_token, invalid, missing
from awsim.state import Dict, Entity, Lifecycle
from awsim.state.pages import number

_ACTIVE = ("Scheduled", "Running")
_CWLI = "CWLI"
# Minutes before and after the time that GetLogGroupFields is asked about, or before now.
_AROUND, _RECENT = 480_000, 900_000


class RunningQuery(Entity):
    """A query that was started; `rows` are its results once it is complete."""

    __slots__ = (
        "created", "groups", "id", "key", "lifecycle", "number", "rows", "statistics", "text", "who",
    )  # fmt: skip

    def __init__(self, id: str, number: int, text: str, groups: tuple[LogGroup, ...], created: int, who: str) -> None:
        self.id = id
        self.number = number
        self.text = text
        self.groups = groups
        self.created = created
        self.who = who
        self.key: str | None = None
        self.rows: tuple[list[dict[str, str]], ...] = ()
        self.statistics: Mapping[str, float] = {}
        self.lifecycle: Lifecycle

    @property
    def status(self) -> str:
        return self.lifecycle.state

    def described(self) -> dict[str, Any]:
        return {
            "queryLanguage": _CWLI,
            "queryId": self.id,
            "queryString": self.text,
            "status": self.status,
            "createTime": self.created,
            "logGroupName": self.groups[0].name if len(self.groups) == 1 else None,
            "bytesScanned": self.statistics["bytesScanned"],
            "userIdentity": self.who,
        }


class SavedQuery(Entity):
    """A query definition."""

    __slots__ = ("groups", "id", "language", "modified", "name", "parameters", "text")

    def __init__(self, id: str) -> None:
        self.id = id
        self.name = ""
        self.text = ""
        self.language = _CWLI
        self.groups: tuple[str, ...] = ()
        self.parameters: tuple[Mapping[str, str], ...] = ()
        self.modified = 0

    def described(self) -> dict[str, Any]:
        return {
            "queryLanguage": self.language,
            "queryDefinitionId": self.id,
            "name": self.name,
            "queryString": self.text,
            "lastModified": self.modified,
            "logGroupNames": list(self.groups),
            "parameters": [dict(each) for each in self.parameters] or None,
        }


class QueryOperations(ExportOperations):
    def setup(self) -> None:
        super().setup()
        self.queries = Dict()  # id -> RunningQuery
        self.definitions = Dict()  # id -> SavedQuery

    # --- running

    def start_query(
        self,
        startTime: int,
        endTime: int,
        queryString: str,
        queryLanguage: str | None = None,
        logGroupName: str | None = None,
        logGroupNames: Sequence[str] = (),
        logGroupIdentifiers: Sequence[str] = (),
        limit: int | None = None,
    ) -> dict[str, Any]:
        if queryLanguage not in (None, _CWLI):
            self.not_modelled(f"queries in {queryLanguage}")
        groups = self._queried(logGroupName, logGroupNames, logGroupIdentifiers)
        if startTime > endTime:
            raise invalid("End time should not be before start time.")
        query = parsed(queryString, self.lookup_rows)
        if query.unmasked:
            for group in groups:
                self.check_unmask(group, True)
        active = sum(each.status in _ACTIVE for each in self.queries.values())
        self.limits.quota("running-queries", active)
        running = RunningQuery(
            self.ids.uuid("query"), len(self.queries) + 1, queryString, groups, self.now, self.caller.arn
        )
        steps = [("Scheduled", "query-scheduled"), ("Running", "query-running"), ("Complete", None)]
        running.lifecycle = Lifecycle(self, steps)
        running.key = self.result_keys.get("query-result")
        self._run(running, query, startTime * 1000, (endTime + 1) * 1000, limit)
        self.queries[running.id] = running
        return {"queryId": running.id}

    def _queried(self, name: str | None, names: Sequence[str], identifiers: Sequence[str]) -> tuple[LogGroup, ...]:
        given = [each for each in ([name] if name else [], names, identifiers) if each]
        if len(given) != 1:
            raise invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.")
        self.limits.check("queried-groups", len(given[0]))
        groups = tuple(dict.fromkeys(self.group_by(each) for each in given[0]))
        if any(group.kind == DELIVERY for group in groups):
            raise invalid(f"Log groups of class {DELIVERY} cannot be queried.")
        return groups

    def _run(self, running: RunningQuery, query: Query, start: int, end: int, limit: int | None) -> None:
        scanned = size = 0
        rows: list[Row] = []
        for group in running.groups:
            group.expire(self.cutoff(group))
            found = list(between(group.events, first_id(start), first_id(end), backwards=True))
            self.unseal(group, (each.event for each in found))
            rows += self._rows(group, found, unmasked=query.unmasked)
            scanned += len(found)
            size += sum(each.event.size for each in found)
        if len(running.groups) > 1:
            rows.sort(key=lambda row: row.get("@timestamp"), reverse=True)
        result, matched = query.run(rows)
        default = query.limit or limit or self.limits["query-results"]
        running.rows = tuple(query.cells(row) for row in result[: int(default)])
        running.statistics = {
            "recordsMatched": float(matched),
            "recordsScanned": float(scanned),
            "estimatedRecordsSkipped": 0.0,
            "bytesScanned": float(size),
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": float(len(running.groups)),
            "resultCount": float(len(running.rows)),
        }

    def _rows(self, group: LogGroup, found: Sequence[Stored], *, unmasked: bool = False) -> Iterator[Row]:
        most = self.limits["json-fields"]
        for stored in found:
            system = fields.system(self.account, self.region, group.name, stored, _pointer(group, stored.id))
            message = stored.event.shown(unmasked=True) if unmasked else self.transformed(group, stored.event)
            yield Row(stored, message, system, most)

    def get_query_results(
        self, queryId: str, nextToken: str | None = None, maxItems: int | None = None
    ) -> dict[str, Any]:
        query = self._query(queryId)
        place = f"results of {queryId}"
        start = 0
        if nextToken is not None:
            at = tokens.read(place, nextToken)
            if not at.isdecimal():
                raise bad_token()
            start = int(at)
        done = query.status == "Complete"
        size = maxItems or int(self.limits["query-page"])
        rows = query.rows[start : start + size] if done else ()
        answer: dict[str, Any] = {
            "queryLanguage": _CWLI,
            "results": list(rows),
            "statistics": dict(query.statistics) if done else dict.fromkeys(query.statistics, 0.0),
            "status": query.status,
            "encryptionKey": query.key,
        }
        if done and start + size < len(query.rows):
            answer["nextToken"] = tokens.written(place, str(start + size))
        return answer

    def rows_of(self, id: str) -> tuple[list[dict[str, str]], ...]:
        """The results of a query."""
        return self._query(id).rows

    def _query(self, id: str) -> RunningQuery:
        found: RunningQuery | None = self.queries.get(id)
        life = self.limits["query-results-life"]
        if found is None or (life is not None and self.now > found.created + life * 1000):
            raise missing("The specified query does not exist.")
        return found

    def stop_query(self, queryId: str) -> dict[str, Any]:
        query = self._query(queryId)
        if query.status not in _ACTIVE:
            raise invalid("The specified query has already ended.")
        query.lifecycle = Lifecycle.settled(self, "Cancelled")
        return {"success": True}

    def describe_queries(
        self,
        logGroupName: str | None = None,
        status: str | None = None,
        maxResults: int | None = None,
        nextToken: str | None = None,
        queryLanguage: str | None = None,
    ) -> dict[str, Any]:
        if logGroupName is not None:
            self.group(logGroupName)
        found = [
            query
            for query in self.queries.values()
            if status in (None, query.status)
            and queryLanguage in (None, _CWLI)
            and (logGroupName is None or any(group.name == logGroupName for group in query.groups))
        ]
        # The latest first.
        return self.listing(
            "queries",
            found,
            RunningQuery.described,
            lambda query: number(10**9 - query.number),
            nextToken,
            maxResults or int(self.limits["query-definitions"]),
        )

    def list_log_groups_for_query(
        self, queryId: str, nextToken: str | None = None, maxResults: int | None = None
    ) -> dict[str, Any]:
        groups = self._query(queryId).groups
        size = maxResults or int(self.limits["queried-groups"] or len(groups))
        return self.listing(
            "logGroupIdentifiers", groups, lambda group: group.arn, lambda group: group.name, nextToken, size
        )

    # --- single events, and what fields there are

    def get_log_record(self, logRecordPointer: str, unmask: bool | None = None) -> dict[str, Any]:
        group, id = self._pointed(logRecordPointer)
        event: Event | None = group.events.get(id)
        if event is None:
            raise missing("The specified log record does not exist.")
        unmasked = self.check_unmask(group, unmask)
        self.unseal(group, [event])
        (row,) = self._rows(group, [Stored(id, event)], unmasked=unmasked)
        record = {name: text(value) for name, value in row.discovered().items()}
        record |= {
            "@message": row.message,
            "@timestamp": str(event.timestamp),
            "@ingestionTime": str(event.ingested),
            "@logStream": event.stream,
            "@log": f"{self.account}:{group.name}",
            "@ptr": logRecordPointer,
        }
        return {"logRecord": record}

    def _pointed(self, pointer: str) -> tuple[LogGroup, int]:
        """The group and the id behind a @ptr."""
        try:
            name, _, id = urlsafe_b64decode(pointer.encode()).decode().partition("\n")
            return self.group(name), int(id)
        except ValueError:
            raise invalid("The specified logRecordPointer is not valid.") from None

    def get_log_group_fields(
        self, logGroupName: str | None = None, time: int | None = None, logGroupIdentifier: str | None = None
    ) -> dict[str, Any]:
        group = self.either(logGroupName, logGroupIdentifier)
        # Seconds, says the API; those who give milliseconds mean what they say.
        middle = None if time is None else time * 1000 if time < 10**11 else time
        start, end = (self.now - _RECENT, self.now) if middle is None else (middle - _AROUND, middle + _AROUND)
        low = first_id(max(start, self.cutoff(group), 0))
        found = list(between(group.events, low, first_id(max(end, 0) + 1)))
        counts: dict[str, int] = {}
        for row in self._rows(group, found):
            for name in ("@ingestionTime", "@log", "@logStream", "@message", "@timestamp", *row.discovered()):
                counts[name] = counts.get(name, 0) + 1
        shares = sorted((-round(100 * count / len(found)), name) for name, count in counts.items())
        shown = [{"name": name, "percent": -share} for share, name in shares]
        return {"logGroupFields": shown[: int(self.limits["discovered-fields"] or len(shown))]}

    # --- saved queries

    def put_query_definition(
        self,
        name: str,
        queryString: str,
        queryLanguage: str | None = None,
        queryDefinitionId: str | None = None,
        logGroupNames: Sequence[str] = (),
        clientToken: str | None = None,
        parameters: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if queryDefinitionId is None:
            self.limits.quota("query-definitions", len(self.definitions))
            definition = SavedQuery(self.ids.uuid("definition"))
            self.definitions[definition.id] = definition
        else:
            definition = self._definition(queryDefinitionId)
        definition.name, definition.text = name, queryString
        definition.language = queryLanguage or _CWLI
        definition.groups, definition.parameters = tuple(logGroupNames), tuple(parameters)
        definition.modified = self.now
        return {"queryDefinitionId": definition.id}

    def _definition(self, id: str) -> SavedQuery:
        found: SavedQuery | None = self.definitions.get(id)
        if found is None:
            raise missing("The specified query definition does not exist.")
        return found

    def describe_query_definitions(
        self,
        queryLanguage: str | None = None,
        queryDefinitionNamePrefix: str | None = None,
        maxResults: int | None = None,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            definition
            for definition in self.definitions.values()
            if definition.name.startswith(queryDefinitionNamePrefix or "")
            and queryLanguage in (None, definition.language)
        ]
        size = maxResults or int(self.limits["query-definitions"] or len(found) or 1)
        return self.listing(
            "queryDefinitions", found, SavedQuery.described, lambda each: f"{each.name}\n{each.id}", nextToken, size
        )

    def delete_query_definition(self, queryDefinitionId: str) -> dict[str, Any]:
        self._definition(queryDefinitionId)
        del self.definitions[queryDefinitionId]
        return {"success": True}


def _pointer(group: LogGroup, id: int) -> str:
    return urlsafe_b64encode(f"{group.name}\n{id}".encode()).decode()
