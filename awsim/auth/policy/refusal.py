"""A refused decision as each service answers it, and EC2's encoded messages.

Sources: "Common error types" of the services' references, "Error codes" of the EC2 reference, "Troubleshoot access
denied errors" of the S3 User Guide; how SQS, SNS and EC2 write their actions and sentences: as users report them.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from awsim.auth.policy.evaluate import Decision, Reason, denied_message, explanation
from awsim.errors import AWSError

# service or protocol -> (code, status)
_CODES = {
    "ec2": ("UnauthorizedOperation", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
    "query": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "rest-xml": ("AccessDenied", 403),
    "smithy-rpc-v2-cbor": ("AccessDeniedException", 400),
}


def refusal(service: str, protocol: str, decision: Decision) -> AWSError:
    """The answer of `service` (botocore's name), whose model speaks `protocol`, to a request that was denied."""
    code, status = _CODES.get(service) or _CODES.get(protocol) or _CODES["query"]
    return AWSError(code, _message(service, decision), status=status)


def _message(service: str, decision: Decision) -> str:
    request = decision.request
    if service in ("s3", "s3control"):
        # Who and why is told only inside the owner's account and organization, and never to nobody.
        owner = request.resource_account
        principal = request.principal
        if not principal.account or not (owner in (None, principal.account) or request.same_organization):
            return "Access Denied"
        return denied_message(decision, quoted=True)
    if service == "sts":
        return denied_message(decision, why=not request.action.startswith("sts:AssumeRole"))
    if service == "ec2":
        told = denied_message(decision)
        return (
            f"You are not authorized to perform this operation. {told}. "
            f"Encoded authorization failure message: {encoded(decision)}"
        )
    if request.action in _OF_CIPHERTEXTS:
        return _about_ciphertext(decision)
    return denied_message(decision, action=_SPELLED.get(service, _as_it_is)(request.action))


# Which key a ciphertext is of, KMS does not tell who may not use it.
_OF_CIPHERTEXTS = ("kms:Decrypt", "kms:ReEncryptFrom")
_CIPHERTEXT = "on the resource associated with this ciphertext"


def _about_ciphertext(decision: Decision) -> str:
    request = decision.request
    if decision.reason in (Reason.RESOURCE, Reason.GRANT):
        return (
            f"User: {request.principal.arn} is not authorized to perform: {request.action} {_CIPHERTEXT} because the "
            "resource does not exist in this Region, no resource-based policies allow access, or a resource-based "
            "policy explicitly denies access"
        )
    return denied_message(decision).replace(f"on resource: {request.resource}", _CIPHERTEXT, 1)


def _as_it_is(action: str) -> str:
    return action


def _sns(action: str) -> str:
    prefix, _, name = action.partition(":")
    return f"{prefix.upper()}:{name}"


# SQS says sqs:sendmessage, SNS SNS:Publish.
_SPELLED = {"sqs": str.lower, "sns": _sns}


def encoded(decision: Decision) -> str:
    """The opaque message that goes with a refusal of EC2."""
    text = json.dumps(explanation(decision), separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def decoded(message: str) -> dict[str, Any] | None:
    """What `encoded` made of a decision; None if it made no such message."""
    try:
        packed = base64.urlsafe_b64decode(message + "=" * (-len(message) % 4))
        found = json.loads(zlib.decompress(packed))
    except (ValueError, RecursionError, zlib.error):
        return None
    return found if isinstance(found, dict) and "explicitDeny" in found else None
