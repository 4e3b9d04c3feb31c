"""ValidatePolicy: what is wrong with a policy, and what could be better.

Source: IAM User Guide, "Access Analyzer policy check reference". Of its checks those whose texts checks.toml has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from awsim.auth.actions import actions
from awsim.auth.policy.matching import glob
from awsim.services.accessanalyzer import conditions
from awsim.services.accessanalyzer.findings import Place, Report
from awsim.services.accessanalyzer.located import Node, Unreadable, position, read

IDENTITY, RESOURCE, SCP, RCP = (
    "IDENTITY_POLICY",
    "RESOURCE_POLICY",
    "SERVICE_CONTROL_POLICY",
    "RESOURCE_CONTROL_POLICY",
)
TRUST = "AWS::IAM::AssumeRolePolicyDocument"
_VERSIONS = ("2012-10-17", "2008-10-17")
_TOP = {"Version": "string", "Id": "string", "Statement": ""}
_STATEMENT = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")
_PRINCIPALS = ("AWS", "Service", "Federated", "CanonicalUser")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal|aws)")
_ARN_FIELDS = 6
_GITHUB = "token.actions.githubusercontent.com"
_OPEN_SUBJECT = re.compile(r"(?:repo:)?[*?]")
# Actions of resource policies, by the type of the resource they hang on.
_SERVICES_OF_TYPES = {
    "AWS::S3::Bucket": ("s3",),
    "AWS::S3::AccessPoint": ("s3",),
    "AWS::DynamoDB::Table": ("dynamodb",),
    TRUST: ("sts",),
}
# Keys that say for whom a service acts.
_SOURCES = frozenset(("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"))


class Sizes(NamedTuple):
    """How many characters policies may have."""

    identity: int
    scp: int


def validate(text: str, policy_type: str, resource_type: str | None, sizes: Sizes) -> list[dict[str, object]]:
    """The findings, as the API shows them: errors of the structure alone where there are any."""
    report = Report(text)
    try:
        document = read(text)
    except Unreadable as error:
        at = position(text, error.at)
        place = Place((), error.at, min(error.at + 1, len(text)))
        report.add("JSON_SYNTAX_ERROR", place, index=error.at, line=at["line"], column=at["column"])
        return report.found
    _Validation(report, policy_type, resource_type, sizes).document(text, document)
    return report.found


class _Validation:
    def __init__(self, report: Report, policy_type: str, resource_type: str | None, sizes: Sizes) -> None:
        self.report = report
        self.type = policy_type
        self.resource_type = resource_type
        self.trust = resource_type == TRUST
        self.sizes = sizes
        self.version = _VERSIONS[1]

    def document(self, text: str, document: Node) -> None:
        report = self.report
        if document.kind != "object":
            report.add("DATA_TYPE_MISMATCH", Place.of(document), data_type="Object")
            return
        self._size(text, document)
        for member in document.members:
            if member.name not in _TOP:
                report.add("INVALID_POLICY_ELEMENT", Place.name(member), element=member.name)
            elif _TOP[member.name] and member.node.kind != _TOP[member.name]:
                report.add("DATA_TYPE_MISMATCH", Place.of(member.node, member.name), data_type="String")
        version = document.get("Version")
        if version is None:
            report.add("MISSING_VERSION", Place.of(document))
        elif version.kind == "string" and version.value not in _VERSIONS:
            report.add(
                "INVALID_VERSION", Place.of(version, "Version"), version=version.value, versions=", ".join(_VERSIONS)
            )
        if version is not None and version.kind == "string":
            self.version = version.value
        statements = document.get("Statement")
        if statements is None or (statements.kind == "array" and not statements.value):
            report.add("MISSING_STATEMENT", Place.of(document))
            return
        found = list(self._statements(statements))
        for path, statement in found:
            self._statement(path, statement)
        self._sids(found)
        self._repeated(found)

    def _size(self, text: str, document: Node) -> None:
        if self.type == IDENTITY and (size := len("".join(text.split()))) > self.sizes.identity:
            code, limit = "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", self.sizes.identity
        elif self.type == SCP and (size := len(text)) > self.sizes.scp:
            code, limit = "POLICY_SIZE_EXCEEDS_SCP_QUOTA", self.sizes.scp
        else:
            return
        self.report.add(code, Place.of(document), policySize=size, policySizeQuota=limit)

    def _statements(self, statements: Node) -> Iterator[tuple[tuple[str | int, ...], Node]]:
        for index, node in enumerate(statements.items):
            path: tuple[str | int, ...] = ("Statement", index) if statements.kind == "array" else ("Statement",)
            if node.kind != "object":
                self.report.add("DATA_TYPE_MISMATCH", Place.of(node, *path), data_type="Object")
            else:
                yield path, node

    # --- one statement

    def _statement(self, path: tuple[str | int, ...], statement: Node) -> None:
        report = self.report
        for member in statement.members:
            if member.name not in _STATEMENT:
                report.add("INVALID_POLICY_ELEMENT", Place.name(member, *path), element=member.name)
        for one in ("Principal", "Action", "Resource"):
            if statement.get(one) is not None and statement.get(f"Not{one}") is not None:
                report.add(
                    "UNSUPPORTED_ELEMENT_COMBINATION", Place.of(statement, *path), element1=one, element2=f"Not{one}"
                )
        self._effect(path, statement)
        self._sid(path, statement)
        self._principal(path, statement)
        self._actions(path, statement)
        self._resources(path, statement)
        if (condition := statement.get("Condition")) is not None:
            effect = statement.get("Effect")
            allows = effect is not None and effect.value == "Allow"
            conditions.check(report, (*path, "Condition"), condition, self.version == _VERSIONS[0], allows)
        if self._allows(statement):
            self._grants(path, statement)

    @staticmethod
    def _allows(statement: Node) -> bool:
        effect = statement.get("Effect")
        return effect is not None and effect.value == "Allow"

    def _effect(self, path: tuple[str | int, ...], statement: Node) -> None:
        effect = statement.get("Effect")
        if effect is None:
            self.report.add("MISSING_EFFECT", Place.of(statement, *path))
        elif effect.kind != "string":
            self.report.add("DATA_TYPE_MISMATCH", Place.of(effect, *path, "Effect"), data_type="String")
        elif effect.value not in ("Allow", "Deny"):
            self.report.add("INVALID_EFFECT", Place.of(effect, *path, "Effect"), effect=effect.value)

    def _sid(self, path: tuple[str | int, ...], statement: Node) -> None:
        sid = statement.get("Sid")
        if sid is None:
            return
        place = Place.of(sid, *path, "Sid")
        if sid.kind != "string":
            self.report.add("DATA_TYPE_MISMATCH", place, data_type="String")
        elif not sid.value:
            self.report.add("EMPTY_SID_VALUE", place)
        elif self.type != RESOURCE and not re.fullmatch(r"[0-9A-Za-z]+", sid.value):
            self.report.add("UNSUPPORTED_SID", place)

    # --- principals

    def _principal(self, path: tuple[str | int, ...], statement: Node) -> None:
        report = self.report
        name = "Principal" if statement.get("Principal") is not None else "NotPrincipal"
        node = statement.get(name)
        if node is None:
            if self.type == RESOURCE:
                report.add("MISSING_PRINCIPAL", Place.of(statement, *path))
            return
        path = (*path, name)
        place = Place.of(node, *path)
        if self.type == SCP:
            report.add("SCP_SYNTAX_ERROR_PRINCIPAL", place)
        elif self.type == IDENTITY:
            report.add("UNSUPPORTED_PRINCIPAL", place, policy_type=IDENTITY)
        elif name == "NotPrincipal" and self.trust:
            report.add("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", place)
        elif name == "NotPrincipal" and self._allows(statement):
            report.add("ALLOW_WITH_NOT_PRINCIPAL", place)
        if node.kind == "string":
            if node.value != "*":
                report.add("INVALID_PRINCIPAL_FORMAT", place)
        elif node.kind != "object":
            report.add("INVALID_PRINCIPAL_FORMAT", place)
        elif not node.members:
            report.add("EMPTY_OBJECT_PRINCIPAL", place)
        for member in node.members:
            if member.name not in _PRINCIPALS:
                report.add("INVALID_PRINCIPAL_KEY", Place.name(member, *path), principal_key=member.name)
            elif member.node.kind == "array" and not member.node.value:
                report.add("EMPTY_ARRAY_PRINCIPAL", Place.of(member.node, *path, member.name))
            else:
                for at, value in _strings(report, (*path, member.name), member.node):
                    self._one_principal(at, member.name, value)

    def _one_principal(self, path: tuple[str | int, ...], kind: str, node: Node) -> None:
        value, place, report = node.value, Place.of(node, *path), self.report
        conditions.check_variables(report, place, value, None)
        if kind == "Service":
            if set("*?") & set(value):
                report.add("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", place, principal_key=kind)
            elif not _SERVICE.fullmatch(value):
                report.add("INVALID_SERVICE_PRINCIPAL_FORMAT", place, expectedFormat="service-name.amazonaws.com")
        elif kind == "AWS":
            if value != "*" and set("*?") & set(value):
                report.add("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", place, principal_key=kind)
            elif value.startswith("AROA"):
                report.add("INVALID_ROLE_REFERENCE", place, roleid=value)
            elif value.startswith("AIDA"):
                report.add("INVALID_USER_REFERENCE", place, userid=value)

    # --- actions

    def _actions(self, path: tuple[str | int, ...], statement: Node) -> None:
        report = self.report
        name = "Action" if statement.get("Action") is not None else "NotAction"
        node = statement.get(name)
        if node is None:
            report.add("MISSING_ACTION", Place.of(statement, *path))
            return
        path = (*path, name)
        if node.kind == "array" and not node.value:
            report.add("EMPTY_ARRAY_ACTION", Place.of(node, *path))
        found = list(_strings(report, path, node))
        for at, each in found:
            self._action(at, each)
        redundant = [pair for pair in found if _covered(pair[1], found, fold=True)]
        if redundant:
            places = [Place.of(each, *at) for at, each in redundant]
            first = redundant[0][1].value
            report.add("REDUNDANT_ACTION", places, redundantActionCount=len(redundant), redundantAction=first)

    def _action(self, path: tuple[str | int, ...], node: Node) -> None:
        value, place, report = node.value, Place.of(node, *path), self.report
        conditions.check_variables(report, place, value, None)
        if value == "*":
            return
        prefix, colon, name = value.partition(":")
        if not colon or not name:
            report.add("INVALID_ACTION", place, action=value, valid_action=_nearest_action(value))
            return
        if set("*?") & set(prefix):
            report.add("WILDCARD_IN_SERVICE_NAME", place)
            return
        known = actions(prefix.lower())
        if not known:
            service = _nearest_service(prefix.lower())
            report.add("INVALID_SERVICE_IN_ACTION", place, service=prefix, service2=service)
        elif not any(map(glob(name.lower()), (each.lower() for each in known))):
            close = get_close_matches(name, known, n=1, cutoff=0) or [next(iter(known))]
            report.add("INVALID_ACTION", place, action=value, valid_action=f"{prefix.lower()}:{close[0]}")
        allowed = _SERVICES_OF_TYPES.get(self.resource_type or "")
        if allowed and known and prefix.lower() not in allowed:
            report.add("UNSUPPORTED_ACTION_IN_POLICY", place, action=value, resourceType=self.resource_type)

    # --- resources

    def _resources(self, path: tuple[str | int, ...], statement: Node) -> None:
        report = self.report
        name = "Resource" if statement.get("Resource") is not None else "NotResource"
        node = statement.get(name)
        if self.trust:
            if node is not None:
                report.add("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", Place.of(node, *path, name))
            return
        if node is None:
            report.add("MISSING_RESOURCE", Place.of(statement, *path))
            return
        path = (*path, name)
        if node.kind == "array" and not node.value:
            report.add("EMPTY_ARRAY_RESOURCE", Place.of(node, *path))
        found = list(_strings(report, path, node))
        for at, each in found:
            self._resource(at, each)
        redundant = [pair for pair in found if _covered(pair[1], found)]
        if redundant:
            places = [Place.of(each, *at) for at, each in redundant]
            report.add("REDUNDANT_RESOURCE", places, redundantResourceCount=len(redundant))

    def _resource(self, path: tuple[str | int, ...], node: Node) -> None:
        value, place, report = node.value, Place.of(node, *path), self.report
        conditions.check_variables(report, place, value, self.version == _VERSIONS[0])
        if value == "*":
            return
        if not value.startswith("arn:"):
            report.add("INVALID_ARN_PREFIX", place)
            return
        parts = value.split(":", _ARN_FIELDS - 1)
        if len(parts) < _ARN_FIELDS:
            if not value.endswith("*"):
                report.add("MISSING_ARN_FIELD", place, fields=_ARN_FIELDS)
            return
        _, partition, service, region, account, rest = parts
        if partition not in _PARTITIONS and not _open(partition):
            partitions = ", ".join(_PARTITIONS)
            report.add("INVALID_PARTITION", place, service=service, partition=partition, partitions=partitions)
        if service != service.lower():
            report.add("INVALID_ARN_SERVICE_CASE", place, service=service)
        if account and not re.fullmatch(r"\d{12}|aws|cloudfront", account) and not _open(account):
            report.add("INVALID_ARN_ACCOUNT", place, account=account)
        named = service == "s3" and not rest.startswith(("accesspoint/", "access-grants/", "job/", "storage-lens"))
        if named and account and not _open(account):
            report.add("ARN_ACCOUNT_NOT_ALLOWED", place, service=service)
        if region and not _open(region) and (named or service == "iam"):
            report.add("ARN_REGION_NOT_ALLOWED", place, service=service)

    # --- what a statement allows

    def _grants(self, path: tuple[str | int, ...], statement: Node) -> None:
        keys = set(conditions.keys_of(statement.get("Condition")))
        if self.type == IDENTITY:
            if "iam:passedtoservice" not in keys:
                self._broad(path, statement, "iam:PassRole", "PASS_ROLE")
            if "iam:awsservicename" not in keys:
                self._broad(path, statement, "iam:CreateServiceLinkedRole", "CREATE_SLR")
        principal = statement.get("Principal")
        if self.type != RESOURCE or principal is None:
            return
        services, federated = principal.get("Service"), principal.get("Federated")
        if services is not None and not self.trust and not keys & _SOURCES:
            self.report.add("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", Place.of(services, *path, "Principal", "Service"))
        if federated is not None and self.trust:
            self._federated((*path, "Principal", "Federated"), federated, statement, keys)

    def _broad(self, path: tuple[str | int, ...], statement: Node, action: str, code: str) -> None:
        """Permissions to hand out roles that are wider than they look."""
        given = _covering(statement, "Action", action)
        left = statement.get("NotAction") is not None and not _covering(statement, "NotAction", action)
        exact = [node for node in given if node.value.lower() == action.lower()]
        wide = [node for node in given if node not in exact]
        everything = [node for node in _values(statement.get("Resource")) if _any_role(node.value)]
        if statement.get("NotResource") is not None:
            suffix, what = "NOT_RESOURCE", statement.get("NotResource")
        elif everything:
            suffix, what = "RESOURCE", everything[0]
        else:
            return
        assert what is not None
        star = "STAR_IN_RESOURCE" if suffix == "RESOURCE" else "NOT_RESOURCE"
        place = Place.of(what, *path, "Resource" if suffix == "RESOURCE" else "NotResource")
        if exact:
            self.report.add(f"{code}_WITH_{star}", place)
        elif wide:
            self.report.add(f"{code}_WITH_STAR_IN_ACTION_AND_{suffix}", place)
        elif left and suffix == "RESOURCE":
            self.report.add(f"{code}_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", place)
        elif left:
            self.report.add(f"{code}_WITH_NOT_ACTION_AND_NOT_RESOURCE", place)

    def _federated(self, path: tuple[str | int, ...], node: Node, statement: Node, keys: set[str]) -> None:
        values = _values(node)
        saml = [each.value for each in values if ":saml-provider/" in each.value]
        oidc = [each.value for each in values if ":saml-provider/" not in each.value]
        for action, wrong in (("sts:AssumeRoleWithSAML", oidc), ("sts:AssumeRoleWithWebIdentity", saml)):
            if wrong and any(each.value == action for each in _values(statement.get("Action"))):
                self.report.add(
                    "MISMATCHED_ACTION_FOR_PRINCIPAL",
                    Place.of(node, *path),
                    actionName=action,
                    principalNames=", ".join(wrong),
                )
        for each in oidc:
            provider = each.partition(":oidc-provider/")[2] or each
            own = {key for key in keys if key.startswith(f"{provider.lower()}:")}
            if provider == _GITHUB and f"{_GITHUB}:sub" not in own:
                self.report.add("MISSING_GITHUB_REPO_CONDITION_KEY", Place.of(node, *path))
            elif provider == _GITHUB:
                self._repositories(path[:-2], statement)
            elif not own:
                self.report.add("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", Place.of(node, *path))

    def _repositories(self, path: tuple[str | int, ...], statement: Node) -> None:
        """Subjects of GitHub that name no organization."""
        condition = statement.get("Condition")
        for operator in condition.members if condition is not None else ():
            for key in operator.node.members:
                if key.name.lower() == f"{_GITHUB}:sub" and any(
                    _OPEN_SUBJECT.match(each.value) for each in _values(key.node)
                ):
                    place = Place.of(key.node, *path, "Condition", operator.name, key.name)
                    self.report.add("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", place)

    # --- statements together

    def _sids(self, found: Sequence[tuple[tuple[str | int, ...], Node]]) -> None:
        places: dict[str, list[Place]] = {}
        for path, statement in found:
            sid = statement.get("Sid")
            if sid is not None and sid.kind == "string" and sid.value:
                places.setdefault(sid.value, []).append(Place.of(sid, *path, "Sid"))
        code = "UNIQUE_SIDS_RECOMMENDED" if self.type == RESOURCE else "UNIQUE_SIDS_REQUIRED"
        for same in places.values():
            if len(same) > 1:
                self.report.add(code, same)

    def _repeated(self, found: Sequence[tuple[tuple[str | int, ...], Node]]) -> None:
        places: dict[str, list[Place]] = {}
        for path, statement in found:
            told = repr([(m.name, _plain(m.node)) for m in statement.members if m.name != "Sid"])
            places.setdefault(told, []).append(Place.of(statement, *path))
        for same in places.values():
            if len(same) > 1:
                self.report.add("REDUNDANT_STATEMENT", same)


def _strings(report: Report, path: tuple[str | int, ...], node: Node) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    """The strings of an element with their paths; a finding for what is none."""
    for index, each in enumerate(node.items):
        at = (*path, index) if node.kind == "array" else path
        if each.kind != "string":
            report.add("DATA_TYPE_MISMATCH", Place.of(each, *at), data_type="String")
        else:
            yield at, each


def _values(node: Node | None) -> list[Node]:
    return [] if node is None else [each for each in node.items if each.kind == "string"]


def _plain(node: Node) -> object:
    if node.kind == "object":
        return {member.name: _plain(member.node) for member in node.members}
    return [_plain(each) for each in node.value] if node.kind == "array" else node.value


def _covered(own: Node, among: Sequence[tuple[tuple[str | int, ...], Node]], fold: bool = False) -> bool:
    """Whether another pattern of a list matches all that this one does; of two that are the same, the latter is."""
    text = own.value.lower() if fold else own.value
    for _, other in among:
        pattern = other.value.lower() if fold else other.value
        if other is own:
            continue
        if pattern == text:
            if other.start < own.start:
                return True
        elif glob(pattern)(text):
            return True
    return False


def _covering(statement: Node, element: str, action: str) -> list[Node]:
    return [node for node in _values(statement.get(element)) if glob(node.value.lower())(action.lower())]


def _any_role(resource: str) -> bool:
    """Whether a resource names roles without saying which."""
    return resource == "*" or resource.endswith((":*", ":role/*", ":role*"))


def _open(text: str) -> bool:
    """Whether a part of an ARN is left open, by a wildcard or a variable."""
    return bool(set("*?$") & set(text))


def _nearest_action(text: str) -> str:
    found = get_close_matches(text, actions("s3"), n=1, cutoff=0)
    return f"s3:{found[0]}" if found else "s3:GetObject"


def _nearest_service(prefix: str) -> str:
    for known in ("s3", "ec2", "iam", "sqs", "sns", "sts", "kms", "lambda", "logs", "dynamodb", "cloudwatch", "events"):
        if get_close_matches(prefix, [known], cutoff=0.6):
            return known
    return "s3"
