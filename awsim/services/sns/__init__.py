"""Amazon Simple Notification Service."""

from awsim.services.sns.service import SNS

SERVICE = SNS
