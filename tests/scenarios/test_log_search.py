"""Log lines go through a subscription and a delivery stream into a domain of OpenSearch, where they are searched."""

import json

import pytest

boto3 = pytest.importorskip("boto3")
urllib3 = pytest.importorskip("urllib3")

REGION, ACCOUNT = "eu-west-1", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
DOMAIN = f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs"

pytestmark = pytest.mark.aws(at="2026-01-02T12:00:00Z", region=REGION)


@pytest.fixture
def client(aws):
    return lambda name: boto3.client(name, region_name=REGION)


@pytest.fixture
def endpoint(client):
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "es:ESHttp*",
        "Resource": f"{DOMAIN}/*",
        "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.1"}},
    }
    search = client("opensearch")
    search.create_domain(
        DomainName="logs",
        ClusterConfig={"InstanceType": "t3.small.search"},
        EBSOptions={"EBSEnabled": True, "VolumeSize": 10},
        AccessPolicies=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    return "https://" + search.describe_domain(DomainName="logs")["DomainStatus"]["Endpoint"]


@pytest.fixture
def searched(endpoint):
    def searched(index, query):
        """The sources of what is found."""
        body = json.dumps({"query": query, "sort": ["took"]})
        answer = urllib3.PoolManager().request(
            "POST", f"{endpoint}/{index}/_search", body=body, headers={"Content-Type": "application/json"}
        )
        return [hit["_source"] for hit in json.loads(answer.data)["hits"]["hits"]]

    return searched


@pytest.mark.rule("logs-026", "firehose-010")
def test_log_lines_are_found_in_the_index_of_their_day(aws, client, searched):
    client("s3").create_bucket(Bucket="failed", CreateBucketConfiguration={"LocationConstraint": REGION})
    extracted = [{"ParameterName": "DataMessageExtraction", "ParameterValue": "true"}]
    packed = [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}]
    stream = client("firehose").create_delivery_stream(
        DeliveryStreamName="logs",
        AmazonopensearchserviceDestinationConfiguration={
            "RoleARN": ROLE,
            "DomainARN": DOMAIN,
            "IndexName": "app",
            "IndexRotationPeriod": "OneDay",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [
                    {"Type": "Decompression", "Parameters": packed},
                    {"Type": "CloudWatchLogProcessing", "Parameters": extracted},
                ],
            },
            "S3Configuration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::failed"},
        },
    )["DeliveryStreamARN"]
    logs = client("logs")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="web")
    logs.put_subscription_filter(
        logGroupName="app", filterName="all", filterPattern="", destinationArn=stream, roleArn=ROLE
    )

    def log(**line):
        event = {"timestamp": round(aws.clock.time() * 1000), "message": json.dumps(line)}
        logs.put_log_events(logGroupName="app", logStreamName="web", logEvents=[event])

    log(page="/cart", took=12)
    log(page="/cart", took=900)
    log(page="/home", took=950)
    aws.clock.advance(minutes=2)
    slow = {"bool": {"filter": [{"term": {"page.keyword": "/cart"}}, {"range": {"took": {"gt": 100}}}]}}
    assert searched("app-2026-01-02", slow) == [{"page": "/cart", "took": 900}]
    aws.clock.advance(days=1)
    log(page="/cart", took=300)
    aws.clock.advance(minutes=2)
    assert searched("app-*", slow) == [{"page": "/cart", "took": 300}, {"page": "/cart", "took": 900}]
    assert client("s3").list_objects_v2(Bucket="failed")["KeyCount"] == 0
