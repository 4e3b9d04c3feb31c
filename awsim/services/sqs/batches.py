"""What the three batch operations share: the rules for entries, and success or failure by entry.

Source: SQS API Reference, SendMessageBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.sqs.refusals import ExpiredReceiptHandle

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Entry = Mapping[str, Any]

_ID = re.compile(r"[A-Za-z0-9_-]+\Z")


def check_entries(entries: Sequence[Entry], kind: str, limits: ServiceLimits) -> None:
    """Refuse a whole batch: empty, too many entries, an id that is malformed or repeated."""
    if not entries:
        raise AWSError("EmptyBatchRequest", f"There should be at least one {kind} in the request.")
    limits.check("batch-entries", len(entries))
    ids = [entry.get("Id") or "" for entry in entries]
    if len(set(ids)) == len(ids) and all(map(_ID.match, ids)):
        sizes = list(map(len, ids))
        if limits.fits("batch-entry-id", max(sizes), min(sizes)):
            return
    # Something is wrong: what comes first is told.
    seen = set()
    for entry in entries:
        id_ = entry.get("Id") or ""
        if not _ID.match(id_):
            raise limits.error("batch-entry-id")
        limits.check("batch-entry-id", len(id_))
        if id_ in seen:
            raise AWSError("BatchEntryIdsNotDistinct", f"Id {id_} repeated.")
        seen.add(id_)


def each(entries: Sequence[Entry], action: Callable[[Entry], Mapping[str, Any] | None]) -> dict[str, Any]:
    """Do `action` for every entry; it returns what is told of a success, and raises what is told of a failure."""
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **(action(entry) or {})})
        except ExpiredReceiptHandle:
            failed.append(_failure(entry, AWSError("ReceiptHandleIsInvalid", "The receipt handle has expired")))
        except AWSError as error:
            failed.append(_failure(entry, error))
    result: dict[str, Any] = {}
    if successful:
        result["Successful"] = successful
    if failed:
        result["Failed"] = failed
    return result


def _failure(entry: Entry, error: AWSError) -> dict[str, Any]:
    return {"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": error.fault != "receiver"}
