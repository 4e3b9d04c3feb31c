"""Rotation: a Lambda function makes the next version of a secret, in four steps, at once or on a schedule.

What AWS does when a function fails is not documented to the minute; here the pending version stays, and the next
rotation goes on with it. Sources: AWS Secrets Manager User Guide, "Lambda rotation functions", "Rotation schedules";
API Reference, RotateSecret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from awsim.auth.credentials import Caller
from awsim.auth.policy import Facts, decide_for_stranger
from awsim.errors import AWSError
from awsim.services.secretsmanager import refusals, schedule
from awsim.services.secretsmanager.operations.deletion import DeletionOperations
from awsim.services.secretsmanager.schedule import Rotation
from awsim.services.secretsmanager.secret import CURRENT, PENDING, Secret, Version

_PRINCIPAL = "secretsmanager.amazonaws.com"
_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_TRIAL = ("testSecret",)
_PROGRESS = "A previous rotation isn't complete. That rotation will be reattempted."
_UNINVITED = (
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the "
    "principal secretsmanager.amazonaws.com."
)
# How often a run that varies AWS's decisions has a rotation come late in its window.
_LATE_ODDS = 0.05


class RotationOperations(DeletionOperations):
    def rotate_secret(
        self,
        SecretId: str,
        ClientRequestToken: str | None = None,
        RotationLambdaARN: str | None = None,
        RotationRules: Mapping[str, Any] | None = None,
        RotateImmediately: bool | None = None,
    ) -> dict[str, Any]:
        secret = self.secret(SecretId)
        rotation = secret.rotation or Rotation()
        function = RotationLambdaARN or rotation.function
        rules = dict(RotationRules) if RotationRules else rotation.rules
        if not function:
            raise refusals.request("No Lambda rotation function ARN is associated with this secret.")
        problem = schedule.problem(rules) if rules else None
        if problem is not None:
            raise refusals.parameter(problem)
        self._check_function(function, secret)
        home = self.home_of(secret)
        token = ClientRequestToken or self.ids.uuid("version")
        pending = secret.staged(PENDING)
        if pending is not None and CURRENT not in pending.stages and pending.id != token:
            home.later(0, "_rotate", name=secret.name, token=pending.id, steps=_STEPS)
            raise refusals.request(_PROGRESS)
        secret.rotation = rotation._replace(function=function, rules=rules, enabled=True)
        home.wind(secret)
        self.replicate(secret)
        known: Version | None = secret.versions.get(token)
        if known is not None and known.value is not None:
            return {**secret.named(), "VersionId": token}
        steps = _TRIAL if RotateImmediately is False else _STEPS
        home.later(self.limits.duration("rotation"), "_rotate", name=secret.name, token=token, steps=steps)
        return {**secret.named(), "VersionId": None if steps is _TRIAL else token}

    def _check_function(self, arn: str, secret: Secret) -> None:
        """Refuse a function that does not exist, or whose policy does not let Secrets Manager in."""
        parts = arn.split(":")
        if len(parts) < 7 or parts[2] != "lambda":
            raise refusals.parameter("Invalid Lambda ARN.")
        account, region = parts[4], parts[3]
        side = self.cloud.service("lambda", account, region).resource_policy(arn)
        facts = Facts(
            time=self.now,
            region=region,
            source_arn=secret.arn,
            source_account=self.account,
            resource_account=account,
        )
        caller = Caller.for_service(_PRINCIPAL, self.account)
        if not decide_for_stranger(caller, "lambda:InvokeFunction", arn, side.policies, facts).allowed:
            raise AWSError("AccessDeniedException", _UNINVITED)

    def cancel_rotate_secret(self, SecretId: str) -> dict[str, Any]:
        secret = self.secret(SecretId)
        rotation = secret.rotation
        if rotation is None or not rotation.enabled:
            raise refusals.request("Rotation isn't enabled for this secret.")
        home = self.home_of(secret)
        secret.rotation = rotation._replace(enabled=False)
        home.unwind(secret)
        self.replicate(secret)
        pending = secret.staged(PENDING)
        return {**secret.named(), "VersionId": None if pending is None else pending.id}

    # --- on the clock

    def unwind(self, secret: Secret) -> None:
        rotation: Rotation | None = secret.rotation
        if rotation is not None and rotation.job is not None:
            self.cancel(rotation.job)
            secret.rotation = rotation._replace(job=None, window=None)

    def wind(self, secret: Secret) -> None:
        self.unwind(secret)
        rotation: Rotation | None = secret.rotation
        if rotation is None or not rotation.enabled or not rotation.rules or secret.is_replica:
            return
        window = schedule.following(rotation.rules, self.now)
        if window is None:
            secret.rotation = rotation._replace(window=None)
            return
        due = window.start
        if self.choose("secretsmanager.late-rotation", (False, True), _LATE_ODDS, f"rotated {secret.name} late"):
            due = window.end
        job = self.at_time(due, "_due", name=secret.name)
        secret.rotation = rotation._replace(window=window, job=job)

    def _due(self, name: str) -> None:
        secret: Secret = self.secrets[name]
        pending = secret.staged(PENDING)
        resumed = pending is not None and CURRENT not in pending.stages
        token = pending.id if pending is not None and resumed else self.ids.uuid("version")
        self.wind(secret)
        self._rotate(name, token, _STEPS)

    def _rotate(self, name: str, token: str, steps: tuple[str, ...]) -> None:
        """Call the function for each step, until one fails."""
        secret: Secret | None = self.secrets.get(name)
        if secret is None or secret.deletion is not None or secret.rotation is None:
            return
        version: Version | None = secret.versions.get(token)
        if version is None:
            version = secret.versions[token] = Version(token, None, self.now)
            secret.attach(version, (PENDING,))
        trial = steps is _TRIAL
        self.tell("TestRotationStarted" if trial else "RotationStarted", secret)
        done = all(self._step(secret, token, step) for step in steps)
        if self.secrets.get(name) is not secret:
            return
        done &= trial or CURRENT in version.stages
        if trial:
            if version.value is None:
                del secret.versions[token]
        elif done:
            secret.rotation = secret.rotation._replace(rotated=self.now)
            self.wind(secret)
        self.tell(f"{'Test' if trial else ''}Rotation{'Succeeded' if done else 'Failed'}", secret)
        self.replicate(secret)

    def _step(self, secret: Secret, token: str, step: str) -> bool:
        assert secret.rotation is not None
        event = {
            "Step": step,
            "SecretId": secret.arn,
            "ClientRequestToken": token,
            "RotationToken": self.ids.uuid("rotation-token"),
        }
        function = secret.rotation.function
        assert function is not None
        _, _, _, region, account, *_ = function.split(":")
        try:
            answer = self.call(
                "lambda",
                "Invoke",
                region_=region,
                account_=account,
                source_arn_=secret.arn,
                FunctionName=function,
                Payload=json.dumps(event).encode(),
            )
        except AWSError:
            return False
        return answer.get("FunctionError") is None
