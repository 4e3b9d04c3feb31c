"""The ARNs that SNS is given. Messages: ../shared/recorded/sns.jsonl."""

from __future__ import annotations

from typing import NamedTuple

from awsim.services.sns.refusals import invalid


class Arn(NamedTuple):
    """`arn:partition:service:region:account:resource`; colons of the resource stay in it."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def name(self) -> str:
        """The resource up to its first colon: a topic's name, of its subscriptions too."""
        return self.resource.partition(":")[0]


def read(text: str | None, parameter: str) -> Arn:
    """The parts of an ARN that a request gives as `parameter`; raises InvalidParameter."""
    if not text:
        raise invalid(parameter, "no value for required parameter")
    parts = text.split(":", 5)
    if len(parts) < 6:
        raise invalid(parameter, f"An ARN must have at least 6 elements, not {len(parts)}")
    if parts[0] != "arn":
        raise invalid(parameter, "An ARN must start with arn:")
    return Arn(*parts[1:])


def of_service(text: str, service: str) -> Arn | None:
    """The parts of an ARN of a service, None for anything else."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != service or not parts[5]:
        return None
    return Arn(*parts[1:])
