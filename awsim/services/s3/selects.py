"""SelectObjectContent: an expression over one object, answered as a stream of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.services.s3.bucket import Bucket as BucketRecord
from awsim.services.s3.objects import Objects

if TYPE_CHECKING:
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
        from awsim.services.s3 import select

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

    # --- from archives

    def select_archived(
        self, bucket: BucketRecord, key: str, version_id: str | None, wanted: dict[str, Any]
    ) -> dict[str, Any]:
        """Start a selection over an archived object, whose results will be objects under the output's prefix.

        Layout of the results: Glacier Developer Guide, "Querying archives with S3 Glacier Select".
        """
        from awsim.services.s3 import select

        self.check_select_is_open("OBJECT")
        parameters, output = wanted.get("SelectParameters"), (wanted.get("OutputLocation") or {}).get("S3")
        if wanted.get("Type") != "SELECT" or not parameters or not output or wanted.get("Days") is not None:
            raise self.malformed_xml()
        version = self.to_restore(bucket, key, version_id)
        tier = (wanted.get("GlacierJobParameters") or {}).get("Tier") or wanted.get("Tier") or "Standard"
        ready = self.ready_at(*self.retrieval(version, tier))
        self.check("select-expression", len(parameters["Expression"].encode()))
        select.check(parameters["InputSerialization"], "Input", ("CSV", "JSON", "Parquet"))
        select.check(parameters["OutputSerialization"], "Output", ("CSV", "JSON"))
        path = f"{output['Prefix'].rstrip('/')}/{self.ids.hex('select-job', 32)}"
        caller = self.caller
        put = {name: output[name] for name in ("StorageClass",) if name in output}
        if output.get("CannedACL"):
            put["ACL"] = output["CannedACL"]
        if output.get("UserMetadata"):
            put["Metadata"] = {each["Name"]: each["Value"] for each in output["UserMetadata"]}
        into = {"Bucket": output["BucketName"], **put}
        self._deposit(caller, into, f"{path}/job.txt", parameters["Expression"].encode())
        self.later(
            ready - self.clock.time(),
            "finish_selection",
            name=bucket.name,
            key=key,
            version_id=version.id,
            parameters=parameters,
            into=into,
            path=path,
            caller=caller,
        )
        return {"RestoreOutputPath": path, "__status__": 202}

    def finish_selection(
        self,
        name: str,
        key: str,
        version_id: str,
        parameters: dict[str, Any],
        into: dict[str, Any],
        path: str,
        caller: Caller,
    ) -> None:
        """Scheduled: the archive is there; the results are written, or what kept them from being found."""
        from awsim.services.s3 import select

        bucket = self.buckets.get(name)
        version = bucket.find(key, version_id) if bucket is not None else None
        if version is None or version.data is None:
            return
        where, manifest = "results", "result_manifest.txt"
        try:
            found = select.select(
                bytes(version.data),
                parameters["Expression"],
                parameters["InputSerialization"],
                parameters["OutputSerialization"],
                self.clock.time(),
                None,
                self.limits["select-record"],
            ).payload
        except AWSError as error:
            where, manifest, found = "errors", "error_manifest.txt", f"{error.code}: {error.message}".encode()
        target = f"{path}/{where}/{self.ids.hex('select-result', 32)}"
        self._deposit(caller, into, target, found)
        self._deposit(caller, into, f"{path}/{manifest}", f"{target}\n".encode())

    def _deposit(self, caller: Caller, into: dict[str, Any], key: str, content: bytes) -> None:
        self.call("s3", "PutObject", as_=caller, **into, Key=key, Body=content)

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
