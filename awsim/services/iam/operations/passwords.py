"""Console passwords and what the account asks of them."""

from __future__ import annotations

from typing import Any

from awsim.errors import AWSError
from awsim.services.iam.operations.keys import AccessKeyOperations
from awsim.services.iam.passwords import LoginProfile, PasswordPolicy, kinds_in
from awsim.services.iam.records import User
from awsim.services.iam.refusals import exists, malformed, no_such


class PasswordOperations(AccessKeyOperations):
    def create_login_profile(
        self, UserName: str | None = None, Password: str | None = None, PasswordResetRequired: bool = False
    ) -> dict[str, Any]:
        user = self._user_with_password(UserName)
        if Password is None:
            raise malformed("The password is missing: only users' passwords are modelled, which need one.")
        if user.login is not None:
            raise exists(f"Login Profile for user {user.name} already exists.")
        self._check_password(user, Password)
        user.login = LoginProfile(Password, PasswordResetRequired, self.now())
        return {"LoginProfile": _shown(user)}

    def get_login_profile(self, UserName: str | None = None) -> dict[str, Any]:
        user = self._user_with_password(UserName)
        self._login(user)
        return {"LoginProfile": _shown(user)}

    def update_login_profile(
        self, UserName: str, Password: str | None = None, PasswordResetRequired: bool | None = None
    ) -> None:
        user = self.user(UserName)
        login = self._login(user)
        if Password is not None:
            self._check_password(user, Password)
            self._change(user, login, Password)
        if PasswordResetRequired is not None:
            login.reset = PasswordResetRequired

    def delete_login_profile(self, UserName: str | None = None) -> None:
        user = self._user_with_password(UserName)
        self._login(user)
        user.login = None

    def change_password(self, OldPassword: str, NewPassword: str) -> None:
        caller = self.caller
        if caller.type != "user":
            raise self.error("InvalidUserType", "Only IAM Users can change their own password.")
        user = self.user_or_caller(None)
        login = self._login(user)
        if login.password != OldPassword:
            raise self.error("AccessDenied", "The old password was incorrect.")
        self._check_password(user, NewPassword)
        self._change(user, login, NewPassword)
        login.reset = False

    def _user_with_password(self, name: str | None) -> User:
        user = self.user_or_caller(name)
        if user.is_root:
            self.not_modelled("the password of the root user")
        return user

    @staticmethod
    def _login(user: User) -> LoginProfile:
        if user.login is None:
            raise no_such(f"Login Profile for User {user.name} cannot be found.")
        return user.login

    def _change(self, user: User, login: LoginProfile, password: str) -> None:
        user.passwords = (login.password, *user.passwords)
        login.password = password
        login.changed = self.now()

    def _check_password(self, user: User, password: str) -> None:
        policy = self.settings.password_policy
        if policy is None:
            # AWS's default policy.
            fits = (
                len(password) >= (self.limits["password-length-default"] or 0)
                and len(kinds_in(password)) >= (self.limits["password-kinds-default"] or 0)
                and password not in (self.account, self.settings.alias)
            )
            if not fits:
                raise self.error("PasswordPolicyViolation")
            return
        if not policy.accepts(password):
            raise self.error("PasswordPolicyViolation")
        if policy.reuse:
            now = () if user.login is None else (user.login.password,)
            if password in (*now, *user.passwords)[: policy.reuse]:
                raise self.error("PasswordPolicyViolation")

    # --- the account's policy

    def update_account_password_policy(
        self,
        MinimumPasswordLength: int | None = None,
        RequireSymbols: bool = False,
        RequireNumbers: bool = False,
        RequireUppercaseCharacters: bool = False,
        RequireLowercaseCharacters: bool = False,
        AllowUsersToChangePassword: bool = False,
        MaxPasswordAge: int = 0,
        PasswordReusePrevention: int = 0,
        HardExpiry: bool | None = None,
    ) -> None:
        self.settings.password_policy = PasswordPolicy(
            MinimumPasswordLength or self.limits["password-length-policy-default"] or 1,
            RequireSymbols,
            RequireNumbers,
            RequireUppercaseCharacters,
            RequireLowercaseCharacters,
            AllowUsersToChangePassword,
            MaxPasswordAge,
            PasswordReusePrevention,
            HardExpiry,
        )

    def get_account_password_policy(self) -> dict[str, Any]:
        if self.settings.password_policy is None:
            raise self._no_policy()
        return {"PasswordPolicy": self.settings.password_policy.shown()}

    def delete_account_password_policy(self) -> None:
        if self.settings.password_policy is None:
            raise self._no_policy()
        self.settings.password_policy = None

    def _no_policy(self) -> AWSError:
        return no_such(f"The Password Policy with domain name {self.account} cannot be found.")


def _shown(user: User) -> dict[str, Any]:
    assert user.login is not None
    return {
        "UserName": user.name,
        "CreateDate": user.login.created,
        "PasswordResetRequired": user.login.reset,
    }
