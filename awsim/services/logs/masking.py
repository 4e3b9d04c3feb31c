"""Data protection policies: what they find in messages.

Source: CloudWatch Logs User Guide, "Help protect sensitive log data with masking". Of AWS's managed data identifiers,
those that a form tells are found; those that AWS tells by words around or by learned models (names, addresses, most
numbers of national registers) are accepted and find nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from awsim.services.logs.refusals import invalid
from awsim.state import Entity

Span = tuple[int, int]
_IDENTIFIER = re.compile(r"arn:[\w-]+:dataprotection::aws:data-identifier/([\w-]+)")
_VERSION = "2021-06-01"

_PATTERNS = {
    "EmailAddress": r"[\w.+%-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "IpAddress": r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
    r"|(?<![:\w])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![:\w])",
    "CreditCardNumber": r"(?<![\d-])(?:\d[ -]?){12,18}\d(?![\d-])",
    "AwsSecretKey": r"(?i:secret[\w ]*key\w*)\W{1,5}([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
    "OpenSshPrivateKey": r"-----BEGIN OPENSSH PRIVATE KEY-----.*?-----END OPENSSH PRIVATE KEY-----",
    "PgpPrivateKey": r"-----BEGIN PGP PRIVATE KEY BLOCK-----.*?-----END PGP PRIVATE KEY BLOCK-----",
    "PkcsPrivateKey": r"-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    "PuttyPrivateKey": r"PuTTY-User-Key-File-\d: .*?Private-MAC: [0-9a-f]+",
    "Ssn-US": r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])",
    "PhoneNumber-US": r"(?<![\d-])(?:\+1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?![\d-])",
    "LatLong": r"(?<![\d.])-?(?:[0-8]?\d\.\d{3,}|90\.0+), ?-?(?:1[0-7]\d|\d?\d)\.\d{3,}(?![\d.])",
    "VehicleIdentificationNumber": r"(?<!\w)[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8}(?!\w)",
}  # fmt: skip


class Identifier(NamedTuple):
    """A data identifier: its name, and what it looks like (None: nothing that a form tells)."""

    name: str
    wanted: re.Pattern[str] | None

    def found(self, message: str) -> Iterator[Span]:
        if self.wanted is None:
            return
        for match in self.wanted.finditer(message):
            if self.name == "CreditCardNumber" and not _checks(match[0]):
                continue
            yield match.span(match.lastindex or 0)


def _checks(text: str) -> bool:
    """Whether the last digit of a card number is the one that the others ask for (Luhn)."""
    digits = [int(character) for character in text if character.isdecimal()]
    doubled = (2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[-2::-2])
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


class Protection(NamedTuple):
    """What a policy document says: what is to be found, and where findings are told (FindingsDestination)."""

    identifiers: tuple[Identifier, ...]
    destination: Mapping[str, Any]


class ProtectionPolicy(Entity):
    """The data protection policy of a log group; DELETED, it protects what comes in no more."""

    __slots__ = ("document", "status", "updated")

    def __init__(self, document: str, updated: int) -> None:
        self.document = document
        self.updated = updated
        self.status = "ACTIVATED"

    @property
    def protection(self) -> Protection | None:
        return parsed(self.document) if self.status == "ACTIVATED" else None


@lru_cache(maxsize=64)
def parsed(document: str) -> Protection:
    """Raises InvalidParameterException."""
    try:
        policy = json.loads(document)
        audit, deidentify = policy["Statement"]
        names, again = audit["DataIdentifier"], deidentify["DataIdentifier"]
        destination = audit["Operation"]["Audit"]["FindingsDestination"]
        mask = deidentify["Operation"]["Deidentify"]["MaskConfig"]
        custom = {
            each["Name"]: each["Regex"] for each in policy.get("Configuration", {}).get("CustomDataIdentifier", ())
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _wrong("it has to have a statement with Audit and one with Deidentify") from None
    if policy.get("Version") != _VERSION or not isinstance(destination, dict) or mask != {}:
        raise _wrong(f"Version has to be {_VERSION}, MaskConfig empty")
    if not isinstance(names, list) or not names or names != again:
        raise _wrong("both statements have to have the same DataIdentifier")
    return Protection(tuple(_identifier(name, custom) for name in names), destination)


def _identifier(name: Any, custom: Mapping[str, Any]) -> Identifier:
    if isinstance(name, str):
        managed = _IDENTIFIER.fullmatch(name)
        if managed is not None:
            pattern = _PATTERNS.get(managed[1])
            return Identifier(managed[1], re.compile(pattern, re.DOTALL) if pattern is not None else None)
        if isinstance(custom.get(name), str):
            try:
                return Identifier(name, re.compile(custom[name]))
            except (re.error, OverflowError, RecursionError):
                raise _wrong(f"the Regex of {name} is not valid") from None
    raise _wrong(f"unknown data identifier {name}")


def _wrong(why: str) -> Exception:
    return invalid(f"The data protection policy document is not valid: {why}.")


def masks(policies: Sequence[Protection]) -> Callable[[str], tuple[Span, ...]]:
    """What finds all that some policies are after."""
    identifiers = tuple(dict.fromkeys(identifier for policy in policies for identifier in policy.identifiers))
    return lambda message: tuple(sorted({span for each in identifiers for span in each.found(message)}))


def finding(policy: Protection, arn: str, message: str, when: str) -> dict[str, Any] | None:
    """The report of what a policy found in a message; None: nothing."""
    found = [(identifier.name, list(identifier.found(message))) for identifier in policy.identifiers]
    told = [
        {"name": name, "count": len(spans), "detections": [{"start": start, "end": end} for start, end in spans]}
        for name, spans in found
        if spans
    ]
    return {"auditTimestamp": when, "resourceArn": arn, "dataIdentifiers": told} if told else None
