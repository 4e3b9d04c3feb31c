"""Custom key stores: a CloudHSM cluster or an external key manager behind KMS. awsim plays both itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.state import Entity, Lifecycle

HSM, EXTERNAL = "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"


class KeyStore(Entity):
    """`proxy` is of an external key store: XksProxyConfiguration as requests give it, without the secret."""

    __slots__ = ("certificate", "cluster", "created", "id", "lifecycle", "name", "proxy", "type")

    def __init__(self, id: str, name: str, type: str, created: float, lifecycle: Lifecycle) -> None:
        self.id = id
        self.name = name
        self.type = type
        self.created = created
        self.lifecycle = lifecycle
        self.cluster: str | None = None
        self.certificate: str | None = None
        self.proxy: Mapping[str, Any] = {}

    @property
    def state(self) -> str:
        return self.lifecycle.state

    @property
    def origin(self) -> str:
        """What keys in it have as their origin."""
        return "AWS_CLOUDHSM" if self.type == HSM else "EXTERNAL_KEY_STORE"

    def described(self) -> dict[str, Any]:
        return {
            "CustomKeyStoreId": self.id,
            "CustomKeyStoreName": self.name,
            "CloudHsmClusterId": self.cluster,
            "TrustAnchorCertificate": self.certificate,
            "ConnectionState": self.state,
            "CreationDate": datetime.fromtimestamp(self.created, UTC),
            "CustomKeyStoreType": self.type,
            "XksProxyConfiguration": dict(self.proxy) or None,
        }
