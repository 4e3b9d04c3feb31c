"""Schemas inferred: of sample events, and of the events on a bus."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awsim.services.schemas import inference

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

REGION, ACCOUNT = "us-east-1", "123456789012"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"

# EventBridge User Guide, "Creating a schema from event JSON".
STEP_FUNCTIONS = {
    "version": "0",
    "id": "315c1398-40ff-a850-213b-158f73e60175",
    "detail-type": "Step Functions Execution Status Change",
    "source": "aws.states",
    "account": "012345678912",
    "time": "2019-02-26T19:42:21Z",
    "region": "us-east-1",
    "resources": ["arn:aws:states:us-east-1:012345678912:execution:state-machine-name:execution-name"],
    "detail": {
        "executionArn": "arn:aws:states:us-east-1:012345678912:execution:state-machine-name:execution-name",
        "stateMachineArn": "arn:aws:states:us-east-1:012345678912:stateMachine:state-machine",
        "name": "execution-name",
        "status": "FAILED",
        "startDate": 1551225146847,
        "stopDate": 1551225151881,
        "input": "{}",
        "output": None,
    },
}


def content_of(schemas, *events, type="OpenApi3"):
    answer = schemas.get_discovered_schema(Type=type, Events=[json.dumps(event) for event in events])
    return json.loads(answer["Content"])


@pytest.mark.rule("schemas-004")
def test_the_example_of_the_user_guide(schemas):
    content = content_of(schemas, STEP_FUNCTIONS)
    assert content["openapi"] == "3.0.0"
    assert content["info"] == {"version": "1.0.0", "title": "StepFunctionsExecutionStatusChange"}
    parts = content["components"]["schemas"]
    event = parts["AWSEvent"]
    assert event["x-amazon-events-detail-type"] == "Step Functions Execution Status Change"
    assert event["x-amazon-events-source"] == "aws.states"
    assert set(event["required"]) == {
        "detail-type", "resources", "detail", "id", "source", "time", "region", "version", "account",
    }  # fmt: skip
    assert event["properties"]["detail"] == {"$ref": "#/components/schemas/StepFunctionsExecutionStatusChange"}
    assert event["properties"]["time"] == {"type": "string", "format": "date-time"}
    assert event["properties"]["resources"] == {"type": "array", "items": {"type": "string"}}
    detail = parts["StepFunctionsExecutionStatusChange"]
    assert set(detail["required"]) == set(STEP_FUNCTIONS["detail"])
    assert detail["properties"] == {
        "executionArn": {"type": "string"},
        "input": {"type": "string"},
        "name": {"type": "string"},
        "output": {},
        "startDate": {"type": "integer", "format": "int64"},
        "stateMachineArn": {"type": "string"},
        "status": {"type": "string"},
        "stopDate": {"type": "integer", "format": "int64"},
    }


def event(detail, detail_type="Order Placed"):
    return {**STEP_FUNCTIONS, "source": "shop", "detail-type": detail_type, "detail": detail}


def detail_of(schemas, *details):
    parts = content_of(schemas, *map(event, details))["components"]["schemas"]
    return parts["OrderPlaced"], parts


@pytest.mark.rule("schemas-004")
def test_samples_are_merged(schemas):
    detail, _ = detail_of(
        schemas, {"id": 1, "total": 1, "note": None, "mixed": 1}, {"id": 2, "total": 1.5, "note": "x", "mixed": "y"}
    )
    assert detail == {
        "type": "object",
        "required": ["id", "mixed", "note", "total"],
        "properties": {
            "id": {"type": "integer", "format": "int64"},
            "mixed": {},
            "note": {"type": "string"},
            "total": {"type": "number", "format": "double"},
        },
    }
    detail, _ = detail_of(schemas, {"a": True, "b": "2026-01-01T00:00:00Z"}, {"a": False, "b": "soon"}, {"a": True})
    assert detail["required"] == ["a"]
    assert detail["properties"] == {"a": {"type": "boolean"}, "b": {"type": "string"}}


def test_objects_are_components(schemas):
    detail, parts = detail_of(
        schemas,
        {
            "customer": {"address": {"city": "x"}},
            "delivery": {"address": {"city": "x", "floor": 1}},
            "lines": [{"sku": "a", "tags": ["x"]}, {"sku": "b", "price": 1}],
            "none": [],
        },
    )
    reference = "#/components/schemas/"
    assert detail["properties"] == {
        "customer": {"$ref": f"{reference}Customer"},
        "delivery": {"$ref": f"{reference}Delivery"},
        "lines": {"type": "array", "items": {"$ref": f"{reference}OrderPlacedItem"}},
        "none": {"type": "array", "items": {"type": "object"}},
    }
    assert parts["Customer"]["properties"]["address"] == {"$ref": f"{reference}Address"}
    assert parts["Delivery"]["properties"]["address"] == {"$ref": f"{reference}Address_1"}
    assert parts["OrderPlacedItem"]["required"] == ["sku"]
    assert parts["OrderPlacedItem"]["properties"]["tags"] == {"type": "array", "items": {"type": "string"}}


def test_what_is_no_event_of_a_bus(schemas):
    content = content_of(schemas, {"id": 1})
    assert content["components"]["schemas"] == {
        "Event": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer", "format": "int64"}},
        }
    }


def test_as_json_schema(schemas):
    content = content_of(schemas, event({"a": {"b": 1}}), type="JSONSchemaDraft4")
    assert content["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert content["properties"]["detail"] == {"$ref": "#/definitions/OrderPlaced"}
    assert content["definitions"]["OrderPlaced"]["properties"] == {"a": {"$ref": "#/definitions/A"}}


def test_samples_that_are_none(schemas, refused):
    call = schemas.get_discovered_schema
    broken = ("BadRequestException", "Events must be valid JSON objects.")
    assert refused(call, Type="OpenApi3", Events=["{"]) == broken
    assert refused(call, Type="OpenApi3", Events=["[]"]) == broken
    wrong = ("BadRequestException", "The number of events must be between 1 and 10.")
    assert refused(call, Type="OpenApi3", Events=["{}"] * 11) == wrong


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(one=values, other=values)
def test_merging_is_the_same_both_ways_and_again(one, other):
    first, second = inference.infer(one), inference.infer(other)
    merged = inference.merged([first, second])
    assert merged == inference.merged([second, first])
    assert inference.merged([merged, first]) == merged
    assert inference.merged([first, first]) == first


# --- of a bus


def put(events, *details, **more):
    entries = [
        {"Source": "shop", "DetailType": "Order Placed", "Detail": json.dumps(detail), **more} for detail in details
    ]
    events.put_events(Entries=entries)


FOUND = {"RegistryName": "discovered-schemas", "SchemaName": "shop@OrderPlaced"}


@pytest.mark.rule("schemas-003")
def test_a_discoverer(schemas, events, refused):
    made = schemas.create_discoverer(SourceArn=BUS, Description="d", Tags={"a": "b"})
    assert (made["DiscovererId"], made["State"], made["CrossAccount"]) == ("events-event-bus-default", "STARTED", True)
    assert made["DiscovererArn"] == f"arn:aws:schemas:{REGION}:{ACCOUNT}:discoverer/events-event-bus-default"
    put(events, {"id": 1})
    assert [one["SchemaName"] for one in schemas.list_schemas(RegistryName="discovered-schemas")["Schemas"]] == [
        "shop@OrderPlaced"
    ]
    told = schemas.describe_schema(**FOUND)
    content = json.loads(told["Content"])
    assert content["components"]["schemas"]["OrderPlaced"]["properties"] == {
        "id": {"type": "integer", "format": "int64"}
    }
    assert (told["Type"], told["SchemaVersion"]) == ("OpenApi3", "1")
    again = ("ConflictException", "Discoverer with name events-event-bus-default already exists.")
    assert refused(schemas.create_discoverer, SourceArn=BUS) == again
    assert schemas.stop_discoverer(DiscovererId=made["DiscovererId"])["State"] == "STOPPED"
    put(events, {"other": 1})
    assert schemas.describe_schema(**FOUND)["SchemaVersion"] == "1"
    assert schemas.start_discoverer(DiscovererId=made["DiscovererId"])["State"] == "STARTED"
    put(events, {"other": 1})
    assert schemas.describe_schema(**FOUND)["SchemaVersion"] == "2"


@pytest.mark.rule("schemas-003")
def test_versions_come_with_what_is_new(schemas, events):
    schemas.create_discoverer(SourceArn=BUS)
    put(events, {"id": 1}, {"id": 2})
    assert schemas.describe_schema(**FOUND)["SchemaVersion"] == "1"
    put(events, {"id": 1, "note": "x"}, {"id": 1})
    told = schemas.describe_schema(**FOUND)
    detail = json.loads(told["Content"])["components"]["schemas"]["OrderPlaced"]
    assert (told["SchemaVersion"], detail["required"]) == ("2", ["id"])
    exported = schemas.export_schema(**FOUND, Type="JSONSchemaDraft4")
    content = json.loads(exported["Content"])
    assert content["properties"]["detail"] == {"$ref": "#/definitions/OrderPlaced"}
    assert content["definitions"]["OrderPlaced"] == detail
    assert json.loads(schemas.export_schema(**FOUND, Type="JSONSchemaDraft4", SchemaVersion="1")["Content"]) != content


@pytest.mark.rule("schemas-003")
@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_discovery_takes_its_time(aws, schemas, events):
    schemas.create_discoverer(SourceArn=BUS)
    put(events, {"id": 1})
    aws.clock.advance(minutes=1)
    assert schemas.list_schemas(RegistryName="discovered-schemas")["Schemas"] == []
    aws.clock.advance(minutes=5)
    assert len(schemas.list_schemas(RegistryName="discovered-schemas")["Schemas"]) == 1


def test_the_rule_is_managed(schemas, events, refused):
    schemas.create_discoverer(SourceArn=BUS)
    (rule,) = events.list_rules()["Rules"]
    assert (rule["Name"], rule["ManagedBy"]) == ("Schemas-events-event-bus-default", "schemas.amazonaws.com")
    assert refused(events.disable_rule, Name=rule["Name"])[0] == "ManagedRuleException"
    schemas.delete_discoverer(DiscovererId="events-event-bus-default")
    assert events.list_rules()["Rules"] == []
    missing = ("NotFoundException", "Discoverer with name events-event-bus-default does not exist.")
    assert refused(schemas.describe_discoverer, DiscovererId="events-event-bus-default") == missing


def test_another_bus(schemas, events, refused):
    arn = events.create_event_bus(Name="shop")["EventBusArn"]
    schemas.create_discoverer(SourceArn=arn, CrossAccount=False)
    put(events, {"id": 1})
    assert schemas.list_schemas(RegistryName="discovered-schemas")["Schemas"] == []
    put(events, {"id": 1}, EventBusName="shop")
    assert len(schemas.list_schemas(RegistryName="discovered-schemas")["Schemas"]) == 1
    assert schemas.update_discoverer(DiscovererId="events-event-bus-shop", CrossAccount=True)["CrossAccount"] is True
    assert [one["SourceArn"] for one in schemas.list_discoverers(SourceArnPrefix=arn)["Discoverers"]] == [arn]
    assert schemas.list_discoverers(DiscovererIdPrefix="other")["Discoverers"] == []
    nowhere = arn.replace("/shop", "/nowhere")
    assert refused(schemas.create_discoverer, SourceArn=nowhere) == (
        "NotFoundException", "Event bus with name nowhere does not exist.",
    )  # fmt: skip
    assert refused(schemas.create_discoverer, SourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue")[0] == (
        "BadRequestException"
    )
    assert len(schemas.list_discoverers()["Discoverers"]) == 1


def test_events_nested_too_deep_are_ignored(schemas, events):
    schemas.create_discoverer(SourceArn=BUS)
    detail = {}
    for _ in range(255):
        detail = {"a": detail}
    put(events, detail)
    assert schemas.list_schemas(RegistryName="discovered-schemas")["Schemas"] == []


def test_tags_of_a_discoverer(schemas):
    arn = schemas.create_discoverer(SourceArn=BUS)["DiscovererArn"]
    schemas.tag_resource(ResourceArn=arn, Tags={"a": "b"})
    assert schemas.describe_discoverer(DiscovererId="events-event-bus-default")["Tags"] == {"a": "b"}
