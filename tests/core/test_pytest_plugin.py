"""The pytest plugin, in test suites of its own."""

import subprocess
import sys
import textwrap

import pytest

from awsim import mock_aws

pytest_plugins = ["pytester"]

# hypothesis takes seconds to sum up that it has found nothing.
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:hypothesispytest")

HELPERS = """
import pytest
from awsim import intercept, mock_aws
def make(name):
    intercept.active().call("sqs", "CreateQueue", QueueName=name)
def names():
    urls = intercept.active().call("sqs", "ListQueues").get("QueueUrls", [])
    return {url.rpartition("/")[2] for url in urls}
"""


@pytest.fixture(scope="module", autouse=True)
def imported():
    """What is imported inside pytester's runs is imported anew in each."""
    with mock_aws() as aws:
        aws.call("sqs", "ListQueues")


@pytest.fixture
def suite(pytester):
    """Run a test module (with HELPERS before it) and give its result."""

    def run(text, *options):
        pytester.makepyfile(HELPERS + textwrap.dedent(text))
        return pytester.runpytest_inprocess(*WITHOUT, *options)

    return run


def passed(result, count):
    result.assert_outcomes(passed=count)


def test_the_fixture_is_an_active_cloud_of_the_tests_own(suite):
    passed(
        suite(
            """
            seen = []
            @pytest.mark.parametrize("value", [1, 2])
            def test_it(aws, value):
                assert intercept.active() is aws
                assert names() == set()
                make("mine")
                seen.append(aws)
            def test_after():
                assert intercept.active() is None
                assert seen[0] is not seen[1]
            """
        ),
        3,
    )


def test_options_come_from_marks_and_the_nearest_wins(suite):
    passed(
        suite(
            """
            pytestmark = pytest.mark.aws(region="eu-west-1", seed=1, limits={"sqs.message-size": 10})

            @pytest.mark.aws(seed=2)
            class TestClass:
                @pytest.mark.aws(account="222222222222", limits={"sqs.message-attributes": 3})
                def test_merged(self, aws):
                    assert (aws.region, aws.seed, aws.account) == ("eu-west-1", 2, "222222222222")
                    assert aws.limits["sqs.message-size"] == 10
                    assert aws.limits["sqs.message-attributes"] == 3

                def test_class(self, aws):
                    assert (aws.region, aws.seed, aws.account) == ("eu-west-1", 2, "123456789012")

            def test_module(aws):
                assert (aws.region, aws.seed) == ("eu-west-1", 1)
            """,
            "--strict-markers",
        ),
        3,
    )


def test_a_marked_test_is_mocked_without_asking_for_the_fixture(suite):
    passed(
        suite(
            """
            @pytest.mark.aws(region="eu-west-1")
            def test_it():
                assert intercept.active().region == "eu-west-1"
            """
        ),
        1,
    )


def test_wrong_marks_say_what_to_write(suite):
    result = suite(
        """
        @pytest.mark.aws("eu-west-1")
        def test_position(aws): pass
        @pytest.mark.aws(regoin="eu-west-1")
        def test_name(aws): pass
        """
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*as @pytest.mark.aws(region='eu-west-1'), not ('eu-west-1',)*"])
    result.stdout.fnmatch_lines(["*no option 'regoin'; did you mean 'region'*"])


def test_the_fixture_joins_what_is_active_or_stacks_on_it(suite):
    passed(
        suite(
            """
            @pytest.fixture(autouse=True)
            def outer():
                with mock_aws() as cloud:
                    yield cloud
            def test_joins(aws, outer):
                assert aws is outer
            @pytest.mark.aws(seed=1)
            def test_stacks(aws, outer):
                assert aws is not outer
                assert intercept.active() is aws
            """
        ),
        2,
    )


def test_a_decorated_function_joins_the_fixture(suite):
    passed(
        suite(
            """
            @pytest.fixture
            def queue(aws):
                make("from-fixture")
            @mock_aws
            def test_it(queue, aws, tmp_path):
                assert intercept.active() is aws
                assert names() == {"from-fixture"}
            @pytest.fixture
            @mock_aws
            def decorated():
                make("from-decorated-fixture")
                yield intercept.active()
            def test_decorated_fixture(decorated):
                assert intercept.active() is decorated
                assert names() == {"from-decorated-fixture"}
            def test_after():
                assert intercept.active() is None
            """
        ),
        3,
    )


def test_decorated_classes_with_every_kind_of_set_up(suite):
    passed(
        suite(
            """
            import unittest
            clouds = []

            class Base:
                def test_inherited(self):
                    assert names() == {"method"}
                    make("inherited")
                    clouds.append(intercept.active())

            @mock_aws
            class TestMethods(Base):
                def setup_method(self):
                    make("method")
                def should_be_collected_too(self):
                    self.test_inherited()

            @mock_aws
            class TestShared:
                @classmethod
                def setup_class(cls):
                    make("class")
                @pytest.fixture
                def mine(self):
                    make("fixture")
                def test_one(self, mine):
                    assert names() == {"class", "fixture"}
                    make("one")
                def test_two(self):
                    assert names() == {"class"}
                    make("two")
                def test_three(self):
                    assert names() == {"class"}

                class TestNested:
                    def test_nested(self):
                        assert names() == {"class"}, "pytest runs the outer set-up for the inner class too"
                        make("nested")

            @mock_aws
            class TestUnit(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    make("class")
                @pytest.fixture(autouse=True)
                def mine(self):
                    make("fixture")
                def setUp(self):
                    make("unit")
                def test_one(self):
                    assert names() == {"class", "fixture", "unit"}
                    make("one")
                test_two = test_one

            def test_after():
                assert intercept.active() is None
                assert len(set(map(id, clouds))) == 2
            """,
            "-o",
            "python_functions=test should",
        ),
        9,
    )


def test_without_the_plugin_test_methods_are_still_mocked(pytester):
    pytester.makepyfile(
        HELPERS
        + """
@mock_aws
class TestMethods:
    def test_one(self):
        assert names() == set()
        make("one")
    def test_two(self):
        assert names() == set()
        make("two")
"""
    )
    result = pytester.runpytest_subprocess("-p", "no:awsim", *WITHOUT)
    passed(result, 2)


def test_async_tests_and_fixtures(suite):
    pytest.importorskip("pytest_asyncio")
    passed(
        suite(
            """
            import asyncio, pytest_asyncio
            @pytest_asyncio.fixture
            @mock_aws
            async def queue():
                await asyncio.sleep(0)
                make("from-fixture")
                yield intercept.active()
            @pytest.mark.asyncio
            async def test_fixture(queue):
                await asyncio.sleep(0)
                assert names() == {"from-fixture"}
                assert intercept.active() is queue
            @pytest.mark.asyncio
            @mock_aws
            async def test_function():
                await asyncio.sleep(0)
                assert names() == set()
            @pytest.mark.asyncio
            async def test_aws(aws):
                await asyncio.sleep(0)
                assert intercept.active() is aws
            def test_after():
                assert intercept.active() is None
            """
        ),
        4,
    )


def test_loading_the_plugin_imports_nothing_of_the_simulation():
    program = (
        "import sys, pytest; before = set(sys.modules); import awsim.pytest_plugin; ours = set(sys.modules) - before;"
        "print([n for n in sorted(ours) if n.startswith(('awsim.', 'botocore', 'wrapt', 'freeze'))])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "['awsim.errors', 'awsim.pytest_plugin']", result.stderr
