"""AWS Secrets Manager."""

from awsim.services.secretsmanager.service import SecretsManager

SERVICE = SecretsManager
