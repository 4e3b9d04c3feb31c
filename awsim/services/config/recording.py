"""Recorders and delivery channels, and the configuration items that come of them.

While no recorder records nothing here runs; one that does hears of calls once they are in the journal (`Cloud.listen`)
and looks again at the resources that they name. Sources: AWS Config Developer Guide, "Recording AWS resources" and
"Delivering configuration snapshot"; API Reference. Quoted in public: "Delivery channel is not available to start
configuration recorder." (aws/aws-cdk issue 9001), "Failed to put configuration recorder '...' because the maximum
number of configuration recorders: 1 is reached." (trussworks/terraform-aws-config issue 69). Others are reconstructed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from awsim.auth.actions import action_named, authorizations_for
from awsim.services.config.base import Base
from awsim.services.config.readers import BY_SERVICE, READERS, Reader
from awsim.services.config.records import GLOBAL_TYPES, Description, Item, Key, Recorder
from awsim.state import List

if TYPE_CHECKING:
    from awsim.calls import CallRecord

_DAY = 86_400


class Recording(Base):
    # --- recorders

    def put_configuration_recorder(
        self, ConfigurationRecorder: Mapping[str, Any], Tags: Sequence[Mapping[str, str]] = ()
    ) -> None:
        name = ConfigurationRecorder.get("name") or "default"
        known: Recorder | None = self.recorders.get(name)
        if known is None and self.recorders:
            raise self.error(
                "MaxNumberOfConfigurationRecordersExceededException",
                f"Failed to put configuration recorder '{name}' because the maximum number of configuration "
                "recorders: 1 is "
                "reached.",
            )
        role = ConfigurationRecorder.get("roleARN")
        if not role or ":role/" not in role:
            raise self.error("InvalidRoleException", "The role ARN of the configuration recorder is not valid.")
        settings = {
            "roleARN": role,
            "recordingGroup": self._group(ConfigurationRecorder.get("recordingGroup") or {}),
            "recordingMode": dict(ConfigurationRecorder.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"}),
        }
        if known is None:
            arn = self.arn(
                f"configuration-recorder/{name}/{self.ids.text('recorder', 16, 'abcdefghijklmnopqrstuvwxyz234567')}"
            )
            known = Recorder(name, arn, settings)
            self.tagged(known, Tags)
            self.recorders[name] = known
        else:
            known.settings = settings
            if known.recording:
                self.later(0, "_capture_all")

    def _group(self, given: Mapping[str, Any]) -> dict[str, Any]:
        types = list(given.get("resourceTypes") or ())
        excluded = list((given.get("exclusionByResourceTypes") or {}).get("resourceTypes") or ())
        self.check_types(*types, *excluded)
        strategy = (given.get("recordingStrategy") or {}).get("useOnly")
        everything = bool(given.get("allSupported", not types and not excluded))
        refused = self.error(
            "InvalidRecordingGroupException",
            "The recording group provided is not valid: specify all supported resource types, or those to "
            "record, or those "
            "to exclude.",
        )
        if (everything and (types or excluded)) or (types and excluded):
            raise refused
        if given.get("includeGlobalResourceTypes") and not everything:
            raise refused
        implied = "ALL_SUPPORTED_RESOURCE_TYPES" if everything else "INCLUSION_BY_RESOURCE_TYPES"
        if excluded:
            implied = "EXCLUSION_BY_RESOURCE_TYPES"
        if strategy not in (None, implied) or (not everything and not types and not excluded):
            raise refused
        return {
            "allSupported": everything,
            "includeGlobalResourceTypes": bool(given.get("includeGlobalResourceTypes")),
            "resourceTypes": types,
            "exclusionByResourceTypes": {"resourceTypes": excluded},
            "recordingStrategy": {"useOnly": implied},
        }

    def describe_configuration_recorders(
        self, ConfigurationRecorderNames: Sequence[str] = (), Arn: str | None = None
    ) -> dict[str, Any]:
        found = self._recorders(ConfigurationRecorderNames, Arn)
        return {"ConfigurationRecorders": [one.described() for one in found]}

    def describe_configuration_recorder_status(
        self, ConfigurationRecorderNames: Sequence[str] = (), Arn: str | None = None
    ) -> dict[str, Any]:
        found = self._recorders(ConfigurationRecorderNames, Arn)
        return {"ConfigurationRecordersStatus": [one.reported() for one in found]}

    def list_configuration_recorders(
        self,
        Filters: Sequence[Mapping[str, Any]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = [value for one in Filters for value in one.get("filterValue") or ()]
        found = list(self.recorders.values()) if not wanted or "PAID" in wanted else []

        def shown(one: Recorder) -> dict[str, Any]:
            return {"arn": one.arn, "name": one.name, "recordingScope": "PAID"}

        return self.page("ConfigurationRecorderSummaries", found, shown, lambda one: one.name, NextToken, MaxResults)

    def associate_resource_types(self, ConfigurationRecorderArn: str, ResourceTypes: Sequence[str]) -> dict[str, Any]:
        recorder = self._recorders((), ConfigurationRecorderArn)[0]
        group = dict(recorder.settings["recordingGroup"])
        if group["allSupported"]:
            raise self.error("ConflictException", "The configuration recorder records all supported resource types.")
        group["resourceTypes"] = sorted({*group["resourceTypes"], *ResourceTypes})
        return self._regrouped(recorder, group)

    def disassociate_resource_types(
        self, ConfigurationRecorderArn: str, ResourceTypes: Sequence[str]
    ) -> dict[str, Any]:
        recorder = self._recorders((), ConfigurationRecorderArn)[0]
        group = dict(recorder.settings["recordingGroup"])
        if group["allSupported"]:
            raise self.error("ConflictException", "The configuration recorder records all supported resource types.")
        group["resourceTypes"] = [kind for kind in group["resourceTypes"] if kind not in ResourceTypes]
        return self._regrouped(recorder, group)

    def _regrouped(self, recorder: Recorder, group: Mapping[str, Any]) -> dict[str, Any]:
        recorder.settings = {**recorder.settings, "recordingGroup": group}
        if recorder.recording:
            self.later(0, "_capture_all")
        return {"ConfigurationRecorder": recorder.described()}

    def delete_configuration_recorder(self, ConfigurationRecorderName: str) -> None:
        self._recorder(ConfigurationRecorderName)
        del self.recorders[ConfigurationRecorderName]

    def start_configuration_recorder(self, ConfigurationRecorderName: str) -> None:
        recorder = self._recorder(ConfigurationRecorderName)
        if not self.channels:
            raise self.error(
                "NoAvailableDeliveryChannelException",
                "Delivery channel is not available to start configuration recorder.",
            )
        if recorder.recording:
            return
        recorder.recording = True
        recorder.started = recorder.changed = self.clock.time()
        self.cloud.listen(self._heard)
        self.later(self.lateness("first-recording"), "_capture_all")

    def stop_configuration_recorder(self, ConfigurationRecorderName: str) -> None:
        recorder = self._recorder(ConfigurationRecorderName)
        recorder.recording = False
        recorder.stopped = recorder.changed = self.clock.time()

    def _recorder(self, name: str) -> Recorder:
        found: Recorder | None = self.recorders.get(name)
        if found is None:
            raise self.error(
                "NoSuchConfigurationRecorderException",
                f"Cannot find configuration recorder with the specified name '{name}'.",
            )
        return found

    def _recorders(self, names: Sequence[str], arn: str | None = None) -> list[Recorder]:
        if arn is not None:
            found = [one for one in self.recorders.values() if one.arn == arn]
            if not found:
                raise self.error(
                    "NoSuchConfigurationRecorderException",
                    f"Cannot find configuration recorder with the specified ARN '{arn}'.",
                )
            return found
        return [self._recorder(name) for name in names] if names else list(self.recorders.values())

    # --- what is heard

    def _heard(self, records: Sequence[CallRecord]) -> None:
        """Calls have been made: those that changed something in this account and region are looked into."""
        recorder = self.recorder
        if recorder is None or not recorder.recording or not self._is_current():
            return
        for record in records:
            if record.caused:
                self._heard(record.caused)
            readers = BY_SERVICE.get(record.service)
            if readers is None or record.error is not None or not self._concerns(record):
                continue
            kinds = tuple(one.type for one in readers if recorder.records(one.type))
            if kinds:
                self.later(self.lateness("recording"), "_capture", kinds=kinds, names=tuple(_texts(record)))

    def _is_current(self) -> bool:
        """Whether a restore has not done away with this instance."""
        try:
            return self.cloud.service_at(self.key) is self
        except KeyError:
            return False

    def _concerns(self, record: CallRecord) -> bool:
        if record.account != self.account:
            return False
        if record.service not in ("iam", "s3") and record.region != self.region:
            return False
        return not _only_reads(record.service, record.operation)

    # --- capturing

    def _capture_all(self) -> None:
        recorder = self.recorder
        if recorder is not None and recorder.recording:
            for reader in READERS.values():
                if recorder.records(reader.type) and self._is_used(reader.service):
                    self._look(reader, None)

    def _is_used(self, service: str) -> bool:
        """Whether there can be anything: a service that nobody has used yet is not made for this."""
        return service == "s3" or self.cloud.has_service(service, self.account, self.region)

    def _capture(self, kinds: Sequence[str], names: Sequence[str]) -> None:
        for kind in kinds:
            self._look(READERS[kind], frozenset(names))

    def _look(self, reader: Reader, names: frozenset[str] | None) -> None:
        """Look at the resources of a type that are new or go by one of `names` (None: at all of them)."""
        there: set[Key] = set()
        known = {text: key for key in self._keys_of(reader.type) for text in self._names_of(key)}
        for one, known_as in reader.found(self):
            key = next((known[text] for text in known_as if text in known), None)
            if key is not None and names is not None and names.isdisjoint(known_as):
                there.add(key)
                continue
            description = reader.describe(self, one)
            if description is not None:
                there.add(description.key)
                self.note(description)
        for key in self._keys_of(reader.type):
            if key not in there:
                self._gone(key)

    def _keys_of(self, kind: str) -> list[Key]:
        return [key for key, items in self.history.items() if key[0] == kind and not items[-1].is_deleted]

    def _names_of(self, key: Key) -> tuple[str, str, str]:
        resource = self.history[key][-1].resource
        return resource.id, resource.name, resource.arn

    def note(self, description: Description) -> None:
        """A resource is like this now: a new item if it was not."""
        items = self.history.get(description.key)
        last = items[-1] if items else None
        if last is not None and not last.is_deleted and last.resource == description:
            return
        discovered = last is None or last.is_deleted
        self._add(description, "ResourceDiscovered" if discovered else "OK")

    def _gone(self, key: Key) -> None:
        self._add(self.history[key][-1].resource, "ResourceDeleted")

    def _add(self, resource: Description, status: str) -> None:
        recorder, now = self.recorder, self.clock.time()
        frequency = recorder.frequency(resource.type) if recorder is not None else "CONTINUOUS"
        state = str(int(now * 1000) * 100 + self.ids.next("state") % 100)
        region = "global" if resource.type in GLOBAL_TYPES else self.region
        item = Item(resource, status, now, state, self.account, region, frequency)
        items = self.history.get(resource.key)
        before = items[-1] if items else None
        if items is None:
            items = self.history[resource.key] = List()
        items.append(item)
        self.changed(item, before)

    def changed(self, item: Item, before: Item | None) -> None:
        """For operations above: a new item is there."""

    # --- resources outside of AWS

    def put_resource_config(
        self,
        ResourceType: str,
        SchemaVersionId: str,
        ResourceId: str,
        Configuration: str,
        ResourceName: str | None = None,
        Tags: Mapping[str, str] | None = None,
    ) -> None:
        """Record a resource that Config does not look at itself."""
        recorder = self.recorder
        if recorder is None or not recorder.recording:
            raise self.error("NoRunningConfigurationRecorderException", "There is no configuration recorder running.")
        if ResourceType.startswith("AWS::"):
            raise self.error("ValidationException", "Resource types of AWS cannot be recorded by PutResourceConfig.")
        try:
            configuration = json.loads(Configuration)
        except ValueError:
            raise self.error("ValidationException", "The configuration is not valid JSON.") from None
        self.note(
            Description(ResourceType, ResourceId, ResourceName or ResourceId, "", configuration, {}, dict(Tags or {}))
        )

    def delete_resource_config(self, ResourceType: str, ResourceId: str) -> None:
        recorder = self.recorder
        if recorder is None or not recorder.recording:
            raise self.error("NoRunningConfigurationRecorderException", "There is no configuration recorder running.")
        items = self.history.get((ResourceType, ResourceId))
        if items is not None and not items[-1].is_deleted:
            self._gone((ResourceType, ResourceId))

    # --- what is known

    def current(self, kind: str | None = None) -> Iterator[Item]:
        """The last items of resources that exist."""
        for (known, _), items in self.history.items():
            if kind in (None, known) and not items[-1].is_deleted:
                yield items[-1]

    def fresh(self, kind: str) -> list[Description]:
        """Resources of a type as they are now, recorded or not."""
        reader = READERS[kind]
        found = [reader.describe(self, one) for one, _ in reader.found(self)]
        return [one for one in found if one is not None]

    def kept(self, items: Iterable[Item]) -> list[Item]:
        """Items within the retention period; the last one of a resource stays."""
        known = list(items)
        oldest = self.clock.time() - self.retention.get("default", self.limits["retention-default"]) * _DAY
        return [one for one in known if one.captured >= oldest or one is known[-1]]

    # --- asked for

    def get_resource_config_history(
        self,
        resourceType: str,
        resourceId: str,
        laterTime: datetime | None = None,
        earlierTime: datetime | None = None,
        chronologicalOrder: str = "Reverse",
        limit: int | None = None,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        if self.recorder is None:
            raise self.error("NoAvailableConfigurationRecorderException", "Configuration recorder is not available.")
        self.check_types(resourceType)
        items = self.history.get((resourceType, resourceId))
        if items is None:
            raise self.error(
                "ResourceNotDiscoveredException",
                f"Resource {resourceId} of resourceType:{resourceType} is unknown or has not been discovered",
            )
        since = earlierTime.timestamp() if earlierTime else 0.0
        until = laterTime.timestamp() if laterTime else self.clock.time()
        if since > until:
            raise self.error("InvalidTimeRangeException", "The specified time range is not valid.")
        found = list(enumerate(one for one in self.kept(items) if since <= one.captured <= until))
        if chronologicalOrder == "Reverse":
            found = [(len(found) - number, one) for number, one in found]

        def shown(one: tuple[int, Item]) -> dict[str, Any]:
            return one[1].shown()

        return self.page(
            "configurationItems", found, shown, lambda one: f"{one[0]:09d}", nextToken, limit or None, "nextToken"
        )

    def batch_get_resource_config(self, resourceKeys: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        found, missing = [], []
        for key in resourceKeys:
            items = self.history.get((key["resourceType"], key["resourceId"]))
            if items is None:
                missing.append(dict(key))
            else:
                found.append(_base(items[-1]))
        return {"baseConfigurationItems": found, "unprocessedResourceKeys": missing}

    def list_discovered_resources(
        self,
        resourceType: str,
        resourceIds: Sequence[str] = (),
        resourceName: str | None = None,
        limit: int | None = None,
        includeDeletedResources: bool = False,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        self.check_types(resourceType)
        if resourceIds and resourceName:
            raise self.error("ValidationException", "Specify either resource IDs or a resource name, not both.")
        if self.recorder is None:
            raise self.error("NoAvailableConfigurationRecorderException", "Configuration recorder is not available.")
        found = [
            items[-1]
            for (kind, id_), items in self.history.items()
            if kind == resourceType
            and (includeDeletedResources or not items[-1].is_deleted)
            and (not resourceIds or id_ in resourceIds)
            and resourceName in (None, items[-1].resource.name)
        ]

        def shown(item: Item) -> dict[str, Any]:
            one = item.resource
            deleted = item.captured if item.is_deleted else None
            return {
                "resourceType": one.type,
                "resourceId": one.id,
                "resourceName": one.name,
                "resourceDeletionTime": deleted,
            }

        return self.page(
            "resourceIdentifiers", found, shown, lambda one: one.resource.id, nextToken, limit or None, "nextToken"
        )

    def get_discovered_resource_counts(
        self, resourceTypes: Sequence[str] = (), limit: int | None = None, nextToken: str | None = None
    ) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for item in self.current():
            if not resourceTypes or item.resource.type in resourceTypes:
                counts[item.resource.type] = counts.get(item.resource.type, 0) + 1

        def shown(one: tuple[str, int]) -> dict[str, Any]:
            return {"resourceType": one[0], "count": one[1]}

        def key(one: tuple[str, int]) -> str:
            return f"{10**9 - one[1]:09d} {one[0]}"

        page = self.page("resourceCounts", counts.items(), shown, key, nextToken, limit or None, "nextToken")
        return {"totalDiscoveredResources": sum(counts.values()), **page}

    # --- retention

    def put_retention_configuration(self, RetentionPeriodInDays: int) -> dict[str, Any]:
        self.retention["default"] = RetentionPeriodInDays
        return {"RetentionConfiguration": {"Name": "default", "RetentionPeriodInDays": RetentionPeriodInDays}}

    def describe_retention_configurations(
        self, RetentionConfigurationNames: Sequence[str] = (), NextToken: str | None = None
    ) -> dict[str, Any]:
        for name in RetentionConfigurationNames:
            self._check_retention(name)

        def shown(one: tuple[str, int]) -> dict[str, Any]:
            return {"Name": one[0], "RetentionPeriodInDays": one[1]}

        return self.page("RetentionConfigurations", self.retention.items(), shown, lambda one: one[0], NextToken)

    def delete_retention_configuration(self, RetentionConfigurationName: str) -> None:
        self._check_retention(RetentionConfigurationName)
        del self.retention[RetentionConfigurationName]

    def _check_retention(self, name: str) -> None:
        if name not in self.retention:
            raise self.error(
                "NoSuchRetentionConfigurationException",
                f"Cannot find retention configuration with the specified name '{name}'.",
            )


def _only_reads(service: str, operation: str) -> bool:
    needed = authorizations_for(service, operation, {}, "", "")
    action = action_named(needed[0].action) if needed else None
    return action is not None and action.level in ("List", "Read")


def _texts(record: CallRecord) -> Iterator[str]:
    """All short texts of a call and its answer: among them are the names of what it was about."""
    waiting: list[Any] = [record.parameters, record.result]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if len(value) <= 2048:
                yield value
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
            waiting.extend(value.keys())
        elif isinstance(value, list):
            waiting.extend(value)


def _base(item: Item) -> dict[str, Any]:
    shown = item.shown()
    for name in ("configurationItemMD5Hash", "tags", "relatedEvents", "relationships"):
        del shown[name]
    return shown
