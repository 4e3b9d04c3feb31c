"""Contributor Insights rules: what they say, and whom they find in log events.

Source: CloudWatch User Guide, "Contributor Insights rule syntax".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.services.cloudwatch.refusals import invalid
from awsim.state import Entity, Tags

SCHEMA = {"Name": "CloudWatchLogRule", "Version": 1}
ENABLED, DISABLED = "ENABLED", "DISABLED"
_MOST_KEYS, _MOST_FILTERS = 4, 4
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "In": lambda value, wanted: str(value) in map(str, wanted),
    "NotIn": lambda value, wanted: str(value) not in map(str, wanted),
    "StartsWith": lambda value, wanted: any(str(value).startswith(one) for one in wanted),
    "GreaterThan": lambda value, wanted: _number(value) > wanted,
    "LessThan": lambda value, wanted: _number(value) < wanted,
    "EqualTo": lambda value, wanted: _number(value) == wanted,
    "NotEqualTo": lambda value, wanted: _number(value) != wanted,
}


class InsightRule(Entity):
    """A rule. `since`: from when on it collects, in epoch seconds; None while it is disabled."""

    __slots__ = ("arn", "definition", "name", "since", "state", "tags", "transformed", "until")

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.tags = Tags()
        self.definition = ""
        self.state = ENABLED
        self.transformed = False
        self.since = 0.0
        self.until: float | None = None

    def enable(self, now: float) -> None:
        if self.state != ENABLED:
            self.since = now
        self.state, self.until = ENABLED, None

    def disable(self, now: float) -> None:
        if self.state == ENABLED:
            self.until = now
        self.state = DISABLED

    @property
    def terms(self) -> Terms:
        return Terms.read(self.definition)

    def described(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "State": self.state,
            "Schema": json.dumps(SCHEMA),
            "Definition": self.definition,
            "ManagedRule": False,
            "ApplyOnTransformedLogs": self.transformed,
        }


class Contribution(NamedTuple):
    """One log event that a rule is about: when, by whom, how much."""

    time: float
    keys: tuple[str, ...]
    value: float


class Terms(NamedTuple):
    """A definition, checked."""

    groups: tuple[str, ...]
    format: str
    fields: Mapping[str, str]
    keys: tuple[str, ...]
    value_of: str | None
    filters: tuple[Mapping[str, Any], ...]
    aggregate: str

    @classmethod
    def read(cls, text: str) -> Terms:
        """Raises InvalidParameterValue."""
        try:
            given = json.loads(text)
        except ValueError:
            raise invalid("The rule definition is not valid JSON.") from None
        if not isinstance(given, dict) or given.get("Schema") != SCHEMA:
            raise invalid("The rule definition has no Schema that is known.")
        groups, format_ = given.get("LogGroupNames") or given.get("LogGroupARNs"), given.get("LogFormat")
        contribution = given.get("Contribution")
        if not isinstance(groups, list) or not groups or not all(isinstance(group, str) for group in groups):
            raise invalid("The rule definition has no LogGroupNames.")
        if format_ not in ("JSON", "CLF"):
            raise invalid("The LogFormat of the rule definition must be JSON or CLF.")
        if not isinstance(contribution, dict):
            raise invalid("The rule definition has no Contribution.")
        keys, filters = contribution.get("Keys"), contribution.get("Filters") or []
        if not isinstance(keys, list) or not 0 < len(keys) <= _MOST_KEYS:
            raise invalid(f"The Contribution of the rule definition must have 1 to {_MOST_KEYS} Keys.")
        if not isinstance(filters, list) or len(filters) > _MOST_FILTERS:
            raise invalid(f"The Contribution of the rule definition can have at most {_MOST_FILTERS} Filters.")
        for one in filters:
            if not isinstance(one, dict) or "Match" not in one or not one.keys() & {*_TESTS, "IsPresent"}:
                raise invalid("A filter of the rule definition must have Match and an operator.")
        aggregate = given.get("AggregateOn")
        if aggregate not in ("COUNT", "SUM"):
            raise invalid("AggregateOn of the rule definition must be COUNT or SUM.")
        value_of = contribution.get("ValueOf")
        if aggregate == "SUM" and not value_of:
            raise invalid("The Contribution of a rule definition that aggregates on SUM must have ValueOf.")
        fields = given.get("Fields") or {}
        return cls(tuple(groups), format_, fields, tuple(keys), value_of, tuple(filters), aggregate)

    def contribution(self, time: float, message: str) -> Contribution | None:
        """What a log event contributes; None where the rule is not about it."""
        event = self._event(message)
        if event is None or not all(self._passes(event, one) for one in self.filters):
            return None
        keys = [_at(event, key) for key in self.keys]
        if None in keys:
            return None
        value = _number(_at(event, self.value_of)) if self.value_of else 1.0
        if value != value:  # no number
            return None
        return Contribution(time, tuple(map(_text, keys)), value if self.aggregate == "SUM" else 1.0)

    def _event(self, message: str) -> Mapping[str, Any] | None:
        if self.format == "JSON":
            try:
                read = json.loads(message)
            except ValueError:
                return None
            return read if isinstance(read, dict) else None
        columns = _columns(message)
        named = {
            alias: columns[int(number) - 1] for number, alias in self.fields.items() if int(number) <= len(columns)
        }
        return {**{str(number): value for number, value in enumerate(columns, 1)}, **named}

    def _passes(self, event: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
        value = _at(event, one["Match"])
        if "IsPresent" in one:
            return (value is not None) is bool(one["IsPresent"])
        if value is None:
            return False
        return all(test(value, one[name]) for name, test in _TESTS.items() if name in one)


def ranked(found: Iterable[Contribution], by: str) -> list[tuple[tuple[str, ...], list[Contribution]]]:
    """Contributors and what they contributed, the largest first."""
    grouped: dict[tuple[str, ...], list[Contribution]] = {}
    for one in found:
        grouped.setdefault(one.keys, []).append(one)

    def size(entry: tuple[tuple[str, ...], list[Contribution]]) -> float:
        values = [one.value for one in entry[1]]
        return max(values) if by == "Maximum" else sum(values)

    return sorted(grouped.items(), key=lambda entry: (-size(entry), entry[0]))


def by_period(found: Sequence[Contribution], start: float, period: int) -> dict[float, list[Contribution]]:
    times: dict[float, list[Contribution]] = {}
    for one in found:
        times.setdefault(start + (one.time - start) // period * period, []).append(one)
    return dict(sorted(times.items()))


def statistics(found: Sequence[Contribution]) -> dict[str, float]:
    """What a report may show of a period."""
    values = [one.value for one in found]
    top = max(sum(one.value for one in entries) for _, entries in ranked(found, "Sum"))
    return {
        "UniqueContributors": float(len({one.keys for one in found})),
        "MaxContributorValue": top,
        "SampleCount": float(len(values)),
        "Average": sum(values) / len(values),
        "Sum": sum(values),
        "Minimum": min(values),
        "Maximum": max(values),
    }


def _at(event: Mapping[str, Any], path: str) -> Any:
    """The value at `$.a.b[0]`, or in a named column."""
    if not path.startswith("$."):
        return event.get(path)
    value: Any = event
    for part in path[2:].replace("[", ".").replace("]", "").split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _columns(message: str) -> list[str]:
    """The columns of a line in the common log format: blanks part them, but for those in quotes and brackets."""
    found, word, closing = [], "", ""
    for character in message:
        if closing:
            if character == closing:
                closing = ""
            else:
                word += character
        elif character in '"[':
            closing = '"' if character == '"' else "]"
        elif character == " ":
            if word:
                found.append(word)
            word = ""
        else:
            word += character
    return [*found, word] if word else found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
