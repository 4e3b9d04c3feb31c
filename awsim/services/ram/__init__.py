"""AWS Resource Access Manager."""

from awsim.services.ram.service import ResourceAccessManager

SERVICE = ResourceAccessManager
