"""Queue URLs. Source: SQS Developer Guide, "Queue and message identifiers"; legacy hosts: AWS General Reference."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
_REGION = re.compile(r"(?:^|\.)(?:sqs|sqs-fips)\.([a-z0-9-]+)\.|^([a-z0-9-]+)\.queue\.amazonaws\.")
# The host that US East (N. Virginia) had before regions were in names.
_FIRST_HOST = "queue.amazonaws.com"


class QueueAddress(NamedTuple):
    """What a URL says; `region` None where its host tells none, `account` None for a bare name."""

    region: str | None
    account: str | None
    name: str


def make(partition: str, region: str, account: str, name: str) -> str:
    """The URL that AWS gives a queue."""
    return f"https://sqs.{region}.{_SUFFIXES.get(partition, 'amazonaws.com')}/{account}/{name}"


@lru_cache(maxsize=4096)
def read(url: str) -> QueueAddress | None:
    """The address in a URL, of today's or a legacy form; None if it is none. A bare queue name is an address too."""
    if "/" not in url:
        return QueueAddress(None, None, url) if url else None
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no address
        return None
    path = parts.path.strip("/").split("/")
    if len(path) < 2 or not path[-2].isdecimal():
        return None
    host = parts.hostname or ""
    found = _REGION.search(host)
    region = found.group(1) or found.group(2) if found else "us-east-1" if host == _FIRST_HOST else None
    return QueueAddress(region, path[-2], path[-1])
