"""`mock_aws`: the decorator and context manager that makes a Cloud answer for AWS.

@mock_aws                               with mock_aws(region="eu-west-1") as aws:
def test(): ...                             ...
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import time
import warnings
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

import wrapt

# All that every mock needs is imported here, and not by the first test.
import awsim.intercept.serving  # noqa: F401
from awsim import intercept
from awsim.cloud import Cloud
from awsim.errors import AwsimError

_T = TypeVar("_T", bound=Callable[..., Any])

_OPTIONS = (
    "account", "as_of", "at", "authorization", "consistency", "explore", "lifecycle", "limits", "realistic", "region",
    "replay", "seed", "throttling",
)  # fmt: skip
# Universes for each test of a whole suite (`pytest --awsim-explore`); 0: only where a test asks for them.
suite_explore = 0

_SWITCHES = ("authorization", "realistic", "throttling")
_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+)+-\d+")


class WrongOption(AwsimError, TypeError):
    """`mock_aws` was given what it does not take, or was used where it cannot work."""


class WrongValue(AwsimError, ValueError):
    """An option of `mock_aws` has a value that means nothing."""


@overload
def mock_aws(target: _T, /) -> _T: ...
@overload
def mock_aws(**options: Any) -> Mock: ...


def mock_aws(target: Any = None, /, **options: Any) -> Any:
    """Answer every call to AWS in this process, with `with`, `async with`, or as a decorator.

    Decorates functions, coroutine functions, (async) generator functions and test classes; bare or with options. The
    value of `with mock_aws() as aws` is the Cloud.

    region         "us-east-1"; the region where neither client, profile nor environment names one
    account        "123456789012"; the account of credentials that the simulated AWS did not issue
    limits         {"sqs.message-size": 1024, "ec2.*": None}; overrides of the table, None lifts a limit
    as_of          a date; the table's rows as AWS had them then
    consistency    "strong", or "eventual": reads that AWS does not promise to be current lag
    lifecycle      "instant", or "timed": AWS's own work takes its time on the clock
    throttling     True enforces everything that is a rate
    authorization  True evaluates every call against policies
    at             freezes time there; it then moves only by `aws.clock.advance` and by waits
    seed           0; seeds ids and every decision that AWS leaves open
    explore        on a decorated test: runs it in so many legal universes
    replay         the universe that a failed exploration printed
    realistic      eventual, timed, throttled and authorized

    Without options it joins the Cloud that is active, if there is one; with any it stacks a new one.
    """
    if target is None:
        return Mock(options)
    if options or not (callable(target) or isinstance(target, staticmethod | classmethod)):
        raise WrongOption(
            f"mock_aws takes options by name only: write mock_aws(region={target!r}) for a region,"
            " @mock_aws on a function or class, or with mock_aws() as aws:"
        )
    return Mock({})(target)


class Mock:
    """What `mock_aws(...)` returns: a context manager and decorator."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        _check(options)
        self._options = dict(options)
        self._entered: list[Activation] = []

    def activation(self) -> Activation:
        return Activation(self._options)

    @property
    def options(self) -> Mapping[str, Any]:
        """Those that were given."""
        return self._options

    def __enter__(self) -> Cloud:
        if self._options.get("explore"):
            raise WrongOption(
                "explore= runs a test many times, and a with block runs once: decorate the test with"
                f" @mock_aws(explore={self._options['explore']!r})"
            )
        activation = self.activation()
        cloud = activation.enter()
        self._entered.append(activation)
        return cloud

    def __exit__(self, *exception: object) -> None:
        self._entered.pop().exit()

    async def __aenter__(self) -> Cloud:
        return self.__enter__()

    async def __aexit__(self, *exception: object) -> None:
        self.__exit__()

    def __call__(self, target: _T) -> _T:
        if isinstance(target, type):
            return decorate_class(self, target)
        if type(target).__name__ == "FixtureFunctionDefinition":
            raise WrongOption(
                "put @mock_aws below @pytest.fixture, so that the fixture's function is what it decorates"
            )
        if not (callable(target) or isinstance(target, staticmethod | classmethod)):
            raise WrongOption(f"@mock_aws decorates functions and classes, not {target!r}")
        return _decorate(self, target)


def _check(options: Mapping[str, Any]) -> None:
    """Refuse unknown options and values of the wrong kind, with what to write instead."""
    for name, value in options.items():
        if name not in _OPTIONS:
            import difflib  # needed only on the way to an error

            near = difflib.get_close_matches(name, _OPTIONS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(_OPTIONS)}"
            raise WrongOption(f"mock_aws has no option {name!r}{hint}")
        if name in _SWITCHES:
            if not isinstance(value, bool):
                raise WrongValue(f"{name}={value!r}: write True or False")
        elif name == "region":
            if not (isinstance(value, str) and _REGION.fullmatch(value)):
                raise WrongValue(f"region={value!r}: write the name of a region, as 'eu-west-1'")
        elif name == "limits":
            if not (value is None or isinstance(value, Mapping)):
                raise WrongValue(f"limits={value!r}: write {{'sqs.message-size': 1024}}, or None to lift a limit")
        elif name in ("seed", "explore"):
            if isinstance(value, bool) or not isinstance(value, int) or (name == "explore" and value < 0):
                raise WrongValue(f"{name}={value!r}: write a whole number")
        elif name == "replay" and not (value is None or isinstance(value, str)):
            raise WrongValue(f"replay={value!r}: write what the failed exploration printed, as 'sqs.duplicate#3=1'")


class Activation:
    """One stay in a mock: it joins the active Cloud or brings its own."""

    __slots__ = ("_freezer", "_options", "cloud", "joined")

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._freezer: Any = None
        self.cloud: Any = None
        self.joined = False

    def enter(self) -> Cloud:
        options = self._options
        if not options and (active := intercept.active()) is not None:
            self.joined = True
            self.cloud = active
        else:
            if suite_explore and options.get("replay") is None:
                options = {"explore": suite_explore, **options}
            if options.get("at") is None and (options.get("explore") or options.get("replay") is not None):
                from awsim.explore import START

                options = {**options, "at": START}
            at = options.get("at")
            frozen = self._freeze(at) if at is not None else None
            try:
                self.cloud = Cloud(**options)
            except BaseException:
                self._thaw()
                raise
            if frozen is not None:
                self.cloud.clock.frozen = frozen
        try:
            # A Cloud that is joined stays active until the last who uses it has left.
            intercept.install(self.cloud)
        except BaseException:
            self._thaw()
            raise
        return self.cloud

    def exit(self) -> None:
        if Cloud.observer is not None and not self.joined:
            Cloud.observer.leaving(self.cloud)
        intercept.remove(self.cloud)
        self._thaw()
        if self._options.get("replay") and (unmet := self.cloud.choices.unmet):
            from awsim.choices import written

            warnings.warn(f"replay: the run did not come to decide {written(unmet)}", stacklevel=4)

    def _freeze(self, at: Any) -> Any:
        import freezegun

        from awsim.clock import epoch

        moment = datetime.fromtimestamp(epoch(at), UTC).replace(tzinfo=None)
        # pytest measures its durations in real time.
        freezer = freezegun.freeze_time(moment, real_asyncio=True, ignore=["_pytest.timing"])
        frozen = freezer.start()
        self._freezer = freezer
        _sleeps.put()
        return frozen

    def _thaw(self) -> None:
        if self._freezer is not None:
            _sleeps.take()
            if self.cloud is not None:
                self.cloud.clock.frozen = None
            self._freezer.stop()
            self._freezer = None


class _Sleeps:
    """`time.sleep` of the user's code as a wait on the frozen clock, also where it was imported by name."""

    def __init__(self) -> None:
        self._depth = 0
        self._replaced: list[Any] = []
        self._real = time.sleep

    def put(self) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        self._real = time.sleep
        for module in [time, *list(sys.modules.values())]:
            names = getattr(module, "__dict__", None)
            if names is not None and names.get("sleep") is self._real and (module is time or not _is_stdlib(module)):
                self._replaced.append(module)
                names["sleep"] = self._sleep

    def take(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            for module in self._replaced:
                if module.__dict__.get("sleep") == self._sleep:
                    module.__dict__["sleep"] = self._real
            self._replaced.clear()

    def _sleep(self, seconds: float) -> None:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        # The standard library sleeps to poll what happens in real time (processes that end, say).
        if caller.partition(".")[0] not in sys.stdlib_module_names:
            for entry in reversed(intercept.stack.entries):
                if entry.cloud.clock.frozen is not None:
                    if seconds < 0:
                        raise ValueError("sleep length must be non-negative")
                    entry.cloud.clock.sleep(seconds)
                    return
        self._real(seconds)


_sleeps = _Sleeps()


def _is_stdlib(module: Any) -> bool:
    return getattr(module, "__name__", "").partition(".")[0] in sys.stdlib_module_names


# --- functions


def _decorate(mock: Mock, function: Any) -> Any:
    """The function with a mock around each call; it keeps its signature, and its kind, for whoever inspects it."""
    bare = getattr(function, "__func__", function)
    while isinstance(bare, functools.partial):
        bare = bare.func
    if not inspect.isroutine(bare) and not isinstance(bare, type):
        bare = getattr(bare, "__call__", bare)  # noqa: B004 - an object that is called: its method says what it is

    if mock.options.get("explore") and (inspect.isgeneratorfunction(bare) or inspect.isasyncgenfunction(bare)):
        raise WrongOption("explore= runs a test many times; a generator (a fixture) cannot be run again")
    if inspect.iscoroutinefunction(bare):

        def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            return _coroutine(mock, wrapped, args, kwargs)

    elif inspect.isgeneratorfunction(bare):

        def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            return _generator(mock, wrapped, args, kwargs)

    elif inspect.isasyncgenfunction(bare):

        def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            return _async_generator(mock, wrapped, args, kwargs)

    else:

        def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            with active(mock) as cloud:
                if cloud.explore and _explores(mock, cloud, wrapped):
                    return explored(cloud, wrapped, "@mock_aws", mock.options)(*args, **kwargs)
                return wrapped(*args, **kwargs)

    return wrapt.FunctionWrapper(function, wrapper)


def _explores(mock: Mock, cloud: Cloud, function: Any) -> bool:
    """Whether a decorated function is the test that is to run in many universes, and not something it calls."""
    if cloud.exploring:
        return False
    if mock.options.get("explore"):
        return True
    # Of a whole suite the tests are explored, in Clouds of their own, and not their helpers.
    return bool(mock.options.get("explore", suite_explore)) and function.__name__.startswith("test")


def explored(cloud: Cloud, test: Any, mark: str, options: Mapping[str, Any], name: str = "") -> Any:
    """The test as one that runs in the universes of its Cloud; `mark(**options)` is what gave it that."""
    from awsim import explore

    called = name or getattr(test, "__name__", repr(test))

    if inspect.iscoroutinefunction(test):

        @functools.wraps(test)
        async def run_all_async(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            once = functools.partial(test, *args, **kwargs)
            return await explore.run_async(cloud, once, called, mark, options)

        return run_all_async

    @functools.wraps(test)
    def run_all(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return explore.run(cloud, functools.partial(test, *args, **kwargs), called, mark, options)

    return run_all


@contextmanager
def active(mock: Mock) -> Iterator[Cloud]:
    activation = mock.activation()
    cloud = activation.enter()
    try:
        yield cloud
    finally:
        activation.exit()


async def _coroutine(mock: Mock, function: Any, args: Any, kwargs: Any) -> Any:
    with active(mock) as cloud:
        if cloud.explore and _explores(mock, cloud, function):
            return await explored(cloud, function, "@mock_aws", mock.options)(*args, **kwargs)
        return await function(*args, **kwargs)


def _generator(mock: Mock, function: Any, args: Any, kwargs: Any) -> Generator[Any, Any, Any]:
    with active(mock):
        return (yield from function(*args, **kwargs))


async def _async_generator(mock: Mock, function: Any, args: Any, kwargs: Any) -> AsyncGenerator[Any, Any]:
    with active(mock):
        inner = function(*args, **kwargs)
        try:
            value = await anext(inner)
            while True:
                try:
                    sent = yield value
                except GeneratorExit:
                    raise
                except BaseException as error:
                    value = await inner.athrow(error)
                else:
                    value = await inner.asend(sent)
        except StopAsyncIteration:
            return
        finally:
            await inner.aclose()


# --- classes

_ATTRIBUTE = "_awsim_class_mock"


class ClassMock:
    """How a decorated test class gets its Clouds: one of its own for every test.

    Where the class prepares something for all of its tests (setUpClass, setup_class, class-scoped fixtures), that is
    done in a Cloud of the class, which after each test is restored to what it was then.
    """

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._classes: dict[type, Activation] = {}
        self._testing: set[type] = set()

    @property
    def options(self) -> Mapping[str, Any]:
        return self._mock.options

    def open_class(self, cls: type) -> None:
        activation = self._mock.activation()
        activation.enter()
        self._classes[cls] = activation

    def close_class(self, cls: type) -> None:
        activation = self._classes.pop(cls, None)
        if activation is not None:
            activation.exit()

    def is_open(self, cls: type) -> bool:
        return cls in self._classes

    @contextmanager
    def test(self, cls: type) -> Iterator[None]:
        """Around one test with everything that is set up for it alone. Nothing happens where it is in place already."""
        if cls in self._testing:
            yield
            return
        self._testing.add(cls)
        try:
            opened = self._classes.get(cls)
            if opened is None:
                with active(self._mock):
                    yield
            elif opened.joined:
                yield
            else:
                with _restored(opened.cloud):
                    yield
        finally:
            self._testing.discard(cls)


@contextmanager
def _restored(cloud: Cloud) -> Iterator[None]:
    before = cloud.snapshot()
    cloud.calls.clear()
    try:
        yield
    finally:
        cloud.restore(before)
        intercept.renew(cloud)


def class_mock_of(cls: Any) -> ClassMock | None:
    """The mock of a decorated class, or of the nearest base that is one."""
    return getattr(cls, _ATTRIBUTE, None)


def decorate_class(mock: Mock, cls: Any) -> Any:
    class_mock = ClassMock(mock)
    setattr(cls, _ATTRIBUTE, class_mock)
    unittest = sys.modules.get("unittest")
    if unittest is not None and issubclass(cls, unittest.TestCase):
        _decorate_test_case(class_mock, cls, unittest)
    else:
        _decorate_methods(class_mock, cls)
    return cls


def _decorate_test_case(class_mock: ClassMock, cls: Any, unittest: Any) -> None:
    """unittest: `run` is around setUp, the test, tearDown and clean-ups; also of inherited tests and async cases."""
    run = cls.run
    debug = cls.debug
    set_up = inspect.getattr_static(cls, "setUpClass")

    def run_mocked(self: Any, result: Any = None) -> Any:
        if class_mock_of(type(self)) is not class_mock:
            return run(self, result)  # a subclass is decorated too: its own mock is in place
        with class_mock.test(type(self)), _explored_case(class_mock, self):
            return run(self, result)

    def debug_mocked(self: Any) -> Any:
        if class_mock_of(type(self)) is not class_mock:
            return debug(self)
        with class_mock.test(type(self)), _explored_case(class_mock, self):
            return debug(self)

    def set_up_mocked(owner: Any) -> None:
        mine = class_mock_of(owner) is class_mock and not class_mock.is_open(owner)
        if mine and _prepares(inspect.getattr_static(owner, "setUpClass"), unittest):
            class_mock.open_class(owner)
            owner.addClassCleanup(class_mock.close_class, owner)
        set_up.__get__(None, owner)()

    for function, original in ((run_mocked, run), (debug_mocked, debug), (set_up_mocked, unittest.TestCase.setUpClass)):
        function.__name__ = original.__name__
        function.__doc__ = original.__doc__
    set_up_mocked.prepares = _prepares(set_up, unittest)  # type: ignore[attr-defined]
    cls.run = run_mocked
    cls.debug = debug_mocked
    cls.setUpClass = classmethod(set_up_mocked)


@contextmanager
def _explored_case(class_mock: ClassMock, case: Any) -> Iterator[None]:
    """Have unittest call the test method, and not what it sets up for it, in many universes where that is asked for."""
    cloud = intercept.active()
    name = getattr(case, "_testMethodName", "")
    if cloud is None or not cloud.explore or cloud.exploring or not hasattr(case, name):
        yield
        return
    before = case.__dict__.get(name)
    case.__dict__[name] = explored(cloud, getattr(case, name), "@mock_aws", class_mock.options, name)
    try:
        yield
    finally:
        case.__dict__.pop(name, None)
        if before is not None:
            case.__dict__[name] = before


def _prepares(set_up: Any, unittest: Any) -> bool:
    """Whether a setUpClass is anything but unittest's own empty one (with ours around it)."""
    function = set_up.__func__
    return getattr(function, "prepares", function is not unittest.TestCase.setUpClass.__func__)


def _decorate_methods(class_mock: ClassMock, cls: Any) -> None:
    """Plain classes: every test method. Under pytest the plugin puts set-up methods and fixtures inside as well."""
    for name in dir(cls):
        if not name.startswith("test"):
            continue
        method = inspect.getattr_static(cls, name)
        if inspect.isfunction(method):
            setattr(cls, name, wrapt.FunctionWrapper(method, _method_wrapper(class_mock, method)))


def _method_wrapper(class_mock: ClassMock, method: Any) -> Any:
    async def run_async(wrapped: Any, cls: type, args: Any, kwargs: Any) -> Any:
        with class_mock.test(cls):
            cloud = intercept.active()
            if cloud is not None and cloud.explore and not cloud.exploring:
                wrapped = explored(cloud, wrapped, "@mock_aws", class_mock.options)
            return await wrapped(*args, **kwargs)

    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        cls = type(instance)
        if inspect.iscoroutinefunction(method):
            return run_async(wrapped, cls, args, kwargs)
        with class_mock.test(cls):
            cloud = intercept.active()
            if cloud is not None and cloud.explore and not cloud.exploring:
                wrapped = explored(cloud, wrapped, "@mock_aws", class_mock.options)
            return wrapped(*args, **kwargs)

    return wrapper
