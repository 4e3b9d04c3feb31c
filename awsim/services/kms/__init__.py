"""AWS Key Management Service."""

from awsim.services.kms.service import KMS

SERVICE = KMS
