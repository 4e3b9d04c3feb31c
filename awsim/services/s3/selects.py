"""SelectObjectContent: an expression over one object, answered as a stream of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from awsim.errors import AWSError
from awsim.services.s3 import select
from awsim.services.s3.objects import Objects
from awsim.services.s3.select import Selection


class Selects(Objects):
    def select_object_content(
        self,
        Bucket: str,
        Key: str,
        Expression: str,
        ExpressionType: str,
        InputSerialization: dict[str, Any],
        OutputSerialization: dict[str, Any],
        SSECustomerAlgorithm: str | None = None,
        SSECustomerKey: str | None = None,
        SSECustomerKeyMD5: str | None = None,
        RequestProgress: dict[str, Any] | None = None,
        ScanRange: dict[str, int] | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        self.check_select_is_open("OBJECT")
        customer = {
            "SSECustomerAlgorithm": SSECustomerAlgorithm,
            "SSECustomerKey": SSECustomerKey,
            "SSECustomerKeyMD5": SSECustomerKeyMD5,
        }
        given = {name: value for name, value in customer.items() if value is not None}
        version = self.readable(bucket, Key, None, "POST", given)
        self.check_readable(version, "The operation is not valid for the object's storage class")
        self.check("select-expression", len(Expression.encode()))
        found = select.select(
            bytes(version.data),
            Expression,
            InputSerialization,
            OutputSerialization,
            self.clock.time(),
            ScanRange,
            self.limits["select-record"],
        )
        progress = bool((RequestProgress or {}).get("Enabled"))
        # Where the stream is cut, and whether it pauses, is AWS's affair: a record may come in two pieces.
        small = bool(found.payload) and self.choose(
            "s3.select-frames", [False, True], 0.2, "sent a record of a selection in two pieces"
        )
        idle = self.choose("s3.select-continues", [False, True], 0.2, "sent a continuation message")
        return {"Payload": _events(found, progress, small, idle)}

    def check_select_is_open(self, kind: str) -> None:
        """Refuse S3 Select where it is closed: to accounts that had not used it before July 2024."""
        if self.limits["select-closed"]:
            raise AWSError(
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
                status=405,
                fields={
                    "Method": self.cloud.current.http.method if self.cloud.current.http else "POST",
                    "ResourceType": kind,
                },
            )


def _events(found: Selection, progress: bool, small: bool, idle: bool) -> Iterator[dict[str, Any]]:
    if idle:
        yield {"Cont": {}}
    frames = found.frames(max(len(found.payload) // 2, 1)) if small else found.frames()
    for frame in frames:
        yield {"Records": {"Payload": frame}}
    if progress:
        yield {"Progress": {"Details": found.details()}}
    yield {"Stats": {"Details": found.details()}}
    yield {"End": {}}
