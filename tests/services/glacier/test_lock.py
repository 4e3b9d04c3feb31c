"""Vault lock: two steps, then for ever; what it denies is denied to everybody."""

import json

import boto3
import pytest

ARN = "arn:aws:glacier:us-east-1:123456789012:vaults/films"


def deny(**condition):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "glacier:DeleteArchive", "Resource": ARN}
    if condition:
        statement["Condition"] = condition
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


@pytest.mark.aws(at="2026-03-01T10:00:00Z")
@pytest.mark.rule("glacier-008")
def test_two_steps(aws, glacier, vault, refused):
    id = glacier.initiate_vault_lock(vaultName=vault, policy=deny())["lockId"]
    told = glacier.get_vault_lock(vaultName=vault)
    assert (told["State"], told["ExpirationDate"]) == ("InProgress", "2026-03-02T10:00:00.000Z")
    assert told["Policy"] == deny()["Policy"]
    aws.clock.advance(hours=23, minutes=59)
    glacier.complete_vault_lock(vaultName=vault, lockId=id)
    told = glacier.get_vault_lock(vaultName=vault)
    assert told["State"] == "Locked" and "ExpirationDate" not in told
    aws.clock.advance(days=2)
    assert glacier.get_vault_lock(vaultName=vault)["State"] == "Locked"


@pytest.mark.aws(at="2026-03-01T10:00:00Z")
@pytest.mark.rule("glacier-008")
def test_not_completed_within_a_day(aws, glacier, vault, refused):
    id = glacier.initiate_vault_lock(vaultName=vault, policy=deny())["lockId"]
    assert refused(glacier.initiate_vault_lock, vaultName=vault, policy=deny())[0] == "AccessDeniedException"
    aws.clock.advance(hours=24)
    assert refused(glacier.get_vault_lock, vaultName=vault)[:2] == ("ResourceNotFoundException", 404)
    assert refused(glacier.complete_vault_lock, vaultName=vault, lockId=id)[0] == "ResourceNotFoundException"


@pytest.mark.rule("glacier-008")
def test_aborted(glacier, vault, refused):
    glacier.initiate_vault_lock(vaultName=vault, policy=deny())
    assert refused(glacier.complete_vault_lock, vaultName=vault, lockId="x")[0] == "InvalidParameterValueException"
    glacier.abort_vault_lock(vaultName=vault)
    assert refused(glacier.get_vault_lock, vaultName=vault)[0] == "ResourceNotFoundException"
    glacier.abort_vault_lock(vaultName=vault)


@pytest.mark.rule("glacier-009")
def test_a_locked_policy_stays(glacier, vault, refused):
    id = glacier.initiate_vault_lock(vaultName=vault, policy=deny())["lockId"]
    glacier.complete_vault_lock(vaultName=vault, lockId=id)
    assert refused(glacier.abort_vault_lock, vaultName=vault)[:2] == ("AccessDeniedException", 403)
    assert refused(glacier.initiate_vault_lock, vaultName=vault, policy=deny())[0] == "AccessDeniedException"
    assert refused(glacier.complete_vault_lock, vaultName=vault, lockId="x")[0] == "AccessDeniedException"
    glacier.complete_vault_lock(vaultName=vault, lockId=id)
    assert glacier.get_vault_lock(vaultName=vault)["State"] == "Locked"


@pytest.mark.aws(authorization=True)
@pytest.mark.rule("glacier-010")
def test_nobody_deletes(aws, glacier, vault, refused):
    archive = glacier.upload_archive(vaultName=vault, body=b"x")["archiveId"]
    id = glacier.initiate_vault_lock(vaultName=vault, policy=deny())["lockId"]
    glacier.complete_vault_lock(vaultName=vault, lockId=id)
    for who in ("user/awsim", "root"):
        with aws.acting_as(f"arn:aws:iam::123456789012:{who}"):
            code, status, _ = refused(glacier.delete_archive, vaultName=vault, archiveId=archive)
        assert (code, status) == ("AccessDeniedException", 403), who
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 1


@pytest.mark.aws(authorization=True, at="2026-03-01")
@pytest.mark.rule("glacier-011")
def test_not_within_a_year(aws, glacier, vault, refused):
    archive = glacier.upload_archive(vaultName=vault, body=b"x")["archiveId"]
    young = deny(NumericLessThan={"glacier:ArchiveAgeInDays": "365"})
    id = glacier.initiate_vault_lock(vaultName=vault, policy=young)["lockId"]
    glacier.complete_vault_lock(vaultName=vault, lockId=id)
    aws.clock.advance(days=364)
    assert refused(glacier.delete_archive, vaultName=vault, archiveId=archive)[0] == "AccessDeniedException"
    aws.clock.advance(days=1)
    boto3.client("glacier", region_name="us-east-1").delete_archive(vaultName=vault, archiveId=archive)
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 0


@pytest.mark.aws(authorization=True)
def test_a_legal_hold_by_tag(glacier, vault, refused):
    archive = glacier.upload_archive(vaultName=vault, body=b"x")["archiveId"]
    held = deny(StringLike={"glacier:ResourceTag/LegalHold": ["true", ""]})
    glacier.initiate_vault_lock(vaultName=vault, policy=held)
    glacier.add_tags_to_vault(vaultName=vault, Tags={"LegalHold": "true"})
    assert refused(glacier.delete_archive, vaultName=vault, archiveId=archive)[0] == "AccessDeniedException"
    glacier.remove_tags_from_vault(vaultName=vault, TagKeys=["LegalHold"])
    glacier.delete_archive(vaultName=vault, archiveId=archive)


def test_no_policy(glacier, vault, refused):
    assert refused(glacier.initiate_vault_lock, vaultName=vault)[0] == "MissingParameterValueException"
    assert refused(glacier.initiate_vault_lock, vaultName=vault, policy={"Policy": "{"})[0] == (
        "InvalidParameterValueException"
    )
