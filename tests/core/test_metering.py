"""Notes of services: kept, packed, taken, and undone."""

import pytest

from awsim.cloud import Cloud
from awsim.metering import Measured, Metering


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def notes(cloud):
    cloud.metering.most = 3
    return Measured(cloud.metering, lambda: None)


def test_notes_are_taken_in_order(notes):
    for number in range(10):
        notes.append((number, "x"))
    assert len(notes) < 10
    assert notes.take() == [(number, "x") for number in range(10)]
    assert notes.take() == []
    assert len(notes) == 0


def test_notes_that_cannot_be_packed_are_kept(notes):
    thing = object()
    for _ in range(10):
        notes.append(thing)
    assert notes.take() == [thing] * 10


def test_somebody_listens():
    metering, told = Metering(), []
    notes = Measured(metering, lambda: told.append(notes.take()))
    notes.append(1)
    metering.listen()
    notes.append(2)
    notes.append(3)
    assert told == [[1, 2], [3]]
    metering.rest()
    notes.append(4)
    assert notes.take() == [4]


def test_undo(cloud, notes):
    """Snapshots before and after packing and taking, restored in any order."""
    states = []

    def add(*numbers):
        with cloud.exclusive():
            for number in numbers:
                notes.append(number)

    def seen():
        then = cloud.snapshot()
        with cloud.exclusive():
            found = notes.take()
        cloud.restore(then)
        return found

    add(1, 2)
    states.append((cloud.snapshot(), [1, 2]))
    add(3, 4, 5, 6, 7)
    states.append((cloud.snapshot(), [1, 2, 3, 4, 5, 6, 7]))
    with cloud.exclusive():
        assert notes.take() == [1, 2, 3, 4, 5, 6, 7]
    states.append((cloud.snapshot(), []))
    add(8)
    states.append((cloud.snapshot(), [8]))
    for at in (0, 3, 1, 2, 0, 2, 1, 3, 3):
        snapshot, expected = states[at]
        cloud.restore(snapshot)
        assert seen() == expected
        add(99)
        assert seen() == [*expected, 99]
