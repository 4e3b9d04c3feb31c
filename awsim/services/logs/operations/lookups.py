"""Lookup tables: CSV that queries enrich their rows with (`lookup`).

Source: CloudWatch Logs API Reference, CreateLookupTable; User Guide, "lookup".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from awsim.services.logs.operations.tailing import TailingOperations
from awsim.services.logs.refusals import exists, invalid, missing
from awsim.state import Entity, SortedDict, Tags


class LookupTable(Entity):
    """`rows`: of each record, its fields; `columns`: their names in order."""

    __slots__ = ("arn", "columns", "description", "key", "name", "rows", "tags", "text", "updated")

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.description: str | None = None
        self.key: str | None = None
        self.text = ""
        self.columns: tuple[str, ...] = ()
        self.rows: tuple[Mapping[str, str], ...] = ()
        self.updated = 0
        self.tags = Tags()

    def fill(self, text: str, now: int) -> None:
        """Raises InvalidParameterException where the text is no CSV with a header."""
        try:
            header, *records = list(csv.reader(io.StringIO(text), strict=True))
        except (csv.Error, ValueError):
            raise invalid("The table body is not valid CSV with a header row.") from None
        if not all(header) or len(set(header)) < len(header) or any(len(each) > len(header) for each in records):
            raise invalid("The table body is not valid CSV with a header row.")
        self.text, self.columns, self.updated = text, tuple(header), now
        self.rows = tuple(dict(zip(header, record, strict=False)) for record in records if record)

    def described(self) -> dict[str, Any]:
        return {
            "lookupTableArn": self.arn,
            "lookupTableName": self.name,
            "description": self.description,
            "sizeBytes": len(self.text.encode()),
            "lastUpdatedTime": self.updated,
            "kmsKeyId": self.key,
        }


class LookupOperations(TailingOperations):
    def setup(self) -> None:
        super().setup()
        self.lookup_tables = SortedDict()  # name -> LookupTable

    def create_lookup_table(
        self,
        lookupTableName: str,
        tableBody: str | None = None,
        queryId: str | None = None,
        description: str | None = None,
        kmsKeyId: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if lookupTableName in self.lookup_tables:
            raise exists("The specified lookup table already exists")
        self.limits.quota("lookup-tables", len(self.lookup_tables))
        table = LookupTable(lookupTableName, self.arn(f"lookup-table:{lookupTableName}"))
        table.tags = self.new_tags(tags)
        self._fill(table, tableBody, queryId, description, kmsKeyId)
        self.lookup_tables[lookupTableName] = self.named[table.arn] = table
        return {"lookupTableArn": table.arn, "createdAt": table.updated}

    def _fill(
        self, table: LookupTable, body: str | None, query: str | None, description: str | None, key: str | None
    ) -> None:
        if (body is None) == (query is None):
            raise invalid("Exactly one of tableBody and queryId must be specified.")
        if key is not None:
            self.check_key(key, table.arn, table.name)
        table.fill(body if body is not None else self._results(query or ""), self.now)
        table.description = description if description is not None else table.description
        table.key = key or table.key

    def _results(self, query: str) -> str:
        """The results of a query as CSV."""
        rows = [
            {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in self.rows_of(query)
        ]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def _table(self, arn: str) -> LookupTable:
        found: LookupTable | None = self.lookup_tables.get(arn.rpartition(":")[2])
        if found is None or found.arn != arn:
            raise missing("The specified lookup table does not exist.")
        return found

    def get_lookup_table(self, lookupTableArn: str) -> dict[str, Any]:
        table = self._table(lookupTableArn)
        return {**table.described(), "tableBody": table.text}

    def update_lookup_table(
        self,
        lookupTableArn: str,
        description: str | None = None,
        tableBody: str | None = None,
        queryId: str | None = None,
        kmsKeyId: str | None = None,
    ) -> dict[str, Any]:
        table = self._table(lookupTableArn)
        self._fill(table, tableBody, queryId, description, kmsKeyId)
        return {"lookupTableArn": table.arn, "lastUpdatedTime": table.updated}

    def delete_lookup_table(self, lookupTableArn: str) -> None:
        table = self._table(lookupTableArn)
        del self.lookup_tables[table.name]
        del self.named[table.arn]

    def describe_lookup_tables(
        self, lookupTableNamePrefix: str | None = None, maxResults: int | None = None, nextToken: str | None = None
    ) -> dict[str, Any]:
        def shown(table: LookupTable) -> dict[str, Any]:
            return {**table.described(), "tableFields": list(table.columns), "recordsCount": len(table.rows)}

        prefix = lookupTableNamePrefix or ""
        return self.page_of("lookupTables", self.lookup_tables, shown, nextToken, maxResults, prefix=prefix)

    def lookup_rows(self, name: str) -> tuple[Mapping[str, str], ...]:
        table: LookupTable | None = self.lookup_tables.get(name)
        if table is None:
            raise missing("The specified lookup table does not exist.")
        return table.rows
