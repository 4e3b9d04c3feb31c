"""What all operations of OpenSearch Service share: look-ups, names, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.service import ResourceSide, Service
from awsim.services.opensearch.domain import Domain
from awsim.services.opensearch.refusals import CHANGING, bad_token, invalid, no_domain
from awsim.state import Collection, Dict
from awsim.state.pages import listed
from awsim.zones import vpc_of, zones_of


class Common(Service):
    """Domains, and what is around them."""

    name = "opensearch"

    # InvalidTypeException, and types that are newer than botocore's list of them.
    unchecked = frozenset({"OpenSearchPartitionInstanceType"})

    domains = Collection("domain", quota="domains")
    packages = Collection("package", key="id", quota="packages")
    endpoints = Collection("VPC endpoint", key="id", quota="vpc-endpoints")
    outbound = Collection("outbound connection", key="id", quota="outbound-connections")
    inbound = Collection("inbound connection", key="id")

    def setup(self) -> None:
        # Who has an endpoint of this region: host -> (account, domain). Only in the instance of the Cloud's account.
        self.hosts = Dict()

    @property
    def arn_name(self) -> str:
        return "es"

    @property
    def registry(self) -> Any:
        """The instance that knows all endpoints of the region."""
        return self.at(account=self.cloud.account)

    # --- look-ups

    def domain(self, name: str) -> Domain:
        found: Domain | None = self.domains.get(name)
        if found is None:
            raise no_domain(name)
        return found

    def changeable(self, name: str) -> Domain:
        """A domain that can be changed now."""
        domain = self.domain(name)
        if domain.is_changing:
            raise invalid(CHANGING)
        return domain

    def domain_at(self, arn: str) -> Domain:
        """The domain of this account that an ARN names."""
        parts = arn.split(":", 5)
        kind, _, name = parts[-1].partition("/")
        if len(parts) != 6 or parts[2] != "es" or kind != "domain" or not name:
            raise invalid(f"Invalid ARN: {arn}")
        if (parts[3], parts[4]) != (self.region, self.account):
            raise no_domain(name)
        return self.domain(name)

    # --- permissions

    def resource_policy(self, arn: str) -> ResourceSide:
        """The access policy of a domain is that of its indices too."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or not parts[4].isdecimal():
            return ResourceSide(self.account)
        kind, _, path = parts[5].partition("/")
        home = self.at(account=parts[4]) if parts[4] != self.account else self
        found = home.domains.get(path.partition("/")[0]) if kind == "domain" else None
        if found is None or not found.options["AccessPolicies"]:
            return ResourceSide(parts[4])
        return ResourceSide(parts[4], (parse(found.options["AccessPolicies"], "resource"),))

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        try:
            return self.domain_at(arn).tags.as_dict()
        except AWSError:
            return None

    # --- networks

    def network(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The VPCDerivedInfo of VPCOptions."""
        subnets: Sequence[str] = options.get("SubnetIds") or ()
        if not subnets:
            raise invalid("You must specify at least one subnet.")
        try:
            zones = zones_of(self, subnets)
            vpc = vpc_of(self, subnets)
        except AWSError as error:
            raise invalid(error.message) from None
        if vpc is None:
            raise invalid("All subnets must be of the same VPC.")
        return {
            "VPCId": vpc,
            "SubnetIds": list(subnets),
            "AvailabilityZones": zones,
            "SecurityGroupIds": list(options.get("SecurityGroupIds") or ()),
        }

    # --- pages

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
        refusal: Callable[[], AWSError] = bad_token,
    ) -> dict[str, Any]:
        most = size or int(self.limits["page-size"])
        return listed(member, records, shown, key, token, most, refusal=refusal)

    def whole_page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
    ) -> dict[str, Any]:
        """As `page`, for the listings whose answers always have a token: an empty one after the last page."""
        found = self.page(member, records, shown, key, token, None, bad_page)
        return {**found, "NextToken": found["NextToken"] or ""}


def bad_page() -> AWSError:
    """For operations whose model has no error for tokens."""
    return invalid("The pagination token isn't valid.")
