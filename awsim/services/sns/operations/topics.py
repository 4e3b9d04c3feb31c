"""Topics themselves: their life, attributes, permissions and tags."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.sns import arns, delivery_policy, permissions, signing, topic_attributes
from awsim.services.sns.operations.common import Operations
from awsim.services.sns.refusals import WrongAttribute, invalid
from awsim.services.sns.topic import FifoTopic, Topic
from awsim.state import Tags, tag_map

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_FIFO_SUFFIX = ".fifo"
_PEM = {"Content-Type": "application/x-pem-file", "Cache-Control": "max-age=31536000"}


class TopicOperations(Operations):
    # --- life

    def create_topic(
        self,
        Name: str,
        Attributes: Mapping[str, str] | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        DataProtectionPolicy: str | None = None,
    ) -> dict[str, Any]:
        given = dict(Attributes or {})
        for name in given:
            topic_attributes.known(name)
        fifo = given.get("FifoTopic", "").lower() == "true"
        self._check_name(Name, fifo)
        tags = tag_map(Tags)
        try:
            for name, value in given.items():
                topic_attributes.check(name, value, self.limits, fifo=fifo)
        except WrongAttribute as problem:
            raise invalid("Attributes", str(problem)) from None
        existing: Topic | None = self.topics.get(Name)
        if existing is not None:
            if any(topic_attributes.differs(existing, name, value) for name, value in given.items()):
                raise invalid("Attributes", "Topic already exists with different attributes")
            if tags and tags != dict(existing.tags):
                raise invalid("Tags", "Topic already exists with different tags")
            return {"TopicArn": existing.arn}
        if DataProtectionPolicy:
            self._check_protection(DataProtectionPolicy)
        arn = self.arn(Name)
        kind = FifoTopic if fifo else Topic
        policy = permissions.default_policy(arn, self.account)
        topic = kind(Name, arn, self.account, policy, self._tagged({}, tags))
        if fifo:
            self.limits.quota("fifo-topics", len(self.fifo_topics))
            self.fifo_topics[Name] = topic
        else:
            self.limits.quota("topics", len(self.topics) - len(self.fifo_topics))
        for name, value in given.items():
            if name != "FifoTopic":
                self._set(topic, name, value)
        topic.data_protection_policy = DataProtectionPolicy or ""
        self.topics.add(topic)
        return {"TopicArn": arn}

    def _check_name(self, name: str, fifo: bool) -> None:
        stem = name.removesuffix(_FIFO_SUFFIX) if fifo else name
        if not _NAME.match(stem) or (fifo and stem == name):
            raise self.limits.error("topic-name")
        self.limits.check("topic-name", len(name))

    def delete_topic(self, TopicArn: str) -> None:
        address = arns.read(TopicArn, "TopicArn")
        if address.service != "sns" or address.region != self.region:
            raise invalid("TopicArn")
        if address.account == self.account and address.resource not in self.topics:
            return
        topic = self.topic_at(TopicArn)
        home = self._home(topic.account)
        for subscription in list(topic.subscriptions.values()):
            home._forget(topic, subscription)
        home.topics.remove(topic.name)
        home.fifo_topics.pop(topic.name, None)

    def list_topics(self, NextToken: str | None = None) -> dict[str, Any]:
        found = [{"TopicArn": topic.arn} for topic in self.topics.sorted()]
        return self.page("Topics", found, NextToken, "listed-topics")

    # --- attributes

    def get_topic_attributes(self, TopicArn: str) -> dict[str, Any]:
        return {"Attributes": topic_attributes.shown(self.topic_at(TopicArn), self.limits)}

    def set_topic_attributes(self, TopicArn: str, AttributeName: str, AttributeValue: str | None = None) -> None:
        if AttributeName not in topic_attributes.SETTABLE:
            raise invalid("AttributeName")
        topic = self.topic_at(TopicArn)
        try:
            topic_attributes.check(AttributeName, AttributeValue or "", self.limits, fifo=topic.fifo)
        except WrongAttribute as problem:
            raise invalid(str(problem)) from None
        self._set(topic, AttributeName, AttributeValue or "")

    def _set(self, topic: Topic, name: str, value: str) -> None:
        if name == "Policy":
            topic.policy = value or permissions.default_policy(topic.arn, topic.account)
            return
        if name == "DeliveryPolicy":
            topic.delivery_policy = delivery_policy.known(value, topic=True)
        if name == "ArchivePolicy" and isinstance(topic, FifoTopic):
            kept = bool(value) and topic_attributes.archive_days(value, self.limits) is not None
            topic.set("BeginningArchiveTime", self._archive_begins(topic) if kept else None)
            if not kept:
                topic.archive.clear()
                value = ""
        topic.set(name, topic_attributes.normal(name, value) if value or name == "DisplayName" else None)

    def _archive_begins(self, topic: Topic) -> str:
        return topic.attributes.get("BeginningArchiveTime") or self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")

    # --- who may

    def add_permission(self, TopicArn: str, Label: str, AWSAccountId: Sequence[str], ActionName: Sequence[str]) -> None:
        topic = self.topic_at(TopicArn)
        for account in AWSAccountId:
            if not account.startswith("arn:") and not (account.isdecimal() and len(account) == 12):
                raise invalid("Policy Error: PrincipalNotFound")
        policy = permissions.with_statement(topic.policy, topic.arn, Label, self.partition, AWSAccountId, ActionName)
        self.limits.check("policy-size", len(policy.encode()))
        topic.policy = policy

    def remove_permission(self, TopicArn: str, Label: str) -> None:
        topic = self.topic_at(TopicArn)
        topic.policy = permissions.without_statement(topic.policy, Label)

    # --- data protection

    def get_data_protection_policy(self, ResourceArn: str) -> dict[str, Any]:
        topic = self.topic_at(ResourceArn, "ResourceArn")
        return {"DataProtectionPolicy": topic.data_protection_policy}

    def put_data_protection_policy(self, ResourceArn: str, DataProtectionPolicy: str) -> None:
        topic = self.topic_at(ResourceArn, "ResourceArn")
        if DataProtectionPolicy:
            self._check_protection(DataProtectionPolicy)
        topic.data_protection_policy = DataProtectionPolicy

    def _check_protection(self, text: str) -> None:
        self.limits.check("data-protection-policy-size", len(text))
        try:
            policy = topic_attributes.parsed(text)
            statements = policy["Statement"]
            valid = bool(policy["Name"]) and isinstance(statements, list) and bool(statements)
            valid = valid and all(
                {"DataDirection", "DataIdentifier", "Operation"} <= each.keys() for each in statements
            )
        except (KeyError, TypeError, AttributeError):
            valid = False
        if not valid:
            raise invalid("DataProtectionPolicy", "Policy document is not valid")

    # --- tags

    def tag_resource(self, ResourceArn: str, Tags: Sequence[Mapping[str, str]]) -> None:
        topic = self._tagged_topic(ResourceArn)
        topic.tags = self._tagged(topic.tags, tag_map(Tags))

    def untag_resource(self, ResourceArn: str, TagKeys: Sequence[str]) -> None:
        topic = self._tagged_topic(ResourceArn)
        topic.tags = topic.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": self._tagged_topic(ResourceArn).tags.as_list()}

    def _tagged_topic(self, arn: str) -> Topic:
        address = arns.read(arn, "ResourceArn")
        topic: Topic | None = self.topics.get(address.resource)
        if topic is None or topic.arn != arn:
            raise self.error("ResourceNotFound", "Resource does not exist")
        return topic

    def _tagged(self, old: Mapping[str, str], new: Mapping[str, str]) -> Tags:
        for key in new:
            if key.lower().startswith("aws:"):
                raise invalid("Tag Key", "aws: prefixed tag key names are not allowed for external use.")
        merged = {**old, **new}
        self.limits.check("topic-tags", len(merged))
        return Tags(merged)

    # --- the certificate

    def get_signing_certificate(self) -> dict[str, Any]:
        """`GET /SimpleNotificationService-….pem`, which no model has: what signatures verify with."""
        http = self.request.http
        if http is not None and not http.path.endswith("/" + signing.certificate_name()):
            raise self.error("NotFound", "Not Found")
        return {"Body": signing.certificate().encode(), "__headers__": dict(_PEM)}
