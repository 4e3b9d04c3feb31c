"""The limits of one Cloud: the table's values with overrides, and what services ask of them.

    limits = Limits({"sqs.message-size": 1024, "ec2.*": None}, as_of=date(2024, 1, 1), rates=True)
    limits["sqs.message-size"]                                     # 1024; None where lifted
    limits.of("123456789012", "eu-west-1")["sqs.message-size"] = 2048   # the narrower wins
    limits.for_service("sqs", account, region).check("message-size", 3000)   # raises the row's AWSError

What holds when: `limit`, `quota`, `interval` and `default` always; `rate`, `lag` and `duration` in their mode
(`rates`, `lags`, `durations`), or where somebody overrode the row. None lifts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, NoReturn, TypeVar

from awsim.errors import AWSError, AwsimError
from awsim.limits.buckets import Levels, missing
from awsim.limits.rows import (
    BOUNDS,
    MODES,
    Number,
    Row,
    Tables,
    Value,
    is_pattern,
    number_problem,
    shipped,
)
from awsim.state import Dict, Entity

__all__ = [
    "Limits",
    "Row",
    "ScopedLimits",
    "ServiceLimits",
    "Tables",
    "Usage",
    "bounds_for",
    "load",
    "rates_for",
    "services",
]

T = TypeVar("T")


def load(service: str) -> dict[str, Row]:
    """The rows of a service, by name without the service. Raises AwsimError for a service without a table."""
    return shipped().load(service)


def services() -> list[str]:
    """The services that have a table."""
    return shipped().services()


def bounds_for(service: str, operation: str) -> Mapping[str, tuple[Row, ...]]:
    """Member path to the rows whose values replace the model's bound on it; empty without any. See `Tables`."""
    return shipped().bounds_for(service, operation)


def rates_for(service: str, operation: str) -> tuple[Row, ...]:
    """The rate rows that the gateway enforces on an operation; `ServiceLimits.throttle` does so."""
    return shipped().rates_for(service, operation)


class Usage(NamedTuple):
    """How much of a limit, quota or rate has been used.

    `used` is the number in existence for a quota, the largest measured for a limit, the most taken out of the bucket
    at one time for a rate; `peak` the most that ever was. `scope` reads "account", "account region" or either and the
    parent's key. `allowed` and `headroom` are None where the limit is lifted by now.
    """

    name: str
    scope: str
    used: Number
    allowed: Number | None
    headroom: Number | None
    peak: Number
    kind: str
    unit: str


class _Override(NamedTuple):
    account: str | None
    region: str | None
    name: str  # full, or a pattern
    value: Value | None


class _Settings(Entity):
    """The overrides, earliest first. `version` is another object for every other content, also after a restore."""

    __slots__ = ("overrides", "version")

    overrides: tuple[_Override, ...]
    version: object

    def __init__(self, overrides: tuple[_Override, ...]) -> None:
        self.overrides = overrides
        self.version = object()

    def change(self, overrides: tuple[_Override, ...]) -> None:
        self.overrides = overrides
        self.version = object()


class ScopedLimits:
    """The limits as they hold in one account, region or both: `aws.limits.of(account, region)`."""

    def __init__(self, limits: Limits, account: str | None, region: str | None) -> None:
        self._limits = limits
        self._account = account
        self._region = region

    def __getitem__(self, name: str) -> Value | None:
        """The value in force of "sqs.message-size"; None where lifted. Raises AwsimError for an unknown name."""
        row = self._limits.tables.row(name)
        value: Value | None = self._service(row.service)[row.name]
        return value

    def __setitem__(self, name: str, value: Value | None) -> None:
        """Override a row, or all rows a pattern matches ("ec2.*"), in this scope; None lifts."""
        self._limits._override([_Override(self._account, self._region, name, value)])

    def __delitem__(self, name: str) -> None:
        """Take an override of this scope back, by the name or the pattern that it was made with."""
        self._limits._take_back(self._account, self._region, name)

    def row(self, name: str) -> Row:
        """The table's row of "sqs.message-size"."""
        return self._limits.tables.row(name)

    def active(self, name: str) -> bool:
        """Whether the row holds: not lifted, and its mode is on or somebody overrode it."""
        row = self._limits.tables.row(name)
        return self._service(row.service).active(row.name)

    def of(self, account: str | None = None, region: str | None = None) -> ScopedLimits:
        """The limits of a narrower scope. Overrides there win over this one's; account and region over either."""
        return ScopedLimits(self._limits, account or self._account, region or self._region)

    def usage(self) -> list[Usage]:
        """What was used of each limit, quota and rate that calls have touched in this scope, by name and scope."""
        self._limits._look()
        found = [
            usage
            for (_, account, region), view in self._limits._views.items()
            if self._account in (None, account) and (self._region in (None, region) or not region)
            for usage in view.usage()
        ]
        return sorted(found, key=lambda usage: (usage.name, usage.scope))

    def _service(self, service: str) -> ServiceLimits:
        return self._limits.for_service(service, self._account or "", self._region or "")


class Limits(ScopedLimits):
    """The limits of one Cloud, in all its accounts and regions.

    `as_of`: a date (or "2024-01-31") whose values hold, None for the newest. `rates`, `lags`, `durations`: the modes
    that are on. `tables`: where rows come from. `guard`: entered around every change of an override, so that the Cloud
    can hold its lock and record the change for its snapshots. `look`: called before somebody is told of use.
    """

    def __init__(
        self,
        overrides: Mapping[str, Value | None] | None = None,
        as_of: date | str | None = None,
        *,
        rates: bool = False,
        lags: bool = False,
        durations: bool = False,
        tables: Tables | None = None,
        guard: Callable[[], AbstractContextManager[Any]] = nullcontext,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(self, None, None)
        self.as_of = _day(as_of)
        self.modes = frozenset(mode for mode, on in (("rates", rates), ("lags", lags), ("durations", durations)) if on)
        self.tables = tables or shipped()
        self._guard = guard
        self._look = look
        self._settings = _Settings(())
        # Views hold counts of their own, which snapshots cover; which views exist means nothing.
        self._views: dict[tuple[str, str, str], ServiceLimits] = {}
        if overrides:
            if not isinstance(overrides, Mapping):
                raise AwsimError(f'limits are a mapping, as in {{"sqs.message-size": 1024}}, not {overrides!r}')
            # Of one mapping what names a row wins over what matches it, in whatever order they stand.
            ordered = sorted(overrides.items(), key=lambda item: _breadth(item[0]))
            self._override([_Override(None, None, name, value) for name, value in ordered])

    @property
    def hurried(self) -> bool:
        """Whether a rate may hold: rates are on, or somebody has overridden a row."""
        return "rates" in self.modes or bool(self._settings.overrides)

    def for_service(self, service: str, account: str = "", region: str = "") -> ServiceLimits:
        """What a service instance asks; one per service, account and region. Raises AwsimError at first use where the
        service has no table."""
        view = self._views.get((service, account, region))
        if view is None:
            view = self._views[service, account, region] = ServiceLimits(self, service, account, region)
        return view

    def _override(self, overrides: list[_Override]) -> None:
        for override in overrides:
            self._check(override.name, override.value)
        with self._guard():
            # A name assigned again counts as assigned now: of one scope the last assignment wins.
            given = {override[:3] for override in overrides}
            kept = tuple(earlier for earlier in self._settings.overrides if earlier[:3] not in given)
            self._settings.change((*kept, *overrides))

    def _take_back(self, account: str | None, region: str | None, name: str) -> None:
        with self._guard():
            earlier = self._settings.overrides
            kept = tuple(override for override in earlier if override[:3] != (account, region, name))
            if len(kept) == len(earlier):
                made = ", ".join(f'"{override.name}"' for override in earlier if override[:2] == (account, region))
                raise AwsimError(f'"{name}" is not overridden here; overridden are: {made or "none"}')
            self._settings.change(kept)

    def _check(self, name: Any, value: Any) -> None:
        """Raise AwsimError if no row has that name or the value is none for it."""
        if not isinstance(name, str):
            raise AwsimError(f'a limit is named "service.limit", as in "sqs.message-size", not {name!r}')
        rows = [self.tables.row(name)] if not is_pattern(name) else self.tables.matching(name)
        if value is None:
            if not is_pattern(name) and rows[0].kind in ("interval", "default"):
                other = " (0 for no time)" if rows[0].kind == "interval" else ""
                raise AwsimError(f'"{name}" is of kind {rows[0].kind} and cannot be lifted: assign a value{other}')
            return
        kinds = {row.kind for row in rows}
        if len(kinds) > 1:
            raise AwsimError(
                f'"{name}" matches rows of kinds {", ".join(sorted(kinds))}: '
                f"assign None to lift them, or a number to the rows one by one"
            )
        if isinstance(value, str) and all(isinstance(row.value, str) for row in rows):
            return
        signed = all(isinstance(row.value, int | float) and row.value < 0 for row in rows)
        problem = number_problem(value, signed=signed)
        if problem is None and not all(isinstance(row.value, str) for row in rows):
            return
        row = rows[0]
        like = f"a string like {row.value!r}" if isinstance(row.value, str) else f"a number of {row.unit}"
        lift = "" if row.kind in ("interval", "default") else ", or None to lift it"
        problem = problem or "is no string"
        raise AwsimError(f'limits["{name}"] = {value!r}: the value {problem}; assign {like}, as in {row.value!r}{lift}')


class _Bucket(NamedTuple):
    """A rate in force: `rate` per second into buckets of `size`."""

    row: Row
    rate: float
    size: float
    overridden: bool
    levels: Levels
    counts: Dict


class ServiceLimits:
    """What a service has as `self.limits`: its rows, by name without the service, as they hold in its scope."""

    __slots__ = (
        "_active",
        "_buckets",
        "_counts",
        "_derived",
        "_idle",
        "_levels",
        "_limits",
        "_peaks",
        "_settings",
        "_throttles",
        "_values",
        "_version",
        "account",
        "region",
        "service",
    )

    def __init__(self, limits: Limits, service: str, account: str, region: str) -> None:
        self._limits = limits
        self._settings = limits._settings
        self.service = service
        self.account = account
        self.region = region
        # What is in force, as of `_version`.
        self._version: object = None
        self._values: dict[str, Value | None] = {}
        self._active: dict[str, Number] = {}
        self._idle: set[str] = set()  # rows with a mode, asked for and not active
        self._buckets: dict[str, _Bucket] = {}
        self._throttles: dict[str, tuple[tuple[str, str, int], ...]] = {}
        self._derived: dict[object, Any] = {}
        # What was used: state of the Cloud.
        self._peaks = Dict()  # row of kind limit -> largest measured
        self._counts = Dict()  # (row, parent's key) -> (used, peak)
        self._levels: dict[str, Levels] = {}  # of rate rows

    def __getitem__(self, name: str) -> Any:
        """The value in force, whatever the mode; None where lifted."""
        if self._version is not self._settings.version:
            self._resolve()
        try:
            return self._values[name]
        except KeyError:
            self._unknown(name)

    get = __getitem__

    def derived(self, what: Callable[[ServiceLimits], T]) -> T:
        """What a function makes of the values in force, worked out once for as long as they are."""
        if self._version is not self._settings.version:
            self._resolve()
        try:
            return self._derived[what]  # type: ignore[no-any-return]
        except KeyError:
            found = self._derived[what] = what(self)
            return found

    def row(self, name: str) -> Row:
        """The table's row."""
        try:
            return self._limits.tables.load(self.service)[name]
        except KeyError:
            self._unknown(name)

    def active(self, name: str) -> bool:
        """Whether the row holds: not lifted, and its mode is on or somebody overrode it."""
        value = self[name]
        if name in self._active:
            return True
        if name in self._idle:
            return False
        if self.row(name).kind not in MODES:
            return value is not None
        self._idle.add(name)
        return False

    @property
    def quiet(self) -> bool:
        """Whether no rate, lag or duration of the service is in force: spares asking for one after the other."""
        if self._version is not self._settings.version:
            self._resolve()
        return not self._active

    def error(self, name: str, /, **fields: Any) -> AWSError:
        """The row's error, `{value}` and `fields` filled in."""
        return self.row(name).refusal(self[name], fields)

    # -- limits and quotas

    def check(self, name: str, measured: Number, /, **fields: Any) -> None:
        """Raise the row's error where `measured` is more than its value."""
        if self._version is not self._settings.version:
            self._resolve()
        try:
            value: Any = self._values[name]
        except KeyError:
            self._unknown(name)
        if value is None:
            return
        if measured > value:
            self._peaks.setdefault(name, 0)
            raise self.row(name).refusal(value, {"measured": measured, **fields})
        if measured > self._peaks.get(name, -1):
            self._peaks[name] = measured

    def fits(self, name: str, most: Number, least: Number) -> bool:
        """Whether `most`, the largest of many things measured, is within the row's value, and `least` within its
        minimum. `check` says what is wrong with those that are not."""
        row, value = self.row(name), self[name]
        if row.minimum is not None and least < row.minimum:
            return False
        if value is None:
            return True
        if most > value:
            return False
        if most > self._peaks.get(name, -1):
            self._peaks[name] = most
        return True

    def quota(self, name: str, used: Number, key: str = "", /, *, adding: Number = 1, **fields: Any) -> None:
        """Raise the row's error where there is no room for `adding` more beside `used`; else count them.

        `key` names the parent for a row `per` parent (its name or ARN). `{measured}` is what there would be.
        """
        value = self[name]
        if value is None:
            return
        row = self.row(name)
        if used + adding > value:
            self._count(row, used, key)
            raise row.refusal(value, {"measured": used + adding, "used": used, "key": key, **fields})
        self._count(row, used + adding, key)

    def used(self, name: str, used: Number, key: str = "", /) -> None:
        """Say how many there are of what a quota counts, after some have gone."""
        if self[name] is not None:
            self._count(self.row(name), used, key)

    def _count(self, row: Row, used: Number, key: str) -> None:
        counts = self._home(row)._counts
        _, peak = counts.get((row.name, key), (0, 0))
        counts[row.name, key] = (used, max(used, peak))

    # -- rates

    def rate(
        self,
        name: str,
        key: str = "",
        amount: Number = 1,
        *,
        now: float,
        value: Number | None = None,
        burst: Number | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Take `amount` out of the row's bucket of `key` at `now` (epoch seconds), if the rate holds.

        Raises the row's error where the bucket is short, and takes nothing. An amount larger than the bucket passes
        when that is full and leaves it in debt. `value` and `burst` are the caller's own (a table's provisioned
        capacity) in place of the row's, unless somebody overrode the row.
        """
        if not self._holds(name):
            return
        bucket = self._bucket(name, value, burst)
        _, rate, size, _, levels, _ = bucket
        tokens = levels.tokens(key, rate, size, now)
        if missing(tokens, amount, rate, size) > 0:
            raise self._short(bucket, key, amount, fields)
        self._drain(bucket, key, tokens - amount, now)

    def rates(
        self, uses: Iterable[tuple[str, str, Number]], *, now: float, fields: Mapping[str, Any] | None = None
    ) -> None:
        """Take (name, key, amount) out of several buckets, or out of none: raises the error of the first that is
        short. A rate that does not hold is left out."""
        left: dict[tuple[str, str], tuple[_Bucket, float]] = {}
        for name, key, amount in uses:
            if not self._holds(name):
                continue
            bucket = self._bucket(name, None, None)
            _, rate, size, _, levels, _ = bucket
            tokens = left[name, key][1] if (name, key) in left else levels.tokens(key, rate, size, now)
            if missing(tokens, amount, rate, size) > 0:
                raise self._short(bucket, key, amount, fields)
            left[name, key] = (bucket, tokens - amount)
        for (_, key), (bucket, tokens) in left.items():
            self._drain(bucket, key, tokens, now)

    def throttle(self, operation: str, *, now: float) -> None:
        """Count one call of an operation against all rates of the table that name it; raises the first's error.

        Fills in `{operation}`. Nothing for a service without a table.
        """
        if self._version is not self._settings.version:
            self._resolve()
        uses = self._throttles.get(operation)
        if uses is None:
            uses = self._throttles[operation] = tuple(
                (row.name, operation if row.per == "operation" else "", 1)
                for row in self._limits.tables.rates_for(self.service, operation)
                if row.name in self._active
            )
        if uses:
            self.rates(uses, now=now, fields={"operation": operation})

    def retry_after(
        self,
        name: str,
        key: str = "",
        amount: Number = 1,
        *,
        now: float,
        value: Number | None = None,
        burst: Number | None = None,
    ) -> float:
        """Seconds until `rate` with the same arguments passes: 0 where it does now, infinite where it never will."""
        if not self._holds(name):
            return 0.0
        _, rate, size, _, levels, _ = self._bucket(name, value, burst)
        short = missing(levels.tokens(key, rate, size, now), amount, rate, size)
        if short <= 0:
            return 0.0
        return short / rate if rate > 0 else float("inf")

    def _holds(self, name: str) -> bool:
        """Whether a row with a mode holds."""
        if self._version is not self._settings.version:
            self._resolve()
        if name in self._active:
            return True
        if name not in self._values:
            self._unknown(name)
        return False

    def _bucket(self, name: str, value: Number | None, burst: Number | None) -> _Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            row = self.row(name)
            if row.kind != "rate":
                raise AwsimError(f"{row.full_name} is of kind {row.kind}, not a rate")
            rate = self._active[name]
            home = self._home(row)
            levels = home._levels.setdefault(name, Levels())
            bucket = _Bucket(row, rate, row.burst_at(rate), name in self._overridden(), levels, home._counts)
            self._buckets[name] = bucket
        if value is None or bucket.overridden:
            return bucket
        size = max(1.0, value if burst is None else burst) if value > 0 else 0.0
        return bucket._replace(rate=value, size=size)

    def _short(self, bucket: _Bucket, key: str, amount: Number, fields: Mapping[str, Any] | None) -> AWSError:
        bucket.counts.setdefault((bucket.row.name, key), (0, 0))
        return bucket.row.refusal(bucket.rate, {"measured": amount, "key": key, **(fields or {})})

    def _drain(self, bucket: _Bucket, key: str, tokens: float, now: float) -> None:
        row, rate, size, _, levels, counts = bucket
        levels.put(key, tokens, rate, size, now)
        taken = min(size, size - tokens)
        _, peak = counts.get((row.name, key), (0, -1))
        if taken > peak:
            counts[row.name, key] = (taken, taken)

    # -- times

    def lag(self, name: str) -> float:
        """Seconds that a read may lag; 0 unless lags hold or the row was overridden."""
        return self._seconds(name)

    def duration(self, name: str) -> float:
        """Seconds that AWS's own work takes; 0 unless durations hold or the row was overridden."""
        return self._seconds(name)

    def _seconds(self, name: str) -> float:
        if self._version is not self._settings.version:
            self._resolve()
        seconds = self._active.get(name)
        if seconds is None:
            if name not in self._values:
                self._unknown(name)
            return 0.0
        return seconds

    # -- use

    def usage(self) -> list[Usage]:
        """What was used here of each limit, quota and rate that calls have touched."""
        scope = " ".join(part for part in (self.account, self.region) if part)
        touched = [(name, "", used, used) for name, used in self._peaks.items()]
        touched += [(name, key, used, peak) for (name, key), (used, peak) in self._counts.items()]
        result = []
        for name, key, used, peak in touched:
            row = self.row(name)
            allowed = self[name]
            if row.kind == "rate":
                allowed = None if allowed is None else row.burst_at(allowed)
                used, peak = round(used, 3), round(peak, 3)
            result.append(
                Usage(
                    name=row.full_name,
                    scope=f"{scope} {key}".strip(),
                    used=used,
                    allowed=allowed,
                    headroom=None if allowed is None else max(0, allowed - used),
                    peak=peak,
                    kind=row.kind,
                    unit=row.unit,
                )
            )
        return result

    # -- what is in force

    def _home(self, row: Row) -> ServiceLimits:
        """Where use is counted: rows per account count over all regions."""
        if row.per == "account" and self.region:
            return self._limits.for_service(self.service, self.account, "")
        return self

    def _scope_overrides(self) -> list[_Override]:
        """The overrides that hold in this scope, each winning over those before it."""
        found = [
            override
            for override in self._settings.overrides
            if override.account in (None, self.account)
            and override.region in (None, self.region)
            and (override.name.startswith(f"{self.service}.") or is_pattern(override.name))
        ]
        return sorted(found, key=lambda override: (override.account is not None) * 2 + (override.region is not None))

    def _overridden(self) -> dict[str, Value | None]:
        """The rows overridden in this scope, with what they are overridden to."""
        overridden: dict[str, Value | None] = {}
        overrides = self._scope_overrides()
        if not overrides:
            return overridden
        rows = self._limits.tables.load(self.service)
        for override in overrides:
            if not is_pattern(override.name):
                overridden[override.name.partition(".")[2]] = override.value
                continue
            for row in rows.values():
                # Lifting "ec2.*" lifts what stands in the way, not the values that a service works with.
                liftable = row.kind in BOUNDS or row.kind in MODES
                if fnmatchcase(row.full_name, override.name) and (override.value is not None or liftable):
                    overridden[row.name] = override.value
        return overridden

    def _resolve(self) -> None:
        limits = self._limits
        version = self._settings.version
        rows = limits.tables.rows(self.service)
        values = limits.tables.values(self.service, limits.as_of)
        overridden = self._overridden()
        if overridden:
            values = {**values, **overridden}
        self._active = {
            name: value
            for name, value in values.items()
            if isinstance(value, int | float)
            and (mode := MODES.get(rows[name].kind))
            and (mode in limits.modes or name in overridden)
        }
        self._idle = set()
        self._values = values
        self._buckets = {}
        self._throttles = {}
        self._derived = {}
        self._version = version

    def _unknown(self, name: str) -> NoReturn:
        raise AwsimError(self._limits.tables.unknown_row(self.service, name)) from None


def _breadth(name: Any) -> tuple[int, int]:
    """Orders names of one mapping from the broadest pattern to single rows."""
    if not isinstance(name, str) or not is_pattern(name):
        return (1, 0)
    return (0, len(name))


def _day(as_of: date | str | None) -> date | None:
    if isinstance(as_of, str):
        try:
            return date.fromisoformat(as_of)
        except ValueError:
            raise AwsimError(f'as_of={as_of!r} is no date: write date(2024, 1, 31) or "2024-01-31"') from None
    if isinstance(as_of, datetime):
        return as_of.date()
    if as_of is not None and not isinstance(as_of, date):
        raise AwsimError(f'as_of={as_of!r} is no date: write date(2024, 1, 31) or "2024-01-31"')
    return as_of
