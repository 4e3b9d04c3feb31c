"""Several accounts and regions of one company, and one application that moves between them."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

PRODUCTION = "111111111111"
AUDIT = "222222222222"


def session(account=None, region="us-east-1", **keys):
    if account:  # an access key of twelve digits is its own account
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "secret"}
    return boto3.Session(region_name=region, **keys)


def assumed(account, role, by):
    """A session of a role in another account, as STS gives it."""
    answer = by.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="story", DurationSeconds=900
    )
    keys = answer["Credentials"]
    return session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def names(sqs):
    return [url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", [])]


def test_accounts_and_regions_are_apart(aws):
    for account in (PRODUCTION, AUDIT):
        for region in ("us-east-1", "eu-west-1"):
            session(account, region).client("sqs").create_queue(QueueName=f"jobs-{account[0]}-{region}")
    assert names(session(PRODUCTION).client("sqs")) == ["jobs-1-us-east-1"]
    assert names(session(AUDIT, "eu-west-1").client("sqs")) == ["jobs-2-eu-west-1"]
    assert names(session().client("sqs")) == []  # nobody's keys: the Cloud's own account

    # Bucket names belong to all.
    session(PRODUCTION).client("s3").create_bucket(Bucket="company-logs")
    with pytest.raises(ClientError) as refused:
        session(AUDIT).client("s3").create_bucket(Bucket="company-logs")
    assert refused.value.response["Error"]["Code"] == "BucketAlreadyExists"
    assert session(AUDIT).client("s3").list_buckets()["Buckets"] == []


def test_a_role_works_in_its_own_account(aws):
    audit = session(AUDIT)
    role = assumed(PRODUCTION, "auditor", by=audit)
    identity = role.client("sts").get_caller_identity()
    assert identity["Account"] == PRODUCTION
    assert identity["Arn"] == f"arn:aws:sts::{PRODUCTION}:assumed-role/auditor/story"

    role.resource("dynamodb").create_table(
        TableName="findings",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    ).put_item(Item={"id": "one"})
    mine = session(PRODUCTION).client("dynamodb")
    assert mine.get_item(TableName="findings", Key={"id": {"S": "one"}})["Item"] == {"id": {"S": "one"}}
    with pytest.raises(audit.client("dynamodb").exceptions.ResourceNotFoundException):
        audit.client("dynamodb").describe_table(TableName="findings")

    aws.clock.advance(minutes=16)
    with pytest.raises(ClientError) as refused:
        role.client("sqs").list_queues()
    assert refused.value.response["Error"]["Code"] == "ExpiredToken"
    assert len(aws.calls.of("sts:AssumeRole")) == 1


def test_a_profile_renews_its_role_by_itself(aws, tmp_path, monkeypatch):
    """Credentials that botocore gets from a role live on the Cloud's clock, and are renewed by it."""
    (tmp_path / "config").write_text(
        f"[profile base]\naws_access_key_id = {AUDIT}\naws_secret_access_key = secret\nregion = us-east-1\n"
        f"[profile app]\nrole_arn = arn:aws:iam::{PRODUCTION}:role/app\nsource_profile = base\nregion = eu-west-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    sqs = boto3.Session(profile_name="app").client("sqs")
    assert sqs.create_queue(QueueName="jobs")["QueueUrl"] == f"https://sqs.eu-west-1.amazonaws.com/{PRODUCTION}/jobs"
    for _ in range(3):
        aws.clock.advance(hours=2)
        assert names(sqs) == ["jobs"]
    assert len(aws.calls.of("sts:AssumeRole")) == 4


def test_messages_go_from_account_to_account(aws):
    """A queue of one account, let by its policy, is used with another account's keys."""
    owner, guest = session(PRODUCTION).client("sqs"), session(AUDIT).client("sqs")
    url = owner.create_queue(QueueName="shared")["QueueUrl"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": AUDIT},
                "Action": "sqs:*",
                "Resource": f"arn:aws:sqs:us-east-1:{PRODUCTION}:shared",
            }
        ],
    }
    owner.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    assert guest.get_queue_url(QueueName="shared", QueueOwnerAWSAccountId=PRODUCTION)["QueueUrl"] == url
    guest.send_message(QueueUrl=url, MessageBody="from audit")
    (message,) = owner.receive_message(QueueUrl=url, AttributeNames=["SenderId"])["Messages"]
    assert message["Body"] == "from audit"
    sender = session(AUDIT).client("sts").get_caller_identity()["UserId"]
    assert message["Attributes"]["SenderId"] == sender


def test_acting_as_somebody(aws):
    sts = boto3.client("sts")
    with aws.acting_as(f"arn:aws:iam::{PRODUCTION}:role/deploy"):
        assert sts.get_caller_identity()["Account"] == PRODUCTION
        boto3.client("sqs").create_queue(QueueName="deployed")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    assert names(session(PRODUCTION).client("sqs")) == ["deployed"]
