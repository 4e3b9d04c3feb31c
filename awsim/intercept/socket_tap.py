"""The net under all other taps: no name of an AWS host is looked up while a mock is active.

What arrives here came from a client that awsim does not tap (http.client used directly, say).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from awsim.errors import AwsimError
from awsim.intercept import stack
from awsim.intercept.patching import Patch
from awsim.intercept.serving import is_ours


def net_patches(module: Any) -> Iterator[Patch]:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            if stack.current is not None and host:
                name = host.decode("idna") if isinstance(host, bytes) else host
                name = name.lower().rstrip(".")
                if is_ours(name) or is_ours(f"[{name}]"):
                    raise AwsimError(
                        f"a connection to {name} was about to be opened while mock_aws is active, by an HTTP client"
                        " that awsim does not answer; use botocore, urllib3, requests, httpx, aiohttp or urllib.request"
                    )
            return original(host, *args, **kwargs)

        return getaddrinfo

    yield Patch(module, "getaddrinfo", make)
