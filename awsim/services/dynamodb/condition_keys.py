"""DynamoDB's own condition keys: what a call asks of one table or index, as policies can see it.

Source: Developer Guide, "Using IAM policy conditions for fine-grained access control"; Service Authorization Reference.
A request that cannot be understood gives no keys: the operation itself refuses it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.dynamodb import legacy, numbers, values
from awsim.services.dynamodb.expressions import Expressions
from awsim.services.dynamodb.expressions.lexer import tokens_of
from awsim.services.dynamodb.expressions.reserved import is_reserved
from awsim.services.dynamodb.partiql import Bound, parse

if TYPE_CHECKING:
    from awsim.services.dynamodb.base import Base
    from awsim.services.dynamodb.schema import KeySchema

Params = Mapping[str, Any]

_TRANSACTIONS = ("TransactGetItems", "TransactWriteItems", "ExecuteTransaction")
_READS = ("GetItem", "BatchGetItem", "Query", "Scan")
_WISHES = ("Get", "Put", "Update", "Delete", "ConditionCheck")
_EXPRESSIONS = (
    "ProjectionExpression",
    "ConditionExpression",
    "UpdateExpression",
    "FilterExpression",
    "KeyConditionExpression",
)
_MAPS = ("Item", "Key", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter")


def value(service: Base, key: str, resource: str) -> Any:
    """The value of a key for a table or an index; None where the call has none."""
    read = _KEYS.get(key)
    if read is None:
        return None
    name, _, index = resource.partition(":table/")[2].partition("/index/")
    asked = _Asked(service, resource, name.partition("/")[0], index or None)
    try:
        return read(asked)
    except (AWSError, KeyError, TypeError, AttributeError):
        return None  # what is wrong in the request is found once it is let through


class _Asked:
    """What the call in progress asks of one table."""

    def __init__(self, service: Base, arn: str, table: str, index: str | None) -> None:
        self.service = service
        self.limits = service.limits
        self.operation = service.request.operation
        self.params: Params = service.request.params
        self.table = table
        self.index = index
        parts = arn.split(":")
        owner = service if (parts[3], parts[4]) == (service.region, service.account) else None
        self._owner: Base = owner or service.at(account=parts[4] or None, region=parts[3] or None)

    def keys(self) -> KeySchema | None:
        """The key of the table, or of the index that is read."""
        table = self._owner.tables.get(self.table)
        if table is None:
            return None
        index = table.indexes.get(self.index) if self.index is not None else None
        return index.keys if index is not None else table.keys  # type: ignore[no-any-return]

    def requests(self) -> Iterator[Params]:
        """The parameters for each item or read, as an operation on it alone would have them."""
        params = self.params
        for name, wish in (params.get("RequestItems") or {}).items():
            if not self._is(name):
                continue
            if isinstance(wish, Mapping):
                yield from ({**wish, "Key": key} for key in wish.get("Keys") or ())
            else:
                yield from (one for each in wish for one in each.values() if one is not None)
        for each in params.get("TransactItems") or ():
            yield from (each[kind] for kind in _WISHES if each.get(kind) and self._is(each[kind]["TableName"]))
        if "TableName" in params:
            yield params

    def statements(self) -> Iterator[Bound]:
        """The statements of PartiQL on the table."""
        params = self.params
        given = [params] if "Statement" in params else []
        for each in (*given, *(params.get("Statements") or ()), *(params.get("TransactStatements") or ())):
            statement = parse(each["Statement"])
            if not isinstance(statement, AWSError) and self._is(statement.table):
                yield Bound(statement, each.get("Parameters"), self.limits)

    def _is(self, name: str) -> bool:
        return name.rpartition(":table/")[2].partition("/")[0] == self.table


# --- the keys


def _leading_keys(asked: _Asked) -> tuple[str, ...] | None:
    """Partition keys of the items that are asked for; of an index's entries, the index's own."""
    keys = asked.keys()
    if keys is None:
        return None
    name = keys.hash[0].name
    found: list[Any] = []
    for params in asked.requests():
        given = params.get("Item") or params.get("Key")
        if given is not None:
            found.append(values.load(given[name], asked.limits))
        elif "KeyConditionExpression" in params:
            scope = params.get("ExpressionAttributeNames"), params.get("ExpressionAttributeValues")
            found += Expressions(*scope, asked.limits).key_condition(params["KeyConditionExpression"])[name].values
        elif "KeyConditions" in params:
            found += legacy.key_conditions(params["KeyConditions"], asked.limits)[name].values
    for bound in asked.statements():
        if bound.statement.kind == "INSERT":
            found.append(bound.item()[name])
        else:
            found += [one[name].values[0] for one in bound.stretches(keys) or ()]
    return tuple(dict.fromkeys(map(_shown, found))) or None


def _attributes(asked: _Asked) -> tuple[str, ...] | None:
    """Top-level attributes that the request names, wherever in it."""
    found: list[str] = []
    for params in asked.requests():
        for member in _MAPS:
            found += params.get(member) or ()
        found += params.get("AttributesToGet") or ()
        names = params.get("ExpressionAttributeNames") or {}
        for parameter in _EXPRESSIONS:
            found += _named(params.get(parameter) or "", names)
    for bound in asked.statements():
        statement = bound.statement
        if statement.kind == "INSERT":
            found += bound.item()
        where, update = bound.condition(), bound.update()
        paths = [*(bound.columns() or ()), *(where.paths if where else ()), *(update.paths if update else ())]
        found += [str(path[0]) for path in paths]
    return tuple(dict.fromkeys(found)) or None


def _named(expression: str, names: Mapping[str, str]) -> Iterable[str]:
    """The attributes at the roots of an expression's paths."""
    before = ""
    tokens = tokens_of(expression)
    for token, following in pairwise(tokens):
        if before != ".":
            if token.kind == "attr":
                yield names[token.text]
            elif token.kind == "name" and following.text != "(" and not is_reserved(token.text):
                yield token.text
        before = token.text


def _select(asked: _Asked) -> str | None:
    """What a read selects where it does not say: the attributes of its projection, or all there are."""
    if asked.operation not in _READS:
        return None
    for params in asked.requests():
        if params.get("ProjectionExpression") is None and params.get("AttributesToGet") is None:
            return "ALL_PROJECTED_ATTRIBUTES" if asked.index is not None else "ALL_ATTRIBUTES"
    return "SPECIFIC_ATTRIBUTES"


def _enclosing(asked: _Asked) -> str | None:
    return asked.operation if asked.operation in _TRANSACTIONS else None


def _full_scan(asked: _Asked) -> bool | None:
    """Whether a SELECT reads all of the table or index, for want of a partition key."""
    keys = asked.keys()
    reads = [bound for bound in asked.statements() if bound.statement.kind == "SELECT"]
    if keys is None or not reads:
        return None
    return any(bound.stretches(keys) is None for bound in reads)


def _shown(value: Any) -> str:
    """A key as the text that policies compare."""
    if type(value) is bytes:
        return b64encode(value).decode()
    return value if type(value) is str else numbers.text_of(value)


_KEYS: dict[str, Callable[[_Asked], Any]] = {
    "dynamodb:attributes": _attributes,
    "dynamodb:enclosingoperation": _enclosing,
    "dynamodb:fulltablescan": _full_scan,
    "dynamodb:leadingkeys": _leading_keys,
    "dynamodb:select": _select,
}
