"""How resources are found and described: one reader for each type that Config records here.

What `configuration` holds is what the service's own description says, in lower camel case, as Config has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from awsim.errors import AWSError
from awsim.services.config.base import Base
from awsim.services.config.records import Description

Describe = Callable[[Base, Any], Description | None]


class Reader(NamedTuple):
    """`found`: what there is of a type, each with the names it goes by; `describe`: one of those."""

    type: str
    service: str
    found: Callable[[Base], Iterator[tuple[Any, tuple[str, ...]]]]
    describe: Describe


def lowered(value: Any) -> Any:
    """As Config writes descriptions: members in lower camel case, times as texts."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: lowered(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [lowered(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _seconds(value: Any) -> float | None:
    if isinstance(value, datetime):
        return value.timestamp()
    return None if value is None else float(value)


def _tags(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return dict(tags)
    return {tag.get("Key", tag.get("TagKey")): tag.get("Value", tag.get("TagValue")) for tag in tags or ()}


def _pages(config: Base, service: str, operation: str, member: str, token: str, **asked: Any) -> Iterator[Any]:
    """Members of a listing, page after page; `token` is "answer=parameter"."""
    answer, _, parameter = token.partition("=")
    while True:
        try:
            page = config.ask(service, operation, **asked)
        except AWSError:
            return
        yield from page.get(member) or ()
        following = page.get(answer)
        if not following:
            return
        asked = {**asked, parameter or answer: following}


# --- S3


def _buckets(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for bucket in config.asked("s3", "ListBuckets", "Buckets") or ():
        yield bucket, (bucket["Name"],)


def _bucket(config: Base, bucket: Mapping[str, Any]) -> Description | None:
    name = {"Bucket": bucket["Name"]}
    try:
        where = config.ask("s3", "GetBucketLocation", **name).get("LocationConstraint") or "us-east-1"
    except AWSError:
        return None
    if where != config.region:
        return None
    versioning = config.ask("s3", "GetBucketVersioning", **name)
    acl = config.ask("s3", "GetBucketAcl", **name)
    public = config.asked("s3", "GetBucketPolicyStatus", "PolicyStatus", **name) or {}
    supplementary = {
        "AccessControlList": {"grantList": lowered(acl.get("Grants")), "owner": lowered(acl.get("Owner"))},
        "BucketPolicy": {"policyText": config.asked("s3", "GetBucketPolicy", "Policy", **name)},
        "BucketVersioningConfiguration": {
            "status": versioning.get("Status") or "Off",
            "isMfaDeleteEnabled": versioning.get("MFADelete") == "Enabled",
        },
        "PublicAccessBlockConfiguration": lowered(
            config.asked("s3", "GetPublicAccessBlock", "PublicAccessBlockConfiguration", **name) or {}
        ),
        "ServerSideEncryptionConfiguration": lowered(
            config.asked("s3", "GetBucketEncryption", "ServerSideEncryptionConfiguration", **name) or {}
        ),
        "BucketLoggingConfiguration": lowered(config.asked("s3", "GetBucketLogging", "LoggingEnabled", **name) or {}),
        "IsRequesterPaysEnabled": "false",
    }
    created = bucket.get("CreationDate")
    configuration = {
        "name": bucket["Name"],
        "owner": lowered(acl.get("Owner")),
        "creationDate": lowered(created),
        "region": where,
        "isPolicyPublic": bool(public.get("IsPublic")),
    }
    tags = _tags(config.asked("s3", "GetBucketTagging", "TagSet", **name))
    arn = f"arn:{config.partition}:s3:::{bucket['Name']}"
    return Description(
        "AWS::S3::Bucket", bucket["Name"], bucket["Name"], arn, configuration, supplementary, tags, _seconds(created)
    )


# --- SQS, SNS


def _queues(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for url in _pages(config, "sqs", "ListQueues", "QueueUrls", "NextToken", MaxResults=1000):
        yield url, (url, url.rpartition("/")[2])


def _queue(config: Base, url: str) -> Description | None:
    found = config.asked("sqs", "GetQueueAttributes", "Attributes", QueueUrl=url, AttributeNames=["All"])
    if found is None:
        return None
    moving = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
    )
    configuration = {name: value for name, value in found.items() if name not in moving}
    tags = _tags(config.asked("sqs", "ListQueueTags", "Tags", QueueUrl=url))
    created = _seconds(found.get("CreatedTimestamp"))
    name = url.rpartition("/")[2]
    return Description("AWS::SQS::Queue", url, name, found["QueueArn"], configuration, {}, tags, created)


def _topics(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for topic in _pages(config, "sns", "ListTopics", "Topics", "NextToken"):
        arn = topic["TopicArn"]
        yield arn, (arn, arn.rpartition(":")[2])


def _topic(config: Base, arn: str) -> Description | None:
    found = config.asked("sns", "GetTopicAttributes", "Attributes", TopicArn=arn)
    if found is None:
        return None
    moving = ("SubscriptionsPending", "SubscriptionsConfirmed", "SubscriptionsDeleted")
    configuration = {name: value for name, value in found.items() if name not in moving}
    tags = _tags(config.asked("sns", "ListTagsForResource", "Tags", ResourceArn=arn))
    return Description("AWS::SNS::Topic", arn, arn.rpartition(":")[2], arn, configuration, {}, tags)


# --- DynamoDB, Kinesis


def _tables(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    token = "LastEvaluatedTableName=ExclusiveStartTableName"
    for name in _pages(config, "dynamodb", "ListTables", "TableNames", token):
        yield name, (name,)


def _table(config: Base, name: str) -> Description | None:
    table = config.asked("dynamodb", "DescribeTable", "Table", TableName=name)
    if table is None:
        return None
    moving = ("ItemCount", "TableSizeBytes")
    configuration = lowered({key: value for key, value in table.items() if key not in moving})
    backups = (
        config.asked("dynamodb", "DescribeContinuousBackups", "ContinuousBackupsDescription", TableName=name) or {}
    )
    recovery = (backups.get("PointInTimeRecoveryDescription") or {}).get("PointInTimeRecoveryStatus") == "ENABLED"
    supplementary = {"PointInTimeRecoveryEnabled": str(recovery).lower()}
    tags = _tags(config.asked("dynamodb", "ListTagsOfResource", "Tags", ResourceArn=table["TableArn"]))
    created = _seconds(table.get("CreationDateTime"))
    return Description(
        "AWS::DynamoDB::Table", name, name, table["TableArn"], configuration, supplementary, tags, created
    )


def _streams(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for name in config.asked("kinesis", "ListStreams", "StreamNames") or ():
        yield name, (name,)


def _stream(config: Base, name: str) -> Description | None:
    found = config.asked("kinesis", "DescribeStreamSummary", "StreamDescriptionSummary", StreamName=name)
    if found is None:
        return None
    tags = _tags(config.asked("kinesis", "ListTagsForStream", "Tags", StreamName=name))
    created = _seconds(found.get("StreamCreationTimestamp"))
    return Description("AWS::Kinesis::Stream", name, name, found["StreamARN"], lowered(found), {}, tags, created)


# --- Lambda


def _functions(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for function in _pages(config, "lambda", "ListFunctions", "Functions", "NextMarker=Marker"):
        yield function["FunctionName"], (function["FunctionName"], function["FunctionArn"])


def _function(config: Base, name: str) -> Description | None:
    try:
        found = config.ask("lambda", "GetFunction", FunctionName=name)
    except AWSError:
        return None
    configuration = found["Configuration"]
    policy = config.asked("lambda", "GetPolicy", "Policy", FunctionName=name)
    supplementary: dict[str, Any] = {"Policy": policy} if policy else {}
    if found.get("Concurrency"):
        supplementary["Concurrency"] = lowered(found["Concurrency"])
    arn, role = configuration["FunctionArn"], configuration["Role"].rpartition("/")[2]
    relation = {"resourceType": "AWS::IAM::Role", "resourceName": role, "relationshipName": "Is associated with Role"}
    tags = _tags(found.get("Tags"))
    return Description(
        "AWS::Lambda::Function", name, name, arn, lowered(configuration), supplementary, tags, None, (relation,)
    )


# --- IAM


def _authorization(kind: str, member: str) -> Callable[[Base], Iterator[tuple[Any, tuple[str, ...]]]]:
    def found(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
        asked = {"Filter": [kind]}
        for one in _pages(config, "iam", "GetAccountAuthorizationDetails", member, "Marker", **asked):
            name = next(one[key] for key in ("UserName", "RoleName", "GroupName", "PolicyName") if key in one)
            yield one, (name, one["Arn"])

    return found


def _decoded(value: Any) -> Any:
    """Documents of policies are quoted there."""
    return unquote(value) if isinstance(value, str) else value if value is None else json.dumps(value)


def _inline(one: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    return [
        {"policyName": policy["PolicyName"], "policyDocument": _decoded(policy["PolicyDocument"])}
        for policy in one.get(member) or ()
    ]


def _attached(one: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "resourceType": "AWS::IAM::Policy",
            "resourceName": policy["PolicyName"],
            "relationshipName": "Is attached to CustomerManagedPolicy",
        }
        for policy in one.get("AttachedManagedPolicies") or ()
        if ":aws:policy/" not in policy["PolicyArn"]
    )


def _user(config: Base, one: Mapping[str, Any]) -> Description:
    groups = tuple(
        {"resourceType": "AWS::IAM::Group", "resourceName": name, "relationshipName": "Is attached to Group"}
        for name in one.get("GroupList") or ()
    )
    configuration = {
        "path": one["Path"],
        "userName": one["UserName"],
        "userId": one["UserId"],
        "arn": one["Arn"],
        "createDate": lowered(one.get("CreateDate")),
        "userPolicyList": _inline(one, "UserPolicyList"),
        "groupList": list(one.get("GroupList") or ()),
        "attachedManagedPolicies": lowered(one.get("AttachedManagedPolicies") or []),
        "permissionsBoundary": lowered(one.get("PermissionsBoundary")),
        "tags": lowered(one.get("Tags") or []),
    }
    created = _seconds(one.get("CreateDate"))
    related = (*groups, *_attached(one))
    return Description(
        "AWS::IAM::User",
        one["UserId"],
        one["UserName"],
        one["Arn"],
        configuration,
        {},
        _tags(one.get("Tags")),
        created,
        related,
    )


def _role(config: Base, one: Mapping[str, Any]) -> Description:
    configuration = {
        "path": one["Path"],
        "roleName": one["RoleName"],
        "roleId": one["RoleId"],
        "arn": one["Arn"],
        "createDate": lowered(one.get("CreateDate")),
        "assumeRolePolicyDocument": _decoded(one.get("AssumeRolePolicyDocument")),
        "rolePolicyList": _inline(one, "RolePolicyList"),
        "attachedManagedPolicies": lowered(one.get("AttachedManagedPolicies") or []),
        "permissionsBoundary": lowered(one.get("PermissionsBoundary")),
        "tags": lowered(one.get("Tags") or []),
    }
    tags, created = _tags(one.get("Tags")), _seconds(one.get("CreateDate"))
    return Description(
        "AWS::IAM::Role", one["RoleId"], one["RoleName"], one["Arn"], configuration, {}, tags, created, _attached(one)
    )


def _group(config: Base, one: Mapping[str, Any]) -> Description:
    configuration = {
        "path": one["Path"],
        "groupName": one["GroupName"],
        "groupId": one["GroupId"],
        "arn": one["Arn"],
        "groupPolicyList": _inline(one, "GroupPolicyList"),
        "attachedManagedPolicies": lowered(one.get("AttachedManagedPolicies") or []),
    }
    created = _seconds(one.get("CreateDate"))
    return Description(
        "AWS::IAM::Group", one["GroupId"], one["GroupName"], one["Arn"], configuration, {}, {}, created, _attached(one)
    )


def _policy(config: Base, one: Mapping[str, Any]) -> Description:
    versions = [
        {**lowered(version), "document": _decoded(version.get("Document"))}
        for version in one.get("PolicyVersionList") or ()
    ]
    configuration = {
        "policyName": one["PolicyName"],
        "policyId": one["PolicyId"],
        "arn": one["Arn"],
        "path": one["Path"],
        "defaultVersionId": one["DefaultVersionId"],
        "attachmentCount": one.get("AttachmentCount", 0),
        "policyVersionList": versions,
    }
    created = _seconds(one.get("CreateDate"))
    return Description(
        "AWS::IAM::Policy", one["PolicyId"], one["PolicyName"], one["Arn"], configuration, created=created
    )


# --- KMS, Secrets Manager, CloudTrail


def _keys(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for key in _pages(config, "kms", "ListKeys", "Keys", "NextMarker=Marker"):
        yield key["KeyId"], (key["KeyId"], key["KeyArn"])


def _key(config: Base, id_: str) -> Description | None:
    found = config.asked("kms", "DescribeKey", "KeyMetadata", KeyId=id_)
    if found is None:
        return None
    supplementary = {
        "KeyRotationStatus": config.asked("kms", "GetKeyRotationStatus", "KeyRotationEnabled", KeyId=id_) or False,
        "Policy": config.asked("kms", "GetKeyPolicy", "Policy", KeyId=id_, PolicyName="default"),
    }
    tags = _tags(config.asked("kms", "ListResourceTags", "Tags", KeyId=id_))
    created = _seconds(found.get("CreationDate"))
    return Description("AWS::KMS::Key", id_, id_, found["Arn"], lowered(found), supplementary, tags, created)


def _secrets(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for secret in _pages(config, "secretsmanager", "ListSecrets", "SecretList", "NextToken"):
        yield secret["ARN"], (secret["ARN"], secret["Name"])


def _secret(config: Base, arn: str) -> Description | None:
    try:
        found = config.ask("secretsmanager", "DescribeSecret", SecretId=arn)
    except AWSError:
        return None
    moving = ("LastAccessedDate",)
    configuration = lowered({key: value for key, value in found.items() if key not in moving})
    created = _seconds(found.get("CreatedDate"))
    tags = _tags(found.get("Tags"))
    return Description("AWS::SecretsManager::Secret", arn, found["Name"], arn, configuration, {}, tags, created)


def _trails(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for trail in config.asked("cloudtrail", "DescribeTrails", "trailList") or ():
        if trail["HomeRegion"] == config.region:
            yield trail, (trail["Name"], trail["TrailARN"])


def _trail(config: Base, trail: Mapping[str, Any]) -> Description:
    status = config.asked("cloudtrail", "GetTrailStatus", "IsLogging", Name=trail["TrailARN"])
    configuration = {**lowered(trail), "isLogging": bool(status)}
    return Description("AWS::CloudTrail::Trail", trail["Name"], trail["Name"], trail["TrailARN"], configuration)


# --- EC2


def _ec2(operation: str, member: str, id_: str) -> Callable[[Base], Iterator[tuple[Any, tuple[str, ...]]]]:
    def found(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
        for one in _pages(config, "ec2", operation, member, "NextToken"):
            yield one, (one[id_],)

    return found


def _instances(config: Base) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for reservation in _pages(config, "ec2", "DescribeInstances", "Reservations", "NextToken"):
        for one in reservation.get("Instances") or ():
            if one["State"]["Name"] != "terminated":
                yield one, (one["InstanceId"],)


def _ec2_resource(kind: str, id_: str, path: str) -> Describe:
    def describe(config: Base, one: Mapping[str, Any]) -> Description:
        tags = _tags(one.get("Tags"))
        arn = f"arn:{config.partition}:ec2:{config.region}:{config.account}:{path}/{one[id_]}"
        name = one.get("GroupName") or tags.get("Name") or ""
        related = []
        if one.get("VpcId") and kind != "AWS::EC2::VPC":
            related.append(
                {"resourceType": "AWS::EC2::VPC", "resourceId": one["VpcId"], "relationshipName": "Is contained in Vpc"}
            )
        return Description(kind, one[id_], name, arn, lowered(one), {}, tags, None, tuple(related))

    return describe


_READERS = (
    Reader("AWS::S3::Bucket", "s3", _buckets, _bucket),
    Reader("AWS::SQS::Queue", "sqs", _queues, _queue),
    Reader("AWS::SNS::Topic", "sns", _topics, _topic),
    Reader("AWS::DynamoDB::Table", "dynamodb", _tables, _table),
    Reader("AWS::Kinesis::Stream", "kinesis", _streams, _stream),
    Reader("AWS::Lambda::Function", "lambda", _functions, _function),
    Reader("AWS::IAM::User", "iam", _authorization("User", "UserDetailList"), _user),
    Reader("AWS::IAM::Role", "iam", _authorization("Role", "RoleDetailList"), _role),
    Reader("AWS::IAM::Group", "iam", _authorization("Group", "GroupDetailList"), _group),
    Reader("AWS::IAM::Policy", "iam", _authorization("LocalManagedPolicy", "Policies"), _policy),
    Reader("AWS::KMS::Key", "kms", _keys, _key),
    Reader("AWS::SecretsManager::Secret", "secretsmanager", _secrets, _secret),
    Reader("AWS::CloudTrail::Trail", "cloudtrail", _trails, _trail),
    Reader(
        "AWS::EC2::SecurityGroup",
        "ec2",
        _ec2("DescribeSecurityGroups", "SecurityGroups", "GroupId"),
        _ec2_resource("AWS::EC2::SecurityGroup", "GroupId", "security-group"),
    ),
    Reader(
        "AWS::EC2::VPC", "ec2", _ec2("DescribeVpcs", "Vpcs", "VpcId"), _ec2_resource("AWS::EC2::VPC", "VpcId", "vpc")
    ),
    Reader(
        "AWS::EC2::Subnet",
        "ec2",
        _ec2("DescribeSubnets", "Subnets", "SubnetId"),
        _ec2_resource("AWS::EC2::Subnet", "SubnetId", "subnet"),
    ),
    Reader(
        "AWS::EC2::Volume",
        "ec2",
        _ec2("DescribeVolumes", "Volumes", "VolumeId"),
        _ec2_resource("AWS::EC2::Volume", "VolumeId", "volume"),
    ),
    Reader("AWS::EC2::Instance", "ec2", _instances, _ec2_resource("AWS::EC2::Instance", "InstanceId", "instance")),
)
READERS: Mapping[str, Reader] = {reader.type: reader for reader in _READERS}
BY_SERVICE: Mapping[str, tuple[Reader, ...]] = {
    service: tuple(reader for reader in _READERS if reader.service == service)
    for service in dict.fromkeys(reader.service for reader in _READERS)
}
