"""The content of documents: reading JSON and YAML, and what a content of each type has to have.

Source: Systems Manager User Guide, "Data elements and parameters", "Command document plugin reference", "Systems
Manager Automation actions reference"; Systems Manager API Reference, CreateDocument.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.service import not_modelled

COMMAND, AUTOMATION, SESSION = "Command", "Automation", "Session"
# Type of document -> the schema versions that its content may have.
_SCHEMAS = {
    COMMAND: ("1.2", "2.0", "2.2"),
    AUTOMATION: ("0.3",),
    "Automation.ChangeTemplate": ("0.3",),
    "AutoApprovalPolicy": ("1.0", "0.1"),
    "DeploymentStrategy": ("1.0",),
    "ManualApprovalPolicy": ("1.0", "0.1"),
    "Package": ("2.0",),
    "Policy": ("2.0",),
    SESSION: ("1.0",),
}
# Types whose content is anybody's own.
_FREE = (
    "ApplicationConfiguration", "ApplicationConfigurationSchema", "ChangeCalendar", "CloudFormation",
    "ConformancePackTemplate", "ProblemAnalysis", "ProblemAnalysisTemplate", "QuickSetup",
)  # fmt: skip
TYPES = (*_SCHEMAS, *_FREE)
PLUGINS = (
    "aws:applications", "aws:cloudWatch", "aws:configureDocker", "aws:configurePackage", "aws:domainJoin",
    "aws:downloadContent", "aws:psModule", "aws:refreshAssociation", "aws:runDockerAction", "aws:runDocument",
    "aws:runPowerShellScript", "aws:runShellScript", "aws:softwareInventory", "aws:updateAgent", "aws:updateSsmAgent",
)  # fmt: skip
ACTIONS = (
    "aws:approve", "aws:assertAwsResourceProperty", "aws:branch", "aws:changeInstanceState", "aws:copyImage",
    "aws:createImage", "aws:createStack", "aws:createTags", "aws:deleteImage", "aws:deleteStack",
    "aws:executeAutomation", "aws:executeAwsApi", "aws:executeScript", "aws:executeStateMachine",
    "aws:invokeLambdaFunction", "aws:invokeWebhook", "aws:loop", "aws:pause", "aws:runCommand",
    "aws:runInstances", "aws:sleep",
    "aws:updateVariable", "aws:waitForAwsResourceProperty",
)  # fmt: skip
_NAME = re.compile(r"[a-zA-Z0-9_]{3,128}\Z")


def bad(message: str) -> AWSError:
    return AWSError("InvalidDocumentContent", message)


def loaded(text: str, form: str) -> Any:
    """What a text holds, by its format. Raises InvalidDocumentContent."""
    if form == "TEXT":
        return text
    if form == "JSON":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise bad("JSON not well-formed.") from None
    yaml = _yaml()
    try:
        return yaml.load(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise bad("YAML not well-formed.") from None


def written(text: str, form: str, wanted: str | None) -> str:
    """A text of one format in another."""
    if wanted in (None, form) or "TEXT" in (form, wanted):
        return text
    value = loaded(text, form)
    if wanted == "JSON":
        return json.dumps(value, indent=2, default=str)
    shown: str = _yaml().safe_dump(value, sort_keys=False)
    return shown


def _yaml() -> Any:
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError:
        raise not_modelled('documents in YAML without PyYAML: pip install "awsim[yaml]"') from None
    return yaml


def check(kind: str, content: Any) -> str:
    """The schema version of a content. Raises InvalidDocumentContent, InvalidDocumentSchemaVersion."""
    if kind in _FREE:
        return "1.0"
    if not isinstance(content, dict):
        raise bad("The content of the document is no object.")
    version = str(content.get("schemaVersion", ""))
    if version not in _SCHEMAS[kind]:
        raise AWSError(
            "InvalidDocumentSchemaVersion" if version else "InvalidDocumentContent",
            f"The document schemaVersion {version or 'is missing: it'} isn't supported for documents of type {kind}."
            if version
            else "The document has no schemaVersion.",
        )
    _check_parameters(content.get("parameters", {}))
    if kind == COMMAND:
        _check_command(content, version)
    elif kind.startswith(AUTOMATION):
        _check_automation(content)
    return version


def _check_parameters(parameters: Any) -> None:
    if not isinstance(parameters, dict):
        raise bad("The parameters of the document are no object.")
    for name, about in parameters.items():
        if not isinstance(about, dict) or "type" not in about:
            raise bad(f"Parameter {name} has no type.")


def _check_command(content: Mapping[str, Any], version: str) -> None:
    if version == "1.2":
        config = content.get("runtimeConfig")
        if not isinstance(config, dict) or not config:
            raise bad("A document of schema version 1.2 needs a runtimeConfig.")
        for action in config:
            _check_plugin(action)
        return
    _check_steps(content.get("mainSteps"), PLUGINS)


def _check_plugin(action: Any) -> None:
    if action not in PLUGINS:
        raise bad(f"Action {action} isn't supported.")


def _check_steps(steps: Any, known: tuple[str, ...]) -> None:
    if not isinstance(steps, list) or not steps:
        raise bad("mainSteps must hold at least one step.")
    names = set()
    for step in steps:
        if not isinstance(step, dict) or not isinstance(step.get("name"), str):
            raise bad("Every step needs a name.")
        if not _NAME.match(step["name"]):
            raise bad(f"Step name {step['name']} isn't valid: letters, digits and underscores, 3 to 128 of them.")
        if step["name"] in names:
            raise bad(f"Step name {step['name']} isn't unique.")
        names.add(step["name"])
        if step.get("action") not in known:
            raise bad(f"Action {step.get('action')} of step {step['name']} isn't supported.")


def _check_automation(content: Mapping[str, Any]) -> None:
    steps = content.get("mainSteps")
    _check_steps(steps, ACTIONS)
    assert isinstance(steps, list)
    names = {step["name"] for step in steps}
    for step in steps:
        for target in _successors(step):
            if target not in names:
                raise bad(f"Step {step['name']} goes on with step {target}, which isn't there.")


def _successors(step: Mapping[str, Any]) -> list[str]:
    found = [step["nextStep"]] if "nextStep" in step else []
    for member in ("onFailure", "onCancel"):
        value = step.get(member)
        if isinstance(value, str) and value.startswith("step:"):
            found.append(value.removeprefix("step:"))
    inputs = step.get("inputs")
    if step.get("action") == "aws:branch" and isinstance(inputs, dict):
        found += [
            each["NextStep"] for each in inputs.get("Choices") or () if isinstance(each, dict) and "NextStep" in each
        ]
        found += [inputs["Default"]] if inputs.get("Default") else []
    return found


def platforms(content: Any) -> list[str]:
    """The platforms that a command document runs on, as its plugins and preconditions say."""
    if not isinstance(content, dict):
        return ["Windows", "Linux", "MacOS"]
    actions = set(content.get("runtimeConfig") or ())
    for step in content.get("mainSteps") or ():
        wanted = (step.get("precondition") or {}).get("StringEquals")
        actions.add(str(wanted[1]) if wanted else step.get("action"))
    found = []
    if actions - {"aws:runShellScript", "Linux", "MacOS"}:
        found.append("Windows")
    if actions - {"aws:runPowerShellScript", "Windows", "aws:applications", "aws:psModule", "aws:domainJoin"}:
        found += ["Linux", "MacOS"]
    return found or ["Windows", "Linux", "MacOS"]


def parameters(content: Any) -> list[dict[str, Any]]:
    """The parameters of a content, as DescribeDocument shows them."""
    given = content.get("parameters") if isinstance(content, dict) else None
    shown = []
    for name, about in (given or {}).items():
        default = about.get("default")
        if default is not None and not isinstance(default, str):
            default = json.dumps(default)
        shown.append(
            {
                "Name": name,
                "Type": "StringList" if about["type"] in ("StringList", "List") else "String",
                "Description": about.get("description"),
                "DefaultValue": default,
            }
        )
    return shown


class Unfit(ValueError):
    """Parameters that a document does not take; `str()` says why."""


def bound(content: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the parameters of a content: lists of strings as requests have them, or defaults. Raises Unfit."""
    declared: Mapping[str, Any] = content.get("parameters") or {}
    for name in given:
        if name not in declared:
            raise Unfit(f"Parameter {name} isn't defined in the document.")
    values = {}
    for name, about in declared.items():
        if name in given:
            values[name] = _typed(name, about, given[name])
        elif "default" in about:
            values[name] = about["default"]
        else:
            raise Unfit(f"Parameter {name} is required and has no value.")
        _check_value(name, about, values[name])
    return values


def _typed(name: str, about: Mapping[str, Any], given: Any) -> Any:
    """A value of a parameter's type out of the list of strings that a request gives."""
    items = list(given) if isinstance(given, list | tuple) else [given]
    kind = about["type"]
    if kind in ("StringList", "MapList") or kind.startswith("List<"):
        if kind == "MapList":
            return [json.loads(item) if isinstance(item, str) else item for item in items]
        return items
    if len(items) != 1:
        raise Unfit(f"Parameter {name} takes one value.")
    (item,) = items
    if kind == "Boolean":
        if item not in (True, False, "true", "false", "True", "False"):
            raise Unfit(f"Parameter {name} is true or false.")
        return item in (True, "true", "True")
    if kind == "Integer":
        try:
            return int(item)
        except ValueError:
            raise Unfit(f"Parameter {name} is a number.") from None
    if kind == "StringMap" and isinstance(item, str):
        try:
            return json.loads(item)
        except ValueError:
            raise Unfit(f"Parameter {name} is a map in JSON.") from None
    return item


def _check_value(name: str, about: Mapping[str, Any], value: Any) -> None:
    items = value if isinstance(value, list) else [value]
    allowed, pattern = about.get("allowedValues"), about.get("allowedPattern")
    for item in items:
        if allowed and item not in allowed and str(item) not in map(str, allowed):
            raise Unfit(f"Parameter {name} has the value {item}, which isn't among those allowed.")
        if pattern and isinstance(item, str) and not re.search(pattern, item):
            raise Unfit(f"Parameter {name} has the value {item}, which doesn't match {pattern}.")
    for bound_, worse in (("minItems", lambda n, m: n < m), ("maxItems", lambda n, m: n > m)):
        if bound_ in about and isinstance(value, list) and worse(len(value), int(about[bound_])):
            raise Unfit(f"Parameter {name} has {len(value)} values, which is against its {bound_}.")
    for bound_, worse in (("minChars", lambda n, m: n < m), ("maxChars", lambda n, m: n > m)):
        if bound_ in about and isinstance(value, str) and worse(len(value), int(about[bound_])):
            raise Unfit(f"Parameter {name} has {len(value)} characters, which is against its {bound_}.")
