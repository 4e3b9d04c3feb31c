"""What hangs on tables: time to live and tags; and DescribeLimits and DescribeEndpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from awsim.services.dynamodb.feeds import EXPIRY
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.replicas import ReplicaOperations
from awsim.services.dynamodb.table import Table
from awsim.state import Lifecycle, tag_map

_TAG = re.compile(r"[\w\s.:/=+@-]*\Z")
_TAGGABLE = re.compile(r"arn:[a-z-]+:dynamodb:([a-z0-9-]+):([0-9]{12}):table/([a-zA-Z0-9_.-]{3,255})\Z")


class SettingOperations(ReplicaOperations):
    """Operations on tables' settings."""

    # --- time to live

    def update_time_to_live(self, TableName: str, TimeToLiveSpecification: dict[str, Any]) -> dict[str, Any]:
        table = self._settled(TableName)
        enabled, attribute = TimeToLiveSpecification["Enabled"], TimeToLiveSpecification["AttributeName"]
        current = table.ttl_attribute
        if table.ttl_lifecycle is not None and not table.ttl_lifecycle.settled_now:
            raise invalid("Time to live has been modified multiple times within a fixed interval")
        if enabled:
            if current is not None:
                if current != attribute:
                    raise invalid(
                        f"TimeToLive is active on a different AttributeName: current AttributeName is {current}"
                    )
                raise invalid("TimeToLive is already enabled")
            table.ttl_lifecycle = Lifecycle(self, [("ENABLING", "ttl-enable"), ("ENABLED", None)])
            table.watch_expiries(attribute)
            self._watch_expiry(table)
        else:
            if current is None:
                raise invalid("TimeToLive is already disabled")
            if current != attribute:
                raise invalid(f"TimeToLive is active on a different AttributeName: current AttributeName is {current}")
            table.ttl_lifecycle = Lifecycle(self, [("DISABLING", "ttl-enable"), ("DISABLED", None)])
            table.watch_expiries(None)
        self._share_expiry(table)
        return {"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": attribute}}

    def describe_time_to_live(self, TableName: str) -> dict[str, Any]:
        table = self._settled(TableName)
        status = table.ttl_lifecycle.state if table.ttl_lifecycle is not None else "DISABLED"
        description = {"TimeToLiveStatus": status}
        if table.ttl_attribute is not None:
            description["AttributeName"] = table.ttl_attribute
        return {"TimeToLiveDescription": description}

    def _set_expiry(self, table: Table, attribute: str | None) -> None:
        """Have a replica's items expire as those of the others."""
        states = ("ENABLING", "ENABLED") if attribute is not None else ("DISABLING", "DISABLED")
        table.ttl_lifecycle = Lifecycle(self, [(states[0], "ttl-enable"), (states[1], None)])
        table.watch_expiries(attribute)
        self._watch_expiry(table)

    def _watch_expiry(self, table: Table) -> None:
        """Have the table's expired items deleted when the first of them is due."""
        due = table.next_expiry()
        if due is None:
            return
        begun = table.ttl_lifecycle.ends_at() if table.ttl_lifecycle is not None else None
        when = max(due + self.limits.duration("ttl-delay"), begun or 0.0)
        if table.expiry_job is not None:
            planned, job = table.expiry_job
            if planned <= when:
                return
            self.cancel(job)
        table.expiry_job = (when, self.at_time(when, "_expire", name=table.name, id=table.id))

    def _expire(self, name: str, id: str) -> None:
        """Delete the items of a table whose time is up: of no cost, and as any change into its indexes."""
        table: Table | None = self.tables.get(name)
        if table is None or table.id != id or table.expiries is None:
            return
        table.expiry_job = None
        now = self.clock.time()
        oldest = now - self.limits["ttl-oldest"]
        for place, item in table.expired(now - self.limits.duration("ttl-delay")):
            expiry = table.expiry_of(item)
            if expiry is not None and expiry < oldest:
                table.ignore_expiry(place, item)
                continue
            table.write(place, item, None, self.limits, None, self._lags(), origin=EXPIRY)
        self._watch_expiry(table)

    # --- tags

    def tag_resource(self, ResourceArn: str, Tags: list[dict[str, str]]) -> None:
        table = self._tagged(ResourceArn)
        if not Tags:
            raise invalid("Atleast one Tag needs to be provided as Input.")
        table.tags = self._checked_tags(table.tags, tag_map(Tags))

    def untag_resource(self, ResourceArn: str, TagKeys: list[str]) -> None:
        table = self._tagged(ResourceArn)
        if not TagKeys:
            raise invalid("Atleast one Tag Key needs to be provided as Input.")
        table.tags = {key: value for key, value in table.tags.items() if key not in TagKeys}

    def list_tags_of_resource(self, ResourceArn: str, NextToken: str | None = None) -> dict[str, Any]:
        table = self._tagged(ResourceArn)
        if NextToken is not None:
            # All tags that a table may have fit into one answer, so that no token was ever given out.
            raise invalid(f"Invalid NextToken: {NextToken}")
        return {"Tags": [{"Key": key, "Value": value} for key, value in table.tags.items()]}

    def _tagged(self, arn: str) -> Table:
        if not arn.startswith("arn:"):
            raise invalid(f"Invalid TableArn: ARNs must start with 'arn:': {arn}")
        match = _TAGGABLE.match(arn)
        if match is None:
            raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
        if (match[1], match[2]) != (self.region, self.account):
            raise self.error(
                "AccessDeniedException",
                f"User: {self.caller.arn} is not authorized to perform: "
                f"dynamodb:{self.request.operation} on resource: {arn}",
            )
        self._drop_deleted()
        table: Table | None = self.tables.get(match[3])
        if table is None:
            raise self.error("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
        return table

    def _checked_tags(self, tags: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
        """The tags of a table with new ones added."""
        for key in new:
            if key.startswith("aws:"):
                raise invalid_parameter("Tag keys can not start with the reserved prefix aws:")
            for text in (key, new[key]):
                if not _TAG.match(text):
                    raise invalid_parameter(f"The tag contains characters that are not allowed: {text}")
        merged = {**tags, **new}
        self.limits.check("tags-per-resource", len(merged))
        return merged

    # --- the account

    def describe_limits(self) -> dict[str, Any]:
        limits = self.limits
        rows = {
            "AccountMaxReadCapacityUnits": "account-read-units",
            "AccountMaxWriteCapacityUnits": "account-write-units",
            "TableMaxReadCapacityUnits": "table-read-units",
            "TableMaxWriteCapacityUnits": "table-write-units",
        }
        return {member: int(limits[row]) for member, row in rows.items() if limits[row] is not None}

    def describe_endpoints(self) -> dict[str, Any]:
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        minutes = int(self.limits["endpoint-cache"])
        return {"Endpoints": [{"Address": f"dynamodb.{self.region}.{suffix}", "CachePeriodInMinutes": minutes}]}

    def _settled(self, name: str) -> Table:
        """A table that settings can be asked of and changed."""
        known = self._table_name(name)
        self._drop_deleted()
        table: Table | None = self.tables.get(known)
        if table is None or table.status in ("CREATING", "DELETING"):
            raise self.error("ResourceNotFoundException", f"Requested resource not found: Table: {known} not found")
        return table
