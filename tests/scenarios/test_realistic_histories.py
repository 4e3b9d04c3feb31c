"""Random histories: `eventual` shows only what some legal history of AWS could show, `strong` always the latest.

A model of each service says what is legal: which values a read could return, which messages a receive could.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awsim import AWSError, Cloud

checked = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
seeds = st.integers(0, 1_000)

# --- DynamoDB

LAG = 1  # second: the rows read-lag and index-lag
KEYS = st.sampled_from("abc")
COLOURS = st.sampled_from(["red", "green"])
table_steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, COLOURS),
        st.tuples(st.just("delete"), KEYS),
        st.tuples(st.just("add"), KEYS),
        st.tuples(st.just("get"), KEYS, st.booleans()),
        st.tuples(st.just("scan"), st.booleans()),
        st.tuples(st.just("query"), COLOURS),
        st.tuples(st.just("advance"), st.sampled_from([0.25, 0.5, 1.0, 2.0])),
    ),
    max_size=40,
)


class TableModel:
    """What each key held, and since when: [(time, colour and number, or None)], oldest first."""

    def __init__(self, keys):
        self.history = {key: [(float("-inf"), None)] for key in keys}

    def write(self, now, key, value):
        self.history[key].append((now, value))

    def latest(self, key):
        return self.history[key][-1][1]

    def possible(self, key, now, lag):
        """What a copy that is at most `lag` behind could show of a key."""
        entries = self.history[key]
        values = []
        for (_, value), later in zip(entries, [*entries[1:], (float("inf"), None)], strict=True):
            if later[0] > now - lag:
                values.append(value)
        return values


def run_table(steps, consistency, seed):
    """Runs the steps and checks every answer; returns all answers, for comparing runs."""
    cloud = Cloud(consistency=consistency, seed=seed, at="2026-01-01")
    now = [cloud.clock.time()]
    cloud.clock.time = lambda: now[0]
    lag = LAG if consistency == "eventual" else 0

    def call(operation, **parameters):
        return cloud.call("dynamodb", operation, TableName="orders", **parameters)

    call(
        "CreateTable",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "colour")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-colour",
                "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    model = TableModel("abc")
    answers = []

    def value(item):
        return None if item is None else (item["colour"]["S"], int(item["n"]["N"]))

    def check(seen, key, lag):
        legal = model.possible(key, now[0], lag)
        assert seen in legal, f"{key} was {seen}, could be {legal}"
        if not lag:
            assert seen == model.latest(key)

    for number, (kind, *rest) in enumerate(steps):
        if kind == "put":
            key, colour = rest
            item = {"id": {"S": key}, "colour": {"S": colour}, "n": {"N": str(number)}}
            answers.append(call("PutItem", Item=item))
            model.write(now[0], key, (colour, number))
        elif kind == "delete":
            answers.append(call("DeleteItem", Key={"id": {"S": rest[0]}}))
            model.write(now[0], rest[0], None)
        elif kind == "add":
            (key,) = rest
            # Whatever reads show: conditions and updates are of the latest.
            try:
                answer = call(
                    "UpdateItem",
                    Key={"id": {"S": key}},
                    UpdateExpression="ADD n :one",
                    ConditionExpression="attribute_exists(id)",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                    ReturnValues="ALL_NEW",
                )
            except AWSError as error:
                assert error.code == "ConditionalCheckFailedException"
                assert model.latest(key) is None
                continue
            colour, n = model.latest(key)
            assert value(answer["Attributes"]) == (colour, n + 1)
            model.write(now[0], key, (colour, n + 1))
            answers.append(answer)
        elif kind == "get":
            key, consistent = rest
            answers.append(call("GetItem", Key={"id": {"S": key}}, ConsistentRead=consistent))
            check(value(answers[-1].get("Item")), key, 0 if consistent else lag)
        elif kind == "scan":
            (consistent,) = rest
            answers.append(call("Scan", ConsistentRead=consistent))
            seen = {item["id"]["S"]: value(item) for item in answers[-1]["Items"]}
            for key in "abc":
                check(seen.get(key), key, 0 if consistent else lag)
        elif kind == "query":
            (colour,) = rest
            answers.append(
                call(
                    "Query",
                    IndexName="by-colour",
                    KeyConditionExpression="colour = :c",
                    ExpressionAttributeValues={":c": {"S": colour}},
                )
            )
            seen = {item["id"]["S"]: value(item) for item in answers[-1]["Items"]}
            assert len(seen) == len(answers[-1]["Items"])
            for key in "abc":
                legal = [one if one and one[0] == colour else None for one in model.possible(key, now[0], lag)]
                assert seen.get(key) in legal
                if not lag:
                    assert seen.get(key) == legal[-1]
        else:
            now[0] += rest[0]
    return repr(answers)


@pytest.mark.parametrize("consistency", ["strong", "eventual"])
@given(steps=table_steps, seed=seeds)
@checked
def test_dynamodb_shows_what_could_be(consistency, steps, seed):
    run_table(steps, consistency, seed)


@given(steps=table_steps, seed=seeds)
@checked
def test_dynamodb_same_seed_same_run(steps, seed):
    assert run_table(steps, "eventual", seed) == run_table(steps, "eventual", seed)


def test_dynamodb_is_stale_now_and_then():
    steps = [("put", "a", "red"), ("advance", 2.0), ("put", "a", "green")] + [("get", "a", False)] * 20
    answers = run_table(steps, "eventual", seed=1)
    assert "'red'" in answers
    assert "'green'" in answers


# --- SQS

queue_steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 3)),
        st.tuples(st.just("receive"), st.integers(1, 10), st.sampled_from([0, 1])),
        st.tuples(st.just("delete"), st.integers(0, 20)),
        st.tuples(st.just("advance"), st.sampled_from([1, 10, 31])),
    ),
    max_size=40,
)


def run_queue(steps, consistency, seed, *, fifo):
    cloud = Cloud(consistency=consistency, seed=seed, at="2026-01-01")
    now = [cloud.clock.time()]
    cloud.clock.time = lambda: now[0]
    cloud.clock._set = lambda target: now.__setitem__(0, max(now[0], target))

    def call(operation, **parameters):
        return cloud.call("sqs", operation, **parameters)

    options = {"Attributes": {"FifoQueue": "true"}} if fifo else {}
    url = call("CreateQueue", QueueName="q.fifo" if fifo else "q", **options)["QueueUrl"]
    exact = fifo or consistency == "strong"
    sent, deleted, handles, answers = [], set(), [], []
    hidden_until = {}

    def receive(most, wait):
        answer = call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=most, WaitTimeSeconds=wait)
        answers.append(answer)
        bodies = [message["Body"] for message in answer.get("Messages", ())]
        assert len(bodies) <= most
        assert len(set(bodies)) == len(bodies)
        assert set(bodies) <= set(sent)
        if exact:
            # In order, none twice, none that was deleted or is in flight, and as many as there are.
            left = [body for body in sent if body not in deleted]
            there = [body for body in left if hidden_until.get(body, 0) <= now[0]]
            if fifo and len(there) < len(left):
                there = []  # one group: while any is in flight, the rest waits
            assert bodies == there[:most]
        for message in answer.get("Messages", ()):
            hidden_until[message["Body"]] = now[0] + 30
            handles.append((message["Body"], message["ReceiptHandle"]))
        return bodies

    for kind, *rest in steps:
        if kind == "send":
            for _ in range(rest[0]):
                body = str(len(sent))
                group = {"MessageGroupId": "g", "MessageDeduplicationId": body} if fifo else {}
                answers.append(call("SendMessage", QueueUrl=url, MessageBody=body, **group))
                sent.append(body)
        elif kind == "receive":
            receive(*rest)
        elif kind == "delete" and rest[0] < len(handles):
            # The newest handle of a message that is still in flight: what is sure to delete it.
            body = handles[rest[0]][0]
            handle = next(one for of, one in reversed(handles) if of == body)
            if hidden_until[body] > now[0]:
                call("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
                deleted.add(body)
        elif kind == "advance":
            now[0] += rest[0]
    # Nothing is lost: who goes on receiving gets all that was not deleted.
    seen = set()
    empty = 0
    while empty < 4:
        now[0] += 31
        bodies = receive(10, 1)
        for body, handle in handles[-len(bodies) :] if bodies else ():
            seen.add(body)
            call("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
            deleted.add(body)
        empty = 0 if bodies else empty + 1
    assert {body for body in sent if body not in deleted} == set()
    return repr(answers)


@pytest.mark.parametrize("consistency", ["strong", "eventual"])
@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
@given(steps=queue_steps, seed=seeds)
@checked
def test_sqs_delivers_what_could_be(consistency, fifo, steps, seed):
    run_queue(steps, consistency, seed, fifo=fifo)


@given(steps=queue_steps, seed=seeds)
@checked
def test_sqs_same_seed_same_run(steps, seed):
    assert run_queue(steps, "eventual", seed, fifo=False) == run_queue(steps, "eventual", seed, fifo=False)
