"""Rotation of key material: automatic and on demand."""

from __future__ import annotations

from typing import Any

from awsim.errors import AWSError
from awsim.services.kms import refusals
from awsim.services.kms.key import CURRENT, Family, Key, Material, expiration, moment
from awsim.services.kms.operations.common import Operations

_ALL = "ALL_KEY_MATERIAL"


class RotationOperations(Operations):
    def enable_key_rotation(self, KeyId: str, RotationPeriodInDays: int | None = None) -> None:
        key = self._rotating(KeyId)
        family = key.family
        period = RotationPeriodInDays or family.period or self.limits["rotation-period"]
        if family.period != period:
            family.schedule(self.now, period)
            self.wind(family)

    def disable_key_rotation(self, KeyId: str) -> None:
        family = self._rotating(KeyId).family
        family.schedule(self.now, None)
        self.wind(family)

    def _rotating(self, named: str) -> Key:
        """A key whose automatic rotation can be set."""
        key = self.key_named(named)
        if not key.family.rotatable or key.is_replica:
            raise refusals.unsupported()
        self.permit(key, "Enabled", "Updating")
        return key

    def get_key_rotation_status(self, KeyId: str) -> dict[str, Any]:
        key = self.key_named(KeyId)
        family = key.family
        if not key.spec.symmetric:
            raise refusals.unsupported()
        on = family.period is not None and key.window is None
        answer: dict[str, Any] = {"KeyRotationEnabled": on, "KeyId": key.arn}
        if on and family.due is not None:
            answer["RotationPeriodInDays"] = family.period
            answer["NextRotationDate"] = moment(family.due)
        if family.rotating is not None:
            answer["OnDemandRotationStartDate"] = moment(family.rotating)
        return answer

    def rotate_key_on_demand(self, KeyId: str) -> dict[str, Any]:
        key = self.key_named(KeyId)
        family = key.family
        if not key.spec.symmetric or family.origin not in ("AWS_KMS", "EXTERNAL") or key.is_replica:
            raise refusals.unsupported()
        self.permit(key, "Enabled")
        if family.rotating is not None:
            raise AWSError("ConflictException", f"An on-demand rotation of {key.arn} is already in progress.")
        self.limits.check("on-demand-rotations", family.on_demand + 1, key=key.arn)
        if family.external:
            self._check_waiting(family)
        family.on_demand += 1
        family.rotating = self.now
        self.later(self.limits.duration("rotation"), "_rotate_on_demand", key=family.id)
        return {"KeyId": key.arn}

    def _check_waiting(self, family: Family) -> None:
        """Imported material to rotate to has to be in every Region's key."""
        waiting = family.waiting
        if waiting is None or not all(key.has(waiting, self.now) for key in family.members.values()):
            raise AWSError(
                "KMSInvalidStateException", "The KMS key has no new key material that is ready to be rotated to."
            )

    def _rotate_on_demand(self, key: str) -> None:
        found: Key | None = self.keys.get(key)
        if found is None:
            return
        family = found.family
        family.rotating = None
        material = family.waiting if family.external else self.new_material(family)
        if material is not None:
            family.rotate(material, self.now, "ON_DEMAND")

    def list_key_rotations(
        self,
        KeyId: str,
        IncludeKeyMaterial: str | None = None,
        Limit: int | None = None,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        key = self.key_named(KeyId)
        if not key.spec.symmetric:
            raise refusals.unsupported()
        numbered = {
            f"{number:09}": material
            for number, material in enumerate(key.family.materials)
            if IncludeKeyMaterial == _ALL or material.rotated is not None
        }

        def shown(number: str) -> dict[str, Any]:
            return self._shown(key, numbered[number])

        return self.page("Rotations", numbered, str, shown, Limit, Marker)

    def _shown(self, key: Key, material: Material) -> dict[str, Any]:
        found: dict[str, Any] = {
            "KeyId": key.arn,
            "KeyMaterialId": material.id,
            "KeyMaterialState": material.state,
        }
        if material.rotated is not None:
            found |= {"RotationDate": moment(material.rotated), "RotationType": material.rotation}
        if not key.family.external:
            return found
        here = key.has(material, self.now)
        found["ImportState"] = "IMPORTED" if here else "PENDING_IMPORT"
        if material.description is not None:
            found["KeyMaterialDescription"] = material.description
        if here:
            found |= expiration(key.imports[material.id])
        if material.state != CURRENT and material.rotated is None and len(key.family.members) > 1:
            found["KeyMaterialState"] = self._waiting_state(key.family, material)
        return found

    def _waiting_state(self, family: Family, material: Material) -> str:
        everywhere = all(key.has(material, self.now) for key in family.members.values())
        if material is not family.waiting or everywhere:
            return material.state
        return "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
