"""What instances show, and what alarms do with them."""

from datetime import timedelta

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:00")


@pytest.fixture
def ec2(aws):
    return boto3.client("ec2", region_name="us-east-1")


@pytest.fixture
def instance(aws, ec2):
    (image,) = ec2.describe_images(Owners=["amazon"])["Images"][:1]
    answer = ec2.run_instances(ImageId=image["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1)
    aws.clock.advance(seconds=1)
    return answer["Instances"][0]["InstanceId"]


@pytest.fixture
def state(ec2, instance):
    def read():
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return found["State"]["Name"]

    return read


@pytest.mark.rule("cloudwatch-001", "cloudwatch-010")
def test_what_is_there_after_a_launch(aws, cloudwatch, instance):
    aws.clock.advance(minutes=5)
    listed = cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"]
    names = {metric["MetricName"] for metric in listed}
    assert names >= {
        "CPUUtilization", "DiskReadOps", "DiskWriteOps", "NetworkIn", "NetworkOut", "StatusCheckFailed",
    }  # fmt: skip
    assert all(metric["Dimensions"] == [{"Name": "InstanceId", "Value": instance}] for metric in listed)


@pytest.mark.rule("cloudwatch-013")
def test_memory_is_not_among_them(aws, cloudwatch, instance):
    names = {metric["MetricName"].lower() for metric in cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"]}
    assert not any("mem" in name or "swap" in name for name in names)


def times(cloudwatch, aws, instance, name="CPUUtilization"):
    now = aws.clock.now()
    answer = cloudwatch.get_metric_statistics(
        Namespace="AWS/EC2", MetricName=name, Dimensions=[{"Name": "InstanceId", "Value": instance}],
        StartTime=now - timedelta(minutes=15), EndTime=now, Period=60, Statistics=["Average"],
    )  # fmt: skip
    return sorted(f"{point['Timestamp']:%H:%M}" for point in answer["Datapoints"])


@pytest.mark.rule("cloudwatch-011", "cloudwatch-012", "ec2-124")
def test_every_five_minutes_or_every_minute(aws, cloudwatch, ec2, instance):
    aws.clock.advance(minutes=15)
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert found["Monitoring"]["State"] == "disabled"
    assert times(cloudwatch, aws, instance) == ["12:00", "12:05", "12:10", "12:15"]
    assert len(times(cloudwatch, aws, instance, "StatusCheckFailed")) > 10
    ec2.monitor_instances(InstanceIds=[instance])
    aws.clock.advance(minutes=15)
    assert times(cloudwatch, aws, instance)[-3:] == ["12:28", "12:29", "12:30"]
    assert len(times(cloudwatch, aws, instance)) >= 14


def test_a_stopped_instance_shows_nothing(aws, cloudwatch, ec2, instance):
    cloudwatch.list_metrics(Namespace="AWS/EC2")
    ec2.stop_instances(InstanceIds=[instance])
    aws.clock.advance(minutes=1)
    cloudwatch.list_metrics(Namespace="AWS/EC2")
    aws.clock.advance(minutes=30)
    assert times(cloudwatch, aws, instance) == []


def load(aws, instance, value, name="CPUUtilization", unit="Percent"):
    datum = {
        "MetricName": name, "Value": value, "Unit": unit, "Dimensions": [{"Name": "InstanceId", "Value": instance}]
    }  # fmt: skip
    aws.call("cloudwatch", "PutMetricData", caller="ec2.amazonaws.com", Namespace="AWS/EC2", MetricData=[datum])


@pytest.mark.rule("cloudwatch-038")
@pytest.mark.parametrize(
    ("action", "name", "after"),
    [
        ("stop", "CPUUtilization", "stopped"),
        ("terminate", "CPUUtilization", "terminated"),
        ("reboot", "StatusCheckFailed_Instance", "running"),
        ("recover", "StatusCheckFailed_System", "running"),
    ],
)
def test_alarms_act_on_instances(aws, cloudwatch, alarm, instance, state, refused, action, name, after):
    arn = f"arn:aws:automate:us-east-1:ec2:{action}"
    watched = {"Namespace": "AWS/EC2", "MetricName": name, "Statistic": "Maximum", "Threshold": 0.5}
    show = alarm(**watched, AlarmActions=[arn], Dimensions=[{"Name": "InstanceId", "Value": instance}])
    load(aws, instance, 1, name, "Percent" if name == "CPUUtilization" else "Count")
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    aws.clock.advance(seconds=1)
    assert state() == after
    items = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert items[-1]["HistorySummary"] == f"Successfully executed action {arn}"
    with refused("ValidationError"):
        alarm("other", **watched, AlarmActions=[arn])


@pytest.mark.rule("cloudwatch-037")
def test_an_alarm_runs_a_scaling_policy(aws, cloudwatch, ec2, alarm, put):
    scaling = boto3.client("autoscaling", region_name="us-east-1")
    (image,) = ec2.describe_images(Owners=["amazon"])["Images"][:1]
    data = {"ImageId": image["ImageId"], "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web"},
        MinSize=1,
        MaxSize=5,
        DesiredCapacity=1,
        AvailabilityZones=["us-east-1a"],
    )
    policy = scaling.put_scaling_policy(
        AutoScalingGroupName="web", PolicyName="more", AdjustmentType="ChangeInCapacity", ScalingAdjustment=2
    )["PolicyARN"]

    def desired():
        return scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["DesiredCapacity"]

    alarm(MetricName="Backlog", AlarmActions=[policy])
    aws.clock.advance(minutes=10)
    put(50, "Backlog")
    aws.clock.advance(minutes=1)
    assert desired() == 3
    items = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert items[-1]["HistorySummary"] == f"Successfully executed action {policy}"


# --- volumes


def volume_metrics(cloudwatch, volume):
    found = cloudwatch.list_metrics(Namespace="AWS/EBS", Dimensions=[{"Name": "VolumeId", "Value": volume}])["Metrics"]
    return {metric["MetricName"] for metric in found}


@pytest.mark.rule("ec2-229")
@pytest.mark.parametrize(("size", "bursts"), [(999, True), (1000, False)])
def test_small_volumes_have_credits(aws, cloudwatch, ec2, instance, size, bursts):
    zone = ec2.describe_instances()["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=size, VolumeType="gp2")["VolumeId"]
    aws.clock.advance(minutes=5)
    assert volume_metrics(cloudwatch, volume) == set()
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    aws.clock.advance(minutes=5)
    assert "VolumeIdleTime" in volume_metrics(cloudwatch, volume)
    assert ("BurstBalance" in volume_metrics(cloudwatch, volume)) is bursts
