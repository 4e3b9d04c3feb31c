"""What must hold for any policies: random ones, from seeds, so that a failure repeats."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from awsim.auth.policy import (
    ANONYMOUS,
    AuthorizationRequest,
    Decision,
    Facts,
    Policy,
    PolicySet,
    Principal,
    Reason,
    build,
    decide,
    denied_message,
    parse,
)

A, B = "111111111111", "222222222222"
ACTIONS = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "iam:ListUsers"]
PATTERNS = [*ACTIONS, "*", "s3:*", "s3:Get*", "*:*", "sqs:?endMessage", "iam:List*"]
RESOURCES = ["arn:aws:s3:::b/k", "arn:aws:s3:::b/home/bob/k", f"arn:aws:sqs:us-east-1:{A}:q", "*"]
RESOURCE_PATTERNS = [
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/home/${aws:username}/*",
    f"arn:aws:sqs:*:{A}:?",
    "arn:aws:*:*:*:*",
]
CONDITIONS: list[dict[str, Any]] = [
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
    {"StringEqualsIfExists": {"aws:PrincipalTag/team": "red"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
    {"Null": {"aws:TokenIssueTime": "true"}},
]
PRINCIPALS = [
    Principal(f"arn:aws:iam::{A}:user/bob", A, user_id="AIDAAAAAAAAAAAAAAAAAA"),
    Principal(f"arn:aws:sts::{A}:assumed-role/r/s", A, "assumed-role", role_arn=f"arn:aws:iam::{A}:role/r"),
    Principal(f"arn:aws:sts::{A}:federated-user/f", A, "federated-user", user_arn=f"arn:aws:iam::{A}:user/bob"),
    Principal(f"arn:aws:iam::{A}:root", A, "root"),
    Principal("sns.amazonaws.com", A, "service", service="sns.amazonaws.com"),
    ANONYMOUS,
]
NAMES: list[Any] = [
    "*",
    {"AWS": A},
    {"AWS": f"arn:aws:iam::{A}:user/bob"},
    {"AWS": [f"arn:aws:iam::{A}:role/r", f"arn:aws:sts::{A}:assumed-role/r/s"]},
    {"Service": "sns.amazonaws.com"},
]
DENY_ALL = parse(json.dumps({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}))
ALLOW_ALL = parse(json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}))
FULL_ACCESS = parse(
    json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}), "rcp"
)
EVERY_ACTION = ["s3:*", "sqs:*", "iam:*"]  # an RCP cannot name them all by one star
NOTHING = parse(
    json.dumps({"Statement": {"Effect": "Deny", "Principal": "*", "Action": EVERY_ACTION, "Resource": "*"}}), "rcp"
)
BLOCKS = [range(start, start + 50) for start in range(0, 400, 50)]


class World:
    """Everything random about one case."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.request = self.a_request()
        self.policies = PolicySet(
            identity=self.policies_of("identity"),
            boundary=self.maybe(lambda: self.policy("identity")),
            session=self.maybe(lambda: self.policies_of("identity")),
            resource=self.policies_of("resource"),
            scps=tuple(self.policies_of("identity", 1) for _ in range(self.random.choice([0, 0, 1, 2]))),
            rcps=self.random.choice([(), ((self.rcp(),),)]),
            mandatory=self.random.random() < 0.2,
            granted=self.random.random() < 0.1,
            management=self.random.random() < 0.1,
        )

    def maybe(self, make: Any) -> Any:
        return make() if self.random.random() < 0.4 else None

    def a_request(self) -> AuthorizationRequest:
        principal = self.random.choice(PRINCIPALS)
        facts = Facts(region=self.random.choice(["us-east-1", "eu-west-1"]), secure=self.random.random() < 0.5)
        return AuthorizationRequest(
            principal,
            self.random.choice(ACTIONS),
            self.random.choice(RESOURCES),
            build(principal, facts),
            self.random.choice([A, A, B]),
        )

    def statement(self, kind: str, effect: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = {"Effect": effect or self.random.choice(["Allow", "Allow", "Allow", "Deny"])}
        negated = "Not" if self.random.random() < 0.1 else ""
        found[f"{negated}Action"] = self.random.sample(PATTERNS, self.random.choice([1, 2]))
        negated = "Not" if self.random.random() < 0.1 else ""
        found[f"{negated}Resource"] = self.random.sample(RESOURCE_PATTERNS, self.random.choice([1, 2]))
        if kind == "resource":
            negated = "Not" if self.random.random() < 0.1 else ""
            found[f"{negated}Principal"] = self.random.choice(NAMES)
        if self.random.random() < 0.3:
            found["Condition"] = self.random.choice(CONDITIONS)
        return found

    def policy(self, kind: str, effect: str | None = None) -> Policy:
        statements = [self.statement(kind, effect) for _ in range(self.random.choice([1, 2, 3]))]
        return parse(json.dumps({"Version": "2012-10-17", "Statement": statements}), kind)

    def policies_of(self, kind: str, least: int = 0) -> tuple[Policy, ...]:
        return tuple(self.policy(kind) for _ in range(self.random.randint(least, 2)))

    def rcp(self) -> Policy:
        statement = {"Effect": "Deny", "Principal": "*", "Action": self.random.choice(["s3:PutObject", "sqs:*"])}
        return parse(json.dumps({"Version": "2012-10-17", "Statement": {**statement, "Resource": "*"}}), "rcp")

    def decided(self, **changes: Any) -> Decision:
        return decide(self.request, replace(self.policies, **changes))


def each_world(test: Callable[[World], None]) -> Callable[[range], None]:
    """The test in 400 worlds; one that fails is named in a note."""

    @pytest.mark.parametrize("seeds", BLOCKS, ids=str)
    def in_worlds(seeds: range) -> None:
        for seed in seeds:
            try:
                test(World(seed))
            except AssertionError as error:
                error.add_note(f"in World({seed})")
                raise

    return in_worlds


PERSON = ("user", "assumed-role", "federated-user")


@each_world
def test_a_deny_always_wins(world: World) -> None:
    person = world.request.principal.type in PERSON
    denying = parse(
        json.dumps({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}), "resource"
    )
    assert not world.decided(resource=(*world.policies.resource, denying)).allowed
    if person:
        assert not world.decided(identity=(*world.policies.identity, DENY_ALL)).allowed
        assert not world.decided(boundary=DENY_ALL).allowed
        assert not world.decided(session=(*(world.policies.session or ()), DENY_ALL)).allowed
        assert not world.decided(scps=(*world.policies.scps, (DENY_ALL, ALLOW_ALL)), management=False).allowed


@each_world
def test_adding_a_deny_never_allows(world: World) -> None:
    before = world.decided()
    extra = world.policy("identity", "Deny")
    if not before.allowed:
        assert not world.decided(identity=(*world.policies.identity, extra)).allowed


@each_world
def test_adding_an_allow_never_denies(world: World) -> None:
    before = world.decided()
    for change in (
        {"identity": (*world.policies.identity, world.policy("identity", "Allow"))},
        {"resource": (*world.policies.resource, world.policy("resource", "Allow"))},
        {"scps": tuple((*level, world.policy("identity", "Allow")) for level in world.policies.scps)},
        {"session": (*world.policies.session, world.policy("identity", "Allow"))} if world.policies.session else {},
        {"granted": True},
    ):
        after = world.decided(**change)
        assert after.allowed or not before.allowed
        assert after.explicit or after.allowed or not before.explicit


@each_world
def test_a_limit_never_grants(world: World) -> None:
    bare = world.decided(boundary=None, session=None, scps=(), rcps=(), endpoint=None)
    federated = world.request.principal.type == "federated-user"
    if bare.allowed or federated:
        return
    assert not world.decided(session=None, scps=(), rcps=()).allowed
    assert not world.decided(boundary=ALLOW_ALL, session=(ALLOW_ALL,), scps=((ALLOW_ALL,),), rcps=()).allowed
    assert not world.decided().allowed


@each_world
def test_service_control_policies_never_grant(world: World) -> None:
    """Whatever a further level allows, whatever a policy on a level does: nothing is allowed that was not without."""
    bare = world.decided(scps=())
    level = world.policies_of("identity", 1)
    for scps in ((level,), (*world.policies.scps, level), ((ALLOW_ALL,), level)):
        assert bare.allowed or not world.decided(scps=scps).allowed
    before = world.decided()
    assert before.allowed or not world.decided(scps=(*world.policies.scps, level)).allowed


@each_world
def test_resource_control_policies_never_grant(world: World) -> None:
    bare = world.decided(rcps=())
    for rcps in (((world.rcp(),),), (*world.policies.rcps, (world.rcp(), FULL_ACCESS)), ((FULL_ACCESS,),)):
        assert bare.allowed or not world.decided(rcps=rcps).allowed
    assert world.decided(rcps=((FULL_ACCESS,),))[:3] == bare[:3]


@each_world
def test_guardrails_do_not_bind_the_management_account(world: World) -> None:
    bare = world.decided(scps=(), rcps=())
    free = world.decided(scps=((DENY_ALL,),), rcps=((NOTHING,),), management=True, resource_management=True)
    assert free[:3] == bare[:3]


@each_world
def test_service_control_policies_bind_people_alone(world: World) -> None:
    bound = world.decided(scps=((DENY_ALL,),), management=False)
    if world.request.principal.type in (*PERSON, "root"):
        assert not bound.allowed
    else:
        assert bound[:3] == world.decided(scps=())[:3]


@each_world
def test_resource_control_policies_bind_everybody_but_only_resources(world: World) -> None:
    bound = world.decided(rcps=((NOTHING,),), resource_management=False)
    if world.request.resource == "*":
        assert bound[:3] == world.decided(rcps=())[:3]
    else:
        assert not bound.allowed


@each_world
def test_what_limits_allow_everything_changes_nothing(world: World) -> None:
    bare = world.decided(boundary=None, session=None, scps=())
    if world.request.principal.type != "federated-user":
        limited = world.decided(boundary=ALLOW_ALL, session=(ALLOW_ALL,), scps=((ALLOW_ALL,), (ALLOW_ALL,)))
        assert (limited.allowed, limited.reason, limited.explicit) == (bare.allowed, bare.reason, bare.explicit)


@each_world
def test_the_order_of_policies_does_not_matter(world: World) -> None:
    before = world.decided()
    after = world.decided(
        identity=world.policies.identity[::-1],
        resource=world.policies.resource[::-1],
        scps=world.policies.scps[::-1],
    )
    assert (after.allowed, after.reason, after.explicit) == (before.allowed, before.reason, before.explicit)


@each_world
def test_every_refusal_has_words(world: World) -> None:
    decision = world.decided()
    if not decision.allowed:
        message = denied_message(decision)
        assert message.startswith(f"User: {decision.request.principal.arn} is not authorized to perform: ")
        assert ("with an explicit deny in" in message) is decision.explicit
        assert decision.reason not in (Reason.ROOT, Reason.GRANT)
