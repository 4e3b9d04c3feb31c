"""What policies grant: the services they allow anything of. For the access advisor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

_FILE = Path(__file__).parent / "data" / "service_names.json"


class Granting(NamedTuple):
    """A policy on an identity. `arn` is None for an inline one; `entity` is (USER, ROLE or GROUP, name)."""

    name: str
    arn: str | None
    document: str
    entity: tuple[str, str]


@cache
def service_names() -> Mapping[str, str]:
    """Prefix of actions -> name of the service."""
    return json.loads(_FILE.read_text("utf-8"))


@lru_cache(1024)
def services_of(document: str) -> frozenset[str]:
    """The prefixes of which a policy allows at least some action, whatever it denies."""
    found: set[str] = set()
    for statement in _listed(json.loads(document)["Statement"]):
        if statement["Effect"] != "Allow":
            continue
        if "NotAction" in statement:
            whole = {action[:-2] for action in _listed(statement["NotAction"]) if action.endswith(":*")}
            found.update(service_names().keys() - whole)
            continue
        for action in _listed(statement["Action"]):
            prefix = "*" if action == "*" else action.partition(":")[0].lower()
            if "*" in prefix or "?" in prefix:
                found.update(name for name in service_names() if fnmatchcase(name, prefix))
            else:
                found.add(prefix)
    return frozenset(found)


def granted(policies: Iterable[Granting]) -> list[str]:
    """The prefixes that any of the policies grants, in order."""
    found: set[str] = set()
    for policy in policies:
        found |= services_of(policy.document)
    return sorted(found)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Job(NamedTuple):
    """A report on last accesses: of what, made when, there from when on (epoch seconds), and what it says."""

    arn: str
    granularity: str
    created: int
    ready: float
    services: tuple[dict[str, Any], ...]
    entities: Mapping[str, tuple[dict[str, Any], ...]]  # prefix -> details of who could use it
