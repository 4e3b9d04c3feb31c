"""Server access logs: a line for every request on a bucket, written as objects into another (or the same) one.

Sources: S3 User Guide, "Logging requests with server access logging" and "Amazon S3 server access log format".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from awsim.auth.credentials import Caller, parse_authorization
from awsim.services.s3 import acl, metrics
from awsim.services.s3.acl import LOGGING
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.reports import Reports
from awsim.services.s3.versions import Version
from awsim.state import Dict, List
from awsim.wire.rest_xml import host_id

if TYPE_CHECKING:
    from awsim.gateway.call import Call
    from awsim.metering import Level

_ADDRESS = "127.0.0.1"
# What a key in a log keeps as it is.
_SAFE = "/-_.~!*'()"
# How often a run that varies AWS's decisions has a record that never arrives.
_LOSS_ODDS = 0.005
_UNIQUE = "0123456789ABCDEF"
_SIGNATURES = {
    "v4": ("SigV4", "AuthHeader"),
    "v4-query": ("SigV4", "QueryString"),
    "v4a": ("SigV4A", "AuthHeader"),
    "v4a-query": ("SigV4A", "QueryString"),
    "v2": ("SigV2", "AuthHeader"),
    "v2-query": ("SigV2", "QueryString"),
}
# What of TLS a client of today agrees on with S3.
_CIPHER, _TLS = "TLS_AES_128_GCM_SHA256", "TLSv1.3"
# Operation -> its name in logs, where it does not follow from method and resource.
_OPERATIONS = {
    "CopyObject": "REST.COPY.OBJECT",
    "UploadPartCopy": "REST.COPY.PART",
    "UploadPart": "REST.PUT.PART",
    "CreateMultipartUpload": "REST.POST.UPLOADS",
    "CompleteMultipartUpload": "REST.POST.UPLOAD",
    "AbortMultipartUpload": "REST.DELETE.UPLOAD",
    "ListParts": "REST.GET.UPLOAD",
    "ListMultipartUploads": "REST.GET.UPLOADS",
    "ListObjectVersions": "REST.GET.BUCKETVERSIONS",
    "DeleteObjects": "REST.POST.MULTI_OBJECT_DELETE",
    "GetBucketLocation": "REST.GET.LOCATION",
    "GetBucketPolicyStatus": "REST.GET.POLICY_STATUS",
    "GetObjectAttributes": "REST.GET.OBJECT_ATTRIBUTES",
    "RestoreObject": "REST.POST.RESTORE",
    "SelectObjectContent": "REST.POST.SELECT",
    "OptionsObject": "REST.OPTIONS.PREFLIGHT",
    "PostObject": "REST.POST.OBJECT",
}
# What S3 does by itself -> its name in logs; a transition's goes by the class it leads to.
_OWN_WORK = {
    "LifecycleExpiration:Delete": "S3.EXPIRE.OBJECT",
    "LifecycleExpiration:DeleteMarkerCreated": "S3.CREATE.DELETEMARKER",
}
_TRANSITIONS = {
    "STANDARD_IA": "S3.TRANSITION_SIA.OBJECT",
    "ONEZONE_IA": "S3.TRANSITION_ZIA.OBJECT",
    "INTELLIGENT_TIERING": "S3.TRANSITION_INT.OBJECT",
    "GLACIER_IR": "S3.TRANSITION_GIR.OBJECT",
    "GLACIER": "S3.TRANSITION.OBJECT",
    "DEEP_ARCHIVE": "S3.TRANSITION_GDA.OBJECT",
}
# Part of an operation's name -> the resource of its name in logs.
_RESOURCES = (
    ("BucketLogging", "LOGGING_STATUS"),
    ("BucketPolicy", "BUCKETPOLICY"),
    ("BucketVersioning", "VERSIONING"),
    ("BucketNotification", "NOTIFICATION"),
    ("BucketLifecycle", "LIFECYCLE"),
    ("BucketReplication", "REPLICATION"),
    ("BucketRequestPayment", "REQUEST_PAYMENT"),
    ("BucketAccelerate", "ACCELERATE"),
    ("BucketEncryption", "ENCRYPTION"),
    ("BucketWebsite", "WEBSITE"),
    ("BucketCors", "CORS"),
    ("Inventory", "INVENTORY"),
    ("Analytics", "ANALYTICS"),
    ("Metrics", "METRICS"),
    ("IntelligentTiering", "INTELLIGENT_TIERING"),
    ("OwnershipControls", "OWNERSHIP_CONTROLS"),
    ("PublicAccessBlock", "PUBLIC_ACCESS_BLOCK"),
    ("ObjectLockConfiguration", "OBJECT_LOCK_CONFIGURATION"),
    ("ObjectRetention", "OBJECT_LOCK_RETENTION"),
    ("ObjectLegalHold", "OBJECT_LOCK_LEGALHOLD"),
    ("ObjectTagging", "OBJECT_TAGGING"),
    ("Tagging", "TAGGING"),
    ("ObjectTorrent", "TORRENT"),
    ("Acl", "ACL"),
)


class AccessLogs(Reports):
    watchful = True
    shows = frozenset({"AWS/S3"})

    def setup(self) -> None:
        super().setup()
        self.log_lines = Dict()  # bucket -> lines that wait to be delivered, as (time, line)
        self.logs_due = Dict()  # bucket -> when they are

    def levels(self) -> Iterator[Level]:
        for bucket in self.buckets.values():
            yield from metrics.levels(bucket)

    # --- configuring

    def check_logging(self, bucket: Bucket, enabled: Mapping[str, Any]) -> None:
        """Refuse a target that is not there, not the owner's, in another region, or has lists that keep S3 out."""
        form = enabled.get("TargetObjectKeyFormat") or {}
        if form.get("SimplePrefix") is not None and form.get("PartitionedPrefix") is not None:
            raise self.malformed_xml()
        name = enabled["TargetBucket"]
        target = self.buckets.get(name)
        problem = None
        if target is None:
            problem = "The target bucket for logging does not exist"
        elif target.account != bucket.account:
            problem = "The owner for the bucket to be logged and the target bucket must be the same."
        elif target.region != bucket.region:
            raise self.error(
                "CrossLocationLoggingProhibitted",
                TargetBucketLocation=target.region,
                SourceBucketLocation=bucket.region,
            )
        elif target.ownership != "BucketOwnerEnforced" and not self._takes_logs(bucket, target, enabled):
            # Where lists are off, AWS looks at nothing, and what the policy does not allow never arrives.
            problem = "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket"
        if problem is not None:
            raise self.error("InvalidTargetBucketForLogging", problem, TargetBucket=name)

    def _takes_logs(self, bucket: Bucket, target: Bucket, enabled: Mapping[str, Any]) -> bool:
        """Whether the target's list or policy lets the logging service write."""
        if target.ownership != "BucketOwnerEnforced":
            granted = {
                grant["Permission"]
                for grant in target.settings.get("acl") or ()
                if grant["Grantee"].get("URI") == acl.LOG_DELIVERY
            }
            if granted >= {"WRITE", "READ_ACP"} or "FULL_CONTROL" in granted:
                return True
        key = (enabled.get("TargetPrefix") or "") + "log"
        return self.policy_admits(LOGGING, bucket, target, key)

    # --- watching

    def answered(self, call: Call) -> None:
        """Note a call that is over in the logs of the buckets it was about."""
        params = call.params
        bucket = self.buckets.get(params.get("Bucket"))
        if bucket is not None:
            settings = bucket.settings
            if "payer" in settings:
                self.charge(bucket, call)
            if "logging" in settings:
                self._log(bucket, call, self._lines(bucket, call))
            if "metrics" in settings:
                for sample in metrics.requests(bucket, call, self.clock.time()):
                    self.measured.append(sample)
        source = params.get("CopySource")
        if source is not None:
            name, key = _source(source)
            origin = self.buckets.get(name)
            if origin is not None and "logging" in origin.settings:
                self._log(origin, call, [self._line(origin, call, f"{_operation(call)}_GET", key, None)])

    def emit(self, bucket: Bucket, event: str, key: str, version: Version | None, **more: Any) -> None:
        super().emit(bucket, event, key, version, **more)
        if event.startswith("Lifecycle") and "logging" in bucket.settings:
            operation = _OWN_WORK.get(event) or _TRANSITIONS.get(more.get("storage_class") or "")
            if operation is not None:
                call = self.cloud.current
                self._log(bucket, call, [self._own_line(bucket, call, operation, key, version)])

    def _log(self, bucket: Bucket, call: Call, lines: list[str]) -> None:
        now = self.clock.time()
        waiting = self.log_lines.get(bucket.name)
        if waiting is None:
            waiting = self.log_lines[bucket.name] = List()
        for line in lines:
            what = f"lost the log record of {call.name} on {bucket.name}"
            if not self.choose("s3.log-lost", (False, True), _LOSS_ODDS, what):
                waiting.append((now, line))
        # A log of logs would never end if it were written at once.
        own = call.caller.service == LOGGING
        due = now + ((self.limits["log-delivery"] or 0) if own else self.limits.duration("log-delivery"))
        if due < self.logs_due.get(bucket.name, float("inf")):
            self.logs_due[bucket.name] = due
            self.at_time(due, "_deliver_logs", name=bucket.name)

    # --- lines

    def _lines(self, bucket: Bucket, call: Call) -> list[str]:
        lines = [self._line(bucket, call, _operation(call), call.params.get("Key"), _response(call))]
        if call.operation == "DeleteObjects" and call.error is None:
            refused = {entry["Key"]: entry["Code"] for entry in (call.result or {}).get("Errors", ())}
            for entry in call.params["Delete"].get("Objects", ()):
                code = refused.get(entry["Key"])
                status = "204" if code is None else "403" if code == "AccessDenied" else "400"
                version_id = entry.get("VersionId")
                lines.append(self._batch_line(bucket, call, entry["Key"], version_id, status, code))
        return lines

    def _own_line(self, bucket: Bucket, call: Call, operation: str, key: str, version: Version | None) -> str:
        """The line of what a lifecycle did; nobody asked for it."""
        owner, name, when, *_ = self._beginning(bucket, call, operation, key)
        size = str(version.size) if version is not None and version.size else "-"
        id = version.id if version is not None and bucket.versioning is not None else "-"
        nobody = ["-", "AmazonS3", call.request_id, operation, quote(key, safe=_SAFE), *"----", size, *"----", id]
        return " ".join([owner, name, when, *nobody, host_id(call.request_id), *"-------", bucket.region])

    def _batch_line(
        self, bucket: Bucket, call: Call, key: str, version_id: str | None, status: str, code: str | None
    ) -> str:
        fields = [
            *self._beginning(bucket, call, "BATCH.DELETE.OBJECT", key),
            "-",
            status,
            code or "-",
            "-",
            "-",
            "-",
            "-",
            "-",
            "-",
            version_id or "-",
            *self._end(bucket, call),
        ]
        return " ".join(fields)

    def _line(self, bucket: Bucket, call: Call, operation: str, key: str | None, answer: tuple[int, int] | None) -> str:
        """`answer` is the HTTP status and how many bytes the body had, where one went back."""
        http = call.http
        if http is not None:
            target = f"{http.path}?{http.query_string}" if http.query_string else http.path
            request = f"{http.method} {target} HTTP/1.1"
            referer, agent = http.headers.get("referer", "-"), http.headers.get("user-agent", "-")
        else:
            request = f"{operation.split('.')[1]} /{bucket.name}/{quote(key or '')} HTTP/1.1"
            referer, agent = "-", call.caller.service or "-"
        status, size = answer or (None, 0)
        headed = http is not None and http.method == "HEAD"
        version_id = call.params.get("VersionId") or (call.result or {}).get("VersionId")
        fields = [
            *self._beginning(bucket, call, operation, key),
            f'"{_plain(request)}"',
            str(status) if status is not None else "-",
            call.error.code if call.error is not None else "-",
            str(size) if size and not headed else "-",
            self._object_size(bucket, call, key, version_id),
            # How long AWS took is nothing that a simulation knows.
            "-",
            "-",
            f'"{_plain(referer)}"',
            f'"{_plain(agent)}"',
            version_id or "-",
            *self._end(bucket, call),
        ]
        return " ".join(fields)

    def _beginning(self, bucket: Bucket, call: Call, operation: str, key: str | None) -> Iterator[str]:
        yield acl.canonical_id(bucket.account)
        yield bucket.name
        yield datetime.fromtimestamp(self.clock.time(), UTC).strftime("[%d/%b/%Y:%H:%M:%S +0000]")
        yield "-" if call.caller.service else _ADDRESS
        yield _requester(call.caller)
        yield call.request_id
        yield operation
        yield quote(key, safe=_SAFE) if key else "-"

    def _end(self, bucket: Bucket, call: Call) -> Iterator[str]:
        http = call.http
        kind = parse_authorization(http.headers, http.query_string)[4] if http is not None else "none"
        signature, authentication = _SIGNATURES.get(kind, ("-", "-"))
        secure = http is None or http.url.startswith("https:")
        yield host_id(call.request_id)
        yield signature
        yield _CIPHER if secure else "-"
        yield authentication
        yield http.host if http is not None else f"{bucket.name}.s3.{bucket.region}.amazonaws.com"
        yield _TLS if secure else "-"
        yield "-"  # the access point
        yield "-"  # whether it took an access control list
        yield bucket.region

    def _object_size(self, bucket: Bucket, call: Call, key: str | None, version_id: str | None) -> str:
        if key is None or call.error is not None:
            return "-"
        version: Version | None = bucket.find(key, version_id) if version_id else bucket.shown(key)
        return str(version.size) if version is not None and version.size else "-"

    # --- delivering

    def _deliver_logs(self, name: str) -> None:
        """Scheduled: the lines that have gathered become an object."""
        bucket, waiting = self.buckets.get(name), self.log_lines.pop(name, None)
        self.logs_due.pop(name, None)
        if bucket is None:
            return
        enabled = bucket.settings.get("logging")
        target = self.buckets.get(enabled["TargetBucket"]) if enabled is not None else None
        if target is None or not waiting or not self._may_receive(bucket, target, enabled):
            return
        given = {}
        if target.ownership != "BucketOwnerEnforced" and enabled.get("TargetGrants"):
            given = _grants(enabled["TargetGrants"])
        for key, lines in self._objects(bucket, enabled, list(waiting)):
            text = "".join(f"{line}\n" for line in lines)
            self.deliver(LOGGING, bucket, target, key, text.encode(), ContentType="text/plain", **given)

    def _may_receive(self, bucket: Bucket, target: Bucket, enabled: Mapping[str, Any]) -> bool:
        """Log objects are put under SSE-S3 only, without retention, and under `authorization` where they may be."""
        encryption = target.settings.get("encryption")
        default = (encryption["Rules"][0].get("ApplyServerSideEncryptionByDefault") or {}) if encryption else {}
        if default.get("SSEAlgorithm", "AES256") != "AES256" or "Rule" in (target.settings.get("object-lock") or {}):
            return False
        return self.cloud.authorization is None or self._takes_logs(bucket, target, enabled)

    def _objects(
        self, bucket: Bucket, enabled: Mapping[str, Any], lines: list[tuple[float, str]]
    ) -> Iterator[tuple[str, list[str]]]:
        """(key, lines) of the objects to write: one, but for one a day where keys go by the time of the events."""
        prefix = enabled.get("TargetPrefix") or ""
        form = enabled.get("TargetObjectKeyFormat") or {}
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        partition = form.get("PartitionedPrefix")
        if partition is None:
            yield f"{prefix}{now:%Y-%m-%d-%H-%M-%S}-{self._unique()}", [line for _, line in lines]
            return
        by_event = partition.get("PartitionDateSource") == "EventTime"
        start = f"{prefix}{bucket.account}/{bucket.region}/{bucket.name}/"
        if not by_event:
            yield f"{start}{now:%Y/%m/%d/%Y-%m-%d-%H-%M-%S}-{self._unique()}", [line for _, line in lines]
            return
        days: dict[str, list[str]] = {}
        for time, line in lines:
            days.setdefault(datetime.fromtimestamp(time, UTC).strftime("%Y/%m/%d/%Y-%m-%d-00-00-00"), []).append(line)
        for day, listed in days.items():
            yield f"{start}{day}-{self._unique()}", listed

    def _unique(self) -> str:
        return self.ids.text("log", 16, _UNIQUE)


def _source(source: Any) -> tuple[str, str]:
    """(bucket, key) of a copy's source; empty where it cannot be read."""
    if isinstance(source, Mapping):
        return source.get("Bucket", ""), source.get("Key", "")
    name, _, key = unquote(str(source).partition("?versionId=")[0]).lstrip("/").partition("/")
    return name, key


def _response(call: Call) -> tuple[int, int]:
    """The answer as it goes over the wire: HTTP status, and how many bytes the body has."""
    codec = call.codec or (call.plan.codec if call.plan.model is not None else None)
    if codec is not None and call.error is not None:
        response = codec.serialise_error(call.error, call.request_id, call.http)
    elif codec is not None:
        response = codec.serialise(call.result, call.request_id)
    elif call.error is not None:
        return call.error.status or 400, 0
    else:
        result = call.result or {}
        return result.get("__status__", 200), len(result.get("Body") or b"")
    body = response.body
    # The body of a large object is not one piece.
    return response.status, len(body) if isinstance(body, bytes) else (call.result or {}).get("ContentLength", 0)


def _operation(call: Call) -> str:
    """The operation as logs name it: REST, method and kind of resource."""
    name = call.operation
    if name in _OPERATIONS:
        return _OPERATIONS[name]
    if call.http is not None:
        method = call.http.method
    else:
        method = call.plan.model.http["method"] if call.plan.model is not None else "GET"
    resource = next((kind for part, kind in _RESOURCES if part in name), None)
    if resource is None:
        resource = "OBJECT" if "Key" in call.params else "BUCKET"
    if name.startswith("Website"):
        return f"WEBSITE.{method}.{resource}"
    return f"REST.{method}.{resource}"


def _requester(caller: Caller) -> str:
    if caller.is_anonymous:
        return "-"
    if caller.service is not None:
        return f"svc:{caller.service}"
    return acl.canonical_id(caller.account) if caller.type == "root" else caller.arn


def _plain(text: str) -> str:
    """A quoted field: quotes and control characters would end it."""
    return "".join(c if c.isprintable() and c != '"' else quote(c) for c in text)


def _grants(listed: Any) -> dict[str, str]:
    """TargetGrants as the headers of the PutObject that writes a log."""
    names = {"FULL_CONTROL": "GrantFullControl", "READ": "GrantRead"}
    headers: dict[str, list[str]] = {}
    for grant in listed:
        grantee, name = grant["Grantee"], names.get(grant["Permission"])
        if name is None:
            continue
        if grantee.get("ID"):
            headers.setdefault(name, []).append(f'id="{grantee["ID"]}"')
        elif grantee.get("URI"):
            headers.setdefault(name, []).append(f'uri="{grantee["URI"]}"')
    return {name: ", ".join(values) for name, values in headers.items()}
