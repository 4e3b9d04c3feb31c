"""Rules of IAM that show when calls are authorized."""

import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from awsim.auth.totp import code_at

from .conftest import aws_arn, document, trust

pytestmark = pytest.mark.aws(at="2026-01-01", authorization=True)

NOW = 1767225600
BOB = "arn:aws:iam::123456789012:user/bob"


@pytest.fixture
def client():
    """client("s3", keys) -> a client with those keys, long-term or a session's."""

    def client(service, keys, region="us-east-1"):
        if "AccessKeyId" in keys:
            keys = {
                "aws_access_key_id": keys["AccessKeyId"],
                "aws_secret_access_key": keys["SecretAccessKey"],
                "aws_session_token": keys["SessionToken"],
            }
        return boto3.client(service, region_name=region, **keys)

    return client


@pytest.fixture
def bob(user, keys_of):
    user("bob")
    return keys_of("bob")


def denied(refused, call, **params):
    code, message, status = refused(call, **params)
    return (code, status) == ("AccessDenied", 403) and "is not authorized to perform" in message


@pytest.mark.rule("iam-003")
def test_root_may_do_everything(aws, iam):
    with aws.acting_as("arn:aws:iam::123456789012:root"):
        iam.create_user(UserName="bob")
        assert iam.list_users()["Users"]
        found = boto3.client("sts", region_name="us-east-1").get_caller_identity()
    assert found["Arn"] == "arn:aws:iam::123456789012:root"


@pytest.mark.rule("iam-009", "iam-011", "iam-036")
def test_a_user_may_do_what_its_policies_allow(iam, bob, client, refused, user, keys_of):
    own = client("iam", bob)
    assert denied(refused, own.list_users)
    iam.attach_user_policy(UserName="bob", PolicyArn=aws_arn("IAMReadOnlyAccess"))
    assert len(own.list_users()["Users"]) == 1
    assert denied(refused, own.create_user, UserName="eve")
    user("eve")
    assert denied(refused, client("iam", keys_of("eve")).list_users)


@pytest.mark.rule("iam-030")
def test_members_may_do_what_their_group_may(iam, bob, client, refused):
    iam.create_group(GroupName="dev")
    iam.attach_group_policy(GroupName="dev", PolicyArn=aws_arn("IAMReadOnlyAccess"))
    iam.add_user_to_group(GroupName="dev", UserName="bob")
    own = client("iam", bob)
    assert own.list_users()["Users"]
    iam.remove_user_from_group(GroupName="dev", UserName="bob")
    assert denied(refused, own.list_users)


@pytest.mark.rule("iam-023")
def test_users_who_may_change_their_password(iam, bob, client, refused):
    iam.create_login_profile(UserName="bob", Password="Hunter2-hunter2")
    own = client("iam", bob)
    change = {"OldPassword": "Hunter2-hunter2", "NewPassword": "Hunter3-hunter3"}
    assert denied(refused, own.change_password, **change)
    iam.create_group(GroupName="people")
    iam.attach_group_policy(GroupName="people", PolicyArn=aws_arn("IAMUserChangePassword"))
    iam.add_user_to_group(GroupName="people", UserName="bob")
    own.change_password(**change)


@pytest.mark.rule("iam-025")
def test_mfa_is_asked_for(aws, iam, bob, client, refused):
    without = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    text = document(
        ("Allow", "iam:*", "*"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": without}
    )
    iam.put_user_policy(UserName="bob", PolicyName="mfa", PolicyDocument=text)
    assert denied(refused, client("iam", bob).list_users)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    step = NOW // 30
    iam.enable_mfa_device(
        UserName="bob",
        SerialNumber=serial,
        AuthenticationCode1=code_at(seed, step - 1),
        AuthenticationCode2=code_at(seed, step),
    )
    aws.clock.advance(minutes=1)
    code = code_at(seed, step + 2)
    session = client("sts", bob).get_session_token(SerialNumber=serial, TokenCode=code)["Credentials"]
    # A session of GetSessionToken may call IAM if it is one with MFA.
    assert client("iam", session).list_users()["Users"]


@pytest.fixture
def session_of(iam, client):
    """session_of("app", policies) -> credentials of a role that the account may assume."""

    def session_of(name, *policies):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::123456789012:root"}))
        for policy in policies:
            iam.attach_role_policy(RoleName=name, PolicyArn=aws_arn(policy))
        sts = boto3.client("sts", region_name="us-east-1")
        arn = f"arn:aws:iam::123456789012:role/{name}"
        return sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]

    return session_of


@pytest.mark.rule("iam-048", "iam-049", "iam-052")
def test_a_role_that_reads_iam(iam, session_of, client, refused):
    own = client("iam", session_of("app"))
    assert denied(refused, own.list_users)
    iam.attach_role_policy(RoleName="app", PolicyArn=aws_arn("IAMReadOnlyAccess"))
    assert own.list_users()["Users"] == []
    assert denied(refused, own.create_user, UserName="bob")


@pytest.mark.rule("iam-050")
def test_a_role_with_all_of_s3(session_of, client, refused):
    session = session_of("app", "AmazonS3FullAccess")
    client("s3", session).create_bucket(Bucket="reports")
    assert denied(refused, client("iam", session).list_users)


@pytest.mark.rule("iam-063")
def test_a_boundary_over_an_administrator(iam, policy, user, keys_of, client, refused):
    user("bob", PermissionsBoundary=policy("most", text=document(("Allow", "s3:*", "*"))))
    keys = keys_of("bob")
    assert denied(refused, client("iam", keys).list_users)
    iam.attach_user_policy(UserName="bob", PolicyArn=aws_arn("AdministratorAccess"))
    client("s3", keys).list_buckets()
    assert denied(refused, client("iam", keys).list_users)


@pytest.mark.rule("iam-065")
def test_users_who_make_users_within_a_boundary(iam, policy, bob, client, refused):
    boundary = policy("most")
    only = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    text = document({"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*", "Condition": only})
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=text)
    own = client("iam", bob)
    assert denied(refused, own.create_user, UserName="eve")
    own.create_user(UserName="eve", PermissionsBoundary=boundary)


@pytest.mark.rule("iam-070")
def test_viewing_a_role(iam, bob, role, client, refused):
    role("app")
    own = client("iam", bob)
    assert denied(refused, own.get_role, RoleName="app")
    text = document(("Allow", "iam:GetRole", "arn:aws:iam::123456789012:role/app"))
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=text)
    assert own.get_role(RoleName="app")["Role"]["RoleName"] == "app"


@pytest.mark.rule("iam-055", "iam-057", "iam-058")
def test_each_user_has_a_folder(iam, bob, client):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="home")
    text = document(("Allow", "s3:*", "arn:aws:s3:::home/${aws:username}/*"), ("Deny", "s3:DeleteObject", "*"))
    iam.put_user_policy(UserName="bob", PolicyName="home", PolicyDocument=text)
    own = client("s3", bob)
    own.put_object(Bucket="home", Key="bob/x", Body=b"x")
    with pytest.raises(own.exceptions.ClientError, match="AccessDenied"):
        own.put_object(Bucket="home", Key="eve/x", Body=b"x")
    with pytest.raises(own.exceptions.ClientError, match="explicit deny"):
        own.delete_object(Bucket="home", Key="bob/x")


@pytest.mark.rule("iam-017")
def test_a_request_that_was_signed_long_ago(aws, bob, iam):
    """Signed now, sent later: refused once its date is too far from AWS's."""
    iam.attach_user_policy(UserName="bob", PolicyArn=aws_arn("IAMReadOnlyAccess"))
    keys = Credentials(bob["aws_access_key_id"], bob["aws_secret_access_key"])

    def send(service, url, method="GET", body="", wait=0):
        request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, service, "us-east-1").add_auth(request)
        aws.clock.advance(minutes=wait)
        sent = urllib.request.Request(url, data=body.encode() or None, method=method, headers=dict(request.headers))
        try:
            with urllib.request.urlopen(sent) as response:
                return response.status, ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    users = ("iam", "https://iam.amazonaws.com/", "POST", "Action=ListUsers&Version=2010-05-08")
    assert send(*users, wait=4)[0] == 200
    signed_at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(aws.clock.time()))
    status, text = send(*users, wait=16)
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in text) == (403, True)
    assert f"Signature expired: {signed_at} is now earlier than " in text
    status, text = send("s3", "https://s3.us-east-1.amazonaws.com/", wait=16)
    assert (status, "<Code>RequestTimeTooSkewed</Code>" in text) == (403, True)
