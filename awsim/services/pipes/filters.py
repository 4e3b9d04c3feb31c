"""Filters: which events pass. One pattern that matches is enough.

Source: EventBridge User Guide, "Event filtering in Amazon EventBridge Pipes".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from awsim.eventing.patterns import Leaves, PatternError, compiled
from awsim.services.pipes.refusals import invalid
from awsim.services.pipes.sources import Kind, read

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
    return not patterns or any(_matches(pattern, event, kind) for pattern in patterns)


def _matches(pattern: str, event: Mapping[str, Any], kind: Kind) -> bool:
    seen = read(event, kind)
    if kind.data and _looks_into(pattern, kind.data) and not isinstance(seen[kind.data], dict):
        # What is no JSON object has none of the fields that the pattern asks for, nor their absence.
        return False
    return compiled(pattern).matches(Leaves(seen))


@lru_cache(1024)
def _looks_into(pattern: str, data: str) -> bool:
    return isinstance(json.loads(pattern).get(data), dict)
