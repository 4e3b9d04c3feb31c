"""Which operation of which service is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.gateway.plan import plan_for

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def route(call: Call) -> None:
    model = call.model
    if model is not None:
        # botocore loads a service's model under the client's name, which the service model remembers.
        call.service, call.operation = model.service_model.service_name, model.name
    else:
        from awsim.wire.router import route as find

        assert call.http is not None
        call.service, call.operation = find(call.http)
    call.plan = plan_for(call.service, call.operation, model)
