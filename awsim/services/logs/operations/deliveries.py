"""Vended logs: delivery sources, delivery destinations, and the deliveries that join them. What AWS's services would
deliver is theirs to write; here are the settings.

Source: CloudWatch Logs API Reference, PutDeliverySource, PutDeliveryDestination, CreateDelivery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.services.logs.names import is_resource
from awsim.services.logs.operations.account_policies import AccountPolicyOperations
from awsim.services.logs.refusals import missing, refused
from awsim.state import Collection, Entity, Tags

_KINDS = {"s3": "S3", "logs": "CWL", "firehose": "FH"}
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Source(Entity):
    """A resource that has logs of a type."""

    __slots__ = ("arn", "configuration", "kind", "name", "resource", "tags")

    def __init__(self, name: str, arn: str, resource: str, kind: str) -> None:
        self.name = name
        self.arn = arn
        self.resource = resource
        self.kind = kind
        self.configuration: Mapping[str, str] | None = None
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "arn": self.arn,
            "resourceArns": [self.resource],
            "service": self.resource.split(":")[2],
            "logType": self.kind,
            "tags": self.tags.as_dict() or None,
            "deliverySourceConfiguration": self.configuration,
            "status": "ACTIVE",
        }


class Target(Entity):
    """A delivery destination: a bucket, a log group, a delivery stream, or X-Ray."""

    __slots__ = ("arn", "format", "kind", "name", "policy", "resource", "role", "tags")

    def __init__(self, name: str, arn: str, kind: str, resource: str | None) -> None:
        self.name = name
        self.arn = arn
        self.kind = kind
        self.resource = resource
        self.format: str | None = None
        self.role: str | None = None
        self.policy: str | None = None
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        resource = {"destinationResourceArn": self.resource} if self.resource is not None else None
        return {
            "name": self.name,
            "arn": self.arn,
            "deliveryDestinationType": self.kind,
            "outputFormat": self.format,
            "deliveryDestinationConfiguration": resource,
            "roleArn": self.role,
            "tags": self.tags.as_dict() or None,
        }


class Delivery(Entity):
    """What joins a source and a destination. `settings`: record fields, delimiter, suffix."""

    __slots__ = ("arn", "id", "settings", "source", "tags", "target")

    def __init__(self, id: str, arn: str, source: Source, target: Target) -> None:
        self.id = id
        self.arn = arn
        self.source = source
        self.target = target
        self.settings: Mapping[str, Any] = {}
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "arn": self.arn,
            "deliverySourceName": self.source.name,
            "deliveryDestinationArn": self.target.arn,
            "deliveryDestinationType": self.target.kind,
            "tags": self.tags.as_dict() or None,
            **self.settings,
        }


def _missing(what: str) -> tuple[str, str]:
    return ("ResourceNotFoundException", f"The specified {what} does not exist.")


class DeliveryOperations(AccountPolicyOperations):
    sources = Collection("delivery source", quota="delivery-sources", missing=_missing("delivery source"))
    targets = Collection(
        "delivery destination", quota="delivery-destinations", missing=_missing("delivery destination")
    )
    deliveries = Collection("delivery", key="id", quota="deliveries", missing=_missing("delivery"))

    # --- sources

    def put_delivery_source(
        self,
        name: str,
        resourceArn: str,
        logType: str,
        tags: Mapping[str, str] | None = None,
        deliverySourceConfiguration: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if not resourceArn.startswith("arn:") or resourceArn.count(":") < 5:
            raise refused(f"Invalid resource ARN: {resourceArn}")
        before: Source | None = self.sources.get(name)
        if before is not None and (before.resource, before.kind) != (resourceArn, logType):
            raise _conflict(f"A delivery source with the name {name} exists for another resource or log type.")
        if any((each.resource, each.kind) == (resourceArn, logType) and each.name != name for each in self.sources):
            raise _conflict("A delivery source for this resource and log type exists already.")
        source = Source(name, self.arn(f"delivery-source:{name}"), resourceArn, logType)
        source.configuration = deliverySourceConfiguration
        source.tags = self.new_tags(tags, before.tags if before is not None else None)
        if before is not None:
            before.configuration, before.tags = source.configuration, source.tags
            source = before
        else:
            self.sources.add(source)
            self.named[source.arn] = source
        return {"deliverySource": source.described()}

    def get_delivery_source(self, name: str) -> dict[str, Any]:
        return {"deliverySource": self.sources[name].described()}

    def describe_delivery_sources(
        self, nextToken: str | None = None, limit: int | None = None, resourceArns: Sequence[str] = ()
    ) -> dict[str, Any]:
        found = [source for source in self.sources if not resourceArns or source.resource in resourceArns]
        return self.listing(
            "deliverySources", found, Source.described, lambda source: source.name, nextToken, limit, _bad_token
        )

    def delete_delivery_source(self, name: str) -> None:
        source: Source = self.sources[name]
        if any(delivery.source is source for delivery in self.deliveries):
            raise _conflict("The delivery source is used by a delivery.")
        self.sources.remove(name)
        del self.named[source.arn]

    # --- destinations

    def put_delivery_destination(
        self,
        name: str,
        outputFormat: str | None = None,
        deliveryDestinationConfiguration: Mapping[str, str] | None = None,
        deliveryDestinationType: str | None = None,
        roleArn: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        resource = (deliveryDestinationConfiguration or {}).get("destinationResourceArn")
        if resource is not None and resource.count(":") < 5:
            raise refused(f"Invalid destination resource ARN: {resource}")
        kind = deliveryDestinationType or (_KINDS.get(resource.split(":")[2]) if resource is not None else None)
        if not kind or (resource is None) != (kind == "XRAY"):
            raise refused("The delivery destination has to be an S3 bucket, a log group, a Firehose stream, or X-Ray.")
        before: Target | None = self.targets.get(name)
        if before is not None and before.kind != kind:
            raise _conflict("The type of a delivery destination cannot be changed.")
        used = before is not None and any(delivery.target is before for delivery in self.deliveries)
        if before is not None and used and outputFormat not in (None, before.format):
            raise _conflict("The output format of a delivery destination that is used cannot be changed.")
        new_tags = self.new_tags(tags, before.tags if before is not None else None)
        target = before
        if target is None:
            target = self.targets.add(Target(name, self.arn(f"delivery-destination:{name}"), kind, resource))
            self.named[target.arn] = target
        target.resource, target.role, target.tags = resource, roleArn, new_tags
        target.format = outputFormat or target.format
        return {"deliveryDestination": target.described()}

    def get_delivery_destination(self, name: str) -> dict[str, Any]:
        return {"deliveryDestination": self.targets[name].described()}

    def describe_delivery_destinations(
        self, nextToken: str | None = None, limit: int | None = None, names: Sequence[str] = ()
    ) -> dict[str, Any]:
        found = [target for target in self.targets if not names or target.name in names]
        return self.listing(
            "deliveryDestinations", found, Target.described, lambda target: target.name, nextToken, limit, _bad_token
        )

    def delete_delivery_destination(self, name: str) -> None:
        target: Target = self.targets[name]
        if any(delivery.target is target for delivery in self.deliveries):
            raise _conflict("The delivery destination is used by a delivery.")
        self.targets.remove(name)
        del self.named[target.arn]

    def put_delivery_destination_policy(
        self, deliveryDestinationName: str, deliveryDestinationPolicy: str
    ) -> dict[str, Any]:
        target: Target = self.targets[deliveryDestinationName]
        try:
            parse(deliveryDestinationPolicy, "resource")
        except PolicyError as problem:
            raise refused(f"Invalid policy: {problem.message}") from None
        target.policy = deliveryDestinationPolicy
        return self.get_delivery_destination_policy(deliveryDestinationName)

    def get_delivery_destination_policy(self, deliveryDestinationName: str) -> dict[str, Any]:
        policy = self.targets[deliveryDestinationName].policy
        return {"policy": {"deliveryDestinationPolicy": policy} if policy is not None else {}}

    def delete_delivery_destination_policy(self, deliveryDestinationName: str) -> None:
        self.targets[deliveryDestinationName].policy = None

    # --- deliveries

    def create_delivery(
        self,
        deliverySourceName: str,
        deliveryDestinationArn: str,
        recordFields: Sequence[str] | None = None,
        fieldDelimiter: str | None = None,
        s3DeliveryConfiguration: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        source: Source = self.sources[deliverySourceName]
        target = self._target(deliveryDestinationArn)
        if any(each.source is source and each.target.kind == target.kind for each in self.deliveries):
            raise _conflict("The delivery source has a delivery to a destination of this type already.")
        id = self.ids.text("delivery", 16, _DIGITS)
        delivery = Delivery(id, self.arn(f"delivery:{id}"), source, target)
        self._configure(delivery, recordFields, fieldDelimiter, s3DeliveryConfiguration)
        delivery.tags = self.new_tags(tags)
        self.deliveries.add(delivery)
        self.named[delivery.arn] = delivery
        return {"delivery": delivery.described()}

    def _target(self, arn: str) -> Target:
        """A delivery destination, also one of another account."""
        parts = arn.split(":", 6)
        found: Target | None = None
        if is_resource(arn) and len(parts) == 7 and parts[3] == self.region:
            home = self if parts[4] == self.account else self.at(account=parts[4])
            found = home.targets.get(parts[6])
        if found is None or found.arn != arn:
            raise missing("The specified delivery destination does not exist.")
        return found

    def _configure(
        self,
        delivery: Delivery,
        fields: Sequence[str] | None,
        delimiter: str | None,
        s3: Mapping[str, Any] | None,
    ) -> None:
        if s3 is not None and delivery.target.kind != "S3":
            raise refused("s3DeliveryConfiguration can be specified only for deliveries to S3.")
        given = {"recordFields": fields, "fieldDelimiter": delimiter, "s3DeliveryConfiguration": s3}
        new = {name: value for name, value in given.items() if value is not None}
        delivery.settings = {**delivery.settings, **new}

    def update_delivery_configuration(
        self,
        id: str,
        recordFields: Sequence[str] | None = None,
        fieldDelimiter: str | None = None,
        s3DeliveryConfiguration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        self._configure(self.deliveries[id], recordFields, fieldDelimiter, s3DeliveryConfiguration)
        return {}

    def get_delivery(self, id: str) -> dict[str, Any]:
        return {"delivery": self.deliveries[id].described()}

    def describe_deliveries(
        self, nextToken: str | None = None, limit: int | None = None, deliverySourceNames: Sequence[str] = ()
    ) -> dict[str, Any]:
        found = [each for each in self.deliveries if not deliverySourceNames or each.source.name in deliverySourceNames]
        return self.listing("deliveries", found, Delivery.described, lambda each: each.id, nextToken, limit, _bad_token)

    def delete_delivery(self, id: str) -> None:
        delivery: Delivery = self.deliveries.remove(id)
        del self.named[delivery.arn]


def _conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def _bad_token() -> AWSError:
    return refused("The specified nextToken is invalid.")
