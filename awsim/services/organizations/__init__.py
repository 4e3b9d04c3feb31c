"""AWS Organizations."""

from awsim.services.organizations.service import Organizations

SERVICE = Organizations
