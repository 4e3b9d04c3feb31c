"""What EventBridge tells CloudWatch. Notes are (epoch seconds, ARN of the rule, what happened).

Source: EventBridge User Guide, "Monitoring Amazon EventBridge".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from awsim.metering import Sample

FIRED, TRIED, TRIED_AGAIN, DELIVERED, GIVEN_UP, BURIED, LOST = (
    "fired", "tried", "tried again", "delivered", "given up", "buried", "lost",
)  # fmt: skip

# What happened -> metrics that count it.
_METRICS = {
    FIRED: ("TriggeredRules", "MatchedEvents"),
    TRIED: ("Invocations", "InvocationAttempts"),
    TRIED_AGAIN: ("InvocationAttempts", "RetryInvocationAttempts"),
    DELIVERED: ("SuccessfulInvocationAttempts",),
    GIVEN_UP: ("FailedInvocations",),
    BURIED: ("InvocationsSentToDlq",),
    LOST: ("InvocationsFailedToBeSentToDlq",),
}


def measurements(notes: Iterable[tuple[float, str, str]]) -> Iterator[Sample]:
    """What notes say."""
    for time, arn, what in notes:
        *bus, rule = arn.partition(":rule/")[2].split("/")
        dimensions = (("RuleName", rule),)
        if bus:
            dimensions = (("EventBusName", bus[0]), *dimensions)  # type: ignore[assignment]
        for name in _METRICS[what]:
            yield Sample("AWS/Events", name, dimensions, "Count", time, 1)
