"""Ways into domains from other networks: VPC endpoints, and who may make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.services.opensearch.packages import Packages
from awsim.services.opensearch.refusals import conflict, invalid, missing
from awsim.state import Entity, Lifecycle

Given = Mapping[str, Any]


class Endpoint(Entity):
    """A VPC endpoint of OpenSearch Service."""

    __slots__ = ("domain", "host", "id", "lifecycle", "network", "owner")

    def __init__(self, id: str, owner: str, domain: str, network: Given, host: str, lifecycle: Lifecycle) -> None:
        self.id = id
        self.owner = owner
        self.domain = domain
        self.network = network
        self.host = host
        self.lifecycle = lifecycle

    def summary(self) -> dict[str, Any]:
        return {
            "VpcEndpointId": self.id,
            "VpcEndpointOwner": self.owner,
            "DomainArn": self.domain,
            "Status": self.lifecycle.state,
        }

    def described(self) -> dict[str, Any]:
        shown = {**self.summary(), "VpcOptions": self.network}
        return {**shown, "Endpoint": self.host} if self.lifecycle.settled_now else shown


class Reaching(Packages):
    """Operations on VPC endpoints."""

    # --- VPC endpoints

    def create_vpc_endpoint(self, DomainArn: str, VpcOptions: Given, ClientToken: str | None = None) -> dict[str, Any]:
        parts = DomainArn.split(":", 5)
        name = parts[5].partition("/")[2]
        home = self.at(account=parts[4], region=parts[3])
        domain = home.domains.get(name)
        if domain is None:
            raise invalid(f"Domain not found: {DomainArn}")
        if parts[4] != self.account and self.account not in domain.grants:
            raise invalid(f"Account {self.account} is not authorized to create VPC endpoints for {DomainArn}.")
        if domain.network is None:
            raise invalid("VPC endpoints can only be created for domains in a VPC.")
        network = self.network(VpcOptions)
        id = f"aos-{self.ids.hex('vpc-endpoint', 32)}"
        host = f"vpce-{name}-{self.ids.hex('vpc-endpoint-host', 26)}.{self.region}.es.amazonaws.com"
        lifecycle = Lifecycle(self, [("CREATING", "endpoint-creation"), ("ACTIVE", None)])
        endpoint = self.endpoints.add(Endpoint(id, self.account, DomainArn, network, host, lifecycle))
        return {"VpcEndpoint": endpoint.described()}

    def update_vpc_endpoint(self, VpcEndpointId: str, VpcOptions: Given) -> dict[str, Any]:
        endpoint = self._endpoint(VpcEndpointId)
        if not endpoint.lifecycle.settled_now:
            raise conflict("The VPC endpoint is being changed.")
        endpoint.network = self.network({**endpoint.network, **VpcOptions})
        endpoint.lifecycle = Lifecycle(self, [("UPDATING", "endpoint-creation"), ("ACTIVE", None)])
        return {"VpcEndpoint": endpoint.described()}

    def delete_vpc_endpoint(self, VpcEndpointId: str) -> dict[str, Any]:
        endpoint = self._endpoint(VpcEndpointId)
        self.endpoints.remove(VpcEndpointId)
        return {"VpcEndpointSummary": {**endpoint.summary(), "Status": "DELETING"}}

    def describe_vpc_endpoints(self, VpcEndpointIds: Sequence[str]) -> dict[str, Any]:
        found, errors = [], []
        for id in dict.fromkeys(VpcEndpointIds):
            endpoint = self.endpoints.get(id)
            if endpoint is not None:
                found.append(endpoint.described())
            else:
                told = f"VPC endpoint not found: {id}"
                errors.append({"VpcEndpointId": id, "ErrorCode": "ENDPOINT_NOT_FOUND", "ErrorMessage": told})
        return {"VpcEndpoints": found, "VpcEndpointErrors": errors}

    def list_vpc_endpoints(self, NextToken: str | None = None) -> dict[str, Any]:
        return self._endpoints(self.endpoints, NextToken)

    def list_vpc_endpoints_for_domain(self, DomainName: str, NextToken: str | None = None) -> dict[str, Any]:
        domain = self.domain(DomainName)
        return self._endpoints([one for one in self.endpoints if one.domain == domain.arn], NextToken)

    def _endpoints(self, found: Iterable[Endpoint], token: str | None) -> dict[str, Any]:
        return self.whole_page("VpcEndpointSummaryList", found, Endpoint.summary, lambda one: str(one.id), token)

    def _endpoint(self, id: str) -> Endpoint:
        found: Endpoint | None = self.endpoints.get(id)
        if found is None:
            raise missing(f"VPC endpoint not found: {id}")
        return found

    def authorize_vpc_endpoint_access(
        self,
        DomainName: str,
        Account: str | None = None,
        Service: str | None = None,
        ServiceOptions: Given | None = None,
    ) -> dict[str, Any]:
        domain = self.domain(DomainName)
        if (Account is None) == (Service is None):
            raise invalid("Specify either an account or a service.")
        principal = Account or Service
        granted: dict[str, Any] = {
            "PrincipalType": "AWS_ACCOUNT" if Account else "AWS_SERVICE",
            "Principal": principal,
            "ServiceOptions": ServiceOptions,
        }
        domain.grants[principal] = granted
        return {"AuthorizedPrincipal": granted}

    def revoke_vpc_endpoint_access(
        self,
        DomainName: str,
        Account: str | None = None,
        Service: str | None = None,
        ServiceOptions: Given | None = None,
    ) -> dict[str, Any]:
        domain = self.domain(DomainName)
        if domain.grants.pop(Account or Service, None) is None:
            raise invalid(f"{Account or Service} is not authorized for the domain {DomainName}.")
        return {}

    def list_vpc_endpoint_access(self, DomainName: str, NextToken: str | None = None) -> dict[str, Any]:
        found = self.domain(DomainName).grants.values()
        return self.whole_page("AuthorizedPrincipalList", found, dict, lambda one: str(one["Principal"]), NextToken)
