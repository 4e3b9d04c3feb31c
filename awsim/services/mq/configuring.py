"""Configurations of brokers, and their revisions."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from awsim.services.mq.common import Common
from awsim.services.mq.engines import ACTIVEMQ, Engine
from awsim.services.mq.records import Configuration, Revision, Settings, numbered
from awsim.services.mq.refusals import bad, conflict, missing

_NAME = re.compile(r"[A-Za-z0-9._~-]+\Z")
_LINE = re.compile(r"[A-Za-z0-9_.$*-]+\s*=.*\Z")
_DEFAULTS = {
    "ACTIVEMQ": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<broker xmlns="http://activemq.apache.org/schema/core">\n</broker>\n',
    "RABBITMQ": "# Default RabbitMQ delivery acknowledgement timeout is 30 minutes in milliseconds\n"
    "consumer_timeout = 1800000\n",
}


class Configuring(Common):
    """Operations on configurations."""

    def create_configuration(
        self,
        EngineType: str,
        Name: str,
        AuthenticationStrategy: str | None = None,
        EngineVersion: str | None = None,
        Tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if not _NAME.match(Name):
            message = "Configuration name can contain only alphanumeric characters, dashes, periods, underscores, and"
            raise bad(f"{message} tildes (- . _ ~).", "name")
        engine = self.engine(EngineType)
        version = self.engine_version(engine, EngineVersion)
        strategy = self.strategy(engine, AuthenticationStrategy)
        if any(configuration.name == Name for configuration in self.configurations):
            raise conflict(f"Configuration with name [{Name}] already exists.", "name")
        configuration = self.new_configuration(engine, Name, version, strategy, Tags)
        return configuration.answered()

    def new_configuration(
        self, engine: Engine, name: str, version: str, strategy: str, tags: Mapping[str, str] | None = None
    ) -> Configuration:
        """A configuration with one revision: what the engine has by default."""
        id, now = f"c-{self.ids.uuid('configuration')}", self.clock.time()
        arn = self.arn(f"configuration:{id}")
        configuration = Configuration(id, name, arn, engine.type, version, strategy, now)
        self.tagged(configuration, tags)
        description = f"Auto-generated default for {name} on {engine.name} {version}"
        configuration.add(now, description, b64encode(_DEFAULTS[engine.type].encode()).decode())
        self.configurations.add(configuration)
        return configuration

    def update_configuration(self, ConfigurationId: str, Data: str, Description: str | None = None) -> dict[str, Any]:
        configuration = self.configuration(ConfigurationId)
        _check(Data, configuration.engine)
        self.limits.quota("revisions-per-configuration", len(configuration.revisions), ConfigurationId)
        configuration.add(self.clock.time(), Description, Data)
        return {**configuration.head(), "Warnings": []}

    def delete_configuration(self, ConfigurationId: str) -> dict[str, Any]:
        configuration = self.configuration(ConfigurationId)
        for broker in self.brokers:
            used = (broker.configuration, broker.pending_configuration)
            if any(one is not None and one[0] == ConfigurationId for one in used):
                message = f"Configuration [{ConfigurationId}] is in use by broker [{broker.id}]."
                raise conflict(message, "configuration-id")
        self.configurations.remove(configuration.id)
        return {"ConfigurationId": ConfigurationId}

    def describe_configuration(self, ConfigurationId: str) -> dict[str, Any]:
        return self.configuration(ConfigurationId).described()

    def describe_configuration_revision(self, ConfigurationId: str, ConfigurationRevision: str) -> dict[str, Any]:
        configuration = self.configuration(ConfigurationId)
        revision = numbered(configuration.revisions, ConfigurationRevision)
        if revision is None:
            raise missing("configuration revision", ConfigurationRevision, "configuration-revision")
        shown = {"Created": revision.created, "Description": revision.description, "Data": revision.data}
        return {"ConfigurationId": ConfigurationId, **shown}

    def list_configurations(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        shown = self.page(
            "Configurations",
            self.configurations,
            Configuration.described,
            lambda one: f"{one.name}/{one.id}",
            NextToken,
            MaxResults,
        )
        return {**shown, "MaxResults": MaxResults or int(self.limits["page-size"])}

    def list_configuration_revisions(
        self, ConfigurationId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        shown = self.page(
            "Revisions",
            self.configuration(ConfigurationId).revisions,
            Revision.described,
            lambda one: f"{one.number:06d}",
            NextToken,
            MaxResults,
        )
        size = MaxResults or int(self.limits["page-size"])
        return {"ConfigurationId": ConfigurationId, "MaxResults": size, **shown}

    def fitting(self, given: Settings, engine: Engine) -> tuple[str, int]:
        """The configuration and revision that a broker is to have, by default the latest one."""
        configuration = self.configuration(given["Id"], "configuration")
        if configuration.engine != engine.type:
            raise bad(f"Configuration [{given['Id']}] is not for broker engine type [{engine.type}].", "configuration")
        number = given.get("Revision") or len(configuration.revisions)
        if number > len(configuration.revisions):
            raise missing("configuration revision", str(number), "configuration")
        return configuration.id, number


def _check(data: str, engine: str) -> None:
    """Refuse what is no Base64 of a configuration of the engine."""
    try:
        text = b64decode(data, validate=True).decode()
    except ValueError:
        raise bad("Configuration data must be Base64-encoded.", "data") from None
    if engine == ACTIVEMQ.type:
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError as problem:
            raise bad(f"Configuration data is no well-formed XML: {problem}", "data") from None
        if root.tag.rpartition("}")[2] != "broker":
            raise bad("The root element of the configuration must be <broker>.", "data")
        return
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("#") and not _LINE.match(line):
            raise bad(f"Configuration data has an invalid line: {line}", "data")
