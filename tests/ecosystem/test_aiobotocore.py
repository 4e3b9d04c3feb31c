"""aiobotocore's clients: the same AWS, from coroutines."""

import asyncio

import pytest

aiobotocore = pytest.importorskip("aiobotocore.session")
from botocore.exceptions import ClientError  # noqa: E402

from awsim import mock_aws  # noqa: E402


def client(service):
    return aiobotocore.get_session().create_client(service, region_name="us-east-1")


def test_s3():
    @mock_aws
    async def story():
        async with client("s3") as s3:
            await s3.create_bucket(Bucket="reports")
            await asyncio.gather(*(s3.put_object(Bucket="reports", Key=f"{n:02}", Body=b"x" * n) for n in range(20)))
            answer = await s3.get_object(Bucket="reports", Key="07")
            async with answer["Body"] as body:
                assert await body.read() == b"x" * 7
            pages = [
                len(page["Contents"])
                async for page in s3.get_paginator("list_objects_v2").paginate(Bucket="reports", MaxKeys=8)
            ]
            assert pages == [8, 8, 4]
            await s3.get_waiter("object_exists").wait(Bucket="reports", Key="07")
            with pytest.raises(ClientError) as refused:
                await s3.get_object(Bucket="reports", Key="none")
            assert refused.value.response["Error"]["Code"] == "NoSuchKey"
            url = await s3.generate_presigned_url("get_object", {"Bucket": "reports", "Key": "07"})
        aiohttp = pytest.importorskip("aiohttp")
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert (response.status, await response.read()) == (200, b"x" * 7)

    asyncio.run(story())


def test_s3_multipart():
    @mock_aws
    async def story():
        async with client("s3") as s3:
            await s3.create_bucket(Bucket="reports")
            upload = (await s3.create_multipart_upload(Bucket="reports", Key="big"))["UploadId"]

            async def part(number):
                answer = await s3.upload_part(
                    Bucket="reports", Key="big", UploadId=upload, PartNumber=number, Body=bytes([number]) * 5_242_880
                )
                return {"PartNumber": number, "ETag": answer["ETag"]}

            parts = await asyncio.gather(*map(part, (1, 2, 3)))
            await s3.complete_multipart_upload(
                Bucket="reports", Key="big", UploadId=upload, MultipartUpload={"Parts": parts}
            )
            answer = await s3.get_object(Bucket="reports", Key="big", Range="bytes=5242879-5242880")
            assert await answer["Body"].read() == b"\x01\x02"

    asyncio.run(story())


def test_sqs():
    @mock_aws
    async def story():
        async with client("sqs") as sqs:
            url = (await sqs.create_queue(QueueName="jobs"))["QueueUrl"]

            async def work():
                taken = []
                while len(taken) < 10:
                    answer = await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10)
                    for message in answer.get("Messages", []):
                        taken.append(message["Body"])
                        await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return taken

            worker = asyncio.create_task(work())
            for number in range(10):
                await sqs.send_message(QueueUrl=url, MessageBody=str(number))
            assert sorted(await worker, key=int) == [str(number) for number in range(10)]
            # A long poll of an empty queue takes its 20 seconds on the clock of the Cloud alone.
            assert "Messages" not in await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)

    asyncio.run(asyncio.wait_for(story(), 20))


def test_dynamodb():
    @mock_aws
    async def story():
        async with client("dynamodb") as dynamodb:
            await dynamodb.create_table(
                TableName="orders",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            await dynamodb.get_waiter("table_exists").wait(TableName="orders")

            async def count():
                await dynamodb.update_item(
                    TableName="orders",
                    Key={"pk": {"S": "counter"}},
                    UpdateExpression="ADD hits :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )

            await asyncio.gather(*(count() for _ in range(25)))
            item = (await dynamodb.get_item(TableName="orders", Key={"pk": {"S": "counter"}}))["Item"]
            assert item["hits"] == {"N": "25"}
            with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
                await dynamodb.put_item(
                    TableName="orders",
                    Item={"pk": {"S": "counter"}},
                    ConditionExpression="attribute_not_exists(pk)",
                )

    asyncio.run(story())


def test_a_subscription_waits_without_blocking_the_loop():
    """SubscribeToShard pushes what another task puts, while both run in one loop, on a clock that stands."""

    @mock_aws(at="2026-01-01")
    async def story():
        async with client("kinesis") as kinesis:
            await kinesis.create_stream(StreamName="clicks", ShardCount=1)
            arn = (await kinesis.describe_stream_summary(StreamName="clicks"))["StreamDescriptionSummary"]["StreamARN"]
            consumer = (await kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c"))["Consumer"]
            got, beats = [], []

            async def read():
                answer = await kinesis.subscribe_to_shard(
                    ConsumerARN=consumer["ConsumerARN"],
                    ShardId="shardId-000000000000",
                    StartingPosition={"Type": "TRIM_HORIZON"},
                )
                async for event in answer["EventStream"]:
                    got.extend(record["Data"] for record in event["SubscribeToShardEvent"]["Records"])
                    if len(got) == 3:
                        break

            async def write():
                for number in range(3):
                    await asyncio.sleep(0.01)
                    beats.append(len(got))
                    await kinesis.put_record(StreamName="clicks", Data=str(number).encode(), PartitionKey="k")

            await asyncio.wait_for(asyncio.gather(read(), write()), 30)
            return got, beats

    got, beats = asyncio.run(story())
    assert got == [b"0", b"1", b"2"]
    assert beats == [0, 1, 2]
