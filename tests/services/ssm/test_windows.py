"""Maintenance windows: schedules, targets, tasks, and what is done in them."""

import json
from datetime import UTC, datetime

import pytest

from .conftest import ACCOUNT, INSTANCE, ROLE, SECOND

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:00Z")


@pytest.fixture
def window(ssm):
    """window("rate(1 day)", Duration=2) -> the id of a window."""

    def window(schedule="cron(0 2 ? * * *)", **more):
        given = {"Name": "nightly", "Duration": 3, "Cutoff": 1, "AllowUnassociatedTargets": False, **more}
        return ssm.create_maintenance_window(Schedule=schedule, **given)["WindowId"]

    return window


@pytest.fixture
def executions(ssm):
    return lambda id: ssm.describe_maintenance_window_executions(WindowId=id)["WindowExecutions"]


@pytest.mark.rule("ssm-036")
def test_a_window_has_a_schedule(ssm, window, refused):
    id = window(ScheduleTimezone="Europe/Berlin", Description="at night")
    found = ssm.get_maintenance_window(WindowId=id)
    assert (found["Schedule"], found["Duration"], found["Enabled"]) == ("cron(0 2 ? * * *)", 3, True)
    assert found["NextExecutionTime"] == "2026-01-02T01:00:00Z"
    schedule = ssm.describe_maintenance_window_schedule(WindowId=id, MaxResults=2)["ScheduledWindowExecutions"]
    assert [each["ExecutionTime"] for each in schedule] == ["2026-01-02T01:00:00Z", "2026-01-03T01:00:00Z"]
    for expression, following in (
        ("rate(7 days)", "2026-01-08T12:00:00Z"),
        ("cron(0 0 4 ? * SUN *)", "2026-01-04T04:00:00Z"),
        ("at(2026-02-01T10:00:00)", "2026-02-01T10:00:00Z"),
    ):
        assert ssm.get_maintenance_window(WindowId=window(expression))["NextExecutionTime"] == following
    given = {"Name": "bad", "Duration": 3, "Cutoff": 1, "AllowUnassociatedTargets": True}
    for expression in ("whenever", "cron(0 2 * * * *)", "rate(0 days)"):
        assert refused(ssm.create_maintenance_window, **given, Schedule=expression)[0] == "ValidationException"
    later = window(ScheduleOffset=2)
    assert ssm.get_maintenance_window(WindowId=later)["NextExecutionTime"] == "2026-01-02T02:00:00Z"
    ssm.update_maintenance_window(WindowId=id, Enabled=False, Name="off")
    assert "NextExecutionTime" not in ssm.get_maintenance_window(WindowId=id)
    off = [{"Key": "Enabled", "Values": ["false"]}]
    assert [each["Name"] for each in ssm.describe_maintenance_windows(Filters=off)["WindowIdentities"]] == ["off"]
    ssm.delete_maintenance_window(WindowId=id)
    assert refused(ssm.get_maintenance_window, WindowId=id)[0] == "DoesNotExistException"


@pytest.mark.rule("ssm-037")
def test_how_long_a_window_is(ssm, window, refused):
    given = {"Name": "w", "Schedule": "rate(1 day)", "AllowUnassociatedTargets": True}
    window("rate(1 day)", Duration=24, Cutoff=23)
    for duration, cutoff in ((25, 1), (0, 0), (3, 3), (3, 4)):
        code, _ = refused(ssm.create_maintenance_window, **given, Duration=duration, Cutoff=cutoff)
        assert code == "ValidationException"
    assert len(ssm.describe_maintenance_windows()["WindowIdentities"]) == 1


@pytest.mark.rule("ssm-038")
def test_instances_are_registered(ssm, window, refused, agent):
    agent(tags={"Env": "prod"})
    id = window()
    targets = [{"Key": "tag:Env", "Values": ["prod"]}]
    given = {"ResourceType": "INSTANCE", "Targets": targets}
    target = ssm.register_target_with_maintenance_window(WindowId=id, **given, OwnerInformation="ops")["WindowTargetId"]
    (found,) = ssm.describe_maintenance_window_targets(WindowId=id)["Targets"]
    assert (found["WindowTargetId"], found["Targets"], found["OwnerInformation"]) == (target, targets, "ops")
    unknown = "mw-00000000000000000"
    assert refused(ssm.register_target_with_maintenance_window, WindowId=unknown, **given) == (
        "DoesNotExistException",
        f"Maintenance window {unknown} does not exist",
    )
    ssm.update_maintenance_window_target(WindowId=id, WindowTargetId=target, Name="prod")
    reached = ssm.describe_maintenance_windows_for_target(
        ResourceType="INSTANCE", Targets=[{"Key": "InstanceIds", "Values": [INSTANCE]}]
    )
    assert [each["WindowId"] for each in reached["WindowIdentities"]] == [id]
    ssm.register_task_with_maintenance_window(
        WindowId=id,
        TaskArn="AWS-RunShellScript",
        TaskType="RUN_COMMAND",
        Targets=[{"Key": "WindowTargetIds", "Values": [target]}],
    )
    where = {"WindowId": id, "WindowTargetId": target}
    assert refused(ssm.deregister_target_from_maintenance_window, **where, Safe=True)[0] == "TargetInUseException"
    ssm.deregister_target_from_maintenance_window(**where)
    assert refused(ssm.deregister_target_from_maintenance_window, **where)[0] == "DoesNotExistException"


@pytest.mark.rule("ssm-034", "ssm-039")
def test_commands_at_the_time_of_the_window(aws, ssm, window, executions, agent):
    for id in (INSTANCE, SECOND):
        agent(id)
    id = window()
    targets = [{"Key": "InstanceIds", "Values": [INSTANCE, SECOND]}]
    target = ssm.register_target_with_maintenance_window(WindowId=id, ResourceType="INSTANCE", Targets=targets)
    by_target = [{"Key": "WindowTargetIds", "Values": [target["WindowTargetId"]]}]
    for document, priority, parameters in (
        ("AWS-RunShellScript", 2, {"commands": ["ls"]}),
        ("AWS-RunPatchBaseline", 1, {"Operation": ["Install"]}),
    ):
        ssm.register_task_with_maintenance_window(
            WindowId=id,
            TaskArn=document,
            TaskType="RUN_COMMAND",
            Targets=by_target,
            ServiceRoleArn=ROLE,
            Priority=priority,
            TaskInvocationParameters={"RunCommand": {"Parameters": parameters}},
        )
    assert not executions(id)
    aws.clock.advance_to(datetime(2026, 1, 2, 2, 1, tzinfo=UTC))
    (run,) = executions(id)
    assert (run["Status"], run["StartTime"]) == ("SUCCESS", datetime(2026, 1, 2, 2, tzinfo=UTC))
    documents = [each["DocumentName"] for each in ssm.list_commands()["Commands"]]
    assert documents == ["AWS-RunShellScript", "AWS-RunPatchBaseline"]
    where = {"WindowExecutionId": run["WindowExecutionId"]}
    tasks = ssm.describe_maintenance_window_execution_tasks(**where)["WindowExecutionTaskIdentities"]
    assert {each["Status"] for each in tasks} == {"SUCCESS"}
    assert set(ssm.get_maintenance_window_execution(**where)["TaskIds"]) == {each["TaskExecutionId"] for each in tasks}
    (invocation,) = ssm.describe_maintenance_window_execution_task_invocations(
        **where, TaskId=tasks[0]["TaskExecutionId"]
    )["WindowExecutionTaskInvocationIdentities"]
    assert invocation["ExecutionId"] in {each["CommandId"] for each in ssm.list_commands()["Commands"]}
    states = ssm.describe_instance_patch_states(InstanceIds=[INSTANCE, SECOND])["InstancePatchStates"]
    assert {each["MissingCount"] for each in states} == {0}
    aws.clock.advance(days=1)
    assert len(executions(id)) == 2


@pytest.mark.rule("ssm-040")
def test_a_runbook_at_the_time_of_the_window(aws, ssm, window, executions):
    content = {
        "schemaVersion": "0.3",
        "parameters": {"For": {"type": "String"}},
        "mainSteps": [{"name": "wait", "action": "aws:sleep", "inputs": {"Duration": "{{ For }}"}}],
    }
    ssm.create_document(Name="pause", Content=json.dumps(content), DocumentType="Automation")
    id = window(AllowUnassociatedTargets=True)
    task = {"TaskArn": "pause", "TaskType": "AUTOMATION", "ServiceRoleArn": ROLE}
    made = ssm.register_task_with_maintenance_window(
        WindowId=id, **task, TaskInvocationParameters={"Automation": {"Parameters": {"For": ["PT10M"]}}}
    )["WindowTaskId"]
    aws.clock.advance_to(datetime(2026, 1, 2, 2, 1, tzinfo=UTC))
    (started,) = ssm.describe_automation_executions()["AutomationExecutionMetadataList"]
    assert started["ExecutionStartTime"] == datetime(2026, 1, 2, 2, tzinfo=UTC)
    assert executions(id)[0]["Status"] == "IN_PROGRESS"
    aws.clock.advance(minutes=10)
    assert executions(id)[0]["Status"] == "SUCCESS"
    ssm.update_maintenance_window_task(
        WindowId=id,
        WindowTaskId=made,
        TaskInvocationParameters={"Automation": {"Parameters": {"For": ["P1D"]}}},
    )
    aws.clock.advance_to(datetime(2026, 1, 3, 5, 1, tzinfo=UTC))
    assert executions(id)[0]["Status"] == "TIMED_OUT"
    ssm.deregister_task_from_maintenance_window(WindowId=id, WindowTaskId=made)
    assert not ssm.describe_maintenance_window_tasks(WindowId=id)["Tasks"]


@pytest.mark.rule("ssm-039")
def test_functions_at_the_time_of_the_window(aws, ssm, window, executions, client, refused):
    import io
    import zipfile

    with zipfile.ZipFile(package := io.BytesIO(), "w") as archive:
        archive.writestr("app.py", "")
    seen = []
    aws.functions["clean"] = lambda event, context: seen.append(event)
    client("lambda").create_function(
        FunctionName="clean", Runtime="python3.13", Handler="app.f", Role=ROLE, Code={"ZipFile": package.getvalue()}
    )
    id = window()
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:clean"
    payload = {"Lambda": {"Payload": b'{"window": "{{WINDOW_ID}}"}'}}
    ssm.register_task_with_maintenance_window(
        WindowId=id, TaskArn=arn, TaskType="LAMBDA", ServiceRoleArn=ROLE, TaskInvocationParameters=payload
    )
    aws.clock.advance(days=1)
    assert seen == [{"window": id}]
    assert executions(id)[0]["Status"] == "SUCCESS"
    given = {"WindowId": id, "TaskArn": "AWS-RunShellScript", "TaskType": "RUN_COMMAND"}
    assert refused(ssm.register_task_with_maintenance_window, **given)[0] == "ValidationException"
