"""The query API, which SQS still answers: what older SDKs send."""

import xml.etree.ElementTree as ET
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

pytestmark = pytest.mark.aws(at="2026-01-01")

NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture
def ask(aws):
    def ask(url="https://sqs.us-east-1.amazonaws.com/", **parameters):
        body = urlencode({"Version": "2012-11-05", **parameters})
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", url, data=body, headers=headers)
        SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "x"), "sqs", "us-east-1").add_auth(request)
        response = URLLib3Session().send(request.prepare())
        return response.status_code, ET.fromstring(response.content)

    return ask


def test_a_message_through_the_query_api(ask, make, bodies):
    url = make()
    status, answer = ask(Action="SendMessage", QueueUrl=url, MessageBody="by query")
    assert status == 200
    assert len(answer.findtext(f".//{NAMESPACE}MessageId")) == 36
    # The URL of the queue may be the endpoint.
    status, _ = ask(url, Action="SendMessage", QueueUrl=url, MessageBody="to the queue")
    assert status == 200
    status, answer = ask(Action="ReceiveMessage", QueueUrl=url, **{"AttributeName.1": "All"})
    assert answer.findtext(f".//{NAMESPACE}Body") == "by query"
    names = {name.text for name in answer.iter(f"{NAMESPACE}Name")}
    assert "SentTimestamp" in names
    assert bodies(url) == ["to the queue"]


@pytest.mark.parametrize(
    ("parameters", "code", "status"),
    [
        ({"Action": "SendMessage", "MessageBody": ""}, "MissingParameter", 400),
        ({"Action": "ReceiveMessage", "MaxNumberOfMessages": "11"}, "InvalidParameterValue", 400),
        ({"Action": "GetQueueAttributes", "AttributeName.1": "X"}, "InvalidAttributeName", 400),
        ({"Action": "DeleteMessage", "ReceiptHandle": "x"}, "ReceiptHandleIsInvalid", 404),
        ({"Action": "GetQueueUrl", "QueueName": "x"}, "AWS.SimpleQueueService.NonExistentQueue", 400),
    ],
)
def test_errors_of_the_query_api(ask, make, parameters, code, status):
    answer = ask(QueueUrl=make(), **parameters)
    assert answer[0] == status
    assert answer[1].findtext(f".//{NAMESPACE}Code") == code
    assert answer[1].findtext(f".//{NAMESPACE}Type") == "Sender"
