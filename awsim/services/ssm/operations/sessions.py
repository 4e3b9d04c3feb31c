"""Session Manager: the control plane of sessions. What is typed into one goes nowhere here.

Source: Systems Manager User Guide, "AWS Systems Manager Session Manager".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import content, timetable
from awsim.services.ssm.operations.associations import AssociationOperations
from awsim.state import Collection, Entity
from awsim.state.pages import number

_SHELL = "SSM-SessionManagerRunShell"
_FILTERS = {"Target": "Target", "Owner": "Owner", "Status": "Status", "SessionId": "SessionId"}


class Session(Entity):
    """A session on a node."""

    def __init__(self, id: str, target: str, document: str, owner: str, reason: str | None, now: float) -> None:
        self.id = id
        self.target = target
        self.document = document
        self.owner = owner
        self.reason = reason
        self.started = now
        self.ended: float | None = None
        self.seen = now

    def described(self) -> dict[str, Any]:
        return {
            "SessionId": self.id,
            "Target": self.target,
            "Status": "Connected" if self.ended is None else "Terminated",
            "StartDate": self.started,
            "EndDate": self.ended,
            "DocumentName": self.document,
            "Owner": self.owner,
            "Reason": self.reason,
            "OutputUrl": {},
            "AccessType": "Standard",
        }


class SessionOperations(AssociationOperations):
    sessions = Collection("session", key="id")

    def start_session(
        self,
        Target: str,
        DocumentName: str | None = None,
        Reason: str | None = None,
        Parameters: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        name = DocumentName or _SHELL
        if name != _SHELL or name in self.documents:
            document = self.document_at(name)
            if document.kind != content.SESSION:
                raise AWSError("InvalidDocument", f"Document {name} isn't a Session document.")
            try:
                content.bound(document.at(None).held, Parameters or {})  # type: ignore[union-attr]
            except content.Unfit as problem:
                raise AWSError("InvalidDocument", str(problem)) from None
        node = self.node(Target)
        if node is None or not node.online:
            raise AWSError("TargetNotConnected", f"{Target} is not connected.")
        who = self.caller.arn.rpartition("/")[2]
        id = f"{who}-{self.ids.hex('session', 17)}"
        self.sessions.add(Session(id, Target, name, self.caller.arn, Reason, self.now))
        return self._stream(id)

    def _stream(self, id: str) -> dict[str, Any]:
        url = f"wss://ssmmessages.{self.region}.amazonaws.com/v1/data-channel/{id}?role=publish_subscribe"
        return {"SessionId": id, "TokenValue": self.ids.text("session-token", 120), "StreamUrl": url}

    def resume_session(self, SessionId: str) -> dict[str, Any]:
        session: Session | None = self.sessions.get(SessionId)
        if session is None or session.ended is not None:
            raise AWSError("DoesNotExistException", f"Session {SessionId} does not exist or has ended.")
        session.seen = self.now
        return self._stream(SessionId)

    def terminate_session(self, SessionId: str) -> dict[str, Any]:
        session: Session | None = self.sessions.get(SessionId)
        if session is not None and session.ended is None:
            session.ended = self.now
        return {"SessionId": SessionId}

    def describe_sessions(
        self,
        State: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filters: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        found = [
            (at, session)
            for at, session in enumerate(self.sessions)
            if (session.ended is None) == (State == "Active") and all(_fits(session, each) for each in Filters)
        ]
        return self.page(
            "Sessions",
            found,
            lambda each: each[1].described(),
            lambda each: number(10**9 - each[0]),
            NextToken,
            MaxResults,
        )


def _fits(session: Session, given: Mapping[str, str]) -> bool:
    key, value = given["key"], given["value"]
    if key in _FILTERS:
        return session.described()[_FILTERS[key]] == value
    if key == "AccessType":
        return value == "Standard"
    try:
        when = timetable.moment(value)
    except timetable.BadSchedule:
        raise AWSError("InvalidFilterKey", "The specified filter value isn't valid.") from None
    return session.started > when if key == "InvokedAfter" else session.started < when
