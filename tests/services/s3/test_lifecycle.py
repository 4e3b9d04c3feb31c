"""Lifecycle rules and Intelligent-Tiering, carried out on the clock."""

import json
from datetime import UTC, datetime

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-15T10:30:00")

BIG = b"x" * 131_072
SMALL = b"x" * 1024


@pytest.fixture
def ruled(s3):
    """`ruled(bucket, rule, …)` puts a lifecycle of enabled rules; those without filter cover the bucket."""

    def put(bucket, *rules, **more):
        given = [{"ID": f"rule-{n}", "Status": "Enabled", "Filter": {}, **rule} for n, rule in enumerate(rules, 1)]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": given}, **more)

    return put


@pytest.fixture
def class_of(s3):
    def read(bucket, key, **more):
        return s3.head_object(Bucket=bucket, Key=key, **more).get("StorageClass", "STANDARD")

    return read


@pytest.fixture
def versions(s3):
    """`versions(bucket)`: (key, version id, is latest, is marker), delete markers of a key before its versions."""

    def listed(bucket):
        page = s3.list_object_versions(Bucket=bucket)
        markers = [(each, True) for each in page.get("DeleteMarkers", ())]
        found = markers + [(each, False) for each in page.get("Versions", ())]
        entries = [(each["Key"], each["VersionId"], each["IsLatest"], marker) for each, marker in found]
        return sorted(entries, key=lambda entry: entry[0])

    return listed


def to(storage_class, days):
    return {"Transitions": [{"Days": days, "StorageClass": storage_class}]}


# --- expiration


@pytest.mark.rule("s3-096", "s3-103")
def test_an_object_expires_at_the_midnight_after_its_days(aws, s3, bucket, ruled, keys, refused):
    before = s3.put_object(Bucket=bucket, Key="old", Body=b"1")
    assert "Expiration" not in before
    ruled(bucket, {"Expiration": {"Days": 3}, "ID": "three days"})
    expected = 'expiry-date="Mon, 19 Jan 2026 00:00:00 GMT", rule-id="three%20days"'
    assert s3.put_object(Bucket=bucket, Key="new", Body=b"1")["Expiration"] == expected
    for key in ("old", "new"):
        assert s3.head_object(Bucket=bucket, Key=key)["Expiration"] == expected
        assert s3.get_object(Bucket=bucket, Key=key)["Expiration"] == expected
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/old")
    assert copied["Expiration"] == expected
    aws.clock.advance_to("2026-01-18T23:59:59")
    assert keys(bucket) == ["copy", "new", "old"]
    aws.clock.advance(seconds=1)
    assert keys(bucket) == []
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="old")


def test_an_object_made_at_midnight_waits_for_the_next(aws, s3, bucket, ruled, keys):
    aws.clock.advance_to("2026-01-16")
    ruled(bucket, {"Expiration": {"Days": 1}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    aws.clock.advance_to("2026-01-17T12:00:00")
    assert keys(bucket) == ["k"]
    aws.clock.advance_to("2026-01-18")
    assert keys(bucket) == []


def test_an_expiration_by_date_goes_on_after_it(aws, s3, bucket, ruled, keys):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    ruled(bucket, {"Expiration": {"Date": datetime(2026, 2, 1, tzinfo=UTC)}})
    assert 'expiry-date="Sun, 01 Feb 2026 00:00:00 GMT"' in s3.head_object(Bucket=bucket, Key="a")["Expiration"]
    aws.clock.advance_to("2026-01-31T23:00:00")
    assert keys(bucket) == ["a"]
    aws.clock.advance_to("2026-02-01")
    assert keys(bucket) == []
    s3.put_object(Bucket=bucket, Key="b", Body=b"1")
    aws.clock.advance_to("2026-02-02")
    assert keys(bucket) == []


@pytest.mark.rule("s3-097")
def test_a_prefix(aws, s3, bucket, ruled, keys):
    for key in ("mp3/a", "mp4/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    ruled(bucket, {"Filter": {"Prefix": "mp3/"}, "Expiration": {"Days": 1}})
    aws.clock.advance(days=30)
    assert keys(bucket) == ["mp4/a"]


@pytest.mark.rule("s3-098")
def test_tags_and_sizes(aws, s3, bucket, ruled, keys, refused):
    tag = {"Key": "class", "Value": "temporary"}
    s3.put_object(Bucket=bucket, Key="plain", Body=SMALL)
    s3.put_object(Bucket=bucket, Key="tagged", Body=SMALL, Tagging="class=temporary&a=b")
    s3.put_object(Bucket=bucket, Key="otherwise", Body=SMALL, Tagging="class=permanent")
    with refused("MalformedXML"):
        ruled(bucket, {"Filter": {"Tag": tag, "Prefix": "a"}, "Expiration": {"Days": 1}})
    both = {"Tags": [tag], "Prefix": "", "ObjectSizeGreaterThan": 1023, "ObjectSizeLessThan": 1025}
    ruled(bucket, {"Filter": {"And": both}, "Expiration": {"Days": 1}})
    aws.clock.advance(days=2)
    assert keys(bucket) == ["otherwise", "plain"]
    # A tag that comes later counts from the creation of the object all the same.
    s3.put_object_tagging(Bucket=bucket, Key="plain", Tagging={"TagSet": [tag]})
    aws.clock.advance(days=1)
    assert keys(bucket) == ["otherwise"]


def test_sizes_are_exclusive(aws, s3, bucket, ruled, keys):
    for size in (9, 10, 11, 19, 20, 21):
        s3.put_object(Bucket=bucket, Key=f"{size:02}", Body=b"x" * size)
    ruled(
        bucket,
        {"Filter": {"ObjectSizeLessThan": 10}, "Expiration": {"Days": 1}},
        {"Filter": {"ObjectSizeGreaterThan": 20}, "Expiration": {"Days": 1}},
    )
    aws.clock.advance(days=3)
    assert keys(bucket) == ["10", "11", "19", "20"]


def test_of_two_expirations_the_sooner_holds(aws, s3, bucket, ruled, keys):
    ruled(bucket, {"Expiration": {"Days": 30}}, {"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}})
    answer = s3.put_object(Bucket=bucket, Key="tmp/a", Body=b"1")
    assert 'rule-id="rule-2"' in answer["Expiration"]
    aws.clock.advance(days=2)
    assert keys(bucket) == []


def test_rules_that_are_disabled_or_gone_do_nothing(aws, s3, bucket, ruled, keys):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    ruled(bucket, {"Status": "Disabled", "Expiration": {"Days": 1}})
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="a")
    aws.clock.advance(days=5)
    ruled(bucket, {"Expiration": {"Days": 1}})
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert aws.clock.scheduler.pending() == []
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="a")
    aws.clock.advance(days=5)
    assert keys(bucket) == ["a"]


def test_a_bucket_without_lifecycle_has_no_work(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert aws.clock.scheduler.pending() == []


def test_a_bucket_made_again_has_no_old_rules(aws, s3, bucket, ruled, keys):
    ruled(bucket, {"Expiration": {"Days": 1}})
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    aws.clock.advance(days=5)
    assert keys(bucket) == ["a"]
    assert aws.clock.scheduler.pending() == []


def test_a_bucket_made_again_has_one_run_a_day(aws, s3, bucket, ruled):
    for _ in range(3):
        ruled(bucket, {"Expiration": {"Days": 1}})
        s3.delete_bucket(Bucket=bucket)
        s3.create_bucket(Bucket=bucket)
    ruled(bucket, {"Expiration": {"Days": 1}})
    aws.clock.advance(days=2)
    assert len(aws.clock.scheduler.pending()) == 1


def test_new_rules_replace_old_ones_midway(aws, s3, bucket, ruled, keys):
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    ruled(bucket, {"Filter": {"Prefix": "a"}, "Expiration": {"Days": 10}})
    aws.clock.advance(days=5)
    ruled(bucket, {"Filter": {"Prefix": "b"}, "Expiration": {"Days": 10}})
    aws.clock.advance(days=20)
    assert keys(bucket) == ["a"]


def test_writing_a_key_again_counts_anew(aws, s3, bucket, ruled, keys):
    ruled(bucket, {"Expiration": {"Days": 3}})
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    aws.clock.advance(days=2)
    s3.put_object(Bucket=bucket, Key="a", Body=b"2")
    aws.clock.advance(days=3)
    assert keys(bucket) == ["a"]
    aws.clock.advance(days=1)
    assert keys(bucket) == []


def test_a_day_costs_what_changes_in_it(aws, s3, bucket, ruled, monkeypatch):
    from awsim.services.s3.lifecycle_rules import Policy

    looked_at = []
    plan = Policy.plan
    monkeypatch.setattr(Policy, "plan", lambda policy, key, *more: looked_at.append(key) or plan(policy, key, *more))
    for number in range(20):
        s3.put_object(Bucket=bucket, Key=f"logs/{number:02}", Body=b"1")
    s3.put_object(Bucket=bucket, Key="other", Body=b"1")
    ruled(bucket, {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}})
    aws.clock.advance(days=1)
    assert sorted(looked_at) == [f"logs/{number:02}" for number in range(20)]
    looked_at.clear()
    aws.clock.advance(days=10)
    assert looked_at == []
    s3.put_object(Bucket=bucket, Key="logs/07", Body=b"2")
    aws.clock.advance(days=10)
    assert looked_at == ["logs/07"]


def test_a_snapshot_takes_the_agenda_back(aws, s3, bucket, ruled, keys):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    ruled(bucket, {"Expiration": {"Days": 1}})
    before = aws.snapshot()
    for _ in range(2):
        aws.clock.advance(days=3)
        assert keys(bucket) == []
        aws.restore(before)
        assert keys(bucket) == ["a"]


@pytest.mark.aws(at="2026-01-15T10:30:00", lifecycle="timed")
def test_timed_the_run_comes_hours_after_its_midnight(aws, s3, bucket, ruled, keys):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    ruled(bucket, {"Expiration": {"Days": 1}})
    aws.clock.advance_to("2026-01-17T05:59:59")
    assert keys(bucket) == ["a"]
    aws.clock.advance_to("2026-01-17T06:00:00")
    assert keys(bucket) == []


def test_overlapping_prefixes(aws, s3, bucket, ruled, keys):
    for key in ("a", "logs/a", "logs/old/a", "logt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    ruled(
        bucket,
        {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 5}},
        {"Filter": {"Prefix": "logs/old/"}, "Expiration": {"Days": 1}},
    )
    aws.clock.advance(days=2)
    assert keys(bucket) == ["a", "logs/a", "logt"]
    aws.clock.advance(days=4)
    assert keys(bucket) == ["a", "logt"]


@pytest.fixture
def told(aws, s3, bucket):
    """`told(days)` lets days pass, one by one: (event, date) of what S3 did by itself."""
    queue = boto3.client("sqs")
    url = queue.create_queue(QueueName="events")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:events"
    let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": let})
    queue.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events = ["s3:LifecycleExpiration:*", "s3:LifecycleTransition", "s3:IntelligentTiering"]
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": events}]}
    )
    queue.purge_queue(QueueUrl=url)

    def read(days):
        found = []
        for _ in range(days):
            aws.clock.advance(days=1)
            for message in queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
                record = json.loads(message["Body"])["Records"][0]
                found.append((record["eventName"], record["eventTime"][:10]))
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


def test_what_lifecycle_does_is_told(s3, bucket, ruled, told):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG)
    ruled(bucket, {**to("GLACIER", 1), "Expiration": {"Days": 3}})
    assert told(6) == [("LifecycleTransition", "2026-01-17"), ("LifecycleExpiration:Delete", "2026-01-19")]


def test_falling_asleep_is_told_once(s3, bucket, archiving, told):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG, StorageClass="INTELLIGENT_TIERING")
    archiving(bucket, ("ARCHIVE_ACCESS", 90))
    assert told(95) == [("IntelligentTiering", "2026-04-16")]


# --- versions


@pytest.mark.rule("s3-104")
def test_in_a_versioned_bucket_an_expiration_puts_a_marker(aws, s3, versioned, ruled, versions, refused):
    first = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    ruled(versioned, {"Expiration": {"Days": 1}})
    aws.clock.advance(days=30)
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=versioned, Key="a")
    (top, marker, _, is_marker), (_, below, latest, _) = versions(versioned)
    assert (top, is_marker) == ("a", True)
    assert marker not in (first, "null")
    assert (below, latest) == (first, False)


def test_with_versioning_suspended_the_null_version_goes(aws, s3, versioned, ruled, versions):
    kept = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=versioned, Key="a", Body=b"2")
    ruled(versioned, {"Expiration": {"Days": 1}})
    aws.clock.advance(days=5)
    assert [(id, marker) for _, id, _, marker in versions(versioned)] == [("null", True), (kept, False)]


def test_only_the_current_version_shows_when_it_goes(s3, versioned, ruled):
    ruled(versioned, {"Expiration": {"Days": 1}})
    old = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="a", Body=b"2")
    assert "Expiration" in s3.head_object(Bucket=versioned, Key="a")
    assert "Expiration" not in s3.head_object(Bucket=versioned, Key="a", VersionId=old)


@pytest.mark.rule("s3-106")
def test_noncurrent_versions_expire_after_they_were_replaced(aws, s3, versioned, ruled, versions):
    s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    aws.clock.advance(days=100)
    current = s3.put_object(Bucket=versioned, Key="a", Body=b"2")["VersionId"]
    ruled(versioned, {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}})
    aws.clock.advance(days=30)
    assert len(versions(versioned)) == 2
    aws.clock.advance(days=1)
    assert [id for _, id, *_ in versions(versioned)] == [current]
    aws.clock.advance(days=1000)
    assert [id for _, id, *_ in versions(versioned)] == [current]


def test_some_newer_noncurrent_versions_are_kept(aws, s3, versioned, ruled, versions):
    ids = [s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"] for _ in range(5)]
    keep = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}
    ruled(versioned, {"NoncurrentVersionExpiration": keep})
    aws.clock.advance(days=3)
    assert [id for _, id, *_ in versions(versioned)] == [ids[4], ids[3], ids[2]]
    newest = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    aws.clock.advance(days=3)
    assert [id for _, id, *_ in versions(versioned)] == [newest, ids[4], ids[3]]


@pytest.mark.rule("s3-107")
def test_lone_delete_markers_are_cleaned_up(aws, s3, versioned, ruled, versions, refused):
    only = s3.put_object(Bucket=versioned, Key="lone", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="kept", Body=b"1")
    for key in ("lone", "kept"):
        s3.delete_object(Bucket=versioned, Key=key)
    s3.delete_object(Bucket=versioned, Key="lone", VersionId=only)
    with refused("MalformedXML"):
        ruled(versioned, {"Expiration": {"ExpiredObjectDeleteMarker": True, "Days": 1}})
    ruled(versioned, {"Expiration": {"ExpiredObjectDeleteMarker": True}})
    aws.clock.advance(days=1)
    assert [(key, marker) for key, _, _, marker in versions(versioned)] == [("kept", True), ("kept", False)]


def test_an_expired_key_vanishes_step_by_step(aws, s3, versioned, ruled, versions):
    s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    ruled(versioned, {"Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    aws.clock.advance_to("2026-01-17T01:00:00")
    assert [marker for *_, marker in versions(versioned)] == [True, False]
    aws.clock.advance_to("2026-01-19T01:00:00")
    # The version goes on the 19th; the marker, alone since then and older than a day, with the next run.
    assert [marker for *_, marker in versions(versioned)] == [True]
    aws.clock.advance_to("2026-01-20T01:00:00")
    assert versions(versioned) == []


def test_object_lock_keeps_versions_from_expiring(aws, s3, locked, ruled, versions):
    until = datetime(2026, 3, 1, 12, tzinfo=UTC)
    s3.put_object(Bucket=locked, Key="a", Body=b"1", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    s3.put_object(Bucket=locked, Key="b", Body=b"1", ObjectLockLegalHoldStatus="ON")
    ruled(locked, {"Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    aws.clock.advance_to("2026-03-01T13:00:00")
    assert [(key, marker) for key, _, _, marker in versions(locked)] == [
        ("a", True), ("a", False), ("b", True), ("b", False),
    ]  # fmt: skip
    aws.clock.advance_to("2026-03-04")
    assert [(key, marker) for key, _, _, marker in versions(locked)] == [("b", True), ("b", False)]
    version = s3.list_object_versions(Bucket=locked)["Versions"][0]["VersionId"]
    s3.put_object_legal_hold(Bucket=locked, Key="b", VersionId=version, LegalHold={"Status": "OFF"})
    aws.clock.advance(days=3)
    assert versions(locked) == []


# --- transitions


@pytest.mark.rule("s3-102")
def test_transitions_move_down_the_waterfall(aws, s3, bucket, ruled, class_of):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG)
    modified = s3.head_object(Bucket=bucket, Key="a")["LastModified"]
    moves = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 180, "StorageClass": "GLACIER"}]
    ruled(bucket, {"Transitions": moves})
    aws.clock.advance(days=30)
    assert class_of(bucket, "a") == "STANDARD"
    aws.clock.advance(days=1)
    assert class_of(bucket, "a") == "STANDARD_IA"
    assert s3.head_object(Bucket=bucket, Key="a")["LastModified"] == modified
    aws.clock.advance(days=150)
    assert class_of(bucket, "a") == "GLACIER"


@pytest.mark.parametrize(
    ("start", "target", "moves"),
    [
        ("STANDARD", "ONEZONE_IA", True),
        ("STANDARD_IA", "INTELLIGENT_TIERING", True),
        ("INTELLIGENT_TIERING", "STANDARD_IA", False),
        ("INTELLIGENT_TIERING", "GLACIER_IR", True),
        ("ONEZONE_IA", "STANDARD_IA", False),
        ("ONEZONE_IA", "GLACIER_IR", False),
        ("ONEZONE_IA", "GLACIER", True),
        ("GLACIER_IR", "DEEP_ARCHIVE", True),
        ("GLACIER_IR", "ONEZONE_IA", False),
        ("GLACIER", "DEEP_ARCHIVE", True),
        ("DEEP_ARCHIVE", "GLACIER", False),
        ("REDUCED_REDUNDANCY", "GLACIER", True),
    ],
)
def test_the_waterfall(aws, s3, bucket, ruled, class_of, start, target, moves):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG, StorageClass=start)
    ruled(bucket, to(target, 30))
    aws.clock.advance(days=40)
    assert class_of(bucket, "a") == (target if moves else start)


@pytest.mark.rule("s3-101")
def test_small_objects_stay(aws, s3, bucket, ruled, class_of):
    s3.put_object(Bucket=bucket, Key="small", Body=BIG[1:])
    s3.put_object(Bucket=bucket, Key="big", Body=BIG)
    ruled(bucket, to("GLACIER", 1))
    aws.clock.advance(days=10)
    assert [class_of(bucket, key) for key in ("small", "big")] == ["STANDARD", "GLACIER"]
    ruled(bucket, to("GLACIER_IR", 1), TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    aws.clock.advance(days=10)
    assert class_of(bucket, "small") == "STANDARD"
    ruled(bucket, to("GLACIER", 1), TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    aws.clock.advance(days=10)
    assert class_of(bucket, "small") == "GLACIER"


def test_a_filter_by_size_overrides_the_smallest_size(aws, s3, bucket, ruled, class_of):
    s3.put_object(Bucket=bucket, Key="a", Body=SMALL)
    ruled(bucket, {"Filter": {"ObjectSizeLessThan": 2048}, **to("STANDARD_IA", 30)})
    aws.clock.advance(days=32)
    assert class_of(bucket, "a") == "STANDARD_IA"


@pytest.mark.aws(at="2024-06-15T10:30:00", as_of="2024-06-15")
def test_before_september_2024_small_objects_went_to_archives(aws, s3, bucket, ruled, class_of):
    s3.put_object(Bucket=bucket, Key="a", Body=SMALL)
    ruled(bucket, to("GLACIER", 1))
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    aws.clock.advance(days=10)
    assert class_of(bucket, "a") == "GLACIER"


@pytest.mark.rule("s3-105")
def test_noncurrent_versions_move_by_rules_of_their_own(aws, s3, versioned, ruled, class_of):
    old = s3.put_object(Bucket=versioned, Key="a", Body=BIG)["VersionId"]
    aws.clock.advance(days=10)
    s3.put_object(Bucket=versioned, Key="a", Body=BIG)
    ruled(versioned, {"NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "STANDARD_IA"}]})
    aws.clock.advance(days=30)
    assert class_of(versioned, "a", VersionId=old) == "STANDARD"
    aws.clock.advance(days=1)
    assert class_of(versioned, "a", VersionId=old) == "STANDARD_IA"
    assert class_of(versioned, "a") == "STANDARD"


def test_of_two_transitions_the_cheaper_wins(aws, s3, bucket, ruled, class_of):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG)
    ruled(bucket, to("STANDARD_IA", 30), to("GLACIER", 30))
    aws.clock.advance(days=31)
    assert class_of(bucket, "a") == "GLACIER"


def test_intelligent_tiering_is_favoured_but_over_archives(aws, s3, bucket, ruled, class_of):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG)
    ruled(bucket, to("ONEZONE_IA", 30), to("INTELLIGENT_TIERING", 30), to("GLACIER_IR", 30))
    aws.clock.advance(days=31)
    assert class_of(bucket, "a") == "INTELLIGENT_TIERING"


def test_deletion_wins_over_a_transition_and_that_over_a_marker(aws, s3, bucket, versioned, ruled, keys, class_of):
    for name in (bucket, versioned):
        s3.put_object(Bucket=name, Key="a", Body=BIG)
        ruled(name, to("GLACIER", 10), {"Expiration": {"Days": 10}})
    aws.clock.advance(days=11)
    assert keys(bucket) == []
    assert class_of(versioned, "a") == "GLACIER"
    aws.clock.advance(days=1)
    assert keys(versioned) == []


def test_the_older_form_of_rules(aws, s3, bucket, class_of):
    given = {
        "ID": "r",
        "Prefix": "logs/",
        "Status": "Enabled",
        "Transition": {"Days": 1, "StorageClass": "GLACIER"},
        "NoncurrentVersionTransition": {"NoncurrentDays": 1, "StorageClass": "GLACIER"},
    }
    s3.put_object(Bucket=bucket, Key="logs/a", Body=BIG)
    s3.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rules": [given]})
    assert s3.get_bucket_lifecycle(Bucket=bucket)["Rules"] == [given]
    newer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]
    assert newer["Transitions"] == [given["Transition"]]
    aws.clock.advance(days=2)
    assert class_of(bucket, "logs/a") == "GLACIER"


# --- uploads


@pytest.mark.rule("s3-108")
def test_unfinished_uploads_are_aborted(aws, s3, bucket, ruled, refused):
    tag = {"Tag": {"Key": "a", "Value": "b"}}
    abort = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
    with refused("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags."):
        ruled(bucket, {**abort, "Filter": tag})
    ruled(bucket, {**abort, "Filter": {"Prefix": "big/"}})
    begun = s3.create_multipart_upload(Bucket=bucket, Key="big/a")
    assert begun["AbortDate"] == datetime(2026, 1, 23, tzinfo=UTC)
    assert begun["AbortRuleId"] == "rule-1"
    upload = {"Bucket": bucket, "Key": "big/a", "UploadId": begun["UploadId"]}
    assert s3.list_parts(**upload)["AbortDate"] == begun["AbortDate"]
    other = s3.create_multipart_upload(Bucket=bucket, Key="small/a")
    assert "AbortDate" not in other
    aws.clock.advance_to("2026-01-22T23:59:00")
    s3.upload_part(**upload, PartNumber=1, Body=b"1")
    aws.clock.advance(minutes=1)
    with refused("NoSuchUpload", status=404):
        s3.upload_part(**upload, PartNumber=2, Body=b"1")
    listed = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [each["Key"] for each in listed] == ["small/a"]


# --- configurations that are none


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        (
            {**to("GLACIER", 10), "Expiration": {"Days": 10}},
            "InvalidArgument",
            "'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' in the Transition "
            "action",
        ),
        (
            {**to("GLACIER", 10), "Expiration": {"Date": datetime(2027, 1, 1, tzinfo=UTC)}},
            "InvalidRequest",
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter "
            "'(prefix=)'",
        ),
        (
            {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}, {"Days": 2, "StorageClass": "GLACIER"}]},
            "InvalidRequest",
            "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=)'",
        ),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}, "InvalidArgument", None),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 101}},
            "InvalidArgument",
            None,
        ),
        (
            {"NoncurrentVersionTransitions": [{"NoncurrentDays": 29, "StorageClass": "STANDARD_IA"}]},
            "InvalidArgument",
            None,
        ),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 0}}, "InvalidArgument", None),
    ],
)
def test_rules_that_contradict_themselves(s3, bucket, ruled, refused, rule, code, message):
    ruled(bucket, {"Expiration": {"Days": 99}})
    before = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    with refused(code, message):
        ruled(bucket, rule)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == before


# --- Intelligent-Tiering


@pytest.fixture
def archiving(s3):
    def put(bucket, *tiers, id="archive", status="Enabled", **more):
        given = [{"AccessTier": tier, "Days": days} for tier, days in tiers]
        s3.put_bucket_intelligent_tiering_configuration(
            Bucket=bucket,
            Id=id,
            IntelligentTieringConfiguration={"Id": id, "Status": status, "Tierings": given, **more},
        )

    return put


@pytest.mark.rule("s3-082")
def test_idle_objects_fall_asleep(aws, s3, bucket, archiving, refused, body):
    for key in ("used", "idle"):
        s3.put_object(Bucket=bucket, Key=key, Body=BIG, StorageClass="INTELLIGENT_TIERING")
    s3.put_object(Bucket=bucket, Key="small", Body=SMALL, StorageClass="INTELLIGENT_TIERING")
    archiving(bucket, ("ARCHIVE_ACCESS", 90), ("DEEP_ARCHIVE_ACCESS", 180))
    aws.clock.advance(days=60)
    assert body(bucket, "used") == BIG
    aws.clock.advance(days=31)
    head = s3.head_object(Bucket=bucket, Key="idle")
    assert head["StorageClass"] == "INTELLIGENT_TIERING"
    assert head["ArchiveStatus"] == "ARCHIVE_ACCESS"
    message = "The operation is not valid for the object's storage class"
    with refused("InvalidObjectState", message, 403, StorageClass="INTELLIGENT_TIERING", AccessTier="ARCHIVE_ACCESS"):
        s3.get_object(Bucket=bucket, Key="idle")
    for key in ("used", "small"):
        assert "ArchiveStatus" not in s3.head_object(Bucket=bucket, Key=key)
        body(bucket, key)
    aws.clock.advance(days=91)
    assert s3.head_object(Bucket=bucket, Key="idle")["ArchiveStatus"] == "DEEP_ARCHIVE_ACCESS"
    assert s3.head_object(Bucket=bucket, Key="used")["ArchiveStatus"] == "ARCHIVE_ACCESS"


def test_without_the_configuration_nothing_falls_asleep(aws, s3, bucket, archiving, body):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG, StorageClass="INTELLIGENT_TIERING")
    archiving(bucket, ("ARCHIVE_ACCESS", 90), status="Disabled")
    archiving(bucket, ("ARCHIVE_ACCESS", 90), id="tagged", Filter={"Tag": {"Key": "a", "Value": "b"}})
    archiving(bucket, ("ARCHIVE_ACCESS", 90), id="gone")
    s3.delete_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="gone")
    aws.clock.advance(days=400)
    assert body(bucket, "a") == BIG


def test_days_in_intelligent_tiering_begin_with_the_transition(aws, s3, bucket, archiving, ruled):
    s3.put_object(Bucket=bucket, Key="a", Body=BIG)
    archiving(bucket, ("ARCHIVE_ACCESS", 90))
    ruled(bucket, to("INTELLIGENT_TIERING", 100))
    aws.clock.advance(days=150)
    assert "ArchiveStatus" not in s3.head_object(Bucket=bucket, Key="a")
    aws.clock.advance(days=50)
    assert s3.head_object(Bucket=bucket, Key="a")["ArchiveStatus"] == "ARCHIVE_ACCESS"


@pytest.mark.parametrize(
    "tiers",
    [
        [("ARCHIVE_ACCESS", 89)],
        [("DEEP_ARCHIVE_ACCESS", 179)],
        [("ARCHIVE_ACCESS", 731)],
        [("ARCHIVE_ACCESS", 200), ("DEEP_ARCHIVE_ACCESS", 180)],
    ],
)
def test_days_of_archive_tiers_have_bounds(s3, bucket, archiving, refused, tiers):
    with refused("InvalidArgument"):
        archiving(bucket, *tiers)
    with refused("NoSuchConfiguration", status=404):
        s3.get_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="archive")


def test_automatic_tiers():
    from awsim import Cloud
    from awsim.services.s3.tiering import tier_of
    from awsim.services.s3.versions import Tiering, Version

    limits = Cloud().limits.for_service("s3")
    day = 86_400
    version = Version("null", 1, 0, "1", BIG, storage_class="INTELLIGENT_TIERING")
    assert [tier_of(version, days * day, limits) for days in (0, 29, 30, 89, 90)] == [
        "FREQUENT_ACCESS", "FREQUENT_ACCESS", "INFREQUENT_ACCESS", "INFREQUENT_ACCESS", "ARCHIVE_INSTANT_ACCESS",
    ]  # fmt: skip
    assert tier_of(version.replaced(data=SMALL), 100 * day, limits) == "FREQUENT_ACCESS"
    assert tier_of(version.replaced(tiering=Tiering(95 * day)), 100 * day, limits) == "FREQUENT_ACCESS"
    asleep = version.replaced(tiering=Tiering(0, "ARCHIVE_ACCESS"))
    assert tier_of(asleep, 100 * day, limits) == "ARCHIVE_ACCESS"
