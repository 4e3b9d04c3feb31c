"""Event notifications: what happened to an object, told to topics, queues, functions and EventBridge.

Sources: S3 User Guide, "Amazon S3 Event Notifications", "Granting permissions to publish event notification messages to
a destination" and "Using EventBridge"; ../shared/recorded/s3.jsonl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import Caller, administrator
from awsim.errors import AWSError
from awsim.lazily import lazily
from awsim.service import Service
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.versions import NULL, Version
from awsim.wire.rest_xml import host_id

if TYPE_CHECKING:
    from awsim.services.s3 import event_records
else:
    event_records = lazily("awsim.services.s3.event_records")

_PRINCIPAL = "s3.amazonaws.com"
_SUBJECT = "Amazon S3 Notification"
# How often a run that varies AWS's decisions has an event come twice, or only after a minute.
_DUPLICATE_ODDS = 0.02
_LATE_ODDS = 0.05
_ADDRESS = "127.0.0.1"
_QUEUE_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
# What S3 has to be allowed to do at a destination, and what errors call it.
_ACTIONS = {
    "sns": ("sns:Publish", "topic"),
    "sqs": ("sqs:SendMessage", "queue"),
    "lambda": ("lambda:InvokeFunction", "function"),
}


class Notifications(Service):
    """Below all of S3's operations, so that each can say what it did."""

    def emit(
        self,
        bucket: Bucket,
        event: str,
        key: str,
        version: Version | None,
        *,
        reason: str | None = None,
        restored_until: float | None = None,
        storage_class: str | None = None,
        tier: str | None = None,
        replication: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell whoever wants to know of `event` ("ObjectCreated:Put", no "s3:"), after it has happened.

        Costs a look-up where the bucket has no notification configuration. `version` is the one that was made, changed
        or removed (a delete marker too); None for a key that was not there. `reason` is EventBridge's, where it does
        not follow from the event ("PutObject"). `restored_until`: ObjectRestore:Completed, epoch seconds.
        `storage_class`: the one restored from, or gone to by LifecycleTransition. `tier`: IntelligentTiering's.
        `replication`: replicationEventData as AWS writes it (replicationRuleId, destinationBucket, …).
        """
        configuration = bucket.settings.get("notifications")
        if configuration is None:
            return
        call = self.cloud.current
        caller, now = call.caller, self.clock.time()
        versioned = bucket.versioning is not None and version is not None and version.id != NULL
        happening = event_records.Happening(
            event,
            now,
            bucket.name,
            self._arn_of(bucket),
            bucket.account,
            bucket.region,
            key,
            version.size if version is not None else 0,
            version.etag if version is not None else "",
            version.id if version is not None and versioned else None,
            event_records.sequencer(now, bucket.next_sequence()),
            _principal_id(caller),
            caller.service or caller.account,
            None if caller.service else _ADDRESS,
            call.request_id,
            host_id(call.request_id),
            restored_until,
            storage_class,
            tier,
            replication,
        )
        for service, arn, id in event_records.wanting(configuration, event, key):
            self._announce(service, arn, bucket, event_records.message(happening, id), happening)
        name = event_records.detail_type(event)
        if name is not None and "EventBridgeConfiguration" in configuration:
            self._announce("events", name, bucket, event_records.detail(happening, reason), happening)

    def _arn_of(self, bucket: Bucket) -> str:
        return f"arn:{self.partition}:s3:::{bucket.name}"

    def _announce(
        self, service: str, target: str, bucket: Bucket, text: str, happening: event_records.Happening
    ) -> None:
        """Send an event on its way: at least once, mostly within seconds, in no order."""
        what = f"{happening.event} of {happening.bucket}/{happening.key}"
        copies = 1
        if self.choose("s3.event-duplicate", (False, True), _DUPLICATE_ODDS, f"announced {what} twice"):
            copies = 2
        for _ in range(copies):
            delay = self.limits.duration("event-delivery")
            if self.choose("s3.event-late", (False, True), _LATE_ODDS, f"announced {what} late"):
                delay += self.limits.lag("event-late")
            self._send_later(delay, service, target, bucket, text, happening.time)

    def _send_later(self, delay: float, service: str, target: str, bucket: Bucket, text: str, since: float) -> None:
        source = (bucket.name, bucket.account, bucket.region)
        self.later(delay, "_tell", service=service, target=target, source=source, text=text, since=since, tries=0)

    # --- on the clock

    def _tell(
        self, service: str, target: str, source: tuple[str, str, str], text: str, since: float, tries: int
    ) -> None:
        """One delivery, of the bucket `source` (name, account, region) to an ARN or, for EventBridge, of a detail type.

        What the target refuses is lost; where it fails, S3 tries again for a while.
        """
        name, owner, region = source
        arn = f"arn:{self.partition}:s3:::{name}"
        operation, parameters = self._way(service, target, text, since, arn)
        try:
            self.call(service, operation, as_=_PRINCIPAL, region_=region, account_=owner, source_arn_=arn, **parameters)
        except AWSError as error:
            wait = (self.limits["event-retry-wait"] or 0) * 2**tries
            if _passing(error) and self.clock.time() + wait <= since + (self.limits["event-retry-age"] or 0):
                work = {"service": service, "target": target, "source": source, "text": text}
                self.later(wait, "_tell", **work, since=since, tries=tries + 1)

    def _way(self, service: str, target: str, text: str, time: float, arn: str) -> tuple[str, dict[str, Any]]:
        """(operation, parameters) of the call that tells a destination."""
        if service == "sns":
            return "Publish", {"TopicArn": target, "Subject": _SUBJECT, "Message": text}
        if service == "sqs":
            _, _, _, region, account, name = target.split(":", 5)
            suffix = _QUEUE_SUFFIXES.get(self.partition, "amazonaws.com")
            return "SendMessage", {"QueueUrl": f"https://sqs.{region}.{suffix}/{account}/{name}", "MessageBody": text}
        if service == "lambda":
            return "Invoke", {"FunctionName": target, "InvocationType": "Event", "Payload": text.encode()}
        entry = {"Source": "aws.s3", "DetailType": target, "Detail": text, "Resources": [arn], "Time": time}
        return "PutEvents", {"Entries": [entry]}

    # --- destinations

    def check_destinations(self, bucket: Bucket, configuration: Mapping[str, Any]) -> None:
        """Refuse a configuration with a topic, queue or function that does not exist or does not let S3 in."""
        problems: dict[str, str] = {}
        for service, arn in _destinations(configuration):
            problem = self._problem_of(bucket, service, arn)
            if problem is not None:
                number = len(problems) // 2 + 1
                problems[f"ArgumentName{number}"] = arn
                problems[f"ArgumentValue{number}"] = problem
        if problems:
            message = "Unable to validate the following destination configurations"
            raise AWSError("InvalidArgument", message, fields=problems)

    def _problem_of(self, bucket: Bucket, service: str, arn: str) -> str | None:
        from awsim.auth.policy import Facts, decide_for_stranger

        action, what = _ACTIONS[service]
        _, _, _, region, account, name = arn.split(":", 5)
        side = self.cloud.service(service, account, region).resource_policy(arn)
        facts = Facts(
            time=self.clock.time(),
            region=region,
            source_arn=self._arn_of(bucket),
            source_account=bucket.account,
            resource_account=account,
        )
        caller = Caller.for_service(_PRINCIPAL, bucket.account)
        if decide_for_stranger(caller, action, arn, side.policies, facts).allowed:
            return None
        if service == "lambda":
            return f"Not authorized to invoke function [{arn}]"
        look = ("GetQueueUrl", {"QueueName": name}) if service == "sqs" else ("GetTopicAttributes", {"TopicArn": arn})
        try:
            self.call(service, look[0], as_=administrator(account), region_=region, account_=account, **look[1])
        except AWSError:
            return f"The destination {what} does not exist"
        return f"Permissions on the destination {what} do not allow S3 to publish notifications from this bucket"

    def send_test_events(self, bucket: Bucket, configuration: Mapping[str, Any]) -> None:
        """To every topic and queue of a configuration: see whether this arrives."""
        now, request_id = self.clock.time(), self.request.request_id
        text = event_records.probe(bucket.name, now, request_id, host_id(request_id))
        for service, arn in _destinations(configuration):
            if service == "lambda":
                continue  # functions get no test event
            self._send_later(self.limits.duration("event-delivery"), service, arn, bucket, text, now)


def _destinations(configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(service, ARN) of each topic, queue and function, once."""
    listed = [
        (service, entry[member])
        for kind, member, _, service in event_records.DESTINATIONS
        if service in _ACTIONS
        for entry in configuration.get(kind) or ()
    ]
    return list(dict.fromkeys(listed))


def _principal_id(caller: Caller) -> str:
    """Who did it, as records name them."""
    if caller.service is not None:
        return caller.service
    if caller.is_anonymous:
        return "Anonymous"
    if caller.type == "root":
        return event_records.customer_id(caller.account)
    return f"AWS:{caller.user_id}"


def _passing(error: AWSError) -> bool:
    """Whether an error is the target's own, so that trying again may help."""
    if error.code == "NotImplemented":
        return False
    return error.fault == "receiver" or (error.status or 400) >= 500 or "throttl" in error.code.lower()
