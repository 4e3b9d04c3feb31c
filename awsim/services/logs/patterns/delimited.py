"""Patterns of space-delimited fields: `[ip, user, ..., status = 4* && status != 404, bytes > 1000]`."""

from __future__ import annotations

import re
from collections.abc import Callable

from awsim.services.logs.patterns.operands import test, test_regex, unclosed, wrong

# Quotation marks and brackets keep a field together.
_FIELD = re.compile(r'\s*(?:"([^"]*)"|\[([^\]]*)\]|(\S+))')
_ELLIPSIS = "..."
_NAME = re.compile(r"\s*([\w-]*)\s*")
_CONDITION = re.compile(
    r"""\s*(?P<name>[\w-]*)\s*(?P<operator>!=|<=|>=|=|<|>)\s*
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)*)%|(?P<word>(?:(?!\s*(?:&&|\|\|)).)+?))
        \s*(?P<logic>&&|\|\||$)""",
    re.VERBOSE | re.DOTALL,
)

Holds = Callable[[str], bool]


class Delimited:
    """A pattern of fields: those before an ellipsis, and those after it (None: there is no ellipsis)."""

    __slots__ = ("_after", "_before", "regexes")

    def __init__(
        self, before: list[tuple[str, Holds | None]], after: list[tuple[str, Holds | None]] | None, regexes: int
    ) -> None:
        self._before = before
        self._after = after
        self.regexes = regexes

    def matches(self, message: str) -> bool:
        return self.extract(message) is not None

    def extract(self, message: str) -> dict[str, str] | None:
        found = self._fields(message)
        if found is None:
            return None
        values: dict[str, str] = {}
        for (name, holds), value in found:
            if holds is not None and not holds(value):
                return None
            if name:
                values[f"${name}"] = value
        return values

    def value(self, message: str, name: str) -> str | None:
        return (self.extract(message) or {}).get(name)

    def _fields(self, message: str) -> list[tuple[tuple[str, Holds | None], str]] | None:
        """Names and tests with the values that they are for."""
        values = list(_FIELD.finditer(message))
        texts = [next(group for group in value.groups() if group is not None) for value in values]
        count = len(self._before)
        if self._after is None:
            if len(texts) < count:
                return None
            if len(texts) > count:
                # The last field has all that is left.
                texts[count - 1 :] = [message[values[count - 1].start() :].strip()]
            return list(zip(self._before, texts, strict=True))
        if len(texts) < count + len(self._after):
            return None
        tail = texts[len(texts) - len(self._after) :]
        return [*zip(self._before, texts[:count], strict=True), *zip(self._after, tail, strict=True)]


def parsed(text: str) -> Delimited:
    if not text.endswith("]"):
        raise unclosed("[", "]")
    before: list[tuple[str, Holds | None]] = []
    after: list[tuple[str, Holds | None]] | None = None
    regexes = 0
    for part in _parts(text[1:-1]):
        if part.strip() == _ELLIPSIS:
            if after is not None:
                raise wrong()
            after = []
            continue
        name, holds, count = _field(part)
        regexes += count
        (before if after is None else after).append((name, holds))
    if not before and not after:
        raise wrong()
    return Delimited(before, after, regexes)


def _parts(text: str) -> list[str]:
    """A text at its commas, but for those in quotation marks and regular expressions."""
    parts, start, closing = [], 0, ""
    for position, character in enumerate(text):
        if closing:
            closing = "" if character == closing and text[position - 1] != "\\" else closing
        elif character in ('"', "%"):
            closing = character
        elif character == ",":
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _field(part: str) -> tuple[str, Holds | None, int]:
    """A field's name, what is asked of it, and how many regular expressions are in that."""
    plain = _NAME.fullmatch(part)
    if plain is not None:
        return plain[1], None, 0
    position = regexes = 0
    name, logic = "", ""
    alternatives: list[list[Holds]] = [[]]
    while position < len(part) or logic:
        found = _CONDITION.match(part, position)
        if found is None:
            raise wrong()
        name = name or found["name"]
        if found["name"].lower() != name.lower():
            raise wrong()  # one condition is about one field
        alternatives[-1].append(_holds(found))
        regexes += found["regex"] is not None
        logic = found["logic"]
        if logic == "||":
            alternatives.append([])
        position = found.end()
    return name, lambda value: any(all(holds(value) for holds in group) for group in alternatives), regexes


def _holds(found: re.Match[str]) -> Holds:
    if found["regex"] is not None:
        return test_regex(found["operator"], found["regex"])
    quoted = found["quoted"] is not None
    return test(found["operator"], found["quoted"] if quoted else found["word"].strip(), quoted=quoted)
