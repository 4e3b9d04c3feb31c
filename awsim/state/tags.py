"""Tags of a resource, checked as every AWS service checks them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awsim.service import Service

_ALLOWED = re.compile(r"^[\w\s.:/=+\-@]*\Z")


def tag_map(tags: Iterable[Mapping[str, str]] | Mapping[str, str] | None) -> dict[str, str]:
    """`[{"Key": k, "Value": v}]` (or `{"key": …, "value": …}`, or a plain map) as a dict."""
    if not tags:
        return {}
    if isinstance(tags, Mapping):
        return dict(tags)
    result = {}
    for tag in tags:
        key = tag.get("Key", tag.get("key", tag.get("TagKey", "")))
        result[key] = tag.get("Value", tag.get("value", tag.get("TagValue", ""))) or ""
    return result


class Tags(Mapping[str, str]):
    """An immutable tag map: `tags.with_(service, new)` and `tags.without(keys)` give new ones.

    Checks: number per resource (row `tags-per-resource`), key and value lengths (rows `tag-key-length`,
    `tag-value-length`), reserved `aws:` prefix and characters; each with the error its caller names in `invalid`.
    """

    __slots__ = ("_tags",)

    def __init__(self, tags: Mapping[str, str] | None = None) -> None:
        self._tags = dict(tags) if tags else {}

    def with_(self, service: Service, new: Mapping[str, str], *, invalid: str = "InvalidParameterValue") -> Tags:
        merged = {**self._tags, **new}
        for key, value in new.items():
            service.limits.check("tag-key-length", len(key), key=key)
            service.limits.check("tag-value-length", len(value), key=key)
            if key.lower().startswith("aws:"):
                raise service.error(invalid, "aws: prefixed tag key names are not allowed for external use.")
            if not _ALLOWED.match(key) or not _ALLOWED.match(value):
                raise service.error(invalid, f"The tag {key!r} contains characters that are not allowed.")
        service.limits.check("tags-per-resource", len(merged))
        return Tags(merged)

    def without(self, keys: Iterable[str]) -> Tags:
        gone = set(keys)
        return Tags({key: value for key, value in self._tags.items() if key not in gone})

    def as_list(self, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
        return [{key: k, value: v} for k, v in self._tags.items()]

    def as_dict(self) -> dict[str, str]:
        return dict(self._tags)

    def __getitem__(self, key: str) -> str:
        return self._tags[key]

    def __iter__(self) -> Any:
        return iter(self._tags)

    def __len__(self) -> int:
        return len(self._tags)
