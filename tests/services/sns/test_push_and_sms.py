"""Mobile push and text messages: applications, endpoints, settings, numbers that opted out, the sandbox."""

import json
import re

import pytest

ACCOUNT = "123456789012"


@pytest.fixture
def application(sns):
    return sns.create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "secret", "EventDeliveryFailure": ""}
    )["PlatformApplicationArn"]


@pytest.fixture
def device(sns, application):
    made = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="t", CustomUserData="jane")
    return made["EndpointArn"]


@pytest.mark.rule("sns-015")
def test_applications_hold_credentials(sns, application):
    assert application == f"arn:aws:sns:us-east-1:{ACCOUNT}:app/GCM/app"
    (listed,) = sns.list_platform_applications()["PlatformApplications"]
    assert listed["PlatformApplicationArn"] == application
    shown = sns.get_platform_application_attributes(PlatformApplicationArn=application)["Attributes"]
    assert shown["Enabled"] == "true"
    assert "secret" not in shown.values()
    sns.set_platform_application_attributes(PlatformApplicationArn=application, Attributes={"Enabled": "false"})
    shown = sns.get_platform_application_attributes(PlatformApplicationArn=application)["Attributes"]
    assert shown["Enabled"] == "false"
    sns.delete_platform_application(PlatformApplicationArn=application)
    assert sns.list_platform_applications()["PlatformApplications"] == []


@pytest.mark.rule("sns-016")
@pytest.mark.parametrize("platform", ["GCM", "APNS", "APNS_SANDBOX", "ADM", "BAIDU", "MPNS", "WNS", "MACOS"])
def test_platforms(sns, platform):
    made = sns.create_platform_application(Name="a", Platform=platform, Attributes={"PlatformCredential": "x"})
    assert made["PlatformApplicationArn"].endswith(f":app/{platform}/a")


@pytest.mark.rule("sns-016")
def test_applications_that_cannot_be(sns, invalid):
    given = {"Name": "a", "Platform": "GCM", "Attributes": {"PlatformCredential": "x"}}
    for change, message in (
        ({"Platform": "FAX"}, "Platform Reason: FAX is not supported"),
        (
            {"Name": "a b"},
            "Name Reason: Platform application name must contain only ASCII letters, numbers, _, - and .",
        ),
        ({"Attributes": {"Colour": "red"}}, "Attributes Reason: Invalid attribute name: Colour"),
    ):
        assert invalid(sns.create_platform_application, **{**given, **change}) == message
    assert sns.list_platform_applications()["PlatformApplications"] == []


@pytest.mark.rule("sns-017")
def test_devices_become_endpoints(sns, application, device, refused, invalid):
    given = {"PlatformApplicationArn": application, "Token": "t"}
    assert sns.create_platform_endpoint(**given, CustomUserData="jane")["EndpointArn"] == device
    message = invalid(sns.create_platform_endpoint, **given, CustomUserData="joe")
    assert message == f"Token Reason: Endpoint {device} already exists with the same Token, but different attributes."
    (listed,) = sns.list_endpoints_by_platform_application(PlatformApplicationArn=application)["Endpoints"]
    assert listed == {
        "EndpointArn": device,
        "Attributes": {"Enabled": "true", "Token": "t", "CustomUserData": "jane"},
    }
    missing = ("NotFound", "PlatformApplication does not exist", 404)
    assert refused(sns.create_platform_endpoint, PlatformApplicationArn=application + "x", Token="t") == missing
    sns.delete_endpoint(EndpointArn=device)
    sns.delete_endpoint(EndpointArn=device)
    assert refused(sns.get_endpoint_attributes, EndpointArn=device) == ("NotFound", "Endpoint does not exist", 404)


def test_user_data_of_2048_bytes(sns, application, device, invalid):
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"CustomUserData": "é" * 1024})
    before = sns.get_endpoint_attributes(EndpointArn=device)["Attributes"]
    message = invalid(sns.set_endpoint_attributes, EndpointArn=device, Attributes={"CustomUserData": "é" * 1024 + "x"})
    assert message.endswith("CustomUserData: must be at most 2048 bytes long in UTF-8 encoding")
    assert sns.get_endpoint_attributes(EndpointArn=device)["Attributes"] == before


@pytest.mark.rule("sns-018")
def test_messages_straight_to_a_device(sns, application, device, outbox, refused):
    text = json.dumps({"default": "all", "GCM": '{"data": 1}'})
    id_ = sns.publish(TargetArn=device, Message=text, MessageStructure="json")["MessageId"]
    assert (outbox[-1].endpoint, outbox[-1].body, outbox[-1].message_id) == (device, '{"data": 1}', id_)
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    assert refused(sns.publish, TargetArn=device, Message="m") == ("EndpointDisabled", "Endpoint is disabled", 400)
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "true"})
    sns.set_platform_application_attributes(PlatformApplicationArn=application, Attributes={"Enabled": "false"})
    assert refused(sns.publish, TargetArn=device, Message="m")[0] == "PlatformApplicationDisabled"
    assert len(outbox) == 1


def test_devices_subscribe(sns, make, device, outbox, invalid):
    topic = make()
    sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=device)
    sns.publish(TopicArn=topic, Message="m", Subject="S")
    assert (outbox[-1].protocol, outbox[-1].body, outbox[-1].subject) == ("application", "m", "S")
    message = invalid(sns.subscribe, TopicArn=topic, Protocol="application", Endpoint=device + "x")
    assert message.startswith("Endpoint Reason: Endpoint does not exist")
    # A topic too is a target.
    sns.publish(TargetArn=topic, Message="by target")
    assert outbox[-1].body == "by target"


def test_an_application_tells_of_its_devices(sns, make, application, subscribe, texts):
    topic = make()
    url, _ = subscribe(topic)
    sns.set_platform_application_attributes(
        PlatformApplicationArn=application, Attributes={"EventEndpointCreated": topic, "EventEndpointDeleted": topic}
    )
    device = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="t")["EndpointArn"]
    sns.delete_endpoint(EndpointArn=device)
    assert [json.loads(text)["EventType"] for text in texts(url)] == ["EndpointCreated", "EndpointDeleted"]


# --- text messages


def test_text_messages(sns, make, outbox, invalid):
    attributes = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Shop"}}
    id_ = sns.publish(PhoneNumber="+15551234567", Message="hello", MessageAttributes=attributes)["MessageId"]
    sent = outbox[-1]
    assert (sent.protocol, sent.endpoint, sent.body, sent.message_id) == ("sms", "+15551234567", "hello", id_)
    assert sent.attributes == attributes
    sns.publish(PhoneNumber="+15551234567", Message="x" * 1600)
    assert invalid(sns.publish, PhoneNumber="+15551234567", Message="x" * 1601) == "Message too long"
    assert invalid(sns.publish, PhoneNumber="+15551234567", Message="") == "Empty message"
    assert len(outbox) == 2
    topic = make()
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+1-555-123-4567")
    sns.publish(TopicArn=topic, Message="to all")
    assert (outbox[-1].endpoint, outbox[-1].body) == ("+15551234567", "to all")


def test_a_number_as_people_write_it(sns, outbox, invalid):
    sns.publish(PhoneNumber="+1-555-123-4567", Message="m")
    assert outbox[-1].endpoint == "+15551234567"
    wrong = "+1-555-CALL-ME"
    said = f"PhoneNumber Reason: {wrong} is not valid to publish to"
    assert invalid(sns.publish, PhoneNumber=wrong, Message="m") == said


def test_whoever_opted_out_gets_nothing(aws, sns, outbox):
    number = "+15551234567"
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"] is False
    aws.service("sns", None, None).opt_out(number)
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"] is True
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == [number]
    sns.publish(PhoneNumber=number, Message="m")
    assert outbox[-1].error == "the number has opted out"
    sns.opt_in_phone_number(phoneNumber=number)
    sns.publish(PhoneNumber=number, Message="m")
    assert outbox[-1].delivered


def test_opted_out_numbers_in_pages(aws, sns, invalid):
    for n in range(101):
        aws.service("sns", None, None).opt_out(f"+1555{n:07}")
    first = sns.list_phone_numbers_opted_out()
    assert len(first["phoneNumbers"]) == 100
    assert len(sns.list_phone_numbers_opted_out(nextToken=first["nextToken"])["phoneNumbers"]) == 1
    assert invalid(sns.check_if_phone_number_is_opted_out, phoneNumber="x").startswith("PhoneNumber")


def test_the_sandbox(aws, sns, outbox, refused):
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is False
    aws.limits["sns.sms-sandbox"] = 1
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is True
    number = "+15551234567"
    sns.publish(PhoneNumber=number, Message="m")
    assert outbox[-1].error == "the number is not verified in the SMS sandbox"
    sns.create_sms_sandbox_phone_number(PhoneNumber=number)
    (code,) = re.findall(r"\d+", outbox[-1].body)
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [{"PhoneNumber": number, "Status": "Pending"}]
    given = {"PhoneNumber": number, "OneTimePassword": "00000"}
    assert refused(sns.verify_sms_sandbox_phone_number, **given)[0] == "VerificationException"
    sns.verify_sms_sandbox_phone_number(PhoneNumber=number, OneTimePassword=code)
    sns.publish(PhoneNumber=number, Message="m")
    assert outbox[-1].delivered
    sns.delete_sms_sandbox_phone_number(PhoneNumber=number)
    missing = refused(sns.delete_sms_sandbox_phone_number, PhoneNumber=number)
    assert (missing[0], missing[2]) == ("ResourceNotFound", 404)
    assert sns.list_origination_numbers()["PhoneNumbers"] == []


def test_so_many_numbers_in_the_sandbox(sns, refused):
    for n in range(10):
        sns.create_sms_sandbox_phone_number(PhoneNumber=f"+1555000000{n}")
    assert refused(sns.create_sms_sandbox_phone_number, PhoneNumber="+15551111111")[0] == "UserError"
    assert len(sns.list_sms_sandbox_phone_numbers(MaxResults=7)["PhoneNumbers"]) == 7
    pages = sns.get_paginator("list_sms_sandbox_phone_numbers").paginate(PaginationConfig={"PageSize": 4})
    assert sum(len(page["PhoneNumbers"]) for page in pages) == 10
