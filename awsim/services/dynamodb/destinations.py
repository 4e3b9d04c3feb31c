"""What else follows a table: Kinesis data streams, contributor insights; and resource policies."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import md5
from typing import Any

from awsim.service import ResourceSide
from awsim.services.dynamodb import condition_keys, values
from awsim.services.dynamodb.base import Base
from awsim.services.dynamodb.feeds import EXPIRY
from awsim.services.dynamodb.refusals import invalid
from awsim.services.dynamodb.schema import Place
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.table import Table
from awsim.state import Dict, Entity, Lifecycle

_OFFSET = re.compile(r"[0-9]{1,9}\Z")
_RESOURCE = re.compile(r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/([a-zA-Z0-9_.-]{3,255})(/stream/[^/]+)?\Z")
_WITHIN = re.compile(r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/([a-zA-Z0-9_.-]{3,255})(?:/|\Z)")


class Destination(Entity):
    """A Kinesis data stream that a table's changes are sent to. `send` takes the change and its partition key."""

    def __init__(
        self, table: Table, stream: str, precision: str, lifecycle: Lifecycle, now: Callable[[], float],
        send: Callable[[str, dict[str, Any], str], None],
    ) -> None:  # fmt: skip
        self.table = table
        self.stream = stream
        self.precision = precision
        self.lifecycle = lifecycle
        self._now = now
        self._send = send

    def note(self, place: Place, old: Item | None, new: Item | None, origin: str) -> None:
        if old is not None and new is not None and values.equal(old.attributes, new.attributes):
            return
        item = new if new is not None else old
        assert item is not None
        unit = 1_000_000 if self.precision == "MICROSECOND" else 1000
        keys = self.table.keys.key_of(item.attributes)
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": int(self._now() * unit),
            "ApproximateCreationDateTimePrecision": self.precision,
            "Keys": values.dump_item(keys),
            "SizeBytes": values.item_size(keys) + sum(one.size for one in (old, new) if one is not None),
        }
        for member, one in (("NewImage", new), ("OldImage", old)):
            if one is not None:
                change[member] = values.dump_item(one.attributes)
        record = {
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "tableName": self.table.name,
            "dynamodb": change,
            "userIdentity": {"principalId": "dynamodb.amazonaws.com", "type": "Service"} if origin == EXPIRY else None,
        }
        start = place if type(place) is str else place[0]
        self._send(self.stream, record, md5(start.encode("utf-8", "replace"), usedforsecurity=False).hexdigest())

    def describe(self) -> dict[str, Any]:
        return {
            "StreamArn": self.stream,
            "DestinationStatus": self.lifecycle.state,
            "ApproximateCreationDateTimePrecision": self.precision,
        }


class Insights(Entity):
    """Contributor insights of a table or an index: switched on or off, in a mode."""

    def __init__(self, mode: str, lifecycle: Lifecycle, updated: float) -> None:
        self.mode = mode
        self.lifecycle = lifecycle
        self.updated = updated


class DestinationOperations(Base):
    """Operations on what hangs on tables and is none of their settings."""

    def setup(self) -> None:
        super().setup()
        # (table id, index name or None) -> Insights; ARN -> (policy, revision).
        self.insights = Dict()
        self.policies = Dict()

    # --- Kinesis data streams

    def enable_kinesis_streaming_destination(
        self, TableName: str, StreamArn: str, EnableKinesisStreamingConfiguration: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        table = self._followed(TableName)
        known = self._destination(table, StreamArn)
        if known is not None and known.lifecycle.state in ("ENABLING", "ACTIVE"):
            raise invalid(
                "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination "
                "must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
            )
        # Whether there is such a stream is for Kinesis to say.
        self.call("kinesis", "DescribeStreamSummary", StreamARN=StreamArn)
        active = [one for one in self._destinations(table) if one.lifecycle.state in ("ENABLING", "ACTIVE")]
        self.limits.quota("kinesis-destinations", len(active), table.name)
        precision = (EnableKinesisStreamingConfiguration or {}).get(
            "ApproximateCreationDateTimePrecision", "MILLISECOND"
        )
        lifecycle = Lifecycle(self, [("ENABLING", "kinesis-enable"), ("ACTIVE", None)])
        name = table.name

        def send(stream: str, record: dict[str, Any], key: str) -> None:
            self.later(0, "_send_record", table=name, stream=stream, record=record, key=key)

        destination = Destination(table, StreamArn, precision, lifecycle, self.clock.time, send)
        table.destinations = {**table.destinations, StreamArn: destination}
        table.feeds = (*(feed for feed in table.feeds if feed is not known), destination)
        return self._answer_of(table, destination, EnableKinesisStreamingConfiguration, "Enable")

    def disable_kinesis_streaming_destination(
        self, TableName: str, StreamArn: str, EnableKinesisStreamingConfiguration: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        table = self._followed(TableName)
        destination = self._active(table, StreamArn, "DISABLE")
        destination.lifecycle = Lifecycle(self, [("DISABLING", "kinesis-enable"), ("DISABLED", None)])
        table.feeds = tuple(feed for feed in table.feeds if feed is not destination)
        return self._answer_of(table, destination, EnableKinesisStreamingConfiguration, "Enable")

    def update_kinesis_streaming_destination(
        self, TableName: str, StreamArn: str, UpdateKinesisStreamingConfiguration: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        table = self._followed(TableName)
        destination = self._active(table, StreamArn, "UPDATE")
        precision = (UpdateKinesisStreamingConfiguration or {}).get("ApproximateCreationDateTimePrecision")
        if precision is None or precision == destination.precision:
            raise invalid("Invalid Request: Precision is already set to the desired value or was not given")
        destination.precision = precision
        destination.lifecycle = Lifecycle(self, [("UPDATING", "kinesis-enable"), ("ACTIVE", None)])
        return self._answer_of(table, destination, UpdateKinesisStreamingConfiguration, "Update")

    def describe_kinesis_streaming_destination(self, TableName: str) -> dict[str, Any]:
        table = self._followed(TableName)
        shown = [destination.describe() for destination in self._destinations(table)]
        return {"TableName": table.name, "KinesisDataStreamDestinations": shown}

    def _send_record(self, table: str, stream: str, record: dict[str, Any], key: str) -> None:
        data = {
            "awsRegion": self.region,
            "eventID": self.ids.uuid("kinesis-event"),
            "recordFormat": "application/json",
            "eventSource": "aws:dynamodb",
            **record,
        }
        body = json.dumps(data, default=lambda raw: b64encode(raw).decode()).encode()
        self.call("kinesis", "PutRecord", StreamARN=stream, Data=body, PartitionKey=key)

    @staticmethod
    def _destinations(table: Table) -> list[Destination]:
        return list(table.destinations.values())

    @staticmethod
    def _destination(table: Table, stream: str) -> Destination | None:
        return table.destinations.get(stream)

    def _active(self, table: Table, stream: str, what: str) -> Destination:
        destination = self._destination(table, stream)
        if destination is None:
            raise self.error(
                "ResourceNotFoundException",
                f"Requested resource not found: Table: {table.name} has no Kinesis streaming destination {stream}",
            )
        if destination.lifecycle.state != "ACTIVE":
            raise invalid(
                f"Table is not in a valid state to {what.lower()} Kinesis Streaming Destination: "
                f"KinesisStreamingDestination must be ACTIVE to perform {what} operation."
            )
        return destination

    @staticmethod
    def _answer_of(
        table: Table, destination: Destination, given: Mapping[str, Any] | None, verb: str
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "TableName": table.name,
            "StreamArn": destination.stream,
            "DestinationStatus": destination.lifecycle.state,
        }
        if given:
            answer[f"{verb}KinesisStreamingConfiguration"] = dict(given)
        return answer

    # --- contributor insights

    def update_contributor_insights(
        self,
        TableName: str,
        ContributorInsightsAction: str,
        IndexName: str | None = None,
        ContributorInsightsMode: str | None = None,
    ) -> dict[str, Any]:
        table = self._insightful(TableName, IndexName)
        enabling = ContributorInsightsAction == "ENABLE"
        states = ("ENABLING", "ENABLED") if enabling else ("DISABLING", "DISABLED")
        mode = ContributorInsightsMode or "ACCESSED_AND_THROTTLED_KEYS"
        lifecycle = Lifecycle(self, [(states[0], "table-update"), (states[1], None)])
        insights = Insights(mode, lifecycle, self.clock.time())
        self.insights[table.id, IndexName] = insights
        return self._shown_insights(table, IndexName, insights)

    def describe_contributor_insights(self, TableName: str, IndexName: str | None = None) -> dict[str, Any]:
        table = self._insightful(TableName, IndexName)
        insights = self.insights.get((table.id, IndexName))
        if insights is None:
            shown = {"TableName": table.name, "ContributorInsightsStatus": "DISABLED"}
            return {**shown, "IndexName": IndexName} if IndexName is not None else shown
        shown = self._shown_insights(table, IndexName, insights)
        shown["LastUpdateDateTime"] = insights.updated
        if insights.lifecycle.state == "ENABLED":
            keys = table.keys if IndexName is None else table.indexes[IndexName].keys
            kinds = ("PKC", "PKT", "SKC", "SKT") if keys.sort else ("PKC", "PKT")
            if insights.mode == "THROTTLED_KEYS":
                kinds = tuple(kind for kind in kinds if kind.endswith("T"))
            of = table.name if IndexName is None else f"{table.name}-{IndexName}"
            stamp = int(insights.updated * 1000)
            shown["ContributorInsightsRuleList"] = [
                f"DynamoDBContributorInsights-{kind}-{of}-{stamp}" for kind in kinds
            ]
        return shown

    def list_contributor_insights(
        self, TableName: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        wanted = self._followed(TableName).id if TableName is not None else None
        tables = {table.id: table for table in self.tables}
        found = [
            self._shown_insights(tables[id], index, insights)
            for (id, index), insights in self.insights.items()
            if id in tables and wanted in (None, id)
        ]
        if NextToken is not None and not _OFFSET.match(NextToken):
            raise invalid("The provided NextToken is not valid")
        start = int(NextToken or 0)
        page = found[start : start + MaxResults] if MaxResults else found[start:]
        result: dict[str, Any] = {"ContributorInsightsSummaries": page}
        if start + len(page) < len(found):
            result["NextToken"] = str(start + len(page))
        return result

    @staticmethod
    def _shown_insights(table: Table, index: str | None, insights: Insights) -> dict[str, Any]:
        shown = {
            "TableName": table.name,
            "ContributorInsightsStatus": insights.lifecycle.state,
            "ContributorInsightsMode": insights.mode,
        }
        return {**shown, "IndexName": index} if index is not None else shown

    def _insightful(self, name: str, index: str | None) -> Table:
        table = self._followed(name)
        if index is not None and index not in table.indexes:
            raise self.error(
                "ResourceNotFoundException",
                f"Requested resource not found: Table: {table.name} Index: {index} not found",
            )
        return table

    # --- resource policies

    def put_resource_policy(
        self,
        ResourceArn: str,
        Policy: str,
        ExpectedRevisionId: str | None = None,
        ConfirmRemoveSelfResourceAccess: bool | None = None,
    ) -> dict[str, Any]:
        self._check_resource(ResourceArn)
        known = self.policies.get(ResourceArn)
        if ExpectedRevisionId is not None and ExpectedRevisionId != (known[1] if known else "NO_POLICY"):
            raise self._no_revision(ResourceArn)
        try:
            document = json.loads(Policy)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict) or "Statement" not in document:
            raise invalid("Invalid policy document: it is not in JSON, or has no Statement")
        if known is not None and json.loads(known[0]) == document:
            return {"RevisionId": known[1]}
        self.policies[ResourceArn] = (Policy, self.ids.digits("policy-revision", 13))
        return {"RevisionId": self.policies[ResourceArn][1]}

    def get_resource_policy(self, ResourceArn: str) -> dict[str, Any]:
        self._check_resource(ResourceArn)
        known = self.policies.get(ResourceArn)
        if known is None:
            raise self._no_policy(ResourceArn)
        return {"Policy": known[0], "RevisionId": known[1]}

    def delete_resource_policy(self, ResourceArn: str, ExpectedRevisionId: str | None = None) -> dict[str, Any]:
        self._check_resource(ResourceArn)
        known = self.policies.get(ResourceArn)
        if ExpectedRevisionId is not None and (known is None or known[1] != ExpectedRevisionId):
            raise self._no_revision(ResourceArn)
        if known is None:
            return {}
        del self.policies[ResourceArn]
        return {"RevisionId": known[1]}

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a table (its indexes included) or a stream, of this account or another."""
        parts = arn.split(":", 5)  # a stream's label has colons
        if len(parts) != 6:
            return ResourceSide(self.account)
        owner = self.at(account=parts[4], region=parts[3])
        known = owner.policies.get(arn.partition("/index/")[0])
        if known is None:
            return ResourceSide(parts[4])
        from awsim.auth.policy import parse

        return ResourceSide(parts[4], (parse(known[0], "resource"),))

    def condition_value(self, key: str, resource: str) -> Any:
        return condition_keys.value(self, key, resource)

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        """The tags of a table; its indexes, streams and backups have them as theirs."""
        parts = arn.split(":")
        match = _WITHIN.match(arn)
        if match is None:
            return None
        table: Table | None = self.at(account=parts[4], region=parts[3]).tables.get(match[1])
        return table.tags if table is not None else None

    def _shared_table(self, arn: str) -> Table | None:
        """The table of another account in this Region, if its policy lets the caller do what it asks for."""
        match = _RESOURCE.match(arn)
        account, region = arn.split(":")[4], arn.split(":")[3]
        if match is None or match[2] or region != self.region or account == self.account:
            return None
        if self.cloud.authorization is None:
            from awsim.gateway.authorizer import check_strangers

            side = self.resource_policy(arn)
            check_strangers(self.request, side, lambda asked: asked.partition("/index/")[0] == arn)
        table: Table | None = self.at(account=account).tables.get(match[1])
        return table

    def _check_resource(self, arn: str) -> None:
        match = _RESOURCE.match(arn)
        if match is None:
            raise invalid(f"Invalid ResourceArn: {arn}")
        name, stream = match[1], match[2]
        self._drop_deleted()
        table: Table | None = self.tables.get(name)
        if table is None or not arn.startswith(table.arn) or (stream and arn not in self.streams):
            raise self.error("ResourceNotFoundException", f"Requested resource not found: {arn}")

    def _no_policy(self, arn: str) -> Exception:
        return self.error(
            "PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}"
        )

    def _no_revision(self, arn: str) -> Exception:
        return self.error(
            "PolicyNotFoundException",
            f"The resource-based policy of {arn} does not have the expected revision",
        )

    def _followed(self, name: str) -> Table:
        """A table that things can be hung on."""
        known = self._table_name(name)
        self._drop_deleted()
        table: Table | None = self.tables.get(known)
        if table is None or table.status in ("CREATING", "DELETING"):
            raise self.error("ResourceNotFoundException", f"Requested resource not found: Table: {known} not found")
        return table
