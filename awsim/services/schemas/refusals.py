"""How the Schema Registry says no: each error carries its code once more.

The codes are those of the API Reference; its sentences are not published, but for that of ExportSchema
(event-catalog/eventcatalog issue 270), and are reconstructed.
"""

from __future__ import annotations

from awsim.errors import AWSError


def refused(code: str, message: str) -> AWSError:
    return AWSError(code, message, fields={"Code": code.removesuffix("Exception")})


def bad(message: str) -> AWSError:
    return refused("BadRequestException", message)


def missing(what: str, name: str) -> AWSError:
    return refused("NotFoundException", f"{what} with name {name} does not exist.")


def exists(what: str, name: str) -> AWSError:
    return refused("ConflictException", f"{what} with name {name} already exists.")


def forbidden(message: str) -> AWSError:
    return refused("ForbiddenException", message)
