"""What a shard takes and gives per second, and how on-demand streams grow."""

import pytest

pytestmark = pytest.mark.aws(at="2026-01-01", throttling=True)

EXCEEDED = (
    "ProvisionedThroughputExceededException",
    "Rate exceeded for shard shardId-000000000000 in stream clicks under account 123456789012.",
)


def _batch(kinesis, entries):
    return kinesis.put_records(StreamName="clicks", Records=entries)


def _entries(count, size=1, key=None):
    return [{"Data": b"x" * size, "PartitionKey": key or f"key-{n}"} for n in range(count)]


def _spread(count, shards, size=1):
    width = 2**128 // shards
    return [
        {"Data": b"x" * size, "PartitionKey": "k", "ExplicitHashKey": str(width * (n % shards))} for n in range(count)
    ]


@pytest.mark.rule("kinesis-038")
def test_a_thousand_records_a_second(aws, kinesis, make, put, read, refused):
    make()
    for _ in range(2):
        assert _batch(kinesis, _entries(500))["FailedRecordCount"] == 0
    assert refused(put) == EXCEEDED
    answer = _batch(kinesis, _entries(2))
    assert answer["FailedRecordCount"] == 2
    assert answer["Records"][0] == {"ErrorCode": EXCEEDED[0], "ErrorMessage": EXCEEDED[1]}
    assert len(read()) == 1000
    aws.clock.advance(seconds=1)
    put()


@pytest.mark.rule("kinesis-016", "kinesis-037")
def test_a_mebibyte_a_second(aws, kinesis, make, put, refused):
    make()
    put(b"x" * (512 * 1024 - 3))
    answer = _batch(kinesis, _entries(3, 256 * 1024 - 3, "key"))
    assert answer["FailedRecordCount"] == 1
    assert [result.get("ErrorCode") for result in answer["Records"]] == [None, None, EXCEEDED[0]]
    assert refused(put, data=b"x") == EXCEEDED
    aws.clock.advance(seconds=1)
    put(b"x" * (1024 * 1024 - 3))


@pytest.mark.rule("kinesis-039")
def test_two_mebibytes_a_second_out(aws, kinesis, make, put, iterator, refused):
    make()
    for _ in range(5):
        put(b"x" * 1_000_000)
        aws.clock.advance(seconds=1)
    start = iterator()
    two = kinesis.get_records(ShardIterator=start, Limit=2)
    following = two["NextShardIterator"]
    assert len(two["Records"]) == 2
    assert refused(kinesis.get_records, ShardIterator=following) == EXCEEDED
    aws.clock.advance(seconds=1)
    # What is more than a second's worth passes once, and has to be waited for afterwards.
    assert len(kinesis.get_records(ShardIterator=following)["Records"]) == 3
    aws.clock.advance(seconds=0.2)
    assert refused(kinesis.get_records, ShardIterator=start)[0] == EXCEEDED[0]


def test_five_reads_a_second(aws, kinesis, make, iterator, refused):
    make()
    position = iterator()
    for _ in range(5):
        kinesis.get_records(ShardIterator=position)
    assert refused(kinesis.get_records, ShardIterator=position) == EXCEEDED
    aws.clock.advance(seconds=0.2)
    kinesis.get_records(ShardIterator=position)


def test_five_iterators_a_second(aws, make, iterator, refused):
    make()
    for _ in range(5):
        iterator()
    assert refused(iterator) == EXCEEDED
    aws.clock.advance(seconds=1)
    iterator()


@pytest.mark.rule("kinesis-040")
def test_a_hot_key_is_held_to_one_shard(aws, kinesis, make):
    make(2)
    assert _batch(kinesis, _spread(500, 2))["FailedRecordCount"] == 0
    for _ in range(3):
        assert _batch(kinesis, _spread(500, 2))["FailedRecordCount"] == 0
    assert _batch(kinesis, _spread(2, 2))["FailedRecordCount"] == 2
    aws.clock.advance(seconds=1)
    hot = [_batch(kinesis, _entries(500, key="hot"))["FailedRecordCount"] for _ in range(3)]
    assert hot == [0, 0, 500]


@pytest.mark.rule("kinesis-040")
def test_a_split_doubles_what_passes(aws, kinesis, make):
    make()
    kinesis.update_shard_count(StreamName="clicks", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    failed = [_batch(kinesis, _spread(500, 2))["FailedRecordCount"] for _ in range(5)]
    assert failed == [0, 0, 0, 0, 500]


@pytest.mark.rule("kinesis-012", "kinesis-013")
def test_a_new_on_demand_stream(aws, kinesis, refused):
    kinesis.create_stream(StreamName="clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    failed = [_batch(kinesis, _spread(500, 4))["FailedRecordCount"] for _ in range(9)]
    assert failed == [0] * 8 + [500]
    aws.clock.advance(seconds=1)
    size = 256 * 1024 - 1
    failed = [_batch(kinesis, _spread(4, 4, size))["FailedRecordCount"] for _ in range(5)]
    assert failed == [0, 0, 0, 0, 4]


@pytest.mark.rule("kinesis-014")
@pytest.mark.aws(limits={"kinesis.shard-records-in": 10})
def test_an_on_demand_stream_grows(aws, kinesis, summary):
    kinesis.create_stream(StreamName="clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    for _ in range(61):
        assert _batch(kinesis, _spread(36, 4))["FailedRecordCount"] == 0
        aws.clock.advance(seconds=1)
    assert summary()["OpenShardCount"] == 8
    # Double the peak passes, more than that does not.
    assert _batch(kinesis, _spread(72, 8))["FailedRecordCount"] == 0
    aws.clock.advance(seconds=1)
    assert _batch(kinesis, _spread(96, 8))["FailedRecordCount"] == 16


@pytest.mark.aws(throttling=False, limits={"kinesis.shard-records-in": 2})
def test_one_rate_alone(kinesis, make, put, refused):
    make()
    put()
    put()
    assert refused(put) == EXCEEDED


@pytest.mark.aws(throttling=False)
def test_by_default_nothing_is_throttled(kinesis, make):
    make()
    assert sum(_batch(kinesis, _entries(500))["FailedRecordCount"] for _ in range(5)) == 0


def test_control_calls(kinesis, make, refused):
    for _ in range(5):
        kinesis.list_streams()
    assert refused(kinesis.list_streams) == ("LimitExceededException", "Rate exceeded")
