"""Named decisions."""

import pytest

from awsim.choices import Choices, parse_universe, written
from awsim.errors import AwsimError


def test_friendly_by_default_and_not_kept():
    choices = Choices(seed=7)
    assert [choices.choose("sqs.duplicate", [False, True], odds=1.0) for _ in range(5)] == [False] * 5
    assert len(choices) == 0


def test_a_universe_names_decisions_by_name_and_ordinal():
    choices = Choices(universe=parse_universe("sqs.duplicate#3=1"))
    assert [choices.choose("sqs.duplicate", [False, True]) for _ in range(4)] == [False, False, True, False]
    assert [str(choice) for choice in choices if choice.deviates] == ["sqs.duplicate#3=1"]


def test_variation_follows_from_the_seed():
    def run(seed):
        choices = Choices(seed, vary=True)
        return [choices.choose("x", ["a", "b", "c"], odds=0.5) for _ in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 60 < sum(taken != "a" for taken in run(3)) < 140
    assert set(run(4)) == {"a", "b", "c"}


def test_odds_of_none_never_deviate():
    choices = Choices(1, vary=True)
    assert {choices.choose("x", [0, 1]) for _ in range(100)} == {0}


def test_a_replay_that_cannot_be_read_says_how_to_write_it():
    for wrong in ("sqs.duplicate", "sqs.duplicate#3", "sqs.duplicate=1", "x#1=-1", "x#one=1", "#1=1"):
        with pytest.raises(AwsimError, match="sqs.duplicate#3=1"):
            parse_universe(wrong)


def test_what_is_written_is_what_is_read():
    text = "dynamodb.stale-read#2=1, fault.sqs:List*#10=1, sqs.order#1=2"
    assert written(parse_universe(text)) == text


def test_a_universe_is_exact_whatever_the_odds():
    choices = Choices(1, vary=True, universe={("x", 2): 1})
    assert [choices.choose("x", [0, 1], odds=1.0) for _ in range(3)] == [0, 1, 0]
    assert choices.unmet == {}
    choices = Choices(universe={("x", 9): 1})
    choices.choose("x", [0, 1])
    assert choices.unmet == {("x", 9): 1}


def test_an_option_beyond_the_last_is_the_last():
    assert Choices(universe={("x", 1): 7}).choose("x", "abc") == "c"


def test_what_was_asked_for_is_decided_also_where_nothing_else_varies():
    choices = Choices(seed=1)
    assert {choices.choose("fault.x", (False, True), 0.5, asked=True) for _ in range(50)} == {False, True}
    assert len(choices.of("fault.x")) == 50


def test_a_deviation_is_explained_in_words():
    choices = Choices(universe={("sqs.duplicate", 1): 1, ("x", 1): 1}, where=lambda: "sqs:ReceiveMessage (call 9)")
    choices.choose("sqs.duplicate", (False, True), what=lambda: "delivered message 5fe… a second time")
    assert choices[0].explain() == (
        "sqs:ReceiveMessage (call 9) delivered message 5fe… a second time; standard queues deliver at least once"
    )
    choices.choose("x", ("left", "right"))
    assert choices[1].explain() == "sqs:ReceiveMessage (call 9) took 'right' of 'left', 'right'"
    assert repr(choices) == "<Choices sqs.duplicate#1=1, x#1=1>"
