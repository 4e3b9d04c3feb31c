"""The configuration of a function: defaults, and what is refused.

Source: Lambda API Reference, CreateFunction; Lambda Developer Guide, "Working with Lambda environment variables",
"Lambda runtimes".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.services.lambda_.refusals import invalid

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Settings = dict[str, Any]

RUNTIMES = (
    "nodejs20.x", "nodejs22.x", "nodejs24.x", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14",
    "java8.al2", "java11", "java17", "java21", "java25", "dotnet8", "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4",
    "provided.al2", "provided.al2023",
)  # fmt: skip
# Of those that botocore's model lists, the ones no function can be created with any more.
RETIRED = frozenset(
    (
        "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
        "nodejs16.x", "nodejs18.x", "java8", "python2.7", "python3.6", "python3.7", "python3.8", "python3.9",
        "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "go1.x", "ruby2.5", "ruby2.7",
        "provided",
    )
)  # fmt: skip
RESERVED = frozenset(
    (
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    )
)  # fmt: skip
_CANNOT = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)


def begun(given: Mapping[str, Any], name: str, limits: ServiceLimits) -> Settings:
    """The settings of a new function: what the caller gave, over the defaults."""
    settings: Settings = {
        "Description": "",
        "Timeout": limits["timeout-default"],
        "MemorySize": limits["memory-default"],
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": limits["ephemeral-storage-default"]},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    return changed(settings, given, limits)


def changed(settings: Mapping[str, Any], given: Mapping[str, Any], limits: ServiceLimits) -> Settings:
    """Settings with what the caller gave in their place; refuses what does not fit."""
    after = dict(settings)
    for name, value in given.items():
        if value is None:
            continue
        if name == "SnapStart":
            value = {"ApplyOn": value.get("ApplyOn") or "None", "OptimizationStatus": "Off"}
        elif name == "LoggingConfig":
            value = _logging(settings["LoggingConfig"], value)
        elif name == "ImageConfig":
            name, value = "ImageConfigResponse", {"ImageConfig": value} if value else None
        elif name == "DeadLetterConfig" and not value.get("TargetArn"):
            value = None
        elif name == "Environment":
            value = {"Variables": dict(value.get("Variables") or {})}
            if not value["Variables"]:
                value = None
        after[name] = value
    after = {name: value for name, value in after.items() if value not in (None, "") or name == "Description"}
    _check_package(after)
    check_environment(after, limits)
    _check_dead_letters(after)
    return after


def _logging(now: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    levels = {name: given[name] for name in ("ApplicationLogLevel", "SystemLogLevel") if given.get(name)}
    format = given.get("LogFormat") or now["LogFormat"]
    if levels and format != "JSON":
        raise invalid("To set ApplicationLogLevel or SystemLogLevel, LogFormat must be JSON.")
    if format == "JSON":
        levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **levels}
    return {"LogFormat": format, **levels, "LogGroup": given.get("LogGroup") or now["LogGroup"]}


def _check_package(settings: Mapping[str, Any]) -> None:
    runtime, handler = settings.get("Runtime"), settings.get("Handler")
    if settings["PackageType"] == "Image":
        if runtime or handler or settings.get("Layers"):
            raise invalid("Please don't provide Runtime, Handler or Layer when the PackageType is set as Image.")
        return
    if not runtime or not handler:
        raise invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")


def check_runtime(runtime: str | None) -> None:
    """Refuse a runtime that new functions and updates cannot name."""
    if runtime is None or runtime in RUNTIMES:
        return
    if runtime in RETIRED:
        raise invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    raise invalid(
        f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
        f"[{', '.join(RUNTIMES)}] or be a valid ARN"
    )


def check_environment(settings: Mapping[str, Any], limits: ServiceLimits) -> None:
    variables = (settings.get("Environment") or {}).get("Variables") or {}
    reserved = [name for name in variables if name in RESERVED]
    if reserved:
        raise invalid(
            f"{_CANNOT}contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )
    text = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    limits.check("environment", len(text.encode()) if variables else 0, text=text)


def _check_dead_letters(settings: Mapping[str, Any]) -> None:
    target = (settings.get("DeadLetterConfig") or {}).get("TargetArn")
    if target and target.split(":")[2] not in ("sqs", "sns"):
        raise invalid(f"The provided dead-letter target {target} is neither an Amazon SQS queue nor an SNS topic.")
