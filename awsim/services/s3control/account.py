"""The block of public access of a whole account.

Source: S3 User Guide, "Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.s3control.common import Common

_MISSING = ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")


class Account(Common):
    def put_public_access_block(self, PublicAccessBlockConfiguration: Mapping[str, bool], AccountId: str) -> None:
        self.own(AccountId)
        self.s3.block_account(self.account, self.blocked(PublicAccessBlockConfiguration, False))

    def get_public_access_block(self, AccountId: str) -> dict[str, Any]:
        self.own(AccountId)
        found = self.s3.account_block(self.account)
        if found is None:
            raise self.error(*_MISSING)
        return {"PublicAccessBlockConfiguration": dict(found)}

    def delete_public_access_block(self, AccountId: str) -> None:
        self.own(AccountId)
        self.s3.block_account(self.account, None)
