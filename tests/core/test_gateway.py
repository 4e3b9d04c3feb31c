"""The stages of a call, through a toy service on DynamoDB's and SQS's models."""

import threading

import pytest

from awsim.cloud import Cloud
from awsim.errors import AWSError, AwsimError
from awsim.gateway import plan
from awsim.service import Service
from awsim.state import Collection, Dict, Entity


class Table(Entity):
    def __init__(self, name, owner):
        self.name = name
        self.owner = owner
        self.items = Dict()


class ToyDynamoDB(Service):
    name = "dynamodb"
    idempotent = {"TransactWriteItems": ("token", "IdempotentParameterMismatchException", "")}
    tables = Collection("table", missing=("ResourceNotFoundException", "Table: {key} not found"))

    def create_table(self, TableName, AttributeDefinitions, KeySchema, BillingMode=None):
        table = self.tables.add(Table(TableName, self.caller.arn))
        return {"TableDescription": {"TableName": table.name, "TableArn": self.arn(f"table/{TableName}")}}

    def describe_table(self, TableName):
        table = self.tables[TableName]
        return {"Table": {"TableName": table.name, "ItemCount": len(table.items), "TableArn": table.owner}}

    def put_item(self, TableName, Item):
        self.tables[TableName].items[Item["id"]["S"]] = Item
        return {}

    def list_tables(self):
        answers = self.call("sqs", "ListQueues", as_="dynamodb.amazonaws.com")
        return {"TableNames": [*answers["QueueUrls"]]}

    def transact_write_items(self, TransactItems, ClientRequestToken=None):
        self.tables["t"].items[self.ids.uuid("item")] = {}
        return {}


class ToySQS(Service):
    name = "sqs"

    def list_queues(self):
        return {"QueueUrls": [self.request.caller.arn, self.region, self.account]}

    def delete_queue(self, QueueUrl):
        return {"Nothing": {"of": "this"}}


KEY = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [
    {"AttributeName": "id", "KeyType": "HASH"}]}  # fmt: skip


@pytest.fixture
def cloud(monkeypatch):
    toys = {"dynamodb": ToyDynamoDB, "sqs": ToySQS}
    genuine = plan.service_class
    monkeypatch.setattr(plan, "service_class", lambda name: toys.get(name) or genuine(name))
    monkeypatch.setattr(plan, "_plans", {})
    return Cloud()


def refused(call, *arguments, **named):
    with pytest.raises(AWSError) as caught:
        call(*arguments, **named)
    return caught.value


def test_both_spellings_of_an_operation(cloud):
    cloud.call("dynamodb", "create_table", TableName="one", **KEY)
    assert cloud.call("dynamodb", "DescribeTable", {"TableName": "one"})["Table"]["TableName"] == "one"


def test_what_is_not_modelled_says_so_by_name(cloud):
    for service, operation, parameters, words in (
        ("dynamodb", "DeleteTable", {"TableName": "t"}, "dynamodb:DeleteTable"),
        ("braket", "GetJob", {}, "the service braket"),
        ("sqs", "list_queues", {"QueueNamePrefix": "x"}, "the parameter QueueNamePrefix of sqs:ListQueues"),
        # A name that every Service has is no operation.
        ("dynamodb", "Call", {}, "dynamodb:Call"),
    ):
        error = refused(cloud.call, service, operation, parameters)
        assert (error.code, error.status) == ("NotImplemented", 501)
        assert words in error.message


def test_a_state_per_account_and_region(cloud):
    cloud.call("dynamodb", "CreateTable", TableName="here", **KEY)
    for elsewhere in ({"region": "eu-west-1"}, {"account": "222222222222"}):
        assert refused(cloud.call, "dynamodb", "DescribeTable", TableName="here", **elsewhere).code == (
            "ResourceNotFoundException"
        )


def test_constraints_of_the_model_in_awss_words(cloud):
    error = refused(cloud.call, "dynamodb", "CreateTable", TableName="a" * 1025, BillingMode="FREE", **KEY)
    assert error.code == "ValidationException"
    assert error.message.startswith("2 validation errors detected: Value 'aaa")
    assert "at 'tableName' failed to satisfy constraint: Member must have length less than or equal to" in error.message
    assert (
        "Value 'FREE' at 'billingMode' failed to satisfy constraint: "
        "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]" in error.message
    )
    error = refused(
        cloud.call, "dynamodb", "CreateTable", TableName="abc", AttributeDefinitions=[{"AttributeName": "x"}]
    )
    assert "Value null at 'attributeDefinitions.1.member.attributeType' failed" in error.message


def test_a_refused_call_is_in_the_journal_and_changes_nothing(cloud):
    refused(cloud.call, "dynamodb", "CreateTable", TableName="", **KEY)
    (record,) = cloud.calls
    assert (record.name, record.error.code, record.result) == ("dynamodb:CreateTable", "ValidationException", None)
    assert len(cloud.service("dynamodb", None, None).tables) == 0


def test_the_journal_hangs_what_services_do_under_the_call_that_caused_it(cloud):
    cloud.call("dynamodb", "ListTables")
    (record,) = cloud.calls
    (caused,) = record.caused
    assert (caused.name, caused.caller) == ("sqs:ListQueues", "dynamodb.amazonaws.com")
    assert cloud.calls.of("sqs:*") == [caused]
    assert record.caller == "arn:aws:iam::123456789012:user/awsim"


def test_the_journal_keeps_blobs_as_length_and_checksum(cloud):
    cloud.call("dynamodb", "CreateTable", TableName="tab", **KEY)
    cloud.call("dynamodb", "PutItem", TableName="tab", Item={"id": {"S": "x"}, "data": {"B": b"12345"}})
    blob = cloud.calls[-1].parameters["Item"]["data"]["B"]
    assert (blob.length, blob.crc32) == (5, 0xCBF53A1C)


def test_services_call_as_a_principal_in_their_own_account_and_region(cloud):
    answer = cloud.call("dynamodb", "ListTables", region="eu-west-1", account="222222222222")
    assert answer["TableNames"] == ["dynamodb.amazonaws.com", "eu-west-1", "222222222222"]


def test_scripted_faults_meet_calls_by_name_and_number(cloud):
    fault = cloud.faults.add("sqs:List*", error="InternalError", message="oops", status=500, times=2)
    for _ in range(2):
        error = refused(cloud.call, "sqs", "ListQueues")
        assert (error.code, error.message, error.status) == ("InternalError", "oops", 500)
    assert cloud.call("sqs", "ListQueues")
    assert fault.hits == 2
    with cloud.faults.add("sqs", region="eu-west-1"):
        assert refused(cloud.call, "sqs", "ListQueues", region="eu-west-1").status == 503
        assert cloud.call("sqs", "ListQueues")
    assert cloud.call("sqs", "ListQueues", region="eu-west-1")


def test_scripted_latency_moves_the_clock(cloud):
    before = cloud.clock.time()
    with cloud.faults.add("sqs:ListQueues", latency=30):
        cloud.call("sqs", "ListQueues")
    assert 30 <= cloud.clock.time() - before < 31


def test_an_idempotency_token_has_one_effect(cloud, monkeypatch):
    service = cloud.service("dynamodb", None, None)
    monkeypatch.setattr(type(service.limits), "__getitem__", lambda self, name: 600)
    service.tables.add(Table("t", ""))
    token = {"ClientRequestToken": "abc"}
    write = [{"Put": {"TableName": "tab", "Item": {"id": {"S": "1"}}}}]
    for _ in range(3):
        cloud.call("dynamodb", "TransactWriteItems", TransactItems=write, **token)
    assert len(service.tables["t"].items) == 1
    other = [{"Put": {"TableName": "tab", "Item": {"id": {"S": "2"}}}}]
    error = refused(cloud.call, "dynamodb", "TransactWriteItems", TransactItems=other, **token)
    assert error.code == "IdempotentParameterMismatchException"
    cloud.clock.advance(seconds=601)
    cloud.call("dynamodb", "TransactWriteItems", TransactItems=other, **token)
    assert len(service.tables["t"].items) == 2


def test_snapshot_restore_and_reset(cloud):
    cloud.call("dynamodb", "CreateTable", TableName="kept", **KEY)
    before = cloud.snapshot()
    ids = cloud.service("dynamodb", None, None).ids
    with cloud.exclusive():
        first = ids.uuid("x")
    cloud.call("dynamodb", "CreateTable", TableName="dropped", **KEY)
    cloud.call("dynamodb", "CreateTable", TableName="elsewhere", region="eu-west-1", **KEY)
    cloud.limits["sqs.message-size"] = 1024
    after = cloud.snapshot()
    cloud.restore(before)
    assert refused(cloud.call, "dynamodb", "DescribeTable", TableName="dropped").code == "ResourceNotFoundException"
    assert cloud.call("dynamodb", "DescribeTable", TableName="kept")
    assert cloud.limits["sqs.message-size"] == 1_048_576
    assert ids.uuid("x") == first
    cloud.restore(after)
    assert cloud.call("dynamodb", "DescribeTable", TableName="dropped")
    assert cloud.call("dynamodb", "DescribeTable", TableName="elsewhere", region="eu-west-1")
    assert cloud.limits["sqs.message-size"] == 1024
    assert len(cloud.calls) == 7  # the journal is not rewound
    cloud.reset()
    assert refused(cloud.call, "dynamodb", "DescribeTable", TableName="kept").code == "ResourceNotFoundException"
    assert len(cloud.calls) == 1
    with pytest.raises(AwsimError, match="before a reset"):
        cloud.restore(before)


def test_a_run_is_a_function_of_its_seed():
    def ids(seed):
        service = ToySQS(Cloud(seed=seed), "123456789012", "us-east-1", "aws")
        return [service.ids.uuid("message") for _ in range(3)] + [service.ids.digits("n", 12)]

    assert ids(1) == ids(1)
    assert not set(ids(1)) & set(ids(2))


def test_threads_lose_nothing(cloud):
    cloud.call("dynamodb", "CreateTable", TableName="tab", **KEY)

    def put(worker):
        for number in range(100):
            cloud.call("dynamodb", "PutItem", TableName="tab", Item={"id": {"S": f"{worker}-{number}"}})

    threads = [threading.Thread(target=put, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cloud.call("dynamodb", "DescribeTable", TableName="tab")["Table"]["ItemCount"] == 800
    assert len(cloud.calls) == 802


def test_an_option_that_is_wrong_says_what_to_write():
    for options, words in (
        ({"account": "12"}, "12 digits"),
        ({"consistency": "weak"}, "'strong' or 'eventual'"),
        ({"as_of": "last year"}, "2020-11-30"),
    ):
        with pytest.raises(AwsimError, match=words):
            Cloud(**options)
