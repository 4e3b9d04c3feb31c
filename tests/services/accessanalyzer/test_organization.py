"""An analyzer whose zone of trust is an organization."""

import json

import boto3
import pytest


@pytest.fixture
def analyzer(aws):
    boto3.client("organizations").create_organization()
    client = boto3.client("accessanalyzer")
    arn = client.create_analyzer(analyzerName="org", type="ORGANIZATION")["arn"]
    return lambda: client.list_findings(analyzerArn=arn)["findings"]


def put(principal, condition=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*"}
    if condition:
        statement["Condition"] = condition
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boto3.client("sqs").create_queue(QueueName="jobs", Attributes={"Policy": policy})


def test_members_are_trusted(analyzer):
    organizations = boto3.client("organizations")
    organizations.create_account(Email="dev@corp.example", AccountName="dev")
    (dev,) = [each["Id"] for each in organizations.list_accounts()["Accounts"] if each["Name"] == "dev"]
    put({"AWS": dev})
    assert analyzer() == []


def test_strangers_are_not(analyzer):
    put({"AWS": "999999999999"})
    assert [each["principal"] for each in analyzer()] == [{"AWS": "999999999999"}]


def test_the_organization_is_trusted(analyzer):
    identifier = boto3.client("organizations").describe_organization()["Organization"]["Id"]
    put("*", {"StringEquals": {"aws:PrincipalOrgID": identifier}})
    assert analyzer() == []


def test_another_organization_is_not(analyzer):
    put("*", {"StringEquals": {"aws:PrincipalOrgID": "o-0123456789"}})
    (finding,) = analyzer()
    assert (finding["isPublic"], finding["condition"]) == (False, {"aws:principalorgid": "o-0123456789"})
