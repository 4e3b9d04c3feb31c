"""kombu's SQS transport, and Celery on it."""

import socket

import pytest

kombu = pytest.importorskip("kombu")
boto3 = pytest.importorskip("boto3")
pytest.importorskip("kombu.transport.SQS")


def connection(**options):
    # No pauses between polls: nobody else fills the queues meanwhile.
    options = {"region": "us-east-1", "wait_time_seconds": 0, "polling_interval": 0, **options}
    return kombu.Connection("sqs://AKIAIOSFODNN7EXAMPLE:secret@", transport_options=options)


def test_a_producer_and_a_consumer(aws):
    queue = kombu.Queue("jobs", kombu.Exchange("jobs", type="direct"), routing_key="jobs")
    taken = []

    def take(body, message):
        taken.append(body)
        message.ack()

    with connection() as broker:
        producer = broker.Producer(serializer="json")
        for number in range(25):
            producer.publish(
                {"number": number}, exchange=queue.exchange, routing_key="jobs", declare=[queue], retry=False
            )
        with broker.Consumer(queue, callbacks=[take]):
            while len(taken) < 25:
                broker.drain_events(timeout=1)
            with pytest.raises(socket.timeout):
                broker.drain_events(timeout=0.01)
    assert sorted(body["number"] for body in taken) == list(range(25))
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == left["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_what_is_not_acknowledged_comes_back(aws):
    with connection(visibility_timeout=300) as broker, broker.SimpleQueue("jobs") as queue:
        queue.put("hello")
        first = queue.get(timeout=1)
        with pytest.raises(queue.Empty):
            queue.get(timeout=0.01)
        aws.clock.advance(seconds=301)
        again = queue.get(timeout=1)
        assert again.payload == first.payload == "hello"
        again.ack()


def test_a_delayed_message(aws):
    with connection() as broker, broker.SimpleQueue("jobs") as queue:
        queue.put("later", DelaySeconds=60)
        with pytest.raises(queue.Empty):
            queue.get(timeout=0.01)
        aws.clock.advance(seconds=60)
        assert queue.get(timeout=1).payload == "later"


def test_a_fifo_queue_keeps_its_order(aws):
    boto3.client("sqs").create_queue(QueueName="jobs.fifo", Attributes={"FifoQueue": "true"})
    with connection() as broker, broker.SimpleQueue("jobs.fifo") as queue:
        for number in range(5):
            queue.put(number, MessageGroupId="one")
        taken = []
        for _ in range(5):
            message = queue.get(timeout=1)
            taken.append(message.payload)
            message.ack()
    assert taken == [0, 1, 2, 3, 4]


def test_size_and_purge(aws):
    with connection() as broker, broker.SimpleQueue("jobs") as queue:
        for number in range(12):
            queue.put(number)
        assert len(queue) == 12
        queue.clear()
        assert len(queue) == 0


@pytest.fixture
def app(aws):
    celery = pytest.importorskip("celery")
    app = celery.Celery("shop", broker="sqs://AKIAIOSFODNN7EXAMPLE:secret@", set_as_current=False)
    app.conf.update(
        broker_transport_options={"region": "us-east-1", "wait_time_seconds": 0, "polling_interval": 0},
        task_default_queue="celery-jobs",
        broker_connection_retry_on_startup=False,
        worker_hijack_root_logger=False,
    )
    return app


def test_celery_sends_and_runs_tasks(app, aws):
    ran = []

    @app.task(name="shop.ship", bind=True, max_retries=2, acks_late=True)
    def ship(self, order, fail=0):
        ran.append((order, self.request.retries))
        if self.request.retries < fail:
            raise self.retry(args=(order,), kwargs={"fail": fail}, countdown=30)

    ship.delay(1)
    ship.apply_async((2,), countdown=60)
    ship.delay(3, fail=1)

    work(app, until=lambda: len(ran) == 4)
    assert sorted(ran) == [(1, 0), (2, 0), (3, 0), (3, 1)]


def work(app, until):
    """What a worker does, in this thread: take tasks off the queue and run them in its own way."""
    from celery.app.trace import build_tracer
    from celery.worker.request import Request

    def run(body, message):
        task = app.tasks[message.headers["task"]]
        request = Request(message, app=app, task=task, on_ack=lambda log, errors: message.ack())
        tracer = build_tracer(task.name, task, app=app)
        args, kwargs, _embed = request._payload
        tracer(request.id, args, kwargs, request.request_dict)
        request.acknowledge()

    with app.connection_for_read() as broker, broker.Consumer(app.amqp.queues["celery-jobs"], callbacks=[run]):
        for _ in range(50):
            if until():
                return
            try:
                broker.drain_events(timeout=0.01)
            except OSError:
                pass
        raise AssertionError("the tasks did not run")
