"""Platform applications and their endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from awsim.services.sns import arns
from awsim.services.sns.application import (
    APPLICATION_ATTRIBUTES,
    ENDPOINT_ATTRIBUTES,
    PLATFORMS,
    Application,
    Endpoint,
)
from awsim.services.sns.operations.common import Operations
from awsim.services.sns.refusals import invalid, not_found

_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")
_EVENTS = ("EventEndpointCreated", "EventEndpointDeleted", "EventEndpointUpdated", "EventDeliveryFailure")


class ApplicationOperations(Operations):
    # --- applications

    def create_platform_application(self, Name: str, Platform: str, Attributes: Mapping[str, str]) -> dict[str, Any]:
        if Platform not in PLATFORMS:
            raise invalid("Platform", f"{Platform} is not supported")
        if not Name or not _NAME.match(Name):
            raise invalid("Name", "Platform application name must contain only ASCII letters, numbers, _, - and .")
        self.limits.check("application-name", len(Name))
        self._check_application(Attributes)
        if not Attributes.get("PlatformCredential"):
            raise invalid("Attributes", "PlatformCredential: must be set")
        arn = self.arn(f"app/{Platform}/{Name}")
        existing = self.applications.get(arn)
        if existing is None:
            self.applications[arn] = Application(arn, Name, Platform, dict(Attributes))
        else:
            existing.attributes = {**existing.attributes, **Attributes}
        return {"PlatformApplicationArn": arn}

    def delete_platform_application(self, PlatformApplicationArn: str) -> None:
        arns.read(PlatformApplicationArn, "PlatformApplicationArn")
        application = self.applications.pop(PlatformApplicationArn, None)
        if application is not None:
            for endpoint in application.endpoints.values():
                self.endpoints.pop(endpoint.arn, None)

    def list_platform_applications(self, NextToken: str | None = None) -> dict[str, Any]:
        found = [
            {"PlatformApplicationArn": application.arn, "Attributes": application.shown()}
            for application in self.applications.values()
        ]
        return self.page("PlatformApplications", found, NextToken, "listed-applications")

    def get_platform_application_attributes(self, PlatformApplicationArn: str) -> dict[str, Any]:
        return {"Attributes": self._application(PlatformApplicationArn).shown()}

    def set_platform_application_attributes(self, PlatformApplicationArn: str, Attributes: Mapping[str, str]) -> None:
        application = self._application(PlatformApplicationArn)
        self._check_application(Attributes)
        application.attributes = {**application.attributes, **Attributes}

    def _application(self, arn: str) -> Application:
        address = arns.read(arn, "PlatformApplicationArn")
        if address.service != "sns" or not address.resource.startswith("app/"):
            raise invalid("PlatformApplicationArn")
        application: Application | None = self.applications.get(arn)
        if application is None:
            raise not_found("PlatformApplication")
        return application

    def _check_application(self, attributes: Mapping[str, str]) -> None:
        for name in attributes:
            if name not in APPLICATION_ATTRIBUTES:
                raise invalid("Attributes", f"Invalid attribute name: {name}")

    # --- endpoints

    def create_platform_endpoint(
        self,
        PlatformApplicationArn: str,
        Token: str,
        CustomUserData: str | None = None,
        Attributes: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        application = self._application(PlatformApplicationArn)
        given = dict(Attributes or {})
        if CustomUserData is not None:
            given["CustomUserData"] = CustomUserData
        self._check_endpoint(given)
        if not Token:
            raise invalid("Token", "no value for required parameter")
        wanted = {"Enabled": "true", **given, "Token": Token}
        existing: Endpoint | None = application.endpoints.get(Token)
        if existing is not None:
            if any(existing.attributes.get(name, "") != value for name, value in wanted.items()):
                raise invalid(
                    "Token",
                    f"Endpoint {existing.arn} already exists with the same Token, but different attributes.",
                )
            return {"EndpointArn": existing.arn}
        arn = self.arn(f"endpoint/{application.platform}/{application.name}/{self.ids.uuid('endpoint')}")
        endpoint = Endpoint(arn, application, wanted)
        application.endpoints[Token] = endpoint
        self.endpoints[arn] = endpoint
        self._tell(application, "EventEndpointCreated", endpoint)
        return {"EndpointArn": arn}

    def delete_endpoint(self, EndpointArn: str) -> None:
        arns.read(EndpointArn, "EndpointArn")
        endpoint = self.endpoints.pop(EndpointArn, None)
        if endpoint is not None:
            endpoint.application.endpoints.pop(endpoint.token, None)
            self._tell(endpoint.application, "EventEndpointDeleted", endpoint)

    def list_endpoints_by_platform_application(
        self, PlatformApplicationArn: str, NextToken: str | None = None
    ) -> dict[str, Any]:
        application = self._application(PlatformApplicationArn)
        found = [
            {"EndpointArn": endpoint.arn, "Attributes": dict(endpoint.attributes)}
            for endpoint in application.endpoints.values()
        ]
        return self.page("Endpoints", found, NextToken, "listed-endpoints")

    def get_endpoint_attributes(self, EndpointArn: str) -> dict[str, Any]:
        return {"Attributes": dict(self._endpoint(EndpointArn).attributes)}

    def set_endpoint_attributes(self, EndpointArn: str, Attributes: Mapping[str, str]) -> None:
        endpoint = self._endpoint(EndpointArn)
        self._check_endpoint(Attributes)
        token = Attributes.get("Token", endpoint.token)
        if token != endpoint.token:
            endpoint.application.endpoints.pop(endpoint.token)
            endpoint.application.endpoints[token] = endpoint
        endpoint.attributes = {**endpoint.attributes, **Attributes}
        self._tell(endpoint.application, "EventEndpointUpdated", endpoint)

    def _endpoint(self, arn: str) -> Endpoint:
        address = arns.read(arn, "EndpointArn")
        if address.service != "sns" or not address.resource.startswith("endpoint/"):
            raise invalid("EndpointArn")
        endpoint: Endpoint | None = self.endpoints.get(arn)
        if endpoint is None:
            raise not_found("Endpoint")
        return endpoint

    def _check_endpoint(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if name not in ENDPOINT_ATTRIBUTES:
                raise invalid("Attributes", f"Invalid attribute name: {name}")
            if name == "CustomUserData":
                self.limits.check("custom-user-data", len(value.encode()))
            elif name == "Enabled" and value.lower() not in ("true", "false"):
                raise invalid("Attributes", "Invalid value for attribute: Enabled: must be true or false")

    def _tell(self, application: Application, event: str, endpoint: Endpoint) -> None:
        """Publish an event of an application to the topic that it names for it."""
        topic = application.attributes.get(event)
        if topic:
            self.later(0, "_announce", topic=topic, event=event, endpoint=endpoint.arn, application=application.arn)

    def _announce(self, topic: str, event: str, endpoint: str, application: str) -> None:
        """Scheduled: an event of an application."""
        kind = event.removeprefix("Event")
        text = {"Resource": application, "EventType": kind, "EndpointArn": endpoint, "Service": "SNS"}
        self.call("sns", "Publish", TopicArn=topic, Message=json.dumps(text), Subject=f"{kind} event")
