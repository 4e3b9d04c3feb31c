"""Selection criteria: `@aws.region NOT IN ["cn-north-1"] AND @aws.account = "123456789012"`.

Sources: CloudWatch Logs API Reference, PutSubscriptionFilter (fieldSelectionCriteria), PutAccountPolicy
(selectionCriteria).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from awsim.services.logs.refusals import invalid

_CONDITION = re.compile(
    r"""\s*(?P<name>[@\w.]+)\s*
        (?:(?P<operator>!=|=)\s*"(?P<value>[^"]*)"|(?P<no>NOT\s+)?IN\s*\[(?P<values>\s*"[^"]*"(?:\s*,\s*"[^"]*")*\s*)\])
        \s*(?:(?P<logic>AND|OR)\b|$)""",
    re.VERBOSE,
)
_VALUE = re.compile(r'"([^"]*)"')

# (name of a field, a value it is compared with) -> whether they agree
Agrees = Callable[[str, str], bool]
Criteria = Callable[[Agrees], bool]


@lru_cache(maxsize=256)
def criteria(text: str, names: frozenset[str]) -> Criteria:
    """What a text asks of fields with these names; raises InvalidParameterException where it is no criteria."""
    alternatives: list[list[Callable[[Agrees], bool]]] = [[]]
    position, logic = 0, "AND"
    while logic:
        found = _CONDITION.match(text, position)
        if found is None or found["name"] not in names:
            raise invalid(f"Invalid selection criteria: {text}")
        if logic == "OR":
            alternatives.append([])
        alternatives[-1].append(_condition(found))
        position, logic = found.end(), found["logic"] or ""
    return lambda agrees: any(all(condition(agrees) for condition in group) for group in alternatives)


def _condition(found: re.Match[str]) -> Callable[[Agrees], bool]:
    name = found["name"]
    values = [found["value"]] if found["operator"] else _VALUE.findall(found["values"])
    wanted = found["operator"] == "=" or (not found["operator"] and not found["no"])
    return lambda agrees: any(agrees(name, value) for value in values) is wanted
