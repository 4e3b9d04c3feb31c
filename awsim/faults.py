"""Scripted faults: errors, latency and outages that a test asks for by name."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError, AwsimError
from awsim.state.containers import Dict, Entity

if TYPE_CHECKING:
    from awsim.cloud import Cloud

# What AWS itself answers when a service is out of order, for faults that name no error of their own.
_OUTAGE = {"s3": ("ServiceUnavailable", 503), "ec2": ("Unavailable", 503), "dynamodb": ("InternalServerError", 500)}


class Fault(Entity):
    """One scripted fault; `hits` counts the calls it met. A context manager that removes it at the end."""

    __slots__ = ("_faults", "error", "hits", "id", "latency", "message", "name", "region", "status", "times")

    def __init__(self, faults: Faults, id: int, name: str, **how: Any) -> None:
        self._faults = faults
        self.id = id
        self.name = name
        self.error: str | None = how["error"]
        self.message: str = how["message"]
        self.status: int | None = how["status"]
        self.times: int | None = how["times"]
        self.latency: float = how["latency"]
        self.region: str | None = how["region"]
        self.hits = 0

    def remove(self) -> None:
        self._faults._all.pop(self.id, None)

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def _meets(self, name: str, region: str | None) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        return (self.region is None or self.region == region) and fnmatchcase(name, self.name)


class Faults:
    """The faults of one Cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._all = Dict()
        self._next = 0

    def add(
        self,
        name: str,
        *,
        error: str | None = None,
        message: str = "",
        status: int | None = None,
        times: int | None = None,
        latency: float = 0.0,
        region: str | None = None,
    ) -> Fault:
        """Let calls of `name` (`"dynamodb:PutItem"`, `"s3:*"`, `"s3"` for the whole service) fail or lag.

        `error` is AWS's code, `times` how many calls it meets (None: all), `latency` seconds added on the clock,
        `region` the only region it concerns. Without `error` and `latency` it is an outage: 5xx.
        """
        service = name.partition(":")[0]
        if not service:
            raise AwsimError(f"{name!r} names no call; write 'dynamodb:PutItem', 's3:*' or 's3'")
        if error is None and not latency:
            error, outage_status = _OUTAGE.get(service, ("ServiceUnavailable", 503))
            status = status or outage_status
        with self._cloud.exclusive():
            self._next += 1
            fault = Fault(
                self, self._next, name if ":" in name else f"{name}:*", error=error, message=message, status=status,
                times=times, latency=latency, region=region,
            )  # fmt: skip
            self._all[fault.id] = fault
        return fault

    def clear(self) -> None:
        with self._cloud.exclusive():
            self._all.clear()

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._all.values()))

    def __bool__(self) -> bool:
        return bool(self._all)

    def meet(self, service: str, operation: str, region: str | None) -> tuple[float, AWSError | None]:
        """Under the lock: the latency and the error that this call meets."""
        latency = 0.0
        for fault in self._all.values():
            if fault._meets(f"{service}:{operation}", region):
                fault.hits += 1
                latency += fault.latency
                if fault.error is not None:
                    return latency, AWSError(fault.error, fault.message, status=fault.status)
        return latency, None
