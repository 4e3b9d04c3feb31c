"""AWS Config."""

from awsim.services.config.service import SERVICE

__all__ = ["SERVICE"]
