"""What a job does with one object, as a call of S3.

Source: S3 User Guide, "Operations supported by S3 Batch Operations"; S3 API Reference, JobOperation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from awsim.services.s3control.job import Task

LAMBDA = "LambdaInvoke"
_FUNCTION = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:.+")
REPLICATE = "S3ReplicateObject"
# Members of S3PutObjectCopy that CopyObject has under another name, or the same.
_COPIED = {
    "CannedAccessControlList": "ACL",
    "ModifiedSinceConstraint": "CopySourceIfModifiedSince",
    "UnModifiedSinceConstraint": "CopySourceIfUnmodifiedSince",
    "RedirectLocation": "WebsiteRedirectLocation",
    "StorageClass": "StorageClass",
    "SSEAwsKmsKeyId": "SSEKMSKeyId",
    "ObjectLockLegalHoldStatus": "ObjectLockLegalHoldStatus",
    "ObjectLockMode": "ObjectLockMode",
    "ObjectLockRetainUntilDate": "ObjectLockRetainUntilDate",
    "BucketKeyEnabled": "BucketKeyEnabled",
    "ChecksumAlgorithm": "ChecksumAlgorithm",
}
_METADATA = {
    "CacheControl": "CacheControl",
    "ContentDisposition": "ContentDisposition",
    "ContentEncoding": "ContentEncoding",
    "ContentLanguage": "ContentLanguage",
    "ContentType": "ContentType",
    "HttpExpiresDate": "Expires",
    "UserMetadata": "Metadata",
}
_GRANTS = {
    "FULL_CONTROL": "GrantFullControl",
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
}
_GRANTEES = {"id": "CanonicalUser", "emailAddress": "AmazonCustomerByEmail", "uri": "Group"}
_GRANTEE_MEMBERS = {"id": "ID", "emailAddress": "EmailAddress", "uri": "URI"}


def call_for(operation: str, settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]] | None:
    """(operation of S3, its parameters) for an object; None for what is no call of S3's."""
    make = _CALLS.get(operation)
    if make is None:
        return None
    name, params = make(settings, task)
    return name, {member: value for member, value in params.items() if value is not None}


def is_known(operation: str) -> bool:
    return operation in _CALLS or operation in (LAMBDA, REPLICATE)


def problem(operation: str, settings: Mapping[str, Any]) -> str | None:
    """What is wrong with the settings of an operation that the model lets pass."""
    if operation == LAMBDA and not _FUNCTION.fullmatch(settings.get("FunctionArn") or ""):
        return "The ARN of the Lambda function is not valid."
    if operation == "S3PutObjectCopy":
        if not (settings.get("TargetResource") or "").startswith("arn:"):
            return "The target resource of a copy must be specified."
        return _grants_problem(settings.get("AccessControlGrants") or ())
    if operation == "S3PutObjectAcl":
        policy = settings.get("AccessControlPolicy") or {}
        if not (policy.get("CannedAccessControlList") or policy.get("AccessControlList")):
            return "The access control list must be specified."
        return _grants_problem((policy.get("AccessControlList") or {}).get("Grants") or ())
    if operation == "S3UpdateObjectEncryption" and not settings.get("ObjectEncryption"):
        return "The encryption of the objects must be specified."
    return None


def _grants_problem(grants: Sequence[Mapping[str, Any]]) -> str | None:
    for grant in grants:
        grantee = grant.get("Grantee") or {}
        if not (grant.get("Permission") and grantee.get("TypeIdentifier") and grantee.get("Identifier")):
            return "A grant has a permission and a grantee, with its type and identifier."
    return None


def _object(task: Task) -> dict[str, Any]:
    return {"Bucket": task.bucket, "Key": task.key, "VersionId": task.version or None}


def _copy(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    target = settings["TargetResource"]
    prefix = settings.get("TargetKeyPrefix")
    source = f"{quote(task.bucket)}/{quote(task.key)}" + (f"?versionId={task.version}" if task.version else "")
    params: dict[str, Any] = {
        # A bucket by its name, an access point by its ARN.
        "Bucket": target.rpartition(":::")[2] if ":::" in target else target,
        "Key": f"{prefix}/{task.key}" if prefix else task.key,
        "CopySource": source,
        **{theirs: settings.get(ours) for ours, theirs in _COPIED.items()},
        **_grants(settings.get("AccessControlGrants") or ()),
    }
    if settings.get("RequesterPays"):
        params["RequestPayer"] = "requester"
    new = settings.get("NewObjectMetadata")
    directive = settings.get("MetadataDirective")
    if new is not None:
        algorithm = new.get("SSEAlgorithm")
        params["ServerSideEncryption"] = "aws:kms" if algorithm == "KMS" else algorithm
        described = {theirs: new.get(ours) for ours, theirs in _METADATA.items()}
        if directive == "REPLACE" or (directive is None and (not new or any(described.values()))):
            directive = "REPLACE"
            params.update(described)
    params["MetadataDirective"] = directive
    if params.get("SSEKMSKeyId") is not None:
        params["ServerSideEncryption"] = "aws:kms"
    tags = settings.get("NewObjectTagging")
    if tags is not None:
        params["TaggingDirective"] = "REPLACE"
        params["Tagging"] = urlencode([(tag["Key"], tag["Value"]) for tag in tags])
    return "CopyObject", params


def _grants(given: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for grant in given:
        grantee = grant["Grantee"]
        name = _GRANTS.get(grant["Permission"])
        if name is not None:
            found.setdefault(name, []).append(f'{grantee["TypeIdentifier"]}="{grantee["Identifier"]}"')
    return {name: ", ".join(values) for name, values in found.items()}


def _tagging(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    return "PutObjectTagging", {**_object(task), "Tagging": {"TagSet": list(settings.get("TagSet") or ())}}


def _untagging(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    return "DeleteObjectTagging", _object(task)


def _acl(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    policy = settings.get("AccessControlPolicy") or {}
    canned = policy.get("CannedAccessControlList")
    if canned is not None:
        return "PutObjectAcl", {**_object(task), "ACL": canned}
    given = policy.get("AccessControlList") or {}
    grants = []
    for grant in given.get("Grants") or ():
        grantee = grant["Grantee"]
        kind = grantee["TypeIdentifier"]
        told = {"Type": _GRANTEES[kind], _GRANTEE_MEMBERS[kind]: grantee["Identifier"]}
        grants.append({"Grantee": told, "Permission": grant["Permission"]})
    owner = {"ID": (given.get("Owner") or {}).get("ID")}
    return "PutObjectAcl", {**_object(task), "AccessControlPolicy": {"Grants": grants, "Owner": owner}}


def _restore(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    request: dict[str, Any] = {}
    if settings.get("ExpirationInDays") is not None:
        request["Days"] = settings["ExpirationInDays"]
    tier = settings.get("GlacierJobTier")
    if tier is not None:
        request["GlacierJobParameters"] = {"Tier": tier.capitalize()}
    return "RestoreObject", {**_object(task), "RestoreRequest": request}


def _legal_hold(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    return "PutObjectLegalHold", {**_object(task), "LegalHold": dict(settings["LegalHold"])}


def _retention(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    return "PutObjectRetention", {
        **_object(task),
        "Retention": dict(settings["Retention"]),
        "BypassGovernanceRetention": settings.get("BypassGovernanceRetention"),
    }


def _encryption(settings: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    return "UpdateObjectEncryption", {**_object(task), "ObjectEncryption": dict(settings["ObjectEncryption"])}


_CALLS = {
    "S3PutObjectCopy": _copy,
    "S3PutObjectTagging": _tagging,
    "S3DeleteObjectTagging": _untagging,
    "S3PutObjectAcl": _acl,
    "S3InitiateRestoreObject": _restore,
    "S3PutObjectLegalHold": _legal_hold,
    "S3PutObjectRetention": _retention,
    "S3UpdateObjectEncryption": _encryption,
}
