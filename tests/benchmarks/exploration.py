"""How many runs it takes to find a planted bug, and to shrink what found it: awsim's search beside hypothesis.

Compared are `awsim.explore.search`, hypothesis drawing the set of deviations, and hypothesis drawing each decision; on
the planted bugs of `tests/scenarios`, five seeds each. Not a section of the table: its figures are runs, not times.

    python -m tests.benchmarks.exploration
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from statistics import median
from typing import Any

import hypothesis
from hypothesis import strategies as st

from awsim import explore
from awsim.explore import Found, Outcome, Search, Universe

from ..scenarios import test_realistic_planted_bugs as planted

SEEDS = range(5)


def by_set(places: list[tuple[str, int, int]]) -> st.SearchStrategy[Universe]:
    drawn = st.sets(st.sampled_from(places)) if places else st.just(set())
    return drawn.map(lambda taken: {(name, ordinal): index for name, ordinal, index in taken})


def by_decision(places: list[tuple[str, int, int]]) -> st.SearchStrategy[Universe]:
    drawn = st.tuples(*(st.booleans() for _ in places))
    return drawn.map(lambda taken: {place[:2]: place[2] for place, yes in zip(places, taken, strict=True) if yes})


def with_hypothesis(strategy: Callable[[list[tuple[str, int, int]]], st.SearchStrategy[Universe]]) -> Any:
    """A search like `explore.search` in which hypothesis, in a thread of its own, proposes and shrinks."""

    def search(universes: int, seed: int) -> Search:
        outcome = yield {}
        places = [(*c.place, index) for c in outcome.decisions for index in range(1, len(c.options))]
        asked: queue.Queue[Universe | None] = queue.Queue()
        answers: queue.Queue[Outcome] = queue.Queue()

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=universes, database=None, deadline=None, suppress_health_check=[*hypothesis.HealthCheck]
        )
        @hypothesis.given(strategy(places))
        def propose(universe: Universe) -> None:
            asked.put(universe)
            assert answers.get().error is None

        def work() -> None:
            try:
                propose()
            except BaseException:
                pass
            asked.put(None)

        threading.Thread(target=work, daemon=True).start()
        number, best = 0, None
        while (universe := asked.get()) is not None:
            number += 1
            outcome = yield universe
            if outcome.error is not None and (best is None or len(outcome.deviations) <= len(best.deviations)):
                best = outcome
            answers.put(outcome)
        return best and Found(number, universes, len(best.deviations), best)

    return search


def runs(search: Any, bug: Any, seed: int) -> tuple[int, int, int] | None:
    """(runs until the bug shows, runs in all, deviations left), None where it was missed."""
    counted: list[bool] = []
    left = 0

    def counting(universes: int, seed: int) -> Search:
        steps = search(universes, seed)
        try:
            universe = next(steps)
            while True:
                outcome = yield universe
                counted.append(outcome.error is not None)
                universe = steps.send(outcome)
        except StopIteration as stop:
            nonlocal left
            left = len(stop.value.outcome.deviations) if stop.value else 0
            return stop.value

    before, explore.search = explore.search, counting
    try:
        planted.explored(planted.Story(), bug, fixed=False, seed=seed)
    except Exception:
        return counted.index(True) + 1, len(counted), left
    finally:
        explore.search = before
    return None


def main() -> None:
    searches = {
        "awsim": explore.search,
        "hypothesis, set": with_hypothesis(by_set),
        "hypothesis, each": with_hypothesis(by_decision),
    }
    print(f"{'runs until found / in all, shrunk to (median of 5 seeds)':<58}" + "".join(f"{n:>26}" for n in searches))
    for bug in planted.BUGS:
        cells = []
        for search in searches.values():
            found = [result for seed in SEEDS if (result := runs(search, bug, seed)) is not None]
            missed = len(SEEDS) - len(found)
            middle = " / ".join(f"{median(column):g}" for column in zip(*found, strict=True)) if found else "-"
            cells.append(f"{middle}{f' ({missed} missed)' if missed else ''}")
        print(f"{bug.__name__:<58}" + "".join(f"{cell:>26}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
