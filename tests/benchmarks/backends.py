"""The mocks that are measured: awsim, moto, and none at all. None is imported before a child process measures it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def isolate() -> None:
    """Give the process credentials of its own, the same for every backend, and no configuration files."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(CREDENTIALS, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


def mock(backend: str) -> Callable[[], AbstractContextManager[Any]]:
    """`mock_aws` of a backend ("awsim" or "moto"), imported now."""
    if backend == "awsim":
        from awsim import mock_aws
    elif backend == "moto":
        from moto import mock_aws
    else:
        raise ValueError(backend)
    return mock_aws
