"""The rows of the limits table: their shape, the checks at reading, and the look-ups that every Cloud shares.

A file is read when its service is first used, once per process. `Tables(folder)` reads another folder (tests).

    [message-size]                             # "sqs.message-size" in sqs.toml
    kind       = "limit"                       # limit | quota | rate | lag | duration | interval | default
    value      = 1_048_576                     # a number; for `default` also a string
    unit       = "bytes"                       # times always in seconds
    source     = "SQS Developer Guide, message quotas"
    was        = [{ until = 2025-08-04, value = 262_144 }]   # the value before that day; ascending
    since      = 2014-05-01                    # the bound exists from that day on
    until      = 2030-01-01                    # … and no more from that day on
    error      = "InvalidParameterValue"       # what AWS answers; `message` with {value}, {measured} and named fields
    status     = 400                           # where neither model nor errors.toml has the error's status
    applies    = ["SendMessage.MessageBody"]   # limit: members that the gateway measures alone; "[]" is each element of
                                               #   a list ("CreateTable.KeySchema[].AttributeName"), "*" any operation
    minimum    = 1                             # limit: the lower bound of those members
    per        = "account-region"              # quota, rate: "account", "account-region" or a parent's name ("queue")
    burst      = 100                           # rate: the size of the bucket; else one second's worth
    operations = ["Describe*"]                 # rate: operations that the gateway throttles by this row,
    except     = ["DescribeInstances"]         #   but for these; `per` may then also be "operation"
    quota_code = "L-1194F9C8"                  # the row as Service Quotas shows it: with `quota_name`,
    adjustable = true                          #   whether an increase can be asked for
    global     = false                         #   and whether it is one for all regions
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from awsim.errors import AWSError, AwsimError

KINDS = ("limit", "quota", "rate", "lag", "duration", "interval", "default")
BOUNDS = frozenset({"limit", "quota", "rate"})
TIMES = frozenset({"lag", "duration", "interval"})
#: Kinds that hold only in a mode of the Cloud (throttling, eventual, timed) or where somebody overrode the row.
MODES = {"rate": "rates", "lag": "lags", "duration": "durations"}

Number = int | float
Value = int | float | str

# Spellings of the units that awsim measures in, which must have one name each.
_UNIT_TYPOS = {
    **dict.fromkeys(("byte", "Bytes", "B", "octets"), "bytes"),
    **dict.fromkeys(("character", "chars", "char", "Characters", "letters"), "characters"),
    **dict.fromkeys(("second", "sec", "secs", "s", "Seconds"), "seconds"),
    **dict.fromkeys(("entry", "Entries"), "entries"),
}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_MEMBER = re.compile(r"[A-Za-z0-9*?]+(\.[A-Za-z0-9_-]+(\[\])*)+\Z")
_PARENT = re.compile(r"[a-z][a-z0-9-]*\Z")
_QUOTA_CODE = re.compile(r"L-[0-9A-F]{8}\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `value` is today's; `at(date)` the one of a day. `was` holds (until, value) pairs, ascending."""

    service: str
    name: str
    kind: str
    value: Value
    unit: str
    source: str
    was: tuple[tuple[date, Value], ...] = ()
    since: date | None = None
    until: date | None = None
    error: str | None = None
    message: str = ""
    status: int | None = None
    applies: tuple[str, ...] = ()
    minimum: Number | None = None
    per: str | None = None
    burst: Number | None = None
    operations: tuple[str, ...] = ()
    except_: tuple[str, ...] = ()
    quota_code: str | None = None
    quota_name: str | None = None
    adjustable: bool = False
    global_: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.service}.{self.name}"

    def at(self, day: date | None) -> Value | None:
        """The value on `day`, None for the newest; None where the row does not exist then."""
        if day is None:
            return self.value if self.until is None else None
        if (self.since is not None and day < self.since) or (self.until is not None and day >= self.until):
            return None
        for until, value in self.was:
            if day < until:
                return value
        return self.value

    def burst_at(self, value: Number) -> float:
        """The size of the bucket where `value` is in force: in proportion to it, room for one use at the least."""
        if value <= 0:
            return 0.0
        if self.burst is None or not isinstance(self.value, int | float) or not self.value:
            return max(1.0, float(value))
        return max(1.0, self.burst * value / self.value)

    def refusal(self, value: Value | None, fields: Mapping[str, Any]) -> AWSError:
        """The row's error, its message filled in with `value` and `fields`; a field not given stays as written."""
        if self.error is None:
            raise AwsimError(f"{self.full_name} has no error: add `error = …` to the row to have it refuse anything")
        message = self.message
        if "{" in message or "}" in message:
            message = message.format_map(_Fields({"value": value, **fields}))
        return AWSError(self.error, message, status=self.status)


class _Fields(dict[str, Any]):
    """Fields of a message: whole numbers without a fraction, missing ones as they are written."""

    def __getitem__(self, name: str) -> Any:
        value = dict.get(self, name, _Absent(name))
        return int(value) if isinstance(value, float) and value.is_integer() else value


class _Absent:
    def __init__(self, name: str) -> None:
        self._name = name

    def __format__(self, spec: str) -> str:
        return f"{{{self._name}}}"

    def __repr__(self) -> str:
        return f"{{{self._name}}}"

    def __getattr__(self, attribute: str) -> _Absent:
        return _Absent(f"{self._name}.{attribute}")

    def __getitem__(self, key: Any) -> _Absent:
        return _Absent(f"{self._name}[{key}]")


class Tables:
    """The TOML files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: dict[str, dict[str, Row]] = {}
        self._bounds: dict[tuple[str, str], Mapping[str, tuple[Row, ...]]] = {}
        self._rates: dict[tuple[str, str], tuple[Row, ...]] = {}
        self._values: dict[tuple[str, date | None], dict[str, Value | None]] = {}

    def services(self) -> list[str]:
        """The services that have a table, as botocore names them."""
        return sorted(path.stem for path in self.folder.glob("*.toml"))

    def load(self, service: str) -> dict[str, Row]:
        """All rows of a service by name; raises AwsimError where it has no table or a row is malformed."""
        rows = self._rows.get(service)
        if not rows:
            rows = self._rows[service] = self._read(service)
        return rows

    def rows(self, service: str) -> dict[str, Row]:
        """As `load`, but no rows where the service has no table."""
        rows = self._rows.get(service)
        if rows is None:
            if (self.folder / f"{service}.toml").is_file():
                return self.load(service)
            rows = self._rows[service] = {}
        return rows

    def values(self, service: str, day: date | None) -> dict[str, Value | None]:
        """The values of a service on a day where nothing is overridden. Shared: not to be changed."""
        values = self._values.get((service, day))
        if values is None:
            values = self._values[service, day] = {name: row.at(day) for name, row in self.rows(service).items()}
        return values

    def row(self, full_name: str) -> Row:
        """The row "service.name"; raises AwsimError naming the nearest there is."""
        service, _, name = full_name.partition(".")
        rows = self._rows.get(service)
        if rows is not None and name in rows:
            return rows[name]
        if not name:
            raise AwsimError(self._unknown(full_name, 'a limit is named "service.limit"'))
        rows = self.load(service)
        if name not in rows:
            raise AwsimError(self.unknown_row(service, name))
        return rows[name]

    def unknown_row(self, service: str, name: str) -> str:
        hint = _nearest(name, self.load(service))
        meant = f'did you mean "{service}.{hint}"? ' if hint else ""
        return f'there is no limit "{service}.{name}": {meant}`python -m awsim limits {service}` prints all there are'

    def bounds_for(self, service: str, operation: str) -> Mapping[str, tuple[Row, ...]]:
        """The rows that replace the model's bounds: member path ("MessageBody", "KeySchema[].AttributeName") to rows.

        Empty for a service without a table. The same for every Cloud: the value in force is `limits[row.name]`.
        """
        key = (service, operation)
        bounds = self._bounds.get(key)
        if bounds is None:
            found: dict[str, list[Row]] = {}
            for row in self.rows(service).values():
                for applied in row.applies:
                    pattern, _, member = applied.partition(".")
                    if fnmatchcase(operation, pattern) and row not in found.setdefault(member, []):
                        found[member].append(row)
            bounds = self._bounds[key] = {member: tuple(rows) for member, rows in found.items()}
        return bounds

    def rates_for(self, service: str, operation: str) -> tuple[Row, ...]:
        """The rate rows that the gateway enforces on an operation; none for a service without a table."""
        key = (service, operation)
        rates = self._rates.get(key)
        if rates is None:
            rates = self._rates[key] = tuple(
                row
                for row in self.rows(service).values()
                if _matches(operation, row.operations) and not _matches(operation, row.except_)
            )
        return rates

    def matching(self, pattern: str) -> list[Row]:
        """The rows whose full names match "ec2.*", "sqs.fifo-*", "*"; raises AwsimError where none does."""
        service = pattern.partition(".")[0]
        services = self.services() if is_pattern(service) else [service]
        rows = [row for name in services for row in self.load(name).values() if fnmatchcase(row.full_name, pattern)]
        if not rows:
            raise AwsimError(self._unknown(pattern, f'no limit matches "{pattern}"'))
        return rows

    def _read(self, service: str) -> dict[str, Row]:
        path = self.folder / f"{service}.toml"
        if not _NAME.match(service) or not path.is_file():
            hint = _nearest(service, self.services())
            meant = f'did you mean "{hint}"? ' if hint else ""
            raise AwsimError(
                f'there is no limits table for "{service}": {meant}`python -m awsim limits` prints all there are'
            )
        import tomllib  # 5 ms that a process without limits does not spend

        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise AwsimError(f"{path.name} is not valid TOML: {error}") from error
        return {name: parse_row(service, name, entry) for name, entry in table.items()}

    def _unknown(self, name: str, problem: str) -> str:
        every = [row.full_name for service in self.services() for row in self.load(service).values()]
        ending = [full for full in every if full.partition(".")[2] == name]
        hint = ending[0] if ending else _nearest(name, every)
        return problem + (f'; did you mean "{hint}"?' if hint else "")


def parse_row(service: str, name: str, entry: Any) -> Row:
    """A checked Row from its TOML table; raises AwsimError naming file, row, key and what to write."""
    return _Reader(service, name, entry).row()


class _Reader:
    """Reads one TOML table."""

    def __init__(self, service: str, name: str, entry: Any) -> None:
        self._where = f"{service}.toml [{name}]"
        if not isinstance(entry, dict):
            raise AwsimError(f"{service}.toml: `{name}` stands outside of a row; rows start with [name]")
        self._service, self._name, self._entry = service, name, entry

    def row(self) -> Row:
        entry = self._entry
        if not _NAME.match(self._name):
            raise self._error("is no name: lower-case words joined by dashes, as in [message-size]")
        for key in entry:
            if key not in _KEYS:
                raise self._error(f"`{key}` is no key of a row{_meant(key, _KEYS)}")
        for key in ("kind", "value", "unit", "source"):
            if key not in entry and not (key == "unit" and entry.get("kind") in (*TIMES, "rate", "default")):
                raise self._error(f"`{key}` is missing")
        kind = entry["kind"]
        if kind not in KINDS:
            raise self._error(f"kind {kind!r} is none of {', '.join(KINDS)}{_meant(kind, KINDS)}")
        for key in entry:
            if key in _ONLY and kind not in _ONLY[key]:
                raise self._error(f"`{key}` belongs to rows of kind {' or '.join(_ONLY[key])}, not to a {kind}")
        operations = self._strings("operations")
        row = Row(
            service=self._service,
            name=self._name,
            kind=kind,
            value=self._value("value", entry["value"]),
            unit=self._unit(kind),
            source=self._string("source") or "",
            was=self._was(),
            since=self._date("since"),
            until=self._date("until"),
            error=self._string("error"),
            message=self._message(),
            status=self._status(),
            applies=self._applies(),
            minimum=self._number("minimum"),
            per=self._per(kind, operations),
            burst=self._burst(),
            operations=operations,
            except_=self._strings("except"),
            quota_code=self._quota_code(),
            quota_name=self._string("quota_name"),
            adjustable=self._boolean("adjustable"),
            global_=self._boolean("global"),
        )
        if row.error is None and (kind in ("quota", "rate") or (kind == "limit" and not row.applies)):
            raise self._error(f"`error` is missing: what does AWS answer beyond this {kind}?")
        if row.error is None and ("message" in entry or "status" in entry):
            raise self._error("`message` and `status` need the `error` that they belong to")
        if row.except_ and not operations:
            raise self._error("`except` takes operations out of `operations`, which is missing")
        if row.since is not None and row.until is not None and row.since >= row.until:
            raise self._error("`since` must be before `until`")
        if row.minimum is not None and isinstance(row.value, int | float) and row.minimum > row.value:
            raise self._error("`minimum` is above `value`")
        return row

    def _error(self, problem: str) -> AwsimError:
        return AwsimError(f"{self._where}: {problem}")

    def _wrong(self, key: str, expected: str) -> AwsimError:
        return self._error(f"`{key} = {self._entry[key]!r}` is malformed: write {expected}")

    def _value(self, key: str, value: Any) -> Value:
        if isinstance(value, str) and self._entry["kind"] == "default":
            return value
        problem = number_problem(value)
        if problem:
            text = " or a string" if self._entry["kind"] == "default" else ""
            raise self._error(f"`{key} = {value!r}` {problem}; write a number{text}")
        assert isinstance(value, int | float)
        return value

    def _unit(self, kind: str) -> str:
        unit = self._entry.get("unit", "seconds" if kind in TIMES else "requests" if kind == "rate" else "")
        if not isinstance(unit, str) or (kind != "default" and not unit.strip()):
            raise self._wrong("unit", 'what is counted, as in "bytes"')
        if kind in TIMES and unit != "seconds":
            raise self._wrong("unit", f'"seconds" and the value of this {kind} in seconds')
        if kind == "rate" and ("per " in unit or "/" in unit):
            raise self._wrong("unit", 'only what is counted, as in "requests": a rate is always per second')
        if unit in _UNIT_TYPOS:
            raise self._wrong("unit", f'"{_UNIT_TYPOS[unit]}"')
        return unit

    def _was(self) -> tuple[tuple[date, Value], ...]:
        if "was" not in self._entry:
            return ()
        expected = "[{ until = 2025-08-04, value = 262_144 }], oldest first"
        history = self._entry["was"]
        if not isinstance(history, list) or not history:
            raise self._wrong("was", expected)
        read: list[tuple[date, Value]] = []
        for item in history:
            if not isinstance(item, dict) or set(item) != {"until", "value"} or not _is_date(item["until"]):
                raise self._wrong("was", expected)
            if read and item["until"] <= read[-1][0]:
                raise self._wrong("was", expected + ": dates ascend")
            read.append((item["until"], self._value("was.value", item["value"])))
        return tuple(read)

    def _applies(self) -> tuple[str, ...]:
        members = self._strings("applies")
        for member in members:
            if not _MEMBER.match(member):
                raise self._wrong("applies", '["SendMessage.MessageBody", "CreateTable.KeySchema[].AttributeName"]')
        return members

    def _per(self, kind: str, operations: tuple[str, ...]) -> str | None:
        if kind not in ("quota", "rate"):
            return None
        per = self._entry.get("per", "account-region")
        if not isinstance(per, str) or not _PARENT.match(per):
            raise self._wrong("per", '"account", "account-region" or the parent, as in "queue"')
        if operations and per not in ("account", "account-region", "operation"):
            raise self._error(f'with `operations` write per = "account", "account-region" or "operation", not "{per}"')
        return per

    def _burst(self) -> Number | None:
        burst = self._number("burst")
        if burst is not None and burst < 1:
            raise self._wrong("burst", "1 or more, or nothing would ever pass")
        return burst

    def _message(self) -> str:
        message = self._string("message") or ""
        try:
            for _, field, _, _ in Formatter().parse(message):
                if field is not None and not re.match(r"[a-zA-Z_]", field):
                    raise ValueError("a field has no name")
        except ValueError as error:
            raise self._error(f"`message` does not format ({error}): braces of the text itself are doubled") from None
        return message

    def _status(self) -> int | None:
        status = self._entry.get("status")
        if status is not None and not (type(status) is int and 400 <= status <= 599):
            raise self._wrong("status", "an HTTP status from 400 to 599")
        return status

    def _quota_code(self) -> str | None:
        code = self._string("quota_code")
        if code is not None and not _QUOTA_CODE.match(code):
            raise self._wrong("quota_code", 'a code of Service Quotas, as in "L-1194F9C8"')
        return code

    def _string(self, key: str) -> str | None:
        text = self._entry.get(key)
        if text is not None and not (isinstance(text, str) and text.strip()):
            raise self._wrong(key, "a string")
        return text

    def _strings(self, key: str) -> tuple[str, ...]:
        items = self._entry.get(key, [])
        if key in self._entry and not (
            isinstance(items, list) and items and all(isinstance(item, str) and item for item in items)
        ):
            raise self._wrong(key, "a list of strings")
        return tuple(items)

    def _number(self, key: str) -> Number | None:
        number = self._entry.get(key)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise self._wrong(key, "a number")
        return number

    def _boolean(self, key: str) -> bool:
        flag = self._entry.get(key, False)
        if not isinstance(flag, bool):
            raise self._wrong(key, "true or false")
        return flag

    def _date(self, key: str) -> date | None:
        day = self._entry.get(key)
        if day is not None and not _is_date(day):
            raise self._wrong(key, "a date, as in 2025-08-04, without quotes")
        return day


_ONLY: dict[str, tuple[str, ...]] = {
    "applies": ("limit",),
    "minimum": ("limit",),
    "per": ("quota", "rate"),
    "burst": ("rate",),
    "operations": ("rate",),
    "except": ("rate",),
}
_KEYS = (
    *("kind", "value", "unit", "source", "was", "since", "until", "error", "message", "status"),
    *_ONLY,
    *("quota_code", "quota_name", "adjustable", "global"),
)


def number_problem(value: Any) -> str | None:
    """What keeps `value` from being a value of the table, None if nothing does."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is no number"
    if value < 0:
        return "is negative"
    if math.isnan(value) or math.isinf(value):
        return "is not finite"
    return None


def _is_date(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def is_pattern(name: str) -> bool:
    """Whether a name stands for several rows ("ec2.*")."""
    return "*" in name or "?" in name or "[" in name


def _matches(operation: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(operation, pattern) for pattern in patterns)


def _nearest(word: str, among: Iterable[str]) -> str | None:
    import difflib  # needed only on the way to an error

    # A part of a name ("inflight" of "inflight-messages") is further away by edit distance than it is for a reader.
    candidates = list(among)
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.5)
    if close:
        return close[0]
    return next((name for name in candidates if word and (word in name or name in word)), None)


def _meant(word: Any, among: Iterable[str]) -> str:
    hint = _nearest(str(word), among)
    return f'; did you mean "{hint}"?' if hint else ""


@lru_cache(maxsize=1)
def shipped() -> Tables:
    """The tables that come with awsim."""
    return Tables(Path(__file__).parent)
