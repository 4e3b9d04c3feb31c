"""Pages of a listing whose records stay in place by their keys, whatever comes and goes between two calls."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


class BadToken(ValueError):
    """A token that no listing gave out."""


def page(
    records: Iterable[T], key: Callable[[T], str], token: str | None, size: int | None, salt: str = ""
) -> tuple[list[T], str | None]:
    """Up to `size` records (None: all) in order of their keys, and the token of the next page, None after the last.

    A token is the last key shown; `salt` names the listing, so that a token of another is none. Raises BadToken.
    """
    ordered = sorted(records, key=key)
    if token is not None:
        ordered = ordered[bisect_right(ordered, _read(token, salt), key=key) :]
    if size is None or len(ordered) <= size:
        return ordered, None
    return ordered[:size], _written(key(ordered[size - 1]), salt)


def position(token: str | None, salt: str = "") -> str:
    """The key that a page begins after, "" for the first one: for listings that need not look at all records."""
    return "" if token is None else _read(token, salt)


def listed(
    member: str,
    records: Iterable[T],
    shown: Callable[[T], Any],
    key: Callable[[T], str],
    token: str | None,
    size: int | None,
    *,
    refusal: Callable[[], Exception],
    following: str = "NextToken",
) -> dict[str, Any]:
    """A page as an answer: `{member: [what is shown of each], following: token}`.

    Raises `refusal()` for a token that no listing gave out.
    """
    try:
        found, after = page(records, key, token, size, member)
    except BadToken:
        raise refusal() from None
    return {member: [shown(record) for record in found], following: after}


def _written(key: str, salt: str) -> str:
    return urlsafe_b64encode(f"{salt}\n{key}".encode()).decode()


def _read(token: str, salt: str) -> str:
    try:
        if not token.isascii() or len(token) % 4:
            raise ValueError
        found, line, key = urlsafe_b64decode(token.encode()).decode().partition("\n")
    except ValueError:
        raise BadToken(token) from None
    if not line or found != salt:
        raise BadToken(token)
    return key


def number(at: Any) -> str:
    """A count as a key: sorts as the number does."""
    return f"{at:012d}"
