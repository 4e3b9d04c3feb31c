"""The identity store of IAM Identity Center."""

from awsim.services.identitystore.service import IdentityStore

SERVICE = IdentityStore
