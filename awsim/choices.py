"""Named decisions: what AWS leaves open is decided here, by name, and can be replayed by name and ordinal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

from awsim.errors import AwsimError
from awsim.state.containers import Dict

T = TypeVar("T")

# What AWS promises of each decision, and no more: the reason why a program has to bear the other options.
PROMISES = {
    "cloudtrail.late-events": "the event history has an event within some minutes of the call, not at once",
    "cloudwatch.datapoint-order": "GetMetricStatistics does not return datapoints in chronological order",
    "cloudwatch.unlisted": "a new metric can take up to fifteen minutes to appear in ListMetrics",
    "config.late": "Config records changes and evaluates rules within minutes, not at once",
    "dynamodb.short-page": "a page holds up to 1 MB or Limit items; only the absence of LastEvaluatedKey says it was "
    "the last",
    "dynamodb.stale-read": "reads are eventually consistent unless ConsistentRead, those of a global index always",
    "dynamodb.unprocessed": "a batch that is throttled in part succeeds and returns the rest as unprocessed",
    "events.duplicate": "EventBridge delivers at least once: a target may get an event more than once",
    "events.late": "EventBridge delivers half a second after an event typically, and promises no time or order",
    "events.late-tick": "a scheduled rule fires within its minute, not precisely on the 0th second",
    "glacier.expedited-capacity": "Expedited retrievals are accepted while there is capacity, unless it is provisioned",
    "glacier.retrieval-time": "a retrieval takes 1 to 5 minutes, 3 to 5 hours or 5 to 12 hours, by its tier",
    "iam.propagation": "changes of IAM are eventually consistent: they take seconds to hold everywhere",
    "kms.grant-late": "a new grant takes seconds, at times minutes, to be known everywhere; its token works at once",
    "kinesis.propagation": "a record can be read within about 200 milliseconds after it was put, not at once",
    "lambda.alias-routing": "an alias with two versions sends each invocation to one of them by its weight",
    "lambda.duplicate-event": "the queue of asynchronous events is eventually consistent: a function may get one twice",
    "logs.short-page": "a page of FilterLogEvents can be partially full, or empty; only the absence of nextToken says "
    "it was the last",
    "s3.event-duplicate": "S3 delivers event notifications at least once",
    "s3.event-late": "event notifications come within seconds, but can take a minute or longer, and in any order",
    "s3.expedited-capacity": "Expedited retrievals are accepted while there is capacity, unless it is provisioned",
    "s3.restore-time": "a retrieval takes some time within its tier's range, typically",
    "s3.log-lost": "server access logs are delivered on a best-effort basis; a record may come late or never",
    "s3.select-continues": "S3 periodically sends continuation messages to keep the connection of a selection open",
    "s3.select-frames": "a Records message can contain a single record, partial records, or multiple records",
    "s3.short-page": "a listing might contain fewer keys than MaxKeys; IsTruncated says whether there are more",
    "s3.stale-read": "before December 2020, S3 read overwrites, deletes and listings with eventual consistency",
    "secretsmanager.late-rotation": "a secret is rotated at any time within its rotation window",
    "scheduler.flexible-window": "a schedule with a flexible window is invoked at any time within it",
    "scheduler.duplicate": "EventBridge Scheduler invokes targets at least once",
    "scheduler.late": "EventBridge Scheduler is precise to the minute: an invocation comes at any second of it",
    "sns.duplicate": "standard topics deliver at least once",
    "sns.late": "SNS delivers within 30 milliseconds typically, and promises no time",
    "sqs.approximate-count": "the numbers of messages are approximate until a minute after the last change",
    "sqs.duplicate": "standard queues deliver at least once",
    "sqs.fewer": "a receive returns up to MaxNumberOfMessages messages, fewer might be returned",
    "sqs.old-receipt-handle": "only the most recently received receipt handle is sure to delete a message",
    "sqs.order": "standard queues keep the order of messages by best effort only",
    "sqs.short-poll-miss": "a short poll asks a subset of the servers only",
}
_OF_FAULTS = "the test asked for it with aws.faults"


def promise(name: str) -> str:
    """What AWS promises where the decision `name` is made; empty for a name that nobody registered."""
    return _OF_FAULTS if name.startswith("fault.") else PROMISES.get(name, "")


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: `name#ordinal`, what it could have been and what was taken.

    `call` says in which call it was made, as `"sqs:ReceiveMessage (call 9)"`; `what`, of a deviation, what AWS did.
    """

    name: str
    ordinal: int
    options: tuple[Any, ...]
    index: int
    call: str = field(default="", compare=False)
    what: str = field(default="", compare=False)

    @property
    def taken(self) -> Any:
        return self.options[self.index]

    @property
    def deviates(self) -> bool:
        return self.index > 0

    @property
    def place(self) -> tuple[str, int]:
        """What names it in every run in which it is made."""
        return self.name, self.ordinal

    def explain(self) -> str:
        """The deviation in words: the call, what AWS did, and the promise that allows it."""
        what = self.what or f"took {self.taken!r} of {', '.join(map(repr, self.options))}"
        text = f"{self.call} {what}".strip()
        allowed = promise(self.name)
        return f"{text}; {allowed}" if allowed else text

    def __str__(self) -> str:
        return f"{self.name}#{self.ordinal}={self.index}"


def parse_universe(text: str) -> dict[tuple[str, int], int]:
    """`"sqs.duplicate#3=1, sqs.order#1=2"` as {(name, ordinal): index of the option}."""
    universe = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        place, _, option = part.rpartition("=")
        name, _, ordinal = place.rpartition("#")
        if not (name and ordinal.isdecimal() and option.isdecimal()):
            raise AwsimError(f"{part!r} names no decision; write it as 'sqs.duplicate#3=1'")
        universe[name, int(ordinal)] = int(option)
    return universe


def written(universe: Mapping[tuple[str, int], int]) -> str:
    """A universe as `parse_universe` reads it."""
    return ", ".join(f"{name}#{ordinal}={index}" for (name, ordinal), index in sorted(universe.items()))


class Choices:
    """The decisions of one Cloud. Iterating gives those made so far, oldest first.

    By default every decision takes its first, friendly option and none is kept. `universe` maps (name, ordinal) to the
    index of the option to take, all others being friendly; with `vary` and without a universe, deviations follow from
    the seed and the odds of each decision. `where` says in which call the Cloud is, for the record.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        vary: bool = False,
        universe: Mapping[tuple[str, int], int] | None = None,
        where: Callable[[], str] | None = None,
    ) -> None:
        self.seed = seed
        self.universe = None if universe is None else dict(universe)
        self.vary = vary and universe is None
        self.active = vary or universe is not None
        self._where = where
        self._ordinals = Dict()
        self._made: list[Choice] = []

    def choose(
        self,
        name: str,
        options: Sequence[T],
        odds: float | None = None,
        what: str | Callable[[], str] = "",
        *,
        asked: bool = False,
    ) -> T:
        """Decide `name`: the first of `options` is the friendly one; `odds` is how often another one is taken.

        `what` says what AWS did where another one is taken, as "delivered message 5fe… a second time". With `asked`
        the decision is made even where AWS's own do not vary: the user asked for it (a fault with a probability).
        """
        if not (self.active or asked):
            return options[0]
        ordinal = self._ordinals.get(name, 0) + 1
        self._ordinals[name] = ordinal
        if self.universe is not None:
            index = min(self.universe.get((name, ordinal), 0), len(options) - 1)
        else:
            index = self._deviation(name, ordinal, len(options), odds)
        call = text = ""
        if index:
            call = self._where() if self._where is not None else ""
            text = what if isinstance(what, str) else what()
        self._made.append(Choice(name, ordinal, tuple(options), index, call, text))
        return options[index]

    def _deviation(self, name: str, ordinal: int, count: int, odds: float | None) -> int:
        if count < 2 or not odds:
            return 0
        digest = blake2b(f"{self.seed}/{name}/{ordinal}".encode(), digest_size=8).digest()
        if int.from_bytes(digest[:4]) / 2**32 >= odds:
            return 0
        return 1 + int.from_bytes(digest[4:]) % (count - 1)

    def of(self, name: str) -> list[Choice]:
        """The decisions of that name."""
        return [choice for choice in self._made if choice.name == name]

    @property
    def unmet(self) -> dict[tuple[str, int], int]:
        """What the universe names and the run has not come to decide."""
        made = {choice.place for choice in self._made}
        return {place: index for place, index in (self.universe or {}).items() if place not in made}

    def _enter(self, universe: Mapping[tuple[str, int], int], kept: int) -> None:
        """Go on in another universe, with the first `kept` decisions as what was made so far."""
        self.universe = dict(universe)
        del self._made[kept:]

    def __iter__(self) -> Iterator[Choice]:
        return iter(tuple(self._made))

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, index: int) -> Choice:
        return self._made[index]

    def __repr__(self) -> str:
        return f"<Choices {', '.join(str(choice) for choice in self._made if choice.deviates) or 'all friendly'}>"
