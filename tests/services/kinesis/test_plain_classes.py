"""What needs no Cloud: sequence numbers, tokens, shards; and threads that write at once."""

import threading

import pytest

from awsim.services.kinesis import sequence, tokens
from awsim.services.kinesis.shard import Shard
from awsim.services.kinesis.stream import KEYS, bounds


def test_a_sequence_number_holds_what_it_was_made_of():
    base = sequence.base(1_767_225_600, 17)
    number = sequence.make(base, 5, 1_767_225_700)
    assert sequence.parse(str(number)) == (1_767_225_600, 17, 5, 1_767_225_700)
    assert sequence.make(base, 6, 1_767_225_600) > number
    assert sequence.make(base, sequence.LAST, 0) > sequence.make(base, 2**40, 2**35)


@pytest.mark.parametrize("text", ["0", "12", "abc", str(3 << 184), str((2 << 184) + 1), str(1 << 400)])
def test_what_is_no_sequence_number(text):
    with pytest.raises(ValueError, match=r".*"):
        sequence.parse(text)


def test_tokens_cannot_be_made_up():
    token = tokens.pack("iterator", 1.5, "a", 2)
    assert tokens.unpack("iterator", token) == [1.5, "a", 2]
    for bad in ("", "AAAA", token[:-4], "B" + token[1:], "!" + token):
        with pytest.raises(ValueError, match=r".*"):
            tokens.unpack("iterator", bad)
    with pytest.raises(ValueError, match=r".*"):
        tokens.unpack("shards", token)


def test_bounds():
    assert bounds(1) == [0]
    assert bounds(4) == [0, KEYS // 4, KEYS // 2, KEYS // 4 * 3]


def test_reading_a_shard():
    shard = Shard("s", 0, 0, KEYS - 1, (), 100.0, 100)
    for n in range(10):
        shard.append(100.0 + n, "key", b"x" * 7, None)
    assert shard.position_at(0) == 1
    assert shard.position_at(104.5) == 6
    assert shard.position_at(200) == shard.latest == 11
    records, following = shard.read(1, 100, 35, 1000)
    assert (len(records), following) == (3, 4)
    records, following = shard.read(1, 100, 1, 1000)
    assert (len(records), following) == (1, 2)
    records, following = shard.read(1, 100, 1000, 102.0)
    assert (len(records), following) == (3, 4)
    shard.trim(104.0)
    records, following = shard.read(1, 2, 1000, 1000)
    assert ([record.time for record in records], following) == ([105.0, 106.0], 8)
    assert shard.behind(8, 110.0) == 3000
    assert shard.behind(11, 110.0) == 0


def test_threads_that_write_at_once(kinesis, make, shards, read):
    make(4)
    failures = []

    def write(thread):
        try:
            for n in range(10):
                entries = [{"Data": f"{thread}/{n}/{m}".encode(), "PartitionKey": str(thread)} for m in range(20)]
                assert kinesis.put_records(StreamName="clicks", Records=entries)["FailedRecordCount"] == 0
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    data = [item.decode() for shard in range(4) for item in read(shard=shard)]
    assert len(data) == 800
    for thread in range(4):
        mine = [tuple(map(int, item.split("/"))) for item in data if item.startswith(f"{thread}/")]
        assert mine == sorted(mine)


def test_a_subscriber_waits_for_a_writer_in_another_thread(aws, kinesis, make, put, arn):
    make()
    consumer = kinesis.register_stream_consumer(StreamARN=arn(), ConsumerName="app")["Consumer"]["ConsumerARN"]
    stream = kinesis.subscribe_to_shard(
        ConsumerARN=consumer, ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"}
    )["EventStream"]
    got = []
    started, done = threading.Event(), threading.Event()

    def listen():
        for event in stream:
            started.set()
            got.extend(record["Data"] for record in event["SubscribeToShardEvent"]["Records"])
            if got:
                done.set()
                return

    thread = threading.Thread(target=listen)
    thread.start()
    assert started.wait(10)
    put(b"hello")
    assert done.wait(10)
    thread.join()
    assert got == [b"hello"]
