"""Queues themselves: names, URLs, attributes, deletion, tags."""

import json

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-01")

UNKNOWN = ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.", 400)


@pytest.mark.rule("sqs-001")
def test_a_message_is_sent_received_and_deleted_and_nobody_gets_it_unasked(aws, sqs, make, receive, counts):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="work")
    aws.clock.advance(hours=1)
    assert counts(url) == (1, 0, 0)
    (message,) = receive(url)
    assert message["Body"] == "work"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert counts(url) == (0, 0, 0)


@pytest.mark.rule("sqs-002")
def test_creating_a_queue_again_gives_the_same_queue(sqs, make, refused):
    url = make("jobs", DelaySeconds=3)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert make("jobs") == make("jobs", DelaySeconds=3) == url
    message = "A queue already exists with the same name and a different value for attribute DelaySeconds"
    with pytest.raises(sqs.exceptions.QueueNameExists):
        make("jobs", DelaySeconds=4)
    assert refused(make, name="jobs", DelaySeconds=4) == ("QueueAlreadyExists", message, 400)
    assert sqs.list_queues()["QueueUrls"] == [url]


def test_policies_are_compared_by_what_they_say(make, refused):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}
    url = make("jobs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert make("jobs", Policy=json.dumps({"Statement": [statement], "Version": "2012-10-17"}, indent=1)) == url
    other = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Effect": "Deny"}]})
    assert refused(make, name="jobs", Policy=other)[0] == "QueueAlreadyExists"


@pytest.mark.rule("sqs-003")
def test_urls_of_today_and_of_the_legacy_form_reach_a_queue(sqs, make):
    url = make()
    assert url == "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"
    assert sqs.get_queue_url(QueueName="jobs")["QueueUrl"] == url
    for host in ("us-east-1.queue.amazonaws.com", "queue.amazonaws.com", "sqs-fips.us-east-1.amazonaws.com"):
        sqs.send_message(QueueUrl=f"https://{host}/123456789012/jobs", MessageBody=host)
    sqs.send_message(QueueUrl="jobs", MessageBody="by name")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert found == {"ApproximateNumberOfMessages": "4"}


def test_urls_of_china(aws):
    client = boto3.client("sqs", region_name="cn-north-1")
    url = client.create_queue(QueueName="jobs")["QueueUrl"]
    assert url == "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs"
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    assert found["QueueArn"] == "arn:aws-cn:sqs:cn-north-1:123456789012:jobs"


@pytest.mark.rule("sqs-004")
def test_a_queue_that_does_not_exist(sqs, refused):
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/nothing"
    assert refused(sqs.get_queue_url, QueueName="nothing") == UNKNOWN
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x") == UNKNOWN
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize(
    "url", ["https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", "https://sqs.us-east-1.amazonaws.com/"]
)
def test_an_address_of_another_region_or_none(sqs, make, refused, url):
    make()
    message = f"The address {url} is not valid for this endpoint."
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x") == ("InvalidAddress", message, 404)


@pytest.mark.rule("sqs-005")
def test_a_region_lists_its_own_queues(aws):
    mumbai = boto3.client("sqs", region_name="ap-south-1")
    url = mumbai.create_queue(QueueName="jobs")["QueueUrl"]
    assert mumbai.list_queues()["QueueUrls"] == [url]
    assert "QueueUrls" not in boto3.client("sqs", region_name="us-east-1").list_queues()


def test_listing_by_prefix_and_in_pages(sqs, make, refused):
    urls = [make(f"jobs-{n}") for n in range(5)]
    make("other")
    assert sqs.list_queues(QueueNamePrefix="jobs")["QueueUrls"] == urls
    first = sqs.list_queues(QueueNamePrefix="jobs", MaxResults=2)
    assert first["QueueUrls"] == urls[:2]
    rest = sqs.list_queues(QueueNamePrefix="jobs", MaxResults=10, NextToken=first["NextToken"])
    assert rest["QueueUrls"] == urls[2:]
    assert "NextToken" not in rest
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix="jobs", PaginationConfig={"PageSize": 2})
    assert [url for page in pages for url in page["QueueUrls"]] == urls
    assert refused(sqs.list_queues, NextToken="?", MaxResults=1)[0] == "InvalidParameterValue"
    assert refused(sqs.list_queues, MaxResults=1001)[0] == "InvalidParameterValue"


@pytest.mark.aws(limits={"sqs.listed-queues": 2})
def test_no_more_than_the_table_says_are_listed_at_once(sqs, make):
    urls = [make(f"jobs-{n}") for n in range(3)]
    page = sqs.list_queues()
    assert page["QueueUrls"] == urls[:2]
    assert "NextToken" not in page


@pytest.mark.rule("sqs-006")
def test_attributes_can_be_changed_later(aws, sqs, make, attributes):
    url = make(DelaySeconds=7)
    before = attributes(url)
    aws.clock.advance(seconds=10)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    changed = {key: value for key, value in attributes(url).items() if value != before[key]}
    assert changed == {
        "VisibilityTimeout": "60",
        "LastModifiedTimestamp": str(int(before["LastModifiedTimestamp"]) + 10),
    }


@pytest.mark.rule("sqs-007")
def test_a_queue_has_nothing_to_do_with_networks(sqs, make, attributes, refused):
    unknown = ("InvalidAttributeName", "Unknown Attribute SecurityGroupIds.", 400)
    assert refused(make, name="jobs", SecurityGroupIds="sg-1") == unknown
    url = make()
    assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"SecurityGroupIds": "sg-1"}) == unknown
    assert refused(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["SecurityGroupIds"]) == unknown
    assert not [name for name in attributes(url) if "Vpc" in name or "Subnet" in name or "Security" in name]


def test_only_attributes_that_can_be_set_are_set(sqs, make, attributes, refused):
    url = make()
    before = attributes(url)
    for name in ("QueueArn", "ApproximateNumberOfMessages", "CreatedTimestamp", "All"):
        answer = refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"DelaySeconds": "9", name: "1"})
        assert answer == ("InvalidAttributeName", f"Unknown Attribute {name}.", 400)
    assert attributes(url) == before


def test_no_names_no_attributes(sqs, make):
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=make())


@pytest.mark.rule("sqs-008")
def test_deleting_a_queue_deletes_its_messages(sqs, make, send, refused, bodies):
    url = make()
    send(url, "old")
    sqs.delete_queue(QueueUrl=url)
    assert refused(sqs.get_queue_url, QueueName="jobs") == UNKNOWN
    assert refused(sqs.delete_queue, QueueUrl=url) == UNKNOWN
    assert bodies(make()) == []


@pytest.mark.rule("sqs-009")
@pytest.mark.aws(lifecycle="timed")
def test_the_name_of_a_deleted_queue_rests_for_a_minute(aws, sqs, make, refused):
    url = make()
    sqs.delete_queue(QueueUrl=url)
    wait = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    resting = ("AWS.SimpleQueueService.QueueDeletedRecently", wait, 400)
    assert refused(make, name="jobs") == resting
    aws.clock.advance(seconds=59.9)
    assert refused(make, name="jobs") == resting
    make("other")
    aws.clock.advance(seconds=0.1)
    assert make() == url


@pytest.mark.parametrize("name", ["", "a" * 81, "a b", "jobs.fifo", "ä", "a\n", "a/b"])
def test_names_that_no_standard_queue_can_have(sqs, refused, name):
    message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    assert refused(sqs.create_queue, QueueName=name) == ("InvalidParameterValue", message, 400)


def test_the_longest_name(sqs, make):
    assert make("a" * 80).endswith("a" * 80)
    assert make("a" * 75 + ".fifo").endswith(".fifo")


INTEGERS = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
}


@pytest.mark.rule("sqs-028", "sqs-038", "sqs-042", "sqs-051")
@pytest.mark.parametrize("name", INTEGERS)
def test_the_range_of_each_number(sqs, make, attributes, refused, name):
    least, most = INTEGERS[name]
    url = make()
    for value in (least, most):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)})
        assert attributes(url, name) == str(value)
    invalid = ("InvalidAttributeValue", f"Invalid value for the parameter {name}.", 400)
    for value in (least - 1, most + 1, "x", "1.5", " 60", "٦٠"):
        assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={name: str(value)}) == invalid
        assert refused(sqs.create_queue, QueueName="new", Attributes={name: str(value)}) == invalid
    assert attributes(url, name) == str(most)
    assert sqs.list_queues()["QueueUrls"] == [url]


@pytest.mark.rule("sqs-037", "sqs-040", "sqs-050")
def test_what_a_queue_is_when_nothing_is_said(make, attributes):
    found = attributes(make())
    expected = {
        "DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_an_empty_value_takes_an_attribute_back_to_its_default(sqs, make, attributes):
    url = make(VisibilityTimeout=99, Policy='{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}')
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "", "Policy": ""})
    assert attributes(url, "VisibilityTimeout") == "30"
    assert "Policy" not in attributes(url)


@pytest.mark.parametrize("policy", ["{", "[]", "1", "{}", '{"Statement": []}', "x" * 9000])
def test_a_policy_that_is_none(sqs, make, attributes, refused, policy):
    url = make()
    answer = refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": policy})
    assert answer == ("InvalidAttributeValue", "Invalid value for the parameter Policy.", 400)
    assert "Policy" not in attributes(url)


def test_the_size_of_a_policy(sqs, make, attributes, refused):
    url = make()
    policy = {"Id": "", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}
    room = 8192 - len(json.dumps(policy))
    fits, larger = (json.dumps({**policy, "Id": "x" * size}) for size in (room, room + 1))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": fits})
    answer = refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": larger})
    assert answer == ("InvalidAttributeValue", "Invalid value for the parameter Policy.", 400)
    assert attributes(url, "Policy") == fits


def test_tags(sqs, make, refused):
    url = sqs.create_queue(QueueName="jobs", tags={"team": "a"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"team": "b", "stage": ""})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "b", "stage": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "unknown"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"stage": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["stage"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    assert refused(sqs.tag_queue, QueueUrl=url, Tags={})[:2] == (
        "MissingParameter", "The request must contain the parameter Tags.",
    )  # fmt: skip
    sqs.tag_queue(QueueUrl=url, Tags={f"k{n}": "v" for n in range(50)})
    too_many = ("InvalidParameterValue", "Too many tags added for queue jobs.", 400)
    assert refused(sqs.tag_queue, QueueUrl=url, Tags={"k50": "v"}) == too_many
    assert len(sqs.list_queue_tags(QueueUrl=url)["Tags"]) == 50
    for tags in ({"k" * 129: "v"}, {"": "v"}, {"k0": "v" * 257}):
        assert refused(sqs.tag_queue, QueueUrl=url, Tags=tags)[0] == "InvalidParameterValue"


def test_what_was_sent_after_a_snapshot_is_gone_after_it_is_restored(aws, make, send, bodies, counts):
    url = make("jobs", MessageRetentionPeriod=60)
    send(url, "before")
    snapshot = aws.snapshot()
    send(url, "after")
    send(url, "later", DelaySeconds=1)
    aws.restore(snapshot)
    aws.clock.advance(seconds=2)
    assert counts(url) == (1, 0, 0)
    assert bodies(url) == ["before"]
    aws.clock.advance(seconds=60)
    assert counts(url) == (0, 0, 0)


def test_snapshots_bring_queues_and_messages_back(aws, sqs, make, send, receive, counts):
    url = make("jobs", VisibilityTimeout=30)
    send(url, "a", "b", "c")
    (held,) = receive(url)
    snapshot = aws.snapshot()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    receive(url, 10)
    sqs.purge_queue(QueueUrl=url)
    send(url, "d")
    sqs.delete_queue(QueueUrl=url)
    aws.restore(snapshot)
    assert counts(url) == (2, 1, 0)
    assert [message["Body"] for message in receive(url, 10)] == ["b", "c"]
    aws.restore(snapshot)
    aws.clock.advance(seconds=30)
    assert [message["Body"] for message in receive(url, 10)] == ["a", "b", "c"]
