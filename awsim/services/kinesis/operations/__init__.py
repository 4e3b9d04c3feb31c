"""The operations of Kinesis, by what they are about."""
