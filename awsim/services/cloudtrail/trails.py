"""Trails: made, changed, started, stopped and described.

Sources: CloudTrail User Guide, "Working with CloudTrail trails"; API Reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.grants import lets_in
from awsim.services.cloudtrail.delivering import Delivering
from awsim.services.cloudtrail.refusals import combination
from awsim.services.cloudtrail.trail import Trail

_NAME_CHARACTERS = re.compile(r"[A-Za-z0-9._-]+")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_ADJACENT = re.compile(r"[._-]{2}")
_LOG_GROUP = re.compile(r"arn:[^:]+:logs:([a-z0-9-]+):(\d{12}):log-group:([^:*]+)(:\*)?")


class Trails(Delivering):
    def create_trail(
        self,
        Name: str,
        S3BucketName: str,
        S3KeyPrefix: str | None = None,
        SnsTopicName: str | None = None,
        IncludeGlobalServiceEvents: bool | None = None,
        IsMultiRegionTrail: bool | None = None,
        EnableLogFileValidation: bool | None = None,
        CloudWatchLogsLogGroupArn: str | None = None,
        CloudWatchLogsRoleArn: str | None = None,
        KmsKeyId: str | None = None,
        IsOrganizationTrail: bool | None = None,
        TagsList: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        self._check_name(Name)
        given = _given(
            S3BucketName=S3BucketName,
            S3KeyPrefix=S3KeyPrefix,
            SnsTopicName=SnsTopicName,
            IncludeGlobalServiceEvents=IncludeGlobalServiceEvents,
            IsMultiRegionTrail=IsMultiRegionTrail,
            LogFileValidationEnabled=EnableLogFileValidation,
            CloudWatchLogsLogGroupArn=CloudWatchLogsLogGroupArn,
            CloudWatchLogsRoleArn=CloudWatchLogsRoleArn,
            KmsKeyId=KmsKeyId,
            IsOrganizationTrail=IsOrganizationTrail,
        )
        trail = Trail(Name, self.arn_here(f"trail/{Name}"), self.here, given)
        if any(one.name == Name for one in self.visible(self.here)):
            raise self.error("TrailAlreadyExistsException", f"Trail {Name} already exists for customer: {self.account}")
        counted = len([one for one in self.trails if one.region == self.here or one.is_multi_region])
        self.limits.quota("trails", counted, self.here, account=self.account, region=self.here)
        self._check(trail)
        self.tagged(trail, TagsList)
        self.trails.add(trail)
        return trail.answered()

    def update_trail(
        self,
        Name: str,
        S3BucketName: str | None = None,
        S3KeyPrefix: str | None = None,
        SnsTopicName: str | None = None,
        IncludeGlobalServiceEvents: bool | None = None,
        IsMultiRegionTrail: bool | None = None,
        EnableLogFileValidation: bool | None = None,
        CloudWatchLogsLogGroupArn: str | None = None,
        CloudWatchLogsRoleArn: str | None = None,
        KmsKeyId: str | None = None,
        IsOrganizationTrail: bool | None = None,
    ) -> dict[str, Any]:
        trail = self.trail(Name, own=True)
        given = _given(
            S3BucketName=S3BucketName,
            S3KeyPrefix=S3KeyPrefix,
            SnsTopicName=SnsTopicName,
            IncludeGlobalServiceEvents=IncludeGlobalServiceEvents,
            IsMultiRegionTrail=IsMultiRegionTrail,
            LogFileValidationEnabled=EnableLogFileValidation,
            CloudWatchLogsLogGroupArn=CloudWatchLogsLogGroupArn,
            CloudWatchLogsRoleArn=CloudWatchLogsRoleArn,
            KmsKeyId=KmsKeyId,
            IsOrganizationTrail=IsOrganizationTrail,
        )
        # An empty text takes a setting away.
        changed = {name: None if value == "" else value for name, value in given.items()}
        wanted = Trail(trail.name, trail.arn, trail.region, {**trail.settings, **changed})
        self._check(wanted)
        trail.settings = wanted.settings
        trail.topic_arn, trail.organization = wanted.topic_arn, wanted.organization
        self.wind_digests(trail)
        return trail.answered()

    def delete_trail(self, Name: str) -> None:
        trail = self.trail(Name, own=True)
        self.stop(trail)
        self.trails.remove(trail.arn)

    def start_logging(self, Name: str) -> None:
        trail = self.trail(Name, own=True)
        if not trail.logging:
            trail.logging = True
            trail.started = self.clock.time()
            self.listen()
            self.wind_digests(trail)

    def stop_logging(self, Name: str) -> None:
        self.stop(self.trail(Name, own=True))

    # --- shown

    def describe_trails(self, trailNameList: Sequence[str] = (), includeShadowTrails: bool = True) -> dict[str, Any]:
        found = self.visible(self.here, shadows=includeShadowTrails)
        if trailNameList:
            found = [one for one in found if one.name in trailNameList or one.arn in trailNameList]
        return {"trailList": [one.described() for one in sorted(found, key=lambda one: one.arn)]}

    def get_trail(self, Name: str) -> dict[str, Any]:
        return {"Trail": self.trail(Name).described()}

    def get_trail_status(self, Name: str) -> dict[str, Any]:
        return self.trail(Name).reported()

    def list_trails(self, NextToken: str | None = None) -> dict[str, Any]:
        def shown(trail: Trail) -> dict[str, Any]:
            return {"TrailARN": trail.arn, "Name": trail.name, "HomeRegion": trail.region}

        inherited = [one for one in self.visible(self.here) if one.arn not in self.trails]
        return self.page("Trails", [*self.trails, *inherited], shown, lambda one: one.arn, NextToken)

    # --- checks

    def _check_name(self, name: str) -> None:
        def refused(message: str) -> AWSError:
            return self.error("InvalidTrailNameException", message)

        row = self.limits.row("trail-name-length")
        least, most = row.minimum or 0, self.limits["trail-name-length"]
        if not name:
            raise refused("Trail name or ARN can not be blank.")
        if len(name) < least:
            raise refused(
                f"Trail name too short. Minimum allowed length: {least} characters. Specified name length: {len(name)} "
                "characters."
            )
        if most is not None and len(name) > most:
            raise refused(
                f"Trail name too long. Maximum allowed length: {most} characters. Specified name length: {len(name)} "
                "characters."
            )
        if not name[0].isalnum():
            raise refused("Trail name must starts with a letter or number.")
        if not name[-1].isalnum():
            raise refused("Trail name must ends with a letter or number.")
        if _NAME_CHARACTERS.fullmatch(name) is None:
            raise refused(
                "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
                "hyphens (-), and underscores (_)."
            )
        if _ADJACENT.search(name):
            raise refused("Trail name can not have adjacent periods, underscores or dashes.")
        if _ADDRESS.fullmatch(name):
            raise refused("Trail name can not be in IP address format.")

    def _check(self, trail: Trail) -> None:
        """Refuse what a trail is to be, before anything is changed; fill in what follows from its settings."""
        settings = trail.settings
        if settings["IsMultiRegionTrail"] and not settings["IncludeGlobalServiceEvents"]:
            raise combination("Multi-Region trail must include global service events.")
        self.limits.check("prefix-length", len(settings["S3KeyPrefix"] or ""))
        trail.organization = self._organization_id() if settings["IsOrganizationTrail"] else None
        self._check_bucket(trail)
        trail.topic_arn = self._checked_topic(trail)
        if settings["KmsKeyId"]:
            trail.settings = {**settings, "KmsKeyId": self._checked_key(trail, settings["KmsKeyId"])}
        self._check_log_group(trail)

    def _organization_id(self) -> str:
        organization = self.organization()
        if organization is None:
            raise self.error(
                "OrganizationsNotInUseException", "The account is not a member of an organization in AWS Organizations."
            )
        if organization["MasterAccountId"] != self.account and not self.is_delegate():
            raise self.error(
                "NotOrganizationMasterAccountException",
                "You must be the management account of the organization to create an organization trail.",
            )
        if organization["FeatureSet"] != "ALL":
            raise self.error(
                "OrganizationNotInAllFeaturesModeException", "All features are not enabled in the organization."
            )
        if not self.trusted_in_organization():
            raise self.error(
                "CloudTrailAccessNotEnabledException",
                "Trusted access between CloudTrail and AWS Organizations is not enabled: enable it with the "
                "EnableAWSServiceAccess API.",
            )
        return str(organization["Id"])

    def _check_bucket(self, trail: Trail) -> None:
        bucket = trail.settings["S3BucketName"]
        if not bucket:
            raise self.error("InvalidS3BucketNameException", "Bucket name cannot be blank!")
        refused = self.error(
            "InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
        )
        try:
            self.call("s3", "GetBucketAcl", source_arn_=trail.arn, region_=trail.region, Bucket=bucket)
        except AWSError as error:
            if error.code in ("NoSuchBucket", "404"):
                raise self.error("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!") from None
            raise refused from None
        arn = f"arn:{self.partition}:s3:::{bucket}"
        wanted = [("s3:GetBucketAcl", arn)]
        wanted += [("s3:PutObject", f"{arn}/{trail.prefix}{self.account}/CloudTrail/{trail.region}/x")]
        keys = {"s3:x-amz-acl": "bucket-owner-full-control"}
        for action, resource in wanted:
            if not lets_in(self, "s3", action, resource, source_arn=trail.arn, keys=keys, region=trail.region):
                raise refused

    def _checked_topic(self, trail: Trail) -> str | None:
        """The ARN of the topic, if it lets CloudTrail publish."""
        name = trail.settings["SnsTopicName"]
        if not name:
            return None
        arn = name if name.startswith("arn:") else f"arn:{self.partition}:sns:{trail.region}:{self.account}:{name}"
        refused = self.error(
            "InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!"
        )
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] != "sns":
            raise self.error("InvalidSnsTopicNameException", f"The SNS topic name {name} is not valid.")
        # A topic that does not exist has no policy.
        if not lets_in(self, "sns", "sns:Publish", arn, source_arn=trail.arn):
            raise refused
        return arn

    def _checked_key(self, trail: Trail, key: str) -> str:
        """The ARN of a symmetric key that is enabled and that CloudTrail may use."""
        missing = self.error("KmsKeyNotFoundException", f"KMS key {key} does not exist in the Region of the trail.")
        try:
            found = self.call("kms", "DescribeKey", as_=self.caller, region_=trail.region, KeyId=key)["KeyMetadata"]
        except AWSError as error:
            if error.code == "NotFoundException":
                raise missing from None
            raise self.error(
                "InsufficientEncryptionPolicyException",
                f"Insufficient permissions to access S3 bucket {trail.settings['S3BucketName']} or KMS key {key}.",
            ) from None
        if found["KeySpec"] != "SYMMETRIC_DEFAULT":
            raise self.error("InvalidKmsKeyIdException", f"KMS key {key} is not a symmetric encryption key.")
        if found["KeyState"] != "Enabled":
            raise self.error("KmsException", f"KMS key {key} is {found['KeyState']}.")
        arn: str = found["Arn"]
        keys = {"kms:encryptioncontext:aws:cloudtrail:arn": trail.arn}
        if not lets_in(self, "kms", "kms:GenerateDataKey", arn, source_arn=trail.arn, keys=keys, region=trail.region):
            raise self.error(
                "InsufficientEncryptionPolicyException",
                f"Insufficient permissions to access S3 bucket {trail.settings['S3BucketName']} or KMS key {arn}.",
            )
        return arn

    def _check_log_group(self, trail: Trail) -> None:
        group, role = trail.settings["CloudWatchLogsLogGroupArn"], trail.settings["CloudWatchLogsRoleArn"]
        if not group and not role:
            return
        if not group:
            raise self.error(
                "InvalidCloudWatchLogsLogGroupArnException",
                "CloudTrail cannot validate the specified log group ARN: a role is given without a log group.",
            )
        if not role:
            raise self.error(
                "InvalidCloudWatchLogsRoleArnException",
                "CloudTrail cannot validate the specified role ARN: a log group is given without a role.",
            )
        matched = _LOG_GROUP.fullmatch(group)
        if matched is None or matched[1] != trail.region:
            raise self.error(
                "InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN."
            )
        if not re.fullmatch(r"arn:[^:]+:iam::\d{12}:role/.+", role):
            raise self.error("InvalidCloudWatchLogsRoleArnException", "The role ARN is not valid.")
        if not self.role_exists(role):
            raise self.error(
                "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role."
            )
        try:
            self.open_stream(trail)
        except AWSError as error:
            if error.code == "ResourceNotFoundException":
                raise self.error(
                    "InvalidCloudWatchLogsLogGroupArnException",
                    "CloudTrail cannot validate the specified log group ARN.",
                ) from None
            if error.code == "NotImplemented":
                raise
            raise self.error(
                "InvalidCloudWatchLogsLogGroupArnException", "Access denied. Check the permissions for your role."
            ) from None

    # --- public keys

    def list_public_keys(
        self, StartTime: Any = None, EndTime: Any = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        start = StartTime.timestamp() if StartTime is not None else self.clock.time()
        end = EndTime.timestamp() if EndTime is not None else self.clock.time()
        if start > end:
            raise self.error("InvalidTimeRangeException", "The start time must be before the end time.")
        if NextToken is not None:
            raise self.error("InvalidTokenException", "The token is not valid.")
        key = self.signing_key(self.here)
        if start > key.until or end < key.since:
            return {"PublicKeyList": []}
        return {"PublicKeyList": [key.shown()]}

    # --- tags

    def add_tags(self, ResourceId: str, TagsList: Sequence[Mapping[str, str]]) -> None:
        self.tagged(self.taggable(ResourceId), TagsList)

    def remove_tags(self, ResourceId: str, TagsList: Sequence[Mapping[str, str]]) -> None:
        resource = self.taggable(ResourceId)
        resource.tags = resource.tags.without(tag["Key"] for tag in TagsList)

    def list_tags(self, ResourceIdList: Sequence[str], NextToken: str | None = None) -> dict[str, Any]:
        found = [(arn, self.taggable(arn)) for arn in ResourceIdList]

        def shown(one: tuple[str, Any]) -> dict[str, Any]:
            return {"ResourceId": one[0], "TagsList": one[1].tags.as_list()}

        return self.page("ResourceTagList", found, shown, lambda one: one[0], NextToken)

    def taggable(self, arn: str) -> Any:
        """A resource with tags, by its ARN."""
        found = self.find_taggable(arn)
        if found is None:
            if not arn.startswith(f"arn:{self.partition}:cloudtrail:"):
                raise self.error("CloudTrailARNInvalidException", f"The ARN {arn} is not valid.")
            kind = arn.split(":", 5)[5].partition("/")[0]
            if kind not in ("trail", "eventdatastore", "channel"):
                raise self.error("ResourceTypeNotSupportedException", f"Resources of the type {kind} have no tags.")
            raise self.error("ResourceNotFoundException", f"The resource {arn} was not found.")
        return found

    def find_taggable(self, arn: str) -> Any:
        return self.trails.get(arn)

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        found = self.find_taggable(arn)
        return None if found is None else found.tags.as_dict()


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
