"""Object Lambda access points, Storage Lens, and what is not modelled."""

import io
import json
import zipfile

import boto3
import pytest
import requests

from awsim import mock_aws
from tests.services.s3control.conftest import ACCOUNT, Bound

CONFIGURATION = {
    "SupportingAccessPoint": f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/finance",
    "TransformationConfigurations": [
        {
            "Actions": ["GetObject"],
            "ContentTransformation": {
                "AwsLambda": {"FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:redact"}
            },
        }
    ],
}


@pytest.fixture
def point(control, bucket):
    control.create_access_point(Name="finance", Bucket=bucket)


@pytest.mark.rule("s3control-014")
def test_object_lambda_is_closed_to_new_customers(control, point, refused):
    assert refused(control.create_access_point_for_object_lambda, Name="redacted", Configuration=CONFIGURATION)[:2] == (
        "MethodNotAllowed",
        405,
    )
    assert control.list_access_points_for_object_lambda()["ObjectLambdaAccessPointList"] == []


@pytest.mark.aws(limits={"s3control.object-lambda-closed": 0})
@pytest.mark.rule("s3control-014")
def test_object_lambda_of_those_who_had_it(control, point, s3, refused):
    made = control.create_access_point_for_object_lambda(Name="redacted", Configuration=CONFIGURATION)
    arn = f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/redacted"
    assert made["ObjectLambdaAccessPointArn"] == arn
    assert made["Alias"]["Value"].endswith("--ol-s3")
    told = control.get_access_point_configuration_for_object_lambda(Name="redacted")["Configuration"]
    assert told == CONFIGURATION
    listed = control.list_access_points_for_object_lambda()["ObjectLambdaAccessPointList"]
    assert [each["Name"] for each in listed] == ["redacted"]
    assert refused(control.get_access_point_policy_for_object_lambda, Name="redacted")[0] == "NoSuchAccessPointPolicy"
    # There is no such function.
    assert refused(s3.get_object, Bucket=arn, Key="a")[:2] == ("LambdaNotFound", 404)
    control.delete_access_point_for_object_lambda(Name="redacted")
    assert refused(control.get_access_point_for_object_lambda, Name="redacted")[:2] == ("NoSuchAccessPoint", 404)


@pytest.mark.aws(limits={"s3control.object-lambda-closed": 0})
@pytest.mark.rule("s3control-014", "s3-262")
def test_what_the_function_makes_of_it(aws, control, point, s3, refused):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = boto3.client("iam").create_role(
        RoleName="function", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("m.py", "")

    def redact(event, context):
        place = event["getObjectContext"]
        answer = {"RequestRoute": place["outputRoute"], "RequestToken": place["outputToken"]}
        client = boto3.client("s3", region_name="us-east-1")
        found = requests.get(place["inputS3Url"], timeout=5)
        if event["userRequest"]["url"].endswith("/silent"):
            return
        if found.status_code == 404:
            client.write_get_object_response(**answer, StatusCode=404, ErrorCode="NoSuchKey", ErrorMessage="none")
            return
        if b"broken" in found.content:
            raise ValueError("broken")
        client.write_get_object_response(**answer, Body=found.content.upper(), Metadata={"by": "redact"})

    aws.functions["redact"] = redact
    boto3.client("lambda", region_name="us-east-1").create_function(
        FunctionName="redact", Runtime="python3.12", Role=role, Handler="m.f", Code={"ZipFile": code.getvalue()}
    )
    made = control.create_access_point_for_object_lambda(Name="redacted", Configuration=CONFIGURATION)
    arn = made["ObjectLambdaAccessPointArn"]
    for key, body in (("a b", b"secret"), ("bad", b"broken"), ("silent", b"x")):
        s3.put_object(Bucket="ledger", Key=key, Body=body)
    answer = s3.get_object(Bucket=arn, Key="a b")
    assert (answer["Body"].read(), answer["Metadata"]) == (b"SECRET", {"by": "redact"})
    assert s3.get_object(Bucket="ledger", Key="a b")["Body"].read() == b"secret"
    # What the configuration does not name goes to the supporting access point.
    assert s3.head_object(Bucket=arn, Key="a b")["ContentLength"] == 6
    assert refused(s3.get_object, Bucket=arn, Key="none") == ("NoSuchKey", 404, "none")
    assert refused(s3.get_object, Bucket=arn, Key="bad")[:2] == ("LambdaRuntimeError", 500)
    assert refused(s3.get_object, Bucket=arn, Key="silent")[:2] == ("LambdaResponseNotReceived", 500)
    assert refused(s3.write_get_object_response, RequestRoute="io-use1-001", RequestToken="x")[0] == "ValidationError"
    control.delete_access_point_for_object_lambda(Name="redacted")
    assert refused(s3.get_object, Bucket=arn, Key="a b")[:2] == ("NoSuchAccessPoint", 404)


def test_object_lambda_before_it_closed():
    with mock_aws(as_of="2025-11-06"):
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="ledger")
        control = Bound(boto3.client("s3control", region_name="us-east-1"))
        control.create_access_point(Name="finance", Bucket="ledger")
        control.create_access_point_for_object_lambda(Name="redacted", Configuration=CONFIGURATION)


@pytest.mark.aws(limits={"s3control.object-lambda-closed": 0})
def test_object_lambda_in_pages(control, point):
    for number in range(7):
        control.create_access_point_for_object_lambda(Name=f"point-{number}", Configuration=CONFIGURATION)
    pages = list(
        control.client.get_paginator("list_access_points_for_object_lambda").paginate(
            AccountId=ACCOUNT, PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(page["ObjectLambdaAccessPointList"]) for page in pages] == [3, 3, 1]


LENS = {"Id": "all", "IsEnabled": True, "AccountLevel": {"BucketLevel": {}}}


def test_storage_lens(control, refused):
    tags = [{"Key": "team", "Value": "red"}]
    control.put_storage_lens_configuration(ConfigId="all", StorageLensConfiguration=LENS, Tags=tags)
    told = control.get_storage_lens_configuration(ConfigId="all")["StorageLensConfiguration"]
    assert told["StorageLensArn"] == f"arn:aws:s3:us-east-1:{ACCOUNT}:storage-lens/all"
    assert (told["Id"], told["IsEnabled"]) == ("all", True)
    assert control.get_storage_lens_configuration_tagging(ConfigId="all")["Tags"] == tags
    listed = control.list_storage_lens_configurations()["StorageLensConfigurationList"]
    assert [(each["Id"], each["HomeRegion"]) for each in listed] == [("all", "us-east-1")]
    assert refused(control.put_storage_lens_configuration, ConfigId="x", StorageLensConfiguration=LENS)[:2] == (
        "InvalidRequest",
        400,
    )
    control.delete_storage_lens_configuration(ConfigId="all")
    assert refused(control.get_storage_lens_configuration, ConfigId="all")[:2] == ("NoSuchConfiguration", 404)


def test_storage_lens_groups(control, refused):
    group = {"Name": "texts", "Filter": {"MatchAnySuffix": [".txt"]}}
    control.create_storage_lens_group(StorageLensGroup=group)
    assert refused(control.create_storage_lens_group, StorageLensGroup=group)[0] == "StorageLensGroupAlreadyExists"
    control.update_storage_lens_group(Name="texts", StorageLensGroup={**group, "Filter": {"MatchAnyPrefix": ["in/"]}})
    told = control.get_storage_lens_group(Name="texts")["StorageLensGroup"]
    assert told["Filter"] == {"MatchAnyPrefix": ["in/"]}
    control.delete_storage_lens_group(Name="texts")
    assert control.list_storage_lens_groups().get("StorageLensGroupList", []) == []


def test_outposts_are_not_modelled(control, refused):
    code, status, message = refused(control.list_regional_buckets, OutpostId="op-01ac5d28a6a232904")
    assert (code, status) == ("NotImplemented", 501)
    assert "ListRegionalBuckets" in message
