"""ARNs as EventBridge reads them."""

from __future__ import annotations

from typing import NamedTuple


class Arn(NamedTuple):
    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def name(self) -> str:
        """What follows the last slash of the resource."""
        return self.resource.rpartition("/")[2]


def read(text: str) -> Arn | None:
    """The parts of an ARN; None for what is none."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not all((parts[1], parts[2], parts[5])):
        return None
    return Arn(*parts[1:])
