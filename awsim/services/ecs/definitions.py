"""Task definitions: what RegisterTaskDefinition refuses, and what it fills in.

Sources: ECS Developer Guide, "Amazon ECS task definition parameters", "Task definition parameters for Fargate";
sentences as users report them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from awsim.services.ecs.refusals import client

_FAMILY = re.compile(r"[a-zA-Z0-9_-]{1,255}\Z")
# CPU units of a Fargate task -> MiB that go with them: (least, most, step).
_FARGATE = {
    "256": [512, 1024, 2048],
    "512": [*range(1024, 4097, 1024)],
    "1024": [*range(2048, 8193, 1024)],
    "2048": [*range(4096, 16385, 1024)],
    "4096": [*range(8192, 30721, 1024)],
    "8192": [*range(16384, 61441, 4096)],
    "16384": [*range(32768, 122881, 8192)],
}
_VCPU = re.compile(r"(\d+(?:\.\d+)?) ?v?cpu", re.IGNORECASE)
_GB = re.compile(r"(\d+(?:\.\d+)?) ?gb", re.IGNORECASE)


def cpu_units(text: str) -> str:
    """ "1 vCPU" in CPU units; numbers stay."""
    found = _VCPU.fullmatch(text)
    return str(round(float(found[1]) * 1024)) if found is not None else text


def memory_mib(text: str) -> str:
    found = _GB.fullmatch(text)
    return str(round(float(found[1]) * 1024)) if found is not None else text


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a new revision, defaults filled in; raises ClientException."""
    settings = dict(given)
    if not _FAMILY.match(settings.pop("family")):
        raise client("Invalid 'family' setting for task definition.")
    for name, read in (("cpu", cpu_units), ("memory", memory_mib)):
        if settings.get(name) is not None:
            settings[name] = read(settings[name])
            if not settings[name].isdecimal():
                raise client(f"Invalid '{name}' setting for task.")
    containers = settings["containerDefinitions"]
    if not containers:
        raise client("Container list cannot be empty.")
    fargate = "FARGATE" in (settings.get("requiresCompatibilities") or ())
    mode = settings.get("networkMode")
    if fargate:
        _check_fargate(settings)
    settings["containerDefinitions"] = [_container(each, settings, mode, fargate) for each in containers]
    names = [each["name"] for each in settings["containerDefinitions"]]
    if len(set(names)) < len(names):
        raise client("Container name must be unique within a task definition.")
    if not any(each["essential"] for each in settings["containerDefinitions"]):
        raise client("At least one container must be essential.")
    return settings


def _check_fargate(settings: Mapping[str, Any]) -> None:
    if settings.get("networkMode") != "awsvpc":
        raise client("Fargate only supports network mode 'awsvpc'.")
    for name in ("cpu", "memory"):
        if settings.get(name) is None:
            raise client(f"Fargate requires that '{name}' be defined at the task level.")
    cpu, memory = settings["cpu"], settings["memory"]
    if int(memory) not in _FARGATE.get(cpu, ()):
        raise client(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS "
            "documentation for the valid values."
        )
    if not settings.get("executionRoleArn"):
        for each in settings["containerDefinitions"]:
            if ".dkr.ecr." in (each.get("image") or ""):
                raise client("Fargate requires task definition to have execution role ARN to support ECR images.")
            if (each.get("logConfiguration") or {}).get("logDriver") == "awslogs":
                raise client(
                    "Fargate requires task definition to have execution role ARN to support log driver awslogs."
                )
    if any((each.get("host") or {}).get("sourcePath") for each in settings.get("volumes") or ()):
        raise client("host.sourcePath should not be set for volumes in Fargate.")


def _container(
    given: Mapping[str, Any], settings: Mapping[str, Any], mode: str | None, fargate: bool
) -> dict[str, Any]:
    name = given.get("name")
    if not name:
        raise client("Container.name should not be null or empty.")
    if not given.get("image"):
        raise client("Container.image should not be null or empty.")
    hard, soft = given.get("memory"), given.get("memoryReservation")
    if hard is None and soft is None and settings.get("memory") is None:
        raise client(
            f"Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be "
            "specified."
        )
    if hard is not None and soft is not None and soft > hard:
        raise client(f"Invalid setting for container '{name}'. 'memoryReservation' must not be greater than 'memory'.")
    if given.get("links") and mode == "awsvpc":
        raise client("Links are not supported when networkMode=awsvpc.")
    volumes = {each.get("name") for each in settings.get("volumes") or ()}
    for mount in given.get("mountPoints") or ():
        if mount.get("sourceVolume") not in volumes:
            raise client(f"Unknown volume '{mount.get('sourceVolume') or ''}'.")
    ports = [_port(each, mode) for each in given.get("portMappings") or ()]
    return {
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **given,
        "portMappings": ports,
    }


def _port(given: Mapping[str, Any], mode: str | None) -> dict[str, Any]:
    container, host = given.get("containerPort"), given.get("hostPort")
    if mode in ("awsvpc", "host"):
        if host not in (None, container):
            raise client(f"When networkMode={mode}, the host ports and container ports in port mappings must match.")
        host = container
    return {"protocol": "tcp", **given, "hostPort": host or 0}
