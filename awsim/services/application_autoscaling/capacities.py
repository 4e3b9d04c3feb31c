"""What scales: how the capacity of a resource is read and set, through the operations of its own service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.service import Service

_TABLE = re.compile(r"table/([a-zA-Z0-9_.-]{3,255})(?:/index/([a-zA-Z0-9_.-]{3,255}))?\Z")
_SERVICE = re.compile(r"service/([a-zA-Z0-9_-]{1,255})/([a-zA-Z0-9_-]{1,255})\Z")
_FUNCTION = re.compile(r"function:([a-zA-Z0-9_-]{1,64}):([a-zA-Z0-9_-]+)\Z")


class TableCapacity:
    """Read or write units of a DynamoDB table, or of a global index of one."""

    principal = "dynamodb.application-autoscaling.amazonaws.com"

    def __init__(self, service: Service, resource: str, dimension: str) -> None:
        match = _TABLE.match(resource)
        kind, _, member = dimension.removeprefix("dynamodb:").partition(":")
        if match is None or (kind == "index") != (match[2] is not None):
            raise AWSError("ValidationException", f"Unsupported resource ID {resource} for the dimension {dimension}.")
        self._service = service
        self._name, self._index = match[1], match[2]
        self._resource = resource
        self._member = member
        #: As messages call it.
        self.words = "read capacity units" if member == "ReadCapacityUnits" else "write capacity units"

    def read(self) -> int:
        """The capacity now; ValidationException where there is no such table or index."""
        return int(self._throughput()[self._member])

    def set(self, capacity: int) -> None:
        """Raises what UpdateTable does."""
        throughput = {**self._throughput(), self._member: capacity}
        change: dict[str, Any] = {"ProvisionedThroughput": throughput}
        if self._index is not None:
            change = {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": self._index, **change}}]}
        self._service.call("dynamodb", "UpdateTable", as_=self.principal, TableName=self._name, **change)

    def _throughput(self) -> dict[str, int]:
        try:
            answer = self._service.call("dynamodb", "DescribeTable", as_=self.principal, TableName=self._name)
        except AWSError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise AWSError("ValidationException", f"DynamoDB table does not exist: {self._resource}") from None
        found: Mapping[str, Any] | None = answer["Table"]
        if self._index is not None:
            indexes = answer["Table"].get("GlobalSecondaryIndexes", ())
            found = next((index for index in indexes if index["IndexName"] == self._index), None)
        if found is None:
            raise AWSError("ValidationException", f"DynamoDB index does not exist: {self._resource}")
        throughput = found.get("ProvisionedThroughput") or {}
        return {name: int(throughput.get(name) or 0) for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


class ServiceCapacity:
    """The number of tasks of an ECS service."""

    principal = "ecs.application-autoscaling.amazonaws.com"
    words = "desired count"

    def __init__(self, service: Service, resource: str, dimension: str) -> None:
        match = _SERVICE.match(resource)
        if match is None:
            raise AWSError("ValidationException", f"Unsupported resource ID {resource} for the dimension {dimension}.")
        self._service = service
        self._cluster, self._name = match[1], match[2]
        self._resource = resource

    def read(self) -> int:
        """The desired count now; ValidationException where there is no such service."""
        try:
            answer = self._service.call(
                "ecs", "DescribeServices", as_=self.principal, cluster=self._cluster, services=[self._name]
            )
        except AWSError as error:
            if error.code != "ClusterNotFoundException":
                raise
            answer = {"services": []}
        if not answer["services"] or answer["services"][0]["status"] != "ACTIVE":
            raise AWSError("ValidationException", f"ECS service doesn't exist: {self._resource}")
        return int(answer["services"][0]["desiredCount"])

    def set(self, capacity: int) -> None:
        """Raises what UpdateService does."""
        self._service.call(
            "ecs", "UpdateService", as_=self.principal, cluster=self._cluster, service=self._name, desiredCount=capacity
        )


class FunctionCapacity:
    """The provisioned concurrency of a version or an alias of a Lambda function."""

    principal = "lambda.application-autoscaling.amazonaws.com"
    words = "desired concurrency"

    def __init__(self, service: Service, resource: str, dimension: str) -> None:
        match = _FUNCTION.match(resource)
        if match is None:
            raise AWSError("ValidationException", f"Unsupported resource ID {resource} for the dimension {dimension}.")
        self._service = service
        self._of = {"FunctionName": match[1], "Qualifier": match[2]}
        self._resource = resource

    def read(self) -> int:
        """The concurrency asked for now, 0 for none; ValidationException where there is no such version or alias."""
        try:
            answer = self._service.call("lambda", "GetProvisionedConcurrencyConfig", as_=self.principal, **self._of)
        except AWSError as error:
            if error.code == "ProvisionedConcurrencyConfigNotFoundException":
                return 0
            if error.code != "ResourceNotFoundException":
                raise
            raise AWSError("ValidationException", f"Lambda function does not exist: {self._resource}") from None
        return int(answer["RequestedProvisionedConcurrentExecutions"])

    def set(self, capacity: int) -> None:
        """Raises what PutProvisionedConcurrencyConfig does."""
        self._service.call(
            "lambda",
            "PutProvisionedConcurrencyConfig",
            as_=self.principal,
            ProvisionedConcurrentExecutions=capacity,
            **self._of,
        )


Capacity: TypeAlias = TableCapacity | ServiceCapacity | FunctionCapacity

CAPACITIES: dict[str, type[TableCapacity] | type[ServiceCapacity] | type[FunctionCapacity]] = {
    "dynamodb:table:ReadCapacityUnits": TableCapacity,
    "dynamodb:table:WriteCapacityUnits": TableCapacity,
    "dynamodb:index:ReadCapacityUnits": TableCapacity,
    "dynamodb:index:WriteCapacityUnits": TableCapacity,
    "ecs:service:DesiredCount": ServiceCapacity,
    "lambda:function:ProvisionedConcurrency": FunctionCapacity,
}
"""Scalable dimension -> what reads and sets it."""
