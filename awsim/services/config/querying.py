"""Advanced queries of what is recorded now, and queries that are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.services.config import language
from awsim.services.config.base import iso
from awsim.services.config.packs import Packs
from awsim.services.config.records import Item, dumped
from awsim.state import Entity, Tags


class StoredQuery(Entity):
    def __init__(self, name: str, id: str, arn: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.id = id
        self.arn = arn
        self.settings = settings
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {**self.settings, "QueryId": self.id, "QueryArn": self.arn, "QueryName": self.name}


class Querying(Packs):
    def select_resource_config(
        self, Expression: str, Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        return self.selected(Expression, [queried(one) for one in self.current()], Limit, NextToken)

    def selected(
        self, expression: str, records: Iterable[Mapping[str, Any]], limit: int | None, token: str | None
    ) -> dict[str, Any]:
        try:
            query = language.parse(expression)
        except language.BadQuery as error:
            raise self.error("InvalidExpressionException", str(error)) from None
        found = list(enumerate(query.run(records)))

        def shown(one: tuple[int, Any]) -> str:
            return dumped(one[1])

        page = self.page("Results", found, shown, lambda one: f"{one[0]:09d}", token, limit or None)
        return {**page, "QueryInfo": {"SelectFields": [{"Name": column.shown} for column in query.columns]}}

    # --- kept

    def put_stored_query(
        self, StoredQuery: Mapping[str, Any], Tags: Sequence[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        name = StoredQuery["QueryName"]
        settings = {key: StoredQuery[key] for key in ("Description", "Expression") if StoredQuery.get(key) is not None}
        known = self.stored.get(name)
        if known is None:
            known = self._new_query(name, settings)
            self.tagged(known, Tags)
        elif StoredQuery.get("QueryId") not in (None, known.id):
            raise self.error("ResourceNotFoundException", f"The query {StoredQuery['QueryId']} was not found.")
        known.settings = settings
        return {"QueryArn": known.arn}

    def _new_query(self, name: str, settings: Mapping[str, Any]) -> StoredQuery:
        id_ = f"query-{self.ids.text('query', 9, 'abcdefghijklmnopqrstuvwxyz0123456789')}"
        made: StoredQuery = self.stored.add(StoredQuery(name, id_, self.arn(f"stored-query/{name}/{id_}"), settings))
        return made

    def get_stored_query(self, QueryName: str) -> dict[str, Any]:
        return {"StoredQuery": self._query(QueryName).described()}

    def delete_stored_query(self, QueryName: str) -> None:
        self.stored.pop(self._query(QueryName).name)

    def list_stored_queries(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        def shown(one: StoredQuery) -> dict[str, Any]:
            return {key: value for key, value in one.described().items() if key != "Expression"}

        return self.page("StoredQueryMetadata", self.stored, shown, lambda one: one.name, NextToken, MaxResults or None)

    def _query(self, name: str) -> StoredQuery:
        found: StoredQuery | None = self.stored.get(name)
        if found is None:
            raise self.error("ResourceNotFoundException", f"The query {name} was not found.")
        return found


def queried(item: Item) -> dict[str, Any]:
    """An item as queries see it: the configuration opened, tags as a list."""
    shown = item.shown()
    return {
        "accountId": shown["accountId"],
        "arn": shown["arn"],
        "availabilityZone": shown["availabilityZone"],
        "awsRegion": shown["awsRegion"],
        "configuration": json.loads(dumped(item.resource.configuration)),
        "configurationItemCaptureTime": iso(item.captured),
        "configurationItemStatus": item.status,
        "configurationStateId": item.state_id,
        "relationships": shown["relationships"],
        "resourceCreationTime": None if shown["resourceCreationTime"] is None else iso(shown["resourceCreationTime"]),
        "resourceId": shown["resourceId"],
        "resourceName": shown["resourceName"],
        "resourceType": shown["resourceType"],
        "supplementaryConfiguration": json.loads(dumped(item.resource.supplementary)),
        "tags": [{"key": key, "value": value, "tag": f"{key}={value}"} for key, value in item.resource.tags.items()],
    }
