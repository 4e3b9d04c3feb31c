"""Configurations of brokers, and their revisions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from awsim.services.kafka import checks, offerings
from awsim.services.kafka.common import Common
from awsim.services.kafka.records import Configuration, Revision, Settings
from awsim.services.kafka.refusals import bad, exists, malformed, missing, unsupported

_LINE = re.compile(r"[A-Za-z0-9._-]+\s*[=:].*\Z")


class Configuring(Common):
    """Operations on configurations."""

    def create_configuration(
        self,
        Name: str,
        ServerProperties: bytes,
        Description: str | None = None,
        KafkaVersions: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        checks.name(Name, "name")
        known = [version for version, _ in offerings.VERSIONS]
        for version in KafkaVersions or ():
            if version not in known:
                raise unsupported("KafkaVersion", version, offerings.ACTIVE, "kafkaVersions")
        _check(ServerProperties)
        if any(configuration.name == Name for configuration in self.configurations):
            raise exists("name")
        now = self.clock.time()
        arn = self.arn(f"configuration/{Name}/{self.ids.uuid('configuration')}-2")
        configuration = Configuration(Name, arn, now, Description, KafkaVersions or ())
        self.configurations.add(configuration)
        revision = configuration.add(now, Description, ServerProperties)
        shown = {"Arn": arn, "CreationTime": now, "Name": Name, "State": "ACTIVE"}
        return {**shown, "LatestRevision": revision.described()}

    def update_configuration(self, Arn: str, ServerProperties: bytes, Description: str | None = None) -> dict[str, Any]:
        configuration = self._configuration(Arn)
        _check(ServerProperties)
        self.limits.quota("revisions-per-configuration", len(configuration.revisions), Arn)
        revision = configuration.add(self.clock.time(), Description, ServerProperties)
        return {"Arn": Arn, "LatestRevision": revision.described()}

    def delete_configuration(self, Arn: str) -> dict[str, Any]:
        configuration = self._configuration(Arn)
        for cluster in self.clusters:
            wanted = [cluster.settings, *(each.target for each in cluster.operations.values() if not each.ended)]
            if any((each.get("ConfigurationInfo") or {}).get("Arn") == Arn for each in wanted):
                raise bad(
                    "Configuration is in use by one or more clusters. Dissociate the configuration from the clusters.",
                    "arn",
                )
        self.configurations.remove(configuration.arn)
        return {"Arn": Arn, "State": "DELETING"}

    def describe_configuration(self, Arn: str) -> dict[str, Any]:
        return self._configuration(Arn).described()

    def describe_configuration_revision(self, Arn: str, Revision: int) -> dict[str, Any]:
        revision = self._revision(self._configuration(Arn), Revision)
        return {"Arn": Arn, **revision.described(), "ServerProperties": revision.properties}

    def list_configurations(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        return self.page(
            "Configurations",
            self.configurations,
            Configuration.described,
            lambda configuration: configuration.name,
            NextToken,
            MaxResults,
        )

    def list_configuration_revisions(
        self, Arn: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        revisions = self._configuration(Arn).revisions
        return self.page(
            "Revisions", revisions, Revision.described, lambda one: f"{one.number:06d}", NextToken, MaxResults
        )

    # --- for clusters

    def fitting(self, info: Settings, version: str) -> None:
        """Refuse a ConfigurationInfo that names no revision, or one that is not for a version of Kafka."""
        configuration: Configuration | None = self.configurations.get(info["Arn"])
        if configuration is None:
            raise bad("Invalid Configuration ARN.", "configurationInfo")
        if not 0 < info["Revision"] <= len(configuration.revisions):
            raise bad("Invalid configuration revision.", "configurationInfo")
        if configuration.versions and version not in configuration.versions:
            raise bad(f"The configuration isn't for Apache Kafka version {version}.", "configurationInfo")

    def _configuration(self, arn: str) -> Configuration:
        if ":configuration/" not in arn:
            raise malformed("arn")
        found: Configuration | None = self.configurations.get(arn)
        if found is None:
            raise missing("arn")
        return found

    def _revision(self, configuration: Configuration, number: int) -> Revision:
        if not 0 < number <= len(configuration.revisions):
            raise missing("revision")
        return configuration.revisions[number - 1]


def _check(properties: bytes) -> None:
    """Refuse what is no server.properties; which properties there are is not known here."""
    try:
        lines = [line.strip() for line in properties.decode().splitlines()]
    except UnicodeDecodeError:
        raise malformed("serverProperties") from None
    for line in lines:
        if line and line[0] not in "#!" and not _LINE.match(line):
            raise bad(f"The server property {line} is not valid.", "serverProperties")
