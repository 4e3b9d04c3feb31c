"""Capacity: instances launched, taken out of service and replaced, through EC2, as the service-linked role.

EC2 tells of every change of state of an instance (`EC2.watch`), which stands for the group's status checks.
Sources: EC2 Auto Scaling User Guide, "Amazon EC2 Auto Scaling instance lifecycle", "Configure termination policies",
"Health checks for instances in an Auto Scaling group", "Verify a scaling activity".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.metering import Level
from awsim.service import Service
from awsim.services.autoscaling import metrics
from awsim.services.autoscaling.records import Group, LaunchConfiguration, Member, Refresh
from awsim.state import Dict

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
_GONE = ("stopping", "stopped", "shutting-down", "terminated")
_OF_EC2 = "an EC2 health check indicating it has been terminated or stopped."


class Engine(Service):
    name: ClassVar[str] = "autoscaling"
    validation_error: ClassVar[str] = "ValidationError"
    shows = frozenset({metrics.NAMESPACE})

    def setup(self) -> None:
        self.groups: dict[str, Group] = Dict()
        self.configurations: dict[str, LaunchConfiguration] = Dict()
        self.membership: dict[str, str] = Dict()  # instance -> group
        self.ended_activities: dict[str, dict[str, Any]] = Dict()  # of groups that are gone

    # --- metrics

    def levels(self) -> Iterator[Level]:
        for group in self.groups.values():
            if group.metrics:
                yield from metrics.levels(group, self.clock.time())

    def note_levels(self, group: Group) -> None:
        """What a group shows from now on: it may change again before anybody looks."""
        for level in metrics.levels(group, self.clock.time()):
            self.measured.append(level)

    # --- as whom, and with whom

    @property
    def linked_role(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:{_ROLE}"

    def ensure_role(self) -> None:
        """AWS makes the service-linked role with the first group; where nobody looks at IAM there is none to see."""
        if self.cloud.authorization is None and not self.cloud.has_service("iam", self.account, self.region):
            return
        try:
            self.call(
                "iam",
                "CreateServiceLinkedRole",
                as_=administrator(self.account),
                AWSServiceName="autoscaling.amazonaws.com",
            )
        except AWSError:
            return  # it is there

    def ec2(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.call("ec2", operation, as_=self.linked_role, **parameters)

    def watch_ec2(self) -> None:
        self.cloud.service("ec2", self.account, self.region).watch(self.key, "_instance_changed")  # type: ignore[attr-defined]

    # --- capacity

    def reach(self, group: Group, why: str) -> None:
        """Launch and terminate until a group has as many instances as desired. `why` says what changed that."""
        have = len(group.counted)
        if have < group.desired and group.runs("Launch"):
            self._launch(group, group.desired, why)
        elif have > group.desired and group.runs("Terminate"):
            self._shrink(group, group.desired, why)

    def _launch(self, group: Group, wanted: int, why: str) -> None:
        have = len(group.counted)
        what = (
            "an instance was started in response to a difference between desired and actual capacity, increasing the "
            f"capacity from {have} to {wanted}."
        )
        for _ in range(wanted - have):
            if not self.launch_one(group, f"{why}  At {self.stamp()} {what}".strip()):
                self._try_again(group)
                return

    def launch_one(self, group: Group, cause: str, zone: str | None = None) -> Member | None:
        """A new instance in the emptiest zone; None where EC2 refuses it."""
        place, subnet = self._place(group, zone)
        now = self.clock.time()
        details = {"Availability Zone": place, **({"Subnet ID": subnet} if subnet else {})}
        try:
            made = self.ec2("RunInstances", **self._launch_parameters(group, place, subnet))["Instances"][0]
        except AWSError as error:
            activity = self.begin_activity(group, "Launching a new EC2 instance", cause, details)
            message = f"{error.message} Launching EC2 instance failed."
            self.end_activity(group, activity, "Failed", message)
            self.notify(
                group, "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", None, activity, "EC2 Instance Launch Unsuccessful"
            )
            return None
        member = Member(made["InstanceId"], made["InstanceType"], place, self.shown_source(group), now)
        member.protected = group.protects
        member.activity = self.begin_activity(group, f"Launching a new EC2 instance: {member.id}", cause, details)
        group.members[member.id] = member
        self.membership[member.id] = group.name
        return member

    def _try_again(self, group: Group) -> None:
        if group.retry is None:
            group.retry = self.later(self.limits["launch-retry"], "_retry", group=group.name)

    def _retry(self, group: str) -> None:
        found = self.groups.get(group)
        if found is not None:
            found.retry = None
            self.reach(found, "")

    def _place(self, group: Group, zone: str | None) -> tuple[str, str | None]:
        """The zone and subnet with the fewest instances, in the group's order."""
        counted = group.counted
        places = [place for place in group.places if zone in (None, place[0])] or list(group.places)
        return min(places, key=lambda place: sum(member.zone == place[0] for member in counted))

    def shown_source(self, group: Group) -> dict[str, Any]:
        """What instances show of the launch settings that they were launched from."""
        if "LaunchConfigurationName" in group.source:
            return dict(group.source)
        template = self.template_of(group.source)
        answer = self.ec2(
            "DescribeLaunchTemplateVersions",
            LaunchTemplateId=template["LaunchTemplateId"],
            Versions=[template.get("Version") or "$Default"],
        )["LaunchTemplateVersions"][0]
        return {
            "LaunchTemplate": {
                "LaunchTemplateId": answer["LaunchTemplateId"],
                "LaunchTemplateName": answer["LaunchTemplateName"],
                "Version": str(answer["VersionNumber"]),
            }
        }

    @staticmethod
    def template_of(source: Mapping[str, Any]) -> Mapping[str, Any]:
        if "MixedInstancesPolicy" in source:
            found: Mapping[str, Any] = source["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
            return found
        template: Mapping[str, Any] = source["LaunchTemplate"]
        return template

    def _launch_parameters(self, group: Group, zone: str, subnet: str | None) -> dict[str, Any]:
        tags = {key: value for key, (value, propagates) in group.tags.items() if propagates}
        tags["aws:autoscaling:groupName"] = group.name
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        parameters: dict[str, Any] = {
            "MinCount": 1,
            "MaxCount": 1,
            "TagSpecifications": [{"ResourceType": "instance", "Tags": listed}],
        }
        name = group.source.get("LaunchConfigurationName")
        if name is not None:
            parameters |= _of_configuration(self.configurations[name].settings)
        else:
            template = self.template_of(group.source)
            named = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": template.get("Version") or "$Default"}
            parameters["LaunchTemplate"] = named
            overrides = (group.source.get("MixedInstancesPolicy") or {}).get("LaunchTemplate", {}).get("Overrides")
            if overrides and overrides[0].get("InstanceType"):
                parameters["InstanceType"] = overrides[0]["InstanceType"]
        interfaces = parameters.get("NetworkInterfaces")
        if interfaces:
            if subnet:
                interfaces[0]["SubnetId"] = subnet
            else:
                parameters["Placement"] = {**parameters.get("Placement", {}), "AvailabilityZone": zone}
        elif subnet:
            parameters["SubnetId"] = subnet
        else:
            parameters["Placement"] = {**parameters.get("Placement", {}), "AvailabilityZone": zone}
        return parameters

    # --- out of service

    def _shrink(self, group: Group, wanted: int, why: str) -> None:
        have = len(group.counted)
        what = (
            "an instance was taken out of service in response to a difference between desired and actual capacity, "
            f"shrinking the capacity from {have} to {wanted}."
        )
        for _ in range(have - wanted):
            member = self.choose_to_go(group)
            if member is None:
                return
            cause = (
                f"{why}  At {self.stamp()} {what}  At {self.stamp()} instance {member.id} was selected for termination."
            )
            self.take_out(group, member, cause.strip())

    def choose_to_go(self, group: Group) -> Member | None:
        """By the termination policies: in the fullest zone, among instances without protection."""
        free = [member for member in group.counted if not member.protected]
        if not free:
            return None
        sizes: dict[str, int] = {}
        for member in group.counted:
            sizes[member.zone] = sizes.get(member.zone, 0) + 1
        fullest = max(sizes[member.zone] for member in free)
        left = [member for member in free if sizes[member.zone] == fullest]
        for policy in group.termination:
            left = self._narrowed(left, policy, group)
        return min(left, key=lambda member: member.launched)

    def _narrowed(self, members: list[Member], policy: str, group: Group) -> list[Member]:
        """Those that a policy would let go first."""
        if policy == "OldestInstance":
            return _least(members, lambda member: member.launched)
        if policy == "NewestInstance":
            return _least(members, lambda member: -member.launched)
        if policy in ("OldestLaunchConfiguration", "Default"):
            old = [member for member in members if "LaunchConfigurationName" in member.source]
            if old:
                created = {name: each.created for name, each in self.configurations.items()}
                return _least(old, lambda member: created.get(member.source["LaunchConfigurationName"], 0.0))
        if policy in ("OldestLaunchTemplate", "Default"):
            current = self.template_of(group.source)["LaunchTemplateId"] if _templated(group) else None
            others = [
                each for each in members if each.source.get("LaunchTemplate", {}).get("LaunchTemplateId") != current
            ]
            return others or _least(members, lambda member: int(member.source["LaunchTemplate"]["Version"]))
        return members

    def take_out(self, group: Group, member: Member, cause: str, *, replace: bool = False) -> str:
        """Begin to terminate an instance of a group; the id of the activity."""
        if member.activity:
            known = self.activity(group, member.activity)
            if known is not None and known["StatusCode"] not in ("Successful", "Failed"):
                self.end_activity(group, member.activity, "Cancelled", "The instance was terminated.")
        self.stop_waiting(member)
        member.activity = self.begin_activity(
            group, f"Terminating EC2 instance: {member.id}", cause, {"Availability Zone": member.zone}
        )
        member.replaced = replace
        member.state = "Terminating"
        self.pass_hooks(group, member, TERMINATING)
        return member.activity

    def finish_taking_out(self, group: Group, member: Member) -> None:
        """No hook holds the instance any more."""
        member.state = "Terminating"
        try:
            self.ec2("TerminateInstances", InstanceIds=[member.id])
        except AWSError as error:
            if error.code == "OperationNotPermitted":
                self.end_activity(group, member.activity, "Failed", error.message)
                return
            self._ended(group, member)

    def _ended(self, group: Group, member: Member) -> None:
        """An instance is gone for good."""
        self.forget(group, member)
        self.end_activity(group, member.activity, "Successful", None)
        self.notify(
            group, "autoscaling:EC2_INSTANCE_TERMINATE", member.id, member.activity, "EC2 Instance Terminate Successful"
        )
        if group.status is not None and not group.members:
            self.drop_group(group)
        elif group.refresh is not None:
            self.go_on_refreshing(group, group.refresh)

    def forget(self, group: Group, member: Member) -> None:
        self.stop_waiting(member)
        group.members.pop(member.id, None)
        self.membership.pop(member.id, None)

    # --- what EC2 and others tell

    def _instance_changed(self, instance: str, state: str) -> None:
        group = self.groups.get(self.membership.get(instance, ""))
        if group is None:
            return
        member = group.members[instance]
        if state == "running" and member.state == "Pending":
            self.pass_hooks(group, member, LAUNCHING)
        elif state == "terminated" and member.state == "Terminating":
            self._ended(group, member)
        elif state in _GONE and not member.going and member.state != "Standby":
            self.later(self.limits.duration("health-check"), "_found_dead", group=group.name, instance=instance)

    def _found_dead(self, group: str, instance: str) -> None:
        found = self.groups.get(group)
        member = found.members.get(instance) if found is not None else None
        if found is None or member is None or member.going or not found.runs("HealthCheck"):
            return
        member.healthy = False
        self.replace_unhealthy(found, member, _OF_EC2)

    def replace_unhealthy(self, group: Group, member: Member, found_by: str) -> None:
        if not group.runs("ReplaceUnhealthy") or member.going:
            return
        cause = f"At {self.stamp()} an instance was taken out of service in response to {found_by}"
        self.take_out(group, member, cause)
        self.reach(group, "")

    # --- hooks

    def pass_hooks(self, group: Group, member: Member, transition: str) -> None:
        """Hold an instance for the hooks of a transition, all at once; go on where there is none."""
        names = tuple(hook.name for hook in group.hooks.values() if hook.transition == transition)
        member.hooks_left = names
        self.next_hook(group, member, transition)

    def next_hook(self, group: Group, member: Member, transition: str) -> None:
        raise NotImplementedError

    def stop_waiting(self, member: Member) -> None:
        if member.timeout is not None:
            self.cancel(member.timeout)
            member.timeout = None
        member.hook = member.token = None
        member.hooks_left = ()

    def put_in_service(self, group: Group, member: Member) -> None:
        now = self.clock.time()
        member.state = "InService"
        member.in_service = now
        member.warm = max(member.warm, now + (group.warmup or 0))
        self.end_activity(group, member.activity, "Successful", None)
        self.notify(
            group, "autoscaling:EC2_INSTANCE_LAUNCH", member.id, member.activity, "EC2 Instance Launch Successful"
        )
        if group.lifetime:
            self.later(group.lifetime, "_too_old", group=group.name, instance=member.id)
        refresh = group.refresh
        if refresh is not None:
            self.go_on_refreshing(group, refresh)

    def _too_old(self, group: str, instance: str) -> None:
        found = self.groups.get(group)
        member = found.members.get(instance) if found is not None else None
        if found is None or member is None or member.going or found.lifetime is None:
            return
        why = "an instance was taken out of service in response to an instance maximum lifetime."
        self.take_out(found, member, f"At {self.stamp()} {why}")
        self.reach(found, "")

    def go_on_refreshing(self, group: Group, refresh: Refresh) -> None:
        raise NotImplementedError

    # --- activities and who hears of them

    def stamp(self, time: float | None = None) -> str:
        moment = datetime.fromtimestamp(self.clock.time() if time is None else time, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def begin_activity(self, group: Group, description: str, cause: str, details: Mapping[str, str]) -> str:
        id_ = self.ids.uuid("activity")
        group.activities[id_] = {
            "ActivityId": id_,
            "AutoScalingGroupName": group.name,
            "AutoScalingGroupARN": group.arn,
            "Description": description,
            "Cause": cause,
            "StartTime": self.clock.time(),
            "StatusCode": "InProgress",
            "Progress": 0,
            "Details": json.dumps(details, separators=(",", ":")),
        }
        return id_

    def activity(self, group: Group, id_: str) -> Mapping[str, Any] | None:
        return group.activities.get(id_)

    def set_activity(self, group: Group, id_: str, **changed: Any) -> None:
        if id_ in group.activities:
            group.activities[id_] = {**group.activities[id_], **changed}

    def end_activity(self, group: Group, id_: str, status: str, message: str | None) -> None:
        more = {"StatusMessage": message} if message is not None else {}
        self.set_activity(group, id_, StatusCode=status, EndTime=self.clock.time(), Progress=100, **more)
        if group.metrics:
            self.note_levels(group)

    def notify(self, group: Group, event: str, instance: str | None, activity: str, detail_type: str) -> None:
        raise NotImplementedError

    def drop_group(self, group: Group) -> None:
        raise NotImplementedError


def _least(members: Sequence[Member], key: Callable[[Member], float]) -> list[Member]:
    least = min(map(key, members), default=0.0)
    return [member for member in members if key(member) == least]


def _templated(group: Group) -> bool:
    return "LaunchConfigurationName" not in group.source


def _of_configuration(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A launch configuration as parameters of RunInstances."""
    found = {
        name: settings[name]
        for name in ("ImageId", "InstanceType", "KeyName", "BlockDeviceMappings", "EbsOptimized", "MetadataOptions")
        if settings.get(name) not in (None, "", [])
    }
    if settings.get("UserData"):
        found["UserData"] = settings["UserData"]
    monitored = (settings.get("InstanceMonitoring") or {}).get("Enabled", True)
    found["Monitoring"] = {"Enabled": monitored}
    profile = settings.get("IamInstanceProfile")
    if profile:
        found["IamInstanceProfile"] = {"Arn" if profile.startswith("arn:") else "Name": profile}
    if settings.get("PlacementTenancy"):
        found["Placement"] = {"Tenancy": settings["PlacementTenancy"]}
    groups = list(settings.get("SecurityGroups") or ())
    public = settings.get("AssociatePublicIpAddress")
    if public is not None:
        interface: dict[str, Any] = {"DeviceIndex": 0, "AssociatePublicIpAddress": public}
        if groups:
            interface["Groups"] = groups
        found["NetworkInterfaces"] = [interface]
    elif groups:
        found["SecurityGroupIds"] = groups
    return found
