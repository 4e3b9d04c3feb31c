"""Rules: AWS's and one's own, when they judge and what they say."""

import json

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ACCOUNT = "123456789012"


@pytest.mark.rule("config-009", "config-011")
def test_a_managed_rule_judges_each_change(config, s3, recording, managed, verdicts, refused):
    recording()
    rule = managed("S3_BUCKET_VERSIONING_ENABLED")
    assert verdicts(rule) == {"items": "NON_COMPLIANT"}
    s3.create_bucket(Bucket="reports")
    s3.put_bucket_versioning(Bucket="items", VersioningConfiguration={"Status": "Enabled"})
    assert verdicts(rule) == {"items": "COMPLIANT", "reports": "NON_COMPLIANT"}
    s3.delete_bucket(Bucket="reports")
    assert verdicts(rule) == {"items": "COMPLIANT"}
    unknown = {"ConfigRuleName": "x", "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_IS_BLUE"}}
    code, message = refused(config.put_config_rule, ConfigRule=unknown)
    assert code == "InvalidParameterValueException"
    assert message.startswith("The sourceIdentifier S3_BUCKET_IS_BLUE is invalid.")
    not_here = {"ConfigRuleName": "x", "Source": {"Owner": "AWS", "SourceIdentifier": "EIP_ATTACHED"}}
    assert refused(config.put_config_rule, ConfigRule=not_here)[0] == "NotImplemented"


def test_a_rule_needs_a_recorder(config, refused):
    rule = {"ConfigRuleName": "x", "Source": {"Owner": "AWS", "SourceIdentifier": "IAM_PASSWORD_POLICY"}}
    assert refused(config.put_config_rule, ConfigRule=rule)[0] == "NoAvailableConfigurationRecorderException"


@pytest.mark.rule("config-012")
def test_rules_that_go_by_the_clock(aws, config, client, recording, managed, verdicts):
    recording()
    rule = managed("IAM_PASSWORD_POLICY", MaximumExecutionFrequency="One_Hour")
    assert verdicts(rule) == {ACCOUNT: "NON_COMPLIANT"}
    (status,) = config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])["ConfigRulesEvaluationStatus"]
    first = status["LastSuccessfulInvocationTime"]
    client("iam").update_account_password_policy(
        MinimumPasswordLength=14,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        PasswordReusePrevention=24,
        MaxPasswordAge=90,
    )
    assert verdicts(rule) == {ACCOUNT: "NON_COMPLIANT"}
    aws.clock.advance(hours=1)
    assert verdicts(rule) == {ACCOUNT: "COMPLIANT"}
    (status,) = config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])["ConfigRulesEvaluationStatus"]
    assert (status["LastSuccessfulInvocationTime"] - first).total_seconds() == 3600


@pytest.mark.rule("config-012")
def test_a_day_unless_said_otherwise(aws, config, recording, managed, refused):
    recording()
    rule = managed("KMS_CMK_NOT_SCHEDULED_FOR_DELETION")
    times = set()
    for _ in range(3):
        (status,) = config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])["ConfigRulesEvaluationStatus"]
        times.add(status["LastSuccessfulInvocationTime"])
        aws.clock.advance(hours=12)
    assert len(times) == 2
    bad = {"Owner": "AWS", "SourceIdentifier": "IAM_PASSWORD_POLICY"}
    rule = {"ConfigRuleName": "x", "Source": bad, "MaximumExecutionFrequency": "Weekly"}
    assert refused(config.put_config_rule, ConfigRule=rule)[0] == "ValidationException"


def test_rules_of_buckets(config, s3, recording, managed, verdicts):
    recording()
    s3.create_bucket(Bucket="open")
    s3.delete_public_access_block(Bucket="open")
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}
    s3.put_bucket_policy(Bucket="open", Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    read, write = managed("S3_BUCKET_PUBLIC_READ_PROHIBITED"), managed("S3_BUCKET_PUBLIC_WRITE_PROHIBITED")
    assert verdicts(read) == {"items": "COMPLIANT", "open": "NON_COMPLIANT"}
    assert verdicts(write) == {"items": "COMPLIANT", "open": "COMPLIANT"}
    encrypted, blocked = (
        managed("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"),
        managed("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"),
    )
    assert verdicts(encrypted) == {"items": "COMPLIANT", "open": "COMPLIANT"}
    assert verdicts(blocked) == {"items": "COMPLIANT", "open": "NON_COMPLIANT"}
    tls, logs = managed("S3_BUCKET_SSL_REQUESTS_ONLY"), managed("S3_BUCKET_LOGGING_ENABLED")
    assert set(verdicts(tls).values()) == set(verdicts(logs).values()) == {"NON_COMPLIANT"}


def test_rules_of_other_services(aws, config, client, function, recording, managed, verdicts):
    recording({"allSupported": True, "includeGlobalResourceTypes": True})
    tables, iam, kms, sns = (client(name) for name in ("dynamodb", "iam", "kms", "sns"))
    tables.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    recovery = managed("DYNAMODB_PITR_ENABLED")
    assert verdicts(recovery) == {"orders": "NON_COMPLIANT"}
    tables.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    config.start_config_rules_evaluation(ConfigRuleNames=[recovery])
    assert verdicts(recovery) == {"orders": "COMPLIANT"}
    iam.create_user(UserName="ann")
    assert set(verdicts(managed("IAM_USER_MFA_ENABLED")).values()) == {"NON_COMPLIANT"}
    assert set(verdicts(managed("IAM_USER_NO_POLICIES_CHECK")).values()) == {"COMPLIANT"}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.create_policy(PolicyName="everything", PolicyDocument=document)
    assert set(verdicts(managed("IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS")).values()) == {"NON_COMPLIANT"}
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    stays = managed("KMS_CMK_NOT_SCHEDULED_FOR_DELETION")
    assert verdicts(stays) == {key: "COMPLIANT"}
    kms.schedule_key_deletion(KeyId=key)
    aws.clock.advance(hours=24)
    assert verdicts(stays) == {key: "NON_COMPLIANT"}
    function("closed")
    open_to_all = function("open", permitted="*")
    public = managed("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED")
    assert verdicts(public) == {"closed": "COMPLIANT", "open": "NON_COMPLIANT"}, open_to_all
    topic = sns.create_topic(Name="news")["TopicArn"]
    encrypted = managed("SNS_ENCRYPTED_KMS")
    assert verdicts(encrypted) == {topic: "NON_COMPLIANT"}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns")
    assert verdicts(encrypted) == {topic: "COMPLIANT"}


@pytest.mark.rule("config-004")
def test_scopes(config, s3, recording, managed, verdicts):
    recording()
    s3.create_bucket(Bucket="reports")
    s3.put_bucket_tagging(Bucket="reports", Tagging={"TagSet": [{"Key": "stage", "Value": "prod"}]})
    rule = managed("S3_BUCKET_VERSIONING_ENABLED", Scope={"TagKey": "stage", "TagValue": "prod"})
    assert verdicts(rule) == {"reports": "NON_COMPLIANT"}
    s3.put_bucket_tagging(Bucket="reports", Tagging={"TagSet": [{"Key": "stage", "Value": "test"}]})
    assert verdicts(rule) == {}
    required = managed("REQUIRED_TAGS", {"tag1Key": "stage", "tag1Value": "test,prod"})
    assert verdicts(required) == {"reports": "COMPLIANT", "items": "NON_COMPLIANT"}


@pytest.mark.rule("config-013")
def test_a_rule_only_reports(config, client, recording, managed, verdicts):
    recording()
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    rule = managed("INCOMING_SSH_DISABLED")
    assert verdicts(rule)[group] == "COMPLIANT"
    opened = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[opened])
    assert verdicts(rule)[group] == "NON_COMPLIANT"
    (named,) = config.describe_compliance_by_config_rule(ConfigRuleNames=[rule])["ComplianceByConfigRules"]
    assert named["Compliance"]["ComplianceType"] == "NON_COMPLIANT"
    assert named["Compliance"]["ComplianceContributorCount"]["CappedCount"] >= 1
    history = config.get_resource_config_history(resourceType="AWS::EC2::SecurityGroup", resourceId=group)
    assert len(history["configurationItems"]) == 2


@pytest.mark.rule("config-010")
def test_a_rule_of_ones_own(aws, config, client, function, recording, verdicts, refused):
    recording({"allSupported": False, "resourceTypes": ["AWS::SQS::Queue"]})
    seen = []

    def check(event, context):
        seen.append(event)
        item = json.loads(event["invokingEvent"])["configurationItem"]
        wanted = json.loads(event["ruleParameters"])["delay"]
        good = item["configuration"]["DelaySeconds"] == wanted
        client("config").put_evaluations(
            ResultToken=event["resultToken"],
            Evaluations=[
                {
                    "ComplianceResourceType": item["resourceType"],
                    "ComplianceResourceId": item["resourceId"],
                    "ComplianceType": "COMPLIANT" if good else "NON_COMPLIANT",
                    "OrderingTimestamp": item["configurationItemCaptureTime"],
                    "Annotation": "the delay",
                }
            ],
        )

    aws.functions["check"] = check
    arn = function("check", permitted=None)
    details = [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]
    rule = {
        "ConfigRuleName": "delays",
        "Source": {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": arn, "SourceDetails": details},
        "InputParameters": '{"delay": "5"}',
    }
    assert refused(config.put_config_rule, ConfigRule=rule) == (
        "InsufficientPermissionsException",
        f"The AWS Lambda function {arn} cannot be invoked. Check the specified function ARN, and check the function's "
        "permissions.",
    )
    client("lambda").add_permission(
        FunctionName="check", StatementId="config", Action="lambda:InvokeFunction", Principal="config.amazonaws.com"
    )
    config.put_config_rule(ConfigRule=rule)
    url = client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    assert verdicts("delays") == {url: "NON_COMPLIANT"}
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    assert verdicts("delays") == {url: "COMPLIANT"}
    assert seen[0]["configRuleName"] == "delays" and seen[0]["accountId"] == ACCOUNT
    (result,) = config.get_compliance_details_by_resource(ResourceType="AWS::SQS::Queue", ResourceId=url)[
        "EvaluationResults"
    ]
    assert result["Annotation"] == "the delay"
    assert refused(config.put_evaluations, ResultToken="nonsense")[0] == "InvalidResultTokenException"


def test_a_rule_of_ones_own_by_the_clock(aws, config, function, recording):
    recording({"allSupported": False, "resourceTypes": ["AWS::SQS::Queue"]})
    seen = []
    aws.functions["check"] = lambda event, context: seen.append(json.loads(event["invokingEvent"])["messageType"])
    details = [
        {
            "EventSource": "aws.config",
            "MessageType": "ScheduledNotification",
            "MaximumExecutionFrequency": "Six_Hours",
        }
    ]
    source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": function("check"), "SourceDetails": details}
    config.put_config_rule(ConfigRule={"ConfigRuleName": "hourly", "Source": source})
    aws.clock.advance(hours=12)
    assert seen == ["ScheduledNotification"] * 3


@pytest.mark.rule("events-024")
def test_eventbridge_hears_of_new_verdicts(config, s3, recording, managed, told):
    take = told({"source": ["aws.config"], "detail-type": ["Config Rules Compliance Change"]})
    recording({"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]})
    rule = managed("S3_BUCKET_VERSIONING_ENABLED")
    (first,) = take()
    assert first["detail"]["newEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
    assert "oldEvaluationResult" not in first["detail"]
    s3.put_bucket_versioning(Bucket="items", VersioningConfiguration={"Status": "Enabled"})
    (second,) = take()
    detail = second["detail"]
    assert detail["configRuleName"] == rule and detail["resourceId"] == "items"
    assert detail["messageType"] == "ComplianceChangeNotification"
    assert detail["newEvaluationResult"]["complianceType"] == "COMPLIANT"
    assert detail["oldEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
    s3.put_bucket_tagging(Bucket="items", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    assert take() == []


def test_summaries(config, s3, recording, managed):
    recording()
    managed("S3_BUCKET_VERSIONING_ENABLED")
    managed("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED")
    summary = config.get_compliance_summary_by_config_rule()["ComplianceSummary"]
    assert summary["CompliantResourceCount"]["CappedCount"] == 1
    assert summary["NonCompliantResourceCount"]["CappedCount"] == 1
    (buckets,) = config.get_compliance_summary_by_resource_type(ResourceTypes=["AWS::S3::Bucket"])[
        "ComplianceSummariesByResourceType"
    ]
    assert buckets["ComplianceSummary"]["NonCompliantResourceCount"]["CappedCount"] == 1
    (bucket,) = config.describe_compliance_by_resource(ResourceType="AWS::S3::Bucket")["ComplianceByResources"]
    assert bucket["Compliance"]["ComplianceType"] == "NON_COMPLIANT"


def test_the_life_of_a_rule(config, recording, managed, verdicts, refused):
    recording()
    name = managed("S3_BUCKET_VERSIONING_ENABLED")
    (rule,) = config.describe_config_rules()["ConfigRules"]
    assert rule["ConfigRuleState"] == "ACTIVE" and rule["ConfigRuleArn"].endswith(rule["ConfigRuleId"])
    config.tag_resource(ResourceArn=rule["ConfigRuleArn"], Tags=[{"Key": "team", "Value": "a"}])
    assert config.list_tags_for_resource(ResourceArn=rule["ConfigRuleArn"])["Tags"] == [{"Key": "team", "Value": "a"}]
    config.delete_evaluation_results(ConfigRuleName=name)
    assert verdicts(name) == {}
    config.start_config_rules_evaluation(ConfigRuleNames=[name])
    assert verdicts(name) == {"items": "NON_COMPLIANT"}
    config.delete_config_rule(ConfigRuleName=name)
    code, message = refused(config.delete_config_rule, ConfigRuleName=name)
    assert code == "NoSuchConfigRuleException"
    assert message.startswith(f"The ConfigRule '{name}' provided in the request is invalid.")


@pytest.mark.rule("config-016", "config-015")
def test_remediation(aws, config, recording, managed, refused):
    recording()
    rule = managed("S3_BUCKET_VERSIONING_ENABLED")
    keys = [{"resourceType": "AWS::S3::Bucket", "resourceId": "items"}]
    code, _ = refused(config.start_remediation_execution, ConfigRuleName=rule, ResourceKeys=keys)
    assert code == "NoSuchRemediationConfigurationException"
    role = {"StaticValue": {"Values": [f"arn:aws:iam::{ACCOUNT}:role/mend"]}}
    mended = {
        "ConfigRuleName": rule,
        "TargetType": "SSM_DOCUMENT",
        "TargetId": "No-Such-Document",
        "Parameters": {"AutomationAssumeRole": role, "BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}}},
        "Automatic": True,
    }
    config.put_remediation_configurations(RemediationConfigurations=[mended])
    (known,) = config.describe_remediation_configurations(ConfigRuleNames=[rule])["RemediationConfigurations"]
    assert (known["MaximumAutomaticAttempts"], known["RetryAttemptSeconds"]) == (5, 60)
    config.start_remediation_execution(ConfigRuleName=rule, ResourceKeys=keys)
    (status,) = config.describe_remediation_execution_status(ConfigRuleName=rule)["RemediationExecutionStatuses"]
    assert status["State"] == "FAILED"
    assert config.describe_remediation_exceptions(ConfigRuleName=rule)["RemediationExceptions"] == []
    aws.clock.advance(minutes=4)
    (excepted,) = config.describe_remediation_exceptions(ConfigRuleName=rule)["RemediationExceptions"]
    assert excepted["ResourceId"] == "items"
    assert refused(config.delete_config_rule, ConfigRuleName=rule)[0] == "ResourceInUseException"
    config.delete_remediation_configuration(ConfigRuleName=rule)
    config.delete_config_rule(ConfigRuleName=rule)


@pytest.mark.rule("config-015")
def test_what_is_amiss_is_mended_by_itself(aws, config, client, s3, recording, managed, verdicts):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ssm.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = client("iam").create_role(RoleName="mend", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    recording()
    rule = managed("S3_BUCKET_VERSIONING_ENABLED")
    mended = {
        "ConfigRuleName": rule,
        "TargetType": "SSM_DOCUMENT",
        "TargetId": "AWS-ConfigureS3BucketVersioning",
        "Parameters": {
            "AutomationAssumeRole": {"StaticValue": {"Values": [role]}},
            "BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}},
        },
        "Automatic": True,
    }
    config.put_remediation_configurations(RemediationConfigurations=[mended])
    s3.create_bucket(Bucket="reports")
    aws.clock.advance(minutes=1)
    assert verdicts(rule) == {"items": "NON_COMPLIANT", "reports": "COMPLIANT"}
    assert s3.get_bucket_versioning(Bucket="reports")["Status"] == "Enabled"
    (status,) = config.describe_remediation_execution_status(ConfigRuleName=rule)["RemediationExecutionStatuses"]
    assert status["State"] == "SUCCEEDED"
    assert status["ResourceKey"] == {"resourceType": "AWS::S3::Bucket", "resourceId": "reports"}
    executions = client("ssm").describe_automation_executions()["AutomationExecutionMetadataList"]
    assert [one["AutomationExecutionStatus"] for one in executions] == ["Success"]
