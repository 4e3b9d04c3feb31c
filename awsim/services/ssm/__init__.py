"""AWS Systems Manager."""

from awsim.services.ssm.service import SSM

SERVICE = SSM
