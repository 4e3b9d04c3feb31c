"""IAM Identity Center (AWS Single Sign-On), its administration."""

from awsim.services.sso_admin.service import SSOAdmin

SERVICE = SSOAdmin
