"""Tags, encryption, object lock."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import boto3
import pytest

MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
PROTECTED = "Access Denied because object protected by object lock."

# --- tags


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-029")
def test_tags_of_objects(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Tagging="tag1=tag1&with%20space=%2F&tag2=")
    tags = [{"Key": "tag1", "Value": "tag1"}, {"Key": "tag2", "Value": ""}, {"Key": "with space", "Value": "/"}]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 3
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 3
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags[:1]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags[:1]
    with refused("InvalidTag", "Cannot provide multiple Tags with the same key"):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [tags[0], tags[0]]})
    with refused("InvalidArgument", ArgumentName="x-amz-tagging"):
        s3.put_object(Bucket=bucket, Key="k", Tagging="a=1&a=2")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags[:1]
    assert s3.delete_object_tagging(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert "TagCount" not in s3.get_object(Bucket=bucket, Key="k")
    with refused("NoSuchKey", status=404, Key="none"):
        s3.get_object_tagging(Bucket=bucket, Key="none")


def test_tags_of_a_header_are_in_the_order_of_their_keys(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Tagging="b&a=1")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags


@pytest.mark.rule("s3-029")
def test_an_overwritten_object_has_no_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Tagging="a=b")
    s3.put_object(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


@pytest.mark.rule("s3-030")
def test_ten_tags_and_no_more(s3, bucket, keys, refused):
    def tags(count):
        return [{"Key": f"k{n}", "Value": "v"} for n in range(count)]

    s3.put_object(Bucket=bucket, Key="k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags(10)})
    with refused("BadRequest", "Object tags cannot be greater than 10"):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags(11)})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags(10)
    with refused("BadRequest", "Object tags cannot be greater than 10"):
        s3.put_object(Bucket=bucket, Key="new", Tagging="&".join(f"k{n}=v" for n in range(11)))
    assert keys(bucket) == ["k"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("k" * 129, "v", "The TagKey you have provided is invalid"),
        ("k", "v" * 257, "The TagValue you have provided is invalid"),
        ("k?", "v", "The TagKey you have provided is invalid"),
        ("k", "v!", "The TagValue you have provided is invalid"),
        ("aws:k", "v", "System tags cannot be added/updated by requester"),
    ],
)
def test_tags_that_are_none(s3, bucket, refused, key, value, message):
    s3.put_object(Bucket=bucket, Key="k")
    with refused("InvalidTag", message):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": key, "Value": value}]})
    good = [{"Key": "k" * 128, "Value": "v" * 256}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": good})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == good


def test_tags_of_a_version(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Tagging="new=1")
    answer = s3.put_object_tagging(
        Bucket=versioned, Key="k", VersionId=first, Tagging={"TagSet": [{"Key": "old", "Value": "1"}]}
    )
    assert answer["VersionId"] == first
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == [{"Key": "new", "Value": "1"}]
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=first)["TagSet"] == [{"Key": "old", "Value": "1"}]


# --- encryption


@pytest.mark.rule("s3-109", "s3-111")
def test_keys_of_s3_at_first(s3, bucket, body):
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert rule["BucketKeyEnabled"] is False
    for given in ({}, {"ServerSideEncryption": "AES256"}):
        answer = s3.put_object(Bucket=bucket, Key="k", Body=b"plain", **given)
        assert answer["ServerSideEncryption"] == "AES256"
        assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
        assert body(bucket, "k") == b"plain"


def by_default(algorithm, **more):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}, **more}
    return {"Rules": [rule]}


@pytest.mark.rule("s3-110")
def test_the_default_of_a_bucket(s3, bucket, refused):
    def put(configuration):
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)

    put(by_default("aws:kms", BucketKeyEnabled=True))
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert (answer["ServerSideEncryption"], answer["BucketKeyEnabled"]) == ("aws:kms", True)
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == answer["SSEKMSKeyId"]
    for wrong in ({"Rules": []}, {"Rules": by_default("AES256")["Rules"] * 2}, by_default("rot13")):
        with refused("MalformedXML", MALFORMED):
            put(wrong)
    wrong = by_default("AES256")
    wrong["Rules"][0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] = "x"
    with refused("InvalidArgument", ArgumentName="ApplyServerSideEncryptionByDefault"):
        put(wrong)
    assert s3.put_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "aws:kms"
    for _ in range(2):
        assert s3.delete_bucket_encryption(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.put_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"


@pytest.mark.rule("s3-112")
def test_algorithms_that_are_none(s3, bucket, keys, refused):
    message = "The encryption method specified is not supported"
    with refused("InvalidArgument", message, ArgumentName="x-amz-server-side-encryption", ArgumentValue="foo"):
        s3.put_object(Bucket=bucket, Key="k", ServerSideEncryption="foo")
    with refused("InvalidArgument"):
        s3.put_object(Bucket=bucket, Key="k", ServerSideEncryption="AES256", SSEKMSKeyId="x")
    assert keys(bucket) == []


def test_kms_keys_are_echoed(s3, bucket):
    arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    for given in (arn, arn.rpartition("/")[2]):
        answer = s3.put_object(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=given)
        assert answer["SSEKMSKeyId"] == arn
    assert s3.get_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == arn


KEY = b"0" * 32
OTHER = b"1" * 32
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
MD5 = base64.b64encode(hashlib.md5(KEY).digest()).decode()


@pytest.fixture
def unblocked(s3, bucket):
    """The bucket, open to keys of the customer."""
    configuration = {"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)
    return bucket


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-121")
def test_customer_keys_are_blocked_at_first(s3, bucket, keys, refused):
    with refused("AccessDenied", status=403):
        s3.put_object(Bucket=bucket, Key="k", **CUSTOMER)
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
    assert keys(bucket) == []


@pytest.mark.rule("s3-121")
@pytest.mark.aws(as_of="2026-01-01")
def test_customer_keys_before_they_were_blocked(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="k", **CUSTOMER)["SSECustomerKeyMD5"] == MD5


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-122", "s3-123")
def test_customer_keys(s3, unblocked, refused):
    answer = s3.put_object(Bucket=unblocked, Key="k", Body=b"secret", **CUSTOMER)
    members = {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": MD5}
    for found in (
        answer,
        s3.get_object(Bucket=unblocked, Key="k", **CUSTOMER),
        s3.head_object(Bucket=unblocked, Key="k", **CUSTOMER),
    ):
        assert members.items() <= found.items()
        assert not {"SSECustomerKey", "ServerSideEncryption"} & found.keys()
    assert answer["ETag"] != f'"{hashlib.md5(b"secret").hexdigest()}"'
    message = (
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
        "retrieve the object."
    )
    with refused("InvalidRequest", message):
        s3.get_object(Bucket=unblocked, Key="k")
    with refused("400", "Bad Request"):
        s3.head_object(Bucket=unblocked, Key="k")
    message = (
        "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key."
    )
    with refused("AccessDenied", message, 403):
        s3.get_object(Bucket=unblocked, Key="k", SSECustomerAlgorithm="AES256", SSECustomerKey=OTHER)
    s3.put_object(Bucket=unblocked, Key="open")
    with refused("InvalidRequest", "The encryption parameters are not applicable to this object."):
        s3.get_object(Bucket=unblocked, Key="open", **CUSTOMER)


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-122")
def test_customer_keys_that_are_none(s3, unblocked, keys, refused):
    name = "x-amz-server-side-encryption"

    def put(**given):
        s3.put_object(Bucket=unblocked, Key="k", **given)

    message = "The Encryption request you specified is not valid. Supported value: AES256."
    with refused("InvalidEncryptionAlgorithmError", message, ArgumentName=name, ArgumentValue="KMS"):
        put(SSECustomerAlgorithm="KMS", SSECustomerKey=KEY)
    message = "The secret key was invalid for the specified algorithm."
    with refused("InvalidArgument", message, ArgumentName=name):
        put(SSECustomerAlgorithm="AES256", SSECustomerKey=b"short")
    message = "The calculated MD5 hash of the key did not match the hash that was provided."
    with refused("InvalidArgument", message, ArgumentName=name):
        put(
            SSECustomerAlgorithm="AES256",
            SSECustomerKey=base64.b64encode(KEY).decode(),
            SSECustomerKeyMD5=base64.b64encode(b"0" * 16).decode(),
        )
    message = (
        "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption "
        "algorithm."
    )
    with refused("InvalidArgument", message, ArgumentName=name):
        put(SSECustomerKey="0" * 32)
    message = "Server Side Encryption with Customer provided key is incompatible with the encryption method specified"
    with refused("InvalidArgument", message, ArgumentName=name, ArgumentValue="AES256"):
        put(**CUSTOMER, ServerSideEncryption="AES256")
    assert keys(unblocked) == []


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-124")
def test_copies_under_customer_keys(s3, unblocked, body, refused):
    s3.put_object(Bucket=unblocked, Key="k", Body=b"secret", **CUSTOMER)
    source = f"{unblocked}/k"
    with refused("InvalidRequest"):
        s3.copy_object(Bucket=unblocked, Key="copy", CopySource=source)
    given = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY}
    assert s3.copy_object(Bucket=unblocked, Key="copy", CopySource=source, **given)["ServerSideEncryption"] == "AES256"
    assert body(unblocked, "copy") == b"secret"


@pytest.mark.newer_botocore
def test_uploads_under_customer_keys(s3, unblocked, refused):
    created = s3.create_multipart_upload(Bucket=unblocked, Key="k", **CUSTOMER)
    assert created["SSECustomerKeyMD5"] == MD5
    place = {"Bucket": unblocked, "Key": "k", "UploadId": created["UploadId"]}
    message = (
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )
    with refused("InvalidRequest", message):
        s3.upload_part(**place, PartNumber=1, Body=b"x")
    message = "The provided encryption parameters did not match the ones used originally."
    with refused("InvalidRequest", message):
        s3.upload_part(**place, PartNumber=1, Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=OTHER)
    part = s3.upload_part(**place, PartNumber=1, Body=b"x", **CUSTOMER)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    with refused("InvalidRequest", message):
        given = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER}
        s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts}, **given)
    answer = s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    assert not {"ServerSideEncryption", "ChecksumType"} & answer.keys()


@pytest.mark.newer_botocore
@pytest.mark.rule("s3-125")
def test_customer_keys_need_https(unblocked, keys, refused):
    plain = boto3.client("s3", region_name="us-east-1", endpoint_url="http://s3.us-east-1.amazonaws.com")
    message = (
        "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection."
    )
    with refused("InvalidRequest", message):
        plain.put_object(Bucket=unblocked, Key="k", **CUSTOMER)
    assert keys(unblocked) == []


@pytest.mark.rule("s3-126")
def test_what_the_client_encrypted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"\x8a\x01", Metadata={"x-amz-key": "abc", "x-amz-iv": "def"})
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert answer["Body"].read() == b"\x8a\x01"
    assert answer["Metadata"] == {"x-amz-key": "abc", "x-amz-iv": "def"}
    assert answer["ServerSideEncryption"] == "AES256"


# --- object lock


def later(aws, **more):
    return aws.clock.now() + timedelta(**more)


@pytest.mark.rule("s3-127", "s3-128")
def test_object_lock_of_a_bucket(s3, bucket, locked, refused):
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    enabled = {"ObjectLockEnabled": "Enabled"}
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == enabled
    message = "Object Lock configuration does not exist for this bucket"
    with refused("ObjectLockConfigurationNotFoundError", message, 404, BucketName=bucket):
        s3.get_object_lock_configuration(Bucket=bucket)
    message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
    with refused("InvalidBucketState", message, 409):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=enabled)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=enabled)
    message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
    for name in (bucket, locked):
        with refused("InvalidBucketState", message, 409):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


@pytest.mark.parametrize(
    "default",
    [
        {"Mode": "GOVERNANCE"},
        {"Mode": "GOVERNANCE", "Days": 1, "Years": 1},
        {"Days": 1},
        {"Mode": "OTHER", "Days": 1},
    ],
)
def test_default_retentions_that_are_none(s3, locked, refused, default):
    with refused("MalformedXML", MALFORMED):
        s3.put_object_lock_configuration(
            Bucket=locked,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}},
        )
    assert "Rule" not in s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]


@pytest.mark.aws(at="2026-01-01")
def test_the_default_retention(aws, s3, locked):
    default = {"Mode": "GOVERNANCE", "Days": 30}
    s3.put_object_lock_configuration(
        Bucket=locked, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}
    )
    s3.put_object(Bucket=locked, Key="k")
    head = s3.head_object(Bucket=locked, Key="k")
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"] == datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.rule("s3-129")
def test_retention_needs_a_locked_bucket(aws, s3, bucket, keys, refused):
    s3.put_object(Bucket=bucket, Key="k")
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": later(aws, days=1)}
    message = "Bucket is missing Object Lock Configuration"
    for call in (
        lambda: s3.put_object_retention(Bucket=bucket, Key="k", Retention=retention),
        lambda: s3.get_object_retention(Bucket=bucket, Key="k"),
        lambda: s3.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "ON"}),
        lambda: s3.put_object(Bucket=bucket, Key="new", ObjectLockLegalHoldStatus="ON"),
    ):
        with refused("InvalidRequest", message):
            call()
    assert keys(bucket) == ["k"]
    name = "x-amz-bypass-governance-retention"
    message = f"{name} is only applicable to Object Lock enabled buckets."
    with refused("InvalidArgument", message, ArgumentName=name):
        s3.delete_object(Bucket=bucket, Key="k", BypassGovernanceRetention=True)


@pytest.mark.rule("s3-130", "s3-133", "s3-134")
@pytest.mark.aws(at="2026-01-01")
@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_locked_version_stays(aws, s3, locked, body, refused, mode):
    until = later(aws, days=10)
    id = s3.put_object(Bucket=locked, Key="k", Body=b"1", ObjectLockMode=mode, ObjectLockRetainUntilDate=until)[
        "VersionId"
    ]
    assert s3.get_object_retention(Bucket=locked, Key="k")["Retention"] == {"Mode": mode, "RetainUntilDate": until}
    with refused("AccessDenied", PROTECTED, 403):
        s3.delete_object(Bucket=locked, Key="k", VersionId=id)
    answer = s3.delete_objects(Bucket=locked, Delete={"Objects": [{"Key": "k", "VersionId": id}]})
    assert answer["Errors"][0]["Code"] == "AccessDenied"
    assert s3.put_object(Bucket=locked, Key="k", Body=b"2")["VersionId"] != id
    assert s3.delete_object(Bucket=locked, Key="k")["DeleteMarker"] is True
    assert body(locked, "k", VersionId=id) == b"1"
    if mode == "COMPLIANCE":
        with aws.acting_as("arn:aws:iam::123456789012:root"), refused("AccessDenied", PROTECTED, 403):
            s3.delete_object(Bucket=locked, Key="k", VersionId=id, BypassGovernanceRetention=True)
    aws.clock.advance(days=10)
    s3.delete_object(Bucket=locked, Key="k", VersionId=id)
    with refused("NoSuchVersion", status=404):
        s3.get_object(Bucket=locked, Key="k", VersionId=id)


def test_governance_can_be_bypassed(aws, s3, locked):
    given = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": later(aws, days=10)}
    id = s3.put_object(Bucket=locked, Key="k", **given)["VersionId"]
    s3.delete_object(Bucket=locked, Key="k", VersionId=id, BypassGovernanceRetention=True)
    assert "Versions" not in s3.list_object_versions(Bucket=locked)


@pytest.mark.rule("s3-131")
def test_retention_lies_ahead(aws, s3, locked, refused):
    past = later(aws, seconds=-10)
    s3.put_object(Bucket=locked, Key="k")
    message = "The retain until date must be in the future!"
    with refused("InvalidArgument", message):
        s3.put_object_retention(Bucket=locked, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": past})
    with refused("InvalidArgument", message):
        s3.put_object(Bucket=locked, Key="k", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=past)
    message = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
    with refused("InvalidArgument", message, ArgumentName="x-amz-object-lock-retain-until-date"):
        s3.put_object(Bucket=locked, Key="k", ObjectLockMode="GOVERNANCE")
    with refused("MalformedXML", MALFORMED):
        s3.put_object_retention(Bucket=locked, Key="k", Retention={"Mode": "GOVERNANCE"})


@pytest.mark.rule("s3-132")
def test_a_version_without_retention(s3, locked, refused):
    s3.put_object(Bucket=locked, Key="k")
    message = "The specified object does not have a ObjectLock configuration"
    for read in (s3.get_object_retention, s3.get_object_legal_hold):
        with refused("NoSuchObjectLockConfiguration", message, 404):
            read(Bucket=locked, Key="k")


@pytest.mark.rule("s3-135", "s3-136")
def test_compliance_grows_only(aws, s3, locked, refused):
    def retain(mode, **more):
        retention = {"Mode": mode, "RetainUntilDate": later(aws, **more)}
        s3.put_object_retention(Bucket=locked, Key="k", Retention=retention, BypassGovernanceRetention=True)

    s3.put_object(Bucket=locked, Key="k")
    retain("COMPLIANCE", days=10)
    for mode, days in (("GOVERNANCE", 20), ("COMPLIANCE", 5)):
        with refused("AccessDenied", PROTECTED, 403):
            retain(mode, days=days)
    before = s3.get_object_retention(Bucket=locked, Key="k")["Retention"]["RetainUntilDate"]
    retain("COMPLIANCE", days=20)
    assert s3.get_object_retention(Bucket=locked, Key="k")["Retention"]["RetainUntilDate"] > before


def test_governance_shrinks_with_a_bypass(aws, s3, locked, refused):
    def retain(days, **more):
        retention = {"Mode": "GOVERNANCE", "RetainUntilDate": later(aws, days=days)}
        s3.put_object_retention(Bucket=locked, Key="k", Retention=retention, **more)

    s3.put_object(Bucket=locked, Key="k")
    retain(10)
    retain(20)
    with refused("AccessDenied", PROTECTED, 403):
        retain(5)
    retain(5, BypassGovernanceRetention=True)
    compliance = {"Mode": "COMPLIANCE", "RetainUntilDate": later(aws, days=30)}
    with refused("AccessDenied", PROTECTED, 403):
        s3.put_object_retention(Bucket=locked, Key="k", Retention=compliance)


@pytest.mark.rule("s3-140", "s3-141")
@pytest.mark.aws(at="2026-01-01")
def test_legal_holds(aws, s3, locked, refused):
    def hold(status):
        s3.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": status})

    given = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": later(aws, days=1)}
    id = s3.put_object(Bucket=locked, Key="k", **given)["VersionId"]
    hold("ON")
    assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"] == {"Status": "ON"}
    assert s3.head_object(Bucket=locked, Key="k")["ObjectLockLegalHoldStatus"] == "ON"
    aws.clock.advance(days=1000)
    with refused("AccessDenied", PROTECTED, 403):
        s3.delete_object(Bucket=locked, Key="k", VersionId=id, BypassGovernanceRetention=True)
    with refused("MalformedXML", MALFORMED):
        hold("MAYBE")
    hold("OFF")
    s3.delete_object(Bucket=locked, Key="k", VersionId=id)


def test_a_copy_is_not_held(s3, locked):
    s3.put_object(Bucket=locked, Key="k", ObjectLockLegalHoldStatus="ON")
    s3.copy_object(Bucket=locked, Key="copy", CopySource=f"{locked}/k")
    assert "ObjectLockLegalHoldStatus" not in s3.head_object(Bucket=locked, Key="copy")
