"""Executions: a version's code is found, room is made for it, and it runs as its role while nobody holds the lock.

What runs is the callable that the program registered (`aws.functions["name"] = callable`: name, `name:qualifier` or
ARN), else the Python code of the zip. A run cannot be stopped: one that took longer than its timeout, by the Cloud's
clock, is told of as timed out when it ends, and what it did until then is done.

Sources: Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle", "Use Lambda recursive loop
detection".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, NamedTuple

from awsim.auth.credentials import Caller, administrator, principal
from awsim.environment import variables
from awsim.errors import AWSError
from awsim.services.lambda_ import insights, metrics, packages, reporting, running
from awsim.services.lambda_.base import Base
from awsim.services.lambda_.function import PENDING, Function, Version
from awsim.services.lambda_.output import Output, collected
from awsim.services.lambda_.packages import Modules, NoHandler, NoModule
from awsim.services.lambda_.refusals import conflict
from awsim.services.lambda_.reporting import Log, Run
from awsim.services.lambda_.running import Context, Ended, Outcome
from awsim.state import Dict

Code = Callable[[Any, Any], Any]
# How many executions may stand on each other in one thread before asynchronous ones wait for the first to end.
_DEEPEST = 3


class Lineage(NamedTuple):
    """The executions that brought one about: how many of them this thread is in, the ARNs of all, and what waits for
    the first of them to end (service, method, data)."""

    depth: int = 0
    arns: tuple[str, ...] = ()
    waiting: list[tuple[Any, str, dict[str, Any]]] | None = None


_NOBODY = Lineage()
_lineage: ContextVar[Lineage] = ContextVar("lineage", default=_NOBODY)


def lineage() -> tuple[str, ...]:
    """The ARNs of the functions whose executions led here."""
    return _lineage.get().arns


@contextmanager
def descending(arns: tuple[str, ...]) -> Iterator[None]:
    """What is done in the block was brought about by executions of these functions."""
    now = _lineage.get()
    token = _lineage.set(now._replace(arns=arns))
    try:
        yield
    finally:
        _lineage.reset(token)


class Executing(Base):
    """Code at work."""

    def setup(self) -> None:
        super().setup()
        self.log_streams = Dict()  # function id, version, revision, which of the runs side by side -> (name, last used)
        # Execution environments of code from zips: what they remember is the code's own business, as in AWS, and no
        # snapshot takes it back. Function id and revision -> (modules, log stream, last used).
        self._environments: dict[tuple[str, str, str], tuple[Modules, str, float]] = {}

    def put_off(self, method: str, **data: Any) -> bool:
        """Whether there are so many executions on each other that one more has to wait for the first to end; then
        `method` is called with `data`."""
        now = _lineage.get()
        if now.depth < _DEEPEST or now.waiting is None:
            return False
        now.waiting.append((self.key, method, data))
        return True

    def execute(
        self,
        function: Function,
        version: Version,
        qualifier: str | None,
        event: Any,
        request_id: str,
        client_context: str | None = None,
    ) -> Outcome:
        """Run a version once. Raises TooManyRequestsException where there is no room, and what else keeps it from
        running; what the code raises is in the outcome."""
        before = _lineage.get()
        self._check_loop(function, before)
        if version.state == PENDING:
            raise conflict(
                "The operation cannot be performed at this time. The function is currently in the following state: "
                "Pending"
            )
        self._check_key(version)
        try:
            at_once = self.enter(function)
        except AWSError:
            self.note(function, metrics.THROTTLES, qualifier=qualifier)
            raise
        waiting = before.waiting if before.depth else []
        token = _lineage.set(Lineage(before.depth + 1, (*before.arns, function.arn), waiting))
        try:
            return self._executed(function, version, qualifier, event, request_id, client_context, at_once)
        finally:
            _lineage.reset(token)
            self.leave(function)
            if not before.depth:
                for key, method, data in waiting or ():
                    self.clock.scheduler.add(self.clock.time(), key, method, data)

    def _check_loop(self, function: Function, now: Lineage) -> None:
        most = self.limits["loops"]
        if function.loops == "Terminate" and most is not None and now.arns.count(function.arn) >= most:
            self.note(function, metrics.LOOPS)
            raise AWSError(
                "RecursiveInvocationException",
                "Lambda has detected the invocation of this function as part of a recursive loop and stopped it.",
                fields={"Type": "User"},
            )

    def _check_key(self, version: Version) -> None:
        """Environment variables are decrypted with the customer's key, if they were encrypted with one."""
        key = version.settings.get("KMSKeyArn")
        if not key or not version.settings.get("Environment"):
            return
        try:
            answer = self.call("kms", "DescribeKey", as_=administrator(self.account), KeyId=key)
        except AWSError as error:
            raise _undecrypted(
                "KMSNotFoundException", f"the KMS key was not found. KMS Exception: {error.code}"
            ) from None
        state = answer["KeyMetadata"]["KeyState"]
        if state == "Disabled":
            raise _undecrypted("KMSDisabledException", "the KMS key used is disabled")
        if state != "Enabled":
            raise _undecrypted("KMSInvalidStateException", "the KMS key used is in an invalid state for Decrypt")

    def _executed(
        self,
        function: Function,
        version: Version,
        qualifier: str | None,
        event: Any,
        request_id: str,
        client_context: str | None,
        at_once: tuple[int, int, int],
    ) -> Outcome:
        started = self.clock.time()
        settings = version.settings  # whatever the code makes of them
        code, stream, fresh = self._code_for(function, version, qualifier, started)
        arn = function.qualified(qualifier)
        timeout: int = settings["Timeout"]
        deadline = started + timeout
        context = Context(version, arn, request_id, stream, deadline, self.clock.time, client_context)
        written = Output(self.clock.time, request_id, settings["LoggingConfig"].get("ApplicationLogLevel"))
        over = self._variables(version, stream)
        who = _session(settings["Role"], function.name, self.partition)
        with self.cloud.unlocked(who), variables(over), collected(written):
            if isinstance(code, Modules):
                ended = _from_zip(code, settings["Handler"], event, context, written)
            elif isinstance(code, Ended):
                ended = code
            else:
                ended = running.run(code, event, context)
        seconds = self.clock.time() - started
        if isinstance(code, Modules):
            self._environments[_environment(version)] = (code, stream, self.clock.time())
        if seconds > timeout:
            ended = running.timed_out(request_id, timeout)
        most = self.limits["response-payload"]
        if most is not None and len(ended.payload) > most:
            error = self.limits.error("response-payload", measured=len(ended.payload))
            ended = running.failed(error.code, error.message)
        memory = min(settings["MemorySize"], int(self.limits["memory-used"]))
        init = 0.0 if fresh else None
        run = Run(
            function.name,
            version.number,
            settings,
            request_id,
            started,
            seconds,
            ended.error,
            memory,
            init,
            tuple(written.end()),
            written.loaded,
            written.begun,
        )
        provisioned = function.provisioned.get(qualifier)
        self.measured.append(
            metrics.Ran(
                started,
                function.name,
                qualifier,
                version.number,
                run.milliseconds,
                ended.error is not None,
                at_once,
                None if provisioned is None else provisioned.wanted,
            )
        )
        if "Layers" in settings and insights.is_watched(run):
            self.write_log(who, insights.GROUP, stream, insights.log, run)
            for sample in insights.samples(run):
                self.measured.append(sample)
        self.write_log(who, context.log_group_name, stream, reporting.log, run)
        return Outcome(ended.payload, running.UNHANDLED if ended.error is not None else None, run, version.number)

    def write_log(self, who: Caller, group: str, stream: str, log: Log, run: Run) -> None:
        """Have a log of a run written into its log stream, as its role."""
        raise NotImplementedError

    def _code_for(
        self, function: Function, version: Version, qualifier: str | None, now: float
    ) -> tuple[Code | Modules | Ended, str, bool]:
        """What runs, its log stream, and whether its execution environment is new."""
        registered = self.cloud.functions
        for stem in (function.arn, function.name):
            for end in (f":{version.number}", f":{qualifier}" if qualifier else "", ""):
                found = registered.get(f"{stem}{end}")
                if found is not None:
                    return found, self._log_stream(version, now), False
        data, handler, runtime = version.code.data, version.settings.get("Handler"), version.settings.get("Runtime")
        if data is not None and handler and runtime and runtime.startswith("python"):
            if packages.has_python(data, handler):
                key = _environment(version)
                known = self._environments.get(key)
                life = self.limits["environment-life"]
                if known is not None and (life is None or now - known[2] <= life):
                    return known[0], known[1], False
                return Modules(data), self._log_stream(version, now), True
            module = handler.rpartition(".")[0]
            problem = f"Unable to import module '{module}': No module named '{module.replace('/', '.')}'"
        else:
            if data is not None and runtime and runtime.startswith("provided") and not packages.has(data, "bootstrap"):
                message = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
                return running.failed("Runtime.InvalidEntrypoint", message), self._log_stream(version, now), False
            problem = f"awsim does not run {runtime or 'the code of images'}"
        told = f"{problem} (register the code of this function: aws.functions[{function.name!r}] = callable)"
        return running.failed("Runtime.ImportModuleError", told, ""), self._log_stream(version, now), False

    def _log_stream(self, version: Version, now: float) -> str:
        """The log stream of an execution environment: runs one after the other share it, those side by side do not."""
        place = (*_environment(version), version.function.running)
        name, used = self.log_streams.get(place, ("", 0.0))
        life = self.limits["environment-life"]
        if not name or (life is not None and now - used > life):
            name = f"{running.day(now)}/[{version.number}]{self.ids.hex('log-stream', 32)}"
        self.log_streams[place] = (name, now)
        return name

    def _variables(self, version: Version, stream: str) -> Mapping[str, str]:
        settings = version.settings
        own = (settings.get("Environment") or {}).get("Variables") or {}
        runtime = settings.get("Runtime")
        more = {"AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}"} if runtime else {}
        return {
            **more,
            "_HANDLER": settings.get("Handler", ""),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_LAMBDA_FUNCTION_NAME": version.function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": version.number,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": settings["LoggingConfig"]["LogGroup"],
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            **own,
        }


def _undecrypted(code: str, why: str) -> AWSError:
    message = (
        f"Lambda was unable to decrypt the environment variables because {why}. Please check the function's KMS key "
        "settings."
    )
    return AWSError(code, message, fields={"Type": "User"})


@cache
def _session(role: str, function: str, partition: str) -> Caller:
    """Who a function's code is."""
    account, name = role.split(":")[4], role.partition("/")[2]
    return principal(f"arn:{partition}:sts::{account}:assumed-role/{name}/{function}", account)


def _environment(version: Version) -> tuple[str, str, str]:
    return version.function.id, version.number, version.revision


def _from_zip(modules: Modules, name: str, event: Any, context: Context, written: Output) -> Ended:
    try:
        handler = modules.handler(name)
        written.begin()
    except NoModule as problem:
        return running.failed("Runtime.ImportModuleError", str(problem), context.aws_request_id)
    except NoHandler as problem:
        return running.failed("Runtime.HandlerNotFound", str(problem), context.aws_request_id)
    except Exception as problem:
        return running.failed(type(problem).__name__, str(problem), context.aws_request_id)
    return running.run(handler, event, context)
