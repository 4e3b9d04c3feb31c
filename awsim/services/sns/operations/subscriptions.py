"""Subscriptions: subscribing, confirming, attributes, replays, ending."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.services.sns import arns, endpoints, filter_policy, subscription_attributes
from awsim.services.sns.message import Message
from awsim.services.sns.notification import subscribe_url
from awsim.services.sns.operations.delivering import DeliveryOperations
from awsim.services.sns.refusals import WrongAttribute, invalid, not_found
from awsim.services.sns.subscription import HTTP, PENDING, Subscription
from awsim.services.sns.topic import FifoTopic, Topic

# Tokens begin alike and have 256 digits: ../shared/recorded/sns.jsonl, "wrong token".
_TOKEN_START = "2336412f37fb687f5d51e6e2425c464c"
_TOKEN = re.compile(r"[0-9a-f]{200,}\Z")
_ASKED = (
    "You have chosen to subscribe to the topic {topic}.\n"
    "To confirm the subscription, visit the SubscribeURL included in this message."
)
_ENDED = (
    "You have chosen to deactivate subscription {subscription}.\n"
    "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
)


class SubscriptionOperations(DeliveryOperations):
    # --- beginning

    def subscribe(
        self,
        TopicArn: str,
        Protocol: str,
        Endpoint: str | None = None,
        Attributes: Mapping[str, str] | None = None,
        ReturnSubscriptionArn: bool = False,
    ) -> dict[str, Any]:
        topic = self.topic_at(TopicArn)
        endpoint = endpoints.check(Protocol, Endpoint, fifo_topic=topic.fifo)
        given = dict(Attributes or {})
        for name in given:
            if name not in subscription_attributes.SETTABLE:
                raise invalid("Attributes", f"Unknown attribute: {name}")
        try:
            attributes = subscription_attributes.changed({}, given, Protocol, topic, self.limits)
        except WrongAttribute as problem:
            raise invalid("Attributes", str(problem)) from None
        if Protocol == "firehose" and not attributes.get("SubscriptionRoleArn"):
            raise invalid("Attributes", "SubscriptionRoleArn: must be set for the firehose protocol")
        if Protocol == "application" and endpoint not in self.endpoints:
            raise invalid("Endpoint", f"Endpoint does not exist for endpoint {endpoint}")
        existing = topic.subscription_to(Protocol, endpoint)
        if existing is not None:
            return self._again(topic, existing, given, ReturnSubscriptionArn)
        subscription = self._new(topic, Protocol, endpoint, attributes)
        if self._confirms_itself(Protocol, endpoint):
            subscription.confirmed = subscription.authenticated = True
            return {"SubscriptionArn": subscription.arn}
        self._home(topic.account)._ask(topic, subscription)
        return {"SubscriptionArn": subscription.arn if ReturnSubscriptionArn else PENDING}

    def _new(self, topic: Topic, protocol: str, endpoint: str, attributes: Mapping[str, str]) -> Subscription:
        home = self._home(topic.account)
        self.limits.quota("fifo-subscriptions" if topic.fifo else "subscriptions", len(topic.subscriptions), topic.name)
        confirms = self._confirms_itself(protocol, endpoint)
        if not confirms:
            # Who is asked has a token, and so for a while has who left by a link.
            pending = sum(not each.confirmed for each in home.tokens.values())
            home.limits.quota("pending-subscriptions", pending)
        policy = self._filter(topic, attributes, None)
        subscription = Subscription(
            f"{topic.arn}:{self.ids.uuid('subscription')}",
            topic.arn,
            protocol,
            endpoint,
            self.caller.account or self.account,
            self.caller.arn,
        )
        subscription.adopt(attributes, policy)
        home._take_in(topic, subscription)
        return subscription

    def _take_in(self, topic: Topic, subscription: Subscription) -> None:
        """In the topic's account: the subscription is there from now on."""
        topic.add(subscription)
        self.subscriptions[subscription.arn] = subscription
        self.at(account=subscription.owner).subscribed[subscription.arn] = subscription
        self._count_filter(topic, subscription)

    def _count_filter(self, topic: Topic, subscription: Subscription) -> None:
        topic.count_filter(subscription)
        if subscription.filter is not None:
            self.filtered[subscription.arn] = subscription
        else:
            self.filtered.pop(subscription.arn, None)

    def _filter(
        self, topic: Topic, attributes: Mapping[str, str], current: Subscription | None
    ) -> filter_policy.FilterPolicy | None:
        """The compiled filter policy among checked attributes, if there may be one more."""
        text = attributes.get("FilterPolicy")
        if not text:
            return None
        if current is None or current.filter is None:
            home = self._home(topic.account)
            self.limits.quota("filter-policies", len(topic.filtered), topic.name)
            home.limits.quota("account-filter-policies", len(home.filtered))
        return filter_policy.compiled(text)

    def _confirms_itself(self, protocol: str, endpoint: str) -> bool:
        """Whether a subscription needs no confirmation: the endpoint is the subscriber's own, or it cannot be asked."""
        if protocol in ("sqs", "lambda", "firehose"):
            return arns.read(endpoint, "Endpoint").account == self.caller.account
        return protocol in ("sms", "application")

    def _again(self, topic: Topic, existing: Subscription, given: Mapping[str, str], show: bool) -> dict[str, Any]:
        """Subscribing what is subscribed: the same answer, or a refusal; a pending one is asked anew."""
        if subscription_attributes.differ(existing, given):
            raise invalid("Attributes", "Subscription already exists with different attributes")
        if existing.confirmed:
            return {"SubscriptionArn": existing.arn}
        self._home(topic.account)._ask(topic, existing)
        return {"SubscriptionArn": existing.arn if show else PENDING}

    # --- confirming

    def _ask(self, topic: Topic, subscription: Subscription, kind: str = "SubscriptionConfirmation") -> None:
        """Send the endpoint a token."""
        token = _TOKEN_START + self.ids.hex("token", 256 - len(_TOKEN_START))
        life = self.limits["confirmation-token"]
        if subscription.token is not None:
            self.tokens.pop(subscription.token, None)
        subscription.token = token
        subscription.token_expires = self.clock.time() + (life or 0)
        self.tokens[token] = subscription
        text = (_ASKED if kind == "SubscriptionConfirmation" else _ENDED).format(
            topic=topic.arn, subscription=subscription.arn
        )
        message = Message(
            self.ids.uuid("message"),
            topic.arn,
            text,
            self.clock.time(),
            kind=kind,
            token=token,
            url=subscribe_url(self.place_of(topic), topic.arn, token),
        )
        delay = self.limits.duration("delivery")
        self.later(delay, "_attempt", subscription=subscription, message=message, attempt=0)
        if life is not None:
            self.later(life, "_expire", token=token)

    def _expire(self, token: str) -> None:
        """Scheduled: a token's time is over; a subscription that nobody confirmed goes with it."""
        subscription = self.tokens.pop(token, None)
        if subscription is None or subscription.token != token:
            return
        subscription.token = None
        topic = self.topics.get(arns.read(subscription.topic_arn, "TopicArn").resource)
        if not subscription.confirmed and not subscription.deleted and topic is not None:
            self._forget(topic, subscription)

    def confirm_subscription(
        self, TopicArn: str, Token: str, AuthenticateOnUnsubscribe: str | None = None
    ) -> dict[str, Any]:
        address = arns.read(TopicArn, "TopicArn")
        if not _TOKEN.match(Token):
            raise invalid("Token")
        if address.service != "sns" or address.region != self.region:
            raise invalid("TopicArn")
        home = self._home(address.account)
        topic = home.topics.get(address.resource)
        subscription = home.tokens.get(Token)
        if subscription is None or subscription.topic_arn != TopicArn:
            raise self.error("InvalidParameter", "Invalid token")
        if topic is None:
            raise not_found("Topic")
        if subscription.deleted:
            subscription.deleted = False
            home._take_in(topic, subscription)
        subscription.confirmed = True
        if str(AuthenticateOnUnsubscribe).lower() == "true" and not self.caller.is_anonymous:
            subscription.authenticated = True
        return {"SubscriptionArn": subscription.arn}

    # --- ending

    def unsubscribe(self, SubscriptionArn: str) -> None:
        subscription = self.find_subscription(SubscriptionArn)
        if subscription is None:
            return
        topic = self.topic_of(subscription)
        caller = self.caller
        if caller.is_anonymous:
            if subscription.authenticated:
                raise self.denied("Unsubscribe", SubscriptionArn)
        elif caller.service is None and caller.account not in (subscription.owner, topic.account):
            raise self.denied("Unsubscribe", SubscriptionArn)
        if not subscription.confirmed:
            raise invalid("This operation is not permitted on pending subscriptions")
        home = self._home(topic.account)
        home._forget(topic, subscription)
        if subscription.protocol in HTTP and caller.account != subscription.owner:
            # Whoever followed the link may have been wrong: the endpoint can take it back.
            home._ask(topic, subscription, "UnsubscribeConfirmation")

    def _forget(self, topic: Topic, subscription: Subscription) -> None:
        """In the topic's account: the subscription is no more."""
        subscription.deleted = True
        topic.remove(subscription)
        self.subscriptions.pop(subscription.arn, None)
        self.filtered.pop(subscription.arn, None)
        self.at(account=subscription.owner).subscribed.pop(subscription.arn, None)
        if subscription.token is not None:
            self.tokens.pop(subscription.token, None)
            subscription.token = None

    # --- looking

    def list_subscriptions(self, NextToken: str | None = None) -> dict[str, Any]:
        found = [subscription.listed() for subscription in self.subscribed.values()]
        return self.page("Subscriptions", found, NextToken, "listed-subscriptions")

    def list_subscriptions_by_topic(self, TopicArn: str, NextToken: str | None = None) -> dict[str, Any]:
        topic = self.topic_at(TopicArn)
        found = [subscription.listed() for subscription in topic.subscriptions.values()]
        return self.page("Subscriptions", found, NextToken, "listed-subscriptions")

    def get_subscription_attributes(self, SubscriptionArn: str) -> dict[str, Any]:
        subscription = self._own(SubscriptionArn)
        topic = self.topic_of(subscription)
        return {"Attributes": subscription_attributes.shown(subscription, topic, self.limits)}

    def set_subscription_attributes(
        self, SubscriptionArn: str, AttributeName: str, AttributeValue: str | None = None
    ) -> None:
        if AttributeName not in subscription_attributes.SETTABLE:
            raise invalid("AttributeName")
        subscription = self._own(SubscriptionArn)
        topic = self.topic_of(subscription)
        try:
            attributes = subscription_attributes.changed(
                subscription.attributes,
                {AttributeName: AttributeValue or ""},
                subscription.protocol,
                topic,
                self.limits,
            )
        except WrongAttribute as problem:
            raise invalid(str(problem)) from None
        subscription.adopt(attributes, self._filter(topic, attributes, subscription))
        self._home(topic.account)._count_filter(topic, subscription)
        if AttributeName == "ReplayPolicy" and isinstance(topic, FifoTopic):
            self._replay(topic, subscription, AttributeValue or "")

    def _own(self, arn: str) -> Subscription:
        """A subscription that the caller may look into: its owner, or the topic's."""
        subscription = self.subscription_at(arn)
        account = arns.read(subscription.topic_arn, "TopicArn").account
        if self.caller.service is None and self.caller.account not in (subscription.owner, account):
            raise self.denied(self.request.operation, arn)
        return subscription

    # --- replays of a FIFO topic's archive

    def _replay(self, topic: FifoTopic, subscription: Subscription, text: str) -> None:
        if not text:
            subscription.replaying = ""
            return
        policy = subscription_attributes.replay_policy(text, topic)
        start = _when(policy["StartingPoint"])
        end = _when(policy["EndingPoint"]) if policy.get("EndingPoint") else None
        subscription.replaying = "Completed"
        home = self._home(topic.account)
        delay = home.limits.duration("delivery")
        for message in topic.archive:
            if message.time >= start and (end is None or message.time <= end):
                home.later(delay, "_replayed", topic=topic, subscription=subscription, message=message)

    def _replayed(self, topic: Topic, subscription: Subscription, message: Message) -> None:
        """Scheduled: one message of an archive, to one subscription."""
        if not subscription.deleted:
            self._deliver_to(topic, subscription, message)


def _when(text: str) -> float:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"ReplayPolicy: Invalid timestamp {text}") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
