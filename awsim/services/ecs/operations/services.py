"""Services: a number of tasks kept running, and replaced a few at a time when their definition changes.

Source: ECS Developer Guide, "Amazon ECS services", "Deploy Amazon ECS services by replacing tasks", "Amazon ECS service
event messages".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from awsim.errors import AWSError
from awsim.services.ecs.operations.common import TagList
from awsim.services.ecs.operations.tasks import Strategy, TaskOperations
from awsim.services.ecs.records import Cluster, Deployment, Service, Task
from awsim.services.ecs.refusals import client, invalid

# Ends of tasks that were asked for: others of the service take their place at once.
_ASKED = ("UserInitiated", "ServiceSchedulerInitiated")


class ServiceOperations(TaskOperations):
    def create_service(
        self,
        serviceName: str,
        taskDefinition: str | None = None,
        cluster: str | None = None,
        desiredCount: int | None = None,
        launchType: str | None = None,
        capacityProviderStrategy: Strategy = (),
        networkConfiguration: Mapping[str, Any] | None = None,
        deploymentConfiguration: Mapping[str, Any] | None = None,
        deploymentController: Mapping[str, str] | None = None,
        schedulingStrategy: str | None = None,
        placementConstraints: Sequence[Mapping[str, Any]] = (),
        placementStrategy: Sequence[Mapping[str, Any]] = (),
        platformVersion: str | None = None,
        healthCheckGracePeriodSeconds: int | None = None,
        propagateTags: str | None = None,
        enableECSManagedTags: bool | None = None,
        enableExecuteCommand: bool | None = None,
        availabilityZoneRebalancing: str | None = None,
        clientToken: str | None = None,
        tags: TagList = (),
    ) -> dict[str, Any]:
        home = self.cluster_named(cluster)
        known = home.services.get(serviceName)
        if known is not None and known.status != "INACTIVE":
            raise invalid(
                "Creation of service was not idempotent." if known.status == "ACTIVE" else
                "Unable to Start a service that is still Draining."
            )  # fmt: skip
        controller = (deploymentController or {}).get("type") or "ECS"
        if controller == "EXTERNAL":
            self.not_modelled("services with an EXTERNAL deployment controller")
        if taskDefinition is None:
            raise invalid("TaskDefinition can not be blank.")
        definition = self.runnable(taskDefinition)
        scheduling = schedulingStrategy or "REPLICA"
        if scheduling == "DAEMON":
            if launchType == "FARGATE":
                raise invalid("The daemon scheduling strategy is not supported for FARGATE launch type.")
            if desiredCount is not None:
                raise invalid("The daemon scheduling strategy does not support a desired count for services.")
        elif desiredCount is None:
            raise invalid("Desired count can not be blank.")
        if desiredCount is not None and desiredCount < 0:
            raise invalid("Desired count must not be negative.")
        where = self.placement(home, definition, launchType, capacityProviderStrategy, networkConfiguration)
        if where.get("launchType") != "EC2":
            self.check_placement(where, placementStrategy, placementConstraints)
        self.limits.check("placement-strategies", len(placementStrategy))
        kept = self.new_tags(tags)
        self.limits.quota("services", sum(each.status != "INACTIVE" for each in home.services.values()), home.name)
        service = Service(
            serviceName, self.arn(f"service/{home.name}/{serviceName}"), home, self.clock.time(), self.caller.arn
        )
        service.tags = kept
        service.desired = desiredCount or 0
        service.settings = {
            **where,
            "taskDefinition": definition.arn,
            "deploymentConfiguration": self._configuration(deploymentConfiguration or {}, {}),
            "deploymentController": {"type": controller},
            "schedulingStrategy": scheduling,
            "placementConstraints": [dict(each) for each in placementConstraints],
            "placementStrategy": [dict(each) for each in placementStrategy],
            "enableECSManagedTags": bool(enableECSManagedTags),
            "propagateTags": propagateTags or "NONE",
            "enableExecuteCommand": bool(enableExecuteCommand),
            "availabilityZoneRebalancing": availabilityZoneRebalancing or "DISABLED",
            "healthCheckGracePeriodSeconds": healthCheckGracePeriodSeconds,
            "roleArn": self.linked_role,
        }
        home.services[serviceName] = service
        self._deploy(service, definition.name)
        return {"service": self.shown_service(service, ("TAGS",))}

    def update_service(
        self,
        service: str,
        cluster: str | None = None,
        desiredCount: int | None = None,
        taskDefinition: str | None = None,
        capacityProviderStrategy: Strategy | None = None,
        deploymentConfiguration: Mapping[str, Any] | None = None,
        networkConfiguration: Mapping[str, Any] | None = None,
        platformVersion: str | None = None,
        forceNewDeployment: bool | None = None,
        healthCheckGracePeriodSeconds: int | None = None,
        enableExecuteCommand: bool | None = None,
        enableECSManagedTags: bool | None = None,
        propagateTags: str | None = None,
        availabilityZoneRebalancing: str | None = None,
    ) -> dict[str, Any]:
        found = self._service(cluster, service)
        if found.status != "ACTIVE":
            raise AWSError("ServiceNotActiveException", "Service was not ACTIVE.")
        if desiredCount is not None and desiredCount < 0:
            raise invalid("Desired count must not be negative.")
        blue_green = found.settings["deploymentController"]["type"] == "CODE_DEPLOY"
        if blue_green and (taskDefinition is not None or forceNewDeployment or networkConfiguration is not None):
            raise invalid(
                "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS "
                "CodeDeploy to trigger a new deployment."
            )
        definition = self.runnable(taskDefinition) if taskDefinition is not None else found.primary.definition
        where: dict[str, Any] = {}
        if networkConfiguration is not None or capacityProviderStrategy is not None or taskDefinition is not None:
            strategy = capacityProviderStrategy
            if strategy is None:
                strategy = found.settings.get("capacityProviderStrategy") or ()
            kind = None if strategy else found.settings.get("launchType")
            network = networkConfiguration or found.settings.get("networkConfiguration")
            where = self.placement(found.cluster, definition, kind, strategy, network)
        configuration = self._configuration(deploymentConfiguration or {}, found.settings["deploymentConfiguration"])
        given = {
            "healthCheckGracePeriodSeconds": healthCheckGracePeriodSeconds,
            "enableExecuteCommand": enableExecuteCommand,
            "enableECSManagedTags": enableECSManagedTags,
            "propagateTags": propagateTags,
            "availabilityZoneRebalancing": availabilityZoneRebalancing,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        anew = bool(forceNewDeployment) or definition is not found.primary.definition or (
            bool(where) and any(found.settings.get(name) != value for name, value in where.items())
        )  # fmt: skip
        settings = {name: value for name, value in found.settings.items() if not where or name not in _WHERE}
        found.settings = {
            **settings,
            **where,
            **changed,
            "taskDefinition": definition.arn,
            "deploymentConfiguration": configuration,
        }
        if desiredCount is not None:
            found.desired = desiredCount
        if anew:
            self._deploy(found, definition.name)
        else:
            found.primary.wanted = found.desired
            found.steady = False
            self.later(0, "_reach", cluster=found.cluster.name, service=found.name)
        return {"service": self.shown_service(found, ("TAGS",))}

    def delete_service(self, service: str, cluster: str | None = None, force: bool | None = None) -> dict[str, Any]:
        found = self._service(cluster, service)
        if found.status == "INACTIVE":
            raise AWSError("ServiceNotFoundException", "Service not found.")
        if found.desired and not force and found.settings["schedulingStrategy"] == "REPLICA":
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        found.status = "DRAINING"
        found.desired = 0
        answer = {"service": self.shown_service(found, ("TAGS",))}
        for task in found.tasks:
            self.stop(
                task, "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {task.deployment})"
            )
        self.later(0, "_reach", cluster=found.cluster.name, service=found.name)
        return answer

    def describe_services(
        self, services: Sequence[str], cluster: str | None = None, include: Sequence[str] = ()
    ) -> dict[str, Any]:
        home = self.cluster_named(cluster)
        if not services:
            raise invalid("Services cannot be empty.")
        if len(services) > self.limits["described-services"]:
            raise invalid(f"At most {self.limits['described-services']} services can be described at once.")
        found, failures = [], []
        for name in services:
            service = home.services.get(name.rpartition("/")[2])
            if service is None:
                failures.append(self.failure(self.arn(f"service/{home.name}/{name.rpartition('/')[2]}")))
            else:
                found.append(self.shown_service(service, include))
        return {"services": found, "failures": failures}

    def list_services(
        self,
        cluster: str | None = None,
        launchType: str | None = None,
        schedulingStrategy: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        home = self.cluster_named(cluster)
        found = [
            each
            for each in home.services.values()
            if each.status != "INACTIVE"
            and launchType in (None, each.settings.get("launchType"))
            and schedulingStrategy in (None, each.settings["schedulingStrategy"])
        ]
        return self.page(
            "serviceArns", found, lambda each: each.name, lambda each: each.arn, nextToken, maxResults or 10
        )

    # --- deployments

    def _deploy(self, service: Service, definition: str) -> None:
        """A new primary deployment; those before make way for it."""
        for each in service.deployments.values():
            each.primary = False
        id_ = f"ecs-svc/{self.ids.digits('deployment', 19)}"
        deployment = Deployment(id_, self.definitions[definition], self.clock.time(), service.desired)
        deployment.where = {name: service.settings[name] for name in _WHERE if name in service.settings}
        service.deployments[id_] = deployment
        service.steady = False
        self._tell_deployment(
            service, deployment, "SERVICE_DEPLOYMENT_IN_PROGRESS", f"ECS deployment {id_} in progress."
        )
        self.later(0, "_reach", cluster=service.cluster.name, service=service.name)

    def _reach(self, cluster: str, service: str) -> None:
        """Start and stop tasks towards what is desired, within the bounds of the deployment configuration."""
        home = self.clusters.get(cluster)
        found = home.services.get(service) if home is not None else None
        if home is None or found is None or found.status == "INACTIVE":
            return
        if found.status == "DRAINING":
            self._drain(home, found)
            return
        if found.retry is not None:
            self.cancel(found.retry)
            found.retry = None
        primary = found.primary
        primary.wanted = found.desired
        configuration = found.settings["deploymentConfiguration"]
        most = found.desired * configuration["maximumPercent"] // 100
        least = ceil(found.desired * configuration["minimumHealthyPercent"] / 100)
        older = [task for task in found.tasks if task.deployment != primary.id]
        own = found.of(primary)
        # Old tasks go as far as enough healthy ones are left.
        running = sum(task.status == "RUNNING" for task in found.tasks)
        for task in older:
            if task.status != "RUNNING" or running > least:
                running -= task.status == "RUNNING"
                self._stop_of(found, task, primary)
        surplus = len(own) - found.desired
        for task in sorted(own, key=lambda task: task.created)[: max(0, surplus)]:
            if not self.is_protected(task):
                self._stop_of(found, task, primary)
        room = max(most, 1 if found.desired and not found.tasks else most) - len(found.tasks)
        missing = min(found.desired - len(found.of(primary)), room)
        if missing > 0:
            self._start(found, primary, missing)
        self._look(found)

    def _start(self, service: Service, deployment: Deployment, count: int) -> None:
        if deployment.where.get("launchType") == "EC2":
            self._say(
                service,
                "was unable to place a task because no container instance met all of its requirements. Reason: No "
                "Container Instances were found in your cluster. For more information, see the Troubleshooting section "
                "of the Amazon ECS Developer Guide.",
            )
            return
        started = []
        for _ in range(count):
            try:
                self.check_capacity(deployment.definition, 1)
                task = self.new_task(
                    service.cluster,
                    deployment.definition,
                    deployment.where,
                    {},
                    service.settings["enableExecuteCommand"],
                )
            except AWSError as error:
                self._say(service, f"was unable to place a task. Reason: {error.message}")
                self._try_again(service)
                break
            task.service, task.deployment = service.name, deployment.id
            task.group = f"service:{service.name}"
            task.started_by = deployment.id
            propagated = {"SERVICE": service.tags, "TASK_DEFINITION": deployment.definition.tags}
            task.tags = propagated.get(service.settings["propagateTags"], task.tags)
            started.append(task.id)
        if started:
            listed = " ".join(f"(task {id_})" for id_ in started)
            self._say(service, f"has started {len(started)} tasks: {listed}.")

    def _stop_of(self, service: Service, task: Task, deployment: Deployment) -> None:
        self._say(service, f"has stopped 1 running tasks: (task {task.id}).")
        self.stop(task, "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {deployment.id})")

    def _try_again(self, service: Service) -> None:
        if service.retry is None:
            service.retry = self.later(
                self.limits["service-retry"], "_reach", cluster=service.cluster.name, service=service.name
            )

    def _look(self, service: Service) -> None:
        """Whether the service has what it should have."""
        primary = service.primary
        for deployment in list(service.deployments.values()):
            if not deployment.primary and not service.of(deployment):
                del service.deployments[deployment.id]
        tasks = service.tasks
        steady = len(service.deployments) == 1 and len(tasks) == service.desired
        steady = steady and all(task.status == "RUNNING" for task in tasks)
        if steady and primary.rollout == "IN_PROGRESS":
            primary.rollout, primary.updated = "COMPLETED", self.clock.time()
            self._say(service, f"(deployment {primary.id}) deployment completed.")
            self._tell_deployment(
                service, primary, "SERVICE_DEPLOYMENT_COMPLETED", f"ECS deployment {primary.id} completed."
            )
        if steady and not service.steady:
            service.steady = True
            self._say(service, "has reached a steady state.")
            self._tell_action(service, "SERVICE_STEADY_STATE")

    def _drain(self, cluster: Cluster, service: Service) -> None:
        left = [task for task in cluster.tasks.values() if task.service == service.name and task.status != "STOPPED"]
        if not left:
            service.status = "INACTIVE"
            service.deployments.clear()

    def task_changed(self, task: Task) -> None:
        home = self.cluster_of(task.cluster_arn)
        service = home.services.get(task.service or "") if home is not None else None
        if service is None or task.status not in ("RUNNING", "STOPPED", "DEACTIVATING", "DEPROVISIONING"):
            return
        asked = task.desired == "RUNNING" or task.stop_code in _ASKED
        if not asked:
            service.steady = False
            deployment = service.deployments.get(task.deployment or "")
            if deployment is not None and task.status == "STOPPED":
                deployment.failed += 1
            self._try_again(service)
            return
        if task.desired == "STOPPED" and task.stop_code == "UserInitiated":
            service.steady = False
        self.later(0, "_reach", cluster=service.cluster.name, service=service.name)

    # --- parts

    def _service(self, cluster: str | None, name: str) -> Service:
        home = self.cluster_named(cluster)
        found = home.services.get(name.rpartition("/")[2])
        if found is None:
            raise AWSError("ServiceNotFoundException", "Service not found.")
        return found

    def _configuration(self, given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        breaker = given.get("deploymentCircuitBreaker") or {}
        if breaker.get("enable"):
            self.not_modelled("the deployment circuit breaker")
        if given.get("strategy") not in (None, "ROLLING") or given.get("lifecycleHooks"):
            self.not_modelled(f"the deployment strategy {given.get('strategy')}")
        if (given.get("alarms") or {}).get("enable"):
            self.not_modelled("alarms of deployments")
        defaults = {
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "maximumPercent": self.limits["maximum-percent"],
            "minimumHealthyPercent": self.limits["minimum-healthy-percent"],
            "strategy": "ROLLING",
        }
        merged = {**defaults, **before, **given}
        if merged["maximumPercent"] <= merged["minimumHealthyPercent"] and merged["maximumPercent"] <= 100:
            if merged["minimumHealthyPercent"] >= 100:
                raise invalid(
                    "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
                )
            if merged["maximumPercent"] < merged["minimumHealthyPercent"]:
                raise client("maximumPercent must not be below minimumHealthyPercent.")
        return merged

    def shown_service(self, service: Service, include: Sequence[str]) -> dict[str, Any]:
        described = service.described(self.limits["service-events"])
        if "TAGS" in include:
            described["tags"] = service.tags.as_list("key", "value")
        return described

    def _say(self, service: Service, message: str) -> None:
        text = f"(service {service.name}) {message}"
        if service.events and service.events[-1]["message"] == text:
            return
        event = {"id": self.ids.uuid("event"), "createdAt": self.clock.time(), "message": text}
        service.events.append(event)

    def _tell_action(self, service: Service, name: str) -> None:
        detail = {"eventType": "INFO", "eventName": name, "clusterArn": service.cluster.arn, "createdAt": self._now()}
        self.announce("ECS Service Action", detail, service.arn)

    def _tell_deployment(self, service: Service, deployment: Deployment, name: str, reason: str) -> None:
        detail = {
            "eventType": "INFO", "eventName": name, "deploymentId": deployment.id, "updatedAt": self._now(),
            "reason": reason,
        }  # fmt: skip
        self.announce("ECS Deployment State Change", detail, service.arn)

    def _now(self) -> str:
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


_WHERE = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration")
