"""What all of CloudWatch Logs' operations need: finding groups and streams, pages, policies and tags by ARN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.service import ResourceSide, Service
from awsim.services.logs import tokens
from awsim.services.logs.group import STANDARD, Event, LogGroup, LogStream, Stored
from awsim.services.logs.refusals import bad_token, denied, invalid, missing, no_group, no_stream, unsupported
from awsim.state import Dict, SortedDict, Tags
from awsim.state.pages import listed


class Base(Service):
    """The state of CloudWatch Logs in an account and region."""

    name = "logs"
    scope = "region"
    validation_error = "InvalidParameterException"

    def setup(self) -> None:
        self.groups = SortedDict()  # name -> LogGroup
        self.destinations = SortedDict()
        self.resource_policies = Dict()  # name, or the ARN of a log group -> ResourcePolicy
        self.account_policies = Dict()  # (type, name) -> AccountPolicy
        self.named = Dict()  # ARN -> what else has tags

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        error = super().violation(violations)
        model = self.request.plan.model
        known = {shape.name for shape in model.error_shapes} if model is not None else set()
        if "InvalidParameterException" not in known and "ValidationException" in known:
            error.code = "ValidationException"
        return error

    @property
    def now(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.clock.time() * 1000)

    @property
    def principal(self) -> str:
        """Who CloudWatch Logs is to buckets and keys."""
        return f"logs.{self.region}.{'amazonaws.com.cn' if self.partition == 'aws-cn' else 'amazonaws.com'}"

    # --- looking up

    def group(self, name: str) -> LogGroup:
        found: LogGroup | None = self.groups.get(name)
        if found is None:
            raise no_group()
        return found

    def group_by(self, identifier: str) -> LogGroup:
        """The log group of a name or an ARN. What other accounts share (observability) is not modelled."""
        if not identifier.startswith("arn:"):
            return self.group(identifier)
        parts = identifier.split(":", 6)
        if len(parts) < 7 or parts[5] != "log-group":
            raise invalid(f"Invalid log group identifier: {identifier}")
        if parts[3] != self.region or parts[4] != self.account:
            raise no_group()
        return self.group(parts[6].removesuffix(":*"))

    def either(self, name: str | None, identifier: str | None) -> LogGroup:
        """The log group of a request that names it one way or the other."""
        if (name is None) == (identifier is None):
            raise invalid("Exactly one of logGroupName and logGroupIdentifier must be specified.")
        return self.group(name) if name is not None else self.group_by(identifier or "")

    def standard(self, group: LogGroup) -> LogGroup:
        """The group, if its class has all features."""
        if group.kind != STANDARD:
            raise unsupported(group.kind)
        return group

    def stream(self, group: LogGroup, name: str) -> LogStream:
        found: LogStream | None = group.streams.get(name)
        if found is None:
            raise no_stream()
        return found

    def cutoff(self, group: LogGroup, now: int | None = None) -> int:
        """Events of the group before this time (milliseconds) are gone."""
        return group.cutoff(
            self.now if now is None else now, self.limits.lag("expiry") if group.retention is not None else 0.0
        )

    # --- pages

    def page_of(
        self,
        member: str,
        tree: SortedDict,
        shown: Callable[[Any], Any],
        token: str | None,
        size: int | None,
        *,
        prefix: str = "",
        chosen: Callable[[Any], bool] | None = None,
        descending: bool = False,
        following: str = "nextToken",
    ) -> dict[str, Any]:
        """A page of records by their keys, of those with a prefix; as costly as the page, however many there are."""
        size = size or int(self.limits["page-size"])
        start = tokens.read(member, token) if token is not None else None
        found = list(islice(_walk(tree, prefix, start, chosen, descending), size + 1))
        page: dict[str, Any] = {member: [shown(record) for _, record in found[:size]]}
        if len(found) > size:
            page[following] = tokens.written(member, found[size - 1][0])
        return page

    def listing(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
        refusal: Callable[[], Exception] = bad_token,
    ) -> dict[str, Any]:
        """A page of a few records."""
        size = size or int(self.limits["page-size"])
        return listed(member, records, shown, key, token, size, refusal=refusal, following="nextToken")

    # --- permissions

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner of a resource; of a log group to AWS's services what resource policies let them do, to nobody else.

        Source: API Reference, PutResourcePolicy: other principals are not looked at.
        """
        parts = arn.split(":", 6)
        owner = parts[4] if len(parts) > 5 and parts[4] else self.account
        call = self.cloud.running
        if len(parts) < 7 or parts[5] != "log-group" or call is None or call.caller.service is None:
            return ResourceSide(owner)
        home = self.at(account=owner, region=parts[3] or self.region)
        texts = [policy.document for policy in home.resource_policies.values() if policy.covers(arn)]
        return ResourceSide(owner, [parse(text, "resource") for text in texts], closed=True)

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """Policies name a group's streams too, which the ARN of a group in a request leaves out."""
        if not arn.startswith("arn:"):
            return arn
        if name in ("members", "named", "identified") and not arn.endswith(":*"):
            return f"{arn}:*"
        if name == "stream" and ":log-stream:" not in arn:
            return f"{arn}:log-stream:{params.get('logStreamName', '')}"
        return arn

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        parts = arn.split(":", 6)
        if len(parts) < 7 or not parts[4]:
            return None
        home = self.at(account=parts[4], region=parts[3] or self.region)
        if parts[5] == "log-group":
            group = home.groups.get(parts[6].partition(":")[0])
            return group.tags if group is not None else None
        record = home.named.get(arn)
        return record.tags if record is not None else None

    def check_role(self, role: str, source: str, refusal: Callable[[], AWSError]) -> None:
        """Refuse a role that CloudWatch Logs may not assume."""
        policies = self.cloud.authorization
        if policies is None:
            return
        try:
            policies.check_trust(self, role, source)
        except AWSError:
            raise refusal() from None

    # --- tags

    def new_tags(self, given: Mapping[str, str] | None, before: Tags | None = None) -> Tags:
        merged: Tags = (before or Tags()).with_(self, given or {}, invalid="InvalidParameterException")
        return merged

    def tagged(self, arn: str) -> Any:
        """What has tags under an ARN."""
        parts = arn.split(":", 6)
        if len(parts) < 7 or parts[0] != "arn" or parts[2] != "logs":
            raise invalid(f"Invalid resource ARN: {arn}")
        if parts[3] != self.region or parts[4] != self.account:
            raise missing("The specified resource does not exist.")
        found = self.groups.get(parts[6]) if parts[5] == "log-group" else self.named.get(arn)
        if found is None:
            raise missing("The specified resource does not exist.")
        return found

    # --- what the parts of CloudWatch Logs do for each other

    def masks(self, group: LogGroup) -> Callable[[str], tuple[tuple[int, int], ...]] | None:
        """What finds the parts of a message that are to be masked; None where nothing is."""
        raise NotImplementedError

    def ingested(self, group: LogGroup, stream: LogStream, batch: Sequence[Stored]) -> None:
        """Events have come in: tell those who follow the group."""
        raise NotImplementedError

    def transformed(self, group: LogGroup, event: Event) -> str:
        """The message of an event as the group's transformer makes it; as it came in where that fails."""
        raise NotImplementedError

    def account_policy_for(self, kind: str, group: LogGroup) -> Any:
        """The account policy of a kind that holds for a group, if there is one."""
        raise NotImplementedError

    def lookup_rows(self, name: str) -> Sequence[Mapping[str, str]]:
        """The rows of a lookup table; raises ResourceNotFoundException."""
        raise NotImplementedError

    # --- asking for more than the operation's own permission

    def check_unmask(self, group: LogGroup, unmask: bool | None) -> bool:
        """Whether the caller is to see what is masked; refuses one that asks without logs:Unmask."""
        if not unmask:
            return False
        from awsim.gateway.authorizer import judged

        decision = judged(self.request, "logs:Unmask", f"{group.arn}:*")
        if decision is not None and not decision.allowed:
            raise denied(f"User: {self.caller.arn} is not authorized to perform: logs:Unmask on resource: {group.arn}")
        return True


def _walk(
    tree: SortedDict, prefix: str, start: str | None, chosen: Callable[[Any], bool] | None, descending: bool
) -> Iterator[tuple[str, Any]]:
    """Records whose keys have a prefix, in order of keys, after the key `start`."""
    if descending:
        # Nothing with the prefix sorts beyond it and the last character that there is.
        keys = tree.irange(prefix or None, start or f"{prefix}\U0010ffff", inclusive=(True, False), reverse=True)
    else:
        keys = tree.irange(start or prefix or None, None, inclusive=(start is None, True))
    for key in keys:
        if not key.startswith(prefix):
            return
        record = tree[key]
        if chosen is None or chosen(record):
            yield key, record
