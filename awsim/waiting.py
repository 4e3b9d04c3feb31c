"""`Wait`: how an operation tells the gateway that its answer has to wait."""

from __future__ import annotations

from collections.abc import Callable


class Wait(Exception):
    """Run the operation again when `ready()`, at the latest at `deadline` (epoch seconds); see `Service.wait`."""

    def __init__(
        self, deadline: float, ready: Callable[[], object] | None, due: Callable[[], float | None] | None
    ) -> None:
        self.deadline = deadline
        self.ready = ready
        self.due = due
