"""Dead-letter queues and message move tasks."""

import json

import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")

DAY = 86400


@pytest.fixture
def pair(make, arn):
    """(source, dead-letter queue): messages leave the source after `count` receives; further attributes for both."""

    def pair(count=1, suffix="", **attributes):
        dead = make("dead" + suffix, **attributes)
        policy = {"deadLetterTargetArn": arn("dead" + suffix), "maxReceiveCount": count}
        return make("jobs" + suffix, RedrivePolicy=policy, VisibilityTimeout=0), dead

    return pair


@pytest.mark.rule("sqs-054")
def test_no_redrive_policy_unless_one_is_set(sqs, make, attributes, arn):
    url = make()
    make("dead")
    assert "RedrivePolicy" not in attributes(url)
    policy = {"deadLetterTargetArn": arn("dead"), "maxReceiveCount": "3"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
    assert json.loads(attributes(url, "RedrivePolicy")) == {**policy, "maxReceiveCount": 3}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in attributes(url)


@pytest.mark.rule("sqs-055")
def test_the_target_exists_and_is_of_the_same_type(sqs, make, attributes, refused, arn):
    url, fifo = make(), make("jobs.fifo")
    make("dead")
    make("dead.fifo")
    for queue, target, reason in (
        (url, arn("nothing"), "Dead letter target does not exist."),
        (url, "dead", "Dead letter target does not exist."),
        (url, arn("dead", region="eu-west-1"), "Dead-letter target owner should be same as the source."),
        (url, arn("dead", account="210987654321"), "Dead-letter target owner should be same as the source."),
        (url, arn("dead.fifo"), "Dead-letter queue must be same type of queue as the source."),
        (fifo, arn("dead"), "Dead-letter queue must be same type of queue as the source."),
    ):
        text = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})
        answer = refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": text})
        message = f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
        assert answer == ("InvalidParameterValue", message, 400)
        assert "RedrivePolicy" not in attributes(queue)


def test_policies_that_are_none(sqs, make, attributes, refused, arn):
    url = make()
    make("dead")
    mandatory = "Redrive policy does not contain mandatory attribute: {}."
    counted = "Invalid value for maxReceiveCount: {}, valid values are from 1 to 1000 both inclusive."
    for policy, reason in (
        ({}, mandatory.format("maxReceiveCount")),
        ({"maxReceiveCount": 1}, mandatory.format("deadLetterTargetArn")),
        ({"deadLetterTargetArn": arn("dead")}, mandatory.format("maxReceiveCount")),
        ({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 0}, counted.format(0)),
        ({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1001}, counted.format(1001)),
        ({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": "x"}, counted.format("x")),
    ):
        text = json.dumps(policy)
        answer = refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": text})
        message = f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
        assert answer == ("InvalidParameterValue", message, 400)
    for text in ("x", "[]"):
        answer = refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": text})
        assert answer == ("InvalidAttributeValue", "Invalid value for the parameter RedrivePolicy.", 400)
    assert "RedrivePolicy" not in attributes(url)
    for count in (1, 1000):
        text = json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": count})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": text})


@pytest.mark.rule("sqs-056")
def test_a_message_received_too_often_goes_to_the_dead_letter_queue(pair, send, receive, counts, arn):
    url, dead = pair(count=2)
    sent = send(url, "x")
    assert [receive(url)[0]["Attributes"]["ApproximateReceiveCount"] for _ in range(2)] == ["1", "2"]
    assert counts(dead) == (0, 0, 0)
    assert receive(url) == []
    assert counts(url) == (0, 0, 0)
    (message,) = receive(dead)
    assert message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn("jobs")


def test_the_receive_that_finds_a_dead_letter_gets_the_next_message(pair, send, bodies):
    url, dead = pair()
    send(url, "poison", "work")
    assert bodies(url, 1) == ["poison"]
    assert bodies(url) == ["work"]
    assert bodies(dead) == ["poison"]


def test_a_target_that_was_deleted_takes_nothing(sqs, pair, send, bodies):
    url, dead = pair()
    send(url, "x")
    sqs.delete_queue(QueueUrl=dead)
    assert [bodies(url) for _ in range(3)] == [["x"]] * 3


@pytest.mark.rule("sqs-057")
def test_the_sources_of_a_dead_letter_queue(sqs, make, pair, arn):
    url, dead = pair()
    policy = {"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 5}
    other = make("another", RedrivePolicy=policy)
    make("unrelated")
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [other, url]
    assert sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"] == []
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(
        QueueUrl=dead, PaginationConfig={"PageSize": 1}
    )
    assert [page["queueUrls"] for page in pages] == [[other], [url]]


@pytest.mark.rule("sqs-058")
def test_retention_counts_from_the_first_send(aws, pair, send, receive, counts):
    url, dead = pair(MessageRetentionPeriod=4 * DAY)
    send(url, "x")
    aws.clock.advance(days=3)
    receive(url)
    receive(url)
    assert counts(dead) == (1, 0, 0)
    aws.clock.advance(days=1, seconds=-0.1)
    assert counts(dead) == (1, 0, 0)
    aws.clock.advance(seconds=0.1)
    assert counts(dead) == (0, 0, 0)


@pytest.mark.rule("sqs-058")
def test_retention_counts_anew_in_a_fifo_dead_letter_queue(aws, pair, send, receive, counts):
    url, dead = pair(suffix=".fifo", MessageRetentionPeriod=4 * DAY)
    sent = send(url, "x")
    aws.clock.advance(days=3)
    receive(url)
    receive(url)
    aws.clock.advance(days=3)
    assert counts(dead) == (1, 0, 0)
    (message,) = receive(dead)
    assert message["MessageId"] == message["Attributes"]["MessageDeduplicationId"] == sent["MessageId"]
    assert message["Attributes"]["SentTimestamp"] == str(1767225600000 + 3 * DAY * 1000)
    aws.clock.advance(days=1)
    assert counts(dead) == (0, 0, 0)


def test_a_dead_letter_lets_its_group_go_on(pair, send, bodies):
    url, dead = pair(suffix=".fifo")
    send(url, "poison", "work")
    assert bodies(url, 1) == ["poison"]
    assert bodies(url) == ["work"]
    assert bodies(dead) == ["poison"]


def test_who_may_use_a_queue_for_dead_letters(sqs, make, attributes, refused, arn):
    make("jobs")
    text = json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1})
    set_policy = {"QueueUrl": make("jobs"), "Attributes": {"RedrivePolicy": text}}
    dead = make("dead", RedriveAllowPolicy={"redrivePermission": "denyAll"})
    assert refused(sqs.set_queue_attributes, **set_policy)[0] == "InvalidParameterValue"
    assert refused(make, name="new", RedrivePolicy=text)[0] == "InvalidParameterValue"
    for sources, allowed in ((["other"], False), (["other", "jobs"], True)):
        policy = {"redrivePermission": "byQueue", "sourceQueueArns": [arn(name) for name in sources]}
        sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(policy)})
        assert json.loads(attributes(dead, "RedriveAllowPolicy")) == policy
        if allowed:
            sqs.set_queue_attributes(**set_policy)
        else:
            assert refused(sqs.set_queue_attributes, **set_policy)[0] == "InvalidParameterValue"


def test_redrive_allow_policies_that_are_none(sqs, make, attributes, refused, arn):
    url = make()
    for policy in (
        {},
        {"redrivePermission": "some"},
        {"redrivePermission": "byQueue"},
        {"redrivePermission": "allowAll", "sourceQueueArns": [arn("a")]},
        {"redrivePermission": "byQueue", "sourceQueueArns": [arn(f"q{n}") for n in range(11)]},
    ):
        text = json.dumps(policy)
        code, message, _ = refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedriveAllowPolicy": text})
        assert code == "InvalidParameterValue"
        assert message.startswith(f"Value {text} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't")
    assert "RedriveAllowPolicy" not in attributes(url)
    ten = {"redrivePermission": "byQueue", "sourceQueueArns": [arn(f"q{n}") for n in range(10)]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": json.dumps(ten)})


@pytest.fixture
def dead_letters(pair, send, receive):
    """(source, dead-letter queue) with so many messages in the latter."""

    def dead_letters(count, **options):
        url, dead = pair(**options)
        send(url, *(f"m{n}" for n in range(count)))
        for _ in range(count + 1):
            receive(url, 10)
        return url, dead

    return dead_letters


@pytest.mark.rule("sqs-059")
def test_dead_letters_are_read_or_sent_back(sqs, dead_letters, receive, bodies, counts, arn):
    url, dead = dead_letters(3)
    assert counts(dead) == (3, 0, 0)
    assert bodies(dead, VisibilityTimeout=0) == ["m0", "m1", "m2"]
    before = {message["MessageId"] for message in receive(dead, 10, VisibilityTimeout=0)}
    handle = sqs.start_message_move_task(SourceArn=arn("dead"))["TaskHandle"]
    (task,) = sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"]
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": arn("dead"),
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 3,
        "StartedTimestamp": 1767225600000,
    }
    assert handle
    assert counts(dead) == (0, 0, 0)
    messages = receive(url, 10)
    assert [message["Body"] for message in messages] == ["m0", "m1", "m2"]
    # They are new messages: another id, received for the first time.
    assert not before & {message["MessageId"] for message in messages}
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in messages} == {"1"}
    assert not any("DeadLetterQueueSourceArn" in message["Attributes"] for message in messages)


def test_dead_letters_go_where_one_says(sqs, make, dead_letters, bodies, arn):
    _, dead = dead_letters(2)
    other = make("other")
    sqs.start_message_move_task(SourceArn=arn("dead"), DestinationArn=arn("other"))
    assert bodies(other) == ["m0", "m1"]
    assert bodies(dead) == []
    (task,) = sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"]
    assert task["DestinationArn"] == arn("other")


def test_a_move_in_its_own_time(aws, sqs, dead_letters, counts, refused, arn):
    url, dead = dead_letters(5)
    handle = sqs.start_message_move_task(SourceArn=arn("dead"), MaxNumberOfMessagesPerSecond=2)["TaskHandle"]
    (task,) = sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"]
    assert task["Status"] == "RUNNING"
    assert task["TaskHandle"] == handle
    assert task["MaxNumberOfMessagesPerSecond"] == 2
    assert task["ApproximateNumberOfMessagesMoved"] == 2
    busy = (
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        400,
    )
    assert refused(sqs.start_message_move_task, SourceArn=arn("dead")) == busy
    aws.clock.advance(seconds=1)
    assert counts(url) == (4, 0, 0)
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 4
    aws.clock.advance(seconds=5)
    assert counts(dead) == (1, 0, 0)
    (task,) = sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"]
    assert task["Status"] == "CANCELLED"
    assert "TaskHandle" not in task
    assert refused(sqs.cancel_message_move_task, TaskHandle=handle)[0] == "InvalidParameterValue"
    sqs.start_message_move_task(SourceArn=arn("dead"))
    assert counts(url) == (5, 0, 0)
    latest = sqs.list_message_move_tasks(SourceArn=arn("dead"), MaxResults=10)["Results"]
    assert [task["Status"] for task in latest] == ["COMPLETED", "CANCELLED"]


def test_a_message_that_came_from_nowhere_cannot_go_back(sqs, dead_letters, send, counts, arn):
    _, dead = dead_letters(1)
    send(dead, "direct")
    sqs.start_message_move_task(SourceArn=arn("dead"))
    (task,) = sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert task["ApproximateNumberOfMessagesMoved"] == 1
    assert counts(dead) == (1, 0, 0)


def test_moves_that_cannot_start(sqs, make, pair, refused, arn):
    pair()
    make("other")
    make("other.fifo")
    none = "The resource that you specified for the {} parameter doesn't exist."
    for parameters, code, message in (
        ({"SourceArn": arn("nothing")}, "ResourceNotFoundException", none.format("SourceArn")),
        ({"SourceArn": arn("dead", region="eu-west-1")}, "ResourceNotFoundException", none.format("SourceArn")),
        (
            {"SourceArn": arn("dead"), "DestinationArn": arn("nothing")},
            "ResourceNotFoundException",
            none.format("DestinationArn"),
        ),
        (
            {"SourceArn": arn("other")},
            "InvalidParameterValue",
            "Source queue must be configured as a Dead Letter Queue.",
        ),
    ):
        answer = refused(sqs.start_message_move_task, **parameters)
        assert answer == (code, message, 404 if code.startswith("Resource") else 400)
    for parameters in (
        {"SourceArn": "x"},
        {"SourceArn": arn("dead"), "DestinationArn": arn("dead")},
        {"SourceArn": arn("dead"), "DestinationArn": arn("other.fifo")},
        {"SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": 501},
        {"SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": 0},
    ):
        assert refused(sqs.start_message_move_task, **parameters)[0] == "InvalidParameterValue"
    assert "Results" not in sqs.list_message_move_tasks(SourceArn=arn("dead"))
    wrong = ("InvalidParameterValue", "Value for parameter TaskHandle is invalid.", 400)
    assert refused(sqs.cancel_message_move_task, TaskHandle="foobared") == wrong
    assert refused(sqs.list_message_move_tasks, SourceArn=arn("dead"), MaxResults=11)[0] == "InvalidParameterValue"


def test_messages_that_appear_while_a_task_runs_are_moved_in_their_turn(aws, sqs, dead_letters, receive, bodies, arn):
    url, dead = dead_letters(3)
    sqs.start_message_move_task(SourceArn=arn("dead"), MaxNumberOfMessagesPerSecond=1)
    assert bodies(dead, 1, VisibilityTimeout=1) == ["m1"]
    aws.clock.advance(seconds=2)
    assert bodies(url) == ["m0", "m1", "m2"]


@pytest.mark.aws(limits={"sqs.move-tasks": 1})
def test_so_many_tasks_at_once(sqs, make, dead_letters, refused, arn):
    dead_letters(2)
    make("dead-too")
    make("more", RedrivePolicy={"deadLetterTargetArn": arn("dead-too"), "maxReceiveCount": 1})
    handle = sqs.start_message_move_task(SourceArn=arn("dead"), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    code, _, status = refused(sqs.start_message_move_task, SourceArn=arn("dead-too"))
    assert (code, status) == ("OverLimit", 403)
    sqs.cancel_message_move_task(TaskHandle=handle)
    sqs.start_message_move_task(SourceArn=arn("dead-too"))
