"""Answers recorded from AWS (../shared/recorded/events.jsonl): the members that answers have, and no others."""

import json
import re
from pathlib import Path

import pytest

from .conftest import ACCOUNT, REGION

FILE = Path(__file__).parents[4] / "shared" / "recorded" / "events.jsonl"

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="no recorded answers here")

LINES = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()] if FILE.is_file() else []
CASES = {line["case"]: line["answers"] for line in LINES}
CRONS = sorted({found[1] for case in CASES if (found := re.search(r"\[(cron\(.*\))\]$", case))})
PATTERN = json.dumps(
    {
        "source": ["core.update-account-command"],
        "detail-type": ["core.update-account-command"],
        "detail": {"command": ["update-account"]},
    }
)
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"


def shape(answer):
    """The names of an answer's members, all the way down; JSON in strings (policies, patterns) is a leaf."""
    if isinstance(answer, list):
        return [shape(item) for item in answer]
    if isinstance(answer, dict):
        return {
            name: None if name in ("Policy", "EventPattern") else shape(value)
            for name, value in answer.items()
            if name != "ResponseMetadata"
        }
    return None


def alike(ours, case, answer):
    assert shape(ours) == shape(CASES[case][answer])


@pytest.mark.parametrize("expression", CRONS)
def test_cron_expressions_that_aws_took(events, expression):
    case = next(case for case in CASES if case.endswith(f"[{expression}]"))
    alike(events.put_rule(Name="r", ScheduleExpression=expression), case, "put-rule")
    alike(events.list_rules(), case, "list-rules")


def test_rules(events, queue):
    case = "EventRule: disable re enable rule[default]"
    events.put_rule(Name="r", EventPattern=PATTERN)
    alike(events.disable_rule(Name="r"), case, "disable-rule")
    alike(events.describe_rule(Name="r"), case, "describe-rule-disabled")
    target = [{"Id": "t", "Arn": queue()}]
    case = "EventTarget: put list remove target[default]"
    alike(events.put_targets(Rule="r", Targets=target), case, "put-target")
    alike(events.list_targets_by_rule(Rule="r"), case, "list-targets")
    alike(events.remove_targets(Rule="r", Ids=["t"]), case, "remove-target")
    alike(events.list_targets_by_rule(Rule="r"), case, "list-targets-after-delete")


def test_buses(events):
    case = "EventBus: create list describe delete custom event buses[True-regions0]"
    made = events.create_event_bus(Name="b", Description="test bus")
    alike(made, case, "create-custom-event-bus-us-east-1")
    alike(events.describe_event_bus(Name="b"), case, "describe-custom-event-bus-us-east-1")
    alike(events.list_event_buses(NamePrefix="b"), case, "list-event-buses-after-create-us-east-1")
    events.put_permission(StatementId="s", Action="events:PutEvents", Principal="222222222222", EventBusName="b")
    events.update_event_bus(Name="b", Description="")
    case = "EventBus: remove permission[custom]"
    assert json.loads(events.describe_event_bus(Name="b")["Policy"]).keys() == {"Version", "Statement"}
    events.remove_permission(RemoveAllPermissions=True, EventBusName="b")
    assert "Policy" in CASES[case]["describe-event-bus-remove-permission"]
    assert "Policy" not in events.describe_event_bus(Name="b")


def test_archives(events):
    case = "Archive: list archive state enabled[default]"
    events.create_archive(ArchiveName="a", EventSourceArn=BUS, RetentionDays=1)
    alike(events.list_archives(State="ENABLED"), case, "list-archives-state-enabled")


def test_replays(aws, events):
    archive = events.create_archive(ArchiveName="a", EventSourceArn=BUS)["ArchiveArn"]
    given = {"EventSourceArn": archive, "EventStartTime": 0, "EventEndTime": 1, "Destination": {"Arn": BUS}}
    events.start_replay(ReplayName="r", **given)
    case = "Replay: list replays with prefix"
    alike(events.list_replays(NamePrefix="r"), case, "list-replays-with-prefix")


def test_connections_and_destinations(events):
    case = "EventBridgeConnections: create connection"
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "ApiKey", "ApiKeyValue": "secret"}}
    made = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)
    alike(made, case, "create-connection")
    alike(events.describe_connection(Name="c"), case, "describe-connection")
    case = "EventBridgeApiDestinations: api destinations[auth0]"
    made = events.create_api_destination(
        Name="d",
        ConnectionArn=made["ConnectionArn"],
        InvocationEndpoint="https://example.com/api",
        HttpMethod="POST",
        Description="Test API destination",
    )
    alike(made, case, "create-api-destination")
    alike(events.describe_api_destination(Name="d"), case, "describe-api-destination")
    alike(events.list_api_destinations(), case, "list-api-destinations")
    alike(events.delete_api_destination(Name="d"), case, "delete-api-destination")
