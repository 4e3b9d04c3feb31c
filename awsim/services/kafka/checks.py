"""What MSK demands of the settings of a cluster, beyond the shapes of its model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.services.kafka import offerings
from awsim.services.kafka.records import Settings
from awsim.services.kafka.refusals import CHARACTERS, bad, unsupported

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*\Z")
PUBLIC, PRIVATE = "SERVICE_PROVIDED_EIPS", "DISABLED"
_OFF = {"Enabled": False}
_NO_TLS = {"CertificateAuthorityArnList": [], "Enabled": False}


def name(value: str, parameter: str) -> None:
    if not NAME.match(value):
        raise bad(CHARACTERS, parameter)


def version(value: str) -> None:
    if value not in offerings.ACTIVE:
        raise unsupported("KafkaVersion", value, offerings.ACTIVE, "kafkaVersion")


def instance_type(value: str, parameter: str = "instanceType") -> None:
    if value not in offerings.INSTANCE_TYPES:
        raise unsupported("InstanceType", value, offerings.INSTANCE_TYPES, parameter)


def zones(subnets: Sequence[str], found: Sequence[str], express: bool, limits: ServiceLimits) -> None:
    """Two or three subnets, each in a zone of its own; Express brokers lie in three."""
    limits.check("zones-per-cluster", len(subnets))
    if len(subnets) < 2:
        raise limits.error("zones-per-cluster")
    if len(set(found)) != len(subnets):
        raise bad(
            "The number of Availability Zones in the BrokerAZDistribution parameter must be equal to the number of "
            "client subnets.",
            "brokerAZDistribution",
        )
    if express and len(subnets) != 3:
        raise bad("Clusters with Express brokers need three client subnets.", "clientSubnets")


def count(number: int, zones: int, kraft: bool, limits: ServiceLimits, parameter: str) -> None:
    """How many brokers there may be: as many in each zone."""
    if not kraft:
        limits.check("brokers-per-zookeeper-cluster", number)
    if number % zones:
        raise bad(
            "The number of broker nodes must be a multiple of Availability Zones in the BrokerAZDistribution "
            "parameter.",
            parameter,
        )


def throughput(given: Settings | None, instance_type: str, size: int, limits: ServiceLimits) -> None:
    """Provisioned throughput of a volume."""
    if not given or not given.get("Enabled"):
        if given and given.get("VolumeThroughput"):
            raise bad("VolumeThroughput needs provisioned throughput to be enabled.", "provisionedThroughput")
        return
    if not offerings.takes_throughput(instance_type):
        raise bad(f"Provisioned throughput isn't supported for {instance_type}.", "provisionedThroughput")
    if size < limits["volume-size-for-throughput"]:
        least = int(limits["volume-size-for-throughput"])
        raise bad(f"Provisioned throughput needs volumes of at least {least} GiB.", "provisionedThroughput")
    speed = given.get("VolumeThroughput")
    if speed is not None:
        limits.check("volume-throughput", speed)
        if speed < (limits.row("volume-throughput").minimum or 0):
            raise limits.error("volume-throughput")


def authentication(given: Settings | None, before: Settings | None = None) -> dict[str, Any]:
    """ClientAuthentication, complete; what is not given stays as it was, or is off. Without any nobody is asked."""
    if not given and before is None:
        return _authentication(False, False, _NO_TLS, True)
    given, old = given or {}, before or _authentication(False, False, _NO_TLS, False)
    sasl = given.get("Sasl") or {}
    tls = given.get("Tls")
    if tls is not None:
        authorities = tls.get("CertificateAuthorityArnList") or []
        tls = {"CertificateAuthorityArnList": authorities, "Enabled": tls.get("Enabled", bool(authorities))}
    return _authentication(
        _enabled(sasl.get("Scram"), old["Sasl"]["Scram"]),
        _enabled(sasl.get("Iam"), old["Sasl"]["Iam"]),
        tls or old["Tls"],
        _enabled(given.get("Unauthenticated"), old["Unauthenticated"]),
    )


def _authentication(scram: bool, iam: bool, tls: Settings, open: bool) -> dict[str, Any]:
    return {
        "Sasl": {"Scram": {"Enabled": scram}, "Iam": {"Enabled": iam}},
        "Tls": tls,
        "Unauthenticated": {"Enabled": open},
    }


def _enabled(given: Mapping[str, bool] | None, old: Mapping[str, bool]) -> bool:
    return (given or {}).get("Enabled", old["Enabled"])


def security(settings: Settings, express: bool) -> None:
    """That authentication and encryption go together."""
    access = settings["ClientAuthentication"]
    methods = [access["Sasl"]["Scram"], access["Sasl"]["Iam"], access["Tls"]]
    known = any(method["Enabled"] for method in methods)
    if not known and not access["Unauthenticated"]["Enabled"]:
        raise bad("At least one way of client authentication must be enabled.", "clientAuthentication")
    in_transit = settings["EncryptionInfo"]["EncryptionInTransit"]
    if known and in_transit["ClientBroker"] == "PLAINTEXT":
        raise bad("Client authentication needs encryption between clients and brokers.", "encryptionInTransit")
    if express and not in_transit["InCluster"]:
        raise bad("Encryption within the cluster can't be turned off for Express brokers.", "encryptionInTransit")
    if is_public(settings["ConnectivityInfo"]):
        check_public(settings)


def connectivity(given: Settings | None, before: Settings | None = None) -> dict[str, Any]:
    """ConnectivityInfo, complete; what is not given stays as it was, or is off."""
    given = given or {}
    old = before or {
        "PublicAccess": {"Type": PRIVATE},
        "VpcConnectivity": {
            "ClientAuthentication": {"Sasl": {"Scram": _OFF, "Iam": _OFF}, "Tls": _OFF},
        },
        "NetworkType": "IPV4",
    }
    access = (given.get("PublicAccess") or old["PublicAccess"]).get("Type", PRIVATE)
    if access not in (PUBLIC, PRIVATE):
        raise bad(f"The type of public access must be {PRIVATE} or {PUBLIC}.", "publicAccess")
    was = old["VpcConnectivity"]["ClientAuthentication"]
    asked = ((given.get("VpcConnectivity") or {}).get("ClientAuthentication")) or {}
    sasl = asked.get("Sasl") or {}
    return {
        "PublicAccess": {"Type": access},
        "VpcConnectivity": {
            "ClientAuthentication": {
                "Sasl": {
                    "Scram": {"Enabled": _enabled(sasl.get("Scram"), was["Sasl"]["Scram"])},
                    "Iam": {"Enabled": _enabled(sasl.get("Iam"), was["Sasl"]["Iam"])},
                },
                "Tls": {"Enabled": _enabled(asked.get("Tls"), was["Tls"])},
            }
        },
        "NetworkType": given.get("NetworkType") or old["NetworkType"],
    }


def is_public(connectivity: Settings) -> bool:
    return bool(connectivity["PublicAccess"]["Type"] == PUBLIC)


def private_ways(connectivity: Settings) -> dict[str, bool]:
    """How clients may come from other VPCs: authentication of CreateVpcConnection -> whether it is turned on."""
    access = connectivity["VpcConnectivity"]["ClientAuthentication"]
    return {
        "SASL_IAM": access["Sasl"]["Iam"]["Enabled"],
        "SASL_SCRAM": access["Sasl"]["Scram"]["Enabled"],
        "TLS": access["Tls"]["Enabled"],
    }


def ways(settings: Settings) -> dict[str, bool]:
    """How clients may be known: as `private_ways`."""
    access = settings["ClientAuthentication"]
    return {
        "SASL_IAM": access["Sasl"]["Iam"]["Enabled"],
        "SASL_SCRAM": access["Sasl"]["Scram"]["Enabled"],
        "TLS": access["Tls"]["Enabled"],
    }


def check_public(settings: Settings) -> None:
    """A public cluster knows all its clients, and nothing goes in the clear."""
    in_transit = settings["EncryptionInfo"]["EncryptionInTransit"]
    if settings["ClientAuthentication"]["Unauthenticated"]["Enabled"]:
        raise bad("Public access needs unauthenticated access to be turned off.", "publicAccess")
    if in_transit["ClientBroker"] != "TLS" or not in_transit["InCluster"]:
        raise bad("Public access needs encryption in transit, within the cluster and with clients.", "publicAccess")
    if offerings.is_burstable(settings["InstanceType"]):
        raise bad(f"Public access isn't supported for {settings['InstanceType']}.", "publicAccess")


def check_private(settings: Settings) -> None:
    """Ways from other VPCs are among those that the cluster has; small brokers have none."""
    asked = private_ways(settings["ConnectivityInfo"])
    if any(asked.values()) and offerings.is_burstable(settings["InstanceType"]):
        raise bad(f"VPC connectivity isn't supported for {settings['InstanceType']}.", "vpcConnectivity")
    known = ways(settings)
    for way, on in asked.items():
        if on and not known[way]:
            raise bad(f"{way} must be enabled for the cluster before it is for VPC connectivity.", "vpcConnectivity")
