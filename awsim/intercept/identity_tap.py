"""Credentials and region where botocore finds none; and nothing simulated in real credentials.

Credentials are supplied when a request is signed, so also to clients that were made earlier without any, and are never
stored in a client or a session: after the mock they have none, as before.
"""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Iterator
from typing import Any

from awsim import machines
from awsim.auth.credentials import DEFAULT
from awsim.intercept import stack
from awsim.intercept.patching import Apart, Patch
from awsim.intercept.time_tap import fetcher_patches, time_module, today_patches

# What temporary credentials hold after they were fetched.
_FETCHED = ("_access_key", "_secret_key", "_token", "_account_id", "_frozen_credentials")
# When credentials end, seen from outside, that were fetched in a mock: they have to be fetched again.
_ENDED = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@functools.cache
def ambient(asynchronous: bool = False) -> Any:
    """The credentials that awsim supplies. Outside a mock they are none: signing with them says so."""
    from botocore.credentials import Credentials, ReadOnlyCredentials
    from botocore.exceptions import NoCredentialsError

    def frozen() -> Any:
        if stack.current is None:
            raise NoCredentialsError
        if machines.current(stack.current.cloud) is not None:
            role = machines.keys(stack.current.cloud)
            if role is None:
                raise NoCredentialsError
            return ReadOnlyCredentials(role.access_key, role.secret, role.session_token)
        return ReadOnlyCredentials(DEFAULT.access_key, DEFAULT.secret, DEFAULT.session_token)

    if asynchronous:
        from aiobotocore.credentials import AioCredentials

        class AioAmbient(AioCredentials):
            async def get_frozen_credentials(self) -> Any:
                return frozen()

        return AioAmbient(DEFAULT.access_key, DEFAULT.secret, method="awsim")

    class Ambient(Credentials):
        def get_frozen_credentials(self) -> Any:
            return frozen()

    return Ambient(DEFAULT.access_key, DEFAULT.secret, method="awsim")


def session_patches(module: Any) -> Iterator[Patch]:
    def get_credentials(original: Any) -> Any:
        @functools.wraps(original)
        def get_credentials(self: Any) -> Any:
            entry = stack.current
            if entry is not None and machines.current(entry.cloud) is not None and not _own(self):
                return of_machine(self) or ambient()
            found = original(self)
            return ambient() if found is None and entry is not None else found

        return get_credentials

    def get_config_variable(original: Any) -> Any:
        @functools.wraps(original)
        def get_config_variable(self: Any, logical_name: str, methods: Any = None) -> Any:
            value = original(self, logical_name, methods)
            if value is None and logical_name == "region" and methods is None:
                entry = stack.current
                if entry is not None:
                    # The code of a function has its own environment: sessions that were made outside do not know it.
                    return os.environ.get("AWS_DEFAULT_REGION") or entry.cloud.region
            return value

        return get_config_variable

    yield Patch(module.Session, "get_credentials", get_credentials)
    yield Patch(module.Session, "get_config_variable", get_config_variable)


def _own(session: Any) -> bool:
    """Whether a session was given credentials or a profile, rather than finding them on its machine."""
    found = session._credentials
    return session.get_config_variable("profile") is not None or (
        found is not None and found.method not in machines.AMBIENT
    )


def of_machine(session: Any) -> Any:
    """What a session finds on an EC2 instance; it is not kept, because the session may leave it."""
    resolver = session.get_component("credential_provider")
    try:
        provider = resolver.get_provider("iam-role")
    except Exception:
        return None  # the program looks for credentials in its own way
    return provider.load()


def signer_patches(module: Any) -> Iterator[Patch]:
    def supply(original: Any) -> property:
        def get(self: Any) -> Any:
            found = self.__dict__["_credentials"]
            entry = stack.current
            if entry is None:
                return found
            if found is None:
                return ambient()
            if machines.here.get() is not None and machines.current(entry.cloud) is not None:
                return ambient() if getattr(found, "method", None) in machines.AMBIENT else found
            return found

        def put(self: Any, value: Any) -> None:
            self.__dict__["_credentials"] = value

        return property(get, put)

    def remember(original: Any) -> Any:
        @functools.wraps(original)
        def get_auth_instance(self: Any, *args: Any, **kwargs: Any) -> Any:
            auth = original(self, *args, **kwargs)
            entry = stack.current
            if entry is not None:
                see(entry, auth)
            return auth

        return get_auth_instance

    yield Patch(module.RequestSigner, "_credentials", supply)
    yield Patch(module.RequestSigner, "get_auth_instance", remember)
    yield Patch(module.RequestSigner, "get_auth", remember)
    yield from today_patches(module)


def see(entry: stack.Entry, auth: Any) -> None:
    """Remember what this process signs with where awsim verifies the signature: what is presigned, and under
    `authorization` everything."""
    if _presigns(auth.__class__) or getattr(entry.cloud, "authorization", None) is not None:
        credentials = getattr(auth, "credentials", None)
        if credentials is not None:
            entry.cloud.credentials.seen(credentials.access_key, credentials.secret_key, credentials.token)


@functools.cache
def _presigns(signer: type) -> bool:
    return "Query" in signer.__name__ or "Post" in signer.__name__


def credential_patches(module: Any) -> Iterator[Patch]:
    yield time_module(module)
    yield from fetcher_patches(module, "_local_now")
    for name in _FETCHED:
        yield Apart(module.RefreshableCredentials, name)
    yield Apart(module.RefreshableCredentials, "_expiry_time", outside=lambda ends: ends and _ENDED)
    yield Patch(module.RefreshableCredentials, "refresh_needed", _stays)
    # A role assumed in awsim must not be remembered in the user's files, nor a real one be taken from them.
    yield Apart(module.CachedCredentialFetcher, "_cache", fresh=lambda fetcher: {})
    yield Patch(module.ContainerProvider, "load", _no_container)


def _stays(original: Any) -> Any:
    """Credentials that were fetched outside are good for as long as a mock lasts: refreshing them would ask the
    simulated AWS for real ones."""

    @functools.wraps(original)
    def refresh_needed(self: Any, refresh_in: Any = None) -> bool:
        entry = stack.current
        if (
            entry is not None
            and stack.overlay(self, "_frozen_credentials", entry) is None
            and self.__dict__.get("_frozen_credentials") is not None
            and self.__dict__.get("_expiry_time") is not _ENDED
        ):
            return False
        return original(self, refresh_in)

    return refresh_needed


def _no_container(original: Any) -> Any:
    """The container a test runs in (CodeBuild, say) has an address for credentials; the simulated AWS has none."""

    @functools.wraps(original)
    def load(self: Any) -> Any:
        return original(self) if stack.current is None else None

    return load
