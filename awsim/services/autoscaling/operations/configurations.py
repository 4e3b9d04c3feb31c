"""Launch configurations, which AWS has closed to new accounts. Source: EC2 Auto Scaling User Guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.autoscaling.operations.common import Common
from awsim.services.autoscaling.records import LaunchConfiguration
from awsim.services.autoscaling.refusals import invalid


class ConfigurationOperations(Common):
    def create_launch_configuration(
        self,
        LaunchConfigurationName: str,
        ImageId: str | None = None,
        KeyName: str | None = None,
        SecurityGroups: Sequence[str] | None = None,
        UserData: str | None = None,
        InstanceType: str | None = None,
        BlockDeviceMappings: Sequence[Mapping[str, Any]] | None = None,
        InstanceMonitoring: Mapping[str, bool] | None = None,
        IamInstanceProfile: str | None = None,
        EbsOptimized: bool | None = None,
        AssociatePublicIpAddress: bool | None = None,
        PlacementTenancy: str | None = None,
        MetadataOptions: Mapping[str, Any] | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name[:1].isupper() and value is not None}
        if self.limits["launch-configurations-closed"]:
            raise AWSError(
                "UnsupportedOperation",
                "The Launch Configuration creation operation is not available in your account. Use launch templates "
                "to create configuration templates for your Auto Scaling groups.",
            )
        if not ImageId or not InstanceType:
            raise invalid(
                "Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType "
                "parameters."
            )
        if LaunchConfigurationName in self.configurations:
            raise AWSError(
                "AlreadyExists",
                "Launch Configuration by this name already exists - A launch configuration already exists with the "
                f"name {LaunchConfigurationName}",
            )
        self.limits.quota("launch-configurations", len(self.configurations))
        del given["LaunchConfigurationName"]
        arn = self.arn(
            f"launchConfiguration:{self.ids.uuid('configuration')}:launchConfigurationName/{LaunchConfigurationName}"
        )
        self.configurations[LaunchConfigurationName] = LaunchConfiguration(
            LaunchConfigurationName, arn, given, self.clock.time()
        )

    def describe_launch_configurations(
        self,
        LaunchConfigurationNames: Sequence[str] = (),
        NextToken: str | None = None,
        MaxRecords: int | None = None,
    ) -> dict[str, Any]:
        found = [
            each
            for each in self.configurations.values()
            if not LaunchConfigurationNames or each.name in LaunchConfigurationNames
        ]
        return self.page(
            "LaunchConfigurations", found, LaunchConfiguration.described, lambda each: each.name, NextToken, MaxRecords
        )

    def delete_launch_configuration(self, LaunchConfigurationName: str) -> None:
        if LaunchConfigurationName not in self.configurations:
            raise invalid(
                f"Launch configuration name not found - Launch configuration {LaunchConfigurationName} not found"
            )
        if any(
            group.source.get("LaunchConfigurationName") == LaunchConfigurationName for group in self.groups.values()
        ):
            raise AWSError(
                "ResourceInUse",
                f"Cannot delete launch configuration {LaunchConfigurationName} because it is attached to an "
                "AutoScalingGroup",
            )
        del self.configurations[LaunchConfigurationName]
