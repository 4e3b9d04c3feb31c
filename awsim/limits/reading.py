"""Reading the files of the limits table, with every check that a row has to pass. Imported when the first is read.

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

import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from string import Formatter
from typing import Any

from awsim.errors import AwsimError
from awsim.limits.rows import BOUNDS, KINDS, TIMES, Number, Row, Value, nearest, number_problem
from awsim.toml import read_toml

# Spellings of the units that awsim measures in, which must have one name each.
_UNIT_TYPOS = {
    **dict.fromkeys(("byte", "Bytes", "B", "octets"), "bytes"),
    **dict.fromkeys(("character", "chars", "char", "Characters", "letters"), "characters"),
    **dict.fromkeys(("second", "sec", "secs", "s", "Seconds"), "seconds"),
    **dict.fromkeys(("entry", "Entries"), "entries"),
}
_MEMBER = r"[A-Za-z0-9*?]+(\.[A-Za-z0-9_-]+(\[\])*)+"
_PARENT = r"[a-z][a-z0-9-]*"
_QUOTA_CODE = r"L-[0-9A-F]{8}"


def read_file(service: str, path: Path) -> dict[str, Row]:
    """The rows of a file by name; raises AwsimError naming file, row, key and what to write."""
    try:
        table = read_toml(path.read_text("utf-8"))
    except ValueError as error:
        raise AwsimError(f"{path.name} is not valid TOML: {error}") from error
    return {name: parse_row(service, name, entry) for name, entry in table.items()}


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
        if not _is_name(self._name):
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
        if row.error is None and kind in BOUNDS:
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
        # Only what bounds or presets a value of the caller's can lie below zero (an exponent).
        problem = number_problem(value, signed=self._entry["kind"] in ("limit", "default"))
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
            if not re.fullmatch(_MEMBER, member):
                raise self._wrong("applies", '["SendMessage.MessageBody", "CreateTable.KeySchema[].AttributeName"]')
        return members

    def _per(self, kind: str, operations: tuple[str, ...]) -> str | None:
        if kind not in ("quota", "rate"):
            return None
        per = self._entry.get("per", "account-region")
        if not isinstance(per, str) or not re.fullmatch(_PARENT, per):
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
        if "{" not in message and "}" not in message:
            return message
        try:
            for _, field, _, _ in Formatter().parse(message):
                if field is not None and not field[:1].isidentifier():
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
        if code is not None and not re.fullmatch(_QUOTA_CODE, code):
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


def _is_date(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_name(name: str) -> bool:
    return name.isascii() and name == name.lower() and all(part.isalnum() for part in name.split("-"))


def _meant(word: Any, among: Iterable[str]) -> str:
    hint = nearest(str(word), among)
    return f'; did you mean "{hint}"?' if hint else ""
