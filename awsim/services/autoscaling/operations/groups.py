"""Groups. Source: EC2 Auto Scaling API Reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.autoscaling.operations.configurations import ConfigurationOperations
from awsim.services.autoscaling.records import PROCESSES, Group
from awsim.services.autoscaling.refusals import invalid

TERMINATION = (
    "AllocationStrategy", "ClosestToNextInstanceHour", "Default", "NewestInstance", "OldestInstance",
    "OldestLaunchConfiguration", "OldestLaunchTemplate",
)  # fmt: skip
# Parameters that are kept and shown, and change nothing here.
_KEPT = ("CapacityRebalance", "Context", "DesiredCapacityType", "InstanceMaintenancePolicy", "DeletionProtection")
Tags = Sequence[Mapping[str, Any]]


class GroupOperations(ConfigurationOperations):
    def create_auto_scaling_group(
        self,
        AutoScalingGroupName: str,
        MinSize: int,
        MaxSize: int,
        LaunchConfigurationName: str | None = None,
        LaunchTemplate: Mapping[str, str] | None = None,
        MixedInstancesPolicy: Mapping[str, Any] | None = None,
        DesiredCapacity: int | None = None,
        DefaultCooldown: int | None = None,
        AvailabilityZones: Sequence[str] = (),
        HealthCheckType: str | None = None,
        HealthCheckGracePeriod: int | None = None,
        VPCZoneIdentifier: str | None = None,
        TerminationPolicies: Sequence[str] = (),
        NewInstancesProtectedFromScaleIn: bool | None = None,
        CapacityRebalance: bool | None = None,
        LifecycleHookSpecificationList: Sequence[Mapping[str, Any]] = (),
        Tags: Tags = (),
        ServiceLinkedRoleARN: str | None = None,
        MaxInstanceLifetime: int | None = None,
        Context: str | None = None,
        DesiredCapacityType: str | None = None,
        DefaultInstanceWarmup: int | None = None,
        InstanceMaintenancePolicy: Mapping[str, int] | None = None,
        DeletionProtection: str | None = None,
    ) -> None:
        if AutoScalingGroupName in self.groups:
            raise AWSError(
                "AlreadyExists",
                "AutoScalingGroup by this name already exists - A group with the name "
                f"{AutoScalingGroupName} already exists",
            )
        self.ensure_role()
        group = Group(
            AutoScalingGroupName,
            self.arn(f"autoScalingGroup:{self.ids.uuid('group')}:autoScalingGroupName/{AutoScalingGroupName}"),
            self.clock.time(),
        )
        group.source = self._source(LaunchConfigurationName, LaunchTemplate, MixedInstancesPolicy)
        if not group.source:
            raise invalid(
                "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
                "MixedInstancesPolicy parameter."
            )
        desired = MinSize if DesiredCapacity is None else DesiredCapacity
        check_sizes(MinSize, MaxSize, desired)
        if not AvailabilityZones and not VPCZoneIdentifier:
            raise invalid("At least one Availability Zone or VPC Subnet is required.")
        self._put(group, VPCZoneIdentifier, AvailabilityZones)
        if DefaultCooldown is not None and DefaultCooldown < 0:
            raise invalid("DefaultCooldown must be 0 or more.")
        given = {name: value for name, value in locals().items() if name in _KEPT and value is not None}
        group.settings = given
        group.cooldown = self.limits["default-cooldown"] if DefaultCooldown is None else DefaultCooldown
        group.health = self._health(HealthCheckType)
        group.grace = self.limits["grace-period"] if HealthCheckGracePeriod is None else HealthCheckGracePeriod
        group.termination = self._termination(TerminationPolicies)
        group.protects = bool(NewInstancesProtectedFromScaleIn)
        group.warmup = DefaultInstanceWarmup
        group.lifetime = self._lifetime(MaxInstanceLifetime)
        group.role = ServiceLinkedRoleARN or self.linked_role
        for tag in Tags:
            self.set_tag(group, tag)
        for each in LifecycleHookSpecificationList:
            self.add_hook(group, each)
        self.limits.quota("groups", len(self.groups))
        group.least, group.most, group.desired = MinSize, MaxSize, desired
        self.groups[group.name] = group
        self.watch_ec2()
        self.reach(
            group,
            f"At {self.stamp()} a user request created an AutoScalingGroup changing the desired capacity from 0 to "
            f"{desired}.",
        )

    def update_auto_scaling_group(
        self,
        AutoScalingGroupName: str,
        LaunchConfigurationName: str | None = None,
        LaunchTemplate: Mapping[str, str] | None = None,
        MixedInstancesPolicy: Mapping[str, Any] | None = None,
        MinSize: int | None = None,
        MaxSize: int | None = None,
        DesiredCapacity: int | None = None,
        DefaultCooldown: int | None = None,
        AvailabilityZones: Sequence[str] = (),
        HealthCheckType: str | None = None,
        HealthCheckGracePeriod: int | None = None,
        VPCZoneIdentifier: str | None = None,
        TerminationPolicies: Sequence[str] | None = None,
        NewInstancesProtectedFromScaleIn: bool | None = None,
        CapacityRebalance: bool | None = None,
        ServiceLinkedRoleARN: str | None = None,
        MaxInstanceLifetime: int | None = None,
        Context: str | None = None,
        DesiredCapacityType: str | None = None,
        DefaultInstanceWarmup: int | None = None,
        InstanceMaintenancePolicy: Mapping[str, int] | None = None,
        DeletionProtection: str | None = None,
    ) -> None:
        group = self.group_named(AutoScalingGroupName)
        source = self._source(LaunchConfigurationName, LaunchTemplate, MixedInstancesPolicy)
        least = group.least if MinSize is None else MinSize
        most = group.most if MaxSize is None else MaxSize
        desired = DesiredCapacity
        if desired is None:
            desired = min(max(group.desired, least), max(most, least))
        check_sizes(least, most, desired)
        health = self._health(HealthCheckType or group.health)
        termination = group.termination if TerminationPolicies is None else self._termination(TerminationPolicies)
        lifetime = group.lifetime if MaxInstanceLifetime is None else self._lifetime(MaxInstanceLifetime)
        if DefaultCooldown is not None and DefaultCooldown < 0:
            raise invalid("DefaultCooldown must be 0 or more.")
        given = {name: value for name, value in locals().items() if name in _KEPT and value is not None}
        if VPCZoneIdentifier or AvailabilityZones:
            self._put(group, VPCZoneIdentifier, AvailabilityZones)
        group.source = source or group.source
        group.settings = {**group.settings, **given}
        group.health, group.termination, group.lifetime = health, termination, lifetime
        group.cooldown = group.cooldown if DefaultCooldown is None else DefaultCooldown
        group.grace = group.grace if HealthCheckGracePeriod is None else HealthCheckGracePeriod
        if NewInstancesProtectedFromScaleIn is not None:
            group.protects = NewInstancesProtectedFromScaleIn
        if DefaultInstanceWarmup is not None:
            group.warmup = None if DefaultInstanceWarmup < 0 else DefaultInstanceWarmup
        group.role = ServiceLinkedRoleARN or group.role
        self.bound(group, least, most, desired, "a user request update of AutoScalingGroup constraints to")

    def bound(self, group: Group, least: int, most: int, desired: int, who: str) -> None:
        """New sizes for a group; `who` says what changes them."""
        before = group.desired
        group.least, group.most, group.desired = least, most, desired
        if desired != before:
            self.reach(
                group,
                f"At {self.stamp()} {who} min: {least}, max: {most}, desired: {desired} changing the desired capacity "
                f"from {before} to {desired}.",
            )

    def delete_auto_scaling_group(self, AutoScalingGroupName: str, ForceDelete: bool | None = None) -> None:
        group = self.group_named(AutoScalingGroupName)
        protection = group.settings.get("DeletionProtection")
        if protection == "prevent-all-deletion" or (protection == "prevent-force-deletion" and ForceDelete):
            raise AWSError("ResourceInUse", "The Auto Scaling group is protected from deletion.")
        if group.members and not ForceDelete:
            raise AWSError(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
                "still in the group.",
            )
        for policy in list(group.policies):
            self.drop_policy(group, policy)
        for action in list(group.schedules):
            self.drop_schedule(group, action)
        if not group.members:
            self.drop_group(group)
            return
        group.status = "Delete in progress"
        group.least = group.desired = 0
        group.hooks.clear()
        for member in list(group.members.values()):
            if not member.going:
                self.take_out(group, member, f"At {self.stamp()} a user request deleted the AutoScalingGroup.")

    def drop_group(self, group: Group) -> None:
        for id_, each in group.activities.items():
            self.ended_activities[id_] = {**each, "AutoScalingGroupState": "Deleted"}
        if group.retry is not None:
            self.cancel(group.retry)
        del self.groups[group.name]
        self.limits.used("groups", len(self.groups))

    def describe_auto_scaling_groups(
        self,
        AutoScalingGroupNames: Sequence[str] = (),
        IncludeInstances: bool | None = None,
        Filters: Sequence[Mapping[str, Any]] = (),
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        names = {name.rpartition("/")[2] if name.startswith("arn:") else name for name in AutoScalingGroupNames}
        found = [
            group
            for group in self.groups.values()
            if (not names or group.name in names) and all(_tagged(group, each) for each in Filters)
        ]

        def shown(group: Group) -> dict[str, Any]:
            described = group.described()
            return {**described, "Instances": []} if IncludeInstances is False else described

        return self.page("AutoScalingGroups", found, shown, lambda group: group.name, NextToken, MaxRecords)

    # --- capacity

    def set_desired_capacity(
        self, AutoScalingGroupName: str, DesiredCapacity: int, HonorCooldown: bool | None = None
    ) -> None:
        group = self.group_named(AutoScalingGroupName)
        if DesiredCapacity > group.most:
            raise invalid(
                f"New SetDesiredCapacity value {DesiredCapacity} is above max value {group.most} for the "
                "AutoScalingGroup."
            )
        if DesiredCapacity < group.least:
            raise invalid(
                f"New SetDesiredCapacity value {DesiredCapacity} is below min value {group.least} for the "
                "AutoScalingGroup."
            )
        if HonorCooldown:
            self.check_cooldown(group)
        self.set_desired(group, DesiredCapacity, "a user request explicitly set group desired capacity")

    def set_desired(self, group: Group, desired: int, who: str) -> None:
        """`who` says what sets it."""
        before = group.desired
        group.desired = desired
        why = f"At {self.stamp()} {who} changing the desired capacity from {before} to {desired}."
        self.reach(group, why if desired != before else "")

    def check_cooldown(self, group: Group) -> None:
        if self.clock.time() < group.cool_from:
            raise AWSError(
                "ScalingActivityInProgress",
                f"The Auto Scaling group {group.name} is in its cooldown period; scaling activities are blocked.",
            )

    # --- processes

    def suspend_processes(self, AutoScalingGroupName: str, ScalingProcesses: Sequence[str] = ()) -> None:
        group = self.group_named(AutoScalingGroupName)
        names = _processes(ScalingProcesses)
        for name in names:
            group.suspended[name] = f"User suspended at {self.stamp()}"

    def resume_processes(self, AutoScalingGroupName: str, ScalingProcesses: Sequence[str] = ()) -> None:
        group = self.group_named(AutoScalingGroupName)
        for name in _processes(ScalingProcesses):
            group.suspended.pop(name, None)
        self.reach(group, "")

    # --- metrics

    def enable_metrics_collection(
        self, AutoScalingGroupName: str, Granularity: str, Metrics: Sequence[str] = ()
    ) -> None:
        group = self.group_named(AutoScalingGroupName)
        if Granularity != "1Minute":
            raise invalid("Valid metrics granularity type is: [1Minute].")
        unknown = set(Metrics) - set(METRICS)
        if unknown:
            raise invalid(f"Metric {sorted(unknown)[0]} is not a valid metric collection type.")
        group.metrics = tuple(name for name in METRICS if not Metrics or name in Metrics or name in group.metrics)
        self.note_levels(group)

    def disable_metrics_collection(self, AutoScalingGroupName: str, Metrics: Sequence[str] = ()) -> None:
        group = self.group_named(AutoScalingGroupName)
        group.metrics = tuple(name for name in group.metrics if Metrics and name not in Metrics)
        self.note_levels(group)

    # --- parts

    def _source(
        self,
        configuration: str | None,
        template: Mapping[str, str] | None,
        mixed: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """Checked launch settings, as groups show them; empty where none are given."""
        given = [each for each in (configuration, template, mixed) if each is not None]
        if len(given) > 1:
            raise invalid(
                "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
                "MixedInstancesPolicy parameter."
            )
        if configuration is not None:
            if configuration not in self.configurations:
                raise invalid(f"Launch configuration name not found - Launch configuration {configuration} not found")
            return {"LaunchConfigurationName": configuration}
        if template is not None:
            return {"LaunchTemplate": self._template(template)}
        if mixed is not None:
            return {"MixedInstancesPolicy": self._mixed(mixed)}
        return {}

    def _template(self, given: Mapping[str, str]) -> dict[str, str]:
        id_, name = given.get("LaunchTemplateId"), given.get("LaunchTemplateName")
        if (id_ is None) == (name is None):
            raise invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
        wanted = {"LaunchTemplateId": id_} if id_ is not None else {"LaunchTemplateName": name}
        version = given.get("Version")
        try:
            found = self.ec2("DescribeLaunchTemplateVersions", **wanted, Versions=[version or "$Default"])[
                "LaunchTemplateVersions"
            ][0]
        except AWSError as error:
            raise invalid(f"You must use a valid fully-formed launch template. {error.message}") from None
        if not found["LaunchTemplateData"].get("ImageId"):
            raise invalid(
                "You must use a valid fully-formed launch template. The request must contain the parameter ImageId"
            )
        shown = {"LaunchTemplateId": found["LaunchTemplateId"], "LaunchTemplateName": found["LaunchTemplateName"]}
        return {**shown, **({"Version": version} if version is not None else {})}

    def _mixed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        template = given.get("LaunchTemplate") or {}
        specification = template.get("LaunchTemplateSpecification")
        if not specification:
            raise invalid("LaunchTemplateSpecification is required in MixedInstancesPolicy.")
        distribution = {
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 100,
            "SpotAllocationStrategy": "lowest-price",
            **(given.get("InstancesDistribution") or {}),
        }
        if distribution["OnDemandPercentageAboveBaseCapacity"] != 100:
            self.not_modelled("spot instances (OnDemandPercentageAboveBaseCapacity below 100)")
        kept = {**template, "LaunchTemplateSpecification": self._template(specification)}
        return {"LaunchTemplate": kept, "InstancesDistribution": distribution}

    def _put(self, group: Group, subnets: str | None, zones: Sequence[str]) -> None:
        """Where the instances of a group may be."""
        if subnets:
            names = tuple(each.strip() for each in subnets.split(",") if each.strip())
            try:
                found = self.ec2("DescribeSubnets", SubnetIds=list(names))["Subnets"]
            except AWSError as error:
                raise invalid(
                    f"The subnet ID '{names[0]}' does not exist" if not error.message else error.message
                ) from None
            zone_of = {each["SubnetId"]: each["AvailabilityZone"] for each in found}
            if len({each["VpcId"] for each in found}) > 1:
                raise invalid("The specified subnets are not all of one VPC.")
            if zones and set(zones) != set(zone_of.values()):
                raise invalid("The availability zones of the specified subnets and the Auto Scaling group do not match")
            group.subnets = names
            group.places = tuple((zone_of[name], name) for name in names)
        else:
            known = {each["ZoneName"] for each in self.ec2("DescribeAvailabilityZones")["AvailabilityZones"]}
            for zone in zones:
                if zone not in known:
                    raise invalid(f"Invalid availability zones [{zone}]")
            group.subnets = ()
            group.places = tuple((zone, None) for zone in zones)
        group.zones = tuple(dict.fromkeys(zone for zone, _ in group.places))

    def _health(self, kind: str | None) -> str:
        wanted = kind or self.limits["health-check-type"]
        for each in wanted.split(","):
            if each not in ("EC2", "ELB", "EBS", "VPC_LATTICE"):
                raise invalid(f"Health Check Type {each} is not valid. Valid types are: EC2, ELB, EBS, VPC_LATTICE.")
        return str(wanted)

    def _termination(self, given: Sequence[str]) -> tuple[str, ...]:
        for name in given:
            if name.startswith("arn:"):
                self.not_modelled("termination policies that are Lambda functions")
            if name not in TERMINATION:
                raise invalid(f"{name} is not a valid termination policy.")
        return tuple(given) or ("Default",)

    def _lifetime(self, seconds: int | None) -> int | None:
        if not seconds:
            return None
        row = self.limits.row("max-instance-lifetime")
        if seconds < (row.minimum or 0) or seconds > (self.limits["max-instance-lifetime"] or seconds):
            raise invalid("MaxInstanceLifetime must be between 86400 and 31536000 seconds, or 0.")
        return seconds

    def set_tag(self, group: Group, tag: Mapping[str, Any]) -> None:
        key, value = tag.get("Key") or "", tag.get("Value") or ""
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use.")
        self.limits.check("tag-key-length", len(key))
        self.limits.check("tag-value-length", len(value))
        if key not in group.tags:
            self.limits.check("tags-per-group", len(group.tags) + 1)
        group.tags[key] = (value, bool(tag.get("PropagateAtLaunch")))

    def add_hook(self, group: Group, given: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def drop_policy(self, group: Group, name: str) -> None:
        raise NotImplementedError

    def drop_schedule(self, group: Group, name: str) -> None:
        raise NotImplementedError


METRICS = (
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
    "GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
    "GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
    "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
)  # fmt: skip


def check_sizes(least: int, most: int, desired: int) -> None:
    if least < 0 or most < 0:
        raise invalid("MinSize and MaxSize must be 0 or more.")
    if least > most:
        raise invalid("Max bound, " + f"{most}, must be greater than or equal to min bound, {least}")
    if not least <= desired <= most:
        raise invalid(f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}")


def _processes(names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in PROCESSES:
            raise invalid(f"{name} is not a valid process type.")
    return list(names or PROCESSES)


def _tagged(group: Group, condition: Mapping[str, Any]) -> bool:
    """Whether a group passes a filter of DescribeAutoScalingGroups."""
    name, values = condition.get("Name") or "", condition.get("Values") or ()
    if name == "tag-key":
        return any(key in values for key in group.tags)
    if name == "tag-value":
        return any(value in values for value, _ in group.tags.values())
    if name.startswith("tag:"):
        return name[4:] in group.tags and group.tags[name[4:]][0] in values
    raise invalid(f"Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>")
