"""Data keys of a queue or stream under a KMS key: asked of KMS in the name of whoever writes or reads, and reused.

Where an account has never used KMS, there is nothing that could know of a key, and none is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.state import Dict, Entity

if TYPE_CHECKING:
    from awsim.service import Service


class Seal(Entity):
    """Which callers hold a data key of one resource, until when (epoch seconds)."""

    __slots__ = ("_blob", "_held")

    def __init__(self) -> None:
        self._held = Dict()  # (operation, caller's ARN, key) -> until when
        self._blob: bytes | None = None  # the data key in use, as KMS sealed it

    def to_write(self, service: Service, key: str, context: Mapping[str, str], lifetime: float) -> None:
        """Have a data key to write with; raises what KMS refuses."""
        answer = self._ask(
            service, "GenerateDataKey", key, lifetime, {"KeySpec": "AES_256", "EncryptionContext": context}
        )
        if answer is not None:
            self._blob = answer["CiphertextBlob"]

    def to_read(self, service: Service, key: str, context: Mapping[str, str], lifetime: float) -> None:
        """Have the data key that was written with; raises what KMS refuses."""
        if self._blob is not None:
            self._ask(service, "Decrypt", key, lifetime, {"CiphertextBlob": self._blob, "EncryptionContext": context})

    def _ask(
        self, service: Service, operation: str, key: str, lifetime: float, parameters: dict[str, Any]
    ) -> dict[str, Any] | None:
        account, region = (key.split(":")[4], key.split(":")[3]) if key.startswith("arn:") else (None, None)
        account, region = account or service.account, region or service.region
        if not service.cloud.has_service("kms", account, region):
            return None
        caller, now = service.caller, service.clock.time()
        held = (operation, caller.arn, key)
        if now < self._held.get(held, 0.0):
            return None
        answer = service.call("kms", operation, as_=caller, region_=region, account_=account, KeyId=key, **parameters)
        self._held[held] = now + lifetime
        return answer


def unusable(service: Service, key: str) -> str | None:
    """Why the caller cannot have something encrypted under a key; None where it can, or where nobody has used KMS."""
    account, region = (key.split(":")[4], key.split(":")[3]) if key.startswith("arn:") else (None, None)
    if not service.cloud.has_service("kms", account or service.account, region or service.region):
        return None
    try:
        found = service.call("kms", "DescribeKey", as_=service.caller, KeyId=key)["KeyMetadata"]
    except AWSError as error:
        return error.message
    return None if found["Enabled"] else f"{found['Arn']} is disabled."
