"""The delivery channel: snapshots and history to a bucket, changes to a topic and to EventBridge.

Sources: AWS Config Developer Guide, "Managing the delivery channel", "Notifications that AWS Config sends to an Amazon
SNS topic", "Permissions for the Amazon S3 bucket for the AWS Config delivery channel". Quoted in public: "Insufficient
delivery policy to s3 bucket: ..., unable to write to bucket, ..." (hashicorp/terraform-provider-aws issue 8655), "...,
unable to get s3 bucket acl." (awslabs/landing-zone-accelerator-on-aws issue 127).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.grants import lets_in
from awsim.services.config.base import iso
from awsim.services.config.recording import Recording
from awsim.services.config.records import Channel, Item

PERIODS = {
    "One_Hour": 3_600,
    "Three_Hours": 10_800,
    "Six_Hours": 21_600,
    "Twelve_Hours": 43_200,
    "TwentyFour_Hours": 86_400,
}
_SNAPSHOT, _HISTORY, _STREAM = "configSnapshotDeliveryInfo", "configHistoryDeliveryInfo", "configStreamDeliveryInfo"


class Delivering(Recording):
    def put_delivery_channel(self, DeliveryChannel: Mapping[str, Any]) -> None:
        name = DeliveryChannel.get("name") or "default"
        if not self.recorders:
            raise self.error(
                "NoAvailableConfigurationRecorderException",
                "Configuration recorder is not available to put delivery channel.",
            )
        if name not in self.channels and self.channels:
            raise self.error(
                "MaxNumberOfDeliveryChannelsExceededException",
                f"Failed to put delivery channel '{name}' because the maximum number of delivery channels: 1 "
                "is reached.",
            )
        settings = {**DeliveryChannel, "name": name}
        self._check_bucket(settings)
        self._check_topic(settings.get("snsTopicARN"))
        known: Channel | None = self.channels.get(name)
        if known is None:
            known = self.channels[name] = Channel(settings)
        else:
            known.settings = settings
        known.undelivered_since = self.clock.time()
        self._wind(known)

    def _check_bucket(self, settings: Mapping[str, Any]) -> None:
        bucket = settings.get("s3BucketName")
        if not bucket:
            raise self.error("ValidationException", "The bucket name of the delivery channel is missing.")
        prefix = settings.get("s3KeyPrefix") or ""
        if prefix.endswith("/"):
            raise self.error("InvalidS3KeyPrefixException", "The specified Amazon S3 key prefix is not valid.")
        start = f"Insufficient delivery policy to s3 bucket: {bucket}, unable to "
        unread = self.error("InsufficientDeliveryPolicyException", f"{start}get s3 bucket acl.")
        unwritten = self.error(
            "InsufficientDeliveryPolicyException",
            f"{start}write to bucket, provided s3 key prefix is '{prefix or 'null'}', provided kms key is "
            f"'{settings.get('s3KmsKeyArn') or 'null'}'.",
        )
        try:
            self.call("s3", "GetBucketAcl", Bucket=bucket)
        except AWSError as error:
            if error.code == "NoSuchBucket":
                raise self.error(
                    "NoSuchBucketException", f"Cannot find a S3 bucket with an empty bucket name or name: {bucket}."
                ) from None
            raise unread from None
        arn = f"arn:{self.partition}:s3:::{bucket}"
        path = f"{prefix}/" if prefix else ""
        file = f"{arn}/{path}AWSLogs/{self.account}/Config/ConfigWritabilityCheckFile"
        keys = {"s3:x-amz-acl": "bucket-owner-full-control"}
        for action, resource, refused in (("s3:GetBucketAcl", arn, unread), ("s3:PutObject", file, unwritten)):
            if not lets_in(self, "s3", action, resource, keys=keys, source_arn=self.arn("*")):
                raise refused

    def _check_topic(self, arn: str | None) -> None:
        if not arn:
            return
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] != "sns" or not self.cloud.has_service("sns", parts[4], parts[3]):
            raise self._bad_topic(arn)
        try:
            self.ask_topic(arn)
        except AWSError:
            raise self._bad_topic(arn) from None

    def ask_topic(self, arn: str) -> None:
        parts = arn.split(":")
        self.call("sns", "GetTopicAttributes", region_=parts[3], account_=parts[4], TopicArn=arn)

    def _bad_topic(self, arn: str) -> AWSError:
        return self.error("InvalidSNSTopicARNException", f"The sns topic arn '{arn}' is not valid.")

    def describe_delivery_channels(self, DeliveryChannelNames: Sequence[str] = ()) -> dict[str, Any]:
        return {"DeliveryChannels": [dict(one.settings) for one in self._channels(DeliveryChannelNames)]}

    def describe_delivery_channel_status(self, DeliveryChannelNames: Sequence[str] = ()) -> dict[str, Any]:
        nothing: dict[str, dict[str, Any]] = {_SNAPSHOT: {}, _HISTORY: {}, _STREAM: {}}
        return {
            "DeliveryChannelsStatus": [
                {"name": one.name, **nothing, **one.status} for one in self._channels(DeliveryChannelNames)
            ]
        }

    def delete_delivery_channel(self, DeliveryChannelName: str) -> None:
        channel = self._channels([DeliveryChannelName])[0]
        recorder = self.recorder
        if recorder is not None and recorder.recording:
            raise self.error(
                "LastDeliveryChannelDeleteFailedException",
                f"Failed to delete last specified delivery channel with name '{DeliveryChannelName}', because there, "
                "because there is a running configuration recorder.",
            )
        for job in (channel.job, channel.history_job):
            if job is not None:
                self.cancel(job)
        del self.channels[DeliveryChannelName]

    def _channels(self, names: Sequence[str]) -> list[Channel]:
        for name in names:
            if name not in self.channels:
                raise self.error(
                    "NoSuchDeliveryChannelException", f"Cannot find delivery channel with specified name '{name}'."
                )
        return [self.channels[name] for name in names] if names else list(self.channels.values())

    # --- files

    def deliver_config_snapshot(self, deliveryChannelName: str) -> dict[str, Any]:
        channel = self._channels([deliveryChannelName])[0]
        if self.recorder is None:
            raise self.error("NoAvailableConfigurationRecorderException", "Configuration recorder is not available.")
        if not self.recorder.recording:
            raise self.error("NoRunningConfigurationRecorderException", "There is no configuration recorder running.")
        id_ = self.ids.uuid("snapshot")
        self.later(0, "_snapshot", name=channel.name, id=id_)
        return {"configSnapshotId": id_}

    def _wind(self, channel: Channel) -> None:
        """Start the periods of a channel anew."""
        for job in (channel.job, channel.history_job):
            if job is not None:
                self.cancel(job)
        frequency = (channel.settings.get("configSnapshotDeliveryProperties") or {}).get("deliveryFrequency")
        channel.job = None
        if frequency is not None:
            channel.job = self.later(PERIODS[frequency], "_periodic_snapshot", name=channel.name)
        channel.history_job = self.later(self.limits["history-delivery"], "_history", name=channel.name)

    def _periodic_snapshot(self, name: str) -> None:
        channel: Channel = self.channels[name]
        frequency = channel.settings["configSnapshotDeliveryProperties"]["deliveryFrequency"]
        channel.job = self.later(PERIODS[frequency], "_periodic_snapshot", name=name)
        if self.recorder is not None and self.recorder.recording:
            self._snapshot(name, self.ids.uuid("snapshot"))

    def _snapshot(self, name: str, id: str) -> None:
        channel: Channel = self.channels[name]
        items = [item.told(iso) for item in self.current()]
        content = {"fileVersion": "1.0", "configSnapshotId": id, "configurationItems": items}
        moment = datetime.fromtimestamp(self.clock.time(), UTC)
        file = f"{self.account}_Config_{self.region}_ConfigSnapshot_{moment:%Y%m%dT%H%M%SZ}_{id}.json.gz"
        key = self._path(channel, moment, "ConfigSnapshot", file)
        self._put(channel, _SNAPSHOT, key, content)
        body = {
            "configSnapshotId": id,
            "s3ObjectKey": key,
            "s3Bucket": channel.settings["s3BucketName"],
            "messageType": "ConfigurationSnapshotDeliveryCompleted",
        }
        self.publish("Config Configuration Snapshot Delivery Status", body, "Configuration Snapshot Delivery Completed")

    def _history(self, name: str) -> None:
        """What changed since the last files: a file for each type."""
        channel: Channel = self.channels[name]
        channel.history_job = self.later(self.limits["history-delivery"], "_history", name=name)
        since, channel.undelivered_since = channel.undelivered_since, self.clock.time()
        changed: dict[str, list[Item]] = {}
        for (kind, _), items in self.history.items():
            changed.setdefault(kind, []).extend(one for one in items if one.captured >= since)
        moment = datetime.fromtimestamp(self.clock.time(), UTC)
        for kind, items_ in sorted(changed.items()):
            if not items_:
                continue
            start = min(one.captured for one in items_)
            span = f"{datetime.fromtimestamp(start, UTC):%Y%m%dT%H%M%SZ}_{moment:%Y%m%dT%H%M%SZ}"
            file = f"{self.account}_Config_{self.region}_ConfigHistory_{kind}_{span}_1.json.gz"
            told = [one.told(iso) for one in items_]
            content = {"fileVersion": "1.0", "configSnapshotId": None, "configurationItems": told}
            self._put(channel, _HISTORY, self._path(channel, moment, "ConfigHistory", file), content)

    def _path(self, channel: Channel, moment: datetime, kind: str, file: str) -> str:
        day = f"{moment.year}/{moment.month}/{moment.day}"
        return f"{channel.prefix}AWSLogs/{self.account}/Config/{self.region}/{day}/{kind}/{file}"

    def _put(self, channel: Channel, kind: str, key: str, content: Mapping[str, Any]) -> None:
        now = self.clock.time()
        try:
            self.call(
                "s3",
                "PutObject",
                source_arn_=self.arn("*"),
                Bucket=channel.settings["s3BucketName"],
                Key=key,
                Body=gzip.compress(json.dumps(content, default=str).encode(), mtime=0),
                ACL="bucket-owner-full-control",
                ContentType="application/json",
                ContentEncoding="gzip",
            )
        except AWSError as error:
            channel.status[kind] = {
                "lastStatus": "Failure",
                "lastErrorCode": error.code,
                "lastErrorMessage": error.message,
                "lastAttemptTime": now,
            }
        else:
            channel.status[kind] = {"lastStatus": "Success", "lastAttemptTime": now, "lastSuccessfulTime": now}

    # --- notices

    def changed(self, item: Item, before: Item | None) -> None:
        super().changed(item, before)
        types = {"OK": "UPDATE", "ResourceDiscovered": "CREATE", "ResourceDeleted": "DELETE"}
        body = {
            "configurationItemDiff": {"changedProperties": {}, "changeType": types[item.status]},
            "configurationItem": item.told(iso),
            "notificationCreationTime": self.now_iso(),
            "messageType": "ConfigurationItemChangeNotification",
            "recordVersion": "1.3",
        }
        one = item.resource
        subject = f"[AWS Config:{self.region}] {one.type} {one.name or one.id} {_verb(item)} in Account {self.account}"
        self.publish("Config Configuration Item Change", body, subject, [one.arn])

    def publish(self, detail_type: str, body: Mapping[str, Any], subject: str, resources: Sequence[str] = ()) -> None:
        """Tell the channel's topic and EventBridge."""
        text = json.dumps(body, default=str)
        channel = self.channel
        topic = channel.settings.get("snsTopicARN") if channel is not None else None
        if channel is not None and topic:
            parts = topic.split(":")
            told: dict[str, Any] = {"lastStatus": "Success", "lastStatusChangeTime": self.clock.time()}
            try:
                self.call(
                    "sns",
                    "Publish",
                    region_=parts[3],
                    account_=parts[4],
                    source_arn_=self.arn("*"),
                    TopicArn=topic,
                    Message=text,
                    Subject=subject[:100],
                )
            except AWSError as error:
                told = {**told, "lastStatus": "Failure", "lastErrorCode": error.code, "lastErrorMessage": error.message}
            channel.status[_STREAM] = told
        if self.cloud.has_service("events", self.account, self.region):
            entry = {"Source": "aws.config", "DetailType": detail_type, "Detail": text, "Resources": list(resources)}
            self.call("events", "PutEvents", Entries=[entry])


def _verb(item: Item) -> str:
    return {"OK": "Updated", "ResourceDiscovered": "Created", "ResourceDeleted": "Deleted"}[item.status]
