"""Versions, delete markers, the null version, MFA delete."""

import boto3
import pytest

from awsim.auth.totp import code_at

NOT_ALLOWED = "The specified method is not allowed against this resource."
NEEDS_MFA = "Mfa Authentication must be used for this request"


def suspend(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


@pytest.mark.rule("s3-050", "s3-053")
def test_off_unless_chosen(s3, bucket, versions):
    answer = s3.get_bucket_versioning(Bucket=bucket)
    assert not {"Status", "MFADelete"} & answer.keys()
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k")
    assert versions(bucket) == [("k", "null", True, False)]
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k", VersionId="null")


@pytest.mark.rule("s3-051", "s3-053", "s3-054")
def test_every_write_gets_a_version(s3, versioned, versions, body, keys):
    ids = [
        s3.put_object(Bucket=versioned, Key=key, Body=data)["VersionId"]
        for key, data in (("a/k", b"1"), ("a/k", b"2"), ("b", b"3"))
    ]
    assert len({len(id) for id in ids}) == 1
    assert versions(versioned) == [
        ("a/k", ids[1], True, False),
        ("a/k", ids[0], False, False),
        ("b", ids[2], True, False),
    ]
    assert [body(versioned, "a/k", VersionId=id) for id in ids[:2]] == [b"1", b"2"]
    assert body(versioned, "a/k") == b"2"
    assert s3.get_object(Bucket=versioned, Key="a/k")["VersionId"] == ids[1]
    assert keys(versioned) == ["a/k", "b"]


@pytest.mark.rule("s3-052")
def test_a_status_is_enabled_or_suspended(s3, versioned, refused):
    for wrong in ("Disabled", "Off", ""):
        with refused("MalformedXML"):
            s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": wrong})
    with refused("IllegalVersioningConfigurationException"):
        s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={})
    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Enabled"
    suspend(s3, versioned)
    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Suspended"


@pytest.mark.rule("s3-055")
def test_what_was_there_before_is_the_null_version(s3, bucket, versions, body):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    id = s3.put_object(Bucket=bucket, Key="k", Body=b"new")["VersionId"]
    assert versions(bucket) == [("k", id, True, False), ("k", "null", False, False)]
    assert body(bucket, "k", VersionId="null") == b"old"


@pytest.mark.rule("s3-056", "s3-057")
def test_suspended(s3, versioned, versions, body):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    suspend(s3, versioned)
    assert versions(versioned) == [("k", first, True, False)]
    for data in (b"2", b"3"):
        answer = s3.put_object(Bucket=versioned, Key="k", Body=data)
        assert "VersionId" not in answer
        assert versions(versioned) == [("k", "null", True, False), ("k", first, False, False)]
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == "null"
    assert body(versioned, "k") == b"3"
    # A delete puts a null marker in the place of the null version.
    answer = s3.delete_object(Bucket=versioned, Key="k")
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, "null")
    assert versions(versioned) == [("k", first, False, False), ("k", "null", True, True)]


@pytest.mark.rule("s3-058")
def test_deleting_a_version_for_good(s3, versioned, versions, refused):
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=data)["VersionId"] for data in (b"1", b"2")]
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[0])
    assert answer["VersionId"] == ids[0]
    assert "DeleteMarker" not in answer
    with refused("NoSuchVersion", "The specified version does not exist.", 404, Key="k", VersionId=ids[0]):
        s3.get_object(Bucket=versioned, Key="k", VersionId=ids[0])
    # Deleting it again is no error; an id that S3 never gave is one.
    assert s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[0])["VersionId"] == ids[0]
    made_up = ids[1][:-4] + "ABCD"
    for call in (s3.get_object, s3.delete_object):
        with refused(
            "InvalidArgument", "Invalid version id specified", ArgumentName="versionId", ArgumentValue=made_up
        ):
            call(Bucket=versioned, Key="k", VersionId=made_up)
    assert versions(versioned) == [("k", ids[1], True, False)]


@pytest.mark.rule("s3-059")
def test_an_earlier_version_becomes_the_current_one_again(s3, versioned, body):
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=data)["VersionId"] for data in (b"1", b"2", b"3")]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[2])
    assert body(versioned, "k") == b"2"
    answer = s3.copy_object(Bucket=versioned, Key="k", CopySource=f"{versioned}/k?versionId={ids[0]}")
    assert answer["CopySourceVersionId"] == ids[0]
    assert answer["VersionId"] not in ids
    assert body(versioned, "k") == b"1"


@pytest.mark.rule("s3-060", "s3-061", "s3-062")
def test_a_delete_marker_hides_and_its_deletion_shows(s3, versioned, versions, body, keys, refused):
    id = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    answer = s3.delete_object(Bucket=versioned, Key="k")
    assert answer["DeleteMarker"] is True
    marker = answer["VersionId"]
    with refused("NoSuchKey", "The specified key does not exist.", 404, Key="k") as refusal:
        s3.get_object(Bucket=versioned, Key="k")
    assert refusal.headers["x-amz-delete-marker"] == "true"
    assert refusal.headers["x-amz-version-id"] == marker
    assert keys(versioned) == []
    assert versions(versioned) == [("k", id, False, False), ("k", marker, True, True)]
    assert body(versioned, "k", VersionId=id) == b"1"
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, marker)
    assert body(versioned, "k") == b"1"
    # Of a key that never was, too.
    assert s3.delete_object(Bucket=versioned, Key="never")["DeleteMarker"] is True


@pytest.mark.rule("s3-063")
def test_a_delete_marker_holds_nothing(s3, versioned, refused):
    s3.put_object(Bucket=versioned, Key="k")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    with refused("MethodNotAllowed", NOT_ALLOWED, 405, Method="GET", ResourceType="DeleteMarker") as refusal:
        s3.get_object(Bucket=versioned, Key="k", VersionId=marker)
    assert refusal.headers["x-amz-delete-marker"] == "true"
    assert refusal.headers["allow"] == "DELETE"
    with refused("405", status=405):
        s3.head_object(Bucket=versioned, Key="k", VersionId=marker)
    for change in (
        lambda: s3.put_object_tagging(Bucket=versioned, Key="k", Tagging={"TagSet": []}),
        lambda: s3.put_object_acl(Bucket=versioned, Key="k", VersionId=marker, ACL="private"),
    ):
        with refused("MethodNotAllowed", NOT_ALLOWED, 405, Method="PUT", ResourceType="DeleteMarker"):
            change()
    assert "Size" not in s3.list_object_versions(Bucket=versioned)["DeleteMarkers"][0]


def test_many_deleted_at_once(s3, versioned, versions):
    first, second = (s3.put_object(Bucket=versioned, Key="k", Body=data)["VersionId"] for data in (b"1", b"2"))
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}]})
    marker = answer["Deleted"][0]["DeleteMarkerVersionId"]
    assert answer["Deleted"] == [{"Key": "k", "DeleteMarker": True, "DeleteMarkerVersionId": marker}]
    entries = [{"Key": "k", "VersionId": first}, {"Key": "k", "VersionId": second}]
    assert s3.delete_objects(Bucket=versioned, Delete={"Objects": entries})["Deleted"] == entries
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": marker}]})
    assert answer["Deleted"] == [
        {"Key": "k", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    ]
    assert versions(versioned) == []
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": "made-up"}]})
    assert answer["Errors"] == [
        {"Key": "k", "VersionId": "made-up", "Code": "InvalidArgument", "Message": "Invalid version id specified"}
    ]


def test_many_versions_of_one_key_and_a_snapshot(aws, s3, versioned, versions):
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=b"%d" % n)["VersionId"] for n in range(20)]
    before = aws.snapshot()
    for id in ids[5:15]:
        s3.delete_object(Bucket=versioned, Key="k", VersionId=id)
    s3.put_object(Bucket=versioned, Key="k")
    aws.restore(before)
    assert [id for _, id, _, _ in versions(versioned)] == ids[::-1]


# --- MFA delete


@pytest.fixture
def root(aws):
    return aws.acting_as("arn:aws:iam::123456789012:root")


MFA = "arn:aws:iam::123456789012:mfa/root-account-mfa-device 123456"
ENABLED = {"Status": "Enabled", "MFADelete": "Enabled"}


@pytest.mark.rule("s3-064")
def test_mfa_delete_needs_versioning(s3, bucket, root, refused):
    with root:
        for wrong in ({"MFADelete": "Enabled"}, {"Status": "Suspended", "MFADelete": "Enabled"}):
            with refused("IllegalVersioningConfigurationException"):
                s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=wrong, MFA=MFA)
        assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=ENABLED, MFA=MFA)
    answer = s3.get_bucket_versioning(Bucket=bucket)
    assert (answer["Status"], answer["MFADelete"]) == ("Enabled", "Enabled")


@pytest.mark.rule("s3-065", "s3-066", "s3-073")
def test_who_may_switch_mfa_delete(s3, bucket, root, refused):
    with refused("AccessDenied", NEEDS_MFA, 403):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=ENABLED)
    with refused("InvalidRequest", "DevPay and Mfa are mutually exclusive authorization methods."):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=ENABLED, MFA=MFA)
    with root:
        for wrong in (MFA[:-1], "123456", "device 12345x"):
            with refused("TokenCodeInvalidError"):
                s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=ENABLED, MFA=wrong)
    assert "MFADelete" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


@pytest.mark.rule("s3-067", "s3-068", "s3-069", "s3-070", "s3-071", "s3-072", "s3-074")
def test_what_mfa_delete_protects(s3, bucket, root, versions, refused):
    with root:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=ENABLED, MFA=MFA)
        id = s3.put_object(Bucket=bucket, Key="k")["VersionId"]
        marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
        before = versions(bucket)
        assert len(before) == 2
        for version in (id, marker):
            with refused("AccessDenied", NEEDS_MFA, 403):
                s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
        with refused("AccessDenied", NEEDS_MFA, 403):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": id}]})
        with refused("AccessDenied", NEEDS_MFA, 403):
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
        assert versions(bucket) == before
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        s3.delete_object(Bucket=bucket, Key="k", VersionId=marker, MFA=MFA)
        off = {"Status": "Enabled", "MFADelete": "Disabled"}
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=off, MFA=MFA)
        assert s3.get_bucket_versioning(Bucket=bucket)["MFADelete"] == "Disabled"
        s3.delete_object(Bucket=bucket, Key="k", VersionId=id)


def device_of(iam, aws, user, name):
    """(serial number, what gives the code it shows now): an MFA device that is enabled for a user."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    step = int(aws.clock.time() // 30)
    first, second = code_at(seed, step - 1), code_at(seed, step)
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, AuthenticationCode1=first, AuthenticationCode2=second)
    aws.clock.advance(seconds=60)
    return serial, lambda: code_at(seed, int(aws.clock.time() // 30))


@pytest.mark.rule("s3-075")
def test_a_code_of_anothers_device(s3, bucket, root, versions, aws, refused):
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    with root:
        own, shown = device_of(iam, aws, "root", "own")
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=ENABLED, MFA=f"{own} {shown()}")
        ids = [s3.put_object(Bucket=bucket, Key="k")["VersionId"] for _ in range(2)]
        before = versions(bucket)
        anns, hers = device_of(iam, aws, "ann", "anns")
        code = hers()
        message = (
            f"The device with serial number {anns} that generated token {code} is not owned by the authenticated user"
        )
        with refused("NotDeviceOwnerError", message):
            s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[0], MFA=f"{anns} {code}")
        with refused("NotDeviceOwnerError", message):
            s3.delete_objects(
                Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": ids[0]}]}, MFA=f"{anns} {code}"
            )
        with refused("TokenCodeInvalidError"):
            s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[0], MFA=f"{own} 000000")
        assert versions(bucket) == before
        # One code is good for a whole batch.
        answer = s3.delete_objects(
            Bucket=bucket,
            Delete={"Objects": [{"Key": "k", "VersionId": id} for id in ids]},
            MFA=f"{own} {shown()}",
        )
        assert len(answer["Deleted"]) == 2
        assert versions(bucket) == []


def test_the_resource_interface(aws, bucket):
    found = boto3.resource("s3", region_name="us-east-1").Bucket(bucket)
    found.Versioning().enable()
    found.put_object(Key="k", Body=b"1")
    found.Object("k").delete()
    found.object_versions.delete()
    found.delete()
