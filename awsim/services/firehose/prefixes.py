"""Where delivered objects are put: S3 prefixes with expressions.

Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects". `!{timestamp:…}` takes a pattern
of Java's DateTimeFormatter and shows the time at which the oldest record of the object arrived.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from awsim.errors import AWSError

_EXPRESSION = re.compile(r"!\{([^:}]*):([^}]*)\}")
_PATTERN = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)
_DEFAULT = "!{timestamp:yyyy/MM/dd/HH/}"
_ERROR_TYPE = "!{firehose:error-output-type}"

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


def check(prefix: str, error_prefix: str) -> None:
    """Refuse expressions that Firehose would."""
    for text, what in ((prefix, "Prefix"), (error_prefix, "ErrorOutputPrefix")):
        if "!{" in _EXPRESSION.sub("", text):
            raise _refused(f"{what} contains an expression that is not closed or not valid.")
        for namespace, value in _EXPRESSION.findall(text):
            if namespace == "timestamp":
                _shown(value, datetime(2000, 1, 1))
            elif namespace != "firehose" or value not in ("random-string", "error-output-type"):
                raise _refused(f"{what} contains the expression !{{{namespace}:{value}}}, which is not valid.")
    if _ERROR_TYPE in prefix:
        raise _refused("Prefix cannot contain the expression !{firehose:error-output-type}.")
    if _EXPRESSION.search(prefix) and not error_prefix:
        raise _refused("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.")
    if _EXPRESSION.search(error_prefix) and _ERROR_TYPE not in error_prefix:
        raise _refused("ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type}.")


def evaluate(prefix: str, when: datetime, random: Callable[[], str]) -> str:
    """The prefix of an object; the time stands at its end where the prefix says nothing of it."""
    if not _EXPRESSION.search(prefix):
        prefix += _DEFAULT

    def value(match: re.Match[str]) -> str:
        namespace, what = match.groups()
        return _shown(what, when) if namespace == "timestamp" else random()

    return _EXPRESSION.sub(value, prefix)


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
