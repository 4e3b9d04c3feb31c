"""Deliveries: across regions, failures, retries on the clock, dead-letter queues, HTTP, functions, streams."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
import requests

from awsim.services.sns.delivery_policy import Retries

ACCOUNT = "123456789012"
HOOK = "https://example.com/hook"


@pytest.mark.rule("sns-033")
def test_queues_in_other_regions(sns, make):
    far = boto3.client("sqs", "eu-west-1")
    url = far.create_queue(QueueName="inbox")["QueueUrl"]
    topic = make()
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-west-1:{ACCOUNT}:inbox")
    sns.publish(TopicArn=topic, Message="overseas")
    (message,) = far.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["TopicArn"] == topic


def test_deliveries_hang_under_the_publish(aws, sns, make, subscribe):
    topic = make()
    subscribe(topic, "a")
    subscribe(topic, "b")
    sns.publish(TopicArn=topic, Message="m")
    call = aws.calls[-1]
    assert call.name == "sns:Publish"
    assert [(each.name, each.caller) for each in call.caused] == [("sqs:SendMessage", "sns.amazonaws.com")] * 2


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_under_timed_messages_take_their_time(aws, sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic)
    sns.publish(TopicArn=topic, Message="m")
    assert aws.calls.of("sqs:SendMessage") == []
    aws.clock.advance(seconds=1)
    assert texts(url) == ["m"]
    (call,) = aws.calls.of("sqs:SendMessage")
    assert call.timestamp == pytest.approx(1767225600.03)


# --- failures


@pytest.mark.rule("sns-012")
def test_what_cannot_be_delivered_is_lost(aws, sns, sqs, make, subscribe, bodies):
    topic = make()
    url, _ = subscribe(topic)
    sqs.delete_queue(QueueUrl=url)
    assert sns.publish(TopicArn=topic, Message="lost")["MessageId"]
    sqs.create_queue(QueueName="inbox")
    aws.clock.advance(days=1)
    assert bodies(url) == []


@pytest.mark.parametrize("raw", ["true", "false"])
def test_a_dead_letter_queue_takes_it(sns, sqs, make, subscribe, queue, messages, raw):
    topic = make()
    dead, dead_arn = queue("dead")
    url, _ = subscribe(topic, RedrivePolicy={"deadLetterTargetArn": dead_arn}, RawMessageDelivery=raw)
    sqs.delete_queue(QueueUrl=url)
    attributes = {"a": {"DataType": "String", "StringValue": "x"}}
    id_ = sns.publish(TopicArn=topic, Message="m", MessageAttributes=attributes)["MessageId"]
    (message,) = messages(dead)
    if raw == "true":
        assert (message["Body"], message["MessageAttributes"]) == ("m", attributes)
    else:
        note = json.loads(message["Body"])
        assert (note["MessageId"], note["Message"], note["MessageAttributes"]["a"]["Value"]) == (id_, "m", "x")


def test_raw_delivery_of_more_attributes_than_a_queue_takes(sns, make, subscribe, queue, messages):
    topic = make()
    _, dead_arn = queue("dead")
    url, _ = subscribe(topic, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": dead_arn})
    whole, _ = subscribe(topic, "whole")
    attributes = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(11)}
    sns.publish(TopicArn=topic, Message="m", MessageAttributes=attributes)
    assert messages(url) == []
    assert len(messages(whole)) == 1


@pytest.mark.aws(at="2026-01-01")
def test_errors_of_the_server_are_retried_on_aws_schedule(aws, sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic)
    aws.faults.add("sqs:SendMessage", error="InternalError", times=9)
    sns.publish(TopicArn=topic, Message="m")
    # Four attempts at once; then two a second apart, then more and more seconds apart.
    times = lambda: [round(call.timestamp - 1767225600, 2) for call in aws.calls.of("sqs:SendMessage")]  # noqa: E731
    assert times() == [0] * 4
    aws.clock.advance(minutes=2)
    assert times()[:7] == [0, 0, 0, 0, 1, 2, 3]
    gaps = [later - earlier for earlier, later in zip(times()[5:], times()[6:], strict=False)]
    assert gaps == sorted(gaps)
    assert len(times()) == 10
    assert texts(url) == ["m"]


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.parametrize(
    ("error", "status", "attempts"),
    [("Strange", 503, 2), ("ThrottlingException", 400, 2), ("AccessDenied", 403, 1), ("Strange", 400, 1)],
)
def test_which_errors_are_retried(aws, sns, make, subscribe, texts, error, status, attempts):
    topic = make()
    url, _ = subscribe(topic)
    aws.faults.add("sqs:SendMessage", error=error, status=status, times=1)
    sns.publish(TopicArn=topic, Message="m")
    assert len(aws.calls.of("sqs:SendMessage")) == attempts
    assert texts(url) == ["m"] * (attempts - 1)


@pytest.mark.aws(at="2026-01-01")
def test_who_has_left_is_not_tried_again(aws, sns, make, subscribe, texts):
    topic = make()
    url, subscription = subscribe(topic)
    aws.faults.add("sqs:SendMessage", error="InternalError", times=4)
    sns.publish(TopicArn=topic, Message="m")
    sns.unsubscribe(SubscriptionArn=subscription)
    aws.clock.advance(hours=1)
    assert texts(url) == []
    assert len(aws.calls.of("sqs:SendMessage")) == 4


def test_the_schedule_to_aws_own_endpoints():
    policy = Retries(3, 2, 10, 100_000, 1, 20, "exponential")
    delays = [policy.delay(attempt) for attempt in range(1, 20)]
    assert delays[:6] == [0, 0, 0, 1, 1, 1]
    assert delays[14] == 20
    assert delays[15:] == [20, 20, 20, 20]
    assert policy.delay(100_015) == 20
    assert policy.delay(100_016) is None


@pytest.mark.parametrize("function", ["linear", "arithmetic", "geometric", "exponential"])
def test_backoff_goes_from_the_least_to_the_most(function):
    policy = Retries(0, 0, 5, 0, 10, 50, function)
    delays = [policy.delay(attempt) for attempt in range(1, 6)]
    assert (delays[0], delays[-1]) == (10, 50)
    assert delays == sorted(delays)
    assert policy.delay(6) is None


# --- HTTP


@pytest.fixture
def hook(aws, sns, make):
    """A confirmed subscription of HOOK: (topic, requests that came, what to answer)."""
    came, answers = [], []

    def answer(request):
        came.append(request)
        if request.headers.get("x-amz-sns-message-type") == "SubscriptionConfirmation":
            assert requests.get(json.loads(request.read())["SubscribeURL"]).status_code == 200
            return 200
        return answers.pop(0) if answers else None

    aws.endpoints[HOOK] = answer
    topic = make()
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=HOOK)
    return topic, came, answers


def test_an_http_endpoint_confirms_itself_and_gets_messages(sns, hook, outbox):
    topic, came, _ = hook
    (asked,) = came
    body = json.loads(asked.read())
    assert list(body) == [
        "Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion",
        "Signature", "SigningCertURL",
    ]  # fmt: skip
    assert "x-amz-sns-subscription-arn" not in asked.headers
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    id_ = sns.publish(TopicArn=topic, Message="m")["MessageId"]
    note = came[-1]
    assert (note.method, note.url) == ("POST", HOOK)
    assert {name: note.headers[name] for name in note.headers} == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": id_,
        "x-amz-sns-topic-arn": topic,
        "x-amz-sns-subscription-arn": listed["SubscriptionArn"],
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
        "accept-encoding": "gzip,deflate",
    }
    assert json.loads(note.read())["Message"] == "m"
    assert [sent.delivered for sent in outbox] == [True, True]


def test_raw_http_delivery(sns, hook):
    topic, came, _ = hook
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    for name, value in (
        ("RawMessageDelivery", "true"),
        ("DeliveryPolicy", '{"requestPolicy": {"headerContentType": "application/json"}}'),
    ):
        sns.set_subscription_attributes(
            SubscriptionArn=listed["SubscriptionArn"], AttributeName=name, AttributeValue=value
        )
    sns.publish(TopicArn=topic, Message='{"a": 1}')
    assert came[-1].read() == b'{"a": 1}'
    assert came[-1].headers["x-amz-sns-rawdelivery"] == "true"
    assert came[-1].headers["content-type"] == "application/json"


@pytest.mark.rule("sns-013", "sns-014")
@pytest.mark.aws(at="2026-01-01")
def test_http_is_retried_three_times_twenty_seconds_apart(aws, sns, hook, outbox):
    topic, _, answers = hook
    answers += [500, 503, 429, 500, 500]
    sns.publish(TopicArn=topic, Message="m")
    aws.clock.advance(minutes=10)
    notes = [sent for sent in outbox if sent.headers["x-amz-sns-message-type"] == "Notification"]
    assert [round(sent.timestamp - 1767225600) for sent in notes] == [0, 20, 40, 60]
    assert [sent.error for sent in notes] == [f"HTTP status {code}" for code in (500, 503, 429, 500)]
    assert answers == [500]


@pytest.mark.aws(at="2026-01-01")
def test_the_policy_of_a_topic_rules_retries_and_its_end(aws, sns, queue, hook, outbox, texts):
    topic, _, answers = hook
    dead, dead_arn = queue("dead")
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    policy = {
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 5,
                "maxDelayTarget": 10,
                "numRetries": 4,
                "numNoDelayRetries": 1,
                "numMaxDelayRetries": 1,
            }
        }
    }
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy))
    sns.set_subscription_attributes(
        SubscriptionArn=listed["SubscriptionArn"],
        AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": dead_arn}),
    )
    answers += [500] * 5
    sns.publish(TopicArn=topic, Message="m")
    aws.clock.advance(seconds=24)
    assert texts(dead) == []
    aws.clock.advance(seconds=1)
    notes = [sent for sent in outbox if sent.error]
    assert [round(sent.timestamp - 1767225600) for sent in notes] == [0, 0, 5, 15, 25]
    assert texts(dead) == ["m"]


def test_a_topic_may_forbid_policies_of_subscriptions(sns, hook):
    topic, _, _ = hook
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    retries = {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 9}
    sns.set_subscription_attributes(
        SubscriptionArn=listed["SubscriptionArn"],
        AttributeName="DeliveryPolicy",
        AttributeValue=json.dumps({"healthyRetryPolicy": retries}),
    )
    for forbidden, expected in ((False, 9), (True, 5)):
        policy = {
            "defaultHealthyRetryPolicy": {**retries, "numRetries": 5},
            "disableSubscriptionOverrides": forbidden,
        }
        sns.set_topic_attributes(
            TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps({"http": policy})
        )
        shown = sns.get_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"])["Attributes"]
        assert json.loads(shown["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == expected


def test_what_the_endpoint_says_it_will_never_take_is_not_retried(aws, sns, hook, queue, outbox, texts):
    topic, _, answers = hook
    dead, dead_arn = queue("dead")
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    sns.set_subscription_attributes(
        SubscriptionArn=listed["SubscriptionArn"],
        AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": dead_arn}),
    )
    answers.append(404)
    sns.publish(TopicArn=topic, Message="m")
    assert texts(dead) == ["m"]
    aws.clock.advance(hours=1)
    assert [sent.error for sent in outbox if sent.error] == ["HTTP status 404"]


def test_an_endpoint_that_raises_answers_500(aws, sns, hook, outbox):
    topic, _, _ = hook
    aws.endpoints[HOOK] = lambda request: 1 / 0
    sns.publish(TopicArn=topic, Message="m")
    assert outbox[-1].error == "HTTP status 500"


def test_nobody_answers(aws, sns, make, outbox):
    topic = make()
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://nowhere.example.com/x")
    assert outbox[-1].error == "nothing answers there"
    token = json.loads(outbox[-1].body)["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    aws.endpoints["http://nowhere.example.com"] = lambda request: 204
    sns.publish(TopicArn=topic, Message="m")
    assert outbox[-1].delivered


def test_an_endpoint_can_take_back_that_somebody_left(sns, hook):
    topic, came, _ = hook
    sns.publish(TopicArn=topic, Message="m")
    note = json.loads(came[-1].read())
    assert requests.get(note["UnsubscribeURL"]).status_code == 200
    ended = json.loads(came[-1].read())
    assert ended["Type"] == "UnsubscribeConfirmation"
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert requests.get(ended["SubscribeURL"]).status_code == 200
    sns.publish(TopicArn=topic, Message="again")
    assert json.loads(came[-1].read())["Message"] == "again"


def test_a_server_on_this_machine(aws, sns, make):
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came.append(body)
            if body["Type"] == "SubscriptionConfirmation":
                # It calls back from its own thread while SNS waits for its answer.
                boto3.client("sns", "us-east-1").confirm_subscription(TopicArn=body["TopicArn"], Token=body["Token"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        topic = make()
        endpoint = f"http://127.0.0.1:{server.server_port}/hook"
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
        sns.publish(TopicArn=topic, Message="m")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [body["Type"] for body in came] == ["SubscriptionConfirmation", "Notification"]


# --- functions and streams, as what SNS asks of them


class Fake:
    """Stands in for services that other people model: what was asked of them."""

    def __init__(self, aws, monkeypatch):
        self.asked = []
        original = aws.call

        def call(service, operation, parameters=None, **more):
            if service in ("lambda", "firehose"):
                self.asked.append((service, operation, parameters, more))
                return {}
            return original(service, operation, parameters, **more)

        monkeypatch.setattr(aws, "call", call)


@pytest.fixture
def fake(aws, monkeypatch):
    return Fake(aws, monkeypatch)


@pytest.mark.rule("sns-034")
def test_a_function_is_invoked_with_the_message(sns, make, fake):
    topic = make()
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)["SubscriptionArn"]
    id_ = sns.publish(TopicArn=topic, Message="m")["MessageId"]
    ((service, operation, parameters, more),) = fake.asked
    assert (service, operation, more["caller"].arn) == ("lambda", "Invoke", "sns.amazonaws.com")
    assert (parameters["FunctionName"], parameters["InvocationType"]) == (function, "Event")
    (record,) = json.loads(parameters["Payload"])["Records"]
    assert {key: record[key] for key in record if key != "Sns"} == {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
    }
    note = record["Sns"]
    assert (note["MessageId"], note["Message"], note["Subject"], note["MessageAttributes"]) == (id_, "m", None, {})
    assert {"SigningCertUrl", "UnsubscribeUrl"} <= note.keys()


@pytest.mark.rule("sns-035")
def test_a_stream_gets_a_line_as_the_role(sns, make, fake):
    topic = make()
    stream = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/archive"
    role = f"arn:aws:iam::{ACCOUNT}:role/delivery"
    attributes = {"SubscriptionRoleArn": role}
    sns.subscribe(TopicArn=topic, Protocol="firehose", Endpoint=stream, Attributes=attributes)
    sns.publish(TopicArn=topic, Message="m")
    ((service, operation, parameters, more),) = fake.asked
    assert (service, operation, more["caller"]) == ("firehose", "PutRecord", role)
    assert parameters["DeliveryStreamName"] == "archive"
    data = parameters["Record"]["Data"]
    assert data.endswith(b"\n")
    note = json.loads(data)
    assert note["Message"] == "m"
    assert "Signature" not in note


def test_a_service_that_is_not_modelled_shows_in_the_journal(aws, sns, make, queue, texts):
    topic = make()
    dead, dead_arn = queue("dead")
    sns.subscribe(
        TopicArn=topic, Protocol="lambda", Endpoint=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none",
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn})},
    )  # fmt: skip
    sns.publish(TopicArn=topic, Message="m")
    assert texts(dead) == ["m"]


# --- what AWS leaves open, and the journal


@pytest.mark.aws(replay="sns.duplicate#1=1")
def test_standard_topics_deliver_at_least_once(aws, sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic, FilterPolicy={"k": [{"exists": False}]})
    sns.publish(TopicArn=topic, Message="m")
    assert texts(url) == ["m", "m"]
    (choice,) = [each for each in aws.choices if each.deviates]
    assert "delivered twice to" in choice.explain()
    assert "standard topics deliver at least once" in choice.explain()


@pytest.mark.aws(replay="sns.late#1=1")
def test_a_delivery_may_come_later_than_others(aws, sns, make, subscribe, texts):
    topic = make()
    urls = [subscribe(topic, name)[0] for name in ("one", "two")]
    sns.publish(TopicArn=topic, Message="m")
    assert [texts(url) for url in urls] == [[], ["m"]]
    aws.clock.advance(seconds=5)
    assert texts(urls[0]) == ["m"]
    (choice,) = [each for each in aws.choices if each.deviates]
    assert "delivered late to arn:aws:sqs:us-east-1:123456789012:one" in choice.explain()
    assert "promises no time" in choice.explain()


@pytest.mark.aws(replay="sns.late#2=1")
def test_a_late_message_of_a_fifo_topic_holds_up_what_follows(aws, sns, make, subscribe, texts):
    topic = make("t.fifo", ContentBasedDeduplication="true")
    url, _ = subscribe(topic, "q.fifo")
    for text, group in (("a", "other"), ("b", "g"), ("c", "g")):
        sns.publish(TopicArn=topic, Message=text, MessageGroupId=group)
    assert texts(url) == ["a"]
    aws.clock.advance(seconds=5)
    assert texts(url) == ["b", "c"]


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_what_time_brings_about_stands_alone_in_the_journal(aws, sns, make, subscribe):
    topic = make()
    subscribe(topic)
    sns.publish(TopicArn=topic, Message="m")
    assert aws.calls[-1].caused == ()
    aws.clock.advance(seconds=1)
    assert (aws.calls[-1].name, aws.calls[-1].caller) == ("sqs:SendMessage", "sns.amazonaws.com")


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_a_snapshot_has_deliveries_that_are_on_their_way(aws, sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic)
    sns.publish(TopicArn=topic, Message="m")
    before = aws.snapshot()
    for _ in range(2):
        aws.clock.advance(seconds=1)
        assert texts(url) == ["m"]
        aws.restore(before)


def test_an_endpoint_may_call_aws(aws, sns, make, subscribe, texts):
    topic, replies = make(), make("replies")
    url, _ = subscribe(replies)

    def answer(request):
        body = json.loads(request.read())
        if body["Type"] == "SubscriptionConfirmation":
            sns.confirm_subscription(TopicArn=topic, Token=body["Token"])
        else:
            sns.publish(TopicArn=replies, Message=f"re: {body['Message']}")
            # What it caused has happened when the call returns, within a delivery too.
            assert texts(url) == [f"re: {body['Message']}"]

    aws.endpoints[HOOK] = answer
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=HOOK)
    sns.publish(TopicArn=topic, Message="m")
    assert aws.service("sns", None, None).outbox[-1].delivered
    # Its calls are the program's own.
    (reply,) = [call for call in aws.calls if call.parameters.get("TopicArn") == replies and call.caused]
    assert [each.name for each in reply.caused] == ["sqs:SendMessage"]
