"""Custom key stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.kms import refusals
from awsim.services.kms.operations.common import Operations
from awsim.services.kms.store import EXTERNAL, HSM, KeyStore
from awsim.state import Lifecycle

_VPC = "VPC_ENDPOINT_SERVICE"


class StoreOperations(Operations):
    def create_custom_key_store(
        self,
        CustomKeyStoreName: str,
        CloudHsmClusterId: str | None = None,
        TrustAnchorCertificate: str | None = None,
        KeyStorePassword: str | None = None,
        CustomKeyStoreType: str | None = None,
        XksProxyUriEndpoint: str | None = None,
        XksProxyUriPath: str | None = None,
        XksProxyVpcEndpointServiceName: str | None = None,
        XksProxyVpcEndpointServiceOwner: str | None = None,
        XksProxyAuthenticationCredential: Mapping[str, str] | None = None,
        XksProxyConnectivity: str | None = None,
    ) -> dict[str, Any]:
        kind = CustomKeyStoreType or HSM
        self._check_store_name(CustomKeyStoreName)
        proxy: Mapping[str, Any] = {}
        if kind == HSM:
            if not (CloudHsmClusterId and TrustAnchorCertificate and KeyStorePassword):
                raise refusals.invalid(
                    "CloudHsmClusterId, KeyStorePassword and TrustAnchorCertificate are required for a key store of "
                    f"type {HSM}."
                )
            self._check_cluster(CloudHsmClusterId)
        else:
            proxy = self._proxy(
                {
                    "Connectivity": XksProxyConnectivity,
                    "AccessKeyId": (XksProxyAuthenticationCredential or {}).get("AccessKeyId"),
                    "UriEndpoint": XksProxyUriEndpoint,
                    "UriPath": XksProxyUriPath,
                    "VpcEndpointServiceName": XksProxyVpcEndpointServiceName,
                    "VpcEndpointServiceOwner": XksProxyVpcEndpointServiceOwner,
                }
            )
        store = KeyStore(
            f"cks-{self.ids.hex('key-store', 17)}",
            CustomKeyStoreName,
            kind,
            self.now,
            Lifecycle.settled(self, "DISCONNECTED"),
        )
        store.cluster, store.certificate, store.proxy = CloudHsmClusterId, TrustAnchorCertificate, proxy
        self.stores.add(store)
        return {"CustomKeyStoreId": store.id}

    def describe_custom_key_stores(
        self,
        CustomKeyStoreId: str | None = None,
        CustomKeyStoreName: str | None = None,
        Limit: int | None = None,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        found = [
            store
            for store in self.stores
            if CustomKeyStoreId in (None, store.id) and CustomKeyStoreName in (None, store.name)
        ]
        asked = CustomKeyStoreId or CustomKeyStoreName
        if asked is not None and not found:
            raise AWSError("CustomKeyStoreNotFoundException", f"Custom key store {asked} does not exist.")
        order: Callable[[KeyStore], str] = lambda store: store.id  # noqa: E731
        return self.page("CustomKeyStores", found, order, KeyStore.described, Limit, Marker)

    def update_custom_key_store(
        self,
        CustomKeyStoreId: str,
        NewCustomKeyStoreName: str | None = None,
        KeyStorePassword: str | None = None,
        CloudHsmClusterId: str | None = None,
        XksProxyUriEndpoint: str | None = None,
        XksProxyUriPath: str | None = None,
        XksProxyVpcEndpointServiceName: str | None = None,
        XksProxyVpcEndpointServiceOwner: str | None = None,
        XksProxyAuthenticationCredential: Mapping[str, str] | None = None,
        XksProxyConnectivity: str | None = None,
    ) -> None:
        store: KeyStore = self.stores[CustomKeyStoreId]
        changes = {
            "Connectivity": XksProxyConnectivity,
            "AccessKeyId": (XksProxyAuthenticationCredential or {}).get("AccessKeyId"),
            "UriEndpoint": XksProxyUriEndpoint,
            "UriPath": XksProxyUriPath,
            "VpcEndpointServiceName": XksProxyVpcEndpointServiceName,
            "VpcEndpointServiceOwner": XksProxyVpcEndpointServiceOwner,
        }
        proxy = {name: value for name, value in changes.items() if value is not None}
        if proxy and store.type == HSM:
            raise refusals.unsupported(f"A key store of type {HSM} has no external key store proxy.")
        if (KeyStorePassword or CloudHsmClusterId) and store.type == EXTERNAL:
            raise refusals.unsupported(f"A key store of type {EXTERNAL} has no CloudHSM cluster.")
        if store.type == HSM:
            self._must_be(store, "DISCONNECTED", "FAILED")
        if NewCustomKeyStoreName is not None and NewCustomKeyStoreName != store.name:
            self._check_store_name(NewCustomKeyStoreName)
        if CloudHsmClusterId is not None and CloudHsmClusterId != store.cluster:
            self._check_cluster(CloudHsmClusterId)
        if proxy:
            store.proxy = self._proxy({**store.proxy, **proxy}, but=store)
        store.name = NewCustomKeyStoreName or store.name
        store.cluster = CloudHsmClusterId or store.cluster

    def connect_custom_key_store(self, CustomKeyStoreId: str) -> None:
        store: KeyStore = self.stores[CustomKeyStoreId]
        self._must_be(store, "DISCONNECTED", "FAILED")
        store.lifecycle = Lifecycle(self, [("CONNECTING", "key-store-connection"), ("CONNECTED", None)])

    def disconnect_custom_key_store(self, CustomKeyStoreId: str) -> None:
        store: KeyStore = self.stores[CustomKeyStoreId]
        self._must_be(store, "CONNECTED", "CONNECTING", "FAILED")
        store.lifecycle = Lifecycle(self, [("DISCONNECTING", "key-store-disconnection"), ("DISCONNECTED", None)])

    def delete_custom_key_store(self, CustomKeyStoreId: str) -> None:
        store: KeyStore = self.stores[CustomKeyStoreId]
        if any(key.store is store for key in self.keys):
            message = f"The custom key store {store.id} contains KMS keys."
            raise AWSError("CustomKeyStoreHasCMKsException", message)
        self._must_be(store, "DISCONNECTED", "FAILED")
        self.stores.remove(store.id)

    @staticmethod
    def _must_be(store: KeyStore, *states: str) -> None:
        if store.state not in states:
            message = f"The custom key store {store.id} is {store.state}; it must be {' or '.join(states)}."
            raise AWSError("CustomKeyStoreInvalidStateException", message)

    def _check_store_name(self, name: str) -> None:
        if self.stores.find(lambda store: store.name == name) is not None:
            message = f"There is already a custom key store with the name {name}."
            raise AWSError("CustomKeyStoreNameInUseException", message)

    def _check_cluster(self, cluster: str) -> None:
        if self.stores.find(lambda store: store.cluster == cluster) is not None:
            message = f"The CloudHSM cluster {cluster} is already associated with a custom key store."
            raise AWSError("CloudHsmClusterInUseException", message)

    def _proxy(self, settings: Mapping[str, Any], but: KeyStore | None = None) -> Mapping[str, Any]:
        """Checked settings of an external key store's proxy."""
        proxy = {name: value for name, value in settings.items() if value is not None}
        needed = ["Connectivity", "AccessKeyId", "UriEndpoint", "UriPath"]
        if proxy.get("Connectivity") == _VPC:
            needed.append("VpcEndpointServiceName")
        absent = [name for name in needed if name not in proxy]
        if absent:
            names = ", ".join(
                "XksProxyAuthenticationCredential" if each == "AccessKeyId" else f"XksProxy{each}" for each in absent
            )
            raise refusals.invalid(f"{names} must be specified for a key store of type {EXTERNAL}.")
        uri = (proxy["UriEndpoint"], proxy["UriPath"])
        for store in self.stores:
            if store is not but and store.proxy and (store.proxy["UriEndpoint"], store.proxy["UriPath"]) == uri:
                message = "The external key store proxy is already associated with a custom key store."
                raise AWSError("XksProxyUriInUseException", message)
        return proxy
