"""Security groups. Source: VPC User Guide, "Control traffic to your AWS resources using security groups"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import groups
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.groups import GROUP, Asked, Match, Peer, Rule, SecurityGroup
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.network import Vpc
from awsim.services.ec2.operations.acls import AclOperations
from awsim.services.ec2.refusals import bad_value, combination, in_use, invalid, missing

Permissions = Sequence[Mapping[str, Any]]

_GROUP_FILTERS = {
    "group-id": "GroupId",
    "group-name": "GroupName",
    "description": "Description",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
    "ip-permission.cidr": "IpPermissions.IpRanges.CidrIp",
    "ip-permission.from-port": "IpPermissions.FromPort",
    "ip-permission.group-id": "IpPermissions.UserIdGroupPairs.GroupId",
    "ip-permission.ipv6-cidr": "IpPermissions.Ipv6Ranges.CidrIpv6",
    "ip-permission.prefix-list-id": "IpPermissions.PrefixListIds.PrefixListId",
    "ip-permission.protocol": "IpPermissions.IpProtocol",
    "ip-permission.to-port": "IpPermissions.ToPort",
    "ip-permission.user-id": "IpPermissions.UserIdGroupPairs.UserId",
    "egress.ip-permission.cidr": "IpPermissionsEgress.IpRanges.CidrIp",
    "egress.ip-permission.from-port": "IpPermissionsEgress.FromPort",
    "egress.ip-permission.group-id": "IpPermissionsEgress.UserIdGroupPairs.GroupId",
    "egress.ip-permission.protocol": "IpPermissionsEgress.IpProtocol",
    "egress.ip-permission.to-port": "IpPermissionsEgress.ToPort",
}
_RULE_FILTERS = {"group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"}
_EVERYTHING = Asked(Match("-1", -1, -1, Peer("CidrIpv4", "0.0.0.0/0")), None)
_NAME = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*\Z")


class GroupOperations(AclOperations):
    groups = Kept(SecurityGroup)
    rules = Kept(Rule)

    def create_security_group(
        self,
        GroupName: str,
        Description: str,
        VpcId: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        vpc = self.vpcs[VpcId] if VpcId is not None else self.default_vpc
        if vpc is None:
            raise AWSError("VPCIdNotSpecified", "No default VPC for this user")
        self._check_text(GroupName, "GroupName")
        self._check_text(Description, "GroupDescription")
        if GroupName.startswith("sg-"):
            raise bad_value(GroupName, "groupName", "Group names may not be in the format sg-*.")
        if GroupName == "default":
            raise invalid("Cannot use reserved security group name: default")
        if self._named(GroupName, vpc) is not None:
            raise AWSError(
                "InvalidGroup.Duplicate", f"The security group '{GroupName}' already exists for VPC '{vpc.id}'"
            )
        self.limits.quota("security-groups", len(self.groups))
        asked = self.tags_for(TagSpecifications, "security-group")["security-group"]
        group = self._group(vpc, GroupName, Description)
        self.tag(group, asked)
        self._add(group, True, _EVERYTHING)
        return {"GroupId": group.id, "SecurityGroupArn": group.arn, "Tags": group.tag_list()}

    def describe_security_groups(
        self,
        GroupIds: Sequence[str] = (),
        GroupNames: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen: Iterable[SecurityGroup] = self.chosen(self.groups, GroupIds, MaxResults)
        if GroupNames:
            named = [self._by_name(name) for name in GroupNames]
            chosen = [*(chosen if GroupIds else ()), *named]
        return self.listing("SecurityGroups", chosen, Filters, _GROUP_FILTERS, NextToken, MaxResults)

    def delete_security_group(self, GroupId: str | None = None, GroupName: str | None = None) -> dict[str, Any]:
        group = self._the(GroupId, GroupName)
        if group.name == "default":
            raise AWSError(
                "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            )
        if self.group_in_use(group) or any(other.names(group.id) for other in self.groups if other is not group):
            raise in_use(group.id)
        self._drop(group)
        return {"Return": True, "GroupId": group.id}

    # --- rules

    def authorize_security_group_ingress(
        self,
        GroupId: str | None = None,
        GroupName: str | None = None,
        IpPermissions: Permissions = (),
        IpProtocol: str | None = None,
        FromPort: int | None = None,
        ToPort: int | None = None,
        CidrIp: str | None = None,
        SourceSecurityGroupName: str | None = None,
        SourceSecurityGroupOwnerId: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        group = self._the(GroupId, GroupName)
        alone = _alone(IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName, SourceSecurityGroupOwnerId)
        return self._authorize(group, False, IpPermissions, alone, TagSpecifications)

    def authorize_security_group_egress(
        self,
        GroupId: str,
        IpPermissions: Permissions = (),
        IpProtocol: str | None = None,
        FromPort: int | None = None,
        ToPort: int | None = None,
        CidrIp: str | None = None,
        SourceSecurityGroupName: str | None = None,
        SourceSecurityGroupOwnerId: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        alone = _alone(IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName, SourceSecurityGroupOwnerId)
        return self._authorize(self.groups[GroupId], True, IpPermissions, alone, TagSpecifications)

    def revoke_security_group_ingress(
        self,
        GroupId: str | None = None,
        GroupName: str | None = None,
        IpPermissions: Permissions = (),
        IpProtocol: str | None = None,
        FromPort: int | None = None,
        ToPort: int | None = None,
        CidrIp: str | None = None,
        SourceSecurityGroupName: str | None = None,
        SourceSecurityGroupOwnerId: str | None = None,
        SecurityGroupRuleIds: Sequence[str] = (),
    ) -> dict[str, Any]:
        alone = _alone(IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName, SourceSecurityGroupOwnerId)
        return self._revoke(self._the(GroupId, GroupName), False, IpPermissions, alone, SecurityGroupRuleIds)

    def revoke_security_group_egress(
        self,
        GroupId: str,
        IpPermissions: Permissions = (),
        IpProtocol: str | None = None,
        FromPort: int | None = None,
        ToPort: int | None = None,
        CidrIp: str | None = None,
        SourceSecurityGroupName: str | None = None,
        SourceSecurityGroupOwnerId: str | None = None,
        SecurityGroupRuleIds: Sequence[str] = (),
    ) -> dict[str, Any]:
        alone = _alone(IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName, SourceSecurityGroupOwnerId)
        return self._revoke(self.groups[GroupId], True, IpPermissions, alone, SecurityGroupRuleIds)

    def describe_security_group_rules(
        self,
        SecurityGroupRuleIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.rules, SecurityGroupRuleIds, MaxResults)
        return self.listing("SecurityGroupRules", chosen, Filters, _RULE_FILTERS, NextToken, MaxResults)

    def modify_security_group_rules(
        self, GroupId: str, SecurityGroupRules: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        group = self.groups[GroupId]
        changes: list[tuple[Rule, Asked]] = []
        for each in SecurityGroupRules:
            rule = self._rule_of(group, each.get("SecurityGroupRuleId") or "")
            changes.append((rule, self._read_one(each.get("SecurityGroupRule") or {})))
        for rule, asked in changes:
            other = group.rule(rule.egress, asked.match)
            if other is not None and other is not rule:
                raise _duplicate(asked.match)
            rule.match, rule.description = asked
        return {"Return": True}

    def update_security_group_rule_descriptions_ingress(
        self,
        GroupId: str | None = None,
        GroupName: str | None = None,
        IpPermissions: Permissions = (),
        SecurityGroupRuleDescriptions: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        group = self._the(GroupId, GroupName)
        return self._describe_rules(group, False, IpPermissions, SecurityGroupRuleDescriptions)

    def update_security_group_rule_descriptions_egress(
        self,
        GroupId: str | None = None,
        GroupName: str | None = None,
        IpPermissions: Permissions = (),
        SecurityGroupRuleDescriptions: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        group = self._the(GroupId, GroupName)
        return self._describe_rules(group, True, IpPermissions, SecurityGroupRuleDescriptions)

    # --- parts

    def _authorize(
        self,
        group: SecurityGroup,
        egress: bool,
        given: Permissions,
        alone: Mapping[str, Any] | None,
        tags: TagSpecifications,
    ) -> dict[str, Any]:
        asked = self._read(given, alone)
        labels = self.tags_for(tags, "security-group-rule")["security-group-rule"]
        seen = set()
        for each in asked:
            if each.match in seen:
                raise invalid("The same permission must not appear multiple times")
            seen.add(each.match)
            if group.rule(egress, each.match) is not None:
                raise _duplicate(each.match)
        self.limits.quota(
            "rules-per-group", len(group.of(egress)), f"{group.id} {'out' if egress else 'in'}bound", adding=len(asked)
        )
        made = [self._add(group, egress, each) for each in asked]
        for rule in made:
            self.tag(rule, labels)
        return {"Return": True, "SecurityGroupRules": [rule.described() for rule in made]}

    def _revoke(
        self,
        group: SecurityGroup,
        egress: bool,
        given: Permissions,
        alone: Mapping[str, Any] | None,
        ids: Sequence[str],
    ) -> dict[str, Any]:
        if ids:
            gone = [self._rule_of(group, id_) for id_ in ids]
        else:
            asked = self._read(given, alone)
            found = [group.rule(egress, each.match) for each in asked]
            gone = [rule for rule in found if rule is not None]
            if len(gone) < len(found):
                raise AWSError(
                    "InvalidPermission.NotFound", "The specified rule does not exist in this security group."
                )
        for rule in gone:
            group.rules.pop(rule.id, None)
            if rule.id in self.rules:
                self.rules.remove(rule.id)
        shown = [
            {name: value for name, value in rule.described().items() if name not in ("Tags", "GroupOwnerId")}
            for rule in gone
        ]
        return {"Return": True, "RevokedSecurityGroupRules": shown}

    def _read(self, given: Permissions, alone: Mapping[str, Any] | None) -> list[Asked]:
        if alone is not None and given:
            raise combination("The parameter ipPermissions cannot be used with the other parameters of a rule.")
        if alone is None and not given:
            raise missing("ipPermissions")
        asked = [each for permission in (given or [alone or {}]) for each in groups.read(permission, self.account)]
        return [each._replace(match=self._resolved(each.match)) for each in asked]

    def _read_one(self, given: Mapping[str, Any]) -> Asked:
        """A rule as ModifySecurityGroupRules has it."""
        permission = {name: given.get(name) for name in ("IpProtocol", "FromPort", "ToPort")}
        told = given.get("Description")
        if given.get("CidrIpv4"):
            permission["IpRanges"] = [{"CidrIp": given["CidrIpv4"], "Description": told}]
        elif given.get("CidrIpv6"):
            permission["Ipv6Ranges"] = [{"CidrIpv6": given["CidrIpv6"], "Description": told}]
        elif given.get("PrefixListId"):
            permission["PrefixListIds"] = [{"PrefixListId": given["PrefixListId"], "Description": told}]
        elif given.get("ReferencedGroupId"):
            permission["UserIdGroupPairs"] = [{"GroupId": given["ReferencedGroupId"], "Description": told}]
        (asked,) = groups.read(permission, self.account)
        return asked._replace(match=self._resolved(asked.match))

    def _resolved(self, match: Match) -> Match:
        """A rule that names a group of this account names it by its id."""
        peer = match.peer
        if peer.kind != GROUP or peer.owner != self.account:
            return match
        group = self.groups[peer.value] if peer.value.startswith("sg-") else self._by_name(peer.value)
        return match._replace(peer=peer._replace(value=group.id))

    def _add(self, group: SecurityGroup, egress: bool, asked: Asked) -> Rule:
        id_ = self.rules.new_id()
        rule = Rule(id_, self.account, self.clock.time(), group, egress, asked, self.arn(f"security-group-rule/{id_}"))
        self.rules.add(rule)
        group.rules[id_] = rule
        return rule

    def _describe_rules(
        self, group: SecurityGroup, egress: bool, given: Permissions, descriptions: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        if descriptions:
            for each in descriptions:
                rule = self._rule_of(group, each.get("SecurityGroupRuleId") or "")
                rule.description = each.get("Description")
            return {"Return": True}
        for asked in self._read(given, None):
            found = group.rule(egress, asked.match)
            if found is None:
                raise AWSError(
                    "InvalidPermission.NotFound", "The specified rule does not exist in this security group."
                )
            found.description = asked.description
        return {"Return": True}

    def _rule_of(self, group: SecurityGroup, id_: str) -> Rule:
        rule = group.rules.get(id_)
        if rule is None:
            raise AWSError(Rule.kind.code, f"The security group rule ID '{id_}' does not exist")
        return rule

    def _the(self, id_: str | None, name: str | None) -> SecurityGroup:
        if id_ is None and name is None:
            raise missing("GroupName or GroupId")
        return self.groups[id_] if id_ is not None else self._by_name(name or "")

    def _by_name(self, name: str) -> SecurityGroup:
        """A group of the default VPC."""
        vpc = self.default_vpc
        group = self._named(name, vpc) if vpc is not None else None
        if group is None:
            where = f" in default VPC '{vpc.id}'" if vpc is not None else ""
            raise AWSError("InvalidGroup.NotFound", f"The security group '{name}' does not exist{where}")
        return group

    def _named(self, name: str, vpc: Vpc) -> SecurityGroup | None:
        return self.groups.find(lambda group: group.vpc is vpc and group.name == name)

    def _check_text(self, text: str, parameter: str) -> None:
        if not _NAME.match(text) or not text:
            raise bad_value(text, parameter, "Character sets beyond ASCII are not supported." if text else "")
        if len(text) > self.limits["group-name-length"]:
            raise bad_value(text, parameter, f"Value must be at most {self.limits['group-name-length']} characters.")

    def _group(self, vpc: Vpc, name: str, description: str) -> SecurityGroup:
        id_ = self.groups.new_id()
        arn = self.arn(f"security-group/{id_}")
        return self.groups.add(SecurityGroup(id_, self.account, self.clock.time(), arn, name, description, vpc))

    def _drop(self, group: SecurityGroup) -> None:
        for id_ in group.rules:
            self.rules.remove(id_)
        self.groups.remove(group.id)
        self.limits.used("security-groups", len(self.groups))

    def default_group(self, vpc: Vpc) -> SecurityGroup:
        group = self._named("default", vpc)
        assert group is not None
        return group

    def groups_for(self, vpc: Vpc, ids: Sequence[str], subnet: str = "") -> tuple[SecurityGroup, ...]:
        """The groups that an interface is given: of its own VPC, and not too many; the default one where none is."""
        if not ids:
            return (self.default_group(vpc),)
        chosen = []
        for id_ in dict.fromkeys(ids):
            if id_ not in self.groups:
                code = "InvalidGroup.NotFound" if id_.startswith("sg-") else "InvalidGroupId.Malformed"
                told = f"The security group '{id_}' does not exist" if id_.startswith("sg-") else (
                    f'Invalid id: "{id_}" (expecting "sg-...")'
                )  # fmt: skip
                raise AWSError(code, told)
            group = self.groups[id_]
            if group.vpc is not vpc:
                raise AWSError(
                    "InvalidParameter", f"Security group {id_} and subnet {subnet} belong to different networks."
                )
            chosen.append(group)
        self.limits.check("groups-per-interface", len(chosen))
        return tuple(chosen)

    def group_in_use(self, group: SecurityGroup) -> bool:
        raise NotImplementedError

    def furnish(self, vpc: Vpc) -> None:
        super().furnish(vpc)
        group = self._group(vpc, "default", "default VPC security group")
        self._add(group, False, Asked(Match("-1", -1, -1, Peer(GROUP, group.id, self.account)), None))
        self._add(group, True, _EVERYTHING)

    def occupied(self, vpc: Vpc) -> bool:
        return super().occupied(vpc) or any(group.vpc is vpc and group.name != "default" for group in self.groups)

    def strip(self, vpc: Vpc) -> None:
        super().strip(vpc)
        self._drop(self.default_group(vpc))


def _duplicate(match: Match) -> AWSError:
    return AWSError("InvalidPermission.Duplicate", f'the specified rule "{match}" already exists')


def _alone(
    protocol: str | None,
    first: int | None,
    last: int | None,
    cidr: str | None,
    source: str | None,
    owner: str | None,
) -> dict[str, Any] | None:
    """A rule that the call's own parameters tell; None where they tell none."""
    if protocol is None and cidr is None and source is None:
        return None
    permission: dict[str, Any] = {"IpProtocol": protocol, "FromPort": first, "ToPort": last}
    if source is not None:
        permission["UserIdGroupPairs"] = [{"GroupName": source, **({"UserId": owner} if owner else {})}]
        permission["IpProtocol"] = protocol or "-1"
    if cidr is not None:
        permission["IpRanges"] = [{"CidrIp": cidr}]
    return permission
