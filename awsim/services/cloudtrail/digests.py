"""Digest files: what was delivered in an hour, signed, each with the signature of the one before.

Sources: CloudTrail User Guide, "CloudTrail digest file structure", "Custom implementations of CloudTrail log file
integrity validation". Keys are KMS's, one for a region, in an account of AWS's own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from awsim.auth.credentials import principal
from awsim.errors import AWSError
from awsim.services.cloudtrail.identities import iso
from awsim.services.cloudtrail.selecting import Selecting
from awsim.services.cloudtrail.trail import Trail
from awsim.state import Dict, Entity

_AWS = "000000000000"
_ALGORITHM, _HASH = "SHA256withRSA", "SHA-256"
_SIGNING = "RSASSA_PKCS1_V1_5_SHA_256"
# A SubjectPublicKeyInfo of RSA 2048 begins with so many bytes before the PKCS #1 key.
_HEADER = 24
_DAY = 86_400


class SigningKey(Entity):
    """The key of a region; `since` and `until` bound its validity (epoch seconds)."""

    def __init__(self, arn: str, public: bytes, since: float, until: float) -> None:
        self.arn = arn
        self.public = public
        self.since = since
        self.until = until

    @property
    def fingerprint(self) -> str:
        return hashlib.md5(self.public, usedforsecurity=False).hexdigest()

    def shown(self) -> dict[str, Any]:
        return {
            "Value": self.public,
            "ValidityStartTime": self.since,
            "ValidityEndTime": self.until,
            "Fingerprint": self.fingerprint,
        }


class Digests(Selecting):
    def setup(self) -> None:
        super().setup()
        self.signing_keys = Dict()  # by region; in the account of AWS's own only

    def signing_key(self, region: str) -> SigningKey:
        home = self.at(account=_AWS)
        found: SigningKey | None = home.signing_keys.get(region)
        if found is None:
            made = self._kms(region, "CreateKey", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
            public = self._kms(region, "GetPublicKey", KeyId=made)["PublicKey"][_HEADER:]
            since = self.clock.time() // _DAY * _DAY
            found = SigningKey(made, public, since, since + self.limits["public-key-validity"])
            home.signing_keys[region] = found
        return found

    def _kms(self, region: str, operation: str, **parameters: Any) -> dict[str, Any]:
        root = principal(f"arn:{self.partition}:iam::{_AWS}:root", _AWS)
        return self.call("kms", operation, as_=root, account_=_AWS, region_=region, **parameters)

    # --- winding

    def wind_digests(self, trail: Trail) -> None:
        """Begin or end the hours of a trail."""
        wanted = trail.logging and trail.settings["LogFileValidationEnabled"]
        if wanted and trail.digest is None:
            trail.digest_from = self.clock.time()
            trail.digest = self.later(self.limits["digest-delivery"], "_write_digests", arn=trail.arn)
        elif not wanted and trail.digest is not None:
            self.cancel(trail.digest)
            trail.digest = None
            trail.last_digests = Dict()

    def _write_digests(self, arn: str) -> None:
        trail: Trail = self.trails[arn]
        trail.digest = self.later(self.limits["digest-delivery"], "_write_digests", arn=arn)
        start, end = trail.digest_from, self.clock.time()
        trail.digest_from = end
        # Files of an organization's members are signed for with the account whose trail it is.
        for region in sorted({trail.region, *trail.files, *trail.last_digests}):
            try:
                self._write_digest(trail, region, start, end)
            except AWSError as error:
                trail.status["LatestDigestDeliveryError"] = error.code
            else:
                trail.status["LatestDigestDeliveryTime"] = end
                trail.status.pop("LatestDigestDeliveryError", None)

    def _write_digest(self, trail: Trail, region: str, start: float, end: float) -> None:
        files = list(trail.files.pop(region, ()))
        key, bucket = self.signing_key(region), trail.settings["S3BucketName"]
        moment = datetime.fromtimestamp(end, UTC)
        name = (
            f"{trail.prefix}{self.account}/CloudTrail-Digest/{region}/{moment:%Y/%m/%d}/"
            f"{self.account}_CloudTrail-Digest_{region}_{trail.name}_{trail.region}_{moment:%Y%m%dT%H%M%SZ}.json.gz"
        )
        last = trail.last_digests.get(region) or {}
        digest = {
            "awsAccountId": self.account,
            "digestStartTime": iso(start),
            "digestEndTime": iso(end),
            "digestS3Bucket": bucket,
            "digestS3Object": name,
            "digestPublicKeyFingerprint": key.fingerprint,
            "digestSignatureAlgorithm": _ALGORITHM,
            "newestEventTime": max((one["newestEventTime"] for one in files), default=None),
            "oldestEventTime": min((one["oldestEventTime"] for one in files), default=None),
            "previousDigestS3Bucket": last.get("bucket"),
            "previousDigestS3Object": last.get("name"),
            "previousDigestHashValue": last.get("hash"),
            "previousDigestHashAlgorithm": _HASH if last else None,
            "previousDigestSignature": last.get("signature"),
            "logFiles": files,
        }
        content = json.dumps(digest, separators=(",", ":")).encode()
        hashed = hashlib.sha256(content).hexdigest()
        text = f"{digest['digestEndTime']}\n{bucket}/{name}\n{hashed}\n{last.get('signature') or 'null'}"
        signed = self._kms(region, "Sign", KeyId=key.arn, Message=text.encode(), SigningAlgorithm=_SIGNING)
        signature = signed["Signature"].hex()
        metadata = {"signature": signature, "signature-algorithm": _ALGORITHM}
        self.put_object(trail, name, gzip.compress(content, mtime=0), Metadata=metadata)
        trail.last_digests[region] = {"bucket": bucket, "name": name, "hash": hashed, "signature": signature}

    def put_object(self, trail: Trail, key: str, body: bytes, **more: Any) -> None:
        raise NotImplementedError
