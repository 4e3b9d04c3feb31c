"""Amazon DynamoDB (regional)."""

from __future__ import annotations

from typing import ClassVar

from awsim.services.dynamodb.batches import BatchOperations
from awsim.services.dynamodb.reads import ReadOperations
from awsim.services.dynamodb.settings import SettingOperations
from awsim.services.dynamodb.tables import TableOperations
from awsim.services.dynamodb.transactions import TransactionOperations


class DynamoDB(SettingOperations, TableOperations, ReadOperations, BatchOperations, TransactionOperations):
    """Tables, items, expressions, queries, batches and transactions."""

    unchecked: ClassVar[frozenset[str]] = frozenset({"AttributeValue", "Key", "PutItemInputAttributeMap"})
    idempotent: ClassVar[dict[str, tuple[str, str, str]]] = {
        "TransactWriteItems": (
            "transaction-token",
            "IdempotentParameterMismatchException",
            "The request uses the same client token as another request whose parameters were different",
        ),
    }


SERVICE = DynamoDB
