"""What groups show in CloudWatch once EnableMetricsCollection asked for it, every minute.

Instances have no weights here: capacity counts them. Of warm pools nothing is shown.
Source: EC2 Auto Scaling User Guide, "Available metrics for Amazon EC2 Auto Scaling".
"""

from __future__ import annotations

from collections.abc import Iterator

from awsim.metering import Level
from awsim.services.autoscaling.records import Group

NAMESPACE = "AWS/AutoScaling"
_STATES = {"InService": "InService", "Pending": "Pending", "Standby": "Standby", "EnteringStandby": "Standby"}


def levels(group: Group, now: float) -> Iterator[Level]:
    """What a group shows at `now`; None of what it does not collect."""
    values = _values(group)
    dimensions = (("AutoScalingGroupName", group.name),)
    for name, value in values.items():
        yield Level(NAMESPACE, name, dimensions, "None", now, value if name in group.metrics else None)


def _values(group: Group) -> dict[str, int]:
    counts = dict.fromkeys(("InService", "Pending", "Standby", "Terminating"), 0)
    for member in group.members.values():
        state, _, _ = member.state.partition(":")
        state = _STATES.get(state, state)
        if state in counts:
            counts[state] += 1
    counts["Total"] = sum(counts.values())
    return {
        "GroupMinSize": group.least,
        "GroupMaxSize": group.most,
        "GroupDesiredCapacity": group.desired,
        **{f"Group{state}Instances": count for state, count in counts.items()},
        **{f"Group{state}Capacity": count for state, count in counts.items()},
    }
