"""Publishing, one message or a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from awsim.errors import AWSError
from awsim.services.sns import arns, contents, endpoints, topic_attributes
from awsim.services.sns.message import Attributes, Message
from awsim.services.sns.metrics import SIZE
from awsim.services.sns.operations.delivering import LATE_ODDS, DeliveryOperations
from awsim.services.sns.outbox import Sent
from awsim.services.sns.refusals import invalid
from awsim.services.sns.topic import FifoTopic, Topic

Entry = Mapping[str, Any]

_DAY = 86_400
# What SNS says of errors of KMS: SNS API Reference, Publish.
_KMS_ERRORS = {
    "AccessDeniedException": "KMSAccessDenied",
    "DisabledException": "KMSDisabled",
    "KMSInvalidStateException": "KMSInvalidState",
    "NotFoundException": "KMSNotFound",
    "OptInRequired": "KMSOptInRequired",
    "ThrottlingException": "KMSThrottling",
}
_MANAGED_KEY = "alias/aws/sns"


class PublishOperations(DeliveryOperations):
    def publish(
        self,
        Message: str,
        TopicArn: str | None = None,
        TargetArn: str | None = None,
        PhoneNumber: str | None = None,
        Subject: str | None = None,
        MessageStructure: str | None = None,
        MessageAttributes: Attributes | None = None,
        MessageDeduplicationId: str | None = None,
        MessageGroupId: str | None = None,
    ) -> dict[str, Any]:
        draft = {
            "Message": Message,
            "Subject": Subject,
            "MessageStructure": MessageStructure,
            "MessageAttributes": MessageAttributes,
            "MessageDeduplicationId": MessageDeduplicationId,
            "MessageGroupId": MessageGroupId,
        }
        given = [arn for arn in (TopicArn, TargetArn, PhoneNumber) if arn is not None]
        if not given:
            raise invalid("TopicArn or TargetArn", "no value for required parameter")
        if len(given) > 1:
            raise invalid("TopicArn, TargetArn, PhoneNumber", "only one of them can be specified")
        if PhoneNumber is not None:
            return self._to_number(PhoneNumber, draft)
        parameter = "TopicArn" if TopicArn is not None else "TargetArn"
        if TargetArn is not None and ":endpoint/" in TargetArn:
            return self._to_endpoint(TargetArn, draft)
        topic = self.topic_at(given[0], parameter)
        if MessageAttributes:
            contents.check_attributes(MessageAttributes, self.limits)
        if topic.fifo or MessageGroupId is not None or MessageDeduplicationId is not None:
            self._check_ids(topic, draft)
        size = contents.size(Message, MessageAttributes)
        self._check_draft(draft, size)
        self._throttle(topic, [draft])
        if "KmsMasterKeyId" in topic.attributes:
            self._unlock_key(topic)
        return self._publish(topic, draft, size)

    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: Sequence[Entry]) -> dict[str, Any]:
        topic = self.topic_at(TopicArn)
        entries = PublishBatchRequestEntries
        if not entries:
            raise self.error("EmptyBatchRequest", "The batch request doesn't contain any entries.")
        self.limits.check("batch-entries", len(entries))
        ids = [entry.get("Id") or "" for entry in entries]
        for id_ in ids:
            if not id_.replace("-", "").replace("_", "").isalnum() or not id_.isascii():
                raise self.limits.error("batch-entry-id")
        self.limits.check("batch-entry-id", max(map(len, ids)))
        if len(set(ids)) < len(ids):
            message = "Two or more batch entries in the request have the same Id."
            raise self.error("BatchEntryIdsNotDistinct", message)
        for entry in entries:
            if attributes := entry.get("MessageAttributes"):
                contents.check_attributes(attributes, self.limits)
        sizes = [contents.size(entry.get("Message") or "", entry.get("MessageAttributes")) for entry in entries]
        self.limits.check("batch-size", sum(sizes))
        for entry in entries:
            if topic.fifo or "MessageGroupId" in entry or "MessageDeduplicationId" in entry:
                self._check_ids(topic, entry)
        self._throttle(topic, entries)
        self._unlock_key(topic)
        successful, failed = [], []
        for entry, size in zip(entries, sizes, strict=True):
            try:
                self._check_draft(entry, size)
                successful.append({"Id": entry["Id"], **self._publish(topic, entry, size)})
            except AWSError as error:
                failed.append({"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True})
        return {"Successful": successful, "Failed": failed}

    # --- checks

    def _check_ids(self, topic: Topic, draft: Entry) -> None:
        """Refuse group and deduplication ids that the type of the topic does not take, or lack of those it needs."""
        group, deduplication = draft.get("MessageGroupId"), draft.get("MessageDeduplicationId")
        if isinstance(topic, FifoTopic):
            if not group:
                raise invalid("The MessageGroupId parameter is required for FIFO topics")
            if not deduplication and not topic.content_based_deduplication:
                raise invalid(
                    "The topic should either have ContentBasedDeduplication enabled or "
                    "MessageDeduplicationId provided explicitly"
                )
        elif deduplication is not None:
            raise invalid(
                "MessageDeduplicationId",
                "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )
        if group is not None:
            contents.check_id("message-group-id", group, self.limits)
        if deduplication is not None:
            contents.check_id("message-deduplication-id", deduplication, self.limits)

    def _check_draft(self, draft: Entry, size: int) -> None:
        """Refuse what cannot be published; `size` is its bytes."""
        text, subject = draft.get("Message"), draft.get("Subject")
        if not text:
            raise invalid("Empty message")
        self.limits.check("message-size", size)
        if subject is not None:
            contents.check_subject(subject, self.limits)
        structure = draft.get("MessageStructure")
        if structure is not None:
            if structure != "json":
                raise invalid("MessageStructure")
            contents.structured(text)

    def _throttle(self, topic: Topic, entries: Sequence[Entry]) -> None:
        """Take from the region's and a FIFO topic's buckets, where rates are enforced."""
        if not self.cloud.limits.hurried:
            return
        now = self.clock.time()
        self.limits.rate(self.publish_rate, "", len(entries), now=now)
        if topic.fifo:
            if topic.attributes.get("FifoThroughputScope") != "MessageGroup":
                self.limits.rate("fifo-publish", topic.name, len(entries), now=now)
            for entry in entries:
                self.limits.rate("fifo-group-publish", f"{topic.name}/{entry.get('MessageGroupId')}", 1, now=now)

    def _unlock_key(self, topic: Topic) -> None:
        """An encrypted topic asks KMS for a data key, as the publisher."""
        key = topic.attributes.get("KmsMasterKeyId")
        if not key or key.endswith(_MANAGED_KEY):
            return
        try:
            self.call("kms", "GenerateDataKey", as_=self.caller, KeyId=key, KeySpec="AES_256")
        except AWSError as error:
            if error.code == "NotImplemented":
                return
            raise self.error(_KMS_ERRORS.get(error.code, "KMSAccessDenied"), error.message) from None

    # --- sending

    def _publish(self, topic: Topic, draft: Entry, size: int) -> dict[str, Any]:
        now = self.clock.time()
        text, attributes, structure = draft["Message"], draft.get("MessageAttributes"), draft.get("MessageStructure")
        texts = contents.structured(text) if structure is not None else None
        group, deduplication = draft.get("MessageGroupId"), draft.get("MessageDeduplicationId")
        sequence = None
        answer: dict[str, Any] = {}
        if isinstance(topic, FifoTopic):
            deduplication = deduplication or sha256(text.encode()).hexdigest()
            earlier = topic.duplicate_of(group, deduplication, now)
            if earlier is not None:
                return {"MessageId": earlier.message_id, "SequenceNumber": earlier.sequence_number}
            sequence = answer["SequenceNumber"] = topic.next_sequence_number()
        message = Message(
            self.ids.uuid("message"),
            topic.arn,
            text if texts is None else texts["default"],
            now,
            draft.get("Subject"),
            attributes or None,
            texts,
            group,
            deduplication,
            sequence,
        )
        answer["MessageId"] = message.id
        home = self._home(topic.account)
        home.measured.append((now, topic.name, SIZE, size))
        if isinstance(topic, FifoTopic):
            topic.remember(message, now, self.limits["deduplication-interval"] or 0)
            if "ArchivePolicy" in topic.attributes:
                home._keep(topic, message)
        if topic.subscriptions:
            due = now + self.limits.duration("delivery")
            if isinstance(topic, FifoTopic):
                if self.choose("sns.late", (False, True), LATE_ODDS, f"delivered a message of {topic.name} late"):
                    due += self.limits.lag("late-delivery")
                due = topic.in_turn(due)
            if due > now or isinstance(topic, FifoTopic):
                home.at_time(due, "_deliver", topic=topic, message=message)
            elif left := home._put_down(topic, message):
                home.at_time(due, "_deliver", topic=topic, message=message, to=tuple(left))
        return answer

    def _to_number(self, number: str, draft: Entry) -> dict[str, Any]:
        number = endpoints.phone_number(number)
        self._check_draft(draft, contents.size(draft["Message"], draft["MessageAttributes"]))
        self.limits.check("sms-size", len(draft["Message"].encode()))
        contents.check_attributes(draft["MessageAttributes"] or {}, self.limits)
        text = draft["Message"]
        if draft["MessageStructure"] is not None:
            texts = contents.structured(text)
            text = texts.get("sms", texts["default"])
        id_ = self.ids.uuid("message")
        self.outbox.append(  # type: ignore[attr-defined]
            Sent(
                "sms",
                number,
                text,
                id_,
                self.clock.time(),
                subject=draft["Subject"],
                attributes=draft["MessageAttributes"] or {},
                error=self._unreachable(number),
            )
        )
        return {"MessageId": id_}

    def _to_endpoint(self, arn: str, draft: Entry) -> dict[str, Any]:
        address = arns.read(arn, "TargetArn")
        if address.service != "sns" or address.region != self.region or address.account != self.account:
            raise invalid("TargetArn")
        endpoint = self.endpoints.get(arn)
        if endpoint is None:
            raise invalid("TargetArn", "No endpoint found for the target arn specified")
        self._check_draft(draft, contents.size(draft["Message"], draft["MessageAttributes"]))
        contents.check_attributes(draft["MessageAttributes"] or {}, self.limits)
        if not endpoint.application.enabled:
            raise self.error("PlatformApplicationDisabled", "Platform application is disabled")
        if not endpoint.enabled:
            raise self.error("EndpointDisabled", "Endpoint is disabled")
        text = draft["Message"]
        texts = contents.structured(text) if draft["MessageStructure"] is not None else None
        message = Message(
            self.ids.uuid("message"),
            "",
            text if texts is None else texts["default"],
            self.clock.time(),
            draft["Subject"],
            draft["MessageAttributes"],
            texts,
        )
        self._push(arn, message)
        return {"MessageId": message.id}

    # --- the archive of a FIFO topic

    def _keep(self, topic: FifoTopic, message: Message) -> None:
        """Add to the archive; what is older than its policy keeps falls out."""
        days = topic_attributes.archive_days(topic.attributes["ArchivePolicy"], self.limits) or 0
        archive = topic.archive
        while archive and archive[0].time < self.clock.time() - days * _DAY:
            archive.pop(0)
        archive.append(message)
