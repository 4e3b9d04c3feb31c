"""What all operations of SNS stand on: topics and subscriptions, and how a request finds one."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.limits.table import load
from awsim.metering import Sample
from awsim.service import ResourceSide, Service
from awsim.services.sns import arns, metrics
from awsim.services.sns.notification import Place
from awsim.services.sns.outbox import Sent
from awsim.services.sns.refusals import invalid, not_found
from awsim.services.sns.subscription import Subscription
from awsim.services.sns.topic import Topic
from awsim.state import Collection, Dict, List

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class Operations(Service):
    """State and look-ups of the SNS of one account in one region."""

    name = "sns"
    scope = "region"
    validation_error = "ValidationError"
    # Links in notifications carry no signature; nor does who fetches the certificate.
    anonymous = frozenset({"ConfirmSubscription", "Unsubscribe", "GetSigningCertificate"})

    topics = Collection("topic", missing=("NotFound", "Topic does not exist"))

    def setup(self) -> None:
        self.fifo_topics = Dict()  # name -> topic, those of `topics` that are FIFO
        self.subscriptions = Dict()  # ARN -> Subscription, of the topics here
        self.filtered = Dict()  # ARN -> Subscription, those with a filter policy
        self.subscribed = Dict()  # ARN -> Subscription, of this account's endpoints, to topics of any account
        self.tokens = Dict()  # token -> Subscription that it confirms
        self.outbox: Sequence[Sent] = List()
        self.applications = Dict()  # ARN -> Application
        self.endpoints = Dict()  # ARN -> Endpoint
        self.sms_attributes: Dict = Dict()
        self.opted_out = Dict()  # phone number -> when
        self.sandbox_numbers = Dict()  # phone number -> its one-time password, None once verified

    def measurements(self, notes: Sequence[Any]) -> Iterator[Sample]:
        return metrics.measurements(notes)

    # --- topics

    def topic_at(self, arn: str | None, parameter: str = "TopicArn") -> Topic:
        """The topic with an ARN that a request gives as `parameter`.

        One of another account is found for operations that its policy admits the caller to.
        """
        address = arns.read(arn, parameter)
        if address.service != "sns" or address.region != self.region:
            raise invalid(parameter)
        if address.account == self.account:
            topic = self.topics.get(address.resource)
            if topic is None:
                raise not_found("Topic")
            return topic
        return self._shared(address)

    def _shared(self, address: arns.Arn) -> Topic:
        topic: Topic | None = self._home(address.account).topics.get(address.resource)
        if topic is None:
            raise not_found("Topic")
        # With `authorization` policies have decided already; without, a service may whatever it is made to do.
        if self.cloud.authorization is None and self.caller.service is None:
            from awsim.gateway.authorizer import check_strangers

            check_strangers(self.request, self.resource_policy(topic.arn), topic.arn.__eq__)
        return topic

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a topic, which is that of its subscriptions too."""
        address = arns.of_service(arn, "sns")
        if address is None or "/" in address.resource:
            return ResourceSide(address.account if address is not None else self.account)
        topic = self.at(account=address.account, region=address.region).topics.get(address.name)
        policies = () if topic is None else (parse(topic.policy, "resource"),)
        return ResourceSide(address.account, policies)

    def denied(self, action: str, resource: str) -> AWSError:
        return self.error(
            "AuthorizationError",
            f"User: {self.caller.arn} is not authorized to perform: SNS:{action} on resource: {resource} "
            f"because no resource-based policy allows the SNS:{action} action",
        )

    def _home(self, account: str) -> Any:
        """SNS in the account that owns a topic, here."""
        return self if account == self.account else self.at(account=account)

    def place_of(self, topic: Topic) -> Place:
        """Where a topic is and how it signs."""
        return Place(self.region, self.partition, topic.attributes.get("SignatureVersion", "1"))

    # --- subscriptions

    def subscription_at(self, arn: str) -> Subscription:
        """The subscription with an ARN; raises the errors that AWS has for one that it cannot read."""
        subscription = self.find_subscription(arn)
        if subscription is None:
            raise not_found("Subscription")
        return subscription

    def find_subscription(self, arn: str) -> Subscription | None:
        """The subscription with an ARN, None if there is none."""
        address = arns.read(arn, "SubscriptionArn")
        if address.service != "sns" or address.region != self.region:
            raise invalid("SubscriptionArn")
        _, _, id_ = address.resource.partition(":")
        if not _UUID.match(id_):
            raise invalid("SubscriptionId")
        return self._home(address.account).subscriptions.get(arn)

    def topic_of(self, subscription: Subscription) -> Topic:
        address = arns.read(subscription.topic_arn, "TopicArn")
        topic: Topic = self._home(address.account).topics[address.resource]
        return topic

    # --- lists

    def page(
        self, member: str, items: Sequence[Any], token: str | None, row: str, size: int | None = None
    ) -> dict[str, Any]:
        """One page of a list, of the row's size unless given. A token says where the next one begins, nothing else."""
        start = 0
        if token:
            try:
                start = json.loads(b64decode(token, validate=True))[member]
            except (ValueError, RecursionError, KeyError, TypeError):
                raise invalid("NextToken") from None
        size = self.limits[row] if size is None else size
        end = len(items) if size is None else start + int(size)
        page: dict[str, Any] = {member: list(items[start:end])}
        if end < len(items):
            page["NextToken"] = b64encode(json.dumps({member: end}).encode()).decode()
        return page

    @cached_property
    def limit_names(self) -> frozenset[str]:
        return frozenset(load(self.name))

    @cached_property
    def publish_rate(self) -> str:
        """The row that bounds how many messages this region takes."""
        regional = f"publish-{self.region}"
        return regional if regional in self.limit_names else "publish"
