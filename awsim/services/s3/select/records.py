"""What S3 Select reads and writes: CSV, JSON, Parquet."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from awsim.errors import AWSError


class Missing:
    """The value of what a record does not have; NULL is a value that it has."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()

Step = str | int | None  # a member's name, an index, or None for [*]


class Table(NamedTuple):
    """Records: lists of fields for CSV, whatever JSON holds otherwise. `header`: the names of a CSV's columns."""

    rows: Sequence[Any]
    is_csv: bool
    header: Sequence[str] | None = None


class Row(NamedTuple):
    """A record of an answer. `names` and `values` go together; MISSING values are left out of JSON."""

    names: Sequence[str]
    values: Sequence[Any]


def read(data: bytes, source: Mapping[str, Any], steps: Sequence[Step], scan: Mapping[str, int] | None) -> Table:
    """The records of an object; `steps` is what the FROM clause has behind S3Object."""
    if source.get("Parquet") is not None:
        return Table(list(_walked(_parquet(data), steps)), False)
    csv = source.get("CSV")
    if csv is not None:
        if any(step is not None for step in steps):
            raise AWSError(
                "InvalidTableAlias",
                "The SQL expression contains a table path that the input does not have.",
                status=400,
            )
        return _csv(data, csv, scan)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _encoding() from None
    json_options = source["JSON"]
    if json_options.get("Type") == "LINES":
        text = "\n".join(_within(text, "\n", scan))
    elif scan:
        raise AWSError(
            "UnsupportedScanRangeInput", "Scan range queries are not supported on this type of object.", status=400
        )
    return Table(list(_walked(_json(text), steps)), False)


def _encoding() -> AWSError:
    return AWSError(
        "InvalidTextEncoding", "The encoding type is not valid. Only UTF-8 encoding is supported.", status=400
    )


def _walked(values: Iterable[Any], steps: Sequence[Step]) -> Iterator[Any]:
    """The values at the end of a path: [*] goes through all elements of an array."""
    for value in values:
        found = [value]
        for position, step in enumerate(steps):
            if step is None:
                # Behind S3Object itself it stands for every record, whether an array or not.
                flat = []
                for each in found:
                    if isinstance(each, list):
                        flat += each
                    elif position == 0:
                        flat.append(each)
                found = flat
            else:
                found = [at(each, (step,)) for each in found]
        yield from found


def at(value: Any, path: Sequence[Step]) -> Any:
    """What lies at a path in a record, MISSING where nothing does; unquoted names match in any case."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        elif step is None:
            if not isinstance(value, list):
                return MISSING
        else:
            if not isinstance(value, dict):
                return MISSING
            if step not in value:
                wanted = step.lower()
                step = next((name for name in value if name.lower() == wanted), None)
                if step is None:
                    return MISSING
            value = value[step]
    return value


# --- reading


def _json(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    position, end = 0, len(text)
    while True:
        while position < end and text[position].isspace():
            position += 1
        if position == end:
            return
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            raise AWSError(
                "JSONParsingError",
                "Encountered an error parsing the JSON file. Check the file and try again.",
                status=400,
            ) from None
        yield value


def _parquet(data: bytes) -> list[dict[str, Any]]:
    from awsim.services.s3.select.sql import duckdb

    # duckdb reads Parquet from files only.
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(data)
        file.flush()
        try:
            with duckdb().connect(":memory:", config={"threads": 1}) as connection:
                found = connection.execute("SELECT * FROM read_parquet(?)", [file.name])
                names = [column[0] for column in found.description]
                return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        except duckdb().Error:
            raise AWSError(
                "ParquetParsingError",
                "Encountered an error parsing the Parquet file. Check the file and try again.",
                status=400,
            ) from None


def _within(text: str, delimiter: str, scan: Mapping[str, int] | None) -> list[str]:
    """The records that begin within a scan range (bytes), both ends included; without a start: the last bytes."""
    lines = text.split(delimiter)
    if lines and lines[-1] == "":
        lines.pop()
    if not scan:
        return lines
    start, end = scan.get("Start"), scan.get("End")
    size = len(text.encode())
    if start is None and end is not None:
        start, end = max(size - end, 0), None
    if start is not None and end is not None and start > end:
        raise AWSError(
            "InvalidScanRange",
            "The value of a parameter in Scan range element is invalid. Check the service API "
            "documentation and try again.",
            status=400,
        )
    kept = []
    position = 0
    for line in lines:
        if position >= (start or 0) and (end is None or position <= end):
            kept.append(line)
        position += len(line.encode()) + len(delimiter.encode())
    return kept


def _csv(data: bytes, options: Mapping[str, Any], scan: Mapping[str, int] | None) -> Table:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _encoding() from None
    field = options.get("FieldDelimiter") or ","
    record = options.get("RecordDelimiter") or "\n"
    quote = options.get("QuoteCharacter", '"')
    escape = options.get("QuoteEscapeCharacter") or quote
    comments = options.get("Comments")
    if options.get("RecordDelimiter") is None:
        text = text.replace("\r\n", "\n")
    use = options.get("FileHeaderInfo") or "NONE"
    rows: Iterable[list[str]]
    header: list[str] | None = None
    if quote and quote in text and not scan:
        rows = _quoted(text, field, record, quote, escape, bool(options.get("AllowQuotedRecordDelimiter")))
        if comments:
            rows = (row for row in rows if not (row and row[0].startswith(comments)))
        found = [row for row in rows if row != [""]]
    else:
        lines = _within(text, record, None)
        first = lines[0].split(field) if lines and use != "NONE" else None
        if scan:
            lines = ([lines[0]] if first is not None else []) + [
                line for line in _within(text, record, scan) if first is None or line is not lines[0]
            ]
        found = [line.split(field) for line in lines if line and not (comments and line.startswith(comments))]
        if quote and scan:
            found = [[part.strip(quote) for part in row] for row in found]
    if use != "NONE" and found:
        header = found.pop(0)
    return Table(found, True, header if use == "USE" else None)


def _quoted(text: str, field: str, record: str, quote: str, escape: str, across: bool) -> Iterator[list[str]]:
    """Rows of a CSV with quoted fields; `across`: whether a field may hold the record delimiter."""
    row: list[str] = []
    position, end = 0, len(text)
    while position < end:
        if text.startswith(quote, position):
            value, position = _quoted_field(text, position + len(quote), quote, escape)
            if record in value and not across:
                raise AWSError(
                    "CSVEscapingRecordDelimiter",
                    "Encountered an error parsing the CSV file. A record delimiter was found inside of quotes.",
                    status=400,
                )
        else:
            next_field, next_record = text.find(field, position), text.find(record, position)
            stop = min(each for each in (next_field, next_record, end) if each >= 0)
            value, position = text[position:stop], stop
        row.append(value)
        if text.startswith(field, position):
            position += len(field)
            if position == end or text.startswith(record, position):
                row.append("")
        if position >= end or text.startswith(record, position):
            position += len(record)
            yield row
            row = []


def _quoted_field(text: str, position: int, quote: str, escape: str) -> tuple[str, int]:
    """The field that begins behind a quote, and where it ends."""
    parts: list[str] = []
    while True:
        stop = text.find(quote, position)
        if escape != quote:
            slash = text.find(escape, position)
            if 0 <= slash < stop:
                parts.append(text[position:slash] + text[slash + 1 : slash + 2])
                position = slash + 2
                continue
        if stop < 0:
            raise AWSError(
                "CSVParsingError",
                "Encountered an error parsing the CSV file. Check the file and try again.",
                status=400,
            )
        parts.append(text[position:stop])
        position = stop + len(quote)
        if escape == quote and text.startswith(quote, position):
            parts.append(quote)
            position += len(quote)
            continue
        return "".join(parts), position


# --- writing


def write(rows: Iterable[Row], target: Mapping[str, Any], longest: float | None) -> bytes:
    """Records as the output serialization says."""
    csv = target.get("CSV")
    if csv is not None:
        line = _csv_writer(csv)
        delimiter = csv.get("RecordDelimiter", "\n")
    else:
        line = _json_line
        delimiter = target["JSON"].get("RecordDelimiter", "\n")
    end = delimiter.encode()
    parts = []
    for row in rows:
        text = line(row).encode()
        if longest is not None and len(text) > longest:
            raise AWSError(
                "OverMaxRecordSize",
                "The length of a record in the input or result is greater than the maxCharsPerRecord limit of 1 MB.",
                status=400,
            )
        parts += (text, end)
    return b"".join(parts)


def _json_line(row: Row) -> str:
    record = {name: value for name, value in zip(row.names, row.values, strict=True) if value is not MISSING}
    return json.dumps(record, separators=(",", ":"), default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | time):
        return _moment(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _moment(value: datetime | date | time) -> str:
    text = value.isoformat()
    if isinstance(value, datetime):
        text = text.replace("+00:00", "Z")
        return text if value.tzinfo is not None else text + "Z"
    return text


def _csv_writer(options: Mapping[str, Any]) -> Callable[[Row], str]:
    field = options.get("FieldDelimiter", ",")
    record = options.get("RecordDelimiter", "\n")
    quote = options.get("QuoteCharacter", '"')
    escape = options.get("QuoteEscapeCharacter") or quote
    always = options.get("QuoteFields") == "ALWAYS"

    def line(row: Row) -> str:
        return field.join(one(text(value)) for value in row.values)

    def one(value: str) -> str:
        if quote and (always or field in value or record in value or quote in value):
            return quote + value.replace(quote, escape + quote) + quote
        return value

    return line


def text(value: Any) -> str:
    """A value as CSV has it."""
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), default=_plain, ensure_ascii=False)
    if isinstance(value, datetime | date | time):
        return _moment(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
