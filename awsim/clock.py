"""Virtual time: the clock of a Cloud, work that is due later, and waits.

The clock shows the process's time (as freezegun or time-machine show it) plus an offset that only `advance` and waits
add to. Work that AWS does by itself is data in the `Scheduler`; it runs in (time, sequence) order when a call begins or
ends and while the clock moves, never on a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError, AwsimError
from awsim.state.containers import Dict, Entity, Heap
from awsim.state.undo import current

if TYPE_CHECKING:
    from awsim.cloud import Cloud

_NEVER = float("inf")


def epoch(when: datetime | float | int | str) -> float:
    """Seconds since 1970 of a datetime (naive ones are UTC), a number, or an ISO 8601 string."""
    if isinstance(when, int | float):
        return float(when)
    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when)
        except ValueError:
            raise AwsimError(f"{when!r} is no point in time; write it as '2026-01-01T12:00:00+00:00'") from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return when.timestamp()


class Clock:
    """The time of one Cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._offset = 0.0
        # freezegun's factory while `at=` holds the process's time still; moving it moves the user's own time too.
        self.frozen: Any = None
        self.scheduler = Scheduler(cloud)
        self._changed = threading.Condition(cloud.lock)
        # Who waits, and until when; every call looks whether anybody does.
        self.waiting: dict[object, float] = {}

    # --- reading

    def time(self) -> float:
        """Now, in seconds since 1970."""
        return time.time() + self._offset

    def now(self) -> datetime:
        """Now, as an aware datetime in UTC."""
        return datetime.fromtimestamp(time.time() + self._offset, UTC)

    # --- moving

    def advance(
        self,
        *,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        delta: timedelta | None = None,
    ) -> datetime:
        """Move time forward; what falls due on the way happens, in order, each at its own time. Returns the new now."""
        by = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days).total_seconds()
        if delta is not None:
            by += delta.total_seconds()
        if by < 0:
            raise AwsimError("time moves forward only; take aws.snapshot() earlier and aws.restore() it instead")
        with self._cloud.exclusive():
            self._move_to(self.time() + by)
        return self.now()

    def advance_to(self, when: datetime | float | str) -> datetime:
        """Move time forward to `when` (a datetime, ISO 8601 text, or epoch seconds)."""
        with self._cloud.exclusive():
            target = epoch(when)
            if target < self.time():
                raise AwsimError(f"{when} has passed; the clock shows {self.now().isoformat()}")
            self._move_to(target)
        return self.now()

    def _move_to(self, target: float) -> None:
        """Under the lock: run due work up to `target`, then stand there."""
        # A program call begins: what `instant` transitions promised "for the next call" holds for work run now.
        self._cloud.program_calls += 1
        while (due := self.scheduler.next_due()) is not None and due <= target:
            self._set(max(due, self.time()))
            self.scheduler.run_due()
        self._set(target)
        self._changed.notify_all()

    def _set(self, target: float) -> None:
        by = target - self.time()
        if by <= 0:
            return
        if self._cloud.observer is not None:
            self._cloud.observer.jumped(by)
        if self.frozen is not None:
            self.frozen.tick(timedelta(seconds=by))
            # timedelta counts microseconds: what it rounded away would let a due time stay in the future for ever.
            by = target - self.time()
            if by <= 0:
                return
        self._offset += by

    # --- waiting

    def sleep(self, seconds: float) -> None:
        """Wait as a client of this Cloud does: the clock jumps where nobody else is active, else real time passes."""
        if seconds > 0:
            with self._cloud.exclusive():
                self.wait_until(self.time() + seconds)

    def pause_until(self, deadline: float, ready: Callable[[], object]) -> None:
        """As `wait_until`, without the lock."""
        with self._cloud.exclusive():
            self.wait_until(deadline, ready)

    def wait_until(
        self,
        deadline: float,
        ready: Callable[[], object] | None = None,
        due: Callable[[], float | None] | None = None,
    ) -> bool:
        """Under the Cloud's lock (held once): wait for `ready()`, at most until `deadline`. True if it became ready.

        `due()` says when `ready` may turn true by time alone. The clock jumps to the earliest wake-up while every live
        thread that has called this Cloud waits too; otherwise this one waits in real time, without the lock.
        """
        me = threading.get_ident()
        try:
            while True:
                if ready is not None and ready():
                    return True
                now = self.time()
                if now >= deadline:
                    return False
                wake = self._wake_up(deadline, due)
                self.waiting[me] = wake
                if self._all_waiting(blocking=True):
                    self._move_to(min(self.waiting.values()))
                elif not self._changed.wait(min(max(wake - now, 0.0), threading.TIMEOUT_MAX)) and self.time() < wake:
                    # Real time has passed although the process's clock is held still.
                    self._move_to(wake)
                # A snapshot may have been taken meanwhile.
                current.log = self._cloud.history.log
        finally:
            self.waiting.pop(me, None)

    def _wake_up(self, deadline: float, due: Callable[[], float | None] | None) -> float:
        wake = deadline
        if due is not None and (soon := due()) is not None:
            wake = min(wake, max(soon, self.time()))
        if (soon := self.scheduler.next_due()) is not None:
            wake = min(wake, soon)
        return wake

    def _all_waiting(self, *, blocking: bool) -> bool:
        return all(other in self.waiting for other in self._cloud.participants.others(blocking=blocking))

    async def wait_until_async(
        self,
        deadline: float,
        ready: Callable[[], object] | None = None,
        due: Callable[[], float | None] | None = None,
    ) -> bool:
        """As `wait_until`, for a task: without the lock; always yields to the loop first."""
        import asyncio

        me = asyncio.current_task()
        try:
            for turn in range(10**9):
                await asyncio.sleep(0 if turn < 3 else 0.001)
                with self._cloud.exclusive():
                    if ready is not None and ready():
                        return True
                    if self.time() >= deadline:
                        return False
                    self.waiting[me] = self._wake_up(deadline, due)
                    if turn >= 3 and self._all_waiting(blocking=False):
                        self._move_to(min(self.waiting.values()))
            return False
        finally:
            self.waiting.pop(me, None)

    async def sleep_async(self, seconds: float) -> None:
        """As `sleep`, for a task."""
        if seconds > 0:
            await self.wait_until_async(self.time() + seconds)

    def changed(self) -> None:
        """Under the lock: state has changed; whoever waits looks again."""
        self._changed.notify_all()

    # --- snapshots

    def _restore(self, then: float) -> None:
        if self.frozen is not None:
            self._offset = 0.0
            self.frozen.move_to(datetime.fromtimestamp(then, UTC).replace(tzinfo=None))
        else:
            self._offset += then - self.time()


class Job(Entity):
    """A method of a service instance, to be called with `data` at `when`."""

    __slots__ = ("data", "id", "key", "method", "when")

    def __init__(
        self, id: int, when: float, key: tuple[str, str | None, str], method: str, data: dict[str, Any]
    ) -> None:
        self.id = id
        self.when = when
        self.key = key
        self.method = method
        self.data = data


class Scheduler:
    """AWS's own later work: data ordered by (time, sequence)."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._heap = Heap()
        # By id; every call looks whether there are any.
        self.jobs = Dict()
        self._next = 1
        self._running = False

    def add(self, when: float, key: tuple[str, str | None, str], method: str, data: dict[str, Any]) -> int:
        job = Job(self._next, when, key, method, data)
        # Never rewound: an id that was handed out before a restore must not come to name another job.
        self._next += 1
        self.jobs[job.id] = job
        self._heap.push((when, job.id))
        return job.id

    def cancel(self, job_id: int) -> bool:
        return self.jobs.pop(job_id, None) is not None

    def next_due(self) -> float | None:
        while self._heap:
            when, job_id = self._heap[0]
            if job_id in self.jobs:
                return when
            self._heap.pop()
        return None

    def run_due(self) -> None:
        """Under the lock: run everything due by now, in order, also what this work makes due now."""
        if self._running or not self._heap:
            return
        self._running = True
        try:
            while (due := self.next_due()) is not None and due <= self._cloud.clock.time():
                job = self.jobs.pop(self._heap.pop()[1])
                service = self._cloud.service_at(job.key)
                try:
                    with self._cloud.working_for(service):
                        if service.unread:
                            service.look()
                        getattr(service, job.method)(**job.data)
                except AWSError:
                    # AWS's own work that AWS refused: what retries or redrives, the method itself has arranged.
                    continue
        finally:
            self._running = False

    def pending(self) -> list[Job]:
        """Jobs in the order in which they will run."""
        return sorted(self.jobs.values(), key=lambda job: (job.when, job.id))
