"""Every row of every file of the limits table against botocore's models: members, operations, units and errors."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import botocore
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

import awsim.limits
from awsim.limits import Row, load, services
from awsim.limits.rows import BOUNDS, KINDS, TIMES

FOLDER = Path(awsim.limits.__file__).parent
SERVICES = FOLDER.parent / "services"
#: An operation or a member that an older botocore lacks is no error.
OLD = tuple(int(part) for part in botocore.__version__.split(".")[:2]) < (1, 40)
NUMBERS = {"integer", "long", "float", "double"}


def every_row() -> list[Row]:
    return [row for service in services() for row in load(service).values()]


def rows(choose=lambda row: True) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", [row for row in every_row() if choose(row)], ids=lambda row: row.full_name)


@cache
def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def modelled_errors(service: str) -> frozenset[str]:
    """Names and codes of the errors that the model lists."""
    description = model(service)
    names: set[str] = set()
    for name in description.shape_names:
        shape = description.shape_for(name)
        if shape.metadata.get("exception"):
            names |= {name, getattr(shape, "error_code", name)}
    return frozenset(names)


@cache
def listed_errors(service: str) -> frozenset[str] | None:
    """The codes in the service's errors.toml; None where the service is not modelled yet."""
    package = SERVICES / {"lambda": "lambda_"}.get(service, service.replace("-", "_"))
    if not (package / "__init__.py").is_file():
        return None
    path = package / "errors.toml"
    return frozenset(tomllib.loads(path.read_text("utf-8"))) if path.is_file() else frozenset()


def members(row: Row, applied: str) -> Iterator[Shape]:
    """The shapes that "Send*.Entries[].MessageBody" means, of all operations that have it."""
    pattern, _, path = applied.partition(".")
    description = model(row.service)
    for operation in description.operation_names:
        if not fnmatchcase(operation, pattern):
            continue
        shape: Shape | None = description.operation_model(operation).input_shape
        for step in path.split("."):
            name = step.rstrip("[]")
            shape = shape.members.get(name) if shape is not None and shape.type_name == "structure" else None
            for _ in range(step.count("[]")):
                shape = shape.member if shape is not None and shape.type_name == "list" else None
        if shape is not None:
            yield shape


def measures(shape: Shape, unit: str) -> bool:
    """Whether the gateway can measure the member in that unit."""
    if shape.type_name == "string":
        return unit in ("bytes", "characters")
    if shape.type_name == "blob":
        return unit == "bytes"
    if shape.type_name in ("list", "map"):
        return unit not in ("bytes", "characters", "seconds")
    return shape.type_name in NUMBERS and unit != "characters"


def test_every_file_is_named_after_a_service_of_botocore():
    assert set(services()) <= set(Loader().list_available_services("service-2"))
    assert services()


@rows()
def test_a_row_is_complete(row: Row):
    assert row.kind in KINDS
    assert row.source.strip() == row.source != ""
    assert (row.error is not None) or row.kind not in BOUNDS
    assert row.unit == "seconds" or row.kind not in TIMES
    values = [value for _, value in row.was] + [row.value]
    assert {isinstance(value, str) for value in values} in ({True}, {False})
    assert all(earlier != later for earlier, later in itertools.pairwise(values)), "nothing changed"
    assert [until for until, _ in row.was] == sorted({until for until, _ in row.was})


@rows(lambda row: row.message)
def test_a_message_formats(row: Row):
    error = row.refusal(row.value, {"measured": 7})
    assert error.message
    assert "{value}" not in error.message
    assert "{measured}" not in error.message


@rows(lambda row: row.applies)
def test_applies_names_members_of_the_model(row: Row):
    for applied in row.applies:
        found = list(members(row, applied))
        assert found or OLD, f"no operation of {row.service} has the member {applied}"
        for shape in found:
            assert measures(shape, row.unit), f"{applied} is a {shape.type_name}, which is not measured in {row.unit}"


@rows(lambda row: row.operations)
def test_operations_are_the_models(row: Row):
    names = model(row.service).operation_names
    for pattern in (*row.operations, *row.except_):
        assert OLD or any(fnmatchcase(name, pattern) for name in names), f"{row.service} has no operation {pattern}"


@rows(lambda row: row.error)
def test_an_error_is_modelled_or_listed(row: Row):
    listed = listed_errors(row.service)
    if listed is None:
        pytest.skip(f"{row.service} is not modelled yet")
    assert row.error in modelled_errors(row.service) | listed, (
        f"{row.error} is no error of botocore's model of {row.service}: list it in its errors.toml"
    )


def test_quota_codes_are_unique():
    codes = [(row.service, row.quota_code) for row in every_row() if row.quota_code]
    assert len(codes) == len(set(codes))


# -- the checks themselves


def sample(**changes) -> Row:
    given = {"service": "sqs", "name": "x", "kind": "limit", "value": 1, "unit": "bytes", "source": "guide", **changes}
    return Row(**given)


@pytest.mark.parametrize(
    ("service", "applied", "types"),
    [
        ("sqs", "SendMessage.MessageBody", {"string"}),
        ("sqs", "SendMessageBatch.Entries", {"list"}),
        ("sqs", "SendMessageBatch.Entries[].MessageBody", {"string"}),
        ("sqs", "SendMessage.MessageAttributes", {"map"}),
        ("sqs", "SendMessage.DelaySeconds", {"integer"}),
        ("sqs", "*.QueueUrl", {"string"}),
        ("dynamodb", "CreateTable.KeySchema[].AttributeName", {"string"}),
        ("sqs", "SendMessage.Body", set()),
        ("sqs", "SendMessages.MessageBody", set()),
        ("sqs", "SendMessage.MessageBody[]", set()),
        ("sqs", "SendMessage.MessageBody.Length", set()),
        ("sqs", "SendMessageBatch.Entries.MessageBody", set()),
    ],
)
def test_members_are_found_by_path(service, applied, types):
    assert {shape.type_name for shape in members(sample(service=service), applied)} == types


@pytest.mark.parametrize(
    ("applied", "unit", "fits"),
    [
        ("SendMessage.MessageBody", "bytes", True),
        ("SendMessage.MessageBody", "characters", True),
        ("SendMessage.MessageBody", "entries", False),
        ("SendMessageBatch.Entries", "entries", True),
        ("SendMessageBatch.Entries", "bytes", False),
        ("SendMessage.DelaySeconds", "seconds", True),
        ("SendMessage.DelaySeconds", "characters", False),
        ("SendMessage.MessageAttributes", "attributes", True),
    ],
)
def test_units_fit_what_is_measured(applied, unit, fits):
    (shape,) = members(sample(), applied)
    assert measures(shape, unit) is fits


def test_errors_of_the_model_by_name_and_code():
    assert "QueueDeletedRecently" in modelled_errors("sqs")
    assert "InvalidParameterValue" not in modelled_errors("sqs")
    assert "ResourceInUseException" in modelled_errors("dynamodb")
    assert listed_errors("no-such-service") is None
