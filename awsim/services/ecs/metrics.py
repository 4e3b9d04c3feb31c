"""What services and clusters show in CloudWatch. Containers here use no processor and no memory to speak of: what
measures load is 0, and a test that needs some sends it as ECS: `aws.call("cloudwatch", "PutMetricData",
caller="ecs.amazonaws.com", Namespace="AWS/ECS", …)`. What is reserved and counted is what there is.

Container Insights has one value a minute for what runs together, where AWS has one of each task.

Sources: ECS Developer Guide, "Amazon ECS CloudWatch metrics"; CloudWatch User Guide, "Amazon ECS Container Insights
metrics".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from awsim.metering import Dimensions, Level
from awsim.services.ecs.records import COMING, Cluster, Service, Task

NAMESPACE, INSIGHTS = "AWS/ECS", "ECS/ContainerInsights"
_LOAD = (
    ("CpuUtilized", "None"), ("MemoryUtilized", "Megabytes"), ("EphemeralStorageUtilized", "Gigabytes"),
    ("NetworkRxBytes", "Bytes/Second"), ("NetworkTxBytes", "Bytes/Second"),
    ("StorageReadBytes", "Bytes/Second"), ("StorageWriteBytes", "Bytes/Second"),
)  # fmt: skip
_STORAGE = 20  # gigabytes, of each task


def levels(cluster: Cluster, now: float, changed: Task | None = None) -> Iterator[Level]:
    """What a cluster shows at `now`, or that part of it which a task may have changed; None of what shows nothing."""
    home = ("ClusterName", cluster.name)
    observed = any(
        each.get("name") == "containerInsights" and each.get("value") in ("enabled", "enhanced")
        for each in cluster.settings
    )
    running = [task for task in cluster.tasks.values() if task.status == "RUNNING"]
    services = list(cluster.services.values())
    for service in services if changed is None else [each for each in services if each.name == changed.service]:
        dimensions = (home, ("ServiceName", service.name))
        own = [task for task in running if task.service == service.name]
        for name in ("CPUUtilization", "MemoryUtilization"):
            yield Level(NAMESPACE, name, dimensions, "Percent", now, 0 if own else None)
        if observed:
            yield from _load(dimensions, own, now)
            yield from _counts(dimensions, service, len(own), now)
    if observed:
        yield from _load((home,), running, now)
        tasks = cluster.tasks.values() if changed is None else (changed,)
        for family in sorted({task.definition.family for task in tasks}):
            own = [task for task in running if task.definition.family == family]
            yield from _load((home, ("TaskDefinitionFamily", family)), own, now)
        active = sum(service.status == "ACTIVE" for service in services)
        for name, value in (("TaskCount", len(running)), ("ServiceCount", active)):
            yield Level(INSIGHTS, name, (home,), "Count", now, value if cluster.status == "ACTIVE" else None)


def _load(dimensions: Dimensions, tasks: Sequence[Task], now: float) -> Iterator[Level]:
    """Of tasks that run: what they have on average, and that they use nothing of it."""
    for name, unit in _LOAD:
        yield Level(INSIGHTS, name, dimensions, unit, now, 0 if tasks else None)
    reserved = (
        ("CpuReserved", "None", [_number(task, "cpu") for task in tasks]),
        ("MemoryReserved", "Megabytes", [_number(task, "memory") for task in tasks]),
        ("EphemeralStorageReserved", "Gigabytes", [_STORAGE for _ in tasks]),
    )
    for name, unit, values in reserved:
        yield Level(INSIGHTS, name, dimensions, unit, now, sum(values) / len(values) if values else None)


def _counts(dimensions: Dimensions, service: Service, running: int, now: float) -> Iterator[Level]:
    counts = {
        "DesiredTaskCount": service.desired,
        "RunningTaskCount": running,
        "PendingTaskCount": sum(task.status in COMING for task in service.tasks),
        "DeploymentCount": len(service.deployments),
    }
    for name, value in counts.items():
        yield Level(INSIGHTS, name, dimensions, "Count", now, value if service.status == "ACTIVE" else None)


def _number(task: Task, setting: str) -> int:
    return int(task.override(setting) or 0)
