"""Clients, and no credentials or profile of this machine."""

import json
import os

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def client(aws):
    """client("sqs", region="eu-west-1", **keys)"""
    return lambda service, region=REGION, **more: boto3.client(service, region_name=region, **more)


@pytest.fixture
def trails(client):
    return client("cloudtrail")


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3):
    """bucket(name) -> the name of a bucket that CloudTrail may write to."""

    def bucket(name="logs", account=ACCOUNT, prefix=""):
        s3.create_bucket(Bucket=name)
        service = {"Service": "cloudtrail.amazonaws.com"}
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:GetBucketAcl",
                    "Resource": f"arn:aws:s3:::{name}",
                },
                {
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{name}/{prefix}AWSLogs/{account}/*",
                    "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
                },
            ],
        }
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        return name

    return bucket


@pytest.fixture
def logging(trails, bucket):
    """logging(**settings) -> the ARN of a trail that logs."""

    def logging(name="all", selectors=None, **settings):
        made = trails.create_trail(Name=name, S3BucketName=bucket(f"logs-of-{name}"), **settings)
        if selectors:
            trails.put_event_selectors(TrailName=name, EventSelectors=selectors)
        trails.start_logging(Name=name)
        return made["TrailARN"]

    return logging


@pytest.fixture
def found(trails):
    """found(EventName="DeleteBucket") -> the records that LookupEvents has, newest first."""

    def found(**attribute):
        wanted = [{"AttributeKey": key, "AttributeValue": value} for key, value in attribute.items()]
        pages = trails.get_paginator("lookup_events").paginate(LookupAttributes=wanted)
        return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]

    return found


@pytest.fixture
def delivered(s3):
    """delivered(bucket) -> (key, record) of all events in log files."""
    import gzip

    def delivered(name="logs-of-all"):
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=name).get("Contents", ())]
        return [
            (key, record)
            for key in keys
            if "/CloudTrail/" in key
            for record in json.loads(gzip.decompress(s3.get_object(Bucket=name, Key=key)["Body"].read()))["Records"]
        ]

    return delivered


@pytest.fixture
def refused():
    """refused(call, **params) -> (code, message)."""

    def refused(call, /, *args, **params):
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused
