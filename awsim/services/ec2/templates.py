"""Launch templates, as records. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.services.ec2.kinds import Kind, Resource
from awsim.state import Dict

Data = Mapping[str, Any]


class Version(NamedTuple):
    number: int
    data: Data
    description: str | None
    created: float
    creator: str


class LaunchTemplate(Resource):
    kind = Kind(
        "launch-template", "lt", "InvalidLaunchTemplateId.NotFound",
        "The specified launch template, with template ID {id}, does not exist.", "InvalidLaunchTemplateId.Malformed",
    )  # fmt: skip

    def __init__(self, id_: str, owner: str, created: float, name: str, creator: str) -> None:
        super().__init__(id_, owner, created)
        self.name = name
        self.creator = creator
        self.versions: dict[int, Version] = Dict()
        self.default = 1
        self.latest = 0

    def add(self, data: Data, description: str | None, now: float, creator: str) -> Version:
        self.latest += 1
        version = self.versions[self.latest] = Version(self.latest, data, description, now, creator)
        return version

    def described(self) -> dict[str, Any]:
        return {
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "CreateTime": self.created,
            "CreatedBy": self.creator,
            "DefaultVersionNumber": self.default,
            "LatestVersionNumber": self.latest,
            "Tags": self.tag_list(),
        }

    def described_version(self, version: Version) -> dict[str, Any]:
        return {
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "VersionNumber": version.number,
            "VersionDescription": version.description,
            "CreateTime": version.created,
            "CreatedBy": version.creator,
            "DefaultVersion": version.number == self.default,
            "LaunchTemplateData": dict(version.data),
        }
