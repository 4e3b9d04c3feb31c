"""Automation: what the steps of runbooks do, and how executions go on."""

import json
from datetime import UTC, datetime

import pytest

from .conftest import ACCOUNT, INSTANCE, REGION, ROLE

pytestmark = pytest.mark.aws(at="2026-01-01")


def step(name, action, inputs=None, **more):
    return {"name": name, "action": f"aws:{action}", "inputs": inputs or {}, **more}


@pytest.fixture
def runbook(ssm):
    """runbook(step, …, outputs=[…]) -> the name of a runbook."""

    def runbook(*steps, name="book", **more):
        content = {"schemaVersion": "0.3", "mainSteps": list(steps), **more}
        ssm.create_document(Name=name, Content=json.dumps(content), DocumentType="Automation")
        return name

    return runbook


@pytest.fixture
def start(ssm):
    return lambda name="book", **more: ssm.start_automation_execution(DocumentName=name, **more)[
        "AutomationExecutionId"
    ]


@pytest.fixture
def execution(ssm):
    return lambda id: ssm.get_automation_execution(AutomationExecutionId=id)["AutomationExecution"]


@pytest.fixture
def instance(client):
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][
        0
    ]
    given = {"ImageId": image["ImageId"], "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
    return ec2.run_instances(**given)["Instances"][0]["InstanceId"]


@pytest.mark.rule("ssm-042")
@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_an_instance_is_restarted(aws, start, execution, instance, client, ssm, refused):
    aws.clock.advance(minutes=5)
    state = lambda: client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]  # noqa: E731
    id = start("AWS-RestartEC2Instance", Parameters={"InstanceId": [instance]})
    found = execution(id)
    assert (found["AutomationExecutionStatus"], found["CurrentStepName"]) == ("InProgress", "stopInstances")
    assert state()["Name"] == "stopping"
    aws.clock.advance(minutes=10)
    found = execution(id)
    assert found["AutomationExecutionStatus"] == "Success"
    assert [(each["StepName"], each["StepStatus"]) for each in found["StepExecutions"]] == [
        ("stopInstances", "Success"),
        ("forceStopInstances", "Success"),
        ("startInstances", "Success"),
    ]
    assert state()["Name"] == "running"
    assert {"ec2:StopInstances", "ec2:StartInstances"} <= {
        call.name for record in aws.calls for call in (record, *record.caused)
    }
    refusal = refused(ssm.start_automation_execution, DocumentName="none")
    assert refusal[0] == "AutomationDefinitionNotFoundException"
    refusal = refused(ssm.start_automation_execution, DocumentName="AWS-RestartEC2Instance")
    assert refusal[0] == "InvalidAutomationExecutionParametersException"
    refusal = refused(ssm.get_automation_execution, AutomationExecutionId="0" * 36)
    assert refusal[0] == "AutomationExecutionNotFoundException"


@pytest.mark.rule("ssm-043")
def test_ready_made_runbooks(aws, ssm, start, execution, instance, client):
    ec2 = client("ec2")
    names = {each["Name"] for each in ssm.list_documents(MaxResults=50)["DocumentIdentifiers"]}
    assert {"AWS-CreateImage", "AWS-CreateSnapshot"} <= names
    made = execution(start("AWS-CreateImage", Parameters={"InstanceId": [instance]}))
    assert made["AutomationExecutionStatus"] == "Success"
    (image,) = made["Outputs"]["createImage.ImageId"]
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["State"] == "available"
    (volume,) = ec2.describe_volumes()["Volumes"]
    id = start("AWS-CreateSnapshot", Parameters={"VolumeId": [volume["VolumeId"]]})
    aws.clock.advance(seconds=10)  # the runbook looks again for the snapshot to be complete
    made = execution(id)
    assert made["AutomationExecutionStatus"] == "Success"
    (snapshot,) = made["Outputs"]["createSnapshot.SnapshotId"]
    assert ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["VolumeId"] == volume["VolumeId"]


def test_steps_call_aws(ssm, runbook, start, execution, client):
    client("sqs").create_queue(QueueName="jobs")
    runbook(
        step("find", "executeAwsApi", {"Service": "sqs", "Api": "GetQueueUrl", "QueueName": "{{ Queue }}"},
             outputs=[{"Name": "Url", "Selector": "$.QueueUrl", "Type": "String"}]),
        step("send", "executeAwsApi", {"Service": "sqs", "Api": "send_message", "QueueUrl": "{{ find.Url }}",
             "MessageBody": "in {{ global:REGION }} by {{ automation:EXECUTION_ID }}"}),
        step("check", "assertAwsResourceProperty", {"Service": "sqs", "Api": "GetQueueAttributes",
             "QueueUrl": "{{ find.Url }}", "AttributeNames": ["ApproximateNumberOfMessages"],
             "PropertySelector": "$.Attributes.ApproximateNumberOfMessages", "DesiredValues": ["1"]}),
        parameters={"Queue": {"type": "String"}},
        outputs=["find.Url"],
    )  # fmt: skip
    id = start(Parameters={"Queue": ["jobs"]})
    found = execution(id)
    assert found["AutomationExecutionStatus"] == "Success", found.get("FailureMessage")
    url = found["Outputs"]["find.Url"][0]
    assert client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == f"in {REGION} by {id}"


def test_a_step_that_fails(runbook, start, execution, ssm, client):
    call = {"Service": "sqs", "Api": "GetQueueUrl", "QueueName": "none"}
    runbook(step("find", "executeAwsApi", call), step("never", "sleep", {"Duration": "PT1S"}))
    found = execution(start())
    assert found["AutomationExecutionStatus"] == "Failed"
    assert found["FailureMessage"].startswith("Step find failed. The specified queue does not exist")
    assert len(found["StepExecutions"]) == 1
    runbook(
        step("first", "executeAwsApi", call, onFailure="step:third"),
        step("second", "executeAwsApi", call),
        step("third", "executeAwsApi", call, onFailure="Continue", isCritical=True, maxAttempts=2),
        step("fourth", "sleep", {"Duration": "PT1S"}),
        name="more",
    )
    id = start("more")
    assert [each["StepName"] for each in execution(id)["StepExecutions"]] == ["first", "third", "fourth"]
    ssm.start_automation_execution(DocumentName="book")
    failed = ssm.describe_automation_executions(Filters=[{"Key": "ExecutionStatus", "Values": ["Failed"]}])
    assert {each["DocumentName"] for each in failed["AutomationExecutionMetadataList"]} == {"book"}


def test_branches_variables_and_scripts(aws, runbook, start, execution):
    script = "def handler(events, context):\n    return {'twice': events['n'] * 2, 'kind': 'even'}\n"
    runbook(
        step("count", "executeScript", {"Runtime": "python3.11", "Handler": "handler", "Script": script,
             "InputPayload": {"n": "{{ Number }}"}},
             outputs=[{"Name": "Twice", "Selector": "$.Payload.twice", "Type": "Integer"}]),
        step("remember", "updateVariable", {"Name": "variable:seen", "Value": "{{ count.Twice }}"}),
        step("which", "branch", {"Choices": [
            {"NextStep": "large", "And": [
                {"Variable": "{{ variable:seen }}", "NumericGreater": 10},
                {"Not": {"Variable": "{{ count.Twice }}", "NumericEquals": 100}}]}],
            "Default": "small"}),
        step("large", "sleep", {"Duration": "PT1H"}, isEnd=True),
        step("small", "sleep", {"Duration": "PT1M"}),
        parameters={"Number": {"type": "Integer"}},
        variables={"seen": {"type": "Integer", "default": 0}},
    )  # fmt: skip
    large, small, other = (start(Parameters={"Number": [number]}) for number in ("7", "2", "50"))
    names = [[each["StepName"] for each in execution(id)["StepExecutions"]][-1] for id in (large, small, other)]
    assert names == ["large", "small", "small"]
    aws.clock.advance(minutes=2)
    statuses = [execution(id)["AutomationExecutionStatus"] for id in (large, small, other)]
    assert statuses == ["InProgress", "Success", "Success"]
    aws.clock.advance(hours=1)
    done = execution(large)
    assert (done["AutomationExecutionStatus"], done["Variables"]) == ("Success", {"seen": ["14"]})


def test_scripts_that_do_not_run_here(aws, runbook, start, execution):
    runbook(step("count", "executeScript", {"Runtime": "PowerShell 7.0", "Script": "1 + 1"}))
    failed = execution(start())["FailureMessage"]
    assert "awsim does not run PowerShell 7.0" in failed
    aws.functions["book/count"] = lambda events, context: {"sum": 2}
    found = execution(start())
    assert json.loads(found["StepExecutions"][0]["Outputs"]["Payload"][0]) == {"sum": 2}


def test_waiting_for_a_property(aws, runbook, start, execution, client):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    runbook(
        step("wait", "waitForAwsResourceProperty", {"Service": "sqs", "Api": "GetQueueAttributes", "QueueUrl": url,
             "AttributeNames": ["All"], "PropertySelector": "$.Attributes.ApproximateNumberOfMessages",
             "DesiredValues": ["1"]}, timeoutSeconds=600)
    )  # fmt: skip
    first, second = start(), start()
    aws.clock.advance(minutes=5)
    assert execution(first)["AutomationExecutionStatus"] == "InProgress"
    sqs.send_message(QueueUrl=url, MessageBody="x")
    aws.clock.advance(seconds=5)
    assert execution(first)["AutomationExecutionStatus"] == "Success"
    assert execution(second)["AutomationExecutionStatus"] == "Success"
    sqs.purge_queue(QueueUrl=url)
    third = start()
    aws.clock.advance(minutes=11)
    assert execution(third)["AutomationExecutionStatus"] == "TimedOut"


def test_pauses_and_approvals(aws, ssm, runbook, start, execution, refused, client):
    topic = client("sns").create_topic(Name="approvals")["TopicArn"]
    runbook(
        step("pause", "pause"),
        step("approve", "approve", {"Approvers": ["awsim"], "NotificationArn": topic, "Message": "may I?"}),
        step("done", "sleep", {"Duration": "PT1S"}),
    )
    id, other = start(), start()
    signal = lambda id, kind: ssm.send_automation_signal(AutomationExecutionId=id, SignalType=kind)  # noqa: E731
    assert execution(id)["AutomationExecutionStatus"] == "Waiting"
    assert refused(ssm.send_automation_signal, AutomationExecutionId=id, SignalType="Approve")[0] == (
        "InvalidAutomationSignalException"
    )
    for each in (id, other):
        signal(each, "Resume")
        assert execution(each)["CurrentStepName"] == "approve"
    signal(id, "Approve")
    signal(other, "Reject")
    aws.clock.advance(seconds=2)
    found = execution(id)
    assert found["AutomationExecutionStatus"] == "Success"
    assert found["StepExecutions"][1]["Outputs"]["ApprovalStatus"] == ["Approved"]
    assert execution(other)["AutomationExecutionStatus"] == "Rejected"


def test_stopping(ssm, runbook, start, execution, refused):
    runbook(step("long", "sleep", {"Duration": "P1D"}))
    id = start()
    ssm.stop_automation_execution(AutomationExecutionId=id, Type="Cancel")
    assert execution(id)["AutomationExecutionStatus"] == "Cancelled"
    assert refused(ssm.stop_automation_execution, AutomationExecutionId=id)[0] == (
        "InvalidAutomationStatusUpdateException"
    )


def test_commands_functions_and_other_runbooks(aws, agent, runbook, start, execution):
    agent()
    runbook(step("inner", "sleep", {"Duration": "PT10S"}), name="inner")
    runbook(
        step("run", "runCommand", {"DocumentName": "AWS-RunShellScript", "InstanceIds": [INSTANCE],
             "Parameters": {"commands": ["ls"]}}),
        step("nested", "executeAutomation", {"DocumentName": "inner"}),
        outputs=["run.Output"],
    )  # fmt: skip
    id = start()
    assert execution(id)["CurrentStepName"] == "nested"
    aws.clock.advance(seconds=11)
    found = execution(id)
    assert found["AutomationExecutionStatus"] == "Success", found.get("FailureMessage")
    assert found["Outputs"]["run.Output"] == ["ran ls"]


def test_many_targets(aws, ssm, runbook, start, execution):
    runbook(step("sleep", "sleep", {"Duration": "PT{{ Seconds }}S"}), parameters={"Seconds": {"type": "String"}})
    id = start(TargetParameterName="Seconds", Targets=[{"Key": "ParameterValues", "Values": ["1", "x", "2"]}])
    found = execution(id)
    assert found["TargetParameterName"] == "Seconds"

    def started():
        children = ssm.describe_automation_executions(Filters=[{"Key": "ParentExecutionId", "Values": [id]}])
        return {each["Target"]: each["AutomationExecutionId"] for each in children["AutomationExecutionMetadataList"]}

    assert set(started()) == {"1", "x", "2"}
    assert found["AutomationExecutionStatus"] == "InProgress"
    aws.clock.advance(seconds=10)
    statuses = {each: execution(child)["AutomationExecutionStatus"] for each, child in started().items()}
    assert statuses == {"1": "Success", "x": "Failed", "2": "Pending"}
    assert execution(id)["AutomationExecutionStatus"] == "Failed"


def test_a_role_acts_for_the_runbook(ssm, runbook, start, execution, refused):
    runbook(
        step("who", "executeAwsApi", {"Service": "sts", "Api": "GetCallerIdentity"},
             outputs=[{"Name": "Arn", "Selector": "$.Arn", "Type": "String"}]),
        assumeRole="{{ AutomationAssumeRole }}",
        parameters={"AutomationAssumeRole": {"type": "String", "default": ""}},
        outputs=["who.Arn"],
    )  # fmt: skip
    own = execution(start())["Outputs"]["who.Arn"]
    role = execution(start(Parameters={"AutomationAssumeRole": [ROLE]}))["Outputs"]["who.Arn"]
    assert refused(
        ssm.start_automation_execution, DocumentName="book", Parameters={"AutomationAssumeRole": ["app"]}
    ) == (
        "InvalidAutomationExecutionParametersException",
        "The defined assume role is unable to be assumed.",
    )
    assert own == [f"arn:aws:iam::{ACCOUNT}:user/awsim"]
    assert "role/app" in role[0] or "assumed-role/app" in role[0]


def test_tokens_start_once(ssm, runbook, start, refused):
    runbook(step("sleep", "sleep", {"Duration": "PT1S"}))
    token = "11111111-2222-3333-4444-555555555555"
    assert start(ClientToken=token) == start(ClientToken=token)
    assert (
        refused(ssm.start_automation_execution, DocumentName="AWS-StopEC2Instance", ClientToken=token)[0]
        == "IdempotentParameterMismatch"
    )


def test_events_of_executions(runbook, start, events):
    runbook(step("sleep", "sleep", {"Duration": "PT0S"}))
    start()
    told = [(each["detail-type"].split()[2], each["detail"]["Status"]) for each in events()]
    assert told == [("Execution", "InProgress"), ("Step", "InProgress"), ("Step", "Success"), ("Execution", "Success")]


@pytest.mark.rule("events-035")
def test_a_rule_starts_a_runbook(ssm, runbook, client):
    runbook(step("sleep", "sleep", {"Duration": "PT1S"}), parameters={"Why": {"type": "String", "default": ""}})
    events = client("events")
    events.put_rule(Name="react", EventPattern=json.dumps({"source": ["shop"]}))
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:automation-definition/book:$DEFAULT"
    target = {"Id": "1", "Arn": arn, "RoleArn": ROLE, "Input": json.dumps({"Why": ["released"]})}
    events.put_targets(Rule="react", Targets=[target])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "released", "Detail": "{}"}])
    (found,) = ssm.describe_automation_executions()["AutomationExecutionMetadataList"]
    assert found["DocumentName"] == "book"
    whole = ssm.get_automation_execution(AutomationExecutionId=found["AutomationExecutionId"])["AutomationExecution"]
    assert whole["Parameters"] == {"Why": ["released"]}
    assert whole["ExecutionStartTime"] == datetime(2026, 1, 1, tzinfo=UTC)
