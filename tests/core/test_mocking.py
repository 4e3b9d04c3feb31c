"""`mock_aws` in all its uses."""

import asyncio
import datetime
import functools
import inspect
import time
import unittest

import pytest

from awsim import AwsimError, intercept, mock_aws
from awsim.mocking import WrongOption, WrongValue

# --- functions


@mock_aws
def plain(a, b=2, *, c=3):
    """Doc."""
    return a, b, c, intercept.active()


@mock_aws(region="eu-west-1")
async def coroutine(a):
    await asyncio.sleep(0)
    return a, intercept.active()


@mock_aws()
def generator():
    sent = yield intercept.active()
    yield sent, intercept.active()


@mock_aws(seed=3)
async def async_generator():
    try:
        sent = yield intercept.active()
        yield sent, intercept.active()
    except KeyError:
        yield "caught", intercept.active()


def test_a_function_keeps_its_signature_and_runs_in_a_cloud():
    assert str(inspect.signature(plain)) == "(a, b=2, *, c=3)"
    assert (plain.__name__, plain.__doc__) == ("plain", "Doc.")
    *values, cloud = plain(1, c=4)
    assert values == [1, 2, 4]
    assert cloud is not None
    assert plain(1)[-1] is not cloud, "every call has a Cloud of its own"
    assert intercept.active() is None


def test_kinds_of_functions_are_kept():
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)


def test_a_coroutine_function():
    value, cloud = asyncio.run(coroutine(1))
    assert (value, cloud.region) == (1, "eu-west-1")
    assert intercept.active() is None


def test_a_generator_is_in_its_cloud_until_it_ends():
    running = generator()
    assert intercept.active() is None
    cloud = next(running)
    assert cloud is not None
    assert running.send("x") == ("x", cloud)
    assert list(running) == []
    assert intercept.active() is None
    abandoned = generator()
    next(abandoned)
    abandoned.close()
    assert intercept.active() is None


def test_an_async_generator_passes_on_what_is_sent_and_thrown():
    async def main():
        running = async_generator()
        cloud = await anext(running)
        assert cloud.seed == 3
        assert await running.asend("x") == ("x", cloud)
        assert [each async for each in running] == []
        assert intercept.active() is None
        running = async_generator()
        cloud = await anext(running)
        assert await running.athrow(KeyError()) == ("caught", cloud)
        await running.aclose()
        assert intercept.active() is None

    asyncio.run(main())


def test_methods_static_methods_and_partials():
    class Program:
        @mock_aws
        def method(self):
            return self, intercept.active()

        @mock_aws
        @staticmethod
        def static(a):
            return a, intercept.active()

        @mock_aws
        @classmethod
        def of_class(cls):
            return cls, intercept.active()

    program = Program()
    assert program.method()[0] is program
    assert Program.static(1)[0] == 1
    assert Program.of_class()[0] is Program
    for _, cloud in (program.method(), Program.static(1), Program.of_class()):
        assert cloud is not None
    assert mock_aws(functools.partial(plain.__wrapped__, 5))()[0] == 5
    assert asyncio.run(mock_aws(functools.partial(coroutine.__wrapped__, 5))())[0] == 5


def test_an_exception_ends_the_mock_and_goes_on():
    @mock_aws
    def fails():
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fails()
    assert intercept.active() is None


# --- with


def test_with_gives_the_cloud():
    with mock_aws(region="eu-west-1", account="222222222222") as aws:
        assert intercept.active() is aws
        assert (aws.region, aws.account) == ("eu-west-1", "222222222222")
    assert intercept.active() is None


def test_async_with_and_one_mock_used_again():
    mock = mock_aws(seed=1)

    async def main():
        async with mock as one:
            async with mock as two:
                assert two is not one
                assert intercept.active() is two
            assert intercept.active() is one
            return one

    assert asyncio.run(main()) is not asyncio.run(main())
    assert intercept.active() is None


def test_without_options_it_joins_and_with_any_it_stacks():
    with mock_aws() as outer:
        assert plain(1)[-1] is outer
        with mock_aws(explore=0) as inner:
            assert inner is not outer
        assert asyncio.run(coroutine(1))[-1] is not outer


# --- options


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"regoin": "eu-west-1"}, WrongOption, "no option 'regoin'; did you mean 'region'"),
        ({"x": 1}, WrongOption, "no option 'x'; there are account, as_of"),
        ({"region": "mars"}, WrongValue, "write the name of a region, as 'eu-west-1'"),
        ({"region": None}, WrongValue, "write the name of a region"),
        ({"throttling": "yes"}, WrongValue, "throttling='yes': write True or False"),
        ({"limits": ["sqs.message-size"]}, WrongValue, "write {'sqs.message-size': 1024}"),
        ({"seed": "x"}, WrongValue, "seed='x': write a whole number"),
        ({"explore": -1}, WrongValue, "explore=-1: write a whole number"),
        ({"replay": 3}, WrongValue, "write what the failed exploration printed"),
        ({"account": 123}, AwsimError, "an account is 12 digits"),
        ({"consistency": "weak"}, AwsimError, "write 'strong' or 'eventual'"),
        ({"at": "yesterday"}, AwsimError, "is no point in time; write it as"),
        ({"as_of": "long ago"}, AwsimError, "write a date, as '2020-11-30'"),
        ({"limits": {"sqs.mesage-size": 1}}, AwsimError, "sqs.message-size"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
def test_wrong_options_say_what_to_write(options, kind, words):
    with pytest.raises(kind) as caught, mock_aws(**options):
        pass
    assert words in str(caught.value)
    assert intercept.active() is None
    assert time.sleep.__module__ == "time"


def test_wrong_uses_say_what_to_write():
    with pytest.raises(TypeError, match=r"mock_aws\(region='eu-west-1'\)"):
        mock_aws("eu-west-1")
    with pytest.raises(TypeError, match=r"decorate the test with @mock_aws\(explore=5\)"), mock_aws(explore=5):
        pass
    with pytest.raises(WrongOption, match="a generator"):
        mock_aws(explore=5)(generator)
    with pytest.raises(WrongOption, match="decorates functions and classes"):
        mock_aws(seed=1)(3)
    with pytest.raises(WrongOption, match=r"put @mock_aws below @pytest\.fixture"):
        mock_aws(pytest.fixture(lambda: 1))


# --- at


# As `from time import sleep` binds it.
sleep = time.sleep


def test_at_freezes_and_waits_move():
    genuine = time.sleep
    with mock_aws(at="2030-01-01") as aws:
        assert datetime.datetime.now(datetime.UTC).replace(tzinfo=None) == datetime.datetime(2030, 1, 1)
        time.sleep(60)
        assert aws.clock.time() == 1893456060
        aws.clock.advance(hours=1)
        assert time.time() == 1893456060 + 3600
        sleep(1)
        assert time.time() == 1893456061 + 3600
        with pytest.raises(ValueError, match="non-negative"):
            time.sleep(-1)
    assert time.sleep is genuine
    assert sleep is genuine
    assert not hasattr(time.time, "__wrapped__")
    assert abs(time.time() - 1893456000) > 10000


def test_at_in_async_code_does_not_stop_the_loop():
    async def main():
        async with mock_aws(at=datetime.datetime(2030, 1, 1)) as aws:
            await asyncio.sleep(0.001)
            await aws.clock.sleep_async(30)
            assert aws.clock.time() == 1893456030

    asyncio.run(main())


def test_the_standard_library_sleeps_for_real():
    import subprocess
    import sys

    with mock_aws(at="2030-01-01") as aws:
        process = subprocess.Popen([sys.executable, "-S", "-c", "pass"])
        process.wait(timeout=30)
        assert process.returncode == 0
        assert aws.clock.time() == 1893456000


def test_nested_at():
    with mock_aws(at="2030-01-01") as outer:
        with mock_aws(at="2031-01-01") as inner:
            time.sleep(5)
            assert inner.clock.time() == 1924992005
        assert outer.clock.time() == 1893456000
        time.sleep(5)
        assert outer.clock.time() == 1893456005
    assert not hasattr(time.sleep, "__self__") or time.sleep.__self__ is time


# --- unittest


def run(case):
    """The results of a TestCase run by unittest itself."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert result.errors == [], result.errors[0][1]
    assert result.failures == [], result.failures[0][1]
    assert intercept.active() is None
    return result.testsRun


def make(name, aws=None):
    (aws or intercept.active()).call("sqs", "CreateQueue", QueueName=name)


def names(aws=None):
    urls = (aws or intercept.active()).call("sqs", "ListQueues").get("QueueUrls", [])
    return [url.rpartition("/")[2] for url in urls]


def test_a_test_case_has_a_fresh_cloud_for_every_test():
    log = []

    class Base(unittest.TestCase):
        def test_inherited(self):
            log.append(intercept.active())
            assert names() == ["from-set-up"]
            make("more")

    @mock_aws(region="eu-west-1")
    class Case(Base):
        def setUp(self):
            self.addCleanup(lambda: names().index("from-set-up"))
            make("from-set-up")

        def tearDown(self):
            assert "from-set-up" in names()

        def test_one(self):
            log.append(intercept.active())
            assert names() == ["from-set-up"]
            make("another")

        def test_two(self):
            self.test_one()

    assert isinstance(Case, type)
    assert run(Case) == 3
    assert len(set(map(id, log))) == 3
    assert {cloud.region for cloud in log} == {"eu-west-1"}


def test_set_up_class_is_shared_and_tests_are_not():
    log = []

    @mock_aws
    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            cls.cloud = intercept.active()
            make("shared")
            cls.started = cls.cloud.clock.time()

        @classmethod
        def tearDownClass(cls):
            assert names() == ["shared"]
            log.append("down")

        def test_one(self):
            assert intercept.active() is self.cloud
            assert names() == ["shared"]
            assert len(self.cloud.calls) == 1, "the journal is the test's own"
            make("mine")
            self.cloud.clock.advance(hours=1)
            assert self.cloud.clock.time() < self.started + 3700
            log.append("test")

        test_two = test_one

    assert run(Case) == 2
    assert log == ["test", "test", "down"]


def test_a_set_up_class_that_fails_leaves_nothing():
    @mock_aws
    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise KeyError

        def test_one(self):
            """Never run."""

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert len(result.errors) == 1
    assert intercept.active() is None


def test_subclasses_of_a_decorated_class_are_mocked_too_and_their_own_options_win():
    log = []

    @mock_aws(region="eu-west-1")
    class Base(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            make("shared")

        def test_one(self):
            assert names() == ["shared"]
            log.append(intercept.active().region)

    class Undecorated(Base):
        """As its base."""

    @mock_aws(region="eu-north-1")
    class Decorated(Base):
        def test_two(self):
            self.test_one()

    assert run(Undecorated) == 1
    assert run(Decorated) == 2
    assert log == ["eu-west-1", "eu-north-1", "eu-north-1"]


def test_async_test_cases():
    log = []

    @mock_aws
    class Case(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            make("from-set-up")

        async def test_one(self):
            await asyncio.sleep(0)
            assert names() == ["from-set-up"]
            make("another")
            log.append(intercept.active())

        async def test_two(self):
            await self.test_one()

    assert run(Case) == 2
    assert log[0] is not log[1]


def test_a_failing_test_fails_and_ends_its_mock():
    @mock_aws
    class Case(unittest.TestCase):
        def test_one(self):
            raise AssertionError("mine")

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert "mine" in result.failures[0][1]
    assert intercept.active() is None


def test_a_decorated_class_inside_a_cloud_joins_it():
    @mock_aws
    class Case(unittest.TestCase):
        def test_one(self):
            assert intercept.active() is outer

    with mock_aws() as outer:
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


# --- plain classes, as this very pytest runs them


class Inherited:
    def test_inherited(self):
        self.check("inherited")


@mock_aws(region="eu-west-1")
class TestPlainClass(Inherited):
    clouds = set()

    @pytest.fixture(autouse=True)
    def prepared(self):
        make("from-fixture")

    def setup_method(self):
        make("from-set-up")

    def teardown_method(self):
        assert "from-set-up" in names()

    def check(self, name):
        assert set(names()) == {"from-fixture", "from-set-up"}
        assert intercept.active().region == "eu-west-1"
        assert id(intercept.active()) not in self.clouds
        make(name)

    def test_one(self):
        self.check("one")

    @pytest.mark.parametrize("value", [1, 2])
    def test_parametrised(self, value, tmp_path):
        self.check(f"p{value}")
        assert tmp_path.exists()

    def test_the_fixture_joins(self, aws):
        assert aws is intercept.active()
        self.check("fixture")


@mock_aws
class TestPlainClassWithSharedSetUp:
    @classmethod
    def setup_class(cls):
        cls.cloud = intercept.active()
        make("shared")

    @classmethod
    def teardown_class(cls):
        assert intercept.active() is cls.cloud
        assert set(names()) == {"shared", "from-fixture"}

    @pytest.fixture(autouse=True, scope="class")
    def for_the_class(self):
        assert names() == ["shared"]
        make("from-fixture")

    @pytest.fixture
    def mine(self):
        make("mine")

    def test_one(self, mine):
        assert set(names()) == {"shared", "from-fixture", "mine"}
        make("more")

    def test_two(self, mine):
        self.test_one(mine)


@mock_aws
class TestCaseUnderPytest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        make("shared")

    @pytest.fixture(autouse=True)
    def prepared(self):
        make("from-fixture")

    def setUp(self):
        make("from-set-up")

    def test_one(self):
        assert set(names()) == {"shared", "from-fixture", "from-set-up"}
        make("more")

    def test_two(self):
        self.test_one()


def test_no_class_left_its_cloud_behind():
    assert intercept.active() is None


def test_methods_called_by_hand():
    @mock_aws
    class Case:
        def test_one(self):
            return intercept.active()

        async def test_two(self):
            return intercept.active()

    assert Case().test_one() is not None
    assert asyncio.run(Case().test_two()) is not None
    assert intercept.active() is None
