"""Programs on EC2 instances: `with aws.on_instance("i-…"):`.

Within the block requests to 169.254.169.254 are answered by the instance's metadata service, so that an unmodified SDK
finds the credentials of the instance's role there. Credentials that the process has from its own environment or files
stand for those of the machine that the program would run on, and are the role's within the block; credentials that the
program gives explicitly stay its own. Holds in the thread or task.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.errors import AwsimError

if TYPE_CHECKING:
    from awsim.auth.credentials import Keys
    from awsim.cloud import Cloud
    from awsim.wire.http import Request, Response


class Machine(NamedTuple):
    """An instance of `service` (EC2 of its account and region) of a Cloud."""

    cloud: Cloud
    service: Any
    id: str


# Where the running program is; None on most machines, which every signature asks.
here: ContextVar[Machine | None] = ContextVar("machine", default=None)

# Where botocore finds credentials that are the machine's, not the program's.
AMBIENT = frozenset(("env", "shared-credentials-file", "config-file", "boto-config", "ec2-credentials-file", "awsim"))


@contextmanager
def running_on(cloud: Cloud, instance_id: str) -> Iterator[None]:
    """See `Cloud.on_instance`. Raises AwsimError for an instance that is not running."""
    for service in cloud.instances():
        if service.name == "ec2" and instance_id in service.instances:  # type: ignore[attr-defined]
            break
    else:
        raise AwsimError(f"on_instance({instance_id!r}): there is no such instance; run_instances gives their ids")
    state = service.instances[instance_id].state  # type: ignore[attr-defined]
    if state not in ("pending", "running"):
        raise AwsimError(f"on_instance({instance_id!r}): the instance is {state}, and nothing runs on it")
    token = here.set(Machine(cloud, service, instance_id))
    try:
        yield
    finally:
        here.reset(token)


def current(cloud: Cloud) -> Machine | None:
    """The instance of this Cloud that the running program is on."""
    machine = here.get()
    return machine if machine is not None and machine.cloud is cloud else None


def keys(cloud: Cloud) -> Keys | None:
    """The credentials of the instance that the program is on; None where it has no role."""
    machine = current(cloud)
    if machine is None:
        return None
    with cloud.exclusive():
        issued: Keys | None = machine.service.role_keys(machine.id)
        return issued


def answer(cloud: Cloud, request: Request) -> Response | None:
    """The answer of the metadata service; None where there is none to ask."""
    machine = current(cloud)
    if machine is None or request.host not in ("169.254.169.254", "[fd00:ec2::254]"):
        return None
    with cloud.exclusive():
        response: Response | None = machine.service.metadata(machine.id, request)
        return response
