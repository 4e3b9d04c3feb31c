"""Managed nodes and the activations that register servers.

What an agent does on a node has no API of AWS's: `aws.service("ssm", None, None).register(…)` is the agent of a server
that is registered, `.manage(…)` that of an EC2 instance, `.connect(…)` whether one is reached.

Source: Systems Manager User Guide, "Managing nodes in hybrid and multicloud environments".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError, AwsimError
from awsim.services.ssm import refusals
from awsim.services.ssm.node import Activation, Node
from awsim.services.ssm.operations.common import Operations
from awsim.state import Collection, Tags
from awsim.state.tags import tag_map

_CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+"
_DAY = 86_400
_PLATFORMS = ("Linux", "Windows", "MacOS")
_FILTERS = {
    "InstanceIds": "InstanceId",
    "AgentVersion": "AgentVersion",
    "PingStatus": "PingStatus",
    "PlatformTypes": "PlatformType",
    "PlatformType": "PlatformType",
    "ActivationIds": "ActivationId",
    "IamRole": "IamRole",
    "ResourceType": "ResourceType",
}


class NodeOperations(Operations):
    nodes = Collection("managed node", key="id")
    activations = Collection("activation", key="id")

    def setup(self) -> None:
        super().setup()
        # EC2's instances by id, as EC2 has them: who they are follows from its state, and needs no undo of its own.
        self._instances: dict[str, Node] = {}

    # --- activations

    def create_activation(
        self,
        IamRole: str,
        Description: str | None = None,
        DefaultInstanceName: str | None = None,
        RegistrationLimit: int | None = None,
        ExpirationDate: datetime | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        now = self.now
        expires = now + self.limits["activation-life"] if ExpirationDate is None else ExpirationDate.timestamp()
        if not now < expires <= now + self.limits["activation-longest"]:
            raise AWSError(
                "InvalidParameters", "The expiration date must be in the future, and within 30 days from now."
            )
        id, code = self.ids.uuid("activation"), self.ids.text("code", 20, _CODE)
        limit = RegistrationLimit or self.limits["activation-registrations"]
        activation = Activation(id, code, IamRole, limit, expires, now)
        activation.description = Description
        activation.instance_name = DefaultInstanceName
        activation.tags = activation.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.activations.add(activation)
        return {"ActivationId": id, "ActivationCode": code}

    def describe_activations(
        self,
        Filters: Sequence[Mapping[str, Any]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        keys = {"ActivationIds": "id", "DefaultInstanceName": "instance_name", "IamRole": "role"}
        for each in Filters:
            if each.get("FilterKey") not in keys:
                raise AWSError(
                    "InvalidFilter", "The filter name isn't valid. Verify that you entered the correct name."
                )
        found = [
            activation
            for activation in self.activations
            if all(getattr(activation, keys[each["FilterKey"]]) in each.get("FilterValues", ()) for each in Filters)
        ]
        now = self.now
        return self.page(
            "ActivationList", found, lambda each: each.described(now), lambda each: each.id, NextToken, MaxResults
        )

    def delete_activation(self, ActivationId: str) -> None:
        if self.activations.get(ActivationId) is None:
            raise AWSError("InvalidActivationId", f"Activation ID {ActivationId} not found")
        self.activations.remove(ActivationId)

    # --- what agents do

    def register(
        self,
        activation_id: str,
        activation_code: str,
        *,
        platform: str = "Linux",
        name: str | None = None,
        computer_name: str | None = None,
    ) -> str:
        """A server's agent registers it by an activation. Returns the id of the managed node.

        Raises AWSError InvalidActivation for a code that is wrong, expired or used up.
        """
        with self.cloud.exclusive():
            activation: Activation | None = self.activations.get(activation_id)
            now = self.now
            if activation is None or activation.code != activation_code:
                raise AWSError("InvalidActivation", "The activation isn't valid.")
            if now >= activation.expires or activation.count >= activation.limit:
                raise AWSError("InvalidActivation", "The activation has expired, or has no registrations left.")
            activation.count += 1
            node = Node(f"mi-{self.ids.hex('managed-instance', 17)}", _platform(platform), now)
            node.activation, node.role = activation.id, activation.role
            node.name = name or activation.instance_name
            node.computer = computer_name or node.computer
            node.tags = activation.tags
            self.nodes.add(node)
            return node.id

    def manage(self, instance_id: str, *, platform: str = "Linux", tags: Mapping[str, str] | None = None) -> str:
        """The agent of an EC2 instance comes forward: it has a role, and reaches Systems Manager. Returns its id."""
        with self.cloud.exclusive():
            node = Node(instance_id, _platform(platform), self.now)
            node.tags = node.tags.with_(self, tags or {}, invalid="ValidationException")
            self.nodes.add(node)
            return instance_id

    def connect(self, node_id: str, online: bool = True) -> None:
        """A node is reached, or no more; what waits for it is run when it is."""
        with self.cloud.exclusive():
            node = self.node(node_id)
            if node is None:
                raise AwsimError(f"{node_id} is no managed node; see register and manage")
            self._reach(node, online)

    def _reach(self, node: Node, online: bool) -> None:
        if node.online and not online:
            node.seen = self.now
        node.online = online
        if online and node.waiting:
            waiting = list(node.waiting)
            node.waiting.clear()
            for command in waiting:
                self.later(0, "_run_on", command=command, instance=node.id)

    # --- nodes

    def known_node(self, id: str) -> Node | None:
        """A managed node, as it was when it was last heard of."""
        found: Node | None = self.nodes.get(id)
        return found or self._instance(id)

    def node(self, id: str) -> Node | None:
        """A managed node: one that was registered, or an EC2 instance whose agent comes forward."""
        found: Node | None = self.nodes.get(id)
        if found is None and id.startswith("i-"):
            self._come_forward(id)
            found = self._instance(id)
        return found

    @property
    def _home(self) -> bool:
        """Whether nodes that are named by nothing but an id are of this account and Region."""
        return (self.account, self.region) == (self.cloud.account, self.cloud.region)

    def _come_forward(self, *ids: str) -> None:
        """Let the agents of EC2's instances say who is there: of those that run and have an instance profile, and of
        those for which the program says what runs commands."""
        there = self._instances_of_ec2(*ids)
        named = [id for id in self.cloud.nodes if id.startswith("i-") and self._home] if self.cloud.nodes else []
        for id in ids or [*self._instances, *there, *named]:
            instance = there.get(id)
            if instance is not None:
                self._hear_of(id, instance)
            elif id not in named:
                self._instances.pop(id, None)
            elif self._instance(id) is None:
                self._instances[id] = Node(id, "Linux", self.now)

    def _instance(self, id: str) -> Node | None:
        """An EC2 instance that has come forward; one that a restored snapshot does not know yet is hollow."""
        found = self._instances.get(id)
        return found if found is not None and hasattr(found, "tags") else None

    def _instances_of_ec2(self, *ids: str) -> dict[str, Mapping[str, Any]]:
        """What EC2 says of instances, if the account has ever used it."""
        if not self.cloud.has_service("ec2", self.account, self.region):
            return {}
        more: dict[str, Any] = {"InstanceIds": list(ids)} if ids else {}
        try:
            answer = self.call("ec2", "DescribeInstances", as_=administrator(self.account), **more)
        except AWSError:
            return {}
        return {each["InstanceId"]: each for one in answer["Reservations"] for each in one["Instances"]}

    def _hear_of(self, id: str, instance: Mapping[str, Any]) -> None:
        state, node = instance["State"]["Name"], self._instance(id)
        if state == "terminated":
            self._instances.pop(id, None)
            return
        if node is None:
            if state != "running" or not (instance.get("IamInstanceProfile") or id in self.cloud.nodes):
                return
            node = Node(id, "Windows" if instance.get("Platform") == "windows" else "Linux", self.now)
            node.address = instance.get("PrivateIpAddress", node.address)
            node.computer = instance.get("PrivateDnsName", node.computer)
            node.profile = (instance.get("IamInstanceProfile") or {}).get("Arn")
            self._instances[id] = node
        tags = tag_map(instance.get("Tags"))
        if dict(node.tags) != tags:
            node.tags = Tags(tags)
        stopped = state != "running"
        if stopped != node.stopped:
            node.stopped = stopped
            self._reach(node, not stopped)

    def all_nodes(self) -> list[Node]:
        self._come_forward()
        known = {**self._instances, **{node.id: node for node in self.nodes}}
        return [known[id] for id in sorted(known)]

    def role_of(self, node: Node) -> str | None:
        """The name of the role that a node's agent has, as far as anybody knows."""
        if node.role is not None:
            return node.role.rpartition("/")[2]
        if node.profile is None:
            return None
        name = node.profile.rpartition("/")[2]
        try:
            found = self.call("iam", "GetInstanceProfile", as_=administrator(self.account), InstanceProfileName=name)[
                "InstanceProfile"
            ]
        except AWSError:
            return None
        return next((role["RoleName"] for role in found["Roles"]), None)

    def managed(self, id: str) -> Node:
        """Raises InvalidInstanceId."""
        found = self.node(id)
        if found is None:
            raise AWSError("InvalidInstanceId", f"Instances [[{id}]] not in a valid state for account {self.account}")
        return found

    def aimed_at(self, targets: Sequence[Mapping[str, Any]]) -> list[Node]:
        """The nodes that fit all of some targets."""
        return [node for node in self.all_nodes() if all(self._meets(node, each) for each in targets)]

    def _meets(self, node: Node, target: Mapping[str, Any]) -> bool:
        key, values = target.get("Key", ""), list(target.get("Values") or ())
        if key.lower() == "instanceids":
            return node.id in values or "*" in values
        if key.startswith("tag:"):
            return key[4:] in node.tags and (not values or node.tags[key[4:]] in values)
        if key.lower() == "tag-key":
            return any(value in node.tags for value in values)
        if key.startswith("resource-groups:"):
            self.not_modelled("targets by resource group")
        raise refusals.invalid(f"The target key {key} isn't valid.")

    def describe_instance_information(
        self,
        InstanceInformationFilterList: Sequence[Mapping[str, Any]] = (),
        Filters: Sequence[Mapping[str, Any]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = [(each["key"], each["valueSet"]) for each in InstanceInformationFilterList]
        wanted += [(each["Key"], each["Values"]) for each in Filters]
        now = self.now
        found = [node for node in self.all_nodes() if all(self._shows(node, *each, now) for each in wanted)]
        return self.page(
            "InstanceInformationList",
            found,
            lambda node: node.described(now),
            lambda node: node.id,
            NextToken,
            MaxResults,
        )

    def describe_instance_properties(
        self,
        InstancePropertyFilterList: Sequence[Mapping[str, Any]] = (),
        FiltersWithOperator: Sequence[Mapping[str, Any]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = [(each["key"], each["valueSet"]) for each in InstancePropertyFilterList]
        for each in FiltersWithOperator:
            if each.get("Operator", "Equal") != "Equal":
                self.not_modelled(f"DescribeInstanceProperties with the operator {each['Operator']}")
            wanted.append((each["Key"], each["Values"]))
        now = self.now
        found = [node for node in self.all_nodes() if all(self._shows(node, *each, now) for each in wanted)]

        def shown(node: Node) -> dict[str, Any]:
            about = node.described(now)
            return {name: value for name, value in about.items() if name != "IsLatestVersion"}

        return self.page("InstanceProperties", found, shown, lambda node: node.id, NextToken, MaxResults)

    def _shows(self, node: Node, key: str, values: Sequence[str], now: float) -> bool:
        if key.startswith("tag:"):
            return node.tags.get(key[4:]) in values
        if key == "tag-key":
            return any(value in node.tags for value in values)
        member = _FILTERS.get(key)
        if member is None:
            raise AWSError("InvalidFilterKey", f"The specified key {key} isn't valid.")
        return node.described(now).get(member) in values

    def update_managed_instance_role(self, InstanceId: str, IamRole: str) -> None:
        self.managed(InstanceId).role = IamRole

    def deregister_managed_instance(self, InstanceId: str) -> None:
        node = self.managed(InstanceId)
        activation: Activation | None = self.activations.get(node.activation)
        if activation is not None:
            activation.count -= 1
        self.nodes.remove(node.id)

    def get_connection_status(self, Target: str) -> dict[str, Any]:
        node = self.node(Target)
        return {"Target": Target, "Status": "connected" if node is not None and node.online else "notconnected"}


def _platform(platform: str) -> str:
    if platform not in _PLATFORMS:
        raise AwsimError(f"platform={platform!r}: write {', '.join(map(repr, _PLATFORMS))}")
    return platform
