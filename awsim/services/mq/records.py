"""What Amazon MQ keeps: brokers with users, and configurations with revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.services.mq.engines import CLUSTER, ENGINES, RABBITMQ, Engine
from awsim.state import Dict, Entity, Lifecycle, Tags

Settings = Mapping[str, Any]

CREATING, RUNNING, REPLICA, REBOOTING, DELETING = (
    "CREATION_IN_PROGRESS",
    "RUNNING",
    "REPLICA",
    "REBOOT_IN_PROGRESS",
    "DELETION_IN_PROGRESS",
)
# Settings that wait for a reboot, and what they are called until then.
PENDING = {
    "AuthenticationStrategy": "PendingAuthenticationStrategy",
    "EngineVersion": "PendingEngineVersion",
    "HostInstanceType": "PendingHostInstanceType",
    "LdapServerMetadata": "PendingLdapServerMetadata",
    "SecurityGroups": "PendingSecurityGroups",
    "DataReplicationMode": "PendingDataReplicationMode",
}


class Instance(NamedTuple):
    """One machine of a broker."""

    subnet: str
    zone: str
    ip: str


class User(Entity):
    """A user of an ActiveMQ broker. `values` hold from now on, None before it is made; `pending` after a reboot.

    `change` says what the reboot does to it: CREATE, UPDATE, DELETE, or nothing (None).
    """

    __slots__ = ("change", "name", "pending", "values")

    def __init__(self, name: str, values: Settings | None, pending: Settings | None = None) -> None:
        self.name = name
        self.values = values
        self.pending = pending
        self.change: str | None = "CREATE" if values is None else None

    def listed(self) -> dict[str, Any]:
        return {"Username": self.name, "PendingChange": self.change}

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"Username": self.name, **(self.values or {})}
        if self.change is not None:
            pending = self.pending or self.values or {}
            kept = {name: pending[name] for name in ("ConsoleAccess", "Groups")}
            shown["Pending"] = {**kept, "PendingChange": self.change}
        return shown


class Broker(Entity):
    """One broker.

    `fixed` never changes; `settings` change at a reboot to what is in `pending`; `configuration` and
    `pending_configuration` are (id, revision). `window` opens weekly, and what is pending takes effect in it:
    `maintenance` is the job. `replication` is its part in data replication: role, broker and Region of the other side.
    """

    __slots__ = (
        "arn", "configuration", "created", "engine", "fixed", "history", "id", "instances", "lifecycle", "maintenance",
        "name", "pending", "pending_configuration", "replication", "settings", "tags", "upgrades", "users", "window",
    )  # fmt: skip

    def __init__(self, id: str, name: str, arn: str, engine: str, created: float) -> None:
        self.id = id
        self.name = name
        self.arn = arn
        self.engine = engine
        self.created = created
        self.fixed: Settings = {}
        self.settings: Settings = {}
        self.pending: Settings = {}
        self.configuration: tuple[str, int] | None = None
        self.pending_configuration: tuple[str, int] | None = None
        self.history: tuple[tuple[str, int], ...] = ()
        self.instances: tuple[Instance, ...] = ()
        self.users = Dict()
        self.tags = Tags()
        self.upgrades = True
        self.window: Settings = {}
        self.maintenance: int | None = None
        self.replication: tuple[str, str, str] | None = None
        self.lifecycle: Lifecycle

    @property
    def kind(self) -> Engine:
        return ENGINES[self.engine]

    @property
    def is_rabbit(self) -> bool:
        return self.kind is RABBITMQ

    @property
    def mode(self) -> str:
        mode: str = self.fixed["DeploymentMode"]
        return mode

    @property
    def awaits(self) -> bool:
        """Whether anything of it waits for a reboot."""
        changed = any(user.change for user in self.users.values())
        return bool(self.pending or changed or self.pending_configuration)

    def survives(self, out: int) -> bool:
        """Whether it goes on while so many of its instances are out: a cluster needs most of its nodes."""
        left = len(self.instances) - out
        return left > len(self.instances) / 2 if self.mode == CLUSTER else left > 0

    def take_effect(self) -> None:
        """What was pending holds from now on."""
        self.settings = {**self.settings, **self.pending}
        self.pending = {}
        if self.pending_configuration is not None:
            if self.configuration is not None:
                self.history = (self.configuration, *self.history)
            self.configuration, self.pending_configuration = self.pending_configuration, None
        for user in list(self.users.values()):
            if user.change == "DELETE":
                del self.users[user.name]
            elif user.change is not None:
                user.values, user.pending, user.change = user.pending, None, None

    # --- described

    def listed(self, state: str) -> dict[str, Any]:
        return {
            "BrokerArn": self.arn,
            "BrokerId": self.id,
            "BrokerName": self.name,
            "BrokerState": state,
            "Created": self.created,
            "DeploymentMode": self.mode,
            "EngineType": self.kind.name,
            "HostInstanceType": self.settings["HostInstanceType"],
        }

    def described(self, state: str, domain: str) -> dict[str, Any]:
        settings = {**self.settings}
        logs, pending_logs = settings.pop("Logs"), self.pending.get("Logs")
        shown: dict[str, Any] = {
            **self.listed(state),
            **self.fixed,
            **strategy_shown(settings),
            **{PENDING[name]: value for name, value in strategy_shown(self.pending).items() if name in PENDING},
            "AutoMinorVersionUpgrade": self.upgrades,
            "BrokerInstances": [] if self.configuration is None else self._instances(domain),
            "Configurations": self._configurations(),
            "Logs": self._logs(logs, pending_logs),
            "MaintenanceWindowStartTime": self.window,
            "StorageType": self.fixed["StorageType"].lower(),
            "Tags": self.tags.as_dict(),
            "Users": [user.listed() for user in self.users.values()],
            "ActionsRequired": [],
        }
        if self.replication is not None:
            shown["DataReplicationMetadata"] = self.replicated()
        return shown

    def replicated(self) -> dict[str, Any] | None:
        if self.replication is None:
            return None
        role, broker, region = self.replication
        return {
            "DataReplicationRole": role,
            "DataReplicationCounterpart": {"BrokerId": broker, "Region": region},
        }

    def _instances(self, domain: str) -> list[dict[str, Any]]:
        """A RabbitMQ broker is reached at one place, whatever there is behind it."""
        if self.is_rabbit:
            host = f"{self.id}.{domain}"
            return [{"ConsoleURL": f"https://{host}", "Endpoints": self._endpoints(host)}]
        hosts = [f"{self.id}-{number}.{domain}" for number in range(1, len(self.instances) + 1)]
        return [
            {"ConsoleURL": f"https://{host}:8162", "Endpoints": self._endpoints(host), "IpAddress": instance.ip}
            for host, instance in zip(hosts, self.instances, strict=True)
        ]

    def _endpoints(self, host: str) -> list[str]:
        return [f"{scheme}://{host}:{port}" for scheme, port in self.kind.ports]

    def _configurations(self) -> dict[str, Any]:
        return {
            "Current": _revision(self.configuration),
            "Pending": _revision(self.pending_configuration),
            "History": [_revision(one) for one in self.history],
        }

    def _logs(self, logs: Settings, pending: Settings | None) -> dict[str, Any]:
        group = f"/aws/amazonmq/broker/{self.id}"
        shown: dict[str, Any] = {"General": logs["General"], "GeneralLogGroup": f"{group}/general", "Pending": pending}
        if not self.is_rabbit:
            shown |= {"Audit": logs["Audit"], "AuditLogGroup": f"{group}/audit"}
        return shown


def strategy_shown(settings: Settings) -> dict[str, Any]:
    """Settings with the strategy as Amazon MQ spells it, and without what it keeps to itself."""
    shown = dict(settings)
    if "AuthenticationStrategy" in shown:
        shown["AuthenticationStrategy"] = shown["AuthenticationStrategy"].lower()
    if shown.get("LdapServerMetadata"):
        ldap = shown["LdapServerMetadata"]
        shown["LdapServerMetadata"] = {name: ldap[name] for name in ldap if name != "ServiceAccountPassword"}
    return shown


def _revision(configuration: tuple[str, int] | None) -> dict[str, Any] | None:
    return None if configuration is None else {"Id": configuration[0], "Revision": configuration[1]}


class Revision(NamedTuple):
    """One revision of a configuration; `data` as it was given, in Base64."""

    number: int
    created: float
    description: str | None
    data: str

    def described(self) -> dict[str, Any]:
        return {"Created": self.created, "Description": self.description, "Revision": self.number}


class Configuration(Entity):
    """A configuration and its revisions."""

    __slots__ = ("arn", "created", "engine", "id", "name", "revisions", "strategy", "tags", "version")

    def __init__(self, id: str, name: str, arn: str, engine: str, version: str, strategy: str, created: float) -> None:
        self.id = id
        self.name = name
        self.arn = arn
        self.engine = engine
        self.version = version
        self.strategy = strategy
        self.created = created
        self.revisions: tuple[Revision, ...] = ()
        self.tags = Tags()

    @property
    def latest(self) -> Revision:
        return self.revisions[-1]

    def add(self, created: float, description: str | None, data: str) -> None:
        self.revisions = (*self.revisions, Revision(len(self.revisions) + 1, created, description, data))

    def head(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "Created": self.created,
            "Id": self.id,
            "LatestRevision": self.latest.described(),
            "Name": self.name,
        }

    def answered(self) -> dict[str, Any]:
        return {**self.head(), "AuthenticationStrategy": self.strategy.lower()}

    def described(self) -> dict[str, Any]:
        return {
            **self.answered(),
            "Description": self.latest.description or "",
            "EngineType": ENGINES[self.engine].name,
            "EngineVersion": self.version,
            "Tags": self.tags.as_dict(),
        }


def numbered(revisions: Sequence[Revision], text: str) -> Revision | None:
    """The revision with a number that a request gives as text."""
    number = int(text) if text.isascii() and text.isdecimal() else 0
    return revisions[number - 1] if 0 < number <= len(revisions) else None
