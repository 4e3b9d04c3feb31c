"""What an account's organization has to do with a call: its SCPs and RCPs, its tag policies.

Where nobody has used Organizations, each of these is one look-up that finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.auth.actions import authorizations_for, takes_rcps
from awsim.errors import AWSError
from awsim.state.tags import tag_map

if TYPE_CHECKING:
    from awsim.auth.policy import Policy
    from awsim.gateway.call import Call

Levels = Sequence[Sequence["Policy"]]

# Services whose own code for a tag that a tag policy does not allow is known; EC2's stands for the rest.
_TAG_CODES = {"sns": "TagPolicy"}


def scps_for(call: Call) -> Levels:
    """The service control policies that bind the caller, from the root down."""
    known = call.cloud.organizations(call.instance.partition)
    return () if known is None else known.policies_above(call.caller.account, "SERVICE_CONTROL_POLICY")


def rcps_for(call: Call, action: str, owner: str) -> Levels:
    """The resource control policies that bind what an account owns."""
    known = call.cloud.organizations(call.instance.partition)
    if known is None or not takes_rcps(action):
        return ()
    return known.policies_above(owner, "RESOURCE_CONTROL_POLICY")


def request_tags(params: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The tags that a call puts on something, in whichever of AWS's spellings."""
    for name in ("Tags", "tags", "TagList", "TagsToAdd", "AddTags"):
        given = params.get(name)
        # Where tags are taken away, it may be a list of their keys.
        if isinstance(given, Mapping) or (isinstance(given, list) and not any(isinstance(tag, str) for tag in given)):
            return tag_map(given)
    return None


def check_tags(call: Call) -> None:
    """Refuse tags that the caller's tag policy, enforced somewhere, does not allow there.

    Organizations User Guide, "Understanding enforcement": a tag that is not named by a policy, or none at all, is no
    violation. A resource's type is told from its ARN; where that names none, any type of the service counts.
    """
    if call.caller.service is not None or call.service == "organizations":
        return
    known = call.cloud.organizations(call.instance.partition)
    for type, tags in _tagged(call):
        key = known.tag_out_of_policy(call.caller.account, call.instance.arn_name, tags, type)
        if key is not None:
            code = _TAG_CODES.get(call.service, "TagPolicyViolation")
            message = f"The tag policy does not allow the specified value for the following tag key: '{key}'."
            raise AWSError(code, message, status=400)


def _tagged(call: Call) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The types of resources that a call tags, and with what."""
    params = call.params
    specifications = params.get("TagSpecifications")
    if isinstance(specifications, list):
        for each in specifications:
            yield each.get("ResourceType") or "", tag_map(each.get("Tags"))
        return
    set_, bucket = params.get("Tagging"), params.get("CreateBucketConfiguration")
    if isinstance(set_, Mapping):
        tags: Mapping[str, str] | None = tag_map(set_.get("TagSet"))
    else:
        tags = tag_map(bucket.get("Tags")) if isinstance(bucket, Mapping) else request_tags(params)
    if not tags:
        return
    needed = authorizations_for(
        call.service, call.operation, params, call.account, call.region or "", call.instance.partition
    )
    for type in sorted({_type_of(resource) for _, resource, _ in needed if resource != "*"}) or ("",):
        yield type, tags


def _type_of(arn: str) -> str:
    """`table` of `arn:aws:dynamodb:us-east-1:123456789012:table/orders`; "" of a queue's, which names no type."""
    resource = arn.split(":", 5)[-1]
    for at, character in enumerate(resource):
        if character in "/:":
            return resource[:at]
    return ""
