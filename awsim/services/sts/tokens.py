"""What identity providers say of a user: OpenID Connect tokens, OAuth 2.0 access tokens and SAML assertions.

Tokens are made locally by whoever tests: their claims and times count, their signatures are not checked, since no
provider's keys are known here. Each reader raises `Rejected`, which names AWS's error.
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

# The only providers whose opaque access tokens STS takes (API Reference, AssumeRoleWithWebIdentity, ProviderId).
OAUTH_PROVIDERS = ("graph.facebook.com", "www.amazon.com")
_NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
_ATTRIBUTES = "/SAML/Attributes/"
_FORMATS = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_SESSION_NAME = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")


class Rejected(Exception):
    """A token that is not accepted: `code` and `message` of the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Identity:
    """What a token says. Times are epoch seconds; `roles` are (role ARN, provider ARN) pairs, in SAML only."""

    issuer: str
    subject: str
    audience: str
    subject_type: str = ""
    session_name: str | None = None
    source_identity: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    roles: frozenset[tuple[str, str]] = frozenset()
    session_ends: float | None = None
    # When a SAML response stopped being good, and when it was issued.
    not_after: float | None = None
    issued: float | None = None


def read_web_identity(token: str, provider: str | None, now: float) -> Identity:
    """An OpenID Connect ID token, or with `provider` an OAuth 2.0 access token."""
    if provider is not None:
        return _opaque(token, provider)
    claims = _claims(token)
    for name in ("iss", "sub", "aud", "exp", "iat"):
        if name not in claims:
            raise Rejected("InvalidIdentityToken", f"Missing a required claim: {name}")
    if not all(isinstance(claims[name], int | float) for name in ("exp", "iat")):
        raise Rejected("InvalidIdentityToken", _NOT_A_JWT)
    if now >= claims["exp"]:
        raise Rejected(
            "ExpiredTokenException",
            f"Token expired: current date/time {now:.0f} must be before the expiration date/time {claims['exp']:.0f}",
        )
    audience = claims.get("azp") or claims["aud"]
    if isinstance(audience, list):
        audience = audience[0] if audience else ""
    passed = claims.get("https://aws.amazon.com/tags") or {}
    tags = {key: str(_first(value)) for key, value in (passed.get("principal_tags") or {}).items()}
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        audience=str(audience),
        source_identity=claims.get("https://aws.amazon.com/source_identity"),
        tags=tags,
        transitive=tuple(passed.get("transitive_tag_keys") or ()),
    )


def _opaque(token: str, provider: str) -> Identity:
    if provider not in OAUTH_PROVIDERS:
        allowed = " and ".join(OAUTH_PROVIDERS)
        raise Rejected("InvalidParameterValue", f"ProviderId {provider} is not supported; only {allowed} are")
    # The provider would tell who holds the token: here the token itself decides, so that equal ones are one user.
    digest = hashlib.sha256(f"{provider}/{token}".encode()).hexdigest()
    return Identity(provider, str(int(digest[:12], 16)), str(int(digest[12:24], 16)))


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    try:
        header, claims = (json.loads(_unpadded(part)) for part in parts[:2])
    except (ValueError, RecursionError):
        raise Rejected("InvalidIdentityToken", _NOT_A_JWT) from None
    if len(parts) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
        raise Rejected("InvalidIdentityToken", _NOT_A_JWT)
    return claims


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _first(value: Any) -> Any:
    return (value[0] if value else "") if isinstance(value, list) else value


def read_saml(assertion: str) -> Identity:
    """A base64-encoded SAML 2.0 response. Whether it is still good is for the caller to judge."""
    try:
        text = base64.b64decode(assertion, validate=False).decode()
        root = ElementTree.fromstring(text)
    except (ValueError, ElementTree.ParseError):
        raise Rejected("InvalidIdentityToken", "Invalid base64 SAMLResponse") from None
    status = _find(root, "StatusCode")
    if status is not None and status.get("Value") != _SUCCESS:
        raise Rejected("IDPRejectedClaim", "The identity provider reported that authentication failed")
    statement = _find(root, "Assertion")
    if statement is None:
        raise Rejected("InvalidIdentityToken", "Your request included an invalid SAML response.")
    attributes = _attributes(statement)
    name = attributes.get("RoleSessionName")
    if not name:
        raise Rejected("InvalidIdentityToken", "RoleSessionName is required in AuthnResponse")
    if not _SESSION_NAME.fullmatch(name[0]):
        raise Rejected("InvalidIdentityToken", f"RoleSessionName in AuthnResponse must match {_SESSION_NAME.pattern}")
    source = attributes.get("SourceIdentity", [None])[0]
    if source is not None and not _SESSION_NAME.fullmatch(source):
        raise Rejected(
            "InvalidIdentityToken",
            f'Source Identity must match {_SESSION_NAME.pattern} and not begin with "aws:"',
        )
    subject = _find(statement, "NameID")
    confirmation = _find(statement, "SubjectConfirmationData")
    conditions = _find(statement, "Conditions")
    authn = _find(statement, "AuthnStatement")
    issuer = _find(statement, "Issuer")
    return Identity(
        issuer=_content(issuer),
        subject=_content(subject),
        subject_type=(subject.get("Format", "") if subject is not None else "").removeprefix(_FORMATS),
        audience=confirmation.get("Recipient", "") if confirmation is not None else "",
        session_name=name[0],
        source_identity=source,
        tags={
            key.removeprefix("PrincipalTag:"): values[0] if values else ""
            for key, values in attributes.items()
            if key.startswith("PrincipalTag:")
        },
        transitive=tuple(attributes.get("TransitiveTagKeys", ())),
        roles=frozenset(_pair(value) for value in attributes.get("Role", ())),
        session_ends=_time(authn, "SessionNotOnOrAfter"),
        not_after=_earliest(_time(confirmation, "NotOnOrAfter"), _time(conditions, "NotOnOrAfter")),
        issued=_time(statement, "IssueInstant"),
    )


def _attributes(statement: ElementTree.Element) -> dict[str, list[str]]:
    """AWS's attributes by their last part (`Role`, `PrincipalTag:Team`), whatever partition's prefix they have."""
    found: dict[str, list[str]] = {}
    for element in statement.iter():
        if _local(element) == "Attribute" and _ATTRIBUTES in (name := element.get("Name", "")):
            values = [_content(child) for child in element if _local(child) == "AttributeValue"]
            found.setdefault(name.partition(_ATTRIBUTES)[2], []).extend(values)
    return found


def _pair(value: str) -> tuple[str, str]:
    """(role, provider); the two may come in either order."""
    one, _, other = (part.strip() for part in value.partition(","))
    return (other, one) if ":saml-provider/" in one else (one, other)


def _find(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((found for found in element.iter() if _local(found) == name), None)


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _content(element: ElementTree.Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _time(element: ElementTree.Element | None, name: str) -> float | None:
    text = element.get(name) if element is not None else None
    if text is None:
        return None
    try:
        return float(calendar.timegm(time.strptime(text.split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        raise Rejected("InvalidIdentityToken", "Your request included an invalid SAML response.") from None


def _earliest(*times: float | None) -> float | None:
    return min((moment for moment in times if moment is not None), default=None)
