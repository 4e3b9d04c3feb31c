"""Exploration: one test in many universes, each a legal AWS history; a failure is shrunk to what it takes.

A universe is a sparse set of deviations from the all-friendly run, fixed before it. `search` proposes universes and
shrinks the first that fails; it is a generator that yields universes and is sent their outcomes, so that tests that are
coroutines are searched by the same code. Assign another function to replace it: `awsim.explore.search = mine`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awsim import intercept
from awsim.choices import Choice, written

if TYPE_CHECKING:
    from awsim.cloud import Cloud

#: (name, ordinal) of a decision -> index of the option to take. What is not in it is friendly.
Universe = Mapping[tuple[str, int], int]

#: The time at which explorations and replays hold the clock where no `at` says otherwise.
START = "2026-01-01T00:00:00+00:00"

# How often a universe of random deviations takes each of the decisions it may take.
_DENSITIES = (0.5, 0.5, 0.25, 0.1)
_PATIENCE = 50
# Runs spent on shrinking, at most.
_SHRINKING = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `error` is None where the test passed. `decisions` are those it made, in order."""

    error: BaseException | None
    decisions: tuple[Choice, ...]

    @property
    def deviations(self) -> dict[tuple[str, int], int]:
        """What the run took that was not friendly: part of its universe, or all of it."""
        return {choice.place: choice.index for choice in self.decisions if choice.deviates}


@dataclass(frozen=True, slots=True)
class Found:
    """A failure. `universe` is the number of the one that failed first, out of `universes`; `deviations` how many that
    took; `outcome` the run with as few as possible. Without `repeats`, it failed once and then passed."""

    universe: int
    universes: int
    deviations: int
    outcome: Outcome
    repeats: bool = True


Search = Generator[Universe, Outcome, Found | None]


def search(universes: int, seed: int) -> Search:
    """Run up to `universes` universes; shrink the first that fails.

    Universe 0 is friendly. Then single deviations alternate with random subsets, the first of which are all decisions
    of one name, then all there are.
    """
    outcome = yield {}
    if outcome.error is not None:
        return Found(0, universes, 0, outcome)
    proposals = _Proposals(random.Random(f"explore {seed}"))
    proposals.learn(outcome)
    for number in range(1, universes):
        universe = proposals.next()
        if universe is None:
            return None
        outcome = yield universe
        if outcome.error is not None:
            return (yield from _confirmed(number, universes, outcome))
        proposals.learn(outcome)
    return None


class _Proposals:
    """What to try next, from the decisions that the runs so far have come to make."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._options: dict[tuple[str, int], int] = {}  # place -> number of options
        self._singles: dict[str, list[tuple[str, int, int]]] = {}  # by name, those not tried yet
        self._whole: list[str] = []  # names whose decisions were not tried all at once yet
        self._all = False  # nor all of all names
        self._most: dict[str, int] = {}
        self._tried: set[frozenset[tuple[tuple[str, int], int]]] = {frozenset()}
        self._turn = 0
        self._round = 0

    def learn(self, outcome: Outcome) -> None:
        first = not self._options
        counts: dict[str, int] = {}
        for choice in outcome.decisions:
            counts[choice.name] = counts.get(choice.name, 0) + 1
        for name, count in counts.items():
            if name not in self._most:
                # A universe that makes a loop go round once more shows more decisions; there is no end to that.
                self._most[name] = 4 * count + 16
                self._singles[name] = []
                self._whole.append(name)
        for choice in outcome.decisions:
            place = choice.place
            if place in self._options or choice.ordinal > self._most[choice.name] or len(choice.options) < 2:
                continue
            self._options[place] = len(choice.options)
            self._singles[choice.name].extend((*place, index) for index in range(1, len(choice.options)))
        if first:
            for singles in self._singles.values():
                self._rng.shuffle(singles)

    def next(self) -> Universe | None:
        """A universe not tried yet; None where there is none, as far as can be seen."""
        self._turn += 1
        kinds = (self._single, self._subset) if self._turn % 2 else (self._subset, self._single)
        for kind in kinds:
            for _ in range(_PATIENCE):
                universe = kind()
                if universe is None:
                    break
                key = frozenset(universe.items())
                if key not in self._tried:
                    self._tried.add(key)
                    return universe
        return None

    def _single(self) -> Universe | None:
        names = [name for name, singles in self._singles.items() if singles]
        if not names:
            return None
        name, ordinal, index = self._singles[names[self._round % len(names)]].pop(0)
        self._round += 1
        return {(name, ordinal): index}

    def _subset(self) -> Universe | None:
        if not self._options:
            return None
        if self._whole:
            name = self._whole.pop(0)
            if not self._whole:
                self._all = True
            return {place: 1 for place in self._options if place[0] == name}
        if self._all:
            self._all = False
            return dict.fromkeys(self._options, 1)
        rng = self._rng
        names = list(self._singles)
        if rng.random() < 0.5:
            names = [name for name in names if rng.random() < 0.5] or [rng.choice(names)]
        density = rng.choice(_DENSITIES)
        return {
            place: rng.randrange(1, count)
            for place, count in self._options.items()
            if place[0] in names and rng.random() < density
        }


def _confirmed(number: int, universes: int, outcome: Outcome) -> Search:
    """See whether a failure repeats, and shrink it."""
    deviations = outcome.deviations
    again = yield deviations
    if not _same(again, outcome):
        return Found(number, universes, len(deviations), outcome, repeats=False)
    smallest = yield from shrink(again)
    # Once more, so that what the test leaves behind (journal, decisions, output) is of the universe that is reported.
    last = yield smallest.deviations
    return Found(number, universes, len(deviations), last if _same(last, outcome) else smallest)


def shrink(failed: Outcome) -> Generator[Universe, Outcome, Outcome]:
    """Delta debugging: the run of a smallest part of the deviations of `failed` that fails in the same way."""
    best = failed
    parts = 2
    passed: set[frozenset[tuple[tuple[str, int], int]]] = {frozenset()}
    runs = 0
    while (items := list(best.deviations.items())) and len(items) > 1 and runs < _SHRINKING:
        size = -(-len(items) // parts)
        pieces = [items[start : start + size] for start in range(0, len(items), size)]
        rests = [[item for item in items if item not in piece] for piece in pieces] if len(pieces) > 2 else []
        for candidate in (*pieces, *rests):
            key = frozenset(candidate)
            if key in passed or len(candidate) == len(items):
                continue
            runs += 1
            outcome = yield dict(candidate)
            if _same(outcome, failed):
                # A part that fails is split anew; what is left without one that did not matter, is split no coarser.
                parts = 2 if candidate in pieces else max(len(pieces) - 1, 2)
                best = outcome
                break
            passed.add(key)
        else:
            if size == 1:
                break
            parts = min(len(items), parts * 2)
    return best


def _same(outcome: Outcome, failed: Outcome) -> bool:
    return outcome.error is not None and type(outcome.error) is type(failed.error)


# --- running


def run(cloud: Cloud, test: Callable[[], Any], name: str, mark: str, options: Mapping[str, Any]) -> Any:
    """Call `test` in the universes of `cloud.explore`; raises its error, with the report as a note.

    `mark` and `options` say how the test was asked to run (`"@mock_aws"`), and so how to write its replay.
    """
    __tracebackhide__ = True
    exploration = _Exploration(cloud)
    steps = search(cloud.explore, cloud.seed)
    result: Any = None
    try:
        universe = next(steps)
        while True:
            exploration.enter(universe)
            error = None
            try:
                value = test()
                if exploration.runs == 1:
                    result = value
            except BaseException as raised:
                error = exploration.judged(raised)
            universe = steps.send(exploration.outcome(error))
    except StopIteration as stop:
        found = stop.value
    finally:
        exploration.leave()
    if found is not None:
        raise _reported(found, name, mark, options)
    return result


async def run_async(cloud: Cloud, test: Callable[[], Any], name: str, mark: str, options: Mapping[str, Any]) -> Any:
    """As `run`, for a test that is a coroutine function."""
    __tracebackhide__ = True
    exploration = _Exploration(cloud)
    steps = search(cloud.explore, cloud.seed)
    result: Any = None
    try:
        universe = next(steps)
        while True:
            exploration.enter(universe)
            error = None
            try:
                value = await test()
                if exploration.runs == 1:
                    result = value
            except BaseException as raised:
                error = exploration.judged(raised)
            universe = steps.send(exploration.outcome(error))
    except StopIteration as stop:
        found = stop.value
    finally:
        exploration.leave()
    if found is not None:
        raise _reported(found, name, mark, options)
    return result


class _Exploration:
    """What every universe begins with: the Cloud as it was before the first."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._before = cloud.snapshot()
        self._calls = len(cloud.calls)
        self._choices = len(cloud.choices)
        self._counts = (cloud.program_calls, cloud._requests)
        # A program's own chance is no decision of AWS's: it is the same in every universe.
        self._chance = random.getstate()
        self.runs = 0

    def enter(self, universe: Universe) -> None:
        cloud = self._cloud
        if self.runs:
            cloud.restore(self._before)
            intercept.renew(cloud)
            random.setstate(self._chance)
            cloud.calls._cut(self._calls)
            cloud.program_calls, cloud._requests = self._counts
        cloud.exploring = True
        cloud.choices._enter(universe, self._choices)
        self.runs += 1

    def judged(self, error: BaseException) -> BaseException | None:
        """The error if it says that the test failed, None if the test was skipped; anything else goes on its way."""
        if _is_skip(error):
            if self.runs == 1:
                raise error
            return None
        if isinstance(error, Exception) or type(error).__module__ == "_pytest.outcomes":
            return error
        raise error

    def outcome(self, error: BaseException | None) -> Outcome:
        return Outcome(error, tuple(self._cloud.choices)[self._choices :])

    def leave(self) -> None:
        self._cloud.exploring = False


def _is_skip(error: BaseException) -> bool:
    unittest = sys.modules.get("unittest")
    if unittest is not None and isinstance(error, unittest.SkipTest):
        return True
    return type(error).__module__ == "_pytest.outcomes" and type(error).__name__ in ("Skipped", "XFailed")


def _reported(found: Found, name: str, mark: str, options: Mapping[str, Any]) -> BaseException:
    error = found.outcome.error
    assert error is not None
    if found.universe:
        error.add_note("\n".join(_lines(found, name, mark, options)))
    return error


def _lines(found: Found, name: str, mark: str, options: Mapping[str, Any]) -> Iterator[str]:
    deviations = [choice for choice in found.outcome.decisions if choice.deviates]
    of = f"universe {found.universe} of {found.universes}"
    if not found.repeats:
        yield f"{of} broke {name} once, with {_counted(found.deviations)}, and not when it was run again:"
        yield "  the failure is not reproducible; something but AWS's decisions differs from run to run"
        return
    shrunk = f"; shrunk from {_counted(found.deviations)} to {len(deviations)}" if found.deviations > 1 else ""
    yield f"{of} breaks {name}{shrunk}:"
    for choice in deviations:
        yield f"  {choice.explain()}"
    others = "".join(f"{option}={value!r}, " for option, value in options.items() if option != "explore")
    universe = written({choice.place: choice.index for choice in deviations})
    yield f'replay with {mark}({others}replay="{universe}")'


def _counted(number: int) -> str:
    return f"{number} deviation{'' if number == 1 else 's'}"
