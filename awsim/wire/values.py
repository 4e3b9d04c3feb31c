"""Scalars between the wire's text and Python: timestamps in their three formats, blobs, numbers, booleans.

Bound methods of datetime are taken at import: freezegun replaces the class in every module, not these.
"""

from __future__ import annotations

import binascii
import datetime
from collections.abc import Callable
from typing import Any

_UTC = datetime.UTC
_from_epoch = datetime.datetime.fromtimestamp
_from_iso = datetime.datetime.fromisoformat
_EPOCH = _from_epoch(0, _UTC)
DATETIME = type(_EPOCH)
_DAY = {name: i for i, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))}
_DAYS = tuple(_DAY)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = {name.lower(): i for i, name in enumerate(_MONTHS, 1)}


class Unreadable(ValueError):
    """What came over the wire is not what the model says; each protocol makes its own error of it."""


# --- reading ---------------------------------------------------------------------------------------------------------

_MOST_DIGITS = 4000
_BEYOND = 2**63 - 1


def read_epoch(value: Any) -> datetime.datetime:
    """Seconds since 1970, a number or its text, as an aware datetime in UTC."""
    try:
        if type(value) is bool:
            raise TypeError
        return _from_epoch(value if type(value) is not str else float(value), _UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unreadable(f"{kind_of(value)} can not be converted to milliseconds since epoch") from None


def read_iso8601(value: Any) -> datetime.datetime:
    """`2019-12-16T23:48:18.123Z`, offsets allowed; whole seconds since 1970 are taken too, as AWS does."""
    if type(value) is not str:
        raise Unreadable(f"{kind_of(value)} can not be converted to a timestamp")
    if value[4:5] != "-":
        return read_epoch(value)
    try:
        moment = _from_iso(value)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=_UTC)
        return moment.astimezone(_UTC) if moment.tzinfo is not _UTC else moment
    except (ValueError, OverflowError):
        raise Unreadable(f"Invalid timestamp: {value!r}") from None


def read_rfc822(value: Any) -> datetime.datetime:
    """`Mon, 16 Dec 2019 23:48:18 GMT`, with fractions of a second where sent."""
    try:
        words = value.replace(",", " ").split()
        if words[0][:3] in _DAY:
            words = words[1:]
        day, month, year, clock = words[:4]
        hour, minute, second = clock.split(":")
        whole, _, fraction = second.partition(".")
        moment = _EPOCH.replace(
            int(year), _MONTH[month.lower()], int(day), int(hour), int(minute), int(whole), int(f"{fraction:0<6}"[:6])
        )
        zone = words[4] if len(words) > 4 else "GMT"
        if zone[0] in "+-":
            offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
            moment = moment - offset if zone[0] == "+" else moment + offset
        return moment
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError):
        raise Unreadable(f"Invalid timestamp: {value!r}") from None


def read_any_timestamp(value: Any) -> datetime.datetime:
    """Whichever of the three formats it is; for text locations where callers mix them."""
    if type(value) is not str:
        return read_epoch(value)
    if value[:1].isalpha():
        return read_rfc822(value)
    return read_iso8601(value)


READ_TIMESTAMP: dict[str, Callable[[Any], datetime.datetime]] = {
    "iso8601": read_iso8601,
    "rfc822": read_rfc822,
    "unixtimestamp": read_epoch,
}


def read_blob(value: Any) -> bytes:
    """Base64 text to bytes."""
    if type(value) is not str:
        raise Unreadable(f"{kind_of(value)} can not be converted to a Blob")
    try:
        return binascii.a2b_base64(value, strict_mode=True) if value else b""
    except (ValueError, binascii.Error):
        raise Unreadable("Invalid base64") from None


def read_blobs(values: list[Any]) -> list[bytes]:
    """As `read_blob`, of many."""
    decode = binascii.a2b_base64
    try:
        return [decode(value, strict_mode=True) for value in values]
    except (TypeError, ValueError):
        return list(map(read_blob, values))


def read_integer(text: str) -> int:
    try:
        if "_" not in text:
            return int(text)
    except ValueError:
        pass
    raise Unreadable(f"Invalid integer: {text[:100]!r}")


def whole(text: str) -> int:
    """The number that decimal digits write. Python reads no thousands of them: so many stand for a number beyond every
    bound."""
    return int(text) if len(text) < _MOST_DIGITS else _BEYOND


def read_float(text: str) -> float:
    try:
        if "_" not in text:
            return float(text)
    except ValueError:
        pass
    raise Unreadable(f"Invalid number: {text[:100]!r}")


def read_boolean(text: str) -> bool:
    if text == "true" or text == "True" or text == "TRUE":
        return True
    if text == "false" or text == "False" or text == "FALSE":
        return False
    raise Unreadable(f"Invalid boolean: {text[:100]!r}")


def read_string(text: str) -> str:
    return text


READ_TEXT: dict[str, Callable[[str], Any]] = {
    "string": read_string,
    "character": read_string,
    "char": read_string,
    "integer": read_integer,
    "long": read_integer,
    "short": read_integer,
    "byte": read_integer,
    "bigInteger": read_integer,
    "float": read_float,
    "double": read_float,
    "bigDecimal": read_float,
    "boolean": read_boolean,
    "blob": read_blob,
}


def kind_of(value: Any) -> str:
    """How AWS's JSON reader names what it found."""
    if value is None:
        return "NULL_VALUE"
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    if isinstance(value, int):
        return "NUMBER_VALUE"
    if isinstance(value, float):
        return "DECIMAL_VALUE"
    if isinstance(value, bytes):
        return "BLOB_VALUE"
    return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"


# --- writing ---------------------------------------------------------------------------------------------------------


def moment_of(value: Any) -> datetime.datetime:
    """An aware datetime in UTC from a datetime (naive means UTC) or seconds since 1970."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return value.replace(tzinfo=_UTC)
        return value if value.tzinfo is _UTC else value.astimezone(_UTC)
    if isinstance(value, int | float):
        return _EPOCH + datetime.timedelta(seconds=value)
    if isinstance(value, datetime.date):
        return _EPOCH.replace(value.year, value.month, value.day)
    raise TypeError(f"not a timestamp: {value!r}")


def write_epoch(value: Any) -> Any:
    """Seconds since 1970 as a number, whole where it can be."""
    if type(value) is int or type(value) is float:
        return value
    if isinstance(value, str):
        value = read_any_timestamp(value)
    delta = moment_of(value) - _EPOCH
    whole = delta.days * 86400 + delta.seconds
    # One division: adding a fraction to the seconds would round twice.
    return (whole * 1_000_000 + delta.microseconds) / 1_000_000 if delta.microseconds else whole


def write_iso8601(value: Any) -> str:
    """`2019-12-16T23:48:18Z`, with milliseconds (or microseconds) where there are any."""
    if isinstance(value, str):
        return value
    moment = moment_of(value)
    micro = moment.microsecond
    text = f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
    text = f"{text}T{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    if not micro:
        return text + "Z"
    return f"{text}.{micro // 1000:03d}Z" if micro % 1000 == 0 else f"{text}.{micro:06d}Z"


def write_iso8601_millis(value: Any) -> str:
    """`2019-12-16T23:48:18.000Z`: S3 and EC2 always write milliseconds."""
    text = write_iso8601(value)
    return text if "." in text or not text.endswith("Z") else text[:-1] + ".000Z"


def write_rfc822(value: Any) -> str:
    """`Mon, 16 Dec 2019 23:48:18 GMT`."""
    if isinstance(value, str):
        return value
    moment = moment_of(value)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d} "
        f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} GMT"
    )


def write_epoch_text(value: Any) -> str:
    return str(write_epoch(value))


WRITE_TIMESTAMP: dict[str, Callable[[Any], Any]] = {
    "iso8601": write_iso8601,
    "rfc822": write_rfc822,
    "unixtimestamp": write_epoch,
}


def bytes_of(value: Any) -> bytes:
    """A blob as a service returns it: bytes, text, or something that can be read."""
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode()
    if hasattr(value, "read"):
        value = value.read()
        return value.encode() if isinstance(value, str) else bytes(value)
    return bytes(value)


def write_blob(value: Any) -> str:
    raw = value if value.__class__ is bytes else bytes_of(value)
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def write_float(value: Any) -> Any:
    """A number for JSON; the three that JSON lacks as text."""
    if value != value:
        return "NaN"
    if value in (_INFINITY, -_INFINITY):
        return "Infinity" if value > 0 else "-Infinity"
    return value


_INFINITY = float("inf")


def write_float_text(value: Any) -> str:
    return str(write_float(value))


def write_boolean(value: Any) -> str:
    return "true" if value else "false"
