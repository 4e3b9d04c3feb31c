"""Sentences that EventBridge refuses many things with. Sources: ../shared/recorded/events.jsonl, API Reference."""

from __future__ import annotations

from awsim.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def not_valid(parameter: str, reason: str = "") -> AWSError:
    """A parameter with a value that it cannot have."""
    return invalid(f"Parameter {parameter} is not valid." + (f" Reason: {reason}" if reason else ""))


def missing(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def no_bus(name: str) -> AWSError:
    return missing(f"Event bus {name} does not exist.")


def no_rule(name: str, bus: str) -> AWSError:
    return missing(f"Rule {name} does not exist on EventBus {bus}.")


def bad_pattern(reason: str) -> AWSError:
    return AWSError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
