"""TOML, read fast where it is written plainly.

The tables that awsim ships are lines like `unit = "bytes"`. tomllib takes 2 to 3 ms for the limits of S3, which the
first test of a process would wait for. What is read here reads as tomllib reads it (a test compares the two over all
files of awsim); a text that has anything else in it goes to tomllib as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

# Stands for an escaped quotation mark; no printable text has it.
_QUOTE = "\0"


class _NotPlain(ValueError):
    """There is more in a text than is read here."""


def read_toml(text: str) -> dict[str, Any]:
    """What `tomllib.loads` gives; raises tomllib.TOMLDecodeError where it does."""
    try:
        return _plain(text)
    except ValueError:
        import tomllib

        return tomllib.loads(text)


def _plain(text: str) -> dict[str, Any]:
    if not text.replace("\n", "").isprintable():
        raise _NotPlain
    text = text.replace('\\"', _QUOTE)
    if "\\" in text:
        raise _NotPlain
    root: dict[str, Any] = {}
    table = root
    lines = iter(text.split("\n"))
    for line in lines:
        line = line.rstrip(" ")
        if not line or line[0] == "#":
            continue
        if line[0] != "[":
            _put(table, line, lines)
            continue
        name = line[1:-1]
        if line[-1] != "]" or not _is_bare(name) or name in root:
            raise _NotPlain
        table = root[name] = {}
    return root


def _put(table: dict[str, Any], line: str, more: Iterator[str]) -> None:
    """The key and value of a line, whose list may go on over the lines behind it."""
    key, equals, value = line.partition("=")
    key, value = key.strip(" "), value.strip(" ")
    if not _is_bare(key):
        if key.count('"') != 2 or key[0] != '"' or key[-1] != '"' or _QUOTE in key:
            raise _NotPlain
        key = key[1:-1]
    if not equals or not value or key in table:
        raise _NotPlain
    if value[0] == '"':
        _, content, rest = value.split('"')
        if rest and rest.lstrip(" ")[0] != "#":
            raise _NotPlain
        table[key] = content.replace(_QUOTE, '"')
    elif value[0] == "[" and "#" not in value:
        while value[-1] != "]":
            line = next(more, "#")  # at the end of the text as a comment, which is not read here
            if "#" in line:
                raise _NotPlain
            value = f"{value}\n{line}".rstrip(" \n")
        table[key] = _list(value[1:-1])
    else:
        table[key] = _bare(value.partition(" #")[0].rstrip(" "))


def _is_bare(key: str) -> bool:
    return key.isascii() and key.replace("-", "0").replace("_", "0").isalnum()


def _bare(value: str) -> Any:
    """A value without quotation marks: a number, a truth value, a date."""
    if value in ("true", "false"):
        return value == "true"
    if not value.isascii():
        raise _NotPlain
    digits = value.removeprefix("-")
    if digits[:1] == "0" and digits[1:2] not in ("", "."):
        raise _NotPlain
    if digits.replace("_", "").isdecimal():
        return int(value)
    if digits.replace(".", "", 1).isdecimal() and digits[0] != "." != digits[-1]:
        return float(value)
    if value[4:5] == value[7:8] == "-":
        return date.fromisoformat(value)
    raise _NotPlain


def _list(inside: str) -> list[Any]:
    """A list of texts, or of inline tables."""
    inside = inside.strip(" \n")
    if not inside:
        return []
    inside = inside.removesuffix(",").rstrip(" \n")
    if inside[:1] == "{":
        return [_table(each) for each in _between(inside, "}", "{")]
    before, *contents, after = inside.split('"')
    if before or after or len(contents) % 2 == 0 or any(comma.strip(" \n") != "," for comma in contents[1::2]):
        raise _NotPlain
    return [content.replace(_QUOTE, '"') for content in contents[::2]]


def _between(text: str, end: str, start: str) -> Iterator[str]:
    """What stands between the two signs, again and again, with commas between."""
    *items, rest = text.split(end)
    if rest:
        raise _NotPlain
    for number, item in enumerate(items):
        before, begun, content = item.partition(start)
        if not begun or before.strip(" \n") != ("," if number else "") or "\n" in content:
            raise _NotPlain
        yield content


def _table(inside: str) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for pair in inside.split(","):
        _put(table, pair, iter(()))
    return table
