"""Organizational units."""

import pytest

from .conftest import message_of, refusal

pytestmark = pytest.mark.newer_botocore


@pytest.mark.rule("organizations-004")
def test_units_nest(org):
    outer = org.unit("outer")
    inner = org.unit("inner", outer)
    shown = org.api.describe_organizational_unit(OrganizationalUnitId=inner)["OrganizationalUnit"]
    assert shown == {
        "Id": inner,
        "Arn": f"arn:aws:organizations::123456789012:ou/{org.id}/{inner}",
        "Name": "inner",
        "Path": f"{org.id}/{org.root}/{outer}/{inner}/",
    }
    assert inner.startswith(f"ou-{org.root[2:]}-")
    listed = org.api.list_organizational_units_for_parent(ParentId=org.root)["OrganizationalUnits"]
    assert [unit["Id"] for unit in listed] == [outer]
    assert org.api.list_children(ParentId=outer, ChildType="ORGANIZATIONAL_UNIT")["Children"] == [
        {"Id": inner, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert org.api.list_parents(ChildId=inner)["Parents"] == [{"Id": outer, "Type": "ORGANIZATIONAL_UNIT"}]
    attached = org.api.list_policies_for_target(TargetId=inner, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert [policy["Id"] for policy in attached] == ["p-FullAWSAccess"]


@pytest.mark.rule("organizations-004")
def test_names_are_unique_among_siblings(org):
    first, second = org.unit("first"), org.unit("second")
    again = {"ParentId": org.root, "Name": "first"}
    assert refusal(org.api.create_organizational_unit, **again)[0] == "DuplicateOrganizationalUnitException"
    org.unit("first", parent=first)
    renamed = {"OrganizationalUnitId": second, "Name": "first"}
    assert refusal(org.api.update_organizational_unit, **renamed)[0] == "DuplicateOrganizationalUnitException"
    org.api.update_organizational_unit(OrganizationalUnitId=second, Name="third")
    names = [
        each["Name"] for each in org.api.list_organizational_units_for_parent(ParentId=org.root)["OrganizationalUnits"]
    ]
    assert names == ["first", "third"]
    org.api.update_organizational_unit(OrganizationalUnitId=second, Name="third")


@pytest.mark.rule("organizations-005")
def test_five_levels(org):
    parent = org.root
    for level in range(5):
        parent = org.unit(f"level {level + 1}", parent)
    asked = {"ParentId": parent, "Name": "level 6"}
    assert refusal(org.api.create_organizational_unit, **asked) == (
        "ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED",
    )  # fmt: skip
    assert message_of(org.api.create_organizational_unit, **asked) == (
        "You cannot add an organizational unit to the specified parent because it would exceed the max depth allowed."
    )
    assert org.api.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"] == []


@pytest.mark.aws(limits={"organizations.units": 2})
def test_so_many_units(org):
    org.unit("a")
    second = org.unit("b")
    assert refusal(org.api.create_organizational_unit, ParentId=org.root, Name="c") == (
        "ConstraintViolationException", "OU_NUMBER_LIMIT_EXCEEDED",
    )  # fmt: skip
    org.api.delete_organizational_unit(OrganizationalUnitId=second)
    org.unit("c")


@pytest.mark.rule("organizations-004")
def test_only_an_empty_unit_is_deleted(org):
    outer = org.unit("outer")
    inner = org.unit("inner", outer)
    assert refusal(org.api.delete_organizational_unit, OrganizationalUnitId=outer)[0] == (
        "OrganizationalUnitNotEmptyException"
    )
    org.api.delete_organizational_unit(OrganizationalUnitId=inner)
    org.api.delete_organizational_unit(OrganizationalUnitId=outer)
    assert refusal(org.api.describe_organizational_unit, OrganizationalUnitId=outer)[0] == (
        "OrganizationalUnitNotFoundException"
    )


def test_what_is_not_there(org):
    missing = f"ou-{org.root[2:]}-00000000"
    api = org.api
    assert refusal(api.create_organizational_unit, ParentId=missing, Name="x")[0] == "ParentNotFoundException"
    assert refusal(api.list_children, ParentId=missing, ChildType="ACCOUNT")[0] == "ParentNotFoundException"
    assert refusal(api.list_accounts_for_parent, ParentId=missing)[0] == "ParentNotFoundException"
    assert refusal(api.list_parents, ChildId=missing)[0] == "ChildNotFoundException"
    assert refusal(api.delete_organizational_unit, OrganizationalUnitId=missing)[0] == (
        "OrganizationalUnitNotFoundException"
    )
    assert message_of(api.list_children, ParentId=missing, ChildType="ACCOUNT") == (
        "You specified a parent that doesn't exist."
    )


def test_pages(org):
    names = [f"unit {number:02}" for number in range(23)]
    for name in names:
        org.unit(name)
    first = org.api.list_organizational_units_for_parent(ParentId=org.root)
    assert len(first["OrganizationalUnits"]) == 20
    # One that goes meanwhile hides no other.
    org.api.delete_organizational_unit(OrganizationalUnitId=first["OrganizationalUnits"][0]["Id"])
    rest = org.api.list_organizational_units_for_parent(ParentId=org.root, NextToken=first["NextToken"])
    assert [unit["Name"] for unit in rest["OrganizationalUnits"]] == names[20:]
    assert "NextToken" not in rest
