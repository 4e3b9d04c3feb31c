"""The operations of SQS, by what they are about."""
