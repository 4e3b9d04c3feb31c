"""Scaling policies, run by alarms of CloudWatch."""

from __future__ import annotations

import io
import json
import re
import zipfile

import boto3
import pytest
from botocore.exceptions import ClientError

_READ, _WRITE = "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"
ACCOUNT = "123456789012"

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:00")


def client_of(service):
    return boto3.client(service, region_name="us-east-1")


@pytest.fixture
def client(aws):
    return client_of("application-autoscaling")


@pytest.fixture
def table(aws):
    db = client_of("dynamodb")
    db.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    db.put_item(TableName="orders", Item={"id": {"S": "1"}, "text": {"S": "x" * 3900}})
    return db


def of(dimension=_READ, resource="table/orders"):
    return {"ServiceNamespace": dimension.split(":")[0], "ResourceId": resource, "ScalableDimension": dimension}


def follow(client, target, kind, key, value=70.0, most=50, least=1, **more):
    client.register_scalable_target(**key, MinCapacity=least, MaxCapacity=most)
    configuration = {"TargetValue": value, "PredefinedMetricSpecification": {"PredefinedMetricType": kind}, **more}
    return client.put_scaling_policy(
        **key, PolicyName=target, PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )  # fmt: skip


def alarms():
    found = client_of("cloudwatch").describe_alarms()["MetricAlarms"]
    return {re.sub(r".*-(\w+)-[0-9a-f-]{36}", r"\1", alarm["AlarmName"]): alarm for alarm in found}


def refused(call, code, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def test_the_alarms_of_a_table(client, table):
    answer = follow(client, "reads", "DynamoDBReadCapacityUtilization", of())
    assert re.fullmatch(
        rf"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:[0-9a-f-]{{36}}:resource/dynamodb/table/orders:"
        "policyName/reads",
        answer["PolicyARN"],
    )
    names = [alarm["AlarmName"] for alarm in answer["Alarms"]]
    assert all(re.fullmatch(r"TargetTracking-table/orders-\w+-[0-9a-f-]{36}", name) for name in names)
    made = alarms()
    assert set(made) == {"AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow"}
    assert (made["AlarmHigh"]["Threshold"], made["AlarmLow"]["Threshold"]) == (210.0, 150.0)
    assert (made["AlarmHigh"]["EvaluationPeriods"], made["AlarmLow"]["EvaluationPeriods"]) == (2, 15)
    assert made["AlarmHigh"]["AlarmActions"] == [answer["PolicyARN"]]
    assert made["AlarmHigh"]["MetricName"] == "ConsumedReadCapacityUnits"
    (policy,) = client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert (policy["PolicyName"], policy["PolicyType"]) == ("reads", "TargetTrackingScaling")
    assert len(policy["Alarms"]) == 4
    client.delete_scaling_policy(**of(), PolicyName="reads")
    assert alarms() == {}
    refused(client.delete_scaling_policy, "ObjectNotFoundException", **of(), PolicyName="reads")


@pytest.mark.rule("application-autoscaling-005", "application-autoscaling-007", "dynamodb-064")
def test_a_table_follows_its_use(aws, client, table):
    follow(client, "reads", "DynamoDBReadCapacityUtilization", of(), most=12)

    def units():
        return table.describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"]

    for _ in range(3):
        for _ in range(400):  # 400 consistent reads a minute: 6.7 units a second, at 70 percent 9.6
            aws.call("dynamodb", "GetItem", TableName="orders", Key={"id": {"S": "1"}}, ConsistentRead=True)
        aws.clock.advance(minutes=1)
    assert units() == 10
    (activity,) = client.describe_scaling_activities(ServiceNamespace="dynamodb")["ScalingActivities"]
    assert activity["StatusCode"] == "Successful"
    assert activity["Description"] == "Setting read capacity units to 10."
    assert re.match(
        r"monitor alarm TargetTracking-table/orders-AlarmHigh-\S+ in state ALARM triggered policy reads",
        activity["Cause"],
    )
    assert alarms()["AlarmHigh"]["Threshold"] == 420.0  # of what the table has now
    for _ in range(4):
        for _ in range(1000):
            aws.call("dynamodb", "GetItem", TableName="orders", Key={"id": {"S": "1"}}, ConsistentRead=True)
        aws.clock.advance(minutes=1)
    assert units() == 12  # no more than the target lets it
    for _ in range(17):
        for _ in range(60):
            aws.call("dynamodb", "GetItem", TableName="orders", Key={"id": {"S": "1"}}, ConsistentRead=True)
        aws.clock.advance(minutes=1)
    assert units() == 2


@pytest.mark.rule("application-autoscaling-006")
def test_provisioned_concurrency_follows_its_use(aws, client):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    client_of("iam").create_role(
        RoleName="app", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    with zipfile.ZipFile(data := io.BytesIO(), "w") as archive:
        archive.writestr("m.py", "def handler(event, context): pass")
    functions = client_of("lambda")
    functions.create_function(
        FunctionName="f", Role=f"arn:aws:iam::{ACCOUNT}:role/app", Runtime="python3.12", Handler="m.handler",
        Code={"ZipFile": data.getvalue()}, Publish=True,
    )  # fmt: skip
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    key = of("lambda:function:ProvisionedConcurrency", "function:f:live")

    def wanted():
        found = functions.get_provisioned_concurrency_config(FunctionName="f", Qualifier="live")
        return found["RequestedProvisionedConcurrentExecutions"]

    follow(client, "live", "LambdaProvisionedConcurrencyUtilization", key, value=0.7, most=5)
    assert wanted() == 1  # the least
    assert alarms()["AlarmHigh"]["Threshold"] == 0.7
    for _ in range(4):
        functions.invoke(FunctionName="f", Qualifier="live")
        aws.clock.advance(minutes=1)
    assert wanted() == 2
    client.put_scheduled_action(
        **key, ScheduledActionName="night", Schedule="at(2026-01-01T13:00:00)", ScalableTargetAction={"MinCapacity": 4}
    )
    aws.clock.advance(hours=1)
    assert wanted() == 4
    missing = of("lambda:function:ProvisionedConcurrency", "function:g:live")
    refused(client.register_scalable_target, "ValidationException", **missing, MinCapacity=1, MaxCapacity=2)


@pytest.fixture
def service(aws, client):
    ecs = client_of("ecs")
    ecs.create_cluster(clusterName="shop")
    ecs.register_task_definition(
        family="web", containerDefinitions=[{"name": "web", "image": "nginx", "memory": 128}], networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
    )  # fmt: skip
    (subnet,) = client_of("ec2").describe_subnets()["Subnets"][:1]
    ecs.create_service(
        cluster="shop", serviceName="web", taskDefinition="web", desiredCount=2, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet["SubnetId"]]}},
    )  # fmt: skip
    return lambda: ecs.describe_services(cluster="shop", services=["web"])["services"][0]["desiredCount"]


_SERVICE = of("ecs:service:DesiredCount", "service/shop/web")


def load(aws, value, name="CPUUtilization"):
    dimensions = [{"Name": "ClusterName", "Value": "shop"}, {"Name": "ServiceName", "Value": "web"}]
    datum = {"MetricName": name, "Value": value, "Unit": "Percent", "Dimensions": dimensions}
    aws.call("cloudwatch", "PutMetricData", caller="ecs.amazonaws.com", Namespace="AWS/ECS", MetricData=[datum])


@pytest.mark.rule("application-autoscaling-001", "application-autoscaling-007", "application-autoscaling-008")
def test_a_service_follows_its_cpu(aws, client, service):
    answer = follow(client, "cpu", "ECSServiceAverageCPUUtilization", _SERVICE, value=60, most=10)
    assert len(answer["Alarms"]) == 2
    (target,) = client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 10)
    for _ in range(4):
        load(aws, 90)
        aws.clock.advance(minutes=1)
    assert service() == 3
    (activity,) = client.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"]
    assert activity["StatusCode"] == "Successful"
    load(aws, 90)
    aws.clock.advance(minutes=1)
    assert service() == 3  # the cooldown of five minutes
    for _ in range(5):
        load(aws, 90)
        aws.clock.advance(minutes=1)
    assert service() == 5


@pytest.mark.rule("application-autoscaling-009", "application-autoscaling-010")
def test_other_metrics_of_a_service(client, service):
    assert len(follow(client, "memory", "ECSServiceAverageMemoryUtilization", _SERVICE)["Alarms"]) == 2
    label = "app/web/0123456789abcdef/targetgroup/web/fedcba9876543210"
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget"}
    policy = {**_SERVICE, "PolicyName": "requests", "PolicyType": "TargetTrackingScaling"}

    def put(specification):
        return client.put_scaling_policy(
            **policy,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 100, "PredefinedMetricSpecification": specification
            },
        )  # fmt: skip

    with pytest.raises(ClientError, match="ValidationException.*ResourceLabel must be specified"):
        put(metric)
    assert len(client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]) == 1
    put({**metric, "ResourceLabel": label})
    (found,) = client.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["requests"])["ScalingPolicies"]
    shown = client_of("cloudwatch").describe_alarms(AlarmNames=[found["Alarms"][0]["AlarmName"]])["MetricAlarms"][0]
    assert {each["Name"]: each["Value"] for each in shown["Dimensions"]} == {
        "LoadBalancer": "app/web/0123456789abcdef",
        "TargetGroup": "targetgroup/web/fedcba9876543210",
    }


STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 4},
    ],
    "MetricAggregationType": "Maximum",
    "Cooldown": 60,
}


@pytest.mark.rule("application-autoscaling-012")
@pytest.mark.parametrize(("value", "tasks"), [(55, 3), (70, 6), (75, 6), (49, 2)])
def test_steps_by_the_size_of_the_breach(aws, client, service, value, tasks):
    client.register_scalable_target(**_SERVICE, MinCapacity=1, MaxCapacity=10)
    policy = client.put_scaling_policy(
        **_SERVICE, PolicyName="steps", PolicyType="StepScaling", StepScalingPolicyConfiguration=STEPS
    )["PolicyARN"]
    client_of("cloudwatch").put_metric_alarm(
        AlarmName="busy", Namespace="AWS/ECS", MetricName="CPUUtilization", Statistic="Average", Period=60,
        EvaluationPeriods=1, Threshold=50, ComparisonOperator="GreaterThanThreshold", AlarmActions=[policy],
        Dimensions=[{"Name": "ClusterName", "Value": "shop"}, {"Name": "ServiceName", "Value": "web"}],
    )  # fmt: skip
    load(aws, value)
    aws.clock.advance(minutes=1)
    assert service() == tasks
    (shown,) = client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in shown["Alarms"]] == ["busy"]
    assert shown["StepScalingPolicyConfiguration"]["AdjustmentType"] == "ChangeInCapacity"


def test_what_is_suspended_stays(aws, client, service):
    follow(client, "cpu", "ECSServiceAverageCPUUtilization", _SERVICE, value=60)
    client.register_scalable_target(**_SERVICE, SuspendedState={"DynamicScalingOutSuspended": True})
    for _ in range(5):
        load(aws, 90)
        aws.clock.advance(minutes=1)
    assert service() == 2


def test_a_metric_of_ones_own_and_no_scaling_in(aws, client, service):
    client.register_scalable_target(**_SERVICE, MinCapacity=1, MaxCapacity=10)
    own = {"MetricName": "Backlog", "Namespace": "Shop", "Statistic": "Average"}
    configuration = {"TargetValue": 10, "CustomizedMetricSpecification": own, "DisableScaleIn": True}
    answer = client.put_scaling_policy(
        **_SERVICE, PolicyName="own", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )  # fmt: skip
    assert len(answer["Alarms"]) == 1
    for _ in range(4):
        client_of("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Backlog", "Value": 25}])
        aws.clock.advance(minutes=1)
    assert service() == 5


def test_what_goes_with_a_target(client, table):
    follow(client, "reads", "DynamoDBReadCapacityUtilization", of())
    client.deregister_scalable_target(**of())
    assert client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert alarms() == {}


def test_what_is_refused(client, table):
    client.register_scalable_target(**of(), MinCapacity=1, MaxCapacity=10)

    def put(code, kind, **more):
        return refused(client.put_scaling_policy, code, **of(), PolicyName="p", PolicyType=kind, **more)

    put("ValidationException", "StepScaling", StepScalingPolicyConfiguration=STEPS)
    put("ValidationException", "TargetTrackingScaling")
    tracking = {"TargetValue": 70.0}
    put("ValidationException", "TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking)
    for kind in ("DynamoDBWriteCapacityUtilization", "ECSServiceAverageCPUUtilization"):
        wrong = {**tracking, "PredefinedMetricSpecification": {"PredefinedMetricType": kind}}
        put("ValidationException", "TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=wrong)
    put("NotImplemented", "PredictiveScaling")
    unknown = {**of(_WRITE), "PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
    refused(client.put_scaling_policy, "ObjectNotFoundException", **unknown)
    assert client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
