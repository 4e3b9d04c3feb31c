"""What actions do: sources, deployments and functions as the pipeline's role, approvals, and jobs for others.

Sources: CodePipeline User Guide, "Action structure reference" (S3 source and deploy actions, Lambda, manual approval),
"Invoke an AWS Lambda function in a pipeline", "Working with custom actions".
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from awsim.auth.credentials import principal
from awsim.errors import AWSError
from awsim.services.codepipeline.records import IN_PROGRESS, SUCCEEDED, ActionRun, Execution, Job, Pipeline
from awsim.services.codepipeline.running import Running

_HEX = "0123456789abcdef"


class Refused(Exception):
    """An action cannot be done: code and message of its error details."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Actions(Running):
    def _perform(self, pipeline: str, execution: str, action: str) -> None:
        found = self._found(pipeline, execution)
        run = next((one for one in found[1].runs() if one.id == action), None) if found is not None else None
        if found is None or run is None or run.status != IN_PROGRESS:
            return
        line, whole = found
        category, owner, provider, _ = run.type
        minutes = run.action.get("timeoutInMinutes")
        seconds = (
            minutes * 60 if minutes else self.limits["approval-time" if category == "Approval" else "action-timeout"]
        )
        work = {"pipeline": pipeline, "execution": execution, "action": action}
        run.timeout = self.later(seconds, "_time_out", **work)
        perform = _PERFORMERS.get((category, owner, provider), _give_out if owner == "Custom" else _not_here)
        try:
            if perform(self, line, whole, run):
                self.finish(line, whole, run, SUCCEEDED)
        except Refused as refused:
            self.failed(line, whole, run, refused.code, str(refused))
        except AWSError as error:
            self.failed(line, whole, run, *_told(error, run))

    def _time_out(self, pipeline: str, execution: str, action: str) -> None:
        found = self._found(pipeline, execution)
        run = next((one for one in found[1].runs() if one.id == action), None) if found is not None else None
        if found is not None and run is not None and run.status == IN_PROGRESS:
            run.timeout = None
            self.failed(*found, run, "JobFailed", f"The action '{run.name}' has timed out")

    def as_role(
        self, run: Execution, action: ActionRun, service: str, operation: str, **parameters: Any
    ) -> dict[str, Any]:
        """A call as the role of an action, or else of its pipeline."""
        role = action.action.get("roleArn") or run.declaration["roleArn"]
        region = action.action.get("region") or self.region
        return self.call(service, operation, as_=role, source_arn_=self.arn(run.pipeline), region_=region, **parameters)

    def put_artifact(self, run: Execution, action: ActionRun, artifact: Mapping[str, Any], body: bytes) -> None:
        """Into the pipeline's bucket, encrypted with its key if it has one."""
        encryption: dict[str, Any] = {}
        key = self.store_of(run, action.action).get("encryptionKey")
        if key:
            encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["id"]}
        self.as_role(
            run, action, "s3", "PutObject", Bucket=artifact["bucket"], Key=artifact["key"], Body=body, **encryption
        )

    def artifact(self, run: Execution, action: ActionRun, artifact: Mapping[str, Any]) -> bytes:
        found = self.as_role(run, action, "s3", "GetObject", Bucket=artifact["bucket"], Key=artifact["key"])
        return _bytes(found["Body"])

    # --- jobs

    def new_job(self, run: Execution, action: ActionRun) -> Job:
        job = Job(self.ids.uuid("job"), str(len(self.jobs) + 1), run.pipeline, run.id, action)
        role = principal(action.action.get("roleArn") or run.declaration["roleArn"], self.account)
        keys = self.cloud.credentials(role.arn)
        job.secret = {
            "accessKeyId": keys["aws_access_key_id"],
            "secretAccessKey": keys["aws_secret_access_key"],
            "sessionToken": self.ids.text("session-token", 64, _HEX),
        }
        self.jobs[job.id] = job
        return job

    def job_data(self, job: Job) -> dict[str, Any]:
        """What somebody needs to know to do a job."""
        action = job.run
        category, owner, provider, version = action.type
        found = self._found(job.pipeline, job.execution)
        data: dict[str, Any] = {
            "actionTypeId": {"category": category, "owner": owner, "provider": provider, "version": version},
            "actionConfiguration": {"configuration": dict(action.configuration)},
            "pipelineContext": {
                "pipelineName": job.pipeline,
                "stage": {"name": action.stage},
                "action": {"name": action.name, "actionExecutionId": action.id},
                "pipelineArn": self.arn(job.pipeline),
                "pipelineExecutionId": job.execution,
            },
            "inputArtifacts": [_location(one) for one in action.inputs],
            "outputArtifacts": [_location(one) for one in action.outputs],
            "artifactCredentials": dict(job.secret),
            "continuationToken": job.continuation,
        }
        key = self.store_of(found[1], action.action).get("encryptionKey") if found is not None else None
        if key:
            data["encryptionKey"] = key
        return data


def _location(artifact: Mapping[str, Any]) -> dict[str, Any]:
    where = {"bucketName": artifact["bucket"], "objectKey": artifact["key"]}
    return {
        "name": artifact["name"],
        "revision": artifact.get("revision"),
        "location": {"type": "S3", "s3Location": where},
    }


def _told(error: AWSError, action: ActionRun) -> tuple[str, str]:
    """Error details of an action that AWS has refused something."""
    if error.code in ("AccessDenied", "AccessDeniedException", "403"):
        message = (
            "The provided role does not have sufficient permissions to access what the action "
            f"'{action.name}' needs: {error.message}"
        )
        return "PermissionError", message
    if error.code == "NotImplemented":
        return "SystemUnavailable", error.message
    return "ConfigurationError", f"{error.code}: {error.message}"


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return bytes(body.read()) if hasattr(body, "read") else b"".join(body)


# --- sources


def _from_s3(pipelines: Actions, line: Pipeline, run: Execution, action: ActionRun) -> bool:
    """Take the object as it is into the pipeline's bucket; the source's has to keep versions."""
    bucket, key = action.configuration["S3Bucket"], action.configuration["S3ObjectKey"]
    override = run.overrides.get(action.name) or {}
    if override.get("revisionType") == "S3_OBJECT_KEY":
        key = override["revisionValue"]
    version = override["revisionValue"] if override.get("revisionType") == "S3_OBJECT_VERSION_ID" else None
    versioning = pipelines.as_role(run, action, "s3", "GetBucketVersioning", Bucket=bucket).get("Status")
    if versioning != "Enabled":
        raise Refused("ConfigurationError", f"The bucket named {bucket} must have versioning enabled")
    asked = {"VersionId": version} if version else {}
    try:
        found = pipelines.as_role(run, action, "s3", "GetObject", Bucket=bucket, Key=key, **asked)
    except AWSError as error:
        if error.code in ("NoSuchKey", "NoSuchVersion"):
            message = f"The object with key '{key}' does not exist in the bucket '{bucket}'"
            raise Refused("RevisionUnavailable", message) from None
        raise
    body, etag, version_id = _bytes(found["Body"]), str(found["ETag"]).strip('"'), found.get("VersionId")
    revision = version_id or etag
    (output,) = action.outputs
    action.outputs = [{**output, "revision": revision}]
    pipelines.put_artifact(run, action, output, body)
    action.summary = f"Amazon S3 version id: {revision}"
    action.external = revision
    action.variables = {"ETag": etag, "VersionId": str(revision), "BucketName": bucket, "ObjectKey": key}
    line.revisions[action.name] = revision
    run.revisions = [
        *run.revisions,
        {
            "artifact": output["name"],
            "actionName": action.name,
            "revisionId": revision,
            "revisionSummary": action.summary,
            "revisionUrl": f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={key}",
        },
    ]
    return True


# --- deployments


def _to_s3(pipelines: Actions, line: Pipeline, run: Execution, action: ActionRun) -> bool:
    """Put the artifact, or the files in it, into a bucket."""
    given = action.configuration
    body = pipelines.artifact(run, action, action.inputs[0])
    more: dict[str, Any] = {}
    if given.get("CannedACL"):
        more["ACL"] = given["CannedACL"]
    if given.get("CacheControl"):
        more["CacheControl"] = given["CacheControl"]
    key = given.get("ObjectKey") or ""
    files: dict[str, bytes] = {}
    if str(given["Extract"]).lower() == "true":
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                for name in archive.namelist():
                    if not name.endswith("/"):
                        files[f"{key.rstrip('/')}/{name}" if key else name] = archive.read(name)
        except zipfile.BadZipFile:
            raise Refused(
                "ConfigurationError", "The input artifact is not a ZIP file and cannot be extracted"
            ) from None
    elif not key:
        raise Refused("ConfigurationError", "An object key is needed where the artifact is not extracted")
    else:
        files[key] = body
    for name, content in files.items():
        pipelines.as_role(run, action, "s3", "PutObject", Bucket=given["BucketName"], Key=name, Body=content, **more)
    action.summary = "Deployment Succeeded"
    return True


# --- functions


def _invoke_function(pipelines: Actions, line: Pipeline, run: Execution, action: ActionRun) -> bool:
    """Invoke a function, which answers with PutJobSuccessResult or PutJobFailureResult."""
    job = pipelines.new_job(run, action)
    job.status = IN_PROGRESS
    data = pipelines.job_data(job)
    for name in ("actionTypeId", "pipelineContext"):
        del data[name]
    if data["continuationToken"] is None:
        del data["continuationToken"]
    event = {"CodePipeline.job": {"id": job.id, "accountId": pipelines.account, "data": data}}
    pipelines.as_role(
        run,
        action,
        "lambda",
        "Invoke",
        FunctionName=action.configuration["FunctionName"],
        InvocationType="Event",
        Payload=json.dumps(event).encode(),
    )
    return False


# --- approvals


def _ask_for_approval(pipelines: Actions, line: Pipeline, run: Execution, action: ActionRun) -> bool:
    """Hold the pipeline until somebody decides, and tell a topic of it."""
    action.token = pipelines.ids.uuid("approval")
    topic = action.configuration.get("NotificationArn")
    if not topic:
        return False
    now, region = pipelines.clock.now(), pipelines.region
    console = f"https://console.aws.amazon.com/codesuite/codepipeline/pipelines/{line.name}/view?region={region}"
    approval = {
        "pipelineName": line.name,
        "stageName": action.stage,
        "actionName": action.name,
        "token": action.token,
        "expires": f"{now.timestamp() + pipelines.limits['approval-time']:.0f}",
        "externalEntityLink": action.configuration.get("ExternalEntityLink"),
        "approvalReviewLink": f"{console}#/{action.stage}/{action.name}/approve/{action.token}",
        "customData": action.configuration.get("CustomData"),
    }
    told = {"region": region, "consoleLink": console, "approval": approval}
    subject = f"APPROVAL NEEDED: AWS CodePipeline {line.name} for action {action.name}"
    pipelines.as_role(run, action, "sns", "Publish", TopicArn=topic, Message=json.dumps(told), Subject=subject[:100])
    return False


# --- others


def _give_out(pipelines: Actions, line: Pipeline, run: Execution, action: ActionRun) -> bool:
    """A job for whoever polls for it."""
    pipelines.new_job(run, action)
    return False


def _start_build(pipelines: Actions, line: Pipeline, run: Execution, action: ActionRun) -> bool:
    project = action.configuration["ProjectName"]
    found = pipelines.as_role(run, action, "codebuild", "StartBuild", projectName=project)
    action.external = found["build"]["id"]
    return _not_here(pipelines, line, run, action)


def _not_here(pipelines: Actions, line: Pipeline, run: Execution, action: ActionRun) -> bool:
    category, owner, provider, _ = action.type
    raise Refused("SystemUnavailable", f"awsim does not model {category} actions of the provider {provider} ({owner})")


_Performer = Callable[[Actions, Pipeline, Execution, ActionRun], bool]
# What each does; whether it is done with that, or somebody will say so.
_PERFORMERS: Mapping[tuple[str, str, str], _Performer] = {
    ("Source", "AWS", "S3"): _from_s3,
    ("Deploy", "AWS", "S3"): _to_s3,
    ("Invoke", "AWS", "Lambda"): _invoke_function,
    ("Approval", "AWS", "Manual"): _ask_for_approval,
    ("Build", "AWS", "CodeBuild"): _start_build,
    ("Test", "AWS", "CodeBuild"): _start_build,
}
