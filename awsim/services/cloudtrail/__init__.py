"""AWS CloudTrail."""

from awsim.services.cloudtrail.service import SERVICE

__all__ = ["SERVICE"]
