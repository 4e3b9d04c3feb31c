"""What all operations need: whose organization it is, who may ask, pages, tags."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.auth.policy import Facts, decide_for_stranger, parse
from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.organizations.guardrails import Guardrails, Levels
from awsim.services.organizations.records import Account, Container, Node, Organization, Policy
from awsim.services.organizations.refusals import because, denied, invalid, missing, not_in_use, violated
from awsim.services.organizations.types import TYPES, PolicyType
from awsim.state import Dict, Tags, tag_map

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation
    from awsim.limits.table import ServiceLimits

TagList = Sequence[Mapping[str, str]]

_HOMES = {"aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_REASONS = {
    "required": ("INPUT_REQUIRED", "You must include a value for all required parameters."),
    "pattern": ("INVALID_PATTERN", "You provided a value that does not match the required pattern."),
    "enum": ("INVALID_ENUM", "You specified an invalid value."),
}
# Parameters that are policy types, by operations.
_POLICY_TYPES = {
    *((operation, "policyType") for operation in ("EnablePolicyType", "DisablePolicyType", "DescribeEffectivePolicy")),
    ("CreatePolicy", "type"),
    ("ListPolicies", "filter"),
    ("ListPoliciesForTarget", "filter"),
    ("ListAccountsWithInvalidEffectivePolicy", "policyType"),
    ("ListEffectivePolicyValidationErrors", "policyType"),
}
_BOUNDS = {
    ("length", True): ("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed."),
    ("length", False): ("MIN_LENGTH_EXCEEDED", "You provided a string parameter that is shorter than allowed."),
    ("range", True): ("MAX_VALUE_EXCEEDED", "You provided a numeric parameter that has a larger value than allowed."),
    ("range", False): ("MIN_VALUE_EXCEEDED", "You provided a numeric parameter that has a smaller value than allowed."),
}


class Base(Service):
    """State and helpers. One instance for all accounts of a partition: who calls decides what is seen."""

    name = "organizations"
    scope = "partition"

    def setup(self) -> None:
        self.organizations = Dict()  # id -> Organization
        self.members = Dict()  # account -> Organization
        self.handshakes = Dict()  # id -> Handshake
        self.transfers = Dict()  # id -> Transfer
        self.emails = Dict()  # address -> account, where either was told
        self.guardrails = Guardrails()

    # --- what others ask

    def organization_of(self, account: str) -> tuple[str, str] | None:
        """(id, path) of where an account is: aws:PrincipalOrgID and aws:PrincipalOrgPaths."""
        organization = self.members.get(account)
        return None if organization is None else self.guardrails.place(organization, organization.accounts[account])

    def policies_above(self, account: str, type: str) -> Levels:
        """The SCPs or RCPs that bind an account, a level for each node from the root down."""
        organization = self.members.get(account)
        if organization is None:
            return ()
        return self.guardrails.levels(organization, organization.accounts[account], type)

    def enforces_tags(self, account: str) -> bool:
        """Whether the account's tag policy is enforced anywhere."""
        organization = self.members.get(account)
        if organization is None or "TAG_POLICY" not in organization.types:
            return False
        return bool(self.guardrails.tag_rules(organization, organization.accounts[account]))

    def tag_out_of_policy(self, account: str, service: str, tags: Mapping[str, str], type: str = "") -> str | None:
        """The key of a tag that the account's tag policy does not allow on resources of a type, if there is one."""
        organization = self.members.get(account)
        if organization is None:
            return None
        rules = self.guardrails.tag_rules(organization, organization.accounts[account])
        for key, value in tags.items():
            rule = rules.get(key.lower())
            if rule is not None and rule.binds(service, type) and not rule.admits(key, value):
                return key
        return None

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        first = violations[0]
        if first.kind == "enum" and (self.request.operation, first.path) in _POLICY_TYPES:
            return invalid("INVALID_ENUM_POLICY_TYPE", "You specified an invalid policy type string.")
        if first.kind in _REASONS:
            return invalid(*_REASONS[first.kind])
        return invalid(*_BOUNDS["length" if first.kind == "length" else "range", "less than" in first.constraint])

    # --- who may

    def organization(self) -> Organization:
        """The caller's."""
        found: Organization | None = self.members.get(self.caller.account)
        if found is None:
            raise not_in_use()
        return found

    def managed(self) -> Organization:
        """The caller's, who has to be its management account."""
        organization = self.organization()
        if organization.management != self.caller.account:
            raise denied()
        return organization

    def viewed(self, *ids: str) -> Organization:
        """The caller's, who has to be its management account, a delegated administrator, a service it trusts, or one
        that its resource policy lets look at the nodes and policies with these ids."""
        organization = self.organization()
        account, service = self.caller.account, self.caller.service
        if organization.management == account or organization.services_of(account) or service in organization.services:
            return organization
        found = [each for id in ids if (each := organization.node(id) or organization.policies.get(id)) is not None]
        types = [each.type for each in found if isinstance(each, Policy)]
        if self._delegated(organization, types[0] if types else None, *(each.arn for each in found)):
            return organization
        raise denied()

    def governed(self, type: PolicyType | None = None, *arns: str) -> Organization:
        """The caller's, who has to be its management account or one that its resource policy lets do this to `arns`."""
        organization = self.organization()
        if organization.management == self.caller.account or self._delegated(organization, type, *arns):
            return organization
        raise denied()

    def _delegated(self, organization: Organization, type: PolicyType | None = None, *arns: str) -> bool:
        policy = organization.resource_policy
        if policy is None:
            return False
        facts = Facts(
            time=self.clock.time(),
            session=self.caller.session,
            resource_account=organization.management,
            organization=self.organization_of(self.caller.account),
        )
        keys = {"organizations:PolicyType": type.name} if type is not None else {}
        action = f"organizations:{self.request.operation}"
        policies = (parse(policy.content, "resource"),)
        return all(
            decide_for_stranger(self.caller, action, arn, policies, facts, keys).allowed for arn in arns or ("*",)
        )

    # --- finding

    def limits_of(self, organization: Organization) -> ServiceLimits:
        """Limits are an organization's, and count for its management account."""
        home = _HOMES.get(self.partition, "us-east-1")
        return self.cloud.limits.for_service("organizations", organization.management, home)

    def arn_of(self, organization: Organization, kind: str, *rest: str) -> str:
        return self.arn("/".join([kind, organization.id, *rest]), account=organization.management)

    def new_id(self, kind: str, prefix: str, length: int) -> str:
        return f"{prefix}-{self.ids.text(kind, length, _LOWER)}"

    def account_in(self, organization: Organization, id: str) -> Account:
        found: Account | None = organization.accounts.get(id)
        if found is None:
            raise missing("account", "AccountNotFoundException")
        return found

    def container_in(self, organization: Organization, id: str, code: str = "ParentNotFoundException") -> Container:
        found = organization.container(id)
        if found is None:
            raise missing("parent", code)
        return found

    def target_in(self, organization: Organization, id: str) -> Node:
        found = organization.node(id)
        if found is None:
            raise missing("target", "TargetNotFoundException")
        return found

    def policy_in(self, organization: Organization, id: str) -> Policy:
        found: Policy | None = organization.policies.get(id)
        if found is None:
            raise missing("policy", "PolicyNotFoundException")
        return found

    @staticmethod
    def type_named(name: str) -> PolicyType:
        found = TYPES.get(name)
        if found is None:
            raise invalid("INVALID_ENUM_POLICY_TYPE", "You specified an invalid policy type string.")
        return found

    def email_of(self, account: str) -> str:
        """An account's address; of one that Organizations did not make, nobody has told."""
        known = next((email for email, owner in self.emails.items() if owner == account), None)
        return known or f"{account}@example.com"

    def owner_of(self, email: str) -> str | None:
        """The account that an address belongs to."""
        name, _, domain = email.partition("@")
        if domain == "example.com" and len(name) == 12 and name.isdecimal() and self.email_of(name) == email:
            return name
        return self.emails.get(email)

    # --- answering

    def page(
        self,
        member: str,
        records: Iterable[Any],
        token: str | None,
        size: int | None = None,
        show: Callable[[Any], Any] = lambda record: record,
    ) -> dict[str, Any]:
        """A page of records; a token says how many were shown, and which one was the last."""
        found = list(records)
        size = size or self.limits["page-size"] or len(found)
        start = _after(found, token) if token is not None else 0
        shown = found[start : start + size]
        page: dict[str, Any] = {member: [show(record) for record in shown]}
        if start + size < len(found):
            text = f"{start + size} {_key(shown[-1])}"
            page["NextToken"] = urlsafe_b64encode(text.encode()).decode()
        return page

    # --- tags

    def with_tags(self, held: Tags, given: TagList) -> Tags:
        """Tags and further ones."""
        new = tag_map(given)
        if len({tag["Key"] for tag in given}) != len(given):
            raise invalid("DUPLICATE_TAG_KEY", "Your request includes duplicate tag keys.")
        if any(key.lower().startswith("aws:") for key in new):
            raise invalid(
                "INVALID_SYSTEM_TAGS_PARAMETER", "You can't add, edit, or delete system tag keys: they begin with aws:."
            )
        merged = Tags({**held, **new})
        with because("MAX_TAG_LIMIT_EXCEEDED"):
            self.limits.check("tags-per-resource", len(merged))
        if (key := self.tag_out_of_policy(self.caller.account, self.name, new)) is not None:
            raise violated(
                "TAG_POLICY_VIOLATION",
                f"The tag policy does not allow the specified value for the following tag key: '{key}'.",
            )
        return merged


def _key(record: Any) -> str:
    if isinstance(record, Mapping):
        return str(record.get("Key") or record.get("Id") or record.get("ServicePrincipal") or "")
    return str(getattr(record, "id", ""))


def _after(records: list[Any], token: str) -> int:
    try:
        count, _, last = urlsafe_b64decode(token.encode("ascii")).decode().partition(" ")
        start = int(count)
    except ValueError:
        raise invalid("INVALID_NEXT_TOKEN", "You specified an invalid value for NextToken.") from None
    # Records that have gone meanwhile move the others up.
    return next((at + 1 for at, record in enumerate(records) if _key(record) == last), start)
