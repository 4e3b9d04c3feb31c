"""Identity providers: SAML metadata and OpenID Connect addresses."""

from __future__ import annotations

import calendar
import re
import time
from typing import Any

from awsim.state import Entity, List, Tags

_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_KEY = "{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
_HOST = re.compile(r"https://[A-Za-z0-9.-]+(?::443)?(?:/[^?#\s]*)?")


class SAMLProvider(Entity):
    """`keys` are (id, time) of private keys to decrypt assertions with."""

    def __init__(self, arn: str, id: str, metadata: str, created: int, expires: int, tags: Tags) -> None:
        self.arn = arn
        self.id = id
        self.metadata = metadata
        self.created = created
        self.expires = expires
        self.tags = tags
        self.encryption: str | None = None
        self.keys: tuple[tuple[str, int], ...] = ()


class OIDCProvider(Entity):
    def __init__(self, arn: str, url: str, created: int, tags: Tags) -> None:
        self.arn = arn
        self.url = url
        self.created = created
        self.tags = tags
        self.clients: List = List()
        self.thumbprints: tuple[str, ...] = ()


def metadata_end(text: str) -> int | None:
    """Until when SAML metadata of an identity provider are good (epoch seconds, None: they do not say).

    Raises ValueError for what is no such metadata.
    """
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        raise ValueError from None
    provider = root.find(f"{_METADATA}IDPSSODescriptor")
    if root.tag != f"{_METADATA}EntityDescriptor" or provider is None or provider.find(f".//{_KEY}") is None:
        raise ValueError
    until: Any = root.get("validUntil")
    return None if until is None else calendar.timegm(time.strptime(until[:19], "%Y-%m-%dT%H:%M:%S"))


def is_issuer(url: str) -> bool:
    """Whether a URL may be that of an OpenID Connect provider: https, without a query."""
    return _HOST.fullmatch(url) is not None
