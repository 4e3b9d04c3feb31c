"""Clients live on the Cloud's clock: signing, expiry, waiters, retries; and carry nothing from test to test."""

import asyncio
import datetime
import io
import time

import boto3
import botocore.auth
import botocore.compat
import botocore.credentials
import botocore.tokens
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.discovery import EndpointDiscoveryManager
from botocore.exceptions import ClientError, WaiterError

from awsim import mocking
from awsim.wire.http import Response

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
THROTTLED = Response(
    400, {"Content-Type": "text/xml"}, b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
)
UNAVAILABLE = Response(503, {}, b"")


def client(service="sts", mode="legacy", attempts=3, **options):
    retries = {"mode": mode, "total_max_attempts": attempts}
    return boto3.client(service, config=Config(retries=retries, **options), **KEYS)


# Older than every mock.
CLIENTS = {mode: client(mode=mode) for mode in ("legacy", "standard", "adaptive")}


@pytest.fixture(autouse=True)
def no_real_sleep(monkeypatch):
    """A real sleep of any length that matters fails the test."""
    genuine = time.sleep

    def sleep(seconds):
        assert seconds < 0.02, f"slept {seconds} s of real time"
        genuine(seconds)

    monkeypatch.setattr(time, "sleep", sleep)


def test_signatures_carry_the_clouds_time(noted):
    with mocking.mock_aws() as aws:
        real = datetime.datetime.now(datetime.UTC)
        aws.clock.advance(days=400)
        CLIENTS["legacy"].get_caller_identity()
    stamp = noted.last.headers.get("x-amz-date")
    signed = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    assert datetime.timedelta(days=400) <= signed - real + datetime.timedelta(seconds=1)
    assert signed - real < datetime.timedelta(days=400, minutes=1)


def test_real_time_where_nothing_moved_it(noted):
    with mocking.mock_aws():
        before = time.time()
        CLIENTS["legacy"].get_caller_identity()
    stamp = noted.last.headers.get("x-amz-date")
    signed = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    assert abs(signed.timestamp() - before) < 30


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigning_and_posts_at_a_frozen_time(noted, version):
    s3 = boto3.client("s3", config=Config(signature_version=version), **KEYS)
    with mocking.mock_aws(at="2030-01-02T03:04:05+00:00"):
        url = s3.generate_presigned_url("get_object", {"Bucket": "my-bucket", "Key": "k"}, ExpiresIn=60)
        assert ("X-Amz-Date=20300102T030405Z" if version == "s3v4" else "Expires=1893553505") in url
        import base64

        policy = s3.generate_presigned_post("my-bucket", "k", ExpiresIn=60)["fields"]["policy"]
        assert b'"expiration": "2030-01-02T03:05:05Z"' in base64.b64decode(policy)


# Under `at` every time.sleep is a wait; without it botocore's alone.
FROZEN_OR_NOT = pytest.mark.parametrize("options", [{}, {"at": "2030-01-01"}], ids=["running", "frozen"])


@FROZEN_OR_NOT
def test_every_clock_botocore_reads(noted, options):
    with mocking.mock_aws(**options) as aws:
        aws.clock.advance(days=400)
        then = aws.clock.time()
        request = AWSRequest("GET", "https://sts.amazonaws.com/")
        botocore.auth.SigV4QueryAuth(Credentials("a", "b"), "sts", "us-east-1").add_auth(request)
        date = request.url.partition("X-Amz-Date=")[2].partition("&")[0]
        signed = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
        shown = [
            signed.timestamp(),
            botocore.credentials._local_now().timestamp(),
            botocore.tokens._utc_now().timestamp(),
            botocore.auth.time.time(),
            EndpointDiscoveryManager(CLIENTS["legacy"])._time(),
        ]
        assert all(abs(each - then) < 20 for each in shown)
    assert abs(botocore.auth.time.time() - time.time()) < 30


@FROZEN_OR_NOT
@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_retries_wait_on_the_clouds_clock(noted, mode, options):
    noted.reply = THROTTLED
    with mocking.mock_aws(**options) as aws:
        before = aws.clock.time()
        with pytest.raises(ClientError, match="Throttling"):
            CLIENTS[mode].get_caller_identity()
        assert aws.clock.time() > before
    assert len(noted.seen) == 3


@FROZEN_OR_NOT
def test_waiters_wait_on_the_clouds_clock(noted, options):
    noted.reply = Response(404, {}, b"")
    s3 = client("s3", attempts=1)
    with mocking.mock_aws(**options) as aws:
        before = aws.clock.time()
        with pytest.raises(WaiterError):
            s3.get_waiter("bucket_exists").wait(Bucket="my-bucket", WaiterConfig={"Delay": 30, "MaxAttempts": 4})
        assert 3 * 30 <= aws.clock.time() - before < 3 * 30 + 20
    assert len(noted.seen) == 4


def delays(mode, seed):
    waited = []
    with mocking.mock_aws(seed=seed, at="2030-01-01") as aws:
        genuine = aws.clock.sleep
        aws.clock.sleep = lambda seconds: (waited.append(seconds), genuine(seconds))
        for _ in range(2):
            with pytest.raises(ClientError):
                CLIENTS[mode].get_caller_identity()
    return waited


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_jitter_comes_from_the_seed(noted, mode):
    noted.reply = THROTTLED
    first = delays(mode, 1)
    assert len(first) == 4
    assert delays(mode, 1) == first
    assert delays(mode, 2) != first


def test_a_retry_quota_belongs_to_the_cloud(noted):
    """Standard mode gives a client 500 tokens; a retry costs 5 or more of them."""
    noted.reply = UNAVAILABLE
    retrying = CLIENTS["standard"]
    with mocking.mock_aws():
        for _ in range(60):
            with pytest.raises(ClientError):
                retrying.get_caller_identity()
        spent = len(noted.seen)
        with pytest.raises(ClientError):
            retrying.get_caller_identity()
        assert len(noted.seen) == spent + 1, "the quota is used up: no retry"
    with mocking.mock_aws():
        with pytest.raises(ClientError):
            retrying.get_caller_identity()
        assert len(noted.seen) == spent + 4, "another Cloud, another quota"

    def unavailable(request, **_):
        attempts.append(request)
        return AWSResponse(request.url, 503, {}, _Raw(b""))

    attempts = []
    retrying.meta.events.register_first("before-send.sts", unavailable, unique_id="fails")
    try:
        # Outside it is as full as it was: this retries for real.
        quota = _quota(retrying)
        assert quota.available_capacity == quota._max_capacity
    finally:
        retrying.meta.events.unregister("before-send.sts", unique_id="fails")


class _Raw(io.BytesIO):
    def stream(self, **_):
        yield self.read()


def _quota(retrying):
    import gc

    from botocore.retries.quota import RetryQuota
    from botocore.retries.standard import RetryQuotaChecker

    handlers = retrying.meta.events._emitter._handlers.prefix_search("after-call.sts.GetCallerIdentity")
    (checker,) = {h.__self__ for h in handlers if isinstance(getattr(h, "__self__", None), RetryQuotaChecker)}
    (quota,) = [each for each in gc.get_referents(checker, checker.__dict__) if isinstance(each, RetryQuota)]
    return quota


def test_an_adaptive_rate_belongs_to_the_cloud(noted):
    adaptive = CLIENTS["adaptive"]
    answer, noted.reply = noted.reply, THROTTLED
    with mocking.mock_aws(at="2030-01-01") as aws:
        for _ in range(3):
            with pytest.raises(ClientError):
                adaptive.get_caller_identity()
        slowed = aws.clock.time()
    assert slowed > 1893456000
    noted.reply = answer
    with mocking.mock_aws(at="2030-01-01") as aws:
        for _ in range(10):
            adaptive.get_caller_identity()
        assert aws.clock.time() == 1893456000, "a Cloud that never throttled does not slow its clients"


def test_a_users_own_clock_stays(noted):
    then = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    fetcher = botocore.credentials.DeferredRefreshableCredentials(None, "test", time_fetcher=lambda: then)
    discovery = EndpointDiscoveryManager(CLIENTS["legacy"], current_time=lambda: 5)
    with mocking.mock_aws(at="2030-01-01"):
        assert fetcher._time_fetcher() == then
        assert discovery._time() == 5
        assert EndpointDiscoveryManager(CLIENTS["legacy"])._time() == 1893456000


def test_a_users_frozen_time_is_the_clouds_too(noted):
    import freezegun

    with mocking.mock_aws(), freezegun.freeze_time("2031-05-06"):
        CLIENTS["legacy"].get_caller_identity()
    assert noted.last.headers.get("x-amz-date") == "20310506T000000Z"


@FROZEN_OR_NOT
def test_aiobotocore_waits_and_retries_on_the_clouds_clock(noted, options):
    session_module = pytest.importorskip("aiobotocore.session")
    from aiobotocore.config import AioConfig

    async def main(mode, options):
        config = AioConfig(retries={"mode": mode, "total_max_attempts": 3})
        session = session_module.get_session()
        with mocking.mock_aws(**options) as aws:
            before = aws.clock.time()
            async with session.create_client("s3", config=config, **KEYS) as s3:
                with pytest.raises(ClientError):
                    await s3.list_buckets()
                assert len(noted.seen) == 3
                retried = aws.clock.time()
                assert retried > before
                waiter = s3.get_waiter("bucket_exists")
                noted.reply = Response(404, {}, b"")
                with pytest.raises(WaiterError):
                    await waiter.wait(Bucket="my-bucket", WaiterConfig={"Delay": 3600, "MaxAttempts": 2})
                assert aws.clock.time() >= retried + 3600

    for mode in ("legacy", "standard", "adaptive"):
        noted.seen.clear()
        noted.reply = UNAVAILABLE
        asyncio.run(asyncio.wait_for(main(mode, options), 30))
