"""Containers at work: the callables that a test registered, as the task's role.

`aws.containers["web"] = callable` is what containers of the family `web` do; `"web/app"` is the container `app` of it,
and an image's name all containers of that image. The callable gets a `Context` and returns an exit code (None: 0); an
exception is exit code 1. A container without one runs until it is stopped.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from awsim.errors import AwsimError
from awsim.services.ecs.records import Task

Code = Callable[["Context"], Any]


class Context(NamedTuple):
    """What a container knows of itself. `command` and `environment` have the overrides of the run in them."""

    task_arn: str
    cluster_arn: str
    family: str
    revision: int
    container: str
    image: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Ended(NamedTuple):
    """How a container ended."""

    code: int
    reason: str | None


def code_of(registered: Mapping[str, Code], task: Task, container: Mapping[str, Any]) -> Code | None:
    family = task.definition.family
    for name in (
        f"{task.definition.name}/{container['name']}",
        f"{family}/{container['name']}",
        container["image"],
        family,
    ):
        if name in registered:
            return registered[name]
    return None


def context_of(task: Task, container: Mapping[str, Any], region: str) -> Context:
    over: Mapping[str, Any] = next(
        (each for each in task.overrides.get("containerOverrides") or () if each.get("name") == container["name"]), {}
    )
    listed = [*(container.get("environment") or ()), *(over.get("environment") or ())]
    variables = {each["name"]: each.get("value", "") for each in listed if each.get("name")}
    own = {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "ECS_CONTAINER_METADATA_URI_V4": f"http://169.254.170.2/v4/{task.id}-{container['name']}",
    }
    command = over.get("command") or container.get("command") or ()
    definition = task.definition
    return Context(
        task.arn,
        task.cluster_arn,
        definition.family,
        definition.revision,
        container["name"],
        container["image"],
        tuple(command),
        {**own, **variables},
    )


def run(code: Code, context: Context) -> Ended:
    try:
        answer = code(context)
    except AwsimError:
        raise  # the test itself is wrong
    except SystemExit as left:
        return Ended(left.code if isinstance(left.code, int) else 0 if left.code is None else 1, None)
    except Exception:
        return Ended(1, traceback.format_exc(limit=-1).strip().rpartition("\n")[2])
    return Ended(answer if isinstance(answer, int) else 0, None)
