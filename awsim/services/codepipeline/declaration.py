"""The structure of a pipeline: checked, and completed with what is there by default.

Sources: CodePipeline User Guide, "CodePipeline pipeline structure reference"; API Reference. Quoted in public:
"ActionType (...) in action '...' is not available in region '...'" (hashicorp/terraform issue 29471), "Action ...
declares 0 input artifacts which is less than the minimum count (1)" (awsdocs/aws-cloudformation-user-guide pull 941).
Other sentences are reconstructed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.codepipeline.types import ActionType, TypeKey, key_of

Find = Callable[[TypeKey], ActionType | None]


def structure(message: str) -> AWSError:
    return AWSError("InvalidStructureException", message)


def wrong_action(message: str) -> AWSError:
    return AWSError("InvalidActionDeclarationException", message)


def wrong_stage(message: str) -> AWSError:
    return AWSError("InvalidStageDeclarationException", message)


def completed(given: Mapping[str, Any], version: int) -> dict[str, Any]:
    """A declaration with its defaults."""
    kind = given.get("pipelineType") or "V1"
    stages = [
        {**stage, "actions": [{"runOrder": 1, **action} for action in stage["actions"]]} for stage in given["stages"]
    ]
    return {
        **given,
        "stages": stages,
        "version": version,
        "pipelineType": kind,
        "executionMode": given.get("executionMode") or "SUPERSEDED",
    }


def check(declaration: Mapping[str, Any], find: Find, region: str, least: int) -> None:
    """Refuse a pipeline that cannot be. `least`: how few stages it may have."""
    stages = declaration["stages"]
    if len(stages) < least:
        raise structure(
            f"Pipeline has only {len(stages)} stage(s). There should be a minimum of {least} stages in a pipeline"
        )
    if bool(declaration.get("artifactStore")) is bool(declaration.get("artifactStores")):
        raise structure("Pipeline must have exactly one of artifactStore and artifactStores")
    if declaration["pipelineType"] == "V1" and (declaration.get("variables") or declaration.get("triggers")):
        raise structure("Variables and triggers are only for pipelines of the type V2")
    if declaration["pipelineType"] == "V1" and declaration["executionMode"] != "SUPERSEDED":
        raise structure(f"Execution mode {declaration['executionMode']} is only for pipelines of the type V2")
    _unique([stage["name"] for stage in stages], "stage", wrong_stage)
    produced: set[str] = set()
    for number, stage in enumerate(stages):
        _check_stage(stage, number == 0, find, region)
        _check_artifacts(stage, produced)


def _unique(names: Sequence[str], what: str, refusal: Callable[[str], AWSError]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise refusal(f"The {what} name '{name}' is used more than once; {what} names must be unique")


def _check_stage(stage: Mapping[str, Any], first: bool, find: Find, region: str) -> None:
    actions = stage["actions"]
    if not actions:
        raise wrong_stage(f"Stage '{stage['name']}' must have at least one action")
    for blocker in stage.get("blockers") or ():
        raise AWSError("InvalidBlockerDeclarationException", f"The blocker {blocker['name']} is not valid")
    _unique([action["name"] for action in actions], "action", wrong_action)
    for action in actions:
        is_source = action["actionTypeId"]["category"] == "Source"
        if is_source and not first:
            raise structure(
                f"Action '{action['name']}' of category Source is in stage '{stage['name']}'; source actions "
                "may only be in "
                "the first stage"
            )
        if first and not is_source:
            raise structure(
                f"Action '{action['name']}' in the first stage '{stage['name']}' is not of category Source; "
                "the first stage "
                "may only have source actions"
            )
        _check_action(action, find, region)


def _check_action(action: Mapping[str, Any], find: Find, region: str) -> None:
    key = key_of(action["actionTypeId"])
    kind, name = find(key), action["name"]
    if kind is None:
        category, owner, provider, version = key
        raise wrong_action(
            f"ActionType (Category: '{category}', Provider: '{provider}', Owner: '{owner}', Version: "
            f"'{version}') in action "
            f"'{name}' is not available in region '{region.upper().replace('-', '_')}'"
        )
    given = action.get("configuration") or {}
    known = {one["name"] for one in kind.properties}
    for one in kind.properties:
        if one["required"] and not given.get(one["name"]):
            raise wrong_action(
                f"Action configuration for action '{name}' is missing required configuration '{one['name']}'"
            )
    for each in given:
        if each not in known:
            raise wrong_action(f"Action configuration for action '{name}' contains unknown configuration '{each}'")
    for word, (least, most), members in (
        ("input", kind.inputs, action.get("inputArtifacts") or ()),
        ("output", kind.outputs, action.get("outputArtifacts") or ()),
    ):
        if len(members) < least:
            raise wrong_action(
                f"Action {name} declares {len(members)} {word} artifacts which is less than the minimum count ({least})"
            )
        if len(members) > most:
            raise wrong_action(
                f"Action {name} declares {len(members)} {word} artifacts which is more than the maximum count ({most})"
            )


def _check_artifacts(stage: Mapping[str, Any], produced: set[str]) -> None:
    """What goes into an action has come out of one before it."""
    orders = sorted({action["runOrder"] for action in stage["actions"]})
    for order in orders:
        together = [action for action in stage["actions"] if action["runOrder"] == order]
        for action in together:
            for one in action.get("inputArtifacts") or ():
                if one["name"] not in produced:
                    raise wrong_action(
                        f"Input artifact '{one['name']}' of action '{action['name']}' in stage "
                        f"'{stage['name']}' is not an "
                        "output artifact of an action before it"
                    )
        for action in together:
            for one in action.get("outputArtifacts") or ():
                if one["name"] in produced:
                    raise wrong_action(
                        f"Output artifact '{one['name']}' of action '{action['name']}' is the output artifact "
                        "of another "
                        "action already"
                    )
                produced.add(one["name"])
