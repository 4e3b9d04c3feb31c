"""Clusters, task definitions, capacity providers."""

import pytest

boto3 = pytest.importorskip("boto3")


@pytest.mark.rule("ecs-002", "ecs-003")
def test_clusters(client, define, run, task, refused):
    again = client.create_cluster(clusterName="web")["cluster"]
    assert (again["status"], again["runningTasksCount"]) == ("ACTIVE", 0)
    answer = client.describe_clusters(clusters=["web", "none"])
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"]
    define()
    assert refused("ClusterNotFoundException", run, cluster="missing") == "Cluster not found."
    arn = run()["taskArn"]
    assert client.describe_clusters(clusters=["web"])["clusters"][0]["runningTasksCount"] == 1
    refused("ClusterContainsTasksException", client.delete_cluster, cluster="web")
    client.stop_task(cluster="web", task=arn)
    assert client.delete_cluster(cluster="web")["cluster"]["status"] == "INACTIVE"
    assert client.list_clusters()["clusterArns"] == []


@pytest.mark.rule("ecs-008", "ecs-009", "ecs-060", "ecs-061")
def test_revisions(client, define, refused):
    first = define(container={"environment": [{"name": "A", "value": "1"}]})
    assert (first["status"], first["revision"]) == ("ACTIVE", 1)
    assert first["taskDefinitionArn"].endswith(":task-definition/web:1")
    assert "taskRoleArn" not in first
    (kept,) = first["containerDefinitions"]
    assert (kept["environment"], kept["image"]) == ([{"name": "A", "value": "1"}], "nginx")
    role = "arn:aws:iam::123456789012:role/app"
    second = define(taskRoleArn=role)
    assert (second["revision"], second["taskRoleArn"]) == (2, role)
    assert client.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"] == 2
    arns = client.list_task_definitions(familyPrefix="web", sort="DESC")["taskDefinitionArns"]
    assert [arn.rpartition(":")[2] for arn in arns] == ["2", "1"]
    client.deregister_task_definition(taskDefinition="web:2")
    assert client.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"] == 1
    assert client.delete_task_definitions(taskDefinitions=["web:1"])["failures"]
    client.delete_task_definitions(taskDefinitions=["web:2"])
    assert define()["revision"] == 3
    assert client.list_task_definition_families()["families"] == ["web"]


@pytest.mark.rule("ecs-008", "ecs-011", "ecs-013", "ecs-017")
def test_what_containers_may_be(client, refused):
    def register(*containers, **given):
        defined = [{"name": "app", "image": "nginx", **each} for each in containers]
        return client.register_task_definition(family="web", containerDefinitions=defined, **given)["taskDefinition"]

    told = refused("ClientException", register, {})
    assert told == (
        "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified."
    )
    refused("ClientException", register, {"memory": 128, "memoryReservation": 256})
    linked = {"memory": 128, "links": ["xray-daemon"]}
    xray = {"name": "xray-daemon", "image": "amazon/aws-xray-daemon", "memory": 64}
    assert register(linked, xray)["containerDefinitions"][0]["links"] == ["xray-daemon"]
    told = refused("ClientException", register, linked, xray, networkMode="awsvpc")
    assert told == "Links are not supported when networkMode=awsvpc."
    mounted = {"memory": 128, "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}
    assert refused("ClientException", register, mounted) == "Unknown volume 'data'."
    shared = register(mounted, {**mounted, "name": "other"}, volumes=[{"name": "data"}])
    assert [each["mountPoints"][0]["sourceVolume"] for each in shared["containerDefinitions"]] == ["data", "data"]
    assert client.list_task_definitions()["taskDefinitionArns"][-1].endswith(":2")


@pytest.mark.rule("ecs-016")
def test_file_systems(client, define):
    volume = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}
    for compatibility in (["FARGATE"], ["EC2"]):
        found = define(volumes=[volume], requiresCompatibilities=compatibility)
        assert found["volumes"] == [volume]


@pytest.mark.rule("ecs-017", "ecs-019", "ecs-020", "ecs-021", "ecs-063")
def test_what_fargate_takes(define, refused):
    assert refused("ClientException", define, cpu=None) == "Fargate requires that 'cpu' be defined at the task level."
    told = refused("ClientException", define, cpu="256", memory="8192")
    assert told.startswith("No Fargate configuration exists for given values: ")
    assert define(cpu="1 vCPU", memory="2 GB")["cpu"] == "1024"
    told = refused("ClientException", define, networkMode="bridge")
    assert told == "Fargate only supports network mode 'awsvpc'."
    told = refused("ClientException", define, container={"portMappings": [{"containerPort": 80, "hostPort": 8080}]})
    assert told == "When networkMode=awsvpc, the host ports and container ports in port mappings must match."
    found = define(container={"portMappings": [{"containerPort": 80}]})
    assert found["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 80
    ecr = {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app"}
    told = refused("ClientException", define, container=ecr)
    assert told == "Fargate requires task definition to have execution role ARN to support ECR images."
    define(container=ecr, executionRoleArn="arn:aws:iam::123456789012:role/pull")
    refused("ClientException", define, volumes=[{"name": "data", "host": {"sourcePath": "/data"}}])


@pytest.mark.rule("ecs-065")
def test_a_sidecar(define):
    app = {"name": "app", "image": "nginx"}
    xray = {
        "name": "xray-daemon",
        "image": "amazon/aws-xray-daemon",
        "portMappings": [{"containerPort": 2000, "protocol": "udp"}],
    }
    found = define(containerDefinitions=[app, xray])
    assert [each["name"] for each in found["containerDefinitions"]] == ["app", "xray-daemon"]


@pytest.mark.rule("ecs-052", "ecs-053", "ecs-055", "ecs-056")
def test_capacity_providers(aws, client, ec2, define, run, refused):
    given = client.describe_capacity_providers()["capacityProviders"]
    assert {each["name"]: each["status"] for each in given} == {"FARGATE": "ACTIVE", "FARGATE_SPOT": "ACTIVE"}
    refused("InvalidParameterException", client.delete_capacity_provider, capacityProvider="FARGATE")
    image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["amzn2-ami-ecs-*"]}])["Images"][0]["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName="ecs", LaunchTemplateData={"ImageId": image, "InstanceType": "t2.micro"}
    )
    groups = boto3.client("autoscaling", region_name="us-east-1")
    groups.create_auto_scaling_group(
        AutoScalingGroupName="ecs", MinSize=0, MaxSize=1, AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "ecs"},
    )  # fmt: skip
    arn = groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    provider = {"autoScalingGroupArn": arn}
    protected = {**provider, "managedTerminationProtection": "ENABLED"}
    refused("ClientException", client.create_capacity_provider, name="mine", autoScalingGroupProvider=protected)
    made = client.create_capacity_provider(name="mine", autoScalingGroupProvider=provider)["capacityProvider"]
    assert made["status"] == "ACTIVE"
    assert made["autoScalingGroupProvider"]["managedTerminationProtection"] == "DISABLED"
    told = refused("ClientException", client.create_capacity_provider, name="twin", autoScalingGroupProvider=provider)
    assert "already being used by another capacity provider" in told
    strategy = [{"capacityProvider": "FARGATE", "base": 1, "weight": 1}]
    client.put_cluster_capacity_providers(
        cluster="web", capacityProviders=["FARGATE", "mine"], defaultCapacityProviderStrategy=strategy
    )
    refused("ResourceInUseException", client.delete_capacity_provider, capacityProvider="mine")
    define()
    refused("InvalidParameterException", run, capacityProviderStrategy=strategy)
    network = {"awsvpcConfiguration": {"subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]]}}
    (made,) = client.run_task(
        cluster="web", taskDefinition="web", capacityProviderStrategy=strategy, networkConfiguration=network
    )["tasks"]
    assert made["capacityProviderName"] == "FARGATE"


def test_tags(client, define, refused):
    arn = client.describe_clusters(clusters=["web"])["clusters"][0]["clusterArn"]
    client.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "a"}])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "a"}]
    found = client.describe_clusters(clusters=["web"], include=["TAGS"])["clusters"][0]
    assert found["tags"] == [{"key": "team", "value": "a"}]
    client.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == []
    refused("InvalidParameterException", client.list_tags_for_resource, resourceArn=f"{arn}x")
