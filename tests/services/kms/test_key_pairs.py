"""Key pairs made in plain Python, against an independent implementation."""

import hashlib

import pytest

pytest.importorskip("cryptography")
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils

from awsim.asymmetric.edwards import EdwardsKey
from awsim.asymmetric.elliptic import CURVES, ECKey
from awsim.asymmetric.rsa import RSAKey

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
ITS_CURVES = {
    "ECC_NIST_P256": ec.SECP256R1(),
    "ECC_NIST_P384": ec.SECP384R1(),
    "ECC_NIST_P521": ec.SECP521R1(),
    "ECC_SECG_P256K1": ec.SECP256K1(),
}
MESSAGE = b"hello"


def digest(name):
    return hashlib.new(name, MESSAGE).digest()


def theirs(key):
    return serialization.load_der_public_key(key.public()), serialization.load_der_private_key(key.private(), None)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("name", HASHES)
def test_rsa_signatures(bits, name):
    key = RSAKey.nth(bits, 5)
    assert key.bits == bits
    public, private = theirs(key)
    with_pss = padding.PSS(padding.MGF1(HASHES[name]), HASHES[name].digest_size)
    public.verify(key.sign(digest(name), name), MESSAGE, padding.PKCS1v15(), HASHES[name])
    public.verify(key.sign_pss(digest(name), name, bytes(HASHES[name].digest_size)), MESSAGE, with_pss, HASHES[name])
    assert key.verify(digest(name), private.sign(MESSAGE, padding.PKCS1v15(), HASHES[name]), name)
    signature = private.sign(MESSAGE, with_pss, HASHES[name])
    assert key.verify_pss(digest(name), signature, name)
    assert not key.verify_pss(digest(name), signature[:-1] + bytes([signature[-1] ^ 1]), name)
    assert not key.verify(digest(name), signature, name)
    assert not key.verify(digest(name), signature[1:], name)
    assert RSAKey.read(key.private()).modulus == key.modulus


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_rsa_encryption(name):
    key = RSAKey.nth(2048, 0)
    public, private = theirs(key)
    hash_ = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[name]
    oaep = padding.OAEP(padding.MGF1(hash_), hash_, None)
    full = bytes(range(1, key.capacity(name) + 1)) if key.capacity(name) < 256 else b"x" * key.capacity(name)
    for data in (b"", b"\0\0x", full):
        assert key.decrypt(public.encrypt(data, oaep), name) == data
        assert private.decrypt(key.encrypt(data, name, bytes(hash_.digest_size)), oaep) == data
    assert key.decrypt_plain(public.encrypt(b"hello", padding.PKCS1v15())) == b"hello"
    with pytest.raises(ValueError):
        key.decrypt(bytes(256), name)
    with pytest.raises(ValueError):
        key.decrypt(bytes(255), name)


def test_every_rsa_key_of_the_pool_is_another():
    assert len({RSAKey.nth(2048, n).modulus for n in range(120)}) == 120


@pytest.mark.parametrize("name", CURVES)
def test_curves(name):
    key = ECKey(CURVES[name], 123456789**9)
    public, private = theirs(key)
    assert CURVES[name].holds(CURVES[name].x, CURVES[name].y)
    hash_ = {"ECC_NIST_P384": "sha384", "ECC_NIST_P521": "sha512"}.get(name, "sha256")
    signature = key.sign(digest(hash_), hash_)
    assert signature == key.sign(digest(hash_), hash_)
    public.verify(signature, MESSAGE, ec.ECDSA(HASHES[hash_]))
    assert key.verify(digest(hash_), private.sign(MESSAGE, ec.ECDSA(HASHES[hash_])))
    assert not key.verify(digest("sha1"), signature)
    assert not key.verify(digest(hash_), b"rubbish")
    r, s = utils.decode_dss_signature(signature)
    assert not key.verify(digest(hash_), utils.encode_dss_signature(r, CURVES[name].order + s))
    assert not key.verify(digest(hash_), utils.encode_dss_signature(0, s))

    other = ec.generate_private_key(ITS_CURVES[name])
    its = other.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert key.shared_with(its) == other.exchange(ec.ECDH(), public)
    assert ECKey.read(CURVES[name], key.private()).secret == key.secret
    pkcs8 = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    assert ECKey.read(CURVES[name], other.private_bytes(*pkcs8)).public() == its


def test_a_point_off_the_curve_shares_nothing():
    key = ECKey(CURVES["ECC_NIST_P256"], 5)
    public = key.public()
    with pytest.raises(ValueError):
        key.shared_with(public[:-1] + bytes([public[-1] ^ 1]))
    with pytest.raises(ValueError):
        key.shared_with(ECKey(CURVES["ECC_NIST_P384"], 5).public())
    with pytest.raises(ValueError):
        key.shared_with(b"rubbish")


def test_ed25519():
    key = EdwardsKey(bytes(range(32)))
    public, private = theirs(key)
    assert isinstance(public, ed25519.Ed25519PublicKey)
    signature = key.sign(MESSAGE)
    assert signature == private.sign(MESSAGE)
    assert key.verify(MESSAGE, signature)
    assert not key.verify(b"other", signature)
    assert not key.verify(MESSAGE, signature[:-1])
    assert not key.verify(MESSAGE, bytes(64))
    assert EdwardsKey.read(key.private()).public() == key.public()


def test_ed25519ph():
    """RFC 8032, section 7.3."""
    key = EdwardsKey(bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"))
    signed = key.sign(hashlib.sha512(b"abc").digest(), prehashed=True)
    assert signed.hex() == (
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    )
    assert key.verify(hashlib.sha512(b"abc").digest(), signed, prehashed=True)
    with pytest.raises(InvalidSignature):
        theirs(key)[0].verify(signed, b"abc")
