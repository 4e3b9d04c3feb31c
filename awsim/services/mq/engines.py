"""What Amazon MQ offers: engines, their versions, instance types, deployment modes and endpoints.

Sources: Amazon MQ Developer Guide, version management, instance types and deployment options of both engines; the valid
versions as CreateConfiguration lists them (hashicorp/terraform-provider-aws pull 47285).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SINGLE, STANDBY, CLUSTER = "SINGLE_INSTANCE", "ACTIVE_STANDBY_MULTI_AZ", "CLUSTER_MULTI_AZ"
EBS, EFS = "EBS", "EFS"

_M5 = ("mq.m5.large", "mq.m5.xlarge", "mq.m5.2xlarge", "mq.m5.4xlarge")
_M7G = (
    "mq.m7g.medium", "mq.m7g.large", "mq.m7g.xlarge", "mq.m7g.2xlarge", "mq.m7g.4xlarge", "mq.m7g.8xlarge",
    "mq.m7g.12xlarge", "mq.m7g.16xlarge",
)  # fmt: skip
MICRO = "mq.t3.micro"


class Engine(NamedTuple):
    """One engine. `versions`: those that can be asked for, newest first, and the patch that a broker then runs."""

    type: str
    name: str
    versions: Mapping[str, str]
    instance_types: tuple[str, ...]
    modes: Mapping[str, int]  # deployment mode -> how many subnets it takes
    storage: tuple[str, ...]  # the first is the default
    strategies: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]  # scheme and port of each endpoint


ACTIVEMQ = Engine(
    "ACTIVEMQ",
    "ActiveMQ",
    {"5.19": "5.19.1", "5.18": "5.18.4"},
    (MICRO, "mq.m4.large", *_M5),
    {SINGLE: 1, STANDBY: 2},
    (EFS, EBS),
    ("SIMPLE", "LDAP"),
    (("ssl", 61617), ("amqp+ssl", 5671), ("stomp+ssl", 61614), ("mqtt+ssl", 8883), ("wss", 61619)),
)
RABBITMQ = Engine(
    "RABBITMQ",
    "RabbitMQ",
    {"4.2": "4.2.1", "3.13": "3.13.7"},
    (MICRO, *_M5, *_M7G),
    {SINGLE: 1, CLUSTER: 3},
    (EBS,),
    ("SIMPLE", "CONFIG_MANAGED"),
    (("amqps", 5671),),
)
ENGINES = {engine.type: engine for engine in (ACTIVEMQ, RABBITMQ)}


def modes_of(engine: Engine, instance_type: str, storage: str) -> list[str]:
    """The deployment modes of an instance type: small ones form no cluster, and EBS lies in one zone alone."""
    return [
        mode
        for mode in engine.modes
        if not (mode == CLUSTER and instance_type == MICRO) and not (mode == STANDBY and storage == EBS)
    ]


def storages_of(engine: Engine, instance_type: str) -> list[str]:
    """ActiveMQ has EBS on m5 alone."""
    return [
        storage
        for storage in engine.storage
        if engine is RABBITMQ or storage == EFS or instance_type.startswith("mq.m5.")
    ]
