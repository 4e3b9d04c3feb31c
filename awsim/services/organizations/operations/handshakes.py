"""Handshakes: invitations, and the way to all features.

Organizations User Guide, "Managing invitations", "Enabling all features": the management account asks; every account
that was invited approves by a handshake of its own; then the management account accepts the first one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from awsim.services.organizations.operations.common import TagList
from awsim.services.organizations.operations.policies import PolicyOperations
from awsim.services.organizations.records import ALL, Handshake, Organization
from awsim.services.organizations.refusals import because, denied, handshake_violated, invalid, missing
from awsim.state import Tags as TagMap

_ACCOUNT = re.compile(r"\d{12}\Z")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+\Z")
_ENABLE, _APPROVE = "ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"
_VIOLATION = "HandshakeConstraintViolationException"


class HandshakeOperations(PolicyOperations):
    def invite_account_to_organization(
        self, Target: Mapping[str, str], Notes: str | None = None, Tags: TagList = ()
    ) -> dict[str, Any]:
        organization = self.managed()
        target = self.invited_party(Target)
        tags = self.with_tags(TagMap(), Tags)
        now = self.clock.time()
        limits = self.limits_of(organization)
        if self._pending(organization) is not None:
            raise handshake_violated(
                "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES",
                "You can't issue new invitations to join an organization while it's in the process of enabling all "
                "features.",
            )
        account = target[1] if target[0] == "ACCOUNT" else self.owner_of(target[1])
        if account is not None and account in organization.accounts:
            raise _already_in()
        if any(each.action == "INVITE" and each.target == target for each in self.open_handshakes(organization)):
            raise self.error(
                "DuplicateHandshakeException", "A handshake with the same action and target already exists."
            )
        with because("ACCOUNT_NUMBER_LIMIT_EXCEEDED", _VIOLATION):
            limits.quota("accounts", self.accounts_counted(organization))
        sent = tuple(when for when in organization.invited if when > now - (limits["invitations-window"] or 0))
        # The higher of a number and of how many accounts there may be.
        if len(sent) >= max(limits["invitations"] or 0, limits["accounts"] or 0):
            with because("HANDSHAKE_RATE_LIMIT_EXCEEDED", _VIOLATION):
                limits.quota("invitations", len(sent))
        organization.invited = (*sent, now)
        resources = [self._sender(organization), {"Type": target[0], "Value": target[1]}]
        if Notes:
            resources.append({"Type": "NOTES", "Value": Notes})
        handshake = self.shake(organization, "INVITE", target, resources, "invitation-lifetime")
        handshake.tags = tags
        return {"Handshake": handshake.described(now)}

    @staticmethod
    def invited_party(target: Mapping[str, str]) -> tuple[str, str]:
        kind, id = target["Type"], target["Id"]
        if kind not in ("ACCOUNT", "EMAIL"):
            raise invalid("INVALID_PARTY_TYPE_TARGET", "You specified the wrong type of entity as a party.")
        if kind == "ACCOUNT" and not _ACCOUNT.match(id):
            raise invalid("INVALID_PATTERN_TARGET_ID", "You provided a value that does not match the required pattern.")
        if kind == "EMAIL" and not _EMAIL.match(id):
            raise invalid("INVALID_EMAIL_ADDRESS_TARGET", "You specified an invalid email address.")
        return kind, id

    @staticmethod
    def _sender(organization: Organization) -> dict[str, Any]:
        management = organization.accounts[organization.management]
        told = [
            {"Type": "MASTER_EMAIL", "Value": management.email},
            {"Type": "MASTER_NAME", "Value": management.name},
            {
                "Type": "ORGANIZATION_FEATURE_SET",
                "Value": "FULL" if organization.all_features else "CONSOLIDATED_BILLING",
            },
        ]
        return {"Type": "ORGANIZATION", "Value": organization.id, "Resources": told}

    def shake(
        self,
        organization: Organization,
        action: str,
        target: tuple[str, str] | None,
        resources: Iterable[Any],
        lifetime: str,
    ) -> Handshake:
        id = self.new_id("handshake", "h", 10)
        arn = self.arn_of(organization, "handshake", action.lower(), id)
        now = self.clock.time()
        expires = now + (self.limits[lifetime] or 0)
        handshake = Handshake(id, arn, action, organization.id, target, tuple(resources), now, expires)
        self.handshakes[id] = handshake
        return handshake

    def enable_all_features(self) -> dict[str, Any]:
        organization = self.managed()
        if organization.all_features:
            raise handshake_violated(
                "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
                "The handshake request is invalid because the organization has already enabled all features.",
            )
        if self._pending(organization) is not None:
            raise handshake_violated(
                "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION",
                "The handshake request is invalid because the organization has already started the process to enable "
                "all features.",
            )
        own = {"Type": "ORGANIZATION", "Value": organization.id}
        parent = self.shake(organization, _ENABLE, None, [own], "features-lifetime")
        for account in organization.accounts.values():
            if account.method == "INVITED" and account.id != organization.management:
                resources = [self._sender(organization), {"Type": "PARENT_HANDSHAKE", "Value": parent.id}]
                child = self.shake(organization, _APPROVE, ("ACCOUNT", account.id), resources, "features-lifetime")
                child.parent = parent.id
                parent.waiting = True
        return {"Handshake": parent.described(self.clock.time())}

    # --- answers

    def accept_handshake(self, HandshakeId: str) -> dict[str, Any]:
        handshake = self._handshake(HandshakeId)
        organization = self._of(handshake)
        self._check_recipient(handshake)
        self._check_open(handshake, "ACCEPTED")
        if handshake.action == "INVITE":
            self._join_invited(handshake, organization)
        elif handshake.action == _ENABLE:
            if handshake.waiting:
                raise self._wrong_transition()
            organization.features = ALL
        self._end(handshake, "ACCEPTED")
        if handshake.action == _APPROVE:
            parent = self.handshakes[handshake.parent]
            children = [each for each in self.handshakes.values() if each.parent == parent.id]
            parent.waiting = any(each.answer != "ACCEPTED" for each in children)
        return {"Handshake": handshake.described(self.clock.time())}

    def _join_invited(self, handshake: Handshake, organization: Organization) -> None:
        """An account joins, and leaves the organization that it was in."""
        caller = self.caller.account
        earlier = self.members.get(caller)
        if earlier is not None:
            if earlier.management == caller or earlier is organization:
                raise _already_in()
            leaving = earlier.accounts[caller]
            self.check_may_leave(earlier, leaving)
            self.leave(earlier, leaving)
        assert handshake.target is not None
        email = handshake.target[1] if handshake.target[0] == "EMAIL" else None
        self.join(organization, self.new_member(organization, caller, f"account {caller}", "INVITED", email=email))

    def decline_handshake(self, HandshakeId: str) -> dict[str, Any]:
        handshake = self._handshake(HandshakeId)
        self._check_recipient(handshake)
        self._check_open(handshake, "DECLINED")
        return self._end(handshake, "DECLINED")

    def cancel_handshake(self, HandshakeId: str) -> dict[str, Any]:
        handshake = self._handshake(HandshakeId)
        if self._of(handshake).management != self.caller.account:
            raise denied()
        self._check_open(handshake, "CANCELED")
        for child in self.handshakes.values():
            if child.parent == handshake.id and child.is_open(self.clock.time()):
                self._end(child, "CANCELED")
        return self._end(handshake, "CANCELED")

    def _end(self, handshake: Handshake, answer: str) -> dict[str, Any]:
        handshake.answer, handshake.answered = answer, self.clock.time()
        return {"Handshake": handshake.described(self.clock.time())}

    def _check_open(self, handshake: Handshake, wanted: str) -> None:
        now = self.clock.time()
        if handshake.state(now) == wanted:
            raise self.error(
                "HandshakeAlreadyInStateException", "The specified handshake is already in the requested state."
            )
        if not handshake.is_open(now):
            raise self._wrong_transition()

    def _wrong_transition(self) -> Exception:
        return self.error(
            "InvalidHandshakeTransitionException",
            "You can't perform the operation on the handshake in its current state.",
        )

    def _check_recipient(self, handshake: Handshake) -> None:
        if not self.is_recipient(handshake):
            raise denied()

    def is_recipient(self, handshake: Handshake) -> bool:
        """Whether it was sent to the caller. An address that belongs to no account that awsim knows of is taken for
        that of whoever answers."""
        caller = self.caller.account
        if handshake.target is None:
            return self._of(handshake).management == caller
        kind, id = handshake.target
        if kind == "ACCOUNT":
            return id == caller
        owner = self.owner_of(id)
        return owner == caller or (owner is None and caller not in self.members)

    # --- looking

    def describe_handshake(self, HandshakeId: str) -> dict[str, Any]:
        handshake = self._handshake(HandshakeId)
        if not self.is_recipient(handshake) and self.members.get(self.caller.account) is not self._of(handshake):
            raise denied()
        return {"Handshake": handshake.described(self.clock.time())}

    def list_handshakes_for_account(
        self, Filter: Mapping[str, str] | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = [each for each in self.handshakes.values() if self._was_sent_here(each)]
        return self._page_of_handshakes(found, Filter, NextToken, MaxResults)

    def list_handshakes_for_organization(
        self, Filter: Mapping[str, str] | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        organization = self.viewed()
        found = [each for each in self.handshakes.values() if each.organization == organization.id]
        return self._page_of_handshakes(found, Filter, NextToken, MaxResults)

    def _was_sent_here(self, handshake: Handshake) -> bool:
        caller = self.caller.account
        target = handshake.target
        return target is not None and (target[1] == caller or self.owner_of(target[1]) == caller)

    def _page_of_handshakes(
        self, found: Iterable[Handshake], filter: Mapping[str, str] | None, token: str | None, size: int | None
    ) -> dict[str, Any]:
        now = self.clock.time()
        wanted = filter or {}
        if len(wanted) > 1:
            raise invalid("MAX_LIMIT_EXCEEDED_FILTER", "You can specify only one filter parameter for the operation.")
        action, parent = wanted.get("ActionType"), wanted.get("ParentHandshakeId")
        shown = [
            each
            for each in found
            if self._visible(each) and action in (None, each.action) and parent in (None, each.parent)
        ]
        return self.page("Handshakes", shown, token, size, lambda each: each.described(now))

    def _visible(self, handshake: Handshake) -> bool:
        """Those that ended can be seen for a while."""
        ended = handshake.ended(self.clock.time())
        return ended is None or self.clock.time() < ended + (self.limits["ended-handshake-stay"] or 0)

    def _handshake(self, id: str) -> Handshake:
        found: Handshake | None = self.handshakes.get(id)
        if found is None or not self._visible(found):
            raise missing("handshake", "HandshakeNotFoundException")
        return found

    def _of(self, handshake: Handshake) -> Organization:
        found: Organization | None = self.organizations.get(handshake.organization)
        if found is None:
            raise missing("handshake", "HandshakeNotFoundException")
        return found

    def open_handshakes(self, organization: Organization) -> Iterable[Handshake]:
        now = self.clock.time()
        return (each for each in self.handshakes.values() if each.organization == organization.id and each.is_open(now))

    def _pending(self, organization: Organization) -> Handshake | None:
        """The handshake of a change to all features that is under way."""
        return next((each for each in self.open_handshakes(organization) if each.action == _ENABLE), None)


def _already_in() -> Exception:
    return handshake_violated("ALREADY_IN_AN_ORGANIZATION", "The AWS account is already a member of an organization.")
