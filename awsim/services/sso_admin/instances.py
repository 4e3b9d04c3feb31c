"""Instances, the Regions they are in, and attributes for access control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.sso_admin.common import Common
from awsim.services.sso_admin.records import Instance, Region
from awsim.state import Lifecycle
from awsim.state.tags import tag_map

TagList = Sequence[Mapping[str, str]]


class Instances(Common):
    """An account has one instance at most.

    AWS enables an organization's instance in the console alone. Here the management account's CreateInstance, which
    AWS refuses, stands for that button.
    """

    def create_instance(
        self, Name: str | None = None, ClientToken: str | None = None, Tags: TagList = ()
    ) -> dict[str, Any]:
        if self.instances:
            raise self.conflict("An instance of IAM Identity Center already exists in this account.")
        organization = self.organization()
        suffix = self.ids.hex("instance", 16)
        region, now = self.region_asked, self.clock.time()
        state = Lifecycle(self, [("CREATE_IN_PROGRESS", "instance-creation"), ("ACTIVE", None)])
        instance = Instance(
            self.arn(f"instance/ssoins-{suffix}", account=""),
            f"d-{self.ids.hex('store', 10)}",
            self.account,
            region,
            now,
            state,
        )
        instance.name = Name
        instance.tags = instance.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        instance.of_organization = organization is not None and organization["MasterAccountId"] == self.account
        instance.permission_sets_enabled = instance.of_organization
        instance.regions[region] = Region(region, True, now, Lifecycle.settled(self, "ACTIVE"))
        self.instances[instance.arn] = instance
        return {"InstanceArn": instance.arn}

    def describe_instance(self, InstanceArn: str) -> dict[str, Any]:
        for each in self.visible(self.region_asked):
            if each.arn == InstanceArn:
                return each.described()
        raise self.denied()

    def list_instances(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        found = self.visible(self.region_asked)
        return self.page("Instances", found, Instance.listed, NextToken, MaxResults, lambda each: each.arn)

    def update_instance(
        self,
        InstanceArn: str,
        Name: str | None = None,
        EncryptionConfiguration: Mapping[str, Any] | None = None,
        PermissionSetsEnabled: bool | None = None,
    ) -> dict[str, Any]:
        instance = self._owned(InstanceArn)
        if EncryptionConfiguration is not None and PermissionSetsEnabled is not None:
            raise self.invalid("EncryptionConfiguration and PermissionSetsEnabled cannot be set in the same request.")
        if PermissionSetsEnabled is False:
            raise self.invalid("The only accepted value of PermissionSetsEnabled is true.")
        if EncryptionConfiguration is not None:
            self._encrypt(instance, EncryptionConfiguration)
        if PermissionSetsEnabled:
            instance.permission_sets_enabled = True
        if Name is not None:
            instance.name = Name
        return {}

    def _encrypt(self, instance: Instance, configuration: Mapping[str, Any]) -> None:
        customer = configuration["KeyType"] == "CUSTOMER_MANAGED_KEY"
        if customer != (configuration.get("KmsKeyArn") is not None):
            needs = "is required" if customer else "cannot be specified"
            raise self.invalid(f"KmsKeyArn {needs} when KeyType is {configuration['KeyType']}.")
        instance.encryption = dict(configuration)

    def delete_instance(self, InstanceArn: str) -> dict[str, Any]:
        instance = self._owned(InstanceArn)
        if instance.state.state == "DELETE_IN_PROGRESS":
            raise self.conflict("The instance is being deleted.")
        if instance.assignments or instance.applications:
            raise self.conflict("The instance has assignments or applications, which must be deleted first.")
        instance.state = Lifecycle(self, [("DELETE_IN_PROGRESS", None)])
        self.later(self.limits.duration("instance-deletion"), "_remove_instance", arn=instance.arn)
        return {}

    def _remove_instance(self, arn: str) -> None:
        self.instances.pop(arn, None)

    def _owned(self, arn: str) -> Instance:
        """An instance of this very account."""
        instance = self.instance(arn)
        if instance.owner != self.account:
            raise self.denied()
        return instance

    # --- Regions

    def add_region(self, InstanceArn: str, RegionName: str) -> dict[str, Any]:
        instance = self._owned(InstanceArn)
        if RegionName in instance.regions:
            raise self.conflict(f"The Region {RegionName} has already been added to the instance.")
        if not instance.of_organization:
            raise self.invalid("Regions can be added to organization instances only.")
        state = Lifecycle(self, [("ADDING", "region-addition"), ("ACTIVE", None)])
        instance.regions[RegionName] = Region(RegionName, False, self.clock.time(), state)
        return {"Status": state.state}

    def remove_region(self, InstanceArn: str, RegionName: str) -> dict[str, Any]:
        instance = self._owned(InstanceArn)
        region = self._region(instance, RegionName)
        if region.primary:
            raise self.invalid("The primary Region cannot be removed.")
        if not region.state.settled_now or region.state.state == "REMOVING":
            raise self.conflict(f"The Region {RegionName} is being added or removed.")
        region.state = Lifecycle.settled(self, "REMOVING")
        self.later(self.limits.duration("region-removal"), "_remove_region", instance=instance.arn, name=RegionName)
        return {"Status": "REMOVING"}

    def _remove_region(self, instance: str, name: str) -> None:
        if instance in self.instances:
            self.instances[instance].regions.pop(name, None)

    def describe_region(self, InstanceArn: str, RegionName: str) -> dict[str, Any]:
        return self._region(self.instance(InstanceArn), RegionName).described()

    def list_regions(
        self, InstanceArn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        regions = self.instance(InstanceArn).regions.values()
        return self.page("Regions", regions, Region.described, NextToken, MaxResults, lambda each: each.name)

    def _region(self, instance: Instance, name: str) -> Region:
        region: Region | None = instance.regions.get(name)
        if region is None:
            raise self.missing(f"The Region {name} has not been added to the instance.")
        return region

    # --- attributes for access control

    def create_instance_access_control_attribute_configuration(
        self, InstanceArn: str, InstanceAccessControlAttributeConfiguration: Mapping[str, Any]
    ) -> dict[str, Any]:
        instance = self.instance(InstanceArn)
        if instance.attributes is not None:
            raise self.conflict("An access control attribute configuration already exists for this instance.")
        self._set_attributes(instance, InstanceAccessControlAttributeConfiguration)
        instance.attributes_state = Lifecycle(
            self, [("CREATION_IN_PROGRESS", "attributes-creation"), ("ENABLED", None)]
        )
        return {}

    def update_instance_access_control_attribute_configuration(
        self, InstanceArn: str, InstanceAccessControlAttributeConfiguration: Mapping[str, Any]
    ) -> dict[str, Any]:
        self._set_attributes(self._attributed(InstanceArn), InstanceAccessControlAttributeConfiguration)
        return {}

    def describe_instance_access_control_attribute_configuration(self, InstanceArn: str) -> dict[str, Any]:
        instance = self._attributed(InstanceArn)
        assert instance.attributes is not None and instance.attributes_state is not None
        return {
            "Status": instance.attributes_state.state,
            "InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": list(instance.attributes)},
        }

    def delete_instance_access_control_attribute_configuration(self, InstanceArn: str) -> dict[str, Any]:
        instance = self._attributed(InstanceArn)
        instance.attributes = instance.attributes_state = None
        return {}

    def _attributed(self, arn: str) -> Instance:
        instance = self.instance(arn)
        if instance.attributes is None:
            raise self.missing("No access control attribute configuration exists for this instance.")
        return instance

    def _set_attributes(self, instance: Instance, configuration: Mapping[str, Any]) -> None:
        attributes = configuration["AccessControlAttributes"]
        keys = [attribute["Key"] for attribute in attributes]
        if len(keys) != len(set(keys)):
            raise self.invalid("Keys of access control attributes must be unique.")
        self.limits.check("access-control-attributes", len(keys))
        instance.attributes = tuple(attributes)
