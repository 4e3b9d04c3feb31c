"""Deliveries to domains of OpenSearch Service: each record becomes a document of an index.

What a domain does not take is tried again for as long as RetryOptions say, and then lies in the backup bucket. Source:
Firehose Developer Guide, "Understand data delivery", "Handle data delivery failures".
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from awsim.errors import AWSError
from awsim.services.firehose import documents
from awsim.services.firehose.delivering import Deliveries
from awsim.services.firehose.destinations import ELASTICSEARCH, OPENSEARCH, Form, Settings
from awsim.services.firehose.documents import Document
from awsim.services.firehose.processing import Record
from awsim.services.firehose.stream import DeliveryStream
from awsim.wire.hosts import is_region
from awsim.zones import vpc_of


class Indexing(Deliveries):
    """Deliveries, to domains too."""

    def _hand_over(self, stream: DeliveryStream, form: Form, settings: Settings, records: Sequence[Record]) -> None:
        if form not in (ELASTICSEARCH, OPENSEARCH):
            super()._hand_over(stream, form, settings, records)
            return
        waiting = [self._document(settings, record) for record in records]
        self._index(name=stream.name, id=stream.id, form=form, settings=settings, waiting=waiting)

    def _placed(self, settings: Settings) -> Settings:
        """Settings with the VPC that the interfaces of a stream are made in."""
        wanted = settings.get("VpcConfiguration")
        if wanted is None:
            return settings
        try:
            vpc = vpc_of(self, wanted["SubnetIds"])
        except AWSError as error:
            raise self.error("InvalidArgumentException", error.message) from None
        if vpc is None:
            raise self.error("InvalidArgumentException", "The subnets must be of one VPC.")
        return {**settings, "VpcConfiguration": {**wanted, "VpcId": vpc}}

    def _document(self, settings: Settings, record: Record) -> Document:
        """A record with its index, and the id that it keeps however often it is tried."""
        home = documents.index_name(settings["IndexName"], settings["IndexRotationPeriod"], record.time)
        chosen = settings["DocumentIdOptions"]["DefaultDocumentIdFormat"] == "FIREHOSE_DEFAULT"
        return Document(record, home, f"{self.ids.digits('document', 56)}.0" if chosen else "")

    def _index(
        self,
        name: str,
        id: str,
        form: Form,
        settings: Settings,
        waiting: Sequence[Document],
        tries: int = 1,
        until: float | None = None,
    ) -> None:
        """Have documents indexed; those that the domain does not take are tried again, until `until`."""
        stream = self._same(name, id)
        if stream is None:
            return
        left = self._unindexed(settings, waiting)
        size = sum(len(one.record.data) for one in waiting) - sum(len(one.record.data) for one in left)
        told = (name, len(waiting) - len(left), size, waiting[0].record.time)
        where = "Elasticsearch" if form is ELASTICSEARCH else "AmazonOpenSearchService"
        self._note_delivery(where, told, success=not left)
        if not left:
            return
        work = {"name": name, "id": id, "form": form, "settings": settings, "waiting": left}
        if not self._again("_index", work, settings, tries, until):
            failed = [one.failed(tries, settings.get("TypeName")) for one in left]
            self._report(stream, settings["S3Configuration"], failed, form.failed)

    def _unindexed(self, settings: Settings, waiting: Sequence[Document]) -> list[Document]:
        """The documents that a domain does not take, in one bulk request."""
        role = settings["RoleARN"]
        try:
            place, host = self._domain(settings)
            answer = self.call(
                "opensearch",
                "AskDomain",
                as_=role,
                **place,
                Host=host,
                Method="POST",
                Path="/_bulk",
                Body=documents.bulk(waiting),
            )
        except AWSError as error:
            return documents.with_problem(waiting, error.code, error.message)
        return documents.refused(waiting, answer["Status"], answer["Body"])

    def _domain(self, settings: Settings) -> tuple[dict[str, str], str]:
        """Where a domain is (as `call` takes it), and the host of its endpoint."""
        endpoint = settings.get("ClusterEndpoint")
        if endpoint is not None:
            host = urlsplit(endpoint).hostname or ""
            return {"region_": _region_in(host) or self.region}, host
        _, _, _, region, account, resource = settings["DomainARN"].split(":", 5)
        place = {"region_": region, "account_": account}
        found = self.call(
            "opensearch",
            "DescribeDomain",
            as_=settings["RoleARN"],
            **place,
            DomainName=resource.partition("/")[2],
        )["DomainStatus"]
        host = found.get("Endpoint") or (found.get("Endpoints") or {}).get("vpc") or ""
        return place, host


def _region_in(host: str) -> str | None:
    """The region that the host of an endpoint names."""
    return next((label for label in host.split(".") if is_region(label)), None)
