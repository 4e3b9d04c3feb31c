"""Managed nodes and Run Command."""

import json
import time

import boto3
import pytest

from .conftest import ACCOUNT, INSTANCE, REGION, ROLE, SECOND
from .test_documents import COMMAND

ASSUMING = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = {"Version": "2012-10-17", "Statement": [ASSUMING]}


@pytest.mark.rule("ssm-023")
@pytest.mark.aws(at="2026-01-01")
def test_nodes(aws, ssm, refused, client):
    made = ssm.create_activation(IamRole="app", DefaultInstanceName="web", RegistrationLimit=1)
    agent = aws.service("ssm", None, None)
    server = agent.register(made["ActivationId"], made["ActivationCode"], platform="Windows")
    with pytest.raises(Exception, match="InvalidActivation"):
        agent.register(made["ActivationId"], made["ActivationCode"])
    (activation,) = ssm.describe_activations()["ActivationList"]
    assert (activation["RegistrationsCount"], activation["Expired"]) == (1, False)
    instance = agent.manage(INSTANCE)
    found = {each["InstanceId"]: each for each in ssm.describe_instance_information()["InstanceInformationList"]}
    assert set(found) == {server, instance}
    assert server.startswith("mi-")
    assert {each["PingStatus"] for each in found.values()} == {"Online"}
    assert (found[server]["Name"], found[server]["PlatformType"]) == ("web", "Windows")
    linux = [{"Key": "PlatformTypes", "Values": ["Linux"]}]
    assert len(ssm.describe_instance_information(Filters=linux)["InstanceInformationList"]) == 1
    agent.connect(server, False)
    assert ssm.get_connection_status(Target=server)["Status"] == "notconnected"
    lost = [{"key": "PingStatus", "valueSet": ["ConnectionLost"]}]
    (one,) = ssm.describe_instance_information(InstanceInformationFilterList=lost)["InstanceInformationList"]
    assert one["InstanceId"] == server
    ssm.deregister_managed_instance(InstanceId=server)
    assert refused(ssm.deregister_managed_instance, InstanceId=server)[0] == "InvalidInstanceId"
    aws.clock.advance(days=1)
    assert ssm.describe_activations()["ActivationList"][0]["Expired"]
    ssm.delete_activation(ActivationId=made["ActivationId"])
    assert refused(ssm.delete_activation, ActivationId=made["ActivationId"])[0] == "InvalidActivationId"


@pytest.mark.rule("ssm-023")
def test_instances_of_ec2(aws, ssm, client):
    """Those that run and have a role for their agent."""
    ec2, iam = client("ec2"), client("iam")
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_instance_profile(InstanceProfileName="managed")
    iam.add_role_to_instance_profile(InstanceProfileName="managed", RoleName="node")
    image = ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")["Parameter"]
    given = {"ImageId": image["Value"], "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Env", "Value": "prod"}]}]
    (managed,) = ec2.run_instances(**given, IamInstanceProfile={"Name": "managed"}, TagSpecifications=tags)["Instances"]
    ec2.run_instances(**given)
    (found,) = ssm.describe_instance_information()["InstanceInformationList"]
    assert found["InstanceId"] == managed["InstanceId"]
    assert found["IPAddress"] == managed["PrivateIpAddress"]
    aws.nodes["*"] = lambda step: boto3.client("sts").get_caller_identity()["Arn"]
    sent = ssm.send_command(
        DocumentName="AWS-RunShellScript",
        Targets=[{"Key": "tag:Env", "Values": ["prod"]}],
        Parameters={"commands": ["hostname"]},
    )["Command"]
    where = {"CommandId": sent["CommandId"], "InstanceId": managed["InstanceId"]}
    agent = f"arn:aws:sts::{ACCOUNT}:assumed-role/node/{managed['InstanceId']}"
    assert ssm.get_command_invocation(**where)["StandardOutputContent"] == agent
    ec2.stop_instances(InstanceIds=[managed["InstanceId"]])
    assert ssm.get_connection_status(Target=managed["InstanceId"])["Status"] == "notconnected"


@pytest.mark.rule("ssm-025")
def test_a_command_on_an_instance(ssm, agent, run, refused):
    agent()
    sent = ssm.send_command(
        DocumentName="AWS-RunShellScript", InstanceIds=[INSTANCE], Parameters={"commands": ["echo hi", "ls"]}
    )["Command"]
    assert (sent["Status"], sent["TargetCount"]) == ("Pending", 1)
    where = {"CommandId": sent["CommandId"], "InstanceId": INSTANCE}
    ssm.get_waiter("command_executed").wait(**where)
    found = ssm.get_command_invocation(**where)
    assert (found["Status"], found["ResponseCode"]) == ("Success", 0)
    assert found["StandardOutputContent"] == "ran echo hi; ls"
    assert found["PluginName"] == "aws:runShellScript"
    (step,) = agent.steps
    assert (step.commands, step.action, step.document) == (
        ("echo hi", "ls"),
        "aws:runShellScript",
        "AWS-RunShellScript",
    )
    (listed,) = ssm.list_commands()["Commands"]
    assert (listed["Status"], listed["CompletedCount"]) == ("Success", 1)
    code, message = refused(ssm.send_command, DocumentName="AWS-RunShellScript", InstanceIds=[SECOND])
    assert code == "InvalidInstanceId"
    assert message == f"Instances [[{SECOND}]] not in a valid state for account {ACCOUNT}"
    given = {"InstanceIds": [INSTANCE]}
    assert refused(ssm.send_command, **given, DocumentName="none")[0] == "InvalidDocument"
    assert refused(ssm.send_command, **given, DocumentName="AWS-RunShellScript")[0] == "InvalidParameters"
    assert refused(ssm.send_command, **given, DocumentName="AWS-RunPowerShellScript")[0] == "UnsupportedPlatformType"
    assert refused(ssm.send_command, **given, DocumentName="AWS-StopEC2Instance")[0] == "InvalidDocument"
    twice = {"InstanceIds": [INSTANCE] * 2, "DocumentName": "AWS-RunShellScript"}
    assert refused(ssm.send_command, **twice)[0] == "DuplicateInstanceId"
    assert refused(ssm.get_command_invocation, **{**where, "InstanceId": SECOND})[0] == "InvocationDoesNotExist"
    assert len(ssm.list_commands()["Commands"]) == 1


@pytest.mark.rule("ssm-025")
@pytest.mark.aws(at="2026-01-01")
def test_a_node_that_is_not_there(aws, ssm, agent, run):
    agent()
    aws.service("ssm", None, None).connect(INSTANCE, False)
    cancelled, late, waiting = run("a"), run("b", TimeoutSeconds=60), run("c")
    ssm.cancel_command(CommandId=cancelled)
    statuses = {each["CommandId"]: each["StatusDetails"] for each in ssm.list_commands()["Commands"]}
    assert statuses == {cancelled: "Cancelled", late: "Pending", waiting: "Pending"}
    aws.clock.advance(seconds=61)
    statuses = {each["CommandId"]: each["StatusDetails"] for each in ssm.list_commands()["Commands"]}
    assert statuses == {cancelled: "Cancelled", late: "DeliveryTimedOut", waiting: "Pending"}
    aws.service("ssm", None, None).connect(INSTANCE)
    found = ssm.get_command_invocation(CommandId=waiting, InstanceId=INSTANCE)
    assert (found["Status"], found["StandardOutputContent"]) == ("Success", "ran c")
    assert [step.commands for step in agent.steps] == [("c",)]


@pytest.mark.aws(at="2026-01-01")
def test_what_goes_wrong_on_a_node(aws, ssm, agent, run):
    def code(step):
        what = step.commands[0]
        if what == "fail":
            return 3, "so far", "no further"
        if what == "raise":
            raise ValueError("oops")
        if what == "sleep":
            time.sleep(120)
        return "x" * 30_000

    agent(code=code)

    def found(*lines, **more):
        id = run(*lines, **more)
        return ssm.get_command_invocation(CommandId=id, InstanceId=INSTANCE)

    failed = found("fail")
    assert (failed["Status"], failed["ResponseCode"], failed["StandardErrorContent"]) == ("Failed", 3, "no further")
    assert found("raise")["StandardErrorContent"] == "ValueError: oops"
    short = {"commands": ["sleep"], "executionTimeout": ["60"]}
    late = found(Parameters=short)
    assert (late["Status"], late["StatusDetails"]) == ("TimedOut", "Execution Timed Out")
    large = found("long")["StandardOutputContent"]
    assert len(large) == 24_000
    assert large.endswith("---Output truncated---")
    del aws.nodes[INSTANCE]
    aws.service("ssm", None, None).manage(INSTANCE)
    assert "aws.nodes" in found("x")["StandardErrorContent"]


@pytest.mark.rule("ssm-026")
def test_many_instances_at_once(ssm, agent, run):
    agent(INSTANCE, tags={"Env": "prod"})
    agent(SECOND, tags={"Env": "prod"})
    agent("i-00000000000000000", tags={"Env": "test"})
    prod = [{"Key": "tag:Env", "Values": ["prod"]}]
    id = run("ls", Targets=prod)
    (command,) = ssm.list_commands(CommandId=id)["Commands"]
    assert (command["TargetCount"], command["Status"]) == (2, "Success")
    invocations = ssm.list_command_invocations(CommandId=id, Details=True)["CommandInvocations"]
    assert {each["InstanceId"] for each in invocations} == {INSTANCE, SECOND}
    assert {each["CommandPlugins"][0]["Output"] for each in invocations} == {"ran ls"}
    nobody = run("ls", Targets=[{"Key": "tag:Env", "Values": ["none"]}])
    assert ssm.list_commands(CommandId=nobody)["Commands"][0]["StatusDetails"] == "NoInstancesInTag"


@pytest.mark.rule("ssm-026")
@pytest.mark.parametrize(("most", "terminated"), [("0", 3), ("1", 2), ("50%", 1), ("4", 0)])
def test_a_command_stops_after_too_many_errors(ssm, agent, run, most, terminated):
    for number in range(4):
        agent(f"i-0000000000000000{number}", code=lambda step: 1)
    id = run("ls", Targets=[{"Key": "InstanceIds", "Values": ["*"]}], MaxErrors=most)
    details = [each["StatusDetails"] for each in ssm.list_command_invocations(CommandId=id)["CommandInvocations"]]
    assert details.count("Terminated") == terminated
    assert len(agent.steps) == 4 - terminated


@pytest.mark.rule("ssm-027")
def test_output_in_a_bucket_and_in_logs(ssm, agent, run, client):
    s3, logs = client("s3"), client("logs")
    s3.create_bucket(Bucket="outputs")
    agent(code=lambda step: (1, "out", "err"))
    id = run("ls", OutputS3BucketName="outputs", OutputS3KeyPrefix="runs", CloudWatchOutputConfig={
        "CloudWatchOutputEnabled": True})  # fmt: skip
    stem = f"runs/{id}/{INSTANCE}/awsrunShellScript/0.awsrunShellScript"
    assert s3.get_object(Bucket="outputs", Key=f"{stem}/stdout")["Body"].read() == b"out"
    assert s3.get_object(Bucket="outputs", Key=f"{stem}/stderr")["Body"].read() == b"err"
    found = ssm.get_command_invocation(CommandId=id, InstanceId=INSTANCE)
    assert found["StandardOutputUrl"] == f"https://s3.us-east-1.amazonaws.com/outputs/{stem}/stdout"
    streams = logs.describe_log_streams(logGroupName="/aws/ssm/AWS-RunShellScript")["logStreams"]
    assert len(streams) == 2


@pytest.mark.rule("ssm-028")
def test_notifications(ssm, agent, run, client, refused):
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="runs")["TopicArn"]
    url = sqs.create_queue(QueueName="runs")["QueueUrl"]
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:runs"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    agent()
    config = {"NotificationArn": topic, "NotificationEvents": ["All"], "NotificationType": "Invocation"}
    run("ls", ServiceRoleArn=ROLE, NotificationConfig=config)
    told = [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert [(each["status"], each["instanceId"]) for each in told] == [("InProgress", INSTANCE), ("Success", INSTANCE)]
    given = {"DocumentName": "AWS-RunShellScript", "InstanceIds": [INSTANCE], "Parameters": {"commands": ["ls"]}}
    assert refused(ssm.send_command, **given, NotificationConfig=config)[0] == "InvalidRole"
    bad = {**config, "NotificationArn": "runs"}
    assert refused(ssm.send_command, **given, ServiceRoleArn=ROLE, NotificationConfig=bad)[0] == (
        "InvalidNotificationConfig"
    )


def test_events_of_commands(agent, run, events):
    agent()
    run("ls")
    told = [(each["detail-type"], each["detail"]["status"]) for each in events()]
    one = "EC2 Command Invocation Status-change Notification"
    assert told == [(one, "InProgress"), (one, "Success"), ("EC2 Command Status-change Notification", "Success")]


def test_documents_with_several_steps(ssm, agent, run):
    steps = [
        {"name": "first", "action": "aws:runShellScript", "inputs": {"runCommand": ["echo {{ name }}", "true"]}},
        {
            "name": "windows",
            "action": "aws:runPowerShellScript",
            "precondition": {"StringEquals": ["platformType", "Windows"]},
            "inputs": {"runCommand": ["dir"]},
        },
        {"name": "second", "action": "aws:runShellScript", "inputs": {"runCommand": ["false"], "onFailure": "exit"}},
        {"name": "third", "action": "aws:runShellScript", "inputs": {"runCommand": ["never"]}},
    ]
    ssm.create_document(Name="steps", Content=json.dumps({**COMMAND, "mainSteps": steps}))
    ssm.put_parameter(Name="who", Value="ann", Type="String")
    agent(code=lambda step: int(step.commands == ("false",)))
    id = run(DocumentName="steps", Parameters={"name": ["{{ssm:who}}"]})
    assert [step.commands for step in agent.steps] == [("echo ann", "true"), ("false",)]
    (found,) = ssm.list_command_invocations(CommandId=id, Details=True)["CommandInvocations"]
    assert found["Status"] == "Failed"
    assert [(each["Name"], each["Status"]) for each in found["CommandPlugins"]] == [
        ("first", "Success"),
        ("second", "Failed"),
    ]
    second = ssm.get_command_invocation(CommandId=id, InstanceId=INSTANCE, PluginName="second")
    assert second["ResponseCode"] == 1


@pytest.mark.rule("ssm-029")
@pytest.mark.aws(authorization=True)
def test_who_may_run_what_where(aws, ssm, agent, refused):
    agent()
    agent(SECOND)
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    statements = [
        {"Effect": "Allow", "Action": "ssm:SendCommand", "Resource": resource}
        for resource in (
            f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript",
            f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{INSTANCE}",
        )
    ]
    tests = {"StringEquals": {"ssm:resourceTag/Env": "test"}}
    statements.append({**statements[0], "Resource": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/*", "Condition": tests})
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    given = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["ls"]}}
    with aws.acting_as(f"arn:aws:iam::{ACCOUNT}:user/ann"):
        ssm.send_command(**given, InstanceIds=[INSTANCE])
        assert refused(ssm.send_command, **given, InstanceIds=[SECOND])[0] == "AccessDeniedException"
        agent(SECOND, tags={"Env": "test"})
        assert ssm.send_command(**given, InstanceIds=[SECOND])["Command"]["CommandId"]
        given["DocumentName"] = "AWS-UpdateSSMAgent"
        assert refused(ssm.send_command, **given, InstanceIds=[INSTANCE])[0] == "AccessDeniedException"


@pytest.mark.rule("ssm-029")
def test_cloudtrail_records_who_ran_what(aws, ssm, agent, run, client):
    agent()
    run("ls")
    aws.clock.advance(minutes=20)
    (found,) = client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "SendCommand"}]
    )["Events"]
    event = json.loads(found["CloudTrailEvent"])
    assert (event["eventSource"], event["userIdentity"]["arn"]) == (
        "ssm.amazonaws.com",
        f"arn:aws:iam::{ACCOUNT}:user/awsim",
    )


@pytest.mark.rule("events-034")
def test_a_rule_runs_a_command(ssm, agent, client, refused):
    agent(tags={"Env": "prod"})
    events = client("events")
    events.put_rule(Name="deploy", EventPattern=json.dumps({"source": ["shop"]}))
    target = {
        "Id": "1",
        "Arn": f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript",
        "RoleArn": ROLE,
        "Input": json.dumps({"commands": ["deploy"]}),
    }
    assert refused(events.put_targets, Rule="deploy", Targets=[target])[0] == "ValidationException"
    where = {"RunCommandTargets": [{"Key": "tag:Env", "Values": ["prod"]}]}
    events.put_targets(Rule="deploy", Targets=[{**target, "RunCommandParameters": where}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "released", "Detail": "{}"}])
    (command,) = ssm.list_commands()["Commands"]
    assert (command["DocumentName"], command["Parameters"]) == ("AWS-RunShellScript", {"commands": ["deploy"]})
    assert [step.commands for step in agent.steps] == [("deploy",)]
