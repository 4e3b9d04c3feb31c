"""A shop that somebody is on call for.

Orders go from a queue through a function; what it cannot handle ends in a dead-letter queue. Alarms watch the share of
failures, what the function logs, how old orders get and what is dead; a composite alarm pages once for all of them,
but not while a release is under way; a rule starts a function that mends things.
"""

import io
import json
import zipfile
from datetime import timedelta

import boto3
import pytest

ACCOUNT, REGION = "123456789012", "us-east-1"
pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)


def client(service):
    return boto3.client(service, region_name=REGION)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(name, service):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    arn = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    client("iam").put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=everything)
    return arn


def zipped():
    with zipfile.ZipFile(package := io.BytesIO(), "w") as archive:
        archive.writestr("app.py", "")
    return package.getvalue()


def function(aws, name, code):
    aws.functions[name] = code
    made = client("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=role(name, "lambda"),
        Code={"ZipFile": zipped()},
    )  # fmt: skip
    return made["FunctionArn"]


def queue(name, **attributes):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


class Shop:
    def __init__(self, aws):
        self.aws = aws
        self.broken = False
        self.mended = []
        _, dead_arn = queue("dead")
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
        self.orders, orders_arn = queue("orders", RedrivePolicy=redrive, VisibilityTimeout="30")
        self.pager, pager_arn = queue("pager")
        self.topic = client("sns").create_topic(Name="on-call")["TopicArn"]
        letter = document(
            {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
             "Resource": pager_arn, "Condition": {"ArnEquals": {"aws:SourceArn": self.topic}}}
        )  # fmt: skip
        client("sqs").set_queue_attributes(QueueUrl=self.pager, Attributes={"Policy": letter})
        client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=pager_arn)

        def handle(event, context):
            if self.broken:
                print(json.dumps({"level": "ERROR", "reason": "payment refused"}))
                raise RuntimeError("payment refused")

        function(aws, "orders", handle)
        client("lambda").create_event_source_mapping(FunctionName="orders", EventSourceArn=orders_arn, BatchSize=1)
        client("logs").create_log_group(logGroupName="/aws/lambda/orders")
        client("logs").put_metric_filter(
            logGroupName="/aws/lambda/orders", filterName="refused", filterPattern='{ $.reason = "payment refused" }',
            metricTransformations=[{"metricName": "Refused", "metricNamespace": "Shop", "metricValue": "1"}],
        )  # fmt: skip
        self.alarms()

    def alarms(self):
        def count(id_, name):
            metric = {"Namespace": "AWS/Lambda", "MetricName": name}
            metric["Dimensions"] = [{"Name": "FunctionName", "Value": "orders"}]
            return {"Id": id_, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

        put = client("cloudwatch").put_metric_alarm
        above = {"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "ComparisonOperator": "GreaterThanThreshold"}
        above["TreatMissingData"] = "notBreaching"
        put(
            AlarmName="failing", Threshold=50, **above,
            Metrics=[
                {"Id": "rate", "Expression": "IF(called > 0, 100 * failed / called, 0)", "Label": "failures, %"},
                count("called", "Invocations"), count("failed", "Errors"),
            ],
        )  # fmt: skip
        put(
            AlarmName="refused",
            Namespace="Shop",
            MetricName="Refused",
            Period=60,
            Statistic="Sum",
            Threshold=1,
            **above,
        )
        for name, of, metric in (
            ("late", "orders", "ApproximateAgeOfOldestMessage"),
            ("lost", "dead", "ApproximateNumberOfMessagesVisible"),
        ):
            put(
                AlarmName=name, Namespace="AWS/SQS", MetricName=metric, Period=60, Statistic="Maximum",
                Dimensions=[{"Name": "QueueName", "Value": of}], Threshold=300 if name == "late" else 0,
                EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold",
            )  # fmt: skip
        put(
            AlarmName="releasing", Namespace="Shop", MetricName="Releases", Period=60, Statistic="Sum", Threshold=0,
            EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
        )  # fmt: skip
        client("cloudwatch").put_composite_alarm(
            AlarmName="shop", AlarmRule="(ALARM(failing) AND ALARM(refused)) OR ALARM(late)", AlarmActions=[self.topic],
            OKActions=[self.topic], ActionsSuppressor="releasing", ActionsSuppressorWaitPeriod=60,
            ActionsSuppressorExtensionPeriod=60,
        )  # fmt: skip

    def mend_by_itself(self):
        def mend(event, context):
            self.mended.append((event["detail"]["alarmName"], event["detail"]["state"]["value"]))
            self.broken = False

        arn = function(self.aws, "mend", mend)
        pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": ["failing"], "state": {"value": ["ALARM"]}}}
        rule = client("events").put_rule(Name="mend", EventPattern=json.dumps(pattern))["RuleArn"]
        client("events").put_targets(Rule="mend", Targets=[{"Id": "1", "Arn": arn}])
        client("lambda").add_permission(
            FunctionName="mend", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
            SourceArn=rule,
        )  # fmt: skip

    def sell(self, minutes, a_minute=2):
        for _ in range(minutes):
            for _ in range(a_minute):
                client("sqs").send_message(QueueUrl=self.orders, MessageBody="order")
            self.aws.clock.advance(minutes=1)

    def pages(self):
        found = client("sqs").receive_message(QueueUrl=self.pager, MaxNumberOfMessages=10).get("Messages", ())
        for each in found:
            client("sqs").delete_message(QueueUrl=self.pager, ReceiptHandle=each["ReceiptHandle"])
        told = [json.loads(json.loads(each["Body"])["Message"]) for each in found]
        return sorted((each["AlarmName"], each["NewStateValue"]) for each in told)

    def state(self, name):
        found = client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return [*found["MetricAlarms"], *found["CompositeAlarms"]][0]["StateValue"]


@pytest.fixture
def shop(aws):
    made = Shop(aws)
    aws.clock.advance(minutes=5)
    made.sell(5)
    made.pages()
    return made


def test_all_is_well(shop):
    assert {name: shop.state(name) for name in ("failing", "refused", "late", "releasing", "shop")} == dict.fromkeys(
        ("failing", "refused", "late", "releasing", "shop"), "OK"
    )
    assert shop.pages() == []


def test_one_page_for_what_goes_wrong(shop):
    shop.broken = True
    shop.sell(6)
    assert [shop.state(name) for name in ("failing", "refused", "lost", "shop")] == ["ALARM"] * 4
    assert shop.pages() == [("shop", "ALARM")]
    shop.broken = False
    shop.sell(8)
    assert shop.state("shop") == "OK"
    assert shop.pages() == [("shop", "OK")]
    assert shop.state("lost") == "ALARM"


def test_nobody_is_paged_while_a_release_is_under_way(shop):
    shop.broken = True
    for _ in range(6):
        client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Releases", "Value": 1}])
        shop.sell(1)
    assert shop.state("shop") == "ALARM"
    assert shop.pages() == []
    shop.broken = False
    shop.sell(10)
    assert shop.state("shop") == "OK"
    assert ("shop", "ALARM") not in shop.pages()


def test_the_shop_mends_itself(shop):
    shop.mend_by_itself()
    shop.broken = True
    shop.sell(10)
    assert shop.mended == [("failing", "ALARM")]
    assert shop.state("failing") == "OK"


def test_orders_that_wait_too_long(shop):
    (mapping,) = client("lambda").list_event_source_mappings(FunctionName="orders")["EventSourceMappings"]
    client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    shop.aws.clock.advance(minutes=2)
    shop.sell(8)
    assert shop.state("late") == "ALARM"
    assert shop.pages() == [("shop", "ALARM")]
    client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    shop.aws.clock.advance(minutes=5)
    assert shop.state("late") == "OK"


def test_what_the_night_was_like(shop):
    shop.broken = True
    shop.sell(6)
    shop.broken = False
    shop.sell(8)
    now = shop.aws.clock.now()
    history = client("cloudwatch").describe_alarm_history(
        AlarmName="shop", AlarmTypes=["CompositeAlarm"], HistoryItemType="StateUpdate",
        StartDate=now - timedelta(hours=1), EndDate=now,
    )["AlarmHistoryItems"]  # fmt: skip
    changes = [json.loads(each["HistoryData"])["newState"]["stateValue"] for each in history]
    assert changes[:2] == ["OK", "ALARM"]
    answer = client("cloudwatch").get_metric_data(
        StartTime=now - timedelta(hours=1), EndTime=now, ScanBy="TimestampAscending",
        MetricDataQueries=[
            {"Id": "all", "ReturnData": False,
             "Expression": "SEARCH('{AWS/SQS,QueueName} MetricName=\"NumberOfMessagesSent\"', 'Sum', 3600)"},
            {"Id": "sent", "Expression": "SUM(all)"},
        ],
    )["MetricDataResults"]  # fmt: skip
    assert sum(answer[0]["Values"]) >= 38
