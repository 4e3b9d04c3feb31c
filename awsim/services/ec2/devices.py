"""The devices of a new instance: those of its image, with what the launch says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2.images import Image, Mapped
from awsim.services.ec2.refusals import combination, missing

# Volumes for throughput are no root volumes.
_NOT_ROOT = ("st1", "sc1")


def devices(image: Image, asked: Sequence[Mapping[str, Any]]) -> list[Mapped]:
    """Source: EC2 User Guide, "Block device mappings": what the launch says of a device takes the image's place."""
    found = {each.device: each for each in image.mapped}
    for mapping in asked:
        name = mapping.get("DeviceName")
        if not name:
            raise missing("deviceName")
        if "NoDevice" in mapping:
            found.pop(name, None)
            continue
        found[name] = _changed(found.get(name), name, mapping)
    if image.root not in found:
        raise AWSError("InvalidBlockDeviceMapping", "The root device cannot be left out.")
    if found[image.root].type in _NOT_ROOT:
        raise combination(f"Volume type {found[image.root].type} cannot be used for the root device.")
    return list(found.values())


def _changed(known: Mapped | None, name: str, mapping: Mapping[str, Any]) -> Mapped:
    if mapping.get("VirtualName"):
        return Mapped(name, virtual=mapping["VirtualName"])
    ebs = mapping.get("Ebs") or {}
    base = known if known is not None and known.virtual is None else Mapped(name)
    changed = base._replace(
        snapshot=ebs.get("SnapshotId") or base.snapshot,
        size=ebs.get("VolumeSize", base.size),
        deleted=ebs.get("DeleteOnTermination", base.deleted),
        encrypted=ebs.get("Encrypted", base.encrypted),
        key=ebs.get("KmsKeyId", base.key),
        iops=ebs.get("Iops", base.iops),
        throughput=ebs.get("Throughput", base.throughput),
    )
    kind = ebs.get("VolumeType")
    if kind is not None and kind != base.type:
        # What the image's type had, another does not have.
        changed = changed._replace(type=kind, iops=ebs.get("Iops"), throughput=ebs.get("Throughput"))
    if changed.key is not None and not changed.encrypted:
        raise AWSError(
            "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
        )
    return changed
