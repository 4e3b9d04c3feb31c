"""Operations become permissions: every row of the tables is used, and the facts behind them are AWS's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from awsim.auth import actions as table
from awsim.auth.actions import action_named, actions, authorizations_for, prefix_of, takes_rcps
from awsim.auth.policy import AuthorizationRequest, Facts, PolicySet, Principal, build, decide, parse

A = "111111111111"
BOB = f"arn:aws:iam::{A}:user/bob"
SERVICES = sorted(path.stem for path in (Path(table.__file__).parent / "operations").glob("[!_]*.toml"))
S3, SQS, DDB = "arn:aws:s3:::", f"arn:aws:sqs:us-east-1:{A}:", f"arn:aws:dynamodb:us-east-1:{A}:table/"
LAMBDA, KMS = f"arn:aws:lambda:us-east-1:{A}:function:", f"arn:aws:kms:us-east-1:{A}:"
EVENTS = f"arn:aws:events:us-east-1:{A}:"
IAM, EC2, SSM = f"arn:aws:iam::{A}:", f"arn:aws:ec2:us-east-1:{A}:", f"arn:aws:ssm:us-east-1:{A}:"
LOGS = f"arn:aws:logs:us-east-1:{A}:log-group:"
URL = f"https://sqs.us-east-1.amazonaws.com/{A}/q"
ROLE = f"{IAM}role/r"


def needed(service: str, operation: str, **params: Any) -> list[tuple[str, str]]:
    found = authorizations_for(service, operation, params, A, "us-east-1", caller=BOB)
    return [(each.action, each.resource) for each in found]


TABLE: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("sqs", "SendMessage", {"QueueUrl": URL}, [("sqs:SendMessage", f"{SQS}q")]),
    ("sqs", "SendMessageBatch", {"QueueUrl": URL}, [("sqs:SendMessage", f"{SQS}q")]),
    ("sqs", "DeleteMessageBatch", {"QueueUrl": URL}, [("sqs:DeleteMessage", f"{SQS}q")]),
    ("sqs", "ChangeMessageVisibilityBatch", {"QueueUrl": URL}, [("sqs:ChangeMessageVisibility", f"{SQS}q")]),
    ("sqs", "CreateQueue", {"QueueName": "n"}, [("sqs:CreateQueue", f"{SQS}n")]),
    ("sqs", "GetQueueUrl", {"QueueName": "n", "QueueOwnerAWSAccountId": "222222222222"},
     [("sqs:GetQueueUrl", "arn:aws:sqs:us-east-1:222222222222:n")]),
    ("sqs", "ListQueues", {}, [("sqs:ListQueues", f"{SQS}*")]),
    ("s3", "ListBuckets", {}, [("s3:ListAllMyBuckets", f"{S3}*")]),
    ("s3", "ListObjects", {"Bucket": "b"}, [("s3:ListBucket", f"{S3}b")]),
    ("s3", "ListObjectsV2", {"Bucket": "b"}, [("s3:ListBucket", f"{S3}b")]),
    ("s3", "ListObjectVersions", {"Bucket": "b"}, [("s3:ListBucketVersions", f"{S3}b")]),
    ("s3", "HeadBucket", {"Bucket": "b"}, [("s3:ListBucket", f"{S3}b")]),
    ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, [("s3:GetObject", f"{S3}b/k")]),
    ("s3", "GetObject", {"Bucket": "b", "Key": "a/k"}, [("s3:GetObject", f"{S3}b/a/k")]),
    ("s3", "GetObject", {"Bucket": "b", "Key": "k", "VersionId": "1"}, [("s3:GetObjectVersion", f"{S3}b/k")]),
    ("s3", "GetObject", {"Bucket": "arn:aws:s3:us-east-1:1:accesspoint/ap", "Key": "k"},
     [("s3:GetObject", "arn:aws:s3:us-east-1:1:accesspoint/ap/object/k")]),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k"}, [("s3:PutObject", f"{S3}b/k")]),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "ACL": "private", "Tagging": "a=b", "ObjectLockMode": "GOVERNANCE",
                         "ObjectLockLegalHoldStatus": "ON"},
     [("s3:PutObject", f"{S3}b/k"), ("s3:PutObjectTagging", f"{S3}b/k"), ("s3:PutObjectAcl", f"{S3}b/k"),
      ("s3:PutObjectLegalHold", f"{S3}b/k"), ("s3:PutObjectRetention", f"{S3}b/k")]),
    ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "src/x/y"},
     [("s3:GetObject", f"{S3}src/x/y"), ("s3:PutObject", f"{S3}b/k")]),
    ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "/src/a%20b?versionId=7"},
     [("s3:GetObjectVersion", f"{S3}src/a b"), ("s3:PutObject", f"{S3}b/k")]),
    ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": {"Bucket": "src", "Key": "x"}},
     [("s3:GetObject", f"{S3}src/x"), ("s3:PutObject", f"{S3}b/k")]),
    ("s3", "UploadPartCopy",
     {"Bucket": "b", "Key": "k", "CopySource": "arn:aws:s3:us-east-1:1:accesspoint/ap/object/x"},
     [("s3:GetObject", "arn:aws:s3:us-east-1:1:accesspoint/ap/object/x"), ("s3:PutObject", f"{S3}b/k")]),
    ("s3", "CreateMultipartUpload", {"Bucket": "b", "Key": "k"}, [("s3:PutObject", f"{S3}b/k")]),
    ("s3", "UploadPart", {"Bucket": "b", "Key": "k"}, [("s3:PutObject", f"{S3}b/k")]),
    ("s3", "CompleteMultipartUpload", {"Bucket": "b", "Key": "k"}, [("s3:PutObject", f"{S3}b/k")]),
    ("s3", "AbortMultipartUpload", {"Bucket": "b", "Key": "k"}, [("s3:AbortMultipartUpload", f"{S3}b/k")]),
    ("s3", "ListParts", {"Bucket": "b", "Key": "k"}, [("s3:ListMultipartUploadParts", f"{S3}b/k")]),
    ("s3", "ListMultipartUploads", {"Bucket": "b"}, [("s3:ListBucketMultipartUploads", f"{S3}b")]),
    ("s3", "DeleteObject", {"Bucket": "b", "Key": "k", "VersionId": "1", "BypassGovernanceRetention": True},
     [("s3:DeleteObjectVersion", f"{S3}b/k"), ("s3:BypassGovernanceRetention", f"{S3}b/k")]),
    ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "x"}, {"Key": "y", "VersionId": "1"}]}},
     [("s3:DeleteObject", f"{S3}b/x"), ("s3:DeleteObjectVersion", f"{S3}b/y")]),
    ("s3", "PutBucketPolicy", {"Bucket": "b"}, [("s3:PutBucketPolicy", f"{S3}b")]),
    ("s3", "DeleteBucketEncryption", {"Bucket": "b"}, [("s3:PutEncryptionConfiguration", f"{S3}b")]),
    ("s3", "CreateBucket", {"Bucket": "b", "ObjectOwnership": "ObjectWriter", "ACL": "private"},
     [("s3:CreateBucket", f"{S3}b"), ("s3:PutBucketOwnershipControls", f"{S3}b")]),
    ("dynamodb", "GetItem", {"TableName": "t"}, [("dynamodb:GetItem", f"{DDB}t")]),
    ("dynamodb", "GetItem", {"TableName": f"{DDB}t"}, [("dynamodb:GetItem", f"{DDB}t")]),
    ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, [("dynamodb:Query", f"{DDB}t/index/i")]),
    ("dynamodb", "Scan", {"TableName": f"{DDB}t", "IndexName": "i"}, [("dynamodb:Scan", f"{DDB}t/index/i")]),
    ("dynamodb", "BatchGetItem", {"RequestItems": {"t": {"Keys": []}, "u": {"Keys": []}}},
     [("dynamodb:BatchGetItem", f"{DDB}t"), ("dynamodb:BatchGetItem", f"{DDB}u")]),
    ("dynamodb", "BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": {}}], "u": []}},
     [("dynamodb:BatchWriteItem", f"{DDB}t"), ("dynamodb:BatchWriteItem", f"{DDB}u")]),
    ("dynamodb", "TransactGetItems", {"TransactItems": [{"Get": {"TableName": "t"}}, {"Get": {"TableName": "t"}}]},
     [("dynamodb:GetItem", f"{DDB}t")]),
    ("dynamodb", "TransactWriteItems",
     {"TransactItems": [{"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "u"}},
         {"Update": {"TableName": "t"}}]},
     [("dynamodb:ConditionCheckItem", f"{DDB}u"), ("dynamodb:PutItem", f"{DDB}t"), ("dynamodb:UpdateItem", f"{DDB}t")]),
    ("dynamodb", "ExecuteStatement", {"Statement": 'SELECT * FROM "t"."i" WHERE a = 1'},
     [("dynamodb:PartiQLSelect", f"{DDB}t/index/i")]),
    ("dynamodb", "ExecuteStatement", {"Statement": "update t SET a=1 where b=2"},
     [("dynamodb:PartiQLUpdate", f"{DDB}t")]),
    ("dynamodb", "BatchExecuteStatement",
     {"Statements": [{"Statement": "INSERT INTO t VALUE {'a': 1}"}, {"Statement": "DELETE FROM u WHERE a=1"}]},
     [("dynamodb:PartiQLInsert", f"{DDB}t"), ("dynamodb:PartiQLDelete", f"{DDB}u")]),
    ("dynamodb", "ListTables", {}, [("dynamodb:ListTables", "*")]),
    ("dynamodbstreams", "DescribeStream", {"StreamArn": f"{DDB}t/stream/x"},
     [("dynamodb:DescribeStream", f"{DDB}t/stream/x")]),
    ("sns", "Publish", {"TopicArn": f"arn:aws:sns:us-east-1:{A}:t"}, [("sns:Publish", f"arn:aws:sns:us-east-1:{A}:t")]),
    ("sns", "Publish", {"PhoneNumber": "+1"}, [("sns:Publish", "*")]),
    ("sns", "PublishBatch", {"TopicArn": f"arn:aws:sns:us-east-1:{A}:t"},
     [("sns:Publish", f"arn:aws:sns:us-east-1:{A}:t")]),
    ("sns", "CreateTopic", {"Name": "t"}, [("sns:CreateTopic", f"arn:aws:sns:us-east-1:{A}:t")]),
    ("lambda", "Invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", f"{LAMBDA}f")]),
    ("lambda", "Invoke", {"FunctionName": "f", "Qualifier": "live"}, [("lambda:InvokeFunction", f"{LAMBDA}f:live")]),
    ("lambda", "Invoke", {"FunctionName": f"{LAMBDA}f", "Qualifier": "live"},
     [("lambda:InvokeFunction", f"{LAMBDA}f:live")]),
    ("lambda", "CreateFunction", {"FunctionName": "f", "Role": ROLE},
     [("lambda:CreateFunction", f"{LAMBDA}f"), ("iam:PassRole", ROLE)]),
    ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f"},
     [("lambda:UpdateFunctionConfiguration", f"{LAMBDA}f")]),
    ("lambda", "ListFunctions", {}, [("lambda:ListFunctions", "*")]),
    ("iam", "GetUser", {}, [("iam:GetUser", BOB)]),
    ("iam", "GetUser", {"UserName": "eve"}, [("iam:GetUser", f"{IAM}user/eve")]),
    ("iam", "CreateAccessKey", {}, [("iam:CreateAccessKey", BOB)]),
    ("iam", "CreateUser", {"UserName": "eve", "Path": "/x/"}, [("iam:CreateUser", f"{IAM}user/x/eve")]),
    ("iam", "CreateRole", {"RoleName": "r"}, [("iam:CreateRole", ROLE)]),
    ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/P"},
     [("iam:AttachRolePolicy", ROLE)]),
    ("iam", "GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/P"}, [("iam:GetPolicy", "arn:aws:iam::aws:policy/P")]),
    ("iam", "AddUserToGroup", {"UserName": "u", "GroupName": "g"}, [("iam:AddUserToGroup", f"{IAM}group/g")]),
    ("iam", "ListUsers", {}, [("iam:ListUsers", f"{IAM}user/")]),
    ("iam", "AddRoleToInstanceProfile", {"RoleName": "r", "InstanceProfileName": "p"},
     [("iam:AddRoleToInstanceProfile", f"{IAM}instance-profile/p"), ("iam:PassRole", ROLE)]),
    ("iam", "UpdateUser", {"UserName": "u", "NewUserName": "v", "NewPath": "/x/"},
     [("iam:UpdateUser", f"{IAM}user/u"), ("iam:UpdateUser", f"{IAM}user/x/v")]),
    ("kms", "Decrypt", {}, [("kms:Decrypt", f"{KMS}key/*")]),
    # Not in the templates: what the reference says.
    ("lambda", "DeleteCapacityProvider", {"CapacityProviderName": "c"},
     [("lambda:DeleteCapacityProvider", f"arn:aws:lambda:us-east-1:{A}:capacity-provider:c")]),
    ("kms", "Encrypt", {"KeyId": "k"}, [("kms:Encrypt", f"{KMS}key/k")]),
    ("kms", "Decrypt", {"KeyId": f"{KMS}key/k"}, [("kms:Decrypt", f"{KMS}key/k")]),
    ("kms", "ReEncrypt", {"SourceKeyId": "a", "DestinationKeyId": "b"},
     [("kms:ReEncryptFrom", f"{KMS}key/a"), ("kms:ReEncryptTo", f"{KMS}key/b")]),
    ("kms", "CreateAlias", {"AliasName": "alias/a", "TargetKeyId": "k"},
     [("kms:CreateAlias", f"{KMS}alias/a"), ("kms:CreateAlias", f"{KMS}key/k")]),
    ("kms", "CreateKey", {}, [("kms:CreateKey", "*")]),
    ("secretsmanager", "GetSecretValue", {"SecretId": "s"},
     [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{A}:secret:s")]),
    ("ssm", "GetParameter", {"Name": "/a/b"}, [("ssm:GetParameter", f"{SSM}parameter/a/b")]),
    ("ssm", "GetParameters", {"Names": ["/a", "b"]},
     [("ssm:GetParameters", f"{SSM}parameter/a"), ("ssm:GetParameters", f"{SSM}parameter/b")]),
    ("ssm", "SendCommand", {"DocumentName": "d", "InstanceIds": ["i-1"]},
     [("ssm:SendCommand", f"{SSM}document/d"), ("ssm:SendCommand", f"{EC2}instance/i-1")]),
    ("logs", "PutLogEvents", {"logGroupName": "/g", "logStreamName": "s"},
     [("logs:PutLogEvents", f"{LOGS}/g:log-stream:s")]),
    ("logs", "CreateLogGroup", {"logGroupName": "/g"}, [("logs:CreateLogGroup", f"{LOGS}/g")]),
    ("logs", "DescribeLogGroups", {}, [("logs:DescribeLogGroups", f"{LOGS}*")]),
    ("events", "PutEvents", {"Entries": [{"Source": "a"}, {"Source": "b", "EventBusName": "x"}]},
     [("events:PutEvents", f"{EVENTS}event-bus/default"), ("events:PutEvents", f"{EVENTS}event-bus/x")]),
    ("events", "PutRule", {"Name": "r"}, [("events:PutRule", f"{EVENTS}rule/r")]),
    ("events", "PutTargets", {"Rule": "r", "EventBusName": "x", "Targets": [{"Arn": "a", "RoleArn": ROLE}]},
     [("events:PutTargets", f"{EVENTS}rule/x/r"), ("iam:PassRole", ROLE)]),
    ("kinesis", "PutRecord", {"StreamName": "s"}, [("kinesis:PutRecord", f"arn:aws:kinesis:us-east-1:{A}:stream/s")]),
    ("kinesis", "PutRecords", {"StreamARN": f"arn:aws:kinesis:us-east-1:{A}:stream/s"},
     [("kinesis:PutRecords", f"arn:aws:kinesis:us-east-1:{A}:stream/s")]),
    ("firehose", "PutRecordBatch", {"DeliveryStreamName": "s"},
     [("firehose:PutRecordBatch", f"arn:aws:firehose:us-east-1:{A}:deliverystream/s")]),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"}, [("sts:AssumeRole", ROLE)]),
    ("sts", "AssumeRole",
     {"RoleArn": ROLE, "RoleSessionName": "s", "Tags": [{"Key": "a", "Value": "b"}], "SourceIdentity": "i"},
     [("sts:AssumeRole", ROLE), ("sts:TagSession", ROLE), ("sts:SetSourceIdentity", ROLE)]),
    ("sts", "GetCallerIdentity", {}, []),
    ("sts", "GetFederationToken", {"Name": "f"}, [("sts:GetFederationToken", f"arn:aws:sts::{A}:federated-user/f")]),
    ("ec2", "DescribeInstances", {}, [("ec2:DescribeInstances", "*")]),
    ("ec2", "TerminateInstances", {"InstanceIds": ["i-1", "i-2"]},
     [("ec2:TerminateInstances", f"{EC2}instance/i-1"), ("ec2:TerminateInstances", f"{EC2}instance/i-2")]),
    ("ec2", "RunInstances", {"ImageId": "ami-1", "SubnetId": "subnet-1", "SecurityGroupIds": ["sg-1"], "KeyName": "k"},
     [("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1"), ("ec2:RunInstances", f"{EC2}instance/*"),
      ("ec2:RunInstances", f"{EC2}volume/*"), ("ec2:RunInstances", f"{EC2}network-interface/*"),
      ("ec2:RunInstances", f"{EC2}subnet/subnet-1"), ("ec2:RunInstances", f"{EC2}security-group/sg-1"),
      ("ec2:RunInstances", f"{EC2}key-pair/k")]),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-1"},
     [("ec2:AuthorizeSecurityGroupIngress", f"{EC2}security-group/sg-1")]),
    # Services without templates.
    ("stepfunctions", "StartExecution", {"stateMachineArn": f"arn:aws:states:us-east-1:{A}:stateMachine:m"},
     [("states:StartExecution", f"arn:aws:states:us-east-1:{A}:stateMachine:m")]),
    ("ecr", "PutImage", {"repositoryName": "r"}, [("ecr:PutImage", f"arn:aws:ecr:us-east-1:{A}:repository/r")]),
    ("elbv2", "DescribeLoadBalancers", {}, [("elasticloadbalancing:DescribeLoadBalancers", "*")]),
    ("cloudwatch", "PutMetricData", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
    ("sesv2", "SendEmail", {}, [("ses:SendEmail", "*")]),
    ("budgets", "CreateBudget", {}, [("budgets:ModifyBudget", "*")]),
    ("apigateway", "GetResource", {"restApiId": "a", "resourceId": "r"},
     [("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/a/resources/r")]),
    ("apigatewayv2", "CreateRoute", {"ApiId": "a"},
     [("apigateway:POST", "arn:aws:apigateway:us-east-1::/v2/apis/a/routes")]),
    ("no-such-service", "DoThis", {}, [("no-such-service:DoThis", "*")]),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "params", "expected"), TABLE)
def test_operation(service: str, operation: str, params: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert needed(service, operation, **params) == expected


KEYS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "p/", "MaxKeys": 5}, {"s3:prefix": "p/", "s3:max-keys": 5}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "ServerSideEncryption": "aws:kms"},
     {"s3:x-amz-server-side-encryption": "aws:kms"}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Tagging": "a=1&b%20c=2"},
     {"s3:RequestObjectTag/a": "1", "s3:RequestObjectTag/b c": "2", "s3:RequestObjectTagKeys": ("a", "b c")}),
    ("s3", "PutObjectTagging", {"Bucket": "b", "Key": "k", "Tagging": {"TagSet": [{"Key": "a", "Value": "1"}]}},
     {"s3:RequestObjectTag/a": "1", "s3:RequestObjectTagKeys": ("a",)}),
    ("sqs", "CreateQueue", {"QueueName": "n", "tags": {"a": "1"}}, {"aws:RequestTag/a": "1", "aws:TagKeys": ("a",)}),
    ("sqs", "UntagQueue", {"QueueUrl": URL, "TagKeys": ["a", "b"]}, {"aws:TagKeys": ("a", "b")}),
    ("kms", "CreateKey", {"Tags": [{"TagKey": "a", "TagValue": "1"}], "Origin": "EXTERNAL"},
     {"aws:RequestTag/a": "1", "aws:TagKeys": ("a",), "kms:KeyOrigin": "EXTERNAL"}),
    ("kms", "Decrypt", {"KeyId": "alias/a", "EncryptionContext": {"x": "y"}},
     {"kms:RequestAlias": "alias/a", "kms:EncryptionContext:x": "y", "kms:EncryptionContextKeys": ("x",)}),
    ("kms", "Decrypt", {"KeyId": "k"}, {}),
    ("iam", "AttachUserPolicy", {"UserName": "u", "PolicyArn": "arn:p"}, {"iam:PolicyARN": "arn:p"}),
    ("iam", "CreateUser", {"UserName": "u", "PermissionsBoundary": "arn:p"}, {"iam:PermissionsBoundary": "arn:p"}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "ExternalId": "e"}, {"sts:ExternalId": "e"}),
    ("ec2", "RunInstances", {"InstanceType": "t3.nano", "Placement": {"Tenancy": "host"},
                             "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "1"}]}]},
     {"ec2:InstanceType": "t3.nano", "ec2:Tenancy": "host", "aws:RequestTag/a": "1", "aws:TagKeys": ("a",)}),
    ("events", "PutEvents", {"Entries": [{"Source": "a", "DetailType": "d"}, {"Source": "b"}]},
     {"events:source": ("a", "b"), "events:detail-type": "d", "events:eventBusInvocation": "false"}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "params", "expected"), KEYS)
def test_keys(service: str, operation: str, params: dict[str, Any], expected: dict[str, Any]) -> None:
    assert authorizations_for(service, operation, params, A, "us-east-1")[0].keys == expected


def test_a_passed_role_says_to_whom() -> None:
    params = {"FunctionName": "f", "Role": ROLE}
    own, passed = authorizations_for("lambda", "CreateFunction", params, A, "us-east-1")
    assert passed.keys["iam:PassedToService"] == "lambda.amazonaws.com"
    assert "iam:PassedToService" not in own.keys


def test_lookup_corrects_arns() -> None:
    asked = []

    def lookup(name: str, arn: str, params: Any) -> str:
        asked.append((name, arn, params))
        return f"{IAM}user/path/eve"

    found = authorizations_for("iam", "GetUser", {"UserName": "eve"}, A, "us-east-1", lookup=lookup)
    assert found[0].resource == f"{IAM}user/path/eve"
    assert asked == [("self", f"{IAM}user/eve", {"UserName": "eve"})]


def test_other_partitions() -> None:
    found = authorizations_for("sqs", "CreateQueue", {"QueueName": "n"}, A, "cn-north-1", "aws-cn")
    assert found[0].resource == f"arn:aws-cn:sqs:cn-north-1:{A}:n"


# Actions without an operation, which AWS's services take on somebody's behalf.
PERMISSIONS_ONLY = {"InvokeApiDestination"}
# Requests that botocore has no operation for.
WITHOUT_MODEL = {"AskDomain", "PostObject", "OptionsObject", "WebsiteObject"}


@pytest.mark.parametrize("service", SERVICES)
def test_templates_name_operations_actions_and_resources_that_exist(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    rows = table._toml(service)
    assert rows is not None
    assert set(rows) <= {"default", "resources", "operations", "keys"}
    assert set(rows["default"]) <= set(rows["resources"])
    assert set(rows["operations"]) <= set(model.operation_names) | PERMISSIONS_ONLY | WITHOUT_MODEL
    for operation in rows["operations"]:
        for rule in table._plan(service, operation).rules:
            found = action_named(rule.action)
            assert found is not None, (operation, rule.action)
            assert rule.action.partition(":")[2] == found.name
    used = {rule.split()[2] for rules in rows["operations"].values() for rule in _rules(rules)}
    for name in rows["resources"]:
        assert name in used or name in rows["default"], f"{name} is used nowhere"
    assert {name for name in used if name != "*" and "{" not in name} <= set(rows["resources"])


def _rules(rules: Any) -> list[str]:
    if isinstance(rules, str):
        return [] if rules.startswith("@") else [rules]
    return rules


@pytest.mark.parametrize("service", SERVICES)
def test_parameters_in_templates_exist(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    members = {"SourceBucket", "SourceKey", "Parsed", "Path"}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if shape is not None:
            members |= _members(shape, 4)
    for template in table._resources(service).values():
        for each in (template, template.given_arn):
            for _, place in each.parts if each else ():
                for path in place.names:
                    assert path == "@" or set(path.split(".")) <= members, (template.name, path)


def _members(shape: Any, depth: int) -> set[str]:
    found: set[str] = set()
    if depth and shape.type_name == "structure":
        for name, member in shape.members.items():
            found |= {name} | _members(member, depth - 1)
    elif depth and shape.type_name == "list":
        found |= _members(shape.member, depth - 1)
    elif depth and shape.type_name == "map":
        found |= _members(shape.value, depth - 1)
    return found


def test_almost_every_operation_has_an_action() -> None:
    """botocore knows a few that the reference does not, and newer ones know more than the reference did then."""
    session = botocore.session.get_session()
    lacking, known = [], 0
    for service in SERVICES:
        for name in session.get_service_model(service).operation_names:
            rules = table._plan(service, name).rules
            known += 1
            lacking += [f"{service}:{name}" for rule in rules if action_named(rule.action) is None]
    assert len(lacking) <= known // 12, lacking


def test_the_reference() -> None:
    found = actions("sqs")["SendMessage"]
    assert (found.name, found.level) == ("SendMessage", "Write")
    assert found.resources == {"queue": ("arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", True)}
    assert "s3:x-amz-acl" in actions("s3")["PutObject"].keys
    assert actions("iam")["AttachUserPolicy"].level == "Permissions management"
    assert action_named("S3:getobject") == actions("s3")["GetObject"]
    assert action_named("s3:NoSuchThing") is None
    assert action_named("nosuch:Thing") is None
    assert actions("../operations/sqs") == {}


def test_every_table_of_the_reference_can_be_read() -> None:
    for path in (Path(table.__file__).parent / "data").glob("[!_]*.json"):
        assert actions(path.stem)


@pytest.mark.parametrize(
    ("service", "prefix"),
    [("stepfunctions", "states"), ("elbv2", "elasticloadbalancing"), ("cloudwatch", "cloudwatch"), ("lambda", "lambda"),
     ("apigatewayv2", "apigateway"), ("dynamodbstreams", "dynamodb"), ("s3control", "s3"), ("sso-admin", "sso"),
     ("opensearch", "es"), ("pinpoint", "mobiletargeting"), ("iot-data", "iot"), ("efs", "elasticfilesystem"),
     ("emr", "elasticmapreduce"), ("logs", "logs"), ("ses", "ses"), ("acm", "acm"), ("nonesuch", "nonesuch")],
)  # fmt: skip
def test_prefixes(service: str, prefix: str) -> None:
    assert prefix_of(service) == prefix


@pytest.mark.parametrize(("action", "expected"), [("s3:GetObject", True), ("SQS:SendMessage", True), ("ec2:X", False)])
def test_services_that_rcps_bind(action: str, expected: bool) -> None:
    assert takes_rcps(action) is expected


def test_the_data_is_small() -> None:
    here = Path(table.__file__).parent
    size = sum(path.stat().st_size for path in here.rglob("*") if path.suffix in (".json", ".toml"))
    assert size <= 1_500_000


def test_nothing_is_read_at_import() -> None:
    code = (
        "import sys, awsim, awsim.auth.policy; assert 'awsim.auth.actions' not in sys.modules;"
        "import awsim.auth.actions as t; assert not t._json.cache_info().currsize and not t._toml.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_operations_and_policies_together() -> None:
    """A least-privilege role that lacks one action: it can list and read, not copy."""
    reader = Principal(f"arn:aws:sts::{A}:assumed-role/reader/s", A, "assumed-role")
    policy = parse(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], '
        '"Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}]}'
    )

    def allowed(operation: str, **params: Any) -> list[str]:
        """The actions that are refused."""
        refused = []
        for action, resource, keys in authorizations_for("s3", operation, params, A, "us-east-1"):
            request = AuthorizationRequest(reader, action, resource, build(reader, Facts(), keys))
            if not decide(request, PolicySet(identity=(policy,))).allowed:
                refused.append(action)
        return refused

    assert allowed("ListObjectsV2", Bucket="b") == []
    assert allowed("HeadObject", Bucket="b", Key="k") == []
    assert allowed("GetObject", Bucket="b", Key="k", VersionId="1") == ["s3:GetObjectVersion"]
    assert allowed("CopyObject", Bucket="b", Key="k2", CopySource="b/k") == ["s3:PutObject"]
