"""Kinds of resources: what their ids look like, and what AWS answers where one is missing.

Source: EC2 API Reference, "Error codes"; sentences as users report them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from awsim.errors import AWSError
from awsim.state import Dict, Entity, Tags

if TYPE_CHECKING:
    from awsim.service import Service

_HEX = re.compile(r"(?:[0-9a-f]{8}|[0-9a-f]{17})\Z")


class Kind(NamedTuple):
    """`name` as in TagSpecifications, `prefix` of ids, `code` and `message` (with `{id}`) of a missing one, `malformed`
    the code for what is no id of this kind."""

    name: str
    prefix: str
    code: str
    message: str
    malformed: str


class Resource(Entity):
    """What has an id and tags. `created` is in epoch seconds; `number` orders resources by age."""

    kind: Kind

    def __init__(self, id_: str, owner: str, created: float) -> None:
        self.id = id_
        self.owner = owner
        self.created = created
        self.number = 0
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        """What Describe shows of it."""
        raise NotImplementedError

    def tag_list(self) -> list[dict[str, str]] | None:
        """As descriptions have them: left out where there are none."""
        return self.tags.as_list() or None


R = TypeVar("R", bound=Resource)


class Kept(Generic[R]):
    """Descriptor on the service's class: the resources of one kind of an account and region."""

    def __init__(self, record: type[R]) -> None:
        self.record = record
        self.attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __get__(self, service: Service | None, owner: type | None = None) -> Shelf[R]:
        if service is None:
            return self  # type: ignore[return-value]
        # Found in the instance from now on: this descriptor has no __set__.
        shelf: Shelf[R] = Shelf(self.record.kind, service)
        service.__dict__[self.attribute] = shelf
        return shelf


class Shelf(Generic[R]):
    """The resources of one kind, oldest first."""

    def __init__(self, kind: Kind, service: Service) -> None:
        self.kind = kind
        self._service = service
        self._records: dict[str, R] = Dict()

    def new_id(self) -> str:
        return f"{self.kind.prefix}-{self._service.ids.hex(self.kind.prefix, 17)}"

    def add(self, record: R) -> R:
        record.number = self._service.ids.next("number")
        self._records[record.id] = record
        return record

    def remove(self, id_: str) -> R:
        return self._records.pop(id_)

    def get(self, id_: str | None) -> R | None:
        return self._records.get(id_ or "")

    def __getitem__(self, id_: str) -> R:
        """Raises the kind's error where there is none."""
        return self.of([id_])[0]

    def of(self, ids: Sequence[str]) -> list[R]:
        """All that are named, in that order; raises for malformed and missing ids, naming every missing one."""
        missing = [id_ for id_ in ids if id_ not in self._records]
        for id_ in missing:
            if not _HEX.match(id_.removeprefix(f"{self.kind.prefix}-")) or not id_.startswith(f"{self.kind.prefix}-"):
                raise AWSError(self.kind.malformed, malformed(self.kind, id_))
        if missing:
            raise AWSError(self.kind.code, self.kind.message.format(id=", ".join(missing)))
        return [self._records[id_] for id_ in ids]

    def find(self, condition: Any) -> R | None:
        return next((record for record in self._records.values() if condition(record)), None)

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._records


def malformed(kind: Kind, id_: str) -> str:
    if kind.name == "instance":
        return f'Invalid id: "{id_}"'
    return f'Invalid id: "{id_}" (expecting "{kind.prefix}-...")'


def numbers(records: Iterable[Resource]) -> list[Resource]:
    """In order of age."""
    return sorted(records, key=lambda record: record.number)
