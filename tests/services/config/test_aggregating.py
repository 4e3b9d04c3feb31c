"""Aggregators, conformance packs, advanced queries."""

import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ACCOUNT, OTHER = "123456789012", "210987654321"
PACK = {
    "Parameters": {"Mfa": {"Type": "String", "Default": "false"}},
    "Resources": {
        "Versions": {
            "Type": "AWS::Config::ConfigRule",
            "Properties": {
                "ConfigRuleName": "versions",
                "InputParameters": {"isMfaDeleteEnabled": {"Ref": "Mfa"}},
                "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
            },
        }
    },
}


@pytest.mark.rule("config-006")
def test_an_aggregator_sees_other_accounts(client, config, recording, bucket):
    keys = {"aws_access_key_id": OTHER, "aws_secret_access_key": "x"}
    theirs = client("config", region="eu-west-1", **keys)
    name = bucket("shared")
    recording(config=theirs, s3BucketName=name)
    client("sqs", region="eu-west-1", **keys).create_queue(QueueName="theirs")
    rule = {"ConfigRuleName": "policy", "Source": {"Owner": "AWS", "SourceIdentifier": "IAM_PASSWORD_POLICY"}}
    theirs.put_config_rule(ConfigRule=rule)
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        AccountAggregationSources=[{"AccountIds": [OTHER], "AwsRegions": ["eu-west-1"]}],
    )
    asked = {"ConfigurationAggregatorName": "all"}
    assert config.describe_aggregate_compliance_by_config_rules(**asked)["AggregateComplianceByConfigRules"] == []
    (pending,) = theirs.describe_pending_aggregation_requests()["PendingAggregationRequests"]
    assert pending == {"RequesterAccountId": ACCOUNT, "RequesterAwsRegion": "us-east-1"}
    (status,) = config.describe_configuration_aggregator_sources_status(**asked)["AggregatedSourceStatusList"]
    assert status["LastUpdateStatus"] == "FAILED"
    theirs.put_aggregation_authorization(AuthorizedAccountId=ACCOUNT, AuthorizedAwsRegion="us-east-1")
    (seen,) = config.describe_aggregate_compliance_by_config_rules(**asked)["AggregateComplianceByConfigRules"]
    assert (seen["ConfigRuleName"], seen["AccountId"], seen["AwsRegion"]) == ("policy", OTHER, "eu-west-1")
    assert seen["Compliance"]["ComplianceType"] == "NON_COMPLIANT"
    (queue,) = config.list_aggregate_discovered_resources(**asked, ResourceType="AWS::SQS::Queue")[
        "ResourceIdentifiers"
    ]
    assert (queue["SourceAccountId"], queue["ResourceName"]) == (OTHER, "theirs")
    item = config.get_aggregate_resource_config(**asked, ResourceIdentifier=queue)["ConfigurationItem"]
    assert item["accountId"] == OTHER
    counts = config.get_aggregate_discovered_resource_counts(**asked, GroupByKey="ACCOUNT_ID")
    assert counts["GroupedResourceCounts"] == [{"GroupName": OTHER, "ResourceCount": 1}]
    results = config.select_aggregate_resource_config(
        **asked, Expression="SELECT resourceName WHERE resourceType = 'AWS::SQS::Queue'"
    )["Results"]
    assert [json.loads(one) for one in results] == [{"resourceName": "theirs"}]
    summary = config.get_aggregate_config_rule_compliance_summary(**asked, GroupByKey="AWS_REGION")
    assert summary["AggregateComplianceCounts"][0]["GroupName"] == "eu-west-1"


def test_aggregators_of_regions(client, config, refused):
    code, _ = refused(config.put_configuration_aggregator, ConfigurationAggregatorName="all")
    assert code == "InvalidParameterValueException"
    code, _ = refused(config.describe_configuration_aggregators, ConfigurationAggregatorNames=["none"])
    assert code == "NoSuchConfigurationAggregatorException"
    organization = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/all", "AllAwsRegions": True}
    asked = {"ConfigurationAggregatorName": "all", "OrganizationAggregationSource": organization}
    assert refused(config.put_configuration_aggregator, **asked)[0] == "NoAvailableOrganizationException"
    client("organizations").create_organization()
    made = config.put_configuration_aggregator(**asked)["ConfigurationAggregator"]
    assert made["OrganizationAggregationSource"] == organization
    config.delete_configuration_aggregator(ConfigurationAggregatorName="all")
    assert config.describe_configuration_aggregators()["ConfigurationAggregators"] == []


def test_conformance_packs(config, recording, verdicts, refused):
    recording()
    config.put_conformance_pack(ConformancePackName="base", TemplateBody=json.dumps(PACK))
    (rule,) = config.describe_config_rules()["ConfigRules"]
    assert rule["ConfigRuleName"].startswith("versions-conformance-pack-")
    assert rule["CreatedBy"] == "config-conforms.amazonaws.com"
    assert verdicts(rule["ConfigRuleName"]) == {"items": "NON_COMPLIANT"}
    assert (
        refused(config.delete_config_rule, ConfigRuleName=rule["ConfigRuleName"])[0]
        == "InsufficientPermissionsException"
    )
    (status,) = config.describe_conformance_pack_status()["ConformancePackStatusDetails"]
    assert status["ConformancePackState"] == "CREATE_COMPLETE"
    (known,) = config.describe_conformance_pack_compliance(ConformancePackName="base")[
        "ConformancePackRuleComplianceList"
    ]
    assert known["ComplianceType"] == "NON_COMPLIANT"
    details = config.get_conformance_pack_compliance_details(ConformancePackName="base")
    assert len(details["ConformancePackRuleEvaluationResults"]) == 1
    (summary,) = config.get_conformance_pack_compliance_summary(ConformancePackNames=["base"])[
        "ConformancePackComplianceSummaryList"
    ]
    assert summary["ConformancePackComplianceStatus"] == "NON_COMPLIANT"
    config.delete_conformance_pack(ConformancePackName="base")
    assert config.describe_config_rules()["ConfigRules"] == []
    code, _ = refused(config.put_conformance_pack, ConformancePackName="bad", TemplateBody='{"Resources": {}}')
    assert code == "ConformancePackTemplateValidationException"


def test_conformance_packs_in_yaml(config, recording):
    pytest.importorskip("yaml")
    recording()
    body = """
Parameters:
  Mfa: {Type: String, Default: "true"}
Resources:
  Versions:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: versions
      InputParameters:
        isMfaDeleteEnabled: !Ref Mfa
      Source: {Owner: AWS, SourceIdentifier: S3_BUCKET_VERSIONING_ENABLED}
"""
    config.put_conformance_pack(ConformancePackName="base", TemplateBody=body)
    (rule,) = config.describe_config_rules()["ConfigRules"]
    assert json.loads(rule["InputParameters"]) == {"isMfaDeleteEnabled": "true"}


@pytest.mark.rule("config-004")
def test_advanced_queries(config, client, s3, recording, refused):
    recording({"allSupported": True, "includeGlobalResourceTypes": True})
    sqs = client("sqs")
    for name, delay in (("slow", "9"), ("fast", "0"), ("other", "0")):
        sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": delay}, tags={"team": name[0]})
    client("iam").create_user(UserName="ann")

    def asked(expression):
        found = config.select_resource_config(Expression=expression)
        return [json.loads(one) for one in found["Results"]]

    queue = "resourceType = 'AWS::SQS::Queue'"
    assert asked(f"SELECT resourceName WHERE {queue} AND configuration.DelaySeconds = '0' ORDER BY resourceName") == [
        {"resourceName": "fast"},
        {"resourceName": "other"},
    ]
    assert asked(f"SELECT resourceName WHERE {queue} AND tags.key = 'team' AND tags.value IN ('s', 'x')") == [
        {"resourceName": "slow"}
    ]
    assert asked(f"SELECT resourceName WHERE {queue} AND NOT (resourceName LIKE '%o%')") == [{"resourceName": "fast"}]
    counted = asked(
        "SELECT resourceType, COUNT(*) WHERE resourceType LIKE 'AWS::%' GROUP BY resourceType ORDER BY COUNT(*) DESC"
    )
    assert counted[0] == {"resourceType": "AWS::SQS::Queue", "COUNT(*)": 3}
    (one,) = asked(f"SELECT arn, configuration.DelaySeconds WHERE {queue} AND resourceName = 'slow'")
    assert one == {"arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:slow", "configuration": {"DelaySeconds": "9"}}
    for wrong in ("SELECT", "SELECT * WHERE", "DROP TABLE x", "SELECT a WHERE b ~ 1"):
        assert refused(config.select_resource_config, Expression=wrong)[0] == "InvalidExpressionException"
    first = config.select_resource_config(Expression="SELECT resourceId", Limit=2)
    assert len(first["Results"]) == 2 and first["NextToken"]
    assert first["QueryInfo"]["SelectFields"] == [{"Name": "resourceId"}]


def test_stored_queries(config, refused):
    arn = config.put_stored_query(StoredQuery={"QueryName": "queues", "Expression": "SELECT arn"})["QueryArn"]
    assert config.get_stored_query(QueryName="queues")["StoredQuery"]["Expression"] == "SELECT arn"
    (listed,) = config.list_stored_queries()["StoredQueryMetadata"]
    assert listed["QueryArn"] == arn and "Expression" not in listed
    config.delete_stored_query(QueryName="queues")
    assert refused(config.get_stored_query, QueryName="queues")[0] == "ResourceNotFoundException"


def test_rules_of_an_organization(client, config, recording, refused):
    rule = {
        "OrganizationConfigRuleName": "policy",
        "OrganizationManagedRuleMetadata": {"RuleIdentifier": "IAM_PASSWORD_POLICY"},
    }
    assert refused(config.put_organization_config_rule, **rule)[0] == "NoAvailableOrganizationException"
    organizations = client("organizations")
    organizations.create_organization()
    made = organizations.create_account(Email="a@example.com", AccountName="member")["CreateAccountStatus"]
    made = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    theirs = client("config", aws_access_key_id=made["AccountId"], aws_secret_access_key="x")
    recording()
    assert refused(theirs.put_organization_config_rule, **rule)[0] == "OrganizationAccessDeniedException"
    config.put_organization_config_rule(**rule)
    (own,) = config.describe_config_rules()["ConfigRules"]
    assert own["ConfigRuleName"].startswith("OrgConfigRule-policy-")
    assert (
        refused(config.delete_config_rule, ConfigRuleName=own["ConfigRuleName"])[0]
        == "InsufficientPermissionsException"
    )
    (status,) = config.describe_organization_config_rule_statuses()["OrganizationConfigRuleStatuses"]
    assert status["OrganizationRuleStatus"] == "CREATE_FAILED"
    details = config.get_organization_config_rule_detailed_status(OrganizationConfigRuleName="policy")
    found = {one["AccountId"]: one for one in details["OrganizationConfigRuleDetailedStatus"]}
    assert found[ACCOUNT]["MemberAccountRuleStatus"] == "CREATE_SUCCESSFUL"
    assert found[made["AccountId"]]["ErrorCode"] == "NoAvailableConfigurationRecorder"
    config.put_organization_config_rule(**rule, ExcludedAccounts=[made["AccountId"]])
    (status,) = config.describe_organization_config_rule_statuses()["OrganizationConfigRuleStatuses"]
    assert status["OrganizationRuleStatus"] == "CREATE_SUCCESSFUL"
    config.delete_organization_config_rule(OrganizationConfigRuleName="policy")
    assert config.describe_config_rules()["ConfigRules"] == []
    code, _ = refused(config.delete_organization_config_rule, OrganizationConfigRuleName="policy")
    assert code == "NoSuchOrganizationConfigRuleException"


def test_scores_and_sums_of_packs(config, s3, recording):
    recording()
    s3.create_bucket(Bucket="reports")
    s3.put_bucket_versioning(Bucket="reports", VersioningConfiguration={"Status": "Enabled"})
    config.put_conformance_pack(ConformancePackName="base", TemplateBody=json.dumps(PACK))
    (score,) = config.list_conformance_pack_compliance_scores()["ConformancePackComplianceScores"]
    assert (score["ConformancePackName"], score["Score"]) == ("base", "50.00")
    sources = [{"AccountIds": [ACCOUNT], "AllAwsRegions": True}]
    config.put_configuration_aggregator(ConfigurationAggregatorName="all", AccountAggregationSources=sources)
    (pack,) = config.describe_aggregate_compliance_by_conformance_packs(ConfigurationAggregatorName="all")[
        "AggregateComplianceByConformancePacks"
    ]
    assert pack["Compliance"] == {
        "ComplianceType": "NON_COMPLIANT",
        "CompliantRuleCount": 0,
        "NonCompliantRuleCount": 1,
        "TotalRuleCount": 1,
    }
    (summary,) = config.get_aggregate_conformance_pack_compliance_summary(
        ConfigurationAggregatorName="all", GroupByKey="AWS_REGION"
    )["AggregateConformancePackComplianceSummaries"]
    assert summary["ComplianceSummary"]["NonCompliantConformancePackCount"] == 1


def test_resources_outside_of_aws(config, recording, refused):
    asked = {"ResourceType": "Acme::Mill::Wheel", "ResourceId": "w1"}
    made = {**asked, "SchemaVersionId": "1", "Configuration": '{"Teeth": 12}'}
    assert refused(config.put_resource_config, **made)[0] == "NoRunningConfigurationRecorderException"
    recording()
    config.put_resource_config(**made)
    config.put_resource_config(**{**made, "Configuration": '{"Teeth": 13}'})
    config.delete_resource_config(**asked)
    history = config.get_resource_config_history(resourceType="Acme::Mill::Wheel", resourceId="w1")
    statuses = [one["configurationItemStatus"] for one in history["configurationItems"]]
    assert statuses == ["ResourceDeleted", "OK", "ResourceDiscovered"]
    aws = {**made, "ResourceType": "AWS::SQS::Queue"}
    assert refused(config.put_resource_config, **aws)[0] == "ValidationException"
