"""A client, a cluster, a network, and definitions in one line."""

import pytest

boto3 = pytest.importorskip("boto3")
from botocore.exceptions import ClientError  # noqa: E402

FARGATE = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}


@pytest.fixture
def client(aws):
    aws.limits["ecs.fargate-vcpus"] = 1000
    client = boto3.client("ecs", region_name="us-east-1")
    client.create_cluster(clusterName="web")
    return client


@pytest.fixture
def ec2(aws):
    return boto3.client("ec2", region_name="us-east-1")


@pytest.fixture
def network(ec2):
    found = ec2.describe_subnets()["Subnets"]
    return {"awsvpcConfiguration": {"subnets": [each["SubnetId"] for each in found[:2]]}}


@pytest.fixture
def define(client):
    """Registers a task definition for Fargate with one container, "app"."""

    def define(family="web", container=None, **given):
        app = {"name": "app", "image": "nginx", **(container or {})}
        wanted = {"family": family, **FARGATE, "containerDefinitions": [app], **given}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        return client.register_task_definition(**wanted)["taskDefinition"]

    return define


@pytest.fixture
def run(client, network):
    """Runs a task on Fargate and gives it as the answer has it."""

    def run(definition="web", **given):
        wanted = {"cluster": "web", "launchType": "FARGATE", "networkConfiguration": network, **given}
        (task, *_) = client.run_task(taskDefinition=definition, **wanted)["tasks"]
        return task

    return run


@pytest.fixture
def task(client):
    """A task as it is now."""

    def task(arn):
        (found,) = client.describe_tasks(cluster="web", tasks=[arn])["tasks"]
        return found

    return task


@pytest.fixture
def serve(client, network, define):
    """Makes the service "site" of the family "web"."""

    def serve(count=2, **given):
        define()
        wanted = {
            "cluster": "web", "serviceName": "site", "taskDefinition": "web", "desiredCount": count,
            "launchType": "FARGATE", "networkConfiguration": network, **given,
        }  # fmt: skip
        return client.create_service(**{name: value for name, value in wanted.items() if value is not None})["service"]

    return serve


@pytest.fixture
def service(client):
    """The service "site" as it is now."""

    def service():
        (found,) = client.describe_services(cluster="web", services=["site"])["services"]
        return found

    return service


@pytest.fixture
def refused():
    def refused(code, call, *args, **parameters):
        with pytest.raises(ClientError) as caught:
            call(*args, **parameters)
        assert caught.value.response["Error"]["Code"] == code, caught.value
        return caught.value.response["Error"]["Message"]

    return refused
