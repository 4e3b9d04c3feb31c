"""Replication between buckets, regions and accounts."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws(at="2026-01-15T10:30:00")

ACCOUNT, STRANGER = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"
ON, OFF = {"Status": "Enabled"}, {"Status": "Disabled"}
SOURCE, TARGET = "source", "target"


def make(client, name, region="us-east-1", **more):
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=name, **place, **more)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration=ON)
    return name


def rule(target=TARGET, id="r", destination=None, **more):
    """A rule of the second schema."""
    return {
        "ID": id,
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": OFF,
        "Destination": {"Bucket": f"arn:aws:s3:::{target}", **(destination or {})},
        **more,
    }


def old_rule(target=TARGET, prefix="", **more):
    """A rule of the first schema."""
    return {
        "ID": "r",
        "Status": "Enabled",
        "Prefix": prefix,
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
        **more,
    }


@pytest.fixture
def buckets(s3, eu):
    make(s3, SOURCE)
    make(eu, TARGET, "eu-west-1")


@pytest.fixture
def replicate(s3):
    """`replicate(rule, …, bucket=…)` puts a configuration."""

    def put(*rules, bucket=SOURCE):
        s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": ROLE, "Rules": list(rules)})

    return put


@pytest.fixture
def status(s3):
    """`status(key)`: x-amz-replication-status in the source."""
    return lambda key, bucket=SOURCE, **more: s3.head_object(Bucket=bucket, Key=key, **more).get("ReplicationStatus")


@pytest.fixture
def there(s3):
    """`there(bucket)`: the keys that a listing shows."""
    return lambda bucket=TARGET: [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


@pytest.fixture
def kms_key(aws):
    """`kms_key(region)`: the ARN of a key, made where there is KMS."""

    def arn(region):
        try:
            return boto3.client("kms", region_name=region).create_key()["KeyMetadata"]["Arn"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "NotImplemented"
            return f"arn:aws:kms:{region}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"

    return arn


# --- what is copied


@pytest.mark.rule("s3-220", "s3-231")
def test_a_new_object_arrives_as_it_is(s3, eu, buckets, replicate, status):
    replicate(rule())
    put = s3.put_object(
        Bucket=SOURCE,
        Key="a",
        Body=b"data",
        ContentType="text/plain",
        CacheControl="no-cache",
        Metadata={"colour": "red"},
        Tagging="team=red",
        ChecksumAlgorithm="SHA256",
    )
    assert status("a") == "COMPLETED"
    source = s3.get_object(Bucket=SOURCE, Key="a", ChecksumMode="ENABLED")
    replica = eu.get_object(Bucket=TARGET, Key="a", ChecksumMode="ENABLED")
    assert replica["ReplicationStatus"] == "REPLICA"
    assert replica["VersionId"] == put["VersionId"]
    assert replica["Body"].read() == b"data"
    for name in ("ETag", "LastModified", "Metadata", "ContentType", "CacheControl", "TagCount", "ChecksumSHA256"):
        assert replica[name] == source[name]
    assert replica["ServerSideEncryption"] == "AES256"
    assert eu.get_object_tagging(Bucket=TARGET, Key="a")["TagSet"] == [{"Key": "team", "Value": "red"}]
    # The copies can be written to, and what is written there stays there.
    eu.put_object(Bucket=TARGET, Key="a", Body=b"changed")
    assert "ReplicationStatus" not in eu.head_object(Bucket=TARGET, Key="a")
    assert s3.get_object(Bucket=SOURCE, Key="a")["Body"].read() == b"data"


def test_a_replica_is_the_newest_version(s3, eu, buckets, replicate):
    replicate(rule())
    own = [eu.put_object(Bucket=TARGET, Key="a", Body=b"own")["VersionId"] for _ in range(3)]
    arrived = [s3.put_object(Bucket=SOURCE, Key="a", Body=b"sent")["VersionId"] for _ in range(3)]
    listed = [each["VersionId"] for each in eu.list_object_versions(Bucket=TARGET)["Versions"]]
    assert listed == [*reversed(arrived), *reversed(own)]


@pytest.mark.rule("s3-221")
def test_within_one_region(s3, replicate, status, there):
    for name in (SOURCE, TARGET):
        make(s3, name)
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    s3.copy_object(Bucket=SOURCE, Key="b", CopySource=f"{SOURCE}/a")
    upload = {"Bucket": SOURCE, "Key": "c"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"2")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert there() == ["a", "b", "c"]
    assert s3.head_object(Bucket=TARGET, Key="c")["ETag"] == s3.head_object(Bucket=SOURCE, Key="c")["ETag"]


@pytest.mark.rule("s3-223")
def test_filters(s3, buckets, replicate, status, there):
    both = {"And": {"Prefix": "x/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}}
    replicate(
        rule(id="prefix", Filter={"Prefix": "logs/"}),
        rule(id="tag", Filter={"Tag": {"Key": "copy", "Value": "yes"}}, Priority=2),
        rule(id="both", Filter=both, Priority=3),
        rule(id="off", Status="Disabled", Priority=4),
    )
    put = {"Bucket": SOURCE, "Body": b"1"}
    s3.put_object(**put, Key="logs/1")
    s3.put_object(**put, Key="other")
    s3.put_object(**put, Key="tagged", Tagging="copy=yes&more=1")
    s3.put_object(**put, Key="x/1", Tagging="a=1&b=2")
    s3.put_object(**put, Key="x/2", Tagging="a=1")
    assert there() == ["logs/1", "tagged", "x/1"]
    assert status("other") is None
    assert status("x/2") is None


@pytest.mark.rule("s3-224")
def test_another_storage_class(s3, eu, buckets, replicate):
    replicate(rule(destination={"StorageClass": "STANDARD_IA"}))
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    assert eu.head_object(Bucket=TARGET, Key="a")["StorageClass"] == "STANDARD_IA"
    assert "StorageClass" not in s3.head_object(Bucket=SOURCE, Key="a")


@pytest.mark.rule("s3-226")
def test_what_was_there_before_stays(s3, buckets, replicate, status, there):
    s3.put_object(Bucket=SOURCE, Key="old", Body=b"1")
    replicate(rule())
    assert status("old") is None
    # Changes of what is not replicated are not either.
    s3.put_object_tagging(Bucket=SOURCE, Key="old", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert there() == []
    s3.delete_bucket_replication(Bucket=SOURCE)
    s3.put_object(Bucket=SOURCE, Key="new", Body=b"1")
    assert (there(), status("new")) == ([], None)


@pytest.mark.rule("s3-229")
def test_replicas_go_no_further(s3, buckets, replicate, status, there):
    make(s3, "third")
    replicate(rule())
    replicate(rule("third"), bucket=TARGET)
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    assert status("a", TARGET) == "REPLICA"
    assert there("third") == []
    s3.put_object(Bucket=TARGET, Key="b", Body=b"1")
    assert there("third") == ["b"]


def test_both_ways_without_end(s3, buckets, replicate, status):
    replicate(rule())
    replicate(rule(SOURCE), bucket=TARGET)
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    s3.put_object(Bucket=TARGET, Key="b", Body=b"1")
    assert [status(key, bucket) for key in "ab" for bucket in (SOURCE, TARGET)] == [
        "COMPLETED", "REPLICA", "REPLICA", "COMPLETED",
    ]  # fmt: skip


def test_several_destinations_and_priorities(s3, buckets, replicate, status, there):
    make(s3, "third")
    replicate(
        rule(id="low", destination={"StorageClass": "ONEZONE_IA"}),
        rule(id="high", Priority=5, destination={"StorageClass": "STANDARD_IA"}),
        rule("third", id="third", Priority=3),
    )
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    assert there("third") == ["a"]
    assert s3.head_object(Bucket=TARGET, Key="a")["StorageClass"] == "STANDARD_IA"
    # All of them have to have it.
    s3.put_bucket_versioning(Bucket="third", VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=SOURCE, Key="b", Body=b"1")
    assert (there(), there("third"), status("b")) == (["a", "b"], ["a"], "FAILED")


def test_what_is_put_into_an_archive_stays_there(s3, buckets, replicate, status, there):
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="cold", Body=b"1", StorageClass="GLACIER")
    s3.put_object(Bucket=SOURCE, Key="cool", Body=b"1", StorageClass="GLACIER_IR")
    assert (status("cold"), there()) == (None, ["cool"])


# --- deletes


@pytest.mark.rule("s3-227")
@pytest.mark.parametrize("markers", [ON, OFF])
def test_delete_markers_by_choice(s3, buckets, replicate, there, markers):
    replicate(rule(DeleteMarkerReplication=markers))
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    marker = s3.delete_object(Bucket=SOURCE, Key="a")["VersionId"]
    replicas = s3.list_object_versions(Bucket=TARGET).get("DeleteMarkers", [])
    assert [each["VersionId"] for each in replicas] == ([marker] if markers is ON else [])
    assert there() == ([] if markers is ON else ["a"])


def test_the_first_schema_always_replicates_delete_markers(s3, buckets, replicate, there):
    replicate(old_rule(prefix="logs/"))
    for key in ("logs/a", "b"):
        s3.put_object(Bucket=SOURCE, Key=key, Body=b"1")
    assert there() == ["logs/a"]
    s3.delete_object(Bucket=SOURCE, Key="logs/a")
    assert there() == []


def test_markers_of_a_lifecycle_are_not_replicated(aws, s3, buckets, replicate, there):
    replicate(rule(DeleteMarkerReplication=ON))
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    expire = {"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=SOURCE, LifecycleConfiguration={"Rules": [expire]})
    aws.clock.advance(days=3)
    assert (there(SOURCE), there()) == ([], ["a"])


def test_lifecycle_leaves_alone_what_has_not_got_there(aws, s3, buckets, replicate, there):
    replicate(rule())
    expire = {"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=SOURCE, LifecycleConfiguration={"Rules": [expire]})
    s3.put_object(Bucket=SOURCE, Key="good", Body=b"1")
    s3.put_bucket_versioning(Bucket=TARGET, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=SOURCE, Key="failed", Body=b"1")
    aws.clock.advance(days=10)
    assert there(SOURCE) == ["failed"]


@pytest.mark.rule("s3-228")
def test_the_deletion_of_a_version_is_not_repeated(s3, buckets, replicate, there):
    replicate(rule(DeleteMarkerReplication=ON))
    version = s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=SOURCE, Key="a", VersionId=version)
    assert (there(SOURCE), there()) == ([], ["a"])
    assert s3.get_object(Bucket=TARGET, Key="a", VersionId=version)["Body"].read() == b"1"


# --- changes


def test_changes_follow(s3, buckets, replicate):
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    tags = [{"Key": "a", "Value": "b"}]
    s3.put_object_tagging(Bucket=SOURCE, Key="a", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=TARGET, Key="a")["TagSet"] == tags
    s3.delete_object_tagging(Bucket=SOURCE, Key="a")
    assert s3.get_object_tagging(Bucket=TARGET, Key="a")["TagSet"] == []
    # Those of a replica stay with it.
    s3.put_object_tagging(Bucket=TARGET, Key="a", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=SOURCE, Key="a")["TagSet"] == []


def test_access_control_lists_follow_but_to_another_owner(s3, other, replicate):
    reader = other.list_buckets()["Owner"]["ID"]
    for client, name in ((s3, SOURCE), (s3, TARGET), (other, "abroad")):
        make(client, name, ObjectOwnership="ObjectWriter")
    policy = stranger_policy(*WRITE, "s3:ObjectOwnerOverrideToBucketOwner").replace(TARGET, "abroad")
    other.put_bucket_policy(Bucket="abroad", Policy=policy)
    override = {"Account": STRANGER, "AccessControlTranslation": {"Owner": "Destination"}}
    replicate(rule(), rule("abroad", id="s", Priority=2, destination=override))
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1", GrantRead=f"id={reader}")

    def permissions(client, bucket):
        grants = client.get_object_acl(Bucket=bucket, Key="a")["Grants"]
        return sorted(grant["Permission"] for grant in grants)

    assert permissions(s3, TARGET) == permissions(s3, SOURCE) == ["READ"]
    assert permissions(other, "abroad") == ["FULL_CONTROL"]
    s3.put_object_acl(Bucket=SOURCE, Key="a", GrantReadACP=f"id={reader}")
    assert permissions(s3, TARGET) == permissions(s3, SOURCE) == ["READ_ACP"]
    assert permissions(other, "abroad") == ["FULL_CONTROL"]


@pytest.mark.parametrize("sync", [ON, OFF])
def test_changes_of_replicas_come_back_where_rules_say_so(s3, buckets, replicate, sync):
    replicate(rule())
    replicate(rule(SOURCE, SourceSelectionCriteria={"ReplicaModifications": sync}), bucket=TARGET)
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    tags = [{"Key": "a", "Value": "b"}]
    s3.put_object_tagging(Bucket=TARGET, Key="a", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=SOURCE, Key="a")["TagSet"] == (tags if sync is ON else [])


def test_locks_are_kept(s3, replicate, status):
    for name in (SOURCE, TARGET):
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    replicate(rule())
    until = datetime(2027, 1, 1, tzinfo=UTC)
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    held = {"Bucket": TARGET, "Key": "a"}
    assert s3.get_object_retention(**held)["Retention"] == {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    s3.put_object_legal_hold(Bucket=SOURCE, Key="a", LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**held)["LegalHold"] == {"Status": "ON"}


def test_a_locked_source_needs_a_locked_destination(s3, replicate, status, there):
    s3.create_bucket(Bucket=SOURCE, ObjectLockEnabledForBucket=True)
    make(s3, TARGET)
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    assert (status("a"), there()) == ("FAILED", [])


# --- encryption


@pytest.fixture
def customer_key():
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def unblock_customer_keys(s3, bucket):
    rules = [{"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


@pytest.mark.rule("s3-232")
def test_objects_under_customer_keys(s3, buckets, replicate, status, refused, customer_key):
    unblock_customer_keys(s3, SOURCE)
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"secret", **customer_key)
    assert status("a", **customer_key) == "COMPLETED"
    assert s3.get_object(Bucket=TARGET, Key="a", **customer_key)["Body"].read() == b"secret"
    with refused("InvalidRequest"):
        s3.get_object(Bucket=TARGET, Key="a")


@pytest.mark.rule("s3-232")
@pytest.mark.aws(as_of="2022-06-01")
def test_customer_keys_before_october_2022(s3, buckets, replicate, status, there, customer_key):
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"secret", **customer_key)
    assert (status("a", **customer_key), there()) == (None, [])


@pytest.mark.rule("s3-233")
def test_kms_only_when_asked_for(s3, buckets, replicate, status, there):
    replicate(rule())
    kms = {"ServerSideEncryption": "aws:kms"}
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1", **kms)
    assert (status("a"), there()) == (None, [])


def test_kms_objects_get_a_key_of_the_destination(s3, eu, buckets, replicate, status, kms_key):
    source, target = kms_key("us-east-1"), kms_key("eu-west-1")
    replicate(
        rule(
            SourceSelectionCriteria={"SseKmsEncryptedObjects": ON},
            destination={"EncryptionConfiguration": {"ReplicaKmsKeyID": target}},
        )
    )
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=source)
    assert status("a") == "COMPLETED"
    replica = eu.head_object(Bucket=TARGET, Key="a")
    assert (replica["ServerSideEncryption"], replica["SSEKMSKeyId"]) == ("aws:kms", target)
    assert s3.head_object(Bucket=SOURCE, Key="a")["SSEKMSKeyId"] == source
    # What is not under a key of KMS goes as it is.
    s3.put_object(Bucket=SOURCE, Key="b", Body=b"1")
    assert eu.head_object(Bucket=TARGET, Key="b")["ServerSideEncryption"] == "AES256"


# --- time


@pytest.mark.rule("s3-225")
@pytest.mark.parametrize(
    "mode",
    [
        pytest.param("lifecycle", marks=pytest.mark.aws(lifecycle="timed")),
        pytest.param("consistency", marks=pytest.mark.aws(consistency="eventual")),
    ],
)
def test_replication_takes_minutes(mode, aws, s3, eu, buckets, replicate, status, refused):
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    assert status("a") == "PENDING"
    with refused("404", status=404):
        eu.head_object(Bucket=TARGET, Key="a")
    aws.clock.advance(minutes=14)
    assert status("a") == "PENDING"
    aws.clock.advance(minutes=1)
    assert status("a") == "COMPLETED"
    assert eu.head_object(Bucket=TARGET, Key="a")["ReplicationStatus"] == "REPLICA"


@pytest.mark.aws(lifecycle="timed")
def test_a_version_that_is_gone_is_not_replicated(aws, s3, buckets, replicate, there):
    replicate(rule())
    version = s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=SOURCE, Key="a", VersionId=version)
    aws.clock.advance(hours=1)
    assert there() == []


@pytest.mark.aws(lifecycle="timed")
def test_tags_that_come_before_the_copy_go_with_it(aws, s3, buckets, replicate):
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    tags = [{"Key": "a", "Value": "b"}]
    s3.put_object_tagging(Bucket=SOURCE, Key="a", Tagging={"TagSet": tags})
    aws.clock.advance(hours=1)
    assert s3.get_object_tagging(Bucket=TARGET, Key="a")["TagSet"] == tags


# --- accounts and rights


def allow(actions, resources):
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


READ = [
    allow("s3:GetReplicationConfiguration", f"arn:aws:s3:::{SOURCE}"),
    allow("s3:ListBucket", f"arn:aws:s3:::{SOURCE}"),
    allow(
        ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
        f"arn:aws:s3:::{SOURCE}/*",
    ),
]
WRITE = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
TRUST = document({"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"})


@pytest.fixture
def role(aws):
    """`role(statement, …)` makes the replication role with that policy."""
    iam = boto3.client("iam")

    def make_role(*statements, trust=TRUST):
        iam.create_role(RoleName="replication", AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName="replication", PolicyName="p", PolicyDocument=document(*statements))

    return make_role


@pytest.mark.rule("s3-230")
@pytest.mark.aws(authorization=True)
@pytest.mark.parametrize(
    ("statements", "tagging", "outcome"),
    [
        ([*READ, allow(WRITE, f"arn:aws:s3:::{TARGET}/*")], "", "COMPLETED"),
        ([*READ, allow(WRITE, f"arn:aws:s3:::{TARGET}/*")], "a=b", "COMPLETED"),
        ([*READ, allow("s3:ReplicateObject", f"arn:aws:s3:::{TARGET}/*")], "", "COMPLETED"),
        ([*READ, allow("s3:ReplicateObject", f"arn:aws:s3:::{TARGET}/*")], "a=b", "FAILED"),
        ([*READ, allow(WRITE, "arn:aws:s3:::other/*")], "", "FAILED"),
        ([*READ[:2], allow(WRITE, f"arn:aws:s3:::{TARGET}/*")], "", "FAILED"),
        ([*READ[2:], allow(WRITE, f"arn:aws:s3:::{TARGET}/*")], "", "FAILED"),
        (READ, "", "FAILED"),
    ],
)
def test_the_role_needs_rights_on_both_buckets(
    s3, buckets, replicate, role, status, there, statements, tagging, outcome
):
    role(*statements)
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1", Tagging=tagging)
    assert (status("a"), there()) == (outcome, ["a"] if outcome == "COMPLETED" else [])


@pytest.mark.aws(authorization=True)
def test_a_role_that_s3_cannot_assume(s3, buckets, replicate, role, status, there):
    replicate(rule())
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    assert status("a") == "FAILED"
    trust = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    role(*READ, allow(WRITE, f"arn:aws:s3:::{TARGET}/*"), trust=trust)
    s3.put_object(Bucket=SOURCE, Key="b", Body=b"1")
    assert (status("b"), there()) == ("FAILED", [])


def stranger_policy(*actions):
    return document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": ROLE},
            "Action": list(actions),
            "Resource": f"arn:aws:s3:::{TARGET}/*",
        }
    )


@pytest.mark.rule("s3-222")
@pytest.mark.parametrize("mode", [pytest.param({}, id="open"), pytest.param({"authorization": True}, id="authorized")])
def test_another_account_has_to_let_the_role_in(request, mode, s3, other, replicate, status):
    from awsim import mock_aws

    with mock_aws(at="2026-01-15T10:30:00", **mode):
        make(s3, SOURCE)
        make(other, TARGET)
        iam = boto3.client("iam")
        iam.create_role(RoleName="replication", AssumeRolePolicyDocument=TRUST)
        rights = document(*READ, allow([*WRITE, "s3:ObjectOwnerOverrideToBucketOwner"], f"arn:aws:s3:::{TARGET}/*"))
        iam.put_role_policy(RoleName="replication", PolicyName="p", PolicyDocument=rights)
        replicate(rule(destination={"Account": STRANGER}))
        s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
        assert status("a") == "FAILED"
        other.put_bucket_policy(Bucket=TARGET, Policy=stranger_policy(*WRITE))
        s3.put_object(Bucket=SOURCE, Key="b", Body=b"2")
        assert status("b") == "COMPLETED"
        assert other.get_object(Bucket=TARGET, Key="b")["Body"].read() == b"2"
        assert "Contents" in other.list_objects_v2(Bucket=TARGET)


def test_replicas_can_belong_to_the_destination(s3, other, replicate, status):
    make(s3, SOURCE, ObjectOwnership="ObjectWriter")
    make(other, TARGET, ObjectOwnership="ObjectWriter")
    owner = s3.list_buckets()["Owner"]["ID"]
    stranger = other.list_buckets()["Owner"]["ID"]
    other.put_bucket_policy(Bucket=TARGET, Policy=stranger_policy(*WRITE))

    def owner_of(key):
        versions = other.list_object_versions(Bucket=TARGET, Prefix=key)["Versions"]
        return versions[0]["Owner"]["ID"]

    replicate(rule(destination={"Account": STRANGER}))
    s3.put_object(Bucket=SOURCE, Key="kept", Body=b"1")
    assert owner_of("kept") == owner
    override = {"Account": STRANGER, "AccessControlTranslation": {"Owner": "Destination"}}
    replicate(rule(destination=override))
    s3.put_object(Bucket=SOURCE, Key="refused", Body=b"1")
    assert status("refused") == "FAILED"
    policy = stranger_policy(*WRITE, "s3:ObjectOwnerOverrideToBucketOwner")
    other.put_bucket_policy(Bucket=TARGET, Policy=policy)
    s3.put_object(Bucket=SOURCE, Key="given", Body=b"1")
    assert owner_of("given") == stranger
    assert other.get_object(Bucket=TARGET, Key="given")["Body"].read() == b"1"


def test_the_owner_of_an_object_has_to_let_the_bucket_owner_in(s3, other, replicate, status):
    make(s3, SOURCE, ObjectOwnership="ObjectWriter")
    make(s3, TARGET)
    write = {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "s3:PutObject*"}
    s3.put_bucket_policy(Bucket=SOURCE, Policy=document({**write, "Resource": f"arn:aws:s3:::{SOURCE}/*"}))
    replicate(rule())
    other.put_object(Bucket=SOURCE, Key="closed", Body=b"1")
    other.put_object(Bucket=SOURCE, Key="open", Body=b"1", ACL="bucket-owner-full-control")
    listed = s3.list_objects_v2(Bucket=TARGET)["Contents"]
    assert [each["Key"] for each in listed] == ["open"]
    assert status("open") == "COMPLETED"


def test_destinations_that_go_away(s3, buckets, replicate, status):
    replicate(rule())
    s3.put_bucket_versioning(Bucket=TARGET, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    assert status("a") == "FAILED"
    s3.delete_bucket(Bucket=TARGET)
    s3.put_object(Bucket=SOURCE, Key="b", Body=b"1")
    assert status("b") == "FAILED"


# --- events


@pytest.fixture
def queue_of_events(s3, buckets):
    """`queue_of_events(event)()`: (name, key, replicationEventData) of the events of the source since the last time."""
    queue = boto3.client("sqs")
    url = queue.create_queue(QueueName="events")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:events"
    let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    queue.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(let)})

    def read():
        told = []
        for message in queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
            record = json.loads(message["Body"])["Records"][0]
            told.append((record["eventName"], record["s3"]["object"]["key"], record["replicationEventData"]))
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return told

    def listen(event):
        s3.put_bucket_notification_configuration(
            Bucket=SOURCE,
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": [event]}]},
        )
        queue.purge_queue(QueueUrl=url)
        return read

    return listen


def test_failures_are_told(s3, buckets, replicate, queue_of_events):
    failed = queue_of_events("s3:Replication:*")
    replicate(rule())
    s3.put_bucket_versioning(Bucket=TARGET, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    [(name, key, told)] = failed()
    assert (name, key) == ("Replication:OperationFailedReplication", "a")
    assert told["failureReason"] == "DstBucketUnversioned"
    assert told["destinationBucket"] == f"arn:aws:s3:::{TARGET}"
    assert told["replicationRuleId"] == "r"


@pytest.mark.aws(limits={"s3.replication-time": 1800})
def test_time_control_tells_what_is_late(aws, s3, buckets, replicate, queue_of_events):
    late = queue_of_events("s3:Replication:*")
    promised = {
        "ReplicationTime": {**ON, "Time": {"Minutes": 15}},
        "Metrics": {**ON, "EventThreshold": {"Minutes": 15}},
    }
    replicate(rule(Filter={"Prefix": "fast/"}, destination=promised), rule(id="s", Priority=0))
    s3.put_object(Bucket=SOURCE, Key="fast/a", Body=b"1")
    s3.put_object(Bucket=SOURCE, Key="slow/a", Body=b"1")
    aws.clock.advance(minutes=14)
    assert late() == []
    aws.clock.advance(minutes=1)
    assert [(name, key) for name, key, _ in late()] == [("Replication:OperationMissedThreshold", "fast/a")]
    aws.clock.advance(minutes=15)
    [(name, key, told)] = late()
    assert (name, key) == ("Replication:OperationReplicatedAfterThreshold", "fast/a")
    assert told["replicationTime"] == "1800"


# --- configurations


def test_time_control_metrics_and_ids_are_kept(s3, buckets, replicate):
    control = {
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    }
    given = rule(destination=control)
    del given["ID"]
    replicate(given)
    kept = s3.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"]["Rules"][0]
    assert kept.pop("ID")
    assert kept == given


@pytest.mark.parametrize(
    ("rules", "code", "message"),
    [
        (
            [{**rule(), "DeleteMarkerReplication": None}],
            "InvalidRequest",
            "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration "
            "schema. Please refer to S3 Developer Guide for more information.",
        ),
        (
            [old_rule(DeleteMarkerReplication=OFF)],
            "InvalidRequest",
            "DeleteMarkerReplication cannot be used for this version of Cross Region Replication configuration "
            "schema. Please refer to S3 Developer Guide for more information.",
        ),
        ([{**rule(), "Filter": None}], "MalformedXML", None),
        ([rule(), {**old_rule(), "ID": "s"}], "MalformedXML", None),
        ([rule(ExistingObjectReplication=ON)], "MalformedXML", None),
        ([rule(), rule(id="s")], "InvalidArgument", None),
        ([rule(), rule(Priority=2)], "InvalidArgument", None),
        (
            [rule(SOURCE)],
            "InvalidRequest",
            "Destination bucket cannot be the same as the source bucket.",
        ),
        ([rule(destination={"AccessControlTranslation": {"Owner": "Destination"}})], "InvalidRequest", None),
        ([rule(destination={"ReplicationTime": {**ON, "Time": {"Minutes": 15}}})], "InvalidRequest", None),
        (
            [rule(destination={"Metrics": {**ON, "EventThreshold": {"Minutes": 5}}})],
            "InvalidArgument",
            None,
        ),
        ([rule(destination={"Bucket": "target"})], "InvalidArgument", None),
    ],
)
def test_configurations_that_are_none(s3, buckets, replicate, refused, rules, code, message):
    given = [{name: value for name, value in each.items() if value is not None} for each in rules]
    with refused(code, message):
        replicate(*given)
    with refused("ReplicationConfigurationNotFoundError", status=404):
        s3.get_bucket_replication(Bucket=SOURCE)
    with refused("InvalidArgument"):
        s3.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration={"Role": "replication", "Rules": [rule()]})
