"""Who may: IAM policies, topic policies, queue policies, keys. With `authorization`."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim.errors import AWSError

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:inbox"
pytestmark = pytest.mark.aws(authorization=True)


@pytest.fixture
def jane(aws):
    """A user without any policy: (her SNS client, what gives her one)."""
    iam = boto3.client("iam")
    iam.create_user(UserName="jane")
    keys = iam.create_access_key(UserName="jane")["AccessKey"]

    def allow(*actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="jane", PolicyName="p", PolicyDocument=document)

    client = boto3.client(
        "sns", "us-east-1", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
    )
    return client, allow


def allowing(service, action, resource, **condition):
    """A resource policy that lets a service in."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.rule("sns-027")
def test_iam_decides_who_publishes(make, jane, refused):
    topic = make()
    client, allow = jane
    code, message, status = refused(client.publish, TopicArn=topic, Message="m")
    assert (code, status) == ("AuthorizationError", 403)
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT}:user/jane is not authorized to perform: SNS:Publish on resource: {topic} "
        "because no identity-based policy allows the SNS:Publish action"
    )
    allow("sns:Publish")
    assert client.publish(TopicArn=topic, Message="m")["MessageId"]
    subscribe = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE}
    assert refused(client.subscribe, **subscribe)[0] == "AuthorizationError"
    allow("sns:Subscribe")
    assert client.subscribe(**subscribe)["SubscriptionArn"]


@pytest.mark.rule("sns-028")
def test_other_accounts_need_the_topic_s_policy(sns, make, refused, aws):
    topic = make()
    other = boto3.client("sns", "us-east-1", **aws.credentials("arn:aws:iam::111122223333:user/awsim"))
    assert refused(other.publish, TopicArn=topic, Message="m")[0] == "AuthorizationError"
    sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=["111122223333"], ActionName=["Publish"])
    assert other.publish(TopicArn=topic, Message="m")["MessageId"]


@pytest.mark.rule("sns-028", "sns-036")
def test_services_need_it_too(aws, sns, make):
    topic = make()
    bucket = "arn:aws:s3:::photos"

    def notify():
        params = {"TopicArn": topic, "Message": "an object was put"}
        return aws.call("sns", "Publish", params, caller="s3.amazonaws.com", source_arn=bucket)

    with pytest.raises(AWSError) as caught:
        notify()
    assert caught.value.code == "AuthorizationError"
    policy = allowing("s3.amazonaws.com", "SNS:Publish", topic, ArnLike={"aws:SourceArn": bucket})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert notify()["MessageId"]


@pytest.mark.rule("sns-030")
def test_a_queue_that_does_not_let_the_topic_in_stays_empty(sns, sqs, make, subscribe, queue, texts, aws):
    topic, other_topic = make(), make("other")
    dead, dead_arn = queue("dead")
    url, _ = subscribe(topic, RedrivePolicy={"deadLetterTargetArn": dead_arn})
    subscribe(other_topic)
    for each, arn in ((dead, dead_arn), (url, QUEUE)):
        assert sns.publish(TopicArn=topic, Message="refused")["MessageId"]
        assert texts(url) == []
        policy = allowing("sns.amazonaws.com", "sqs:SendMessage", arn, ArnEquals={"aws:SourceArn": topic})
        sqs.set_queue_attributes(QueueUrl=each, Attributes={"Policy": policy})
    # The first was lost, the second went to the dead-letter queue, which was open by then.
    assert texts(dead) == ["refused"]
    sns.publish(TopicArn=topic, Message="let in")
    sns.publish(TopicArn=other_topic, Message="refused")
    assert texts(url) == ["let in"]
    refusals = [call.error.code for call in aws.calls.of("sqs:SendMessage") if call.error]
    assert set(refusals) == {"AccessDenied"}


# --- keys


@pytest.fixture
def kms(aws, monkeypatch):
    """Stands in for KMS: `answer` is the error that it gives, None for a key."""

    class Keys:
        answer = None
        asked = []

    original = aws.call

    def call(service, operation, parameters=None, **more):
        if service != "kms":
            return original(service, operation, parameters, **more)
        Keys.asked.append((operation, parameters["KeyId"], more["caller"].arn))
        if Keys.answer is not None:
            raise AWSError(Keys.answer, "no")
        return {"Plaintext": b"x"}

    Keys.asked = []
    monkeypatch.setattr(aws, "call", call)
    return Keys


@pytest.mark.rule("sns-026", "sns-029")
@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("DisabledException", "KMSDisabled"),
        ("AccessDeniedException", "KMSAccessDenied"),
        ("NotFoundException", "KMSNotFound"),
        ("KMSInvalidStateException", "KMSInvalidState"),
        ("ThrottlingException", "KMSThrottling"),
    ],
)
def test_an_encrypted_topic_needs_its_key(sns, make, kms, refused, error, code):
    topic = make(KmsMasterKeyId="key-1")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"] == "key-1"
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]
    assert kms.asked == [("GenerateDataKey", "key-1", f"arn:aws:iam::{ACCOUNT}:user/awsim")]
    kms.answer = error
    assert refused(sns.publish, TopicArn=topic, Message="m") == (code, "no", 400)
    entries = [{"Id": "1", "Message": "m"}]
    assert refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)[0] == code


def test_the_managed_key_is_for_all(sns, make, kms):
    sns.publish(TopicArn=make(KmsMasterKeyId="alias/aws/sns"), Message="m")
    assert kms.asked == []


def test_links_and_certificates_need_no_credentials(sns, make):
    import requests

    answer = requests.get("https://sns.us-east-1.amazonaws.com/?Action=ListTopics")
    assert answer.status_code == 403
    assert "MissingAuthenticationToken" in answer.text
    with pytest.raises(ClientError):
        sns.confirm_subscription(TopicArn=make(), Token="x")
