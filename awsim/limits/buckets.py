"""Token buckets: the arithmetic of rows of kind `rate`."""

from __future__ import annotations

from awsim.state import Dict

_CROWDED = 4096  # keys from which on buckets that are full again are thrown away


class Levels(Dict):
    """The buckets of one row in one scope: key to (tokens, at, time of being full). An absent key is a full bucket."""

    __slots__ = ("_crowded",)

    def __init__(self) -> None:
        super().__init__()
        self._crowded = _CROWDED

    def tokens(self, key: str, rate: float, size: float, now: float) -> float:
        """What the bucket holds at `now`: `rate` has flowed in per second, up to `size`. Negative while in debt."""
        level: tuple[float, float, float] | None = self.get(key)
        if level is None:
            return size
        tokens, at, _ = level
        return min(size, tokens + rate * (now - at)) if now > at else min(size, tokens)

    def put(self, key: str, tokens: float, rate: float, size: float, now: float) -> None:
        """Set what the bucket holds at `now`."""
        if len(self) >= self._crowded and key not in self:
            for other in [name for name, (_, _, full) in self.items() if full <= now]:
                del self[other]
            self._crowded = max(_CROWDED, 2 * len(self))
        self[key] = (tokens, now, now + (size - tokens) / rate if rate > 0 else float("inf"))


def missing(tokens: float, amount: float, rate: float, size: float) -> float:
    """How many tokens are missing for `amount`; 0 or less where there are enough.

    An amount larger than the bucket passes when that is full.
    """
    if size <= 0:
        return amount
    # Seconds since the epoch are exact to some 0.2 µs: what has flowed in is known no better than that.
    return min(amount, size) - tokens - rate * 1e-6
