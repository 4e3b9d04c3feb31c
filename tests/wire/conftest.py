"""`--wire-all` (or AWSIM_WIRE_ALL=1): round trips of every operation of every service, not of a sample."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

_counts: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--wire-all", action="store_true", help="round trips of every operation, not of a sample")


@pytest.fixture(scope="session")
def wire_counts() -> Counter[str]:
    """Counts that are printed at the end of the run."""
    return _counts


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _counts:
        text = ", ".join(f"{count:,} {what}" for what, count in sorted(_counts.items()))
        terminalreporter.write_line(f"wire round trips: {text}")
