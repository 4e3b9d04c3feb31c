"""Policies generated from what a principal did.

AWS reads a trail; here it is the journal of the Cloud, whatever the trail that is named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from awsim.auth.actions import authorizations_for
from awsim.services.accessanalyzer.checking import Checking
from awsim.services.accessanalyzer.records import Job
from awsim.state import Dict
from awsim.state.pages import number

# Calls that use data rather than manage resources are data events, which policies are not generated from (IAM User
# Guide, "Access Analyzer policy generation"); iam:PassRole is no call at all.
_DATA = {
    "dynamodb": ("*Item", "BatchWriteItem", "Query", "Scan", "Transact*", "*Statement", "ExecuteTransaction"),
    "firehose": ("Put*",),
    "kinesis": ("PutRecord*", "GetRecords", "SubscribeToShard"),
    "lambda": ("Invoke*",),
    "s3": ("*Object", "*Objects*", "*ObjectTagging", "*ObjectAcl", "*MultipartUpload", "UploadPart*", "ListParts"),
    "sns": ("Publish*",),
    "sqs": ("*Message", "*MessageBatch", "ChangeMessageVisibility*"),
}
_NO_CALL = "iam:PassRole"
_DAY = 86_400
# How many days back to look where the caller does not say, as the console proposes.
_LATELY = 30


class Generation(Checking):
    """Jobs that look through what a principal did."""

    def setup(self) -> None:
        self.jobs = Dict()

    def start_policy_generation(
        self,
        policyGenerationDetails: Mapping[str, str],
        cloudTrailDetails: Mapping[str, Any] | None = None,
        clientToken: str | None = None,
    ) -> dict[str, Any]:
        principal = policyGenerationDetails["principalArn"]
        now = self.clock.time()
        going = sum(job.status(now) == "IN_PROGRESS" for job in self.jobs.values())
        self.limits.quota("policy-generations", going, resourceId=principal, resourceType="policy-generation")
        start, end = _period(cloudTrailDetails, now)
        self.limits.check("policy-generation-days", (end - start) / _DAY)
        job = Job(
            self.ids.uuid("job"), principal, len(self.jobs) + 1, now, now + self.limits.duration("policy-generation")
        )
        job.policies = self._policies(principal, start, end)
        job.details = {
            "trailProperties": [
                {name: trail[name] for name in ("cloudTrailArn", "regions", "allRegions") if name in trail}
                for trail in (cloudTrailDetails or {}).get("trails", ())
            ],
            "startTime": start,
            "endTime": end,
        }
        self.jobs[job.id] = job
        return {"jobId": job.id}

    def cancel_policy_generation(self, jobId: str) -> dict[str, Any]:
        job = self._job(jobId)
        if job.status(self.clock.time()) == "IN_PROGRESS":
            job.canceled = True
        return {}

    def list_policy_generations(
        self, principalArn: str | None = None, maxResults: int | None = None, nextToken: str | None = None
    ) -> dict[str, Any]:
        found = [job for job in self.jobs.values() if principalArn in (None, job.principal)]
        return self.page(
            "policyGenerations",
            found,
            lambda job: {**self._details(job), "principalArn": job.principal},
            nextToken,
            maxResults,
            lambda job: number(job.number),
        )

    def get_generated_policy(
        self, jobId: str, includeResourcePlaceholders: bool = False, includeServiceLevelTemplate: bool = False
    ) -> dict[str, Any]:
        job = self._job(jobId)
        done = self._details(job)["status"] == "SUCCEEDED"
        properties = {"principalArn": job.principal, "isComplete": True, "cloudTrailProperties": job.details}
        return {
            "jobDetails": self._details(job),
            "generatedPolicyResult": {
                "properties": properties if done else {"principalArn": job.principal},
                "generatedPolicies": [{"policy": policy} for policy in job.policies] if done else [],
            },
        }

    def _job(self, identifier: str) -> Job:
        found: Job | None = self.jobs.get(identifier)
        if found is None:
            raise self.error("ValidationException", f"Job with id {identifier} not found.", reason="other")
        return found

    def _details(self, job: Job) -> dict[str, Any]:
        status = job.status(self.clock.time())
        shown = {"jobId": job.id, "status": status, "startedOn": job.started}
        return {**shown, "completedOn": job.ends} if status == "SUCCEEDED" else shown

    def _policies(self, principal: str, start: float, end: float) -> tuple[str, ...]:
        """The policy of what the principal asked for and was not refused, by service; actions on any resource."""
        found: dict[str, set[str]] = {}
        for record in self.cloud.calls:
            if not start <= record.timestamp <= end or record.error is not None or not _is(record.caller, principal):
                continue
            if any(fnmatchcase(record.operation, each) for each in _DATA.get(record.service, ())):
                continue
            for needed in authorizations_for(
                record.service, record.operation, record.parameters, record.account or "", record.region or ""
            ):
                if needed.action != _NO_CALL:
                    found.setdefault(needed.action.partition(":")[0], set()).add(needed.action)
        statements = [
            {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"} for _, actions in sorted(found.items())
        ]
        return (json.dumps({"Version": "2012-10-17", "Statement": statements}),)


def _period(details: Mapping[str, Any] | None, now: float) -> tuple[float, float]:
    """The time that is asked about, in epoch seconds."""
    if details is None:
        return now - _LATELY * _DAY, now
    end = details.get("endTime")
    return _epoch(details["startTime"]), _epoch(end) if end is not None else now


def _epoch(when: Any) -> float:
    return when.timestamp() if isinstance(when, datetime) else float(when)


def _is(caller: str, principal: str) -> bool:
    """Whether a caller is a principal: a session is its role."""
    if caller == principal:
        return True
    head, _, session = caller.partition(":assumed-role/")
    role = session.partition("/")[0]
    return bool(role) and principal.startswith(head.replace(":sts:", ":iam:") + ":role/") and principal.endswith(role)
