"""Operations on layers. Code of a layer is kept, and not put on the path of functions.

Source: Lambda API Reference, PublishLayerVersion; Developer Guide, "Managing Lambda dependencies with layers".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awsim.services.lambda_ import packages, permissions
from awsim.services.lambda_.base import Base
from awsim.services.lambda_.function import timestamp
from awsim.services.lambda_.permissions import Policy
from awsim.services.lambda_.refusals import changed, conflict, invalid, missing
from awsim.state import Dict, Entity


class LayerVersion(NamedTuple):
    """One version; `given` are the members of the request that answers show again."""

    layer_arn: str
    number: int
    data: bytes
    created: float
    given: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return f"{self.layer_arn}:{self.number}"

    def listed(self) -> dict[str, Any]:
        return {
            **self.given,
            "LayerVersionArn": self.arn,
            "Version": self.number,
            "CreatedDate": timestamp(self.created),
        }

    def described(self) -> dict[str, Any]:
        content = {"CodeSha256": packages.digest(self.data), "CodeSize": len(self.data)}
        return {**self.listed(), "LayerArn": self.layer_arn, "Content": content}


class Layer(Entity):
    """A layer; `last` is the number of its newest version, whether that still exists or not."""

    __slots__ = ("arn", "last", "name", "policies", "versions")

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.last = 0
        self.versions = Dict()
        self.policies = Dict()


class Layers(Base):
    """Layers and their versions."""

    def publish_layer_version(
        self,
        LayerName: str,
        Content: Mapping[str, Any],
        Description: str | None = None,
        CompatibleArchitectures: Sequence[str] | None = None,
        CompatibleRuntimes: Sequence[str] | None = None,
        LicenseInfo: str | None = None,
    ) -> dict[str, Any]:
        name = self._layer_name(LayerName)
        data = self.package(Content)
        self.limits.check("unzipped-size", packages.unzipped_size(data))
        layer: Layer = self.layers.get(name) or Layer(name, self.arn(f"layer:{name}"))
        self.layers[name] = layer
        layer.last += 1
        given = {
            "Description": Description or "",
            "CompatibleArchitectures": CompatibleArchitectures,
            "CompatibleRuntimes": CompatibleRuntimes,
            "LicenseInfo": LicenseInfo,
        }
        version = layer.versions[layer.last] = LayerVersion(layer.arn, layer.last, data, self.clock.time(), given)
        return version.described()

    def get_layer_version(self, LayerName: str, VersionNumber: int) -> dict[str, Any]:
        return self._layer_version(LayerName, VersionNumber).described()

    def get_layer_version_by_arn(self, Arn: str) -> dict[str, Any]:
        found = self._by_arn(Arn)
        if found is None:
            raise missing()
        return found.described()

    def delete_layer_version(self, LayerName: str, VersionNumber: int) -> None:
        layer: Layer | None = self.layers.get(self._layer_name(LayerName))
        if layer is None:
            return
        layer.versions.pop(VersionNumber, None)
        layer.policies.pop(VersionNumber, None)

    def list_layer_versions(
        self,
        LayerName: str,
        CompatibleRuntime: str | None = None,
        CompatibleArchitecture: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        layer: Layer | None = self.layers.get(self._layer_name(LayerName))
        versions = list(layer.versions.values()) if layer is not None else []
        found = [one for one in versions if _fits(one, CompatibleRuntime, CompatibleArchitecture)]
        # Newest first.
        return self.page(
            "LayerVersions", found, LayerVersion.listed, lambda one: f"{10**12 - one.number:013}", Marker, MaxItems
        )

    def list_layers(
        self,
        CompatibleRuntime: str | None = None,
        CompatibleArchitecture: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        newest = []
        for layer in self.layers.values():
            fitting = [one for one in layer.versions.values() if _fits(one, CompatibleRuntime, CompatibleArchitecture)]
            if fitting:
                newest.append((layer, max(fitting, key=lambda one: one.number)))
        return self.page(
            "Layers",
            newest,
            lambda one: {"LayerName": one[0].name, "LayerArn": one[0].arn, "LatestMatchingVersion": one[1].listed()},
            lambda one: one[0].name,
            Marker,
            MaxItems,
        )

    # --- who may use one

    def add_layer_version_permission(
        self,
        LayerName: str,
        VersionNumber: int,
        StatementId: str,
        Action: str,
        Principal: str,
        OrganizationId: str | None = None,
        RevisionId: str | None = None,
    ) -> dict[str, Any]:
        version = self._layer_version(LayerName, VersionNumber)
        layer: Layer = self.layers[self._layer_name(LayerName)]
        policy: Policy | None = layer.policies.get(VersionNumber)
        if RevisionId is not None and (policy is None or policy.revision != RevisionId):
            raise changed()
        statements = policy.statements if policy is not None else ()
        if any(one["Sid"] == StatementId for one in statements):
            raise conflict(
                f"The statement id ({StatementId}) provided already exists. Please provide a new statement id, or "
                "remove the existing statement."
            )
        whom = permissions.principal(Principal, self.partition)
        made = permissions.statement(StatementId, version.arn, Action, whom, organization=OrganizationId)
        policy = layer.policies[VersionNumber] = Policy((*statements, made), self.new_revision())
        return {"Statement": permissions.one(made), "RevisionId": policy.revision}

    def get_layer_version_policy(self, LayerName: str, VersionNumber: int) -> dict[str, Any]:
        self._layer_version(LayerName, VersionNumber)
        policy: Policy | None = self.layers[self._layer_name(LayerName)].policies.get(VersionNumber)
        if policy is None:
            raise missing("No policy is associated with the given resource.")
        return {"Policy": permissions.written(policy.statements), "RevisionId": policy.revision}

    def remove_layer_version_permission(
        self, LayerName: str, VersionNumber: int, StatementId: str, RevisionId: str | None = None
    ) -> None:
        self._layer_version(LayerName, VersionNumber)
        layer: Layer = self.layers[self._layer_name(LayerName)]
        policy: Policy | None = layer.policies.get(VersionNumber)
        kept = tuple(one for one in policy.statements if one["Sid"] != StatementId) if policy is not None else ()
        if policy is None or len(kept) == len(policy.statements):
            raise missing(f"Statement {StatementId} is not found in resource policy.")
        self.check_revision(RevisionId, policy.revision)
        if kept:
            layer.policies[VersionNumber] = Policy(kept, self.new_revision())
        else:
            del layer.policies[VersionNumber]

    def layer_policy(self, name: str, number: str) -> str | None:
        layer: Layer | None = self.layers.get(name)
        policy: Policy | None = layer.policies.get(int(number)) if layer is not None and number.isdecimal() else None
        return permissions.written(policy.statements) if policy is not None else None

    # --- looking up

    def layers_at(self, arns: Sequence[str] | None) -> list[dict[str, Any]] | None:
        """Layers as FunctionConfiguration shows them; refuses what is none."""
        if arns is None:
            return None
        self.limits.check("layers-per-function", len(arns))
        found = []
        for arn in arns:
            version = self._by_arn(arn)
            if version is None:
                raise invalid(f"Layer version {arn} does not exist.")
            found.append({"Arn": version.arn, "CodeSize": len(version.data)})
        stems = [arn.rpartition(":")[0] for arn in arns]
        if len(set(stems)) < len(stems):
            raise invalid(
                "Two different versions of the same layer are not allowed to be referenced in the same function."
            )
        return found

    def _by_arn(self, arn: str) -> LayerVersion | None:
        parts = arn.split(":")
        if len(parts) != 8 or parts[5] != "layer" or not parts[7].isdecimal():
            raise invalid(f"{arn} is not a valid layer version ARN.")
        home = self.at(account=parts[4], region=parts[3])
        if parts[4] != self.account:
            self.check_stranger(home, arn)
        layer: Layer | None = home.layers.get(parts[6])
        return layer.versions.get(int(parts[7])) if layer is not None else None

    def _layer_name(self, text: str) -> str:
        return text.split(":")[6] if text.startswith("arn:") else text

    def _layer_version(self, name: str, number: int) -> LayerVersion:
        layer: Layer | None = self.layers.get(self._layer_name(name))
        found = layer.versions.get(number) if layer is not None else None
        if found is None:
            raise missing()
        return found


def _fits(version: LayerVersion, runtime: str | None, architecture: str | None) -> bool:
    return (runtime is None or runtime in (version.given["CompatibleRuntimes"] or ())) and (
        architecture is None or architecture in (version.given["CompatibleArchitectures"] or ())
    )
