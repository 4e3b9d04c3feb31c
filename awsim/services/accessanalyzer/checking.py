"""Checks of policies: what is wrong with one, and what it grants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsim.auth.policy import PolicyError
from awsim.service import Service
from awsim.services.accessanalyzer.access import Statement, granted, newly_granted, public, statements
from awsim.services.accessanalyzer.validation import RESOURCE, Sizes, validate
from awsim.state.pages import BadToken, number, page

_TRUST = "AWS::IAM::AssumeRolePolicyDocument"


class Checking(Service):
    """Operations that need no analyzer."""

    def validate_policy(
        self,
        policyDocument: str,
        policyType: str,
        locale: str | None = None,
        maxResults: int | None = None,
        nextToken: str | None = None,
        validatePolicyResourceType: str | None = None,
    ) -> dict[str, Any]:
        sizes = Sizes(int(self.limits["identity-policy-size"] or 0), int(self.limits["scp-size"] or 0))
        found = validate(policyDocument, policyType, validatePolicyResourceType, sizes)
        return self.page(
            "findings", enumerate(found), lambda item: item[1], nextToken, maxResults, lambda item: number(item[0])
        )

    def check_access_not_granted(
        self, policyDocument: str, access: Sequence[Mapping[str, Any]], policyType: str
    ) -> dict[str, Any]:
        policy = self._policy(policyDocument, policyType)
        if not access or not (access[0].get("actions") or access[0].get("resources")):
            raise self.error("ValidationException", "Access must have actions or resources.", reason="other")
        found = list(granted(policy, access[0]))
        what = "actions" if access[0].get("actions") else "resources"
        return _result(
            found,
            f"The policy document does not grant access to perform one or more of the listed {what}.",
            f"The policy document grants access to perform one or more of the listed {what}.",
            f"One or more of the listed {what} in the statement with",
        )

    def check_no_new_access(
        self, newPolicyDocument: str, existingPolicyDocument: str, policyType: str
    ) -> dict[str, Any]:
        new = self._policy(newPolicyDocument, policyType)
        existing = self._policy(existingPolicyDocument, policyType)
        return _result(
            list(newly_granted(new, existing)),
            "The modified permissions do not grant new access compared to your existing policy.",
            "The modified permissions grant new access compared to your existing policy.",
            "New access in the statement with",
        )

    def check_no_public_access(self, policyDocument: str, resourceType: str) -> dict[str, Any]:
        policy = self._policy(policyDocument, RESOURCE, trust=resourceType == _TRUST)
        return _result(
            list(public(policy)),
            "The resource policy does not grant public access for the given resource type.",
            "The resource policy grants public access for the given resource type.",
            "Public access granted in the following statement with",
        )

    def _policy(self, text: str, policy_type: str, *, trust: bool = False) -> tuple[Statement, ...]:
        kinds = ("resource", "trust") if policy_type == RESOURCE else ("identity",)
        if trust:
            kinds = ("trust",)
        for kind in kinds:
            try:
                return statements(text, kind)
            except PolicyError as error:
                problem = error
        raise self.error("InvalidParameterException", f"The policy document is not valid: {problem.message}")

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        token: str | None,
        size: int | None,
        key: Callable[[Any], str],
    ) -> dict[str, Any]:
        """A page of an answer; `key` orders records."""
        if size is not None and size < 1:
            raise self.error("ValidationException", "maxResults must be at least 1.", reason="other")
        try:
            found, following = page(records, key, token, size or self.limits["page-size"], member)
        except BadToken:
            raise self.error("ValidationException", "Invalid nextToken provided.", reason="other") from None
        return {member: [shown(each) for each in found], "nextToken": following}


def _result(found: Sequence[Statement], passed: str, failed: str, reason: str) -> dict[str, Any]:
    reasons = [{"description": f"{reason} {each.named}.", **each.where} for each in found]
    return {"result": "FAIL" if found else "PASS", "message": failed if found else passed, "reasons": reasons}
