"""Figures, and the table they are printed as."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import KW_ONLY, asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Figure:
    """One line of the table. `ratio` and `moto` are to the floor."""

    name: str
    _: KW_ONLY
    value: float
    unit: str
    bare: float | None = None
    ratio: float | None = None
    moto: float | None = None
    moto_value: float | None = None
    budget: float | None = None
    """The most that the ratio may be."""
    limit: float | None = None
    """The most that the value may be."""

    @property
    def verdict(self) -> str:
        if self.budget is not None and self.ratio is not None:
            return "ok" if self.ratio <= self.budget else "over"
        if self.limit is not None:
            return "ok" if self.value <= self.limit else "over"
        return ""

    def as_json(self) -> dict[str, Any]:
        return {**{key: value for key, value in asdict(self).items() if value is not None}, "verdict": self.verdict}


def worst(name: str, figures: Iterable[Figure]) -> Figure:
    """The figure with the highest ratio, under another name."""
    figure = max(figures, key=lambda figure: figure.ratio or 0)
    return replace(figure, name=f"{name}: {figure.name}", bare=None, moto=None)


class Runs:
    """Starts the processes that measure."""

    def __init__(self, quick: bool, moto_python: str | None) -> None:
        self.quick = quick
        self._pythons = {"awsim": sys.executable, "bare": sys.executable, "moto": moto_python}
        self._answers: str | None = None
        self._bytecode = tempfile.TemporaryDirectory(prefix="awsim-benchmarks-")

    def fresh(self, section: str, backend: str, **environment: str) -> dict[str, Any]:
        """What `measure` of a section returns in a process of its own; nothing where moto is not installed."""
        python = self._pythons[backend]
        if python is None:
            return {}
        command = [python, "-m", "tests.benchmarks.child", section, backend, *(["quick"] if self.quick else [])]
        return json.loads(self._output(command, environment))

    def answers(self) -> str:
        if self._answers is None:
            program = "from tests.benchmarks import backends, whole; backends.isolate(); print(whole.record())"
            self._answers = self._output([sys.executable, "-c", program], {})
        return self._answers

    def _output(self, command: list[str], environment: dict[str, str]) -> str:
        """The last line that a command prints."""
        # Every process hashes alike, and finds its bytecode compiled once one of them has run.
        fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": self._bytecode.name}
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **fixed, **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed; its error is above")
        return done.stdout.strip().splitlines()[-1]


def moto_python(asked: str | None) -> str | None:
    """A Python that has moto: the one asked for, else this one, else none."""
    for python in (asked,) if asked else (sys.executable,):
        probe = "import importlib.util as u, sys; sys.exit(not (u.find_spec('moto') and u.find_spec('boto3')))"
        if subprocess.run([python, "-c", probe], check=False).returncode == 0:
            return python
    return None


def lines(title: str, figures: Iterable[Figure]) -> list[str]:
    header = f"{'':44}{'bare':>12}{'awsim':>14}{'× bare':>9}{'moto':>12}{'budget':>10}"
    rows = [f"{figure.name[:43]:44}{_number(figure.bare, figure.unit):>12}{_number(figure.value, figure.unit):>14}"
            f"{_ratio(figure.ratio):>9}{_moto(figure):>12}{_budget(figure):>10}  {figure.verdict}".rstrip()
            for figure in figures]  # fmt: skip
    return ["", title, header, "-" * len(header), *rows]


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} ×"


def _moto(figure: Figure) -> str:
    if figure.moto is not None:
        return _ratio(figure.moto)
    return _number(figure.moto_value, figure.unit)


def _budget(figure: Figure) -> str:
    if figure.budget is not None:
        return f"≤ {figure.budget:g} ×"
    return "" if figure.limit is None else f"≤ {figure.limit:g}"
