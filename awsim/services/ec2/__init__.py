"""Amazon Elastic Compute Cloud (regional)."""

from awsim.services.ec2.service import EC2

SERVICE = EC2
