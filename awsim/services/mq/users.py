"""Users of ActiveMQ brokers: made and changed at once, but in force only after a reboot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from awsim.services.mq.engines import RABBITMQ, Engine
from awsim.services.mq.maintaining import Maintaining
from awsim.services.mq.records import Broker, Settings, User
from awsim.services.mq.refusals import bad, conflict, missing

_NAME = re.compile(r"[A-Za-z0-9._~-]+\Z")
_FORBIDDEN = ",:="


class Users(Maintaining):
    """Operations on users."""

    def create_user(
        self,
        BrokerId: str,
        Password: str,
        Username: str,
        ConsoleAccess: bool = False,
        Groups: Sequence[str] = (),
        ReplicationUser: bool = False,
    ) -> dict[str, Any]:
        broker = self._manageable(BrokerId)
        values = {"ConsoleAccess": ConsoleAccess, "Groups": list(Groups), "ReplicationUser": ReplicationUser}
        self.check_user(broker.kind, Username, Password, values)
        if Username in broker.users:
            raise conflict(f"User [{Username}] already exists.", "username")
        self.limits.quota("users-per-broker", len(broker.users), broker.id)
        broker.users[Username] = User(Username, None, values)
        self.await_maintenance(broker)
        return {}

    def update_user(
        self,
        BrokerId: str,
        Username: str,
        ConsoleAccess: bool | None = None,
        Groups: Sequence[str] | None = None,
        Password: str | None = None,
        ReplicationUser: bool | None = None,
    ) -> dict[str, Any]:
        broker = self._manageable(BrokerId)
        user = self._user(broker, Username)
        if user.change == "DELETE":
            raise conflict(f"User [{Username}] is to be deleted.", "username")
        given = {"ConsoleAccess": ConsoleAccess, "Groups": Groups, "ReplicationUser": ReplicationUser}
        values = {**(user.pending or user.values or {})}
        values |= {name: value for name, value in given.items() if value is not None}
        self.check_user(broker.kind, Username, Password, values)
        user.pending = values
        user.change = user.change or "UPDATE"
        self.await_maintenance(broker)
        return {}

    def delete_user(self, BrokerId: str, Username: str) -> dict[str, Any]:
        broker = self._manageable(BrokerId)
        user = self._user(broker, Username)
        if user.change == "CREATE":
            del broker.users[Username]
        else:
            user.change, user.pending = "DELETE", None
        self.await_maintenance(broker)
        return {}

    def describe_user(self, BrokerId: str, Username: str) -> dict[str, Any]:
        broker = self._of_active_mq(self.broker(BrokerId))
        return {"BrokerId": BrokerId, **self._user(broker, Username).described()}

    def list_users(self, BrokerId: str, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        users = self._of_active_mq(self.broker(BrokerId)).users.values()
        shown = self.page("Users", users, User.listed, lambda user: user.name, NextToken, MaxResults)
        return {"BrokerId": BrokerId, "MaxResults": MaxResults or int(self.limits["page-size"]), **shown}

    # --- parts

    def check_user(self, engine: Engine, name: str, password: str | None, values: Settings) -> None:
        """Refuse a user that no broker of an engine can have; without a password that is not looked at."""
        for each, attribute in ((name, "username"), *((group, "groups") for group in values.get("Groups") or ())):
            self._measure("user-name-length", each, attribute)
            if not _NAME.match(each):
                message = "Names can contain only alphanumeric characters, dashes, periods, underscores, and tildes"
                raise bad(f"{message} (- . _ ~).", attribute)
        if engine is RABBITMQ and ("~" in name or name == "guest"):
            raise bad(f"Username [{name}] is invalid for broker engine type [{engine.type}].", "username")
        self.limits.check("groups-per-user", len(values.get("Groups") or ()))
        if values.get("ReplicationUser") and values.get("ConsoleAccess"):
            raise bad(
                "Replication user couldn't have console access. [replicationUser] and [consoleAccess] are mutually "
                "exclusive parameters."
            )
        if password is None:
            return
        self._measure("password-length", password, "password")
        if len(set(password)) < (self.limits["password-variety"] or 0):
            raise bad(
                f"Passwords must contain at least {int(self.limits['password-variety'])} unique characters.", "password"
            )
        if any(mark in password for mark in _FORBIDDEN):
            raise bad("Passwords must not contain commas, colons, or equal signs (,:=).", "password")

    def _measure(self, row: str, text: str, attribute: str) -> None:
        least = self.limits.row(row).minimum or 0
        most = self.limits[row]
        if len(text) < least or (most is not None and len(text) > most):
            error = self.limits.error(row)
            error.fields["ErrorAttribute"] = attribute
            raise error

    def _manageable(self, id: str) -> Broker:
        return self._of_active_mq(self.running(id))

    @staticmethod
    def _of_active_mq(broker: Broker) -> Broker:
        if broker.is_rabbit:
            raise bad("To manage broker users, please use the RabbitMQ web console, or the management API", "broker-id")
        return broker

    @staticmethod
    def _user(broker: Broker, name: str) -> User:
        found: User | None = broker.users.get(name)
        if found is None:
            raise missing("user", name, "username")
        return found
