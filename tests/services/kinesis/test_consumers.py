"""Consumers with enhanced fan-out: registered, subscribed to shards."""

import pytest
from botocore.exceptions import ClientError

SHARD = "shardId-{:012d}".format
START = {"Type": "TRIM_HORIZON"}


@pytest.fixture
def consumer(kinesis, arn):
    def consumer(name="app"):
        return kinesis.register_stream_consumer(StreamARN=arn(), ConsumerName=name)["Consumer"]["ConsumerARN"]

    return consumer


@pytest.fixture
def subscribe(kinesis):
    def subscribe(consumer, shard=0, start=START):
        stream = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId=SHARD(shard), StartingPosition=start)
        return (event["SubscribeToShardEvent"] for event in stream["EventStream"])

    return subscribe


def _data(event):
    return [record["Data"] for record in event["Records"]]


@pytest.mark.rule("kinesis-023")
@pytest.mark.aws(at="2026-01-01")
def test_registered(kinesis, make, arn, consumer, summary, refused):
    make()
    one = consumer()
    assert one == f"{arn()}/consumer/app:1767225600"
    assert summary()["ConsumerCount"] == 1
    described = kinesis.describe_stream_consumer(ConsumerARN=one)["ConsumerDescription"]
    assert described == kinesis.describe_stream_consumer(StreamARN=arn(), ConsumerName="app")["ConsumerDescription"]
    assert (described["ConsumerStatus"], described["StreamARN"]) == ("ACTIVE", arn())
    assert refused(kinesis.register_stream_consumer, StreamARN=arn(), ConsumerName="app") == (
        "ResourceInUseException",
        "Consumer app under stream clicks already exists for account 123456789012.",
    )
    assert refused(kinesis.delete_stream, StreamName="clicks")[0] == "ResourceInUseException"
    kinesis.deregister_stream_consumer(ConsumerARN=one)
    assert refused(kinesis.describe_stream_consumer, ConsumerARN=one)[0] == "ResourceNotFoundException"
    assert refused(kinesis.describe_stream_consumer, StreamARN=arn())[0] == "InvalidArgumentException"
    consumer()
    kinesis.delete_stream(StreamName="clicks", EnforceConsumerDeletion=True)
    assert kinesis.list_streams()["StreamNames"] == []


def test_at_most_twenty(kinesis, make, arn, consumer, refused):
    make()
    for n in range(20):
        consumer(f"c{n:02}")
    code, _ = refused(kinesis.register_stream_consumer, StreamARN=arn(), ConsumerName="more")
    assert code == "LimitExceededException"
    pages = kinesis.get_paginator("list_stream_consumers").paginate(StreamARN=arn(), PaginationConfig={"PageSize": 7})
    assert [c["ConsumerName"] for page in pages for c in page["Consumers"]] == [f"c{n:02}" for n in range(20)]


@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_registering_takes_its_time(aws, kinesis, make, arn, consumer, refused):
    make()
    aws.clock.advance(minutes=1)
    one = consumer()
    given = {"ConsumerARN": one, "ShardId": SHARD(0), "StartingPosition": START}
    assert refused(kinesis.subscribe_to_shard, **given) == (
        "ResourceInUseException",
        "Consumer app with creation timestamp 1767225660 under stream: clicks , account 123456789012 is not in "
        "ACTIVE status.",
    )
    for n in range(4):
        consumer(f"c{n}")
    code, _ = refused(kinesis.register_stream_consumer, StreamARN=arn(), ConsumerName="c5")
    assert code == "LimitExceededException"
    aws.clock.advance(seconds=5)
    kinesis.subscribe_to_shard(**given)
    kinesis.deregister_stream_consumer(ConsumerARN=one)
    assert kinesis.describe_stream_consumer(ConsumerARN=one)["ConsumerDescription"]["ConsumerStatus"] == "DELETING"


@pytest.mark.aws(at="2026-01-01")
def test_events_come_as_records_do(aws, make, put, consumer, subscribe):
    make()
    put(b"before")
    events = subscribe(consumer())
    first = next(events)
    assert _data(first) == [b"before"]
    assert first["ContinuationSequenceNumber"] == first["Records"][0]["SequenceNumber"]
    assert first["MillisBehindLatest"] == 0
    put(b"later")
    put(b"still later")
    assert _data(next(events)) == [b"later", b"still later"]
    before = aws.clock.now()
    assert _data(next(events)) == []
    assert (aws.clock.now() - before).total_seconds() == 5


@pytest.mark.aws(at="2026-01-01")
def test_a_subscription_lasts_five_minutes(aws, make, put, consumer, subscribe):
    make()
    one, before = consumer(), aws.clock.now()
    last = None
    for event in subscribe(one):
        last = event
    assert (aws.clock.now() - before).total_seconds() == 300
    put(b"next")
    start = {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last["ContinuationSequenceNumber"]}
    assert _data(next(subscribe(one, start=start))) == [b"next"]


@pytest.mark.aws(at="2026-01-01")
def test_one_subscription_takes_over_from_another(aws, kinesis, make, put, consumer, subscribe, refused):
    make(2)
    one = consumer()
    old = subscribe(one)
    next(old)
    given = {"ConsumerARN": one, "ShardId": SHARD(0), "StartingPosition": START}
    assert refused(kinesis.subscribe_to_shard, **given) == (
        "ResourceInUseException",
        "Another active subscription exists for this consumer: 123456789012:clicks:shardId-000000000000:app",
    )
    subscribe(one, 1)
    subscribe(consumer("other"))
    aws.clock.advance(seconds=5)
    new = subscribe(one)
    put(ExplicitHashKey="0")
    assert list(old) == []
    assert _data(next(new)) == [b"data"]


@pytest.mark.aws(at="2026-01-01")
def test_the_end_of_a_shard(kinesis, make, put, consumer, subscribe):
    make()
    put()
    events = subscribe(consumer())
    assert _data(next(events)) == [b"data"]
    kinesis.split_shard(StreamName="clicks", ShardToSplit=SHARD(0), NewStartingHashKey="10")
    (last,) = events
    assert [child["ShardId"] for child in last["ChildShards"]] == [SHARD(1), SHARD(2)]
    assert "ContinuationSequenceNumber" not in last


def test_a_stream_that_goes_away(kinesis, make, put, arn, consumer, subscribe):
    make()
    events = subscribe(consumer())
    next(events)
    kinesis.delete_stream(StreamName="clicks", EnforceConsumerDeletion=True)
    with pytest.raises(ClientError, match="Stream clicks under account 123456789012 not found"):
        next(events)


def test_refused(kinesis, make, consumer, refused):
    make()
    one = consumer()
    given = {"ConsumerARN": one, "ShardId": SHARD(3), "StartingPosition": START}
    assert refused(kinesis.subscribe_to_shard, **given)[0] == "ResourceNotFoundException"
    given = {"ConsumerARN": one, "ShardId": SHARD(0), "StartingPosition": {"Type": "AT_SEQUENCE_NUMBER"}}
    assert refused(kinesis.subscribe_to_shard, **given)[0] == "InvalidArgumentException"
    given["ConsumerARN"] = one + "0"
    assert refused(kinesis.subscribe_to_shard, **given)[0] == "ResourceNotFoundException"


@pytest.mark.newer_botocore
def test_tags_of_a_consumer(kinesis, make, consumer):
    make()
    one = consumer()
    kinesis.tag_resource(ResourceARN=one, Tags={"a": "b"})
    assert kinesis.list_tags_for_resource(ResourceARN=one)["Tags"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.aws(at="2026-01-01", consistency="eventual")
def test_what_is_pushed_does_not_lag(aws, make, put, consumer, subscribe):
    make()
    events = subscribe(consumer())
    put()
    before = aws.clock.now()
    assert _data(next(events)) == [b"data"]
    assert _data(next(events)) == []
    assert (aws.clock.now() - before).total_seconds() == 5
