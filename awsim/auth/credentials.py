"""Who is behind a request: access keys, the callers they stand for, and the Authorization a request carries.

Keys that awsim issued (by STS, by IAM) carry their account and identity. Any other key is the administrator
`user/awsim` of the Cloud's account, or of its own account if the key is exactly 12 digits. Secrets matter only where a
signature is verified (see `signatures`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

from awsim.auth.refusals import Refused
from awsim.auth.totp import Enrolment
from awsim.state import Dict
from awsim.wire.http import Headers

_BASE32 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# What every session token of AWS begins with: it decodes to "origin_ec" after a type byte and a length.
_TOKEN_START = "IQoJb3JpZ2luX2Vj"
_TOKEN_SIZE = 356


class Clock(Protocol):
    def time(self) -> float: ...


class Choices(Protocol):
    def choose(
        self, name: str, options: Sequence[bool], odds: float | None = None, what: str | Callable[[], str] = ""
    ) -> bool: ...


class Ids(Protocol):
    def hex(self, kind: str, n: int) -> str: ...

    def text(self, kind: str, n: int, alphabet: str) -> str: ...


class Keys(NamedTuple):
    """What a client needs to sign."""

    access_key: str
    secret: str
    session_token: str | None = None


# Supplied to clients for which botocore finds no credentials. Its fifth character marks a key without an account in it.
DEFAULT = Keys("AKIAAWSIMDEFAULTKEY0", "awsim/supplies/this/where/none/was/found")


class Session(NamedTuple):
    """What temporary credentials remember of how they were made. Times are epoch seconds."""

    issued: float
    expires: float
    role_arn: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    mfa: bool = False
    federated: str | None = None  # the identity provider of a web identity or SAML session
    depth: int = 0  # how many sessions stand behind this one: 1 and more is role chaining
    context: Mapping[str, str] | None = None  # further condition keys: saml:sub, graph.facebook.com:app_id, …
    parent: str | None = None  # the user or root who asked for a federated user's session


class Caller(NamedTuple):
    """The principal of a call. `type` is user, assumed-role, federated-user, root, service or anonymous."""

    account: str
    arn: str
    user_id: str
    access_key: str = ""
    type: str = "user"
    session: Session | None = None
    is_anonymous: bool = False
    service: str | None = None  # the host name of a service principal, "sns.amazonaws.com"

    @property
    def tags(self) -> Mapping[str, str]:
        """Session tags (the principal's own tags are IAM's)."""
        return (self.session and self.session.tags) or {}

    @property
    def is_temporary(self) -> bool:
        return self.session is not None

    @staticmethod
    def for_service(principal: str, account: str) -> Caller:
        """An AWS service that acts in `account`: `Caller.for_service("sns.amazonaws.com", "123456789012")`."""
        return Caller(account, principal, principal, "", "service", service=principal)


ANONYMOUS = Caller("", "anonymous", "anonymous", "", "anonymous", is_anonymous=True)


class IssuedKey(NamedTuple):
    """An access key that awsim made. `session_token` and `expires` (epoch seconds) are None for long-term keys."""

    access_key: str
    secret: str
    session_token: str | None
    expires: float | None
    caller: Caller
    active: bool = True
    unsettled: float | None = None  # until when it may not be known everywhere (epoch seconds)

    @property
    def keys(self) -> Keys:
        return Keys(self.access_key, self.secret, self.session_token)


class Credentials:
    """All access keys of one Cloud."""

    def __init__(self, account: str, clock: Clock, choices: Choices | None = None) -> None:
        self.account = account
        self._clock = clock
        self._choices = choices
        self._issued: Dict = Dict()  # access key -> IssuedKey
        self._devices: Dict = Dict()  # serial number of an MFA device that is enabled -> Enrolment
        self._strangers: dict[tuple[str, str], Caller] = {}  # a pure function of its key: needs no undo
        self._seen: dict[str, str] = {DEFAULT.access_key: DEFAULT.secret}  # secrets this process signs with

    def identify(self, access_key: str, token: str | None = None, partition: str = "aws") -> Caller:
        """The caller behind an access key. Raises Refused (expired, token, inactive); see `Refused.worded`."""
        key = self._issued.get(access_key)
        if key is None:
            caller = self._strangers.get((access_key, partition))
            return caller if caller is not None else self._stranger(access_key, partition)
        if key.session_token != (token or None):
            raise Refused("missing-token" if not token else "token", access_key, token)
        if key.expires is not None and self._clock.time() >= key.expires:
            raise Refused("expired", access_key, token)
        if not key.active:
            raise Refused("inactive", access_key, token)
        if key.unsettled is not None and self._clock.time() < key.unsettled and self._is_late(access_key):
            raise Refused("unknown", access_key, token)
        return key.caller

    def _is_late(self, access_key: str) -> bool:
        """Whether a key that was just made is not known yet where it is used."""
        if self._choices is None:
            return False
        what = f"did not know yet of the access key {access_key}, just created"
        return self._choices.choose("iam.propagation", (False, True), 0.2, what)

    def _stranger(self, access_key: str, partition: str) -> Caller:
        account = access_key if len(access_key) == 12 and access_key.isdecimal() else self.account
        caller = administrator(account, access_key, partition)
        self._strangers[access_key, partition] = caller
        return caller

    def issue(
        self,
        kind: str,
        account: str,
        arn: str,
        user_id: str,
        ids: Ids,
        *,
        session: Session | None = None,
        token_size: int = 0,
        unsettled: float | None = None,
    ) -> IssuedKey:
        """A new key for the principal `arn`: an ASIA… key with a token if it has a `session`, else an AKIA… one.

        `kind` is the type of the Caller it stands for; the token has at least `token_size` bytes.
        """
        prefix = "ASIA" if session else "AKIA"
        access_key = unique_id(prefix, account, int(ids.hex("access-key", 12), 16))
        secret = ids.text("secret-key", 40, _SECRET)
        token = _token(secret, max(token_size, _TOKEN_SIZE)) if session else None
        caller = Caller(account, arn, user_id, access_key, kind, session)
        expires = session.expires if session else None
        key = IssuedKey(access_key, secret, token, expires, caller, unsettled=unsettled)
        self._issued[access_key] = key
        return key

    def issued(self, access_key: str) -> IssuedKey | None:
        return self._issued.get(access_key)

    def __call__(self, who: str) -> dict[str, str]:
        """Keys of the principal `who` (an ARN), as boto3 takes them: `boto3.client("s3", **aws.credentials(arn))`."""
        caller = principal(who, self.account)
        access_key = named_id("AKIA", caller.account, f"{who}/{len(self._issued)}")
        secret = base64.b64encode(hashlib.sha256(access_key.encode()).digest()[:30]).decode()
        owner = caller._replace(access_key=access_key)
        self._issued[access_key] = IssuedKey(access_key, secret, None, None, owner)
        return {"aws_access_key_id": access_key, "aws_secret_access_key": secret}

    def activate(self, access_key: str, active: bool) -> None:
        """Switch a long-term key on or off, as IAM's UpdateAccessKey does."""
        key = self._issued[access_key]
        self._issued[access_key] = key._replace(active=active)

    def rename(self, access_key: str, arn: str) -> None:
        """Have a key stand for its user under a new ARN, as IAM's UpdateUser gives it."""
        key = self._issued[access_key]
        self._issued[access_key] = key._replace(caller=key.caller._replace(arn=arn))

    def revoke(self, access_key: str) -> None:
        """Forget a key that was issued; deleting one that does not exist is no error."""
        self._issued.pop(access_key, None)

    def clear(self) -> None:
        """Forget every key that was issued."""
        self._issued.clear()

    def enrol(self, serial: str, enrolment: Enrolment | None) -> None:
        """Remember an MFA device that is enabled; None: no longer."""
        if enrolment is None:
            self._devices.pop(serial, None)
        else:
            self._devices[serial] = enrolment

    def signs_in(self, arn: str, serial: str, code: str) -> bool | None:
        """Whether a user's MFA device shows a code now, which is used up by that.

        None: it is another's device; False: a wrong code. A device that nobody enabled is taken for one outside of the
        Cloud, all of whose codes are good.
        """
        known = self._devices.get(serial)
        if known is None:
            return True
        if known.arn != arn:
            return None
        step = known.step_of(code, self._clock.time())
        if step is None:
            return False
        self._devices[serial] = known._replace(used=step)
        return True

    def seen(self, access_key: str, secret: str, token: str | None = None) -> None:
        """Remember a secret that this process signs with, so that its presigned URLs can be verified."""
        self._seen[access_key] = secret

    def secret_of(self, access_key: str) -> str | None:
        """The secret of a key, None if neither awsim issued it nor this process was seen signing with it."""
        key = self._issued.get(access_key)
        return key.secret if key is not None else self._seen.get(access_key)

    def account_of(self, access_key: str) -> str:
        """The account a key belongs to, for GetAccessKeyInfo: also of real keys, whose ids carry it."""
        key = self._issued.get(access_key)
        if key is not None:
            return key.caller.account
        if len(access_key) == 12 and access_key.isdecimal():
            return access_key
        return account_in(access_key) or self.account


@cache
def canonical_id(account: str) -> str:
    """The canonical user id of an account, by which S3 knows it: 64 hexadecimal digits; "anonymous" has its own."""
    if account == "anonymous":
        return "65a011a29cdf8ec533ec3d1ccaae921c"
    return hashlib.sha256(f"awsim/canonical-user/{account}".encode()).hexdigest()


@cache
def principal(who: str, account: str) -> Caller:
    """The caller an ARN or a service's host name stands for; `account` is where a service acts.

    A role's own ARN stands for a session of it, as AWS never sees a role call by itself.
    """
    if who == ANONYMOUS.arn:
        return ANONYMOUS
    if not who.startswith("arn:"):
        return Caller.for_service(who, account)
    _, partition, _, _, account, resource = who.split(":", 5)
    kind, _, name = resource.partition("/")
    if kind == "root":
        return Caller(account, who, account, type="root")
    if kind in ("role", "assumed-role"):
        path, _, last = name.rpartition("/")
        role, session = (path, last) if kind == "assumed-role" else (last, "awsim")
        role_id = named_id("AROA", account, f"role/{role}")
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}"
        return Caller(account, arn, f"{role_id}:{session}", type="assumed-role")
    if kind == "federated-user":
        return Caller(account, who, f"{account}:{name}", type="federated-user")
    return Caller(account, who, named_id("AIDA", account, resource))


@cache
def administrator(account: str, access_key: str = "", partition: str = "aws") -> Caller:
    """The user that every key nobody issued stands for; it may do everything."""
    user_id = named_id("AIDA", account, "user/awsim")
    return Caller(account, f"arn:{partition}:iam::{account}:user/awsim", user_id, access_key)


def unique_id(prefix: str, account: str, number: int) -> str:
    """An id as IAM makes them (AKIA, ASIA: 20 characters; AIDA, AROA, …: 21), with the account in its bits.

    In base32 after the prefix: a one, 40 bits of account, 39 bits of `number` (44 where the id is longer).
    """
    loose, length = (39, 16) if prefix in ("AKIA", "ASIA") else (44, 17)
    bits = (1 << 40 | int(account)) << loose | number & (1 << loose) - 1
    text = base64.b32encode((bits << -5 * length % 8).to_bytes((5 * length + 7) // 8, "big")).decode()
    return prefix + text[:length]


def named_id(prefix: str, account: str, name: str) -> str:
    """The unique id of something known by name only: always the same for the same name."""
    return unique_id(prefix, account, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))


def account_in(access_key: str) -> str | None:
    """The account that the id of an access key carries; None for ids of the older kind, which carry none."""
    text = access_key[4:].upper()
    if len(text) < 16 or not _BASE32.issuperset(text) or "A" <= text[0] < "Q":
        return None
    account = f"{int.from_bytes(base64.b32decode(text[:16])[:6], 'big') >> 7 & (1 << 40) - 1:012d}"
    return account if len(account) == 12 else None


def parse_authorization(
    headers: Headers, query: str | Iterable[tuple[str, str]] = ()
) -> tuple[str, str | None, str | None, str | None, str]:
    """(access key, region, service, session token, kind) of a request; empty and None where it does not say.

    `query` is the raw query string or its decoded pairs. Kinds: "v4" and "v4a" (Authorization header), "v4-query"
    and "v4a-query" (presigned), "v2" (`AWS key:signature`), "v2-query" (presigned: AWSAccessKeyId, Signature, Expires),
    "bearer", "none", and "unreadable" for a header that is none of these.
    """
    header = dict.get(headers, "authorization")
    if header:
        if header.startswith("AWS4-HMAC-SHA256"):
            at = header.find("Credential=") + 11
            end = header.find(",", at)
            scope = header[at : end if end > 0 else None].rsplit("/", 4)
            if len(scope) == 5 and at > 10:
                return scope[0], scope[2], scope[3], dict.get(headers, "x-amz-security-token"), "v4"
            return "", None, None, None, "unreadable"
        return _other_header(header, headers)
    if query:
        return _in_query(query)
    return _NOTHING


_NOTHING = ("", None, None, None, "none")


def _other_header(header: str, headers: Headers) -> tuple[str, str | None, str | None, str | None, str]:
    token = headers.get("X-Amz-Security-Token")
    scheme, _, rest = header.partition(" ")
    if scheme == "AWS4-ECDSA-P256-SHA256":
        # No region: a v4a signature is good for the set of regions in X-Amz-Region-Set.
        scope = rest.partition("Credential=")[2].partition(",")[0].strip().rsplit("/", 3)
        if len(scope) == 4:
            return scope[0], None, scope[2], token, "v4a"
    elif scheme == "AWS":
        key, colon, _ = rest.strip().rpartition(":")
        if colon:
            return key, None, None, token, "v2"
    elif scheme.lower() == "bearer":
        return "", None, None, rest.strip(), "bearer"
    return "", None, None, None, "unreadable"


def _in_query(
    query: str | Iterable[tuple[str, str]],
) -> tuple[str, str | None, str | None, str | None, str]:
    if isinstance(query, str):
        if "X-Amz-" not in query and "AWSAccessKeyId" not in query and "x-amz-" not in query.lower():
            return _NOTHING
        query = parse_qsl(query, keep_blank_values=True)
    found: dict[str, Any] = {}
    for name, value in query:
        lower = name.lower()
        found.setdefault(lower if lower.startswith("x-amz-") else name, value)
    token = found.get("x-amz-security-token")
    if "x-amz-credential" in found:
        scope = found["x-amz-credential"].rsplit("/", 4)
        if found.get("x-amz-algorithm") == "AWS4-ECDSA-P256-SHA256":
            scope = found["x-amz-credential"].rsplit("/", 3)
            if len(scope) == 4:
                return scope[0], None, scope[2], token, "v4a-query"
            return "", None, None, token, "v4a-query"
        if len(scope) == 5:
            return scope[0], scope[2], scope[3], token, "v4-query"
        return "", None, None, token, "v4-query"
    if "x-amz-signature" in found or "x-amz-algorithm" in found:
        return "", None, None, token, "v4-query"
    if "AWSAccessKeyId" in found:
        return found["AWSAccessKeyId"], None, None, token or found.get("SecurityToken"), "v2-query"
    return _NOTHING


def _token(secret: str, size: int) -> str:
    body = hashlib.shake_256(secret.encode()).digest(size * 3 // 4 + 3)
    return (_TOKEN_START + base64.b64encode(body).decode())[:size]
