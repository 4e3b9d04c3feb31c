"""FIFO queues: message groups in strict order, each message once.

Sources: SQS Developer Guide, "FIFO queue delivery logic", "Exactly-once processing"; SQS API Reference, SendMessage and
ReceiveMessage; ../shared/recorded/sqs.jsonl for what a change of the deduplication scope does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from awsim.services.sqs.message import DELAYED, IN_FLIGHT, VISIBLE, Entry, Message
from awsim.services.sqs.metrics import MOVED
from awsim.services.sqs.queue import Choose, Queue
from awsim.state import Deque, Dict

# Sequence numbers are "large, non-consecutive": these are only the shape of AWS's.
_FIRST_SEQUENCE_NUMBER = 18_849_496_460_467_696_128
_SEQUENCE_STEP = 256

MESSAGE_GROUP_SCOPE = "messageGroup"


class Sent(NamedTuple):
    """What the sender of a message was told, and is told again when it repeats itself."""

    expires: int
    message_id: str
    sequence_number: str


class Attempt(NamedTuple):
    """What one receive handed out: (entry, its receive count, the end of its visibility timeout)."""

    expires: int
    deliveries: tuple[tuple[Entry, int, int | None], ...]


class FifoQueue(Queue):
    """Groups are locked while one of their messages is in flight; repeated sends and receives are recognised."""

    __slots__ = ("_attempts", "_expiries", "_sent", "_sequence")

    fifo = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sent = Dict()  # (group or None, deduplication id) -> Sent
        self._attempts = Dict()  # ReceiveRequestAttemptId -> Attempt
        self._expiries = Deque()  # (when, the Dict, its key), soonest first
        self._sequence = 0

    # --- sending

    def next_sequence_number(self) -> str:
        """Grows with every message."""
        self._sequence += 1
        return str(_FIRST_SEQUENCE_NUMBER + self._sequence * _SEQUENCE_STEP)

    def duplicate_of(self, group_id: str | None, deduplication_id: str, now: int) -> Sent | None:
        """The message that was sent with this deduplication id within the deduplication interval."""
        keys: list[tuple[str | None, str]] = [(None, deduplication_id)]
        if self.settings.deduplication_scope == MESSAGE_GROUP_SCOPE:
            # What was sent while the scope was the whole queue still counts for every group.
            keys.append((group_id, deduplication_id))
        for key in keys:
            sent = self._sent.get(key)
            if sent is not None and now < sent.expires:
                return sent
        return None

    def remember_sent(self, message: Message, now: int) -> None:
        """Recognise repetitions of this send from now on."""
        scoped = self.settings.deduplication_scope == MESSAGE_GROUP_SCOPE
        key = (message.group_id if scoped else None, message.deduplication_id)
        interval = self._limits["deduplication-interval"] or 0
        expires = now + interval * 1000
        self._keep(self._sent, key, Sent(expires, message.id, message.sequence_number or ""), now)

    def accept_dead_letter(self, entry: Entry, source_arn: str, now: int) -> None:
        # Its own id for a deduplication id: two messages that shared one in the source are two here.
        message = entry.message._replace(
            source_arn=source_arn,
            sent=now,
            deduplication_id=entry.message.id,
            sequence_number=self.next_sequence_number(),
        )
        self.accept(message, 0, retained_from=now, now=now, receive_count=entry.receive_count)
        self.note(now, MOVED)

    def accept_redriven(self, message: Message, new_id: str, now: int) -> None:
        super().accept_redriven(message._replace(sequence_number=self.next_sequence_number()), new_id, now)

    # --- receiving

    def receive_again(self, attempt_id: str, visibility_timeout: int, *, now: int) -> list[Entry] | None:
        """What the receive of that attempt id handed out, hidden anew; None if it cannot be repeated."""
        attempt = self._attempts.get(attempt_id)
        if attempt is None or not attempt.deliveries or now >= attempt.expires:
            return None
        for entry, receive_count, due in attempt.deliveries:
            if entry.state is not IN_FLIGHT or entry.receive_count != receive_count or entry.due != due:
                return None
        entries = [entry for entry, _, _ in attempt.deliveries]
        for entry in entries:
            self._hide(entry, now + visibility_timeout)
        self.remember_attempt(attempt_id, entries, now)
        return entries

    def remember_attempt(self, attempt_id: str, entries: list[Entry], now: int) -> None:
        """Let the receive that handed out these entries be repeated."""
        interval = self._limits["receive-attempt-interval"] or 0
        deliveries = tuple((entry, entry.receive_count, entry.due) for entry in entries)
        self._keep(self._attempts, attempt_id, Attempt(now + interval * 1000, deliveries), now)

    def _keep(self, memory: Dict, key: Any, value: Any, now: int) -> None:
        expiries = self._expiries
        while expiries and expiries[0][0] <= now:
            _, expired, old_key = expiries.popleft()
            kept = expired.get(old_key)
            if kept is not None and kept.expires <= now:
                del expired[old_key]
        memory[key] = value
        expiries.append((value.expires, memory, key))

    def _next(self, choose: Choose) -> Iterator[Entry]:
        # As many as possible of one group, then of the next.
        while (first := self._groups.next()) is not None:
            name = first.message.group_id
            while (entry := self._groups.next_of(name)) is not None:
                yield entry

    # --- states

    def delay_changed(self, now: int) -> None:
        """A new DelaySeconds of a FIFO queue holds for the messages that wait already."""
        delay = self.settings.delay_seconds * 1000
        for entry in self._entries.values():
            if entry.state is DELAYED:
                entry.due = entry.message.sent + delay
                self._transitions.put(entry.due, entry, len(self._entries))
        self.refresh(now)

    def _delay(self, entry: Entry, due: int) -> None:
        super()._delay(entry, due)
        # It keeps its place: later messages of the group wait behind it.
        self._groups.add(entry, len(self._entries))

    def _appear(self, entry: Entry) -> None:
        if entry.state is not DELAYED:
            super()._appear(entry)
            return
        self._leave(entry)
        entry.state = VISIBLE
        entry.due = None
        self._groups.changed(entry.message.group_id)

    def _expired(self, entry: Entry, receive_count: int, now: int) -> bool:
        return entry.state is not IN_FLIGHT or entry.receive_count != receive_count
