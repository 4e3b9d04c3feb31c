"""Keys of KMS that delivery streams are under: granted to Firehose in the name of whoever asks for them.

Source: Firehose API Reference, StartDeliveryStreamEncryption. Where an account has never used KMS, there is nothing
that could know of a key, and it is taken as it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.service import Service

_OPERATIONS = ("Encrypt", "Decrypt", "GenerateDataKey")


def have_granted(service: Service, key: str, stream: str) -> None:
    """Have KMS let Firehose use a key for the stream of an ARN; raises InvalidKMSResourceException."""
    if not service.cloud.has_service("kms", key.split(":")[4], service.region):
        return
    try:
        service.call(
            "kms",
            "CreateGrant",
            as_=service.caller,
            KeyId=key,
            GranteeServicePrincipal="firehose.amazonaws.com",
            Operations=list(_OPERATIONS),
            Constraints={"EncryptionContextSubset": {"aws:kinesis:firehose:arn": stream}},
        )
    except AWSError as error:
        raise AWSError("InvalidKMSResourceException", error.message, fields={"code": error.code}) from None
