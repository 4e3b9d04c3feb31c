"""SAML and OpenID Connect providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.services.iam.certificates import Unreadable, public_half
from awsim.services.iam.operations.certificates import CertificateOperations
from awsim.services.iam.operations.common import TagList, none_if_empty
from awsim.services.iam.providers import OIDCProvider, SAMLProvider, is_issuer, metadata_end
from awsim.services.iam.refusals import exists, invalid, malformed, no_such
from awsim.state import Tags as TagMap

# Metadata that do not say how long they are good are taken to be so for a hundred years.
_EVER = 100 * 365 * 86_400


class ProviderOperations(CertificateOperations):
    # --- SAML

    def create_saml_provider(
        self,
        SAMLMetadataDocument: str,
        Name: str,
        Tags: TagList = (),
        AssertionEncryptionMode: str | None = None,
        AddPrivateKey: str | None = None,
    ) -> dict[str, Any]:
        arn = self.arn(f"saml-provider/{Name}")
        if arn in self.saml:
            raise exists(f"SAMLProvider ({arn}) already exists.")
        expires = self._metadata_end(SAMLMetadataDocument)
        if AddPrivateKey is not None:
            self._check_key(AddPrivateKey)
        tags = self.tagged(TagMap(), Tags)
        self.limits.quota("saml-providers-per-account", len(self.saml))
        provider = SAMLProvider(arn, self._long_id("ASPA"), SAMLMetadataDocument, self.now(), expires, tags)
        provider.encryption = AssertionEncryptionMode
        if AddPrivateKey is not None:
            provider.keys = ((self._long_id("ASKA"), self.now()),)
        self.saml[arn] = provider
        return {"SAMLProviderArn": arn, "Tags": none_if_empty(tags.as_list())}

    def get_saml_provider(self, SAMLProviderArn: str) -> dict[str, Any]:
        provider = self._saml(SAMLProviderArn)
        return {
            "SAMLProviderUUID": provider.id,
            "SAMLMetadataDocument": provider.metadata,
            "CreateDate": provider.created,
            "ValidUntil": provider.expires,
            "Tags": none_if_empty(provider.tags.as_list()),
            "AssertionEncryptionMode": provider.encryption,
            "PrivateKeyList": none_if_empty([{"KeyId": id, "Timestamp": when} for id, when in provider.keys]),
        }

    def list_saml_providers(self) -> dict[str, Any]:
        return {
            "SAMLProviderList": [
                {"Arn": each.arn, "ValidUntil": each.expires, "CreateDate": each.created} for each in self.saml.values()
            ]
        }

    def update_saml_provider(
        self,
        SAMLProviderArn: str,
        SAMLMetadataDocument: str | None = None,
        AssertionEncryptionMode: str | None = None,
        AddPrivateKey: str | None = None,
        RemovePrivateKey: str | None = None,
    ) -> dict[str, Any]:
        provider = self._saml(SAMLProviderArn)
        keys = provider.keys
        expires = provider.expires
        if SAMLMetadataDocument is not None:
            expires = self._metadata_end(SAMLMetadataDocument)
        if RemovePrivateKey is not None:
            keys = tuple(key for key in keys if key[0] != RemovePrivateKey)
            if len(keys) == len(provider.keys):
                raise no_such(f"The private key with id {RemovePrivateKey} cannot be found.")
        if AddPrivateKey is not None:
            self._check_key(AddPrivateKey)
            self.limits.quota("saml-keys-per-provider", len(keys), SAMLProviderArn)
            keys = (*keys, (self._long_id("ASKA"), self.now()))
        provider.keys, provider.expires = keys, expires
        provider.metadata = SAMLMetadataDocument or provider.metadata
        provider.encryption = AssertionEncryptionMode or provider.encryption
        return {"SAMLProviderArn": SAMLProviderArn}

    def delete_saml_provider(self, SAMLProviderArn: str) -> None:
        self._saml(SAMLProviderArn)
        del self.saml[SAMLProviderArn]
        self.limits.used("saml-providers-per-account", len(self.saml))

    def tag_saml_provider(self, SAMLProviderArn: str, Tags: TagList) -> None:
        self.tag(self._saml(SAMLProviderArn), Tags)

    def untag_saml_provider(self, SAMLProviderArn: str, TagKeys: list[str]) -> None:
        self.untag(self._saml(SAMLProviderArn), TagKeys)

    def list_saml_provider_tags(
        self, SAMLProviderArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.list_tags(self._saml(SAMLProviderArn), Marker, MaxItems)

    def _saml(self, arn: str) -> SAMLProvider:
        provider = self.saml.get(arn)
        if provider is None:
            raise no_such(f"Manifest not found for arn {arn}")
        return provider

    def _long_id(self, prefix: str) -> str:
        return prefix + self.ids.text(prefix, 20)

    def _metadata_end(self, text: str) -> int:
        try:
            until = metadata_end(text)
        except ValueError:
            raise invalid("Could not parse metadata") from None
        return self.now() + _EVER if until is None else until

    @staticmethod
    def _check_key(text: str) -> None:
        try:
            public_half(text)
        except Unreadable:
            raise invalid("Unable to parse private key. Please ensure the key is in PEM format.") from None

    # --- OpenID Connect

    def create_open_id_connect_provider(
        self,
        Url: str,
        ClientIDList: Sequence[str] = (),
        ThumbprintList: Sequence[str] = (),
        Tags: TagList = (),
    ) -> dict[str, Any]:
        """Without thumbprints AWS takes that of the certificate which the provider's host shows; awsim asks no host."""
        if not is_issuer(Url):
            raise malformed("Invalid Open ID Connect Provider URL")
        url = Url.removeprefix("https://")
        arn = self.arn(f"oidc-provider/{url}")
        if arn in self.oidc:
            raise exists(f"Provider with url {Url} already exists.")
        self.limits.check("oidc-thumbprints-per-provider", len(ThumbprintList))
        clients = list(dict.fromkeys(ClientIDList))
        if clients:
            self.limits.quota("oidc-clients-per-provider", 0, arn, adding=len(clients))
        tags = self.tagged(TagMap(), Tags)
        self.limits.quota("oidc-providers-per-account", len(self.oidc))
        provider = OIDCProvider(arn, url, self.now(), tags)
        provider.clients.extend(clients)
        provider.thumbprints = tuple(ThumbprintList)
        self.oidc[arn] = provider
        return {"OpenIDConnectProviderArn": arn, "Tags": none_if_empty(tags.as_list())}

    def get_open_id_connect_provider(self, OpenIDConnectProviderArn: str) -> dict[str, Any]:
        provider = self._oidc(OpenIDConnectProviderArn)
        return {
            "Url": provider.url,
            "ClientIDList": list(provider.clients),
            "ThumbprintList": list(provider.thumbprints),
            "CreateDate": provider.created,
            "Tags": none_if_empty(provider.tags.as_list()),
        }

    def list_open_id_connect_providers(self) -> dict[str, Any]:
        return {"OpenIDConnectProviderList": [{"Arn": arn} for arn in self.oidc]}

    def add_client_id_to_open_id_connect_provider(self, OpenIDConnectProviderArn: str, ClientID: str) -> None:
        provider = self._oidc(OpenIDConnectProviderArn)
        if ClientID not in provider.clients:
            self.limits.quota("oidc-clients-per-provider", len(provider.clients), OpenIDConnectProviderArn)
            provider.clients.append(ClientID)

    def remove_client_id_from_open_id_connect_provider(self, OpenIDConnectProviderArn: str, ClientID: str) -> None:
        provider = self._oidc(OpenIDConnectProviderArn)
        if ClientID in provider.clients:
            provider.clients.remove(ClientID)

    def update_open_id_connect_provider_thumbprint(
        self, OpenIDConnectProviderArn: str, ThumbprintList: Sequence[str]
    ) -> None:
        provider = self._oidc(OpenIDConnectProviderArn)
        self.limits.check("oidc-thumbprints-per-provider", len(ThumbprintList))
        provider.thumbprints = tuple(ThumbprintList)

    def delete_open_id_connect_provider(self, OpenIDConnectProviderArn: str) -> None:
        """Deleting one that is not there is no error (IAM API Reference)."""
        if self.oidc.pop(OpenIDConnectProviderArn, None) is not None:
            self.limits.used("oidc-providers-per-account", len(self.oidc))

    def tag_open_id_connect_provider(self, OpenIDConnectProviderArn: str, Tags: TagList) -> None:
        self.tag(self._oidc(OpenIDConnectProviderArn), Tags)

    def untag_open_id_connect_provider(self, OpenIDConnectProviderArn: str, TagKeys: list[str]) -> None:
        self.untag(self._oidc(OpenIDConnectProviderArn), TagKeys)

    def list_open_id_connect_provider_tags(
        self, OpenIDConnectProviderArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.list_tags(self._oidc(OpenIDConnectProviderArn), Marker, MaxItems)

    def _oidc(self, arn: str) -> OIDCProvider:
        provider = self.oidc.get(arn)
        if provider is None:
            raise no_such(f"OpenIDConnect Provider not found for arn {arn}")
        return provider
