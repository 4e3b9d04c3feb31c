"""The life of instances: described, started, stopped, rebooted, terminated, checked.

Source: EC2 User Guide, "Amazon EC2 instance state changes", "Status checks for Amazon EC2 instances".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import filters as filtering
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.instance import Instance, shown_state
from awsim.services.ec2.interfaces import Interface
from awsim.services.ec2.network import Vpc
from awsim.services.ec2.operations.launching import LaunchOperations
from awsim.services.ec2.refusals import combination, invalid
from awsim.services.ec2.storage import Volume, VolumeAttachment

_FILTERS = {
    "affinity": "Placement.Affinity",
    "architecture": "Architecture",
    "availability-zone": "Placement.AvailabilityZone",
    "block-device-mapping.attach-time": "BlockDeviceMappings.Ebs.AttachTime",
    "block-device-mapping.delete-on-termination": "BlockDeviceMappings.Ebs.DeleteOnTermination",
    "block-device-mapping.device-name": "BlockDeviceMappings.DeviceName",
    "block-device-mapping.status": "BlockDeviceMappings.Ebs.Status",
    "block-device-mapping.volume-id": "BlockDeviceMappings.Ebs.VolumeId",
    "client-token": "ClientToken",
    "dns-name": "PublicDnsName",
    "hypervisor": "Hypervisor",
    "iam-instance-profile.arn": "IamInstanceProfile.Arn",
    "iam-instance-profile.id": "IamInstanceProfile.Id",
    "image-id": "ImageId",
    "instance-id": "InstanceId",
    "instance-lifecycle": "InstanceLifecycle",
    "instance-state-code": "State.Code",
    "instance-state-name": "State.Name",
    "instance-type": "InstanceType",
    "instance.group-id": "SecurityGroups.GroupId",
    "instance.group-name": "SecurityGroups.GroupName",
    "ip-address": "PublicIpAddress",
    "key-name": "KeyName",
    "launch-index": "AmiLaunchIndex",
    "launch-time": "LaunchTime",
    "metadata-options.http-endpoint": "MetadataOptions.HttpEndpoint",
    "metadata-options.http-tokens": "MetadataOptions.HttpTokens",
    "metadata-options.state": "MetadataOptions.State",
    "monitoring-state": "Monitoring.State",
    "network-interface.addresses.private-ip-address": "NetworkInterfaces.PrivateIpAddresses.PrivateIpAddress",
    "network-interface.group-id": "NetworkInterfaces.Groups.GroupId",
    "network-interface.network-interface-id": "NetworkInterfaces.NetworkInterfaceId",
    "network-interface.private-ip-address": "NetworkInterfaces.PrivateIpAddress",
    "network-interface.subnet-id": "NetworkInterfaces.SubnetId",
    "network-interface.vpc-id": "NetworkInterfaces.VpcId",
    "owner-id": "NetworkInterfaces.OwnerId",
    "platform": "Platform",
    "platform-details": "PlatformDetails",
    "private-dns-name": "PrivateDnsName",
    "private-ip-address": "PrivateIpAddress",
    "reason": "StateTransitionReason",
    "requester-id": "Reservation.RequesterId",
    "reservation-id": "Reservation.ReservationId",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "source-dest-check": "SourceDestCheck",
    "state-reason-code": "StateReason.Code",
    "subnet-id": "SubnetId",
    "tenancy": "Placement.Tenancy",
    "virtualization-type": "VirtualizationType",
    "vpc-id": "VpcId",
}
_STATUSES = {
    "availability-zone": "AvailabilityZone",
    "instance-state-code": "InstanceState.Code",
    "instance-state-name": "InstanceState.Name",
    "instance-status.status": "InstanceStatus.Status",
    "instance-status.reachability": "InstanceStatus.Details.Status",
    "system-status.status": "SystemStatus.Status",
    "system-status.reachability": "SystemStatus.Details.Status",
}
_INITIATED = {
    "stop": ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"),
    "hibernate": ("Client.UserInitiatedHibernate", "Client.UserInitiatedHibernate: User initiated hibernate"),
    "terminate": ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"),
}
_LAUNCH_FAILED = ("Client.InternalError", "Client.InternalError: Client error on launch")


class LifeOperations(LaunchOperations):
    # --- described

    def describe_instances(
        self,
        InstanceIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        if MaxResults is not None and InstanceIds:
            raise combination("The parameter instancesSet cannot be used with the parameter maxResults")
        filtering.check(Filters, _FILTERS)
        found = []
        for instance in self.chosen(self.instances, InstanceIds):
            described = self.describe(instance)
            of_reservation = {"ReservationId": instance.reservation, "RequesterId": instance.requester}
            if filtering.matches({**described, "Reservation": of_reservation}, Filters, _FILTERS):
                found.append((instance, described))
        page = self.paged("Instances", found, NextToken, MaxResults)
        reservations: dict[str, dict[str, Any]] = {}
        for described in page["Instances"]:
            instance = self.instances[described["InstanceId"]]
            reservation = reservations.setdefault(
                instance.reservation,
                {
                    "ReservationId": instance.reservation,
                    "OwnerId": self.account,
                    "RequesterId": instance.requester,
                    "Groups": [],
                    "Instances": [],
                },
            )
            reservation["Instances"].append(described)
        return {"Reservations": list(reservations.values()), "NextToken": page["NextToken"]}

    def describe_instance_status(
        self,
        InstanceIds: Sequence[str] = (),
        IncludeAllInstances: bool | None = None,
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = [
            instance
            for instance in self.chosen(self.instances, InstanceIds, MaxResults)
            if IncludeAllInstances or instance.state == "running"
        ]
        return self.listing("InstanceStatuses", chosen, Filters, _STATUSES, NextToken, MaxResults, shown=self._status)

    def _status(self, instance: Instance) -> dict[str, Any]:
        if instance.state != "running":
            summary: dict[str, Any] = {"Status": "not-applicable"}
        else:
            early = self.clock.time() < instance.checks_from + self.limits.duration("status-checks")
            summary = {
                "Status": "initializing" if early else "ok",
                "Details": [{"Name": "reachability", "Status": "initializing" if early else "passed"}],
            }
        return {
            "InstanceId": instance.id,
            "AvailabilityZone": instance.zone,
            "InstanceState": shown_state(instance.state),
            "InstanceStatus": summary,
            "SystemStatus": summary,
            "AttachedEbsStatus": summary,
            "Events": None,
        }

    # --- changed

    def start_instances(self, InstanceIds: Sequence[str], AdditionalInfo: str | None = None) -> dict[str, Any]:
        chosen = self.instances.of(InstanceIds)
        for instance in chosen:
            if instance.state not in ("stopped", "pending", "running"):
                raise _not_in_a_state(instance, "started")
        starting = [instance for instance in chosen if instance.state == "stopped"]
        for instance in starting:
            self.check_vcpus(instance.type, 1)
        return {"StartingInstances": [self._moved(instance, self._start) for instance in chosen]}

    def _start(self, instance: Instance) -> None:
        if instance.state != "stopped":
            return
        now = self.clock.time()
        instance.launched = instance.checks_from = now
        instance.reason, instance.transition = None, ""
        self._enter(instance, "pending")
        for interface in self.interfaces_of(instance.id)[:1]:
            if instance.public and interface.public is None:
                self.give_public(interface)
        self.later(self.limits.duration("instance-start"), "_arrive", instance=instance.id, begun=now)

    def stop_instances(
        self,
        InstanceIds: Sequence[str],
        Hibernate: bool | None = None,
        Force: bool | None = None,
        SkipOsShutdown: bool | None = None,
    ) -> dict[str, Any]:
        chosen = self.instances.of(InstanceIds)
        for instance in chosen:
            if not instance.alive:
                raise _not_in_a_state(instance, "stopped")
            if instance.keeps_from_stop:
                raise AWSError(
                    "OperationNotPermitted",
                    f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute "
                    "and try again.",
                )
            if Hibernate and not instance.hibernates:
                raise AWSError(
                    "UnsupportedHibernationConfiguration",
                    f"The instance '{instance.id}' is not configured for hibernation.",
                )
        how = "hibernate" if Hibernate else "stop"
        return {"StoppingInstances": [self._moved(each, lambda it: self._stop(it, how)) for each in chosen]}

    def _stop(self, instance: Instance, how: str) -> None:
        if instance.state not in ("running", "pending"):
            return
        self._initiated(instance, how)
        self._enter(instance, "stopping")
        self.later(
            self.limits.duration("instance-stop"), "_reach", instance=instance.id, state="stopped", out_of="stopping"
        )

    def reboot_instances(self, InstanceIds: Sequence[str]) -> None:
        for instance in self.instances.of(InstanceIds):
            if instance.state not in ("running", "pending"):
                raise _not_in_a_state(instance, "rebooted")

    def terminate_instances(
        self, InstanceIds: Sequence[str], Force: bool | None = None, SkipOsShutdown: bool | None = None
    ) -> dict[str, Any]:
        chosen = self.instances.of(InstanceIds)
        for instance in chosen:
            if instance.keeps_from_termination:
                raise AWSError(
                    "OperationNotPermitted",
                    f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination' instance "
                    "attribute and try again.",
                )
        return {"TerminatingInstances": [self._moved(instance, self._terminate) for instance in chosen]}

    def _terminate(self, instance: Instance) -> None:
        if not instance.alive:
            return
        self._initiated(instance, "terminate")
        self._go(instance)

    def _go(self, instance: Instance) -> None:
        instance.ended = self.clock.time()
        self._enter(instance, "shutting-down")
        self.later(
            self.limits.duration("instance-termination"),
            "_reach", instance=instance.id, state="terminated", out_of="shutting-down",
        )  # fmt: skip

    def shut_down(self, instance_id: str) -> None:
        """What `shutdown -h now` on an instance does; no operation of AWS's API."""
        instance = self.instances[instance_id]
        if instance.state != "running":
            raise _not_in_a_state(instance, "shut down")
        reason = ("Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown")
        instance.reason = reason
        if instance.shutdown == "terminate":
            self._go(instance)
        else:
            self._enter(instance, "stopping")
            self.later(
                self.limits.duration("instance-stop"),
                "_reach", instance=instance.id, state="stopped", out_of="stopping",
            )  # fmt: skip

    def alarmed(self, action: str, alarm: Mapping[str, Any]) -> None:
        """What an alarm of CloudWatch does with the instance that its metric is of; no operation of AWS's API.

        A recovery moves the instance to another host with all that it has, and a reboot keeps it: nothing of either
        shows here.
        """
        ids = [each["Value"] for each in alarm.get("Dimensions") or () if each["Name"] == "InstanceId"]
        for instance in (self.instances.get(id_) for id_ in ids):
            if instance is None:
                continue
            what = action.rpartition(":")[2].rpartition(".")[2].lower()
            if "stop" in what:
                self._stop(instance, "stop")
            elif "terminate" in what and not instance.keeps_from_termination:
                self._terminate(instance)

    def _moved(self, instance: Instance, move: Callable[[Instance], None]) -> dict[str, Any]:
        before = instance.state
        move(instance)
        return {
            "InstanceId": instance.id,
            "PreviousState": shown_state(before),
            "CurrentState": shown_state(instance.state),
        }

    def _initiated(self, instance: Instance, how: str) -> None:
        instance.reason = _INITIATED[how]
        at = datetime.fromtimestamp(self.clock.time(), UTC).strftime("%Y-%m-%d %H:%M:%S")
        instance.transition = f"User initiated ({at} GMT)"

    # --- on the clock

    def _arrive(self, instance: str, begun: float) -> None:
        """An instance that was launched or started is running, or fails to."""
        found = self.instances.get(instance)
        if found is None or found.state != "pending" or found.launched != begun:
            return
        if any(volume.encrypted and volume.key is None for volume in self.volumes_of(found.id)):
            found.reason = _LAUNCH_FAILED
            found.transition = "Server.InternalError"
            self._go(found)
            return
        found.reason = None
        if found.monitoring == "pending":
            found.monitoring = "enabled"
        self._enter(found, "running")

    def _reach(self, instance: str, state: str, out_of: str) -> None:
        found = self.instances.get(instance)
        if found is None or found.state != out_of:
            return
        if state == "stopped":
            for interface in self.interfaces_of(found.id)[:1]:
                public = interface.public
                if public is not None and public.allocation is None:
                    interface.addresses[interface.primary] = None
        else:
            self._clear(found)
            self.later(self.limits["terminated-instance"], "_forget", instance=found.id)
        self._enter(found, state)

    def _clear(self, instance: Instance) -> None:
        """What goes with an instance goes; the rest is free again."""
        for interface in self.interfaces_of(instance.id):
            attachment = interface.attachment
            interface.attachment = None
            if attachment is not None and attachment.deleted_with_it:
                self.drop_interface(interface)
        for volume in self.volumes_of(instance.id):
            attached = volume.attachments[instance.id]
            self.unmount(volume, instance.id)
            if attached.deleted_with_it and not volume.attachments:
                self.volumes.remove(volume.id)

    def _forget(self, instance: str) -> None:
        if instance in self.instances:
            self.instances.remove(instance)

    def _enter(self, instance: Instance, state: str) -> None:
        instance.state = state
        self.tell_state(instance)

    def tell_state(self, instance: Instance) -> None:
        for key, method in list(self.watchers):
            data = {"instance": instance.id, "state": instance.state}
            self.clock.scheduler.add(self.clock.time(), key, method, data)
        detail = {"instance-id": instance.id, "state": instance.state}
        arn = self.arn(f"instance/{instance.id}")
        self.announce("EC2 Instance State-change Notification", detail, arn)

    # --- what volumes, interfaces and addresses ask

    def mounts(self, instance: Instance) -> set[str]:
        return {volume.attachments[instance.id].device for volume in self.volumes_of(instance.id)}

    def check_mountable(self, instance: str, device: str) -> str:
        found = self.instances[instance]
        if found.state not in ("running", "stopped", "stopping", "pending"):
            raise AWSError("IncorrectState", f"Instance '{found.id}' is not 'running'.")
        if device in self.mounts(found):
            raise invalid(f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use")
        return found.zone

    def check_unmountable(self, volume: Volume, attached: VolumeAttachment) -> None:
        instance = self.instances.get(attached.instance)
        if instance is not None and attached.device == instance.image.root and instance.state != "stopped":
            raise AWSError(
                "OperationNotPermitted",
                f"Unable to detach root volume '{volume.id}' from instance '{instance.id}'",
            )

    def root_volume_of(self, instance: str) -> str | None:
        found = self.instances[instance]
        return next(
            (
                volume.id
                for volume in self.volumes_of(found.id)
                if volume.attachments[found.id].device == found.image.root
            ),
            None,
        )

    def target_lives(self, name: str, id_: str, vpc: Vpc) -> bool:
        """Whether a route leads somewhere; an instance that is stopped passes nothing on."""
        if name == "InstanceId":
            instance = self.instances.get(id_)
            return instance is not None and instance.state in ("pending", "running")
        return super().target_lives(name, id_, vpc)

    def check_attachable(self, interface: Interface, instance: str, index: int) -> None:
        found = self.instances[instance]
        if found.state not in ("running", "stopped"):
            raise AWSError("IncorrectState", f"Instance '{found.id}' is not 'running' or 'stopped'.")
        if found.zone != interface.subnet.zone:
            raise combination(
                "You may not attach a network interface to an instance if they are not in the same availability zone"
            )
        present = self.interfaces_of(found.id)
        if any(other.attachment is not None and other.attachment.place == index for other in present):
            raise invalid(f"Instance '{found.id}' already has an interface attached at device index '{index}'.")
        if len(present) >= found.type.interfaces:
            raise AWSError(
                "AttachmentLimitExceeded",
                f"Interface count {len(present) + 1} exceeds the limit for {found.type_name}",
            )

    def check_addresses(self, interface: Interface, count: int) -> None:
        instance = self.instances.get(interface.attachment.instance) if interface.attachment is not None else None
        if instance is not None and count > instance.type.addresses:
            raise AWSError(
                "PrivateIpAddressLimitExceeded",
                f"Number of private addresses will exceed limit. Limit is {instance.type.addresses}.",
            )

    def instance_for_route(self, id_: str) -> str:
        return self.instances[id_].id

    def primary_interface(self, instance: str) -> Interface:
        found = self.instances[instance]
        interfaces = self.interfaces_of(found.id)
        if not interfaces:
            raise AWSError(
                "IncorrectInstanceState", f"The instance '{found.id}' is not in a valid state for this operation."
            )
        if len(interfaces) > 1:
            raise AWSError(
                "InvalidInstanceID",
                f"There are multiple interfaces attached to instance '{found.id}'. Please specify an interface ID for "
                "the operation instead.",
            )
        return interfaces[0]

    def launched_public(self, interface: Interface) -> bool:
        attachment = interface.attachment
        if attachment is None or attachment.place != 0:
            return False
        instance = self.instances.get(attachment.instance)
        return instance is not None and instance.public and instance.state in ("pending", "running")

    def occupied(self, vpc: Vpc) -> bool:
        return super().occupied(vpc) or any(interface.subnet.vpc is vpc for interface in self.interfaces)


def _not_in_a_state(instance: Instance, what: str) -> AWSError:
    return AWSError(
        "IncorrectInstanceState",
        f"The instance '{instance.id}' is not in a state from which it can be {what}.",
    )
