"""Where delivered objects are put: S3 prefixes with expressions.

Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects". `!{timestamp:…}` takes a pattern
of Java's DateTimeFormatter and shows the time at which the oldest record of the object arrived. Under dynamic
partitioning `!{partitionKeyFromQuery:…}` and `!{partitionKeyFromLambda:…}` show keys of the records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from awsim.errors import AWSError

_EXPRESSION = re.compile(r"!\{([^:}]*):([^}]*)\}")
_PATTERN = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)
_DEFAULT = "!{timestamp:yyyy/MM/dd/HH/}"
_ERROR_TYPE = "!{firehose:error-output-type}"
_KEYS = ("partitionKeyFromQuery", "partitionKeyFromLambda")

_FIELDS: dict[str, Callable[[datetime], int]] = {
    "y": lambda when: when.year,
    "u": lambda when: when.year,
    "Y": lambda when: when.isocalendar().year,
    "M": lambda when: when.month,
    "L": lambda when: when.month,
    "d": lambda when: when.day,
    "D": lambda when: when.timetuple().tm_yday,
    "H": lambda when: when.hour,
    "k": lambda when: when.hour or 24,
    "h": lambda when: when.hour % 12 or 12,
    "K": lambda when: when.hour % 12,
    "m": lambda when: when.minute,
    "s": lambda when: when.second,
}


def check(prefix: str, error_prefix: str, *, by_keys: bool = False) -> None:
    """Refuse expressions that Firehose would; `by_keys`: records have partition keys."""
    for text, what in ((prefix, "Prefix"), (error_prefix, "ErrorOutputPrefix")):
        if "!{" in _EXPRESSION.sub("", text):
            raise _refused(f"{what} contains an expression that is not closed or not valid.")
        for namespace, value in _EXPRESSION.findall(text):
            if namespace == "timestamp":
                _shown(value, datetime(2000, 1, 1))
            elif by_keys and what == "Prefix" and namespace in _KEYS:
                continue
            elif namespace != "firehose" or value not in ("random-string", "error-output-type"):
                raise _refused(f"{what} contains the expression !{{{namespace}:{value}}}, which is not valid.")
    if _ERROR_TYPE in prefix:
        raise _refused("Prefix cannot contain the expression !{firehose:error-output-type}.")
    if _EXPRESSION.search(prefix) and not error_prefix:
        raise _refused("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.")
    if _EXPRESSION.search(error_prefix) and _ERROR_TYPE not in error_prefix:
        raise _refused("ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type}.")


def keys(prefix: str) -> list[str]:
    """The partition keys that a prefix shows, as "partitionKeyFromQuery:customer"."""
    return [f"{namespace}:{name}" for namespace, name in _EXPRESSION.findall(prefix) if namespace in _KEYS]


def evaluate(
    prefix: str, when: datetime, random: Callable[[], str], found: Mapping[str, str] = {}, failed: str = ""
) -> str:
    """The prefix of an object; the time stands at its end where the prefix says nothing of it.

    `found`: partition keys as `keys` names them. `failed`: the error-output-type.
    """
    if not _EXPRESSION.search(prefix):
        prefix += _DEFAULT

    def value(match: re.Match[str]) -> str:
        namespace, what = match.groups()
        if namespace == "timestamp":
            return _shown(what, when)
        if namespace in _KEYS:
            return found[f"{namespace}:{what}"]
        return failed if what == "error-output-type" else random()

    return _EXPRESSION.sub(value, prefix)


def for_failures(prefix: str, error_prefix: str) -> str:
    """The prefix of objects with failed records: their type and time are in it, whatever it says."""
    if _EXPRESSION.search(error_prefix):
        return error_prefix
    return f"{error_prefix or prefix}{_ERROR_TYPE}/{_DEFAULT}"


def _shown(pattern: str, when: datetime) -> str:
    return "".join(_part(match, pattern, when) for match in _PATTERN.finditer(pattern))


def _part(match: re.Match[str], pattern: str, when: datetime) -> str:
    if match["quoted"] is not None:
        return match["quoted"] or "'"
    letters = match["letters"]
    if letters is None:
        return match["other"]
    letter, count = letters[0], len(letters)
    if letter == "E":
        return when.strftime("%A" if count > 3 else "%a")
    if letter == "a":
        return "AM" if when.hour < 12 else "PM"
    if letter == "S":
        return f"{when.microsecond:06d}".ljust(count, "0")[:count]
    if letter in "ML" and count > 2:
        return when.strftime("%B" if count > 3 else "%b")
    if letter not in _FIELDS:
        raise _refused(f"The timestamp pattern {pattern} is not valid.")
    number = _FIELDS[letter](when)
    if letter in "yuY" and count == 2:
        number %= 100
    return str(number).zfill(count)


def _refused(message: str) -> AWSError:
    return AWSError("InvalidArgumentException", message)
