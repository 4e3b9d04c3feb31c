"""What awsim does on nodes by itself: the plugins of AWS's own documents that are about Systems Manager's own state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.ssm.node import AGENT

if TYPE_CHECKING:
    from awsim.services.ssm.command import Step
    from awsim.services.ssm.node import Node

Answer = tuple[int, str, str]
_PATCHING = ("AWS-RunPatchBaseline", "AWS-ApplyPatchBaseline")


def answer(service: Any, step: Step, node: Node) -> Answer | None:
    """(exit code, output, error) of what needs no code of the program's; None for all else."""
    if step.document in _PATCHING:
        operation = " ".join(step.commands).rpartition(": ")[2]
        return 0, service.patch(node, operation, step.command_id), ""
    if step.action == "aws:softwareInventory":
        service.gather(node)
        return 0, "Inventory policy has been successfully applied", ""
    if step.action == "aws:updateSsmAgent":
        node.agent = str(step.inputs.get("targetVersion") or AGENT)
        return 0, f"amazon-ssm-agent updated successfully to {node.agent}", ""
    if step.action == "aws:domainJoin" and step.instance_id not in service.cloud.nodes:
        return _join(service, step)
    return None


def _join(service: Any, step: Step) -> Answer:
    """A node joins the domain of a directory that there is."""
    directory = str(step.inputs.get("directoryId"))
    try:
        found = service.call("ds", "DescribeDirectories", DirectoryIds=[directory])["DirectoryDescriptions"]
    except AWSError as error:
        return 1, "", f"{error.code}: {error.message}"
    return (0, f"Joined {found[0].get('Name')}", "") if found else (1, "", f"Directory {directory} does not exist")
