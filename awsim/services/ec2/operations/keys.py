"""Key pairs. Source: EC2 User Guide, "Amazon EC2 key pairs and EC2 instances"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import keys
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.keys import KeyPair
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.operations.images import ImageOperations
from awsim.services.ec2.refusals import bad_value, missing

_FILTERS = {"key-pair-id": "KeyPairId", "fingerprint": "KeyFingerprint", "key-name": "KeyName"}


class KeyOperations(ImageOperations):
    key_pairs = Kept(KeyPair)

    def create_key_pair(
        self,
        KeyName: str,
        KeyType: str | None = None,
        KeyFormat: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        self._check_key_name(KeyName)
        kind = KeyType or "rsa"
        if KeyFormat == "ppk":
            self.not_modelled("key pairs in the format ppk")
        tags = self.tags_for(TagSpecifications, "key-pair")["key-pair"]
        if kind == "rsa":
            made = keys.rsa(self.ids.next("rsa") + int(self.ids.hex("first", 4), 16), KeyName)
        else:
            made = keys.ed25519(self.ids.bytes("ed25519", 32), KeyName)
        pair = self._pair(KeyName, kind, made.fingerprint, made.public)
        self.tag(pair, tags)
        shown = {name: value for name, value in pair.described().items() if name not in ("KeyType", "CreateTime")}
        return {**shown, "KeyMaterial": made.material, "Tags": pair.tag_list()}

    def import_key_pair(
        self, KeyName: str, PublicKeyMaterial: bytes, TagSpecifications: TagSpecifications = ()
    ) -> dict[str, Any]:
        self._check_key_name(KeyName)
        data = PublicKeyMaterial.encode() if isinstance(PublicKeyMaterial, str) else PublicKeyMaterial
        line = data.decode("utf-8", "replace").strip()
        kind = keys.kind_of(line)
        if kind is None:
            raise AWSError("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
        tags = self.tags_for(TagSpecifications, "key-pair")["key-pair"]
        pair = self._pair(KeyName, kind, keys.fingerprint_of(line), line)
        self.tag(pair, tags)
        names = ("KeyPairId", "KeyName", "KeyFingerprint")
        shown = pair.described()
        return {**{name: shown[name] for name in names}, "Tags": pair.tag_list()}

    def describe_key_pairs(
        self,
        KeyNames: Sequence[str] = (),
        KeyPairIds: Sequence[str] = (),
        IncludePublicKey: bool | None = None,
        Filters: Filters = (),
    ) -> dict[str, Any]:
        chosen: Iterable[KeyPair] = self.key_pairs
        if KeyNames or KeyPairIds:
            chosen = [*(self.key_pair_named(name) for name in KeyNames), *self.key_pairs.of(KeyPairIds)]

        def shown(pair: KeyPair) -> dict[str, Any]:
            return {**pair.described(), "PublicKey": pair.public if IncludePublicKey else None}

        return {"KeyPairs": self.listing("KeyPairs", chosen, Filters, _FILTERS, shown=shown)["KeyPairs"]}

    def delete_key_pair(self, KeyName: str | None = None, KeyPairId: str | None = None) -> dict[str, Any]:
        """To delete one that is not there is no error."""
        if KeyName is None and KeyPairId is None:
            raise missing("KeyName or KeyPairId")
        pair = self.key_pairs.find(lambda pair: pair.name == KeyName or pair.id == KeyPairId)
        if pair is None:
            return {"Return": True}
        self.key_pairs.remove(pair.id)
        return {"Return": True, "KeyPairId": pair.id}

    # --- parts

    def _check_key_name(self, name: str) -> None:
        if not name or len(name) > self.limits["key-name-length"] or not name.isascii():
            raise bad_value(name, "keyName", "Character sets beyond ASCII are not supported." if name else "")
        if self.key_pairs.find(lambda pair: pair.name == name) is not None:
            raise AWSError("InvalidKeyPair.Duplicate", f"The keypair already exists: {name}")
        self.limits.quota("key-pairs", len(self.key_pairs))

    def _pair(self, name: str, kind: str, fingerprint: str, public: str) -> KeyPair:
        id_ = self.key_pairs.new_id()
        return self.key_pairs.add(KeyPair(id_, self.account, self.clock.time(), name, kind, fingerprint, public))

    def key_pair_named(self, name: str) -> KeyPair:
        pair = self.key_pairs.find(lambda pair: pair.name == name)
        if pair is None:
            raise AWSError(KeyPair.kind.code, KeyPair.kind.message.format(id=name))
        return pair
