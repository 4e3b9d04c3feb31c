"""Connections and API destinations, and deliveries to these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.events import arns, failures
from awsim.services.events.connection import (
    AUTHORIZED,
    AUTHORIZING,
    DEAUTHORIZED,
    Connection,
    Destination,
    parameters_problem,
)
from awsim.services.events.event import Event
from awsim.services.events.failures import Failure
from awsim.services.events.operations.common import starting
from awsim.services.events.operations.deliveries import DeliveryOperations
from awsim.services.events.refusals import invalid, missing
from awsim.wire.http import Response

# Answers of an endpoint after which EventBridge tries again, besides all of 500 and above.
_TRIED_AGAIN = (401, 407, 409, 429)


class DestinationOperations(DeliveryOperations):
    # --- connections

    def create_connection(
        self,
        Name: str,
        AuthorizationType: str,
        AuthParameters: Mapping[str, Any],
        Description: str | None = None,
        KmsKeyIdentifier: str | None = None,
    ) -> dict[str, Any]:
        _check_parameters(AuthorizationType, AuthParameters)
        secret = self.ids.text("secret", 6, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        id_ = self.ids.uuid("connection")
        connection = Connection(
            Name,
            self.arn(f"connection/{Name}/{id_}"),
            f"arn:{self.partition}:secretsmanager:{self.region}:{self.account}"
            f":secret:events!connection/{Name}/{self.ids.uuid('secret')}-{secret}",
            self.clock.time(),
        )
        connection.description = Description
        connection.key = KmsKeyIdentifier or None
        self.connections.add(connection)
        self._sign_in(connection, AuthorizationType, AuthParameters)
        return connection.answered()

    def update_connection(
        self,
        Name: str,
        Description: str | None = None,
        AuthorizationType: str | None = None,
        AuthParameters: Mapping[str, Any] | None = None,
        KmsKeyIdentifier: str | None = None,
    ) -> dict[str, Any]:
        connection: Connection = self.connections[Name]
        kind = AuthorizationType or connection.kind
        parameters = {**connection.parameters, **(AuthParameters or {})}
        _check_parameters(kind, parameters)
        if Description is not None:
            connection.description = Description
        if KmsKeyIdentifier is not None:
            connection.key = KmsKeyIdentifier or None
        connection.updated = self.clock.time()
        if AuthorizationType is not None or AuthParameters is not None:
            self._sign_in(connection, kind, parameters)
        return {**connection.answered(), "LastAuthorizedTime": connection.authorized}

    def _sign_in(self, connection: Connection, kind: str, parameters: Mapping[str, Any]) -> None:
        connection.kind = kind
        connection.parameters = parameters
        connection.token = None
        if kind == "OAUTH_CLIENT_CREDENTIALS":
            connection.state = AUTHORIZING
            self.later(0, "_fetch_token", name=connection.name)
        else:
            connection.state = AUTHORIZED
            connection.authorized = self.clock.time()

    def _fetch_token(self, name: str) -> None:
        connection: Connection | None = self.connections.get(name)
        if connection is None or connection.kind != "OAUTH_CLIENT_CREDENTIALS":
            return  # it was deleted or changed meanwhile
        answer = self.send(connection.token_request())
        token = None
        if answer is not None and answer.status < 300:
            try:
                token = json.loads(bytes(answer.body)).get("access_token")  # type: ignore[arg-type]
            except (ValueError, RecursionError, AttributeError):
                token = None
        connection.token = token
        connection.state = AUTHORIZED if token else DEAUTHORIZED
        if token:
            connection.authorized = self.clock.time()

    def deauthorize_connection(self, Name: str) -> dict[str, Any]:
        connection: Connection = self.connections[Name]
        connection.state = DEAUTHORIZED
        connection.token = None
        connection.updated = self.clock.time()
        return {**connection.answered(), "LastAuthorizedTime": connection.authorized}

    def delete_connection(self, Name: str) -> dict[str, Any]:
        connection: Connection = self.connections.remove(Name)
        return {
            **connection.answered(),
            "ConnectionState": "DELETING",
            "LastAuthorizedTime": connection.authorized,
        }

    def describe_connection(self, Name: str) -> dict[str, Any]:
        connection: Connection = self.connections[Name]
        return connection.described()

    def list_connections(
        self,
        NamePrefix: str | None = None,
        ConnectionState: str | None = None,
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        found = [
            connection
            for connection in starting(self.connections, NamePrefix)
            if ConnectionState in (None, connection.state)
        ]
        return self.page("Connections", found, Connection.listed, NextToken, Limit)

    # --- API destinations

    def create_api_destination(
        self,
        Name: str,
        ConnectionArn: str,
        InvocationEndpoint: str,
        HttpMethod: str,
        Description: str | None = None,
        InvocationRateLimitPerSecond: int | None = None,
    ) -> dict[str, Any]:
        self._connection(ConnectionArn)
        id_ = self.ids.uuid("api-destination")
        destination = Destination(Name, self.arn(f"api-destination/{Name}/{id_}"), self.clock.time())
        destination.connection_arn = ConnectionArn
        destination.endpoint = InvocationEndpoint
        destination.method = HttpMethod
        destination.description = Description
        destination.rate = InvocationRateLimitPerSecond or self.limits["invocation-rate"]
        self.destinations.add(destination)
        return destination.answered(self._state(destination))

    def update_api_destination(
        self,
        Name: str,
        Description: str | None = None,
        ConnectionArn: str | None = None,
        InvocationEndpoint: str | None = None,
        HttpMethod: str | None = None,
        InvocationRateLimitPerSecond: int | None = None,
    ) -> dict[str, Any]:
        destination: Destination = self.destinations[Name]
        if ConnectionArn is not None:
            self._connection(ConnectionArn)
            destination.connection_arn = ConnectionArn
        if Description is not None:
            destination.description = Description
        destination.endpoint = InvocationEndpoint or destination.endpoint
        destination.method = HttpMethod or destination.method
        destination.rate = InvocationRateLimitPerSecond or destination.rate
        destination.updated = self.clock.time()
        return destination.answered(self._state(destination))

    def delete_api_destination(self, Name: str) -> None:
        self.destinations.remove(Name)

    def describe_api_destination(self, Name: str) -> dict[str, Any]:
        destination: Destination = self.destinations[Name]
        return {**destination.listed(self._state(destination)), "Description": destination.description}

    def list_api_destinations(
        self,
        NamePrefix: str | None = None,
        ConnectionArn: str | None = None,
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        found = [
            destination
            for destination in starting(self.destinations, NamePrefix)
            if ConnectionArn in (None, destination.connection_arn)
        ]
        return self.page(
            "ApiDestinations",
            found,
            lambda destination: destination.listed(self._state(destination)),
            NextToken,
            Limit,
        )

    def _connection(self, arn: str) -> Connection:
        address = arns.read(arn)
        name = "" if address is None else address.resource.split("/")[1]
        connection: Connection | None = self.connections.get(name)
        if connection is None or connection.arn != arn:
            raise missing(f"Connection '{arn}' does not exist.")
        return connection

    def _state(self, destination: Destination) -> str:
        connection = self.connections.find(lambda connection: connection.arn == destination.connection_arn)
        return "ACTIVE" if connection is not None and connection.state == AUTHORIZED else "INACTIVE"

    def to_destination(self, target: Mapping[str, Any], name: str, event: Event, text: str) -> None:
        destination: Destination | None = self.destinations.get(name)
        if destination is None or destination.arn != target["Arn"]:
            raise Failure(failures.NO_RESOURCE, f"API destination {name} does not exist.")
        self._ask(destination, target, text)

    def invoke_api_destination(
        self, Arn: str, Body: str, HttpParameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What a pipe does under the permission `events:InvokeApiDestination`; no operation of AWS's API.

        Answers `{"StatusCode", "Body"}` of the endpoint.
        """
        destination = self.destinations.find(lambda destination: destination.arn == Arn)
        if destination is None:
            raise missing(f"API destination {Arn} does not exist.")
        try:
            answer = self._ask(destination, {"HttpParameters": HttpParameters or {}}, Body)
        except Failure as failure:
            status = 503 if failure.retriable else 400
            raise AWSError(failure.code, str(failure), status=status) from None
        return {"StatusCode": answer.status, "Body": bytes(answer.body)}  # type: ignore[arg-type]

    def _ask(self, destination: Destination, target: Mapping[str, Any], text: str) -> Response:
        """The answer of an endpoint; raises Failure where that is none or not one of success."""
        connection = self.connections.find(lambda connection: connection.arn == destination.connection_arn)
        if connection is None or connection.state != AUTHORIZED:
            raise Failure(failures.CLIENT_ERROR, f"Connection of API destination {destination.name} is not authorized.")
        answer = self.send(destination.request(connection, target, text))
        if answer is None:
            raise Failure(failures.CONNECTION, f"Unable to connect to {destination.endpoint}.")
        if answer.status >= 300:
            again = answer.status >= 500 or answer.status in _TRIED_AGAIN
            message = f"Unable to invoke ApiDestination endpoint: The endpoint returned {answer.status}."
            raise Failure(failures.FROM_TARGET, message, retriable=again)
        return answer


def _check_parameters(kind: str, parameters: Mapping[str, Any]) -> None:
    member = parameters_problem(kind, parameters)
    if member is not None:
        raise invalid(f"Parameter AuthParameters.{member} is required for authorization type {kind}.")
