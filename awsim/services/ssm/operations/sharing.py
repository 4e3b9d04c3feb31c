"""Resource policies of parameters, with which advanced ones are shared with other accounts.

Source: Systems Manager User Guide, "Working with shared parameters in Parameter Store".
"""

from __future__ import annotations

import hashlib
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.services.ssm.operations.settings import SettingOperations
from awsim.services.ssm.parameter import ADVANCED, Parameter


class SharingOperations(SettingOperations):
    def put_resource_policy(
        self, ResourceArn: str, Policy: str, PolicyId: str | None = None, PolicyHash: str | None = None
    ) -> dict[str, Any]:
        parameter = self._shareable(ResourceArn)
        try:
            parse(Policy, "resource")
        except PolicyError as error:
            raise AWSError("MalformedResourcePolicyDocumentException", str(error)) from None
        known = dict(parameter.policy_documents)
        if PolicyId is None:
            self.limits.quota("resource-policies", len(known), parameter.arn)
            PolicyId = self.ids.uuid("resource-policy")
        else:
            _check_hash(known, PolicyId, PolicyHash)
        parameter.policy_documents = tuple({**known, PolicyId: Policy}.items())
        return {"PolicyId": PolicyId, "PolicyHash": _hash(Policy)}

    def get_resource_policies(
        self, ResourceArn: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        parameter = self._shareable(ResourceArn, reading=True)
        return self.page(
            "Policies",
            parameter.policy_documents,
            lambda each: {"PolicyId": each[0], "PolicyHash": _hash(each[1]), "Policy": each[1]},
            lambda each: each[0],
            NextToken,
            MaxResults,
        )

    def delete_resource_policy(self, ResourceArn: str, PolicyId: str, PolicyHash: str) -> None:
        parameter = self._shareable(ResourceArn, reading=True)
        known = dict(parameter.policy_documents)
        _check_hash(known, PolicyId, PolicyHash)
        del known[PolicyId]
        parameter.policy_documents = tuple(known.items())

    def _shareable(self, arn: str, *, reading: bool = False) -> Parameter:
        if not arn.startswith(self.arn("parameter/")):
            raise AWSError("ResourcePolicyInvalidParameterException", f"The resource ARN {arn} is not supported.")
        parameter = self.parameter_at(arn)
        if parameter is None:
            raise AWSError("ResourceNotFoundException", f"The resource {arn} does not exist.")
        if not reading and parameter.latest.tier != ADVANCED:
            raise AWSError(
                "ResourcePolicyInvalidParameterException",
                "Only parameters in the advanced parameter tier can be shared with other accounts.",
            )
        return parameter


def _check_hash(known: dict[str, str], id: str, given: str | None) -> None:
    """Whoever changes a policy has to know the one that is in force."""
    if id not in known:
        raise AWSError("ResourcePolicyNotFoundException", f"The policy {id} does not exist.")
    if given != _hash(known[id]):
        raise AWSError(
            "ResourcePolicyConflictException", "The hash provided in the call doesn't match the stored hash."
        )


def _hash(policy: str) -> str:
    return hashlib.sha256(policy.encode()).hexdigest()
