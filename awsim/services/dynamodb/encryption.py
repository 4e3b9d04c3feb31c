"""Keys of KMS that tables are under: found and granted to DynamoDB in the name of whoever asks for them.

Source: DynamoDB Developer Guide, "How DynamoDB uses AWS KMS"; messages of AWS as public notes quote them. Where an
account has never used KMS, there is nothing that could know of a key, and it is taken as it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.service import Service
    from awsim.services.dynamodb.table import Table

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
    context = _context(table, service.account)
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


def unlock(service: Service, table: Table) -> None:
    """Have the key of a table's data at hand; raises what KMS says when DynamoDB may not have it.

    DynamoDB asks KMS only after it has not needed the key for a while: till then nothing shows that it was disabled.
    """
    now = service.clock.time()
    if not _asks(service, table, now):
        table.key_used = now
        return
    try:
        _ask(service, table)
    except AWSError as error:
        if table.locked_since is None:
            table.locked_since = now
        raise _refusal(service, error) from None
    table.key_used, table.locked_since = now, None


def locked_since(service: Service, table: Table) -> float | None:
    """Since when DynamoDB has known that it cannot have a table's key; None where it can, or does not know yet."""
    if table.encryption is not None and _asks(service, table, service.clock.time()):
        try:
            unlock(service, table)
        except AWSError:
            pass
    return table.locked_since


def _asks(service: Service, table: Table, now: float) -> bool:
    return table.locked_since is not None or now >= table.key_used + service.limits["table-key-cache"]


def _ask(service: Service, table: Table) -> None:
    assert table.encryption is not None
    arn: str = table.encryption["KMSMasterKeyArn"]
    if service.cloud.has_service("kms", arn.split(":")[4], service.region):
        service.call(
            "kms",
            "GenerateDataKeyWithoutPlaintext",
            as_=f"dynamodb.{service.region}.amazonaws.com",
            KeyId=arn,
            KeySpec="AES_256",
            EncryptionContext=_context(table.name, table.arn.split(":")[4]),
        )


def _context(table: str, account: str) -> dict[str, str]:
    return {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": account}


def _refusal(service: Service, error: AWSError) -> AWSError:
    code, said, kind = _REFUSALS.get(error.code, _OTHERWISE)
    message = (
        f"{said}: com.amazonaws.services.kms.model.{kind or error.code}: {error.message} (Service: AWSKMS; Status "
        f"Code: 400; Error Code: {error.code}; Request ID: {service.cloud.request_id()}; Proxy: null)"
    )
    return AWSError(code, message, status=500 if code == "InternalServerError" else 400)
