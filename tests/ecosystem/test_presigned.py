"""Presigned URLs and forms, with requests, httpx and urllib."""

import urllib.error
import urllib.request

import pytest

boto3 = pytest.importorskip("boto3")
from botocore.config import Config  # noqa: E402

CONFIGS = {
    "v4": Config(signature_version="s3v4"),
    "v2": Config(signature_version="s3"),
    "path style": Config(signature_version="s3v4", s3={"addressing_style": "path"}),
}


class _Requests:
    def __init__(self):
        self._requests = pytest.importorskip("requests")

    def __call__(self, method, url, **options):
        response = self._requests.request(method, url, timeout=5, **options)
        return response.status_code, response.content


class _Httpx:
    def __init__(self):
        self._httpx = pytest.importorskip("httpx")

    def __call__(self, method, url, data=None, **options):
        if isinstance(data, dict):
            options["data"] = data
        elif data is not None:
            options["content"] = data
        response = self._httpx.request(method, url, **options)
        return response.status_code, response.content


class _Urllib:
    def __call__(self, method, url, data=None, headers=None):
        request = urllib.request.Request(url, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture(params=[_Requests, _Httpx, _Urllib], ids=lambda each: each.__name__[1:].lower())
def http(request):
    return request.param()


@pytest.fixture(params=CONFIGS, ids=str)
def s3(aws, request):
    s3 = boto3.client("s3", config=CONFIGS[request.param])
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="a b/ü+.txt", Body=b"hello", ContentType="text/plain")
    return s3


def test_get(s3, http, aws):
    url = s3.generate_presigned_url("get_object", {"Bucket": "reports", "Key": "a b/ü+.txt"}, ExpiresIn=600)
    assert http("GET", url) == (200, b"hello")
    ranged = http("GET", url, headers={"Range": "bytes=1-2"})
    assert ranged == (206, b"el")
    aws.clock.advance(seconds=601)
    status, body = http("GET", url)
    assert status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body


def test_a_url_holds_for_what_it_was_signed_for_alone(s3, http):
    url = s3.generate_presigned_url("get_object", {"Bucket": "reports", "Key": "a b/ü+.txt"})
    s3.put_object(Bucket="reports", Key="other", Body=b"secret")
    status, body = http("GET", url.replace("a%20b/%C3%BC%2B.txt", "other"))
    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    status, body = http("PUT", url, data=b"changed")
    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    assert s3.get_object(Bucket="reports", Key="a b/ü+.txt")["Body"].read() == b"hello"


def test_answers_take_headers_that_were_signed(s3):
    requests = pytest.importorskip("requests")
    wanted = {"ResponseContentType": "text/csv", "ResponseContentDisposition": 'attachment; filename="a.csv"'}
    url = s3.generate_presigned_url("get_object", {"Bucket": "reports", "Key": "a b/ü+.txt", **wanted})
    response = requests.get(url, timeout=5)
    assert response.headers["Content-Type"] == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="a.csv"'


def test_put_and_delete(s3, http):
    put = s3.generate_presigned_url("put_object", {"Bucket": "reports", "Key": "new", "ContentType": "text/csv"})
    status, _ = http("PUT", put, data=b"a,b", headers={"Content-Type": "text/csv"})
    assert status == 200
    head = s3.head_object(Bucket="reports", Key="new")
    assert (head["ContentType"], head["ContentLength"]) == ("text/csv", 3)
    delete = s3.generate_presigned_url("delete_object", {"Bucket": "reports", "Key": "new"})
    assert http("DELETE", delete)[0] == 204
    assert s3.list_objects_v2(Bucket="reports")["KeyCount"] == 1


def test_a_missing_key(s3, http):
    url = s3.generate_presigned_url("get_object", {"Bucket": "reports", "Key": "none"})
    status, body = http("GET", url)
    assert status == 404
    assert b"<Code>NoSuchKey</Code>" in body


def form(s3, **options):
    return s3.generate_presigned_post(
        "reports",
        "uploads/${filename}",
        Fields={"acl": "bucket-owner-full-control", "success_action_status": "201", "Content-Type": "text/plain"},
        Conditions=[
            {"acl": "bucket-owner-full-control"},
            {"success_action_status": "201"},
            ["starts-with", "$Content-Type", "text/"],
            ["content-length-range", 1, 10],
        ],
        ExpiresIn=600,
        **options,
    )


def test_a_form(s3):
    requests = pytest.importorskip("requests")
    post = form(s3)
    response = requests.post(post["url"], data=post["fields"], files={"file": ("a.txt", b"hello")}, timeout=5)
    assert response.status_code == 201
    assert "<Key>uploads/a.txt</Key>" in response.text
    assert s3.get_object(Bucket="reports", Key="uploads/a.txt")["Body"].read() == b"hello"


def test_a_form_through_httpx(s3):
    httpx = pytest.importorskip("httpx")
    post = form(s3)
    response = httpx.post(post["url"], data=post["fields"], files={"file": ("a.txt", b"hello")})
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("change", "content", "status", "code"),
    [
        ({}, b"x" * 11, 400, "EntityTooLarge"),
        ({}, b"", 400, "EntityTooSmall"),
        ({"acl": "public-read"}, b"hello", 403, "AccessDenied"),
        ({"Content-Type": "image/png"}, b"hello", 403, "AccessDenied"),
    ],
)
def test_a_form_that_its_policy_refuses(s3, change, content, status, code):
    requests = pytest.importorskip("requests")
    post = form(s3)
    response = requests.post(
        post["url"], data={**post["fields"], **change}, files={"file": ("a.txt", content)}, timeout=5
    )
    assert (response.status_code, f"<Code>{code}</Code>" in response.text) == (status, True), response.text
    assert s3.list_objects_v2(Bucket="reports", Prefix="uploads/")["KeyCount"] == 0


def test_a_form_that_came_too_late(s3, aws):
    requests = pytest.importorskip("requests")
    post = form(s3)
    aws.clock.advance(seconds=601)
    response = requests.post(post["url"], data=post["fields"], files={"file": ("a.txt", b"hello")}, timeout=5)
    assert response.status_code == 403
    assert "Policy expired" in response.text


def test_the_identity_of_a_presigned_url(aws, http):
    sts = boto3.client("sts", aws_access_key_id="210987654321", aws_secret_access_key="secret")
    status, body = http("GET", sts.generate_presigned_url("get_caller_identity"))
    assert status == 200
    assert b"210987654321" in body
