"""Transformers: processors, one after the other, that make a JSON document of a log event.

Source: CloudWatch Logs User Guide, "Transform logs during ingestion": processors, their parameters and defaults.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from awsim.errors import AWSError
from awsim.services.logs.insights.fields import discover
from awsim.services.logs.refusals import invalid

Document = dict[str, Any]
Parameters = Mapping[str, Any]
_MESSAGE = "@message"
# One of these comes first.
PARSERS = frozenset(
    {
        "csv", "grok", "parseCloudfront", "parseJSON", "parseKeyValue", "parsePostgres", "parseRoute53", "parseToOCSF",
        "parseVPC", "parseWAF",
    }
)  # fmt: skip
_UNMODELLED = frozenset({"parseCloudfront", "parsePostgres", "parseToOCSF", "parseWAF"})
# Patterns of grok, by name.
_GROK = {
    "WORD": r"\w+",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "INT": r"[+-]?\d+",
    "NUMBER": r"[+-]?\d+(?:\.\d+)?",
    "BASE10NUM": r"[+-]?\d+(?:\.\d+)?",
    "IP": r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+:[0-9A-Fa-f:.]+",
    "IPV4": r"(?:\d{1,3}\.){3}\d{1,3}",
    "HOSTNAME": r"[A-Za-z0-9][\w.-]*",
    "IPORHOST": r"[\w.:-]+",
    "USERNAME": r"[\w.-]+",
    "USER": r"[\w.-]+",
    "UUID": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "LOGLEVEL": r"(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|emerg(?:ency)?)",
    "TIMESTAMP_ISO8601": r"\d{4}-\d\d-\d\d[T ]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?",
    "HTTPDATE": r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}",
    "QUOTEDSTRING": r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'",
    "PATH": r"/[^\s?]*",
    "URIPATH": r"/[^\s?]*",
    "URI": r"[A-Za-z][\w+.-]*://\S+",
}
_GROK_PART = re.compile(r"%\{(\w+)(?::([\w.@-]+))?(?::(\w+))?\}")
_DATES = (
    ("yyyy", "%Y"), ("yy", "%y"), ("MMM", "%b"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("hh", "%I"), ("mm", "%M"),
    ("ss", "%S"), ("SSSSSS", "%f"), ("SSS", "%f"), ("EEE", "%a"), ("XXX", "%z"), ("ZZZ", "%z"), ("Z", "%z"),
    ("a", "%p"),
)  # fmt: skip
_DATE_PART = re.compile("|".join(part for part, _ in _DATES) + "|'[^']*'")


def check(config: Sequence[Mapping[str, Parameters]]) -> None:
    """Refuse a configuration that no transformer can have."""
    names = []
    for processor in config:
        given = [name for name, value in processor.items() if value is not None]
        if len(given) != 1:
            raise invalid("Each processor of a transformer has to be of exactly one type.")
        names += given
    if names[0] not in PARSERS:
        raise invalid("The first processor of a transformer has to be a parser.")
    unmodelled = [name for name in names if name in _UNMODELLED]
    if unmodelled:
        raise AWSError("NotImplemented", f"awsim does not model the processor {unmodelled[0]}", status=501)
    for processor in config:
        for name, parameters in processor.items():
            if name == "grok":
                _grok_pattern(parameters["match"])


def transform(config: Sequence[Mapping[str, Parameters]], message: str) -> str:
    """A message as a transformer makes it: JSON."""
    document: Document = {_MESSAGE: message}
    for processor in config:
        for name, parameters in processor.items():
            _PROCESSORS[name](document, parameters)
    document.pop(_MESSAGE, None)
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


# --- paths: `a.b.c`, and indexes of lists


def _get(document: Any, path: str) -> Any:
    if isinstance(document, dict) and path in document:
        return document[path]
    for part in path.split("."):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def _set(document: Document, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        inner = document.get(part)
        if not isinstance(inner, dict):
            inner = document[part] = {}
        document = inner
    document[last] = value


def _delete(document: Document, path: str) -> None:
    *parents, last = path.split(".")
    inner = _get(document, ".".join(parents)) if parents else document
    if isinstance(inner, dict):
        inner.pop(last, None)


def _merge(document: Document, destination: str | None, found: Mapping[str, Any]) -> None:
    """Put what a parser found at the root, or under a key."""
    if destination is None:
        document.update(found)
    else:
        _set(document, destination, dict(found))


def _source(document: Document, parameters: Parameters) -> str | None:
    value = _get(document, parameters.get("source") or _MESSAGE)
    return value if isinstance(value, str) else None


# --- parsers


def _parse_json(document: Document, parameters: Parameters) -> None:
    text = _source(document, parameters)
    try:
        found = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        _merge(document, parameters.get("destination"), found)


def _parse_key_value(document: Document, parameters: Parameters) -> None:
    text = _source(document, parameters)
    if text is None:
        return
    fields, pairs = parameters.get("fieldDelimiter") or "&", parameters.get("keyValueDelimiter") or "="
    found: Document = {}
    for part in text.split(fields):
        key, delimiter, value = part.partition(pairs)
        name = f"{parameters.get('keyPrefix') or ''}{key.strip()}"
        if delimiter:
            found[name] = value
        elif parameters.get("nonMatchValue") is not None and key:
            found[name] = parameters["nonMatchValue"]
    if not parameters.get("overwriteIfExists"):
        found = {key: value for key, value in found.items() if key not in document}
    _merge(document, parameters.get("destination"), found)


def _csv(document: Document, parameters: Parameters) -> None:
    text = _source(document, parameters)
    if text is None:
        return
    delimiter = (parameters.get("delimiter") or ",").replace("\\t", "\t")
    quote = parameters.get("quoteCharacter") or '"'
    if len(delimiter) != 1:
        return
    row = next(csv.reader([text], delimiter=delimiter, quotechar=quote), [])
    columns = list(parameters.get("columns") or ())
    columns += [f"column_{number}" for number in range(len(columns) + 1, len(row) + 1)]
    _merge(document, parameters.get("destination"), dict(zip(columns, row, strict=False)))


def _grok_pattern(match: str) -> tuple[re.Pattern[str], list[tuple[str, str | None]]]:
    """The regular expression of a grok pattern, and the name and type of each of its groups."""
    fields: list[tuple[str, str | None]] = []

    def part(found: re.Match[str]) -> str:
        pattern = _GROK.get(found[1])
        if pattern is None:
            raise invalid(f"Unknown grok pattern: {found[1]}")
        if found[2] is None:
            return f"(?:{pattern})"
        fields.append((found[2], found[3]))
        return f"(?P<f{len(fields) - 1}>{pattern})"

    try:
        return re.compile(_GROK_PART.sub(part, match)), fields
    except (re.error, OverflowError, RecursionError):
        raise invalid(f"Invalid grok pattern: {match}") from None


def _grok(document: Document, parameters: Parameters) -> None:
    text = _source(document, parameters)
    wanted, fields = _grok_pattern(parameters["match"])
    found = wanted.search(text) if text is not None else None
    if found is None:
        return
    for number, (name, kind) in enumerate(fields):
        _set(document, name, _converted(found[f"f{number}"], {"int": "integer", "float": "double"}.get(kind or "", "")))


def _parse_known(document: Document, parameters: Parameters) -> None:
    """VPC flow logs and DNS queries: fields that Logs Insights discovers too."""
    text = _source(document, parameters)
    if text is not None:
        document.update(discover(text, None))


# --- changing


def _entries(change: Callable[[Document, Parameters], None]) -> Callable[[Document, Parameters], None]:
    def processor(document: Document, parameters: Parameters) -> None:
        for entry in parameters["entries"]:
            change(document, entry)

    return processor


def _add(document: Document, entry: Parameters) -> None:
    if entry.get("overwriteIfExists") or _get(document, entry["key"]) is None:
        value = re.sub(r"\$\{([^}]+)\}", lambda found: str(_get(document, found[1])), entry["value"])
        _set(document, entry["key"], value)


def _copy(document: Document, entry: Parameters) -> None:
    value = _get(document, entry["source"])
    if value is not None and (entry.get("overwriteIfExists") or _get(document, entry["target"]) is None):
        _set(document, entry["target"], value)


def _move(document: Document, entry: Parameters) -> None:
    value = _get(document, entry["source"])
    if value is None:
        return
    target = _get(document, entry["target"])
    _delete(document, entry["source"])
    if isinstance(target, dict):
        target[entry["source"].rpartition(".")[2]] = value
    else:
        _set(document, entry["target"], value)


def _rename(document: Document, entry: Parameters) -> None:
    value = _get(document, entry["key"])
    if value is not None and (entry.get("overwriteIfExists") or _get(document, entry["renameTo"]) is None):
        _delete(document, entry["key"])
        _set(document, entry["renameTo"], value)


def _delete_keys(document: Document, parameters: Parameters) -> None:
    for key in parameters["withKeys"]:
        _delete(document, key)


def _strings(change: Callable[[str], str]) -> Callable[[Document, Parameters], None]:
    def processor(document: Document, parameters: Parameters) -> None:
        for key in parameters["withKeys"]:
            value = _get(document, key)
            if isinstance(value, str):
                _set(document, key, change(value))

    return processor


def _split(document: Document, entry: Parameters) -> None:
    value = _get(document, entry["source"])
    if isinstance(value, str):
        _set(document, entry["source"], value.split(entry["delimiter"]))


def _substitute(document: Document, entry: Parameters) -> None:
    value = _get(document, entry["source"])
    if not isinstance(value, str):
        return
    try:
        _set(document, entry["source"], re.sub(entry["from"], re.sub(r"\$(\d)", r"\\\1", entry["to"]), value))
    except (re.error, IndexError):
        return


def _converted(value: Any, kind: str) -> Any:
    try:
        if kind == "integer":
            return int(float(value))
        if kind == "double":
            return float(value)
    except (TypeError, ValueError, OverflowError):
        return value
    if kind == "boolean":
        return str(value).lower() == "true"
    return str(value) if kind == "string" else value


def _convert(document: Document, entry: Parameters) -> None:
    value = _get(document, entry["key"])
    if value is not None:
        _set(document, entry["key"], _converted(value, entry["type"]))


def _list_to_map(document: Document, parameters: Parameters) -> None:
    found = _get(document, parameters["source"])
    if not isinstance(found, list):
        return
    made: dict[str, Any] = {}
    for each in found:
        if not isinstance(each, dict) or parameters["key"] not in each:
            continue
        value = each.get(parameters["valueKey"]) if parameters.get("valueKey") else each
        made.setdefault(str(each[parameters["key"]]), []).append(value)
    if parameters.get("flatten"):
        place = 0 if parameters.get("flattenedElement") == "first" else -1
        made = {key: values[place] for key, values in made.items()}
    _merge(document, parameters.get("target"), made)


def _convert_date(document: Document, parameters: Parameters) -> None:
    value = _get(document, parameters["source"])
    try:
        source = ZoneInfo(parameters.get("sourceTimezone") or "UTC")
        target = ZoneInfo(parameters.get("targetTimezone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return
    for pattern in parameters["matchPatterns"]:
        moment = _moment(str(value), pattern)
        if moment is None:
            continue
        moment = (moment if moment.tzinfo is not None else moment.replace(tzinfo=source)).astimezone(target)
        form = parameters.get("targetFormat") or "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
        text = moment.strftime(_date_format(form))
        if "SSSSSS" not in form:
            text = text.replace(f"{moment.microsecond:06d}", f"{moment.microsecond // 1000:03d}")
        _set(document, parameters["target"], text)
        return


def _moment(text: str, pattern: str) -> datetime | None:
    if pattern in ("epoch", "unix"):
        return datetime.fromtimestamp(float(text) / (1000 if len(text) > 11 else 1), UTC) if text.isdecimal() else None
    try:
        return datetime.strptime(text, _date_format(pattern))
    except ValueError:
        return None


def _date_format(pattern: str) -> str:
    known = dict(_DATES)
    escaped = pattern.replace("%", "%%")
    return _DATE_PART.sub(lambda found: known.get(found[0], found[0].strip("'")), escaped)


_PROCESSORS: dict[str, Callable[[Document, Parameters], None]] = {
    "parseJSON": _parse_json,
    "parseKeyValue": _parse_key_value,
    "csv": _csv,
    "grok": _grok,
    "parseVPC": _parse_known,
    "parseRoute53": _parse_known,
    "addKeys": _entries(_add),
    "copyValue": _entries(_copy),
    "moveKeys": _entries(_move),
    "renameKeys": _entries(_rename),
    "splitString": _entries(_split),
    "substituteString": _entries(_substitute),
    "typeConverter": _entries(_convert),
    "deleteKeys": _delete_keys,
    "lowerCaseString": _strings(str.lower),
    "upperCaseString": _strings(str.upper),
    "trimString": _strings(str.strip),
    "listToMap": _list_to_map,
    "dateTimeConverter": _convert_date,
}
