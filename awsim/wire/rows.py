"""Long lists of structures, known by their columns: what has hundreds of entries is looked through member by member.

`Rows` come in: a request's list that was read by columns, which validation and operations may then use. `Columns` go
out: a result's list of texts that is put into JSON by columns, too. The journal keeps long lists so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, overload

from awsim.wire.values import Unreadable

#: Lists shorter than this are not worth it.
LONG = 6

#: Turns a column as the wire has it into the values that callers wrote; raises Unreadable.
ConvertAll = Callable[[list[Any]], list[Any]]


class Rows(list):
    """A list of structures that all have the same members and no others, none of them None.

    `columns`: the values of each member. Nobody changes either: they would not agree any more.
    """

    __slots__ = ("columns",)

    def __init__(self, rows: list[dict[str, Any]], columns: dict[str, list[Any]]) -> None:
        super().__init__(rows)
        self.columns = columns


def column(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any] | None:
    """The values of a member of each structure, None where one has it not; or None where none has it."""
    if rows.__class__ is Rows:
        return rows.columns.get(name)  # type: ignore[attr-defined]
    values = [row.get(name) for row in rows]
    return None if values.count(None) == len(values) else values


def read_rows(rows: list[Any], members: Mapping[str, tuple[type | None, ConvertAll]]) -> Rows | None:
    """A list out of JSON as the rows it is, converted in place; None where it has to be looked at row by row, because
    its rows differ or something is wrong with one.

    `members`: those that may be there, each with the type that needs no conversion.
    """
    try:
        names = rows[0].keys()
        if not names <= members.keys() or set(map(len, rows)) != {len(names)}:
            return None
        columns = {}
        converted = []
        for name in names:
            passes, convert = members[name]
            values = list(map(itemgetter(name), rows))
            if passes is None or set(map(type, values)) != {passes}:
                values = convert(values)
                converted.append((name, values))
            columns[name] = values
    except (AttributeError, KeyError, TypeError, Unreadable):
        return None  # no structures, unlike ones, misfits: nothing has been changed yet
    for name, values in converted:
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return Rows(rows, columns)


class Columns(Sequence[dict[str, Any]]):
    """Structures that all have the same members, told by these: each is made only where somebody looks at it."""

    __slots__ = ("_columns", "_length")

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        self._columns = columns
        self._length = len(next(iter(columns.values())))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = tuple(self._columns)
        return (dict(zip(names, row, strict=True)) for row in zip(*self._columns.values(), strict=True))

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return list(self)[index]

    def as_json(self) -> str:
        """`[{"A":"…","B":"…"},…]`, where all but the values is the same in every row. Only of texts without quotes,
        backslashes and control characters, which JSON has just as they are."""
        count, width = self._length, 2 * len(self._columns)
        if not count:
            return "[]"
        pieces = [""] * (count * width)
        before = '"},{"'
        for place, (name, values) in enumerate(self._columns.items()):
            pieces[2 * place :: width] = [f'{before}{name}":"'] * count
            pieces[2 * place + 1 :: width] = values
            before = '","'
        pieces[0] = "[" + pieces[0].removeprefix('"},')
        return "".join(pieces) + '"}]'
