"""IAM Access Analyzer (regional)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.accessanalyzer.access import Zone
from awsim.services.accessanalyzer.generation import Generation
from awsim.services.accessanalyzer.records import Analyzer, Filter, Finding, Preview, Rule
from awsim.services.accessanalyzer.resources import Resource, resources
from awsim.services.accessanalyzer.unused import unused
from awsim.state import Dict
from awsim.state.pages import number

_NOTHING: Mapping[str, Any] = {}
_INTERNAL = ("ACCOUNT_INTERNAL_ACCESS", "ORGANIZATION_INTERNAL_ACCESS")
# Of an access preview: configuration -> (type of the resource, kind of policy, member with it).
_PREVIEWS = {
    "iamRole": ("AWS::IAM::Role", "trust", "trustPolicy"),
    "sqsQueue": ("AWS::SQS::Queue", "resource", "queuePolicy"),
    "snsTopic": ("AWS::SNS::Topic", "resource", "topicPolicy"),
    "s3Bucket": ("AWS::S3::Bucket", "resource", "bucketPolicy"),
    "secretsManagerSecret": ("AWS::SecretsManager::Secret", "resource", "secretPolicy"),
    "dynamodbTable": ("AWS::DynamoDB::Table", "resource", "tablePolicy"),
    "dynamodbStream": ("AWS::DynamoDB::Stream", "resource", "streamPolicy"),
    "ecrRepository": ("AWS::ECR::Repository", "resource", "repositoryPolicy"),
    "efsFileSystem": ("AWS::EFS::FileSystem", "resource", "fileSystemPolicy"),
    "kmsKey": ("AWS::KMS::Key", "resource", "keyPolicies"),
}


class AccessAnalyzer(Generation):
    """Analyzers of access from outside and of access that nobody uses; checks of policies; generated policies.

    An analyzer looks at the resources when it is asked, but not more often than AWS does (row `analysis`).
    Source: IAM Access Analyzer API Reference; IAM User Guide, "Using IAM Access Analyzer".
    """

    name = "accessanalyzer"
    scope = "region"
    idempotent = dict.fromkeys(
        ("CreateAnalyzer", "CreateArchiveRule", "CreateAccessPreview", "StartPolicyGeneration"),
        ("client-token", "ConflictException", "The client token was used before with other parameters."),
    )

    def setup(self) -> None:
        super().setup()
        self.analyzers = Dict()

    @property
    def arn_name(self) -> str:
        return "access-analyzer"

    # --- analyzers

    def create_analyzer(
        self,
        analyzerName: str,
        type: str,
        archiveRules: Sequence[Mapping[str, Any]] = (),
        tags: Mapping[str, str] = _NOTHING,
        clientToken: str | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        if type in _INTERNAL:
            self.not_modelled(f"analyzers of the type {type}")
        if analyzerName in self.analyzers:
            raise self._conflict(analyzerName, "analyzer", f"Analyzer with name {analyzerName} already exists.")
        if type.startswith("ORGANIZATION") and self._organization() is None:
            raise self.error(
                "ValidationException",
                "You must create an organization in AWS Organizations before you create an analyzer of this type.",
                reason="other",
            )
        same = [each for each in self.analyzers.values() if each.type == type]
        row = {"ACCOUNT": "account-analyzers", "ORGANIZATION": "organization-analyzers"}.get(type, "unused-analyzers")
        self.limits.quota(row, len(same), type, resourceId=analyzerName, resourceType="analyzer")
        analyzer = Analyzer(analyzerName, self.arn(f"analyzer/{analyzerName}"), type, configuration, self.clock.time())
        if analyzer.unused:
            given = (configuration or {}).get("unusedAccess") or {}
            age = given.get("unusedAccessAge") or self.limits["unused-access-age"]
            self.limits.check("unused-access-age-limit", age)
            analyzer.configuration = {"unusedAccess": {**given, "unusedAccessAge": age}}
        analyzer.tags = analyzer.tags.with_(self, tags, invalid="ValidationException")
        for rule in archiveRules:
            self._add_rule(analyzer, rule["ruleName"], rule["filter"])
        self.analyzers[analyzerName] = analyzer
        return {"arn": analyzer.arn}

    def get_analyzer(self, analyzerName: str) -> dict[str, Any]:
        analyzer = self._named(analyzerName)
        self._analyze(analyzer)
        return {"analyzer": analyzer.summary()}

    def update_analyzer(self, analyzerName: str, configuration: Mapping[str, Any] | None = None) -> dict[str, Any]:
        analyzer = self._named(analyzerName)
        given = (configuration or {}).get("unusedAccess") or {}
        known = (analyzer.configuration or {}).get("unusedAccess") or {}
        if not analyzer.unused and given:
            raise self.error("ValidationException", "The analyzer has no such configuration.", reason="other")
        if given.get("unusedAccessAge") not in (None, known.get("unusedAccessAge")):
            raise self.error(
                "ValidationException", "The unusedAccessAge of an analyzer cannot be changed.", reason="other"
            )
        if analyzer.unused:
            analyzer.configuration = {"unusedAccess": {**known, **given}}
        return {"configuration": analyzer.configuration or None}

    def delete_analyzer(self, analyzerName: str, clientToken: str | None = None) -> dict[str, Any]:
        del self.analyzers[self._named(analyzerName).name]
        return {}

    def list_analyzers(
        self, nextToken: str | None = None, maxResults: int | None = None, type: str | None = None
    ) -> dict[str, Any]:
        found = [each for each in self.analyzers.values() if type in (None, each.type)]
        return self.page("analyzers", found, Analyzer.summary, nextToken, maxResults, lambda each: each.name)

    # --- archive rules

    def create_archive_rule(
        self, analyzerName: str, ruleName: str, filter: Filter, clientToken: str | None = None
    ) -> dict[str, Any]:
        self._add_rule(self._named(analyzerName), ruleName, filter)
        return {}

    def update_archive_rule(
        self, analyzerName: str, ruleName: str, filter: Filter, clientToken: str | None = None
    ) -> dict[str, Any]:
        rule = self._rule(self._named(analyzerName), ruleName)
        rule.filter = filter
        rule.updated = self.clock.time()
        return {}

    def delete_archive_rule(self, analyzerName: str, ruleName: str, clientToken: str | None = None) -> dict[str, Any]:
        analyzer = self._named(analyzerName)
        del analyzer.rules[self._rule(analyzer, ruleName).name]
        return {}

    def get_archive_rule(self, analyzerName: str, ruleName: str) -> dict[str, Any]:
        return {"archiveRule": self._rule(self._named(analyzerName), ruleName).described()}

    def list_archive_rules(
        self, analyzerName: str, nextToken: str | None = None, maxResults: int | None = None
    ) -> dict[str, Any]:
        rules = self._named(analyzerName).rules.values()
        return self.page("archiveRules", rules, Rule.described, nextToken, maxResults, lambda each: each.name)

    def apply_archive_rule(self, analyzerArn: str, ruleName: str, clientToken: str | None = None) -> dict[str, Any]:
        """Archive the findings that were there before the rule."""
        analyzer = self._at(analyzerArn)
        rule = self._rule(analyzer, ruleName)
        self._analyze(analyzer)
        for finding in analyzer.findings.values():
            if finding.status == "ACTIVE" and finding.matches(rule.filter):
                self._archive(finding, True)
        return {}

    def _add_rule(self, analyzer: Analyzer, name: str, filter: Filter) -> None:
        if name in analyzer.rules:
            raise self._conflict(name, "archive-rule", f"Archive rule with name {name} already exists.")
        self.limits.quota("archive-rules", len(analyzer.rules), analyzer.arn, resourceId=name, resourceType="rule")
        analyzer.rules[name] = Rule(name, filter, self.clock.time())

    def _rule(self, analyzer: Analyzer, name: str) -> Rule:
        found: Rule | None = analyzer.rules.get(name)
        if found is None:
            raise self._missing(name, "archive-rule", f"Archive rule with name {name} not found.")
        return found

    # --- findings

    def list_findings(
        self,
        analyzerArn: str,
        filter: Filter = _NOTHING,
        sort: Mapping[str, str] = _NOTHING,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        analyzer = self._at(analyzerArn)
        if analyzer.unused:
            raise self.error(
                "ValidationException", "Use ListFindingsV2 for analyzers of unused access.", reason="notSupported"
            )
        return self._list(analyzer, Finding.described, filter, sort, nextToken, maxResults)

    def list_findings_v2(
        self,
        analyzerArn: str,
        filter: Filter = _NOTHING,
        maxResults: int | None = None,
        nextToken: str | None = None,
        sort: Mapping[str, str] = _NOTHING,
    ) -> dict[str, Any]:
        return self._list(self._at(analyzerArn), Finding.listed, filter, sort, nextToken, maxResults)

    def get_finding(self, analyzerArn: str, id: str) -> dict[str, Any]:
        return {"finding": self._finding(self._at(analyzerArn), id).described()}

    def get_finding_v2(
        self, analyzerArn: str, id: str, maxResults: int | None = None, nextToken: str | None = None
    ) -> dict[str, Any]:
        finding = self._finding(self._at(analyzerArn), id)
        details = enumerate(finding.details())
        shown = self.page(
            "findingDetails", details, lambda item: item[1], nextToken, maxResults, lambda item: number(item[0])
        )
        return {**finding.listed(), **shown}

    def update_findings(
        self,
        analyzerArn: str,
        status: str,
        ids: Sequence[str] = (),
        resourceArn: str | None = None,
        clientToken: str | None = None,
    ) -> dict[str, Any]:
        analyzer = self._at(analyzerArn)
        if bool(ids) == (resourceArn is not None):
            raise self.error("ValidationException", "Exactly one of ids and resourceArn must be given.", reason="other")
        self._analyze(analyzer)
        found = [self._finding(analyzer, identifier) for identifier in ids]
        if resourceArn is not None:
            found = [each for each in analyzer.findings.values() if each.facts["resource"] == resourceArn]
        for finding in found:
            self._archive(finding, status == "ARCHIVED")
        return {}

    def get_findings_statistics(self, analyzerArn: str) -> dict[str, Any]:
        analyzer = self._at(analyzerArn)
        self._analyze(analyzer)
        findings = list(analyzer.findings.values())
        totals = {
            f"total{status.title()}Findings": sum(each.status == status for each in findings)
            for status in ("ACTIVE", "ARCHIVED", "RESOLVED")
        }
        if analyzer.unused:
            types = sorted({each.type for each in findings})
            per_type = [
                {"unusedAccessType": each, "total": sum(one.type == each for one in findings if one.status == "ACTIVE")}
                for each in types
            ]
            shown = {"unusedAccessFindingsStatistics": {**totals, "unusedAccessTypeStatistics": per_type}}
        else:
            by_type: dict[str, dict[str, int]] = {}
            for each in findings:
                counts = by_type.setdefault(
                    each.facts["resourceType"], {"totalActivePublic": 0, "totalActiveCrossAccount": 0}
                )
                if each.status == "ACTIVE":
                    counts["totalActivePublic" if each.facts["isPublic"] else "totalActiveCrossAccount"] += 1
            shown = {"externalAccessFindingsStatistics": {**totals, "resourceTypeStatistics": by_type}}
        return {"findingsStatistics": [shown], "lastUpdatedAt": analyzer.analyzed}

    def _list(
        self,
        analyzer: Analyzer,
        shown: Callable[[Finding], dict[str, Any]],
        wanted: Filter,
        sort: Mapping[str, str],
        token: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        self._analyze(analyzer)
        found = [each for each in analyzer.findings.values() if each.matches(wanted)]
        attribute, descending = sort.get("attributeName"), sort.get("orderBy") == "DESC"
        ranks = {
            each.id: rank
            for rank, each in enumerate(
                sorted(found, key=lambda each: str(each.listed().get(attribute or "", "")), reverse=descending)
                if attribute
                else sorted(found, key=lambda each: each.number)
            )
        }
        return self.page("findings", found, shown, token, size, lambda each: number(ranks[each.id]))

    def _finding(self, analyzer: Analyzer, identifier: str) -> Finding:
        self._analyze(analyzer)
        found: Finding | None = analyzer.findings.get(identifier)
        if found is None:
            raise self._missing(identifier, "finding", f"Finding with id {identifier} not found.")
        return found

    def _archive(self, finding: Finding, archived: bool) -> None:
        finding.archived = archived
        finding.updated = self.clock.time()

    # --- resources

    def list_analyzed_resources(
        self,
        analyzerArn: str,
        resourceType: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        analyzer = self._at(analyzerArn)
        self._analyze(analyzer)
        found = [(arn, kind) for arn, kind in analyzer.resources.items() if resourceType in (None, kind)]
        return self.page(
            "analyzedResources",
            found,
            lambda each: {"resourceArn": each[0], "resourceType": each[1], "resourceOwnerAccount": self.account},
            nextToken,
            maxResults,
            lambda each: each[0],
        )

    def get_analyzed_resource(self, analyzerArn: str, resourceArn: str) -> dict[str, Any]:
        analyzer = self._at(analyzerArn)
        self._analyze(analyzer)
        if resourceArn not in analyzer.resources:
            raise self._missing(resourceArn, "resource", f"Resource {resourceArn} not found.")
        found = [
            each
            for each in analyzer.findings.values()
            if each.facts["resource"] == resourceArn and each.status != "RESOLVED"
        ]
        return {
            "resource": {
                "resourceArn": resourceArn,
                "resourceType": analyzer.resources[resourceArn],
                "createdAt": analyzer.created,
                "analyzedAt": analyzer.analyzed,
                "updatedAt": max((each.updated for each in found), default=analyzer.created),
                "isPublic": any(each.facts.get("isPublic") for each in found),
                "actions": sorted({action for each in found for action in each.facts.get("action", ())}),
                "sharedVia": sorted({one["type"] for each in found for one in each.facts.get("sources", ())}),
                "status": found[0].status if found else None,
                "resourceOwnerAccount": self.account,
            }
        }

    def start_resource_scan(
        self, analyzerArn: str, resourceArn: str, resourceOwnerAccount: str | None = None
    ) -> dict[str, Any]:
        self._analyze(self._at(analyzerArn), force=True)
        return {}

    # --- access previews

    def create_access_preview(
        self, analyzerArn: str, configurations: Mapping[str, Mapping[str, Any]], clientToken: str | None = None
    ) -> dict[str, Any]:
        analyzer = self._at(analyzerArn)
        if len(configurations) != 1:
            raise self.error("ValidationException", "Exactly one configuration must be given.", reason="other")
        ((arn, configuration),) = configurations.items()
        previewed = self._previewed(arn, configuration)
        preview = Preview(self.ids.uuid("preview"), configurations, analyzer.number(), self.clock.time())
        self._analyze(analyzer, force=True)
        preview.findings = tuple(self._changes(analyzer, previewed))
        analyzer.previews[preview.id] = preview
        return {"id": preview.id}

    def get_access_preview(self, accessPreviewId: str, analyzerArn: str) -> dict[str, Any]:
        preview = self._preview(analyzerArn, accessPreviewId)
        return {
            "accessPreview": {**self._preview_summary(analyzerArn, preview), "configurations": preview.configurations}
        }

    def list_access_previews(
        self, analyzerArn: str, nextToken: str | None = None, maxResults: int | None = None
    ) -> dict[str, Any]:
        previews = self._at(analyzerArn).previews.values()
        return self.page(
            "accessPreviews",
            previews,
            lambda each: self._preview_summary(analyzerArn, each),
            nextToken,
            maxResults,
            lambda each: number(each.number),
        )

    def list_access_preview_findings(
        self,
        accessPreviewId: str,
        analyzerArn: str,
        filter: Filter = _NOTHING,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        preview = self._preview(analyzerArn, accessPreviewId)
        found = [
            each for each in preview.findings if Finding(each["id"], None, "ExternalAccess", each, 0, 0).matches(filter)
        ]
        return self.page("findings", found, dict, nextToken, maxResults, lambda each: each["id"])

    def _previewed(self, arn: str, configuration: Mapping[str, Any]) -> Resource:
        if len(configuration) != 1:
            raise self.error("ValidationException", "Exactly one configuration must be given.", reason="other")
        ((name, given),) = configuration.items()
        if name not in _PREVIEWS:
            self.not_modelled(f"access previews of {name}")
        kind, language, member = _PREVIEWS[name]
        policy = given.get(member)
        if name == "kmsKey":
            policy = (policy or {}).get("default")
        block = given.get("bucketPublicAccessBlock") or {}
        return Resource(arn, kind, policy, language, (), bool(block.get("restrictPublicBuckets")))

    def _changes(self, analyzer: Analyzer, resource: Resource) -> Iterable[dict[str, Any]]:
        """What would be found, beside what is now."""
        known = {
            each.key: each
            for each in analyzer.findings.values()
            if each.facts["resource"] == resource.arn and each.status != "RESOLVED"
        }
        for key, facts in self._facts(analyzer, resource):
            existing = known.get(key)
            yield {
                **facts,
                "id": self.ids.uuid("preview-finding"),
                "existingFindingId": existing.id if existing else None,
                "existingFindingStatus": existing.status if existing else None,
                "createdAt": self.clock.time(),
                "changeType": "UNCHANGED" if existing else "NEW",
                "status": existing.status if existing else "ACTIVE",
            }
        coming = {key for key, _ in self._facts(analyzer, resource)}
        for key, finding in known.items():
            if key not in coming:
                yield {
                    **finding.facts,
                    "id": self.ids.uuid("preview-finding"),
                    "existingFindingId": finding.id,
                    "existingFindingStatus": finding.status,
                    "createdAt": self.clock.time(),
                    "changeType": "CHANGED",
                    "status": "RESOLVED",
                }

    def _preview(self, analyzer_arn: str, identifier: str) -> Preview:
        found: Preview | None = self._at(analyzer_arn).previews.get(identifier)
        if found is None:
            raise self._missing(identifier, "access-preview", f"Access preview with id {identifier} not found.")
        return found

    @staticmethod
    def _preview_summary(analyzer_arn: str, preview: Preview) -> dict[str, Any]:
        return {
            "id": preview.id,
            "analyzerArn": analyzer_arn,
            "createdAt": preview.created,
            "status": "COMPLETED",
        }

    # --- the analysis

    def _analyze(self, analyzer: Analyzer, *, force: bool = False) -> None:
        """Look at all resources, unless that was done a short time ago."""
        now = self.clock.time()
        if not force and analyzer.analyzed is not None and now < analyzer.analyzed + self.limits.duration("analysis"):
            return
        found = dict(self._unused(analyzer) if analyzer.unused else self._external(analyzer))
        for key, (kind, facts) in found.items():
            known: Finding | None = analyzer.findings.get(analyzer.keys.get(key))
            if known is None:
                self._found(analyzer, key, kind, facts, now)
                continue
            if known.resolved or known.facts != facts:
                known.resolved, known.updated, known.analyzed, known.facts = False, now, now, facts
            elif now >= known.analyzed + (self.limits["reanalysis"] or 0):
                known.analyzed = now
        for finding in analyzer.findings.values():
            if finding.key not in found and not finding.resolved:
                finding.resolved, finding.updated, finding.analyzed = True, now, now
        analyzer.analyzed = now

    def _found(self, analyzer: Analyzer, key: Any, kind: str, facts: Mapping[str, Any], now: float) -> None:
        finding = Finding(self.ids.uuid("finding"), key, kind, facts, analyzer.number(), now)
        finding.archived = any(finding.matches(rule.filter) for rule in analyzer.rules.values())
        analyzer.findings[finding.id] = finding
        analyzer.keys[key] = finding.id

    def _external(self, analyzer: Analyzer) -> Iterable[tuple[Any, tuple[str, Mapping[str, Any]]]]:
        seen: dict[str, str] = {}
        for resource in resources(self._ask):
            seen[resource.arn] = resource.type
            for key, facts in self._facts(analyzer, resource):
                yield key, ("ExternalAccess", facts)
        analyzer.resources = seen
        analyzer.last = next(reversed(seen), None)

    def _facts(self, analyzer: Analyzer, resource: Resource) -> Iterable[tuple[Any, Mapping[str, Any]]]:
        for grant, source in resource.grants(self._zone(analyzer)):
            kind, value = grant.principal
            facts = {
                "resource": resource.arn,
                "resourceType": resource.type,
                "resourceOwnerAccount": self.account,
                "principal": {kind: value},
                "action": list(grant.actions),
                "condition": dict(grant.conditions),
                "isPublic": grant.public,
                "sources": [{"type": source}] if resource.type == "AWS::S3::Bucket" else [],
                "resourceControlPolicyRestriction": "NOT_APPLICABLE",
            }
            yield (resource.arn, grant, source), facts

    def _unused(self, analyzer: Analyzer) -> Iterable[tuple[Any, tuple[str, Mapping[str, Any]]]]:
        age = (analyzer.configuration or {})["unusedAccess"]["unusedAccessAge"]
        for kind, facts in unused(self._ask, self.clock.time(), age, analyzer.jobs):
            told = {"resourceOwnerAccount": self.account, **facts}
            yield (kind, facts["resource"], facts.get("detail")), (kind, told)

    def _zone(self, analyzer: Analyzer) -> Zone:
        if not analyzer.type.startswith("ORGANIZATION"):
            return Zone(frozenset((self.account,)))
        organization = self._organization() or {}
        accounts = {self.account}
        token: dict[str, str] = {}
        while organization:
            answer = self.call("organizations", "ListAccounts", account_=organization["MasterAccountId"], **token)
            accounts.update(each["Id"] for each in answer["Accounts"])
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
        return Zone(frozenset(accounts), organization.get("Id"))

    def _organization(self) -> Mapping[str, Any] | None:
        try:
            found: dict[str, Any] = self.call("organizations", "DescribeOrganization")["Organization"]
        except AWSError:
            return None
        return found

    def _ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Ask a service as the analyzer's service-linked role does, which may read all that there is to analyze."""
        return self.call(service, operation, as_=administrator(self.account), **parameters)

    # --- tags

    def tag_resource(self, resourceArn: str, tags: Mapping[str, str]) -> dict[str, Any]:
        analyzer = self._at(resourceArn)
        analyzer.tags = analyzer.tags.with_(self, tags, invalid="ValidationException")
        return {}

    def untag_resource(self, resourceArn: str, tagKeys: Sequence[str]) -> dict[str, Any]:
        analyzer = self._at(resourceArn)
        analyzer.tags = analyzer.tags.without(tagKeys)
        return {}

    def list_tags_for_resource(self, resourceArn: str) -> dict[str, Any]:
        return {"tags": self._at(resourceArn).tags.as_dict()}

    def tags_of(self, arn: str) -> dict[str, str]:
        """The tags of an analyzer, for aws:ResourceTag."""
        found: Analyzer | None = self.analyzers.get(arn.rpartition("/")[2])
        return found.tags.as_dict() if found is not None else {}

    # --- what operations share

    def _named(self, name: str) -> Analyzer:
        found: Analyzer | None = self.analyzers.get(name)
        if found is None:
            raise self._missing(name, "analyzer", f"Analyzer with name {name} not found.")
        return found

    def _at(self, arn: str) -> Analyzer:
        name = arn.rpartition("analyzer/")[2].partition("/")[0]
        found: Analyzer | None = self.analyzers.get(name)
        if found is None or not arn.startswith(found.arn):
            raise self._missing(arn, "analyzer", f"Analyzer with ARN {arn} not found.")
        return found

    def _missing(self, identifier: str, kind: str, message: str) -> AWSError:
        return self.error("ResourceNotFoundException", message, resourceId=identifier, resourceType=kind)

    def _conflict(self, identifier: str, kind: str, message: str) -> AWSError:
        return self.error("ConflictException", message, resourceId=identifier, resourceType=kind)
