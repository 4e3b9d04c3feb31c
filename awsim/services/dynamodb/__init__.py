"""Amazon DynamoDB (regional)."""

from __future__ import annotations

from typing import ClassVar

from awsim.services.dynamodb.batches import BatchOperations
from awsim.services.dynamodb.settings import SettingOperations
from awsim.services.dynamodb.statements import StatementOperations
from awsim.services.dynamodb.tables import TableOperations


class DynamoDB(SettingOperations, TableOperations, BatchOperations, StatementOperations):
    """Tables, items, expressions, queries, batches, transactions and PartiQL."""

    unchecked: ClassVar[frozenset[str]] = frozenset({"AttributeValue", "Key", "PutItemInputAttributeMap"})
    idempotent: ClassVar[dict[str, tuple[str, str, str]]] = dict.fromkeys(
        ("TransactWriteItems", "ExecuteTransaction"),
        (
            "transaction-token",
            "IdempotentParameterMismatchException",
            "The request uses the same client token as another request whose parameters were different",
        ),
    )


SERVICE = DynamoDB
