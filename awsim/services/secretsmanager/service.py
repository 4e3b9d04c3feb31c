"""AWS Secrets Manager (regional)."""

from __future__ import annotations

from awsim.services.secretsmanager.operations.listing import ListingOperations
from awsim.services.secretsmanager.operations.passwords import PasswordOperations
from awsim.services.secretsmanager.operations.policies import PolicyOperations
from awsim.services.secretsmanager.operations.rotation import RotationOperations


class SecretsManager(PasswordOperations, PolicyOperations, ListingOperations, RotationOperations):
    """AWS Secrets Manager.

    Operations are in `operations/`, thin; the plain classes and rules that they stand on are beside them.
    """
