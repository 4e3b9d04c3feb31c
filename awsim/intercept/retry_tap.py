"""Retries: delays on the Cloud's clock, jitter from its seed, and quotas and rates of its own.

Otherwise a test that used up a client's retry quota would change how the next one's calls are retried.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Apart, Instead, Module, Patch
from awsim.intercept.time_tap import sleep_patch, time_module


def _jitter() -> float:
    entry = stack.current
    return random.random() if entry is None else entry.jitter()


def legacy_patches(module: Any) -> Iterator[Patch]:
    yield Patch(module, "random", lambda original: Module(original, random=_jitter))


def standard_patches(module: Any) -> Iterator[Patch]:
    yield from sleep_patch(module, "RetryHandler")
    yield Instead(module.ExponentialBackoff, "_random", (random.random,), lambda entry: entry.jitter)


def quota_patches(module: Any) -> Iterator[Patch]:
    yield Apart(module.RetryQuota, "_available_capacity", fresh=lambda quota: quota._max_capacity)


def bucket_patches(module: Any) -> Iterator[Patch]:
    yield time_module(module)


def adaptive_patches(module: Any) -> Iterator[Patch]:
    yield from limiter_patches(module.ClientRateLimiter, _token_bucket)


def limiter_patches(limiter: type, token_bucket: Callable[[Any], Any]) -> Iterator[Patch]:
    """What a rate limiter has learnt. Its handlers were registered with the client and cannot be replaced any more."""
    yield Apart(limiter, "_enabled", fresh=lambda limiter: False)
    yield Apart(limiter, "_token_bucket", fresh=token_bucket)
    yield Apart(limiter, "_rate_clocker", fresh=_rate_clocker)
    yield Apart(limiter, "_rate_adjustor", fresh=_rate_adjustor)


def _token_bucket(limiter: Any) -> Any:
    from botocore.retries import bucket

    tokens = bucket.TokenBucket(max_rate=1, clock=bucket.Clock())
    tokens._new_fill_rate_condition = _Condition(tokens._lock)
    return tokens


def _rate_clocker(limiter: Any) -> Any:
    from botocore.retries import adaptive, bucket

    return adaptive.RateClocker(bucket.Clock())


def _rate_adjustor(limiter: Any) -> Any:
    from botocore.retries import bucket, throttling

    return throttling.CubicCalculator(starting_max_rate=0, start_time=bucket.Clock().current_time())


# A token bucket may lack a billionth of a token, which is less than a clock can show: it would wait for ever.
SHORTEST = 0.001


class _Condition:
    """The condition on which a token bucket waits for its next token: a wait on the Cloud's clock."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exc: Any) -> None:
        self._lock.release()

    def wait(self, seconds: float) -> None:
        entry = stack.current
        self._lock.release()
        try:
            if entry is not None:
                entry.cloud.clock.sleep(max(seconds, SHORTEST))
        finally:
            self._lock.acquire()

    def notify(self) -> None:
        """Waits end by themselves; a faster rate is seen then."""
