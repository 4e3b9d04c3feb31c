"""Amazon DynamoDB (regional)."""

from __future__ import annotations

from typing import Any, ClassVar

from awsim.services.dynamodb import intake
from awsim.services.dynamodb.batches import BatchOperations
from awsim.services.dynamodb.browser import BrowserOperations
from awsim.services.dynamodb.destinations import DestinationOperations
from awsim.services.dynamodb.exports import TransferOperations
from awsim.services.dynamodb.settings import SettingOperations
from awsim.services.dynamodb.statements import StatementOperations


class DynamoDB(
    SettingOperations,
    BatchOperations,
    StatementOperations,
    TransferOperations,
    DestinationOperations,
    BrowserOperations,
):
    """Tables, items, expressions, queries, batches, transactions, PartiQL, backups, exports, imports, replicas."""

    unchecked: ClassVar[frozenset[str]] = frozenset(
        {"AttributeValue", "ExpressionAttributeNameMap", "Key", "PutItemInputAttributeMap"}
    )
    exact: ClassVar[frozenset[str]] = frozenset(
        {"AttributeMap", "AttributeValue", "BatchGetResponseMap", "ItemList", "ItemResponseList"}
    )
    readers: ClassVar[tuple[tuple[str, Any], ...]] = (
        ("ExpressionAttributeValueMap", intake.reader),
        ("Key", intake.reader),
        ("PutItemInputAttributeMap", intake.reader),
    )
    idempotent: ClassVar[dict[str, tuple[str, str, str]]] = {
        **dict.fromkeys(
            ("TransactWriteItems", "ExecuteTransaction"),
            (
                "transaction-token",
                "IdempotentParameterMismatchException",
                "The request uses the same client token as another request whose parameters were different",
            ),
        ),
        "ExportTableToPointInTime": (
            "export-token",
            "ExportConflictException",
            "There was a conflict when attempting to write to the specified S3 bucket: the client token is in use",
        ),
        "ImportTable": ("export-token", "ImportConflictException", "There was a conflict: the client token is in use"),
    }


SERVICE = DynamoDB
