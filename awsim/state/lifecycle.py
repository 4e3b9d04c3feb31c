"""`Lifecycle`: a state that AWS moves along by itself, computed from the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsim.service import Service


class Lifecycle:
    """States in order, each but the last with the `duration` row that says how long it takes.

    `Lifecycle(self, [("CREATING", "table-create"), ("ACTIVE", None)])` shows its first state in the answer that starts
    it. Under `lifecycle="instant"` the next call of the program sees the last one; under `"timed"` the rows' durations
    decide, on the Cloud's clock. Frozen: a new transition is a new Lifecycle.
    """

    __slots__ = ("_cloud", "_steps", "started_call")

    def __init__(self, service: Service, states: Sequence[tuple[str, str | None]]) -> None:
        now = service.clock.time()
        self._cloud = service.cloud
        self.started_call = service.cloud.program_calls
        steps: list[tuple[str, float]] = []
        for state, row in states:
            # A state with no duration in force ends with the call that started it.
            seconds = service.limits.duration(row) if row is not None else 0.0
            now += seconds
            steps.append((state, now if seconds else 0.0))
        self._steps = tuple(steps)

    @classmethod
    def settled(cls, service: Service, state: str) -> Lifecycle:
        """A lifecycle that is at its end."""
        return cls(service, [(state, None)])

    @property
    def state(self) -> str:
        steps = self._steps
        for state, end in steps[:-1]:
            if self._cloud.clock.time() < end if end else self._cloud.program_calls == self.started_call:
                return state
        return steps[-1][0]

    @property
    def settled_now(self) -> bool:
        return self.state == self._steps[-1][0]

    def ends_at(self) -> float | None:
        """When the last state is reached (epoch seconds); None where that takes no time."""
        times = [end for _, end in self._steps[:-1] if end]
        return max(times) if times else None

    def __str__(self) -> str:
        return self.state
