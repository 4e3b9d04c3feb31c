"""Tasks on Fargate, what runs in them, and who starts them."""

import json

import pytest

boto3 = pytest.importorskip("boto3")
from botocore.exceptions import ClientError  # noqa: E402

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {
                    "Service": ["ecs-tasks.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"]
                },
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def role(name, *actions):
    iam = boto3.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
    return arn


@pytest.mark.rule("ecs-001", "ecs-010", "ecs-022", "ecs-023", "ecs-024", "ecs-028")
def test_a_task(client, ec2, define, run, task, network, refused):
    assert refused("ClientException", run, "none") == "TaskDefinition not found."
    define()
    told = refused("InvalidParameterException", run, networkConfiguration={})
    assert told == "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    made = run()
    assert (made["lastStatus"], made["desiredStatus"]) == ("PROVISIONING", "RUNNING")
    found = task(made["taskArn"])
    assert (found["lastStatus"], found["launchType"]) == ("RUNNING", "FARGATE")
    assert "containerInstanceArn" not in found
    assert client.list_container_instances(cluster="web")["containerInstanceArns"] == []
    (attached,) = found["attachments"]
    details = {each["name"]: each["value"] for each in attached["details"]}
    assert attached["type"] == "ElasticNetworkInterface"
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert interface["PrivateIpAddress"] == details["privateIPv4Address"]
    assert interface["SubnetId"] in network["awsvpcConfiguration"]["subnets"]
    stopped = client.stop_task(cluster="web", task=made["taskArn"], reason="enough")["task"]
    assert stopped["desiredStatus"] == "STOPPED"
    found = task(made["taskArn"])
    assert (found["lastStatus"], found["stopCode"], found["stoppedReason"]) == ("STOPPED", "UserInitiated", "enough")
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert client.list_tasks(cluster="web")["taskArns"] == []
    assert client.list_tasks(cluster="web", desiredStatus="STOPPED")["taskArns"] == [made["taskArn"]]
    refused("InvalidParameterException", client.stop_task, cluster="web", task="none")


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ecs-028")
def test_statuses_take_their_time(aws, client, define, run, task):
    define()
    arn = run()["taskArn"]
    seen = []
    for _ in range(40):
        seen.append(task(arn)["lastStatus"])
        aws.clock.advance(seconds=1)
    client.stop_task(cluster="web", task=arn)
    for _ in range(40):
        seen.append(task(arn)["lastStatus"])
        aws.clock.advance(seconds=1)
    assert list(dict.fromkeys(seen)) == [
        "PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED",
    ]  # fmt: skip


def test_stopped_tasks_are_forgotten(aws, client, define, run):
    define()
    arn = run()["taskArn"]
    client.stop_task(cluster="web", task=arn)
    aws.clock.advance(hours=2)
    assert client.describe_tasks(cluster="web", tasks=[arn])["failures"][0]["reason"] == "MISSING"


@pytest.mark.rule("ecs-027", "ecs-043", "ecs-049", "ecs-056")
def test_where_tasks_cannot_run(client, define, run, refused):
    define(networkMode=None, requiresCompatibilities=None, container={"memory": 128})
    plain = {"cluster": "web", "taskDefinition": "web"}
    told = refused("InvalidParameterException", client.run_task, **plain, launchType="EC2")
    assert told == "No Container Instances were found in your cluster."
    refused("InvalidParameterException", client.run_task, **plain)
    refused("InvalidParameterException", run)
    define()
    spread = {"type": "spread", "field": "instanceId"}
    told = refused("InvalidParameterException", run, placementStrategy=[spread])
    assert told == "Placement strategies are not supported with FARGATE launch type."
    refused("InvalidParameterException", run, placementStrategy=[spread] * 6)
    refused("InvalidParameterException", run, networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
    refused("InvalidParameterException", run, count=11)
    assert client.list_tasks(cluster="web")["taskArns"] == []


def test_the_quota_of_virtual_cpus(aws, define, run, refused):
    aws.limits["ecs.fargate-vcpus"] = 1
    define()
    run(count=4)
    told = refused("ClientException", run)
    assert told == "You've reached the limit on the number of vCPUs you can run concurrently"


# --- what runs


@pytest.mark.rule("ecs-060")
def test_code_runs_in_a_container(aws, client, define, run, task, refused):
    seen = []

    def job(context):
        import os

        seen.append((context.family, context.container, tuple(context.command), os.environ["COLOUR"]))
        return 3

    aws.containers["job"] = job
    define("job", container={"environment": [{"name": "COLOUR", "value": "red"}], "command": ["go"]})
    found = task(run("job")["taskArn"])
    assert seen == [("job", "app", ("go",), "red")]
    assert (found["lastStatus"], found["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert found["stoppedReason"] == "Essential container in task exited"
    assert found["containers"][0]["exitCode"] == 3
    over = {
        "containerOverrides": [
            {"name": "app", "command": ["stop"], "environment": [{"name": "COLOUR", "value": "blue"}]}
        ]
    }
    shown = task(run("job", overrides=over)["taskArn"])
    assert seen[1] == ("job", "app", ("stop",), "blue")
    assert shown["overrides"]["containerOverrides"][0]["command"] == ["stop"]
    refused("InvalidParameterException", run, "job", overrides={"containerOverrides": [{"name": "none"}]})

    def broken(context):
        raise ValueError("no")

    aws.containers["job/app"] = broken
    found = task(run("job")["taskArn"])
    assert (found["containers"][0]["exitCode"], found["containers"][0]["reason"]) == (1, "ValueError: no")


@pytest.mark.aws(authorization=True)
@pytest.mark.rule("ecs-062", "ecs-060")
def test_a_task_acts_as_its_role(aws, client, define, run, task):
    reader, nobody = role("reader", "s3:ListAllMyBuckets"), role("nobody")
    seen = []

    def job(context):
        try:
            boto3.client("s3", region_name="us-east-1").list_buckets()
        except ClientError as error:
            seen.append(error.response["Error"]["Code"])
            return
        seen.append(boto3.client("sts", region_name="us-east-1").get_caller_identity()["Arn"])

    aws.containers["job"] = job
    define("job", taskRoleArn=reader)
    made = run("job")
    id_ = made["taskArn"].rpartition("/")[2]
    task(made["taskArn"])
    run("job", overrides={"taskRoleArn": nobody})
    assert seen == [f"arn:aws:sts::123456789012:assumed-role/reader/{id_}", "AccessDenied"]
    define("job")
    run("job")
    assert seen[-1] == "AccessDenied"  # without a role nobody


@pytest.mark.rule("ecs-018")
def test_logs(aws, client, define, run, task):
    logs = boto3.client("logs", region_name="us-east-1")
    driver = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"},
    }
    execution = role("execution")
    define(container={"logConfiguration": driver}, executionRoleArn=execution)
    lost = task(run()["taskArn"])
    assert (lost["lastStatus"], lost["stopCode"]) == ("STOPPED", "TaskFailedToStart")
    assert lost["stoppedReason"].startswith("ResourceInitializationError: failed to validate logger args")
    logs.create_log_group(logGroupName="/web")
    arn = run()["taskArn"]
    assert task(arn)["lastStatus"] == "RUNNING"
    (stream,) = logs.describe_log_streams(logGroupName="/web")["logStreams"]
    assert stream["logStreamName"] == f"ecs/app/{arn.rpartition('/')[2]}"


def test_events(aws, client, define, run):
    events, sqs = (boto3.client(name, region_name="us-east-1") for name in ("events", "sqs"))
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:told"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}
    events.put_rule(Name="tasks", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="tasks", Targets=[{"Id": "1", "Arn": arn}])
    define()
    made = run()["taskArn"]
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    details = [json.loads(each["Body"])["detail"] for each in messages]
    assert [each["lastStatus"] for each in details] == ["PROVISIONING", "PENDING", "RUNNING"]
    assert {each["taskArn"] for each in details} == {made}
    assert details[-1]["startedAt"].endswith("Z")


# --- who starts tasks


def target(client, arn, network):
    subnets = network["awsvpcConfiguration"]["subnets"]
    return {
        "Arn": client.describe_clusters(clusters=["web"])["clusters"][0]["clusterArn"],
        "RoleArn": arn,
        "EcsParameters": {
            "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web",
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": subnets}},
        },
    }


@pytest.mark.aws(authorization=True)
@pytest.mark.rule("events-032")
def test_a_rule_on_events_starts_a_task(aws, client, define, network):
    events = boto3.client("events", region_name="us-east-1")
    define()
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    arn = role("starts", "ecs:RunTask", "iam:PassRole")
    events.put_targets(Rule="orders", Targets=[{"Id": "1", **target(client, arn, network)}])
    events.put_events(Entries=[{"Source": "other", "DetailType": "x", "Detail": "{}"}])
    assert client.list_tasks(cluster="web")["taskArns"] == []
    events.put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    (made,) = client.list_tasks(cluster="web")["taskArns"]
    (found,) = client.describe_tasks(cluster="web", tasks=[made])["tasks"]
    assert found["startedBy"] == "events-rule/orders"


@pytest.mark.aws(at="2026-01-01T00:00:00+00:00")
@pytest.mark.rule("events-033")
def test_a_rule_on_a_schedule_starts_tasks_again_and_again(aws, client, define, network):
    events = boto3.client("events", region_name="us-east-1")
    define()
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    arn = role("starts", "ecs:RunTask")
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", **target(client, arn, network)}])
    for hours in range(1, 4):
        aws.clock.advance(hours=1)
        assert len(client.list_tasks(cluster="web")["taskArns"]) == hours


@pytest.mark.aws(at="2026-01-01T00:00:00+00:00")
def test_the_scheduler_starts_a_task_with_overrides(aws, client, define, network):
    scheduler = boto3.client("scheduler", region_name="us-east-1")
    define()
    seen = []
    aws.containers["web"] = lambda context: seen.append(tuple(context.command))
    arn = role("starts", "ecs:RunTask")
    given = target(client, arn, network)
    given["Input"] = json.dumps({"containerOverrides": [{"name": "app", "command": ["nightly"]}]})
    scheduler.create_schedule(
        Name="nightly", ScheduleExpression="at(2026-01-01T03:00:00)", FlexibleTimeWindow={"Mode": "OFF"},
        Target=given,
    )  # fmt: skip
    aws.clock.advance(hours=4)
    assert seen == [("nightly",)]
