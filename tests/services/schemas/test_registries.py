"""Registries, schemas, versions, search, export, policies and tags."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

REGION, ACCOUNT = "us-east-1", "123456789012"
ARN = f"arn:aws:schemas:{REGION}:{ACCOUNT}"


def openapi(*names):
    parts = {name: {"type": "object", "properties": {"id": {"type": "string"}}} for name in names}
    info = {"version": "1.0.0", "title": names[0]}
    return json.dumps({"openapi": "3.0.0", "info": info, "paths": {}, "components": {"schemas": parts}})


DRAFT4 = json.dumps({"$schema": "http://json-schema.org/draft-04/schema#", "title": "Order", "type": "object"})
PLACE = {"RegistryName": "shop", "SchemaName": "shop@Order"}


@pytest.fixture
def shop(schemas):
    return schemas.create_registry(RegistryName="shop", Description="of the shop", Tags={"team": "a"})


@pytest.fixture
def order(schemas, shop):
    return schemas.create_schema(**PLACE, Type="OpenApi3", Content=openapi("Order"), Description="an order")


@pytest.mark.rule("schemas-001")
def test_registries(schemas, shop, refused):
    shop.pop("ResponseMetadata")
    assert shop == {
        "Description": "of the shop",
        "RegistryArn": f"{ARN}:registry/shop",
        "RegistryName": "shop",
        "Tags": {"team": "a"},
    }
    assert refused(schemas.create_registry, RegistryName="shop") == (
        "ConflictException",
        "Registry with name shop already exists.",
    )
    assert [one["RegistryName"] for one in schemas.list_registries()["Registries"]] == ["aws.events", "shop"]
    assert [one["RegistryName"] for one in schemas.list_registries(Scope="LOCAL")["Registries"]] == ["shop"]
    assert [one["RegistryArn"] for one in schemas.list_registries(Scope="AWS")["Registries"]] == [
        f"arn:aws:schemas:{REGION}::registry/aws.events"
    ]
    assert schemas.update_registry(RegistryName="shop", Description="new")["Description"] == "new"
    assert schemas.describe_registry(RegistryName="shop")["Description"] == "new"
    schemas.delete_registry(RegistryName="shop")
    gone = ("NotFoundException", "Registry with name shop does not exist.")
    assert refused(schemas.describe_registry, RegistryName="shop") == gone


@pytest.mark.rule("schemas-001")
@pytest.mark.parametrize(("type", "content"), [("OpenApi3", openapi("Order")), ("JSONSchemaDraft4", DRAFT4)])
def test_schemas_of_both_types(schemas, shop, type, content):
    made = schemas.create_schema(**PLACE, Type=type, Content=content, Description="d", Tags={"a": "b"})
    assert (made["SchemaArn"], made["SchemaVersion"], made["Type"]) == (f"{ARN}:schema/shop/shop@Order", "1", type)
    told = schemas.describe_schema(**PLACE)
    assert (told["Content"], told["Description"], told["Tags"]) == (content, "d", {"a": "b"})
    assert told["LastModified"] == told["VersionCreatedDate"] == made["LastModified"]


@pytest.mark.rule("schemas-002")
def test_versions(aws, schemas, order, refused):
    aws.clock.advance(hours=1)
    changed = schemas.update_schema(**PLACE, Content=openapi("Order", "Line"))
    assert changed["SchemaVersion"] == "2"
    assert changed["VersionCreatedDate"] > order["VersionCreatedDate"]
    listed = schemas.list_schema_versions(**PLACE)["SchemaVersions"]
    assert [(one["SchemaVersion"], one["Type"]) for one in listed] == [("1", "OpenApi3"), ("2", "OpenApi3")]
    assert schemas.describe_schema(**PLACE, SchemaVersion="1")["Content"] == openapi("Order")
    assert schemas.describe_schema(**PLACE)["Content"] == openapi("Order", "Line")
    assert schemas.update_schema(**PLACE, Content=openapi("Order", "Line"))["SchemaVersion"] == "2"
    assert schemas.list_schemas(RegistryName="shop")["Schemas"][0]["VersionCount"] == 2
    schemas.delete_schema_version(**PLACE, SchemaVersion="2")
    assert schemas.describe_schema(**PLACE)["SchemaVersion"] == "1"
    # A number that was given is not given again.
    assert schemas.update_schema(**PLACE, Content=openapi("Other"))["SchemaVersion"] == "3"
    for given, message in (
        ({"SchemaVersion": "2"}, "Version 2 of schema shop@Order does not exist."),
        ({"SchemaVersion": "x"}, "Version x of schema shop@Order does not exist."),
        ({"SchemaName": "none"}, "Schema with name none does not exist."),
        ({"RegistryName": "none"}, "Registry with name none does not exist."),
    ):
        assert refused(schemas.describe_schema, **{**PLACE, **given}) == ("NotFoundException", message)


def test_errors_carry_their_code_once_more(schemas):
    with pytest.raises(ClientError) as caught:
        schemas.describe_registry(RegistryName="none")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    ("type", "content", "message"),
    [
        ("OpenApi3", "{", "Schema content is not valid JSON."),
        ("OpenApi3", "[]", "Schema content must be a JSON object."),
        ("OpenApi3", DRAFT4, "Schema content is not a valid OpenApi3 document."),
        ("JSONSchemaDraft4", openapi("Order"), "Schema content is not a valid JSONSchemaDraft4 document."),
    ],
)
def test_contents_that_are_none(schemas, shop, refused, type, content, message):
    given = {**PLACE, "Type": type, "Content": content}
    assert refused(schemas.create_schema, **given) == ("BadRequestException", message)
    assert schemas.list_schemas(RegistryName="shop")["Schemas"] == []


def test_a_schema_twice(schemas, order, refused):
    again = {**PLACE, "Type": "OpenApi3", "Content": openapi("Other")}
    assert refused(schemas.create_schema, **again) == (
        "ConflictException",
        "Schema with name shop@Order already exists.",
    )
    assert schemas.describe_schema(**PLACE)["Content"] == openapi("Order")


def test_deleted(schemas, order, refused):
    full = ("BadRequestException", "Registry must be empty before it can be deleted.")
    assert refused(schemas.delete_registry, RegistryName="shop") == full
    schemas.delete_schema(**PLACE)
    assert refused(schemas.delete_schema, **PLACE)[0] == "NotFoundException"
    schemas.delete_registry(RegistryName="shop")


def test_pages(schemas, shop):
    for number in range(5):
        schemas.create_schema(RegistryName="shop", SchemaName=f"s{number}", Type="OpenApi3", Content=openapi("Order"))
    pages = schemas.get_paginator("list_schemas").paginate(RegistryName="shop", PaginationConfig={"PageSize": 2})
    assert [[one["SchemaName"] for one in page["Schemas"]] for page in pages] == [["s0", "s1"], ["s2", "s3"], ["s4"]]
    (found,) = schemas.list_schemas(RegistryName="shop", SchemaNamePrefix="s3")["Schemas"]
    assert found["SchemaName"] == "s3"


def test_search(schemas, order):
    schemas.update_schema(**PLACE, Content=openapi("Order", "Invoice"))
    search = schemas.search_schemas
    (found,) = search(RegistryName="shop", Keywords="order")["Schemas"]
    assert [one["SchemaVersion"] for one in found["SchemaVersions"]] == ["2", "1"]
    (found,) = search(RegistryName="shop", Keywords="invoice SHOP")["Schemas"]
    assert [one["SchemaVersion"] for one in found["SchemaVersions"]] == ["2"]
    assert search(RegistryName="shop", Keywords="parcel")["Schemas"] == []


def test_only_discovered_schemas_are_exported(schemas, order, refused):
    assert refused(schemas.export_schema, **PLACE, Type="JSONSchemaDraft4") == (
        "ForbiddenException",
        "You cannot export non discovered or non aws managed schemas.",
    )


def test_awss_own_schemas_are_not_modelled(schemas, refused):
    assert schemas.describe_registry(RegistryName="aws.events")["RegistryName"] == "aws.events"
    code, message = refused(schemas.list_schemas, RegistryName="aws.events")
    assert code == "NotImplemented"
    assert "the schemas of AWS's own events" in message
    reserved = ("BadRequestException", "Registry names cannot begin with aws.")
    assert refused(schemas.create_registry, RegistryName="aws.mine") == reserved


@pytest.mark.aws(limits={"schemas.registries": 1, "schemas.schema-versions": 1})
def test_quotas(schemas, order, refused):
    assert refused(schemas.create_registry, RegistryName="second") == (
        "ForbiddenException", "The maximum number of registries (1) has been reached.",
    )  # fmt: skip
    assert refused(schemas.update_schema, **PLACE, Content=openapi("Other")) == (
        "ForbiddenException", "The maximum number of versions of a schema (1) has been reached.",
    )  # fmt: skip
    assert schemas.describe_schema(**PLACE)["SchemaVersion"] == "1"


def test_tags(schemas, order, refused):
    for arn in (f"{ARN}:registry/shop", f"{ARN}:schema/shop/shop@Order"):
        schemas.tag_resource(ResourceArn=arn, Tags={"x": "1", "y": "2"})
        schemas.untag_resource(ResourceArn=arn, TagKeys=["x", "team"])
        assert schemas.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"y": "2"}
    other = f"{ARN}:registry/none"
    assert refused(schemas.list_tags_for_resource, ResourceArn=other) == (
        "NotFoundException", f"Resource {other} does not exist.",
    )  # fmt: skip


POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "partner",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                "Action": ["schemas:DescribeSchema"],
                "Resource": [f"{ARN}:registry/shop", f"{ARN}:schema/shop*"],
            }
        ],
    }
)


def test_policies(schemas, shop, refused):
    none = ("NotFoundException", "Registry shop has no resource policy.")
    assert refused(schemas.get_resource_policy, RegistryName="shop") == none
    first = schemas.put_resource_policy(RegistryName="shop", Policy=POLICY)
    assert schemas.get_resource_policy(RegistryName="shop")["Policy"] == POLICY
    assert refused(schemas.put_resource_policy, RegistryName="shop", Policy=POLICY, RevisionId="0") == (
        "PreconditionFailedException",
        "The RevisionId does not match that of the policy.",
    )
    again = schemas.put_resource_policy(RegistryName="shop", Policy=POLICY, RevisionId=first["RevisionId"])
    assert again["RevisionId"] != first["RevisionId"]
    assert refused(schemas.put_resource_policy, RegistryName="shop", Policy="{")[0] == "BadRequestException"
    schemas.delete_resource_policy(RegistryName="shop")
    assert refused(schemas.delete_resource_policy, RegistryName="shop") == none


@pytest.mark.aws(authorization=True)
def test_a_user_without_permission(aws, schemas, order, refused):
    boto3.client("iam").create_user(UserName="ann")
    with aws.acting_as(f"arn:aws:iam::{ACCOUNT}:user/ann"):
        code, message = refused(schemas.describe_schema, **PLACE)
    assert code in ("AccessDeniedException", "ForbiddenException")
    assert "schemas:DescribeSchema" in message
    assert f"{ARN}:schema/shop/shop@Order" in message


def test_eventbridge_hears_of_schemas(aws, schemas, shop, events):
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    events.put_rule(Name="told", EventPattern='{"source": ["aws.schemas"]}')
    events.put_targets(Rule="told", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"}])
    schemas.create_schema(**PLACE, Type="OpenApi3", Content=openapi("Order"))
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    told = {event["detail-type"]: event["detail"] for event in (json.loads(one["Body"]) for one in found)}
    assert told.keys() == {"Schema Created", "Schema Version Created"}
    assert told["Schema Created"] == {
        "Version": "1",
        "CreationDate": "2026-03-01T00:00:00Z",
        "RegistryName": "shop",
        "SchemaType": "OpenApi3",
        "SchemaName": "shop@Order",
    }
