"""Event history: what LookupEvents finds without any trail, and what event records say."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
)


@pytest.mark.rule("cloudtrail-001")
def test_calls_are_recorded_without_a_trail(client, trails, found):
    client("iam").create_user(UserName="ann")
    client("s3").create_bucket(Bucket="reports")
    assert trails.describe_trails()["trailList"] == []
    (event,) = trails.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])[
        "Events"
    ]
    assert event["EventSource"] == "iam.amazonaws.com"
    assert event["Username"] == "awsim"
    assert event["EventTime"] == datetime(2026, 3, 1, tzinfo=UTC)
    assert event["ReadOnly"] == "false"
    assert event["Resources"] == [{"ResourceType": "AWS::IAM::User", "ResourceName": "ann"}]
    assert [one["eventName"] for one in found(EventSource="s3.amazonaws.com")] == ["CreateBucket"]


@pytest.mark.aws(consistency="eventual", seed=1)
def test_a_run_that_varies_may_miss_the_latest_events(client, trails):
    client("iam").create_user(UserName="ann")
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    counts = {len(trails.lookup_events(LookupAttributes=wanted)["Events"]) for _ in range(40)}
    assert counts == {0, 1}


@pytest.mark.rule("cloudtrail-002")
def test_the_history_keeps_90_days(aws, client, found):
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(days=90)
    assert len(found(EventName="CreateQueue")) == 1
    aws.clock.advance(days=1)
    assert found(EventName="CreateQueue") == []


@pytest.mark.rule("cloudtrail-003")
def test_what_a_record_says(client, found):
    answer = client("sqs").create_queue(QueueName="jobs", Attributes={"DelaySeconds": "5"})
    (record,) = found(EventName="CreateQueue")
    identifier = record.pop("eventID")
    assert len(identifier) == 36
    assert record.pop("userAgent").startswith("Boto3/")
    identity = record.pop("userIdentity")
    assert identity["type"] == "IAMUser"
    assert identity["arn"] == "arn:aws:iam::123456789012:user/awsim"
    assert record == {
        "eventVersion": "1.11",
        "eventTime": "2026-03-01T00:00:00Z",
        "eventSource": "sqs.amazonaws.com",
        "eventName": "CreateQueue",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": {"queueName": "jobs", "attributes": {"DelaySeconds": "5"}},
        "responseElements": {"queueUrl": answer["QueueUrl"]},
        "requestID": answer["ResponseMetadata"]["RequestId"],
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "sqs.us-east-1.amazonaws.com",
        },
    }


@pytest.mark.rule("cloudtrail-004")
def test_events_are_found_by_one_attribute(client, trails, found, refused):
    client("iam").create_user(UserName="ann")
    client("iam").create_user(UserName="bob")
    client("iam").list_users()
    (bob,) = found(ResourceName="bob")
    assert bob["requestParameters"] == {"userName": "bob"}
    assert len(found(ResourceType="AWS::IAM::User")) == 2
    assert [one["eventName"] for one in found(ReadOnly="true")][-1] == "ListUsers"
    assert found(EventId=bob["eventID"]) == [bob]
    assert found(AccessKeyId="AKIAIOSFODNN7EXAMPLE") == []
    assert {one["eventName"] for one in found(Username="awsim")} >= {"CreateUser", "ListUsers"}
    two = [{"AttributeKey": key, "AttributeValue": "x"} for key in ("EventName", "Username")]
    code, _ = refused(trails.lookup_events, LookupAttributes=two)
    assert code == "InvalidLookupAttributesException"
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    code, _ = refused(trails.lookup_events, StartTime=late, EndTime=early)
    assert code == "InvalidTimeRangeException"
    assert refused(trails.lookup_events, NextToken="nonsense")[0] == "InvalidNextTokenException"


def test_pages_and_times(aws, client, trails):
    sqs = client("sqs")
    for number in range(5):
        sqs.create_queue(QueueName=f"q{number}")
        aws.clock.advance(minutes=1)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}]
    first = trails.lookup_events(LookupAttributes=wanted, MaxResults=2)
    assert [one["Resources"][0]["ResourceName"] for one in first["Events"]] == ["q4", "q3"]
    sqs.create_queue(QueueName="newer")
    second = trails.lookup_events(LookupAttributes=wanted, MaxResults=2, NextToken=first["NextToken"])
    assert [one["Resources"][0]["ResourceName"] for one in second["Events"]] == ["q2", "q1"]
    start = datetime(2026, 3, 1, tzinfo=UTC)
    some = trails.lookup_events(LookupAttributes=wanted, StartTime=start, EndTime=start + timedelta(minutes=1))
    assert len(some["Events"]) == 2


@pytest.mark.rule("cloudtrail-005")
def test_who_deleted_a_bucket(aws, client, found):
    client("s3").create_bucket(Bucket="reports")
    client("s3").delete_bucket(Bucket="reports")
    deletion, creation = found(ResourceName="reports")
    assert (creation["eventName"], deletion["eventName"]) == ("CreateBucket", "DeleteBucket")
    assert deletion["userIdentity"]["userName"] == "awsim"
    assert deletion["requestParameters"] == {"bucketName": "reports"}
    assert deletion["resources"] == [
        {"accountId": "123456789012", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::reports"}
    ]


@pytest.mark.rule("cloudtrail-006")
@pytest.mark.aws(authorization=True)
def test_refused_calls_have_their_error(client, found):
    iam = client("iam")
    iam.create_user(UserName="ann")
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    hers = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    with pytest.raises(Exception, match="not authorized"):
        client("dynamodb", **hers).delete_table(TableName="orders")
    (record,) = found(EventName="DeleteTable")
    assert record["errorCode"] == "AccessDenied"
    assert "is not authorized to perform: dynamodb:DeleteTable" in record["errorMessage"]
    assert record["userIdentity"]["userName"] == "ann"
    assert record["userIdentity"]["accessKeyId"] == keys["AccessKeyId"]
    assert record["requestParameters"] == {"tableName": "orders"}
    assert record["responseElements"] is None
    assert record["apiVersion"] == "2012-08-10"


@pytest.mark.rule("cloudtrail-007", "s3-120")
def test_the_use_of_a_key_by_s3(client, s3, found):
    key = client("kms").create_key()["KeyMetadata"]
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="a", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key["KeyId"])
    s3.get_object(Bucket="reports", Key="a")
    client("kms").encrypt(KeyId=key["KeyId"], Plaintext=b"secret", EncryptionContext={"Tenant": "a"})
    encrypted, decrypted, generated, created = found(EventSource="kms.amazonaws.com")
    assert [one["eventName"] for one in (encrypted, decrypted, generated, created)] == [
        "Encrypt", "Decrypt", "GenerateDataKey", "CreateKey",
    ]  # fmt: skip
    for record in (generated, decrypted):
        assert record["userIdentity"]["invokedBy"] == "s3.amazonaws.com"
        assert record["userIdentity"]["userName"] == "awsim"
        assert record["sourceIPAddress"] == record["userAgent"] == "s3.amazonaws.com"
        assert record["requestParameters"]["encryptionContext"] == {"aws:s3:arn": "arn:aws:s3:::reports/a"}
    assert generated["resources"] == [{"accountId": "123456789012", "type": "AWS::KMS::Key", "ARN": key["Arn"]}]
    assert encrypted["requestParameters"] == {"keyId": key["KeyId"], "encryptionContext": {"Tenant": "a"}}
    assert encrypted["readOnly"] is True
    assert found(ResourceName=key["Arn"])[-1]["eventName"] == "CreateKey"


@pytest.mark.rule("kinesis-046")
def test_streams_are_managed_in_the_history_and_used_outside_of_it(client, found):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="a")
    shard = kinesis.list_shards(StreamName="clicks")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="clicks", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    kinesis.delete_stream(StreamName="clicks")
    names = [one["eventName"] for one in found(EventSource="kinesis.amazonaws.com")]
    assert names == ["DeleteStream", "ListShards", "CreateStream"]


def test_sessions_of_roles(client, found):
    role = client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]
    session = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="nightly")
    keys = session["Credentials"]
    there = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    client("sqs", **there).create_queue(QueueName="jobs")
    (record,) = found(EventName="CreateQueue")
    assert record["userIdentity"] == {
        "type": "AssumedRole",
        "principalId": f"{role['RoleId']}:nightly",
        "arn": "arn:aws:sts::123456789012:assumed-role/app/nightly",
        "accountId": "123456789012",
        "accessKeyId": keys["AccessKeyId"],
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role["RoleId"],
                "arn": role["Arn"],
                "accountId": "123456789012",
                "userName": "app",
            },
            "attributes": {"creationDate": "2026-03-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }
    assert len(found(Username="nightly")) == 1
    (assumed,) = found(EventName="AssumeRole")
    assert assumed["responseElements"]["credentials"]["accessKeyId"] == keys["AccessKeyId"]
    assert "secretAccessKey" not in assumed["responseElements"]["credentials"]
    assert assumed["responseElements"]["credentials"]["expiration"] == "Mar 1, 2026, 1:00:00 AM"


def test_roots_and_federated_users(aws, client, found):
    with aws.acting_as("arn:aws:iam::123456789012:root"):
        client("sqs").create_queue(QueueName="roots")
    keys = client("sts").get_federation_token(Name="guest")["Credentials"]
    guest = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    client("sqs", **guest).create_queue(QueueName="guests")
    guests, roots = found(EventName="CreateQueue")
    assert roots["userIdentity"]["type"] == "Root"
    assert guests["userIdentity"]["type"] == "FederatedUser"
    assert guests["userIdentity"]["sessionContext"]["sessionIssuer"]["type"] == "IAMUser"
    assert len(found(Username="root")) == len(found(Username="guest")) == 1


def test_calls_across_accounts_are_in_both_logs(aws, client, found):
    here = client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    other = {"aws_access_key_id": "210987654321", "aws_secret_access_key": "x"}
    client("sts", **other).assume_role(RoleArn=here, RoleSessionName="visit")
    (seen,) = found(EventName="AssumeRole")
    assert seen["userIdentity"]["type"] == "AWSAccount"
    assert seen["userIdentity"]["accountId"] == "210987654321"
    assert seen["recipientAccountId"] == "123456789012"
    theirs = client("cloudtrail", **other).lookup_events()["Events"]
    (made,) = [json.loads(one["CloudTrailEvent"]) for one in theirs if one["EventName"] == "AssumeRole"]
    assert made["userIdentity"]["type"] == "IAMUser"
    assert made["sharedEventID"] == seen["sharedEventID"]
    assert made["eventID"] != seen["eventID"]
    assert made["recipientAccountId"] == "210987654321"


def test_lambdas_events_carry_the_version_of_their_api(client, found):
    with pytest.raises(Exception, match="not found"):
        client("lambda").get_function(FunctionName="missing")
    with pytest.raises(Exception, match="not found"):
        client("lambda").update_function_configuration(
            FunctionName="missing", Environment={"Variables": {"PASSWORD": "hunter2"}}
        )
    update, get = found(EventSource="lambda.amazonaws.com")
    assert get["eventName"] == "GetFunction20150331v2"
    assert update["eventName"] == "UpdateFunctionConfiguration20150331v2"
    assert update["requestParameters"] == {"functionName": "missing", "environment": {}}
    assert update["errorCode"] == "ResourceNotFoundException"


def test_secrets_are_not_shown(client, found):
    iam = client("iam")
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="Hunter2-hunter2")
    iam.create_access_key(UserName="ann")
    assert found(EventName="CreateLoginProfile")[0]["requestParameters"] == {"userName": "ann"}
    shown = found(EventName="CreateAccessKey")[0]["responseElements"]["accessKey"]
    assert set(shown) == {"userName", "accessKeyId", "status", "createDate"}


def test_a_domains_master_password_is_not_shown(client, found):
    user = {"MasterUserName": "boss", "MasterUserPassword": "Hunter2-hunter2"}
    with pytest.raises(Exception, match="Domain not found"):
        client("opensearch").update_domain_config(
            DomainName="missing", AdvancedSecurityOptions={"MasterUserOptions": user}
        )
    (record,) = found(EventName="UpdateDomainConfig")
    assert record["eventSource"] == "es.amazonaws.com"
    assert "Hunter2" not in json.dumps(record)


def test_what_is_too_large_is_left_out(aws, client, found):
    iam = client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    aws.limits["cloudtrail.element-size"] = 100
    iam.create_policy(PolicyName="all", PolicyDocument=document)
    (record,) = found(EventName="CreatePolicy")
    assert record["requestParameters"] == record["responseElements"] == {"omitted": True}


def test_what_services_send_each_other_is_no_management_event(client, found):
    sns, sqs = client("sns"), client("sqs")
    topic, url = sns.create_topic(Name="news")["TopicArn"], sqs.create_queue(QueueName="inbox")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:inbox")
    sns.publish(TopicArn=topic, Message="hello")
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    names = {one["eventName"] for one in found(ReadOnly="false")}
    assert names == {"CreateTopic", "CreateQueue", "Subscribe"}


def test_global_services_are_in_the_first_region(client, trails):
    client("iam", region="eu-west-1").create_user(UserName="ann")
    client("sqs", region="eu-west-1").create_queue(QueueName="jobs")
    names = {one["EventName"] for one in trails.lookup_events()["Events"]}
    assert names == {"CreateUser"}
    there = client("cloudtrail", region="eu-west-1").lookup_events()["Events"]
    assert {one["EventName"] for one in there} == {"CreateQueue"}


def test_what_a_restore_has_undone_is_no_event(aws, client, found):
    client("sqs").create_queue(QueueName="kept")
    before = aws.snapshot()
    client("sqs").create_queue(QueueName="undone")
    assert len(found(EventName="CreateQueue")) == 2
    aws.restore(before)
    client("sqs").create_queue(QueueName="later")
    names = [one["requestParameters"]["queueName"] for one in found(EventName="CreateQueue")]
    assert names == ["later", "kept"]


def test_the_history_costs_the_journal_nothing(aws, client, found):
    before = len(aws.calls)
    client("sqs").create_queue(QueueName="jobs")
    assert len(aws.calls) == before + 1
    assert "observer" not in vars(aws)


@pytest.mark.aws(throttling=True)
def test_lookups_are_throttled(trails, client):
    once = boto3.session.Config(retries={"total_max_attempts": 1})
    hasty = client("cloudtrail", config=once)
    with pytest.raises(Exception, match="Rate exceeded"):
        for _ in range(4):
            hasty.lookup_events()
