"""Cross-origin requests: whether a bucket's rules allow one, and the headers that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def headers_for(
    rules: Sequence[Mapping[str, Any]], origin: str, method: str, wanted: Sequence[str]
) -> dict[str, str] | None:
    """The headers by which the first rule that fits allows a cross-origin request; None if no rule does."""
    for rule in rules:
        if method not in rule["AllowedMethods"]:
            continue
        pattern = next((each for each in rule["AllowedOrigins"] if _fits(each, origin)), None)
        if pattern is None:
            continue
        allowed = [each.lower() for each in rule.get("AllowedHeaders") or ()]
        if not all(any(_fits(each, header) for each in allowed) for header in wanted):
            continue
        headers = {
            "Access-Control-Allow-Origin": "*" if pattern == "*" else origin,
            "Access-Control-Allow-Methods": ", ".join(rule["AllowedMethods"]),
            "Vary": _VARY,
        }
        if wanted:
            headers["Access-Control-Allow-Headers"] = ", ".join(wanted)
        if rule.get("ExposeHeaders"):
            headers["Access-Control-Expose-Headers"] = ", ".join(rule["ExposeHeaders"])
        if rule.get("MaxAgeSeconds") is not None:
            headers["Access-Control-Max-Age"] = str(rule["MaxAgeSeconds"])
        if pattern != "*":
            headers["Access-Control-Allow-Credentials"] = "true"
        return headers
    return None


def _fits(pattern: str, text: str) -> bool:
    start, star, end = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(start) + len(end) and text.startswith(start) and text.endswith(end)
