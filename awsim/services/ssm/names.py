"""Names of parameters: their form, what a request may put behind them, their ARNs.

Source: Systems Manager User Guide, "Requirements and constraints for parameter names"; PutParameter, API Reference.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from awsim.services.ssm import refusals

PUBLIC = "/aws/service/"
SECRETS = "/aws/reference/secretsmanager/"
_FORM = re.compile(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*\Z")
_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+/?\Z")
_ARN = re.compile(r"arn:([^:]+):ssm:([^:]+):([^:]*):parameter(/?.+)\Z")
_ROLE = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+\Z")
_LABEL = re.compile(r"[A-Za-z0-9_.-]+\Z")


class Named(NamedTuple):
    """What a request calls a parameter: its name, what follows a colon (version or label), and whose it is where it
    was named by ARN (account and Region)."""

    name: str
    selector: str | None = None
    account: str | None = None
    region: str | None = None


def check_new(name: str) -> None:
    """Refuse a name that no parameter of a customer's may have."""
    start = name.removeprefix("/").lower()
    if start.startswith("aws"):
        raise refusals.reserved(name)
    if "/" in name and not name.startswith("/"):
        raise refusals.invalid("Parameter name must be a fully qualified name.")
    if start.startswith("ssm") or not _FORM.match(name):
        raise refusals.bad_name()


def levels(name: str) -> int:
    """How many levels of a hierarchy a name has, its own included."""
    return name.strip("/").count("/") + 1


def check_path(path: str) -> None:
    """Refuse what is no path of a hierarchy. Those of AWS's own parameters are."""
    if path != "/" and (not _PATH.match(path) or path.lower().startswith("/ssm")):
        raise refusals.bad_path()


def read(given: str) -> Named:
    """The parts of what a request gives as a name: `name`, `name:selector`, or an ARN with or without one."""
    found = _ARN.match(given)
    if found is None:
        name, colon, selector = given.partition(":")
        if colon and name.startswith(SECRETS):
            name, selector = given, ""
        _check_selector(colon, selector)
        return Named(name, selector or None)
    rest, colon, selector = found[4].partition(":")
    _check_selector(colon, selector)
    name = rest if rest.count("/") > 1 else rest.removeprefix("/")
    return Named(name, selector or None, found[3] or None, found[2])


def _check_selector(colon: str, selector: str) -> None:
    if colon and selector.count(":"):
        raise refusals.invalid(
            "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>"
        )


def resource(name: str) -> str:
    """The last part of a parameter's ARN."""
    return f"parameter/{name.removeprefix('/')}"


def is_role(arn: str) -> bool:
    """Whether a text is the ARN of a role."""
    return _ROLE.match(arn) is not None


def label_fits(label: str, longest: int | None) -> bool:
    """Whether a text may be a label: it begins with no number and with no name of AWS's."""
    start = label.lower()
    return (
        (longest is None or len(label) <= longest)
        and _LABEL.match(label) is not None
        and not (start[:1].isdecimal() or start.startswith(("aws", "ssm")))
    )
