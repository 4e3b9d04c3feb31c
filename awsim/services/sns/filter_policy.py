"""Filter policies: read with AWS's complaints, compiled, and matched against attributes or bodies.

Sources: SNS Developer Guide, "Amazon SNS subscription filter policies" and "Filter policy constraints"; messages:
../shared/recorded/sns.jsonl, and aws/event-ruler, which the language comes from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from awsim.services.sns import json_tokens as js
from awsim.services.sns.json_tokens import Malformed, Token
from awsim.services.sns.refusals import WrongAttribute

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Test = Callable[[Any], bool]

_OR = "$or"
# Names that event-ruler keeps for itself within $or.
_RESERVED = frozenset(
    {"exactly", "prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "equals-ignore-case"}
)
_ABSENT = object()


class Condition:
    """What one key must be: one of some values. `wants_absence`: it may be missing."""

    __slots__ = ("count", "depth", "path", "tests", "wants_absence")

    def __init__(self, path: tuple[str, ...], tests: list[Test], wants_absence: bool, count: int) -> None:
        self.path = ".".join(path)
        self.depth = len(path)
        self.tests = tuple(tests)
        self.wants_absence = wants_absence
        self.count = count

    def accepts(self, value: Any) -> bool:
        return any(test(value) for test in self.tests)


class FilterPolicy:
    """A compiled policy: it matches if every condition of one of its `branches` does ($or makes several)."""

    __slots__ = ("branches", "nested", "text")

    def __init__(self, text: str, branches: tuple[tuple[Condition, ...], ...], nested: bool) -> None:
        self.text = text
        self.branches = branches
        self.nested = nested

    def matches_attributes(self, attributes: Mapping[str, Mapping[str, Any]] | None) -> bool:
        """Whether message attributes match."""
        attributes = attributes or {}
        return any(all(_attribute_fits(c, attributes.get(c.path)) for c in branch) for branch in self.branches)

    def matches_body(self, text: str) -> bool:
        """Whether a message's text does: a JSON object, or it matches nothing."""
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(body, dict):
            return False
        leaves: dict[str, list[tuple[Any, dict[str, int]]]] = {}
        for path, value, places in _leaves(body, "", {}):
            leaves.setdefault(path, []).append((value, places))
        return any(_body_fits(branch, leaves, {}) for branch in self.branches)


@lru_cache(maxsize=4096)
def compiled(text: str) -> FilterPolicy:
    """The policy in a text, whatever the limits say; raises WrongAttribute."""
    try:
        found = js.tokens(text)
    except Malformed as problem:
        message = f"FilterPolicy: failed to parse JSON. {problem}{_at(text, problem.offset)}"
        raise WrongAttribute(message) from None
    return _Reader(text, found).policy()


def checked(text: str, limits: ServiceLimits, *, body: bool) -> FilterPolicy:
    """The policy a caller gives, within the limits; raises WrongAttribute. `body`: its scope is the message body."""
    _within(limits, "filter-policy-size", len(text.encode()))
    policy = compiled(text)
    if policy.nested and not body:
        problem = "Filter policy scope MessageAttributes does not support nested filter policy"
        raise WrongAttribute(f"FilterPolicy: {problem}")
    _within(limits, "filter-policy-keys", max(len({c.path for c in branch}) for branch in policy.branches))
    combinations = 0
    for branch in policy.branches:
        product = 1
        for condition in branch:
            product *= condition.count * condition.depth
        combinations += product
    _within(limits, "filter-policy-complexity", combinations)
    most, least = limits["filter-policy-number"], limits.row("filter-policy-number").minimum
    for number in _numbers(text):
        if most is not None and not (least if least is not None else -most) <= number <= most:
            raise WrongAttribute(f"FilterPolicy: {limits.error('filter-policy-number').message}")
    return policy


def _within(limits: ServiceLimits, row: str, measured: int) -> None:
    allowed = limits[row]
    if allowed is not None and measured > allowed:
        raise WrongAttribute(limits.error(row, measured=measured).message)


def _numbers(text: str) -> Iterator[float]:
    """The operands of `numeric` in a policy."""
    found = js.tokens(text)
    for index, token in enumerate(found):
        if token.kind == js.FIELD and token.value == "numeric":
            for operand in found[index + 2 :]:
                if operand.kind == js.END_ARRAY:
                    break
                if operand.kind == js.NUMBER:
                    yield operand.value


def _at(text: str, offset: int) -> str:
    before = text[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
    return f"\n at [Source: {source}; line: {line}, column: {column}]"


# --- reading


class _Reader:
    """Recursive descent over the tokens, complaining where and as event-ruler's compiler does."""

    def __init__(self, text: str, found: list[Token]) -> None:
        self._text = text
        self._tokens = found
        self._next = 0
        self._token = found[0]
        self._read = 0  # how far the parser has looked
        self._nested = False

    def policy(self) -> FilterPolicy:
        if self._advance().kind != js.OBJECT:
            raise self._wrong("Filter is not an object")
        branches = self._object([{}], (), in_or=False)
        return FilterPolicy(self._text, tuple(tuple(branch.values()) for branch in branches), self._nested)

    def _advance(self) -> Token:
        self._token = self._tokens[self._next]
        self._next += 1
        self._read = self._token.seen
        return self._token

    def _asked(self) -> Any:
        """The token's text: the parser reads on to its end."""
        self._read = self._token.end
        return self._token.value

    def _wrong(self, problem: str) -> WrongAttribute:
        return WrongAttribute(f"FilterPolicy: {problem}{_at(self._text, self._read)}")

    def _plain(self, problem: str) -> WrongAttribute:
        return WrongAttribute(f"FilterPolicy: {problem}")

    def _object(
        self, branches: list[dict[str, Condition]], path: tuple[str, ...], *, in_or: bool
    ) -> list[dict[str, Condition]]:
        fields = False
        while self._advance().kind != js.END_OBJECT:
            fields = True
            name = self._token.value
            if name == _OR and self._is_or():
                branches = self._or(branches, path)
                continue
            if in_or and name in _RESERVED:
                raise self._wrong(f"{name} is Ruler reserved fieldName which cannot be used inside {_OR}.")
            kind = self._advance().kind
            if kind == js.OBJECT:
                self._nested = True
                branches = self._object(branches, (*path, name), in_or=in_or)
            elif kind == js.ARRAY:
                condition = self._values((*path, name))
                branches = [{**branch, condition.path: condition} for branch in branches]
            else:
                raise self._wrong(f'"{name}" must be an object or an array')
        if not fields:
            raise self._wrong("Empty objects are not allowed")
        return branches

    def _is_or(self) -> bool:
        """Whether it is the operator: followed by an array of objects; else a key like any other."""
        found = self._tokens[self._next : self._next + 2]
        return [token.kind for token in found] == [js.ARRAY, js.OBJECT]

    def _or(self, branches: list[dict[str, Condition]], path: tuple[str, ...]) -> list[dict[str, Condition]]:
        self._advance()
        alternatives: list[dict[str, Condition]] = []
        count = 0
        while self._advance().kind != js.END_ARRAY:
            count += 1
            if self._token.kind != js.OBJECT:
                raise self._wrong(f"Only JSON object is allowed in array of {_OR} relationship.")
            alternatives += self._object(branches, path, in_or=True)
        if count < 2:
            raise self._wrong(f"There must have at least 2 Objects in {_OR} relationship.")
        return alternatives

    def _values(self, path: tuple[str, ...]) -> Condition:
        tests: list[Test] = []
        count = 0
        wants_absence = False
        while (kind := self._advance().kind) != js.END_ARRAY:
            count += 1
            if kind == js.OBJECT:
                test = self._expression()
                if test is _missing:
                    wants_absence = True
                else:
                    tests.append(test)
            elif kind == js.STRING:
                tests.append(_equals_text(self._asked()))
            elif kind == js.NUMBER:
                tests.append(_equals_number(self._asked()))
            elif kind == js.LITERAL:
                tests.append(_is(self._asked()))
            else:
                raise self._wrong("Match value must be String, number, true, false, or null")
        if not count:
            raise self._wrong("Empty arrays are not allowed")
        return Condition(path, tests, wants_absence, count)

    def _expression(self) -> Test:
        if self._advance().kind != js.FIELD:
            raise self._wrong("Match expression name not found")
        name = self._token.value
        if name in ("prefix", "suffix", "equals-ignore-case"):
            test = _WORDS[name](self._text_of(f"{name} match pattern must be a string"))
        elif name == "cidr":
            test = self._cidr(self._text_of("prefix match pattern must be a string"))
        elif name == "numeric":
            if self._advance().kind != js.ARRAY:
                raise self._wrong("Value of numeric must be an array.")
            test = self._numeric()
            if self._advance().kind != js.END_OBJECT:
                raise self._wrong("Too many elements in numeric expression")
            return test
        elif name == "anything-but":
            return self._anything_but()
        elif name == "exists":
            if self._advance().kind != js.LITERAL or self._token.value is None:
                raise self._wrong("exists match pattern must be either true or false.")
            test = _present if self._token.value else _missing
        else:
            raise self._wrong(f"Unrecognized match type {name}")
        if self._advance().kind != js.END_OBJECT:
            raise self._wrong("Only one key allowed in match expression")
        return test

    def _text_of(self, problem: str) -> str:
        if self._advance().kind != js.STRING:
            raise self._wrong(problem)
        return self._asked()

    def _anything_but(self) -> Test:
        kind = self._advance().kind
        if kind == js.OBJECT:
            if self._advance().kind != js.FIELD:
                raise self._wrong("Anything-But expression name not found")
            name = self._token.value
            if name not in ("prefix", "suffix"):
                raise self._wrong(f"Unsupported anything-but pattern: {name}")
            text = self._text_of("prefix/suffix match pattern must be a string")
            if not text:
                raise self._wrong("Null prefix/suffix not allowed")
            for _ in range(2):
                if self._advance().kind != js.END_OBJECT:
                    raise self._wrong("Only one key allowed in match expression")
            test = _WORDS[name](text)
            return lambda value: not test(value)
        if kind not in (js.ARRAY, js.STRING, js.NUMBER):
            raise self._wrong("Value of anything-but must be an array or single string/number value.")
        values = []
        if kind == js.ARRAY:
            while (kind := self._advance().kind) != js.END_ARRAY:
                if kind not in (js.STRING, js.NUMBER):
                    raise self._wrong("Inside anything but list, start|null|boolean is not supported.")
                values.append(self._asked())
            if len({isinstance(value, str) for value in values}) != 1:
                raise self._wrong(
                    "Inside anything but list, either all values are number or string, mixed type is not supported"
                )
        else:
            values.append(self._asked())
        if self._advance().kind != js.END_OBJECT:
            raise self._wrong("Too many elements in numeric expression")
        return _anything_but(values)

    def _numeric(self) -> Test:
        if self._advance().kind != js.STRING:
            raise self._wrong(f"Invalid member in numeric match: {_shown(self._token)}")
        first = self._asked()
        if first not in _COMPARE:
            self._advance()
            raise self._wrong(f"Unrecognized numeric range operator: {first}")
        bound = self._number("equals" if first == "=" else first)
        test = _COMPARE[first](bound)
        if self._advance().kind == js.END_ARRAY:
            return test
        if first in ("=", "<", "<="):
            raise self._wrong("Too many elements in numeric expression")
        if self._token.kind != js.STRING:
            raise self._wrong(f"Bad value in numeric range: {_shown(self._token)}")
        second = self._asked()
        if second not in ("<", "<="):
            raise self._wrong(f"Bad numeric range operator: {second}")
        top = self._number(second)
        if self._advance().kind != js.END_ARRAY:
            raise self._wrong("Too many terms in numeric range expression")
        if bound >= top:
            raise self._wrong("Bottom must be less than top")
        other = _COMPARE[second](top)
        return lambda value: test(value) and other(value)

    def _number(self, operator: str) -> float:
        if self._advance().kind != js.NUMBER:
            raise self._wrong(f"Value of {operator} must be numeric")
        return self._asked()

    def _cidr(self, text: str) -> Test:
        address, slash, bits = text.partition("/")
        if not slash or "/" in bits or not bits:
            raise self._plain("Malformed CIDR, one '/' required")
        try:
            mask = int(bits)
        except ValueError:
            raise self._plain("Malformed CIDR, mask bits must be an integer") from None
        if mask < 0:
            raise self._plain("Malformed CIDR, mask bits must not be negative")
        try:
            ip = ip_address(address)
        except ValueError:
            raise self._plain(f"Nonstandard IP address: {address}") from None
        if mask >= ip.max_prefixlen:
            raise self._plain(f"IPv{ip.version} mask bits must be < {ip.max_prefixlen}")
        network = ip_network(f"{address}/{mask}", strict=False)

        def test(value: Any) -> bool:
            if not isinstance(value, str):
                return False
            try:
                return ip_address(value) in network
            except ValueError:
                return False

        return test


def _shown(token: Token) -> str:
    return str(token.value) if token.kind in (js.STRING, js.NUMBER) else token.kind


# --- matching one value: text, number, True, False or None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _present(value: Any) -> bool:
    return True


def _missing(value: Any) -> bool:
    """Stands for `exists: false`; nothing that is there is missing."""
    return False


def _equals_text(text: str) -> Test:
    return lambda value: value.__class__ is str and value == text


def _equals_number(number: float) -> Test:
    return lambda value: _is_number(value) and value == number


def _is(literal: bool | None) -> Test:
    return lambda value: value is literal


def _anything_but(values: list[Any]) -> Test:
    numbers = not isinstance(values[0], str)

    def test(value: Any) -> bool:
        if numbers and not _is_number(value):
            return True
        return value not in values

    return test


def _fold(text: str) -> Test:
    folded = text.lower()
    return lambda value: value.__class__ is str and value.lower() == folded


_WORDS: dict[str, Callable[[str], Test]] = {
    "prefix": lambda text: lambda value: value.__class__ is str and value.startswith(text),
    "suffix": lambda text: lambda value: value.__class__ is str and value.endswith(text),
    "equals-ignore-case": _fold,
}
_COMPARE: dict[str, Callable[[float], Test]] = {
    "=": lambda bound: lambda value: _is_number(value) and value == bound,
    "<": lambda bound: lambda value: _is_number(value) and value < bound,
    "<=": lambda bound: lambda value: _is_number(value) and value <= bound,
    ">": lambda bound: lambda value: _is_number(value) and value > bound,
    ">=": lambda bound: lambda value: _is_number(value) and value >= bound,
}


# --- matching attributes


def _attribute_fits(condition: Condition, attribute: Mapping[str, Any] | None) -> bool:
    values = _ABSENT if attribute is None else _values_of(attribute)
    if values is _ABSENT:
        return condition.wants_absence
    return any(condition.accepts(value) for value in values)  # type: ignore[union-attr]


def _values_of(attribute: Mapping[str, Any]) -> Any:
    """The values of a message attribute; absent where its type takes no part in filtering."""
    kind = attribute.get("DataType", "")
    text = attribute.get("StringValue") or ""
    if kind == "String.Array":
        try:
            items = json.loads(text)
        except (ValueError, RecursionError):
            return [text]
        return items if isinstance(items, list) else [items]
    if kind.startswith("Number"):
        try:
            return [int(text) if text.lstrip("+-").isdecimal() else float(text)]
        except ValueError:
            return [text]
    return [text] if kind.startswith("String") else _ABSENT


# --- matching bodies


def _leaves(value: Any, path: str, places: dict[str, int]) -> Iterator[tuple[str, Any, dict[str, int]]]:
    """(dotted path, value, which element of each array above) of every scalar."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key, places)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            # Scalars of one array are alternatives of each other; objects in it belong together.
            inner = {**places, path: index} if isinstance(item, dict | list) else places
            yield from _leaves(item, path, inner)
    else:
        yield path, value, places


def _body_fits(
    conditions: tuple[Condition, ...],
    leaves: Mapping[str, list[tuple[Any, dict[str, int]]]],
    chosen: Mapping[str, int],
) -> bool:
    """Whether there is a leaf for every condition such that all are of the same elements of arrays."""
    if not conditions:
        return True
    condition, rest = conditions[0], conditions[1:]
    found = leaves.get(condition.path)
    if not found:
        return condition.wants_absence and _body_fits(rest, leaves, chosen)
    for value, places in found:
        if (
            condition.accepts(value)
            and all(chosen.get(array, index) == index for array, index in places.items())
            and _body_fits(rest, leaves, {**chosen, **places})
        ):
            return True
    return False
