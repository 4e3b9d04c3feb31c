"""Metric filters: values that events make of a metric of CloudWatch.

Sources: CloudWatch Logs API Reference; User Guide, "Creating metrics from log events using filters".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.logs import embedded
from awsim.services.logs.filters import MetricFilter
from awsim.services.logs.group import STANDARD, LogGroup, Stored
from awsim.services.logs.operations.subscriptions import SubscriptionOperations
from awsim.services.logs.patterns.operands import number
from awsim.services.logs.refusals import invalid, missing

_MINUTE = 60_000


class MetricFilterOperations(SubscriptionOperations):
    def put_metric_filter(
        self,
        logGroupName: str,
        filterName: str,
        filterPattern: str,
        metricTransformations: Sequence[Mapping[str, Any]],
        applyOnTransformedLogs: bool | None = None,
        fieldSelectionCriteria: str | None = None,
        emitSystemFieldDimensions: Sequence[str] | None = None,
    ) -> None:
        group = self.standard(self.group(logGroupName))
        self.pattern(filterPattern)
        for transformation in metricTransformations:
            self._check_transformation(filterPattern, transformation)
        before = group.metric_filters.get(filterName)
        if before is None:
            self.limits.quota("metric-filters", len(group.metric_filters), group.name)
        created = self.now if before is None else before.created
        to = tuple(dict(each) for each in metricTransformations)
        filter = MetricFilter(filterName, logGroupName, filterPattern, created, to)
        self.set_up(group, filter, applyOnTransformedLogs, fieldSelectionCriteria, emitSystemFieldDimensions)
        group.metric_filters[filterName] = filter

    def _check_transformation(self, pattern: str, given: Mapping[str, Any]) -> None:
        named = pattern.lstrip()[:1] in ("{", "[")
        value, dimensions = given["metricValue"], given.get("dimensions") or {}
        if not (named and value.startswith("$")) and number(value) is None:
            raise invalid(f"Invalid metric transformation: {value} is neither a number nor a field of the pattern.")
        if dimensions:
            if not named:
                raise invalid("The specified filter pattern does not support dimensions")
            self.limits.check("metric-dimensions", len(dimensions))
            if "defaultValue" in given:
                raise invalid("Invalid metric transformation: dimensions and default value are mutually exclusive.")
            if not all(field.startswith("$") for field in dimensions.values()):
                raise invalid("Invalid metric transformation: the value of a dimension is a field of the pattern.")

    def describe_metric_filters(
        self,
        logGroupName: str | None = None,
        filterNamePrefix: str | None = None,
        nextToken: str | None = None,
        limit: int | None = None,
        metricName: str | None = None,
        metricNamespace: str | None = None,
    ) -> dict[str, Any]:
        if (metricName is None) != (metricNamespace is None):
            raise invalid("metricName and metricNamespace must be specified together.")
        groups = [self.group(logGroupName)] if logGroupName is not None else self.groups.values()
        found = [
            filter
            for group in groups
            for filter in group.metric_filters.values()
            if filter.name.startswith(filterNamePrefix or "")
            and (
                metricName is None
                or any(
                    (each["metricName"], each["metricNamespace"]) == (metricName, metricNamespace)
                    for each in filter.transformations
                )
            )
        ]
        return self.listing(
            "metricFilters",
            found,
            MetricFilter.described,
            lambda filter: f"{filter.name}\n{filter.group}",
            nextToken,
            limit,
        )

    def delete_metric_filter(self, logGroupName: str, filterName: str) -> None:
        group = self.group(logGroupName)
        if filterName not in group.metric_filters:
            raise missing("The specified metric filter does not exist.")
        del group.metric_filters[filterName]

    # --- as events come in

    def turn_into_metrics(self, group: LogGroup, batch: Sequence[Stored], filter: MetricFilter) -> None:
        """Have the values published that a filter makes of a batch."""
        if not self.selects(filter, group):
            return
        for transformation in filter.transformations:
            data = self._values(filter, group, batch, transformation)
            if data:
                self.publish(transformation["metricNamespace"], data)

    def publish_embedded(self, group: LogGroup, batch: Sequence[Stored]) -> None:
        """Have metrics published that events themselves speak of, unless the account has that switched off."""
        if group.kind != STANDARD or self.account_policy_for("METRIC_EXTRACTION_POLICY", group) is not None:
            return
        found: dict[str, list[Mapping[str, Any]]] = {}
        for _, event in batch:
            for namespace, datum in embedded.metrics(event.message, self.limits["embedded-metrics"]):
                found.setdefault(namespace, []).append(datum)
        for namespace, data in found.items():
            self.publish(namespace, data)

    def _values(
        self, filter: MetricFilter, group: LogGroup, batch: Sequence[Stored], to: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """MetricDatum of each value, dimensions and minute; the default value's where nothing matched in a minute."""
        pattern, value, unit = filter.pattern, to["metricValue"], to.get("unit") or "None"
        counts: dict[tuple[int, float, tuple[tuple[str, str], ...]], int] = {}
        for _, event in batch:
            message = self.seen_by(filter, group, event)
            if not pattern.matches(message):
                continue
            text = pattern.value(message, value) if value.startswith("$") else value
            measured = number(text) if text is not None else None
            dimensions = self._dimensions(filter, group, message, to)
            if measured is None or dimensions is None:
                continue
            place = (event.timestamp // _MINUTE * _MINUTE, measured, dimensions)
            counts[place] = counts.get(place, 0) + 1
        minute = batch[-1].event.timestamp // _MINUTE * _MINUTE
        if not counts and to.get("defaultValue") is not None and filter.quiet != minute:
            filter.quiet = minute
            counts[minute, float(to["defaultValue"]), ()] = 1
        return [
            {
                "MetricName": to["metricName"],
                "Timestamp": datetime.fromtimestamp(time / 1000, UTC),
                "Values": [measured],
                "Counts": [float(count)],
                "Unit": unit,
                "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions],
            }
            for (time, measured, dimensions), count in counts.items()
        ]

    def _dimensions(
        self, filter: MetricFilter, group: LogGroup, message: str, to: Mapping[str, Any]
    ) -> tuple[tuple[str, str], ...] | None:
        """The dimensions of an event; None where it lacks one of them."""
        found = {name: filter.pattern.value(message, field) for name, field in (to.get("dimensions") or {}).items()}
        facts = {"@aws.account": self.account, "@aws.region": self.region, "@source.log": group.name}
        found |= {name: facts[name] for name in filter.fields or ()}
        known = {name: text for name, text in found.items() if text}
        return tuple(known.items()) if len(known) == len(found) else None

    def publish(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Have metrics published once the call is over."""
        size = int(self.limits["metric-data"] or len(data))
        for start in range(0, len(data), size):
            self.later(0, "_publish", namespace=namespace, data=tuple(data[start : start + size]))

    def _publish(self, namespace: str, data: tuple[Mapping[str, Any], ...]) -> None:
        try:
            self.call(
                "cloudwatch", "PutMetricData", as_="logs.amazonaws.com", Namespace=namespace, MetricData=list(data)
            )
        except AWSError:
            return  # what CloudWatch does not take is lost
