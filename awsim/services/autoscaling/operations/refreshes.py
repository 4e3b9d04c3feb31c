"""Instance refreshes: a group's instances replaced a few at a time.

Source: EC2 Auto Scaling User Guide, "Use an instance refresh to update instances in an Auto Scaling group".
Checkpoints, alarms and rollbacks are not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.autoscaling.operations.schedules import ScheduleOperations
from awsim.services.autoscaling.records import Group, Refresh
from awsim.services.autoscaling.refusals import invalid

_KNOWN = {
    "MinHealthyPercentage", "MaxHealthyPercentage", "InstanceWarmup", "SkipMatching", "ScaleInProtectedInstances",
    "StandbyInstances",
}  # fmt: skip


class RefreshOperations(ScheduleOperations):
    def start_instance_refresh(
        self,
        AutoScalingGroupName: str,
        Strategy: str | None = None,
        DesiredConfiguration: Mapping[str, Any] | None = None,
        Preferences: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        group = self.group_named(AutoScalingGroupName)
        if Strategy not in (None, "Rolling"):
            self.not_modelled(f"the strategy {Strategy} of instance refreshes")
        unknown = set(Preferences or {}) - _KNOWN
        if unknown:
            self.not_modelled(f"the preferences {', '.join(sorted(unknown))} of instance refreshes")
        if group.refresh is not None:
            raise AWSError(
                "InstanceRefreshInProgress",
                "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
            )
        preferences = {
            "MinHealthyPercentage": self.limits["refresh-healthy"],
            "SkipMatching": False,
            **(Preferences or {}),
        }
        if not 0 <= preferences["MinHealthyPercentage"] <= 100:
            raise invalid("MinHealthyPercentage must be between 0 and 100.")
        source = None
        if DesiredConfiguration is not None:
            source = self._source(
                None, DesiredConfiguration.get("LaunchTemplate"), DesiredConfiguration.get("MixedInstancesPolicy")
            )
        if source:
            group.source = source
        now = self.shown_source(group)
        left = [
            member.id
            for member in group.members.values()
            if not member.going and not (preferences["SkipMatching"] and member.source == now)
        ]
        refresh = Refresh(self.ids.uuid("refresh"), self.clock.time(), left, preferences)
        refresh.desired = DesiredConfiguration
        group.refreshes.append(refresh)
        self.later(0, "_begin_refresh", group=group.name, refresh=refresh.id)
        return {"InstanceRefreshId": refresh.id}

    def cancel_instance_refresh(self, AutoScalingGroupName: str) -> dict[str, Any]:
        group = self.group_named(AutoScalingGroupName)
        refresh = group.refresh
        if refresh is None:
            raise AWSError(
                "ActiveInstanceRefreshNotFound",
                f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}",
            )
        refresh.left = ()
        refresh.status = "Cancelling"
        refresh.reason = "Cancelled due to user request."
        self.go_on_refreshing(group, refresh)
        return {"InstanceRefreshId": refresh.id}

    def describe_instance_refreshes(
        self,
        AutoScalingGroupName: str,
        InstanceRefreshIds: Sequence[str] = (),
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        group = self.group_named(AutoScalingGroupName)
        newest_first = list(enumerate(reversed(list(group.refreshes))))
        found = [each for each in newest_first if not InstanceRefreshIds or each[1].id in InstanceRefreshIds]
        return self.page(
            "InstanceRefreshes",
            found,
            lambda each: each[1].described(group.name),
            lambda each: f"{each[0]:06d}",
            NextToken,
            MaxRecords,
        )

    # --- on the clock

    def _begin_refresh(self, group: str, refresh: str) -> None:
        found = self.groups.get(group)
        active = found.refresh if found is not None else None
        if found is None or active is None or active.id != refresh or active.status != "Pending":
            return
        active.status = "InProgress"
        self.go_on_refreshing(found, active)

    def go_on_refreshing(self, group: Group, refresh: Refresh) -> None:
        """Replace the next instances once those before have been replaced."""
        if refresh.status == "Pending" or any(id_ in group.members for id_ in refresh.busy):
            return
        if any(member.state.startswith("Pending") for member in group.members.values()):
            return
        refresh.busy = ()
        left = [id_ for id_ in refresh.left if id_ in group.members and not group.members[id_].going]
        if not left:
            refresh.left = ()
            refresh.ended = self.clock.time()
            refresh.status = "Cancelled" if refresh.status == "Cancelling" else "Successful"
            return
        share = (100 - refresh.preferences["MinHealthyPercentage"]) * group.desired // 100
        batch = left[: max(1, share)]
        refresh.busy, refresh.left = tuple(batch), tuple(left[len(batch) :])
        for id_ in batch:
            why = f"At {self.stamp()} an instance was taken out of service in response to an instance refresh."
            self.take_out(group, group.members[id_], why)
        self.reach(group, "")
