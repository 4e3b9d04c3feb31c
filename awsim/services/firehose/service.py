"""Amazon Data Firehose (regional): delivery streams, fed directly or by a Kinesis data stream."""

from __future__ import annotations

from binascii import b2a_base64
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from awsim.errors import AWSError
from awsim.services.firehose import destinations, metrics
from awsim.services.firehose.destinations import FORMS, S3, Form, Settings
from awsim.services.firehose.indexing import Indexing
from awsim.services.firehose.keys import have_granted
from awsim.services.firehose.stream import DeliveryStream
from awsim.state import Lifecycle, Tags, tag_map
from awsim.wire.rows import Columns, column

_DESTINATION = "destinationId-000000000001"
# Characters of the id of a record.
_RECORD_ID = 222


class Firehose(Indexing):
    """Amazon Data Firehose: delivery streams, their life and settings, what is written to them and what they read."""

    exact: ClassVar[frozenset[str]] = frozenset({"PutRecordBatchResponseEntryList"})

    def trust_keys(self, role: str) -> Mapping[str, str]:
        """The account that owns the delivery stream: an external id, which roles may ask for."""
        return {"sts:ExternalId": self.account}

    # --- delivery streams

    def create_delivery_stream(
        self,
        DeliveryStreamName: str,
        DeliveryStreamType: str = "DirectPut",
        KinesisStreamSourceConfiguration: Mapping[str, str] | None = None,
        DeliveryStreamEncryptionConfigurationInput: Mapping[str, str] | None = None,
        S3DestinationConfiguration: Settings | None = None,
        ExtendedS3DestinationConfiguration: Settings | None = None,
        RedshiftDestinationConfiguration: Settings | None = None,
        ElasticsearchDestinationConfiguration: Settings | None = None,
        AmazonopensearchserviceDestinationConfiguration: Settings | None = None,
        SplunkDestinationConfiguration: Settings | None = None,
        HttpEndpointDestinationConfiguration: Settings | None = None,
        AmazonOpenSearchServerlessDestinationConfiguration: Settings | None = None,
        SnowflakeDestinationConfiguration: Settings | None = None,
        IcebergDestinationConfiguration: Settings | None = None,
        DirectPutSourceConfiguration: Mapping[str, int] | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, str]:
        if DeliveryStreamType not in ("DirectPut", "KinesisStreamAsSource"):
            self.not_modelled(f"the source type {DeliveryStreamType}")
        form, given = self._one(
            "Exactly one destination configuration is supported for a Firehose",
            S3=S3DestinationConfiguration,
            ExtendedS3=ExtendedS3DestinationConfiguration,
            Redshift=RedshiftDestinationConfiguration,
            Elasticsearch=ElasticsearchDestinationConfiguration,
            Amazonopensearchservice=AmazonopensearchserviceDestinationConfiguration,
            Splunk=SplunkDestinationConfiguration,
            HttpEndpoint=HttpEndpointDestinationConfiguration,
            AmazonOpenSearchServerless=AmazonOpenSearchServerlessDestinationConfiguration,
            Snowflake=SnowflakeDestinationConfiguration,
            Iceberg=IcebergDestinationConfiguration,
        )
        if (DeliveryStreamType == "DirectPut") != (KinesisStreamSourceConfiguration is None):
            raise self._invalid(
                "KinesisStreamSourceConfig must be specified for KinesisStreamAsSource delivery stream type, and only "
                "for that."
            )
        if KinesisStreamSourceConfiguration is not None and DeliveryStreamEncryptionConfigurationInput is not None:
            raise self._invalid(
                "Server-side encryption is not supported for KinesisStreamAsSource delivery stream type."
            )
        if DirectPutSourceConfiguration is not None and DeliveryStreamType != "DirectPut":
            raise self._invalid("DirectPutSourceConfiguration is only supported for DirectPut delivery stream type.")
        destination = self._placed(destinations.complete(form, given, self.limits))
        tags = self._tagged({}, tag_map(Tags))
        if DeliveryStreamName in self.streams:
            message = f"Firehose {DeliveryStreamName} under accountId {self.account} already exists"
            raise self.error("ResourceInUseException", message)
        self.limits.quota("delivery-streams", len(self.streams))
        stream = DeliveryStream(
            DeliveryStreamName,
            self.arn(f"deliverystream/{DeliveryStreamName}"),
            self.ids.hex("stream", 16),
            DeliveryStreamType,
            KinesisStreamSourceConfiguration,
            form,
            destination,
            self.clock.time(),
            Lifecycle(self, [("CREATING", "stream-create"), ("ACTIVE", None)]),
        )
        stream.tags = tags
        stream.direct = DirectPutSourceConfiguration
        if DeliveryStreamEncryptionConfigurationInput is not None:
            self._encrypt(stream, DeliveryStreamEncryptionConfigurationInput)
        if KinesisStreamSourceConfiguration is not None:
            self._follow(stream, KinesisStreamSourceConfiguration)
        self.streams.add(stream)
        return {"DeliveryStreamARN": stream.arn}

    def _one(self, otherwise: str, **given: Settings | None) -> tuple[Form, Settings]:
        """The one destination of a request, and its kind."""
        found = [(name, settings) for name, settings in given.items() if settings is not None]
        if len(found) != 1:
            raise self._invalid(otherwise)
        name, settings = found[0]
        return FORMS.get(name, S3), settings

    def delete_delivery_stream(self, DeliveryStreamName: str, AllowForceDelete: bool | None = None) -> None:
        stream = self._at(DeliveryStreamName)
        stream.lifecycle = Lifecycle(self, [("DELETING", "stream-delete"), ("DELETED", None)])
        self.later(self.limits.duration("stream-delete"), "_deleted", name=stream.name, id=stream.id)

    def _deleted(self, name: str, id: str) -> None:
        stream = self._same(name, id)
        if stream is None:
            return
        self.streams.remove(name)
        if stream.source is not None:
            arn = stream.source["KinesisStreamARN"]
            self._kinesis(arn).unwatch(arn, self.key, "_pull", name=name, id=id)

    def describe_delivery_stream(
        self, DeliveryStreamName: str, Limit: int | None = None, ExclusiveStartDestinationId: str | None = None
    ) -> dict[str, Any]:
        stream = self._at(DeliveryStreamName)
        return {"DeliveryStreamDescription": stream.describe(stream.created)}

    def list_delivery_streams(
        self,
        Limit: int | None = None,
        DeliveryStreamType: str | None = None,
        ExclusiveStartDeliveryStreamName: str | None = None,
    ) -> dict[str, Any]:
        names = sorted(one.name for one in self.streams if DeliveryStreamType in (None, one.kind))
        names = names[bisect_right(names, ExclusiveStartDeliveryStreamName or "") :]
        size = Limit or int(self.limits["listed-streams"])
        return {"DeliveryStreamNames": names[:size], "HasMoreDeliveryStreams": len(names) > size}

    def update_destination(
        self,
        DeliveryStreamName: str,
        CurrentDeliveryStreamVersionId: str,
        DestinationId: str,
        S3DestinationUpdate: Settings | None = None,
        ExtendedS3DestinationUpdate: Settings | None = None,
        RedshiftDestinationUpdate: Settings | None = None,
        ElasticsearchDestinationUpdate: Settings | None = None,
        AmazonopensearchserviceDestinationUpdate: Settings | None = None,
        SplunkDestinationUpdate: Settings | None = None,
        HttpEndpointDestinationUpdate: Settings | None = None,
        AmazonOpenSearchServerlessDestinationUpdate: Settings | None = None,
        SnowflakeDestinationUpdate: Settings | None = None,
        IcebergDestinationUpdate: Settings | None = None,
    ) -> None:
        stream = self._active(DeliveryStreamName)
        if CurrentDeliveryStreamVersionId != str(stream.version):
            raise self.error(
                "ConcurrentModificationException",
                f"Cannot update firehose: {stream.name} since the current version id: {stream.version} and specified "
                f"version id: {CurrentDeliveryStreamVersionId} do not match",
            )
        if DestinationId != _DESTINATION:
            raise self._invalid(f"Destination Id {DestinationId} not found")
        form, update = self._one(
            "Exactly one destination update is supported for a Firehose",
            S3=S3DestinationUpdate,
            ExtendedS3=ExtendedS3DestinationUpdate,
            Redshift=RedshiftDestinationUpdate,
            Elasticsearch=ElasticsearchDestinationUpdate,
            Amazonopensearchservice=AmazonopensearchserviceDestinationUpdate,
            Splunk=SplunkDestinationUpdate,
            HttpEndpoint=HttpEndpointDestinationUpdate,
            AmazonOpenSearchServerless=AmazonOpenSearchServerlessDestinationUpdate,
            Snowflake=SnowflakeDestinationUpdate,
            Iceberg=IcebergDestinationUpdate,
        )
        stream.destination = destinations.changed(stream.form, stream.destination, form, update, self.limits)
        stream.form = form
        stream.version += 1
        stream.updated = self.clock.time()
        self._arrange(stream, anew=True)

    # --- encryption

    def start_delivery_stream_encryption(
        self,
        DeliveryStreamName: str,
        DeliveryStreamEncryptionConfigurationInput: Mapping[str, str] | None = None,
    ) -> None:
        self._encrypt(
            self._encryptable(DeliveryStreamName),
            DeliveryStreamEncryptionConfigurationInput or {"KeyType": "AWS_OWNED_CMK"},
        )

    def stop_delivery_stream_encryption(self, DeliveryStreamName: str) -> None:
        stream = self._encryptable(DeliveryStreamName)
        if stream.encryption is not None:
            stream.encryption = Lifecycle(self, [("DISABLING", "encryption-update"), ("DISABLED", None)])

    def _encrypt(self, stream: DeliveryStream, key: Mapping[str, str]) -> None:
        if (key["KeyType"] == "CUSTOMER_MANAGED_CMK") != ("KeyARN" in key):
            raise self._invalid("KeyARN must be specified for KeyType CUSTOMER_MANAGED_CMK, and only for that.")
        if "KeyARN" in key:
            have_granted(self, key["KeyARN"], stream.arn)
        stream.encryption_key = dict(key)
        stream.encryption = Lifecycle(self, [("ENABLING", "encryption-update"), ("ENABLED", None)])

    def _encryptable(self, name: str) -> DeliveryStream:
        stream = self._active(name)
        if stream.kind != "DirectPut":
            raise self._invalid(f"Server-side encryption is not supported for {stream.kind} delivery stream type.")
        return stream

    # --- tags

    def tag_delivery_stream(self, DeliveryStreamName: str, Tags: Sequence[Mapping[str, str]]) -> None:
        stream = self._at(DeliveryStreamName)
        stream.tags = self._tagged(stream.tags, tag_map(Tags))

    def untag_delivery_stream(self, DeliveryStreamName: str, TagKeys: Sequence[str]) -> None:
        stream = self._at(DeliveryStreamName)
        stream.tags = stream.tags.without(TagKeys)

    def list_tags_for_delivery_stream(
        self, DeliveryStreamName: str, ExclusiveStartTagKey: str | None = None, Limit: int | None = None
    ) -> dict[str, Any]:
        tags = self._at(DeliveryStreamName).tags
        listed = [{"Key": key, "Value": tags[key]} for key in sorted(tags) if key > (ExclusiveStartTagKey or "")]
        size = Limit or int(self.limits["listed-tags"])
        return {"Tags": listed[:size], "HasMoreTags": len(listed) > size}

    def _tagged(self, old: Mapping[str, str], new: Mapping[str, str]) -> Tags:
        for key in new:
            if key.lower().startswith("aws:"):
                raise self._invalid(f"Tag key {key} is not valid: the prefix aws: is reserved.")
        merged = {**old, **new}
        self.limits.check("tags", len(merged))
        return Tags(merged)

    # --- writing

    def put_record(self, DeliveryStreamName: str, Record: Mapping[str, bytes]) -> dict[str, Any]:
        stream = self._writable(DeliveryStreamName)
        data = Record["Data"]
        try:
            self._take_write(stream, 1, len(data))
        except AWSError:
            self.measured.append((self.clock.time(), stream.name, metrics.PUT, 0, 0, 1))
            raise
        self.measured.append((self.clock.time(), stream.name, metrics.PUT, 1, len(data), 0))
        (id,) = self._keep(stream, [data])
        return {"RecordId": id, "Encrypted": stream.encrypted}

    def put_record_batch(self, DeliveryStreamName: str, Records: Sequence[Mapping[str, bytes]]) -> dict[str, Any]:
        stream = self._writable(DeliveryStreamName)
        data = column(Records, "Data") or []
        sizes = list(map(len, data))
        self.limits.check("batch-size", sum(sizes))
        refused = self._refused(stream, sizes)
        taken = sum(sizes) - sum(sizes[place] for place in refused)
        note = (metrics.PUT_BATCH, len(sizes) - len(refused), taken, len(refused))
        self.measured.append((self.clock.time(), stream.name, *note))
        ids = self._keep(stream, [one for place, one in enumerate(data) if place not in refused] if refused else data)
        answers: Any = Columns({"RecordId": ids})
        if refused:
            answers = list(answers)
            for place, error in refused.items():
                answers.insert(place, {"ErrorCode": error.code, "ErrorMessage": error.message})
        return {"FailedPutCount": len(refused), "Encrypted": stream.encrypted, "RequestResponses": answers}

    def _writable(self, name: str) -> DeliveryStream:
        stream = self._active(name)
        if stream.kind != "DirectPut":
            raise self._invalid(f"This operation is not permitted on {stream.kind} delivery stream type.")
        return stream

    def _take_write(self, stream: DeliveryStream, records: int, size: int) -> None:
        self.limits.rates(
            (("records-in", stream.name, records), ("bytes-in", stream.name, size)), now=self.clock.time()
        )

    def _refused(self, stream: DeliveryStream, sizes: Sequence[int]) -> dict[int, AWSError]:
        """Take a batch out of what a stream has room for; why records were refused that there was none for, by their
        places in the batch, first ones first."""
        refused: dict[int, AWSError] = {}
        if not self._takes_whole(stream, sizes):
            for place, size in enumerate(sizes):
                try:
                    self._take_write(stream, 1, size)
                except AWSError as error:
                    refused[place] = error
        return refused

    def _takes_whole(self, stream: DeliveryStream, sizes: Sequence[int]) -> bool:
        """Take a whole batch at once, where there is room for it; more than a second's worth would pass at once and
        leave the bucket in debt, so that goes record by record."""
        count, size = len(sizes), sum(sizes)
        for row, measured in (("records-in", count), ("bytes-in", size)):
            if self.limits.active(row) and measured > self.limits[row]:
                return False
        try:
            self._take_write(stream, count, size)
        except AWSError:
            return False
        return True

    def _keep(self, stream: DeliveryStream, data: Sequence[bytes]) -> list[str]:
        """Keep records until their delivery, which may be now; returns their ids."""
        stream.add(data, self.clock.time())
        self._arrange(stream)
        # Ids are windows of one random text: as unlike each other as if each were random by itself.
        length = _RECORD_ID + len(data)
        text = b2a_base64(self.ids.bytes("record", -(-length * 3 // 4)), newline=False).decode()
        return [text[place : place + _RECORD_ID] for place in range(len(data))]

    # --- reading a Kinesis data stream

    def _follow(self, stream: DeliveryStream, source: Mapping[str, str]) -> None:
        """Note where a source stands, so that what comes is read from there on."""
        arn, role = source["KinesisStreamARN"], source["RoleARN"]
        try:
            shards = self.call("kinesis", "ListShards", as_=role, StreamARN=arn)["Shards"]
        except AWSError as error:
            raise self._invalid(f"Source stream {arn} cannot be read: {error.message}") from None
        for shard in shards:
            start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
            _, stream.positions[shard["ShardId"]] = self._read(arn, role, shard["ShardId"], start)
        self._kinesis(arn).watch(arn, self.key, "_pull", name=stream.name, id=stream.id)

    def _kinesis(self, arn: str) -> Any:
        """The Kinesis that a stream is of: it says when records have come, which are then read as anybody reads."""
        _, _, _, region, account, _ = arn.split(":", 5)
        return self.cloud.service("kinesis", account, region)

    def _read(self, arn: str, role: str, shard: str, after: str) -> tuple[list[bytes], str]:
        """What a shard holds after a sequence number, and the number to go on from."""
        position = self.call(
            "kinesis",
            "GetShardIterator",
            as_=role,
            StreamARN=arn,
            ShardId=shard,
            ShardIteratorType="AFTER_SEQUENCE_NUMBER",
            StartingSequenceNumber=after,
        )["ShardIterator"]
        data: list[bytes] = []
        while position is not None:
            answer = self.call("kinesis", "GetRecords", as_=role, ShardIterator=position)
            if not answer["Records"]:
                break
            data += [record["Data"] for record in answer["Records"]]
            after = answer["Records"][-1]["SequenceNumber"]
            position = answer.get("NextShardIterator") if answer["MillisBehindLatest"] else None
        return data, after

    def _pull(self, name: str, id: str) -> None:
        """Read what is new in the source; Kinesis has this called after every write."""
        stream = self._same(name, id)
        if stream is None or stream.source is None or stream.status == "DELETING":
            return
        arn, role = stream.source["KinesisStreamARN"], stream.source["RoleARN"]
        try:
            for shard in self.call("kinesis", "ListShards", as_=role, StreamARN=arn)["Shards"]:
                start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
                after = stream.positions.get(shard["ShardId"], start)
                data, stream.positions[shard["ShardId"]] = self._read(arn, role, shard["ShardId"], after)
                stream.add(data, self.clock.time())
                self._arrange(stream)
        except AWSError:
            self.later(self.limits["poll-interval"] or 0, "_pull", name=name, id=id)

    # --- parts

    def _at(self, name: str) -> DeliveryStream:
        stream: DeliveryStream | None = self.streams.get(name)
        if stream is None:
            message = f"Firehose {name} under account {self.account} not found."
            raise self.error("ResourceNotFoundException", message)
        return stream

    def _active(self, name: str) -> DeliveryStream:
        stream = self._at(name)
        if stream.status != "ACTIVE":
            raise self.error(
                "ResourceNotFoundException" if self.request.operation.startswith("Put") else "ResourceInUseException",
                f"Firehose {name} under account {self.account} is not ACTIVE, it is {stream.status}.",
            )
        return stream

    def _invalid(self, message: str) -> AWSError:
        return self.error("InvalidArgumentException", message)
