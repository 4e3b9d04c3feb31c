"""The members of PutMetricData, checked.

Source: CloudWatch API Reference, PutMetricData and MetricDatum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from awsim.errors import AWSError
from awsim.limits.table import ServiceLimits
from awsim.services.cloudwatch.metric import NONE, Name, dimensions_of
from awsim.services.cloudwatch.refusals import combination, invalid, missing, together
from awsim.services.cloudwatch.store import Datum, epoch

UNITS = (
    "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits",
    "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
    "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second",
    "Gigabits/Second", "Terabits/Second", "Count/Second", NONE,
)  # fmt: skip
_RESOLUTIONS = (1, 60)
_FORMS = ("Value", "Values", "StatisticValues")
_STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum")


class Reader:
    """Reads the data of one request; finds all that is wrong with it before anything is kept."""

    def __init__(self, namespace: str, limits: ServiceLimits, now: float) -> None:
        self._namespace = namespace
        self._limits = limits
        self._now = now
        self._problems: list[AWSError] = []

    def read(self, where: str, data: Sequence[Mapping[str, Any]]) -> list[Datum]:
        """The data of the collection `where`. What is wrong is kept for `check`."""
        return [
            datum
            for number, given in enumerate(data, 1)
            if (datum := self._datum(f"{where}.member.{number}", given)) is not None
        ]

    def check(self) -> None:
        if self._problems:
            raise together(self._problems)

    def _datum(self, where: str, given: Mapping[str, Any]) -> Datum | None:
        found = list(self._wrong(where, given))
        self._problems += found
        if found:
            return None
        statistics = given.get("StatisticValues")
        if given.get("Value") is not None:
            values: tuple[tuple[float, float], ...] = ((float(given["Value"]), 1),)
        else:
            listed = given.get("Values") or ()
            counts = given.get("Counts") or [1] * len(listed)
            values = tuple((float(value), float(count)) for value, count in zip(listed, counts, strict=True) if count)
        when = given.get("Timestamp")
        return Datum(
            Name(self._namespace, given["MetricName"], dimensions_of(given.get("Dimensions"))),
            given.get("Unit") or NONE,
            self._now if when is None else epoch(when),
            given.get("StorageResolution") or 60,
            values,
            None if not statistics else tuple(float(statistics[name]) for name in _STATISTICS),  # type: ignore[arg-type]
        )

    def _wrong(self, where: str, given: Mapping[str, Any]) -> Iterator[AWSError]:
        yield from self._wrong_name(f"{where}.MetricName", given.get("MetricName"), "name-length")
        yield from self._wrong_dimensions(f"{where}.Dimensions", given.get("Dimensions") or ())
        yield from self._wrong_time(f"{where}.Timestamp", given.get("Timestamp"))
        yield from self._wrong_values(where, given)
        unit = given.get("Unit")
        if unit is not None and unit not in UNITS:
            yield invalid(f"The parameter {where}.Unit must be a value in the set [ {', '.join(UNITS)} ].")
        resolution = given.get("StorageResolution")
        if resolution is not None and resolution not in _RESOLUTIONS:
            allowed = ", ".join(map(str, _RESOLUTIONS))
            yield invalid(f"The parameter {where}.StorageResolution must be a value in the set [ {allowed} ].")

    def _wrong_name(self, where: str, given: str | None, row: str) -> Iterator[AWSError]:
        if not given:
            yield missing(where)
            return
        yield from self._beyond(row, len(given), where)
        if not given.isascii() or not given.isprintable():
            yield invalid(f"The value {given} for parameter {where} is invalid.")

    def _wrong_dimensions(self, where: str, given: Sequence[Mapping[str, str]]) -> Iterator[AWSError]:
        yield from self._beyond("dimensions", len(given), where)
        seen = set()
        for number, dimension in enumerate(given, 1):
            at = f"{where}.member.{number}"
            name, value = dimension.get("Name"), dimension.get("Value")
            yield from self._wrong_name(f"{at}.Name", name, "name-length")
            yield from self._wrong_name(f"{at}.Value", value, "dimension-value-length")
            if name and name.startswith(":"):
                yield invalid(f"The value {name} for parameter {at}.Name is invalid.")
            if name in seen:
                yield invalid(f"The collection {where} must not contain the dimension {name} more than once.")
            seen.add(name)

    def _wrong_time(self, where: str, when: Any) -> Iterator[AWSError]:
        if when is None:
            return
        ahead = epoch(when) - self._now
        yield from self._beyond("timestamp-past", -ahead, where)
        yield from self._beyond("timestamp-future", ahead, where)

    def _wrong_values(self, where: str, given: Mapping[str, Any]) -> Iterator[AWSError]:
        forms = [form for form in _FORMS if given.get(form) is not None]
        if not forms:
            listed = ", ".join(f"{where}.{form}" for form in _FORMS)
            yield AWSError("MissingParameter", f"At least one of the parameters {listed} must be specified.")
        elif len(forms) > 1:
            yield combination(
                f"The parameters {where}.{forms[0]} and {where}.{forms[1]} are mutually exclusive and you have "
                "specified both."
            )
        elif forms[0] == "Value":
            yield from self._wrong_number(f"{where}.Value", given["Value"])
        elif forms[0] == "Values":
            yield from self._wrong_list(where, given["Values"], given.get("Counts"))
        else:
            yield from self._wrong_set(f"{where}.StatisticValues", given["StatisticValues"])

    def _wrong_list(self, where: str, values: Sequence[float], counts: Sequence[float] | None) -> Iterator[AWSError]:
        yield from self._beyond("values", len(values), f"{where}.Values")
        if counts and len(counts) != len(values):
            yield invalid(f"The parameters {where}.Values and {where}.Counts must be of the same size.")
        for number, value in enumerate(values, 1):
            yield from self._wrong_number(f"{where}.Values.member.{number}", value)
        for number, count in enumerate(counts or (), 1):
            yield from self._wrong_number(f"{where}.Counts.member.{number}", count, least=0)

    def _wrong_set(self, where: str, given: Mapping[str, float]) -> Iterator[AWSError]:
        absent = [name for name in _STATISTICS if given.get(name) is None]
        for name in absent:
            yield missing(f"{where}.{name}")
        for name in _STATISTICS:
            if name not in absent:
                least = 0 if name == "SampleCount" else None
                yield from self._wrong_number(f"{where}.{name}", given[name], least=least)
        if not absent and given["Minimum"] > given["Maximum"]:
            yield combination(f"The parameter {where}.Maximum must be greater than {where}.Minimum.")

    def _wrong_number(self, where: str, value: float, *, least: float | None = None) -> Iterator[AWSError]:
        most = self._limits["value-magnitude"]
        if not isfinite(value) or (most is not None and abs(value) > most) or (least is not None and value < least):
            shown = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), str(value))
            yield invalid(f"The value {shown} for parameter {where} is invalid.")

    def _beyond(self, row: str, measured: float, where: str) -> Iterator[AWSError]:
        try:
            self._limits.check(row, measured, where=where)
        except AWSError as refusal:
            yield refusal
