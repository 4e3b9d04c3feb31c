"""Alarms of both kinds: putting, describing, deleting, forcing; their history; whom they tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.cloudwatch.alarms import messages
from awsim.services.cloudwatch.alarms.alarm import COMPOSITE, METRIC, Alarm, CompositeAlarm, MetricAlarm
from awsim.services.cloudwatch.alarms.messages import Change, Place
from awsim.services.cloudwatch.operations.metrics import MetricOperations
from awsim.services.cloudwatch.refusals import bad_token, validation
from awsim.services.cloudwatch.store import epoch
from awsim.state import Collection, List
from awsim.state.pages import BadToken, listed, number, page

_PRINCIPAL = "cloudwatch.amazonaws.com"
_FUNCTION_PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"
_OF_OTHERS = ("ChildrenOfAlarmName", "ParentsOfAlarmName")


class Item(NamedTuple):
    """An item of the history; stays when the alarm goes."""

    name: str
    kind: str
    time: float
    type: str
    summary: str
    data: str

    def shown(self) -> dict[str, Any]:
        return {
            "AlarmName": self.name,
            "AlarmType": self.kind,
            "Timestamp": self.time,
            "HistoryItemType": self.type,
            "HistorySummary": self.summary,
            "HistoryData": self.data,
        }


class AlarmOperations(MetricOperations):
    alarms = Collection("alarm", quota="alarms")

    def setup(self) -> None:
        super().setup()
        self.history = List()

    # --- describing

    def describe_alarms(
        self,
        AlarmNames: Sequence[str] = (),
        AlarmNamePrefix: str | None = None,
        AlarmTypes: Sequence[str] = (),
        ChildrenOfAlarmName: str | None = None,
        ParentsOfAlarmName: str | None = None,
        StateValue: str | None = None,
        ActionPrefix: str | None = None,
        MaxRecords: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        if AlarmNames and AlarmNamePrefix is not None:
            raise validation("AlarmNames and AlarmNamePrefix must not be specified together.")
        if ChildrenOfAlarmName is not None or ParentsOfAlarmName is not None:
            others = self.request.params.keys() - {"MaxRecords", "NextToken"}
            if len(others) > 1:
                raise validation(f"{' and '.join(_OF_OTHERS)} go with no other parameters.")
            found = self._related(ChildrenOfAlarmName, ParentsOfAlarmName)
            AlarmTypes = (METRIC, COMPOSITE)
        else:
            found = list(self.alarms)
            AlarmTypes = AlarmTypes or (METRIC,)
        found = [
            alarm
            for alarm in found
            if alarm.kind in AlarmTypes
            and (not AlarmNames or alarm.name in AlarmNames)
            and alarm.name.startswith(AlarmNamePrefix or "")
            and StateValue in (None, alarm.state)
            and (ActionPrefix is None or any(one.startswith(ActionPrefix) for one in _all_actions(alarm)))
        ]
        try:
            size = MaxRecords or self.limits["alarms-page"]
            shown, token = page(found, lambda alarm: alarm.name, NextToken, size, "DescribeAlarms")
        except BadToken:
            raise bad_token() from None
        if ChildrenOfAlarmName is not None:
            describe = _state_of
        else:
            describe = _name_of if ParentsOfAlarmName is not None else _whole
        return {
            "MetricAlarms": [describe(alarm) for alarm in shown if alarm.kind == METRIC],
            "CompositeAlarms": [describe(alarm) for alarm in shown if alarm.kind == COMPOSITE],
            "NextToken": token,
        }

    def _related(self, parent: str | None, child: str | None) -> list[Alarm]:
        """The children of an alarm, or its parents."""
        if parent is not None:
            alarm = self.alarms.get(parent)
            if not isinstance(alarm, CompositeAlarm):
                raise validation(f"{parent} is not a composite alarm.")
            return [self.alarms.get(name) for name in alarm.rule.alarms if name in self.alarms]
        return list(self.parents_of(child or ""))

    def parents_of(self, name: str) -> list[CompositeAlarm]:
        """The composite alarms whose rules name an alarm."""
        return [alarm for alarm in self.alarms if isinstance(alarm, CompositeAlarm) and name in alarm.rule.alarms]

    def describe_alarms_for_metric(
        self,
        MetricName: str,
        Namespace: str,
        Statistic: str | None = None,
        ExtendedStatistic: str | None = None,
        Dimensions: Sequence[Mapping[str, str]] = (),
        Period: int | None = None,
        Unit: str | None = None,
    ) -> dict[str, Any]:
        asked = self.request.params
        found = [
            alarm.described()
            for alarm in self.alarms.sorted()
            if isinstance(alarm, MetricAlarm) and alarm.is_on(Namespace, MetricName, asked)
        ]
        return {"MetricAlarms": found}

    def describe_alarm_history(
        self,
        AlarmName: str | None = None,
        AlarmContributorId: str | None = None,
        AlarmTypes: Sequence[str] = (),
        HistoryItemType: str | None = None,
        StartDate: datetime | None = None,
        EndDate: datetime | None = None,
        MaxRecords: int | None = None,
        NextToken: str | None = None,
        ScanBy: str | None = None,
    ) -> dict[str, Any]:
        now = self.clock.time()
        first = max(now - self.limits["history"], epoch(StartDate) if StartDate else 0)
        last = epoch(EndDate) if EndDate else now
        kinds = AlarmTypes or (METRIC,)
        found = [
            (place, item)
            for place, item in enumerate(self.history)
            if AlarmName in (None, item.name)
            and item.kind in kinds
            and HistoryItemType in (None, item.type)
            and first <= item.time <= last
            and AlarmContributorId is None
        ]
        size = len(self.history)
        newest_first = ScanBy != "TimestampAscending"
        return listed(
            "AlarmHistoryItems",
            found,
            lambda each: each[1].shown(),
            lambda each: number(size - each[0] if newest_first else each[0]),
            NextToken,
            MaxRecords or self.limits["alarms-page"],
            refusal=bad_token,
        )

    def describe_alarm_contributors(self, AlarmName: str, NextToken: str | None = None) -> dict[str, Any]:
        alarm = self.alarms.get(AlarmName)
        if alarm is None:
            raise self.error("ResourceNotFoundException", "", ResourceType="alarm", ResourceId=AlarmName)
        contributors = alarm.contributors if isinstance(alarm, MetricAlarm) else ()
        return listed(
            "AlarmContributors",
            contributors,
            lambda one: one,
            lambda one: one["ContributorId"],
            NextToken,
            self.limits["alarms-page"],
            refusal=bad_token,
        )

    # --- changing

    def delete_alarms(self, AlarmNames: Sequence[str]) -> None:
        going = {name: self.alarms.get(name) for name in AlarmNames if name in self.alarms}
        if sum(isinstance(alarm, CompositeAlarm) for alarm in going.values()) > 1:
            raise validation("Only one composite alarm can be deleted at a time.")
        for name in going:
            if any(parent.name not in going or parent is going[name] for parent in self.parents_of(name)):
                raise validation(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
        for name, alarm in going.items():
            self.forget(alarm)
            self.alarms.remove(name)
            self.configured(alarm, "Delete")

    def enable_alarm_actions(self, AlarmNames: Sequence[str]) -> None:
        self._switch(AlarmNames, on=True)

    def disable_alarm_actions(self, AlarmNames: Sequence[str]) -> None:
        self._switch(AlarmNames, on=False)

    def _switch(self, names: Iterable[str], *, on: bool) -> None:
        for name in names:
            alarm = self.alarms.get(name)
            if alarm is not None and alarm.actions_enabled is not on:
                alarm.actions_enabled = on
                summary = f'Alarm "{name}" actions {"enabled" if on else "disabled"}'
                self.note(alarm, "ConfigurationUpdate", summary, messages.configuration_data("Update", alarm))

    def set_alarm_state(
        self, AlarmName: str, StateValue: str, StateReason: str, StateReasonData: str | None = None
    ) -> None:
        alarm = self.alarms.get(AlarmName)
        if alarm is None:
            raise self.error("ResourceNotFound", f"Alarm {AlarmName} does not exist.")
        if StateReasonData:
            try:
                json.loads(StateReasonData)
            except ValueError:
                raise self.error("InvalidFormat", "StateReasonData is not valid JSON.") from None
        self.bring(alarm, StateValue, StateReason, StateReasonData)
        self.watch(alarm)

    def bring(self, alarm: Alarm, state: str, reason: str, reason_data: str | None) -> None:
        """Bring an alarm into a state, and tell whoever is to be told of a change."""
        before = Change(alarm.state, alarm.reason, alarm.reason_data, alarm.updated)
        alarm.become(state, reason, reason_data, self.clock.time())
        if state == before.state:
            return
        self.note(
            alarm, "StateUpdate", f"Alarm updated from {before.state} to {state}", messages.update_data(alarm, before)
        )
        self.moved(alarm, before)
        self.tell_events("CloudWatch Alarm State Change", alarm, messages.state_change(alarm, before))
        for parent in self.parents_of(alarm.name):
            self.later(0, "_look_at_children", name=parent.name)

    def configured(self, alarm: Alarm, how: str) -> None:
        """An alarm was made, changed or deleted (`Create`, `Update`, `Delete`)."""
        summary = f'Alarm "{alarm.name}" {how.lower()}d'
        self.note(alarm, "ConfigurationUpdate", summary, messages.configuration_data(how, alarm))
        detail = messages.configuration_change(alarm, how.lower())
        self.tell_events("CloudWatch Alarm Configuration Change", alarm, detail)

    # --- whom alarms tell

    def note(self, alarm: Alarm, type_: str, summary: str, data: str) -> None:
        self.history.append(Item(alarm.name, alarm.kind, self.clock.time(), type_, summary, data))

    def place(self) -> Place:
        return Place(self.account, self.region, self.partition)

    def moved(self, alarm: Alarm, before: Change) -> None:
        """A change of state: see to its actions."""
        self.act(alarm, before)

    def act(self, alarm: Alarm, before: Change) -> None:
        """Run the actions of the state that an alarm is in."""
        if not alarm.actions_enabled:
            return
        for action in alarm.actions(alarm.state):
            service = action.split(":")[2]
            if service == "sns":
                text = messages.notification(alarm, before, self.place())
                work = {"subject": messages.subject(alarm, self.place()), "text": text}
            elif service == "lambda":
                work = {"subject": "", "text": messages.function_event(alarm, before, self.place())}
            else:
                work = {"subject": alarm.state, "text": alarm.reason_data or ""}
            self.later(0, "_act", name=alarm.name, action=action, **work)

    def _act(self, name: str, action: str, subject: str, text: str) -> None:
        """One action of an alarm, and what became of it."""
        alarm = self.alarms.get(name)
        if alarm is None:
            return
        error = None
        try:
            self._do(alarm, action, subject, text)
        except AWSError as refusal:
            error = f"{refusal.code}: {refusal.message}"
        done = "Successfully executed action" if error is None else "Failed to execute action"
        self.note(alarm, "Action", f"{done} {action}"[:255], messages.action_data(alarm, action, error))

    def _do(self, alarm: Alarm, action: str, subject: str, text: str) -> None:
        service, region = action.split(":")[2:4]
        if service == "sns":
            parameters = {"TopicArn": action, "Subject": subject, "Message": text}
            self.call("sns", "Publish", as_=_PRINCIPAL, source_arn_=alarm.arn, region_=region, **parameters)
        elif service == "lambda":
            self.call(
                "lambda",
                "Invoke",
                as_=_FUNCTION_PRINCIPAL,
                source_arn_=alarm.arn,
                region_=region,
                FunctionName=action,
                InvocationType="Event",
                Payload=text.encode(),
            )
        else:
            name = _service_of(service, action)
            instance = self.cloud.service(name, self.account, self.region)
            instance.alarmed(action, alarm.described())

    def tell_events(self, detail_type: str, alarm: Alarm, detail: Mapping[str, Any]) -> None:
        """An event for EventBridge; there is nobody to hear it where no rule was ever made."""
        if self.cloud.has_service("events", self.account, self.region):
            text = json.dumps(detail, default=str)
            self.later(0, "_tell_events", detail_type=detail_type, detail=text, arn=alarm.arn, time=self.clock.time())

    def _tell_events(self, detail_type: str, detail: str, arn: str, time: float) -> None:
        entry = {
            "Source": "aws.cloudwatch",
            "DetailType": detail_type,
            "Detail": detail,
            "Resources": [arn],
            "Time": time,
        }
        self.call("events", "PutEvents", Entries=[entry])

    # --- what each kind does in its own way

    def forget(self, alarm: Alarm) -> None:
        """An alarm goes: no more evaluations."""
        if alarm.job is not None:
            self.cancel(alarm.job)

    def watch(self, alarm: Alarm) -> None:
        """Have an alarm evaluated when it is time."""


def _all_actions(alarm: Alarm) -> list[str]:
    names = ("OKActions", "AlarmActions", "InsufficientDataActions")
    return [action for name in names for action in alarm.settings.get(name) or ()]


def _whole(alarm: Alarm) -> dict[str, Any]:
    return alarm.described()


def _state_of(alarm: Alarm) -> dict[str, Any]:
    names = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")
    described = alarm.described()
    return {name: described[name] for name in names}


def _name_of(alarm: Alarm) -> dict[str, Any]:
    return {"AlarmName": alarm.name, "AlarmArn": alarm.arn}


def _service_of(service: str, action: str) -> str:
    """The service, as botocore names it, that carries out an action on its resources."""
    if service in ("automate", "swf"):
        return "ec2"
    if service == "autoscaling" and ":resource/" in action:
        return "application-autoscaling"
    return service
