"""Amazon Kinesis Data Streams (regional)."""

from __future__ import annotations

from typing import ClassVar

from awsim.services.kinesis.operations.consumers import ConsumerOperations
from awsim.services.kinesis.operations.policies import PolicyOperations
from awsim.services.kinesis.operations.settings import SettingOperations
from awsim.services.kinesis.operations.tags import TagOperations


class Kinesis(ConsumerOperations, SettingOperations, PolicyOperations, TagOperations):
    """Amazon Kinesis Data Streams.

    Operations are in `operations/`, thin; what streams, shards and consumers do is in the plain classes beside them.
    """

    exact: ClassVar[frozenset[str]] = frozenset({"PutRecordsResultEntryList", "RecordList"})
