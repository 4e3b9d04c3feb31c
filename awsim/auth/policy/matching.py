"""What a policy's words match: wildcards, policy variables, actions, resources and principals.

Patterns are compiled once, when a policy is. Text that may hold policy variables is rendered for each request; a
wildcard that comes out of a variable's value, or of `${*}`, `${?}`, `${$}`, is that character and no wildcard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any

from awsim.auth.credentials import Caller, canonical_id

# What the ARN of a service-linked role has in it.
SERVICE_LINKED = ":role/aws-service-role/"
# A wildcard that is meant literally travels through rendering as one of these (Unicode's private use area).
_STAR, _QUESTION = "\ue000", "\ue001"
_LITERAL = str.maketrans({"*": _STAR, "?": _QUESTION})
_PLAIN = str.maketrans({_STAR: "*", _QUESTION: "?"})
_VARIABLE = re.compile(r"\$\{\s*([^{},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_ESCAPES = {"*": _STAR, "?": _QUESTION, "$": "$"}

Test = Callable[[str], bool]


class Template:
    """Text with policy variables: `home/${aws:username}/*`, `${aws:PrincipalTag/team, 'none'}`."""

    __slots__ = ("_parts", "keys")

    def __init__(self, text: str) -> None:
        self._parts: list[tuple[str, str | None, str | None]] = []  # text before, lower-case key, default
        self.keys: list[str] = []
        at, before = 0, ""
        for found in _VARIABLE.finditer(text):
            before += text[at : found.start()]
            at = found.end()
            key, default = found.groups()
            if key in _ESCAPES:
                before += _ESCAPES[key]
                continue
            self._parts.append((before, key.lower(), default))
            self.keys.append(key)
            before = ""
        self._parts.append((before + text[at:], None, None))

    @property
    def constant(self) -> str | None:
        """The rendered text, if nothing in it depends on the request."""
        return None if self.keys else self._parts[0][0]

    def render(self, context: Mapping[str, Any]) -> str | None:
        """The text for this request, its literal wildcards marked; None when a variable has no value."""
        text = ""
        for before, key, default in self._parts:
            text += before
            if key is not None:
                value = context.get(key)
                if value is None or value.__class__ is not str:
                    # A key of several values is no variable (it has no one value), like one that is absent.
                    if default is None:
                        return None
                    value = default
                text += value.translate(_LITERAL)
        return text


def plain(rendered: str) -> str:
    """Rendered text as the characters it stands for."""
    return rendered.translate(_PLAIN)


@lru_cache(8192)
def glob(pattern: str) -> Test:
    """Does a whole string match `pattern` (`*` any characters, `?` one)?"""
    if pattern == "*":
        return _always
    stars = pattern.count("*")
    if not stars and "?" not in pattern:
        return plain(pattern).__eq__
    if stars == 1 and pattern[-1] == "*" and "?" not in pattern:
        prefix = plain(pattern[:-1])
        return lambda text: text.startswith(prefix)
    matched = re.compile(_expression(pattern), re.DOTALL).fullmatch
    return lambda text: matched(text) is not None


def _expression(pattern: str) -> str:
    """The regular expression of a glob. What is between two stars is taken where it first occurs, which is as good as
    anywhere, and never tried again: no pattern is slow."""
    first, *others = pattern.split("*")
    if not others:
        return _literal(first)
    *between, end = others
    return _literal(first) + "".join(f"(?>.*?{_literal(each)})" for each in between) + ".*" + _literal(end)


def _literal(text: str) -> str:
    return "".join("." if c == "?" else re.escape(c.translate(_PLAIN)) for c in text)


@lru_cache(8192)
def arn_glob(pattern: str, strict: bool = False) -> Test:
    """Does an ARN match `pattern`?

    A wildcard stays in its colon-delimited component, except that a `*` which ends a component may run over colons
    (IAM User Guide, "Using wildcards in resource ARNs"). With `strict` it may not: so compare the ARN operators of
    conditions, component by component. In the sixth component colons are characters like any other.
    """
    if pattern == "*":
        return _always
    if "*" not in pattern and "?" not in pattern:
        return plain(pattern).__eq__
    expression, component = [], 0
    last = len(pattern) - 1
    for at, c in enumerate(pattern):
        if c == ":":
            component += 1
            if component == 5:
                expression.append(":" + _expression(pattern[at + 1 :]))
                break
        if c == "*":
            ends = at == last or pattern[at + 1] == ":"
            expression.append(".*" if ends and not strict else "[^:]*")
        elif c == "?":
            expression.append("[^:]")
        else:
            expression.append(re.escape(c.translate(_PLAIN)))
    if pattern.find("*") == last and "?" not in pattern and (component == 5 or not strict):
        prefix = plain(pattern[:-1])
        return lambda arn: arn.startswith(prefix)
    matched = re.compile("".join(expression), re.DOTALL).fullmatch
    return lambda arn: matched(arn) is not None


def _always(text: str) -> bool:
    return True


def actions_test(patterns: Iterable[str]) -> Test:
    """Does an action ("s3:GetObject") match one of `patterns`? Case does not count."""
    exact, tests = set(), []
    for pattern in patterns:
        lower = pattern.lower()
        if lower == "*":
            return _always
        if "*" in lower or "?" in lower:
            tests.append(glob(lower))
        else:
            exact.add(lower)

    def test(action: str) -> bool:
        lower = action.lower()
        if lower in exact:
            return True
        return any(each(lower) for each in tests)

    return test


class Resources:
    """The ARNs of a statement's Resource or NotResource."""

    __slots__ = ("_everything", "_exact", "_templates", "_tests", "keys", "negated")

    def __init__(self, patterns: Iterable[str], negated: bool, variables: bool) -> None:
        self.negated = negated
        self.keys: list[str] = []
        self._everything = False
        self._exact: set[str] = set()
        self._tests: list[Test] = []
        self._templates: list[Template] = []
        for pattern in patterns:
            text: str | None = pattern
            if variables and "${" in pattern:
                template = Template(pattern)
                text = template.constant
                if text is None:
                    self._templates.append(template)
                    self.keys += template.keys
                    continue
            assert text is not None
            if text == "*":
                self._everything = True
            elif "*" in text or "?" in text:
                self._tests.append(arn_glob(text))
            else:
                self._exact.add(plain(text))

    @property
    def everything(self) -> bool:
        return self._everything and not self.negated

    def match(self, resource: str, context: Mapping[str, Any]) -> bool:
        return self._match(resource, context) is not self.negated

    def _match(self, resource: str, context: Mapping[str, Any]) -> bool:
        if self._everything or resource in self._exact:
            return True
        for test in self._tests:
            if test(resource):
                return True
        for template in self._templates:
            text = template.render(context)
            if text is not None and arn_glob(text)(resource):
                return True
        return False


class Named(IntEnum):
    """How a Principal element names a caller: what it says decides which other policies still limit an allow."""

    NOT = 0
    ACCOUNT = 1  # its account: the account's own policies decide
    ROLE = 2  # the role of its session, or the user behind its federated session
    DIRECTLY = 3  # the user, session or service itself, or everyone


_ACCOUNT = re.compile(r"arn:[^:]*:iam::(\d{12}):root")


class Principals:
    """The principals of a statement's Principal or NotPrincipal, `{"AWS": [...], "Service": [...]}` or "*"."""

    __slots__ = ("_accounts", "_aws", "_canonical", "_everyone", "_federated", "_services", "listed", "negated")

    def __init__(self, listed: Iterable[tuple[str, str]], negated: bool = False) -> None:
        self.listed = tuple(listed)  # (type, value) as written: ("AWS", "arn:…")
        self.negated = negated
        self._everyone = False
        self._accounts: set[str] = set()
        self._aws: set[str] = set()
        self._services: set[str] = set()
        self._federated: set[str] = set()
        self._canonical: set[str] = set()
        for kind, value in self.listed:
            if kind == "Service":
                self._services.add(value)
            elif kind == "Federated":
                self._federated.add(value)
            elif kind == "CanonicalUser":
                self._canonical.add(value)
            elif value == "*":
                self._everyone = True
            elif len(value) == 12 and value.isdecimal():
                self._accounts.add(value)
            elif account := _ACCOUNT.fullmatch(value):
                self._accounts.add(account[1])
            else:
                self._aws.add(value)

    def names(self, principal: Principal) -> Named:
        """How these principals name `principal`, NotPrincipal left out of account."""
        if self._everyone:
            return Named.DIRECTLY
        if self._aws and not self._aws.isdisjoint(principal.own_names):
            return Named.DIRECTLY
        if self._services and principal.service is not None and not self._services.isdisjoint(principal.services):
            return Named.DIRECTLY
        if self._federated and not self._federated.isdisjoint(principal.federated):
            return Named.DIRECTLY
        if self._aws and not self._aws.isdisjoint(principal.role_names):
            return Named.ROLE
        if principal.service is not None or not principal.account:
            return Named.NOT
        known = principal.account in self._accounts
        if not known and self._canonical:
            known = (principal.canonical_id or canonical_id(principal.account)) in self._canonical
        if known:
            return Named.DIRECTLY if principal.type == "root" else Named.ACCOUNT
        return Named.NOT

    def apply_to(self, principal: Principal, allow: bool) -> Named:
        """How a statement with these principals applies to `principal`; NOT if it does not.

        A NotPrincipal of a Deny spares only whoever is listed with the account and, for a session, the role it belongs
        to (IAM User Guide, "NotPrincipal with Deny"); one of an Allow leaves out whoever is listed in any way.
        """
        if not self.negated:
            return self.names(principal)
        named = self.names(principal)
        if allow:
            return Named.DIRECTLY if named is Named.NOT else Named.NOT
        return Named.NOT if self._spares(principal, named) else Named.DIRECTLY

    def _spares(self, principal: Principal, named: Named) -> bool:
        if self._everyone:
            return True
        if named is not Named.DIRECTLY:
            return False
        if principal.service is not None or principal.type in ("root", "federated"):
            return True
        if principal.account not in self._accounts:
            return False
        return not principal.role_names or not self._aws.isdisjoint(principal.role_names)


class Principal:
    """A caller as policies see it.

    `type` is that of the Caller (user, assumed-role, federated-user, root, service, anonymous) or "federated": someone
    whom an identity provider vouches for, before there is a session (AssumeRoleWithSAML, AssumeRoleWithWebIdentity).
    """

    __slots__ = (
        "account", "arn", "canonical_id", "federated", "own_names", "role_arn", "role_names", "service",
        "service_linked", "services", "type", "unique_id", "user_id",
    )  # fmt: skip

    def __init__(
        self,
        arn: str,
        account: str,
        type: str = "user",
        *,
        user_id: str = "",
        role_arn: str | None = None,
        user_arn: str | None = None,
        service: str | None = None,
        services: Iterable[str] = (),
        federated: Iterable[str] = (),
        canonical_id: str = "",
    ) -> None:
        self.arn = arn
        self.account = account
        self.type = type
        self.user_id = user_id
        self.unique_id = user_id.partition(":")[0]
        self.service = service
        self.services = frozenset((*services, *((service, "*") if service else ())))
        self.federated = frozenset(federated)
        self.canonical_id = canonical_id
        if type == "assumed-role" and role_arn is None:
            # Without the path, which a session's ARN does not show.
            head, _, name = arn.replace(":sts:", ":iam:", 1).partition(":assumed-role/")
            role_arn = f"{head}:role/{name.rpartition('/')[0]}"
        self.role_arn = role_arn
        self.service_linked = role_arn is not None and SERVICE_LINKED in role_arn
        self.own_names: frozenset[str | None] = frozenset()
        self.role_names: frozenset[str | None] = frozenset()
        if type == "assumed-role":
            self.own_names = frozenset((arn,))
            self.role_names = frozenset((role_arn, self.unique_id)) - {"", None}
        elif type == "federated-user":
            self.own_names = frozenset((arn,))
            self.role_names = frozenset((user_arn,)) - {None}
        elif type == "user":
            self.own_names = frozenset((arn, self.unique_id)) - {""}

    @classmethod
    def of(
        cls,
        caller: Caller,
        *,
        user_arn: str | None = None,
        canonical_id: str = "",
        services: Iterable[str] = (),
    ) -> Principal:
        """The principal of a call. `user_arn` is the user who asked for a federated session, where the session does
        not say; `canonical_id` is that of its account; `services` are further names of a service principal (regional
        ones)."""
        session = caller.session
        return cls(
            caller.arn,
            caller.account,
            caller.type,
            user_id=caller.user_id,
            role_arn=session.role_arn if session is not None and caller.type == "assumed-role" else None,
            user_arn=user_arn or (session.parent if session is not None else None),
            service=caller.service,
            services=services,
            federated=(session.federated,) if session is not None and session.federated else (),
            canonical_id=canonical_id,
        )

    @property
    def policy_arn(self) -> str:
        """The ARN that aws:PrincipalArn holds: a session's is that of its role, or of the root user it stands for."""
        if self.type == "assumed-role" and self.role_arn:
            return self.role_arn
        if self.type == "root" and self.arn.endswith(":assumed-root"):
            return self.arn.replace(":sts:", ":iam:", 1).removesuffix("assumed-root") + "root"
        return self.arn


ANONYMOUS = Principal("anonymous", "", "anonymous", user_id="anonymous")
