"""Function URLs."""

import json

import pytest

from awsim.gateway import serve
from awsim.wire.http import Request

ALLOW = {"FunctionName": "f", "StatementId": "all", "Principal": "*", "FunctionUrlAuthType": "NONE"}


@pytest.fixture
def ask(aws):
    """ask(url, …) -> (status, body) of a plain HTTP request."""

    def ask(url, method="GET", body=b"", **headers):
        answer = serve(aws, Request(method, url, headers, body))
        return answer.status, answer.body, answer.headers

    return ask


def test_a_request_becomes_an_event(make, functions, ask):
    seen = []

    def code(event, context):
        seen.append(event)
        return {"statusCode": 201, "headers": {"X-Own": "1"}, "body": "made"}

    make(code=code)
    made = functions.create_function_url_config(FunctionName="f", AuthType="NONE")
    url = made["FunctionUrl"]
    assert functions.get_function_url_config(FunctionName="f")["FunctionUrl"] == url
    assert ask(url)[:2] == (403, b'{"Message": "Forbidden"}')
    functions.add_permission(Action="lambda:InvokeFunctionUrl", **ALLOW)
    headers = {"Content-Type": "application/json", "Cookie": "a=1; b=2"}
    status, body, answered = ask(f"{url}orders/7?a=1&a=2", "POST", b'{"n": 1}', **headers)
    assert (status, body, answered["X-Own"]) == (201, b"made", "1")
    (event,) = seen
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/orders/7", "a=1&a=2")
    assert (event["queryStringParameters"], event["cookies"]) == ({"a": "1,2"}, ["a=1", "b=2"])
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"


def test_answers_of_functions(aws, make, functions, ask):
    make(code=lambda event, context: {"n": 1})
    url = functions.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    functions.add_permission(Action="lambda:InvokeFunctionUrl", **ALLOW)
    assert ask(url)[:2] == (200, b'{"n": 1}')
    aws.functions["f"] = lambda event, context: 1 / 0
    assert ask(url)[:2] == (502, b'{"Message": "Internal Server Error"}')
    aws.functions["f"] = lambda event, context: {"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}
    assert ask(url)[:2] == (200, b"hi")
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert ask(url)[0] == 429
    functions.delete_function_url_config(FunctionName="f")
    assert json.loads(ask(url)[1]) == {"Message": "Forbidden"}


def test_nobody_gets_in_where_iam_decides(make, functions, ask, refused):
    make(code=lambda event, context: 1)
    url = functions.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")["FunctionUrl"]
    assert ask(url)[0] == 403
    again = refused(functions.create_function_url_config, FunctionName="f", AuthType="NONE")
    assert again[0] == "ResourceConflictException"
    assert refused(functions.update_function_url_config, FunctionName="f", InvokeMode="RESPONSE_STREAM")[0] == (
        "NotImplemented"
    )
