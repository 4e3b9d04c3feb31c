"""Whether IAM knows the identity provider of a token, and the token is for it.

Under authorization a provider has to be there; without, one that IAM does not hold is taken as it is named. Messages:
as users of STS report them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from awsim.errors import AWSError

if TYPE_CHECKING:
    from awsim.service import Service

# Providers that roles trust by their host names, without one in IAM (IAM User Guide, "Federated principals").
PUBLIC = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"})


def web_provider(sts: Service, account: str, host: str, audience: str) -> str:
    """How trust policies of `account` name the OpenID Connect provider of an issuer: by its ARN, or its host name."""
    if host in PUBLIC:
        return host
    arn = f"arn:{sts.partition}:iam::{account}:oidc-provider/{host}"
    found = _held(sts, account, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    if found is None:
        message = f"No OpenIDConnect provider found in your account for https://{host}"
        _unless_unauthorized(sts, message)
    elif audience not in found["ClientIDList"]:
        raise AWSError("InvalidIdentityToken", "Incorrect token audience")
    return arn


def check_saml(sts: Service, account: str, arn: str, issuer: str) -> None:
    """Refuse an assertion of another issuer than the SAML provider's metadata name."""
    found = _held(sts, account, "GetSAMLProvider", SAMLProviderArn=arn)
    if found is None:
        _unless_unauthorized(sts, "Specified provider doesn't exist")
    elif ElementTree.fromstring(found["SAMLMetadataDocument"]).get("entityID") != issuer:
        raise AWSError("InvalidIdentityToken", "Issuer not present in specified provider")


def _held(sts: Service, account: str, operation: str, **parameters: str) -> dict[str, Any] | None:
    if not sts.cloud.has_service("iam", account, sts.region):
        return None
    try:
        return sts.call("iam", operation, account_=account, **parameters)
    except AWSError:
        return None


def _unless_unauthorized(sts: Service, message: str) -> None:
    if sts.cloud.authorization is not None:
        raise AWSError("InvalidIdentityToken", message)
