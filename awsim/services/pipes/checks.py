"""What CreatePipe and UpdatePipe refuse, and what they fill in.

Sources: EventBridge Pipes API Reference, CreatePipe; EventBridge User Guide, pages of the sources and "Pipes batching
and concurrency". What Pipes calls a parameter that does not fit is known of missing ones only; the other sentences are
reconstructed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.pipes import filters, inputs, sources, targets
from awsim.services.pipes.refusals import REQUIRED, invalid
from awsim.services.pipes.sources import Kind

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Settings = dict[str, Any]

_UNFIT = "Parameter is not supported for the given {0}."
_DEAD_LETTERS = re.compile(r"arn:[a-z-]+:(sqs|sns):[a-z0-9-]+:\d{12}:.+")


def complete(given: Mapping[str, Any], region: str, limits: ServiceLimits) -> Settings:
    """Settings with the defaults that DescribePipe shows; raises what is wrong with them."""
    settings = {name: value for name, value in given.items() if value not in (None, "")}
    source, target = settings["Source"], settings["Target"]
    parameters = dict(settings.get("SourceParameters") or {})
    kind = sources.kind_of(source, parameters)
    if kind is None:
        raise invalid("Source", f"{source} is not a supported source.")
    if kind is not sources.KAFKA and source.split(":")[3] != region:
        raise invalid("Source", "The source must be in the same Region as the pipe.")
    to = targets.kind_of(target)
    if to is None:
        raise invalid("Target", f"{target} is not a supported target.")
    if to.name == "sns" and target.endswith(".fifo"):
        raise invalid("Target", "Amazon SNS FIFO topics are not supported as targets.")
    enrichment = settings.get("Enrichment")
    by = targets.enrichment_of(enrichment) if enrichment else None
    if enrichment and by is None:
        raise invalid("Enrichment", f"{enrichment} is not a supported enrichment.")
    own = _source_parameters(kind, parameters)
    _check_start(kind, own)
    _check_dead_letters(kind, own)
    own["BatchSize"] = _batch_size(kind, own, to, by, limits)
    if kind is sources.SQS:
        _check_queue(source, own, limits)
    filters.check(parameters)
    settings["SourceParameters"] = {**parameters, kind.member: own}
    _check_target(to, settings.get("TargetParameters") or {})
    inputs.check((settings.get("TargetParameters") or {}).get("InputTemplate"), "TargetParameters.InputTemplate")
    inputs.check(
        (settings.get("EnrichmentParameters") or {}).get("InputTemplate"), "EnrichmentParameters.InputTemplate"
    )
    return settings


def _source_parameters(kind: Kind, parameters: Mapping[str, Any]) -> Settings:
    for member in sources.MEMBERS:
        if member in parameters and member != kind.member:
            raise invalid(f"SourceParameters.{member}", _UNFIT.format("source"))
    if kind.required and kind.member not in parameters:
        raise invalid(f"SourceParameters.{kind.member}", REQUIRED)
    return dict(parameters.get(kind.member) or {})


def _check_start(kind: Kind, own: Mapping[str, Any]) -> None:
    where = f"SourceParameters.{kind.member}"
    if kind.starts and "StartingPosition" not in own:
        raise invalid(f"{where}.StartingPosition", REQUIRED)
    timed = own.get("StartingPosition") == "AT_TIMESTAMP"
    if timed and "StartingPositionTimestamp" not in own:
        raise invalid(f"{where}.StartingPositionTimestamp", REQUIRED)
    if not timed and "StartingPositionTimestamp" in own:
        raise invalid(f"{where}.StartingPositionTimestamp", _UNFIT.format("StartingPosition"))


def _check_dead_letters(kind: Kind, own: Mapping[str, Any]) -> None:
    arn = (own.get("DeadLetterConfig") or {}).get("Arn")
    if arn is not None and not _DEAD_LETTERS.fullmatch(arn):
        where = f"SourceParameters.{kind.member}.DeadLetterConfig.Arn"
        raise invalid(where, "The dead-letter target must be an Amazon SQS queue or an Amazon SNS topic.")


def _batch_size(
    kind: Kind, own: Mapping[str, Any], to: targets.Kind, by: targets.Kind | None, limits: ServiceLimits
) -> int:
    """The size of batches: as given, else the default of the source, as far as target and enrichment take it."""
    most = None
    for part in (to, by):
        if part is None or part.batch == "":
            continue
        largest = 1 if part.batch is None else limits[part.batch]
        if largest is not None and (most is None or largest < most):
            most = int(largest)
    size = own.get("BatchSize")
    if size is None:
        default = int(limits[kind.batch])
        return default if most is None else min(default, most)
    if most is not None and size > most:
        where = f"SourceParameters.{kind.member}.BatchSize"
        raise invalid(where, f"The batch size must be at most {most} for the given target or enrichment.")
    return int(size)


def _check_queue(arn: str, own: Mapping[str, Any], limits: ServiceLimits) -> None:
    size, where = own["BatchSize"], "SourceParameters.SqsQueueParameters"
    if arn.endswith(".fifo"):
        _check_row("fifo-batch", size, f"{where}.BatchSize", limits)
        if own.get("MaximumBatchingWindowInSeconds"):
            name = f"{where}.MaximumBatchingWindowInSeconds"
            raise invalid(name, "Batching window is not supported for FIFO queues")
    elif not own.get("MaximumBatchingWindowInSeconds"):
        _check_row("windowless-sqs-batch", size, f"{where}.MaximumBatchingWindowInSeconds", limits)


def _check_row(row: str, measured: int, name: str, limits: ServiceLimits) -> None:
    try:
        limits.check(row, measured)
    except AWSError as error:
        raise invalid(name, error.message) from None


def _check_target(to: targets.Kind, parameters: Mapping[str, Any]) -> None:
    for member in parameters:
        if member in targets.MEMBERS and member != to.member:
            raise invalid(f"TargetParameters.{member}", _UNFIT.format("target"))
    if to.required and to.member not in parameters:
        raise invalid(f"TargetParameters.{to.member}", REQUIRED)
