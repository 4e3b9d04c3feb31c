"""Amazon Simple Queue Service."""

from awsim.services.sqs.service import SQS

SERVICE = SQS
