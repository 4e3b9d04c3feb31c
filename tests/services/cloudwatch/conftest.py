"""What tests of CloudWatch share."""

import json
from contextlib import contextmanager
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


@pytest.fixture
def cloudwatch(aws):
    return boto3.client("cloudwatch", region_name="us-east-1")


@pytest.fixture
def refused():
    """A block that AWS refuses: `with refused(code, message)`."""

    @contextmanager
    def block(code, message=None):
        with pytest.raises(ClientError) as caught:
            yield caught
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        if message is not None:
            assert error["Message"] == message

    return block


@pytest.fixture
def put(cloudwatch):
    """Send one value, or whatever else a datum has: `put(5, unit=…)`."""

    def send(value=None, name="x", namespace="My/App", **more):
        given = {} if value is None else {"Value": value}
        dimensions = [{"Name": key, "Value": text} for key, text in more.pop("dimensions", {}).items()]
        datum = {"MetricName": name, "Dimensions": dimensions, **given, **more}
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])

    return send


@pytest.fixture
def points(aws, cloudwatch):
    """Values by minute since `back` ago: `points("Sum")`."""

    def read(stat="Sum", name="x", namespace="My/App", dimensions=None, period=60, back=timedelta(hours=1), **more):
        listed = [{"Name": key, "Value": text} for key, text in (dimensions or {}).items()]
        now = aws.clock.now()
        extended = stat not in ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
        answer = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=listed,
            StartTime=now - back,
            EndTime=now + timedelta(seconds=1),
            Period=period,
            **{"ExtendedStatistics" if extended else "Statistics": [stat]},
            **more,
        )
        found = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
        return [point["ExtendedStatistics"][stat] if extended else point[stat] for point in found]

    return read


@pytest.fixture
def inbox(aws):
    """A topic, and what a queue that subscribes to it has received: `(arn, read)`."""
    sns = boto3.client("sns", region_name="us-east-1")
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:inbox"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def read():
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return topic, read


@pytest.fixture
def alarm(cloudwatch):
    """Put an alarm on the metric x, above 10 by default; returns what describes it."""

    def make(name="high", **more):
        given = {
            "AlarmName": name,
            "MetricName": "x",
            "Namespace": "My/App",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 10,
            "ComparisonOperator": "GreaterThanThreshold",
            **more,
        }
        cloudwatch.put_metric_alarm(**{key: value for key, value in given.items() if value is not None})
        return lambda: cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    return make
