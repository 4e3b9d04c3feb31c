"""Trails: where they may write, what they log, and what arrives there."""

import gzip
import hashlib
import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ACCOUNT = "123456789012"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail"


@pytest.mark.rule("cloudtrail-008")
def test_a_trail_writes_once_it_logs(aws, client, trails, bucket, delivered, s3):
    made = trails.create_trail(Name="all", S3BucketName=bucket())
    assert made["TrailARN"] == f"{ARN}/all"
    client("iam").create_user(UserName="before")
    assert trails.get_trail_status(Name="all")["IsLogging"] is False
    trails.start_logging(Name="all")
    client("iam").create_user(UserName="ann")
    assert delivered("logs") == []
    aws.clock.advance(minutes=5)
    status = trails.get_trail_status(Name=made["TrailARN"])
    assert status["IsLogging"] is True
    assert status["LatestDeliveryAttemptTime"] == "2026-03-01T00:05:00Z"
    (key,) = {key for key, _ in delivered("logs")}
    start = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/03/01/{ACCOUNT}_CloudTrail_us-east-1_20260301T0005Z_"
    assert key.startswith(start)
    assert key.endswith(".json.gz") and len(key) == len(start) + 16 + len(".json.gz")
    assert [record["eventName"] for _, record in delivered("logs")] == ["StartLogging", "CreateUser"]
    assert s3.get_object_acl(Bucket="logs", Key=key)["Grants"][0]["Permission"] == "FULL_CONTROL"
    trails.stop_logging(Name="all")
    client("iam").create_user(UserName="after")
    aws.clock.advance(minutes=10)
    names = [(record["requestParameters"] or {}).get("userName") for _, record in delivered("logs")]
    assert "after" not in names and "before" not in names


@pytest.mark.rule("cloudtrail-008")
def test_buckets_that_do_not_let_cloudtrail_write(trails, s3, bucket, refused):
    assert refused(trails.create_trail, Name="all", S3BucketName="none-such") == (
        "S3BucketDoesNotExistException",
        "S3 bucket none-such does not exist!",
    )
    s3.create_bucket(Bucket="closed")
    expected = ("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: closed")
    assert refused(trails.create_trail, Name="all", S3BucketName="closed") == expected
    name = bucket("prefixed", prefix="audit/")
    assert refused(trails.create_trail, Name="all", S3BucketName=name)[0] == "InsufficientS3BucketPolicyException"
    assert trails.list_trails()["Trails"] == []
    trails.create_trail(Name="all", S3BucketName=name, S3KeyPrefix="audit")


def test_a_policy_may_name_the_trail(trails, s3, bucket, refused):
    bucket()
    policy = json.loads(s3.get_bucket_policy(Bucket="logs")["Policy"])
    for statement in policy["Statement"]:
        statement.setdefault("Condition", {}).setdefault("StringEquals", {})["aws:SourceArn"] = f"{ARN}/all"
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(policy))
    trails.create_trail(Name="all", S3BucketName="logs")
    assert refused(trails.create_trail, Name="other", S3BucketName="logs")[0] == "InsufficientS3BucketPolicyException"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ab", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        (
            "a" * 129,
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
        ),
        ("-abc", "Trail name must starts with a letter or number."),
        ("abc-", "Trail name must ends with a letter or number."),
        ("a..bc", "Trail name can not have adjacent periods, underscores or dashes."),
        ("192.168.5.4", "Trail name can not be in IP address format."),
    ],
)
def test_names(trails, refused, name, message):
    assert refused(trails.create_trail, Name=name, S3BucketName="logs") == ("InvalidTrailNameException", message)


def test_a_region_has_room_for_five(client, trails, bucket, refused):
    bucket()
    for number in range(5):
        trails.create_trail(Name=f"trail{number}", S3BucketName="logs", IsMultiRegionTrail=number == 0)
    assert refused(trails.create_trail, Name="sixth", S3BucketName="logs") == (
        "MaximumNumberOfTrailsExceededException",
        f"User: {ACCOUNT} already has 5 trails in us-east-1.",
    )
    assert refused(trails.create_trail, Name="trail1", S3BucketName="logs")[0] == "TrailAlreadyExistsException"
    elsewhere = client("cloudtrail", region="eu-west-1")
    for number in range(4):
        elsewhere.create_trail(Name=f"other{number}", S3BucketName="logs")
    assert refused(elsewhere.create_trail, Name="fifth", S3BucketName="logs")[0].startswith("MaximumNumber")


@pytest.mark.rule("cloudtrail-009")
def test_one_region_unless_all_are_asked_for(aws, client, trails, logging, delivered, refused):
    here, there = client("sqs"), client("sqs", region="eu-west-1")
    logging("all")
    assert trails.get_trail(Name="all")["Trail"]["IsMultiRegionTrail"] is False
    elsewhere = client("cloudtrail", region="eu-west-1")
    assert elsewhere.describe_trails()["trailList"] == []
    here.create_queue(QueueName="here")
    there.create_queue(QueueName="there")
    aws.clock.advance(minutes=5)
    queues = [record["awsRegion"] for _, record in delivered() if record["eventName"] == "CreateQueue"]
    assert queues == ["us-east-1"]
    trails.update_trail(Name="all", IsMultiRegionTrail=True)
    (shadow,) = elsewhere.describe_trails()["trailList"]
    assert (shadow["Name"], shadow["HomeRegion"], shadow["IsMultiRegionTrail"]) == ("all", "us-east-1", True)
    assert elsewhere.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert refused(elsewhere.update_trail, Name=f"{ARN}/all", S3KeyPrefix="x")[0] == "InvalidHomeRegionException"
    there.create_queue(QueueName="there-too")
    aws.clock.advance(minutes=5)
    keys = {key for key, record in delivered() if record["eventName"] == "CreateQueue"}
    assert any("/eu-west-1/" in key for key in keys)
    message = "Multi-Region trail must include global service events."
    assert refused(trails.update_trail, Name="all", IncludeGlobalServiceEvents=False) == (
        "InvalidParameterCombinationException",
        message,
    )


def test_unknown_trails(trails, refused):
    expected = ("TrailNotFoundException", f"Unknown trail: {ARN}/none for the user: {ACCOUNT}")
    for call in (trails.get_trail, trails.get_trail_status, trails.start_logging, trails.delete_trail):
        assert refused(call, Name="none") == expected
    assert trails.describe_trails(trailNameList=["none"])["trailList"] == []


@pytest.mark.rule("cloudtrail-011")
def test_a_trail_of_an_organization(aws, client, trails, s3, refused):
    organizations = client("organizations")
    s3.create_bucket(Bucket="logs")
    assert (
        refused(trails.create_trail, Name="org", S3BucketName="logs", IsOrganizationTrail=True)[0]
        == "OrganizationsNotInUseException"
    )
    id_ = organizations.create_organization()["Organization"]["Id"]
    created = organizations.create_account(Email="a@example.com", AccountName="member")["CreateAccountStatus"]
    created = organizations.describe_create_account_status(CreateAccountRequestId=created["Id"])
    member = created["CreateAccountStatus"]["AccountId"]
    keys = {"aws_access_key_id": member, "aws_secret_access_key": "x"}
    assert (
        refused(trails.create_trail, Name="org", S3BucketName="logs", IsOrganizationTrail=True)[0]
        == "CloudTrailAccessNotEnabledException"
    )
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    service = {"Service": "cloudtrail.amazonaws.com"}
    statements = [
        {"Effect": "Allow", "Principal": service, "Action": action, "Resource": resource}
        for action, resource in (
            ("s3:GetBucketAcl", "arn:aws:s3:::logs"),
            ("s3:PutObject", f"arn:aws:s3:::logs/AWSLogs/{id_}/*"),
        )
    ]
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    members = client("cloudtrail", **keys)
    assert (
        refused(members.create_trail, Name="mine", S3BucketName="logs", IsOrganizationTrail=True)[0]
        == "NotOrganizationMasterAccountException"
    )
    trails.create_trail(Name="org", S3BucketName="logs", IsOrganizationTrail=True, IsMultiRegionTrail=True)
    trails.start_logging(Name="org")
    client("sqs", **keys).create_queue(QueueName="theirs")
    aws.clock.advance(minutes=5)
    keys_ = [one["Key"] for one in s3.list_objects_v2(Bucket="logs")["Contents"]]
    assert any(key.startswith(f"AWSLogs/{id_}/{member}/CloudTrail/us-east-1/") for key in keys_)
    (seen,) = members.describe_trails()["trailList"]
    assert seen["IsOrganizationTrail"] is True
    assert refused(members.stop_logging, Name=seen["TrailARN"])[0] == "NotOrganizationMasterAccountException"


@pytest.mark.rule("cloudtrail-012")
def test_management_events_are_logged_by_default(trails, bucket):
    trails.create_trail(Name="all", S3BucketName=bucket())
    (selector,) = trails.get_event_selectors(TrailName="all")["EventSelectors"]
    assert selector == {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    assert trails.get_trail(Name="all")["Trail"]["HasCustomEventSelectors"] is False


@pytest.mark.rule("cloudtrail-013")
def test_read_or_write_events_only(aws, client, trails, logging, delivered, refused):
    logging(selectors=[{"ReadWriteType": "WriteOnly"}])
    client("sqs").create_queue(QueueName="jobs")
    client("sqs").list_queues()
    aws.clock.advance(minutes=5)
    names = [record["eventName"] for _, record in delivered()]
    assert "CreateQueue" in names and "ListQueues" not in names
    code, _ = refused(trails.put_event_selectors, TrailName="all", EventSelectors=[{"ReadWriteType": "Some"}])
    assert code in ("InvalidEventSelectorsException", "InvalidParameterException")
    both = {"EventSelectors": [{}], "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory"}]}]}
    assert refused(trails.put_event_selectors, TrailName="all", **both)[0] == "InvalidEventSelectorsException"


@pytest.mark.rule("cloudtrail-014", "cloudtrail-015")
def test_data_events_are_logged_where_selected(aws, client, trails, logging, delivered, s3, found):
    logging()
    for name in ("watched", "other"):
        s3.create_bucket(Bucket=name)
    s3.put_object(Bucket="watched", Key="a", Body=b"x")
    aws.clock.advance(minutes=5)
    assert "PutObject" not in [record["eventName"] for _, record in delivered()]
    objects = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::watched/in/"]}
    trails.put_event_selectors(TrailName="all", EventSelectors=[{"DataResources": [objects]}])
    s3.put_object(Bucket="watched", Key="in/a", Body=b"x")
    s3.put_object(Bucket="watched", Key="out/a", Body=b"x")
    s3.put_object(Bucket="other", Key="in/a", Body=b"x")
    aws.clock.advance(minutes=5)
    (record,) = [record for _, record in delivered() if record["eventName"] == "PutObject"]
    assert record["requestParameters"]["bucketName"] == "watched"
    assert record["requestParameters"]["key"] == "in/a"
    assert record["eventCategory"] == "Data" and record["managementEvent"] is False
    assert record["resources"][0] == {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::watched/in/a"}
    assert found(EventName="PutObject") == []


def test_advanced_selectors(aws, client, trails, logging, delivered, refused):
    logging()
    items = client("dynamodb")
    items.create_table(
        TableName="music",
        KeySchema=[{"AttributeName": "artist", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "artist", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
        {"Field": "resources.ARN", "EndsWith": ["/music"]},
        {"Field": "eventName", "NotStartsWith": ["Get"]},
    ]
    chosen = [{"Name": "items", "FieldSelectors": fields}]
    assert (
        trails.put_event_selectors(TrailName="all", AdvancedEventSelectors=chosen)["AdvancedEventSelectors"] == chosen
    )
    item = {"artist": {"S": "No One You Know"}, "song": {"S": "Scared of My Shadow"}}
    items.put_item(TableName="music", Item=item)
    items.get_item(TableName="music", Key={"artist": {"S": "No One You Know"}})
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(minutes=5)
    records = [record for _, record in delivered() if record["eventTime"] >= "2026-03-01T00:00:00Z"]
    (record,) = [
        one for one in records if one["eventSource"] == "dynamodb.amazonaws.com" and one["eventName"] == "PutItem"
    ]
    assert record["requestParameters"] == {"tableName": "music", "item": ["artist", "song"]}
    assert record["responseElements"] is None
    assert record["resources"] == [
        {
            "accountId": ACCOUNT,
            "type": "AWS::DynamoDB::Table",
            "ARN": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/music",
        }
    ]
    assert not {"GetItem", "CreateQueue"} & {one["eventName"] for one in records}
    without = [{"FieldSelectors": fields[:1]}]
    code, message = refused(trails.put_event_selectors, TrailName="all", AdvancedEventSelectors=without)
    assert code == "InvalidEventSelectorsException" and "resources.type" in message
    assert trails.get_event_selectors(TrailName="all")["AdvancedEventSelectors"] == chosen


@pytest.mark.rule("cloudtrail-016")
def test_insights_are_switched_on(trails, bucket, refused):
    trails.create_trail(Name="all", S3BucketName=bucket())
    code, message = refused(trails.get_insight_selectors, TrailName="all")
    assert code == "InsightNotEnabledException" and "does not have Insights enabled" in message
    chosen = [{"InsightType": "ApiCallRateInsight"}]
    trails.put_insight_selectors(TrailName="all", InsightSelectors=chosen)
    assert trails.get_insight_selectors(TrailName="all")["InsightSelectors"] == chosen
    assert trails.get_trail(Name="all")["Trail"]["HasInsightSelectors"] is True
    assert trails.lookup_events(EventCategory="insight")["Events"] == []


@pytest.mark.rule("cloudtrail-017")
def test_a_burst_of_write_calls_is_an_insight(aws, client, trails, logging):
    logging()
    both = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
    trails.put_insight_selectors(TrailName="all", InsightSelectors=both)
    sqs = client("sqs")
    for number in range(24):
        sqs.create_queue(QueueName=f"steady{number}")
        sqs.list_queues()
        aws.clock.advance(hours=1)
    assert trails.lookup_events(EventCategory="insight")["Events"] == []
    for number in range(20):
        sqs.create_queue(QueueName=f"burst{number}")
        sqs.list_queues()
    aws.clock.advance(minutes=10)
    end, start = [json.loads(one["CloudTrailEvent"]) for one in trails.lookup_events(EventCategory="insight")["Events"]]
    assert (start["insightDetails"]["state"], end["insightDetails"]["state"]) == ("Start", "End")
    assert start["sharedEventID"] == end["sharedEventID"]
    assert start["eventType"] == "AwsCloudTrailInsight"
    details = start["insightDetails"]
    assert (details["eventSource"], details["eventName"]) == ("sqs.amazonaws.com", "CreateQueue")
    assert details["insightType"] == "ApiCallRateInsight"
    statistics = details["insightContext"]["statistics"]
    assert statistics["insight"] == {"average": 20.0}
    assert statistics["baseline"] == {"average": round(24 / 10080, 10)}
    for _ in range(10):
        with pytest.raises(Exception, match="does not exist"):
            sqs.get_queue_url(QueueName="missing")
    aws.clock.advance(minutes=5)
    newest = trails.lookup_events(EventCategory="insight", MaxResults=1)["Events"][0]
    assert json.loads(newest["CloudTrailEvent"])["insightDetails"]["insightType"] == "ApiErrorRateInsight"


def test_how_many_calls_there_were(aws, client, trails, refused):
    for number in range(3):
        client("sqs").create_queue(QueueName=f"q{number}")
    aws.clock.advance(minutes=2)
    client("sqs").create_queue(QueueName="later")
    asked = {"EventSource": "sqs.amazonaws.com", "EventName": "CreateQueue", "InsightType": "ApiCallRateInsight"}
    found = trails.list_insights_metric_data(**asked)
    assert found["Values"] == [3.0, 1.0]
    assert (found["Timestamps"][1] - found["Timestamps"][0]).total_seconds() == 120
    filled = trails.list_insights_metric_data(**asked, DataType="FillWithZeros", StartTime=found["Timestamps"][0])
    assert filled["Values"] == [3.0, 0.0, 1.0]
    assert refused(trails.list_insights_metric_data, **asked, ErrorCode="x")[0] == "InvalidParameterException"


def test_delegated_administrators(client, trails, refused):
    organizations = client("organizations")
    admin = {"MemberAccountId": "111111111111"}
    code, _ = refused(trails.register_organization_delegated_admin, **admin)
    assert code == "OrganizationsNotInUseException"
    organizations.create_organization()
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    made = organizations.create_account(Email="a@example.com", AccountName="member")["CreateAccountStatus"]
    made = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    trails.register_organization_delegated_admin(MemberAccountId=made["AccountId"])
    found = organizations.list_delegated_administrators(ServicePrincipal="cloudtrail.amazonaws.com")
    assert [one["Id"] for one in found["DelegatedAdministrators"]] == [made["AccountId"]]
    code, _ = refused(trails.register_organization_delegated_admin, MemberAccountId=made["AccountId"])
    assert code == "AccountRegisteredException"
    trails.deregister_organization_delegated_admin(DelegatedAdminAccountId=made["AccountId"])
    code, _ = refused(trails.deregister_organization_delegated_admin, DelegatedAdminAccountId=made["AccountId"])
    assert code == "AccountNotRegisteredException"


def test_the_topic_hears_of_each_file(aws, client, trails, bucket, refused):
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="files")["TopicArn"]
    bucket()
    settings = {"Name": "all", "S3BucketName": "logs", "SnsTopicName": "files"}
    expected = ("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")
    assert refused(trails.create_trail, **settings) == expected
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sns:Publish"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": topic}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    assert trails.create_trail(**settings)["SnsTopicARN"] == topic
    url = sqs.create_queue(QueueName="files")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:files"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    trails.start_logging(Name="all")
    aws.clock.advance(minutes=5)
    body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert body["s3Bucket"] == "logs"
    assert body["s3ObjectKey"][0].startswith(f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/")


def test_files_are_encrypted_with_the_key_of_the_trail(aws, client, trails, bucket, s3, refused):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    bucket()
    settings = {"Name": "all", "S3BucketName": "logs", "KmsKeyId": key}
    assert refused(trails.create_trail, **settings)[0] == "InsufficientEncryptionPolicyException"
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"{ARN}/*"}}
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": context,
        }
    )
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))
    assert trails.create_trail(**settings)["KmsKeyId"] == key
    trails.start_logging(Name="all")
    aws.clock.advance(minutes=5)
    (file,) = s3.list_objects_v2(Bucket="logs")["Contents"]
    assert s3.head_object(Bucket="logs", Key=file["Key"])["SSEKMSKeyId"] == key
    missing = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
    assert refused(trails.update_trail, Name="all", KmsKeyId=missing)[0] == "KmsKeyNotFoundException"


def test_digests_are_signed_one_after_the_other(aws, client, trails, logging, s3):
    logging(EnableLogFileValidation=True)
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(hours=2)
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="logs-of-all")["Contents"]]
    first, second = sorted(key for key in keys if "CloudTrail-Digest" in key)
    contents = []
    (public,) = trails.list_public_keys()["PublicKeyList"]
    for name in (first, second):
        found = s3.get_object(Bucket="logs-of-all", Key=name)
        content = gzip.decompress(found["Body"].read())
        digest = json.loads(content)
        contents.append((digest, hashlib.sha256(content).hexdigest(), found["Metadata"]["signature"]))
        previous = digest["previousDigestSignature"] or "null"
        text = f"{digest['digestEndTime']}\nlogs-of-all/{name}\n{contents[-1][1]}\n{previous}"
        assert digest["digestPublicKeyFingerprint"] == public["Fingerprint"]
        assert _verifies(public["Value"], bytes.fromhex(found["Metadata"]["signature"]), text.encode())
    (_, hashed, signature), (digest, _, _) = contents
    assert digest["previousDigestHashValue"] == hashed
    assert digest["previousDigestSignature"] == signature
    for file in contents[0][0]["logFiles"]:
        log = gzip.decompress(s3.get_object(Bucket="logs-of-all", Key=file["s3Object"])["Body"].read())
        assert hashlib.sha256(log).hexdigest() == file["hashValue"]
    assert contents[0][0]["logFiles"] != []


def _verifies(key, signature, text):
    """RSASSA-PKCS1-v1_5 with SHA-256, by hand: the key is PKCS #1."""
    modulus_at = key.index(b"\x02\x82\x01\x01") + 4
    modulus = int.from_bytes(key[modulus_at : modulus_at + 257])
    opened = pow(int.from_bytes(signature), 65537, modulus).to_bytes(256)
    return opened.endswith(
        b"\x00" + bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text).digest()
    )


def test_the_command_line_validates_logs(aws, client, logging, capsys):
    driver = pytest.importorskip("awscli.clidriver")
    logging(EnableLogFileValidation=True)
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(hours=3)
    asked = ["--trail-arn", f"{ARN}/all", "--start-time", "2026-03-01T00:00:00Z", "--region", "us-east-1"]
    assert driver.create_clidriver().main(["cloudtrail", "validate-logs", *asked]) == 0
    said = capsys.readouterr().out
    assert "3/3 digest files valid" in said
    assert "log files valid" in said and "INVALID" not in said


def test_undelivered_files_come_later(aws, client, trails, logging, s3, delivered):
    logging()
    policy = s3.get_bucket_policy(Bucket="logs-of-all")["Policy"]
    aws.faults.add("s3:PutObject", error="SlowDown", status=503, times=1)
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(minutes=5)
    assert trails.get_trail_status(Name="all")["LatestDeliveryError"] == "SlowDown"
    aws.clock.advance(minutes=5)
    assert "CreateQueue" in [record["eventName"] for _, record in delivered()]
    assert "LatestDeliveryError" not in trails.get_trail_status(Name="all")
    assert policy


def test_tags(trails, logging, refused):
    arn = logging(TagsList=[{"Key": "team", "Value": "a"}])
    trails.add_tags(ResourceId=arn, TagsList=[{"Key": "stage", "Value": "prod"}])
    trails.remove_tags(ResourceId=arn, TagsList=[{"Key": "team"}])
    (listed,) = trails.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert listed == {"ResourceId": arn, "TagsList": [{"Key": "stage", "Value": "prod"}]}
    assert refused(trails.list_tags, ResourceIdList=["trail"])[0] == "CloudTrailARNInvalidException"
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    assert refused(trails.add_tags, ResourceId=arn, TagsList=many)[0] == "TagsLimitExceededException"


def test_a_restored_cloud_logs_as_it_did(aws, client, logging, delivered):
    before = aws.snapshot()
    logging()
    client("sqs").create_queue(QueueName="undone")
    aws.restore(before)
    client("sqs").create_queue(QueueName="jobs")
    aws.clock.advance(minutes=10)
    logging()
    client("sqs").create_queue(QueueName="logged")
    aws.clock.advance(minutes=5)
    queues = [
        record["requestParameters"]["queueName"] for _, record in delivered() if record["eventName"] == "CreateQueue"
    ]
    assert queues == ["logged"]
