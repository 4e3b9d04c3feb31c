"""Amazon CloudWatch Logs (regional)."""

from __future__ import annotations

from collections.abc import Sequence

from awsim.services.logs.group import LogGroup, LogStream, Stored
from awsim.services.logs.operations.account_policies import SUBSCRIPTION, AccountPolicyOperations


class Logs(AccountPolicyOperations):
    """CloudWatch Logs: groups of streams of events, what finds them and what is told of them.

    Operations are in `operations/`, thin; what they work on is in the plain classes beside them, the filter pattern
    language in `patterns/`, that of Logs Insights in `insights/`.
    """

    def ingested(self, group: LogGroup, stream: LogStream, batch: Sequence[Stored]) -> None:
        for filter in group.metric_filters.values():
            self.turn_into_metrics(group, batch, filter)
        for subscription in group.subscriptions.values():
            self.send_on(group, stream, batch, subscription)
        if self.account_policies:
            for policy in self.account_policies_for(SUBSCRIPTION, group):
                self.send_on(group, stream, batch, policy.content)
        if group.policy is not None or self.account_policies:
            self.audit(group, batch)
