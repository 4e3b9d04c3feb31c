"""Where commands tell of themselves: S3, CloudWatch Logs, SNS, EventBridge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.ssm import names
from awsim.services.ssm.command import Command, Invocation, Result, moment, plain
from awsim.services.ssm.node import Node
from awsim.services.ssm.operations.nodes import NodeOperations

_CUT = "\n---Output truncated---"


class OutputOperations(NodeOperations):
    # --- what a step wrote

    def put_out(self, command: Command, node: Node, result: Result) -> None:
        """Put the output of a step into the bucket and the log group that were asked for. What refuses it is not told
        of, as the agent does not fail a command for it."""
        for kind, text in (("stdout", result.output), ("stderr", result.error)):
            if not text:
                continue
            bucket = command.settings["OutputS3BucketName"]
            if bucket:
                self._quietly(
                    "s3", "PutObject", node, Bucket=bucket, Key=_key(command, node.id, result, kind), Body=text.encode()
                )
            logs = command.settings["CloudWatchOutputConfig"] or {}
            if logs.get("CloudWatchOutputEnabled"):
                self._log(command, node, result, kind, text, logs.get("CloudWatchLogGroupName"))

    def _log(self, command: Command, node: Node, result: Result, kind: str, text: str, group: str | None) -> None:
        group = group or f"/aws/ssm/{command.document}"
        stream = f"{command.id}/{node.id}/{_part(result)}/{kind}"
        where = {"logGroupName": group, "logStreamName": stream}
        self._quietly("logs", "CreateLogGroup", node, logGroupName=group)
        self._quietly("logs", "CreateLogStream", node, **where)
        event = {"timestamp": round(result.ended * 1000), "message": text}
        self._quietly("logs", "PutLogEvents", node, **where, logEvents=[event])

    def _quietly(self, service: str, operation: str, node: Node, **parameters: Any) -> None:
        """A call of the agent's, as the node's role where that is known."""
        who: Any = administrator(self.account)
        role = self.role_of(node)
        if role is not None:
            who = f"arn:{self.partition}:iam::{self.account}:role/{role}"
        try:
            self.call(service, operation, as_=who, **parameters)
        except AWSError:
            return

    def url_of(self, command: Command, instance: str, result: Result, kind: str) -> str:
        bucket = command.settings["OutputS3BucketName"]
        if not bucket:
            return ""
        region = command.settings["OutputS3Region"]
        return f"https://s3.{region}.amazonaws.com/{bucket}/{_key(command, instance, result, kind)}"

    def cut(self, text: str, row: str) -> str:
        """What answers show of an output: its beginning."""
        most = self.limits[row]
        return text if most is None or len(text) <= most else text[: int(most) - len(_CUT)] + _CUT

    # --- who is told

    def check_notification(self, role: str | None, config: Mapping[str, Any] | None) -> None:
        """Raises InvalidRole, InvalidNotificationConfig."""
        if not config or not config.get("NotificationArn"):
            return
        arn = config["NotificationArn"]
        if not arn.startswith(f"arn:{self.partition}:sns:") or arn.count(":") != 5:
            raise AWSError(
                "InvalidNotificationConfig",
                "One or more configuration items isn't valid. Verify that a valid Amazon Resource Name (ARN) was "
                "provided for an Amazon Simple Notification Service topic.",
            )
        if not role or not names.is_role(role):
            raise AWSError(
                "InvalidRole",
                "The role name can't contain invalid characters. Also verify that you specified an IAM role for "
                "notifications that includes the required trust policy.",
            )

    def notify(self, command: Command, invocation: Invocation | None) -> None:
        """A command, or an invocation of it, has another status."""
        status = command.details if invocation is None else invocation.details
        about: dict[str, Any] = {
            "command-id": command.id,
            "document-name": command.document,
            "requested-date-time": moment(command.requested),
            "status": plain(status),
            "detailed-status": status,
        }
        if invocation is None:
            about |= {"expire-after": moment(command.expires), "parameters": json.dumps(command.parameters)}
            self.announce("EC2 Command Status-change Notification", about)
        else:
            about["instance-id"] = invocation.instance
            arn = f"arn:{self.partition}:ec2:{self.region}:{self.account}:instance/{invocation.instance}"
            self.announce("EC2 Command Invocation Status-change Notification", about, [arn])
        self._publish(command, invocation, status)

    def _publish(self, command: Command, invocation: Invocation | None, status: str) -> None:
        config = command.settings["NotificationConfig"] or {}
        arn, events = config.get("NotificationArn"), config.get("NotificationEvents") or ["All"]
        kind = config.get("NotificationType") or "Command"
        if not arn or (kind == "Command") != (invocation is None):
            return
        if "All" not in events and plain(status) not in events:
            return
        told: dict[str, Any] = {
            "commandId": command.id,
            "documentName": command.document,
            "requestedDateTime": moment(command.requested),
            "status": plain(status),
            "detailedStatus": status.replace(" ", ""),
            "eventTime": moment(self.now),
        }
        if invocation is None:
            told |= {
                "expiresAfter": moment(command.expires),
                "instanceIds": list(command.invocations),
                "outputS3BucketName": command.settings["OutputS3BucketName"] or "",
                "outputS3KeyPrefix": command.settings["OutputS3KeyPrefix"] or "",
            }
        else:
            told["instanceId"] = invocation.instance
        try:
            self.call(
                "sns",
                "Publish",
                as_=command.settings["ServiceRole"],
                region_=arn.split(":")[3],
                account_=arn.split(":")[4],
                TopicArn=arn,
                Subject=f"EC2 Run Command Notification {self.region}",
                Message=json.dumps(told),
            )
        except AWSError:
            return


def _part(result: Result) -> str:
    """The folder of a step's output."""
    plugin = result.action.replace(":", "")
    return f"{plugin}/{result.step.replace(':', '')}"


def _key(command: Command, instance: str, result: Result, kind: str) -> str:
    prefix = (command.settings["OutputS3KeyPrefix"] or "").strip("/")
    return "/".join(filter(None, (prefix, command.id, instance, _part(result), kind)))
