"""Multi-Region Access Points: asynchronous requests, routes, and requests through them."""

import json

import boto3
import pytest

from awsim.errors import AWSError
from tests.services.s3control.conftest import ACCOUNT, Bound


@pytest.fixture
def control(aws):
    return Bound(boto3.client("s3control", region_name="us-west-2"))


@pytest.fixture
def buckets(s3):
    s3.create_bucket(Bucket="east")
    west = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3", region_name="eu-west-1").create_bucket(Bucket="west", CreateBucketConfiguration=west)
    return [{"Bucket": "east"}, {"Bucket": "west"}]


@pytest.fixture
def point(control, buckets):
    control.create_multi_region_access_point(ClientToken="t", Details={"Name": "world", "Regions": buckets})
    return control.get_multi_region_access_point(Name="world")["AccessPoint"]


def arn_of(point):
    return f"arn:aws:s3::{ACCOUNT}:accesspoint/{point['Alias']}"


@pytest.mark.aws(lifecycle="timed", at="2026-03-01")
def test_made_and_deleted_in_time(aws, control, buckets, refused):
    details = {"Name": "world", "Regions": buckets}
    asked = control.create_multi_region_access_point(ClientToken="t", Details=details)["RequestTokenARN"]
    assert asked.startswith(f"arn:aws:s3:us-west-2:{ACCOUNT}:async-request/mrap/create/")
    told = control.describe_multi_region_access_point_operation(RequestTokenARN=asked)["AsyncOperation"]
    assert (told["Operation"], told["RequestStatus"]) == ("CreateMultiRegionAccessPoint", "NEW")
    assert told["RequestParameters"]["CreateMultiRegionAccessPointRequest"]["Name"] == "world"
    assert control.get_multi_region_access_point(Name="world")["AccessPoint"]["Status"] == "CREATING"
    assert refused(control.delete_multi_region_access_point, ClientToken="d", Details={"Name": "world"})[0] == (
        "InvalidRequest"
    )
    aws.clock.advance(hours=24)
    told = control.describe_multi_region_access_point_operation(RequestTokenARN=asked)["AsyncOperation"]
    assert told["RequestStatus"] == "SUCCEEDED"
    point = control.get_multi_region_access_point(Name="world")["AccessPoint"]
    assert point["Status"] == "READY" and point["Alias"].endswith(".mrap")
    assert [(each["Bucket"], each["Region"]) for each in point["Regions"]] == [
        ("east", "us-east-1"),
        ("west", "eu-west-1"),
    ]
    control.delete_multi_region_access_point(ClientToken="d", Details={"Name": "world"})
    assert control.get_multi_region_access_point(Name="world")["AccessPoint"]["Status"] == "DELETING"
    aws.clock.advance(hours=24)
    assert refused(control.get_multi_region_access_point, Name="world")[:2] == ("NoSuchMultiRegionAccessPoint", 404)


def test_known_in_every_region(control, point):
    assert Bound(boto3.client("s3control", region_name="us-west-2")).list_multi_region_access_points()["AccessPoints"]


def test_requests_go_where_the_routes_lead(aws, control, point, s3):
    arn = arn_of(point)
    east = {"region": "us-east-1"}
    ireland = {"region": "eu-west-1"}
    aws.call("s3", "PutObject", Bucket=arn, Key="a", Body=b"e", **east)
    aws.call("s3", "PutObject", Bucket=arn, Key="a", Body=b"w", **ireland)
    assert s3.get_object(Bucket="east", Key="a")["Body"].read() == b"e"
    routes = control.get_multi_region_access_point_routes(Mrap=arn)["Routes"]
    assert {(each["Region"], each["TrafficDialPercentage"]) for each in routes} == {
        ("us-east-1", 100),
        ("eu-west-1", 100),
    }
    off = [{"Region": "us-east-1", "TrafficDialPercentage": 0}]
    control.submit_multi_region_access_point_routes(Mrap=arn, RouteUpdates=off)
    found = aws.call("s3", "GetObject", Bucket=arn, Key="a", **east)
    assert b"".join([found["Body"]] if isinstance(found["Body"], bytes) else found["Body"]) == b"w"


def test_one_route_stays(control, point, refused):
    updates = [{"Bucket": name, "TrafficDialPercentage": 0} for name in ("east", "west")]
    arn = arn_of(point)
    assert refused(control.submit_multi_region_access_point_routes, Mrap=arn, RouteUpdates=updates)[:2] == (
        "InvalidRequest",
        400,
    )
    half = [{"Bucket": "east", "TrafficDialPercentage": 50}]
    assert refused(control.submit_multi_region_access_point_routes, Mrap=arn, RouteUpdates=half)[0] == "InvalidRequest"
    routes = control.get_multi_region_access_point_routes(Mrap=arn)["Routes"]
    assert [each["TrafficDialPercentage"] for each in routes] == [100, 100]


def test_policies(control, point, refused):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": "s3:GetObject",
        "Resource": f"{arn_of(point)}/object/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    control.put_multi_region_access_point_policy(ClientToken="p", Details={"Name": "world", "Policy": policy})
    told = control.get_multi_region_access_point_policy(Name="world")["Policy"]
    assert told["Established"] == {"Policy": policy}
    assert control.get_multi_region_access_point_policy_status(Name="world")["Established"] == {"IsPublic": False}
    public = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Principal": "*"}]})
    details = {"Name": "world", "Policy": public}
    assert refused(control.put_multi_region_access_point_policy, ClientToken="q", Details=details)[:2] == (
        "AccessDenied",
        403,
    )


def test_what_is_refused(control, buckets, s3, refused):
    create = control.create_multi_region_access_point
    assert refused(create, ClientToken="a", Details={"Name": "World", "Regions": buckets})[0] == "InvalidURI"
    missing = {"Name": "world", "Regions": [{"Bucket": "nowhere"}]}
    assert refused(create, ClientToken="b", Details=missing)[:2] == ("NoSuchBucket", 404)
    s3.create_bucket(Bucket="east-2")
    same = {"Name": "world", "Regions": [*buckets, {"Bucket": "east-2"}]}
    assert refused(create, ClientToken="c", Details=same)[0] == "InvalidRequest"
    assert control.list_multi_region_access_points()["AccessPoints"] == []
    unknown = f"arn:aws:s3:us-west-2:{ACCOUNT}:async-request/mrap/create/x"
    assert refused(control.describe_multi_region_access_point_operation, RequestTokenARN=unknown)[:2] == (
        "NoSuchAsyncRequest",
        404,
    )


def test_tokens(control, buckets):
    details = {"Name": "world", "Regions": buckets}
    first = control.create_multi_region_access_point(ClientToken="t", Details=details)["RequestTokenARN"]
    assert control.create_multi_region_access_point(ClientToken="t", Details=details)["RequestTokenARN"] == first


def test_an_unknown_alias(aws):
    with pytest.raises(AWSError) as caught:
        aws.call("s3", "GetObject", Bucket=f"arn:aws:s3::{ACCOUNT}:accesspoint/none.mrap", Key="a")
    assert caught.value.code == "NoSuchAccessPoint"
