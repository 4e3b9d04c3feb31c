"""Instances of groups. Source: EC2 Auto Scaling API Reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.autoscaling.operations.hooks import HookOperations
from awsim.services.autoscaling.records import Group, Member
from awsim.services.autoscaling.refusals import invalid


class InstanceOperations(HookOperations):
    def describe_auto_scaling_instances(
        self, InstanceIds: Sequence[str] = (), NextToken: str | None = None, MaxRecords: int | None = None
    ) -> dict[str, Any]:
        found = [
            (group, member)
            for group in self.groups.values()
            for member in group.members.values()
            if not InstanceIds or member.id in InstanceIds
        ]

        def shown(each: tuple[Group, Member]) -> dict[str, Any]:
            group, member = each
            health = "HEALTHY" if member.healthy else "UNHEALTHY"
            return {**member.described(), "AutoScalingGroupName": group.name, "HealthStatus": health}

        return self.page("AutoScalingInstances", found, shown, lambda each: each[1].id, NextToken, MaxRecords)

    def set_instance_health(
        self, InstanceId: str, HealthStatus: str, ShouldRespectGracePeriod: bool | None = None
    ) -> None:
        group, member = self.managed(InstanceId)
        if HealthStatus not in ("Healthy", "Unhealthy"):
            raise invalid("Valid instance health states are: [Healthy, Unhealthy].")
        if HealthStatus == "Healthy":
            member.healthy = True
            return
        young = member.in_service is None or self.clock.time() < member.in_service + group.grace
        if young and ShouldRespectGracePeriod is not False and group.grace:
            return
        member.healthy = False
        self.later(self.limits.duration("health-check"), "_found_unhealthy", group=group.name, instance=member.id)

    def _found_unhealthy(self, group: str, instance: str) -> None:
        found = self.groups.get(group)
        member = found.members.get(instance) if found is not None else None
        if found is not None and member is not None and not member.healthy and found.runs("HealthCheck"):
            self.replace_unhealthy(found, member, "a user health-check.")

    def set_instance_protection(
        self, InstanceIds: Sequence[str], AutoScalingGroupName: str, ProtectedFromScaleIn: bool
    ) -> None:
        group = self.group_named(AutoScalingGroupName)
        members = [self.member_of(group, id_) for id_ in InstanceIds]
        for member in members:
            if member.going:
                raise invalid(f"The instance {member.id} is not in InService or EnteringStandby or Standby.")
        for member in members:
            member.protected = ProtectedFromScaleIn

    def terminate_instance_in_auto_scaling_group(
        self,
        ShouldDecrementDesiredCapacity: bool,
        InstanceId: str | None = None,
        AutoScalingGroupName: str | None = None,
    ) -> dict[str, Any]:
        if InstanceId is None:
            raise invalid("InstanceId is required.")
        group, member = self.managed(InstanceId)
        if member.going:
            raise invalid(f"Instance Id not found - No managed instance found for instance ID: {InstanceId}")
        before = group.desired
        why = f"At {self.stamp()} instance {member.id} was taken out of service in response to a user request."
        if ShouldDecrementDesiredCapacity:
            if group.desired - 1 < group.least:
                raise invalid(
                    "Currently, desiredSize equals minSize "
                    f"({group.least}). Terminating instance without replacement will violate group's min size "
                    "constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
                )
            group.desired -= 1
            why = why.rstrip(".") + f", shrinking the capacity from {before} to {group.desired}."
        activity = self.take_out(group, member, why)
        known = self.activity(group, activity)
        self.reach(group, "")
        return {"Activity": dict(known or {})}

    # --- in and out

    def attach_instances(self, AutoScalingGroupName: str, InstanceIds: Sequence[str] = ()) -> None:
        group = self.group_named(AutoScalingGroupName)
        if not InstanceIds:
            raise invalid("InstanceIds must not be empty.")
        if group.desired + len(InstanceIds) > group.most:
            raise invalid(
                f"AutoScalingGroup {group.name} has min-size={group.least}, max-size={group.most}, and desired-size="
                f"{group.desired}. To attach {len(InstanceIds)} instances, please update the AutoScalingGroup sizes "
                "appropriately."
            )
        found: dict[str, Mapping[str, Any]] = {}
        reservations = self.asked("ec2", "DescribeInstances", InstanceIds=list(InstanceIds))["Reservations"]
        for reservation in reservations:
            found |= {each["InstanceId"]: each for each in reservation["Instances"]}
        for id_, each in found.items():
            if id_ in self.membership:
                raise invalid(f"Instance {id_} is already part of AutoScalingGroup:{self.membership[id_]}.")
            if each["State"]["Name"] != "running":
                raise invalid(f"Instance {id_} is not in correct state. Instance(s) must be in 'running' state.")
            if each["Placement"]["AvailabilityZone"] not in group.zones:
                raise invalid(f"The availability zone of the instance {id_} and the Auto Scaling group do not match.")
        before = group.desired
        group.desired += len(found)
        for id_, each in found.items():
            zone = each["Placement"]["AvailabilityZone"]
            member = Member(id_, each["InstanceType"], zone, {}, self.clock.time())
            cause = (
                f"At {self.stamp()} an instance was attached in response to a user request, increasing the capacity "
                f"from {before} to {group.desired}."
            )
            member.activity = self.begin_activity(
                group, f"Attaching an existing EC2 instance: {id_}", cause, {"Availability Zone": zone}
            )
            group.members[id_] = member
            self.membership[id_] = group.name
            tag = {"Key": "aws:autoscaling:groupName", "Value": group.name}
            self.ec2("CreateTags", Resources=[id_], Tags=[tag])
            self.put_in_service(group, member)

    def detach_instances(
        self,
        AutoScalingGroupName: str,
        ShouldDecrementDesiredCapacity: bool,
        InstanceIds: Sequence[str] = (),
    ) -> dict[str, Any]:
        group, members = self._chosen(AutoScalingGroupName, InstanceIds, ("InService", "Standby"))
        self._check_least(group, members, ShouldDecrementDesiredCapacity)
        activities = []
        for member in members:
            activities.append(
                self._moved(group, member, "Detaching EC2 instance", "detached", ShouldDecrementDesiredCapacity)
            )
            self.forget(group, member)
        self.reach(group, "")
        return {"Activities": activities}

    def enter_standby(
        self,
        AutoScalingGroupName: str,
        ShouldDecrementDesiredCapacity: bool,
        InstanceIds: Sequence[str] = (),
    ) -> dict[str, Any]:
        group, members = self._chosen(AutoScalingGroupName, InstanceIds, ("InService",))
        self._check_least(group, members, ShouldDecrementDesiredCapacity)
        activities = []
        for member in members:
            activities.append(
                self._moved(
                    group, member, "Moving EC2 instance to Standby", "moved to standby", ShouldDecrementDesiredCapacity
                )
            )
            member.state = "Standby"
        self.reach(group, "")
        return {"Activities": activities}

    def exit_standby(self, AutoScalingGroupName: str, InstanceIds: Sequence[str] = ()) -> dict[str, Any]:
        group, members = self._chosen(AutoScalingGroupName, InstanceIds, ("Standby",))
        if group.desired + len(members) > group.most:
            raise invalid(
                f"AutoScalingGroup {group.name} has max-size={group.most}. Moving {len(members)} instances out of "
                "Standby would exceed it."
            )
        activities = []
        for member in members:
            before = group.desired
            group.desired += 1
            cause = (
                f"At {self.stamp()} instance {member.id} was moved out of standby in response to a user request, "
                f"increasing the capacity from {before} to {group.desired}."
            )
            activity = self.begin_activity(
                group, f"Moving EC2 instance out of Standby: {member.id}", cause, {"Availability Zone": member.zone}
            )
            member.state = "InService"
            activities.append(dict(self.activity(group, activity) or {}))
            self.end_activity(group, activity, "Successful", None)
        return {"Activities": activities}

    # --- parts

    def _chosen(self, name: str, ids: Sequence[str], states: tuple[str, ...]) -> tuple[Group, list[Member]]:
        group = self.group_named(name)
        members = [self.member_of(group, id_) for id_ in ids]
        for member in members:
            if member.state not in states:
                raise invalid(f"The instance {member.id} is not in {' or '.join(states)}.")
        return group, members

    def _check_least(self, group: Group, members: Sequence[Member], decrement: bool) -> None:
        serving = sum(member.state == "InService" for member in members)
        if decrement and group.desired - serving < group.least:
            raise invalid(
                f"AutoScalingGroup {group.name} has min-size={group.least}, max-size={group.most}, and desired-size="
                f"{group.desired}. To remove {serving} instances, please update the AutoScalingGroup sizes "
                "appropriately."
            )

    def _moved(self, group: Group, member: Member, title: str, how: str, decrement: bool) -> dict[str, Any]:
        before = group.desired
        cause = f"At {self.stamp()} instance {member.id} was {how} in response to a user request"
        if decrement and member.state == "InService":
            group.desired -= 1
            cause += f", shrinking the capacity from {before} to {group.desired}"
        activity = self.begin_activity(group, f"{title}: {member.id}", cause + ".", {"Availability Zone": member.zone})
        shown = dict(self.activity(group, activity) or {})
        self.end_activity(group, activity, "Successful", None)
        return shown
