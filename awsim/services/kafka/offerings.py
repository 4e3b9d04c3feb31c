"""What MSK offers: versions of Kafka and sizes of brokers.

Sources: MSK Developer Guide, "Supported Apache Kafka versions", "Amazon MSK broker types" and "Provisioned throughput".
"""

from __future__ import annotations

import re

# In the order of their release. Those whose support has ended can no longer be asked for.
_ENDED = (
    "1.1.1", "2.1.0", "2.2.1", "2.3.1", "2.4.1", "2.4.1.1", "2.5.1", "2.6.0", "2.6.1", "2.6.2", "2.6.3", "2.7.0",
    "2.7.1", "2.7.2", "2.8.0", "2.8.1", "2.8.2.tiered", "3.1.1", "3.2.0", "3.3.1", "3.3.2", "3.4.0", "3.5.1",
)  # fmt: skip
ACTIVE = (
    "3.6.0", "3.7.x", "3.7.x.kraft", "3.8.x", "3.8.x.kraft", "3.9.x", "3.9.x.kraft", "4.0.x.kraft", "4.1.x.kraft",
)  # fmt: skip
VERSIONS = tuple((version, "DEPRECATED") for version in _ENDED) + tuple((version, "ACTIVE") for version in ACTIVE)

_SIZES = {
    "kafka.t3": ("small",),
    "kafka.m5": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"),
    "kafka.m7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "express.m7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
}
INSTANCE_TYPES = tuple(f"{family}.{size}" for family, sizes in _SIZES.items() for size in sizes)
_LARGE = re.compile(r"kafka\.(?:m5\.(?:4|8|12|16|24)xlarge|m7g\.(?:2|4|8|12|16)xlarge)\Z")


def is_kraft(version: str) -> bool:
    """Whether brokers of a version keep their metadata without ZooKeeper."""
    return version.endswith(".kraft")


def is_express(instance_type: str) -> bool:
    return instance_type.startswith("express.")


def is_burstable(instance_type: str) -> bool:
    return instance_type.startswith("kafka.t3.")


def takes_throughput(instance_type: str) -> bool:
    """Whether its volumes can have throughput provisioned."""
    return _LARGE.match(instance_type) is not None


def targets(version: str) -> list[str]:
    """The versions that a cluster can be updated to: later ones that keep metadata the same way."""
    order = [known for known, _ in VERSIONS]
    later = order[order.index(version) + 1 :] if version in order else []
    return [target for target in later if target in ACTIVE and is_kraft(target) == is_kraft(version)]
