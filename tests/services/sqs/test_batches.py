"""The three batch operations."""

import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")


def entries(count, **more):
    return [{"Id": str(n), "MessageBody": f"m{n}", **more} for n in range(count)]


@pytest.fixture
def batches(sqs, make):
    """(call, an entry) for each operation that takes a batch."""
    url = make()
    return [
        (lambda Entries: sqs.send_message_batch(QueueUrl=url, Entries=Entries), {"MessageBody": "x"}),
        (lambda Entries: sqs.delete_message_batch(QueueUrl=url, Entries=Entries), {"ReceiptHandle": "x"}),
        (
            lambda Entries: sqs.change_message_visibility_batch(QueueUrl=url, Entries=Entries),
            {"ReceiptHandle": "x", "VisibilityTimeout": 1},
        ),
    ]


@pytest.mark.rule("sqs-014")
def test_success_and_failure_are_told_by_entry(sqs, make, receive, counts):
    url = make(MaximumMessageSize=1024)
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "good", "MessageBody": "x"},
            {"Id": "long", "MessageBody": "x" * 1025},
            {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
            {"Id": "bad", "MessageBody": "\x00"},
        ],
    )
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [
        ("long", "InvalidParameterValue", True),
        ("late", "InvalidParameterValue", True),
        ("bad", "InvalidMessageContents", True),
    ]
    assert counts(url) == (1, 0, 0)
    handle = receive(url)[0]["ReceiptHandle"]
    answer = sqs.change_message_visibility_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "good", "ReceiptHandle": handle, "VisibilityTimeout": 60},
            {"Id": "bad", "ReceiptHandle": handle, "VisibilityTimeout": 43201},
            {"Id": "none", "ReceiptHandle": handle},
        ],
    )
    assert answer["Successful"] == [{"Id": "good"}]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [
        ("bad", "InvalidParameterValue"),
        ("none", "MissingParameter"),
    ]
    wrong = {"Id": "bad", "ReceiptHandle": "x"}
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[wrong, {"Id": "good", "ReceiptHandle": handle}])
    assert answer["Successful"] == [{"Id": "good"}]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("bad", "ReceiptHandleIsInvalid")]
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-013")
def test_the_size_of_a_batch(sqs, make, refused, counts):
    url = make()
    half = [{"Id": "1", "MessageBody": "x" * 524288}, {"Id": "2", "MessageBody": "x" * 524288}]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=half)["Successful"]) == 2
    text = {"a": {"DataType": "String", "StringValue": "x"}}
    for more in ({"MessageBody": "x" * 524289}, {"MessageAttributes": text}):
        answer = refused(sqs.send_message_batch, QueueUrl=url, Entries=[half[0], {**half[1], **more}])
        sent = 1048577 if "MessageBody" in more else 1048584
        message = f"Batch requests cannot be longer than 1048576 bytes. You have sent {sent} bytes."
        assert answer == ("AWS.SimpleQueueService.BatchRequestTooLong", message, 400)
    assert counts(url) == (2, 0, 0)


@pytest.mark.rule("sqs-015")
def test_ten_entries_at_most(sqs, make, batches, refused, counts):
    for call, entry in batches:
        answer = refused(call, Entries=[{"Id": str(n), **entry} for n in range(11)])
        message = "Maximum number of entries per request are 10. You have sent 11."
        assert answer == ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", message, 400)
        call([{"Id": str(n), **entry} for n in range(10)])
    assert counts(make()) == (10, 0, 0)


def test_a_batch_of_nothing(batches, refused):
    kinds = ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")
    for kind, (call, _) in zip(kinds, batches, strict=True):
        message = f"There should be at least one {kind}BatchRequestEntry in the request."
        assert refused(call, Entries=[]) == ("AWS.SimpleQueueService.EmptyBatchRequest", message, 400)


def test_ids_of_entries(make, batches, refused, counts):
    for call, entry in batches:
        answer = refused(call, Entries=[{"Id": "a", **entry}, {"Id": "b", **entry}, {"Id": "a", **entry}])
        assert answer == ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id a repeated.", 400)
        for wrong in ("", "a" * 81, "a:b", "a b", "ä", "a\n"):
            message = (
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                "It can be at most 80 letters long."
            )
            answer = refused(call, Entries=[{"Id": "ok", **entry}, {"Id": wrong, **entry}])
            assert answer == ("AWS.SimpleQueueService.InvalidBatchEntryId", message, 400)
    assert counts(make()) == (0, 0, 0)
    for call, entry in batches:
        call([{"Id": "a" * 80, **entry}])
