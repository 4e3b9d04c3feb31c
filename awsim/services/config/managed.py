"""Managed rules: what AWS's own rules say of a resource.

A rule that is not here but known to AWS is refused as not modelled; one that nobody knows as Config refuses it.
Source: AWS Config Developer Guide, "List of AWS Config Managed Rules", and the page of each.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from awsim.services.config.recording import Recording
from awsim.services.config.records import ACCOUNT, COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, Description

Verdict = tuple[str, str | None]
Judge = Callable[[Recording, Description, Mapping[str, Any]], Verdict]

_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
_AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_DAY = 86_400


class Managed(NamedTuple):
    """`types` are the resources it judges; `periodic`: by the clock rather than by their changes."""

    types: tuple[str, ...]
    judge: Judge
    periodic: bool = False
    parameters: frozenset[str] = frozenset()


def _verdict(good: bool, annotation: str | None = None) -> Verdict:
    return (COMPLIANT, None) if good else (NON_COMPLIANT, annotation)


def _document(text: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _statements(text: Any) -> Iterable[Mapping[str, Any]]:
    statements = _document(text).get("Statement") or []
    return statements if isinstance(statements, list) else [statements]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_open(statement: Mapping[str, Any]) -> bool:
    """Whether a statement lets everybody in, without a condition."""
    principal = statement.get("Principal")
    named = _listed(principal.get("AWS")) if isinstance(principal, Mapping) else _listed(principal)
    return statement.get("Effect") == "Allow" and "*" in named and not statement.get("Condition")


# --- S3


def _versioning(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    state = one.supplementary["BucketVersioningConfiguration"]
    wanted = str(given.get("isMfaDeleteEnabled", "")).lower() == "true"
    return _verdict(state["status"] == "Enabled" and (not wanted or state["isMfaDeleteEnabled"]))


def _public(read: bool) -> Judge:
    permissions = ("READ", "FULL_CONTROL") if read else ("WRITE", "FULL_CONTROL")
    verbs = ("s3:get", "s3:list", "s3:*", "*") if read else ("s3:put", "s3:delete", "s3:*", "*")
    word = "read" if read else "write"

    def judge(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
        block = one.supplementary["PublicAccessBlockConfiguration"]
        grants = one.supplementary["AccessControlList"]["grantList"] or ()
        by_list = any(
            (grant.get("grantee") or {}).get("uRI") in (_ALL_USERS, _AUTHENTICATED)
            and grant["permission"] in permissions
            for grant in grants
        )
        if by_list and not block.get("ignorePublicAcls"):
            return NON_COMPLIANT, f"The S3 bucket ACL allows public {word} access."
        policy = one.supplementary["BucketPolicy"]["policyText"]
        by_policy = one.configuration["isPolicyPublic"] and any(
            _is_open(statement)
            and any(str(action).lower().startswith(verbs) for action in _listed(statement.get("Action")))
            for statement in _statements(policy)
        )
        if by_policy and not block.get("restrictPublicBuckets"):
            return NON_COMPLIANT, f"The S3 bucket policy allows public {word} access."
        return COMPLIANT, None

    return judge


def _bucket_encrypted(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(bool(one.supplementary["ServerSideEncryptionConfiguration"].get("rules")))


def _bucket_logs(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    target = one.supplementary["BucketLoggingConfiguration"]
    wanted, prefix = given.get("targetBucket"), given.get("targetPrefix")
    good = bool(target.get("targetBucket")) and wanted in (None, target.get("targetBucket"))
    return _verdict(good and prefix in (None, target.get("targetPrefix")))


def _tls_only(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    def denies(statement: Mapping[str, Any]) -> bool:
        secure = ((statement.get("Condition") or {}).get("Bool") or {}).get("aws:SecureTransport")
        return statement.get("Effect") == "Deny" and str(secure).lower() == "false"

    return _verdict(
        any(denies(statement) for statement in _statements(one.supplementary["BucketPolicy"]["policyText"]))
    )


def _blocked(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    excluded = [name.strip() for name in str(given.get("excludedPublicBuckets", "")).split(",")]
    if one.name in excluded:
        return NOT_APPLICABLE, None
    block = one.supplementary["PublicAccessBlockConfiguration"]
    names = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    return _verdict(all(block.get(name) for name in names))


# --- DynamoDB, Kinesis, SNS, SQS


def _recoverable(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(one.supplementary["PointInTimeRecoveryEnabled"] == "true")


def _table_protected(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(bool(one.configuration.get("deletionProtectionEnabled")))


def _table_encrypted(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    state = one.configuration.get("sSEDescription") or {}
    keys = [key.strip() for key in str(given.get("kmsKeyArns", "")).split(",") if key.strip()]
    good = state.get("sSEType") == "KMS" and (not keys or state.get("kMSMasterKeyArn") in keys)
    return _verdict(good)


def _stream_encrypted(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(one.configuration.get("encryptionType") == "KMS")


def _topic_encrypted(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    keys = [key.strip() for key in str(given.get("kmsKeyIds", "")).split(",") if key.strip()]
    key = one.configuration.get("KmsMasterKeyId")
    return _verdict(bool(key) and (not keys or key in keys))


def _queue_closed(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(not any(_is_open(statement) for statement in _statements(one.configuration.get("Policy"))))


# --- Lambda


def _function_closed(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(not any(_is_open(statement) for statement in _statements(one.supplementary.get("Policy"))))


def _function_settings(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    known = one.configuration
    runtimes = [text.strip() for text in str(given.get("runtime", "")).split(",") if text.strip()]
    wrong = []
    if runtimes and known.get("runtime") not in runtimes:
        wrong.append("runtime")
    if given.get("role") not in (None, known.get("role")):
        wrong.append("role")
    if given.get("timeout") is not None and int(given["timeout"]) != known.get("timeout"):
        wrong.append("timeout")
    if given.get("memorySize") is not None and int(given["memorySize"]) != known.get("memorySize"):
        wrong.append("memorySize")
    return _verdict(not wrong, f"These settings are not as expected: {', '.join(wrong)}.")


def _function_dead_letters(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    target = (one.configuration.get("deadLetterConfig") or {}).get("targetArn")
    wanted = [arn.strip() for arn in str(given.get("dlqArns", "")).split(",") if arn.strip()]
    return _verdict(bool(target) and (not wanted or target in wanted))


def _function_concurrency(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict("Concurrency" in one.supplementary)


# --- IAM


def _password_policy(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    policy = config.asked("iam", "GetAccountPasswordPolicy", "PasswordPolicy")
    if policy is None:
        return NON_COMPLIANT, "The account has no password policy."
    defaults = {
        "RequireUppercaseCharacters": "true",
        "RequireLowercaseCharacters": "true",
        "RequireSymbols": "true",
        "RequireNumbers": "true",
        "MinimumPasswordLength": "14",
        "PasswordReusePrevention": "24",
        "MaxPasswordAge": "90",
    }
    wanted = {**defaults, **given}
    flags = [name for name in defaults if name.startswith("Require")]
    if any(str(wanted[name]).lower() == "true" and not policy.get(name) for name in flags):
        return NON_COMPLIANT, None
    good = policy.get("MinimumPasswordLength", 0) >= int(wanted["MinimumPasswordLength"])
    good = good and policy.get("PasswordReusePrevention", 0) >= int(wanted["PasswordReusePrevention"])
    age = policy.get("MaxPasswordAge", 0)
    return _verdict(good and 0 < age <= int(wanted["MaxPasswordAge"]))


def _user_mfa(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(bool(config.asked("iam", "ListMFADevices", "MFADevices", UserName=one.name)))


def _console_mfa(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    if config.asked("iam", "GetLoginProfile", "LoginProfile", UserName=one.name) is None:
        return COMPLIANT, None
    return _user_mfa(config, one, given)


def _user_without_policies(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(not (one.configuration["userPolicyList"] or one.configuration["attachedManagedPolicies"]))


def _user_in_group(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    wanted = [name.strip() for name in str(given.get("groupNames", "")).split(",") if name.strip()]
    groups = one.configuration["groupList"]
    return _verdict(all(name in groups for name in wanted) if wanted else bool(groups))


def _keys_rotated(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    oldest = config.clock.time() - int(given.get("maxAccessKeyAge", 90)) * _DAY
    keys = config.asked("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=one.name) or ()
    old = [key for key in keys if key["Status"] == "Active" and _time(key["CreateDate"]) < oldest]
    return _verdict(not old)


def _no_root_keys(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    summary = config.asked("iam", "GetAccountSummary", "SummaryMap") or {}
    return _verdict(not summary.get("AccountAccessKeysPresent"))


def _no_administrator(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    current = one.configuration["defaultVersionId"]
    documents = [
        version["document"] for version in one.configuration["policyVersionList"] if version.get("versionId") == current
    ]
    admin = any(
        statement.get("Effect") == "Allow"
        and "*" in _listed(statement.get("Action"))
        and "*" in _listed(statement.get("Resource"))
        for document in documents
        for statement in _statements(document)
    )
    return _verdict(not admin)


def _time(value: Any) -> float:
    return float(value.timestamp() if hasattr(value, "timestamp") else value)


# --- KMS, Secrets Manager, CloudTrail


def _key_stays(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    if one.configuration.get("keyManager") != "CUSTOMER":
        return NOT_APPLICABLE, None
    wanted = [key.strip() for key in str(given.get("kmsKeyIds", "")).split(",") if key.strip()]
    if wanted and one.id not in wanted:
        return NOT_APPLICABLE, None
    return _verdict(one.configuration.get("keyState") != "PendingDeletion", "The KMS key is scheduled for deletion.")


def _key_rotates(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    known = one.configuration
    symmetric = known.get("keySpec") == "SYMMETRIC_DEFAULT" and known.get("origin") == "AWS_KMS"
    if known.get("keyManager") != "CUSTOMER" or not symmetric or known.get("keyState") != "Enabled":
        return NOT_APPLICABLE, None
    return _verdict(bool(one.supplementary["KeyRotationStatus"]))


def _secret_rotates(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(bool(one.configuration.get("rotationEnabled")))


def _trails(config: Recording) -> list[Mapping[str, Any]]:
    found = config.asked("cloudtrail", "DescribeTrails", "trailList") or []
    return [one for one in found if config.asked("cloudtrail", "GetTrailStatus", "IsLogging", Name=one["TrailARN"])]


def _trail_logs(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    bucket = given.get("s3BucketName")
    return _verdict(any(bucket in (None, trail["S3BucketName"]) for trail in _trails(config)))


def _trail_of_all_regions(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(any(trail["IsMultiRegionTrail"] for trail in _trails(config)))


def _trail_validated(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(bool(one.configuration.get("logFileValidationEnabled")))


def _trail_encrypted(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(bool(one.configuration.get("kmsKeyId")))


# --- EC2


def _opens(one: Description, ports: Iterable[int]) -> bool:
    """Whether a security group lets the whole internet in to one of some ports."""
    for rule in one.configuration.get("ipPermissions") or ():
        ranges = [each.get("cidrIp") for each in rule.get("ipRanges") or ()]
        ranges += [each.get("cidrIpv6") for each in rule.get("ipv6Ranges") or ()]
        if not {"0.0.0.0/0", "::/0"}.intersection(ranges):
            continue
        if rule.get("ipProtocol") == "-1":
            return True
        if rule.get("ipProtocol") in ("tcp", "6"):
            first, last = rule.get("fromPort", 0), rule.get("toPort", 65_535)
            if any(first <= port <= last for port in ports):
                return True
    return False


def _no_ssh(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    return _verdict(not _opens(one, (22,)))


def _no_common_ports(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    named = [int(value) for key, value in given.items() if key.startswith("blockedPort")]
    return _verdict(not _opens(one, named or (20, 21, 3389, 3306, 4333)))


def _default_group_closed(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    if one.configuration.get("groupName") != "default":
        return NOT_APPLICABLE, None
    return _verdict(not (one.configuration.get("ipPermissions") or one.configuration.get("ipPermissionsEgress")))


def _volume_encrypted(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    if not one.configuration.get("attachments"):
        return NOT_APPLICABLE, None
    return _verdict(bool(one.configuration.get("encrypted")))


# --- anything


def _has_tags(config: Recording, one: Description, given: Mapping[str, Any]) -> Verdict:
    for number in range(1, 7):
        key, values = given.get(f"tag{number}Key"), given.get(f"tag{number}Value")
        if not key:
            continue
        allowed = [value.strip() for value in str(values).split(",")] if values else None
        if key not in one.tags or (allowed is not None and one.tags[key] not in allowed):
            return NON_COMPLIANT, None
    return COMPLIANT, None


_TAGGED = (
    "AWS::CloudTrail::Trail",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::Volume",
    "AWS::S3::Bucket",
)
_TAG_PARAMETERS = frozenset(f"tag{number}{part}" for number in range(1, 7) for part in ("Key", "Value"))
_PASSWORD_PARAMETERS = frozenset({
    "RequireUppercaseCharacters", "RequireLowercaseCharacters", "RequireSymbols", "RequireNumbers",
    "MinimumPasswordLength", "PasswordReusePrevention", "MaxPasswordAge",
})  # fmt: skip


def _rule(kind: str, judge: Judge, *parameters: str, periodic: bool = False) -> Managed:
    return Managed((kind,), judge, periodic, frozenset(parameters))


_BUCKET, _TABLE, _FUNCTION, _USER = "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::IAM::User"
_GROUP = "AWS::EC2::SecurityGroup"
RULES: Mapping[str, Managed] = {
    "ACCESS_KEYS_ROTATED": _rule(_USER, _keys_rotated, "maxAccessKeyAge", periodic=True),
    "CLOUD_TRAIL_ENABLED": _rule(
        ACCOUNT, _trail_logs, "s3BucketName", "snsTopicArn", "cloudWatchLogsLogGroupArn", periodic=True
    ),
    "CLOUD_TRAIL_ENCRYPTION_ENABLED": _rule("AWS::CloudTrail::Trail", _trail_encrypted, periodic=True),
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED": _rule("AWS::CloudTrail::Trail", _trail_validated, periodic=True),
    "CMK_BACKING_KEY_ROTATION_ENABLED": _rule("AWS::KMS::Key", _key_rotates, periodic=True),
    "DYNAMODB_PITR_ENABLED": _rule(_TABLE, _recoverable, periodic=True),
    "DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED": _rule(_TABLE, _table_protected),
    "DYNAMODB_TABLE_ENCRYPTED_KMS": _rule(_TABLE, _table_encrypted, "kmsKeyArns", periodic=True),
    "ENCRYPTED_VOLUMES": _rule("AWS::EC2::Volume", _volume_encrypted, "kmsId"),
    "IAM_PASSWORD_POLICY": Managed((ACCOUNT,), _password_policy, True, _PASSWORD_PARAMETERS),
    "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS": _rule(
        "AWS::IAM::Policy", _no_administrator, "excludePermissionBoundaryPolicy"
    ),
    "IAM_ROOT_ACCESS_KEY_CHECK": _rule(ACCOUNT, _no_root_keys, periodic=True),
    "IAM_USER_GROUP_MEMBERSHIP_CHECK": _rule(_USER, _user_in_group, "groupNames"),
    "IAM_USER_MFA_ENABLED": _rule(_USER, _user_mfa, periodic=True),
    "IAM_USER_NO_POLICIES_CHECK": _rule(_USER, _user_without_policies),
    "INCOMING_SSH_DISABLED": _rule(_GROUP, _no_ssh),
    "KINESIS_STREAM_ENCRYPTED": _rule("AWS::Kinesis::Stream", _stream_encrypted),
    "KMS_CMK_NOT_SCHEDULED_FOR_DELETION": _rule("AWS::KMS::Key", _key_stays, "kmsKeyIds", periodic=True),
    "LAMBDA_CONCURRENCY_CHECK": _rule(_FUNCTION, _function_concurrency),
    "LAMBDA_DLQ_CHECK": _rule(_FUNCTION, _function_dead_letters, "dlqArns"),
    "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED": _rule(_FUNCTION, _function_closed),
    "LAMBDA_FUNCTION_SETTINGS_CHECK": _rule(_FUNCTION, _function_settings, "runtime", "role", "timeout", "memorySize"),
    "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS": _rule(_USER, _console_mfa, periodic=True),
    "MULTI_REGION_CLOUD_TRAIL_ENABLED": _rule(
        ACCOUNT, _trail_of_all_regions, "s3BucketName", "snsTopicArn", "cloudWatchLogsLogGroupArn", periodic=True
    ),
    "REQUIRED_TAGS": Managed(_TAGGED, _has_tags, False, _TAG_PARAMETERS),
    "RESTRICTED_INCOMING_TRAFFIC": _rule(_GROUP, _no_common_ports, *(f"blockedPort{number}" for number in range(1, 6))),
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": _rule(_BUCKET, _blocked, "excludedPublicBuckets"),
    "S3_BUCKET_LOGGING_ENABLED": _rule(_BUCKET, _bucket_logs, "targetBucket", "targetPrefix"),
    "S3_BUCKET_PUBLIC_READ_PROHIBITED": _rule(_BUCKET, _public(True)),
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED": _rule(_BUCKET, _public(False)),
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED": _rule(_BUCKET, _bucket_encrypted),
    "S3_BUCKET_SSL_REQUESTS_ONLY": _rule(_BUCKET, _tls_only),
    "S3_BUCKET_VERSIONING_ENABLED": _rule(_BUCKET, _versioning, "isMfaDeleteEnabled"),
    "SECRETSMANAGER_ROTATION_ENABLED_CHECK": _rule(
        "AWS::SecretsManager::Secret", _secret_rotates, "maximumAllowedRotationFrequency"
    ),
    "SNS_ENCRYPTED_KMS": _rule("AWS::SNS::Topic", _topic_encrypted, "kmsKeyIds"),
    "SQS_QUEUE_NO_PUBLIC_ACCESS": _rule("AWS::SQS::Queue", _queue_closed),
    "VPC_DEFAULT_SECURITY_GROUP_CLOSED": _rule(_GROUP, _default_group_closed),
}


@cache
def known() -> frozenset[str]:
    """Rules of AWS's that are not modelled, so that they can be told from those that do not exist."""
    text = files(__package__).joinpath("known_rules.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)["identifiers"])
