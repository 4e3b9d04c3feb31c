"""What logs, inventories and analyses have in common: S3 itself writes objects into a bucket that lets it."""

from __future__ import annotations

import json
from typing import Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.services.s3.access import Access
from awsim.services.s3.bucket import Bucket


class Reports(Access):
    def policy_admits(
        self, principal: str, source: Bucket, target: Bucket, key: str, keys: dict[str, Any] | None = None
    ) -> bool:
        """Whether the policy of `target` lets one of AWS's services put an object there on behalf of `source`."""
        from awsim.auth.policy import Facts, decide_for_stranger, parse

        text = target.settings.get("policy")
        if not text:
            return False
        facts = Facts(
            time=self.clock.time(),
            region=target.region,
            source_arn=f"arn:{self.partition}:s3:::{source.name}",
            source_account=source.account,
            resource_account=target.account,
        )
        caller = Caller.for_service(principal, source.account)
        resource = f"arn:{self.partition}:s3:::{target.name}/{key}"
        policies = (parse(text, "resource"),)
        return decide_for_stranger(caller, "s3:PutObject", resource, policies, facts, keys or {}).allowed

    def deliver(self, principal: str, source: Bucket, target: Bucket, key: str, body: bytes, **given: Any) -> bool:
        """Put a report where it was asked for; what the bucket refuses is lost."""
        arn = f"arn:{self.partition}:s3:::{source.name}"
        where = {"region_": target.region, "account_": source.account, "source_arn_": arn}
        try:
            self.call("s3", "PutObject", as_=principal, **where, Bucket=target.name, Key=key, Body=body, **given)
        except AWSError:
            return False
        return True

    def destination_of(self, arn: str) -> Bucket | None:
        """The bucket that a configuration names by ARN."""
        found: Bucket | None = self.buckets.get(arn.rpartition(":")[2])
        return found

    def as_json(self, value: Any) -> str:
        return json.dumps(value, separators=(", ", " : "))
