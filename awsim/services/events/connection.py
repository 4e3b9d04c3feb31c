"""Connections and API destinations: how EventBridge signs in at an HTTP endpoint, and what it sends there.

Sources: EventBridge User Guide, "API destinations", "Connections for API endpoint targets".
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from awsim.state import Entity
from awsim.wire.http import Request

AUTHORIZED, AUTHORIZING, DEAUTHORIZED = "AUTHORIZED", "AUTHORIZING", "DEAUTHORIZED"

# Type of authorization -> its member of the parameters, and what of that is never shown.
_MEMBERS = {
    "BASIC": ("BasicAuthParameters", ("Password",)),
    "API_KEY": ("ApiKeyAuthParameters", ("ApiKeyValue",)),
    "OAUTH_CLIENT_CREDENTIALS": ("OAuthParameters", ("ClientSecret",)),
}
_HTTP_PARTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


class Connection(Entity):
    """How to sign in. `parameters` are as they were given. Times are epoch seconds."""

    __slots__ = (
        "arn", "authorized", "created", "description", "key", "kind", "name", "parameters", "secret_arn", "state",
        "token", "updated",
    )  # fmt: skip

    def __init__(self, name: str, arn: str, secret_arn: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.secret_arn = secret_arn
        self.created = now
        self.updated = now
        self.authorized: float | None = None
        self.description: str | None = None
        self.key: str | None = None  # the KMS key that its secret is to be encrypted with
        self.kind = ""
        self.parameters: Mapping[str, Any] = {}
        self.state = AUTHORIZING
        self.token: str | None = None  # of OAuth

    @property
    def member(self) -> str:
        return _MEMBERS[self.kind][0]

    def answered(self) -> dict[str, Any]:
        return {
            "ConnectionArn": self.arn,
            "ConnectionState": self.state,
            "CreationTime": self.created,
            "LastModifiedTime": self.updated,
        }

    def listed(self) -> dict[str, Any]:
        return {
            **self.answered(),
            "Name": self.name,
            "AuthorizationType": self.kind,
            "LastAuthorizedTime": self.authorized,
        }

    def described(self) -> dict[str, Any]:
        member, secrets = _MEMBERS[self.kind]
        shown = {member: _without_secrets(self.parameters[member], secrets)}
        shown["InvocationHttpParameters"] = _shown_http(self.parameters.get("InvocationHttpParameters") or {})
        return {
            **self.listed(),
            "Description": self.description,
            "KmsKeyIdentifier": self.key,
            "SecretArn": self.secret_arn,
            "AuthParameters": shown,
        }

    # --- requests

    def token_request(self) -> Request:
        """The request for an OAuth token."""
        oauth = self.parameters["OAuthParameters"]
        client = oauth["ClientParameters"]
        extra = oauth.get("OAuthHttpParameters") or {}
        form = {
            "grant_type": "client_credentials",
            "client_id": client["ClientID"],
            "client_secret": client["ClientSecret"],
            **_pairs(extra, "BodyParameters"),
        }
        url = _with_query(oauth["AuthorizationEndpoint"], _pairs(extra, "QueryStringParameters"))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            **_pairs(extra, "HeaderParameters"),
        }
        if oauth["HttpMethod"] == "GET":
            return Request("GET", _with_query(url, form), headers, b"")
        return Request(oauth["HttpMethod"], url, headers, urlencode(form).encode())

    def authorization(self) -> dict[str, str]:
        """The headers that sign a request in."""
        given = self.parameters[self.member]
        if self.kind == "BASIC":
            pair = f"{given['Username']}:{given['Password']}".encode()
            return {"Authorization": f"Basic {b64encode(pair).decode()}"}
        if self.kind == "API_KEY":
            return {given["ApiKeyName"]: given["ApiKeyValue"]}
        return {"Authorization": f"Bearer {self.token}"}


class Destination(Entity):
    """An HTTP endpoint. `rate` in calls per second; times are epoch seconds."""

    __slots__ = (
        "arn", "connection_arn", "created", "description", "endpoint", "method", "name", "rate", "updated"
    )  # fmt: skip

    def __init__(self, name: str, arn: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.created = now
        self.updated = now
        self.connection_arn = ""
        self.endpoint = ""
        self.method = ""
        self.rate = 0
        self.description: str | None = None

    def answered(self, state: str) -> dict[str, Any]:
        return {
            "ApiDestinationArn": self.arn,
            "ApiDestinationState": state,
            "CreationTime": self.created,
            "LastModifiedTime": self.updated,
        }

    def listed(self, state: str) -> dict[str, Any]:
        return {
            **self.answered(state),
            "Name": self.name,
            "ConnectionArn": self.connection_arn,
            "InvocationEndpoint": self.endpoint,
            "HttpMethod": self.method,
            "InvocationRateLimitPerSecond": self.rate,
        }

    def request(self, connection: Connection, target: Mapping[str, Any], text: str) -> Request:
        """The request that carries an event. What the connection says wins over what the target says."""
        given = target.get("HttpParameters") or {}
        added = connection.parameters.get("InvocationHttpParameters") or {}
        url = self.endpoint
        for value in given.get("PathParameterValues") or ():
            url = url.replace("*", quote(value, safe=""), 1)
        query = {**(given.get("QueryStringParameters") or {}), **_pairs(added, "QueryStringParameters")}
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Amazon/EventBridge/ApiDestinations",
            **(given.get("HeaderParameters") or {}),
            **_pairs(added, "HeaderParameters"),
            **connection.authorization(),
        }
        if body := _pairs(added, "BodyParameters"):
            text = _with_members(text, body)
        return Request(self.method, _with_query(url, query), headers, text.encode())


def parameters_problem(kind: str, parameters: Mapping[str, Any]) -> str | None:
    """The member that authorization of a kind needs and is not given."""
    member = _MEMBERS[kind][0]
    return None if parameters.get(member) else member


def _without_secrets(given: Mapping[str, Any], secrets: tuple[str, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in given.items():
        if name == "OAuthHttpParameters":
            shown[name] = _shown_http(value)
        elif name not in secrets:
            shown[name] = _without_secrets(value, secrets) if isinstance(value, dict) else value
    return shown


def _shown_http(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        part: [
            {key: value for key, value in item.items() if not (key == "Value" and item.get("IsValueSecret"))}
            for item in given[part]
        ]
        for part in _HTTP_PARTS
        if part in given
    }


def _pairs(given: Mapping[str, Any], part: str) -> dict[str, str]:
    return {item["Key"]: item.get("Value") or "" for item in given.get(part) or () if item.get("Key")}


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def _with_members(text: str, members: Mapping[str, str]) -> str:
    """A body with further members, if it is an object."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps({**body, **members}, separators=(",", ":")) if isinstance(body, dict) else text
