"""Anomaly detectors, and the bands of expected values.

Source: CloudWatch API Reference, PutAnomalyDetector; User Guide, "Using CloudWatch anomaly detection". What AWS's model
makes of two weeks of data is not public: here a band is the mean of that data, give or take its standard deviation
times the width.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from awsim.services.cloudwatch import queries
from awsim.services.cloudwatch.math.series import TimeSeries
from awsim.services.cloudwatch.metric import dimensions_of
from awsim.services.cloudwatch.operations.dashboards import DashboardOperations
from awsim.services.cloudwatch.refusals import bad_token, combination, invalid, missing
from awsim.services.cloudwatch.statistics import is_detailed, statistic
from awsim.services.cloudwatch.store import Window
from awsim.state import Collection, Entity
from awsim.state.pages import listed

_SINGLE, _MATH = "SINGLE_METRIC", "METRIC_MATH"
_OLDER = ("Namespace", "MetricName", "Dimensions", "Stat")


class Detector(Entity):
    """An anomaly detector: `model` is the member that says what it is of, under `kind`'s name."""

    __slots__ = ("characteristics", "configuration", "id", "key", "kind", "model")

    def __init__(self, id: str, key: str, kind: str, model: Mapping[str, Any]) -> None:
        self.id = id
        self.key = key
        self.kind = kind
        self.model = model
        self.configuration: Mapping[str, Any] = {}
        self.characteristics: Mapping[str, Any] | None = None

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "AnomalyDetectorId": self.id,
            "Configuration": {"ExcludedTimeRanges": [], **self.configuration},
            "StateValue": "TRAINED_INSUFFICIENT_DATA",
            "MetricCharacteristics": self.characteristics,
        }
        if self.kind == _MATH:
            return {**shown, "MetricMathAnomalyDetector": self.model}
        older = {name: self.model.get(name) for name in _OLDER}
        return {**shown, **older, "SingleMetricAnomalyDetector": self.model}


class AnomalyOperations(DashboardOperations):
    detectors = Collection("anomaly detector", key="key")

    def put_anomaly_detector(
        self,
        Namespace: str | None = None,
        MetricName: str | None = None,
        Dimensions: Sequence[Mapping[str, str]] = (),
        Stat: str | None = None,
        Configuration: Mapping[str, Any] | None = None,
        MetricCharacteristics: Mapping[str, Any] | None = None,
        SingleMetricAnomalyDetector: Mapping[str, Any] | None = None,
        MetricMathAnomalyDetector: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        kind, model = self._model(self.request.params)
        key = _key(kind, model)
        detector = self.detectors.get(key)
        if detector is None:
            detector = self.detectors.add(Detector(self.ids.uuid("anomaly-detector"), key, kind, model))
        detector.model = model
        detector.configuration = Configuration or {}
        detector.characteristics = MetricCharacteristics
        return {"AnomalyDetectorId": detector.id}

    def delete_anomaly_detector(
        self,
        AnomalyDetectorId: str | None = None,
        Namespace: str | None = None,
        MetricName: str | None = None,
        Dimensions: Sequence[Mapping[str, str]] = (),
        Stat: str | None = None,
        SingleMetricAnomalyDetector: Mapping[str, Any] | None = None,
        MetricMathAnomalyDetector: Mapping[str, Any] | None = None,
    ) -> None:
        if AnomalyDetectorId is not None:
            found = self.detectors.find(lambda detector: detector.id == AnomalyDetectorId)
        else:
            found = self.detectors.get(_key(*self._model(self.request.params)))
        if found is None:
            raise self.error(
                "ResourceNotFoundException",
                "",
                ResourceType="AnomalyDetector",
                ResourceId=AnomalyDetectorId or MetricName or "",
            )
        self.detectors.remove(found.key)

    def describe_anomaly_detectors(
        self,
        AnomalyDetectorIds: Sequence[str] = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
        Namespace: str | None = None,
        MetricName: str | None = None,
        Dimensions: Sequence[Mapping[str, str]] | None = None,
        AnomalyDetectorTypes: Sequence[str] = (),
    ) -> dict[str, Any]:
        kinds = AnomalyDetectorTypes or (_SINGLE,)
        found = [
            detector
            for detector in self.detectors
            if detector.kind in kinds
            and (not AnomalyDetectorIds or detector.id in AnomalyDetectorIds)
            and Namespace in (None, detector.model.get("Namespace"))
            and MetricName in (None, detector.model.get("MetricName"))
            and (Dimensions is None or dimensions_of(Dimensions) == dimensions_of(detector.model.get("Dimensions")))
        ]
        return listed(
            "AnomalyDetectors",
            found,
            Detector.described,
            lambda detector: detector.key,
            NextToken,
            MaxResults,
            refusal=bad_token,
        )

    def _model(self, given: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """The kind of a detector, and what it is of, in whichever way it was given."""
        single, math = given.get("SingleMetricAnomalyDetector"), given.get("MetricMathAnomalyDetector")
        older = {name: given[name] for name in _OLDER if given.get(name)}
        if (single is not None) + (math is not None) + bool(older) > 1:
            raise combination(
                "Only one of SingleMetricAnomalyDetector, MetricMathAnomalyDetector and the metric itself can be given."
            )
        if math is not None:
            queries.check(math.get("MetricDataQueries") or (), "MetricMathAnomalyDetector.MetricDataQueries")
            return _MATH, math
        model = single if single is not None else older
        for name in ("Namespace", "MetricName", "Stat"):
            if not model.get(name):
                raise missing(name)
        if statistic(model["Stat"]) is None:
            raise invalid(f"The value {model['Stat']} for parameter Stat is not supported.")
        return _SINGLE, {"Dimensions": [], **model}

    def bands(self, series: TimeSeries, width: float) -> list[TimeSeries]:
        times = list(series.values)
        past = self._past(series, min(times, default=self.clock.time()))
        values = list(past.values()) or list(series.values.values())
        if not values:
            return [series._replace(values={}), series._replace(values={})]
        mean = sum(values) / len(values)
        spread = width * sqrt(sum((value - mean) ** 2 for value in values) / len(values))
        upper, lower = dict.fromkeys(times, mean + spread), dict.fromkeys(times, mean - spread)
        return [series._replace(values=upper, label="high"), series._replace(values=lower, label="low")]

    def _past(self, series: TimeSeries, before: float) -> Mapping[float, float]:
        """What a metric was in the two weeks before a time."""
        compute = statistic(series.stat) if series.name is not None else None
        if compute is None or series.name is None:
            return {}
        now = self.clock.time()
        window = Window(before - self.limits["anomaly-training"], before, series.period, now)
        found = self.store.summaries((series.name,), None, window, detailed=is_detailed(series.stat))
        return {
            time: value
            for summaries in found.values()
            for time, summary in summaries.items()
            if (value := compute(summary)) is not None
        }


def _key(kind: str, model: Mapping[str, Any]) -> str:
    """What one detector there is of."""
    if kind == _MATH:
        return json.dumps(model, sort_keys=True, default=str)
    dimensions = dimensions_of(model.get("Dimensions"))
    return json.dumps([model["Namespace"], model["MetricName"], dimensions, model["Stat"]])
