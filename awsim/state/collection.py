"""`Collection`: the resources of one kind that a service instance holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from awsim.state.containers import Dict
from awsim.state.undo import MISSING

if TYPE_CHECKING:
    from awsim.service import Service


class Collection:
    """Descriptor on a Service class: a keyed, quota-aware store, one per service instance.

    `key` is the attribute of a record that names it; `quota` a row of the service's limits table that bounds how many
    there may be; `missing` and `exists` are `(code, message)`, with `{key}` and `{noun}`, of the errors of a look-up
    that fails and of an addition under a key that is taken.
    """

    def __init__(
        self,
        noun: str,
        *,
        key: str = "name",
        quota: str | None = None,
        missing: tuple[str, str] | None = None,
        exists: tuple[str, str] | None = None,
    ) -> None:
        self.noun = noun
        self.key = key
        self.quota = quota
        self.missing = missing
        self.exists = exists
        self.attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __get__(self, service: Service | None, owner: type | None = None) -> Any:
        if service is None:
            return self
        records = Records(self, service)
        # Found in the instance from now on: this descriptor has no __set__.
        service.__dict__[self.attribute] = records
        return records


class Records:
    """A `Collection` of one service instance."""

    __slots__ = ("_declaration", "_records", "_service", "get")

    get: Callable[..., Any]
    """`get(key, default=None)`: a record, without an error."""

    def __init__(self, declaration: Collection, service: Service) -> None:
        self._declaration = declaration
        self._service = service
        self._records = Dict()
        self.get = self._records.get

    def add(self, record: Any, **fields: Any) -> Any:
        """Add a record under its key; raises the `exists` error, then the quota's."""
        declaration = self._declaration
        key = getattr(record, declaration.key)
        if key in self._records:
            if declaration.exists is not None:
                raise self._error(declaration.exists, key)
        elif declaration.quota is not None:
            self._service.limits.quota(declaration.quota, len(self._records), **fields)
        self._records[key] = record
        return record

    def __getitem__(self, key: Any) -> Any:
        try:
            return self._records[key]
        except (KeyError, TypeError):
            if self._declaration.missing is None:
                raise
            raise self._error(self._declaration.missing, key) from None

    def remove(self, key: Any) -> Any:
        """Take a record out and return it; raises the `missing` error."""
        record = self[key]
        self.pop(key)
        return record

    def pop(self, key: Any, default: Any = MISSING) -> Any:
        quota = self._declaration.quota
        if quota is not None and key in self._records:
            self._service.limits.used(quota, len(self._records) - 1)
        return self._records.pop(key, default)

    def find(self, condition: Callable[[Any], bool]) -> Any | None:
        """The first record, oldest first, for which `condition` holds."""
        return next((record for record in self._records.values() if condition(record)), None)

    def keys(self) -> Any:
        return self._records.keys()

    def sorted(self) -> list[Any]:
        """All records in order of their keys."""
        return [self._records[key] for key in sorted(self._records)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: Any) -> bool:
        return key in self._records

    def _error(self, what: tuple[str, str], key: Any) -> Exception:
        code, message = what
        return self._service.error(code, message.format(key=key, noun=self._declaration.noun))
