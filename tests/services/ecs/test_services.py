"""Services: tasks kept running, replaced, scaled."""

import json

import pytest

boto3 = pytest.importorskip("boto3")

TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
SITE = {"cluster": "web", "service": "site"}


def messages(service):
    return [each["message"].removeprefix("(service site) ") for each in service["events"]]


@pytest.mark.rule("ecs-025", "ecs-029", "ecs-030", "ecs-031", "ecs-034")
def test_a_service_keeps_its_tasks(aws, client, serve, service, task):
    made = serve(2)
    assert (made["status"], made["schedulingStrategy"], made["runningCount"]) == ("ACTIVE", "REPLICA", 0)
    found = service()
    assert (found["desiredCount"], found["runningCount"], found["pendingCount"]) == (2, 2, 0)
    configuration = found["deploymentConfiguration"]
    assert (configuration["minimumHealthyPercent"], configuration["maximumPercent"]) == (100, 200)
    assert messages(found)[0] == "has reached a steady state."
    assert messages(found)[-1].startswith("has started 2 tasks: (task ")
    one, two = client.list_tasks(cluster="web", serviceName="site")["taskArns"]
    client.stop_task(cluster="web", task=one, reason="by hand")
    assert service()["runningCount"] == 2
    assert task(one)["stoppedReason"] == "by hand"
    after = client.list_tasks(cluster="web", serviceName="site")["taskArns"]
    assert two in after and one not in after
    client.update_service(**SITE, desiredCount=5)
    assert service()["runningCount"] == 5
    client.update_service(**SITE, desiredCount=1)
    assert service()["runningCount"] == 1


@pytest.mark.rule("ecs-032")
def test_a_service_is_scaled_down_and_deleted(client, serve, service, refused):
    serve(1)
    told = refused("InvalidParameterException", client.delete_service, **SITE)
    assert told == "The service cannot be stopped while it is scaled above 0."
    refused("ClusterContainsServicesException", client.delete_cluster, cluster="web")
    client.update_service(**SITE, desiredCount=0)
    assert client.delete_service(**SITE)["service"]["status"] == "DRAINING"
    assert service()["status"] == "INACTIVE"
    refused("ServiceNotActiveException", client.update_service, **SITE, desiredCount=1)
    assert client.list_services(cluster="web")["serviceArns"] == []
    serve(1)
    client.delete_service(**SITE, force=True)
    assert (service()["status"], client.list_tasks(cluster="web")["taskArns"]) == ("INACTIVE", [])


@pytest.mark.rule("ecs-033")
def test_a_rolling_update(client, define, serve, service, task):
    serve(2)
    before = set(client.list_tasks(cluster="web")["taskArns"])
    new = define(container={"image": "nginx:2"})["taskDefinitionArn"]
    answered = client.update_service(**SITE, taskDefinition="web")["service"]["deployments"]
    assert [(each["status"], each["runningCount"]) for each in answered] == [("PRIMARY", 0), ("ACTIVE", 2)]
    (deployment,) = service()["deployments"]
    assert (deployment["status"], deployment["rolloutState"], deployment["taskDefinition"]) == (
        "PRIMARY", "COMPLETED", new,
    )  # fmt: skip
    after = set(client.list_tasks(cluster="web")["taskArns"])
    assert len(after) == 2 and not before & after
    client.update_service(**SITE, forceNewDeployment=True)
    assert not after & set(client.list_tasks(cluster="web")["taskArns"])


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ecs-033", "ecs-034", "ecs-035")
@pytest.mark.parametrize(("least", "most", "fewest", "highest"), [(100, 200, 2, 4), (0, 100, 0, 2), (50, 100, 1, 2)])
def test_the_bounds_of_a_rolling_update(aws, client, define, serve, service, least, most, fewest, highest):
    serve(2, deploymentConfiguration={"minimumHealthyPercent": least, "maximumPercent": most})
    aws.clock.advance(minutes=2)
    define(container={"image": "nginx:2"})
    client.update_service(**SITE, taskDefinition="web")
    running, all_ = [], []
    for _ in range(200):
        found = service()
        running.append(found["runningCount"])
        all_.append(found["runningCount"] + found["pendingCount"])
        aws.clock.advance(seconds=1)
    assert (min(running), max(all_)) == (fewest, highest)
    assert [each["rolloutState"] for each in service()["deployments"]] == ["COMPLETED"]


@pytest.mark.rule("ecs-023", "ecs-026", "ecs-031", "ecs-036", "ecs-043", "ecs-049", "ecs-056")
def test_what_services_cannot_be(client, serve, define, service, refused):
    code = "InvalidParameterException"
    refused(code, serve, networkConfiguration=None)
    refused(code, serve, schedulingStrategy="DAEMON", desiredCount=None)
    refused(code, serve, schedulingStrategy="DAEMON", launchType="EC2")
    refused(code, serve, placementStrategy=[{"type": "random"}])
    refused(code, serve, placementStrategy=[{"type": "random"}] * 6)
    refused(code, serve, capacityProviderStrategy=[{"capacityProvider": "FARGATE"}])
    refused(code, serve, desiredCount=None)
    assert client.list_services(cluster="web")["serviceArns"] == []
    serve(1, deploymentController={"type": "CODE_DEPLOY"})
    define()
    told = refused(code, client.update_service, **SITE, taskDefinition="web")
    assert told.startswith("Unable to update task definition on services with a CODE_DEPLOY deployment controller.")
    refused(code, serve)
    refused("ServiceNotFoundException", client.update_service, cluster="web", service="none")


@pytest.mark.rule("ecs-042", "ecs-058")
def test_without_instances_no_task_is_placed(client, define, service, network):
    define()
    client.create_service(
        cluster="web", serviceName="site", taskDefinition="web", desiredCount=2, launchType="EC2",
        networkConfiguration=network,
    )  # fmt: skip
    found = service()
    assert found["runningCount"] == 0
    assert messages(found)[0].startswith("was unable to place a task because no container instance met all of its")


def test_a_service_whose_tasks_end_starts_others_in_time(aws, client, serve, service):
    runs = []
    aws.containers["web"] = lambda context: runs.append(aws.clock.time()) or 1
    serve(1)
    service()
    assert len(runs) == 1
    aws.clock.advance(minutes=1)
    assert 2 <= len(runs) <= 5
    assert service()["deployments"][0]["failedTasks"] == len(runs)


def test_protected_tasks_stay(client, serve, service):
    serve(2)
    service()
    arns = client.list_tasks(cluster="web")["taskArns"]
    protected = client.update_task_protection(cluster="web", tasks=arns, protectionEnabled=True)["protectedTasks"]
    assert [each["protectionEnabled"] for each in protected] == [True, True]
    client.update_service(**SITE, desiredCount=0)
    assert service()["runningCount"] == 2
    client.update_task_protection(cluster="web", tasks=arns, protectionEnabled=False)
    client.update_service(**SITE, desiredCount=0)
    assert service()["runningCount"] == 0


@pytest.mark.rule("ecs-057")
def test_application_auto_scaling_sets_the_count(client, serve, service):
    serve(1)
    scaling = boto3.client("application-autoscaling", region_name="us-east-1")
    target = {
        "ServiceNamespace": "ecs", "ResourceId": "service/web/site", "ScalableDimension": "ecs:service:DesiredCount",
    }  # fmt: skip
    scaling.register_scalable_target(**target, MinCapacity=3, MaxCapacity=5)
    assert (service()["desiredCount"], service()["runningCount"]) == (3, 3)


@pytest.mark.rule("ecs-059")
def test_tasks_of_a_service_consume_a_queue(aws, client, define, serve, service):
    sqs = boto3.client("sqs", region_name="us-east-1")
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="7")
    seen = []

    def worker(context):
        own = boto3.client("sqs", region_name="us-east-1")
        for message in own.receive_message(QueueUrl=queue).get("Messages", ()):
            seen.append(message["Body"])
            own.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    aws.containers["nginx"] = worker
    boto3.client("iam").create_role(
        RoleName="worker", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    )
    define(taskRoleArn="arn:aws:iam::123456789012:role/worker")
    define("worker", taskRoleArn="arn:aws:iam::123456789012:role/worker")
    serve(1, taskDefinition="worker")
    service()
    assert seen == ["7"]


def test_a_deployment_tells_events(aws, client, serve, service):
    events, sqs = (boto3.client(name, region_name="us-east-1") for name in ("events", "sqs"))
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:told"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    kinds = ["ECS Service Action", "ECS Deployment State Change"]
    events.put_rule(Name="services", EventPattern=json.dumps({"source": ["aws.ecs"], "detail-type": kinds}))
    events.put_targets(Rule="services", Targets=[{"Id": "1", "Arn": arn}])
    serve(1)
    service()
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    names = {json.loads(each["Body"])["detail"]["eventName"] for each in found}
    assert names == {"SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_STEADY_STATE"}
