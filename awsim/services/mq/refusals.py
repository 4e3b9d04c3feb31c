"""How Amazon MQ says no. `attribute` is what it finds fault with.

Quoted in public: "Broker engine version [...] is invalid for broker engine type [...]. Valid values: [...]." with its
attribute (hashicorp/terraform-provider-aws issue 38708), "Brokers on [RabbitMQ] version [3.13] must have ..." (42516),
"Replication user couldn't have console access. ..." (32446), "To manage broker users, please use the RabbitMQ web
console, or the management API" (crossplane-contrib/provider-aws pull 734). Other sentences are reconstructed in their
manner.
"""

from __future__ import annotations

from collections.abc import Iterable

from awsim.errors import AWSError


def refused(code: str, message: str, attribute: str | None = None) -> AWSError:
    return AWSError(code, message, fields={"ErrorAttribute": attribute} if attribute else {})


def bad(message: str, attribute: str | None = None) -> AWSError:
    return refused("BadRequestException", message, attribute)


def conflict(message: str, attribute: str | None = None) -> AWSError:
    return refused("ConflictException", message, attribute)


def missing(what: str, id: str, attribute: str) -> AWSError:
    message = f"Can't find requested {what} [{id}]. Make sure your {what} exists."
    return refused("NotFoundException", message, attribute)


def unfit(what: str, value: str, engine: str, valid: Iterable[str], attribute: str) -> AWSError:
    """A value that does not go with the engine."""
    return bad(
        f"Broker {what} [{value}] is invalid for broker engine type [{engine}]. Valid values: [{', '.join(valid)}].",
        attribute,
    )
