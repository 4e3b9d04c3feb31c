"""Exploration: many universes of one test, what fails shrunk and replayed."""

import asyncio
import random
import unittest
import warnings

import boto3
import pytest

from awsim import explore, intercept, mock_aws
from awsim.choices import Choice

pytest_plugins = ["pytester"]

# --- the search, on tests that are nothing but functions of the decisions they come to make


def searched(fails, places, *, universes=200, seed=0):
    """(found, number of runs) of a search; `fails` judges the deviations taken out of `places`, which a run decides."""
    steps = explore.search(universes, seed)
    runs = 0
    try:
        universe = next(steps)
        while True:
            runs += 1
            assert all(index > 0 for index in universe.values())
            decisions = tuple(Choice(*place, (False, True), universe.get(place, 0)) for place in places)
            taken = {choice.place for choice in decisions if choice.deviates}
            universe = steps.send(explore.Outcome(ValueError() if fails(taken) else None, decisions))
    except StopIteration as stop:
        return stop.value, runs


NAMES = ("sqs.duplicate", "sqs.order", "sqs.short-poll-miss", "dynamodb.stale-read")
FORTY = [(name, ordinal) for name in NAMES for ordinal in range(1, 11)]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("needed", "forbidden"),
    [
        pytest.param(1, 0, id="one"),
        pytest.param(2, 0, id="two"),
        pytest.param(3, 0, id="three"),
        pytest.param(1, 39, id="one and no other"),
        pytest.param(1, 3, id="one, hidden by some"),
    ],
)
def test_what_takes_few_decisions_is_found_and_shrunk_to_them(needed, forbidden, seed):
    chance = random.Random(f"{needed} {forbidden} {seed}")
    places = chance.sample(FORTY, needed + forbidden)
    must, must_not = set(places[:needed]), set(places[needed:])
    found, runs = searched(lambda taken: must <= taken and not must_not & taken, FORTY, seed=seed)
    assert set(found.outcome.deviations) == must
    assert found.universe < 200
    assert runs < 240


def test_a_friendly_failure_is_no_matter_of_universes():
    found, runs = searched(lambda taken: True, FORTY)
    assert (found.universe, found.deviations, runs) == (0, 0, 1)


def test_nothing_to_decide_is_one_run():
    assert searched(lambda taken: False, []) == (None, 1)


def test_few_decisions_are_tried_in_every_way_and_no_more():
    seen = set()

    def note(taken):
        seen.add(frozenset(taken))

    found, runs = searched(note, FORTY[:3])
    assert found is None
    assert len(seen) == 8
    assert runs == 8


def test_no_universe_is_tried_twice():
    seen = []
    found, runs = searched(lambda taken: seen.append(frozenset(taken)), FORTY)
    assert (found, runs) == (None, 200)
    assert len(set(seen)) == 200
    assert sum(len(taken) == 1 for taken in seen) >= 40


def test_a_failure_that_does_not_repeat_is_told_apart():
    failed = []

    def once(taken):
        if taken and not failed:
            failed.append(taken)
            return True
        return False

    found, _ = searched(once, FORTY)
    assert not found.repeats


def test_shrinking_ends_also_where_all_deviations_are_needed():
    found, runs = searched(lambda taken: len(taken) >= 9, FORTY)
    assert len(found.outcome.deviations) == 9
    assert runs < 450


# --- in a Cloud


def clients():
    return boto3.client("sqs", region_name="us-east-1")


def consume(sqs, seen, *, messages=3):
    """A consumer that bears no second delivery."""
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for number in range(messages):
        sqs.send_message(QueueUrl=url, MessageBody=f"order {number}")
    while batch := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"):
        for message in batch:
            seen.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert len(seen) == messages, seen


def test_the_report_is_in_awss_words_and_has_the_replay():
    @mock_aws(explore=200)
    def test_checkout():
        consume(clients(), [])

    with pytest.raises(AssertionError) as caught:
        test_checkout()
    (note,) = caught.value.__notes__
    first, what, replay = note.splitlines()
    assert first.startswith("universe ")
    assert " of 200 breaks test_checkout" in first
    assert what.startswith("  sqs:ReceiveMessage (call ")
    assert " delivered message " in what
    assert "(order " in what
    assert what.endswith("; standard queues deliver at least once")
    assert replay.startswith('replay with @mock_aws(replay="sqs.duplicate#')
    universe = replay.partition('replay="')[2].rstrip('")')

    # That line reruns exactly this universe.
    @mock_aws(replay=universe)
    def replayed():
        seen = []
        try:
            consume(clients(), seen)
        finally:
            taken = [str(choice) for choice in intercept.active().choices if choice.deviates]
            assert taken == [universe]

    with pytest.raises(AssertionError):
        replayed()


def test_every_universe_begins_with_the_same_cloud_clock_ids_and_chance():
    sqs = clients()
    runs = []

    @mock_aws(explore=12, limits={"sqs.message-size": 500})
    def test():
        cloud = intercept.active()
        made = sqs.create_queue(QueueName=f"q{random.randrange(10**9)}")
        first = sqs.send_message(QueueUrl=made["QueueUrl"], MessageBody="x")
        second = sqs.send_message(QueueUrl=made["QueueUrl"], MessageBody="y")
        sqs.receive_message(QueueUrl=made["QueueUrl"], MaxNumberOfMessages=2)
        runs.append((cloud.clock.time(), repr(made), repr(first), repr(second), len(cloud.calls), sqs.list_queues()))
        cloud.clock.advance(days=1)
        cloud.limits["sqs.message-size"] = 7

    test()
    assert len(runs) == 12
    assert all(run == runs[0] for run in runs[1:])
    assert runs[0][4] == 4


def test_the_clock_stands_still_at_a_time_of_its_own():
    @mock_aws(explore=2)
    def test():
        return intercept.active().clock.now().isoformat()

    assert test() == "2026-01-01T00:00:00+00:00"

    @mock_aws(explore=2, at="2024-02-29")
    def other():
        return intercept.active().clock.now().isoformat()

    assert other() == "2024-02-29T00:00:00+00:00"


def test_a_friendly_failure_is_an_ordinary_one():
    runs = []

    @mock_aws(explore=50)
    def test():
        runs.append(1)
        raise ValueError("always")

    with pytest.raises(ValueError) as caught:
        test()
    assert not hasattr(caught.value, "__notes__")
    assert len(runs) == 1


def test_a_failure_that_is_not_awss_doing_is_reported_as_that():
    sqs = clients()
    runs = []

    @mock_aws(explore=50)
    def test():
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")
        sqs.receive_message(QueueUrl=url)
        runs.append(1)
        assert len(runs) != 2

    with pytest.raises(AssertionError) as caught:
        test()
    assert "is not reproducible" in caught.value.__notes__[0]
    assert len(runs) == 3


def test_other_errors_than_failures_end_it():
    @mock_aws(explore=50)
    def test():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        test()
    assert intercept.active() is None


def test_a_test_that_is_skipped_in_the_friendly_universe_is_skipped():
    runs = []

    @mock_aws(explore=50)
    def test():
        runs.append(1)
        pytest.skip("not here")

    with pytest.raises(pytest.skip.Exception):
        test()
    assert len(runs) == 1


def test_coroutines():
    sqs = clients()

    @mock_aws(explore=100)
    async def test():
        await asyncio.sleep(0)
        consume(sqs, [])

    with pytest.raises(AssertionError) as caught:
        asyncio.run(test())
    assert "sqs.duplicate#" in caught.value.__notes__[0]


def test_what_an_explored_test_calls_is_not_explored_again():
    sqs = clients()
    runs = []

    @mock_aws
    def test_helper():
        runs.append(intercept.active())
        return sqs.list_queues()

    @mock_aws(explore=5)
    def test():
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")
        sqs.receive_message(QueueUrl=url)
        test_helper()

    test()
    assert 1 < len(runs) <= 5
    assert len(set(map(id, runs))) == 1


@mock_aws(explore=100)
class Case(unittest.TestCase):
    __test__ = False
    sqs = clients()
    set_up = 0

    def setUp(self):
        type(self).set_up += 1
        self.url = self.sqs.create_queue(QueueName="prepared")["QueueUrl"]

    def test_it(self):
        self.assertEqual(self.sqs.list_queues()["QueueUrls"], [self.url])
        consume(self.sqs, [])

    @unittest.expectedFailure
    def test_expected(self):
        consume(self.sqs, [])


@mock_aws(explore=100)
class AsyncCase(unittest.IsolatedAsyncioTestCase):
    __test__ = False
    sqs = clients()

    async def test_it(self):
        await asyncio.sleep(0)
        consume(self.sqs, [])


def test_unittests_methods_and_not_what_is_set_up_for_them():
    Case.set_up = 0
    result = unittest.TestResult()
    case = Case("test_it")
    case.run(result)
    ((_, text),) = result.failures
    assert 'replay with @mock_aws(replay="sqs.duplicate#' in text
    assert "breaks test_it" in text
    assert Case.set_up == 1
    assert "test_it" not in vars(case)


def test_unittests_marks_on_methods_hold():
    result = unittest.TestResult()
    Case("test_expected").run(result)
    assert len(result.expectedFailures) == 1
    assert result.wasSuccessful()


def test_unittests_coroutines():
    result = unittest.TestResult()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        AsyncCase("test_it").run(result)
    ((_, text),) = result.failures
    assert 'replay="sqs.duplicate#' in text


def test_methods_of_plain_classes():
    @mock_aws(explore=100)
    class Suite:
        def test_it(self):
            consume(clients(), [])

        async def test_async(self):
            consume(clients(), [])

    with pytest.raises(AssertionError) as caught:
        Suite().test_it()
    assert "sqs.duplicate#" in caught.value.__notes__[0]
    with pytest.raises(AssertionError) as caught:
        asyncio.run(Suite().test_async())
    assert "sqs.duplicate#" in caught.value.__notes__[0]


def test_a_with_block_and_a_generator_cannot_be_run_again():
    with pytest.raises(TypeError, match="decorate the test"), mock_aws(explore=3):
        pass

    def fixture():
        yield

    with pytest.raises(TypeError, match="a generator"):
        mock_aws(explore=3)(fixture)


def test_the_search_can_be_replaced(monkeypatch):
    tried = []

    def only(universes, seed):
        outcome = yield {("sqs.short-poll-miss", 1): 1}
        tried.append(outcome)

    monkeypatch.setattr(explore, "search", only)
    sqs = clients()

    @mock_aws(explore=3)
    def test():
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")
        assert "Messages" not in sqs.receive_message(QueueUrl=url)

    test()
    assert [str(choice) for choice in tried[0].decisions] == ["sqs.short-poll-miss#1=1"]


def test_a_replay_that_the_run_does_not_come_to_is_told():
    with pytest.warns(UserWarning, match="did not come to decide sqs.order#9=1"), mock_aws(replay="sqs.order#9=1"):
        clients().list_queues()


# --- under pytest

SUITE = """
    import boto3, pytest
    from awsim import mock_aws

    sqs = boto3.client("sqs", region_name="us-east-1")

    def consume():
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")
        seen = 0
        while batch := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"):
            for message in batch:
                seen += 1
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        assert seen == 1
"""


@pytest.fixture
def suite(pytester):
    def run(text, *arguments):
        import textwrap

        pytester.makepyfile(textwrap.dedent(SUITE) + textwrap.dedent(text))
        without = [part for name in ("cacheprovider", "randomly", "hypothesispytest") for part in ("-p", f"no:{name}")]
        return pytester.runpytest_inprocess(*without, *arguments)

    return run


def test_marked_tests_are_explored_and_fixtures_not_rebuilt(suite):
    result = suite(
        """
        built = []

        @pytest.fixture
        def prepared(aws):
            built.append(sqs.create_queue(QueueName="prepared"))

        @pytest.mark.aws(explore=100)
        @pytest.mark.parametrize("n", [1])
        def test_it(aws, prepared, n):
            assert len(built) == 1
            assert len(sqs.list_queues()["QueueUrls"]) == 1
            consume()
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*universe * of 100 breaks test_it?1?:",
            "*sqs:ReceiveMessage (call *standard queues deliver at least once",
            '*replay with @pytest.mark.aws(replay="sqs.duplicate#1=1")',
        ]
    )


def test_a_whole_suite_is_explored_where_it_mocks(suite):
    text = """
        @pytest.fixture
        def mocked():
            with mock_aws():
                yield

        def test_fixture(aws): consume()
        def test_own_fixture(mocked): consume()

        @mock_aws
        def test_function(): consume()

        @mock_aws(region="eu-west-1")
        class TestClass:
            def test_method(self): consume()

        @pytest.mark.aws(explore=0)
        def test_left_out(aws): consume()

        def test_without_aws(): pass
        """
    suite(text).assert_outcomes(passed=6)
    result = suite(text, "--awsim-explore=60")
    result.assert_outcomes(failed=4, passed=2)
    result.stdout.fnmatch_lines(['*replay with @mock_aws(region=\'eu-west-1\', replay="sqs.duplicate#1=1")'])
    suite(text).assert_outcomes(passed=6)


def test_async_tests(suite):
    pytest.importorskip("pytest_asyncio")
    result = suite(
        """
        @pytest.mark.asyncio
        @pytest.mark.aws(explore=60)
        async def test_it(aws): consume()
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*universe * of 60 breaks test_it:"])
