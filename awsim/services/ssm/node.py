"""Managed nodes: EC2 instances whose agent has come forward, and servers that an activation registered."""

from __future__ import annotations

from typing import Any

from awsim.state import Dict, Entity, List, Tags

ONLINE, LOST = "Online", "ConnectionLost"
_PLATFORMS = {
    "Linux": ("Amazon Linux", "2023"),
    "Windows": ("Microsoft Windows Server 2022 Datacenter", "10.0.20348"),
    "MacOS": ("macOS", "14.5"),
}
AGENT = "3.3.1611.0"


class Node(Entity):
    """A managed node."""

    def __init__(self, id: str, platform: str, now: float) -> None:
        self.id = id
        self.platform = platform
        self.name: str | None = None  # of servers that an activation registered
        self.computer = f"ip-{id[-8:]}.ec2.internal" if id.startswith("i-") else f"server-{id[-8:]}"
        self.address = "10.0.0.1"
        self.agent = AGENT
        self.online = True
        self.stopped = False  # as EC2 says of an instance
        self.seen = self.registered = now
        self.activation: str | None = None
        self.role: str | None = None  # of a server, by its activation
        self.profile: str | None = None  # of an instance: the ARN of its instance profile
        self.tags = Tags()
        self.inventory = Dict()  # type name -> (capture time, schema version, content hash, entries)
        self.patches: Any = None  # what patching last found; see `patching`
        self.waiting: Any = List()  # ids of commands that wait for it to come online

    @property
    def is_instance(self) -> bool:
        return self.id.startswith("i-")

    def ping(self, now: float) -> float:
        """When it was last heard of."""
        return now if self.online else self.seen

    def described(self, now: float) -> dict[str, Any]:
        name, version = _PLATFORMS[self.platform]
        return {
            "InstanceId": self.id,
            "PingStatus": ONLINE if self.online else LOST,
            "LastPingDateTime": self.ping(now),
            "AgentVersion": self.agent,
            "IsLatestVersion": self.agent == AGENT,
            "PlatformType": self.platform,
            "PlatformName": name,
            "PlatformVersion": version,
            "ActivationId": self.activation,
            "IamRole": self.role,
            "RegistrationDate": None if self.is_instance else self.registered,
            "ResourceType": "EC2Instance" if self.is_instance else "ManagedInstance",
            "Name": self.name,
            "IPAddress": self.address,
            "ComputerName": self.computer,
            "SourceId": self.id,
            "SourceType": "AWS::EC2::Instance" if self.is_instance else "AWS::SSM::ManagedInstance",
        }


class Activation(Entity):
    """An activation: its code registers so many servers until it expires."""

    def __init__(self, id: str, code: str, role: str, limit: int, expires: float, now: float) -> None:
        self.id = id
        self.code = code
        self.role = role
        self.limit = limit
        self.expires = expires
        self.created = now
        self.count = 0
        self.description: str | None = None
        self.instance_name: str | None = None
        self.tags = Tags()

    def described(self, now: float) -> dict[str, Any]:
        return {
            "ActivationId": self.id,
            "Description": self.description,
            "DefaultInstanceName": self.instance_name,
            "IamRole": self.role,
            "RegistrationLimit": self.limit,
            "RegistrationsCount": self.count,
            "ExpirationDate": self.expires,
            "Expired": now >= self.expires,
            "CreatedDate": self.created,
            "Tags": self.tags.as_list(),
        }
