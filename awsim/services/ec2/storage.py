"""EBS volumes and snapshots, as records. Times are epoch seconds, sizes GiB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.services.ec2.kinds import Kind, Resource
from awsim.state import Dict


class Specification(NamedTuple):
    """What a volume is provisioned as; `iops` and `throughput` None where its type has none."""

    type: str
    size: int
    iops: int | None
    throughput: int | None


class VolumeAttachment(NamedTuple):
    instance: str
    device: str
    time: float
    deleted_with_it: bool
    state: str = "attached"


class Volume(Resource):
    kind = Kind(
        "volume", "vol", "InvalidVolume.NotFound", "The volume '{id}' does not exist.", "InvalidVolumeID.Malformed"
    )

    def __init__(self, id_: str, owner: str, created: float, zone: str, zone_id: str, made: Specification) -> None:
        super().__init__(id_, owner, created)
        self.zone = zone
        self.zone_id = zone_id
        self.made = made
        self.snapshot = ""
        self.encrypted = False
        self.key: str | None = None
        self.multi = False
        self.state = "creating"
        self.attachments: dict[str, VolumeAttachment] = Dict()  # by instance
        self.modification: Mapping[str, Any] | None = None

    def attachment(self, attached: VolumeAttachment) -> dict[str, Any]:
        return {
            "VolumeId": self.id,
            "InstanceId": attached.instance,
            "Device": attached.device,
            "State": attached.state,
            "AttachTime": attached.time,
            "DeleteOnTermination": attached.deleted_with_it,
        }

    def described(self) -> dict[str, Any]:
        return {
            "VolumeId": self.id,
            "VolumeType": self.made.type,
            "Size": self.made.size,
            "Iops": self.made.iops,
            "Throughput": self.made.throughput,
            "SnapshotId": self.snapshot,
            "AvailabilityZone": self.zone,
            "AvailabilityZoneId": self.zone_id,
            "State": self.state,
            "CreateTime": self.created,
            "Encrypted": self.encrypted,
            "KmsKeyId": self.key,
            "MultiAttachEnabled": self.multi,
            "Attachments": [self.attachment(attached) for attached in self.attachments.values()],
            "Tags": self.tag_list(),
        }


class Snapshot(Resource):
    kind = Kind(
        "snapshot", "snap", "InvalidSnapshot.NotFound", "The snapshot '{id}' does not exist.",
        "InvalidSnapshotID.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, volume: str, size: int, description: str) -> None:
        super().__init__(id_, owner, created)
        self.volume = volume
        self.size = size
        self.description = description
        self.encrypted = False
        self.key: str | None = None
        self.managed_key = False  # whether the key is the account's aws/ebs
        self.state = "pending"
        self.problem: str | None = None
        self.completed: float | None = None
        self.users: tuple[str, ...] = ()
        self.public = False

    def open_to(self, account: str) -> bool:
        return self.public or account == self.owner or account in self.users

    def described(self) -> dict[str, Any]:
        done = self.state == "completed"
        return {
            "SnapshotId": self.id,
            "VolumeId": self.volume,
            "VolumeSize": self.size,
            "Description": self.description,
            "State": self.state,
            "StateMessage": self.problem,
            "StartTime": self.created,
            "CompletionTime": self.completed,
            "Progress": "100%" if done else "0%",
            "OwnerId": self.owner,
            "Encrypted": self.encrypted,
            "KmsKeyId": self.key,
            "StorageTier": "standard",
            "Tags": self.tag_list(),
        }
