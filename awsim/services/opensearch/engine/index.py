"""An index: its settings, its mapping, and the documents it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from awsim.services.opensearch.engine import fields
from awsim.services.opensearch.engine.problems import Problem
from awsim.state import Dict, Entity

Source = Mapping[str, Any]


class Document(NamedTuple):
    """A document as it was last written; `source` is None for one that was deleted (its version is remembered)."""

    source: Source | None
    version: int
    number: int  # _seq_no


class Index(Entity):
    """Documents by id. `unseen`: id -> (what searches find of it still, when it was written)."""

    __slots__ = ("aliases", "created", "documents", "mapping", "name", "number", "settings", "unseen", "uuid")

    def __init__(self, name: str, uuid: str, created: float, settings: Source, mapping: Source) -> None:
        self.name = name
        self.uuid = uuid
        self.created = created
        self.settings = dict(settings)
        self.mapping = dict(mapping)
        self.aliases: dict[str, Any] = {}
        self.documents = Dict()
        self.unseen = Dict()
        self.number = 0

    @property
    def properties(self) -> fields.Properties:
        found: fields.Properties = self.mapping.get("properties", {})
        return found

    def get(self, id: str) -> Document | None:
        found: Document | None = self.documents.get(id)
        return found if found is not None and found.source is not None else None

    def map(self, properties: Any, **more: Any) -> None:
        """Take in more of a mapping."""
        fields.check_properties(properties)
        whole = fields.merged(self.properties, properties)
        self.mapping = {**self.mapping, **more, **({"properties": whole} if whole else {})}

    def check(self, id: str, expected: Mapping[str, int], *, create: bool = False) -> None:
        """Refuse a write to a document that is not as its writer believes."""
        found = self.get(id)
        if create and found is not None:
            self._conflict(f"[{id}]: version conflict, document already exists (current version [{found.version}])")
        if not expected:
            return
        if found is None:
            wanted = f"required seqNo [{expected['if_seq_no']}], primary term [{expected['if_primary_term']}]"
            self._conflict(f"[{id}]: version conflict, {wanted}. but no document was found")
        elif (expected["if_seq_no"], expected["if_primary_term"]) != (found.number, 1):
            wanted = f"required seqNo [{expected['if_seq_no']}], primary term [{expected['if_primary_term']}]"
            self._conflict(
                f"[{id}]: version conflict, {wanted}. current document has seqNo [{found.number}] and primary term [1]"
            )

    def _conflict(self, reason: str) -> None:
        more = {"index": self.name, "shard": "0", "index_uuid": self.uuid}
        raise Problem(409, "version_conflict_engine_exception", reason, **more)

    def put(self, id: str, source: Source, now: float) -> Document:
        """Write a document, of whose new fields the mapping learns."""
        mapping = fields.learned(self.mapping, source)
        fields.check(mapping.get("properties", {}), source, id)
        if mapping != self.mapping:
            self.mapping = mapping
        return self._write(id, source, now)

    def delete(self, id: str, now: float) -> Document:
        return self._write(id, None, now)

    def _write(self, id: str, source: Source | None, now: float) -> Document:
        old: Document | None = self.documents.get(id)
        written = Document(source, old.version + 1 if old is not None else 1, self.number)
        self.number += 1
        before = self.unseen.get(id)
        self.unseen[id] = (before[0] if before is not None else self.get(id), now)
        self.documents[id] = written
        return written

    def refresh(self) -> None:
        """Have searches find all that was written."""
        self.unseen.clear()

    def searchable(self, now: float, interval: float) -> Iterator[tuple[str, Document]]:
        """What searches find: what was written longer ago than the refresh interval."""
        if not interval:
            self.refresh()
        for id in [id for id, (_, when) in self.unseen.items() if when + interval <= now]:
            del self.unseen[id]
        for id, document in self.documents.items():
            if id in self.unseen:
                document = self.unseen[id][0]
            if document is not None and document.source is not None:
                yield id, document

    @property
    def count(self) -> int:
        return sum(document.source is not None for document in self.documents.values())
