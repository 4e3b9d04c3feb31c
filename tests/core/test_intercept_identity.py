"""Credentials and region that awsim supplies, and that nothing simulated stays in real ones."""

import asyncio
import datetime

import boto3
import botocore.awsrequest
import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.config import Config
from botocore.credentials import Credentials, DeferredRefreshableCredentials, RefreshableCredentials
from botocore.exceptions import (
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from awsim import mocking
from awsim.auth.credentials import DEFAULT
from awsim.wire.http import Response

pytestmark = pytest.mark.usefixtures("bare_environment")

ROLE = (
    b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s"
    b"</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials>"
    b"</AssumeRoleResult></AssumeRoleResponse>"
)


def signed_with(request):
    return request.headers.get("authorization").partition("Credential=")[2].partition("/")[0]


def region_of(request):
    return request.headers.get("authorization").split("/")[2]


def test_a_client_without_credentials_or_region(noted):
    with mocking.mock_aws(region="ap-south-1"):
        session = boto3.Session()
        assert session.region_name == "ap-south-1"
        client = session.client("sts")
        client.get_caller_identity()
    assert client.meta.region_name == "ap-south-1"
    assert noted.last.host == "sts.ap-south-1.amazonaws.com"
    assert signed_with(noted.last) == DEFAULT.access_key
    assert region_of(noted.last) == "ap-south-1"


def test_a_client_made_earlier_without_credentials(noted):
    client = botocore.session.Session().create_client("sts", region_name="eu-west-1")
    # No credentials were found, wherever this test runs.
    client._request_signer._credentials = None
    with mocking.mock_aws():
        client.get_caller_identity()
        assert client.generate_presigned_url("get_caller_identity")
    assert signed_with(noted.last) == DEFAULT.access_key
    with pytest.raises(NoCredentialsError):
        client.generate_presigned_url("get_caller_identity")


def test_nothing_stays_in_clients_and_sessions(noted):
    session = botocore.session.Session()
    with mocking.mock_aws():
        client = session.create_client("s3", "us-east-1")
        supplied = session.get_credentials()
        assert supplied.get_frozen_credentials().access_key == DEFAULT.access_key
        assert (supplied.access_key, supplied.secret_key) == (DEFAULT.access_key, DEFAULT.secret)
    assert session._credentials is None
    with pytest.raises(NoCredentialsError):
        client.generate_presigned_url("get_object", {"Bucket": "my-bucket", "Key": "k"})
    with pytest.raises(NoCredentialsError):
        supplied.get_frozen_credentials()
    with pytest.raises(NoRegionError):
        session.create_client("sqs")


def test_what_the_user_has_comes_first(noted, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    with mocking.mock_aws(region="ap-south-1"):
        boto3.Session().client("sts").get_caller_identity()
        assert (signed_with(noted.last), region_of(noted.last)) == ("AKIDENVIRONMENT", "eu-north-1")
        explicit = {"aws_access_key_id": "AKIDEXPLICIT", "aws_secret_access_key": "x", "region_name": "sa-east-1"}
        boto3.Session(**explicit).client("sts").get_caller_identity()
        assert (signed_with(noted.last), region_of(noted.last)) == ("AKIDEXPLICIT", "sa-east-1")
        boto3.Session().client("sts", config=Config(region_name="eu-west-3")).get_caller_identity()
        assert region_of(noted.last) == "eu-west-3"


def test_profiles(noted, bare_environment):
    (bare_environment / "config").write_text(
        "[profile dev]\nregion = eu-central-1\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n"
        "[profile nothing]\noutput = json\n"
        "[profile broken]\naws_access_key_id = AKIDHALF\n"
    )
    with mocking.mock_aws():
        boto3.Session(profile_name="dev").client("sts").get_caller_identity()
        assert (signed_with(noted.last), region_of(noted.last)) == ("AKIDPROFILE", "eu-central-1")
        boto3.Session(profile_name="nothing").client("sts").get_caller_identity()
        assert (signed_with(noted.last), region_of(noted.last)) == (DEFAULT.access_key, "us-east-1")
        with pytest.raises(ProfileNotFound):
            boto3.Session(profile_name="missing")
        with pytest.raises(PartialCredentialsError):
            boto3.Session(profile_name="broken").client("sts")


def test_a_profile_with_a_role_assumes_it_in_awsim_and_only_there(noted, bare_environment):
    (bare_environment / "config").write_text(
        "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret\n"
        "[profile role]\nrole_arn = arn:aws:iam::222222222222:role/r\nsource_profile = base\nregion = us-east-1\n"
    )
    session = boto3.Session(profile_name="role")
    client = session.client("s3")
    keys = []

    def reply():
        if b"AssumeRole" in noted.body:
            keys.append(f"ASIA{len(keys)}".encode())
            return Response(200, {}, ROLE % keys[-1])
        return Response(200, {}, b"")

    noted.reply = reply
    for seed in (1, 2):
        with mocking.mock_aws(seed=seed):
            client.list_buckets()
            client.list_buckets()
            # Each Cloud was asked once, the client keeps what that Cloud gave.
            assert len(keys) == seed
            assert signed_with(noted.last) == keys[-1].decode()
    credentials = session.get_credentials()
    assert credentials.__dict__["_access_key"] is None
    assert credentials.refresh_needed()


def test_credentials_fetched_outside_are_not_refreshed_inside(noted):
    calls = []

    def refresh():
        calls.append(1)
        raise AssertionError("the simulated AWS was asked for real credentials")

    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
    real = RefreshableCredentials("ASIAREAL", "secret", "token", expires, refresh, "test")
    with mocking.mock_aws() as aws:
        aws.clock.advance(days=3)
        assert real.get_frozen_credentials().access_key == "ASIAREAL"
    assert calls == []
    assert real.__dict__["_access_key"] == "ASIAREAL"


def test_credentials_fetched_inside_expire_on_the_clouds_clock(noted):
    fetched = []

    def refresh():
        fetched.append(aws.clock.now())
        expires = (aws.clock.now() + datetime.timedelta(hours=1)).isoformat()
        return {"access_key": f"ASIA{len(fetched)}", "secret_key": "s", "token": "t", "expiry_time": expires}

    with mocking.mock_aws() as aws:
        credentials = DeferredRefreshableCredentials(refresh, "test")
        assert credentials.get_frozen_credentials().access_key == "ASIA1"
        aws.clock.advance(minutes=30)
        assert credentials.get_frozen_credentials().access_key == "ASIA1"
        aws.clock.advance(minutes=30)
        assert credentials.get_frozen_credentials().access_key == "ASIA2"


def test_the_address_of_the_container_that_runs_the_test_is_not_asked(noted, monkeypatch):
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials")
    with mocking.mock_aws():
        boto3.Session().client("sts", region_name="us-east-1").get_caller_identity()
    assert signed_with(noted.last) == DEFAULT.access_key


def test_unsigned_stays_unsigned(noted):
    noted.reply = Response(200, {}, b"")
    from botocore import UNSIGNED

    with mocking.mock_aws():
        client = boto3.Session().client("s3", config=Config(signature_version=UNSIGNED))
        client.delete_object(Bucket="my-bucket", Key="k")
    assert noted.last.headers.get("authorization") is None


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_what_is_presigned_can_be_verified(noted, version):
    keys = {"aws_access_key_id": "AKIDPRESIGNER", "aws_secret_access_key": "the secret"}
    client = boto3.client("s3", region_name="us-east-1", config=Config(signature_version=version), **keys)
    other = boto3.client("s3", region_name="us-east-1", aws_access_key_id="AKIDPOSTER", aws_secret_access_key="post")
    with mocking.mock_aws() as aws:
        client.generate_presigned_url("get_object", {"Bucket": "my-bucket", "Key": "k"})
        assert aws.credentials.secret_of("AKIDPRESIGNER") == "the secret"
        other.generate_presigned_post("my-bucket", "k")
        assert aws.credentials.secret_of("AKIDPOSTER") == "post"
        default = boto3.Session().client("s3", config=Config(signature_version=version))
        post = default.generate_presigned_post("my-bucket", "k")
        assert DEFAULT.access_key in str(post["fields"])


def test_a_signer_used_by_hand_is_the_users_own(noted):
    request = botocore.awsrequest.AWSRequest("GET", "https://sts.amazonaws.com/")
    with mocking.mock_aws():
        SigV4Auth(Credentials("AKIDHAND", "s"), "sts", "us-east-1").add_auth(request)
    assert "AKIDHAND" in request.headers["Authorization"]


def test_aiobotocore_without_credentials_or_region(noted):
    session_module = pytest.importorskip("aiobotocore.session")

    async def main():
        session = session_module.get_session()
        with mocking.mock_aws(region="ap-south-1"):
            async with session.create_client("sts") as client:
                await client.get_caller_identity()
                url = await client.generate_presigned_url("get_caller_identity")
                assert DEFAULT.access_key in url
        with pytest.raises(NoCredentialsError):
            await client.generate_presigned_url("get_caller_identity")

    asyncio.run(main())
    assert signed_with(noted.last) == DEFAULT.access_key
    assert region_of(noted.last) == "ap-south-1"
