"""Fine-grained access control: who may do anything inside of a domain that has it switched on.

That is its master user alone: awsim has no further users and roles of the security plugin. Source: OpenSearch Service
Developer Guide, "Fine-grained access control in Amazon OpenSearch Service".
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING

from awsim.services.opensearch.engine import Answer
from awsim.services.opensearch.engine.problems import Problem

if TYPE_CHECKING:
    from awsim.auth.credentials import Caller


def refusal(master: Mapping[str, str], caller: Caller, authorization: str | None) -> Answer | None:
    """What a caller is answered that is not the master user; None for the one that is."""
    given = _basic(authorization or "")
    if given is not None:
        known = (master.get("MasterUserName"), master.get("MasterUserPassword"))
        return None if given == known else Answer(401, "Unauthorized")
    if caller.is_anonymous:
        return Answer(401, "Unauthorized")
    role = caller.session.role_arn if caller.session is not None else None
    if master.get("MasterUserARN", "") in (caller.arn, role):
        return None
    who = f"User [name={role or caller.arn}, backend_roles=[{role or ''}], requestedTenant=null]"
    return Answer(403, Problem(403, "security_exception", f"no permissions for [] and {who}").body())


def _basic(authorization: str) -> tuple[str, str] | None:
    """Name and password of HTTP's basic authentication; None where a request has none."""
    kind, _, text = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, password = b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, password
