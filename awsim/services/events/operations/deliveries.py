"""From a rule that fires to its targets: calls by EventBridge, again where they fail, at last to a dead-letter queue.

Sources: EventBridge User Guide, "Event bus targets", "How EventBridge retries delivering events" and "Using dead-letter
queues to process undelivered events".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.auth.credentials import administrator, principal
from awsim.errors import AWSError
from awsim.eventing import tasks
from awsim.eventing.templates import dumps
from awsim.services.events import arns, failures, inputs, metrics, permissions
from awsim.services.events.arns import Arn
from awsim.services.events.bus import ENABLED_FOR_READS, Bus, Rule
from awsim.services.events.event import Event, timestamp
from awsim.services.events.failures import Failure
from awsim.services.events.operations.common import Operations

Target = Mapping[str, Any]

# AWS says that it happens, not how often: rarely.
_DUPLICATE_ODDS = 0.001
LATE_ODDS = 0.05
_API_CALL = "AWS API Call via CloudTrail"


class DeliveryOperations(Operations):
    # --- buses

    def heard(self, bus: Bus, source: str, detail_type: str) -> bool:
        """Whether an event of this source and type can be for anybody: what nobody hears is not even made."""
        return len(self.archives) > 0 or not bus.anchors.rule_out(source, detail_type)

    def ingest(self, bus: Bus, event: Event) -> None:
        """An event has come to a bus: rules that it matches fire, archives that it matches keep it."""
        rules = bus.matching(event)
        if rules and event["detail-type"] == _API_CALL and _only_reads(event["detail"]):
            rules = [rule for rule in rules if rule.state == ENABLED_FOR_READS]
        for rule in rules:
            self.fire(rule, event)
        # What an archive gave back does not go into one again.
        if len(self.archives) and "replay-name" not in event:
            for archive in self.archives:
                if archive.source_arn == bus.arn:
                    archive.keep(event, self.clock.time())

    def receive(self, bus_name: str, event: Event, sender: str, role_arn: str | None) -> None:
        """An event that a rule of another bus sends, of the account `sender`."""
        bus: Bus | None = self.buses.get(bus_name)
        if bus is None:
            raise Failure(failures.NO_RESOURCE, f"Event bus {bus_name} does not exist.")
        if sender != self.account:
            caller = principal(role_arn, sender) if role_arn else administrator(sender)
            home = self.cloud.organization_of(sender, self.partition)
            if not permissions.admits(bus.policy, bus.arn, self.account, caller, self.clock.time(), home):
                message = f"Lack of permissions to invoke cross account target {bus.arn}."
                raise Failure(failures.NO_PERMISSIONS, message)
        self.ingest(bus, event)

    def fire(self, rule: Rule, event: Event) -> None:
        seconds, now, choices = self.limits.duration("delivery"), self.clock.time(), self.cloud.choices.active
        self.measured.append((now, rule.arn, metrics.FIRED))
        for target in rule.targets.values():
            work: dict[str, Any] = {"rule_arn": rule.arn, "target": target, "event": event, "since": now, "retries": 0}
            due = now + seconds
            if choices:
                arn = target["Arn"]
                if self.choose("events.duplicate", (False, True), _DUPLICATE_ODDS, f"delivered twice to {arn}"):
                    self.at_time(due, "_deliver", **work)
                if self.choose("events.late", (False, True), LATE_ODDS, f"delivered late to {arn}"):
                    due += self.limits.lag("late-delivery")
            self.at_time(due, "_deliver", **work)

    # --- deliveries

    def _deliver(self, rule_arn: str, target: Target, event: Event, since: float, retries: int) -> None:
        self.measured.append((self.clock.time(), rule_arn, metrics.TRIED_AGAIN if retries else metrics.TRIED))
        try:
            self._send_to(rule_arn, target, event, since)
            self.measured.append((self.clock.time(), rule_arn, metrics.DELIVERED))
        except Failure as failure:
            self._failed(failure, rule_arn, target, event, since, retries)
        except AWSError as error:
            self._failed(failures.of(error), rule_arn, target, event, since, retries)

    def _failed(
        self, failure: Failure, rule_arn: str, target: Target, event: Event, since: float, retries: int
    ) -> None:
        work: dict[str, Any] = {"rule_arn": rule_arn, "target": target, "event": event}
        fault: dict[str, Any] = {"code": failure.code, "message": str(failure), "retries": retries}
        if not failure.retriable:
            self._give_up(**work, **fault, exhausted=None)
            return
        policy = target.get("RetryPolicy") or {}
        most = policy.get("MaximumRetryAttempts", self.limits["retry-attempts"])
        age = policy.get("MaximumEventAgeInSeconds", self.limits["event-age"])
        if retries >= most:
            self._give_up(**work, **fault, exhausted="MaximumRetryAttempts")
            return
        wait = min(self.limits["retry-first-wait"] * 2**retries, self.limits["retry-longest-wait"])
        if self.clock.time() + wait > since + age:
            self.at_time(since + age, "_give_up", **work, **fault, exhausted="MaximumEventAgeInSeconds")
        else:
            self.later(wait, "_deliver", **work, since=since, retries=retries + 1)

    def _give_up(
        self,
        rule_arn: str,
        target: Target,
        event: Event,
        code: str,
        message: str,
        retries: int,
        exhausted: str | None,
    ) -> None:
        """An event that did not arrive goes to the dead-letter queue of its target, or nowhere."""
        self.measured.append((self.clock.time(), rule_arn, metrics.GIVEN_UP))
        arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        address = arns.read(arn) if arn else None
        if address is None:
            return
        told = {
            "RULE_ARN": rule_arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message or code,
            "EXHAUSTED_RETRY_CONDITION": exhausted,
            "RETRY_ATTEMPTS": str(retries),
        }
        try:
            self.call(
                "sqs",
                "SendMessage",
                region_=address.region,
                account_=address.account,
                source_arn_=rule_arn,
                QueueUrl=self._queue_url(address),
                MessageBody=dumps(event),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in told.items() if value
                },
            )
        except AWSError:
            self.measured.append((self.clock.time(), rule_arn, metrics.LOST))
            raise
        self.measured.append((self.clock.time(), rule_arn, metrics.BURIED))

    # --- targets

    def _send_to(self, rule_arn: str, target: Target, event: Event, since: float) -> None:
        address = arns.read(target["Arn"])
        assert address is not None
        if address.service == "events" and address.resource.startswith("event-bus/"):
            self._to_bus(target, address, event)
            return
        text = inputs.made(target, event, rule_arn, timestamp(since))
        if address.service == "events" and address.resource.startswith("api-destination/"):
            self.to_destination(target, address.resource.split("/")[1], event, text)
            return
        send = getattr(self, f"_to_{address.service}", None)
        if send is None:
            raise Failure(failures.CLIENT_ERROR, f"awsim does not model {address.service} as a target")
        send(rule_arn, target, address, event, text)

    def to_destination(self, target: Target, name: str, event: Event, text: str) -> None:
        raise NotImplementedError

    def _to_bus(self, target: Target, address: Arn, event: Event) -> None:
        if address.account != self.account and event["account"] != self.account:
            raise Failure(failures.THIRD_ACCOUNT, "Event was sent to a third account.")
        if address.region != self.region and event["region"] != self.region:
            raise Failure(failures.THIRD_REGION, "Event was sent to a third region.")
        home = self.at(account=address.account, region=address.region)
        home.receive(address.resource.partition("/")[2], event, self.account, target.get("RoleArn"))

    def _call(
        self, rule_arn: str, target: Target, address: Arn, service: str, operation: str, **parameters: Any
    ) -> None:
        self.call(
            service,
            operation,
            as_=target.get("RoleArn"),
            region_=address.region or self.region,
            account_=address.account or self.account,
            source_arn_=rule_arn,
            **parameters,
        )

    def _queue_url(self, address: Arn) -> str:
        suffix = "amazonaws.com.cn" if address.partition == "aws-cn" else "amazonaws.com"
        return f"https://sqs.{address.region}.{suffix}/{address.account}/{address.resource}"

    def _to_sqs(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        more = {"MessageGroupId": group} if group else {}
        if address.resource.endswith(".fifo"):
            # One event is one message, however often it is tried. Queues with content-based deduplication only.
            more = {"MessageGroupId": group or event["id"]}
        url = self._queue_url(address)
        self._call(rule_arn, target, address, "sqs", "SendMessage", QueueUrl=url, MessageBody=text, **more)

    def _to_sns(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        self._call(rule_arn, target, address, "sns", "Publish", TopicArn=target["Arn"], Message=text)

    def _to_lambda(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        self._call(
            rule_arn,
            target,
            address,
            "lambda",
            "Invoke",
            FunctionName=target["Arn"],
            InvocationType="Event",
            Payload=text.encode(),
        )

    def _to_states(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        self._call(
            rule_arn, target, address, "stepfunctions", "StartExecution", stateMachineArn=target["Arn"], input=text
        )

    def _to_kinesis(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
        key = inputs.found(event, path, event["id"]) if path else event["id"]
        self._call(
            rule_arn,
            target,
            address,
            "kinesis",
            "PutRecord",
            StreamARN=target["Arn"],
            Data=text.encode(),
            PartitionKey=key,
        )

    def _to_firehose(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        self._call(
            rule_arn,
            target,
            address,
            "firehose",
            "PutRecord",
            DeliveryStreamName=address.name,
            Record={"Data": text.encode()},
        )

    def _to_ecs(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        self._call(rule_arn, target, address, "ecs", "RunTask", **tasks.run(target, text, "events-rule/", rule_arn))

    def _to_logs(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        group = address.resource.removeprefix("log-group:").removesuffix(":*")
        stream = event["id"]
        self._call(rule_arn, target, address, "logs", "CreateLogStream", logGroupName=group, logStreamName=stream)
        self._call(
            rule_arn,
            target,
            address,
            "logs",
            "PutLogEvents",
            logGroupName=group,
            logStreamName=stream,
            logEvents=[inputs.logged(target, text, round(self.clock.time() * 1000))],
        )

    def _to_ssm(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        kind, _, name = address.resource.partition("/")
        parameters = inputs.lists(text)
        if kind == "automation-definition":
            document, _, version = name.partition(":")
            more: dict[str, Any] = {"DocumentVersion": version} if version else {}
            if parameters:
                more["Parameters"] = parameters
            self._call(rule_arn, target, address, "ssm", "StartAutomationExecution", DocumentName=document, **more)
            return
        targets = (target.get("RunCommandParameters") or {}).get("RunCommandTargets") or ()
        if kind != "document" or not targets:
            raise Failure(failures.CLIENT_ERROR, f"Target {target['Arn']} has no RunCommandParameters.")
        # Amazon's documents have no account in their ARNs.
        more = {"Parameters": parameters} if parameters else {}
        self._call(rule_arn, target, address, "ssm", "SendCommand", DocumentName=name, Targets=list(targets), **more)

    def _to_schemas(self, rule_arn: str, target: Target, address: Arn, event: Event, text: str) -> None:
        self._call(
            rule_arn, target, address, "schemas", "ObserveEvent", DiscovererArn=target["Arn"], Event=dumps(event)
        )


def _only_reads(detail: Mapping[str, Any]) -> bool:
    """Whether the detail of a CloudTrail event is of a management event that changes nothing."""
    return detail.get("readOnly") is True and detail.get("managementEvent") is True
