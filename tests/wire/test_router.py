"""Bare HTTP requests find their service, operation and region; services.json agrees with the installed botocore."""

from __future__ import annotations

import json

import pytest
from botocore.loaders import Loader

from awsim.errors import AWSError
from awsim.wire import router
from awsim.wire.hosts import bucket_of, is_aws_host
from awsim.wire.http import Request
from awsim.wire.models import service_model

TARGET = {"X-Amz-Target": "DynamoDB_20120810.GetItem"}
STREAMS = {"X-Amz-Target": "DynamoDBStreams_20120810.GetRecords"}
COPY = {"x-amz-copy-source": "/b/k"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def request(method: str, url: str, headers: dict[str, str] | None = None, body: str = "") -> Request:
    return Request(method, f"https://{url}", headers or {}, body)


@pytest.mark.parametrize(
    ("made", "operation"),
    [
        (("GET", "s3.amazonaws.com/"), "ListBuckets"),
        (("GET", "s3express-control.us-west-2.amazonaws.com/"), "ListDirectoryBuckets"),
        (("PUT", "s3.us-east-2.amazonaws.com/b"), "CreateBucket"),
        (("HEAD", "b.s3.amazonaws.com/"), "HeadBucket"),
        (("HEAD", "b.s3.amazonaws.com/k"), "HeadObject"),
        (("GET", "b.s3.us-west-2.amazonaws.com/a/b//c"), "GetObject"),
        (
            ("GET", "b.s3.us-west-2.amazonaws.com/a?X-Amz-Credential=A%2F20260101%2Fus-west-2%2Fs3%2Faws4_request"),
            "GetObject",
        ),
        (("GET", "s3.amazonaws.com/b/"), "ListObjects"),
        (("GET", "b.s3.amazonaws.com/?list-type=2&prefix=x"), "ListObjectsV2"),
        (("GET", "b.s3-us-west-2.amazonaws.com/?versions"), "ListObjectVersions"),
        (("GET", "s3.amazonaws.com/b?uploads"), "ListMultipartUploads"),
        (("GET", "s3.amazonaws.com/b/k?uploadId=1"), "ListParts"),
        (("POST", "s3.amazonaws.com/b/k?uploads"), "CreateMultipartUpload"),
        (("POST", "s3.amazonaws.com/b/k?uploadId=1"), "CompleteMultipartUpload"),
        (("POST", "s3.amazonaws.com/b/k?select&select-type=2"), "SelectObjectContent"),
        (("POST", "s3.amazonaws.com/b?delete"), "DeleteObjects"),
        (("POST", "b.s3.amazonaws.com/", FORM), "PostObject"),
        (("POST", "s3.amazonaws.com/b", FORM), "PostObject"),
        (("OPTIONS", "b.s3.amazonaws.com/k"), "OptionsObject"),
        (("PUT", "b.s3-accelerate.dualstack.amazonaws.com/k"), "PutObject"),
        (("PUT", "s3.amazonaws.com/b/k", COPY), "CopyObject"),
        (("PUT", "s3.amazonaws.com/b/k?uploadId=1&partNumber=1"), "UploadPart"),
        (("PUT", "s3.amazonaws.com/b/k?uploadId=1&partNumber=1", COPY), "UploadPartCopy"),
        (("DELETE", "s3.amazonaws.com/b/k?uploadId=1"), "AbortMultipartUpload"),
        (("DELETE", "s3.amazonaws.com/b/k?tagging"), "DeleteObjectTagging"),
        (("GET", "s3.amazonaws.com/b?analytics"), "ListBucketAnalyticsConfigurations"),
        (("GET", "s3.amazonaws.com/b?analytics&id=1"), "GetBucketAnalyticsConfiguration"),
        (("PUT", "s3.amazonaws.com/b?lifecycle"), "PutBucketLifecycleConfiguration"),
        (("GET", "a-123456789012.s3-accesspoint.us-west-2.amazonaws.com/k"), "GetObject"),
        (("GET", "b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com/k"), "GetObject"),
        (("POST", "route.s3-object-lambda.us-west-2.amazonaws.com/WriteGetObjectResponse"), "WriteGetObjectResponse"),
    ],
)
def test_s3(made: tuple, operation: str) -> None:
    assert router.route(request(*made)) == ("s3", operation)


@pytest.mark.parametrize(
    ("made", "expected", "region"),
    [
        (("POST", "dynamodb.us-east-1.amazonaws.com/", TARGET), ("dynamodb", "GetItem"), "us-east-1"),
        (("POST", "dynamodb.us-east-1.api.aws/", TARGET), ("dynamodb", "GetItem"), "us-east-1"),
        (("POST", "dynamodb-fips.us-gov-west-1.amazonaws.com/", TARGET), ("dynamodb", "GetItem"), "us-gov-west-1"),
        (("POST", "123456789012.ddb.eu-west-1.amazonaws.com/", TARGET), ("dynamodb", "GetItem"), "eu-west-1"),
        (("POST", "1.streams-ddb.eu-west-1.amazonaws.com/", STREAMS), ("dynamodbstreams", "GetRecords"), "eu-west-1"),
        (("POST", "dynamodb.us-iso-east-1.c2s.ic.gov/", TARGET), ("dynamodb", "GetItem"), "us-iso-east-1"),
        (("POST", "dynamodb.eusc-de-east-1.amazonaws.eu/", TARGET), ("dynamodb", "GetItem"), "eusc-de-east-1"),
        (("POST", "sqs.us-west-2.amazonaws.com/", {}, "Action=ListQueues"), ("sqs", "ListQueues"), "us-west-2"),
        (("POST", "us-west-1.queue.amazonaws.com/1/q", {}, "Action=PurgeQueue"), ("sqs", "PurgeQueue"), "us-west-1"),
        (("GET", "queue.amazonaws.com/1/q?Action=ReceiveMessage"), ("sqs", "ReceiveMessage"), None),
        (("POST", "sts.amazonaws.com/", {}, "Action=GetCallerIdentity"), ("sts", "GetCallerIdentity"), None),
        (("POST", "iam.amazonaws.com/", {}, "Action=ListUsers&Version=2010-05-08"), ("iam", "ListUsers"), None),
        (("POST", "iam.us-gov.amazonaws.com/", {}, "Action=ListUsers"), ("iam", "ListUsers"), None),
        (
            ("POST", "elasticloadbalancing.us-east-1.amazonaws.com/", {}, "Action=DescribeTags&Version=2015-12-01"),
            ("elbv2", "DescribeTags"),
            "us-east-1",
        ),
        (
            ("POST", "elasticloadbalancing.us-east-1.amazonaws.com/", {}, "Action=DescribeTags&Version=2012-06-01"),
            ("elb", "DescribeTags"),
            "us-east-1",
        ),
        (
            ("POST", "lambda.cn-north-1.amazonaws.com.cn/2015-03-31/functions/f/invocations"),
            ("lambda", "Invoke"),
            "cn-north-1",
        ),
        (
            (
                "POST",
                "monitoring.us-east-1.amazonaws.com/service/GraniteServiceVersion20100801/operation/ListMetrics",
                {"smithy-protocol": "rpc-v2-cbor"},
            ),
            ("cloudwatch", "ListMetrics"),
            "us-east-1",
        ),
        (("GET", "1.s3-control.us-east-1.amazonaws.com/v20180820/jobs"), ("s3control", "ListJobs"), "us-east-1"),
        (("GET", "a.execute-api.us-east-1.amazonaws.com/prod/x"), ("execute-api", "Invoke"), "us-east-1"),
        (
            ("POST", "a.execute-api.us-east-1.amazonaws.com/prod/@connections/x"),
            ("apigatewaymanagementapi", "PostToConnection"),
            "us-east-1",
        ),
        (("GET", "a.lambda-url.us-east-1.on.aws/"), ("lambda", "InvokeFunctionUrl"), "us-east-1"),
        (("PUT", "search-shop-abc.eu-west-1.es.amazonaws.com/i"), ("opensearch", "AskDomain"), "eu-west-1"),
        (("GET", "es.eu-west-1.amazonaws.com/2015-01-01/domain"), ("es", "ListDomainNames"), "eu-west-1"),
        (("POST", "email.us-east-1.amazonaws.com/v2/email/outbound-emails"), ("sesv2", "SendEmail"), "us-east-1"),
        (("POST", "email.us-east-1.amazonaws.com/", {}, "Action=SendEmail"), ("ses", "SendEmail"), "us-east-1"),
    ],
)
def test_routes(made: tuple, expected: tuple[str, str], region: str | None) -> None:
    each = request(*made)
    assert router.route(each) == expected
    assert router.region_of(each) == region


def test_the_scope_of_the_signature_says_the_region_that_the_host_does_not() -> None:
    scope = "AKID/20260101/eu-west-1/s3/aws4_request"
    signed = request(
        "GET", "b.s3.amazonaws.com/k", {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=x"}
    )
    presigned = request("GET", f"b.s3.amazonaws.com/k?X-Amz-Credential={scope.replace('/', '%2F')}")
    for each in (signed, presigned):
        assert router.scope_of(each) == ("AKID", "eu-west-1", "s3")
        assert router.region_of(each) == "eu-west-1"
    # A bucket's name is not a region.
    assert router.region_of(request("GET", "us-west-2.s3.amazonaws.com/k")) is None


@pytest.mark.parametrize(
    ("made", "code", "status"),
    [
        (
            ("POST", "dynamodb.us-east-1.amazonaws.com/", {"X-Amz-Target": "DynamoDB_20120810.No"}),
            "UnknownOperationException",
            400,
        ),
        (("POST", "iam.amazonaws.com/", {}, "Action=No&Version=2010-05-08"), "InvalidAction", 400),
        (("POST", "iam.amazonaws.com/"), "MissingAction", 400),
        (("PATCH", "b.s3.amazonaws.com/k"), "MethodNotAllowed", 405),
        (("GET", "lambda.us-east-1.amazonaws.com/no/such/path"), "UnknownOperationException", 404),
    ],
)
def test_an_operation_that_is_not_there(made: tuple, code: str, status: int) -> None:
    each = request(*made)
    with pytest.raises(AWSError) as refused:
        router.route(each)
    assert (refused.value.code, refused.value.status) == (code, status)
    answer = router.error_response(each, refused.value, "the-request-id")
    assert answer.status == status
    assert code.encode() in answer.body or code in answer.headers.values()


def test_a_host_that_no_service_claims_is_named() -> None:
    with pytest.raises(router.UnknownHost, match="nosuch.us-east-1.amazonaws.com"):
        router.route(request("GET", "nosuch.us-east-1.amazonaws.com/"))


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("s3.amazonaws.com", None),
        ("s3.dualstack.eu-west-1.amazonaws.com", None),
        ("s3.cn-north-1.amazonaws.com.cn", None),
        ("b.s3.amazonaws.com", "b"),
        ("my.dotted.bucket.s3.eu-west-1.amazonaws.com", "my.dotted.bucket"),
        ("b.s3.dualstack.eu-west-1.amazonaws.com", "b"),
        ("b.s3-fips.dualstack.us-east-1.amazonaws.com", "b"),
        ("b.s3-eu-west-1.amazonaws.com", "b"),
        ("b.s3-accelerate.amazonaws.com", "b"),
        ("s3-b.s3.eu-west-1.amazonaws.com", "s3-b"),
        ("s3.s3.amazonaws.com", "s3"),
        ("b.s3.cn-north-1.amazonaws.com.cn", "b"),
        (
            "a-b-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/a-b",
        ),
        (
            "a-123456789012.op-1.s3-outposts.eu-west-1.amazonaws.com",
            "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/a",
        ),
        ("localhost", None),
        ("dynamodb.us-east-1.amazonaws.com", None),
    ],
)
def test_bucket_of_host(host: str, bucket: str | None) -> None:
    assert bucket_of(host) == bucket


def test_aws_hosts() -> None:
    data = Loader().load_data("partitions")
    for partition in data["partitions"]:
        for suffix in (partition["outputs"]["dnsSuffix"], partition["outputs"]["dualStackDnsSuffix"]):
            assert is_aws_host(f"x.{suffix}")
            for region in partition["regions"]:
                url = request("GET", f"sqs.{region}.{suffix}/")
                assert router.services_of(url) == ["sqs"], region
    for host in ("169.254.169.254", "169.254.170.2", "a.lambda-url.us-east-1.on.aws"):
        assert is_aws_host(host)
    for host in ("docs.aws.amazon.com", "localhost", "example.com", "amazonaws.com.example.org", "notamazonaws.com"):
        assert not is_aws_host(host)


def test_services_json_agrees_with_botocore() -> None:
    """Services that one of the two does not know are no error: botocore is older or newer than the file."""
    rows = json.loads((router._DATA).read_text())
    checked = 0
    for name in sorted(set(rows) & set(Loader().list_available_services("service-2")))[::9]:
        metadata = Loader().load_service_model(name, "service-2")["metadata"]
        expected = router.row_of(name, metadata)
        found = router.Service(name, *rows[name])
        assert expected.stems[0] in found.stems, name
        assert (found.signing, found.version) == (expected.signing, expected.version), name
        if expected.target:
            assert found.target == expected.target, name
        checked += 1
    assert checked > 20


def test_a_service_that_the_file_does_not_know_is_read_from_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = json.loads(router._DATA.read_text())
    known = router.Index(router.Service(name, *row) for name, row in rows.items() if name != "sqs")
    known.stems.pop("queue")
    monkeypatch.setattr(router, "_index", known)
    each = request("POST", "sqs.us-west-2.amazonaws.com/", {"X-Amz-Target": "AmazonSQS.ListQueues"})
    assert router.route(each) == ("sqs", "ListQueues")


def test_a_service_that_this_botocore_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        router.Service("gone-json", ["gone-json"], "gone-json", "Gone", "1", ["json"]),
        router.Service("gone-query", ["gone-query"], "gone-query", None, "1", ["query"]),
        router.Service("gone-rest", ["gone-rest"], "gone-rest", None, "1", ["rest-json"]),
    ]
    monkeypatch.setattr(router, "_index", router.Index(rows))
    for each in (
        request("POST", "gone-json.us-east-1.amazonaws.com/", {"X-Amz-Target": "Gone.Do"}),
        request("POST", "gone-query.us-east-1.amazonaws.com/", {}, "Action=Do"),
        request("GET", "gone-rest.us-east-1.amazonaws.com/x"),
    ):
        with pytest.raises(AWSError) as refused:
            router.route(each)
        assert router.error_response(each, refused.value, "id").status == refused.value.status


def test_models_are_loaded_once() -> None:
    assert service_model("sts") is service_model("sts")
