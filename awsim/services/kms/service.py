"""AWS Key Management Service (regional)."""

from __future__ import annotations

from awsim.services.kms.operations.aliases import AliasOperations
from awsim.services.kms.operations.encryption import EncryptionOperations
from awsim.services.kms.operations.grants import GrantOperations
from awsim.services.kms.operations.imports import ImportOperations
from awsim.services.kms.operations.multi_region import MultiRegionOperations
from awsim.services.kms.operations.rotation import RotationOperations
from awsim.services.kms.operations.signing import SigningOperations
from awsim.services.kms.operations.stores import StoreOperations


class KMS(
    MultiRegionOperations,
    AliasOperations,
    GrantOperations,
    ImportOperations,
    RotationOperations,
    EncryptionOperations,
    SigningOperations,
    StoreOperations,
):
    """AWS Key Management Service.

    Operations are in `operations/`, thin; keys, grants and ciphertexts are in the plain classes beside them, key pairs
    in `keys/`. What is encrypted is so under material that grows from the Cloud's seed: it protects nothing.
    """
