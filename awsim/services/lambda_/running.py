"""Running code: the context object, and what a runtime makes of answers and exceptions.

Sources: Lambda Developer Guide, "Using the Lambda context object to retrieve Python function information", "Building
with Python", errors of the Python runtime.
"""

from __future__ import annotations

import json
import traceback
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.errors import AwsimError
from awsim.services.lambda_.function import Version
from awsim.services.lambda_.reporting import TIMED_OUT, Run, log

UNHANDLED = "Unhandled"
Error = dict[str, Any]
_encode = json.JSONEncoder(ensure_ascii=False).encode


class Outcome(NamedTuple):
    """What an invocation ended with. `payload` is JSON; `error` is FunctionError."""

    payload: bytes
    error: str | None
    run: Run
    version: str

    @property
    def log(self) -> str:
        """The text of LogType=Tail."""
        return "".join([line.text for line in log(self.run)])


class Identity:
    """The Cognito identity of the caller; nobody's."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Client:
    """`client_context.client`: what a mobile app says of itself."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, given.get(name))


class ClientContext:
    """`context.client_context`: what the caller gave as ClientContext."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.client = Client(given.get("client") or {})
        self.custom = given.get("custom")
        self.env = given.get("env")


class Context:
    """The second argument of a handler."""

    def __init__(
        self,
        version: Version,
        arn: str,
        request_id: str,
        log_stream: str,
        deadline: float,
        clock: Callable[[], float],
        client_context: str | None,
    ) -> None:
        self.function_name = version.function.name
        self.function_version = version.number
        self.invoked_function_arn = arn
        self.memory_limit_in_mb = str(version.settings["MemorySize"])
        self.aws_request_id = request_id
        self.log_group_name = version.settings["LoggingConfig"]["LogGroup"]
        self.log_stream_name = log_stream
        self.identity = Identity()
        self.client_context = _client_context(client_context)
        self.tenant_id = None
        self._deadline = deadline
        self._clock = clock

    def get_remaining_time_in_millis(self) -> int:
        return max(int((self._deadline - self._clock()) * 1000), 0)


def _client_context(text: str | None) -> ClientContext | None:
    if not text:
        return None
    try:
        given = json.loads(b64decode(text))
    except ValueError:
        return None
    return ClientContext(given) if isinstance(given, dict) else None


class Ended(NamedTuple):
    """How code ended: the JSON it answered with, or what the runtime tells of its error."""

    payload: bytes
    error: Error | None


def run(code: Callable[[Any, Any], Any], event: Any, context: Context) -> Ended:
    """Call a handler as Lambda's Python runtime does."""
    try:
        answer = code(event, context)
    except AwsimError:
        # No error of the program's code: awsim was used wrongly in it, which is to be seen where it was called.
        raise
    except SystemExit as problem:
        message = (
            f"RequestId: {context.aws_request_id} Error: Runtime exited with error: exit status {_status(problem)}"
        )
        return _failed({"errorType": "Runtime.ExitError", "errorMessage": message})
    except Exception as problem:
        return _failed(_described(problem, context))
    try:
        return Ended(_encode(answer).encode(), None)
    except (TypeError, ValueError, UnicodeEncodeError) as problem:
        told = {
            "errorMessage": f"Unable to marshal response: {problem}",
            "errorType": "Runtime.MarshalError",
            "requestId": context.aws_request_id,
            "stackTrace": [],
        }
        return _failed(told)


def failed(type: str, message: str, request_id: str | None = None) -> Ended:
    """The end of code that did not begin, or was stopped."""
    told: Error = {"errorMessage": message, "errorType": type}
    if request_id is not None:
        told |= {"requestId": request_id, "stackTrace": []}
    return _failed(told)


def timed_out(request_id: str, seconds: float) -> Ended:
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return _failed({"errorType": TIMED_OUT, "errorMessage": message})


def _failed(told: Error) -> Ended:
    return Ended(json.dumps(told, ensure_ascii=False).encode(), told)


def _described(problem: Exception, context: Context) -> Error:
    # The first frame is this module's.
    frames = traceback.extract_tb(problem.__traceback__)[1:]
    return {
        "errorMessage": str(problem),
        "errorType": type(problem).__name__,
        "requestId": context.aws_request_id,
        "stackTrace": traceback.format_list(frames),
    }


def _status(problem: SystemExit) -> int:
    return problem.code if isinstance(problem.code, int) else 0 if problem.code is None else 1


def day(time: float) -> str:
    """As the names of log streams begin."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y/%m/%d")
