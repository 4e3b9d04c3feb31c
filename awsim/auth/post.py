"""The signatures of forms that browsers post to Amazon S3 (presigned POST), version 4 and 2.

Source: "Browser-based uploads using POST" in the Amazon S3 API Reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from awsim.auth.refusals import Refused
from awsim.auth.signing import (
    ALGORITHM,
    ALGORITHM_4A,
    ALGORITHMS,
    Scope,
    argument,
    hmac_sha256,
    hmac_v1,
    iso_time,
    malformed_scope,
    mismatch,
    same,
)
from awsim.errors import AWSError


def post_credentials(fields: Mapping[str, str]) -> tuple[str, str | None]:
    """(access key, session token) of an S3 POST form; ("", None) if it is not signed. Field names in any case."""
    fields = {name.lower(): value for name, value in fields.items()}
    token = fields.get("x-amz-security-token")
    if "x-amz-credential" in fields:
        return fields["x-amz-credential"].split("/")[0], token
    return fields.get("awsaccesskeyid", ""), token


def verify_post(fields: Mapping[str, str], secret: str | None, now: float) -> dict[str, Any]:
    """The policy document of a signed S3 POST form, once its signature (version 4 or 2) and expiration are checked.

    The document's conditions are left to the caller. Raises AWSError.
    """
    fields = {name.lower(): value for name, value in fields.items()}
    policy = _field(fields, "Policy")
    if "awsaccesskeyid" in fields:
        access_key = fields["awsaccesskeyid"]
        signature = _field(fields, "Signature")
        expected = secret and hmac_v1(secret, policy)
    else:
        algorithm = _field(fields, "X-Amz-Algorithm")
        if algorithm not in (ALGORITHM, ALGORITHM_4A):
            raise argument("X-Amz-Algorithm", algorithm, ALGORITHMS)
        parts = _field(fields, "X-Amz-Credential").rsplit("/", 4)
        if len(parts) != 5 or parts[4] != "aws4_request":
            raise argument("X-Amz-Credential", fields["x-amz-credential"], malformed_scope("X-Amz-Credential"))
        _field(fields, "X-Amz-Date")
        access_key = parts[0]
        signature = _field(fields, "X-Amz-Signature")
        expected = secret and hmac_sha256(Scope(*parts[:4]).key(secret), policy).hex()
    if expected and not same(expected, signature):
        fields = mismatch(access_key, policy, signature)
        raise Refused("signature", access_key, fields=fields).worded("s3", "rest-xml")
    try:
        document = json.loads(base64.b64decode(policy, validate=False))
    except (ValueError, RecursionError):
        raise AWSError("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.", status=400) from None
    if not isinstance(document, dict) or "expiration" not in document:
        raise AWSError("InvalidPolicyDocument", "Invalid Policy: Policy missing expiration.", status=400)
    expires = iso_time(str(document["expiration"]))
    if expires is None:
        raise AWSError(
            "InvalidPolicyDocument",
            f"Invalid Policy: Invalid 'expiration' value: '{document['expiration']}'",
            status=400,
        )
    if now >= expires:
        raise AWSError("AccessDenied", "Invalid according to Policy: Policy expired.", status=403)
    return document


def _field(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name.lower())
    if value is None:
        order = "If it is specified, please check the order of the fields."
        raise argument(name, "", f"Bucket POST must contain a field named '{name}'.  {order}")
    return value
