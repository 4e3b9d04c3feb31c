"""What SNS tells CloudWatch. Notes are (epoch seconds, topic's name, metric, value).

Source: SNS Developer Guide, "Monitoring Amazon SNS topics using CloudWatch".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from awsim.metering import Sample

if TYPE_CHECKING:
    from awsim.services.sns.message import Message
    from awsim.services.sns.subscription import Subscription

PUBLISHED = "NumberOfMessagesPublished"
SIZE = "PublishSize"
DELIVERED = "NumberOfNotificationsDelivered"
FAILED = "NumberOfNotificationsFailed"
FILTERED = "NumberOfNotificationsFilteredOut"
REDRIVEN = "NumberOfNotificationsRedrivenToDlq"
NOT_REDRIVEN = "NumberOfNotificationsFailedToRedriveToDlq"

Note = tuple[float, str, str, float]


def measurements(notes: Iterable[Note]) -> Iterator[Sample]:
    """What notes say; a publish is noted by its size."""
    for time, topic, name, value in notes:
        dimensions = (("TopicName", topic),)
        if name == SIZE:
            yield Sample("AWS/SNS", PUBLISHED, dimensions, "Count", time, 1)
        yield Sample("AWS/SNS", name, dimensions, "Bytes" if name == SIZE else "Count", time, value)


def why_filtered(subscription: Subscription, message: Message) -> str:
    """The metric that says why a filter policy let a message not pass."""
    if not subscription.filters_body:
        return f"{FILTERED}-MessageAttributes" if message.attributes else f"{FILTERED}-NoMessageAttributes"
    try:
        body = json.loads(message.text)
    except ValueError:
        body = None
    return f"{FILTERED}-MessageBody" if isinstance(body, dict) else f"{FILTERED}-InvalidMessageBody"
