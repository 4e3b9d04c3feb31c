"""How items are kept: order, undo, and what a write touches."""

from __future__ import annotations

import random

import pytest

from awsim.services.dynamodb import storage
from awsim.services.dynamodb.schema import TOP
from awsim.services.dynamodb.storage import Item, Tree
from awsim.state.undo import History, current


def _item(value):
    return Item({"v": value}, 1 + value)


def _shown(tree, *bounds, **how):
    return [(place, item.attributes["v"]) for place, item in tree.items(*bounds, **how)]


def _within(model, low, high, inclusive, reverse):
    def inside(place):
        over = low is None or (place > low or (inclusive[0] and place == low))
        under = high is None or (place < high or (inclusive[1] and place == high))
        return over and under

    return sorted(((place, value) for place, value in model.items() if inside(place)), reverse=reverse)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_tree_is_a_sorted_dict_that_forgets_changes(seed, plain, monkeypatch):
    """Against a plain dict, sorted whenever it is read, over random changes, reads, snapshots and restores."""
    monkeypatch.setattr(storage, "_LONG", 5)
    chance = random.Random(seed)
    tree, model, history = Tree(), {}, History()
    marks = []

    def place():
        start = f"{chance.randrange(6)}"
        return start * chance.randrange(1, 4) if plain else (start, chance.randrange(12))

    def bound():
        if chance.random() < 0.3:
            return None
        return place() if plain or chance.random() < 0.7 else (f"{chance.randrange(7)}",)

    try:
        for _ in range(1_500):
            action = chance.random()
            if action < 0.45:
                where, value = place(), chance.randrange(9)
                tree.put(where, _item(value))
                model[where] = value
            elif action < 0.65:
                where = place()
                tree.put(where, None)
                model.pop(where, None)
            elif action < 0.9:
                low, high = bound(), bound()
                inclusive = (chance.random() < 0.5, chance.random() < 0.5)
                reverse = chance.random() < 0.5
                shown = _shown(tree, low, high, inclusive=inclusive, reverse=reverse)
                assert shown == _within(model, low, high, inclusive, reverse)
                assert tree.size == sum(1 + value for value in model.values())
                assert len(tree) == len(model)
            elif action < 0.95 or not marks:
                marks.append((history.mark(), dict(model)))
                current.log = history.log
            else:
                mark, kept = chance.choice(marks)
                current.log = None
                history.restore(mark)
                current.log = history.log
                model = dict(kept)
                assert _shown(tree) == sorted(model.items())
    finally:
        current.log = None


def test_a_long_partition_stays_in_order():
    tree = Tree()
    numbers = list(range(2_000))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        tree.put(("a", number), _item(1))
    assert [place[1] for place, _ in tree.items(("a", 500), ("a", 510))] == list(range(500, 511))
    assert [place[1] for place, _ in tree.items(("a",), ("a", TOP), reverse=True)][:2] == [1_999, 1_998]
    for number in range(1_999):
        tree.put(("a", number), None)
    assert _shown(tree) == [(("a", 1_999), 1)]


def test_the_order_of_partitions_is_mended_and_not_made_anew():
    tree = Tree()
    for number in range(100):
        tree.put((f"{number:03}", 1), _item(1))
    assert len(_shown(tree)) == 100
    order = tree._entries._order
    tree.put(("0505", 1), _item(1))
    tree.put(("007", 1), None)
    assert [place[0] for place, _ in tree.items(("006",), ("051",))][-2:] == ["050", "0505"]
    assert "007" not in [place[0] for place, _ in tree.items()]
    assert tree._entries._order is order
    assert not tree._entries._strayed


# --- what a write touches


def _changed(before, after):
    return sum(before.get(place) is not after.get(place) for place in {**before, **after})


_INDEXES = ("keys", "some", "all", "sparse")


@pytest.fixture
def touched(aws, client, make):
    """Runs a write of the table, and tells how many entries it put into the tree of each index."""

    def index(name, projection):
        return {
            "IndexName": name,
            "KeySchema": [{"AttributeName": "s" if name == "sparse" else "g", "KeyType": "HASH"}],
            "Projection": projection,
        }

    make(
        "pk:S",
        attributes=["g:S", "s:S"],
        GlobalSecondaryIndexes=[
            index("keys", {"ProjectionType": "KEYS_ONLY"}),
            index("some", {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["shown"]}),
            index("all", {"ProjectionType": "ALL"}),
            index("sparse", {"ProjectionType": "ALL"}),
        ],
    )
    service = aws.service("dynamodb", aws.account, aws.region)
    indexes = service.tables["things"].indexes

    def touched(operation, **parameters):
        before = {name: dict(indexes[name].tree.items()) for name in _INDEXES}
        consumed = getattr(client, operation)(TableName="things", ReturnConsumedCapacity="INDEXES", **parameters)[
            "ConsumedCapacity"
        ]
        after = {name: dict(indexes[name].tree.items()) for name in _INDEXES}
        counts = {name: _changed(before[name], after[name]) for name in _INDEXES}
        charged = {name: units["CapacityUnits"] for name, units in consumed.get("GlobalSecondaryIndexes", {}).items()}
        assert charged == {name: count for name, count in counts.items() if count}
        return {name: count for name, count in counts.items() if count}

    return touched


def _set(name, value):
    return {
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET #n = :v",
        "ExpressionAttributeNames": {"#n": name},
        "ExpressionAttributeValues": {":v": {"S": value}},
    }


def test_a_write_touches_the_indexes_that_it_changes_and_no_other(touched):
    """Counted in entries, and the same in the units that AWS charges."""
    item = {"pk": {"S": "a"}, "g": {"S": "x"}, "shown": {"S": "1"}, "hidden": {"S": "1"}}
    assert touched("put_item", Item={"pk": {"S": "z"}}) == {}
    assert touched("put_item", Item=item) == {"keys": 1, "some": 1, "all": 1}
    assert touched("put_item", Item=item) == {}
    assert touched("update_item", **_set("hidden", "2")) == {"all": 1}
    assert touched("update_item", **_set("hidden", "2")) == {}
    assert touched("update_item", **_set("shown", "2")) == {"some": 1, "all": 1}
    assert touched("update_item", **_set("s", "now")) == {"all": 1, "sparse": 1}
    # An entry that moves is taken away and put anew.
    assert touched("update_item", **_set("g", "y")) == {"keys": 2, "some": 2, "all": 2, "sparse": 1}
    assert touched("delete_item", Key={"pk": {"S": "a"}}) == {"keys": 1, "some": 1, "all": 1, "sparse": 1}
    assert touched("delete_item", Key={"pk": {"S": "z"}}) == {}
