"""What instances show in CloudWatch. Nothing runs on them: what measures load is 0, and a test that needs some sends it
as EC2: `aws.call("cloudwatch", "PutMetricData", caller="ec2.amazonaws.com", Namespace="AWS/EC2", …)`.

Source: EC2 User Guide, "CloudWatch metrics that are available for your instances".
"""

from __future__ import annotations

from collections.abc import Iterator

from awsim.metering import Level
from awsim.services.ec2.instance import Instance

NAMESPACE = "AWS/EC2"
_LOAD = (
    ("CPUUtilization", "Percent"), ("DiskReadOps", "Count"), ("DiskWriteOps", "Count"), ("DiskReadBytes", "Bytes"),
    ("DiskWriteBytes", "Bytes"), ("NetworkIn", "Bytes"), ("NetworkOut", "Bytes"), ("NetworkPacketsIn", "Count"),
    ("NetworkPacketsOut", "Count"), ("MetadataNoToken", "Count"),
)  # fmt: skip
_CHECKS = ("StatusCheckFailed", "StatusCheckFailed_Instance", "StatusCheckFailed_System")
_MINUTE, _FIVE_MINUTES = 60, 300


def levels(instance: Instance) -> Iterator[Level]:
    """Status checks every minute, the rest every five, or every minute with detailed monitoring."""
    if instance.state != "running":
        return
    dimensions = (("InstanceId", instance.id),)
    since = instance.checks_from
    every = _MINUTE if instance.monitoring == "enabled" else _FIVE_MINUTES
    for name, unit in _LOAD:
        yield Level(NAMESPACE, name, dimensions, unit, since, 0, every)
    for name in _CHECKS:
        yield Level(NAMESPACE, name, dimensions, "Count", since, 0, _MINUTE)
