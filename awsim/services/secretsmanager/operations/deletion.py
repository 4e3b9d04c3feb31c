"""Deleting secrets, with time to take it back."""

from __future__ import annotations

from typing import Any

from awsim.services.secretsmanager import refusals
from awsim.services.secretsmanager.operations.replication import ReplicationOperations
from awsim.services.secretsmanager.secret import Secret

_DAY = 86_400


class DeletionOperations(ReplicationOperations):
    def delete_secret(
        self,
        SecretId: str,
        RecoveryWindowInDays: int | None = None,
        ForceDeleteWithoutRecovery: bool | None = None,
    ) -> dict[str, Any]:
        if ForceDeleteWithoutRecovery and RecoveryWindowInDays is not None:
            raise refusals.parameter(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
            )
        days = self.limits["recovery-window-default"] if RecoveryWindowInDays is None else RecoveryWindowInDays
        most, least = self.limits["recovery-window"], self.limits.row("recovery-window").minimum
        if not ForceDeleteWithoutRecovery and most is not None and not (least or 0) <= days <= most:
            raise self.limits.error("recovery-window", measured=days)
        if ForceDeleteWithoutRecovery and self.found(SecretId) is None:
            # What is gone already, or never was, is what the caller wants.
            return self._never_was(SecretId)
        secret = self.secret(SecretId, marked=bool(ForceDeleteWithoutRecovery))
        if secret.replicas:
            regions = ", ".join(secret.replicas)
            raise refusals.request(f"You can't delete secret {secret.name} that still has replica regions [{regions}].")
        now = self.now
        if ForceDeleteWithoutRecovery:
            self._gone(secret)
            return {**secret.named(), "DeletionDate": now}
        secret.deletion = now + days * _DAY
        home = self.home_of(secret)
        secret.deletion_job = home.at_time(secret.deletion, "_delete_for_good", name=secret.name)
        home.unwind(secret)
        return {**secret.named(), "DeletionDate": secret.deletion}

    def _never_was(self, named: str) -> dict[str, Any]:
        name = named.partition(":secret:")[2] or named
        return {
            "ARN": named if named.startswith("arn:") else self.new_arn(name),
            "Name": name,
            "DeletionDate": self.now,
        }

    def _delete_for_good(self, name: str) -> None:
        secret: Secret = self.secrets[name]
        secret.deletion_job = None
        self._gone(secret)
        self.tell("EndSecretVersionDelete", secret)

    def _gone(self, secret: Secret) -> None:
        home = self.home_of(secret)
        home.unwind(secret)
        if secret.deletion_job is not None:
            self.cancel(secret.deletion_job)
        home.secrets.remove(secret.name)

    def restore_secret(self, SecretId: str) -> dict[str, Any]:
        secret = self.secret(SecretId, marked=True)
        if secret.deletion_job is not None:
            self.cancel(secret.deletion_job)
            secret.deletion_job = None
        if secret.deletion is not None:
            secret.deletion = None
            self.home_of(secret).wind(secret)
        return secret.named()

    # --- what the parts do for each other

    def wind(self, secret: Secret) -> None:
        """Have a secret rotated when it is due; see `rotation`."""
        raise NotImplementedError

    def unwind(self, secret: Secret) -> None:
        raise NotImplementedError
