"""`Call`: one call on its way through the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import ANONYMOUS, Caller

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from awsim.calls import CallRecord
    from awsim.cloud import Cloud
    from awsim.errors import AWSError
    from awsim.faults import Met
    from awsim.gateway.plan import Plan
    from awsim.service import Service
    from awsim.wire.codec import Codec
    from awsim.wire.http import Request


class Call:
    """What the stages know of a call. `http` is None for calls made in Python (`Cloud.call`)."""

    __slots__ = (
        "ahead", "blobs", "caller", "cloud", "codec", "deadline", "error", "fault", "http", "instance", "model",
        "operation", "outer", "params", "plan", "record", "region", "request_id", "result", "service", "source_arn",
        "through", "token_key",
    )  # fmt: skip

    def __init__(self, cloud: Cloud, http: Request | None = None, model: OperationModel | None = None) -> None:
        self.cloud = cloud
        # What `Service.ahead` worked out before the lock was taken.
        self.ahead: Any = None
        # The CRC-32 of blobs that the journal need not sum up again, by the id of their bytes.
        self.blobs: Mapping[int, int] | None = None
        self.http = http
        self.model = model
        self.caller: Caller = ANONYMOUS
        # Turns the result into the protocol that the request spoke.
        self.codec: Codec | None = None
        self.deadline: float | None = None
        self.error: AWSError | None = None
        # What scripted faults do to it.
        self.fault: Met | None = None
        # Set by the stages that find them, before anything asks.
        self.instance: Service = None  # type: ignore[assignment]
        self.operation = ""
        self.outer: Call | None = None
        self.params: dict[str, Any] = {}
        self.plan: Plan = None  # type: ignore[assignment]
        self.record: CallRecord | None = None
        self.region: str | None = None
        self.request_id = ""
        self.result: dict[str, Any] | None = None
        self.service = ""
        # The resource on whose behalf a service calls: aws:SourceArn.
        self.source_arn: str | None = None
        # The other name by which a resource was asked for, if any: see `Service.by_other_names`.
        self.through: Any = None
        self.token_key: Any = None

    @property
    def account(self) -> str:
        """The account the call is made in: the caller's, or the Cloud's for callers without one."""
        return self.caller.account or self.cloud.account

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"
