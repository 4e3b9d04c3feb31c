"""Amazon EventBridge Scheduler (regional)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.eventing import retries as retrying
from awsim.service import Service
from awsim.services.scheduler import metrics, targets
from awsim.services.scheduler.schedule import Group, Schedule, check, invalid
from awsim.state import Collection
from awsim.state.tags import tag_map

_DEFAULT = "default"
# How often a run that varies AWS's decisions has an invocation come twice, and late within its minute.
_DUPLICATE_ODDS = 0.001
_LATE_ODDS = 0.05
_REUSED = ("client-token", "ConflictException", "The client token was used before with other parameters.")


class Scheduler(Service):
    """Amazon EventBridge Scheduler: groups of schedules that call targets once, at a rate or by cron, in a time zone.

    Source: EventBridge Scheduler User Guide and API Reference.
    """

    name = "scheduler"
    scope = "region"
    idempotent = dict.fromkeys(
        ("CreateSchedule", "UpdateSchedule", "DeleteSchedule", "CreateScheduleGroup", "DeleteScheduleGroup"), _REUSED
    )

    groups = Collection(
        "schedule group",
        quota="schedule-groups",
        missing=("ResourceNotFoundException", "Schedule group {key} does not exist."),
        exists=("ConflictException", "Schedule group {key} already exists."),
    )
    schedules = Collection("schedule", key="key", quota="schedules")

    def setup(self) -> None:
        self.groups.add(Group(_DEFAULT, self.arn(f"schedule-group/{_DEFAULT}"), self.clock.time()))

    # --- schedules

    def create_schedule(
        self,
        Name: str,
        ScheduleExpression: str,
        FlexibleTimeWindow: Mapping[str, Any],
        Target: Mapping[str, Any],
        GroupName: str | None = None,
        ScheduleExpressionTimezone: str | None = None,
        StartDate: datetime | None = None,
        EndDate: datetime | None = None,
        Description: str | None = None,
        State: str | None = None,
        KmsKeyArn: str | None = None,
        ActionAfterCompletion: str | None = None,
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        settings = self._settings(
            ScheduleExpression=ScheduleExpression,
            ScheduleExpressionTimezone=ScheduleExpressionTimezone or "UTC",
            FlexibleTimeWindow=FlexibleTimeWindow,
            Target=Target,
            StartDate=StartDate,
            EndDate=EndDate,
            Description=Description,
            State=State or "ENABLED",
            KmsKeyArn=KmsKeyArn,
            ActionAfterCompletion=ActionAfterCompletion or "NONE",
        )
        group = self._active_group(GroupName)
        schedule = Schedule(Name, group.name, self.arn(f"schedule/{group.name}/{Name}"), self.clock.time())
        if schedule.key in self.schedules:
            raise self.error("ConflictException", f"Schedule {Name} already exists.")
        self._check_role(group.arn, Target["RoleArn"])
        schedule.settings = settings
        self.schedules.add(schedule)
        self._wind(schedule)
        return {"ScheduleArn": schedule.arn}

    def update_schedule(
        self,
        Name: str,
        ScheduleExpression: str,
        FlexibleTimeWindow: Mapping[str, Any],
        Target: Mapping[str, Any],
        GroupName: str | None = None,
        ScheduleExpressionTimezone: str | None = None,
        StartDate: datetime | None = None,
        EndDate: datetime | None = None,
        Description: str | None = None,
        State: str | None = None,
        KmsKeyArn: str | None = None,
        ActionAfterCompletion: str | None = None,
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        settings = self._settings(
            ScheduleExpression=ScheduleExpression,
            ScheduleExpressionTimezone=ScheduleExpressionTimezone or "UTC",
            FlexibleTimeWindow=FlexibleTimeWindow,
            Target=Target,
            StartDate=StartDate,
            EndDate=EndDate,
            Description=Description,
            State=State or "ENABLED",
            KmsKeyArn=KmsKeyArn,
            ActionAfterCompletion=ActionAfterCompletion or "NONE",
        )
        schedule = self._schedule(Name, GroupName)
        self._check_role(_group_arn(schedule.arn), Target["RoleArn"])
        schedule.settings = settings
        schedule.updated = schedule.started = self.clock.time()
        self._wind(schedule)
        return {"ScheduleArn": schedule.arn}

    def _settings(self, **given: Any) -> dict[str, Any]:
        """Checked settings."""
        check(given, self.clock.time())
        target = given["Target"]
        targets.check(target)
        self.limits.check("input-size", len((target.get("Input") or "").encode()))
        policy = {
            "MaximumEventAgeInSeconds": self.limits["event-age"],
            "MaximumRetryAttempts": self.limits["retry-attempts"],
            **(target.get("RetryPolicy") or {}),
        }
        return {**given, "Target": {**target, "RetryPolicy": policy}}

    def _check_role(self, group_arn: str, role: str) -> None:
        """Under authorization the role has to trust the scheduler, which calls for a group of schedules."""
        policies = self.cloud.authorization
        if policies is None:
            return
        try:
            policies.check_trust(self, role, group_arn)
        except AWSError:
            message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise self.error("ValidationException", message) from None

    def get_schedule(self, Name: str, GroupName: str | None = None) -> dict[str, Any]:
        return self._schedule(Name, GroupName).described()

    def delete_schedule(self, Name: str, GroupName: str | None = None, ClientToken: str | None = None) -> None:
        self._remove(self._schedule(Name, GroupName))

    def list_schedules(
        self,
        GroupName: str | None = None,
        NamePrefix: str | None = None,
        State: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        found = [
            schedule
            for schedule in self.schedules
            if GroupName in (None, schedule.group)
            and State in (None, schedule.settings["State"])
            and schedule.name.startswith(NamePrefix or "")
        ]
        return self._page("Schedules", found, Schedule.listed, NextToken, MaxResults, lambda schedule: schedule.key)

    def _schedule(self, name: str, group: str | None) -> Schedule:
        found: Schedule | None = self.schedules.get(f"{group or _DEFAULT}/{name}")
        if found is None:
            raise self.error("ResourceNotFoundException", f"Schedule {name} does not exist.")
        return found

    def _remove(self, schedule: Schedule) -> None:
        if schedule.job is not None:
            self.cancel(schedule.job)
        self.schedules.remove(schedule.key)

    # --- groups

    def create_schedule_group(
        self, Name: str, Tags: Sequence[Mapping[str, str]] = (), ClientToken: str | None = None
    ) -> dict[str, Any]:
        group = Group(Name, self.arn(f"schedule-group/{Name}"), self.clock.time())
        group.tags = group.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.groups.add(group)
        return {"ScheduleGroupArn": group.arn}

    def get_schedule_group(self, Name: str) -> dict[str, Any]:
        group: Group = self.groups[Name]
        return group.described()

    def delete_schedule_group(self, Name: str, ClientToken: str | None = None) -> None:
        group: Group = self.groups[Name]
        if Name == _DEFAULT:
            raise invalid("Default schedule group cannot be deleted.")
        if group.state == "DELETING":
            raise self.error("ConflictException", f"Schedule group {Name} is being deleted.")
        group.state = "DELETING"
        self.later(self.limits.duration("group-deletion"), "_remove_group", name=Name)

    def _remove_group(self, name: str) -> None:
        """A group takes its schedules with it."""
        for schedule in [schedule for schedule in self.schedules if schedule.group == name]:
            self._remove(schedule)
        self.groups.remove(name)

    def list_schedule_groups(
        self, NamePrefix: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = [group for group in self.groups if group.name.startswith(NamePrefix or "")]
        return self._page("ScheduleGroups", found, Group.described, NextToken, MaxResults, lambda group: group.name)

    def _active_group(self, name: str | None) -> Group:
        group: Group = self.groups[name or _DEFAULT]
        if group.state != "ACTIVE":
            raise self.error("ConflictException", f"Schedule group {name} is being deleted.")
        return group

    # --- tags

    def tag_resource(self, ResourceArn: str, Tags: Sequence[Mapping[str, str]]) -> None:
        group = self._tagged(ResourceArn)
        group.tags = group.tags.with_(self, tag_map(Tags), invalid="ValidationException")

    def untag_resource(self, ResourceArn: str, TagKeys: Sequence[str]) -> None:
        group = self._tagged(ResourceArn)
        group.tags = group.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": self._tagged(ResourceArn).tags.as_list()}

    def _tagged(self, arn: str) -> Group:
        name = arn.rpartition("/")[2]
        group: Group | None = self.groups.get(name)
        if group is None or group.arn != arn:
            raise self.error("ResourceNotFoundException", f"Schedule group {name} does not exist.")
        return group

    def _page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        token: str | None,
        size: int | None,
        key: Callable[[Any], str],
    ) -> dict[str, Any]:
        """A page of records in order of their keys; a token is the last key shown."""
        ordered = sorted(records, key=key)
        if token is not None:
            try:
                last = b64decode(token, validate=True).decode()
            except ValueError:
                raise invalid("Invalid NextToken provided.") from None
            ordered = ordered[bisect_right(ordered, last, key=key) :]
        size = size or self.limits["page-size"]
        page: dict[str, Any] = {member: [shown(record) for record in ordered[:size]]}
        if len(ordered) > size:
            page["NextToken"] = b64encode(key(ordered[size - 1]).encode()).decode()
        return page

    # --- invocations

    def _wind(self, schedule: Schedule) -> None:
        """Start a schedule anew, or stop it."""
        if schedule.job is not None:
            self.cancel(schedule.job)
            schedule.job = None
        if schedule.enabled:
            self._wait_for(schedule, schedule.due(self.clock.time(), first=True))

    def _wait_for(self, schedule: Schedule, due: float | None) -> None:
        schedule.job = None if due is None else self.at_time(due, "_tick", key=schedule.key, due=due)

    def _tick(self, key: str, due: float) -> None:
        """A schedule is due: invoke its target within its window, and look for the next time."""
        schedule: Schedule = self.schedules[key]
        following = schedule.due(due)
        self._wait_for(schedule, following)
        offset: float = 0
        if window := schedule.window:
            offset = self.choose("scheduler.flexible-window", (0, window // 2, window - 1))
        elif self.choose("scheduler.late", (False, True), _LATE_ODDS, f"invoked the target of {schedule.name} late"):
            offset = self.limits.lag("late-invocation")
        work: dict[str, Any] = {
            "arn": schedule.arn,
            "target": schedule.settings["Target"],
            "due": due,
            "execution": self.ids.uuid("execution"),
            "since": due + offset,
            "retries": 0,
        }
        self.later(offset, "_invoke", **work)
        what = f"invoked the target of {schedule.name} twice"
        if self.choose("scheduler.duplicate", (False, True), _DUPLICATE_ODDS, what):
            self.later(offset, "_invoke", **work)
        if following is None and schedule.settings["ActionAfterCompletion"] == "DELETE":
            self.later(offset, "_complete", key=key)

    def _complete(self, key: str) -> None:
        if (schedule := self.schedules.get(key)) is not None and schedule.job is None:
            self._remove(schedule)

    def _invoke(
        self, arn: str, target: Mapping[str, Any], due: float, execution: str, since: float, retries: int
    ) -> None:
        text = self._text(arn, target, due, execution, retries)
        work: dict[str, Any] = {"arn": arn, "target": target, "due": due, "execution": execution}
        self._count(arn, metrics.ATTEMPTS)
        try:
            self._call_target(arn, target, text, execution)
        except AWSError as error:
            self._count(arn, metrics.THROTTLED if retrying.throttled(error) else metrics.ERRORS)
            fault: dict[str, Any] = {"text": text, "code": error.code, "message": error.message, "retries": retries}
            policy = target["RetryPolicy"]
            wait = min(self.limits["retry-first-wait"] * 2**retries, self.limits["retry-longest-wait"])
            if not (retrying.throttled(error) or retrying.broken(error)):
                self._give_up(**work, **fault, exhausted=None)
            elif retries >= policy["MaximumRetryAttempts"]:
                self._give_up(**work, **fault, exhausted="MaximumRetryAttempts")
            elif self.clock.time() + wait > since + policy["MaximumEventAgeInSeconds"]:
                expired = since + policy["MaximumEventAgeInSeconds"]
                self.at_time(expired, "_give_up", **work, **fault, exhausted="MaximumEventAgeInSeconds")
            else:
                self.later(wait, "_invoke", **work, since=since, retries=retries + 1)

    def _call_target(self, arn: str, target: Mapping[str, Any], text: str, execution: str) -> None:
        call = targets.invocation(target, text, execution)
        if call is None:
            service = target["Arn"].split(":")[2]
            raise AWSError("NotImplemented", f"awsim does not model {service} as a target of schedules", status=501)
        self.call(
            call.service,
            call.operation,
            as_=target["RoleArn"],
            region_=call.region or self.region,
            account_=call.account or self.account,
            source_arn_=_group_arn(arn),
            **call.parameters,
        )

    def _text(self, arn: str, target: Mapping[str, Any], due: float, execution: str, retries: int) -> str:
        """What the target gets: the input that was given, or an event."""
        scheduled = _timestamp(due)
        if (given := target.get("Input")) is not None:
            context = {
                "schedule-arn": arn,
                "scheduled-time": scheduled,
                "execution-id": execution,
                "attempt-number": str(retries + 1),
            }
            return targets.filled(given, context)
        event = {
            "version": "0",
            "id": execution,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": self.account,
            "time": scheduled,
            "region": self.region,
            "resources": [arn],
            "detail": "{}",
        }
        return json.dumps(event, separators=(",", ":"))

    def _give_up(
        self,
        arn: str,
        target: Mapping[str, Any],
        due: float,
        execution: str,
        text: str,
        code: str,
        message: str,
        retries: int,
        exhausted: str | None,
    ) -> None:
        """What did not arrive goes to the dead-letter queue of the target, or nowhere."""
        self._count(arn, metrics.DROPPED)
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue is None:
            return
        told = {
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message or code,
            "EXECUTION_ID": execution,
            "EXHAUSTED_RETRY_CONDITION": exhausted,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(retries),
            "SCHEDULED_TIME": _timestamp(due),
            "SCHEDULE_ARN": arn,
            "TARGET_ARN": target["Arn"],
        }
        try:
            self.call(
                "sqs",
                "SendMessage",
                as_=target["RoleArn"],
                region_=queue.split(":")[3],
                account_=queue.split(":")[4],
                source_arn_=_group_arn(arn),
                QueueUrl=targets.queue_url(queue),
                MessageBody=text,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in told.items() if value
                },
            )
        except AWSError:
            self._count(arn, metrics.LOST)
            raise
        self._count(arn, metrics.BURIED)

    def _count(self, schedule: str, name: str) -> None:
        """Note something that happened to an invocation, for metrics of its group."""
        group = schedule.rpartition("/")[0].rpartition("/")[2]
        self.measure("AWS/Scheduler", name, (("ScheduleGroup", group),))


def _timestamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _group_arn(schedule: str) -> str:
    """The ARN of a schedule's group: what aws:SourceArn is when the scheduler assumes a role."""
    return schedule.replace(":schedule/", ":schedule-group/", 1).rpartition("/")[0]
