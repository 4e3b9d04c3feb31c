"""Amazon CloudWatch Logs (regional)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from awsim.metering import Sample
from awsim.services.logs import metrics
from awsim.services.logs.group import LogGroup, LogStream, Stored
from awsim.services.logs.operations.account_policies import SUBSCRIPTION
from awsim.services.logs.operations.scheduled_queries import ScheduledQueryOperations


class Logs(ScheduledQueryOperations):
    """CloudWatch Logs: groups of streams of events, what finds them and what is told of them.

    Operations are in `operations/`, thin; what they work on is in the plain classes beside them, the filter pattern
    language in `patterns/`, that of Logs Insights in `insights/`.
    """

    def measurements(self, notes: Sequence[metrics.Note]) -> Iterable[Sample]:
        return metrics.samples(notes)

    def ingested(self, group: LogGroup, stream: LogStream, batch: Sequence[Stored]) -> None:
        size = sum(event.size for _, event in batch)
        self.measured.append(metrics.Incoming(self.clock.time(), group.name, len(batch), size))
        self.publish_embedded(group, batch)
        for filter in group.metric_filters.values():
            self.turn_into_metrics(group, batch, filter)
        for subscription in group.subscriptions.values():
            self.send_on(group, stream, batch, subscription)
        if self.account_policies:
            for policy in self.account_policies_for(SUBSCRIPTION, group):
                self.send_on(group, stream, batch, policy.content)
        if self.tails:
            self.follow(group, stream.name, batch)
        if group.policy is not None or self.account_policies:
            self.audit(group, batch)
