"""Streams: made, described, listed, switched, deleted; quotas and settings."""

import json

import boto3
import pytest

KEYS = 2**128


@pytest.mark.rule("kinesis-001", "kinesis-003", "kinesis-029")
@pytest.mark.aws(at="2026-01-01")
@pytest.mark.newer_botocore
def test_a_new_stream(kinesis, make, arn):
    make(1)
    description = kinesis.describe_stream(StreamName="clicks")["StreamDescription"]
    created = description.pop("StreamCreationTimestamp")
    assert created.timestamp() == 1_767_225_600
    (shard,) = description.pop("Shards")
    assert shard.pop("SequenceNumberRange").keys() == {"StartingSequenceNumber"}
    assert shard == {
        "ShardId": "shardId-000000000000",
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(KEYS - 1)},
    }
    assert description == {
        "StreamName": "clicks",
        "StreamARN": arn(),
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    by_arn = kinesis.describe_stream_summary(StreamARN=arn())["StreamDescriptionSummary"]
    assert (by_arn["OpenShardCount"], by_arn["ConsumerCount"], by_arn["MaxRecordSizeInKiB"]) == (1, 0, 1024)


@pytest.mark.rule("kinesis-001", "kinesis-010")
@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_creating_takes_its_time(aws, kinesis, make, put, summary, refused):
    make()
    assert summary()["StreamStatus"] == "CREATING"
    assert kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["Shards"] == []
    not_found = ("ResourceNotFoundException", "Stream clicks under account 123456789012 not found.")
    assert refused(put) == not_found
    kinesis.get_waiter("stream_exists").wait(StreamName="clicks")
    assert summary()["StreamStatus"] == "ACTIVE"
    put()


@pytest.mark.rule("kinesis-004")
@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_deleting_takes_its_time(aws, kinesis, make, put, summary, refused):
    make()
    aws.clock.advance(minutes=1)
    kinesis.delete_stream(StreamName="clicks")
    assert summary()["StreamStatus"] == "DELETING"
    not_found = ("ResourceNotFoundException", "Stream clicks under account 123456789012 not found.")
    assert refused(put) == not_found
    assert refused(kinesis.create_stream, StreamName="clicks", ShardCount=1) == (
        "ResourceInUseException",
        "Stream clicks under account 123456789012 already exists.",
    )
    kinesis.get_waiter("stream_not_exists").wait(StreamName="clicks")
    assert refused(kinesis.describe_stream, StreamName="clicks") == not_found


@pytest.mark.rule("kinesis-004")
def test_deleted_with_its_records(kinesis, make, put, read, iterator, refused):
    make()
    put()
    old = iterator()
    kinesis.delete_stream(StreamName="clicks")
    assert refused(kinesis.describe_stream_summary, StreamName="clicks") == (
        "ResourceNotFoundException",
        "Stream clicks under account 123456789012 not found.",
    )
    make()
    assert read() == []
    assert refused(kinesis.get_records, ShardIterator=old) == (
        "ResourceNotFoundException",
        "Shard shardId-000000000000 in stream clicks under account 123456789012 does not exist",
    )


@pytest.mark.rule("kinesis-002")
def test_listed_by_name(kinesis, make):
    for name in ("b", "a", "d", "c"):
        make(name=name)
    answer = kinesis.list_streams()
    assert (answer["StreamNames"], answer["HasMoreStreams"]) == (["a", "b", "c", "d"], False)
    assert answer["StreamSummaries"][0]["StreamName"] == "a"
    first = kinesis.list_streams(Limit=3)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b", "c"], True)
    assert kinesis.list_streams(NextToken=first["NextToken"])["StreamNames"] == ["d"]
    assert kinesis.list_streams(ExclusiveStartStreamName="b")["StreamNames"] == ["c", "d"]
    pages = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1})
    assert [name for page in pages for name in page["StreamNames"]] == ["a", "b", "c", "d"]
    assert boto3.client("kinesis", region_name="eu-west-1").list_streams()["StreamNames"] == []


def test_a_token_that_is_none_or_too_old(aws, kinesis, make, refused):
    make(name="a")
    make(name="b")
    token = kinesis.list_streams(Limit=1)["NextToken"]
    assert refused(kinesis.list_streams, NextToken="abc") == ("InvalidArgumentException", "NextToken is invalid.")
    aws.clock.advance(seconds=301)
    assert refused(kinesis.list_streams, NextToken=token) == ("ExpiredNextTokenException", "NextToken has expired.")


@pytest.mark.rule("kinesis-006")
def test_provisioned_needs_a_number_of_shards(kinesis, shards, refused):
    mode = {"StreamMode": "PROVISIONED"}
    code, _ = refused(kinesis.create_stream, StreamName="clicks", StreamModeDetails=mode)
    assert code == "ValidationException"
    assert kinesis.list_streams()["StreamNames"] == []
    kinesis.create_stream(StreamName="clicks", StreamModeDetails=mode, ShardCount=3)
    assert len(shards()) == 3


@pytest.mark.rule("kinesis-007")
@pytest.mark.aws(limits={"kinesis.shards": 5})
def test_quota_of_shards(aws, kinesis, make, refused):
    make(3)
    assert refused(kinesis.create_stream, StreamName="more", ShardCount=3) == (
        "LimitExceededException",
        "This request would exceed the shard limit for the account 123456789012 in us-east-1. Current shard count for "
        "the account: 3. Limit: 5. Number of additional shards that would have resulted from this request: 3. Refer to "
        "the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for "
        "current limits and how to request higher limits.",
    )
    assert kinesis.list_streams()["StreamNames"] == ["clicks"]
    code, _ = refused(
        kinesis.update_shard_count, StreamName="clicks", TargetShardCount=6, ScalingType="UNIFORM_SCALING"
    )
    assert code == "LimitExceededException"
    make(2, "other")
    limits = kinesis.describe_limits()
    assert (limits["ShardLimit"], limits["OpenShardCount"]) == (5, 5)
    split = {"StreamName": "clicks", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "7"}
    assert refused(kinesis.split_shard, **split)[0] == "LimitExceededException"
    kinesis.delete_stream(StreamName="other")
    kinesis.split_shard(**split)


def test_shard_limits_by_region(kinesis):
    assert kinesis.describe_limits()["ShardLimit"] == 20_000
    assert boto3.client("kinesis", region_name="sa-east-1").describe_limits()["ShardLimit"] == 1_000


@pytest.mark.rule("kinesis-011", "kinesis-013")
def test_on_demand(kinesis, shards, refused, arn):
    kinesis.create_stream(StreamName="clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert len(shards()) == 4
    described = kinesis.describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"]
    assert described["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    limits = kinesis.describe_limits()
    assert (limits["OnDemandStreamCount"], limits["OnDemandStreamCountLimit"], limits["OpenShardCount"]) == (1, 50, 0)
    by_hand = (
        (kinesis.update_shard_count, {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
        (kinesis.split_shard, {"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "7"}),
        (
            kinesis.merge_shards,
            {"ShardToMerge": "shardId-000000000000", "AdjacentShardToMerge": "shardId-000000000001"},
        ),
    )
    for call, params in by_hand:
        assert refused(call, StreamARN=arn(), **params)[0] == "ValidationException"
    assert len(shards()) == 4
    given = {"StreamName": "other", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}, "ShardCount": 1}
    assert refused(kinesis.create_stream, **given)[0] == "ValidationException"


@pytest.mark.aws(limits={"kinesis.on-demand-streams": 1})
def test_quota_of_on_demand_streams(kinesis, make, arn, refused):
    mode = {"StreamMode": "ON_DEMAND"}
    kinesis.create_stream(StreamName="clicks", StreamModeDetails=mode)
    assert refused(kinesis.create_stream, StreamName="b", StreamModeDetails=mode)[0] == "LimitExceededException"
    make(name="b")
    assert (
        refused(kinesis.update_stream_mode, StreamARN=arn("b"), StreamModeDetails=mode)[0] == "LimitExceededException"
    )


@pytest.mark.aws(at="2026-01-01")
def test_the_mode_switches_twice_a_day(aws, kinesis, make, arn, summary, refused):
    make(2)

    def switch(mode):
        return {"StreamARN": arn(), "StreamModeDetails": {"StreamMode": mode}}

    kinesis.update_stream_mode(**switch("ON_DEMAND"))
    assert summary()["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert summary()["OpenShardCount"] == 2
    aws.clock.advance(hours=1)
    kinesis.update_stream_mode(**switch("PROVISIONED"))
    assert refused(kinesis.update_stream_mode, **switch("ON_DEMAND"))[0] == "LimitExceededException"
    assert summary()["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    aws.clock.advance(hours=23)
    kinesis.update_stream_mode(**switch("ON_DEMAND"))
    assert refused(kinesis.update_stream_mode, **switch("ON_DEMAND"))[0] == "InvalidArgumentException"


@pytest.mark.aws(lifecycle="timed")
def test_five_streams_being_created(kinesis, make, refused):
    for n in range(5):
        make(name=f"s{n}")
    assert refused(kinesis.create_stream, StreamName="s5", ShardCount=1)[0] == "LimitExceededException"


# --- names


def test_a_stream_is_named_or_its_arn_given(kinesis, make, refused, arn):
    make()
    assert refused(kinesis.describe_stream_summary)[0] == "InvalidArgumentException"
    unknown = ("ResourceNotFoundException", "Stream other under account 123456789012 not found.")
    assert refused(kinesis.describe_stream_summary, StreamName="other") == unknown
    assert refused(kinesis.describe_stream_summary, StreamARN=arn("other")) == unknown
    assert (
        refused(kinesis.describe_stream_summary, StreamARN=arn(), StreamName="other")[0] == "InvalidArgumentException"
    )
    abroad = arn(region="eu-west-1")
    assert refused(kinesis.describe_stream_summary, StreamARN=abroad)[0] == "ResourceNotFoundException"
    code, message = refused(kinesis.create_stream, StreamName="a b", ShardCount=1)
    assert code == "ValidationException"
    assert message == (
        "1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [a-zA-Z0-9_.-]+"
    )


# --- settings


@pytest.mark.rule("kinesis-030", "kinesis-031", "kinesis-032")
def test_retention(kinesis, make, summary, refused):
    make()
    increase, decrease = kinesis.increase_stream_retention_period, kinesis.decrease_stream_retention_period
    increase(StreamName="clicks", RetentionPeriodHours=168)
    assert summary()["RetentionPeriodHours"] == 168
    assert refused(increase, StreamName="clicks", RetentionPeriodHours=167) == (
        "InvalidArgumentException",
        "Requested retention period (167 hours) for stream clicks can not be shorter than existing retention period "
        "(168 hours). Use DecreaseRetentionPeriod API.",
    )
    assert refused(decrease, StreamName="clicks", RetentionPeriodHours=169) == (
        "InvalidArgumentException",
        "Requested retention period (169 hours) for stream clicks can not be longer than existing retention period "
        "(168 hours). Use IncreaseRetentionPeriod API.",
    )
    increase(StreamName="clicks", RetentionPeriodHours=8760)
    assert refused(increase, StreamName="clicks", RetentionPeriodHours=8761) == (
        "InvalidArgumentException",
        "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long.",
    )
    decrease(StreamName="clicks", RetentionPeriodHours=24)
    assert refused(decrease, StreamName="clicks", RetentionPeriodHours=23) == (
        "InvalidArgumentException",
        "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.",
    )
    assert summary()["RetentionPeriodHours"] == 24


@pytest.mark.rule("kinesis-041")
@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_encryption_puts_the_stream_in_updating(aws, kinesis, make, put, summary, refused):
    make()
    aws.clock.advance(minutes=1)
    given = {"StreamName": "clicks", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    kinesis.start_stream_encryption(**given)
    assert (summary()["StreamStatus"], summary()["EncryptionType"]) == ("UPDATING", "NONE")
    assert refused(kinesis.stop_stream_encryption, **given) == (
        "ResourceInUseException",
        "Stream clicks under account 123456789012 not ACTIVE, instead in state UPDATING",
    )
    put()
    aws.clock.advance(seconds=5)
    found = summary()
    assert (found["StreamStatus"], found["EncryptionType"], found["KeyId"]) == ("ACTIVE", "KMS", "alias/aws/kinesis")
    assert put()["EncryptionType"] == "KMS"
    kinesis.stop_stream_encryption(**given)
    aws.clock.advance(seconds=5)
    assert summary()["EncryptionType"] == "NONE"
    assert "KeyId" not in summary()


def test_records_show_how_they_were_encrypted(kinesis, make, put, iterator):
    make()
    put()
    given = {"StreamName": "clicks", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    kinesis.start_stream_encryption(**given)
    put()
    plain, encrypted = kinesis.get_records(ShardIterator=iterator())["Records"]
    assert "EncryptionType" not in plain
    assert encrypted["EncryptionType"] == "KMS"


@pytest.mark.rule("kinesis-050")
def test_shard_level_metrics(kinesis, make, arn, summary):
    make()
    answer = kinesis.enable_enhanced_monitoring(StreamName="clicks", ShardLevelMetrics=["IncomingBytes"])
    assert answer["CurrentShardLevelMetrics"] == []
    assert answer["DesiredShardLevelMetrics"] == ["IncomingBytes"]
    assert (answer["StreamName"], answer["StreamARN"]) == ("clicks", arn())
    assert summary()["EnhancedMonitoring"] == [{"ShardLevelMetrics": ["IncomingBytes"]}]
    every = kinesis.enable_enhanced_monitoring(StreamName="clicks", ShardLevelMetrics=["ALL"])
    assert len(every["DesiredShardLevelMetrics"]) == 7
    left = kinesis.disable_enhanced_monitoring(StreamName="clicks", ShardLevelMetrics=["IncomingBytes"])
    assert len(left["DesiredShardLevelMetrics"]) == 6
    kinesis.disable_enhanced_monitoring(StreamName="clicks", ShardLevelMetrics=["ALL"])
    assert summary()["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]


@pytest.mark.newer_botocore
@pytest.mark.aws(at="2026-01-01")
def test_the_billing_commitment_holds_for_a_day(aws, kinesis, refused):
    def status():
        return kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"]

    def change(status):
        return {"MinimumThroughputBillingCommitment": {"Status": status}}

    assert status() == "DISABLED"
    assert refused(kinesis.update_account_settings, **change("DISABLED"))[0] == "ValidationException"
    kinesis.update_account_settings(**change("ENABLED"))
    assert status() == "ENABLED"
    kinesis.update_account_settings(**change("DISABLED"))
    assert status() == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    aws.clock.advance(days=1)
    assert status() == "DISABLED"


# --- tags


@pytest.mark.newer_botocore
def test_tags(kinesis, make, arn, refused):
    make(Tags={"first": "1"})
    kinesis.add_tags_to_stream(StreamName="clicks", Tags={"b": "2", "a": ""})
    first = kinesis.list_tags_for_stream(StreamName="clicks", Limit=2)
    assert first["Tags"] == [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}]
    assert first["HasMoreTags"]
    rest = kinesis.list_tags_for_stream(StreamName="clicks", ExclusiveStartTagKey="b")
    assert (rest["Tags"], rest["HasMoreTags"]) == ([{"Key": "first", "Value": "1"}], False)
    kinesis.remove_tags_from_stream(StreamName="clicks", TagKeys=["b", "unknown"])
    assert kinesis.list_tags_for_resource(ResourceARN=arn())["Tags"] == [
        {"Key": "first", "Value": "1"},
        {"Key": "a", "Value": ""},
    ]
    kinesis.tag_resource(ResourceARN=arn(), Tags={"c": "3"})
    kinesis.untag_resource(ResourceARN=arn(), TagKeys=["a", "first"])
    assert kinesis.list_tags_for_stream(StreamName="clicks")["Tags"] == [{"Key": "c", "Value": "3"}]
    assert refused(kinesis.add_tags_to_stream, StreamName="clicks", Tags={str(n): "" for n in range(50)}) == (
        "InvalidArgumentException",
        "Failed to add tags to stream clicks under account 123456789012 because a given stream cannot have more than "
        "50 tags associated with it.",
    )
    for bad in ({"a!": "b"}, {"a": "b\u2603"}, {"a%": "b"}, {"aws:a": "b"}):
        assert refused(kinesis.add_tags_to_stream, StreamName="clicks", Tags=bad)[0] == "InvalidArgumentException"
    assert kinesis.list_tags_for_stream(StreamName="clicks")["Tags"] == [{"Key": "c", "Value": "3"}]


# --- other accounts


def test_another_account_needs_a_policy(aws, kinesis, make, put, arn, refused):
    make()
    put()
    other = boto3.client(
        "kinesis", region_name="us-east-1", aws_access_key_id="210987654321", aws_secret_access_key="x"
    )
    given = {"StreamARN": arn(), "Data": b"theirs", "PartitionKey": "k"}
    code, message = refused(other.put_record, **given)
    assert code == "AccessDeniedException"
    assert message.endswith(
        f"is not authorized to perform: kinesis:PutRecord on resource: {arn()} because no resource-based policy allows "
        "the kinesis:PutRecord action"
    )
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "210987654321"}, '
        f'"Action": ["kinesis:PutRecord", "kinesis:GetShardIterator", "kinesis:GetRecords"], "Resource": "{arn()}"}}]}}'
    )
    assert refused(kinesis.get_resource_policy, ResourceARN=arn())[0] == "ResourceNotFoundException"
    kinesis.put_resource_policy(ResourceARN=arn(), Policy=policy)
    assert kinesis.get_resource_policy(ResourceARN=arn())["Policy"] == policy
    other.put_record(**given)
    iterator = other.get_shard_iterator(
        StreamARN=arn(), ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert [r["Data"] for r in other.get_records(ShardIterator=iterator)["Records"]] == [b"data", b"theirs"]
    assert refused(other.list_shards, StreamARN=arn())[0] == "AccessDeniedException"
    assert refused(kinesis.put_resource_policy, ResourceARN=arn(), Policy="{")[0] == "InvalidArgumentException"
    kinesis.delete_resource_policy(ResourceARN=arn())
    assert refused(other.put_record, **given)[0] == "AccessDeniedException"
    assert refused(other.get_records, ShardIterator=iterator)[0] == "AccessDeniedException"
    assert refused(kinesis.delete_resource_policy, ResourceARN=arn())[0] == "ResourceNotFoundException"


@pytest.mark.rule("kinesis-042", "kinesis-044")
@pytest.mark.aws(authorization=True)
def test_iam_decides(aws, kinesis, make, refused, arn):
    make()
    iam = boto3.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = boto3.client(
        "kinesis",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert bob.meta.endpoint_url == "https://kinesis.us-east-1.amazonaws.com"
    record = {"StreamName": "clicks", "Data": b"x", "PartitionKey": "k"}
    assert refused(bob.put_record, **record) == (
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: kinesis:PutRecord on resource: "
        f"{arn()} because no identity-based policy allows the kinesis:PutRecord action",
    )
    secure = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*", '
        '"Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}'
    )
    iam.put_user_policy(UserName="bob", PolicyName="write", PolicyDocument=secure)
    bob.put_record(**record)
    assert refused(bob.describe_stream, StreamName="clicks")[0] == "AccessDeniedException"
    own = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Principal": {"AWS": "arn:aws:iam::123456789012:user/bob"}, "Action": "kinesis:DescribeStream", '
        f'"Resource": "{arn()}"}}]}}'
    )
    kinesis.put_resource_policy(ResourceARN=arn(), Policy=own)
    bob.describe_stream(StreamName="clicks")


# --- what on-demand streams can be set to

ON_DEMAND_MODE = {"StreamMode": "ON_DEMAND"}


def _summary(kinesis, name="clicks"):
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


@pytest.mark.newer_botocore
def test_records_are_distributed_without_a_key(kinesis, arn, refused):
    kinesis.create_stream(StreamName="clicks", StreamModeDetails=ON_DEMAND_MODE, RecordDistributionStrategy="AUTO")
    assert _summary(kinesis)["RecordDistributionStrategy"] == "AUTO"
    entries = [{"Data": b"x"}, {"Data": b"x", "PartitionKey": "same"}] * 4
    answers = kinesis.put_records(StreamName="clicks", Records=entries)["Records"]
    assert len({answer["ShardId"] for answer in answers}) == 4
    kinesis.put_record(StreamName="clicks", Data=b"x")
    kinesis.update_stream_record_distribution_strategy(StreamARN=arn(), RecordDistributionStrategy="USER_PARTITION_KEY")
    code, message = refused(kinesis.put_record, StreamName="clicks", Data=b"x")
    assert code == "ValidationException"
    assert "Value null at 'partitionKey' failed to satisfy constraint: Member must not be null" in message
    code, message = refused(kinesis.put_records, StreamName="clicks", Records=entries[:2])
    assert "'records.1.member.partitionKey'" in message
    kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="k")


@pytest.mark.newer_botocore
def test_only_on_demand_streams_distribute_or_are_warm(kinesis, make, arn, refused):
    make()
    message = "is only supported for streams that use the on-demand capacity mode."
    for call, params in (
        (kinesis.update_stream_record_distribution_strategy, {"RecordDistributionStrategy": "AUTO"}),
        (kinesis.update_stream_warm_throughput, {"WarmThroughputMiBps": 10}),
    ):
        assert refused(call, StreamARN=arn(), **params)[0] == "InvalidArgumentException"
        assert refused(call, StreamARN=arn(), **params)[1].endswith(message)
    assert refused(kinesis.create_stream, StreamName="new", ShardCount=1, RecordDistributionStrategy="AUTO")[
        1
    ].endswith(message)
    assert kinesis.list_streams()["StreamNames"] == ["clicks"]


@pytest.mark.newer_botocore
def test_warm_throughput(kinesis, arn, refused):
    kinesis.create_stream(StreamName="clicks", StreamModeDetails=ON_DEMAND_MODE)
    assert "WarmThroughput" not in _summary(kinesis)
    warm = {"StreamARN": arn(), "WarmThroughputMiBps": 10}
    code, message = refused(kinesis.update_stream_warm_throughput, **warm)
    assert (code, "MinimumThroughputBillingCommitment" in message) == ("ValidationException", True)
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    answer = kinesis.update_stream_warm_throughput(**warm)
    assert answer["WarmThroughput"] == {"TargetMiBps": 10, "CurrentMiBps": 4}
    found = _summary(kinesis)
    assert (found["OpenShardCount"], found["WarmThroughput"]) == (10, {"TargetMiBps": 10, "CurrentMiBps": 10})
    over = refused(kinesis.update_stream_warm_throughput, StreamARN=arn(), WarmThroughputMiBps=10_241)
    assert over[0] == "LimitExceededException"
    kinesis.create_stream(StreamName="warm", StreamModeDetails=ON_DEMAND_MODE, WarmThroughputMiBps=6)
    assert _summary(kinesis, "warm")["OpenShardCount"] == 6


@pytest.mark.rule("kinesis-043")
@pytest.mark.aws(authorization=True)
def test_producers_and_consumers_of_an_encrypted_stream_need_rights_on_the_key(aws, kinesis, make, arn, refused):
    iam, kms = boto3.client("iam"), boto3.client("kms", region_name="us-east-1")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    make()
    kinesis.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId=key)
    iam.create_user(UserName="jane")

    def allow(*actions):
        statement = {"Effect": "Allow", "Action": actions, "Resource": [arn(), key]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="jane", PolicyName="p", PolicyDocument=document)

    keys = aws.credentials("arn:aws:iam::123456789012:user/jane")
    jane = boto3.client("kinesis", region_name="us-east-1", **keys)
    record = {"StreamName": "clicks", "Data": b"x", "PartitionKey": "k"}
    allow("kinesis:*")
    code, message = refused(jane.put_record, **record)
    assert code == "KMSAccessDeniedException"
    assert "kms:GenerateDataKey" in message
    assert refused(jane.put_records, StreamName="clicks", Records=[{"Data": b"x", "PartitionKey": "k"}])[0] == code
    allow("kinesis:*", "kms:GenerateDataKey")
    shard = jane.put_record(**record)["ShardId"]
    where = {"StreamName": "clicks", "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = jane.get_shard_iterator(**where)["ShardIterator"]
    assert refused(jane.get_records, ShardIterator=iterator)[0] == code
    allow("kinesis:*", "kms:Decrypt")
    (record,) = jane.get_records(ShardIterator=iterator)["Records"]
    assert (record["Data"], record["EncryptionType"]) == (b"x", "KMS")
    kms.disable_key(KeyId=key)
    aws.clock.advance(minutes=6)
    assert refused(kinesis.put_record, StreamName="clicks", Data=b"x", PartitionKey="k")[0] == "KMSDisabledException"
