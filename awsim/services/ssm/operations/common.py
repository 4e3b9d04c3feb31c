"""What all operations of Systems Manager stand on: events, pages, tags, filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsim.service import Service
from awsim.services.ssm import refusals
from awsim.state.pages import listed

_SOURCE = "aws.ssm"


class Operations(Service):
    """Systems Manager of one account in one region."""

    name = "ssm"
    scope = "region"

    def setup(self) -> None:
        """Each group of operations makes its own state."""

    @property
    def now(self) -> float:
        return self.clock.time()

    # --- events

    def announce(self, kind: str, detail: Mapping[str, Any], resources: Sequence[str] = ()) -> None:
        """Have EventBridge told, if the account has ever used it: best effort, as AWS has it."""
        if self.cloud.has_service("events", self.account, self.region):
            seconds = self.limits.duration("event-delivery")
            self.later(seconds, "_announce", kind=kind, detail=detail, resources=tuple(resources), time=self.now)

    def _announce(self, kind: str, detail: Mapping[str, Any], resources: Sequence[str], time: float) -> None:
        entry = {
            "Source": _SOURCE,
            "DetailType": kind,
            "Detail": json.dumps(detail, ensure_ascii=False),
            "Resources": list(resources),
            "Time": time,
        }
        self.call("events", "PutEvents", Entries=[entry])

    # --- answers

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
        row: str = "page-size",
    ) -> dict[str, Any]:
        """A page of records in order of their keys; `row` is the default of its size."""
        most = size or self.limits[row]
        return listed(member, records, shown, key, token, most, refusal=refusals.bad_token)

    # --- what the parts do for each other

    def setting(self, name: str) -> str:
        """A setting of Parameter Store; see `settings`."""
        raise NotImplementedError

    def with_parameters(self, text: str) -> str:
        """A text with the values of the parameters that it refers to; see `reading`."""
        raise NotImplementedError
