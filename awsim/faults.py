"""Scripted faults: errors, latency, lost connections and outages that a test asks for by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError, AwsimError
from awsim.state.containers import Dict, Entity

if TYPE_CHECKING:
    from awsim.cloud import Cloud
    from awsim.gateway.call import Call

# What AWS itself answers when a service is out of order, for faults that name no error of their own.
_OUTAGE = {"ec2": ("Unavailable", 503), "dynamodb": ("InternalServerError", 500), "sqs": ("ServiceUnavailable", 503)}
_UNAVAILABLE = ("ServiceUnavailable", 503)

_CONNECTIONS = ("refused", "reset", "lost")


class ConnectionFault(AWSError):
    """A call that never reached AWS. In the journal it is an error; an HTTP client sees a broken connection."""


class Fault(Entity):
    """One scripted fault; `hits` counts the calls it met. A context manager that removes it at the end."""

    __slots__ = (
        "_faults", "connection", "error", "hits", "id", "latency", "message", "name", "partial", "probability",
        "region", "resource", "status", "times", "zone",
    )  # fmt: skip

    def __init__(self, faults: Faults, id: int, name: str, how: Mapping[str, Any]) -> None:
        self._faults = faults
        self.id = id
        self.name = name
        self.error: str | None = how.get("error")
        self.message: str = how.get("message", "")
        self.status: int | None = how.get("status")
        self.times: int | None = how.get("times")
        self.probability: float | None = how.get("probability")
        self.latency: float = how.get("latency", 0.0)
        self.connection: str | None = how.get("connection")
        self.partial: int = how.get("partial", 0)
        self.region: str | None = how.get("region")
        self.resource: str | None = how.get("resource")
        self.zone: str | None = how.get("zone")
        self.hits = 0

    def remove(self) -> None:
        with self._faults._cloud.exclusive():
            self._faults.scripted.pop(self.id, None)

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    @property
    def is_outage(self) -> bool:
        return not (self.error or self.latency or self.connection or self.partial)

    def describe(self) -> str:
        """What it does to a call, as it is listed in the journal."""
        parts = [f"error {self.error}"] if self.error else []
        if self.is_outage:
            parts.append("outage")
        if self.latency:
            parts.append(f"latency {self.latency:g} s")
        if self.connection:
            parts.append({"lost": "answer lost"}.get(self.connection, f"connection {self.connection}"))
        if self.partial:
            parts.append(f"{self.partial} of the batch fail")
        return ", ".join(parts)

    def _meets(self, name: str, call: Call) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        if self.zone is not None or (self.region is not None and self.region != call.region):
            return False
        if not fnmatchcase(name, self.name):
            return False
        if self.resource is not None and not any(fnmatchcase(one, self.resource) for one in _resources(call.params)):
            return False
        if self.probability is None:
            return True
        return call.cloud.choices.choose(
            f"fault.{self.name}", (False, True), self.probability, f"met a fault: {self.describe()}", asked=True
        )

    def __repr__(self) -> str:
        return f"<Fault {self.name}: {self.describe()}, {self.hits} hits>"


class Met:
    """What the faults that one call met do to it together."""

    __slots__ = ("connection", "faults", "latency", "partial")

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.latency = 0.0
        self.connection: str | None = None
        self.partial: Fault | None = None

    def describe(self) -> str:
        return "; ".join(fault.describe() for fault in self.faults)

    def ending(self, call: Call) -> tuple[float, OSError | None]:
        """How long the client waits for its answer, and what of its connection it sees instead of one.

        A client whose read timeout is shorter than the latency gives up then; what it asked for has been done.
        """
        timeout = getattr(call.http, "timeout", None)
        if timeout is not None and self.latency > timeout:
            return timeout, TimeoutError(f"{call.name} took longer than {timeout:g} s (a scripted fault)")
        if self.connection == "refused":
            return self.latency, ConnectionRefusedError(f"{call.name}: connection refused (a scripted fault)")
        if self.connection is not None:
            return self.latency, ConnectionResetError(f"{call.name}: connection reset (a scripted fault)")
        return self.latency, None


class Faults:
    """The faults of one Cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        # By number; every call looks whether there are any.
        self.scripted = Dict()
        self._next = 0

    def add(
        self,
        name: str,
        *,
        error: str | None = None,
        message: str = "",
        status: int | None = None,
        latency: float = 0.0,
        connection: str | None = None,
        partial: int = 0,
        times: int | None = None,
        probability: float | None = None,
        region: str | None = None,
        resource: str | None = None,
    ) -> Fault:
        """Let calls of `name` (`"dynamodb:PutItem"`, `"s3:*"`, `"s3"` for the whole service) fail or lag.

        What happens to them:
        error        AWS's code, with `message` and HTTP `status` if they are to be others than AWS's own
        latency      seconds added on the clock; a client with a shorter read timeout gives up then
        connection   "refused": nobody there; "reset": broken before AWS has done anything; "lost": after it has
        partial      so many entries of a batch fail, the last ones, with `error`; or are left unprocessed
        Without any of these it is an outage: 5xx.

        Which calls: `times` how many (None: all), `probability` each with that one (a named decision, so that the seed
        and explorations vary it), `region` and `resource` only those (table, queue, bucket, `"bucket/key*"`, ARN; with
        wildcards).
        """
        service, _, operation = name.partition(":")
        if not service or any(mark in name for mark in ",#="):
            raise AwsimError(f"{name!r} names no call; write 'dynamodb:PutItem', 's3:*' or 's3'")
        if connection is not None and connection not in _CONNECTIONS:
            raise AwsimError(f"connection={connection!r}: write {', '.join(map(repr, _CONNECTIONS))}")
        if probability is not None and not 0 <= probability <= 1:
            raise AwsimError(f"probability={probability!r}: write a number from 0 to 1")
        if partial:
            from awsim.gateway.partial import BATCHES

            if name not in BATCHES:
                raise AwsimError(f"{name!r} is no batch that can fail in part; there are {', '.join(sorted(BATCHES))}")
        how = {key: value for key, value in locals().items() if key not in ("self", "service", "operation", "name")}
        return self._put(name if operation else f"{service}:*", how)

    def outage(self, service: str = "*", *, region: str | None = None, zone: str | None = None) -> Fault:
        """Take out a service, a region, or a service in a region: its calls answer 5xx until the fault is removed.

        `zone` takes out an Availability Zone: what lies in one zone alone is gone (services ask `is_out`), regional
        services go on.
        """
        if zone is None and region is None and service == "*":
            raise AwsimError("an outage of what? Write outage('sqs'), outage(region='eu-west-1') or outage(zone=…)")
        return self._put(f"{service}:*", {"region": region, "zone": zone})

    def _put(self, name: str, how: Mapping[str, Any]) -> Fault:
        with self._cloud.exclusive():
            self._next += 1
            fault = self.scripted[self._next] = Fault(self, self._next, name, how)
        return fault

    def clear(self) -> None:
        with self._cloud.exclusive():
            self.scripted.clear()

    def is_out(self, zone: str) -> bool:
        """Whether an Availability Zone is out."""
        return any(fault.zone == zone for fault in self.scripted.values())

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self.scripted.values()))

    def __len__(self) -> int:
        return len(self.scripted)

    def __bool__(self) -> bool:
        return bool(self.scripted)

    def meet(self, call: Call) -> tuple[Met | None, AWSError | None]:
        """Under the lock: what the faults do to a call, and the error that it is answered."""
        met: Met | None = None
        name = call.name
        for fault in self.scripted.values():
            if not fault._meets(name, call):
                continue
            fault.hits += 1
            met = met or Met()
            met.faults.append(fault)
            met.latency += fault.latency
            if fault.connection is not None:
                met.connection = fault.connection
                if fault.connection != "lost":
                    return met, ConnectionFault(f"Connection{fault.connection.title()}", "a scripted fault")
            if fault.partial:
                met.partial = fault
            elif fault.error is not None:
                return met, AWSError(fault.error, fault.message, status=fault.status)
            elif fault.is_outage:
                code, status = _OUTAGE.get(call.service, _UNAVAILABLE)
                return met, AWSError(code, fault.message, status=status)
        return met, None

    def __repr__(self) -> str:
        return f"<Faults {len(self.scripted)}: {', '.join(map(repr, self.scripted.values()))}>"


def _resources(params: Mapping[str, Any]) -> Iterator[str]:
    """By what names a call's resources may be known: parameters, what they end in, `bucket/key`, tables of a batch."""
    for value in params.values():
        if isinstance(value, str):
            yield value
            for mark in "/:":
                if mark in value:
                    yield value.rpartition(mark)[2]
    bucket, key = params.get("Bucket"), params.get("Key")
    if isinstance(bucket, str) and isinstance(key, str):
        yield f"{bucket}/{key}"
    items = params.get("RequestItems")
    if isinstance(items, Mapping):
        yield from items
