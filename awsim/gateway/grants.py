"""What a resource's policy says to an AWS service, for services that look before they begin.

A trail is refused a bucket that does not let CloudTrail write, whether `authorization` is on or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import Caller
from awsim.auth.policy import AuthorizationRequest, Facts, PolicySet, Principal, build, decide

if TYPE_CHECKING:
    from awsim.service import Service


def lets_in(
    service: Service,
    owner: str,
    action: str,
    resource: str,
    *,
    source_arn: str | None = None,
    keys: Mapping[str, Any] | None = None,
    region: str | None = None,
) -> bool:
    """Whether a resource of the service `owner` ("s3") lets `service`'s own principal do `action` ("s3:PutObject").

    `source_arn` is the resource of `service`'s for which it asks; `keys` are further condition keys.
    """
    parts = resource.split(":", 5)
    home = service.cloud.service(owner, parts[4] or service.account, parts[3] or region or service.region)
    side = home.resource_side(action, resource)
    who = Principal.of(Caller.for_service(f"{service.name}.amazonaws.com", service.account))
    facts = Facts(
        time=service.clock.time(),
        region=region or service.region,
        resource_account=side.account,
        source_arn=source_arn,
        source_account=service.account,
        source_organization=service.cloud.organization_of(service.account, service.partition),
    )
    request = AuthorizationRequest(who, action, resource, build(who, facts, keys), side.account)
    return decide(request, PolicySet(resource=side.policies, mandatory=True, granted=side.granted)).allowed
