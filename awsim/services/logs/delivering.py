"""Events on their way to Kinesis, Firehose and Lambda.

Source: CloudWatch Logs User Guide, "Real-time processing of log data with subscriptions": what can be retried is, for
24 hours; a destination that refuses is left alone for 10 minutes, and what comes in meanwhile is skipped.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import md5
from typing import Any

from awsim.errors import AWSError
from awsim.services.logs import payloads
from awsim.services.logs.filters import Destination, Filter, Subscription
from awsim.services.logs.group import Event, LogGroup, LogStream, Stored
from awsim.services.logs.metrics import Forwarded
from awsim.services.logs.operations.reading import ReadingOperations
from awsim.services.logs.patterns.criteria import criteria
from awsim.services.logs.payloads import Sent
from awsim.services.logs.refusals import invalid

_BUSY = frozenset(
    {
        "KMSThrottlingException", "LimitExceededException", "ProvisionedThroughputExceededException",
        "ServiceUnavailableException", "ThrottlingException", "TooManyRequestsException",
    }
)  # fmt: skip
_TOO_LARGE = frozenset({"InvalidArgumentException", "RequestEntityTooLargeException", "ValidationException"})
# How often a filter delivers within a call before it takes its time: what a function logs may well invoke it.
_AT_ONCE = 16
_TYPES = {"kinesis": "Kinesis Stream", "firehose": "Kinesis Data Firehose", "lambda": "Lambda"}
SYSTEM_FIELDS = frozenset({"@aws.account", "@aws.region", "@source.log"})


class Deliveries(ReadingOperations):
    """The data plane of subscription filters."""

    # --- as events come in

    def send_on(self, group: LogGroup, stream: LogStream, batch: Sequence[Stored], filter: Subscription) -> None:
        """Have those of a batch that a filter is after sent."""
        if self.clock.time() < filter.closed_until or not self.selects(filter, group):
            return
        pattern = filter.pattern
        delimited = filter.text.lstrip().startswith("[")
        found: list[Sent] = []
        for id, event in batch:
            message = self.seen_by(filter, group, event)
            if delimited:
                values = pattern.extract(message)
                if values is not None:
                    found.append(Sent(id, event.timestamp, message, {key[1:]: values[key] for key in values}))
            elif pattern.matches(message):
                found.append(Sent(id, event.timestamp, message))
        if found:
            data = {"name": filter.name, "stream": stream.name, "events": tuple(found), "since": self.clock.time()}
            self.later(self._pace(filter), "_send", group=group.name, shared=filter.group == "", **data)

    def seen_by(self, filter: Filter, group: LogGroup, event: Event) -> str:
        """The message of an event as a filter gets it: masked, and transformed if it asks for that."""
        return self.transformed(group, event) if filter.transformed else event.shown()

    def selects(self, filter: Filter, group: LogGroup) -> bool:
        """Whether a filter is for events from here."""
        if filter.selection is None:
            return True
        facts = {"@aws.account": self.account, "@aws.region": self.region, "@source.log": group.name}
        return criteria(filter.selection, SYSTEM_FIELDS)(lambda name, value: facts[name] == value)

    def _pace(self, filter: Subscription) -> float:
        """The seconds until a filter delivers: none, but where one call of the program makes it do so over and over."""
        call, count = filter.run
        count = count + 1 if call == self.cloud.program_calls else 1
        filter.run = (self.cloud.program_calls, count)
        return self.limits["subscription-latency"] or 0.0 if count > _AT_ONCE else 0.0

    def subscription(self, group: str, name: str, shared: bool) -> Subscription | None:
        """A filter by its name: of a group, or of the account."""
        raise NotImplementedError

    def _send(self, group: str, name: str, shared: bool, stream: str, events: tuple[Sent, ...], since: float) -> None:
        filter = self.subscription(group, name, shared)
        if filter is None or self.clock.time() < filter.closed_until:
            return
        try:
            size = self._hand_over(filter, group, stream, events)
            self._note(filter, group, len(events), size)
        except AWSError as error:
            now = self.clock.time()
            busy = error.code in _BUSY or (error.status or 400) >= 500
            self._note(filter, group, len(events), 0, "DeliveryThrottling" if busy else "DeliveryErrors")
            if busy:
                if now - since < (self.limits["subscription-retries"] or 0):
                    data = {"name": name, "shared": shared, "stream": stream, "events": events, "since": since}
                    self.later(self.limits["subscription-backoff"] or 1, "_send", group=group, **data)
            elif error.code in _TOO_LARGE and len(events) > 1:
                half = len(events) // 2
                for part in (events[:half], events[half:]):
                    self._send(group, name, shared, stream, part, since)
            else:
                filter.closed_until = now + (self.limits["subscription-closed"] or 0)

    def _note(self, filter: Subscription, group: str, events: int, size: int, failed: str | None = None) -> None:
        kind = _TYPES.get(filter.destination.split(":")[2], "Cross-Account")
        self.measured.append(Forwarded(self.clock.time(), group, filter.name, kind, events, size, failed))

    def _hand_over(self, filter: Subscription, group: str, stream: str, events: Sequence[Sent]) -> int:
        """Send events on; how many bytes that took."""
        packed = payloads.data(self.account, group, stream, filter.name, events)
        key = f"{group}/{stream}" if filter.distribution == "ByLogStream" else str(events[0].id)
        source = self.arn(f"log-group:{group}:*")
        target, role = filter.destination, filter.role
        if target.split(":")[2] == "logs":
            destination = self.destination_at(target)
            target, role, source = destination.target, destination.role, destination.arn
        self.put_to(target, role, source, packed, key)
        return len(packed)

    def destination_at(self, arn: str) -> Destination:
        """A destination, whosever it is."""
        _, _, _, region, account, _, name = arn.split(":", 6)
        found: Destination | None = None
        if region == self.region and (account == self.account or self.cloud.has_service("logs", account, region)):
            found = self.at(account=account).destinations.get(name)
        if found is None:
            raise invalid("Could not deliver test message to specified destination. Check if the destination is valid.")
        return found

    # --- to where they go

    def put_to(self, target: str, role: str | None, source: str, packed: bytes, key: str) -> None:
        """Put a message into a stream, or invoke a function with it; raises what that answers."""
        service, region, account = target.split(":")[2:5]
        if service == "lambda":
            self._invoke(target, source, packed)
            return
        where: dict[str, Any] = {"as_": role, "region_": region, "account_": account, "source_arn_": source}
        if service == "kinesis":
            partition = md5(key.encode(), usedforsecurity=False).hexdigest()
            self.call("kinesis", "PutRecord", **where, StreamARN=target, Data=packed, PartitionKey=partition)
        else:
            stream = target.rpartition("/")[2]
            self.call("firehose", "PutRecord", **where, DeliveryStreamName=stream, Record={"Data": packed})

    def _invoke(self, target: str, source: str, packed: bytes) -> None:
        payload = json.dumps({"awslogs": {"data": b64encode(packed).decode()}}).encode()
        self.invoke(target, source, InvocationType="Event", Payload=payload)

    def invoke(self, target: str, source: str, **more: Any) -> None:
        """Invoke a function, whose policy may name CloudWatch Logs with its region or without."""
        region, account = target.split(":")[3:5]
        where: dict[str, Any] = {"region_": region, "account_": account, "source_arn_": source}
        try:
            self.call("lambda", "Invoke", as_="logs.amazonaws.com", **where, FunctionName=target, **more)
        except AWSError as error:
            if not error.code.startswith("AccessDenied"):
                raise
            self.call("lambda", "Invoke", as_=self.principal, **where, FunctionName=target, **more)

    def check_target(self, target: str, role: str | None, source: str) -> None:
        """Send the test message; raises InvalidParameterException where it does not arrive."""
        service = target.split(":")[2]
        try:
            if service == "lambda":
                self.invoke(target, source, InvocationType="DryRun")
            else:
                kind = "Kinesis stream" if service == "kinesis" else "Firehose"
                self.put_to(target, role, source, payloads.control(kind, self.now), "control")
        except AWSError:
            raise invalid(_UNREACHABLE[service]) from None


_UNREACHABLE = {
    "lambda": "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
    "your function.",
    "kinesis": "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in "
    "ACTIVE state.",
    "firehose": "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in "
    "ACTIVE state.",
}
