"""Data keys of log groups: made by KMS for CloudWatch Logs itself, and asked for again where events are read.

Source: CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service": the key's
policy has to let in `logs.<region>.amazonaws.com`, which gives the group's ARN as the encryption context
`aws:logs:arn`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from awsim.errors import AWSError
from awsim.services.logs.base import Base
from awsim.services.logs.group import Event, LogGroup
from awsim.services.logs.names import is_key
from awsim.services.logs.refusals import denied, invalid


class DataKeys(Base):
    """Groups under KMS keys."""

    def check_key(self, key: str, arn: str, name: str) -> None:
        """Refuse a key that CloudWatch Logs cannot use for a resource."""
        if not is_key(key):
            raise invalid(f"The specified KMS Key Id could not be found. '{name}'")
        self._generate(key, arn, name)

    def _generate(self, key: str, arn: str, name: str) -> bytes:
        try:
            answer = self._kms("GenerateDataKey", arn, key, KeyId=key, KeySpec="AES_256")
        except AWSError as error:
            if error.code.startswith("AccessDenied"):
                raise denied(
                    f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
                ) from None
            raise invalid(f"The specified KMS Key Id could not be found. '{name}'") from None
        blob: bytes = answer["CiphertextBlob"]
        return blob

    def _kms(self, operation: str, arn: str, key: str, **parameters: Any) -> dict[str, Any]:
        _, _, _, region, account, _ = key.split(":", 5)
        return self.call(
            "kms",
            operation,
            as_=self.principal,
            region_=region,
            account_=account,
            source_arn_=arn,
            EncryptionContext={"aws:logs:arn": arn},
            **parameters,
        )

    def sealing(self, group: LogGroup) -> tuple[str, bytes] | None:
        """The key, and the data key under it, that what comes in now is sealed with."""
        if group.key is None:
            return None
        held = group.data_key
        now = self.clock.time()
        if held is None or held[0] != group.key or now >= held[2]:
            blob = self._generate(group.key, group.arn, group.name)
            held = group.data_key = (group.key, blob, now + (self.limits["data-key-life"] or 0))
        return held[:2]

    def unseal(self, group: LogGroup, events: Iterable[Event]) -> None:
        """Have the data keys of events that are to be read."""
        for key, blob in {event.key for event in events if event.key is not None}:
            try:
                self._kms("Decrypt", group.arn, key, CiphertextBlob=blob)
            except AWSError:
                raise denied(
                    f"The specified KMS key does not exist or is not allowed to be used with Arn '{group.arn}'"
                ) from None
