"""The policy language: documents, what they match, and what they decide together.

request = AuthorizationRequest(Principal.of(caller), "s3:GetObject", arn, build(principal, facts))
decision = decide(request, PolicySet(identity=(parse(text),)))
if not decision.allowed:
    raise refusal("s3", "rest-xml", decision)
"""

from awsim.auth.policy.context import Context, Facts, build
from awsim.auth.policy.document import Policy, PolicyError, Statement, parse
from awsim.auth.policy.evaluate import (
    AuthorizationRequest,
    Decision,
    Match,
    PolicySet,
    Reason,
    decide,
    denied_message,
    explanation,
)
from awsim.auth.policy.matching import ANONYMOUS, Named, Principal, Principals
from awsim.auth.policy.refusal import decoded, encoded, refusal
from awsim.auth.policy.strangers import EVERYTHING, decide_for_stranger

__all__ = [
    "ANONYMOUS",
    "EVERYTHING",
    "AuthorizationRequest",
    "Context",
    "Decision",
    "Facts",
    "Match",
    "Named",
    "Policy",
    "PolicyError",
    "PolicySet",
    "Principal",
    "Principals",
    "Reason",
    "Statement",
    "build",
    "decide",
    "decide_for_stranger",
    "decoded",
    "denied_message",
    "encoded",
    "explanation",
    "parse",
    "refusal",
]
