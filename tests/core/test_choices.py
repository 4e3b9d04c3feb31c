"""Named decisions."""

import pytest

from awsim.choices import Choices, parse_universe
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
    with pytest.raises(AwsimError, match="sqs.duplicate#3=1"):
        parse_universe("sqs.duplicate")
