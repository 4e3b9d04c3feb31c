"""A site that is released by a pipeline, in an account that is watched.

Whoever uploads a release starts the pipeline; a function tests it, somebody approves it, and it is published. A trail
records who did what, and is started again by a function as soon as anybody stops it; Config tells when the bucket of
the site is opened to the public.
"""

import gzip
import io
import json
import zipfile

import boto3
import pytest

ACCOUNT, REGION = "123456789012", "us-east-1"
PIPELINE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def client(service):
    return boto3.client(service, region_name=REGION)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def zipped(**files):
    with zipfile.ZipFile(package := io.BytesIO(), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return package.getvalue()


def role(name, service):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    iam = client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document(ANYTHING))
    return arn


def function(aws, name, code, invoker=None):
    aws.functions[name] = code
    made = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role(name, "lambda"),
        Code={"ZipFile": zipped(**{"app.py": ""})},
    )
    if invoker:
        client("lambda").add_permission(
            FunctionName=name,
            StatementId="invoker",
            Action="lambda:InvokeFunction",
            Principal=f"{invoker}.amazonaws.com",
        )
    return made["FunctionArn"]


def action(name, category, provider, configuration, taken=(), made=()):
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
        "inputArtifacts": [{"name": each} for each in taken],
        "outputArtifacts": [{"name": each} for each in made],
    }


@pytest.fixture
def account(aws):
    """A watched account with a pipeline that waits for a release."""
    s3 = client("s3")
    for name in ("releases", "artifacts", "site", "audit"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Enabled"})
    writers = ["cloudtrail.amazonaws.com", "config.amazonaws.com"]
    audit = {"Effect": "Allow", "Principal": {"Service": writers}, "Action": "s3:*"}
    resources = ["arn:aws:s3:::audit", "arn:aws:s3:::audit/*"]
    s3.put_bucket_policy(Bucket="audit", Policy=document({**audit, "Resource": resources}))
    client("cloudtrail").create_trail(Name="audit", S3BucketName="audit", EnableLogFileValidation=True)
    client("cloudtrail").start_logging(Name="audit")

    def check(event, context):
        job = event["CodePipeline.job"]
        place = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
        body = client("s3").get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
        jobs = client("codepipeline")
        if b"TODO" in zipfile.ZipFile(io.BytesIO(body)).read("index.html"):
            details = {"type": "JobFailed", "message": "the page is not done"}
            jobs.put_job_failure_result(jobId=job["id"], failureDetails=details)
        else:
            jobs.put_job_success_result(jobId=job["id"])

    function(aws, "check", check)
    role("pipeline", "codepipeline")
    stages = {
        "Source": action("Fetch", "Source", "S3", {"S3Bucket": "releases", "S3ObjectKey": "site.zip"}, made=["Site"]),
        "Test": action("Check", "Invoke", "Lambda", {"FunctionName": "check"}, taken=["Site"]),
        "Release": action("Ask", "Approval", "Manual", {}),
        "Publish": action("Copy", "Deploy", "S3", {"BucketName": "site", "Extract": "true"}, taken=["Site"]),
    }
    client("codepipeline").create_pipeline(
        pipeline={
            "name": "site",
            "roleArn": PIPELINE,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [{"name": stage, "actions": [one]} for stage, one in stages.items()],
        }
    )
    return aws


def release(aws, page):
    client("s3").put_object(Bucket="releases", Key="site.zip", Body=zipped(**{"index.html": page}))
    aws.clock.advance(minutes=1)


def status():
    return client("codepipeline").list_pipeline_executions(pipelineName="site")["pipelineExecutionSummaries"][0][
        "status"
    ]


def recorded():
    """(event name, who) of all that the trail has written."""
    s3 = client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="audit")["Contents"] if "/CloudTrail/" in one["Key"]]
    files = [json.loads(gzip.decompress(s3.get_object(Bucket="audit", Key=key)["Body"].read())) for key in keys]
    return [
        (record["eventName"], record["userIdentity"].get("arn", record["userIdentity"].get("invokedBy")))
        for file in files
        for record in file["Records"]
    ]


@pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)
def test_a_release_is_tested_approved_and_published(account):
    assert status() == "Failed"  # there was no release yet
    release(account, "TODO")
    assert status() == "Failed"
    release(account, "<h1>open</h1>")
    assert status() == "InProgress"
    pipelines = client("codepipeline")
    waiting = pipelines.get_pipeline_state(name="site")["stageStates"][2]["actionStates"][0]["latestExecution"]
    pipelines.put_approval_result(
        pipelineName="site",
        stageName="Release",
        actionName="Ask",
        result={"status": "Approved", "summary": "go"},
        token=waiting["token"],
    )
    assert status() == "Succeeded"
    assert client("s3").get_object(Bucket="site", Key="index.html")["Body"].read() == b"<h1>open</h1>"
    account.clock.advance(minutes=5)
    known = dict(recorded())
    assert known["PutApprovalResult"] == f"arn:aws:iam::{ACCOUNT}:user/awsim"
    assert known["PutJobSuccessResult"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/check/")


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_who_stops_the_trail_does_not_stop_it_for_long(account):
    def start_again(event, context):
        client("cloudtrail").start_logging(Name=event["detail"]["requestParameters"]["name"])

    arn = function(account, "guard", start_again, invoker="events")
    pattern = {"source": ["aws.cloudtrail"], "detail": {"eventName": ["StopLogging"]}}
    client("events").put_rule(Name="guard", EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule="guard", Targets=[{"Id": "guard", "Arn": arn}])
    client("cloudtrail").stop_logging(Name="audit")
    assert client("cloudtrail").get_trail_status(Name="audit")["IsLogging"] is True
    account.clock.advance(minutes=5)
    known = recorded()
    assert ("StopLogging", f"arn:aws:iam::{ACCOUNT}:user/awsim") in known
    assert any(name == "StartLogging" and ":assumed-role/guard/" in who for name, who in known)


@pytest.mark.aws(at="2026-03-01T00:00:00Z")
def test_a_site_that_is_opened_to_everybody_is_reported(account):
    config, s3, sqs = client("config"), client("s3"), client("sqs")
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role("config", "config")})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "audit"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_PUBLIC_READ_PROHIBITED"}
    config.put_config_rule(ConfigRule={"ConfigRuleName": "closed", "Source": source})
    url = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    detail = {"newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]}}
    pattern = {"source": ["aws.config"], "detail-type": ["Config Rules Compliance Change"], "detail": detail}
    client("events").put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms"}])
    s3.delete_public_access_block(Bucket="site")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
    s3.put_bucket_policy(Bucket="site", Policy=document(everybody))
    event = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert (event["detail"]["resourceId"], event["detail"]["configRuleName"]) == ("site", "closed")
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "PutBucketPolicy"}]
    newest = client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"][0]
    assert {one["ResourceName"] for one in newest["Resources"]} == {"site"}
    assert newest["Username"] == "awsim"
