"""Topics: life, attributes, permissions, tags, lists."""

import json

import boto3
import pytest

ACCOUNT = "123456789012"
OTHER = "111122223333"


def arn(name, account=ACCOUNT):
    return f"arn:aws:sns:us-east-1:{account}:{name}"


def other(service="sns"):
    return boto3.client(service, "us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="x")


def attributes(sns, topic):
    return sns.get_topic_attributes(TopicArn=topic)["Attributes"]


# --- life


@pytest.mark.rule("sns-001")
def test_topics_take_messages_and_push_them_to_subscribers(sns, make, subscribe, texts):
    topic = make("news")
    assert topic == arn("news")
    url, subscription = subscribe(topic)
    assert sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    assert texts(url) == ["hello"]
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == subscription


@pytest.mark.parametrize("name", ["a", "a" * 256, "A-b_9"])
def test_names_that_are_allowed(sns, name):
    assert sns.create_topic(Name=name)["TopicArn"] == arn(name)


@pytest.mark.parametrize("name", ["", "a" * 257, "a.b", "a b", "a:b", "é", "t.fifo"])
def test_names_that_are_not(sns, invalid, name):
    assert invalid(sns.create_topic, Name=name) == "Topic Name"
    assert sns.list_topics()["Topics"] == []


def test_fifo_names_end_in_fifo(sns, invalid):
    fifo = {"FifoTopic": "true"}
    assert invalid(sns.create_topic, Name="orders", Attributes=fifo) == "Topic Name"
    assert invalid(sns.create_topic, Name="a" * 252 + ".fifo", Attributes=fifo) == "Topic Name"
    assert sns.create_topic(Name="a" * 251 + ".fifo", Attributes=fifo)["TopicArn"]


def test_creating_again_gives_the_same_topic_or_a_refusal(sns, make, invalid):
    topic = make("news", DisplayName="News", TracingConfig="Active")
    assert sns.create_topic(Name="news")["TopicArn"] == topic
    assert sns.create_topic(Name="news", Attributes={"DisplayName": "News"})["TopicArn"] == topic
    for given in (
        {"DisplayName": "Other"},
        {"DisplayName": "News", "KmsMasterKeyId": "k"},
        {"TracingConfig": "PassThrough"},
    ):
        message = invalid(sns.create_topic, Name="news", Attributes=given)
        assert message == "Attributes Reason: Topic already exists with different attributes"
    message = invalid(sns.create_topic, Name="news", Tags=[{"Key": "a", "Value": "b"}])
    assert message == "Tags Reason: Topic already exists with different tags"
    assert attributes(sns, topic)["DisplayName"] == "News"


def test_a_deleted_topic_is_gone_with_its_subscriptions(sns, make, subscribe, refused):
    topic = make()
    _, subscription = subscribe(topic)
    sns.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)
    assert sns.list_subscriptions()["Subscriptions"] == []
    gone = ("NotFound", "Topic does not exist", 404)
    assert refused(sns.publish, TopicArn=topic, Message="x") == gone
    assert refused(sns.get_topic_attributes, TopicArn=topic) == gone
    assert refused(sns.get_subscription_attributes, SubscriptionArn=subscription)[0] == "NotFound"
    assert refused(sns.list_subscriptions_by_topic, TopicArn=topic) == gone


def test_arns_that_are_none(sns, invalid):
    elements = "TopicArn Reason: An ARN must have at least 6 elements, not 1"
    assert invalid(sns.get_topic_attributes, TopicArn="news") == elements
    assert invalid(sns.delete_topic, TopicArn="news") == elements
    assert invalid(sns.get_topic_attributes, TopicArn=arn("news").replace("us-east-1", "eu-west-1")) == "TopicArn"
    assert invalid(sns.get_topic_attributes, TopicArn=arn("news").replace(":sns:", ":sqs:")) == "TopicArn"


@pytest.mark.rule("sns-006")
@pytest.mark.aws(limits={"sns.topics": 2, "sns.fifo-topics": 1})
def test_an_account_has_so_many_topics(sns, make, refused):
    make("a")
    make("b")
    exceeded = ("TopicLimitExceeded", "Topic limit exceeded", 403)
    assert refused(sns.create_topic, Name="c") == exceeded
    assert sns.create_topic(Name="a")["TopicArn"] == arn("a")
    make("d.fifo")
    assert refused(sns.create_topic, Name="e.fifo", Attributes={"FifoTopic": "true"}) == exceeded
    assert len(sns.list_topics()["Topics"]) == 3
    sns.delete_topic(TopicArn=arn("a"))
    make("c")


def test_lists_come_in_pages_of_100(sns, invalid):
    names = sorted(f"t{n:03}" for n in range(205))
    for name in names:
        sns.create_topic(Name=name)
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    pages = sns.get_paginator("list_topics").paginate()
    assert [topic["TopicArn"] for page in pages for topic in page["Topics"]] == [arn(name) for name in names]
    assert invalid(sns.list_topics, NextToken="nonsense") == "NextToken"


# --- attributes


def test_attributes_that_can_be_set_read_back(sns, make):
    topic = make()
    role = f"arn:aws:iam::{ACCOUNT}:role/feedback"
    for name, value in {
        "DisplayName": "News",
        "KmsMasterKeyId": "alias/aws/sns",
        "TracingConfig": "Active",
        "SignatureVersion": "2",
        "SQSSuccessFeedbackRoleArn": role,
        "SQSSuccessFeedbackSampleRate": "100",
    }.items():
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
        assert attributes(sns, topic)[name] == value
    sns.set_topic_attributes(TopicArn=topic, AttributeName="TracingConfig", AttributeValue="")
    assert "TracingConfig" not in attributes(sns, topic)


@pytest.mark.rule("sns-025", "sns-026")
def test_a_topic_has_no_capacity_and_no_key_unless_set(sns, make):
    found = attributes(sns, make())
    assert "KmsMasterKeyId" not in found
    assert not any("apacity" in name or "hroughput" in name for name in found)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Colour", "red", "AttributeName"),
        ("FifoTopic", "true", "AttributeName"),
        ("DisplayName", "x" * 101, "DisplayName"),
        ("SignatureVersion", "3", "SignatureVersion: Invalid value [3]. Must be one of: 1, 2"),
        ("Policy", "{", "Policy Error: null"),
        ("ContentBasedDeduplication", "true", "ContentBasedDeduplication is not supported for standard topics"),
        ("HTTPSuccessFeedbackSampleRate", "101", "HTTPSuccessFeedbackSampleRate: Must be an integer from 0 to 100"),
        ("DeliveryPolicy", "{", "DeliveryPolicy: failed to parse JSON."),
    ],
)
def test_attributes_that_cannot_be_set(sns, make, invalid, name, value, message):
    topic = make()
    before = attributes(sns, topic)
    assert invalid(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue=value) == message
    assert attributes(sns, topic) == before


def test_a_topic_is_not_created_with_wrong_attributes(sns, invalid):
    assert invalid(sns.create_topic, Name="t", Attributes={"Colour": "red"}) == (
        "Attributes Reason: Unknown attribute Colour"
    )
    assert invalid(sns.create_topic, Name="t", Attributes={"SignatureVersion": "3"}).startswith(
        "Attributes Reason: Sig"
    )
    assert sns.list_topics()["Topics"] == []


@pytest.mark.rule("sns-013", "sns-014")
def test_delivery_policies(sns, make):
    topic = make()
    effective = json.loads(attributes(sns, topic)["EffectiveDeliveryPolicy"])["http"]
    assert effective["defaultHealthyRetryPolicy"]["numRetries"] == 3
    policy = {"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 5, "numRetries": 7}}}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy))
    found = attributes(sns, topic)
    assert json.loads(found["DeliveryPolicy"]) == policy
    effective = json.loads(found["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
    assert (effective["numRetries"], effective["minDelayTarget"], effective["backoffFunction"]) == (7, 1, "linear")
    made = sns.subscribe(
        TopicArn=topic, Protocol="https", Endpoint="https://example.com/", ReturnSubscriptionArn=True,
        Attributes={"DeliveryPolicy": json.dumps({"healthyRetryPolicy": {
            "minDelayTarget": 2, "maxDelayTarget": 2, "numRetries": 9}})},
    )["SubscriptionArn"]  # fmt: skip
    shown = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert json.loads(shown["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == 9


HEALTHY = {"minDelayTarget": 1, "maxDelayTarget": 3600, "numRetries": 100}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"numRetries": 101}, "numRetries must be less than or equal to 100"),
        ({"numRetries": -1}, "numRetries must be greater than or equal to 0"),
        ({"numRetries": None}, "numRetries must be specified"),
        ({"minDelayTarget": 0}, "minDelayTarget must be greater than or equal to 1"),
        ({"maxDelayTarget": 3601}, "maxDelayTarget must be less than or equal to 3600"),
        ({"minDelayTarget": 9, "maxDelayTarget": 8}, "maxDelayTarget must be greater than or equal to minDelayTarget"),
        (
            {"numRetries": 3, "numNoDelayRetries": 4},
            "numRetries must be greater than or equal to the sum of its phases",
        ),
        ({"backoffFunction": "random"}, "backoffFunction must be one of linear, arithmetic, geometric, exponential"),
    ],
)
def test_bounds_of_delivery_policies(sns, make, invalid, change, problem):
    topic = make()
    policy = {"http": {"defaultHealthyRetryPolicy": {**HEALTHY, **change}}}
    given = {"TopicArn": topic, "AttributeName": "DeliveryPolicy", "AttributeValue": json.dumps(policy)}
    if problem is None:
        sns.set_topic_attributes(**given)
    else:
        assert invalid(sns.set_topic_attributes, **given) == f"DeliveryPolicy: http.defaultHealthyRetryPolicy.{problem}"
        assert "DeliveryPolicy" not in attributes(sns, topic)


# --- permissions


def test_permissions_are_statements_of_the_policy(sns, make):
    topic = make()
    default = json.loads(attributes(sns, topic)["Policy"])
    sns.add_permission(TopicArn=topic, Label="partner", AWSAccountId=[OTHER], ActionName=["Publish", "Subscribe"])
    *_, added = json.loads(attributes(sns, topic)["Policy"])["Statement"]
    assert added == {
        "Sid": "partner",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": topic,
    }
    sns.remove_permission(TopicArn=topic, Label="partner")
    assert json.loads(attributes(sns, topic)["Policy"]) == default


@pytest.mark.rule("sns-028")
def test_a_policy_lets_other_accounts_in(sns, make, subscribe, texts, refused):
    topic = make()
    url, _ = subscribe(topic)
    code, message, status = refused(other().publish, TopicArn=topic, Message="x")
    assert (code, status) == ("AuthorizationError", 403)
    assert message == (
        f"User: arn:aws:iam::{OTHER}:user/awsim is not authorized to perform: SNS:Publish on resource: {topic} "
        "because no resource-based policy allows the SNS:Publish action"
    )
    assert texts(url) == []
    sns.add_permission(TopicArn=topic, Label="partner", AWSAccountId=[OTHER], ActionName=["Publish"])
    other().publish(TopicArn=topic, Message="from outside")
    assert texts(url) == ["from outside"]
    assert refused(other().set_topic_attributes, TopicArn=topic, AttributeName="DisplayName", AttributeValue="x")[
        0
    ] == ("AuthorizationError")
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "SNS:Publish", "Resource": topic}],
        }
    )
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert refused(other().publish, TopicArn=topic, Message="x")[0] == "AuthorizationError"


def test_policies_look_at_what_is_subscribed(sns, make, refused):
    topic = make()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "sns:Subscribe",
        "Resource": topic,
        "Condition": {"StringEquals": {"sns:Protocol": "sqs"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert refused(other().subscribe, TopicArn=topic, Protocol="email", Endpoint="a@example.com")[0] == (
        "AuthorizationError"
    )
    queue = f"arn:aws:sqs:us-east-1:{OTHER}:q"
    assert other().subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"].startswith(topic)


@pytest.mark.parametrize("action", ["CreateTopic", "Nonsense"])
def test_permissions_are_about_a_topic(sns, make, invalid, action):
    topic = make()
    before = attributes(sns, topic)["Policy"]
    given = {"TopicArn": topic, "Label": "l", "AWSAccountId": [OTHER], "ActionName": [action]}
    assert invalid(sns.add_permission, **given) == "Policy statement action out of service scope!"
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": f"sns:{action}", "Resource": topic}]}
    message = invalid(
        sns.set_topic_attributes, TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    assert message == "Policy statement action out of service scope!"
    assert attributes(sns, topic)["Policy"] == before


# --- tags and data protection


def test_tags(sns, make, refused):
    topic = sns.create_topic(Name="t", Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [
        {"Key": "a", "Value": "3"},
        {"Key": "b", "Value": "2"},
    ]
    sns.untag_resource(ResourceArn=topic, TagKeys=["a", "none"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    missing = ("ResourceNotFound", "Resource does not exist", 404)
    assert refused(sns.list_tags_for_resource, ResourceArn=arn("none")) == missing
    assert refused(sns.tag_resource, ResourceArn=arn("none"), Tags=[{"Key": "a", "Value": "b"}]) == missing


def test_a_topic_has_up_to_50_tags(sns, make, refused):
    topic = make()
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    code, _, _ = refused(sns.tag_resource, ResourceArn=topic, Tags=[{"Key": "more", "Value": ""}])
    assert code == "TagLimitExceeded"
    assert len(sns.list_tags_for_resource(ResourceArn=topic)["Tags"]) == 50


def test_data_protection_policies(sns, make, invalid):
    topic = make()
    policy = json.dumps(
        {
            "Name": "p",
            "Version": "2021-06-01",
            "Statement": [
                {
                    "Sid": "s",
                    "DataDirection": "Inbound",
                    "Principal": ["*"],
                    "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/Name"],
                    "Operation": {"Deny": {}},
                }
            ],
        }
    )
    assert sns.get_data_protection_policy(ResourceArn=topic).get("DataProtectionPolicy", "") == ""
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=policy)
    assert sns.get_data_protection_policy(ResourceArn=topic)["DataProtectionPolicy"] == policy
    for wrong in ("{", "{}", '{"Name": "p", "Statement": []}'):
        message = invalid(sns.put_data_protection_policy, ResourceArn=topic, DataProtectionPolicy=wrong)
        assert message == "DataProtectionPolicy Reason: Policy document is not valid"
    assert sns.get_data_protection_policy(ResourceArn=topic)["DataProtectionPolicy"] == policy


def test_a_snapshot_brings_topics_back(aws, sns, make, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic)
    before = aws.snapshot()
    sns.delete_topic(TopicArn=topic)
    aws.restore(before)
    sns.publish(TopicArn=topic, Message="still here")
    assert texts(url) == ["still here"]


# --- every paginator that botocore has for SNS


@pytest.mark.parametrize(
    "name",
    [
        "list_endpoints_by_platform_application", "list_phone_numbers_opted_out", "list_platform_applications",
        "list_subscriptions", "list_subscriptions_by_topic", "list_topics", "list_sms_sandbox_phone_numbers",
        "list_origination_numbers",
    ],
)  # fmt: skip
@pytest.mark.aws(limits={"sns.sms-sandbox-numbers": None})
def test_paginators_find_everything_once(aws, sns, make, name):
    topic = make()
    given = {"Platform": "GCM", "Attributes": {"PlatformCredential": "x"}}
    application = sns.create_platform_application(Name="a", **given)["PlatformApplicationArn"]
    for n in range(120):
        number = f"+1555{n:07}"
        if name == "list_topics" and n:
            make(f"t{n}")
        elif name.startswith("list_subscriptions"):
            sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=number)
        elif name == "list_endpoints_by_platform_application":
            sns.create_platform_endpoint(PlatformApplicationArn=application, Token=str(n))
        elif name == "list_platform_applications" and n:
            sns.create_platform_application(Name=f"a{n}", **given)
        elif name == "list_phone_numbers_opted_out":
            aws.service("sns", None, None).opt_out(number)
        elif name == "list_sms_sandbox_phone_numbers":
            sns.create_sms_sandbox_phone_number(PhoneNumber=number)
    params = {"TopicArn": topic} if name.endswith("by_topic") else {}
    if name.endswith("by_platform_application"):
        params = {"PlatformApplicationArn": application}
    pages = list(sns.get_paginator(name).paginate(**params))
    found = [json.dumps(item) for page in pages for items in page.values() if isinstance(items, list) for item in items]
    expected = 0 if name == "list_origination_numbers" else 120
    assert (len(pages), len(found), len(set(found))) == (2 if expected else 1, expected, expected)
