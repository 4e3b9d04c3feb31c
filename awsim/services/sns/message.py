"""A published message, and what each protocol is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Attributes = Mapping[str, Mapping[str, Any]]


class Message(NamedTuple):
    """`texts` is what MessageStructure "json" says for each protocol, with "default"; None where all get `text`.

    `time` is when it was published, in epoch seconds. `token` and `url`, of confirmations: what confirms.
    """

    id: str
    topic_arn: str
    text: str
    time: float
    subject: str | None = None
    attributes: Attributes | None = None
    texts: Mapping[str, str] | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None
    kind: str = "Notification"
    token: str | None = None
    url: str | None = None

    def text_for(self, protocol: str) -> str:
        return self.text if self.texts is None else self.texts.get(protocol, self.text)
