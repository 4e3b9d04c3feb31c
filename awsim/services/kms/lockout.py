"""Whether a key policy leaves anybody to change it: KMS's policy lockout safety check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.auth.policy import (
    EVERYTHING,
    AuthorizationRequest,
    Policy,
    PolicySet,
    Principal,
    build,
    decide,
)
from awsim.errors import AWSError
from awsim.gateway.authorizer import facts, is_known

if TYPE_CHECKING:
    from awsim.services.kms.operations.common import Operations

_ACTION = "kms:PutKeyPolicy"


def check(service: Operations, policy: Policy, key_arn: str, *, bypass: bool) -> None:
    """Refuse principals that do not exist and, without `bypass`, a policy that shuts the caller out."""
    account = key_arn.split(":")[4]
    for kind, value in policy.principals:
        if kind == "AWS" and not is_known(service.cloud, value, account):
            raise _malformed("Policy contains a statement with one or more invalid principals.")
    call = service.request
    who = Principal.of(call.caller)
    if bypass or who.service is not None:
        return
    # As far as the caller's own account is concerned: whether IAM allows it can change at any time.
    context = build(who, facts(call, account, key_arn), {})
    request = AuthorizationRequest(who, _ACTION, key_arn, context, account)
    if not decide(request, PolicySet(identity=(EVERYTHING,), resource=(policy,), mandatory=True)).allowed:
        raise _malformed("The new key policy will not allow you to update the key policy in the future.")


def _malformed(message: str) -> AWSError:
    return AWSError("MalformedPolicyDocumentException", message)
