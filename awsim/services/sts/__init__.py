"""AWS Security Token Service."""

from awsim.services.sts.service import STS

SERVICE = STS
