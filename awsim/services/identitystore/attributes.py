"""Attributes of users and groups: which there are, and what operations on their paths make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError

ENTERPRISE = "aws:identitystore:enterprise"
# Names under which nobody may sign in (API Reference, CreateUser: UserName).
_RESERVED = frozenset(("administrator", "awsadministrators"))
_TEXTS = (
    "UserName", "DisplayName", "NickName", "ProfileUrl", "UserType", "Title", "PreferredLanguage", "Locale", "Timezone",
    "Website", "Birthdate",
)  # fmt: skip
_NAME = ("Formatted", "FamilyName", "GivenName", "MiddleName", "HonorificPrefix", "HonorificSuffix")
_LISTS = {
    "Emails": ("Value", "Type", "Primary"),
    "Addresses": (
        "StreetAddress", "Locality", "Region", "PostalCode", "Country", "Formatted", "Type", "Primary",
    ),
    "PhoneNumbers": ("Value", "Type", "Primary"),
    "Photos": ("Value", "Type", "Display", "Primary"),
    "Roles": ("Value", "Type", "Primary"),
}  # fmt: skip
_USER_PATHS = {name.lower(): name for name in (*_TEXTS, "Name", *_LISTS)}
_NAME_PATHS = {name.lower(): name for name in _NAME}
_GROUP_PATHS = {"displayname": "DisplayName", "description": "Description"}


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def check_user(attributes: Mapping[str, Any]) -> None:
    """Refuse a user without what Identity Center needs, or with a reserved name."""
    name = attributes.get("Name") or {}
    for present, path in (
        (attributes.get("UserName"), "userName"),
        (attributes.get("DisplayName"), "displayName"),
        (attributes.get("Name"), "name"),
        (name.get("GivenName"), "name.givenName"),
        (name.get("FamilyName"), "name.familyName"),
    ):
        if not present:
            raise invalid(f"{path} is a required attribute")
    check_reserved("UserName", attributes["UserName"])
    for member in _LISTS:
        primary = [each for each in attributes.get(member) or () if each.get("Primary")]
        if len(primary) > 1:
            raise invalid(f"Only one {member} value can be primary.")


def check_group(attributes: Mapping[str, Any]) -> None:
    if not attributes.get("DisplayName"):
        raise invalid("displayName is a required attribute")
    check_reserved("DisplayName", attributes["DisplayName"])


def check_reserved(path: str, name: str) -> None:
    if name.casefold() in _RESERVED:
        raise invalid(f"{name} is a reserved name and can't be used as {path}.")


def check_extensions(names: Sequence[str] | Mapping[str, Any] | None) -> None:
    for name in names or ():
        if name != ENTERPRISE:
            raise invalid(f"{name} is not a supported extension.")


def user_after(attributes: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A user's attributes after UpdateUser's operations: a path with a value is set, one without is taken away."""
    changed = dict(attributes)
    for operation in operations:
        path, value = operation["AttributePath"], operation.get("AttributeValue")
        if path.lower().startswith(ENTERPRISE):
            _extend(changed, path, value)
            continue
        head, _, rest = path.partition(".")
        member = _USER_PATHS.get(head.lower())
        if member is None:
            raise _no_path(path)
        if member == "Name":
            changed["Name"] = _named(changed.get("Name") or {}, path, rest, value)
        elif rest:
            raise _no_path(path)
        elif value is None:
            changed.pop(member, None)
        elif member in _LISTS:
            changed[member] = _listed(path, _LISTS[member], value)
        else:
            changed[member] = _text(path, value)
    return changed


def group_after(attributes: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    changed = dict(attributes)
    for operation in operations:
        path, value = operation["AttributePath"], operation.get("AttributeValue")
        member = _GROUP_PATHS.get(path.lower())
        if member is None:
            raise _no_path(path)
        if value is None:
            changed.pop(member, None)
        else:
            changed[member] = _text(path, value)
    return changed


def _extend(attributes: dict[str, Any], path: str, value: Any) -> None:
    extensions = dict(attributes.get("Extensions") or {})
    rest = path[len(ENTERPRISE) :]
    if not rest:
        if value is not None and not isinstance(value, Mapping):
            raise _no_value(path)
        extensions[ENTERPRISE] = dict(value or {})
    elif rest.startswith(".") and rest.count(".") == 1:
        known = dict(extensions.get(ENTERPRISE) or {})
        known.pop(rest[1:], None)
        if value is not None:
            known[rest[1:]] = value
        extensions[ENTERPRISE] = known
    else:
        raise _no_path(path)
    if not extensions[ENTERPRISE]:
        del extensions[ENTERPRISE]
    attributes["Extensions"] = extensions
    if not extensions:
        del attributes["Extensions"]


def _named(name: Mapping[str, Any], path: str, rest: str, value: Any) -> dict[str, Any]:
    if not rest:
        if not isinstance(value, Mapping):
            raise _no_value(path)
        return {_part(f"{path}.{key}", key): _text(f"{path}.{key}", text) for key, text in value.items()}
    member = _part(path, rest)
    changed = {key: text for key, text in name.items() if key != member}
    return changed if value is None else {**changed, member: _text(path, value)}


def _part(path: str, name: str) -> str:
    member = _NAME_PATHS.get(name.lower())
    if member is None:
        raise _no_path(path)
    return member


def _listed(path: str, members: Sequence[str], value: Any) -> list[dict[str, Any]]:
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise _no_value(path)
    known = {name.lower(): name for name in members}
    found = []
    for each in value:
        if any(key.lower() not in known for key in each):
            raise _no_value(path)
        found.append({known[key.lower()]: item for key, item in each.items()})
    return found


def _text(path: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _no_value(path)
    return value


def _no_path(path: str) -> AWSError:
    return invalid(f"{path} is not a valid attribute path")


def _no_value(path: str) -> AWSError:
    return invalid(f"The value of {path} is not valid")
