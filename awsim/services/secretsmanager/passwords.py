"""Random passwords. Source: API Reference, GetRandomPassword."""

from __future__ import annotations

import string
from collections.abc import Callable

# Kind -> its characters; AWS's punctuation is that of ASCII.
KINDS = {
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "numbers": string.digits,
    "punctuation": string.punctuation,
    "space": " ",
}


def alphabets(kinds: list[str], excluded: str) -> list[str]:
    """The characters that are left of each kind."""
    return ["".join(each for each in KINDS[kind] if each not in excluded) for kind in kinds]


def made(
    length: int, kinds: list[str], *, each: bool, text: Callable[[int, str], str], draw: Callable[[int], int]
) -> str:
    """A password of characters of `kinds`, with one at least of each where that is wanted.

    `text(n, alphabet)` gives random characters, `draw(n)` a random number below n.
    """
    password = text(length, "".join(kinds))
    if not each:
        return password
    places = list(range(length))
    characters = list(password)
    for kind in kinds:
        characters[places.pop(draw(len(places)))] = text(1, kind)
    return "".join(characters)
