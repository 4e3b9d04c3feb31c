"""Deliveries: when records leave their delivery stream, what becomes of them, and where they end up.

Sources: Firehose Developer Guide, "Understand data delivery in Amazon Data Firehose", "Handle data delivery failures",
"Transform source data".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.metering import Sample
from awsim.service import Service
from awsim.services.firehose import compression, destinations, metrics, posting, prefixes, processing
from awsim.services.firehose.destinations import HTTP, REDSHIFT, S3, SPLUNK, Form, Settings
from awsim.services.firehose.posting import Problem
from awsim.services.firehose.processing import Failed, Keys, Record
from awsim.services.firehose.stream import DeliveryStream
from awsim.state import Collection
from awsim.wire.http import Response

_MEBIBYTE = 1_048_576  # what SizeInMBs counts
_NO_KEYS: Keys = {}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Deliveries(Service):
    """Records wait in their delivery stream until there are enough of them or the first has waited long enough; then
    they are processed, and become an object, one for each combination of partition keys, or a request.

    What S3 refuses is tried again for a day, what another destination refuses for as long as its RetryOptions say;
    what did not arrive then lies under the error prefix of the backup bucket.
    """

    name = "firehose"
    scope = "region"

    streams = Collection("delivery stream", key="name")

    def measurements(self, notes: Sequence[Any]) -> Iterator[Sample]:
        return metrics.measurements(notes)

    def _same(self, name: str, id: str) -> DeliveryStream | None:
        stream: DeliveryStream | None = self.streams.get(name)
        return stream if stream is not None and stream.id == id else None

    # --- when

    def _arrange(self, stream: DeliveryStream, *, anew: bool = False) -> None:
        """Have what waits delivered: now where it is enough, else once its oldest record has waited long enough.
        `anew`: by other hints than before."""
        if stream.oldest is None:
            return
        hints = destinations.hints_of(stream.form, stream.destination)
        due = stream.oldest + hints["IntervalInSeconds"]
        if stream.buffered >= hints["SizeInMBs"] * _MEBIBYTE:
            due = self.clock.time()
        elif stream.job is not None and not anew:
            return
        if stream.job is not None:
            self.cancel(stream.job)
        stream.job = self.at_time(due, "_flush", name=stream.name, id=stream.id)

    def _flush(self, name: str, id: str) -> None:
        stream = self._same(name, id)
        if stream is None or stream.oldest is None or stream.status == "DELETING":
            return
        form, settings, arrived = stream.form, stream.destination, stream.take()
        bucket = destinations.bucket_of(form, settings)
        if settings["S3BackupMode"] == form.all:
            self._store(stream, settings.get("S3BackupConfiguration") or bucket, arrived)
        records, failed = self._processed(stream, arrived)
        if records and destinations.converted(settings):
            failed += [_not_converted(record) for record in records]
            records = []
        if failed:
            self._report(stream, bucket, failed)
        if not records:
            return
        self._hand_over(stream, form, settings, records)

    def _hand_over(self, stream: DeliveryStream, form: Form, settings: Settings, records: Sequence[Record]) -> None:
        """Begin the delivery of processed records."""
        if form is S3:
            self._to_bucket(stream, settings, records)
        elif form is REDSHIFT:
            self._to_redshift(stream, destinations.bucket_of(form, settings), records)
        else:
            sent = self.ids.uuid("request")
            self._send_on(name=stream.name, id=stream.id, form=form, settings=settings, records=records, sent=sent)

    # --- processing

    def _processed(self, stream: DeliveryStream, records: list[Record]) -> tuple[list[Record], list[Failed]]:
        """Records after all processors, and those that one of them could not take."""
        failed: list[Failed] = []
        used = destinations.processors(stream.destination)
        for kind, parameters in sorted(used, key=lambda one: processing.ORDER.index(one[0])):
            if kind == "Lambda":
                records, rejected = self._transformed(stream, parameters, records)
            else:
                most = self.limits["deaggregated-records"]
                records, rejected = processing.unpacked(kind, parameters, records, most)
            failed += rejected
        return records, failed

    def _transformed(
        self, stream: DeliveryStream, parameters: Mapping[str, str], records: Sequence[Record]
    ) -> tuple[list[Record], list[Failed]]:
        size = float(parameters.get("BufferSizeInMBs") or self.limits["lambda-buffer-size"]) * _MEBIBYTE
        done: list[Record] = []
        failed: list[Failed] = []
        for batch in processing.batches(records, size):
            good, bad = self._invoked(stream, parameters, batch)
            done += good
            failed += bad
        return done, failed

    def _invoked(
        self, stream: DeliveryStream, parameters: Mapping[str, str], batch: Sequence[Record]
    ) -> tuple[list[Record], list[Failed]]:
        """A batch as the function returns it; tried again at once where it could not be invoked."""
        function = parameters["LambdaArn"]
        role = parameters.get("RoleArn") or destinations.bucket_of(stream.form, stream.destination)["RoleARN"]
        ids = [self.ids.digits("lambda-record", 56) for _ in batch]
        payload = processing.asked(batch, ids, self.ids.uuid("invocation"), stream.arn, self.region)
        tries = 1 + int(parameters.get("NumberOfRetries") or self.limits["lambda-retries"])
        problem = AWSError("Lambda.InvokeFailed", "")
        for _ in range(tries):
            try:
                answer = self.call(
                    "lambda",
                    "Invoke",
                    as_=role,
                    FunctionName=function,
                    InvocationType="RequestResponse",
                    Payload=payload,
                )
            except AWSError as error:
                problem = error
                if error.code == "NotImplemented":
                    break
                continue
            return processing.transformed(batch, ids, _read(answer), function)
        more = {"lambdaArn": function}
        return [], [Failed(record, problem.code, problem.message, tries, more) for record in batch]

    # --- buckets

    def _to_bucket(self, stream: DeliveryStream, settings: Settings, records: Sequence[Record]) -> None:
        wanted = prefixes.keys(settings.get("Prefix") or "")
        parts: dict[tuple[str, ...], list[Record]] = {}
        failed: list[Failed] = []
        most = self.limits["active-partitions"]
        for record in records:
            missing = [name for name in wanted if name not in record.keys]
            key = tuple(record.keys.get(name, "") for name in wanted)
            if missing:
                told = f"partitionKeys values not found: {', '.join(missing)}"
                failed.append(Failed(record, "DynamicPartitioning.PartitionKeyNotFound", told))
            elif key not in parts and most is not None and len(parts) >= most:
                told = f"The limit of {int(most)} active partitions is exceeded."
                failed.append(Failed(record, "DynamicPartitioning.ActivePartitionsLimitExceeded", told))
            else:
                parts.setdefault(key, []).append(record)
        for found, part in parts.items():
            self._store(stream, settings, part, dict(zip(wanted, found, strict=True)))
        if failed:
            self._report(stream, settings, failed)

    def _store(self, stream: DeliveryStream, bucket: Settings, records: Sequence[Record], keys: Keys = _NO_KEYS) -> str:
        """Put records into a bucket, as one object; its key."""
        return self._put(
            stream, bucket, bucket.get("Prefix") or "", records, b"".join(one.data for one in records), keys
        )

    def _report(self, stream: DeliveryStream, bucket: Settings, failed: Sequence[Failed], kind: str = "") -> None:
        """Put what failed under the error prefix of a bucket."""
        converting = destinations.converted(stream.destination)
        kind = kind or (processing.CONVERSION if converting else processing.PROCESSING)
        for code, message in dict.fromkeys((each.code, each.message) for each in failed):
            self._log(_log_of(stream, stream.destination, bucket["BucketARN"]), bucket["RoleARN"], code, message)
        prefix = prefixes.for_failures(bucket.get("Prefix") or "", bucket.get("ErrorOutputPrefix") or "")
        now = self.clock.time()
        body = b"".join(each.document(now) for each in failed)
        self._put(stream, bucket, prefix, [each.record for each in failed], body, failed=kind)

    def _put(
        self,
        stream: DeliveryStream,
        bucket: Settings,
        prefix: str,
        records: Sequence[Record],
        body: bytes,
        keys: Keys = _NO_KEYS,
        failed: str = "",
    ) -> str:
        zone = destinations.zone(bucket["CustomTimeZone"]) if "CustomTimeZone" in bucket else UTC
        when = datetime.fromtimestamp(min(record.time for record in records), UTC).astimezone(zone)
        stem = f"{stream.name}-{stream.version}-{when:%Y-%m-%d-%H-%M-%S}-{self.ids.uuid('object')}"
        format = bucket["CompressionFormat"]
        extension = bucket.get("FileExtension") or compression.EXTENSIONS[format]
        key = prefixes.evaluate(prefix, when, self._random, keys, failed) + stem + extension
        self._deliver(
            bucket=bucket["BucketARN"].rpartition(":")[2],
            key=key,
            body=compression.compress(format, body, stem),
            role=bucket["RoleARN"],
            encryption=bucket["EncryptionConfiguration"],
            since=self.clock.time(),
            log=_log_of(stream, bucket, bucket["BucketARN"]),
            told=(stream.name, len(records), sum(len(record.data) for record in records), records[0].time),
        )
        return key

    def _deliver(
        self,
        bucket: str,
        key: str,
        body: bytes,
        role: str,
        encryption: Mapping[str, Any],
        since: float,
        log: Mapping[str, Any],
        told: tuple[str, int, int, float] | None = None,
    ) -> None:
        """Put an object, or try again later; what S3 refuses for too long is lost. `told`: what metrics are to tell."""
        more = {}
        if "KMSEncryptionConfig" in encryption:
            key_arn = encryption["KMSEncryptionConfig"]["AWSKMSKeyARN"]
            more = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_arn}
        try:
            self.call("s3", "PutObject", as_=role, Bucket=bucket, Key=key, Body=body, **more)
            self._note_delivery("S3", told, success=True)
        except AWSError as error:
            self._note_delivery("S3", told, success=False)
            self._log(log, role, f"S3.{error.code}", error.message)
            pause = self.limits["retry-interval"] or 0
            if self.clock.time() + pause <= since + (self.limits["retry-duration"] or 0):
                again = {"bucket": bucket, "key": key, "body": body, "role": role, "log": log, "told": told}
                self.later(pause, "_deliver", **again, encryption=encryption, since=since)

    def _note_delivery(self, where: str, told: tuple[str, int, int, float] | None, *, success: bool) -> None:
        """Note a delivery for metrics: (stream, records, bytes, when the oldest came)."""
        if told is None:
            return
        stream, records, size, oldest = told
        now = self.clock.time()
        self.measured.append((now, stream, metrics.DELIVERED, where, records, size, now - oldest, success))

    def _log(self, log: Mapping[str, Any], role: str, code: str, message: str) -> None:
        """Tell CloudWatch Logs of a failed delivery, where the destination has that switched on.

        Source: Firehose Developer Guide, "Monitor Amazon Data Firehose using CloudWatch Logs"; group and stream have to
        be there.
        """
        options = log["options"]
        if not (options.get("Enabled") and options.get("LogGroupName") and options.get("LogStreamName")):
            return
        told = {**log["about"], "message": message, "errorCode": code}
        event = {"timestamp": round(self.clock.time() * 1000), "message": json.dumps(told, separators=(",", ":"))}
        where = {"logGroupName": options["LogGroupName"], "logStreamName": options["LogStreamName"]}
        try:
            self.call("logs", "PutLogEvents", as_=role, **where, logEvents=[event])
        except AWSError:
            return  # what the role may not write is lost

    def _random(self) -> str:
        return self.ids.text("random-string", 11, _LETTERS)

    def _to_redshift(self, stream: DeliveryStream, bucket: Settings, records: Sequence[Record]) -> None:
        """Into the intermediate bucket, from where Redshift would copy. As it does not, a manifest says what waits."""
        key = self._store(stream, bucket, records)
        name = bucket["BucketARN"].rpartition(":")[2]
        manifest = {"entries": [{"url": f"s3://{name}/{key}", "mandatory": True}]}
        self._deliver(
            bucket=name,
            key=f"errors/manifests/{key}",
            body=json.dumps(manifest).encode(),
            role=bucket["RoleARN"],
            encryption=bucket["EncryptionConfiguration"],
            since=self.clock.time(),
            log=_log_of(stream, bucket, bucket["BucketARN"]),
        )

    # --- endpoints

    def _send_on(
        self,
        name: str,
        id: str,
        form: Form,
        settings: Settings,
        records: Sequence[Record],
        sent: str,
        tries: int = 1,
        until: float | None = None,
    ) -> None:
        """Send records to a destination that is no bucket. `sent` names this delivery; `until`: when to give it up."""
        stream = self._same(name, id)
        if stream is None:
            return
        work = {"name": name, "id": id, "form": form, "settings": settings, "records": records, "sent": sent}
        try:
            if form is HTTP:
                problem = self._post(stream, settings, records, sent)
            elif form is SPLUNK:
                problem = self._collect(settings, sent, {**work, "tries": tries, "until": until})
            else:
                problem = Problem("NotImplemented", f"awsim does not model deliveries to {form.name}", True)
        except AWSError as error:
            problem = Problem(error.code, error.message)
        if form is HTTP:
            told = (name, len(records), sum(len(record.data) for record in records), records[0].time)
            self._note_delivery("HttpEndpoint", told, success=problem is None)
        if problem is not None:
            self._retry(problem, stream, work, tries, until)

    def _retry(
        self, problem: Problem, stream: DeliveryStream, work: Mapping[str, Any], tries: int, until: float | None
    ) -> None:
        settings = work["settings"]
        if not problem.final and self._again("_send_on", work, settings, tries, until):
            return
        failed = [Failed(record, problem.code, problem.message, tries) for record in work["records"]]
        self._report(stream, settings["S3Configuration"], failed, work["form"].failed)

    def _again(self, method: str, work: Mapping[str, Any], settings: Settings, tries: int, until: float | None) -> bool:
        """Have a delivery tried again, after a longer wait each time; False where the time for that is over."""
        now = self.clock.time()
        if until is None:
            until = now + settings["RetryOptions"]["DurationInSeconds"]
        wait = min(self.limits["send-first-wait"] * 2 ** (tries - 1), self.limits["send-longest-wait"])
        if now + wait > until:
            return False
        self.later(wait, method, **work, tries=tries + 1, until=until)
        return True

    def _post(self, stream: DeliveryStream, settings: Settings, records: Sequence[Record], sent: str) -> Problem | None:
        key = self._secret(settings, "api_key") or settings["EndpointConfiguration"].get("AccessKey")
        asked = posting.request(settings, key, stream.arn, sent, records, self.clock.time())
        return posting.problem(self.send(asked), sent)

    def _collect(self, settings: Settings, sent: str, work: Mapping[str, Any]) -> Problem | None:
        token = self._secret(settings, "hec_token") or settings.get("HECToken") or ""
        number = posting.accepted(self.send(posting.event(settings, token, sent, work["records"])))
        if isinstance(number, Problem):
            return number
        deadline = self.clock.time() + settings["HECAcknowledgmentTimeoutInSeconds"]
        self._await(token, number, deadline, dict(work))
        return None

    def _await(self, token: str, number: int, deadline: float, work: dict[str, Any]) -> None:
        """Ask Splunk whether it has indexed a delivery, until it says so or the time is over."""
        settings = work["settings"]
        answer: Response | None = self.send(posting.acknowledgment(settings, token, work["sent"], number))
        if posting.acknowledged(answer, number):
            return
        pause = self.limits["splunk-acknowledgment-poll"] or 1
        if self.clock.time() + pause <= deadline:
            self.later(pause, "_await", token=token, number=number, deadline=deadline, work=work)
            return
        stream = self._same(work["name"], work["id"])
        if stream is not None:
            problem = Problem("Splunk.AckTimeout", "Firehose did not receive an acknowledgment before the timeout.")
            tries, until = work.pop("tries"), work.pop("until")
            self._retry(problem, stream, work, tries, until)

    def _secret(self, settings: Settings, member: str) -> str | None:
        """What a secret holds that a destination signs in with; None where it has its own."""
        config = settings.get("SecretsManagerConfiguration") or {}
        if not config.get("Enabled"):
            return None
        found = self.call("secretsmanager", "GetSecretValue", as_=config.get("RoleARN"), SecretId=config["SecretARN"])[
            "SecretString"
        ]
        try:
            value = json.loads(found)[member]
        except (ValueError, RecursionError, KeyError, TypeError):
            raise AWSError("SecretsManager.InvalidSecret", f"The secret does not hold {member}.") from None
        return str(value)


def _log_of(stream: DeliveryStream, settings: Settings, destination: str) -> dict[str, Any]:
    """Where failures of a destination are told of, and what of it is."""
    about = {
        "deliveryStreamARN": stream.arn,
        "destination": destination,
        "deliveryStreamVersionId": stream.version,
    }
    return {"options": settings.get("CloudWatchLoggingOptions") or {}, "about": about}


def _read(answer: Mapping[str, Any]) -> Any:
    """What a function returned; None where it failed."""
    if answer.get("FunctionError"):
        return None
    payload = answer.get("Payload") or b""
    try:
        return json.loads(payload.read() if hasattr(payload, "read") else payload)
    except (ValueError, RecursionError):
        return None


def _not_converted(record: Record) -> Failed:
    return Failed(record, "NotImplemented", "awsim does not model the conversion of records by tables of AWS Glue")
