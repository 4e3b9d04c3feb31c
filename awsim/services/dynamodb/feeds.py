"""What follows the changes of a table's items: streams, Kinesis destinations, replicas, point-in-time recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from awsim.services.dynamodb.schema import Place
    from awsim.services.dynamodb.storage import Item

USER = ""
EXPIRY = "expiry"
REPLICATION = "replication"


class Feed(Protocol):
    """One follower of a table; `Table.write` tells each of them of every change, in order."""

    def note(self, place: Place, old: Item | None, new: Item | None, origin: str) -> None:
        """`new` (None: nothing) now stands where `old` stood. `origin` is USER, EXPIRY or REPLICATION."""
