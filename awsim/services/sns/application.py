"""Mobile push: platform applications, which hold credentials of a push service, and the devices' endpoints.

Sources: SNS API Reference, CreatePlatformApplication, CreatePlatformEndpoint; ../shared/recorded/sns.jsonl.
"""

from __future__ import annotations

from collections.abc import Mapping

from awsim.state import Dict, Entity

PLATFORMS = (
    "ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM", "MACOS", "MACOS_SANDBOX", "MPNS",
    "WNS",
)  # fmt: skip
APPLICATION_ATTRIBUTES = frozenset(
    {"PlatformCredential", "PlatformPrincipal", "EventEndpointCreated", "EventEndpointDeleted", "EventEndpointUpdated",
     "EventDeliveryFailure", "SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate", "Enabled",
     "ApplePlatformTeamID", "ApplePlatformBundleID"}
)  # fmt: skip
SECRETS = frozenset({"PlatformCredential", "PlatformPrincipal"})
ENDPOINT_ATTRIBUTES = frozenset({"CustomUserData", "Enabled", "Token"})


class Application(Entity):
    """A platform application."""

    __slots__ = ("arn", "attributes", "endpoints", "name", "platform")

    def __init__(self, arn: str, name: str, platform: str, attributes: Mapping[str, str]) -> None:
        self.arn = arn
        self.name = name
        self.platform = platform
        self.attributes = attributes
        self.endpoints = Dict()  # token -> Endpoint

    @property
    def enabled(self) -> bool:
        return self.attributes.get("Enabled", "true").lower() == "true"

    def shown(self) -> dict[str, str]:
        """Attributes without credentials."""
        shown = {name: value for name, value in self.attributes.items() if name not in SECRETS}
        return {"Enabled": "true", **shown}


class Endpoint(Entity):
    """A device. `attributes` has Token and Enabled, and CustomUserData where it was given."""

    __slots__ = ("application", "arn", "attributes")

    def __init__(self, arn: str, application: Application, attributes: Mapping[str, str]) -> None:
        self.arn = arn
        self.application = application
        self.attributes = attributes

    @property
    def enabled(self) -> bool:
        return self.attributes["Enabled"].lower() == "true"

    @property
    def token(self) -> str:
        return self.attributes["Token"]
