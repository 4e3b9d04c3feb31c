"""Billing transfers: one management account pays and manages the bills of another's organization.

AWS Billing User Guide, "Transferring billing management": the account that will pay invites; the transfer begins on the
first of a month, and ends with a month once either of the two withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from awsim.services.organizations.operations.common import TagList
from awsim.services.organizations.operations.delegation import DelegationOperations
from awsim.services.organizations.records import Handshake, Organization, Transfer
from awsim.services.organizations.refusals import denied, handshake_violated, invalid, missing, not_in_use, violated
from awsim.state import Tags as TagMap

_ACTION = "TRANSFER_RESPONSIBILITY"


class TransferOperations(DelegationOperations):
    def invite_organization_to_transfer_responsibility(
        self,
        Type: str,
        Target: Mapping[str, str],
        StartTimestamp: datetime,
        SourceName: str,
        Notes: str | None = None,
        Tags: TagList = (),
    ) -> dict[str, Any]:
        organization = self.managed()
        target = self.invited_party(Target)
        start = _moment(StartTimestamp)
        notice = self.limits["transfer-notice"] or 0
        self._check_start(start, notice)
        tags = self.with_tags(TagMap(), Tags)
        account = target[1] if target[0] == "ACCOUNT" else self.owner_of(target[1])
        if account == organization.management:
            raise handshake_violated(
                "SOURCE_AND_TARGET_CANNOT_MATCH",
                "An account can't accept a transfer invitation if it is both the sender and recipient of the "
                "invitation.",
            )
        if any(each.action == _ACTION and each.target == target for each in self.open_handshakes(organization)):
            raise self.error(
                "DuplicateHandshakeException", "A handshake with the same action and target already exists."
            )
        if account is not None and self._pays_for(self.members.get(account)) is not None:
            raise _exists()
        id = self.new_id("transfer", "rt", 10)
        management = organization.accounts[organization.management]
        resources = [
            {
                "Type": "RESPONSIBILITY_TRANSFER",
                "Value": id,
                "Resources": [
                    {"Type": "TRANSFER_START_TIMESTAMP", "Value": start.strftime("%Y-%m-%dT%H:%M:%SZ")},
                    {"Type": "TRANSFER_TYPE", "Value": Type},
                ],
            },
            {
                "Type": "MANAGEMENT_ACCOUNT",
                "Value": management.id,
                "Resources": [
                    {"Type": "MANAGEMENT_EMAIL", "Value": management.email},
                    {"Type": "MANAGEMENT_NAME", "Value": management.name},
                ],
            },
            {"Type": target[0], "Value": target[1]},
            *([{"Type": "NOTES", "Value": Notes}] if Notes else []),
        ]
        handshake = self.shake(organization, _ACTION, target, resources, "invitation-lifetime")
        handshake.expires = min(handshake.expires, start.timestamp() - notice)
        transfer = Transfer(id, SourceName, Type, organization.id, handshake, start.timestamp())
        transfer.tags = tags
        self.transfers[id] = transfer
        return {"Handshake": handshake.described(self.clock.time())}

    def _check_start(self, start: datetime, notice: float) -> None:
        if (start.hour, start.minute, start.second, start.microsecond) != (0, 0, 0, 0):
            raise invalid(
                "START_DATE_NOT_BEGINNING_OF_DAY",
                "You provided an invalid start date. The start date must be the beginning of the day (00:00:00.000).",
            )
        if start.day != 1:
            raise invalid(
                "START_DATE_NOT_BEGINNING_OF_MONTH",
                "You provided an invalid start date. The start date must be the first day of the month.",
            )
        if start.timestamp() - notice <= self.clock.time():
            raise invalid("START_DATE_TOO_EARLY", "You provided an invalid start date. The start date is too early.")

    def accept_handshake(self, HandshakeId: str) -> dict[str, Any]:
        handshake = self.handshakes.get(HandshakeId)
        if handshake is None or handshake.action != _ACTION:
            return super().accept_handshake(HandshakeId)
        organization = self.members.get(self.caller.account)
        if organization is None:
            raise not_in_use()
        if organization.management != self.caller.account:
            raise denied()
        transfer = next(each for each in self.transfers.values() if each.handshake is handshake)
        if handshake.is_open(self.clock.time()) and self._pays_for(organization) is not None:
            raise _exists()
        answer = super().accept_handshake(HandshakeId)
        transfer.source = organization.id
        return answer

    def is_recipient(self, handshake: Handshake) -> bool:
        if handshake.action == _ACTION and handshake.target is not None and handshake.target[0] == "EMAIL":
            owner = self.owner_of(handshake.target[1])
            manages = self.members.get(self.caller.account)
            return owner == self.caller.account or (
                owner is None and manages is not None and manages.management == self.caller.account
            )
        return super().is_recipient(handshake)

    def _pays_for(self, organization: Organization | None) -> Transfer | None:
        """The transfer by which another account pays for an organization, now or from its start on."""
        if organization is None:
            return None
        now = self.clock.time()
        return next(
            (
                each
                for each in self.transfers.values()
                if each.source == organization.id and (each.ends is None or now < each.ends)
            ),
            None,
        )

    def delete_organization(self) -> None:
        organization = self.managed()
        now = self.clock.time()
        if any(
            organization.id in (each.target, each.source) and (each.ends is None or now < each.ends)
            for each in self.transfers.values()
            if each.status(now) in ("REQUESTED", "ACCEPTED", "WITHDRAWN")
        ):
            raise violated(
                "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS",
                "You cannot delete organization due to an ongoing responsibility transfer process.",
            )
        super().delete_organization()
        for each in list(self.transfers.values()):
            if organization.id in (each.target, each.source):
                del self.transfers[each.id]

    # --- looking and ending

    def describe_responsibility_transfer(self, Id: str) -> dict[str, Any]:
        return {"ResponsibilityTransfer": self._shown_transfer(*self._transfer(Id))}

    def list_inbound_responsibility_transfers(
        self, Type: str, Id: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.managed()
        found = [each for each in self.transfers.values() if each.target == organization.id and Id in (None, each.id)]
        if Id is not None and not found:
            raise missing("transfer", "ResponsibilityTransferNotFoundException")
        return self._page_of_transfers(organization, found, NextToken, MaxResults)

    def list_outbound_responsibility_transfers(
        self, Type: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.managed()
        found = [each for each in self.transfers.values() if self._is_source(organization, each)]
        return self._page_of_transfers(organization, found, NextToken, MaxResults)

    def _page_of_transfers(
        self, organization: Organization, found: Iterable[Transfer], token: str | None, size: int | None
    ) -> dict[str, Any]:
        def show(transfer: Transfer) -> dict[str, Any]:
            return self._shown_transfer(organization, transfer)

        return self.page("ResponsibilityTransfers", found, token, size, show)

    def update_responsibility_transfer(self, Id: str, Name: str) -> dict[str, Any]:
        organization, transfer = self._transfer(Id)
        if transfer.target != organization.id:
            raise denied()
        if transfer.status(self.clock.time()) not in ("REQUESTED", "ACCEPTED"):
            raise violated(
                "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED",
                "You cannot update this transfer because it is no longer active.",
            )
        transfer.name = Name
        return {"ResponsibilityTransfer": self._shown_transfer(organization, transfer)}

    def terminate_responsibility_transfer(self, Id: str, EndTimestamp: datetime | None = None) -> dict[str, Any]:
        organization, transfer = self._transfer(Id)
        status = transfer.status(self.clock.time())
        if status == "WITHDRAWN":
            raise self.error(
                "ResponsibilityTransferAlreadyInStatusException",
                "The responsibility transfer is already in the status that you specified.",
            )
        if status != "ACCEPTED":
            raise self.error(
                "InvalidResponsibilityTransferTransitionException",
                "The responsibility transfer can't transition to the requested state because it's not in a valid state "
                "for this operation.",
            )
        now = self.clock.now().astimezone(UTC)
        end = _month_end(now) if EndTimestamp is None else _moment(EndTimestamp)
        if end.replace(microsecond=0) != _month_end(end).replace(microsecond=0):
            raise invalid(
                "END_DATE_NOT_END_OF_MONTH",
                "You provided an invalid end date. The end date must be the end of the last day of the month "
                "(23.59.59.999).",
            )
        if end < now:
            raise invalid("END_DATE_TOO_EARLY", "You provided an invalid end date. The end date is too early.")
        transfer.ends = end.timestamp()
        return {"ResponsibilityTransfer": self._shown_transfer(organization, transfer)}

    def _transfer(self, id: str) -> tuple[Organization, Transfer]:
        """The caller's organization, and a transfer that it has part in."""
        organization = self.managed()
        found: Transfer | None = self.transfers.get(id)
        if found is None or not (found.target == organization.id or self._is_source(organization, found)):
            raise missing("transfer", "ResponsibilityTransferNotFoundException")
        return organization, found

    def _is_source(self, organization: Organization, transfer: Transfer) -> bool:
        """Whether it is, or is to be, this organization whose bills another pays."""
        return organization.management == self._source_account(transfer)

    def _source_account(self, transfer: Transfer) -> str | None:
        if transfer.source is not None:
            return self.organizations[transfer.source].management
        assert transfer.handshake.target is not None
        kind, id = transfer.handshake.target
        return id if kind == "ACCOUNT" else self.owner_of(id)

    def _shown_transfer(self, organization: Organization, transfer: Transfer) -> dict[str, Any]:
        now = self.clock.time()
        target = self.organizations[transfer.target].management
        source = self._source_account(transfer)
        assert transfer.handshake.target is not None
        return {
            "Arn": self.arn_of_transfer(organization, transfer),
            "Id": transfer.id,
            "Name": transfer.name,
            "Type": transfer.type,
            "Status": transfer.status(now),
            "Source": {
                "ManagementAccountId": source,
                "ManagementAccountEmail": self.email_of(source) if source else transfer.handshake.target[1],
            },
            "Target": {"ManagementAccountId": target, "ManagementAccountEmail": self.email_of(target)},
            "StartTimestamp": transfer.starts,
            "EndTimestamp": transfer.ends,
            "ActiveHandshakeId": transfer.handshake.id if transfer.handshake.is_open(now) else None,
        }

    def arn_of_transfer(self, organization: Organization, transfer: Transfer) -> str:
        """Each side has an ARN of its own."""
        direction = "inbound" if transfer.target == organization.id else "outbound"
        return self.arn_of(organization, "transfer", transfer.type.lower(), direction, transfer.id)


def _exists() -> Exception:
    return handshake_violated(
        "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS", "You cannot perform this operation with the current transfer."
    )


def _moment(when: Any) -> datetime:
    return when.astimezone(UTC) if isinstance(when, datetime) else datetime.fromtimestamp(float(when), UTC)


def _month_end(when: datetime) -> datetime:
    """The last millisecond of its month."""
    following = (when.replace(day=28) + timedelta(days=4)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return following - timedelta(milliseconds=1)
