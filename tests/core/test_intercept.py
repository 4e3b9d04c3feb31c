"""The taps into botocore, with a gateway that only notes what reaches it."""

import asyncio
import inspect
import io
import subprocess
import sys
import threading

import boto3
import botocore.session
import pytest
import requests
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.stub import Stubber
from botocore.utils import InstanceMetadataFetcher

from awsim import intercept, mocking
from awsim.errors import AwsimError
from awsim.wire.http import Response

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}

# Made when this module is imported, as programs do it: long before any mock.
MODULE_CLIENT = boto3.client("sts", region_name="eu-west-1", **KEYS)


def patched():
    """(owner, name, what stands there now) of every attribute awsim replaces."""
    return [(patch.owner, patch.name, vars(patch.owner).get(patch.name)) for patch in intercept._patches]


# --- which clients


def test_a_client_made_before_the_mock(noted):
    with mocking.mock_aws() as aws:
        assert MODULE_CLIENT.get_caller_identity()["Account"] == "123456789012"
    cloud, request, body, operation = noted.seen[0]
    assert cloud is aws
    assert request.host in ("sts.eu-west-1.amazonaws.com", "sts.amazonaws.com")
    assert b"Action=GetCallerIdentity" in body
    # The client's own model is handed over: nothing is routed, nothing loaded again.
    assert operation is MODULE_CLIENT.meta.service_model.operation_model("GetCallerIdentity")


def test_default_session_client_resource_and_botocore(noted):
    noted.reply = Response(200, {}, b"")
    with mocking.mock_aws():
        boto3.client("s3", region_name="us-east-1", **KEYS).put_object(Bucket="my-bucket", Key="k", Body=b"x")
        boto3.resource("s3", region_name="us-east-1", **KEYS).Object("my-bucket", "k").put(Body=b"y")
        session = botocore.session.Session()
        session.create_client("s3", "us-east-1", **KEYS).delete_object(Bucket="my-bucket", Key="k")
    assert [operation.name for *_, operation in noted.seen] == ["PutObject", "PutObject", "DeleteObject"]


@pytest.mark.parametrize(
    ("service", "region", "config", "host"),
    [
        ("s3", "us-west-2", {}, "my-bucket.s3.us-west-2.amazonaws.com"),
        ("s3", "us-west-2", {"use_fips_endpoint": True}, "my-bucket.s3-fips.us-west-2.amazonaws.com"),
        ("s3", "us-west-2", {"use_dualstack_endpoint": True}, "my-bucket.s3.dualstack.us-west-2.amazonaws.com"),
        ("s3", "us-west-2", {"s3": {"use_accelerate_endpoint": True}}, "my-bucket.s3-accelerate.amazonaws.com"),
        ("s3", "us-west-2", {"s3": {"addressing_style": "path"}}, "s3.us-west-2.amazonaws.com"),
        ("s3", "cn-north-1", {}, "my-bucket.s3.cn-north-1.amazonaws.com.cn"),
        ("s3", "us-gov-west-1", {}, "my-bucket.s3.us-gov-west-1.amazonaws.com"),
    ],
)
def test_every_kind_of_endpoint(noted, service, region, config, host):
    noted.reply = Response(200, {}, b"")
    client = boto3.client(service, region_name=region, config=Config(**config), **KEYS)
    with mocking.mock_aws():
        client.delete_object(Bucket="my-bucket", Key="k")
    assert noted.hosts == [host]


def test_dual_stack_endpoints_of_another_service(noted):
    noted.reply = Response(200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"TableNames": []}')
    config = Config(use_dualstack_endpoint=True)
    client = boto3.client("dynamodb", region_name="eu-west-1", config=config, **KEYS)
    with mocking.mock_aws():
        client.list_tables()
    (host,) = noted.hosts
    assert host.endswith(".api.aws")


def test_account_based_endpoints(noted):
    noted.reply = Response(200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"TableNames": []}')
    session = botocore.session.Session()
    if "aws_account_id" not in inspect.signature(session.create_client).parameters:
        pytest.skip("this botocore knows no accounts")
    client = session.create_client("dynamodb", "eu-west-1", aws_account_id="222222222222", **KEYS)
    with mocking.mock_aws():
        client.list_tables()
    assert noted.hosts == ["222222222222.ddb.eu-west-1.amazonaws.com"]


def test_an_explicit_endpoint_on_an_aws_host(noted):
    with mocking.mock_aws():
        url = "https://vpce-1a2b-3c4d.sts.us-east-1.vpce.amazonaws.com"
        boto3.client("sts", region_name="us-east-1", endpoint_url=url, **KEYS).get_caller_identity()
    assert noted.hosts == ["vpce-1a2b-3c4d.sts.us-east-1.vpce.amazonaws.com"]


def test_an_endpoint_elsewhere_is_left_alone(noted, server):
    server.reply = noted.reply.body
    with mocking.mock_aws():
        client = boto3.client("sts", region_name="us-east-1", endpoint_url=server.url, **KEYS)
        assert client.get_caller_identity()["Account"] == "123456789012"
    assert noted.seen == []
    assert server.paths == ["POST /"]


# --- what goes in and comes out


@pytest.mark.parametrize(
    "body", [b"hello", bytearray(b"hello"), io.BytesIO(b"hello"), "hello"], ids=["bytes", "bytearray", "file", "text"]
)
def test_bodies_of_requests(noted, body):
    noted.reply = Response(200, {}, b"")
    newer = hasattr(Config(), "request_checksum_calculation")
    plain = Config(request_checksum_calculation="when_required") if newer else None
    client = boto3.client("s3", region_name="us-east-1", config=plain, **KEYS)
    with mocking.mock_aws():
        client.put_object(Bucket="my-bucket", Key="k", Body=body)
    assert noted.body == b"hello"
    if isinstance(body, io.BytesIO):
        assert body.tell() == 5


def test_a_file_is_sent_from_where_it_stands_and_again_on_a_retry(noted):
    replies = [Response(503, {}, b""), Response(200, {}, b"")]
    noted.reply = lambda: replies.pop(0)
    client = boto3.client("s3", region_name="us-east-1", **KEYS)
    with mocking.mock_aws():
        client.put_object(Bucket="my-bucket", Key="k", Body=io.BytesIO(b"hello"))
    assert len(noted.seen) == 2
    assert all(b"hello" in body for *_, body, _ in noted.seen)


def test_a_streaming_answer_reads_like_a_connection(noted):
    noted.reply = Response(200, {"Content-Length": "10"}, b"0123456789")
    client = boto3.client("s3", region_name="us-east-1", **KEYS)
    with mocking.mock_aws():
        body = client.get_object(Bucket="my-bucket", Key="k")["Body"]
        assert body.read(4) == b"0123"
        assert body.read() == b"456789"
        assert body.read() == b""
        assert list(client.get_object(Bucket="my-bucket", Key="k")["Body"].iter_chunks(4)) == [b"0123", b"4567", b"89"]
        body = client.get_object(Bucket="my-bucket", Key="k")["Body"]
        body.set_socket_timeout(3)
        if hasattr(body, "readinto"):
            buffer = bytearray(4)
            assert body.readinto(buffer) == 4
            assert bytes(buffer) == b"0123"
        body.close()
        with client.get_object(Bucket="my-bucket", Key="k")["Body"] as body:
            assert body.read() == b"0123456789"
        noted.reply = Response(200, {"Content-Length": "10"}, iter([b"01234", b"", b"56789"][::2]))
        assert client.get_object(Bucket="my-bucket", Key="k")["Body"].read(7) == b"0123456"


def test_events_are_read_as_they_come(noted):
    from botocore.eventstream import EventStream

    wire = EVENT * 2
    taken = []

    def events():
        for start in range(0, len(wire), len(EVENT)):
            taken.append(start)
            yield wire[start : start + len(EVENT)]

    noted.reply = Response(200, {}, events())
    with mocking.mock_aws():
        answer = boto3.client("s3", region_name="us-east-1", **KEYS).select_object_content(
            Bucket="my-bucket",
            Key="k",
            Expression="x",
            ExpressionType="SQL",
            InputSerialization={},
            OutputSerialization={},
        )
        stream = answer["Payload"]
        assert isinstance(stream, EventStream)
        assert taken == []
        assert next(iter(stream)) == {"End": {}}
        assert len(taken) == 1


def _event():
    import binascii
    import struct

    headers = b""
    for name, value in ((":message-type", "event"), (":event-type", "End")):
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    prelude = struct.pack(">II", 16 + len(headers), len(headers))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers
    return message + struct.pack(">I", binascii.crc32(message))


EVENT = _event()


def test_an_answer_to_head_has_no_body_but_its_length(noted):
    noted.reply = Response(200, {"Content-Length": "10", "ETag": '"e"'}, b"0123456789")
    with mocking.mock_aws():
        answer = boto3.client("s3", region_name="us-east-1", **KEYS).head_object(Bucket="my-bucket", Key="k")
    assert answer["ContentLength"] == 10


def test_a_bug_of_awsim_is_raised_not_retried(noted):
    def broken():
        raise ZeroDivisionError("a bug")

    noted.reply = broken
    with mocking.mock_aws(), pytest.raises(ZeroDivisionError, match="a bug"):
        MODULE_CLIENT.get_caller_identity()
    assert len(noted.seen) == 1


# --- what takes precedence


def test_stubber_and_before_send_handlers_come_first(noted):
    client = boto3.client("sts", region_name="us-east-1", **KEYS)
    with mocking.mock_aws():
        with Stubber(client) as stubber:
            stubber.add_response("get_caller_identity", {"Account": "from the stub"})
            assert client.get_caller_identity()["Account"] == "from the stub"
        seen = []

        def canned(request, **_):
            seen.append(request.url)
            return AWSResponse(request.url, 200, {}, io.BytesIO(b""))

        client.meta.events.register_first("before-send.sts", canned)
        with pytest.raises(Exception, match="stream|parse"):
            client.get_caller_identity()
    assert seen
    assert noted.seen == []


# --- which Cloud, and that all is put back


def test_everything_is_put_back(noted):
    with mocking.mock_aws():
        pass
    before = patched()
    assert len(before) > 30
    with mocking.mock_aws():
        changed = [now is not then for (*_, then), (*_, now) in zip(before, patched(), strict=True)]
        assert all(changed)
    assert patched() == before
    with pytest.raises(KeyError), mocking.mock_aws():
        raise KeyError
    assert patched() == before
    assert intercept.active() is None


def test_a_patch_that_fails_takes_the_others_back(noted, monkeypatch):
    with mocking.mock_aws():
        pass
    before = patched()

    def fail():
        raise OSError("no")

    class Failing:
        put = staticmethod(fail)

        def take(self):
            """Nothing was put."""

        owner, name = sys, "nothing_there"

    monkeypatch.setattr(intercept, "_patches", [*intercept._patches, Failing()])
    with pytest.raises(OSError), mocking.mock_aws():
        pass
    assert intercept.active() is None
    assert patched()[: len(before)] == before


def test_what_others_patched_over_ours_stays_and_works(noted, server, monkeypatch):
    from botocore.httpsession import URLLib3Session

    calls = []
    server.reply = noted.reply.body
    client = boto3.client("sts", region_name="us-east-1", endpoint_url=server.url, **KEYS)
    genuine = URLLib3Session.send
    with mocking.mock_aws():
        ours = URLLib3Session.send

        def theirs(self, request):
            calls.append(request.url)
            return ours(self, request)

        URLLib3Session.send = theirs
    try:
        assert URLLib3Session.send is theirs
        client.get_caller_identity()
        with mocking.mock_aws():
            MODULE_CLIENT.get_caller_identity()
            client.get_caller_identity()
        assert URLLib3Session.send is theirs
        # Asked inside the mock, ours answers before theirs is reached; other hosts pass through both.
        assert calls == [server.url + "/", server.url + "/"]
    finally:
        URLLib3Session.send = genuine
    with mocking.mock_aws():
        assert URLLib3Session.send is not genuine
    assert URLLib3Session.send is genuine


def test_nested_mocks_answer_innermost_first(noted):
    with mocking.mock_aws() as outer:
        with mocking.mock_aws() as joined:
            assert joined is outer
        with mocking.mock_aws(region="eu-west-1") as inner:
            assert inner is not outer
            MODULE_CLIENT.get_caller_identity()
            with mocking.mock_aws() as joined:
                assert joined is inner
        MODULE_CLIENT.get_caller_identity()
    assert [cloud for cloud, *_ in noted.seen] == [inner, outer]


def test_mocks_that_end_out_of_order(noted):
    first, second = mocking.mock_aws(seed=1), mocking.mock_aws(seed=2)
    one = first.__enter__()
    two = second.__enter__()
    first.__exit__(None, None, None)
    assert intercept.active() is two
    MODULE_CLIENT.get_caller_identity()
    second.__exit__(None, None, None)
    assert intercept.active() is None
    assert [cloud for cloud, *_ in noted.seen] == [two]
    assert one is not two


def test_a_joined_cloud_lasts_until_the_last_has_left(noted):
    first, second = mocking.mock_aws(), mocking.mock_aws()
    cloud = first.__enter__()
    assert second.__enter__() is cloud
    first.__exit__(None, None, None)
    assert intercept.active() is cloud
    second.__exit__(None, None, None)
    assert intercept.active() is None


def test_threads_started_inside_see_the_cloud(noted):
    with mocking.mock_aws() as aws:
        threads = [threading.Thread(target=MODULE_CLIENT.get_caller_identity) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [cloud for cloud, *_ in noted.seen] == [aws] * 4


def test_threads_that_come_and_go(noted):
    """Mocks of many threads overlap in every order; afterwards nothing is left."""

    def work(seed):
        for _ in range(20):
            with mocking.mock_aws(seed=seed):
                assert intercept.active() is not None

    with mocking.mock_aws():
        pass
    before = patched()
    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert patched() == before


async def _in_a_task(first, second):
    async with mocking.mock_aws(seed=7) as aws:
        first.set()
        await second.wait()
        return aws


def test_tasks_that_overlap(noted):
    async def main():
        one, two = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(_in_a_task(one, two))
        await one.wait()
        async with mocking.mock_aws(seed=8) as mine:
            two.set()
            other = await task
            assert intercept.active() is mine
            assert other is not mine
        assert intercept.active() is None

    asyncio.run(main())


# --- hosts


@pytest.mark.parametrize("host", ["169.254.169.254", "169.254.170.2"])
def test_the_metadata_address_answers_at_once(host):
    with mocking.mock_aws():
        assert requests.get(f"http://{host}/latest/meta-data/", timeout=1).status_code == 404
        fetcher = InstanceMetadataFetcher(timeout=1, num_attempts=1)
        assert fetcher.retrieve_iam_role_credentials() == {}


def test_an_aws_host_that_no_service_claims_is_named():
    with mocking.mock_aws(), pytest.raises(Exception, match=r"nothing-here\.us-east-1\.amazonaws\.com") as caught:
        requests.get("https://nothing-here.us-east-1.amazonaws.com/")
    assert type(caught.value).__name__ == "UnknownHost"


def test_no_name_of_aws_is_looked_up(noted):
    import http.client

    with mocking.mock_aws(), pytest.raises(AwsimError, match=r"connection to sqs\.eu-west-1\.amazonaws\.com"):
        http.client.HTTPSConnection("sqs.eu-west-1.amazonaws.com").request("GET", "/")


# --- libraries


def test_libraries_that_are_imported_later():
    program = """
import sys
from awsim import mocking, gateway
from awsim.wire.http import Response
gateway.serve = lambda cloud, request, operation=None: Response(200, {}, request.host.encode())
for name in ("requests", "httpx", "boto3", "botocore.endpoint"):
    assert name not in sys.modules, name
with mocking.mock_aws():
    import requests, httpx, boto3
    assert requests.get("https://sqs.eu-west-1.amazonaws.com/").text == "sqs.eu-west-1.amazonaws.com"
    assert httpx.get("https://sqs.eu-west-1.amazonaws.com/").text == "sqs.eu-west-1.amazonaws.com"
    body = boto3.client("s3").get_object(Bucket="my-bucket", Key="k")["Body"].read()
    assert body in (b"my-bucket.s3.amazonaws.com", b"my-bucket.s3.us-east-1.amazonaws.com"), body
    held = [(p.owner, p.name, p.original) for p in mocking.intercept._patches]
for owner, name, original in held:
    assert vars(owner).get(name, original) is original, (owner, name)
"""
    environment = {"PATH": "", "HOME": "/nowhere", "AWS_CONFIG_FILE": "/nowhere/config"}
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert result.returncode == 0, result.stderr


def test_the_classic_transfer_manager_takes_the_place_of_crts(noted, monkeypatch):
    from boto3.s3 import transfer

    monkeypatch.setattr(transfer, "create_crt_transfer_manager", lambda client, config: "crt", raising=False)
    monkeypatch.setattr(transfer, "_should_use_crt", lambda config: True)
    config = transfer.TransferConfig(preferred_transfer_client="crt")
    client = boto3.client("s3", region_name="us-east-1", **KEYS)
    assert transfer.create_transfer_manager(client, config) == "crt"
    with mocking.mock_aws():
        manager = transfer.create_transfer_manager(client, config)
        assert type(manager).__name__ == "TransferManager"
        manager.shutdown()
    assert transfer.create_transfer_manager(client, config) == "crt"
