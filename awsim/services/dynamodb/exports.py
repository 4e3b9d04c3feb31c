"""ExportTableToPointInTime and ImportTable: tables to and from objects in S3."""

from __future__ import annotations

import csv
import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import md5
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.gateway.plan import plan_for
from awsim.services.dynamodb import ion, ion_reader, values
from awsim.services.dynamodb.history import Contents
from awsim.services.dynamodb.items import ItemOperations
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.replicas import ReplicaOperations
from awsim.services.dynamodb.table import Table
from awsim.state import Dict, Entity, Lifecycle

if TYPE_CHECKING:
    from awsim.auth.credentials import Caller

_LOG_GROUP = "/aws-dynamodb/imports"
_LOGGED_AT_ONCE = 1_000


class Transfer(Entity):
    """An export or an import: the request, who made it, and how it went. Times are epoch seconds."""

    def __init__(self, arn: str, table: Table, caller: Caller, started: float, request: Mapping[str, Any]) -> None:
        self.arn = arn
        self.table_arn = table.arn
        self.table_id = table.id
        self.table_name = table.name
        self.caller = caller
        self.started = started
        self.request = request
        self.status = "IN_PROGRESS"
        self.ended: float | None = None
        self.failure: tuple[str, str] | None = None
        # What an export writes, until it has: lines, each with the bytes of its item.
        self.work: Sequence[tuple[Mapping[str, Any], int]] = ()
        self.results: Mapping[str, Any] = {}

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    def describe(self) -> dict[str, Any]:
        """What descriptions of exports and imports have in common."""
        description: dict[str, Any] = {
            "TableArn": self.table_arn,
            "TableId": self.table_id,
            "StartTime": self.started,
            **self.request,
            **self.results,
        }
        if self.ended is not None:
            description["EndTime"] = self.ended
        if self.failure is not None:
            description["FailureCode"], description["FailureMessage"] = self.failure
        return description


class TransferOperations(ReplicaOperations, ItemOperations):
    """Operations on whole tables in S3."""

    def setup(self) -> None:
        super().setup()
        self.exports = Dict()
        self.imports = Dict()

    # --- exports

    def export_table_to_point_in_time(
        self,
        TableArn: str,
        S3Bucket: str,
        ExportTime: datetime | None = None,
        ClientToken: str | None = None,
        S3BucketOwner: str | None = None,
        S3Prefix: str | None = None,
        S3SseAlgorithm: str | None = None,
        S3SseKmsKeyId: str | None = None,
        ExportFormat: str | None = None,
        ExportType: str | None = None,
        IncrementalExportSpecification: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        table = self._backed_up(TableArn)
        now = self.clock.time()
        earliest, _ = self._restorable(table)
        incremental = ExportType == "INCREMENTAL_EXPORT"
        if incremental == (IncrementalExportSpecification is None):
            raise invalid_parameter("IncrementalExportSpecification is required for, and only for, INCREMENTAL_EXPORT")
        if S3SseKmsKeyId is not None and S3SseAlgorithm != "KMS":
            raise invalid_parameter("S3SseKmsKeyId can only be specified when S3SseAlgorithm is KMS")
        given: dict[str, Any] = {
            "S3Bucket": S3Bucket,
            "S3BucketOwner": S3BucketOwner,
            "S3Prefix": S3Prefix,
            "S3SseAlgorithm": S3SseAlgorithm or "AES256",
            "S3SseKmsKeyId": S3SseKmsKeyId,
            "ExportFormat": ExportFormat or "DYNAMODB_JSON",
            "ExportType": ExportType or "FULL_EXPORT",
            "ClientToken": ClientToken,
        }
        if IncrementalExportSpecification is not None:
            work = self._changes(table, IncrementalExportSpecification, earliest, now)
            given["IncrementalExportSpecification"] = IncrementalExportSpecification
        else:
            when = ExportTime.timestamp() if ExportTime is not None else now
            if not earliest <= when <= now:
                raise self.error("InvalidExportTimeException", "Export time is outside of the restorable window")
            given["ExportTime"] = when
            assert table.history is not None
            work = [
                ({"Item": item.attributes}, item.size) for item in table.history.contents(table.items, when).values()
            ]
        running = sum(1 for export in self.exports.values() if export.status == "IN_PROGRESS")
        self.limits.quota("concurrent-exports", running)
        arn = f"{table.arn}/export/{self._dated_id('export')}"
        request = {name: value for name, value in given.items() if value is not None}
        export = Transfer(arn, table, self.caller, now, request)
        export.work = work
        self.exports[arn] = export
        self.later(self.limits.duration("table-export"), "_write_export", arn=arn)
        return {"ExportDescription": self._export(export)}

    def describe_export(self, ExportArn: str) -> dict[str, Any]:
        export = self.exports.get(ExportArn)
        if export is None:
            raise self.error("ExportNotFoundException", f"Export not found: {ExportArn}")
        return {"ExportDescription": self._export(export)}

    def list_exports(
        self, TableArn: str | None = None, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found, token = self._page_of(self.exports, TableArn, MaxResults, NextToken)
        summaries = [
            {"ExportArn": one.arn, "ExportStatus": one.status, "ExportType": one.request["ExportType"]} for one in found
        ]
        return {"ExportSummaries": summaries, **token}

    @staticmethod
    def _export(export: Transfer) -> dict[str, Any]:
        return {"ExportArn": export.arn, "ExportStatus": export.status, **export.describe()}

    def _changes(
        self, table: Table, given: Mapping[str, Any], earliest: float, now: float
    ) -> list[tuple[dict[str, Any], int]]:
        """What an incremental export writes: items changed in a stretch of time, before and after it."""
        start = given["ExportFromTime"].timestamp() if given.get("ExportFromTime") else earliest
        end = given["ExportToTime"].timestamp() if given.get("ExportToTime") else now
        if not earliest <= start < end <= now:
            raise self.error("InvalidExportTimeException", "Export time is outside of the restorable window")
        assert table.history is not None
        before: Contents = table.history.contents(table.items, start)
        after: Contents = table.history.contents(table.items, end)
        both = given.get("ExportViewType") != "NEW_IMAGE"
        lines = []
        for place, when in table.history.changed(start, end).items():
            old, new = before.get(place), after.get(place)
            item = new or old
            if item is None:
                continue
            line: dict[str, Any] = {
                "Metadata": {"WriteTimestampMicros": int(when * 1_000_000)},
                "Keys": table.keys.key_of(item.attributes),
            }
            if both and old is not None:
                line["OldImage"] = old.attributes
            if new is not None:
                line["NewImage"] = new.attributes
            lines.append((line, item.size))
        return lines

    def _write_export(self, arn: str) -> None:
        export: Transfer = self.exports[arn]
        try:
            self._write_objects(export)
            export.status = "COMPLETED"
        except AWSError as error:
            export.status = "FAILED"
            export.failure = (f"S3{error.code}", error.message)
        export.work = ()
        export.ended = self.clock.time()

    def _write_objects(self, export: Transfer) -> None:
        request = export.request
        prefix = f"{request['S3Prefix'].rstrip('/')}/" if request.get("S3Prefix") else ""
        folder = f"{prefix}AWSDynamoDB/{export.id}"
        self._put(export, f"{folder}/_started", b"")
        in_ion = request["ExportFormat"] == "ION"
        lines = [ion.line(line) if in_ion else json.dumps(_wire(line)) for line, _ in export.work]
        data = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
        key = f"{folder}/data/{self.ids.text('export-file', 26).lower()}.{'ion' if in_ion else 'json'}.gz"
        etag = self._put(export, key, data)["ETag"].strip('"')
        files = {
            "itemCount": len(lines),
            "md5Checksum": _digest(data),
            "etag": etag,
            "dataFileS3Key": key,
        }
        manifest = f"{folder}/manifest-files.json"
        self._put_with_checksum(export, manifest, json.dumps(files) + "\n")
        size = sum(size for _, size in export.work)
        export.results = {
            "ExportManifest": f"{folder}/manifest-summary.json",
            "ItemCount": len(lines),
            "BilledSizeBytes": size,
        }
        summary = {
            "version": "2020-06-30" if request["ExportType"] == "FULL_EXPORT" else "2023-08-01",
            "exportArn": export.arn,
            "startTime": _iso(export.started),
            "endTime": _iso(self.clock.time()),
            "tableArn": export.table_arn,
            "tableId": export.table_id,
            "exportTime": _iso(request["ExportTime"]) if "ExportTime" in request else None,
            "s3Bucket": request["S3Bucket"],
            "s3Prefix": request.get("S3Prefix"),
            "s3SseAlgorithm": request["S3SseAlgorithm"],
            "s3SseKmsKeyId": request.get("S3SseKmsKeyId"),
            "manifestFilesS3Key": manifest,
            "billedSizeBytes": size,
            "itemCount": len(lines),
            "outputFormat": request["ExportFormat"],
            "exportType": request["ExportType"],
        }
        self._put_with_checksum(export, export.results["ExportManifest"], json.dumps(summary))

    def _put_with_checksum(self, export: Transfer, key: str, text: str) -> None:
        self._put(export, key, text.encode())
        self._put(export, key.removesuffix("json") + "checksum", _digest(text.encode()).encode())

    def _put(self, export: Transfer, key: str, body: bytes) -> dict[str, Any]:
        more = {}
        if export.request["S3SseAlgorithm"] == "KMS":
            more["ServerSideEncryption"] = "aws:kms"
            if "S3SseKmsKeyId" in export.request:
                more["SSEKMSKeyId"] = export.request["S3SseKmsKeyId"]
        if "S3BucketOwner" in export.request:
            more["ExpectedBucketOwner"] = export.request["S3BucketOwner"]
        return self.call(
            "s3", "PutObject", as_=export.caller, Bucket=export.request["S3Bucket"], Key=key, Body=body, **more
        )

    # --- imports

    def import_table(
        self,
        S3BucketSource: dict[str, Any],
        InputFormat: str,
        TableCreationParameters: dict[str, Any],
        ClientToken: str | None = None,
        InputFormatOptions: dict[str, Any] | None = None,
        InputCompressionType: str | None = None,
    ) -> dict[str, Any]:
        if InputCompressionType == "ZSTD" and _zstd() is None:
            self.not_modelled("ImportTable of InputCompressionType ZSTD where the library zstandard is not installed")
        if InputFormatOptions is not None and InputFormat != "CSV":
            raise invalid_parameter("InputFormatOptions can only be specified when InputFormat is CSV")
        running = sum(1 for one in self.imports.values() if one.status == "IN_PROGRESS")
        self.limits.quota("concurrent-imports", running)
        plan = plan_for("dynamodb", "CreateTable")
        if plan.accepts is not None and not plan.accepts.issuperset(TableCreationParameters):
            raise plan.unknown(TableCreationParameters)
        self.create_table(**TableCreationParameters)
        table: Table = self.tables[TableCreationParameters["TableName"]]
        table.lifecycle = Lifecycle(self, [("CREATING", "table-import"), ("ACTIVE", None)])
        request: dict[str, Any] = {
            "S3BucketSource": S3BucketSource,
            "InputFormat": InputFormat,
            "InputFormatOptions": InputFormatOptions,
            "InputCompressionType": InputCompressionType or "NONE",
            "TableCreationParameters": TableCreationParameters,
            "ClientToken": ClientToken,
        }
        arn = f"{table.arn}/import/{self._dated_id('import')}"
        given = {name: value for name, value in request.items() if value is not None}
        found = Transfer(arn, table, self.caller, self.clock.time(), given)
        found.results = {"ErrorCount": 0, "CloudWatchLogGroupArn": self._log_group()}
        self.imports[arn] = found
        self.later(self.limits.duration("table-import"), "_read_import", arn=arn)
        return {"ImportTableDescription": self._import(found)}

    def describe_import(self, ImportArn: str) -> dict[str, Any]:
        found = self.imports.get(ImportArn)
        if found is None:
            raise self.error("ImportNotFoundException", f"Import not found: {ImportArn}")
        return {"ImportTableDescription": self._import(found)}

    def list_imports(
        self, TableArn: str | None = None, PageSize: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found, token = self._page_of(self.imports, TableArn, PageSize, NextToken)
        names = ("CloudWatchLogGroupArn", "S3BucketSource", "InputFormat", "TableArn", "StartTime", "EndTime")
        summaries = []
        for one in found:
            description = self._import(one)
            members = ("ImportArn", "ImportStatus", *names)
            summaries.append({name: description[name] for name in members if name in description})
        return {"ImportSummaryList": summaries, **token}

    @staticmethod
    def _import(found: Transfer) -> dict[str, Any]:
        return {"ImportArn": found.arn, "ImportStatus": found.status, **found.describe()}

    def _log_group(self) -> str:
        return f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:{_LOG_GROUP}:*"

    def _read_import(self, arn: str) -> None:
        found: Transfer = self.imports[arn]
        table: Table | None = self.tables.get(found.table_name)
        if table is None or table.id != found.table_id:
            found.status, found.ended = "CANCELLED", self.clock.time()
            return
        counts = {"ProcessedSizeBytes": 0, "ProcessedItemCount": 0, "ImportedItemCount": 0, "ErrorCount": 0}
        problems: list[dict[str, Any]] = []
        try:
            for key, data in self._objects(found):
                counts["ProcessedSizeBytes"] += len(data)
                for number, wire in enumerate(self._items_of(found, data)):
                    counts["ProcessedItemCount"] += 1
                    try:
                        self._import_item(table, wire)
                        counts["ImportedItemCount"] += 1
                    except AWSError as error:
                        counts["ErrorCount"] += 1
                        problems.append(
                            {"itemS3Pointer": {"key": key, "itemIndex": number}, "errorMessages": [error.message]}
                        )
            found.status = "COMPLETED"
        except AWSError as error:
            found.status = "FAILED"
            found.failure = (f"S3{error.code}" if error.code != "ValidationException" else "ItemValidationError",
                             error.message)  # fmt: skip
        found.results = {**found.results, **counts}
        found.ended = self.clock.time()
        if problems:
            self._log(found, problems)

    def _objects(self, found: Transfer) -> Iterator[tuple[str, bytes]]:
        """The objects that an import reads, in order of their keys, decompressed."""
        source = found.request["S3BucketSource"]
        bucket, more = source["S3Bucket"], {}
        if "S3BucketOwner" in source:
            more["ExpectedBucketOwner"] = source["S3BucketOwner"]
        token: dict[str, Any] = {}
        while True:
            listed = self.call(
                "s3", "ListObjectsV2", as_=found.caller, Bucket=bucket, Prefix=source.get("S3KeyPrefix", ""), **more,
                **token,
            )  # fmt: skip
            for entry in listed.get("Contents", []):
                body = self.call("s3", "GetObject", as_=found.caller, Bucket=bucket, Key=entry["Key"], **more)["Body"]
                data = body if isinstance(body, bytes) else b"".join(body)
                yield entry["Key"], _decompressed(data, found.request["InputCompressionType"], entry["Key"])
            if not listed.get("IsTruncated"):
                return
            token = {"ContinuationToken": listed["NextContinuationToken"]}

    def _items_of(self, found: Transfer, data: bytes) -> Iterator[Any]:
        """The items of an object as the wire has them; of what is none, whatever is there."""
        text = data.decode("utf-8", "replace")
        if found.request["InputFormat"] == "CSV":
            yield from _csv_items(text, found.request)
            return
        if found.request["InputFormat"] == "ION":
            yield from _ion_items(text)
            return
        for line in text.splitlines():
            if not line.strip():
                continue
            try:
                yield json.loads(line)["Item"]
            except (ValueError, RecursionError, TypeError, KeyError):
                yield None

    def _import_item(self, table: Table, wire: Any) -> None:
        if not isinstance(wire, dict):
            raise invalid("The item is not in the input format")
        try:
            item = self._load_item({name: _from_json(value) for name, value in wire.items()})
        except (AttributeError, TypeError, ValueError):
            raise invalid("The item is not in the input format") from None
        self.limits.check("item-size", item.size)
        table.check_item(item.attributes, self.limits)
        place = table.keys.place(item.attributes)
        table.write(place, table.items.get(place), item, self.limits, None, None)

    def _log(self, found: Transfer, problems: list[dict[str, Any]]) -> None:
        """Name the bad items in CloudWatch Logs, as far as who imports may write there."""
        stream = f"{found.id}/error"
        events = [
            {"timestamp": int(self.clock.time() * 1000), "message": json.dumps({"importArn": found.arn, **problem})}
            for problem in problems
        ]
        calls: list[tuple[str, dict[str, Any]]] = [("CreateLogGroup", {})]
        calls.append(("CreateLogStream", {"logStreamName": stream}))
        for start in range(0, len(events), _LOGGED_AT_ONCE):
            some = events[start : start + _LOGGED_AT_ONCE]
            calls.append(("PutLogEvents", {"logStreamName": stream, "logEvents": some}))
        for operation, more in calls:
            try:
                self.call("logs", operation, as_=found.caller, logGroupName=_LOG_GROUP, **more)
            except AWSError as error:
                if error.code != "ResourceAlreadyExistsException":
                    return

    # --- both

    def _page_of(
        self, records: Mapping[str, Transfer], table: str | None, most: int | None, token: str | None
    ) -> tuple[list[Transfer], dict[str, str]]:
        arns = sorted(arn for arn, one in records.items() if table is None or one.table_arn == table)
        if token is not None:
            arns = [arn for arn in arns if arn > token]
        page = most or int(self.limits["list-exports-page"])
        more = {"NextToken": arns[page - 1]} if len(arns) > page else {}
        return [records[arn] for arn in arns[:page]], more


def _csv_items(text: str, request: Mapping[str, Any]) -> Iterator[Any]:
    options = (request.get("InputFormatOptions") or {}).get("Csv", {})
    rows = csv.reader(StringIO(text), delimiter=options.get("Delimiter", ","))
    header = options.get("HeaderList")
    creation = request["TableCreationParameters"]
    kinds = {one["AttributeName"]: one["AttributeType"] for one in creation["AttributeDefinitions"]}
    for row in rows:
        if header is None:
            header = row
        elif len(row) != len(header):
            yield None
        else:
            # All but keys are strings: CSV has no types.
            yield {name: {kinds.get(name, "S"): text} for name, text in zip(header, row, strict=True)}


def _ion_items(text: str) -> Iterator[Any]:
    """The items of a text in Ion; what follows a mistake cannot be told apart and is one bad item."""
    try:
        for value in ion_reader.values_of(text):
            yield value.get("M", {}).get("Item", {}).get("M")
    except ion_reader.NotIon:
        yield None


def _decompressed(data: bytes, compression: str, key: str) -> bytes:
    """An object's content; ValidationException where it is not compressed as the request says."""
    if compression == "NONE":
        return data
    decompress, name = (gzip.decompress, "gzip") if compression == "GZIP" else (_zstd(), "zstd")
    assert decompress is not None
    try:
        return decompress(data)
    except Exception:  # each library has errors of its own
        raise invalid(f"The object {key} is not in {name} format") from None


def _zstd() -> Callable[[bytes], bytes] | None:
    """What decompresses Zstandard: Python's own from 3.14 on, or the library zstandard."""
    try:
        return import_module("compression.zstd").decompress  # type: ignore[no-any-return]
    except ImportError:
        pass
    try:
        library = import_module("zstandard")
    except ImportError:
        return None
    return lambda data: library.ZstdDecompressor().decompressobj().decompress(data)  # type: ignore[no-any-return]


def _from_json(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute value as files have it, binaries in base64, as the wire parser gives it."""
    if len(value) != 1:
        return value
    ((kind, raw),) = value.items()
    if kind == "B":
        return {"B": b64decode(raw, validate=True)}
    if kind == "BS":
        return {"BS": [b64decode(member, validate=True) for member in raw]}
    if kind == "L":
        return {"L": [_from_json(member) for member in raw]}
    if kind == "M":
        return {"M": {name: _from_json(member) for name, member in raw.items()}}
    return value


def _wire(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of an export in DynamoDB JSON."""
    return {part: _to_json(values.dump_item(attributes)) for part, attributes in line.items()}


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _to_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_to_json(member) for member in value]
    return value


def _digest(data: bytes) -> str:
    return b64encode(md5(data, usedforsecurity=False).digest()).decode()


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
