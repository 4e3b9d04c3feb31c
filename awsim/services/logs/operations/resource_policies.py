"""Resource policies: which of AWS's services may write into the log groups here.

Source: CloudWatch Logs API Reference, PutResourcePolicy.
"""

from __future__ import annotations

from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.services.logs.operations.metric_filters import MetricFilterOperations
from awsim.services.logs.policies import ResourcePolicy
from awsim.services.logs.refusals import invalid, missing


class ResourcePolicyOperations(MetricFilterOperations):
    def put_resource_policy(
        self,
        policyName: str | None = None,
        policyDocument: str | None = None,
        resourceArn: str | None = None,
        expectedRevisionId: str | None = None,
    ) -> dict[str, Any]:
        if policyDocument is None or (policyName is None) == (resourceArn is None):
            raise invalid("policyDocument and exactly one of policyName and resourceArn must be specified.")
        self.limits.check("resource-policy", len(policyDocument.encode()))
        try:
            parse(policyDocument, "resource")
        except PolicyError:
            raise invalid("Policy document is not valid JSON or has invalid syntax.") from None
        if resourceArn is not None:
            return self._attach(resourceArn, policyDocument, expectedRevisionId)
        if policyName not in self.resource_policies:
            used = sum(policy.resource is None for policy in self.resource_policies.values())
            self.limits.quota("resource-policies", used)
        policy = ResourcePolicy(policyName or "", policyDocument, self.now, None, None)
        self.resource_policies[policyName] = policy
        return {"resourcePolicy": policy.described()}

    def _attach(self, resource: str, document: str, expected: str | None) -> dict[str, Any]:
        group = self.group_by(resource)
        self._check_revision(self.resource_policies.get(group.arn), expected)
        policy = ResourcePolicy("", document, self.now, group.arn, self.ids.uuid("revision"))
        self.resource_policies[group.arn] = policy
        return {"resourcePolicy": policy.described(), "revisionId": policy.revision}

    def _check_revision(self, policy: ResourcePolicy | None, expected: str | None) -> None:
        if expected is not None and (policy is None or policy.revision != expected):
            raise AWSError("OperationAbortedException", "The expected revision ID does not match the current one.")

    def describe_resource_policies(
        self,
        nextToken: str | None = None,
        limit: int | None = None,
        resourceArn: str | None = None,
        policyScope: str | None = None,
    ) -> dict[str, Any]:
        scoped = policyScope == "RESOURCE" or resourceArn is not None
        resource = self.group_by(resourceArn).arn if resourceArn is not None else None
        found = [
            policy
            for policy in self.resource_policies.values()
            if (policy.resource is not None) is scoped and resource in (None, policy.resource)
        ]
        return self.listing(
            "resourcePolicies",
            found,
            ResourcePolicy.described,
            lambda policy: policy.resource or policy.name,
            nextToken,
            limit,
        )

    def delete_resource_policy(
        self, policyName: str | None = None, resourceArn: str | None = None, expectedRevisionId: str | None = None
    ) -> None:
        if (policyName is None) == (resourceArn is None):
            raise invalid("Exactly one of policyName and resourceArn must be specified.")
        key = policyName if resourceArn is None else self.group_by(resourceArn).arn
        policy = self.resource_policies.get(key)
        if policy is None or (policyName is not None) != (policy.resource is None):
            raise missing(f"Policy with name [{policyName or resourceArn}] does not exist.")
        self._check_revision(policy, expectedRevisionId)
        del self.resource_policies[key]
