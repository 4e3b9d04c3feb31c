"""Keys of KMS that tables are under: found and granted to DynamoDB in the name of whoever asks for them.

Source: DynamoDB Developer Guide, "How DynamoDB uses AWS KMS"; messages of AWS as public notes quote them. Where an
account has never used KMS, there is nothing that could know of a key, and it is taken as it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.service import Service

_MANAGED = "alias/aws/dynamodb"
_OPERATIONS = (
    "Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
    "RetireGrant", "DescribeKey",
)  # fmt: skip
# What KMS says -> (code, what DynamoDB says before it, KMS's class of the error where it is not named so).
_REFUSALS = {
    "DisabledException": ("ValidationException", "KMS key disabled error", ""),
    "AccessDeniedException": ("AccessDeniedException", "KMS key access denied error", "AWSKMSException"),
    "ValidationException": ("InternalServerError", "KMS internal error", "AWSKMSException"),
}
_OTHERWISE = ("ValidationException", "KMS validation error", "")


def key_for(service: Service, table: str, named: str | None) -> str:
    """The ARN of a table's key, named by id, ARN or alias; None is the account's own key for DynamoDB."""
    prefix = f"arn:{service.partition}:kms:{service.region}:{service.account}:"
    name = named or _MANAGED
    if not name.startswith("arn:"):
        name = prefix + (name if name.startswith("alias/") else f"key/{name}")
    account = name.split(":")[4]
    if named is not None and not service.cloud.has_service("kms", account, service.region):
        return name
    context = {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": service.account}
    principal = f"dynamodb.{service.region}.amazonaws.com"
    try:
        found = service.call("kms", "DescribeKey", as_=service.caller, KeyId=name)
        arn: str = found["KeyMetadata"]["Arn"]
        service.call(
            "kms",
            "CreateGrant",
            as_=service.caller,
            KeyId=arn,
            GranteeServicePrincipal=principal,
            RetiringServicePrincipal=principal,
            Operations=list(_OPERATIONS),
            Constraints={"EncryptionContextSubset": context},
        )
    except AWSError as error:
        raise _refusal(service, error) from None
    return arn


def _refusal(service: Service, error: AWSError) -> AWSError:
    code, said, kind = _REFUSALS.get(error.code, _OTHERWISE)
    message = (
        f"{said}: com.amazonaws.services.kms.model.{kind or error.code}: {error.message} (Service: AWSKMS; Status "
        f"Code: 400; Error Code: {error.code}; Request ID: {service.cloud.request_id()}; Proxy: null)"
    )
    return AWSError(code, message, status=500 if code == "InternalServerError" else 400)
