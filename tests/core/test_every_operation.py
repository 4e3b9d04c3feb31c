"""Whatever the parameters, an operation answers with an error of AWS's or with a result that fits its model.

Calls at random of every modelled operation, on a Cloud that holds one of each resource: see `fuzzing` for how they are
made and what is asked of their answers. A fixed sample by default; AWSIM_FUZZ=20 makes twenty times as many calls, and
AWSIM_FUZZ_SEED=7 others. A failure prints the call; the same seed makes it again.
"""

import json
import os
import random
import re
import sys
import threading
from pathlib import Path

import pytest

boto3 = pytest.importorskip("boto3")
from botocore import xform_name  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError, DataNotFoundError  # noqa: E402
from botocore.session import get_session  # noqa: E402

from awsim import mock_aws  # noqa: E402
from awsim.errors import AWSError  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
from fuzzing import Fuzz, Wrong, operations, services  # noqa: E402
from population import ACCOUNT, REGION, ROLE  # noqa: E402

TIMES = float(os.environ.get("AWSIM_FUZZ", "1"))
SEED = int(os.environ.get("AWSIM_FUZZ_SEED", "0"))
AT = "2026-01-01T00:00:00+00:00"
LIMITS = {"glacier.closed": 0}
# Would wait, in threads in real time; or hold what a program subscribes to for minutes.
WAITING = {("kinesis", "SubscribeToShard"), ("logs", "StartLiveTail"), ("sqs", "ReceiveMessage")}
KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
QUICK = Config(parameter_validation=False, retries={"total_max_attempts": 1})
MODES = {
    "eventual": {"consistency": "eventual"},
    "timed": {"lifecycle": "timed"},
    "throttled": {"throttling": True},
    "authorized": {"authorization": True},
    "realistic": {"realistic": True},
}


def count(calls):
    return max(1, int(calls * TIMES))


def attempt(fuzz, service, operation, params, **options):
    """A call; what is wrong with its answer is told with the call."""
    try:
        return fuzz.call(service, operation, params, **options)
    except Exception as error:
        shown = json.dumps(params, default=repr)[:2000]
        pytest.fail(f"{service}:{operation.name} {shown}\n{type(error).__name__}: {error}", pytrace=True)


def some(fuzz, service, calls):
    """Operations with parameters, most of them sound."""
    rand = fuzz.random
    known = operations(service)
    for _ in range(calls):
        operation = rand.choice(known)
        values = fuzz.values(service)
        values.optional = rand.choice([0.1, 0.3, 0.5])
        values.broken = rand.choice([0, 0, 0, 0.02, 0.1, 0.3])
        values.all = rand.random() < 0.1
        values.required_only = rand.random() < 0.25
        yield operation, values.parameters(operation)


@pytest.fixture(scope="module")
def populated():
    """A Cloud with one of each resource, and what is known of it; restored before each test that takes it."""
    with mock_aws(at=AT, seed=SEED, limits=LIMITS) as cloud:
        fuzz = Fuzz(cloud, SEED)
        assert fuzz.populate() == []
        yield cloud, fuzz.pool, cloud.snapshot()


@pytest.fixture
def fuzz(populated, request):
    cloud, pool, snapshot = populated
    cloud.restore(snapshot)
    yield Fuzz(cloud, (SEED, request.node.name), pool.copy())
    cloud.restore(snapshot)


@pytest.mark.parametrize("service", services())
def test_every_operation_with_what_it_requires_with_all_and_with_nothing(fuzz, service):
    for operation in operations(service):
        for given in ("nothing", "required", "all", "broken"):
            values = fuzz.values(service)
            values.required_only = given == "required"
            values.all = given in ("all", "broken")
            values.broken = 0.4 if given == "broken" else 0
            attempt(fuzz, service, operation, values.parameters(operation) if given != "nothing" else {})


@pytest.mark.parametrize("service", services())
def test_calls_at_random(fuzz, service):
    for operation, params in some(fuzz, service, count(40)):
        attempt(fuzz, service, operation, params)
    fuzz.strict = False  # what has expired goes when somebody looks
    for operation, params in some(fuzz, service, count(15)):
        if fuzz.random.random() < 0.1:
            fuzz.cloud.clock.advance(seconds=fuzz.random.choice([1, 60, 3600, 90_000]))
        attempt(fuzz, service, operation, params)


@pytest.mark.parametrize("service", services())
def test_through_a_client_that_checks_nothing(fuzz, service):
    """Wrong types too, as far as botocore can write them."""
    client = boto3.client(service, region_name=REGION, config=QUICK, **KEYS)
    for operation, params in some(fuzz, service, count(25)):
        values = fuzz.values(service)
        values.mistyped = fuzz.random.random() < 0.4
        if values.mistyped:
            params = values.parameters(operation)
        if (service, operation.name) in WAITING:
            continue
        try:
            getattr(client, xform_name(operation.name))(**params)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            assert status < 500 or status == 501, (operation.name, params, error)
        except Exception as error:
            if _botocores_own(error):
                continue
            raise


def _botocores_own(error):
    """Whether botocore could not write the request, so that it never came here."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith("awsim.gateway"):
            return False
        trace = trace.tb_next
    return True


@pytest.mark.parametrize("mode", MODES)
def test_in_every_mode(mode):
    with mock_aws(at=AT, seed=SEED, limits=LIMITS, **MODES[mode]) as cloud:
        fuzz = Fuzz(cloud, (SEED, mode))
        fuzz.strict = False
        fuzz.populate()
        for service in services():
            for operation, params in some(fuzz, service, count(8)):
                if fuzz.random.random() < 0.05:
                    cloud.clock.advance(seconds=fuzz.random.choice([1, 900, 90_000]))
                caller = {"caller": f"arn:aws:iam::{ACCOUNT}:user/ann"} if fuzz.random.random() < 0.4 else {}
                attempt(fuzz, service, operation, params, **caller)


# AWS's own policies are many, and so are the calls that were made: the size of pages that comes to an end.
MANY = {"iam": 1000, "cloudtrail": 50}


@pytest.mark.parametrize("service", services())
def test_pages_of_one(fuzz, service):
    """Every listing ends, and refuses tokens that it did not give out or ignores them."""
    try:
        loaded = get_session().get_component("data_loader").load_service_model(service, "paginators-1")
    except DataNotFoundError:
        pytest.skip("botocore has no paginators for it")
    known = {operation.name: operation for operation in operations(service)}
    for name, pages in loaded["pagination"].items():
        operation = known.get(name)
        if operation is None:
            continue
        members = operation.input_shape.members
        tokens = [pages["input_token"]] if isinstance(pages["input_token"], str) else pages["input_token"]
        values = fuzz.values(service)
        for _ in range(3):
            values.required_only = True
            params = values.parameters(operation)
            size = pages.get("limit_key")
            if size in members:
                params[size] = "1" if members[size].type_name == "string" else members[size].metadata.get("min", 1)
            for turn in range(300):
                if turn == 20 and size in params and service in MANY:
                    params[size] = MANY[service]
                answer = attempt(fuzz, service, operation, params)
                told = pages["output_token"] if isinstance(pages["output_token"], list) else [pages["output_token"]]
                following = {
                    token: answer[path]
                    for token, path in zip(tokens, told, strict=True)
                    if answer and "." not in path and " " not in path and answer.get(path)
                }
                if not following:
                    break
                params = {**params, **following}
            else:
                raise Wrong(f"{service}:{name} has no last page: {params}")
        if any(members[token].type_name != "string" for token in tokens):
            continue
        for junk in ("x", "MQ==", "²", "9" * 5000, "a\nb", json.dumps(["x", 1]), "é" * 10):
            attempt(fuzz, service, operation, {**params, **dict.fromkeys(tokens, junk)})


def test_the_same_seed_makes_the_same_run():
    def run():
        with mock_aws(at=AT, seed=SEED, limits=LIMITS) as cloud:
            fuzz = Fuzz(cloud, SEED)
            fuzz.populate()
            answers = []
            for service in services():
                for operation, params in some(fuzz, service, count(10)):
                    try:
                        answers.append(repr(cloud.call(service, operation.name, params)))
                    except AWSError as error:
                        answers.append(repr(error))
            return answers

    one, other = run(), run()
    assert [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1] and " at 0x" not in pair[0]] == []


def test_restored_it_answers_as_before(populated):
    cloud, pool, snapshot = populated
    cloud.restore(snapshot)
    asked = []
    rand = random.Random(SEED)
    fuzz = Fuzz(cloud, SEED, pool.copy())
    for service in services():
        for operation in operations(service):
            if operation.name.startswith(("Describe", "List", "Get")) and (service, operation.name) not in WAITING:
                values = fuzz.values(service)
                values.required_only = rand.random() < 0.5
                asked.append((service, operation.name, values.parameters(operation)))

    def answers():
        found = []
        for service, name, params in asked:
            cloud.restore(snapshot)
            try:
                answer = cloud.call(service, name, params)
                text = json.dumps(answer, default=lambda value: str(value) if " at 0x" not in str(value) else "")
                found.append(_USED.sub("", text))
            except AWSError as error:
                found.append(str(error))
        return found

    before = answers()
    for service in services():
        for operation, params in some(fuzz, service, count(30)):
            if rand.random() < 0.03:
                cloud.clock.advance(seconds=rand.choice([1, 3600, 400_000]))
            try:
                fuzz.pool.learn(service, operation.output_shape, cloud.call(service, operation.name, params))
            except AWSError:
                continue
    after = answers()
    cloud.restore(snapshot)
    different = [
        (asked[at], one, other) for at, (one, other) in enumerate(zip(before, after, strict=True)) if one != other
    ]
    assert different == []


def test_threads_at_random():
    """Eight threads: nothing but answers, and the counts are right at the end."""
    with mock_aws(seed=SEED, limits=LIMITS) as cloud:
        populated = Fuzz(cloud, SEED)
        populated.populate()
        queue = cloud.call("sqs", "CreateQueue", QueueName="counted")["QueueUrl"]
        problems = []
        sent = count(20)

        def work(number):
            fuzz = Fuzz(cloud, (SEED, number), populated.pool.copy())
            mine = services()[number % 4 :: 4]
            try:
                for turn in range(sent):
                    cloud.call("sqs", "SendMessage", QueueUrl=queue, MessageBody=f"{number}-{turn}")
                    cloud.call("dynamodb", "PutItem", TableName="counted", Item={"pk": {"S": f"{number}-{turn}"}})
                    for service in mine:
                        for operation, params in some(fuzz, service, 1):
                            if (service, operation.name) in WAITING:
                                continue
                            try:
                                cloud.call(service, operation.name, params)
                            except AWSError:
                                continue
            except Exception as error:
                problems.append(error)

        cloud.call(
            "dynamodb",
            "CreateTable",
            TableName="counted",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        attributes = cloud.call(
            "sqs", "GetQueueAttributes", QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        assert int(attributes["ApproximateNumberOfMessages"]) == 8 * sent
        assert cloud.call("dynamodb", "Scan", TableName="counted", Select="COUNT")["Count"] == 8 * sent


# Read off the journal, which is not rewound.
_USED = re.compile(r'"RoleLastUsed": \{[^}]*\}')
DIGITS, NESTED = "9" * 5000, "[" * 3000 + "]" * 3000
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
# Texts that Python refuses to read: integers of thousands of digits, documents nested deeper than its stack.
UNREADABLE = [
    ("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"VisibilityTimeout": "{}"}}),
    ("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": '{"a": {}}'}}),
    ("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"RedriveAllowPolicy": '{"a": {}}'}}),
    ("sns", "SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": '{"a": {}}'}),
    ("sns", "SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "DeliveryPolicy", "AttributeValue": "{}"}),
    ("sns", "Publish", {"TopicArn": TOPIC, "Message": '{"default": {}}', "MessageStructure": "json"}),
    (
        "sns",
        "Subscribe",
        {
            "TopicArn": TOPIC,
            "Protocol": "sqs",
            "Endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead",
            "Attributes": {"FilterPolicy": '{"a": [{}]}'},
        },
    ),
    ("events", "PutEvents", {"Entries": [{"Source": "shop", "DetailType": "x", "Detail": '{"a": {}}'}]}),
    ("events", "TestEventPattern", {"EventPattern": '{"a": [1]}', "Event": '{"a": {}}'}),
    ("s3", "GetObject", {"Bucket": "reports", "Key": "a", "Range": "bytes=0-{}"}),
    ("s3", "PutBucketPolicy", {"Bucket": "reports", "Policy": '{"a": {}}'}),
    ("dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM orders WHERE n = {}"}),
    ("dynamodb", "ExecuteStatement", {"Statement": "SELECT l[{}] FROM orders WHERE pk = 'a'"}),
    ("dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM orders WHERE n = 9e999999{}"}),
    ("dynamodb", "UpdateItem", {"TableName": "orders", "Key": {"pk": {"S": "a"}}, "UpdateExpression": "REMOVE l[{}]"}),
    ("schemas", "GetDiscoveredSchema", {"Type": "OpenApi3", "Events": ['{"a": {}}']}),
    ("schemas", "DescribeSchema", {"RegistryName": "shop", "SchemaName": "order", "SchemaVersion": "{}"}),
    ("glacier", "ListVaults", {"accountId": "-", "limit": "{}"}),
    ("dax", "DescribeEvents", {"NextToken": "{}"}),
    ("iam", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": '{"a": {}}'}),
    ("iam", "GetPolicyVersion", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "VersionId": "v{}"}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "session", "Policy": '{"a": {}}'}),
    (
        "ram",
        "CreatePermission",
        {"name": "p", "resourceType": "ec2:TransitGateway", "policyTemplate": '{"a": {}}'},
    ),
]


@pytest.mark.parametrize("text", [DIGITS, NESTED, "[" * 400 + "]" * 400, "²"], ids=["digits", "deep", "nested", "odd"])
def test_texts_that_python_does_not_read(fuzz, text):
    def filled(value):
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item) for item in value]
        return value.replace("{}", text)

    for service, name, params in UNREADABLE:
        (operation,) = (each for each in operations(service) if each.name == name)
        attempt(fuzz, service, operation, filled(params))
