"""Retries: delays on the Cloud's clock, jitter from its seed, and quotas and rates of its own.

Otherwise a test that used up a client's retry quota would change how the next one's calls are retried.
"""

from __future__ import annotations

import copy
import functools
import random
from collections.abc import Iterator
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
    for name in ("on_sending_request", "on_receiving_response"):
        yield Patch(module.ClientRateLimiter, name, _apart)


def _apart(original: Any) -> Any:
    """A handler of the rate limiter, run on a limiter that the active Cloud has for this client."""

    @functools.wraps(original)
    def handler(self: Any, *args: Any, **kwargs: Any) -> Any:
        entry = stack.current
        return original(self if entry is None else _limiter(self, entry), *args, **kwargs)

    return handler


def _limiter(limiter: Any, entry: stack.Entry) -> Any:
    twin = stack.overlay(limiter, "limiter", entry)
    if twin is None:
        from botocore.retries import adaptive, bucket, throttling

        clock = bucket.Clock()
        tokens = bucket.TokenBucket(max_rate=1, clock=clock)
        tokens._new_fill_rate_condition = _Condition(tokens._lock)
        twin = copy.copy(limiter)
        twin.__init__(
            rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=clock.current_time()),
            rate_clocker=adaptive.RateClocker(clock),
            token_bucket=tokens,
            throttling_detector=limiter._throttling_detector,
            clock=clock,
        )
        stack.keep(limiter, "limiter", twin, entry)
    return twin


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
                entry.cloud.clock.sleep(seconds)
        finally:
            self._lock.acquire()

    def notify(self) -> None:
        """Waits end by themselves; a faster rate is seen then."""
