"""Amazon SQS (regional)."""

from __future__ import annotations

from awsim.services.sqs.operations.messages import MessageOperations
from awsim.services.sqs.operations.moves import MoveOperations


class SQS(MessageOperations, MoveOperations):
    """Amazon Simple Queue Service.

    Operations are in `operations/`, thin; what queues and messages do is in the plain classes beside them.
    """
