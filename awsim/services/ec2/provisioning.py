"""What volumes of each type may be: sizes, IOPS, throughput, from the limits table.

Sources: EBS User Guide, "Amazon EBS volume types"; sentences as users report them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.errors import AWSError
from awsim.services.ec2.refusals import combination, invalid, missing
from awsim.services.ec2.storage import Specification

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

TYPES = ("standard", "io1", "io2", "gp2", "gp3", "sc1", "st1")
_WITH_IOPS = ("io1", "io2", "gp3")


def specification(
    limits: ServiceLimits, kind: str, size: int | None, iops: int | None, throughput: int | None
) -> Specification:
    """A checked specification, with what a type sets by itself filled in."""
    if kind not in TYPES:
        raise AWSError("UnknownVolumeType", f"Unknown volume type: {kind}")
    if size is None:
        raise missing("size/snapshot")
    _within(limits, f"{kind}-size", size, "size", "GiB")
    if throughput is not None and kind != "gp3":
        raise combination("throughput can only be specified for volumeType gp3.")
    if iops is not None and kind not in _WITH_IOPS:
        raise combination(f"The parameter iops is not supported for {kind} volumes.")
    if kind in ("io1", "io2") and iops is None:
        raise combination(f"The parameter iops must be specified for {kind} volumes.")
    if kind == "gp2":
        return Specification(kind, size, _gp2(limits, size), None)
    if kind not in _WITH_IOPS:
        return Specification(kind, size, None, None)
    wanted = limits["gp3-iops-default"] if iops is None else iops
    _within(limits, f"{kind}-iops", wanted, "iops")
    ratio = limits[f"{kind}-iops-ratio"]
    # What every gp3 volume has, the smallest has too.
    if ratio is not None and wanted > ratio * size and iops is not None and not (kind == "gp3" and wanted <= 3000):
        raise invalid(f"Iops to volume size ratio of {wanted / size:f} is too high; maximum is {ratio}")
    if kind != "gp3":
        return Specification(kind, size, wanted, None)
    flow = limits["gp3-throughput-default"] if throughput is None else throughput
    _within(limits, "gp3-throughput", flow, "throughput")
    share = limits["gp3-throughput-ratio"]
    if share is not None and flow > share * wanted:
        raise invalid(f"Throughput (MiBps) to iops ratio of {flow / wanted:f} is too high; maximum is {share:f}")
    return Specification(kind, size, wanted, flow)


def _gp2(limits: ServiceLimits, size: int) -> int:
    row = limits.row("gp2-iops")
    most = limits["gp2-iops"]
    wanted = max(int(row.minimum or 0), size * limits["gp2-iops-per-gib"])
    return int(wanted if most is None else min(wanted, most))


def _within(limits: ServiceLimits, name: str, value: int, what: str, unit: str = "") -> None:
    least = limits.row(name).minimum
    if least is not None and value < least:
        suffix = f" {unit}" if unit else ""
        raise invalid(
            f"Volume {what} of {value}{suffix} is too {'small' if unit else 'low'}; minimum is {least}{suffix}."
        )
    limits.check(name, value)
