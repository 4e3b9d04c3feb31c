"""`Trail`: where the events of an account go, and how that went last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudtrail import selectors
from awsim.services.cloudtrail.event import Event
from awsim.services.cloudtrail.identities import iso
from awsim.state import Dict, Entity, List, Tags

# Members of CreateTrail and what they are without being given.
DEFAULTS: Mapping[str, Any] = {
    "S3BucketName": None,
    "S3KeyPrefix": None,
    "SnsTopicName": None,
    "IncludeGlobalServiceEvents": True,
    "IsMultiRegionTrail": False,
    "LogFileValidationEnabled": False,
    "CloudWatchLogsLogGroupArn": None,
    "CloudWatchLogsRoleArn": None,
    "KmsKeyId": None,
    "IsOrganizationTrail": False,
}


class Trail(Entity):
    """A trail; times are epoch seconds. `settings` has what CreateTrail and UpdateTrail were given."""

    def __init__(self, name: str, arn: str, region: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.arn = arn
        self.region = region
        self.settings: Mapping[str, Any] = {**DEFAULTS, **settings}
        self.topic_arn: str | None = None
        self.organization: str | None = None  # the id of the organization whose accounts it covers
        self.selectors: Sequence[Mapping[str, Any]] = selectors.DEFAULT
        self.advanced: Sequence[Mapping[str, Any]] = ()
        self.insights: Sequence[Mapping[str, Any]] = ()
        self.insights_since: float | None = None
        self.configuration: Mapping[str, Any] = {}  # PutEventConfiguration
        self.tags = Tags()
        self.logging = False
        self.started: float | None = None
        self.stopped: float | None = None
        self.pending = List()  # events that wait for the next log file, as (account, record, outer service)
        self.flush: int | None = None  # the job that writes them
        self.digest: int | None = None  # the job that writes the next digest
        self.digest_from = 0.0
        self.files = Dict()  # region -> List of log files since the last digest
        self.last_digests = Dict()  # region -> what the next digest says of the last one
        self.status = Dict()  # members of GetTrailStatus, as they become

    # --- what it takes

    def covers(self, event: Event) -> bool:
        """Whether an event is of a region and kind that it logs."""
        if event.is_global:
            if not self.settings["IncludeGlobalServiceEvents"]:
                return False
        elif not self.settings["IsMultiRegionTrail"] and event.region != self.region:
            return False
        if self.advanced:
            return selectors.matches_advanced(self.advanced, event)
        return selectors.matches(self.selectors, event)

    # --- what it shows

    @property
    def is_multi_region(self) -> bool:
        return bool(self.settings["IsMultiRegionTrail"])

    def answered(self) -> dict[str, Any]:
        """As CreateTrail and UpdateTrail answer it."""
        return {"Name": self.name, "TrailARN": self.arn, "SnsTopicARN": self.topic_arn, **self.settings}

    def described(self) -> dict[str, Any]:
        return {
            **self.answered(),
            "HomeRegion": self.region,
            "HasCustomEventSelectors": self.has_custom_selectors,
            "HasInsightSelectors": bool(self.insights),
        }

    @property
    def has_custom_selectors(self) -> bool:
        return bool(self.advanced) or self.selectors != selectors.DEFAULT

    def reported(self) -> dict[str, Any]:
        """GetTrailStatus."""
        found: dict[str, Any] = {
            "IsLogging": self.logging,
            "StartLoggingTime": self.started,
            "StopLoggingTime": self.stopped,
            "TimeLoggingStarted": "" if self.started is None else iso(self.started),
            "TimeLoggingStopped": "" if self.stopped is None else iso(self.stopped),
            "LatestDeliveryAttemptTime": "",
            "LatestNotificationAttemptTime": "",
            "LatestNotificationAttemptSucceeded": "",
            "LatestDeliveryAttemptSucceeded": "",
        }
        return {**found, **self.status}

    @property
    def prefix(self) -> str:
        """What the keys of its objects begin with, down to the account."""
        own = self.settings["S3KeyPrefix"]
        return (f"{own}/" if own else "") + "AWSLogs/" + (f"{self.organization}/" if self.organization else "")
