"""Amazon CloudWatch."""

from awsim.services.cloudwatch.service import CloudWatch

SERVICE = CloudWatch
