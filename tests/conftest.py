"""What all tests share: options, what an old botocore cannot know, and counts that are printed at the end of a run."""

from collections import Counter

import botocore
import pytest

# Tests about members and operations that botocore's models have come to know since the oldest version awsim supports.
_NEWER = (1, 40)

_counts: Counter[str] = Counter()


def pytest_addoption(parser):
    parser.addoption("--wire-all", action="store_true", help="round trips of every operation, not of a sample")


@pytest.fixture(scope="session")
def wire_counts():
    """Counts of what went over the wire and back, printed at the end of the run."""
    return _counts


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["wire_counts"] = dict(_counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    _counts.update(getattr(node, "workeroutput", {}).get("wire_counts", {}))


def pytest_terminal_summary(terminalreporter):
    if _counts:
        text = ", ".join(f"{count:,} {what}" for what, count in sorted(_counts.items()))
        terminalreporter.write_line(f"wire: {text}")


def pytest_collection_modifyitems(items):
    version = tuple(int(part) for part in botocore.__version__.split(".")[:2])
    if version >= _NEWER:
        return
    skip = pytest.mark.skip(reason=f"botocore {botocore.__version__} does not know what this test is about")
    for item in items:
        if item.get_closest_marker("newer_botocore") is not None:
            item.add_marker(skip)
