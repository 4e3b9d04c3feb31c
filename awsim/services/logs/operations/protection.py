"""Data protection policies of log groups: what comes in is searched for sensitive data, which is masked.

Source: CloudWatch Logs API Reference, PutDataProtectionPolicy; User Guide, "Help protect sensitive log data with
masking".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.logs import masking
from awsim.services.logs.group import LogGroup, Stored
from awsim.services.logs.masking import Protection, ProtectionPolicy
from awsim.services.logs.operations.queries import QueryOperations
from awsim.services.logs.refusals import missing

_ACCOUNT = "DATA_PROTECTION_POLICY"
# Who writes findings.
_TELLER = "delivery.logs.amazonaws.com"


class ProtectionOperations(QueryOperations):
    def put_data_protection_policy(self, logGroupIdentifier: str, policyDocument: str) -> dict[str, Any]:
        group = self.standard(self.group_by(logGroupIdentifier))
        self.check_protection(policyDocument)
        group.policy = ProtectionPolicy(policyDocument, self.now)
        return self._shown(logGroupIdentifier, group)

    def check_protection(self, document: str) -> Protection:
        self.limits.check("protection-policy", len(document))
        return masking.parsed(document)

    def get_data_protection_policy(self, logGroupIdentifier: str) -> dict[str, Any]:
        return self._shown(logGroupIdentifier, self.group_by(logGroupIdentifier))

    def _shown(self, identifier: str, group: LogGroup) -> dict[str, Any]:
        shown: dict[str, Any] = {"logGroupIdentifier": identifier}
        if group.policy is not None and group.policy.status == "ACTIVATED":
            shown |= {"policyDocument": group.policy.document, "lastUpdatedTime": group.policy.updated}
        return shown

    def delete_data_protection_policy(self, logGroupIdentifier: str) -> None:
        group = self.group_by(logGroupIdentifier)
        if group.policy is None or group.policy.status != "ACTIVATED":
            raise missing("The specified log group has no data protection policy.")
        group.policy.status = "DELETED"

    # --- as events come in

    def protections(self, group: LogGroup) -> list[Protection]:
        """What protects a group: its own policy and that of the account."""
        found = [policy.content for policy in self.account_policies.values() if policy.kind == _ACCOUNT]
        own = group.policy.protection if group.policy is not None else None
        return [*found, own] if own is not None else found

    def masks(self, group: LogGroup) -> Callable[[str], tuple[tuple[int, int], ...]] | None:
        policies = self.protections(group)
        return masking.masks(policies) if policies else None

    def audit(self, group: LogGroup, batch: Sequence[Stored]) -> None:
        """Tell of what was found in a batch, where a policy says to whom."""
        for policy in self.protections(group):
            if not policy.destination:
                continue
            when = datetime.fromtimestamp(self.clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            found = [
                masking.finding(policy, f"{group.arn}:*", event.message, when) for _, event in batch if event.hidden
            ]
            told = tuple(json.dumps(each, separators=(",", ":")) for each in found if each is not None)
            if told:
                self.later(0, "_tell", destination=policy.destination, told=told, source=group.arn)

    def _tell(self, destination: Mapping[str, Any], told: tuple[str, ...], source: str) -> None:
        """Send findings to a log group, a delivery stream, a bucket; those that cannot be sent are lost."""
        for kind, where in destination.items():
            try:
                if kind == "CloudWatchLogs":
                    self._tell_group(where["LogGroup"], told, source)
                elif kind == "Firehose":
                    name = where["DeliveryStream"]
                    for text in told:
                        record = {"Data": text.encode()}
                        self._write("firehose", "PutRecord", source, DeliveryStreamName=name, Record=record)
                elif kind == "S3":
                    key = f"AWSLogs/{self.account}/{self.ids.uuid('finding')}"
                    body = "\n".join(told).encode()
                    self._write("s3", "PutObject", source, Bucket=where["Bucket"], Key=key, Body=body)
            except (AWSError, KeyError, TypeError):
                continue

    def _tell_group(self, name: str, told: Sequence[str], source: str) -> None:
        stream = source.rpartition(":")[2].strip("/").replace("/", "-")
        where = {"logGroupName": name, "logStreamName": stream}
        if stream not in self.group(name).streams:
            self._write("logs", "CreateLogStream", source, **where)
        events = [{"timestamp": self.now, "message": text} for text in told]
        self._write("logs", "PutLogEvents", source, **where, logEvents=events)

    def _write(self, service: str, operation: str, source: str, **parameters: Any) -> None:
        self.call(service, operation, as_=_TELLER, source_arn_=source, **parameters)
