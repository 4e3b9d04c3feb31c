"""Effective management policies: what those of the root, the units and the account come to.

Source: Organizations User Guide, "Understanding management policy inheritance", "Inheritance operators". Policies of
one level are taken in the order in which they were attached; what one allows its children holds from the next level on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.services.organizations.types import ALLOWED, APPEND, ASSIGN, REMOVE, VALUES

_Tree = dict[str, Any]


class _Setting:
    """A value that operators have set."""

    def __init__(self) -> None:
        self.value: Any = None

    def apply(self, operator: str, value: Any) -> None:
        if operator == ASSIGN:
            self.value = list(dict.fromkeys(value)) if _is_texts(value) else value
            return
        held = self.value if isinstance(self.value, list) else []
        if operator == APPEND:
            self.value = [*held, *(each for each in value if each not in held)]
        else:
            self.value = [each for each in held if each not in value]


class Effective:
    """Policies merged so far."""

    def __init__(self, *, any_case: bool = False) -> None:
        self._tree: _Tree = {}
        self._rights: dict[tuple[str, ...], frozenset[str]] = {}  # path -> operators that the next levels may use
        self._any_case = any_case  # names below the top are the same in whatever case

    def level(self, texts: Iterable[str]) -> None:
        """Take in the policies that hang on one node."""
        later: dict[tuple[str, ...], frozenset[str]] = {}
        for text in texts:
            self._merge(self._tree, json.loads(text), (), later)
        self._rights.update(later)

    def _merge(self, into: _Tree, document: Mapping[str, Any], path: tuple[str, ...], later: dict[Any, Any]) -> None:
        if ALLOWED in document:
            given = document[ALLOWED]
            allowed = VALUES if "@@all" in given else VALUES.intersection(given)
            later[path] = allowed & self._allowed(path)
        for name, value in document.items():
            if name.startswith("@@"):
                continue
            if self._any_case and len(path) == 1:
                name = name.lower()
            below = (*path, name)
            if VALUES.intersection(value):
                setting = into.get(name)
                if not isinstance(setting, _Setting):
                    setting = _Setting()
                allowed = self._allowed(below)
                for operator in (ASSIGN, APPEND, REMOVE):
                    if operator in value and operator in allowed:
                        setting.apply(operator, value[operator])
                        into[name] = setting
                if ALLOWED in value:
                    self._merge({}, {ALLOWED: value[ALLOWED]}, below, later)
            else:
                inner = into.get(name)
                if inner is None:
                    inner = into[name] = {}
                # Of a setting, this says what children may do with it.
                self._merge(inner if isinstance(inner, dict) else {}, value, below, later)

    def _allowed(self, path: tuple[str, ...]) -> frozenset[str]:
        """What the levels above allow at a path: the nearest word counts."""
        for length in range(len(path), -1, -1):
            if (rights := self._rights.get(path[:length])) is not None:
                return rights
        return VALUES

    def document(self) -> dict[str, Any]:
        return _plain(self._tree)


def effective(levels: Sequence[Sequence[str]], *, any_case: bool = False) -> dict[str, Any]:
    """The effective policy of texts per level, root first."""
    merged = Effective(any_case=any_case)
    for texts in levels:
        merged.level(texts)
    return merged.document()


def _plain(node: Any) -> Any:
    if isinstance(node, _Setting):
        return node.value
    plain = {name: _plain(value) for name, value in node.items()}
    return {name: value for name, value in plain.items() if value not in ({}, [])}


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
