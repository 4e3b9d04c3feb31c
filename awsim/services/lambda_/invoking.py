"""Operations that invoke.

Source: Lambda API Reference, Invoke; Developer Guide, "Understanding Lambda function invocation methods".
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from awsim.errors import AWSError
from awsim.services.lambda_ import names
from awsim.services.lambda_.asynchronous import Asynchronous
from awsim.services.lambda_.base import Target
from awsim.services.lambda_.running import Outcome

_TAIL = 4096  # bytes of a log that LogResult holds


class Invoking(Asynchronous):
    """Invocations: synchronous, asynchronous, and dry runs."""

    def invoke(
        self,
        FunctionName: str,
        InvocationType: str | None = None,
        LogType: str | None = None,
        ClientContext: str | None = None,
        Payload: bytes | None = None,
        Qualifier: str | None = None,
    ) -> dict[str, Any]:
        home, found = self._asked(FunctionName, Qualifier)
        payload = Payload or b""
        if InvocationType == "Event":
            home.check_payload(payload, "async-payload")
            home.accept(found.function, found.qualifier, payload, self.request.request_id, ClientContext)
            return {"StatusCode": 202, "Payload": b"", "__status__": 202}
        event = home.check_payload(payload, "sync-payload")
        if InvocationType == "DryRun":
            return {"StatusCode": 204, "Payload": b"", "__status__": 204}
        outcome = home.invoked(found, event, self.request.request_id, ClientContext)
        answer = {
            "StatusCode": 200,
            "FunctionError": outcome.error,
            "Payload": outcome.payload,
            "ExecutedVersion": outcome.version,
        }
        if LogType == "Tail":
            answer["LogResult"] = _tail(outcome.log)
        return answer

    def invoke_async(self, FunctionName: str, InvokeArgs: bytes) -> dict[str, Any]:
        self.invoke(FunctionName, "Event", Payload=InvokeArgs)
        return {"Status": 202}

    def invoke_with_response_stream(
        self,
        FunctionName: str,
        InvocationType: str | None = None,
        LogType: str | None = None,
        ClientContext: str | None = None,
        Qualifier: str | None = None,
        Payload: bytes | None = None,
    ) -> dict[str, Any]:
        home, found = self._asked(FunctionName, Qualifier)
        event = home.check_payload(Payload or b"", "sync-payload")
        if InvocationType == "DryRun":
            return {"StatusCode": 204, "__status__": 204}
        outcome = home.invoked(found, event, self.request.request_id, ClientContext)
        complete: dict[str, Any] = {"LogResult": _tail(outcome.log)} if LogType == "Tail" else {}
        events: list[dict[str, Any]] = []
        if outcome.error is None:
            events.append({"PayloadChunk": {"Payload": outcome.payload}})
        else:
            told = json.loads(outcome.payload)
            complete |= {"ErrorCode": told["errorType"], "ErrorDetails": told["errorMessage"]}
        events.append({"InvokeComplete": complete})
        return {
            "StatusCode": 200,
            "ExecutedVersion": outcome.version,
            "ResponseStreamContentType": "application/octet-stream",
            "EventStream": events,
        }

    def _asked(self, text: str, qualifier: str | None) -> tuple[Any, Target]:
        """What is to be invoked, and Lambda where it is."""
        home = self.home_of(text)
        if home.account != self.account:
            address = names.read(text, qualifier)
            arn = home.arn(f"function:{address.name}")
            self.check_stranger(home, f"{arn}:{address.qualifier}" if address.qualifier else arn)
        return home, home.target(text, qualifier)

    def invoked(self, found: Target, event: Any, request_id: str, client_context: str | None = None) -> Outcome:
        """A synchronous invocation of a function that is here."""
        version = found.version if found.alias is None else self.routed(found.alias, found.function)
        return self.execute(found.function, version, found.qualifier, event, request_id, client_context)

    def check_payload(self, payload: bytes, row: str) -> Any:
        """The event; refuses one that is too large or no JSON."""
        self.limits.check(row, len(payload))
        if not payload:
            return {}
        try:
            return json.loads(payload)
        except ValueError as problem:
            message = f"Could not parse request body into json: Could not parse payload into json: {problem}"
            raise AWSError("InvalidRequestContentException", message, fields={"Type": "User"}) from None


def _tail(log: str) -> str:
    return b64encode(log.encode()[-_TAIL:]).decode()
