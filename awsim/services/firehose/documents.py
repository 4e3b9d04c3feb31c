"""Deliveries to OpenSearch Service: the index and the id of each document, bulk requests, and what their answers mean.

Sources: Firehose Developer Guide, "Configure index rotation for OpenSearch Service", "Handle data delivery failures";
API Reference, DocumentIdOptions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from awsim.services.firehose.processing import Failed, Record

_ROTATED = {"OneHour": "%Y-%m-%d-%H", "OneDay": "%Y-%m-%d", "OneMonth": "%Y-%m"}


class Document(NamedTuple):
    """A record on its way to an index, `home`. `id` is "" where the domain is to choose one; `problem`: (code,
    message)."""

    record: Record
    home: str
    id: str
    problem: tuple[str, str] = ("", "")

    def failed(self, attempts: int, type: str | None) -> Failed:
        """What the backup bucket is told of it."""
        more = {"esDocumentId": self.id or None, "esIndexName": self.home, "esTypeName": type}
        return Failed(self.record, *self.problem, attempts, more)


def index_name(name: str, rotation: str, time: float) -> str:
    """The index for what arrived at a time: `clicks-2026-02-25`."""
    when = datetime.fromtimestamp(time, UTC)
    if rotation == "OneWeek":
        year, week = _week(when.date())
        return f"{name}-{year}-w{week:02d}"
    pattern = _ROTATED.get(rotation)
    return name if pattern is None else f"{name}-{when.strftime(pattern)}"


def _week(day: date) -> tuple[int, int]:
    """The year and number of a week: they begin on Sundays, and the first of a year is the first with a Saturday.

    The guide says so in words; the example beside it ("2016-w08") counts by ISO 8601 instead.
    """
    sunday_first = day.isoweekday() % 7  # days since Sunday
    saturday = date.fromordinal(day.toordinal() + 6 - sunday_first)
    return saturday.year, (saturday.timetuple().tm_yday + 6) // 7


def bulk(documents: Sequence[Document]) -> bytes:
    """The body of a bulk request. A record has to be one line of JSON: what ends it is cut off, more is the domain's
    to refuse."""
    lines = []
    for document in documents:
        where = {"_index": document.home, **({"_id": document.id} if document.id else {})}
        lines.append(json.dumps({"index": where}, separators=(",", ":")).encode())
        lines.append(document.record.data.rstrip(b"\r\n"))
    return b"\n".join(lines) + b"\n"


def refused(documents: Sequence[Document], status: int, body: bytes) -> list[Document]:
    """The documents that a domain did not take, each with its problem."""
    text = body.decode(errors="replace")
    try:
        answer: Any = json.loads(text)
    except ValueError:
        answer = None
    if status != 200 or not isinstance(answer, dict) or len(answer.get("items", ())) != len(documents):
        return with_problem(documents, str(status), text)
    left = []
    for document, item in zip(documents, answer["items"], strict=True):
        (result,) = item.values()
        if "error" in result:
            problem = (str(result["status"]), json.dumps(result["error"], separators=(",", ":")))
            left.append(document._replace(problem=problem))
    return left


def with_problem(documents: Sequence[Document], code: str, message: str) -> list[Document]:
    return [document._replace(problem=(code, message)) for document in documents]
