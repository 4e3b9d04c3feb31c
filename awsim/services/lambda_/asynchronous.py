"""Asynchronous invocations: a queue on the clock, more attempts, dead letters and destinations.

Sources: Lambda Developer Guide, "Invoking a function asynchronously", "How Lambda handles errors and retries with
asynchronous invocation", "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.eventing import retries
from awsim.services.lambda_ import metrics, names
from awsim.services.lambda_.executing import descending, lineage
from awsim.services.lambda_.function import Function
from awsim.services.lambda_.logs import Logging
from awsim.services.lambda_.names import LATEST
from awsim.services.lambda_.refusals import invalid, missing, no_function
from awsim.services.lambda_.running import Outcome
from awsim.state import Entity

_DESTINATIONS = ("sqs", "sns", "lambda", "events", "s3")
_EXHAUSTED, _AGED, _DONE = "RetriesExhausted", "EventAgeExceeded", "Success"
_LONGEST_MESSAGE = 1024  # bytes of an error in the attribute of a dead letter
_DUPLICATE_ODDS = 0.01


class Event(NamedTuple):
    """An asynchronous event. `since`: when it was accepted (epoch seconds); `attempts`: executions so far;
    `throttles`: how often in a row there was no room for it; `ancestors`: see `lineage`."""

    name: str
    id: str
    qualifier: str | None
    payload: bytes
    request_id: str
    client_context: str | None
    since: float
    ancestors: tuple[str, ...]
    attempts: int = 0
    throttles: int = 0


class EventSettings(Entity):
    """What PutFunctionEventInvokeConfig sets for a qualifier; None where it does not."""

    __slots__ = ("age", "arn", "attempts", "destinations", "modified")

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.modified = 0.0
        self.attempts: int | None = None
        self.age: int | None = None
        self.destinations: Mapping[str, Any] = {}

    def described(self) -> dict[str, Any]:
        return {
            "LastModified": self.modified,
            "FunctionArn": self.arn,
            "MaximumRetryAttempts": self.attempts,
            "MaximumEventAgeInSeconds": self.age,
            "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}, **self.destinations},
        }


class Asynchronous(Logging):
    """Events that wait for their function."""

    # --- settings

    def put_function_event_invoke_config(
        self,
        FunctionName: str,
        Qualifier: str | None = None,
        MaximumRetryAttempts: int | None = None,
        MaximumEventAgeInSeconds: int | None = None,
        DestinationConfig: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        function, qualifier = self._event_owner(FunctionName, Qualifier)
        self._check_destinations(function, DestinationConfig)
        made = EventSettings(function.qualified(qualifier))
        made.attempts, made.age = MaximumRetryAttempts, MaximumEventAgeInSeconds
        made.destinations = DestinationConfig or {}
        made.modified = self.clock.time()
        function.events[qualifier] = made
        return made.described()

    def update_function_event_invoke_config(
        self,
        FunctionName: str,
        Qualifier: str | None = None,
        MaximumRetryAttempts: int | None = None,
        MaximumEventAgeInSeconds: int | None = None,
        DestinationConfig: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        found = self._event_settings(FunctionName, Qualifier)
        self._check_destinations(self.whole_function(FunctionName), DestinationConfig)
        if MaximumRetryAttempts is not None:
            found.attempts = MaximumRetryAttempts
        if MaximumEventAgeInSeconds is not None:
            found.age = MaximumEventAgeInSeconds
        if DestinationConfig is not None:
            found.destinations = DestinationConfig
        found.modified = self.clock.time()
        return found.described()

    def get_function_event_invoke_config(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        return self._event_settings(FunctionName, Qualifier).described()

    def delete_function_event_invoke_config(self, FunctionName: str, Qualifier: str | None = None) -> None:
        self._event_settings(FunctionName, Qualifier)
        function, qualifier = self._event_owner(FunctionName, Qualifier)
        del function.events[qualifier]

    def list_function_event_invoke_configs(
        self, FunctionName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        found = self.whole_function(FunctionName).events.values()
        return self.page(
            "FunctionEventInvokeConfigs", found, EventSettings.described, lambda one: one.arn, Marker, MaxItems
        )

    def _event_owner(self, text: str, qualifier: str | None) -> tuple[Function, str]:
        asked = names.read(text, qualifier).qualifier
        function, _ = self.function_at(text)
        if asked is not None and not function.has(asked):
            raise no_function(function.qualified(asked))
        return function, asked or LATEST

    def _event_settings(self, text: str, qualifier: str | None) -> EventSettings:
        function, asked = self._event_owner(text, qualifier)
        found: EventSettings | None = function.events.get(asked)
        if found is None:
            raise missing(f"The function {function.qualified(asked)} doesn't have an EventInvokeConfig")
        return found

    def _check_destinations(self, function: Function, given: Mapping[str, Any] | None) -> None:
        for when in ("OnSuccess", "OnFailure"):
            arn = ((given or {}).get(when) or {}).get("Destination")
            if not arn:
                continue
            service = arn.split(":")[2]
            if service not in _DESTINATIONS or (service == "s3" and when == "OnSuccess"):
                raise invalid(f"The provided destination config DestinationConfig.{when} is invalid: {arn}")
            if arn in (function.arn, f"{function.arn}:{LATEST}"):
                raise invalid("You can't specify the function as a destination for itself.")

    # --- the queue

    def accept(
        self, function: Function, qualifier: str | None, payload: bytes, request_id: str, client_context: str | None
    ) -> None:
        """Take an event into the queue. It may come twice, as queues that are eventually consistent allow."""
        event = Event(
            function.name, function.id, qualifier, payload, request_id, client_context, self.clock.time(), lineage()
        )
        self.note(function, metrics.RECEIVED)
        delay = self.limits.duration("event-delivery")
        self.later(delay, "_attempt", event=event)
        what = f"invoked {function.name} twice for one event"
        if self.choose("lambda.duplicate-event", (False, True), _DUPLICATE_ODDS, what):
            self.later(delay, "_attempt", event=event)

    def _attempt(self, event: Event) -> None:
        """One attempt for an event."""
        function: Function | None = self.functions.get(event.name)
        if function is None or function.id != event.id or self.put_off("_attempt", event=event):
            return
        settings: EventSettings | None = function.events.get(event.qualifier or LATEST)
        age = settings.age if settings is not None else None
        age = self.limits["event-age"] if age is None else age
        expires = float("inf") if age is None else event.since + age
        now = self.clock.time()
        self.note(function, metrics.EVENT_AGE, (now - event.since) * 1000)
        try:
            found = self.target(event.name, event.qualifier)
            version = found.version if found.alias is None else self.routed(found.alias, function)
            given = json.loads(event.payload or b"{}")
            with descending(event.ancestors):
                outcome = self.execute(
                    function, version, event.qualifier, given, event.request_id, event.client_context
                )
        except AWSError as error:
            if not (retries.throttled(error) or retries.broken(error) or error.code == "ResourceConflictException"):
                self._fail(event, _EXHAUSTED, error=error)
                return
            first, longest = self.limits["throttle-first-wait"] or 0, self.limits["throttle-longest-wait"] or 0
            wait = min(first * 2 ** min(event.throttles, 30), longest)
            again = event._replace(throttles=event.throttles + 1)
            if now + wait > expires:
                self.at_time(max(expires, now), "_fail", event=again, condition=_AGED, error=error)
            else:
                self.later(wait, "_attempt", event=again)
            return
        event = event._replace(attempts=event.attempts + 1, throttles=0)
        if outcome.error is None:
            self._report(event, "OnSuccess", _DONE, outcome)
            return
        attempts = settings.attempts if settings is not None else None
        most = self.limits["event-attempts"] if attempts is None else attempts
        now = self.clock.time()
        wait = (self.limits["event-retry-wait"] or 0) * 2 ** (event.attempts - 1)
        if most is not None and event.attempts > most:
            self._fail(event, _EXHAUSTED, outcome)
        elif now + wait > expires:
            self.at_time(max(expires, now), "_fail", event=event, condition=_AGED, outcome=outcome)
        else:
            self.later(wait, "_attempt", event=event)

    # --- after the last attempt

    def _fail(
        self, event: Event, condition: str, outcome: Outcome | None = None, error: AWSError | None = None
    ) -> None:
        """An event that its function did not take goes to the dead-letter target and to the destination."""
        function: Function | None = self.functions.get(event.name)
        if function is None or function.id != event.id:
            return
        version = self._version_of(function, event.qualifier)
        self.note(function, metrics.DROPPED)
        target = (version.settings.get("DeadLetterConfig") or {}).get("TargetArn")
        if target is not None:
            try:
                self._bury(event, version.role, function, target, outcome, error)
            except AWSError:
                self.note(function, metrics.DEAD_LETTERS)  # what its target refuses is lost
        self._report(event, "OnFailure", condition, outcome, error)

    def _version_of(self, function: Function, qualifier: str | None) -> Any:
        alias = function.aliases.get(qualifier) if qualifier else None
        return function.version(alias.version if alias is not None else qualifier or LATEST) or function.latest

    def _bury(
        self,
        event: Event,
        role: str,
        function: Function,
        target: str,
        outcome: Outcome | None,
        error: AWSError | None,
    ) -> None:
        """Send an event, as it came, to the dead-letter target."""
        told = json.loads(outcome.payload) if outcome is not None else {}
        message = str(told.get("errorMessage", "")) if error is None else error.message
        code = "200" if error is None else str(error.status or 429)
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": event.request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": code},
        }
        if message:
            attributes["ErrorMessage"] = {"DataType": "String", "StringValue": message[:_LONGEST_MESSAGE]}
        text = event.payload.decode() or "{}"
        self.send_to(target, role, function.arn, text, MessageAttributes=attributes)

    def _report(
        self,
        event: Event,
        when: str,
        condition: str,
        outcome: Outcome | None = None,
        error: AWSError | None = None,
    ) -> None:
        """Send the record of an invocation to its destination, if it has one."""
        function: Function | None = self.functions.get(event.name)
        settings = function.events.get(event.qualifier or LATEST) if function is not None else None
        if function is None or settings is None:
            return
        target = (settings.destinations.get(when) or {}).get("Destination")
        if not target:
            return
        version = self._version_of(function, event.qualifier)
        arn = function.qualified(event.qualifier or LATEST)
        now = self.clock.time()
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": _instant(now),
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": arn,
                "condition": condition,
                "approximateInvokeCount": event.attempts,
            },
            "requestPayload": json.loads(event.payload or b"{}"),
        }
        if outcome is not None:
            record["responseContext"] = {"statusCode": 200, "executedVersion": outcome.version}
            if outcome.error is not None:
                record["responseContext"]["functionError"] = outcome.error
            record["responsePayload"] = json.loads(outcome.payload)
        elif error is not None:
            record["responseContext"] = {"statusCode": error.status or 429, "functionError": error.code}
        with descending(event.ancestors + ((function.arn,) if event.attempts else ())):
            try:
                self._tell(target, version.role, function, arn, record, when, now)
            except AWSError:
                self.note(function, metrics.UNDELIVERED)  # what its destination refuses is lost

    def _tell(
        self,
        target: str,
        role: str,
        function: Function,
        arn: str,
        record: Mapping[str, Any],
        when: str,
        now: float,
    ) -> None:
        text = json.dumps(record, separators=(",", ":"))
        service = target.split(":")[2]
        if service == "events":
            kind = when.removeprefix("On")
            entry = {
                "EventBusName": target,
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {kind}",
                "Detail": text,
                "Resources": [target, arn],
            }
            self.as_role(role, target, function.arn, "events", "PutEvents", Entries=[entry])
        elif service == "lambda":
            payload = text.encode()
            more = {"InvocationType": "Event", "Payload": payload}
            self.as_role(role, target, function.arn, "lambda", "Invoke", FunctionName=target, **more)
        elif service == "s3":
            moment = datetime.fromtimestamp(now, UTC)
            prefix = f"aws/lambda/async/{function.name}/{moment:%Y/%m/%d}"
            key = f"{prefix}/{moment:%Y-%m-%dT%H.%M.%S}-{self.ids.uuid('record')}"
            bucket = target.rpartition(":::")[2]
            self.as_role(role, target, function.arn, "s3", "PutObject", Bucket=bucket, Key=key, Body=text.encode())
        else:
            self.send_to(target, role, function.arn, text)

    def send_to(self, target: str, role: str, source: str, text: str, **more: Any) -> None:
        """Send a text to a queue or a topic."""
        if target.split(":")[2] == "sqs":
            url = queue_url(target)
            if target.endswith(".fifo"):
                more |= {"MessageGroupId": self.ids.uuid("group"), "MessageDeduplicationId": self.ids.uuid("group")}
            self.as_role(role, target, source, "sqs", "SendMessage", QueueUrl=url, MessageBody=text, **more)
        else:
            self.as_role(role, target, source, "sns", "Publish", TopicArn=target, Message=text, **more)

    def as_role(
        self, role: str, arn: str, source: str, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Call a service as an execution role, where the ARN of its resource is."""
        _, _, _, region, account, _ = arn.split(":", 5)
        return self.call(
            service,
            operation,
            as_=role,
            region_=region or self.region,
            account_=account or self.account,
            source_arn_=source,
            **parameters,
        )


def queue_url(arn: str) -> str:
    _, partition, _, region, account, name = arn.split(":", 5)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"https://sqs.{region}.{suffix}/{account}/{name}"


def _instant(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
