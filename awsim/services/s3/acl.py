"""Access control lists: canned ones, grants in headers, and lists in bodies.

Source: S3 User Guide, "Access control list (ACL) overview", with its "Mapping of ACL permissions and access policy
permissions".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import canonical_id
from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.auth.credentials import Caller

# The account that stands for whoever writes without credentials.
ANONYMOUS = "anonymous"
_GROUPS = "http://acs.amazonaws.com/groups/"
ALL_USERS = _GROUPS + "global/AllUsers"
AUTHENTICATED = _GROUPS + "global/AuthenticatedUsers"
LOG_DELIVERY = _GROUPS + "s3/LogDelivery"
# The service that writes access logs.
LOGGING = "logging.s3.amazonaws.com"
_KNOWN_GROUPS = (ALL_USERS, AUTHENTICATED, LOG_DELIVERY)
# Canned list -> (group, permission) beside the owner's full control.
_CANNED: dict[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED, "READ"),),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
_ON_BUCKETS = tuple(name for name in _CANNED if not name.startswith("bucket-owner-"))
_ON_OBJECTS = tuple(name for name in _CANNED if name != "log-delivery-write")
_PERMISSIONS = ("FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP")
_GRANTEE = r'\s*([A-Za-z]+)\s*=\s*"?([^",]*)"?\s*'
_CANONICAL = r"[0-9a-f]{64}"

Grants = tuple[Mapping[str, Any], ...]


# Action -> the permission that lets do it where no policy does, in the bucket's list or in the object's.
OF_BUCKETS = {
    **dict.fromkeys(("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"), "READ"),
    **dict.fromkeys(("s3:PutObject", "s3:DeleteObject"), "WRITE"),
    "s3:GetBucketAcl": "READ_ACP",
    "s3:PutBucketAcl": "WRITE_ACP",
}
OF_OBJECTS = {
    **dict.fromkeys(("s3:GetObject", "s3:GetObjectVersion"), "READ"),
    **dict.fromkeys(("s3:GetObjectAcl", "s3:GetObjectVersionAcl"), "READ_ACP"),
    **dict.fromkeys(("s3:PutObjectAcl", "s3:PutObjectVersionAcl"), "WRITE_ACP"),
}
# What the account that owns an object decides; all else about it is the bucket owner's.
OF_OBJECT_OWNERS = frozenset(OF_OBJECTS) | {
    "s3:GetObjectAttributes",
    "s3:GetObjectVersionAttributes",
}
ABOUT_VERSIONS = OF_OBJECT_OWNERS | {"s3:DeleteObject"}
# What whoever began a multipart upload may do with it.
OF_INITIATORS = frozenset(("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"))
# Operations that write an object, with its list.
WRITES = frozenset(("PutObject", "CopyObject", "CreateMultipartUpload", "PostObject"))


def user_grant(account: str, permission: str = "FULL_CONTROL") -> dict[str, Any]:
    return {"Grantee": {"ID": canonical_id(account), "Type": "CanonicalUser"}, "Permission": permission}


def group_grant(group: str, permission: str) -> dict[str, Any]:
    return {"Grantee": {"Type": "Group", "URI": group}, "Permission": permission}


def default(owner: str) -> Grants:
    return (user_grant(owner),)


def canned(name: str, owner: str, bucket_owner: str | None = None) -> Grants:
    """The grants of a canned list; `bucket_owner` where it is an object's."""
    if name not in (_ON_BUCKETS if bucket_owner is None else _ON_OBJECTS):
        raise AWSError("InvalidArgument", "", fields={"ArgumentName": "x-amz-acl", "ArgumentValue": name})
    grants = [user_grant(owner)]
    if bucket_owner is not None and bucket_owner != owner and name.startswith("bucket-owner-"):
        grants.append(user_grant(bucket_owner, "READ" if name.endswith("read") else "FULL_CONTROL"))
    grants.extend(group_grant(group, permission) for group, permission in _CANNED[name])
    return tuple(grants)


def gives(grants: Grants, permission: str, caller: Caller, owner: str, ignoring_public: bool) -> bool:
    """Whether a list lets a caller in by itself; what it gives the owner's own account, that account's policies decide.

    `ignoring_public`: what it gives to everybody counts for nothing.
    """
    for grant in grants:
        if grant["Permission"] not in (permission, "FULL_CONTROL"):
            continue
        grantee = grant["Grantee"]
        group = grantee.get("URI")
        if group is None:
            if caller.account not in ("", owner) and grantee.get("ID") == canonical_id(caller.account):
                return True
        elif group == LOG_DELIVERY:
            if caller.service == LOGGING:
                return True
        elif not ignoring_public and (group == ALL_USERS or not caller.is_anonymous):
            return True
    return False


def is_public(grants: Sequence[Mapping[str, Any]]) -> bool:
    """Whether everybody, or everybody with an account, gets something."""
    return any(grant["Grantee"].get("URI") in (ALL_USERS, AUTHENTICATED) for grant in grants)


def from_headers(headers: Mapping[str, str]) -> Grants:
    """Grants of x-amz-grant-… headers: permission -> `id="…", uri="…", emailAddress="…"`."""
    grants = []
    for permission, text in headers.items():
        header = "x-amz-grant-" + permission.lower().replace("_", "-")
        for part in text.split(","):
            found = re.fullmatch(_GRANTEE, part)
            kind = found[1].lower() if found else ""
            if found is None or kind not in ("id", "uri", "emailaddress"):
                raise AWSError(
                    "InvalidArgument",
                    "Argument format not recognized",
                    fields={"ArgumentName": header, "ArgumentValue": part},
                )
            grants.append({"Grantee": _grantee(kind, found[2]), "Permission": permission})
    return tuple(grants)


def _grantee(kind: str, value: str) -> dict[str, str]:
    if kind == "uri":
        if value not in _KNOWN_GROUPS:
            raise _bad("uri", value, "Invalid group uri")
        return {"Type": "Group", "URI": value}
    if kind == "id":
        if not re.fullmatch(_CANONICAL, value):
            raise _bad("id", value, "Invalid id")
        return {"ID": value, "Type": "CanonicalUser"}
    raise _unresolvable(value)


def _bad(name: str, value: str, message: str) -> AWSError:
    return AWSError("InvalidArgument", message, fields={"ArgumentName": name, "ArgumentValue": value})


def _unresolvable(value: str) -> AWSError:
    # Nobody has an address here, and AWS no longer takes addresses for accounts it cannot find.
    return AWSError(
        "UnresolvableGrantByEmailAddress",
        "The e-mail address you provided does not match any account on record.",
        status=400,
        fields={"Email": value},
    )


def from_policy(policy: Mapping[str, Any]) -> Grants:
    """The grants of an AccessControlPolicy body."""
    malformed = AWSError(
        "MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema"
    )
    owner, given = policy.get("Owner"), policy.get("Grants")
    if not owner or not owner.get("ID") or given is None:
        raise malformed
    if not re.fullmatch(_CANONICAL, owner["ID"]):
        raise _bad("CanonicalUser/ID", owner["ID"], "Invalid id")
    grants = []
    for grant in given:
        grantee = grant.get("Grantee") or {}
        if grant.get("Permission") not in _PERMISSIONS:
            raise malformed
        kind = grantee.get("Type")
        if kind == "CanonicalUser" and grantee.get("ID"):
            if not re.fullmatch(_CANONICAL, grantee["ID"]):
                raise _bad("CanonicalUser/ID", grantee["ID"], "Invalid id")
            kept = {"ID": grantee["ID"], "Type": kind}
        elif kind == "Group" and grantee.get("URI"):
            if grantee["URI"] not in _KNOWN_GROUPS:
                raise _bad("Group/URI", grantee["URI"], "Invalid group uri")
            kept = {"Type": kind, "URI": grantee["URI"]}
        elif kind == "AmazonCustomerByEmail" and grantee.get("EmailAddress"):
            raise _unresolvable(grantee["EmailAddress"])
        else:
            raise malformed
        grants.append({"Grantee": kept, "Permission": grant["Permission"]})
    return tuple(grants)


def wanted(
    owner: str,
    acl: str | None,
    grants: Mapping[str, str | None],
    bucket_owner: str | None = None,
) -> Grants | None:
    """The list that a request's headers ask for; None when they ask for none."""
    given = {permission: text for permission, text in grants.items() if text is not None}
    if acl is not None and given:
        raise AWSError("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
    if acl is not None:
        return canned(acl, owner, bucket_owner)
    return from_headers(given) if given else None
