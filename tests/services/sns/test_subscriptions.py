"""Subscriptions: protocols, confirmation, attributes, idempotency, ending, lists."""

import json
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
import requests

ACCOUNT = "123456789012"
OTHER = "111122223333"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:inbox"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
STREAM = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/s"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/delivery"


def other(service="sns"):
    return boto3.client(service, "us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="x")


def attributes(sns, subscription):
    return sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def token_in(sent):
    return dict(parse_qsl(urlsplit(sent.body[sent.body.index("https://") :].split()[0]).query))["Token"]


# --- protocols and endpoints


@pytest.mark.rule("sns-002")
@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("http", "http://example.com/hook"),
        ("https", "https://example.com/hook"),
        ("email", "jane@example.com"),
        ("email-json", "jane@example.com"),
        ("sms", "+15551234567"),
        ("sqs", QUEUE),
        ("lambda", FUNCTION),
        ("firehose", STREAM),
    ],
)
def test_every_protocol_can_be_subscribed(sns, make, protocol, endpoint):
    given = {"SubscriptionRoleArn": ROLE} if protocol == "firehose" else {}
    made = sns.subscribe(TopicArn=make(), Protocol=protocol, Endpoint=endpoint, Attributes=given)["SubscriptionArn"]
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    assert (listed["Protocol"], listed["Endpoint"], listed["Owner"]) == (protocol, endpoint, ACCOUNT)
    asked = protocol in ("http", "https", "email", "email-json")
    assert (made == "pending confirmation") is asked
    assert listed["SubscriptionArn"] == ("PendingConfirmation" if asked else made)


@pytest.mark.rule("sns-002")
def test_no_other_protocol_can(sns, make, invalid):
    message = invalid(sns.subscribe, TopicArn=make(), Protocol="carrier-pigeon", Endpoint="x")
    assert message == "Amazon SNS does not support this protocol string: carrier-pigeon"
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize(
    ("protocol", "endpoint", "message"),
    [
        ("sqs", "https://sqs.us-east-1.amazonaws.com/123456789012/inbox", "SQS endpoint ARN"),
        ("sqs", FUNCTION, "SQS endpoint ARN"),
        ("lambda", QUEUE, "Lambda endpoint ARN"),
        ("firehose", QUEUE, "Firehose endpoint ARN"),
        ("application", QUEUE, "Application endpoint arn invalid:" + QUEUE),
        ("http", "https://example.com", "Endpoint must match the specified protocol"),
        ("https", "example.com", "Endpoint must match the specified protocol"),
        ("email", "jane", "Email address"),
        ("email", "jane@example", "Email address"),
        ("sms", "", "Endpoint"),
    ],
)
def test_endpoints_that_do_not_fit_their_protocol(sns, make, invalid, protocol, endpoint, message):
    assert invalid(sns.subscribe, TopicArn=make(), Protocol=protocol, Endpoint=endpoint) == message
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.rule("sns-005")
def test_a_standard_topic_has_no_fifo_queues(sns, make, invalid):
    message = invalid(sns.subscribe, TopicArn=make(), Protocol="sqs", Endpoint=QUEUE + ".fifo")
    assert message == (
        "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
    )
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.rule("sns-022")
@pytest.mark.parametrize(
    ("protocol", "endpoint"), [("email", "a@example.com"), ("lambda", FUNCTION), ("https", "https://example.com")]
)
def test_a_fifo_topic_has_queues_only(sns, make, queue, invalid, protocol, endpoint):
    topic = make("t.fifo")
    message = invalid(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    assert message == f"Invalid protocol type: {protocol}"
    for name in ("q", "q.fifo"):
        _, arn = queue(name)
        assert sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"].startswith(topic)


@pytest.mark.rule("sns-035")
def test_a_stream_needs_a_role(sns, make, invalid):
    message = invalid(sns.subscribe, TopicArn=make(), Protocol="firehose", Endpoint=STREAM)
    assert message.startswith("Attributes Reason: SubscriptionRoleArn")
    assert sns.list_subscriptions()["Subscriptions"] == []


# --- quotas


@pytest.mark.rule("sns-007")
@pytest.mark.aws(limits={"sns.subscriptions": 2})
def test_a_topic_has_so_many_subscriptions(sns, make, subscribe, queue, refused):
    topic = make()
    subscribe(topic, "a")
    subscribe(topic, "b")
    _, arn = queue("c")
    assert refused(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn) == (
        "SubscriptionLimitExceeded",
        "Subscription limit exceeded",
        403,
    )
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 2
    subscribe(make("other"), "c")


@pytest.mark.aws(limits={"sns.filter-policies": 1, "sns.account-filter-policies": 2})
def test_so_many_subscriptions_have_filters(sns, make, subscribe, queue, refused):
    topic = make()
    subscribe(topic, "a", FilterPolicy={"k": ["v"]})
    _, plain = subscribe(topic, "b")
    given = {"AttributeName": "FilterPolicy", "AttributeValue": '{"k": ["v"]}'}
    exceeded = ("FilterPolicyLimitExceeded", "Filter policy limit exceeded", 403)
    assert refused(sns.set_subscription_attributes, SubscriptionArn=plain, **given) == exceeded
    assert "FilterPolicy" not in attributes(sns, plain)
    subscribe(make("second"), "a", FilterPolicy={"k": ["v"]})
    third = make("third")
    _, arn = queue("c")
    assert (
        refused(
            sns.subscribe, TopicArn=third, Protocol="sqs", Endpoint=arn, Attributes={"FilterPolicy": '{"k": ["v"]}'}
        )
        == exceeded
    )
    assert sns.list_subscriptions_by_topic(TopicArn=third)["Subscriptions"] == []


# --- confirmation


@pytest.mark.rule("sns-003")
def test_an_address_gets_nothing_until_it_is_confirmed(sns, make, outbox):
    topic = make()
    made = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="jane@example.com")
    assert made["SubscriptionArn"] == "pending confirmation"
    (asked,) = outbox
    assert (asked.protocol, asked.endpoint) == ("email", "jane@example.com")
    assert asked.subject == "AWS Notification - Subscription Confirmation"
    sns.publish(TopicArn=topic, Message="too early")
    assert len(outbox) == 1
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    confirmed = sns.confirm_subscription(TopicArn=topic, Token=token_in(asked))["SubscriptionArn"]
    assert confirmed.startswith(topic + ":")
    sns.publish(TopicArn=topic, Message="now", Subject="News")
    assert (outbox[-1].subject, outbox[-1].body.split("\n")[0]) == ("News", "now")
    shown = attributes(sns, confirmed)
    assert (shown["PendingConfirmation"], shown["ConfirmationWasAuthenticated"]) == ("false", "false")


def test_whoever_has_the_link_confirms(sns, make, outbox):
    topic = make()
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="jane@example.com")
    link = json.loads(outbox[-1].body)["SubscribeURL"]
    answer = requests.get(link)
    assert answer.status_code == 200
    assert "<ConfirmSubscriptionResult>" in answer.text
    sns.publish(TopicArn=topic, Message="x")
    note = json.loads(outbox[-1].body)
    assert note["Message"] == "x"
    assert requests.get(note["UnsubscribeURL"]).status_code == 200
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_a_pending_subscription_shows_its_arn_to_who_asks(sns, make, invalid):
    made = sns.subscribe(TopicArn=make(), Protocol="email", Endpoint="jane@example.com", ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    assert attributes(sns, made)["PendingConfirmation"] == "true"
    assert "pending" in invalid(sns.unsubscribe, SubscriptionArn=made)


@pytest.mark.aws(at="2026-01-01")
def test_a_token_is_good_for_two_days(aws, sns, make, outbox, invalid):
    topic = make()
    for address in ("a@example.com", "b@example.com"):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    first, second = map(token_in, outbox)
    aws.clock.advance(days=2, seconds=-1)
    sns.confirm_subscription(TopicArn=topic, Token=first)
    aws.clock.advance(seconds=1)
    with pytest.raises(sns.exceptions.InvalidParameterException, match="Invalid token"):
        sns.confirm_subscription(TopicArn=topic, Token=second)
    (left,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert left["Endpoint"] == "a@example.com"


def test_asking_again_sends_a_new_token(sns, make, outbox):
    topic = make()
    for _ in range(2):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="jane@example.com")
    first, second = map(token_in, outbox)
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1
    with pytest.raises(sns.exceptions.InvalidParameterException, match="Invalid token"):
        sns.confirm_subscription(TopicArn=topic, Token=first)
    assert sns.confirm_subscription(TopicArn=topic, Token=second)["SubscriptionArn"]
    assert sns.confirm_subscription(TopicArn=topic, Token=second)["SubscriptionArn"]


def test_a_token_is_of_its_topic(sns, make, outbox):
    topic, other_topic = make(), make("other")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="jane@example.com")
    with pytest.raises(sns.exceptions.InvalidParameterException, match="Invalid token"):
        sns.confirm_subscription(TopicArn=other_topic, Token=token_in(outbox[-1]))
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"


def test_authenticated_confirmation_needs_an_authenticated_end(sns, make, outbox):
    topic = make()
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="jane@example.com")
    token = json.loads(outbox[-1].body)["Token"]
    made = sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="x")
    assert requests.get(json.loads(outbox[-1].body)["UnsubscribeURL"]).status_code == 403
    assert attributes(sns, made)["ConfirmationWasAuthenticated"] == "true"
    sns.unsubscribe(SubscriptionArn=made)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_the_queue_of_another_account_is_asked(sns, make, aws):
    theirs = other("sqs")
    url = theirs.create_queue(QueueName="inbox")["QueueUrl"]
    topic = make()
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE.replace(ACCOUNT, OTHER))
    assert made["SubscriptionArn"] == "pending confirmation"
    (message,) = theirs.receive_message(QueueUrl=url)["Messages"]
    asked = json.loads(message["Body"])
    assert asked["Type"] == "SubscriptionConfirmation"
    assert requests.get(asked["SubscribeURL"]).status_code == 200
    sns.publish(TopicArn=topic, Message="hello there")
    (message,) = theirs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "hello there"


def test_a_subscriber_of_another_account_owns_its_subscription(sns, make, refused):
    topic = make()
    sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=[OTHER], ActionName=["Subscribe"])
    url = other("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    made = other().subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE.replace(ACCOUNT, OTHER))["SubscriptionArn"]
    (mine,) = other().list_subscriptions()["Subscriptions"]
    assert (mine["SubscriptionArn"], mine["Owner"]) == (made, OTHER)
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == [mine]
    sns.publish(TopicArn=topic, Message="across")
    assert "across" in other("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"]
    stranger = boto3.client("sns", "us-east-1", aws_access_key_id="222233334444", aws_secret_access_key="x")
    assert refused(stranger.unsubscribe, SubscriptionArn=made)[0] == "AuthorizationError"
    assert refused(stranger.get_subscription_attributes, SubscriptionArn=made)[0] == "AuthorizationError"
    other().unsubscribe(SubscriptionArn=made)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


# --- attributes


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RawMessageDelivery", "yes", "RawMessageDelivery: Invalid value [yes]. Must be true or false."),
        ("FilterPolicyScope", "Body", "FilterPolicyScope: Invalid value [Body]. Please use either MessageBody or "
         "MessageAttributes"),
        ("RedrivePolicy", "{", "RedrivePolicy: failed to parse JSON."),
        ("RedrivePolicy", '{"maxReceiveCount": 3}', "RedrivePolicy: invalid JSON. Attribute maxReceiveCount is "
         "unknown."),
        ("RedrivePolicy", '{"deadLetterTargetArn": "q"}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ("SubscriptionRoleArn", ROLE, "SubscriptionRoleArn: Only supported for the firehose protocol"),
        ("DeliveryPolicy", "{}", "DeliveryPolicy: Delivery protocol [sqs] does not support delivery policies."),
    ],
)  # fmt: skip
def test_attributes_that_cannot_be(sns, make, subscribe, queue, invalid, name, value, message):
    topic = make()
    _, subscription = subscribe(topic)
    before = attributes(sns, subscription)
    given = {"SubscriptionArn": subscription, "AttributeName": name, "AttributeValue": value}
    assert invalid(sns.set_subscription_attributes, **given) == message
    assert attributes(sns, subscription) == before
    _, arn = queue("second")
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn, "Attributes": {name: value}}
    assert invalid(sns.subscribe, **given) == f"Attributes Reason: {message}"
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1


def test_attributes_that_do_not_exist(sns, make, subscribe, queue, invalid):
    topic = make()
    _, subscription = subscribe(topic)
    given = {"SubscriptionArn": subscription, "AttributeName": "Colour", "AttributeValue": "red"}
    assert invalid(sns.set_subscription_attributes, **given) == "AttributeName"
    message = invalid(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=QUEUE, Attributes={"Colour": "red"})
    assert message == "Attributes Reason: Unknown attribute: Colour"


def test_functions_get_no_raw_messages(sns, make, invalid):
    given = {"TopicArn": make(), "Protocol": "lambda", "Endpoint": FUNCTION}
    message = invalid(sns.subscribe, **given, Attributes={"RawMessageDelivery": "true"})
    assert message == "Attributes Reason: Delivery protocol [lambda] does not support raw message delivery."


def test_an_empty_policy_takes_it_away(sns, make, subscribe, texts):
    topic = make()
    url, subscription = subscribe(topic, FilterPolicy={"k": ["v"]})
    for value in ("{}", ""):
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"k": ["v"]}'
        )
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue=value
        )
        assert "FilterPolicy" not in attributes(sns, subscription)
    sns.publish(TopicArn=topic, Message="all")
    assert texts(url) == ["all"]


# --- lists and ends


def test_subscriptions_are_listed_in_pages_of_100(sns, make):
    topic, endpoints = make(), [f"{QUEUE}{n}" for n in range(101)]
    for endpoint in endpoints:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
    first = sns.list_subscriptions_by_topic(TopicArn=topic)
    assert len(first["Subscriptions"]) == 100
    last = sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=first["NextToken"])
    assert [each["Endpoint"] for each in first["Subscriptions"] + last["Subscriptions"]] == endpoints
    assert "NextToken" not in last
    assert len(sns.get_paginator("list_subscriptions").paginate().build_full_result()["Subscriptions"]) == 101


def test_counts_of_subscriptions(sns, make, subscribe):
    topic = make()
    _, first = subscribe(topic, "a")
    subscribe(topic, "b")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    sns.unsubscribe(SubscriptionArn=first)
    found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert [found[f"Subscriptions{kind}"] for kind in ("Confirmed", "Pending", "Deleted")] == ["1", "1", "1"]


@pytest.mark.rule("sns-004")
def test_a_subscriber_gets_what_comes_after_it(sns, make, subscribe, texts):
    topic = make()
    first, subscription = subscribe(topic, "a")
    sns.publish(TopicArn=topic, Message="1")
    second, _ = subscribe(topic, "b")
    sns.publish(TopicArn=topic, Message="2")
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.publish(TopicArn=topic, Message="3")
    assert (sorted(texts(first)), sorted(texts(second))) == (["1", "2"], ["2", "3"])
