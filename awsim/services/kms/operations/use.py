"""What all cryptographic operations ask of a key: its state, its usage, its rate."""

from __future__ import annotations

from awsim.errors import AWSError
from awsim.services.kms import refusals
from awsim.services.kms.key import Key, Material
from awsim.services.kms.operations.common import Operations
from awsim.services.kms.specs import ENCRYPT_DECRYPT
from awsim.services.kms.store import KeyStore

# Regions whose rate of symmetric operations is larger. Source: KMS Developer Guide, request quotas.
_LARGE = ("us-east-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-central-1", "eu-west-2")
_LARGEST = ("us-east-1", "us-west-2", "eu-west-1")
_REGIONAL = {
    **dict.fromkeys(_LARGE, "symmetric-in-large-regions"),
    **dict.fromkeys(_LARGEST, "symmetric-in-largest-regions"),
}
_SYMMETRIC = "symmetric"


class Use(Operations):
    def usable(self, named: str, usage: str, operation: str) -> Key:
        """The key that a request names, if it can be used for the operation now."""
        key = self.existing(named)
        self.check_usable(key, usage, operation)
        return key

    def check_usable(self, key: Key, usage: str, operation: str, rate: str = "") -> None:
        self.admit(key)
        self.meter(rate or (_SYMMETRIC if key.spec.family == "hmac" else key.spec.family), key.store)
        state = key.state(self.clock.time())
        if state not in ("Enabled", "Updating"):
            raise refusals.bad_state(key.arn, state)
        if key.family.usage != usage:
            raise refusals.wrong_usage(key.arn, key.family.usage, operation)

    def wrapping(self, named: str, rate: str = "") -> Key:
        """The symmetric key that a data key is to be encrypted under."""
        key = self.existing(named)
        self.check_usable(key, ENCRYPT_DECRYPT, self.request.operation, rate)
        if not key.spec.symmetric:
            message = f"{key.arn} is not a symmetric encryption key, which {self.request.operation} needs."
            raise AWSError("InvalidKeyUsageException", message)
        return key

    def meter(self, rate: str, store: KeyStore | None) -> None:
        """Take from the buckets that a request counts against, where rates are enforced."""
        if self.limits.quiet:
            return
        value = self.limits[_REGIONAL[self.region]] if rate == _SYMMETRIC and self.region in _REGIONAL else None
        self.limits.rate(rate, now=self.now, value=value)
        if store is not None:
            self.limits.rate("key-store", store.id, now=self.now)

    def current_of(self, key: Key) -> Material:
        """The material that a key which can be used encrypts with."""
        material = key.family.current
        assert material is not None
        return material

    def note_use(self, key: Key) -> None:
        call = self.request
        key.last_use = (call.operation, self.clock.time(), call.request_id)

    def connected_store(self, id: str) -> KeyStore:
        store: KeyStore = self.stores[id]
        if store.state != "CONNECTED":
            message = f"The custom key store {id} is {store.state}; it must be CONNECTED."
            raise AWSError("CustomKeyStoreInvalidStateException", message)
        return store
