"""Images. Source: EC2 User Guide, "Amazon Machine Images"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.images import Image, Mapped, described_by, published
from awsim.services.ec2.kinds import Kept, malformed
from awsim.services.ec2.operations.snapshots import SnapshotOperations
from awsim.services.ec2.refusals import bad_value, combination, missing
from awsim.services.ec2.rehearsal import rehearsable
from awsim.state import Dict

_FILTERS = {
    "architecture": "Architecture",
    "block-device-mapping.delete-on-termination": "BlockDeviceMappings.Ebs.DeleteOnTermination",
    "block-device-mapping.device-name": "BlockDeviceMappings.DeviceName",
    "block-device-mapping.encrypted": "BlockDeviceMappings.Ebs.Encrypted",
    "block-device-mapping.snapshot-id": "BlockDeviceMappings.Ebs.SnapshotId",
    "block-device-mapping.volume-size": "BlockDeviceMappings.Ebs.VolumeSize",
    "block-device-mapping.volume-type": "BlockDeviceMappings.Ebs.VolumeType",
    "creation-date": "CreationDate",
    "description": "Description",
    "ena-support": "EnaSupport",
    "hypervisor": "Hypervisor",
    "image-id": "ImageId",
    "image-type": "ImageType",
    "is-public": "Public",
    "manifest-location": "ImageLocation",
    "name": "Name",
    "owner-alias": "ImageOwnerAlias",
    "owner-id": "OwnerId",
    "platform": "Platform",
    "platform-details": "PlatformDetails",
    "product-code": "ProductCodes.ProductCodeId",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "source-instance-id": "SourceInstanceId",
    "state": "State",
    "virtualization-type": "VirtualizationType",
}
_ARCHITECTURES = ("i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac")


class ImageOperations(SnapshotOperations):
    images = Kept(Image)

    def setup(self) -> None:
        super().setup()
        self.deregistered: dict[str, float] = Dict()  # image -> when
        self._published: dict[str, Image] | None = None

    @property
    def published(self) -> dict[str, Image]:
        """What never changes needs no place among the state."""
        if self._published is None:
            self.__dict__["_published"] = {image.id: image for image in published(self.region)}
        assert self._published is not None
        return self._published

    def create_image(
        self,
        InstanceId: str,
        Name: str,
        Description: str | None = None,
        NoReboot: bool | None = None,
        BlockDeviceMappings: Sequence[Mapping[str, Any]] = (),
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        instance = self.instances[InstanceId]  # type: ignore[attr-defined]
        if instance.state not in ("running", "stopped", "stopping", "pending"):
            raise AWSError("IncorrectInstanceState", f"The instance '{instance.id}' is not in a state to be imaged.")
        self._check_name(Name)
        tags = self.tags_for(TagSpecifications, "image", "snapshot")
        changed = {each.get("DeviceName") or "": each for each in BlockDeviceMappings}
        mapped = []
        for volume in self.volumes_of(instance.id):
            device = volume.attachments[instance.id].device
            told = changed.pop(device, {})
            if "NoDevice" in told:
                continue
            snapshot = self.new_snapshot(volume, f"Created by CreateImage({instance.id}) for {Name}")
            self.tag(snapshot, tags["snapshot"])
            ebs = told.get("Ebs") or {}
            given = volume.made.type in ("io1", "io2", "gp3")
            mapped.append(
                Mapped(
                    device,
                    snapshot.id,
                    ebs.get("VolumeSize", volume.made.size),
                    ebs.get("VolumeType", volume.made.type),
                    ebs.get("Iops", volume.made.iops if given else None),
                    ebs.get("Throughput", volume.made.throughput),
                    ebs.get("DeleteOnTermination", volume.attachments[instance.id].deleted_with_it),
                    volume.encrypted,
                )
            )
        mapped += [described_by(each, "gp2") for each in changed.values() if "NoDevice" not in each]
        image = self._image(Name, instance.image.root, mapped)
        image.description = Description
        image.architecture = instance.image.architecture
        image.platform = instance.image.platform
        image.virtualization = instance.image.virtualization
        image.source_instance = instance.id
        image.imds = instance.image.imds
        self.tag(image, tags["image"])
        image.state = "pending"
        self.image_snapshot_ready("")
        return {"ImageId": image.id}

    def register_image(
        self,
        Name: str,
        ImageLocation: str | None = None,
        Architecture: str | None = None,
        BlockDeviceMappings: Sequence[Mapping[str, Any]] = (),
        BootMode: str | None = None,
        Description: str | None = None,
        EnaSupport: bool | None = None,
        ImdsSupport: str | None = None,
        RootDeviceName: str | None = None,
        VirtualizationType: str | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        self._check_name(Name)
        if Architecture not in (None, *_ARCHITECTURES):
            raise bad_value(Architecture, "architecture")
        if VirtualizationType not in (None, "hvm", "paravirtual"):
            raise bad_value(VirtualizationType, "virtualizationType")
        if RootDeviceName is None:
            if ImageLocation is None:
                raise missing("rootDeviceName")
            self.not_modelled("images of which the root is instance store")
        mapped = [described_by(each, "gp2") for each in BlockDeviceMappings]
        root = next((each for each in mapped if each.device == RootDeviceName), None)
        if root is None or root.snapshot is None:
            raise AWSError("InvalidBlockDeviceMapping", "No snapshot is given for the root device.")
        if root.type in ("st1", "sc1"):
            raise combination(f"Volume type {root.type} cannot be used for the root device.")
        filled = []
        for each in mapped:
            if each.snapshot is not None:
                snapshot = self.usable_snapshot(each.snapshot)
                each = each._replace(size=each.size or snapshot.size, encrypted=snapshot.encrypted)
            filled.append(each)
        tags = self.tags_for(TagSpecifications, "image")["image"]
        image = self._image(Name, RootDeviceName, filled)
        image.description = Description
        image.architecture = Architecture or "i386"
        image.virtualization = VirtualizationType or "paravirtual"
        image.ena = bool(EnaSupport)
        image.boot, image.imds = BootMode, ImdsSupport
        self.tag(image, tags)
        return {"ImageId": image.id}

    def copy_image(
        self,
        Name: str,
        SourceImageId: str,
        SourceRegion: str,
        ClientToken: str | None = None,
        Description: str | None = None,
        Encrypted: bool | None = None,
        KmsKeyId: str | None = None,
        CopyImageTags: bool | None = None,
        TagSpecifications: TagSpecifications = (),
    ) -> dict[str, Any]:
        source = self._image_elsewhere(SourceRegion, SourceImageId)
        if source.state != "available":
            raise AWSError("InvalidAMIID.Unavailable", f"The image '{source.id}' is not available.")
        self._check_name(Name)
        if KmsKeyId is not None and not Encrypted:
            raise AWSError(
                "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
            )
        tags = self.tags_for(TagSpecifications, "image", "snapshot")
        mapped = []
        for each in source.mapped:
            if each.snapshot is None:
                mapped.append(each)
                continue
            told = f"Copied for DestinationAmi from SourceAmi {source.id} for SourceSnapshot {each.snapshot}."
            snapshot = self._snapshot(self.volumes.new_id(), each.size or 8, told)
            snapshot.encrypted = bool(Encrypted or each.encrypted)
            if snapshot.encrypted:
                snapshot.key = self.key_named(KmsKeyId)
                snapshot.managed_key = KmsKeyId is None and self.defaults.key is None
            self.tag(snapshot, tags["snapshot"])
            mapped.append(each._replace(snapshot=snapshot.id, encrypted=snapshot.encrypted))
        image = self._image(Name, source.root, mapped)
        for attribute in ("architecture", "platform", "virtualization", "ena", "boot", "imds"):
            setattr(image, attribute, getattr(source, attribute))
        image.description = source.description if Description is None else Description
        image.source = (source.id, SourceRegion)
        self.tag(image, {**(source.tags if CopyImageTags else {}), **tags["image"]})
        image.state = "pending"
        self.image_snapshot_ready("")
        return {"ImageId": image.id}

    def deregister_image(self, ImageId: str, DeleteAssociatedSnapshots: bool | None = None) -> dict[str, Any]:
        image = self._own(ImageId)
        if image.deregistration_protection:
            raise AWSError("OperationNotPermitted", f"The image '{image.id}' is protected from being deregistered.")
        self.images.remove(image.id)
        self.deregistered[image.id] = self.clock.time()
        results = []
        if DeleteAssociatedSnapshots:
            for each in image.mapped:
                if each.snapshot in self.snapshots and self.image_of_snapshot(each.snapshot or "") is None:
                    self.snapshots.remove(each.snapshot or "")
                    results.append({"SnapshotId": each.snapshot, "ReturnCode": "success"})
        return {"Return": True, "DeleteSnapshotResults": results}

    def describe_images(
        self,
        ImageIds: Sequence[str] = (),
        Owners: Sequence[str] = (),
        ExecutableUsers: Sequence[str] = (),
        IncludeDeprecated: bool | None = None,
        IncludeDisabled: bool | None = None,
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen: Iterable[Image] = [self.image_at(id_) for id_ in ImageIds] if ImageIds else self._visible()
        owners = {self.account if owner == "self" else owner for owner in Owners}
        users = {self.account if user == "self" else user for user in ExecutableUsers}
        now = self.clock.time()
        chosen = [
            image
            for image in chosen
            if (not owners or image.owner in owners or image.alias in owners)
            and (not users or ("all" in users and image.public) or any(user in image.users for user in users))
            and (
                IncludeDeprecated or ImageIds or image.deprecated is None or image.deprecated > now
                or image.owner == self.account
            )
        ]  # fmt: skip
        return self.listing("Images", chosen, Filters, _FILTERS, NextToken, MaxResults)

    # --- attributes

    def describe_image_attribute(self, ImageId: str, Attribute: str) -> dict[str, Any]:
        image = self._own(ImageId)
        found: dict[str, Any] = {"ImageId": image.id}
        if Attribute == "launchPermission":
            permissions: list[dict[str, str]] = [{"UserId": user} for user in image.users]
            found["LaunchPermissions"] = [*permissions, *([{"Group": "all"}] if image.public else [])]
        elif Attribute == "description":
            found["Description"] = {"Value": image.description or ""}
        elif Attribute == "blockDeviceMapping":
            found["BlockDeviceMappings"] = [each.described() for each in image.mapped]
        elif Attribute == "imdsSupport":
            found["ImdsSupport"] = {"Value": image.imds} if image.imds else {}
        elif Attribute == "bootMode":
            found["BootMode"] = {"Value": image.boot} if image.boot else {}
        elif Attribute == "deregistrationProtection":
            shown = image.described()["DeregistrationProtection"]
            found["DeregistrationProtection"] = {"Value": shown}
        elif Attribute == "productCodes":
            found["ProductCodes"] = []
        return found

    def modify_image_attribute(
        self,
        ImageId: str,
        Attribute: str | None = None,
        Description: Mapping[str, str] | None = None,
        LaunchPermission: Mapping[str, Any] | None = None,
        OperationType: str | None = None,
        UserGroups: Sequence[str] = (),
        UserIds: Sequence[str] = (),
        Value: str | None = None,
        ImdsSupport: Mapping[str, str] | None = None,
    ) -> None:
        image = self._own(ImageId)
        if Description is not None or Attribute == "description":
            image.description = Value if Description is None else Description.get("Value")
            return
        if ImdsSupport is not None or Attribute == "imdsSupport":
            wanted = Value if ImdsSupport is None else ImdsSupport.get("Value")
            if wanted != "v2.0":
                raise bad_value(wanted, "imdsSupport")
            image.imds = wanted
            return
        if LaunchPermission is not None:
            add, remove = (LaunchPermission.get(name) or () for name in ("Add", "Remove"))
        elif OperationType in ("add", "remove"):
            given = [*({"UserId": user} for user in UserIds), *({"Group": group} for group in UserGroups)]
            add, remove = (given, ()) if OperationType == "add" else ((), given)
        else:
            raise missing("operationType")
        self._change_permissions(image, add, remove)

    def _change_permissions(
        self, image: Image, add: Sequence[Mapping[str, str]], remove: Sequence[Mapping[str, str]]
    ) -> None:
        if any("OrganizationArn" in each or "OrganizationalUnitArn" in each for each in (*add, *remove)):
            self.not_modelled("launch permissions of organizations")
        for each in (*add, *remove):
            user = each.get("UserId")
            if user is not None and not (len(user) == 12 and user.isdecimal()):
                raise AWSError(
                    "InvalidAMIAttributeItemValue", f'Invalid attribute item value "{user}" for userId item type.'
                )
            if each.get("Group") not in (None, "all"):
                raise AWSError(
                    "InvalidAMIAttributeItemValue",
                    f'Invalid attribute item value "{each["Group"]}" for group item type.',
                )
        if any(each.get("Group") for each in add):
            if self.defaults.blocks_public_images:
                raise AWSError(
                    "OperationNotPermitted",
                    "You can't publicly share this image because block public access for AMIs is enabled for this "
                    "account in this Region.",
                )
            image.public = True
        if any(each.get("Group") for each in remove):
            image.public = False
        added = [each["UserId"] for each in add if each.get("UserId")]
        gone = {each["UserId"] for each in remove if each.get("UserId")}
        image.users = tuple(user for user in dict.fromkeys((*image.users, *added)) if user not in gone)

    def reset_image_attribute(self, ImageId: str, Attribute: str) -> None:
        image = self._own(ImageId)
        image.users, image.public = (), False

    def enable_image_block_public_access(self, ImageBlockPublicAccessState: str) -> dict[str, Any]:
        self.defaults.blocks_public_images = True
        return {"ImageBlockPublicAccessState": "block-new-sharing"}

    @rehearsable
    def disable_image_block_public_access(self) -> dict[str, Any]:
        self.defaults.blocks_public_images = False
        return {"ImageBlockPublicAccessState": "unblocked"}

    @rehearsable
    def get_image_block_public_access_state(self) -> dict[str, Any]:
        state = "block-new-sharing" if self.defaults.blocks_public_images else "unblocked"
        return {"ImageBlockPublicAccessState": state, "ManagedBy": "account"}

    # --- parts

    def _check_name(self, name: str) -> None:
        if not self.limits.row("image-name-length").minimum <= len(name) <= self.limits["image-name-length"]:  # type: ignore[operator]
            raise AWSError(
                "InvalidAMIName.Malformed",
                "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', "
                "'.', '-', '/' and '_'",
            )
        used = self.images.find(lambda image: image.name == name)
        if used is not None:
            raise AWSError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {used.id}")

    def _image(self, name: str, root: str, mapped: Sequence[Mapped]) -> Image:
        return self.images.add(Image(self.images.new_id(), self.account, self.clock.time(), name, root, mapped))

    def _visible(self) -> list[Image]:
        others = [image for neighbour in self.neighbours() for image in neighbour.images if image.open_to(self.account)]
        return [*self.published.values(), *self.images, *others]

    def image_at(self, id_: str) -> Image:
        """An image that the account may see; raises where there is none."""
        image = self.images.get(id_) or self.published.get(id_)
        if image is not None:
            return image
        for neighbour in self.neighbours():
            other: Image | None = neighbour.images.get(id_)
            if other is not None and other.open_to(self.account):
                return other
        digits = id_.removeprefix("ami-")
        if not id_.startswith("ami-") or not all(digit in "0123456789abcdef" for digit in digits) or not digits:
            raise AWSError(Image.kind.malformed, malformed(Image.kind, id_))
        raise AWSError(Image.kind.code, Image.kind.message.format(id=id_))

    def _image_elsewhere(self, region: str, id_: str) -> Image:
        home = self.elsewhere(region)
        if home is not None:
            found: Image = home.image_at(id_)
            return found
        public = next((image for image in published(region) if image.id == id_), None)
        if public is None:
            raise AWSError(Image.kind.code, Image.kind.message.format(id=id_))
        return public

    def launchable(self, id_: str) -> Image:
        gone = self.deregistered.get(id_)
        if gone is not None and self.clock.time() < gone + self.limits["deregistered-image"]:
            raise AWSError("InvalidAMIID.Unavailable", f"The image ID '{id_}' is no longer available.")
        image = self.image_at(id_)
        if image.state != "available":
            raise AWSError("InvalidAMIID.Unavailable", f"The image ID '{id_}' is not available.")
        return image

    def _own(self, id_: str) -> Image:
        image = self.image_at(id_)
        if image.owner != self.account:
            raise AWSError("AuthFailure", "Not authorized for image:" + id_)
        return self.images[id_]

    def image_of_snapshot(self, snapshot: str) -> str | None:
        found = self.images.find(lambda image: any(each.snapshot == snapshot for each in image.mapped))
        return None if found is None else found.id

    def image_snapshot_ready(self, snapshot: str) -> None:
        """Images are there once their snapshots are."""
        for image in self.images:
            if image.state != "pending":
                continue
            states = {found.state for each in image.mapped if (found := self.snapshots.get(each.snapshot)) is not None}
            if "error" in states:
                image.state = "failed"
            elif states <= {"completed"} and snapshot:
                image.state = "available"
                detail = {"State": "available", "ImageId": image.id, "RequestId": self.request.request_id}
                self.announce("EC2 AMI State Change", {**detail, "ErrorMessage": ""}, self.arn(f"image/{image.id}"))
