"""The condition keys of a call: what `Condition` blocks and policy variables can look at.

Source: IAM User Guide, "AWS global condition context keys". Keys are lower-case; one of several values holds a tuple.
Most calls meet policies that look at few keys or none, so a key is worked out when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from awsim.auth.credentials import Session
from awsim.auth.policy.matching import Principal


@dataclass(frozen=True, slots=True)
class Facts:
    """What a call is known by, besides its principal. Times are epoch seconds; None is "the key is absent".

    `resource_tags` may be a function that finds them, called if a policy asks; `more` finds the value of a key that
    is not known here. `via` are the services through which the call came on the caller's behalf, first one first
    (aws:CalledVia).
    `source_arn` and `source_account` are of the resource for which a service calls. `principal_tags` are those of the
    user or role itself; the session's come on top. `organization` is (id, path) of the caller's account, as
    "o-a1b2c3d4e5" and "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"; likewise for the resource's and the source's.
    """

    time: float = 0.0
    region: str | None = None
    secure: bool = True
    source_ip: str | None = "127.0.0.1"
    user_agent: str | None = None
    referer: str | None = None
    session: Session | None = None
    mfa: bool = False  # a code of an MFA device came with the call
    principal_tags: Mapping[str, str] | None = None
    organization: tuple[str, str] | None = None
    resource_account: str | None = None
    resource_organization: tuple[str, str] | None = None
    resource_tags: Mapping[str, str] | Callable[[], Mapping[str, str] | None] | None = None
    more: Callable[[str], Any] | None = None
    request_tags: Mapping[str, str] | None = None
    tag_keys: Iterable[str] | None = None
    via: tuple[str, ...] = ()
    source_arn: str | None = None
    source_account: str | None = None
    source_organization: tuple[str, str] | None = None
    vpc: str | None = None
    vpc_endpoint: str | None = None
    vpc_source_ip: str | None = None
    root_session: bool = False  # of AssumeRoot


class Context(dict[str, Any]):
    """The keys of one call. `get` and `[]` take lower-case keys; an absent one is None."""

    __slots__ = ("_facts", "_principal")

    def __init__(self, principal: Principal, facts: Facts, extras: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._principal = principal
        self._facts = facts
        if extras:
            for key, value in extras.items():
                self[key.lower()] = _text(value)

    def __missing__(self, key: str) -> Any:
        known = _KEYS.get(key)
        value = None
        if known is not None:
            value = known(self._principal, self._facts)
        elif "/" in key:
            prefix, _, name = key.partition("/")
            tagged = _TAGGED.get(prefix)
            if tagged is not None:
                value = tagged(self._principal, self._facts, name)
        if value is None and known is None and self._facts.more is not None:
            value = _text(self._facts.more(key))
        self[key] = value
        return value

    def get(self, key: str, default: Any = None) -> Any:
        value = self[key]
        return default if value is None else value

    def everything(self) -> dict[str, Any]:
        """Every key that has a value, for authorization messages and the policy simulator."""
        for key in _KEYS:
            self[key]
        return {key: value for key, value in self.items() if value is not None}


def build(principal: Principal, facts: Facts, extras: Mapping[str, Any] | None = None) -> Context:
    """The context of a call. `extras` are a service's own keys ({"s3:prefix": "home/", "kms:ViaService": …}); they may
    be strings, numbers, booleans, datetimes or lists of them, and win over what would be worked out here."""
    return Context(principal, facts, extras)


def _text(value: Any) -> Any:
    if value is None or value.__class__ is str:
        return value
    if value.__class__ is bool:
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(_text(each) for each in value)
    if isinstance(value, datetime):
        return _moment(value.timestamp())
    return str(value)


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _flag(value: object) -> str:
    return "true" if value else "false"


_TYPES = {
    "user": "User",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    "root": "Account",
    "anonymous": "Anonymous",
}


def _username(who: Principal, facts: Facts) -> str | None:
    return who.arn.rpartition("/")[2] if who.type == "user" else None


def _principal_arn(who: Principal, facts: Facts) -> str | None:
    return who.policy_arn if who.service is None and who.account else None


def _source_owner(who: Principal, facts: Facts) -> str | None:
    """The key of default policies of SNS topics, from before there was aws:SourceAccount: alarms still give it."""
    return facts.source_account if who.service == "cloudwatch.amazonaws.com" else None


def _source_ip(who: Principal, facts: Facts) -> str | None:
    # Through a VPC endpoint there is no public address, and a service calls from nowhere.
    return None if facts.vpc_endpoint or facts.vpc or facts.via or who.service else facts.source_ip


def _mfa(who: Principal, facts: Facts) -> str | None:
    if facts.mfa:
        return "true"
    return _flag(facts.session.mfa) if facts.session else None


def _mfa_age(who: Principal, facts: Facts) -> str | None:
    if facts.mfa:
        return "0"
    session = facts.session
    return str(int(facts.time - session.issued)) if session is not None and session.mfa else None


def _tag(tags: Mapping[str, str] | Callable[[], Mapping[str, str] | None] | None, name: str) -> str | None:
    if callable(tags):
        tags = tags()
    if tags:
        for key, value in tags.items():
            if key.lower() == name:
                return value
    return None


def _principal_tag(who: Principal, facts: Facts, name: str) -> str | None:
    session = facts.session
    found = _tag(session.tags, name) if session is not None else None
    return found if found is not None else _tag(facts.principal_tags, name)


def _tag_keys(who: Principal, facts: Facts) -> tuple[str, ...] | None:
    if facts.tag_keys is not None:
        return tuple(facts.tag_keys)
    return tuple(facts.request_tags) if facts.request_tags else None


def _part(of: tuple[str, str] | None, at: int) -> str | None:
    return of[at] if of else None


def _paths(of: tuple[str, str] | None) -> tuple[str, ...] | None:
    return (of[1],) if of else None


_KEYS: dict[str, Callable[[Principal, Facts], Any]] = {
    # The principal
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": lambda who, facts: who.account or None if who.service is None else None,
    "aws:principalorgid": lambda who, facts: _part(facts.organization, 0) if who.service is None else None,
    "aws:principalorgpaths": lambda who, facts: _paths(facts.organization) if who.service is None else None,
    "aws:principaltype": lambda who, facts: _TYPES.get(who.type),
    "aws:principalisawsservice": lambda who, facts: _flag(who.service),
    "aws:principalservicename": lambda who, facts: who.service,
    "aws:principalservicenameslist": lambda who, facts: tuple(sorted(who.services - {"*"})) or None,
    "aws:userid": lambda who, facts: who.user_id or None if who.service is None else None,
    "aws:username": _username,
    # The session
    "aws:tokenissuetime": lambda who, facts: _moment(facts.session.issued) if facts.session else None,
    "aws:multifactorauthpresent": _mfa,
    "aws:multifactorauthage": _mfa_age,
    "aws:federatedprovider": lambda who, facts: facts.session.federated if facts.session else None,
    "aws:sourceidentity": lambda who, facts: facts.session.source_identity if facts.session else None,
    "aws:assumedroot": lambda who, facts: "true" if facts.root_session else None,
    # The network
    "aws:sourceip": _source_ip,
    "aws:sourcevpc": lambda who, facts: facts.vpc,
    "aws:sourcevpce": lambda who, facts: facts.vpc_endpoint,
    "aws:vpcsourceip": lambda who, facts: facts.vpc_source_ip,
    # The resource
    "aws:resourceaccount": lambda who, facts: facts.resource_account,
    "aws:resourceorgid": lambda who, facts: _part(facts.resource_organization, 0),
    "aws:resourceorgpaths": lambda who, facts: _paths(facts.resource_organization),
    # The request
    "aws:calledvia": lambda who, facts: facts.via or None,
    "aws:calledviafirst": lambda who, facts: facts.via[0] if facts.via else None,
    "aws:calledvialast": lambda who, facts: facts.via[-1] if facts.via else None,
    "aws:viaawsservice": lambda who, facts: _flag(facts.via),
    "aws:currenttime": lambda who, facts: _moment(facts.time),
    "aws:epochtime": lambda who, facts: str(int(facts.time)),
    "aws:referer": lambda who, facts: facts.referer,
    "aws:requestedregion": lambda who, facts: facts.region,
    "aws:securetransport": lambda who, facts: _flag(facts.secure),
    "aws:sourcearn": lambda who, facts: facts.source_arn,
    "aws:sourceaccount": lambda who, facts: facts.source_account,
    "aws:sourceowner": _source_owner,
    "aws:sourceorgid": lambda who, facts: _part(facts.source_organization, 0),
    "aws:sourceorgpaths": lambda who, facts: _paths(facts.source_organization),
    "aws:tagkeys": _tag_keys,
    "aws:useragent": lambda who, facts: facts.user_agent,
}

_TAGGED: dict[str, Callable[[Principal, Facts, str], str | None]] = {
    "aws:principaltag": _principal_tag,
    "aws:requesttag": lambda who, facts, name: _tag(facts.request_tags, name),
    "aws:resourcetag": lambda who, facts, name: _tag(facts.resource_tags, name),
    # Services had keys of their own before there was a global one.
    "iam:resourcetag": lambda who, facts, name: _tag(facts.resource_tags, name),
    "ec2:resourcetag": lambda who, facts, name: _tag(facts.resource_tags, name),
    "secretsmanager:resourcetag": lambda who, facts, name: _tag(facts.resource_tags, name),
    "ssm:resourcetag": lambda who, facts, name: _tag(facts.resource_tags, name),
}
