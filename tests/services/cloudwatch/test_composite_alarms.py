"""Alarms on alarms: rules, suppressors, mute rules."""

import json

import pytest

from awsim.services.cloudwatch.alarms import rules
from awsim.services.cloudwatch.alarms.rules import BadRule

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:30")


@pytest.fixture
def children(cloudwatch, alarm):
    """Three alarms a, b and c that stay as they are forced to be: `force(a="ALARM")`."""
    for name in "abc":
        alarm(name, TreatMissingData="ignore")

    def force(**states):
        for name, state in states.items():
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    return force


@pytest.fixture
def composite(cloudwatch):
    def make(rule, name="all", **more):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, **more)
        types = ["CompositeAlarm"]
        return lambda: cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=types)["CompositeAlarms"][0]

    return make


@pytest.mark.rule("cloudwatch-033")
def test_and_and_or(cloudwatch, children, composite, refused):
    both = composite("ALARM(a) AND ALARM(b)", "both")
    either = composite('ALARM("a") OR ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:b)', "either")
    assert (both()["StateValue"], either()["StateValue"]) == ("OK", "OK")
    children(a="ALARM")
    assert (both()["StateValue"], either()["StateValue"]) == ("OK", "ALARM")
    children(b="ALARM")
    assert both()["StateValue"] == "ALARM"
    assert json.loads(both()["StateReasonData"])["triggeringAlarms"][0]["arn"].endswith(":alarm:b")
    children(a="OK")
    assert (both()["StateValue"], either()["StateValue"]) == ("OK", "ALARM")
    with refused(
        "ValidationError", "Could not save the composite alarm as alarms [none] in the alarm rule do not exist"
    ):
        composite("ALARM(none)")
    composite("ALARM(both)", "above")
    with refused("ValidationError", "Cannot delete both as there are composite alarm(s) depending on it."):
        cloudwatch.delete_alarms(AlarmNames=["both"])
    with refused("ValidationError", "Only one composite alarm can be deleted at a time."):
        cloudwatch.delete_alarms(AlarmNames=["above", "either"])
    cloudwatch.delete_alarms(AlarmNames=["above"])
    cloudwatch.delete_alarms(AlarmNames=["both"])
    assert both  # the other one is left
    assert [
        each["AlarmName"] for each in cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    ] == ["either"]


@pytest.mark.parametrize(
    ("text", "states", "holds"),
    [
        ("ALARM(a)", {"a": "ALARM"}, True),
        ("NOT ALARM(a) AND OK(b)", {"a": "OK", "b": "OK"}, True),
        ("INSUFFICIENT_DATA(a)", {"a": "INSUFFICIENT_DATA"}, True),
        ("ALARM(a) AND (OK(b) OR OK(c))", {"a": "ALARM", "b": "ALARM", "c": "OK"}, True),
        ("ALARM(a) OR ALARM(b) AND ALARM(c)", {"a": "ALARM", "b": "OK", "c": "OK"}, True),
        ("TRUE AND NOT FALSE", {}, True),
        ("AT_LEAST(2, ALARM, (a, b, c))", {"a": "ALARM", "b": "OK", "c": "ALARM"}, True),
        ("AT_LEAST(50%, NOT OK, (a, b))", {"a": "ALARM", "b": "OK"}, True),
        ("AT_LEAST(3, ALARM, (a, b, c))", {"a": "ALARM", "b": "OK", "c": "ALARM"}, False),
    ],
)
def test_rules(text, states, holds):
    assert rules.parse(text).holds(states.get) is holds


@pytest.mark.parametrize(
    "text", ["", "ALARM()", "ALARM(a", "ALARM(a) AND", "MAYBE(a)", "(TRUE", "AT_LEAST(3, ALARM, (a))", "TRUE FALSE"]
)
def test_broken_rules(text):
    with pytest.raises(BadRule):
        rules.parse(text)


def test_what_is_refused(children, composite, refused):
    with refused("ValidationError"):
        composite("ALARM(a) XOR ALARM(b)")
    with refused("ValidationError"):
        composite(" OR ".join(["TRUE"] * 501))
    with refused("ValidationError"):
        composite("ALARM(a)", ActionsSuppressor="b")
    with refused("ValidationError"):
        composite("ALARM(a)", "b")


def test_parents_and_children(cloudwatch, children, composite):
    composite("ALARM(a) OR ALARM(b)")
    found = cloudwatch.describe_alarms(ChildrenOfAlarmName="all")
    assert [each["AlarmName"] for each in found["MetricAlarms"]] == ["a", "b"]
    assert found["MetricAlarms"][0].keys() == {"AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp"}
    found = cloudwatch.describe_alarms(ParentsOfAlarmName="b")
    assert found["CompositeAlarms"][0].keys() == {"AlarmName", "AlarmArn"}


def test_a_cycle_stops_evaluation(children, composite):
    first = composite("ALARM(a)", "first")
    second = composite("ALARM(first)", "second")
    composite("ALARM(a) OR ALARM(second)", "first")
    children(a="ALARM")
    assert (first()["StateValue"], second()["StateValue"]) == ("OK", "OK")


@pytest.fixture
def suppressed(composite, inbox):
    topic, read = inbox
    show = composite(
        "ALARM(a)", AlarmActions=[topic], ActionsSuppressor="b", ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=120,
    )  # fmt: skip
    return show, lambda: [json.loads(message["Message"])["NewStateValue"] for message in read()]


def test_a_suppressor_that_is_in_alarm(aws, children, suppressed):
    show, told = suppressed
    children(b="ALARM", a="ALARM")
    assert (show()["StateValue"], show()["ActionsSuppressedBy"]) == ("ALARM", "Alarm")
    aws.clock.advance(minutes=10)
    assert told() == []
    assert show()["ActionsSuppressedBy"] == "Alarm"


def test_the_wait_for_a_suppressor(aws, children, suppressed):
    show, told = suppressed
    children(a="ALARM")
    assert show()["ActionsSuppressedBy"] == "WaitPeriod"
    aws.clock.advance(seconds=59)
    assert told() == []
    aws.clock.advance(seconds=1)
    assert "ActionsSuppressedBy" not in show()
    assert told() == ["ALARM"]


def test_a_suppressor_that_comes_in_time(aws, children, suppressed):
    show, told = suppressed
    children(a="ALARM")
    aws.clock.advance(seconds=30)
    children(b="ALARM")
    assert show()["ActionsSuppressedBy"] == "Alarm"
    aws.clock.advance(minutes=5)
    assert told() == []


def test_the_extension_after_a_suppressor(aws, children, suppressed):
    show, told = suppressed
    children(b="ALARM", a="ALARM")
    children(b="OK")
    assert show()["ActionsSuppressedBy"] == "ExtensionPeriod"
    aws.clock.advance(seconds=119)
    assert told() == []
    aws.clock.advance(seconds=1)
    assert "ActionsSuppressedBy" not in show()
    assert told() == ["ALARM"]


def test_what_is_over_by_then_is_not_told(aws, children, suppressed):
    show, told = suppressed
    children(b="ALARM", a="ALARM")
    children(b="OK", a="OK")
    aws.clock.advance(minutes=5)
    assert (show()["StateValue"], told()) == ("OK", [])


# --- mute rules


@pytest.fixture
def mute(cloudwatch):
    def put(expression="cron(0 12 * * *)", duration="PT2H", alarms=("high",), **more):
        schedule = {"Expression": expression, "Duration": duration}
        given = {"Name": "quiet", "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": list(alarms)}, **more}
        cloudwatch.put_alarm_mute_rule(**given)
        return lambda: cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="quiet")

    return put


@pytest.mark.newer_botocore
def test_muted_alarms_keep_quiet(aws, cloudwatch, alarm, put, inbox, mute):
    topic, read = inbox
    show = alarm(AlarmActions=[topic], TreatMissingData="ignore")
    rule = mute()
    assert (rule()["Status"], rule()["MuteType"]) == ("ACTIVE", "RECURRING")
    put(20)
    aws.clock.advance(minutes=1)
    assert show()["StateValue"] == "ALARM"
    assert read() == []
    aws.clock.advance(hours=2)
    assert rule()["Status"] == "SCHEDULED"
    assert len(read()) == 1  # it is in ALARM still when the window ends
    (summary,) = cloudwatch.list_alarm_mute_rules(AlarmName="high")["AlarmMuteRuleSummaries"]
    assert summary["Status"] == "SCHEDULED"
    assert cloudwatch.list_alarm_mute_rules(AlarmName="other")["AlarmMuteRuleSummaries"] == []
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="quiet")
    assert cloudwatch.list_alarm_mute_rules()["AlarmMuteRuleSummaries"] == []


@pytest.mark.newer_botocore
@pytest.mark.parametrize(
    ("expression", "duration", "status"),
    [
        ("at(2026-01-01T12:00)", "PT1M", "ACTIVE"),
        ("at(2026-01-01T11:00)", "PT30M", "SCHEDULED"),
        ("cron(30 3 * * THU)", "P1D", "ACTIVE"),
        ("cron(0 1 1 * *)", "PT11H1M", "ACTIVE"),
        ("cron(0 1 2 * *)", "P15D", "SCHEDULED"),
    ],
)
def test_windows(mute, expression, duration, status):
    assert mute(expression, duration)()["Status"] == status


@pytest.mark.newer_botocore
def test_mute_rules_end(aws, mute):
    rule = mute(ExpireDate="2026-01-01T13:00:00Z")
    assert rule()["Status"] == "ACTIVE"
    aws.clock.advance(hours=1)
    assert rule()["Status"] == "EXPIRED"


@pytest.mark.newer_botocore
@pytest.mark.parametrize(
    ("expression", "duration"),
    [("rate(1 hour)", "PT1H"), ("cron(0 12 * *)", "PT1H"), ("at(2026-01-01)", "PT1H"), ("cron(0 1 * * *)", "P16D"),
     ("cron(0 1 * * *)", "1 hour")],
)  # fmt: skip
def test_mute_rules_that_are_refused(cloudwatch, mute, refused, expression, duration):
    with refused("ValidationError"):
        mute(expression, duration)
    with refused("ResourceNotFoundException"):
        cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="quiet")
