"""Aggregators: what Config knows in other regions and accounts, seen from one place.

Source: AWS Config Developer Guide, "Multi-Account Multi-Region Data Aggregation".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from awsim.auth.credentials import administrator
from awsim.services.config.packs import Pack
from awsim.services.config.querying import Querying, queried
from awsim.services.config.records import COMPLIANT, NON_COMPLIANT, Item, Result, Rule
from awsim.state import Dict, Entity, Tags


class Aggregator(Entity):
    """An aggregator; `settings` are as PutConfigurationAggregator takes them."""

    def __init__(self, name: str, arn: str, now: float) -> None:
        self.name = name
        self.arn = arn
        self.created = self.updated = now
        self.settings: Mapping[str, Any] = {}
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "ConfigurationAggregatorName": self.name,
            "ConfigurationAggregatorArn": self.arn,
            "CreationTime": self.created,
            "LastUpdatedTime": self.updated,
            **self.settings,
        }


class Authorization(Entity):
    """That another account and region may aggregate what is known here."""

    def __init__(self, account: str, region: str, arn: str, now: float) -> None:
        self.account = account
        self.region = region
        self.arn = arn
        self.created = now
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "AggregationAuthorizationArn": self.arn,
            "AuthorizedAccountId": self.account,
            "AuthorizedAwsRegion": self.region,
            "CreationTime": self.created,
        }


class Aggregating(Querying):
    def setup(self) -> None:
        super().setup()
        self.authorizations = Dict()  # (account, region) -> Authorization
        self.declined = Dict()  # (account, region) whose requests were sent away

    # --- aggregators

    def put_configuration_aggregator(
        self,
        ConfigurationAggregatorName: str,
        AccountAggregationSources: Sequence[Mapping[str, Any]] = (),
        OrganizationAggregationSource: Mapping[str, Any] | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if bool(AccountAggregationSources) is (OrganizationAggregationSource is not None):
            raise self.bad(
                "You must choose one of the two: AccountAggregationSources or OrganizationAggregationSource."
            )
        for source in (*AccountAggregationSources, *filter(None, [OrganizationAggregationSource])):
            if bool(source.get("AllAwsRegions")) is bool(source.get("AwsRegions")):
                raise self.bad(
                    "Your request must specify at least one region: either all AWS regions, or a list of them."
                )
        if OrganizationAggregationSource is not None:
            self.check_management()
        known: Aggregator | None = self.aggregators.get(ConfigurationAggregatorName)
        if known is None:
            id_ = self.ids.text("aggregator", 8, "abcdefghijklmnopqrstuvwxyz0123456789")
            arn = self.arn(f"config-aggregator/config-aggregator-{id_}")
            known = Aggregator(ConfigurationAggregatorName, arn, self.clock.time())
            self.tagged(known, Tags)
            self.aggregators.add(known)
        known.updated = self.clock.time()
        sources = {
            "AccountAggregationSources": [_whole(one) for one in AccountAggregationSources] or None,
            "OrganizationAggregationSource": OrganizationAggregationSource and _whole(OrganizationAggregationSource),
        }
        known.settings = {name: value for name, value in sources.items() if value is not None}
        return {"ConfigurationAggregator": known.described()}

    def check_management(self) -> None:
        """Refuse an account that does not manage an organization."""
        if self.cloud.organization_of(self.account, self.partition) is None:
            raise self.error(
                "NoAvailableOrganizationException", "This account is not part of an organization in AWS Organizations."
            )
        found = self.ask("organizations", "DescribeOrganization")["Organization"]
        if found["MasterAccountId"] != self.account:
            raise self.error(
                "OrganizationAccessDeniedException",
                "This action can be only performed by the organization's management account or a delegated "
                "administrator.",
            )

    def describe_configuration_aggregators(
        self,
        ConfigurationAggregatorNames: Sequence[str] = (),
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        named = [self._aggregator(name) for name in ConfigurationAggregatorNames]
        found = named or list(self.aggregators)
        return self.page(
            "ConfigurationAggregators", found, Aggregator.described, lambda one: one.name, NextToken, Limit or None
        )

    def delete_configuration_aggregator(self, ConfigurationAggregatorName: str) -> None:
        self.aggregators.pop(self._aggregator(ConfigurationAggregatorName).name)

    def _aggregator(self, name: str) -> Aggregator:
        found: Aggregator | None = self.aggregators.get(name)
        if found is None:
            raise self.error(
                "NoSuchConfigurationAggregatorException",
                "The configuration aggregator does not exist. Check the configuration aggregator name and try again.",
            )
        return found

    # --- authorizations

    def put_aggregation_authorization(
        self, AuthorizedAccountId: str, AuthorizedAwsRegion: str, Tags: Sequence[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        key = (AuthorizedAccountId, AuthorizedAwsRegion)
        known: Authorization | None = self.authorizations.get(key)
        if known is None:
            arn = self.arn(f"aggregation-authorization/{AuthorizedAccountId}/{AuthorizedAwsRegion}")
            known = self.authorizations[key] = Authorization(*key, arn, self.clock.time())
            self.tagged(known, Tags)
        self.declined.pop(key, None)
        return {"AggregationAuthorization": known.described()}

    def delete_aggregation_authorization(self, AuthorizedAccountId: str, AuthorizedAwsRegion: str) -> None:
        self.authorizations.pop((AuthorizedAccountId, AuthorizedAwsRegion), None)

    def describe_aggregation_authorizations(
        self, Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self.authorizations.values()
        return self.page(
            "AggregationAuthorizations", found, Authorization.described, lambda one: one.arn, NextToken, Limit or None
        )

    def describe_pending_aggregation_requests(
        self, Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = []
        for other in self._instances():
            for aggregator in other.aggregators:
                asks = any(
                    self.account in source["AccountIds"] and _covers(source, self.region)
                    for source in aggregator.settings.get("AccountAggregationSources") or ()
                )
                key = (other.account, other.region)
                if (
                    asks
                    and other.account != self.account
                    and key not in self.authorizations
                    and key not in self.declined
                ):
                    found.append(key)

        def shown(one: tuple[str, str]) -> dict[str, Any]:
            return {"RequesterAccountId": one[0], "RequesterAwsRegion": one[1]}

        return self.page(
            "PendingAggregationRequests",
            dict.fromkeys(found),
            shown,
            lambda one: "/".join(one),
            NextToken,
            Limit or None,
        )

    def delete_pending_aggregation_request(self, RequesterAccountId: str, RequesterAwsRegion: str) -> None:
        self.declined[RequesterAccountId, RequesterAwsRegion] = True

    # --- sources

    def _instances(self) -> list[Any]:
        """Config of every account and region where it was used."""
        return [one for one in self.cloud.instances() if one.name == self.name]

    def _sources(self, aggregator: Aggregator) -> Iterator[tuple[str, str, str, Any, bool]]:
        """Kind, account, region, Config there (None where it was never used), and whether it may be aggregated."""
        known = {(one.account, one.region): one for one in self._instances()}
        for source in aggregator.settings.get("AccountAggregationSources") or ():
            for account in source["AccountIds"]:
                regions = source.get("AwsRegions") or sorted({region for who, region in known if who == account})
                for region in regions:
                    there = known.get((account, region))
                    may = account == self.account or (
                        there is not None and (self.account, self.region) in there.authorizations
                    )
                    yield "ACCOUNT", account, region, there, may
        source = aggregator.settings.get("OrganizationAggregationSource")
        if source is not None:
            found = self.call("organizations", "ListAccounts", as_=administrator(self.account))
            for one in found["Accounts"]:
                regions = source.get("AwsRegions") or sorted({region for who, region in known if who == one["Id"]})
                for region in regions:
                    yield "ORGANIZATION", one["Id"], region, known.get((one["Id"], region)), True

    def _aggregated(self, name: str, filters: Mapping[str, Any] | None = None, region: str = "AwsRegion") -> list[Any]:
        wanted = filters or {}
        return [
            there
            for _, account, where, there, may in self._sources(self._aggregator(name))
            if there is not None
            and may
            and wanted.get("AccountId") in (None, account)
            and wanted.get(region) in (None, where)
        ]

    def describe_configuration_aggregator_sources_status(
        self,
        ConfigurationAggregatorName: str,
        UpdateStatus: Sequence[str] = (),
        NextToken: str | None = None,
        Limit: int | None = None,
    ) -> dict[str, Any]:
        aggregator = self._aggregator(ConfigurationAggregatorName)
        found = []
        for kind, account, region, _, may in self._sources(aggregator):
            one: dict[str, Any] = {"SourceId": account, "SourceType": kind, "AwsRegion": region}
            if may:
                one |= {"LastUpdateStatus": "SUCCEEDED", "LastUpdateTime": self.clock.time()}
            else:
                one |= {
                    "LastUpdateStatus": "FAILED",
                    "LastErrorCode": "NOT_AUTHORIZED",
                    "LastErrorMessage": "The source account has not authorized the aggregator.",
                }
            if not UpdateStatus or one["LastUpdateStatus"] in UpdateStatus:
                found.append(one)

        def key(one: Mapping[str, Any]) -> str:
            return f"{one['SourceId']}/{one['AwsRegion']}"

        return self.page("AggregatedSourceStatusList", found, dict, key, NextToken, Limit or None)

    # --- compliance

    def describe_aggregate_compliance_by_config_rules(
        self,
        ConfigurationAggregatorName: str,
        Filters: Mapping[str, str] | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = Filters or {}
        found = [
            (there, rule)
            for there in self._aggregated(ConfigurationAggregatorName, Filters)
            for rule in there.rules
            if wanted.get("ConfigRuleName") in (None, rule.name)
            and wanted.get("ComplianceType") in (None, rule.compliance)
        ]

        def shown(one: tuple[Any, Rule]) -> dict[str, Any]:
            there, rule = one
            return {
                "ConfigRuleName": rule.name,
                "Compliance": self.compliance_of(rule.results.values()),
                "AccountId": there.account,
                "AwsRegion": there.region,
            }

        def key(one: tuple[Any, Rule]) -> str:
            return f"{one[0].account}/{one[0].region}/{one[1].name}"

        return self.page("AggregateComplianceByConfigRules", found, shown, key, NextToken, Limit or None)

    def get_aggregate_compliance_details_by_config_rule(
        self,
        ConfigurationAggregatorName: str,
        ConfigRuleName: str,
        AccountId: str,
        AwsRegion: str,
        ComplianceType: str | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = {"AccountId": AccountId, "AwsRegion": AwsRegion}
        found: list[Result] = []
        for there in self._aggregated(ConfigurationAggregatorName, wanted):
            rule = there.rules.get(ConfigRuleName)
            found += [
                one for one in (rule.results.values() if rule else ()) if ComplianceType in (None, one.compliance)
            ]

        def shown(one: Result) -> dict[str, Any]:
            return {**one.shown(), **wanted}

        return self.page(
            "AggregateEvaluationResults", found, shown, lambda one: "/".join(one.key), NextToken, Limit or None
        )

    def get_aggregate_config_rule_compliance_summary(
        self,
        ConfigurationAggregatorName: str,
        Filters: Mapping[str, str] | None = None,
        GroupByKey: str | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        groups: dict[str, list[str]] = {}
        for there in self._aggregated(ConfigurationAggregatorName, Filters):
            name = {"ACCOUNT_ID": there.account, "AWS_REGION": there.region}.get(GroupByKey or "", "")
            groups.setdefault(name, []).extend(rule.compliance for rule in there.rules)

        def shown(one: tuple[str, list[str]]) -> dict[str, Any]:
            return {"GroupName": one[0] or None, "ComplianceSummary": self.summary(one[1], "aggregate-count-cap")}

        page = self.page(
            "AggregateComplianceCounts", groups.items(), shown, lambda one: one[0], NextToken, Limit or None
        )
        return {"GroupByKey": GroupByKey, **page}

    def describe_aggregate_compliance_by_conformance_packs(
        self,
        ConfigurationAggregatorName: str,
        Filters: Mapping[str, str] | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = Filters or {}
        found = [
            (there, pack)
            for there in self._aggregated(ConfigurationAggregatorName, Filters)
            for pack in there.packs
            if wanted.get("ConformancePackName") in (None, pack.name)
            and wanted.get("ComplianceType") in (None, there.state_of(pack))
        ]

        def shown(one: tuple[Any, Pack]) -> dict[str, Any]:
            there, pack = one
            said = [there.rules[name].compliance for name in pack.rules]
            return {
                "ConformancePackName": pack.name,
                "Compliance": {
                    "ComplianceType": there.state_of(pack),
                    "CompliantRuleCount": said.count(COMPLIANT),
                    "NonCompliantRuleCount": said.count(NON_COMPLIANT),
                    "TotalRuleCount": len(said),
                },
                "AccountId": there.account,
                "AwsRegion": there.region,
            }

        def key(one: tuple[Any, Pack]) -> str:
            return f"{one[0].account}/{one[0].region}/{one[1].name}"

        return self.page("AggregateComplianceByConformancePacks", found, shown, key, NextToken, Limit or None)

    def get_aggregate_conformance_pack_compliance_summary(
        self,
        ConfigurationAggregatorName: str,
        Filters: Mapping[str, str] | None = None,
        GroupByKey: str | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        groups: dict[str, list[str]] = {}
        for there in self._aggregated(ConfigurationAggregatorName, Filters):
            name = {"ACCOUNT_ID": there.account, "AWS_REGION": there.region}.get(GroupByKey or "", "")
            groups.setdefault(name, []).extend(there.state_of(pack) for pack in there.packs)

        def shown(one: tuple[str, list[str]]) -> dict[str, Any]:
            name, said = one
            counts = {
                "CompliantConformancePackCount": said.count(COMPLIANT),
                "NonCompliantConformancePackCount": said.count(NON_COMPLIANT),
            }
            return {"GroupName": name or None, "ComplianceSummary": counts}

        page = self.page(
            "AggregateConformancePackComplianceSummaries",
            groups.items(),
            shown,
            lambda one: one[0],
            NextToken,
            Limit or None,
        )
        return {"GroupByKey": GroupByKey, **page}

    # --- resources

    def _items(self, name: str, filters: Mapping[str, str] | None, kind: str | None = None) -> list[tuple[Any, Item]]:
        wanted = filters or {}
        return [
            (there, item)
            for there in self._aggregated(name, filters, "Region")
            for item in there.current(kind)
            if wanted.get("ResourceId") in (None, item.resource.id)
            and wanted.get("ResourceName") in (None, item.resource.name)
        ]

    def list_aggregate_discovered_resources(
        self,
        ConfigurationAggregatorName: str,
        ResourceType: str,
        Filters: Mapping[str, str] | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = self._items(ConfigurationAggregatorName, Filters, ResourceType)
        return self.page("ResourceIdentifiers", found, _identified, _place, NextToken, Limit or None)

    def get_aggregate_discovered_resource_counts(
        self,
        ConfigurationAggregatorName: str,
        Filters: Mapping[str, str] | None = None,
        GroupByKey: str | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = self._items(ConfigurationAggregatorName, Filters, (Filters or {}).get("ResourceType"))
        reading: dict[str | None, Callable[[Any, Item], str]] = {
            "RESOURCE_TYPE": lambda there, item: item.resource.type,
            "ACCOUNT_ID": lambda there, item: str(there.account),
            "AWS_REGION": lambda there, item: str(there.region),
        }
        counts: dict[str, int] = {}
        if GroupByKey is not None:
            for there, item in found:
                name = reading[GroupByKey](there, item)
                counts[name] = counts.get(name, 0) + 1

        def shown(one: tuple[str, int]) -> dict[str, Any]:
            return {"GroupName": one[0], "ResourceCount": one[1]}

        page = self.page("GroupedResourceCounts", counts.items(), shown, lambda one: one[0], NextToken, Limit or None)
        return {"TotalDiscoveredResources": len(found), "GroupByKey": GroupByKey, **page}

    def get_aggregate_resource_config(
        self, ConfigurationAggregatorName: str, ResourceIdentifier: Mapping[str, str]
    ) -> dict[str, Any]:
        item = self._item(ConfigurationAggregatorName, ResourceIdentifier)
        if item is None:
            raise self.error("ResourceNotDiscoveredException", "The resource is unknown or has not been discovered.")
        return {"ConfigurationItem": item.shown()}

    def batch_get_aggregate_resource_config(
        self, ConfigurationAggregatorName: str, ResourceIdentifiers: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        found, missing = [], []
        for one in ResourceIdentifiers:
            item = self._item(ConfigurationAggregatorName, one)
            if item is None:
                missing.append(dict(one))
            else:
                shown = item.shown()
                for name in ("configurationItemMD5Hash", "tags", "relatedEvents", "relationships"):
                    del shown[name]
                found.append(shown)
        return {"BaseConfigurationItems": found, "UnprocessedResourceIdentifiers": missing}

    def _item(self, name: str, wanted: Mapping[str, str]) -> Item | None:
        filters = {"AccountId": wanted["SourceAccountId"], "Region": wanted["SourceRegion"]}
        for _, item in self._items(name, filters, wanted["ResourceType"]):
            if item.resource.id == wanted["ResourceId"]:
                return item
        return None

    def select_aggregate_resource_config(
        self,
        Expression: str,
        ConfigurationAggregatorName: str,
        Limit: int | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        records = [queried(item) for _, item in self._items(ConfigurationAggregatorName, None)]
        return self.selected(Expression, records, Limit or MaxResults, NextToken)


def _whole(source: Mapping[str, Any]) -> dict[str, Any]:
    return {**source, "AllAwsRegions": bool(source.get("AllAwsRegions"))}


def _covers(source: Mapping[str, Any], region: str) -> bool:
    return bool(source.get("AllAwsRegions")) or region in (source.get("AwsRegions") or ())


def _identified(one: tuple[Any, Item]) -> dict[str, Any]:
    there, item = one
    return {
        "SourceAccountId": there.account,
        "SourceRegion": there.region,
        "ResourceId": item.resource.id,
        "ResourceType": item.resource.type,
        "ResourceName": item.resource.name,
    }


def _place(one: tuple[Any, Item]) -> str:
    return "/".join((one[0].account, one[0].region, *one[1].resource.key))
