"""Groups and what belongs to them, as records. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.state import Dict, Entity, List

# States in which an instance is part of its group's capacity.
COUNTED = ("Pending", "Pending:Wait", "Pending:Proceed", "InService")
GOING = ("Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated", "Detaching", "Detached")
PROCESSES = (
    "AZRebalance", "AddToLoadBalancer", "AlarmNotification", "HealthCheck", "InstanceRefresh", "Launch",
    "ReplaceUnhealthy", "ScheduledActions", "Terminate",
)  # fmt: skip


class LaunchConfiguration(Entity):
    """`settings` are the parameters of CreateLaunchConfiguration."""

    def __init__(self, name: str, arn: str, settings: Mapping[str, Any], created: float) -> None:
        self.name = name
        self.arn = arn
        self.settings = settings
        self.created = created

    def described(self) -> dict[str, Any]:
        return {
            "LaunchConfigurationName": self.name,
            "LaunchConfigurationARN": self.arn,
            "KeyName": "",
            "SecurityGroups": [],
            "ClassicLinkVPCSecurityGroups": [],
            "UserData": "",
            "KernelId": "",
            "RamdiskId": "",
            "BlockDeviceMappings": [],
            "InstanceMonitoring": {"Enabled": True},
            "EbsOptimized": False,
            **self.settings,
            "CreatedTime": self.created,
        }


class Member(Entity):
    """An instance of a group."""

    def __init__(self, id_: str, kind: str, zone: str, source: Mapping[str, Any], launched: float) -> None:
        self.id = id_
        self.type = kind
        self.zone = zone
        self.source = source  # LaunchConfigurationName or LaunchTemplate
        self.launched = launched
        self.state = "Pending"
        self.healthy = True
        self.protected = False
        self.in_service: float | None = None
        self.warm: float = 0  # until when it does not count as capacity that is warm
        self.activity = ""
        self.replaced = False  # whether another is to take its place when it goes
        self.hook: str | None = None  # the hook that holds it
        self.token: str | None = None
        self.timeout: int | None = None  # the job that ends the wait
        self.wait_ends: float = 0
        self.waited_since: float = 0
        self.hooks_left: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        return self.state in COUNTED

    @property
    def going(self) -> bool:
        return self.state in GOING

    def described(self) -> dict[str, Any]:
        return {
            "InstanceId": self.id,
            "InstanceType": self.type,
            "AvailabilityZone": self.zone,
            "LifecycleState": self.state,
            "HealthStatus": "Healthy" if self.healthy else "Unhealthy",
            **self.source,
            "ProtectedFromScaleIn": self.protected,
        }


class Hook(NamedTuple):
    name: str
    transition: str  # autoscaling:EC2_INSTANCE_LAUNCHING or _TERMINATING
    target: str | None
    role: str | None
    metadata: str | None
    heartbeat: int
    overall: int
    result: str

    def described(self, group: str) -> dict[str, Any]:
        return {
            "LifecycleHookName": self.name,
            "AutoScalingGroupName": group,
            "LifecycleTransition": self.transition,
            "NotificationTargetARN": self.target,
            "RoleARN": self.role,
            "NotificationMetadata": self.metadata,
            "HeartbeatTimeout": self.heartbeat,
            "GlobalTimeout": self.overall,
            "DefaultResult": self.result,
        }


class Policy(Entity):
    """`settings` are the parameters of PutScalingPolicy, defaults filled in."""

    def __init__(self, name: str, arn: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.arn = arn
        self.settings = settings
        self.alarms: tuple[tuple[str, str], ...] = ()  # (name, ARN) of those that it made

    @property
    def kind(self) -> str:
        return str(self.settings["PolicyType"])

    def described(self, group: str, alarms: Sequence[tuple[str, str]]) -> dict[str, Any]:
        return {
            "AutoScalingGroupName": group,
            "PolicyName": self.name,
            "PolicyARN": self.arn,
            "StepAdjustments": [],
            **self.settings,
            "Alarms": [{"AlarmName": name, "AlarmARN": arn} for name, arn in alarms],
        }


class ScheduledAction(Entity):
    def __init__(self, name: str, arn: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.arn = arn
        self.settings = settings
        self.due: float | None = None
        self.job: int | None = None

    def described(self, group: str) -> dict[str, Any]:
        start = self.due if self.due is not None else self.settings.get("StartTime")
        return {
            "AutoScalingGroupName": group,
            "ScheduledActionName": self.name,
            "ScheduledActionARN": self.arn,
            **self.settings,
            "StartTime": start,
            "Time": start,
        }


class Refresh(Entity):
    """An instance refresh: `left` are the instances still to be replaced, `busy` those being replaced."""

    def __init__(self, id_: str, started: float, left: Sequence[str], preferences: Mapping[str, Any]) -> None:
        self.id = id_
        self.started = started
        self.ended: float | None = None
        self.total = len(left)
        self.left = tuple(left)
        self.busy: tuple[str, ...] = ()
        self.preferences = preferences
        self.desired: Mapping[str, Any] | None = None
        self.status = "Pending"
        self.reason: str | None = None

    @property
    def active(self) -> bool:
        return self.status in ("Pending", "InProgress", "Cancelling")

    def described(self, group: str) -> dict[str, Any]:
        done = self.total - len(self.left) - len(self.busy)
        return {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": group,
            "Status": self.status,
            "StatusReason": self.reason,
            "StartTime": self.started,
            "EndTime": self.ended,
            "PercentageComplete": 100 * done // self.total if self.total else 100,
            "InstancesToUpdate": self.total - done,
            "Preferences": dict(self.preferences),
            "DesiredConfiguration": self.desired,
        }


class Group(Entity):
    def __init__(self, name: str, arn: str, created: float) -> None:
        self.name = name
        self.arn = arn
        self.created = created
        self.source: Mapping[str, Any] = {}  # LaunchConfigurationName, LaunchTemplate or MixedInstancesPolicy
        self.least = self.most = self.desired = 0
        self.cooldown = 0
        self.cool_from: float = 0  # until when simple scaling waits
        self.subnets: tuple[str, ...] = ()
        self.zones: tuple[str, ...] = ()
        self.places: tuple[tuple[str, str | None], ...] = ()  # (zone, subnet)
        self.health = "EC2"
        self.grace = 0
        self.termination: tuple[str, ...] = ("Default",)
        self.protects = False
        self.warmup: int | None = None
        self.lifetime: int | None = None
        self.role: str = ""
        self.settings: Mapping[str, Any] = {}  # further parameters, kept and shown
        self.tags: dict[str, tuple[str, bool]] = Dict()  # key -> (value, whether instances get it)
        self.members: dict[str, Member] = Dict()
        self.suspended: dict[str, str] = Dict()  # process -> reason
        self.hooks: dict[str, Hook] = Dict()
        self.policies: dict[str, Policy] = Dict()
        self.schedules: dict[str, ScheduledAction] = Dict()
        self.notifications: dict[str, tuple[str, ...]] = Dict()  # topic -> events
        self.activities: dict[str, Mapping[str, Any]] = Dict()  # by their ids, oldest first
        self.metrics: tuple[str, ...] = ()
        self.refreshes = List()
        self.warm_pool: Mapping[str, Any] | None = None
        self.status: str | None = None
        self.retry: int | None = None  # the job that tries again to reach the desired capacity

    @property
    def counted(self) -> list[Member]:
        return [member for member in self.members.values() if member.counted]

    @property
    def refresh(self) -> Refresh | None:
        newest: Refresh | None = self.refreshes[-1] if self.refreshes else None
        return newest if newest is not None and newest.active else None

    def runs(self, process: str) -> bool:
        return process not in self.suspended

    def tag_list(self) -> list[dict[str, Any]]:
        return [
            {
                "ResourceId": self.name,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": value,
                "PropagateAtLaunch": propagates,
            }
            for key, (value, propagates) in sorted(self.tags.items())
        ]

    def described(self) -> dict[str, Any]:
        return {
            "AutoScalingGroupName": self.name,
            "AutoScalingGroupARN": self.arn,
            **self.source,
            "MinSize": self.least,
            "MaxSize": self.most,
            "DesiredCapacity": self.desired,
            "DefaultCooldown": self.cooldown,
            "AvailabilityZones": list(self.zones),
            "LoadBalancerNames": [],
            "TargetGroupARNs": [],
            "HealthCheckType": self.health,
            "HealthCheckGracePeriod": self.grace,
            "Instances": [member.described() for member in self.members.values()],
            "CreatedTime": self.created,
            "SuspendedProcesses": [
                {"ProcessName": name, "SuspensionReason": reason} for name, reason in self.suspended.items()
            ],
            "VPCZoneIdentifier": ",".join(self.subnets),
            "EnabledMetrics": [{"Metric": name, "Granularity": "1Minute"} for name in self.metrics],
            "Status": self.status,
            "Tags": self.tag_list(),
            "TerminationPolicies": list(self.termination),
            "NewInstancesProtectedFromScaleIn": self.protects,
            "ServiceLinkedRoleARN": self.role,
            "MaxInstanceLifetime": self.lifetime,
            "DefaultInstanceWarmup": self.warmup,
            "WarmPoolConfiguration": None if self.warm_pool is None else dict(self.warm_pool),
            "WarmPoolSize": None if self.warm_pool is None else 0,
            "TrafficSources": [],
            **self.settings,
        }
