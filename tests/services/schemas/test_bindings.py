"""Code bindings: they take time, and are code that runs."""

import importlib
import io
import json
import sys
import zipfile
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

EVENT = {
    "version": "0",
    "id": "1",
    "detail-type": "Order Placed",
    "source": "shop.web",
    "account": "123456789012",
    "time": "2026-03-01T00:00:00Z",
    "region": "us-east-1",
    "resources": ["r"],
    "detail": {"order-id": "7", "class": "x", "total": 1.5, "lines": [{"sku": "a", "count": 2}], "to": {"name": "Ann"}},
}
PLACE = {"RegistryName": "shop", "SchemaName": "shop.web@OrderPlaced", "Language": "Python36"}


@pytest.fixture
def binding(schemas):
    """A schema to make code of: where it is."""
    schemas.create_registry(RegistryName="shop")
    content = schemas.get_discovered_schema(Type="OpenApi3", Events=[json.dumps(EVENT)])["Content"]
    place = {name: PLACE[name] for name in ("RegistryName", "SchemaName")}
    schemas.create_schema(**place, Type="OpenApi3", Content=content)
    return PLACE


@pytest.fixture
def package(schemas, binding, tmp_path, monkeypatch):
    """The generated package, imported."""
    schemas.put_code_binding(**binding)
    source = schemas.get_code_binding_source(**binding)["Body"].read()
    zipfile.ZipFile(io.BytesIO(source)).extractall(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("schema.shop.web.orderplaced")
    for name in [name for name in sys.modules if name.partition(".")[0] == "schema"]:
        del sys.modules[name]


@pytest.mark.rule("schemas-005")
def test_a_binding_comes_to_be(schemas, binding, refused):
    none = ("NotFoundException", "Code binding of schema shop.web@OrderPlaced for Python36 does not exist.")
    assert refused(schemas.describe_code_binding, **binding) == none
    assert refused(schemas.get_code_binding_source, **binding) == none
    made = schemas.put_code_binding(**binding)
    assert (made["Status"], made["SchemaVersion"]) == ("CREATE_IN_PROGRESS", "1")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert schemas.describe_code_binding(**binding)["Status"] == "CREATE_COMPLETE"


@pytest.mark.rule("schemas-005")
@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_a_binding_takes_time(aws, schemas, binding, refused):
    schemas.put_code_binding(**binding)
    assert schemas.describe_code_binding(**binding)["Status"] == "CREATE_IN_PROGRESS"
    assert refused(schemas.get_code_binding_source, **binding)[0] == "NotFoundException"
    schemas.get_waiter("code_binding_exists").wait(**binding)
    assert schemas.describe_code_binding(**binding)["Status"] == "CREATE_COMPLETE"
    assert schemas.get_code_binding_source(**binding)["Body"].read()[:2] == b"PK"


@pytest.mark.rule("schemas-005")
def test_the_code_reads_and_writes_events(package):
    event = package.Marshaller.unmarshall(EVENT, package.AWSEvent)
    assert event.detail_type == "Order Placed"
    assert event.time == datetime(2026, 3, 1, tzinfo=UTC)
    assert isinstance(event.detail, package.OrderPlaced)
    assert (event.detail.order_id, event.detail._class, event.detail.total) == ("7", "x", 1.5)
    assert event.detail.lines[0].count == 2
    assert event.detail.to.to_dict() == {"name": "Ann"}
    back = package.Marshaller.marshall(event)
    assert back == {**EVENT, "time": "2026-03-01T00:00:00+00:00"}
    assert package.Marshaller.unmarshall(EVENT, package.AWSEvent).detail == event.detail


def test_the_same_schema_is_the_same_zip(schemas, binding):
    schemas.put_code_binding(**binding)
    first, second = (schemas.get_code_binding_source(**binding)["Body"].read() for _ in range(2))
    assert first == second


def test_other_languages(schemas, binding, refused):
    code, message = refused(schemas.put_code_binding, **{**binding, "Language": "Java8"})
    assert code == "NotImplemented"
    assert "code bindings for Java8" in message
    assert refused(schemas.put_code_binding, **{**binding, "Language": "Cobol"}) == (
        "BadRequestException", "Language Cobol is not supported.",
    )  # fmt: skip
