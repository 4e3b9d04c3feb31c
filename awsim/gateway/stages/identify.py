"""Who calls, and in which region; which service instance answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.auth.credentials import ANONYMOUS, parse_authorization
from awsim.auth.refusals import Refused
from awsim.cloud import acting
from awsim.gateway.plan import plan_for

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def identify(call: Call) -> None:
    cloud = call.cloud
    request = call.http
    if request is not None:
        someone = acting.get()
        access_key, region, _, token, kind = parse_authorization(request.headers, request.query_string)
        if call.region is None:
            call.region = region or _region(call)
        if someone is not None and someone[0] is cloud:
            call.caller = someone[1]
        elif access_key:
            try:
                call.caller = cloud.credentials.identify(access_key, token, cloud.partition_of(call.region))
                if cloud.authorization is not None:
                    _verify(call, access_key)
            except Refused as refused:
                raise refused.worded(call.service, _protocol(call)) from None
        else:
            _without_credentials(call, kind)
    elif call.plan is None:
        call.plan = plan_for(call.service, call.operation)
    call.instance = cloud.service(call.service, call.account, call.region, call.plan.cls)


def _region(call: Call) -> str:
    from awsim.wire.router import region_of

    assert call.http is not None
    return region_of(call.http) or call.cloud.region


def _protocol(call: Call) -> str:
    return call.codec.protocol if call.codec is not None else "rest-xml"


def _without_credentials(call: Call, kind: str) -> None:
    plan = call.plan
    call.caller = ANONYMOUS
    anonymous = plan.cls.anonymous
    open_to_all = anonymous if isinstance(anonymous, bool) else call.operation in anonymous
    open_to_all = open_to_all or (plan.model is not None and plan.model.auth_type == "none")
    if not open_to_all and kind != "bearer":
        if kind == "none":
            raise Refused("missing").worded(call.service, _protocol(call))
        from awsim.auth.signatures import verify

        assert call.http is not None
        # It says what of the signature cannot be read; one that is whole but for the key is of an unknown key.
        verify(call.http, None, call.cloud.clock.time(), call.service, _protocol(call))
        raise Refused("unknown").worded(call.service, _protocol(call))


def _verify(call: Call, access_key: str) -> None:
    """Check the signature, as AWS does with every call; keys that nobody issued and this process does not sign with
    do not exist."""
    from awsim.auth.signatures import verify

    cloud = call.cloud
    secret = cloud.credentials.secret_of(access_key)
    if secret is None:
        raise Refused("unknown", access_key)
    assert call.http is not None
    verify(call.http, secret, cloud.clock.time(), call.service, _protocol(call))
