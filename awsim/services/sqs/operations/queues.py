"""Queues themselves: their life, attributes, tags and permissions."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from awsim.services.sqs import attributes, metrics, permissions, redrive
from awsim.services.sqs.attributes import Settings
from awsim.services.sqs.fifo import FifoQueue
from awsim.services.sqs.operations.common import Operations
from awsim.services.sqs.queue import Queue, StandardQueue
from awsim.services.sqs.refusals import invalid, invalid_attribute, missing
from awsim.state import Tags

_WORD = re.compile(r"[A-Za-z0-9_-]+\Z")
_FIFO_SUFFIX = ".fifo"


class QueueOperations(Operations):
    # --- life

    def create_queue(
        self, QueueName: str, Attributes: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        given = {**(Attributes or {})}
        fifo = given.get("FifoQueue", "").lower() == "true"
        self._check_name(QueueName, fifo)
        existing = self.queues.get(QueueName)
        base = attributes.defaults(self.limits) if existing is None else existing.settings
        settings = self._applied(base, given, fifo=fifo, queue_arn=self.arn(QueueName))
        if existing is not None:
            if (name := attributes.difference(existing.settings, settings, given)) is not None:
                message = f"A queue already exists with the same name and a different value for attribute {name}"
                raise self.error("QueueNameExists", message)
            return {"QueueUrl": self.url_of(existing)}
        self._check_reuse(QueueName)
        kind = FifoQueue if fifo else StandardQueue
        queue = kind(
            QueueName,
            self.arn(QueueName),
            settings,
            limits=self.limits,
            notes=self.measured,
            secret=self.ids.bytes("queue", 32),
            now=self.now(),
        )
        queue.tags = self._tagged(queue, tags or {})
        self.queues.add(queue)
        self.deletions.pop(QueueName, None)
        return {"QueueUrl": self.url_of(queue)}

    def delete_queue(self, QueueUrl: str) -> None:
        queue = self.queue_at(QueueUrl)
        self.queues.remove(queue.name)
        queue.deleted = True
        queue.note(self.now(), metrics.GONE)
        self.deletions[queue.name] = self.now()

    def purge_queue(self, QueueUrl: str) -> None:
        queue, now = self.queue_at(QueueUrl), self.now()
        if queue.purged is not None and now < queue.purged + self.limits.duration("purge-interval") * 1000:
            raise self.limits.error("purge-interval", name=queue.name)
        queue.purge(now)

    def get_queue_url(self, QueueName: str, QueueOwnerAWSAccountId: str | None = None) -> dict[str, Any]:
        owner = self.account if QueueOwnerAWSAccountId is None else QueueOwnerAWSAccountId
        if owner == self.account:
            return {"QueueUrl": self.url_of(self.queues[QueueName])}
        queue = self.shared_queue(owner, QueueName)
        return {"QueueUrl": self.at(account=owner).url_of(queue)}

    def list_queues(
        self, QueueNamePrefix: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        prefix = QueueNamePrefix or ""
        urls = [self.url_of(self.queues[name]) for name in sorted(self.queues.keys()) if name.startswith(prefix)]
        return self._page("QueueUrls", urls, NextToken, MaxResults)

    def list_dead_letter_source_queues(
        self, QueueUrl: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        queue = self.queue_at(QueueUrl)
        urls = sorted(self.url_of(source) for source in self._sources_of(queue))
        return {"queueUrls": [], **self._page("queueUrls", urls, NextToken, MaxResults)}

    def _sources_of(self, queue: Queue) -> list[Queue]:
        """The queues whose dead-letter queue this is."""
        policies = ((source, source.settings.redrive_policy) for source in self.queues)
        return [
            source
            for source, text in policies
            if text is not None and redrive.redrive_policy(text).dead_letter_target_arn == queue.arn
        ]

    def _page(self, member: str, urls: list[str], token: str | None, size: int | None) -> dict[str, Any]:
        """A page of sorted URLs. There is a next one only for who gives MaxResults; a token is the last URL shown."""
        if token is not None:
            try:
                last = b64decode(token, validate=True).decode()
            except ValueError:
                raise self.error("InvalidParameterValue", "Invalid or expired next token.") from None
            urls = urls[bisect(urls, last) :]
        shown = urls[: self.limits["listed-queues"] if size is None else size]
        page: dict[str, Any] = {member: shown} if shown else {}
        if size is not None and len(shown) < len(urls):
            page["NextToken"] = b64encode(shown[-1].encode()).decode()
        return page

    def _check_name(self, name: str, fifo: bool) -> None:
        row = "fifo-queue-name" if fifo else "queue-name"
        stem = name.removesuffix(_FIFO_SUFFIX) if fifo else name
        if not _WORD.match(stem) or (fifo and stem == name):
            raise self.limits.error(row)
        self.limits.check(row, len(name))

    def _check_reuse(self, name: str) -> None:
        deleted = self.deletions.get(name)
        if deleted is not None and self.now() < deleted + self.limits.duration("queue-name-reuse") * 1000:
            raise self.limits.error("queue-name-reuse")

    # --- attributes

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: Sequence[str] = ()) -> dict[str, Any]:
        queue = self.queue_at(QueueUrl)
        found = attributes.shown(queue, list(AttributeNames))
        if found.get("ApproximateNumberOfMessages", "0") != "0" and self.choose(
            "sqs.approximate-count", (False, True), what=f"counted no messages in {queue.name}, though there are some"
        ):
            found["ApproximateNumberOfMessages"] = "0"
        return {"Attributes": found} if found else {}

    def set_queue_attributes(self, QueueUrl: str, Attributes: Mapping[str, str]) -> None:
        queue = self.queue_at(QueueUrl)
        if queue.fifo and Attributes.get("FifoQueue", "true").lower() != "true":
            raise invalid_attribute("FifoQueue", "Modifying queue type is not supported.")
        settings = self._applied(queue.settings, Attributes, fifo=queue.fifo, queue_arn=queue.arn)
        self._change(queue, settings)

    def _change(self, queue: Queue, settings: Settings) -> None:
        delay = queue.settings.delay_seconds
        queue.settings = settings
        queue.modified = self.now()
        if isinstance(queue, FifoQueue) and settings.delay_seconds != delay:
            queue.delay_changed(self.now())

    def _applied(self, base: Settings, given: Mapping[str, str], *, fifo: bool, queue_arn: str) -> Settings:
        """The settings that come of giving attributes; policies are checked against the queues they name."""
        settings = attributes.apply(base, given, self.limits, fifo=fifo)
        if given.get("Policy"):
            self._check_policy(given["Policy"])
        if given.get("RedrivePolicy"):
            policy = self._checked_redrive(given["RedrivePolicy"], fifo=fifo, source_arn=queue_arn)
            settings = replace(settings, redrive_policy=str(policy))
        if given.get("RedriveAllowPolicy"):
            redrive.checked_redrive_allow_policy(given["RedriveAllowPolicy"], self.limits)
        return settings

    def _checked_redrive(self, text: str, *, fifo: bool, source_arn: str) -> redrive.RedrivePolicy:
        policy = redrive.checked_redrive_policy(text, self.limits)
        target_arn = policy.dead_letter_target_arn
        if target_arn.count(":") == 5 and target_arn.rpartition(":")[0] != source_arn.rpartition(":")[0]:
            raise invalid("RedrivePolicy", text, "Dead-letter target owner should be same as the source.")
        target = self.queues.get(policy.target_name)
        if target is None or target.arn != target_arn:
            raise invalid("RedrivePolicy", text, "Dead letter target does not exist.")
        if target.fifo != fifo:
            raise invalid("RedrivePolicy", text, "Dead-letter queue must be same type of queue as the source.")
        allowed = target.settings.redrive_allow_policy
        if allowed is not None and not redrive.redrive_allow_policy(allowed).allows(source_arn):
            raise invalid("RedrivePolicy", text, "The dead-letter queue does not allow this source queue.")
        return policy

    def _check_policy(self, text: str) -> None:
        self.limits.check("policy-size", len(text.encode()))
        statements = json.loads(text).get("Statement")
        if not statements:
            raise invalid_attribute("Policy")
        if isinstance(statements, list):
            self.limits.check("policy-statements", len(statements))

    # --- permissions

    def add_permission(self, QueueUrl: str, Label: str, AWSAccountIds: Sequence[str], Actions: Sequence[str]) -> None:
        queue = self.queue_at(QueueUrl)
        if not _WORD.match(Label):
            raise self.limits.error("permission-label", given=Label)
        self.limits.check("permission-label", len(Label), given=Label)
        if not Actions:
            raise missing("Actions")
        self.limits.check("policy-actions", len(Actions))
        for action in Actions:
            if action != "*" and action not in permissions.SHAREABLE:
                raise invalid("ActionName", f"SQS:{action}", "Only the queue owner is allowed to invoke this action.")
        if not AWSAccountIds or not all(account.isdecimal() and len(account) == 12 for account in AWSAccountIds):
            raise invalid("PrincipalId", f"[{', '.join(AWSAccountIds)}]", "Unable to verify.")
        self.limits.check("policy-principals", len(AWSAccountIds))
        document = permissions.with_statement(
            queue.settings.policy, queue.arn, Label, self.partition, AWSAccountIds, Actions
        )
        self.limits.check("policy-statements", len(document["Statement"]))
        self._change(queue, replace(queue.settings, policy=json.dumps(document)))

    def remove_permission(self, QueueUrl: str, Label: str) -> None:
        queue = self.queue_at(QueueUrl)
        policy = permissions.without_statement(queue.settings.policy, Label)
        self._change(queue, replace(queue.settings, policy=policy))

    # --- tags

    def tag_queue(self, QueueUrl: str, Tags: Mapping[str, str]) -> None:
        queue = self.queue_at(QueueUrl)
        if not Tags:
            raise missing("Tags")
        queue.tags = self._tagged(queue, Tags)

    def untag_queue(self, QueueUrl: str, TagKeys: Sequence[str]) -> None:
        queue = self.queue_at(QueueUrl)
        if not TagKeys:
            raise missing("TagKeys")
        queue.tags = queue.tags.without(TagKeys)

    def list_queue_tags(self, QueueUrl: str) -> dict[str, Any]:
        tags = self.queue_at(QueueUrl).tags
        return {"Tags": tags.as_dict()} if tags else {}

    def _tagged(self, queue: Queue, new: Mapping[str, str]) -> Tags:
        for key, value in new.items():
            if not key:
                raise self.limits.error("tag-key")
            self.limits.check("tag-key", len(key))
            self.limits.check("tag-value", len(value))
        merged = {**queue.tags, **new}
        self.limits.check("queue-tags", len(merged), name=queue.name)
        return Tags(merged)
