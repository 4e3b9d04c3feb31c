"""Dashboards, anomaly detectors, Contributor Insights, metric streams."""

import json
from datetime import timedelta

import boto3
import pytest

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:30")
TEXT = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "# Hello"}}
GRAPH = {
    "type": "metric",
    "properties": {
        "metrics": [["AWS/EC2", "CPUUtilization"]],
        "view": "timeSeries",
        "stacked": True,
        "region": "us-east-1",
    },
}


@pytest.mark.rule("cloudwatch-041")
def test_dashboards(cloudwatch, refused):
    body = json.dumps({"widgets": [TEXT, GRAPH, {**GRAPH, "properties": {**GRAPH["properties"], "stacked": False}}]})
    assert cloudwatch.put_dashboard(DashboardName="web", DashboardBody=body)["DashboardValidationMessages"] == []
    shown = cloudwatch.get_dashboard(DashboardName="web")
    assert shown["DashboardBody"] == body
    assert shown["DashboardArn"] == "arn:aws:cloudwatch::123456789012:dashboard/web"
    (entry,) = cloudwatch.list_dashboards(DashboardNamePrefix="w")["DashboardEntries"]
    assert (entry["DashboardName"], entry["Size"]) == ("web", len(body))
    with refused("ResourceNotFound", "Dashboard none does not exist"):
        cloudwatch.get_dashboard(DashboardName="none")
    with refused("ResourceNotFound"):
        cloudwatch.delete_dashboards(DashboardNames=["web", "none"])
    assert cloudwatch.list_dashboards(DashboardNamePrefix="x")["DashboardEntries"] == []
    cloudwatch.delete_dashboards(DashboardNames=["web"])
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


@pytest.mark.rule("cloudwatch-041")
@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("{broken", ""),
        ("[]", ""),
        ("{}", "/"),
        ({"widgets": 1}, "/widgets"),
        ({"widgets": [{**TEXT, "type": "picture"}]}, "/widgets/0/type"),
        ({"widgets": [{"type": "text"}]}, "/widgets/0"),
        ({"widgets": [TEXT, {"type": "text", "properties": {}}]}, "/widgets/1/properties"),
        ({"widgets": [{**TEXT, "x": -1}]}, "/widgets/0/x"),
        (
            {"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/EC2"]]}}]},
            "/widgets/0/properties/metrics/0",
        ),
    ],
)
def test_broken_dashboards(cloudwatch, body, path):
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(cloudwatch.exceptions.DashboardInvalidInputError) as caught:
        cloudwatch.put_dashboard(DashboardName="web", DashboardBody=text)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterInput"
    assert path in [each["DataPath"] for each in caught.value.response["dashboardValidationMessages"]]
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_a_warning_is_no_refusal(cloudwatch):
    body = json.dumps({"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/EC2", "CPUUtilization"]]}}]})
    (message,) = cloudwatch.put_dashboard(DashboardName="web", DashboardBody=body)["DashboardValidationMessages"]
    assert message["DataPath"] == "/widgets/0/properties"
    assert cloudwatch.get_dashboard(DashboardName="web")["DashboardBody"] == body


def test_anomaly_detectors(cloudwatch, refused):
    single = {"Namespace": "My/App", "MetricName": "x", "Stat": "Average"}
    cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=single)
    cloudwatch.put_anomaly_detector(**single, Configuration={"MetricTimezone": "UTC"})
    (shown,) = cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"]
    assert (shown["MetricName"], shown["Configuration"]["MetricTimezone"]) == ("x", "UTC")
    assert shown["SingleMetricAnomalyDetector"]["Stat"] == "Average"
    with refused("InvalidParameterCombination"):
        cloudwatch.put_anomaly_detector(**single, SingleMetricAnomalyDetector=single)
    with refused("MissingParameter"):
        cloudwatch.put_anomaly_detector(Namespace="My/App", MetricName="x")
    cloudwatch.delete_anomaly_detector(**single)
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"] == []
    with refused("ResourceNotFoundException"):
        cloudwatch.delete_anomaly_detector(**single)


# --- Contributor Insights

DEFINITION = {
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "LogGroupNames": ["web*"],
    "LogFormat": "JSON",
    "Contribution": {"Keys": ["$.ip"], "Filters": [{"Match": "$.status", "GreaterThan": 399}]},
    "AggregateOn": "COUNT",
}


@pytest.fixture
def log(aws):
    logs = boto3.client("logs", region_name="us-east-1")
    logs.create_log_group(logGroupName="web-1")
    logs.create_log_stream(logGroupName="web-1", logStreamName="s")

    def write(*events):
        now = int(aws.clock.now().timestamp() * 1000)
        entries = [
            {"timestamp": now, "message": each if isinstance(each, str) else json.dumps(each)} for each in events
        ]
        logs.put_log_events(logGroupName="web-1", logStreamName="s", logEvents=entries)

    return write


@pytest.fixture
def report(aws, cloudwatch):
    def read(**more):
        now = aws.clock.now()
        window = {"StartTime": now - timedelta(minutes=30), "EndTime": now + timedelta(seconds=1), "Period": 60}
        return cloudwatch.get_insight_rule_report(RuleName="errors", **window, **more)

    return read


@pytest.mark.rule("cloudwatch-044")
def test_contributors_are_ranked(aws, cloudwatch, log, report, refused):
    cloudwatch.put_insight_rule(RuleName="errors", RuleDefinition=json.dumps(DEFINITION))
    log({"ip": "a", "status": 500}, {"ip": "b", "status": 404}, {"ip": "a", "status": 200}, "no json")
    aws.clock.advance(minutes=1)
    log({"ip": "b", "status": 500}, {"ip": "c", "status": 500}, {"ip": "b", "status": 500})
    found = report(Metrics=["UniqueContributors", "Sum"], MaxContributorCount=10)
    ranked = [(each["Keys"], each["ApproximateAggregateValue"]) for each in found["Contributors"]]
    assert ranked == [(["b"], 3.0), (["a"], 1.0), (["c"], 1.0)]
    assert (found["AggregateValue"], found["ApproximateUniqueCount"]) == (5.0, 3)
    assert [(each["UniqueContributors"], each["Sum"]) for each in found["MetricDatapoints"]] == [(2.0, 2.0), (2.0, 3.0)]
    assert len(report(MaxContributorCount=1)["Contributors"]) == 1
    with refused("InvalidParameterValue"):
        report(MaxContributorCount=101)
    with refused("InvalidParameterValue"):
        report(OrderBy="Median")
    query = {"Id": "q", "Expression": "INSIGHT_RULE_METRIC('errors', 'Sum')", "Period": 60}
    (series,) = cloudwatch.get_metric_data(
        MetricDataQueries=[query],
        StartTime=aws.clock.now() - timedelta(minutes=5),
        EndTime=aws.clock.now() + timedelta(seconds=1),
    )["MetricDataResults"]
    assert sum(series["Values"]) == 5.0


@pytest.mark.rule("cloudwatch-044")
def test_rules_are_switched_off_and_on(aws, cloudwatch, log, report):
    definition = {**DEFINITION, "AggregateOn": "SUM"}
    definition["Contribution"] = {"Keys": ["$.ip"], "ValueOf": "$.bytes"}
    cloudwatch.put_insight_rule(RuleName="errors", RuleDefinition=json.dumps(definition))
    log({"ip": "a", "bytes": 10})
    aws.clock.advance(minutes=1)
    assert cloudwatch.disable_insight_rules(RuleNames=["errors", "none"])["Failures"][0]["FailureResource"] == "none"
    log({"ip": "a", "bytes": 100})
    assert report()["AggregateValue"] == 10.0
    assert report()["AggregationStatistic"] == "Sum"
    (shown,) = cloudwatch.describe_insight_rules()["InsightRules"]
    assert (shown["State"], json.loads(shown["Definition"])) == ("DISABLED", definition)
    cloudwatch.enable_insight_rules(RuleNames=["errors"])
    assert cloudwatch.describe_insight_rules()["InsightRules"][0]["State"] == "ENABLED"
    cloudwatch.delete_insight_rules(RuleNames=["errors"])
    assert cloudwatch.describe_insight_rules()["InsightRules"] == []


def test_lines_in_the_common_log_format(cloudwatch, log, report):
    definition = {
        **DEFINITION,
        "LogFormat": "CLF",
        "Fields": {"1": "ip", "4": "when"},
        "Contribution": {"Keys": ["ip"], "Filters": [{"Match": "5", "StartsWith": ["GET"]}]},
    }
    cloudwatch.put_insight_rule(RuleName="errors", RuleDefinition=json.dumps(definition))
    log(
        '10.0.0.1 - bob [01/Jan/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5',
        '10.0.0.2 - - [x y] "PUT / HTTP/1.1" 200 5',
    )
    assert [each["Keys"] for each in report()["Contributors"]] == [["10.0.0.1"]]


@pytest.mark.rule("cloudwatch-044")
@pytest.mark.parametrize(
    "change",
    [
        {"Schema": {"Name": "Mine"}},
        {"LogGroupNames": []},
        {"LogFormat": "XML"},
        {"AggregateOn": "MEDIAN"},
        {"AggregateOn": "SUM"},
        {"Contribution": {"Keys": []}},
        {"Contribution": {"Keys": ["$.ip"], "Filters": [{"Match": "$.a"}]}},
    ],
)
def test_broken_definitions(cloudwatch, refused, change):
    with refused("InvalidParameterValue"):
        cloudwatch.put_insight_rule(RuleName="errors", RuleDefinition=json.dumps({**DEFINITION, **change}))
    assert cloudwatch.describe_insight_rules()["InsightRules"] == []


# --- metric streams

ROLE = "arn:aws:iam::123456789012:role/streams"
FIREHOSE = "arn:aws:firehose:us-east-1:123456789012:deliverystream/metrics"


@pytest.fixture
def delivered(aws):
    """What Firehose has written into its bucket, as lines of JSON."""
    s3 = boto3.client("s3", region_name="us-east-1")
    firehose = boto3.client("firehose", region_name="us-east-1")
    s3.create_bucket(Bucket="metrics")
    firehose.create_delivery_stream(
        DeliveryStreamName="metrics",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE, "BucketARN": "arn:aws:s3:::metrics",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
        },
    )  # fmt: skip

    def read():
        aws.clock.advance(minutes=5)
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="metrics").get("Contents", [])]
        texts = [s3.get_object(Bucket="metrics", Key=key)["Body"].read().decode() for key in keys]
        return [json.loads(line) for text in texts for line in text.splitlines()]

    return read


@pytest.fixture
def stream(cloudwatch):
    def put(**more):
        given = {"Name": "all", "FirehoseArn": FIREHOSE, "RoleArn": ROLE, "OutputFormat": "json", **more}
        return cloudwatch.put_metric_stream(**given)["Arn"]

    return put


@pytest.mark.rule("cloudwatch-042")
def test_metrics_stream_to_firehose(cloudwatch, stream, put, delivered, refused):
    arn = stream(
        StatisticsConfigurations=[
            {"IncludeMetrics": [{"Namespace": "My/App", "MetricName": "x"}], "AdditionalStatistics": ["p50"]}
        ]
    )
    shown = cloudwatch.get_metric_stream(Name="all")
    assert (shown["Arn"], shown["State"], shown["OutputFormat"]) == (arn, "running", "json")
    put(Values=[1, 2, 9], Unit="Seconds", dimensions={"host": "a"})
    (line,) = [each for each in delivered() if each["namespace"] == "My/App"]
    assert line == {
        "metric_stream_name": "all", "account_id": "123456789012", "region": "us-east-1", "namespace": "My/App",
        "metric_name": "x", "dimensions": {"host": "a"}, "timestamp": 1767268800000, "unit": "Seconds",
        "value": {"max": 9.0, "min": 1.0, "sum": 12.0, "count": 3.0, "p50": 2.0},
    }  # fmt: skip
    cloudwatch.stop_metric_streams(Names=["all"])
    assert cloudwatch.list_metric_streams()["Entries"][0]["State"] == "stopped"
    put(5)
    assert len([each for each in delivered() if each["namespace"] == "My/App"]) == 1
    cloudwatch.start_metric_streams(Names=["all"])
    put(5)
    assert len([each for each in delivered() if each["namespace"] == "My/App"]) == 2
    cloudwatch.delete_metric_stream(Name="all")
    with refused("ResourceNotFoundException"):
        cloudwatch.get_metric_stream(Name="all")


@pytest.mark.rule("cloudwatch-043")
def test_a_stream_of_some_namespaces(cloudwatch, stream, put, delivered, refused):
    stream(IncludeFilters=[{"Namespace": "A"}, {"Namespace": "B", "MetricNames": ["y"]}])
    assert len(cloudwatch.get_metric_stream(Name="all")["IncludeFilters"]) == 2
    for namespace in "ABC":
        put(1, namespace=namespace)
        put(1, "y", namespace=namespace)
    found = {(each["namespace"], each["metric_name"]) for each in delivered()}
    assert found == {("A", "x"), ("A", "y"), ("B", "y")}
    stream(ExcludeFilters=[{"Namespace": "A"}, {"Namespace": "AWS/Firehose"}, {"Namespace": "AWS/S3"}])
    put(2, "z", namespace="A")
    put(2, "z", namespace="C")
    found = {(each["namespace"], each["metric_name"]) for each in delivered()}
    assert ("C", "z") in found
    assert ("A", "z") not in found
    with refused("InvalidParameterCombination"):
        stream(IncludeFilters=[{"Namespace": "A"}], ExcludeFilters=[{"Namespace": "B"}])


@pytest.mark.rule("cloudwatch-042")
def test_what_services_measure_is_streamed(aws, stream, delivered):
    stream(IncludeFilters=[{"Namespace": "AWS/SQS"}])
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert {"NumberOfMessagesSent", "SentMessageSize"} <= {each["metric_name"] for each in delivered()}
