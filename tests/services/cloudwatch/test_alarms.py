"""Alarms on metrics."""

import json
from datetime import timedelta

import boto3
import pytest

from awsim.services.cloudwatch.alarms import evaluation
from awsim.services.cloudwatch.alarms.evaluation import Point, Terms

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:30")
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:high"


@pytest.mark.rule("cloudwatch-027")
def test_an_alarm_is_put_overwritten_and_deleted(cloudwatch, alarm):
    shown = alarm(AlarmDescription="too much")()
    assert (shown["AlarmName"], shown["AlarmArn"], shown["MetricName"]) == ("high", ARN, "x")
    assert (shown["ComparisonOperator"], shown["Threshold"]) == ("GreaterThanThreshold", 10.0)
    shown = alarm(Threshold=20)()
    assert shown["Threshold"] == 20.0
    assert "AlarmDescription" not in shown
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 1
    cloudwatch.delete_alarms(AlarmNames=["high", "none"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.rule("cloudwatch-028")
def test_without_data_an_alarm_does_not_know(aws, alarm, put):
    show = alarm()
    assert (show()["StateValue"], show()["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    put(5)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "OK"
    aws.clock.advance(minutes=5)
    assert (show()["StateValue"], show()["StateReason"]) == (
        "INSUFFICIENT_DATA",
        "Insufficient Data: 1 datapoint was unknown.",
    )


@pytest.mark.rule("cloudwatch-029")
@pytest.mark.parametrize(
    ("operator", "over", "under"), [("GreaterThanThreshold", 11, 10), ("LessThanOrEqualToThreshold", 10, 11)]
)
def test_over_the_threshold_and_back(aws, cloudwatch, alarm, put, operator, over, under):
    show = alarm(ComparisonOperator=operator)
    put(over)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    words = "greater than the threshold" if over == 11 else "less than or equal to the threshold"
    assert show()["StateReason"] == (
        f"Threshold Crossed: 1 out of the last 1 datapoints [{float(over)} (01/01/26 12:00:00)] was {words} (10.0) "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(show()["StateReasonData"])
    assert (data["recentDatapoints"], data["threshold"], data["period"]) == ([float(over)], 10.0, 60)
    put(under)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "OK"
    assert show()["StateReason"].startswith("Threshold Crossed: 1 datapoint [")
    items = cloudwatch.describe_alarm_history(AlarmName="high", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]
    assert json.loads(items[0]["HistoryData"])["newState"]["stateValue"] == "OK"


@pytest.mark.rule("cloudwatch-030")
def test_all_of_fifteen(aws, alarm, put, refused):
    show = alarm(EvaluationPeriods=15, DatapointsToAlarm=15)
    for minute in range(15):
        assert show()["StateValue"] != "ALARM", minute
        put(20)
        aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    with refused("ValidationError", "DatapointsToAlarm must be less than or equal to EvaluationPeriods."):
        alarm("other", EvaluationPeriods=15, DatapointsToAlarm=16)


def test_two_of_three(aws, alarm, put):
    show = alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    states = []
    for value in (20, 1, 20, 1, 1):
        put(value)
        aws.clock.advance(minutes=1)
        states.append(show()["StateValue"])
    assert states[2:] == ["ALARM", "OK", "OK"] or states[2:] == ["ALARM", "ALARM", "OK"]
    assert states[2] == "ALARM"


_X, _0, _N = "X", "0", "-"


@pytest.mark.parametrize(
    ("needed", "points", "missing", "ignore", "breaching", "not_breaching"),
    [
        (3, "0-X-X", "OK", "OK", "OK", "OK"),
        (3, "0----", "OK", "OK", "OK", "OK"),
        (3, "-----", "INSUFFICIENT_DATA", None, "ALARM", "OK"),
        (3, "0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (3, "--X--", "ALARM", None, "ALARM", "OK"),
        (2, "0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0-X--", "OK", "OK", "ALARM", "OK"),
        (2, "----0", "OK", "OK", "ALARM", "OK"),
        (2, "---X-", "ALARM", None, "ALARM", "OK"),
        (3, "----X", None, None, "ALARM", "OK"),
    ],
)
def test_missing_data(needed, points, missing, ignore, breaching, not_breaching):
    """The tables of the User Guide: five points in the evaluation range of three periods."""
    value = {"X": 20.0, "0": 0.0}
    range_ = [None if sign == "-" else Point(place * 60, value[sign], 10, 10) for place, sign in enumerate(points)]
    found = [
        evaluation.judge(range_, Terms("GreaterThanThreshold", 10, 3, needed, how), "OK").state
        for how in ("missing", "ignore", "breaching", "notBreaching")
    ]
    assert found == [missing, ignore, breaching, not_breaching]


@pytest.mark.parametrize(
    ("how", "state"),
    [("missing", "INSUFFICIENT_DATA"), ("ignore", "ALARM"), ("breaching", "ALARM"), ("notBreaching", "OK")],
)
def test_when_data_stop(aws, alarm, put, how, state):
    show = alarm(TreatMissingData=how)
    put(20)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    aws.clock.advance(minutes=10)
    assert show()["StateValue"] == state


@pytest.mark.rule("cloudwatch-031")
def test_periods(aws, alarm, put, refused):
    for period in (10, 20, 30, 60, 120, 3600):
        alarm(f"a{period}", Period=period)
    for period in (15, 90, 1):
        with refused("ValidationError", "Period must be 10, 20, 30 or a multiple of 60."):
            alarm("other", Period=period)
    show = alarm("fast", Period=10)
    put(20, StorageResolution=1)
    aws.clock.advance(seconds=10)
    assert show()["StateValue"] == "ALARM"


def test_how_long_an_alarm_looks_back(alarm, refused):
    with refused(
        "ValidationError",
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
    ):
        alarm(Period=300, EvaluationPeriods=289)
    alarm(Period=300, EvaluationPeriods=288)
    alarm(Period=3600, EvaluationPeriods=168)
    with refused("ValidationError"):
        alarm(Period=3600, EvaluationPeriods=169)


def query(id_, name, returned=False):
    stat = {"Metric": {"Namespace": "My/App", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    return {"Id": id_, "MetricStat": stat, "ReturnData": returned}


_NO_METRIC = {"MetricName": None, "Namespace": None, "Statistic": None, "Period": None}


@pytest.mark.rule("cloudwatch-032")
def test_an_expression(aws, alarm, put, refused):
    metrics = [query("m1", "x"), query("m2", "y"), {"Id": "e", "Expression": "m1 + m2", "ReturnData": True}]
    show = alarm(Metrics=metrics, **_NO_METRIC)
    put(6)
    put(5, name="y")
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    assert [each["Id"] for each in show()["Metrics"]] == ["m1", "m2", "e"]
    with refused("ValidationError", "MetricName must not be specified if Metrics is specified."):
        alarm("other", Metrics=metrics)
    with refused("ValidationError", "Exactly one element of the metrics list should return data."):
        alarm("other", Metrics=[query("m1", "x", True), query("m2", "y", True)], **_NO_METRIC)


@pytest.mark.rule("cloudwatch-034")
def test_a_forced_state(aws, cloudwatch, alarm, put, inbox):
    topic, read = inbox
    show = alarm(AlarmActions=[topic])
    put(5)
    aws.clock.advance(minutes=1)
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="a test")
    assert (show()["StateValue"], show()["StateReason"]) == ("ALARM", "a test")
    (message,) = read()
    assert json.loads(message["Message"])["NewStateReason"] == "a test"
    put(5)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "OK"


@pytest.mark.rule("cloudwatch-034", "cloudwatch-035")
def test_what_cannot_be_forced(cloudwatch, alarm, refused):
    with refused("ResourceNotFound"):
        cloudwatch.set_alarm_state(AlarmName="none", StateValue="ALARM", StateReason="a test")
    show = alarm()
    message = (
        "1 validation error detected: Value 'FOO' at 'stateValue' failed to satisfy constraint: Member must satisfy "
        "enum value set: [OK, ALARM, INSUFFICIENT_DATA]"
    )
    with refused("ValidationError", message):
        cloudwatch.set_alarm_state(AlarmName="high", StateValue="FOO", StateReason="a test")
    with refused("InvalidFormat"):
        cloudwatch.set_alarm_state(
            AlarmName="high", StateValue="ALARM", StateReason="a test", StateReasonData="{broken"
        )
    assert show()["StateValue"] == "INSUFFICIENT_DATA"


@pytest.mark.rule("cloudwatch-036", "sns-037")
def test_topics_are_told(aws, cloudwatch, alarm, put, inbox):
    topic, read = inbox
    alarm(AlarmActions=[topic], AlarmDescription="too much", Dimensions=[{"Name": "q", "Value": "1"}])
    for _ in range(3):  # it stays in ALARM: told once
        put(20, dimensions={"q": "1"})
        aws.clock.advance(minutes=1)
    (envelope,) = read()
    assert envelope["Subject"] == 'ALARM: "high" in US East (N. Virginia)'
    message = json.loads(envelope["Message"])
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert (message["AlarmName"], message["AlarmArn"], message["AWSAccountId"]) == ("high", ARN, "123456789012")
    assert message["Region"] == "US East (N. Virginia)"
    assert message["Trigger"]["Dimensions"] == [{"value": "1", "name": "q"}]
    assert message["Trigger"]["Statistic"] == "SUM"
    (item,) = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"] == f"Successfully executed action {topic}"


@pytest.mark.rule("cloudwatch-036", "cloudwatch-040")
def test_actions_can_be_switched_off(cloudwatch, alarm, inbox):
    topic, read = inbox
    alarm(
        MetricName="EstimatedCharges", Namespace="AWS/Billing", Dimensions=[{"Name": "Currency", "Value": "USD"}],
        Statistic="Maximum", Period=21600, AlarmActions=[topic], ActionsEnabled=False,
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="a test")
    assert read() == []
    cloudwatch.enable_alarm_actions(AlarmNames=["high"])
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="OK", StateReason="a test")
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="a test")
    (envelope,) = read()
    assert json.loads(envelope["Message"])["Trigger"]["Namespace"] == "AWS/Billing"
    cloudwatch.disable_alarm_actions(AlarmNames=["high"])
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="OK", StateReason="a test")
    assert read() == []


@pytest.mark.rule("cloudwatch-039", "cloudwatch-040")
def test_alarms_on_what_aws_publishes(aws, alarm):
    """Metrics of services that awsim does not model, put as those services."""
    show = alarm(
        MetricName="ServiceLimitUsage", Namespace="AWS/TrustedAdvisor", Statistic="Maximum", Period=300, Threshold=0.8
    )
    charges = alarm("charges", MetricName="EstimatedCharges", Namespace="AWS/Billing", Period=300, Statistic="Maximum")
    for service, namespace, name, value in (
        ("trustedadvisor", "AWS/TrustedAdvisor", "ServiceLimitUsage", 0.9),
        ("billing", "AWS/Billing", "EstimatedCharges", 12),
    ):
        aws.call(
            "cloudwatch", "PutMetricData", caller=f"{service}.amazonaws.com", Namespace=namespace,
            MetricData=[{"MetricName": name, "Value": value}],
        )  # fmt: skip
    aws.clock.advance(minutes=5)
    assert (show()["StateValue"], charges()["StateValue"]) == ("ALARM", "ALARM")


def test_functions_and_event_rules_are_told(aws, cloudwatch, alarm, put):
    function = "arn:aws:lambda:us-east-1:123456789012:function:react"
    sqs = boto3.client("sqs", region_name="us-east-1")
    events = boto3.client("events", region_name="us-east-1")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    events.put_rule(Name="alarms", EventPattern=json.dumps({"detail-type": ["CloudWatch Alarm State Change"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:events"}])
    alarm(AlarmActions=[function])
    put(20)
    aws.clock.advance(minutes=1)
    (message,) = sqs.receive_message(QueueUrl=url).get("Messages", [None])
    event = json.loads(message["Body"])
    assert (event["source"], event["resources"]) == ("aws.cloudwatch", [ARN])
    assert (event["detail"]["state"]["value"], event["detail"]["previousState"]["value"]) == (
        "ALARM",
        "INSUFFICIENT_DATA",
    )
    # The function does not exist: the history tells.
    (item,) = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"] == f"Failed to execute action {function}"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"Statistic": None}, "Exactly one of Statistic and ExtendedStatistic must be specified."),
        ({"ExtendedStatistic": "p99"}, "Exactly one of Statistic and ExtendedStatistic must be specified."),
        ({"AlarmActions": ["nobody"]}, "Invalid arn syntax: nobody"),
        (
            {"AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:t"]},
            "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
        (
            {"TreatMissingData": "drop"},
            "1 validation error detected: Value 'drop' at 'treatMissingData' failed to satisfy constraint: Member must "
            "satisfy enum value set: [breaching, notBreaching, ignore, missing]",
        ),
        (
            {"Threshold": None},
            "1 validation error detected: Value null at 'threshold' failed to satisfy constraint: Member must not be "
            "null",
        ),
        (
            {"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]},
            "Invalid use of EC2 'Stop' action. The alarm has to be on a metric with the dimension InstanceId.",
        ),
    ],
)
def test_what_is_refused(cloudwatch, alarm, refused, more, message):
    with refused("ValidationError", message):
        alarm(**more)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_percentiles_of_few_samples(aws, alarm, put):
    settings = {"Statistic": None, "ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "ignore"}
    show = alarm(**settings)
    put(20)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "INSUFFICIENT_DATA"
    put(Values=[20], Counts=[100])
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"


def test_the_periods_slide(aws, alarm, put):
    """Five minutes, looked at every minute."""
    show = alarm(Period=300)
    aws.clock.advance(minutes=2)
    put(20)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"


@pytest.mark.newer_botocore
def test_a_wall_clock_window(aws, alarm, put):
    show = alarm(Period=300, EvaluationWindow={"WallClockWindow": {}})
    aws.clock.advance(minutes=2)
    put(20)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "INSUFFICIENT_DATA"
    aws.clock.advance(minutes=2)
    assert show()["StateValue"] == "ALARM"


@pytest.mark.newer_botocore
def test_a_warm_up(aws, alarm):
    show = alarm(TreatMissingData="breaching", WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 10})
    aws.clock.advance(minutes=9)
    assert show()["StateValue"] == "INSUFFICIENT_DATA"
    aws.clock.advance(minutes=2)
    assert show()["StateValue"] == "ALARM"


def test_for_a_metric(cloudwatch, alarm):
    alarm("a")
    alarm("b", Statistic="Maximum")
    alarm("c", Dimensions=[{"Name": "q", "Value": "1"}])

    def found(**more):
        answer = cloudwatch.describe_alarms_for_metric(MetricName="x", Namespace="My/App", **more)
        return [each["AlarmName"] for each in answer["MetricAlarms"]]

    assert found() == ["a", "b"]
    assert found(Statistic="Maximum") == ["b"]
    assert found(Dimensions=[{"Name": "q", "Value": "1"}]) == ["c"]
    assert found(Period=120) == []


def test_describing(cloudwatch, alarm, refused):
    for number in range(3):
        alarm(f"a{number}")
    alarm("b", AlarmActions=["arn:aws:sns:us-east-1:123456789012:t"])
    cloudwatch.set_alarm_state(AlarmName="a1", StateValue="OK", StateReason="a test")

    def names(**asked):
        return [each["AlarmName"] for each in cloudwatch.describe_alarms(**asked)["MetricAlarms"]]

    assert names(AlarmNamePrefix="a") == ["a0", "a1", "a2"]
    assert names(StateValue="OK") == ["a1"]
    assert names(ActionPrefix="arn:aws:sns:") == ["b"]
    assert names(AlarmNames=["b", "none"]) == ["b"]
    first = cloudwatch.describe_alarms(MaxRecords=3)
    assert len(first["MetricAlarms"]) == 3
    assert names(NextToken=first["NextToken"]) == ["b"]
    with refused("InvalidNextToken"):
        cloudwatch.describe_alarms(NextToken="mine")
    with refused("ValidationError"):
        cloudwatch.describe_alarms(AlarmNames=["b"], AlarmNamePrefix="a")


def test_history_outlives_the_alarm_for_thirty_days(aws, cloudwatch, alarm):
    alarm()
    cloudwatch.delete_alarms(AlarmNames=["high"])

    def summaries(**asked):
        items = cloudwatch.describe_alarm_history(**asked)["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]

    assert summaries() == ['Alarm "high" deleted', 'Alarm "high" created']
    assert summaries(ScanBy="TimestampAscending")[0] == 'Alarm "high" created'
    assert summaries(AlarmName="other") == []
    aws.clock.advance(days=31)
    assert summaries() == []


def test_tags(cloudwatch, alarm, refused):
    alarm(Tags=[{"Key": "team", "Value": "a"}])
    cloudwatch.tag_resource(ResourceARN=ARN, Tags=[{"Key": "stage", "Value": "dev"}])
    cloudwatch.untag_resource(ResourceARN=ARN, TagKeys=["team"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "stage", "Value": "dev"}]
    with refused("ResourceNotFoundException"):
        cloudwatch.list_tags_for_resource(ResourceARN=ARN + "2")
    with refused("InvalidParameterValue"):
        cloudwatch.list_tags_for_resource(ResourceARN="mine")


def test_alarms_sleep_while_nothing_comes(aws, alarm, put):
    """A year costs nothing; new data wakes them, also what services measure."""
    show = alarm()
    queue = alarm(
        "sent", Namespace="AWS/SQS", MetricName="NumberOfMessagesSent", Threshold=0,
        Dimensions=[{"Name": "QueueName", "Value": "jobs"}],
    )  # fmt: skip
    aws.clock.advance(days=365)
    assert aws.clock.scheduler.pending() == []
    put(20)
    assert len(aws.clock.scheduler.pending()) == 1
    url = boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="jobs")["QueueUrl"]
    boto3.client("sqs", region_name="us-east-1").send_message(QueueUrl=url, MessageBody="hello")
    aws.clock.advance(minutes=1)
    assert (show()["StateValue"], queue()["StateValue"]) == ("ALARM", "ALARM")


def test_restore(aws, alarm, put):
    show = alarm()
    then = aws.snapshot()
    put(20)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    aws.restore(then)
    assert show()["StateValue"] == "INSUFFICIENT_DATA"
    put(5)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "OK"


def test_dynamodbs_missing_data_are_ignored(aws, alarm):
    show = alarm(Namespace="AWS/DynamoDB", MetricName="ThrottledRequests")
    datum = {"MetricName": "ThrottledRequests", "Value": 20}
    aws.call(
        "cloudwatch", "PutMetricData", caller="dynamodb.amazonaws.com", Namespace="AWS/DynamoDB", MetricData=[datum]
    )
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    aws.clock.advance(minutes=10)
    assert show()["StateValue"] == "ALARM"


def test_an_anomaly_detection_band(aws, alarm, put):
    now = aws.clock.now()
    for hour in range(1, 25):
        put(10 + hour % 3, Timestamp=now - timedelta(hours=hour))
    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True}
    show = alarm(
        Metrics=[query("m1", "x", True), band], Threshold=None, ThresholdMetricId="band",
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold", **_NO_METRIC,
    )  # fmt: skip
    put(11)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "OK"
    put(500)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"


def test_contributors(aws, cloudwatch, alarm, put, refused):
    expression = 'SELECT SUM(x) FROM "My/App" GROUP BY host'
    show = alarm(Metrics=[{"Id": "q", "Expression": expression, "Period": 60, "ReturnData": True}], **_NO_METRIC)
    put(5, dimensions={"host": "a"})
    put(50, dimensions={"host": "b"})
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    (one,) = cloudwatch.describe_alarm_contributors(AlarmName="high")["AlarmContributors"]
    assert one["ContributorAttributes"] == {"label": "b"}
    with refused("ResourceNotFoundException"):
        cloudwatch.describe_alarm_contributors(AlarmName="none")


@pytest.mark.aws(at="2026-01-01T12:00:30", authorization=True)
@pytest.mark.parametrize(
    ("principal", "condition", "arrives"),
    [
        (None, None, True),  # the policy that a topic has by default
        ({"Service": "cloudwatch.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": f"{ARN}*"}}, True),
        ({"Service": "cloudwatch.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}, False),
        ({"Service": "events.amazonaws.com"}, None, False),
    ],
)
def test_topics_that_let_alarms_in(cloudwatch, alarm, inbox, principal, condition, arrives):
    topic, read = inbox
    if principal is not None:
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": topic}
        if condition is not None:
            statement["Condition"] = condition
        boto3.client("sns", region_name="us-east-1").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy",
            AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )  # fmt: skip
    alarm(AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="a test")
    assert len(read()) == arrives
    (item,) = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"].startswith("Successfully executed" if arrives else "Failed to execute")


@pytest.mark.aws(authorization=True)
def test_permissions(aws, alarm, refused):
    alarm()
    iam = boto3.client("iam")
    iam.create_user(UserName="u")
    statements = [
        {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
         "Condition": {"StringEquals": {"cloudwatch:namespace": "Mine"}}},
        {"Effect": "Allow", "Action": "cloudwatch:DeleteAlarms", "Resource": ARN},
    ]  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    keys = aws.credentials("arn:aws:iam::123456789012:user/u")
    user = boto3.client("cloudwatch", region_name="us-east-1", **keys)
    data = [{"MetricName": "x", "Value": 1}]
    user.put_metric_data(Namespace="Mine", MetricData=data)
    with refused("AccessDeniedException"):
        user.put_metric_data(Namespace="Other", MetricData=data)
    with refused("AccessDeniedException"):
        user.delete_alarms(AlarmNames=["high", "other"])
    user.delete_alarms(AlarmNames=["high"])
