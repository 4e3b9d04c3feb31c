"""Run Command. A node runs what the program gave for it, `aws.nodes["mi-…"] = callable`: see `Step` for what it gets.

Nodes run one after the other, in one thread: MaxConcurrency bounds what goes on at once, of which there is never more
than one here; MaxErrors is heeded. Source: Systems Manager User Guide, "AWS Systems Manager Run Command".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import builtin, content, running
from awsim.services.ssm.command import (
    CANCELLED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCESS,
    Command,
    Invocation,
    Result,
    Step,
    elapsed,
    moment,
    plain,
)
from awsim.services.ssm.document import DocumentVersion
from awsim.services.ssm.node import Node
from awsim.services.ssm.operations.documents import DocumentOperations
from awsim.services.ssm.operations.outputs import OutputOperations
from awsim.services.ssm.running import Planned
from awsim.state import Collection
from awsim.state.pages import number

_NO_COMMAND = "The specified command ID isn't valid. Verify the ID and try again."
_STAGES = {"Executing": (PENDING, RUNNING), "Complete": (SUCCESS, FAILED, CANCELLED, "TimedOut")}


class CommandOperations(OutputOperations, DocumentOperations):
    commands = Collection("command", key="id")

    # --- sending

    def send_command(
        self,
        DocumentName: str,
        InstanceIds: Sequence[str] = (),
        Targets: Sequence[Mapping[str, Any]] = (),
        DocumentVersion: str | None = None,
        DocumentHash: str | None = None,
        DocumentHashType: str | None = None,
        TimeoutSeconds: int | None = None,
        Comment: str | None = None,
        Parameters: Mapping[str, Sequence[str]] | None = None,
        OutputS3Region: str | None = None,
        OutputS3BucketName: str | None = None,
        OutputS3KeyPrefix: str | None = None,
        MaxConcurrency: str | None = None,
        MaxErrors: str | None = None,
        ServiceRoleArn: str | None = None,
        NotificationConfig: Mapping[str, Any] | None = None,
        CloudWatchOutputConfig: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        document = self.document_at(DocumentName)
        version = self.version_of(document, DocumentVersion)
        if document.kind != content.COMMAND:
            raise AWSError("InvalidDocument", f"Document {document.name} isn't a Command document.")
        if DocumentHash is not None and DocumentHashType != "Sha1" and DocumentHash != version.hash:
            raise AWSError("InvalidDocument", "The hash of the document doesn't match.")
        nodes = self._nodes_for(InstanceIds, Targets, version)
        values = self._bound(version, Parameters or {})
        self.check_notification(ServiceRoleArn, NotificationConfig)
        now = self.now
        command = Command(self.ids.uuid("command"), document.name, str(version.number), Parameters or {}, now)
        command.settings = {
            "Comment": Comment or "",
            "InstanceIds": list(InstanceIds),
            "Targets": list(Targets),
            "OutputS3Region": OutputS3Region or self.region,
            "OutputS3BucketName": OutputS3BucketName or "",
            "OutputS3KeyPrefix": OutputS3KeyPrefix or "",
            "MaxConcurrency": MaxConcurrency or str(self.limits["command-concurrency"]),
            "MaxErrors": MaxErrors or str(self.limits["command-errors"]),
            "ServiceRole": ServiceRoleArn or "",
            "NotificationConfig": NotificationConfig,
            "CloudWatchOutputConfig": CloudWatchOutputConfig,
            "TimeoutSeconds": TimeoutSeconds or self.limits["command-timeout"],
        }
        command.max_errors = allowed_errors(str(command.settings["MaxErrors"]), len(nodes))
        command.timeout = command.settings["TimeoutSeconds"]
        command.steps = tuple(
            each._replace(inputs=running.filled(each.inputs, values)) for each in running.planned(version.held)
        )
        longest = sum(running.seconds(each.inputs, self.limits["step-timeout"]) or 0 for each in command.steps)
        command.expires = now + command.timeout + longest
        for node in nodes:
            command.invocations[node.id] = Invocation(node.id, now)
        self.commands.add(command)
        if not nodes:
            self._settle(command)
        answer = {"Command": command.described()}
        for id in command.invocations:
            self.later(0, "_run_on", command=command.id, instance=id)
        return answer

    def _nodes_for(
        self, ids: Sequence[str], targets: Sequence[Mapping[str, Any]], version: DocumentVersion
    ) -> list[Node]:
        if not ids and not targets:
            raise AWSError("InvalidInstanceId", "Specify instance IDs or targets.")
        if len(set(ids)) < len(ids):
            raise AWSError("DuplicateInstanceId", "You can't specify an instance ID in more than one association.")
        unknown = [id for id in ids if self.node(id) is None]
        if unknown:
            raise AWSError(
                "InvalidInstanceId",
                f"Instances [[{', '.join(unknown)}]] not in a valid state for account {self.account}",
            )
        nodes = [self.managed(id) for id in ids] if ids else self.aimed_at(targets)
        platforms = content.platforms(version.held)
        if ids and any(node.platform not in platforms for node in nodes):
            raise AWSError(
                "UnsupportedPlatformType",
                "The document doesn't support the platform type of the given instance IDs. For example, you sent a "
                "document for a Windows instance to a Linux node.",
            )
        return nodes

    def _bound(self, version: DocumentVersion, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Raises InvalidParameters."""
        try:
            return content.bound(version.held, {name: self._referred(list(each)) for name, each in given.items()})
        except content.Unfit as problem:
            raise AWSError("InvalidParameters", str(problem)) from None

    def _referred(self, items: list[str]) -> list[str]:
        """`{{ssm:name}}` in values stands for a parameter of Parameter Store, though not for a secure one."""
        return [self.with_parameters(item) if isinstance(item, str) and "{{" in item else item for item in items]

    # --- on nodes

    def _run_on(self, command: str, instance: str) -> None:
        """A command reaches a node, or waits for it."""
        found: Command = self.commands[command]
        invocation: Invocation = found.invocations[instance]
        node = self.node(instance)
        if invocation.over:
            return
        if found.max_errors is not None and found.errors > found.max_errors:
            self._ended(found, invocation, "Terminated")
            return
        if node is None:
            self._ended(found, invocation, "Undeliverable")
            return
        if not node.online:
            node.waiting.append(command)
            due = found.requested + found.timeout
            self.at_time(max(due, self.now), "_not_delivered", command=command, instance=instance)
            return
        self._tell(found, invocation, RUNNING)
        self._run(found, invocation, node)

    def _not_delivered(self, command: str, instance: str) -> None:
        found: Command = self.commands[command]
        invocation: Invocation = found.invocations[instance]
        if invocation.details == PENDING:
            node = self.node(instance)
            if node is not None and command in node.waiting:
                node.waiting.remove(command)
            self._ended(found, invocation, "Delivery Timed Out")

    def _run(self, command: Command, invocation: Invocation, node: Node) -> None:
        for planned in command.steps:
            if planned.platform is not None and planned.platform != node.platform:
                continue
            result = self._step(command, node, planned)
            invocation.results += (result,)
            self.put_out(command, node, result)
            if invocation.over:  # cancelled meanwhile
                return
            failed = result.details != SUCCESS
            if planned.ends_on in ("always", "failure" if failed else "success"):
                break
        worst = next((each.details for each in invocation.results if each.details != SUCCESS), SUCCESS)
        self._ended(command, invocation, worst)

    def _step(self, command: Command, node: Node, planned: Planned) -> Result:
        started = self.now
        step = Step(
            command.id,
            node.id,
            command.document,
            planned.name,
            planned.action,
            planned.inputs,
            running.lines(planned.action, planned.inputs),
            node.platform,
        )
        code, output, error = self._run_code(step, node)
        ended = self.now
        limit = running.seconds(planned.inputs, self.limits["step-timeout"])
        if limit is not None and ended - started > limit:
            return Result(
                planned.name, planned.action, -1, output, error, started, started + limit, "Execution Timed Out"
            )
        details = SUCCESS if code == 0 else FAILED
        return Result(planned.name, planned.action, code, output, error, started, ended, details)

    def _run_code(self, step: Step, node: Node) -> tuple[int, str, str]:
        answer = builtin.answer(self, step, node)
        if answer is not None:
            return answer
        code = self.cloud.nodes.get(node.id) or self.cloud.nodes.get("*")
        if code is None:
            return 1, "", f"awsim runs no commands on its own: say what does, aws.nodes[{node.id!r}] = callable"
        role = self.role_of(node)
        if role is None:
            with self.cloud.unlocked():
                return running.run(code, step)
        who = f"arn:{self.partition}:sts::{self.account}:assumed-role/{role}/{node.id}"
        with self.cloud.unlocked(), self.cloud.acting_as(who):
            return running.run(code, step)

    def _ended(self, command: Command, invocation: Invocation, details: str) -> None:
        self._tell(command, invocation, details)
        self._settle(command)

    def _tell(self, command: Command, invocation: Invocation, details: str) -> None:
        invocation.details = details
        command.details = command.judged()
        self.notify(command, invocation)

    def _settle(self, command: Command) -> None:
        """Tell that a command is over, once."""
        command.details = command.judged()
        if not command.told and all(each.over for each in command.invocations.values()):
            command.told = True
            self.notify(command, None)
            self.command_over(command)

    def command_over(self, command: Command) -> None:
        """A command is over: for what waits for it."""

    def cancel_command(self, CommandId: str, InstanceIds: Sequence[str] = ()) -> None:
        command = self._command(CommandId)
        for id in InstanceIds:
            if id not in command.invocations:
                raise AWSError("InvalidInstanceId", f"Instance {id} isn't a target of the command.")
        for id, invocation in list(command.invocations.items()):
            if (not InstanceIds or id in InstanceIds) and not invocation.over:
                self._ended(command, invocation, CANCELLED)

    # --- reading

    def list_commands(
        self,
        CommandId: str | None = None,
        InstanceId: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filters: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        found = [
            (at, command)
            for at, command in enumerate(self._commands(CommandId))
            if (InstanceId is None or InstanceId in command.invocations)
            and _fits(Filters, command.requested, command.details, command.document)
        ]
        return self.page("Commands", found, lambda each: each[1].described(), _newest, NextToken, MaxResults)

    def list_command_invocations(
        self,
        CommandId: str | None = None,
        InstanceId: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filters: Sequence[Mapping[str, str]] = (),
        Details: bool | None = None,
    ) -> dict[str, Any]:
        found = [
            (command, invocation)
            for command in self._commands(CommandId)
            for invocation in command.invocations.values()
            if InstanceId in (None, invocation.instance)
            and _fits(Filters, invocation.requested, invocation.details, command.document)
        ]

        def shown(each: tuple[int, tuple[Command, Invocation]]) -> dict[str, Any]:
            return self._listed(*each[1], details=bool(Details))

        return self.page("CommandInvocations", enumerate(found), shown, _newest, NextToken, MaxResults)

    def _listed(self, command: Command, invocation: Invocation, *, details: bool) -> dict[str, Any]:
        node = self.known_node(invocation.instance)
        plugins = [self._plugin(command, invocation, result) for result in invocation.results] if details else []
        urls = plugins[0] if plugins else {}
        return {
            "CommandId": command.id,
            "InstanceId": invocation.instance,
            "InstanceName": (node and (node.name or node.computer)) or "",
            "Comment": command.settings["Comment"],
            "DocumentName": command.document,
            "DocumentVersion": command.version,
            "RequestedDateTime": invocation.requested,
            "Status": invocation.status,
            "StatusDetails": invocation.details.replace(" ", ""),
            "StandardOutputUrl": urls.get("StandardOutputUrl", ""),
            "StandardErrorUrl": urls.get("StandardErrorUrl", ""),
            "CommandPlugins": plugins,
            "ServiceRole": command.settings["ServiceRole"],
            "NotificationConfig": command.settings["NotificationConfig"],
            "CloudWatchOutputConfig": command.settings["CloudWatchOutputConfig"],
        }

    def _plugin(self, command: Command, invocation: Invocation, result: Result) -> dict[str, Any]:
        text = result.output + (f"\n----------ERROR-------\n{result.error}" if result.error else "")
        return {
            "Name": _plugin_name(result),
            "Status": result.status,
            "StatusDetails": result.details.replace(" ", ""),
            "ResponseCode": result.code,
            "ResponseStartDateTime": result.started,
            "ResponseFinishDateTime": result.ended,
            "Output": self.cut(text, "listed-output"),
            "StandardOutputUrl": self.url_of(command, invocation.instance, result, "stdout"),
            "StandardErrorUrl": self.url_of(command, invocation.instance, result, "stderr"),
            "OutputS3Region": command.settings["OutputS3Region"],
            "OutputS3BucketName": command.settings["OutputS3BucketName"] or "",
            "OutputS3KeyPrefix": command.settings["OutputS3KeyPrefix"] or "",
        }

    def get_command_invocation(self, CommandId: str, InstanceId: str, PluginName: str | None = None) -> dict[str, Any]:
        command: Command | None = self.commands.get(CommandId)
        invocation: Invocation | None = None if command is None else command.invocations.get(InstanceId)
        if command is None or invocation is None:
            raise AWSError("InvocationDoesNotExist", "")
        names = [planned.name if planned.name[:1] not in "0123456789" else planned.action for planned in command.steps]
        if PluginName is not None and PluginName not in (*names, *(planned.action for planned in command.steps)):
            raise AWSError("InvalidPluginName", "The plugin name isn't valid.")
        result = next(
            (each for each in invocation.results if PluginName in (None, _plugin_name(each), each.action)), None
        )
        about: dict[str, Any] = {
            "CommandId": command.id,
            "InstanceId": InstanceId,
            "Comment": command.settings["Comment"],
            "DocumentName": command.document,
            "DocumentVersion": command.version,
            "PluginName": PluginName or (names[0] if names else ""),
            "ResponseCode": -1,
            "ExecutionStartDateTime": "",
            "ExecutionElapsedTime": "",
            "ExecutionEndDateTime": "",
            "Status": invocation.status,
            "StatusDetails": invocation.details,
            "StandardOutputContent": "",
            "StandardOutputUrl": "",
            "StandardErrorContent": "",
            "StandardErrorUrl": "",
            "CloudWatchOutputConfig": command.settings["CloudWatchOutputConfig"]
            or {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
        }
        if result is None:
            return about
        return {
            **about,
            "ResponseCode": result.code,
            "ExecutionStartDateTime": moment(result.started),
            "ExecutionElapsedTime": elapsed(result.ended - result.started),
            "ExecutionEndDateTime": moment(result.ended),
            "StandardOutputContent": self.cut(result.output, "output"),
            "StandardOutputUrl": self.url_of(command, InstanceId, result, "stdout"),
            "StandardErrorContent": self.cut(result.error, "error-output"),
            "StandardErrorUrl": self.url_of(command, InstanceId, result, "stderr"),
        }

    # --- look-ups

    def _command(self, id: str) -> Command:
        """Raises InvalidCommandId."""
        found: Command | None = self.commands.get(id)
        if found is None:
            raise AWSError("InvalidCommandId", _NO_COMMAND)
        return found

    def _commands(self, id: str | None) -> Sequence[Command]:
        """All commands, or the one that a request names. Raises InvalidCommandId."""
        if id is None:
            return list(self.commands)
        found: Command | None = self.commands.get(id)
        return [] if found is None else [found]


def allowed_errors(given: str, targets: int) -> int:
    """How many failures a rate control bears: a number, or a share of the targets."""
    return targets * int(given[:-1]) // 100 if given.endswith("%") else int(given)


def _plugin_name(result: Result) -> str:
    return result.action if result.step[:1].isdigit() else result.step


def _newest(each: tuple[int, Any]) -> str:
    return number(10**9 - each[0])


def _fits(filters: Sequence[Mapping[str, str]], requested: float, details: str, document: str) -> bool:
    for each in filters:
        key, value = each["key"], each["value"]
        if key in ("InvokedAfter", "InvokedBefore"):
            try:
                when = datetime.fromisoformat(value).timestamp()
            except ValueError:
                raise AWSError("InvalidFilterKey", "The specified filter value isn't valid.") from None
            if (requested < when) if key == "InvokedAfter" else (requested > when):
                return False
        elif key == "Status":
            if value not in (plain(details), details.replace(" ", "")):
                return False
        elif key == "ExecutionStage":
            if plain(details) not in _STAGES.get(value, ()):
                return False
        elif document != value:
            return False
    return True
