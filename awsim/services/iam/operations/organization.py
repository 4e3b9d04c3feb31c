"""IAM for an organization: root access of its accounts managed in one place, and what they use of what SCPs allow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.iam import advisor
from awsim.services.iam.operations.simulator import SimulatorOperations
from awsim.services.iam.refusals import invalid, no_such

_PRINCIPAL = "iam.amazonaws.com"
CREDENTIALS, SESSIONS = "RootCredentialsManagement", "RootSessions"


class Organization(NamedTuple):
    """The caller's: its id and its management account."""

    id: str
    management: str
    all_features: bool


class Access(NamedTuple):
    """A report on what accounts use. Times are epoch seconds; `details` are AccessDetails."""

    created: int
    ready: float
    accessible: int
    unused: int
    details: tuple[dict[str, Any], ...]


_ORDERS = {
    "SERVICE_NAMESPACE": lambda detail: detail["ServiceNamespace"],
    "LAST_AUTHENTICATED_TIME": lambda detail: (detail.get("LastAuthenticatedTime", 0), detail["ServiceNamespace"]),
}


class OrganizationOperations(SimulatorOperations):
    # --- root access

    def enable_organizations_root_credentials_management(self) -> dict[str, Any]:
        return self._features(self._governed(enabling=True), with_=CREDENTIALS)

    def enable_organizations_root_sessions(self) -> dict[str, Any]:
        return self._features(self._governed(enabling=True), with_=SESSIONS)

    def disable_organizations_root_credentials_management(self) -> dict[str, Any]:
        return self._features(self._governed(), without=CREDENTIALS)

    def disable_organizations_root_sessions(self) -> dict[str, Any]:
        return self._features(self._governed(), without=SESSIONS)

    def list_organizations_features(self) -> dict[str, Any]:
        return self._features(self._governed())

    def may_assume_root(self, member: str) -> bool | None:
        """Whether this account may take the root user's place in another: its organization has to have root sessions,
        and it has to manage them. None: the two share no organization."""
        try:
            organization = self._organization()
            self._asked("DescribeAccount", organization, AccountId=member)
        except AWSError:
            return None
        if member == organization.management or SESSIONS not in self._enabled(organization):
            return False
        return self.account == organization.management or self._is_delegate(organization)

    def _features(self, organization: Organization, with_: str = "", without: str = "") -> dict[str, Any]:
        found = (self._enabled(organization) | {with_}) - {"", without}
        self.at(account=organization.management).settings.root_features = found
        return {"OrganizationId": organization.id, "EnabledFeatures": sorted(found)}

    def _enabled(self, organization: Organization) -> frozenset[str]:
        return self.at(account=organization.management).settings.root_features

    def _organization(self) -> Organization:
        try:
            found = self.call("organizations", "DescribeOrganization")["Organization"]
        except AWSError:
            raise self.error("OrganizationNotFoundException") from None
        return Organization(found["Id"], found["MasterAccountId"], found["FeatureSet"] == "ALL")

    def _governed(self, enabling: bool = False) -> Organization:
        """The organization whose root access the caller manages: from its management account, or as delegated."""
        organization = self._organization()
        if not organization.all_features:
            raise self.error("OrganizationNotInAllFeaturesModeException")
        trusted = self._asked("ListAWSServiceAccessForOrganization", organization)["EnabledServicePrincipals"]
        if all(each["ServicePrincipal"] != _PRINCIPAL for each in trusted):
            raise self.error("ServiceAccessNotEnabledException")
        if self.account != organization.management:
            if not self._is_delegate(organization):
                raise self.error("AccountNotManagementOrDelegatedAdministratorException")
            if enabling:
                raise self.error("CallerIsNotManagementAccountException")
        return organization

    def _is_delegate(self, organization: Organization) -> bool:
        found = self._asked("ListDelegatedAdministrators", organization, ServicePrincipal=_PRINCIPAL)
        return any(each["Id"] == self.account for each in found["DelegatedAdministrators"])

    def _asked(self, operation: str, organization: Organization, **parameters: Any) -> dict[str, Any]:
        return self.call("organizations", operation, account_=organization.management, **parameters)

    # --- last accesses

    def generate_organizations_access_report(
        self, EntityPath: str, OrganizationsPolicyId: str | None = None
    ) -> dict[str, Any]:
        organization = self._organization()
        if self.account != organization.management:
            raise self.error("AccessDenied", f"User: {self.caller.arn} is not in the management account.")
        line = EntityPath.rstrip("/").split("/")[1:]
        if EntityPath.split("/")[0] != organization.id or not self._is_line(organization, line):
            raise invalid(f"Invalid entity path: {EntityPath}")
        services = self._allowed(organization, line, OrganizationsPolicyId)
        accounts = [line[-1]] if line[-1].isdecimal() else list(self._accounts_below(organization, line[-1]))
        details, unused = [], 0
        for prefix in services:
            shown: dict[str, Any] = {
                "ServiceName": advisor.service_names().get(prefix, prefix),
                "ServiceNamespace": prefix,
                "TotalAuthenticatedEntities": 0,
            }
            used = [(each, use) for each in accounts if (use := self._last_use(each, prefix)) is not None]
            if used:
                account, last = max(used, key=lambda pair: pair[1].time)
                shown["Region"] = last.region
                shown["EntityPath"] = "/".join((organization.id, *self._line_of(organization, account), ""))
                shown["LastAuthenticatedTime"] = int(last.time)
                shown["TotalAuthenticatedEntities"] = len(used)
            unused += not used
            details.append(shown)
        id = self.ids.uuid("access-report")
        ready = self.clock.time() + self.limits.duration("access-advisor-job")
        self.access_reports[id] = Access(self.now(), ready, len(services), unused, tuple(details))
        return {"JobId": id}

    def get_organizations_access_report(
        self,
        JobId: str,
        MaxItems: int | None = None,
        Marker: str | None = None,
        SortKey: str = "SERVICE_NAMESPACE_ASCENDING",
    ) -> dict[str, Any]:
        report = self.access_reports.get(JobId)
        if report is None:
            raise no_such(f"The job with id {JobId} cannot be found.")
        head = {"JobCreationDate": report.created}
        if self.clock.time() < report.ready:
            return {**head, "JobStatus": "IN_PROGRESS", "IsTruncated": False}
        order, _, direction = SortKey.rpartition("_")
        found = sorted(report.details, key=_ORDERS[order], reverse=direction == "DESCENDING")
        pairs = [(f"{number:06d}", detail) for number, detail in enumerate(found)]
        return {
            **head,
            "JobStatus": "COMPLETED",
            "JobCompletionDate": int(report.ready),
            "NumberOfServicesAccessible": report.accessible,
            "NumberOfServicesNotAccessed": report.unused,
            **self.page("AccessDetails", pairs, lambda detail: detail, Marker, MaxItems),
        }

    def _allowed(self, organization: Organization, line: list[str], policy: str | None) -> list[str]:
        """The services that one SCP allows, or that those on every node down the line do."""
        if policy is not None:
            return sorted(advisor.services_of(self._document(organization, policy)))
        found: frozenset[str] | None = None
        for node in line:
            kind = {"TargetId": node, "Filter": "SERVICE_CONTROL_POLICY"}
            listed = self._asked("ListPoliciesForTarget", organization, **kind)["Policies"]
            documents = [self._document(organization, each["Id"]) for each in listed]
            here = frozenset().union(*(advisor.services_of(text) for text in documents))
            found = here if found is None else found & here
        return sorted(found or ())

    def _document(self, organization: Organization, policy: str) -> str:
        try:
            return self._asked("DescribePolicy", organization, PolicyId=policy)["Policy"]["Content"]
        except AWSError:
            raise invalid(f"Policy {policy} does not exist.") from None

    def _is_line(self, organization: Organization, line: list[str]) -> bool:
        """Whether each is a child of the one before, from a root down."""
        try:
            return all(
                self._asked("ListParents", organization, ChildId=child)["Parents"][0]["Id"] == parent
                for parent, child in pairwise(line)
            )
        except AWSError:
            return False

    def _line_of(self, organization: Organization, child: str) -> list[str]:
        if child.startswith("r-"):
            return [child]
        parent = self._asked("ListParents", organization, ChildId=child)["Parents"][0]["Id"]
        return [*self._line_of(organization, parent), child]

    def _accounts_below(self, organization: Organization, node: str) -> Iterator[str]:
        for each in self._asked("ListChildren", organization, ParentId=node, ChildType="ACCOUNT")["Children"]:
            yield each["Id"]
        for each in self._asked("ListChildren", organization, ParentId=node, ChildType="ORGANIZATIONAL_UNIT")[
            "Children"
        ]:
            yield from self._accounts_below(organization, each["Id"])

    def _last_use(self, account: str, prefix: str) -> Any:
        period = self.limits["tracking-period"]
        since = 0.0 if period is None else self.clock.time() - period
        return self.uses.by_account(account, prefix, since)
