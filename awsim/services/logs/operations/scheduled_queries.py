"""Scheduled queries: run by a role at the times of a schedule, their results put into a bucket or a lookup table.

Source: CloudWatch Logs API Reference, CreateScheduledQuery.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.errors import AWSError
from awsim.eventing import schedules
from awsim.services.logs.insights.commands import parsed
from awsim.services.logs.names import check_role_arn
from awsim.services.logs.operations.lookups import LookupOperations
from awsim.services.logs.refusals import missing, refused
from awsim.state import Collection, Entity, List, Tags
from awsim.state.pages import number

Settings = Mapping[str, Any]


class ScheduledQuery(Entity):
    """`settings`: what the caller gave; `runs`: what became of its runs; `job`: the next of them."""

    __slots__ = ("arn", "created", "job", "last", "name", "runs", "settings", "tags", "updated")

    def __init__(self, name: str, arn: str, created: int) -> None:
        self.name = name
        self.arn = arn
        self.created = self.updated = created
        self.settings: Settings = {}
        self.tags = Tags()
        self.runs = List()  # of triggerHistory's members
        self.last: tuple[int, str] | None = None  # when it ran last, and how that ended
        self.job: int | None = None

    def described(self) -> dict[str, Any]:
        shown = {
            "scheduledQueryArn": self.arn,
            "name": self.name,
            "scheduleType": "CUSTOMER_MANAGED",
            "creationTime": self.created,
            "lastUpdatedTime": self.updated,
            **self.settings,
        }
        if self.last is not None:
            shown["lastTriggeredTime"], shown["lastExecutionStatus"] = self.last
        return shown

    def listed(self) -> dict[str, Any]:
        shown = self.described()
        for name in (
            "description", "queryLanguage", "queryString", "logGroupIdentifiers", "startTimeOffset", "endTimeOffset",
            "scheduleStartTime", "scheduleEndTime", "executionRoleArn",
        ):  # fmt: skip
            shown.pop(name, None)
        return shown


class ScheduledQueryOperations(LookupOperations):
    scheduled = Collection("scheduled query", quota="scheduled-queries")

    def create_scheduled_query(
        self,
        name: str,
        queryLanguage: str,
        queryString: str,
        scheduleExpression: str,
        executionRoleArn: str,
        description: str | None = None,
        logGroupIdentifiers: Sequence[str] | None = None,
        timezone: str | None = None,
        startTimeOffset: int | None = None,
        endTimeOffset: int | None = None,
        destinationConfiguration: Settings | None = None,
        scheduleStartTime: int | None = None,
        scheduleEndTime: int | None = None,
        state: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if name in self.scheduled:
            raise AWSError("ConflictException", f"A scheduled query with the name {name} exists already.")
        new_tags = self.new_tags(tags)
        settings = self._settings(
            queryLanguage,
            queryString,
            scheduleExpression,
            executionRoleArn,
            description=description,
            logGroupIdentifiers=logGroupIdentifiers,
            timezone=timezone,
            startTimeOffset=startTimeOffset,
            endTimeOffset=endTimeOffset,
            destinationConfiguration=destinationConfiguration,
            scheduleStartTime=scheduleStartTime,
            scheduleEndTime=scheduleEndTime,
            state=state,
        )
        query = ScheduledQuery(name, self.arn(f"scheduled-query:{self.ids.uuid('scheduled-query')}"), self.now)
        query.settings, query.tags = settings, new_tags
        self.scheduled.add(query)
        self.named[query.arn] = query
        self._wind(query)
        return {"scheduledQueryArn": query.arn, "state": settings["state"]}

    def update_scheduled_query(
        self,
        identifier: str,
        queryLanguage: str,
        queryString: str,
        scheduleExpression: str,
        executionRoleArn: str,
        description: str | None = None,
        logGroupIdentifiers: Sequence[str] | None = None,
        timezone: str | None = None,
        startTimeOffset: int | None = None,
        endTimeOffset: int | None = None,
        destinationConfiguration: Settings | None = None,
        scheduleStartTime: int | None = None,
        scheduleEndTime: int | None = None,
        state: str | None = None,
    ) -> dict[str, Any]:
        query = self._scheduled(identifier)
        query.settings = self._settings(
            queryLanguage,
            queryString,
            scheduleExpression,
            executionRoleArn,
            description=description,
            logGroupIdentifiers=logGroupIdentifiers,
            timezone=timezone,
            startTimeOffset=startTimeOffset,
            endTimeOffset=endTimeOffset,
            destinationConfiguration=destinationConfiguration,
            scheduleStartTime=scheduleStartTime,
            scheduleEndTime=scheduleEndTime,
            state=state,
        )
        query.updated = self.now
        self._wind(query)
        return query.described()

    def _settings(self, language: str, text: str, schedule: str, role: str, **more: Any) -> dict[str, Any]:
        """Checked settings."""
        if language != "CWLI":
            self.not_modelled(f"queries in {language}")
        try:
            check_role_arn(role)
            parsed(text)
        except AWSError as error:
            if error.code == "NotImplemented":
                raise
            raise refused(error.message) from None
        zone = more.get("timezone") or "UTC"
        try:
            schedules.parse(schedule)
            ZoneInfo(zone)
        except (schedules.ScheduleError, ZoneInfoNotFoundError, ValueError):
            raise refused("The schedule expression or the time zone is not valid.") from None
        given = {name: value for name, value in more.items() if value is not None}
        return {
            **given,
            "queryLanguage": language,
            "queryString": text,
            "scheduleExpression": schedule,
            "executionRoleArn": role,
            "timezone": zone,
            "state": more.get("state") or "ENABLED",
        }

    def _scheduled(self, identifier: str) -> ScheduledQuery:
        """By name or ARN."""
        found = self.named.get(identifier) if identifier.startswith("arn:") else self.scheduled.get(identifier)
        if not isinstance(found, ScheduledQuery):
            raise missing("The specified scheduled query does not exist.")
        return found

    def get_scheduled_query(self, identifier: str) -> dict[str, Any]:
        return self._scheduled(identifier).described()

    def delete_scheduled_query(self, identifier: str) -> dict[str, Any]:
        query = self._scheduled(identifier)
        if query.job is not None:
            self.cancel(query.job)
        self.scheduled.remove(query.name)
        del self.named[query.arn]
        return {}

    def list_scheduled_queries(
        self,
        maxResults: int | None = None,
        nextToken: str | None = None,
        state: str | None = None,
        scheduleType: str | None = None,
    ) -> dict[str, Any]:
        found = [
            query
            for query in self.scheduled
            if state in (None, query.settings["state"]) and scheduleType in (None, "CUSTOMER_MANAGED")
        ]
        return self.listing(
            "scheduledQueries",
            found,
            ScheduledQuery.listed,
            lambda query: query.name,
            nextToken,
            maxResults,
            _bad_token,
        )

    def get_scheduled_query_history(
        self,
        identifier: str,
        startTime: int,
        endTime: int,
        executionStatuses: Sequence[str] = (),
        maxResults: int | None = None,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        query = self._scheduled(identifier)
        found = [
            run
            for run in query.runs
            if startTime <= run["triggeredTimestamp"] // 1000 <= endTime
            and (not executionStatuses or run["executionStatus"] in executionStatuses)
        ]
        key = lambda run: number(10**15 - run["triggeredTimestamp"])  # noqa: E731  (the latest first)
        page = self.listing("triggerHistory", found, lambda run: run, key, nextToken, maxResults, _bad_token)
        return {"name": query.name, "scheduledQueryArn": query.arn, **page}

    # --- running

    def _wind(self, query: ScheduledQuery) -> None:
        """Have the next run come."""
        if query.job is not None:
            self.cancel(query.job)
            query.job = None
        settings, now = query.settings, self.clock.time()
        if settings["state"] != "ENABLED":
            return
        start = max(now, settings.get("scheduleStartTime", 0))
        schedule = schedules.parse(settings["scheduleExpression"])
        due = schedule.next(start, ZoneInfo(settings["timezone"]), query.updated / 1000)
        if due is not None and due <= settings.get("scheduleEndTime", due):
            query.job = self.at_time(due, "_run_scheduled", arn=query.arn)

    def _run_scheduled(self, arn: str) -> None:
        query: ScheduledQuery | None = self.named.get(arn)
        if query is None:
            return
        settings, now = query.settings, self.clock.time()
        groups = {"logGroupIdentifiers": settings["logGroupIdentifiers"]} if "logGroupIdentifiers" in settings else {}
        run: dict[str, Any] = {"triggeredTimestamp": int(now * 1000), "executionStatus": "Complete"}
        try:
            run["queryId"] = self.call(
                "logs",
                "StartQuery",
                as_=settings["executionRoleArn"],
                source_arn_=arn,
                startTime=int(now) - settings.get("startTimeOffset", 0),
                endTime=int(now) - settings.get("endTimeOffset", 0),
                queryString=settings["queryString"],
                **groups,
            )["queryId"]
            run["destinations"] = self._deliver_results(query, run["queryId"])
        except AWSError as error:
            status = "InvalidQuery" if error.code == "MalformedQueryException" else "Failed"
            run |= {"executionStatus": status, "errorMessage": error.message}
        query.runs.append(run)
        query.last = (run["triggeredTimestamp"], run["executionStatus"])
        self._wind(query)

    def _deliver_results(self, query: ScheduledQuery, id: str) -> list[dict[str, Any]]:
        """Put results to where they are wanted; what became of that."""
        wanted = query.settings.get("destinationConfiguration") or {}
        told: list[dict[str, Any]] = []
        if "s3Configuration" in wanted:
            told.append(self._to_bucket(wanted["s3Configuration"], query, id))
        if "lookupTableConfiguration" in wanted:
            told.append(self._to_table(wanted["lookupTableConfiguration"], id))
        return told

    def _to_bucket(self, to: Settings, query: ScheduledQuery, id: str) -> dict[str, Any]:
        bucket, _, prefix = to["destinationIdentifier"].removeprefix("s3://").partition("/")
        key = "/".join(part for part in (prefix.strip("/"), query.name, f"{id}.json") if part)
        rows = [{cell["field"]: cell["value"] for cell in row} for row in self.rows_of(id)]
        told: dict[str, Any] = {"destinationType": "S3", "destinationIdentifier": to["destinationIdentifier"]}
        try:
            body = json.dumps(rows).encode()
            self.call("s3", "PutObject", as_=to["roleArn"], source_arn_=query.arn, Bucket=bucket, Key=key, Body=body)
        except AWSError as error:
            return {**told, "status": "CLIENT_ERROR", "errorMessage": error.message}
        return {**told, "status": "COMPLETE", "processedIdentifier": f"s3://{bucket}/{key}"}

    def _to_table(self, to: Settings, id: str) -> dict[str, Any]:
        told: dict[str, Any] = {"destinationType": "LOOKUP_TABLE", "destinationIdentifier": to["tableName"]}
        table = self.lookup_tables.get(to["tableName"])
        try:
            if table is None:
                made = self.create_lookup_table(to["tableName"], queryId=id, description=to.get("description"))
                arn = made["lookupTableArn"]
            else:
                arn = self.update_lookup_table(table.arn, queryId=id)["lookupTableArn"]
        except AWSError as error:
            return {**told, "status": "CLIENT_ERROR", "errorMessage": error.message}
        return {**told, "status": "COMPLETE", "processedIdentifier": arn}


def _bad_token() -> AWSError:
    return refused("The specified nextToken is invalid.")
