"""EBS snapshots. Source: EBS User Guide, "Amazon EBS snapshots"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.operations.volumes import VolumeOperations
from awsim.services.ec2.refusals import invalid, missing
from awsim.services.ec2.storage import Snapshot, Volume

_FILTERS = {
    "description": "Description",
    "encrypted": "Encrypted",
    "owner-id": "OwnerId",
    "progress": "Progress",
    "snapshot-id": "SnapshotId",
    "start-time": "StartTime",
    "status": "State",
    "storage-tier": "StorageTier",
    "volume-id": "VolumeId",
    "volume-size": "VolumeSize",
}

_INFO = (
    "Description", "Tags", "Encrypted", "VolumeId", "State", "VolumeSize", "StartTime", "Progress", "OwnerId",
    "SnapshotId",
)  # fmt: skip


class SnapshotOperations(VolumeOperations):
    snapshots = Kept(Snapshot)

    def create_snapshot(
        self, VolumeId: str, Description: str | None = None, TagSpecifications: TagSpecifications = ()
    ) -> dict[str, Any]:
        volume = self.volumes[VolumeId]
        if volume.state == "creating":
            raise AWSError("IncorrectState", f"Volume '{volume.id}' is in the 'creating' state.")
        tags = self.tags_for(TagSpecifications, "snapshot")["snapshot"]
        snapshot = self.new_snapshot(volume, Description or "")
        self.tag(snapshot, tags)
        return snapshot.described()

    def create_snapshots(
        self,
        InstanceSpecification: Mapping[str, Any],
        Description: str | None = None,
        TagSpecifications: TagSpecifications = (),
        CopyTagsFromSource: str | None = None,
    ) -> dict[str, Any]:
        """One for each volume of an instance, of the same moment."""
        instance = InstanceSpecification.get("InstanceId") or ""
        tags = self.tags_for(TagSpecifications, "snapshot")["snapshot"]
        root = self.root_volume_of(instance)
        without = set(InstanceSpecification.get("ExcludeDataVolumeIds") or ())
        made = []
        for volume in self.volumes_of(instance):
            if volume.id in without or (InstanceSpecification.get("ExcludeBootVolume") and volume.id == root):
                continue
            snapshot = self.new_snapshot(volume, Description or "")
            copied = volume.tags.as_dict() if CopyTagsFromSource == "volume" else {}
            self.tag(snapshot, {**copied, **tags})
            made.append({name: value for name, value in snapshot.described().items() if name in _INFO})
        return {"Snapshots": made}

    def describe_snapshots(
        self,
        SnapshotIds: Sequence[str] = (),
        OwnerIds: Sequence[str] = (),
        RestorableByUserIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        if SnapshotIds:
            chosen = [self.snapshot_at(id_) for id_ in SnapshotIds]
        else:
            chosen = [*self.snapshots, *self._shared()]
        owners = {self.account if owner == "self" else owner for owner in OwnerIds}
        restorers = {self.account if user == "self" else user for user in RestorableByUserIds}
        chosen = [
            snapshot
            for snapshot in chosen
            if (not owners or snapshot.owner in owners)
            and (
                not restorers
                or (snapshot.public and "all" in restorers)
                or any(user in snapshot.users or user == snapshot.owner for user in restorers)
            )
        ]
        return self.listing("Snapshots", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def delete_snapshot(self, SnapshotId: str) -> None:
        snapshot = self.snapshots[SnapshotId]
        holder = self.image_of_snapshot(snapshot.id)
        if holder is not None:
            raise AWSError("InvalidSnapshot.InUse", f"The snapshot {snapshot.id} is currently in use by {holder}")
        self.snapshots.remove(snapshot.id)

    def copy_snapshot(
        self,
        SourceRegion: str,
        SourceSnapshotId: str,
        Description: str | None = None,
        DestinationRegion: str | None = None,
        Encrypted: bool | None = None,
        KmsKeyId: str | None = None,
        PresignedUrl: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        home = self.elsewhere(SourceRegion)
        if home is None:
            raise AWSError(Snapshot.kind.code, Snapshot.kind.message.format(id=SourceSnapshotId))
        source = home.snapshot_at(SourceSnapshotId)
        if source.state != "completed":
            raise AWSError("IncorrectState", f"The snapshot '{source.id}' is not 'completed'.")
        if Encrypted is False and source.encrypted:
            raise invalid("The parameter encrypted=false is invalid")
        encrypted = bool(Encrypted) or source.encrypted or self.defaults.encrypts
        if KmsKeyId is not None and not encrypted:
            raise AWSError(
                "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
            )
        tags = self.tags_for(TagSpecifications, "snapshot")["snapshot"]
        told = f"[Copied {source.id} from {SourceRegion}] {Description or ''}".rstrip()
        snapshot = self._snapshot(source.volume, source.size, told if Description is None else Description)
        snapshot.encrypted = encrypted
        if encrypted:
            snapshot.key = self.key_named(KmsKeyId)
            snapshot.managed_key = KmsKeyId is None and self.defaults.key is None
            if snapshot.key is None:
                snapshot.problem = "Given key ID is not accessible"
        self.tag(snapshot, tags)
        return {"SnapshotId": snapshot.id, "Tags": snapshot.tag_list()}

    # --- who may use it

    def describe_snapshot_attribute(self, SnapshotId: str, Attribute: str) -> dict[str, Any]:
        snapshot = self.snapshots[SnapshotId]
        if Attribute == "productCodes":
            return {"SnapshotId": snapshot.id, "ProductCodes": []}
        permissions: list[dict[str, str]] = [{"UserId": user} for user in snapshot.users]
        if snapshot.public:
            permissions.append({"Group": "all"})
        return {"SnapshotId": snapshot.id, "CreateVolumePermissions": permissions}

    def modify_snapshot_attribute(
        self,
        SnapshotId: str,
        Attribute: str | None = None,
        OperationType: str | None = None,
        UserIds: Sequence[str] = (),
        GroupNames: Sequence[str] = (),
        CreateVolumePermission: Mapping[str, Any] | None = None,
    ) -> None:
        snapshot = self.snapshots[SnapshotId]
        if CreateVolumePermission is not None:
            add, remove = (CreateVolumePermission.get(name) or () for name in ("Add", "Remove"))
        elif OperationType in ("add", "remove"):
            given = [*({"UserId": user} for user in UserIds), *({"Group": group} for group in GroupNames)]
            add, remove = (given, ()) if OperationType == "add" else ((), given)
        else:
            raise missing("operationType")
        if any(each.get("Group") not in (None, "all") for each in (*add, *remove)):
            raise invalid("Invalid value for group name; only 'all' is allowed.")
        if snapshot.encrypted and any(each.get("Group") for each in add):
            raise AWSError("OperationNotPermitted", "Encrypted snapshots cannot be shared publicly")
        if snapshot.managed_key and any(each.get("UserId") for each in add):
            raise AWSError("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
        added = [each["UserId"] for each in add if each.get("UserId")]
        gone = {each["UserId"] for each in remove if each.get("UserId")}
        snapshot.users = tuple(user for user in dict.fromkeys((*snapshot.users, *added)) if user not in gone)
        if any(each.get("Group") for each in add):
            snapshot.public = True
        if any(each.get("Group") for each in remove):
            snapshot.public = False

    def reset_snapshot_attribute(self, SnapshotId: str, Attribute: str) -> None:
        snapshot = self.snapshots[SnapshotId]
        snapshot.users, snapshot.public = (), False

    # --- parts

    def new_snapshot(self, volume: Volume, description: str) -> Snapshot:
        snapshot = self._snapshot(volume.id, volume.made.size, description)
        snapshot.encrypted, snapshot.key = volume.encrypted, volume.key
        snapshot.managed_key = volume.encrypted and volume.key == self.key_named("alias/aws/ebs")
        return snapshot

    def _snapshot(self, volume: str, size: int, description: str) -> Snapshot:
        self.limits.quota("snapshots", len(self.snapshots))
        snapshot = Snapshot(self.snapshots.new_id(), self.account, self.clock.time(), volume, size, description)
        self.later(self.limits.duration("snapshot"), "_completed", snapshot=snapshot.id)
        return self.snapshots.add(snapshot)

    def _completed(self, snapshot: str) -> None:
        found = self.snapshots.get(snapshot)
        if found is None:
            return
        found.state = "error" if found.problem else "completed"
        if not found.problem:
            found.completed = self.clock.time()
        self.image_snapshot_ready(snapshot)

    def snapshot_at(self, id_: str) -> Snapshot:
        """A snapshot of this account, or one that is shared with it."""
        if id_ not in self.snapshots:
            for snapshot in self._shared():
                if snapshot.id == id_:
                    return snapshot
        return self.snapshots[id_]

    def _shared(self) -> list[Snapshot]:
        return [
            snapshot
            for neighbour in self.neighbours()
            for snapshot in neighbour.snapshots
            if snapshot.open_to(self.account)
        ]

    def usable_snapshot(self, id_: str) -> Snapshot:
        snapshot = self.snapshot_at(id_)
        if snapshot.state != "completed":
            raise AWSError("IncorrectState", f"The snapshot '{id_}' is not 'completed'.")
        return snapshot

    def image_of_snapshot(self, snapshot: str) -> str | None:
        raise NotImplementedError

    def image_snapshot_ready(self, snapshot: str) -> None:
        """A snapshot that an image may wait for is there."""

    def root_volume_of(self, instance: str) -> str | None:
        raise NotImplementedError
