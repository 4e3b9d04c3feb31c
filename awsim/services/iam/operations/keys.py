"""Access keys."""

from __future__ import annotations

from typing import Any

from awsim.services.iam.credentials import AccessKey
from awsim.services.iam.operations.inline import InlinePolicyOperations
from awsim.services.iam.records import User
from awsim.services.iam.refusals import malformed, no_such


class AccessKeyOperations(InlinePolicyOperations):
    def create_access_key(self, UserName: str | None = None) -> dict[str, Any]:
        user = self.user_or_caller(UserName)
        self.limits.quota("access-keys-per-user", len(user.access_keys), user.name)
        kind = "root" if user.is_root else "user"
        seconds = self.limits.lag("propagation")
        unsettled = self.clock.time() + seconds if seconds else None
        issued = self.cloud.credentials.issue(kind, self.account, user.arn, user.id, self.ids, unsettled=unsettled)
        key = user.access_keys[issued.access_key] = AccessKey(issued.access_key, self.now())
        return {"AccessKey": {**_shown(user, key), "SecretAccessKey": issued.secret}}

    def list_access_keys(
        self, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        user = self.user_or_caller(UserName)
        return self.page("AccessKeyMetadata", user.access_keys, lambda key: _shown(user, key), Marker, MaxItems)

    def update_access_key(self, AccessKeyId: str, Status: str, UserName: str | None = None) -> None:
        key = self._access_key(self.user_or_caller(UserName), AccessKeyId)
        if Status == "Expired":
            raise malformed("Access keys can be made Active or Inactive only.")
        key.active = Status == "Active"
        key.changed = self.now()
        self.cloud.credentials.activate(AccessKeyId, key.active)

    def delete_access_key(self, AccessKeyId: str, UserName: str | None = None) -> None:
        user = self.user_or_caller(UserName)
        self._access_key(user, AccessKeyId)
        del user.access_keys[AccessKeyId]
        self.limits.used("access-keys-per-user", len(user.access_keys), user.name)
        # Not forgotten: a key that nobody knows would be the administrator's.
        self.cloud.credentials.activate(AccessKeyId, False)

    def get_access_key_last_used(self, AccessKeyId: str) -> dict[str, Any]:
        for user in (*self.users.values(), self.root, self.administrator):
            if AccessKeyId in user.access_keys:
                return {
                    "UserName": None if user.is_root else user.name,
                    "AccessKeyLastUsed": self.key_use(user.access_keys[AccessKeyId]),
                }
        raise no_such(f"The Access Key with id {AccessKeyId} cannot be found.")

    def key_use(self, key: AccessKey) -> dict[str, Any]:
        use = self.uses.of_key(key.id, key.created)
        if use is None:
            return {"ServiceName": "N/A", "Region": "N/A"}
        return {"LastUsedDate": int(use.time), "ServiceName": use.service, "Region": use.region}

    @staticmethod
    def _access_key(user: User, id: str) -> AccessKey:
        key = user.access_keys.get(id)
        if key is None:
            raise no_such(f"The Access Key with id {id} cannot be found.")
        return key


def _shown(user: User, key: AccessKey) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "AccessKeyId": key.id,
        "Status": key.status,
        "CreateDate": key.created,
    }
