"""Lifecycle hooks. Source: EC2 Auto Scaling User Guide, "Amazon EC2 Auto Scaling lifecycle hooks"."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.autoscaling.engine import LAUNCHING, TERMINATING
from awsim.services.autoscaling.operations.groups import GroupOperations
from awsim.services.autoscaling.records import Group, Hook, Member
from awsim.services.autoscaling.refusals import invalid

_WORDS = {LAUNCHING: "EC2 Instance-launch Lifecycle Action", TERMINATING: "EC2 Instance-terminate Lifecycle Action"}


class HookOperations(GroupOperations):
    def put_lifecycle_hook(
        self,
        LifecycleHookName: str,
        AutoScalingGroupName: str,
        LifecycleTransition: str | None = None,
        RoleARN: str | None = None,
        NotificationTargetARN: str | None = None,
        NotificationMetadata: str | None = None,
        HeartbeatTimeout: int | None = None,
        DefaultResult: str | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name[:1].isupper() and value is not None}
        group = self.group_named(AutoScalingGroupName)
        hook = self._checked(group, given)
        if hook.target:
            test = {"AccountId": self.account, "Event": "autoscaling:TEST_NOTIFICATION", "Service": "AWS Auto Scaling"}
            self._tell_target(hook, {**test, "AutoScalingGroupName": group.name, "Time": self.stamp()})
        group.hooks[hook.name] = hook

    def add_hook(self, group: Group, given: Mapping[str, Any]) -> None:
        hook = self._checked(group, given)
        group.hooks[hook.name] = hook

    def _checked(self, group: Group, given: Mapping[str, Any]) -> Hook:
        """A hook as it is asked for, or as one of that name changes."""
        name = given.get("LifecycleHookName") or ""
        known = group.hooks.get(name)
        transition = given.get("LifecycleTransition") or (known.transition if known is not None else None)
        if transition not in (LAUNCHING, TERMINATING):
            if transition is None:
                raise invalid("LifecycleTransition is required for a new lifecycle hook.")
            raise invalid(
                f"Invalid Lifecycle Transition {transition}. Valid transitions are {LAUNCHING}, {TERMINATING}."
            )
        result = given.get("DefaultResult") or (known.result if known is not None else self.limits["hook-result"])
        if result not in ("CONTINUE", "ABANDON"):
            raise invalid(f"Default result {result} is not valid; valid values are CONTINUE, ABANDON.")
        heartbeat = given.get("HeartbeatTimeout")
        if heartbeat is None:
            heartbeat = known.heartbeat if known is not None else self.limits["heartbeat-default"]
        row = self.limits.row("heartbeat")
        most = self.limits["heartbeat"]
        if heartbeat < (row.minimum or 0) or (most is not None and heartbeat > most):
            raise invalid(f"HeartbeatTimeout must be between {row.minimum} and {most} seconds.")
        target = given.get("NotificationTargetARN", known.target if known is not None else None)
        role = given.get("RoleARN", known.role if known is not None else None)
        if known is None:
            self.limits.quota("hooks", len(group.hooks), group.name)
        overall = self.limits["hook-overall"]
        return Hook(
            name,
            transition,
            target or None,
            role or None,
            given.get("NotificationMetadata", known.metadata if known is not None else None),
            heartbeat,
            heartbeat * 100 if overall is None else min(heartbeat * 100, overall),
            result,
        )

    def describe_lifecycle_hooks(
        self, AutoScalingGroupName: str, LifecycleHookNames: Sequence[str] = ()
    ) -> dict[str, Any]:
        group = self.group_named(AutoScalingGroupName)
        found = [hook for hook in group.hooks.values() if not LifecycleHookNames or hook.name in LifecycleHookNames]
        return {"LifecycleHooks": [hook.described(group.name) for hook in found]}

    def delete_lifecycle_hook(self, LifecycleHookName: str, AutoScalingGroupName: str) -> None:
        group = self.group_named(AutoScalingGroupName)
        hook = self._hook(group, LifecycleHookName)
        del group.hooks[hook.name]
        for member in list(group.members.values()):
            if member.hook == hook.name:
                self._complete(group, member, hook, "ABANDON" if hook.transition == LAUNCHING else "CONTINUE")

    def complete_lifecycle_action(
        self,
        LifecycleHookName: str,
        AutoScalingGroupName: str,
        LifecycleActionResult: str,
        LifecycleActionToken: str | None = None,
        InstanceId: str | None = None,
    ) -> None:
        if LifecycleActionResult not in ("CONTINUE", "ABANDON"):
            raise invalid(f"Lifecycle action result {LifecycleActionResult} is not valid; valid are CONTINUE, ABANDON.")
        group, member, hook = self._waiting(AutoScalingGroupName, LifecycleHookName, LifecycleActionToken, InstanceId)
        self._complete(group, member, hook, LifecycleActionResult)

    def record_lifecycle_action_heartbeat(
        self,
        LifecycleHookName: str,
        AutoScalingGroupName: str,
        LifecycleActionToken: str | None = None,
        InstanceId: str | None = None,
    ) -> None:
        group, member, hook = self._waiting(AutoScalingGroupName, LifecycleHookName, LifecycleActionToken, InstanceId)
        ends = min(self.clock.time() + hook.heartbeat, member.waited_since + hook.overall)
        self._wait_until(group, member, ends)

    # --- waiting

    def next_hook(self, group: Group, member: Member, transition: str) -> None:
        if not member.hooks_left:
            self._proceed(group, member, transition)
            return
        hook = group.hooks.get(member.hooks_left[0])
        member.hooks_left = member.hooks_left[1:]
        if hook is None:
            self.next_hook(group, member, transition)
            return
        now = self.clock.time()
        member.state = "Pending:Wait" if transition == LAUNCHING else "Terminating:Wait"
        member.hook, member.token = hook.name, self.ids.uuid("lifecycle-action")
        member.waited_since = now
        self.set_activity(group, member.activity, StatusCode="MidLifecycleAction")
        self._wait_until(group, member, now + hook.heartbeat)
        self._tell(group, member, hook)

    def _wait_until(self, group: Group, member: Member, ends: float) -> None:
        if member.timeout is not None:
            self.cancel(member.timeout)
        member.wait_ends = ends
        member.timeout = self.at_time(ends, "_timed_out", group=group.name, instance=member.id, token=member.token)

    def _timed_out(self, group: str, instance: str, token: str) -> None:
        found = self.groups.get(group)
        member = found.members.get(instance) if found is not None else None
        if found is None or member is None or member.token != token:
            return
        hook = found.hooks.get(member.hook or "")
        if hook is not None:
            self._complete(found, member, hook, hook.result)

    def _complete(self, group: Group, member: Member, hook: Hook, result: str) -> None:
        left = member.hooks_left
        self.stop_waiting(member)
        if hook.transition == LAUNCHING and result == "ABANDON":
            self.end_activity(
                group, member.activity, "Cancelled", "Instance failed to complete user's Lifecycle Action."
            )
            what = "an instance was taken out of service in response to a lifecycle action that was abandoned."
            why = f"At {self.stamp()} {what}"
            self.take_out(group, member, why)
            self.reach(group, "")
            return
        # What is abandoned while an instance is terminated ends the other hooks too.
        member.hooks_left = left if result == "CONTINUE" else ()
        self.next_hook(group, member, hook.transition)

    def _proceed(self, group: Group, member: Member, transition: str) -> None:
        if transition == LAUNCHING:
            self.put_in_service(group, member)
        else:
            self.finish_taking_out(group, member)

    def _waiting(
        self, group_name: str, hook_name: str, token: str | None, instance: str | None
    ) -> tuple[Group, Member, Hook]:
        group = self.group_named(group_name)
        hook = self._hook(group, hook_name)
        for member in group.members.values():
            if member.hook == hook.name and (member.token == token if token is not None else member.id == instance):
                return group, member, hook
        if token is not None:
            raise invalid(f"No active Lifecycle Action found with token {token}")
        raise invalid(f"No active Lifecycle Action found with instance ID {instance or ''}")

    def _hook(self, group: Group, name: str) -> Hook:
        hook = group.hooks.get(name)
        if hook is None:
            raise invalid(f"Lifecycle Hook name not found - Lifecycle Hook with name {name} not found")
        return hook

    # --- who is told

    def _tell(self, group: Group, member: Member, hook: Hook) -> None:
        ways = ("EC2", "AutoScalingGroup")
        detail: dict[str, Any] = {
            "LifecycleActionToken": member.token,
            "AutoScalingGroupName": group.name,
            "LifecycleHookName": hook.name,
            "EC2InstanceId": member.id,
            "LifecycleTransition": hook.transition,
            "Origin": ways[0] if hook.transition == LAUNCHING else ways[1],
            "Destination": ways[1] if hook.transition == LAUNCHING else ways[0],
        }
        if hook.metadata is not None:
            detail["NotificationMetadata"] = hook.metadata
        if hook.target:
            known = {"AccountId": self.account, "Service": "AWS Auto Scaling", "Time": self.stamp()}
            self._tell_target(hook, {**known, **detail, "RequestId": member.activity})
        else:
            self.announce(_WORDS[hook.transition], detail, [group.arn])

    def _tell_target(self, hook: Hook, message: Mapping[str, Any]) -> None:
        target = hook.target or ""
        _, _, service, region, account, resource = target.split(":", 5)
        text = json.dumps(message)
        whom = hook.role or self.linked_role
        try:
            if service == "sns":
                self.call(
                    "sns", "Publish", as_=whom, region_=region, account_=account, TopicArn=target, Message=text,
                    Subject="Auto Scaling: Lifecycle action",
                )  # fmt: skip
            else:
                suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
                url = f"https://sqs.{region}.{suffix}/{account}/{resource}"
                self.call(
                    "sqs", "SendMessage", as_=whom, region_=region, account_=account, QueueUrl=url, MessageBody=text
                )
        except AWSError as error:
            if message.get("Event") == "autoscaling:TEST_NOTIFICATION":
                raise invalid(
                    f"Unable to publish test message to notification target {target} using IAM role {hook.role or ''}. "
                    "Please check your target and role configuration and try to put lifecycle hook again. "
                    f"{error.message}"
                ) from None
