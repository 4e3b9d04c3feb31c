"""What an event is about: resources by type, name and ARN, read off the permissions that the call needed.

Types are CloudFormation's, as CloudTrail uses them; a resource whose type is not listed is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.auth.actions import authorizations_for

if TYPE_CHECKING:
    from awsim.calls import CallRecord
    from awsim.cloud import Cloud

# service part of the ARN -> (what the resource part begins with, type), first match.
_TYPES: dict[str, tuple[tuple[str, str], ...]] = {
    "access-analyzer": (("analyzer/", "AWS::AccessAnalyzer::Analyzer"),),
    "cloudtrail": (
        ("trail/", "AWS::CloudTrail::Trail"),
        ("eventdatastore/", "AWS::CloudTrail::EventDataStore"),
        ("channel/", "AWS::CloudTrail::Channel"),
    ),
    "cloudwatch": (("alarm:", "AWS::CloudWatch::Alarm"), ("dashboard/", "AWS::CloudWatch::Dashboard")),
    "codepipeline": (("webhook:", "AWS::CodePipeline::Webhook"), ("", "AWS::CodePipeline::Pipeline")),
    "config": (("config-rule/", "AWS::Config::ConfigRule"),),
    "dax": (("cache/", "AWS::DAX::Cluster"),),
    "dynamodb": (("table/", "AWS::DynamoDB::Table"),),
    "ec2": (
        ("instance/", "AWS::EC2::Instance"),
        ("security-group/", "AWS::EC2::SecurityGroup"),
        ("subnet/", "AWS::EC2::Subnet"),
        ("volume/", "AWS::EC2::Volume"),
        ("vpc/", "AWS::EC2::VPC"),
    ),
    "events": (("rule/", "AWS::Events::Rule"), ("event-bus/", "AWS::Events::EventBus")),
    "firehose": (("deliverystream/", "AWS::KinesisFirehose::DeliveryStream"),),
    "iam": (
        ("user/", "AWS::IAM::User"),
        ("role/", "AWS::IAM::Role"),
        ("group/", "AWS::IAM::Group"),
        ("policy/", "AWS::IAM::Policy"),
        ("instance-profile/", "AWS::IAM::InstanceProfile"),
    ),
    "kafka": (("cluster/", "AWS::MSK::Cluster"),),
    "kinesis": (("stream/", "AWS::Kinesis::Stream"),),
    "kms": (("key/", "AWS::KMS::Key"), ("alias/", "AWS::KMS::Alias")),
    "lambda": (("function:", "AWS::Lambda::Function"), ("layer:", "AWS::Lambda::LayerVersion")),
    "logs": (("log-group:", "AWS::Logs::LogGroup"),),
    "scheduler": (("schedule/", "AWS::Scheduler::Schedule"), ("schedule-group/", "AWS::Scheduler::ScheduleGroup")),
    "secretsmanager": (("secret:", "AWS::SecretsManager::Secret"),),
    "sns": (("", "AWS::SNS::Topic"),),
    "sqs": (("", "AWS::SQS::Queue"),),
    "ssm": (("parameter/", "AWS::SSM::Parameter"), ("document/", "AWS::SSM::Document")),
    "states": (("stateMachine:", "AWS::StepFunctions::StateMachine"),),
}
# Types that go by their ARN also where others go by name.
_BY_ARN = frozenset({"AWS::KMS::Key", "AWS::CloudTrail::Trail"})
_KEY_ID = re.compile(r"key/[0-9a-f-]{36}|key/mrk-[0-9a-f]{32}")


class Resource(NamedTuple):
    """A resource of an event. `name` is how LookupEvents knows it."""

    type: str
    name: str
    arn: str
    account: str


def resources_of(cloud: Cloud, record: CallRecord) -> list[Resource]:
    """The resources that a call was about, without doubles."""
    account = record.account or cloud.account
    parameters = record.parameters
    partition = cloud.partition_of(record.region)
    try:
        needed = authorizations_for(
            record.service, record.operation, parameters, account, record.region or "", partition, caller=record.caller
        )
    except (KeyError, TypeError, ValueError):
        return []  # parameters that were refused may be anything
    arns = [each.resource for each in needed if each.action != "iam:PassRole"]
    if all(arn == "*" for arn in arns):
        arns = list(_made(record.result))
    found: dict[str, Resource] = {}
    for arn in arns:
        for resource in _read(cloud, arn, account, partition):
            found.setdefault(resource.arn, resource)
    return list(found.values())


def _made(result: Any) -> Iterator[str]:
    """ARNs in an answer, for what had none before it was made."""
    for value in (result or {}).values():
        if isinstance(value, str):
            if value.startswith("arn:"):
                yield value
        elif isinstance(value, dict):
            yield from (text for text in value.values() if isinstance(text, str) and text.startswith("arn:"))


def _read(cloud: Cloud, arn: str, account: str, partition: str) -> Iterator[Resource]:
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[5] or "*" in parts[5]:
        return
    service, owner, resource = parts[2], parts[4] or account, parts[5]
    if service == "s3":
        yield from _buckets(cloud, resource, account, partition)
        return
    for start, kind in _TYPES.get(service, ()):
        if resource.startswith(start):
            name = arn if kind in _BY_ARN else _name(resource.removeprefix(start), kind)
            if kind == "AWS::KMS::Key" and not _KEY_ID.fullmatch(resource):
                return  # an alias that the call named; CloudTrail shows keys
            if name:
                yield Resource(kind, name, arn, owner)
            return


def _name(rest: str, kind: str) -> str:
    if kind.startswith("AWS::IAM::"):
        return rest.rpartition("/")[2]
    if kind in ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::Logs::LogGroup"):
        return re.split(r"[/:]" if kind == "AWS::DynamoDB::Table" else ":", rest, maxsplit=1)[0]
    return rest


def _buckets(cloud: Cloud, resource: str, account: str, partition: str) -> Iterator[Resource]:
    """An object, and the bucket that it is in."""
    bucket, slash, _ = resource.partition("/")
    if bucket.startswith("accesspoint"):
        return
    s3: Any = cloud.service("s3", None, None)
    known = s3.buckets.get(bucket)
    owner = known.account if known is not None else account
    if slash:
        yield Resource("AWS::S3::Object", resource, f"arn:{partition}:s3:::{resource}", owner)
    yield Resource("AWS::S3::Bucket", bucket, f"arn:{partition}:s3:::{bucket}", owner)
