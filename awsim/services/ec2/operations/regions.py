"""Regions, zones and what the account may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import filters as filtering
from awsim.services.ec2.base import Base
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.refusals import invalid
from awsim.services.ec2.zones import Zone, opt_in, regions, zones

_REGION = {"region-name": "RegionName", "endpoint": "Endpoint", "opt-in-status": "OptInStatus"}
_ZONE = {
    "zone-name": "ZoneName",
    "zone-id": "ZoneId",
    "region-name": "RegionName",
    "state": "State",
    "zone-type": "ZoneType",
    "group-name": "GroupName",
    "opt-in-status": "OptInStatus",
    "message": "Messages.Message",
}
_ATTRIBUTES = {
    "supported-platforms": lambda self: "VPC",
    "default-vpc": lambda self: self.default_vpc_id or "none",
    "max-instances": lambda self: "20",
    "vpc-max-security-groups-per-interface": lambda self: str(self.limits["groups-per-interface"]),
    "max-elastic-ips": lambda self: str(self.limits["elastic-ips"]),
    "vpc-max-elastic-ips": lambda self: str(self.limits["elastic-ips"]),
}


class RegionOperations(Base):
    def describe_regions(
        self, RegionNames: Sequence[str] = (), AllRegions: bool | None = None, Filters: Filters = ()
    ) -> dict[str, Any]:
        known = regions(self.partition)
        for name in RegionNames:
            if name not in known:
                raise invalid(f"Invalid region provided. Region: {name}")
        filtering.check(Filters, _REGION)
        found = [
            {"RegionName": name, "Endpoint": f"ec2.{name}.{self.suffix}", "OptInStatus": opt_in(name, self.partition)}
            for name in known
            if (name in RegionNames if RegionNames else AllRegions or self.is_on(name))
        ]
        return {"Regions": [each for each in found if filtering.matches(each, Filters, _REGION)]}

    def is_on(self, region: str) -> bool:
        return opt_in(region, self.partition) == "opt-in-not-required"

    def describe_availability_zones(
        self,
        ZoneNames: Sequence[str] = (),
        ZoneIds: Sequence[str] = (),
        AllAvailabilityZones: bool | None = None,
        Filters: Filters = (),
    ) -> dict[str, Any]:
        known = zones(self.region)
        for name in ZoneNames:
            self.zone(name)
        for id_ in ZoneIds:
            if all(id_ != zone.id for zone in known):
                raise invalid(f"Invalid availability zone-id: [{id_}]")
        filtering.check(Filters, _ZONE)
        found = [
            {
                "State": "available",
                "OptInStatus": "opt-in-not-required",
                "Messages": [],
                "RegionName": self.region,
                "ZoneName": zone.name,
                "ZoneId": zone.id,
                "GroupName": f"{self.region}-zg-1",
                "NetworkBorderGroup": self.region,
                "ZoneType": "availability-zone",
                "GroupLongName": f"{regions(self.partition).get(self.region, self.region)} 1",
            }
            for zone in known
            if (not ZoneNames or zone.name in ZoneNames) and (not ZoneIds or zone.id in ZoneIds)
        ]
        return {"AvailabilityZones": [each for each in found if filtering.matches(each, Filters, _ZONE)]}

    def describe_account_attributes(self, AttributeNames: Sequence[str] = ()) -> dict[str, Any]:
        for name in AttributeNames:
            if name not in _ATTRIBUTES:
                raise invalid(f"Invalid value '{name}' for attribute-name.")
        return {
            "AccountAttributes": [
                {"AttributeName": name, "AttributeValues": [{"AttributeValue": value(self)}]}
                for name, value in _ATTRIBUTES.items()
                if not AttributeNames or name in AttributeNames
            ]
        }

    @property
    def default_vpc_id(self) -> str | None:
        raise NotImplementedError

    @property
    def suffix(self) -> str:
        """The domain of the partition's endpoints."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def zone(self, name: str | None = None, id_: str | None = None) -> Zone:
        """A zone by its name or id; raises for one that the region does not have."""
        for zone in zones(self.region):
            if zone.name == name or (name is None and zone.id == id_):
                return zone
        shown = ", ".join(zone.name for zone in zones(self.region))
        raise AWSError(
            "InvalidParameterValue",
            f"Value ({name or id_}) for parameter availabilityZone is invalid. "
            f"Subnets can currently only be created in the following availability zones: {shown}.",
        )
