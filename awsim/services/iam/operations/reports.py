"""Credential reports and the access advisor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awsim.services.iam import advisor, reports
from awsim.services.iam.account import Report
from awsim.services.iam.advisor import Granting, Job
from awsim.services.iam.journal import Use, session_arn
from awsim.services.iam.operations.account import AccountOperations
from awsim.services.iam.records import Group, Identity, Role
from awsim.services.iam.refusals import invalid, malformed, no_such


class ReportOperations(AccountOperations):
    # --- credentials

    def generate_credential_report(self) -> dict[str, Any]:
        report, now = self.settings.report, self.clock.time()
        if report is not None:
            if now < report.ready:
                return {"State": "INPROGRESS"}
            if not self._expired(report):
                return {"State": "COMPLETE"}
        description = "No report exists. Starting a new report generation task"
        policy = self.settings.password_policy
        content = reports.written(self.root, self.users.values(), policy, self.key_use)
        self.settings.report = Report(content, now + self.limits.duration("credential-report-generation"))
        return {"State": "STARTED", "Description": description}

    def get_credential_report(self) -> dict[str, Any]:
        report = self.settings.report
        if report is None:
            raise self.error("ReportNotPresent", "The credential report does not exist.")
        if self.clock.time() < report.ready:
            raise self.error("ReportInProgress", "The credential report is still being generated.")
        if self._expired(report):
            raise self.error("ReportExpired", "The most recent credential report has expired.")
        return {"Content": report.content, "ReportFormat": "text/csv", "GeneratedTime": int(report.ready)}

    def _expired(self, report: Report) -> bool:
        age = self.limits["credential-report-age"]
        return age is not None and self.clock.time() >= report.ready + age

    # --- last accesses

    def generate_service_last_accessed_details(self, Arn: str, Granularity: str = "SERVICE_LEVEL") -> dict[str, Any]:
        granting, users = self._subject(Arn)
        services, entities = [], {}
        for prefix in advisor.granted(granting):
            used = [(who, use) for who in users if (use := self._use(who, prefix)) is not None]
            shown: dict[str, Any] = {
                "ServiceName": advisor.service_names().get(prefix, prefix),
                "ServiceNamespace": prefix,
                "TotalAuthenticatedEntities": len(used),
            }
            if used:
                who, last = max(used, key=lambda pair: pair[1].time)
                shown["LastAuthenticated"] = int(last.time)
                shown["LastAuthenticatedEntity"] = who.arn
                shown["LastAuthenticatedRegion"] = last.region
            if Granularity == "ACTION_LEVEL":
                shown["TrackedActionsLastAccessed"] = self._actions(users, prefix)
            services.append(shown)
            entities[prefix] = tuple(self._could(users, dict(used)))
        id = self.ids.uuid("job")
        ready = self.clock.time() + self.limits.duration("access-advisor-job")
        self.jobs[id] = Job(Arn, Granularity, self.now(), ready, tuple(services), entities)
        return {"JobId": id}

    def _could(self, users: Sequence[Identity], used: Mapping[Identity, Use]) -> Iterator[dict[str, Any]]:
        """Who could have used a service, those who did first, the latest of them before the others."""
        for who in sorted(users, key=lambda each: (-used[each].time if each in used else 0.0, each.arn)):
            shown: dict[str, Any] = {"EntityInfo": _info(who)}
            if who in used:
                shown["LastAuthenticated"] = int(used[who].time)
            yield shown

    def get_service_last_accessed_details(
        self, JobId: str, MaxItems: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        job = self._job(JobId)
        head = self._head(job)
        if head["JobStatus"] != "COMPLETED":
            return {**head, "JobType": job.granularity, "ServicesLastAccessed": [], "IsTruncated": False}
        pairs = [(service["ServiceNamespace"], service) for service in job.services]
        page = self.page("ServicesLastAccessed", pairs, lambda service: service, Marker, MaxItems)
        return {**head, "JobType": job.granularity, **page}

    def get_service_last_accessed_details_with_entities(
        self, JobId: str, ServiceNamespace: str, MaxItems: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        job = self._job(JobId)
        head = self._head(job)
        if ServiceNamespace not in job.entities:
            raise no_such(f"{ServiceNamespace} is not a service that {job.arn} may access.")
        found = () if head["JobStatus"] != "COMPLETED" else job.entities[ServiceNamespace]
        pairs = [(f"{place:08}", entity) for place, entity in enumerate(found)]
        return {**head, **self.page("EntityDetailsList", pairs, lambda entity: entity, Marker, MaxItems)}

    def list_policies_granting_service_access(
        self, Arn: str, ServiceNamespaces: Sequence[str], Marker: str | None = None
    ) -> dict[str, Any]:
        granting, _ = self._subject(Arn)

        def show(prefix: str) -> dict[str, Any]:
            found = [_granting(each) for each in granting if prefix in advisor.services_of(each.document)]
            return {"ServiceNamespace": prefix, "Policies": found}

        for prefix in ServiceNamespaces:
            if prefix not in advisor.service_names():
                raise malformed(f"Invalid Service Namespace: {prefix}")
        pairs = [(prefix, prefix) for prefix in dict.fromkeys(ServiceNamespaces)]
        return self.page("PoliciesGrantingServiceAccess", pairs, show, Marker, None)

    def _subject(self, arn: str) -> tuple[list[Granting], list[Identity]]:
        """The policies that an ARN stands for, and the users and roles that can have used them."""
        if ":policy/" in arn:
            policy = self.any_policy(arn)
            users: list[Identity] = []
            for identity in self.attached.get(arn, {}).values():
                users += identity.members.values() if isinstance(identity, Group) else [identity]
            return [Granting(policy.name, arn, self.document_of(arn), ("", ""))], list(dict.fromkeys(users))
        identity = self.identity_at(arn)
        if isinstance(identity, Group):
            return self.granting(identity), list(identity.members.values())
        return self.granting(identity), [identity]

    def identity_at(self, arn: str) -> Identity:
        """The user, group or role of an ARN; raises InvalidInput, NoSuchEntity."""
        name = arn.rpartition("/")[2]
        for kind, find in (("user", self.user), ("group", self.group), ("role", self.role)):
            if arn.startswith(self.arn(f"{kind}/")):
                found = find(name)  # type: ignore[operator]
                if found.arn == arn:
                    return found
                raise no_such(f"The {kind} with name {name} cannot be found.")
        raise invalid(f"Invalid Entity Arn: {arn}")

    def _use(self, who: Identity, prefix: str) -> Use | None:
        return self.uses.by_service(self._calls_as(who), self._since(who)).get(prefix)

    def _actions(self, users: Sequence[Identity], prefix: str) -> list[dict[str, Any]]:
        return [
            {
                "ActionName": use.operation,
                "LastAccessedEntity": who.arn,
                "LastAccessedTime": int(use.time),
                "LastAccessedRegion": use.region,
            }
            for who in users
            for use in self.uses.actions(self._calls_as(who), prefix, self._since(who))
        ]

    def _since(self, who: Identity) -> float:
        """The start of the tracking period, or when the identity was made."""
        period = self.limits["tracking-period"]
        return who.created if period is None else max(who.created, self.clock.time() - period)

    def _calls_as(self, who: Identity) -> str:
        return session_arn(self.partition, self.account, who.name) if isinstance(who, Role) else who.arn

    def _job(self, id: str) -> Job:
        job = self.jobs.get(id)
        if job is None:
            raise no_such(f"The job with id {id} cannot be found.")
        return job

    def _head(self, job: Job) -> dict[str, Any]:
        if self.clock.time() < job.ready:
            return {"JobStatus": "IN_PROGRESS", "JobCreationDate": job.created}
        return {"JobStatus": "COMPLETED", "JobCreationDate": job.created, "JobCompletionDate": int(job.ready)}


def _info(who: Identity) -> dict[str, Any]:
    return {"Arn": who.arn, "Name": who.name, "Type": who.kind.upper(), "Id": who.id, "Path": who.path}


def _granting(policy: Granting) -> dict[str, Any]:
    if policy.arn is not None:
        return {"PolicyName": policy.name, "PolicyType": "MANAGED", "PolicyArn": policy.arn}
    kind, name = policy.entity
    return {"PolicyName": policy.name, "PolicyType": "INLINE", "EntityType": kind, "EntityName": name}
