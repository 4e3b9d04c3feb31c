"""Subscription filters, and destinations for those of other accounts.

Sources: CloudWatch Logs API Reference; User Guide, "Subscription filters", "Cross-account log data sharing"; sentences
as AWS answers them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.service import ResourceSide
from awsim.services.logs.delivering import SYSTEM_FIELDS, Deliveries
from awsim.services.logs.filters import Destination, Filter, Subscription
from awsim.services.logs.group import LogGroup
from awsim.services.logs.names import check_role_arn, is_resource
from awsim.services.logs.patterns.criteria import criteria
from awsim.services.logs.refusals import denied, invalid, missing

_STREAMS = ("kinesis", "firehose")


class SubscriptionOperations(Deliveries):
    def put_subscription_filter(
        self,
        logGroupName: str,
        filterName: str,
        filterPattern: str,
        destinationArn: str,
        roleArn: str | None = None,
        distribution: str | None = None,
        applyOnTransformedLogs: bool | None = None,
        fieldSelectionCriteria: str | None = None,
        emitSystemFields: Sequence[str] | None = None,
    ) -> None:
        group = self.standard(self.group(logGroupName))
        self.pattern(filterPattern)
        before = group.subscriptions.get(filterName)
        if before is None:
            self.limits.quota("subscription-filters", len(group.subscriptions), group.name)
        filter = Subscription(
            filterName, logGroupName, filterPattern, self.now, destinationArn, roleArn, distribution or "ByLogStream"
        )
        self.set_up(group, filter, applyOnTransformedLogs, fieldSelectionCriteria, emitSystemFields)
        self.check_target_of(destinationArn, roleArn, f"{group.arn}:*")
        if before is not None:
            filter.created = before.created
        group.subscriptions[filterName] = filter

    def set_up(
        self,
        group: LogGroup | None,
        filter: Filter,
        transformed: bool | None,
        selection: str | None,
        fields: Sequence[str] | None,
    ) -> None:
        """Check and set what metric and subscription filters both have."""
        if group is not None:
            others = [
                each
                for each in (*group.metric_filters.values(), *group.subscriptions.values())
                if each.name != filter.name or type(each) is not type(filter)
            ]
            if filter.pattern.regexes:
                self.limits.quota("regex-filters", sum(each.pattern.regexes > 0 for each in others), group.name)
        if selection:
            criteria(selection, SYSTEM_FIELDS)
        strange = set(fields or ()) - SYSTEM_FIELDS
        if strange:
            raise invalid(f"Invalid system fields: {', '.join(sorted(strange))}")
        filter.transformed = transformed
        filter.selection = selection
        filter.fields = tuple(fields) if fields is not None else None

    def check_target_of(self, target: str, role: str | None, source: str) -> None:
        """Refuse what a filter cannot send to."""
        if not is_resource(target):
            raise invalid(f"Invalid destinationArn: {target}")
        if role is not None:
            check_role_arn(role)
        parts = target.split(":", 6)
        vendor, region, account = parts[2:5]
        if vendor == "logs" and len(parts) == 7 and parts[5] == "destination":
            self._check_admitted(target, account)
            return
        if vendor not in (*_STREAMS, "lambda"):
            raise invalid(f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}")
        if (role is None) == (vendor in _STREAMS):
            how = "without" if vendor in _STREAMS else "with"
            raise invalid(f"destinationArn for vendor {vendor} cannot be used {how} roleArn")
        if account != self.account or region != self.region:
            raise invalid("The destination has to be in the account and Region of the log group.")
        self.check_target(target, role, source)

    def _check_admitted(self, arn: str, owner: str) -> None:
        """Refuse a destination of another account whose policy does not let this one in."""
        destination = self.destination_at(arn)
        if owner == self.account:
            return
        from awsim.gateway.authorizer import admits

        policies = [parse(destination.policy, "resource")] if destination.policy else []
        side = ResourceSide(owner, policies)
        if not admits(self.request, "logs:PutSubscriptionFilter", arn, side).allowed:
            raise denied(
                f"User with accountId: {self.account} is not authorized to perform: logs:PutSubscriptionFilter on "
                f"resource: {arn}"
            )

    def describe_subscription_filters(
        self,
        logGroupName: str,
        filterNamePrefix: str | None = None,
        nextToken: str | None = None,
        limit: int | None = None,
    ) -> dict[str, Any]:
        group = self.group(logGroupName)
        return self.page_of(
            "subscriptionFilters",
            group.subscriptions,
            Subscription.described,
            nextToken,
            limit,
            prefix=filterNamePrefix or "",
        )

    def delete_subscription_filter(self, logGroupName: str, filterName: str) -> None:
        group = self.group(logGroupName)
        if filterName not in group.subscriptions:
            raise missing("The specified subscription filter does not exist.")
        del group.subscriptions[filterName]

    # --- destinations

    def put_destination(
        self, destinationName: str, targetArn: str, roleArn: str, tags: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        check_role_arn(roleArn)
        if not is_resource(targetArn) or targetArn.split(":")[2] not in _STREAMS:
            raise invalid(f"PutDestination operation cannot work with targetArn {targetArn}")
        arn = self.arn(f"destination:{destinationName}")
        new_tags = self.new_tags(tags)
        self.check_target(targetArn, roleArn, arn)
        before = self.destinations.get(destinationName)
        destination = Destination(destinationName, arn, targetArn, roleArn, self.now)
        if before is not None:
            destination.policy, destination.created = before.policy, before.created
        destination.tags = before.tags if before is not None and tags is None else new_tags
        self.destinations[destinationName] = self.named[arn] = destination
        return {"destination": destination.described()}

    def put_destination_policy(self, destinationName: str, accessPolicy: str, forceUpdate: bool | None = None) -> None:
        destination = self._destination(destinationName)
        self.limits.check("destination-policy", len(accessPolicy.encode()))
        try:
            parse(accessPolicy, "resource")
        except PolicyError:
            raise invalid("Policy document is not valid JSON or has invalid syntax.") from None
        destination.policy = accessPolicy

    def delete_destination(self, destinationName: str) -> None:
        destination = self._destination(destinationName)
        del self.destinations[destinationName]
        del self.named[destination.arn]

    def _destination(self, name: str) -> Destination:
        found: Destination | None = self.destinations.get(name)
        if found is None:
            raise missing("The specified destination does not exist.")
        return found

    def describe_destinations(
        self, DestinationNamePrefix: str | None = None, nextToken: str | None = None, limit: int | None = None
    ) -> dict[str, Any]:
        return self.page_of(
            "destinations",
            self.destinations,
            Destination.described,
            nextToken,
            limit,
            prefix=DestinationNamePrefix or "",
        )
