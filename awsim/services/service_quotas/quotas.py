"""The limits table as Service Quotas names and shows it."""

from __future__ import annotations

from typing import Any, NamedTuple

from awsim.limits.rows import Row
from awsim.limits.table import Limits
from awsim.wire.models import service_model

# Where Service Quotas has another code for a service than botocore, and where its name of a service is not the model's.
_CODES = {
    "cloudwatch": "monitoring",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
}
_NAMES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "iam": "AWS Identity and Access Management (IAM)",
    "kms": "AWS Key Management Service (AWS KMS)",
    "s3": "Amazon Simple Storage Service (Amazon S3)",
    "sns": "Amazon Simple Notification Service (Amazon SNS)",
    "sqs": "Amazon Simple Queue Service (Amazon SQS)",
}
_PERIODS = {"rate": {"PeriodValue": 1, "PeriodUnit": "SECOND"}}


class Quota(NamedTuple):
    """A row that Service Quotas knows."""

    code: str
    row: Row

    def arn(self, partition: str, region: str, account: str) -> str:
        return f"arn:{partition}:servicequotas:{region}:{account}:{service_code(self.row.service)}/{self.code}"

    def shown(self, value: Any, arn: str) -> dict[str, Any]:
        """As a ServiceQuota."""
        row = self.row
        return {
            "ServiceCode": service_code(row.service),
            "ServiceName": service_name(row.service),
            "QuotaArn": arn,
            "QuotaCode": self.code,
            "QuotaName": self.name,
            "Value": value,
            "Unit": _UNITS.get(row.unit, "None"),
            "Adjustable": row.adjustable,
            "GlobalQuota": row.global_,
            "QuotaAppliedAtLevel": "ACCOUNT",
            "Period": _PERIODS.get(row.kind),
        }

    @property
    def name(self) -> str:
        return self.row.quota_name or self.row.name.replace("-", " ").capitalize()


_UNITS = {"bytes": "Bytes", "seconds": "Seconds"}


def service_code(service: str) -> str:
    return _CODES.get(service, service)


def service_name(service: str) -> str:
    return _NAMES.get(service) or str(service_model(service).metadata.get("serviceFullName", service))


def services(limits: Limits) -> dict[str, list[Quota]]:
    """The quotas of each service that has any, by Service Quotas' code of the service, in order."""
    found: dict[str, list[Quota]] = {}
    for service in limits.tables.services():
        for row in limits.tables.load(service).values():
            if row.quota_code is not None and row.at(limits.as_of) is not None:
                found.setdefault(service_code(service), []).append(Quota(row.quota_code, row))
    return {code: sorted(found[code]) for code in sorted(found)}
