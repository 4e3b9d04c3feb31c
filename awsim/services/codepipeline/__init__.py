"""AWS CodePipeline."""

from awsim.services.codepipeline.service import SERVICE

__all__ = ["SERVICE"]
