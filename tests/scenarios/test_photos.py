"""Upload -> queue -> worker -> table, and what may go wrong on the way."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).parent))
import photos


@pytest.fixture
def queues(aws):
    return photos.set_up()


def counts(queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = photos.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return tuple(int(found[name]) for name in names)


def test_what_is_uploaded_is_found(queues, aws):
    work, dead = queues
    for number in range(5):
        photos.upload(work, "jane", f"{number}.jpg", b"x" * (number + 1))
    photos.upload(work, "joe", "cat.jpg", b"meow")
    assert sorted(photos.work_off(work)) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "cat.jpg"]
    assert photos.of_owner("jane") == [(f"{number}.jpg", number + 1) for number in (4, 3, 2, 1, 0)]
    assert photos.of_owner("joe") == [("cat.jpg", 4)]
    assert counts(work) == counts(dead) == (0, 0)
    assert {call.service for call in aws.calls} == {"s3", "sqs", "dynamodb"}


def test_a_photo_that_changes_is_indexed_again(queues):
    work, _ = queues
    photos.upload(work, "jane", "a.jpg", b"first")
    photos.work_off(work)
    first = photos.photos.get_item(Key={"name": "a.jpg"})["Item"]["version"]
    photos.upload(work, "jane", "a.jpg", b"the second")
    photos.sqs.send_message(QueueUrl=work, MessageBody=json.dumps({"name": "a.jpg"}))  # and told twice
    assert photos.work_off(work) == ["a.jpg", "a.jpg"]
    assert photos.of_owner("jane") == [("a.jpg", 10)]
    old = photos.s3.get_object(Bucket="photos", Key="a.jpg", VersionId=first)
    assert old["Body"].read() == b"first"


def test_what_cannot_be_read_ends_in_the_dead_letter_queue(queues, aws):
    work, dead = queues
    photos.upload(work, "jane", "broken.jpg", b"")
    photos.upload(work, "jane", "fine.jpg", b"ok")
    assert photos.work_off(work, wait=0) == ["fine.jpg"]
    for _ in range(2):
        assert counts(work) == (0, 1)
        aws.clock.advance(seconds=61)
        assert photos.work_off(work, wait=0) == []
    aws.clock.advance(seconds=61)
    assert photos.work_off(work, wait=0) == []
    assert (counts(work), counts(dead)) == ((0, 0), (1, 0))
    (message,) = photos.sqs.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == {"name": "broken.jpg"}
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(":photos")

    # Somebody repairs it and sends everything back.
    photos.s3.put_object(Bucket="photos", Key="broken.jpg", Body=b"repaired", Metadata={"owner": "jane"})
    aws.clock.advance(seconds=31)
    photos.sqs.start_message_move_task(SourceArn=message["Attributes"]["DeadLetterQueueSourceArn"] + "-dead")
    assert photos.work_off(work) == ["broken.jpg"]
    assert photos.of_owner("jane") == [("broken.jpg", 8), ("fine.jpg", 2)]


def test_many_workers_share_the_work(queues):
    """Every photo is indexed once, by whichever of the threads took it."""
    work, _ = queues
    names = [f"{number:03}.jpg" for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: photos.upload(work, "jane", name, name.encode()), names))
        done = [name for part in pool.map(lambda _: photos.work_off(work, wait=0), range(8)) for name in part]
    assert sorted(done) == names
    assert len(photos.of_owner("jane")) == 60
    assert counts(work) == (0, 0)


def test_the_application_stands_out_what_aws_does_now_and_then(queues, aws):
    """Errors that botocore retries are not seen by the application, and the pauses between take no time."""
    work, _ = queues
    aws.faults.add("s3:PutObject", error="SlowDown", status=503, times=2)
    aws.faults.add("dynamodb:PutItem", error="ProvisionedThroughputExceededException", times=3)
    aws.faults.add("sqs:ReceiveMessage", error="ServiceUnavailable", status=503, times=1)
    photos.upload(work, "jane", "a.jpg", b"x")
    assert photos.work_off(work) == ["a.jpg"]
    refused = [call for call in aws.calls.of("s3:PutObject", "dynamodb:PutItem") if call.error]
    assert len(refused) == 5


def test_an_outage_loses_nothing(queues, aws):
    work, _ = queues
    photos.upload(work, "jane", "a.jpg", b"x")
    with aws.faults.add("dynamodb:*", error="InternalServerError", status=500), pytest.raises(ClientError):
        photos.work_off(work)
    assert counts(work) == (0, 1)
    aws.clock.advance(seconds=61)
    assert photos.work_off(work) == ["a.jpg"]


@pytest.mark.aws(lifecycle="timed")
def test_set_up_waits_for_the_table(aws):
    """`timed`: a table takes a while, and the application has to wait for it."""
    before = aws.clock.now()
    photos.set_up()
    assert (aws.clock.now() - before).total_seconds() > 1
    assert photos.dynamodb.describe_table(TableName="photos")["Table"]["TableStatus"] == "ACTIVE"


@pytest.mark.aws(limits={"sqs.message-size": 1024, "dynamodb.item-size": 200})
def test_smaller_limits_find_what_larger_ones_hide(aws):
    work, _ = photos.set_up()
    with pytest.raises(ClientError, match="shorter than 1024 bytes"):
        photos.sqs.send_message(QueueUrl=work, MessageBody="x" * 1025)
    photos.upload(work, "jane" * 50, "a.jpg", b"x")
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        photos.work_off(work)
    assert photos.dynamodb.scan(TableName="photos")["Count"] == 0
