"""The credential report: AWS's columns, one line for the root user and one for each user."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from awsim.services.iam.credentials import AccessKey
from awsim.services.iam.passwords import DAY, PasswordPolicy
from awsim.services.iam.records import User

_KEY = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed"),
    *("password_next_rotation", "mfa_active"),
    *(f"access_key_{number}_{name}" for number in (1, 2) for name in _KEY),
    *(f"cert_{number}_{name}" for number in (1, 2) for name in ("active", "last_rotated")),
)
_NONE = "N/A"


def written(
    root: User, users: Iterable[User], policy: PasswordPolicy | None, use: Callable[[AccessKey], dict[str, Any]]
) -> bytes:
    """The report as CSV. `use` tells when, where and for what a key was used last."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for user in (root, *users):
        writer.writerow([user.name, user.arn, _time(user.created), *_password(user, policy), *_rest(user, use)])
    return out.getvalue().rstrip("\n").encode()


def _password(user: User, policy: PasswordPolicy | None) -> list[str]:
    if user.is_root:
        return ["not_supported", "no_information", "not_supported", "not_supported"]
    if user.login is None:
        return ["false", _NONE, _NONE, _NONE]
    rotation = _NONE
    if policy is not None and policy.max_age:
        rotation = _time(user.login.changed + policy.max_age * DAY)
    # Nobody signs in to a console here.
    return ["true", "no_information", _time(user.login.changed), rotation]


def _rest(user: User, use: Callable[[AccessKey], dict[str, Any]]) -> list[str]:
    cells = [_flag(user.devices)]
    keys: list[AccessKey | None] = [*user.access_keys.values(), None, None]
    for key in keys[:2]:
        if key is None:
            cells += ["false", _NONE, _NONE, _NONE, _NONE]
            continue
        last = use(key)
        when = _time(last["LastUsedDate"]) if "LastUsedDate" in last else _NONE
        cells += [_flag(key.active), _time(key.changed), when, last["Region"], last["ServiceName"]]
    certificates = [*user.certificates.values(), None, None]
    for certificate in certificates[:2]:
        if certificate is None:
            cells += ["false", _NONE]
        else:
            cells += [_flag(certificate.status == "Active"), _time(certificate.uploaded)]
    return cells


def _flag(value: object) -> str:
    return "true" if value else "false"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
