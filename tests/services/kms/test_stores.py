"""Custom key stores."""

import pytest

HSM = {
    "CustomKeyStoreName": "hsm",
    "CloudHsmClusterId": "cluster-abcdefghijk",
    "TrustAnchorCertificate": "certificate",
    "KeyStorePassword": "password",
}
PROXY = {
    "CustomKeyStoreName": "outside",
    "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
    "XksProxyUriEndpoint": "https://keys.example.com",
    "XksProxyUriPath": "/kms/xks/v1",
    "XksProxyAuthenticationCredential": {
        "AccessKeyId": "ABCDEFGHIJKLMNOPQRSTUV",
        "RawSecretAccessKey": "a" * 43,
    },
    "XksProxyConnectivity": "PUBLIC_ENDPOINT",
}


def shown(kms, id):
    (store,) = kms.describe_custom_key_stores(CustomKeyStoreId=id)["CustomKeyStores"]
    return store


def test_a_store_of_cloudhsm(kms, refused, state):
    id = kms.create_custom_key_store(**HSM)["CustomKeyStoreId"]
    store = shown(kms, id)
    assert (store["ConnectionState"], store["CustomKeyStoreType"]) == ("DISCONNECTED", "AWS_CLOUDHSM")
    assert (store["CloudHsmClusterId"], store["TrustAnchorCertificate"]) == ("cluster-abcdefghijk", "certificate")
    asked = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": id}
    with refused("CustomKeyStoreInvalidStateException"):
        kms.create_key(**asked)
    kms.connect_custom_key_store(CustomKeyStoreId=id)
    assert shown(kms, id)["ConnectionState"] == "CONNECTED"
    made = kms.create_key(**asked)["KeyMetadata"]
    assert (made["Origin"], made["CustomKeyStoreId"], made["CloudHsmClusterId"]) == (
        "AWS_CLOUDHSM",
        id,
        "cluster-abcdefghijk",
    )
    key = made["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert len(kms.generate_random(NumberOfBytes=9, CustomKeyStoreId=id)["Plaintext"]) == 9
    with refused("UnsupportedOperationException"):
        kms.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_2048")
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=key)
    with refused("UnsupportedOperationException"):
        kms.create_key(**asked, MultiRegion=True)
    with refused("CustomKeyStoreHasCMKsException"):
        kms.delete_custom_key_store(CustomKeyStoreId=id)
    kms.disconnect_custom_key_store(CustomKeyStoreId=id)
    assert state(key) == "Unavailable"
    with refused("KMSInvalidStateException", f"{key} is unavailable."):
        kms.decrypt(CiphertextBlob=blob)


@pytest.mark.aws(lifecycle="timed", at="2026-03-01T00:00:00Z")
def test_connecting_takes_minutes(aws, kms, refused):
    id = kms.create_custom_key_store(**HSM)["CustomKeyStoreId"]
    kms.connect_custom_key_store(CustomKeyStoreId=id)
    assert shown(kms, id)["ConnectionState"] == "CONNECTING"
    with refused("CustomKeyStoreInvalidStateException"):
        kms.connect_custom_key_store(CustomKeyStoreId=id)
    aws.clock.advance(minutes=6)
    assert shown(kms, id)["ConnectionState"] == "CONNECTED"


def test_an_external_store(kms, refused):
    id = kms.create_custom_key_store(**PROXY)["CustomKeyStoreId"]
    configuration = shown(kms, id)["XksProxyConfiguration"]
    assert configuration == {
        "Connectivity": "PUBLIC_ENDPOINT",
        "AccessKeyId": "ABCDEFGHIJKLMNOPQRSTUV",
        "UriEndpoint": "https://keys.example.com",
        "UriPath": "/kms/xks/v1",
    }
    with refused("XksProxyUriInUseException"):
        kms.create_custom_key_store(**{**PROXY, "CustomKeyStoreName": "other"})
    kms.connect_custom_key_store(CustomKeyStoreId=id)
    asked = {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": id}
    with refused("ValidationException"):
        kms.create_key(**asked)
    made = kms.create_key(**asked, XksKeyId="k1")["KeyMetadata"]
    assert made["XksKeyConfiguration"] == {"Id": "k1"}
    with refused("XksKeyAlreadyInUseException"):
        kms.create_key(**asked, XksKeyId="k1")
    assert kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["KeyId"] == made["Arn"]


@pytest.mark.parametrize("absent", ["CloudHsmClusterId", "TrustAnchorCertificate", "KeyStorePassword"])
def test_what_a_store_needs(kms, refused, absent):
    with refused("ValidationException"):
        kms.create_custom_key_store(**{name: value for name, value in HSM.items() if name != absent})
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []


def test_names_and_clusters_are_taken_once(kms, refused):
    id = kms.create_custom_key_store(**HSM)["CustomKeyStoreId"]
    with refused("CustomKeyStoreNameInUseException"):
        kms.create_custom_key_store(**{**HSM, "CloudHsmClusterId": "cluster-bbbbbbbbbbb"})
    with refused("CloudHsmClusterInUseException"):
        kms.create_custom_key_store(**{**HSM, "CustomKeyStoreName": "other"})
    kms.update_custom_key_store(CustomKeyStoreId=id, NewCustomKeyStoreName="renamed")
    assert shown(kms, id)["CustomKeyStoreName"] == "renamed"
    with refused("UnsupportedOperationException"):
        kms.update_custom_key_store(CustomKeyStoreId=id, XksProxyUriPath="/kms/xks/v1")
    kms.delete_custom_key_store(CustomKeyStoreId=id)
    with refused("CustomKeyStoreNotFoundException"):
        kms.describe_custom_key_stores(CustomKeyStoreId=id)
    with refused("CustomKeyStoreNotFoundException"):
        kms.connect_custom_key_store(CustomKeyStoreId=id)
