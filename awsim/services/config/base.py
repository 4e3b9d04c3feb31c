"""What all operations of AWS Config share: its state, its looks at other services, tags and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.config.records import Channel, Recorder, Rule
from awsim.state import Collection, Dict
from awsim.state.pages import listed
from awsim.state.tags import tag_map
from awsim.wire.models import service_model

# How often a run that varies AWS's decisions has Config take its time.
_LATE_ODDS = 0.2


class Base(Service):
    name = "config"
    # Customers have types of their own, which no model lists.
    unchecked = frozenset({"ResourceType"})

    rules = Collection("rule", quota="rules")
    packs = Collection("conformance pack", quota="conformance-packs")
    aggregators = Collection("configuration aggregator", quota="aggregators")
    stored = Collection("stored query", quota="stored-queries")

    def setup(self) -> None:
        # One of each per account and region, by name.
        self.recorders = Dict()
        self.channels = Dict()
        self.history = Dict()  # (type, id) -> List of items, oldest first
        self.tokens = Dict()  # result token -> (rule, epoch seconds of the invocation)
        self.retention = Dict()  # "default" -> days

    # --- looking at other services

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """What a service says of the account's resources here."""
        return self.call(service, operation, as_=administrator(self.account), **parameters)

    def asked(self, service: str, operation: str, member: str, **parameters: Any) -> Any:
        """A member of an answer; None where there is nothing, or the service refuses."""
        try:
            return self.ask(service, operation, **parameters).get(member)
        except AWSError:
            return None

    def lateness(self, row: str) -> float:
        """How late Config is with its own work (a row of kind lag), where AWS leaves that open."""
        seconds = self.limits.lag(row)
        if not seconds:
            return 0.0
        late = self.choose("config.late", (False, True), _LATE_ODDS, f"was late with its {row.replace('-', ' ')}")
        return seconds if late else 0.0

    def now_iso(self) -> str:
        return iso(self.clock.time())

    def bad(self, message: str) -> AWSError:
        return self.error("InvalidParameterValueException", message)

    def check_types(self, *kinds: str) -> None:
        """Refuse types of AWS's that there are not."""
        known = service_model("config").shape_for("ResourceType").enum
        for kind in kinds:
            if kind.startswith("AWS::") and kind not in known:
                raise self.error(
                    "ValidationException",
                    f"1 validation error detected: Value '{kind}' at 'resourceType' failed to satisfy constraint: "
                    f"Member must satisfy enum value set: [{', '.join(known)}]",
                )

    # --- look-ups

    @property
    def recorder(self) -> Recorder | None:
        return next(iter(self.recorders.values()), None)

    @property
    def channel(self) -> Channel | None:
        return next(iter(self.channels.values()), None)

    def rule(self, name: str) -> Rule:
        found: Rule | None = self.rules.get(name)
        if found is None:
            raise self.error(
                "NoSuchConfigRuleException",
                f"The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name.",
            )
        return found

    def named_rules(self, names: Sequence[str]) -> list[Rule]:
        return [self.rule(name) for name in names] if names else list(self.rules)

    # --- tags

    def tagged(self, resource: Any, tags: Iterable[Mapping[str, str]] | None) -> None:
        resource.tags = resource.tags.with_(self, tag_map(tags), invalid="ValidationException")

    # --- pages

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None = None,
        following: str = "NextToken",
    ) -> dict[str, Any]:
        def refusal() -> AWSError:
            return self.error("InvalidNextTokenException", "The specified next token is not valid.")

        most = size or int(self.limits["page-size"])
        return listed(member, records, shown, key, token, most, refusal=refusal, following=following)


def iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def count(number: int, most: int) -> dict[str, Any]:
    """A number as Config shows it: not beyond a cap."""
    return {"CappedCount": min(number, most), "CapExceeded": number > most}
