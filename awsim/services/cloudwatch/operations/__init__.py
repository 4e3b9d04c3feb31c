"""CloudWatch's operations, by what they are about."""
