"""Rotation."""

from datetime import timedelta

import pytest

frozen = pytest.mark.aws(at="2026-03-01T00:00:00Z")


@pytest.mark.rule("kms-014")
def test_off_until_it_is_enabled(kms, key, make, refused):
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    kms.disable_key_rotation(KeyId=key)
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] is False
    assert "NextRotationDate" not in status
    pair = make(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    for call in (kms.enable_key_rotation, kms.get_key_rotation_status, kms.rotate_key_on_demand):
        with refused("UnsupportedOperationException"):
            call(KeyId=pair)


@pytest.mark.rule("kms-015")
@frozen
@pytest.mark.newer_botocore
def test_every_year(aws, kms, key):
    kms.enable_key_rotation(KeyId=key)
    started = aws.clock.now()
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["RotationPeriodInDays"] == 365
    assert status["NextRotationDate"] == started + timedelta(days=365)
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    before = kms.describe_key(KeyId=key)["KeyMetadata"]
    aws.clock.advance(days=364)
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    aws.clock.advance(days=1)
    (rotation,) = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert (rotation["RotationType"], rotation["RotationDate"]) == ("AUTOMATIC", started + timedelta(days=365))
    after = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert after["KeyId"] == before["KeyId"]
    assert after["CurrentKeyMaterialId"] == rotation["KeyMaterialId"] != before["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=old)
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"old", before["CurrentKeyMaterialId"])
    aws.clock.advance(days=365)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 2
    states = [
        material["KeyMaterialState"]
        for material in kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    ]
    assert states == ["NON_CURRENT", "NON_CURRENT", "CURRENT"]


@frozen
def test_periods(aws, kms, key, refused):
    for wrong in (89, 2561):
        with refused("ValidationException"):
            kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=wrong)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    aws.clock.advance(days=90)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1


@frozen
def test_a_disabled_key_rotates_once_it_is_enabled(aws, kms, key, refused):
    kms.enable_key_rotation(KeyId=key)
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.disable_key_rotation(KeyId=key)
    aws.clock.advance(days=400)
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    kms.enable_key(KeyId=key)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1


@frozen
def test_a_key_pending_deletion_does_not_rotate(aws, kms, key):
    kms.enable_key_rotation(KeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.cancel_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


def test_on_demand(aws, kms, key, refused):
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    assert kms.rotate_key_on_demand(KeyId=key)["KeyId"] == key
    (rotation,) = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND"
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    aws.limits["kms.on-demand-rotations"] = 1
    with refused("LimitExceededException"):
        kms.rotate_key_on_demand(KeyId=key)


@pytest.mark.aws(lifecycle="timed", at="2026-03-01T00:00:00Z")
def test_on_demand_takes_a_while(aws, kms, key, refused):
    kms.rotate_key_on_demand(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["OnDemandRotationStartDate"] == aws.clock.now()
    with refused("ConflictException"):
        kms.rotate_key_on_demand(KeyId=key)
    aws.clock.advance(seconds=10)
    assert "OnDemandRotationStartDate" not in kms.get_key_rotation_status(KeyId=key)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1
