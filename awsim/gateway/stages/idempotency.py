"""Idempotency tokens: the same call with the same token has one effect, for as long as the service remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsim.wire.http import Request

if TYPE_CHECKING:
    from awsim.gateway.call import Call


def idempotency(call: Call) -> None:
    """Answer a repeated token from memory; refuse it with other parameters."""
    plan = call.plan
    if not plan.cls.idempotent or call.operation not in plan.cls.idempotent:
        return
    row, code, message = plan.cls.idempotent[call.operation]
    tokens = [call.params[name] for name in plan.codec.idempotency_tokens if call.params.get(name)]
    if not tokens:
        return
    key = (call.instance.key, call.account, call.operation, tokens[0])
    known = call.cloud.tokens.get(key)
    if known is not None and known[0] > call.cloud.clock.time():
        _, params, result = known
        if not _same(call, params):
            raise call.instance.error(code, message)
        call.result = result
        return
    call.token_key = (key, call.instance.limits[row])


def remember(call: Call) -> None:
    """Keep the answer for a token's lifetime."""
    key, seconds = call.token_key
    call.cloud.tokens[key] = (call.cloud.clock.time() + (seconds or 0), _comparable(call), call.result)


def _comparable(call: Call) -> Any:
    """What a call asks: its text where that is all there is to it, which costs nothing to keep."""
    if call.http is not None and call.codec is not None and call.codec.protocol == "json":
        return call.http.read()
    return repr(call.params)


def _same(call: Call, known: Any) -> bool:
    """Whether a call asks what was asked before; texts of one meaning may differ."""
    if known == _comparable(call):
        return True
    if known.__class__ is bytes:
        known = repr(call.plan.codec.parse(Request("POST", "/", None, known)))
    return bool(known == repr(call.params))
