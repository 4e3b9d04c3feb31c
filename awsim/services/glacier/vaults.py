"""Vaults and what is set on them: policies, locks, notifications, tags; and what is set for the account."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.glacier.common import Common
from awsim.services.glacier.vault import Inventory, Lock, Vault, stamp

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_EVENTS = ("ArchiveRetrievalCompleted", "InventoryRetrievalCompleted")
_STRATEGIES = ("BytesPerHour", "FreeTier", "None")


class Vaults(Common):
    def create_vault(self, vaultName: str, accountId: str = "-") -> dict[str, Any]:
        self.own(accountId)
        if not _NAME.fullmatch(vaultName):
            raise self.invalid(f"Invalid vaultName: {vaultName}")
        if vaultName not in self.vaults:
            self.vaults.add(Vault(vaultName, self.arn(f"vaults/{vaultName}"), self.clock.time()))
        return {"location": f"/{self.account}/vaults/{vaultName}"}

    def describe_vault(self, vaultName: str, accountId: str = "-") -> dict[str, Any]:
        return self.vault_of(accountId, vaultName).described()

    def list_vaults(self, accountId: str = "-", marker: str | None = None, limit: str | None = None) -> dict[str, Any]:
        self.own(accountId)
        found, following = self.paged(self.vaults, lambda vault: vault.name, marker, limit)
        return {"VaultList": [vault.described() for vault in found], "Marker": following}

    def delete_vault(self, vaultName: str, accountId: str = "-") -> None:
        vault = self.vault_of(accountId, vaultName)
        inventory = vault.inventory
        if vault.archives or vault.changed or (inventory is not None and inventory.archives):
            raise self.invalid(f"Vault not empty or recently written to: {vault.arn}")
        home = self.home(accountId)
        home.vaults.remove(vaultName)

    def wrote(self, vault: Vault) -> None:
        """What is in a vault has changed: the next inventory, of which there is one a day, will have it."""
        every = self.limits.duration("inventory")
        if not every:
            vault.inventory = Inventory(self.clock.time(), tuple(vault.archives.values()))
            return
        if not vault.changed:
            vault.changed = True
            passed = self.clock.time() - vault.created
            home = self.at(account=vault.arn.split(":")[4])
            home.at_time(vault.created + (passed // every + 1) * every, "take_inventory", name=vault.name)

    def take_inventory(self, name: str) -> None:
        """Scheduled: look through a vault that has changed."""
        vault: Vault | None = self.vaults.get(name)
        if vault is not None and vault.changed:
            vault.changed = False
            vault.inventory = Inventory(self.clock.time(), tuple(vault.archives.values()))

    # --- access policies

    def set_vault_access_policy(
        self, vaultName: str, policy: Mapping[str, Any] | None = None, accountId: str = "-"
    ) -> None:
        vault = self.vault_of(accountId, vaultName)
        vault.policy = self.check_policy((policy or {}).get("Policy"))

    def get_vault_access_policy(self, vaultName: str, accountId: str = "-") -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        if vault.policy is None:
            raise self.error("ResourceNotFoundException", f"No vault access policy is set for: {vault.arn}")
        return {"policy": {"Policy": vault.policy}}

    def delete_vault_access_policy(self, vaultName: str, accountId: str = "-") -> None:
        self.vault_of(accountId, vaultName).policy = None

    # --- locks

    def initiate_vault_lock(
        self, vaultName: str, policy: Mapping[str, Any] | None = None, accountId: str = "-"
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        text = self.check_policy((policy or {}).get("Policy"))
        if vault.lock is not None:
            raise self._locked(vault, vault.lock)
        now = self.clock.time()
        id = self.ids.text("lock", 64)
        window = self.limits["lock-window"]
        vault.lock = Lock(id, text, now, now + (window if window is not None else 0.0))
        if window is not None:
            home = self.at(account=vault.arn.split(":")[4])
            home.later(window, "expire_lock", name=vaultName, id=id)
        return {"lockId": id}

    def expire_lock(self, name: str, id: str) -> None:
        """Scheduled: a lock that was not completed in time is gone, and its policy with it."""
        vault: Vault | None = self.vaults.get(name)
        lock = vault.lock if vault is not None else None
        if vault is not None and lock is not None and lock.id == id and lock.expires is not None:
            vault.lock = None

    def complete_vault_lock(self, vaultName: str, lockId: str, accountId: str = "-") -> None:
        vault = self.vault_of(accountId, vaultName)
        lock = self._lock(vault)
        if lock.id != lockId:
            if lock.expires is None:
                raise self._locked(vault, lock)
            raise self.invalid(f"Invalid lockId: {lockId}")
        vault.lock = lock._replace(expires=None)

    def abort_vault_lock(self, vaultName: str, accountId: str = "-") -> None:
        vault = self.vault_of(accountId, vaultName)
        if vault.lock is not None and vault.lock.expires is None:
            raise self._locked(vault, vault.lock)
        vault.lock = None

    def get_vault_lock(self, vaultName: str, accountId: str = "-") -> dict[str, Any]:
        lock = self._lock(self.vault_of(accountId, vaultName))
        return {
            "Policy": lock.policy,
            "State": lock.state,
            "CreationDate": stamp(lock.created),
            "ExpirationDate": None if lock.expires is None else stamp(lock.expires),
        }

    def _lock(self, vault: Vault) -> Lock:
        if vault.lock is None:
            raise self.error("ResourceNotFoundException", f"No vault lock policy is set for: {vault.arn}")
        return vault.lock

    def _locked(self, vault: Vault, lock: Lock) -> Exception:
        state = "locked" if lock.expires is None else "in progress"
        return self.error("AccessDeniedException", f"The vault lock of {vault.arn} is {state}")

    # --- notifications

    def set_vault_notifications(
        self, vaultName: str, vaultNotificationConfig: Mapping[str, Any] | None = None, accountId: str = "-"
    ) -> None:
        vault = self.vault_of(accountId, vaultName)
        given = vaultNotificationConfig or {}
        topic, events = given.get("SNSTopic"), given.get("Events") or ()
        if not topic:
            raise self.missing("SNSTopic")
        if not events:
            raise self.missing("Events")
        if topic.split(":")[2:3] != ["sns"]:
            raise self.invalid(f"Invalid SNS topic ARN: {topic}")
        for event in events:
            if event not in _EVENTS:
                raise self.invalid(f"Invalid notification event: {event}")
        vault.notifications = {"SNSTopic": topic, "Events": list(events)}

    def get_vault_notifications(self, vaultName: str, accountId: str = "-") -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        if vault.notifications is None:
            raise self.error(
                "ResourceNotFoundException", f"No notification configuration is set for vault: {vault.arn}"
            )
        return {"vaultNotificationConfig": vault.notifications}

    def delete_vault_notifications(self, vaultName: str, accountId: str = "-") -> None:
        self.vault_of(accountId, vaultName).notifications = None

    # --- tags

    def add_tags_to_vault(self, vaultName: str, Tags: Mapping[str, str] | None = None, accountId: str = "-") -> None:
        vault = self.vault_of(accountId, vaultName)
        if not Tags:
            raise self.missing("Tags")
        vault.tags = vault.tags.with_(self, Tags, invalid="InvalidParameterValueException")

    def list_tags_for_vault(self, vaultName: str, accountId: str = "-") -> dict[str, Any]:
        return {"Tags": self.vault_of(accountId, vaultName).tags.as_dict()}

    def remove_tags_from_vault(self, vaultName: str, TagKeys: Sequence[str] = (), accountId: str = "-") -> None:
        vault = self.vault_of(accountId, vaultName)
        vault.tags = vault.tags.without(TagKeys)

    # --- the account's settings

    def get_data_retrieval_policy(self, accountId: str = "-") -> dict[str, Any]:
        self.own(accountId)
        rules = self.settings.get("retrieval") or ({"Strategy": "None"},)
        return {"Policy": {"Rules": [dict(rule) for rule in rules]}}

    def set_data_retrieval_policy(self, Policy: Mapping[str, Any] | None = None, accountId: str = "-") -> None:
        self.own(accountId)
        rules: Sequence[Mapping[str, Any]] = (Policy or {}).get("Rules") or []
        if len(rules) != 1:
            raise self.invalid("A data retrieval policy has exactly one rule.")
        rule = rules[0]
        strategy, bytes_per_hour = rule.get("Strategy"), rule.get("BytesPerHour")
        if strategy not in _STRATEGIES:
            raise self.invalid(f"Invalid data retrieval strategy: {strategy or ''}")
        if (strategy == "BytesPerHour") != (bytes_per_hour is not None) or (bytes_per_hour or 1) < 1:
            raise self.invalid("BytesPerHour is required by the strategy BytesPerHour, and by no other.")
        self.settings["retrieval"] = (dict(rule),)

    def purchase_provisioned_capacity(self, accountId: str = "-") -> dict[str, Any]:
        self.own(accountId)
        self.limits.quota("capacity-units", len(self.units()))
        id = self.ids.text("capacity", 39)
        self.capacity[id] = self.clock.time()
        return {"capacityId": id}

    def list_provisioned_capacity(self, accountId: str = "-") -> dict[str, Any]:
        self.own(accountId)
        period = self.limits["capacity-period"] or 0.0
        return {
            "ProvisionedCapacityList": [
                {"CapacityId": id, "StartDate": stamp(start), "ExpirationDate": stamp(start + period)}
                for id, start in self.units().items()
            ]
        }

    def units(self) -> dict[str, float]:
        """The provisioned capacity that has not expired: id -> when it was bought."""
        period = self.limits["capacity-period"]
        since = self.clock.time() - (float("inf") if period is None else period)
        return {id: start for id, start in self.capacity.items() if start > since}
