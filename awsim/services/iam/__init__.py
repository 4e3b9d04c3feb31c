"""AWS Identity and Access Management."""

from awsim.services.iam.service import IAM

SERVICE = IAM
