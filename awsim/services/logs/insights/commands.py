"""Commands of queries: each takes rows and gives rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from awsim.service import not_modelled
from awsim.services.logs.insights.expressions import Cursor, Total, Value
from awsim.services.logs.insights.fields import Row
from awsim.services.logs.insights.tokens import tokens
from awsim.services.logs.insights.values import MISSING, order, text, true

Tables = Callable[[str], Sequence[Mapping[str, str]]]
Command = Callable[[Sequence[Row]], Sequence[Row]]
# What a query without fields shows.
_DEFAULT = ("@timestamp", "@message")
_UNMODELLED = frozenset({"pattern", "diff", "anomaly", "join", "source", "appendcols", "addtotals"})


class Query(NamedTuple):
    """A query that was read. `shown`: the fields of its results; `limit`: its own limit; `filters`: how many commands
    come before rows are no more those that matched; `unmasked`: whether it asks for what is masked."""

    commands: tuple[Command, ...]
    filters: int
    shown: tuple[str, ...]
    aggregated: bool
    limit: int | None
    unmasked: bool

    def run(self, rows: Sequence[Row]) -> tuple[Sequence[Row], int]:
        """The rows of its results, and how many events matched."""
        matched = len(rows)
        for number, command in enumerate(self.commands):
            rows = command(rows)
            if number < self.filters:
                matched = len(rows)
        return rows, matched

    def cells(self, row: Row) -> list[dict[str, str]]:
        """A row as results show it."""
        names = self.shown
        if not self.aggregated and "@ptr" not in names:
            names = (*names, "@ptr")
        found = ((name, row.get(name)) for name in names)
        return [{"field": name, "value": text(value)} for name, value in found if value is not None]


def parsed(query: str, tables: Tables = lambda name: ()) -> Query:
    """Raises MalformedQueryException. `tables` gives the rows of lookup tables."""
    return _Reader(query, tables).query()


class _Reader:
    """Reads a query."""

    def __init__(self, query: str, tables: Tables) -> None:
        self._tables = tables
        self._cursor = Cursor(query, tokens(query))
        self._commands: list[Command] = []
        self._fields: list[str] = []
        self._found: list[str] = []  # fields that `parse` makes
        self._display: list[str] | None = None
        self._limit: int | None = None
        self._filters = 0
        self._narrowing = True
        self._aggregated = self._unmasked = False

    def query(self) -> Query:
        cursor = self._cursor
        while True:
            token = cursor.next()
            name = token.text.lower()
            read = self._COMMANDS.get(name) if token.kind == "name" else None
            if read is None:
                if token.kind == "name" and name in _UNMODELLED:
                    raise not_modelled(f"the command {name} of Logs Insights")
                raise cursor.wrong(token)
            read(self)
            if cursor.peek().kind == "end":
                break
            cursor.expect("|")
        shown = self._display
        if shown is None:
            shown = [*(self._fields or _DEFAULT), *self._found]
        return Query(
            tuple(self._commands),
            self._filters,
            tuple(dict.fromkeys(shown)),
            self._aggregated,
            self._limit,
            self._unmasked,
        )

    def _add(self, command: Command, *, narrows: bool = False, keeps: bool = False) -> None:
        """`narrows`: what it drops has not matched; `keeps`: it drops nothing."""
        self._commands.append(command)
        if narrows and self._narrowing:
            self._filters = len(self._commands)
        elif not keeps:
            self._narrowing = False

    # --- commands

    def _read_fields(self) -> None:
        made = self._columns()
        self._fields += [name for name, _ in made]
        self._make(made)

    def _read_display(self) -> None:
        made = self._columns()
        self._display = [name for name, _ in made]
        self._make(made)

    def _columns(self) -> list[tuple[str, Value | None]]:
        """Fields and expressions with their names; None: a field as it is."""
        cursor = self._cursor
        columns: list[tuple[str, Value | None]] = []
        while True:
            first = cursor.peek()
            value = cursor.expression()
            written = cursor.text_since(first.start)
            if cursor.takes("as"):
                columns.append((cursor.field(), value))
            elif first.kind in ("name", "quoted") and written == cursor.query[first.start : first.end]:
                columns.append((first.text, None))
            else:
                columns.append((written, value))
            if not cursor.takes(","):
                return columns

    def _make(self, columns: Sequence[tuple[str, Value | None]]) -> None:
        made = [(name, value) for name, value in columns if value is not None]
        if made:
            self._add(_making(made), keeps=True)

    def _read_filter(self) -> None:
        condition = self._cursor.expression()
        self._add(lambda rows: [row for row in rows if true(condition(row))], narrows=True)

    def _read_parse(self) -> None:
        cursor = self._cursor
        field = cursor.field() if cursor.peek().kind in ("name", "quoted") else "@message"
        token = cursor.next()
        if token.kind == "regex":
            wanted = cursor.regex(token)
            names = list(wanted.groupindex)
            if not names:
                raise cursor.wrong(token)
        elif token.kind == "string":
            wanted = _glob(token.text)
            cursor.expect("as")
            names = [cursor.field()]
            while cursor.takes(","):
                names.append(cursor.field())
            if len(names) != wanted.groups:
                raise cursor.wrong(token)
        else:
            raise cursor.wrong(token)
        self._found += names
        self._add(_parsing(field, wanted, names, named=token.kind == "regex"), keeps=True)

    def _read_stats(self) -> None:
        cursor = self._cursor
        totals: list[tuple[str, Total]] = []
        while True:
            first = cursor.peek()
            total = cursor.total()
            written = cursor.text_since(first.start)
            totals.append((cursor.field() if cursor.takes("as") else written, total))
            if not cursor.takes(","):
                break
        keys = self._columns() if cursor.takes("by") else []
        self._aggregated = True
        self._fields = [name for name, _ in keys] + [name for name, _ in totals]
        self._found, self._display = [], None
        self._add(_grouping(totals, [(name, value or _get(name)) for name, value in keys]))

    def _read_sort(self) -> None:
        cursor = self._cursor
        keys: list[tuple[Value, bool]] = []
        while True:
            value = cursor.expression()
            descending = cursor.takes("desc")
            if not descending:
                cursor.takes("asc")
            keys.append((value, descending))
            if not cursor.takes(","):
                break
        self._add(_sorting(keys), keeps=True)

    def _read_limit(self) -> None:
        token = self._cursor.next()
        if token.kind != "number" or not token.text.isdecimal():
            raise self._cursor.wrong(token)
        most = self._limit = int(token.text)
        self._add(lambda rows: rows[:most])

    def _read_dedup(self) -> None:
        names = [self._cursor.field()]
        while self._cursor.takes(","):
            names.append(self._cursor.field())
        self._add(_unique(names))

    def _read_lookup(self) -> None:
        """`lookup table column [as field] [, …] output column [as field] [, …]`"""
        cursor = self._cursor
        table = cursor.field()
        keys = self._renamed()
        cursor.expect("output")
        self._add(_looking_up(table, keys, self._renamed(), self._tables), keeps=True)

    def _renamed(self) -> list[tuple[str, str]]:
        """Columns of a lookup table with the fields that they go by in rows."""
        cursor = self._cursor
        found: list[tuple[str, str]] = []
        while True:
            column = cursor.field()
            found.append((column, cursor.field() if cursor.takes("as") else column))
            if not cursor.takes(","):
                return found

    def _read_unnest(self) -> None:
        cursor = self._cursor
        first = cursor.peek()
        value = cursor.expression()
        name = cursor.field() if cursor.takes("into") or cursor.takes("as") else cursor.text_since(first.start)
        self._add(_unnesting(value, name))

    def _read_unmask(self) -> None:
        self._unmasked = True
        self._cursor.field()
        while self._cursor.takes(","):
            self._cursor.field()

    _COMMANDS = {
        "fields": _read_fields,
        "display": _read_display,
        "filter": _read_filter,
        "where": _read_filter,
        "filterindex": _read_filter,
        "parse": _read_parse,
        "stats": _read_stats,
        "sort": _read_sort,
        "order": _read_sort,
        "limit": _read_limit,
        "head": _read_limit,
        "dedup": _read_dedup,
        "lookup": _read_lookup,
        "unnest": _read_unnest,
        "unmask": _read_unmask,
    }


def _get(name: str) -> Value:
    return lambda row: row.get(name)


def _making(made: Sequence[tuple[str, Value]]) -> Command:
    def command(rows: Sequence[Row]) -> Sequence[Row]:
        for row in rows:
            for name, value in made:
                row.made[name] = value(row)
        return rows

    return command


def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern with asterisks, each a group; the last one takes all that is left."""
    parts = [re.escape(part) for part in pattern.split("*")]
    text = "(.*?)".join(parts)
    if len(parts) > 1 and not parts[-1]:
        text = text.removesuffix("(.*?)") + "(.*)"
    return re.compile(text, re.DOTALL)


def _parsing(field: str, wanted: re.Pattern[str], names: Sequence[str], *, named: bool) -> Command:
    def command(rows: Sequence[Row]) -> Sequence[Row]:
        for row in rows:
            value = row.get(field)
            found = wanted.search(text(value)) if value is not None else None
            if found is not None:
                groups = found.groupdict().values() if named else found.groups()
                row.made.update((name, group) for name, group in zip(names, groups, strict=True) if group is not None)
        return rows

    return command


def _grouping(totals: Sequence[tuple[str, Total]], keys: Sequence[tuple[str, Value]]) -> Command:
    def command(rows: Sequence[Row]) -> Sequence[Row]:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(value(row) for _, value in keys), []).append(row)
        result: list[Row] = []
        for place, members in groups.items():
            made = dict(zip((name for name, _ in keys), place, strict=True))
            made.update((name, total(members)) for name, total in totals)
            result.append(Row(made=made))
        return result

    return command


def _sorting(keys: Sequence[tuple[Value, bool]]) -> Command:
    def command(rows: Sequence[Row]) -> Sequence[Row]:
        ordered = list(rows)
        for value, descending in reversed(keys):
            placed = [(order(value(row)), row) for row in ordered]
            there = sorted((each for each in placed if each[0] != MISSING), key=itemgetter(0), reverse=descending)
            ordered = [row for _, row in there] + [row for place, row in placed if place == MISSING]
        return ordered

    return command


def _unique(names: Sequence[str]) -> Command:
    def command(rows: Sequence[Row]) -> Sequence[Row]:
        seen: set[tuple[Any, ...]] = set()
        kept: list[Row] = []
        for row in rows:
            place = tuple(None if (value := row.get(name)) is None else text(value) for name in names)
            if None in place or place not in seen:
                seen.add(place)
                kept.append(row)
        return kept

    return command


def _looking_up(
    table: str, keys: Sequence[tuple[str, str]], wanted: Sequence[tuple[str, str]], tables: Tables
) -> Command:
    def command(rows: Sequence[Row]) -> Sequence[Row]:
        records = {tuple(record.get(column) for column, _ in keys): record for record in reversed(tables(table))}
        for row in rows:
            place = tuple(None if (value := row.get(field)) is None else text(value) for _, field in keys)
            found = records.get(place, {})
            row.made.update((field, found[column]) for column, field in wanted if column in found)
        return rows

    return command


def _unnesting(value: Value, name: str) -> Command:
    def command(rows: Sequence[Row]) -> Sequence[Row]:
        result: list[Row] = []
        for row in rows:
            inner = value(row)
            members = inner if isinstance(inner, list) else [] if inner is None else [inner]
            result += [row.copy(**{name: member}) for member in members]
        return result

    return command
