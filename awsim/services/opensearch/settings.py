"""The options of a domain: their defaults, and what OpenSearch Service demands of them beyond the shapes of its model.

Source: OpenSearch Service Developer Guide and API Reference; see `refusals` for its sentences.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.auth.policy import PolicyError, parse
from awsim.services.opensearch import offerings
from awsim.services.opensearch.refusals import bad_type, invalid

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Options = dict[str, Any]

_COUNTS = {1: "one", 2: "two", 3: "three"}
_ADVANCED = frozenset(
    (
        "rest.action.multi.allow_explicit_index", "indices.fielddata.cache.size",
        "indices.query.bool.max_clause_count", "override_main_response_version", "plugins.query.datasources.enabled",
    )
)  # fmt: skip
_NEVER_OFF = {
    "EncryptionAtRestOptions": "Disabling encryption at rest is not supported once it is enabled.",
    "NodeToNodeEncryptionOptions": "Disabling node-to-node encryption is not supported once it is enabled.",
    "AdvancedSecurityOptions": "You can't disable advanced security once it is enabled.",
}
_DEFAULTS: Mapping[str, Any] = {
    "AccessPolicies": "",
    "IPAddressType": "ipv4",
    "SnapshotOptions": {"AutomatedSnapshotStartHour": 0},
    "CognitoOptions": {"Enabled": False},
    "EncryptionAtRestOptions": {"Enabled": False},
    "NodeToNodeEncryptionOptions": {"Enabled": False},
    "AdvancedOptions": {"rest.action.multi.allow_explicit_index": "true"},
    "DomainEndpointOptions": {
        "EnforceHTTPS": False,
        "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07",
        "CustomEndpointEnabled": False,
    },
    "AdvancedSecurityOptions": {"Enabled": False, "InternalUserDatabaseEnabled": False},
    "OffPeakWindowOptions": {"Enabled": True, "OffPeakWindow": {"WindowStartTime": {"Hours": 2, "Minutes": 0}}},
    "SoftwareUpdateOptions": {"AutoSoftwareUpdateEnabled": False},
}
# Options that a request gives anew as a whole; of the others it changes the members that it names.
_WHOLE = frozenset(("VPCOptions", "AccessPolicies", "IPAddressType", "UseCase", "EngineMode"))


def complete(given: Mapping[str, Any], limits: ServiceLimits) -> Options:
    """The options of a new domain, with defaults filled in; raises what is wrong with them."""
    version = given.get("EngineVersion") or offerings.LATEST
    options: Options = {"EngineVersion": version}
    for name, default in _DEFAULTS.items():
        options[name] = _joined(name, default, given.get(name))
    for name in ("VPCOptions", "LogPublishingOptions", "IdentityCenterOptions", "AIMLOptions", "UseCase", "EngineMode",
                 "DeploymentStrategyOptions", "AutomatedSnapshotPauseOptions"):  # fmt: skip
        if given.get(name) is not None:
            options[name] = given[name]
    cluster = dict(given.get("ClusterConfig") or {})
    cluster.setdefault("InstanceType", offerings.DEFAULT_TYPE)
    cluster.setdefault("InstanceCount", int(limits["default-instances"]))
    options["ClusterConfig"] = cluster
    options["EBSOptions"] = dict(given.get("EBSOptions") or {"EBSEnabled": False})
    tuning = given.get("AutoTuneOptions") or {}
    usual = "DISABLED" if offerings.is_bursting(cluster["InstanceType"]) else "ENABLED"
    options["AutoTuneOptions"] = {"DesiredState": usual, "UseOffPeakWindow": False, **tuning}
    check(options, limits)
    return _tidied(options, limits)


def changed(old: Options, given: Mapping[str, Any], limits: ServiceLimits) -> Options:
    """What an update makes of options; raises what is wrong with it."""
    options = dict(old)
    for name, value in given.items():
        options[name] = _joined(name, old.get(name, {}), value)
    for name, message in _NEVER_OFF.items():
        if old[name].get("Enabled") and not options[name].get("Enabled"):
            raise invalid(message)
    before, after = old["EncryptionAtRestOptions"], options["EncryptionAtRestOptions"]
    if before.get("Enabled") and before.get("KmsKeyId") != after.get("KmsKeyId"):
        raise invalid("You can't change the KMS key of a domain once encryption at rest is enabled.")
    if ("VPCOptions" in old) != ("VPCOptions" in options):
        raise invalid("You can't change between a VPC and a public endpoint.")
    check(options, limits)
    return _tidied(options, limits)


def _joined(name: str, old: Any, new: Any) -> Any:
    if new is None:
        return old
    return new if name in _WHOLE or not isinstance(old, Mapping) else {**old, **new}


def _tidied(options: Options, limits: ServiceLimits) -> Options:
    """Members that others decide."""
    cluster = dict(options["ClusterConfig"])
    for name in ("DedicatedMasterEnabled", "ZoneAwarenessEnabled", "WarmEnabled", "MultiAZWithStandbyEnabled"):
        cluster.setdefault(name, False)
    cluster.setdefault("ColdStorageOptions", {"Enabled": False})
    if cluster["ZoneAwarenessEnabled"]:
        cluster.setdefault("ZoneAwarenessConfig", {"AvailabilityZoneCount": 2})
    else:
        cluster.pop("ZoneAwarenessConfig", None)
    if not cluster["DedicatedMasterEnabled"]:
        cluster.pop("DedicatedMasterType", None)
        cluster.pop("DedicatedMasterCount", None)
    volumes = dict(options["EBSOptions"])
    if volumes.get("EBSEnabled"):
        volumes.setdefault("VolumeType", "gp2")
        if volumes["VolumeType"] == "gp3":
            volumes.setdefault("Iops", int(limits["default-iops"]))
            volumes.setdefault("Throughput", int(limits["default-throughput"]))
    else:
        volumes = {"EBSEnabled": False}
    cognito = options["CognitoOptions"]
    security = {key: one for key, one in options["AdvancedSecurityOptions"].items() if key != "MasterUserOptions"}
    return {
        **options,
        "ClusterConfig": cluster,
        "EBSOptions": volumes,
        "CognitoOptions": cognito if cognito.get("Enabled") else {"Enabled": False},
        "AdvancedSecurityOptions": security,
    }


# --- checks


def check(options: Options, limits: ServiceLimits) -> None:
    """Refuse what OpenSearch Service would."""
    version = options["EngineVersion"]
    if version not in offerings.VERSIONS:
        raise invalid(f"Unsupported engine version: {version}")
    _check_cluster(options["ClusterConfig"], version, limits)
    _check_volumes(options["EBSOptions"], options["ClusterConfig"]["InstanceType"], limits)
    _check_network(options.get("VPCOptions"), options["ClusterConfig"])
    _check_cognito(options["CognitoOptions"])
    _check_encryption(options)
    _check_endpoint(options["DomainEndpointOptions"])
    _check_security(options)
    for name in options["AdvancedOptions"]:
        if name not in _ADVANCED or (
            name == "override_main_response_version" and offerings.number(version)[0] not in (1, 2)
        ):
            raise invalid(f"Unrecognized advanced option '{name}' passed in advancedOptions.")
    hour = options["SnapshotOptions"].get("AutomatedSnapshotStartHour", 0)
    limits.check("snapshot-hour", hour)
    if hour < 0:
        raise limits.error("snapshot-hour")
    if options["AccessPolicies"]:
        check_policy(options["AccessPolicies"])


def check_policy(policy: str) -> None:
    try:
        parse(policy, "resource")
    except PolicyError:
        raise bad_type(f"Error setting policy: [{policy}]") from None


def check_type(type: str, version: str) -> None:
    if not offerings.is_type(type):
        raise bad_type(f"Invalid instance type: {type}")
    if not offerings.is_supported(type, version):
        raise invalid(f"Instance type {type} is not supported for {version}.")


def _check_cluster(cluster: Mapping[str, Any], version: str, limits: ServiceLimits) -> None:
    type, count = cluster["InstanceType"], cluster["InstanceCount"]
    check_type(type, version)
    if offerings.is_warm(type):
        raise invalid(f"UltraWarm instances can't be data nodes: {type}")
    if count < 1:
        raise invalid("Number of nodes must be at least 1.")
    limits.check("bursting-nodes" if offerings.is_bursting(type) else "nodes", count)
    if cluster.get("DedicatedMasterEnabled"):
        if "DedicatedMasterType" not in cluster or "DedicatedMasterCount" not in cluster:
            raise invalid("You must specify the type and number of dedicated master nodes when you enable them.")
        check_type(cluster["DedicatedMasterType"], version)
        if cluster["DedicatedMasterCount"] not in (3, 5):
            raise invalid("You must choose 3 or 5 dedicated master nodes.")
    zones = _zones(cluster)
    if cluster.get("ZoneAwarenessEnabled"):
        if zones not in (2, 3):
            raise invalid("AvailabilityZoneCount must be 2 or 3.")
        if count < zones:
            many = _COUNTS[zones]
            raise invalid(f"You must choose a minimum of {many} data nodes for a {many} Availability Zone deployment")
        if zones == 2 and count % 2:
            raise invalid("You must choose an even number of data nodes for a two Availability Zone deployment")
    if cluster.get("MultiAZWithStandbyEnabled"):
        if zones != 3 or not cluster.get("DedicatedMasterEnabled"):
            raise invalid("Multi-AZ with Standby needs three Availability Zones and dedicated master nodes.")
        if count % 3:
            raise invalid("Multi-AZ with Standby needs a multiple of three data nodes.")
    if cluster.get("WarmEnabled"):
        if not cluster.get("DedicatedMasterEnabled"):
            raise invalid("UltraWarm nodes need dedicated master nodes.")
        if "WarmType" not in cluster or cluster.get("WarmCount", 0) < 2:
            raise invalid("You must specify the type of UltraWarm nodes, and at least two of them.")
        limits.check("warm-nodes", cluster["WarmCount"])
    if (cluster.get("ColdStorageOptions") or {}).get("Enabled") and not cluster.get("WarmEnabled"):
        raise invalid("Cold storage needs UltraWarm nodes.")


def _zones(cluster: Mapping[str, Any]) -> int:
    if not cluster.get("ZoneAwarenessEnabled"):
        return 1
    count: int = (cluster.get("ZoneAwarenessConfig") or {}).get("AvailabilityZoneCount", 2)
    return count


def _check_volumes(volumes: Mapping[str, Any], type: str, limits: ServiceLimits) -> None:
    if not volumes.get("EBSEnabled"):
        if offerings.needs_volumes(type):
            raise invalid(f"EBS storage must be selected for {type}")
        return
    if not offerings.takes_volumes(type):
        raise invalid(f"Instance type {type} does not support EBS storage")
    size, kind = volumes.get("VolumeSize"), volumes.get("VolumeType", "gp2")
    if size is None:
        raise invalid("Volume size must be specified when EBS storage is enabled.")
    if size < (limits.row("volume-size").minimum or 0):
        raise limits.error("volume-size")
    limits.check("volume-size", size)
    if "Iops" in volumes and kind not in ("io1", "gp3"):
        raise invalid("IOPS can only be specified for io1 and gp3 volumes.")
    if kind == "io1" and "Iops" not in volumes:
        raise invalid("IOPS must be specified for io1 volumes.")
    if "Throughput" in volumes and kind != "gp3":
        raise invalid("Throughput can only be specified for gp3 volumes.")
    if "Iops" in volumes:
        limits.check("iops", volumes["Iops"])
    if "Throughput" in volumes:
        limits.check("throughput", volumes["Throughput"])


def _check_network(network: Mapping[str, Any] | None, cluster: Mapping[str, Any]) -> None:
    if not network or "SubnetIds" not in network:
        return
    zones = _zones(cluster)
    if len(network["SubnetIds"]) == zones:
        return
    if zones == 1:
        raise invalid("You must specify exactly one subnet.")
    count = _COUNTS.get(zones, str(zones))
    raise invalid(f"You must specify exactly {count} subnets because you’ve set zone count to {count}.")


def _check_cognito(cognito: Mapping[str, Any]) -> None:
    if not cognito.get("Enabled"):
        return
    for name in ("UserPoolId", "IdentityPoolId", "RoleArn"):
        if not cognito.get(name):
            raise invalid(f"{name} must be specified when Amazon Cognito authentication is enabled.")


def _check_encryption(options: Options) -> None:
    if options["EncryptionAtRestOptions"].get("Enabled"):
        type = options["ClusterConfig"]["InstanceType"]
        if not offerings.encrypts(type):
            raise invalid(f"Encryption at rest is not supported for {type}.")
        if not _since(options["EngineVersion"], (5, 1)):
            raise invalid("Encryption at rest requires Elasticsearch 5.1 or later.")
    elif "KmsKeyId" in options["EncryptionAtRestOptions"]:
        raise invalid("A KMS key can only be specified when encryption at rest is enabled.")
    if options["NodeToNodeEncryptionOptions"].get("Enabled") and not _since(options["EngineVersion"], (6, 0)):
        raise invalid("Node-to-node encryption requires Elasticsearch 6.0 or later.")


def _since(version: str, first: tuple[int, int]) -> bool:
    return offerings.engine(version) == "OpenSearch" or offerings.number(version) >= first


def _check_endpoint(endpoint: Mapping[str, Any]) -> None:
    if endpoint.get("CustomEndpointEnabled") and not (
        endpoint.get("CustomEndpoint") and endpoint.get("CustomEndpointCertificateArn")
    ):
        raise invalid("CustomEndpoint and CustomEndpointCertificateArn must be specified for a custom endpoint.")


def _check_security(options: Options) -> None:
    security = options["AdvancedSecurityOptions"]
    if not security.get("Enabled"):
        return
    if not options["DomainEndpointOptions"].get("EnforceHTTPS"):
        raise invalid("You must enable EnforceHTTPS in the domain endpoint options to use advanced security.")
    if not options["NodeToNodeEncryptionOptions"].get("Enabled"):
        raise invalid("You must enable node-to-node encryption to use advanced security options.")
    if not options["EncryptionAtRestOptions"].get("Enabled"):
        raise invalid("You must enable encryption at rest to use advanced security options.")
    master = security.get("MasterUserOptions") or {}
    if security.get("InternalUserDatabaseEnabled") and "MasterUserARN" in master:
        raise invalid("You can't specify a master user ARN when the internal user database is enabled.")
    if "MasterUserName" in master and "MasterUserPassword" not in master:
        raise invalid("You must specify a password for the master user.")


def plain(value: Any) -> tuple[str, str]:
    """An option as ModifyingProperties shows it: (text, kind of text)."""
    if isinstance(value, str | int | float | bool) or value is None:
        return ("" if value is None else str(value)), "PLAIN_TEXT"
    return json.dumps(value, default=str), "STRINGIFIED_JSON"
