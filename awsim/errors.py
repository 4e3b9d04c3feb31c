"""Errors: what AWS answers (`AWSError`) and what misuse of awsim raises (`AwsimError`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AWSError(Exception):
    """An error as AWS would answer it; the gateway turns it into the protocol's own error response.

    `status` None means: as the service's model (or its errors.toml) says, else 400. `fields` are further members of
    the error's shape, `headers` further HTTP headers of the response. `fault` is "sender" or "receiver"; None follows
    the status.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        fields: Mapping[str, Any] | None = None,
        fault: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.fields: dict[str, Any] = dict(fields) if fields else {}
        self.fault = fault
        self.headers: dict[str, str] = dict(headers) if headers else {}

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class AwsimError(Exception):
    """Misuse of awsim itself; the message says what to write instead."""
