"""The request into parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def parse(call: Call) -> None:
    plan = call.plan
    assert call.http is not None
    # Requests that no model has (a form upload to S3) are read by their operation.
    if plan.model is not None:
        codec = plan.codec
        if not codec.alone:
            from awsim.wire.codec import codec_of, resolved_protocol

            # A client speaks the protocol of its model; from others the request itself has to tell.
            if call.model is None or resolved_protocol(call.model.service_model) != codec.protocol:
                codec = codec_of(call.http, plan.model)
        call.codec = codec
        call.params = codec.parse(call.http)
        if plan.ahead is not None:
            plan.ahead(call)
