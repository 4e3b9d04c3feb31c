"""Application Auto Scaling of DynamoDB's provisioned capacity: bounds and schedules."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

_READ, _WRITE = "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"
_INDEX = "dynamodb:index:WriteCapacityUnits"
_UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}

pytestmark = pytest.mark.aws(at="2026-01-01")


@pytest.fixture
def client(aws):
    return boto3.client("application-autoscaling")


@pytest.fixture
def tables(aws):
    tables = boto3.client("dynamodb")
    tables.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "shop")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-shop",
                "KeySchema": [{"AttributeName": "shop", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": _UNITS,
            }
        ],
        ProvisionedThroughput=_UNITS,
    )
    return tables


@pytest.fixture
def units(tables):
    """(read, write) of the table, and of its index."""

    def units():
        table = tables.describe_table(TableName="orders")["Table"]
        return [
            (one["ProvisionedThroughput"]["ReadCapacityUnits"], one["ProvisionedThroughput"]["WriteCapacityUnits"])
            for one in (table, table["GlobalSecondaryIndexes"][0])
        ]

    return units


def _of(dimension=_READ, resource="table/orders"):
    return {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}


def _refused(call, code, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    return error["Message"]


@pytest.mark.rule("application-autoscaling-003")
def test_capacity_is_moved_between_its_bounds(client, units):
    arn = client.register_scalable_target(**_of(), MinCapacity=10, MaxCapacity=20)["ScalableTargetARN"]
    client.register_scalable_target(**_of(_WRITE), MinCapacity=1, MaxCapacity=3)
    client.register_scalable_target(**_of(_INDEX, "table/orders/index/by-shop"), MinCapacity=7, MaxCapacity=9)
    assert units() == [(10, 3), (5, 7)]
    (target,) = client.describe_scalable_targets(ServiceNamespace="dynamodb", ScalableDimension=_READ)[
        "ScalableTargets"
    ]
    assert (target["ScalableTargetARN"], target["MinCapacity"], target["MaxCapacity"]) == (arn, 10, 20)
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_DynamoDBTable")
    assert target["SuspendedState"]["ScheduledScalingSuspended"] is False
    # One bound alone is changed; the other is kept.
    assert client.register_scalable_target(**_of(), MinCapacity=12)["ScalableTargetARN"] == arn
    assert units()[0] == (12, 3)
    raised, first = client.describe_scaling_activities(**_of())["ScalingActivities"]
    assert (raised["Description"], raised["Cause"]) == (
        "Setting read capacity units to 12.",
        "minimum capacity was set to 12",
    )
    assert (first["StatusCode"], first["StatusMessage"]) == (
        "Successful",
        "Successfully set read capacity units to 10. Change successfully fulfilled by dynamodb.",
    )


@pytest.mark.rule("application-autoscaling-013")
def test_a_schedule_moves_the_bounds_and_the_capacity(aws, client, units):
    client.register_scalable_target(**_of(), MinCapacity=5, MaxCapacity=50)
    day, night = {"MinCapacity": 20, "MaxCapacity": 50}, {"MinCapacity": 1, "MaxCapacity": 8}
    for name, hour, bounds in (("day", 8, day), ("night", 20, night)):
        client.put_scheduled_action(
            **_of(),
            ScheduledActionName=name,
            Schedule=f"cron(0 {hour} * * ? *)",
            Timezone="Europe/Berlin",
            ScalableTargetAction=bounds,
        )
    aws.clock.advance_to("2026-01-01T06:59:00Z")
    assert units()[0] == (5, 5)
    aws.clock.advance(minutes=2)
    assert units()[0] == (20, 5)
    aws.clock.advance(hours=12)
    assert units()[0] == (8, 5)
    aws.clock.advance(hours=12)
    assert units()[0] == (20, 5)
    causes = [one["Cause"] for one in client.describe_scaling_activities(**_of())["ScalingActivities"]]
    assert causes[:2] == ["minimum capacity was set to 20", "scheduled action name day was triggered"]
    client.register_scalable_target(**_of(), SuspendedState={"ScheduledScalingSuspended": True})
    aws.clock.advance(hours=12)
    assert units()[0] == (20, 5)
    client.register_scalable_target(**_of(), SuspendedState={"ScheduledScalingSuspended": False})
    client.delete_scheduled_action(**_of(), ScheduledActionName="day")
    (left,) = client.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert (left["ScheduledActionName"], left["ScalableTargetAction"]) == ("night", night)
    client.deregister_scalable_target(**_of())
    assert client.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []
    aws.clock.advance(days=1)
    assert units()[0] == (20, 5)


@pytest.mark.rule("application-autoscaling-002")
def test_what_is_not_there(client, tables):
    action = {"ScheduledActionName": "a", "Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": 1}}
    assert _refused(client.put_scheduled_action, "ObjectNotFoundException", **_of(), **action) == (
        "No scalable target registered for service namespace: dynamodb, resource ID: table/orders, "
        f"scalable dimension: {_READ}"
    )
    _refused(client.deregister_scalable_target, "ObjectNotFoundException", **_of())
    _refused(client.delete_scheduled_action, "ObjectNotFoundException", **_of(), ScheduledActionName="a")
    bounds = {"MinCapacity": 1, "MaxCapacity": 2}
    message = _refused(
        client.register_scalable_target, "ValidationException", **_of(resource="table/nothing"), **bounds
    )
    assert message == "DynamoDB table does not exist: table/nothing"
    _refused(client.register_scalable_target, "ValidationException", **_of(), MinCapacity=3, MaxCapacity=2)
    _refused(client.register_scalable_target, "ValidationException", **_of(), MinCapacity=3)
    _refused(client.register_scalable_target, "ValidationException", **_of(_INDEX), **bounds)
    ecs = {**_of("ecs:service:DesiredCount", "service/a/b"), "ServiceNamespace": "ecs"}
    assert "ECS service doesn't exist" in _refused(
        client.register_scalable_target, "ValidationException", **ecs, **bounds
    )
    spot = {**_of("ec2:spot-fleet-request:TargetCapacity", "spot-fleet-request/sfr-1"), "ServiceNamespace": "ec2"}
    assert "scaling of ec2:spot-fleet-request:TargetCapacity" in _refused(
        client.register_scalable_target, "NotImplemented", **spot, **bounds
    )
    _refused(client.put_scaling_policy, "ObjectNotFoundException", **_of(), PolicyName="p", PolicyType="StepScaling")
    assert client.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_a_change_that_the_table_refuses(client, tables):
    client.register_scalable_target(**_of(), MinCapacity=5, MaxCapacity=50)
    tables.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    client.register_scalable_target(**_of(), MinCapacity=6)
    (activity,) = client.describe_scaling_activities(**_of())["ScalingActivities"]
    assert activity["StatusCode"] == "Failed"
    assert activity["StatusMessage"].startswith("Failed to set read capacity units to 6. Reason: ")


def test_pages_and_tags(client, units):
    arn = client.register_scalable_target(**_of(), MinCapacity=5, MaxCapacity=9, Tags={"team": "a"})[
        "ScalableTargetARN"
    ]
    client.register_scalable_target(**_of(_WRITE), MinCapacity=5, MaxCapacity=9)
    client.tag_resource(ResourceARN=arn, Tags={"env": "test"})
    client.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"env": "test"}
    _refused(client.list_tags_for_resource, "ResourceNotFoundException", ResourceARN=arn + "0")
    pages = client.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 1}
    )
    assert [len(page["ScalableTargets"]) for page in pages] == [1, 1]
    _refused(client.describe_scalable_targets, "InvalidNextTokenException", ServiceNamespace="dynamodb", NextToken="!")
