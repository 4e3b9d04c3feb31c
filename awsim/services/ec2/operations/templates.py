"""Launch templates. Source: EC2 User Guide, "Store instance launch parameters in launch templates"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ec2 import filters as filtering
from awsim.services.ec2.base import TagSpecifications
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.kinds import Kept
from awsim.services.ec2.operations.types import TypeOperations
from awsim.services.ec2.refusals import bad_value, combination, invalid, missing
from awsim.services.ec2.templates import Data, LaunchTemplate, Version
from awsim.state.pages import listed, number

_FILTERS = {"create-time": "CreateTime", "launch-template-name": "LaunchTemplateName"}
_VERSION_FILTERS = {
    "create-time": "CreateTime",
    "ebs-optimized": "LaunchTemplateData.EbsOptimized",
    "http-endpoint": "LaunchTemplateData.MetadataOptions.HttpEndpoint",
    "http-tokens": "LaunchTemplateData.MetadataOptions.HttpTokens",
    "iam-instance-profile": "LaunchTemplateData.IamInstanceProfile.Arn",
    "image-id": "LaunchTemplateData.ImageId",
    "instance-type": "LaunchTemplateData.InstanceType",
    "is-default-version": "DefaultVersion",
    "kernel-id": "LaunchTemplateData.KernelId",
    "network-card-index": "LaunchTemplateData.NetworkInterfaces.NetworkCardIndex",
    "ram-disk-id": "LaunchTemplateData.RamDiskId",
}
_NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}\Z")


class TemplateOperations(TypeOperations):
    templates = Kept(LaunchTemplate)

    def create_launch_template(
        self,
        LaunchTemplateName: str,
        LaunchTemplateData: Data,
        VersionDescription: str | None = None,
        TagSpecifications: TagSpecifications = (),
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        if not _NAME.match(LaunchTemplateName):
            raise AWSError(
                "InvalidLaunchTemplateName.MalformedException",
                "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and "
                "the following characters: - ( ) . / _.",
            )
        if self.templates.find(lambda template: template.name == LaunchTemplateName):
            raise AWSError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
        self._check_data(LaunchTemplateData)
        self.limits.quota("launch-templates", len(self.templates))
        now, creator = self.clock.time(), self.caller.arn
        template = LaunchTemplate(self.templates.new_id(), self.account, now, LaunchTemplateName, creator)
        self.tagged(template, TagSpecifications)
        template.add(LaunchTemplateData, VersionDescription, now, creator)
        return {"LaunchTemplate": self.templates.add(template).described()}

    def create_launch_template_version(
        self,
        LaunchTemplateData: Data,
        LaunchTemplateId: str | None = None,
        LaunchTemplateName: str | None = None,
        SourceVersion: str | None = None,
        VersionDescription: str | None = None,
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        template = self.template_named(LaunchTemplateId, LaunchTemplateName)
        data: Data = LaunchTemplateData
        if SourceVersion is not None:
            data = {**self.version_of(template, SourceVersion).data, **LaunchTemplateData}
        self._check_data(data)
        self.limits.quota("template-versions", len(template.versions), template.id)
        version = template.add(data, VersionDescription, self.clock.time(), self.caller.arn)
        return {"LaunchTemplateVersion": template.described_version(version)}

    def modify_launch_template(
        self,
        LaunchTemplateId: str | None = None,
        LaunchTemplateName: str | None = None,
        DefaultVersion: str | None = None,
        ClientToken: str | None = None,
    ) -> dict[str, Any]:
        template = self.template_named(LaunchTemplateId, LaunchTemplateName)
        if DefaultVersion is None:
            raise missing("SetDefaultVersion")
        template.default = self.version_of(template, DefaultVersion).number
        return {"LaunchTemplate": template.described()}

    def delete_launch_template(
        self, LaunchTemplateId: str | None = None, LaunchTemplateName: str | None = None
    ) -> dict[str, Any]:
        template = self.template_named(LaunchTemplateId, LaunchTemplateName)
        self.templates.remove(template.id)
        self.limits.used("launch-templates", len(self.templates))
        return {"LaunchTemplate": template.described()}

    def delete_launch_template_versions(
        self,
        Versions: Sequence[str],
        LaunchTemplateId: str | None = None,
        LaunchTemplateName: str | None = None,
    ) -> dict[str, Any]:
        template = self.template_named(LaunchTemplateId, LaunchTemplateName)
        named = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for text in Versions:
            which = int(text) if text.isdecimal() else None
            if which is None or which not in template.versions:
                problem = ("launchTemplateVersionDoesNotExist", f"The launch template version {text} does not exist.")
            elif which == template.default:
                problem = ("unexpectedError", "The default version of a launch template cannot be deleted.")
            else:
                del template.versions[which]
                done.append({**named, "VersionNumber": which})
                continue
            error = {"Code": problem[0], "Message": problem[1]}
            failed.append({**named, "VersionNumber": which or 0, "ResponseError": error})
        return {
            "SuccessfullyDeletedLaunchTemplateVersions": done,
            "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
        }

    def describe_launch_templates(
        self,
        LaunchTemplateIds: Sequence[str] = (),
        LaunchTemplateNames: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        chosen: Iterable[LaunchTemplate] = self.chosen(self.templates, LaunchTemplateIds)
        if LaunchTemplateNames:
            chosen = [self.template_named(None, name) for name in LaunchTemplateNames]
        return self.listing("LaunchTemplates", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def describe_launch_template_versions(
        self,
        LaunchTemplateId: str | None = None,
        LaunchTemplateName: str | None = None,
        Versions: Sequence[str] = (),
        MinVersion: str | None = None,
        MaxVersion: str | None = None,
        Filters: Filters = (),
        ResolveAlias: bool | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        filtering.check(Filters, _VERSION_FILTERS)
        found: list[tuple[LaunchTemplate, Version]]
        if LaunchTemplateId is None and LaunchTemplateName is None:
            if not Versions or not set(Versions) <= {"$Latest", "$Default"}:
                raise missing("LaunchTemplateId or LaunchTemplateName")
            found = [(each, self.version_of(each, which)) for each in self.templates for which in Versions]
        else:
            template = self.template_named(LaunchTemplateId, LaunchTemplateName)
            if Versions:
                found = [(template, self.version_of(template, which)) for which in Versions]
            else:
                least, most = (_version_number(text) for text in (MinVersion, MaxVersion))
                found = [
                    (template, version)
                    for version in template.versions.values()
                    if (least is None or version.number >= least) and (most is None or version.number <= most)
                ]
        shown = [template.described_version(version) for template, version in found]
        shown = [each for each in shown if filtering.matches(each, Filters, _VERSION_FILTERS)]
        # Newest first.
        return listed(
            "LaunchTemplateVersions",
            shown,
            lambda each: each,
            lambda each: f"{each['LaunchTemplateId']} {number(10**9 - each['VersionNumber'])}",
            NextToken,
            MaxResults,
            refusal=lambda: invalid("The token is not valid."),
        )

    def get_launch_template_data(self, InstanceId: str) -> dict[str, Any]:
        return {"LaunchTemplateData": self.data_of(InstanceId)}

    # --- parts

    def template_named(self, id_: str | None, name: str | None) -> LaunchTemplate:
        if id_ is not None and name is not None:
            raise combination("LaunchTemplateId and LaunchTemplateName cannot both be given.")
        if id_ is not None:
            return self.templates[id_]
        if name is None:
            raise missing("LaunchTemplateId or LaunchTemplateName")
        found = self.templates.find(lambda template: template.name == name)
        if found is None:
            raise AWSError(
                "InvalidLaunchTemplateName.NotFoundException",
                f"The specified launch template, with template name {name}, does not exist.",
            )
        return found

    def version_of(self, template: LaunchTemplate, text: str) -> Version:
        """`text` is a number, $Latest or $Default."""
        which = {"$Latest": template.latest, "$Default": template.default}.get(text)
        if which is None and text.isdecimal():
            which = int(text)
        version = template.versions.get(which or 0)
        if version is None and text == "$Latest":
            version = next(reversed(template.versions.values()), None)
        if version is None:
            raise AWSError("InvalidLaunchTemplateId.VersionNotFound", f"Could not find launch template version {text}")
        return version

    def launch_data(self, given: Mapping[str, Any]) -> tuple[LaunchTemplate, Version]:
        """What a LaunchTemplateSpecification means."""
        template = self.template_named(given.get("LaunchTemplateId"), given.get("LaunchTemplateName"))
        return template, self.version_of(template, given.get("Version") or "$Default")

    def _check_data(self, data: Data) -> None:
        if not any(value not in (None, [], {}) for value in data.values()):
            raise AWSError("MissingParameter", "The launch template data must contain at least one parameter.")
        if "InstanceMarketOptions" in data:
            self.not_modelled("spot instances (InstanceMarketOptions)")

    def data_of(self, instance: str) -> dict[str, Any]:
        raise NotImplementedError


def _version_number(text: str | None) -> int | None:
    """An end of a span of versions."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise bad_value(text, "version")
    return int(text)
