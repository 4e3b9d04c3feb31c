"""What all operations of SQS stand on: the queues, and how a request finds one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.limits.table import load
from awsim.service import ResourceSide, Service
from awsim.services.sqs import metrics, permissions, urls
from awsim.services.sqs.queue import Queue
from awsim.services.sqs.refusals import invalid, missing
from awsim.state import Collection, Dict

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation
    from awsim.metering import Level, Sample

# What SQS says of errors of KMS: SQS API Reference, SendMessage.
_KMS_ERRORS = {
    "AccessDeniedException": "KmsAccessDenied",
    "DisabledException": "KmsDisabled",
    "InvalidKeyUsageException": "KmsInvalidKeyUsage",
    "KMSInvalidStateException": "KmsInvalidState",
    "NotFoundException": "KmsNotFound",
    "OptInRequired": "KmsOptInRequired",
    "ThrottlingException": "KmsThrottled",
}
# SQS's own key, which all of the account may use by way of SQS.
_MANAGED_KEY = "alias/aws/sqs"
NO_QUEUE = "The specified queue does not exist."


class Operations(Service):
    """State and look-ups of the SQS of one account in one region."""

    name = "sqs"
    scope = "region"
    shows = frozenset({"AWS/SQS"})
    # Names of attributes are SQS's own to judge: it says which one it does not know.
    checked = frozenset({"required"})
    # Texts and numbers without None; message attributes have blobs, which JSON's encoder writes too.
    exact = frozenset({"SendMessageBatchResultEntryList", "DeleteMessageBatchResultEntryList", "MessageList"})

    queues = Collection("queue", key="name", missing=("QueueDoesNotExist", NO_QUEUE))

    def setup(self) -> None:
        self.deletions = Dict()  # name of a deleted queue -> when, in milliseconds

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        """What is missing, as the query API names it: `Entries.1.Id`."""
        parts = violations[0].path.split(".")
        return missing(".".join(part[:1].upper() + part[1:] for part in parts if part != "member"))

    def now(self) -> int:
        """Milliseconds since 1970. Whole ones: what is due in 30 s is due then, whatever floats make of it."""
        return round(self.clock.time() * 1000)

    def measurements(self, notes: Sequence[Any]) -> Iterable[Sample | Level]:
        return metrics.measurements(notes)

    def levels(self) -> Iterator[Level]:
        now = self.now()
        for queue in self.queues:
            queue.refresh(now)
            yield from metrics.levels(queue, now / 1000)

    def url_of(self, queue: Queue) -> str:
        return urls.make(self.partition, self.region, self.account, queue.name)

    def queue_at(self, url: str, now: int | None = None) -> Queue:
        """The queue of a QueueUrl, up to date with the clock (`now`, where the caller has looked at it already).

        A queue of another account is found for the operations that its policy admits the caller to.
        """
        address = urls.read(url)
        if address is None or address.region not in (None, self.region):
            raise self.error("InvalidAddress", f"The address {url} is not valid for this endpoint.")
        if address.account is None or address.account == self.account:
            queue = self.queues[address.name]
        else:
            queue = self.shared_queue(address.account, address.name)
        queue.refresh(self.now() if now is None else now)
        return queue

    def unlock(self, queue: Queue, key: str, ask: Callable[..., None]) -> None:
        """Have a data key of a queue under a KMS key: `ask` is `queue.seal.to_write` or `to_read`."""
        if key.endswith(_MANAGED_KEY):
            return
        owner = self if queue.arn.split(":")[4] == self.account else self.at(account=queue.arn.split(":")[4])
        try:
            ask(owner, key, {"aws:sqs:arn": queue.arn}, queue.settings.kms_data_key_reuse_period_seconds)
        except AWSError as error:
            code = _KMS_ERRORS.get(error.code, "KmsAccessDenied")
            raise self.error(code, error.message) from None

    def queue_with_arn(self, arn: str, parameter: str) -> Queue:
        """The queue of this account and region with an ARN that a request gives as `parameter`."""
        parts = arn.split(":")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs":
            raise invalid(parameter, arn, f"You must specify a valid ARN for {parameter}.")
        queue = self.queues.get(parts[5])
        if queue is None or queue.arn != arn:
            message = f"The resource that you specified for the {parameter} parameter doesn't exist."
            raise self.error("ResourceNotFoundException", message)
        queue.refresh(self.now())
        return queue

    @cached_property
    def limit_names(self) -> frozenset[str]:
        return frozenset(load(self.name))

    def within(self, row: str, value: int, **fields: Any) -> None:
        """Refuse a number beyond a row or below its minimum, where the gateway does not measure it."""
        self.limits.check(row, value, given=value, **fields)
        least = self.limits.row(row).minimum
        if least is not None and value < least:
            raise self.limits.error(row, measured=value, given=value, **fields)

    def shared_queue(self, account: str, name: str) -> Queue:
        """The queue of another account, if its policy lets the caller do what it asks for."""
        action = self.request.operation
        owner = self.at(account=account)
        queue: Queue | None = owner.queues.get(name)
        if queue is None:
            raise self.error("QueueDoesNotExist", NO_QUEUE)
        if action.removesuffix("Batch") not in permissions.SHAREABLE:
            raise self._denied(action, queue.arn)
        # Under `authorization` all has been decided; without it, whether a queue lets in an AWS service is not asked.
        if self.cloud.authorization is None and self.caller.service is None:
            from awsim.gateway.authorizer import check_strangers

            check_strangers(self.request, self.resource_policy(queue.arn), lambda arn: arn == queue.arn)
        return queue

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a queue."""
        parts = arn.split(":")
        if len(parts) != 6 or not parts[4].isdecimal():  # of a URL that is none
            return ResourceSide(self.account)
        queue = self._queue_of(parts)
        text = queue.settings.policy if queue is not None else None
        if text is None:
            return ResourceSide(parts[4], closed=True)
        from awsim.auth.policy import parse

        return ResourceSide(parts[4], (parse(text, "resource"),))

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        parts = arn.split(":")
        queue = self._queue_of(parts) if len(parts) == 6 else None
        return queue.tags if queue is not None else None

    def _queue_of(self, parts: list[str]) -> Queue | None:
        """The queue of an ARN's six parts, whosever it is."""
        return self.at(account=parts[4], region=parts[3]).queues.get(parts[5])

    def _denied(self, action: str, arn: str) -> AWSError:
        asked = f"sqs:{action.lower()}"
        return self.error(
            "AccessDenied",
            f"User: {self.caller.arn} is not authorized to perform: {asked} on resource: {arn} "
            f"because no resource-based policy allows the {asked} action",
        )
