"""Invocations: synchronous, asynchronous, and what becomes of those that fail."""

import base64
import json
import os
import threading

import boto3
import pytest

from awsim import AwsimError
from tests.services.lambda_.conftest import ACCOUNT, REGION, ROLE, zipped

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
THROTTLED = "TooManyRequestsException"


def result(answer):
    return json.load(answer["Payload"])


@pytest.fixture
def fails(make):
    """fails() -> the times and events at which a function that raises was invoked."""

    def fails(**more):
        seen = []

        def code(event, context):
            seen.append(event)
            raise ValueError("no")

        make(code=code, **more)
        return seen

    return fails


@pytest.fixture
def queue(client):
    """queue("dead") -> (ARN, the messages in it)."""

    def queue(name):
        sqs = client("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        read = lambda: sqs.receive_message(  # noqa: E731
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", read

    return queue


@pytest.mark.rule("lambda-032", "lambda-033", "lambda-019", "lambda-020")
@pytest.mark.aws(at="2026-01-01")
def test_a_callable_gets_event_and_context(make, functions):
    def code(event, context):
        return {
            "event": event,
            "name": context.function_name,
            "memory": context.memory_limit_in_mb,
            "arn": context.invoked_function_arn,
            "request": context.aws_request_id,
            "left": context.get_remaining_time_in_millis(),
            "group": context.log_group_name,
            "own": os.environ["COLOUR"],
            "region": os.environ["AWS_REGION"],
            "function": os.getenv("AWS_LAMBDA_FUNCTION_NAME"),
        }

    make(code=code, Environment={"Variables": {"COLOUR": "red"}})
    answer = functions.invoke(FunctionName=ARN, Payload=json.dumps({"a": [1]}))
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (200, "$LATEST", False)
    assert result(answer) == {
        "event": {"a": [1]},
        "name": "f",
        "memory": "128",
        "arn": ARN,
        "request": answer["ResponseMetadata"]["RequestId"],
        "left": 3000,
        "group": "/aws/lambda/f",
        "own": "red",
        "region": REGION,
        "function": "f",
    }
    assert "COLOUR" not in os.environ
    assert type(os.environ).__name__ == "_Environ"


def test_variables_are_the_functions_alone(make, functions):
    seen = []

    def code(event, context):
        other = threading.Thread(target=lambda: seen.append(os.environ.get("COLOUR")))
        other.start()
        other.join()
        os.environ["LEFT"] = "behind"
        return os.environ["LEFT"]

    make(code=code, Environment={"Variables": {"COLOUR": "red"}})
    assert result(functions.invoke(FunctionName="f")) == "behind"
    assert (seen, "LEFT" in os.environ) == ([None], False)


@pytest.mark.rule("lambda-034")
def test_a_function_that_raises_still_answers(fails, functions):
    seen = fails()
    answer = functions.invoke(FunctionName="f", Payload=b"1")
    told = result(answer)
    assert (answer["StatusCode"], answer["FunctionError"], seen) == (200, "Unhandled", [1])
    assert (told["errorMessage"], told["errorType"]) == ("no", "ValueError")
    assert 'raise ValueError("no")' in told["stackTrace"][-1]


def test_answers_that_are_no_json(make, functions):
    make(code=lambda event, context: {1, 2})
    answer = functions.invoke(FunctionName="f")
    told = result(answer)
    assert (answer["FunctionError"], told["errorType"]) == ("Unhandled", "Runtime.MarshalError")
    assert told["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"


def test_misuse_of_awsim_in_a_function_is_seen(aws, make, functions):
    make(code=lambda event, context: aws.limits["lambda.nonsense"])
    with pytest.raises(AwsimError, match="nonsense"):
        functions.invoke(FunctionName="f")


@pytest.mark.rule("lambda-033")
def test_without_code(make, functions):
    make()
    told = result(functions.invoke(FunctionName="f"))
    assert told["errorType"] == "Runtime.HandlerNotFound"
    make("g", Handler="other.handler")
    answer = functions.invoke(FunctionName="g")
    told = result(answer)
    assert (answer["FunctionError"], told["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")
    assert told["errorMessage"].startswith("Unable to import module 'other': No module named 'other'")
    assert "aws.functions['g'] = callable" in told["errorMessage"]
    make("h", Runtime="nodejs22.x")
    assert "awsim does not run nodejs22.x" in result(functions.invoke(FunctionName="h"))["errorMessage"]


@pytest.mark.rule("lambda-006")
def test_a_custom_runtime_needs_a_bootstrap(make, functions):
    make(Runtime="provided.al2023", Handler="x")
    assert result(functions.invoke(FunctionName="f"))["errorType"] == "Runtime.InvalidEntrypoint"


@pytest.mark.rule("lambda-036", "lambda-037", "lambda-038")
def test_code_of_a_zip(aws, make, functions):
    app = "from parts.count import up\nimport os\ndef handler(event, context):\n    return [up(), os.environ['COLOUR']]"
    count = "n = 0\ndef up():\n    global n\n    n += 1\n    return n"
    code = {"ZipFile": zipped(app=app, parts____init__="", parts__count=count)}
    make(Code=code, Environment={"Variables": {"COLOUR": "red"}})
    log = lambda answer: base64.b64decode(answer["LogResult"]).decode()  # noqa: E731
    first = functions.invoke(FunctionName="f", LogType="Tail")
    second = functions.invoke(FunctionName="f", LogType="Tail")
    assert [result(first), result(second)] == [[1, "red"], [2, "red"]]
    assert ("Init Duration" in log(first), "Init Duration" in log(second)) == (True, False)
    assert "Billed Duration: " in log(second) and log(second).startswith("START RequestId: ")
    aws.clock.advance(hours=2)
    assert result(functions.invoke(FunctionName="f")) == [1, "red"]


@pytest.mark.rule("lambda-014")
@pytest.mark.aws(at="2026-01-01")
def test_a_run_beyond_its_timeout(aws, make, functions):
    left = []

    def code(event, context):
        aws.clock.advance(seconds=event)
        left.append(context.get_remaining_time_in_millis())

    make(code=code)
    assert result(functions.invoke(FunctionName="f", Payload=b"2")) is None
    answer = functions.invoke(FunctionName="f", Payload=b"5")
    assert answer["FunctionError"] == "Unhandled"
    assert result(answer)["errorMessage"].endswith("Task timed out after 3.00 seconds")
    assert left == [1000, 0]


@pytest.mark.rule("lambda-062", "lambda-060")
@pytest.mark.aws(authorization=True)
def test_code_acts_as_its_role(aws, client, make, functions, refused):
    iam, dynamodb = client("iam"), client("dynamodb")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document)
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put = lambda event, context: client("dynamodb").put_item(  # noqa: E731
        TableName="orders", Item={"pk": {"S": "a"}}
    )["ResponseMetadata"]["HTTPStatusCode"]
    make(code=put)
    assert (
        "is not authorized to perform: dynamodb:PutItem" in result(functions.invoke(FunctionName="f"))["errorMessage"]
    )
    allow = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=text)
    assert result(functions.invoke(FunctionName="f")) == 200
    caller = aws.calls.of("dynamodb:PutItem")[-1].caller
    assert str(getattr(caller, "arn", caller)) == f"arn:aws:sts::{ACCOUNT}:assumed-role/app/f"
    user = iam.create_user(UserName="nobody")["User"]["Arn"]
    other = client("lambda", **aws.credentials(user))
    assert refused(other.invoke, FunctionName="f")[0] == "AccessDeniedException"
    functions.add_permission(FunctionName="f", StatementId="u", Action="lambda:InvokeFunction", Principal=user)
    assert result(other.invoke(FunctionName="f")) == 200


@pytest.mark.rule("lambda-058", "lambda-045")
@pytest.mark.aws(authorization=True)
def test_roles_that_do_not_do(client, make, refused, queue):
    iam = client("iam")
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = lambda: json.dumps({"Version": "2012-10-17", "Statement": [statement]})  # noqa: E731
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document())
    invalid = "InvalidParameterValueException"
    assert refused(make) == (invalid, "The role defined for the function cannot be assumed by Lambda.")
    statement["Principal"] = {"Service": "lambda.amazonaws.com"}
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=document())
    target, _ = queue("dead")
    message = "The provided execution role does not have permissions to call SendMessage on SQS"
    assert refused(make, DeadLetterConfig={"TargetArn": target}) == (invalid, message)
    make()


@pytest.mark.rule("lambda-039", "lambda-040")
@pytest.mark.aws(at="2026-01-01")
def test_asynchronous_events_are_tried_three_times(aws, fails, functions):
    seen = fails()
    answer = functions.invoke(FunctionName="f", InvocationType="Event", Payload=b"1")
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    counts = [len(seen)]
    for seconds in (59, 1, 119, 1, 10_000):
        aws.clock.advance(seconds=seconds)
        counts.append(len(seen))
    assert counts == [1, 1, 2, 2, 3, 3]


@pytest.mark.rule("lambda-041", "lambda-042", "lambda-043", "lambda-046", "lambda-053", "lambda-055")
@pytest.mark.aws(at="2026-01-01")
def test_throttled_events_wait_and_go_to_dead_letters(aws, make, functions, refused, queue):
    seen = []
    target, dead = queue("dead")
    make(code=lambda event, context: seen.append(event), DeadLetterConfig={"TargetArn": target})
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert refused(functions.invoke, FunctionName="f") == (THROTTLED, "Rate Exceeded.")
    assert functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 1}')["StatusCode"] == 202
    due = []
    started = aws.clock.time()
    while len(due) < 12:
        when = min(job.when for job in aws.clock.scheduler.pending() if job.method == "_attempt")
        due.append(round(when - started))
        aws.clock.advance_to(when)
    assert [after - before for before, after in zip([0, *due], due, strict=False)] == [
        1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300,
    ]  # fmt: skip
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=20)
    assert functions.invoke(FunctionName="f", Payload=b"2")["StatusCode"] == 200
    aws.clock.advance(seconds=300)
    assert seen == [2, {"n": 1}]
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 2}')
    aws.clock.advance(hours=7)
    (message,) = dead()
    assert json.loads(message["Body"]) == {"n": 2}
    assert set(message["MessageAttributes"]) == {"RequestID", "ErrorCode", "ErrorMessage"}
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "429"


@pytest.mark.rule("lambda-047", "lambda-048", "lambda-046")
@pytest.mark.aws(at="2026-01-01")
def test_destinations_and_dead_letters(aws, fails, functions, queue):
    letters, dead = queue("dead")
    failures, failed = queue("failed")
    successes, succeeded = queue("succeeded")
    fails(DeadLetterConfig={"TargetArn": letters})
    config = {"OnSuccess": {"Destination": successes}, "OnFailure": {"Destination": failures}}
    functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0, DestinationConfig=config)
    answer = functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 1}')
    (letter,) = dead()
    attributes = {name: one["StringValue"] for name, one in letter["MessageAttributes"].items()}
    request = answer["ResponseMetadata"]["RequestId"]
    assert attributes == {"RequestID": request, "ErrorCode": "200", "ErrorMessage": "no"}
    (message,) = failed()
    record = json.loads(message["Body"])
    assert record["requestContext"] == {
        "requestId": request,
        "functionArn": f"{ARN}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 1,
    }
    assert (record["version"], record["requestPayload"]) == ("1.0", {"n": 1})
    context = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert (record["responseContext"], record["responsePayload"]["errorMessage"]) == (context, "no")
    aws.functions["f"] = lambda event, context: "fine"
    functions.invoke(FunctionName="f", InvocationType="Event")
    (message,) = succeeded()
    record = json.loads(message["Body"])
    assert (record["requestContext"]["condition"], record["responsePayload"]) == ("Success", "fine")
    assert failed() == dead() == []


@pytest.mark.rule("lambda-041")
def test_bounds_of_event_settings(aws, make, functions, refused):
    make()
    put = functions.put_function_event_invoke_config
    put(FunctionName="f", MaximumRetryAttempts=2, MaximumEventAgeInSeconds=21600)
    assert refused(put, FunctionName="f", MaximumEventAgeInSeconds=21601)[0] == "ValidationException"
    assert refused(put, FunctionName="f", MaximumRetryAttempts=3)[0] == "ValidationException"
    assert functions.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == 2


@pytest.mark.rule("lambda-050", "lambda-051", "lambda-052", "lambda-054")
@pytest.mark.aws(limits={"lambda.concurrency": 2})
def test_concurrency(client, make, functions):
    def nested(event, context):
        from botocore.exceptions import ClientError

        try:
            return result(client("lambda").invoke(FunctionName=event[0], Payload=json.dumps(event[1:])))
        except ClientError as problem:
            answer = problem.response
            return [answer["Error"]["Code"], answer["Reason"], answer["ResponseMetadata"]["HTTPStatusCode"]]

    for name in ("f", "g", "h"):
        make(name, code=nested, Timeout=60)
    make("end", code=lambda event, context: "done")
    assert result(functions.invoke(FunctionName="f", Payload=b'["end"]')) == "done"
    over = [THROTTLED, "ConcurrentInvocationLimitExceeded", 429]
    assert result(functions.invoke(FunctionName="f", Payload=b'["g", "end"]')) == over


@pytest.mark.rule("lambda-054")
def test_reserved_concurrency_is_a_ceiling(client, make, functions):
    def code(event, context):
        if not event:
            return "ran"
        inner = client("lambda")
        with pytest.raises(inner.exceptions.TooManyRequestsException) as problem:
            inner.invoke(FunctionName="f")
        return problem.value.response["Reason"]

    make(code=code, Timeout=60)
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    answer = functions.invoke(FunctionName="f", Payload=b"1")
    assert result(answer) == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert result(functions.invoke(FunctionName="f", Payload=b"0")) == "ran"


@pytest.mark.rule("lambda-057")
def test_a_function_that_calls_itself_is_stopped(client, make, functions):
    ran = []

    def code(event, context):
        ran.append(event)
        return result(client("lambda").invoke(FunctionName="f"))

    make(code=code)
    answer = functions.invoke(FunctionName="f")
    assert len(ran) == 16
    assert "RecursiveInvocationException" in json.dumps(result(answer))
    assert functions.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Terminate"


@pytest.mark.rule("lambda-057", "lambda-113")
def test_asynchronous_loops_are_stopped(client, make, functions):
    ran = []

    def code(event, context):
        ran.append(event)
        client("lambda").invoke(FunctionName="f", InvocationType="Event")

    make(code=code)
    functions.invoke(FunctionName="f", InvocationType="Event")
    assert len(ran) == 16


@pytest.mark.parametrize(("type", "row"), [("RequestResponse", "sync-payload"), ("Event", "async-payload")])
def test_payloads(aws, make, functions, refused, type, row):
    make(code=lambda event, context: len(event))
    aws.limits[f"lambda.{row}"] = 12
    given = {"FunctionName": "f", "InvocationType": type}
    functions.invoke(Payload=b'"0123456789"', **given)
    message = f"13 byte payload is too large for the {type} invocation type (limit 12 bytes)"
    assert refused(functions.invoke, Payload=b'"0123456789x"', **given) == ("RequestEntityTooLargeException", message)
    code, message = refused(functions.invoke, Payload=b"{no", **given)
    assert code == "InvalidRequestContentException"
    assert message.startswith("Could not parse request body into json: ")


def test_an_answer_that_is_too_large(aws, make, functions):
    make(code=lambda event, context: "x" * 100)
    aws.limits["lambda.response-payload"] = 50
    told = result(functions.invoke(FunctionName="f"))
    assert told == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (50 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }


def test_dry_runs_and_streams(make, functions):
    ran = []
    make(code=lambda event, context: ran.append(1))
    assert functions.invoke(FunctionName="f", InvocationType="DryRun")["StatusCode"] == 204
    assert ran == []
    events = list(functions.invoke_with_response_stream(FunctionName="f")["EventStream"])
    assert [next(iter(event)) for event in events] == ["PayloadChunk", "InvokeComplete"]
    assert events[0]["PayloadChunk"]["Payload"] == b"null"


def test_functions_stay_over_a_restore(aws, make, functions):
    before = aws.snapshot()
    make(code=lambda event, context: "ran")
    aws.restore(before)
    make()
    assert result(functions.invoke(FunctionName="f")) == "ran"


def test_a_client_of_the_function_has_its_region(aws):
    west = boto3.client("lambda", region_name="us-west-2")
    aws.functions["f"] = lambda event, context: boto3.client("sqs").meta.region_name
    code = {"ZipFile": zipped(app="x = 1")}
    west.create_function(FunctionName="f", Runtime="python3.12", Handler="a.b", Role=ROLE, Code=code)
    assert result(west.invoke(FunctionName="f")) == "us-west-2"


@pytest.mark.rule("lambda-022")
def test_variables_are_decrypted_with_the_customers_key(client, make, functions, refused):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    made = make(code=lambda event, context: 1, KMSKeyArn=key, Environment={"Variables": {"COLOUR": "red"}})
    assert (made["KMSKeyArn"], result(functions.invoke(FunctionName="f"))) == (key, 1)
    kms.disable_key(KeyId=key)
    message = (
        "Lambda was unable to decrypt the environment variables because the KMS key used is disabled. Please check the "
        "function's KMS key settings."
    )
    assert refused(functions.invoke, FunctionName="f") == ("KMSDisabledException", message)


@pytest.mark.aws(authorization=True)
@pytest.mark.parametrize("name", ["f", f"{ACCOUNT}:function:f", f"{ACCOUNT}:f", ARN])
def test_permissions_hold_however_a_function_is_named(aws, client, make, functions, refused, name):
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document)
    make(code=lambda event, context: "ran")
    user = iam.create_user(UserName="caller")["User"]["Arn"]
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ARN}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=policy)
    caller = client("lambda", **aws.credentials(user))
    assert result(caller.invoke(FunctionName=name)) == "ran"
    assert refused(caller.get_function, FunctionName=name)[0] == "AccessDeniedException"


@pytest.mark.rule("lambda-049")
def test_invocations_run_side_by_side(make, functions):
    together = threading.Barrier(3, timeout=30)
    make(code=lambda event, context: together.wait() is not None, Timeout=60)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(result(functions.invoke(FunctionName="f")))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 3


@pytest.mark.aws(replay="lambda.duplicate-event#1=1")
def test_an_asynchronous_event_may_come_twice(aws, make, functions):
    ran = []
    make(code=lambda event, context: ran.append(event))
    functions.invoke(FunctionName="f", InvocationType="Event", Payload=b"1")
    functions.invoke(FunctionName="f", InvocationType="Event", Payload=b"2")
    assert ran == [1, 1, 2]
