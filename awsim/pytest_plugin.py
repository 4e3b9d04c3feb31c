"""The pytest plugin: fixture `aws`, marker `aws`, and decorated test classes with everything that is set up for them.

pytest loads it in every run, so nothing of awsim is imported before a test needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from awsim.cloud import Cloud

_CLASS_FIXTURE = "_awsim_class"
_TEST_FIXTURE = "_awsim_test"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("awsim", "awsim: AWS inside this process")
    group.addoption(
        "--awsim-explore",
        type=int,
        default=0,
        metavar="N",
        help="run every test that mocks AWS in up to N universes, each a legal AWS history, and shrink what fails",
    )
    group.addoption(
        "--awsim-report",
        nargs="?",
        const="",
        metavar="FILE.html",
        help="say at the end what the tests did with AWS, in the terminal and, with a file, as one HTML page",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("awsim_explore"):
        from awsim import mocking

        earlier, mocking.suite_explore = mocking.suite_explore, config.getoption("awsim_explore")
        config.add_cleanup(lambda: setattr(mocking, "suite_explore", earlier))
    if config.getoption("awsim_report") is not None:
        config.pluginmanager.register(_Report(config), "awsim-report")
    config.addinivalue_line(
        "markers",
        "aws(**options): mock AWS for the test, with options of awsim.mock_aws; those of class and module merge in",
    )


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """A simulated AWS that answers every call of the test; options come from `@pytest.mark.aws(...)`."""
    from awsim.mocking import Mock, active

    with active(Mock(options_of(request.node))) as cloud:
        yield cloud


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Have the test function, and none of its fixtures, called in many universes where that is asked for."""
    # Nothing is mocked before this module is imported.
    intercept = sys.modules.get("awsim.intercept")
    cloud = None if intercept is None else intercept.active()
    if cloud is None or not cloud.explore or cloud.exploring:
        yield
        return
    from awsim.mocking import explored

    function = pyfuncitem.obj
    mark, options = "@mock_aws", {}
    if "aws" in pyfuncitem.fixturenames:
        mark, options = "@pytest.mark.aws", options_of(pyfuncitem)
    elif (class_mock := _class_mock(pyfuncitem)) is not None:
        options = class_mock.options
    pyfuncitem.obj = explored(cloud, function, mark, options, pyfuncitem.name)
    try:
        yield
    finally:
        pyfuncitem.obj = function


def options_of(item: Any) -> dict[str, Any]:
    """The options of all `aws` marks of a test. The nearest mark wins; limits are merged by name."""
    options: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("aws"))):
        if mark.args:
            raise pytest.UsageError(
                f"@pytest.mark.aws takes options by name, as @pytest.mark.aws(region='eu-west-1'), not {mark.args!r}"
            )
        limits.update(mark.kwargs.get("limits") or {})
        options.update(mark.kwargs)
    if limits:
        options["limits"] = limits
    return options


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marked tests get the fixture `aws`, tests of decorated classes the Clouds of their class."""
    names = getattr(item, "fixturenames", None)
    if names is None:
        return
    if "aws" not in names and item.get_closest_marker("aws") is not None:
        names.append("aws")
    # Nothing can be decorated before this module is imported.
    if "awsim.mocking" in sys.modules and _class_mock(item) is not None:
        _insert(item, names)


def _class_mock(node: Any) -> Any:
    """The mock of the innermost decorated class around a test or class, None if there is none."""
    from awsim.mocking import class_mock_of

    for outer in reversed(node.listchain()):
        if isinstance(outer, pytest.Class) and (class_mock := class_mock_of(outer.obj)) is not None:
            return class_mock
    return None


def _insert(item: Any, names: list[str]) -> None:
    """The class's fixture before all others of its scope, the test's before all others of the test."""
    definitions = item._fixtureinfo.name2fixturedefs
    scopes = [definitions[name][-1].scope if name in definitions else "function" for name in names]
    start = next((i for i, scope in enumerate(scopes) if scope == "function"), len(names))
    names.insert(start, _TEST_FIXTURE)
    shared = next((i for i, scope in enumerate(scopes) if scope == "class"), None)
    if shared is not None:
        names.insert(shared, _CLASS_FIXTURE)


@pytest.fixture(scope="class")
def _awsim_class(request: pytest.FixtureRequest) -> Iterator[None]:
    """The Cloud in which a decorated class prepares what its tests share."""
    class_mock = _class_mock(request.node)
    class_mock.open_class(request.cls)
    yield
    class_mock.close_class(request.cls)


@pytest.fixture
def _awsim_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Around a test of a decorated class, its set-up methods and its fixtures."""
    with _class_mock(request.node).test(request.cls):
        yield


class _Report:
    """Gathers what the Clouds of all tests did; under pytest-xdist the workers gather and the controller reports."""

    def __init__(self, config: pytest.Config) -> None:
        from awsim.cloud import Cloud
        from awsim.report import Recorder

        self._config = config
        self._recorder = Recorder()
        earlier, Cloud.observer = Cloud.observer, self._recorder
        config.add_cleanup(lambda: setattr(Cloud, "observer", earlier))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._recorder.test = item.nodeid
        yield

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        data = getattr(node, "workeroutput", {}).get("awsim_report")
        if data is not None:
            self._recorder.merge(data)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["awsim_report"] = self._recorder.data()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        from awsim import report

        terminalreporter.section("awsim")
        for line in report.lines(self._recorder):
            terminalreporter.write_line(line)
        path = self._config.getoption("awsim_report")
        if path:
            target = self._config.invocation_params.dir / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(report.page(self._recorder), "utf-8")
            terminalreporter.write_line("")
            terminalreporter.write_line(f"the whole of it: {target}")
