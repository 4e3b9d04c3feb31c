"""Credentials and signatures that are refused, in the words of each protocol.

`Refused` says what is wrong; services of one protocol share the code, the status and the sentence they answer with. S3
and EC2 have their own. Sources: "Common error types" of the IAM, SQS, DynamoDB and Lambda references, "Error responses"
of the Amazon S3 reference, "Error codes" of the EC2 reference, and ../shared/recorded/s3.jsonl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.errors import AWSError

_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_MISSING = "Request is missing Authentication Token"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_S3_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
_S3_SKEWED = "The difference between the request time and the current time is too large."
_EC2_FAILURE = "AWS was not able to validate the provided access credentials"

# reason -> (code, message, status); message None: the refusal's own
_Words = Mapping[str, tuple[str, str | None, int]]

_QUERY: _Words = {
    "expired": ("ExpiredToken", _EXPIRED, 403),
    "token": ("InvalidClientTokenId", _INVALID, 403),
    "unknown": ("InvalidClientTokenId", _INVALID, 403),
    "missing": ("MissingAuthenticationToken", _MISSING, 403),
    "signature": ("SignatureDoesNotMatch", _MISMATCH, 403),
    "skewed": ("SignatureDoesNotMatch", None, 403),
    "scope": ("SignatureDoesNotMatch", None, 403),
    "unreadable": ("IncompleteSignature", None, 400),
}
_JSON: _Words = {
    "expired": ("ExpiredTokenException", _EXPIRED, 400),
    "token": ("UnrecognizedClientException", _INVALID, 400),
    "unknown": ("UnrecognizedClientException", _INVALID, 400),
    "missing": ("MissingAuthenticationTokenException", _MISSING, 400),
    "signature": ("InvalidSignatureException", _MISMATCH, 400),
    "skewed": ("InvalidSignatureException", None, 400),
    "scope": ("InvalidSignatureException", None, 400),
    "unreadable": ("IncompleteSignatureException", None, 400),
}
_REST: _Words = {
    "expired": ("ExpiredTokenException", _EXPIRED, 403),
    "token": ("UnrecognizedClientException", _INVALID, 403),
    "unknown": ("UnrecognizedClientException", _INVALID, 403),
    "missing": ("MissingAuthenticationTokenException", "Missing Authentication Token", 403),
    "signature": ("InvalidSignatureException", _MISMATCH, 403),
    "skewed": ("InvalidSignatureException", None, 403),
    "scope": ("InvalidSignatureException", None, 403),
    "unreadable": ("IncompleteSignatureException", None, 403),
}
_EC2: _Words = {
    "expired": ("RequestExpired", "Request has expired.", 400),
    "token": ("AuthFailure", _EC2_FAILURE, 401),
    "unknown": ("AuthFailure", _EC2_FAILURE, 401),
    "missing": ("MissingAuthenticationToken", _MISSING, 403),
    "signature": ("AuthFailure", _EC2_FAILURE, 401),
    "skewed": ("RequestExpired", "Request has expired.", 400),
    "scope": ("AuthFailure", _EC2_FAILURE, 401),
    "unreadable": ("AuthFailure", _EC2_FAILURE, 401),
}
_S3: _Words = {
    "expired": ("ExpiredToken", "The provided token has expired.", 400),
    "token": ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
    "unknown": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    "missing": ("AccessDenied", "Access Denied", 403),
    "signature": ("SignatureDoesNotMatch", _S3_MISMATCH, 403),
    "skewed": ("RequestTimeTooSkewed", _S3_SKEWED, 403),
    "unreadable": ("InvalidArgument", "Unsupported Authorization Type", 400),
}
_PROTOCOLS: Mapping[str, _Words] = {
    "query": _QUERY,
    "ec2": _EC2,
    "json": _JSON,
    "rest-json": _REST,
    "rest-xml": _QUERY,
    "smithy-rpc-v2-cbor": _JSON,
}
_SERVICES: Mapping[str, _Words] = {
    "s3": _S3,
    "s3control": _S3,
    "s3-object-lambda": _S3,
    # They came from the query protocol and keep its codes in the protocols they speak now (awsQueryCompatible).
    "sqs": _QUERY,
    "cloudwatch": _QUERY,
}


class Refused(Exception):
    """Credentials or a signature that cannot be accepted, before any service words it.

    `reason`: expired, token (wrong, or given to a key without one), missing-token (a temporary key without its token),
    unknown, inactive, missing (no credentials at all), signature, skewed, scope (signed for another day or region; not
    used by S3), unreadable. `message` is used where the
    sentence depends on the request; `fields` are the further members that S3 answers with.
    """

    def __init__(
        self,
        reason: str,
        access_key: str = "",
        token: str | None = None,
        message: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(reason, access_key)
        self.reason = reason
        self.access_key = access_key
        self.token = token
        self.message = message
        self.fields: dict[str, Any] = dict(fields or {})

    def worded(self, service: str, protocol: str) -> AWSError:
        """The answer of `service` (botocore's name), whose model speaks `protocol`."""
        words = _SERVICES.get(service) or _PROTOCOLS.get(protocol, _QUERY)
        reason = self.reason
        if reason in ("missing-token", "inactive"):
            reason = "unknown"
        code, message, status = words[reason]
        fields = {}
        if words is _S3:
            fields = self.fields
            if reason == "unknown":
                fields = {"AWSAccessKeyId": self.access_key}
            elif reason in ("expired", "token") and self.token:
                fields = {"Token-0": self.token}
        return AWSError(code, self.message if message is None else message, status=status, fields=fields)
