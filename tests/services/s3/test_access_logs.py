"""Server access logs: lines, objects, their keys and when they come."""

import json
import re

import boto3
import pytest

ACCOUNT = "123456789012"
REGION = "us-east-1"
_FIELD = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')
NAMES = (
    "owner", "bucket", "time", "ip", "requester", "request", "operation", "key", "uri", "status", "error", "sent",
    "size", "total", "turnaround", "referer", "agent", "version", "host", "signature", "cipher", "authentication",
    "header", "tls", "access_point", "acl", "region",
)  # fmt: skip


@pytest.fixture
def logs(s3, bucket):
    """A bucket for the logs of `bucket`, which has none yet."""
    s3.create_bucket(Bucket="logs")
    return "logs"


@pytest.fixture
def enable(s3, bucket, logs):
    def put(source=bucket, target=logs, prefix="log/", **more):
        enabled = {"TargetBucket": target, "TargetPrefix": prefix, **more}
        s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})

    return put


@pytest.fixture
def lines(s3, logs):
    """lines() -> what the log objects say, oldest first, each line as a dict of NAMES."""

    def read(name=logs, prefix="log/"):
        found = []
        for entry in s3.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", ()):
            text = s3.get_object(Bucket=name, Key=entry["Key"])["Body"].read().decode()
            for line in text.splitlines():
                fields = _FIELD.findall(line)
                assert len(fields) == len(NAMES), line
                found.append(dict(zip(NAMES, fields, strict=True)))
        return sorted(found, key=lambda line: line["request"])

    return read


def statement(bucket, source="arn:aws:s3:::reports"):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/log/*",
            "Condition": {"ArnLike": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
        },
    })  # fmt: skip


# --- configuring


@pytest.mark.rule("s3-257")
def test_a_target_with_lists_has_to_let_the_log_group_write(s3, bucket, enable, refused):
    s3.create_bucket(Bucket="listed", ObjectOwnership="ObjectWriter")
    message = "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket"
    with refused("InvalidTargetBucketForLogging", message, TargetBucket="listed"):
        enable(target="listed")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    s3.put_bucket_acl(Bucket="listed", ACL="log-delivery-write")
    enable(target="listed")
    s3.create_bucket(Bucket="allowed", ObjectOwnership="BucketOwnerPreferred")
    s3.put_bucket_policy(Bucket="allowed", Policy=statement("allowed"))
    enable(target="allowed")
    with refused("InvalidTargetBucketForLogging", "The target bucket for logging does not exist"):
        enable(target="nowhere")
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == "allowed"


def test_one_format_of_keys(s3, bucket, enable, refused):
    both = {"SimplePrefix": {}, "PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    with refused("MalformedXML"):
        enable(TargetObjectKeyFormat=both)
    with refused("MalformedXML"):
        enable(TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "Noon"}})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    enable(TargetObjectKeyFormat={"SimplePrefix": {}})
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetObjectKeyFormat"] == {"SimplePrefix": {}}


# --- lines


@pytest.mark.rule("s3-259")
def test_requests_are_logged(s3, other, anonymous, bucket, enable, lines, refused):
    enable()
    s3.put_object(Bucket=bucket, Key="a b.txt", Body=b"content")
    s3.get_object(Bucket=bucket, Key="a b.txt", Range="bytes=0-2")
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="absent")
    for client in (other, anonymous):
        with refused("AccessDenied", status=403):
            client.get_object(Bucket=bucket, Key="a b.txt")
    found = lines()
    # The request that switched logging on is the first.
    assert [(line["operation"], line["status"], line["error"]) for line in found] == [
        ("REST.PUT.LOGGING_STATUS", "200", "-"),
        ("REST.PUT.OBJECT", "200", "-"),
        ("REST.GET.OBJECT", "206", "-"),
        ("REST.GET.OBJECT", "404", "NoSuchKey"),
        ("REST.GET.OBJECT", "403", "AccessDenied"),
        ("REST.GET.OBJECT", "403", "AccessDenied"),
    ]
    assert {line["bucket"] for line in found} == {bucket}
    assert [line["key"] for line in found[1:4]] == ["a%20b.txt", "a%20b.txt", "absent"]
    assert [(line["sent"], line["size"]) for line in found[1:3]] == [("-", "7"), ("3", "7")]
    assert int(found[3]["sent"]) > 100 and found[3]["size"] == "-"
    user = f"arn:aws:iam::{ACCOUNT}:user/awsim"
    assert [line["requester"] for line in found[3:]] == [user, "arn:aws:iam::210987654321:user/awsim", "-"]
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]["ID"]
    assert {line["owner"] for line in found} == {owner}
    assert {line["region"] for line in found} == {REGION}


@pytest.mark.aws(at="2026-01-02T03:04:05Z")
def test_every_field_of_a_line(s3, bucket, enable, lines):
    enable()
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    line = lines()[-1]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert line["agent"].startswith('"Boto3/')
    assert {name: line[name] for name in NAMES if name not in ("owner", "requester", "agent")} == {
        "bucket": bucket,
        "time": "[02/Jan/2026:03:04:05 +0000]",
        "ip": "127.0.0.1",
        "request": headers["x-amz-request-id"],
        "operation": "REST.PUT.OBJECT",
        "key": "k",
        "uri": '"PUT /k HTTP/1.1"',
        "status": "200",
        "error": "-",
        "sent": "-",
        "size": "1",
        "total": "-",
        "turnaround": "-",
        "referer": '"-"',
        "version": "-",
        "host": headers["x-amz-id-2"],
        "signature": "SigV4",
        "cipher": "TLS_AES_128_GCM_SHA256",
        "authentication": "AuthHeader",
        "header": f"{bucket}.s3.amazonaws.com",
        "tls": "TLSv1.3",
        "access_point": "-",
        "acl": "-",
        "region": REGION,
    }


def test_operations_have_names_of_their_own(s3, bucket, logs, enable, lines):
    enable()
    s3.create_bucket(Bucket="copies")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.head_object(Bucket=bucket, Key="k")
    s3.copy_object(Bucket="copies", Key="k", CopySource=f"{bucket}/k")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    s3.list_objects_v2(Bucket=bucket)
    s3.list_object_versions(Bucket=bucket)
    s3.get_bucket_versioning(Bucket=bucket)
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": []})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="u")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="u", UploadId=upload, PartNumber=1, Body=b"1")
    s3.abort_multipart_upload(Bucket=bucket, Key="u", UploadId=upload)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}, {"Key": "copy"}], "Quiet": True})
    told = [(line["operation"], line["key"]) for line in lines()]
    assert told[1:] == [
        ("REST.PUT.OBJECT", "k"),
        ("REST.HEAD.OBJECT", "k"),
        ("REST.COPY.OBJECT_GET", "k"),
        ("REST.COPY.OBJECT", "copy"),
        ("REST.COPY.OBJECT_GET", "k"),
        ("REST.GET.BUCKET", "-"),
        ("REST.GET.BUCKETVERSIONS", "-"),
        ("REST.GET.VERSIONING", "-"),
        ("REST.PUT.OBJECT_TAGGING", "k"),
        ("REST.POST.UPLOADS", "u"),
        ("REST.PUT.PART", "u"),
        ("REST.DELETE.UPLOAD", "u"),
        ("REST.POST.MULTI_OBJECT_DELETE", "-"),
        ("BATCH.DELETE.OBJECT", "k"),
        ("BATCH.DELETE.OBJECT", "copy"),
    ]


@pytest.mark.aws(at="2026-01-01T00:00:00Z")
def test_what_a_lifecycle_does_is_logged(aws, s3, bucket, enable, lines):
    s3.put_object(Bucket=bucket, Key="logs/old", Body=b"1" * 200_000)
    rules = [
        {
            "ID": "r",
            "Status": "Enabled",
            "Filter": {"Prefix": "logs/"},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
            "Expiration": {"Days": 90},
        }
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    enable()
    aws.clock.advance(days=100)
    found = [line for line in lines() if line["requester"] == "AmazonS3"]
    assert [(line["operation"], line["key"], line["size"], line["uri"]) for line in found] == [
        ("S3.TRANSITION_SIA.OBJECT", "logs/old", "200000", "-"),
        ("S3.EXPIRE.OBJECT", "logs/old", "200000", "-"),
    ]


def test_presigned_requests(aws, s3, v4, bucket, enable, lines):
    from urllib.request import Request, urlopen

    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    enable()
    url = v4.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    urlopen(Request(url, headers={"Referer": 'https://shop.example/"quoted"', "User-Agent": "browser"})).read()
    line = lines()[-1]
    assert (line["signature"], line["authentication"]) == ("SigV4", "QueryString")
    assert (line["referer"], line["agent"]) == ('"https://shop.example/%22quoted%22"', '"browser"')
    assert "X-Amz-Signature=" in line["uri"]


def test_requests_of_browsers(aws, s3, v4, bucket, enable, lines):
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    enable()
    for url, method in (
        (f"http://{bucket}.s3-website-{REGION}.amazonaws.com/page", "GET"),
        (f"https://{bucket}.s3.amazonaws.com/page", "OPTIONS"),
    ):
        with pytest.raises(HTTPError):
            asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
            urlopen(Request(url, method=method, headers=asked))
    form = v4.generate_presigned_post(bucket, "posted")
    fields = {**form["fields"], "file": "12"}
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    body = "\r\n".join([*parts, "--b--\r\n"]).encode()
    urlopen(Request(form["url"], body, {"Content-Type": "multipart/form-data; boundary=b"}, method="POST"))
    told = [(line["operation"], line["key"], line["status"], line["error"]) for line in lines()]
    assert told[1:] == [
        ("WEBSITE.GET.OBJECT", "page", "403", "AccessDenied"),
        ("REST.OPTIONS.PREFLIGHT", "page", "403", "AccessForbidden"),
        ("REST.POST.OBJECT", "posted", "204", "-"),
    ]


# --- delivery


@pytest.mark.rule("s3-260")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01T00:00:00Z")
def test_logs_come_later(aws, s3, bucket, logs, enable, keys, lines):
    enable()
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert keys(logs) == []
    aws.clock.advance(hours=3)
    [key] = keys(logs)
    assert re.fullmatch(r"log/2026-01-01-01-00-00-[0-9A-F]{16}", key)
    assert len(lines()) == 2
    aws.clock.advance(hours=3)
    assert len(keys(logs)) == 1


@pytest.mark.aws(lifecycle="timed", at="2026-01-01T23:30:00Z")
@pytest.mark.parametrize("source, expected", [
    ("EventTime", [r"2026/01/01/2026-01-01-00-00-00-", r"2026/01/02/2026-01-02-00-00-00-"]),
    ("DeliveryTime", [r"2026/01/02/2026-01-02-00-30-00-"]),
])  # fmt: skip
def test_partitioned_keys(aws, s3, bucket, logs, enable, keys, source, expected):
    enable(TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": source}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    aws.clock.advance(minutes=45)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    aws.clock.advance(hours=3)
    start = f"log/{ACCOUNT}/{REGION}/{bucket}/"
    found = keys(logs)
    assert len(found) == len(expected)
    for key, form in zip(found, expected, strict=True):
        assert re.fullmatch(re.escape(start) + form + "[0-9A-F]{16}", key)


@pytest.mark.rule("s3-261")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01T00:00:00Z")
def test_a_bucket_that_logs_to_itself_when_timed(aws, s3, bucket, enable, keys, lines):
    _logs_of_logs(aws, s3, bucket, enable, keys, lines)


@pytest.mark.rule("s3-261")
@pytest.mark.aws(at="2026-01-01T00:00:00Z")
def test_a_bucket_that_logs_to_itself(aws, s3, bucket, enable, keys, lines):
    _logs_of_logs(aws, s3, bucket, enable, keys, lines)


def _logs_of_logs(aws, s3, bucket, enable, keys, lines):
    enable(target=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    if aws.lifecycle == "instant":
        # What the program does is logged at once, though logs of logs are waiting.
        assert "k" in {line["key"] for line in lines(bucket)}
    aws.clock.advance(hours=2)
    before = len(keys(bucket, Prefix="log/"))
    # Nobody does anything, and yet there is more every hour.
    aws.clock.advance(hours=10)
    assert len(keys(bucket, Prefix="log/")) >= before + 10
    own = [line for line in lines(bucket) if line["requester"] == "svc:logging.s3.amazonaws.com"]
    assert own and {line["operation"] for line in own} == {"REST.PUT.OBJECT"}


@pytest.mark.aws(replay="s3.log-lost#2=1")
def test_a_record_may_be_lost(aws, s3, bucket, enable, lines):
    aws.limits["s3.log-delivery"] = 60
    enable()
    for key in "ab":
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    aws.clock.advance(minutes=5)
    assert [line["key"] for line in lines()] == ["-", "b"]


def test_logging_switched_off(s3, bucket, enable, keys, logs):
    enable()
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    before = keys(logs)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert keys(logs) == before


def test_targets_that_logs_cannot_go_to(s3, bucket, enable, keys, logs):
    enable()
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    s3.put_bucket_encryption(Bucket=logs, ServerSideEncryptionConfiguration=encryption)
    before = keys(logs)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert keys(logs) == before


@pytest.mark.aws(authorization=True)
def test_the_policy_of_the_target_holds(s3, bucket, enable, keys, logs):
    enable()
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert keys(logs) == []
    s3.put_bucket_policy(Bucket=logs, Policy=statement(logs, "arn:aws:s3:::another"))
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert keys(logs) == []
    s3.put_bucket_policy(Bucket=logs, Policy=statement(logs))
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert len(keys(logs)) == 1


def test_grants_on_log_objects(aws, s3, bucket, enable, keys):
    s3.create_bucket(Bucket="listed", ObjectOwnership="ObjectWriter")
    s3.put_bucket_acl(Bucket="listed", ACL="log-delivery-write")
    reader = boto3.client("s3", region_name=REGION, aws_access_key_id="210987654321", aws_secret_access_key="secret")
    id = reader.list_buckets()["Owner"]["ID"]
    grant = {"Grantee": {"Type": "CanonicalUser", "ID": id}, "Permission": "READ"}
    enable(target="listed", TargetGrants=[grant])
    [key] = keys("listed")
    assert grant in s3.get_object_acl(Bucket="listed", Key=key)["Grants"]
