"""Alarms on the states of other alarms, and the alarms that suppress their actions.

Source: CloudWatch User Guide, "Create a composite alarm" and "Composite alarm action suppression".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudwatch.alarms import rules
from awsim.services.cloudwatch.alarms.alarm import ALARM, OK, Alarm, CompositeAlarm
from awsim.services.cloudwatch.alarms.checks import check_composite_alarm
from awsim.services.cloudwatch.alarms.evaluation import timestamp
from awsim.services.cloudwatch.alarms.messages import Change
from awsim.services.cloudwatch.operations.metric_alarms import MetricAlarmOperations
from awsim.services.cloudwatch.refusals import validation

_NOT_SETTINGS = frozenset(("AlarmName", "Tags"))
_WAIT, _EXTENSION, _BY_ALARM = "WaitPeriod", "ExtensionPeriod", "Alarm"


class CompositeAlarmOperations(MetricAlarmOperations):
    def put_composite_alarm(
        self,
        AlarmName: str,
        AlarmRule: str,
        ActionsEnabled: bool = True,
        AlarmActions: Sequence[str] = (),
        AlarmDescription: str | None = None,
        InsufficientDataActions: Sequence[str] = (),
        OKActions: Sequence[str] = (),
        Tags: Sequence[Mapping[str, str]] = (),
        ActionsSuppressor: str | None = None,
        ActionsSuppressorWaitPeriod: int | None = None,
        ActionsSuppressorExtensionPeriod: int | None = None,
        ActionConfiguration: Mapping[str, Any] | None = None,
    ) -> None:
        given = {name: value for name, value in self.request.params.items() if name not in _NOT_SETTINGS}
        rule = check_composite_alarm(given, self.limits, self.region)
        missing = [name for name in rule.alarms if name not in self.alarms and name != AlarmName]
        if missing:
            raise validation(
                f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
            )
        for name in rule.alarms:
            others = [parent for parent in self.parents_of(name) if parent.name != AlarmName]
            self.limits.check("rule-parents", len(others) + 1, alarm=name)
        if ActionsSuppressor and rules.name_of(ActionsSuppressor) not in self.alarms:
            raise validation(f"The suppressor alarm {ActionsSuppressor} does not exist.")
        lists: dict[str, list[str]] = {"OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
        self.keep(AlarmName, CompositeAlarm, {"ActionsEnabled": True, **lists, **given}, Tags)

    def watch(self, alarm: Alarm) -> None:
        """Its children decide, not the clock; what it was forced into stays until one of them changes."""
        if not isinstance(alarm, CompositeAlarm):
            super().watch(alarm)
        elif self.request.operation != "SetAlarmState":
            alarm.job = self.later(0, "_look_at_children", name=alarm.name)

    def forget(self, alarm: Alarm) -> None:
        super().forget(alarm)
        if isinstance(alarm, CompositeAlarm):
            self._stop_waiting(alarm)

    def _look_at_children(self, name: str) -> None:
        alarm = self.alarms.get(name)
        if not isinstance(alarm, CompositeAlarm) or self._is_in_a_cycle(alarm):
            return

        def state_of(child: str) -> str | None:
            known = self.alarms.get(child)
            return None if known is None else known.state

        state = ALARM if alarm.rule.holds(state_of) else OK
        if state == alarm.state:
            return
        arns = [self.alarms.get(child).arn for child in alarm.rule.alarms if child in self.alarms]
        children = [
            {"arn": child.arn, "state": {"value": child.state, "timestamp": timestamp(child.updated)}}
            for child in sorted(
                (self.alarms.get(one) for one in alarm.rule.alarms if one in self.alarms), key=lambda one: one.updated
            )
        ]
        last = children[-1] if children else None
        cause = (
            f"{last['arn']} transitioned to {last['state']['value']} at {_spoken(last['state']['timestamp'])}"
            if last
            else f"{alarm.arn} was created or updated"
        )
        data = json.dumps({"triggeringAlarms": children[-1:]}, separators=(",", ":")) if arns else None
        self.bring(alarm, state, cause, data)

    def _is_in_a_cycle(self, alarm: CompositeAlarm) -> bool:
        seen: set[str] = set()
        ahead = list(alarm.rule.alarms)
        while ahead:
            name = ahead.pop()
            if name == alarm.name:
                return True
            if name not in seen:
                seen.add(name)
                child = self.alarms.get(name)
                if isinstance(child, CompositeAlarm):
                    ahead += child.rule.alarms
        return False

    # --- suppression

    def moved(self, alarm: Alarm, before: Change) -> None:
        for other in list(self.alarms):
            if isinstance(other, CompositeAlarm) and other.suppressor == alarm.name and other is not alarm:
                self._suppressor_moved(other, alarm, before)
        if not isinstance(alarm, CompositeAlarm) or alarm.suppressor is None:
            super().moved(alarm, before)
            return
        if alarm.suppressed is not None:
            return  # what keeps its actions back is still there
        suppressor = self.alarms.get(alarm.suppressor)
        alarm.kept_back = before.state
        if suppressor is not None and suppressor.state == ALARM:
            self._suppress(alarm, _BY_ALARM, f"Actions suppressed by {suppressor.arn}")
        elif seconds := alarm.settings["ActionsSuppressorWaitPeriod"]:
            self._suppress(alarm, _WAIT, f"Actions suppressed by {_WAIT}", seconds)
        else:
            super().moved(alarm, before)

    def _suppressor_moved(self, alarm: CompositeAlarm, suppressor: Alarm, before: Change) -> None:
        if alarm.suppressed is None:
            return
        if suppressor.state == ALARM:
            self._suppress(alarm, _BY_ALARM, f"Actions suppressed by {suppressor.arn}")
        elif before.state == ALARM and alarm.suppressed[0] == _BY_ALARM:
            seconds = alarm.settings["ActionsSuppressorExtensionPeriod"]
            self._suppress(alarm, _EXTENSION, f"Actions suppressed by {_EXTENSION}", seconds)

    def _suppress(self, alarm: CompositeAlarm, by: str, why: str, seconds: float | None = None) -> None:
        self._stop_waiting(alarm)
        alarm.suppressed = (by, why)
        if seconds is not None:
            alarm.waiting = self.later(seconds, "_stop_suppressing", name=alarm.name)

    def _stop_waiting(self, alarm: CompositeAlarm) -> None:
        if alarm.waiting is not None:
            self.cancel(alarm.waiting)
            alarm.waiting = None

    def _stop_suppressing(self, name: str) -> None:
        """The time is over: what was kept back is done, unless the alarm is back where it was."""
        alarm = self.alarms.get(name)
        if not isinstance(alarm, CompositeAlarm):
            return
        alarm.waiting = alarm.suppressed = None
        before, alarm.kept_back = alarm.kept_back, None
        if before is not None and before != alarm.state:
            self.act(alarm, Change(before, "", None, alarm.updated))


def _spoken(time: str) -> str:
    """`Friday 02 January, 2026 12:00:00 UTC`."""
    from datetime import datetime

    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z").strftime("%A %d %B, %Y %H:%M:%S UTC")
