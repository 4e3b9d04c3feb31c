"""Queries of event data stores, computed by duckdb (the extra `awsim[sql]`).

CloudTrail Lake speaks Trino's dialect; what duckdb has under the same name works. Columns: CloudTrail User Guide,
"CloudTrail Lake supported event schemas".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.service import not_modelled

_TEXT, _MAP, _FLAG = "VARCHAR", "MAP(VARCHAR,VARCHAR)", "BOOLEAN"
_ISSUER = dict.fromkeys(("type", "principalId", "arn", "accountId", "userName"), _TEXT)
_IDENTITY: dict[str, Any] = {
    **dict.fromkeys(("type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy"), _TEXT),
    "sessionContext": {
        "attributes": {"creationDate": "TIMESTAMP", "mfaAuthenticated": _TEXT},
        "sessionIssuer": _ISSUER,
        "sourceIdentity": _TEXT,
    },
    "identityProvider": _TEXT,
}
_COLUMNS: dict[str, Any] = {
    "eventVersion": _TEXT,
    "userIdentity": _IDENTITY,
    "eventTime": "TIMESTAMP",
    "eventSource": _TEXT,
    "eventName": _TEXT,
    "awsRegion": _TEXT,
    "sourceIPAddress": _TEXT,
    "userAgent": _TEXT,
    "errorCode": _TEXT,
    "errorMessage": _TEXT,
    "requestParameters": _MAP,
    "responseElements": _MAP,
    "additionalEventData": _MAP,
    "requestID": _TEXT,
    "eventID": _TEXT,
    "readOnly": _FLAG,
    "resources": [{"accountId": _TEXT, "type": _TEXT, "ARN": _TEXT}],
    "eventType": _TEXT,
    "apiVersion": _TEXT,
    "managementEvent": _FLAG,
    "recipientAccountId": _TEXT,
    "sharedEventID": _TEXT,
    "eventCategory": _TEXT,
    "tlsDetails": {"tlsVersion": _TEXT, "cipherSuite": _TEXT, "clientProvidedHostHeader": _TEXT},
}
_MAPS = tuple(name for name, kind in _COLUMNS.items() if kind == _MAP)
_FROM = re.compile(
    r"\b(?:FROM|JOIN)\s+[\"`]?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[\"`]?", re.I
)
_WRITES = re.compile(r"\s*(?:WITH|SELECT)\b", re.I)

Row = list[dict[str, str]]


class BadQuery(ValueError):
    """A statement that cannot be run; its text says why."""


def stores_in(statement: str) -> list[str]:
    """The ids of the event data stores that a statement reads."""
    return list(dict.fromkeys(_FROM.findall(statement)))


def run(statement: str, records: Mapping[str, Iterable[str]], parameters: Sequence[str] = ()) -> list[Row]:
    """Rows of a query over the event records (JSON texts) of stores by id. Raises BadQuery."""
    duckdb = _duckdb()
    if _WRITES.match(statement) is None:
        raise BadQuery("Only SELECT statements are supported.")
    text = _FROM.sub(lambda found: f'{found[0].split()[0]} "{found[1]}"', statement)
    for value in parameters:
        text = text.replace("?", "'" + value.replace("'", "''") + "'", 1)
    try:
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            for store, texts in records.items():
                _load(connection, store, texts)
            cursor = connection.execute(text)
            names = [column[0] for column in cursor.description]
            return [_row(names, values) for values in cursor.fetchall()]
    except duckdb.Error as error:
        raise BadQuery(str(error)) from None


def _load(connection: Any, store: str, texts: Iterable[str]) -> None:
    connection.execute(f'CREATE TABLE "raw {store}" (record JSON)')
    rows = [(json.dumps(_flat(json.loads(text))),) for text in texts]
    if rows:
        connection.executemany(f'INSERT INTO "raw {store}" VALUES (?)', rows)
    shape = json.dumps(_COLUMNS)
    connection.execute(
        f'CREATE VIEW "{store}" AS SELECT unnest(event) FROM '
        f"(SELECT json_transform(record, '{shape}') AS event FROM \"raw {store}\")"
    )


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Parameters and answers are maps of texts there: what is deeper is JSON."""
    for name in _MAPS:
        members = record.get(name)
        if members:
            record[name] = {
                key: value if isinstance(value, str) else json.dumps(value) for key, value in members.items()
            }
    return record


def _row(names: Sequence[str], values: Sequence[Any]) -> Row:
    return [{name: _shown(value)} for name, value in zip(names, values, strict=True) if value is not None]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    text = getattr(value, "isoformat", None)
    return f"{value:%Y-%m-%d %H:%M:%S}.000" if text is not None and hasattr(value, "hour") else str(value)


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise not_modelled("queries of event data stores without duckdb: pip install awsim[sql]") from None
    return duckdb
