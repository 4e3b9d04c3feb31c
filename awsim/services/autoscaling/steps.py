"""Steps of step scaling policies, as this service refuses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.scaling import ADJUSTMENTS, adjusted, problem_of, step_for
from awsim.services.autoscaling.refusals import invalid

__all__ = ["ADJUSTMENTS", "adjusted", "check_steps", "step_for"]


def check_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    """Refuse steps that overlap, leave gaps or have no room."""
    problem = problem_of(steps)
    if problem is not None:
        raise invalid(problem)
