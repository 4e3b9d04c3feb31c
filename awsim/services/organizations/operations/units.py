"""The tree: root, organizational units, who is whose child."""

from __future__ import annotations

from typing import Any

from awsim.services.organizations.operations.accounts import AccountOperations
from awsim.services.organizations.operations.common import TagList
from awsim.services.organizations.records import Container, Node, Organization, Unit
from awsim.services.organizations.refusals import because, missing
from awsim.state import Tags as TagMap


class UnitOperations(AccountOperations):
    def create_organizational_unit(self, ParentId: str, Name: str, Tags: TagList = ()) -> dict[str, Any]:
        organization = self.managed()
        parent = self.container_in(organization, ParentId)
        tags = self.with_tags(TagMap(), Tags)
        self._check_free(parent, Name)
        limits = self.limits_of(organization)
        with because("OU_DEPTH_LIMIT_EXCEEDED"):
            limits.check("unit-depth", parent.depth + 1)
        with because("OU_NUMBER_LIMIT_EXCEEDED"):
            limits.quota("units", len(organization.units))
        id = self.new_id("unit", f"ou-{organization.root.id[2:]}", 8)
        unit = Unit(id, self.arn_of(organization, "ou", id), Name, parent)
        unit.tags = tags
        organization.units[id] = unit
        parent.units[id] = unit
        self.give_defaults(organization, unit)
        return {"OrganizationalUnit": _shown(organization, unit)}

    def _check_free(self, parent: Container, name: str) -> None:
        if any(unit.name == name for unit in parent.units.values()):
            raise self.error("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")

    def _unit(self, organization: Organization, id: str) -> Unit:
        found: Unit | None = organization.units.get(id)
        if found is None:
            raise missing("organizational unit", "OrganizationalUnitNotFoundException")
        return found

    def describe_organizational_unit(self, OrganizationalUnitId: str) -> dict[str, Any]:
        organization = self.viewed(OrganizationalUnitId)
        return {"OrganizationalUnit": _shown(organization, self._unit(organization, OrganizationalUnitId))}

    def update_organizational_unit(self, OrganizationalUnitId: str, Name: str | None = None) -> dict[str, Any]:
        organization = self.managed()
        unit = self._unit(organization, OrganizationalUnitId)
        if Name is not None and Name != unit.name:
            assert unit.parent is not None
            self._check_free(unit.parent, Name)
            unit.name = Name
        return {"OrganizationalUnit": _shown(organization, unit)}

    def delete_organizational_unit(self, OrganizationalUnitId: str) -> None:
        organization = self.managed()
        unit = self._unit(organization, OrganizationalUnitId)
        if unit.units or unit.accounts:
            raise self.error(
                "OrganizationalUnitNotEmptyException",
                "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child "
                "OUs, and try the operation again.",
            )
        assert unit.parent is not None
        del unit.parent.units[unit.id]
        del organization.units[unit.id]
        self.limits_of(organization).used("units", len(organization.units))

    def list_organizational_units_for_parent(
        self, ParentId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed(ParentId)
        units = self.container_in(organization, ParentId).units.values()
        return self.page("OrganizationalUnits", units, NextToken, MaxResults, lambda unit: _shown(organization, unit))

    def list_roots(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        organization = self.viewed()
        return self.page("Roots", [self.shown_root(organization)], NextToken, MaxResults)

    def shown_root(self, organization: Organization) -> dict[str, Any]:
        root = organization.root
        types = [{"Type": type, "Status": "ENABLED"} for type in organization.types]
        return {"Id": root.id, "Arn": root.arn, "Name": root.name, "PolicyTypes": types}

    def list_children(
        self, ParentId: str, ChildType: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        parent = self.container_in(self.viewed(ParentId), ParentId)
        children = parent.accounts if ChildType == "ACCOUNT" else parent.units
        return self.page("Children", children.values(), NextToken, MaxResults, _reference)

    def list_parents(self, ChildId: str, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        child = self.viewed(ChildId).node(ChildId)
        if child is None or child.parent is None:
            raise missing("child", "ChildNotFoundException")
        return self.page("Parents", [child.parent], NextToken, MaxResults, _reference)


def _reference(node: Node) -> dict[str, str]:
    return {"Id": node.id, "Type": node.kind}


def _shown(organization: Organization, unit: Unit) -> dict[str, Any]:
    return {"Id": unit.id, "Arn": unit.arn, "Name": unit.name, "Path": organization.path(unit)}
