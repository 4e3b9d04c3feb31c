"""Brokers: made, changed, described and deleted; data replication; tags; what there is to choose from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.sealing import unusable
from awsim.services.mq import engines
from awsim.services.mq.configuring import Configuring
from awsim.services.mq.engines import ENGINES, RABBITMQ, Engine
from awsim.services.mq.records import (
    CREATING,
    DELETING,
    REBOOTING,
    REPLICA,
    RUNNING,
    Broker,
    Instance,
    Settings,
    User,
    strategy_shown,
)
from awsim.services.mq.refusals import bad, conflict, missing, unfit
from awsim.services.mq.users import Users
from awsim.state import Lifecycle
from awsim.zones import LETTERS, zones_of

_NAME = re.compile(r"[A-Za-z0-9._~-]+\Z")
_PRIMARY = "PRIMARY"


class MQ(Users, Configuring):
    """Amazon MQ (regional).

    Sources: Amazon MQ REST API Reference and Developer Guide; how it refuses is in `refusals`.
    """

    idempotent = {
        "CreateBroker": (
            "creator-request-id",
            "ConflictException",
            "The creator request ID was used before with other parameters.",
        )
    }

    # --- made

    def create_broker(
        self,
        BrokerName: str,
        DeploymentMode: str,
        EngineType: str,
        HostInstanceType: str,
        PubliclyAccessible: bool,
        AuthenticationStrategy: str | None = None,
        AutoMinorVersionUpgrade: bool = True,
        Configuration: Settings | None = None,
        CreatorRequestId: str | None = None,
        EncryptionOptions: Settings | None = None,
        EngineVersion: str | None = None,
        LdapServerMetadata: Settings | None = None,
        Logs: Settings | None = None,
        MaintenanceWindowStartTime: Settings | None = None,
        SecurityGroups: Sequence[str] = (),
        StorageType: str | None = None,
        SubnetIds: Sequence[str] | None = None,
        Tags: Mapping[str, str] | None = None,
        Users: Sequence[Settings] = (),
        DataReplicationMode: str | None = None,
        DataReplicationPrimaryBrokerArn: str | None = None,
    ) -> dict[str, Any]:
        if not _NAME.match(BrokerName):
            message = "Broker name can contain only alphanumeric characters, dashes, periods, underscores, and tildes"
            raise bad(f"{message} (- . _ ~).", "brokerName")
        engine = self.engine(EngineType)
        version = self.engine_version(engine, EngineVersion)
        self._check_upgrades(engine, version, AutoMinorVersionUpgrade)
        strategy = self.strategy(engine, AuthenticationStrategy)
        self._check_ldap(strategy, LdapServerMetadata)
        self._check_type(engine, HostInstanceType)
        mode = DeploymentMode.upper()
        storage = self._storage(engine, HostInstanceType, mode, StorageType)
        instances = self._instances(engine, mode, SubnetIds, PubliclyAccessible)
        self.limits.check("security-groups-per-broker", len(SecurityGroups))
        encryption = self._encryption(EncryptionOptions)
        primary = self._primary(engine, DataReplicationMode, DataReplicationPrimaryBrokerArn)
        users = self._users(engine, strategy, Users)
        settings: dict[str, Any] = {
            "AuthenticationStrategy": strategy,
            "EngineVersion": engine.versions[version],
            "HostInstanceType": HostInstanceType,
            "Logs": self._logs(engine, Logs),
            "SecurityGroups": list(SecurityGroups),
            "DataReplicationMode": "NONE" if primary is None else "CRDR",
        }
        if LdapServerMetadata is not None:
            settings["LdapServerMetadata"] = LdapServerMetadata
        id = f"b-{self.ids.uuid('broker')}"
        broker = Broker(id, BrokerName, self.arn(f"broker:{BrokerName}:{id}"), engine.type, self.clock.time())
        broker.fixed = {
            "DeploymentMode": mode,
            "EncryptionOptions": encryption,
            "PubliclyAccessible": PubliclyAccessible,
            "StorageType": storage,
            "SubnetIds": [instance.subnet for instance in instances],
        }
        broker.settings = settings
        broker.instances = instances
        broker.upgrades = AutoMinorVersionUpgrade
        broker.window = self.window(MaintenanceWindowStartTime)
        self.tagged(broker, Tags)
        configuration = None if Configuration is None else self.fitting(Configuration, engine)
        if any(each.name == BrokerName for each in self.brokers):
            raise conflict(f"Broker with name [{BrokerName}] already exists.", "brokerName")
        self.brokers.add(broker)
        if configuration is None:
            made = self.new_configuration(engine, f"{BrokerName}-configuration", version, strategy)
            configuration = made.id, made.latest.number
        broker.pending_configuration = configuration
        for user in users:
            broker.users[user.name] = user
        if primary is not None:
            broker.replication = (REPLICA, primary.id, primary.arn.split(":")[3])
            primary.replication = (_PRIMARY, id, self.region)
            primary.settings = {**primary.settings, "DataReplicationMode": "CRDR"}
        last = RUNNING if primary is None else REPLICA
        broker.lifecycle = Lifecycle(self, [(CREATING, "broker-creation"), (last, None)])
        self.later(self.limits.duration("broker-creation"), "_created", id=id)
        return {"BrokerArn": broker.arn, "BrokerId": id}

    def _created(self, id: str) -> None:
        self.brokers[id].take_effect()

    @staticmethod
    def _check_upgrades(engine: Engine, version: str, upgrades: bool) -> None:
        """All versions that can still be asked for take their patches by themselves."""
        if not upgrades:
            raise bad(
                f"Brokers on [{engine.name}] version [{version}] must have [autoMinorVersionUpgrade] set to [true].",
                "autoMinorVersionUpgrade",
            )

    @staticmethod
    def _check_ldap(strategy: str, metadata: Settings | None) -> None:
        if (strategy == "LDAP") != (metadata is not None):
            raise bad("LDAP server metadata must be given for, and only for, the LDAP strategy.", "ldapServerMetadata")

    @staticmethod
    def _check_type(engine: Engine, type: str) -> None:
        if type not in engine.instance_types:
            raise unfit("host instance type", type, engine.type, engine.instance_types, "hostInstanceType")

    @staticmethod
    def _storage(engine: Engine, type: str, mode: str, given: str | None) -> str:
        """The kind of storage, and that it goes with instance type and deployment mode."""
        if mode not in engine.modes:
            raise unfit("deployment mode", mode, engine.type, engine.modes, "deploymentMode")
        valid = engines.storages_of(engine, type)
        storage = (given or valid[0]).upper()
        if storage not in valid:
            message = f"Broker storage type [{storage}] is invalid for host instance type [{type}]."
            raise bad(f"{message} Valid values: [{', '.join(valid)}].", "storageType")
        modes = engines.modes_of(engine, type, storage)
        if mode not in modes:
            message = (
                f"Broker deployment mode [{mode}] is invalid for host instance type [{type}] with [{storage}] storage."
            )
            raise bad(f"{message} Valid values: [{', '.join(modes)}].", "deploymentMode")
        return storage

    def _instances(
        self, engine: Engine, mode: str, subnets: Sequence[str] | None, public: bool
    ) -> tuple[Instance, ...]:
        """Where a broker stands: in the subnets that are given, or in default ones, each in a zone of its own."""
        count = engine.modes[mode]
        if not subnets:
            subnets = [f"subnet-{number:08x}" for number in range(1, count + 1)]
        elif engine is RABBITMQ and public:
            raise bad("Subnets can't be specified for publicly accessible RabbitMQ brokers.", "subnetIds")
        elif len(subnets) != count and mode != engines.CLUSTER:
            raise bad(f"Broker deployment mode [{mode}] requires exactly [{count}] subnets.", "subnetIds")
        try:
            zones = zones_of(self, subnets)
        except AWSError:
            raise bad("One or more subnets don't exist.", "subnetIds") from None
        if len(set(zones)) != len(subnets) and len(subnets) <= len(LETTERS):
            raise bad("Subnets must be in different Availability Zones.", "subnetIds")
        # The nodes of a cluster are spread over the zones of its subnets.
        return tuple(
            Instance(
                subnets[n % len(subnets)], zones[n % len(subnets)], f"172.31.{16 * n}.{len(self.brokers) % 250 + 4}"
            )
            for n in range(count)
        )

    def _users(self, engine: Engine, strategy: str, given: Sequence[Settings]) -> list[User]:
        """The users that a broker begins with. RabbitMQ keeps its own, and the first is its administrator."""
        for user in given:
            self.check_user(engine, user["Username"], user["Password"], user)
        names = [user["Username"] for user in given]
        if len(set(names)) != len(names):
            raise bad("Usernames must be unique.", "users")
        if strategy == "SIMPLE" and not given:
            raise bad("Specify at least one user.", "users")
        if engine is RABBITMQ:
            if len(given) > 1:
                raise bad("Specify one administrative user for broker engine type [RABBITMQ].", "users")
            return []
        if len(given) > (self.limits["users-per-broker"] or len(given)):
            raise self.limits.error("users-per-broker")
        return [
            User(
                user["Username"],
                {
                    "ConsoleAccess": user.get("ConsoleAccess", False),
                    "Groups": user.get("Groups") or [],
                    "ReplicationUser": user.get("ReplicationUser", False),
                },
            )
            for user in given
        ]

    def _encryption(self, given: Settings | None) -> dict[str, Any]:
        """EncryptionOptions: a key of the caller's own, or AWS's."""
        options = dict(given or {"UseAwsOwnedKey": True})
        key = options.get("KmsKeyId")
        if key and options["UseAwsOwnedKey"]:
            raise bad("[kmsKeyId] and [useAwsOwnedKey] are mutually exclusive parameters.", "encryptionOptions")
        if key and (problem := unusable(self, key)) is not None:
            raise bad(problem, "kmsKeyId")
        return options

    @staticmethod
    def _logs(engine: Engine, given: Settings | None) -> dict[str, bool]:
        logs = {"General": False, "Audit": False, **(given or {})}
        if engine is RABBITMQ and logs["Audit"]:
            raise bad("Audit logging is not supported for broker engine type [RABBITMQ].", "audit")
        return logs

    # --- changed

    def update_broker(
        self,
        BrokerId: str,
        AuthenticationStrategy: str | None = None,
        AutoMinorVersionUpgrade: bool | None = None,
        Configuration: Settings | None = None,
        EngineVersion: str | None = None,
        HostInstanceType: str | None = None,
        LdapServerMetadata: Settings | None = None,
        Logs: Settings | None = None,
        MaintenanceWindowStartTime: Settings | None = None,
        SecurityGroups: Sequence[str] | None = None,
        DataReplicationMode: str | None = None,
    ) -> dict[str, Any]:
        broker = self.running(BrokerId)
        engine = broker.kind
        pending: dict[str, Any] = {}
        if EngineVersion is not None:
            pending["EngineVersion"] = self._upgrade(broker, EngineVersion)
        if AutoMinorVersionUpgrade is not None:
            version = broker.settings["EngineVersion"].rpartition(".")[0]
            self._check_upgrades(engine, version, AutoMinorVersionUpgrade)
        if AuthenticationStrategy is not None:
            pending["AuthenticationStrategy"] = self.strategy(engine, AuthenticationStrategy)
            if pending["AuthenticationStrategy"] == "LDAP" or LdapServerMetadata is not None:
                self._check_ldap(pending["AuthenticationStrategy"], LdapServerMetadata)
        elif LdapServerMetadata is not None:
            self._check_ldap(broker.settings["AuthenticationStrategy"], LdapServerMetadata)
        if LdapServerMetadata is not None:
            pending["LdapServerMetadata"] = LdapServerMetadata
        if HostInstanceType is not None:
            self._check_type(engine, HostInstanceType)
            self._storage(engine, HostInstanceType, broker.mode, broker.fixed["StorageType"])
            pending["HostInstanceType"] = HostInstanceType
        if Logs is not None:
            pending["Logs"] = self._logs(engine, {**broker.settings["Logs"], **Logs})
        if SecurityGroups is not None:
            self.limits.check("security-groups-per-broker", len(SecurityGroups))
            pending["SecurityGroups"] = list(SecurityGroups)
        if DataReplicationMode is not None:
            pending["DataReplicationMode"] = self._replication_mode(broker, DataReplicationMode)
        configuration = None if Configuration is None else self.fitting(Configuration, engine)
        window = None if MaintenanceWindowStartTime is None else self.window(MaintenanceWindowStartTime)
        waiting = {**broker.pending, **pending}
        broker.pending = {name: value for name, value in waiting.items() if value != broker.settings.get(name)}
        if configuration is not None:
            broker.pending_configuration = configuration if configuration != broker.configuration else None
        broker.window = window or broker.window
        broker.upgrades = broker.upgrades if AutoMinorVersionUpgrade is None else AutoMinorVersionUpgrade
        self.await_maintenance(broker)
        return self._updated(broker)

    def _updated(self, broker: Broker) -> dict[str, Any]:
        """What a broker will be once what is pending has taken effect."""
        found = strategy_shown({**broker.settings, **broker.pending})
        id, revision = broker.pending_configuration or broker.configuration or ("", 0)
        found |= {
            "BrokerId": broker.id,
            "AutoMinorVersionUpgrade": broker.upgrades,
            "Configuration": {"Id": id, "Revision": revision},
            "MaintenanceWindowStartTime": broker.window,
            "DataReplicationMode": broker.settings["DataReplicationMode"],
            "DataReplicationMetadata": broker.replicated(),
            "PendingDataReplicationMode": broker.pending.get("DataReplicationMode"),
        }
        return found

    def _upgrade(self, broker: Broker, version: str) -> str:
        engine = broker.kind
        patch = engine.versions[self.engine_version(engine, version)]
        if _numbers(patch) < _numbers(broker.settings["EngineVersion"]):
            message = (
                f"Broker engine version can't be downgraded from [{broker.settings['EngineVersion']}] to [{version}]."
            )
            raise bad(message, "engineVersion")
        return patch

    @staticmethod
    def _replication_mode(broker: Broker, mode: str) -> str:
        if mode.upper() not in ("NONE", "CRDR"):
            raise bad(f"Data replication mode [{mode}] is invalid. Valid values: [NONE, CRDR].", "dataReplicationMode")
        if mode.upper() == "CRDR" and broker.replication is None:
            raise bad("Data replication begins with the creation of a replica broker.", "dataReplicationMode")
        return mode.upper()

    # --- described and deleted

    def describe_broker(self, BrokerId: str) -> dict[str, Any]:
        broker = self.broker(BrokerId)
        return broker.described(self.state_of(broker), self.domain)

    def list_brokers(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        def shown(broker: Broker) -> dict[str, Any]:
            return broker.listed(self.state_of(broker))

        return self.page("BrokerSummaries", self.brokers, shown, lambda one: one.name, NextToken, MaxResults)

    def delete_broker(self, BrokerId: str) -> dict[str, Any]:
        broker = self.running(BrokerId)
        if broker.maintenance is not None:
            self.cancel(broker.maintenance)
            broker.maintenance = None
        if broker.replication is not None:
            raise bad("A broker that takes part in data replication can't be deleted.", "broker-id")
        broker.lifecycle = Lifecycle(self, [(DELETING, "broker-deletion"), ("DELETED", None)])
        self.later(self.limits.duration("broker-deletion"), "_gone", id=BrokerId)
        return {"BrokerId": BrokerId}

    def _gone(self, id: str) -> None:
        self.brokers.pop(id)

    # --- data replication

    def _primary(self, engine: Engine, mode: str | None, arn: str | None) -> Broker | None:
        """The broker that a new one is to be a replica of."""
        if (mode or "NONE").upper() == "NONE":
            if arn is not None:
                raise bad("A primary broker is only for data replication mode [CRDR].", "dataReplicationMode")
            return None
        attribute = "dataReplicationPrimaryBrokerArn"
        if engine is RABBITMQ:
            raise bad("Data replication is not supported for broker engine type [RABBITMQ].", "dataReplicationMode")
        parts = (arn or "").split(":")
        if len(parts) != 8 or parts[2] != "mq" or parts[3] == self.region or parts[4] != self.account:
            raise bad("Specify a primary broker of this account in another Region.", attribute)
        home = self.at(region=parts[3])
        found: Broker | None = home.brokers.get(parts[7])
        if found is None or found.arn != arn:
            raise missing("broker", arn or "", attribute)
        if home.state_of(found) != RUNNING or found.replication is not None:
            raise bad(f"Broker [{found.id}] can't be a primary broker now.", attribute)
        if not any(user.values and user.values["ReplicationUser"] for user in found.users.values()):
            raise bad(f"Broker [{found.id}] has no replication user.", attribute)
        return found

    def promote(self, BrokerId: str, Mode: str) -> dict[str, Any]:
        broker = self.running(BrokerId)
        if Mode.upper() not in ("SWITCHOVER", "FAILOVER"):
            raise bad(f"Promote mode [{Mode}] is invalid. Valid values: [SWITCHOVER, FAILOVER].", "mode")
        if broker.replication is None or broker.replication[0] != REPLICA:
            raise bad(f"Broker [{BrokerId}] is no replica broker.", "broker-id")
        _, id, region = broker.replication
        home = self.at(region=region)
        primary: Broker = home.brokers[id]
        if Mode.upper() == "SWITCHOVER" and home.state_of(primary) != RUNNING:
            raise bad(f"Broker [{id}] is not running. Use promote mode [FAILOVER].", "mode")
        broker.replication = (_PRIMARY, id, region)
        primary.replication = (REPLICA, broker.id, self.region)
        broker.lifecycle = Lifecycle(self, [(REBOOTING, "promotion"), (RUNNING, None)])
        primary.lifecycle = Lifecycle(home, [(REBOOTING, "promotion"), (REPLICA, None)])
        return {"BrokerId": BrokerId}

    # --- what there is to choose from

    def describe_broker_engine_types(
        self, EngineType: str | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        chosen = ENGINES.values() if EngineType is None else [self.engine(EngineType)]
        found = [
            {"EngineType": engine.type, "EngineVersions": [{"Name": version} for version in engine.versions]}
            for engine in chosen
        ]
        shown = self.page("BrokerEngineTypes", found, dict, lambda one: one["EngineType"], NextToken, MaxResults)
        return {**shown, "MaxResults": MaxResults or int(self.limits["page-size"])}

    def describe_broker_instance_options(
        self,
        EngineType: str | None = None,
        HostInstanceType: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        StorageType: str | None = None,
    ) -> dict[str, Any]:
        chosen = ENGINES.values() if EngineType is None else [self.engine(EngineType)]
        zones = [{"Name": f"{self.region}{letter}"} for letter in LETTERS]
        found = [
            {
                "AvailabilityZones": zones,
                "EngineType": engine.type,
                "HostInstanceType": type,
                "StorageType": storage,
                "SupportedDeploymentModes": engines.modes_of(engine, type, storage),
                "SupportedEngineVersions": list(engine.versions),
            }
            for engine in chosen
            for type in engine.instance_types
            for storage in engines.storages_of(engine, type)
            if HostInstanceType in (None, type) and (StorageType or storage).upper() == storage
        ]
        order = {id(option): f"{number:04d}" for number, option in enumerate(found)}
        shown = self.page("BrokerInstanceOptions", found, dict, lambda option: order[id(option)], NextToken, MaxResults)
        return {**shown, "MaxResults": MaxResults or int(self.limits["page-size"])}

    # --- tags

    def create_tags(self, ResourceArn: str, Tags: Mapping[str, str] | None = None) -> None:
        self.tagged(self._resource(ResourceArn), Tags)

    def delete_tags(self, ResourceArn: str, TagKeys: Sequence[str]) -> None:
        resource = self._resource(ResourceArn)
        resource.tags = resource.tags.without(TagKeys)

    def list_tags(self, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": self._resource(ResourceArn).tags.as_dict()}

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found = self._find(arn)
        return None if found is None else found.tags.as_dict()

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """The name in the ARN of a broker that is asked for by its id."""
        found = self.brokers.get(params.get("BrokerId")) if name == "broker" else None
        return arn if found is None else found.arn

    def _find(self, arn: str) -> Any:
        id = arn.rpartition(":")[2]
        found = self.brokers.get(id) or self.configurations.get(id)
        return found if found is not None and found.arn == arn else None

    def _resource(self, arn: str) -> Any:
        found = self._find(arn)
        if found is None:
            raise missing("resource", arn, "resource-arn")
        return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
