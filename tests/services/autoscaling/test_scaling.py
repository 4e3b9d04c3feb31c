"""Policies, cooldowns, schedules, hooks and notifications."""

import json
from datetime import UTC, datetime, timedelta

import pytest

boto3 = pytest.importorskip("boto3")

WEB = {"AutoScalingGroupName": "web"}
HOOK = {"LifecycleHookName": "wait", **WEB}
LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"


@pytest.fixture
def cloudwatch(aws):
    return boto3.client("cloudwatch", region_name="us-east-1")


@pytest.fixture
def simple(client):
    def simple(name="more", change=1, **more):
        given = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": change, **more}
        return client.put_scaling_policy(**WEB, PolicyName=name, **given)["PolicyARN"]

    return simple


def alarm(cloudwatch, name, policy, **given):
    settings = {
        "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 70.0, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    cloudwatch.put_metric_alarm(AlarmName=name, AlarmActions=[policy], **{**settings, **given})


def ring(cloudwatch, name):
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")


@pytest.mark.rule("autoscaling-032", "autoscaling-034", "autoscaling-035", "autoscaling-053")
def test_simple_policies(client, create, group, simple, refused):
    refused(simple)
    create(1, 4)
    arn = simple(change=2)
    assert ":scalingPolicy:" in arn
    (found,) = client.describe_policies(**WEB)["ScalingPolicies"]
    assert (found["PolicyARN"], found["PolicyType"], found["ScalingAdjustment"]) == (arn, "SimpleScaling", 2)
    client.execute_policy(**WEB, PolicyName="more")
    assert group()["DesiredCapacity"] == 3
    client.execute_policy(PolicyName=arn)
    assert group()["DesiredCapacity"] == 4
    simple("less", -1)
    client.execute_policy(**WEB, PolicyName="less")
    assert len(group()["Instances"]) == 3
    simple("exact", 2, AdjustmentType="ExactCapacity")
    client.execute_policy(**WEB, PolicyName="exact")
    assert group()["DesiredCapacity"] == 2
    simple("half", 50, AdjustmentType="PercentChangeInCapacity")
    client.execute_policy(**WEB, PolicyName="half")
    assert group()["DesiredCapacity"] == 3
    refused(simple, AdjustmentType="Doubling")
    kept = client.describe_adjustment_types()["AdjustmentTypes"]
    assert [each["AdjustmentType"] for each in kept] == [
        "ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity",
    ]  # fmt: skip
    client.delete_policy(**WEB, PolicyName="more")
    refused(client.execute_policy, **WEB, PolicyName="more")


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.rule("autoscaling-051", "autoscaling-052", "autoscaling-053", "autoscaling-054")
def test_cooldowns(aws, client, create, group, simple, refused):
    create(1, 9)
    simple()
    honoured = {**WEB, "PolicyName": "more", "HonorCooldown": True}
    client.execute_policy(**honoured)
    refused(client.execute_policy, code="ScalingActivityInProgress", **honoured)
    refused(client.set_desired_capacity, code="ScalingActivityInProgress", **WEB, DesiredCapacity=3, HonorCooldown=True)
    assert group()["DesiredCapacity"] == 2
    aws.clock.advance(seconds=300)
    client.execute_policy(**honoured)
    aws.clock.advance(seconds=300)
    simple(Cooldown=180)
    assert client.describe_policies()["ScalingPolicies"][0]["Cooldown"] == 180
    client.execute_policy(**honoured)
    aws.clock.advance(seconds=179)
    refused(client.execute_policy, code="ScalingActivityInProgress", **honoured)
    aws.clock.advance(seconds=1)
    client.execute_policy(**honoured)
    assert group()["DesiredCapacity"] == 5
    refused(
        client.put_scaling_policy, **WEB, PolicyName="steps", PolicyType="StepScaling", Cooldown=60,
        AdjustmentType="ChangeInCapacity", StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    )  # fmt: skip


@pytest.mark.rule("autoscaling-033", "autoscaling-036", "autoscaling-037")
def test_alarms_run_policies(client, cloudwatch, create, group, simple):
    create(1, 5, DefaultCooldown=0)
    more, less = simple(), simple("less", -1)
    alarm(cloudwatch, "busy", more)
    alarm(cloudwatch, "idle", less, Threshold=30.0, ComparisonOperator="LessThanThreshold")
    listed = {each["PolicyName"]: each["Alarms"] for each in client.describe_policies()["ScalingPolicies"]}
    assert [each["AlarmName"] for each in listed["more"]] == ["busy"]
    ring(cloudwatch, "busy")
    assert (group()["DesiredCapacity"], len(group()["Instances"])) == (2, 2)
    (newest, *_) = client.describe_scaling_activities(**WEB)["Activities"]
    assert "a monitor alarm busy in state ALARM triggered policy more changing the desired capacity" in newest["Cause"]
    ring(cloudwatch, "idle")
    assert len(group()["Instances"]) == 1


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.rule("sqs-098", "autoscaling-033")
def test_the_length_of_a_queue_scales_its_consumers(aws, client, cloudwatch, create, group, simple):
    sqs = boto3.client("sqs", region_name="us-east-1")
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    create(1, 3, DefaultCooldown=0)
    metric = {
        "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 5.0,
        "Dimensions": [{"Name": "QueueName", "Value": "jobs"}], "Period": 300,
    }  # fmt: skip
    alarm(cloudwatch, "backlog", simple(), **metric)
    alarm(cloudwatch, "empty", simple("less", -1), **metric | {"ComparisonOperator": "LessThanOrEqualToThreshold"})
    for number in range(10):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    aws.clock.advance(minutes=30)
    assert group()["DesiredCapacity"] > 1
    sqs.purge_queue(QueueUrl=queue)
    aws.clock.advance(hours=1)
    assert group()["DesiredCapacity"] == 1


STEPS = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 3},
]


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.rule("autoscaling-038", "autoscaling-039", "autoscaling-040")
def test_step_policies(aws, client, create, group, refused):
    create(1, 20)
    wanted = {**WEB, "PolicyName": "steps", "PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity"}
    refused(client.put_scaling_policy, **wanted)
    refused(client.put_scaling_policy, **wanted, StepAdjustments=[])
    overlapping = [{**STEPS[0], "MetricIntervalUpperBound": 11}, STEPS[1]]
    refused(client.put_scaling_policy, **wanted, StepAdjustments=overlapping)
    client.put_scaling_policy(**wanted, StepAdjustments=STEPS, EstimatedInstanceWarmup=300)
    assert client.describe_policies()["ScalingPolicies"][0]["EstimatedInstanceWarmup"] == 300
    execute = {**WEB, "PolicyName": "steps", "BreachThreshold": 50.0}
    refused(client.execute_policy, **execute, MetricValue=49.0)
    refused(client.execute_policy, **WEB, PolicyName="steps")
    client.execute_policy(**execute, MetricValue=55.0)
    assert group()["DesiredCapacity"] == 2
    client.execute_policy(**execute, MetricValue=55.0)
    assert group()["DesiredCapacity"] == 2  # the new one warms up
    client.execute_policy(**execute, MetricValue=60.0)
    assert group()["DesiredCapacity"] == 4
    aws.clock.advance(seconds=301)
    client.execute_policy(**execute, MetricValue=55.0)
    assert group()["DesiredCapacity"] == 5


def tracking(**given):
    return {"PolicyName": "track", "PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": given}


OWN = {"Namespace": "App", "MetricName": "Users", "Statistic": "Average"}


@pytest.mark.rule("autoscaling-042", "autoscaling-043", "autoscaling-044", "autoscaling-045", "autoscaling-046")
@pytest.mark.rule("autoscaling-047")
def test_target_tracking_makes_alarms(client, cloudwatch, create, refused):
    create()
    for kind in ("ASGAverageNetworkIn", "ASGAverageNetworkOut", "ASGAverageCPUUtilization"):
        policy = tracking(TargetValue=40.0, PredefinedMetricSpecification={"PredefinedMetricType": kind})
        made = client.put_scaling_policy(**WEB, **policy)
        (found,) = client.describe_policies()["ScalingPolicies"]
        kept = found["TargetTrackingConfiguration"]
        assert kept["PredefinedMetricSpecification"]["PredefinedMetricType"] == kind
    names = sorted(each["AlarmName"] for each in cloudwatch.describe_alarms()["MetricAlarms"])
    assert names == sorted(each["AlarmName"] for each in made["Alarms"])
    assert [name.rpartition("-Alarm")[2].split("-")[0] for name in names] == ["High", "Low"]
    assert names[0].startswith("TargetTracking-web-AlarmHigh-")
    refused(client.put_scaling_policy, **WEB, **tracking(TargetValue=1.0))
    both = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
    refused(client.put_scaling_policy, **WEB, **tracking(TargetValue=1.0, CustomizedMetricSpecification=OWN, **both))
    load = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"}}
    refused(client.put_scaling_policy, **WEB, **tracking(TargetValue=1.0, **load))
    client.put_scaling_policy(**WEB, **tracking(TargetValue=1.0, CustomizedMetricSpecification=OWN))
    client.delete_policy(**WEB, PolicyName="track")
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.rule("autoscaling-041", "autoscaling-047", "autoscaling-048")
@pytest.mark.parametrize("stays", [False, True])
def test_target_tracking_follows_its_metric(aws, client, cloudwatch, create, group, stays):
    create(1, 10, DesiredCapacity=2, DefaultInstanceWarmup=0)
    policy = tracking(TargetValue=50.0, CustomizedMetricSpecification=OWN, DisableScaleIn=stays)
    client.put_scaling_policy(**WEB, **policy)

    def measure(value, minutes):
        for _ in range(minutes):
            cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Users", "Value": value}])
            aws.clock.advance(minutes=1)

    measure(100.0, 6)
    high = group()["DesiredCapacity"]
    assert high >= 4
    measure(1.0, 25)
    assert (group()["DesiredCapacity"] >= high) == stays


# --- schedules


@pytest.mark.aws(at="2026-01-01T00:00:00+00:00")
@pytest.mark.rule("autoscaling-055", "autoscaling-056")
def test_scheduled_actions(aws, client, create, group, refused):
    create(1, 20)
    action = {**WEB, "ScheduledActionName": "weekend", "Recurrence": "0 17 * * 5", "MinSize": 10}
    client.put_scheduled_update_group_action(**action)
    (found,) = client.describe_scheduled_actions(**WEB)["ScheduledUpdateGroupActions"]
    assert found["StartTime"] == datetime(2026, 1, 2, 17, tzinfo=UTC)
    aws.clock.advance_to("2026-01-02T16:59:59+00:00")
    assert group()["MinSize"] == 1
    aws.clock.advance(seconds=1)
    assert (group()["MinSize"], len(group()["Instances"])) == (10, 10)
    start = aws.clock.now() + timedelta(days=1)
    once = {**WEB, "StartTime": start, "DesiredCapacity": 12}
    client.put_scheduled_update_group_action(ScheduledActionName="once", **once)
    refused(client.put_scheduled_update_group_action, code="AlreadyExists", ScheduledActionName="twice", **once)
    aws.clock.advance(days=1)
    assert group()["DesiredCapacity"] == 12
    names = [each["ScheduledActionName"] for each in client.describe_scheduled_actions()["ScheduledUpdateGroupActions"]]
    assert names == ["weekend"]
    refused(client.put_scheduled_update_group_action, **{**action, "Recurrence": "every day"})
    client.delete_scheduled_action(**WEB, ScheduledActionName="weekend")
    refused(client.delete_scheduled_action, **WEB, ScheduledActionName="weekend")


# --- hooks


@pytest.mark.aws(at="2026-01-01")
def test_a_hook_holds_a_new_instance(aws, client, create, group, states, refused):
    create(0, 2)
    client.put_lifecycle_hook(**HOOK, LifecycleTransition=LAUNCHING, HeartbeatTimeout=60)
    (hook,) = client.describe_lifecycle_hooks(**WEB)["LifecycleHooks"]
    assert (hook["DefaultResult"], hook["GlobalTimeout"]) == ("ABANDON", 6000)
    client.set_desired_capacity(**WEB, DesiredCapacity=1)
    assert states() == ["Pending:Wait"]
    (member,) = group()["Instances"]
    aws.clock.advance(seconds=50)
    client.record_lifecycle_action_heartbeat(**HOOK, InstanceId=member["InstanceId"])
    aws.clock.advance(seconds=50)
    assert states() == ["Pending:Wait"]
    complete = {**HOOK, "InstanceId": member["InstanceId"]}
    client.complete_lifecycle_action(**complete, LifecycleActionResult="CONTINUE")
    assert states() == ["InService"]
    refused(client.complete_lifecycle_action, **complete, LifecycleActionResult="CONTINUE")
    client.set_desired_capacity(**WEB, DesiredCapacity=2)
    aws.clock.advance(seconds=61)
    replaced = [each["InstanceId"] for each in group()["Instances"]]
    aws.clock.advance(seconds=61)
    assert [each["InstanceId"] for each in group()["Instances"]] != replaced  # abandoned, and tried again


@pytest.mark.aws(at="2026-01-01")
def test_a_hook_holds_an_instance_that_goes(aws, ec2, client, create, states):
    create(0, 1, DesiredCapacity=1)
    client.put_lifecycle_hook(**HOOK, LifecycleTransition=TERMINATING, DefaultResult="CONTINUE")
    client.set_desired_capacity(**WEB, DesiredCapacity=0)
    assert states() == ["Terminating:Wait"]
    (reservation,) = ec2.describe_instances()["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "running"
    aws.clock.advance(hours=1)
    assert states() == []


def test_who_hears_of_a_hook(aws, client, create, group):
    sqs = boto3.client("sqs", region_name="us-east-1")
    queue = sqs.create_queue(QueueName="hooks")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:hooks"
    trust = {"Effect": "Allow", "Principal": {"Service": "autoscaling.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = boto3.client("iam").create_role(
        RoleName="hooks", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    create(0, 1)
    client.put_lifecycle_hook(
        **HOOK, LifecycleTransition=LAUNCHING, NotificationTargetARN=arn, RoleARN=role, NotificationMetadata="hi"
    )
    client.set_desired_capacity(**WEB, DesiredCapacity=1)
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    test, told = sorted((json.loads(each["Body"]) for each in messages), key=lambda body: "EC2InstanceId" in body)
    assert test["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert (told["LifecycleTransition"], told["NotificationMetadata"]) == (LAUNCHING, "hi")
    client.complete_lifecycle_action(
        **HOOK, LifecycleActionToken=told["LifecycleActionToken"], LifecycleActionResult="CONTINUE"
    )
    assert group()["Instances"][0]["LifecycleState"] == "InService"


@pytest.mark.rule("autoscaling-058")
def test_notifications(aws, client, create, group, refused):
    sns, sqs = (boto3.client(name, region_name="us-east-1") for name in ("sns", "sqs"))
    topic = sns.create_topic(Name="scaling")["TopicArn"]
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:told"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    create(0, 1)
    events = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
    refused(client.put_notification_configuration, **WEB, TopicARN=f"{topic}x", NotificationTypes=events)
    client.put_notification_configuration(**WEB, TopicARN=topic, NotificationTypes=events)
    client.set_desired_capacity(**WEB, DesiredCapacity=1)
    (member,) = group()["Instances"]
    client.set_desired_capacity(**WEB, DesiredCapacity=0)
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(each["Body"]) for each in messages]
    assert [each["Event"] for each in bodies] == ["autoscaling:TEST_NOTIFICATION", *events]
    assert [each["EC2InstanceId"] for each in bodies[1:]] == [member["InstanceId"]] * 2


@pytest.mark.aws(authorization=True)
def test_the_service_linked_role_does_it(aws, client, create, group):
    create(1, 1)
    assert len(group()["Instances"]) == 1
    roles = [each["RoleName"] for each in boto3.client("iam").list_roles()["Roles"]]
    assert "AWSServiceRoleForAutoScaling" in roles
    (launch,) = [each for call in aws.calls for each in call.caused if each.operation == "RunInstances"]
    assert "AWSServiceRoleForAutoScaling" in launch.caller
