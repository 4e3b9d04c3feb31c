"""Reading streams of Kinesis and DynamoDB through their own operations, shard by shard.

Source: Kinesis Data Streams API Reference and DynamoDB Streams API Reference, GetShardIterator and GetRecords.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from awsim.errors import AWSError

# Where to read on in a shard: (type, sequence number or time) of an iterator.
Place = tuple[str, Any]
Ask = Callable[..., dict[str, Any]]


class Stream:
    """A stream by its ARN. `ask(service, operation, **parameters)` makes calls as whoever reads it."""

    def __init__(self, ask: Ask, arn: str) -> None:
        self._ask = ask
        self._arn = arn
        self._kinesis = arn.split(":")[2] == "kinesis"
        self._service = "kinesis" if self._kinesis else "dynamodbstreams"

    def shards(self) -> list[dict[str, Any]]:
        """All shards, parents first."""
        found: list[dict[str, Any]] = []
        token: dict[str, Any] = {}
        while True:
            if self._kinesis:
                more: dict[str, Any] = token or {"StreamARN": self._arn}
                answer = self._ask("kinesis", "ListShards", **more)
                following = answer.get("NextToken")
                token = {"NextToken": following}
            else:
                told = self._ask("dynamodbstreams", "DescribeStream", StreamArn=self._arn, **token)
                answer = told["StreamDescription"]
                following = answer.get("LastEvaluatedShardId")
                token = {"ExclusiveStartShardId": following}
            found += answer["Shards"]
            if not following:
                return found

    def records(self, shard: Mapping[str, Any], place: Place) -> tuple[list[dict[str, Any]], Place | None]:
        """What a shard holds from a place on, and the place to go on from; None at the end of a closed shard."""
        id, closed = shard["ShardId"], "EndingSequenceNumber" in shard["SequenceNumberRange"]
        iterator: str | None
        try:
            iterator = self._iterator(id, place)
        except AWSError as error:
            if error.code != "TrimmedDataAccessException":
                raise
            iterator = self._iterator(id, ("TRIM_HORIZON", None))
        found: list[dict[str, Any]] = []
        while iterator is not None:
            more = {"StreamARN": self._arn} if self._kinesis else {}
            answer = self._ask(self._service, "GetRecords", ShardIterator=iterator, **more)
            records = answer["Records"]
            found += records
            iterator = answer.get("NextShardIterator")
            behind = answer.get("MillisBehindLatest")
            if not behind and (not records or (behind == 0 and not closed)):
                break
        if iterator is None:
            return found, None
        return found, ("AFTER_SEQUENCE_NUMBER", sequence(found[-1])) if found else place

    def _iterator(self, shard: str, place: Place) -> str:
        type, value = place
        parameters: dict[str, Any] = {"ShardId": shard, "ShardIteratorType": type}
        if self._kinesis:
            parameters["StreamARN"] = self._arn
            if value is not None:
                parameters["Timestamp" if type == "AT_TIMESTAMP" else "StartingSequenceNumber"] = value
        else:
            parameters["StreamArn"] = self._arn
            if value is not None:
                parameters["SequenceNumber"] = value
        iterator: str = self._ask(self._service, "GetShardIterator", **parameters)["ShardIterator"]
        return iterator


def sequence(record: Mapping[str, Any]) -> str:
    """The sequence number of a record of either kind."""
    number: str = record["dynamodb"]["SequenceNumber"] if "dynamodb" in record else record["SequenceNumber"]
    return number
