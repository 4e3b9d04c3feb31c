"""Clusters and their capacity providers. Source: ECS Developer Guide, "Amazon ECS clusters", "Capacity providers"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ecs.operations.common import Common, TagList
from awsim.services.ecs.records import Cluster
from awsim.services.ecs.refusals import client, invalid, no_cluster
from awsim.state import Dict, Entity, Tags

Strategy = Sequence[Mapping[str, Any]]
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}\Z")
FARGATE = ("FARGATE", "FARGATE_SPOT")


class Provider(Entity):
    def __init__(self, name: str, arn: str, group: Mapping[str, Any]) -> None:
        self.name = name
        self.arn = arn
        self.group = group
        self.status = "ACTIVE"
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "capacityProviderArn": self.arn,
            "name": self.name,
            "status": self.status,
            "autoScalingGroupProvider": dict(self.group) or None,
            "type": self.name if self.name in FARGATE else "EC2_AUTOSCALING",
            "tags": [],
        }


class ClusterOperations(Common):
    def setup(self) -> None:
        super().setup()
        self.providers: dict[str, Provider] = Dict()

    def create_cluster(
        self,
        clusterName: str | None = None,
        tags: TagList = (),
        settings: Sequence[Mapping[str, str]] = (),
        configuration: Mapping[str, Any] | None = None,
        capacityProviders: Sequence[str] = (),
        defaultCapacityProviderStrategy: Strategy = (),
    ) -> dict[str, Any]:
        name = clusterName or "default"
        if not _NAME.match(name):
            raise invalid("Invalid cluster name.")
        known = self.clusters.get(name)
        if known is not None and known.status == "ACTIVE":
            return {"cluster": self._shown(known, ("TAGS", "SETTINGS"))}
        self._check_strategy(capacityProviders, defaultCapacityProviderStrategy)
        used = sum(each.status == "ACTIVE" for each in self.clusters.values())
        self.limits.quota("clusters", used)
        cluster = Cluster(name, self.arn(f"cluster/{name}"))
        cluster.tags = self.new_tags(tags)
        cluster.settings = tuple(settings) or ({"name": "containerInsights", "value": "disabled"},)
        cluster.configuration = configuration
        cluster.providers = tuple(capacityProviders)
        cluster.strategy = tuple(defaultCapacityProviderStrategy)
        self.ensure_role()
        self.clusters[name] = cluster
        return {"cluster": self._shown(cluster, ("TAGS", "SETTINGS"))}

    def describe_clusters(self, clusters: Sequence[str] = ("default",), include: Sequence[str] = ()) -> dict[str, Any]:
        found, failures = [], []
        for name in clusters or ("default",):
            cluster = self.clusters.get(name.rpartition("/")[2])
            if cluster is None:
                failures.append(self.failure(self.arn(f"cluster/{name.rpartition('/')[2]}")))
            else:
                found.append(self._shown(cluster, include))
        return {"clusters": found, "failures": failures}

    def list_clusters(self, nextToken: str | None = None, maxResults: int | None = None) -> dict[str, Any]:
        found = [cluster for cluster in self.clusters.values() if cluster.status == "ACTIVE"]
        return self.page("clusterArns", found, lambda each: each.name, lambda each: each.arn, nextToken, maxResults)

    def delete_cluster(self, cluster: str) -> dict[str, Any]:
        found = self.clusters.get(cluster.rpartition("/")[2])
        if found is None:
            raise no_cluster()
        if any(service.status != "INACTIVE" for service in found.services.values()):
            raise AWSError(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        if any(task.status != "STOPPED" for task in found.tasks.values()):
            raise AWSError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        found.status = "INACTIVE"
        return {"cluster": self._shown(found, ())}

    def update_cluster(
        self,
        cluster: str,
        settings: Sequence[Mapping[str, str]] | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        found = self.cluster_named(cluster)
        if settings is not None:
            found.settings = tuple(settings)
        if configuration is not None:
            found.configuration = configuration
        return {"cluster": self._shown(found, ("SETTINGS",))}

    def update_cluster_settings(self, cluster: str, settings: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        found = self.cluster_named(cluster)
        found.settings = tuple(settings)
        return {"cluster": self._shown(found, ("SETTINGS",))}

    def put_cluster_capacity_providers(
        self, cluster: str, capacityProviders: Sequence[str], defaultCapacityProviderStrategy: Strategy
    ) -> dict[str, Any]:
        found = self.cluster_named(cluster)
        self._check_strategy(capacityProviders, defaultCapacityProviderStrategy)
        found.providers = tuple(capacityProviders)
        found.strategy = tuple(defaultCapacityProviderStrategy)
        return {"cluster": self._shown(found, ("TAGS", "SETTINGS"))}

    def _shown(self, cluster: Cluster, include: Sequence[str]) -> dict[str, Any]:
        described = cluster.described()
        if "TAGS" in include:
            described["tags"] = cluster.tags.as_list("key", "value")
        if "SETTINGS" not in include:
            described["settings"] = []
        return described

    # --- capacity providers

    def create_capacity_provider(
        self, name: str, autoScalingGroupProvider: Mapping[str, Any] | None = None, tags: TagList = ()
    ) -> dict[str, Any]:
        if name.lower().startswith(("aws", "ecs", "fargate")):
            raise invalid(
                "The specified capacity provider name is reserved: it must not begin with aws, ecs or fargate."
            )
        if not _NAME.match(name):
            raise invalid("Invalid capacity provider name.")
        if autoScalingGroupProvider is None:
            raise invalid("The autoScalingGroupProvider must be specified.")
        if name in self.providers:
            raise client(
                "The specified capacity provider already exists. To change the configuration of an existing capacity "
                "provider, update the capacity provider."
            )
        group = self._checked_group(autoScalingGroupProvider)
        if any(each.group["autoScalingGroupArn"] == group["autoScalingGroupArn"] for each in self.providers.values()):
            raise client(
                "The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a "
                "unique Auto Scaling group ARN and try again."
            )
        self.limits.quota("capacity-providers", len(self.providers))
        provider = Provider(name, self.arn(f"capacity-provider/{name}"), group)
        provider.tags = self.new_tags(tags)
        self.providers[name] = provider
        return {"capacityProvider": {**provider.described(), "tags": provider.tags.as_list("key", "value")}}

    def update_capacity_provider(
        self, name: str, autoScalingGroupProvider: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        provider = self._provider(name)
        changed = {**provider.group, **(autoScalingGroupProvider or {})}
        provider.group = self._checked_group(changed)
        return {"capacityProvider": provider.described()}

    def delete_capacity_provider(self, capacityProvider: str) -> dict[str, Any]:
        name = capacityProvider.rpartition("/")[2]
        if name in FARGATE:
            raise invalid("The specified capacity provider is reserved and cannot be deleted.")
        provider = self._provider(name)
        if any(provider.name in cluster.providers and cluster.status == "ACTIVE" for cluster in self.clusters.values()):
            raise AWSError("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.")
        del self.providers[provider.name]
        return {"capacityProvider": {**provider.described(), "status": "INACTIVE"}}

    def describe_capacity_providers(
        self,
        capacityProviders: Sequence[str] = (),
        include: Sequence[str] = (),
        maxResults: int | None = None,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        known = {name: Provider(name, self.arn(f"capacity-provider/{name}"), {}) for name in FARGATE} | {
            **self.providers
        }
        found, failures = [], []
        for name in capacityProviders or known:
            provider = known.get(name.rpartition("/")[2])
            if provider is None:
                failures.append(self.failure(self.arn(f"capacity-provider/{name.rpartition('/')[2]}")))
            else:
                found.append(provider)

        def shown(provider: Provider) -> dict[str, Any]:
            return {**provider.described(), "tags": provider.tags.as_list("key", "value") if "TAGS" in include else []}

        page = self.page("capacityProviders", found, lambda each: each.name, shown, nextToken, maxResults)
        return {**page, "failures": failures}

    def _provider(self, name: str) -> Provider:
        provider = self.providers.get(name.rpartition("/")[2])
        if provider is None:
            raise invalid("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
        return provider

    def _checked_group(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The Auto Scaling group of a provider, defaults filled in."""
        arn = given.get("autoScalingGroupArn") or ""
        name = arn.rpartition("/")[2]
        groups = self.asked("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])[
            "AutoScalingGroups"
        ]
        if not groups:
            raise client(
                "The specified Auto Scaling group ARN is invalid. Specify a valid Auto Scaling group ARN and try again."
            )
        protection = given.get("managedTerminationProtection") or "DISABLED"
        if protection == "ENABLED" and not groups[0]["NewInstancesProtectedFromScaleIn"]:
            raise client(
                "The managed termination protection setting for the capacity provider is invalid. To enable managed "
                "termination protection for a capacity provider, the Auto Scaling group must have instance protection "
                "from scale in enabled."
            )
        scaling = {
            "status": "DISABLED",
            "targetCapacity": 100,
            "minimumScalingStepSize": 1,
            "maximumScalingStepSize": 10000,
            "instanceWarmupPeriod": 300,
            **(given.get("managedScaling") or {}),
        }
        return {
            "autoScalingGroupArn": groups[0]["AutoScalingGroupARN"],
            "managedScaling": scaling,
            "managedTerminationProtection": protection,
            "managedDraining": given.get("managedDraining") or "ENABLED",
        }

    def _check_strategy(self, providers: Sequence[str], strategy: Strategy) -> None:
        for name in providers:
            if name not in FARGATE and name.rpartition("/")[2] not in self.providers:
                raise invalid(
                    "The specified capacity provider does not exist. Specify a valid name or ARN and try again."
                )
        for each in strategy:
            if each.get("capacityProvider") not in providers:
                raise invalid(
                    "The specified capacity provider strategy cannot contain a capacity provider that is not "
                    "associated with the cluster."
                )
        if sum(bool(each.get("base")) for each in strategy) > 1:
            raise invalid("Only one capacity provider of a strategy can have a base.")
