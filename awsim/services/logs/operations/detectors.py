"""Anomaly detectors: their settings and states. awsim trains none, so that they find no anomalies.

Source: CloudWatch Logs API Reference, CreateLogAnomalyDetector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.logs.operations.deliveries import DeliveryOperations
from awsim.services.logs.refusals import missing
from awsim.state import Dict, Entity, Lifecycle, Tags


class Detector(Entity):
    __slots__ = (
        "arn", "created", "enabled", "frequency", "groups", "key", "lifecycle", "modified", "name", "tags", "text",
        "visible",
    )  # fmt: skip

    def __init__(self, arn: str, groups: Sequence[str], created: int, lifecycle: Lifecycle) -> None:
        self.arn = arn
        self.groups = tuple(groups)
        self.created = self.modified = created
        self.lifecycle = lifecycle
        self.name: str | None = None
        self.frequency: str | None = None
        self.text: str | None = None
        self.key: str | None = None
        self.visible: int | None = None
        self.enabled = True
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "detectorName": self.name,
            "logGroupArnList": list(self.groups),
            "evaluationFrequency": self.frequency,
            "filterPattern": self.text,
            "anomalyDetectorStatus": self.lifecycle.state if self.enabled else "PAUSED",
            "kmsKeyId": self.key,
            "creationTimeStamp": self.created,
            "lastModifiedTimeStamp": self.modified,
            "anomalyVisibilityTime": self.visible,
        }


class DetectorOperations(DeliveryOperations):
    def setup(self) -> None:
        super().setup()
        self.detectors = Dict()  # ARN -> Detector

    def create_log_anomaly_detector(
        self,
        logGroupArnList: Sequence[str],
        detectorName: str | None = None,
        evaluationFrequency: str | None = None,
        filterPattern: str | None = None,
        kmsKeyId: str | None = None,
        anomalyVisibilityTime: int | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        groups = [self.standard(self.group_by(arn)).arn for arn in logGroupArnList]
        if filterPattern is not None:
            self.pattern(filterPattern)
        new_tags = self.new_tags(tags)
        self.limits.quota("anomaly-detectors", len(self.detectors))
        arn = self.arn(f"anomaly-detector:{self.ids.uuid('detector')}")
        if kmsKeyId is not None:
            self.check_key(kmsKeyId, arn, detectorName or "")
        steps = [("INITIALIZING", "detector-initializing"), ("TRAINING", "detector-training"), ("ANALYZING", None)]
        detector = Detector(arn, groups, self.now, Lifecycle(self, steps))
        detector.name, detector.text, detector.key, detector.tags = detectorName, filterPattern, kmsKeyId, new_tags
        detector.frequency = evaluationFrequency or str(self.limits["detector-frequency"])
        detector.visible = anomalyVisibilityTime or int(self.limits["anomaly-visibility"])
        self.detectors[arn] = self.named[arn] = detector
        return {"anomalyDetectorArn": arn}

    def _detector(self, arn: str) -> Detector:
        found: Detector | None = self.detectors.get(arn)
        if found is None:
            raise missing("The specified anomaly detector does not exist.")
        return found

    def get_log_anomaly_detector(self, anomalyDetectorArn: str) -> dict[str, Any]:
        return self._detector(anomalyDetectorArn).described()

    def update_log_anomaly_detector(
        self,
        anomalyDetectorArn: str,
        enabled: bool,
        evaluationFrequency: str | None = None,
        filterPattern: str | None = None,
        anomalyVisibilityTime: int | None = None,
    ) -> None:
        detector = self._detector(anomalyDetectorArn)
        if filterPattern is not None:
            self.pattern(filterPattern)
            detector.text = filterPattern
        detector.enabled = enabled
        detector.frequency = evaluationFrequency or detector.frequency
        detector.visible = anomalyVisibilityTime or detector.visible
        detector.modified = self.now

    def delete_log_anomaly_detector(self, anomalyDetectorArn: str) -> None:
        self._detector(anomalyDetectorArn)
        del self.detectors[anomalyDetectorArn]
        del self.named[anomalyDetectorArn]

    def list_log_anomaly_detectors(
        self, filterLogGroupArn: str | None = None, limit: int | None = None, nextToken: str | None = None
    ) -> dict[str, Any]:
        found = [each for each in self.detectors.values() if filterLogGroupArn in (None, *each.groups)]
        return self.listing(
            "anomalyDetectors",
            found,
            lambda each: {"anomalyDetectorArn": each.arn, **each.described()},
            lambda each: each.arn,
            nextToken,
            limit,
        )

    def list_anomalies(
        self,
        anomalyDetectorArn: str | None = None,
        suppressionState: str | None = None,
        limit: int | None = None,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        if anomalyDetectorArn is not None:
            self._detector(anomalyDetectorArn)
        return self.listing("anomalies", (), lambda each: each, str, nextToken, limit)

    def update_anomaly(
        self,
        anomalyDetectorArn: str,
        anomalyId: str | None = None,
        patternId: str | None = None,
        suppressionType: str | None = None,
        suppressionPeriod: Mapping[str, Any] | None = None,
        baseline: bool | None = None,
    ) -> None:
        self._detector(anomalyDetectorArn)
        raise missing("The specified anomaly does not exist.")
