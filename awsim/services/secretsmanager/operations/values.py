"""Secrets and their values: creating, reading, writing, labelling versions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.secretsmanager import refusals
from awsim.services.secretsmanager.operations.common import Operations
from awsim.services.secretsmanager.secret import CURRENT, PENDING, PREVIOUS, Secret, Value, Version
from awsim.state.pages import number
from awsim.state.tags import tag_map

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+\Z")
_KEPT = 86_400  # a version without labels is kept for a day at least


class ValueOperations(Operations):
    # --- creating

    def create_secret(
        self,
        Name: str,
        ClientRequestToken: str | None = None,
        Description: str | None = None,
        KmsKeyId: str | None = None,
        SecretBinary: bytes | None = None,
        SecretString: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        AddReplicaRegions: Sequence[Mapping[str, str]] = (),
        ForceOverwriteReplicaSecret: bool | None = None,
    ) -> dict[str, Any]:
        if not _NAME.match(Name):
            raise AWSError(
                "ValidationException",
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
                "-/_+=.@!",
            )
        content = _content(SecretString, SecretBinary)
        known: Secret | None = self.secrets.get(Name)
        if known is not None:
            return self._created_before(known, ClientRequestToken, content)
        secret = Secret(Name, self.new_arn(Name), self.region, self.now)
        secret.description = Description
        secret.key = KmsKeyId or None
        secret.owner = _owner(self.caller.service)
        secret.tags = secret.tags.with_(self, tag_map(Tags), invalid="InvalidParameterException")
        self.check_replicas(secret, AddReplicaRegions)
        version = None
        if content is not None:
            version = self._added(secret, ClientRequestToken, content, (CURRENT,))
        self.secrets.add(secret)
        if AddReplicaRegions:
            self.add_replicas(secret, AddReplicaRegions, bool(ForceOverwriteReplicaSecret))
        return {
            **secret.named(),
            "VersionId": None if version is None else version.id,
            "ReplicationStatus": secret.replication(),
        }

    def _created_before(self, known: Secret, token: str | None, content: str | bytes | None) -> dict[str, Any]:
        """A call that was made already gets its answer again."""
        version: Version | None = known.versions.get(token)
        if known.deletion is not None:
            raise refusals.request(
                "You can't create this secret because a secret with this name is already scheduled for deletion."
            )
        if version is None or version.value is None or version.value.content != content:
            raise AWSError(
                "ResourceExistsException", f"The operation failed because the secret {known.name} already exists."
            )
        return {**known.named(), "VersionId": version.id}

    def update_secret(
        self,
        SecretId: str,
        ClientRequestToken: str | None = None,
        Description: str | None = None,
        KmsKeyId: str | None = None,
        SecretBinary: bytes | None = None,
        SecretString: str | None = None,
    ) -> dict[str, Any]:
        secret = self.secret(SecretId)
        content = _content(SecretString, SecretBinary)
        before = secret.key
        if KmsKeyId is not None:
            secret.key = KmsKeyId or None
        try:
            if secret.key != before:
                self._reseal(secret)
            version = None if content is None else self._put(secret, ClientRequestToken, content, (CURRENT,))
        except AWSError:
            secret.key = before
            raise
        if Description is not None:
            secret.description = Description
        secret.changed = self.now
        self.replicate(secret)
        return {**secret.named(), "VersionId": None if version is None else version.id}

    def _reseal(self, secret: Secret) -> None:
        """Put the versions that are in use under another key."""
        for version in secret.versions.values():
            if version.value is not None and {CURRENT, PENDING, PREVIOUS} & set(version.stages):
                version.value = self.sealed(secret, version.id, version.value.content)

    # --- values

    def put_secret_value(
        self,
        SecretId: str,
        ClientRequestToken: str | None = None,
        SecretBinary: bytes | None = None,
        SecretString: str | None = None,
        VersionStages: Sequence[str] = (CURRENT,),
        RotationToken: str | None = None,
    ) -> dict[str, Any]:
        secret = self.secret(SecretId)
        content = _content(SecretString, SecretBinary)
        if content is None:
            raise refusals.request("You must provide either SecretString or SecretBinary.")
        version = self._put(secret, ClientRequestToken, content, tuple(VersionStages))
        secret.changed = self.now
        self.replicate(secret)
        return {**secret.named(), "VersionId": version.id, "VersionStages": list(version.stages)}

    def _put(self, secret: Secret, token: str | None, content: str | bytes, stages: Sequence[str]) -> Version:
        known: Version | None = secret.versions.get(token)
        if known is None or known.value is None:
            return self._added(secret, token, content, stages)
        if known.value.content != content:
            raise refusals.token_in_use(known.id, secret.arn)
        return known

    def _added(self, secret: Secret, token: str | None, content: str | bytes, stages: Sequence[str]) -> Version:
        """A new version, or one that waited for its value; the first of a secret is current, whatever is asked."""
        id = token or self.ids.uuid("version")
        value = self.sealed(secret, id, content)
        version: Version | None = secret.versions.get(id)
        if version is None:
            self._make_room(secret)
            version = secret.versions[id] = Version(id, value, self.now)
        else:
            version.value = value
        self.label(secret, version, stages if secret.staged(CURRENT) is not None else (*stages, CURRENT))
        return version

    def label(self, secret: Secret, version: Version, stages: Sequence[str]) -> None:
        self.limits.check("labels", len({*version.stages, *stages}))
        secret.attach(version, stages)

    def _make_room(self, secret: Secret) -> None:
        """Versions that no label is on go when there are too many, a day after they were made at the earliest."""
        most = self.limits["versions"]
        if most is None or len(secret.versions) < most:
            return
        unlabelled = (each for each in secret.versions.values() if not each.stages)
        oldest = next((each for each in unlabelled if each.created + _KEPT <= self.now), None)
        if oldest is None:
            raise self.limits.error("versions", measured=len(secret.versions) + 1)
        del secret.versions[oldest.id]

    def get_secret_value(
        self, SecretId: str, VersionId: str | None = None, VersionStage: str | None = None
    ) -> dict[str, Any]:
        secret = self.secret(SecretId, replica=True)
        version = _chosen(secret, VersionId, VersionStage)
        value = version.value
        assert value is not None
        self.open(secret, version.id, value)
        secret.touch(version, self.now)
        return {
            **secret.named(),
            "VersionId": version.id,
            value.member: value.content,
            "VersionStages": list(version.stages) or None,
            "CreatedDate": version.created,
        }

    def describe_secret(self, SecretId: str) -> dict[str, Any]:
        return self.secret(SecretId, marked=True, replica=True).described()

    # --- versions

    def list_secret_version_ids(
        self,
        SecretId: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        IncludeDeprecated: bool | None = None,
    ) -> dict[str, Any]:
        secret = self.secret(SecretId, marked=True, replica=True)
        numbered = [
            (number(at), version)
            for at, version in enumerate(secret.versions.values())
            if version.stages or IncludeDeprecated
        ]
        page = self.page(
            "Versions", numbered, lambda each: each[1].listed(), lambda each: each[0], NextToken, MaxResults
        )
        return {**page, **secret.named()}

    def update_secret_version_stage(
        self,
        SecretId: str,
        VersionStage: str,
        RemoveFromVersionId: str | None = None,
        MoveToVersionId: str | None = None,
    ) -> dict[str, Any]:
        secret = self.secret(SecretId)
        holder = secret.staged(VersionStage)
        target: Version | None = None
        if MoveToVersionId is not None:
            target = secret.versions.get(MoveToVersionId)
            if target is None:
                raise refusals.no_value(f"VersionId: {MoveToVersionId}")
        if RemoveFromVersionId is not None and (holder is None or holder.id != RemoveFromVersionId):
            raise refusals.parameter(
                f"The parameter RemoveFromVersionId isn't valid. Staging label {VersionStage} isn't attached to "
                f"version {RemoveFromVersionId}."
            )
        if holder is not None and RemoveFromVersionId is None and holder is not target:
            raise refusals.parameter(
                f"The parameter RemoveFromVersionId can't be empty. Staging label {VersionStage} is currently attached "
                f"to version {holder.id}, so you must explicitly reference that version in RemoveFromVersionId."
            )
        if target is None and VersionStage == CURRENT:
            raise refusals.parameter(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely "
                "removed."
            )
        if target is not None:
            self.label(secret, target, (VersionStage,))
        elif holder is not None:
            secret.detach(holder, VersionStage)
        secret.changed = self.now
        self.replicate(secret)
        return secret.named()

    # --- tags

    def tag_resource(self, SecretId: str, Tags: Sequence[Mapping[str, str]]) -> None:
        secret = self.secret(SecretId)
        secret.tags = secret.tags.with_(self, tag_map(Tags), invalid="InvalidParameterException")
        self.replicate(secret)

    def untag_resource(self, SecretId: str, TagKeys: Sequence[str]) -> None:
        secret = self.secret(SecretId)
        secret.tags = secret.tags.without(TagKeys)
        self.replicate(secret)

    # --- what the parts do for each other

    def check_replicas(self, secret: Secret, regions: Sequence[Mapping[str, str]]) -> None:
        raise NotImplementedError

    def add_replicas(self, secret: Secret, regions: Sequence[Mapping[str, str]], force: bool) -> None:
        raise NotImplementedError


def _content(text: str | None, binary: bytes | None) -> str | bytes | None:
    if text is not None and binary is not None:
        raise refusals.parameter(
            "You can't specify both a binary secret value and a string secret value in the same secret."
        )
    return binary if text is None else text


def _chosen(secret: Secret, id: str | None, stage: str | None) -> Version:
    """The version that a request reads. Raises ResourceNotFoundException, InvalidRequestException."""
    if id is None:
        version = secret.staged(stage or CURRENT)
        if version is None or version.value is None:
            raise refusals.no_value(f"staging label: {stage or CURRENT}")
        return version
    found: Version | None = secret.versions.get(id)
    if found is None or found.value is None:
        raise refusals.no_value(f"VersionId: {id}")
    if stage is not None and stage not in found.stages:
        raise refusals.request("You provided a VersionStage that is not associated to the provided VersionId.")
    return found


def _owner(principal: str | None) -> str | None:
    """The service that makes a secret for somebody manages it."""
    return None if principal is None else principal.partition(".")[0]


def copy_of(version: Version, value: Value | None) -> Version:
    """The version of a replica that stands for one of its primary."""
    copy = Version(version.id, value, version.created)
    copy.stages = version.stages
    return copy
