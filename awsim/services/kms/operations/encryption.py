"""Encryption under keys: Encrypt, Decrypt, ReEncrypt, data keys, random bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.kms import ciphertext, refusals
from awsim.services.kms.ciphertext import OVERHEAD
from awsim.services.kms.key import Key, Material
from awsim.services.kms.operations.use import Use
from awsim.services.kms.specs import ENCRYPT_DECRYPT, OAEP, SPECS, SYMMETRIC

Context = Mapping[str, str]
_SIZES = {"AES_256": 32, "AES_128": 16}
_IGNORED = "IGNORE_CIPHERTEXT"


class EncryptionOperations(Use):
    def encrypt(
        self,
        KeyId: str,
        Plaintext: bytes,
        EncryptionContext: Context | None = None,
        GrantTokens: Sequence[str] = (),
        EncryptionAlgorithm: str | None = None,
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        algorithm = EncryptionAlgorithm or SYMMETRIC
        key = self.usable(KeyId, ENCRYPT_DECRYPT, "Encrypt")
        self._check_algorithm(key, algorithm, EncryptionContext)
        if not key.spec.symmetric:
            self._check_room(key, algorithm, len(Plaintext))
        self.dry_run(DryRun)
        blob = self._sealed(key, Plaintext, algorithm, EncryptionContext)
        self.note_use(key)
        return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}

    def decrypt(
        self,
        CiphertextBlob: bytes | None = None,
        EncryptionContext: Context | None = None,
        GrantTokens: Sequence[str] = (),
        KeyId: str | None = None,
        EncryptionAlgorithm: str | None = None,
        DryRun: bool | None = None,
        DryRunModifiers: Sequence[str] = (),
    ) -> dict[str, Any]:
        algorithm = EncryptionAlgorithm or SYMMETRIC
        if self._only_rehearsed(CiphertextBlob, KeyId, DryRun, DryRunModifiers):
            key = self.usable(KeyId or "", ENCRYPT_DECRYPT, "Decrypt")
            self._check_algorithm(key, algorithm, EncryptionContext)
            raise self.error("DryRunOperationException")
        assert CiphertextBlob is not None
        key, content, material = self._opened(CiphertextBlob, KeyId, algorithm, EncryptionContext, "Decrypt")
        self.dry_run(DryRun)
        self.note_use(key)
        answer: dict[str, Any] = {"KeyId": key.arn, "Plaintext": content, "EncryptionAlgorithm": algorithm}
        if key.spec.symmetric:
            answer["KeyMaterialId"] = material.id
        return answer

    def re_encrypt(
        self,
        DestinationKeyId: str,
        CiphertextBlob: bytes | None = None,
        SourceEncryptionContext: Context | None = None,
        SourceKeyId: str | None = None,
        DestinationEncryptionContext: Context | None = None,
        SourceEncryptionAlgorithm: str | None = None,
        DestinationEncryptionAlgorithm: str | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
        DryRunModifiers: Sequence[str] = (),
    ) -> dict[str, Any]:
        source_algorithm = SourceEncryptionAlgorithm or SYMMETRIC
        algorithm = DestinationEncryptionAlgorithm or SYMMETRIC
        if self._only_rehearsed(CiphertextBlob, SourceKeyId, DryRun, DryRunModifiers):
            source = self.usable(SourceKeyId or "", ENCRYPT_DECRYPT, "ReEncrypt")
            self._check_algorithm(source, source_algorithm, SourceEncryptionContext)
            content = b""
            material: Material | None = None
        else:
            assert CiphertextBlob is not None
            source, content, material = self._opened(
                CiphertextBlob, SourceKeyId, source_algorithm, SourceEncryptionContext, "ReEncrypt"
            )
        key = self.usable(DestinationKeyId, ENCRYPT_DECRYPT, "ReEncrypt")
        self._check_algorithm(key, algorithm, DestinationEncryptionContext)
        if not key.spec.symmetric:
            self._check_room(key, algorithm, len(content))
        self.dry_run(DryRun)
        answer: dict[str, Any] = {
            "CiphertextBlob": self._sealed(key, content, algorithm, DestinationEncryptionContext),
            "SourceKeyId": source.arn,
            "KeyId": key.arn,
            "SourceEncryptionAlgorithm": source_algorithm,
            "DestinationEncryptionAlgorithm": algorithm,
        }
        if source.spec.symmetric and material is not None:
            answer["SourceKeyMaterialId"] = material.id
        if key.spec.symmetric:
            answer["DestinationKeyMaterialId"] = self.current_of(key).id
        for used in (source, key):
            self.note_use(used)
        return answer

    # --- data keys

    def generate_data_key(
        self,
        KeyId: str,
        EncryptionContext: Context | None = None,
        NumberOfBytes: int | None = None,
        KeySpec: str | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        return self._data_key(KeyId, EncryptionContext, NumberOfBytes, KeySpec, DryRun)

    def generate_data_key_without_plaintext(
        self,
        KeyId: str,
        EncryptionContext: Context | None = None,
        KeySpec: str | None = None,
        NumberOfBytes: int | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        answer = self._data_key(KeyId, EncryptionContext, NumberOfBytes, KeySpec, DryRun)
        del answer["Plaintext"]
        return answer

    def _data_key(
        self, named: str, context: Context | None, count: int | None, spec: str | None, rehearsed: bool | None
    ) -> dict[str, Any]:
        key = self.wrapping(named)
        if (count is None) == (spec is None):
            raise refusals.invalid("Please specify either number of bytes or key spec.")
        self.dry_run(rehearsed)
        content = self.ids.bytes("data-key", count or _SIZES[spec or ""])
        blob = self._sealed(key, content, SYMMETRIC, context)
        self.note_use(key)
        return {
            "CiphertextBlob": blob,
            "Plaintext": content,
            "KeyId": key.arn,
            "KeyMaterialId": self.current_of(key).id,
        }

    def generate_data_key_pair(
        self,
        KeyId: str,
        KeyPairSpec: str,
        EncryptionContext: Context | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        return self._data_key_pair(KeyId, KeyPairSpec, EncryptionContext, DryRun)

    def generate_data_key_pair_without_plaintext(
        self,
        KeyId: str,
        KeyPairSpec: str,
        EncryptionContext: Context | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool | None = None,
    ) -> dict[str, Any]:
        answer = self._data_key_pair(KeyId, KeyPairSpec, EncryptionContext, DryRun)
        del answer["PrivateKeyPlaintext"]
        return answer

    def _data_key_pair(self, named: str, spec: str, context: Context | None, rehearsed: bool | None) -> dict[str, Any]:
        if spec == "SM2" or spec not in SPECS:
            self.not_modelled(f"key pairs of spec {spec}")
        key = self.wrapping(named, rate="pair-" + spec.lower().replace("_", "-"))
        if key.store is not None:
            raise refusals.unsupported("Key pairs cannot be generated under keys in a custom key store.")
        self.dry_run(rehearsed)
        pair = self.new_pair(spec)
        private = pair.private()
        blob = self._sealed(key, private, SYMMETRIC, context)
        self.note_use(key)
        return {
            "PrivateKeyCiphertextBlob": blob,
            "PrivateKeyPlaintext": private,
            "PublicKey": pair.public(),
            "KeyId": key.arn,
            "KeyPairSpec": spec,
            "KeyMaterialId": self.current_of(key).id,
        }

    def generate_random(self, NumberOfBytes: int | None = None, CustomKeyStoreId: str | None = None) -> dict[str, Any]:
        if NumberOfBytes is None:
            raise refusals.invalid("NumberOfBytes is required.")
        store = None if CustomKeyStoreId is None else self.connected_store(CustomKeyStoreId)
        self.meter("symmetric", store)
        return {"Plaintext": self.ids.bytes("random", NumberOfBytes)}

    # --- how

    def _only_rehearsed(
        self, blob: bytes | None, named: str | None, rehearsed: bool | None, modifiers: Sequence[str]
    ) -> bool:
        """Whether a dry run asks for permissions alone, with no ciphertext at hand."""
        if _IGNORED in modifiers and not rehearsed:
            raise refusals.invalid("DryRunModifiers can be specified only with DryRun.")
        if blob is None and _IGNORED not in modifiers:
            raise refusals.invalid("CiphertextBlob is required.")
        if _IGNORED in modifiers and named is None:
            raise refusals.invalid("A key must be named where the ciphertext is ignored.")
        return _IGNORED in modifiers

    @staticmethod
    def _check_algorithm(key: Key, algorithm: str, context: Context | None) -> None:
        if algorithm not in key.spec.encryption:
            raise refusals.wrong_algorithm(algorithm, key.spec.name)
        if context and not key.spec.symmetric:
            raise refusals.invalid("EncryptionContext is supported only for symmetric encryption KMS keys.")

    def _check_room(self, key: Key, algorithm: str, size: int) -> None:
        room = self.current_of(key).secret.capacity(OAEP[algorithm])
        if size > room:
            raise refusals.invalid(
                f"Algorithm {algorithm} and key spec {key.spec.name} cannot encrypt data larger than {room} bytes."
            )

    def _sealed(self, key: Key, content: bytes, algorithm: str, context: Context | None) -> bytes:
        material = self.current_of(key)
        if not key.spec.symmetric:
            hash_ = OAEP[algorithm]
            seed = self.ids.bytes("seed", 20 if hash_ == "sha1" else 32)
            sealed: bytes = material.secret.encrypt(content, hash_, seed)
            return sealed
        return ciphertext.seal(
            content,
            material.secret,
            account=key.account,
            region=key.region,
            key=key.id,
            material=material.id,
            context=context,
            nonce=lambda size: self.ids.bytes("nonce", size),
        )

    def _opened(
        self, blob: bytes, named: str | None, algorithm: str, context: Context | None, operation: str
    ) -> tuple[Key, bytes, Material]:
        """The key of a ciphertext, what is in it, and the material that it was made with."""
        if algorithm != SYMMETRIC:
            return self._opened_by_pair(blob, named, algorithm, context, operation)
        key = self.existing(named) if named is not None else None
        if key is not None and not key.spec.symmetric:
            key = self.usable(named or "", ENCRYPT_DECRYPT, operation)
            raise refusals.wrong_algorithm(algorithm, key.spec.name)
        try:
            read = ciphertext.unpack(blob)
        except ValueError:
            raise refusals.unreadable() from None
        if key is None:
            key = self.key_behind(read)
            if key is None:
                raise self._without_key(read)
        elif (key.account, key.id) != (read.account, read.key):
            raise refusals.other_key()
        self.check_usable(key, ENCRYPT_DECRYPT, operation)
        material = key.family.material(read.material)
        if material is None or len(blob) <= OVERHEAD:
            raise refusals.unreadable()
        if not key.has(material, self.clock.time()):
            raise refusals.bad_state(key.arn, "PendingImport")
        try:
            return key, read.open(material.secret, context), material
        except ValueError:
            raise refusals.unreadable() from None

    def _without_key(self, read: ciphertext.Blob) -> AWSError:
        """Of another Region, a ciphertext means nothing here; of a key that is gone, KMS tells nobody so."""
        if not read.made_in(self.region):
            return refusals.unreadable()
        return refusals.hidden(
            self.caller.arn, f"kms:{'Decrypt' if self.request.operation != 'ReEncrypt' else 'ReEncryptFrom'}"
        )

    def _opened_by_pair(
        self, blob: bytes, named: str | None, algorithm: str, context: Context | None, operation: str
    ) -> tuple[Key, bytes, Material]:
        if named is None:
            raise refusals.invalid("A KeyId is required to decrypt under an asymmetric KMS key.")
        key = self.usable(named, ENCRYPT_DECRYPT, operation)
        self._check_algorithm(key, algorithm, context)
        material = self.current_of(key)
        try:
            return key, material.secret.decrypt(blob, OAEP[algorithm]), material
        except ValueError:
            raise refusals.unreadable() from None
