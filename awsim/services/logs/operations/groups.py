"""Log groups: made, described, deleted, their retention, keys, protection and tags.

Source: CloudWatch Logs API Reference; User Guide, "Working with log groups and log streams", "Log classes".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from awsim.services.logs.group import DELIVERY, STANDARD, LogGroup
from awsim.services.logs.keys import DataKeys
from awsim.services.logs.refusals import exists, invalid, refused
from awsim.state import Dict

RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_QUERY_RESULTS = "query-result:*"


class GroupOperations(DataKeys):
    def setup(self) -> None:
        super().setup()
        self.result_keys = Dict()  # "query-result" -> ARN of a KMS key

    def create_log_group(
        self,
        logGroupName: str,
        kmsKeyId: str | None = None,
        tags: Mapping[str, str] | None = None,
        logGroupClass: str | None = None,
        deletionProtectionEnabled: bool | None = None,
    ) -> None:
        if logGroupName.lower().startswith("aws/"):
            raise invalid("Log groups starting with AWS/ are reserved for AWS.")
        if logGroupName in self.groups:
            raise exists("The specified log group already exists")
        self.limits.quota("log-groups", len(self.groups))
        arn = self.arn(f"log-group:{logGroupName}")
        new_tags = self.new_tags(tags)
        if kmsKeyId is not None:
            self.check_key(kmsKeyId, arn, logGroupName)
        salt = int.from_bytes(self.ids.bytes("group", 8), "big")
        group = LogGroup(logGroupName, arn, self.now, logGroupClass or STANDARD, salt)
        group.tags = new_tags
        group.key = kmsKeyId
        group.protected = bool(deletionProtectionEnabled)
        self.groups[logGroupName] = group

    def delete_log_group(self, logGroupName: str) -> None:
        group = self.group(logGroupName)
        self.check_unprotected(group)
        del self.groups[logGroupName]
        self.resource_policies.pop(group.arn, None)
        self.limits.used("log-groups", len(self.groups))

    def check_unprotected(self, group: LogGroup) -> None:
        if group.protected:
            raise refused(
                f"The log group {group.name} has deletion protection enabled. Disable deletion protection to delete it."
            )

    def describe_log_groups(
        self,
        accountIdentifiers: Sequence[str] = (),
        logGroupNamePrefix: str | None = None,
        logGroupNamePattern: str | None = None,
        nextToken: str | None = None,
        limit: int | None = None,
        includeLinkedAccounts: bool | None = None,
        logGroupClass: str | None = None,
        logGroupIdentifiers: Sequence[str] = (),
    ) -> dict[str, Any]:
        self._check_accounts(accountIdentifiers, includeLinkedAccounts)
        if logGroupNamePrefix is not None and logGroupNamePattern is not None:
            raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
        if logGroupIdentifiers:
            if logGroupNamePrefix is not None or logGroupNamePattern is not None:
                raise invalid("logGroupIdentifiers cannot be specified with a name prefix or pattern.")
            groups = [self.group_by(identifier) for identifier in logGroupIdentifiers]
            return {"logGroups": [self._described(group) for group in groups]}
        chosen: list[Callable[[LogGroup], bool]] = []
        if logGroupClass is not None:
            chosen.append(lambda group: group.kind == logGroupClass)
        if logGroupNamePattern:
            pattern = logGroupNamePattern.lower()
            chosen.append(lambda group: pattern in group.name.lower())
        return self.page_of(
            "logGroups",
            self.groups,
            self._described,
            nextToken,
            limit,
            prefix=logGroupNamePrefix or "",
            chosen=(lambda group: all(each(group) for each in chosen)) if chosen else None,
        )

    def _described(self, group: LogGroup) -> dict[str, Any]:
        group.expire(self.cutoff(group))
        shared = any(policy.kind == "DATA_PROTECTION_POLICY" for policy in self.account_policies.values())
        return group.described(self.now, ("ACCOUNT_DATA_PROTECTION",) if shared else ())

    def _check_accounts(self, accounts: Sequence[str], linked: bool | None) -> None:
        if accounts and not linked:
            raise invalid("accountIdentifiers can be specified only if includeLinkedAccounts is true.")

    def list_log_groups(
        self,
        logGroupNamePattern: str | None = None,
        logGroupClass: str | None = None,
        includeLinkedAccounts: bool | None = None,
        accountIdentifiers: Sequence[str] = (),
        nextToken: str | None = None,
        limit: int | None = None,
        logGroupTags: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        self._check_accounts(accountIdentifiers, includeLinkedAccounts)
        matches = _name_pattern(logGroupNamePattern)

        def chosen(group: LogGroup) -> bool:
            return (
                logGroupClass in (None, group.kind)
                and matches(group.name)
                and all(
                    tag["key"] in group.tags and (not tag.get("values") or group.tags[tag["key"]] in tag["values"])
                    for tag in logGroupTags
                )
            )

        def shown(group: LogGroup) -> dict[str, Any]:
            return {"logGroupName": group.name, "logGroupArn": group.arn, "logGroupClass": group.kind}

        return self.page_of("logGroups", self.groups, shown, nextToken, limit, chosen=chosen)

    # --- retention, protection

    def put_retention_policy(self, logGroupName: str, retentionInDays: int) -> None:
        group = self.group(logGroupName)
        if retentionInDays not in RETENTIONS:
            raise invalid(
                f"1 validation error detected: Value '{retentionInDays}' at 'retentionInDays' failed to satisfy "
                f"constraint: Member must satisfy enum value set: [{', '.join(map(str, RETENTIONS))}]"
            )
        if group.kind == DELIVERY:
            raise invalid(f"The retention of log groups of class {DELIVERY} cannot be changed.")
        group.retention = retentionInDays

    def delete_retention_policy(self, logGroupName: str) -> None:
        group = self.group(logGroupName)
        if group.kind == DELIVERY:
            raise invalid(f"The retention of log groups of class {DELIVERY} cannot be changed.")
        group.expire(group.cutoff(self.now))
        group.retention = None

    def put_log_group_deletion_protection(self, logGroupIdentifier: str, deletionProtectionEnabled: bool) -> None:
        self.group_by(logGroupIdentifier).protected = deletionProtectionEnabled

    def put_bearer_token_authentication(self, logGroupIdentifier: str, bearerTokenAuthenticationEnabled: bool) -> None:
        self.group_by(logGroupIdentifier).bearer = bearerTokenAuthenticationEnabled

    # --- keys

    def associate_kms_key(
        self, kmsKeyId: str, logGroupName: str | None = None, resourceIdentifier: str | None = None
    ) -> None:
        group = self._encrypted(logGroupName, resourceIdentifier)
        if group is None:
            self.check_key(kmsKeyId, self.arn(_QUERY_RESULTS), "query-result")
            self.result_keys["query-result"] = kmsKeyId
        else:
            self.check_key(kmsKeyId, group.arn, group.name)
            group.key = kmsKeyId

    def disassociate_kms_key(self, logGroupName: str | None = None, resourceIdentifier: str | None = None) -> None:
        group = self._encrypted(logGroupName, resourceIdentifier)
        if group is None:
            self.result_keys.pop("query-result", None)
        else:
            group.key = None

    def _encrypted(self, name: str | None, resource: str | None) -> LogGroup | None:
        """The group that a request about keys is for; None: the results of queries."""
        if (name is None) == (resource is None):
            raise invalid("Exactly one of logGroupName and resourceIdentifier must be specified.")
        if name is not None:
            return self.group(name)
        if resource == self.arn(_QUERY_RESULTS):
            return None
        return self.group_by(resource or "")

    # --- tags

    def tag_resource(self, resourceArn: str, tags: Mapping[str, str]) -> None:
        record = self.tagged(resourceArn)
        record.tags = self.new_tags(tags, record.tags)

    def untag_resource(self, resourceArn: str, tagKeys: Sequence[str]) -> None:
        record = self.tagged(resourceArn)
        record.tags = record.tags.without(tagKeys)

    def list_tags_for_resource(self, resourceArn: str) -> dict[str, Any]:
        return {"tags": self.tagged(resourceArn).tags.as_dict()}

    def tag_log_group(self, logGroupName: str, tags: Mapping[str, str]) -> None:
        group = self.group(logGroupName)
        group.tags = self.new_tags(tags, group.tags)

    def untag_log_group(self, logGroupName: str, tags: Sequence[str]) -> None:
        group = self.group(logGroupName)
        group.tags = group.tags.without(tags)

    def list_tags_log_group(self, logGroupName: str) -> dict[str, Any]:
        return {"tags": self.group(logGroupName).tags.as_dict()}


def _name_pattern(pattern: str | None) -> Callable[[str], bool]:
    """ListLogGroups: a part of a name; `^` before it asks for it at the beginning, `|` parts alternatives."""
    if pattern is None:
        return lambda name: True
    parts = [part for part in pattern.split("|") if part]
    wanted = re.compile(
        "|".join(("^" if part[0] == "^" else "") + re.escape(part.removeprefix("^")) for part in parts) or "(?!)"
    )
    return lambda name: wanted.search(name) is not None
