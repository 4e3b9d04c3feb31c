"""KMS keys, their materials, and what the keys of a multi-Region set share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.services.kms.grant import Grant
from awsim.services.kms.specs import Spec
from awsim.services.kms.store import KeyStore
from awsim.state import Dict, Entity, Lifecycle, List, Tags

CURRENT, NON_CURRENT, PENDING_ROTATION = "CURRENT", "NON_CURRENT", "PENDING_ROTATION"
_DAY = 86_400


def moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)


class Material(Entity):
    """One material of a key. `secret`: bytes of a symmetric or HMAC key, else a pair (see `pairs`).

    `rotated` is when it became current by a rotation of kind `rotation`; None of the first.
    """

    __slots__ = ("description", "id", "rotated", "rotation", "secret", "state")

    def __init__(self, id: str, secret: Any, state: str = CURRENT) -> None:
        self.id = id
        self.secret = secret
        self.state = state
        self.description: str | None = None
        self.rotated: float | None = None
        self.rotation: str | None = None


class Imported(NamedTuple):
    """A material as one key of a set has it imported. `expires` in epoch seconds."""

    expires: float | None = None


class ImportParameters(NamedTuple):
    """What GetParametersForImport handed out: the nth RSA key of so many bits, until `expires`."""

    bits: int
    number: int
    algorithm: str
    expires: float


class Family(Entity):
    """What a multi-Region key shares with its replicas; a single-Region key has one of its own.

    `period` is of automatic rotation, in days; `due` when it is next; `overdue`: it was missed while the key was not
    enabled. `primary` is the Region of the primary key.
    """

    __slots__ = (
        "due", "id", "job", "materials", "members", "multi_region", "on_demand", "origin", "overdue", "period",
        "primary", "rotating", "spec", "usage",
    )  # fmt: skip

    def __init__(self, id: str, spec: Spec, usage: str, origin: str, *, multi_region: bool, primary: str) -> None:
        self.id = id
        self.spec = spec
        self.usage = usage
        self.origin = origin
        self.multi_region = multi_region
        self.primary = primary
        self.materials = List()
        self.members = Dict()  # Region -> Key
        self.period: int | None = None
        self.due: float | None = None
        self.job: int | None = None
        self.overdue = False
        self.on_demand = 0
        self.rotating: float | None = None  # since when a rotation on demand is under way

    @property
    def external(self) -> bool:
        return self.origin == "EXTERNAL"

    @property
    def rotatable(self) -> bool:
        """Whether it can rotate by itself: symmetric, with material that KMS made."""
        return self.spec.symmetric and self.origin == "AWS_KMS"

    @property
    def current(self) -> Material | None:
        for material in self.materials:
            if material.state == CURRENT:
                current: Material = material
                return current
        return None

    @property
    def waiting(self) -> Material | None:
        """The material that was imported to be rotated to."""
        return next((material for material in self.materials if material.state == PENDING_ROTATION), None)

    def material(self, id: str) -> Material | None:
        for material in self.materials:
            if material.id == id:
                found: Material = material
                return found
        return None

    def rotate(self, material: Material, now: float, kind: str) -> None:
        if self.current is not None:
            self.current.state = NON_CURRENT
        material.state = CURRENT
        material.rotated, material.rotation = now, kind
        if material not in self.materials:
            self.materials.append(material)

    def schedule(self, now: float, period: int | None) -> None:
        """Begin to rotate every so many days, or stop to."""
        self.period = period
        self.due = None if period is None else now + period * _DAY
        self.overdue = False

    def material_id(self, secret: bytes) -> str:
        """The same for the same material of the same key."""
        return hashlib.sha256(self.id.encode() + b"/" + secret).hexdigest()


class Key(Entity):
    """A KMS key in one Region. `window`: the days of a scheduled deletion, `deletion` its time."""

    __slots__ = (
        "_granted", "account", "aliases", "arn", "created", "deletion", "deletion_job", "description",
        "enabled", "family", "grants", "imports", "last_use", "lifecycle", "manager", "parameters", "policy",
        "region", "service", "store", "tags", "window", "xks_id",
    )  # fmt: skip

    def __init__(
        self,
        family: Family,
        *,
        arn: str,
        account: str,
        region: str,
        created: float,
        policy: str,
        description: str = "",
        manager: str = "CUSTOMER",
    ) -> None:
        self.family = family
        self.arn = arn
        self.account = account
        self.region = region
        self.created = created
        self.policy = policy
        self.description = description
        self.manager = manager
        self.service = ""  # of an AWS managed key: the service it is for
        self.tags = Tags()
        self.aliases = Dict()  # name -> Alias
        self.grants = Dict()  # id -> Grant
        self._granted = Dict()  # grantee -> Dict of those to it
        self.imports = Dict()  # id of a material -> Imported
        self.parameters = Dict()  # import token -> ImportParameters
        self.enabled = True
        self.lifecycle: Lifecycle | None = None
        self.store: KeyStore | None = None
        self.xks_id: str | None = None
        self.window: int | None = None
        self.deletion: float | None = None
        self.deletion_job: int | None = None
        self.last_use: tuple[str, float, str] | None = None  # operation, time, request id
        family.members[region] = self

    @property
    def id(self) -> str:
        return self.family.id

    @property
    def spec(self) -> Spec:
        return self.family.spec

    @property
    def is_primary(self) -> bool:
        return self.family.multi_region and self.family.primary == self.region

    @property
    def is_replica(self) -> bool:
        return self.family.multi_region and self.family.primary != self.region

    @property
    def kind(self) -> str:
        """What multi-Region keys are among their set."""
        return "PRIMARY" if self.is_primary else "REPLICA"

    def state(self, now: float) -> str:
        if self.window is not None:
            return "PendingReplicaDeletion" if self.deletion is None else "PendingDeletion"
        if self.lifecycle is not None and not self.lifecycle.settled_now:
            return self.lifecycle.state
        if self.store is not None and self.store.state != "CONNECTED":
            return "Unavailable"
        if self.family.external and not self.complete(now):
            return "PendingImport"
        return "Enabled" if self.enabled else "Disabled"

    # --- grants

    def grant(self, grant: Grant) -> None:
        self.grants[grant.id] = grant
        self._granted.setdefault(grant.terms.to, Dict())[grant.id] = grant

    def ungrant(self, grant: Grant) -> None:
        del self.grants[grant.id]
        del self._granted[grant.terms.to][grant.id]

    def granted_to(self, names: Iterable[str]) -> Iterator[Grant]:
        """The grants to any of some principals."""
        for name in names:
            yield from self._granted.get(name, {}).values()

    # --- imported material

    def has(self, material: Material, now: float) -> bool:
        """Whether a material is here: always, unless it is one to import."""
        if not self.family.external:
            return True
        imported: Imported | None = self.imports.get(material.id)
        return imported is not None and (imported.expires is None or imported.expires > now)

    def complete(self, now: float) -> bool:
        """Whether all material that it has ever used is here."""
        used = [material for material in self.family.materials if material.state != PENDING_ROTATION]
        return bool(used) and all(self.has(material, now) for material in used)

    # --- as requests show it

    def described(self, now: float) -> dict[str, Any]:
        family, spec = self.family, self.spec
        state = self.state(now)
        algorithms = spec.algorithms(family.usage)
        found: dict[str, Any] = {
            "AWSAccountId": self.account,
            "KeyId": family.id,
            "Arn": self.arn,
            "CreationDate": moment(self.created),
            "Enabled": state == "Enabled",
            "Description": self.description,
            "KeyUsage": family.usage,
            "KeyState": state,
            "Origin": family.origin,
            "KeyManager": self.manager,
            "CustomerMasterKeySpec": spec.name,
            "KeySpec": spec.name,
            _ALGORITHMS[family.usage]: list(algorithms),
            "MultiRegion": family.multi_region,
        }
        if self.deletion is not None:
            found["DeletionDate"] = moment(self.deletion)
        elif self.window is not None:
            found["PendingDeletionWindowInDays"] = self.window
        if family.multi_region:
            found["MultiRegionConfiguration"] = self._set()
        if family.external:
            found |= self._expiration(now)
        if spec.symmetric and family.current is not None:
            found["CurrentKeyMaterialId"] = family.current.id
        if self.store is not None:
            found["CustomKeyStoreId"] = self.store.id
            if self.store.cluster is not None:
                found["CloudHsmClusterId"] = self.store.cluster
        if self.xks_id is not None:
            found["XksKeyConfiguration"] = {"Id": self.xks_id}
        return found

    def _set(self) -> dict[str, Any]:
        members: Mapping[str, Key] = self.family.members
        return {
            "MultiRegionKeyType": self.kind,
            "PrimaryKey": {"Arn": members[self.family.primary].arn, "Region": self.family.primary},
            "ReplicaKeys": [
                {"Arn": key.arn, "Region": region} for region, key in members.items() if region != self.family.primary
            ],
        }

    def _expiration(self, now: float) -> dict[str, Any]:
        current = self.family.current
        if current is None or not self.has(current, now):
            return {}
        return expiration(self.imports[current.id])


def expiration(imported: Imported) -> dict[str, Any]:
    if imported.expires is None:
        return {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    return {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": moment(imported.expires)}


_ALGORITHMS = {
    "ENCRYPT_DECRYPT": "EncryptionAlgorithms",
    "SIGN_VERIFY": "SigningAlgorithms",
    "GENERATE_VERIFY_MAC": "MacAlgorithms",
    "KEY_AGREEMENT": "KeyAgreementAlgorithms",
}
