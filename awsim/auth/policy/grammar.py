"""The grammar of policy documents, and what is wrong with one in AWS's words.

Two parsers stand behind AWS's answers. IAM reads policies of identities ("Syntax errors in policy."); trust policies
and most resource policies go through another ("Missing required field Principal"), which S3 uses too. Organizations has
one sentence for everything. How long a policy may be is each service's affair, and so is whether a principal exists.
Messages: as recorded from AWS or reported by its users; where none is known, the parser's general one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn

from awsim.auth.policy.conditions import is_operator, parse_date, parse_network

VERSIONS = ("2012-10-17", "2008-10-17")
# Identity policies: managed ones must be of the newest version, inline and session policies need not.
IDENTITY_KINDS = frozenset(("managed", "identity", "boundary", "session"))
KINDS = IDENTITY_KINDS | {"resource", "trust", "scp", "rcp", "endpoint"}

_TOP = frozenset(("Version", "Id", "Statement"))
_STATEMENT = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_SID = re.compile(r"[0-9A-Za-z]*")
_VENDOR = re.compile(r"[A-Za-z0-9-]+")
_PARTITION = re.compile(r"aws|aws-cn|aws-us-gov|aws-iso|aws-iso-[a-z]|aws-eusc|.*[*?$].*")
_PRINCIPAL_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:"
    r"iam::\d{12}:(?:root|(?:user|role)/[^*?]+)"
    r"|sts::\d{12}:(?:assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?/]+)"
    r"|iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+)"
)
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{3}[A-Z0-9]{12,}")
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal|aws)|\*")
_FEDERATED = re.compile(
    r"arn:aws[a-z-]*:iam::\d{12}:(?:saml|oidc)-provider/.+|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/.*)?"
)
_PRINCIPAL_FORMS = {
    "AWS": (re.compile(r"\*|\d{12}"), _PRINCIPAL_ARN, _UNIQUE_ID),
    "Service": (_SERVICE,),
    "Federated": (_FEDERATED,),
    "CanonicalUser": (re.compile(r"[0-9a-z]+"),),
}
_IAM_PATHS = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
    "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
)  # fmt: skip
_IAM_PATH_ERROR = 'IAM resource path must either be "*" or start with {}, or {}.'.format(
    ", ".join(_IAM_PATHS[:-1]), _IAM_PATHS[-1]
)


class PolicyError(Exception):
    """A document that is no policy. `problem` is json, syntax, version, sid, principal, action, resource or condition;
    `detail` is what the sentence is about, where S3 names it apart."""

    def __init__(self, problem: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message
        self.detail = detail


class Source(NamedTuple):
    """A document that was read: its elements as lists of strings, whatever form they were written in."""

    version: str
    id: str | None
    statements: tuple[dict[str, Any], ...]


def read(text: str, kind: str) -> Source:
    """The document in `text`, one of KINDS. Raises PolicyError in the words AWS has for that kind."""
    if kind in IDENTITY_KINDS:
        return _Identity(kind).document(text)
    if kind in ("scp", "rcp"):
        return _Organization(kind).document(text)
    return (_Trust if kind == "trust" else _Resource)(kind).document(text)


class _Twice(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


class _Grammar:
    """What all kinds share: the shape. What to say about a fault is the subclass's."""

    json = syntax = ""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def fail(self, problem: str, message: str, detail: str = "") -> NoReturn:
        raise PolicyError(problem, message, detail)

    def broken(self) -> NoReturn:
        self.fail("syntax", self.syntax)

    def document(self, text: str) -> Source:
        try:
            whole = json.loads(text, object_pairs_hook=_unique)
        except _Twice:
            self.broken()
        except (ValueError, RecursionError):
            self.fail("json", self.json)
        if whole.__class__ is not dict:
            self.fail("json", self.json)
        self.elements(whole, _TOP)
        version = whole.get("Version")
        self.version(version)
        if "Statement" not in whole:
            self.missing("Statement")
        statements = whole["Statement"]
        if statements.__class__ is dict:
            statements = [statements]
        if statements.__class__ is not list or not statements:
            self.broken()
        if whole.get("Id") is not None and whole["Id"].__class__ is not str:
            self.broken()
        read = tuple(self.statement(each) for each in statements)
        self.sids([each["Sid"] for each in read if each.get("Sid")])
        return Source(version or VERSIONS[1], whole.get("Id"), read)

    def elements(self, found: dict[str, Any], known: Iterable[str]) -> None:
        for name in found:
            if name not in known:
                self.unknown(name)

    def unknown(self, name: str) -> None:
        self.broken()

    def missing(self, name: str) -> NoReturn:
        self.broken()

    def version(self, version: Any) -> None:
        if version is not None and version not in VERSIONS:
            self.broken()

    def sids(self, sids: list[str]) -> None:
        if len(sids) != len(set(sids)):
            self.fail("sid", "Statement IDs (SID) in a single policy must be unique.")

    def statement(self, found: Any) -> dict[str, Any]:
        if found.__class__ is not dict:
            self.broken()
        self.elements(found, _STATEMENT)
        self.allowed(found)
        read: dict[str, Any] = {}
        if "Sid" in found:
            if found["Sid"].__class__ is not str:
                self.broken()
            self.sid(found["Sid"])
            read["Sid"] = found["Sid"]
        if "Effect" not in found:
            self.missing("Effect")
        if found["Effect"] not in ("Allow", "Deny"):
            self.effect(found["Effect"])
        read["Effect"] = found["Effect"]
        for one, other in (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")):
            if one in found and other in found:
                self.broken()
            name = one if one in found else other
            if name not in found:
                self.lacks(one)
            elif one == "Principal":
                read[name] = self.principals(found[name])
            else:
                read[name] = values = self.strings(found[name])
                if not values:
                    self.lacks(one)
                for value in values:
                    self.action(value) if one == "Action" else self.resource(value)
        if found.get("Condition") is not None:
            read["Condition"] = self.conditions(found["Condition"])
        return read

    def allowed(self, found: dict[str, Any]) -> None:
        """Complain about elements that this kind of policy may not have."""

    def sid(self, sid: str) -> None:
        """Complain about characters."""

    def effect(self, effect: Any) -> NoReturn:
        self.broken()

    def lacks(self, name: str) -> None:
        """Neither Principal nor NotPrincipal (Action, Resource), or an empty one."""

    def action(self, action: str) -> None:
        """Complain about one action."""

    def resource(self, resource: str) -> None:
        """Complain about one resource."""

    def principal(self, kind: str, value: str) -> None:
        """Complain about one principal."""

    def strings(self, value: Any) -> list[str]:
        if value.__class__ is str:
            return [value]
        if value.__class__ is not list or any(each.__class__ is not str for each in value):
            self.broken()
        return list(value)

    def principals(self, value: Any) -> list[tuple[str, str]]:
        if value == "*":
            return [("AWS", "*")]
        if value.__class__ is str:
            self.no_principal(value)
        if value.__class__ is not dict:
            self.broken()
        read = []
        for kind, names in value.items():
            if kind not in _PRINCIPAL_FORMS:
                self.no_principal(kind)
            for name in self.strings(names):
                self.principal(kind, name)
                read.append((kind, name))
        if not read:
            self.lacks("Principal")
        return read

    def no_principal(self, text: str) -> NoReturn:
        self.broken()

    def conditions(self, value: Any) -> list[tuple[str, str, list[str]]]:
        if value.__class__ is not dict:
            self.broken()
        read = []
        for operator, keys in value.items():
            if not is_operator(operator):
                self.no_operator(operator)
            if keys.__class__ is not dict:
                self.broken()
            for key, given in keys.items():
                listed = given if given.__class__ is list else [given]
                texts = []
                for each in listed:
                    if each.__class__ is str:
                        texts.append(each)
                    elif each.__class__ is bool:
                        texts.append("true" if each else "false")
                    elif each.__class__ in (int, float):
                        texts.append(str(each))
                    else:
                        self.broken()
                self.key(key)
                self.compared(operator, texts)
                read.append((operator, key, texts))
        return read

    def no_operator(self, name: str) -> NoReturn:
        self.broken()

    def key(self, key: str) -> None:
        """Complain about a condition key."""

    def compared(self, operator: str, values: list[str]) -> None:
        """Complain about values that the operator cannot compare."""


_PREFACED = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
_LEGACY = "The policy failed legacy parsing"


class _Identity(_Grammar):
    json = syntax = "Syntax errors in policy."

    def version(self, version: Any) -> None:
        if self.kind in ("managed", "boundary") and version in (None, VERSIONS[1]):
            self.fail("version", "Policy document must be version 2012-10-17 or greater.")
        super().version(version)

    def allowed(self, found: dict[str, Any]) -> None:
        if "Principal" in found or "NotPrincipal" in found:
            self.fail("principal", "Policy document should not specify a principal.")

    def sid(self, sid: str) -> None:
        if not _SID.fullmatch(sid):
            self.fail(
                "sid",
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                "[0-9A-Za-z]*",
            )

    def lacks(self, name: str) -> None:
        if name == "Action":
            self.fail("action", "Policy statement must contain actions.")
        if name == "Resource":
            self.fail("resource", "Policy statement must contain resources.")

    def action(self, action: str) -> None:
        if action in ("*", "*:*"):
            return
        vendor, colon, name = action.partition(":")
        if not colon:
            self.fail("action", _PREFACED)
        if ":" in name:
            self.fail("action", "Actions/Condition can contain only one colon.")
        if not _VENDOR.fullmatch(vendor):
            self.fail("action", f"Vendor {vendor} is not valid")
        if not name:
            self.fail("action", _LEGACY)

    def key(self, key: str) -> None:
        if ":" not in key:
            self.fail("condition", _PREFACED)

    def resource(self, resource: str) -> None:
        if resource == "*":
            return
        if not resource.startswith("arn:"):
            self.fail("resource", f'Resource {resource} must be in ARN format or "*".')
        parts = resource.split(":", 5)
        if not _PARTITION.fullmatch(parts[1]):
            # A short ARN is shown filled up to its six components.
            shown = ":".join(parts + ["*"] * (6 - len(parts)))
            self.fail("resource", f'Partition "{parts[1]}" is not valid for resource "{shown}".')
        if len(parts) < 6:
            if parts[-1][-1:] != "*":
                self.fail("resource", _LEGACY)
            return
        _, _, service, region, _, path = parts
        if service == "iam":
            if region not in ("", "*"):
                self.fail("resource", f"IAM resource {resource} cannot contain region information.")
            if not path.startswith(_IAM_PATHS) and not set("*?$") & set(path.partition("/")[0]) and path != "root":
                self.fail("resource", _IAM_PATH_ERROR)
        elif service == "s3" and region not in ("", "*") and "/" not in path and ":" not in path:
            self.fail("resource", f"Resource {resource} can not contain region information.")

    def compared(self, operator: str, values: list[str]) -> None:
        if "Date" in operator and any(parse_date(value) is None for value in values):
            self.fail("condition", _LEGACY)
        if "IpAddress" in operator and any(parse_network(value) is None for value in values):
            self.fail("condition", _LEGACY)


class _Resource(_Grammar):
    json = "This policy contains invalid Json"
    syntax = "Invalid policy syntax."

    def version(self, version: Any) -> None:
        if version is not None and version not in VERSIONS:
            self.fail("version", "The policy must contain a valid version string")

    def unknown(self, name: str) -> None:
        self.fail("syntax", f"Unknown field {name}", name)

    def missing(self, name: str) -> NoReturn:
        self.fail("syntax", f"Missing required field {name}", name)

    def lacks(self, name: str) -> None:
        # A queue's, a topic's or a secret's policy is about that one resource, said or not; services that demand it
        # look for it themselves.
        if name != "Resource":
            self.missing(name)

    def effect(self, effect: Any) -> NoReturn:
        self.fail("syntax", f"Invalid effect: {effect}", str(effect))

    def no_principal(self, text: str) -> NoReturn:
        self.fail("principal", "Invalid principal in policy", text)

    def principal(self, kind: str, value: str) -> None:
        if not value or not any(form.fullmatch(value) for form in _PRINCIPAL_FORMS[kind]):
            self.bad_principal(kind, value)

    def bad_principal(self, kind: str, value: str) -> NoReturn:
        self.fail("principal", "Invalid principal in policy", f'"{kind}" : "{value}"')

    def no_operator(self, name: str) -> NoReturn:
        self.fail("condition", f"Invalid Condition type : {name}", name)

    def action(self, action: str) -> None:
        if action != "*" and (action.count(":") != 1 or not all(action.split(":"))):
            self.fail("action", "Policy has invalid action", action)

    def resource(self, resource: str) -> None:
        # An API's own policy may name its methods without the rest of the ARN.
        whole = resource == "*" or resource.startswith("execute-api:/")
        if not whole and (not resource.startswith("arn:") or resource.count(":") < 5):
            self.fail("resource", "Policy has invalid resource", resource)


class _Trust(_Resource):
    syntax = "Syntax errors in policy."

    def allowed(self, found: dict[str, Any]) -> None:
        for name in ("Resource", "NotResource", "NotPrincipal"):
            if name in found:
                self.fail("resource", f"Has prohibited field {name}", name)

    def action(self, action: str) -> None:
        if not action.lower().startswith("sts:"):
            self.fail("action", "AssumeRole policy may only specify STS AssumeRole actions.", action)

    def no_principal(self, text: str) -> NoReturn:
        self.fail("principal", f'Invalid principal in policy: "{text}"', text)

    def bad_principal(self, kind: str, value: str) -> NoReturn:
        if kind == "Federated":
            message = "Federated principals must be valid domain names or SAML metadata ARNs"
        else:
            message = f'Invalid principal in policy: "{kind.upper()}":"{value}"'
        self.fail("principal", message, value)


class _Organization(_Identity):
    """Policies of an organization: one sentence whatever is wrong."""

    json = syntax = "The provided policy document does not meet the requirements of the specified policy type."

    def fail(self, problem: str, message: str, detail: str = "") -> NoReturn:
        raise PolicyError(problem, self.syntax, detail)

    def allowed(self, found: dict[str, Any]) -> None:
        if self.kind == "scp":
            if "Principal" in found or "NotPrincipal" in found:
                self.broken()
        elif found != _RCP_FULL and (
            found.get("Effect") != "Deny" or found.get("Principal") != "*" or "NotAction" in found
        ):
            self.broken()


# AWS's own RCPFullAWSAccess is the only one that allows.
_RCP_FULL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
