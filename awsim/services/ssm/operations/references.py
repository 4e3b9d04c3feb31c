"""Secrets of Secrets Manager, read as parameters. Source: Systems Manager User Guide, "Referencing AWS Secrets Manager
secrets from Parameter Store parameters"."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import names, refusals
from awsim.services.ssm.operations.reading import ReadingOperations


class ReferenceOperations(ReadingOperations):
    def secret(self, name: str, decrypt: bool | None) -> dict[str, Any]:
        """The value of a secret that a name under the reserved path refers to, as the caller may read it."""
        if not decrypt:
            raise refusals.invalid("WithDecryption flag must be True for retrieving a Secret Manager secret.")
        referred, _, selector = name.removeprefix(names.SECRETS).partition(":")
        more = {} if not selector else {_member(selector): selector}
        try:
            found = self.call("secretsmanager", "GetSecretValue", as_=self.caller, SecretId=referred, **more)
        except AWSError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise refusals.not_found(
                f"An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {name} not found."
            ) from None
        return {
            "Name": name,
            "Type": "SecureString",
            "Value": found.get("SecretString") or "",
            "Version": 0,
            "SourceResult": json.dumps(found, default=_written, separators=(",", ":")),
            "LastModifiedDate": found["CreatedDate"],
            "ARN": found["ARN"],
            "DataType": "text",
        }


def _member(selector: str) -> str:
    """Versions have ids of 32 characters and more, stages shorter names."""
    return "VersionId" if len(selector) >= 32 else "VersionStage"


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
