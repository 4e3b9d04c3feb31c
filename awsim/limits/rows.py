"""The rows of the limits table and the look-ups that every Cloud shares.

A file is read when its service is first used, once per process; `reading` says what a row may hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from awsim.errors import AWSError, AwsimError

KINDS = ("limit", "quota", "rate", "lag", "duration", "interval", "default")
BOUNDS = frozenset({"limit", "quota", "rate"})
TIMES = frozenset({"lag", "duration", "interval"})
#: Kinds that hold only in a mode of the Cloud (throttling, eventual, timed) or where somebody overrode the row.
MODES = {"rate": "rates", "lag": "lags", "duration": "durations"}

Number = int | float
Value = int | float | str


class Row(NamedTuple):
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
        hint = nearest(name, self.load(service))
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
        if not path.is_file():
            hint = nearest(service, self.services())
            meant = f'did you mean "{hint}"? ' if hint else ""
            raise AwsimError(
                f'there is no limits table for "{service}": {meant}`python -m awsim limits` prints all there are'
            )
        from awsim.limits.reading import read_file  # a process that uses no limits pays for no reader

        return read_file(service, path)

    def _unknown(self, name: str, problem: str) -> str:
        every = [row.full_name for service in self.services() for row in self.load(service).values()]
        ending = [full for full in every if full.partition(".")[2] == name]
        hint = ending[0] if ending else nearest(name, every)
        return problem + (f'; did you mean "{hint}"?' if hint else "")


def number_problem(value: Any, *, signed: bool = False) -> str | None:
    """What keeps `value` from being a value of the table, None if nothing does. `signed`: it may be negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is no number"
    if value < 0 and not signed:
        return "is negative"
    if math.isnan(value) or math.isinf(value):
        return "is not finite"
    return None


def is_pattern(name: str) -> bool:
    """Whether a name stands for several rows ("ec2.*")."""
    return "*" in name or "?" in name or "[" in name


def _matches(operation: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(operation, pattern) for pattern in patterns)


def nearest(word: str, among: Iterable[str]) -> str | None:
    """The name that somebody who wrote `word` most likely meant."""
    import difflib  # needed only on the way to an error

    candidates = list(among)
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.5)
    if close:
        return close[0]
    # A part of a name ("size" of "message-size") is further away by edit distance than it is for a reader.
    return next((name for name in candidates if word and (word in name or name in word)), None)


@lru_cache(maxsize=1)
def shipped() -> Tables:
    """The tables that come with awsim."""
    return Tables(Path(__file__).parent)
