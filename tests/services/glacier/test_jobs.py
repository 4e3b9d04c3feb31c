"""Retrievals: they take time, bring an archive or an inventory, and tell who wants to know."""

import json

import boto3
import pytest

from awsim import mock_aws

MB = 1024 * 1024
TIMED = pytest.mark.aws(lifecycle="timed", at="2026-03-01T10:00:00Z")


@pytest.fixture
def archive(glacier, vault):
    return glacier.upload_archive(vaultName=vault, archiveDescription="first", body=b"scene")["archiveId"]


def start(glacier, vault, **parameters):
    return glacier.initiate_job(vaultName=vault, jobParameters=parameters)["jobId"]


@TIMED
@pytest.mark.rule("glacier-003")
def test_an_archive_is_not_read_at_once(aws, glacier, vault, archive, refused):
    id = start(glacier, vault, Type="archive-retrieval", ArchiveId=archive, Description="back")
    told = glacier.describe_job(vaultName=vault, jobId=id)
    assert (told["StatusCode"], told["Completed"], told["Tier"]) == ("InProgress", False, "Standard")
    assert told["JobDescription"] == "back" and told["RetrievalByteRange"] == "0-4"
    assert refused(glacier.get_job_output, vaultName=vault, jobId=id) == (
        "InvalidParameterValueException",
        400,
        f"The job is not currently available for download: {id}",
    )
    aws.clock.advance(hours=5)
    told = glacier.describe_job(vaultName=vault, jobId=id)
    assert (told["StatusCode"], told["Completed"]) == ("Succeeded", True)
    assert told["CompletionDate"] == "2026-03-01T13:00:00.000Z"
    output = glacier.get_job_output(vaultName=vault, jobId=id)
    assert output["body"].read() == b"scene"
    assert (output["status"], output["archiveDescription"]) == (200, "first")
    assert output["checksum"] == told["SHA256TreeHash"]


@TIMED
@pytest.mark.parametrize(
    ("tier", "seconds"),
    [
        pytest.param("Expedited", 300, marks=pytest.mark.rule("glacier-004")),
        pytest.param("Standard", 18_000, marks=pytest.mark.rule("glacier-005")),
        pytest.param(None, 18_000, marks=pytest.mark.rule("glacier-005")),
        pytest.param("Bulk", 43_200, marks=pytest.mark.rule("glacier-006")),
    ],
)
def test_tiers(aws, glacier, vault, archive, tier, seconds):
    more = {"Tier": tier} if tier else {}
    id = start(glacier, vault, Type="archive-retrieval", ArchiveId=archive, **more)
    aws.clock.advance(seconds=seconds / 5 - 2)
    assert not glacier.describe_job(vaultName=vault, jobId=id)["Completed"]
    aws.clock.advance(seconds=seconds * 4 / 5 + 3)
    told = glacier.describe_job(vaultName=vault, jobId=id)
    assert told["Completed"] and told["StatusCode"] == "Succeeded"


def test_instantly_by_default(glacier, vault, archive):
    id = start(glacier, vault, Type="archive-retrieval", ArchiveId=archive)
    assert glacier.get_job_output(vaultName=vault, jobId=id)["body"].read() == b"scene"


@pytest.mark.rule("glacier-007")
def test_select_is_gone(glacier, vault, archive, refused):
    wanted = {
        "Type": "select",
        "ArchiveId": archive,
        "SelectParameters": {"ExpressionType": "SQL", "Expression": "select * from archive"},
        "OutputLocation": {"S3": {"BucketName": "b", "Prefix": "p"}},
    }
    assert refused(glacier.initiate_job, vaultName=vault, jobParameters=wanted)[:2] == (
        "InvalidParameterValueException",
        400,
    )
    assert glacier.list_jobs(vaultName=vault)["JobList"] == []


def test_ranges(glacier, vault, refused):
    body = b"a" * MB + b"b" * MB + b"c" * 7
    archive = glacier.upload_archive(vaultName=vault, body=body)["archiveId"]
    common = {"Type": "archive-retrieval", "ArchiveId": archive}
    for wrong in ("1-1048575", "0-1048576", "0-9999999", "x"):
        code, _, _ = refused(
            glacier.initiate_job, vaultName=vault, jobParameters={**common, "RetrievalByteRange": wrong}
        )
        assert code == "InvalidParameterValueException", wrong
    id = start(glacier, vault, **common, RetrievalByteRange=f"{MB}-{len(body) - 1}")
    assert glacier.get_job_output(vaultName=vault, jobId=id)["body"].read() == body[MB:]
    part = glacier.get_job_output(vaultName=vault, jobId=id, range=f"bytes=0-{MB - 1}")
    assert part["body"].read() == b"b" * MB
    assert (part["status"], part["contentRange"]) == (206, f"bytes 0-{MB - 1}/{MB + 7}")


def test_unknown_things(glacier, vault, refused):
    assert refused(glacier.describe_job, vaultName=vault, jobId="x") == (
        "ResourceNotFoundException",
        404,
        "The job ID was not found: x",
    )
    wanted = {"Type": "archive-retrieval", "ArchiveId": "x"}
    assert refused(glacier.initiate_job, vaultName=vault, jobParameters=wanted)[:2] == (
        "ResourceNotFoundException",
        404,
    )
    assert refused(glacier.initiate_job, vaultName=vault, jobParameters={})[0] == "MissingParameterValueException"


def test_inventory(glacier, vault, archive):
    second = glacier.upload_archive(vaultName=vault, archiveDescription='a "b"', body=b"two")["archiveId"]
    id = start(glacier, vault, Type="inventory-retrieval")
    told = json.loads(glacier.get_job_output(vaultName=vault, jobId=id)["body"].read())
    assert told["VaultARN"] == "arn:aws:glacier:us-east-1:123456789012:vaults/films"
    assert [each["ArchiveId"] for each in told["ArchiveList"]] == [archive, second]
    assert told["ArchiveList"][0]["Size"] == 5
    id = start(glacier, vault, Type="inventory-retrieval", Format="CSV")
    output = glacier.get_job_output(vaultName=vault, jobId=id)
    lines = output["body"].read().decode().splitlines()
    assert output["contentType"] == "text/csv"
    assert lines[0] == "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash"
    assert lines[2].startswith(f'{second},"a \\"b\\"",')


def test_inventory_in_pages(glacier, vault):
    ids = {glacier.upload_archive(vaultName=vault, body=b"%d" % n)["archiveId"] for n in range(5)}
    found, marker = set(), None
    while True:
        wanted = {"Limit": "2", **({"Marker": marker} if marker else {})}
        id = start(glacier, vault, Type="inventory-retrieval", InventoryRetrievalParameters=wanted)
        output = json.loads(glacier.get_job_output(vaultName=vault, jobId=id)["body"].read())
        found |= {each["ArchiveId"] for each in output["ArchiveList"]}
        marker = glacier.describe_job(vaultName=vault, jobId=id)["InventoryRetrievalParameters"].get("Marker")
        if marker is None:
            break
    assert found == ids


@TIMED
def test_output_stays_a_day(aws, glacier, vault, archive, refused):
    id = start(glacier, vault, Type="archive-retrieval", ArchiveId=archive, Tier="Expedited")
    aws.clock.advance(minutes=5)
    assert [job["JobId"] for job in glacier.list_jobs(vaultName=vault, completed="true")["JobList"]] == [id]
    assert glacier.list_jobs(vaultName=vault, statuscode="InProgress")["JobList"] == []
    aws.clock.advance(hours=24)
    assert refused(glacier.get_job_output, vaultName=vault, jobId=id)[0] == "ResourceNotFoundException"


def test_notification(glacier, vault, archive):
    sns, sqs = boto3.client("sns", region_name="us-east-1"), boto3.client("sqs", region_name="us-east-1")
    glaciers = {"Effect": "Allow", "Principal": {"Service": "glacier.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [{**glaciers, "Action": "sns:Publish", "Resource": "*"}]}
    topic = sns.create_topic(Name="retrieved", Attributes={"Policy": json.dumps(policy)})["TopicArn"]
    queue = sqs.create_queue(QueueName="q", Attributes={"Policy": json.dumps(ANYBODY)})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    glacier.set_vault_notifications(
        vaultName=vault, vaultNotificationConfig={"SNSTopic": topic, "Events": ["ArchiveRetrievalCompleted"]}
    )
    id = start(glacier, vault, Type="archive-retrieval", ArchiveId=archive)
    start(glacier, vault, Type="inventory-retrieval")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert len(messages) == 1
    told = json.loads(json.loads(messages[0]["Body"])["Message"])
    assert (told["JobId"], told["Action"], told["StatusCode"]) == (id, "ArchiveRetrieval", "Succeeded")


ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
}


def test_no_capacity(refused):
    with mock_aws(limits={"glacier.closed": 0}, replay="glacier.expedited-capacity#1=1"):
        glacier = boto3.client("glacier", region_name="us-east-1")
        glacier.create_vault(vaultName="films")
        id = glacier.upload_archive(vaultName="films", body=b"scene")["archiveId"]
        wanted = {"Type": "archive-retrieval", "ArchiveId": id, "Tier": "Expedited"}
        assert refused(glacier.initiate_job, vaultName="films", jobParameters=wanted)[:2] == (
            "InsufficientCapacityException",
            400,
        )
