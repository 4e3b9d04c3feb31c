"""boto3's transfers: the CRT client sends from C, past every tap; the classic one goes through botocore."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Patch


def transfer_patches(module: Any) -> Iterator[Patch]:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        def should_use_crt(config: Any) -> bool:
            return original(config) if stack.current is None else False

        return should_use_crt

    if hasattr(module, "_should_use_crt"):
        yield Patch(module, "_should_use_crt", make)
