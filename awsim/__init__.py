"""awsim: AWS inside a Python process, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError, AwsimError

if TYPE_CHECKING:
    from awsim.cloud import Cloud
    from awsim.mocking import mock_aws

__version__ = "0.1.0"
__all__ = ["AWSError", "AwsimError", "Cloud", "mock_aws"]


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run, for the plugin: the rest is imported when somebody asks for it.
    if name == "mock_aws":
        from awsim.mocking import mock_aws

        return mock_aws
    if name == "Cloud":
        from awsim.cloud import Cloud

        return Cloud
    raise AttributeError(f"module 'awsim' has no attribute {name!r}")
