"""Deliveries: SNS's own later work. Each protocol's way out, retries, dead-letter queues.

Sources: SNS Developer Guide, "Fanout to Amazon SQS queues", "Fanout to HTTP/S endpoints", "Amazon SNS message delivery
retries", "Amazon SNS dead-letter queues": errors of the client's (a deleted queue, a policy that refuses, a 4xx) are
not retried, errors of the server's are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.services.sns import delivery_policy, metrics
from awsim.services.sns.arns import read
from awsim.services.sns.message import Message
from awsim.services.sns.notification import Envelope, Place
from awsim.services.sns.operations.common import Operations
from awsim.services.sns.outbox import Sent
from awsim.services.sns.subscription import HTTP, QueueAddress, Subscription
from awsim.services.sns.topic import Fan, Topic
from awsim.wire.http import Request

if TYPE_CHECKING:
    from awsim.services.sns.application import Endpoint

_AGENT = "Amazon Simple Notification Service Agent"
_MAIL_SUBJECT = "AWS Notification Message"
_CONFIRM_SUBJECT = "AWS Notification - Subscription Confirmation"
# How often a run that varies AWS's decisions has a message delivered twice, and late.
_DUPLICATE_ODDS = 0.02
LATE_ODDS = 0.05
_QUEUE_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
# Refusals that say "later", whatever their status.
_PASSING = (
    "throttl",
    "slowdown",
    "toomanyrequests",
    "serviceunavailable",
    "internal",
    "limitexceeded",
    "serviceexception",
)


# A character takes six in JSON at most; what stands around a message and its subject is shorter than this.
_ESCAPED, _FRAME = 6, 4_096


class Undelivered(Exception):
    """An endpoint outside of AWS did not take a message. `final`: trying again is no use."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


class Envelopes:
    """The JSON of one message, made once for all subscribers that get the same text."""

    __slots__ = ("_made", "_place", "message")

    def __init__(self, message: Message, place: Place) -> None:
        self.message = message
        self._place = place
        self._made: dict[str, Envelope] = {}

    def of(self, protocol: str) -> Envelope:
        key = protocol if self.message.texts is not None else ""
        envelope = self._made.get(key)
        if envelope is None:
            envelope = self._made[key] = Envelope(self.message, protocol, self._place)
        return envelope


class DeliveryOperations(Operations):
    def _put_down(self, topic: Topic, message: Message) -> list[Subscription]:
        """Leave a message with the queues that are sure to take it, to be looked at later; the subscriptions left."""
        queues, raw, place, rest = topic.fan or self._fan(topic)
        left = []
        for subscription in rest:
            if subscription.confirmed and _passes(subscription, message):
                left.append(subscription)
            else:
                self._note_filtered(subscription, message)
        size = _most(message)
        if size is None or (raw and (message.attributes or not message.text.isprintable())):
            return [*left, *(each for known in queues.values() for each, _ in known.values())]
        envelopes = Envelopes(message, place)
        taken = 0
        for (region, account), known in queues.items():
            make = partial(_sending_to, known, envelopes)
            refused = self.cloud.post("sqs", "SendMessage", known, make, size, _me(account), region)
            left += [known[name][0] for name in refused]
            taken += len(known) - len(refused)
        if taken:
            self.measured.append((message.time, topic.name, metrics.DELIVERED, taken))
        return left

    def _fan(self, topic: Topic) -> Fan:
        queues: dict[tuple[str, str], dict[str, tuple[Subscription, bool]]] = {}
        rest = []
        for each in topic.subscriptions.values():
            if each.confirmed and each.protocol == "sqs" and each.filter is None:
                queue = self._queue_of(each)
                queues.setdefault(queue.place, {})[queue.name] = each, each.raw
            else:
                rest.append(each)
        raw = any(raw for known in queues.values() for _, raw in known.values())
        topic.fan = Fan(queues, raw, self.place_of(topic), tuple(rest))
        return topic.fan

    def _deliver(self, topic: Topic, message: Message, to: Sequence[Subscription] | None = None) -> None:
        """Scheduled by a publish: to every subscription whose filter the message passes, or those that are left."""
        envelopes = Envelopes(message, self.place_of(topic))
        choices = self.cloud.choices.active
        for subscription in tuple(topic.subscriptions.values()) if to is None else to:
            if not subscription.confirmed or not _passes(subscription, message):
                self._note_filtered(subscription, message)
                continue
            if choices and not topic.fifo:
                self._try_as_chosen(subscription, envelopes)
            else:
                self._try(subscription, envelopes, 0)

    def _try_as_chosen(self, subscription: Subscription, envelopes: Envelopes) -> None:
        """A delivery with what standard topics leave open: it may come later than others, and again."""
        endpoint = subscription.endpoint
        if self.choose("sns.late", (False, True), LATE_ODDS, f"delivered late to {endpoint}"):
            late = self.limits.lag("late-delivery")
            self.later(late, "_attempt", subscription=subscription, message=envelopes.message, attempt=0)
        else:
            self._try(subscription, envelopes, 0)
        if self.choose("sns.duplicate", (False, True), _DUPLICATE_ODDS, f"delivered twice to {endpoint}"):
            self._try(subscription, envelopes, 0)

    def _deliver_to(self, topic: Topic, subscription: Subscription, message: Message) -> None:
        """To one subscription, if its filter lets the message pass."""
        if subscription.confirmed and _passes(subscription, message):
            self._try(subscription, Envelopes(message, self.place_of(topic)), 0)
        else:
            self._note_filtered(subscription, message)

    def _attempt(self, subscription: Subscription, message: Message, attempt: int) -> None:
        """Scheduled: one delivery, or retry number `attempt`."""
        if not subscription.deleted or message.kind == "UnsubscribeConfirmation":
            topic = self.topics.get(read(subscription.topic_arn, "TopicArn").resource)
            if topic is not None:
                self._try(subscription, Envelopes(message, self.place_of(topic)), attempt)

    def _try(self, subscription: Subscription, envelopes: Envelopes, attempt: int) -> None:
        try:
            _WAYS[subscription.protocol](self, subscription, envelopes)
            self._note_outcome(subscription, envelopes.message, metrics.DELIVERED)
        except AWSError as error:
            self._failed(subscription, envelopes, attempt, final=not _passing(error))
        except Undelivered as problem:
            self._failed(subscription, envelopes, attempt, final=problem.final)

    # --- failures

    def _failed(self, subscription: Subscription, envelopes: Envelopes, attempt: int, *, final: bool) -> None:
        delay = None if final else self._retries(subscription).delay(attempt + 1)
        if delay is None or subscription.protocol in HTTP:
            self._note_outcome(subscription, envelopes.message, metrics.FAILED)
        if delay is not None:
            message = envelopes.message
            self.later(delay, "_attempt", subscription=subscription, message=message, attempt=attempt + 1)
        elif envelopes.message.kind == "Notification" and (text := subscription.attributes.get("RedrivePolicy")):
            self._redrive(subscription, envelopes, text)

    def _retries(self, subscription: Subscription) -> delivery_policy.Retries:
        if subscription.protocol in HTTP:
            own = delivery_policy.known(subscription.attributes.get("DeliveryPolicy", ""), topic=False)
            return own.under(self.topic_of(subscription).delivery_policy).retries(self.limits)
        if subscription.protocol in ("sqs", "lambda", "firehose"):
            return delivery_policy.of_aws(self.limits)
        return delivery_policy.of_customers(self.limits)

    def _redrive(self, subscription: Subscription, envelopes: Envelopes, text: str) -> None:
        """Into the dead-letter queue, as a queue that subscribes would have got it."""
        target = json.loads(text)["deadLetterTargetArn"]
        try:
            self._enqueue(queue_of(target, self.partition), subscription, envelopes)
            self._note_outcome(subscription, envelopes.message, metrics.REDRIVEN)
        except AWSError:
            # What the dead-letter queue refuses is lost.
            self._note_outcome(subscription, envelopes.message, metrics.NOT_REDRIVEN)

    # --- metrics

    def _note_outcome(self, subscription: Subscription, message: Message, what: str) -> None:
        """Note what became of a notification; confirmations are none."""
        if message.kind == "Notification":
            topic = subscription.topic_arn.rpartition(":")[2]
            self.measured.append((self.clock.time(), topic, what, 1))

    def _note_filtered(self, subscription: Subscription, message: Message) -> None:
        if subscription.confirmed:
            self._note_outcome(subscription, message, metrics.FILTERED)
            self._note_outcome(subscription, message, metrics.why_filtered(subscription, message))

    # --- ways

    def _to_queue(self, subscription: Subscription, envelopes: Envelopes) -> None:
        self._enqueue(self._queue_of(subscription), subscription, envelopes)

    def _queue_of(self, subscription: Subscription) -> QueueAddress:
        queue = subscription.queue
        if queue is None:
            queue = subscription.queue = queue_of(subscription.endpoint, self.partition)
        return queue

    def _enqueue(self, queue: QueueAddress, subscription: Subscription, envelopes: Envelopes) -> None:
        region, account = queue.place
        parameters, source = _sending(queue, subscription, envelopes, subscription.raw), envelopes.message.topic_arn
        self.cloud.call("sqs", "SendMessage", parameters, caller=_me(account), region=region, source_arn=source)

    def _to_function(self, subscription: Subscription, envelopes: Envelopes) -> None:
        arn = read(subscription.endpoint, "Endpoint")
        self.call(
            "lambda",
            "Invoke",
            as_=_me(arn.account),
            region_=arn.region,
            account_=arn.account,
            source_arn_=subscription.topic_arn,
            FunctionName=subscription.endpoint,
            InvocationType="Event",
            Payload=envelopes.of("lambda").for_function(subscription).encode(),
        )

    def _to_stream(self, subscription: Subscription, envelopes: Envelopes) -> None:
        arn = read(subscription.endpoint, "Endpoint")
        if subscription.raw:
            text = envelopes.message.text_for("firehose")
        else:
            text = envelopes.of("firehose").for_stream(subscription)
        self.call(
            "firehose",
            "PutRecord",
            as_=subscription.attributes.get("SubscriptionRoleArn"),
            region_=arn.region,
            account_=arn.account,
            DeliveryStreamName=arn.resource.partition("/")[2],
            Record={"Data": text.encode()},
        )

    def _to_url(self, subscription: Subscription, envelopes: Envelopes) -> None:
        message = envelopes.message
        headers = {
            "x-amz-sns-message-type": message.kind,
            "x-amz-sns-message-id": message.id,
            "x-amz-sns-topic-arn": message.topic_arn,
        }
        if message.kind != "SubscriptionConfirmation":
            headers["x-amz-sns-subscription-arn"] = subscription.arn
        if subscription.raw and message.token is None:
            headers["x-amz-sns-rawdelivery"] = "true"
            body = message.text_for(subscription.protocol)
        else:
            body = envelopes.of(subscription.protocol).for_subscription(subscription)
        own = delivery_policy.known(subscription.attributes.get("DeliveryPolicy", ""), topic=False)
        headers["Content-Type"] = own.under(self.topic_of(subscription).delivery_policy).header
        headers["User-Agent"] = _AGENT
        headers["Accept-Encoding"] = "gzip,deflate"
        answer = self.send(Request("POST", subscription.endpoint, headers, body.encode()))
        if answer is None:
            problem: str | None = "nothing answers there"
        else:
            problem = None if 200 <= answer.status < 300 else f"HTTP status {answer.status}"
        self._note(subscription, message, body, headers=headers, error=problem)
        if problem is not None:
            passing = answer is None or answer.status >= 500 or answer.status < 200 or answer.status == 429
            raise Undelivered(problem, final=not passing)

    def _to_mailbox(self, subscription: Subscription, envelopes: Envelopes) -> None:
        message = envelopes.message
        envelope = envelopes.of(subscription.protocol)
        in_json = subscription.protocol == "email-json"
        body = envelope.for_subscription(subscription) if in_json else envelope.for_mailbox(subscription)
        subject = message.subject or (_MAIL_SUBJECT if message.token is None else _CONFIRM_SUBJECT)
        self._note(subscription, message, body, subject=subject)

    def _to_phone(self, subscription: Subscription, envelopes: Envelopes) -> None:
        message = envelopes.message
        problem = self._unreachable(subscription.endpoint)
        self._note(subscription, message, message.text_for("sms"), error=problem)
        if problem is not None:
            raise Undelivered(problem, final=True)

    def _to_device(self, subscription: Subscription, envelopes: Envelopes) -> None:
        problem = self._push(subscription.endpoint, envelopes.message, subscription.arn)
        if problem is not None:
            raise Undelivered(problem, final=True)

    # --- what leaves AWS

    def _note(
        self,
        subscription: Subscription,
        message: Message,
        body: str,
        *,
        subject: str | None = None,
        headers: Mapping[str, str] | None = None,
        error: str | None = None,
    ) -> None:
        self.outbox.append(  # type: ignore[attr-defined]
            Sent(
                subscription.protocol,
                subscription.endpoint,
                body,
                message.id,
                self.clock.time(),
                subject=subject or message.subject,
                topic_arn=message.topic_arn,
                subscription_arn=subscription.arn,
                headers=headers or {},
                attributes=message.attributes or {},
                error=error,
            )
        )

    def _push(self, endpoint_arn: str, message: Message, subscription_arn: str | None = None) -> str | None:
        """Send to a device; what was wrong, None if nothing."""
        endpoint: Endpoint | None = self.endpoints.get(endpoint_arn)
        if endpoint is None:
            return "the endpoint does not exist"
        if not endpoint.enabled:
            problem: str | None = "the endpoint is disabled"
        else:
            problem = None if endpoint.application.enabled else "the platform application is disabled"
        self.outbox.append(  # type: ignore[attr-defined]
            Sent(
                "application",
                endpoint_arn,
                message.text_for(endpoint.application.platform),
                message.id,
                self.clock.time(),
                subject=message.subject,
                topic_arn=message.topic_arn or None,
                subscription_arn=subscription_arn,
                attributes=message.attributes or {},
                error=problem,
            )
        )
        return problem

    def _unreachable(self, number: str) -> str | None:
        """Why a text message does not reach a number, None if it does."""
        if number.lstrip("+") in self.opted_out:
            return "the number has opted out"
        if self.limits["sms-sandbox"]:
            known = {each.lstrip("+") for each, code in self.sandbox_numbers.items() if code is None}
            if number.lstrip("+") not in known:
                return "the number is not verified in the SMS sandbox"
        return None


_WAYS = {
    "sqs": DeliveryOperations._to_queue,
    "lambda": DeliveryOperations._to_function,
    "firehose": DeliveryOperations._to_stream,
    "http": DeliveryOperations._to_url,
    "https": DeliveryOperations._to_url,
    "email": DeliveryOperations._to_mailbox,
    "email-json": DeliveryOperations._to_mailbox,
    "sms": DeliveryOperations._to_phone,
    "application": DeliveryOperations._to_device,
}


@cache
def _me(account: str) -> Caller:
    """SNS, acting in the account of what it delivers to."""
    return Caller.for_service("sns.amazonaws.com", account)


def queue_of(arn: str, partition: str) -> QueueAddress:
    queue = read(arn, "Endpoint")
    name, region, account = queue.name, queue.region, queue.account
    url = f"https://sqs.{region}.{_QUEUE_SUFFIXES.get(partition, 'amazonaws.com')}/{account}/{name}"
    return QueueAddress(name, url, (region, account))


def _sending_to(queues: Mapping[str, tuple[Subscription, bool]], envelopes: Envelopes, name: str) -> dict[str, Any]:
    subscription, raw = queues[name]
    assert subscription.queue is not None
    return _sending(subscription.queue, subscription, envelopes, raw)


def _sending(queue: QueueAddress, subscription: Subscription, envelopes: Envelopes, raw: bool) -> dict[str, Any]:
    """The parameters of SendMessage."""
    message = envelopes.message
    parameters: dict[str, Any] = {"QueueUrl": queue.url}
    if raw:
        parameters["MessageBody"] = message.text_for("sqs")
        if message.attributes:
            parameters["MessageAttributes"] = message.attributes
    else:
        parameters["MessageBody"] = envelopes.of("sqs").for_subscription(subscription)
    if message.group_id is not None and (queue.fifo or message.sequence_number is None):
        parameters["MessageGroupId"] = message.group_id
    if queue.fifo:
        parameters["MessageDeduplicationId"] = message.deduplication_id
    return parameters


def _most(message: Message) -> int | None:
    """How many bytes the JSON of a message has at most; None for one that a queue might not take as it is."""
    if message.texts or message.group_id is not None:
        return None
    said = f"{message.text}{message.subject}{message.attributes}"
    return _ESCAPED * len(said) + _FRAME if said.isascii() else None


def _passes(subscription: Subscription, message: Message) -> bool:
    policy = subscription.filter
    if policy is None:
        return True
    if subscription.filters_body:
        return policy.matches_body(message.text_for(subscription.protocol))
    return policy.matches_attributes(message.attributes)


def _passing(error: AWSError) -> bool:
    """Whether an error is the server's, so that trying again may help."""
    if error.code == "NotImplemented":
        return False
    code = error.code.lower()
    return error.fault == "receiver" or (error.status or 400) >= 500 or any(word in code for word in _PASSING)
