"""S3 Select's SQL: read here, computed by duckdb.

Source: S3 User Guide, "SQL reference for Amazon S3 Select". A column reference, however deep it goes into a record, is
looked up here and becomes one column of a table of duckdb's; so paths, missing values and names in any case follow S3
Select, and conditions, functions and aggregates are duckdb's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.s3.select.records import MISSING, Row, Step, Table, at, text

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark><>|!=|<=|>=|\|\||[-+*/%(),.<>=\[\]])
    )""",
    re.VERBOSE,
)
_WORDS = frozenset(
    (
        "select", "from", "where", "limit", "as", "and", "or", "not", "in", "like",
        "escape", "between", "is", "null", "missing", "true", "false", "case", "when", "then",
        "else", "end", "distinct", "both", "leading", "trailing", "for", "order", "group", "having",
        "by", "join", "on", "union",
    )
)  # fmt: skip
_TYPES = {
    "int": "BIGINT",
    "integer": "BIGINT",
    "string": "VARCHAR",
    "float": "DOUBLE",
    "decimal": "DECIMAL(38, 9)",
    "numeric": "DECIMAL(38, 9)",
    "timestamp": "TIMESTAMP",
    "bool": "BOOLEAN",
    "boolean": "BOOLEAN",
}
_AGGREGATES = frozenset(("avg", "count", "max", "min", "sum"))
# Function -> duckdb's name.
_FUNCTIONS = {
    **{name: name for name in _AGGREGATES},
    "cast": "cast",
    "char_length": "length",
    "character_length": "length",
    "coalesce": "coalesce",
    "date_add": "s3_date_add",
    "date_diff": "date_diff",
    "extract": "extract",
    "lower": "lower",
    "nullif": "nullif",
    "substring": "substring",
    "to_string": "strftime",
    "to_timestamp": "s3_to_timestamp",
    "trim": "trim",
    "upper": "upper",
    "utcnow": "utcnow",
}
_PARTS = frozenset(("year", "month", "day", "hour", "minute", "second", "timezone_hour", "timezone_minute"))
_MACROS = (
    "CREATE MACRO s3_to_timestamp(x) AS CAST(x AS TIMESTAMP)",
    "CREATE MACRO s3_date_add(part, n, t) AS CASE part WHEN 'year' THEN t + to_years(n) WHEN 'month' THEN "
    "t + to_months(n) WHEN 'day' THEN t + to_days(n) WHEN 'hour' THEN t + to_hours(n) WHEN 'minute' THEN "
    "t + to_minutes(n) ELSE t + to_seconds(n) END",
)
_PATTERN = re.compile(r"y+|M+|d+|a|h+|H+|m+|s+|'[^']*'|.", re.DOTALL)
_PATTERNS = {
    "yyyy": "%Y", "y": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d",
    "a": "%p", "hh": "%I", "h": "%-I", "HH": "%H", "H": "%-H", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S",
}  # fmt: skip


@cache
def duckdb() -> Any:
    """The library that computes; an error that says how to get it where it is not there."""
    try:
        return import_module("duckdb")
    except ImportError:
        raise AWSError(
            "NotImplemented",
            "awsim answers SelectObjectContent only where the Python package duckdb is installed; "
            "pip install awsim[sql] brings it",
            status=501,
        ) from None


class Token(NamedTuple):
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """A name in lower case; "" for everything else."""
        return self.text.lower() if self.kind == "name" else ""


class Reference(NamedTuple):
    """A column that an expression names: its path in a record, and for each step whether it was quoted."""

    path: tuple[Step, ...]
    quoted: bool


class Item(NamedTuple):
    """One item of the select list: duckdb's text of it, or the column that it is alone."""

    sql: str
    name: str | None
    column: int | None = None


class Query(NamedTuple):
    """An expression as it was read. `items` None stands for `*`; `steps` is the path behind S3Object."""

    items: list[Item] | None
    columns: list[Reference]
    where: str
    limit: int | None
    steps: tuple[Step, ...]
    aggregates: bool


def _unexpected(token: Token | None, expression: str) -> AWSError:
    if token is None:
        return AWSError(
            "ParseUnexpectedToken", f"Unexpected token found EOF at line 1, column {len(expression) + 1}.", status=400
        )
    kind = {"name": "KEYWORD" if token.word in _WORDS else "IDENTIFIER", "mark": "OPERATOR"}.get(token.kind, "LITERAL")
    line = expression.count("\n", 0, token.at) + 1
    column = token.at - expression.rfind("\n", 0, token.at)
    return AWSError(
        "ParseUnexpectedToken",
        f'Unexpected token found {kind}:"{token.text}" at line {line}, column {column}.',
        status=400,
    )


def _tokens(expression: str) -> list[Token]:
    found = []
    position = 0
    stripped = expression.rstrip().removesuffix(";").rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise AWSError(
                "LexerInvalidChar",
                f"The SQL expression contains an invalid character at line 1, column {position + 1}.",
                status=400,
            )
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind)))
        position = match.end()
    return found


class _Parser:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = _tokens(expression)
        self.columns: list[Reference] = []
        self.alias = ""
        self.aggregates = False

    def unexpected(self, position: int) -> AWSError:
        token = self.tokens[position] if position < len(self.tokens) else None
        return _unexpected(token, self.expression)

    def word(self, position: int) -> str:
        return self.tokens[position].word if position < len(self.tokens) else ""

    def mark(self, position: int) -> str:
        if position >= len(self.tokens) or self.tokens[position].kind != "mark":
            return ""
        return self.tokens[position].text

    def query(self) -> Query:
        if self.word(0) != "select":
            raise self.unexpected(0)
        start = self._clause("from", 1)
        if start is None:
            raise self.unexpected(len(self.tokens))
        position, steps = self._source(start + 1)
        end = len(self.tokens)
        items = self._items(1, start)
        where, limit = "", None
        if self.word(position) == "where":
            stop = self._clause("limit", position + 1) or end
            if stop == position + 1:
                raise self.unexpected(stop)
            where = self._translated(position + 1, stop)
            position = stop
        if self.word(position) == "limit":
            number = self.tokens[position + 1] if position + 1 < end else None
            if number is None or number.kind != "number" or not number.text.isdecimal():
                raise self.unexpected(position + 1)
            limit = int(number.text)
            position += 2
        if position < end:
            raise self.unexpected(position)
        return Query(items, self.columns, where, limit, steps, self.aggregates)

    def _clause(self, word: str, start: int) -> int | None:
        """Where a clause begins outside of parentheses."""
        depth = 0
        for position in range(start, len(self.tokens)):
            mark = self.mark(position)
            depth += (mark == "(") - (mark == ")")
            if depth == 0 and self.tokens[position].word == word:
                return position
        return None

    def _source(self, position: int) -> tuple[int, tuple[Step, ...]]:
        if self.word(position) != "s3object":
            raise self.unexpected(position)
        position, steps = self._steps(position + 1)
        if steps and isinstance(steps[-1], str):
            self.alias = steps[-1]
        if self.word(position) == "as":
            position += 1
            if not self._is_name(position):
                raise self.unexpected(position)
        if self._is_name(position):
            self.alias = self._name(position)
            position += 1
        return position, steps

    def _is_name(self, position: int) -> bool:
        if position >= len(self.tokens):
            return False
        token = self.tokens[position]
        return token.kind == "quoted" or (token.kind == "name" and token.word not in _WORDS)

    def _name(self, position: int) -> str:
        token = self.tokens[position]
        return token.text[1:-1].replace('""', '"') if token.kind == "quoted" else token.text

    def _steps(self, position: int) -> tuple[int, tuple[Step, ...]]:
        """A path: .name, ['name'], [0] and [*]."""
        steps: list[Step] = []
        while True:
            mark = self.mark(position)
            if mark == "." and position + 1 < len(self.tokens) and self.tokens[position + 1].kind in ("name", "quoted"):
                steps.append(self._name(position + 1))
                position += 2
            elif mark == "[":
                inner = self.tokens[position + 1] if position + 1 < len(self.tokens) else None
                if inner is None or self.mark(position + 2) != "]":
                    raise self.unexpected(position + 2)
                if inner.kind == "number" and inner.text.isdecimal():
                    steps.append(int(inner.text))
                elif inner.kind == "string":
                    steps.append(inner.text[1:-1].replace("''", "'"))
                elif inner.text == "*":
                    steps.append(None)
                else:
                    raise self.unexpected(position + 1)
                position += 3
            else:
                return position, tuple(steps)

    # --- the select list

    def _items(self, start: int, end: int) -> list[Item] | None:
        if start == end:
            raise self.unexpected(end)
        if self._is_star(start, end):
            return None
        items: list[Item] = []
        depth, begin = 0, start
        for position in range(start, end + 1):
            mark = self.mark(position) if position < end else ","
            depth += (mark == "(") - (mark == ")")
            if mark == "," and depth == 0:
                items.append(self._item(begin, position))
                begin = position + 1
        return items

    def _is_star(self, start: int, end: int) -> bool:
        if end - start == 1:
            return self.mark(start) == "*"
        return (
            end - start == 3
            and self._is_name(start)
            and self.mark(start + 1) == "."
            and self.mark(start + 2) == "*"
            and self._name(start).lower() in (self.alias.lower(), "s3object")
        )

    def _item(self, start: int, end: int) -> Item:
        if start == end:
            raise self.unexpected(end)
        if self.mark(start) == "*":
            raise AWSError(
                "ParseAsteriskIsNotAloneInSelectList",
                "Other expressions are not allowed in the SELECT list when '*' is used without dot notation in the "
                "SQL expression.",
                status=400,
            )
        name = None
        if end - start > 2 and self.word(end - 2) == "as" and self._is_name(end - 1):
            name, end = self._name(end - 1), end - 2
        elif end - start > 1 and self._is_name(end - 1) and self.mark(end - 2) in ("", ")", "]"):
            name, end = self._name(end - 1), end - 1
        before = len(self.columns)
        if self._is_name(start):
            stop, _ = self._steps(start + 1)
            if stop == end:
                sql = self._translated(start, end)
                path = self.columns[int(sql[1:])].path
                last = path[-1] if path else None
                if not path:
                    last = self._name(start)
                return Item(sql, name or (last if isinstance(last, str) else None), int(sql[1:]))
            del self.columns[before:]
        return Item(self._translated(start, end), name)

    # --- expressions

    def _column(self, path: tuple[Step, ...], quoted: bool) -> int:
        reference = Reference(path, quoted)
        if reference not in self.columns:
            self.columns.append(reference)
        return self.columns.index(reference)

    def _translated(self, start: int, end: int) -> str:
        """Tokens as duckdb's SQL."""
        parts: list[str] = []
        depth = 0
        casts: list[int] = []
        position = start
        while position < end:
            token = self.tokens[position]
            if token.kind == "mark":
                depth += (token.text == "(") - (token.text == ")")
                if depth < 0 or token.text in ("[", "]", "."):
                    raise self.unexpected(position)
                if casts and depth < casts[-1]:
                    casts.pop()
                parts.append(token.text)
                position += 1
            elif token.kind in ("string", "number"):
                parts.append(token.text)
                position += 1
            elif token.word and self.mark(position + 1) == "(" and token.word not in _WORDS:
                position = self._function(position, parts)
                if token.word == "cast":
                    casts.append(depth + 1)
                depth += 1
            elif token.word == "as" and casts:
                parts.append(f"AS {self._type(position + 1)}")
                position += 2
                if self.mark(position) == "(":  # DECIMAL(precision, scale)
                    while self.mark(position) != ")":
                        position += 1
                    position += 1
            elif token.word in ("is",) and self.word(position + 1) in ("missing", "not"):
                position = self._is(position, parts)
            elif token.word == "missing":
                parts.append("NULL")
                position += 1
            elif token.word in ("select", "from") and not (token.word == "from" and depth):
                raise self.unexpected(position)
            elif token.word in _WORDS or (token.word == "from" and depth):
                parts.append(token.text)
                position += 1
            else:
                position, index = self._reference(position)
                parts.append(f"c{index}")
        if depth:
            raise self.unexpected(end)
        return " ".join(parts)

    def _reference(self, position: int) -> tuple[int, int]:
        first, quoted = self._name(position), self.tokens[position].kind == "quoted"
        position, steps = self._steps(position + 1)
        if steps and first.lower() in (self.alias.lower(), "s3object"):
            return position, self._column(steps, quoted)
        if not steps and first.lower() == self.alias.lower():
            return position, self._column((), quoted)
        return position, self._column((first, *steps), quoted)

    def _type(self, position: int) -> str:
        found = _TYPES.get(self.word(position))
        if found is None:
            raise AWSError("InvalidDataType", "The SQL expression contains an invalid data type.", status=400)
        return found

    def _is(self, position: int, parts: list[str]) -> int:
        """IS [NOT] MISSING of a column."""
        negated = self.word(position + 1) == "not"
        if self.word(position + 1 + negated) != "missing":
            parts.append("IS")
            return position + 1
        if not parts or not re.fullmatch(r"c\d+", parts[-1]):
            raise self.unexpected(position)
        parts[-1] = f"{'NOT ' if negated else ''}m{parts[-1][1:]}"
        return position + 2 + negated

    def _function(self, position: int, parts: list[str]) -> int:
        word = self.word(position)
        name = _FUNCTIONS.get(word)
        if name is None:
            raise AWSError("UnsupportedFunction", "Encountered an unsupported SQL function.", status=400)
        self.aggregates = self.aggregates or word in _AGGREGATES
        if word == "utcnow":
            parts += ("CAST", "(", "$now AS TIMESTAMP")
            return position + 2
        parts.append(name + "(")
        position += 2
        if word in ("extract", "date_add", "date_diff"):
            part = self.word(position)
            if part not in _PARTS:
                raise AWSError(
                    "EvaluatorInvalidArguments",
                    "There is an incorrect number of arguments in the function call.",
                    status=400,
                )
            parts.append(part if word == "extract" else f"'{part}'")
            position += 1
        elif word == "to_string":
            self._check_pattern(position)
        return position

    def _check_pattern(self, position: int) -> None:
        """The pattern of TO_STRING becomes one of strftime's."""
        depth = 1
        while position < len(self.tokens) and depth:
            mark = self.mark(position)
            depth += (mark == "(") - (mark == ")")
            token = self.tokens[position]
            if depth == 1 and token.kind == "string" and self.mark(position - 1) == ",":
                inner = "".join(_PATTERNS.get(piece, piece.strip("'")) for piece in _PATTERN.findall(token.text[1:-1]))
                self.tokens[position] = token._replace(text=f"'{inner}'")
            position += 1


def parse(expression: str) -> Query:
    """Read an expression; raises S3 Select's parse errors."""
    return _Parser(expression).query()


# --- running


def run(query: Query, table: Table, now: float) -> Iterator[Row]:
    """The records that an expression gives; raises the errors of its evaluation."""
    values = [_values(reference, table) for reference in query.columns]
    if query.items is None and not query.where:
        found: Sequence[Any] = range(len(table.rows) if query.limit is None else min(query.limit, len(table.rows)))
        return (_whole(table, number) for number in found)
    return _run(query, table, values, now)


def _run(query: Query, table: Table, values: list[list[Any]], now: float) -> Iterator[Row]:
    library = duckdb()
    items = query.items
    wanted = [] if items is None else [item.sql for item in items]
    listed = ", ".join(wanted if query.aggregates else ["n", *wanted])
    sql = f"SELECT {listed} FROM t"
    if query.where:
        sql += f" WHERE {query.where}"
    if not query.aggregates:
        sql += " ORDER BY n"
    if query.limit is not None:
        sql += f" LIMIT {query.limit}"
    given = {"now": datetime.fromtimestamp(now, UTC).replace(tzinfo=None)} if "$now" in sql else None
    with library.connect(":memory:", config={"threads": 1}) as connection:
        for macro in _MACROS:
            connection.execute(macro)
        _fill(connection, values, len(table.rows))
        try:
            rows = connection.execute(sql, given).fetchall() if given else connection.execute(sql).fetchall()
        except library.ConversionException as problem:
            raise AWSError(
                "CastFailed",
                "Attempt to convert from one data type to another using CAST failed in the SQL expression.",
                status=400,
            ) from problem
        except library.ParserException as problem:
            raise AWSError("ParseUnexpectedToken", _first(problem), status=400) from problem
        except library.BinderException as problem:
            raise AWSError(
                "EvaluatorInvalidArguments",
                "There is an incorrect number of arguments in the function call in the SQL expression.",
                status=400,
            ) from problem
        except library.Error as problem:
            raise AWSError("InternalError", _first(problem), status=500) from problem
    for row in rows:
        if items is None:
            yield _whole(table, row[0])
            continue
        names = [item.name or f"_{number}" for number, item in enumerate(items, 1)]
        if query.aggregates:
            yield Row(names, [_shown(value) for value in row])
        else:
            yield Row(
                names,
                [
                    values[item.column][row[0]] if item.column is not None else _shown(value)
                    for item, value in zip(items, row[1:], strict=True)
                ],
            )


def _first(problem: Exception) -> str:
    return str(problem).partition("\n")[0]


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value


def _whole(table: Table, number: int) -> Row:
    record = table.rows[number]
    if table.is_csv:
        header = table.header or ()
        names = [header[i] if i < len(header) else f"_{i + 1}" for i in range(len(record))]
        return Row(names, record)
    if isinstance(record, dict):
        return Row(list(record), list(record.values()))
    return Row(["_1"], [record])


def _values(reference: Reference, table: Table) -> list[Any]:
    """A column's value in every record."""
    if not table.is_csv:
        return [at(record, reference.path) for record in table.rows]
    index = _index(reference, table)
    return [record[index] if index < len(record) else MISSING for record in table.rows]


def _index(reference: Reference, table: Table) -> int:
    name = reference.path[0] if len(reference.path) == 1 else None
    if isinstance(name, str):
        if table.header is not None:
            if name in table.header:
                return table.header.index(name)
            alike = [i for i, each in enumerate(table.header) if each.lower() == name.lower()]
            if len(alike) > 1:
                raise AWSError(
                    "AmbiguousFieldName",
                    "Field name matches to multiple fields in the file. Check the SQL expression and the file, and "
                    "try again.",
                    status=400,
                )
            if alike and not reference.quoted:
                return alike[0]
        if re.fullmatch(r"_[1-9]\d*", name):
            return int(name[1:]) - 1
        if table.header is not None:
            raise AWSError(
                "MissingHeaders",
                "Some headers in the query are missing from the file. Check the file and try again.",
                status=400,
            )
    raise AWSError(
        "InvalidColumnIndex",
        "The column index in the SQL expression is invalid. Check the service documentation and try again.",
        status=400,
    )


def _fill(connection: Any, values: list[list[Any]], size: int) -> None:
    """A table `t`: the record's number `n`, columns `c…`, and `m…`: whether a record lacks the column."""
    types = [_column_type(column) for column in values]
    shape = {"n": "BIGINT"}
    for index, kind in enumerate(types):
        shape[f"c{index}"], shape[f"m{index}"] = kind, "BOOLEAN"
    rows = []
    for number in range(size):
        row: dict[str, Any] = {"n": number}
        for index, column in enumerate(values):
            value = column[number]
            row[f"c{index}"] = None if value is MISSING or value is None else _stored(value, types[index])
            row[f"m{index}"] = value is MISSING
        rows.append(row)
    connection.execute(
        f"CREATE TABLE t AS SELECT r.* FROM (SELECT unnest(from_json(?, '[{json.dumps(shape)}]')) AS r)",
        [json.dumps(rows)],
    )


def _column_type(column: Sequence[Any]) -> str:
    kinds = {type(value) for value in column if value is not None and value is not MISSING}
    if kinds <= {bool} and kinds:
        return "BOOLEAN"
    if kinds <= {int} and kinds:
        return "BIGINT"
    if kinds <= {int, float, Decimal} and kinds:
        return "DOUBLE"
    if kinds <= {datetime, date} and kinds:
        return "TIMESTAMP"
    return "VARCHAR"


def _stored(value: Any, kind: str) -> Any:
    if kind == "VARCHAR":
        return text(value)
    if kind == "DOUBLE":
        return float(value)
    if kind == "TIMESTAMP":
        return value.isoformat()
    return value
