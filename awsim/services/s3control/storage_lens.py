"""S3 Storage Lens: dashboards' configurations and groups. The metrics themselves are not modelled.

Source: S3 User Guide, "Using S3 Storage Lens"; S3 API Reference, PutStorageLensConfiguration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.services.s3control.common import Common
from awsim.state import Collection, Entity
from awsim.state.tags import Tags

_ID = re.compile(r"[a-zA-Z0-9\-_.]+")
_DEFAULT = "default-account-dashboard"


class Dashboard(Entity):
    def __init__(self, id: str, configuration: Mapping[str, Any], tags: Tags) -> None:
        self.name = id
        self.configuration = configuration
        self.tags = tags


class Group(Entity):
    def __init__(self, name: str, arn: str, filter: Mapping[str, Any], tags: Tags) -> None:
        self.name = name
        self.arn = arn
        self.filter = filter
        self.tags = tags


class StorageLens(Common):
    dashboards = Collection("configuration", quota="storage-lens-configurations", missing=("NoSuchConfiguration", ""))
    lens_groups = Collection("group", quota="storage-lens-groups", missing=("NoSuchConfiguration", ""))

    # --- configurations

    def put_storage_lens_configuration(
        self,
        ConfigId: str,
        AccountId: str,
        StorageLensConfiguration: Mapping[str, Any],
        Tags: Iterable[Mapping[str, str]] = (),
    ) -> None:
        self.own(AccountId)
        given = StorageLensConfiguration
        if not _ID.fullmatch(ConfigId) or len(ConfigId) > (self.limits["storage-lens-id"] or 255):
            raise self.invalid("The configuration ID is not valid.")
        if given["Id"] != ConfigId:
            raise self.invalid("The ID of the configuration must be the one in the request.")
        if given.get("Include") and given.get("Exclude"):
            raise self.invalid("Include and Exclude can't both be specified.")
        arn = self.arn(f"storage-lens/{ConfigId}")
        configuration = {**given, "StorageLensArn": arn}
        found: Dashboard | None = self.dashboards.get(ConfigId)
        if found is None:
            self.dashboards.add(Dashboard(ConfigId, configuration, self.tagged({}, Tags)))
        else:
            found.configuration = configuration
            found.tags = self.tagged(found.tags, Tags)

    def get_storage_lens_configuration(self, ConfigId: str, AccountId: str) -> dict[str, Any]:
        return {"StorageLensConfiguration": dict(self._dashboard(AccountId, ConfigId).configuration)}

    def delete_storage_lens_configuration(self, ConfigId: str, AccountId: str) -> None:
        dashboard = self._dashboard(AccountId, ConfigId)
        if dashboard.name == _DEFAULT:
            raise self.invalid("The default dashboard can't be deleted.")
        self.dashboards.remove(ConfigId)

    def list_storage_lens_configurations(self, AccountId: str, NextToken: str | None = None) -> dict[str, Any]:
        self.own(AccountId)
        found, token = self.paged(self.dashboards, lambda each: each.name, NextToken, None)
        return {
            "StorageLensConfigurationList": [
                {
                    "Id": each.name,
                    "StorageLensArn": each.configuration["StorageLensArn"],
                    "HomeRegion": self.region,
                    "IsEnabled": each.configuration["IsEnabled"],
                }
                for each in found
            ],
            "NextToken": token,
        }

    def put_storage_lens_configuration_tagging(
        self, ConfigId: str, AccountId: str, Tags: Iterable[Mapping[str, str]]
    ) -> dict[str, Any]:
        dashboard = self._dashboard(AccountId, ConfigId)
        dashboard.tags = self.tagged({}, Tags)
        return {}

    def get_storage_lens_configuration_tagging(self, ConfigId: str, AccountId: str) -> dict[str, Any]:
        return {"Tags": self._dashboard(AccountId, ConfigId).tags.as_list()}

    def delete_storage_lens_configuration_tagging(self, ConfigId: str, AccountId: str) -> dict[str, Any]:
        self._dashboard(AccountId, ConfigId).tags = Tags()
        return {}

    def _dashboard(self, account: str, id: str) -> Dashboard:
        self.own(account)
        found: Dashboard = self.dashboards[id]
        return found

    # --- groups

    def create_storage_lens_group(
        self, AccountId: str, StorageLensGroup: Mapping[str, Any], Tags: Sequence[Mapping[str, str]] = ()
    ) -> None:
        self.own(AccountId)
        name = StorageLensGroup["Name"]
        if not re.fullmatch(r"[a-zA-Z0-9\-_]+", name):
            raise self.invalid("The name of the Storage Lens group is not valid.")
        self._check_filter(StorageLensGroup["Filter"])
        if name in self.lens_groups:
            raise self.error("StorageLensGroupAlreadyExists", "The Storage Lens group already exists.")
        arn = self.arn(f"storage-lens-group/{name}")
        self.lens_groups.add(Group(name, arn, StorageLensGroup["Filter"], self.tagged({}, Tags)))

    def update_storage_lens_group(self, Name: str, AccountId: str, StorageLensGroup: Mapping[str, Any]) -> None:
        group = self._group(AccountId, Name)
        if StorageLensGroup["Name"] != Name:
            raise self.invalid("The name of a Storage Lens group can't be changed.")
        self._check_filter(StorageLensGroup["Filter"])
        group.filter = StorageLensGroup["Filter"]

    def _check_filter(self, given: Mapping[str, Any]) -> None:
        if len(given) != 1:
            raise self.invalid("A filter has one condition, or several in And or Or.")

    def get_storage_lens_group(self, Name: str, AccountId: str) -> dict[str, Any]:
        group = self._group(AccountId, Name)
        return {
            "StorageLensGroup": {"Name": Name, "Filter": dict(group.filter), "StorageLensGroupArn": group.arn},
        }

    def delete_storage_lens_group(self, Name: str, AccountId: str) -> None:
        self.lens_groups.remove(self._group(AccountId, Name).name)

    def list_storage_lens_groups(self, AccountId: str, NextToken: str | None = None) -> dict[str, Any]:
        self.own(AccountId)
        found, token = self.paged(self.lens_groups, lambda each: each.name, NextToken, None)
        listed = [{"Name": each.name, "StorageLensGroupArn": each.arn, "HomeRegion": self.region} for each in found]
        return {"StorageLensGroupList": listed, "NextToken": token}

    def _group(self, account: str, name: str) -> Group:
        self.own(account)
        found: Group = self.lens_groups[name]
        return found
