"""Who may, under authorization=True: policies of targets, policies of buses."""

import json

import boto3
import pytest

from .conftest import ACCOUNT, REGION

pytestmark = pytest.mark.aws(authorization=True)


def allow(sqs, name, source):
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


@pytest.mark.rule("events-017")
def test_a_queue_must_let_eventbridge_in(sqs, events, rule, put, queue, bodies, messages):
    dead = queue("dead")
    arn = rule("r", {"source": ["app"]}, {"Arn": queue(), "DeadLetterConfig": {"Arn": dead}})
    allow(sqs, "dead", arn)
    allow(sqs, "jobs", arn + "-other")
    put()
    assert bodies() == []
    (message,) = messages("dead")
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    allow(sqs, "jobs", arn)
    put()
    assert len(bodies()) == 1
    assert messages("dead") == []


@pytest.mark.rule("events-018")
def test_a_bus_must_let_another_account_in(events, refused, rule):
    other = boto3.client("events", region_name=REGION, aws_access_key_id="222222222222", aws_secret_access_key="x")
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    entry = {"Source": "app", "DetailType": "x", "Detail": "{}", "EventBusName": bus}
    assert refused(other.put_events, Entries=[entry])[0] == "AccessDeniedException"
    events.put_permission(StatementId="b", Action="events:PutEvents", Principal="222222222222")
    assert other.put_events(Entries=[entry])["FailedEntryCount"] == 0
