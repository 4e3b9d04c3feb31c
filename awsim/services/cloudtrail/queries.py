"""Queries of event data stores.

Source: CloudTrail User Guide, "CloudTrail Lake queries"; API Reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from awsim.services.cloudtrail import lake
from awsim.services.cloudtrail.refusals import invalid
from awsim.services.cloudtrail.store import Query
from awsim.services.cloudtrail.stores import Stores
from awsim.state import Lifecycle


class Queries(Stores):
    def start_query(
        self,
        QueryStatement: str | None = None,
        QueryParameters: Sequence[str] = (),
        QueryAlias: str | None = None,
        DeliveryS3Uri: str | None = None,
    ) -> dict[str, Any]:
        if QueryAlias is not None or DeliveryS3Uri is not None:
            self.not_modelled("queries of dashboards, and the delivery of results to S3")
        if not QueryStatement:
            raise invalid("A query statement is needed.")
        ids = lake.stores_in(QueryStatement)
        if not ids:
            raise self.error("InvalidQueryStatementException", "The statement names no event data store.")
        stores = [self.active(each) for each in ids]
        running = sum(one.status in ("QUEUED", "RUNNING") for one in self.queries)
        self.limits.quota("running-queries", running, self.here)
        records = {store.id: list(self.records(store)) for store in stores}
        query = Query(self.ids.uuid("query"), stores[0].arn, QueryStatement, self.clock.time())
        try:
            rows = lake.run(QueryStatement, records, QueryParameters)
        except lake.BadQuery as error:
            raise self.error("InvalidQueryStatementException", str(error)) from None
        query.rows = tuple(rows)
        query.scanned = sum(len(texts) for texts in records.values())
        query.size = sum(len(text) for texts in records.values() for text in texts)
        query.lifecycle = Lifecycle(self, [("QUEUED", "query-time"), ("FINISHED", None)])
        self.queries.add(query)
        return {"QueryId": query.id}

    def describe_query(self, QueryId: str | None = None, EventDataStore: str | None = None) -> dict[str, Any]:
        if QueryId is None:
            raise invalid("A query id is needed.")
        query: Query = self.queries[QueryId]
        return {
            "QueryId": query.id,
            "QueryString": query.statement,
            "QueryStatus": query.status,
            "QueryStatistics": {
                "EventsMatched": len(query.rows),
                "EventsScanned": query.scanned,
                "BytesScanned": query.size,
                "ExecutionTimeInMillis": int(self.limits.duration("query-time") * 1000),
                "CreationTime": query.created,
            },
        }

    def get_query_results(
        self,
        QueryId: str,
        EventDataStore: str | None = None,
        NextToken: str | None = None,
        MaxQueryResults: int | None = None,
    ) -> dict[str, Any]:
        query: Query = self.queries[QueryId]
        found: dict[str, Any] = {"QueryStatus": query.status}
        if query.status != "FINISHED":
            return found
        numbered = list(enumerate(query.rows))
        page = self.page(
            "QueryResultRows",
            numbered,
            lambda one: list(one[1]),
            lambda one: f"{one[0]:09d}",
            NextToken,
            MaxQueryResults,
        )
        statistics = {
            "ResultsCount": len(page["QueryResultRows"]),
            "TotalResultsCount": len(query.rows),
            "BytesScanned": query.size,
        }
        return {**found, **page, "QueryStatistics": statistics}

    def cancel_query(self, QueryId: str, EventDataStore: str | None = None) -> dict[str, Any]:
        query: Query = self.queries[QueryId]
        if query.status not in ("QUEUED", "RUNNING"):
            raise self.error("InactiveQueryException", "The query is not running.")
        query.cancelled = True
        return {"QueryId": query.id, "QueryStatus": query.status}

    def list_queries(
        self,
        EventDataStore: str,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        QueryStatus: str | None = None,
    ) -> dict[str, Any]:
        store = self.store(EventDataStore)
        since = StartTime.timestamp() if StartTime else 0.0
        until = EndTime.timestamp() if EndTime else self.clock.time()
        if since > until:
            raise self.error("InvalidDateRangeException", "The start time must be before the end time.")
        found = [
            one
            for one in self.queries
            if one.store == store.arn and since <= one.created <= until and QueryStatus in (None, one.status)
        ]

        def shown(query: Query) -> dict[str, Any]:
            return {"QueryId": query.id, "QueryStatus": query.status, "CreationTime": query.created}

        return self.page("Queries", found, shown, lambda one: one.id, NextToken, MaxResults)
