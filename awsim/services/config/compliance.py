"""Compliance: what rules have said, by rule, by resource and in sum.

Source: AWS Config API Reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from awsim.services.config.base import count
from awsim.services.config.records import COMPLIANT, INSUFFICIENT, NON_COMPLIANT, Key, Result, Rule
from awsim.services.config.rules import Rules


class Compliance(Rules):
    def results(self) -> Iterator[Result]:
        for rule in self.rules:
            yield from rule.results.values()

    def describe_compliance_by_config_rule(
        self,
        ConfigRuleNames: Sequence[str] = (),
        ComplianceTypes: Sequence[str] = (),
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        found = [
            one for one in self.named_rules(ConfigRuleNames) if not ComplianceTypes or one.compliance in ComplianceTypes
        ]

        def shown(rule: Rule) -> dict[str, Any]:
            return {"ConfigRuleName": rule.name, "Compliance": self.compliance_of(rule.results.values())}

        return self.page("ComplianceByConfigRules", found, shown, lambda one: one.name, NextToken)

    def compliance_of(self, results: Iterable[Result]) -> dict[str, Any]:
        """What several results come to; of what is amiss also how often."""
        known = list(results)
        bad = sum(one.compliance == NON_COMPLIANT for one in known)
        if bad:
            cap = int(self.limits["count-cap"])
            return {"ComplianceType": NON_COMPLIANT, "ComplianceContributorCount": count(bad, cap)}
        return {"ComplianceType": COMPLIANT if known else INSUFFICIENT}

    def describe_compliance_by_resource(
        self,
        ResourceType: str | None = None,
        ResourceId: str | None = None,
        ComplianceTypes: Sequence[str] = (),
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        if ResourceId is not None and ResourceType is None:
            raise self.bad("A resource type is needed with a resource ID.")
        found: dict[Key, list[Result]] = {}
        for one in self.results():
            if ResourceType in (None, one.type) and ResourceId in (None, one.id):
                found.setdefault(one.key, []).append(one)
        judged = [(key, self.compliance_of(some)) for key, some in found.items()]
        judged = [one for one in judged if not ComplianceTypes or one[1]["ComplianceType"] in ComplianceTypes]

        def shown(one: tuple[Key, dict[str, Any]]) -> dict[str, Any]:
            return {"ResourceType": one[0][0], "ResourceId": one[0][1], "Compliance": one[1]}

        def order(one: tuple[Key, dict[str, Any]]) -> str:
            return "/".join(one[0])

        return self.page("ComplianceByResources", judged, shown, order, NextToken, Limit or None)

    def get_compliance_details_by_config_rule(
        self,
        ConfigRuleName: str,
        ComplianceTypes: Sequence[str] = (),
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        rule = self.rule(ConfigRuleName)
        found = [one for one in rule.results.values() if not ComplianceTypes or one.compliance in ComplianceTypes]
        return self.page(
            "EvaluationResults", found, Result.shown, lambda one: "/".join(one.key), NextToken, Limit or None
        )

    def get_compliance_details_by_resource(
        self,
        ResourceType: str | None = None,
        ResourceId: str | None = None,
        ComplianceTypes: Sequence[str] = (),
        NextToken: str | None = None,
        ResourceEvaluationId: str | None = None,
    ) -> dict[str, Any]:
        if ResourceEvaluationId is not None:
            self.not_modelled("proactive evaluation")
        found = [
            one
            for one in self.results()
            if one.key == (ResourceType, ResourceId) and (not ComplianceTypes or one.compliance in ComplianceTypes)
        ]
        return self.page("EvaluationResults", found, Result.shown, lambda one: one.rule, NextToken)

    def get_compliance_summary_by_config_rule(self) -> dict[str, Any]:
        said = [one.compliance for one in self.rules]
        return {"ComplianceSummary": self.summary(said, "count-cap")}

    def get_compliance_summary_by_resource_type(self, ResourceTypes: Sequence[str] = ()) -> dict[str, Any]:
        found: dict[Key, list[Result]] = {}
        for one in self.results():
            found.setdefault(one.key, []).append(one)
        said = {key: str(self.compliance_of(some)["ComplianceType"]) for key, some in found.items()}
        if not ResourceTypes:
            return {
                "ComplianceSummariesByResourceType": [
                    {"ComplianceSummary": self.summary(said.values(), "resource-count-cap")}
                ]
            }
        return {
            "ComplianceSummariesByResourceType": [
                {
                    "ResourceType": kind,
                    "ComplianceSummary": self.summary(
                        [one for key, one in said.items() if key[0] == kind], "resource-count-cap"
                    ),
                }
                for kind in ResourceTypes
            ]
        }

    def summary(self, said: Iterable[str], cap: str) -> dict[str, Any]:
        known, most = list(said), int(self.limits[cap])
        return {
            "CompliantResourceCount": count(known.count(COMPLIANT), most),
            "NonCompliantResourceCount": count(known.count(NON_COMPLIANT), most),
            "ComplianceSummaryTimestamp": self.clock.time(),
        }
