"""Batches that fail in part because a test asked for it: some entries never reach the operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.faults import Fault
    from awsim.gateway.call import Call

Params = dict[str, Any]
Run = Callable[[Params], Params]


def run(call: Call, fault: Fault, operation: Run) -> Params:
    """The operation without the entries that fail, and its result with them."""
    return BATCHES[call.name](call.params, fault, operation)


def _sqs(params: Params, fault: Fault, operation: Run) -> Params:
    entries = params["Entries"]
    kept, failed = _split(entries, fault.partial)
    result = operation({**params, "Entries": kept}) if kept else {}
    code, message = fault.error or "InternalError", fault.message or "We encountered an internal error."
    failures = [{"Id": entry["Id"], "Code": code, "Message": message, "SenderFault": False} for entry in failed]
    return {**result, "Failed": [*result.get("Failed", ()), *failures]}


def _sns(params: Params, fault: Fault, operation: Run) -> Params:
    kept, failed = _split(params["PublishBatchRequestEntries"], fault.partial)
    result = operation({**params, "PublishBatchRequestEntries": kept}) if kept else {}
    code, message = fault.error or "InternalError", fault.message or "Internal error"
    failures = [{"Id": entry["Id"], "Code": code, "Message": message, "SenderFault": False} for entry in failed]
    return {**result, "Failed": [*result.get("Failed", ()), *failures]}


def _in_order(entries: str, answers: str, count: str, code: str) -> Callable[[Params, Fault, Run], Params]:
    """A batch whose result has an entry for each of the request's, in its order, and how many failed."""

    def run(params: Params, fault: Fault, operation: Run) -> Params:
        kept, failed = _split(params[entries], fault.partial)
        result = operation({**params, entries: kept}) if kept else {}
        failure = {"ErrorCode": fault.error or code, "ErrorMessage": fault.message or "Internal service failure."}
        answered = [*result.get(answers, ()), *(failure for _ in failed)]
        return {**result, answers: answered, count: result.get(count, 0) + len(failed)}

    return run


def _s3(params: Params, fault: Fault, operation: Run) -> Params:
    delete = params["Delete"]
    kept, failed = _split(delete["Objects"], fault.partial)
    result = operation({**params, "Delete": {**delete, "Objects": kept}}) if kept else {}
    code = fault.error or "InternalError"
    message = fault.message or "We encountered an internal error. Please try again."
    failures = [
        {name: one[name] for name in ("Key", "VersionId") if one.get(name)} | {"Code": code, "Message": message}
        for one in failed
    ]
    return {**result, "Errors": [*result.get("Errors", ()), *failures]}


def _dynamodb_write(params: Params, fault: Fault, operation: Run) -> Params:
    flat = [(table, request) for table, requests in params["RequestItems"].items() for request in requests]
    kept, left = _split(flat, fault.partial)
    if not kept:
        raise _throttled()
    result = operation({**params, "RequestItems": _by_table(kept)})
    unprocessed = {table: list(requests) for table, requests in result.get("UnprocessedItems", {}).items()}
    for table, request in left:
        unprocessed.setdefault(table, []).append(request)
    return {**result, "UnprocessedItems": unprocessed}


def _dynamodb_get(params: Params, fault: Fault, operation: Run) -> Params:
    wishes = params["RequestItems"]
    flat = [(table, key) for table, wish in wishes.items() for key in wish["Keys"]]
    kept, left = _split(flat, fault.partial)
    if not kept:
        raise _throttled()

    def asked(keys: list[tuple[str, Any]]) -> Params:
        return {table: {**wishes[table], "Keys": some} for table, some in _by_table(keys).items()}

    result = operation({**params, "RequestItems": asked(kept)})
    unprocessed = dict(result.get("UnprocessedKeys", {}))
    for table, wish in asked(left).items():
        keys = [*unprocessed.get(table, {"Keys": []})["Keys"], *wish["Keys"]]
        unprocessed[table] = {**wish, "Keys": keys}
    return {**result, "UnprocessedKeys": unprocessed}


def _kafka(params: Params, fault: Fault, operation: Run) -> Params:
    kept, failed = _split(params["SecretArnList"], fault.partial)
    result = operation({**params, "SecretArnList": kept}) if kept else {"ClusterArn": params["ClusterArn"]}
    code, message = fault.error or "InternalServerErrorException", fault.message or "Internal service failure."
    failures = [{"SecretArn": arn, "ErrorCode": code, "ErrorMessage": message} for arn in failed]
    return {**result, "UnprocessedScramSecrets": [*result.get("UnprocessedScramSecrets", ()), *failures]}


def _secrets(params: Params, fault: Fault, operation: Run) -> Params:
    kept, failed = _split(list(params.get("SecretIdList") or ()), fault.partial)
    if not failed:
        return operation(params)
    result = operation({**params, "SecretIdList": kept}) if kept else {"SecretValues": []}
    code, message = fault.error or "InternalServiceError", fault.message or "An error occurred on the server side."
    failures = [{"SecretId": id, "ErrorCode": code, "Message": message} for id in failed]
    return {**result, "Errors": [*result.get("Errors", ()), *failures]}


def _split(entries: list[Any], failing: int) -> tuple[list[Any], list[Any]]:
    start = max(len(entries) - failing, 0)
    return entries[:start], entries[start:]


def _by_table(flat: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    tables: dict[str, list[Any]] = {}
    for table, one in flat:
        tables.setdefault(table, []).append(one)
    return tables


def _throttled() -> AWSError:
    return AWSError(
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API.",
        status=400,
    )


_kinesis = _in_order("Records", "Records", "FailedRecordCount", "InternalFailure")
_firehose = _in_order("Records", "RequestResponses", "FailedPutCount", "ServiceUnavailableException")
_events = _in_order("Entries", "Entries", "FailedEntryCount", "InternalFailure")

#: Which operations can fail in part, and how each says so.
BATCHES: Mapping[str, Callable[[Params, Fault, Run], Params]] = {
    "sqs:SendMessageBatch": _sqs,
    "sqs:DeleteMessageBatch": _sqs,
    "sqs:ChangeMessageVisibilityBatch": _sqs,
    "sns:PublishBatch": _sns,
    "kinesis:PutRecords": _kinesis,
    "firehose:PutRecordBatch": _firehose,
    "events:PutEvents": _events,
    "kafka:BatchAssociateScramSecret": _kafka,
    "kafka:BatchDisassociateScramSecret": _kafka,
    "secretsmanager:BatchGetSecretValue": _secrets,
    "s3:DeleteObjects": _s3,
    "dynamodb:BatchWriteItem": _dynamodb_write,
    "dynamodb:BatchGetItem": _dynamodb_get,
}
