"""Executions: stages one after another, approvals, jobs, retries and what is told of them."""

import io
import json
import zipfile

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ACCOUNT = "123456789012"


def summaries(pipelines, name="site"):
    return pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]


@pytest.mark.rule("codepipeline-009", "codepipeline-008")
def test_a_pipeline_runs_once_it_is_made(pipelines, s3, buckets, declared, actions):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    (summary,) = summaries(pipelines)
    assert summary["trigger"] == {
        "triggerType": "CreatePipeline",
        "triggerDetail": f"arn:aws:iam::{ACCOUNT}:user/awsim",
    }
    assert summary["status"] == "Succeeded"
    (kept,) = s3.list_objects_v2(Bucket="artifacts")["Contents"]
    assert kept["Key"].startswith("site/App/") and len(kept["Key"]) == len("site/App/") + 7
    assert s3.get_object(Bucket="site", Key="index.html")["Body"].read() == b"<h1>one</h1>"
    (source,) = summary["sourceRevisions"]
    version = s3.head_object(Bucket="code", Key="app.zip")["VersionId"]
    assert (source["actionName"], source["revisionId"]) == ("Fetch", version)
    execution = pipelines.get_pipeline_execution(
        pipelineName="site", pipelineExecutionId=summary["pipelineExecutionId"]
    )["pipelineExecution"]
    assert execution["artifactRevisions"][0]["revisionId"] == version


def test_a_source_that_changes_starts_the_pipeline(aws, pipelines, s3, buckets, declared, actions):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    s3.put_object(Bucket="code", Key="app.zip", Body=actions["zipped"](**{"index.html": "<h1>two</h1>"}))
    s3.put_object(Bucket="code", Key="other", Body=b"")
    assert len(summaries(pipelines)) == 1
    aws.clock.advance(minutes=1)
    newest, _ = summaries(pipelines)
    assert newest["trigger"]["triggerType"] == "PollForSourceChanges"
    assert s3.get_object(Bucket="site", Key="index.html")["Body"].read() == b"<h1>two</h1>"
    aws.clock.advance(minutes=10)
    assert len(summaries(pipelines)) == 2


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("codepipeline-011")
def test_stages_run_in_their_order(aws, pipelines, buckets, declared, actions):
    make = actions["make"]
    copy = make("Copy", "Deploy", "S3", {"BucketName": "site", "Extract": "false", "ObjectKey": "x"}, taken=["App"])
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]], Copies=[copy]))
    assert summaries(pipelines)[0]["status"] == "InProgress"
    aws.clock.advance(minutes=1)
    found = pipelines.list_action_executions(pipelineName="site")["actionExecutionDetails"]
    started = {one["stageName"]: one["startTime"] for one in found}
    assert started["Source"] < started["Deploy"] < started["Copies"]
    assert [one["actionName"] for one in found] == ["Copy", "Publish", "Fetch"]
    assert found[0]["input"]["inputArtifacts"][0]["s3location"]["bucket"] == "artifacts"
    assert summaries(pipelines)[0]["status"] == "Succeeded"


@pytest.mark.rule("codepipeline-012")
def test_a_stage_that_fails_stops_the_pipeline(pipelines, s3, buckets, declared, actions, state, refused):
    make = actions["make"]
    copy = make("Copy", "Deploy", "S3", {"BucketName": "gone", "Extract": "false", "ObjectKey": "x"}, taken=["App"])
    pipelines.create_pipeline(pipeline=declared(Copies=[copy], Deploy=[actions["deploy"]]))
    (summary,) = summaries(pipelines)
    assert summary["status"] == "Failed"
    now = state()
    assert now["Copies"]["Copy"]["status"] == "Failed"
    assert now["Copies"]["Copy"]["errorDetails"]["code"] == "ConfigurationError"
    assert now["Deploy"]["Publish"] == {}
    s3.create_bucket(Bucket="gone")
    again = {"pipelineName": "site", "pipelineExecutionId": summary["pipelineExecutionId"]}
    code, _ = refused(pipelines.retry_stage_execution, **again, stageName="Source", retryMode="FAILED_ACTIONS")
    assert code == "StageNotRetryableException"
    pipelines.retry_stage_execution(**again, stageName="Copies", retryMode="FAILED_ACTIONS")
    assert state()["Deploy"]["Publish"]["status"] == "Succeeded"
    assert summaries(pipelines)[0]["status"] == "Succeeded"


@pytest.mark.rule("codepipeline-013")
def test_an_approval_holds_the_pipeline(pipelines, client, buckets, declared, actions, state, refused):
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="approvals")["TopicArn"]
    url = sqs.create_queue(QueueName="approvals")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:approvals"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    approval = actions["make"]("Ask", "Approval", "Manual", {"NotificationArn": topic, "CustomData": "look"})
    pipelines.create_pipeline(pipeline=declared(Check=[approval], Deploy=[actions["deploy"]]))
    asked = state()["Check"]["Ask"]
    assert asked["status"] == "InProgress" and asked["token"]
    body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert body["approval"]["token"] == asked["token"] and body["approval"]["customData"] == "look"
    where = {"pipelineName": "site", "stageName": "Check", "actionName": "Ask"}
    approved = {"status": "Approved", "summary": "fine"}
    code, _ = refused(
        pipelines.put_approval_result, **where, result=approved, token="0" * 8 + "-0000-4000-8000-" + "0" * 12
    )
    assert code == "InvalidApprovalTokenException"
    assert "approvedAt" in pipelines.put_approval_result(**where, result=approved, token=asked["token"])
    now = state()
    assert now["Check"]["Ask"]["status"] == "Succeeded" and now["Check"]["Ask"]["summary"] == "fine"
    assert now["Deploy"]["Publish"]["status"] == "Succeeded"
    code, _ = refused(pipelines.put_approval_result, **where, result=approved, token=asked["token"])
    assert code == "ApprovalAlreadyCompletedException"
    pipelines.start_pipeline_execution(name="site")
    token = state()["Check"]["Ask"]["token"]
    rejected = {"status": "Rejected", "summary": "not yet"}
    pipelines.put_approval_result(**where, result=rejected, token=token)
    assert state()["Check"]["Ask"]["status"] == "Failed"
    assert summaries(pipelines)[0]["status"] == "Failed"


def test_approvals_time_out(aws, pipelines, buckets, declared, actions, state):
    pipelines.create_pipeline(pipeline=declared(Check=[actions["approval"]]))
    aws.clock.advance(days=6, hours=23)
    assert state()["Check"]["Ask"]["status"] == "InProgress"
    aws.clock.advance(hours=1)
    assert state()["Check"]["Ask"]["status"] == "Failed"


@pytest.mark.rule("codepipeline-014")
@pytest.mark.aws(authorization=True)
def test_actions_go_by_the_rights_of_the_role(pipelines, client, buckets, declared, actions, state, refused):
    iam = client("iam")
    code, message = refused(pipelines.create_pipeline, pipeline=declared(Deploy=[actions["deploy"]]))
    assert code == "InvalidStructureException" and "is not authorized to perform AssumeRole on role" in message
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codepipeline.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=document)
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    failed = state()["Source"]["Fetch"]
    assert failed["status"] == "Failed" and failed["errorDetails"]["code"] == "PermissionError"
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_role_policy(
        RoleName="pipeline",
        PolicyName="s3",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    pipelines.start_pipeline_execution(name="site")
    assert summaries(pipelines)[0]["status"] == "Succeeded"
    build = actions["make"]("Make", "Build", "CodeBuild", {"ProjectName": "app"}, taken=["App"], made=["Built"])
    pipelines.update_pipeline(pipeline=declared(Build=[build]))
    pipelines.start_pipeline_execution(name="site")
    assert state()["Build"]["Make"]["status"] == "Failed"


@pytest.mark.rule("codepipeline-016")
def test_a_function_reports_back(aws, pipelines, client, s3, buckets, declared, actions, state):
    seen = []

    def check(event, context):
        job = event["CodePipeline.job"]
        seen.append(job)
        data = job["data"]
        if data["actionConfiguration"]["configuration"]["UserParameters"] == "fail":
            details = {"type": "JobFailed", "message": "no good"}
            client("codepipeline").put_job_failure_result(jobId=job["id"], failureDetails=details)
            return
        place = data["inputArtifacts"][0]["location"]["s3Location"]
        body = client("s3").get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
        assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["index.html"]
        client("codepipeline").put_job_success_result(jobId=job["id"], outputVariables={"Color": "green"})

    aws.functions["check"] = check
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = client("iam").create_role(
        RoleName="check", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName="check",
        Runtime="python3.13",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": actions["zipped"](**{"app.py": ""})},
    )
    make = actions["make"]
    parameters = {"FunctionName": "check", "UserParameters": "#{codepipeline.PipelineExecutionId}"}
    test = make("Check", "Invoke", "Lambda", parameters, taken=["App"], namespace="Checked")
    copy = make(
        "Copy",
        "Deploy",
        "S3",
        {"BucketName": "site", "Extract": "false", "ObjectKey": "#{Checked.Color}.zip"},
        taken=["App"],
    )
    pipelines.create_pipeline(pipeline=declared(Test=[test], Deploy=[copy]))
    (job,) = seen
    assert job["accountId"] == ACCOUNT and len(job["id"]) == 36
    parameters_ = job["data"]["actionConfiguration"]["configuration"]
    (summary,) = summaries(pipelines)
    assert parameters_["UserParameters"] == summary["pipelineExecutionId"]
    assert summary["status"] == "Succeeded"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="site")["Contents"]] == ["green.zip"]
    bad = make("Check", "Invoke", "Lambda", {"FunctionName": "check", "UserParameters": "fail"}, taken=["App"])
    pipelines.update_pipeline(pipeline=declared(Test=[bad], Deploy=[copy]))
    pipelines.start_pipeline_execution(name="site")
    failed = state()["Test"]["Check"]
    assert failed["errorDetails"] == {"code": "JobFailed", "message": "no good"}


@pytest.mark.rule("codepipeline-017", "events-023")
def test_each_change_of_state_is_an_event(pipelines, buckets, declared, actions, told):
    take = told({"source": ["aws.codepipeline"]})
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    found = [(one["detail-type"].split(" ")[1], one["detail"]["state"]) for one in take()]
    assert found[0] == ("Pipeline", "STARTED") and found[-1] == ("Pipeline", "SUCCEEDED")
    assert found.count(("Stage", "STARTED")) == found.count(("Stage", "SUCCEEDED")) == 2
    assert found.count(("Action", "STARTED")) == found.count(("Action", "SUCCEEDED")) == 2


@pytest.mark.rule("codepipeline-017")
def test_failures_are_events(pipelines, buckets, declared, actions, told):
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"state": ["FAILED"]},
    }
    take = told(pattern)
    gone = actions["make"]("Copy", "Deploy", "S3", {"BucketName": "gone", "Extract": "true"}, taken=["App"])
    pipelines.create_pipeline(pipeline=declared(Deploy=[gone]))
    (event,) = take()
    assert event["detail"]["pipeline"] == "site"
    assert event["detail"]["execution-id"] == summaries(pipelines)[0]["pipelineExecutionId"]
    assert event["resources"] == [f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:site"]


@pytest.mark.rule("codepipeline-018")
def test_calls_are_in_cloudtrail(pipelines, client, declared, actions):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreatePipeline"}]
    (event,) = client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    assert event["EventSource"] == "codepipeline.amazonaws.com"
    assert event["Resources"] == [{"ResourceType": "AWS::CodePipeline::Pipeline", "ResourceName": "site"}]


def test_a_worker_of_a_custom_action(pipelines, s3, buckets, declared, actions, state, refused):
    kind = {"category": "Build", "provider": "Mill", "version": "1"}
    pipelines.create_custom_action_type(
        **kind,
        configurationProperties=[
            {"name": "Project", "required": True, "key": True, "secret": False, "queryable": True}
        ],
        inputArtifactDetails={"minimumCount": 1, "maximumCount": 1},
        outputArtifactDetails={"minimumCount": 0, "maximumCount": 1},
    )
    make = actions["make"]
    build = make("Grind", "Build", "Mill", {"Project": "flour"}, owner="Custom", taken=["App"], made=["Built"])
    pipelines.create_pipeline(pipeline=declared(Build=[build], Deploy=[actions["deploy"]]))
    polled = {**kind, "owner": "Custom"}
    assert pipelines.poll_for_jobs(actionTypeId=polled, queryParam={"Project": "other"})["jobs"] == []
    (job,) = pipelines.poll_for_jobs(actionTypeId=polled, queryParam={"Project": "flour"})["jobs"]
    assert pipelines.poll_for_jobs(actionTypeId=polled)["jobs"] == []
    assert job["data"]["pipelineContext"]["pipelineName"] == "site"
    code, _ = refused(pipelines.put_job_success_result, jobId=job["id"])
    assert code == "InvalidJobStateException"
    assert refused(pipelines.acknowledge_job, jobId=job["id"], nonce="wrong")[0] == "InvalidNonceException"
    assert pipelines.acknowledge_job(jobId=job["id"], nonce=job["nonce"])["status"] == "InProgress"
    pipelines.put_job_success_result(
        jobId=job["id"], continuationToken="more", executionDetails={"summary": "half", "percentComplete": 50}
    )
    assert state()["Build"]["Grind"]["percentComplete"] == 50
    (job,) = pipelines.poll_for_jobs(actionTypeId=polled)["jobs"]
    assert job["data"]["continuationToken"] == "more"
    pipelines.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
    (output,) = pipelines.get_job_details(jobId=job["id"])["jobDetails"]["data"]["outputArtifacts"]
    assert output["name"] == "Built"
    pipelines.put_job_success_result(jobId=job["id"], executionDetails={"summary": "done"})
    assert state()["Deploy"]["Publish"]["status"] == "Succeeded"
    unknown = {**polled, "provider": "None"}
    assert refused(pipelines.poll_for_jobs, actionTypeId=unknown)[0] == "ActionTypeNotFoundException"
    assert refused(pipelines.get_job_details, jobId=job["id"][:-1] + "x")[0] in (
        "JobNotFoundException",
        "ValidationException",
    )
    pipelines.delete_custom_action_type(**kind)
    assert pipelines.list_action_types(actionOwnerFilter="Custom")["actionTypes"] == []


def test_a_closed_transition_holds_executions(pipelines, buckets, declared, actions, state):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    where = {"pipelineName": "site", "stageName": "Deploy", "transitionType": "Inbound"}
    pipelines.disable_stage_transition(**where, reason="friday")
    first = pipelines.start_pipeline_execution(name="site")["pipelineExecutionId"]
    second = pipelines.start_pipeline_execution(name="site")["pipelineExecutionId"]
    stage = pipelines.get_pipeline_state(name="site")["stageStates"][1]
    assert stage["inboundTransitionState"]["enabled"] is False
    assert stage["inboundTransitionState"]["disabledReason"] == "friday"
    assert stage["inboundExecution"]["pipelineExecutionId"] == second
    statuses = {one["pipelineExecutionId"]: one["status"] for one in summaries(pipelines)}
    assert (statuses[first], statuses[second]) == ("Superseded", "InProgress")
    pipelines.enable_stage_transition(**where)
    statuses = {one["pipelineExecutionId"]: one["status"] for one in summaries(pipelines)}
    assert statuses[second] == "Succeeded"


def test_modes_of_execution(pipelines, buckets, declared, actions, state):
    for mode, name in (("QUEUED", "queue"), ("PARALLEL", "beside")):
        pipelines.create_pipeline(
            pipeline=declared(name, Check=[actions["approval"]], pipelineType="V2", executionMode=mode)
        )
        pipelines.start_pipeline_execution(name=name)
        pipelines.start_pipeline_execution(name=name)
        assert [one["status"] for one in summaries(pipelines, name)] == ["InProgress"] * 3
        waiting = pipelines.get_pipeline_state(name=name)["stageStates"][1].get("inboundExecutions", [])
        assert len(waiting) == (2 if mode == "QUEUED" else 0)


def test_stopping(pipelines, buckets, declared, actions, state, refused):
    pipelines.create_pipeline(pipeline=declared(Check=[actions["approval"]]))
    (summary,) = summaries(pipelines)
    asked = {"pipelineName": "site", "pipelineExecutionId": summary["pipelineExecutionId"]}
    pipelines.stop_pipeline_execution(**asked, reason="enough")
    assert summaries(pipelines)[0]["status"] == "Stopping"
    assert refused(pipelines.stop_pipeline_execution, **asked)[0] == "DuplicatedStopRequestException"
    pipelines.stop_pipeline_execution(**asked, abandon=True, reason="enough")
    assert state()["Check"]["Ask"]["status"] == "Abandoned"
    (summary,) = summaries(pipelines)
    assert summary["status"] == "Stopped" and summary["stopTrigger"] == {"reason": "enough"}
    code, _ = refused(pipelines.stop_pipeline_execution, **asked)
    assert code == "PipelineExecutionNotStoppableException"


def test_variables_and_revisions(pipelines, s3, buckets, declared, actions, refused):
    copy = actions["make"](
        "Copy",
        "Deploy",
        "S3",
        {"BucketName": "site", "Extract": "false", "ObjectKey": "#{variables.Target}"},
        taken=["App"],
    )
    variables = [{"name": "Target", "defaultValue": "first.zip"}]
    pipelines.create_pipeline(pipeline=declared(Deploy=[copy], pipelineType="V2", variables=variables))
    old = s3.head_object(Bucket="code", Key="app.zip")["VersionId"]
    s3.put_object(Bucket="code", Key="app.zip", Body=b"newer")
    started = pipelines.start_pipeline_execution(
        name="site",
        variables=[{"name": "Target", "value": "second.zip"}],
        sourceRevisions=[{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": old}],
    )["pipelineExecutionId"]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="site")["Contents"]] == ["first.zip", "second.zip"]
    known = pipelines.get_pipeline_execution(pipelineName="site", pipelineExecutionId=started)["pipelineExecution"]
    assert known["variables"] == [{"name": "Target", "resolvedValue": "second.zip"}]
    assert known["artifactRevisions"][0]["revisionId"] == old
    unknown = [{"name": "Other", "value": "x"}]
    assert refused(pipelines.start_pipeline_execution, name="site", variables=unknown)[0] == "ValidationException"


def test_rolling_back(pipelines, s3, buckets, declared, actions, refused):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    first = summaries(pipelines)[0]["pipelineExecutionId"]
    s3.put_object(Bucket="code", Key="app.zip", Body=actions["zipped"](**{"index.html": "two"}))
    pipelines.start_pipeline_execution(name="site")
    assert s3.get_object(Bucket="site", Key="index.html")["Body"].read() == b"two"
    asked = {"pipelineName": "site", "stageName": "Deploy"}
    pipelines.rollback_stage(**asked, targetPipelineExecutionId=first)
    assert s3.get_object(Bucket="site", Key="index.html")["Body"].read() == b"<h1>one</h1>"
    newest = summaries(pipelines)[0]
    assert newest["executionType"] == "ROLLBACK"
    assert newest["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": first}
    current = newest["pipelineExecutionId"]
    code, _ = refused(pipelines.rollback_stage, **asked, targetPipelineExecutionId=current)
    assert code == "UnableToRollbackStageException"


def test_sources_need_versions(pipelines, s3, buckets, declared, actions, state):
    s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Suspended"})
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    assert state()["Source"]["Fetch"]["errorDetails"]["code"] == "ConfigurationError"


def test_a_restored_cloud_polls_as_it_did(aws, pipelines, s3, buckets, declared, actions):
    before = aws.snapshot()
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    aws.restore(before)
    s3.put_object(Bucket="code", Key="app.zip", Body=b"x")
    aws.clock.advance(minutes=5)
    assert pipelines.list_pipelines()["pipelines"] == []
