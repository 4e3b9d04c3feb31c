"""What the tests of STS share: clients with keys that STS made, refusals, tokens of identity providers."""

import base64
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::111122223333:role/team/reader"
PROVIDER = "arn:aws:iam::111122223333:saml-provider/idp"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def client_of(answer, service="sts", region="us-east-1", **options):
    keys = answer["Credentials"]
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        **options,
    )


def refusal(call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response["Error"]
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    return error["Code"], error["Message"], status


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def jwt(drop=(), **claims):
    claims = {
        "iss": "https://accounts.example.com",
        "sub": "user-1",
        "aud": "app-1",
        "iat": NOW.timestamp(),
        "exp": NOW.timestamp() + 600,
        **claims,
    }
    return f"{encoded({'alg': 'RS256'})}.{encoded({k: v for k, v in claims.items() if k not in drop})}.c2ln"


def assertion(
    roles=(f"{ROLE},{PROVIDER}",), name="carol", issued=NOW, status="Success", ends=None, attributes=(), until=None
):
    def attribute(key, values):
        inner = "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
        return f'<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{key}">{inner}</saml:Attribute>'

    def stamp(moment):
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    listed = [("Role", roles), *(([("RoleSessionName", [name])]) if name else []), *attributes]
    session = f'SessionNotOnOrAfter="{stamp(ends)}"' if ends else ""
    until = stamp(until or issued + timedelta(minutes=5))
    text = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
      xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
      <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>
      <saml:Assertion IssueInstant="{stamp(issued)}"><saml:Issuer>https://example.com/saml</saml:Issuer>
      <saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">carol-1</saml:NameID>
      <saml:SubjectConfirmation><saml:SubjectConfirmationData NotOnOrAfter="{until}"
      Recipient="https://signin.aws.amazon.com/saml"/></saml:SubjectConfirmation></saml:Subject>
      <saml:AuthnStatement {session}/>
      <saml:AttributeStatement>{"".join(attribute(*each) for each in listed)}</saml:AttributeStatement>
      </saml:Assertion></samlp:Response>"""
    return base64.b64encode(text.encode()).decode()
