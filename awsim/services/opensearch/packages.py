"""Packages: dictionaries and plugins out of S3, and the domains that they are associated with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.opensearch.common import bad_page
from awsim.services.opensearch.domain import Domain
from awsim.services.opensearch.refusals import conflict, exists, invalid, missing
from awsim.services.opensearch.upgrading import Upgrading
from awsim.state import Dict, Entity, Lifecycle
from awsim.state.pages import number

_DICTIONARY = "TXT-DICTIONARY"
_FILTERS = {
    "PackageID": "PackageID", "PackageName": "PackageName", "PackageStatus": "PackageStatus",
    "PackageType": "PackageType", "EngineVersion": "EngineVersion", "PackageOwner": "PackageOwner",
}  # fmt: skip


class Package(Entity):
    """A package; `versions`: (name, when, commit message, configuration) of each, the oldest first."""

    __slots__ = ("account", "changed", "created", "description", "encryption", "id", "kind", "lifecycle", "name",
                 "users", "vending", "version_of_engine", "versions")  # fmt: skip

    def __init__(
        self,
        id: str,
        name: str,
        kind: str,
        account: str,
        description: str | None,
        engine: str | None,
        created: float,
        lifecycle: Lifecycle,
    ) -> None:
        self.id = id
        self.name = name
        self.kind = kind
        self.account = account
        self.description = description
        self.version_of_engine = engine
        self.created = self.changed = created
        self.lifecycle = lifecycle
        self.versions: tuple[tuple[str, float, str | None, Any], ...] = (("v1", created, None, None),)
        self.vending: Mapping[str, Any] | None = None
        self.encryption: Mapping[str, Any] | None = None
        self.users: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        return {
            "PackageID": self.id,
            "PackageName": self.name,
            "PackageType": self.kind,
            "PackageDescription": self.description,
            "PackageStatus": self.lifecycle.state,
            "CreatedAt": self.created,
            "LastUpdatedAt": self.changed,
            "AvailablePackageVersion": self.versions[-1][0],
            "AvailablePackageConfiguration": self.versions[-1][3],
            "EngineVersion": self.version_of_engine,
            "PackageOwner": self.account,
            "PackageVendingOptions": self.vending,
            "PackageEncryptionOptions": self.encryption,
            "AllowListedUserList": list(self.users) or None,
        }


class Packages(Upgrading):
    """Operations on packages."""

    def create_package(
        self,
        PackageName: str,
        PackageType: str,
        PackageSource: Mapping[str, str],
        PackageDescription: str | None = None,
        PackageConfiguration: Mapping[str, Any] | None = None,
        EngineVersion: str | None = None,
        PackageVendingOptions: Mapping[str, Any] | None = None,
        PackageEncryptionOptions: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        if (PackageType == "ZIP-PLUGIN") and EngineVersion is None:
            raise invalid("EngineVersion must be specified for packages of type ZIP-PLUGIN.")
        if any(package.name == PackageName for package in self.packages):
            raise exists(f"Package already exists: {PackageName}")
        self._check_source(PackageSource)
        lifecycle = Lifecycle(self, [("COPYING", "package-copy"), ("AVAILABLE", None)])
        id, now = f"F{self.ids.digits('package', 9)}", self.clock.time()
        package = Package(id, PackageName, PackageType, self.account, PackageDescription, EngineVersion, now, lifecycle)
        package.versions = (("v1", now, None, PackageConfiguration),)
        package.vending, package.encryption = PackageVendingOptions, PackageEncryptionOptions
        self.packages.add(package)
        return {"PackageDetails": package.described()}

    def _check_source(self, source: Mapping[str, str]) -> None:
        try:
            bucket, key = source["S3BucketName"], source["S3Key"]
            self.call("s3", "HeadObject", as_=self.caller, Bucket=bucket, Key=key)
        except KeyError:
            raise invalid("S3BucketName and S3Key must be specified.") from None
        except AWSError:
            raise invalid(f"The file {key} can't be read from the bucket {bucket}.") from None

    def update_package(
        self,
        PackageID: str,
        PackageSource: Mapping[str, str],
        PackageDescription: str | None = None,
        CommitMessage: str | None = None,
        PackageConfiguration: Mapping[str, Any] | None = None,
        PackageEncryptionOptions: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        package = self._package(PackageID)
        self._check_source(PackageSource)
        now = self.clock.time()
        version = (f"v{len(package.versions) + 1}", now, CommitMessage, PackageConfiguration)
        package.versions = (*package.versions, version)
        package.description = PackageDescription or package.description
        package.encryption = PackageEncryptionOptions or package.encryption
        package.changed = now
        package.lifecycle = Lifecycle(self, [("COPYING", "package-copy"), ("AVAILABLE", None)])
        return {"PackageDetails": package.described()}

    def delete_package(self, PackageID: str) -> dict[str, Any]:
        package = self._package(PackageID)
        if any(PackageID in domain.attached for domain in self.domains):
            raise conflict("The package is associated with domains. Dissociate it from them first.")
        self.packages.remove(PackageID)
        return {"PackageDetails": {**package.described(), "PackageStatus": "DELETING"}}

    def describe_packages(
        self,
        Filters: Sequence[Mapping[str, Any]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        shown = [package.described() for package in self.packages]
        for one in Filters:
            wanted = one.get("Value") or ()
            shown = [each for each in shown if each.get(_FILTERS[one["Name"]]) in wanted] if "Name" in one else shown
        return self.page(
            "PackageDetailsList", shown, dict, lambda one: one["PackageID"], NextToken, MaxResults, bad_page
        )

    def get_package_version_history(
        self, PackageID: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        package = self._package(PackageID)
        found = list(enumerate(reversed(package.versions)))

        def shown(entry: tuple[int, tuple[str, float, str | None, Any]]) -> dict[str, Any]:
            name, created, message, configuration = entry[1]
            return {
                "PackageVersion": name,
                "CommitMessage": message,
                "CreatedAt": created,
                "PackageConfiguration": configuration,
            }

        listed = self.page(
            "PackageVersionHistoryList", found, shown, lambda one: number(one[0]), NextToken, MaxResults, bad_page
        )
        return {"PackageID": PackageID, **listed}

    def update_package_scope(self, PackageID: str, Operation: str, PackageUserList: Sequence[str]) -> dict[str, Any]:
        package = self._package(PackageID)
        users = dict.fromkeys(package.users)
        if Operation == "OVERRIDE":
            users = dict.fromkeys(PackageUserList)
        elif Operation == "ADD":
            users.update(dict.fromkeys(PackageUserList))
        else:
            users = {user: None for user in users if user not in PackageUserList}
        package.users = tuple(users)
        return {"PackageID": PackageID, "Operation": Operation, "PackageUserList": list(users)}

    # --- associations

    def associate_package(
        self,
        PackageID: str,
        DomainName: str,
        PrerequisitePackageIDList: Sequence[str] = (),
        AssociationConfiguration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        domain, package = self.domain(DomainName), self._package(PackageID)
        for id in PrerequisitePackageIDList:
            self._package(id)
        if PackageID in domain.attached:
            raise conflict("The package is already associated with the domain.")
        if package.kind == "ZIP-PLUGIN" and package.version_of_engine != domain.version:
            raise invalid(f"The package is for {package.version_of_engine}, the domain runs {domain.version}.")
        lifecycle = Lifecycle(self, [("ASSOCIATING", "package-association"), ("ACTIVE", None)])
        more = {
            "PrerequisitePackageIDList": list(PrerequisitePackageIDList) or None,
            "AssociationConfiguration": AssociationConfiguration,
        }
        association = (lifecycle, self.clock.time(), package.versions[-1][0], more)
        domain.attached[PackageID] = association
        return {"DomainPackageDetails": self._association(domain, package)}

    def dissociate_package(self, PackageID: str, DomainName: str) -> dict[str, Any]:
        domain, package = self.domain(DomainName), self._package(PackageID)
        if PackageID not in domain.attached:
            raise missing("The package is not associated with the domain.")
        shown = self._association(domain, package)
        del domain.attached[PackageID]
        return {"DomainPackageDetails": {**shown, "DomainPackageStatus": "DISSOCIATING"}}

    def associate_packages(self, PackageList: Sequence[Mapping[str, Any]], DomainName: str) -> dict[str, Any]:
        domain = self.domain(DomainName)
        for one in PackageList:
            self._package(one["PackageID"])
            if one["PackageID"] in domain.attached:
                raise conflict("The package is already associated with the domain.")
        done = [self.associate_package(**one, DomainName=DomainName) for one in PackageList]
        return {"DomainPackageDetailsList": [one["DomainPackageDetails"] for one in done]}

    def dissociate_packages(self, PackageList: Sequence[str], DomainName: str) -> dict[str, Any]:
        domain = self.domain(DomainName)
        for id in PackageList:
            if id not in domain.attached:
                raise missing("The package is not associated with the domain.")
        done = [self.dissociate_package(id, DomainName) for id in dict.fromkeys(PackageList)]
        return {"DomainPackageDetailsList": [one["DomainPackageDetails"] for one in done]}

    def list_packages_for_domain(
        self, DomainName: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        domain = self.domain(DomainName)
        found = [self._association(domain, self.packages[id]) for id in domain.attached]
        return self._associations(found, "PackageID", MaxResults, NextToken)

    def list_domains_for_package(
        self, PackageID: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        package = self._package(PackageID)
        found = [self._association(domain, package) for domain in self.domains if PackageID in domain.attached]
        return self._associations(found, "DomainName", MaxResults, NextToken)

    def _associations(
        self, found: Iterable[dict[str, Any]], key: str, size: int | None, token: str | None
    ) -> dict[str, Any]:
        return self.page("DomainPackageDetailsList", found, dict, lambda one: str(one[key]), token, size, bad_page)

    def _association(self, domain: Domain, package: Package) -> dict[str, Any]:
        attached: Dict = domain.attached
        lifecycle, updated, version, more = attached[package.id]
        shown = {
            "PackageID": package.id,
            "PackageName": package.name,
            "PackageType": package.kind,
            "LastUpdated": updated,
            "DomainName": domain.name,
            "DomainPackageStatus": lifecycle.state,
            "PackageVersion": version,
            **more,
        }
        if package.kind == _DICTIONARY:
            shown["ReferencePath"] = f"analyzers/{package.id}"
        return shown

    def _package(self, id: str) -> Package:
        found: Package | None = self.packages.get(id)
        if found is None:
            raise missing(f"Package not found: {id}")
        return found
