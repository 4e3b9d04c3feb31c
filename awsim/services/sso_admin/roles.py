"""The role that a permission set becomes in an account.

Source: IAM Identity Center User Guide, "Referencing permission sets in resource policies", "IAM roles created by IAM
Identity Center".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.services.sso_admin.common import PRINCIPAL
from awsim.services.sso_admin.records import Instance, PermissionSet

_INLINE = "AwsSSOInlinePolicy"
_LONGEST_SESSION = 43_200  # sessions end by the permission set's duration: the role itself allows IAM's longest
_HOME_PATH = "us-east-1"  # the Region whose roles have no Region in their path

Call = Callable[..., dict[str, Any]]


class Roles:
    """Makes, renews and removes the roles of one permission set, by IAM's own operations."""

    def __init__(self, call: Call, instance: Instance, permission_set: PermissionSet, by: Caller) -> None:
        self._call = call
        self._instance = instance
        self._set = permission_set
        self._by = by
        self._partition = instance.arn.split(":")[1]

    def create(self, account: str, name: str) -> None:
        """A role under a name of its own, with the trust in Identity Center's provider and all policies; none if one
        of them cannot be attached."""
        provider = self._provider(account)
        region = self._instance.region
        path = "/aws-reserved/sso.amazonaws.com/" + ("" if region == _HOME_PATH else f"{region}/")
        self._iam(
            account,
            "CreateRole",
            RoleName=name,
            Path=path,
            AssumeRolePolicyDocument=_trust(provider),
            MaxSessionDuration=_LONGEST_SESSION,
            **({"Description": self._set.description} if self._set.description else {}),
        )
        try:
            self._apply(account, name)
        except AWSError:
            self.delete(account, name)
            raise

    def update(self, account: str, name: str) -> None:
        """Let a role have the policies that the permission set has now."""
        self._apply(account, name)

    def delete(self, account: str, name: str) -> None:
        for arn in self._attached(account, name):
            self._iam(account, "DetachRolePolicy", RoleName=name, PolicyArn=arn)
        for inline in self._iam(account, "ListRolePolicies", RoleName=name)["PolicyNames"]:
            self._iam(account, "DeleteRolePolicy", RoleName=name, PolicyName=inline)
        self._iam(account, "DeleteRole", RoleName=name)

    def _apply(self, account: str, name: str) -> None:
        wanted = [*self._set.managed, *(self._policy(account, "".join(key)) for key in self._set.customer)]
        attached = self._attached(account, name)
        for arn in wanted:
            if arn not in attached:
                self._iam(account, "AttachRolePolicy", RoleName=name, PolicyArn=arn)
        for arn in attached:
            if arn not in wanted:
                self._iam(account, "DetachRolePolicy", RoleName=name, PolicyArn=arn)
        inline = self._iam(account, "ListRolePolicies", RoleName=name)["PolicyNames"]
        if self._set.inline is not None:
            self._iam(account, "PutRolePolicy", RoleName=name, PolicyName=_INLINE, PolicyDocument=self._set.inline)
        elif _INLINE in inline:
            self._iam(account, "DeleteRolePolicy", RoleName=name, PolicyName=_INLINE)
        self._bound(account, name)

    def _bound(self, account: str, name: str) -> None:
        boundary = self._set.boundary
        if boundary is not None:
            arn = boundary.get("ManagedPolicyArn")
            if arn is None:
                reference = boundary["CustomerManagedPolicyReference"]
                arn = self._policy(account, reference["Path"] + reference["Name"])
            self._iam(account, "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=arn)
        elif self._iam(account, "GetRole", RoleName=name)["Role"].get("PermissionsBoundary"):
            self._iam(account, "DeleteRolePermissionsBoundary", RoleName=name)

    def _attached(self, account: str, name: str) -> list[str]:
        answer = self._iam(account, "ListAttachedRolePolicies", RoleName=name)
        return [each["PolicyArn"] for each in answer["AttachedPolicies"]]

    def _policy(self, account: str, path: str) -> str:
        return f"arn:{self._partition}:iam::{account}:policy{path}"

    def _provider(self, account: str) -> str:
        """The SAML provider by which Identity Center signs users in to the account."""
        name = f"AWSSSO_{self._instance.suffix}_DO_NOT_DELETE"
        arn = f"arn:{self._partition}:iam::{account}:saml-provider/{name}"
        try:
            self._iam(account, "GetSAMLProvider", SAMLProviderArn=arn)
        except AWSError as error:
            if error.code != "NoSuchEntity":
                raise
            self._iam(account, "CreateSAMLProvider", Name=name, SAMLMetadataDocument=_metadata(self._instance))
        return arn

    def _iam(self, account: str, operation: str, **parameters: Any) -> dict[str, Any]:
        who = self._by if account == self._instance.owner else PRINCIPAL
        return self._call("iam", operation, as_=who, account_=account, **parameters)


def _trust(provider: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _metadata(instance: Instance) -> str:
    """SAML metadata of the instance as an identity provider. What signs for it is nobody's."""
    portal = f"https://portal.sso.{instance.region}.amazonaws.com/saml"
    certificate = (instance.suffix.encode().hex() * 40)[:1_024]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{portal}/assertion/'
        f'{instance.suffix}"><md:IDPSSODescriptor WantAuthnRequestsSigned="false" '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">'
        '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>'
        f"{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
        f'Location="{portal}/assertion/{instance.suffix}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )
