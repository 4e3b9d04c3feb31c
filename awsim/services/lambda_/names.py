"""What a caller may write for a function: a name, a partial ARN or an ARN, each with a qualifier or without.

Source: Lambda API Reference, the parameter FunctionName.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from awsim.errors import AWSError

LATEST = "$LATEST"

_FUNCTION = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?(?:(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


class Address(NamedTuple):
    """Region and account are None where they are the caller's."""

    region: str | None
    account: str | None
    name: str
    qualifier: str | None


@lru_cache(maxsize=256)
def read(text: str, qualifier: str | None = None) -> Address:
    """The address that FunctionName and Qualifier give together."""
    found = _FUNCTION.fullmatch(text)
    if found is None:
        raise AWSError("InvalidParameterValueException", f"{text} is not a valid function name or ARN.")
    own = found["qualifier"]
    if own is not None and qualifier is not None and own != qualifier:
        message = "The derived qualifier from the function name does not match the specified qualifier."
        raise AWSError("InvalidParameterValueException", message)
    return Address(found["region"], found["account"], found["name"], own or qualifier)


def is_version(qualifier: str) -> bool:
    return qualifier == LATEST or qualifier.isdecimal()
