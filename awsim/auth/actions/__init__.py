"""Which permissions an operation needs: actions, the ARNs of its resources, and the condition keys of its parameters.

Two tables, read per service when it is first asked for. `data/` has what the Service Authorization Reference says of
every action (see `generate.py`). `operations/<service>.toml` says how an operation's parameters become actions on ARNs:

    default = ["queue"]            # resources to try for an operation not named: the first whose parameters are given
    [resources]
    queue = "arn:{partition}:sqs:{region}:{account}:{QueueUrl/-1}"
    [operations]
    SendMessageBatch = "SendMessage on queue"
    GetObject = ["GetObject on object unless VersionId", "GetObjectVersion on object if VersionId"]
    [keys]
    "s3:prefix" = "Prefix"

A rule is `action on resource [each list] [if name[=glob]] [unless name[=glob]] [with key=value]`; a resource is a
name, an ARN template or `*`. With `each` names are looked up in every member of a list or map first (`{@}`: the member
itself, or a map's key) and in the parameters then. In templates `{A|B|=text}` is the first that is given, `{A/-1}` a
part between slashes, `{A/2:}` the parts from there, `{A/path}` the value without its first slash, `{A|caller}` the
calling user's name. A parameter that is an ARN stands for the whole template; one that is absent for `*`. A resource
with two templates has its second for parameters that are ARNs. Roles that operations hand to services are in
`operations/_passes.toml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from awsim.toml import read_toml

_HERE = Path(__file__).parent
_LEVELS = {"L": "List", "R": "Read", "W": "Write", "T": "Tagging", "P": "Permissions management"}
_PLACE = re.compile(r"\{([^{}]+)\}")
_PLACE_FORM = re.compile(r"([\w.@|]+?)(?:\|=(.*?))?(?:/(-?\d+:?|path))?")
_RULE = re.compile(r"(\S+) on (\S+)((?: (?:each|if|unless|with) \S+)*)")
_REFERENCE = re.compile(r"\$\{([^}]+)\}")

PASS_ROLE = "iam:PassRole"

Params = Mapping[str, Any]
# (name of the resource template, the ARN it gave, parameters) -> the ARN as it really is
Lookup = Callable[[str, str, Params], str]
# (partition, region, …; the member of an `each`; parameters) -> (name of the resource template, ARN)
_Resource = Callable[[Mapping[str, str], Any, Params], tuple[str, str]]


class Authorization(NamedTuple):
    """One permission that a call needs. `keys` are condition keys that its parameters give."""

    action: str
    resource: str
    keys: dict[str, Any]


class Action(NamedTuple):
    """What the Service Authorization Reference says of an action. `resources`: type -> (ARN, is one required?)."""

    name: str
    level: str
    resources: dict[str, tuple[str, bool]]
    keys: tuple[str, ...]


def authorizations_for(
    service: str,
    operation: str,
    params: Params,
    account: str,
    region: str,
    partition: str = "aws",
    *,
    caller: str = "",
    lookup: Lookup | None = None,
) -> list[Authorization]:
    """The permissions for a call of `operation` of botocore's `service`, all of which the caller must have.

    `caller` is the caller's ARN, for operations about oneself. `lookup` corrects ARNs that parameters do not tell (IAM
    paths, KMS aliases, the suffix of a secret's). An empty list: nothing needs to be allowed.
    """
    scope = {"partition": partition, "region": region, "account": account, "caller": _name(caller)}
    derive = _DERIVED.get(service)
    if derive is not None:
        params = derive(params)
    plan = _plan(service, operation)
    keys = plan.keys_of(params)
    found: dict[tuple[str, str], Authorization] = {}
    for rule in plan.rules:
        for item in rule.items(params):
            if not rule.holds(item, params):
                continue
            name, arn = rule.resource(scope, item, params)
            if lookup is not None:
                arn = lookup(name, arn, params)
            known = rule.action, arn
            if known not in found:
                more = rule.constants
                if rule.action == PASS_ROLE and (first := next(iter(found.values()), None)) is not None:
                    more = {**more, "iam:AssociatedResourceArn": first.resource}
                found[known] = Authorization(rule.action, arn, {**keys, **more} if more else keys)
    if not found and plan.rules:
        return [Authorization(plan.rules[0].action, "*", keys)]
    return list(found.values())


def prefix_of(service: str) -> str:
    """The prefix of a botocore service's actions: "states" for "stepfunctions"."""
    return _json("_services").get(service, service)


@cache
def actions(prefix: str) -> dict[str, Action]:
    """Every action of a prefix by its name; empty for one that is not in the table."""
    if not (_HERE / "data" / f"{prefix}.json").exists():
        return {}
    table = _json(prefix)
    resources, keys = table["resources"], table["keys"]
    found = {}
    for name, text in table["actions"].items():
        level, types, *places = text.split()
        kinds = {} if types == "-" else {each.rstrip("*"): each[-1] == "*" for each in types.split(",")}
        arns = {kind: (resources[kind], needed) for kind, needed in kinds.items() if kind in resources}
        found[name] = Action(name, _LEVELS[level], arns, tuple(keys[int(place)] for place in places))
    return found


def action_named(action: str) -> Action | None:
    """The action in "s3:GetObject", whatever its case; None if no service has it."""
    prefix, _, name = action.partition(":")
    known = actions(prefix.lower())
    return known.get(name) or next((each for each in known.values() if each.name.lower() == name.lower()), None)


def takes_rcps(action: str) -> bool:
    """Do resource control policies bind the service of "s3:GetObject"? Most services they do not, or not yet."""
    return action.partition(":")[0].lower() in _rcp_prefixes()


@cache
def _rcp_prefixes() -> frozenset[str]:
    return frozenset((_toml("_rcp") or {})["prefixes"])


@cache
def _json(name: str) -> Any:
    return json.loads((_HERE / "data" / f"{name}.json").read_text())


@cache
def _toml(name: str) -> dict[str, Any] | None:
    path = _HERE / "operations" / f"{name}.toml"
    return read_toml(path.read_text()) if path.exists() else None


def _name(arn: str) -> str:
    kind, _, name = arn.rpartition(":")[2].partition("/")
    return name if kind == "user" else ""


class _Template:
    """Text with `{…}` in it, and what it becomes when a parameter is an ARN already."""

    def __init__(self, text: str, name: str = "", given_arn: str | None = None) -> None:
        self.name = name
        pieces = _PLACE.split(text)
        self.parts = [(pieces[i - 1], _Place(pieces[i])) for i in range(1, len(pieces), 2)]
        self.tail = pieces[-1]
        self.given_arn = _Template(given_arn, name) if given_arn else None
        self.needed = [place for _, place in self.parts if place.needed]

    def named(self, scope: Mapping[str, str], item: Any, params: Params) -> tuple[str, str]:
        return self.name, self.render(scope, item, params)

    def render(self, scope: Mapping[str, str], item: Any, params: Params, whole: bool = True) -> str:
        text = ""
        for before, place in self.parts:
            value = place.value(scope, item, params)
            if whole and value.startswith("arn:") and not place.builtin:
                if self.given_arn is not None:
                    return self.given_arn.render(scope, item, params, False)
                return value
            text += before + value
        return text + self.tail

    def fits(self, params: Params) -> bool:
        return bool(self.needed) and all(place.given(None, params) for place in self.needed)


class _Place:
    """`{Name|Other|=text}`, `{Name|caller}`, `{Name/-1}`."""

    def __init__(self, text: str) -> None:
        form = _PLACE_FORM.fullmatch(text)
        if form is None:
            raise ValueError(f"not a placeholder: {{{text}}}")
        self.default: str | None = form[2]
        self.part: str = form[3] or ""
        *names, last = form[1].split("|")
        self.names: list[str] = names
        self.fallback = last if last in _BUILTIN else ""
        self.builtin = bool(self.fallback) and not self.names
        if not self.fallback:
            self.names.append(last)
        self.needed = bool(self.names) and self.default is None and not self.fallback

    def given(self, item: Any, params: Params) -> Any:
        for name in self.names:
            value = _value(name, item, params)
            if value not in (None, ""):
                return value
        return None

    def value(self, scope: Mapping[str, str], item: Any, params: Params) -> str:
        if self.builtin:
            return scope[self.fallback]
        value = self.given(item, params)
        if value is None:
            value = self.default if self.default is not None else scope.get(self.fallback) or "*"
        text = str(value)
        if not self.part:
            return text
        if self.part == "path":
            return text.removeprefix("/") if not text.startswith("arn:") else text
        parts = text.split("/")
        if self.part.endswith(":"):
            return "/".join(parts[int(self.part[:-1]) :])
        at = int(self.part)
        return parts[at] if -len(parts) <= at < len(parts) else "*"


_BUILTIN = frozenset(("partition", "region", "account", "caller"))


def _value(path: str, item: Any, params: Params) -> Any:
    """What `path` names in the item, or else in the parameters."""
    if path == "@":
        return item["@"] if isinstance(item, dict) and "@" in item else item
    if "." not in path:
        value: Any = item.get(path) if item is not None and isinstance(item, Mapping) else None
        return params.get(path) if value is None else value
    for place in (item, params):
        value = place
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


def _members(path: str, params: Params) -> Iterator[Any]:
    """Every thing at `A.B[].C`, the last list or map opened too; a map's members have their key as "@"."""
    found: list[Any] = [params]
    for step in path.split("."):
        name = step.removesuffix("[]")
        found = [each[name] for each in found if isinstance(each, Mapping) and each.get(name) is not None]
        if step.endswith("[]"):
            found = [each for several in found for each in several]
    for each in found:
        if isinstance(each, (list, tuple)):
            yield from each
        elif isinstance(each, Mapping) and each and all(isinstance(inner, (Mapping, list)) for inner in each.values()):
            for key, inner in each.items():
                yield {**inner, "@": key} if isinstance(inner, Mapping) else {"@": key}
        else:
            yield each


class _Rule:
    """An action, what makes the name and the ARN of its resource, and when it is needed."""

    each = ""
    tests: tuple[tuple[bool, str, str], ...] = ()

    def __init__(self, action: str, resource: _Resource) -> None:
        self.action = action
        self.resource = resource
        self.constants: dict[str, str] = {}

    def items(self, params: Params) -> Iterable[Any]:
        return _members(self.each, params) if self.each else (None,)

    def holds(self, item: Any, params: Params) -> bool:
        for wanted, name, pattern in self.tests:
            value = _value(name, item, params)
            given = value not in (None, "", False, [], {})
            if given and pattern:
                given = fnmatchcase(str(value), pattern)
            if given is not wanted:
                return False
        return True


class _Written(_Rule):
    """A rule as a table has it."""

    def __init__(self, text: str, prefix: str, resources: Mapping[str, _Template]) -> None:
        matched = _RULE.fullmatch(text)
        if not matched:
            raise ValueError(f"not a rule: {text!r}")
        action, resource, clauses = matched.groups()
        template = resources.get(resource) or _Template(resource)
        super().__init__(action if ":" in action else f"{prefix}:{action}", template.named)
        tests = []
        words = clauses.split()
        for word, what in zip(words[::2], words[1::2], strict=True):
            name, _, value = what.partition("=")
            if word == "each":
                self.each = what
            elif word == "with":
                self.constants[name] = value
            else:
                tests.append((word == "if", name, value))
        self.tests = tuple(tests)


class _Passed(_Rule):
    """iam:PassRole on the roles in members of some names, however deep in the parameters."""

    def __init__(self, service: str, names: Iterable[str]) -> None:
        super().__init__(PASS_ROLE, self._role)
        self.constants = {"iam:PassedToService": service}
        self._names = frozenset(names)

    def items(self, params: Params) -> Iterable[Any]:
        return self._found(params)

    def _found(self, value: Any) -> Iterator[str]:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                if name in self._names:
                    yield from (each for each in (inner if isinstance(inner, list) else [inner]) if each)
                elif isinstance(inner, (Mapping, list)):
                    yield from self._found(inner)
        elif isinstance(value, list):
            for each in value:
                yield from self._found(each)

    @staticmethod
    def _role(scope: Mapping[str, str], item: Any, params: Params) -> tuple[str, str]:
        """Some services take a role's name, with its path."""
        if item.startswith("arn:"):
            return "passed", item
        return "passed", "arn:{partition}:iam::{account}:role/{name}".format(**scope, name=item.removeprefix("/"))


class _Plan:
    """The rules of one operation, and where its condition keys come from."""

    def __init__(self, rules: Sequence[_Rule], keys: Mapping[str, str]) -> None:
        self.rules = rules
        self.constants = {key: source[1:] for key, source in keys.items() if source.startswith("=")}
        self.sources: dict[str, list[tuple[str, str, str]]] = {}  # parameter -> (key, path in it, glob)
        for key, source in keys.items():
            if key not in self.constants:
                for each in source.split("|"):
                    path, _, pattern = each.partition("=")
                    name = re.split(r"[.\[{]", path, maxsplit=1)[0]
                    self.sources.setdefault(name, []).append((key, path, pattern))

    def keys_of(self, params: Params) -> dict[str, Any]:
        found: dict[str, Any] = dict(self.constants)
        for name in params:
            for key, path, pattern in self.sources.get(name, ()):
                self._key(key, path, pattern, params, found)
            tagged = _TAGGED.get(name)
            if tagged is not None:
                _tags(params[name], *tagged, found)
        return found

    @staticmethod
    def _key(key: str, path: str, pattern: str, params: Params, found: dict[str, Any]) -> None:
        if "[]" in path:
            values = tuple(str(value) for value in _members(path, params))
            if values:
                found[key] = values if len(values) > 1 else values[0]
            return
        value = _value(path.removesuffix("{}"), None, params)
        if value is None or (pattern and not fnmatchcase(str(value), pattern)):
            return
        if path.endswith("{}"):
            found[key] = tuple(value)
        elif key.endswith(":*"):
            found.update({key[:-1] + name: inner for name, inner in value.items()})
        else:
            found[key] = tuple(value) if isinstance(value, list) else value


# Parameter -> prefix of the keys of single tags, key of their names.
_REQUEST_TAGS = ("aws:RequestTag/", "aws:TagKeys")
_TAGGED = {
    **dict.fromkeys(("Tags", "tags", "TagList", "TagSpecifications", "TagKeys", "tagKeys"), _REQUEST_TAGS),
    "Tagging": ("s3:RequestObjectTag/", "s3:RequestObjectTagKeys"),
}


def _tags(value: Any, prefix: str, names: str, found: dict[str, Any]) -> None:
    pairs: dict[str, str | None] = {}
    if isinstance(value, str):
        value = [{"Key": unquote(k), "Value": unquote(v)} for k, _, v in (p.partition("=") for p in value.split("&"))]
    if isinstance(value, Mapping):
        value = value.get("TagSet", value)
    if isinstance(value, Mapping):
        pairs.update(value)
        value = ()
    for each in value or ():
        if isinstance(each, str):
            pairs[each] = None
        elif isinstance(each, Mapping):
            if "ResourceType" in each:
                _tags(each.get("Tags"), prefix, names, found)
                continue
            lower = {key.lower().removeprefix("tag"): inner for key, inner in each.items()}
            if isinstance(lower.get("key"), str):
                pairs[lower["key"]] = lower.get("value", "")
    if pairs:
        found.update({prefix + key: str(tag) for key, tag in pairs.items() if tag is not None})
        found[names] = tuple(dict.fromkeys((*found.get(names, ()), *pairs)))


@cache
def _resources(service: str) -> dict[str, _Template]:
    table = _toml(service) or {}
    found = {"*": _Template("*")}
    for name, text in table.get("resources", {}).items():
        found[name] = _Template(text, name) if isinstance(text, str) else _Template(text[0], name, text[1])
    return found


def _first(candidates: Sequence[_Template], action: str) -> _Resource:
    """The first of a service's default resources that the parameters tell, or else what the reference says."""
    otherwise = _guess(action)

    def resource(scope: Mapping[str, str], item: Any, params: Params) -> tuple[str, str]:
        for each in candidates:
            if each.fits(params):
                return each.named(scope, item, params)
        return otherwise(scope, item, params)

    return resource


def _guess(action: str) -> _Resource:
    """For services without templates: what the reference's ARNs and the parameters' names say together."""
    known = action_named(action)
    arns = [arn for arn, _ in sorted(known.resources.values(), key=lambda each: not each[1])] if known else []

    def resource(scope: Mapping[str, str], item: Any, params: Params) -> tuple[str, str]:
        given = {name.lower(): value for name, value in params.items() if isinstance(value, str) and value}
        for arn in arns if given else ():
            filled = _filled(arn, scope, given)
            if filled is not None:
                return "", filled
        direct = given.get("resourcearn", "")
        return "", direct if direct.startswith("arn:") else "*"

    return resource


def _filled(arn: str, scope: Mapping[str, str], given: Mapping[str, str]) -> str | None:
    """`arn:…:cluster/${ClusterName}` with what is given as ClusterName, clusterArn, cluster …; None if nothing is."""
    values = {}
    for name in _REFERENCE.findall(arn):
        lower = name.lower()
        if lower in _BUILTIN:
            values[name] = scope[lower]
            continue
        base = re.sub(r"(name|id|arn|identifier)$", "", lower)
        names = (lower, base + "arn", base + "name", base + "id", base + "identifier", base)
        value = next((given[each] for each in names if given.get(each)), None)
        if value is None or value.startswith("arn:"):
            return value
        values[name] = value
    return _REFERENCE.sub(lambda found: values[found[1]], arn)


@cache
def _plan(service: str, operation: str) -> _Plan:
    plan = _own_plan(service, operation)
    passed = [
        _Passed(principal, operations[operation])
        for principal, operations in (_toml("_passes") or {}).get(service, {}).items()
        if operation in operations
    ]
    plan.rules = [*plan.rules, *passed]
    return plan


def _own_plan(service: str, operation: str) -> _Plan:
    prefix = prefix_of(service)
    table = _toml(service)
    if table is None:
        # API Gateway's actions are HTTP methods, its resources their paths.
        route = _json("_rest").get(service, {}).get(operation)
        if route:
            method, _, path = route.partition(" ")
            template = _Template("arn:{partition}:apigateway:{region}::" + path, "path")
            return _Plan([_Rule(f"{prefix}:{method}", template.named)], {})
        action = f"{prefix}:{(_toml('_renamed') or {}).get(service, {}).get(operation, operation)}"
        return _Plan([_Rule(action, _guess(action))], {})
    resources = _resources(service)
    keys = table.get("keys", {})
    rules = table["operations"].get(operation)
    if rules is None:
        candidates = [resources[name] for name in table["default"]]
        action = f"{prefix}:{operation}"
        return _Plan([_Rule(action, _first(candidates, action))], keys)
    if isinstance(rules, str):
        # "@Other": as that operation.
        rules = table["operations"][rules[1:]] if rules.startswith("@") else [rules]
    return _Plan([_Written(each, prefix, resources) for each in rules], keys)


def _s3(params: Params) -> Params:
    """With the parts of CopySource ("bucket/key?versionId=…", or an access point's ARN) as parameters."""
    source = params.get("CopySource")
    if source is None:
        return params
    if isinstance(source, Mapping):
        bucket, key, version = source.get("Bucket"), source.get("Key"), source.get("VersionId")
    else:
        path, _, query = unquote(source).removeprefix("/").partition("?versionId=")
        version = query or None
        if path.startswith("arn:"):
            bucket, _, key = path.partition("/object/")
        else:
            bucket, _, key = path.partition("/")
    return {**params, "SourceBucket": bucket, "SourceKey": key, "SourceVersionId": version}


_PARTIQL = re.compile(
    r"""\s*(?:EXISTS\s*\(\s*)?(SELECT|INSERT|UPDATE|DELETE)\b.*?"""
    r"""(?:(?<=UPDATE)\s+|\b(?:FROM|INTO)\s+)"?([\w.-]+?)"?(?:\."?([\w.-]+)"?)?(?=[\s;()]|$)""",
    re.IGNORECASE | re.DOTALL,
)


def _dynamodb(params: Params) -> Params:
    """With statements of PartiQL as `Parsed`: verb, table and index of each."""
    texts = [params.get("Statement")]
    texts += [each.get("Statement") for name in ("Statements", "TransactStatements") for each in params.get(name) or ()]
    parsed = []
    for text in texts:
        found = _PARTIQL.match(text) if isinstance(text, str) else None
        if found:
            parsed.append({"Verb": found[1].upper(), "TableName": found[2], "IndexName": found[3]})
    return {**params, "Parsed": parsed} if parsed else params


_DERIVED: dict[str, Callable[[Params], Params]] = {"s3": _s3, "dynamodb": _dynamodb}
