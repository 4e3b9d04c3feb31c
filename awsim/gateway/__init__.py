"""The gateway: every call passes the same stages in the same order, whoever makes it.

A stage takes the `Call` and returns nothing, or raises `AWSError`. `OPEN` stages run without the Cloud's lock, `LOCKED`
ones under it; `finish` always runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.gateway.call import Call
from awsim.gateway.stages import (
    authorize,
    faults,
    finish,
    idempotency,
    identify,
    operation,
    parse,
    route,
    throttle,
)
from awsim.gateway.validate import validate
from awsim.waiting import Wait
from awsim.wire.rows import Columns

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from awsim.auth.credentials import Caller
    from awsim.cloud import Cloud
    from awsim.gateway.plan import Plan
    from awsim.wire.http import Request, Response

OPEN = (route, parse)
LOCKED = (identify, faults, throttle, authorize, validate, idempotency, operation)


def _stages(plan: Plan) -> tuple[Callable[[Call], None], ...]:
    """The locked stages after `identify` without those that have nothing to do for an operation, ever."""
    idle = set() if plan.rated else {throttle}
    if plan.name not in plan.cls.idempotent:
        idle.add(idempotency)
    plan.stages = tuple(stage for stage in LOCKED[1:] if stage not in idle)
    return plan.stages


def serve(cloud: Cloud, request: Request, model: OperationModel | None = None) -> Response:
    """Answer an HTTP request; `model` spares the routing where a client knows its operation.

    Raises OSErrors (ConnectionRefusedError, ConnectionResetError, TimeoutError) where a test has scripted them.
    """
    call = Call(cloud, request, model)
    if _prepare(call):
        cloud.participants.add()
        while (wait := _run(call)) is not None:
            with cloud.exclusive():
                cloud.clock.wait_until(wait.deadline, wait.ready, wait.due)
        if call.fault is not None:
            seconds, broken = call.fault.ending(call)
            cloud.clock.sleep(seconds)
            if broken is not None:
                raise broken
    return finish.respond(call)


async def serve_async(cloud: Cloud, request: Request, model: OperationModel | None = None) -> Response:
    """As `serve`; waits yield to the event loop."""
    call = Call(cloud, request, model)
    if _prepare(call):
        cloud.participants.add_task()
        while (wait := _run(call)) is not None:
            await cloud.clock.wait_until_async(wait.deadline, wait.ready, wait.due)
        if call.fault is not None:
            seconds, broken = call.fault.ending(call)
            await cloud.clock.sleep_async(seconds)
            if broken is not None:
                raise broken
    return finish.respond(call)


def invoke(
    cloud: Cloud,
    service: str,
    name: str,
    params: dict[str, Any],
    caller: Caller,
    region: str,
    source_arn: str | None = None,
) -> dict[str, Any]:
    """A call without wire at both ends; raises AWSError."""
    call = Call(cloud)
    call.source_arn = source_arn
    call.service, call.operation, call.params, call.caller, call.region = service, name, params, caller, region
    if cloud.running is None:
        cloud.participants.add()
    while (wait := _run(call)) is not None:
        with cloud.exclusive():
            cloud.clock.wait_until(wait.deadline, wait.ready, wait.due)
    if call.fault is not None:
        cloud.clock.sleep(call.fault.latency)
    if call.error is not None:
        raise call.error
    # What only HTTP has (a status other than 200, further headers) is not part of the result.
    return {
        name: list(value) if value.__class__ is Columns else value
        for name, value in (call.result or {}).items()
        if not name.startswith("__")
    }


def _prepare(call: Call) -> bool:
    try:
        for stage in OPEN:
            stage(call)
    except AWSError as error:
        call.error = error
        with call.cloud.exclusive():
            finish.journal(call)
        return False
    return True


def _run(call: Call) -> Wait | None:
    """The locked stages; a Wait where the answer has to wait, after which this is to be called again."""
    cloud = call.cloud
    with cloud.exclusive():
        cloud.begin(call)
        try:
            identify(call)
            for stage in call.plan.stages or _stages(call.plan):
                stage(call)
        except AWSError as error:
            call.error = error if call.instance is None else call.instance.completed(error)
        except Wait as wait:
            cloud.forget_caused(call)
            return wait
        finally:
            cloud.running = call.outer
        finish.journal(call)
        if call.instance is not None and call.instance.watchful:
            call.instance.answered(call)
        cloud.settle(call)
    return None
