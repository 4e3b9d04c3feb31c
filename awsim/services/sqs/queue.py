"""A queue: messages on their way from sender to receiver.

`Queue` keeps the messages and what time does to them; `StandardQueue` here and `FifoQueue` (`fifo.py`) differ in who is
handed out next and in what an old receipt handle may still do. Times are whole milliseconds since 1970. Nothing here
knows of requests or their formats, and nothing is searched: each operation costs the same in a full queue as in an
empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from awsim.sealing import Seal
from awsim.services.sqs import receipts
from awsim.services.sqs.groups import Groups
from awsim.services.sqs.message import DELAYED, GONE, IN_FLIGHT, VISIBLE, Entry, Message
from awsim.services.sqs.metrics import MOVED, REMOVED, SENT, Notes
from awsim.services.sqs.refusals import ExpiredReceiptHandle, invalid, unknown_handle
from awsim.services.sqs.timeline import Retention, Transitions
from awsim.state import Dict, Entity, List, Tags

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.sqs.attributes import Settings

#: Whether AWS takes the unfriendly option of a decision, and the message that it is about.
Choose = Callable[[str, Entry | None], bool]


def no_choice(name: str, entry: Entry | None) -> bool:
    """The friendly option of every decision."""
    return False


class Queue(Entity):
    """What the two types share.

    `limits` are those of the queue's account and region; `secret` keeps receipt handles from being made up.
    """

    __slots__ = (
        "_delayed", "_entries", "_groups", "_in_flight", "_limits", "_notes", "_order", "_posted", "_retention",
        "_secret", "_transitions", "arn", "created", "deleted", "modified", "moves", "name", "purged", "seal",
        "settings", "tags", "watchers",
    )  # fmt: skip

    fifo: ClassVar[bool]
    name: str
    arn: str
    settings: Settings
    created: int
    modified: int

    def __init__(
        self,
        name: str,
        arn: str,
        settings: Settings,
        *,
        limits: ServiceLimits,
        secret: bytes,
        now: int,
        notes: Notes | None = None,
    ) -> None:
        self.name = name
        self.arn = arn
        self.settings = settings
        self.tags = Tags()
        self._limits = limits
        self._secret = secret
        self._notes = notes
        self.created = now
        self.modified = now
        self.purged: int | None = None
        self.deleted = False
        self.seal = Seal()
        self.moves: tuple[Any, ...] = ()  # its message move tasks, newest first
        self.watchers = Dict()  # who is told of changes: anything -> a callable
        self._order = 0
        self._posted = List()  # what makes the messages that nobody has looked at yet
        self._clear()

    def _clear(self) -> None:
        self._entries = Dict()  # order -> Entry
        self._groups = Groups(locking=self.fifo)
        self._transitions = Transitions()
        self._retention = Retention()
        self._in_flight = 0
        self._delayed = 0

    # --- counting

    @property
    def visible(self) -> int:
        """ApproximateNumberOfMessages, as of the last `refresh`."""
        return len(self._entries) - self._in_flight - self._delayed

    @property
    def in_flight(self) -> int:
        """ApproximateNumberOfMessagesNotVisible."""
        return self._in_flight

    @property
    def delayed(self) -> int:
        """ApproximateNumberOfMessagesDelayed."""
        return self._delayed

    def note(self, now: int, what: str, amount: int = 0) -> None:
        """Note what has happened, for metrics, and how many messages there are now."""
        notes = self._notes
        if notes is not None:
            notes.append((self.name, now, what, amount, len(self._entries), self._in_flight, self._delayed))

    def oldest(self) -> int | None:
        """Since when the oldest message is kept."""
        entry = self._retention.first()
        return None if entry is None else entry.retained_from

    def groups_in_flight(self) -> int:
        return self._groups.in_flight()

    # --- time

    def refresh(self, now: int) -> None:
        """Let happen what time has brought: delays and visibility timeouts end, retention runs out."""
        if self._posted:
            self._open()
        if self._transitions.reached(now):
            for entry in self._transitions.until(now):
                due = entry.due
                self._appear(entry)
                self.note(now if due is None else due, MOVED)
        horizon = now - self.settings.message_retention_period * 1000
        if self._retention.reached(horizon):
            for entry in self._retention.until(horizon):
                self._remove(entry)
            self.note(now, MOVED)

    def next_change(self) -> int | None:
        """When the next hidden message appears by itself."""
        entry = self._transitions.first()
        return None if entry is None else entry.due

    @property
    def has_deliverable(self) -> bool:
        """Whether a receive would find something."""
        return self._groups.next() is not None

    # --- messages

    def accept(self, message: Message, delay: int, *, retained_from: int, now: int, receive_count: int = 0) -> Entry:
        """Take a message in; it appears after `delay` milliseconds."""
        if self._posted:
            self._open()
        self._order = order = self._order + 1
        entry = Entry(message, order, retained_from, receive_count)
        self._entries[order] = entry
        self._retention.put(retained_from, entry, len(self._entries))
        if delay > 0:
            self._delay(entry, now + delay)
        else:
            self._groups.add(entry, len(self._entries))
        if self.watchers:
            self._tell()
        return entry

    def accept_all(self, messages: Sequence[Message], sizes: Sequence[int], now: int) -> None:
        """Take in and note messages, of so many bytes, that are nobody's, have just been sent and are not delayed."""
        if self._posted:
            self._open()
        entries = [Entry(message, order, now) for order, message in enumerate(messages, self._order + 1)]
        before = len(self._entries)
        self._order += len(entries)
        self._entries.update([(entry.order, entry) for entry in entries])
        living = before + len(entries)
        self._retention.put_all([(now, entry.order, entry) for entry in entries], living)
        self._groups.add_all(entries, living)
        if (notes := self._notes) is not None:
            name, in_flight, delayed = self.name, self._in_flight, self._delayed
            numbered = enumerate(sizes, before + 1)
            notes.extend([(name, now, SENT, size, number, in_flight, delayed) for number, size in numbered])
        if self.watchers:
            self._tell()

    def unread(self, size: int) -> List | None:
        """Where to leave what makes a message of at most `size` bytes, a callable that is given the queue's name, which
        nobody looks at yet; None where it might be refused, or somebody waits for messages."""
        settings = self.settings
        most = settings.maximum_message_size
        if self.fifo or self.watchers or settings.kms_master_key_id is not None or (most is not None and size > most):
            return None
        return self._posted

    def _open(self) -> None:
        """Take in what was put down, as of when it was."""
        posted = tuple(self._posted)
        self._posted.clear()
        for make in posted:
            message = make(self.name)
            now = message.sent
            self.accept(message, self.settings.delay_seconds * 1000, retained_from=now, now=now)
            self.note(now, SENT, len(message.body.encode()))

    def accept_dead_letter(self, entry: Entry, source_arn: str, now: int) -> None:
        """Take in a message that another queue has given up on."""
        message = entry.message._replace(source_arn=source_arn)
        self.accept(message, 0, retained_from=entry.retained_from, now=now, receive_count=entry.receive_count)
        self.note(now, MOVED)

    def accept_redriven(self, message: Message, new_id: str, now: int) -> None:
        """Take in a message from a dead-letter queue, as a new one."""
        message = message._replace(id=new_id, sent=now, source_arn=None)
        self.accept(message, self.settings.delay_seconds * 1000, retained_from=now, now=now)
        self.note(now, MOVED)

    def receive(
        self,
        maximum: int,
        visibility_timeout: int,
        *,
        now: int,
        choose: Choose = no_choice,
        redrive: Callable[[Entry], bool] | None = None,
    ) -> list[Entry]:
        """Hand out up to `maximum` messages and hide them for so many milliseconds.

        `redrive` moves a message to the dead-letter queue instead, and says whether it did.
        """
        received: list[Entry] = []
        if maximum < 1:
            return received
        if choose is no_choice and redrive is None:
            taken = self._groups.take(maximum)
            if taken is not None:
                self._hand_out(taken, now, now + visibility_timeout)
                return taken
        for entry in self._next(choose):
            if received and not self.fifo and len(received) == 1 and choose("sqs.fewer", entry):
                break
            if redrive is not None and redrive(entry):
                continue
            entry.receive_count += 1
            if entry.copied:
                entry.copied = False
            entry.received = now
            if entry.first_received is None:
                entry.first_received = now
            self._hide(entry, now + visibility_timeout)
            received.append(entry)
            if len(received) == maximum:
                break
        if not self.fifo:
            for entry in received:
                if choose("sqs.duplicate", entry):
                    self._appear(entry)
                    entry.copied = True
        return received

    def _hand_out(self, entries: Sequence[Entry], now: int, due: int) -> None:
        """Let entries that have been taken out of their line go in flight."""
        if not entries:
            return
        for entry in entries:
            entry._assign(
                receive_count=entry.receive_count + 1,
                copied=False,
                received=now,
                first_received=now if entry.first_received is None else entry.first_received,
                state=IN_FLIGHT,
                due=due,
            )
        self._in_flight += len(entries)
        self._groups.took_off(None)
        hidden = self._delayed + self._in_flight
        self._transitions.put_all([(due, entry.order, entry) for entry in entries], hidden)
        if self.watchers:
            self._tell()

    def receipt_handles(self, entries: Iterable[Entry]) -> list[str]:
        """The handles of the entries' latest receives."""
        return receipts.make_all(self._secret, [(entry.order, entry.receive_count) for entry in entries])

    def delete(self, receipt_handle: str, *, now: int, choose: Choose = no_choice) -> None:
        """Delete the message of a handle; one that is gone already is no error."""
        entry, receive_count = self._find(receipt_handle)
        if entry is None:
            return
        if self._expired(entry, receive_count, now):
            raise ExpiredReceiptHandle(receipt_handle)
        if entry.copied:
            # The server that holds the copy hears nothing of it.
            return
        if receive_count == entry.receive_count or not choose("sqs.old-receipt-handle", entry):
            self._remove(entry)
        self.note(now, REMOVED, 1)

    def delete_all(self, receipt_handles: Sequence[str], now: int) -> bool:
        """As `delete` of each, without choices, where that goes well for all; else do nothing, and return False."""
        leaving: dict[int, Entry] = {}
        for place in receipts.read_all(self._secret, receipt_handles):
            if place is None:
                return False
            order, receive_count = place
            entry = self._entries.get(order)
            if entry is not None:
                if entry.copied or self._expired(entry, receive_count, now):
                    return False
                leaving[order] = entry
        told = []
        for entry in leaving.values():
            self._remove(entry)
            told.append((self.name, now, REMOVED, 1, len(self._entries), self._in_flight, self._delayed))
        if self._notes is not None:
            self._notes.extend(told)
        return True

    def change_visibility(self, receipt_handle: str, timeout: int, *, now: int) -> None:
        """Hide the message of a handle for so many milliseconds from now on."""
        entry, receive_count = self._find(receipt_handle)
        if entry is not None and self._expired(entry, receive_count, now):
            raise ExpiredReceiptHandle(receipt_handle)
        if entry is None or receive_count != entry.receive_count:
            reason = "Message does not exist or is not available for visibility timeout change."
            raise invalid("ReceiptHandle", receipt_handle, reason)
        longest = self._limits["visibility-total"]
        if longest is not None and now - entry.received + timeout > longest * 1000:
            reason = f"Total VisibilityTimeout for the message is beyond the limit [{longest} seconds]"
            raise invalid("VisibilityTimeout", timeout // 1000, reason)
        self._hide(entry, now + timeout)

    def purge(self, now: int) -> None:
        """Delete all messages, those in flight too."""
        for entry in self._entries.values():
            entry.state = GONE
        self._clear()
        self.purged = now
        self.note(now, MOVED)

    def take_out(self, entry: Entry) -> None:
        """Remove a message that goes to another queue."""
        self._remove(entry)

    def waiting(self) -> Iterator[Entry]:
        """The messages that can be received, in the order they would be; each is to be taken out before the next."""
        return self._next(no_choice)

    # --- what the types differ in

    def _next(self, choose: Choose) -> Iterator[Entry]:
        """The entries to hand out, in order; the caller hides or removes each before asking for another."""
        raise NotImplementedError

    def _expired(self, entry: Entry, receive_count: int, now: int) -> bool:
        """Whether a handle of the entry, from its receive of that number, can do nothing any more."""
        raise NotImplementedError

    # --- states

    def _find(self, receipt_handle: str) -> tuple[Entry | None, int]:
        """The entry of a handle, None if it is gone; and the number of the receive that gave the handle out."""
        place = receipts.read(self._secret, receipt_handle)
        if place is None:
            raise unknown_handle(receipt_handle)
        order, receive_count = place
        return self._entries.get(order), receive_count

    def _delay(self, entry: Entry, due: int) -> None:
        entry.state = DELAYED
        entry.due = due
        self._delayed += 1
        self._transitions.put(due, entry, self._delayed + self._in_flight)

    def _hide(self, entry: Entry, due: int) -> None:
        if entry.state is not IN_FLIGHT:
            entry.state = IN_FLIGHT
            self._in_flight += 1
            self._groups.took_off(entry.message.group_id)
        entry.due = due
        self._transitions.put(due, entry, self._delayed + self._in_flight)
        if self.watchers:
            self._tell()

    def _appear(self, entry: Entry) -> None:
        earlier = self._leave(entry)
        entry.state = VISIBLE
        entry.due = None
        if earlier is IN_FLIGHT:
            self._groups.landed(entry.message.group_id)
        self._groups.add(entry, len(self._entries))

    def _remove(self, entry: Entry) -> None:
        earlier = self._leave(entry)
        entry._assign(state=GONE, due=None)
        del self._entries[entry.order]
        group_id = entry.message.group_id
        if earlier is not IN_FLIGHT:
            self._groups.changed(group_id)
        elif group_id is not None:
            self._groups.landed(group_id)
        if self.watchers:
            self._tell()

    def _tell(self) -> None:
        """Something may be receivable now, or at another time than before."""
        for tell in self.watchers.values():
            tell()

    def _leave(self, entry: Entry) -> str:
        earlier = entry.state
        if earlier is IN_FLIGHT:
            self._in_flight -= 1
        elif earlier is DELAYED:
            self._delayed -= 1
        return earlier


class StandardQueue(Queue):
    """At least once, in about the order of sending; with message groups, quiet tenants first."""

    __slots__ = ()

    fifo = False

    def _next(self, choose: Choose) -> Iterator[Entry]:
        share, least = self._limits["fair-queue-share"], self._limits["fair-queue-in-flight"]
        while (entry := self._groups.next_fair(self._in_flight, share, least)) is not None:
            if choose is not no_choice:
                second = self._groups.after(entry, len(self._entries))
                if second is not entry and choose("sqs.order", second):
                    entry = second
            yield entry

    def _expired(self, entry: Entry, receive_count: int, now: int) -> bool:
        life = self._limits["receipt-handle-life"]
        return life is not None and now - entry.received > life * 1000
