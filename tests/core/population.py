"""A Cloud with one of each resource: calls that make them, for calls at random to meet.

`(service, operation, parameters)`; a text of the form `$name` stands for what an earlier answer had as `name`, which
`kept` picks: `("sns", "CreateTopic", {...}, "topic=TopicArn")`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
ASSUMING = {"Effect": "Allow", "Principal": {"AWS": "*", "Service": ["dax.amazonaws.com"]}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [ASSUMING]})
LETTING = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Principal": "*"}]})
OPENAPI = json.dumps({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {}})
YESTERDAY, TODAY = (datetime(2025, 12, day, tzinfo=UTC) for day in (30, 31))
TAGS = [{"Key": "team", "Value": "a"}]
TABLE = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-sk",
            "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
ITEM = {"pk": {"S": "a"}, "n": {"N": "1"}, "l": {"L": [{"S": "x"}]}, "m": {"M": {"k": {"BOOL": True}}}}

AUDITED = json.dumps({"Version": "2012-10-17", "Statement": [
    {**ALLOW, "Principal": {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]},
        "Resource": ["arn:aws:s3:::audit", "arn:aws:s3:::audit/*"]}]})  # fmt: skip

CALLS: list[tuple[Any, ...]] = [
    ("organizations", "CreateOrganization", {}),
    ("organizations", "ListRoots", {}, "root=Roots.0.Id"),
    ("organizations", "EnablePolicyType", {"RootId": "$root", "PolicyType": "TAG_POLICY"}),
    ("organizations", "CreateOrganizationalUnit", {"ParentId": "$root", "Name": "shop"}, "unit=OrganizationalUnit.Id"),
    ("organizations", "CreateAccount", {"Email": "member@example.com", "AccountName": "member"}),
    ("organizations", "ListAccounts", {}),
    ("organizations", "CreatePolicy", {
        "Content": POLICY, "Description": "", "Name": "all", "Type": "SERVICE_CONTROL_POLICY"},
        "scp=Policy.PolicySummary.Id"),
    ("organizations", "AttachPolicy", {"PolicyId": "$scp", "TargetId": "$unit"}),
    ("organizations", "InviteAccountToOrganization", {"Target": {"Id": "999999999999", "Type": "ACCOUNT"}}),
    ("organizations", "EnableAWSServiceAccess", {"ServicePrincipal": "ram.amazonaws.com"}),
    ("iam", "CreateRole", {"RoleName": "app", "AssumeRolePolicyDocument": TRUST}),
    ("iam", "PutRolePolicy", {"RoleName": "app", "PolicyName": "inline", "PolicyDocument": POLICY}),
    ("iam", "CreateUser", {"UserName": "ann", "Tags": TAGS}),
    ("iam", "CreateAccessKey", {"UserName": "ann"}),
    ("iam", "CreateLoginProfile", {"UserName": "ann", "Password": "Hunter2-hunter2"}),
    ("iam", "PutUserPolicy", {"UserName": "ann", "PolicyName": "inline", "PolicyDocument": POLICY}),
    ("iam", "CreateGroup", {"GroupName": "staff"}),
    ("iam", "AddUserToGroup", {"GroupName": "staff", "UserName": "ann"}),
    ("iam", "PutGroupPolicy", {"GroupName": "staff", "PolicyName": "inline", "PolicyDocument": POLICY}),
    ("iam", "CreatePolicy", {"PolicyName": "managed", "PolicyDocument": POLICY}, "policy=Policy.Arn"),
    ("iam", "CreatePolicyVersion", {"PolicyArn": "$policy", "PolicyDocument": POLICY}),
    ("iam", "AttachUserPolicy", {"UserName": "ann", "PolicyArn": "$policy"}),
    ("iam", "AttachRolePolicy", {"RoleName": "app", "PolicyArn": "$policy"}),
    ("iam", "AttachGroupPolicy", {"GroupName": "staff", "PolicyArn": "$policy"}),
    ("iam", "CreateInstanceProfile", {"InstanceProfileName": "web"}),
    ("iam", "AddRoleToInstanceProfile", {"InstanceProfileName": "web", "RoleName": "app"}),
    ("iam", "CreateVirtualMFADevice", {"VirtualMFADeviceName": "phone"}),
    ("iam", "CreateOpenIDConnectProvider", {"Url": "https://idp.example.com", "ThumbprintList": ["a" * 40]}),
    ("iam", "CreateServiceSpecificCredential", {"UserName": "ann", "ServiceName": "codecommit.amazonaws.com"}),
    ("iam", "UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 10}),
    ("iam", "CreateAccountAlias", {"AccountAlias": "shop-a"}),
    ("iam", "GenerateCredentialReport", {}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "session"}),
    ("s3", "CreateBucket", {"Bucket": "reports"}),
    ("s3", "CreateBucket", {"Bucket": "versions", "ObjectLockEnabledForBucket": True}),
    ("s3", "PutObject", {"Bucket": "reports", "Key": "a", "Body": b"data"}),
    ("s3", "PutObject", {"Bucket": "versions", "Key": "a", "Body": b"data"}),
    ("s3", "PutObject", {"Bucket": "versions", "Key": "a", "Body": b"more", "Tagging": "k=v"}),
    ("s3", "CreateMultipartUpload", {"Bucket": "reports", "Key": "big"}, "upload=UploadId"),
    ("s3", "UploadPart", {"Bucket": "reports", "Key": "big", "UploadId": "$upload", "PartNumber": 1, "Body": b"x"}),
    ("sqs", "CreateQueue", {"QueueName": "dead"}),
    ("sqs", "CreateQueue", {"QueueName": "jobs", "Attributes": {"RedrivePolicy": json.dumps(
        {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": 2})}}, "queue=QueueUrl"),
    ("sqs", "CreateQueue", {"QueueName": "jobs.fifo", "Attributes": {"FifoQueue": "true"}}),
    ("sqs", "GetQueueAttributes", {"QueueUrl": "$queue", "AttributeNames": ["All"]}),
    ("sqs", "SendMessage", {"QueueUrl": "$queue", "MessageBody": "hello"}),
    ("sqs", "ReceiveMessage", {"QueueUrl": "$queue"}),
    ("sns", "CreateTopic", {"Name": "news"}, "topic=TopicArn"),
    ("sns", "CreateTopic", {"Name": "news.fifo", "Attributes": {"FifoTopic": "true"}}),
    ("sns", "Subscribe", {"TopicArn": "$topic", "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"}),
    ("sns", "CreatePlatformApplication", {"Name": "app", "Platform": "GCM", "Attributes": {
        "PlatformCredential": "x"}}, "application=PlatformApplicationArn"),
    ("sns", "CreatePlatformEndpoint", {"PlatformApplicationArn": "$application", "Token": "a" * 64}),
    ("dynamodb", "CreateTable", {"TableName": "orders", **TABLE}, "table=TableDescription.TableArn",
        "stream=TableDescription.LatestStreamArn"),
    ("dynamodb", "PutItem", {"TableName": "orders", "Item": ITEM}),
    ("dynamodb", "UpdateContinuousBackups", {"TableName": "orders", "PointInTimeRecoverySpecification": {
        "PointInTimeRecoveryEnabled": True}}),
    ("dynamodb", "CreateBackup", {"TableName": "orders", "BackupName": "nightly"}),
    ("dynamodb", "ExportTableToPointInTime", {"TableArn": "$table", "S3Bucket": "reports"}),
    ("dynamodbstreams", "DescribeStream", {"StreamArn": "$stream"}, "shard=StreamDescription.Shards.0.ShardId"),
    ("dynamodbstreams", "GetShardIterator", {
        "StreamArn": "$stream", "ShardId": "$shard", "ShardIteratorType": "TRIM_HORIZON"}),
    ("dax", "CreateSubnetGroup", {"SubnetGroupName": "subnets", "SubnetIds": ["subnet-1"]}),
    ("dax", "CreateParameterGroup", {"ParameterGroupName": "parameters"}),
    ("dax", "CreateCluster", {
        "ClusterName": "cache", "NodeType": "dax.r5.large", "ReplicationFactor": 2, "IamRoleArn": ROLE}),
    ("kinesis", "CreateStream", {"StreamName": "clicks", "ShardCount": 2}),
    ("kinesis", "DescribeStream", {"StreamName": "clicks"}, "clicks=StreamDescription.StreamARN"),
    ("kinesis", "RegisterStreamConsumer", {"StreamARN": "$clicks", "ConsumerName": "reader"}),
    ("kinesis", "PutRecord", {"StreamName": "clicks", "Data": b"x", "PartitionKey": "a"}),
    ("kinesis", "GetShardIterator", {
        "StreamName": "clicks", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}),
    ("firehose", "CreateDeliveryStream", {"DeliveryStreamName": "delivery", "ExtendedS3DestinationConfiguration": {
        "RoleARN": ROLE, "BucketARN": "arn:aws:s3:::reports"}}),
    ("firehose", "DescribeDeliveryStream", {"DeliveryStreamName": "delivery"}),
    ("events", "CreateEventBus", {"Name": "shop"}),
    ("events", "PutRule", {"Name": "all", "EventPattern": '{"source": ["shop"]}'}),
    ("events", "PutTargets", {"Rule": "all", "Targets": [{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"}]}),
    ("events", "CreateConnection", {"Name": "c", "AuthorizationType": "API_KEY", "AuthParameters": {
        "ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}}, "connection=ConnectionArn"),
    ("events", "CreateApiDestination", {"Name": "d", "ConnectionArn": "$connection", "HttpMethod": "POST",
        "InvocationEndpoint": "https://example.com/api"}),
    ("events", "DescribeEventBus", {}, "bus=Arn"),
    ("events", "CreateArchive", {"ArchiveName": "keep", "EventSourceArn": "$bus"}, "archive=ArchiveArn"),
    ("events", "StartReplay", {"ReplayName": "again", "EventSourceArn": "$archive", "EventStartTime": YESTERDAY,
        "EventEndTime": TODAY, "Destination": {"Arn": "$bus"}}),
    ("secretsmanager", "CreateSecret", {"Name": "password", "SecretString": "x", "Tags": TAGS, "AddReplicaRegions": [
        {"Region": "eu-west-1"}]}),
    ("secretsmanager", "PutSecretValue", {"SecretId": "password", "SecretString": "y"}, "secret=ARN"),
    ("secretsmanager", "CreateSecret", {"Name": "going", "SecretBinary": b"x"}),
    ("secretsmanager", "DeleteSecret", {"SecretId": "going"}),
    ("ssm", "PutParameter", {"Name": "/app/url", "Value": "x", "Type": "String", "Tags": TAGS}),
    ("ssm", "PutParameter", {"Name": "secure", "Value": "x", "Type": "SecureString", "Tier": "Advanced"}),
    ("ssm", "LabelParameterVersion", {"Name": "/app/url", "Labels": ["live"]}),
    ("ssm", "CreateDocument", {"Name": "hello", "Content": json.dumps({"schemaVersion": "2.2", "mainSteps": [
        {"name": "hello", "action": "aws:runShellScript", "inputs": {"runCommand": ["echo"]}}]})}),
    ("ssm", "CreateDocument", {"Name": "pause", "DocumentType": "Automation", "Content": json.dumps({
        "schemaVersion": "0.3", "mainSteps": [
            {"name": "wait", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}]})}),
    ("ssm", "StartAutomationExecution", {"DocumentName": "pause"}, "automation=AutomationExecutionId"),
    ("ssm", "CreateActivation", {"IamRole": "app"}, "activation=ActivationId"),
    ("ssm", "CreateMaintenanceWindow", {"Name": "nightly", "Schedule": "rate(1 day)", "Duration": 3, "Cutoff": 1,
        "AllowUnassociatedTargets": True}, "window=WindowId"),
    ("ssm", "RegisterTargetWithMaintenanceWindow", {"WindowId": "$window", "ResourceType": "INSTANCE", "Targets": [
        {"Key": "tag:Env", "Values": ["prod"]}]}),
    ("ssm", "RegisterTaskWithMaintenanceWindow", {"WindowId": "$window", "TaskArn": "pause", "TaskType": "AUTOMATION"}),
    ("ssm", "CreatePatchBaseline", {"Name": "own"}, "baseline=BaselineId"),
    ("ssm", "RegisterPatchBaselineForPatchGroup", {"BaselineId": "$baseline", "PatchGroup": "web"}),
    ("ssm", "CreateAssociation", {"Name": "hello", "Targets": [{"Key": "tag:Env", "Values": ["prod"]}]},
        "association=AssociationDescription.AssociationId"),
    ("ssm", "CreateOpsItem", {"Description": "d", "Source": "ops", "Title": "disk"}, "ops-item=OpsItemId"),
    ("ssm", "CreateOpsMetadata", {"ResourceId": "/app/shop"}, "ops-metadata=OpsMetadataArn"),
    ("ssm", "CreateResourceDataSync", {"SyncName": "all", "S3Destination": {
        "BucketName": "reports", "SyncFormat": "JsonSerDe", "Region": REGION}}),
    ("cloudwatch", "PutMetricData", {"Namespace": "App", "MetricData": [{"MetricName": "x", "Value": 1}]}),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": "high", "Namespace": "App", "MetricName": "x", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 10, "ComparisonOperator": "GreaterThanThreshold", "Statistic": "Sum"}),
    ("cloudwatch", "PutCompositeAlarm", {"AlarmName": "all", "AlarmRule": "ALARM(high)"}),
    ("cloudwatch", "PutDashboard", {"DashboardName": "web", "DashboardBody": '{"widgets": []}'}),
    ("cloudwatch", "PutMetricStream", {"Name": "all", "OutputFormat": "json", "RoleArn": ROLE,
        "FirehoseArn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/clicks"}),
    ("cloudwatch", "StopMetricStreams", {"Names": ["all"]}),
    ("scheduler", "CreateScheduleGroup", {"Name": "group"}),
    ("scheduler", "CreateSchedule", {"Name": "often", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {
        "Mode": "OFF"}, "Target": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", "RoleArn": ROLE}}),
    ("pipes", "CreatePipe", {"Name": "pipe", "Source": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "Target": "$topic",
        "RoleArn": ROLE}),
    ("schemas", "CreateRegistry", {"RegistryName": "shop"}),
    ("schemas", "CreateSchema", {
        "RegistryName": "shop", "SchemaName": "order", "Type": "OpenApi3", "Content": OPENAPI}),
    ("schemas", "CreateDiscoverer", {"SourceArn": "$bus"}),
    ("opensearch", "CreateDomain", {"DomainName": "shop", "ClusterConfig": {"InstanceType": "t3.small.search"},
        "EBSOptions": {"EBSEnabled": True, "VolumeSize": 10}}),
    ("opensearch", "CreateIndex", {"DomainName": "shop", "IndexName": "orders", "IndexSchema": {}}),
    ("opensearch", "CreateOutboundConnection", {"ConnectionAlias": "other", **{f"{end}DomainInfo": {
        "AWSDomainInformation": {"DomainName": "shop"}} for end in ("Local", "Remote")}}),
    ("es", "CreateElasticsearchDomain", {"DomainName": "old", "ElasticsearchVersion": "7.10",
        "ElasticsearchClusterConfig": {"InstanceType": "t3.small.elasticsearch"},
        "EBSOptions": {"EBSEnabled": True, "VolumeSize": 10}}),
    ("application-autoscaling", "RegisterScalableTarget", {"ServiceNamespace": "dynamodb", "MinCapacity": 1,
        "ResourceId": "table/orders", "ScalableDimension": "dynamodb:table:ReadCapacityUnits", "MaxCapacity": 10}),
    ("sso-admin", "CreateInstance", {"Name": "sso"}, "instance=InstanceArn"),
    ("sso-admin", "ListInstances", {}, "store=Instances.0.IdentityStoreId"),
    ("sso-admin", "CreatePermissionSet", {"Name": "admins", "InstanceArn": "$instance"},
        "permissions=PermissionSet.PermissionSetArn"),
    ("sso-admin", "CreateApplication", {"InstanceArn": "$instance", "Name": "app",
        "ApplicationProviderArn": "arn:aws:sso::aws:applicationProvider/custom"}),
    ("sso-admin", "CreateTrustedTokenIssuer", {
        "InstanceArn": "$instance", "Name": "issuer", "TrustedTokenIssuerType": "OIDC_JWT",
        "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": {
            "IssuerUrl": "https://issuer.example.com", "ClaimAttributePath": "email",
            "IdentityStoreAttributePath": "emails.value", "JwksRetrievalOption": "OPEN_ID_DISCOVERY"}}}),
    ("identitystore", "CreateUser", {"IdentityStoreId": "$store", "UserName": "ann", "DisplayName": "Ann",
        "Name": {"FamilyName": "A", "GivenName": "Ann"}}, "person=UserId"),
    ("identitystore", "CreateGroup", {"IdentityStoreId": "$store", "DisplayName": "staff"}, "group=GroupId"),
    ("identitystore", "CreateGroupMembership", {
        "IdentityStoreId": "$store", "GroupId": "$group", "MemberId": {"UserId": "$person"}}),
    ("sso-admin", "CreateAccountAssignment", {
        "InstanceArn": "$instance", "TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": "$permissions",
        "PrincipalType": "USER", "PrincipalId": "$person"}),
    ("ram", "CreateResourceShare", {"name": "share", "principals": ["999999999999"]}),
    ("ram", "CreatePermission", {"name": "reading", "resourceType": "ec2:TransitGateway", "policyTemplate": json.dumps(
        {"Effect": "Allow", "Action": ["ec2:DescribeTransitGateways"]})}),
    ("accessanalyzer", "CreateAnalyzer", {"analyzerName": "watch", "type": "ACCOUNT"}, "analyzer=arn"),
    ("accessanalyzer", "CreateArchiveRule", {
        "analyzerName": "watch", "ruleName": "rule", "filter": {"resource": {"eq": ["x"]}}}),
    ("accessanalyzer", "ListFindings", {"analyzerArn": "$analyzer"}),
    ("service-quotas", "RequestServiceQuotaIncrease", {
        "ServiceCode": "dynamodb", "QuotaCode": "L-F98FE922", "DesiredValue": 5000.0}),
    ("kinesisvideo", "CreateStream", {"StreamName": "camera", "DataRetentionInHours": 24}),
    ("kinesisvideo", "CreateSignalingChannel", {"ChannelName": "talk"}),
    ("glacier", "CreateVault", {"accountId": "-", "vaultName": "vault"}),
    ("glacier", "UploadArchive", {"accountId": "-", "vaultName": "vault", "body": b"data"}),
    ("logs", "CreateLogGroup", {"logGroupName": "app", "tags": {"team": "a"}}),
    ("logs", "CreateLogStream", {"logGroupName": "app", "logStreamName": "web"}),
    ("logs", "PutMetricFilter", {"logGroupName": "app", "filterName": "errors", "filterPattern": "ERROR",
        "metricTransformations": [{"metricName": "errors", "metricNamespace": "App", "metricValue": "1"}]}),
    ("logs", "PutSubscriptionFilter", {"logGroupName": "app", "filterName": "all", "filterPattern": "",
        "destinationArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks", "roleArn": ROLE}),
    ("logs", "PutDestination", {"destinationName": "shared", "roleArn": ROLE,
        "targetArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"}),
    ("logs", "PutResourcePolicy", {"policyName": "services", "policyDocument": LETTING}),
    ("logs", "PutLogEvents", {"logGroupName": "app", "logStreamName": "web", "logEvents": [
        {"timestamp": 1767225600000, "message": '{"level": "ERROR", "n": 1}'}]}),
    ("logs", "StartQuery", {"logGroupName": "app", "startTime": 0, "endTime": 1767225600,
        "queryString": "fields @message"}, "query=queryId"),
    ("logs", "PutQueryDefinition", {"name": "all", "queryString": "limit 1"}),
    ("logs", "CreateLogAnomalyDetector", {
        "logGroupArnList": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:app"]}, "detector=anomalyDetectorArn"),
    ("logs", "PutDeliverySource", {
        "name": "jobs", "resourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", "logType": "ACCESS"}),
    ("logs", "PutDeliveryDestination", {"name": "bucket", "deliveryDestinationConfiguration": {
        "destinationResourceArn": "arn:aws:s3:::reports"}}),
    ("logs", "CreateDelivery", {
        "deliverySourceName": "jobs",
        "deliveryDestinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:delivery-destination:bucket"},
        "delivery=delivery.id"),
    ("logs", "CreateLookupTable", {"lookupTableName": "codes", "tableBody": "code,text\n1,one\n"},
        "lookup=lookupTableArn"),
    ("logs", "CreateScheduledQuery", {
        "name": "hourly", "queryLanguage": "CWLI", "queryString": "limit 1", "scheduleExpression": "rate(1 hour)",
        "executionRoleArn": ROLE}),
    ("logs", "PutTransformer", {"logGroupIdentifier": "app", "transformerConfig": [{"parseJSON": {}}]}),
    ("s3", "CreateBucket", {"Bucket": "audit"}),
    ("s3", "PutBucketPolicy", {"Bucket": "audit", "Policy": AUDITED}),
    ("codepipeline", "CreatePipeline", {"pipeline": {
        "name": "site", "roleArn": ROLE, "artifactStore": {"type": "S3", "location": "audit"}, "stages": [
            {"name": "Source", "actions": [{
                "name": "Fetch", "actionTypeId": {
                    "category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
                "configuration": {"S3Bucket": "versions", "S3ObjectKey": "a"}, "outputArtifacts": [{"name": "App"}]}]},
            {"name": "Check", "actions": [{
                "name": "Ask", "actionTypeId": {
                    "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}}]}]}}),
    ("codepipeline", "PutWebhook", {"webhook": {
        "name": "push", "targetPipeline": "site", "targetAction": "Fetch", "filters": [{"jsonPath": "$.ref"}],
        "authentication": "UNAUTHENTICATED", "authenticationConfiguration": {}}}),
    ("config", "PutConfigurationRecorder", {"ConfigurationRecorder": {"name": "default", "roleARN": ROLE}}),
    ("config", "PutDeliveryChannel", {"DeliveryChannel": {"name": "default", "s3BucketName": "audit"}}),
    ("config", "PutConfigRule", {"ConfigRule": {"ConfigRuleName": "versions", "Source": {
        "Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}}}),
    ("config", "PutStoredQuery", {"StoredQuery": {"QueryName": "all", "Expression": "SELECT arn"}}),
    ("config", "PutAggregationAuthorization", {
        "AuthorizedAccountId": "999999999999", "AuthorizedAwsRegion": REGION}),
    ("config", "PutConfigurationAggregator", {"ConfigurationAggregatorName": "all", "AccountAggregationSources": [
        {"AccountIds": [ACCOUNT], "AllAwsRegions": True}]}),
    ("cloudtrail", "CreateTrail", {"Name": "all", "S3BucketName": "audit", "EnableLogFileValidation": True}),
    ("cloudtrail", "PutInsightSelectors", {
        "TrailName": "all", "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}]}),
    ("cloudtrail", "CreateEventDataStore", {"Name": "lake"}, "store=EventDataStoreArn"),
    ("cloudtrail", "CreateChannel", {"Name": "partner", "Source": "Custom", "Destinations": [
        {"Type": "EVENT_DATA_STORE", "Location": "$store"}]}),
    ("ec2", "DescribeImages", {"Owners": ["amazon"], "Filters": [
        {"Name": "name", "Values": ["amzn2-ami-hvm-*"]}]}, "ami=Images.0.ImageId"),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, "vpc=Vpc.VpcId"),
    ("ec2", "CreateSubnet", {"VpcId": "$vpc", "CidrBlock": "10.0.0.0/24"}, "subnet=Subnet.SubnetId"),
    ("ec2", "CreateInternetGateway", {}, "gateway=InternetGateway.InternetGatewayId"),
    ("ec2", "AttachInternetGateway", {"InternetGatewayId": "$gateway", "VpcId": "$vpc"}),
    ("ec2", "CreateRouteTable", {"VpcId": "$vpc"}, "routes=RouteTable.RouteTableId"),
    ("ec2", "CreateNetworkAcl", {"VpcId": "$vpc"}),
    ("ec2", "CreateSecurityGroup", {"GroupName": "web", "Description": "web", "VpcId": "$vpc"}, "group=GroupId"),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "$group", "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}),
    ("ec2", "CreateNetworkInterface", {"SubnetId": "$subnet"}),
    ("ec2", "AllocateAddress", {"Domain": "vpc"}),
    ("ec2", "CreateKeyPair", {"KeyName": "ann"}),
    ("ec2", "CreateLaunchTemplate", {"LaunchTemplateName": "web", "LaunchTemplateData": {
        "ImageId": "$ami", "InstanceType": "t2.micro"}}, "template=LaunchTemplate.LaunchTemplateId"),
    ("ec2", "RunInstances", {"ImageId": "$ami", "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1,
        "KeyName": "ann", "IamInstanceProfile": {"Name": "web"}}, "instance=Instances.0.InstanceId"),
    ("ec2", "CreateVolume", {"AvailabilityZone": "us-east-1a", "Size": 8}, "volume=VolumeId"),
    ("ec2", "CreateSnapshot", {"VolumeId": "$volume"}),
    ("ec2", "CreateImage", {"InstanceId": "$instance", "Name": "own"}),
    ("ec2", "CreateTransitGateway", {}),
    ("ec2", "CreateNatGateway", {"SubnetId": "$subnet", "ConnectivityType": "private"}),
    ("autoscaling", "CreateAutoScalingGroup", {"AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 2,
        "DesiredCapacity": 1, "LaunchTemplate": {"LaunchTemplateName": "web"}, "AvailabilityZones": ["us-east-1a"]}),
    ("autoscaling", "PutScalingPolicy", {"AutoScalingGroupName": "web", "PolicyName": "more",
        "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}),
    ("autoscaling", "PutLifecycleHook", {"AutoScalingGroupName": "web", "LifecycleHookName": "wait",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}),
    ("autoscaling", "PutScheduledUpdateGroupAction", {"AutoScalingGroupName": "web", "ScheduledActionName": "early",
        "Recurrence": "0 6 * * 1-5", "MinSize": 1}),
    ("ecs", "CreateCluster", {"clusterName": "web"}),
    ("ecs", "RegisterTaskDefinition", {"family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "app", "image": "nginx"}]}),
    ("ecs", "RunTask", {"cluster": "web", "taskDefinition": "web", "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["$subnet"]}}}),
    ("ecs", "CreateService", {"cluster": "web", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
        "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["$subnet"]}}}),
    ("kms", "CreateKey", {}, "key=KeyMetadata.KeyId"),
    ("kms", "CreateAlias", {"AliasName": "alias/app", "TargetKeyId": "$key"}),
    ("kms", "GenerateDataKey", {"KeyId": "$key", "KeySpec": "AES_256"}),
]  # fmt: skip


def filled(value: Any, known: dict[str, Any]) -> Any:
    """Parameters with what earlier answers had."""
    if isinstance(value, dict):
        return {key: filled(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, known) for item in value]
    return known.get(value[1:], value) if isinstance(value, str) and value.startswith("$") else value


def population(known: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], tuple[str, ...]]]:
    """The calls, one by one, with what is known by then; `keep` what their answers tell in `known`."""
    for service, operation, parameters, *kept in CALLS:
        yield service, operation, filled(parameters, known), tuple(kept)


def keep(known: dict[str, Any], kept: tuple[str, ...], answer: Any) -> None:
    for each in kept:
        name, _, path = each.partition("=")
        value = answer
        for part in path.split("."):
            value = value[int(part)] if part.isdigit() else value[part]
        known[name] = value
