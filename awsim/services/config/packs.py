"""Conformance packs: templates of rules and remediations that come and go together.

Source: AWS Config Developer Guide, "Conformance Packs". Templates may be JSON, or YAML where PyYAML is installed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.config.records import COMPLIANT, INSUFFICIENT, NON_COMPLIANT, Result, Rule
from awsim.services.config.remediating import Remediating
from awsim.state import Entity, Tags

_CREATOR = "config-conforms.amazonaws.com"
_RULE, _REMEDIATION = "AWS::Config::ConfigRule", "AWS::Config::RemediationConfiguration"


class Pack(Entity):
    """A conformance pack; `rules` are the names of its rules."""

    def __init__(self, name: str, arn: str, id: str) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.settings: Mapping[str, Any] = {}
        self.rules: tuple[str, ...] = ()
        self.requested = 0.0
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {
            "ConformancePackName": self.name,
            "ConformancePackArn": self.arn,
            "ConformancePackId": self.id,
            "LastUpdateRequestedTime": self.requested,
            **self.settings,
        }


class Packs(Remediating):
    def put_conformance_pack(
        self,
        ConformancePackName: str,
        TemplateS3Uri: str | None = None,
        TemplateBody: str | None = None,
        DeliveryS3Bucket: str | None = None,
        DeliveryS3KeyPrefix: str | None = None,
        ConformancePackInputParameters: Sequence[Mapping[str, str]] = (),
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if self.recorder is None:
            raise self.error("NoAvailableConfigurationRecorderException", "Configuration recorder is not available.")
        if (TemplateS3Uri is None) is (TemplateBody is None):
            raise self._invalid("Specify either TemplateBody or TemplateS3Uri.")
        text = TemplateBody if TemplateBody is not None else self._template(TemplateS3Uri or "")
        given = {one["ParameterName"]: one["ParameterValue"] for one in ConformancePackInputParameters}
        made = self._read(text, given)
        pack: Pack | None = self.packs.get(ConformancePackName)
        if pack is None:
            id_ = f"conformance-pack-{self.ids.text('pack', 9, 'abcdefghijklmnopqrstuvwxyz0123456789')}"
            pack = Pack(ConformancePackName, self.arn(f"conformance-pack/{ConformancePackName}/{id_}"), id_)
            self.tagged(pack, Tags)
            self.packs.add(pack)
        suffix = f"-{pack.id}"
        names = [f"{rule['ConfigRuleName']}{suffix}" for rule in made[_RULE]]
        for name in pack.rules:
            if name not in names:
                self._drop(name)
        for name, rule in zip(names, made[_RULE], strict=True):
            self.make_rule(name, rule, creator=_CREATOR)
        for one in made[_REMEDIATION]:
            mended = {**one, "ConfigRuleName": f"{one['ConfigRuleName']}{suffix}"}
            self.put_remediation_configurations([mended])
        pack.rules = tuple(names)
        pack.requested = self.clock.time()
        settings = {
            "DeliveryS3Bucket": DeliveryS3Bucket,
            "DeliveryS3KeyPrefix": DeliveryS3KeyPrefix,
            "ConformancePackInputParameters": list(ConformancePackInputParameters),
        }
        pack.settings = {name: value for name, value in settings.items() if value}
        return {"ConformancePackArn": pack.arn}

    def _invalid(self, message: str) -> AWSError:
        return self.error("ConformancePackTemplateValidationException", message)

    def _template(self, uri: str) -> str:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            body = self.call("s3", "GetObject", as_=self.caller, Bucket=bucket, Key=key)["Body"]
        except AWSError:
            raise self._invalid(f"The template at {uri} cannot be read.") from None
        return bytes(body if isinstance(body, bytes) else body.read()).decode()

    def _read(self, text: str, given: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        """The rules and remediations of a template, with its parameters filled in."""
        template = self._parsed(text)
        resources = template.get("Resources") if isinstance(template, Mapping) else None
        if not isinstance(resources, Mapping) or not resources:
            raise self._invalid("Template format error: At least one Resources member must be defined.")
        declared = template.get("Parameters") or {}
        unknown = sorted(set(given) - set(declared))
        if unknown:
            raise self._invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        values = {name: given.get(name, one.get("Default")) for name, one in declared.items()}
        missing = sorted(name for name, value in values.items() if value is None)
        if missing:
            raise self._invalid(f"Parameters: [{', '.join(missing)}] must have values")
        conditions = {name: _holds(one, values) for name, one in (template.get("Conditions") or {}).items()}
        found: dict[str, list[dict[str, Any]]] = {_RULE: [], _REMEDIATION: []}
        for one in resources.values():
            if one.get("Type") not in found:
                raise self._invalid(f"Resource type {one.get('Type')} is not allowed in a conformance pack.")
            if one.get("Condition") is not None and not conditions.get(one["Condition"]):
                continue
            filled = _filled(one.get("Properties") or {}, values, conditions)
            if isinstance(filled.get("InputParameters"), Mapping):
                filled["InputParameters"] = json.dumps(
                    {k: v for k, v in filled["InputParameters"].items() if v is not None}
                )
            found[one["Type"]].append(filled)
        return found

    def _parsed(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            pass
        try:
            import yaml
        except ImportError:
            self.not_modelled("templates of conformance packs in YAML without PyYAML")
        try:
            return yaml.load(text, Loader=_loader(yaml))
        except yaml.YAMLError:
            raise self._invalid("Template format error: not well-formed.") from None

    # --- shown

    def _pack(self, name: str) -> Pack:
        found: Pack | None = self.packs.get(name)
        if found is None:
            raise self.error(
                "NoSuchConformancePackException",
                f"The ConformancePack '{name}' provided in the request is invalid. Please check the configRule name.",
            )
        return found

    def _named_packs(self, names: Sequence[str]) -> list[Pack]:
        return [self._pack(name) for name in names] if names else list(self.packs)

    def describe_conformance_packs(
        self, ConformancePackNames: Sequence[str] = (), Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self._named_packs(ConformancePackNames)
        return self.page(
            "ConformancePackDetails", found, Pack.described, lambda one: one.name, NextToken, Limit or None
        )

    def describe_conformance_pack_status(
        self, ConformancePackNames: Sequence[str] = (), Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        def shown(pack: Pack) -> dict[str, Any]:
            stack = f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/"
            return {
                "ConformancePackName": pack.name,
                "ConformancePackId": pack.id,
                "ConformancePackArn": pack.arn,
                "ConformancePackState": "CREATE_COMPLETE",
                "StackArn": f"{stack}awsconfigconforms-{pack.name}-{pack.id}/{pack.id}",
                "LastUpdateRequestedTime": pack.requested,
                "LastUpdateCompletedTime": pack.requested,
            }

        found = self._named_packs(ConformancePackNames)
        return self.page("ConformancePackStatusDetails", found, shown, lambda one: one.name, NextToken, Limit or None)

    def delete_conformance_pack(self, ConformancePackName: str) -> None:
        pack = self._pack(ConformancePackName)
        for name in pack.rules:
            self._drop(name)
        self.packs.pop(pack.name)

    def _drop(self, name: str) -> None:
        for known in (self.remediations, self.executions, self.exceptions):
            known.pop(name, None)
        rule: Rule | None = self.rules.get(name)
        if rule is not None:
            self.drop_rule(rule)

    # --- compliance

    def state_of(self, pack: Pack) -> str:
        """What the rules of a pack come to."""
        said = {self.rules[name].compliance for name in pack.rules}
        return NON_COMPLIANT if NON_COMPLIANT in said else COMPLIANT if COMPLIANT in said else INSUFFICIENT

    def list_conformance_pack_compliance_scores(
        self,
        Filters: Mapping[str, Any] | None = None,
        SortOrder: str | None = None,
        SortBy: str | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        """The share of evaluations that are compliant, in percent."""
        wanted = (Filters or {}).get("ConformancePackNames")
        scored = []
        for pack in self.packs:
            said = [one.compliance for name in pack.rules for one in self.rules[name].results.values()]
            score = 100 * said.count(COMPLIANT) / len(said) if said else None
            if not wanted or pack.name in wanted:
                scored.append((score, pack))
        scored.sort(key=lambda one: (one[0] is None, one[0] or 0.0, one[1].name), reverse=SortOrder == "DESCENDING")

        def shown(one: tuple[int, tuple[float | None, Pack]]) -> dict[str, Any]:
            score, pack = one[1]
            return {
                "ConformancePackName": pack.name,
                "Score": "INSUFFICIENT_DATA" if score is None else f"{score:.2f}",
                "LastUpdatedTime": self.clock.time(),
            }

        numbered = list(enumerate(scored))
        return self.page(
            "ConformancePackComplianceScores",
            numbered,
            shown,
            lambda one: f"{one[0]:09d}",
            NextToken,
            Limit or None,
        )

    def describe_conformance_pack_compliance(
        self,
        ConformancePackName: str,
        Filters: Mapping[str, Any] | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        rules = self._rules_of(self._pack(ConformancePackName), Filters)
        wanted = (Filters or {}).get("ComplianceType")
        rules = [rule for rule in rules if wanted in (None, rule.compliance)]

        def shown(rule: Rule) -> dict[str, Any]:
            return {"ConfigRuleName": rule.name, "ComplianceType": rule.compliance, "Controls": []}

        page = self.page(
            "ConformancePackRuleComplianceList", rules, shown, lambda one: one.name, NextToken, Limit or None
        )
        return {"ConformancePackName": ConformancePackName, **page}

    def _rules_of(self, pack: Pack, filters: Mapping[str, Any] | None) -> list[Rule]:
        names = (filters or {}).get("ConfigRuleNames")
        for name in names or ():
            if name not in pack.rules:
                raise self.error(
                    "NoSuchConfigRuleInConformancePackException", f"The rule {name} is not in the conformance pack."
                )
        return [self.rules[name] for name in pack.rules if not names or name in names]

    def get_conformance_pack_compliance_details(
        self,
        ConformancePackName: str,
        Filters: Mapping[str, Any] | None = None,
        Limit: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = Filters or {}
        found = [
            one
            for rule in self._rules_of(self._pack(ConformancePackName), Filters)
            for one in rule.results.values()
            if wanted.get("ComplianceType") in (None, one.compliance)
            and wanted.get("ResourceType") in (None, one.type)
            and (not wanted.get("ResourceIds") or one.id in wanted["ResourceIds"])
        ]

        def key(one: Result) -> str:
            return "/".join((one.rule, *one.key))

        page = self.page("ConformancePackRuleEvaluationResults", found, Result.shown, key, NextToken, Limit or None)
        return {"ConformancePackName": ConformancePackName, **page}

    def get_conformance_pack_compliance_summary(
        self, ConformancePackNames: Sequence[str], Limit: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        def shown(pack: Pack) -> dict[str, Any]:
            return {"ConformancePackName": pack.name, "ConformancePackComplianceStatus": self.state_of(pack)}

        found = self._named_packs(ConformancePackNames)
        return self.page(
            "ConformancePackComplianceSummaryList", found, shown, lambda one: one.name, NextToken, Limit or None
        )


def _loader(yaml: Any) -> Any:
    """Reads CloudFormation's short forms, as `!Ref name`."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        pass

    def construct(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", construct)
    return Loader


def _holds(condition: Any, values: Mapping[str, Any]) -> bool:
    """The conditions that packs have: whether a parameter is not empty."""
    if isinstance(condition, Mapping):
        if "Fn::Not" in condition:
            return not _holds(condition["Fn::Not"][0], values)
        if "Fn::Equals" in condition:
            left, right = (_filled(one, values, {}) for one in condition["Fn::Equals"])
            return bool(left == right)
    return False


def _filled(value: Any, values: Mapping[str, Any], conditions: Mapping[str, bool]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"Ref"}:
            name = value["Ref"]
            return None if name == "AWS::NoValue" else values.get(name, name)
        if set(value) == {"Fn::If"}:
            name, yes, no = value["Fn::If"]
            return _filled(yes if conditions.get(name) else no, values, conditions)
        if set(value) == {"Fn::Join"}:
            separator, parts = value["Fn::Join"]
            return str(separator).join(str(_filled(part, values, conditions)) for part in parts)
        found = {key: _filled(item, values, conditions) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not None}
    if isinstance(value, list):
        return [_filled(item, values, conditions) for item in value]
    return value
