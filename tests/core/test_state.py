"""The undo log and the containers that write to it."""

import random

import pytest

from awsim.state import Deque, Dict, Entity, Heap, History, List, SortedDict
from awsim.state.undo import current


class Record(Entity):
    __slots__ = ("size", "title")

    def __init__(self, title):
        self.title = title


@pytest.fixture
def history():
    history = History()
    yield history
    current.log = None


def recording(history):
    current.log = history.log


def test_nothing_is_recorded_while_nobody_holds_a_snapshot(history):
    assert history.log is None
    mark = history.mark()
    assert history.log == []
    del mark
    assert history.log is None


def test_restore_brings_every_kind_of_container_back(history):
    things = {
        "dict": Dict(a=1, b=2),
        "sorted": SortedDict({3: "c", 1: "a"}),
        "list": List([1, 2]),
        "deque": Deque([1, 2]),
        "heap": Heap([5, 3]),
        "record": Record("first"),
    }

    def look():
        return (
            list(things["dict"].items()),
            list(things["sorted"].items()),
            list(things["list"]),
            list(things["deque"]),
            sorted(things["heap"]),
            things["record"].title,
            hasattr(things["record"], "size"),
        )

    before = look()
    mark = history.mark()
    recording(history)
    del things["dict"]["a"]
    things["dict"]["c"] = 3
    things["dict"]["a"] = 9
    things["sorted"].pop(3)
    things["sorted"][2] = "b"
    things["list"].append(3)
    del things["list"][0]
    things["deque"].popleft()
    things["deque"].append(3)
    assert things["heap"].pop() == 3
    things["heap"].push(1)
    things["record"].title = "second"
    things["record"].size = 1
    after = look()
    assert after != before
    later = history.mark()
    history.restore(mark)
    assert look() == before
    history.restore(later)
    assert look() == after
    history.restore(mark)
    assert look() == before


def test_snapshots_form_a_tree(history):
    state = Dict()
    marks = {}
    recording(history)
    marks["root"] = history.mark()
    recording(history)
    state["x"] = 1
    marks["left"] = history.mark()
    history.restore(marks["root"])
    recording(history)
    state["x"] = 2
    marks["right"] = history.mark()
    recording(history)
    state["x"] = 3
    for name, expected in (("left", 1), ("right", 2), ("root", None), ("right", 2), ("left", 1)):
        history.restore(marks[name])
        assert state.get("x") == expected, name


@pytest.mark.parametrize("seed", range(20))
def test_random_histories_come_back_exactly(history, seed):
    """Against deep copies, over random changes and restores, order of keys included."""
    chance = random.Random(seed)
    table, ordered, line = Dict(), SortedDict(), List()
    kept = []

    def copy():
        return list(table.items()), list(ordered.items()), list(line)

    for _ in range(300):
        recording(history)
        act = chance.random()
        key = chance.randrange(8)
        if act < 0.3:
            table[key] = chance.random()
        elif act < 0.5:
            table.pop(key, None)
        elif act < 0.55:
            ordered[key] = chance.random()
        elif act < 0.57:
            ordered.update({key: chance.random()})
        elif act < 0.6:
            ordered |= {key: chance.random()}
        elif act < 0.7:
            ordered.pop(key, None)
        elif act < 0.8:
            line.append(key)
        elif act < 0.85 and line:
            line.pop(chance.randrange(len(line)))
        elif act < 0.93:
            kept.append((history.mark(), copy()))
        elif kept:
            mark, expected = chance.choice(kept)
            history.restore(mark)
            assert copy() == expected


def test_a_snapshot_does_not_copy_what_it_covers(history):
    """Its cost is that of what changes afterwards: the log of one write is one entry, whatever the size."""
    table = Dict((number, number) for number in range(100_000))
    mark = history.mark()
    recording(history)
    table[5] = "changed"
    assert len(history.log) == 1
    history.restore(mark)
    assert table[5] == 5
