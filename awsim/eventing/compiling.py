"""Event patterns, compiled: which there are, what is wrong with the others, in AWS's words.

A pattern becomes alternatives (one, but for `$or`), each a map from dotted field names to `Field`s. The grammar and its
messages follow aws/event-ruler's JsonRuleCompiler, which EventBridge runs; User Guide, "Event patterns".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from awsim.eventing import matchers
from awsim.eventing.json_tokens import (
    END_ARRAY,
    END_OBJECT,
    FALSE,
    NAME,
    NULL,
    NUMBER,
    START_ARRAY,
    START_OBJECT,
    STRING,
    TRUE,
    TokenError,
    Tokens,
    unique,
)
from awsim.eventing.matchers import Matcher

_OR = "$or"
_RESERVED = frozenset(
    (
        "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
        "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
        "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
        "ip-address-not-in-range",
    )
)  # fmt: skip
_WORDS = {TRUE: True, FALSE: False, NULL: None}
# Far beyond what AWS takes: against patterns whose alternatives would fill the memory before anybody counts them.
_MOST = 100_000
_ONE_KEY = "Only one key allowed in match expression"
_TOO_MANY = "Too many elements in numeric expression"


class PatternError(ValueError):
    """A pattern that AWS does not take; `str()` is the reason."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a pattern says of one field: `exact` values (see `unique`), other tests, and whether it may be absent."""

    exact: frozenset[Any]
    tests: tuple[Matcher, ...]
    absent: bool = False

    def matches(self, value: Any) -> bool:
        return unique(value) in self.exact or any(test(value) for test in self.tests)


Alternative = dict[str, Field]


def compile_pattern(text: str) -> tuple[Alternative, ...]:
    """The alternatives of a pattern; raises PatternError."""
    try:
        return _Compiler(text).alternatives()
    except TokenError as error:
        raise PatternError(str(error)) from None


class _Compiler:
    def __init__(self, text: str) -> None:
        self._tokens = Tokens(text)

    def alternatives(self) -> tuple[Alternative, ...]:
        if self._tokens.next() != START_OBJECT:
            self._tokens.fail("Filter is not an object")
        return tuple(self._object([], "", inside_or=False))

    # --- structure

    def _object(self, rules: list[Alternative], path: str, *, inside_or: bool) -> list[Alternative]:
        tokens = self._tokens
        empty = True
        while tokens.next() != END_OBJECT:
            empty = False
            step = tokens.name
            if step == _OR:
                rules = self._or(rules, path)
                continue
            if inside_or and step in _RESERVED:
                tokens.fail(f"{step} is Ruler reserved fieldName which cannot be used inside {_OR}.")
            name = f"{path}.{step}" if path else step
            kind = tokens.next()
            if kind == START_OBJECT:
                rules = self._object(rules, name, inside_or=inside_or)
            elif kind == START_ARRAY:
                field = self._values()
                rules = rules or [{}]
                for rule in rules:
                    rule[name] = field
            else:
                tokens.fail(f'"{step}" must be an object or an array')
        if empty:
            tokens.fail("Empty objects are not allowed")
        return rules

    def _or(self, rules: list[Alternative], path: str) -> list[Alternative]:
        tokens = self._tokens
        if tokens.next() != START_ARRAY:
            tokens.fail(f"It must be an Array followed with {_OR}.")
        found: list[Alternative] = []
        count = 0
        while tokens.next() != END_ARRAY:
            count += 1
            if tokens.kind != START_OBJECT:
                tokens.fail(f"Only JSON object is allowed in array of {_OR} relationship.")
            found += self._object([dict(rule) for rule in rules] or [{}], path, inside_or=True)
            if len(found) > _MOST:
                tokens.fail(f"More than {_MOST} combinations of {_OR}.")
        if count < 2:
            tokens.fail(f"There must have at least 2 Objects in {_OR} relationship.")
        return found

    def _values(self) -> Field:
        tokens = self._tokens
        exact: set[Any] = set()
        tests: list[Matcher] = []
        absent = some = False
        while (kind := tokens.next()) != END_ARRAY:
            some = True
            if kind == START_OBJECT:
                test = self._expression()
                if test is None:
                    absent = True
                else:
                    tests.append(test)
            elif kind == STRING:
                exact.add(tokens.text())
            elif kind == NUMBER:
                exact.add(unique(tokens.number()))
            elif kind in _WORDS:
                exact.add(_WORDS[kind])
            else:
                tokens.fail("Match value must be String, number, true, false, or null")
        if not some:
            tokens.fail("Empty arrays are not allowed")
        return Field(frozenset(exact), tuple(tests), absent)

    # --- match expressions

    def _expression(self) -> Matcher | None:
        """The test of an expression; None for `{"exists": false}`."""
        tokens = self._tokens
        if tokens.next() != NAME:
            tokens.fail("Match expression name not found")
        kind = tokens.name
        if kind == "exactly":
            return self._text(kind, matchers.equals_text, "exact")
        if kind in ("prefix", "suffix"):
            return self._affix(kind)
        if kind == "numeric":
            return self._numeric()
        if kind == "anything-but":
            return self._anything_but()
        if kind == "exists":
            return self._exists()
        if kind == "cidr":
            return self._cidr()
        if kind == "equals-ignore-case":
            return self._text(kind, matchers.ignoring_case)
        if kind != "wildcard":
            tokens.fail(f"Unrecognized match type {kind}")
        return self._wildcard()

    def _close(self, problem: str = _ONE_KEY) -> None:
        if self._tokens.next() != END_OBJECT:
            self._tokens.fail(problem)

    def _text(self, kind: str, make: Callable[[tuple[str]], Matcher], shown: str = "") -> Matcher:
        if self._tokens.next() != STRING:
            self._tokens.fail(f"{shown or kind} match pattern must be a string")
        test = make((self._tokens.text(),))
        self._close()
        return test

    def _affix(self, kind: str) -> Matcher:
        tokens = self._tokens
        found = tokens.next()
        if found == START_OBJECT:
            if tokens.next() != NAME:
                tokens.fail(f"{kind.capitalize()} expression name not found")
            if tokens.name != "equals-ignore-case":
                tokens.fail(f"Unsupported {kind} pattern: {tokens.name}")
            if tokens.next() != STRING:
                tokens.fail("equals-ignore-case match pattern must be a string")
            make = matchers.prefix_ignoring_case if kind == "prefix" else matchers.suffix_ignoring_case
            test = make(tokens.text())
            self._close()
            self._close()
            return test
        if found != STRING:
            tokens.fail(f"{kind} match pattern must be a string")
        text = tokens.text()
        self._close()
        return matchers.prefix((text,)) if kind == "prefix" else matchers.suffix((text,))

    def _exists(self) -> Matcher | None:
        kind = self._tokens.next()
        if kind not in (TRUE, FALSE):
            self._tokens.fail("exists match pattern must be either true or false.")
        self._close()
        return matchers.exists if kind == TRUE else None

    def _cidr(self) -> Matcher:
        if self._tokens.next() != STRING:
            self._tokens.fail("prefix match pattern must be a string")
        try:
            test = matchers.cidr(self._tokens.text())
        except ValueError as error:
            raise PatternError(str(error)) from None
        self._close()
        return test

    def _wildcard(self) -> Matcher:
        if self._tokens.next() != STRING:
            self._tokens.fail("wildcard match pattern must be a string")
        test = self._wildcards([self._tokens.text()])
        self._close()
        return test

    def _wildcards(self, texts: list[str]) -> Matcher:
        for text in texts:
            if (problem := matchers.wildcard_problem(text)) is not None:
                self._tokens.fail(problem)
        return matchers.wildcard(texts)

    # --- numeric

    def _numeric(self) -> Matcher:
        tokens = self._tokens
        if tokens.next() != START_ARRAY:
            tokens.fail("Value of numeric must be an array.")
        test = self._range()
        self._close(_TOO_MANY)
        return test

    def _range(self) -> Matcher:
        tokens = self._tokens
        if tokens.next() != STRING:
            tokens.fail(f"Invalid member in numeric match: {self._shown()}")
        operator = tokens.text()
        is_number = tokens.next() == NUMBER
        if operator not in ("=", ">=", ">", "<=", "<"):
            tokens.fail(f"Unrecognized numeric range operator: {operator}")
        if not is_number:
            tokens.fail(f"Value of {'equals' if operator == '=' else operator} must be numeric")
        value = self._number()
        if operator == "=":
            self._end_of_range(_TOO_MANY)
            return matchers.equals_number((value,))
        if operator in ("<", "<="):
            self._end_of_range(_TOO_MANY)
            return matchers.numeric(None, False, value, operator == "<")
        if tokens.next() == END_ARRAY:
            return matchers.numeric(value, operator == ">", None, False)
        if tokens.kind != STRING:
            tokens.fail(f"Bad value in numeric range: {self._shown()}")
        second = tokens.text()
        if second not in ("<", "<="):
            tokens.fail(f"Bad numeric range operator: {second}")
        if tokens.next() != NUMBER:
            tokens.fail(f"Value of {second} must be numeric")
        top = self._number()
        self._end_of_range("Too many terms in numeric range expression")
        if not value < top:
            tokens.fail("Bottom must be less than top")
        return matchers.numeric(value, operator == ">", top, second == "<")

    def _number(self) -> float:
        return self._tokens.number()

    def _end_of_range(self, problem: str) -> None:
        if self._tokens.next() != END_ARRAY:
            self._tokens.fail(problem)

    def _shown(self) -> str:
        kind = self._tokens.kind
        return self._tokens.text() if kind in (STRING, NUMBER) else kind

    # --- anything-but

    def _anything_but(self) -> Matcher:
        tokens = self._tokens
        kind = tokens.next()
        operator = ""
        if kind == START_OBJECT:
            if tokens.next() != NAME:
                tokens.fail("Anything-But expression name not found")
            operator = tokens.name
            if operator not in ("equals-ignore-case", "prefix", "suffix", "wildcard"):
                tokens.fail(f"Unsupported anything-but pattern: {operator}")
            kind = tokens.next()
        if kind not in (START_ARRAY, STRING, NUMBER):
            tokens.fail("Value of anything-but must be an array or single string/number value.")
        values = self._all_but(operator)
        self._close(_TOO_MANY)
        if operator:
            self._close(_TOO_MANY)
        return matchers.anything_but(values)

    def _all_but(self, operator: str) -> Matcher:
        tokens = self._tokens
        texts: list[str] = []
        numbers: list[float] = []
        several = tokens.kind == START_ARRAY
        while not several or tokens.next() != END_ARRAY:
            if operator:
                texts.append(self._other_text(operator))
            elif tokens.kind == STRING:
                texts.append(tokens.text())
            elif tokens.kind == NUMBER:
                numbers.append(tokens.number())
            else:
                tokens.fail("Inside anything but list, start|null|boolean is not supported.")
            if not several:
                break
        if operator:
            return self._others(operator, texts)
        if bool(texts) == bool(numbers):
            tokens.fail("Inside anything but list, either all values are number or string, mixed type is not supported")
        return matchers.equals_text(texts) if texts else matchers.equals_number(numbers)

    def _other_text(self, operator: str) -> str:
        tokens = self._tokens
        if tokens.kind != STRING:
            if operator == "equals-ignore-case":
                tokens.fail("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.")
            if operator == "wildcard":
                tokens.fail("wildcard match pattern must be a string")
            tokens.fail("prefix/suffix match pattern must be a string")
        text = tokens.text()
        if not text and operator in ("prefix", "suffix"):
            tokens.fail("Null prefix/suffix not allowed")
        return text

    def _others(self, operator: str, texts: list[str]) -> Matcher:
        if operator == "wildcard":
            return self._wildcards(texts)
        make = {
            "equals-ignore-case": matchers.ignoring_case, "prefix": matchers.prefix, "suffix": matchers.suffix
        }[operator]  # fmt: skip
        return make(texts)
