"""Tasks on Fargate. Source: ECS Developer Guide, "Amazon ECS task lifecycle", "Architect for AWS Fargate".

There are no container instances: what asks for the launch type EC2 finds none in its cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.environment import variables
from awsim.errors import AWSError
from awsim.services.ecs import running
from awsim.services.ecs.operations.clusters import FARGATE
from awsim.services.ecs.operations.common import TagList
from awsim.services.ecs.operations.definitions import DefinitionOperations
from awsim.services.ecs.records import Cluster, Task, TaskDefinition
from awsim.services.ecs.refusals import invalid

Strategy = Sequence[Mapping[str, Any]]
# Where a task goes from each status, and the row that says how long that takes.
_COMING = {"PROVISIONING": ("PENDING", "task-provisioning"), "PENDING": ("RUNNING", "task-start")}
_GOING = {
    "DEACTIVATING": ("STOPPING", "task-deactivation"),
    "STOPPING": ("DEPROVISIONING", "task-stop"),
    "DEPROVISIONING": ("STOPPED", "task-deprovisioning"),
}


class TaskOperations(DefinitionOperations):
    def run_task(
        self,
        taskDefinition: str,
        cluster: str | None = None,
        count: int | None = None,
        launchType: str | None = None,
        capacityProviderStrategy: Strategy = (),
        networkConfiguration: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        group: str | None = None,
        startedBy: str | None = None,
        platformVersion: str | None = None,
        placementConstraints: Sequence[Mapping[str, Any]] = (),
        placementStrategy: Sequence[Mapping[str, Any]] = (),
        propagateTags: str | None = None,
        enableECSManagedTags: bool | None = None,
        enableExecuteCommand: bool | None = None,
        referenceId: str | None = None,
        clientToken: str | None = None,
        tags: TagList = (),
    ) -> dict[str, Any]:
        found = self.cluster_named(cluster)
        definition = self.runnable(taskDefinition)
        number = 1 if count is None else count
        if not 1 <= number <= self.limits["run-count"]:
            raise invalid(f"Count must be between 1 and {self.limits['run-count']}.")
        where = self.placement(found, definition, launchType, capacityProviderStrategy, networkConfiguration)
        self.check_placement(where, placementStrategy, placementConstraints)
        self._check_overrides(definition, overrides or {})
        kept = self.new_tags(tags)
        if propagateTags == "TASK_DEFINITION":
            kept = type(kept)({**definition.tags, **kept})
        elif propagateTags == "SERVICE":
            raise invalid("Propagating tags from a service is for tasks of services alone.")
        self.check_capacity(definition, number)
        made = []
        for _ in range(number):
            task = self.new_task(found, definition, where, overrides or {}, enableExecuteCommand)
            task.group = group or task.group
            task.started_by = startedBy
            task.tags = kept
            made.append(task)
        return {"tasks": [self.shown_task(task, ("TAGS",)) for task in made], "failures": []}

    def describe_tasks(
        self, tasks: Sequence[str], cluster: str | None = None, include: Sequence[str] = ()
    ) -> dict[str, Any]:
        home = self.cluster_named(cluster)
        if not tasks:
            raise invalid("Tasks cannot be empty.")
        found, failures = [], []
        for name in tasks:
            task = self.task_named(home, name)
            if task is None:
                failures.append(self.failure(self.arn(f"task/{home.name}/{name.rpartition('/')[2]}")))
            else:
                found.append(self.shown_task(task, include))
        return {"tasks": found, "failures": failures}

    def list_tasks(
        self,
        cluster: str | None = None,
        family: str | None = None,
        startedBy: str | None = None,
        serviceName: str | None = None,
        desiredStatus: str | None = None,
        launchType: str | None = None,
        containerInstance: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        home = self.cluster_named(cluster)
        wanted = desiredStatus or "RUNNING"
        if wanted == "PENDING":
            raise invalid("Invalid desired status: PENDING")
        found = [
            task
            for task in home.tasks.values()
            if task.desired == wanted
            and family in (None, task.definition.family)
            and startedBy in (None, task.started_by)
            and (serviceName is None or serviceName.rpartition("/")[2] == task.service)
            and launchType in (None, task.launch_type)
            and containerInstance is None
        ]
        return self.page(
            "taskArns",
            found,
            lambda task: f"{task.created:020.6f} {task.id}",
            lambda task: task.arn,
            nextToken,
            maxResults,
        )

    def stop_task(self, task: str, cluster: str | None = None, reason: str | None = None) -> dict[str, Any]:
        found = self.task_named(self.cluster_named(cluster), task)
        if found is None:
            raise invalid("The referenced task was not found.")
        self.stop(found, "UserInitiated", reason or "Task stopped by user")
        return {"task": self.shown_task(found, ("TAGS",))}

    def update_task_protection(
        self,
        cluster: str,
        tasks: Sequence[str],
        protectionEnabled: bool,
        expiresInMinutes: int | None = None,
    ) -> dict[str, Any]:
        home = self.cluster_named(cluster)
        minutes = self.limits["protection-default"] if expiresInMinutes is None else expiresInMinutes
        most = self.limits["protection"]
        if not 1 <= minutes <= (most or minutes):
            raise invalid(f"expiresInMinutes must be between 1 and {most}.")
        done, failures = [], []
        for name in tasks:
            task = self.task_named(home, name)
            if task is None or task.service is None or not task.alive:
                reason = "MISSING" if task is None else "TASK_NOT_VALID"
                failures.append({"arn": name, "reason": reason})
                continue
            task.protected_until = self.clock.time() + minutes * 60 if protectionEnabled else None
            done.append(self._protection(task))
        return {"protectedTasks": done, "failures": failures}

    def get_task_protection(self, cluster: str, tasks: Sequence[str] = ()) -> dict[str, Any]:
        home = self.cluster_named(cluster)
        found, failures = [], []
        for name in tasks or [task.arn for task in home.tasks.values() if task.service is not None]:
            task = self.task_named(home, name)
            if task is None:
                failures.append({"arn": name, "reason": "MISSING"})
            else:
                found.append(self._protection(task))
        return {"protectedTasks": found, "failures": failures}

    def _protection(self, task: Task) -> dict[str, Any]:
        held = self.is_protected(task)
        shown = {"taskArn": task.arn, "protectionEnabled": held}
        return {**shown, "expirationDate": task.protected_until} if held else shown

    def is_protected(self, task: Task) -> bool:
        return task.protected_until is not None and self.clock.time() < task.protected_until

    def list_container_instances(
        self,
        cluster: str | None = None,
        filter: str | None = None,
        status: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        """There are none: awsim models Fargate alone."""
        self.cluster_named(cluster)
        return self.page("containerInstanceArns", (), str, str, nextToken, maxResults)

    # --- where tasks run

    def placement(
        self,
        cluster: Cluster,
        definition: TaskDefinition,
        launch_type: str | None,
        strategy: Strategy,
        network: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """launchType or capacityProviderStrategy, and networkConfiguration: what a task or deployment runs on."""
        if launch_type is not None and strategy:
            raise invalid(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try "
                "again."
            )
        if launch_type == "EXTERNAL":
            self.not_modelled("the launch type EXTERNAL")
        chosen = list(strategy) or ([] if launch_type else list(cluster.strategy))
        for each in chosen:
            name = (each.get("capacityProvider") or "").rpartition("/")[2]
            if name not in cluster.providers and name not in FARGATE:
                raise invalid(
                    "The specified capacity provider does not exist. Specify a valid name or ARN and try again."
                )
            if name not in FARGATE:
                self.not_modelled("tasks on capacity providers of Auto Scaling groups")
        kind = None if chosen else launch_type or "EC2"
        if kind == "EC2":
            mode = definition.settings.get("networkMode")
            if mode == "awsvpc" and network is None:
                raise _no_network()
            return {"launchType": "EC2", **({"networkConfiguration": network} if network else {})}
        if "FARGATE" not in definition.compatibilities:
            raise invalid("Task definition does not support launch_type FARGATE.")
        return {
            **({"launchType": "FARGATE"} if kind else {"capacityProviderStrategy": [dict(each) for each in chosen]}),
            "platformVersion": "1.4.0",
            "networkConfiguration": self._network(network),
        }

    def _network(self, network: Mapping[str, Any] | None) -> dict[str, Any]:
        given = (network or {}).get("awsvpcConfiguration")
        if not given:
            raise _no_network()
        subnets = list(given.get("subnets") or ())
        if not subnets:
            raise invalid("subnets can not be empty.")
        groups = list(given.get("securityGroups") or ())
        most_subnets, most_groups = self.limits["subnets-per-network"], self.limits["groups-per-network"]
        if len(subnets) > most_subnets or len(groups) > most_groups:
            raise invalid("Too many subnets or security groups.")
        try:
            found = self.ec2("DescribeSubnets", SubnetIds=subnets)["Subnets"]
        except AWSError as error:
            raise invalid(
                f"Error retrieving subnet information for {subnets}: {error.message} (ErrorCode: {error.code})"
            ) from None
        if len({each["VpcId"] for each in found}) > 1:
            raise invalid("subnets must all be in the same VPC.")
        if groups:
            try:
                self.ec2("DescribeSecurityGroups", GroupIds=groups)
            except AWSError as error:
                raise invalid(
                    f"Error retrieving security group information for {groups}: {error.message} "
                    f"(ErrorCode: {error.code})"
                ) from None
        public = given.get("assignPublicIp") or "DISABLED"
        return {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups, "assignPublicIp": public}}

    def check_placement(
        self,
        where: Mapping[str, Any],
        strategy: Sequence[Mapping[str, Any]],
        constraints: Sequence[Mapping[str, Any]],
    ) -> None:
        self.limits.check("placement-strategies", len(strategy))
        if where.get("launchType") == "EC2":
            raise invalid("No Container Instances were found in your cluster.")
        if strategy:
            raise invalid("Placement strategies are not supported with FARGATE launch type.")
        if constraints:
            raise invalid("Placement constraints are not supported with FARGATE launch type.")

    def _check_overrides(self, definition: TaskDefinition, overrides: Mapping[str, Any]) -> None:
        names = {each["name"] for each in definition.containers}
        for each in overrides.get("containerOverrides") or ():
            if each.get("name") not in names:
                raise invalid(
                    f"Override for container named {each.get('name') or ''} is not a container in the TaskDefinition."
                )

    def check_capacity(self, definition: TaskDefinition, number: int) -> None:
        """The quota of virtual CPUs on Fargate."""
        used = sum(
            int(task.override("cpu") or 0) / 1024
            for cluster in self.clusters.values()
            for task in cluster.tasks.values()
            if task.alive
        )
        self.limits.quota("fargate-vcpus", used, adding=number * int(definition.settings.get("cpu") or 0) / 1024)

    # --- the life of a task

    def new_task(
        self,
        cluster: Cluster,
        definition: TaskDefinition,
        where: Mapping[str, Any],
        overrides: Mapping[str, Any],
        exec_: bool | None = None,
    ) -> Task:
        id_ = self.ids.hex("task", 32)
        arn = self.arn(f"task/{cluster.name}/{id_}")
        task = Task(id_, arn, cluster.arn, definition, self.clock.time())
        task.overrides = overrides
        task.exec = bool(exec_)
        task.launch_type = where.get("launchType") or "FARGATE"
        if where.get("capacityProviderStrategy"):
            task.provider = where["capacityProviderStrategy"][0]["capacityProvider"]
        self._plug(task, where["networkConfiguration"]["awsvpcConfiguration"])
        cluster.tasks[id_] = task
        self._told(task)
        self.later(
            self.limits.duration("task-provisioning"), "_move_on", cluster=cluster.name, task=id_, out_of=task.status
        )
        return task

    def _plug(self, task: Task, network: Mapping[str, Any]) -> None:
        """Each task gets a network interface of its own, in the subnets in turn."""
        subnets = network["subnets"]
        subnet = subnets[(self.ids.next("placement") - 1) % len(subnets)]
        groups = {"Groups": list(network["securityGroups"])} if network["securityGroups"] else {}
        made = self.ec2(
            "CreateNetworkInterface", SubnetId=subnet, Description=task.arn.replace(":task/", ":attachment/"), **groups
        )["NetworkInterface"]
        task.interface, task.zone = made["NetworkInterfaceId"], made["AvailabilityZone"]
        told = {
            "subnetId": subnet,
            "networkInterfaceId": made["NetworkInterfaceId"],
            "macAddress": made["MacAddress"],
            "privateDnsName": made["PrivateDnsName"],
            "privateIPv4Address": made["PrivateIpAddress"],
        }
        task.attachments = (
            {
                "id": self.ids.uuid("attachment"),
                "type": "ElasticNetworkInterface",
                "status": "ATTACHED",
                "details": [{"name": name, "value": value} for name, value in told.items() if value],
            },
        )

    def _move_on(self, cluster: str, task: str, out_of: str) -> None:
        """A task goes to the next status, unless it went elsewhere meanwhile."""
        home = self.clusters.get(cluster)
        found = home.tasks.get(task) if home is not None else None
        if found is None or found.status != out_of:
            return
        status, _ = (_COMING if out_of in _COMING else _GOING)[out_of]
        found.status = status
        if status == "RUNNING":
            found.started = self.clock.time()
            self._begin_logs(found)
        elif status == "STOPPED":
            self._unplug(found)
        self._told(found)
        following = _COMING.get(status) or _GOING.get(status)
        if status == "RUNNING" and found.status == "RUNNING":
            self.later(0, "_run_containers", cluster=cluster, task=task)
        elif following is not None and found.status == status:
            self.later(self.limits.duration(following[1]), "_move_on", cluster=cluster, task=task, out_of=status)

    def _unplug(self, task: Task) -> None:
        task.stopped = self.clock.time()
        for container in task.definition.containers:
            if container["name"] not in task.exits:
                ran = task.started is not None
                task.exits[container["name"]] = (
                    137 if ran and task.stop_code == "UserInitiated" else 0 if ran else None,
                    None,
                )
        task.attachments = tuple({**each, "status": "DELETED"} for each in task.attachments)
        if task.interface is not None:
            try:
                self.ec2("DeleteNetworkInterface", NetworkInterfaceId=task.interface)
            except AWSError:
                pass  # somebody deleted it before
        self.later(
            self.limits["stopped-task"], "_forget_task", cluster=task.cluster_arn.rpartition("/")[2], task=task.id
        )

    def _forget_task(self, cluster: str, task: str) -> None:
        home = self.clusters.get(cluster)
        if home is not None:
            home.tasks.pop(task, None)

    def stop(self, task: Task, code: str, reason: str) -> None:
        """Begin to stop a task; nothing for one that is stopping."""
        if task.desired == "STOPPED":
            return
        task.desired = "STOPPED"
        task.stop_code, task.stopped_reason = code, reason
        task.stopping = self.clock.time()
        task.status = "DEACTIVATING" if task.status == "RUNNING" else "DEPROVISIONING"
        self._told(task)
        row = _GOING[task.status][1]
        home = task.cluster_arn.rpartition("/")[2]
        self.later(self.limits.duration(row), "_move_on", cluster=home, task=task.id, out_of=task.status)

    # --- what runs in it

    def _run_containers(self, cluster: str, task: str) -> None:
        """Call what was registered for the containers of a task, one after the other, in the task's role."""
        home = self.clusters.get(cluster)
        found = home.tasks.get(task) if home is not None else None
        if found is None or found.status != "RUNNING":
            return
        for container in found.definition.containers:
            code = running.code_of(self.cloud.containers, found, container)
            if code is None:
                continue
            context = running.context_of(found, container, self.region)
            with self.cloud.unlocked(), self.cloud.acting_as(self._who(found)), variables(context.environment):
                ended = running.run(code, context)
            found.exits[container["name"]] = ended
            if found.status != "RUNNING":
                return
            if container["essential"]:
                self.stop(found, "EssentialContainerExited", "Essential container in task exited")
                return
            self._told(found)

    def _who(self, task: Task) -> str:
        """Whose credentials a task has: its role's, or none."""
        role = task.override("taskRoleArn")
        if not role:
            return "anonymous"
        if not role.startswith("arn:"):
            role = f"arn:{self.partition}:iam::{self.account}:role/{role}"
        name = role.partition(":role/")[2]
        return f"arn:{self.partition}:sts::{role.split(':')[4]}:assumed-role/{name}/{task.id}"

    def _begin_logs(self, task: Task) -> None:
        """The awslogs driver makes a stream for each container; a task whose streams cannot be made stops."""
        for container in task.definition.containers:
            driver = container.get("logConfiguration") or {}
            if driver.get("logDriver") != "awslogs":
                continue
            options = driver.get("options") or {}
            stream = f"{options.get('awslogs-stream-prefix', '')}/{container['name']}/{task.id}"
            role = task.override("executionRoleArn")
            group = options.get("awslogs-group", "")
            region = options.get("awslogs-region") or self.region
            try:
                if options.get("awslogs-create-group") == "true":
                    self._make_group(group, region, role)
                self.call("logs", "CreateLogStream", as_=role, region_=region, logGroupName=group, logStreamName=stream)
            except AWSError as error:
                if error.code == "NotImplemented":
                    continue
                why = (
                    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
                    f"times: failed to create Cloudwatch log stream: {error.code}: {error.message} : exit status 1"
                )
                self.stop(task, "TaskFailedToStart", why)
                return

    def _make_group(self, group: str, region: str, role: str | None) -> None:
        try:
            self.call("logs", "CreateLogGroup", as_=role, region_=region, logGroupName=group)
        except AWSError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise

    # --- who is told

    def shown_task(self, task: Task, include: Sequence[str]) -> dict[str, Any]:
        described = task.described()
        if "TAGS" in include:
            described["tags"] = task.tags.as_list("key", "value")
        return described

    def _told(self, task: Task) -> None:
        """EventBridge and the task's service hear of a new status."""
        task.version += 1
        detail = {name: _plain(value) for name, value in task.described().items() if value is not None}
        self.announce("ECS Task State Change", detail, task.arn)
        self.note_levels(task)
        self.task_changed(task)


def _plain(value: Any) -> Any:
    """Times as events have them."""
    if isinstance(value, float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _no_network() -> AWSError:
    return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
