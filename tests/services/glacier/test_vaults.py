"""Vaults: made, described as of the last inventory, closed to who is new; tags, notifications, account settings."""

import boto3
import pytest

from awsim import mock_aws

ARN = "arn:aws:glacier:us-east-1:123456789012:vaults/films"


@pytest.mark.rule("glacier-001")
def test_a_vault_holds_archives(glacier, refused):
    made = glacier.create_vault(vaultName="films")
    assert made["location"] == "/123456789012/vaults/films"
    archive = glacier.upload_archive(vaultName="films", archiveDescription="first", body=b"scene")
    assert archive["location"] == f"/123456789012/vaults/films/archives/{archive['archiveId']}"
    assert len(archive["archiveId"]) == 138
    told = glacier.describe_vault(vaultName="films")
    assert (told["VaultARN"], told["NumberOfArchives"], told["SizeInBytes"]) == (ARN, 1, 5)
    assert refused(glacier.upload_archive, vaultName="none", body=b"x") == (
        "ResourceNotFoundException",
        404,
        "Vault not found for ARN: arn:aws:glacier:us-east-1:123456789012:vaults/none",
    )
    assert refused(glacier.delete_vault, vaultName="films") == (
        "InvalidParameterValueException",
        400,
        f"Vault not empty or recently written to: {ARN}",
    )
    glacier.delete_archive(vaultName="films", archiveId=archive["archiveId"])
    # Again is no error.
    glacier.delete_archive(vaultName="films", archiveId=archive["archiveId"])
    glacier.delete_vault(vaultName="films")
    assert glacier.list_vaults()["VaultList"] == []


@pytest.mark.rule("glacier-001")
def test_closed_to_new_customers(aws, refused):
    client = boto3.client("glacier", region_name="us-east-1")
    assert refused(client.create_vault, vaultName="films")[:2] == ("NoLongerSupportedException", 400)
    assert refused(client.list_vaults)[:2] == ("NoLongerSupportedException", 400)


def test_open_before_it_closed():
    with mock_aws(as_of="2025-12-14"):
        boto3.client("glacier", region_name="us-east-1").create_vault(vaultName="films")


@pytest.mark.aws(lifecycle="timed", at="2026-03-01T10:00:00Z")
def test_the_inventory_is_taken_daily(aws, glacier, vault, refused):
    aws.clock.advance(hours=2)
    id = glacier.upload_archive(vaultName=vault, body=b"scene")["archiveId"]
    told = glacier.describe_vault(vaultName=vault)
    assert told["NumberOfArchives"] == 0 and "LastInventoryDate" not in told
    assert refused(glacier.initiate_job, vaultName=vault, jobParameters={"Type": "inventory-retrieval"})[:2] == (
        "ResourceNotFoundException",
        404,
    )
    aws.clock.advance(hours=22)
    told = glacier.describe_vault(vaultName=vault)
    assert (told["NumberOfArchives"], told["LastInventoryDate"]) == (1, "2026-03-02T10:00:00.000Z")
    glacier.delete_archive(vaultName=vault, archiveId=id)
    assert refused(glacier.delete_vault, vaultName=vault)[0] == "InvalidParameterValueException"
    aws.clock.advance(days=1)
    glacier.delete_vault(vaultName=vault)


@pytest.mark.aws(lifecycle="timed", at="2026-03-01T10:00:00Z")
def test_a_vault_written_to_stays_until_it_was_looked_through(aws, glacier, vault, refused):
    id = glacier.upload_archive(vaultName=vault, body=b"scene")["archiveId"]
    glacier.delete_archive(vaultName=vault, archiveId=id)
    assert refused(glacier.delete_vault, vaultName=vault)[0] == "InvalidParameterValueException"
    aws.clock.advance(days=1)
    glacier.delete_vault(vaultName=vault)


def test_names(glacier, refused):
    assert refused(glacier.create_vault, vaultName="a/b")[:2] == ("InvalidParameterValueException", 400)
    glacier.create_vault(vaultName="a" * 255)
    assert refused(glacier.create_vault, vaultName="a" * 256)[:2] == ("InvalidParameterValueException", 400)
    assert [each["VaultName"] for each in glacier.list_vaults()["VaultList"]] == ["a" * 255]


@pytest.mark.aws(limits={"glacier.vaults": 2})
def test_quota(glacier, refused):
    glacier.create_vault(vaultName="a")
    glacier.create_vault(vaultName="b")
    glacier.create_vault(vaultName="b")
    assert refused(glacier.create_vault, vaultName="c")[:2] == ("LimitExceededException", 400)


def test_tags(glacier, vault, refused):
    glacier.add_tags_to_vault(vaultName=vault, Tags={"team": "film", "year": "26"})
    glacier.remove_tags_from_vault(vaultName=vault, TagKeys=["year"])
    assert glacier.list_tags_for_vault(vaultName=vault)["Tags"] == {"team": "film"}
    many = {f"k{n}": "v" for n in range(50)}
    assert refused(glacier.add_tags_to_vault, vaultName=vault, Tags=many)[0] == "LimitExceededException"
    assert glacier.list_tags_for_vault(vaultName=vault)["Tags"] == {"team": "film"}


def test_notifications(glacier, vault, refused):
    assert refused(glacier.get_vault_notifications, vaultName=vault)[:2] == ("ResourceNotFoundException", 404)
    wanted = {"SNSTopic": "arn:aws:sns:us-east-1:123456789012:t", "Events": ["ArchiveRetrievalCompleted"]}
    glacier.set_vault_notifications(vaultName=vault, vaultNotificationConfig=wanted)
    assert glacier.get_vault_notifications(vaultName=vault)["vaultNotificationConfig"] == wanted
    bad = {**wanted, "Events": ["Nothing"]}
    assert refused(glacier.set_vault_notifications, vaultName=vault, vaultNotificationConfig=bad)[0] == (
        "InvalidParameterValueException"
    )
    glacier.delete_vault_notifications(vaultName=vault)
    glacier.delete_vault_notifications(vaultName=vault)


def test_data_retrieval_policy(glacier, vault, refused):
    assert glacier.get_data_retrieval_policy()["Policy"] == {"Rules": [{"Strategy": "None"}]}
    rule = {"Strategy": "BytesPerHour", "BytesPerHour": 10}
    assert refused(glacier.set_data_retrieval_policy, Policy={"Rules": [{"Strategy": "BytesPerHour"}]})[0] == (
        "InvalidParameterValueException"
    )
    glacier.set_data_retrieval_policy(Policy={"Rules": [rule]})
    assert glacier.get_data_retrieval_policy()["Policy"] == {"Rules": [rule]}
    id = glacier.upload_archive(vaultName=vault, body=b"123456")["archiveId"]
    wanted = {"Type": "archive-retrieval", "ArchiveId": id}
    glacier.initiate_job(vaultName=vault, jobParameters=wanted)
    assert refused(glacier.initiate_job, vaultName=vault, jobParameters=wanted) == (
        "PolicyEnforcedException",
        400,
        "InitiateJob request denied by current data retrieval policy.",
    )
    glacier.initiate_job(vaultName=vault, jobParameters={**wanted, "Tier": "Bulk"})


@pytest.mark.aws(at="2026-03-01")
def test_provisioned_capacity(aws, glacier, refused):
    id = glacier.purchase_provisioned_capacity()["capacityId"]
    glacier.purchase_provisioned_capacity()
    assert refused(glacier.purchase_provisioned_capacity)[:2] == ("LimitExceededException", 400)
    unit = glacier.list_provisioned_capacity()["ProvisionedCapacityList"][0]
    assert unit == {
        "CapacityId": id,
        "StartDate": "2026-03-01T00:00:00.000Z",
        "ExpirationDate": "2026-03-31T00:00:00.000Z",
    }
    aws.clock.advance(days=31)
    assert glacier.list_provisioned_capacity()["ProvisionedCapacityList"] == []


def test_vaults_of_another_account(aws, glacier, vault, refused):
    """Only where the vault's policy lets them in."""
    its = {"accountId": "123456789012", "vaultName": vault}
    ann = "arn:aws:iam::111122223333:user/ann"
    with aws.acting_as(ann):
        assert refused(glacier.describe_vault, **its)[:2] == ("AccessDeniedException", 403)
    allow = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, '
        f'"Action": "glacier:DescribeVault", "Resource": "{ARN}"}}]}}'
    )
    glacier.set_vault_access_policy(vaultName=vault, policy={"Policy": allow})
    assert glacier.get_vault_access_policy(vaultName=vault)["policy"]["Policy"] == allow
    with aws.acting_as(ann):
        assert glacier.describe_vault(**its)["VaultName"] == vault
        assert refused(glacier.list_jobs, **its)[0] == "AccessDeniedException"
    glacier.delete_vault_access_policy(vaultName=vault)
    with aws.acting_as(ann):
        assert refused(glacier.describe_vault, **its)[0] == "AccessDeniedException"
