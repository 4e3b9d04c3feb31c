"""Event data stores: their life, what queries find in them, channels, imports and policies."""

import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


@pytest.fixture
def store(trails):
    return lambda name="lake", **more: trails.create_event_data_store(Name=name, **more)["EventDataStoreArn"]


@pytest.fixture
def asked(trails):
    """asked(sql) -> rows as dicts."""

    def asked(statement, **more):
        pytest.importorskip("duckdb")
        query = trails.start_query(QueryStatement=statement, **more)["QueryId"]
        found = trails.get_query_results(QueryId=query)
        assert found["QueryStatus"] == "FINISHED"
        return [{key: value for cell in row for key, value in cell.items()} for row in found["QueryResultRows"]]

    return asked


def test_the_life_of_a_store(aws, trails, store, refused):
    made = trails.create_event_data_store(Name="lake", RetentionPeriod=90)
    arn = made["EventDataStoreArn"]
    assert (made["Status"], made["MultiRegionEnabled"], made["TerminationProtectionEnabled"]) == ("CREATED", True, True)
    assert trails.get_event_data_store(EventDataStore=arn)["Status"] == "ENABLED"
    assert refused(store, name="lake")[0] == "EventDataStoreAlreadyExistsException"
    assert (
        refused(store, name="long", RetentionPeriod=3000, BillingMode="FIXED_RETENTION_PRICING")[0]
        == "InvalidParameterException"
    )
    code, _ = refused(trails.delete_event_data_store, EventDataStore=arn)
    assert code == "EventDataStoreTerminationProtectedException"
    trails.update_event_data_store(EventDataStore=arn, TerminationProtectionEnabled=False)
    trails.stop_event_data_store_ingestion(EventDataStore=arn)
    assert trails.get_event_data_store(EventDataStore=arn)["Status"] == "STOPPED_INGESTION"
    trails.start_event_data_store_ingestion(EventDataStore=arn)
    trails.delete_event_data_store(EventDataStore=arn)
    assert trails.get_event_data_store(EventDataStore=arn)["Status"] == "PENDING_DELETION"
    assert (
        refused(trails.update_event_data_store, EventDataStore=arn, Name="other")[0]
        == "InactiveEventDataStoreException"
    )
    assert trails.restore_event_data_store(EventDataStore=arn)["Status"] == "ENABLED"
    trails.delete_event_data_store(EventDataStore=arn.rpartition("/")[2])
    aws.clock.advance(days=7)
    assert refused(trails.get_event_data_store, EventDataStore=arn)[0] == "EventDataStoreNotFoundException"


def test_queries_read_what_was_called(aws, client, trails, store, asked):
    client("sqs").create_queue(QueueName="before")
    arn = store()
    client("sqs").create_queue(QueueName="jobs")
    client("iam").create_user(UserName="ann")
    client("sqs").send_message(QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/jobs", MessageBody="x")
    id_ = arn.rpartition("/")[2]
    rows = asked(
        "SELECT eventName, element_at(requestParameters, 'queueName') AS queue, userIdentity.userName AS who "
        f"FROM {id_} "
        "WHERE eventSource = 'sqs.amazonaws.com' AND eventTime >= '2026-03-01 00:00:00' ORDER BY eventName"
    )
    assert [(row["eventName"], row["who"]) for row in rows] == [("CreateQueue", "awsim")]
    assert "jobs" in rows[0]["queue"]
    (counted,) = asked(
        f"SELECT count(*) AS n FROM {id_} WHERE readOnly = false AND eventName LIKE ?", QueryParameters=["Create%"]
    )
    assert counted == {"n": "2"}
    trails.stop_event_data_store_ingestion(EventDataStore=arn)
    client("sqs").create_queue(QueueName="after")
    assert asked(f"SELECT 1 AS one FROM {id_} WHERE requestParameters['queueName'] = 'after'") == []


def test_queries_that_cannot_be(trails, store, refused):
    id_ = store().rpartition("/")[2]
    assert refused(trails.start_query, QueryStatement="SELECT 1")[0] == "InvalidQueryStatementException"
    other = "00000000-0000-0000-0000-000000000000"
    code, _ = refused(trails.start_query, QueryStatement=f"SELECT * FROM {other}")
    assert code == "EventDataStoreNotFoundException"
    pytest.importorskip("duckdb")
    for statement in (f"DELETE FROM {id_}", f"SELECT nothing FROM {id_}"):
        assert refused(trails.start_query, QueryStatement=statement)[0] == "InvalidQueryStatementException"
    query = trails.start_query(QueryStatement=f"SELECT * FROM {id_}")["QueryId"]
    assert trails.describe_query(QueryId=query)["QueryStatus"] == "FINISHED"
    assert [one["QueryId"] for one in trails.list_queries(EventDataStore=id_)["Queries"]] == [query]
    assert refused(trails.cancel_query, QueryId=query)[0] == "InactiveQueryException"
    assert refused(trails.get_query_results, QueryId=other)[0] == "QueryIdNotFoundException"


def test_channels(trails, store, refused):
    arn = store(TerminationProtectionEnabled=False)
    to = [{"Type": "EVENT_DATA_STORE", "Location": arn}]
    channel = trails.create_channel(Name="partner", Source="Custom", Destinations=to)["ChannelArn"]
    assert trails.get_channel(Channel=channel)["Destinations"] == to
    again = {"Name": "partner", "Source": "Custom", "Destinations": to}
    assert refused(trails.create_channel, **again)[0] == "ChannelAlreadyExistsException"
    assert refused(trails.delete_event_data_store, EventDataStore=arn)[0] == "ChannelExistsForEDSException"
    assert trails.update_channel(Channel=channel, Name="other")["Name"] == "other"
    trails.delete_channel(Channel=channel)
    assert trails.list_channels()["Channels"] == []
    assert refused(trails.get_channel, Channel=channel)[0] == "ChannelNotFoundException"


def test_policies(trails, store, refused):
    arn = store()
    assert refused(trails.get_resource_policy, ResourceArn=arn)[0] == "ResourcePolicyNotFoundException"
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": "210987654321"},
        "Action": "cloudtrail:StartQuery",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    trails.put_resource_policy(ResourceArn=arn, ResourcePolicy=policy)
    assert trails.get_resource_policy(ResourceArn=arn)["ResourcePolicy"] == policy
    assert (
        refused(trails.put_resource_policy, ResourceArn=arn, ResourcePolicy="{}")[0]
        == "ResourcePolicyNotValidException"
    )
    trails.delete_resource_policy(ResourceArn=arn)
    assert refused(trails.delete_resource_policy, ResourceArn=arn)[0] == "ResourcePolicyNotFoundException"


def test_imports_of_a_trails_files(aws, client, trails, logging, store, asked):
    logging()
    client("iam").create_user(UserName="ann")
    aws.clock.advance(minutes=5)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    role = client("iam").create_role(
        RoleName="import", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    arn = store(StartIngestion=False)
    source = {
        "S3LocationUri": "s3://logs-of-all/AWSLogs/123456789012/CloudTrail/",
        "S3BucketRegion": "us-east-1",
        "S3BucketAccessRoleArn": role,
    }
    started = trails.start_import(Destinations=[arn], ImportSource={"S3": source})
    assert started["ImportStatus"] == "INITIALIZING"
    done = trails.get_import(ImportId=started["ImportId"])
    assert done["ImportStatus"] == "COMPLETED"
    assert done["ImportStatistics"]["FilesCompleted"] == 1
    rows = asked(f"SELECT eventName FROM {arn.rpartition('/')[2]} WHERE eventName = 'CreateUser'")
    assert rows == [{"eventName": "CreateUser"}]


def test_event_configuration(trails, store, refused):
    arn = store()
    trails.put_event_configuration(
        EventDataStore=arn,
        MaxEventSize="Large",
        ContextKeySelectors=[{"Type": "TagContext", "Equals": ["team"]}],
    )
    assert trails.get_event_configuration(EventDataStore=arn)["MaxEventSize"] == "Large"
    assert refused(trails.get_event_configuration)[0] == "InvalidParameterCombinationException"
