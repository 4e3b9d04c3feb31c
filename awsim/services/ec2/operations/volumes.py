"""EBS volumes. Source: EBS User Guide, "Amazon EBS volumes"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.operations.addresses import AddressOperations
from awsim.services.ec2.provisioning import specification
from awsim.services.ec2.refusals import combination, invalid, missing
from awsim.services.ec2.rehearsal import rehearsable
from awsim.services.ec2.storage import Snapshot, Specification, Volume, VolumeAttachment

_FILTERS = {
    "attachment.attach-time": "Attachments.AttachTime",
    "attachment.delete-on-termination": "Attachments.DeleteOnTermination",
    "attachment.device": "Attachments.Device",
    "attachment.instance-id": "Attachments.InstanceId",
    "attachment.status": "Attachments.State",
    "availability-zone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "create-time": "CreateTime",
    "encrypted": "Encrypted",
    "multi-attach-enabled": "MultiAttachEnabled",
    "size": "Size",
    "snapshot-id": "SnapshotId",
    "status": "State",
    "volume-id": "VolumeId",
    "volume-type": "VolumeType",
}
_MODIFICATIONS = {
    "volume-id": "VolumeId",
    "modification-state": "ModificationState",
    "original-size": "OriginalSize",
    "original-volume-type": "OriginalVolumeType",
    "target-size": "TargetSize",
    "target-volume-type": "TargetVolumeType",
}


class VolumeOperations(AddressOperations):
    volumes = Kept(Volume)

    def create_volume(
        self,
        AvailabilityZone: str | None = None,
        AvailabilityZoneId: str | None = None,
        Encrypted: bool | None = None,
        Iops: int | None = None,
        KmsKeyId: str | None = None,
        Size: int | None = None,
        SnapshotId: str | None = None,
        VolumeType: str | None = None,
        MultiAttachEnabled: bool | None = None,
        Throughput: int | None = None,
        TagSpecifications: TagSpecifications = (),
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        if AvailabilityZone is None and AvailabilityZoneId is None:
            raise missing("AvailabilityZone")
        zone = self._volume_zone(AvailabilityZone, AvailabilityZoneId)
        volume = self.new_volume(
            zone, VolumeType or "gp2", Size, Iops, Throughput, SnapshotId, Encrypted, KmsKeyId, MultiAttachEnabled
        )
        self.tagged(volume, TagSpecifications)
        self.volumes.add(volume)
        shown = volume.described()
        del shown["Attachments"]
        self.later(self.limits.duration("volume-creation"), "_created", volume=volume.id)
        return shown

    def describe_volumes(
        self,
        VolumeIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = self.chosen(self.volumes, VolumeIds, MaxResults)
        return self.listing("Volumes", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def delete_volume(self, VolumeId: str) -> None:
        volume = self.volumes[VolumeId]
        if volume.attachments:
            (holder, *_) = volume.attachments
            raise AWSError("VolumeInUse", f"Volume {volume.id} is currently attached to {holder}")
        self.volumes.remove(volume.id)

    def attach_volume(self, VolumeId: str, InstanceId: str, Device: str) -> dict[str, Any]:
        volume = self.volumes[VolumeId]
        zone = self.check_mountable(InstanceId, Device)
        if volume.zone != zone:
            raise AWSError(
                "InvalidVolume.ZoneMismatch",
                f"The volume '{volume.id}' is not in the same availability zone as instance '{InstanceId}'",
            )
        if volume.state not in ("available", "in-use"):
            raise AWSError("IncorrectState", f"{volume.id} is not 'available'.")
        if InstanceId in volume.attachments or (volume.attachments and not volume.multi):
            raise AWSError("VolumeInUse", f"{volume.id} is already attached to an instance")
        if volume.multi:
            self.limits.check("multi-attach", len(volume.attachments) + 1, volume=volume.id)
        attached = VolumeAttachment(InstanceId, Device, self.clock.time(), False)
        self.mount(volume, attached)
        return {**volume.attachment(attached), "State": "attaching"}

    def detach_volume(
        self, VolumeId: str, InstanceId: str | None = None, Device: str | None = None, Force: bool | None = None
    ) -> dict[str, Any]:
        volume = self.volumes[VolumeId]
        if InstanceId is None and len(volume.attachments) > 1:
            raise missing("InstanceId")
        attached = volume.attachments.get(InstanceId or next(iter(volume.attachments), ""))
        if attached is None or Device not in (None, attached.device):
            if not volume.attachments:
                raise AWSError("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
            raise AWSError(
                "InvalidAttachment.NotFound",
                f"The attachment of volume '{volume.id}' to '{InstanceId}' does not exist.",
            )
        self.check_unmountable(volume, attached)
        self.unmount(volume, attached.instance)
        return {**volume.attachment(attached), "State": "detaching"}

    def modify_volume(
        self,
        VolumeId: str,
        Size: int | None = None,
        VolumeType: str | None = None,
        Iops: int | None = None,
        Throughput: int | None = None,
        MultiAttachEnabled: bool | None = None,
    ) -> dict[str, Any]:
        volume = self.volumes[VolumeId]
        made = volume.made
        if all(value is None for value in (Size, VolumeType, Iops, Throughput, MultiAttachEnabled)):
            raise missing("size")
        if volume.modification is not None and volume.modification["ModificationState"] in ("modifying", "optimizing"):
            state = volume.modification["ModificationState"]
            raise AWSError(
                "IncorrectModificationState",
                f"Cannot modify volume {volume.id} as it is currently in the {state} modification state.",
            )
        if Size is not None and Size < made.size:
            raise invalid("New size cannot be smaller than existing size")
        kind = VolumeType or made.type
        kept = kind == made.type or (kind in ("io1", "io2", "gp3") and made.type in ("io1", "io2", "gp3"))
        iops = Iops if Iops is not None or not kept or kind not in ("io1", "io2", "gp3") else made.iops
        flow = Throughput if Throughput is not None or kind != "gp3" else made.throughput
        target = specification(self.limits, kind, Size or made.size, iops, flow)
        volume.modification = {
            "VolumeId": volume.id,
            "ModificationState": "modifying",
            "TargetSize": target.size,
            "TargetIops": target.iops,
            "TargetVolumeType": target.type,
            "TargetThroughput": target.throughput,
            "TargetMultiAttachEnabled": volume.multi if MultiAttachEnabled is None else MultiAttachEnabled,
            "OriginalSize": made.size,
            "OriginalIops": made.iops,
            "OriginalVolumeType": made.type,
            "OriginalThroughput": made.throughput,
            "OriginalMultiAttachEnabled": volume.multi,
            "Progress": 0,
            "StartTime": self.clock.time(),
        }
        volume.made = target
        volume.multi = volume.multi if MultiAttachEnabled is None else MultiAttachEnabled
        answer = {"VolumeModification": dict(volume.modification)}
        self.later(self.limits.duration("volume-modification"), "_modified", volume=volume.id, to="optimizing")
        return answer

    def describe_volumes_modifications(
        self,
        VolumeIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen = [volume for volume in self.chosen(self.volumes, VolumeIds) if volume.modification is not None]
        if VolumeIds and not chosen:
            raise AWSError(
                "InvalidVolumeModification.NotFound", f"Modification for volume '{VolumeIds[0]}' does not exist."
            )
        return self.listing(
            "VolumesModifications",
            chosen,
            Filters,
            _MODIFICATIONS,
            NextToken,
            MaxResults,
            shown=lambda volume: dict(volume.modification or {}),
        )

    def describe_volume_status(
        self,
        VolumeIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        def shown(volume: Volume) -> dict[str, Any]:
            details = [
                {"Name": "io-enabled", "Status": "passed"},
                {"Name": "io-performance", "Status": "not-applicable"},
            ]
            return {
                "VolumeId": volume.id,
                "AvailabilityZone": volume.zone,
                "VolumeStatus": {"Status": "ok", "Details": details},
                "Actions": [],
                "Events": [],
            }

        paths = {"availability-zone": "AvailabilityZone", "volume-status.status": "VolumeStatus.Status"}
        chosen = self.chosen(self.volumes, VolumeIds, MaxResults)
        return self.listing("VolumeStatuses", chosen, Filters, paths, NextToken, MaxResults, shown=shown)

    # --- encryption of all new volumes

    @rehearsable
    def enable_ebs_encryption_by_default(self) -> dict[str, Any]:
        self.defaults.encrypts = True
        return {"EbsEncryptionByDefault": True}

    @rehearsable
    def disable_ebs_encryption_by_default(self) -> dict[str, Any]:
        self.defaults.encrypts = False
        return {"EbsEncryptionByDefault": False}

    @rehearsable
    def get_ebs_encryption_by_default(self) -> dict[str, Any]:
        return {"EbsEncryptionByDefault": self.defaults.encrypts, "SseType": "sse-ebs"}

    @rehearsable
    def get_ebs_default_kms_key_id(self) -> dict[str, Any]:
        return {"KmsKeyId": self.defaults.key or "alias/aws/ebs"}

    def modify_ebs_default_kms_key_id(self, KmsKeyId: str) -> dict[str, Any]:
        key = self.key_named(KmsKeyId)
        if key is None:
            raise AWSError("InvalidKmsKey.NotFound", f"The KMS key '{KmsKeyId}' does not exist.")
        self.defaults.key = key
        return {"KmsKeyId": key}

    @rehearsable
    def reset_ebs_default_kms_key_id(self) -> dict[str, Any]:
        self.defaults.key = None
        return {"KmsKeyId": "alias/aws/ebs"}

    def key_named(self, key: str | None) -> str | None:
        """The ARN of a KMS key that may be used now, the default one for None; None where there is no such key."""
        wanted = key or self.defaults.key or "alias/aws/ebs"
        try:
            found = self.call("kms", "DescribeKey", as_=administrator(self.account), KeyId=wanted)["KeyMetadata"]
        except AWSError as error:
            if error.code == "NotImplemented":
                raise
            return None
        return found["Arn"] if found["KeyState"] == "Enabled" else None

    # --- parts

    def new_volume(
        self,
        zone: tuple[str, str],
        kind: str,
        size: int | None,
        iops: int | None,
        throughput: int | None,
        snapshot_id: str | None,
        encrypted: bool | None,
        key: str | None,
        multi: bool | None = None,
    ) -> Volume:
        """A volume that is on no shelf yet."""
        made, snapshot = self.checked_volume(kind, size, iops, throughput, snapshot_id, encrypted, key, multi)
        id_ = self.volumes.new_id()
        volume = Volume(id_, self.account, self.clock.time(), *zone, made)
        volume.multi = bool(multi)
        volume.snapshot = snapshot.id if snapshot is not None else ""
        volume.encrypted = bool(encrypted) or self.defaults.encrypts or (snapshot is not None and snapshot.encrypted)
        if volume.encrypted:
            own = snapshot.key if snapshot is not None and snapshot.encrypted and key is None else key
            volume.key = self.key_named(own)
        return volume

    def checked_volume(
        self,
        kind: str,
        size: int | None,
        iops: int | None,
        throughput: int | None,
        snapshot_id: str | None,
        encrypted: bool | None,
        key: str | None,
        multi: bool | None = None,
    ) -> tuple[Specification, Snapshot | None]:
        """What a volume would be made as, and of which snapshot."""
        snapshot = self.usable_snapshot(snapshot_id) if snapshot_id else None
        if snapshot is not None:
            if size is not None and size < snapshot.size:
                raise invalid("The specified volume size is smaller than the snapshot size.")
            size = snapshot.size if size is None else size
        if key is not None and not (encrypted or (snapshot is not None and snapshot.encrypted)):
            raise AWSError(
                "InvalidParameterDependency",
                "The parameter KmsKeyId requires the parameter Encrypted to be set.",
            )
        if snapshot is not None and snapshot.encrypted and encrypted is False:
            raise invalid("The parameter encrypted=false is invalid for a volume of an encrypted snapshot.")
        if multi and kind not in ("io1", "io2"):
            raise combination(f"Multi-Attach is not supported for volume type {kind}.")
        return specification(self.limits, kind, size, iops, throughput), snapshot

    def _volume_zone(self, name: str | None, id_: str | None) -> tuple[str, str]:
        try:
            zone = self.zone(name, id_)
        except AWSError:
            raise AWSError("InvalidZone.NotFound", f"The zone '{name or id_}' does not exist.") from None
        return zone.name, zone.id

    def _created(self, volume: str) -> None:
        found = self.volumes.get(volume)
        if found is None or found.state != "creating":
            return
        if found.encrypted and found.key is None:
            self.volumes.remove(volume)  # AWS makes it, finds no key and takes it away
            self._tell_volume("createVolume", found, "failed", "The KMS key is not usable.")
            return
        found.state = "available"
        self._tell_volume("createVolume", found, "available")

    def _tell_volume(self, event: str, volume: Volume, result: str, cause: str = "") -> None:
        detail = {"result": result, "cause": cause, "event": event, "request-id": self.request.request_id}
        self.announce("EBS Volume Notification", detail, self.arn(f"volume/{volume.id}"))

    def _modified(self, volume: str, to: str) -> None:
        found = self.volumes.get(volume)
        if found is None or found.modification is None:
            return
        progress = 100 if to == "completed" else 0
        found.modification = {**found.modification, "ModificationState": to, "Progress": progress}
        if to == "completed":
            found.modification = {**found.modification, "EndTime": self.clock.time()}
        else:
            self.later(self.limits.duration("volume-optimization"), "_modified", volume=volume, to="completed")

    def mount(self, volume: Volume, attached: VolumeAttachment) -> None:
        volume.attachments[attached.instance] = attached
        volume.state = "in-use"

    def unmount(self, volume: Volume, instance: str) -> None:
        volume.attachments.pop(instance, None)
        if not volume.attachments:
            volume.state = "available"

    def volumes_of(self, instance: str) -> list[Volume]:
        return [volume for volume in self.volumes if instance in volume.attachments]

    def usable_snapshot(self, id_: str) -> Snapshot:
        raise NotImplementedError

    def check_mountable(self, instance: str, device: str) -> str:
        """The zone of an instance that a volume can be attached to as a device; raises where it cannot."""
        raise NotImplementedError

    def check_unmountable(self, volume: Volume, attached: VolumeAttachment) -> None:
        raise NotImplementedError
