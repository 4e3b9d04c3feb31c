"""Effective policies. Organizations User Guide, "Inheritance examples" and "Inheritance operators"."""

import json

import pytest

from awsim.services.organizations.effective import effective

from .conftest import as_account, refusal

pytestmark = pytest.mark.newer_botocore

NONE = {"@@operators_allowed_for_child_policies": ["@@none"]}


def merged(*levels):
    """Levels are documents, or lists of them."""
    texts = [[json.dumps(each) for each in (level if isinstance(level, list) else [level])] for level in levels]
    return effective(texts, any_case=True)


def tag(**settings):
    return {"tags": {"CostCenter": settings}}


def costs(*values):
    return {"tags": {"costcenter": {"tag_value": list(values)}}}


ROOT = tag(tag_value={"@@assign": ["Development", "Support"]})


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        # A child overwrites, adds to, takes from what it inherits.
        ([ROOT, tag(tag_value={"@@assign": ["Sandbox"]})], costs("Sandbox")),
        ([ROOT, tag(tag_value={"@@append": ["Marketing"]})], costs("Development", "Support", "Marketing")),
        ([ROOT, tag(tag_value={"@@append": ["Support", "X"]})], costs("Development", "Support", "X")),
        ([ROOT, tag(tag_value={"@@remove": ["Support", "Y"]})], costs("Development")),
        ([ROOT, tag(tag_value={"@@remove": ["Support"], "@@append": ["Z"]})], costs("Development", "Z")),
        ([ROOT, tag(tag_value={"@@remove": ["Development", "Support"]})], {}),
        # Append to what nothing was inherited of.
        ([[], tag(tag_value={"@@append": ["A"]})], costs("A")),
        # Names are the same in whatever case.
        ([ROOT, {"tags": {"COSTCENTER": {"tag_value": {"@@append": ["B"]}}}}], costs("Development", "Support", "B")),
        # What a parent does not allow, children do in vain.
        (
            [tag(tag_value={**NONE, "@@assign": ["A"]}), tag(tag_value={"@@assign": ["B"]})],
            costs("A"),
        ),
        (
            [
                tag(tag_value={"@@operators_allowed_for_child_policies": ["@@append"], "@@assign": ["A"]}),
                tag(tag_value={"@@append": ["B"]}),
                tag(tag_value={"@@remove": ["A"]}),
            ],
            costs("A", "B"),
        ),
        # A child cannot give itself what its parent took.
        (
            [
                tag(tag_value={**NONE, "@@assign": ["A"]}),
                tag(tag_value={"@@operators_allowed_for_child_policies": ["@@all"]}),
                tag(tag_value={"@@assign": ["C"]}),
            ],
            costs("A"),
        ),
        # Higher up, it is about all below.
        ([{"tags": {**NONE, **ROOT["tags"]}}, tag(tag_value={"@@assign": ["B"]})], costs("Development", "Support")),
        ([{"tags": {**NONE, **ROOT["tags"]}}, {"tags": {"Owner": {"tag_value": {"@@assign": ["me"]}}}}],
         costs("Development", "Support")),
        # It is about children, not about other policies of the same level.
        (
            [[tag(tag_value={**NONE, "@@assign": ["A"]}), tag(tag_value={"@@append": ["B"]})]],
            costs("A", "B"),
        ),
        # The last level counts.
        ([ROOT, tag(tag_value={"@@assign": ["A"]}), tag(tag_value={"@@append": ["B"]})], costs("A", "B")),
    ],
)  # fmt: skip
def test_inheritance(levels, expected):
    assert merged(*levels) == expected


def test_single_values_and_nested_settings():
    plan = {
        "plans": {
            "weekly": {
                "regions": {"@@assign": ["eu-west-1"]},
                "rules": {"night": {"schedule_expression": {"@@assign": "cron(0 5 ? * * *)"}}},
            }
        }
    }
    child = {"plans": {"weekly": {"rules": {"night": {"schedule_expression": {"@@assign": "cron(0 6 ? * * *)"}}}}}}
    texts = [[json.dumps(plan)], [json.dumps(child)]]
    assert effective(texts) == {
        "plans": {
            "weekly": {
                "regions": ["eu-west-1"],
                "rules": {"night": {"schedule_expression": "cron(0 6 ? * * *)"}},
            }
        }
    }


@pytest.mark.rule("organizations-009")
def test_what_an_account_sees(org):
    unit, account = org.unit("u"), org.account()
    member = as_account(account)
    asked = {"PolicyType": "TAG_POLICY"}
    assert refusal(member.describe_effective_policy, **asked)[0] == "EffectivePolicyNotFoundException"
    org.enable("TAG_POLICY")
    assert refusal(member.describe_effective_policy, **asked)[0] == "EffectivePolicyNotFoundException"
    content = {"tags": {"CostCenter": {"tag_key": {"@@assign": "CostCenter"}, "tag_value": {"@@assign": ["*"]}}}}
    org.api.attach_policy(PolicyId=org.policy("a", "TAG_POLICY", content), TargetId=org.root)
    more = {"tags": {"costcenter": {"tag_value": {"@@append": ["100"]}}}}
    second = org.policy("b", "TAG_POLICY", more)
    org.api.attach_policy(PolicyId=second, TargetId=unit)

    def seen(who=member, **parameters):
        return json.loads(who.describe_effective_policy(**asked, **parameters)["EffectivePolicy"]["PolicyContent"])

    assert seen() == {"tags": {"costcenter": {"tag_key": "CostCenter", "tag_value": ["*"]}}}
    org.api.move_account(AccountId=account, SourceParentId=org.root, DestinationParentId=unit)
    assert seen()["tags"]["costcenter"]["tag_value"] == ["*", "100"]
    assert seen(org.api, TargetId=account) == seen()
    assert seen(org.api) == {"tags": {"costcenter": {"tag_key": "CostCenter", "tag_value": ["*"]}}}
    org.api.update_policy(
        PolicyId=second, Content=json.dumps({"tags": {"costcenter": {"tag_value": {"@@assign": ["7"]}}}})
    )
    assert seen()["tags"]["costcenter"]["tag_value"] == ["7"]
    assert refusal(org.api.describe_effective_policy, **asked, TargetId=unit) == (
        "InvalidInputException", "TARGET_NOT_SUPPORTED",
    )  # fmt: skip
    assert refusal(org.api.describe_effective_policy, **asked, TargetId="999999999999")[0] == "TargetNotFoundException"
    assert refusal(member.describe_effective_policy, **asked, TargetId="123456789012")[0] == "AccessDeniedException"
    assert refusal(member.describe_effective_policy, PolicyType="SERVICE_CONTROL_POLICY") == (
        "InvalidInputException", "INVALID_ENUM_POLICY_TYPE",
    )  # fmt: skip


def test_no_effective_policy_is_invalid(org):
    account = org.account()
    asked = {"PolicyType": "TAG_POLICY"}
    assert (
        refusal(org.api.list_accounts_with_invalid_effective_policy, **asked)[0] == "EffectivePolicyNotFoundException"
    )
    org.enable("TAG_POLICY")
    content = {"tags": {"owner": {"tag_value": {"@@assign": ["*"]}}}}
    org.api.attach_policy(PolicyId=org.policy("a", "TAG_POLICY", content), TargetId=account)
    assert org.api.list_accounts_with_invalid_effective_policy(**asked)["Accounts"] == []
    errors = org.api.list_effective_policy_validation_errors(AccountId=account, **asked)
    assert errors["EffectivePolicyValidationErrors"] == []
    assert errors["Path"] == f"{org.id}/{org.root}/{account}/"
