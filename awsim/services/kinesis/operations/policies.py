"""Resource policies of streams and consumers."""

from __future__ import annotations

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.services.kinesis.operations.common import Operations
from awsim.services.kinesis.refusals import invalid


class PolicyOperations(Operations):
    """Operations on resource policies."""

    def put_resource_policy(self, ResourceARN: str, Policy: str) -> None:
        resource = self.resource_at(ResourceARN)
        self.limits.check("policy-size", len(Policy.encode()))
        try:
            parse(Policy, "resource")
        except PolicyError as error:
            raise invalid(f"The resource policy is not valid: {error.message}") from None
        resource.policy = Policy

    def get_resource_policy(self, ResourceARN: str) -> dict[str, str]:
        policy = self.resource_at(ResourceARN).policy
        if policy is None:
            raise AWSError("ResourceNotFoundException", f"No resource policy found for {ResourceARN}.")
        return {"Policy": policy}

    def delete_resource_policy(self, ResourceARN: str) -> None:
        resource = self.resource_at(ResourceARN)
        if resource.policy is None:
            raise AWSError("ResourceNotFoundException", f"No resource policy found for {ResourceARN}.")
        resource.policy = None
