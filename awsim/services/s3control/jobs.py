"""S3 Batch Operations: jobs that do one thing with every object of a list.

Sources: S3 User Guide, "Performing object operations in bulk with Batch Operations"; S3 API Reference, CreateJob,
UpdateJobStatus, UpdateJobPriority.

A job works as its role: it assumes it, and every call is judged by the policies of the role and of the resources.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from awsim.auth.credentials import Caller, principal
from awsim.errors import AWSError
from awsim.service import not_modelled
from awsim.services.s3control import manifests, reports
from awsim.services.s3control import tasks as doing
from awsim.services.s3control.common import Common
from awsim.services.s3control.job import FINAL, Job, Outcome, Refusal, Task
from awsim.state import Collection
from awsim.state.pages import number
from awsim.state.tags import Tags as TagMap

_PRINCIPAL = "batchoperations.s3.amazonaws.com"
_CSV = "S3BatchOperations_CSV_20180820"
_TEMPORARY = "TemporaryFailure"
_PERMANENT = "PermanentFailure"


class Jobs(Common):
    jobs = Collection("job", key="id", missing=("NotFoundException", "The specified job does not exist."))

    # --- asking

    def create_job(
        self,
        AccountId: str,
        Operation: Mapping[str, Any],
        Report: Mapping[str, Any],
        ClientRequestToken: str,
        Priority: int,
        RoleArn: str,
        ConfirmationRequired: bool | None = None,
        Manifest: Mapping[str, Any] | None = None,
        Description: str | None = None,
        Tags: Iterable[Mapping[str, str]] = (),
        ManifestGenerator: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        self.own(AccountId)
        operations = {name: settings for name, settings in Operation.items() if settings is not None}
        self._check_asked(operations, Report, Priority, RoleArn, Manifest, ManifestGenerator)
        tags = self.tagged({}, Tags, "job-tags")
        id = self.ids.uuid("job")
        told = {
            "ConfirmationRequired": bool(ConfirmationRequired),
            "Description": Description,
            "Manifest": Manifest,
            "ManifestGenerator": ManifestGenerator,
            "Operation": operations,
            "Report": Report,
            "RoleArn": RoleArn,
        }
        job = Job(id, self.arn(f"job/{id}"), told, Priority, self.clock.time(), tags)
        self.jobs.add(job)
        self.later(self.limits.duration("job-start"), "prepare_job", id=id)
        return {"JobId": id}

    def _check_asked(
        self,
        operations: Mapping[str, Any],
        report: Mapping[str, Any],
        priority: int,
        role: str,
        manifest: Mapping[str, Any] | None,
        generator: Mapping[str, Any] | None,
    ) -> None:
        if len(operations) != 1:
            raise self.invalid("A job has exactly one operation.")
        (name,) = operations
        if not doing.is_known(name):
            raise not_modelled(f"s3control: jobs of {name}")
        if (manifest is None) == (generator is None):
            raise self.invalid("A job has either a manifest or a manifest generator.")
        if manifest is not None and manifest["Spec"]["Format"] == _CSV and not manifest["Spec"].get("Fields"):
            raise self.invalid("The fields of a CSV manifest must be specified.")
        if report["Enabled"] and not (report.get("Bucket") and report.get("Format") and report.get("ReportScope")):
            raise self.invalid("A report has a bucket, a format and a scope.")
        if not 0 <= priority <= (self.limits["job-priority"] or priority):
            raise self.invalid("The priority is out of range.")
        if role.split(":")[2:3] != ["iam"] or ":role/" not in role:
            raise self.invalid("The role ARN is not valid.")
        wrong = doing.problem(name, operations[name])
        if wrong is not None:
            raise self.invalid(wrong)

    def describe_job(self, AccountId: str, JobId: str) -> dict[str, Any]:
        return {"Job": self._job(AccountId, JobId).described(self.clock.time())}

    def list_jobs(
        self,
        AccountId: str,
        JobStatuses: Sequence[str] | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        self.own(AccountId)
        wanted = (job for job in self.jobs if not JobStatuses or job.status in JobStatuses)
        found, token = self.paged(
            wanted, lambda job: f"{number(int(job.created * 1000))} {job.id}", NextToken, MaxResults
        )
        now = self.clock.time()
        return {"Jobs": [job.listed(now) for job in found], "NextToken": token}

    def update_job_priority(self, AccountId: str, JobId: str, Priority: int) -> dict[str, Any]:
        job = self._job(AccountId, JobId)
        if not 0 <= Priority <= (self.limits["job-priority"] or Priority):
            raise self.invalid("The priority is out of range.")
        if job.status in FINAL:
            raise self._wrong_status(job)
        job.priority = Priority
        return {"JobId": JobId, "Priority": Priority}

    def update_job_status(
        self, AccountId: str, JobId: str, RequestedJobStatus: str, StatusUpdateReason: str | None = None
    ) -> dict[str, Any]:
        job = self._job(AccountId, JobId)
        if RequestedJobStatus == "Ready":
            if job.status != "Suspended":
                raise self._wrong_status(job)
            job.suspended = None
            self._make_ready(job)
        else:
            if job.status in FINAL or job.status in ("Cancelling", "Failing", "Completing"):
                raise self._wrong_status(job)
            job.status = "Cancelling"
            self.later(self.limits.duration("job-step"), "finish_cancelling", id=job.id)
        job.reason = StatusUpdateReason
        return {"JobId": JobId, "Status": job.status, "StatusUpdateReason": StatusUpdateReason}

    def _wrong_status(self, job: Job) -> AWSError:
        return self.error("JobStatusException", f"The job is {job.status}; its status does not allow this request.")

    def _job(self, account: str, id: str) -> Job:
        self.own(account)
        found: Job = self.jobs[id]
        return found

    # --- tags

    def put_job_tagging(self, AccountId: str, JobId: str, Tags: Iterable[Mapping[str, str]]) -> dict[str, Any]:
        job = self._job(AccountId, JobId)
        job.tags = self.tagged({}, Tags, "job-tags")
        return {}

    def get_job_tagging(self, AccountId: str, JobId: str) -> dict[str, Any]:
        return {"Tags": self._job(AccountId, JobId).tags.as_list()}

    def delete_job_tagging(self, AccountId: str, JobId: str) -> dict[str, Any]:
        self._job(AccountId, JobId).tags = TagMap()
        return {}

    def condition_value(self, key: str, resource: str) -> Any:
        if key == "s3:requestjoboperation":
            return next(iter(self.request.params.get("Operation") or ()), None)
        job: Job | None = self.jobs.get(resource.rpartition("job/")[2])
        if job is None:
            return None
        if key == "s3:existingjobpriority":
            return job.priority
        if key == "s3:existingjoboperation":
            return job.operation[0]
        if key == "s3:jobsuspendedcause":
            return None if job.suspended is None else "AwaitingConfirmation"
        return None

    # --- getting ready (scheduled)

    def prepare_job(self, id: str) -> None:
        job = self._at(id, "New")
        if job is not None:
            job.status = "Preparing"
            self.later(self.limits.duration("job-preparing"), "read_manifest", id=id)

    def read_manifest(self, id: str) -> None:
        job = self._at(id, "Preparing")
        if job is None:
            return
        try:
            self._assume(job)
            job.tasks = tuple(self._listed(job))
        except Refusal as refusal:
            self._fail(job, refusal)
            return
        if job.told["ConfirmationRequired"]:
            job.status = "Suspended"
            job.suspended = self.clock.time()
            wait = self.limits["job-confirmation"]
            if wait is not None:
                self.later(wait, "expire_confirmation", id=id)
        else:
            self._make_ready(job)

    def expire_confirmation(self, id: str) -> None:
        job = self._at(id, "Suspended")
        if job is not None:
            self._fail(job, Refusal("ConfirmationTimeout", "The job was not confirmed in time."))

    def _make_ready(self, job: Job) -> None:
        job.status = "Ready"
        self.later(self.limits.duration("job-start"), "start_job")

    def _assume(self, job: Job) -> None:
        """Refuse a role that S3 Batch Operations may not take on."""
        if self.cloud.authorization is None:
            return
        try:
            self.call(
                "sts",
                "AssumeRole",
                as_=_PRINCIPAL,
                source_arn_=job.arn,
                RoleArn=job.role,
                RoleSessionName=f"s3-batch-operations_{job.id}",
            )
        except AWSError as error:
            raise Refusal("AccessDenied", f"S3 Batch Operations can't assume the role: {error.message}") from None

    def _s3(self, job: Job, operation: str, **params: Any) -> dict[str, Any]:
        """An answer of S3 to the job's role."""
        return self.call("s3", operation, as_=self._caller_of(job), **params)

    def _caller_of(self, job: Job) -> Caller:
        """The job's role, which `_assume` has found to trust S3 Batch Operations."""
        return principal(job.role, self.account)

    def _read(self, job: Job, bucket: str, key: str, version: str | None = None) -> tuple[bytes, str]:
        """(content, ETag) of an object that says what the job is to do."""
        more = {"VersionId": version} if version else {}
        try:
            found = self._s3(job, "GetObject", Bucket=bucket, Key=key, **more)
        except AWSError as error:
            raise Refusal(error.code, f"Reading the manifest failed: {error.message}") from None
        body = found["Body"]
        data = body if isinstance(body, bytes) else body.read() if hasattr(body, "read") else b"".join(body)
        return data, found["ETag"]

    def _listed(self, job: Job) -> list[Task]:
        manifest = job.told["Manifest"]
        if manifest is None:
            return self._generated(job)
        where, spec = manifest["Location"], manifest["Spec"]
        bucket, key = manifests.location(where["ObjectArn"])
        data, etag = self._read(job, bucket, key, where.get("ObjectVersionId"))
        if etag.strip('"') != where["ETag"].strip('"'):
            raise Refusal("ETagMismatch", "The ETag of the manifest is not the one that was specified.")
        if spec["Format"] == _CSV:
            try:
                return manifests.tasks(data.decode(), spec["Fields"])
            except UnicodeDecodeError:
                raise Refusal("InvalidManifest", "The manifest is not encoded in UTF-8.") from None
        bucket, keys, columns = manifests.inventory(data)
        return [
            task
            for each in keys
            for task in manifests.tasks(manifests.opened(self._read(job, bucket, each)[0]), columns)
        ]

    def _generated(self, job: Job) -> list[Task]:
        generator = job.told["ManifestGenerator"]["S3JobManifestGenerator"]
        name = generator["SourceBucket"].rpartition(":")[2]
        bucket = self.s3.buckets.get(name)
        owner = generator.get("ExpectedBucketOwner")
        if bucket is None:
            raise Refusal("NoSuchBucket", "The specified bucket does not exist")
        if owner is not None and owner != bucket.account:
            raise Refusal("AccessDenied", "The source bucket is not owned by the expected account.")
        filter = dict(generator.get("Filter") or {})
        listed = [Task(*each) for each in self.s3.batch_listing(name, filter)]
        if not listed:
            raise Refusal("NoObjectsFound", "No objects match the filter of the manifest generator.")
        if generator["EnableManifestOutput"]:
            self._write_manifest(job, generator, listed)
        return listed

    def _write_manifest(self, job: Job, generator: Mapping[str, Any], listed: Sequence[Task]) -> None:
        where = generator.get("ManifestOutputLocation")
        if where is None:
            raise Refusal("InvalidRequest", "The generated manifest has nowhere to go.")
        bucket = where["Bucket"].rpartition(":")[2]
        prefix = f"{where['ManifestPrefix']}/" if where.get("ManifestPrefix") else ""
        more: dict[str, Any] = {}
        encryption = where.get("ManifestEncryption") or {}
        if encryption.get("SSEKMS") is not None:
            more = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption["SSEKMS"]["KeyId"]}
        if where.get("ExpectedManifestBucketOwner") is not None:
            more["ExpectedBucketOwner"] = where["ExpectedManifestBucketOwner"]
        key = f"{prefix}job-{job.id}/manifest.csv"
        try:
            written = self._s3(job, "PutObject", Bucket=bucket, Key=key, Body=manifests.written(listed), **more)
        except AWSError as error:
            raise Refusal(error.code, f"Writing the manifest failed: {error.message}") from None
        job.manifest = {
            "Format": manifests.GENERATED,
            "Location": {
                "ObjectArn": f"{where['Bucket']}/{key}",
                "ObjectVersionId": written.get("VersionId"),
                "ETag": written["ETag"],
            },
        }

    # --- at work (scheduled)

    def start_job(self) -> None:
        """Of the jobs that are ready, the one of the highest priority starts."""
        ready = [job for job in self.jobs if job.status == "Ready"]
        if not ready:
            return
        job: Job = max(ready, key=lambda each: each.priority)
        job.status = "Active"
        job.activated = self.clock.time()
        self.later(self.limits.duration("job-step"), "work_on", id=job.id)

    def work_on(self, id: str) -> None:
        """Do as many tasks as it takes to see whether too many fail, and go on later."""
        job = self._at(id, "Active")
        if job is None:
            return
        tasks = job.tasks or ()
        done = len(job.outcomes)
        for task in tasks[done : done + int(self.limits["job-step-tasks"])]:
            job.keep(self._do(job, task))
            if self._fails_too_often(job):
                share = int(self.limits["job-failure-share"])
                self._fail(job, Refusal("JobFailureRateExceeded", f"More than {share} % of the tasks failed."))
                return
        if len(job.outcomes) < len(tasks):
            self.later(self.limits.duration("job-step"), "work_on", id=id)
            return
        job.status = "Completing"
        self.later(self.limits.duration("job-step"), "complete_job", id=id)

    def _fails_too_often(self, job: Job) -> bool:
        after, share = self.limits["job-failure-after"], self.limits["job-failure-share"]
        done = len(job.outcomes)
        return after is not None and share is not None and done >= after and job.failed * 100 > share * done

    def _do(self, job: Job, task: Task) -> Outcome:
        name, settings = job.operation
        if name == doing.LAMBDA:
            outcome = self._invoke(job, settings, task)
            # What failed for a while only is tried again.
            return self._invoke(job, settings, task) if outcome.code == _TEMPORARY else outcome
        try:
            if name == doing.REPLICATE:
                self.s3.replicate_existing(task.bucket, task.key, task.version, job.role)
            else:
                call = doing.call_for(name, settings, task)
                assert call is not None
                operation, params = call
                self._s3(job, operation, **params)
        except AWSError as error:
            return Outcome(task, error.status or 400, error.code, error.message)
        return Outcome(task, 200, "", "Successful")

    def _invoke(self, job: Job, settings: Mapping[str, Any], task: Task) -> Outcome:
        arn = settings["FunctionArn"]
        schema = settings.get("InvocationSchemaVersion") or "1.0"
        newer = schema != "1.0"
        id = self.ids.text("task", 60, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        told: dict[str, Any] = {"id": job.id}
        if newer and settings.get("UserArguments"):
            told["userArguments"] = dict(settings["UserArguments"])
        bucket = {"s3Bucket": task.bucket} if newer else {"s3BucketArn": f"arn:{self.partition}:s3:::{task.bucket}"}
        event = {
            "invocationSchemaVersion": schema,
            "invocationId": self.ids.text("invocation", 60),
            "job": told,
            "tasks": [
                {
                    "taskId": id,
                    "s3Key": task.key if newer else quote(task.key, safe="/-_.*"),
                    "s3VersionId": task.version or None,
                    **bucket,
                }
            ],
        }
        try:
            answer = self.call(
                "lambda",
                "Invoke",
                as_=self._caller_of(job),
                region_=arn.split(":")[3],
                account_=arn.split(":")[4],
                FunctionName=arn,
                Payload=json.dumps(event).encode(),
            )
            payload = answer.get("Payload") or b""
            text = payload if isinstance(payload, bytes) else payload.read()
            if answer.get("FunctionError"):
                return Outcome(task, 200, _PERMANENT, f"Lambda returned function error: {text.decode()}")
            said = json.loads(text)
            result = next(each for each in said["results"] if each["taskId"] == id)
            code, message = result["resultCode"], str(result.get("resultString") or "")
        except AWSError as error:
            return Outcome(task, error.status or 400, error.code, error.message)
        except (ValueError, RecursionError, KeyError, TypeError, StopIteration):
            return Outcome(task, 200, _PERMANENT, "Lambda returned a response that is not of the expected schema.")
        if code == "Succeeded":
            return Outcome(task, 200, "", message)
        return Outcome(task, 200, code if code in (_TEMPORARY, _PERMANENT) else _PERMANENT, message)

    # --- the end (scheduled)

    def complete_job(self, id: str) -> None:
        job = self._at(id, "Completing")
        if job is None:
            return
        try:
            self._report(job)
        except Refusal as refusal:
            self._end(job, "Failed", refusal)
        else:
            self._end(job, "Complete")

    def finish_cancelling(self, id: str) -> None:
        job = self._at(id, "Cancelling")
        if job is not None:
            self._report_anyhow(job)
            self._end(job, "Cancelled")

    def _fail(self, job: Job, refusal: Refusal) -> None:
        job.status = "Failing"
        self._report_anyhow(job)
        self._end(job, "Failed", refusal)

    def _report_anyhow(self, job: Job) -> None:
        """A report of what was done, of a job that ends badly whether or not there is one."""
        if not job.outcomes:
            return
        try:
            self._report(job)
        except Refusal:
            return

    def _end(self, job: Job, status: str, refusal: Refusal | None = None) -> None:
        job.status = status
        job.suspended = None
        job.ended = self.clock.time()
        if refusal is not None:
            job.failures = ({"FailureCode": refusal.code, "FailureReason": refusal.reason},)
        kept = self.limits["job-retention"]
        if kept is not None:
            self.later(kept, "forget_job", id=job.id)

    def forget_job(self, id: str) -> None:
        if id in self.jobs:
            self.jobs.remove(id)

    def _report(self, job: Job) -> None:
        wanted = job.told["Report"]
        if not wanted["Enabled"]:
            return
        bucket = wanted["Bucket"].rpartition(":")[2]
        prefix = f"{wanted['Prefix'].rstrip('/')}/" if wanted.get("Prefix") else ""
        failed_only = wanted["ReportScope"] == "FailedTasksOnly"
        owner = wanted.get("ExpectedBucketOwner")
        more = {"ExpectedBucketOwner": owner} if owner else {}
        files = reports.files(f"{prefix}job-{job.id}", bucket, job.outcomes, failed_only, self.clock.time())
        for key, data in files.items():
            try:
                self._s3(job, "PutObject", Bucket=bucket, Key=key, Body=data, **more)
            except AWSError as error:
                raise Refusal(error.code, f"Writing the report failed: {error.message}") from None

    def _at(self, id: str, status: str) -> Job | None:
        """The job, if it is still where scheduled work expects it."""
        job: Job | None = self.jobs.get(id)
        return job if job is not None and job.status == status else None
