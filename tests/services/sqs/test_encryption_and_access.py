"""Server-side encryption attributes; permissions, and queues of other accounts."""

import json

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")

OTHER = "210987654321"


@pytest.mark.rule("sqs-080")
def test_encrypted_with_a_key_of_sqs_unless_said_otherwise(sqs, make, attributes):
    url = make()
    assert attributes(url, "SqsManagedSseEnabled") == "true"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "false"})
    assert attributes(url, "SqsManagedSseEnabled") == "false"


@pytest.mark.rule("sqs-080")
@pytest.mark.aws(as_of="2022-10-04")
def test_unencrypted_before_october_2022(make, attributes):
    assert attributes(make(), "SqsManagedSseEnabled") == "false"


@pytest.mark.rule("sqs-081", "sqs-084")
def test_encrypted_with_a_key_of_kms(sqs, make, attributes, send, bodies):
    url = make()
    assert "KmsDataKeyReusePeriodSeconds" not in attributes(url)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "alias/x"})
    found = attributes(url)
    assert (found["KmsMasterKeyId"], found["SqsManagedSseEnabled"]) == ("alias/x", "false")
    assert found["KmsDataKeyReusePeriodSeconds"] == "300"
    send(url, "in the clear")
    assert bodies(url) == ["in the clear"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    assert "KmsMasterKeyId" not in attributes(url)


@pytest.mark.rule("sqs-082")
def test_one_kind_of_encryption_at_a_time(sqs, make, attributes, refused):
    url = make()
    before = attributes(url)
    both = {"KmsMasterKeyId": "alias/x", "SqsManagedSseEnabled": "true"}
    message = (
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
    )
    for call in (
        lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=both),
        lambda: sqs.create_queue(QueueName="new", Attributes=both),
    ):
        assert refused(call) == ("InvalidAttributeName", message, 400)
    assert attributes(url) == before
    assert sqs.list_queues()["QueueUrls"] == [url]


@pytest.mark.rule("sqs-085", "sqs-086")
def test_how_long_a_data_key_is_reused(sqs, make, attributes, refused):
    url = make(KmsMasterKeyId="alias/x")
    for value in ("60", "86400"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsDataKeyReusePeriodSeconds": value})
        assert attributes(url, "KmsDataKeyReusePeriodSeconds") == value
    invalid = ("InvalidAttributeValue", "Invalid value for the parameter KmsDataKeyReusePeriodSeconds.", 400)
    for value in ("59", "86401"):
        changed = {"KmsDataKeyReusePeriodSeconds": value}
        assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes=changed) == invalid
    assert attributes(url, "KmsDataKeyReusePeriodSeconds") == "86400"


@pytest.fixture
def other(aws):
    """A client of another account."""
    return boto3.client("sqs", region_name="us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="x")


def test_another_account_needs_a_policy_that_names_it(aws, sqs, make, other, refused, counts, arn):
    url = make()
    message = (
        f"User: arn:aws:iam::{OTHER}:user/awsim is not authorized to perform: sqs:sendmessage on resource: "
        f"{arn('jobs')} because no resource-based policy allows the sqs:sendmessage action"
    )
    denied = ("AccessDenied", message, 403)
    assert refused(other.send_message, QueueUrl=url, MessageBody="x") == denied
    sqs.add_permission(QueueUrl=url, Label="a", AWSAccountIds=["111122223333"], Actions=["*"])
    assert refused(other.send_message, QueueUrl=url, MessageBody="x") == denied
    sqs.add_permission(QueueUrl=url, Label="b", AWSAccountIds=[OTHER], Actions=["SendMessage", "GetQueueUrl"])
    other.send_message(QueueUrl=url, MessageBody="x")
    other.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "y"}])
    assert other.get_queue_url(QueueName="jobs", QueueOwnerAWSAccountId="123456789012")["QueueUrl"] == url
    assert refused(other.receive_message, QueueUrl=url)[0] == "AccessDenied"
    for call in (other.delete_queue, other.list_queue_tags):
        assert refused(call, QueueUrl=url)[0] == "AccessDenied"
    assert counts(url) == (2, 0, 0)
    sqs.remove_permission(QueueUrl=url, Label="b")
    assert refused(other.send_message, QueueUrl=url, MessageBody="x") == denied
    code, _, _ = refused(other.send_message, QueueUrl=url.replace("jobs", "nothing"), MessageBody="x")
    assert code == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.parametrize(
    ("statement", "admitted"),
    [
        ({"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}, True),
        ({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sqs:ReceiveMessage", "SQS:Send*"]}, True),
        ({"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sqs:SendMessage"}, True),
        ({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:user/awsim"}, "Action": "*"}, True),
        ({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:user/else"}, "Action": "*"}, False),
        ({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "*"}, False),
        ({"Effect": "Allow", "Principal": "*", "Action": "sqs:ReceiveMessage"}, False),
        ({"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage"}, False),
    ],
)
def test_whom_a_policy_admits(sqs, make, other, refused, statement, admitted):
    url = make(Policy={"Version": "2012-10-17", "Statement": [statement]})
    if admitted:
        other.send_message(QueueUrl=url, MessageBody="x")
    else:
        assert refused(other.send_message, QueueUrl=url, MessageBody="x")[0] == "AccessDenied"


def test_what_no_policy_gives_away(sqs, make, other, refused):
    url = make(Policy={"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]})
    for call, more in (
        (other.delete_queue, {}),
        (other.set_queue_attributes, {"Attributes": {"DelaySeconds": "9"}}),
        (other.tag_queue, {"Tags": {"a": "b"}}),
        (other.add_permission, {"Label": "a", "AWSAccountIds": [OTHER], "Actions": ["*"]}),
    ):
        assert refused(call, QueueUrl=url, **more)[0] == "AccessDenied"
    assert sqs.list_queues()["QueueUrls"] == [url]


def test_a_denial_wins(sqs, make, other, refused):
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}
    url = make(Policy={"Statement": [allow, {**allow, "Effect": "Deny"}]})
    assert refused(other.send_message, QueueUrl=url, MessageBody="x")[0] == "AccessDenied"


def test_dead_letters_of_another_accounts_receiver(sqs, make, other, arn, bodies):
    make("dead")
    url = make("jobs", RedrivePolicy={"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1}, VisibilityTimeout=0)
    sqs.add_permission(QueueUrl=url, Label="a", AWSAccountIds=[OTHER], Actions=["ReceiveMessage"])
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert len(other.receive_message(QueueUrl=url)["Messages"]) == 1
    assert "Messages" not in other.receive_message(QueueUrl=url)
    assert bodies(make("dead")) == ["x"]


def test_permissions_that_are_none(sqs, make, attributes, refused):
    url = make()
    good = {"QueueUrl": url, "Label": "a", "AWSAccountIds": [OTHER], "Actions": ["SendMessage"]}
    owner = "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action."  # noqa: E501
    for changed, code, message in (
        ({"Label": "a b"}, "InvalidParameterValue", None),
        ({"Label": "a" * 81}, "InvalidParameterValue", None),
        ({"Actions": ["CreateQueue"]}, "InvalidParameterValue", owner),
        ({"Actions": []}, "MissingParameter", "The request must contain the parameter Actions."),
        ({"Actions": ["SendMessage"] * 8}, "OverLimit", "8 Actions were found, maximum allowed is 7."),
        ({"AWSAccountIds": ["1"]}, "InvalidParameterValue", "Value [1] for parameter PrincipalId is invalid. Reason: Unable to verify."),  # noqa: E501
        ({"AWSAccountIds": [OTHER] * 51}, "OverLimit", "51 Principals were found, maximum allowed is 50."),
    ):
        answer = refused(sqs.add_permission, **{**good, **changed})
        assert answer[0] == code
        assert message is None or answer[1] == message
    assert "Policy" not in attributes(url)
    for n in range(20):
        sqs.add_permission(**{**good, "Label": f"l{n}"})
    assert refused(sqs.add_permission, **good)[:2] == ("OverLimit", "21 Statements were found, maximum allowed is 20.")
    assert len(json.loads(attributes(url, "Policy"))["Statement"]) == 20
