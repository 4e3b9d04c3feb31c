"""Certificates, SSH keys, credentials of one service, identity providers."""

import pytest

from awsim.services.iam.certificates import Unreadable, as_pem, as_ssh, certificates, public_half, ssh_public_key

from . import pem

pytestmark = pytest.mark.aws(at="2027-01-01")

NOT_PEM = "Unable to parse certificate. Please ensure the certificate is in PEM format."
NO_CHAIN = (
    "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, "
    "followed by any intermediaries in order. The index within the chain of the invalid certificate is: -1"
)
LEAF = {"CertificateBody": pem.LEAF, "PrivateKey": pem.LEAF_KEY}


# --- server certificates


@pytest.mark.rule("iam-073")
def test_a_server_certificate(iam, refused):
    made = iam.upload_server_certificate(
        ServerCertificateName="web", Path="/cloudfront/", **LEAF, CertificateChain=pem.CA
    )
    shown = made["ServerCertificateMetadata"]
    assert shown["Arn"] == "arn:aws:iam::123456789012:server-certificate/cloudfront/web"
    assert shown["ServerCertificateId"].startswith("ASCA")
    assert shown["Expiration"].timestamp() == pem.LEAF_EXPIRES
    found = iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]
    assert found["ServerCertificateMetadata"] == shown
    assert found["CertificateBody"] == pem.LEAF.strip()
    assert "PrivateKey" not in found
    taken = ("EntityAlreadyExists", "The Server Certificate with name Web already exists.", 409)
    assert refused(iam.upload_server_certificate, ServerCertificateName="Web", **LEAF) == taken
    iam.update_server_certificate(ServerCertificateName="web", NewServerCertificateName="site", NewPath="/")
    (listed,) = iam.list_server_certificates()["ServerCertificateMetadataList"]
    assert listed["Arn"] == "arn:aws:iam::123456789012:server-certificate/site"
    iam.delete_server_certificate(ServerCertificateName="site")
    gone = ("NoSuchEntity", "The Server Certificate with name site cannot be found.", 404)
    assert refused(iam.delete_server_certificate, ServerCertificateName="site") == gone


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"CertificateBody": "no certificate"}, "MalformedCertificate", NOT_PEM),
        ({"CertificateBody": pem.LEAF.replace("MII", "MIX", 1)}, "MalformedCertificate", NOT_PEM),
        ({"CertificateBody": pem.CA}, "KeyPairMismatch", None),
        ({"PrivateKey": "no key"}, "MalformedCertificate", None),
        ({"CertificateChain": "nothing"}, "MalformedCertificate", NO_CHAIN),
        ({"CertificateChain": pem.EC}, "MalformedCertificate", NO_CHAIN),
    ],
)
def test_certificates_that_are_refused(iam, refused, given, code, message):
    refusal = refused(iam.upload_server_certificate, ServerCertificateName="web", **{**LEAF, **given})
    assert (refusal[0], refusal[2]) == (code, 400)
    assert message in (None, refusal[1])
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []


@pytest.mark.aws(at="2026-01-01")
def test_a_certificate_whose_time_has_not_come(iam, refused):
    refusal = ("MalformedCertificate", NOT_PEM, 400)
    assert refused(iam.upload_server_certificate, ServerCertificateName="web", **LEAF) == refusal


def test_twenty_certificates(aws, iam, refused):
    aws.limits["iam.server-certificates-per-account"] = 1
    iam.upload_server_certificate(ServerCertificateName="ec", CertificateBody=pem.EC, PrivateKey=pem.EC_KEY)
    message = "Cannot exceed quota for ServerCertificatesPerAccount: 1"
    assert refused(iam.upload_server_certificate, ServerCertificateName="b", **LEAF) == ("LimitExceeded", message, 409)


def test_reading_certificates_and_keys():
    leaf, ca = certificates(pem.LEAF + pem.CA)
    assert leaf.issuer == ca.subject == ca.issuer
    assert leaf.key == public_half(pem.LEAF_KEY)
    assert certificates(pem.EC)[0].key.endswith(public_half(pem.EC_KEY))
    for text in ("", pem.LEAF_KEY):
        with pytest.raises(Unreadable):
            certificates(text)


# --- signing certificates


def test_signing_certificates(iam, user, refused):
    user("bob")
    made = iam.upload_signing_certificate(UserName="bob", CertificateBody=pem.LEAF)["Certificate"]
    assert (made["UserName"], made["Status"], len(made["CertificateId"])) == ("bob", "Active", 32)
    duplicate = refused(iam.upload_signing_certificate, UserName="bob", CertificateBody=pem.LEAF)
    assert (duplicate[0], duplicate[2]) == ("DuplicateCertificate", 409)
    iam.upload_signing_certificate(UserName="bob", CertificateBody=pem.CA)
    full = ("LimitExceeded", "Cannot exceed quota for SigningCertificatesPerUser: 2", 409)
    assert refused(iam.upload_signing_certificate, UserName="bob", CertificateBody=pem.EC) == full
    iam.update_signing_certificate(UserName="bob", CertificateId=made["CertificateId"], Status="Inactive")
    listed = iam.list_signing_certificates(UserName="bob")["Certificates"]
    assert sorted(each["Status"] for each in listed) == ["Active", "Inactive"]
    message = "Cannot delete entity, must delete certificates first."
    assert refused(iam.delete_user, UserName="bob") == ("DeleteConflict", message, 409)
    expired = {"UserName": "bob", "CertificateId": made["CertificateId"], "Status": "Expired"}
    assert refused(iam.update_signing_certificate, **expired)[0] == "ValidationError"
    iam.delete_signing_certificate(UserName="bob", CertificateId=made["CertificateId"])
    gone = refused(iam.delete_signing_certificate, UserName="bob", CertificateId=made["CertificateId"])
    assert gone[0] == "NoSuchEntity"
    malformed = ("MalformedCertificate", NOT_PEM, 400)
    assert refused(iam.upload_signing_certificate, UserName="bob", CertificateBody="x") == malformed


# --- SSH keys


@pytest.mark.rule("iam-074")
def test_ssh_keys(iam, user, refused):
    user("bob")
    made = iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=pem.SSH)["SSHPublicKey"]
    id = made["SSHPublicKeyId"]
    assert id.startswith("APKA")
    assert (made["Status"], made["Fingerprint"]) == ("Active", pem.SSH_FINGERPRINT)
    (listed,) = iam.list_ssh_public_keys(UserName="bob")["SSHPublicKeys"]
    assert (listed["SSHPublicKeyId"], listed["Status"]) == (id, "Active")
    iam.update_ssh_public_key(UserName="bob", SSHPublicKeyId=id, Status="Inactive")
    found = iam.get_ssh_public_key(UserName="bob", SSHPublicKeyId=id, Encoding="SSH")["SSHPublicKey"]
    assert (found["Status"], found["SSHPublicKeyBody"]) == ("Inactive", pem.SSH.rpartition(" ")[0])
    found = iam.get_ssh_public_key(UserName="bob", SSHPublicKeyId=id, Encoding="PEM")["SSHPublicKey"]
    assert found["SSHPublicKeyBody"].startswith("-----BEGIN PUBLIC KEY-----\n")
    duplicate = refused(iam.upload_ssh_public_key, UserName="bob", SSHPublicKeyBody=found["SSHPublicKeyBody"])
    assert (duplicate[0], duplicate[2]) == ("DuplicateSSHPublicKey", 400)
    for bad in ("nonsense", "ssh-rsa AAAA", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="):
        assert refused(iam.upload_ssh_public_key, UserName="bob", SSHPublicKeyBody=bad)[0] == "InvalidPublicKey"
    message = "Cannot delete entity, must remove referenced objects first."
    assert refused(iam.delete_user, UserName="bob") == ("DeleteConflict", message, 409)
    iam.delete_ssh_public_key(UserName="bob", SSHPublicKeyId=id)
    gone = ("NoSuchEntity", f"The SSH Public Key with id {id} cannot be found.", 404)
    assert refused(iam.delete_ssh_public_key, UserName="bob", SSHPublicKeyId=id) == gone


def test_ssh_keys_in_both_forms():
    key = ssh_public_key(pem.SSH)
    assert key.fingerprint == pem.SSH_FINGERPRINT
    assert ssh_public_key(as_pem(key.blob)) == key
    assert pem.SSH.startswith(as_ssh(key.blob))


# --- credentials of one service


@pytest.mark.rule("iam-075", "iam-076")
def test_git_credentials(iam, user, refused):
    user("bob")
    service = {"UserName": "bob", "ServiceName": "codecommit.amazonaws.com"}
    made = iam.create_service_specific_credential(**service)["ServiceSpecificCredential"]
    assert made["ServiceSpecificCredentialId"].startswith("ACCA")
    assert (made["ServiceUserName"], made["Status"]) == ("bob-at-123456789012", "Active")
    assert made["ServicePassword"]
    other = iam.create_service_specific_credential(**service)["ServiceSpecificCredential"]
    assert other["ServiceUserName"] != made["ServiceUserName"]
    full = ("LimitExceeded", "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2", 409)
    assert refused(iam.create_service_specific_credential, **service) == full
    iam.create_service_specific_credential(UserName="bob", ServiceName="cassandra.amazonaws.com")
    listed = iam.list_service_specific_credentials(**service)["ServiceSpecificCredentials"]
    assert len(listed) == 2
    assert not any("ServicePassword" in each for each in listed)
    expired = {
        "UserName": "bob",
        "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"],
        "Status": "Expired",
    }
    assert refused(iam.update_service_specific_credential, **expired)[0] == "ValidationError"
    reset = iam.reset_service_specific_credential(
        UserName="bob", ServiceSpecificCredentialId=made["ServiceSpecificCredentialId"]
    )["ServiceSpecificCredential"]
    assert reset["ServicePassword"] != made["ServicePassword"]


def test_keys_of_bedrock_expire(iam, user, refused):
    user("bob")
    made = iam.create_service_specific_credential(
        UserName="bob", ServiceName="bedrock.amazonaws.com", CredentialAgeDays=30
    )["ServiceSpecificCredential"]
    assert (made["ExpirationDate"] - made["CreateDate"]).days == 30
    assert made["ServiceCredentialSecret"]
    assert "ServiceUserName" not in made
    git = {"UserName": "bob", "ServiceName": "codecommit.amazonaws.com", "CredentialAgeDays": 1}
    assert refused(iam.create_service_specific_credential, **git)[0] == "InvalidInput"
    assert refused(iam.list_service_specific_credentials, UserName="bob", MaxItems=1)[0] == "InvalidInput"
    assert refused(iam.list_service_specific_credentials, UserName="bob", AllUsers=True)[0] == "InvalidInput"
    everybody = iam.list_service_specific_credentials(AllUsers=True, MaxItems=1)
    assert (len(everybody["ServiceSpecificCredentials"]), everybody["IsTruncated"]) == (1, False)


# --- providers

METADATA = """<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com" {more}>
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
      <X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com"/>
  </IDPSSODescriptor>
</EntityDescriptor>"""


def metadata(more=""):
    body = "".join(pem.LEAF.splitlines()[1:-1])
    return METADATA.format(more=more, certificate=body).ljust(1000)


@pytest.mark.rule("iam-072")
def test_saml_providers(iam, refused):
    text = metadata('validUntil="2030-01-01T00:00:00Z"')
    made = iam.create_saml_provider(Name="corp", SAMLMetadataDocument=text, Tags=[{"Key": "a", "Value": "b"}])
    arn = made["SAMLProviderArn"]
    assert arn == "arn:aws:iam::123456789012:saml-provider/corp"
    found = iam.get_saml_provider(SAMLProviderArn=arn)
    assert found["SAMLMetadataDocument"] == text
    assert found["ValidUntil"].timestamp() == 1893456000
    assert [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]] == [arn]
    taken = refused(iam.create_saml_provider, Name="corp", SAMLMetadataDocument=text)
    assert (taken[0], taken[2]) == ("EntityAlreadyExists", 409)
    for bad in ("<a/>".ljust(1000), "x" * 1000, text.replace("IDPSSO", "SPSSO")):
        unreadable = ("InvalidInput", "Could not parse metadata", 400)
        assert refused(iam.create_saml_provider, Name="other", SAMLMetadataDocument=bad) == unreadable
        assert refused(iam.update_saml_provider, SAMLProviderArn=arn, SAMLMetadataDocument=bad) == unreadable
    iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=pem.LEAF_KEY, AssertionEncryptionMode="Required")
    (key,) = iam.get_saml_provider(SAMLProviderArn=arn)["PrivateKeyList"]
    iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=pem.LEAF_KEY)
    full = refused(iam.update_saml_provider, SAMLProviderArn=arn, AddPrivateKey=pem.LEAF_KEY)
    assert full[0] == "LimitExceeded"
    iam.update_saml_provider(SAMLProviderArn=arn, RemovePrivateKey=key["KeyId"])
    iam.tag_saml_provider(SAMLProviderArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_saml_provider(SAMLProviderArn=arn, TagKeys=["a"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    iam.delete_saml_provider(SAMLProviderArn=arn)
    gone = ("NoSuchEntity", f"Manifest not found for arn {arn}", 404)
    assert refused(iam.get_saml_provider, SAMLProviderArn=arn) == gone


def test_open_id_connect_providers(aws, iam, refused):
    url = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
    thumbprint = "9" * 40
    made = iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[thumbprint])
    arn = made["OpenIDConnectProviderArn"]
    assert arn == "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["Url"], found["ClientIDList"]) == (url.removeprefix("https://"), ["sts.amazonaws.com", "app"])
    taken = ("EntityAlreadyExists", f"Provider with url {url} already exists.", 409)
    assert refused(iam.create_open_id_connect_provider, Url=url) == taken
    invalid = ("ValidationError", "Invalid Open ID Connect Provider URL", 400)
    for bad in ("http://idp.example.com", "https://idp.example.com?x=1", "idp.example.com"):
        assert refused(iam.create_open_id_connect_provider, Url=bad) == invalid
    six = [thumbprint] * 6
    refusal = refused(iam.update_open_id_connect_provider_thumbprint, OpenIDConnectProviderArn=arn, ThumbprintList=six)
    assert refusal[0] == "InvalidInput"
    aws.limits["iam.oidc-clients-per-provider"] = 2
    three = refused(iam.create_open_id_connect_provider, Url="https://a.example.com", ClientIDList=["1", "2", "3"])
    assert three[0] == "LimitExceeded"
    full = ("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 2", 409)
    add = iam.add_client_id_to_open_id_connect_provider
    assert refused(add, OpenIDConnectProviderArn=arn, ClientID="third") == full
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    gone = ("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404)
    assert refused(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn) == gone
