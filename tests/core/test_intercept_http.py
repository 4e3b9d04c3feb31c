"""Plain HTTP clients and aiobotocore, with a gateway that only notes what reaches it."""

import asyncio
import gzip
import io
import urllib.request

import boto3
import pytest
import requests
import urllib3

from awsim import mocking
from awsim.wire.http import Response

httpx = pytest.importorskip("httpx")

URL = "https://my-bucket.s3.eu-west-1.amazonaws.com/a%20key?versionId=1"
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}


@pytest.fixture
def plain(noted):
    noted.reply = Response(200, {"Content-Type": "text/plain", "Content-Length": "5", "ETag": '"e"'}, b"hello")
    return noted


def by_requests(url):
    return requests.put(url, data=b"body", headers={"X-One": "1"}).content


def by_requests_session(url):
    with requests.Session() as session:
        return session.put(url, data=io.BytesIO(b"body"), headers={"X-One": "1"}, stream=True).raw.read()


def by_urllib3(url):
    return urllib3.PoolManager().request("PUT", url, body=b"body", headers={"X-One": "1"}).data


def by_urllib3_stream(url):
    response = urllib3.PoolManager().request(
        "PUT", url, body=iter([b"bo", b"dy"]), headers={"X-One": "1"}, preload_content=False
    )
    return b"".join(response.stream(2))


def by_httpx(url):
    return httpx.put(url, content=b"body", headers={"X-One": "1"}).content


def by_httpx_stream(url):
    with httpx.Client() as client, client.stream("PUT", url, content=iter([b"bo", b"dy"]), headers={"X-One": "1"}) as r:
        return b"".join(r.iter_bytes())


def by_async_httpx(url):
    async def main():
        async with httpx.AsyncClient() as client:
            return (await client.put(url, content=b"body", headers={"X-One": "1"})).content

    return asyncio.run(main())


def by_urllib(url):
    request = urllib.request.Request(url, data=b"body", headers={"X-One": "1"}, method="PUT")
    # urlopen keeps its first opener, and with it the proxies of that time, for the whole process.
    with urllib.request.build_opener().open(request) as response:
        assert response.status == 200
        assert response.headers.get("ETag") in ('"e"', None)
        return response.read()


def by_aiohttp(url):
    aiohttp = pytest.importorskip("aiohttp")

    async def main():
        async with (
            aiohttp.ClientSession() as session,
            session.put(url, data=b"body", headers={"X-One": "1"}) as response,
        ):
            return await response.read()

    return asyncio.run(main())


def by_aiohttp_chunked(url):
    aiohttp = pytest.importorskip("aiohttp")
    yarl = pytest.importorskip("yarl")

    async def pieces():
        yield b"bo"
        await asyncio.sleep(0)
        yield b"dy"

    async def main():
        async with aiohttp.ClientSession() as session:
            target = yarl.URL(url, encoded=True)
            async with session.put(target, data=pieces(), headers={"X-One": "1"}, expect100=True) as response:
                return await response.read()

    return asyncio.run(main())


CLIENTS = [
    by_requests, by_requests_session, by_urllib3, by_urllib3_stream, by_httpx, by_httpx_stream, by_async_httpx,
    by_urllib, by_aiohttp, by_aiohttp_chunked,
]  # fmt: skip


@pytest.mark.parametrize("send", CLIENTS)
def test_the_request_reaches_the_gateway_and_the_answer_the_program(plain, send):
    with mocking.mock_aws() as aws:
        assert send(URL) == b"hello"
    cloud, request, body, operation = plain.seen[0]
    assert cloud is aws
    assert request.method == "PUT"
    assert request.host == "my-bucket.s3.eu-west-1.amazonaws.com"
    assert request.path == "/a%20key"
    assert request.query == [("versionId", "1")]
    assert request.headers.get("x-one") == "1"
    assert body == b"body"
    assert operation is None


@pytest.mark.parametrize("send", CLIENTS)
def test_other_hosts_are_left_alone(plain, server, send):
    if send in (by_urllib3_stream, by_httpx_stream, by_aiohttp_chunked):
        pytest.skip("the little server reads no chunks")
    with mocking.mock_aws():
        assert send(f"{server.url}/x") == b"from the server"
    assert plain.seen == []
    assert server.paths == ["PUT /x"]


@pytest.mark.parametrize("send", [by_requests, by_httpx, by_urllib, by_aiohttp])
def test_a_large_answer_that_comes_in_pieces(plain, send):
    plain.reply = lambda: Response(200, {}, iter([b"a" * 70000, b"b" * 3]))
    with mocking.mock_aws():
        assert send(URL) == b"a" * 70000 + b"bbb"


@pytest.mark.parametrize("send", [by_requests, by_httpx, by_aiohttp])
def test_encoded_answers_are_decoded(plain, send):
    body = gzip.compress(b"hello")
    plain.reply = Response(200, {"Content-Encoding": "gzip", "Content-Length": str(len(body))}, body)
    with mocking.mock_aws():
        assert send(URL) == b"hello"


def test_redirects_are_followed_by_those_who_do(plain):
    there = Response(307, {"Location": "https://my-bucket.s3.us-west-2.amazonaws.com/k"}, b"")
    for send in (by_requests, by_urllib3, by_aiohttp):
        replies = [there, Response(200, {}, b"there")]
        plain.reply = lambda replies=replies: replies.pop(0)
        with mocking.mock_aws():
            assert send(URL) == b"there"
        assert plain.last.host == "my-bucket.s3.us-west-2.amazonaws.com"
        assert plain.body == b"body"


def test_errors_have_a_status_and_a_body(plain):
    plain.reply = Response(403, {"Content-Type": "application/xml"}, b"<Error/>")
    with mocking.mock_aws():
        response = requests.get(URL)
        assert (response.status_code, response.reason, response.text) == (403, "Forbidden", "<Error/>")
        assert httpx.get(URL).status_code == 403
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener().open(URL)
        assert (caught.value.code, caught.value.read()) == (403, b"<Error/>")
        caught.value.close()


def test_head_has_the_length_of_what_is_not_there(plain):
    with mocking.mock_aws():
        response = requests.head(URL)
        assert (response.headers["Content-Length"], response.content) == ("5", b"")
        assert httpx.head(URL).content == b""


def test_through_a_proxy_nothing_leaves_either(plain, server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.setenv("HTTP_PROXY", server.url)
    with mocking.mock_aws():
        assert by_requests(URL) == b"hello"
        assert by_requests(URL.replace("https:", "http:")) == b"hello"
        assert by_httpx(URL) == b"hello"
        assert by_urllib(URL.replace("https:", "http:")) == b"hello"
        boto3.client("s3", region_name="eu-west-1", **KEYS).get_object(Bucket="my-bucket", Key="k")
    assert server.paths == []
    assert {request.host for _, request, _, _ in plain.seen} == {"my-bucket.s3.eu-west-1.amazonaws.com"}


def test_a_presigned_url(plain):
    with mocking.mock_aws():
        client = boto3.client("s3", region_name="eu-west-1", **KEYS)
        url = client.generate_presigned_url("get_object", {"Bucket": "my-bucket", "Key": "k"})
        assert requests.get(url).text == "hello"
    assert plain.last.url == url


def test_a_connection_pooled_inside_is_not_used_outside(plain):
    aiohttp = pytest.importorskip("aiohttp")

    async def main():
        async with aiohttp.ClientSession() as session:
            with mocking.mock_aws():
                async with session.get(URL) as response:
                    assert await response.text() == "hello"
            assert not any(session.connector._conns.values())

    asyncio.run(main())


def test_a_bug_of_awsim_surfaces(plain):
    def broken():
        raise ZeroDivisionError("a bug")

    plain.reply = broken
    with mocking.mock_aws():
        for send in (by_requests, by_urllib3, by_httpx, by_async_httpx, by_urllib, by_aiohttp):
            with pytest.raises(ZeroDivisionError):
                send(URL)


# --- aiobotocore


def aio(work, service="s3", **options):
    session_module = pytest.importorskip("aiobotocore.session")

    async def main():
        session = session_module.get_session()
        async with session.create_client(service, region_name="eu-west-1", **KEYS, **options) as client:
            return await work(client)

    return asyncio.run(main())


def backends():
    found = [pytest.param({}, id="aiohttp")]
    try:
        from aiobotocore.config import AioConfig
        from aiobotocore.httpxsession import HttpxSession
    except ImportError:
        return found
    return [*found, pytest.param({"config": AioConfig(http_session_cls=HttpxSession)}, id="httpx")]


@pytest.mark.parametrize("options", backends())
def test_aiobotocore(noted, options):
    async def work(client):
        return await client.get_caller_identity()

    with mocking.mock_aws():
        assert aio(work, "sts", **options)["Account"] == "123456789012"
    assert noted.seen[0][3].name == "GetCallerIdentity"
    assert b"Action=GetCallerIdentity" in noted.body


@pytest.mark.parametrize("options", backends())
def test_aiobotocore_streams(plain, options):
    plain.reply = Response(200, {"Content-Length": "10"}, b"0123456789")

    async def work(client):
        body = (await client.get_object(Bucket="my-bucket", Key="k"))["Body"]
        assert await body.read(4) == b"0123"
        assert await body.read() == b"456789"
        async with (await client.get_object(Bucket="my-bucket", Key="k"))["Body"] as entered:
            assert await entered.read() == b"0123456789"
        async with (body := (await client.get_object(Bucket="my-bucket", Key="k"))["Body"]):
            assert [piece async for piece in body.iter_chunks(4)] == [b"0123", b"4567", b"89"]
        plain.reply = Response(200, {"Content-Length": "10"}, iter([b"01234", b"56789"]))
        body = (await client.get_object(Bucket="my-bucket", Key="k"))["Body"]
        assert await body.read() == b"0123456789"
        plain.reply = Response(200, {}, b"")
        await client.put_object(Bucket="my-bucket", Key="k", Body=b"hello")
        assert b"hello" in plain.body
        await client.put_object(Bucket="my-bucket", Key="k", Body=io.BytesIO(b"world"))
        assert b"world" in plain.body

    with mocking.mock_aws():
        aio(work, **options)


@pytest.mark.parametrize("options", backends())
def test_aiobotocore_errors_and_other_hosts(noted, server, options):
    from botocore.exceptions import ClientError

    noted.reply = Response(404, {}, b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>")

    async def refused(client):
        with pytest.raises(ClientError, match="NoSuchKey.*gone"):
            await client.get_object(Bucket="my-bucket", Key="k")

    async def elsewhere(client):
        return await client.get_caller_identity()

    with mocking.mock_aws():
        aio(refused, **options)
        server.reply = b"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
        aio(elsewhere, "sts", endpoint_url=server.url, **options)
    assert [path.endswith("/") for path in server.paths] == [True]
    assert len(noted.seen) == 1
