"""Exact boundaries: every row of the limits table that the gateway measures, at its value and one beyond it.

Driven from the table: a new row with `applies` is tested as soon as it is there, and asks for valid parameters of its
operation in `CALLS` where they are missing.
"""

import copy
import fnmatch
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest

from awsim.cloud import Cloud
from awsim.errors import AWSError
from awsim.limits.table import load, services
from awsim.wire.models import service_model

ROLE = "arn:aws:iam::123456789012:role/app"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def _queue(cloud, name="jobs", **attributes):
    return cloud.call("sqs", "CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]


def _received(cloud):
    url = _queue(cloud)
    cloud.call("sqs", "SendMessage", QueueUrl=url, MessageBody="hello")
    (message,) = cloud.call("sqs", "ReceiveMessage", QueueUrl=url)["Messages"]
    return {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}


def _dead_letters(cloud):
    arn = "arn:aws:sqs:us-east-1:123456789012:dead"
    _queue(cloud, "dead")
    _queue(cloud, "jobs", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1}))
    return {"SourceArn": arn}


def _bucket(cloud):
    cloud.call("s3", "CreateBucket", Bucket="reports")
    return {"Bucket": "reports"}


def _table(cloud):
    cloud.call("dynamodb", "CreateTable", TABLE)
    return {}


def _shard(cloud):
    stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    created = cloud.call("dynamodb", "CreateTable", TABLE, StreamSpecification=stream)
    arn = created["TableDescription"]["LatestStreamArn"]
    (shard,) = cloud.call("dynamodbstreams", "DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
    return {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST"}


WINDOW = {"Name": "nightly", "Schedule": "rate(1 day)", "Duration": 5, "Cutoff": 0, "AllowUnassociatedTargets": True}


def _kept_secret(cloud):
    cloud.call("secretsmanager", "CreateSecret", Name="password", SecretString="hunter2")
    return {"SecretId": "password"}


def _topic(cloud):
    return {"ResourceArn": cloud.call("sns", "CreateTopic", Name="news")["TopicArn"]}


def _stream(cloud):
    cloud.call("kinesis", "CreateStream", StreamName="clicks", ShardCount=1)
    return {"StreamName": "clicks"}


def _iterator(cloud):
    answer = cloud.call(
        "kinesis", "GetShardIterator", ShardId="shardId-000000000000", ShardIteratorType="LATEST", **_stream(cloud)
    )
    return {"ShardIterator": answer["ShardIterator"]}


def _stream_arn(cloud):
    _stream(cloud)
    return {"StreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def _iam(kind):
    """A user, group or role "x", and an inline policy to put on it."""

    def prepare(cloud):
        name = {f"{kind}Name": "x"}
        trust = {"AssumeRolePolicyDocument": json.dumps(TRUST)} if kind == "Role" else {}
        cloud.call("iam", f"Create{kind}", {**name, **trust})
        return name

    return prepare


def _inline(kind):
    return lambda cloud: {**_iam(kind)(cloud), "PolicyName": "p", "PolicyDocument": json.dumps(POLICY)}


def _vault(cloud):
    cloud.limits["glacier.closed"] = 0
    vault = {"accountId": "-", "vaultName": "films"}
    cloud.call("glacier", "CreateVault", vault)
    return vault


def _login(cloud):
    user = _iam("User")(cloud)
    cloud.call("iam", "CreateLoginProfile", **user, Password="Hunter2-hunter2")
    return user


def _delivery(cloud):
    destination = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::reports"}
    return {"DeliveryStreamName": "clicks", "ExtendedS3DestinationConfiguration": destination}


def _delivered(cloud):
    cloud.call("firehose", "CreateDeliveryStream", _delivery(cloud))
    return {"DeliveryStreamName": "clicks", "Records": []}


def _key(cloud, **more):
    return {"KeyId": cloud.call("kms", "CreateKey", more)["KeyMetadata"]["KeyId"]}


def _signing(cloud):
    key = _key(cloud, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return {**key, "SigningAlgorithm": "ECDSA_SHA_256", "Message": b"x"}


def _mac(cloud):
    key = _key(cloud, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    return {**key, "MacAlgorithm": "HMAC_SHA_256", "Message": b"x"}


def _log_stream(cloud):
    cloud.call("logs", "CreateLogGroup", logGroupName="app")
    cloud.call("logs", "CreateLogStream", logGroupName="app", logStreamName="web")
    return {"logGroupName": "app", "logStreamName": "web"}


# Operation -> valid parameters, with what they need to exist. The measured member is put in.
def _images(cloud):
    cloud.call("kinesisvideo", "CreateStream", StreamName="door", DataRetentionInHours=1)
    images = {
        "Status": "ENABLED",
        "ImageSelectorType": "SERVER_TIMESTAMP",
        "DestinationConfig": {"Uri": "s3://images", "DestinationRegion": "us-east-1"},
        "SamplingInterval": 3000,
        "Format": "JPEG",
    }
    return {"StreamName": "door", "ImageGenerationConfiguration": images}


BROKER = {
    "EngineType": "ACTIVEMQ",
    "DeploymentMode": "SINGLE_INSTANCE",
    "HostInstanceType": "mq.m5.large",
    "PubliclyAccessible": False,
    "Users": [{"Username": "admin", "Password": "correct-horse-battery"}],
}


def _kafka(cloud=None, scram=False):
    """What a cluster is made of, and, in a Cloud, one that is there."""
    group = {"InstanceType": "kafka.m5.large", "ClientSubnets": ["subnet-1", "subnet-2", "subnet-3"]}
    made = {"BrokerNodeGroupInfo": group, "KafkaVersion": "3.9.x.kraft", "NumberOfBrokerNodes": 3}
    if cloud is None:
        return made
    made |= {"ClusterName": "orders", "ClientAuthentication": {"Sasl": {"Scram": {"Enabled": scram}}}}
    made["ClientAuthentication"]["Unauthenticated"] = {"Enabled": True}
    arn = cloud.call("kafka", "CreateCluster", made)["ClusterArn"]
    return {"ClusterArn": arn}


def _brokers(cloud):
    cluster = _kafka(cloud)
    version = cloud.call("kafka", "DescribeCluster", cluster)["ClusterInfo"]["CurrentVersion"]
    return {**cluster, "CurrentVersion": version}


def _function(cloud=None):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "")
    given = {
        "FunctionName": "f",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": ROLE,
        "Code": {"ZipFile": package.getvalue()},
    }
    if cloud is None:
        return given
    cloud.call("lambda", "CreateFunction", given)
    return {"FunctionName": "f"}


CALLS = {
    "lambda:CreateFunction": lambda cloud: _function(),
    "lambda:UpdateFunctionConfiguration": _function,
    "sqs:SendMessage": lambda cloud: {"QueueUrl": _queue(cloud), "MessageBody": "hello"},
    "sqs:ReceiveMessage": lambda cloud: {"QueueUrl": _queue(cloud)},
    "sqs:ChangeMessageVisibility": lambda cloud: {**_received(cloud), "VisibilityTimeout": 30},
    "sqs:ListQueues": lambda cloud: {},
    "sqs:ListDeadLetterSourceQueues": lambda cloud: {"QueueUrl": _queue(cloud)},
    "sqs:StartMessageMoveTask": _dead_letters,
    "sqs:ListMessageMoveTasks": _dead_letters,
    "sns:CreateTopic": lambda cloud: {"Name": "news", "Tags": [{"Key": "k", "Value": "v"}]},
    "sns:TagResource": lambda cloud: {**_topic(cloud), "Tags": [{"Key": "k", "Value": "v"}]},
    "glacier:CreateVault": _vault,
    "glacier:UploadArchive": lambda cloud: {**_vault(cloud), "body": b"x"},
    "glacier:InitiateMultipartUpload": lambda cloud: {**_vault(cloud), "partSize": "1048576"},
    "s3:DeleteObjects": lambda cloud: {**_bucket(cloud), "Delete": {"Objects": [{"Key": "a"}]}},
    "s3:PutBucketCors": lambda cloud: {**_bucket(cloud), "CORSConfiguration": {}},
    "dynamodb:CreateTable": lambda cloud: copy.deepcopy(TABLE),
    "dynamodb:UpdateTable": lambda cloud: {
        **_table(cloud),
        "TableName": "orders",
        "AttributeDefinitions": [{"AttributeName": "other", "AttributeType": "S"}],
    },
    "dynamodb:TransactWriteItems": _table,
    "dynamodb:TransactGetItems": _table,
    "dynamodb:BatchExecuteStatement": _table,
    "dynamodb:ExecuteTransaction": _table,
    "dynamodb:PutResourcePolicy": lambda cloud: {
        **_table(cloud),
        "ResourceArn": "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
    },
    "dynamodbstreams:ListStreams": lambda cloud: {},
    "dynamodbstreams:DescribeStream": lambda cloud: {"StreamArn": _shard(cloud)["StreamArn"]},
    "dynamodbstreams:GetRecords": lambda cloud: cloud.call("dynamodbstreams", "GetShardIterator", _shard(cloud)),
    "sts:AssumeRole": lambda cloud: {"RoleArn": ROLE, "RoleSessionName": "test"},
    "sts:AssumeRoleWithSAML": lambda cloud: {
        "RoleArn": ROLE,
        "PrincipalArn": "arn:aws:iam::123456789012:saml-provider/idp",
        "SAMLAssertion": "PHNhbWw+",
    },
    "sts:AssumeRoleWithWebIdentity": lambda cloud: {
        "RoleArn": ROLE,
        "RoleSessionName": "test",
        "WebIdentityToken": "eyJ.eyJ.sig",
    },
    "sts:AssumeRoot": lambda cloud: {
        "TargetPrincipal": "210987654321",
        "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
    },
    "firehose:CreateDeliveryStream": _delivery,
    "firehose:PutRecordBatch": _delivered,
    "kinesis:CreateStream": lambda cloud: {"StreamName": "clicks", "ShardCount": 1},
    "kinesis:UpdateMaxRecordSize": _stream_arn,
    "kinesis:PutRecord": lambda cloud: {**_stream(cloud), "Data": b"x", "PartitionKey": "k"},
    "kinesis:PutRecords": lambda cloud: {**_stream(cloud), "Records": [{"Data": b"x", "PartitionKey": "k"}]},
    "kinesis:GetRecords": _iterator,
    "iam:CreateUser": lambda cloud: {"UserName": "x"},
    "iam:UpdateUser": _iam("User"),
    "iam:CreateGroup": lambda cloud: {"GroupName": "x"},
    "iam:UpdateGroup": _iam("Group"),
    "iam:CreateRole": lambda cloud: {"RoleName": "x", "AssumeRolePolicyDocument": json.dumps(TRUST)},
    "iam:UpdateRole": _iam("Role"),
    "iam:CreateInstanceProfile": lambda cloud: {"InstanceProfileName": "x"},
    "iam:CreatePolicy": lambda cloud: {"PolicyName": "x", "PolicyDocument": json.dumps(POLICY)},
    "iam:PutUserPolicy": _inline("User"),
    "iam:PutGroupPolicy": _inline("Group"),
    "iam:PutRolePolicy": _inline("Role"),
    "iam:CreateAccountAlias": lambda cloud: {},
    "iam:CreateLoginProfile": _iam("User"),
    "iam:UpdateLoginProfile": _login,
    "iam:UploadServerCertificate": lambda cloud: {"CertificateBody": "x", "PrivateKey": "x"},
    "iam:CreateSAMLProvider": lambda cloud: {"SAMLMetadataDocument": "x" * 1000},
    "kafka:CreateCluster": lambda cloud: {"ClusterName": "orders", **_kafka()},
    "kafka:CreateClusterV2": lambda cloud: {"ClusterName": "orders", "Provisioned": _kafka()},
    "kafka:UpdateBrokerCount": _brokers,
    "kafka:BatchAssociateScramSecret": lambda cloud: _kafka(cloud, scram=True),
    "kafka:BatchDisassociateScramSecret": lambda cloud: _kafka(cloud, scram=True),
    "kinesisvideo:CreateStream": lambda cloud: {"StreamName": "door"},
    "kinesisvideo:UpdateImageGenerationConfiguration": _images,
    "kms:CreateKey": lambda cloud: {},
    "kms:PutKeyPolicy": _key,
    "kms:ReplicateKey": lambda cloud: {**_key(cloud, MultiRegion=True), "ReplicaRegion": "eu-west-1"},
    "kms:DescribeKey": _key,
    "kms:Encrypt": lambda cloud: {**_key(cloud), "Plaintext": b"x"},
    "kms:Decrypt": lambda cloud: {"CiphertextBlob": b"x"},
    "kms:ReEncrypt": lambda cloud: {"CiphertextBlob": b"x", "DestinationKeyId": _key(cloud)["KeyId"]},
    "kms:GenerateDataKey": lambda cloud: {**_key(cloud), "NumberOfBytes": 16},
    "kms:GenerateDataKeyWithoutPlaintext": _key,
    "kms:GenerateRandom": lambda cloud: {},
    "kms:Sign": _signing,
    "kms:Verify": lambda cloud: {**_signing(cloud), "Signature": b"x"},
    "kms:GenerateMac": _mac,
    "kms:VerifyMac": lambda cloud: {**_mac(cloud), "Mac": b"x"},
    "kms:ScheduleKeyDeletion": _key,
    "kms:EnableKeyRotation": _key,
    "kms:ListKeys": lambda cloud: {},
    "kms:ListAliases": lambda cloud: {},
    "kms:ListKeyPolicies": _key,
    "kms:ListKeyRotations": _key,
    "kms:ListGrants": _key,
    "kms:ListRetirableGrants": lambda cloud: {"RetiringPrincipal": ROLE},
    "kms:ListResourceTags": _key,
    "logs:PutLogEvents": _log_stream,
    "mq:CreateBroker": lambda cloud: copy.deepcopy(BROKER),
    "mq:CreateConfiguration": lambda cloud: {"EngineType": "ACTIVEMQ"},
    "secretsmanager:CreateSecret": lambda cloud: {"Name": "password"},
    "secretsmanager:PutSecretValue": _kept_secret,
    "secretsmanager:UpdateSecret": _kept_secret,
    "secretsmanager:PutResourcePolicy": _kept_secret,
    "secretsmanager:ValidateResourcePolicy": lambda cloud: {},
    "ssm:CreateMaintenanceWindow": lambda cloud: dict(WINDOW),
    "ssm:UpdateMaintenanceWindow": lambda cloud: cloud.call("ssm", "CreateMaintenanceWindow", WINDOW),
    "schemas:GetDiscoveredSchema": lambda cloud: {"Type": "OpenApi3", "Events": ["{}"]},
    "sts:GetSessionToken": lambda cloud: {},
    "sts:GetFederationToken": lambda cloud: {"Name": "jane"},
}

# Member of a list -> its n-th element.
_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_{}-Ab12Cd"
ELEMENTS = {
    "kafka:BatchAssociateScramSecret.SecretArnList": _SECRET.format,
    "kafka:BatchDisassociateScramSecret.SecretArnList": _SECRET.format,
    "s3:DeleteObjects.Delete.Objects": lambda n: {"Key": f"key-{n}"},
    "s3:PutBucketCors.CORSConfiguration.CORSRules": lambda n: {
        "AllowedMethods": ["GET"],
        "AllowedOrigins": [f"https://{n}.example.com"],
    },
    "dynamodb:TransactWriteItems.TransactItems": lambda n: {
        "Put": {"TableName": "orders", "Item": {"pk": {"S": f"item-{n}"}}}
    },
    "dynamodb:TransactGetItems.TransactItems": lambda n: {
        "Get": {"TableName": "orders", "Key": {"pk": {"S": f"item-{n}"}}}
    },
    "dynamodb:BatchExecuteStatement.Statements": lambda n: {
        "Statement": f"INSERT INTO orders VALUE {{'pk': 'item-{n}'}}"
    },
    "dynamodb:ExecuteTransaction.TransactStatements": lambda n: {
        "Statement": f"INSERT INTO orders VALUE {{'pk': 'item-{n}'}}"
    },
}
ELEMENTS_BY_SHAPE = {
    "InputLogEvents": lambda n: {"timestamp": n, "message": "x"},
    "GrantTokenList": lambda n: f"token-{n}",
    "__listOfGetDiscoveredSchemaVersionItemInput": lambda n: "{}",
    "PutRecordBatchRequestEntryList": lambda n: {"Data": b"x"},
    "PutRecordsRequestEntryList": lambda n: {"Data": b"x", "PartitionKey": str(n)},
    "policyDescriptorListType": lambda n: {"arn": f"arn:aws:iam::123456789012:policy/p{n}"},
    "tagListType": lambda n: {"Key": f"key-{n}", "Value": "value"},
    "tagKeyListType": lambda n: f"key-{n}",
}

# Calls that may be refused for other reasons even at the limit: they need what these parameters do not have, or time
# counts too (the time since a message was received is part of the twelve hours that it may be hidden).
REFUSED_ANYHOW = {
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "dynamodb:UpdateTable",
    "dynamodb:PutResourcePolicy",
    "sqs:ChangeMessageVisibility",
    "iam:UploadServerCertificate",
    "iam:CreateSAMLProvider",
    "kms:Decrypt",
    "kms:ReEncrypt",
    "kms:Verify",
    "kms:VerifyMac",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ValidateResourcePolicy",
}


def _whole_table(params, value):
    """Key schema and attribute definitions name the same attributes."""
    params["KeySchema"][0]["AttributeName"] = params["AttributeDefinitions"][0]["AttributeName"] = value


def _transitive(params, value):
    params["Tags"] = [{"Key": key, "Value": "value"} for key in value]


def _path(params, value):
    """Paths begin and end with a slash."""
    params["Path"] = f"/{value[2:]}/"


def _password(params, value):
    """Passwords mix kinds of characters."""
    params["Password"] = f"aA1{value[3:]}"


def _key_policy(params, value):
    """Key policies name principals, and let who sets them set them again."""
    if not value.startswith("{"):
        return
    statement = {**POLICY["Statement"][0], "Principal": "*"}
    params["Policy"] = json.dumps({**POLICY, "Statement": [statement]}).ljust(len(value))


# Members that have to go together with others, or to have a form of their own.
TOGETHER = {
    **{f"iam:Create{kind}.Path": _path for kind in ("User", "Group", "Role", "Policy", "InstanceProfile")},
    "iam:CreateLoginProfile.Password": _password,
    "iam:UpdateLoginProfile.Password": _password,
    "dynamodb:CreateTable.KeySchema[].AttributeName": _whole_table,
    "dynamodb:CreateTable.AttributeDefinitions[].AttributeName": _whole_table,
    "sts:AssumeRole.TransitiveTagKeys": _transitive,
    **{f"kms:{operation}.Policy": _key_policy for operation in ("CreateKey", "PutKeyPolicy", "ReplicateKey")},
}


@dataclass(frozen=True)
class Boundary:
    """One member that one row bounds."""

    row: Any
    operation: str
    member: str

    @property
    def call(self) -> str:
        return f"{self.row.service}:{self.operation}"

    @property
    def name(self) -> str:
        return f"{self.call}.{self.member}"

    def shape(self) -> Any:
        shape = service_model(self.row.service).operation_model(self.operation).input_shape
        for part in self.member.split("."):
            name, *lists = part.split("[]")
            shape = shape.members[name]
            for _ in lists:
                shape = shape.member
        return shape

    def value(self, size: int) -> Any:
        """Something that measures `size`."""
        shape = self.shape()
        if shape.type_name in ("integer", "long"):
            return size
        if shape.type_name == "list":
            element = ELEMENTS.get(self.name) or ELEMENTS_BY_SHAPE.get(shape.name)
            assert element is not None, f"say in ELEMENTS what a list at {self.name} holds"
            return [element(n) for n in range(size)]
        if shape.type_name == "blob":
            return b"x" * size
        if self.member == "Policy":
            return json.dumps(POLICY).ljust(size)
        return "x" * size

    def parameters(self, cloud: Cloud, size: int) -> dict[str, Any]:
        params = self.base(cloud)
        value = self.value(size)
        within: Any = params
        *path, last = re.split(r"\.", self.member.replace("[]", ".0"))
        for name in path:
            within = within[int(name)] if name.isdigit() else within.setdefault(name, {})
        within[last] = value
        together = TOGETHER.get(self.name)
        if together is not None:
            together(params, value)
        return params

    def base(self, cloud: Cloud) -> dict[str, Any]:
        prepare = CALLS.get(self.call)
        assert prepare is not None, f"say in CALLS with which parameters {self.call} is valid"
        return prepare(cloud)

    def refuses(self, error: AWSError) -> bool:
        """Whether an error is the row's own."""
        words = "".join(
            ".*" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", self.row.message)
        )
        return error.code == self.row.error and re.fullmatch(words, error.message, re.DOTALL) is not None


def _boundaries() -> list[Boundary]:
    found = []
    for service in services():
        for row in load(service).values():
            for applied in row.applies:
                pattern, _, member = applied.partition(".")
                model = service_model(service)
                first = re.split(r"[.\[{]", member)[0]
                for operation in fnmatch.filter(model.operation_names, pattern):
                    # An older botocore may not know the member; a wrong name is the schema test's to find.
                    if first in model.operation_model(operation).input_shape.members:
                        found.append(Boundary(row, operation, member))
    return found


def _call(boundary: Boundary, size: int, limits: dict[str, Any] | None = None) -> AWSError | None:
    """The refusal of a call whose member measures `size`; nothing of it is left behind."""
    cloud = Cloud(limits=limits or {})
    params = boundary.parameters(cloud, size)
    try:
        cloud.call(boundary.row.service, boundary.operation, params)
    except AWSError as error:
        if error.code == "NotImplemented":
            pytest.skip(error.message)
        return error
    return None


every = pytest.mark.parametrize("boundary", _boundaries(), ids=lambda boundary: boundary.name)


@every
def test_at_the_limit(boundary):
    error = _call(boundary, int(boundary.row.value))
    if boundary.call in REFUSED_ANYHOW:
        assert error is None or not boundary.refuses(error)
    else:
        assert error is None


@every
def test_one_over_the_limit(boundary):
    error = _call(boundary, int(boundary.row.value) + 1)
    assert error is not None
    assert boundary.refuses(error), error


@every
def test_below_the_least(boundary):
    least = boundary.row.minimum
    if least is None or (least == 0 and boundary.shape().type_name not in ("integer", "long")):
        pytest.skip("there is no least")
    error = _call(boundary, int(least) - 1)
    assert error is not None
    assert boundary.refuses(error), error
    at_least = _call(boundary, int(least))
    assert at_least is None or not boundary.refuses(at_least), at_least


@every
def test_the_boundary_is_where_the_table_says(boundary):
    """Lowered, it refuses what passed; lifted, it refuses nothing."""
    value, name = int(boundary.row.value), boundary.row.full_name
    lowered = _call(boundary, value, {name: value - 1})
    assert lowered is not None
    assert boundary.refuses(lowered), lowered
    lifted = _call(boundary, value + 1, {name: None})
    assert lifted is None or not boundary.refuses(lifted), lifted


in_bytes = [each for each in _boundaries() if each.row.unit == "bytes" and each.shape().type_name == "string"]


@pytest.mark.parametrize("boundary", in_bytes, ids=lambda boundary: boundary.name)
def test_bytes_are_what_counts_where_the_row_says_so(boundary, monkeypatch):
    limits = {boundary.row.full_name: 9}
    monkeypatch.setattr(Boundary, "value", lambda self, size: "é" * size)
    within, over = _call(boundary, 4, limits), _call(boundary, 5, limits)
    assert within is None or not boundary.refuses(within), within
    assert over is not None
    assert boundary.refuses(over), over
