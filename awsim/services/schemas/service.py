"""Amazon EventBridge Schema Registry (regional)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.service import ResourceSide, Service
from awsim.services.schemas import bindings, contents, exporting, inference
from awsim.services.schemas.refusals import bad, exists, forbidden, missing, refused
from awsim.services.schemas.registry import STARTED, STOPPED, Binding, Discoverer, Registry, Schema, Version
from awsim.state import Collection, Dict, Lifecycle
from awsim.wire.values import whole

_AWS = "aws.events"
_DISCOVERED = "discovered-schemas"
_OWN_SOURCE = "aws.schemas"
# Of every event of a bus.
_ALL_EVENTS = {"version": ["0"]}


class Schemas(Service):
    """EventBridge Schema Registry: registries of schemas, what discovers them, and code for them.

    Sources: EventBridge Schema Registry API Reference; EventBridge User Guide, "Amazon EventBridge schemas". The
    schemas of AWS's own events are AWS's to publish: `aws.events` is listed, its contents are not modelled.
    """

    name = "schemas"
    scope = "region"
    validation_error = "BadRequestException"

    registries = Collection("registry", key="name")
    discoverers = Collection("discoverer", key="id", quota="discoverers")

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        return bad(super().violation(violations).message)

    # --- registries

    def create_registry(
        self, RegistryName: str, Description: str | None = None, Tags: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        if RegistryName.startswith("aws."):
            raise bad("Registry names cannot begin with aws.")
        registry = Registry(RegistryName, self.arn(f"registry/{RegistryName}"))
        registry.description = Description
        registry.tags = registry.tags.with_(self, Tags or {}, invalid="BadRequestException")
        if RegistryName in self.registries:
            raise exists("Registry", RegistryName)
        self.limits.quota("registries", len(self.registries) - (_DISCOVERED in self.registries))
        self.registries.add(registry)
        return registry.described()

    def describe_registry(self, RegistryName: str) -> dict[str, Any]:
        if RegistryName == _AWS:
            return {**self._aws_registry(), "Description": "AWS event schemas"}
        return self._registry(RegistryName).described()

    def update_registry(self, RegistryName: str, Description: str | None = None) -> dict[str, Any]:
        registry = self._registry(RegistryName)
        registry.description = Description
        return registry.described()

    def delete_registry(self, RegistryName: str) -> None:
        registry = self._registry(RegistryName)
        if registry.schemas:
            raise bad("Registry must be empty before it can be deleted.")
        self.registries.remove(RegistryName)

    def list_registries(
        self,
        Limit: int | None = None,
        NextToken: str | None = None,
        RegistryNamePrefix: str | None = None,
        Scope: str | None = None,
    ) -> dict[str, Any]:
        if Scope not in (None, "LOCAL", "AWS"):
            raise bad("Scope must be LOCAL or AWS.")
        found = [] if Scope == "AWS" else [registry.listed() for registry in self.registries]
        if Scope != "LOCAL":
            found.append(self._aws_registry())
        found = [one for one in found if one["RegistryName"].startswith(RegistryNamePrefix or "")]
        return self._page("Registries", found, lambda one: one["RegistryName"], NextToken, Limit)

    def _aws_registry(self) -> dict[str, Any]:
        return {"RegistryArn": self.arn(f"registry/{_AWS}", account=""), "RegistryName": _AWS, "Tags": {}}

    def _registry(self, name: str) -> Registry:
        if name == _AWS:
            self.not_modelled("the schemas of AWS's own events (registry aws.events)")
        registry: Registry | None = self.registries.get(name)
        if registry is None:
            raise missing("Registry", name)
        return registry

    # --- schemas

    def create_schema(
        self,
        RegistryName: str,
        SchemaName: str,
        Type: str,
        Content: str,
        Description: str | None = None,
        Tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        registry = self._registry(RegistryName)
        contents.check(Content, Type)
        if SchemaName in registry.schemas:
            raise exists("Schema", SchemaName)
        schema = Schema(SchemaName, RegistryName, self.arn(f"schema/{RegistryName}/{SchemaName}"))
        schema.tags = schema.tags.with_(self, Tags or {}, invalid="BadRequestException")
        schema.description = Description
        version = self._add_schema(registry, schema, Type, Content)
        return schema.answered(version)

    def _add_schema(self, registry: Registry, schema: Schema, type: str, content: str) -> Version:
        version = schema.add(type, content, self.clock.time())
        registry.schemas[schema.name] = schema
        self._tell("Schema Created", schema, version)
        self._tell("Schema Version Created", schema, version)
        return version

    def update_schema(
        self,
        RegistryName: str,
        SchemaName: str,
        Content: str | None = None,
        Description: str | None = None,
        Type: str | None = None,
        ClientTokenId: str | None = None,
    ) -> dict[str, Any]:
        schema = self._schema(RegistryName, SchemaName)
        version = schema.latest
        if Content is not None:
            type = Type or version.type
            contents.check(Content, type)
            if (Content, type) != (version.content, version.type):
                version = self._add_version(schema, type, Content)
        if Description is not None:
            schema.description = Description
            schema.modified = self.clock.time()
        return schema.answered(version)

    def _add_version(self, schema: Schema, type: str, content: str) -> Version:
        self.limits.quota("schema-versions", len(schema.versions), schema.arn)
        version = schema.add(type, content, self.clock.time())
        self._tell("Schema Version Created", schema, version)
        return version

    def _tell(self, detail_type: str, schema: Schema, version: Version) -> None:
        """EventBridge hears of what becomes of schemas, if anybody here listens to it."""
        if not self.cloud.has_service("events", self.account, self.region):
            return
        created = datetime.fromtimestamp(version.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        detail = {
            "Version": version.name,
            "CreationDate": created,
            "RegistryName": schema.registry,
            "SchemaType": version.type,
            "SchemaName": schema.name,
        }
        entry = {
            "Source": _OWN_SOURCE, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": [schema.arn],
        }  # fmt: skip
        self.call("events", "PutEvents", Entries=[entry])

    def describe_schema(self, RegistryName: str, SchemaName: str, SchemaVersion: str | None = None) -> dict[str, Any]:
        schema, version = self._version(RegistryName, SchemaName, SchemaVersion)
        return {**schema.answered(version), "Content": version.content}

    def delete_schema(self, RegistryName: str, SchemaName: str) -> None:
        self._schema(RegistryName, SchemaName)
        del self._registry(RegistryName).schemas[SchemaName]

    def delete_schema_version(self, RegistryName: str, SchemaName: str, SchemaVersion: str) -> None:
        schema, version = self._version(RegistryName, SchemaName, SchemaVersion)
        del schema.versions[version.number]
        self.limits.used("schema-versions", len(schema.versions), schema.arn)
        for key in [key for key in schema.bindings if key[0] == version.name]:
            del schema.bindings[key]
        if not schema.versions:
            del self._registry(RegistryName).schemas[SchemaName]

    def list_schemas(
        self,
        RegistryName: str,
        Limit: int | None = None,
        NextToken: str | None = None,
        SchemaNamePrefix: str | None = None,
    ) -> dict[str, Any]:
        found = [
            schema
            for schema in self._registry(RegistryName).schemas.values()
            if schema.name.startswith(SchemaNamePrefix or "")
        ]
        return self._page("Schemas", found, lambda schema: schema.name, NextToken, Limit, Schema.listed)

    def list_schema_versions(
        self, RegistryName: str, SchemaName: str, Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        schema = self._schema(RegistryName, SchemaName)

        def shown(version: Version) -> dict[str, Any]:
            return {
                "SchemaArn": schema.arn,
                "SchemaName": schema.name,
                "SchemaVersion": version.name,
                "Type": version.type,
            }

        versions = schema.versions.values()
        return self._page("SchemaVersions", versions, lambda one: f"{one.number:09}", NextToken, Limit, shown)

    def search_schemas(
        self, RegistryName: str, Keywords: str, Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        words = Keywords.lower().split()
        if not words:
            raise bad("Keywords must not be empty.")
        found = []
        for schema in self._registry(RegistryName).schemas.values():
            versions = [one for one in schema.versions.values() if contents.holds(words, schema.name, one.content)]
            if versions:
                listed = [
                    {"CreatedDate": one.created, "SchemaVersion": one.name, "Type": one.type}
                    for one in reversed(versions)
                ]
                found.append(
                    {
                        "RegistryName": schema.registry,
                        "SchemaArn": schema.arn,
                        "SchemaName": schema.name,
                        "SchemaVersions": listed,
                    }
                )
        return self._page("Schemas", found, lambda one: one["SchemaName"], NextToken, Limit)

    def export_schema(
        self, RegistryName: str, SchemaName: str, Type: str, SchemaVersion: str | None = None
    ) -> dict[str, Any]:
        schema, version = self._version(RegistryName, SchemaName, SchemaVersion)
        if Type != inference.JSON_SCHEMA:
            raise bad(f"Schemas can only be exported as {inference.JSON_SCHEMA}.")
        if RegistryName != _DISCOVERED:
            raise forbidden("You cannot export non discovered or non aws managed schemas.")
        return {
            "Content": exporting.as_json_schema(version.content),
            "SchemaArn": schema.arn,
            "SchemaName": schema.name,
            "SchemaVersion": version.name,
            "Type": Type,
        }

    def _schema(self, registry: str, name: str) -> Schema:
        schema: Schema | None = self._registry(registry).schemas.get(name)
        if schema is None:
            raise missing("Schema", name)
        return schema

    def _version(self, registry: str, name: str, number: str | None) -> tuple[Schema, Version]:
        schema = self._schema(registry, name)
        if number is None:
            return schema, schema.latest
        version: Version | None = schema.versions.get(whole(number)) if number.isdecimal() else None
        if version is None:
            raise refused("NotFoundException", f"Version {number} of schema {name} does not exist.")
        return schema, version

    # --- code bindings

    def put_code_binding(
        self, RegistryName: str, SchemaName: str, Language: str, SchemaVersion: str | None = None
    ) -> dict[str, Any]:
        schema, version = self._version(RegistryName, SchemaName, SchemaVersion)
        self._check_language(Language)
        binding: Binding | None = schema.bindings.get((version.name, Language))
        if binding is None:
            lifecycle = Lifecycle(self, [("CREATE_IN_PROGRESS", "code-generation"), ("CREATE_COMPLETE", None)])
            binding = Binding(version.name, self.clock.time(), lifecycle)
            schema.bindings[version.name, Language] = binding
        return binding.described()

    def describe_code_binding(
        self, RegistryName: str, SchemaName: str, Language: str, SchemaVersion: str | None = None
    ) -> dict[str, Any]:
        _, _, binding = self._binding(RegistryName, SchemaName, Language, SchemaVersion)
        return binding.described()

    def get_code_binding_source(
        self, RegistryName: str, SchemaName: str, Language: str, SchemaVersion: str | None = None
    ) -> dict[str, Any]:
        schema, version, binding = self._binding(RegistryName, SchemaName, Language, SchemaVersion)
        if not binding.lifecycle.settled_now:
            raise self._no_binding(schema, Language)
        return {"Body": bindings.python_zip(schema.name, version.content)}

    def _binding(self, registry: str, name: str, language: str, number: str | None) -> tuple[Schema, Version, Binding]:
        schema, version = self._version(registry, name, number)
        self._check_language(language)
        binding: Binding | None = schema.bindings.get((version.name, language))
        if binding is None:
            raise self._no_binding(schema, language)
        return schema, version, binding

    def _no_binding(self, schema: Schema, language: str) -> AWSError:
        return refused("NotFoundException", f"Code binding of schema {schema.name} for {language} does not exist.")

    def _check_language(self, language: str) -> None:
        if language not in bindings.LANGUAGES:
            raise bad(f"Language {language} is not supported.")
        if language != bindings.PYTHON:
            self.not_modelled(f"code bindings for {language}")

    # --- discovery

    def get_discovered_schema(self, Events: Sequence[str], Type: str) -> dict[str, Any]:
        events = [self._event(text) for text in Events]
        if not all(map(inference.is_event, events)):
            return {"Content": inference.written(inference.merged(map(inference.infer, events)), Type)}
        shape = inference.merged(inference.infer(event["detail"]) for event in events)
        source, detail_type = events[0]["source"], events[0]["detail-type"]
        return {"Content": inference.written(shape, Type, source=source, detail_type=detail_type)}

    def _event(self, text: str) -> Any:
        try:
            event = json.loads(text)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise bad("Events must be valid JSON objects.")
        levels = self.limits["event-depth"]
        if levels is not None and inference.depth(event) > levels:
            raise bad(f"Events must not be nested deeper than {levels} levels.")
        return event

    def create_discoverer(
        self,
        SourceArn: str,
        Description: str | None = None,
        CrossAccount: bool | None = None,
        Tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        bus = self._bus(SourceArn)
        id_ = f"events-event-bus-{bus}"
        discoverer = Discoverer(id_, self.arn(f"discoverer/{id_}"), SourceArn, bus)
        discoverer.tags = discoverer.tags.with_(self, Tags or {}, invalid="BadRequestException")
        discoverer.description = Description
        discoverer.cross_account = CrossAccount is not False
        if id_ in self.discoverers:
            raise exists("Discoverer", id_)
        self.discoverers.add(discoverer)
        try:
            self._listen(discoverer)
        except AWSError:
            self.discoverers.pop(id_)
            raise missing("Event bus", bus) from None
        if _DISCOVERED not in self.registries:
            # It is EventBridge's own, and counts among nobody's.
            registry = Registry(_DISCOVERED, self.arn(f"registry/{_DISCOVERED}"))
            registry.description = "Discovered event schemas"
            self.registries.add(registry)
        return discoverer.described()

    def _bus(self, arn: str) -> str:
        parts = arn.split(":", 5)
        kind, _, name = parts[-1].partition("/")
        if len(parts) != 6 or parts[2] != "events" or kind != "event-bus" or not name:
            raise bad("SourceArn must be the ARN of an event bus.")
        if (parts[3], parts[4]) != (self.region, self.account):
            raise bad("SourceArn must be the ARN of an event bus of the same account and Region.")
        return name

    def _listen(self, discoverer: Discoverer) -> None:
        """Have a rule on the bus, managed by this service, bring its events."""
        where = {"EventBusName": discoverer.bus}
        pattern = _ALL_EVENTS if discoverer.cross_account else {**_ALL_EVENTS, "account": [self.account]}
        self.call("events", "PutRule", Name=discoverer.rule, EventPattern=json.dumps(pattern), **where)
        target = {"Id": discoverer.id, "Arn": discoverer.arn}
        self.call("events", "PutTargets", Rule=discoverer.rule, Targets=[target], **where)

    def _listen_no_more(self, discoverer: Discoverer) -> None:
        where = {"EventBusName": discoverer.bus}
        try:
            self.call("events", "RemoveTargets", Rule=discoverer.rule, Ids=[discoverer.id], **where)
            self.call("events", "DeleteRule", Name=discoverer.rule, **where)
        except AWSError:
            # The bus has gone, and the rule with it.
            return

    def update_discoverer(
        self, DiscovererId: str, Description: str | None = None, CrossAccount: bool | None = None
    ) -> dict[str, Any]:
        discoverer = self._discoverer(DiscovererId)
        if Description is not None:
            discoverer.description = Description
        if CrossAccount is not None and CrossAccount != discoverer.cross_account:
            discoverer.cross_account = CrossAccount
            if discoverer.state == STARTED:
                self._listen(discoverer)
        return discoverer.described()

    def delete_discoverer(self, DiscovererId: str) -> None:
        discoverer = self._discoverer(DiscovererId)
        self._listen_no_more(discoverer)
        self.discoverers.remove(DiscovererId)

    def describe_discoverer(self, DiscovererId: str) -> dict[str, Any]:
        return self._discoverer(DiscovererId).described()

    def list_discoverers(
        self,
        DiscovererIdPrefix: str | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
        SourceArnPrefix: str | None = None,
    ) -> dict[str, Any]:
        found = [
            discoverer
            for discoverer in self.discoverers
            if discoverer.id.startswith(DiscovererIdPrefix or "")
            and discoverer.source_arn.startswith(SourceArnPrefix or "")
        ]
        return self._page("Discoverers", found, lambda one: one.id, NextToken, Limit, Discoverer.listed)

    def start_discoverer(self, DiscovererId: str) -> dict[str, Any]:
        discoverer = self._discoverer(DiscovererId)
        if discoverer.state != STARTED:
            self._listen(discoverer)
            discoverer.state = STARTED
        return {"DiscovererId": discoverer.id, "State": discoverer.state}

    def stop_discoverer(self, DiscovererId: str) -> dict[str, Any]:
        discoverer = self._discoverer(DiscovererId)
        if discoverer.state != STOPPED:
            self._listen_no_more(discoverer)
            discoverer.state = STOPPED
        return {"DiscovererId": discoverer.id, "State": discoverer.state}

    def _discoverer(self, id_: str) -> Discoverer:
        discoverer: Discoverer | None = self.discoverers.get(id_)
        if discoverer is None:
            raise missing("Discoverer", id_)
        return discoverer

    def observe_event(self, DiscovererArn: str, Event: str) -> None:
        """What the rule of a discoverer brings; no operation of AWS's API."""
        self._discoverer(DiscovererArn.rpartition("/")[2])
        self.later(self.limits.duration("discovery"), "_infer", text=Event)

    def _infer(self, text: str) -> None:
        event = json.loads(text)
        levels = self.limits["event-depth"]
        if event["source"] == _OWN_SOURCE or (levels is not None and inference.depth(event) > levels):
            return
        registry: Registry | None = self.registries.get(_DISCOVERED)
        if registry is None:
            return
        source, detail_type = event["source"], event["detail-type"]
        name = f"{source.replace('/', '-')}@{inference.title_of(detail_type)}"
        shape = inference.infer(event["detail"])
        schema: Schema | None = registry.schemas.get(name)
        if schema is None:
            self.limits.quota("discovered-schemas", len(registry.schemas))
            schema = Schema(name, _DISCOVERED, self.arn(f"schema/{_DISCOVERED}/{name}"))
            schema.description = f"Schema for event type {detail_type}, published by {source}."
            schema.shape = shape
            content = inference.written(shape, inference.OPENAPI, source=source, detail_type=detail_type)
            self._add_schema(registry, schema, inference.OPENAPI, content)
            return
        schema.shape = inference.merged([shape if schema.shape is None else schema.shape, shape])
        content = inference.written(schema.shape, inference.OPENAPI, source=source, detail_type=detail_type)
        if content != schema.latest.content:
            self._add_version(schema, inference.OPENAPI, content)

    # --- policies

    def put_resource_policy(
        self, Policy: str, RegistryName: str | None = None, RevisionId: str | None = None
    ) -> dict[str, Any]:
        registry = self._registry(RegistryName or "")
        try:
            parse(Policy, "resource")
        except PolicyError as problem:
            raise bad(problem.message) from None
        if RevisionId is not None and RevisionId != registry.revision:
            raise refused("PreconditionFailedException", "The RevisionId does not match that of the policy.")
        registry.policy = Policy
        registry.revision = self.ids.uuid("revision")
        return {"Policy": Policy, "RevisionId": registry.revision}

    def get_resource_policy(self, RegistryName: str | None = None) -> dict[str, Any]:
        registry = self._registry(RegistryName or "")
        if registry.policy is None:
            raise refused("NotFoundException", f"Registry {registry.name} has no resource policy.")
        return {"Policy": registry.policy, "RevisionId": registry.revision}

    def delete_resource_policy(self, RegistryName: str | None = None) -> None:
        registry = self._registry(RegistryName or "")
        if registry.policy is None:
            raise refused("NotFoundException", f"Registry {registry.name} has no resource policy.")
        registry.policy = None

    def resource_policy(self, arn: str) -> ResourceSide:
        """The policy of a registry is that of its schemas too."""
        kind, _, path = arn.split(":", 5)[-1].partition("/")
        registry = self.registries.get(path.partition("/")[0]) if kind in ("registry", "schema") else None
        if registry is None or registry.policy is None:
            return ResourceSide(self.account)
        return ResourceSide(self.account, (parse(registry.policy, "resource"),))

    # --- tags

    def tag_resource(self, ResourceArn: str, Tags: Mapping[str, str]) -> None:
        resource = self._tagged(ResourceArn)
        resource.tags = resource.tags.with_(self, Tags, invalid="BadRequestException")

    def untag_resource(self, ResourceArn: str, TagKeys: Sequence[str]) -> None:
        resource = self._tagged(ResourceArn)
        resource.tags = resource.tags.without(TagKeys)

    def list_tags_for_resource(self, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": self._tagged(ResourceArn).tags.as_dict()}

    def tags_of(self, arn: str) -> Mapping[str, str]:
        resource = self._at(arn)
        return {} if resource is None else resource.tags.as_dict()

    def _tagged(self, arn: str) -> Any:
        resource = self._at(arn)
        if resource is None:
            raise refused("NotFoundException", f"Resource {arn} does not exist.")
        return resource

    def _at(self, arn: str) -> Registry | Schema | Discoverer | None:
        """The resource of an ARN."""
        kind, _, path = arn.split(":", 5)[-1].partition("/")
        first, _, rest = path.partition("/")
        found: Registry | Schema | Discoverer | None = None
        if kind == "discoverer":
            found = self.discoverers.get(path)
        elif kind == "registry":
            found = self.registries.get(path)
        elif kind == "schema":
            registry = self.registries.get(first)
            found = (Dict() if registry is None else registry.schemas).get(rest)
        return found if found is not None and found.arn == arn else None

    # --- parts

    def _page(
        self,
        member: str,
        records: Iterable[Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
        shown: Callable[[Any], dict[str, Any]] = dict,
    ) -> dict[str, Any]:
        """A page of records in order of their keys; a token is the last key shown."""
        ordered = sorted(records, key=key)
        if token is not None:
            try:
                last = b64decode(token, validate=True).decode()
            except ValueError:
                raise bad("Invalid NextToken.") from None
            ordered = ordered[bisect_right(ordered, last, key=key) :]
        if size is not None and size < 0:
            raise bad("Limit must not be negative.")
        most = size or int(self.limits["page-size"])
        page: dict[str, Any] = {member: [shown(record) for record in ordered[:most]]}
        if len(ordered) > most:
            page["NextToken"] = b64encode(key(ordered[most - 1]).encode()).decode()
        return page
