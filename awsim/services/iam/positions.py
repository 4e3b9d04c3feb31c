"""Where the statements of a policy stand in its text."""

from __future__ import annotations

import json
import re

_DECODER = json.JSONDecoder()
_GAP = re.compile(r"[\s,:]*")


def spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of every statement of a policy document that was found to be one."""
    at = _after_gap(text, text.index("{") + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _after_gap(text, at)
        _, at = _DECODER.raw_decode(text, start)
        if key == "Statement":
            return [(start, at)] if text[start] == "{" else _elements(text, start + 1)
        at = _after_gap(text, at)
    return []


def _elements(text: str, at: int) -> list[tuple[int, int]]:
    found = []
    at = _after_gap(text, at)
    while text[at] != "]":
        start = at
        _, at = _DECODER.raw_decode(text, start)
        found.append((start, at))
        at = _after_gap(text, at)
    return found


def _after_gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    assert found is not None
    return found.end()
