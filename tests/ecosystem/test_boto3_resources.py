"""boto3's resources."""

import io
from decimal import Decimal

import pytest

boto3 = pytest.importorskip("boto3")
from boto3.dynamodb.conditions import Attr, Key  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402


@pytest.fixture
def bucket(aws):
    bucket = boto3.resource("s3").create_bucket(Bucket="reports")
    bucket.wait_until_exists()
    return bucket


def test_objects_of_a_bucket(bucket):
    for number in range(5):
        bucket.put_object(Key=f"2026/{number}.txt", Body=f"report {number}".encode())
    bucket.put_object(Key="other.txt", Body=b"")

    assert [summary.key for summary in bucket.objects.all()][-1] == "other.txt"
    assert [summary.key for summary in bucket.objects.filter(Prefix="2026/").limit(2)] == ["2026/0.txt", "2026/1.txt"]
    pages = list(bucket.objects.page_size(2).pages())
    assert [len(page) for page in pages] == [2, 2, 2]

    thing = bucket.Object("2026/3.txt")
    assert thing.get()["Body"].read() == b"report 3"
    assert thing.content_length == 8
    assert thing.e_tag == bucket.meta.client.head_object(Bucket="reports", Key="2026/3.txt")["ETag"]

    bucket.objects.filter(Prefix="2026/").delete()
    assert [summary.key for summary in bucket.objects.all()] == ["other.txt"]


def test_an_object_is_copied_and_its_metadata_replaced(bucket):
    source = bucket.Object("a.txt")
    source.put(Body=b"hello", Metadata={"author": "Jane"}, ContentType="text/plain")
    target = bucket.Object("b.txt")
    target.copy_from(CopySource={"Bucket": "reports", "Key": "a.txt"})
    assert (target.metadata, target.content_type) == ({"author": "Jane"}, "text/plain")
    target.copy_from(
        CopySource={"Bucket": "reports", "Key": "a.txt"}, MetadataDirective="REPLACE", Metadata={"author": "Joe"}
    )
    target.reload()
    assert target.metadata == {"author": "Joe"}


def test_files_go_up_and_down(bucket, tmp_path):
    (tmp_path / "up").write_bytes(b"x" * 100_000)
    bucket.upload_file(str(tmp_path / "up"), "file", ExtraArgs={"ContentType": "text/csv"})
    bucket.download_file("file", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == (tmp_path / "up").read_bytes()
    bucket.upload_fileobj(io.BytesIO(b"in memory"), "memory")
    target = io.BytesIO()
    bucket.download_fileobj("memory", target)
    assert target.getvalue() == b"in memory"
    assert bucket.Object("file").content_type == "text/csv"


def test_versions_of_an_object(bucket):
    versioning = bucket.Versioning()
    versioning.enable()
    assert versioning.status == "Enabled"
    for body in (b"one", b"two"):
        bucket.put_object(Key="a", Body=body)
    bucket.Object("a").delete()
    versions = list(bucket.object_versions.filter(Prefix="a"))
    newer, older, marker = versions  # boto3 lists delete markers after the versions
    assert [newer.is_latest, older.is_latest, marker.is_latest] == [False, False, True]
    assert older.get()["Body"].read() == b"one"
    with pytest.raises(ClientError) as refused:
        bucket.Object("a").get()
    assert refused.value.response["Error"]["Code"] == "NoSuchKey"
    bucket.object_versions.delete()
    assert list(bucket.object_versions.all()) == []
    bucket.delete()
    bucket.wait_until_not_exists()
    assert [bucket.name for bucket in boto3.resource("s3").buckets.all()] == []


def test_a_multipart_upload(bucket):
    upload = bucket.Object("big").initiate_multipart_upload(ContentType="text/plain")
    parts = [upload.Part(number).upload(Body=bytes([number]) * 5_242_880) for number in (1, 2)]
    listed = [(part.part_number, part.size) for part in upload.parts.all()]
    assert listed == [(1, 5_242_880), (2, 5_242_880)]
    done = upload.complete(
        MultipartUpload={
            "Parts": [{"PartNumber": number, "ETag": part["ETag"]} for number, part in enumerate(parts, 1)]
        }
    )
    assert done.content_length == 10_485_760
    assert done.e_tag.endswith('-2"')


@pytest.fixture
def table(aws):
    table = boto3.resource("dynamodb").create_table(
        TableName="orders",
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "number", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
            {"AttributeName": "state", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-state",
                "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    return table


def test_items_keep_their_python_types(table):
    item = {
        "customer": "jane",
        "number": Decimal(1),
        "total": Decimal("129.95"),
        "paid": True,
        "note": None,
        "tags": {"a", "b"},
        "sizes": {Decimal(1), Decimal(2)},
        "lines": [{"sku": "x", "count": Decimal(2)}],
    }
    table.put_item(Item=item)
    assert table.get_item(Key={"customer": "jane", "number": 1})["Item"] == item


def test_a_batch_writer_writes_and_deletes(table):
    with table.batch_writer(overwrite_by_pkeys=["customer", "number"]) as batch:
        for number in range(60):
            batch.put_item(Item={"customer": "jane", "number": number, "state": "new"})
        batch.put_item(Item={"customer": "jane", "number": 0, "state": "sent"})
        batch.delete_item(Key={"customer": "jane", "number": 59})
    found = table.query(KeyConditionExpression=Key("customer").eq("jane") & Key("number").gt(-1))
    assert [int(item["number"]) for item in found["Items"]] == list(range(59))
    assert found["Items"][0]["state"] == "sent"


def test_conditions(table):
    for number in range(10):
        state = "new" if number % 2 else "sent"
        table.put_item(Item={"customer": "jane", "number": number, "state": state, "total": number * 10})
    query = table.query(
        KeyConditionExpression=Key("customer").eq("jane") & Key("number").between(2, 6),
        FilterExpression=Attr("state").eq("new") | Attr("total").eq(40),
        ScanIndexForward=False,
    )
    assert [int(item["number"]) for item in query["Items"]] == [5, 4, 3]
    assert query["ScannedCount"] == 5

    by_state = table.query(IndexName="by-state", KeyConditionExpression=Key("state").eq("sent"))
    assert by_state["Count"] == 5
    scan = table.scan(FilterExpression=Attr("state").begins_with("ne") & Attr("missing").not_exists())
    assert scan["Count"] == 5

    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException) as refused:
        table.put_item(Item={"customer": "jane", "number": 1}, ConditionExpression=Attr("customer").not_exists())
    assert refused.value.response["Error"]["Message"] == "The conditional request failed"
    assert table.get_item(Key={"customer": "jane", "number": 1})["Item"]["state"] == "new"


def test_update_expressions(table):
    key = {"customer": "jane", "number": 1}
    table.put_item(Item={**key, "count": 1, "log": ["made"], "state": "new"})
    after = table.update_item(
        Key=key,
        UpdateExpression="SET #c = #c + :one, #l = list_append(#l, :entry), extra = if_not_exists(extra, :one)"
        " REMOVE #s ADD visits :one",
        ExpressionAttributeNames={"#c": "count", "#l": "log", "#s": "state"},
        ExpressionAttributeValues={":one": 1, ":entry": ["sent"]},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    assert after == {**key, "count": 2, "log": ["made", "sent"], "extra": 1, "visits": 1}


def test_tables_are_listed_and_deleted(table):
    dynamodb = boto3.resource("dynamodb")
    assert [table.name for table in dynamodb.tables.all()] == ["orders"]
    assert table.item_count == 0
    table.delete()
    table.wait_until_not_exists()
    assert list(dynamodb.tables.all()) == []


def test_a_queue_and_its_messages(aws):
    sqs = boto3.resource("sqs")
    dead = sqs.create_queue(QueueName="dead")
    queue = sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "10"})
    queue.send_message(MessageBody="hello", MessageAttributes={"kind": {"DataType": "String", "StringValue": "hi"}})
    sent = queue.send_messages(Entries=[{"Id": str(number), "MessageBody": f"job {number}"} for number in range(3)])
    assert len(sent["Successful"]) == 3
    queue.load()
    assert queue.attributes["ApproximateNumberOfMessages"] == "4"

    (first,) = queue.receive_messages(MessageAttributeNames=["All"], AttributeNames=["All"])
    assert first.body == "hello"
    assert first.message_attributes["kind"]["StringValue"] == "hi"
    assert first.attributes["ApproximateReceiveCount"] == "1"
    first.change_visibility(VisibilityTimeout=60)
    aws.clock.advance(seconds=30)
    others = queue.receive_messages(MaxNumberOfMessages=10)
    assert sorted(message.body for message in others) == ["job 0", "job 1", "job 2"]
    first.delete()
    queue.delete_messages(
        Entries=[{"Id": str(i), "ReceiptHandle": message.receipt_handle} for i, message in enumerate(others)]
    )
    assert queue.receive_messages(WaitTimeSeconds=20) == []

    assert sqs.get_queue_by_name(QueueName="jobs").url == queue.url
    assert sorted(each.url for each in sqs.queues.all()) == sorted([dead.url, queue.url])
    assert sqs.Queue(dead.url).attributes["QueueArn"].endswith(":dead")
    queue.purge()
    queue.delete()
