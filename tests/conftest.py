"""What all tests share."""

import botocore
import pytest

# Tests about members and operations that botocore's models have come to know since the oldest version awsim supports.
_NEWER = (1, 40)


def pytest_collection_modifyitems(items):
    version = tuple(int(part) for part in botocore.__version__.split(".")[:2])
    if version >= _NEWER:
        return
    skip = pytest.mark.skip(reason=f"botocore {botocore.__version__} does not know what this test is about")
    for item in items:
        if item.get_closest_marker("newer_botocore") is not None:
            item.add_marker(skip)
