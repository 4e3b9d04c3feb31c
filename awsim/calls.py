"""The journal: every call that the program made, refused ones too, with what services did for it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.errors import AWSError
from awsim.wire.rows import Columns, Rows

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from awsim.auth.credentials import Caller
    from awsim.cloud import Cloud
    from awsim.gateway.call import Call
    from awsim.posting import Posting
    from awsim.report import Recorder
    from awsim.wire.codec import Codec

# What is longer than this on the wire is not kept as it is: a journal must not hold what the program let go.
LARGE = 4_096
# Unless it is long because it has many rows: so many bytes each take no more room than what would be kept instead.
ENTRY = 256


class Blob(NamedTuple):
    """Stands for bytes in the journal: their length, and their CRC-32 to compare by."""

    length: int
    crc32: int

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Blob:
        return cls(len(data), zlib.crc32(data))


_PLAIN = frozenset({str, int, float, bool, type(None), datetime})
_LISTS = frozenset({list, tuple, Rows, Columns})


def without_blobs(value: Any, known: Mapping[int, int] | None = None) -> Any:
    """Parameters or a result with a `Blob` for every blob and stream; what holds none is handed back as it is.

    `known` is the CRC-32 of blobs, by the id of their bytes, that somebody has summed already.
    """
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is bytes:
        crc = known.get(id(value)) if known is not None else None
        return Blob(len(value), zlib.crc32(value) if crc is None else crc)
    if kind is dict:
        kept = value
        for key, item in value.items():
            if item.__class__ not in _PLAIN:
                if kept is value:
                    kept = value.copy()
                kept[key] = without_blobs(item, known)
        return kept
    if kind in _LISTS:
        return [item if item.__class__ in _PLAIN else without_blobs(item, known) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return Blob.of(value)
    return f"<{kind.__name__}>" if isinstance(value, Iterator) or hasattr(value, "read") else value


def kept(parameters: dict[str, Any], size: int, known: Mapping[int, int] | None = None) -> dict[str, Any]:
    """What the journal keeps of parameters that took so many bytes on the wire: blobs only where they are small.

    Rows become columns, which take a fraction of the room; most of what is in them a service will keep, too.
    """
    rows = {name: value.columns for name, value in parameters.items() if value.__class__ is Rows}
    if size > LARGE + ENTRY * sum(len(parameters[name]) for name in rows):
        rows = {name: {member: _summed(values) for member, values in columns.items()} for name, columns in rows.items()}
        parameters = {
            name: value if name in rows else without_blobs(value, known) for name, value in parameters.items()
        }
    return parameters | {name: Columns(columns) for name, columns in rows.items()} if rows else parameters


def _summed(values: list[Any]) -> list[Any]:
    """A column of blobs as `Blob`s; any other as it is."""
    return list(map(Blob, map(len, values), map(zlib.crc32, values))) if values[0].__class__ is bytes else values


class CallRecord:
    """One call. `result` is None where it was refused or too large to keep; `caused`: what services called for it."""

    __slots__ = (
        "_answer", "_caused", "_parameters", "_result", "_text", "by", "error", "fault", "operation", "region",
        "request_id", "service", "timestamp",
    )  # fmt: skip

    def __init__(self, service: str, operation: str, region: str | None, timestamp: float) -> None:
        self.service = service
        self.operation = operation
        self.region = region
        self.timestamp = timestamp
        # Who called, as the gateway knows them.
        self.by: Caller | None = None
        self.request_id = ""
        self.error: AWSError | None = None
        # What faults that the test scripted did to it, in words.
        self.fault: str | None = None
        self._caused: Sequence[CallRecord | Posting] = ()
        self._parameters: dict[str, Any] = {}
        # What the parameters are read from when somebody asks for them.
        self._text: tuple[Codec, bytes] | None = None
        self._result: dict[str, Any] | None = None
        self._answer: tuple[OperationModel, bytes] | None = None

    @property
    def name(self) -> str:
        """As `"s3:PutObject"`."""
        return f"{self.service}:{self.operation}"

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp, UTC)

    @property
    def account(self) -> str | None:
        """The caller's account."""
        return (self.by.account or None) if self.by is not None else None

    @property
    def caller(self) -> str:
        """The caller's ARN; the host name of an AWS service, "anonymous" for nobody."""
        return self.by.arn if self.by is not None else ""

    @property
    def access_key(self) -> str:
        return self.by.access_key if self.by is not None else ""

    @property
    def caused(self) -> tuple[CallRecord, ...]:
        """The calls that services made because of it."""
        if self._caused.__class__ is not tuple:
            from awsim.posting import flat

            self._caused = flat(self._caused)
        return self._caused  # type: ignore[return-value]

    @caused.setter
    def caused(self, calls: Sequence[CallRecord | Posting]) -> None:
        self._caused = calls

    def add(self, calls: Sequence[CallRecord | Posting]) -> None:
        """Services have made more calls because of it."""
        if not isinstance(self._caused, list):
            self._caused = [*self._caused]
        self._caused.extend(calls)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the caller asked for; blobs as `Blob`."""
        if self._text is not None:
            from awsim.wire.http import Request

            codec, body = self._text
            self._parameters, self._text = codec.parse(Request("POST", "/", None, body)), None
        return without_blobs(self._parameters)

    @property
    def result(self) -> dict[str, Any] | None:
        """What it was answered; blobs as `Blob`."""
        if self._answer is not None:
            self._result, self._answer = _read(*self._answer), None
        return without_blobs(self._result)

    def __repr__(self) -> str:
        end = f" -> {self.error.code}" if self.error else ""
        if self.fault:
            end += f" ({self.fault})"
        return f"<{self.name}{end}>"


class Observers:
    """What hears of the calls of one Cloud besides the report of a pytest run, if there is one: see `Cloud.listen`."""

    def __init__(self, report: Recorder | None) -> None:
        self._report = report
        self.listeners: list[Callable[[Sequence[CallRecord]], None]] = []

    def called(self, record: CallRecord, call: Call | None = None) -> None:
        """The program has made a call, whose answer is not in its record yet."""
        if self._report is not None:
            self._report.called(record)
        if call is not None and call.error is None and call.codec is not None and not call.codec.has_blobs:
            record._result = call.result
        self.worked((record,))

    def worked(self, records: Sequence[CallRecord]) -> None:
        """Scheduled work of a service has made calls."""
        for listener in self.listeners:
            listener(records)

    def jumped(self, seconds: float) -> None:
        if self._report is not None:
            self._report.jumped(seconds)

    def leaving(self, cloud: Cloud) -> None:
        if self._report is not None:
            self._report.leaving(cloud)


def _read(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """What botocore makes of an answer in JSON."""
    from botocore.parsers import JSONParser

    result = JSONParser().parse({"status_code": 200, "headers": {}, "body": body}, operation.output_shape)
    result.pop("ResponseMetadata", None)
    return result


class Calls:
    """The calls of one Cloud, oldest first: iterate, index, `len`, `of`."""

    def __init__(self) -> None:
        self._records: list[CallRecord] = []
        # Where calls stand that a restore has undone: from, until. Ascending, and not touching each other.
        self._undone: list[tuple[int, int]] = []

    def of(self, *names: str) -> list[CallRecord]:
        """Calls by name, with wildcards: `of("s3:PutObject")`, `of("sqs:*")`; those that services made too."""
        return [record for record in _walk(self._records) if any(fnmatchcase(record.name, name) for name in names)]

    def policy(self) -> dict[str, Any]:
        """The least-privilege IAM policy for what the program called, refused calls too: each action on the resources
        it was called on. What services called for it needs permissions of theirs and is not in it."""
        from awsim.auth.actions import authorizations_for
        from awsim.cloud import Cloud

        resources: dict[str, set[str]] = {}
        for record in self._records:
            for needed in authorizations_for(
                record.service,
                record.operation,
                record.parameters,
                record.account or "",
                record.region or "",
                Cloud.partition_of(record.region),
                caller=record.caller,
            ):
                resources.setdefault(needed.action, set()).add(needed.resource)
        statements: dict[tuple[str, ...], list[str]] = {}
        for action in sorted(resources):
            statements.setdefault(tuple(sorted(resources[action])), []).append(action)
        return {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": actions, "Resource": list(of)} for of, actions in statements.items()
            ],
        }

    def clear(self) -> None:
        """Forget all calls; CloudTrail, which reads them here, knows of none then."""
        self._cut(0)

    def standing(self, start: int = 0) -> Iterator[tuple[int, CallRecord]]:
        """Place and record of the calls that no restore has undone, newest first, down to the place `start`."""
        until = len(self._records)
        for first, last in (*reversed(self._undone), (-1, 0)):
            for place in range(until - 1, max(last, start) - 1, -1):
                yield place, self._records[place]
            until = first

    def _undo(self, start: int) -> None:
        """A restore takes back what the calls from `start` on did."""
        kept = [(first, last) for first, last in self._undone if last < start]
        start = min((first for first, last in self._undone if last >= start), default=start)
        end = len(self._records)
        self._undone = [*kept, (min(start, end), end)] if start < end else kept

    def _cut(self, start: int) -> None:
        """Forget the calls from `start` on."""
        del self._records[start:]
        self._undone = [(first, min(last, start)) for first, last in self._undone if first < start]

    def _add(self, record: CallRecord) -> None:
        self._records.append(record)

    def __iter__(self) -> Iterator[CallRecord]:
        return iter(tuple(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> CallRecord:
        return self._records[index]

    def __repr__(self) -> str:
        return f"<Calls {len(self._records)}: {', '.join(record.name for record in self._records[-5:])}>"


def _walk(records: Iterable[CallRecord]) -> Iterator[CallRecord]:
    for record in records:
        yield record
        yield from _walk(record.caused)
