"""KMS's condition keys that no parameter gives as it is.

Source: Service Authorization Reference and KMS Developer Guide, "AWS KMS condition keys". Keys come in lower case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from awsim.services.kms.key import Key

if TYPE_CHECKING:
    from awsim.services.kms.operations.common import Operations

_CONTEXT = "kms:encryptioncontext:"


def value(service: Operations, name: str, key: Key | None) -> Any:
    """What a condition key is in the call in progress, for one key; None: absent."""
    if name.startswith(_CONTEXT):
        wanted = name[len(_CONTEXT) :]
        context = _context(service, key)
        return next((each for known, each in context.items() if known.lower() == wanted), None)
    find = _OF_CALLS.get(name)
    if find is not None:
        return find(service)
    if service.request.operation == "CreateKey":
        return _of_new_key(service, name)
    if name == "kms:encryptioncontextkeys":
        return tuple(_context(service, key)) or None
    if key is None:
        return None
    of_key = _OF_KEYS.get(name)
    if of_key is not None:
        return of_key(key)
    if name == "kms:resourcealiases":
        return tuple(key.aliases) or None
    return None


def _context(service: Operations, key: Key | None) -> dict[str, str]:
    """The encryption context that goes with a key of the request."""
    call = service.request
    if call.operation == "CreateGrant":
        constraints = call.params.get("Constraints") or {}
        return dict(constraints.get("EncryptionContextEquals") or constraints.get("EncryptionContextSubset") or {})
    action = "" if call.operation != "ReEncrypt" or key is None else service._action_on(key)
    return dict(service.context_of(action) or {})


def _of_new_key(service: Operations, name: str) -> Any:
    """What CreateKey asks for, or gets unless it asks for something else."""
    params = service.request.params
    if name in ("kms:keyspec", "kms:customermasterkeyspec"):
        return params.get("KeySpec") or params.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    return _DEFAULTS.get(name)


def _via(service: Operations) -> str | None:
    """The service that calls on somebody's behalf."""
    outer = service.request.outer
    if outer is None or outer.service == "kms":
        return None
    return f"{outer.service}.{service.region}.amazonaws.com"


def _caller(service: Operations) -> str:
    return service.request.caller.account


def _by_service(service: Operations) -> bool:
    return _via(service) is not None


def _request_alias(service: Operations) -> str | None:
    named = service.request.params.get("KeyId") or ""
    return named.split(":", 5)[5] if named.startswith("arn:") and ":alias/" in named else None


def _algorithm(service: Operations) -> str | None:
    params = service.request.params
    symmetric = "KeyId" in params or "CiphertextBlob" in params
    return "SYMMETRIC_DEFAULT" if symmetric and service.request.operation in _ENCRYPTING else None


def _same_key(service: Operations) -> bool | None:
    params = service.request.params
    if service.request.operation != "ReEncrypt":
        return None
    source = (
        service.find(params["SourceKeyId"]) if "SourceKeyId" in params else service.key_of(params["CiphertextBlob"])
    )
    return source is not None and source is service.find(params["DestinationKeyId"])


_DEFAULTS = {
    "kms:keyusage": "ENCRYPT_DECRYPT",
    "kms:customermasterkeyusage": "ENCRYPT_DECRYPT",
    "kms:keyorigin": "AWS_KMS",
    "kms:multiregion": False,
}
_ENCRYPTING = ("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
_OF_CALLS: dict[str, Callable[[Operations], Any]] = {
    "kms:viaservice": _via,
    "kms:calleraccount": _caller,
    "kms:grantisforawsresource": _by_service,
    "kms:requestalias": _request_alias,
    "kms:encryptionalgorithm": _algorithm,
    "kms:reencryptonsamekey": _same_key,
}
_OF_KEYS: dict[str, Callable[[Key], Any]] = {
    "kms:keyspec": lambda key: key.spec.name,
    "kms:customermasterkeyspec": lambda key: key.spec.name,
    "kms:keyusage": lambda key: key.family.usage,
    "kms:customermasterkeyusage": lambda key: key.family.usage,
    "kms:keyorigin": lambda key: key.family.origin,
    "kms:multiregion": lambda key: key.family.multi_region,
    "kms:multiregionkeytype": lambda key: key.kind if key.family.multi_region else None,
}
