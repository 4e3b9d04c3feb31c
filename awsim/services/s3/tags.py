"""Tags of objects and buckets: the x-amz-tagging header, the tag set of a body, and their rules.

Source: S3 User Guide, "Categorizing your objects using tags".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Tags = tuple[tuple[str, str], ...]
_ALLOWED = r"[\w\s+\-=.:/@]*"


def from_header(header: str, limits: ServiceLimits) -> Tags:
    """`a=1&b=2`, URL-encoded, kept in the order of the keys; a part without "=" is a tag with an empty value."""
    tags = []
    for part in header.split("&"):
        if part:
            key, _, value = part.partition("=")
            tags.append((unquote_plus(key), unquote_plus(value)))
    if len({key for key, _ in tags}) != len(tags):
        raise AWSError(
            "InvalidArgument",
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
            "name duplicates.",
            fields={"ArgumentName": "x-amz-tagging", "ArgumentValue": header},
        )
    return checked(sorted(tags), limits, "object-tags")


def from_set(tag_set: Iterable[Mapping[str, Any]] | None, limits: ServiceLimits, row: str) -> Tags:
    """A TagSet as boto3 writes it; `row` of the limits table bounds the number of tags."""
    tags = []
    for entry in tag_set or ():
        key, value = entry.get("Key"), entry.get("Value")
        if key is None or value is None:
            raise AWSError(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema",
            )
        tags.append((key, value))
    return checked(tags, limits, row)


def checked(tags: list[tuple[str, str]], limits: ServiceLimits, row: str) -> Tags:
    limits.check(row, len(tags))
    seen = set()
    for key, value in tags:
        if not key or not re.fullmatch(_ALLOWED, key):
            raise AWSError("InvalidTag", "The TagKey you have provided is invalid", fields={"TagKey": key})
        if key.lower().startswith("aws:"):
            raise AWSError("InvalidTag", "System tags cannot be added/updated by requester", fields={"TagKey": key})
        if not re.fullmatch(_ALLOWED, value):
            raise AWSError(
                "InvalidTag", "The TagValue you have provided is invalid", fields={"TagKey": key, "TagValue": value}
            )
        limits.check("tag-key-length", len(key))
        limits.check("tag-value-length", len(value))
        if key in seen:
            raise AWSError("InvalidTag", "Cannot provide multiple Tags with the same key", fields={"TagKey": key})
        seen.add(key)
    return tuple(tags)


def as_set(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]
