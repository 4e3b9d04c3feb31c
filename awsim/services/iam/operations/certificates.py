"""Server certificates, signing certificates and SSH public keys."""

from __future__ import annotations

from typing import Any

from awsim.errors import AWSError
from awsim.services.iam.certificates import (
    Certificate,
    Unreadable,
    as_pem,
    as_ssh,
    certificates,
    public_half,
    ssh_public_key,
)
from awsim.services.iam.credentials import SigningCertificate, SSHKey
from awsim.services.iam.operations.common import TagList, none_if_empty, starting
from awsim.services.iam.operations.mfa import MFAOperations
from awsim.services.iam.records import Resource, User
from awsim.services.iam.refusals import malformed, no_such
from awsim.state import Tags as TagMap

_NOT_PEM = "Unable to parse certificate. Please ensure the certificate is in PEM format."
_NO_CHAIN = (
    "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, "
    "followed by any intermediaries in order. The index within the chain of the invalid certificate is: {index}"
)


class ServerCertificate(Resource):
    kind = "server certificate"

    def __init__(self, *given: Any, body: str, chain: str | None, expires: int) -> None:
        super().__init__(*given)
        self.body = body
        self.chain = chain
        self.expires = expires


class CertificateOperations(MFAOperations):
    # --- server certificates

    def upload_server_certificate(
        self,
        ServerCertificateName: str,
        CertificateBody: str,
        PrivateKey: str,
        Path: str = "/",
        CertificateChain: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        message = f"The Server Certificate with name {ServerCertificateName} already exists."
        self.taken(self.server_certificates, ServerCertificateName, message)
        certificate = self._one_certificate(CertificateBody)
        try:
            public = public_half(PrivateKey)
        except Unreadable:
            raise self.error(
                "MalformedCertificate", "Unable to parse private key. Please ensure the key is in PEM format."
            ) from None
        if not certificate.key.endswith(public):
            raise self.error("KeyPairMismatch", "The public key certificate and the private key do not match.")
        if CertificateChain is not None:
            self._check_chain(certificate, CertificateChain)
        tags = self.tagged(TagMap(), Tags)
        self.limits.quota("server-certificates-per-account", len(self.server_certificates))
        given = (self.arn("server-certificate"), Path, ServerCertificateName, self.new_id("ASCA"), self.now(), tags)
        kept = ServerCertificate(
            *given, body=CertificateBody.strip(), chain=CertificateChain, expires=certificate.expires
        )
        self.server_certificates[kept.key] = kept
        return {"ServerCertificateMetadata": _metadata(kept), "Tags": none_if_empty(tags.as_list())}

    def get_server_certificate(self, ServerCertificateName: str) -> dict[str, Any]:
        certificate = self._server_certificate(ServerCertificateName)
        return {
            "ServerCertificate": {
                "ServerCertificateMetadata": _metadata(certificate),
                "CertificateBody": certificate.body,
                "CertificateChain": certificate.chain,
                "Tags": none_if_empty(certificate.tags.as_list()),
            }
        }

    def list_server_certificates(
        self, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        having = starting(PathPrefix)
        found = self.server_certificates
        return self.page("ServerCertificateMetadataList", found, _metadata, Marker, MaxItems, having)

    def update_server_certificate(
        self, ServerCertificateName: str, NewPath: str | None = None, NewServerCertificateName: str | None = None
    ) -> None:
        certificate = self._server_certificate(ServerCertificateName)
        name = NewServerCertificateName or certificate.name
        if name.lower() != certificate.key:
            message = f"The Server Certificate with name {name} already exists."
            self.taken(self.server_certificates, name, message)
        del self.server_certificates[certificate.key]
        certificate.name, certificate.path = name, NewPath or certificate.path
        self.server_certificates[certificate.key] = certificate

    def delete_server_certificate(self, ServerCertificateName: str) -> None:
        certificate = self._server_certificate(ServerCertificateName)
        del self.server_certificates[certificate.key]
        self.limits.used("server-certificates-per-account", len(self.server_certificates))

    def tag_server_certificate(self, ServerCertificateName: str, Tags: TagList) -> None:
        self.tag(self._server_certificate(ServerCertificateName), Tags)

    def untag_server_certificate(self, ServerCertificateName: str, TagKeys: list[str]) -> None:
        self.untag(self._server_certificate(ServerCertificateName), TagKeys)

    def list_server_certificate_tags(
        self, ServerCertificateName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.list_tags(self._server_certificate(ServerCertificateName), Marker, MaxItems)

    def _server_certificate(self, name: str) -> ServerCertificate:
        found = self.server_certificates.get(name.lower())
        if found is None or found.name != name:
            raise no_such(f"The Server Certificate with name {name} cannot be found.")
        return found

    def _one_certificate(self, text: str) -> Certificate:
        """The certificate in a body, good today: one whose time has not come is refused like a broken one."""
        try:
            (certificate,) = certificates(text)
        except (Unreadable, ValueError):
            raise self.error("MalformedCertificate", _NOT_PEM) from None
        if self.clock.time() < certificate.starts:
            raise self.error("MalformedCertificate", _NOT_PEM)
        return certificate

    def _check_chain(self, certificate: Certificate, text: str) -> None:
        try:
            chain = certificates(text)
        except Unreadable:
            raise self._no_chain(-1) from None
        for index, signer in enumerate(chain):
            if certificate.issuer != signer.subject:
                raise self._no_chain(index - 1)
            certificate = signer

    def _no_chain(self, index: int) -> AWSError:
        return self.error("MalformedCertificate", _NO_CHAIN.format(index=index))

    # --- signing certificates

    def upload_signing_certificate(self, CertificateBody: str, UserName: str | None = None) -> dict[str, Any]:
        user = self.user_or_caller(UserName)
        body = CertificateBody.strip()
        self._one_certificate(body)
        owners = (*self.users.values(), self.root, self.administrator)
        if any(each.body == body for owner in owners for each in owner.certificates.values()):
            raise self.error("DuplicateCertificate", "Certificate already exists.")
        self.limits.quota("signing-certificates-per-user", len(user.certificates), user.name)
        id = self.ids.text("signing-certificate", 32)
        certificate = user.certificates[id] = SigningCertificate(id, body, self.now())
        return {"Certificate": _signing(user, certificate)}

    def list_signing_certificates(
        self, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        user = self.user_or_caller(UserName)
        return self.page("Certificates", user.certificates, lambda each: _signing(user, each), Marker, MaxItems)

    def update_signing_certificate(self, CertificateId: str, Status: str, UserName: str | None = None) -> None:
        user = self.user_or_caller(UserName)
        self._signing_certificate(user, CertificateId).status = _status(Status)

    def delete_signing_certificate(self, CertificateId: str, UserName: str | None = None) -> None:
        user = self.user_or_caller(UserName)
        self._signing_certificate(user, CertificateId)
        del user.certificates[CertificateId]
        self.limits.used("signing-certificates-per-user", len(user.certificates), user.name)

    @staticmethod
    def _signing_certificate(user: User, id: str) -> SigningCertificate:
        found = user.certificates.get(id)
        if found is None:
            raise no_such(f"The Certificate with id {id} cannot be found.")
        return found

    # --- SSH public keys

    def upload_ssh_public_key(self, UserName: str, SSHPublicKeyBody: str) -> dict[str, Any]:
        user = self.user(UserName)
        try:
            key = ssh_public_key(SSHPublicKeyBody)
        except (Unreadable, ValueError):
            raise self.error("InvalidPublicKey", "The public key is invalid.") from None
        if any(each.blob == key.blob for each in user.ssh_keys.values()):
            raise self.error("DuplicateSSHPublicKey", "The SSH public key is already associated with the user.")
        self.limits.quota("ssh-keys-per-user", len(user.ssh_keys), user.name)
        id = self.new_id("APKA")[:20]
        kept = user.ssh_keys[id] = SSHKey(id, SSHPublicKeyBody.strip(), key.fingerprint, key.blob, self.now())
        return {"SSHPublicKey": {**_ssh(user, kept), "SSHPublicKeyBody": kept.body, "Fingerprint": kept.fingerprint}}

    def get_ssh_public_key(self, UserName: str, SSHPublicKeyId: str, Encoding: str) -> dict[str, Any]:
        user = self.user(UserName)
        key = self._ssh_key(user, SSHPublicKeyId)
        if Encoding not in ("SSH", "PEM"):
            raise self.error("UnrecognizedPublicKeyEncoding", f"The encoding {Encoding} is not recognized.")
        body = as_ssh(key.blob) if Encoding == "SSH" else as_pem(key.blob)
        return {"SSHPublicKey": {**_ssh(user, key), "SSHPublicKeyBody": body, "Fingerprint": key.fingerprint}}

    def list_ssh_public_keys(
        self, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        user = self.user_or_caller(UserName)
        return self.page("SSHPublicKeys", user.ssh_keys, lambda key: _ssh(user, key), Marker, MaxItems)

    def update_ssh_public_key(self, UserName: str, SSHPublicKeyId: str, Status: str) -> None:
        self._ssh_key(self.user(UserName), SSHPublicKeyId).status = _status(Status)

    def delete_ssh_public_key(self, UserName: str, SSHPublicKeyId: str) -> None:
        user = self.user(UserName)
        self._ssh_key(user, SSHPublicKeyId)
        del user.ssh_keys[SSHPublicKeyId]
        self.limits.used("ssh-keys-per-user", len(user.ssh_keys), user.name)

    @staticmethod
    def _ssh_key(user: User, id: str) -> SSHKey:
        found = user.ssh_keys.get(id)
        if found is None:
            raise no_such(f"The SSH Public Key with id {id} cannot be found.")
        return found


def _status(status: str) -> str:
    if status == "Expired":
        raise malformed("The status can be Active or Inactive only.")
    return status


def _metadata(certificate: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": certificate.path,
        "ServerCertificateName": certificate.name,
        "ServerCertificateId": certificate.id,
        "Arn": certificate.arn,
        "UploadDate": certificate.created,
        "Expiration": certificate.expires,
    }


def _signing(user: User, certificate: SigningCertificate) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CertificateId": certificate.id,
        "CertificateBody": certificate.body,
        "Status": certificate.status,
        "UploadDate": certificate.uploaded,
    }


def _ssh(user: User, key: SSHKey) -> dict[str, Any]:
    return {"UserName": user.name, "SSHPublicKeyId": key.id, "Status": key.status, "UploadDate": key.uploaded}
