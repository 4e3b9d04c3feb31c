"""What Parameter Store tells EventBridge, and what its policies do when their time has come."""

import json
from datetime import UTC, datetime

import pytest

EXPIRES = "2026-03-01T00:00:00.000Z"


def policy(kind, **attributes):
    return {"Type": kind, "Version": "1.0", "Attributes": attributes}


def policies(*each):
    return {"Policies": json.dumps(each), "Tier": "Advanced"}


EXPIRATION = policy("Expiration", Timestamp=EXPIRES)
NOTICE = policy("ExpirationNotification", Before="15", Unit="Days")
UNCHANGED = policy("NoChangeNotification", After="20", Unit="Days")


@pytest.mark.rule("ssm-019", "events-025")
def test_changes_are_events(ssm, put, events):
    put("/a/b", Description="what it is")
    (event,) = events()
    assert (event["source"], event["detail-type"]) == ("aws.ssm", "Parameter Store Change")
    assert event["resources"] == ["arn:aws:ssm:us-east-1:123456789012:parameter/a/b"]
    assert event["detail"] == {
        "operation": "Create",
        "name": "/a/b",
        "type": "String",
        "description": "what it is",
    }
    put("/a/b", Overwrite=True)
    ssm.label_parameter_version(Name="/a/b", Labels=["l"])
    ssm.delete_parameter(Name="/a/b")
    operations = [event["detail"]["operation"] for event in events()]
    assert operations == ["Update", "LabelParameterVersion", "Delete"]


@pytest.mark.rule("ssm-016")
def test_policies_are_for_advanced_parameters(ssm, refused):
    given = {"Name": "n", "Value": "x", "Type": "String", "Policies": json.dumps([EXPIRATION])}
    assert refused(ssm.put_parameter, **given)[0] == "ValidationException"
    assert ssm.put_parameter(**given, Tier="Intelligent-Tiering")["Tier"] == "Advanced"


@pytest.mark.rule("ssm-017")
@pytest.mark.aws(at="2026-01-01")
def test_several_policies_at_once(ssm, put, refused):
    put("n", **policies(EXPIRATION, NOTICE, UNCHANGED))
    (found,) = ssm.describe_parameters()["Parameters"]
    kinds = ["Expiration", "ExpirationNotification", "NoChangeNotification"]
    assert [(each["PolicyType"], each["PolicyStatus"]) for each in found["Policies"]] == [(k, "Pending") for k in kinds]
    assert [json.loads(each["PolicyText"]) for each in found["Policies"]] == [EXPIRATION, NOTICE, UNCHANGED]

    def refusal(*each):
        return refused(ssm.put_parameter, Name="n", Value="y", Overwrite=True, Policies=json.dumps(each))[0]

    assert refusal(EXPIRATION, EXPIRATION) == "IncompatiblePolicyException"
    assert refusal(policy("Rotation", After="1")) == "InvalidPolicyTypeException"
    assert refusal(policy("Expiration", Timestamp="soon")) == "InvalidPolicyAttributeException"
    assert refusal(policy("NoChangeNotification", After="1", Unit="Weeks")) == "InvalidPolicyAttributeException"
    assert refusal(*[UNCHANGED] * 11) == "PoliciesLimitExceededException"
    assert ssm.get_parameter(Name="n")["Parameter"]["Version"] == 1
    put("n", "y", Overwrite=True)
    assert len(ssm.describe_parameters()["Parameters"][0]["Policies"]) == 3
    put("n", "z", Overwrite=True, Policies="{}")
    assert not ssm.describe_parameters()["Parameters"][0]["Policies"]


@pytest.mark.rule("ssm-018", "events-026")
@pytest.mark.aws(at="2026-01-01")
def test_a_parameter_expires_after_notice(aws, ssm, put, value, refused, events):
    put("n", **policies(EXPIRATION, NOTICE))
    events()
    aws.clock.advance_to(datetime(2026, 2, 13, 23, tzinfo=UTC))
    assert not events()
    aws.clock.advance(hours=2)
    (event,) = events()
    assert event["detail-type"] == "Parameter Store Policy Action"
    assert event["detail"]["policy-type"] == "ExpirationNotification"
    assert event["detail"]["parameter-name"] == "n"
    assert json.loads(event["detail"]["policy-content"]) == NOTICE
    statuses = [each["PolicyStatus"] for each in ssm.describe_parameters()["Parameters"][0]["Policies"]]
    assert statuses == ["Pending", "Finished"]
    assert value("n") == "x"
    aws.clock.advance_to(datetime(2026, 3, 1, tzinfo=UTC))
    assert refused(ssm.get_parameter, Name="n")[0] == "ParameterNotFound"
    told = [(each["detail-type"], each["detail"].get("operation")) for each in events()]
    assert told == [("Parameter Store Policy Action", None), ("Parameter Store Change", "Delete")]


@pytest.mark.rule("events-027")
@pytest.mark.aws(at="2026-01-01")
def test_a_parameter_that_was_not_changed(aws, put, events):
    put("n", **policies(UNCHANGED))
    aws.clock.advance(days=19)
    put("n", "y", Overwrite=True)
    events()
    aws.clock.advance(days=19)
    assert not events()
    aws.clock.advance(days=1)
    (event,) = events()
    assert event["detail"]["policy-type"] == "NoChangeNotification"


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_the_id_of_an_image_is_looked_at_afterwards(aws, ssm, value, refused):
    name = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"
    image = {"Name": "golden", "Value": value(name), "Type": "String", "DataType": "aws:ec2:image"}
    assert ssm.put_parameter(**image)["Version"] == 1
    assert refused(ssm.get_parameter, Name="golden")[0] == "ParameterNotFound"
    aws.clock.advance(seconds=10)
    assert ssm.get_parameter(Name="golden")["Parameter"]["DataType"] == "aws:ec2:image"
    assert refused(ssm.put_parameter, **{**image, "Name": "bad", "Value": "ami-x"})[0] == "ValidationException"
