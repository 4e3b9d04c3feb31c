"""Archived objects and their restores on the clock."""

import json
from datetime import UTC, datetime

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-10-15T10:30:00", lifecycle="timed")

BIG = b"x" * 131_072


@pytest.fixture
def archived(s3, bucket):
    """The keys "glacier" and "deep" of a bucket, named as their classes."""
    s3.put_object(Bucket=bucket, Key="glacier", Body=b"cold", StorageClass="GLACIER")
    s3.put_object(Bucket=bucket, Key="deep", Body=b"colder", StorageClass="DEEP_ARCHIVE")
    return bucket


@pytest.fixture
def restore(s3, archived):
    """`restore(key, days, tier)`: the status of the answer."""

    def ask(key, days=1, tier=None):
        request = {} if days is None else {"Days": days}
        if tier is not None:
            request["GlacierJobParameters"] = {"Tier": tier}
        answer = s3.restore_object(Bucket=archived, Key=key, RestoreRequest=request)
        return answer["ResponseMetadata"]["HTTPStatusCode"]

    return ask


@pytest.fixture
def restoring(s3, archived):
    """`restoring(key)`: the x-amz-restore header."""
    return lambda key: s3.head_object(Bucket=archived, Key=key).get("Restore")


@pytest.mark.rule("s3-085")
def test_an_archived_object_is_read_while_its_copy_lasts(aws, s3, archived, restore, restoring, refused, body):
    message = "The operation is not valid for the object's storage class"
    with refused("InvalidObjectState", message, 403, StorageClass="GLACIER"):
        s3.get_object(Bucket=archived, Key="glacier")
    assert restoring("glacier") is None
    assert restore("glacier", days=3) == 202
    assert restoring("glacier") == 'ongoing-request="true"'
    with refused("InvalidObjectState", status=403):
        s3.get_object(Bucket=archived, Key="glacier")
    aws.clock.advance(hours=5)
    assert restoring("glacier") == 'ongoing-request="false", expiry-date="Mon, 19 Oct 2026 00:00:00 GMT"'
    assert body(archived, "glacier") == b"cold"
    assert s3.head_object(Bucket=archived, Key="glacier")["StorageClass"] == "GLACIER"
    s3.copy_object(Bucket=archived, Key="copy", CopySource=f"{archived}/glacier")
    assert body(archived, "copy") == b"cold"
    aws.clock.advance_to("2026-10-18T23:59:59")
    assert body(archived, "glacier") == b"cold"
    aws.clock.advance(seconds=1)
    assert restoring("glacier") is None
    with refused("InvalidObjectState", message, 403):
        s3.get_object(Bucket=archived, Key="glacier")


@pytest.mark.aws(lifecycle="instant")
def test_instant_the_next_call_reads_it(s3, archived, restore, restoring, body):
    assert restore("deep", days=1, tier="Bulk") == 202
    assert restoring("deep") == 'ongoing-request="false", expiry-date="Sat, 17 Oct 2026 00:00:00 GMT"'
    assert body(archived, "deep") == b"colder"


TIMES = [
    pytest.param("glacier", "Expedited", 60, 300, marks=pytest.mark.rule("s3-088")),
    pytest.param("glacier", "Standard", 3 * 3600, 5 * 3600, marks=pytest.mark.rule("s3-089")),
    pytest.param("glacier", None, 3 * 3600, 5 * 3600, marks=pytest.mark.rule("s3-089")),
    pytest.param("glacier", "Bulk", 5 * 3600, 12 * 3600, marks=pytest.mark.rule("s3-090")),
    pytest.param("deep", "Standard", 12 * 3600, 12 * 3600, marks=pytest.mark.rule("s3-091")),
    pytest.param("deep", "Bulk", 48 * 3600, 48 * 3600, marks=pytest.mark.rule("s3-092")),
]


@pytest.mark.parametrize(("key", "tier", "soonest", "latest"), TIMES)
def test_how_long_retrievals_take(aws, restore, restoring, key, tier, soonest, latest):
    restore(key, tier=tier)
    aws.clock.advance(seconds=soonest - 1)
    assert restoring(key) == 'ongoing-request="true"'
    aws.clock.advance(seconds=latest - soonest + 1)
    assert restoring(key).startswith('ongoing-request="false"')


@pytest.mark.aws(replay="s3.restore-time#1=2")
def test_aws_may_take_all_the_time_it_names(aws, restore, restoring):
    restore("glacier")
    aws.clock.advance(seconds=5 * 3600 - 1)
    assert restoring("glacier") == 'ongoing-request="true"'
    aws.clock.advance(seconds=1)
    assert restoring("glacier").startswith('ongoing-request="false"')


@pytest.mark.aws(lifecycle="instant", limits={"s3.restore-standard": 120})
def test_one_row_can_be_overridden_alone(aws, restore, restoring):
    restore("glacier")
    aws.clock.advance(seconds=119)
    assert restoring("glacier") == 'ongoing-request="true"'
    aws.clock.advance(seconds=1)
    assert restoring("glacier").startswith('ongoing-request="false"')


@pytest.mark.rule("s3-086")
def test_one_restore_at_a_time_but_for_a_faster_one(aws, archived, restore, restoring, refused):
    restore("glacier", tier="Bulk")
    with refused("RestoreAlreadyInProgress", "Object restore is already in progress", 409):
        restore("glacier", tier="Bulk")
    assert restore("glacier", tier="Expedited") == 202
    with refused("RestoreAlreadyInProgress", status=409):
        restore("glacier", tier="Standard")
    aws.clock.advance(minutes=5)
    assert restoring("glacier").startswith('ongoing-request="false"')
    before = restoring("glacier")
    # What the slower retrieval would have done does not happen any more.
    aws.clock.advance(hours=12)
    assert restoring("glacier") == before


@pytest.mark.rule("s3-246")
def test_restores_are_told(aws, s3, archived, restore):
    queue = boto3.client("sqs")
    url = queue.create_queue(QueueName="events")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:events"
    let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": let})
    queue.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.put_bucket_notification_configuration(
        Bucket=archived,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectRestore:*"]}]},
    )
    aws.clock.advance(minutes=1)
    queue.purge_queue(QueueUrl=url)
    restore("glacier")
    told = []
    for _ in range(3):
        aws.clock.advance(days=1)
        for message in queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
            told.append(json.loads(message["Body"])["Records"][0])
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    told.sort(key=lambda record: record["eventTime"])
    assert [(record["eventName"], record["eventTime"][:16]) for record in told] == [
        ("ObjectRestore:Post", "2026-10-15T10:31"),
        ("ObjectRestore:Completed", "2026-10-15T13:31"),
        ("ObjectRestore:Delete", "2026-10-17T00:00"),
    ]
    assert told[1]["glacierEventData"]["restoreEventData"] == {
        "lifecycleRestorationExpiryTime": "2026-10-17T00:00:00.000Z",
        "lifecycleRestoreStorageClass": "GLACIER",
    }


@pytest.mark.rule("s3-093")
def test_a_deep_archive_has_no_expedited_retrieval(restore, restoring, refused):
    with refused("InvalidArgument", "Retrieval option is not supported by this storage class"):
        restore("deep", tier="Expedited")
    assert restoring("deep") is None


def test_a_copy_that_is_there_is_prolonged(aws, restore, restoring):
    restore("glacier", days=1)
    aws.clock.advance(hours=6)
    assert 'expiry-date="Sat, 17 Oct 2026' in restoring("glacier")
    assert restore("glacier", days=10) == 200
    assert 'expiry-date="Mon, 26 Oct 2026' in restoring("glacier")
    aws.clock.advance(days=9)
    assert 'expiry-date="Mon, 26 Oct 2026' in restoring("glacier")
    assert restore("glacier", days=1) == 200
    aws.clock.advance(days=2)
    assert restoring("glacier") is None


def test_requests_that_are_none(s3, archived, restore, refused):
    with refused("MalformedXML"):
        restore("glacier", days=None)
    with refused("InvalidArgument"):
        restore("glacier", days=0)
    with refused("NoSuchKey", status=404):
        restore("nothing")
    s3.put_object(Bucket=archived, Key="warm", Body=b"1")
    message = "Restore is not allowed for the object's current storage class"
    with refused("InvalidObjectState", message, 403, StorageClass="STANDARD"):
        restore("warm")
    with refused("MethodNotAllowed", status=405):
        s3.restore_object(Bucket=archived, Key="glacier", RestoreRequest={"Type": "SELECT"})


def test_a_version_and_a_delete_marker(aws, s3, versioned, refused):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1", StorageClass="GLACIER")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("MethodNotAllowed", status=405):
        s3.restore_object(Bucket=versioned, Key="k", RestoreRequest={"Days": 1})
    s3.restore_object(Bucket=versioned, Key="k", VersionId=first, RestoreRequest={"Days": 1})
    aws.clock.advance(hours=5)
    assert s3.get_object(Bucket=versioned, Key="k", VersionId=first)["Body"].read() == b"1"


def test_a_deleted_object_is_not_restored(aws, s3, archived, restore):
    restore("glacier")
    s3.put_object(Bucket=archived, Key="glacier", Body=b"new", StorageClass="GLACIER")
    aws.clock.advance(days=3)
    assert "Restore" not in s3.head_object(Bucket=archived, Key="glacier")
    restore("deep")
    s3.delete_object(Bucket=archived, Key="deep")
    aws.clock.advance(days=3)


def test_an_earlier_restore_does_not_bring_a_later_object(aws, s3, archived, restore, restoring):
    restore("glacier", tier="Bulk")
    aws.clock.advance(hours=1)
    s3.put_object(Bucket=archived, Key="glacier", Body=b"new", StorageClass="GLACIER")
    restore("glacier", tier="Bulk")
    aws.clock.advance(hours=4, minutes=30)
    assert restoring("glacier") == 'ongoing-request="true"'
    aws.clock.advance(minutes=30)
    assert restoring("glacier").startswith('ongoing-request="false"')


def test_listings_tell_of_restores_when_asked(aws, s3, archived, restore):
    restore("glacier", days=1)

    def statuses(listed, member="Contents"):
        return {entry["Key"]: entry.get("RestoreStatus") for entry in listed[member]}

    wanted = {"Bucket": archived, "OptionalObjectAttributes": ["RestoreStatus"]}
    assert statuses(s3.list_objects_v2(**wanted)) == {"deep": None, "glacier": {"IsRestoreInProgress": True}}
    aws.clock.advance(hours=5)
    there = {"IsRestoreInProgress": False, "RestoreExpiryDate": datetime(2026, 10, 17, tzinfo=UTC)}
    for list_, member in (
        (s3.list_objects_v2, "Contents"),
        (s3.list_objects, "Contents"),
        (s3.list_object_versions, "Versions"),
    ):
        assert statuses(list_(**wanted), member) == {"deep": None, "glacier": there}
    assert statuses(s3.list_objects_v2(Bucket=archived)) == {"deep": None, "glacier": None}


@pytest.mark.aws(replay=", ".join(f"s3.expedited-capacity#{attempt}=1" for attempt in range(1, 6)))
def test_expedited_retrievals_need_capacity(restore, restoring, refused):
    message = "Glacier expedited retrievals are currently not available. Try again later."
    with refused("GlacierExpeditedRetrievalNotAvailable", message, 503):
        restore("glacier", tier="Expedited")
    assert restoring("glacier") is None


def test_a_lack_of_capacity_can_be_scripted(aws, restore, restoring, refused):
    aws.faults.add("s3:RestoreObject", error="GlacierExpeditedRetrievalNotAvailable", times=5)
    with refused("GlacierExpeditedRetrievalNotAvailable", status=503):
        restore("glacier", tier="Expedited")
    assert restoring("glacier") is None
    assert restore("glacier", tier="Expedited") == 202


def test_lifecycle_moves_a_restored_object_deeper(aws, s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG, StorageClass="GLACIER")
    rule = {"Transitions": [{"Days": 1, "StorageClass": "DEEP_ARCHIVE"}]}
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {}, **rule}]},
    )
    s3.restore_object(Bucket=bucket, Key="a", RestoreRequest={"Days": 30})
    aws.clock.advance(days=4)
    with refused("InvalidObjectState", status=403, StorageClass="DEEP_ARCHIVE"):
        s3.get_object(Bucket=bucket, Key="a")


def test_intelligent_tiering_wakes_up_for_good(aws, s3, bucket, refused, body):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG, StorageClass="INTELLIGENT_TIERING")
    asked = {"Bucket": bucket, "Key": "a"}
    with refused("ObjectAlreadyInActiveTierError", status=403):
        s3.restore_object(**asked, RestoreRequest={})
    archive = {"Id": "x", "Status": "Enabled", "Tierings": [{"AccessTier": "DEEP_ARCHIVE_ACCESS", "Days": 180}]}
    s3.put_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="x", IntelligentTieringConfiguration=archive)
    aws.clock.advance(days=182)
    with refused("MalformedXML"):
        s3.restore_object(**asked, RestoreRequest={"Days": 1})
    with refused("InvalidArgument", "Retrieval option is not supported by this storage class"):
        s3.restore_object(**asked, RestoreRequest={"GlacierJobParameters": {"Tier": "Expedited"}})
    s3.restore_object(**asked, RestoreRequest={})
    head = s3.head_object(**asked)
    assert (head["Restore"], head["ArchiveStatus"]) == ('ongoing-request="true"', "DEEP_ARCHIVE_ACCESS")
    aws.clock.advance(hours=12)
    assert not {"Restore", "ArchiveStatus"} & s3.head_object(**asked).keys()
    assert body(bucket, "a") == BIG
    aws.clock.advance(days=179)
    assert body(bucket, "a") == BIG


@pytest.mark.aws(as_of="2019-06-01", replay="s3.stale-read#1=1", consistency="eventual")
def test_a_stale_read_brings_nothing_back(aws, s3, bucket, body):
    s3.put_object(Bucket=bucket, Key="a", Body=b"old", StorageClass="INTELLIGENT_TIERING")
    aws.clock.advance(days=2)
    s3.put_object(Bucket=bucket, Key="a", Body=b"new", StorageClass="INTELLIGENT_TIERING")
    assert body(bucket, "a") == b"old"
    assert body(bucket, "a") == b"new"
