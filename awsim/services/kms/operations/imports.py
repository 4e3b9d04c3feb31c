"""Imported key material."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from awsim.asymmetric.rsa import RSAKey
from awsim.errors import AWSError
from awsim.services.kms import pairs, refusals
from awsim.services.kms.key import CURRENT, PENDING_ROTATION, Imported, ImportParameters, Key, Material, moment
from awsim.services.kms.operations.common import Operations
from awsim.services.kms.specs import OAEP

_DAY = 86_400
_NEW, _EXISTING = "NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"
_EXPIRES, _FOREVER = "KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"
_WRAPPED = {"RSA_AES_KEY_WRAP_SHA_1": "sha1", "RSA_AES_KEY_WRAP_SHA_256": "sha256"}
_IMPORTING = ("PendingImport", "Enabled", "Disabled")


class ImportOperations(Operations):
    def get_parameters_for_import(self, KeyId: str, WrappingAlgorithm: str, WrappingKeySpec: str) -> dict[str, Any]:
        key = self._external(KeyId)
        self.permit(key, *_IMPORTING)
        if "SM2" in WrappingKeySpec or "SM2" in WrappingAlgorithm:
            self.not_modelled("wrapping keys of spec SM2")
        if WrappingAlgorithm == "RSAES_PKCS1_V1_5" and key.spec.paired:
            raise refusals.invalid(f"Wrapping algorithm {WrappingAlgorithm} is not valid for {key.spec.name}.")
        bits = int(WrappingKeySpec.removeprefix("RSA_"))
        number = self.ids.next("wrapping-key")
        expires = self.now + self.limits["import-parameters"]
        token = self.ids.bytes("import-token", 512)
        key.parameters[token] = ImportParameters(bits, number, WrappingAlgorithm, expires)
        return {
            "KeyId": key.arn,
            "ImportToken": token,
            "PublicKey": RSAKey.nth(bits, number).public(),
            "ParametersValidTo": moment(expires),
        }

    def import_key_material(
        self,
        KeyId: str,
        ImportToken: bytes,
        EncryptedKeyMaterial: bytes,
        ValidTo: datetime | None = None,
        ExpirationModel: str | None = None,
        ImportType: str | None = None,
        KeyMaterialDescription: str | None = None,
        KeyMaterialId: str | None = None,
    ) -> dict[str, Any]:
        key = self._external(KeyId)
        self.permit(key, *_IMPORTING)
        expires = self._expiry(ExpirationModel, ValidTo)
        parameters: ImportParameters | None = key.parameters.get(ImportToken)
        if parameters is None:
            raise AWSError("InvalidImportTokenException", "The import token is not valid for this KMS key.")
        if parameters.expires <= self.now:
            raise AWSError("ExpiredImportTokenException", "The import token has expired.")
        secret = self._read(key, self._unwrapped(parameters, EncryptedKeyMaterial))
        material = self._material(key, secret, ImportType or _EXISTING, KeyMaterialId)
        if KeyMaterialDescription is not None:
            material.description = KeyMaterialDescription
        key.imports[material.id] = Imported(expires)
        answer: dict[str, Any] = {"KeyId": key.arn}
        if key.spec.symmetric:
            answer["KeyMaterialId"] = material.id
        return answer

    def delete_imported_key_material(self, KeyId: str, KeyMaterialId: str | None = None) -> dict[str, Any]:
        key = self._external(KeyId)
        self.permit(key, *_IMPORTING, "PendingDeletion", "PendingReplicaDeletion")
        family = key.family
        material = family.current if KeyMaterialId is None else family.material(KeyMaterialId)
        if material is None:
            if KeyMaterialId is None:
                return {"KeyId": key.arn}
            raise refusals.not_found(f"Key material {KeyMaterialId} does not exist")
        key.imports.pop(material.id, None)
        if material is family.waiting and not any(material.id in member.imports for member in family.members.values()):
            family.materials.remove(material)
        return {"KeyId": key.arn, **({"KeyMaterialId": material.id} if key.spec.symmetric else {})}

    def _external(self, named: str) -> Key:
        key = self.key_named(named)
        if not key.family.external:
            raise refusals.unsupported(
                f"{key.arn} origin is {key.family.origin} which is not valid for this operation."
            )
        return key

    def _expiry(self, model: str | None, until: datetime | None) -> float | None:
        """When material is to expire, in epoch seconds."""
        if model == _FOREVER:
            if until is not None:
                raise refusals.invalid(f"ValidTo cannot be specified when ExpirationModel is {_FOREVER}.")
            return None
        if until is None:
            raise refusals.invalid(f"A ValidTo date must be set if the ExpirationModel is {_EXPIRES}.")
        expires = until.timestamp()
        if expires <= self.now:
            raise refusals.invalid("The ValidTo date must be in the future.")
        self.limits.check("import-expiry", (expires - self.now) / _DAY)
        return expires

    def _unwrapped(self, parameters: ImportParameters, data: bytes) -> bytes:
        key, algorithm = RSAKey.nth(parameters.bits, parameters.number), parameters.algorithm
        try:
            if algorithm in OAEP:
                return key.decrypt(data, OAEP[algorithm])
            if algorithm in _WRAPPED:
                return _unwrapped(key.decrypt(data[: key.size], _WRAPPED[algorithm]), data[key.size :])
            return key.decrypt_plain(data)
        except ValueError:
            raise AWSError("InvalidCiphertextException") from None

    @staticmethod
    def _read(key: Key, data: bytes) -> Any:
        """Material of the kind that a key needs."""
        if not key.spec.paired:
            if len(data) != key.spec.size:
                raise AWSError(
                    "IncorrectKeyMaterialException",
                    f"The key material must be {key.spec.size} bytes long for key spec {key.spec.name}.",
                )
            return data
        try:
            return pairs.read(key.spec.name, data)
        except ValueError:
            message = f"The key material is not valid for key spec {key.spec.name}."
            raise AWSError("IncorrectKeyMaterialException", message) from None

    def _material(self, key: Key, secret: Any, kind: str, id: str | None) -> Material:
        """The material that an import is about: one that the key has had, or a new one."""
        family = key.family
        content = secret if isinstance(secret, bytes) else secret.public()
        mine = family.material_id(content)
        if id is not None and id != mine:
            raise AWSError("IncorrectKeyMaterialException", f"The key material is not that of {id}.")
        known = family.material(mine)
        if known is not None:
            return known
        if not len(family.materials):
            material = Material(mine, secret, CURRENT)
        elif kind == _NEW and key.spec.symmetric and not key.is_replica and family.waiting is None:
            material = Material(mine, secret, PENDING_ROTATION)
        else:
            message = "The key material in the request is not identical to the key material previously imported."
            raise AWSError("IncorrectKeyMaterialException", message)
        family.materials.append(material)
        return material


def _unwrapped(key: bytes, data: bytes) -> bytes:
    """AES key wrap with padding (RFC 5649)."""
    try:
        from cryptography.hazmat.primitives import keywrap
    except ImportError:
        raise pairs.needs_extra("key material wrapped with AES") from None
    try:
        return keywrap.aes_key_unwrap_with_padding(key, data)
    except keywrap.InvalidUnwrap:
        raise ValueError("not wrapped with this key") from None
