"""Random passwords."""

from __future__ import annotations

from typing import Any

from awsim.services.secretsmanager import passwords, refusals
from awsim.services.secretsmanager.operations.common import Operations


class PasswordOperations(Operations):
    def get_random_password(
        self,
        PasswordLength: int | None = None,
        ExcludeCharacters: str | None = None,
        ExcludeNumbers: bool | None = None,
        ExcludePunctuation: bool | None = None,
        ExcludeUppercase: bool | None = None,
        ExcludeLowercase: bool | None = None,
        IncludeSpace: bool | None = None,
        RequireEachIncludedType: bool | None = None,
    ) -> dict[str, Any]:
        excluded = {
            "lowercase": ExcludeLowercase,
            "uppercase": ExcludeUppercase,
            "numbers": ExcludeNumbers,
            "punctuation": ExcludePunctuation,
            "space": not IncludeSpace,
        }
        kinds = passwords.alphabets([kind for kind, out in excluded.items() if not out], ExcludeCharacters or "")
        length = self.limits["password-length-default"] if PasswordLength is None else PasswordLength
        each = RequireEachIncludedType is not False
        if not any(kinds):
            raise refusals.parameter("No characters available to generate the password.")
        if each and not all(kinds):
            raise refusals.parameter(
                "The password can't have a character of each included type: ExcludeCharacters leaves none of one type."
            )
        if each and length < len(kinds):
            raise refusals.parameter("Password length is too short based on the required types.")
        password = passwords.made(
            length,
            kinds,
            each=each,
            text=lambda count, alphabet: self.ids.text("password", count, alphabet),
            draw=lambda count: int.from_bytes(self.ids.bytes("place", 8)) % count,
        )
        return {"RandomPassword": password}
