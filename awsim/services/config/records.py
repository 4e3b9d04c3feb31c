"""What AWS Config keeps: recorder, delivery channel, rules and what they found, packs, aggregators."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.state import Dict, Entity, Tags

COMPLIANT, NON_COMPLIANT = "COMPLIANT", "NON_COMPLIANT"
NOT_APPLICABLE, INSUFFICIENT = "NOT_APPLICABLE", "INSUFFICIENT_DATA"
GLOBAL_TYPES = frozenset({"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"})
ACCOUNT = "AWS::::Account"

Key = tuple[str, str]
"""Type and id of a resource."""


class Description(NamedTuple):
    """A resource as its service describes it. `created`: epoch seconds."""

    type: str
    id: str
    name: str
    arn: str
    configuration: Mapping[str, Any]
    supplementary: Mapping[str, Any] = {}
    tags: Mapping[str, str] = {}
    created: float | None = None
    relationships: Sequence[Mapping[str, str]] = ()

    @property
    def key(self) -> Key:
        return self.type, self.id


class Item(NamedTuple):
    """A configuration item: a resource as it was at a time."""

    resource: Description
    status: str
    captured: float
    state_id: str
    account: str
    region: str
    frequency: str

    @property
    def is_deleted(self) -> bool:
        return self.status == "ResourceDeleted"

    def shown(self) -> dict[str, Any]:
        """As the API has it."""
        one = self.resource
        supplementary = {
            name: value if isinstance(value, str) else dumped(value) for name, value in one.supplementary.items()
        }
        return {
            "version": "1.3",
            "accountId": self.account,
            "configurationItemCaptureTime": self.captured,
            "configurationItemStatus": self.status,
            "configurationStateId": self.state_id,
            "configurationItemMD5Hash": "",
            "arn": one.arn,
            "resourceType": one.type,
            "resourceId": one.id,
            "resourceName": one.name,
            "awsRegion": self.region,
            "availabilityZone": "Not Applicable" if one.type in GLOBAL_TYPES else "Regional",
            "resourceCreationTime": one.created,
            "tags": {} if self.is_deleted else dict(one.tags),
            "relatedEvents": [],
            "relationships": [] if self.is_deleted else list(one.relationships),
            "configuration": None if self.is_deleted else dumped(one.configuration),
            "supplementaryConfiguration": {} if self.is_deleted else supplementary,
            "recordingFrequency": self.frequency,
            "configurationItemDeliveryTime": self.captured,
        }

    def told(self, iso: Any) -> dict[str, Any]:
        """As functions, topics and files have it: the configuration as JSON, times as texts."""
        shown = self.shown()
        for name in ("configurationItemCaptureTime", "resourceCreationTime"):
            shown[name] = None if shown[name] is None else iso(shown[name])
        del shown["recordingFrequency"], shown["configurationItemDeliveryTime"]
        shown["configuration"] = None if self.is_deleted else json.loads(dumped(self.resource.configuration))
        shown["supplementaryConfiguration"] = {} if self.is_deleted else dict(self.resource.supplementary)
        shown["configurationItemVersion"] = shown.pop("version")
        shown["awsAccountId"] = shown.pop("accountId")
        shown["ARN"] = shown.pop("arn")
        return shown


def dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


class Recorder(Entity):
    """The configuration recorder of an account and region. `settings` are as PutConfigurationRecorder takes them."""

    def __init__(self, name: str, arn: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.arn = arn
        self.settings = settings
        self.recording = False
        self.started: float | None = None
        self.stopped: float | None = None
        self.changed: float | None = None
        self.tags = Tags()

    def records(self, kind: str) -> bool:
        group = self.settings["recordingGroup"]
        strategy = group["recordingStrategy"]["useOnly"]
        if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
            return kind not in group["exclusionByResourceTypes"]["resourceTypes"]
        if group["allSupported"]:
            return kind not in GLOBAL_TYPES or bool(group["includeGlobalResourceTypes"])
        return kind in group["resourceTypes"]

    def frequency(self, kind: str) -> str:
        mode = self.settings["recordingMode"]
        for override in mode.get("recordingModeOverrides") or ():
            if kind in override["resourceTypes"]:
                return str(override["recordingFrequency"])
        return str(mode["recordingFrequency"])

    def described(self) -> dict[str, Any]:
        return {"arn": self.arn, "name": self.name, "recordingScope": "PAID", **self.settings}

    def reported(self) -> dict[str, Any]:
        status = "Success" if self.recording else "NotApplicable" if self.changed is None else "Success"
        return {
            "arn": self.arn,
            "name": self.name,
            "lastStartTime": self.started,
            "lastStopTime": self.stopped,
            "recording": self.recording,
            "lastStatus": "Pending" if self.changed is None else status,
            "lastStatusChangeTime": self.changed,
        }


class Channel(Entity):
    """The delivery channel."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.job: int | None = None  # the next snapshot
        self.history_job: int | None = None  # the next history files
        self.undelivered_since = 0.0
        self.status = Dict()  # kind of delivery -> what came of the last one

    @property
    def name(self) -> str:
        return str(self.settings["name"])

    @property
    def prefix(self) -> str:
        own = self.settings.get("s3KeyPrefix")
        return f"{own}/" if own else ""


class Result(NamedTuple):
    """What a rule says of a resource. Times are epoch seconds."""

    rule: str
    type: str
    id: str
    compliance: str
    annotation: str | None
    ordered: float
    invoked: float
    recorded: float

    @property
    def key(self) -> Key:
        return self.type, self.id

    def identifier(self) -> dict[str, Any]:
        qualifier = {
            "ConfigRuleName": self.rule,
            "ResourceType": self.type,
            "ResourceId": self.id,
            "EvaluationMode": "DETECTIVE",
        }
        return {"EvaluationResultQualifier": qualifier, "OrderingTimestamp": self.ordered}

    def shown(self) -> dict[str, Any]:
        return {
            "EvaluationResultIdentifier": self.identifier(),
            "ComplianceType": self.compliance,
            "ResultRecordedTime": self.recorded,
            "ConfigRuleInvokedTime": self.invoked,
            "Annotation": self.annotation,
        }


class Rule(Entity):
    """A rule. `settings` are as PutConfigRule takes them."""

    def __init__(self, name: str, arn: str, id: str, settings: Mapping[str, Any], now: float) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.settings = settings
        self.created = now
        self.created_by: str | None = None
        self.results = Dict()  # Key -> Result
        self.job: int | None = None  # the next periodic evaluation
        self.invoked: float | None = None
        self.evaluated: float | None = None
        self.failed: float | None = None
        self.error: tuple[str, str] | None = None
        self.tags = Tags()

    @property
    def source(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.settings["Source"]
        return found

    @property
    def parameters(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.settings.get("InputParameters") or "{}")
        return found

    @property
    def compliance(self) -> str:
        said = {result.compliance for result in self.results.values()}
        if NON_COMPLIANT in said:
            return NON_COMPLIANT
        return COMPLIANT if COMPLIANT in said else INSUFFICIENT

    def described(self) -> dict[str, Any]:
        found = {
            "ConfigRuleName": self.name,
            "ConfigRuleArn": self.arn,
            "ConfigRuleId": self.id,
            "ConfigRuleState": "ACTIVE",
            "EvaluationModes": [{"Mode": "DETECTIVE"}],
            **self.settings,
        }
        if self.created_by is not None:
            found["CreatedBy"] = self.created_by
        return found

    def in_scope(self, resource: Description) -> bool:
        """Whether the rule's scope, if it has one, takes a resource in."""
        scope = self.settings.get("Scope") or {}
        types, wanted = scope.get("ComplianceResourceTypes"), scope.get("ComplianceResourceId")
        if (types and resource.type not in types) or (wanted and resource.id != wanted):
            return False
        key, value = scope.get("TagKey"), scope.get("TagValue")
        return not key or (key in resource.tags and (not value or resource.tags[key] == value))
