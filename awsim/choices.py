"""Named decisions: what AWS leaves open is decided here, by name, and can be replayed by name and ordinal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

from awsim.errors import AwsimError
from awsim.state.containers import Dict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: `name#ordinal`, what it could have been and what was taken."""

    name: str
    ordinal: int
    options: tuple[Any, ...]
    taken: Any

    @property
    def deviates(self) -> bool:
        return self.taken != self.options[0]

    def __str__(self) -> str:
        return f"{self.name}#{self.ordinal}={self.options.index(self.taken)}"


def parse_universe(text: str) -> dict[tuple[str, int], int]:
    """`"sqs.duplicate#3=1, sqs.order#1=2"` as {(name, ordinal): index of the option}."""
    universe = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        try:
            place, option = part.rsplit("=", 1)
            name, ordinal = place.rsplit("#", 1)
            universe[name, int(ordinal)] = int(option)
        except ValueError:
            raise AwsimError(f"{part!r} names no decision; write it as 'sqs.duplicate#3=1'") from None
    return universe


class Choices:
    """The decisions of one Cloud. Iterating gives those made so far, oldest first.

    Without deviations (the default) every decision takes its first, friendly option and none is kept. `universe` maps
    (name, ordinal) to the index of the option to take; with `vary`, further deviations follow from seed and odds
    of each decision.
    """

    def __init__(
        self, seed: int = 0, *, vary: bool = False, universe: Mapping[tuple[str, int], int] | None = None
    ) -> None:
        self.seed = seed
        self.vary = vary
        self.universe = dict(universe or {})
        self.active = vary or bool(universe)
        self._ordinals = Dict()
        self._made: list[Choice] = []

    def choose(self, name: str, options: Sequence[T], odds: float | None = None) -> T:
        """Decide `name`: the first of `options` is the friendly one; `odds` is how often another one is taken."""
        if not self.active:
            return options[0]
        ordinal = self._ordinals.get(name, 0) + 1
        self._ordinals[name] = ordinal
        index = self.universe.get((name, ordinal))
        if index is None:
            index = self._deviation(name, ordinal, len(options), odds) if self.vary else 0
        taken = options[min(index, len(options) - 1)]
        self._made.append(Choice(name, ordinal, tuple(options), taken))
        return taken

    def _deviation(self, name: str, ordinal: int, count: int, odds: float | None) -> int:
        if count < 2 or not odds:
            return 0
        digest = blake2b(f"{self.seed}/{name}/{ordinal}".encode(), digest_size=8).digest()
        if int.from_bytes(digest[:4]) / 2**32 >= odds:
            return 0
        return 1 + int.from_bytes(digest[4:]) % (count - 1)

    def of(self, name: str) -> list[Choice]:
        """The decisions of that name."""
        return [choice for choice in self._made if choice.name == name]

    def __iter__(self) -> Iterator[Choice]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, index: int) -> Choice:
        return self._made[index]

    def __repr__(self) -> str:
        return f"<Choices {', '.join(str(choice) for choice in self._made if choice.deviates) or 'all friendly'}>"
