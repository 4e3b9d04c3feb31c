"""What one request's expressions may use: ExpressionAttributeNames and ExpressionAttributeValues."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.dynamodb import intake, values
from awsim.services.dynamodb.expressions.lexer import ExpressionError
from awsim.services.dynamodb.refusals import invalid

_NOTHING: Mapping[str, Any] = {}
_is_name = re.compile(r"#[0-9a-zA-Z_]+\Z").match
_is_value = re.compile(r":[0-9a-zA-Z_]+\Z").match


class Scope:
    """Names and values that expressions refer to; each must be used by one of them (`finish`)."""

    __slots__ = ("limits", "looked", "names", "used", "values")

    def __init__(self, names: Mapping[str, str] | None, given: Mapping[str, Any] | None, limits: Any) -> None:
        self.limits = limits
        self.names = _checked_names(names, limits) if names is not None else _NOTHING
        self.values = _loaded(given, limits) if given is not None else _NOTHING
        self.used: set[str] = set()  # of either: names and values differ in their first characters
        # Whether binding an expression has made use of more than the names and the types of the values.
        self.looked = False

    @classmethod
    def of(cls, names: Mapping[str, str], loaded: Mapping[str, Any], limits: Any) -> Scope:
        """A scope of names and of values in memory, none of which need be used: `finish` is not for it."""
        scope = cls(None, None, limits)
        scope.names, scope.values = names, loaded
        return scope

    def name(self, placeholder: str) -> str:
        """The attribute name behind #placeholder."""
        try:
            name = self.names[placeholder]
        except KeyError:
            raise ExpressionError(
                f"An expression attribute name used in the document path is not defined; attribute name: {placeholder}"
            ) from None
        self.used.add(placeholder)
        return name

    def value(self, placeholder: str) -> Any:
        """The value in memory behind :placeholder."""
        try:
            value = self.values[placeholder]
        except KeyError:
            raise ExpressionError(
                f"An expression attribute value used in expression is not defined; attribute value: {placeholder}"
            ) from None
        self.used.add(placeholder)
        return value

    def reaches(self, depth: int) -> bool:
        """Whether a path may be so deep."""
        deepest = self.limits["nesting-depth"]
        return deepest is None or depth <= deepest

    def check_operators(self, count: int) -> None:
        """Raise ExpressionError where an expression has more operators than allowed."""
        most = self.limits["expression-operators"]
        if most is not None and count > most:
            # AWS stops counting there.
            error = self.limits.error("expression-operators", measured=int(most) + 1, expression="")
            raise ExpressionError(error.message.partition(": ")[2])

    def finish(self) -> None:
        """Raise ValidationException if a name or a value was not used by any expression."""
        used = self.used
        if len(used) == len(self.names) + len(self.values):
            return
        for given, parameter in (
            (self.names, "ExpressionAttributeNames"),
            (self.values, "ExpressionAttributeValues"),
        ):
            unused = [placeholder for placeholder in given if placeholder not in used]
            if unused:
                raise invalid(f"Value provided in {parameter} unused in expressions: keys: {{{', '.join(unused)}}}")


def _checked_names(names: Mapping[str, str], limits: Any) -> Mapping[str, str]:
    if not names:
        raise invalid("ExpressionAttributeNames must not be empty")
    longest = limits["expression-attribute-name-length"]
    longest_placeholder = limits["expression-placeholder-length"]
    for placeholder, name in names.items():
        if not _is_name(placeholder) or (longest_placeholder is not None and len(placeholder) > longest_placeholder):
            raise _wrong_placeholder(placeholder, _is_name, "ExpressionAttributeNames", limits)
        if not name:
            raise invalid(
                f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {placeholder}"
            )
        if longest is not None and len(name) * 4 > longest:
            limits.check("expression-attribute-name-length", values.text_size(name), key=placeholder)
    return names


def _loaded(given: Mapping[str, Any], limits: Any) -> dict[str, Any]:
    if not given:
        raise invalid("ExpressionAttributeValues must not be empty")
    longest = limits["expression-placeholder-length"]
    for placeholder in given:
        if not _is_value(placeholder) or (longest is not None and len(placeholder) > longest):
            raise _wrong_placeholder(placeholder, _is_value, "ExpressionAttributeValues", limits)
    known = intake.measured(given, limits)
    if known is not None:
        return known[0]
    loaded = {}
    for placeholder, value in given.items():
        try:
            loaded[placeholder] = values.load(value, limits)
        except AWSError as error:
            if error.code != "ValidationException":
                raise
            raise invalid(
                f"ExpressionAttributeValues contains invalid value: {error.message} for key {placeholder}"
            ) from None
    return loaded


def _wrong_placeholder(placeholder: str, known: Callable[[str], Any], parameter: str, limits: Any) -> AWSError:
    if known(placeholder):
        error: AWSError = limits.error("expression-placeholder-length", parameter=parameter, key=placeholder)
        return error
    return invalid(f'{parameter} contains invalid key: Syntax error; key: "{placeholder}"')
