"""Taps into the HTTP clients of the process, installed only while a mock is active.

The first Cloud in installs them, the last one out removes them. Libraries that are imported later, while a mock is
active, are tapped as soon as they are imported.
"""

from __future__ import annotations

import importlib
import sys
import threading
from typing import TYPE_CHECKING, Any

from awsim.intercept import stack
from awsim.intercept.patching import Patch

if TYPE_CHECKING:
    from awsim.cloud import Cloud

# Module to tap -> (module of awsim.intercept, function of it that returns the patches).
_TAPS = {
    "botocore.httpsession": ("botocore_tap", "session_patches"),
    "botocore.endpoint": ("botocore_tap", "endpoint_patches"),
    "botocore.session": ("identity_tap", "session_patches"),
    "botocore.signers": ("identity_tap", "signer_patches"),
    "botocore.credentials": ("identity_tap", "credential_patches"),
    "botocore.auth": ("time_tap", "auth_patches"),
    "botocore.crt.auth": ("time_tap", "auth_patches"),
    "botocore.tokens": ("time_tap", "token_patches"),
    "botocore.utils": ("time_tap", "utils_patches"),
    "botocore.waiter": ("time_tap", "waiter_patches"),
    "botocore.discovery": ("time_tap", "discovery_patches"),
    "botocore.retryhandler": ("retry_tap", "legacy_patches"),
    "botocore.retries.standard": ("retry_tap", "standard_patches"),
    "botocore.retries.quota": ("retry_tap", "quota_patches"),
    "botocore.retries.bucket": ("retry_tap", "bucket_patches"),
    "botocore.retries.adaptive": ("retry_tap", "adaptive_patches"),
    "boto3.s3.transfer": ("boto3_tap", "transfer_patches"),
    "urllib3.connectionpool": ("urllib3_tap", "pool_patches"),
    "urllib.request": ("urllib_tap", "opener_patches"),
    "httpx": ("httpx_tap", "transport_patches"),
    "httpx2": ("httpx_tap", "transport_patches"),
    "aiohttp.client": ("aiohttp_tap", "session_patches"),
    "aiobotocore.httpsession": ("aiobotocore_tap", "session_patches"),
    "aiobotocore.httpxsession": ("aiobotocore_tap", "httpx_session_patches"),
    "aiobotocore.endpoint": ("aiobotocore_tap", "endpoint_patches"),
    "aiobotocore.session": ("aiobotocore_tap", "identity_patches"),
    "aiobotocore.signers": ("aiobotocore_tap", "signer_patches"),
    "aiobotocore.credentials": ("aiobotocore_tap", "credential_patches"),
    "aiobotocore.waiter": ("aiobotocore_tap", "waiter_patches"),
    "aiobotocore.utils": ("aiobotocore_tap", "utils_patches"),
    "aiobotocore.retries.standard": ("aiobotocore_tap", "standard_patches"),
    "aiobotocore.retries.adaptive": ("aiobotocore_tap", "adaptive_patches"),
    "aiobotocore.retries.bucket": ("aiobotocore_tap", "bucket_patches"),
    "socket": ("socket_tap", "net_patches"),
}

_lock = threading.RLock()
_patches: list[Patch] | None = None


def install(cloud: Cloud) -> None:
    """Make `cloud` the one that answers."""
    with _lock:
        if not stack.entries:
            patches = _patches if _patches is not None else _prepare()
            try:
                for patch in patches:
                    patch.put()
            except BaseException:
                _take_all()
                raise
        stack.push(cloud)


def remove(cloud: Cloud) -> None:
    """Take back one `install` of `cloud`, in whatever order; nothing happens if there is none."""
    with _lock:
        if stack.drop(cloud) and not stack.entries:
            _take_all()


def renew(cloud: Cloud) -> None:
    """After a Cloud was restored: what its clients keep between calls (retry quotas, rates) begins anew too."""
    with _lock:
        stack.renew(cloud)


def active() -> Cloud | None:
    """The Cloud that answers now: the innermost one, in every thread."""
    entry = stack.current
    return None if entry is None else entry.cloud


def _take_all() -> None:
    for patch in reversed(_patches or ()):
        patch.take()


def _prepare() -> list[Patch]:
    """Once per process: patches for what is imported, hooks for what is not yet."""
    global _patches
    _patches = []
    missing = []
    for name in _TAPS:
        module = sys.modules.get(name)
        if module is not None:
            _patches.extend(_patches_for(module))
        else:
            missing.append(name)
    if missing:
        import wrapt

        for name in missing:
            wrapt.register_post_import_hook(_imported, name)
    return _patches


def _imported(module: Any) -> None:
    with _lock:
        patches = _patches_for(module)
        assert _patches is not None
        _patches.extend(patches)
        if stack.entries:
            for patch in patches:
                patch.put()


def _patches_for(module: Any) -> list[Patch]:
    tap, function = _TAPS[module.__name__]
    return list(getattr(importlib.import_module(f"awsim.intercept.{tap}"), function)(module))
