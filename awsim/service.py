"""`Service`: what every simulated AWS service is built on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, TypeVar

from awsim.errors import AWSError
from awsim.ids import Ids
from awsim.metering import Dimensions, Level, Measured, Sample
from awsim.toml import read_toml
from awsim.waiting import Wait

if TYPE_CHECKING:
    from awsim.auth.credentials import Caller
    from awsim.clock import Clock
    from awsim.cloud import Cloud
    from awsim.gateway.call import Call
    from awsim.gateway.validate import Violation
    from awsim.posting import Posting
    from awsim.wire.http import Request, Response

T = TypeVar("T")


class ResourceSide(NamedTuple):
    """What the owner of a resource says of its use: account, parsed resource policies (see `awsim.auth.policy`).

    `mandatory`: the policy must let in, whatever identity policies say. `granted`: an ACL or a grant lets in.
    `closed`: where there is no policy, AWS's own services have no way in either.
    """

    account: str | None
    policies: Sequence[Any] = ()
    mandatory: bool = False
    granted: bool = False
    closed: bool = False


class Service:
    """One instance per account and region (`scope`), made by the Cloud on first use.

    An operation is a method with boto3's own name and parameters that returns what boto3 shows; methods that are no
    operation of botocore's model, and all that begin with an underscore, are helpers. Operations run under the Cloud's
    lock. State lives only in `awsim.state` containers and records.
    """

    name: ClassVar[str]
    """botocore's name of the service."""

    scope: ClassVar[str] = "region"
    """"region": an instance per account and region; "account": a global service, one per account and partition;
    "partition": one for all accounts of a partition (S3, whose bucket names they share)."""

    anonymous: ClassVar[bool | frozenset[str]] = False
    """Whether operations see calls without credentials, rather than the gateway refusing them; or which of them do,
    beside those that botocore's model marks (`authtype: none`, which older models leave out)."""

    checked: ClassVar[frozenset[str]] = frozenset({"required", "length", "range", "pattern", "enum"})
    """Which of the model's constraints the gateway checks for this service; it words the rest itself."""

    itemised: ClassVar[frozenset[str]] = frozenset()
    """Operations that ask for permission themselves (`awsim.gateway.authorizer.judged`): for each item of a batch
    apart, or because only they can read who asks for what."""

    unchecked: ClassVar[frozenset[str]] = frozenset()
    """Shapes of the model that the gateway does not walk, because the service does and words what it finds itself."""

    exact: ClassVar[frozenset[str]] = frozenset()
    """Shapes of the model that results hold just as the wire has them, with no member left None and no timestamp or
    unknown member in them: the serialiser does not walk them. Blobs may be bytes."""

    readers: ClassVar[tuple[tuple[str, Callable[[Callable[[Any], Any]], Callable[[Any], Any]]], ...]] = ()
    """(shape of the model, what makes a reader of its values out of JSON, given the reader that the wire has for them):
    for values that the service would walk once more. What such a reader returns stands for what the wire's would."""

    ahead: ClassVar[Mapping[str, Callable[[Call], None]]] = {}
    """Operation -> what works something out of its parameters (into `call.ahead`) while the lock is not held yet:
    digests of large bodies, for which other threads need not wait. It must not look at state; HTTP requests only."""

    aliased: ClassVar[bool] = False
    """Whether resources have other names that calls may give: see `by_other_names`."""

    watchful: ClassVar[bool] = False
    """Whether `answered` is to hear of every call once it is over."""

    shows: ClassVar[frozenset[str]] = frozenset()
    """The namespaces of the metrics in `levels`, for services that have some."""

    validation_error: ClassVar[str] = "ValidationException"
    """The code of the error that lists violated constraints."""

    idempotent: ClassVar[dict[str, tuple[str, str, str]]] = {}
    """Operation -> (row with a token's lifetime, code, message of the error for the token with other parameters)."""

    operations: ClassVar[dict[str, Callable[..., Any]]]

    def __init__(self, cloud: Cloud, account: str, region: str, partition: str) -> None:
        self.cloud = cloud
        self.account = account
        self.region = region
        self.partition = partition
        self.clock: Clock = cloud.clock
        self.limits = cloud.limits.for_service(self.name, account, region)
        self.ids = Ids(cloud.seed, account, region, self.name)
        self.measured = Measured(cloud.metering, self.tell_metrics)
        self.setup()

    def setup(self) -> None:
        """For subclasses: make the state a new instance begins with."""

    # --- who asks

    @property
    def request(self) -> Call:
        """The call in progress: caller, http, operation, params, request_id, region."""
        return self.cloud.current

    @property
    def caller(self) -> Caller:
        return self.cloud.current.caller

    # --- answering

    def error(self, code: str, message: str = "", **fields: Any) -> AWSError:
        """An error of this service; status and default message from errors.toml where no model has them."""
        return self.completed(AWSError(code, message, fields=fields))

    def completed(self, error: AWSError) -> AWSError:
        """The error with what errors.toml knows of it; the gateway does this for errors that plain classes raise."""
        entry = _errors(type(self).__module__, self.name).get(error.code)
        if entry is not None:
            if error.status is None:
                error.status = entry.get("status")
            error.fault = error.fault or entry.get("fault")
            error.message = error.message or entry.get("message", "")
        return error

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        """The error that lists violated constraints of the model; override for a service with words of its own."""
        count = len(violations)
        listed = "; ".join(str(violation) for violation in violations)
        return self.error(
            self.validation_error, f"{count} validation error{'s' if count > 1 else ''} detected: {listed}"
        )

    def arn(self, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """`arn:<partition>:<service>:<region>:<account>:<resource>`, of this instance unless said otherwise."""
        region = (self.region if self.scope == "region" else "") if region is None else region
        return (
            f"arn:{self.partition}:{self.arn_name}:{region}:{self.account if account is None else account}:{resource}"
        )

    @property
    def arn_name(self) -> str:
        """The service part of ARNs: the signing name."""
        return self.name

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner of a resource of this service and its policy; override where resources have policies."""
        parts = arn.split(":")
        owner = parts[4] if len(parts) > 5 else ""
        return ResourceSide(None if owner in ("", "aws") else owner)  # what AWS itself has belongs to every account

    def resource_side(self, action: str, arn: str) -> ResourceSide:
        """As `resource_policy`, for one action; override where lists or owners of parts of a resource differ by it."""
        return self.resource_policy(arn)

    def condition_value(self, key: str, resource: str) -> Any:
        """The value that a condition key of this service (lower-case: "dynamodb:leadingkeys") has in the call in
        progress for one of its resources; None where it is absent. Keys that a parameter gives as it is are in
        `awsim/auth/actions/operations/<service>.toml`, and are not asked for here."""
        return None

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """The ARN of a resource that a call's parameters do not tell whole: `name` is what
        `awsim/auth/actions/operations/<service>.toml` calls it, `arn` what its template gave."""
        return arn

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        """The tags of a resource of this service, for aws:ResourceTag; None where it has none or does not exist."""
        return None

    def trust_keys(self, role: str) -> Mapping[str, str]:
        """Condition keys that this service gives when it assumes a role, besides aws:SourceArn and :SourceAccount."""
        return {}

    def answered(self, call: Call) -> None:
        """A call to this service is over, answered or refused; under the lock. Only where the class is `watchful`."""

    # --- metrics: see `awsim.metering`

    def measurements(self, notes: Sequence[Any]) -> Iterable[Sample | Level]:
        """What the notes in `self.measured` say, oldest first; nobody else keeps them. As they are, of a service that
        notes samples themselves (`measure`)."""
        return notes

    def measure(self, namespace: str, name: str, dimensions: Dimensions, value: float = 1, unit: str = "Count") -> None:
        """Note a sample: for what does not happen often."""
        self.measured.append(Sample(namespace, name, dimensions, unit, self.clock.time(), value))

    def levels(self) -> Iterable[Level]:
        """What the resources of this instance show now."""
        return ()

    def tell_metrics(self) -> None:
        """Have CloudWatch take the notes."""
        self.cloud.service("cloudwatch", self.account, self.region).take_in(self)  # type: ignore[attr-defined]

    def take(self, posting: Posting, size: int) -> Collection[str]:
        """Take in calls of another service that nobody waits for, to work them out once somebody looks at what they
        change. The resources of those that might be refused, or that somebody looks at already, are left. See
        `awsim.posting`."""
        left, posting.resources = posting.resources, ()
        return left

    unread: Any = ()
    """What was taken in and has to be worked out before anything else is done with this instance. Only where what was
    taken in may change whatever it does; others look where it matters."""

    def look(self) -> None:
        """Work out what was taken in, all of it."""

    def alarmed(self, action: str, alarm: Mapping[str, Any]) -> None:
        """An alarm (as DescribeAlarms shows it) has an action on a resource of this service: carry it out. Raises
        AWSError where that cannot be done."""
        raise not_modelled(f"{self.name}: the alarm action {action}")

    # --- what AWS leaves open, what comes later, what others do

    def choose(
        self, name: str, options: Sequence[T], odds: float | None = None, what: str | Callable[[], str] = ""
    ) -> T:
        """A named decision, friendly option first; `what` says in words what another one did. See `awsim.choices`,
        where each name has the promise that allows it."""
        choices = self.cloud.choices
        return choices.choose(name, options, odds, what) if choices.active else options[0]

    def later(self, seconds: float, method: str, **data: Any) -> int:
        """Have `self.<method>(**data)` called in `seconds`: data, no closures. Returns an id for `self.cancel`."""
        return self.clock.scheduler.add(self.clock.time() + seconds, self.key, method, data)

    def at_time(self, when: float, method: str, **data: Any) -> int:
        """As `later`, at an absolute time (epoch seconds)."""
        return self.clock.scheduler.add(when, self.key, method, data)

    def cancel(self, job: int) -> bool:
        return self.clock.scheduler.cancel(job)

    def call(
        self,
        service: str,
        operation: str,
        /,
        *,
        as_: Caller | str | None = None,
        region_: str | None = None,
        account_: str | None = None,
        source_arn_: str | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Call another service through the gateway: as a principal (`"sns.amazonaws.com"`, a role's ARN, a Caller), by
        default as this service's own principal; `source_arn_` is the resource on whose behalf (aws:SourceArn). Under
        authorization a role has to trust this service."""
        policies = self.cloud.authorization
        if policies is not None and as_.__class__ is str and ":role/" in as_:  # type: ignore[operator]
            policies.check_trust(self, as_, source_arn_)  # type: ignore[arg-type]
        return self.cloud.call(
            service,
            operation,
            parameters,
            caller=as_ or f"{self.name}.amazonaws.com",
            region=region_ or self.region,
            account=account_ or self.account,
            source_arn=source_arn_,
        )

    def send(self, request: Request) -> Response | None:
        """Send an HTTP request to somewhere outside of AWS; None where nothing answers. See `awsim.endpoints`."""
        from awsim.endpoints import send

        return send(self.cloud, request)

    def at(self, *, account: str | None = None, region: str | None = None) -> Any:
        """The same service in another account or region."""
        return self.cloud.service(self.name, account or self.account, region or self.region)

    def wait(
        self,
        seconds: float,
        ready: Callable[[], object] | None = None,
        due: Callable[[], float | None] | None = None,
    ) -> None:
        """A long poll: call it while there is nothing to answer, before changing any state.

        Returns once `seconds` since the call began are over; until then the gateway waits, without the lock, for
        `ready()` (which may turn true by time alone at `due()`) and runs the operation again from its start.
        """
        call = self.cloud.current
        if call.deadline is None:
            call.deadline = self.clock.time() + seconds
        if self.clock.time() < call.deadline:
            raise Wait(call.deadline, ready, due)

    def not_modelled(self, what: str) -> NoReturn:
        """Refuse a feature awsim does not have, by name."""
        raise not_modelled(f"{self.name}: {what}")

    def by_other_names(self, call: Call) -> None:
        """Before permissions are looked at: put the names of resources in place of other names for them that a call
        gives (access points for buckets), and note those in `call.through`. Only where the class is `aliased`."""

    @property
    def key(self) -> tuple[str, str | None, str]:
        """What finds this instance again: see `Cloud.service_at`."""
        return self.__dict__["_key"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__init__.__doc__ = Service.__init__.__doc__


def not_modelled(what: str) -> AWSError:
    """501: botocore takes it as final, and no AWS service answers it."""
    return AWSError("NotImplemented", f"awsim does not model {what}", status=501)


@cache
def _errors(module: str, service: str) -> dict[str, dict[str, Any]]:
    if not module.startswith("awsim.services."):
        return {}
    path = files(".".join(module.split(".")[:3])).joinpath("errors.toml")
    return read_toml(path.read_text("utf-8")) if path.is_file() else {}
