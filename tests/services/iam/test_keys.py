"""Access keys, passwords, MFA devices."""

import boto3
import pytest

from awsim.auth.totp import code_at

pytestmark = pytest.mark.aws(at="2026-01-01")

NOW = 1767225600


def arn_with(keys):
    return boto3.client("sts", region_name="us-east-1", **keys).get_caller_identity()["Arn"]


@pytest.mark.rule("iam-012")
def test_a_new_user_has_no_key(iam, user):
    user("bob")
    assert iam.list_access_keys(UserName="bob")["AccessKeyMetadata"] == []


@pytest.mark.rule("iam-013")
def test_secrets_are_shown_once(iam, user):
    user("bob")
    first, second = (iam.create_access_key(UserName="bob")["AccessKey"] for _ in range(2))
    assert first["AccessKeyId"] != second["AccessKeyId"]
    assert first["AccessKeyId"].startswith("AKIA")
    assert len(first["SecretAccessKey"]) == 40
    listed = iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]
    assert {each["AccessKeyId"] for each in listed} == {first["AccessKeyId"], second["AccessKeyId"]}
    assert all(each.keys() == {"UserName", "AccessKeyId", "Status", "CreateDate"} for each in listed)


@pytest.mark.rule("iam-014")
def test_keys_are_switched_off_and_on(iam, user, keys_of, refused):
    user("bob")
    keys = keys_of("bob")
    id = keys["aws_access_key_id"]
    sts = boto3.client("sts", region_name="us-east-1", **keys)
    iam.update_access_key(UserName="bob", AccessKeyId=id, Status="Inactive")
    message = "The security token included in the request is invalid."
    assert refused(sts.get_caller_identity) == ("InvalidClientTokenId", message, 403)
    assert iam.list_access_keys(UserName="bob")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    assert refused(iam.update_access_key, UserName="bob", AccessKeyId=id, Status="Expired")[0] == "ValidationError"
    iam.update_access_key(UserName="bob", AccessKeyId=id, Status="Active")
    assert arn_with(keys) == "arn:aws:iam::123456789012:user/bob"
    iam.delete_access_key(UserName="bob", AccessKeyId=id)
    assert refused(sts.get_caller_identity) == ("InvalidClientTokenId", message, 403)
    gone = ("NoSuchEntity", f"The Access Key with id {id} cannot be found.", 404)
    assert refused(iam.delete_access_key, UserName="bob", AccessKeyId=id) == gone
    assert refused(iam.get_access_key_last_used, AccessKeyId=id) == gone


@pytest.mark.rule("iam-015")
def test_a_user_has_two_keys_and_so_has_root(aws, iam, user, refused):
    user("bob")
    message = "Cannot exceed quota for AccessKeysPerUser: 2"
    for _ in range(2):
        id = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="bob", AccessKeyId=id, Status="Inactive")
    assert refused(iam.create_access_key, UserName="bob") == ("LimitExceeded", message, 409)
    iam.delete_access_key(UserName="bob", AccessKeyId=id)
    iam.create_access_key(UserName="bob")
    with aws.acting_as("arn:aws:iam::123456789012:root"):
        for _ in range(2):
            iam.create_access_key()
        assert refused(iam.create_access_key) == ("LimitExceeded", message, 409)


@pytest.mark.rule("iam-004", "iam-005")
def test_the_summary_tells_of_roots_keys_and_devices(aws, iam):
    def summary(name):
        return iam.get_account_summary()["SummaryMap"][name]

    assert summary("AccountAccessKeysPresent") == summary("AccountMFAEnabled") == 0
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="root")["VirtualMFADevice"]
    with aws.acting_as("arn:aws:iam::123456789012:root"):
        key = iam.create_access_key()["AccessKey"]
        enable(iam, "root", device)
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    assert arn_with(keys) == "arn:aws:iam::123456789012:root"
    assert summary("AccountAccessKeysPresent") == summary("AccountMFAEnabled") == 1
    with aws.acting_as("arn:aws:iam::123456789012:root"):
        iam.delete_access_key(AccessKeyId=key["AccessKeyId"])
    assert summary("AccountAccessKeysPresent") == 0


@pytest.mark.rule("iam-016")
def test_when_a_key_was_used_last(aws, iam, user, keys_of):
    user("bob")
    keys, other = keys_of("bob"), keys_of("bob")
    unused = iam.get_access_key_last_used(AccessKeyId=keys["aws_access_key_id"])
    assert unused["UserName"] == "bob"
    assert unused["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    arn_with(keys)
    aws.clock.advance(hours=1)
    boto3.client("s3", region_name="ap-south-1", **keys).list_buckets()
    used = iam.get_access_key_last_used(AccessKeyId=keys["aws_access_key_id"])["AccessKeyLastUsed"]
    assert used.pop("LastUsedDate").timestamp() == NOW + 3600
    assert used == {"ServiceName": "s3", "Region": "ap-south-1"}
    assert "LastUsedDate" not in iam.get_access_key_last_used(AccessKeyId=other["aws_access_key_id"])


def test_last_uses_follow_the_journal(aws, iam, user, keys_of):
    user("bob")
    keys = keys_of("bob")

    def last_used():
        return iam.get_access_key_last_used(AccessKeyId=keys["aws_access_key_id"])["AccessKeyLastUsed"]["ServiceName"]

    snapshot = aws.snapshot()
    aws.clock.advance(hours=1)
    arn_with(keys)
    assert last_used() == "sts"
    aws.restore(snapshot)
    assert last_used() == "N/A"
    aws.clock.advance(hours=2)
    assert last_used() == "sts"
    aws.calls.clear()
    for _ in range(20):
        boto3.client("sqs", region_name="eu-west-1", **keys).list_queues()
    assert last_used() == "sqs"


# --- passwords


@pytest.mark.rule("iam-018")
def test_passwords_are_apart_from_keys(iam, user, refused):
    user("bob")
    iam.create_access_key(UserName="bob")
    missing = ("NoSuchEntity", "Login Profile for User bob cannot be found.", 404)
    assert refused(iam.get_login_profile, UserName="bob") == missing
    made = iam.create_login_profile(UserName="bob", Password="Hunter2-hunter2", PasswordResetRequired=True)
    assert made["LoginProfile"]["PasswordResetRequired"] is True
    assert iam.get_login_profile(UserName="bob")["LoginProfile"] == made["LoginProfile"]
    taken = ("EntityAlreadyExists", "Login Profile for user bob already exists.", 409)
    assert refused(iam.create_login_profile, UserName="bob", Password="Hunter2-hunter2") == taken
    iam.update_login_profile(UserName="bob", PasswordResetRequired=False)
    assert iam.get_login_profile(UserName="bob")["LoginProfile"]["PasswordResetRequired"] is False
    iam.delete_login_profile(UserName="bob")
    assert refused(iam.delete_login_profile, UserName="bob") == missing


@pytest.mark.rule("iam-019")
def test_the_account_has_one_password_policy(iam, refused):
    message = "The Password Policy with domain name 123456789012 cannot be found."
    assert refused(iam.get_account_password_policy) == ("NoSuchEntity", message, 404)
    assert refused(iam.delete_account_password_policy) == ("NoSuchEntity", message, 404)
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True)
    found = iam.get_account_password_policy()["PasswordPolicy"]
    assert found == {
        "MinimumPasswordLength": 14,
        "RequireSymbols": True,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": False,
    }
    iam.update_account_password_policy(PasswordReusePrevention=3)
    found = iam.get_account_password_policy()["PasswordPolicy"]
    # What is not given goes back to its default.
    assert (found["MinimumPasswordLength"], found["RequireSymbols"], found["PasswordReusePrevention"]) == (6, False, 3)
    iam.delete_account_password_policy()
    assert refused(iam.get_account_password_policy) == ("NoSuchEntity", message, 404)


WEAK = ("PasswordPolicyViolation", "Password does not conform to the account password policy.", 400)


@pytest.mark.rule("iam-020", "iam-021")
@pytest.mark.parametrize(
    ("asked", "weak", "strong"),
    [
        ({}, "Short1!", "longer1!"),
        ({}, "onlylowercase", "lower-and-2"),
        ({"MinimumPasswordLength": 14}, "x" * 13, "x" * 14),
        ({"RequireUppercaseCharacters": True}, "lowercase1!", "Lowercase1!"),
        ({"RequireLowercaseCharacters": True}, "UPPERCASE1!", "UPPERCASe1!"),
        ({"RequireNumbers": True}, "passwords", "passwords1"),
        ({"RequireSymbols": True}, "passwords", "passwords|"),
    ],
)
def test_weak_passwords(iam, user, refused, asked, weak, strong):
    user("bob")
    if asked:
        iam.update_account_password_policy(**asked)
    assert refused(iam.create_login_profile, UserName="bob", Password=weak) == WEAK
    assert refused(iam.get_login_profile, UserName="bob")[0] == "NoSuchEntity"
    iam.create_login_profile(UserName="bob", Password=strong)
    assert refused(iam.update_login_profile, UserName="bob", Password=weak) == WEAK


def test_users_change_their_own_password(aws, iam, user, keys_of, refused):
    user("bob")
    iam.update_account_password_policy(PasswordReusePrevention=2)
    iam.create_login_profile(UserName="bob", Password="first-1", PasswordResetRequired=True)
    own = boto3.client("iam", region_name="us-east-1", **keys_of("bob"))
    wrong = ("AccessDenied", "The old password was incorrect.", 403)
    assert refused(own.change_password, OldPassword="nothing", NewPassword="second-2") == wrong
    assert refused(own.change_password, OldPassword="first-1", NewPassword="first-1") == WEAK
    own.change_password(OldPassword="first-1", NewPassword="second-2")
    assert iam.get_login_profile(UserName="bob")["LoginProfile"]["PasswordResetRequired"] is False
    assert refused(own.change_password, OldPassword="second-2", NewPassword="first-1") == WEAK
    own.change_password(OldPassword="second-2", NewPassword="third-3")
    own.change_password(OldPassword="third-3", NewPassword="first-1")
    with aws.acting_as("arn:aws:iam::123456789012:role/app"):
        assert refused(iam.change_password, OldPassword="a", NewPassword="b")[0] == "InvalidUserType"


@pytest.mark.rule("iam-022")
def test_passwords_that_expire(aws, iam, user):
    iam.update_account_password_policy(MaxPasswordAge=30)
    found = iam.get_account_password_policy()["PasswordPolicy"]
    assert (found["MaxPasswordAge"], found["ExpirePasswords"]) == (30, True)
    user("bob")
    iam.create_login_profile(UserName="bob", Password="whatever")
    aws.clock.advance(hours=24 * 31)
    iam.generate_credential_report()
    line = iam.get_credential_report()["Content"].decode().splitlines()[-1].split(",")
    assert line[3:7] == ["true", "no_information", "2026-01-01T00:00:00+00:00", "2026-01-31T00:00:00+00:00"]


# --- MFA devices


def codes(device, now, shift=0):
    step = int(now // 30) + shift
    seed = device["Base32StringSeed"]
    return {"AuthenticationCode1": code_at(seed, step), "AuthenticationCode2": code_at(seed, step + 1)}


def enable(iam, name, device, now=NOW, shift=0):
    iam.enable_mfa_device(UserName=name, SerialNumber=device["SerialNumber"], **codes(device, now, shift))


WRONG = ("InvalidAuthenticationCode", "Authentication code for device is not valid.", 403)


def test_the_codes_of_rfc_6238():
    seed = b"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"
    assert [code_at(seed, time // 30) for time in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]


@pytest.mark.rule("iam-024")
def test_a_virtual_device_is_enabled_with_two_codes(iam, user, refused):
    user("bob")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/a/")["VirtualMFADevice"]
    serial = made["SerialNumber"]
    assert serial == "arn:aws:iam::123456789012:mfa/a/phone"
    assert len(made["Base32StringSeed"]) == 64
    assert made["QRCodePNG"].startswith(b"\x89PNG\r\n\x1a\n")
    assert b"otpauth://totp/Amazon%20Web%20Services:phone%40123456789012?secret=" in made["QRCodePNG"]
    same = codes(made, NOW)["AuthenticationCode1"]
    wrong = {"AuthenticationCode1": same, "AuthenticationCode2": same}
    assert refused(iam.enable_mfa_device, UserName="bob", SerialNumber=serial, **wrong) == WRONG
    assert refused(iam.enable_mfa_device, UserName="bob", SerialNumber=serial, **codes(made, NOW, 11)) == WRONG
    assert iam.list_mfa_devices(UserName="bob")["MFADevices"] == []
    unassigned = iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
    assert unassigned == [{"SerialNumber": serial}]
    enable(iam, "bob", made)
    (listed,) = iam.list_mfa_devices(UserName="bob")["MFADevices"]
    assert (listed["UserName"], listed["SerialNumber"]) == ("bob", serial)
    assert iam.get_mfa_device(SerialNumber=serial)["UserName"] == "bob"
    (shown,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert shown["User"]["UserName"] == "bob"
    in_use = ("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.", 409)
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=serial) == in_use
    message = "Cannot delete entity, must delete MFA device first."
    assert refused(iam.delete_user, UserName="bob") == ("DeleteConflict", message, 409)
    iam.deactivate_mfa_device(UserName="bob", SerialNumber=serial)
    invalid = ("NoSuchEntity", "MFA Device invalid for user.", 404)
    assert refused(iam.deactivate_mfa_device, UserName="bob", SerialNumber=serial) == invalid
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    gone = ("NoSuchEntity", f"VirtualMFADevice with serial number {serial} does not exist.", 404)
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=serial) == gone


def test_a_device_with_a_clock_of_its_own(iam, user, refused):
    user("bob")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    enable(iam, "bob", device, shift=-10)
    serial = device["SerialNumber"]
    iam.resync_mfa_device(UserName="bob", SerialNumber=serial, **codes(device, NOW, 10))
    assert refused(iam.resync_mfa_device, UserName="bob", SerialNumber=serial, **codes(device, NOW, 12)) == WRONG


def test_a_user_has_eight_devices(aws, iam, user, refused):
    aws.limits["iam.mfa-devices-per-user"] = 1
    user("bob")
    one, two = (iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"] for name in ("one", "two"))
    enable(iam, "bob", one)
    params = {"UserName": "bob", "SerialNumber": two["SerialNumber"], **codes(two, NOW)}
    message = "Cannot exceed quota for MFADevicesPerUser: 1"
    assert refused(iam.enable_mfa_device, **params) == ("LimitExceeded", message, 409)
    iam.deactivate_mfa_device(UserName="bob", SerialNumber=one["SerialNumber"])
    iam.enable_mfa_device(**params)


def test_names_of_devices_are_taken_once(iam, refused):
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    message = "MFADevice entity at the same path and name already exists."
    taken = ("EntityAlreadyExists", message, 409)
    assert refused(iam.create_virtual_mfa_device, VirtualMFADeviceName="phone") == taken
    iam.tag_mfa_device(SerialNumber="arn:aws:iam::123456789012:mfa/phone", Tags=[{"Key": "a", "Value": "b"}])
    serial = "arn:aws:iam::123456789012:mfa/phone"
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_sts_asks_devices_for_their_codes(aws, iam, user, keys_of, refused):
    user("bob")
    user("eve")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    enable(iam, "bob", device)
    aws.clock.advance(minutes=5)
    serial = device["SerialNumber"]
    sts = boto3.client("sts", region_name="us-east-1", **keys_of("bob"))
    wrong = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    good = code_at(device["Base32StringSeed"], (NOW + 300) // 30)
    bad = "000000" if good != "000000" else "000001"
    assert refused(sts.get_session_token, SerialNumber=serial, TokenCode=bad) == ("AccessDenied", wrong, 403)
    session = sts.get_session_token(SerialNumber=serial, TokenCode=good)["Credentials"]
    assert session["SessionToken"]
    # A code is good once.
    assert refused(sts.get_session_token, SerialNumber=serial, TokenCode=good) == ("AccessDenied", wrong, 403)
    eve = boto3.client("sts", region_name="us-east-1", **keys_of("eve"))
    aws.clock.advance(minutes=1)
    code = code_at(device["Base32StringSeed"], (NOW + 360) // 30)
    code_of_another = refused(eve.get_session_token, SerialNumber=serial, TokenCode=code)
    assert code_of_another[0] == "AccessDenied"
    assert "verify your MFA serial number is valid and associated with this user" in code_of_another[1]
    # One that IAM does not know is good for any code.
    eve.get_session_token(SerialNumber="GAHT12345678", TokenCode="123456")


# --- the administrator, who is there without having been made


def test_keys_of_the_administrator(iam, refused):
    made = iam.create_access_key()["AccessKey"]
    assert made["UserName"] == "awsim"
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    own = boto3.client("iam", **keys)
    assert own.get_user()["User"]["Arn"] == "arn:aws:iam::123456789012:user/awsim"
    assert [each["AccessKeyId"] for each in own.list_access_keys()["AccessKeyMetadata"]] == [made["AccessKeyId"]]
    assert iam.get_access_key_last_used(AccessKeyId=made["AccessKeyId"])["UserName"] == "awsim"
    iam.update_access_key(UserName="awsim", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    assert refused(own.get_user)[0] == "InvalidClientTokenId"
    iam.delete_access_key(UserName="awsim", AccessKeyId=made["AccessKeyId"])
    assert iam.list_access_keys()["AccessKeyMetadata"] == []
    assert iam.list_users()["Users"] == []


def test_a_user_of_the_administrators_name(iam):
    made = iam.create_user(UserName="awsim")["User"]
    assert iam.get_user()["User"]["UserId"] == made["UserId"]
    iam.create_access_key()
    assert len(iam.list_access_keys(UserName="awsim")["AccessKeyMetadata"]) == 1
