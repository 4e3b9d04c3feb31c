"""The policy simulator: what policies decide on actions that nobody calls."""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from awsim.auth.policy import AuthorizationRequest, Policy, PolicySet, Principal, decide, parse
from awsim.services.iam.positions import spans


@dataclass(frozen=True)
class Source:
    """A policy with its text and the name by which results refer to it."""

    policy: Policy
    id: str
    kind: str = "IAM Policy"


@dataclass(frozen=True)
class Simulation:
    """What is tried: policies, who calls, and what is known of the calls."""

    sources: Sequence[Source]
    principal: Principal
    context: Mapping[str, Any]
    boundary: Sequence[Source] = ()
    resource: Sequence[Source] = ()
    owner: str | None = None  # the account of the resources
    scps: Sequence[Sequence[Policy]] = field(default=())

    def decide(self, action: str, resource: str) -> dict[str, Any]:
        """An EvaluationResult."""
        request = AuthorizationRequest(self.principal, action, resource, self.context, self.owner)
        policies = PolicySet(
            identity=[source.policy for source in self.sources],
            boundary=self.boundary[0].policy if self.boundary else None,
            resource=[source.policy for source in self.resource],
            scps=self.scps,
        )
        decision = decide(request, policies)
        if decision.allowed:
            verdict = "allowed"
        else:
            verdict = "explicitDeny" if decision.explicit else "implicitDeny"
        matched = [] if verdict == "implicitDeny" else self._matched(action, resource, decision.allowed)
        missing = self._missing(action)
        result: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": verdict,
            "MatchedStatements": matched,
            "MissingContextValues": missing if resource == "*" else [],
        }
        if self.scps:
            alone = decide(request, PolicySet(identity=[_everything()], scps=self.scps))
            result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": alone.allowed}
        if self.boundary:
            alone = decide(request, PolicySet(identity=[_everything()], boundary=policies.boundary))
            result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": alone.allowed}
        if resource != "*":
            specific = {
                "EvalResourceName": resource,
                "EvalResourceDecision": verdict,
                "MatchedStatements": matched,
                "MissingContextValues": missing,
                "PermissionsBoundaryDecisionDetail": result.get("PermissionsBoundaryDecisionDetail"),
            }
            result["ResourceSpecificResults"] = [specific]
        return result

    def _matched(self, action: str, resource: str, allowed: bool) -> list[dict[str, Any]]:
        """The statements that led to the decision: all that deny, or all that allow."""
        found = []
        for source in (*self.sources, *self.boundary, *self.resource):
            for statement in source.policy.about(action)[0 if allowed else 1]:
                principals = statement.principals
                if principals is not None and not principals.apply_to(self.principal, allowed):
                    continue
                if statement.applies(resource, self.context):
                    start, end = _places(source.policy.text)[statement.index]
                    found.append(
                        {
                            "SourcePolicyId": source.id,
                            "SourcePolicyType": source.kind,
                            "StartPosition": start,
                            "EndPosition": end,
                        }
                    )
        return found

    def _missing(self, action: str) -> list[str]:
        """The condition keys that policies on the action look at, and of which nothing is known."""
        keys = [
            key
            for source in (*self.sources, *self.boundary, *self.resource)
            for statements in source.policy.about(action)
            for statement in statements
            for key in statement.context_keys
        ]
        return [key for key in dict.fromkeys(keys) if key.lower() not in self.context]


@lru_cache(1)
def _everything() -> Policy:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return parse(json.dumps({"Version": "2012-10-17", "Statement": statement}))


@lru_cache(1024)
def _places(text: str) -> list[tuple[dict[str, int], dict[str, int]]]:
    """(start, end) of every statement, as lines and columns from 1; the end is the column after."""
    lines = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]

    def place(at: int) -> dict[str, int]:
        line = bisect(lines, at)
        return {"Line": line, "Column": at - lines[line - 1] + 1}

    return [(place(start), place(end)) for start, end in spans(text)]
