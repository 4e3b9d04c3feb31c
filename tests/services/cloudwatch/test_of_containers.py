"""What clusters, services and tasks show."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:00")
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SERVICE = [{"Name": "ClusterName", "Value": "c"}, {"Name": "ServiceName", "Value": "web"}]


@pytest.fixture
def cloudwatch(aws):
    return boto3.client("cloudwatch", region_name="us-east-1")


@pytest.fixture
def ecs(aws):
    client = boto3.client("ecs", region_name="us-east-1")
    client.create_cluster(clusterName="c", settings=[{"name": "containerInsights", "value": "enabled"}])
    client.register_task_definition(
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "nginx"}],
    )
    return client


@pytest.fixture
def network(aws):
    ec2 = boto3.client("ec2", region_name="us-east-1")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    return {"awsvpcConfiguration": {"subnets": [subnet]}}


@pytest.fixture
def service(aws, ecs, network):
    ecs.create_service(
        cluster="c", serviceName="web", taskDefinition="web", desiredCount=2, launchType="FARGATE",
        networkConfiguration=network,
    )  # fmt: skip
    aws.clock.advance(minutes=5)
    return "web"


def _values(cloudwatch, namespace, name, dimensions, minutes=60):
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName=name, Dimensions=dimensions, StartTime=START,
        EndTime=START + timedelta(minutes=minutes), Period=60, Statistics=["Maximum"],
    )  # fmt: skip
    return [point["Maximum"] for point in sorted(found["Datapoints"], key=lambda each: each["Timestamp"])]


@pytest.mark.rule("cloudwatch-019")
def test_processor_and_memory_of_a_service(cloudwatch, service):
    found = cloudwatch.list_metrics(Namespace="AWS/ECS")["Metrics"]
    assert [(each["MetricName"], each["Dimensions"]) for each in found] == [
        ("CPUUtilization", SERVICE),
        ("MemoryUtilization", SERVICE),
    ]
    values = _values(cloudwatch, "AWS/ECS", "CPUUtilization", SERVICE)
    assert values and set(values) == {0}


def test_load_is_sent_by_whoever_wants_some(aws, cloudwatch, service):
    aws.call(
        "cloudwatch", "PutMetricData", caller="ecs.amazonaws.com", Namespace="AWS/ECS",
        MetricData=[{"MetricName": "CPUUtilization", "Dimensions": SERVICE, "Value": 80, "Unit": "Percent"}],
    )  # fmt: skip
    assert max(_values(cloudwatch, "AWS/ECS", "CPUUtilization", SERVICE)) == 80


def test_a_service_without_tasks_shows_nothing_more(aws, ecs, cloudwatch, service):
    ecs.update_service(cluster="c", service="web", desiredCount=0)
    aws.clock.advance(minutes=10)
    before = len(_values(cloudwatch, "AWS/ECS", "CPUUtilization", SERVICE))
    aws.clock.advance(minutes=10)
    assert len(_values(cloudwatch, "AWS/ECS", "CPUUtilization", SERVICE)) == before > 3


@pytest.mark.rule("cloudwatch-020")
def test_container_insights(cloudwatch, service):
    found = cloudwatch.list_metrics(Namespace="ECS/ContainerInsights")["Metrics"]
    named = {(each["MetricName"], tuple(one["Name"] for one in each["Dimensions"])) for each in found}
    for dimensions in (("ClusterName",), ("ClusterName", "ServiceName"), ("ClusterName", "TaskDefinitionFamily")):
        assert {("CpuUtilized", dimensions), ("MemoryUtilized", dimensions)} <= named
    assert _values(cloudwatch, "ECS/ContainerInsights", "RunningTaskCount", SERVICE)[-1] == 2
    assert _values(cloudwatch, "ECS/ContainerInsights", "DesiredTaskCount", SERVICE)[-1] == 2
    assert _values(cloudwatch, "ECS/ContainerInsights", "CpuReserved", SERVICE)[-1] == 256
    assert _values(cloudwatch, "ECS/ContainerInsights", "MemoryReserved", SERVICE[:1])[-1] == 512
    assert _values(cloudwatch, "ECS/ContainerInsights", "TaskCount", SERVICE[:1])[-1] == 2


def test_a_task_that_came_and_went_unseen_was_there(aws, ecs, network, cloudwatch):
    task = ecs.run_task(cluster="c", taskDefinition="web", launchType="FARGATE", networkConfiguration=network)["tasks"]
    aws.clock.advance(minutes=5)
    ecs.stop_task(cluster="c", task=task[0]["taskArn"])
    aws.clock.advance(minutes=10)
    counts = _values(cloudwatch, "ECS/ContainerInsights", "TaskCount", SERVICE[:1])
    assert counts[-1] == 0
    assert 1 in counts


def test_container_insights_are_asked_for(aws, ecs, service, cloudwatch):
    ecs.update_cluster_settings(cluster="c", settings=[{"name": "containerInsights", "value": "disabled"}])
    before = len(_values(cloudwatch, "ECS/ContainerInsights", "TaskCount", SERVICE[:1], 600))
    aws.clock.advance(hours=1)
    assert len(_values(cloudwatch, "ECS/ContainerInsights", "TaskCount", SERVICE[:1], 600)) <= before + 1
    assert len(_values(cloudwatch, "AWS/ECS", "CPUUtilization", SERVICE, 600)) > 50
