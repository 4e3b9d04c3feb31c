"""One call, through a client that stays: CPU time beside the floor."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Any

from . import backends, canned
from .cases import CASES, Case
from .report import Figure, Runs, worst

TITLE = "One call (CPU µs; budget: × bare)"


def measure(backend: str, quick: bool) -> dict[str, Any]:
    """Name of the case -> {"bare": µs, "mocked": µs}: the best of several rounds, bare and mocked in turns."""
    import boto3

    mock_aws = backends.mock(backend)
    rounds, repetitions = (10, 50) if quick else (25, 60)
    return {case.name: _measure(case, boto3, mock_aws, rounds, repetitions) for case in CASES}


def _measure(case: Case, boto3: Any, mock_aws: Any, rounds: int, repetitions: int) -> dict[str, float]:
    client, bare = boto3.client(case.service), boto3.client(case.service)
    with mock_aws():
        prepared = case.prepare(client, 2)
        with canned.recorded(client) as answers:
            case.run(client, prepared)
    canned.answer_with(bare, dict(answers))
    best = {"bare": float("inf"), "mocked": float("inf")}
    for _ in range(rounds):
        best["bare"] = min(best["bare"], _time(partial(case.run, bare, prepared), repetitions))
        with mock_aws():
            inside = case.prepare(client, repetitions + 10)
            for _ in range(10):
                case.run(client, inside)
            best["mocked"] = min(best["mocked"], _time(partial(case.run, client, inside), repetitions))
    return best


def _time(run: Callable[[], object], repetitions: int) -> float:
    """CPU µs of one repetition."""
    gc.collect()
    start = process_time()
    for _ in range(repetitions):
        run()
    return (process_time() - start) / repetitions * 1e6


def figures(runs: Runs) -> list[Figure]:
    ours, theirs = runs.fresh("calls", "awsim"), runs.fresh("calls", "moto")
    found = []
    for case in CASES:
        mine, other = ours[case.name], theirs.get(case.name)
        found.append(
            Figure(
                case.name,
                bare=mine["bare"],
                value=mine["mocked"],
                unit="µs",
                ratio=mine["mocked"] / mine["bare"],
                moto=other and other["mocked"] / other["bare"],
                budget=case.budget,
            )
        )
    return [*found, worst("worst of these", found)]
