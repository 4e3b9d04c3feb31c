"""The operations of SNS by resource."""
