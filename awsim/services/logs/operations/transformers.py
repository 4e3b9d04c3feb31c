"""Log transformers: of a group, or of an account's groups.

Source: CloudWatch Logs API Reference, PutTransformer and TestTransformer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.logs import transforming
from awsim.services.logs.group import Event, LogGroup
from awsim.services.logs.operations.protection import ProtectionOperations
from awsim.services.logs.refusals import missing
from awsim.state import Entity

Config = Sequence[Mapping[str, Any]]


class Transformer(Entity):
    """The transformer of a group."""

    __slots__ = ("config", "created", "modified")

    def __init__(self, config: Config, created: int, modified: int) -> None:
        self.config = config
        self.created = created
        self.modified = modified


class TransformerOperations(ProtectionOperations):
    def put_transformer(self, logGroupIdentifier: str, transformerConfig: Config) -> None:
        group = self.standard(self.group_by(logGroupIdentifier))
        transforming.check(transformerConfig)
        created = group.transformer.created if group.transformer is not None else self.now
        group.transformer = Transformer(tuple(transformerConfig), created, self.now)

    def get_transformer(self, logGroupIdentifier: str) -> dict[str, Any]:
        group = self.group_by(logGroupIdentifier)
        if group.transformer is None:
            return {}
        return {
            "logGroupIdentifier": group.arn,
            "creationTime": group.transformer.created,
            "lastModifiedTime": group.transformer.modified,
            "transformerConfig": [dict(processor) for processor in group.transformer.config],
        }

    def delete_transformer(self, logGroupIdentifier: str) -> None:
        group = self.group_by(logGroupIdentifier)
        if group.transformer is None:
            raise missing("The specified log group has no transformer.")
        group.transformer = None

    def test_transformer(self, transformerConfig: Config, logEventMessages: Sequence[str]) -> dict[str, Any]:
        transforming.check(transformerConfig)
        return {
            "transformedLogs": [
                {
                    "eventNumber": number,
                    "eventMessage": message,
                    "transformedEventMessage": transforming.transform(transformerConfig, message),
                }
                for number, message in enumerate(logEventMessages, 1)
            ]
        }

    def transformer_of(self, group: LogGroup) -> Config | None:
        """The configuration that holds for a group: its own, else the account's."""
        if group.transformer is not None:
            config: Config = group.transformer.config
            return config
        policy = self.account_policy_for("TRANSFORMER_POLICY", group)
        return policy.content if policy is not None else None

    def transformed(self, group: LogGroup, event: Event) -> str:
        config = self.transformer_of(group)
        return event.shown() if config is None else transforming.transform(config, event.shown())
