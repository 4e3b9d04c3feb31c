"""Services that encrypt under a key, in the name of who calls them: SQS, SNS, Kinesis, Firehose."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
authorized = pytest.mark.aws(authorization=True)


def client(service, **keys):
    return boto3.client(service, region_name="us-east-1", config=Config(retries={"max_attempts": 0}), **keys)


@pytest.fixture
def sqs(aws):
    return client("sqs")


@pytest.fixture
def queue(sqs, key):
    return sqs.create_queue(QueueName="jobs", Attributes={"KmsMasterKeyId": key})["QueueUrl"]


@pytest.fixture
def person(aws):
    """person(*actions): a user's clients, by service; again for other permissions of the same user."""
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def person(service, *actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
        return client(service, **keys)

    return person


def asked(aws):
    """What KMS was asked by other services."""
    return [call.operation for outer in aws.calls for call in outer.caused if call.service == "kms"]


@pytest.mark.rule("sqs-083", "kms-037")
def test_a_queue_whose_key_cannot_be_used(kms, sqs, key, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    kms.disable_key(KeyId=key)
    other = sqs.create_queue(QueueName="other", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    with pytest.raises(sqs.exceptions.KmsDisabled) as caught:
        sqs.send_message(QueueUrl=other, MessageBody="x")
    assert caught.value.response["Error"]["Message"] == f"{key} is disabled."
    unknown = key[:-4] + "0000"
    none = sqs.create_queue(QueueName="none", Attributes={"KmsMasterKeyId": unknown})["QueueUrl"]
    with pytest.raises(sqs.exceptions.KmsNotFound):
        sqs.send_message(QueueUrl=none, MessageBody="x")
    kms.schedule_key_deletion(KeyId=key)
    with pytest.raises(sqs.exceptions.KmsInvalidState):
        sqs.send_message(QueueUrl=other, MessageBody="x")
    attributes = sqs.get_queue_attributes(QueueUrl=other, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"


@pytest.mark.rule("sqs-087")
@pytest.mark.parametrize(("period", "keys"), [("60", 2), ("300", 1)])
@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_how_long_a_data_key_is_reused(aws, sqs, queue, period, keys):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsDataKeyReusePeriodSeconds": period})
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    aws.clock.advance(seconds=120)
    sqs.send_message(QueueUrl=queue, MessageBody="y")
    assert asked(aws) == ["GenerateDataKey"] * keys


@pytest.mark.rule("sqs-093")
@authorized
def test_senders_and_receivers_need_the_key(sqs, queue, person):
    mine = person("sqs", "sqs:*")
    with pytest.raises(mine.exceptions.KmsAccessDenied) as caught:
        mine.send_message(QueueUrl=queue, MessageBody="x")
    assert "is not authorized to perform: kms:GenerateDataKey" in caught.value.response["Error"]["Message"]
    mine = person("sqs", "sqs:*", "kms:GenerateDataKey")
    mine.send_message(QueueUrl=queue, MessageBody="x")
    with pytest.raises(mine.exceptions.KmsAccessDenied) as caught:
        mine.receive_message(QueueUrl=queue)
    assert "is not authorized to perform: kms:Decrypt" in caught.value.response["Error"]["Message"]
    mine = person("sqs", "sqs:*", "kms:GenerateDataKey", "kms:Decrypt")
    assert [message["Body"] for message in mine.receive_message(QueueUrl=queue)["Messages"]] == ["x"]


@pytest.mark.rule("sns-026")
def test_a_topic_whose_key_is_disabled(kms, key):
    sns = client("sns")
    topic = sns.create_topic(Name="news", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    assert sns.publish(TopicArn=topic, Message="x")["MessageId"]
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError) as caught:
        sns.publish(TopicArn=topic, Message="x")
    assert caught.value.response["Error"]["Code"] == "KMSDisabled"


@pytest.mark.rule("sns-029")
@authorized
def test_publishers_need_the_key(key, person):
    topic = client("sns").create_topic(Name="news", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    mine = person("sns", "sns:Publish")
    with pytest.raises(ClientError) as caught:
        mine.publish(TopicArn=topic, Message="x")
    assert caught.value.response["Error"]["Code"] == "KMSAccessDenied"
    assert person("sns", "sns:Publish", "kms:GenerateDataKey").publish(TopicArn=topic, Message="x")["MessageId"]


@authorized
def test_a_topic_needs_the_key_of_the_queue_it_delivers_to(kms, sqs, make, policy):
    """SNS calls as itself: the key's policy has to let it."""
    sns = client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    service = {"Service": "sns.amazonaws.com"}
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
    allow = {"Effect": "Allow", "Principal": service, "Action": "sqs:SendMessage", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    key = make()
    attributes = {"KmsMasterKeyId": key, "Policy": document}
    queue = sqs.create_queue(QueueName="jobs", Attributes=attributes)["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="lost")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    opened = json.loads(policy())
    actions = ["kms:GenerateDataKey", "kms:Decrypt"]
    opened["Statement"].append({"Effect": "Allow", "Principal": service, "Action": actions, "Resource": "*"})
    kms.put_key_policy(KeyId=key, Policy=json.dumps(opened))
    sns.publish(TopicArn=topic, Message="found")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["Message"] == "found"


@pytest.mark.rule("kinesis-043")
@authorized
def test_producers_and_consumers_of_a_stream_need_its_key(key, person):
    admin = client("kinesis")
    admin.create_stream(StreamName="clicks", ShardCount=1)
    admin.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId=key)
    record = {"StreamName": "clicks", "Data": b"x", "PartitionKey": "k"}
    mine = person("kinesis", "kinesis:*")
    with pytest.raises(mine.exceptions.KMSAccessDeniedException) as caught:
        mine.put_record(**record)
    assert "kms:GenerateDataKey" in caught.value.response["Error"]["Message"]
    mine = person("kinesis", "kinesis:*", "kms:GenerateDataKey")
    assert mine.put_record(**record)["EncryptionType"] == "KMS"
    where = {"StreamName": "clicks", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = mine.get_shard_iterator(**where)["ShardIterator"]
    with pytest.raises(mine.exceptions.KMSAccessDeniedException):
        mine.get_records(ShardIterator=iterator)
    mine = person("kinesis", "kinesis:*", "kms:Decrypt")
    assert len(mine.get_records(ShardIterator=iterator)["Records"]) == 1


@pytest.mark.rule("kms-037")
def test_a_stream_whose_key_is_disabled(kms, key):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId=key)
    kms.disable_key(KeyId=key)
    with pytest.raises(kinesis.exceptions.KMSDisabledException):
        kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="k")


def test_firehose_writes_under_the_key_of_its_destination(kms, key):
    s3 = client("s3")
    s3.create_bucket(Bucket="reports")
    destination = {
        "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/firehose",
        "BucketARN": "arn:aws:s3:::reports",
        "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
        "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": key}},
    }
    firehose = client("firehose")
    firehose.create_delivery_stream(DeliveryStreamName="clicks", ExtendedS3DestinationConfiguration=destination)
    firehose.put_record(DeliveryStreamName="clicks", Record={"Data": b"x"})
    (found,) = s3.list_objects_v2(Bucket="reports")["Contents"]
    assert s3.get_object(Bucket="reports", Key=found["Key"])["SSEKMSKeyId"] == key


@pytest.mark.rule("kms-008", "kms-037")
@pytest.mark.newer_botocore
def test_a_delivery_stream_whose_key_cannot_be_used(kms, key, make):
    destination = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/firehose", "BucketARN": "arn:aws:s3:::reports"}
    firehose = client("firehose")
    named = {"DeliveryStreamName": "clicks"}
    firehose.create_delivery_stream(**named, ExtendedS3DestinationConfiguration=destination)
    pair = make(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    disabled = make()
    kms.disable_key(KeyId=disabled)

    def encrypt(key):
        configuration = {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key}
        firehose.start_delivery_stream_encryption(**named, DeliveryStreamEncryptionConfigurationInput=configuration)

    for wrong, code in ((pair, "ValidationException"), (disabled, "DisabledException")):
        with pytest.raises(firehose.exceptions.InvalidKMSResourceException) as caught:
            encrypt(wrong)
        assert caught.value.response["code"] == code
    stream = firehose.describe_delivery_stream(**named)["DeliveryStreamDescription"]
    assert stream["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED"
    encrypt(key)
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    assert grant["Constraints"]["EncryptionContextSubset"] == {"aws:kinesis:firehose:arn": stream["DeliveryStreamARN"]}
