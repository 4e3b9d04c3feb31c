"""What all operations share: finding, paging, telling."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.autoscaling.engine import Engine
from awsim.services.autoscaling.records import Group, Member
from awsim.services.autoscaling.refusals import invalid, no_group, no_instance
from awsim.state.pages import listed

_SUBJECTS = {
    "autoscaling:EC2_INSTANCE_LAUNCH": "launch",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR": "launch failed",
    "autoscaling:EC2_INSTANCE_TERMINATE": "termination",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR": "termination failed",
    "autoscaling:TEST_NOTIFICATION": "test notification",
}


class Common(Engine):
    def group_named(self, name: str | None) -> Group:
        """By its name or ARN."""
        if name is not None and name.startswith("arn:"):
            name = name.rpartition("/")[2]
        found = self.groups.get(name or "")
        if found is None:
            raise no_group(name or "")
        return found

    def member_of(self, group: Group, id_: str) -> Member:
        member = group.members.get(id_)
        if member is None or member.state == "Terminated":
            raise invalid(f"The instance {id_} is not part of Auto Scaling group {group.name}.")
        return member

    def managed(self, id_: str) -> tuple[Group, Member]:
        """An instance of whatever group."""
        group = self.groups.get(self.membership.get(id_, ""))
        if group is None:
            raise no_instance(id_)
        return group, group.members[id_]

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
        row: str = "page",
    ) -> dict[str, Any]:
        return listed(
            member, records, shown, key, token, size or self.limits[row],
            refusal=lambda: AWSError("InvalidNextToken", "The next token is not valid."),
        )  # fmt: skip

    # --- who hears of it

    def notify(self, group: Group, event: str, instance: str | None, activity: str, detail_type: str) -> None:
        """Topics that are to hear of an event, and EventBridge."""
        known = self.activity(group, activity) or {}
        facts: dict[str, Any] = {
            "Description": known.get("Description"),
            "Cause": known.get("Cause"),
            "StartTime": self.stamp(known.get("StartTime")),
            "EndTime": self.stamp(known.get("EndTime")),
            "StatusCode": {"Successful": "InProgress"}.get(known.get("StatusCode", ""), known.get("StatusCode")),
            "StatusMessage": known.get("StatusMessage", ""),
            "EC2InstanceId": instance or "",
            "Details": json.loads(known.get("Details", "{}")),
            "RequestId": activity,
            "ActivityId": activity,
            "AutoScalingGroupName": group.name,
        }
        for topic, events in group.notifications.items():
            if event in events:
                self.publish(group, topic, event, facts)
        resources = [group.arn]
        if instance:
            resources.append(f"arn:{self.partition}:ec2:{self.region}:{self.account}:instance/{instance}")
        self.announce(detail_type, {**facts, "Origin": "EC2", "Destination": "AutoScalingGroup"}, resources)

    def publish(self, group: Group, topic: str, event: str, facts: dict[str, Any]) -> None:
        text = {
            **facts,
            "AccountId": self.account,
            "AutoScalingGroupARN": group.arn,
            "Event": event,
            "Service": "AWS Auto Scaling",
            "Time": self.stamp(),
            "Progress": 50,
        }
        _, _, _, region, account, _ = topic.split(":", 5)
        self.call(
            "sns", "Publish", as_=self.linked_role, region_=region, account_=account, TopicArn=topic,
            Subject=f'Auto Scaling: {_SUBJECTS[event]} for group "{group.name}"', Message=json.dumps(text),
        )  # fmt: skip

    def announce(self, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None:
        if not self.cloud.has_service("events", self.account, self.region):
            return
        entry = {
            "Source": "aws.autoscaling",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "Resources": list(resources),
        }
        self.call("events", "PutEvents", Entries=[entry])

    def asked(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Ask another service in the account's own name."""
        return self.call(service, operation, as_=administrator(self.account), **parameters)
