"""The policy types: what their documents are, and AWS's own policies.

Source: Organizations User Guide, "Managing organization policies with AWS Organizations" and the types' syntax pages.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from awsim.auth.policy import PolicyError, parse
from awsim.errors import AWSError

FULL_ACCESS = "p-FullAWSAccess"
RCP_FULL_ACCESS = "p-RCPFullAWSAccess"

_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class PolicyType(NamedTuple):
    """`grammar`: of an authorization policy, else "". `top`: the element a management policy begins with, "" where the
    User Guide does not say. `service`: whose trusted access it needs. `row`: how rows of the limits table name it."""

    name: str
    grammar: str = ""
    top: str = ""
    service: str = ""
    managed: str = ""

    @property
    def row(self) -> str:
        return self.name.lower().replace("_", "-").removesuffix("-policy")

    def check(self, content: str) -> None:
        """Refuse a document that is none of this type."""
        if self.grammar:
            try:
                parse(content, self.grammar)
            except PolicyError as error:
                raise AWSError("MalformedPolicyDocumentException", error.message) from None
            return
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            document = None
        if not _is_management(document, self):
            raise AWSError("MalformedPolicyDocumentException", _MALFORMED)


_MALFORMED = "The provided policy document does not meet the requirements of the specified policy type."

_ALL = (
    PolicyType("SERVICE_CONTROL_POLICY", grammar="scp", managed=FULL_ACCESS),
    PolicyType("RESOURCE_CONTROL_POLICY", grammar="rcp", managed=RCP_FULL_ACCESS),
    PolicyType("TAG_POLICY", top="tags"),
    PolicyType("BACKUP_POLICY", top="plans"),
    PolicyType("AISERVICES_OPT_OUT_POLICY", top="services"),
    PolicyType("CHATBOT_POLICY", top="chatbot"),
    PolicyType("DECLARATIVE_POLICY_EC2", top="ec2_attributes"),
    PolicyType("SECURITYHUB_POLICY", top="securityhub", service="securityhub.amazonaws.com"),
    PolicyType("INSPECTOR_POLICY", top="inspector", service="inspector2.amazonaws.com"),
    PolicyType("UPGRADE_ROLLOUT_POLICY", top="upgrade_rollout"),
    PolicyType("BEDROCK_POLICY", top="bedrock"),
    PolicyType("S3_POLICY", top="s3_attributes"),
    PolicyType("NETWORK_SECURITY_DIRECTOR_POLICY"),
    PolicyType("GUARDDUTY_POLICY"),
)
TYPES = {type.name: type for type in _ALL}

# id -> (type, name, description, content)
MANAGED = {
    FULL_ACCESS: (
        "SERVICE_CONTROL_POLICY",
        "FullAWSAccess",
        "Allows access to every operation",
        json.dumps({"Version": "2012-10-17", "Statement": [_EVERYTHING]}, indent=2),
    ),
    RCP_FULL_ACCESS: (
        "RESOURCE_CONTROL_POLICY",
        "RCPFullAWSAccess",
        "Allows access to every resource",
        json.dumps({"Version": "2012-10-17", "Statement": [{**_EVERYTHING, "Principal": "*"}]}, indent=2),
    ),
}

ASSIGN, APPEND, REMOVE = "@@assign", "@@append", "@@remove"
ALLOWED = "@@operators_allowed_for_child_policies"
VALUES = frozenset((ASSIGN, APPEND, REMOVE))
_OPERATORS = VALUES | {"@@all", "@@none"}
_TAG_SETTINGS = frozenset(("tag_key", "tag_value", "enforced_for", "report_required_tag_for"))


def _is_management(document: Any, type: PolicyType) -> bool:
    if not isinstance(document, dict) or not _is_tree(document):
        return False
    names = [name for name in document if name != ALLOWED]
    if type.top and names != [type.top]:
        return False
    if type.name == "TAG_POLICY":
        return all(_is_tag(name, settings) for name, settings in document["tags"].items() if name != ALLOWED)
    return bool(names)


def _is_tree(node: Any) -> bool:
    """Maps of maps, whose leaves are operators with a value."""
    if not isinstance(node, dict):
        return False
    for name, value in node.items():
        if name in (APPEND, REMOVE):
            if not isinstance(value, list):
                return False
        elif name == ALLOWED:
            if not isinstance(value, list) or not _OPERATORS.issuperset(map(str, value)):
                return False
        elif name != ASSIGN and (name.startswith("@@") or not _is_tree(value)):
            return False
    # An operator stands beside other operators alone.
    plain = [name for name in node if not name.startswith("@@")]
    return not (plain and VALUES.intersection(node))


def _is_tag(name: str, settings: dict[str, Any]) -> bool:
    """A tag's policy key is its key in whatever case."""
    if not _TAG_SETTINGS.issuperset(key for key in settings if key != ALLOWED):
        return False
    key = settings.get("tag_key", {}).get(ASSIGN, name)
    return isinstance(key, str) and key.lower() == name.lower()
