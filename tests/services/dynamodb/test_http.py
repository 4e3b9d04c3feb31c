"""DynamoDB without an SDK: compressed and oversized requests, health checks, browsers."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
import requests

_URL = "https://dynamodb.us-east-1.amazonaws.com/"


@pytest.fixture
def post(aws):
    """`post(operation, body, **headers)`: a request that is signed, after a fashion."""

    def post(operation, body, **headers):
        return requests.post(
            _URL,
            data=body,
            headers={
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
                "Content-Type": "application/x-amz-json-1.0",
                "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/dynamodb/aws4_request, "
                "SignedHeaders=host, Signature=0",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=5,
        )

    return post


def _put(key):
    return json.dumps({"TableName": "things", "Item": {"pk": {"S": key}}}).encode()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(_put("a"), mtime=0)),
        ("gzip", gzip.compress(_put("a")[:10], mtime=0) + gzip.compress(_put("a")[10:], mtime=0)),
        ("gzip", gzip.compress(_put("a"), mtime=0) + b"junk"),
        ("deflate", zlib.compress(_put("a"))),
    ],
)
def test_compressed_requests(make, post, contents, encoding, body):
    make()
    assert post("PutItem", body, Content_Encoding=encoding).status_code == 200
    assert contents() == [{"pk": {"S": "a"}}]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("garbage", _put("a")),
        ("gzip", _put("a")),
        ("gzip", gzip.compress(_put("a"), mtime=0)[:-1]),
        ("gzip", b""),
        ("deflate", _put("a")),
        ("deflate", b""),
    ],
)
def test_what_cannot_be_decompressed(make, post, contents, encoding, body):
    make()
    answer = post("PutItem", body, Content_Encoding=encoding)
    assert answer.status_code == 500
    assert answer.json()["__type"].endswith("#InternalServerError")
    assert contents() == []


@pytest.mark.parametrize("how", ["whole", "chunked", "compressed"])
def test_requests_over_16_mb(make, post, contents, how):
    make()
    body = _put("a")[:-1] + b" " * 16 * 2**20 + b"}"
    if how == "compressed":
        answer = post("PutItem", gzip.compress(body, 1), Content_Encoding="gzip")
    else:
        answer = post("PutItem", body if how == "whole" else iter([body]))
    assert answer.status_code == 413
    assert contents() == []
    fits = _put("b")
    assert post("PutItem", fits[:-1] + b" " * (16 * 2**20 - len(fits)) + b"}").status_code == 200


def test_health(aws):
    answer = requests.get(_URL, timeout=5)
    assert (answer.status_code, answer.text) == (200, "healthy: dynamodb.us-east-1.amazonaws.com ")
    assert requests.get(_URL + "index.htm", timeout=5).status_code == 404


def test_browsers(aws, post):
    plain = post("ListTables", b"{}")
    assert not [name for name in plain.headers if name.lower().startswith("access-control")]
    for answer in (
        post("ListTables", b"{}", Origin="https://example.com"),
        post("NoSuchThing", b"{}", Origin="https://example.com"),
        requests.get(_URL, headers={"Origin": "https://example.com"}, timeout=5),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "x-amzn-RequestId" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Max-Age" not in answer.headers
    preflight = requests.options(
        _URL,
        headers={
            "Origin": "https://example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-amz-target",
        },
        timeout=5,
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Methods"] == "POST"
    assert preflight.headers["Access-Control-Allow-Headers"] == "x-amz-target"
    assert preflight.headers["Access-Control-Max-Age"] == "172800"


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate", "gzip"),
        ("br, identity, deflate, gzip", "deflate"),
        ("gzip;q=0.5, deflate", "deflate"),
        ("*, gzip;q=0.5", "deflate"),
        ("gzip;q=0.x, deflate;q=0.5", "gzip"),
        ("GZIP;q=31", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("gzip br", None),
        ("", None),
    ],
)
def test_compressed_answers(client, make, post, accept, encoding):
    make()
    text = "x" * 5000
    client.put_item(TableName="things", Item={"pk": {"S": "a"}, "text": {"S": text}})
    client.put_item(TableName="things", Item={"pk": {"S": "b"}, "text": {"S": text[:2000]}})
    get = lambda key: post(  # noqa: E731
        "GetItem", json.dumps({"TableName": "things", "Key": {"pk": {"S": key}}}), Accept_Encoding=accept
    )
    answer = get("a")
    assert answer.headers.get("Content-Encoding") == encoding
    assert (int(answer.headers["Content-Length"]) < 1000) == (encoding is not None)
    assert answer.json()["Item"]["text"] == {"S": text}
    assert "Content-Encoding" not in get("b").headers


def test_answers_have_a_checksum_that_clients_check(aws, client, make):
    """CRC-32 of the body as it is sent; botocore's legacy retries compare it."""
    make("pk:S")
    client.put_item(TableName="things", Item={"pk": {"S": "a"}, "v": {"S": "x" * 5_000}})
    seen = []
    client.meta.events.register("before-parse.dynamodb", lambda response_dict, **_: seen.append(response_dict))
    answer = client.get_item(TableName="things", Key={"pk": {"S": "a"}})
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-crc32"] == str(zlib.crc32(seen[0]["body"]))
    assert {"server", "date"} <= answer["ResponseMetadata"]["HTTPHeaders"].keys()
    with pytest.raises(client.exceptions.ResourceNotFoundException) as refused:
        client.get_item(TableName="nothing", Key={"pk": {"S": "a"}})
    assert refused.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-crc32"] == str(zlib.crc32(seen[1]["body"]))
    plain = requests.get(_URL, timeout=5)
    assert plain.headers["x-amz-crc32"] == str(zlib.crc32(plain.content))
