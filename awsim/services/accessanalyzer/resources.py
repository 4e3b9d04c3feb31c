"""The resources that an analyzer looks at, and what their services say of their policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from awsim.auth.policy import PolicyError
from awsim.errors import AWSError
from awsim.services.accessanalyzer.access import Grant, Zone, outside, statements

Call = Callable[..., dict[str, Any]]

_EVERYBODY = {
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
}
_ACL_ACTIONS = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": ("s3:PutObject", "s3:DeleteObject"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_ACL_ACTIONS["FULL_CONTROL"] = tuple(action for actions in _ACL_ACTIONS.values() for action in actions)


class Resource(NamedTuple):
    """A resource with a policy (of a kind of the policy language), and access that something else than it gives."""

    arn: str
    type: str
    policy: str | None
    kind: str = "resource"
    acl: tuple[Grant, ...] = ()
    no_public_policy: bool = False

    def grants(self, zone: Zone) -> list[tuple[Grant, str]]:
        """What outsiders get, each with its source as the API names it."""
        found = [(grant, "BUCKET_ACL") for grant in self.acl]
        if self.policy:
            try:
                policy = statements(self.policy, self.kind)
            except PolicyError:
                return found
            for grant in outside(policy, zone):
                if not (self.no_public_policy and grant.public):
                    found.append((grant, "POLICY"))
        return found


def resources(call: Call) -> Iterator[Resource]:
    """The resources of an account in a Region that its services have. What cannot be read is left out."""
    for reader in _READERS:
        try:
            yield from reader(call)
        except AWSError:
            # A service that awsim does not have.
            continue


def _roles(call: Call) -> Iterator[Resource]:
    for role in pages(call, "iam", "ListRoles", "Roles", "Marker", "Marker"):
        if not role["Path"].startswith("/aws-service-role/"):
            document = call("iam", "GetRole", RoleName=role["RoleName"])["Role"]["AssumeRolePolicyDocument"]
            yield Resource(role["Arn"], "AWS::IAM::Role", _text(document), "trust")


def _buckets(call: Call) -> Iterator[Resource]:
    for bucket in call("s3", "ListBuckets")["Buckets"]:
        name = bucket["Name"]
        policy = _member(call, "s3", "GetBucketPolicy", "Policy", Bucket=name)
        block = _member(call, "s3", "GetPublicAccessBlock", "PublicAccessBlockConfiguration", Bucket=name) or {}
        acl = () if block.get("IgnorePublicAcls") else _acl(call, name)
        arn = bucket.get("BucketArn") or f"arn:aws:s3:::{name}"
        yield Resource(arn, "AWS::S3::Bucket", policy, "resource", acl, bool(block.get("RestrictPublicBuckets")))


def _acl(call: Call, bucket: str) -> tuple[Grant, ...]:
    owner = (_member(call, "s3", "GetBucketAcl", "Owner", Bucket=bucket) or {}).get("ID")
    found = []
    for grant in _member(call, "s3", "GetBucketAcl", "Grants", Bucket=bucket) or ():
        grantee, actions = grant["Grantee"], _ACL_ACTIONS[grant["Permission"]]
        if grantee.get("URI") in _EVERYBODY:
            found.append(Grant(("AWS", "*"), actions, (), True))
        elif grantee.get("ID") not in (None, owner):
            found.append(Grant(("CanonicalUser", grantee["ID"]), actions, (), False))
    return tuple(found)


def _queues(call: Call) -> Iterator[Resource]:
    for url in pages(call, "sqs", "ListQueues", "QueueUrls", "NextToken", "NextToken", MaxResults=1000):
        attributes = _member(call, "sqs", "GetQueueAttributes", "Attributes", QueueUrl=url, AttributeNames=["All"])
        if attributes is not None:
            yield Resource(attributes["QueueArn"], "AWS::SQS::Queue", attributes.get("Policy"))


def _topics(call: Call) -> Iterator[Resource]:
    for topic in pages(call, "sns", "ListTopics", "Topics", "NextToken", "NextToken"):
        attributes = _member(call, "sns", "GetTopicAttributes", "Attributes", TopicArn=topic["TopicArn"]) or {}
        yield Resource(topic["TopicArn"], "AWS::SNS::Topic", attributes.get("Policy"))


def _keys(call: Call) -> Iterator[Resource]:
    for key in pages(call, "kms", "ListKeys", "Keys", "Marker", "NextMarker"):
        policy = _member(call, "kms", "GetKeyPolicy", "Policy", KeyId=key["KeyId"], PolicyName="default")
        yield Resource(key["KeyArn"], "AWS::KMS::Key", policy)


def _tables(call: Call) -> Iterator[Resource]:
    for name in pages(
        call, "dynamodb", "ListTables", "TableNames", "ExclusiveStartTableName", "LastEvaluatedTableName"
    ):
        arn = call("dynamodb", "DescribeTable", TableName=name)["Table"]["TableArn"]
        policy = _member(call, "dynamodb", "GetResourcePolicy", "Policy", ResourceArn=arn)
        yield Resource(arn, "AWS::DynamoDB::Table", policy)


def _secrets(call: Call) -> Iterator[Resource]:
    for secret in pages(call, "secretsmanager", "ListSecrets", "SecretList", "NextToken", "NextToken"):
        policy = _member(call, "secretsmanager", "GetResourcePolicy", "ResourcePolicy", SecretId=secret["ARN"])
        yield Resource(secret["ARN"], "AWS::SecretsManager::Secret", policy)


def _functions(call: Call) -> Iterator[Resource]:
    for function in pages(call, "lambda", "ListFunctions", "Functions", "Marker", "NextMarker"):
        name = function["FunctionName"]
        policy = _member(call, "lambda", "GetPolicy", "Policy", FunctionName=name)
        yield Resource(function["FunctionArn"], "AWS::Lambda::Function", policy)


_READERS = (_roles, _buckets, _queues, _topics, _keys, _tables, _secrets, _functions)


def pages(call: Call, service: str, operation: str, member: str, given: str, told: str, **params: Any) -> Iterator[Any]:
    """What all pages of a listing have; `given` and `told` are its tokens in the request and the answer."""
    token: dict[str, Any] = {}
    while True:
        answer = call(service, operation, **params, **token)
        yield from answer.get(member) or ()
        if not answer.get(told):
            return
        token = {given: answer[told]}


def _member(call: Call, service: str, operation: str, member: str, **params: Any) -> Any:
    """A member of an answer; None where there is nothing to answer with."""
    try:
        return call(service, operation, **params).get(member)
    except AWSError:
        return None


def _text(document: Any) -> str:
    """A document as text: IAM answers it quoted for URLs, which some callers see read already."""
    return unquote(document) if isinstance(document, str) else json.dumps(document)
