"""PynamoDB: models on DynamoDB tables."""

import pytest

pytest.importorskip("pynamodb")
from pynamodb.attributes import (
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite


class ByState(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-state"
        projection = AllProjection()
        billing_mode = "PAY_PER_REQUEST"

    state = UnicodeAttribute(hash_key=True)
    total = NumberAttribute(range_key=True)


class ByTotal(LocalSecondaryIndex):
    class Meta:
        index_name = "by-total"
        projection = AllProjection()

    customer = UnicodeAttribute(hash_key=True)
    total = NumberAttribute(range_key=True)


class Address(MapAttribute):
    city = UnicodeAttribute()
    code = NumberAttribute(null=True)


class Order(Model):
    class Meta:
        table_name = "orders"
        region = "us-east-1"
        billing_mode = "PAY_PER_REQUEST"

    customer = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    state = UnicodeAttribute(default="new")
    total = NumberAttribute(default=0)
    address = Address(null=True)
    tags = UnicodeSetAttribute(null=True)
    lines = ListAttribute(null=True)
    placed = UTCDateTimeAttribute(null=True)
    by_state = ByState()
    by_total = ByTotal()


class Account(Model):
    class Meta:
        table_name = "accounts"
        region = "us-east-1"
        billing_mode = "PAY_PER_REQUEST"

    name = UnicodeAttribute(hash_key=True)
    balance = NumberAttribute(default=0)
    version = VersionAttribute()


@pytest.fixture(autouse=True)
def tables(aws):
    # Models keep their connection: to what they knew of the tables of the test before.
    for model in (Order, Account):
        model._connection = None
        model.create_table(wait=True)


def test_an_item_comes_back_as_it_was_saved():
    Order("jane", 1, total=12.5, address=Address(city="Berlin"), tags={"a", "b"}, lines=[{"sku": "x"}, 2]).save()
    order = Order.get("jane", 1, consistent_read=True)
    assert order.total == 12.5
    assert order.address.city == "Berlin"
    assert order.tags == {"a", "b"}
    assert order.lines[1] == 2
    order.update(actions=[Order.state.set("sent"), Order.total.add(1), Order.tags.delete({"a"}), Order.lines.remove()])
    assert (order.state, order.total, order.tags, order.lines) == ("sent", 13.5, {"b"}, None)
    order.delete()
    with pytest.raises(DoesNotExist):
        Order.get("jane", 1)


def test_conditions():
    order = Order("jane", 1, total=5)
    order.save(Order.customer.does_not_exist())
    with pytest.raises(PutError) as refused:
        order.save(Order.customer.does_not_exist())
    assert refused.value.cause_response_code == "ConditionalCheckFailedException"
    order.update(actions=[Order.total.set(6)], condition=(Order.total == 5) & Order.state.is_in("new", "sent"))
    assert order.total == 6


def test_queries_and_scans():
    with Order.batch_write() as batch:
        for number in range(40):
            batch.save(Order("jane", number, state="new" if number % 2 else "sent", total=100 - number))
    assert [order.number for order in Order.query("jane", Order.number.between(3, 6))] == [3, 4, 5, 6]
    filtered = Order.query("jane", filter_condition=Order.state == "sent", scan_index_forward=False, page_size=7)
    assert [order.number for order in filtered][:3] == [38, 36, 34]
    assert Order.count("jane", Order.number < 10) == 10
    assert sum(1 for _ in Order.scan(Order.total >= 90, page_size=9)) == 11
    first = Order.query("jane", limit=3)
    assert [order.number for order in first] == [0, 1, 2]
    rest = Order.query("jane", last_evaluated_key=first.last_evaluated_key, limit=2)
    assert [order.number for order in rest] == [3, 4]


def test_indexes():
    for number, state in enumerate(["new", "sent", "new", "new"]):
        Order("jane", number, state=state, total=10 - number).save()
    assert [order.total for order in Order.by_state.query("new")] == [7, 8, 10]
    assert [order.total for order in Order.by_state.query("new", Order.total > 7)] == [8, 10]
    assert [order.number for order in Order.by_total.query("jane", Order.total.between(8, 9))] == [2, 1]
    assert Order.by_state.count("sent") == 1


def test_batches():
    orders = [Order("jane", number) for number in range(60)]
    with Order.batch_write() as batch:
        for order in orders:
            batch.save(order)
    found = list(Order.batch_get([("jane", number) for number in range(110)]))
    assert len(found) == 60
    with Order.batch_write() as batch:
        for order in orders[:30]:
            batch.delete(order)
    assert Order.count("jane") == 30


def test_transactions():
    connection = Connection(region="us-east-1")
    Account("jane", balance=100).save()
    Account("joe", balance=0).save()

    def move(amount):
        jane, joe = Account.get("jane"), Account.get("joe")
        with TransactWrite(connection=connection) as transaction:
            transaction.update(jane, [Account.balance.add(-amount)], condition=Account.balance >= amount)
            transaction.update(joe, [Account.balance.add(amount)])
            transaction.save(Order("jane", 1, total=amount), condition=Order.customer.does_not_exist())

    move(60)
    with TransactGet(connection=connection) as transaction:
        jane, joe = transaction.get(Account, "jane"), transaction.get(Account, "joe")
    assert (jane.get().balance, joe.get().balance) == (40, 60)
    with pytest.raises(TransactWriteError) as refused:
        move(50)
    reasons = [reason and reason.code for reason in refused.value.cancellation_reasons]
    assert reasons == ["ConditionalCheckFailed", "ConditionalCheckFailed", None]  # puts go before updates
    assert Account.get("joe").balance == 60


def test_optimistic_locking():
    Account("jane").save()
    one, other = Account.get("jane"), Account.get("jane")
    one.balance = 5
    one.save()
    assert one.version == 2
    other.balance = 9
    with pytest.raises(PutError):
        other.save()
    assert Account.get("jane").balance == 5


def test_tables():
    assert Order.exists()
    description = Order.describe_table()
    assert description["TableStatus"] == "ACTIVE"
    assert {index["IndexName"] for index in description["GlobalSecondaryIndexes"]} == {"by-state"}
    Order.delete_table()
    assert not Order.exists()
