"""Clusters, task definitions, tasks and services, as records. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.state import Dict, Entity, List, Tags

# Statuses on the way to and from RUNNING, in order.
COMING = ("PROVISIONING", "PENDING", "ACTIVATING")
GOING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")


class Cluster(Entity):
    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.status = "ACTIVE"
        self.tags = Tags()
        self.settings: tuple[Mapping[str, str], ...] = ()
        self.configuration: Mapping[str, Any] | None = None
        self.providers: tuple[str, ...] = ()
        self.strategy: tuple[Mapping[str, Any], ...] = ()
        self.tasks: dict[str, Task] = Dict()  # by id
        self.services: dict[str, Service] = Dict()  # by name

    def described(self) -> dict[str, Any]:
        alive = [task for task in self.tasks.values() if task.status not in GOING]
        return {
            "clusterArn": self.arn,
            "clusterName": self.name,
            "status": self.status,
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": sum(task.status == "RUNNING" for task in alive),
            "pendingTasksCount": sum(task.status in COMING for task in alive),
            "activeServicesCount": sum(service.status == "ACTIVE" for service in self.services.values()),
            "statistics": [],
            "tags": [],
            "settings": [dict(each) for each in self.settings],
            "configuration": self.configuration,
            "capacityProviders": list(self.providers),
            "defaultCapacityProviderStrategy": [dict(each) for each in self.strategy],
        }


class TaskDefinition(Entity):
    """`settings` are the parameters of RegisterTaskDefinition, defaults filled in."""

    def __init__(
        self, family: str, revision: int, arn: str, settings: Mapping[str, Any], registered: float, by: str
    ) -> None:
        self.family = family
        self.revision = revision
        self.arn = arn
        self.settings = settings
        self.registered = registered
        self.by = by
        self.deregistered: float | None = None
        self.status = "ACTIVE"
        self.tags = Tags()

    @property
    def name(self) -> str:
        return f"{self.family}:{self.revision}"

    @property
    def containers(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.settings["containerDefinitions"]
        return found

    @property
    def compatibilities(self) -> list[str]:
        """EC2 takes all; Fargate those that were checked for it, or would pass."""
        asked = list(self.settings.get("requiresCompatibilities") or ())
        fits = self.settings.get("networkMode") == "awsvpc" and "cpu" in self.settings and "memory" in self.settings
        return ["EC2", *(["FARGATE"] if "FARGATE" in asked or fits else [])]

    def described(self) -> dict[str, Any]:
        return {
            "taskDefinitionArn": self.arn,
            "family": self.family,
            "revision": self.revision,
            "volumes": [],
            "placementConstraints": [],
            "requiresAttributes": [],
            **self.settings,
            "status": self.status,
            "compatibilities": self.compatibilities,
            "registeredAt": self.registered,
            "deregisteredAt": self.deregistered,
            "registeredBy": self.by,
        }


class Task(Entity):
    def __init__(self, id_: str, arn: str, cluster: str, definition: TaskDefinition, created: float) -> None:
        self.id = id_
        self.arn = arn
        self.cluster_arn = cluster
        self.definition = definition
        self.created = created
        self.status = "PROVISIONING"
        self.desired = "RUNNING"
        self.launch_type: str | None = "FARGATE"
        self.provider: str | None = None
        self.platform = "1.4.0"
        self.group = f"family:{definition.family}"
        self.started_by: str | None = None
        self.overrides: Mapping[str, Any] = {}
        self.zone: str | None = None
        self.attachments: tuple[Mapping[str, Any], ...] = ()
        self.interface: str | None = None
        self.started: float | None = None
        self.stopping: float | None = None
        self.stopped: float | None = None
        self.stop_code: str | None = None
        self.stopped_reason: str | None = None
        self.exits: dict[str, tuple[int | None, str | None]] = Dict()  # container -> (exit code, reason)
        self.version = 1
        self.tags = Tags()
        self.service: str | None = None
        self.deployment: str | None = None
        self.exec = False
        self.protected_until: float | None = None
        self.bindings: Mapping[str, Any] = {}

    @property
    def alive(self) -> bool:
        return self.status not in GOING and self.desired == "RUNNING"

    def override(self, name: str) -> Any:
        """A setting of the task definition, or what the run has in its place."""
        return self.overrides.get(name) or self.definition.settings.get(name)

    def described(self) -> dict[str, Any]:
        return {
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition.arn,
            "lastStatus": self.status,
            "desiredStatus": self.desired,
            "launchType": self.launch_type,
            "capacityProviderName": self.provider,
            "platformVersion": self.platform,
            "platformFamily": "Linux",
            "group": self.group,
            "startedBy": self.started_by,
            "cpu": self.override("cpu"),
            "memory": self.override("memory"),
            "availabilityZone": self.zone,
            "attachments": [dict(each) for each in self.attachments],
            "attributes": [],
            "containers": [self._container(each) for each in self.definition.containers],
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **self.overrides},
            "connectivity": "CONNECTED" if self.started is not None else None,
            "connectivityAt": self.started,
            "createdAt": self.created,
            "pullStartedAt": self.started,
            "pullStoppedAt": self.started,
            "startedAt": self.started,
            "stoppingAt": self.stopping,
            "stoppedAt": self.stopped,
            "executionStoppedAt": self.stopped,
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
            "healthStatus": "UNKNOWN",
            "enableExecuteCommand": self.exec,
            "ephemeralStorage": {"sizeInGiB": 20},
            "version": self.version,
            "tags": [],
        }

    def _container(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        name = definition["name"]
        code, reason = self.exits.get(name, (None, None))
        status = self.status if self.status in ("RUNNING", "STOPPED") else "PENDING"
        if name in self.exits:
            status = "STOPPED"
        networks = []
        for attachment in self.attachments:
            details = {each["name"]: each["value"] for each in attachment["details"]}
            if "privateIPv4Address" in details:
                networks.append({"attachmentId": attachment["id"], "privateIpv4Address": details["privateIPv4Address"]})
        return {
            "containerArn": f"{self.arn.replace(':task/', ':container/')}/{name}",
            "taskArn": self.arn,
            "name": name,
            "image": definition["image"],
            "lastStatus": status,
            "exitCode": code,
            "reason": reason,
            "networkBindings": [],
            "networkInterfaces": networks,
            "healthStatus": "UNKNOWN",
            "cpu": str(definition.get("cpu", 0)),
            "memory": None if definition.get("memory") is None else str(definition["memory"]),
            "memoryReservation": None
            if definition.get("memoryReservation") is None
            else str(definition["memoryReservation"]),
        }


class Deployment(Entity):
    def __init__(self, id_: str, definition: TaskDefinition, created: float, wanted: int) -> None:
        self.id = id_
        self.definition = definition
        self.created = self.updated = created
        self.wanted = wanted
        self.primary = True
        self.rollout = "IN_PROGRESS"
        self.failed = 0
        self.where: Mapping[
            str, Any
        ] = {}  # launchType, capacityProviderStrategy, platformVersion, networkConfiguration

    def described(self, tasks: Sequence[Task]) -> dict[str, Any]:
        done = self.rollout == "COMPLETED"
        return {
            "id": self.id,
            "status": "PRIMARY" if self.primary else "ACTIVE",
            "taskDefinition": self.definition.arn,
            "desiredCount": self.wanted,
            "pendingCount": sum(task.status in COMING for task in tasks),
            "runningCount": sum(task.status == "RUNNING" for task in tasks),
            "failedTasks": self.failed,
            "createdAt": self.created,
            "updatedAt": self.updated,
            **self.where,
            "platformFamily": "Linux",
            "rolloutState": self.rollout,
            "rolloutStateReason": f"ECS deployment {self.id} {'completed' if done else 'in progress'}.",
        }


class Service(Entity):
    """`settings` are what CreateService and UpdateService said, defaults filled in."""

    def __init__(self, name: str, arn: str, cluster: Cluster, created: float, by: str) -> None:
        self.name = name
        self.arn = arn
        self.cluster = cluster
        self.created = created
        self.by = by
        self.status = "ACTIVE"
        self.desired = 0
        self.settings: Mapping[str, Any] = {}
        self.deployments: dict[str, Deployment] = Dict()  # oldest first
        self.events = List()  # oldest first
        self.tags = Tags()
        self.steady = False
        self.retry: int | None = None
        self.ended: float | None = None

    @property
    def tasks(self) -> list[Task]:
        return [task for task in self.cluster.tasks.values() if task.service == self.name and task.alive]

    @property
    def primary(self) -> Deployment:
        return next(each for each in self.deployments.values() if each.primary)

    def of(self, deployment: Deployment) -> list[Task]:
        return [task for task in self.tasks if task.deployment == deployment.id]

    def described(self, most_events: int) -> dict[str, Any]:
        tasks = self.tasks
        newest = list(self.events)[-most_events:]
        return {
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster.arn,
            "status": self.status,
            "desiredCount": self.desired,
            "runningCount": sum(task.status == "RUNNING" for task in tasks),
            "pendingCount": sum(task.status in COMING for task in tasks),
            "platformFamily": "Linux",
            "loadBalancers": [],
            "serviceRegistries": [],
            **self.settings,
            "deployments": [each.described(self.of(each)) for each in reversed(list(self.deployments.values()))],
            "events": [dict(each) for each in reversed(newest)],
            "createdAt": self.created,
            "createdBy": self.by,
            "tags": [],
        }
