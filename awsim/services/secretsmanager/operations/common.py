"""What all operations of Secrets Manager stand on: secrets, how a request finds one, what KMS says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.service import ResourceSide, Service
from awsim.services.secretsmanager import refusals
from awsim.services.secretsmanager.secret import DEFAULT_KEY, Secret, Value
from awsim.state import Collection
from awsim.state.pages import listed

_ARN = re.compile(r"arn:([^:]+):secretsmanager:([^:]+):(\d{12}):secret:(.+)\Z")
_PRINCIPAL = "secretsmanager.amazonaws.com"
_MANAGED = "alias/aws/secretsmanager"
_SUFFIX = 6
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Operations(Service):
    """Secrets Manager of one account in one region."""

    name = "secretsmanager"
    scope = "region"

    secrets = Collection("secret", quota="secrets")

    @property
    def now(self) -> float:
        return self.clock.time()

    # --- look-ups

    def secret(self, named: str, *, marked: bool = False, replica: bool = False) -> Secret:
        """The secret that a request names by name, ARN, or ARN without its last six characters.

        One of another account for what its policy admits the caller to. `marked`: also one that is to be deleted;
        `replica`: also a copy of one of another Region.
        """
        found = self.found(named)
        if found is None:
            raise refusals.no_secret()
        owner = found.arn.split(":")[4]
        if owner != self.account and self.cloud.authorization is None and self.caller.service is None:
            from awsim.gateway.authorizer import check_strangers

            check_strangers(self.request, self.resource_policy(found.arn), found.arn.__eq__)
        if found.deletion is not None and not marked:
            raise refusals.marked()
        if found.is_replica and not replica:
            raise refusals.on_replica()
        return found

    def found(self, named: str) -> Secret | None:
        """As `secret`, whoever asks; None where there is none."""
        whole = _ARN.match(named)
        if whole is None:
            return self.secrets.get(named)
        _, region, account, rest = whole.groups()
        if region != self.region or not (
            account == self.account or self.cloud.has_service("secretsmanager", account, region)
        ):
            return None
        home = self.at(account=account)
        for name in (rest[: -_SUFFIX - 1], rest):
            secret: Secret | None = home.secrets.get(name)
            if secret is not None and secret.arn in (named, f"{named}{secret.arn[-_SUFFIX - 1 :]}"):
                return secret
        return None

    def home_of(self, secret: Secret) -> Any:
        """The Secrets Manager that has a secret."""
        return self.at(account=secret.arn.split(":")[4], region=secret.region)

    def new_arn(self, name: str) -> str:
        return self.arn(f"secret:{name}-{self.ids.text('secret', _SUFFIX, _LETTERS)}")

    # --- KMS

    def sealed(self, secret: Secret, version: str, content: str | bytes, caller: Any = None) -> Value:
        """What a version is to hold, under a data key of the secret's key. In the name of `caller`, or of who calls.

        Raises EncryptionFailure, AccessDeniedException.
        """
        key = secret.key or self.managed_key()
        context = {"SecretARN": secret.arn, "SecretVersionId": version}
        given = {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": context}
        answer = self._kms("EncryptionFailure", "encrypt", caller, "GenerateDataKey", **given)
        return Value(content, answer["CiphertextBlob"], secret.key or DEFAULT_KEY)

    def managed_key(self) -> str:
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:{_MANAGED}"

    def open(self, secret: Secret, version: str, value: Value) -> None:
        """Have KMS decrypt the data key of a version. Raises DecryptionFailure, AccessDeniedException."""
        context = {"SecretARN": secret.arn, "SecretVersionId": version}
        given = {"CiphertextBlob": value.envelope, "EncryptionContext": context}
        self._kms("DecryptionFailure", "decrypt", None, "Decrypt", **given)

    def _kms(self, code: str, what: str, caller: Any, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self.call("kms", operation, as_=caller or self.caller, **parameters)
        except AWSError as error:
            if error.code.startswith("AccessDenied"):
                raise AWSError("AccessDeniedException", "Access to KMS is not allowed") from None
            message = (
                f"Secrets Manager can't {what} the protected secret text using the provided KMS key. Check that the "
                "KMS key is available, enabled, and not in an invalid state."
            )
            raise AWSError(code, message) from None

    # --- events

    def tell(self, name: str, secret: Secret) -> None:
        """Have EventBridge told what Secrets Manager did by itself, if the account has ever used it."""
        if not self.cloud.has_service("events", self.account, self.region):
            return
        detail = {
            "eventVersion": "1.08",
            "userIdentity": {"accountId": self.account, "invokedBy": _PRINCIPAL},
            "eventTime": datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": _PRINCIPAL,
            "eventName": name,
            "awsRegion": self.region,
            "additionalEventData": {"SecretId": secret.arn},
            "eventID": self.ids.uuid("event"),
            "readOnly": False,
            "eventType": "AwsServiceEvent",
            "managementEvent": True,
            "recipientAccountId": self.account,
            "eventCategory": "Management",
        }
        entry = {
            "Source": "aws.secretsmanager",
            "DetailType": "AWS Service Event via CloudTrail",
            "Detail": json.dumps(detail),
            "Time": self.now,
        }
        self.call("events", "PutEvents", Entries=[entry])

    # --- permissions

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a secret."""
        whole = _ARN.match(arn)
        if whole is None:
            return ResourceSide(self.account)
        secret = self.found(arn)
        if secret is None or secret.policy is None:
            return ResourceSide(whole[3])
        return ResourceSide(whole[3], (parse(secret.policy, "resource"),))

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """A secret's ARN has six characters more than its name."""
        given = arn.partition(":secret:")[2]
        if name not in ("secret", "listed") or not given or given == "*":
            return arn
        secret = self.found(arn) or self.secrets.get(given)
        return f"{arn}-{'?' * _SUFFIX}" if secret is None else secret.arn

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        secret = self.found(arn)
        return None if secret is None else secret.tags

    def condition_value(self, key: str, resource: str) -> Any:
        """What a secret itself says of the keys of this service: its tags, its primary Region, its function."""
        secret = self.found(resource)
        if secret is None:
            return None
        place, _, name = key.partition("/")
        if place == "secretsmanager:resourcetag":
            return next((value for tag, value in secret.tags.items() if tag.lower() == name), None)
        if key == "secretsmanager:secretprimaryregion":
            return secret.primary_region or secret.region
        if key == "secretsmanager:resource/allowrotationlambdaarn":
            return None if secret.rotation is None else secret.rotation.function
        return None

    # --- answers

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        most = size or self.limits["page-size"]
        return listed(member, records, shown, key, token, most, refusal=refusals.bad_token)

    # --- what the parts do for each other

    def replicate(self, secret: Secret) -> None:
        """Bring the copies of a secret in other Regions up to date; see `replication`."""
        raise NotImplementedError
