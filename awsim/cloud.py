"""`Cloud`: one simulated AWS, all accounts and regions of it."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from awsim.calls import CallRecord, Calls, Observers
from awsim.choices import Choices, parse_universe
from awsim.clock import Clock, epoch
from awsim.errors import AwsimError
from awsim.faults import Faults
from awsim.limits.table import Limits
from awsim.metering import Metering
from awsim.posting import Posting, flat
from awsim.state.containers import Dict
from awsim.state.undo import History, Mark, current

if TYPE_CHECKING:
    import asyncio

    from awsim.auth.credentials import Caller, Credentials
    from awsim.gateway.authorizer import Authorizer
    from awsim.gateway.call import Call
    from awsim.report import Recorder
    from awsim.service import Service

_PARTITIONS = (
    ("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"), ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"), ("eu-isoe-", "aws-iso-e"), ("eusc-", "aws-eusc"),
)  # fmt: skip

# The Cloud whose `acting_as` block this thread or task is in, and who it is there.
acting: ContextVar[tuple[Cloud, Caller] | None] = ContextVar("acting", default=None)

_CHOICES_OF = {"consistency": ("strong", "eventual"), "lifecycle": ("instant", "timed")}


class Cloud:
    """What `with mock_aws(...) as aws` and the `aws` fixture give: clock, limits, calls, choices, faults, snapshots.

    Options are those of `mock_aws`; see there.
    """

    observer: Recorder | Observers | None = None
    """Who hears of what all Clouds do: the report of a pytest run. One Cloud may have more of them: see `listen`."""

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        account: str = "123456789012",
        limits: Mapping[str, float | None] | None = None,
        as_of: date | datetime | str | None = None,
        consistency: str = "strong",
        lifecycle: str = "instant",
        throttling: bool = False,
        authorization: bool = False,
        at: datetime | float | str | None = None,
        seed: int = 0,
        explore: int = 0,
        replay: str | None = None,
        realistic: bool = False,
    ) -> None:
        self._options = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        if realistic:
            consistency, lifecycle, throttling, authorization = "eventual", "timed", True, True
        for option, value in (("consistency", consistency), ("lifecycle", lifecycle)):
            if value not in _CHOICES_OF[option]:
                raise AwsimError(f"{option}={value!r}: write {' or '.join(map(repr, _CHOICES_OF[option]))}")
        if not (isinstance(account, str) and len(account) == 12 and account.isdecimal()):
            raise AwsimError(f"account={account!r}: an account is 12 digits, as '123456789012'")
        if explore or replay is not None:
            # All that AWS leaves open is there to be decided, and nothing but the universe decides it.
            consistency = "eventual"
        self.region = region
        self.account = account
        self.seed = seed
        self.consistency = consistency
        self.lifecycle = lifecycle
        self.throttling = throttling
        self.at = epoch(at) if at is not None else None
        self.authorization: Authorizer | None = None
        if authorization:
            from awsim.gateway.authorizer import Authorizer

            self.authorization = Authorizer(self)
        # A reset makes everything anew but these: the lock is held then, and who takes part goes on taking part.
        self.lock: threading.RLock = self.__dict__.get("lock") or threading.RLock()  # type: ignore[valid-type]
        self.participants: Participants = self.__dict__.get("participants") or Participants()
        self.history = History()
        self.clock = Clock(self)
        self.limits = Limits(
            limits or {},
            _date(as_of),
            rates=throttling,
            lags=consistency == "eventual",
            durations=lifecycle == "timed",
            guard=self.exclusive,
            look=self._look,
        )
        # How many universes the test is to run in, and whether it does now; see `awsim.explore`.
        self.explore = explore
        self.exploring: bool = self.__dict__.get("exploring", False)
        universe = parse_universe(replay or "") if explore or replay is not None else None
        self.choices = Choices(seed, vary=consistency == "eventual", universe=universe, where=self._where)
        self.calls = Calls()
        self.faults = Faults(self)
        # The code of Lambda functions: `callable(event, context)` by name, `name:qualifier` or ARN. Kept by reference:
        # no snapshot holds it.
        self.functions: dict[str, Any] = {}
        # What runs commands on managed nodes of Systems Manager: `callable(step)` by id of the node, "*" for the rest.
        self.nodes: dict[str, Any] = {}
        # What containers of ECS do: `callable(context)` by image, family or `family/container`. Kept by reference too.
        self.containers: dict[str, Any] = {}
        # What answers at URLs outside of AWS: see `awsim.endpoints`.
        self.endpoints: dict[str, Any] = {}
        # Answers remembered for idempotency tokens: (expiry, parameters, result) by token.
        self.tokens = Dict()
        # Counts the program's own calls: what AWS does "instantly" is done by the next one.
        self.program_calls = 0
        self._caused: list[CallRecord | Posting] = []
        self.running: Call | None = None
        self._credentials: Credentials | None = None
        self._services = Dict()
        # Whether anybody has used AWS Organizations, which every call would have to heed.
        self.organized = False
        self.metering = Metering()
        self._requests = 0

    # --- calling

    def call(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        caller: Caller | str | None = None,
        region: str | None = None,
        account: str | None = None,
        source_arn: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Call an operation (`"SendMessage"` or `"send_message"`) without HTTP; the same stages as for any client.

        `caller` is a Caller, an ARN, or a service principal (`"sns.amazonaws.com"`); by default the administrator;
        `source_arn` is the resource for which a service calls. Raises AWSError.
        """
        from awsim.gateway import invoke
        from awsim.gateway.plan import operation_name

        params = {**(parameters or {}), **more}
        who = self._caller(caller, account or self.account)
        name = operation_name(service, operation)
        return invoke(self, service, name, params, who, region or self.region, source_arn)

    def post(
        self,
        service: str,
        operation: str,
        resources: Collection[str],
        parameters: Callable[[str], dict[str, Any]],
        size: int,
        caller: Caller,
        region: str,
        *,
        scheduled: bool = False,
    ) -> Collection[str]:
        """Under the lock: have a service call an operation on resources (of the caller's account) without waiting for
        it; `parameters(resource)` are of at most `size` bytes. `scheduled`: it stands for scheduled work that does it.

        The resources that are left are to be called: it is not sure that all goes well there, or somebody listens. See
        `awsim.posting`.
        """
        if (
            self.faults.scripted
            or self.throttling
            or self.choices.active
            or self.authorization is not None
            or self.observer is not None
            or not self.metering.most  # an alarm waits for the next thing to happen
        ):
            return resources
        posting = Posting(service, operation, region, caller, resources, parameters, self.clock.time())
        left = self.service(service, caller.account, region).take(posting, size)
        taken = len(posting.resources)
        if taken:
            first = self._requests + 1 + scheduled  # scheduled work has a request id too
            posting.request_id, posting.requests = self.request_id_of, range(first, first + taken)
            self._requests = first + taken - 1
            self._caused.append(posting)
        return left

    def _look(self) -> None:
        """Have everything worked out that was taken in unread."""
        with self.exclusive():
            for instance in self.instances():
                instance.look()

    def _caller(self, caller: Caller | str | None, account: str) -> Caller:
        from awsim.auth.credentials import administrator, principal

        if caller is None:
            return administrator(account)
        return principal(caller, account) if isinstance(caller, str) else caller

    @contextmanager
    def acting_as(self, who: str) -> Iterator[None]:
        """Be a user or role (ARN) or a service (`"lambda.amazonaws.com"`) for a block, whatever keys clients have.

        Holds in this thread or task; threads started inside go by their own credentials.
        """
        token = acting.set((self, self._caller(who, self.account)))
        try:
            yield
        finally:
            acting.reset(token)

    def on_instance(self, instance_id: str) -> AbstractContextManager[None]:
        """Be a program on an EC2 instance for a block: its metadata are at 169.254.169.254, and where credentials come
        from the environment, or from nowhere, they are those of its role. See `awsim.machines`."""
        from awsim.machines import running_on

        return running_on(self, instance_id)

    @property
    def current(self) -> Call:
        """The call in progress (under the lock)."""
        if self.running is None:
            raise RuntimeError("no call is in progress")
        return self.running

    @property
    def credentials(self) -> Credentials:
        """Access keys: those that awsim issued, and who stands behind any other.

        Call it for keys of a principal: `boto3.client("s3", **aws.credentials("arn:aws:iam::123456789012:role/app"))`.
        """
        if self._credentials is None:
            from awsim.auth.credentials import Credentials

            self._credentials = Credentials(self.account, self.clock, self.choices)
        return self._credentials

    # --- services

    def service(self, name: str, account: str | None, region: str | None, cls: type[Service] | None = None) -> Service:
        """The instance of a service that answers for an account and region, made on first use."""
        if cls is None:
            from awsim.gateway.plan import service_class
            from awsim.service import not_modelled

            cls = service_class(name)
            if cls is None:
                raise not_modelled(f"the service {name}")
        account = account or self.account
        region = region or self.region
        scope = cls.scope
        if scope == "region":
            key: tuple[str, str | None, str] = (name, account, region)
        elif scope == "account":
            key = (name, account, self.partition_of(region))
        else:
            key = (name, None, self.partition_of(region))
        instance = self._services.get(key)
        if instance is None:
            instance = self._services[key] = self._make(cls, key, account, region)
        return instance

    def has_service(self, name: str, account: str, region: str) -> bool:
        """Whether a service of an account was used before: if not, there is nothing in it."""
        partition = self.partition_of(region)
        return any((name, *where) in self._services for where in ((account, region), (account, partition)))

    def instances(self) -> list[Service]:
        """All service instances that have been used, oldest first."""
        return list(self._services.values())

    def organizations(self, partition: str) -> Any:
        """AWS Organizations of a partition; None as long as nobody has used it."""
        return self._services.get(("organizations", None, partition))

    def organization_of(self, account: str | None, partition: str) -> tuple[str, str] | None:
        """(id, path) of an account in its organization, as aws:PrincipalOrgID and aws:PrincipalOrgPaths have them."""
        known = self._services.get(("organizations", None, partition))
        return None if known is None or not account else known.organization_of(account)

    def _make(self, cls: type[Service], key: tuple[str, str | None, str], account: str, region: str) -> Service:
        instance = cls.__new__(cls)
        instance.__dict__["_key"] = key
        self.organized = self.organized or cls.name == "organizations"
        instance.__init__(self, account, region, self.partition_of(region))  # type: ignore[misc]
        return instance

    def service_at(self, key: tuple[str, str | None, str]) -> Service:
        """The instance that a scheduled job belongs to."""
        return self._services[key]

    @staticmethod
    @lru_cache(maxsize=256)
    def partition_of(region: str | None) -> str:
        if region is not None:
            for prefix, partition in _PARTITIONS:
                if region.startswith(prefix):
                    return partition
        return "aws"

    # --- the lock and what happens around a call

    def exclusive(self) -> _Exclusive:
        """Hold the Cloud's lock; changes of state made meanwhile can be taken back by `restore`."""
        return _Exclusive(self)

    def begin(self, call: Call) -> None:
        """Under the lock, before the stages of a call: drain what is due, then let it be the call in progress."""
        outer = call.outer = self.running
        if outer is None:
            scheduler = self.clock.scheduler
            if scheduler.jobs:
                scheduler.run_due()
            self.program_calls += 1
        self.running = call
        if not call.request_id:
            call.request_id = self.request_id()

    def settle(self, call: Call) -> None:
        """Under the lock, after a call: drain what it made due now, and let waits look again."""
        if call.outer is None:
            clock = self.clock
            if clock.scheduler.jobs:
                self._settling = call.record
                try:
                    clock.scheduler.run_due()
                finally:
                    self._settling = None
            if clock.waiting:
                clock.changed()

    @property
    def settles_next(self) -> bool:
        """Under the lock: whether work that is due now is done next once the program's call in progress is over, with
        nothing in between, so that it might as well be done now."""
        call = self.running
        if call is None or call.outer is not None or self.clock.scheduler._running:
            return False
        due = self.clock.scheduler.next_due()
        return due is None or due > self.clock.time()

    def note(self, call: Call, record: CallRecord) -> None:
        """Put a finished call into the journal, under the call that caused it."""
        outer = call.outer
        if outer is None:
            if self._caused:
                record.caused, self._caused = self._caused, []
            self.calls._add(record)
            if self.observer is not None:
                self.observer.called(record, call)
        else:
            self._caused.append(record)

    def forget_caused(self, call: Call) -> None:
        """A call that waits will run again: what it caused so far is caused again then."""
        if call.outer is None:
            self._caused = []

    # The call whose consequences are being drained.
    _settling: CallRecord | None = None

    def unlocked(self, who: Caller | None = None) -> _Unlocked:
        """Under the lock: let go of it, and of the call in progress, while user code runs; its calls are the program's,
        or those of `who`.

        What is due is drained by its calls too, though this may happen within work that is.
        """
        return _Unlocked(self, who)

    def working_for(self, service: Service) -> _Working:
        """Under the lock: scheduled work of a service runs; it stands for a call: what it calls is no program's."""
        return _Working(self, service)

    def _worked(self) -> None:
        """Work that no call is in has caused calls: they hang under the call that brought it about, or stand alone
        where time did."""
        caused: Sequence[CallRecord | Posting] = self._caused
        self._caused = []
        if self._settling is not None:
            self._settling.add(caused)
        else:
            caused = flat(caused)
            for record in caused:
                self.calls._add(record)
        if self.observer is not None:
            self.observer.worked(flat(caused))

    def listen(self, listener: Callable[[Sequence[CallRecord]], None]) -> None:
        """Have `listener` hear of calls from now on, under the lock, after they are in the journal: CloudTrail, once a
        trail logs. A Cloud that nobody listens to pays nothing for it."""
        known = self.__dict__.get("observer")
        if known is None:
            known = self.observer = Observers(type(self).observer)  # type: ignore[arg-type]
        if listener not in known.listeners:
            known.listeners.append(listener)

    def _where(self) -> str:
        """The call in progress, by its place in the journal."""
        call = self.running
        return "" if call is None else f"{call.name} (call {len(self.calls) + 1})"

    def request_id(self) -> str:
        """The next request id, a UUID in form."""
        self._requests += 1
        return self.request_id_of(self._requests)

    def request_id_of(self, number: int) -> str:
        """The request id of a number, which `post` gave away."""
        return f"{self.seed & 0xFFFFFFFF:08x}-a111-4051-8000-{number:012x}"

    # --- snapshots

    def snapshot(self) -> Snapshot:
        """The whole state as it is now; costs next to nothing, whatever the state holds."""
        with self.exclusive():
            return Snapshot(self.history, self.history.mark(), self.clock.time(), len(self.calls))

    def restore(self, snapshot: Snapshot) -> None:
        """Bring state, scheduled work, id counters, overrides and the clock back; the journal goes on."""
        if snapshot.history is not self.history:
            raise AwsimError("that snapshot was taken of another Cloud, or before a reset; it cannot be restored here")
        with self.exclusive():
            if self.running is not None:
                raise AwsimError("a call is in flight; restore when it has been answered")
            if self.observer is not None:
                self.observer.leaving(self)
            self.history.restore(snapshot.mark)
            self.clock._restore(snapshot.time)
            self.calls._undo(snapshot.calls)

    def reset(self) -> None:
        """An empty Cloud with the options it was made with: no resources, work or journal, time as at the start.

        Snapshots taken before belong to what was; `aws.calls`, `aws.limits` and the other members are new objects.
        """
        with self.exclusive():
            if self.running is not None:
                raise AwsimError("a call is in flight; reset when it has been answered")
            frozen = self.clock.frozen
            self.__dict__.pop("observer", None)
            self.__init__(**self._options)  # type: ignore[misc]
            self.clock.frozen = frozen
            if frozen is not None and self.at is not None:
                self.clock._restore(self.at)

    def __repr__(self) -> str:
        return f"<Cloud {self.account} {self.region}, {len(self.calls)} calls>"


class Snapshot:
    """The state of a Cloud at one time; `aws.restore(snapshot)` brings it back, as often as wanted."""

    __slots__ = ("calls", "history", "mark", "time")

    def __init__(self, history: History, mark: Mark, time: float, calls: int) -> None:
        self.history = history
        self.mark = mark
        self.time = time
        # How many calls the journal had.
        self.calls = calls


class _Exclusive:
    """The lock, with the undo log of this Cloud as the one that changes are recorded in."""

    __slots__ = ("_cloud", "_outer")

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __enter__(self) -> None:
        self._cloud.lock.acquire()
        self._outer = current.log
        history = self._cloud.history
        current.log = None if history._log is None else history.log

    def __exit__(self, *exception: object) -> None:
        current.log = self._outer
        self._cloud.lock.release()


class _Working:
    """The block of `Cloud.working_for`."""

    __slots__ = ("_call", "_cloud")

    def __init__(self, cloud: Cloud, service: Service) -> None:
        from awsim.gateway.call import Call

        self._cloud = cloud
        call = self._call = Call(cloud)
        call.service, call.operation, call.region = service.name, "(scheduled)", service.region
        call.caller = cloud._caller(f"{service.name}.amazonaws.com", service.account)

    def __enter__(self) -> None:
        cloud, call = self._cloud, self._call
        call.outer, cloud.running = cloud.running, call
        call.request_id = cloud.request_id()

    def __exit__(self, *exception: object) -> None:
        cloud, outer = self._cloud, self._call.outer
        cloud.running = outer
        if outer is None and cloud._caused:
            cloud._worked()


class _Unlocked:
    """The block of `Cloud.unlocked`."""

    __slots__ = ("_cloud", "_held", "_outer", "_token", "_who")

    def __init__(self, cloud: Cloud, who: Caller | None) -> None:
        self._cloud = cloud
        self._who = who

    def __enter__(self) -> None:
        cloud = self._cloud
        scheduler = cloud.clock.scheduler
        self._outer = cloud.running, cloud._caused, cloud._settling, scheduler._running
        cloud.running, cloud._caused, cloud._settling, scheduler._running = None, [], None, False
        current.log = None
        self._held = cloud.lock._release_save()  # type: ignore[attr-defined]
        self._token = acting.set((cloud, self._who)) if self._who is not None else None

    def __exit__(self, *exception: object) -> None:
        cloud = self._cloud
        if self._token is not None:
            acting.reset(self._token)
        cloud.lock._acquire_restore(self._held)  # type: ignore[attr-defined]
        log = cloud.history._log
        current.log = None if log is None else cloud.history.log
        cloud.running, cloud._caused, cloud._settling, cloud.clock.scheduler._running = self._outer


class Participants:
    """The threads and tasks that have called a Cloud: time may jump only while all that live are waiting."""

    def __init__(self) -> None:
        # What tells a thread that it is known already.
        self._here = threading.local()
        self._threads: dict[int, threading.Thread] = {}
        self._tasks: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()

    def add(self) -> None:
        if not getattr(self._here, "known", False):
            self._here.known = True
            self._threads[threading.get_ident()] = threading.current_thread()

    def add_task(self) -> None:
        import asyncio

        task = asyncio.current_task()
        if task is None:
            self.add()
        else:
            self._tasks.add(task)

    def others(self, *, blocking: bool) -> Iterator[object]:
        """Who else lives and could act while the caller waits: other threads, and tasks that another thread runs.

        With `blocking`, the caller holds up its own event loop, so that no task of that could act either.
        """
        me = threading.get_ident()
        asyncio = sys.modules.get("asyncio")  # where nothing has imported it, no task runs
        loop = asyncio._get_running_loop() if asyncio is not None else None
        task = asyncio.current_task(loop) if asyncio is not None and loop is not None else None
        yield from [ident for ident, thread in list(self._threads.items()) if ident != me and thread.is_alive()]
        for other in list(self._tasks):
            if other is not task and not other.done() and not (blocking and other.get_loop() is loop):
                yield other


def _date(value: date | datetime | str | None) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            raise AwsimError(f"as_of={value!r}: write a date, as '2020-11-30'") from None
    return value.date() if isinstance(value, datetime) else value
