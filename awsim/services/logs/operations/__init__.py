"""The operations of CloudWatch Logs, by what they are about."""
