"""async-kinesis, unmodified: its producer and consumer (tasks, checkpoints, resharding) on top of awsim."""

import asyncio

import pytest

pytest.importorskip("aiobotocore")
pytest.importorskip("kinesis.consumer", reason="async-kinesis is not installed")

import boto3
from kinesis import Consumer, Producer

from awsim import mock_aws


def test_produced_and_consumed_over_a_reshard():
    @mock_aws
    async def story():
        kinesis = boto3.client("kinesis", region_name="us-east-1")
        sent = []

        async def produce(count):
            async with Producer("clicks", region_name="us-east-1", buffer_time=0.01) as producer:
                for _ in range(count):
                    sent.append(len(sent))
                    await producer.put({"n": sent[-1]})
                await producer.flush()

        kinesis.create_stream(StreamName="clicks", ShardCount=2)
        await produce(50)
        kinesis.update_shard_count(StreamName="clicks", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
        await produce(50)
        got = []
        consumer = Consumer(
            "clicks", region_name="us-east-1", sleep_time_no_records=0.01, idle_timeout=1.0, shard_fetch_rate=50
        )
        async with consumer:
            for _ in range(50):
                async for item in consumer:
                    got.append(item["n"])
                if len(got) >= len(sent):
                    break
        assert sorted(got) == sent

    asyncio.run(asyncio.wait_for(story(), 60))
