"""Connections and API destinations."""

import json

import pytest

from .conftest import ROLE

KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}}
OAUTH = {
    "OAuthParameters": {
        "ClientParameters": {"ClientID": "me", "ClientSecret": "hush"},
        "AuthorizationEndpoint": "https://login.example.com/token",
        "HttpMethod": "POST",
    }
}
URL = "https://api.example.com/hooks/*"


@pytest.fixture
def destination(events):
    def destination(kind="API_KEY", parameters=KEY):
        connection = events.create_connection(Name="c", AuthorizationType=kind, AuthParameters=parameters)
        return events.create_api_destination(
            Name="d", ConnectionArn=connection["ConnectionArn"], InvocationEndpoint=URL, HttpMethod="POST"
        )["ApiDestinationArn"]

    return destination


def test_connections_do_not_show_secrets(events, refused):
    made = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=KEY)
    assert made["ConnectionState"] == "AUTHORIZED"
    shown = events.describe_connection(Name="c")
    assert shown["AuthParameters"] == {
        "ApiKeyAuthParameters": {"ApiKeyName": "x-key"},
        "InvocationHttpParameters": {},
    }
    assert ":secret:events!connection/c/" in shown["SecretArn"]
    _, message = refused(events.create_connection, Name="d", AuthorizationType="X", AuthParameters={})
    assert message == (
        "1 validation error detected: Value 'X' at 'authorizationType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]"
    )
    events.delete_connection(Name="c")
    assert refused(events.describe_connection, Name="c")[0] == "ResourceNotFoundException"


def test_api_destinations(events, refused, destination):
    arn = destination()
    shown = events.describe_api_destination(Name="d")
    assert (shown["ApiDestinationState"], shown["InvocationRateLimitPerSecond"]) == ("ACTIVE", 300)
    events.update_api_destination(Name="d", HttpMethod="PUT")
    (listed,) = events.list_api_destinations()["ApiDestinations"]
    assert (listed["ApiDestinationArn"], listed["HttpMethod"]) == (arn, "PUT")
    events.delete_api_destination(Name="d")
    message = "Failed to describe the api-destination(s). An api-destination 'd' does not exist."
    assert refused(events.describe_api_destination, Name="d") == ("ResourceNotFoundException", message)


def test_recorded_parameters_that_are_refused(events, refused):
    given = {"Name": "d", "ConnectionArn": "invalid", "InvocationEndpoint": "https://e.com", "HttpMethod": "INV"}
    message = refused(events.create_api_destination, **given)[1]
    assert message.startswith("2 validation errors detected: Value 'invalid' at 'connectionArn'")
    assert message.endswith("enum value set: [HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS]")


def test_a_delivery(aws, rule, put, destination):
    requests = []
    aws.endpoints["https://api.example.com/"] = lambda request: requests.append((request, request.read()))
    http = {"PathParameterValues": ["a b"], "HeaderParameters": {"x-more": "1"}, "QueryStringParameters": {"q": "2"}}
    rule("r", {"source": ["app"]}, {"Arn": destination(), "RoleArn": ROLE, "HttpParameters": http})
    id_ = put()["EventId"]
    ((request, body),) = requests
    assert (request.method, request.url) == ("POST", "https://api.example.com/hooks/a%20b?q=2")
    assert (request.headers.get("x-key"), request.headers.get("X-More")) == ("secret", "1")
    assert json.loads(body)["id"] == id_


@pytest.mark.aws(at="2026-01-01")
def test_a_delivery_is_tried_again(aws, rule, put, queue, messages, destination):
    answers = [503, 429, 200]
    aws.endpoints["https://api.example.com/"] = lambda request: answers.pop(0)
    rule("r", {"source": ["app"]}, {"Arn": destination(), "RoleArn": ROLE, "DeadLetterConfig": {"Arn": queue("dead")}})
    put()
    aws.clock.advance(minutes=1)
    assert answers == []
    assert messages("dead") == []
    answers.append(400)
    put()
    (message,) = messages("dead")
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "ERROR_FROM_TARGET"


def test_oauth(aws, events, rule, put, destination):
    forms, seen = [], []

    def login(request):
        forms.append(request.read())
        return '{"access_token": "t-1"}'

    aws.endpoints["https://login.example.com/token"] = login
    aws.endpoints["https://api.example.com/"] = lambda request: seen.append(request.headers.get("authorization"))
    rule("r", {"source": ["app"]}, {"Arn": destination("OAUTH_CLIENT_CREDENTIALS", OAUTH), "RoleArn": ROLE})
    assert events.describe_connection(Name="c")["ConnectionState"] == "AUTHORIZED"
    put()
    assert forms == [b"grant_type=client_credentials&client_id=me&client_secret=hush"]
    assert seen == ["Bearer t-1"]


def test_oauth_that_fails(events, destination):
    destination("OAUTH_CLIENT_CREDENTIALS", OAUTH)
    assert events.describe_connection(Name="c")["ConnectionState"] == "DEAUTHORIZED"
    assert events.describe_api_destination(Name="d")["ApiDestinationState"] == "INACTIVE"


@pytest.mark.newer_botocore
def test_a_connection_s_key_is_shown(events):
    api_key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    events.create_connection(
        Name="c", AuthorizationType="API_KEY", AuthParameters=api_key, KmsKeyIdentifier="alias/connections"
    )
    assert events.describe_connection(Name="c")["KmsKeyIdentifier"] == "alias/connections"
    events.update_connection(Name="c", KmsKeyIdentifier="")
    assert "KmsKeyIdentifier" not in events.describe_connection(Name="c")
