"""Batch Operations: jobs that run, and what becomes of them."""

import csv
import io
import json
import zipfile
from urllib.parse import unquote_plus

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.services.s3control.conftest import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/batch"
CSV = "S3BatchOperations_CSV_20180820"


class Batch:
    """Creates jobs over keys of the bucket `ledger`; their reports go to `reports`."""

    def __init__(self, control, s3):
        self.control = control
        self.s3 = s3

    def manifest(self, lines, fields=("Bucket", "Key")):
        tag = self.s3.put_object(Bucket="reports", Key="list.csv", Body="\n".join(lines).encode())["ETag"]
        return {
            "Spec": {"Format": CSV, "Fields": list(fields)},
            "Location": {"ObjectArn": "arn:aws:s3:::reports/list.csv", "ETag": tag},
        }

    def create(self, operation, keys=(), **params):
        if "Manifest" not in params and "ManifestGenerator" not in params:
            params["Manifest"] = self.manifest([f"ledger,{key}" for key in keys])
        defaults = {
            "Operation": operation,
            "Report": {
                "Enabled": True,
                "Bucket": "arn:aws:s3:::reports",
                "Format": "Report_CSV_20180820",
                "Prefix": "done",
                "ReportScope": "AllTasks",
            },
            "Priority": 10,
            "RoleArn": ROLE,
            "ConfirmationRequired": False,
        }
        return self.control.create_job(**{**defaults, **params})["JobId"]

    def describe(self, id):
        return self.control.describe_job(JobId=id)["Job"]

    def run(self, operation, keys=(), **params):
        job = self.describe(self.create(operation, keys, **params))
        return job["Status"], job

    def report(self, id):
        """(manifest, rows) of a job's report."""
        read = lambda key: self.s3.get_object(Bucket="reports", Key=key)["Body"].read()  # noqa: E731
        manifest = json.loads(read(f"done/job-{id}/manifest.json"))
        rows = []
        for result in manifest["Results"]:
            rows += csv.reader(io.StringIO(read(result["Key"]).decode()))
        return manifest, rows


@pytest.fixture
def batch(control, s3):
    for name in ("ledger", "reports"):
        s3.create_bucket(Bucket=name)
    for key in ("a", "b", "c d"):
        s3.put_object(Bucket="ledger", Key=key, Body=key.encode(), Metadata={"old": "1"})
    return Batch(control, s3)


KEYS = ("a", "b", "c+d")
TAG = {"S3PutObjectTagging": {"TagSet": [{"Key": "year", "Value": "26"}]}}


@pytest.mark.rule("s3control-005", "s3control-010")
def test_one_action_on_every_object(batch, s3, refused):
    status, job = batch.run(TAG, KEYS)
    assert status == "Complete"
    progress = job["ProgressSummary"]
    assert (progress["TotalNumberOfTasks"], progress["NumberOfTasksSucceeded"]) == (3, 3)
    assert progress["NumberOfTasksFailed"] == 0
    for key in ("a", "b", "c d"):
        assert s3.get_object_tagging(Bucket="ledger", Key=key)["TagSet"] == [{"Key": "year", "Value": "26"}]
    assert job["JobArn"] == f"arn:aws:s3:us-east-1:{ACCOUNT}:job/{job['JobId']}"
    listed = batch.control.list_jobs(JobStatuses=["Complete"])["Jobs"]
    assert [(each["JobId"], each["Operation"]) for each in listed] == [(job["JobId"], "S3PutObjectTagging")]
    assert batch.control.list_jobs(JobStatuses=["Active"])["Jobs"] == []
    manifest, rows = batch.report(job["JobId"])
    assert manifest["ReportSchema"] == "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"
    assert rows[2] == ["ledger", "c%20d", "", "succeeded", "", "200", "Successful"]
    for call in (batch.control.describe_job, batch.control.get_job_tagging):
        assert refused(call, JobId="none-such")[:2] == ("NotFoundException", 404)
    assert refused(batch.control.update_job_priority, JobId="none-such", Priority=1)[0] == "NotFoundException"


@pytest.mark.aws(lifecycle="timed", at="2026-03-01")
@pytest.mark.rule("s3control-005")
def test_statuses_on_the_clock(aws, batch):
    id = batch.create(TAG, KEYS)
    seen = []
    for _ in range(200):
        status = batch.describe(id)["Status"]
        if status not in seen:
            seen.append(status)
        aws.clock.advance(seconds=1)
    assert seen == ["New", "Preparing", "Ready", "Active", "Completing", "Complete"]


@pytest.mark.rule("s3control-005")
def test_confirmation(batch, s3, refused):
    id = batch.create(TAG, KEYS, ConfirmationRequired=True)
    job = batch.describe(id)
    assert (job["Status"], job["SuspendedCause"]) == ("Suspended", "AwaitingConfirmation")
    assert job["ProgressSummary"]["TotalNumberOfTasks"] == 3
    assert s3.get_object_tagging(Bucket="ledger", Key="a")["TagSet"] == []
    assert batch.control.update_job_priority(JobId=id, Priority=7)["Priority"] == 7
    answer = batch.control.update_job_status(JobId=id, RequestedJobStatus="Ready", StatusUpdateReason="seen")
    assert (answer["Status"], answer["StatusUpdateReason"]) == ("Ready", "seen")
    job = batch.describe(id)
    assert (job["Status"], job["Priority"]) == ("Complete", 7)
    for wanted in ("Ready", "Cancelled"):
        assert refused(batch.control.update_job_status, JobId=id, RequestedJobStatus=wanted)[:2] == (
            "JobStatusException",
            400,
        )
    assert refused(batch.control.update_job_priority, JobId=id, Priority=1)[0] == "JobStatusException"


def test_cancelled(batch, s3):
    id = batch.create(TAG, KEYS, ConfirmationRequired=True)
    batch.control.update_job_status(JobId=id, RequestedJobStatus="Cancelled")
    assert batch.describe(id)["Status"] == "Cancelled"
    assert s3.get_object_tagging(Bucket="ledger", Key="a")["TagSet"] == []


@pytest.mark.aws(at="2026-03-01")
def test_not_confirmed_in_time(aws, batch):
    id = batch.create(TAG, KEYS, ConfirmationRequired=True)
    aws.clock.advance(days=30)
    assert batch.describe(id)["Status"] == "Failed"


@pytest.mark.aws(lifecycle="timed", at="2026-03-01")
def test_priorities(aws, batch, s3):
    """Of jobs that are ready, the one with the highest number goes first."""
    low = batch.create({"S3PutObjectTagging": {"TagSet": [{"Key": "by", "Value": "low"}]}}, ("a",), Priority=1)
    high = batch.create(
        {"S3PutObjectTagging": {"TagSet": [{"Key": "by", "Value": "high"}]}},
        ("a",),
        Priority=9,
        Manifest=batch.manifest(["ledger,a"]),
    )
    aws.clock.advance(minutes=10)
    assert batch.describe(low)["Status"] == batch.describe(high)["Status"] == "Complete"
    # What comes last stays.
    assert s3.get_object_tagging(Bucket="ledger", Key="a")["TagSet"] == [{"Key": "by", "Value": "low"}]


@pytest.mark.rule("s3control-006")
def test_an_inventory_report(batch, s3):
    data = b'"ledger","a"\n"ledger","c+d"\n'
    s3.put_object(Bucket="reports", Key="inv/data.csv", Body=data)
    told = {
        "sourceBucket": "ledger",
        "destinationBucket": "arn:aws:s3:::reports",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key",
        "files": [{"key": "inv/data.csv", "size": len(data), "MD5checksum": "x"}],
    }
    tag = s3.put_object(Bucket="reports", Key="inv/manifest.json", Body=json.dumps(told).encode())["ETag"]
    location = {"ObjectArn": "arn:aws:s3:::reports/inv/manifest.json", "ETag": tag}
    spec = {"Format": "S3InventoryReport_CSV_20161130"}
    status, job = batch.run(TAG, Manifest={"Spec": spec, "Location": location})
    assert (status, job["ProgressSummary"]["NumberOfTasksSucceeded"]) == ("Complete", 2)
    assert s3.get_object_tagging(Bucket="ledger", Key="c d")["TagSet"]
    assert not s3.get_object_tagging(Bucket="ledger", Key="b")["TagSet"]
    status, job = batch.run(TAG, Manifest={"Spec": spec, "Location": {**location, "ETag": "0" * 32}})
    assert status == "Failed"
    assert "ETag" in job["FailureReasons"][0]["FailureReason"]


@pytest.mark.aws(at="2026-03-01T10:00:00Z")
@pytest.mark.rule("s3control-006")
def test_the_inventory_that_s3_writes(aws, batch, s3):
    destination = {"Bucket": "arn:aws:s3:::reports", "Format": "CSV", "Prefix": "inv"}
    s3.put_bucket_inventory_configuration(
        Bucket="ledger",
        Id="all",
        InventoryConfiguration={
            "Id": "all",
            "IsEnabled": True,
            "IncludedObjectVersions": "Current",
            "Schedule": {"Frequency": "Daily"},
            "Destination": {"S3BucketDestination": destination},
            "OptionalFields": ["Size"],
        },
    )
    s3.put_bucket_policy(
        Bucket="reports",
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "s3.amazonaws.com"},
                        "Action": "s3:PutObject",
                        "Resource": "arn:aws:s3:::reports/*",
                    }
                ],
            }
        ),
    )
    aws.clock.advance(days=3)
    found = s3.list_objects_v2(Bucket="reports", Prefix="inv/")["Contents"]
    manifest = next(each for each in found if each["Key"].endswith("manifest.json"))
    location = {"ObjectArn": f"arn:aws:s3:::reports/{manifest['Key']}", "ETag": manifest["ETag"]}
    spec = {"Format": "S3InventoryReport_CSV_20161130"}
    status, job = batch.run(TAG, Manifest={"Spec": spec, "Location": location})
    assert (status, job["ProgressSummary"]["NumberOfTasksSucceeded"]) == ("Complete", 3)


@pytest.mark.rule("s3control-007")
def test_copies(batch, s3):
    s3.create_bucket(Bucket="target")
    copy = {"TargetResource": "arn:aws:s3:::target", "TargetKeyPrefix": "in", "StorageClass": "STANDARD_IA"}
    status, _ = batch.run({"S3PutObjectCopy": copy}, KEYS)
    assert status == "Complete"
    found = s3.list_objects_v2(Bucket="target")["Contents"]
    assert [(each["Key"], each["StorageClass"]) for each in found] == [
        ("in/a", "STANDARD_IA"),
        ("in/b", "STANDARD_IA"),
        ("in/c d", "STANDARD_IA"),
    ]
    assert s3.head_object(Bucket="target", Key="in/a")["Metadata"] == {"old": "1"}


@pytest.mark.rule("s3control-008")
def test_copies_that_encrypt(batch, s3):
    s3.create_bucket(Bucket="target")
    common = {"TargetResource": "arn:aws:s3:::target"}
    status, _ = batch.run({"S3PutObjectCopy": {**common, "NewObjectMetadata": {"SSEAlgorithm": "AES256"}}}, ("a",))
    assert status == "Complete"
    assert s3.head_object(Bucket="target", Key="a")["ServerSideEncryption"] == "AES256"
    assert s3.head_object(Bucket="target", Key="a")["Metadata"] == {"old": "1"}
    key = kms_key()
    status, _ = batch.run({"S3PutObjectCopy": {**common, "SSEAwsKmsKeyId": key}}, ("b",))
    assert status == "Complete"
    told = s3.head_object(Bucket="target", Key="b")
    assert (told["ServerSideEncryption"], told["SSEKMSKeyId"]) == ("aws:kms", key)


def kms_key():
    try:
        return boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    except ClientError:
        # Without KMS, S3 takes any.
        return f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.rule("s3control-009")
def test_new_metadata(batch, s3):
    copy = {
        "TargetResource": "arn:aws:s3:::ledger",
        "MetadataDirective": "REPLACE",
        "NewObjectMetadata": {"UserMetadata": {"new": "2"}, "ContentType": "text/plain"},
        "NewObjectTagging": [{"Key": "k", "Value": "v w"}],
    }
    status, _ = batch.run({"S3PutObjectCopy": copy}, KEYS)
    assert status == "Complete"
    for key in ("a", "b", "c d"):
        told = s3.head_object(Bucket="ledger", Key=key)
        assert (told["Metadata"], told["ContentType"]) == ({"new": "2"}, "text/plain")
        assert s3.get_object_tagging(Bucket="ledger", Key=key)["TagSet"] == [{"Key": "k", "Value": "v w"}]


@pytest.mark.rule("s3control-011")
def test_lists(batch, s3):
    acl = {"S3PutObjectAcl": {"AccessControlPolicy": {"CannedAccessControlList": "authenticated-read"}}}
    status, job = batch.run(acl, KEYS)
    # No lists in buckets as they are made today.
    assert (status, job["ProgressSummary"]["NumberOfTasksFailed"]) == ("Complete", 3)
    _, rows = batch.report(job["JobId"])
    assert {(row[3], row[4], row[5]) for row in rows} == {("failed", "AccessControlListNotSupported", "400")}
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket="ledger", OwnershipControls=rules)
    s3.delete_public_access_block(Bucket="ledger")
    status, job = batch.run(acl, KEYS)
    assert job["ProgressSummary"]["NumberOfTasksSucceeded"] == 3
    grants = s3.get_object_acl(Bucket="ledger", Key="c d")["Grants"]
    assert [grant["Grantee"].get("URI", "").rpartition("/")[2] for grant in grants][1:] == ["AuthenticatedUsers"]


def test_locks_and_untagging(batch, s3):
    s3.create_bucket(Bucket="safe", ObjectLockEnabledForBucket=True)
    version = s3.put_object(Bucket="safe", Key="a", Body=b"x", Tagging="k=v")["VersionId"]
    fields = ("Bucket", "Key", "VersionId")
    one = lambda: batch.manifest([f"safe,a,{version}"], fields)  # noqa: E731
    batch.run({"S3PutObjectLegalHold": {"LegalHold": {"Status": "ON"}}}, Manifest=one())
    assert s3.get_object_legal_hold(Bucket="safe", Key="a")["LegalHold"] == {"Status": "ON"}
    until = "2050-01-01T00:00:00Z"
    retention = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": until}}
    batch.run({"S3PutObjectRetention": retention}, Manifest=one())
    assert s3.get_object_retention(Bucket="safe", Key="a")["Retention"]["Mode"] == "GOVERNANCE"
    batch.run({"S3DeleteObjectTagging": {}}, Manifest=one())
    assert s3.get_object_tagging(Bucket="safe", Key="a")["TagSet"] == []


def test_restores(batch, s3):
    s3.put_object(Bucket="ledger", Key="cold", Body=b"x", StorageClass="GLACIER")
    restore = {"S3InitiateRestoreObject": {"ExpirationInDays": 2, "GlacierJobTier": "BULK"}}
    _, job = batch.run(restore, ("cold", "a"))
    assert job["ProgressSummary"]["NumberOfTasksSucceeded"] == 1
    assert s3.get_object(Bucket="ledger", Key="cold")["Body"].read() == b"x"
    _, rows = batch.report(job["JobId"])
    assert sorted((row[1], row[4]) for row in rows) == [("a", "InvalidObjectState"), ("cold", "")]


@pytest.mark.rule("s3control-012")
def test_a_function_for_each_object(aws, batch, monkeypatch):
    seen = []
    call = type(aws).call

    def answering(self, service, operation, parameters=None, **more):
        if (service, operation) != ("lambda", "Invoke"):
            return call(self, service, operation, parameters, **more)
        event = json.loads(parameters["Payload"])
        seen.append((parameters["FunctionName"], more["caller"].arn.split("/")[1], event))
        task = event["tasks"][0]
        code = "Succeeded" if task["s3Key"] != "b" else "PermanentFailure"
        results = [{"taskId": task["taskId"], "resultCode": code, "resultString": "said"}]
        return {"StatusCode": 200, "Payload": json.dumps({"results": results}).encode()}

    monkeypatch.setattr(type(aws), "call", answering)
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    status, job = batch.run({"LambdaInvoke": {"FunctionArn": arn}}, KEYS)
    assert status == "Complete"
    assert [event["tasks"][0]["s3Key"] for _, _, event in seen] == ["a", "b", "c%20d"]
    assert {(name, who) for name, who, _ in seen} == {(arn, "batch")}
    assert seen[0][2]["job"] == {"id": job["JobId"]}
    assert seen[0][2]["tasks"][0]["s3BucketArn"] == "arn:aws:s3:::ledger"
    assert job["ProgressSummary"]["NumberOfTasksFailed"] == 1
    _, rows = batch.report(job["JobId"])
    assert ["ledger", "b", "", "failed", "PermanentFailure", "200", "said"] in rows


@pytest.mark.rule("s3control-012")
def test_the_function_runs(aws, batch, s3):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = boto3.client("iam").create_role(
        RoleName="function", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("m.py", "")

    def upper(event, context):
        (task,) = event["tasks"]
        place = {"Bucket": task["s3BucketArn"].rpartition(":")[2], "Key": unquote_plus(task["s3Key"])}
        client = boto3.client("s3", region_name="us-east-1")
        text = client.get_object(**place)["Body"].read()
        client.put_object(**place, Body=text.upper())
        if task["s3Key"] == "b":
            raise ValueError("not b")
        return {"results": [{"taskId": task["taskId"], "resultCode": "Succeeded", "resultString": "upper"}]}

    aws.functions["upper"] = upper
    made = boto3.client("lambda", region_name="us-east-1").create_function(
        FunctionName="upper", Runtime="python3.12", Role=role, Handler="m.f", Code={"ZipFile": code.getvalue()}
    )
    status, job = batch.run({"LambdaInvoke": {"FunctionArn": made["FunctionArn"]}}, KEYS)
    assert (status, job["ProgressSummary"]["NumberOfTasksFailed"]) == ("Complete", 1)
    assert s3.get_object(Bucket="ledger", Key="c d")["Body"].read() == b"C D"
    _, rows = batch.report(job["JobId"])
    failed = next(row for row in rows if row[3] == "failed")
    assert failed[4] == "PermanentFailure"
    assert failed[6].startswith("Lambda returned function error: {") and "not b" in failed[6]


REPLICATION = {
    "Role": ROLE,
    "Rules": [
        {
            "ID": "r",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": "arn:aws:s3:::copies"},
        }
    ],
}


@pytest.mark.rule("s3control-013")
def test_objects_that_were_there_before(batch, s3):
    s3.create_bucket(Bucket="copies")
    for name in ("ledger", "copies"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="ledger", Key="a", Body=b"newer")
    s3.put_bucket_replication(Bucket="ledger", ReplicationConfiguration=REPLICATION)
    assert s3.list_objects_v2(Bucket="copies")["KeyCount"] == 0
    generator = {
        "SourceBucket": "arn:aws:s3:::ledger",
        "EnableManifestOutput": True,
        "ManifestOutputLocation": {
            "Bucket": "arn:aws:s3:::reports",
            "ManifestPrefix": "lists",
            "ManifestFormat": "S3InventoryReport_CSV_20211130",
        },
        "Filter": {"EligibleForReplication": True, "ObjectReplicationStatuses": ["NONE", "FAILED"]},
    }
    status, job = batch.run({"S3ReplicateObject": {}}, ManifestGenerator={"S3JobManifestGenerator": generator})
    assert status == "Complete", job
    # The older version of "a" too.
    assert job["ProgressSummary"]["NumberOfTasksSucceeded"] == 4
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="copies")["Contents"]] == ["a", "b", "c d"]
    assert s3.head_object(Bucket="ledger", Key="a")["ReplicationStatus"] == "COMPLETED"
    assert s3.head_object(Bucket="copies", Key="a")["ReplicationStatus"] == "REPLICA"
    where = job["GeneratedManifestDescriptor"]["Location"]["ObjectArn"].removeprefix("arn:aws:s3:::reports/")
    assert s3.get_object(Bucket="reports", Key=where)["Body"].read().count(b"\n") == 4


def test_generated_lists(batch, s3):
    s3.put_object(Bucket="ledger", Key="logs/x.txt", Body=b"12345")
    generator = {
        "SourceBucket": "arn:aws:s3:::ledger",
        "EnableManifestOutput": False,
        "Filter": {"KeyNameConstraint": {"MatchAnySuffix": [".txt"]}, "ObjectSizeGreaterThanBytes": 4},
    }
    _, job = batch.run(TAG, ManifestGenerator={"S3JobManifestGenerator": generator})
    assert job["ProgressSummary"]["TotalNumberOfTasks"] == 1
    generator["Filter"] = {"MatchAnyStorageClass": ["GLACIER"]}
    status, job = batch.run(TAG, ManifestGenerator={"S3JobManifestGenerator": generator})
    assert status == "Failed"


def test_tasks_that_fail(batch, s3):
    status, job = batch.run(TAG, ("a", "none"))
    assert status == "Complete"
    _, rows = batch.report(job["JobId"])
    failed = next(row for row in rows if row[3] == "failed")
    assert failed == ["ledger", "none", "", "failed", "NoSuchKey", "404", "The specified key does not exist."]
    report = {
        "Enabled": True,
        "Bucket": "arn:aws:s3:::reports",
        "Format": "Report_CSV_20180820",
        "Prefix": "done",
        "ReportScope": "FailedTasksOnly",
    }
    _, job = batch.run(TAG, ("a", "none"), Report=report)
    _, rows = batch.report(job["JobId"])
    assert [row[1] for row in rows] == ["none"]


def test_too_many_fail(aws, batch):
    aws.limits["s3control.job-failure-after"] = 4
    status, job = batch.run(TAG, ("a", "b", "x", "y", "z"))
    assert status == "Failed"
    assert job["ProgressSummary"]["NumberOfTasksFailed"] == 3
    assert "50 %" in job["FailureReasons"][0]["FailureReason"]
    status, job = batch.run(TAG, ("x", "y", "z"))
    assert status == "Complete"  # too few to say so


def test_nothing_to_read_or_nowhere_to_write(batch, s3):
    missing = {"ObjectArn": "arn:aws:s3:::reports/none.csv", "ETag": "0" * 32}
    spec = {"Format": CSV, "Fields": ["Bucket", "Key"]}
    status, job = batch.run(TAG, Manifest={"Spec": spec, "Location": missing})
    assert (status, job["FailureReasons"][0]["FailureCode"]) == ("Failed", "NoSuchKey")
    status, job = batch.run(TAG, Manifest=batch.manifest(["ledger,a,b"]))
    assert (status, job["FailureReasons"][0]["FailureCode"]) == ("Failed", "InvalidManifest")
    report = {
        "Enabled": True,
        "Bucket": "arn:aws:s3:::nowhere",
        "Format": "Report_CSV_20180820",
        "ReportScope": "AllTasks",
    }
    status, job = batch.run(TAG, KEYS, Report=report)
    assert (status, job["FailureReasons"][0]["FailureCode"]) == ("Failed", "NoSuchBucket")


def test_what_is_refused(batch, refused):
    both = {**TAG, "S3DeleteObjectTagging": {}}
    assert refused(batch.create, both, KEYS)[:2] == ("InvalidRequest", 400)
    assert refused(batch.create, TAG, KEYS, RoleArn="arn:aws:iam::123456789012:user/x")[0] == "InvalidRequest"
    assert refused(batch.create, TAG, KEYS, Report={"Enabled": True})[0] == "InvalidRequest"
    assert refused(batch.create, {"S3ComputeObjectChecksum": {}}, KEYS)[:2] == ("NotImplemented", 501)
    assert batch.control.list_jobs()["Jobs"] == []


def test_tokens(batch, refused):
    manifest = batch.manifest(["ledger,a"])
    same = {"Manifest": manifest, "ClientRequestToken": "t"}
    assert batch.create(TAG, **same) == batch.create(TAG, **same)
    assert refused(batch.create, TAG, **same, Priority=3)[:2] == ("IdempotencyException", 400)
    assert len(batch.control.list_jobs()["Jobs"]) == 1


def test_tags_of_jobs(batch, refused):
    id = batch.create(TAG, KEYS, Tags=[{"Key": "team", "Value": "red"}])
    assert batch.control.get_job_tagging(JobId=id)["Tags"] == [{"Key": "team", "Value": "red"}]
    batch.control.put_job_tagging(JobId=id, Tags=[{"Key": "year", "Value": "26"}])
    assert batch.control.get_job_tagging(JobId=id)["Tags"] == [{"Key": "year", "Value": "26"}]
    many = [{"Key": str(n), "Value": ""} for n in range(51)]
    assert refused(batch.control.put_job_tagging, JobId=id, Tags=many)[:2] == ("TooManyTagsException", 400)
    batch.control.delete_job_tagging(JobId=id)
    assert batch.control.get_job_tagging(JobId=id)["Tags"] == []


@pytest.mark.aws(at="2026-03-01")
def test_a_job_is_kept_for_90_days(aws, batch, refused):
    id = batch.create(TAG, KEYS)
    aws.clock.advance(days=89)
    batch.describe(id)
    aws.clock.advance(days=1)
    assert refused(batch.control.describe_job, JobId=id)[0] == "NotFoundException"


@pytest.mark.aws(authorization=True)
def test_a_job_may_what_its_role_may(batch, s3):
    iam = boto3.client("iam")
    status, job = batch.run(TAG, KEYS)
    assert (status, job["FailureReasons"][0]["FailureCode"]) == ("Failed", "AccessDenied")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "batchoperations.s3.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam.create_role(RoleName="batch", AssumeRolePolicyDocument=json.dumps(trust))
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::reports/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_role_policy(RoleName="batch", PolicyName="p", PolicyDocument=json.dumps(policy))
    status, job = batch.run(TAG, KEYS)
    assert (status, job["ProgressSummary"]["NumberOfTasksFailed"]) == ("Complete", 3), job["FailureReasons"]
    _, rows = batch.report(job["JobId"])
    assert {row[4] for row in rows} == {"AccessDenied"}
    more = {"Effect": "Allow", "Action": "s3:PutObjectTagging", "Resource": "arn:aws:s3:::ledger/*"}
    policy["Statement"] = [statement, more]
    iam.put_role_policy(RoleName="batch", PolicyName="p", PolicyDocument=json.dumps(policy))
    _, job = batch.run(TAG, KEYS)
    assert job["ProgressSummary"]["NumberOfTasksSucceeded"] == 3


@pytest.mark.aws(authorization=True)
def test_a_role_that_trusts_somebody_else(batch, s3):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam = boto3.client("iam")
    iam.create_role(RoleName="batch", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="batch", PolicyName="p", PolicyDocument=json.dumps(policy))
    status, job = batch.run(TAG, KEYS)
    assert (status, job["FailureReasons"][0]["FailureCode"]) == ("Failed", "AccessDenied")
    assert "assume" in job["FailureReasons"][0]["FailureReason"]
    assert s3.get_object_tagging(Bucket="ledger", Key="a")["TagSet"] == []


def test_only_what_a_rule_is_for(batch, s3):
    s3.create_bucket(Bucket="copies")
    for name in ("ledger", "copies"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    (rule,) = REPLICATION["Rules"]
    only = {**REPLICATION, "Rules": [{**rule, "Filter": {"Prefix": "a"}}]}
    s3.put_bucket_replication(Bucket="ledger", ReplicationConfiguration=only)
    generator = {
        "SourceBucket": "arn:aws:s3:::ledger",
        "EnableManifestOutput": False,
        "Filter": {"EligibleForReplication": True},
    }
    replicate = {"S3ReplicateObject": {}}
    _, job = batch.run(replicate, ManifestGenerator={"S3JobManifestGenerator": generator})
    assert job["ProgressSummary"]["TotalNumberOfTasks"] == 1
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="copies")["Contents"]] == ["a"]
    _, job = batch.run(replicate, ("b",))
    assert job["ProgressSummary"]["NumberOfTasksFailed"] == 1
    # A copy that does not get there says so.
    s3.put_bucket_versioning(Bucket="copies", VersioningConfiguration={"Status": "Suspended"})
    _, job = batch.run(replicate, ("a",))
    _, rows = batch.report(job["JobId"])
    assert [(row[3], row[4]) for row in rows] == [("failed", "DstBucketUnversioned")]
    assert s3.head_object(Bucket="ledger", Key="a")["ReplicationStatus"] == "FAILED"
