"""Which Cloud answers: a process-wide stack of active Clouds."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awsim.cloud import Cloud


class Entry:
    """One activation of a Cloud. What clients keep between calls while it lasts (retry quotas, rates, jitter, temporary
    credentials they fetched) is bound to it, so that no activation inherits another's."""

    __slots__ = ("_jitter", "cloud")

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._jitter: random.Random | None = None

    def jitter(self) -> float:
        """A number in [0, 1) that spreads the delays of retries; the same ones in every run with the same seed."""
        if self._jitter is None:
            self._jitter = random.Random(f"jitter {getattr(self.cloud, 'seed', 0)}")
        return self._jitter.random()


# The innermost activation, which answers; None while no mock is active. Read by every tap on every call.
current: Entry | None = None
entries: list[Entry] = []


def push(cloud: Cloud) -> None:
    """Put `cloud` on top. A Cloud that is active already goes on with what its clients have kept."""
    global current
    current = next((entry for entry in entries if entry.cloud is cloud), None) or Entry(cloud)
    entries.append(current)


def drop(cloud: Cloud) -> bool:
    """Remove the newest activation of `cloud`, wherever it stands in the stack. False if there is none."""
    global current
    for i in range(len(entries) - 1, -1, -1):
        if entries[i].cloud is cloud:
            del entries[i]
            current = entries[-1] if entries else None
            return True
    return False


def renew(cloud: Cloud) -> None:
    """Let clients start afresh with a Cloud that stays active."""
    global current
    fresh = Entry(cloud)
    entries[:] = [fresh if entry.cloud is cloud else entry for entry in entries]
    current = entries[-1] if entries else None


def overlay(owner: Any, name: str, entry: Entry) -> Any:
    """What `owner` keeps under `name` for this activation alone, None if nothing yet."""
    kept = owner.__dict__.get(_KEPT)
    if kept is None or kept[0] is not entry:
        return None
    return kept[1].get(name)


def keep(owner: Any, name: str, value: Any, entry: Entry) -> None:
    """Keep `value` for `owner` while this activation lasts. `value` may be anything but None."""
    kept = owner.__dict__.get(_KEPT)
    if kept is None or kept[0] is not entry:
        kept = owner.__dict__[_KEPT] = (entry, {})
    kept[1][name] = value


_KEPT = "_awsim_kept"
