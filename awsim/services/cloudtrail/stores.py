"""Event data stores: what of the journal is kept to be queried.

Source: CloudTrail User Guide, "CloudTrail Lake event data stores"; API Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awsim.services.cloudtrail import selectors
from awsim.services.cloudtrail.history import events
from awsim.services.cloudtrail.refusals import invalid, no_store
from awsim.services.cloudtrail.store import DEFAULT_SELECTORS, Store
from awsim.services.cloudtrail.trails import Trails
from awsim.state import Collection, Lifecycle

_DAY = 86_400
_FIXED = "FIXED_RETENTION_PRICING"
_PENDING = "PENDING_DELETION"


class Stores(Trails):
    stores = Collection("event data store", key="arn")
    channels = Collection(
        "channel", key="arn", quota="channels", missing=("ChannelNotFoundException", "The channel {key} was not found.")
    )
    imports = Collection("import", key="id", missing=("ImportNotFoundException", "The import {key} was not found."))
    queries = Collection("query", key="id", missing=("QueryIdNotFoundException", "The query {key} does not exist."))

    def create_event_data_store(
        self,
        Name: str,
        AdvancedEventSelectors: Sequence[Mapping[str, Any]] = (),
        MultiRegionEnabled: bool = True,
        OrganizationEnabled: bool = False,
        RetentionPeriod: int | None = None,
        TerminationProtectionEnabled: bool = True,
        TagsList: Sequence[Mapping[str, str]] = (),
        KmsKeyId: str | None = None,
        StartIngestion: bool = True,
        BillingMode: str = "EXTENDABLE_RETENTION_PRICING",
    ) -> dict[str, Any]:
        here = [one for one in self.stores if one.region == self.here]
        if any(one.settings["Name"] == Name for one in here):
            raise self.error(
                "EventDataStoreAlreadyExistsException", f"An event data store named {Name} already exists."
            )
        settings = self._checked(
            {
                "Name": Name,
                "AdvancedEventSelectors": list(AdvancedEventSelectors or DEFAULT_SELECTORS),
                "MultiRegionEnabled": MultiRegionEnabled,
                "OrganizationEnabled": OrganizationEnabled,
                "RetentionPeriod": RetentionPeriod or self._retention(BillingMode),
                "TerminationProtectionEnabled": TerminationProtectionEnabled,
                "KmsKeyId": KmsKeyId,
                "BillingMode": BillingMode,
            }
        )
        self.limits.quota("event-data-stores", len(here), self.here)
        now = self.clock.time()
        store = Store(self.arn_here(f"eventdatastore/{self.ids.uuid('store')}"), self.here, settings, now)
        self.tagged(store, TagsList)
        last = "ENABLED" if StartIngestion else "STOPPED_INGESTION"
        store.lifecycle = Lifecycle(self, [("CREATED", "store-creation"), (last, None)])
        if StartIngestion:
            self._open(store)
        self.stores.add(store)
        return {**store.described(), "TagsList": store.tags.as_list()}

    def get_event_data_store(self, EventDataStore: str) -> dict[str, Any]:
        return self.store(EventDataStore).described()

    def update_event_data_store(
        self,
        EventDataStore: str,
        Name: str | None = None,
        AdvancedEventSelectors: Sequence[Mapping[str, Any]] | None = None,
        MultiRegionEnabled: bool | None = None,
        OrganizationEnabled: bool | None = None,
        RetentionPeriod: int | None = None,
        TerminationProtectionEnabled: bool | None = None,
        KmsKeyId: str | None = None,
        BillingMode: str | None = None,
    ) -> dict[str, Any]:
        store = self.active(EventDataStore)
        given = {
            "Name": Name,
            "AdvancedEventSelectors": AdvancedEventSelectors,
            "MultiRegionEnabled": MultiRegionEnabled,
            "OrganizationEnabled": OrganizationEnabled,
            "RetentionPeriod": RetentionPeriod,
            "TerminationProtectionEnabled": TerminationProtectionEnabled,
            "KmsKeyId": KmsKeyId,
            "BillingMode": BillingMode,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        if BillingMode == _FIXED and store.settings["BillingMode"] != _FIXED:
            raise invalid(
                "An event data store with one-year extendable retention pricing cannot change to fixed pricing."
            )
        if KmsKeyId is not None and store.settings["KmsKeyId"] not in (None, KmsKeyId):
            raise invalid("The KMS key of an event data store cannot be changed once it is set.")
        store.settings = self._checked({**store.settings, **changed})
        store.updated = self.clock.time()
        return store.described()

    def delete_event_data_store(self, EventDataStore: str) -> None:
        store = self.active(EventDataStore)
        if store.settings["TerminationProtectionEnabled"]:
            raise self.error(
                "EventDataStoreTerminationProtectedException",
                "The event data store cannot be deleted because termination protection is enabled for it.",
            )
        if any(to["Location"] == store.arn for one in self.channels for to in one.destinations):
            raise self.error("ChannelExistsForEDSException", "The event data store is the destination of a channel.")
        if any(one.status == "IN_PROGRESS" and store.arn in one.destinations for one in self.imports):
            raise self.error(
                "EventDataStoreHasOngoingImportException", "An import into the event data store is running."
            )
        self._close(store)
        store.before_deletion, store.lifecycle = store.lifecycle, Lifecycle.settled(self, _PENDING)
        store.deletion = self.later(self.limits["store-deletion"], "_remove_store", arn=store.arn)

    def _remove_store(self, arn: str) -> None:
        self.stores.remove(arn)

    def restore_event_data_store(self, EventDataStore: str) -> dict[str, Any]:
        store = self.store(EventDataStore)
        if store.deletion is None:
            raise self.error(
                "InvalidEventDataStoreStatusException", "The event data store is not in the status PENDING_DELETION."
            )
        self.cancel(store.deletion)
        store.deletion = None
        store.lifecycle = Lifecycle.settled(self, "ENABLED")
        self._open(store)
        return store.described()

    def list_event_data_stores(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        found = [one for one in self.stores if one.region == self.here]

        def shown(store: Store) -> dict[str, Any]:
            return {"EventDataStoreArn": store.arn, "Name": store.settings["Name"]}

        return self.page("EventDataStores", found, shown, lambda one: one.arn, NextToken, MaxResults)

    def start_event_data_store_ingestion(self, EventDataStore: str) -> None:
        store = self.active(EventDataStore)
        if store.status != "STOPPED_INGESTION":
            raise self.error("InvalidEventDataStoreStatusException", "The event data store takes events already.")
        store.lifecycle = Lifecycle(self, [("STARTING_INGESTION", "ingestion-change"), ("ENABLED", None)])
        self._open(store)

    def stop_event_data_store_ingestion(self, EventDataStore: str) -> None:
        store = self.active(EventDataStore)
        if store.status != "ENABLED":
            raise self.error("InvalidEventDataStoreStatusException", "The event data store takes no events.")
        store.lifecycle = Lifecycle(self, [("STOPPING_INGESTION", "ingestion-change"), ("STOPPED_INGESTION", None)])
        self._close(store)

    def _open(self, store: Store) -> None:
        store.windows.append((self.request.request_id, None))

    def _close(self, store: Store) -> None:
        if store.windows and store.windows[-1][1] is None:
            store.windows[-1] = (store.windows[-1][0], self.request.request_id)

    def store(self, name: str) -> Store:
        """By ARN or id."""
        if name.startswith("arn:") and ":eventdatastore/" not in name:
            raise self.error("EventDataStoreARNInvalidException", f"The ARN {name} is not of an event data store.")
        found: Store | None = self.stores.find(lambda one: name in (one.arn, one.id) and one.region == self.here)
        if found is None:
            raise no_store(name)
        return found

    def active(self, name: str) -> Store:
        store = self.store(name)
        if store.status == _PENDING:
            raise self.error("InactiveEventDataStoreException", "The event data store is inactive.")
        return store

    def configured_store(self, name: str) -> tuple[Any, dict[str, str]]:
        store = self.active(name)
        return store, {"EventDataStoreArn": store.arn}

    def _retention(self, mode: str) -> int:
        return int(self.limits["longest-fixed-retention" if mode == _FIXED else "store-retention"])

    def _checked(self, settings: dict[str, Any]) -> dict[str, Any]:
        row = "longest-fixed-retention" if settings["BillingMode"] == _FIXED else "longest-store-retention"
        days, least = settings["RetentionPeriod"], self.limits.row(row).minimum
        self.limits.check(row, days)
        if least is not None and days < least:
            raise self.limits.error(row)
        count = selectors.check_advanced(settings["AdvancedEventSelectors"])
        self.limits.check("selector-values", count)
        if settings["OrganizationEnabled"]:
            organization = self.organization()
            if organization is None or organization["MasterAccountId"] != self.account:
                raise self.error(
                    "NotOrganizationMasterAccountException", "You must be the management account of the organization."
                )
        return settings

    def records(self, store: Store) -> Iterator[str]:
        """The event records that a store holds, as JSON texts."""
        yield from store.imported
        now = self.clock.time()
        oldest = now - store.settings["RetentionPeriod"] * _DAY
        region = None if store.settings["MultiRegionEnabled"] else store.region
        for event in events(self.cloud, self.account, region, oldest, now):
            taken = any(first < event.request_id <= (last or event.request_id) for first, last in store.windows)
            if taken and selectors.matches_advanced(store.settings["AdvancedEventSelectors"], event):
                yield event.text
