"""The filter pattern language: terms, regular expressions, JSON selectors and space-delimited fields.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log events,
and Live Tail".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

from awsim.services.logs.patterns import delimited, selectors, terms


class Pattern(Protocol):
    """A compiled pattern. `regexes`: how many regular expressions it has."""

    regexes: int

    def matches(self, message: str) -> bool:
        """Whether a message is one that the pattern is after."""

    def extract(self, message: str) -> dict[str, str] | None:
        """The values that a message has where the pattern names them (`$.field`, `$name`); None: it does not match."""

    def value(self, message: str, name: str) -> str | None:
        """The value of a `$.field` or `$name` in a message that matches; None where there is none."""


Values = Mapping[str, str]


@lru_cache(maxsize=1024)
def compiled(text: str) -> Pattern:
    """The pattern of a text; raises InvalidParameterException where it is none."""
    stripped = text.strip()
    if stripped.startswith("{"):
        return selectors.parsed(stripped)
    if stripped.startswith("["):
        return delimited.parsed(stripped)
    return terms.parsed(stripped)
