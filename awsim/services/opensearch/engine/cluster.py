"""A cluster: its indices, found by names, patterns and lists of both."""

from __future__ import annotations

from fnmatch import fnmatchcase

from awsim.services.opensearch.engine.index import Index, Source
from awsim.services.opensearch.engine.problems import Problem, no_index
from awsim.state import Dict, Entity

_NOT_IN_NAMES = set('\\/*?"<>| ,#')
_DEFAULT_SHARDS, _DEFAULT_REPLICAS = "5", "1"


class Cluster(Entity):
    """Indices by name."""

    __slots__ = ("indices",)

    def __init__(self) -> None:
        self.indices = Dict()

    def create(self, name: str, uuid: str, now: float, settings: Source, mapping: Source) -> Index:
        _check_name(name)
        if name in self.indices:
            there = self.indices[name]
            raise Problem(
                400,
                "resource_already_exists_exception",
                f"index [{name}/{there.uuid}] already exists",
                index=name,
                index_uuid=there.uuid,
            )
        whole = {"number_of_shards": _DEFAULT_SHARDS, "number_of_replicas": _DEFAULT_REPLICAS, **settings}
        index = Index(name, uuid, now, whole, {key: one for key, one in mapping.items() if key != "properties"})
        index.map(mapping.get("properties", {}))
        self.indices[name] = index
        return index

    def index(self, name: str) -> Index:
        found: Index | None = self.indices.get(name)
        if found is None:
            raise no_index(name)
        return found

    def named(self, expression: str) -> list[Index]:
        """The indices that an expression means: names and patterns, with commas between; all where there is none."""
        if expression in ("", "_all", "*"):
            return [self.indices[name] for name in sorted(self.indices)]
        names: dict[str, None] = {}
        for part in expression.split(","):
            if "*" in part:
                names.update(dict.fromkeys(name for name in sorted(self.indices) if fnmatchcase(name, part)))
            else:
                names[self.index(part).name] = None
        return [self.indices[name] for name in names]


def _check_name(name: str) -> None:
    reason = None
    if name != name.lower():
        reason = "must be lowercase"
    elif name[:1] in ("_", "-", "+"):
        reason = "must not start with '_', '-', or '+'"
    elif _NOT_IN_NAMES & set(name):
        reason = 'must not contain the following characters [ , ", *, \\, <, |, ,, >, /, ?]'
    elif name in (".", "..") or ":" in name:
        reason = "must not be '.' or '..'" if ":" not in name else "must not contain ':'"
    elif len(name.encode()) > 255:
        reason = f"index name is too long, ({len(name.encode())} > 255)"
    if reason is not None:
        told = f"Invalid index name [{name}], {reason}"
        raise Problem(400, "invalid_index_name_exception", told, index=name, index_uuid="_na_")
