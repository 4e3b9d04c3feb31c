"""What S3 tells topics, queues and EventBridge of a bucket's objects."""

import json
from datetime import datetime
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REGION = "us-east-1"
INVALID = "Unable to validate the following destination configurations"


def policy_for(action, arn, bucket="*", account=ACCOUNT):
    """The policy that AWS documents for a destination of notifications."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": action,
        "Resource": arn,
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
            "StringEquals": {"aws:SourceAccount": account},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def sqs(aws):
    return boto3.client("sqs", region_name=REGION)


@pytest.fixture
def queue(sqs):
    """queue("jobs") -> its ARN; S3 may send to it unless told otherwise."""

    def make(name="jobs", **given):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        text = given.get("policy", policy_for("sqs:SendMessage", arn))
        sqs.create_queue(QueueName=name, Attributes={"Policy": text} if text else {})
        return arn

    return make


@pytest.fixture
def bodies(sqs):
    """bodies("jobs") -> the texts in a queue, taken out."""

    def take(name="jobs"):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return take


@pytest.fixture
def records(bodies):
    """records("jobs") -> the records of the events in a queue, without test events."""

    def take(name="jobs"):
        return [record for body in bodies(name) for record in body.get("Records", ())]

    return take


@pytest.fixture
def notify(s3):
    def put(bucket, *queues, skip=None, **more):
        configuration = {"QueueConfigurations": list(queues), **more} if queues else more
        given = {} if skip is None else {"SkipDestinationValidation": skip}
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration, **given)

    return put


def to(arn, *events, id="wanted", **rules):
    entry = {"QueueArn": arn, "Events": list(events) or ["s3:ObjectCreated:*"], "Id": id}
    if rules:
        entry["Filter"] = {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules.items()]}}
    return entry


# --- configuring


@pytest.mark.rule("s3-240", "sqs-096", "sns-028", "sns-036")
def test_a_destination_has_to_let_s3_in(aws, s3, bucket, queue, notify, refused):
    arn = queue(policy=None)
    reason = "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
    with refused("InvalidArgument", INVALID, ArgumentName1=arn, ArgumentValue1=reason):
        notify(bucket, to(arn))
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    # The policy of another bucket, or of a bucket of another account, is not this one's.
    for other in ({"bucket": "other"}, {"account": "210987654321"}):
        url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"
        attributes = {"Policy": policy_for("sqs:SendMessage", arn, **other)}
        boto3.client("sqs", region_name=REGION).set_queue_attributes(QueueUrl=url, Attributes=attributes)
        with refused("InvalidArgument", INVALID, ArgumentName1=arn, ArgumentValue1=reason):
            notify(bucket, to(arn))
    notify(bucket, to(arn), skip=True)
    topic = boto3.client("sns", region_name=REGION).create_topic(Name="news")["TopicArn"]
    reason = "Permissions on the destination topic do not allow S3 to publish notifications from this bucket"
    with refused("InvalidArgument", INVALID, ArgumentName1=topic, ArgumentValue1=reason):
        notify(bucket, TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}])
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"] == [to(arn)]


@pytest.mark.rule("s3-240")
def test_destinations_that_do_not_exist(s3, bucket, queue, notify, refused):
    absent = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in ("one", "two")]
    there = queue()
    expected = {"ArgumentName1": absent[0], "ArgumentValue1": "The destination queue does not exist"}
    with refused("InvalidArgument", INVALID, **expected):
        notify(bucket, to(absent[0]))
    expected |= {"ArgumentName2": absent[1], "ArgumentValue2": "The destination queue does not exist"}
    entries = [to(arn, id=arn, prefix=arn) for arn in (absent[0], there, absent[1])]
    with refused("InvalidArgument", INVALID, **expected) as refusal:
        notify(bucket, *entries)
    assert "ArgumentName3" not in refusal.error
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
    with refused(
        "InvalidArgument", INVALID, ArgumentName1=topic, ArgumentValue1="The destination topic does not exist"
    ):
        notify(bucket, TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}])
    with refused("NoSuchBucket", status=404):
        notify("nowhere", to(there))
    notify(bucket, *entries, skip=True)
    assert len(s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]) == 3


def test_a_refused_configuration_sends_nothing(bucket, queue, notify, refused, bodies):
    there = queue()
    with refused("InvalidArgument", INVALID):
        notify(bucket, to(there, prefix="a"), to(there + "-absent", prefix="b", id="b"))
    assert bodies() == []


@pytest.mark.parametrize("change", [
    ({"Id": "x" * 256}, "ID length should not exceed allowed limit of 255"),
    ({"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x" * 1025}]}}},
     "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation"),
])  # fmt: skip
def test_sizes_in_a_configuration(s3, bucket, queue, notify, refused, change):
    arn = queue()
    members, message = change
    with refused("InvalidArgument", message):
        notify(bucket, {**to(arn), **members})
    shorter = json.loads(json.dumps(members).replace("xx", "x", 1))
    notify(bucket, {**to(arn), **shorter})


def test_ids_are_unique(bucket, queue, notify, refused):
    arn = queue()
    with refused("InvalidArgument", "Same ID used for multiple configurations. IDs must be unique"):
        notify(bucket, to(arn, prefix="a"), to(arn, prefix="b"))


@pytest.mark.rule("s3-243")
def test_the_test_event(aws, bucket, queue, notify, bodies):
    arn = queue()
    topic = boto3.client("sns", region_name=REGION).create_topic(
        Name="news",
        Attributes={"Policy": policy_for("SNS:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:news")},
    )["TopicArn"]
    inbox = queue("inbox", policy=None)
    boto3.client("sns", region_name=REGION).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)
    notify(
        bucket,
        to(arn, prefix="a"),
        to(arn, prefix="b", id="b"),
        TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}],
    )
    [event] = bodies()
    assert list(event) == ["Service", "Event", "Time", "Bucket", "RequestId", "HostId"]
    assert (event["Service"], event["Event"], event["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)
    assert abs(datetime.fromisoformat(event["Time"]).timestamp() - aws.clock.time()) < 60
    [published] = bodies("inbox")
    assert published["Subject"] == "Amazon S3 Notification"
    assert json.loads(published["Message"])["Event"] == "s3:TestEvent"
    # EventBridge gets none, and neither does anybody where the check is skipped.
    notify(bucket, to(arn), skip=True)
    assert bodies() == []


# --- events


@pytest.mark.rule("s3-244", "s3-249")
def test_the_record_of_a_put(aws, s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    answer = s3.put_object(Bucket=bucket, Key="a b/ü+c@d.txt", Body=b"content")
    [record] = records()
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    when, sequencer = record.pop("eventTime"), record["s3"]["object"].pop("sequencer")
    owner = record["s3"]["bucket"]["ownerIdentity"].pop("principalId")
    user = record["userIdentity"].pop("principalId")
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventName": "ObjectCreated:Put",
        "userIdentity": {},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": headers["x-amz-request-id"],
            "x-amz-id-2": headers["x-amz-id-2"],
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "wanted",
            "bucket": {"name": bucket, "ownerIdentity": {}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": "a+b/%C3%BC%2Bc%40d.txt", "size": 7, "eTag": answer["ETag"].strip('"')},
        },
    }
    assert when.endswith("Z") and len(when) == len("2026-01-01T00:00:00.000Z")
    assert abs(datetime.fromisoformat(when).timestamp() - aws.clock.time()) < 60
    assert len(sequencer) == 18 and int(sequencer, 16)
    assert len(owner) == 14 and user.startswith("AWS:AIDA")


@pytest.mark.rule("s3-244")
def test_each_way_of_creating(s3, v4, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    s3.put_object(Bucket=bucket, Key="put", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/put")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"123")
    listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=listed)
    # Completing again changes nothing, and tells nothing.
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=listed)
    form = v4.generate_presigned_post(bucket, "posted")
    boundary = "simple"
    fields = {**form["fields"], "file": "12"}
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    assert urlsplit(form["url"]).hostname
    urlopen(Request(form["url"], f"{body}--{boundary}--\r\n".encode(), headers, method="POST"))
    told = [(record["eventName"], record["s3"]["object"]) for record in records()]
    assert [(name, shown["key"], shown["size"]) for name, shown in told] == [
        ("ObjectCreated:Put", "put", 1),
        ("ObjectCreated:Copy", "copy", 1),
        ("ObjectCreated:CompleteMultipartUpload", "parts", 3),
        ("ObjectCreated:Post", "posted", 2),
    ]
    assert told[2][1]["eTag"] == done["ETag"].strip('"')
    sequencers = [shown["sequencer"] for _, shown in told]
    assert sequencers == sorted(set(sequencers))


@pytest.mark.rule("s3-245")
def test_removals(s3, bucket, versioned, queue, notify, records):
    arn = queue()
    for name in (bucket, versioned):
        s3.put_object(Bucket=name, Key="k", Body=b"1")
        notify(name, to(arn, "s3:ObjectRemoved:*"))
    s3.delete_object(Bucket=bucket, Key="k")
    [record] = records()
    assert (record["eventName"], record["eventVersion"]) == ("ObjectRemoved:Delete", "2.1")
    assert record["s3"]["object"].keys() == {"key", "sequencer"}
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    [record] = records()
    assert record["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    shown = record["s3"]["object"]
    assert shown.keys() == {"key", "eTag", "versionId", "sequencer"}
    assert (shown["versionId"], shown["eTag"]) == (marker, "d41d8cd98f00b204e9800998ecf8427e")
    s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": marker}]})
    [record] = records()
    assert record["eventName"] == "ObjectRemoved:Delete"
    assert record["s3"]["object"].keys() == {"key", "versionId", "sequencer"}


def test_a_batch_of_deletes_tells_of_each(s3, bucket, queue, notify, records):
    keys = ["a", "b", "c"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    notify(bucket, to(queue(), "s3:ObjectRemoved:Delete"))
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True})
    assert [record["s3"]["object"]["key"] for record in records()] == keys


def test_tags_and_lists(s3, bucket, versioned, queue, notify, records):
    arn = queue()
    for name in (bucket, versioned):
        s3.put_bucket_ownership_controls(
            Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        )
        s3.put_object(Bucket=name, Key="k", Body=b"1")
        notify(name, to(arn, "s3:ObjectTagging:*", "s3:ObjectAcl:Put"))
        s3.put_object_tagging(Bucket=name, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        s3.delete_object_tagging(Bucket=name, Key="k")
        for canned in ("private", "aws-exec-read"):
            s3.put_object_acl(Bucket=name, Key="k", ACL=canned)
        found = records()
        # A list that stays what it was is no event.
        assert [record["eventName"] for record in found] == ["ObjectTagging:Put", "ObjectTagging:Delete"]
        assert {record["eventVersion"] for record in found} == {"2.3"}
        expected = {"key", "eTag"} if name == bucket else {"key", "eTag", "versionId"}
        assert all(record["s3"]["object"].keys() == expected for record in found)


def test_a_changed_list(s3, bucket, queue, notify, records):
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    notify(bucket, to(queue(), "s3:ObjectAcl:Put"))
    for name in ("public-read", "public-read", "private"):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL=name)
    assert [record["eventName"] for record in records()] == ["ObjectAcl:Put"] * 2


@pytest.mark.rule("s3-238")
def test_only_what_a_filter_lets_pass(s3, bucket, queue, notify, records):
    notify(bucket, to(queue(), prefix="images/", suffix=".jpg"))
    for key in ("images/a.jpg", "images/a.txt", "a.jpg", "images/.jpg", "images/a.JPG"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert [record["s3"]["object"]["key"] for record in records()] == ["images/a.jpg", "images/.jpg"]


def test_an_encoded_filter(s3, bucket, queue, notify, records):
    notify(bucket, to(queue(), prefix="my+photos%2F"))
    for key in ("my photos/1", "my-photos/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert [record["s3"]["object"]["key"] for record in records()] == ["my+photos/1"]


def test_what_is_refused_is_no_event(s3, bucket, queue, notify, records, refused):
    notify(bucket, to(queue(), "s3:ObjectCreated:*", "s3:ObjectRemoved:*"))
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    s3.get_object(Bucket=bucket, Key="k")
    s3.list_objects_v2(Bucket=bucket)
    assert len(records()) == 1


@pytest.mark.rule("s3-255")
def test_every_write_of_a_version_is_told(s3, versioned, queue, notify, records):
    notify(versioned, to(queue()))
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"] for _ in range(2)]
    assert [record["s3"]["object"]["versionId"] for record in records()] == ids


@pytest.mark.rule("s3-254")
@pytest.mark.aws(consistency="eventual", at="2026-01-01")
def test_two_writes_of_one_key(aws, s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    for _ in range(2):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    aws.clock.advance(minutes=5)
    # One of them may be told twice; who reads goes by the sequencer.
    assert len({record["s3"]["object"]["sequencer"] for record in records()}) == 2


def test_who_did_it(aws, s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    with aws.acting_as(role):
        s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    with aws.acting_as(f"arn:aws:iam::{ACCOUNT}:root"):
        s3.put_object(Bucket=bucket, Key="b", Body=b"1")
    by_role, by_root = records()
    assert by_role["userIdentity"]["principalId"].startswith("AWS:AROA")
    assert by_role["userIdentity"]["principalId"].endswith(":awsim")
    assert by_root["userIdentity"] == by_root["s3"]["bucket"]["ownerIdentity"]


# --- delivery


@pytest.mark.rule("s3-253")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_events_take_a_while(aws, s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    aws.clock.advance(seconds=30)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert records() == []
    aws.clock.advance(seconds=aws.limits["s3.event-delivery"])
    [record] = records()
    assert record["eventTime"] == "2026-01-01T00:00:30.000Z"


@pytest.mark.rule("s3-253")
@pytest.mark.aws(replay="s3.event-late#1=1", at="2026-01-01")
def test_an_event_that_is_late_comes_after_later_ones(aws, s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    s3.put_object(Bucket=bucket, Key="first", Body=b"1")
    s3.put_object(Bucket=bucket, Key="second", Body=b"1")
    early = records()
    assert [record["s3"]["object"]["key"] for record in early] == ["second"]
    aws.clock.advance(seconds=60)
    late = records()
    assert [record["s3"]["object"]["key"] for record in late] == ["first"]
    assert late[0]["s3"]["object"]["sequencer"] < early[0]["s3"]["object"]["sequencer"]


@pytest.mark.aws(replay="s3.event-duplicate#1=1")
def test_an_event_that_comes_twice(aws, s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    first, second = records()
    assert first == second
    assert [choice.name for choice in aws.choices if choice.deviates] == ["s3.event-duplicate"]


@pytest.mark.aws(at="2026-01-01")
def test_a_failing_destination_is_tried_again(aws, s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    aws.faults.add("sqs:SendMessage", error="ServiceUnavailable", status=503, times=2)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert records() == []
    for _ in range(2):
        aws.clock.advance(seconds=1)
        assert records() == []
    # The second wait is twice the first.
    aws.clock.advance(seconds=1)
    assert len(records()) == 1


def test_a_destination_that_is_gone(s3, sqs, bucket, queue, notify):
    arn = queue()
    notify(bucket, to(arn))
    sqs.delete_queue(QueueUrl=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"] == [to(arn)]


def test_a_configuration_taken_away(s3, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    notify(bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert records() == []


def test_a_function_that_does_not_let_s3_in_is_refused(s3, bucket, notify):
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    entry = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"], "Id": "f"}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations") as refused:
        notify(bucket, LambdaFunctionConfigurations=[entry])
    assert refused.value.response["Error"]["ArgumentValue1"] == f"Not authorized to invoke function [{function}]"
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "LambdaFunctionConfigurations" not in kept


@pytest.mark.rule("sqs-096")
@pytest.mark.aws(authorization=True)
def test_policies_hold_for_deliveries(s3, sqs, bucket, queue, notify, records):
    notify(bucket, to(queue()))
    s3.put_object(Bucket=bucket, Key="one", Body=b"1")
    assert len(records()) == 1
    sqs.set_queue_attributes(
        QueueUrl=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs",
        Attributes={"Policy": policy_for("sqs:SendMessage", "*", bucket="other")},
    )
    s3.put_object(Bucket=bucket, Key="two", Body=b"1")
    assert records() == []


def test_the_journal_hangs_deliveries_under_the_write(aws, s3, bucket, queue, notify):
    notify(bucket, to(queue()))
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    [put] = aws.calls.of("s3:PutObject")
    [sent] = put.caused
    assert (sent.service, sent.operation, sent.caller) == ("sqs", "SendMessage", "s3.amazonaws.com")


# --- EventBridge


@pytest.fixture
def bridged(s3, sqs, bucket):
    """bridged(pattern, bucket) puts EventBridge between a bucket and the queue "bus"."""

    def put(pattern, name=bucket):
        events = boto3.client("events", region_name=REGION)
        sqs.create_queue(QueueName="bus")
        events.put_rule(Name="all", EventPattern=json.dumps(pattern))
        target = {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:bus"}
        events.put_targets(Rule="all", Targets=[target])
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )

    return put


@pytest.mark.rule("s3-251")
def test_events_on_the_bus(s3, bucket, bridged, bodies):
    bridged({"source": ["aws.s3"], "detail": {"object": {"size": [{"numeric": [">=", 4]}]}}})
    s3.put_object(Bucket=bucket, Key="small", Body=b"1")
    answer = s3.put_object(Bucket=bucket, Key="a large one", Body=b"1234")
    [event] = bodies("bus")
    assert event.pop("id") and event.pop("time")
    sequencer = event["detail"]["object"].pop("sequencer")
    assert int(sequencer, 16)
    assert event == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "region": REGION,
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": "a large one", "size": 4, "etag": answer["ETag"].strip('"')},
            "request-id": answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"],
            "requester": ACCOUNT,
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["EventBridgeConfiguration"] == {}


@pytest.mark.rule("s3-251")
def test_the_kinds_of_events_on_the_bus(s3, versioned, bridged, bodies):
    bridged({"source": ["aws.s3"]}, versioned)
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.copy_object(Bucket=versioned, Key="copy", CopySource=f"{versioned}/k")
    s3.put_object_tagging(Bucket=versioned, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=versioned, Key="k")
    s3.delete_object(Bucket=versioned, Key="k")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    found = bodies("bus")
    assert [
        (event["detail-type"], event["detail"].get("reason"), event["detail"].get("deletion-type")) for event in found
    ] == [
        ("Object Created", "PutObject", None),
        ("Object Created", "CopyObject", None),
        ("Object Tags Added", None, None),
        ("Object Tags Deleted", None, None),
        ("Object Deleted", "DeleteObject", "Delete Marker Created"),
        ("Object Deleted", "DeleteObject", "Permanently Deleted"),
    ]
    assert found[0]["detail"]["object"]["version-id"] == version
    assert found[2]["detail"]["object"].keys() == {"key", "etag", "version-id"}


def test_a_bucket_of_another_region_tells_its_own_bus(aws, eu, sqs, bodies):
    eu.create_bucket(Bucket="abroad", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    eu.put_bucket_notification_configuration(
        Bucket="abroad", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    eu.put_object(Bucket="abroad", Key="k", Body=b"1")
    [call] = [caused for put in aws.calls.of("s3:PutObject") for caused in put.caused]
    assert (call.service, call.operation, call.region) == ("events", "PutEvents", "eu-west-1")


@pytest.mark.aws(authorization=True)
def test_the_policy_of_the_bus_is_for_others(s3, bucket, sqs, bridged, bodies):
    bridged({"source": ["aws.s3"]})
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:bus"
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    sqs.set_queue_attributes(
        QueueUrl=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/bus", Attributes={"Policy": policy}
    )
    events = boto3.client("events", region_name=REGION)
    events.put_permission(Action="events:PutEvents", Principal="210987654321", StatementId="other")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert len(bodies("bus")) == 1


# --- events of S3's own work


def test_what_only_some_records_tell(aws, s3, versioned, queue, notify, records):
    """The seam that restores, lifecycle, tiering and replication use."""
    notify(versioned, to(queue(), "s3:ObjectRestore:*", "s3:LifecycleTransition", "s3:IntelligentTiering",
                         "s3:Replication:*", "s3:LifecycleExpiration:*"))  # fmt: skip
    s3.put_object(Bucket=versioned, Key="k", Body=b"1")
    service = aws.service("s3", ACCOUNT, REGION)
    bucket = service.buckets[versioned]
    version = bucket.current("k")
    told = {"replicationRuleId": "r", "destinationBucket": "arn:aws:s3:::copy", "s3Operation": "OBJECT_PUT"}
    with aws.exclusive(), aws.working_for(service):
        service.emit(bucket, "ObjectRestore:Completed", "k", version, restored_until=86_400.0, storage_class="GLACIER")
        service.emit(bucket, "ObjectRestore:Delete", "k", version)
        service.emit(bucket, "LifecycleTransition", "k", version, storage_class="STANDARD_IA")
        service.emit(bucket, "IntelligentTiering", "k", version, tier="ARCHIVE_ACCESS")
        service.emit(bucket, "Replication:OperationFailedReplication", "k", version, replication=told)
        service.emit(bucket, "LifecycleExpiration:Delete", "k", version)
    found = {record["eventName"]: record for record in records()}
    assert {name: record["eventVersion"] for name, record in found.items()} == {
        "ObjectRestore:Completed": "2.1",
        "ObjectRestore:Delete": "2.3",
        "LifecycleTransition": "2.3",
        "IntelligentTiering": "2.3",
        "Replication:OperationFailedReplication": "2.2",
        "LifecycleExpiration:Delete": "2.3",
    }
    assert found["ObjectRestore:Completed"]["glacierEventData"] == {
        "restoreEventData": {
            "lifecycleRestorationExpiryTime": "1970-01-02T00:00:00.000Z",
            "lifecycleRestoreStorageClass": "GLACIER",
        }
    }
    assert found["LifecycleTransition"]["lifecycleEventData"] == {
        "transitionEventData": {"destinationStorageClass": "STANDARD_IA"}
    }
    assert found["IntelligentTiering"]["intelligentTieringEventData"] == {"destinationAccessTier": "ARCHIVE_ACCESS"}
    assert found["Replication:OperationFailedReplication"]["replicationEventData"] == told
    assert found["LifecycleExpiration:Delete"]["userIdentity"] == {"principalId": "s3.amazonaws.com"}


@pytest.mark.rule("s3-246")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01T00:00:00Z")
def test_restores(aws, s3, bucket, queue, bridged, notify, records, bodies):
    bridged({"source": ["aws.s3"], "detail-type": [{"prefix": "Object Restore"}]})
    notify(bucket, to(queue(), "s3:ObjectRestore:*"), EventBridgeConfiguration={})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", StorageClass="GLACIER")
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 2, "GlacierJobParameters": {"Tier": "Expedited"}})
    aws.clock.advance(minutes=1)
    [record] = records()
    assert (record["eventName"], record["eventVersion"]) == ("ObjectRestore:Post", "2.1")
    aws.clock.advance(days=1)
    [record] = records()
    assert record["eventName"] == "ObjectRestore:Completed"
    assert record["userIdentity"] == {"principalId": "s3.amazonaws.com"}
    restored = record["glacierEventData"]["restoreEventData"]
    assert restored["lifecycleRestoreStorageClass"] == "GLACIER"
    assert restored["lifecycleRestorationExpiryTime"].endswith("T00:00:00.000Z")
    started, completed = bodies("bus")
    aws.clock.advance(days=5)
    [record] = records()
    assert (record["eventName"], record["eventVersion"]) == ("ObjectRestore:Delete", "2.3")
    [expired] = bodies("bus")
    assert [event["detail-type"] for event in (started, completed, expired)] == [
        "Object Restore Initiated",
        "Object Restore Completed",
        "Object Restore Expired",
    ]
    assert started["detail"]["source-storage-class"] == "GLACIER"
    assert (started["detail"]["requester"], completed["detail"]["requester"]) == (ACCOUNT, "s3.amazonaws.com")
    assert completed["detail"]["restore-expiry-time"].endswith("T00:00:00Z")
    assert started["detail"]["source-ip-address"] == "127.0.0.1"
    assert "source-ip-address" not in completed["detail"]
    assert "source-storage-class" not in expired["detail"]


@pytest.mark.rule("s3-247")
@pytest.mark.aws(authorization=True, at="2026-01-01T00:00:00Z")
def test_a_replication_that_fails(aws, s3, versioned, queue, notify, records):
    s3.create_bucket(Bucket="copies")
    s3.put_bucket_versioning(Bucket="copies", VersioningConfiguration={"Status": "Enabled"})
    iam = boto3.client("iam", region_name=REGION)
    trust = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
    role = iam.create_role(RoleName="copier", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    rule = {
        "ID": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {
            "Bucket": "arn:aws:s3:::copies",
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        },
    }
    s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration={"Role": role, "Rules": [rule]})
    notify(versioned, to(queue(), "s3:Replication:*"))
    s3.put_object(Bucket=versioned, Key="k", Body=b"1")
    aws.clock.advance(hours=1)
    names = {record["eventName"]: record for record in records()}
    failed = names["Replication:OperationFailedReplication"]
    assert failed["eventVersion"] == "2.2"
    told = failed["replicationEventData"]
    assert (told["replicationRuleId"], told["destinationBucket"]) == ("all", "arn:aws:s3:::copies")
    assert told["s3Operation"] == "OBJECT_PUT"
