"""Sending, receiving and deleting messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.sqs import attributes, batches, contents
from awsim.services.sqs.fifo import FifoQueue
from awsim.services.sqs.md5 import md5_of_attributes, md5_of_bodies, md5_of_body
from awsim.services.sqs.message import SYSTEM_ATTRIBUTES, Entry, Message, MessageAttributes
from awsim.services.sqs.metrics import RECEIVED, REPEATED, SENT
from awsim.services.sqs.operations.common import Operations
from awsim.services.sqs.queue import Choose, Queue, no_choice
from awsim.services.sqs.redrive import redrive_policy
from awsim.services.sqs.refusals import WRONG_TYPE, invalid, missing, unknown_attribute
from awsim.wire.rows import Columns, Rows

if TYPE_CHECKING:
    from awsim.posting import Posting

# The header that brings AWSTraceHeader: AWS X-Ray Developer Guide, "Amazon SQS and AWS X-Ray".
_TRACE_ID = "X-Amzn-Trace-Id"
_ALPHANUMERIC_AND_PUNCTUATION = re.compile(r"[!-~]+\Z")

# `AttributeNames`, the older parameter, takes names of queue attributes too, and gives nothing for them.
_KNOWN_NAMES = SYSTEM_ATTRIBUTES | {"All"} | attributes.SETTABLE.keys() | attributes.OBSERVED.keys()

# How often a run that varies AWS's decisions takes another option than the friendly one.
_ODDS = {"sqs.order": 0.1, "sqs.duplicate": 0.02, "sqs.short-poll-miss": 0.05, "sqs.old-receipt-handle": 0.5}
_TELLING = 40
# What the entries of a batch have that are nothing but bodies.
_BODIES = frozenset({"Id", "MessageBody"})
# And what AWS did then.
_DID = {
    "sqs.duplicate": "delivered message {} and left a copy of it behind, which is delivered a second time",
    "sqs.fewer": "returned one message and left {}, which was there, for a later receive",
    "sqs.old-receipt-handle": "did not delete message {}, which has been received again since",
    "sqs.order": "delivered message {} ahead of one that was sent before it",
    "sqs.short-poll-miss": "found no message, though there are some",
}


class Draft(NamedTuple):
    """What a sender gives, after all checks."""

    body: str
    raw: bytes
    attributes: MessageAttributes | None
    system_attributes: MessageAttributes | None
    delay: int | None
    group_id: str | None
    deduplication_id: str | None


class Poll(NamedTuple):
    """What a receiver asks for: so many messages, hidden for `timeout` ms, after at most `wait` seconds."""

    maximum: int
    timeout: int
    wait: int
    now: int


class MessageOperations(Operations):
    # --- sending

    def send_message(
        self,
        QueueUrl: str,
        MessageBody: str,
        DelaySeconds: int | None = None,
        MessageAttributes: MessageAttributes | None = None,
        MessageSystemAttributes: MessageAttributes | None = None,
        MessageDeduplicationId: str | None = None,
        MessageGroupId: str | None = None,
    ) -> dict[str, Any]:
        now = self.now()
        queue = self.queue_at(QueueUrl, now)
        self._check_type(queue, MessageGroupId, MessageDeduplicationId, DelaySeconds)
        raw = self._checked_body(queue, MessageBody, MessageAttributes)
        self._throttle(queue, "fifo-send", (MessageGroupId,))
        if queue.settings.kms_master_key_id is not None:
            self.unlock(queue, queue.settings.kms_master_key_id, queue.seal.to_write)
        return self._send(
            queue,
            now,
            Draft(
                MessageBody,
                raw,
                MessageAttributes,
                MessageSystemAttributes,
                DelaySeconds,
                MessageGroupId,
                MessageDeduplicationId,
            ),
        )

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        now = self.now()
        queue = self.queue_at(QueueUrl, now)
        batches.check_entries(Entries, "SendMessageBatchRequestEntry", self.limits)
        if Entries.__class__ is Rows and not queue.fifo and (answer := self._send_bodies(queue, now, Entries)):
            return answer
        for entry in Entries:
            group_id, deduplication_id = entry.get("MessageGroupId"), entry.get("MessageDeduplicationId")
            self._check_type(queue, group_id, deduplication_id, entry.get("DelaySeconds"), "InvalidParameterValue")
        sizes = (contents.size(entry.get("MessageBody") or "", entry.get("MessageAttributes")) for entry in Entries)
        self.limits.check("batch-size", sum(sizes))
        self._throttle(queue, "fifo-send", {entry.get("MessageGroupId") for entry in Entries})
        if queue.settings.kms_master_key_id is not None:
            self.unlock(queue, queue.settings.kms_master_key_id, queue.seal.to_write)

        def send(entry: Mapping[str, Any]) -> dict[str, Any]:
            body, given = entry.get("MessageBody") or "", entry.get("MessageAttributes")
            try:
                raw = self._checked_body(queue, body, given)
            except AWSError as error:
                # Batches word this one differently (recorded: send batch message size).
                error.message = error.message.replace("parameters are invalid. ", "parameters cannot be validated. ")
                raise
            delay = entry.get("DelaySeconds")
            if delay is not None:
                self.within("message-delay", delay)
            return self._send(
                queue,
                now,
                Draft(
                    body,
                    raw,
                    given,
                    entry.get("MessageSystemAttributes"),
                    delay,
                    entry.get("MessageGroupId"),
                    entry.get("MessageDeduplicationId"),
                ),
            )

        return batches.each(Entries, send)

    def _send_bodies(self, queue: Queue, now: int, rows: Rows) -> dict[str, Any] | None:
        """Send a batch to a standard queue all at once; None where an entry has more than a body, or something may be
        refused, so that each has to be looked at."""
        settings, columns = queue.settings, rows.columns
        if columns.keys() != _BODIES or settings.delay_seconds or settings.kms_master_key_id is not None:
            return None
        bodies = columns["MessageBody"]
        if not all(bodies) or not contents.carried("".join(bodies)):
            return None
        raw = [body.encode() for body in bodies]
        sizes = list(map(len, raw))
        total, largest, allowed = sum(sizes), max(sizes), settings.maximum_message_size
        if allowed is not None and largest > allowed:
            return None
        fits = self.limits.fits
        if not fits("batch-size", total, total) or not fits("message-size", largest, min(sizes)):
            return None
        call = self.request
        sender, http = call.caller.user_id, call.http
        trace_header = None if http is None else http.headers.get(_TRACE_ID)
        ids = self.ids.uuids("message", len(rows))
        digests = md5_of_bodies(raw)
        messages = [
            Message(id, body, digest, sender, now, None, trace_header)
            for id, body, digest in zip(ids, bodies, digests, strict=True)
        ]
        queue.accept_all(messages, sizes, now)
        return {"Successful": Columns({"Id": columns["Id"], "MessageId": ids, "MD5OfMessageBody": digests})}

    def _check_type(
        self,
        queue: Queue,
        group_id: str | None,
        deduplication_id: str | None,
        delay: int | None,
        missing_code: str = "MissingParameter",
    ) -> None:
        """Refuse what the type of the queue does not take, or lack of what it needs."""
        if queue.fifo:
            if group_id is None:
                raise missing("MessageGroupId", missing_code)
            if deduplication_id is None and not queue.settings.content_based_deduplication:
                raise AWSError(
                    "InvalidParameterValue",
                    "The queue should either have ContentBasedDeduplication enabled or "
                    "MessageDeduplicationId provided explicitly",
                )
            if delay:
                raise invalid("DelaySeconds", delay, WRONG_TYPE)
        elif deduplication_id is not None:
            raise invalid("MessageDeduplicationId", deduplication_id, WRONG_TYPE)
        if group_id is not None:
            self._check_id("message-group-id", group_id)
        if deduplication_id is not None:
            self._check_id("message-deduplication-id", deduplication_id)

    def _check_id(self, row: str, given: str) -> None:
        if not _ALPHANUMERIC_AND_PUNCTUATION.match(given):
            raise self.limits.error(row, given=given)
        self.limits.check(row, len(given), given=given)

    def _checked_body(self, queue: Queue, body: str, given: MessageAttributes | None) -> bytes:
        """The body in UTF-8, if it and the attributes given are what a message may be."""
        if not body:
            raise missing("MessageBody")
        contents.check_characters(body)
        raw = body.encode()
        size = len(raw)
        if given:
            contents.check_attributes(given, self.limits)
            size = contents.size(body, given)
        allowed = queue.settings.maximum_message_size
        if allowed is not None and size > allowed:
            raise self.limits.row("message-size").refusal(allowed, {"measured": size})
        self.limits.check("message-size", size)
        return raw

    def _send(self, queue: Queue, now: int, draft: Draft) -> dict[str, Any]:
        call = self.request
        body_md5 = md5_of_body(draft.raw)
        answer: dict[str, Any] = {"MD5OfMessageBody": body_md5}
        if draft.attributes:
            answer["MD5OfMessageAttributes"] = md5_of_attributes(draft.attributes)
        trace_header = None
        if draft.system_attributes:
            trace_header = contents.trace_header(draft.system_attributes)
            answer["MD5OfMessageSystemAttributes"] = md5_of_attributes(draft.system_attributes)
        elif (http := call.http) is not None:
            trace_header = http.headers.get(_TRACE_ID)
        deduplication_id = draft.deduplication_id
        if isinstance(queue, FifoQueue):
            deduplication_id = deduplication_id or sha256(draft.raw).hexdigest()
            earlier = queue.duplicate_of(draft.group_id, deduplication_id, now)
            if earlier is not None:
                queue.note(now, REPEATED, 1)
                return {**answer, "MessageId": earlier.message_id, "SequenceNumber": earlier.sequence_number}
            answer["SequenceNumber"] = queue.next_sequence_number()
        message = Message(
            self.ids.uuid("message"),
            draft.body,
            body_md5,
            call.caller.user_id,
            now,
            attributes=draft.attributes,
            trace_header=trace_header,
            group_id=draft.group_id,
            deduplication_id=deduplication_id,
            sequence_number=answer.get("SequenceNumber"),
        )
        answer["MessageId"] = message.id
        delay = queue.settings.delay_seconds if draft.delay is None or queue.fifo else draft.delay
        queue.accept(message, delay * 1000, retained_from=now, now=now)
        queue.note(now, SENT, len(draft.raw))
        if isinstance(queue, FifoQueue):
            queue.remember_sent(message, now)
        return answer

    # --- sent by services that do not wait

    def take(self, posting: Posting, size: int) -> Collection[str]:
        """SendMessage to queues of these names, with nothing but a body that is fit for a message."""
        most = self.limits["message-size"]
        if most is not None and size > most:
            return super().take(posting, size)
        make = partial(self._message_of, posting)
        left = []
        for name in posting.resources:
            queue: Queue | None = self.queues.get(name)
            unread = None if queue is None else queue.unread(size)
            if unread is None:
                left.append(name)
            else:
                unread.append(make)
        if left:
            posting.resources = [name for name in posting.resources if name not in {*left}]
        posting.numbers = self.ids.several("message", len(posting.resources))
        posting.answer = self._answer
        return left

    def look(self) -> None:
        now = self.now()
        for queue in self.queues:
            queue.refresh(now)

    def _message_of(self, posting: Posting, queue: str) -> Message:
        call = posting.records()[queue]
        answer, sent = call.result, round(posting.timestamp * 1000)
        body = call.parameters["MessageBody"]
        size = len(body.encode())
        self.limits.fits("message-size", size, size)
        return Message(answer["MessageId"], body, answer["MD5OfMessageBody"], posting.by.user_id, sent)

    def _answer(self, parameters: Mapping[str, Any], number: int) -> dict[str, Any]:
        body: str = parameters["MessageBody"]
        return {"MD5OfMessageBody": md5_of_body(body.encode()), "MessageId": self.ids.uuid_of("message", number)}

    # --- receiving

    def receive_message(
        self,
        QueueUrl: str,
        AttributeNames: Sequence[str] = (),
        MessageSystemAttributeNames: Sequence[str] = (),
        MessageAttributeNames: Sequence[str] = (),
        MaxNumberOfMessages: int | None = None,
        VisibilityTimeout: int | None = None,
        WaitTimeSeconds: int | None = None,
        ReceiveRequestAttemptId: str | None = None,
    ) -> dict[str, Any]:
        now = self.now()
        queue = self.queue_at(QueueUrl, now)
        settings = queue.settings
        system_names = frozenset(AttributeNames).union(MessageSystemAttributeNames)
        if system_names and (unknown := system_names - _KNOWN_NAMES):
            raise unknown_attribute(min(unknown))
        if self.request.deadline is None:
            # A long poll that looks again is still the same request.
            self._throttle(queue, "fifo-receive")
        if settings.kms_master_key_id is not None:
            self.unlock(queue, settings.kms_master_key_id, queue.seal.to_read)
        poll = Poll(
            maximum=self.limits["receive-default"] if MaxNumberOfMessages is None else MaxNumberOfMessages,
            timeout=(settings.visibility_timeout if VisibilityTimeout is None else VisibilityTimeout) * 1000,
            wait=settings.receive_message_wait_time_seconds if WaitTimeSeconds is None else WaitTimeSeconds,
            now=now,
        )
        if ReceiveRequestAttemptId is None:
            entries = self._receive(queue, poll)
        else:
            entries = self._attempt(queue, ReceiveRequestAttemptId, poll)
        if not entries:
            return {}
        handles = queue.receipt_handles(entries)
        if system_names or MessageAttributeNames:
            return {
                "Messages": [
                    entry.delivered(handle, system_names, MessageAttributeNames)
                    for entry, handle in zip(entries, handles, strict=True)
                ]
            }
        shown = []
        for entry, handle in zip(entries, handles, strict=True):
            message = entry.message
            shown.append(
                {"MessageId": message.id, "ReceiptHandle": handle, "MD5OfBody": message.body_md5, "Body": message.body}
            )
        return {"Messages": shown}

    def _attempt(self, queue: Queue, attempt_id: str, poll: Poll) -> list[Entry]:
        """A receive that can be repeated, or the repetition of one."""
        if not isinstance(queue, FifoQueue):
            raise invalid("ReceiveRequestAttemptId", attempt_id, WRONG_TYPE)
        self._check_id("receive-request-attempt-id", attempt_id)
        entries = queue.receive_again(attempt_id, poll.timeout, now=poll.now)
        if entries is None:
            entries = self._receive(queue, poll)
            queue.remember_attempt(attempt_id, entries, poll.now)
        return entries

    def _receive(self, queue: Queue, poll: Poll) -> list[Entry]:
        quota = self._in_flight_quota(queue)
        room, maximum = self._room(queue), poll.maximum
        if room < maximum:
            if room <= 0 and not poll.wait and not queue.fifo:
                raise self.limits.error(quota)
            maximum = int(room)
        choose = self._choose
        deciding = choose is not no_choice and not poll.wait and not queue.fifo and queue.has_deliverable
        if deciding and choose("sqs.short-poll-miss", None):
            return []
        redrive = self._redrive(queue, poll.now)
        entries = queue.receive(maximum, poll.timeout, now=poll.now, choose=choose, redrive=redrive)
        self.limits.used(quota, queue.in_flight, queue.name)
        if not entries and poll.wait:
            self.wait(poll.wait, ready=partial(self._would_receive, queue), due=partial(_seconds_of_next_change, queue))
        queue.note(poll.now, RECEIVED, len(entries))
        return entries

    def _in_flight_quota(self, queue: Queue) -> str:
        return "fifo-in-flight-messages" if queue.fifo else "in-flight-messages"

    def _room(self, queue: Queue) -> float:
        """How many more messages may be in flight."""
        quota = self.limits[self._in_flight_quota(queue)]
        return inf if quota is None else quota - queue.in_flight

    def _would_receive(self, queue: Queue) -> bool:
        """Whether a long poll should look again."""
        queue.refresh(self.now())
        return queue.deleted or (queue.has_deliverable and self._room(queue) > 0)

    def _redrive(self, queue: Queue, now: int) -> Callable[[Entry], bool] | None:
        """What moves a message to the queue's dead-letter queue once it was received too often."""
        text = queue.settings.redrive_policy
        if text is None:
            return None
        policy = redrive_policy(text)
        account = policy.dead_letter_target_arn.split(":")[4]
        owner = self if account == self.account else self.at(account=account)
        target: Queue | None = owner.queues.get(policy.target_name)
        if target is None or target is queue:
            return None

        def redrive(entry: Entry) -> bool:
            if entry.receive_count < policy.max_receive_count:
                return False
            queue.take_out(entry)
            target.accept_dead_letter(entry, queue.arn, now)
            return True

        return redrive

    # --- for services that poll a queue

    def watch(self, arn: str, key: tuple[str, str | None, str], method: str, **data: Any) -> None:
        """Have a method of theirs called, as later work, whenever what can be received may have changed."""
        queue = self.queue_with_arn(arn, "QueueArn")
        queue.watchers[key, method, *data.values()] = partial(self._wake, key, method, data)

    def unwatch(self, arn: str, key: tuple[str, str | None, str], method: str, **data: Any) -> None:
        """Call it no more."""
        queue: Queue | None = self.queues.get(arn.rpartition(":")[2])
        if queue is not None:
            queue.watchers.pop((key, method, *data.values()), None)

    def _wake(self, key: tuple[str, str | None, str], method: str, data: dict[str, Any]) -> None:
        self.clock.scheduler.add(self.clock.time(), key, method, data)

    def receivable_at(self, arn: str) -> float | None:
        """When a receive may find something (epoch seconds): now, as soon as a hidden message appears, or never."""
        queue: Queue | None = self.queues.get(arn.rpartition(":")[2])
        if queue is None:
            return None
        queue.refresh(self.now())
        if queue.has_deliverable:
            return self.clock.time()
        return _seconds_of_next_change(queue)

    # --- deleting, hiding

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        now = self.now()
        queue = self.queue_at(QueueUrl, now)
        self._throttle(queue, "fifo-delete")
        queue.delete(ReceiptHandle, now=now, choose=self._choose)

    def delete_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        queue = self.queue_at(QueueUrl)
        batches.check_entries(Entries, "DeleteMessageBatchRequestEntry", self.limits)
        self._throttle(queue, "fifo-delete")
        now, choose = self.now(), self._choose
        handles = [entry.get("ReceiptHandle") or "" for entry in Entries]
        if choose is no_choice and queue.delete_all(handles, now):
            return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}
        return batches.each(
            Entries, lambda entry: queue.delete(entry.get("ReceiptHandle") or "", now=now, choose=choose)
        )

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        queue = self.queue_at(QueueUrl)
        self._throttle(queue, "fifo-change-visibility")
        queue.change_visibility(ReceiptHandle, VisibilityTimeout * 1000, now=self.now())

    def change_message_visibility_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        queue = self.queue_at(QueueUrl)
        batches.check_entries(Entries, "ChangeMessageVisibilityBatchRequestEntry", self.limits)
        self._throttle(queue, "fifo-change-visibility")
        now = self.now()

        def change(entry: Mapping[str, Any]) -> None:
            timeout = entry.get("VisibilityTimeout")
            if timeout is None:
                raise missing("VisibilityTimeout")
            self.within("receive-visibility-timeout", timeout)
            queue.change_visibility(entry.get("ReceiptHandle") or "", timeout * 1000, now=now)

        return batches.each(Entries, change)

    # --- rates, decisions

    def _throttle(self, queue: Queue, row: str, group_ids: Iterable[str | None] = ()) -> None:
        """Count a request against what a FIFO queue takes a second; standard queues take any number."""
        if not queue.fifo:
            return
        uses: list[tuple[str, str, float]] = [(row, queue.name, 1)]
        if queue.settings.high_throughput:
            high = "fifo-high-throughput"
            regional = f"{high}-{self.region}"
            uses = [(regional if regional in self.limit_names else high, f"{queue.name} {row}", 1)]
            uses += [("fifo-group-send", f"{queue.name} {group_id}", 1) for group_id in group_ids]
        self.limits.rates(uses, now=self.clock.time())

    @property
    def _choose(self) -> Choose:
        return self._decide if self.cloud.choices.active else no_choice

    def _decide(self, name: str, entry: Entry | None) -> bool:
        message = None if entry is None else entry.message
        what = _DID[name] if message is None else _DID[name].format(f"{message.id[:8]}… ({shortened(message.body)})")
        return self.choose(name, (False, True), _ODDS.get(name), what)


def shortened(body: str) -> str:
    """So much of a body as tells a reader which message it is."""
    return body if len(body) <= _TELLING else f"{body[:_TELLING]}…"


def _seconds_of_next_change(queue: Queue) -> float | None:
    change = queue.next_change()
    return None if change is None else change / 1000
