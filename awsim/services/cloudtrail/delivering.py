"""Deliveries: log files to the trail's bucket every few minutes, events to its log group and to EventBridge.

While no trail logs nothing here runs; a trail that does hears of calls once they are in the journal (`Cloud.listen`).
Sources: CloudTrail User Guide, "How CloudTrail works", "CloudTrail log file name format", "Configuring Amazon SNS
notifications for CloudTrail"; EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import string
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.cloudtrail.digests import Digests
from awsim.services.cloudtrail.event import Event, flattened
from awsim.services.cloudtrail.history import event_for
from awsim.services.cloudtrail.identities import iso
from awsim.services.cloudtrail.trail import Trail
from awsim.state import List

if TYPE_CHECKING:
    from awsim.calls import CallRecord

_DETAIL_TYPE = "AWS API Call via CloudTrail"
_UNIQUE = string.ascii_letters + string.digits
_OWNER = "bucket-owner-full-control"


class Delivering(Digests):
    def setup(self) -> None:
        super().setup()
        # Trails that the call in progress stops: its own event is the last that they log.
        self.stopping = List()

    # --- hearing

    def listen(self) -> None:
        self.cloud.listen(self._heard)

    def _heard(self, records: Sequence[CallRecord]) -> None:
        """Calls have been made: what trails log of them waits for the next file, and goes to EventBridge at once."""
        if not self._is_current():
            return
        trails = [trail for trail in self.trails if trail.logging]
        if self.stopping:
            trails += [trail for trail in self.stopping if trail not in trails]
            self.stopping.clear()
        if not trails:
            return
        told = []
        for record, outer in flattened(records):
            for account in self._accounts(record, trails):
                event = event_for(self.cloud, record, account, outer)
                taken = [] if event is None else [one for one in trails if _takes(one, event, self.account)]
                for trail in taken:
                    trail.pending.append((account, record, outer))
                    if trail.flush is None:
                        trail.flush = self.at_time(self._next_file(), "_flush", arn=trail.arn)
                if taken and event is not None and self.cloud.has_service("events", account, event.region):
                    told.append((account, record, outer))
        if told:
            # What services do by themselves may be what an event brought about: it must not all happen at one time.
            alone = all(record.by is not None and record.by.service is not None for _, record, _ in told)
            self.later(self.limits["service-event-delivery"] if alone else 0, "_publish", told=tuple(told))

    def _is_current(self) -> bool:
        """Whether a restore has not done away with this instance."""
        try:
            return self.cloud.service_at(self.key) is self
        except KeyError:
            return False

    def _accounts(self, record: CallRecord, trails: Iterable[Trail]) -> tuple[str, ...]:
        """Whose logs a call may be in: the account's own, and with an organization's trail those of its members."""
        caller = record.account
        if caller is None or caller == self.account:
            return (self.account,)
        organization = self.cloud.organization_of(caller, self.partition)
        if organization is None or all(trail.organization != organization[0] for trail in trails):
            return (self.account,)
        return (self.account, caller)

    def _next_file(self) -> float:
        every = float(self.limits["log-delivery"])
        return (self.clock.time() // every + 1) * every

    def stop(self, trail: Trail) -> None:
        """Events so far are still delivered when the trail is stopped, not when it is deleted."""
        if not trail.logging:
            return
        trail.logging = False
        self.stopping.append(trail)
        trail.stopped = self.clock.time()
        self.wind_digests(trail)

    # --- EventBridge

    def _publish(self, told: Sequence[tuple[str, CallRecord, str | None]]) -> None:
        for account, record, outer in told:
            event = event_for(self.cloud, record, account, outer)
            if event is None or len(event.text.encode()) > self.limits["event-size"]:
                continue
            entry = {
                "Source": f"aws.{event.source.partition('.')[0]}",
                "DetailType": _DETAIL_TYPE,
                "Detail": event.text,
                "Time": datetime.fromtimestamp(event.time, UTC),
            }
            self.call("events", "PutEvents", account_=account, region_=event.region, Entries=[entry])

    # --- log files

    def _flush(self, arn: str) -> None:
        trail: Trail | None = self.trails.get(arn)
        if trail is None:
            return
        trail.flush = None
        groups: dict[tuple[str, str], list[tuple[Any, Event]]] = {}
        for one in trail.pending:
            account, record, outer = one
            event = event_for(self.cloud, record, account, outer)
            if event is not None:
                groups.setdefault((account, event.region), []).append((one, event))
        trail.pending = List()
        for (account, region), members in sorted(groups.items()):
            found = [event for _, event in members]
            try:
                self._write(trail, account, region, found)
            except AWSError as error:
                self._undelivered(trail, [one for one, _ in members], error)
            self._log(trail, account, region, found)

    def _undelivered(self, trail: Trail, waiting: Iterable[Any], error: AWSError) -> None:
        """CloudTrail tries again what the bucket did not take."""
        trail.status["LatestDeliveryError"] = error.code
        trail.status["LatestDeliveryAttemptTime"] = iso(self.clock.time())
        trail.pending.extend(waiting)
        if trail.flush is None:
            trail.flush = self.at_time(self._next_file(), "_flush", arn=trail.arn)

    def _write(self, trail: Trail, account: str, region: str, found: Sequence[Event]) -> None:
        now = self.clock.time()
        moment = datetime.fromtimestamp(now, UTC)
        unique = self.ids.text("log-file", 16, _UNIQUE)
        key = (
            f"{trail.prefix}{account}/CloudTrail/{region}/{moment:%Y/%m/%d}/"
            f"{account}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{unique}.json.gz"
        )
        records = [event.record for event in found]
        content = json.dumps({"Records": records}, separators=(",", ":"), default=str).encode()
        self.put_object(trail, key, gzip.compress(content, mtime=0))
        trail.status["LatestDeliveryTime"] = now
        trail.status["LatestDeliveryAttemptTime"] = trail.status["LatestDeliveryAttemptSucceeded"] = iso(now)
        trail.status.pop("LatestDeliveryError", None)
        if trail.settings["LogFileValidationEnabled"]:
            times = [event.time for event in found]
            file = {
                "s3Bucket": trail.settings["S3BucketName"],
                "s3Object": key,
                "hashValue": hashlib.sha256(content).hexdigest(),
                "hashAlgorithm": "SHA-256",
                "newestEventTime": iso(max(times)),
                "oldestEventTime": iso(min(times)),
            }
            trail.files.setdefault(region, List()).append(file)
        self._notify(trail, key)

    def put_object(self, trail: Trail, key: str, body: bytes, **more: Any) -> None:
        """As CloudTrail writes: encrypted, and the bucket's owner may do everything with it."""
        parameters: dict[str, Any] = {"ServerSideEncryption": "AES256"}
        if trail.settings["KmsKeyId"]:
            context = json.dumps({"aws:cloudtrail:arn": trail.arn}).encode()
            parameters = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": trail.settings["KmsKeyId"],
                "SSEKMSEncryptionContext": base64.b64encode(context).decode(),
            }
        self.call(
            "s3",
            "PutObject",
            region_=trail.region,
            source_arn_=trail.arn,
            Bucket=trail.settings["S3BucketName"],
            Key=key,
            Body=body,
            ACL=_OWNER,
            ContentType="application/json",
            ContentEncoding="gzip",
            **parameters,
            **more,
        )

    def _notify(self, trail: Trail, key: str) -> None:
        if trail.topic_arn is None:
            return
        message = json.dumps({"s3Bucket": trail.settings["S3BucketName"], "s3ObjectKey": [key]}, separators=(",", ":"))
        parts = trail.topic_arn.split(":")
        now = self.clock.time()
        trail.status["LatestNotificationAttemptTime"] = iso(now)
        try:
            self.call(
                "sns",
                "Publish",
                region_=parts[3],
                account_=parts[4],
                source_arn_=trail.arn,
                TopicArn=trail.topic_arn,
                Message=message,
            )
        except AWSError as error:
            trail.status["LatestNotificationError"] = error.code
        else:
            trail.status["LatestNotificationTime"] = now
            trail.status["LatestNotificationAttemptSucceeded"] = iso(now)
            trail.status.pop("LatestNotificationError", None)

    # --- CloudWatch Logs

    def role_exists(self, role: str) -> bool:
        from awsim.gateway.authorizer import is_known

        return is_known(self.cloud, role, self.account)

    def open_stream(self, trail: Trail) -> None:
        """Make the trail's stream in its log group, as the role; raises what CloudWatch Logs says."""
        self._logs(trail, "CreateLogStream", logStreamName=_stream(self.account, trail.region))

    def _log(self, trail: Trail, account: str, region: str, found: Sequence[Event]) -> None:
        if not trail.settings["CloudWatchLogsLogGroupArn"]:
            return
        largest, now = self.limits["event-size"], self.clock.time()
        messages = [
            {"timestamp": int(now * 1000), "message": event.text}
            for event in found
            if len(event.text.encode()) <= largest
        ]
        stream = _stream(account, region)
        try:
            self._logs(trail, "CreateLogStream", logStreamName=stream)
            if messages:
                self._logs(trail, "PutLogEvents", logStreamName=stream, logEvents=messages)
        except AWSError as error:
            trail.status["LatestCloudWatchLogsDeliveryError"] = error.code
        else:
            trail.status["LatestCloudWatchLogsDeliveryTime"] = now
            trail.status.pop("LatestCloudWatchLogsDeliveryError", None)

    def _logs(self, trail: Trail, operation: str, **parameters: Any) -> None:
        parts = trail.settings["CloudWatchLogsLogGroupArn"].split(":")
        try:
            self.call(
                "logs",
                operation,
                as_=trail.settings["CloudWatchLogsRoleArn"],
                source_arn_=trail.arn,
                region_=parts[3],
                account_=parts[4],
                logGroupName=parts[6],
                **parameters,
            )
        except AWSError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise


def _takes(trail: Trail, event: Event, home: str) -> bool:
    """Whether a trail logs an event; only an organization's takes those of other accounts."""
    return (event.account == home or trail.organization is not None) and trail.covers(event)


def _stream(account: str, region: str) -> str:
    return f"{account}_CloudTrail_{region}"
