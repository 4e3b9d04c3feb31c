"""Attributes of instances. Source: EC2 API Reference, ModifyInstanceAttribute and its kin."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import metrics
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.instance import Instance
from awsim.services.ec2.operations.launching import check_metadata_options
from awsim.services.ec2.operations.life import LifeOperations
from awsim.services.ec2.refusals import bad_value, combination, invalid, missing
from awsim.services.ec2.types import types

# Attributes that change only while the instance is stopped.
_OF_STOPPED = ("instanceType", "userData", "ebsOptimized")


class AttributeOperations(LifeOperations):
    def describe_instance_attribute(self, InstanceId: str, Attribute: str) -> dict[str, Any]:
        instance = self.instances[InstanceId]
        simple: dict[str, Any] = {
            "instanceType": instance.type_name,
            "userData": instance.user_data,
            "disableApiTermination": instance.keeps_from_termination,
            "disableApiStop": instance.keeps_from_stop,
            "instanceInitiatedShutdownBehavior": instance.shutdown,
            "rootDeviceName": instance.image.root,
            "ebsOptimized": instance.ebs_optimized,
            "enaSupport": instance.image.ena,
            "sriovNetSupport": "simple",
        }
        found: dict[str, Any] = {"InstanceId": instance.id}
        name = Attribute[:1].upper() + Attribute[1:]
        if Attribute in simple:
            found[name] = {} if simple[Attribute] is None else {"Value": simple[Attribute]}
        elif Attribute == "blockDeviceMapping":
            found["BlockDeviceMappings"] = self.describe(instance)["BlockDeviceMappings"]
        elif Attribute == "groupSet":
            found["Groups"] = self.describe(instance)["SecurityGroups"]
        elif Attribute == "sourceDestCheck":
            found["SourceDestCheck"] = {"Value": self.primary_interface(instance.id).checks_source}
        elif Attribute == "productCodes":
            found["ProductCodes"] = []
        elif Attribute == "enclaveOptions":
            found["EnclaveOptions"] = {"Enabled": False}
        elif Attribute in ("kernel", "ramdisk"):
            found["KernelId" if Attribute == "kernel" else "RamdiskId"] = {}
        else:
            raise bad_value(Attribute, "attribute", "Unknown attribute.")
        return found

    def modify_instance_attribute(
        self,
        InstanceId: str,
        Attribute: str | None = None,
        Value: str | None = None,
        BlockDeviceMappings: Sequence[Mapping[str, Any]] | None = None,
        DisableApiTermination: Mapping[str, bool] | None = None,
        DisableApiStop: Mapping[str, bool] | None = None,
        EbsOptimized: Mapping[str, bool] | None = None,
        Groups: Sequence[str] | None = None,
        InstanceInitiatedShutdownBehavior: Mapping[str, str] | None = None,
        InstanceType: Mapping[str, str] | None = None,
        SourceDestCheck: Mapping[str, bool] | None = None,
        UserData: Mapping[str, Any] | None = None,
    ) -> None:
        instance = self.instances[InstanceId]
        structured: dict[str, Any] = {
            "disableApiTermination": DisableApiTermination,
            "disableApiStop": DisableApiStop,
            "ebsOptimized": EbsOptimized,
            "instanceInitiatedShutdownBehavior": InstanceInitiatedShutdownBehavior,
            "instanceType": InstanceType,
            "sourceDestCheck": SourceDestCheck,
            "userData": UserData,
        }
        given = {name: each.get("Value") for name, each in structured.items() if each is not None}
        if Groups is not None:
            given["groupSet"] = Groups
        if BlockDeviceMappings is not None:
            given["blockDeviceMapping"] = BlockDeviceMappings
        if Attribute is not None and Attribute not in given:
            given[Attribute] = _read(Attribute, Value)
        if not given:
            raise missing("attribute")
        if len(given) > 1:
            raise combination("Fields for multiple attribute types specified: " + ", ".join(sorted(given)))
        ((name, value),) = given.items()
        if name in _OF_STOPPED and instance.state != "stopped":
            raise AWSError("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")
        self._change(instance, name, value)

    def _change(self, instance: Instance, name: str, value: Any) -> None:
        if name == "instanceType":
            kind = self.type_named(value or "")
            if instance.image.architecture not in kind.architectures:
                raise invalid(
                    f"The architecture '{','.join(kind.architectures)}' of the specified instance type does not match "
                    f"the architecture '{instance.image.architecture}' of the instance."
                )
            instance.type_name = kind.name
            default = "standard" if kind.family == "t2" else "unlimited"
            instance.credits = (instance.credits or default) if kind.burstable else None
        elif name == "userData":
            text = base64.b64encode(value).decode() if isinstance(value, bytes) else value
            self._check_user_data(text)
            instance.user_data = text or None
        elif name == "ebsOptimized":
            instance.ebs_optimized = bool(value)
        elif name == "disableApiTermination":
            instance.keeps_from_termination = bool(value)
        elif name == "disableApiStop":
            instance.keeps_from_stop = bool(value)
        elif name == "instanceInitiatedShutdownBehavior":
            if value not in ("stop", "terminate"):
                raise invalid(f"Value ({value}) for parameter instanceInitiatedShutdownBehavior is invalid.")
            instance.shutdown = value
        elif name == "sourceDestCheck":
            self.primary_interface(instance.id).checks_source = bool(value)
        elif name == "groupSet":
            interface = self.primary_interface(instance.id)
            interface.groups = self.groups_for(interface.subnet.vpc, value, interface.subnet.id)
        elif name == "blockDeviceMapping":
            self._change_devices(instance, value)
        else:
            self.not_modelled(f"the attribute {name} of instances")

    def _change_devices(self, instance: Instance, mappings: Sequence[Mapping[str, Any]]) -> None:
        mounted = {volume.attachments[instance.id].device: volume for volume in self.volumes_of(instance.id)}
        for mapping in mappings:
            device = mapping.get("DeviceName") or ""
            if device not in mounted:
                raise AWSError("InvalidInstanceAttributeValue", f"No device is currently mapped at {device}")
        for mapping in mappings:
            flag = (mapping.get("Ebs") or {}).get("DeleteOnTermination")
            volume = mounted[mapping.get("DeviceName") or ""]
            if flag is not None:
                attached = volume.attachments[instance.id]
                volume.attachments[instance.id] = attached._replace(deleted_with_it=flag)

    def reset_instance_attribute(self, InstanceId: str, Attribute: str) -> None:
        instance = self.instances[InstanceId]
        if Attribute != "sourceDestCheck":
            self.not_modelled(f"resetting the attribute {Attribute} of instances")
        self.primary_interface(instance.id).checks_source = True

    # --- metadata, maintenance, monitoring, credits

    def modify_instance_metadata_options(
        self,
        InstanceId: str,
        HttpTokens: str | None = None,
        HttpPutResponseHopLimit: int | None = None,
        HttpEndpoint: str | None = None,
        HttpProtocolIpv6: str | None = None,
        InstanceMetadataTags: str | None = None,
    ) -> dict[str, Any]:
        instance = self.instances[InstanceId]
        options = {
            "HttpTokens": HttpTokens,
            "HttpPutResponseHopLimit": HttpPutResponseHopLimit,
            "HttpEndpoint": HttpEndpoint,
            "HttpProtocolIpv6": HttpProtocolIpv6,
            "InstanceMetadataTags": InstanceMetadataTags,
        }
        changed = {name: value for name, value in options.items() if value is not None}
        check_metadata_options(changed)
        if not instance.alive:
            raise AWSError("IncorrectInstanceState", f"The instance '{instance.id}' is terminated.")
        instance.metadata = {**instance.metadata, **changed, "State": "applied"}
        return {"InstanceId": instance.id, "InstanceMetadataOptions": {**instance.metadata, "State": "pending"}}

    def modify_instance_maintenance_options(self, InstanceId: str, AutoRecovery: str | None = None) -> dict[str, Any]:
        instance = self.instances[InstanceId]
        if AutoRecovery not in (None, "default", "disabled"):
            raise invalid(f"Invalid value '{AutoRecovery}' for autoRecovery.")
        instance.recovery = AutoRecovery or instance.recovery
        return {"InstanceId": instance.id, "AutoRecovery": instance.recovery}

    def monitor_instances(self, InstanceIds: Sequence[str]) -> dict[str, Any]:
        return self._monitor(InstanceIds, "pending", "enabled")

    def unmonitor_instances(self, InstanceIds: Sequence[str]) -> dict[str, Any]:
        return self._monitor(InstanceIds, "disabling", "disabled")

    def _monitor(self, ids: Sequence[str], first: str, last: str) -> dict[str, Any]:
        changed = []
        for instance in self.instances.of(ids):
            instance.monitoring = first
            changed.append({"InstanceId": instance.id, "Monitoring": {"State": first}})
            self.later(0, "_monitored", instance=instance.id, first=first, last=last)
        return {"InstanceMonitorings": changed}

    def _monitored(self, instance: str, first: str, last: str) -> None:
        found = self.instances.get(instance)
        if found is not None and found.monitoring == first:
            found.monitoring = last
            for level in metrics.levels(found):
                self.measured.append(level._replace(time=self.clock.time()))

    def describe_instance_credit_specifications(
        self,
        InstanceIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = [
            each
            for each in self.chosen(self.instances, InstanceIds, MaxResults)
            # Without ids: those that are unlimited.
            if each.credits is not None and (InstanceIds or each.credits == "unlimited") and each.alive
        ]
        for each in self.instances.of(InstanceIds):
            if each.credits is None:
                raise AWSError(
                    "InvalidParameterValue",
                    f"The instance '{each.id}' is of the type {each.type_name}, which has no CPU credits.",
                )
        return self.listing(
            "InstanceCreditSpecifications",
            chosen,
            Filters,
            {"instance-id": "InstanceId"},
            NextToken,
            MaxResults,
            shown=lambda each: {"InstanceId": each.id, "CpuCredits": each.credits},
        )

    def modify_instance_credit_specification(
        self, InstanceCreditSpecifications: Sequence[Mapping[str, str]], ClientToken: str | None = None
    ) -> dict[str, Any]:
        for each in InstanceCreditSpecifications:
            if each.get("CpuCredits") not in ("standard", "unlimited"):
                raise invalid(f"Invalid value '{each.get('CpuCredits') or ''}' for CpuCredits.")
        done, failed = [], []
        for each in InstanceCreditSpecifications:
            id_, credit = each.get("InstanceId") or "", each.get("CpuCredits")
            instance = self.instances.get(id_)
            if instance is None:
                problem = ("InvalidInstanceID.NotFound", f"The instance ID '{id_}' does not exist")
            elif instance.credits is None:
                problem = (
                    "InstanceCreditSpecification.NotSupported",
                    f"The instance type {instance.type_name} has no CPU credits.",
                )
            else:
                instance.credits = credit
                done.append({"InstanceId": id_})
                continue
            failed.append({"InstanceId": id_, "Error": {"Code": problem[0], "Message": problem[1]}})
        return {
            "SuccessfulInstanceCreditSpecifications": done,
            "UnsuccessfulInstanceCreditSpecifications": failed,
        }

    def get_default_credit_specification(self, InstanceFamily: str) -> dict[str, Any]:
        if InstanceFamily not in {kind.family for kind in types().values() if kind.burstable}:
            raise bad_value(InstanceFamily, "instanceFamily")
        credit = "standard" if InstanceFamily == "t2" else "unlimited"
        return {"InstanceFamilyCreditSpecification": {"InstanceFamily": InstanceFamily, "CpuCredits": credit}}

    def data_of(self, instance: str) -> dict[str, Any]:
        """An instance as the data of a launch template that would make another like it."""
        found = self.instances[instance]
        data: dict[str, Any] = {
            "ImageId": found.image.id,
            "InstanceType": found.type_name,
            "KeyName": found.key_name,
            "UserData": found.user_data,
            "EbsOptimized": found.ebs_optimized,
            "DisableApiTermination": found.keeps_from_termination,
            "InstanceInitiatedShutdownBehavior": found.shutdown,
            "Monitoring": {"Enabled": found.monitoring == "enabled"},
            "Placement": {"AvailabilityZone": found.zone, "Tenancy": found.tenancy},
        }
        if found.profile is not None:
            data["IamInstanceProfile"] = {"Arn": found.profile["Arn"]}
        return data


def _read(attribute: str, value: str | None) -> Any:
    """An attribute that is named and given as text."""
    if value is None:
        raise missing("value")
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value
