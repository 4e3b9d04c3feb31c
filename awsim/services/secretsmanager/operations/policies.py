"""Resource policies of secrets."""

from __future__ import annotations

from typing import Any

from awsim.errors import AWSError
from awsim.services.secretsmanager import policies
from awsim.services.secretsmanager.operations.values import ValueOperations

_PUBLIC = (
    "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the "
    "secret."
)
_BROAD = "The resource policy grants broad access to the secret."


class PolicyOperations(ValueOperations):
    def put_resource_policy(
        self, SecretId: str, ResourcePolicy: str, BlockPublicPolicy: bool | None = None
    ) -> dict[str, Any]:
        secret = self.secret(SecretId)
        statements = policies.check(ResourcePolicy)
        if BlockPublicPolicy and policies.is_public(statements):
            raise AWSError("PublicPolicyException", _PUBLIC)
        secret.policy = ResourcePolicy
        self.replicate(secret)
        return secret.named()

    def get_resource_policy(self, SecretId: str) -> dict[str, Any]:
        secret = self.secret(SecretId, marked=True, replica=True)
        return {**secret.named(), "ResourcePolicy": secret.policy}

    def delete_resource_policy(self, SecretId: str) -> dict[str, Any]:
        secret = self.secret(SecretId)
        secret.policy = None
        self.replicate(secret)
        return secret.named()

    def validate_resource_policy(self, ResourcePolicy: str, SecretId: str | None = None) -> dict[str, Any]:
        if SecretId is not None:
            self.secret(SecretId, replica=True)
        public = policies.is_public(policies.check(ResourcePolicy))
        found = [{"CheckName": "PUBLIC_POLICY", "ErrorMessage": _BROAD}] if public else []
        return {"PolicyValidationPassed": not found, "ValidationErrors": found}
