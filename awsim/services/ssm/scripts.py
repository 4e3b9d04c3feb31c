"""Scripts of aws:executeScript. Python runs in this process; other languages are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awsim.services.ssm.runbook import StepFailed


def handler(runtime: str, script: str | None, name: str | None) -> Callable[[Any, Any], Any]:
    """The function that a script calls its handler. Raises StepFailed."""
    if not runtime.startswith("python"):
        raise StepFailed(
            f"awsim does not run {runtime or 'scripts without a runtime'}: register a callable, "
            'aws.functions["<runbook>/<step>"] = callable'
        )
    if not script:
        raise StepFailed("The step has no script.")
    names: dict[str, Any] = {"__name__": "script"}
    try:
        exec(compile(script, "<aws:executeScript>", "exec"), names)
    except Exception as problem:
        raise StepFailed(f"{type(problem).__name__} - {problem}") from None
    found = names.get(str(name))
    if not callable(found):
        raise StepFailed(f"The script has no handler {name}.")
    return found  # type: ignore[no-any-return]
