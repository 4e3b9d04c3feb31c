"""What domains can be made of: engine versions and the ways between them, instance types and what those can do.

Sources: OpenSearch Service Developer Guide, "Upgrading domains" (paths), "Supported instance types".
"""

from __future__ import annotations

import re

OPENSEARCH = (
    "3.3", "3.1", "2.19", "2.17", "2.15", "2.13", "2.11", "2.9", "2.7", "2.5", "2.3", "1.3", "1.2", "1.1", "1.0",
)  # fmt: skip
ELASTICSEARCH = (
    "7.10", "7.9", "7.8", "7.7", "7.4", "7.1", "6.8", "6.7", "6.5", "6.4", "6.3", "6.2", "6.0", "5.6", "5.5", "5.3",
    "5.1", "2.3", "1.5",
)  # fmt: skip
VERSIONS = (*(f"OpenSearch_{one}" for one in OPENSEARCH), *(f"Elasticsearch_{one}" for one in ELASTICSEARCH))
LATEST = VERSIONS[0]

# Versions that only others of their own kind, or the step before, lead to.
_STEP = "OpenSearch_2.19"
_FIRST_OF_2 = frozenset(("OpenSearch_1.3",))
_TO_OPENSEARCH = frozenset(("6.8", "7.1", "7.4", "7.7", "7.8", "7.9", "7.10"))

_FAMILIES = (
    "m3", "m4", "m5", "m6g", "m7g", "m7i", "m8g", "r3", "r4", "r5", "r6g", "r6gd", "r7g", "r7gd", "r7i", "r8g", "r8gd",
    "c4", "c5", "c6g", "c7g", "c7i", "c8g", "t2", "t3", "t4g", "i2", "i3", "i4g", "i4i", "i7i", "i8g", "im4gn", "d2",
    "or1", "or2", "om2", "oi2", "ultrawarm1",
)  # fmt: skip
_SIZES = "nano|micro|small|medium|large|(?:[234689]|1[0268]|24)?xlarge"
_TYPE = re.compile(rf"(?:{'|'.join(_FAMILIES)})\.(?:{_SIZES})\.search\Z")
_OWN_STORAGE = frozenset(
    ("r3", "i2", "i3", "i4g", "i4i", "i7i", "i8g", "im4gn", "d2", "r6gd", "r7gd", "r8gd", "oi2", "m3")
)
_EITHER = frozenset(("r3", "m3"))
_BURSTING = frozenset(("t2", "t3", "t4g"))
_GRAVITON = re.compile(r"[a-z]+\d+g[dn]?n?\Z|or\d|om\d|oi\d")
DEFAULT_TYPE = "m4.large.search"
WARM_TYPES = ("ultrawarm1.medium.search", "ultrawarm1.large.search", "ultrawarm1.xlarge.search")
TYPES = tuple(
    f"{family}.{size}.search"
    for family, sizes in (
        ("t3", "small medium"),
        ("m5", "large xlarge 2xlarge 4xlarge 12xlarge"),
        ("m6g", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge"),
        ("m7g", "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
        ("c5", "large xlarge 2xlarge 4xlarge 9xlarge 18xlarge"),
        ("c6g", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge"),
        ("r5", "large xlarge 2xlarge 4xlarge 12xlarge"),
        ("r6g", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge"),
        ("r6gd", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
        ("r7g", "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
        ("i3", "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
        ("or1", "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
        ("ultrawarm1", "medium large xlarge"),
        ("m4", "large xlarge 2xlarge 4xlarge 10xlarge"),
        ("r4", "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
        ("c4", "large xlarge 2xlarge 4xlarge 8xlarge"),
        ("t2", "micro small medium"),
    )
    for size in sizes.split()
)


def engine(version: str) -> str:
    return version.partition("_")[0]


def number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition("_")[2].partition(".")
    return int(major), int(minor)


def targets(version: str) -> list[str]:
    """The versions that a domain can be upgraded to, the oldest first."""
    major, minor = number(version)
    found = []
    for other in reversed(VERSIONS):
        to = number(other)
        if other == version:
            continue
        if engine(version) == engine(other):
            fits = to > (major, minor) and (to[0] == major or (to[0] == major + 1 and _is_last_before(version, other)))
        else:
            fits = engine(other) == "OpenSearch" and to[0] == 1 and version.partition("_")[2] in _TO_OPENSEARCH
        if fits:
            found.append(other)
    return found


def _is_last_before(version: str, other: str) -> bool:
    """Whether a version is the one from which the next major one can be reached."""
    if engine(version) == "OpenSearch":
        return version == _STEP if number(other)[0] == 3 else version in _FIRST_OF_2
    last = {5: "5.6", 6: "6.8"}
    major = number(version)[0]
    # From 5.6 to all of 6, from 6.8 to all of 7.
    return version.partition("_")[2] == last.get(major)


def family(type: str) -> str:
    return type.partition(".")[0]


def is_type(type: str) -> bool:
    return _TYPE.match(type) is not None


def needs_volumes(type: str) -> bool:
    return family(type) not in _OWN_STORAGE


def takes_volumes(type: str) -> bool:
    return family(type) not in _OWN_STORAGE or family(type) in _EITHER


def is_bursting(type: str) -> bool:
    return family(type) in _BURSTING


def encrypts(type: str) -> bool:
    """Whether data at rest can be encrypted on it."""
    return family(type) not in ("m3", "r3", "t2")


def is_warm(type: str) -> bool:
    return family(type) == "ultrawarm1"


def is_supported(type: str, version: str) -> bool:
    """Whether an instance type runs a version: Graviton ones since Elasticsearch 7.9, UltraWarm since 6.8."""
    if engine(version) == "OpenSearch":
        return not (number(version) >= (2, 0) and family(type) in ("m3", "r3", "i2", "d2"))
    if is_warm(type):
        return number(version) >= (6, 8)
    if _GRAVITON.match(family(type)):
        return number(version) >= (7, 9)
    return True
