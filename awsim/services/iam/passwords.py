"""Console passwords: what a policy asks of them, and when they expire."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any

from awsim.state import Entity

# What AWS takes for symbols (IAM User Guide, "Set an account password policy").
_SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
_KINDS = (
    ("upper", frozenset(string.ascii_uppercase)),
    ("lower", frozenset(string.ascii_lowercase)),
    ("numbers", frozenset(string.digits)),
    ("symbols", _SYMBOLS),
)
DAY = 86_400


class LoginProfile(Entity):
    """A user's password. `created` is when the profile was made, `changed` when the password was set last."""

    def __init__(self, password: str, reset: bool, now: int) -> None:
        self.password = password
        self.reset = reset
        self.created = now
        self.changed = now


@dataclass(frozen=True)
class PasswordPolicy:
    """An account's password policy; see UpdateAccountPasswordPolicy. `max_age` is in days, 0 for never."""

    length: int
    symbols: bool = False
    numbers: bool = False
    upper: bool = False
    lower: bool = False
    may_change: bool = False
    max_age: int = 0
    reuse: int = 0
    hard_expiry: bool | None = None

    def accepts(self, password: str) -> bool:
        asked = {name for name, _ in _KINDS if getattr(self, name)}
        return len(password) >= self.length and asked <= kinds_in(password)

    def shown(self) -> dict[str, Any]:
        return {
            "MinimumPasswordLength": self.length,
            "RequireSymbols": self.symbols,
            "RequireNumbers": self.numbers,
            "RequireUppercaseCharacters": self.upper,
            "RequireLowercaseCharacters": self.lower,
            "AllowUsersToChangePassword": self.may_change,
            "ExpirePasswords": self.max_age > 0,
            "MaxPasswordAge": self.max_age or None,
            "PasswordReusePrevention": self.reuse or None,
            "HardExpiry": self.hard_expiry,
        }


def kinds_in(password: str) -> set[str]:
    """Which of upper, lower, numbers and symbols a password holds."""
    return {name for name, characters in _KINDS if characters & set(password)}
