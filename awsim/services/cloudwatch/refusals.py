"""CloudWatch's errors.

Operations on metrics word violations in a way of their own; those on alarms, and GetMetricData, as most services do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from awsim.errors import AWSError
from awsim.gateway.validate import Violation

_SET = re.compile(r"enum value set: \[(.*)\]")
_BOUND = re.compile(r"(less|greater) than or equal to (\S+)")


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterValue", message)


def combination(message: str) -> AWSError:
    return AWSError("InvalidParameterCombination", message)


def validation(message: str) -> AWSError:
    return AWSError("ValidationError", message)


def missing(parameter: str) -> AWSError:
    return AWSError("MissingParameter", f"The parameter {parameter} is required.")


def bad_token() -> AWSError:
    return AWSError("InvalidNextToken", "Invalid nextToken")


def together(problems: Sequence[AWSError]) -> AWSError:
    """All problems of a request, in the code of the first."""
    return AWSError(problems[0].code, "\n".join(problem.message for problem in problems))


def worded(violations: Iterable[Violation]) -> AWSError:
    """Violated constraints as operations on metrics word them."""
    return together([_worded(violation) for violation in violations])


def _worded(violation: Violation) -> AWSError:
    where = _parameter(violation.path)
    if violation.kind == "required":
        return missing(where)
    if violation.kind == "enum":
        allowed = _SET.search(violation.constraint)
        return invalid(f"The parameter {where} must be a value in the set [ {allowed[1] if allowed else ''} ].")
    bound = _BOUND.search(violation.constraint)
    if bound is None:
        return invalid(f"The value {violation.value} for parameter {where} is invalid.")
    side, limit = bound.groups()
    if violation.kind == "range":
        return invalid(f"The parameter {where} must be {side} than or equal to {limit}.")
    if isinstance(violation.value, str):
        length = int(limit) + (1 if side == "less" else -1)
        return invalid(f"The parameter {where} must be {'shorter' if side == 'less' else 'longer'} than {length} "
                       "characters.")  # fmt: skip
    size = "greater" if side == "less" else "less"
    return invalid(f"The collection {where} must not have a size {size} than {limit}.")


def _parameter(path: str) -> str:
    """`metricData.1.member.metricName` as `MetricData.member.1.MetricName`."""
    path = re.sub(r"\.(\d+)\.member", r".member.\1", path)
    return ".".join(part if part == "member" else part[:1].upper() + part[1:] for part in path.split("."))
