"""Event data stores, the queries that read them, the channels and imports that fill them.

Sources: CloudTrail User Guide, "Working with AWS CloudTrail Lake"; API Reference.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.service import ResourceSide
from awsim.services.cloudtrail import lake, selectors
from awsim.services.cloudtrail.history import events
from awsim.services.cloudtrail.refusals import invalid, no_store
from awsim.services.cloudtrail.store import DEFAULT_SELECTORS, Channel, Import, Query, Store
from awsim.services.cloudtrail.trails import Trails
from awsim.state import Collection, Lifecycle, List

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

    # --- event data stores

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
        store = self._active(EventDataStore)
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
        store = self._active(EventDataStore)
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
        store = self._active(EventDataStore)
        if store.status != "STOPPED_INGESTION":
            raise self.error("InvalidEventDataStoreStatusException", "The event data store takes events already.")
        store.lifecycle = Lifecycle(self, [("STARTING_INGESTION", "ingestion-change"), ("ENABLED", None)])
        self._open(store)

    def stop_event_data_store_ingestion(self, EventDataStore: str) -> None:
        store = self._active(EventDataStore)
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

    def _active(self, name: str) -> Store:
        store = self.store(name)
        if store.status == _PENDING:
            raise self.error("InactiveEventDataStoreException", "The event data store is inactive.")
        return store

    def configured_store(self, name: str) -> tuple[Any, dict[str, str]]:
        store = self._active(name)
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

    def _records(self, store: Store) -> Iterator[str]:
        """The event records that a store holds, as JSON texts."""
        yield from store.imported
        now = self.clock.time()
        oldest = now - store.settings["RetentionPeriod"] * _DAY
        region = None if store.settings["MultiRegionEnabled"] else store.region
        for event in events(self.cloud, self.account, region, oldest, now):
            taken = any(first < event.request_id <= (last or event.request_id) for first, last in store.windows)
            if taken and selectors.matches_advanced(store.settings["AdvancedEventSelectors"], event):
                yield event.text

    # --- queries

    def start_query(
        self,
        QueryStatement: str | None = None,
        QueryParameters: Sequence[str] = (),
        QueryAlias: str | None = None,
        DeliveryS3Uri: str | None = None,
    ) -> dict[str, Any]:
        if QueryAlias is not None or DeliveryS3Uri is not None:
            self.not_modelled("queries of dashboards, and the delivery of results to S3")
        if not QueryStatement:
            raise invalid("A query statement is needed.")
        ids = lake.stores_in(QueryStatement)
        if not ids:
            raise self.error("InvalidQueryStatementException", "The statement names no event data store.")
        stores = [self._active(each) for each in ids]
        running = sum(one.status in ("QUEUED", "RUNNING") for one in self.queries)
        self.limits.quota("running-queries", running, self.here)
        records = {store.id: list(self._records(store)) for store in stores}
        query = Query(self.ids.uuid("query"), stores[0].arn, QueryStatement, self.clock.time())
        try:
            rows = lake.run(QueryStatement, records, QueryParameters)
        except lake.BadQuery as error:
            raise self.error("InvalidQueryStatementException", str(error)) from None
        query.rows = tuple(rows)
        query.scanned = sum(len(texts) for texts in records.values())
        query.size = sum(len(text) for texts in records.values() for text in texts)
        query.lifecycle = Lifecycle(self, [("QUEUED", "query-time"), ("FINISHED", None)])
        self.queries.add(query)
        return {"QueryId": query.id}

    def describe_query(self, QueryId: str | None = None, EventDataStore: str | None = None) -> dict[str, Any]:
        if QueryId is None:
            raise invalid("A query id is needed.")
        query: Query = self.queries[QueryId]
        return {
            "QueryId": query.id,
            "QueryString": query.statement,
            "QueryStatus": query.status,
            "QueryStatistics": {
                "EventsMatched": len(query.rows),
                "EventsScanned": query.scanned,
                "BytesScanned": query.size,
                "ExecutionTimeInMillis": int(self.limits.duration("query-time") * 1000),
                "CreationTime": query.created,
            },
        }

    def get_query_results(
        self,
        QueryId: str,
        EventDataStore: str | None = None,
        NextToken: str | None = None,
        MaxQueryResults: int | None = None,
    ) -> dict[str, Any]:
        query: Query = self.queries[QueryId]
        found: dict[str, Any] = {"QueryStatus": query.status}
        if query.status != "FINISHED":
            return found
        numbered = list(enumerate(query.rows))
        page = self.page(
            "QueryResultRows",
            numbered,
            lambda one: list(one[1]),
            lambda one: f"{one[0]:09d}",
            NextToken,
            MaxQueryResults,
        )
        statistics = {
            "ResultsCount": len(page["QueryResultRows"]),
            "TotalResultsCount": len(query.rows),
            "BytesScanned": query.size,
        }
        return {**found, **page, "QueryStatistics": statistics}

    def cancel_query(self, QueryId: str, EventDataStore: str | None = None) -> dict[str, Any]:
        query: Query = self.queries[QueryId]
        if query.status not in ("QUEUED", "RUNNING"):
            raise self.error("InactiveQueryException", "The query is not running.")
        query.cancelled = True
        return {"QueryId": query.id, "QueryStatus": query.status}

    def list_queries(
        self,
        EventDataStore: str,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        QueryStatus: str | None = None,
    ) -> dict[str, Any]:
        store = self.store(EventDataStore)
        since = StartTime.timestamp() if StartTime else 0.0
        until = EndTime.timestamp() if EndTime else self.clock.time()
        if since > until:
            raise self.error("InvalidDateRangeException", "The start time must be before the end time.")
        found = [
            one
            for one in self.queries
            if one.store == store.arn and since <= one.created <= until and QueryStatus in (None, one.status)
        ]

        def shown(query: Query) -> dict[str, Any]:
            return {"QueryId": query.id, "QueryStatus": query.status, "CreationTime": query.created}

        return self.page("Queries", found, shown, lambda one: one.id, NextToken, MaxResults)

    # --- channels

    def create_channel(
        self,
        Name: str,
        Source: str,
        Destinations: Sequence[Mapping[str, str]],
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if self.channels.find(lambda one: one.name == Name):
            raise self.error("ChannelAlreadyExistsException", f"A channel named {Name} already exists.")
        self._check_destinations(Destinations)
        channel = Channel(self.arn_here(f"channel/{self.ids.uuid('channel')}"), Name, Source, Destinations)
        self.tagged(channel, Tags)
        self.channels.add(channel)
        return {**channel.described(), "Tags": channel.tags.as_list()}

    def update_channel(
        self, Channel: str, Destinations: Sequence[Mapping[str, str]] | None = None, Name: str | None = None
    ) -> dict[str, Any]:
        channel = self._channel(Channel)
        if Destinations is not None:
            self._check_destinations(Destinations)
            channel.destinations = tuple(Destinations)
        channel.name = Name or channel.name
        return channel.described()

    def get_channel(self, Channel: str) -> dict[str, Any]:
        return self._channel(Channel).described()

    def delete_channel(self, Channel: str) -> None:
        self.channels.remove(self._channel(Channel).arn)

    def list_channels(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        def shown(channel: Channel) -> dict[str, Any]:
            return {"ChannelArn": channel.arn, "Name": channel.name}

        return self.page("Channels", self.channels, shown, lambda one: one.arn, NextToken, MaxResults)

    def _channel(self, name: str) -> Channel:
        if name.startswith("arn:") and ":channel/" not in name:
            raise self.error("ChannelARNInvalidException", f"The ARN {name} is not of a channel.")
        found: Channel = self.channels[name if name.startswith("arn:") else self.arn_here(f"channel/{name}")]
        return found

    def _check_destinations(self, destinations: Sequence[Mapping[str, str]]) -> None:
        for one in destinations:
            if one["Type"] != "EVENT_DATA_STORE":
                raise self.error("InvalidParameterException", "Channels of AWS services are made by those services.")
            self._active(one["Location"])

    # --- imports

    def start_import(
        self,
        Destinations: Sequence[str] = (),
        ImportSource: Mapping[str, Any] | None = None,
        StartEventTime: datetime | None = None,
        EndEventTime: datetime | None = None,
        ImportId: str | None = None,
    ) -> dict[str, Any]:
        if ImportId is not None:
            job: Import = self.imports[ImportId]
            if job.status not in ("STOPPED", "FAILED"):
                raise invalid("Only an import that was stopped or has failed can be started again.")
        else:
            if len(Destinations) != 1 or ImportSource is None:
                raise invalid("An import needs one destination and a source.")
            if not str(ImportSource["S3"]["S3LocationUri"]).startswith("s3://"):
                raise self.error("InvalidImportSourceException", "The location of the source is not valid.")
            store = self._active(Destinations[0])
            if any(one.status == "IN_PROGRESS" and store.arn in one.destinations for one in self.imports):
                raise self.error("AccountHasOngoingImportException", "An import is running already.")
            job = self.imports.add(Import(self.ids.uuid("import"), [store.arn], ImportSource, self.clock.time()))
            job.since = StartEventTime.timestamp() if StartEventTime else None
            job.until = EndEventTime.timestamp() if EndEventTime else None
        job.status = "INITIALIZING"
        self.later(0, "_import", id=job.id)
        return job.described()

    def get_import(self, ImportId: str) -> dict[str, Any]:
        job: Import = self.imports[ImportId]
        return {**job.described(), "ImportStatistics": dict(job.statistics)}

    def stop_import(self, ImportId: str) -> dict[str, Any]:
        job: Import = self.imports[ImportId]
        if job.status in ("INITIALIZING", "IN_PROGRESS"):
            job.status = "STOPPED"
        return {**job.described(), "ImportStatistics": dict(job.statistics)}

    def list_imports(
        self,
        MaxResults: int | None = None,
        Destination: str | None = None,
        ImportStatus: str | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            one
            for one in self.imports
            if ImportStatus in (None, one.status) and (Destination is None or Destination in one.destinations)
        ]
        return self.page("Imports", found, Import.listed, lambda one: one.id, NextToken, MaxResults)

    def list_import_failures(
        self, ImportId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        job: Import = self.imports[ImportId]
        return self.page("Failures", list(job.failures), dict, lambda one: one["Location"], NextToken, MaxResults)

    def _import(self, id: str) -> None:
        """Read the log files of a bucket into a store, as the role that the import names."""
        job: Import = self.imports[id]
        if job.status != "INITIALIZING":
            return
        source = job.source["S3"]
        bucket, _, prefix = source["S3LocationUri"].removeprefix("s3://").partition("/")
        asked = {"as_": source["S3BucketAccessRoleArn"], "region_": source["S3BucketRegion"]}
        store: Store = self.stores[job.destinations[0]]
        files = taken = 0
        job.failures = List()
        try:
            listed = self._keys(bucket, prefix, asked)
        except AWSError as error:
            job.status = "FAILED"
            job.failures.append(self._failure(source["S3LocationUri"], error))
            return
        for key in listed:
            try:
                body = self.call("s3", "GetObject", **asked, Bucket=bucket, Key=key)["Body"]
                records = json.loads(gzip.decompress(body if isinstance(body, bytes) else body.read()))["Records"]
            except AWSError as error:
                job.failures.append(self._failure(f"s3://{bucket}/{key}", error))
                continue
            for record in records:
                when = datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00")).timestamp()
                if (job.since or 0.0) <= when <= (job.until or self.clock.time()):
                    store.imported.append(json.dumps(record))
                    taken += 1
            files += 1
        job.status = "COMPLETED"
        job.updated = self.clock.time()
        job.statistics = {
            "PrefixesFound": 1,
            "PrefixesCompleted": 1,
            "FilesCompleted": files,
            "EventsCompleted": taken,
            "FailedEntries": len(job.failures),
        }

    def _keys(self, bucket: str, prefix: str, asked: dict[str, Any]) -> list[str]:
        """The log files below a prefix; digests are none."""
        found: list[str] = []
        more: dict[str, Any] = {}
        while True:
            page = self.call("s3", "ListObjectsV2", **asked, Bucket=bucket, Prefix=prefix, **more)
            found += [one["Key"] for one in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return [key for key in found if "/CloudTrail/" in key and key.endswith(".json.gz")]
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _failure(self, location: str, error: AWSError) -> dict[str, Any]:
        return {
            "Location": location,
            "Status": "FAILED",
            "ErrorType": error.code,
            "ErrorMessage": error.message,
            "LastUpdatedTime": self.clock.time(),
        }

    # --- policies and tags

    def put_resource_policy(self, ResourceArn: str, ResourcePolicy: str) -> dict[str, Any]:
        resource = self._with_policy(ResourceArn)
        try:
            parse(ResourcePolicy, "resource")
        except PolicyError as error:
            raise self.error("ResourcePolicyNotValidException", str(error)) from None
        resource.policy = ResourcePolicy
        return {"ResourceArn": ResourceArn, "ResourcePolicy": ResourcePolicy}

    def get_resource_policy(self, ResourceArn: str) -> dict[str, Any]:
        policy = self._with_policy(ResourceArn).policy
        if policy is None:
            raise self.error("ResourcePolicyNotFoundException", f"The resource {ResourceArn} has no policy.")
        return {"ResourceArn": ResourceArn, "ResourcePolicy": policy}

    def delete_resource_policy(self, ResourceArn: str) -> None:
        resource = self._with_policy(ResourceArn)
        if resource.policy is None:
            raise self.error("ResourcePolicyNotFoundException", f"The resource {ResourceArn} has no policy.")
        resource.policy = None

    def _with_policy(self, arn: str) -> Any:
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[2] != "cloudtrail":
            raise self.error("ResourceARNNotValidException", f"The ARN {arn} is not valid.")
        if parts[5].partition("/")[0] not in ("channel", "eventdatastore"):
            raise self.error("ResourceTypeNotSupportedException", "Resources of this type have no policies.")
        found = self.find_taggable(arn)
        if found is None:
            raise self.error("ResourceNotFoundException", f"The resource {arn} was not found.")
        return found

    def resource_policy(self, arn: str) -> ResourceSide:
        side = super().resource_policy(arn)
        text = getattr(self.find_taggable(arn), "policy", None)
        return side if text is None else ResourceSide(side.account, (parse(text, "resource"),))

    def find_taggable(self, arn: str) -> Any:
        return self.trails.get(arn) or self.stores.get(arn) or self.channels.get(arn)
