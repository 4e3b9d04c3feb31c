"""What the refused are told (IAM User Guide, "Troubleshoot access denied error messages")."""

from __future__ import annotations

import json
from typing import Any

import pytest

from awsim.auth.policy import (
    ANONYMOUS,
    AuthorizationRequest,
    Facts,
    Policy,
    PolicySet,
    Principal,
    build,
    decide,
    decoded,
    denied_message,
    encoded,
    explanation,
    parse,
    refusal,
)

A, B = "123456789012", "777788889999"
JOHN = Principal(f"arn:aws:iam::{A}:user/John", A, user_id="AIDAJOHNJOHNJOHNJOHNJ")
SECRET = f"arn:aws:secretsmanager:us-east-1:{A}:secret:x"


def doc(effect: str, action: str, kind: str = "identity", **more: Any) -> Policy:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return parse(json.dumps({"Version": "2012-10-17", "Statement": {k: v for k, v in statement.items() if v}}), kind)


ALL = doc("Allow", "*")
NONE = doc("Allow", "none:None")
DENY = doc("Deny", "*")


def told(policies: PolicySet, action: str, resource: str = "*", owner: str | None = None, **options: Any) -> str:
    request = AuthorizationRequest(JOHN, action, resource, build(JOHN, Facts()), owner)
    decision = decide(request, policies)
    assert not decision.allowed
    return denied_message(decision, **options)


WHO = f"User: arn:aws:iam::{A}:user/John is not authorized to perform: "
LIST = "codecommit:ListRepositories"
GET = "secretsmanager:GetSecretValue"
CASES: list[tuple[PolicySet, str, str, str]] = [
    (PolicySet(identity=(ALL,), scps=((NONE,),)), LIST, "*",
     "codecommit:ListRepositories because no service control policy allows the codecommit:ListRepositories action"),
    (PolicySet(identity=(ALL,), scps=((ALL, DENY),)), LIST, "*",
     "codecommit:ListRepositories with an explicit deny in a service control policy"),
    (PolicySet(identity=(ALL,), rcps=((doc("Deny", GET, "rcp", Principal="*"),),)), GET, SECRET,
     f"secretsmanager:GetSecretValue on resource: {SECRET} with an explicit deny in a resource control policy"),
    (PolicySet(identity=(ALL,), endpoint=doc("Allow", "none:None", "endpoint", Principal="*")), LIST, "*",
     "codecommit:ListRepositories because no VPC endpoint policy allows the codecommit:ListRepositories action"),
    (PolicySet(identity=(ALL,), endpoint=doc("Deny", "*", "endpoint", Principal="*")), GET, SECRET,
     f"secretsmanager:GetSecretValue on resource: {SECRET} with an explicit deny in a VPC endpoint policy"),
    (PolicySet(identity=(ALL,), boundary=NONE), GET, SECRET,
     f"secretsmanager:GetSecretValue on resource: {SECRET} because no permissions boundary allows the "
     "secretsmanager:GetSecretValue action"),
    (PolicySet(identity=(ALL,), boundary=DENY), "sagemaker:ListModels", "*",
     "sagemaker:ListModels with an explicit deny in a permissions boundary"),
    (PolicySet(identity=(ALL,), session=(NONE,)), LIST, "*",
     "codecommit:ListRepositories because no session policy allows the codecommit:ListRepositories action"),
    (PolicySet(identity=(ALL,), session=(DENY,)), GET, SECRET,
     f"secretsmanager:GetSecretValue on resource: {SECRET} with an explicit deny in a session policy"),
    (PolicySet(identity=(ALL,), mandatory=True), GET, SECRET,
     f"secretsmanager:GetSecretValue on resource: {SECRET} because no resource-based policy allows the "
     "secretsmanager:GetSecretValue action"),
    (PolicySet(identity=(ALL,), resource=(doc("Deny", GET, "resource", Principal="*"),)), GET, SECRET,
     f"secretsmanager:GetSecretValue on resource: {SECRET} with an explicit deny in a resource-based policy"),
    (PolicySet(identity=(ALL,), resource=(doc("Allow", "sts:TagSession", "trust", Principal="*", Resource=""),)),
     "sts:AssumeRole", f"arn:aws:iam::{A}:role/r",
     f"sts:AssumeRole on resource: arn:aws:iam::{A}:role/r because no role trust policy allows the "
     "sts:AssumeRole action"),
    (PolicySet(identity=(ALL,), resource=(doc("Deny", "sts:AssumeRole", "trust", Principal="*", Resource=""),)),
     "sts:AssumeRole", f"arn:aws:iam::{A}:role/r",
     f"sts:AssumeRole on resource: arn:aws:iam::{A}:role/r with an explicit deny in the role trust policy"),
    (PolicySet(), LIST, "*",
     "codecommit:ListRepositories because no identity-based policy allows the codecommit:ListRepositories action"),
    (PolicySet(identity=(ALL, DENY)), GET, SECRET,
     f"secretsmanager:GetSecretValue on resource: {SECRET} with an explicit deny in an identity-based policy"),
]  # fmt: skip


@pytest.mark.parametrize(("policies", "action", "resource", "expected"), CASES)
def test_words(policies: PolicySet, action: str, resource: str, expected: str) -> None:
    assert told(policies, action, resource) == WHO + expected


def test_s3_quotes_the_resource() -> None:
    assert told(PolicySet(), "s3:GetObject", "arn:aws:s3:::b/k", quoted=True) == (
        f'{WHO}s3:GetObject on resource: "arn:aws:s3:::b/k" because no identity-based policy allows the '
        "s3:GetObject action"
    )


def test_without_why() -> None:
    role = f"arn:aws:iam::{A}:role/r"
    assert told(PolicySet(), "sts:AssumeRole", role, why=False) == f"{WHO}sts:AssumeRole on resource: {role}"


ORGANIZATION_POLICY = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd"


def test_the_policy_that_denies_is_shown_inside_the_account() -> None:
    scp = DENY.named(arn=ORGANIZATION_POLICY)
    policies = PolicySet(identity=(ALL,), scps=((ALL, scp),))
    resource = f"arn:aws:iam::{A}:role/*"
    assert told(policies, "iam:ListRoles", resource) == (
        f"{WHO}iam:ListRoles on resource: {resource} with an explicit deny in a service control policy: "
        f"{ORGANIZATION_POLICY}"
    )
    assert told(policies, "iam:ListRoles", resource, owner=B).endswith(
        "with an explicit deny in a service control policy"
    )


def test_the_policy_that_denies_is_shown_inside_the_organization() -> None:
    policies = PolicySet(identity=(ALL,), scps=((ALL, DENY.named(arn=ORGANIZATION_POLICY)),))
    request = AuthorizationRequest(JOHN, GET, SECRET, build(JOHN, Facts()), B, same_organization=True)
    assert denied_message(decide(request, policies)).endswith(f"service control policy: {ORGANIZATION_POLICY}")


def test_an_inline_policy_has_no_arn_to_show() -> None:
    assert told(PolicySet(identity=(DENY.named("inline"),)), LIST).endswith("deny in an identity-based policy")


def test_the_arn_of_a_resource_policy_is_not_shown() -> None:
    denying = doc("Deny", GET, "resource", Principal="*").named(arn=SECRET)
    assert told(PolicySet(resource=(denying,)), GET, SECRET).endswith(
        "with an explicit deny in a resource-based policy"
    )


def test_explanation() -> None:
    denying = doc("Deny", "ec2:RunInstances", Sid="No").named(arn=f"arn:aws:iam::{A}:policy/p")
    context = build(JOHN, Facts(region="us-east-1"), {"ec2:InstanceType": "t2.micro", "aws:TagKeys": ["a", "b"]})
    context.everything()
    decision = decide(AuthorizationRequest(JOHN, "ec2:RunInstances", "*", context), PolicySet(identity=(denying,)))
    found = explanation(decision)
    assert found["allowed"] is False
    assert found["explicitDeny"] is True
    assert found["matchedStatements"]["items"] == [
        {"statementId": "No", "effect": "DENY", "sourcePolicyId": f"arn:aws:iam::{A}:policy/p"}
    ]
    assert found["context"]["principal"] == {"id": JOHN.user_id, "arn": JOHN.arn}
    assert (found["context"]["action"], found["context"]["resource"]) == ("ec2:RunInstances", "*")
    conditions = {each["key"]: each["values"]["items"] for each in found["context"]["conditions"]["items"]}
    assert conditions["ec2:instancetype"] == [{"value": "t2.micro"}]
    assert conditions["aws:tagkeys"] == [{"value": "a"}, {"value": "b"}]
    assert conditions["aws:requestedregion"] == [{"value": "us-east-1"}]
    assert json.loads(json.dumps(found)) == found


def test_explanation_of_an_implicit_deny() -> None:
    decision = decide(AuthorizationRequest(JOHN, LIST, "*", build(JOHN, Facts())), PolicySet())
    found = explanation(decision)
    assert (found["explicitDeny"], found["matchedStatements"]["items"]) == (False, [])


def refused(
    service: str,
    protocol: str,
    action: str,
    resource: str,
    who: Principal = JOHN,
    owner: str | None = None,
    same_organization: bool = False,
) -> tuple[str, str, int | None]:
    request = AuthorizationRequest(who, action, resource, build(who, Facts()), owner, same_organization)
    error = refusal(service, protocol, decide(request, PolicySet()))
    return error.code, error.message, error.status


QUEUE = f"arn:aws:sqs:us-east-1:{A}:q"
TOPIC = f"arn:aws:sns:us-east-1:{A}:t"
TABLE = f"arn:aws:dynamodb:us-east-1:{A}:table/t"
FUNCTION = f"arn:aws:lambda:us-east-1:{A}:function:f"
ROLE = f"arn:aws:iam::{A}:role/r"


def because(action: str, resource: str) -> str:
    return f"{WHO}{action} on resource: {resource} because no identity-based policy allows the {action} action"


@pytest.mark.parametrize(
    ("service", "protocol", "action", "resource", "expected"),
    [
        ("iam", "query", "iam:ListUsers", f"arn:aws:iam::{A}:user/",
         ("AccessDenied", because("iam:ListUsers", f"arn:aws:iam::{A}:user/"), 403)),
        ("dynamodb", "json", "dynamodb:GetItem", TABLE,
         ("AccessDeniedException", because("dynamodb:GetItem", TABLE), 400)),
        ("lambda", "rest-json", "lambda:InvokeFunction", FUNCTION,
         ("AccessDeniedException", because("lambda:InvokeFunction", FUNCTION), 403)),
        ("sqs", "json", "sqs:SendMessage", QUEUE, ("AccessDenied", because("sqs:sendmessage", QUEUE), 403)),
        ("sns", "query", "sns:Publish", TOPIC, ("AuthorizationError", because("SNS:Publish", TOPIC), 403)),
        ("s3", "rest-xml", "s3:GetObject", "arn:aws:s3:::b/k",
         ("AccessDenied", because("s3:GetObject", '"arn:aws:s3:::b/k"'), 403)),
        ("sts", "query", "sts:AssumeRole", ROLE, ("AccessDenied", f"{WHO}sts:AssumeRole on resource: {ROLE}", 403)),
        ("sts", "query", "sts:GetFederationToken", ROLE,
         ("AccessDenied", because("sts:GetFederationToken", ROLE), 403)),
    ],
)  # fmt: skip
def test_refusals(service: str, protocol: str, action: str, resource: str, expected: tuple[str, str, int]) -> None:
    assert refused(service, protocol, action, resource) == expected


def test_s3_tells_strangers_nothing() -> None:
    plain = ("AccessDenied", "Access Denied", 403)
    assert refused("s3", "rest-xml", "s3:GetObject", "arn:aws:s3:::b/k", owner=B) == plain
    assert refused("s3", "rest-xml", "s3:GetObject", "arn:aws:s3:::b/k", ANONYMOUS, B) == plain
    told = refused("s3", "rest-xml", "s3:GetObject", "arn:aws:s3:::b/k", owner=B, same_organization=True)
    assert told[1].endswith("because no resource-based policy allows the s3:GetObject action")


def test_ec2_encodes_why() -> None:
    code, message, status = refused("ec2", "ec2", "ec2:RunInstances", "*")
    assert (code, status) == ("UnauthorizedOperation", 403)
    told, _, packed = message.partition(" Encoded authorization failure message: ")
    assert told == (
        f"You are not authorized to perform this operation. {WHO}ec2:RunInstances because no identity-based policy "
        "allows the ec2:RunInstances action."
    )
    found = decoded(packed)
    assert found is not None
    assert found["context"]["action"] == "ec2:RunInstances"
    assert found["explicitDeny"] is False


def test_messages_are_decoded() -> None:
    decision = decide(AuthorizationRequest(JOHN, LIST, "*", build(JOHN, Facts())), PolicySet())
    assert decoded(encoded(decision)) == explanation(decision)


@pytest.mark.parametrize("text", ["", "x", "rubbish!", "eJw", "é", "eJyrrgUAAXUA-Q"])
def test_rubbish_is_not_decoded(text: str) -> None:
    assert decoded(text) is None
