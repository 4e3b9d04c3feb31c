"""Function URLs: their settings, and the requests that come to them. What answers is buffered; CORS is not modelled.

Source: Lambda Developer Guide, "Creating and managing Lambda function URLs", "Invoking Lambda function URLs" (payload
format 2.0), "Control access to Lambda function URLs".
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.lambda_ import names
from awsim.services.lambda_.function import Function, timestamp
from awsim.services.lambda_.invoking import Invoking
from awsim.services.lambda_.names import LATEST
from awsim.services.lambda_.refusals import conflict, invalid, missing, no_function
from awsim.state import Dict, Entity
from awsim.wire.http import Request

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_JSON = {"Content-Type": "application/json"}
_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")


class Url(Entity):
    """A function URL; `qualifier` is the alias it invokes, "" for $LATEST."""

    __slots__ = ("auth", "created", "function", "host", "id", "modified", "qualifier")

    def __init__(self, id: str, host: str, function: Function, qualifier: str, auth: str, now: float) -> None:
        self.id = id
        self.host = host
        self.function = function
        self.qualifier = qualifier
        self.auth = auth
        self.created = self.modified = now

    def described(self) -> dict[str, Any]:
        return {
            "FunctionUrl": f"https://{self.host}/",
            "FunctionArn": self.function.qualified(self.qualifier),
            "AuthType": self.auth,
            "CreationTime": timestamp(self.created),
            "LastModifiedTime": timestamp(self.modified),
            "InvokeMode": "BUFFERED",
        }


class Urls(Invoking):
    """Functions behind HTTPS endpoints of their own."""

    def setup(self) -> None:
        super().setup()
        # Who has a URL of this region: id -> account. Only in the instance of the Cloud's own account.
        self.url_owners = Dict()

    def create_function_url_config(
        self, FunctionName: str, AuthType: str, Qualifier: str | None = None, InvokeMode: str | None = None
    ) -> dict[str, Any]:
        self._check_mode(InvokeMode)
        function, qualifier = self._url_place(FunctionName, Qualifier)
        if qualifier in function.urls:
            raise conflict(
                f"Failed to create function url config for [functionArn = {function.qualified(qualifier)}]. Error "
                "message:  FunctionUrlConfig exists for this Lambda function"
            )
        id = self.ids.text("url", 32, _ALPHABET)
        host = f"{id}.lambda-url.{self.region}.on.aws"
        url = function.urls[qualifier] = Url(id, host, function, qualifier, AuthType, self.clock.time())
        self._registry().url_owners[id] = self.account
        return url.described()

    def get_function_url_config(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        return self._url(FunctionName, Qualifier).described()

    def update_function_url_config(
        self,
        FunctionName: str,
        Qualifier: str | None = None,
        AuthType: str | None = None,
        InvokeMode: str | None = None,
    ) -> dict[str, Any]:
        self._check_mode(InvokeMode)
        url = self._url(FunctionName, Qualifier)
        url.auth = AuthType or url.auth
        url.modified = self.clock.time()
        return url.described()

    def delete_function_url_config(self, FunctionName: str, Qualifier: str | None = None) -> None:
        url = self._url(FunctionName, Qualifier)
        del url.function.urls[url.qualifier]
        self._registry().url_owners.pop(url.id, None)

    def list_function_url_configs(
        self, FunctionName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        found = self.whole_function(FunctionName).urls.values()
        return self.page("FunctionUrlConfigs", found, Url.described, lambda url: url.qualifier, Marker, MaxItems)

    def _check_mode(self, mode: str | None) -> None:
        if mode not in (None, "BUFFERED"):
            self.not_modelled(f"the InvokeMode {mode}")

    def _registry(self) -> Any:
        return self.at(account=self.cloud.account)

    def _url_place(self, text: str, qualifier: str | None) -> tuple[Function, str]:
        asked = names.read(text, qualifier).qualifier or ""
        function, _ = self.function_at(text)
        if asked and (asked == LATEST or asked.isdecimal()):
            raise invalid("Function URLs can be set for $LATEST without a qualifier, or for an alias.")
        if asked and asked not in function.aliases:
            raise no_function(function.qualified(asked))
        return function, asked

    def _url(self, text: str, qualifier: str | None) -> Url:
        function, asked = self._url_place(text, qualifier)
        found: Url | None = function.urls.get(asked)
        if found is None:
            raise missing()
        return found

    # --- requests

    def invoke_function_url(self) -> dict[str, Any]:
        """A request to a function URL, which no model has."""
        http = self.request.http
        assert http is not None
        id = http.host.partition(".")[0]
        owner = self._registry().url_owners.get(id)
        home = self.at(account=owner) if owner is not None else self
        url: Url | None = next((url for one in home.functions for url in one.urls.values() if url.id == id), None)
        if url is None or not self._lets_in(url):
            return _answer(403, {"Message": "Forbidden"})
        event = json.dumps(self._event(url, http)).encode()
        try:
            found = home.target(url.function.name, url.qualifier or None)
            outcome = home.invoked(found, home.check_payload(event, "sync-payload"), self.request.request_id)
        except AWSError as error:
            return _answer(error.status or (429 if "TooMany" in error.code else 502), {"Message": error.message})
        if outcome.error is not None:
            return _answer(502, {"Message": "Internal Server Error"})
        return _http(outcome.payload)

    def _lets_in(self, url: Url) -> bool:
        if url.auth == "AWS_IAM" and self.caller.is_anonymous:
            return False
        from awsim.gateway.authorizer import judged

        keys = {"lambda:FunctionUrlAuthType": url.auth}
        arn = url.function.qualified(url.qualifier)
        decision = judged(self.request, "lambda:InvokeFunctionUrl", arn, keys)
        return decision is None or decision.allowed

    def _event(self, url: Url, http: Request) -> dict[str, Any]:
        """Payload format 2.0."""
        headers = {name.lower(): str(value) for name, value in http.headers.items()}
        now = self.clock.time()
        agent = headers.get("user-agent", "")
        context: dict[str, Any] = {
            "accountId": "anonymous" if url.auth == "NONE" else self.caller.account,
            "apiId": url.id,
            "domainName": url.host,
            "domainPrefix": url.id,
            "http": {
                "method": http.method,
                "path": http.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": agent,
            },
            "requestId": self.request.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        }
        if url.auth == "AWS_IAM":
            caller = self.caller
            context["authorizer"] = {
                "iam": {
                    "accessKey": caller.access_key,
                    "accountId": caller.account,
                    "callerId": caller.user_id,
                    "userArn": caller.arn,
                    "userId": caller.user_id,
                }
            }
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": http.path,
            "rawQueryString": http.query_string,
            "headers": headers,
            "requestContext": context,
            "isBase64Encoded": False,
        }
        if http.query:
            given: dict[str, str] = {}
            for name, value in http.query:
                given[name] = f"{given[name]},{value}" if name in given else value
            event["queryStringParameters"] = given
        if "cookie" in headers:
            event["cookies"] = [part.strip() for part in headers["cookie"].split(";")]
        body = http.read()
        if body:
            plain = headers.get("content-type", "").lower().startswith(_TEXT)
            event["body"] = body.decode(errors="replace") if plain else b64encode(body).decode()
            event["isBase64Encoded"] = not plain
        return event


def _answer(status: int, body: Any) -> dict[str, Any]:
    return {"__status__": status, "__headers__": dict(_JSON), "Body": json.dumps(body).encode()}


def _http(payload: bytes) -> dict[str, Any]:
    """What a function answered as an HTTP answer: as it says itself, else 200 and its JSON."""
    told = json.loads(payload)
    if not isinstance(told, dict) or "statusCode" not in told:
        return {"__status__": 200, "__headers__": dict(_JSON), "Body": payload}
    body = told.get("body")
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    headers = {**_JSON, **{str(name): str(value) for name, value in (told.get("headers") or {}).items()}}
    if len({name.lower() for name in headers}) < len(headers):
        del headers["Content-Type"]
    if told.get("cookies"):
        headers["Set-Cookie"] = ", ".join(told["cookies"])
    try:
        status = int(told["statusCode"])
        data = b64decode(text) if told.get("isBase64Encoded") else text.encode()
    except (TypeError, ValueError):
        return _answer(502, {"Message": "Internal Server Error"})
    return {"__status__": status, "__headers__": headers, "Body": data}
