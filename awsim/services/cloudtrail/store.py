"""Event data stores, channels, imports and queries, as records. What a store holds is read off the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.state import Entity, Lifecycle, List, Tags

DEFAULT_SELECTORS: Sequence[Mapping[str, Any]] = (
    {
        "Name": "Default management events",
        "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
    },
)


class Store(Entity):
    """An event data store. `settings` are as CreateEventDataStore takes them; times are epoch seconds."""

    def __init__(self, arn: str, region: str, settings: Mapping[str, Any], now: float) -> None:
        self.arn = arn
        self.region = region
        self.settings: Mapping[str, Any] = settings
        self.created = self.updated = now
        # From which call on events are taken, and until which, by their request ids; the last one may be open (None).
        self.windows = List()
        self.imported = List()  # event records, as JSON texts
        self.lifecycle: Lifecycle | None = None
        self.before_deletion: Lifecycle | None = None
        self.deletion: int | None = None  # the job that ends its time in PENDING_DELETION
        self.configuration: Mapping[str, Any] = {}
        self.policy: str | None = None
        self.tags = Tags()

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def status(self) -> str:
        return self.lifecycle.state if self.lifecycle is not None else "CREATED"

    def described(self) -> dict[str, Any]:
        return {
            "EventDataStoreArn": self.arn,
            "Status": self.status,
            "CreatedTimestamp": self.created,
            "UpdatedTimestamp": self.updated,
            **self.settings,
        }


class Channel(Entity):
    """What brings events from outside of AWS into event data stores."""

    def __init__(self, arn: str, name: str, source: str, destinations: Sequence[Mapping[str, str]]) -> None:
        self.arn = arn
        self.name = name
        self.source = source
        self.destinations = tuple(destinations)
        self.policy: str | None = None
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "ChannelArn": self.arn,
            "Name": self.name,
            "Source": self.source,
            "Destinations": list(self.destinations),
        }


class Import(Entity):
    """Log files of a trail that are taken into event data stores."""

    def __init__(self, id: str, destinations: Sequence[str], source: Mapping[str, Any], now: float) -> None:
        self.id = id
        self.destinations = tuple(destinations)
        self.source = source
        self.since: float | None = None
        self.until: float | None = None
        self.created = self.updated = now
        self.status = "INITIALIZING"
        self.statistics: Mapping[str, int] = {}
        self.failures = List()

    def described(self) -> dict[str, Any]:
        return {
            "ImportId": self.id,
            "Destinations": list(self.destinations),
            "ImportSource": self.source,
            "StartEventTime": self.since,
            "EndEventTime": self.until,
            "ImportStatus": self.status,
            "CreatedTimestamp": self.created,
            "UpdatedTimestamp": self.updated,
        }

    def listed(self) -> dict[str, Any]:
        shown = self.described()
        return {
            name: value
            for name, value in shown.items()
            if name not in ("ImportSource", "StartEventTime", "EndEventTime")
        }


class Query(Entity):
    """A query and what it found: rows of (column, text) pairs."""

    def __init__(self, id: str, store: str, statement: str, now: float) -> None:
        self.id = id
        self.store = store
        self.statement = statement
        self.created = now
        self.rows: Sequence[Sequence[Mapping[str, str]]] = ()
        self.scanned = 0
        self.size = 0
        self.cancelled = False
        self.lifecycle: Lifecycle | None = None

    @property
    def status(self) -> str:
        if self.cancelled:
            return "CANCELLED"
        return self.lifecycle.state if self.lifecycle is not None else "QUEUED"
