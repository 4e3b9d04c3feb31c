"""Metrics: sent, listed, read."""

import gzip
import json
from datetime import timedelta

import boto3
import pytest
from botocore.config import Config

from awsim import mock_aws
from awsim.cloud import Cloud

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:30")
NAMESPACE = "My/App"


@pytest.mark.rule("cloudwatch-002")
def test_a_metric_of_ones_own(cloudwatch, put, points, refused):
    put(5)
    assert cloudwatch.list_metrics()["Metrics"] == [{"Namespace": NAMESPACE, "MetricName": "x", "Dimensions": []}]
    assert points("Sum") == [5.0]
    with refused("InvalidParameterValue", "The value AWS/EC2 for parameter Namespace is invalid."):
        put(5, namespace="AWS/EC2")
    with refused("InvalidParameterValue", "The value :x for parameter Namespace is invalid."):
        put(5, namespace=":x")
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1


@pytest.mark.rule("cloudwatch-002")
@pytest.mark.aws(consistency="eventual", replay="cloudwatch.unlisted#1=1")
def test_a_new_metric_may_not_be_listed_yet(aws, cloudwatch, put, points):
    put(5)
    assert cloudwatch.list_metrics()["Metrics"] == []
    assert points("Sum") == [5.0]
    aws.clock.advance(minutes=15)
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1


@pytest.mark.rule("cloudwatch-003", "cloudwatch-004")
def test_namespaces_and_dimensions_are_kept_apart(cloudwatch, put, points):
    put(1, dimensions={"InstanceId": "a"})
    put(2, dimensions={"InstanceId": "b"})
    put(4, namespace="Other")
    assert len(cloudwatch.list_metrics(Namespace=NAMESPACE)["Metrics"]) == 2
    assert len(cloudwatch.list_metrics(Namespace="Other")["Metrics"]) == 1
    assert points() == []
    assert points(dimensions={"InstanceId": "b"}) == [2.0]
    assert points(namespace="Other") == [4.0]


def test_the_order_of_dimensions_means_nothing(cloudwatch, put, points):
    put(1, dimensions={"a": "1", "b": "2"})
    put(2, dimensions={"b": "2", "a": "1"})
    assert points(dimensions={"b": "2", "a": "1"}) == [3.0]
    by_name = cloudwatch.list_metrics(Dimensions=[{"Name": "a"}])["Metrics"]
    assert len(by_name) == 1
    assert cloudwatch.list_metrics(Dimensions=[{"Name": "a", "Value": "2"}])["Metrics"] == []


@pytest.mark.rule("cloudwatch-005")
def test_thirty_dimensions(cloudwatch, put, refused):
    put(1, dimensions={f"d{number}": "v" for number in range(30)})
    message = "The collection MetricData.member.1.Dimensions must not have a size greater than 30."
    with refused("InvalidParameterValue", message):
        put(1, dimensions={f"d{number}": "v" for number in range(31)})
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1


@pytest.mark.rule("cloudwatch-005")
def test_ten_dimensions_before():
    with mock_aws(as_of="2022-01-01"):
        client = boto3.client("cloudwatch", region_name="us-east-1")
        dimensions = [{"Name": f"d{number}", "Value": "v"} for number in range(11)]
        with pytest.raises(client.exceptions.InvalidParameterValueException, match="greater than 10"):
            client.put_metric_data(
                Namespace="a", MetricData=[{"MetricName": "x", "Value": 1, "Dimensions": dimensions}]
            )


@pytest.mark.rule("cloudwatch-006")
def test_values_count_in_the_period_of_their_time(aws, put, points, refused):
    now = aws.clock.now()
    put(1, Timestamp=now - timedelta(minutes=10))
    put(2, Timestamp=now - timedelta(minutes=10))
    put(4)
    assert points("Sum") == [3.0, 4.0]
    where = "The parameter MetricData.member.1.Timestamp"
    with refused("InvalidParameterValue", f"{where} must specify a time within the past two weeks."):
        put(1, Timestamp=now - timedelta(days=14, seconds=1))
    with refused("InvalidParameterValue", f"{where} must specify a time no more than two hours in the future."):
        put(1, Timestamp=now + timedelta(hours=2, seconds=1))
    put(1, Timestamp=now - timedelta(days=14))
    put(1, Timestamp=now + timedelta(hours=2))


@pytest.mark.rule("cloudwatch-007")
def test_standard_resolution(aws, put, points):
    put(1)
    aws.clock.advance(seconds=5)
    put(2)
    assert points("SampleCount") == [2.0]
    assert points("Sum", period=1, back=timedelta(minutes=1)) == []


@pytest.mark.rule("cloudwatch-008")
def test_high_resolution(aws, put, points, refused):
    put(1, StorageResolution=1)
    aws.clock.advance(seconds=5)
    put(2, StorageResolution=1)
    assert points("Sum", period=1, back=timedelta(minutes=1)) == [1.0, 2.0]
    assert points("Sum", period=10, back=timedelta(minutes=1)) == [3.0]
    assert points("Sum") == [3.0]
    message = "The parameter MetricData.member.1.StorageResolution must be a value in the set [ 1, 60 ]."
    with refused("InvalidParameterValue", message):
        put(1, StorageResolution=30)


@pytest.mark.rule("cloudwatch-009")
@pytest.mark.aws(throttling=True, limits={"cloudwatch.put-metric-data-rate": 1})
def test_too_many_calls(aws):
    cloud = Cloud(throttling=True, limits={"cloudwatch.put-metric-data-rate": 1}, at="2026-01-01")
    datum = {"Namespace": "a", "MetricData": [{"MetricName": "x", "Value": 1}]}
    cloud.call("cloudwatch", "PutMetricData", **datum)
    with pytest.raises(Exception, match="Rate exceeded") as caught:
        cloud.call("cloudwatch", "PutMetricData", **datum)
    assert (caught.value.code, caught.value.status) == ("Throttling", 400)
    cloud.clock.advance(seconds=1)
    cloud.call("cloudwatch", "PutMetricData", **datum)
    patient = Config(retries={"mode": "standard", "max_attempts": 10})
    client = boto3.client("cloudwatch", region_name="us-east-1", config=patient)
    client.put_metric_data(**datum)
    assert client.put_metric_data(**datum)["ResponseMetadata"]["RetryAttempts"] > 0


@pytest.mark.rule("cloudwatch-013", "cloudwatch-014")
def test_the_agents_metrics_are_custom_ones(cloudwatch, put):
    names = ["mem_used_percent", "disk_used_percent", "swap_used_percent"]
    assert cloudwatch.list_metrics(Namespace="CWAgent")["Metrics"] == []
    for name in names:
        put(50, name, "CWAgent", dimensions={"InstanceId": "i-1"}, Unit="Percent")
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="CWAgent")["Metrics"]] == names
    assert cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"] == []


@pytest.mark.parametrize(
    ("datum", "code", "message"),
    [
        ({"Value": float("nan")}, "InvalidParameterValue", "The value NaN for parameter MetricData.member.1.Value is"),
        ({"Value": float("inf")}, "InvalidParameterValue", "The value Infinity for parameter"),
        ({"Value": 2.0**361}, "InvalidParameterValue", "for parameter MetricData.member.1.Value is invalid."),
        ({}, "MissingParameter", "At least one of the parameters MetricData.member.1.Value"),
        ({"Value": 1, "Values": [1]}, "InvalidParameterCombination", "are mutually exclusive and you have specified"),
        ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue", "must be of the same size"),
        ({"Values": list(range(151))}, "InvalidParameterValue", "MetricData.member.1.Values must not have a size gr"),
        (
            {"StatisticValues": {"SampleCount": 2, "Sum": 3, "Minimum": 2, "Maximum": 1}},
            "InvalidParameterCombination",
            "The parameter MetricData.member.1.StatisticValues.Maximum must be greater",
        ),
        ({"Value": 1, "Unit": "Pounds"}, "InvalidParameterValue", "MetricData.member.1.Unit must be a value in the"),
        ({"Value": 1, "MetricName": "x" * 256}, "InvalidParameterValue", "must be shorter than 256 characters."),
    ],
)
def test_what_is_refused(cloudwatch, refused, datum, code, message):
    with refused(code) as caught:
        cloudwatch.put_metric_data(Namespace="a", MetricData=[{"MetricName": "x", **datum}])
    assert message in caught.value.response["Error"]["Message"]
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_all_that_is_wrong_is_said_at_once(aws, cloudwatch, refused):
    old = aws.clock.now() - timedelta(days=20)
    data = [{"MetricName": "x", "Value": 1, "Timestamp": old}] * 2
    with refused(
        "InvalidParameterValue",
        "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.\n"
        "The parameter MetricData.member.2.Timestamp must specify a time within the past two weeks.",
    ):
        cloudwatch.put_metric_data(Namespace="a", MetricData=[{"MetricName": "y", "Value": 1}][:0] + data)


def test_a_thousand_metrics(cloudwatch, refused):
    data = [{"MetricName": f"m{number}", "Value": 1} for number in range(1001)]
    with refused("InvalidParameterValue", "The collection MetricData must not have a size greater than 1000."):
        cloudwatch.put_metric_data(Namespace="a", MetricData=data)
    cloudwatch.put_metric_data(Namespace="a", MetricData=data[:1000])
    first = cloudwatch.list_metrics()
    assert len(first["Metrics"]) == 500
    assert len(cloudwatch.list_metrics(NextToken=first["NextToken"])["Metrics"]) == 500
    with refused("InvalidParameterValue"):
        cloudwatch.list_metrics(NextToken="mine")


def test_a_request_is_at_most_a_megabyte(aws, refused):
    plain = boto3.client("cloudwatch", region_name="us-east-1", config=Config(disable_request_compression=True))
    data = [{"MetricName": "x", "Values": [number * 1.123456 for number in range(150)]} for _ in range(1000)]
    with refused("RequestEntityTooLarge"):
        plain.put_metric_data(Namespace="a", MetricData=data)
    assert plain.list_metrics()["Metrics"] == []


def test_query_json_and_gzip(aws):
    """The older protocols, and a compressed body."""
    import requests

    host = "https://monitoring.us-east-1.amazonaws.com/"
    scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/monitoring/aws4_request, Signature=x"
    form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "q", "MetricData.member.1.MetricName": "x"}
    answer = requests.post(host, data={**form, "MetricData.member.1.Value": "2"}, headers={"Authorization": scope})
    assert answer.status_code == 200
    body = {"Namespace": "j", "MetricData": [{"MetricName": "x", "Value": 1}]}
    headers = {
        "Authorization": scope,
        "X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData",
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Encoding": "gzip",
    }
    assert requests.post(host, data=gzip.compress(json.dumps(body).encode()), headers=headers).status_code == 200
    found = boto3.client("cloudwatch", region_name="us-east-1").list_metrics()["Metrics"]
    assert {metric["Namespace"] for metric in found} == {"q", "j"}


def test_statistic_sets_and_counts(put, points):
    put(Values=[1, 2, 10], Counts=[2, 1, 1])
    put(StatisticValues={"SampleCount": 2, "Sum": 20, "Minimum": 10, "Maximum": 10})
    assert points("SampleCount") == [6.0]
    assert points("Sum") == [34.0]
    assert points("Maximum") == [10.0]
    assert points("p50") == [2.0]
    put(StatisticValues={"SampleCount": 3, "Sum": 6, "Minimum": 1, "Maximum": 3})
    assert points("Sum") == [40.0]
    with pytest.raises(KeyError):
        points("p50")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p0", 1.0), ("p50", 5.0), ("p90", 9.0), ("p99.9", 10.0), ("tm90", 5.0), ("tc90", 9.0), ("ts90", 45.0),
        ("TM(10%:90%)", 5.5), ("IQM", 5.5), ("wm80", 5.2), ("PR(:5)", 50.0), ("TC(2:4)", 2.0), ("TS(8:)", 19.0),
    ],
)  # fmt: skip
def test_extended_statistics(put, points, name, value):
    put(Values=list(range(1, 11)))
    assert points(name) == [pytest.approx(value)]


def test_units(put, points):
    put(1, Unit="Seconds")
    put(2, Unit="Bytes")
    assert sorted(points()) == [1.0, 2.0]
    assert points(Unit="Bytes") == [2.0]
    assert points(Unit="Percent") == []


def test_what_reading_refuses(aws, points, put, refused):
    put(1)
    with refused(
        "InvalidParameterCombination",
        "You have requested up to 1,441 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.",
    ):
        points(back=timedelta(days=1))
    with refused("InvalidParameterValue"):
        points(period=45)
    with refused("InvalidParameterValue", "The value p101 for parameter ExtendedStatistics.member.1 is not supported."):
        points("p101")


def test_periods_begin_where_the_reading_does(aws, cloudwatch, put):
    put(1)
    now = aws.clock.now()
    answer = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE, MetricName="x", StartTime=now - timedelta(minutes=42), EndTime=now, Period=3600,
        Statistics=["Sum"],
    )  # fmt: skip
    assert answer["Label"] == "x"
    assert [f"{point['Timestamp']:%H:%M}" for point in answer["Datapoints"]] == ["11:18"]


@pytest.mark.parametrize(
    ("age", "periods"),
    [
        (timedelta(hours=2), (1, 60, 300, 3600)),
        (timedelta(hours=4), (60, 300, 3600)),
        (timedelta(days=16), (300, 3600)),
        (timedelta(days=64), (3600,)),
        (timedelta(days=456), ()),
    ],
)
def test_data_grows_coarser_with_age(aws, put, points, age, periods):
    put(7, StorageResolution=1)
    aws.clock.advance(seconds=age.total_seconds())
    back = age + timedelta(minutes=1)
    found = []
    for period in (1, 60, 300, 3600):
        aws.limits["cloudwatch.datapoints-per-call"] = None
        if points(period=period, back=back) == [7.0]:
            found.append(period)
    assert tuple(found) == periods


def test_metrics_without_data_are_listed_for_two_weeks(aws, cloudwatch, put):
    put(1)
    aws.clock.advance(hours=4)
    assert cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1
    aws.clock.advance(days=15)
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_restore(aws, put, points):
    put(1)
    then = aws.snapshot()
    put(2)
    put(2, name="y")
    aws.restore(then)
    assert points() == [1.0]
    put(4)
    assert points() == [5.0]


def test_services_may_publish_into_namespaces_of_aws(aws, points):
    """How a test brings about metrics of what awsim does not model."""
    datum = {"MetricName": "CPUUtilization", "Value": 90, "Unit": "Percent"}
    aws.call("cloudwatch", "PutMetricData", caller="ec2.amazonaws.com", Namespace="AWS/EC2", MetricData=[datum])
    assert points("Average", "CPUUtilization", "AWS/EC2") == [90.0]
