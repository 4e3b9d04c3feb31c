"""Export tasks: events of a group, packed into objects of a bucket.

Source: CloudWatch Logs User Guide, "Exporting log data to Amazon S3"; API Reference, CreateExportTask.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.logs.group import LogGroup, LogStream, Stored, between, first_id
from awsim.services.logs.operations.resource_policies import ResourcePolicyOperations
from awsim.services.logs.refusals import invalid, missing
from awsim.state import Dict, Entity, Lifecycle

_PREFIX = "exportedlogs"
_ACTIVE = ("PENDING", "RUNNING", "PENDING_CANCEL")
_MESSAGES = {
    "PENDING": "Task is pending",
    "RUNNING": "Started Successfully",
    "COMPLETED": "Completed successfully",
    "CANCELLED": "Task cancelled",
    "PENDING_CANCEL": "Task is being cancelled",
    "FAILED": "FAILED",
}


class ExportTask(Entity):
    """`request`: what the caller gave; `number`: which task of the account it is."""

    __slots__ = ("created", "ended", "id", "job", "lifecycle", "number", "request")

    def __init__(self, id: str, number: int, created: int, request: dict[str, Any], lifecycle: Lifecycle) -> None:
        self.id = id
        self.number = number
        self.created = created
        self.request = request
        self.lifecycle = lifecycle
        self.ended: int | None = None
        self.job: int | None = None

    @property
    def status(self) -> str:
        return self.lifecycle.state

    def described(self) -> dict[str, Any]:
        return {
            "taskId": self.id,
            **{name: value for name, value in self.request.items() if value is not None},
            "status": {"code": self.status, "message": _MESSAGES[self.status]},
            "executionInfo": {
                "creationTime": self.created,
                "completionTime": self.ended if self.status not in _ACTIVE else None,
            },
        }


class ExportOperations(ResourcePolicyOperations):
    def setup(self) -> None:
        super().setup()
        self.exports = Dict()  # id -> ExportTask

    def create_export_task(
        self,
        logGroupName: str,
        to: int,
        destination: str,
        taskName: str | None = None,
        logStreamNamePrefix: str | None = None,
        destinationPrefix: str | None = None,
        **times: int,
    ) -> dict[str, Any]:
        # `from`, which no parameter of Python can be called.
        start = times["from"]
        group = self.standard(self.group(logGroupName))
        if start >= to:
            raise invalid("The specified time range is not valid: from has to be before to.")
        if to < group.created:
            raise invalid("The specified time range is not valid: to is earlier than the creation of the log group.")
        self.limits.quota("export-tasks", sum(task.status in _ACTIVE for task in self.exports.values()))
        prefix = destinationPrefix or _PREFIX
        self._check_bucket(group, destination, prefix)
        request = {
            "taskName": taskName,
            "logGroupName": logGroupName,
            "from": start,
            "to": to,
            "destination": destination,
            "destinationPrefix": prefix,
        }
        steps = [("PENDING", "export-pending"), ("RUNNING", "export-running"), ("COMPLETED", None)]
        number = len(self.exports) + 1
        task = ExportTask(self.ids.uuid("export"), number, self.now, request, Lifecycle(self, steps))
        self.exports[task.id] = task
        seconds = self.limits.duration("export-pending") + self.limits.duration("export-running")
        task.job = self.later(seconds, "_export", id=task.id, created=group.created, streams=logStreamNamePrefix)
        return {"taskId": task.id}

    def _check_bucket(self, group: LogGroup, bucket: str, prefix: str) -> None:
        try:
            self._s3("GetBucketAcl", group, Bucket=bucket)
        except AWSError as error:
            if error.code == "NoSuchBucket":
                raise invalid("The given bucket does not exist. Please provide a valid bucket.") from None
            raise _ungranted("GetBucketAcl") from None
        if self.cloud.authorization is not None and not self._has_policy(bucket):
            raise _ungranted("GetBucketAcl")
        try:
            body = b"Permission Check Successful"
            self._put(group, bucket, f"{prefix}/aws-logs-write-test", body)
        except AWSError:
            raise _ungranted("PutObject") from None

    def _has_policy(self, bucket: str) -> bool:
        """Whether a bucket has a policy: what says nothing of CloudWatch Logs does not let it in."""
        try:
            self.call("s3", "GetBucketPolicy", as_=administrator(self.account), Bucket=bucket)
        except AWSError as error:
            return error.code != "NoSuchBucketPolicy"
        return True

    def _s3(self, operation: str, group: LogGroup, **parameters: Any) -> dict[str, Any]:
        return self.call("s3", operation, as_=self.principal, source_arn_=f"{group.arn}:*", **parameters)

    def _put(self, group: LogGroup, bucket: str, key: str, body: bytes) -> None:
        self._s3("PutObject", group, Bucket=bucket, Key=key, Body=body, ACL="bucket-owner-full-control")

    def _export(self, id: str, created: int, streams: str | None) -> None:
        """Write what a task is to export."""
        task: ExportTask = self.exports[id]
        request = task.request
        group: LogGroup | None = self.groups.get(request["logGroupName"])
        task.ended = self.now
        if group is None or group.created != created:
            task.lifecycle = Lifecycle.settled(self, "FAILED")
            return
        # What came in of late may not be there yet.
        latest = task.created - int(self.limits.lag("export-data") * 1000)
        low, high = first_id(max(request["from"], self.cutoff(group))), first_id(request["to"] + 1)
        try:
            for name in group.streams.irange(streams, None):
                if not name.startswith(streams or ""):
                    break
                stream: LogStream = group.streams[name]
                events = [each for each in between(stream.events, low, high) if each.event.ingested <= latest]
                self.unseal(group, (each.event for each in events))
                for number, part in enumerate(self._parts(events)):
                    place = f"{request['destinationPrefix']}/{task.id}/{name.replace('/', '-')}/{number:06d}.gz"
                    self._put(group, request["destination"], place, part)
        except AWSError:
            task.lifecycle = Lifecycle.settled(self, "FAILED")

    def _parts(self, events: list[Stored]) -> Iterator[bytes]:
        """Lines of events, packed, in objects of limited size."""
        most = self.limits["export-part"]
        lines: list[bytes] = []
        size = 0
        for _, event in events:
            if lines and size > most:
                yield gzip.compress(b"".join(lines), mtime=0)
                lines, size = [], 0
            moment = datetime.fromtimestamp(event.timestamp / 1000, UTC).isoformat(timespec="milliseconds")
            lines.append(f"{moment.replace('+00:00', 'Z')} {event.shown()}\n".encode())
            size += len(lines[-1])
        if lines:
            yield gzip.compress(b"".join(lines), mtime=0)

    def describe_export_tasks(
        self,
        taskId: str | None = None,
        statusCode: str | None = None,
        nextToken: str | None = None,
        limit: int | None = None,
    ) -> dict[str, Any]:
        if taskId is not None and statusCode is not None:
            raise invalid("taskId and statusCode are mutually exclusive parameters.")
        found = [
            task for task in self.exports.values() if taskId in (None, task.id) and statusCode in (None, task.status)
        ]
        # The latest first.
        return self.listing(
            "exportTasks", found, ExportTask.described, lambda task: f"{10**9 - task.number}", nextToken, limit
        )

    def cancel_export_task(self, taskId: str) -> None:
        task: ExportTask | None = self.exports.get(taskId)
        if task is None:
            raise missing("The specified export task does not exist.")
        if task.status not in ("PENDING", "RUNNING"):
            raise AWSError("InvalidOperationException", "The specified export task has already finished.")
        if task.job is not None:
            self.cancel(task.job)
        task.lifecycle = Lifecycle(self, [("PENDING_CANCEL", "export-cancel"), ("CANCELLED", None)])
        task.ended = self.now


def _ungranted(operation: str) -> AWSError:
    return invalid(
        f"{operation} call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to "
        "perform this operation."
    )
