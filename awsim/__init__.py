"""awsim: AWS inside a Python process, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError, AwsimError
from awsim.mocking import mock_aws

if TYPE_CHECKING:
    from awsim.cloud import Cloud

__version__ = "0.1.0"
__all__ = ["AWSError", "AwsimError", "Cloud", "mock_aws"]


def __getattr__(name: str) -> Any:
    # The simulation itself is imported when the first mock starts.
    if name == "Cloud":
        from awsim.cloud import Cloud

        return Cloud
    raise AttributeError(f"module 'awsim' has no attribute {name!r}")
