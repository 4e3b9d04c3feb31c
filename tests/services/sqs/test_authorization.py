"""Who may: IAM policies, queue policies, keys. With `authorization`."""

import json

import boto3
import pytest

ACCOUNT, OTHER = "123456789012", "210987654321"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"

pytestmark = pytest.mark.aws(at="2026-01-01", authorization=True)


def document(effect="Allow", **statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, **statement}]})


@pytest.fixture
def user(aws):
    """user("jane", account) -> (her SQS client, what gives her a policy), without any policy at first."""

    def user(name, account=ACCOUNT):
        iam = boto3.client("iam", aws_access_key_id=account, aws_secret_access_key="x")
        iam.create_user(UserName=name)
        keys = iam.create_access_key(UserName=name)["AccessKey"]

        def allow(*actions, resource=QUEUE):
            policy = document(Action=list(actions), Resource=resource)
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)

        client = boto3.client(
            "sqs", "us-east-1", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
        )
        return client, allow

    return user


@pytest.mark.rule("sqs-088")
def test_iam_decides_who_sends_and_receives(make, user, refused, counts):
    url = make()
    jane, allow = user("jane")
    denied = (
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/jane is not authorized to perform: sqs:sendmessage on resource: {QUEUE} "
        "because no identity-based policy allows the sqs:sendmessage action",
        403,
    )
    assert refused(jane.send_message, QueueUrl=url, MessageBody="x") == denied
    assert (
        refused(jane.send_message_batch, QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])[0] == "AccessDenied"
    )
    assert counts(url) == (0, 0, 0)
    allow("sqs:SendMessage")
    jane.send_message(QueueUrl=url, MessageBody="x")
    assert counts(url) == (1, 0, 0)
    code, message, status = refused(jane.receive_message, QueueUrl=url)
    assert (code, status) == ("AccessDenied", 403)
    assert "is not authorized to perform: sqs:receivemessage on resource" in message
    assert counts(url) == (1, 0, 0)
    allow("sqs:ReceiveMessage", "sqs:DeleteMessage")
    (message,) = jane.receive_message(QueueUrl=url)["Messages"]
    jane.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-088")
def test_a_deny_of_the_queue_s_policy_wins(sqs, make, user, refused):
    url = make()
    jane, allow = user("jane")
    allow("sqs:*")
    jane.send_message(QueueUrl=url, MessageBody="x")
    policy = document("Deny", Principal="*", Action="sqs:SendMessage", Resource=QUEUE)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    code, message, _ = refused(jane.send_message, QueueUrl=url, MessageBody="x")
    assert code == "AccessDenied"
    assert message.endswith("with an explicit deny in a resource-based policy")


@pytest.mark.rule("sqs-089")
@pytest.mark.parametrize("principal", ["*", {"AWS": OTHER}, {"AWS": f"arn:aws:iam::{OTHER}:root"}])
def test_another_account_needs_both_policies(sqs, make, user, refused, counts, principal):
    url = make()
    bob, allow = user("bob", OTHER)
    send = {"QueueUrl": url, "MessageBody": "x"}
    assert refused(bob.send_message, **send)[0] == "AccessDenied"
    allow("sqs:SendMessage")
    assert refused(bob.send_message, **send)[0] == "AccessDenied"
    policy = document(Principal=principal, Action="sqs:SendMessage", Resource=QUEUE)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    bob.send_message(**send)
    assert counts(url) == (1, 0, 0)
    assert refused(bob.receive_message, QueueUrl=url)[0] == "AccessDenied"
    allow("sqs:ReceiveMessage")
    assert refused(bob.send_message, **send)[0] == "AccessDenied"
    assert counts(url) == (1, 0, 0)


@pytest.mark.rule("sqs-095")
def test_sns_needs_the_queue_s_policy_and_publishers_do_not_notice(sqs, make, counts):
    url = make()
    sns = boto3.client("sns", region_name="us-east-1")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    assert sns.publish(TopicArn=topic, Message="lost")["MessageId"]
    assert counts(url) == (0, 0, 0)
    policy = document(
        Principal={"Service": "sns.amazonaws.com"},
        Action="sqs:SendMessage",
        Resource=QUEUE,
        Condition={"ArnEquals": {"aws:SourceArn": topic}},
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "m"


# --- keys


@pytest.fixture
def encrypted(aws, make):
    """A queue under a key of the account's own: (its URL, the ARN of the key, a client of KMS)."""
    kms = boto3.client("kms", region_name="us-east-1")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    return make(KmsMasterKeyId=key), key, kms


@pytest.mark.rule("sqs-083")
def test_a_key_that_cannot_be_used(sqs, make, encrypted, refused, counts):
    url, key, kms = encrypted
    sqs.send_message(QueueUrl=url, MessageBody="x")
    kms.disable_key(KeyId=key)
    other = make("other", KmsMasterKeyId=key)
    code, _, status = refused(sqs.send_message, QueueUrl=other, MessageBody="x")
    assert (code, status) == ("KMS.DisabledException", 400)
    with pytest.raises(sqs.exceptions.KmsDisabled):
        sqs.send_message(QueueUrl=other, MessageBody="x")
    unknown = make("unknown", KmsMasterKeyId=key[:-12] + "000000000000")
    with pytest.raises(sqs.exceptions.KmsNotFound):
        sqs.send_message(QueueUrl=unknown, MessageBody="x")
    assert refused(sqs.send_message, QueueUrl=unknown, MessageBody="x")[0] == "KMS.NotFoundException"
    assert (counts(other), counts(unknown)) == ((0, 0, 0), (0, 0, 0))


@pytest.mark.rule("sqs-087")
@pytest.mark.parametrize(("period", "asked"), [("60", 2), ("300", 1)])
def test_data_keys_are_reused_for_a_while(aws, sqs, encrypted, period, asked):
    url, _, _ = encrypted
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsDataKeyReusePeriodSeconds": period})

    def generated():
        sent = aws.calls.of("sqs:SendMessage")
        return [each.name for call in sent for each in call.caused].count("kms:GenerateDataKey")

    sqs.send_message(QueueUrl=url, MessageBody="x")
    aws.clock.advance(seconds=120)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert generated() == asked


@pytest.mark.rule("sqs-093", "sqs-094")
def test_senders_and_receivers_need_rights_on_the_key(sqs, encrypted, user, refused, counts):
    url, key, _ = encrypted
    jane, allow = user("jane")
    allow("sqs:*", resource=QUEUE)
    code, message, status = refused(jane.send_message, QueueUrl=url, MessageBody="x")
    assert (code, status) == ("KMS.AccessDeniedException", 400)
    assert "kms:GenerateDataKey" in message
    assert counts(url) == (0, 0, 0)
    allow("sqs:*", "kms:GenerateDataKey", resource=[QUEUE, key])
    jane.send_message(QueueUrl=url, MessageBody="x")
    # What is not the body can be read without the key.
    found = jane.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["ApproximateNumberOfMessages"], found["KmsMasterKeyId"]) == ("1", key)
    with pytest.raises(sqs.exceptions.KmsAccessDenied, match="kms:Decrypt"):
        jane.receive_message(QueueUrl=url)
    assert counts(url) == (1, 0, 0)
    allow("sqs:*", "kms:Decrypt", resource=[QUEUE, key])
    (message,) = jane.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "x"


def test_sqs_s_own_key_asks_nobody(aws, make, send, bodies):
    boto3.client("kms", region_name="us-east-1").create_key()
    url = make(KmsMasterKeyId="alias/aws/sqs")
    send(url, "x")
    assert bodies(url) == ["x"]


@pytest.mark.parametrize(
    "url, code",
    [
        ("SQS_QUEUE_URL", "AWS.SimpleQueueService.NonExistentQueue"),
        ("https://sqs.us-east-1.amazonaws.com/x", "InvalidAddress"),
    ],
)
def test_a_url_that_is_none_is_no_matter_of_permissions(sqs, refused, url, code):
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x")[0] == code
