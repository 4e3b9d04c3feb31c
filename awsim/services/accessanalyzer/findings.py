"""What is found in a policy: code, text, and where."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from awsim.services.accessanalyzer.located import Member, Node, position

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
_ANCHOR = "access-analyzer-reference-policy-checks-"

Path = tuple[dict[str, Any], ...]


class Place(NamedTuple):
    """A part of a document: how to get there, and from where to where it stands."""

    path: Path
    start: int
    end: int

    @classmethod
    def of(cls, node: Node, *path: str | int) -> Place:
        """A value, by the names and indices that lead to it."""
        return cls(
            tuple({"value": step} if isinstance(step, str) else {"index": step} for step in path), node.start, node.end
        )

    @classmethod
    def name(cls, member: Member, *path: str | int) -> Place:
        """A name in an object rather than its value."""
        above = cls.of(member.node, *path).path
        return cls((*above, {"key": member.name}), member.start, member.end)


class Report:
    """The findings of one document, in the order in which they were made."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.found: list[dict[str, Any]] = []

    def add(self, code: str, places: Place | Iterable[Place], **fields: Any) -> None:
        """A finding of a code in checks.toml; `fields` fill its text in."""
        check = checks()[code]
        places = [places] if isinstance(places, Place) else list(places)
        self.found.append(
            {
                "findingType": check["type"],
                "issueCode": code,
                "findingDetails": check["text"].format(**fields),
                "learnMoreLink": f"{_GUIDE}#{_ANCHOR}{check['anchor']}",
                "locations": [self._shown(place) for place in places],
            }
        )

    def _shown(self, place: Place) -> dict[str, Any]:
        span = {"start": position(self._text, place.start), "end": position(self._text, place.end)}
        return {"path": list(place.path), "span": span}


@cache
def checks() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("awsim.services.accessanalyzer").joinpath("checks.toml").read_text("utf-8"))
