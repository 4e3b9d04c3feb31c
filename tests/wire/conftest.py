"""`--wire-all` (or AWSIM_WIRE_ALL=1): round trips of every operation of every service, not of a sample."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--wire-all", action="store_true", help="round trips of every operation, not of a sample")


@pytest.fixture(scope="session")
def wire_all(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--wire-all", False) or os.environ.get("AWSIM_WIRE_ALL"))
