"""Which operations hand roles to services, and what iam:PassRole is asked about then."""

import tomllib
from importlib.resources import files

import pytest

from awsim.auth.actions import PASS_ROLE, authorizations_for
from awsim.wire.models import service_model

TABLE = tomllib.loads(files("awsim.auth.actions").joinpath("operations/_passes.toml").read_text())
ROLE = "arn:aws:iam::123456789012:role/app/deliver"
ENTRIES = [
    (service, operation, name)
    for service, principals in TABLE.items()
    for operations in principals.values()
    for operation, names in operations.items()
    for name in names
]


def members(shape, seen=frozenset()):
    """The names of all members below a shape."""
    if shape.name in seen:
        return
    seen |= {shape.name}
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield name
            yield from members(member, seen)
    elif shape.type_name == "list":
        yield from members(shape.member, seen)
    elif shape.type_name == "map":
        yield from members(shape.value, seen)


@pytest.mark.parametrize(("service", "operation", "name"), ENTRIES)
def test_members_of_the_table_are_those_of_the_model(service, operation, name):
    assert name in set(members(service_model(service).operation_model(operation).input_shape))


def passed(service, operation, **params):
    needed = authorizations_for(service, operation, params, "123456789012", "us-east-1")
    return [(each.resource, each.keys) for each in needed if each.action == PASS_ROLE]


def test_who_gets_the_role_and_for_what():
    ((role, keys),) = passed("scheduler", "CreateSchedule", Name="nightly", Target={"Arn": "a", "RoleArn": ROLE})
    assert role == ROLE
    assert keys["iam:PassedToService"] == "scheduler.amazonaws.com"
    assert keys["iam:AssociatedResourceArn"] == "arn:aws:scheduler:us-east-1:123456789012:schedule/default/nightly"


def test_every_role_is_asked_about_once():
    other = ROLE + "-2"
    targets = [{"Id": "1", "RoleArn": ROLE}, {"Id": "2", "RoleArn": other}, {"Id": "3", "RoleArn": ROLE}, {"Id": "4"}]
    assert [role for role, _ in passed("events", "PutTargets", Rule="r", Targets=targets)] == [ROLE, other]


def test_one_call_may_pass_roles_to_two_services():
    found = passed(
        "pipes", "CreatePipe", Name="p", RoleArn=ROLE,
        TargetParameters={"EcsTaskParameters": {"Overrides": {"TaskRoleArn": ROLE + "-task"}}},
    )  # fmt: skip
    assert {role: keys["iam:PassedToService"] for role, keys in found} == {
        ROLE: "pipes.amazonaws.com",
        ROLE + "-task": "ecs-tasks.amazonaws.com",
    }


def test_a_role_by_its_name():
    ((role, _),) = passed("glue", "CreateJob", Name="j", Role="service-role/crawl")
    assert role == "arn:aws:iam::123456789012:role/service-role/crawl"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("events", "PutRule", {"Name": "r"}),
        ("events", "DeleteRule", {"Name": "r"}),
        ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f"}),
        ("scheduler", "GetSchedule", {"Name": "s"}),
    ],
)
def test_without_a_role_nothing_is_passed(service, operation, params):
    assert passed(service, operation, **params) == []
