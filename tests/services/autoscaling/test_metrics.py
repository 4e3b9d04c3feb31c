"""What groups show in CloudWatch."""

from datetime import timedelta

import boto3
import pytest


@pytest.fixture
def cloudwatch(aws):
    return boto3.client("cloudwatch", region_name="us-east-1")


@pytest.fixture
def values(aws, cloudwatch):
    def values(name, minutes=10):
        now = aws.clock.now()
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/AutoScaling", MetricName=name, Statistics=["Average"], Period=60,
            Dimensions=[{"Name": "AutoScalingGroupName", "Value": "web"}],
            StartTime=now - timedelta(minutes=minutes), EndTime=now,
        )  # fmt: skip
        return [each["Average"] for each in sorted(answer["Datapoints"], key=lambda each: each["Timestamp"])]

    return values


def test_a_group_shows_its_size_when_it_is_asked_to(aws, client, create, cloudwatch, values):
    create(least=1, most=3, DesiredCapacity=2)
    aws.clock.advance(minutes=5)
    assert cloudwatch.list_metrics(Namespace="AWS/AutoScaling")["Metrics"] == []
    client.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute")
    aws.clock.advance(minutes=5)
    assert values("GroupMinSize")[-1] == 1
    assert values("GroupMaxSize")[-1] == 3
    assert values("GroupDesiredCapacity")[-1] == values("GroupInServiceInstances")[-1] == 2
    assert values("GroupTotalInstances")[-1] == 2
    assert values("GroupPendingInstances")[-1] == 0


def test_what_changed_before_anybody_looked(aws, client, create, values):
    create(least=0, most=3, DesiredCapacity=1)
    client.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute")
    aws.clock.advance(minutes=10)
    client.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    aws.clock.advance(minutes=10)
    client.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=0)
    aws.clock.advance(minutes=10)
    seen = values("GroupInServiceInstances", 30)
    assert seen[5] == 1
    assert seen[15] == 3
    assert seen[-1] == 0


def test_some_metrics(aws, client, create, cloudwatch, values):
    create(least=1)
    client.enable_metrics_collection(
        AutoScalingGroupName="web", Granularity="1Minute", Metrics=["GroupMinSize", "GroupMaxSize"]
    )
    aws.clock.advance(minutes=3)
    names = [each["MetricName"] for each in cloudwatch.list_metrics(Namespace="AWS/AutoScaling")["Metrics"]]
    assert sorted(names) == ["GroupMaxSize", "GroupMinSize"]
    client.disable_metrics_collection(AutoScalingGroupName="web", Metrics=["GroupMinSize"])
    before = len(values("GroupMinSize", 60))
    aws.clock.advance(minutes=10)
    assert len(values("GroupMinSize", 60)) == before
    assert len(values("GroupMaxSize", 60)) > before
