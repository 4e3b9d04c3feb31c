"""Filters: which events pass. One pattern that matches is enough.

Source: EventBridge User Guide, "Event filtering in Amazon EventBridge Pipes".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.eventing import polled
from awsim.eventing.patterns import PatternError, compiled
from awsim.services.pipes.refusals import invalid
from awsim.services.pipes.sources import SQS, Kind

_WHERE = "SourceParameters.FilterCriteria.Filters"


def patterns_of(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    filters: Sequence[Mapping[str, str]] = (parameters.get("FilterCriteria") or {}).get("Filters") or ()
    return tuple(one["Pattern"] for one in filters if one.get("Pattern"))


def check(parameters: Mapping[str, Any]) -> None:
    """Refuse patterns that are none."""
    for pattern in patterns_of(parameters):
        try:
            compiled(pattern)
        except PatternError as problem:
            raise invalid(_WHERE, f"Invalid filter pattern: {problem}") from None


def passes(patterns: Sequence[str], event: Mapping[str, Any], kind: Kind) -> bool:
    return polled.passes(patterns, event, kind.data, encoded=kind is not SQS)
