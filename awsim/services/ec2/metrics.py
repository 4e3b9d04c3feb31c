"""What instances and volumes show in CloudWatch. Nothing runs on them: what measures load is 0, and a test that needs
some sends it as EC2: `aws.call("cloudwatch", "PutMetricData", caller="ec2.amazonaws.com", Namespace="AWS/EC2", …)`.

Sources: EC2 User Guide, "CloudWatch metrics that are available for your instances"; EBS User Guide, "Amazon CloudWatch
metrics for Amazon EBS".
"""

from __future__ import annotations

from collections.abc import Iterator

from awsim.metering import Level
from awsim.services.ec2.instance import Instance
from awsim.services.ec2.storage import Volume

NAMESPACE, OF_VOLUMES = "AWS/EC2", "AWS/EBS"
_LOAD = (
    ("CPUUtilization", "Percent"), ("DiskReadOps", "Count"), ("DiskWriteOps", "Count"), ("DiskReadBytes", "Bytes"),
    ("DiskWriteBytes", "Bytes"), ("NetworkIn", "Bytes"), ("NetworkOut", "Bytes"), ("NetworkPacketsIn", "Count"),
    ("NetworkPacketsOut", "Count"), ("MetadataNoToken", "Count"),
)  # fmt: skip
_CHECKS = ("StatusCheckFailed", "StatusCheckFailed_Instance", "StatusCheckFailed_System")
_IDLE = (
    ("VolumeReadBytes", "Bytes", 0), ("VolumeWriteBytes", "Bytes", 0), ("VolumeReadOps", "Count", 0),
    ("VolumeWriteOps", "Count", 0), ("VolumeTotalReadTime", "Seconds", 0), ("VolumeTotalWriteTime", "Seconds", 0),
    ("VolumeIdleTime", "Seconds", 60), ("VolumeQueueLength", "Count", 0), ("VolumeStalledIOCheck", "None", 0),
)  # fmt: skip
_MINUTE, _FIVE_MINUTES = 60, 300
_ALWAYS_FAST = 1000  # GiB: from this size on the baseline of gp2 is what smaller ones burst to


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


def levels_of_volume(volume: Volume) -> Iterator[Level]:
    """Every minute while it is attached; the credits that are left, of the kinds that have some: all of them."""
    if not volume.attachments:
        return
    dimensions = (("VolumeId", volume.id),)
    since = min(attached.time for attached in volume.attachments.values())
    for name, unit, value in _IDLE:
        yield Level(OF_VOLUMES, name, dimensions, unit, since, value, _MINUTE)
    made = volume.made
    if made.type in ("st1", "sc1") or (made.type == "gp2" and made.size < _ALWAYS_FAST):
        yield Level(OF_VOLUMES, "BurstBalance", dimensions, "Percent", since, 100, _MINUTE)
