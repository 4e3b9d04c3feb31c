"""Task queues on SQS, unmodified, fed by SNS: Celery, dramatiq-sqs, pyqs; a consumer of Kinesis with processes."""

import base64
import json
import time

import boto3
import pytest

REGION = "us-east-1"


@pytest.fixture
def region(monkeypatch):
    # These libraries look for it in the environment, and nowhere else.
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def fed(queue):
    """A topic that hands what is published on to a queue, as it is: its ARN."""
    sns, sqs = boto3.client("sns", region_name=REGION), boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=f"{queue}-topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return topic


def left(queue):
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])


def test_celery_works_off_what_was_published(aws, region):
    """Its worker's own loop speaks HTTP through pycurl, which nothing can answer in process; kombu's does not."""
    celery = pytest.importorskip("celery")
    pytest.importorskip("kombu.transport.SQS")
    app = celery.Celery("photos", broker="sqs://")
    app.conf.update(
        broker_transport_options={"region": REGION, "wait_time_seconds": 0, "polling_interval": 0},
        task_default_queue="photos",
        worker_enable_remote_control=False,
    )
    done = []

    @app.task(name="resize")
    def resize(name, width):
        done.append((name, width))

    topic = fed("photos")
    resize.delay("a.jpg", 100)
    # What Celery has put into the queue, SNS can bring as well.
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.get_queue_url(QueueName="photos")["QueueUrl"]
    (own,) = sqs.receive_message(QueueUrl=url)["Messages"]
    body = own["Body"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=own["ReceiptHandle"], VisibilityTimeout=0)
    boto3.client("sns", region_name=REGION).publish(TopicArn=topic, Message=body)
    with app.connection() as connection:
        queue = app.amqp.queues["photos"]

        def work(body, message):
            task = app.tasks[message.headers["task"]]
            args, kwargs, _ = body
            task(*args, **kwargs)
            message.ack()

        with connection.Consumer(queue, callbacks=[work]):
            while len(done) < 2:
                connection.drain_events(timeout=5)
    assert done == [("a.jpg", 100)] * 2
    assert left("photos") == (0, 0)


def test_dramatiq_works_off_what_was_published(aws, region):
    dramatiq = pytest.importorskip("dramatiq")
    pytest.importorskip("dramatiq_sqs")
    from dramatiq_sqs import SQSBroker

    broker = SQSBroker(middleware=[], dead_letter=True, region_name=REGION)
    done = []

    @dramatiq.actor(broker=broker, queue_name="photos")
    def resize(name, width):
        done.append((name, width))

    topic = fed("photos")
    resize.send("own.jpg", 1)
    encoded = base64.b64encode(resize.message("published.jpg", 2).encode()).decode()
    boto3.client("sns", region_name=REGION).publish(TopicArn=topic, Message=encoded)
    consumer = broker.consume("photos", prefetch=2, timeout=1000)
    for message in consumer:
        if message is None:
            break
        broker.get_actor(message.actor_name)(*message.args, **message.kwargs)
        consumer.ack(message)
    assert sorted(done) == [("own.jpg", 1), ("published.jpg", 2)]
    assert left("photos") == (0, 0)
    resize.send("broken.jpg", 3)
    (message,) = (message for message in [next(consumer)] if message is not None)
    consumer.nack(message)
    assert (left("photos"), left("photos_dlq")) == ((0, 0), (1, 0))


def test_pyqs_works_off_what_was_published(aws, region):
    pytest.importorskip("pyqs")
    from pyqs import task
    from pyqs.worker import SimpleProcessWorker

    from tests.ecosystem import jobs

    jobs.done.clear()
    topic = fed("photos")
    task(queue="photos", custom_function_path="tests.ecosystem.jobs.resize")(jobs.resize).delay("own.jpg", width=1)
    message = {"task": "tests.ecosystem.jobs.resize", "args": ["published.jpg"], "kwargs": {"width": 2}}
    boto3.client("sns", region_name=REGION).publish(TopicArn=topic, Message=json.dumps(message))
    failing = {"task": "tests.ecosystem.jobs.fail", "args": ["x"], "kwargs": {}}
    boto3.client("sns", region_name=REGION).publish(TopicArn=topic, Message=json.dumps(failing))
    url = boto3.client("sqs", region_name=REGION).get_queue_url(QueueName="photos")["QueueUrl"]
    # The worker is a process that loops over these two steps; here they are taken in the test's own.
    worker = SimpleProcessWorker(url, 0, 10, connection_args={}, parent_id=1)
    for message in worker.read_message():
        packed = {"queue": url, "message": message, "start_time": time.time(), "timeout": 30}
        assert worker.process_message(packed)
    assert sorted(jobs.done) == [("own.jpg", 1), ("published.jpg", 2)]
    assert left("photos") == (0, 1)  # what failed comes again once its visibility timeout is over


def test_kinesis_python_reads_what_was_put(aws, region):
    """Its readers are processes of their own: forked, they read the copy of AWS that the fork gave them."""
    consumer_module = pytest.importorskip("kinesis.consumer")
    if not hasattr(consumer_module, "KinesisConsumer"):
        pytest.skip("another library is installed as `kinesis`")
    kinesis = boto3.client("kinesis", region_name=REGION)
    kinesis.create_stream(StreamName="clicks", ShardCount=2)
    for number in range(20):
        kinesis.put_record(StreamName="clicks", Data=str(number).encode(), PartitionKey=str(number))

    class State:
        """Where to begin, and how far it came."""

        def __init__(self):
            self.checkpoints = {}

        def lock_shard(self, shard, seconds):
            return True

        def get_iterator_args(self, shard):
            return {"ShardIteratorType": "TRIM_HORIZON"}

        def checkpoint(self, shard, number):
            self.checkpoints.setdefault(shard, []).append(int(number))

    state, got = State(), []
    consumer = consumer_module.KinesisConsumer("clicks", state=state, reader_sleep_time=0.05)
    try:
        for record in consumer:
            got.append(int(record["Data"]))
            if len(got) == 20:
                break
    finally:
        consumer.shutdown()
    assert sorted(got) == list(range(20))
    assert len(state.checkpoints) == 2
    assert all(numbers == sorted(numbers) for numbers in state.checkpoints.values())
