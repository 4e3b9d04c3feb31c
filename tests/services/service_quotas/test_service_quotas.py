"""Service Quotas through boto3: the limits table as AWS shows it, and increases that are granted."""

import boto3
import pytest
from botocore.exceptions import ClientError

TABLES = {"ServiceCode": "dynamodb", "QuotaCode": "L-F98FE922"}


@pytest.fixture
def quotas(aws):
    return boto3.client("service-quotas", region_name="us-east-1")


@pytest.fixture
def db(aws):
    return boto3.client("dynamodb", region_name="us-east-1")


def refused(function, **parameters):
    with pytest.raises(ClientError) as caught:
        function(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def make_table(db, name):
    db.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_services_are_those_with_quotas(quotas):
    found = {one["ServiceCode"]: one["ServiceName"] for one in quotas.list_services()["Services"]}
    assert found["dynamodb"] == "Amazon DynamoDB"
    assert found["s3"] == "Amazon Simple Storage Service (Amazon S3)"
    assert list(found) == sorted(found)


def test_a_quota_is_a_row_of_the_table(quotas, aws):
    quota = quotas.get_service_quota(**TABLES)["Quota"]
    assert quota == {
        "ServiceCode": "dynamodb",
        "ServiceName": "Amazon DynamoDB",
        "QuotaArn": "arn:aws:servicequotas:us-east-1:123456789012:dynamodb/L-F98FE922",
        "QuotaCode": "L-F98FE922",
        "QuotaName": "Maximum number of tables",
        "Value": 2500.0,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }
    assert quota in quotas.list_service_quotas(ServiceCode="dynamodb")["Quotas"]
    assert quotas.list_service_quotas(ServiceCode="dynamodb", QuotaCode="L-F98FE922")["Quotas"] == [quota]
    assert quotas.list_service_quotas(ServiceCode="dynamodb", QuotaAppliedAtLevel="RESOURCE")["Quotas"] == []
    default = quotas.get_aws_default_service_quota(**TABLES)["Quota"]
    assert default == {**quota, "QuotaArn": "arn:aws:servicequotas:us-east-1::dynamodb/L-F98FE922"}
    assert default in quotas.list_aws_default_service_quotas(ServiceCode="dynamodb")["Quotas"]


def test_what_the_test_overrides_is_applied_and_not_the_default(quotas, aws):
    aws.limits.of("123456789012", "us-east-1")["dynamodb.tables"] = 7
    assert quotas.get_service_quota(**TABLES)["Quota"]["Value"] == 7
    assert quotas.get_aws_default_service_quota(**TABLES)["Quota"]["Value"] == 2500
    other = boto3.client("service-quotas", region_name="eu-west-1")
    assert other.get_service_quota(**TABLES)["Quota"]["Value"] == 2500


@pytest.mark.aws(as_of="2022-02-28")
def test_the_defaults_are_those_of_the_day(quotas):
    assert quotas.get_aws_default_service_quota(**TABLES)["Quota"]["Value"] == 256


@pytest.mark.rule("service-quotas-002")
def test_an_increase_is_asked_for_and_granted(quotas, db, aws):
    aws.limits["dynamodb.tables"] = 1
    make_table(db, "one")
    assert refused(make_table, db=db, name="two")[0] == "LimitExceededException"
    asked = quotas.request_service_quota_increase(**TABLES, DesiredValue=2)["RequestedQuota"]
    assert (asked["Status"], asked["DesiredValue"], asked["QuotaName"]) == ("PENDING", 2, "Maximum number of tables")
    assert "arn:aws:iam::123456789012:user/awsim" in asked["Requester"]
    assert quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]["Status"] == "APPROVED"
    assert quotas.get_service_quota(**TABLES)["Quota"]["Value"] == 2
    make_table(db, "two")
    assert refused(make_table, db=db, name="three")[0] == "LimitExceededException"
    # Of this account in this region, and of no other.
    assert aws.limits.of("123456789012", "eu-west-1")["dynamodb.tables"] == 1
    assert aws.limits.of("999999999999", "us-east-1")["dynamodb.tables"] == 1


@pytest.mark.rule("service-quotas-002")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_an_increase_takes_its_time_and_there_is_one_at_a_time(quotas, aws):
    asked = quotas.request_service_quota_increase(**TABLES, DesiredValue=3000)["RequestedQuota"]
    refusal = refused(quotas.request_service_quota_increase, **TABLES, DesiredValue=4000)
    assert refusal == (
        "ResourceAlreadyExistsException",
        "Only one open service quota increase request is allowed per quota.",
    )
    aws.clock.advance(seconds=599)
    assert quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]["Status"] == "PENDING"
    assert quotas.get_service_quota(**TABLES)["Quota"]["Value"] == 2500
    aws.clock.advance(seconds=1)
    approved = quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]
    assert approved["Status"] == "APPROVED"
    assert (approved["LastUpdated"] - approved["Created"]).total_seconds() == 600
    quotas.request_service_quota_increase(**TABLES, DesiredValue=4000)


@pytest.mark.rule("service-quotas-002")
def test_what_cannot_be_asked_for(quotas, aws):
    ask = quotas.request_service_quota_increase
    for value in (2500, 2499.5, 1):
        assert refused(ask, **TABLES, DesiredValue=value) == (
            "IllegalArgumentException",
            "You must provide a quota value greater than the current quota value",
        )
    assert refused(ask, ServiceCode="dynamodb", QuotaCode="L-00000000", DesiredValue=9) == (
        "NoSuchResourceException",
        "The request failed because the specified quota does not exist.",
    )
    assert refused(ask, ServiceCode="nosuch", QuotaCode="L-00000000", DesiredValue=9) == (
        "NoSuchResourceException",
        "The request failed because the specified service does not exist.",
    )
    assert refused(quotas.list_service_quotas, ServiceCode="nosuch")[0] == "NoSuchResourceException"
    assert refused(quotas.get_service_quota, **TABLES, ContextId="arn:x")[0] == "NoSuchResourceException"
    assert refused(quotas.get_requested_service_quota_change, RequestId="abc")[0] == "NoSuchResourceException"
    assert quotas.list_requested_service_quota_change_history()["RequestedQuotas"] == []
    assert quotas.get_service_quota(**TABLES)["Quota"]["Value"] == 2500


def test_a_quota_that_cannot_be_raised(aws, quotas, monkeypatch):
    row = aws.limits.row("dynamodb.tables")._replace(adjustable=False)
    monkeypatch.setitem(aws.limits.tables.load("dynamodb"), "tables", row)
    assert refused(quotas.request_service_quota_increase, **TABLES, DesiredValue=9000) == (
        "IllegalArgumentException",
        "The request failed because the specified quota is not adjustable.",
    )


def test_a_global_quota_is_raised_in_all_regions(quotas, aws):
    buckets = {"ServiceCode": "s3", "QuotaCode": "L-DC2B2D3D"}
    assert quotas.get_service_quota(**buckets)["Quota"]["GlobalQuota"]
    quotas.request_service_quota_increase(**buckets, DesiredValue=20_000)
    elsewhere = boto3.client("service-quotas", region_name="eu-west-1")
    assert elsewhere.get_service_quota(**buckets)["Quota"]["Value"] == 20_000


def test_history(quotas):
    for value in (3000, 4000):
        quotas.request_service_quota_increase(**TABLES, DesiredValue=value)
    quotas.request_service_quota_increase(ServiceCode="s3", QuotaCode="L-DC2B2D3D", DesiredValue=11_000)

    def desired(answer):
        return [one["DesiredValue"] for one in answer["RequestedQuotas"]]

    assert desired(quotas.list_requested_service_quota_change_history()) == [11_000, 4000, 3000]
    assert desired(quotas.list_requested_service_quota_change_history(ServiceCode="dynamodb")) == [4000, 3000]
    assert desired(quotas.list_requested_service_quota_change_history(Status="PENDING")) == []
    assert desired(quotas.list_requested_service_quota_change_history_by_quota(**TABLES)) == [4000, 3000]
    pages = quotas.get_paginator("list_requested_service_quota_change_history").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert [desired(page) for page in pages] == [[11_000, 4000], [3000]]


def test_pages(quotas):
    every = quotas.list_service_quotas(ServiceCode="dynamodb")["Quotas"]
    pages = list(
        quotas.get_paginator("list_service_quotas").paginate(ServiceCode="dynamodb", PaginationConfig={"PageSize": 1})
    )
    assert [quota for page in pages for quota in page["Quotas"]] == every
    assert len(pages) == len(every)
    for token in ("bm9uc2Vuc2U=", "Ym9ndXM", pages[0]["NextToken"]):
        assert refused(quotas.list_services, NextToken=token) == (
            "InvalidPaginationTokenException",
            "Invalid pagination token was provided.",
        )
    for name in ("list_services", "list_aws_default_service_quotas"):
        parameters = {} if name == "list_services" else {"ServiceCode": "dynamodb"}
        assert len(list(quotas.get_paginator(name).paginate(**parameters, PaginationConfig={"PageSize": 1}))) > 1


def test_tags(quotas):
    arn = quotas.get_service_quota(**TABLES)["Quota"]["QuotaArn"]
    quotas.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "a"}, {"Key": "env", "Value": ""}])
    quotas.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "b"}])
    quotas.untag_resource(ResourceARN=arn, TagKeys=["env", "other"])
    assert quotas.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "b"}]
    many = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    assert refused(quotas.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"
    assert quotas.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "b"}]
    other = arn.replace("123456789012", "999999999999")
    assert refused(quotas.list_tags_for_resource, ResourceARN=other)[0] == "NoSuchResourceException"


def test_what_was_asked_for_is_part_of_snapshots(quotas, aws):
    before = aws.snapshot()
    quotas.request_service_quota_increase(**TABLES, DesiredValue=3000)
    aws.restore(before)
    assert quotas.get_service_quota(**TABLES)["Quota"]["Value"] == 2500
    assert quotas.list_requested_service_quota_change_history()["RequestedQuotas"] == []


@pytest.mark.rule("service-quotas-004")
def test_the_request_rates_of_kms_can_be_raised(aws):
    quotas = boto3.client("service-quotas", region_name="ca-central-1")
    listed = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="kms").build_full_result()["Quotas"]
    rates = [quota for quota in listed if "request rate" in quota["QuotaName"]]
    symmetric = next(quota for quota in rates if "symmetric" in quota["QuotaName"])
    assert (symmetric["QuotaCode"], symmetric["Value"]) == ("L-6E3AF000", 10_000)
    assert symmetric["Period"] == {"PeriodValue": 1, "PeriodUnit": "SECOND"}
    assert len(rates) > 15
    assert all(quota["Adjustable"] for quota in rates)
    asked = {"ServiceCode": "kms", "QuotaCode": "L-6E3AF000", "DesiredValue": 15_000}
    assert quotas.request_service_quota_increase(**asked)["RequestedQuota"]["Status"] == "PENDING"
