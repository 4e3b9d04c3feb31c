"""Rules, their schedules, their targets and what these get."""

import json
from datetime import UTC, datetime

import boto3
import pytest

from awsim.eventing import schedules

from .conftest import ACCOUNT, REGION, ROLE

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule"
PATTERN = '{"source": ["app"]}'


@pytest.mark.rule("events-009")
def test_a_rule_has_a_schedule_or_a_pattern(events, refused):
    answer = refused(events.put_rule, Name="r")
    message = "Parameter(s) EventPattern or ScheduleExpression must be specified."
    assert answer == ("ValidationException", message)
    assert events.list_rules()["Rules"] == []


def test_putting_a_rule_again_replaces_it(events, queue, rule):
    rule("r", {"source": ["app"]}, queue())
    answer = events.put_rule(Name="r", EventPattern='{"source": ["b"]}', Description="new", State="DISABLED")
    assert answer["RuleArn"] == f"{ARN}/r"
    found = events.describe_rule(Name="r")
    assert (found["EventPattern"], found["Description"], found["State"]) == ('{"source": ["b"]}', "new", "DISABLED")
    assert found["CreatedBy"] == ACCOUNT
    assert len(events.list_targets_by_rule(Rule="r")["Targets"]) == 1


def test_disabled_rules_do_not_fire(events, rule, put, queue, bodies):
    rule("r", {"source": ["app"]}, queue())
    events.disable_rule(Name="r")
    put()
    assert bodies() == []
    events.enable_rule(Name="r")
    put()
    assert len(bodies()) == 1


def test_rules_that_are_not_there(events, refused):
    missing = ("ResourceNotFoundException", "Rule nope does not exist on EventBus default.")
    for call in (events.describe_rule, events.enable_rule, events.disable_rule):
        assert refused(call, Name="nope") == missing
    assert refused(events.put_targets, Rule="nope", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:a:b:c"}]) == missing
    events.delete_rule(Name="nope")


def test_a_rule_with_targets_stays(events, refused, rule, queue):
    rule("r", {"source": ["app"]}, queue())
    answer = refused(events.delete_rule, Name="r")
    assert answer == ("ValidationException", "Rule can't be deleted since it has targets.")
    assert len(events.list_rules()["Rules"]) == 1


def test_managed_rules(aws, events, refused):
    aws.call("events", "PutRule", Name="r", EventPattern=PATTERN, caller="autoscaling.amazonaws.com")
    assert events.describe_rule(Name="r")["ManagedBy"] == "autoscaling.amazonaws.com"
    assert refused(events.put_rule, Name="r", EventPattern=PATTERN)[0] == "ManagedRuleException"
    assert refused(events.disable_rule, Name="r")[0] == "ManagedRuleException"
    assert refused(events.delete_rule, Name="r")[0] == "ManagedRuleException"
    events.delete_rule(Name="r", Force=True)
    assert events.list_rules()["Rules"] == []


@pytest.mark.aws(limits={"events.rules": 1})
def test_as_many_rules_as_the_quota_says(events, refused):
    events.put_rule(Name="a", EventPattern=PATTERN)
    events.put_rule(Name="a", EventPattern=PATTERN)
    assert refused(events.put_rule, Name="b", EventPattern=PATTERN)[0] == "LimitExceededException"


# --- schedules


@pytest.mark.aws(at="2026-01-01T00:00:30Z")
@pytest.mark.rule("events-012")
def test_scheduled_events(aws, events, queue, bodies):
    arn = events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue()}])
    aws.clock.advance(minutes=4, seconds=59)
    assert bodies() == []
    aws.clock.advance(minutes=6)
    first, second = bodies()
    assert {**first, "id": None} == {
        "version": "0",
        "id": None,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2026-01-01T00:05:30Z",
        "region": REGION,
        "resources": [arn],
        "detail": {},
    }
    assert second["time"] == "2026-01-01T00:10:30Z"
    events.disable_rule(Name="r")
    aws.clock.advance(hours=1)
    assert bodies() == []
    events.put_rule(Name="r", ScheduleExpression="cron(0 12 * * ? *)")
    aws.clock.advance(days=2)
    assert [body["time"] for body in bodies()] == ["2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z"]


@pytest.mark.rule("events-013")
@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)", "rate(2 minute)", "rate(0 minutes)", "rate(-1 minutes)", "rate(5 seconds)", "rate(5minutes)",
        "rate( minutes)", "cron(0 12 * * * *)", "cron(0 12 ? * ? *)", "cron(* * * * *)", "cron(60 * * * ? *)",
        "cron(0 24 * * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 ? * 8 *)", "cron(0 0 ? * MON#6 *)",
        "cron(0 0 * 13 ? *)", "cron(0 0 * * ? 1969)", "cron(0/0 * * * ? *)", "every day",
        "at(2026-01-01T00:00:00)",
    ],
)  # fmt: skip
def test_malformed_schedules(events, refused, expression):
    answer = refused(events.put_rule, Name="r", ScheduleExpression=expression)
    assert answer == ("ValidationException", "Parameter ScheduleExpression is not valid.")
    assert events.list_rules()["Rules"] == []


@pytest.mark.rule("events-013")
def test_schedules_are_for_the_default_bus(events, refused):
    events.create_event_bus(Name="app")
    answer = refused(events.put_rule, Name="r", ScheduleExpression="rate(1 minute)", EventBusName="app")
    assert answer == ("ValidationException", "ScheduleExpression is supported only on the default event bus.")


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("cron(0 10 * * ? *)", ["01-01 10:00", "01-02 10:00"]),
        ("cron(15 12 * * ? *)", ["01-01 12:15", "01-02 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["01-01 18:00", "01-02 18:00", "01-05 18:00"]),
        ("cron(0 8 1 * ? *)", ["01-01 08:00", "02-01 08:00"]),
        ("cron(0/15 * * * ? *)", ["01-01 00:15", "01-01 00:30"]),
        ("cron(0/10 * ? * MON-FRI *)", ["01-01 00:10", "01-01 00:20"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["01-01 08:00", "01-01 08:05"]),
        ("cron(0 9 ? * 2#1 *)", ["01-05 09:00", "02-02 09:00"]),
        ("cron(15 10 ? * 6L 2022-2026)", ["01-30 10:15", "02-27 10:15"]),
        ("cron(0 0 L * ? *)", ["01-31 00:00", "02-28 00:00"]),
        ("cron(0 0 3W * ? *)", ["01-02 00:00", "02-03 00:00"]),
        ("cron(0 0 1W * ? *)", ["02-02 00:00", "03-02 00:00"]),
        ("cron(5,35 14 * * ? *)", ["01-01 14:05", "01-01 14:35"]),
        ("cron(0/5 5 ? JAN 1-5 2026)", ["01-01 05:00", "01-01 05:05"]),
        ("cron(0 2 ? * SAT *)", ["01-03 02:00", "01-10 02:00"]),
    ],
)
def test_the_cron_dialect(expression, times):
    schedule = schedules.parse(expression)
    when = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    found = []
    for _ in times:
        when = schedule.next(when)
        found.append(datetime.fromtimestamp(when, UTC).strftime("%m-%d %H:%M"))
    assert found == times


def test_a_cron_that_is_over():
    assert schedules.parse("cron(15 10 ? * 6L 2002-2005)").next(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) is None


# --- targets


@pytest.mark.rule("events-014", "events-031")
def test_queues_and_topics(aws, events, rule, put, queue, bodies, messages):
    sns = boto3.client("sns", region_name=REGION)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue("told"))
    rule("r", {"source": ["app"]}, queue(), topic)
    shown = events.list_targets_by_rule(Rule="r")["Targets"]
    assert [target["Arn"] for target in shown] == [f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", topic]
    assert events.list_rule_names_by_target(TargetArn=topic)["RuleNames"] == ["r"]
    id_ = put()["EventId"]
    assert [body["id"] for body in bodies()] == [id_]
    (note,) = bodies("told")
    assert json.loads(note["Message"])["id"] == id_
    answer = events.remove_targets(Rule="r", Ids=["0", "1"])
    assert (answer["FailedEntryCount"], answer["FailedEntries"]) == (0, [])
    put()
    assert bodies() == bodies("told") == []
    (call, _) = aws.calls.of("events:PutEvents")
    assert {(caused.service, caused.operation, caused.caller) for caused in call.caused} >= {
        ("sqs", "SendMessage", "events.amazonaws.com"),
        ("sns", "Publish", "events.amazonaws.com"),
    }


def test_fifo_queues(events, refused, rule, put, queue, messages):
    arn = queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    events.put_rule(Name="r", EventPattern=PATTERN)
    code, message = refused(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    assert (code, message) == ("ValidationException", "Parameter(s) SqsParameters must be specified for target: 1.")
    rule("r", {"source": ["app"]}, {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}})
    put()
    assert messages("jobs.fifo")[0]["Attributes"]["MessageGroupId"] == "g"


def test_five_targets(events, refused, queue):
    events.put_rule(Name="r", EventPattern=PATTERN)
    arn = queue()
    targets = [{"Id": str(number), "Arn": arn} for number in range(6)]
    answer = refused(events.put_targets, Rule="r", Targets=targets)
    assert answer == ("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []
    events.put_targets(Rule="r", Targets=targets[:5])
    events.put_targets(Rule="r", Targets=targets[:5])
    assert refused(events.put_targets, Rule="r", Targets=targets[5:])[0] == "LimitExceededException"


@pytest.mark.rule("events-016")
@pytest.mark.parametrize(
    "arn", [f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"]
)
def test_targets_that_need_a_role(events, refused, arn):
    events.put_rule(Name="r", EventPattern=PATTERN)
    answer = refused(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    assert answer == ("ValidationException", f"RoleArn is required for target {arn}.")
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


def test_target_ids(events, refused):
    events.put_rule(Name="r", EventPattern=PATTERN)
    answer = refused(events.put_targets, Rule="r", Targets=[{"Id": "!@#$@!#$", "Arn": "arn:aws:sqs:a:b:c"}])
    assert answer[1] == (
        "1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"
    )
    answer = refused(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": "nonsense"}])
    assert answer == (
        "ValidationException",
        "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.",
    )


# --- what targets get


@pytest.mark.rule("events-015")
def test_all_a_part_a_constant_or_a_template(events, refused, rule, put, queue, messages):
    arn = queue()
    rule("r", {"source": ["app"]}, {"Arn": arn, "InputPath": "$.detail.items[1]"})
    rule("s", {"source": ["app"]}, {"Arn": arn, "Input": '{"a": 1}'})
    template = {
        "InputPathsMap": {"x": "$.detail.items"},
        "InputTemplate": '{"items": <x>, "rule": "<aws.events.rule-name>"}',
    }
    rule("t", {"source": ["app"]}, {"Arn": arn, "InputTransformer": template})
    put(detail={"items": ["a", {"b": [1, 2.5]}]})
    assert sorted(message["Body"] for message in messages()) == [
        '{"a": 1}', '{"b":[1,2.5]}', '{"items": ["a",{"b":[1,2.5]}], "rule": "t"}',
    ]  # fmt: skip
    both = {"Id": "9", "Arn": arn, "Input": "1", "InputPath": "$.detail"}
    assert refused(events.put_targets, Rule="r", Targets=[both])[0] == "ValidationException"
    assert (
        refused(events.put_targets, Rule="r", Targets=[{"Id": "9", "Arn": arn, "Input": "{"}])[0]
        == "ValidationException"
    )
    bad = {"Id": "9", "Arn": arn, "InputPath": "detail"}
    assert refused(events.put_targets, Rule="r", Targets=[bad])[0] == "ValidationException"
    assert len(events.list_targets_by_rule(Rule="r")["Targets"]) == 1


def test_what_templates_know_by_themselves(aws, rule, put, queue, messages):
    template = "[<aws.events.rule-arn>, <aws.events.event.json>, <aws.events.event>, <aws.events.event.ingestion-time>]"
    arn = rule("r", {"source": ["app"]}, {"Arn": queue(), "InputTransformer": {"InputTemplate": template}})
    put(detail={"a": 1})
    rule_arn, whole, envelope, time = json.loads(messages()[0]["Body"])
    assert rule_arn == arn
    assert whole == {**envelope, "detail": {"a": 1}}
    assert datetime.fromisoformat(time) <= aws.clock.now()


RECORDED = [
    ('{"method": "PUT", "path": "users-service/users/<userId>", "bod": <payload>}',
     '{"method": "PUT", "path": "users-service/users/0a787ecb-4015", "bod": {"acc_id":"0a787ecb-4015","sf_id":"baz"}}'),
    ('"Payload of <payload> with path users-service/users/<userId> and <userId>"',
     '"Payload of {acc_id:0a787ecb-4015,sf_id:baz} with path users-service/users/0a787ecb-4015 and 0a787ecb-4015"'),
    ('{"id" : <userId>}', '{"id" : "0a787ecb-4015"}'),
    ('{"id" : "<userId>"}', '{"id" : "0a787ecb-4015"}'),
    ('{"method": "PUT", "bod": [<userId>, "hardcoded"]}', '{"method": "PUT", "bod": ["0a787ecb-4015", "hardcoded"]}'),
    ('"<listsingle> single list item"', '"[HIGH] single list item"'),
    ('"<listmulti> multiple list items"', '"[ACTIVE,INACTIVE] multiple list items"'),
    ('{"singlelistitem": <listsingle>}', '{"singlelistitem": ["HIGH"]}'),
    ('"<listsingle> single list item"\n"<systemstring> system account id"\n"<payload> payload"',
     '"[HIGH] single list item"\n" system account id"\n"{acc_id:0a787ecb-4015,sf_id:baz} payload"'),
    ('"Command is <valid>!"', '"Command is true!"'),
    ('{"command": <none>}', '{"command": ""}'),
    ('"{[/Check with special starting characters for event of <detail-type> type"',
     '"{[/Check with special starting characters for event of Order Placed type"'),
]  # fmt: skip


@pytest.mark.parametrize(("template", "text"), RECORDED)
def test_recorded_templates(rule, put, queue, messages, template, text):
    """Recorded: InputTransformer, input transformer nested keys replacement."""
    paths = {
        "userId": "$.detail.payload.acc_id",
        "payload": "$.detail.payload",
        "listsingle": "$.detail.listsingle",
        "listmulti": "$.detail.listmulti",
        "systemstring": "$.detail.none.systemstring",
        "none": "$.detail.none",
        "valid": "$.detail.valid",
        "detail-type": "$.detail-type",
    }
    rule(
        "r",
        {"source": ["app"]},
        {"Arn": queue(), "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}},
    )
    put(
        detail={
            "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"},
            "listsingle": ["HIGH"],
            "listmulti": ["ACTIVE", "INACTIVE"],
            "valid": True,
        }
    )
    assert messages()[0]["Body"] == text


def test_recorded_placeholder_that_is_not_defined(events, refused, queue):
    events.put_rule(Name="r", EventPattern=PATTERN)
    template = {"InputPathsMap": {"a": "$.detail"}, "InputTemplate": '{"x": <notdefinedkey>}'}
    target = {"Id": "t", "Arn": queue(), "InputTransformer": template}
    answer = refused(events.put_targets, Rule="r", Targets=[target])
    message = "InputTemplate for target t contains invalid placeholder notdefinedkey."
    assert answer == ("ValidationException", message)


# --- other buses


def test_other_buses_accounts_and_regions(aws, events, rule, put, queue, bodies):
    elsewhere = boto3.client("events", region_name="eu-west-1")
    far = elsewhere.create_event_bus(Name="far")["EventBusArn"]
    near = events.create_event_bus(Name="near")["EventBusArn"]
    rule("r", {"source": ["app"]}, near, {"Arn": far, "RoleArn": ROLE})
    arn = queue()
    rule("n", {"source": ["app"]}, {"Arn": arn, "Input": '"near"'}, bus="near")
    elsewhere.put_rule(Name="f", EventBusName="far", EventPattern=PATTERN)
    elsewhere.put_targets(Rule="f", EventBusName="far", Targets=[{"Id": "1", "Arn": arn}])
    id_ = put()["EventId"]
    found = bodies()
    assert "near" in found
    (event,) = [body for body in found if body != "near"]
    assert (event["id"], event["region"]) == (id_, REGION)


def test_another_account_must_admit_the_event(aws, events, rule, put, queue, messages):
    other = boto3.client("events", region_name=REGION, aws_access_key_id="222222222222", aws_secret_access_key="x")
    bus = f"arn:aws:events:{REGION}:222222222222:event-bus/default"
    dead = queue("dead")
    rule("r", {"source": ["app"]}, {"Arn": bus, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": dead}})
    other.create_archive(ArchiveName="a", EventSourceArn=bus)
    put()
    (message,) = messages("dead")
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    other.put_permission(StatementId="a", Action="events:PutEvents", Principal=ACCOUNT)
    put()
    assert messages("dead") == []
    assert other.describe_archive(ArchiveName="a")["EventCount"] == 1


# --- failures


def attributes(message):
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_what_cannot_arrive_goes_to_the_dead_letter_queue(rule, put, queue, messages):
    dead = queue("dead")
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    arn = rule("r", {"source": ["app"]}, {"Arn": gone, "DeadLetterConfig": {"Arn": dead}}, gone)
    id_ = put()["EventId"]
    (message,) = messages("dead")
    assert json.loads(message["Body"])["id"] == id_
    assert attributes(message) == {
        "RULE_ARN": arn,
        "TARGET_ARN": gone,
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": "The specified queue does not exist.",
        "RETRY_ATTEMPTS": "0",
    }


@pytest.mark.aws(at="2026-01-01")
def test_retries(aws, rule, put, queue, messages, bodies):
    dead, arn = queue("dead"), queue()
    rule("r", {"source": ["app"]}, {"Arn": arn, "DeadLetterConfig": {"Arn": dead}})
    aws.faults.add("sqs:SendMessage", error="ServiceUnavailable", status=503, times=3)
    put()
    assert bodies() == []
    aws.clock.advance(seconds=6)
    assert bodies() == []
    aws.clock.advance(seconds=2)
    assert len(bodies()) == 1
    assert messages("dead") == []


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.parametrize(
    ("policy", "condition", "attempts"),
    [
        ({"MaximumRetryAttempts": 2}, "MaximumRetryAttempts", "2"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", "5"),
    ],
)
def test_retries_have_an_end(aws, rule, put, queue, messages, policy, condition, attempts):
    dead, arn = queue("dead"), queue()
    rule("r", {"source": ["app"]}, {"Arn": arn, "RetryPolicy": policy, "DeadLetterConfig": {"Arn": dead}})
    fault = aws.faults.add("sqs:SendMessage", error="ServiceUnavailable", status=503, times=int(attempts) + 1)
    put()
    aws.clock.advance(minutes=2)
    (message,) = messages("dead")
    told = attributes(message)
    assert (told["EXHAUSTED_RETRY_CONDITION"], told["RETRY_ATTEMPTS"]) == (condition, attempts)
    assert told["ERROR_CODE"] == "INTERNAL_ERROR"
    assert fault is not None


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_deliveries_take_their_time(aws, rule, put, queue, bodies):
    rule("r", {"source": ["app"]}, queue())
    put()
    assert bodies() == []
    aws.clock.advance(seconds=1)
    assert len(bodies()) == 1


@pytest.mark.aws(replay="events.duplicate#1=1")
def test_an_event_may_arrive_twice(rule, put, queue, bodies):
    rule("r", {"source": ["app"]}, queue())
    put()
    first, second = bodies()
    assert first == second


@pytest.mark.aws(replay="events.late#1=1")
def test_events_may_arrive_late_and_out_of_order(aws, rule, put, queue, bodies):
    rule("r", {"source": ["app"]}, queue())
    put(Detail='{"n": 1}')
    put(Detail='{"n": 2}')
    assert [body["detail"]["n"] for body in bodies()] == [2]
    aws.clock.advance(seconds=5)
    assert [body["detail"]["n"] for body in bodies()] == [1]


@pytest.mark.aws(replay="events.late-tick#1=1")
def test_a_scheduled_rule_may_fire_late_within_its_minute(aws, events, queue, bodies):
    events.put_rule(Name="tick", ScheduleExpression="rate(5 minutes)")
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": queue()}])
    aws.clock.advance(minutes=5)
    assert bodies() == []
    aws.clock.advance(seconds=59)
    assert len(bodies()) == 1
