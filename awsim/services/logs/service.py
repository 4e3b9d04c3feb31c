"""Amazon CloudWatch Logs (regional)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from awsim.services.logs.filters import Subscription
from awsim.services.logs.group import Event, LogGroup, LogStream, Stored
from awsim.services.logs.operations.queries import QueryOperations


class Logs(QueryOperations):
    """CloudWatch Logs: groups of streams of events, what finds them and what is told of them."""

    def masks(self, group: LogGroup) -> Callable[[str], tuple[tuple[int, int], ...]] | None:
        return None

    def transformed(self, group: LogGroup, event: Event) -> str:
        return event.shown()

    def subscription(self, group: str, name: str, shared: bool) -> Subscription | None:
        found = self.groups.get(group)
        return found.subscriptions.get(name) if found is not None else None

    def ingested(self, group: LogGroup, stream: LogStream, batch: Sequence[Stored]) -> None:
        for filter in group.metric_filters.values():
            self.measure(group, batch, filter)
        for subscription in group.subscriptions.values():
            self.send_on(group, stream, batch, subscription)
