"""What logs, inventories and analyses have in common: S3 itself writes objects into a bucket that lets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.services.s3.access import Access
from awsim.services.s3.acl import LOGGING
from awsim.services.s3.bucket import Bucket
from awsim.state import Dict


class Reports(Access):
    def setup(self) -> None:
        super().setup()
        self.report_jobs = Dict()  # (kind, bucket, id of a configuration) -> the job of its next report

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
        if self.cloud.authorization is not None and not target.settings.get("policy") and principal != LOGGING:
            # S3 has no way of its own into a bucket, and lists know only the group that logs come from.
            return False
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

    # --- reports on a schedule

    def plan_report(self, kind: str, bucket: Bucket, id: str, when: float) -> None:
        """Have `_report_<kind>` called for a configuration at `when`, in the place of what was planned before."""
        self.cancel_report(kind, bucket, id)
        self.report_jobs[kind, bucket.name, id] = self.at_time(when, f"_report_{kind}", name=bucket.name, id=id)

    def cancel_report(self, kind: str, bucket: Bucket, id: str) -> None:
        job = self.report_jobs.pop((kind, bucket.name, id), None)
        if job is not None:
            self.cancel(job)

    def planned(self, kind: str, name: str, id: str) -> tuple[Bucket | None, Mapping[str, Any] | None]:
        """The bucket and the configuration that a report is due for; None for what has gone."""
        del self.report_jobs[kind, name, id]
        bucket: Bucket | None = self.buckets.get(name)
        return bucket, (bucket.settings.get(kind) or {}).get(id) if bucket is not None else None
