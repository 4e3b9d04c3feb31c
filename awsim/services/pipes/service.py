"""Amazon EventBridge Pipes (regional)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.services.pipes import checks
from awsim.services.pipes.pipe import RUNNING, STOPPED, Pipe
from awsim.services.pipes.refusals import invalid, missing, violated
from awsim.services.pipes.running import RunningPipes
from awsim.state import Lifecycle

Parameters = Mapping[str, Any]

_SETTLED = (RUNNING, STOPPED)


class Pipes(RunningPipes):
    """EventBridge Pipes: from one source, through filter and enrichment, to one target.

    Sources: EventBridge Pipes API Reference; EventBridge User Guide, "Amazon EventBridge Pipes".
    """

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        return violated(violations)

    # --- pipes

    def create_pipe(
        self,
        Name: str,
        Source: str,
        Target: str,
        RoleArn: str,
        Description: str | None = None,
        DesiredState: str | None = None,
        SourceParameters: Parameters | None = None,
        Enrichment: str | None = None,
        EnrichmentParameters: Parameters | None = None,
        TargetParameters: Parameters | None = None,
        Tags: Mapping[str, str] | None = None,
        LogConfiguration: Parameters | None = None,
        KmsKeyIdentifier: str | None = None,
    ) -> dict[str, Any]:
        settings = checks.complete(
            {
                "Source": Source,
                "Target": Target,
                "RoleArn": RoleArn,
                "Description": Description,
                "SourceParameters": SourceParameters,
                "Enrichment": Enrichment,
                "EnrichmentParameters": EnrichmentParameters,
                "TargetParameters": TargetParameters,
                "LogConfiguration": LogConfiguration,
                "KmsKeyIdentifier": KmsKeyIdentifier,
            },
            self.region,
            self.limits,
        )
        arn = self.arn(f"pipe/{Name}")
        desired = DesiredState or RUNNING
        pipe = Pipe(Name, arn, self.ids.hex("pipe", 16), settings, desired, self.clock.time())
        pipe.tags = pipe.tags.with_(self, Tags or {}, invalid="ValidationException")
        if Name in self.pipes:
            fields = {"resourceId": Name, "resourceType": "pipe"}
            raise self.error("ConflictException", f"Pipe {Name} already exists.", **fields)
        self.pipes.add(pipe)
        self._move(pipe, "CREATING", "pipe-creation", "CREATE_FAILED")
        return pipe.answered()

    def update_pipe(
        self,
        Name: str,
        RoleArn: str,
        Description: str | None = None,
        DesiredState: str | None = None,
        SourceParameters: Parameters | None = None,
        Enrichment: str | None = None,
        EnrichmentParameters: Parameters | None = None,
        Target: str | None = None,
        TargetParameters: Parameters | None = None,
        LogConfiguration: Parameters | None = None,
        KmsKeyIdentifier: str | None = None,
    ) -> dict[str, Any]:
        pipe = self._settled(Name)
        changes = {
            "RoleArn": RoleArn,
            "Description": Description,
            "Enrichment": Enrichment,
            "EnrichmentParameters": EnrichmentParameters,
            "Target": Target,
            "TargetParameters": TargetParameters,
            "LogConfiguration": LogConfiguration,
            "KmsKeyIdentifier": KmsKeyIdentifier,
        }
        settings = {**pipe.settings, **{name: value for name, value in changes.items() if value is not None}}
        if SourceParameters is not None:
            settings["SourceParameters"] = _merged(pipe.settings["SourceParameters"], SourceParameters)
        pipe.settings = checks.complete(settings, self.region, self.limits)
        pipe.desired = DesiredState or pipe.desired
        pipe.modified = self.clock.time()
        self._halt(pipe.name, pipe.id)
        self._move(pipe, "UPDATING", "pipe-update", "UPDATE_FAILED")
        return pipe.answered()

    def delete_pipe(self, Name: str) -> dict[str, Any]:
        pipe = self._at(Name)
        self._halt(pipe.name, pipe.id)
        pipe.modified = self.clock.time()
        pipe.lifecycle = Lifecycle(self, [("DELETING", "pipe-deletion"), ("DELETED", None)])
        self.later(self.limits.duration("pipe-deletion"), "_gone", name=pipe.name, id=pipe.id)
        pipe.desired = "DELETED"
        return pipe.answered()

    def start_pipe(self, Name: str) -> dict[str, Any]:
        pipe = self._settled(Name)
        pipe.desired = RUNNING
        if pipe.state != RUNNING:
            pipe.modified = self.clock.time()
            self._move(pipe, "STARTING", "pipe-start", "START_FAILED")
        return pipe.answered()

    def stop_pipe(self, Name: str) -> dict[str, Any]:
        pipe = self._settled(Name)
        pipe.desired = STOPPED
        if pipe.state != STOPPED:
            pipe.modified = self.clock.time()
            self._move(pipe, "STOPPING", "pipe-stop", "STOP_FAILED")
        return pipe.answered()

    def describe_pipe(self, Name: str) -> dict[str, Any]:
        return self._at(Name).described()

    def list_pipes(
        self,
        NamePrefix: str | None = None,
        DesiredState: str | None = None,
        CurrentState: str | None = None,
        SourcePrefix: str | None = None,
        TargetPrefix: str | None = None,
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        found = [
            pipe
            for pipe in self.pipes.sorted()
            if pipe.name.startswith(NamePrefix or "")
            and DesiredState in (None, pipe.desired)
            and CurrentState in (None, pipe.state)
            and pipe.source.startswith(SourcePrefix or "")
            and pipe.settings["Target"].startswith(TargetPrefix or "")
        ]
        if NextToken is not None:
            try:
                last = b64decode(NextToken, validate=True).decode()
            except ValueError:
                raise invalid("NextToken", "Invalid NextToken.") from None
            found = found[bisect_right(found, last, key=lambda pipe: pipe.name) :]
        size = Limit or int(self.limits["page-size"])
        page: dict[str, Any] = {"Pipes": [pipe.listed() for pipe in found[:size]]}
        if len(found) > size:
            page["NextToken"] = b64encode(found[size - 1].name.encode()).decode()
        return page

    # --- tags

    def tag_resource(self, resourceArn: str, tags: Mapping[str, str]) -> dict[str, Any]:
        pipe = self._tagged(resourceArn)
        pipe.tags = pipe.tags.with_(self, tags, invalid="ValidationException")
        return {}

    def untag_resource(self, resourceArn: str, tagKeys: Sequence[str]) -> dict[str, Any]:
        pipe = self._tagged(resourceArn)
        pipe.tags = pipe.tags.without(tagKeys)
        return {}

    def list_tags_for_resource(self, resourceArn: str) -> dict[str, Any]:
        return {"tags": self._tagged(resourceArn).tags.as_dict()}

    def tags_of(self, arn: str) -> Mapping[str, str]:
        pipe = self.pipes.get(arn.rpartition("/")[2])
        return {} if pipe is None else pipe.tags.as_dict()

    # --- parts

    def _move(self, pipe: Pipe, state: str, row: str, failed: str) -> None:
        """Bring a pipe to the state that is wanted of it."""
        pipe.lifecycle = Lifecycle(self, [(state, row), (pipe.desired, None)])
        work: dict[str, Any] = {"name": pipe.name, "id": pipe.id}
        seconds = self.limits.duration(row)
        if pipe.desired == RUNNING:
            self.later(seconds, "_begin", **work, failed=failed)
        else:
            self.later(seconds, "_halt", **work)

    def _at(self, name: str) -> Pipe:
        pipe: Pipe | None = self.pipes.get(name)
        if pipe is None:
            raise missing(name)
        return pipe

    def _settled(self, name: str) -> Pipe:
        """A pipe that nothing is being done with."""
        pipe = self._at(name)
        if pipe.state not in _SETTLED and not pipe.state.endswith("_FAILED"):
            fields = {"resourceId": name, "resourceType": "pipe"}
            raise self.error("ConflictException", f"Pipe {name} is in state {pipe.state}.", **fields)
        return pipe

    def _tagged(self, arn: str) -> Pipe:
        pipe = self._at(arn.rpartition("/")[2])
        if pipe.arn != arn:
            raise missing(pipe.name)
        return pipe


def _merged(old: Parameters, new: Parameters) -> dict[str, Any]:
    """Parameters of a source with changes: what is not named stays; FilterCriteria is replaced."""
    merged = dict(old)
    for member, value in new.items():
        before = merged.get(member)
        merged[member] = {**before, **value} if member != "FilterCriteria" and before else value
    return merged
