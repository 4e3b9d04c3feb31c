"""An organization and its accounts, as boto3 sees them."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

MANAGEMENT = "123456789012"
FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def as_account(account, service="organizations"):
    return boto3.client(service, region_name="us-east-1", aws_access_key_id=account, aws_secret_access_key="x")


def refusal(call, **parameters):
    """(code, reason) of the refusal of a call; its message is not empty."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    assert response["Error"]["Message"]
    return response["Error"]["Code"], response.get("Reason")


def message_of(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def api(aws):
    """The management account of no organization yet."""
    return boto3.client("organizations", region_name="us-east-1")


class Organized:
    def __init__(self, aws, api):
        self.aws = aws
        self.api = api
        self.organization = api.create_organization()["Organization"]
        self.id = self.organization["Id"]
        self.root = api.list_roots()["Roots"][0]["Id"]

    def unit(self, name, parent=None):
        made = self.api.create_organizational_unit(ParentId=parent or self.root, Name=name)
        return made["OrganizationalUnit"]["Id"]

    def account(self, name="dev", **more):
        asked = self.api.create_account(Email=f"{name}@corp.example", AccountName=name, **more)["CreateAccountStatus"]
        status = self.api.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
        return status["AccountId"]

    def invited(self, account):
        shaken = self.api.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": account})["Handshake"]
        as_account(account).accept_handshake(HandshakeId=shaken["Id"])
        return account

    def policy(self, name="p", type="SERVICE_CONTROL_POLICY", content=FULL, **more):
        made = self.api.create_policy(Name=name, Description="", Type=type, Content=json.dumps(content), **more)
        return made["Policy"]["PolicySummary"]["Id"]

    def enable(self, *types):
        for type in types:
            self.api.enable_policy_type(RootId=self.root, PolicyType=type)


@pytest.fixture
def org(aws, api):
    return Organized(aws, api)
