"""Delivery streams into domains of OpenSearch Service."""

import base64
import json

import boto3
import pytest

from awsim.services.firehose.documents import index_name

ROLE = "arn:aws:iam::123456789012:role/app"
BUCKET = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::reports"}
DOMAIN = "arn:aws:es:us-east-1:123456789012:domain/logs"
FORMS = [
    ("Amazonopensearchservice", "AmazonOpenSearchService-failed"),
    ("Elasticsearch", "elasticsearch-failed"),
]

pytestmark = pytest.mark.aws(at="2026-01-02T03:04:05Z")


@pytest.fixture
def domain(aws):
    client = boto3.client("opensearch", region_name="us-east-1")
    client.create_domain(
        DomainName="logs",
        ClusterConfig={"InstanceType": "t3.small.search"},
        EBSOptions={"EBSEnabled": True, "VolumeSize": 10},
    )
    return client.describe_domain(DomainName="logs")["DomainStatus"]["Endpoint"]


@pytest.fixture
def asked(aws, domain):
    """asked("/clicks/_search") -> what the domain answers."""

    def asked(path, method="GET", body=None):
        data = b"" if body is None else json.dumps(body).encode()
        more = {"Host": domain, "Method": method, "Path": path, "Body": data}
        return json.loads(aws.call("opensearch", "AskDomain", more)["Body"])

    return asked


@pytest.fixture
def to(firehose, s3):
    """to("Elasticsearch", …): the delivery stream `clicks` into the domain `logs`, at once."""

    def to(form="Amazonopensearchservice", **settings):
        config = {
            "RoleARN": ROLE,
            "DomainARN": DOMAIN,
            "IndexName": "clicks",
            "IndexRotationPeriod": "NoRotation",
            "S3Configuration": BUCKET,
            "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
            **settings,
        }
        config = {name: value for name, value in config.items() if value is not None}
        firehose.create_delivery_stream(DeliveryStreamName="clicks", **{f"{form}DestinationConfiguration": config})

    return to


def failures(delivered):
    return {key: [json.loads(line) for line in content.splitlines()] for key, content in delivered().items()}


@pytest.mark.rule("firehose-010")
@pytest.mark.parametrize("form", [form for form, _ in FORMS])
def test_a_record_becomes_a_document(aws, firehose, domain, asked, to, put, delivered, form):
    to(form, BufferingHints={"IntervalInSeconds": 60, "SizeInMBs": 1})
    shown = firehose.describe_delivery_stream(DeliveryStreamName="clicks")["DeliveryStreamDescription"]
    settings = shown["Destinations"][0][f"{form}DestinationDescription"]
    assert (settings["DomainARN"], settings["IndexName"], settings["RoleARN"]) == (DOMAIN, "clicks", ROLE)
    assert settings["S3DestinationDescription"]["BucketARN"] == BUCKET["BucketARN"]
    assert (settings["S3BackupMode"], settings["RetryOptions"]) == ("FailedDocumentsOnly", {"DurationInSeconds": 300})
    put(b'{"page": "/a"}')
    put(b'{"page": "/b"}\n')
    aws.clock.advance(seconds=59)
    assert "error" in asked("/clicks/_count")
    aws.clock.advance(seconds=1)
    hits = asked("/clicks/_search")["hits"]["hits"]
    assert [hit["_source"] for hit in hits] == [{"page": "/a"}, {"page": "/b"}]
    assert len({hit["_id"] for hit in hits}) == 2
    assert delivered() == {}


def test_a_domain_can_be_named_by_its_endpoint(domain, asked, to, put):
    to(DomainARN=None, ClusterEndpoint=f"https://{domain}")
    put(b'{"page": "/a"}')
    assert asked("/clicks/_count")["count"] == 1


@pytest.mark.rule("firehose-010")
@pytest.mark.rule("firehose-014")
@pytest.mark.parametrize(("form", "prefix"), FORMS)
def test_documents_that_are_refused_lie_in_the_bucket(aws, domain, asked, to, put, delivered, form, prefix):
    asked("/clicks", "PUT", {"mappings": {"properties": {"n": {"type": "long"}}}})
    to(form, RetryOptions={"DurationInSeconds": 60}, BufferingHints={"IntervalInSeconds": 1, "SizeInMBs": 1})
    put(b'{"n": 1}')
    put(b'{"n": "x"}')
    put(b"no json")
    aws.clock.advance(seconds=2)
    assert asked("/clicks/_count")["count"] == 1
    assert delivered() == {}
    aws.clock.advance(minutes=2)
    ((key, (wrong, unread)),) = failures(delivered).items()
    assert key.startswith(f"{prefix}/2026/01/02/03/")
    assert (wrong["attemptsMade"], wrong["errorCode"], wrong["esIndexName"]) == (4, "400", "clicks")
    assert json.loads(wrong["errorMessage"])["type"] == "mapper_parsing_exception"
    assert base64.b64decode(wrong["rawData"]) == b'{"n": "x"}'
    assert base64.b64decode(unread["rawData"]) == b"no json"
    assert asked("/clicks/_count")["count"] == 1


def test_a_domain_that_comes_later_gets_the_documents_under_the_same_ids(aws, to, put, delivered):
    to()
    put(b'{"page": "/a"}')
    client = boto3.client("opensearch", region_name="us-east-1")
    client.create_domain(
        DomainName="logs",
        ClusterConfig={"InstanceType": "t3.small.search"},
        EBSOptions={"EBSEnabled": True, "VolumeSize": 10},
    )
    aws.clock.advance(seconds=5)
    host = client.describe_domain(DomainName="logs")["DomainStatus"]["Endpoint"]
    found = json.loads(aws.call("opensearch", "AskDomain", {"Host": host, "Path": "/clicks/_search"})["Body"])
    (hit,) = found["hits"]["hits"]
    assert hit["_id"].endswith(".0")
    aws.clock.advance(hours=1)
    assert delivered() == {}


def test_a_domain_that_never_comes(aws, to, put, delivered):
    to(RetryOptions={"DurationInSeconds": 0})
    put(b'{"page": "/a"}')
    ((_, (told,)),) = failures(delivered).items()
    assert (told["attemptsMade"], told["errorCode"]) == (1, "ResourceNotFoundException")
    assert told["errorMessage"] == "Domain not found: logs"


def test_all_documents_can_be_kept_as_well(domain, asked, to, put, delivered):
    to(S3BackupMode="AllDocuments")
    put(b'{"page": "/a"}')
    assert asked("/clicks/_count")["count"] == 1
    assert list(delivered().values()) == [b'{"page": "/a"}']


def test_the_domain_can_choose_the_ids(domain, asked, to, put):
    to(DocumentIdOptions={"DefaultDocumentIdFormat": "NO_DOCUMENT_ID"})
    put(b'{"page": "/a"}')
    (hit,) = asked("/clicks/_search")["hits"]["hits"]
    assert len(hit["_id"]) == 20


def test_indices_rotate_by_the_time_of_arrival(aws, domain, asked, to, put):
    to(IndexRotationPeriod="OneDay")
    put(b'{"page": "/a"}')
    aws.clock.advance(days=1)
    put(b'{"page": "/b"}')
    assert asked("/clicks-2026-01-02/_count")["count"] == 1
    assert asked("/clicks-2026-01-03/_count")["count"] == 1


@pytest.mark.parametrize(
    ("rotation", "name"),
    [
        ("NoRotation", "myindex"),
        ("OneHour", "myindex-2016-02-25-13"),
        ("OneDay", "myindex-2016-02-25"),
        ("OneWeek", "myindex-2016-w09"),
        ("OneMonth", "myindex-2016-02"),
    ],
)
def test_names_of_indices(rotation, name):
    assert index_name("myindex", rotation, 1_456_405_200) == name  # 2016-02-25T13:00:00Z


def test_weeks_begin_on_sundays():
    saturday, sunday = 1_609_545_600, 1_609_632_000  # 2021-01-02, 2021-01-03
    assert index_name("i", "OneWeek", saturday) == "i-2021-w01"
    assert index_name("i", "OneWeek", sunday) == "i-2021-w02"
    assert index_name("i", "OneWeek", 1_609_286_400) == "i-2021-w01"  # Wednesday, 2020-12-30


def test_records_are_processed_before(domain, asked, to, put):
    parameters = [{"ParameterName": "SubRecordType", "ParameterValue": "JSON"}]
    processor = {"Type": "RecordDeAggregation", "Parameters": parameters}
    to(ProcessingConfiguration={"Enabled": True, "Processors": [processor]})
    put(b'{"page": "/a"}{"page": "/b"}')
    assert asked("/clicks/_count")["count"] == 2


def test_an_update_may_name_the_domain_otherwise(firehose, domain, asked, to, put):
    to(DomainARN="arn:aws:es:us-east-1:123456789012:domain/elsewhere")
    firehose.update_destination(
        DeliveryStreamName="clicks",
        DestinationId="destinationId-000000000001",
        CurrentDeliveryStreamVersionId="1",
        AmazonopensearchserviceDestinationUpdate={"ClusterEndpoint": f"https://{domain}"},
    )
    put(b'{"page": "/a"}')
    assert asked("/clicks/_count")["count"] == 1


@pytest.mark.aws(authorization=True, at="2026-01-02T03:04:05Z")
def test_the_role_has_to_be_let_in(aws, domain, asked, to, put, delivered):
    iam = boto3.client("iam", region_name="us-east-1")
    trust = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="app",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )

    def may(*actions):
        allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=document)

    may("es:DescribeDomain", "s3:*")
    to(RetryOptions={"DurationInSeconds": 0})
    put(b'{"page": "/a"}')
    ((_, (told,)),) = failures(delivered).items()
    assert told["errorCode"] == "403"
    assert "is not authorized to perform: es:ESHttpPost" in told["errorMessage"]
    may("es:DescribeDomain", "es:ESHttpPost", "s3:*")
    put(b'{"page": "/b"}')
    assert asked("/clicks/_search")["hits"]["hits"][0]["_source"] == {"page": "/b"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"DomainARN": None}, "Exactly one of DomainARN and ClusterEndpoint must be specified."),
        ({"ClusterEndpoint": "https://x.y"}, "Exactly one of DomainARN and ClusterEndpoint must be specified."),
    ],
)
def test_there_is_one_domain(firehose, to, refused, settings, message):
    assert refused(to, **settings) == ("InvalidArgumentException", message)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_interfaces_in_a_vpc_are_described(firehose, to):
    to(VpcConfiguration={"SubnetIds": ["subnet-1"], "RoleARN": ROLE, "SecurityGroupIds": ["sg-1"]})
    shown = firehose.describe_delivery_stream(DeliveryStreamName="clicks")["DeliveryStreamDescription"]
    settings = shown["Destinations"][0]["AmazonopensearchserviceDestinationDescription"]
    assert settings["VpcConfigurationDescription"] == {
        "SubnetIds": ["subnet-1"],
        "RoleARN": ROLE,
        "SecurityGroupIds": ["sg-1"],
        "VpcId": "vpc-1",
    }
