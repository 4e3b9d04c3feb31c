"""Deliveries, anomaly detectors, integrations, Live Tail, and what CloudWatch is told."""

import json
from datetime import UTC, datetime

import pytest

from tests.services.logs.conftest import ACCOUNT, GROUP, REGION

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
BUCKET = {"destinationResourceArn": "arn:aws:s3:::logs"}


def test_a_delivery_joins_a_source_and_a_destination(logs, refused):
    source = logs.put_delivery_source(name="jobs", resourceArn=QUEUE, logType="ACCESS")["deliverySource"]
    assert (source["service"], source["resourceArns"]) == ("sqs", [QUEUE])
    to = {"name": "bucket", "deliveryDestinationConfiguration": BUCKET, "outputFormat": "json"}
    target = logs.put_delivery_destination(**to, tags={"team": "a"})["deliveryDestination"]
    assert target["deliveryDestinationType"] == "S3"
    given = {"deliverySourceName": "jobs", "deliveryDestinationArn": target["arn"]}
    s3 = {"suffixPath": "{yyyy}", "enableHiveCompatiblePath": True}
    delivery = logs.create_delivery(**given, s3DeliveryConfiguration=s3)["delivery"]
    assert delivery["s3DeliveryConfiguration"] == s3
    assert refused(logs.create_delivery, **given)[0] == "ConflictException"
    assert refused(logs.delete_delivery_source, name="jobs")[0] == "ConflictException"
    assert refused(logs.delete_delivery_destination, name="bucket")[0] == "ConflictException"
    logs.update_delivery_configuration(id=delivery["id"], recordFields=["a"])
    assert logs.get_delivery(id=delivery["id"])["delivery"]["recordFields"] == ["a"]
    assert logs.list_tags_for_resource(resourceArn=target["arn"])["tags"] == {"team": "a"}
    logs.delete_delivery(id=delivery["id"])
    logs.delete_delivery_source(name="jobs")
    logs.delete_delivery_destination(name="bucket")
    assert refused(logs.get_delivery, id=delivery["id"])[0] == "ResourceNotFoundException"
    assert logs.describe_delivery_sources()["deliverySources"] == []


def test_deliveries_that_cannot_be(logs, refused):
    assert refused(logs.put_delivery_source, name="a b", resourceArn=QUEUE, logType="X")[0] == "ValidationException"
    logs.put_delivery_source(name="jobs", resourceArn=QUEUE, logType="ACCESS")
    same = {"name": "other", "resourceArn": QUEUE, "logType": "ACCESS"}
    assert refused(logs.put_delivery_source, **same)[0] == "ConflictException"
    queue = {"destinationResourceArn": QUEUE}
    given = {"name": "x", "deliveryDestinationConfiguration": queue}
    assert refused(logs.put_delivery_destination, **given)[0] == "ValidationException"
    none = {"deliverySourceName": "jobs", "deliveryDestinationArn": "arn:aws:logs:x"}
    assert refused(logs.create_delivery, **none)[0] == "ResourceNotFoundException"


def test_the_policy_of_a_delivery_destination(logs, refused):
    logs.put_delivery_destination(name="bucket", deliveryDestinationConfiguration=BUCKET)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": "logs:CreateDelivery",
        "Resource": "*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    named = {"deliveryDestinationName": "bucket"}
    logs.put_delivery_destination_policy(**named, deliveryDestinationPolicy=text)
    assert logs.get_delivery_destination_policy(**named)["policy"] == {"deliveryDestinationPolicy": text}
    bad = refused(logs.put_delivery_destination_policy, **named, deliveryDestinationPolicy="{}")
    assert bad[0] == "ValidationException"
    logs.delete_delivery_destination_policy(**named)
    assert logs.get_delivery_destination_policy(**named)["policy"] == {}


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_an_anomaly_detector_is_trained(aws, logs, refused):
    logs.create_log_group(logGroupName="app")
    arn = logs.create_log_anomaly_detector(logGroupArnList=[f"{GROUP}app"], detectorName="d")["anomalyDetectorArn"]
    state = lambda: logs.get_log_anomaly_detector(anomalyDetectorArn=arn)["anomalyDetectorStatus"]  # noqa: E731
    seen = [state()]
    for minutes in (2, 10):
        aws.clock.advance(minutes=minutes)
        seen.append(state())
    assert seen == ["INITIALIZING", "TRAINING", "ANALYZING"]
    logs.update_log_anomaly_detector(anomalyDetectorArn=arn, enabled=False, evaluationFrequency="ONE_HOUR")
    assert state() == "PAUSED"
    (listed,) = logs.list_log_anomaly_detectors(filterLogGroupArn=f"{GROUP}app")["anomalyDetectors"]
    assert (listed["evaluationFrequency"], listed["anomalyVisibilityTime"]) == ("ONE_HOUR", 21)
    assert logs.list_anomalies(anomalyDetectorArn=arn)["anomalies"] == []
    logs.delete_log_anomaly_detector(anomalyDetectorArn=arn)
    gone = refused(logs.get_log_anomaly_detector, anomalyDetectorArn=arn)
    assert gone == ("ResourceNotFoundException", "The specified anomaly detector does not exist.")


def test_integrations(logs, refused):
    config = {
        "openSearchResourceConfig": {
            "dataSourceRoleArn": f"arn:aws:iam::{ACCOUNT}:role/search",
            "dashboardViewerPrincipals": [f"arn:aws:iam::{ACCOUNT}:role/app"],
            "retentionDays": 7,
        }
    }
    given = {"integrationType": "OPENSEARCH", "resourceConfig": config}
    assert logs.put_integration(integrationName="search", **given)["integrationStatus"] == "PROVISIONING"
    assert logs.get_integration(integrationName="search")["integrationStatus"] == "ACTIVE"
    assert refused(logs.put_integration, integrationName="other", **given)[0] == "LimitExceededException"
    assert len(logs.list_integrations(integrationNamePrefix="se")["integrationSummaries"]) == 1
    logs.delete_integration(integrationName="search")
    assert refused(logs.get_integration, integrationName="search")[0] == "ResourceNotFoundException"


# --- Live Tail


@pytest.mark.rule("logs-011")
@pytest.mark.newer_botocore
@pytest.mark.aws(at="2026-01-01")
def test_live_tail_shows_what_comes_in(aws, logs, put, now):
    put("app", "web", "before")
    tail = logs.start_live_tail(logGroupIdentifiers=[f"{GROUP}app"], logEventFilterPattern="ERROR")["responseStream"]
    put("app", "web", "ERROR one", "fine")
    events = iter(tail)
    start = next(events)["sessionStart"]
    assert (start["logGroupIdentifiers"], start["logEventFilterPattern"]) == ([f"{GROUP}app"], "ERROR")
    update = next(events)["sessionUpdate"]
    assert update["sessionMetadata"] == {"sampled": False}
    (result,) = update["sessionResults"]
    assert (result["message"], result["logStreamName"], result["timestamp"]) == ("ERROR one", "web", now())
    before = now()
    assert next(events)["sessionUpdate"]["sessionResults"] == []
    assert now() - before == 1000
    put("app", "web", "ERROR two")
    assert next(events)["sessionUpdate"]["sessionResults"][0]["message"] == "ERROR two"


@pytest.mark.newer_botocore
@pytest.mark.aws(at="2026-01-01", limits={"logs.live-tail-session": 2, "logs.live-tails": 1})
def test_a_session_ends(aws, logs, refused):
    logs.create_log_group(logGroupName="app")
    tail = logs.start_live_tail(logGroupIdentifiers=[f"{GROUP}app"])["responseStream"]
    assert refused(logs.start_live_tail, logGroupIdentifiers=[f"{GROUP}app"])[0] == "LimitExceededException"
    kinds = []
    with pytest.raises(Exception, match="SessionTimeoutException"):
        for event in tail:
            kinds += event
    assert kinds == ["sessionStart", "sessionUpdate", "sessionUpdate"]
    assert refused(logs.start_live_tail, logGroupIdentifiers=[f"{GROUP}none"])[0] == "ResourceNotFoundException"


# --- metrics


@pytest.mark.aws(at="2026-01-01T12:00:00")
def test_metrics_of_a_group(client, put):
    put("app", "web", "one", "two")
    put("app", "db", "three")
    end = datetime(2026, 1, 1, 13, tzinfo=UTC)

    def total(name):
        found = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Logs",
            MetricName=name,
            Dimensions=[{"Name": "LogGroupName", "Value": "app"}],
            StartTime=end.replace(hour=11),
            EndTime=end,
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(each["Sum"] for each in found)

    assert (total("IncomingLogEvents"), total("IncomingBytes")) == (3, 11 + 3 * 26)
