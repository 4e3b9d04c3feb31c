"""The operations of Service Quotas."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.service_quotas.quotas import Quota, service_name, services
from awsim.state import Collection, Dict, Entity, Tags

T = TypeVar("T")

_OPEN = ("PENDING", "CASE_OPENED")


class Increase(Entity):
    """A request for more. Times are epoch seconds."""

    def __init__(self, id: str, quota: Quota, desired: float, requester: str, now: float) -> None:
        self.id = id
        self.quota = quota
        self.desired = desired
        self.requester = requester
        self.status = "PENDING"
        self.created = now
        self.updated = now


class ServiceQuotas(Service):
    """Service Quotas (regional). What it shows are the rows of the limits table that have a quota code."""

    name = "service-quotas"
    validation_error = "IllegalArgumentException"

    increases = Collection(
        "request", key="id", missing=("NoSuchResourceException", "The request failed because it does not exist.")
    )

    def setup(self) -> None:
        self.tags = Dict()  # ARN of a quota -> Tags

    @property
    def arn_name(self) -> str:
        return "servicequotas"

    # --- what there is

    def list_services(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        found = services(self.cloud.limits)
        known = [
            {"ServiceCode": code, "ServiceName": service_name(quotas[0].row.service)} for code, quotas in found.items()
        ]
        return self._page("Services", known, NextToken, MaxResults)

    def list_service_quotas(
        self,
        ServiceCode: str,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        QuotaCode: str | None = None,
        QuotaAppliedAtLevel: str | None = None,
    ) -> dict[str, Any]:
        quotas = self._quotas(ServiceCode)
        if QuotaCode is not None:
            quotas = [self._quota(ServiceCode, QuotaCode)]
        if QuotaAppliedAtLevel == "RESOURCE":
            quotas = []
        return self._page("Quotas", quotas, NextToken, MaxResults, self._applied)

    def list_aws_default_service_quotas(
        self, ServiceCode: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        return self._page("Quotas", self._quotas(ServiceCode), NextToken, MaxResults, self._default)

    def get_service_quota(self, ServiceCode: str, QuotaCode: str, ContextId: str | None = None) -> dict[str, Any]:
        if ContextId is not None and ContextId != "*":
            raise self._nothing("resource")
        return {"Quota": self._applied(self._quota(ServiceCode, QuotaCode))}

    def get_aws_default_service_quota(self, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:
        return {"Quota": self._default(self._quota(ServiceCode, QuotaCode))}

    def _quotas(self, service_code: str) -> list[Quota]:
        found = services(self.cloud.limits).get(service_code)
        if found is None:
            raise self._nothing("service")
        return found

    def _quota(self, service_code: str, quota_code: str) -> Quota:
        quota = next((quota for quota in self._quotas(service_code) if quota.code == quota_code), None)
        if quota is None:
            raise self._nothing("quota")
        return quota

    def _nothing(self, what: str) -> AWSError:
        return self.error("NoSuchResourceException", f"The request failed because the specified {what} does not exist.")

    def _in_force(self, quota: Quota) -> Any:
        """The value that holds for the caller's account here; a quota that was lifted shows as AWS's own value."""
        value = self.cloud.limits.of(self.account, None if quota.row.global_ else self.region)[quota.row.full_name]
        return quota.row.value if value is None else value

    def _applied(self, quota: Quota) -> dict[str, Any]:
        return quota.shown(self._in_force(quota), quota.arn(self.partition, self.region, self.account))

    def _default(self, quota: Quota) -> dict[str, Any]:
        value = quota.row.at(self.cloud.limits.as_of)
        return quota.shown(value, quota.arn(self.partition, self.region, ""))

    # --- asking for more

    def request_service_quota_increase(
        self,
        ServiceCode: str,
        QuotaCode: str,
        DesiredValue: float,
        ContextId: str | None = None,
        SupportCaseAllowed: bool | None = None,
    ) -> dict[str, Any]:
        """Granted after the row increase-review, whatever is asked for: no Support agent is simulated."""
        quota = self._quota(ServiceCode, QuotaCode)
        if not quota.row.adjustable:
            raise self._illegal("The request failed because the specified quota is not adjustable.")
        if self._open(quota) is not None:
            raise self.error(
                "ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota."
            )
        if self._in_force(quota) >= DesiredValue:
            raise self._illegal("You must provide a quota value greater than the current quota value")
        now = self.clock.time()
        requester = f'{{"accountId":"{self.account}","callerArn":"{self.caller.arn}"}}'
        increase = Increase(self.ids.hex("request", 32) + self.ids.text("case", 8), quota, DesiredValue, requester, now)
        self.increases.add(increase)
        self.later(self.limits.duration("increase-review"), "_approve", id=increase.id)
        return {"RequestedQuota": self._shown(increase)}

    def _approve(self, id: str) -> None:
        increase = self.increases[id]
        row = increase.quota.row
        scope = self.cloud.limits.of(self.account, None if row.global_ or row.per == "account" else self.region)
        scope[row.full_name] = increase.desired
        increase.status = "APPROVED"
        increase.updated = self.clock.time()

    def _open(self, quota: Quota) -> Increase | None:
        found: Increase | None = self.increases.find(lambda one: one.quota == quota and one.status in _OPEN)
        return found

    def _illegal(self, message: str) -> AWSError:
        return self.error("IllegalArgumentException", message)

    def get_requested_service_quota_change(self, RequestId: str) -> dict[str, Any]:
        return {"RequestedQuota": self._shown(self.increases[RequestId])}

    def list_requested_service_quota_change_history(
        self,
        ServiceCode: str | None = None,
        Status: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        QuotaRequestedAtLevel: str | None = None,
    ) -> dict[str, Any]:
        quotas = None if ServiceCode is None else self._quotas(ServiceCode)
        return self._history(quotas, Status, NextToken, MaxResults, QuotaRequestedAtLevel)

    def list_requested_service_quota_change_history_by_quota(
        self,
        ServiceCode: str,
        QuotaCode: str,
        Status: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        QuotaRequestedAtLevel: str | None = None,
    ) -> dict[str, Any]:
        quotas = [self._quota(ServiceCode, QuotaCode)]
        return self._history(quotas, Status, NextToken, MaxResults, QuotaRequestedAtLevel)

    def _history(
        self, quotas: list[Quota] | None, status: str | None, token: str | None, most: int | None, level: str | None
    ) -> dict[str, Any]:
        """Requests, newest first."""
        found = [
            increase
            for increase in reversed(list(self.increases))
            if (quotas is None or increase.quota in quotas)
            and status in (None, increase.status)
            and level != "RESOURCE"
        ]
        return self._page("RequestedQuotas", found, token, most, self._shown)

    def _shown(self, increase: Increase) -> dict[str, Any]:
        quota = self._applied(increase.quota)
        same = ("ServiceCode", "ServiceName", "QuotaArn", "QuotaCode", "QuotaName", "Unit", "GlobalQuota")
        return {name: quota[name] for name in same} | {
            "Id": increase.id,
            "DesiredValue": increase.desired,
            "Status": increase.status,
            "Created": increase.created,
            "LastUpdated": increase.updated,
            "Requester": increase.requester,
            "QuotaRequestedAtLevel": "ACCOUNT",
        }

    # --- tags of quotas

    def tag_resource(self, ResourceARN: str, Tags: Sequence[dict[str, str]]) -> None:
        earlier = self._tags_of(ResourceARN)
        new = {tag["Key"]: tag["Value"] for tag in Tags}
        self.tags[ResourceARN] = earlier.with_(self, new, invalid="IllegalArgumentException")

    def untag_resource(self, ResourceARN: str, TagKeys: Iterable[str]) -> None:
        self.tags[ResourceARN] = self._tags_of(ResourceARN).without(TagKeys)

    def list_tags_for_resource(self, ResourceARN: str) -> dict[str, Any]:
        return {"Tags": self._tags_of(ResourceARN).as_list()}

    def _tags_of(self, arn: str) -> Tags:
        """The tags of an applied quota; NoSuchResourceException for any other ARN."""
        *_, account, resource = ["", "", *arn.split(":")]
        service_code, _, quota_code = resource.partition("/")
        if account != self.account:
            raise self._nothing("resource")
        quota = self._quota(service_code, quota_code)
        if quota.arn(self.partition, self.region, self.account) != arn:
            raise self._nothing("resource")
        tags: Tags = self.tags.get(arn, Tags())
        return tags

    # --- pages

    def _page(
        self,
        member: str,
        entries: Sequence[T],
        token: str | None,
        most: int | None,
        shown: Callable[[T], Any] = lambda entry: entry,
    ) -> dict[str, Any]:
        start = self._start(member, token, len(entries))
        end = start + (most or self.limits["page-size"])
        result = {member: [shown(entry) for entry in entries[start:end]]}
        if end < len(entries):
            result["NextToken"] = base64.b64encode(f"{member}/{end}".encode()).decode()  # type: ignore[assignment]
        return result

    def _start(self, member: str, token: str | None, count: int) -> int:
        if token is None:
            return 0
        try:
            of, _, start = base64.b64decode(token, validate=True).decode().partition("/")
        except (binascii.Error, UnicodeDecodeError):
            of = start = ""
        if of != member or not start.isdecimal() or int(start) > count:
            raise self.error("InvalidPaginationTokenException", "Invalid pagination token was provided.")
        return int(start)
