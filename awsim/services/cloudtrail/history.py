"""The events of an account and region, read off the Cloud's journal, which has every call already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from awsim.services.cloudtrail import vocabulary
from awsim.services.cloudtrail.event import Event, flattened, recorded
from awsim.services.cloudtrail.resources import resources_of

if TYPE_CHECKING:
    from awsim.calls import CallRecord
    from awsim.cloud import Cloud

# Services whose resources other accounts use directly, so that the owner's log has the call too.
_SHARED = frozenset({"kms", "lambda", "s3", "sns", "sqs", "sts"})


def events(cloud: Cloud, account: str, region: str | None, since: float, until: float) -> Iterator[Event]:
    """Events of an account, of a region or (None) all of them, newest first; times are epoch seconds."""
    for _, call in cloud.calls.standing():
        if call.timestamp < since and not call.caused:
            continue
        for record, outer in reversed(list(flattened((call,)))):
            if not since <= record.timestamp <= until:
                continue
            event = event_for(cloud, record, account, outer)
            if event is not None and region in (None, event.region):
                yield event


def event_for(cloud: Cloud, record: CallRecord, account: str, outer: str | None) -> Event | None:
    """The event that a call is for an account; None where its log does not have it."""
    if not recorded(record):
        return None
    if record.account != account and not _concerns(cloud, record, account):
        return None
    return Event(cloud, record, account, outer)


def _concerns(cloud: Cloud, record: CallRecord, account: str) -> bool:
    """Whether a call of somebody else's was about a resource of an account's."""
    if record.service not in _SHARED or (record.by is not None and record.by.service is not None):
        return False
    if record.error is not None and vocabulary.data_type_of(record.service, record.operation) is None:
        return False
    return any(one.account == account for one in resources_of(cloud, record))
