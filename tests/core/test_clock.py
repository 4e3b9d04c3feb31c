"""Virtual time, scheduled work and waits, through a toy service on SQS's model."""

import asyncio
import threading
import time as real

import pytest
from freezegun import freeze_time

from awsim.cloud import Cloud
from awsim.errors import AWSError, AwsimError
from awsim.gateway import plan
from awsim.service import Service
from awsim.state import Collection, Deque, Entity, Lifecycle


class Line(Entity):
    def __init__(self, name):
        self.name = name
        self.messages = Deque()


class Toy(Service):
    """SQS's operations, as little of them as a clock needs."""

    name = "sqs"
    lines = Collection("queue", missing=("QueueDoesNotExist", "The specified queue does not exist."))

    def setup(self):
        self.lines.add(Line("a"))
        self.ran = Deque()

    def send_message(self, QueueUrl, MessageBody, DelaySeconds=0):
        self.later(DelaySeconds, "_deliver", queue=QueueUrl, body=MessageBody)
        return {"MessageId": self.ids.uuid("message")}

    def _deliver(self, queue, body):
        self.ran.append((body, self.clock.time()))
        if body == "refused":
            raise AWSError("AccessDenied", "no")
        if body == "bug":
            raise ZeroDivisionError(body)
        if body == "again":
            self.later(5, "_deliver", queue=queue, body="second")
        self.lines[queue].messages.append(body)

    def receive_message(self, QueueUrl, WaitTimeSeconds=0):
        messages = self.lines[QueueUrl].messages
        if not messages:
            self.wait(WaitTimeSeconds, ready=lambda: messages)
        return {"Messages": [{"Body": messages.popleft()}]} if messages else {}


@pytest.fixture
def cloud(monkeypatch):
    genuine = plan.service_class
    monkeypatch.setattr(plan, "service_class", lambda name: Toy if name == "sqs" else genuine(name))
    monkeypatch.setattr(plan, "_plans", {})
    return Cloud()


def toy(cloud):
    return cloud.service("sqs", None, None)


def test_the_clock_shows_the_process_time_until_it_is_moved():
    clock = Cloud().clock
    assert abs(clock.time() - real.time()) < 5
    before = clock.now()
    after = clock.advance(minutes=5)
    assert 300 <= (after - before).total_seconds() < 305


def test_time_moves_forward_only():
    clock = Cloud().clock
    with pytest.raises(AwsimError, match="forward only"):
        clock.advance(seconds=-1)
    with pytest.raises(AwsimError, match="has passed"):
        clock.advance_to("2001-01-01")
    with pytest.raises(AwsimError, match="2026-01-01"):
        clock.advance_to("yesterday")


def test_a_users_freeze_time_moves_the_cloud(cloud):
    with freeze_time("2030-05-01") as frozen:
        assert cloud.clock.now().isoformat() == "2030-05-01T00:00:00+00:00"
        frozen.tick(60)
        assert cloud.clock.now().isoformat() == "2030-05-01T00:01:00+00:00"
        cloud.clock.advance(hours=1)
        assert cloud.clock.now().isoformat() == "2030-05-01T01:01:00+00:00"


def test_due_work_runs_in_order_each_at_its_own_time(cloud):
    with freeze_time("2030-01-01"):
        start = cloud.clock.time()
        for body, delay in (("third", 30), ("first", 10), ("again", 20)):
            cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody=body, DelaySeconds=delay)
        cloud.clock.advance(minutes=1)
        assert [(body, when - start) for body, when in toy(cloud).ran] == [
            ("first", 10), ("again", 20), ("second", 25), ("third", 30),
        ]  # fmt: skip
        assert cloud.clock.time() - start == 60


def test_work_due_now_has_happened_when_the_call_is_answered(cloud):
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="now")
    assert [body for body, _ in toy(cloud).ran] == ["now"]


def test_refused_work_takes_awss_route_and_a_bug_is_raised(cloud):
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="refused")
    with pytest.raises(ZeroDivisionError):
        cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="bug")
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="fine")
    assert list(toy(cloud).lines["a"].messages) == ["fine"]


def test_a_long_poll_jumps_the_clock_when_nobody_else_is_active(cloud):
    begun, start = real.monotonic(), cloud.clock.time()
    assert cloud.call("sqs", "ReceiveMessage", QueueUrl="a", WaitTimeSeconds=20) == {}
    assert 20 <= cloud.clock.time() - start < 21
    assert real.monotonic() - begun < 5


def test_a_long_poll_returns_when_its_message_comes(cloud):
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="late", DelaySeconds=7)
    start = cloud.clock.time()
    answer = cloud.call("sqs", "ReceiveMessage", QueueUrl="a", WaitTimeSeconds=20)
    assert answer["Messages"][0]["Body"] == "late"
    assert 6.5 < cloud.clock.time() - start < 8


def test_a_long_poll_waits_in_real_time_while_another_thread_is_active(cloud):
    """The other thread has called and lives: only its message may end the wait, and the clock must not jump."""
    received, polling = [], threading.Event()
    genuine = cloud.clock.wait_until

    def wait_until(*arguments):
        polling.set()
        return genuine(*arguments)

    cloud.clock.wait_until = wait_until
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="first")
    cloud.call("sqs", "ReceiveMessage", QueueUrl="a")
    start = cloud.clock.time()
    poller = threading.Thread(
        target=lambda: received.append(cloud.call("sqs", "ReceiveMessage", QueueUrl="a", WaitTimeSeconds=20))
    )
    poller.start()
    assert polling.wait(10)
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="from the other thread")
    poller.join(10)
    assert received[0]["Messages"][0]["Body"] == "from the other thread"
    assert cloud.clock.time() - start < 15


def test_advance_ends_the_wait_of_another_thread(cloud):
    polling, received = threading.Event(), []
    genuine = cloud.clock.wait_until

    def wait_until(*arguments):
        polling.set()
        return genuine(*arguments)

    cloud.clock.wait_until = wait_until
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="x", DelaySeconds=900)
    poller = threading.Thread(
        target=lambda: received.append(cloud.call("sqs", "ReceiveMessage", QueueUrl="a", WaitTimeSeconds=20))
    )
    poller.start()
    assert polling.wait(10)
    cloud.clock.advance(seconds=30)
    poller.join(10)
    assert received == [{}]


def test_when_all_wait_the_clock_jumps_to_the_earliest(cloud):
    """Two pollers and a message due in 3 s, nobody else: neither needs real time."""
    cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="one", DelaySeconds=3)
    answers = []

    def poll():
        answers.append(cloud.call("sqs", "ReceiveMessage", QueueUrl="a", WaitTimeSeconds=20))

    cloud.participants._threads.clear()  # this thread steps back: it waits for the others, not for AWS
    begun = real.monotonic()
    threads = [threading.Thread(target=poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert sorted(len(answer.get("Messages", [])) for answer in answers) == [0, 1]
    assert real.monotonic() - begun < 10


def test_a_restore_takes_clock_and_scheduled_work_back(cloud):
    with freeze_time("2030-01-01"):
        cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="kept", DelaySeconds=60)
        before = cloud.snapshot()
        cloud.call("sqs", "SendMessage", QueueUrl="a", MessageBody="dropped", DelaySeconds=30)
        cloud.clock.advance(minutes=2)
        assert [body for body, _ in toy(cloud).ran] == ["dropped", "kept"]
        cloud.restore(before)
        assert cloud.clock.now().isoformat() == "2030-01-01T00:00:00+00:00"
        assert list(toy(cloud).ran) == []
        cloud.clock.advance(minutes=2)
        assert [body for body, _ in toy(cloud).ran] == ["kept"]


def test_cancelled_work_does_not_run(cloud):
    cloud.call("sqs", "ReceiveMessage", QueueUrl="a")
    job = toy(cloud).later(5, "_deliver", queue="a", body="never")
    assert toy(cloud).cancel(job)
    assert not toy(cloud).cancel(job)
    cloud.clock.advance(seconds=10)
    assert not toy(cloud).ran


@pytest.mark.parametrize("mode", ["instant", "timed"])
def test_a_lifecycle_shows_its_first_state_in_the_answer_that_starts_it(mode, monkeypatch):
    cloud = Cloud(lifecycle=mode)
    with freeze_time("2030-01-01"):
        service = Toy(cloud, "123456789012", "us-east-1", "aws")
        monkeypatch.setattr(type(service.limits), "duration", lambda self, row: 10.0 if mode == "timed" else 0.0)
        lifecycle = Lifecycle(service, [("CREATING", "create"), ("ACTIVE", None)])
        assert lifecycle.state == "CREATING"
        if mode == "instant":
            cloud.program_calls += 1
        else:
            cloud.clock.advance(seconds=9)
            assert lifecycle.state == "CREATING"
            cloud.clock.advance(seconds=1)
        assert lifecycle.state == "ACTIVE"


def test_a_task_that_waits_alone_jumps_the_clock(cloud):
    """Also where the thread that runs its loop has made calls before."""
    cloud.call("sqs", "ReceiveMessage", QueueUrl="a")
    start, begun = cloud.clock.time(), real.monotonic()

    async def poll():
        cloud.participants.add_task()
        await cloud.clock.sleep_async(20)

    asyncio.run(poll())
    assert cloud.clock.time() - start >= 20
    assert real.monotonic() - begun < 5


def test_a_task_waits_in_real_time_for_another_task(cloud):
    """The other one has called and has something to do still: time must not jump past it."""
    start = cloud.clock.time()
    ready = []

    async def other():
        cloud.participants.add_task()
        for _ in range(20):
            await asyncio.sleep(0.001)
        with cloud.exclusive():
            ready.append(cloud.clock.time())
            cloud.clock.changed()

    async def poll():
        cloud.participants.add_task()
        task = asyncio.create_task(other())
        found = await cloud.clock.wait_until_async(start + 20, ready=lambda: ready)
        await task
        return found

    assert asyncio.run(poll())
    assert cloud.clock.time() - start < 10


def test_a_blocking_wait_inside_a_loop_jumps_the_clock(cloud):
    """Tasks of the loop that it blocks cannot act: they need not be waited for."""
    start, begun = cloud.clock.time(), real.monotonic()

    async def idle():
        cloud.participants.add_task()
        await asyncio.Event().wait()

    async def main():
        task = asyncio.create_task(idle())
        await asyncio.sleep(0)
        cloud.call("sqs", "ReceiveMessage", QueueUrl="a", WaitTimeSeconds=20)
        task.cancel()

    asyncio.run(main())
    assert cloud.clock.time() - start >= 20
    assert real.monotonic() - begun < 5
